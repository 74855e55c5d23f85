/* SPDX-License-Identifier: MIT */
/* ssa.c: variables to SSA values while blocks are being made.
 *
 * Source: M. Braun et al., Simple and Efficient Construction of Static Single Assignment Form, CC 2013.
 * Two changes. Redundant phis are dropped in one sweep at the end instead of as they appear: Python's
 * control flow is reducible, so sweeping to a fixed point gives minimal SSA all the same. And each local has
 * a second variable that says whether it is bound, so that a read before assignment raises
 * UnboundLocalError on just the paths where Python does; where the flag is constant it leaves no trace.
 */
#include "lower.h"

#include <string.h>

kb_bid lw_block(lw *c)
{
  kb_bid b = kb_blk_new(c->f);
  while (c->def.n <= b) {
    kb_vec_push(&c->def, NULL);
    kb_vec_push(&c->sealed, 0);
  }
  return b;
}

static kb_ref *defs_of(lw *c, kb_bid b)
{
  if (!c->def.v[b])
    c->def.v[b] = KB_ZALLOC(kb_ref, c->nvars);
  return c->def.v[b];
}

/* A few per function: growing the arrays is cheap enough. */
uint32_t lw_hidden(lw *c)
{
  uint32_t v = c->nvars++;
  for (uint32_t b = 0; b < c->def.n; b++)
    if (c->def.v[b]) {
      c->def.v[b] = (kb_ref *)kb_xrealloc(c->def.v[b], c->nvars * sizeof(kb_ref));
      c->def.v[b][v] = 0;
    }
  return v;
}

static void name_value(lw *c, uint32_t var, kb_ref v)
{
  kb_val *x = kb_v(c->f, v);
  if (var < c->k->nlocals && !x->name && !kb_is_const(c->f, v))
    x->name = c->k->locals[var];
}

void lw_write(lw *c, uint32_t var, kb_ref v)
{
  if (!c->cur || !v)
    return;
  name_value(c, var, v);
  defs_of(c, c->cur)[var] = v;
}

static kb_ref read_in(lw *c, uint32_t var, kb_bid b);

static void fill_phi(lw *c, uint32_t var, kb_ref phi, kb_bid b)
{
  uint32_t n = c->f->blk.v[b].pred.n;
  kb_ref *args = KB_NEW(c->f->arena, kb_ref, n ? n : 1);
  for (uint32_t i = 0; i < n; i++)
    args[i] = read_in(c, var, c->f->blk.v[b].pred.v[i]);
  kb_v(c->f, phi)->args = args;
  kb_v(c->f, phi)->nargs = n;
}

/* Its place, for messages, is the statement that reads the variable. */
static kb_ref new_phi(lw *c, uint32_t var, kb_bid b)
{
  kb_ref v = kb_phi(c->f, b, KB_T_OBJ, 0);
  kb_v(c->f, v)->loc = c->at;
  name_value(c, var, v);
  return v;
}

static kb_ref read_in(lw *c, uint32_t var, kb_bid b)
{
  /* single predecessors are walked in a loop, so that long straight functions need no deep stack */
  kb_bid at = b;
  kb_ref v;
  for (;;) {
    v = defs_of(c, at)[var];
    if (v)
      break;
    kb_blk *k = &c->f->blk.v[at];
    if (!c->sealed.v[at]) {
      v = new_phi(c, var, at);
      lw_open o = { at, var, v };
      kb_vec_push(&c->open, o);
      break;
    }
    if (k->pred.n == 1) {
      at = k->pred.v[0];
      continue;
    }
    if (k->pred.n == 0) {
      v = kb_undef(c->f, KB_T_OBJ);
      break;
    }
    v = new_phi(c, var, at);
    defs_of(c, at)[var] = v; /* before its arguments: cuts cycles */
    fill_phi(c, var, v, at);
    break;
  }
  defs_of(c, at)[var] = v;
  for (kb_bid x = b; x != at; x = c->f->blk.v[x].pred.v[0])
    defs_of(c, x)[var] = v;
  return v;
}

kb_ref lw_read(lw *c, uint32_t var)
{
  return read_in(c, var, c->cur);
}

