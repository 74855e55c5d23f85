/* SPDX-License-Identifier: MIT */
/* func.c: make and edit modules, functions, blocks, values and snapshots. */
#include "ir.h"

#include <string.h>

/* -- Modules and functions ------------------------------------------------------------------------- */

kb_mod *kb_mod_new(const char *file, const char *python)
{
  kb_mod *m = (kb_mod *)kb_xrealloc(NULL, sizeof *m);
  memset(m, 0, sizeof *m);
  m->file = file ? kb_intern(file) : NULL;
  m->python = python ? kb_intern(python) : NULL;
  return m;
}

void kb_mod_free(kb_mod *m)
{
  if (!m)
    return;
  for (uint32_t i = 0; i < m->fns.n; i++)
    kb_fn_free(m->fns.v[i]);
  for (uint32_t i = 0; i < m->osr.n; i++)
    kb_fn_free(m->osr.v[i]);
  kb_vec_free(&m->fns);
  kb_vec_free(&m->osr);
  free(m);
}

kb_fn *kb_fn_new(kb_mod *m, const char *name)
{
  kb_fn *f = (kb_fn *)kb_xrealloc(NULL, sizeof *f);
  memset(f, 0, sizeof *f);
  f->name = f->c_name = kb_intern(name);
  f->ret = KB_T_VOID;
  f->arena = kb_arena_new();
  kb_val v;
  memset(&v, 0, sizeof v);
  kb_blk b;
  memset(&b, 0, sizeof b);
  kb_vec_push(&f->val, v);
  kb_vec_push(&f->blk, b);
  if (m)
    kb_vec_push(&m->fns, f);
  return f;
}

kb_fn *kb_fn_new_osr(kb_mod *m, uint32_t of)
{
  const kb_fn *g = m->fns.v[of];
  kb_fn *f = kb_fn_new(NULL, g->name);
  f->c_name = kb_intern(kb_arena_printf(f->arena, "kb_r_%s", g->c_name)); /* no kernel can be called so */
  f->osr_of = of + 1;
  kb_vec_push(&m->osr, f);
  return f;
}

void kb_fn_free(kb_fn *f)
{
  if (!f)
    return;
  for (kb_bid b = 0; b < f->blk.n; b++)
    kb_vec_free(&f->blk.v[b].pred);
  kb_vec_free(&f->val);
  kb_vec_free(&f->blk);
  kb_vec_free(&f->snap);
  kb_vec_free(&f->rpo);
  kb_vec_free(&f->loops);
  free(f->consts);
  kb_arena_free(f->arena);
  free(f);
}

kb_bid kb_blk_new(kb_fn *f)
{
  kb_blk b;
  memset(&b, 0, sizeof b);
  b.rpo = UINT32_MAX;
  kb_vec_push(&f->blk, b);
  return f->blk.n - 1;
}

/* -- Values outside blocks ------------------------------------------------------------------------- */

static kb_ref new_val(kb_fn *f, kb_op op, kb_ty ty)
{
  kb_val v;
  memset(&v, 0, sizeof v);
  v.op = (uint16_t)op;
  v.ty = ty;
  kb_vec_push(&f->val, v);
  return f->val.n - 1;
}

kb_ref kb_param(kb_fn *f, kb_ty ty, const char *name)
{
  kb_ref r = new_val(f, KB_PARAM, ty);
  kb_v(f, r)->imm.i = f->nparams;
  kb_v(f, r)->name = name ? kb_intern(name) : NULL;
  if (!(f->nparams & (f->nparams - 1))) { /* room doubles at each power of two */
    kb_ref *params = (kb_ref *)kb_arena_alloc(f->arena, (f->nparams ? f->nparams * 2 : 1) * sizeof *params);
    if (f->nparams)
      memcpy(params, f->params, f->nparams * sizeof *params);
    f->params = params;
  }
  f->params[f->nparams++] = r;
  return r;
}

