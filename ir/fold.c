/* SPDX-License-Identifier: MIT */
/* fold.c: constants and algebra: what one value is equal to, exactly. Rules are one line each: op, what the left
 * operand is, what the right one is, what then.
 *
 * Integers: an identity that holds for the wrapping op holds for ...N (which never overflows) and, where the
 * result is an operand or a constant, for ...O (whose guard cannot fail then). Floats: bit-exact ones only, under
 * round-to-nearest: x - 0.0 and x + -0.0 are x, x + 0.0 is not (x = -0.0), x * 0.0 and x - x are not 0.0 (NaN,
 * infinities, signs). Comparisons of floats are not negated into their opposites: both are false for a NaN.
 */
#include "ir.h"

#include <string.h>

/* What an operand may be asked to be. P_OP + op: an instruction with that op. */
enum {
  P_ANY, P_ZERO, P_NEGZERO, P_ONE, P_MINUS1, P_MAX, P_MIN, P_TRUE, P_FALSE, P_CONST, P_NATURAL,
  P_SAME,  /* right: the same value as the left one */
  P_NONE,  /* right: there is none */
  P_WHOLE, /* a float that is a whole number: converted from an int, or rounded */
  P_OP
};
#define OF(op) (P_OP + KB_##op)

/* Gives the value that r is equal to, or r when it has been rewritten in place, or 0 when the rule does not hold after
 * all. HOLDS: a guard without a result that always holds. */
typedef kb_ref then_fn(kb_fn *f, kb_ref r);
#define HOLDS UINT32_MAX

typedef struct { uint16_t op, left, right; then_fn *then; } rule;

static kb_ref arg(const kb_fn *f, kb_ref r, uint32_t i) { return kb_v(f, r)->args[i]; }

/* Makes r the instruction op over a and b (b may be 0). */
static kb_ref become(kb_fn *f, kb_ref r, kb_op op, kb_ref a, kb_ref b)
{
  kb_val *v = kb_v(f, r);
  v->op = (uint16_t)op;
  v->args[0] = a;
  if (b)
    v->args[1] = b;
  v->nargs = b ? 2 : 1;
  return r;
}

/* -- Results --------------------------------------------------------------------------------------- */

static kb_ref left(kb_fn *f, kb_ref r) { return arg(f, r, 0); }
static kb_ref right(kb_fn *f, kb_ref r) { return arg(f, r, 1); }
static kb_ref inner(kb_fn *f, kb_ref r) { return arg(f, arg(f, r, 0), 0); }
static kb_ref zero(kb_fn *f, kb_ref r) { return kb_const_int(f, kb_v(f, r)->ty, 0); }
static kb_ref one(kb_fn *f, kb_ref r) { return kb_const_int(f, kb_v(f, r)->ty, 1); }
static kb_ref yes(kb_fn *f, kb_ref r) { (void)r; return kb_const_int(f, KB_T_BOOL, 1); }
static kb_ref no(kb_fn *f, kb_ref r) { (void)r; return kb_const_int(f, KB_T_BOOL, 0); }

/* a // b fits unless a is MIN and b is -1; one of them is a constant. */
static kb_ref div_fits(kb_fn *f, kb_ref r)
{
  const kb_val *a = kb_v(f, arg(f, r, 0)), *b = kb_v(f, arg(f, r, 1));
  return (a->op == KB_CONST && a->imm.i != INT64_MIN) || (b->op == KB_CONST && b->imm.i != -1) ? HOLDS : 0;
}

/* op(op'(x)) that is op(x) */
static kb_ref skip_inner(kb_fn *f, kb_ref r) { return become(f, r, (kb_op)kb_v(f, r)->op, inner(f, r), 0); }

/* -- Constants added twice ------------------------------------------------------------------------- */

/* (x + c) + d. For iaddn: c + d must not overflow; x + (c + d) cannot, it is the old result. */
static kb_ref add_twice(kb_fn *f, kb_ref r)
{
  kb_ref l = arg(f, r, 0);
  if (!kb_is_const(f, arg(f, l, 1)))
    return 0;
  int64_t c = kb_v(f, arg(f, l, 1))->imm.i, d = kb_v(f, arg(f, r, 1))->imm.i, sum;
  if (__builtin_add_overflow(c, d, &sum) && kb_is(f, r, KB_IADDN))
    return 0;
  kb_ref k = kb_const_int(f, kb_v(f, r)->ty, sum);
  return become(f, r, (kb_op)kb_v(f, r)->op, arg(f, l, 0), k);
}

