/* SPDX-License-Identifier: MIT */
/* dce.c: deletes what nobody uses, and keeps values that only snapshots use out of loops.
 *
 * Liveness is marked twice: first from what runs (guards, effects, control), then from the snapshots of that. A value
 * that only the second marking reaches need not be computed before an exit happens, so its entries are rewritten as
 * expressions (KB_E_EXPR) of values that are computed anyway, where it is simple:
 *   - pure arithmetic that is defined for all operands;
 *   - a loop phi that runs in step with a phi that is needed: j = i + (j0 - i0).
 */
#include "opt.h"
#include "subst.h"

typedef struct {
  kb_fn *f;
  kb_bits live;          /* computed: a guard, an effect, a branch or a kept value needs it */
  kb_bits snap;          /* and these, which only snapshots need */
  KB_VEC(kb_ref) work;
  KB_VEC(uint32_t) snaps; /* snapshots in use, once each */
  uint32_t changes;
} dce;

static void push(dce *d, kb_bits *set, kb_ref r)
{
  if (kb_bits_has(set, r))
    return;
  kb_bits_set(set, r);
  kb_vec_push(&d->work, r);
}

static void drain(dce *d, kb_bits *set)
{
  while (d->work.n) {
    const kb_val *v = kb_v(d->f, kb_vec_pop(&d->work));
    for (uint32_t i = 0; i < v->nargs; i++)
      push(d, set, v->args[i]);
  }
}

/* Does it stay whether its result is used or not? */
static bool root(const kb_val *v)
{
  switch (kb_ops[v->op].kind) {
  case KB_OP_VAL: return false;
  case KB_OP_GRD:
  case KB_OP_CTL: return true;
  default: return (kb_ops[v->op].flags & KB_OF_S) || !(kb_ops[v->op].flags & KB_OF_L);
  }
}

static void mark(dce *d)
{
  kb_fn *f = d->f;
  kb_bits seen;
  kb_bits_init(&seen, f->snap.n);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS(f, f->rpo.v[i], r) {
      const kb_val *v = kb_v(f, r);
      if (root(v))
        push(d, &d->live, r);
      if (v->snap && !kb_bits_has(&seen, v->snap - 1)) {
        kb_bits_set(&seen, v->snap - 1);
        kb_vec_push(&d->snaps, v->snap - 1);
      }
    }
  drain(d, &d->live);
  kb_bits_free(&seen);
}

/* -- Rematerialisation ------------------------------------------------------------------------------------ */

static bool at_hand(const dce *d, kb_ref r)
{
  return !kb_v(d->f, r)->blk || kb_bits_has(&d->live, r); /* parameters and constants always are */
}

static kb_entry val_entry(kb_ref r, kb_ty ty, uint32_t slot)
{
  kb_entry e;
  memset(&e, 0, sizeof e);
  e.kind = KB_E_VAL;
  e.slot = slot;
  e.ref = r;
  e.ty = ty;
  return e;
}

static void expr_entry(dce *d, kb_entry *e, kb_op op, uint32_t n)
{
  e->kind = KB_E_EXPR;
  e->ref = 0;
  e->what = (uint16_t)op;
  e->n = n;
  e->sub = KB_NEW(d->f->arena, kb_entry, n);
}

/* The step of a loop phi's back edge k (iaddn p, c and its kin), and whether it has one. */
static bool step_of(const kb_fn *f, kb_ref p, uint32_t k, int64_t *step)
{
  const kb_val *v = kb_v(f, kb_v(f, p)->args[k]);
  bool add = v->op == KB_IADDN || v->op == KB_IADDO || v->op == KB_IADD;
  bool sub = v->op == KB_ISUBN || v->op == KB_ISUBO || v->op == KB_ISUB;
  if ((!add && !sub) || v->args[0] != p || !kb_is_const(f, v->args[1]))
    return false;
  *step = kb_v(f, v->args[1])->imm.i;
  if (sub)
    *step = (int64_t)(0 - (uint64_t)*step);
  return true;
}

/* Do the phis p and q of one loop header advance by the same constant on every back edge, from constants or
 * parameters that are at hand? */
static bool in_step(const dce *d, kb_ref p, kb_ref q)
{
  const kb_fn *f = d->f;
  const kb_val *a = kb_v(f, p), *b = kb_v(f, q);
  const kb_blk *blk = &f->blk.v[a->blk];
  uint32_t entries = 0;
  if (b->op != KB_PHI || a->blk != b->blk || b->ty != a->ty)
    return false;
  for (uint32_t k = 0; k < a->nargs; k++) {
    int64_t s, t;
    if (f->blk.v[blk->pred.v[k]].rpo < blk->rpo) {
      if (entries++ || !at_hand(d, a->args[k]) || !at_hand(d, b->args[k]))
        return false;
    } else if (!step_of(f, p, k, &s) || !step_of(f, q, k, &t) || s != t) {
      return false;
    }
  }
  return entries == 1;
}

static uint32_t entry_edge(const kb_fn *f, kb_ref p)
{
  const kb_blk *blk = &f->blk.v[kb_v(f, p)->blk];
  uint32_t k = 0;
  while (f->blk.v[blk->pred.v[k]].rpo >= blk->rpo)
    k++;
  return k;
}

