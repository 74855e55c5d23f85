/* SPDX-License-Identifier: MIT */
/* facts.c: what is assumed at a point, and the proof of a <= b + c.
 *
 * The proof is a search through differences known at the point and through definitions, in the manner of ABCD (Bodik,
 * Gupta, Sarkar 2000), with fuel in place of a memo. Two points on why stale values cannot mislead it. A difference is
 * assumed where its guard or branch dominates the point, so both values are those of now. A definition x = y + k talks
 * of the y that x was computed from, which is today's y as y dominates x and x the point; only arguments of a phi need
 * not dominate the point, so these are followed only at joins (whose predecessors come before them) and where the
 * other side dominates the join; phis of loop headers are followed to the value that they start with alone, where
 * range.c found that they only rise or only fall.
 */
#include "facts.h"

#include <string.h>

/* -- Store ------------------------------------------------------------------------------------------------- */

static kb_ival outside(const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  if (v->op == KB_CONST && kb_is_int(f, r))
    return (kb_ival){ v->imm.i, v->imm.i };
  if (v->op == KB_PARAM && f->sig && v->imm.i < f->nparams)
    switch (f->sig[v->imm.i].ty) {
    case KB_T_I8: return (kb_ival){ INT8_MIN, INT8_MAX };
    case KB_T_I16: return (kb_ival){ INT16_MIN, INT16_MAX };
    case KB_T_I32: return (kb_ival){ INT32_MIN, INT32_MAX };
    case KB_T_U8: return (kb_ival){ 0, UINT8_MAX };
    case KB_T_U16: return (kb_ival){ 0, UINT16_MAX };
    case KB_T_U32: return (kb_ival){ 0, UINT32_MAX };
    default: break;
    }
  return KB_IVAL_FULL;
}

void kb_facts_grow(kb_facts *x)
{
  uint32_t n = x->f->val.n;
  if (n > x->room) {
    x->room = n + n / 4;
    x->iv = (kb_ival *)kb_xrealloc(x->iv, x->room * sizeof *x->iv);
    x->rising = (uint8_t *)kb_xrealloc(x->rising, x->room);
    x->falling = (uint8_t *)kb_xrealloc(x->falling, x->room);
    x->start = (kb_ref *)kb_xrealloc(x->start, x->room * sizeof *x->start);
    x->head = (uint32_t *)kb_xrealloc(x->head, x->room * sizeof *x->head);
  }
  for (; x->n < n; x->n++) {
    x->iv[x->n] = outside(x->f, x->n);
    x->rising[x->n] = x->falling[x->n] = 0;
    x->start[x->n] = 0;
    x->head[x->n] = 0;
  }
}

void kb_facts_init(kb_facts *x, kb_fn *f)
{
  memset(x, 0, sizeof *x);
  kb_diff none = { 0, 0, 0, 0 };
  x->f = f;
  kb_vec_push(&x->diffs, none);
  kb_facts_grow(x);
}

void kb_facts_free(kb_facts *x)
{
  free(x->iv);
  free(x->rising);
  free(x->falling);
  free(x->start);
  free(x->head);
  kb_vec_free(&x->diffs);
  kb_vec_free(&x->undo);
}

kb_mark kb_facts_mark(const kb_facts *x) { return (kb_mark){ x->undo.n, x->diffs.n }; }

void kb_facts_undo(kb_facts *x, kb_mark m)
{
  while (x->undo.n > m.undo) {
    kb_undo u = kb_vec_pop(&x->undo);
    x->iv[u.r] = u.old;
  }
  while (x->diffs.n > m.diffs) {
    kb_diff d = kb_vec_pop(&x->diffs);
    x->head[d.a] = d.next;
  }
}

/* -- Assume --------------------------------------------------------------------------------------------------- */

/* Cuts r's interval. An empty rest means that the point is never reached; it is left as it was, which is true too. */
static void clip(kb_facts *x, kb_ref r, int64_t lo, int64_t hi)
{
  kb_ival v = x->iv[r], old = v;
  if (lo > v.lo)
    v.lo = lo;
  if (hi < v.hi)
    v.hi = hi;
  if (v.lo > v.hi || (v.lo == old.lo && v.hi == old.hi))
    return;
  kb_undo u = { r, old };
  kb_vec_push(&x->undo, u);
  x->iv[r] = v;
}

static int64_t plus(int64_t a, int64_t c) /* saturates */
{
  int64_t r;
  if (__builtin_add_overflow(a, c, &r))
    return c < 0 ? INT64_MIN : INT64_MAX;
  return r;
}

static void assume_le(kb_facts *x, kb_ref a, kb_ref b, int64_t c) /* a <= b + c, c in { -1, 0 } */
{
  if (x->f->val.v[a].op != KB_CONST && x->f->val.v[b].op != KB_CONST) {
    kb_diff d = { b, c, a, x->head[a] };
    x->head[a] = x->diffs.n;
    kb_vec_push(&x->diffs, d);
  }
  int64_t hi = plus(x->iv[b].hi, c), lo = plus(x->iv[a].lo, -c);
  clip(x, a, INT64_MIN, hi);
  clip(x, b, lo, INT64_MAX);
}