/* -- Truncations ----------------------------------------------------------------------------------- */

static int wrap_bits(uint16_t op)
{
  switch (op) {
  case KB_IWRAP8: case KB_IWRAPU8: return 8;
  case KB_IWRAP16: case KB_IWRAPU16: return 16;
  default: return 32;
  }
}
static bool wrap_signed(uint16_t op) { return op == KB_IWRAP8 || op == KB_IWRAP16 || op == KB_IWRAP32; }

/* wrap(wrap x): the inner value where the outer one's range holds it, the outer one of x where it keeps fewer bits. */
static kb_ref wrap_twice(kb_fn *f, kb_ref r)
{
  uint16_t o = kb_v(f, r)->op, i = kb_v(f, arg(f, r, 0))->op;
  int obits = wrap_bits(o), ibits = wrap_bits(i);
  if (o == i || (ibits < obits && (wrap_signed(o) || !wrap_signed(i))))
    return arg(f, r, 0);
  return obits <= ibits ? skip_inner(f, r) : 0;
}

/* -- Bools ----------------------------------------------------------------------------------------- */

/* bnot of a comparison; 0 where a NaN makes it wrong. */
static uint16_t opposite(uint16_t op)
{
  static const uint16_t pairs[][2] = {
    { KB_ILT, KB_IGE }, { KB_ILE, KB_IGT }, { KB_IEQ, KB_INE }, { KB_ULT, KB_UGE },   { KB_ULE, KB_UGT },
    { KB_UEQ, KB_UNE }, { KB_FEQ, KB_FNE }, { KB_SEQ, KB_SNE }, { KB_IFEQ, KB_IFNE },
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (op == pairs[i][0])
      return pairs[i][1];
    if (op == pairs[i][1])
      return pairs[i][0];
  }
  return 0;
}

static kb_ref negate(kb_fn *f, kb_ref r)
{
  const kb_val *c = kb_v(f, arg(f, r, 0));
  uint16_t op = opposite(c->op);
  if (!op)
    return 0;
  kb_val *v = kb_v(f, r);
  v->args = (kb_ref *)kb_arena_alloc(f->arena, 2 * sizeof *v->args);
  return become(f, r, (kb_op)op, c->args[0], c->args[1]);
}

static kb_ref not_left(kb_fn *f, kb_ref r) { return become(f, r, KB_BNOT, arg(f, r, 0), 0); }
static kb_ref not_inner(kb_fn *f, kb_ref r) { return become(f, r, KB_BNOT, inner(f, r), 0); }

/* -- Select ---------------------------------------------------------------------------------------- */

static kb_ref choose(kb_fn *f, kb_ref r)
{
  kb_val *v = kb_v(f, r);
  const kb_val *c = kb_v(f, v->args[0]), *a = kb_v(f, v->args[1]), *b = kb_v(f, v->args[2]);
  if (v->args[1] == v->args[2])
    return v->args[1];
  if (c->op == KB_CONST)
    return v->args[c->imm.i ? 1 : 2];
  if (v->ty == KB_T_BOOL && a->op == KB_CONST && b->op == KB_CONST) /* they differ */
    return a->imm.i ? v->args[0] : not_left(f, r);
  if (c->op == KB_BNOT) {
    kb_ref yes_arm = v->args[1];
    v->args[0] = c->args[0];
    v->args[1] = v->args[2];
    v->args[2] = yes_arm;
    return r;
  }
  return 0;
}

/* -- Ranges, views --------------------------------------------------------------------------------- */

/* irangeleft with a step whose sign is known */
static kb_ref range_left(kb_fn *f, kb_ref r)
{
  const kb_val *step = kb_v(f, arg(f, r, 2));
  if (step->op != KB_CONST || step->imm.i == 0)
    return 0;
  return become(f, r, step->imm.i > 0 ? KB_ILT : KB_IGT, arg(f, r, 0), arg(f, r, 1));
}

