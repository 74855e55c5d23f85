/* SPDX-License-Identifier: MIT */
/* spec_jit.c: arithmetic on NumPy scalars for kb.jit: the plain case in machine code, all that would warn, wrap or raise
 * by a deopt: the interpreter then does the operation on the objects.
 *
 * What may come with a floating-point error (numpy.errstate says what then happens) leaves: infinite and undefined
 * results, and products and quotients that are subnormal, or zero without an operand that is. Sums do not underflow.
 */
#include "specialise.h"

#include <float.h>

static bool is_sized(kb_ty t) { return kb_type_is_sized_int(t); }

/* -- Guards that deopt --------------------------------------------------------------------------------------- */

static kb_ref require_finite(sp *s, kb_ref v, kb_ty t)
{
  kb_ref d = t == KB_T_F32 ? sp_op1(s, KB_S2F, v) : v;
  sp_require(s, sp_op1(s, KB_FISFINITE, d), sp_deopt(s));
  return v;
}

/* A product, quotient or rounded value v; it is a plain zero where one of the operands a, b (0: none) is. */
static kb_ref require_normal(sp *s, kb_ref v, kb_ref a, kb_ref b, kb_ty t)
{
  bool narrow = t == KB_T_F32;
  kb_ref least = kb_const_float(s->f, t, narrow ? (double)FLT_MIN : DBL_MIN), zero = kb_const_float(s->f, t, 0);
  require_finite(s, v, t);
  kb_ref ok = narrow ? sp_op2(s, KB_SGE, sp_op1(s, KB_SABS, v), least) : sp_op2(s, KB_FGE, sp_op1(s, KB_FABS, v), least);
  kb_ref of[2] = { a, b };
  for (int i = 0; i < 2; i++)
    if (of[i])
      ok = sp_op2(s, KB_BOR, ok, sp_op2(s, kb_v(s->f, of[i])->ty == KB_T_F32 ? KB_SEQ : KB_FEQ, of[i],
                                        kb_v(s->f, of[i])->ty == t ? zero : sp_float(s, 0)));
  sp_require(s, ok, sp_deopt(s));
  return v;
}

static void within(sp *s, kb_ref v, int64_t lo, int64_t hi)
{
  kb_ref args[3] = { v, sp_int(s, lo), sp_int(s, hi) };
  sp_guard(s, KB_GRANGE, sp_deopt(s), args, 3);
}

/* An i64 that has to fit the sized type t (of u64 its lower half). */
static void fit(sp *s, kb_ref v, kb_ty t)
{
  int64_t bits = 8 * (int64_t)kb_type_size(t);
  if (t == KB_T_I64)
    return;
  if (t == KB_T_U64)
    within(s, v, 0, INT64_MAX);
  else if (t >= KB_T_U8)
    within(s, v, 0, (INT64_C(1) << bits) - 1);
  else
    within(s, v, -(INT64_C(1) << (bits - 1)), (INT64_C(1) << (bits - 1)) - 1);
}

/* -- Operands ------------------------------------------------------------------------------------------------- */

/* The number as an i64 that fits t. */
static kb_ref as_sized(sp *s, kb_ref v, kb_ty from, kb_ty t)
{
  v = sp_convert(s, v, from, KB_T_INT); /* u64 past int64 leaves */
  if (from != t && (from == KB_T_INT || from == KB_T_U64 || is_sized(from)))
    fit(s, v, t);
  return v;
}

/* Python's int reaches NumPy's floats by way of a double; where that rounds we do not say how. */
static kb_ref as_float(sp *s, kb_ref v, kb_ty from, kb_ty t)
{
  if (from == t)
    return v;
  if (t == KB_T_F64)
    return sp_convert(s, v, from, KB_T_F64);
  if (from == KB_T_INT || from == KB_T_I64 || from == KB_T_U64) {
    v = sp_convert(s, v, from, KB_T_INT);
    within(s, v, -(INT64_C(1) << 24), INT64_C(1) << 24);
    return sp_convert(s, v, KB_T_INT, KB_T_F32);
  }
  if (is_sized(from))
    return sp_op1(s, KB_F2S, sp_op1(s, KB_I2F, v));
  return require_normal(s, sp_convert(s, v, from, KB_T_F32), v, 0, KB_T_F32);
}

/* -- Binary operations ------------------------------------------------------------------------------------------ */

