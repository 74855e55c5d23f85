/* SPDX-License-Identifier: MIT */
/* guardelim.c: a guard that a dominating guard or branch implies goes; so does a branch that one decides.
 *
 * Truths are kept by (predicate, operands) and by the block from which on they hold: that of the guard, or the
 * successor of a branch that has no other predecessor. A guard is looked up under its own predicate and under those
 * that imply it. Order is in range.c; here are the predicates that intervals cannot say: of floats, of u64, of bools.
 *
 * NaN: a < b false does not make a >= b true, and is not recorded as such; a != 0 is what x == 0 false means.
 */
#include "opt.h"

#include <string.h>

typedef struct { kb_op op; kb_ref a, b, c; kb_bid from; uint32_t next; bool truth; } fact;

typedef struct {
  kb_fn *f;
  KB_VEC(fact) facts; /* facts.v[0] unused */
  uint32_t *heads, nheads;
  uint32_t changes;
} elim;

static uint32_t bucket(const elim *e, kb_op op, kb_ref a)
{
  return (uint32_t)(((uint64_t)a * 64 + (uint64_t)op) * UINT64_C(0x9E3779B97F4A7C15) >> 40) & (e->nheads - 1);
}

static void learn(elim *e, kb_bid from, kb_op op, kb_ref a, kb_ref b, kb_ref c, bool truth)
{
  uint32_t h = bucket(e, op, a);
  fact t = { op, a, b, c, from, e->heads[h], truth };
  e->heads[h] = e->facts.n;
  kb_vec_push(&e->facts, t);
}

/* Is the predicate known in block at? 1 true, 0 false, -1 unknown. */
static int known(const elim *e, kb_bid at, kb_op op, kb_ref a, kb_ref b, kb_ref c)
{
  for (uint32_t i = e->heads[bucket(e, op, a)]; i; i = e->facts.v[i].next) {
    const fact *t = &e->facts.v[i];
    if (t->op == op && t->a == a && t->b == b && t->c == c && kb_dominates(e->f, t->from, at))
      return t->truth;
  }
  return -1;
}

/* -- Constants of float comparisons -------------------------------------------------------------------------- */

static bool float_const(const kb_fn *f, kb_ref r, double *d)
{
  const kb_val *v = kb_v(f, r);
  if (v->op != KB_CONST || (kb_type_letter(v->ty) != 'D' && kb_type_letter(v->ty) != 'S'))
    return false;
  *d = kb_type_letter(v->ty) == 'S' ? (double)v->imm.s : v->imm.d;
  return true;
}

/* x != 0, in the predicate that its guard uses. */
static void learn_nonzero(elim *e, kb_bid from, kb_ref x)
{
  switch (kb_type_letter(kb_v(e->f, x)->ty)) {
  case 'I': learn(e, from, KB_GNZ, x, 0, 0, true); break;
  case 'U': learn(e, from, KB_GUNZ, x, 0, 0, true); break;
  case 'D': learn(e, from, KB_GFNZ, x, 0, 0, true); break;
  case 'S': learn(e, from, KB_GSNZ, x, 0, 0, true); break;
  default: break;
  }
}

static bool zero(const kb_fn *f, kb_ref r)
{
  double d;
  if (float_const(f, r, &d))
    return d == 0.0;
  return kb_is_const(f, r) && strchr("IU", kb_type_letter(kb_v(f, r)->ty)) && kb_v(f, r)->imm.i == 0;
}

/* What a comparison that came out true (or false) says of zero. All false ones of floats hold for NaN, which is not
 * zero, except that x == 0 false says just that. */