static void assume_ne(kb_facts *x, kb_ref a, kb_ref b)
{
  for (int k = 0; k < 2; k++) {
    kb_ival v = x->iv[k ? b : a], w = x->iv[k ? a : b];
    if (w.lo != w.hi || v.lo == v.hi)
      continue;
    if (v.lo == w.lo)
      clip(x, k ? b : a, v.lo + 1, INT64_MAX);
    if (v.hi == w.lo)
      clip(x, k ? b : a, INT64_MIN, v.hi - 1);
  }
}

static void assume_compare(kb_facts *x, kb_op op, kb_ref a, kb_ref b, bool truth)
{
  switch (op) {
  case KB_ILT: truth ? assume_le(x, a, b, -1) : assume_le(x, b, a, 0); break;
  case KB_ILE: truth ? assume_le(x, a, b, 0) : assume_le(x, b, a, -1); break;
  case KB_IGT: truth ? assume_le(x, b, a, -1) : assume_le(x, a, b, 0); break;
  case KB_IGE: truth ? assume_le(x, b, a, 0) : assume_le(x, a, b, -1); break;
  case KB_INE: truth = !truth; /* fall through */
  case KB_IEQ:
    if (truth) {
      assume_le(x, a, b, 0);
      assume_le(x, b, a, 0);
    } else {
      assume_ne(x, a, b);
    }
    break;
  default: break;
  }
}

static void assume_depth(kb_facts *x, kb_ref cond, bool truth, int depth)
{
  const kb_val *v = kb_v(x->f, cond);
  if (depth == 8)
    return;
  switch (v->op) {
  case KB_BNOT: assume_depth(x, v->args[0], !truth, depth + 1); break;
  case KB_BAND:
  case KB_BOR:
    if (truth == (v->op == KB_BAND)) {
      assume_depth(x, v->args[0], truth, depth + 1);
      assume_depth(x, v->args[1], truth, depth + 1);
    }
    break;
  case KB_IRANGELEFT:
    if (x->iv[v->args[2]].lo > 0)
      assume_compare(x, KB_ILT, v->args[0], v->args[1], truth);
    else if (x->iv[v->args[2]].hi <= 0)
      assume_compare(x, KB_IGT, v->args[0], v->args[1], truth);
    break;
  default: assume_compare(x, (kb_op)v->op, v->nargs == 2 ? v->args[0] : 0, v->nargs == 2 ? v->args[1] : 0, truth);
  }
}

void kb_assume_cond(kb_facts *x, kb_ref cond, bool truth) { assume_depth(x, cond, truth, 0); }

void kb_assume_guard(kb_facts *x, kb_ref guard)
{
  const kb_val *v = kb_v(x->f, guard);
  switch (v->op) {
  case KB_GUARD: kb_assume_cond(x, v->args[0], true); break;
  case KB_GBOUND:
    clip(x, v->args[0], 0, INT64_MAX);
    assume_le(x, v->args[0], v->args[1], -1);
    break;
  case KB_GRANGE:
    assume_le(x, v->args[1], v->args[0], 0);
    assume_le(x, v->args[0], v->args[2], 0);
    break;
  case KB_GNZ: {
    kb_ival a = x->iv[v->args[0]];
    clip(x, v->args[0], a.lo == 0 ? 1 : INT64_MIN, a.hi == 0 ? -1 : INT64_MAX);
    break;
  }
  case KB_GI2FX: clip(x, v->args[0], -(INT64_C(1) << 53), INT64_C(1) << 53); break;
  default: break;
  }
}

/* -- Prove ------------------------------------------------------------------------------------------------------ */

typedef struct { const kb_facts *x; int fuel; } proof;
static bool le(proof *p, kb_ref a, kb_ref b, int64_t c);

static bool le_minus(proof *p, kb_ref a, kb_ref b, int64_t c, int64_t k) /* a <= b + c - k */
{
  int64_t d;
  return !__builtin_sub_overflow(c, k, &d) && le(p, a, b, d);
}
static bool le_plus(proof *p, kb_ref a, kb_ref b, int64_t c, int64_t k) /* a <= b + c + k */
{
  int64_t d;
  return !__builtin_add_overflow(c, k, &d) && le(p, a, b, d);
}

static bool exact_add(uint16_t op) { return op == KB_IADDN || op == KB_IADDO; }

/* (y + z) // 2 <= b + c: twice the bound is at least the sum. */
static bool le_half(proof *p, kb_ref sum, kb_ref b, int64_t c)
{
  const kb_val *v = kb_v(p->x->f, sum);
  if (!exact_add(v->op))
    return false;
  return (le(p, v->args[0], b, c) && le_plus(p, v->args[1], b, c, 1)) ||
         (le(p, v->args[1], b, c) && le_plus(p, v->args[0], b, c, 1));
}