static uint32_t const_hash(const kb_val *v)
{
  uint64_t h = (uint64_t)v->imm.i * UINT64_C(0x9E3779B97F4A7C15) + v->ty * 40503u + v->op;
  return (uint32_t)(h >> 32 ^ h >> 11);
}

static uint32_t *const_slot(kb_fn *f, const kb_val *v)
{
  for (uint32_t h = const_hash(v);; h++) {
    uint32_t *s = &f->consts[h & (f->capconsts - 1)];
    const kb_val *w = kb_v(f, *s);
    if (!*s || (w->op == v->op && w->ty == v->ty && w->imm.i == v->imm.i))
      return s;
  }
}

/* The one constant (or undef) of that type whose union holds just those 8 bytes. */
static kb_ref shared(kb_fn *f, kb_op op, kb_ty ty, kb_imm imm)
{
  if (f->nconsts * 2 >= f->capconsts) {
    f->capconsts = f->capconsts ? f->capconsts * 2 : 16;
    f->consts = (uint32_t *)kb_xrealloc(f->consts, f->capconsts * sizeof *f->consts);
    memset(f->consts, 0, f->capconsts * sizeof *f->consts);
    for (kb_ref r = 1; r < f->val.n; r++)
      if (kb_is(f, r, KB_CONST) || kb_is(f, r, KB_UNDEF))
        *const_slot(f, kb_v(f, r)) = r;
  }
  kb_val key;
  memset(&key, 0, sizeof key);
  key.op = (uint16_t)op;
  key.ty = ty;
  key.imm = imm;
  uint32_t *s = const_slot(f, &key);
  if (!*s) {
    *s = f->val.n;
    kb_vec_push(&f->val, key);
    f->nconsts++;
  }
  return *s;
}

kb_ref kb_const_int(kb_fn *f, kb_ty ty, int64_t i)
{
  kb_imm imm = { .i = i };
  return shared(f, KB_CONST, ty, imm);
}

kb_ref kb_const_float(kb_fn *f, kb_ty ty, double d)
{
  kb_imm imm = { .i = 0 };
  if (ty == KB_T_F32)
    imm.s = (float)d;
  else
    imm.d = d;
  return shared(f, KB_CONST, ty, imm);
}

kb_ref kb_const_str(kb_fn *f, const char *s)
{
  kb_imm imm = { .i = 0 };
  imm.str = kb_intern(s);
  return shared(f, KB_CONST, KB_T_STR, imm);
}

kb_ref kb_const_none(kb_fn *f) { return kb_const_int(f, KB_T_NONE, 0); }

kb_ref kb_undef(kb_fn *f, kb_ty ty)
{
  kb_imm imm = { .i = 0 };
  return shared(f, KB_UNDEF, ty, imm);
}

bool kb_is_const(const kb_fn *f, kb_ref r) { return kb_is(f, r, KB_CONST); }

/* -- Instructions ---------------------------------------------------------------------------------- */

/* Links r in front of at, or at the end of block b when at is 0. */
static void link_before(kb_fn *f, kb_bid b, kb_ref r, kb_ref at)
{
  kb_val *v = kb_v(f, r);
  kb_blk *blk = &f->blk.v[b];
  v->blk = b;
  v->next = at;
  v->prev = at ? kb_v(f, at)->prev : blk->last;
  *(v->prev ? &kb_v(f, v->prev)->next : &blk->first) = r;
  *(at ? &kb_v(f, at)->prev : &blk->last) = r;
}

static void detach(kb_fn *f, kb_ref r)
{
  kb_val *v = kb_v(f, r);
  kb_blk *blk = &f->blk.v[v->blk];
  *(v->prev ? &kb_v(f, v->prev)->next : &blk->first) = v->next;
  *(v->next ? &kb_v(f, v->next)->prev : &blk->last) = v->prev;
  v->prev = v->next = 0;
  v->blk = 0;
}