static void learn_sign(elim *e, kb_bid from, const kb_val *v, bool truth)
{
  kb_ref a = v->args[0], b = v->args[1];
  double d;
  switch (v->op) {
  case KB_INE:
  case KB_UNE:
  case KB_FNE:
  case KB_SNE: truth = !truth; /* fall through */
  case KB_IEQ:
  case KB_UEQ:
  case KB_FEQ:
  case KB_SEQ:
    if (!truth && zero(e->f, b))
      learn_nonzero(e, from, a);
    if (!truth && zero(e->f, a))
      learn_nonzero(e, from, b);
    break;
  case KB_UGT:
  case KB_ULT:
    if (truth)
      learn_nonzero(e, from, v->op == KB_UGT ? a : b);
    break;
  case KB_FGT:
  case KB_SGT:
    if (truth && float_const(e->f, b, &d) && d >= 0.0)
      learn_nonzero(e, from, a);
    if (truth && float_const(e->f, a, &d) && d <= 0.0)
      learn_nonzero(e, from, b);
    break;
  case KB_FLT:
  case KB_SLT:
    if (truth && float_const(e->f, b, &d) && d <= 0.0)
      learn_nonzero(e, from, a);
    if (truth && float_const(e->f, a, &d) && d >= 0.0)
      learn_nonzero(e, from, b);
    break;
  case KB_FGE:
  case KB_SGE:
    if (truth && float_const(e->f, b, &d) && d > 0.0)
      learn_nonzero(e, from, a);
    break;
  case KB_FLE:
  case KB_SLE:
    if (truth && float_const(e->f, b, &d) && d < 0.0)
      learn_nonzero(e, from, a);
    break;
  default: break;
  }
}

/* A true < also makes <=, != and the mirrored forms true, and == false: what holds of ordered operands. */
static void learn_order(elim *e, kb_bid from, const kb_val *v, bool truth)
{
  static const struct { uint16_t lt, le, eq, ne, gt, ge; } sets[] = {
    { KB_ILT, KB_ILE, KB_IEQ, KB_INE, KB_IGT, KB_IGE },
    { KB_ULT, KB_ULE, KB_UEQ, KB_UNE, KB_UGT, KB_UGE },
    { KB_FLT, KB_FLE, KB_FEQ, KB_FNE, KB_FGT, KB_FGE },
    { KB_SLT, KB_SLE, KB_SEQ, KB_SNE, KB_SGT, KB_SGE },
  };
  kb_ref a = v->args[0], b = v->args[1];
  for (unsigned i = 0; i < 4; i++) {
    uint16_t lt = sets[i].lt, le = sets[i].le, eq = sets[i].eq, ne = sets[i].ne, gt = sets[i].gt, ge = sets[i].ge;
    if (v->op < lt || v->op > ge)
      continue;
    bool total = i < 2; /* of ints a false < is a true >= */
    uint16_t op = v->op;
    if (!truth && total) {
      op = op == lt ? ge : op == le ? gt : op == gt ? le : op == ge ? lt : op == eq ? ne : eq;
      truth = true;
    } else if (!truth && (op == eq || op == ne)) {
      op = op == eq ? ne : eq;
      truth = true;
    }
    if (!truth)
      return;
    if (op == gt || op == ge) {
      kb_ref t = a;
      a = b;
      b = t;
      op = op == gt ? lt : le;
    }
    learn(e, from, (kb_op)op, a, b, 0, true);
    if (op == lt || op == le) {
      learn(e, from, (kb_op)(op == lt ? gt : ge), b, a, 0, true);
      learn(e, from, (kb_op)gt, a, b, 0, false);
      learn(e, from, (kb_op)lt, b, a, 0, false);
    }
    if (op == lt) {
      learn(e, from, (kb_op)le, a, b, 0, true);
      learn(e, from, (kb_op)ge, b, a, 0, true);
      learn(e, from, (kb_op)le, b, a, 0, false);
      learn(e, from, (kb_op)ge, a, b, 0, false);
      learn(e, from, (kb_op)ne, a, b, 0, true);
      learn(e, from, (kb_op)eq, a, b, 0, false);
    } else if (op == eq || op == ne) {
      learn(e, from, (kb_op)(op == eq ? ne : eq), a, b, 0, false);
    }
    return;
  }
}
_Static_assert(KB_IGE == KB_ILT + 5 && KB_UGE == KB_ULT + 5 && KB_FGE == KB_FLT + 5 && KB_SGE == KB_SLT + 5,
               "comparisons of a class are neighbours");

static void learn_cond(elim *e, kb_bid from, kb_ref cond, bool truth, int depth)
{
  const kb_val *v = kb_v(e->f, cond);
  learn(e, from, KB_GUARD, cond, 0, 0, truth);
  if (depth == 8)
    return;
  switch (v->op) {
  case KB_BNOT: learn_cond(e, from, v->args[0], !truth, depth + 1); break;
  case KB_BAND:
  case KB_BOR:
    if (truth == (v->op == KB_BAND)) {
      learn_cond(e, from, v->args[0], truth, depth + 1);
      learn_cond(e, from, v->args[1], truth, depth + 1);
    }
    break;
  default:
    if (v->nargs == 2) {
      learn_sign(e, from, v, truth);
      learn_order(e, from, v, truth);
    }
  }
}