static kb_ref view_len(kb_fn *f, kb_ref r)
{
  const kb_val *view = kb_v(f, arg(f, r, 0));
  kb_v(f, r)->imm.i += view->nargs - 1;
  return become(f, r, KB_VLEN, view->args[0], 0);
}

static kb_ref alloc_len(kb_fn *f, kb_ref r) { return arg(f, arg(f, r, 0), (uint32_t)kb_v(f, r)->imm.i); }

/* -- The rules ------------------------------------------------------------------------------------- */

/* The three forms of an integer op. */
#define EACH(op, l, r, then) { KB_##op##N, l, r, then }, { KB_##op, l, r, then }, { KB_##op##O, l, r, then }
#define FS(op, l, r, then) { KB_F##op, l, r, then }, { KB_S##op, l, r, then }
#define WRAPS(op) \
  { KB_##op, OF(IWRAP8), P_NONE, wrap_twice }, { KB_##op, OF(IWRAP16), P_NONE, wrap_twice }, \
  { KB_##op, OF(IWRAP32), P_NONE, wrap_twice }, { KB_##op, OF(IWRAPU8), P_NONE, wrap_twice }, \
  { KB_##op, OF(IWRAPU16), P_NONE, wrap_twice }, { KB_##op, OF(IWRAPU32), P_NONE, wrap_twice }, \
  { KB_##op, OF(B2I), P_NONE, left }

static const rule rules[] = {
  /* integers; commuting ops have their constant on the right */
  EACH(IADD, P_ANY, P_ZERO, left),
  { KB_IADD, OF(IADD), P_CONST, add_twice },
  { KB_IADDN, OF(IADDN), P_CONST, add_twice },
  EACH(ISUB, P_ANY, P_ZERO, left),
  EACH(ISUB, P_ANY, P_SAME, zero),
  EACH(IMUL, P_ANY, P_ONE, left),
  EACH(IMUL, P_ANY, P_ZERO, zero),
  EACH(ISHL, P_ANY, P_ZERO, left),
  EACH(ISHL, P_ZERO, P_ANY, zero),
  { KB_ISHR, P_ANY, P_ZERO, left },
  { KB_ISHR, P_ZERO, P_ANY, left },
  { KB_ISHR, P_MINUS1, P_ANY, left },
  { KB_INEG, OF(INEG), P_NONE, inner },
  { KB_INOT, OF(INOT), P_NONE, inner },
  { KB_IAND, P_ANY, P_SAME, left },
  { KB_IAND, P_ANY, P_ZERO, zero },
  { KB_IAND, P_ANY, P_MINUS1, left },
  { KB_IOR, P_ANY, P_SAME, left },
  { KB_IOR, P_ANY, P_ZERO, left },
  { KB_IOR, P_ANY, P_MINUS1, right },
  { KB_IXOR, P_ANY, P_SAME, zero },
  { KB_IXOR, P_ANY, P_ZERO, left },
  { KB_IFLOORDIV, P_ANY, P_ONE, left },
  { KB_IFLOORDIV, P_ZERO, P_ANY, left },
  { KB_IDIVN, P_ANY, P_ONE, left },
  { KB_IDIVN, P_ZERO, P_ANY, left },
  { KB_IMOD, P_ANY, P_ONE, zero },
  { KB_IMOD, P_ANY, P_MINUS1, zero },
  { KB_IMOD, P_ZERO, P_ANY, left },
  { KB_IMODN, P_ANY, P_ONE, zero },
  { KB_IMODN, P_ZERO, P_ANY, left },
  { KB_IPOW, P_ANY, P_ONE, left },
  { KB_IPOW, P_ANY, P_ZERO, one },
  { KB_IPOW, P_ONE, P_ANY, left },
  { KB_IPOWO, P_ANY, P_ONE, left },
  { KB_IPOWO, P_ANY, P_ZERO, one },
  { KB_IPOWO, P_ONE, P_ANY, left },
  { KB_IMIN, P_ANY, P_SAME, left },
  { KB_IMIN, P_ANY, P_MAX, left },
  { KB_IMIN, P_ANY, P_MIN, right },
  { KB_IMAX, P_ANY, P_SAME, left },
  { KB_IMAX, P_ANY, P_MIN, left },
  { KB_IMAX, P_ANY, P_MAX, right },
  { KB_INORM, P_NATURAL, P_ANY, left }, /* inorm(inorm(a, n), n) is not inorm(a, n): a < -n */
  WRAPS(IWRAP8), WRAPS(IWRAP16), WRAPS(IWRAP32), WRAPS(IWRAPU8), WRAPS(IWRAPU16), WRAPS(IWRAPU32),
  { KB_ILT, P_ANY, P_SAME, no },
  { KB_ILT, P_ANY, P_MIN, no },
  { KB_ILE, P_ANY, P_SAME, yes },
  { KB_ILE, P_ANY, P_MAX, yes },
  { KB_IEQ, P_ANY, P_SAME, yes },
  { KB_IEQ, OF(B2I), P_ZERO, not_inner },
  { KB_IEQ, OF(B2I), P_ONE, inner },
  { KB_INE, P_ANY, P_SAME, no },
  { KB_INE, OF(B2I), P_ZERO, inner },
  { KB_INE, OF(B2I), P_ONE, not_inner },
  { KB_IGT, P_ANY, P_SAME, no },
  { KB_IGT, P_ANY, P_MAX, no },
  { KB_IGE, P_ANY, P_SAME, yes },
  { KB_IGE, P_ANY, P_MIN, yes },
  { KB_IRANGELEFT, P_ANY, P_SAME, no },
  { KB_IRANGELEFT, P_ANY, P_ANY, range_left },
  /* u64 */
  { KB_UADD, P_ANY, P_ZERO, left },
  { KB_USUB, P_ANY, P_ZERO, left },
  { KB_USUB, P_ANY, P_SAME, zero },
  { KB_UMUL, P_ANY, P_ONE, left },
  { KB_UMUL, P_ANY, P_ZERO, zero },
  { KB_UNEG, OF(UNEG), P_NONE, inner },
  { KB_UNOT, OF(UNOT), P_NONE, inner },
  { KB_UAND, P_ANY, P_SAME, left },
  { KB_UAND, P_ANY, P_ZERO, zero },
  { KB_UAND, P_ANY, P_MINUS1, left },
  { KB_UOR, P_ANY, P_SAME, left },
  { KB_UOR, P_ANY, P_ZERO, left },
  { KB_UXOR, P_ANY, P_SAME, zero },
  { KB_UXOR, P_ANY, P_ZERO, left },
  { KB_USHL, P_ANY, P_ZERO, left },
  { KB_USHL, P_ZERO, P_ANY, left },
  { KB_USHR, P_ANY, P_ZERO, left },
  { KB_USHR, P_ZERO, P_ANY, left },
  { KB_UDIV, P_ANY, P_ONE, left },
  { KB_UMOD, P_ANY, P_ONE, zero },
  { KB_UPOW, P_ANY, P_ONE, left },
  { KB_UPOW, P_ANY, P_ZERO, one },
  { KB_ULT, P_ANY, P_SAME, no },
  { KB_ULT, P_ANY, P_ZERO, no },
  { KB_ULE, P_ANY, P_SAME, yes },
  { KB_UEQ, P_ANY, P_SAME, yes },
  { KB_UNE, P_ANY, P_SAME, no },
  { KB_UGT, P_ANY, P_SAME, no },
  { KB_UGE, P_ANY, P_SAME, yes },
  { KB_UGE, P_ANY, P_ZERO, yes },
  /* floats */
  FS(ADD, P_ANY, P_NEGZERO, left),
  FS(SUB, P_ANY, P_ZERO, left),
  FS(MUL, P_ANY, P_ONE, left),
  FS(DIV, P_ANY, P_ONE, left),
  { KB_FNEG, OF(FNEG), P_NONE, inner },
  { KB_SNEG, OF(SNEG), P_NONE, inner },
  { KB_FABS, OF(FABS), P_NONE, left },
  { KB_FABS, OF(FNEG), P_NONE, skip_inner },
  { KB_SABS, OF(SABS), P_NONE, left },
  { KB_SABS, OF(SNEG), P_NONE, skip_inner },
  { KB_FCOPYSIGN, P_ANY, P_SAME, left },
  { KB_FFLOOR, P_WHOLE, P_NONE, left },
  { KB_FCEIL, P_WHOLE, P_NONE, left },
  { KB_FTRUNC, P_WHOLE, P_NONE, left },
  { KB_FRINT, P_WHOLE, P_NONE, left },
  FS(LT, P_ANY, P_SAME, no),
  FS(GT, P_ANY, P_SAME, no),
  { KB_FISNAN, OF(I2F), P_NONE, no },
  { KB_FISNAN, OF(U2F), P_NONE, no },
  { KB_FISINF, OF(I2F), P_NONE, no },
  { KB_FISINF, OF(U2F), P_NONE, no },
  { KB_FISFINITE, OF(I2F), P_NONE, yes },
  { KB_FISFINITE, OF(U2F), P_NONE, yes },
  /* conversions: there and back, where nothing is lost */
  { KB_I2U, OF(U2I), P_NONE, inner },
  { KB_U2I, OF(I2U), P_NONE, inner },
  { KB_F2S, OF(S2F), P_NONE, inner },
  /* bools */
  { KB_BNOT, OF(BNOT), P_NONE, inner },
  { KB_BNOT, P_ANY, P_NONE, negate },
  { KB_BAND, P_ANY, P_SAME, left },
  { KB_BAND, P_ANY, P_TRUE, left },
  { KB_BAND, P_ANY, P_FALSE, right },
  { KB_BOR, P_ANY, P_SAME, left },
  { KB_BOR, P_ANY, P_FALSE, left },
  { KB_BOR, P_ANY, P_TRUE, right },
  { KB_BXOR, P_ANY, P_SAME, no },
  { KB_BXOR, P_ANY, P_FALSE, left },
  { KB_BXOR, P_ANY, P_TRUE, not_left },
  { KB_SEL, P_ANY, P_ANY, choose },
  /* guards that cannot fail although an operand is unknown */
  { KB_GDIV, P_ANY, P_CONST, div_fits },
  { KB_GDIV, P_CONST, P_ANY, div_fits },
  /* arrays */
  { KB_VLEN, OF(VSUB), P_NONE, view_len },
  { KB_VLEN, OF(ALLOC), P_NONE, alloc_len },
};
enum { NRULES = sizeof rules / sizeof *rules };

/* -- Matching -------------------------------------------------------------------------------------- */

static bool is_whole(const kb_val *v)
{
  switch (v->op) {
  case KB_I2F: case KB_U2F: case KB_FFLOOR: case KB_FCEIL: case KB_FTRUNC: case KB_FRINT: return true;
  default: return false;
  }
}

static bool const_matches(const kb_val *v, uint16_t p)
{
  bool d = v->ty == KB_T_F64, s = v->ty == KB_T_F32;
  if (d || s) {
    double x = d ? v->imm.d : (double)v->imm.s;
    switch (p) {
    case P_ZERO: return x == 0.0 && !__builtin_signbit(x);
    case P_NEGZERO: return x == 0.0 && __builtin_signbit(x);
    case P_ONE: return x == 1.0;
    default: return p == P_CONST;
    }
  }
  int64_t i = v->imm.i;
  switch (p) {
  case P_ZERO: case P_FALSE: return i == 0;
  case P_ONE: return i == 1;
  case P_TRUE: return i != 0;
  case P_MINUS1: return i == -1;
  case P_MAX: return i == INT64_MAX;
  case P_MIN: return i == INT64_MIN;
  case P_CONST: return true;
  case P_NATURAL: return i >= 0;
  default: return false;
  }
}

static bool matches(const kb_fn *f, kb_ref r, uint16_t p)
{
  const kb_val *v = kb_v(f, r);
  if (p == P_ANY)
    return true;
  if (p >= P_OP)
    return v->op == p - P_OP && v->blk;
  if (p == P_WHOLE)
    return is_whole(v);
  return v->op == KB_CONST && const_matches(v, p);
}

/* Rules by op: first[op], then next[]; numbers from 1. */
static uint16_t first[KB_NOPS], next[NRULES + 1];

static void index_rules(void)
{
  for (uint16_t i = NRULES; i > 0; i--) {
    next[i] = first[rules[i - 1].op];
    first[rules[i - 1].op] = i;
  }
}

/* The first rule that holds: its result, or 0. */
static kb_ref apply(kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  if (!first[rules[0].op])
    index_rules();
  for (uint16_t i = first[v->op]; i; i = next[i]) {
    const rule *u = &rules[i - 1];
    bool ok = v->nargs > 0 && matches(f, v->args[0], u->left);
    if (u->right == P_NONE)
      ok = ok && v->nargs == 1;
    else
      ok = ok && v->nargs > 1 && (u->right == P_SAME ? v->args[0] == v->args[1] : matches(f, v->args[1], u->right));
    kb_ref to = ok ? u->then(f, r) : 0;
    if (to)
      return to;
    v = kb_v(f, r); /* constants may have moved it */
  }
  return 0;
}

/* -- Constants, order of operands, phis ------------------------------------------------------------ */

static kb_ref make_const(kb_fn *f, kb_ty ty, kb_imm imm)
{
  if (ty == KB_T_F64)
    return kb_const_float(f, ty, imm.d);
  if (ty == KB_T_F32)
    return kb_const_float(f, ty, (double)imm.s);
  return kb_const_int(f, ty, imm.i);
}

/* The constant, HOLDS for a guard without a result, or 0. */
static kb_ref evaluate(kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  kb_imm x[3], result;
  if (v->nargs > 3 || v->op == KB_SEL)
    return 0;
  for (uint32_t i = 0; i < v->nargs; i++) {
    if (!kb_is_const(f, v->args[i]))
      return 0;
    x[i] = kb_v(f, v->args[i])->imm;
  }
  if (kb_eval((kb_op)v->op, x, v->nargs, v->imm, &result) != KB_EVAL_OK)
    return 0;
  return v->ty == KB_T_VOID ? HOLDS : make_const(f, v->ty, result);
}

/* What a < b is as b ? a; 0: no comparison of two values of one class. */
static uint16_t mirrored(uint16_t op)
{
  static const uint16_t pairs[][2] = {
    { KB_ILT, KB_IGT }, { KB_ILE, KB_IGE }, { KB_ULT, KB_UGT }, { KB_ULE, KB_UGE },
    { KB_FLT, KB_FGT }, { KB_FLE, KB_FGE }, { KB_SLT, KB_SGT }, { KB_SLE, KB_SGE },
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (op == pairs[i][0])
      return pairs[i][1];
    if (op == pairs[i][1])
      return pairs[i][0];
  }
  return 0;
}

/* A constant goes to the right. */
static void order_operands(kb_fn *f, kb_ref r)
{
  kb_val *v = kb_v(f, r);
  if (v->nargs != 2 || !kb_is_const(f, v->args[0]) || kb_is_const(f, v->args[1]))
    return;
  uint16_t op = (kb_ops[v->op].flags & KB_OF_C) ? v->op : mirrored(v->op);
  if (op)
    become(f, r, (kb_op)op, v->args[1], v->args[0]);
}

/* The one value that all arguments are, itself and undef aside. Where an undef is set aside the value has to be
 * defined above the phi by itself: kb_cfg's dominators tell (none known: no). */
static kb_ref phi(kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  kb_ref same = 0, undef = 0;
  for (uint32_t i = 0; i < v->nargs; i++) {
    kb_ref a = v->args[i];
    if (!a)
      return r;
    if (a == r || a == same)
      continue;
    if (kb_is(f, a, KB_UNDEF)) {
      undef = a;
      continue;
    }
    if (same)
      return r;
    same = a;
  }
  if (!same)
    return undef ? undef : r;
  const kb_val *s = kb_v(f, same);
  if (undef && s->blk && (s->blk == v->blk || !kb_dominates(f, s->blk, v->blk)))
    return r;
  return same;
}

kb_ref kb_fold(kb_fn *f, kb_ref r)
{
  kb_opkind kind = kb_ops[kb_v(f, r)->op].kind;
  if (kb_is(f, r, KB_PHI))
    return phi(f, r);
  if (kind != KB_OP_VAL && kind != KB_OP_GRD)
    return r;
  for (int steps = 0; steps < 8; steps++) { /* rewriting in place gives a simpler op each time */
    kb_ref to = evaluate(f, r);
    if (!to) {
      order_operands(f, r);
      to = apply(f, r);
    }
    if (to == HOLDS)
      return 0;
    if (to != r)
      return to ? to : r;
  }
  return r;
}
