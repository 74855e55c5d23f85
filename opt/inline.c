/* SPDX-License-Identifier: MIT */
/* inline.c: small callees into their callers.
 *
 * The block of the call is cut behind it; the callee's blocks are copied between the halves; its returns jump to the
 * second half, where phis collect the results. Every snapshot of the copy gets the frames of the call's own snapshot
 * behind its own: an exit inside then looks to the caller's callers as it did before. Guards keep their kind, for an
 * exit of the callee had become an exit of the caller anyway.
 *
 * Not inlined: what is recursive, what the user forbids, what allows less in fastmath than its caller does (whose loops may
 * be around the call; the callee's loops bring the hints of their own), and what allocates local arrays (they live until the
 * function's return, which would be the caller's).
 */
#include "opt.h"
#include "subst.h"

enum {
  SMALL = 40,      /* values of a callee that is always worth it */
  ONCE = 300,      /* of one marked inline */
  CALLER = 4000    /* values of a caller that grows no more */
};

typedef struct {
  kb_mod *m;
  kb_fn *f;           /* the caller */
  const kb_fn *g;     /* the callee */
  kb_ref call;
  kb_ref *val;        /* callee's value to caller's */
  kb_bid *blk;
  uint32_t *snap;     /* callee's snapshot to caller's + 1 */
  kb_bid rest;        /* what follows the call */
  KB_VEC(kb_bid) from; /* copies of blocks that return, and what they return */
  KB_VEC(const kb_ref *) results;
} splice;

/* -- Which ---------------------------------------------------------------------------------------------------- */

static uint32_t size_of(const kb_fn *g)
{
  uint32_t n = 0;
  for (kb_bid b = 1; b < g->blk.n; b++)
    KB_FOR_INS(g, b, r)
      n += !kb_is(g, r, KB_PHI) && !kb_is(g, r, KB_JMP) && !kb_is(g, r, KB_POLL) && !kb_is(g, r, KB_HINT);
  return n;
}

/* Allocates nothing, returns somewhere; phis and sel of arrays only where the arguments have the parameters' types
 * (an argument may be writable or contiguous where the parameter is not, and all operands of a phi have one type). */
static bool can_copy(const kb_fn *f, const kb_fn *g, kb_ref call)
{
  bool returns = false, same = true;
  for (uint32_t i = 0; i < g->nparams; i++)
    same = same && kb_v(f, kb_v(f, call)->args[i])->ty == kb_v(g, g->params[i])->ty;
  for (kb_bid b = 1; b < g->blk.n; b++)
    KB_FOR_INS(g, b, r) {
      const kb_val *v = kb_v(g, r);
      if (v->op == KB_ALLOC || (!same && (v->op == KB_PHI || v->op == KB_SEL) && kb_type_letter(v->ty) == 'V'))
        return false;
      returns |= v->op == KB_RET;
    }
  return returns;
}

typedef struct { kb_ref r; bool used; } search;
static void find_use(kb_ref *use, void *data)
{
  search *s = (search *)data;
  s->used |= *use == s->r;
}

/* A call's tuple has no value of its own in the copy: its parts must be all that is used. */
static bool only_items(kb_fn *f, kb_ref call)
{
  if (kb_type_letter(kb_v(f, call)->ty) != 'T')
    return true;
  for (kb_ref r = 1; r < f->val.n; r++) {
    const kb_val *v = kb_v(f, r);
    if (!v->blk || v->op == KB_ITEM)
      continue;
    for (uint32_t i = 0; i < v->nargs; i++)
      if (v->args[i] == call)
        return false;
  }
  search s = { call, false };
  for (uint32_t i = 0; i < f->snap.n; i++)
    kb_snap_uses(f, &f->snap.v[i], find_use, &s);
  return !s.used;
}

static bool wanted(const kb_mod *m, kb_fn *f, kb_ref call)
{
  const kb_val *v = kb_v(f, call);
  if (v->imm.i < 0 || v->imm.i >= (int64_t)m->fns.n)
    return false;
  const kb_fn *g = m->fns.v[v->imm.i];
  if (g == f || g->recursive || g->generic || g->blk.n < 2 || g->inline_hint < 0 || (f->fastmath & ~g->fastmath) ||
      g->nparams != v->nargs || f->val.n > CALLER)
    return false;
  uint32_t n = size_of(g);
  return n <= (g->inline_hint > 0 ? ONCE : SMALL) && can_copy(f, g, call) && only_items(f, call);
}

/* -- Copy ------------------------------------------------------------------------------------------------------ */

/* The caller's value for one of the callee's; constants are made on demand. */
static kb_ref mapped(splice *s, kb_ref r)
{
  const kb_val *v = kb_v(s->g, r);
  if (s->val[r])
    return s->val[r];
  kb_assert(v->op == KB_CONST || v->op == KB_UNDEF, "inline: %s %%%u is not copied yet", kb_ops[v->op].text, r);
  if (v->op == KB_UNDEF)
    s->val[r] = kb_undef(s->f, v->ty);
  else if (v->ty == KB_T_STR)
    s->val[r] = kb_const_str(s->f, v->imm.str);
  else
    s->val[r] = kb_const_int(s->f, v->ty, v->imm.i); /* the same eight bytes, whatever the type */
  return s->val[r];
}