static bool is_const_int(const kb_fn *f, kb_ref r, int64_t i) { return kb_is_const(f, r) && kb_v(f, r)->imm.i == i; }

static bool le_join(proof *p, const kb_val *phi, kb_ref b, int64_t c)
{
  const kb_fn *f = p->x->f;
  const kb_blk *blk = &f->blk.v[phi->blk];
  kb_bid at = kb_v(f, b)->blk;
  if (at && !kb_dominates(f, at, phi->blk))
    return false;
  for (uint32_t k = 0; k < phi->nargs; k++)
    if (f->blk.v[blk->pred.v[k]].rpo >= blk->rpo)
      return false;
  for (uint32_t k = 0; k < phi->nargs; k++)
    if (!le(p, phi->args[k], b, c))
      return false;
  return true;
}

/* By a's definition. */
static bool le_left(proof *p, kb_ref a, kb_ref b, int64_t c)
{
  const kb_facts *x = p->x;
  const kb_val *v = kb_v(x->f, a);
  kb_ref y = v->nargs > 0 ? v->args[0] : 0, z = v->nargs > 1 ? v->args[1] : 0;
  switch (v->op) {
  case KB_IADDN:
  case KB_IADDO: return le_minus(p, y, b, c, x->iv[z].hi) || le_minus(p, z, b, c, x->iv[y].hi);
  case KB_ISUBN:
  case KB_ISUBO: return le_plus(p, y, b, c, x->iv[z].lo);
  case KB_IMIN: return le(p, y, b, c) || le(p, z, b, c);
  case KB_IMAX: return le(p, y, b, c) && le(p, z, b, c);
  case KB_INORM: /* y, or y + z where y < 0 */
    return le(p, y, b, c) && (x->iv[y].lo >= 0 || (x->iv[z].lo >= 0 && le_plus(p, z, b, c, 1)));
  case KB_IMODN:
    if (le(p, y, b, c))
      return true; /* fall through */
  case KB_IMOD: return x->iv[z].lo > 0 && le_plus(p, z, b, c, 1);
  case KB_IDIVN:
    if (is_const_int(x->f, z, 2) && le_half(p, y, b, c))
      return true;
    return le(p, y, b, c);
  case KB_IFLOORDIV:
    if (is_const_int(x->f, z, 2) && le_half(p, y, b, c))
      return true;
    return x->iv[y].lo >= 0 && x->iv[z].lo > 0 && le(p, y, b, c);
  case KB_ISHR:
    if (is_const_int(x->f, z, 1) && le_half(p, y, b, c))
      return true;
    return x->iv[y].lo >= 0 && le(p, y, b, c);
  case KB_IAND: return (x->iv[z].lo >= 0 && le(p, z, b, c)) || (x->iv[y].lo >= 0 && le(p, y, b, c));
  case KB_PHI:
    if (x->start[a])
      return x->falling[a] && le(p, x->start[a], b, c);
    return le_join(p, v, b, c);
  default: return false;
  }
}

/* By b's definition. */
static bool le_right(proof *p, kb_ref a, kb_ref b, int64_t c)
{
  const kb_facts *x = p->x;
  const kb_val *v = kb_v(x->f, b);
  kb_ref y = v->nargs > 0 ? v->args[0] : 0, z = v->nargs > 1 ? v->args[1] : 0;
  switch (v->op) {
  case KB_IADDN:
  case KB_IADDO: return le_plus(p, a, y, c, x->iv[z].lo) || le_plus(p, a, z, c, x->iv[y].lo);
  case KB_ISUBN:
  case KB_ISUBO: return le_minus(p, a, y, c, x->iv[z].hi);
  case KB_IMAX: return le(p, a, y, c) || le(p, a, z, c);
  case KB_IMIN: return le(p, a, y, c) && le(p, a, z, c);
  case KB_PHI: return x->start[b] && x->rising[b] && le(p, a, x->start[b], c);
  default: return false;
  }
}

static bool le(proof *p, kb_ref a, kb_ref b, int64_t c)
{
  const kb_facts *x = p->x;
  int64_t least;
  if (a == b)
    return c >= 0;
  if (__builtin_add_overflow(x->iv[b].lo, c, &least) ? c > 0 : x->iv[a].hi <= least)
    return true;
  if (--p->fuel < 0)
    return false;
  for (uint32_t i = x->head[a]; i; i = x->diffs.v[i].next)
    if (le_minus(p, x->diffs.v[i].b, b, c, x->diffs.v[i].c))
      return true;
  return le_left(p, a, b, c) || le_right(p, a, b, c);
}

bool kb_facts_le(const kb_facts *x, kb_ref a, kb_ref b, int64_t c)
{
  proof p = { x, 64 };
  return le(&p, a, b, c);
}