static kb_ref new_ins(kb_fn *f, kb_op op, kb_ty ty, const kb_ref *args, uint32_t nargs, kb_loc loc)
{
  kb_ref r = new_val(f, op, ty);
  kb_val *v = kb_v(f, r);
  v->loc = loc;
  v->nargs = nargs;
  if (nargs) {
    v->args = (kb_ref *)kb_arena_alloc(f->arena, nargs * sizeof *args);
    if (args)
      memcpy(v->args, args, nargs * sizeof *args);
  }
  return r;
}

kb_ref kb_ins(kb_fn *f, kb_bid b, kb_op op, kb_ty ty, const kb_ref *args, uint32_t nargs, kb_loc loc)
{
  kb_assert(b && b < f->blk.n, "%s: block %u of %u", kb_ops[op].text, b, f->blk.n);
  kb_ref r = new_ins(f, op, ty, args, nargs, loc);
  link_before(f, b, r, 0);
  return r;
}

kb_ref kb_ins_before(kb_fn *f, kb_ref at, kb_op op, kb_ty ty, const kb_ref *args, uint32_t nargs, kb_loc loc)
{
  kb_assert(kb_v(f, at)->blk, "%s before a value that is in no block", kb_ops[op].text);
  kb_ref r = new_ins(f, op, ty, args, nargs, loc);
  link_before(f, kb_v(f, at)->blk, r, at);
  return r;
}

kb_ref kb_phi(kb_fn *f, kb_bid b, kb_ty ty, uint32_t nargs)
{
  kb_assert(b && b < f->blk.n, "phi: block %u of %u", b, f->blk.n);
  kb_loc none = { NULL, 0, 0, 0 };
  kb_ref r = new_ins(f, KB_PHI, ty, NULL, nargs, none), at = f->blk.v[b].first;
  while (at && kb_is(f, at, KB_PHI))
    at = kb_v(f, at)->next;
  link_before(f, b, r, at);
  return r;
}

void kb_del(kb_fn *f, kb_ref r)
{
  kb_val *v = kb_v(f, r);
  if (v->blk) {
    kb_blk *blk = &f->blk.v[v->blk];
    if (blk->last == r)
      blk->succ[0] = blk->succ[1] = 0;
    detach(f, r);
  }
  v->op = KB_NOP;
  v->ty = KB_T_VOID;
  v->nargs = 0;
  v->snap = 0;
}

void kb_move_before(kb_fn *f, kb_ref r, kb_ref at)
{
  if (r == at)
    return;
  detach(f, r);
  link_before(f, kb_v(f, at)->blk, r, at);
}

/* -- Edges ----------------------------------------------------------------------------------------- */

static void add_pred(kb_fn *f, kb_bid b, kb_bid pred)
{
  kb_blk *blk = &f->blk.v[b];
  for (uint32_t i = 0; i < blk->pred.n; i++)
    if (blk->pred.v[i] == pred)
      return;
  kb_vec_push(&blk->pred, pred);
}

void kb_jmp(kb_fn *f, kb_bid b, kb_bid to, kb_loc loc)
{
  kb_ins(f, b, KB_JMP, KB_T_VOID, NULL, 0, loc);
  f->blk.v[b].succ[0] = to;
  f->blk.v[b].succ[1] = 0;
  add_pred(f, to, b);
}

void kb_br(kb_fn *f, kb_bid b, kb_ref cond, kb_bid yes, kb_bid no, kb_loc loc)
{
  if (yes == no) {
    kb_jmp(f, b, yes, loc);
    return;
  }
  kb_ins(f, b, KB_BR, KB_T_VOID, &cond, 1, loc);
  f->blk.v[b].succ[0] = yes;
  f->blk.v[b].succ[1] = no;
  add_pred(f, yes, b);
  add_pred(f, no, b);
}