static void map_use(kb_ref *use, void *data) { *use = mapped((splice *)data, *use); }

static void append_frames(kb_fn *f, kb_snap *to, const kb_snap *call)
{
  kb_frame *frames = KB_NEW(f->arena, kb_frame, to->nframes + call->nframes);
  if (to->nframes)
    memcpy(frames, to->frames, to->nframes * sizeof *frames);
  if (call->nframes)
    memcpy(frames + to->nframes, call->frames, call->nframes * sizeof *frames);
  to->frames = frames;
  to->nframes += call->nframes;
}

/* The callee's snapshot in the caller: copied, renamed, and behind it the frames of the call. */
static uint32_t copy_snap(splice *s, uint32_t snap)
{
  if (!snap || s->snap[snap - 1])
    return snap ? s->snap[snap - 1] : 0;
  uint32_t to = kb_snap_new(s->f, &s->g->snap.v[snap - 1]);
  kb_snap_uses(s->f, &s->f->snap.v[to - 1], map_use, s);
  uint32_t outer = kb_v(s->f, s->call)->snap;
  if (outer) {
    kb_snap all = s->f->snap.v[to - 1], call = s->f->snap.v[outer - 1];
    append_frames(s->f, &all, &call);
    uint32_t chained = kb_snap_new(s->f, &all); /* deep: entries are not shared with the call's snapshot */
    s->f->snap.v[to - 1] = s->f->snap.v[chained - 1];
    s->f->snap.n--;
  }
  return s->snap[snap - 1] = to;
}

static void copy_end(splice *s, kb_bid b, kb_ref r)
{
  const kb_val *v = kb_v(s->g, r);
  const kb_blk *blk = &s->g->blk.v[b];
  kb_bid to = s->blk[b];
  switch (v->op) {
  case KB_JMP: kb_jmp(s->f, to, s->blk[blk->succ[0]], v->loc); break;
  case KB_BR: kb_br(s->f, to, mapped(s, v->args[0]), s->blk[blk->succ[0]], s->blk[blk->succ[1]], v->loc); break;
  case KB_RET: {
    kb_ref *results = KB_NEW(s->f->arena, kb_ref, v->nargs + 1);
    for (uint32_t i = 0; i < v->nargs; i++)
      results[i] = mapped(s, v->args[i]);
    kb_vec_push(&s->from, to);
    kb_vec_push(&s->results, results);
    kb_jmp(s->f, to, s->rest, v->loc);
    break;
  }
  default: { /* raise */
    kb_ref end = kb_ins(s->f, to, (kb_op)v->op, KB_T_VOID, NULL, 0, v->loc);
    uint32_t snap = copy_snap(s, v->snap);
    kb_v(s->f, end)->snap = snap;
  }
  }
}

static void copy_ins(splice *s, kb_bid b, kb_ref r)
{
  const kb_val *v = kb_v(s->g, r);
  kb_ref to;
  if (v->op == KB_PHI) {
    to = kb_phi(s->f, s->blk[b], v->ty, v->nargs); /* arguments when all blocks are there */
  } else {
    kb_ref *args = KB_NEW(s->f->arena, kb_ref, v->nargs + 1);
    for (uint32_t i = 0; i < v->nargs; i++)
      args[i] = mapped(s, v->args[i]);
    kb_ty ty = v->ty;
    if (v->op == KB_VSUB) { /* the argument's access and contiguity, not the parameter's */
      const kb_type *a = kb_type_of(kb_v(s->f, args[0])->ty);
      ty = kb_type_array(a->elem, a->rank - (v->nargs - 1), a->contig, a->readonly);
    }
    to = kb_ins(s->f, s->blk[b], (kb_op)v->op, ty, args, v->nargs, v->loc);
  }
  kb_val *w = kb_v(s->f, to);
  w->imm = v->imm;
  w->pc = v->pc;
  w->loc = v->loc;
  w->name = v->name;
  s->val[r] = to;
  if (v->snap) {
    uint32_t snap = copy_snap(s, v->snap);
    kb_v(s->f, to)->snap = snap;
  }
}

/* Predecessors are in the order in which jumps were made; phi arguments follow them. */
static void copy_phis(splice *s)
{
  for (uint32_t i = 0; i < s->g->rpo.n; i++) {
    kb_bid b = s->g->rpo.v[i];
    const kb_blk *from = &s->g->blk.v[b], *to = &s->f->blk.v[s->blk[b]];
    KB_FOR_INS(s->g, b, r) {
      if (!kb_is(s->g, r, KB_PHI))
        break;
      for (uint32_t k = 0; k < from->pred.n; k++)
        for (uint32_t j = 0; j < to->pred.n; j++)
          if (to->pred.v[j] == s->blk[from->pred.v[k]]) {
            kb_ref a = mapped(s, kb_v(s->g, r)->args[k]);
            kb_v(s->f, s->val[r])->args[j] = a;
          }
    }
  }
}