static kb_ref sized_binary(sp *s, kb_op op, kb_ref a, kb_ref b, kb_ty t)
{
  static const struct { uint16_t generic, op; } ops[] = {
    { KB_OADD, KB_IADDO }, { KB_OSUB, KB_ISUBO }, { KB_OMUL, KB_IMULO }, { KB_OFLOORDIV, KB_IFLOORDIV }, { KB_OMOD, KB_IMOD },
    { KB_OAND, KB_IAND }, { KB_OOR, KB_IOR }, { KB_OXOR, KB_IXOR },
  };
  kb_ref args[2] = { a, b }, r = 0;
  if (op == KB_OFLOORDIV || op == KB_OMOD) {
    sp_guard(s, KB_GNZ, sp_deopt(s), &b, 1);
    sp_guard(s, KB_GDIV, sp_deopt(s), args, 2);
  }
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (ops[i].generic == op)
      r = kb_ops[ops[i].op].kind == KB_OP_GRD ? sp_guard(s, (kb_op)ops[i].op, sp_deopt(s), args, 2) : sp_op2(s, (kb_op)ops[i].op, a, b);
  fit(s, r, t);
  return t == KB_T_U64 ? sp_op1(s, KB_I2U, r) : r;
}

static kb_ref float_binary(sp *s, kb_op op, kb_ref a, kb_ref b, kb_ty t)
{
  bool narrow = t == KB_T_F32;
  switch ((int)op) {
  case KB_OADD: return require_finite(s, sp_op2(s, narrow ? KB_SADD : KB_FADD, a, b), t);
  case KB_OSUB: return require_finite(s, sp_op2(s, narrow ? KB_SSUB : KB_FSUB, a, b), t);
  case KB_OMUL: return require_normal(s, sp_op2(s, narrow ? KB_SMUL : KB_FMUL, a, b), a, b, t);
  case KB_OTRUEDIV: return require_normal(s, sp_op2(s, narrow ? KB_SDIV : KB_FDIV, a, b), a, 0, t);
  default:
    require_finite(s, a, t);
    require_finite(s, b, t);
    sp_guard(s, KB_GFNZ, sp_deopt(s), &b, 1);
    return require_finite(s, sp_op2(s, op == KB_OMOD ? KB_FMOD : KB_FFLOORDIV, a, b), t);
  }
}

kb_ref sp_jit_binary(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb, kb_ty t)
{
  kb_ty in = kb_jit_promote(ta, tb);
  if (is_sized(in)) {
    bool divide = op == KB_OTRUEDIV;
    if (ta == KB_T_INT || !divide)
      a = as_sized(s, a, ta, in), ta = KB_T_INT;
    if (tb == KB_T_INT || !divide)
      b = as_sized(s, b, tb, in), tb = KB_T_INT;
    if (!divide)
      return sized_binary(s, op, a, b, in);
  }
  return float_binary(s, op, as_float(s, a, ta, t), as_float(s, b, tb, t), t);
}

/* -- Comparisons: numpy.bool_, of which only the truth is looked at ---------------------------------------------- */

/* Ints are compared by their values. With a float both are converted to one type, which rounds: Python's int leaves when
 * that changes it, NumPy's ints are rounded there, too. */
kb_ref sp_jit_compare(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb)
{
  kb_ty t = kb_jit_promote(ta, tb);
  if (!kb_type_is_float(t))
    return sp_compare(s, op, a, ta, b, tb);
  kb_ref v[2] = { a, b };
  kb_ty ty[2] = { ta, tb };
  for (int i = 0; i < 2; i++) {
    if (t == KB_T_F64 && ty[i] == KB_T_INT && !kb_is_const(s->f, v[i]))
      sp_guard(s, KB_GI2FX, sp_deopt(s), &v[i], 1);
    else if (t == KB_T_F64 && ty[i] == KB_T_INT)
      within(s, v[i], -(INT64_C(1) << 53), INT64_C(1) << 53);
    v[i] = as_float(s, v[i], ty[i], t);
  }
  return sp_compare(s, op, v[0], t, v[1], t);
}

/* -- Unary operations --------------------------------------------------------------------------------------------- */

static kb_ref negated(sp *s, kb_ref a, kb_ty t)
{
  kb_ref zero = sp_int(s, 0), args[2] = { zero, a };
  if (t == KB_T_U64) {
    sp_require(s, sp_op2(s, KB_UEQ, a, kb_const_int(s->f, KB_T_U64, 0)), sp_deopt(s));
    return a;
  }
  kb_ref r = sp_guard(s, KB_ISUBO, sp_deopt(s), args, 2);
  fit(s, r, t); /* unsigned: only 0 has a negative that fits */
  return r;
}