/* p = q + (p0 - q0), modulo 2**64 as both wrap alike. */
static bool remat_phi(dce *d, kb_entry *e)
{
  kb_fn *f = d->f;
  kb_ref p = e->ref;
  if (kb_type_letter(kb_v(f, p)->ty) != 'I')
    return false;
  KB_FOR_INS(f, kb_v(f, p)->blk, q) {
    if (!kb_is(f, q, KB_PHI))
      return false;
    if (q == p || !kb_bits_has(&d->live, q) || !in_step(d, p, q))
      continue;
    uint32_t k = entry_edge(f, p);
    kb_ref p0 = kb_v(f, p)->args[k], q0 = kb_v(f, q)->args[k];
    kb_ty ty = e->ty;
    if (kb_is_const(f, p0) && kb_is_const(f, q0)) {
      uint64_t gap = (uint64_t)kb_v(f, p0)->imm.i - (uint64_t)kb_v(f, q0)->imm.i;
      if (!gap) {
        e->ref = q;
        return true;
      }
      kb_ref c = kb_const_int(f, kb_v(f, p0)->ty, (int64_t)gap);
      expr_entry(d, e, KB_IADD, 2);
      e->sub[0] = val_entry(q, ty, 0);
      e->sub[1] = val_entry(c, ty, 1);
    } else {
      expr_entry(d, e, KB_IADD, 2);
      e->sub[0] = val_entry(q, ty, 0);
      e->sub[1] = val_entry(0, ty, 1);
      expr_entry(d, &e->sub[1], KB_ISUB, 2);
      e->sub[1].sub[0] = val_entry(p0, ty, 0);
      e->sub[1].sub[1] = val_entry(q0, ty, 1);
    }
    return true;
  }
  return false;
}

static kb_ty entry_type(const kb_fn *f, kb_ref r)
{
  switch (kb_type_letter(kb_v(f, r)->ty)) {
  case 'I': return KB_T_INT;
  case 'B': return KB_T_BOOL;
  case 'D': return KB_T_FLOAT;
  default: return kb_v(f, r)->ty;
  }
}

enum { DEPTH = 4 };

/* Can r be had at an exit without computing it before? */
static bool simple(const dce *d, kb_ref r, int depth)
{
  const kb_val *v = kb_v(d->f, r);
  if (at_hand(d, r))
    return true;
  if (depth == DEPTH || kb_ops[v->op].kind != KB_OP_VAL || (v->op != KB_IADDN && v->op != KB_ISUBN && v->op != KB_IMULN &&
      ((kb_ops[v->op].flags & (KB_OF_T | KB_OF_I)) || v->op == KB_PHI || v->op == KB_SEL)))
    return false;
  for (uint32_t i = 0; i < v->nargs; i++)
    if (!simple(d, v->args[i], depth + 1))
      return false;
  return true;
}

/* The form of an N op that is defined for everything: an exit may compute it where the proof does not hold. */
static kb_op total(kb_op op)
{
  return op == KB_IADDN ? KB_IADD : op == KB_ISUBN ? KB_ISUB : op == KB_IMULN ? KB_IMUL : op;
}

static void write_expr(dce *d, kb_entry *e)
{
  kb_ref r = e->ref;
  if (at_hand(d, r))
    return;
  kb_op op = total((kb_op)kb_v(d->f, r)->op);
  expr_entry(d, e, op, kb_v(d->f, r)->nargs);
  for (uint32_t i = 0; i < e->n; i++) {
    kb_ref a = kb_v(d->f, r)->args[i];
    e->sub[i] = val_entry(a, entry_type(d->f, a), i);
    write_expr(d, &e->sub[i]);
  }
}

static void remat_entries(dce *d, kb_entry *e, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++) {
    if (e[i].kind != KB_E_VAL) {
      remat_entries(d, e[i].sub, e[i].n);
      continue;
    }
    if (at_hand(d, e[i].ref))
      continue;
    if (kb_is(d->f, e[i].ref, KB_PHI)) {
      d->changes += remat_phi(d, &e[i]);
    } else if (simple(d, e[i].ref, 0)) {
      write_expr(d, &e[i]);
      d->changes++;
    }
  }
}

static void mark_use(kb_ref *use, void *data)
{
  dce *d = (dce *)data;
  if (!kb_bits_has(&d->live, *use))
    push(d, &d->snap, *use);
}

/* ------------------------------------------------------------------------------------------------------------ */

static void sweep(dce *d)
{
  kb_fn *f = d->f;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    for (kb_ref r = f->blk.v[f->rpo.v[i]].first, next; r; r = next) {
      next = kb_v(f, r)->next;
      if (!kb_bits_has(&d->live, r) && (r >= d->snap.n || !kb_bits_has(&d->snap, r))) {
        kb_del(f, r);
        d->changes++;
      }
    }
}

/* needs nothing; keeps SSA and the CFG. */
uint32_t kb_opt_dce(kb_fn *f)
{
  dce d;
  memset(&d, 0, sizeof d);
  d.f = f;
  kb_cfg(f);
  kb_bits_init(&d.live, f->val.n);
  mark(&d);
  /* A snapshot's message arguments are operands of the exit: no expressions there. Rewriting makes constants, which
   * are at hand, but are not in the sets. */
  for (uint32_t i = 0; i < d.snaps.n; i++) {
    kb_snap *s = &f->snap.v[d.snaps.v[i]];
    for (uint32_t k = 0; k < s->nframes; k++)
      remat_entries(&d, s->frames[k].entries, s->frames[k].n);
  }
  kb_bits grown;
  kb_bits_init(&grown, f->val.n);
  kb_bits_or(&grown, &d.live);
  kb_bits_free(&d.live);
  d.live = grown;
  kb_bits_init(&d.snap, f->val.n);
  for (uint32_t i = 0; i < d.snaps.n; i++)
    kb_snap_uses(f, &f->snap.v[d.snaps.v[i]], mark_use, &d);
  drain(&d, &d.snap);
  sweep(&d);
  kb_bits_free(&d.live);
  kb_bits_free(&d.snap);
  kb_vec_free(&d.work);
  kb_vec_free(&d.snaps);
  return d.changes;
}