void lw_seal(lw *c, kb_bid b)
{
  c->sealed.v[b] = 1;
  for (uint32_t i = 0; i < c->open.n; i++) /* grows while it is walked */
    if (c->open.v[i].blk == b) {
      lw_open o = c->open.v[i];
      c->open.v[i] = c->open.v[--c->open.n];
      i--;
      fill_phi(c, o.var, o.phi, b);
    }
}

void lw_goto(lw *c, kb_bid to, kb_loc loc)
{
  if (c->cur)
    kb_jmp(c->f, c->cur, to, loc);
  c->cur = 0;
}

void lw_start(lw *c, kt_mod *t, kt_kernel *k, kb_fn *f)
{
  memset(c, 0, sizeof *c);
  c->t = t, c->k = k, c->f = f;
  c->nvars = 2 * k->nlocals;
  c->cur = lw_block(c);
  lw_seal(c, c->cur);
}

/* -- The end: minimal SSA ---------------------------------------------------------------------------- */

static kb_ref find(const kb_ref *map, kb_ref r)
{
  while (map[r] && map[r] != r)
    r = map[r];
  return r;
}

/* The one value that a phi stands for, or 0. */
static kb_ref only_arg(const kb_fn *f, const kb_ref *map, kb_ref phi)
{
  const kb_val *v = kb_v(f, phi);
  kb_ref one = 0;
  for (uint32_t i = 0; i < v->nargs; i++) {
    kb_ref a = find(map, v->args[i]);
    if (a == phi || a == one)
      continue;
    if (one)
      return 0;
    one = a;
  }
  return one;
}

/* What obj.bound is when its flag is known. */
static kb_ref bound_value(const kb_fn *f, const kb_ref *map, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  const kb_val *flag = kb_v(f, find(map, v->args[1]));
  return flag->op == KB_CONST && flag->imm.i ? find(map, v->args[0]) : 0;
}

static void drop_redundant(kb_fn *f)
{
  kb_ref *map = KB_ZALLOC(kb_ref, f->val.n);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < f->rpo.n; i++)
      KB_FOR_INS (f, f->rpo.v[i], r) {
        if (map[r])
          continue;
        kb_ref to = kb_is(f, r, KB_PHI) ? only_arg(f, map, r) : kb_is(f, r, KB_OBOUND) ? bound_value(f, map, r) : 0;
        if (!to)
          continue;
        map[r] = to;
        if (!kb_v(f, to)->name && !kb_is_const(f, to))
          kb_v(f, to)->name = kb_v(f, r)->name;
        again = true;
      }
  }
  kb_replace_all(f, map);
  for (kb_ref r = 1; r < f->val.n; r++)
    if (map[r] && kb_v(f, r)->blk)
      kb_del(f, r);
  free(map);
}

/* Values that no effect needs go: phis of dead variables, flags, unused pure operations. */
static void drop_dead(kb_fn *f)
{
  KB_VEC(kb_ref) worklist = { 0 };
  kb_bits live;
  kb_bits_init(&live, f->val.n);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r) {
      const kb_oprow *row = &kb_ops[kb_v(f, r)->op];
      if (row->kind == KB_OP_CTL || (row->flags & (KB_OF_S | KB_OF_T)))
        kb_bits_set(&live, r), kb_vec_push(&worklist, r);
    }
  while (worklist.n) {
    const kb_val *v = kb_v(f, kb_vec_pop(&worklist));
    for (uint32_t i = 0; i < v->nargs; i++)
      if (!kb_bits_has(&live, v->args[i]))
        kb_bits_set(&live, v->args[i]), kb_vec_push(&worklist, v->args[i]);
  }
  for (kb_ref r = 1; r < f->val.n; r++)
    if (kb_v(f, r)->blk && !kb_bits_has(&live, r))
      kb_v(f, r)->nargs = 0;
  for (kb_ref r = 1; r < f->val.n; r++)
    if (kb_v(f, r)->blk && !kb_bits_has(&live, r))
      kb_del(f, r);
  kb_vec_free(&worklist);
  kb_bits_free(&live);
}

void lw_finish(lw *c)
{
  kb_cfg(c->f);
  drop_redundant(c->f);
  drop_dead(c->f);
  for (uint32_t b = 0; b < c->def.n; b++)
    free(c->def.v[b]);
  kb_vec_free(&c->def);
  kb_vec_free(&c->sealed);
  kb_vec_free(&c->open);
}