kb_ref sp_jit_unary(sp *s, kb_op op, kb_ref a, kb_ty t)
{
  if (op == KB_OPOS)
    return a;
  if (op == KB_ONEG)
    return t == KB_T_F32 ? sp_op1(s, KB_SNEG, a) : t == KB_T_F64 ? sp_op1(s, KB_FNEG, a) : negated(s, a, t);
  if (t == KB_T_U64)
    return sp_op1(s, KB_UNOT, a);
  a = sp_op1(s, KB_INOT, a);
  return t < KB_T_U8 ? a : sp_op1(s, t == KB_T_U8 ? KB_IWRAPU8 : t == KB_T_U16 ? KB_IWRAPU16 : KB_IWRAPU32, a);
}

kb_ref sp_jit_abs(sp *s, kb_ref a, kb_ty t)
{
  if (kb_type_is_float(t))
    return sp_op1(s, t == KB_T_F32 ? KB_SABS : KB_FABS, a);
  if (t >= KB_T_U8)
    return a;
  kb_ref zero = sp_int(s, 0), args[2] = { zero, a };
  kb_ref r = sp_sel(s, sp_op2(s, KB_ILT, a, zero), sp_guard(s, KB_ISUBO, sp_deopt(s), args, 2), a);
  fit(s, r, t);
  return r;
}

/* -- Stores ---------------------------------------------------------------------------------------------------------- */

kb_ref sp_jit_store(sp *s, kb_ref v, kb_ty from, kb_ty elem)
{
  if (from == elem || elem == KB_T_BOOL)
    return v;
  if (from == KB_T_BOOL)
    v = sp_op1(s, KB_B2I, v), from = KB_T_INT;
  if (elem == KB_T_F64 || elem == KB_T_F32)
    return as_float(s, v, from, elem);
  if (elem == KB_T_U64) {
    v = sp_convert(s, v, from, KB_T_INT);
    fit(s, v, elem);
    return sp_op1(s, KB_I2U, v);
  }
  return as_sized(s, v, from, elem);
}

/* -- Values of two types ------------------------------------------------------------------------------------------------ */

kb_ref sp_jit_is_lesser(sp *s, kb_ref generic, kb_ty lesser)
{
  const kb_val *v = kb_v(s->g, generic);
  if (v->op == KB_OBOUND)
    return sp_jit_is_lesser(s, v->args[0], lesser);
  if (v->op != KB_PHI || !s->doubt.lesser[generic])
    return kb_const_int(s->f, KB_T_BOOL, v->op != KB_UNDEF && v->ty == lesser);
  if (!s->is_int[generic]) {
    s->is_int[generic] = kb_phi(s->f, s->blk[v->blk], KB_T_BOOL, v->nargs);
    for (uint32_t i = 0; i < v->nargs; i++)
      sp_jit_is_lesser(s, v->args[i], lesser);
  }
  return s->is_int[generic];
}

void sp_jit_entry(sp *s, kb_entry *e, uint32_t slot, kb_ref generic)
{
  kb_ty t = sp_ty(s, generic), lesser = s->doubt.lesser[generic];
  kb_ref c = s->doubt.konst[generic], part = sp_part(s, generic, 0);
  e->slot = slot;
  e->kind = KB_E_VIRT;
  e->what = KB_V_EITHER;
  e->ty = t;
  e->n = 3;
  e->sub = KB_NEW(s->f->arena, kb_entry, 4);
  e->sub[0] = (kb_entry){ .kind = KB_E_VAL, .slot = 0, .ty = KB_T_BOOL, .ref = sp_jit_is_lesser(s, generic, lesser) };
  e->sub[1] = (kb_entry){ .kind = KB_E_VAL, .slot = 1, .ty = lesser, .ref = part };
  if (c && c != UINT32_MAX)
    e->sub[1].ref = sp_part(s, c, 0);
  e->sub[2] = (kb_entry){ .kind = KB_E_VAL, .slot = 2, .ty = t, .ref = part };
}

void sp_jit_operands(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  for (uint32_t k = 0; k < v->nargs; k++) {
    kb_ty lesser = s->doubt.lesser[v->args[k]];
    if (lesser && s->parts[v->args[k]] && !kb_jit_use_is_fine(s->g, &s->doubt, s->at, k))
      sp_require(s, sp_op1(s, KB_BNOT, sp_jit_is_lesser(s, v->args[k], lesser)), sp_deopt(s));
  }
}