/* -- Guards ---------------------------------------------------------------------------------------------------- */

static void learn_guard(elim *e, kb_bid b, const kb_val *v)
{
  kb_ref a = v->nargs > 0 ? v->args[0] : 0, c = v->nargs > 1 ? v->args[1] : 0, d = v->nargs > 2 ? v->args[2] : 0;
  if (v->op == KB_GUARD)
    learn_cond(e, b, a, true, 0);
  else
    learn(e, b, (kb_op)v->op, a, c, d, true);
}

/* Is a condition known, by itself or through its parts? */
static int cond_known(const elim *e, kb_bid at, kb_ref cond, int depth)
{
  const kb_val *v = kb_v(e->f, cond);
  int a, b, t = known(e, at, KB_GUARD, cond, 0, 0);
  if (t >= 0 || depth == 8)
    return t;
  switch (v->op) {
  case KB_BNOT:
    t = cond_known(e, at, v->args[0], depth + 1);
    return t < 0 ? t : !t;
  case KB_BAND:
  case KB_BOR:
    a = cond_known(e, at, v->args[0], depth + 1);
    b = cond_known(e, at, v->args[1], depth + 1);
    if (v->op == KB_BAND)
      return a == 0 || b == 0 ? 0 : a > 0 && b > 0 ? 1 : -1;
    return a > 0 || b > 0 ? 1 : a == 0 && b == 0 ? 0 : -1;
  default: return v->nargs == 2 && kb_ops[v->op].kind == KB_OP_VAL ? known(e, at, (kb_op)v->op, v->args[0], v->args[1], 0) : -1;
  }
}

static bool implied(const elim *e, kb_bid b, const kb_val *v)
{
  kb_ref a = v->nargs > 0 ? v->args[0] : 0, c = v->nargs > 1 ? v->args[1] : 0, d = v->nargs > 2 ? v->args[2] : 0;
  if (v->op == KB_GUARD)
    return cond_known(e, b, a, 0) > 0;
  return known(e, b, (kb_op)v->op, a, c, d) > 0;
}

static void visit(elim *e, kb_bid b)
{
  kb_fn *f = e->f;
  const kb_blk *blk = &f->blk.v[b];
  if (blk->pred.n == 1) {
    const kb_blk *p = &f->blk.v[blk->pred.v[0]];
    if (kb_is(f, p->last, KB_BR) && p->succ[0] != p->succ[1])
      learn_cond(e, b, kb_v(f, p->last)->args[0], p->succ[0] == b, 0);
  }
  for (kb_ref r = f->blk.v[b].first, next; r; r = next) {
    const kb_val *v = kb_v(f, r);
    next = v->next;
    if (v->op == KB_BR && !kb_is_const(f, v->args[0])) {
      int t = cond_known(e, b, v->args[0], 0);
      if (t >= 0) {
        kb_ref c = kb_const_int(f, KB_T_BOOL, t);
        kb_v(f, r)->args[0] = c;
        e->changes++;
      }
    }
    if (kb_ops[v->op].kind != KB_OP_GRD || v->ty != KB_T_VOID)
      continue;
    if (implied(e, b, v)) {
      kb_del(f, r);
      e->changes++;
    } else {
      learn_guard(e, b, v);
    }
  }
}

/* needs gvn before it (equal operands are found by number); keeps SSA and the CFG. A decided branch gets a constant
 * condition: fold makes it a jump. */
uint32_t kb_opt_guardelim(kb_fn *f)
{
  elim e;
  fact none;
  memset(&e, 0, sizeof e);
  memset(&none, 0, sizeof none);
  e.f = f;
  kb_cfg(f);
  for (e.nheads = 64; e.nheads < f->val.n; e.nheads *= 2)
    ;
  e.heads = KB_ZALLOC(uint32_t, e.nheads);
  kb_vec_push(&e.facts, none);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    visit(&e, f->rpo.v[i]);
  kb_vec_free(&e.facts);
  free(e.heads);
  return e.changes;
}