static void copy_body(splice *s)
{
  const kb_fn *g = s->g;
  for (uint32_t i = 0; i < g->nparams; i++)
    s->val[g->params[i]] = kb_v(s->f, s->call)->args[i];
  for (uint32_t i = 0; i < g->rpo.n; i++)
    s->blk[g->rpo.v[i]] = kb_blk_new(s->f);
  for (uint32_t i = 0; i < g->rpo.n; i++) /* a value's definition comes first in reverse postorder, but for phis */
    KB_FOR_INS(g, g->rpo.v[i], r) {
      if (r == g->blk.v[g->rpo.v[i]].last)
        copy_end(s, g->rpo.v[i], r);
      else
        copy_ins(s, g->rpo.v[i], r);
    }
  copy_phis(s);
}

/* -- Splice ------------------------------------------------------------------------------------------------------ */

/* Moves what follows the call to a block of its own, which takes the old block's place before its successors. */
static void cut(splice *s)
{
  kb_fn *f = s->f;
  kb_bid b = kb_v(f, s->call)->blk, rest = kb_blk_new(f);
  kb_blk *blk = &f->blk.v[b], *to = &f->blk.v[rest];
  s->rest = rest;
  to->first = kb_v(f, s->call)->next;
  to->last = blk->last;
  blk->last = s->call;
  kb_v(f, s->call)->next = 0;
  kb_v(f, to->first)->prev = 0;
  for (kb_ref r = to->first; r; r = kb_v(f, r)->next)
    kb_v(f, r)->blk = rest;
  for (int k = 0; k < 2; k++) {
    to->succ[k] = blk->succ[k];
    blk->succ[k] = 0;
    for (uint32_t i = 0; to->succ[k] && i < f->blk.v[to->succ[k]].pred.n; i++)
      if (f->blk.v[to->succ[k]].pred.v[i] == b)
        f->blk.v[to->succ[k]].pred.v[i] = rest;
  }
}

/* The k-th result where the returns meet. */
static kb_ref collect(splice *s, uint32_t k, kb_ty ty)
{
  if (s->from.n == 1)
    return s->results.v[0][k];
  kb_ref phi = kb_phi(s->f, s->rest, ty, s->from.n);
  for (uint32_t i = 0; i < s->from.n; i++)
    for (uint32_t j = 0; j < s->from.n; j++)
      if (s->f->blk.v[s->rest].pred.v[j] == s->from.v[i])
        kb_v(s->f, phi)->args[j] = s->results.v[i][k];
  return phi;
}

static void use_results(splice *s)
{
  kb_fn *f = s->f;
  kb_ty ty = kb_v(f, s->call)->ty;
  if (ty == KB_T_VOID)
    return;
  kb_subst sub;
  kb_subst_init(&sub, f);
  if (kb_type_letter(ty) != 'T') {
    kb_subst_set(&sub, s->call, collect(s, 0, ty));
  } else {
    const kb_type *t = kb_type_of(ty);
    kb_ref *part = KB_NEW(f->arena, kb_ref, t->n + 1);
    for (kb_ref r = 1, n = f->val.n; r < n; r++)
      if (kb_v(f, r)->blk && kb_is(f, r, KB_ITEM) && kb_v(f, r)->args[0] == s->call) {
        int64_t k = kb_v(f, r)->imm.i;
        if (!part[k])
          part[k] = collect(s, (uint32_t)k, kb_v(f, r)->ty);
        kb_subst_set(&sub, r, part[k]);
        kb_del(f, r);
      }
  }
  kb_subst_finish(&sub, f);
}

static void inline_call(kb_mod *m, kb_fn *f, kb_ref call)
{
  kb_fn *g = m->fns.v[kb_v(f, call)->imm.i];
  splice s;
  memset(&s, 0, sizeof s);
  s.m = m;
  s.f = f;
  s.g = g;
  s.call = call;
  kb_cfg(g);
  s.val = KB_NEW(f->arena, kb_ref, g->val.n);
  s.blk = KB_NEW(f->arena, kb_bid, g->blk.n);
  s.snap = KB_NEW(f->arena, uint32_t, g->snap.n + 1);
  cut(&s);
  copy_body(&s);
  kb_bid b = kb_v(f, call)->blk;
  kb_jmp(f, b, s.blk[1], kb_v(f, call)->loc);
  use_results(&s);
  kb_del(f, call);
  kb_vec_free(&s.from);
  kb_vec_free(&s.results);
}

/* needs callees to be done before callers; breaks rpo, dominators, loops. */
uint32_t kb_opt_inline(kb_mod *m, kb_fn *f)
{
  KB_VEC(kb_ref) calls = { NULL, 0, 0 };
  uint32_t changes = 0;
  kb_cfg(f);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS(f, f->rpo.v[i], r)
      if (kb_is(f, r, KB_CALL))
        kb_vec_push(&calls, r);
  for (uint32_t i = 0; i < calls.n; i++)
    if (wanted(m, f, calls.v[i])) {
      inline_call(m, f, calls.v[i]);
      changes++;
    }
  kb_vec_free(&calls);
  if (changes)
    kb_cfg(f);
  return changes;
}