void kb_try(kb_fn *f, kb_bid b, kb_bid body, kb_bid handler, kb_loc loc)
{
  kb_assert(body != handler, "try: a body that is its own handler");
  kb_ins(f, b, KB_TRY, KB_T_VOID, NULL, 0, loc);
  f->blk.v[b].succ[0] = body;
  f->blk.v[b].succ[1] = handler;
  add_pred(f, body, b);
  add_pred(f, handler, b);
}

void kb_ret(kb_fn *f, kb_bid b, const kb_ref *vals, uint32_t n, kb_loc loc)
{
  kb_ins(f, b, KB_RET, KB_T_VOID, vals, n, loc);
  f->blk.v[b].succ[0] = f->blk.v[b].succ[1] = 0;
}

void kb_remove_pred(kb_fn *f, kb_bid b, kb_bid pred)
{
  kb_blk *blk = &f->blk.v[b];
  uint32_t i = 0;
  while (i < blk->pred.n && blk->pred.v[i] != pred)
    i++;
  if (i == blk->pred.n)
    return;
  blk->pred.n--;
  memmove(blk->pred.v + i, blk->pred.v + i + 1, (blk->pred.n - i) * sizeof *blk->pred.v);
  KB_FOR_INS(f, b, r) {
    kb_val *v = kb_v(f, r);
    if (v->op != KB_PHI)
      break;
    v->nargs--;
    memmove(v->args + i, v->args + i + 1, (v->nargs - i) * sizeof *v->args);
  }
}

/* -- Uses ------------------------------------------------------------------------------------------ */

static kb_ref resolve(kb_ref *map, uint32_t n, kb_ref r)
{
  kb_ref to = r;
  uint32_t steps = 0;
  while (map[to] && map[to] != to) {
    to = map[to];
    kb_assert(++steps < n, "replacement of %%%u runs in a circle", r);
  }
  while (map[r] && map[r] != r && map[r] != to) { /* shorten the chain for those who come later */
    kb_ref next = map[r];
    map[r] = to;
    r = next;
  }
  return to;
}

typedef struct { kb_ref *map; uint32_t n; } replacement;

static void replace_use(kb_ref *use, void *data)
{
  replacement *p = (replacement *)data;
  if (*use < p->n)
    *use = resolve(p->map, p->n, *use);
}

void kb_replace_all(kb_fn *f, kb_ref *map)
{
  replacement p = { map, f->val.n };
  for (kb_ref r = 1; r < f->val.n; r++)
    for (uint32_t i = 0; i < kb_v(f, r)->nargs; i++)
      replace_use(&kb_v(f, r)->args[i], &p);
  for (uint32_t s = 0; s < f->snap.n; s++)
    kb_snap_uses(f, &f->snap.v[s], replace_use, &p);
}

static void count_use(kb_ref *use, void *data) { ((uint32_t *)data)[*use]++; }

void kb_count_uses(kb_fn *f, uint32_t *n)
{
  kb_bits seen;
  kb_bits_init(&seen, f->snap.n);
  memset(n, 0, f->val.n * sizeof *n);
  for (kb_ref r = 1; r < f->val.n; r++) {
    const kb_val *v = kb_v(f, r);
    if (!v->blk)
      continue;
    for (uint32_t i = 0; i < v->nargs; i++)
      n[v->args[i]]++;
    if (v->snap && !kb_bits_has(&seen, v->snap - 1)) {
      kb_bits_set(&seen, v->snap - 1);
      kb_snap_uses(f, &f->snap.v[v->snap - 1], count_use, n);
    }
  }
  kb_bits_free(&seen);
}

uint32_t kb_fn_number(kb_fn *f)
{
  uint32_t n = 0;
  kb_cfg(f);
  for (uint32_t i = 0; i < f->nparams; i++)
    kb_v(f, f->params[i])->pc = n++;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS(f, f->rpo.v[i], r)
      kb_v(f, r)->pc = n++;
  return f->nslots = n;
}
