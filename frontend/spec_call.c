/* SPDX-License-Identifier: MIT */
/* spec_call.c: builtins, casts, math functions with CPython's errors, calls of kernels. */
#include "specialise.h"

#include <math.h>
#include <string.h>

static kb_ref arg(const sp *s, uint32_t i) { return sp_part(s, kb_v(s->g, s->at)->args[i], 0); }
static kb_ty type(const sp *s, uint32_t i) { return sp_ty(s, kb_v(s->g, s->at)->args[i]); }
static kb_ref as_double(sp *s, uint32_t i) { return sp_convert(s, arg(s, i), type(s, i), KB_T_FLOAT); }
static kb_ref as_int(sp *s, uint32_t i) { return sp_convert(s, arg(s, i), type(s, i), KB_T_INT); }

/* -- Math -------------------------------------------------------------------------------------------------- */

/* Functions of one float. NaN from a number is a domain error; an infinity from a finite one is a range error
 * (overflows) or a domain error (poles); functions that give neither need no guard (total). Source:
 * the table of math_1 in CPython's Modules/mathmodule.c, by its documented results. */
enum { DOMAIN = 1, POLES = 2, OVERFLOWS = 4, TOTAL = 0 };
static const struct { uint16_t builtin; uint16_t op; int errors; } math1[] = {
  { KB_BI_EXP, KB_MEXP, OVERFLOWS },   { KB_BI_EXP2, KB_MEXP2, OVERFLOWS },       { KB_BI_EXPM1, KB_MEXPM1, OVERFLOWS },
  { KB_BI_LOG2, KB_MLOG2, DOMAIN | POLES }, { KB_BI_LOG10, KB_MLOG10, DOMAIN | POLES }, { KB_BI_LOG1P, KB_MLOG1P, DOMAIN | POLES },
  { KB_BI_SIN, KB_MSIN, DOMAIN },      { KB_BI_COS, KB_MCOS, DOMAIN },            { KB_BI_TAN, KB_MTAN, DOMAIN },
  { KB_BI_ASIN, KB_MASIN, DOMAIN },    { KB_BI_ACOS, KB_MACOS, DOMAIN },          { KB_BI_ATAN, KB_MATAN, TOTAL },
  { KB_BI_SINH, KB_MSINH, OVERFLOWS }, { KB_BI_COSH, KB_MCOSH, OVERFLOWS },       { KB_BI_TANH, KB_MTANH, TOTAL },
  { KB_BI_ASINH, KB_MASINH, TOTAL },   { KB_BI_ACOSH, KB_MACOSH, DOMAIN },        { KB_BI_ATANH, KB_MATANH, DOMAIN | POLES },
  { KB_BI_ERF, KB_MERF, TOTAL },       { KB_BI_ERFC, KB_MERFC, TOTAL },           { KB_BI_CBRT, KB_MCBRT, TOTAL },
  { KB_BI_FABS, KB_FABS, TOTAL },
};

static void forbid(sp *s, kb_ref bad, int exc, kt_msg msg)
{
  sp_require(s, sp_op1(s, KB_BNOT, bad), sp_raise(s, exc, s->t->msg[msg], NULL, 0));
}

static kb_ref math_1(sp *s, kb_builtin id)
{
  for (size_t i = 0; i < sizeof math1 / sizeof *math1; i++) {
    if (math1[i].builtin != id)
      continue;
    kb_ref x = as_double(s, 0), r = sp_op1(s, (kb_op)math1[i].op, x);
    if (math1[i].errors & DOMAIN)
      forbid(s, sp_op2(s, KB_MNAN1, r, x), KB_EXC_ValueError, KM_MATH_DOMAIN);
    if (math1[i].errors & POLES)
      forbid(s, sp_op2(s, KB_MINF1, r, x), KB_EXC_ValueError, KM_MATH_DOMAIN);
    if (math1[i].errors & OVERFLOWS)
      forbid(s, sp_op2(s, KB_MINF1, r, x), KB_EXC_OverflowError, KM_MATH_RANGE);
    return r;
  }
  return 0;
}

/* Only a negative argument is refused: NaN goes through, -0.0 stays. */
static kb_ref square_root(sp *s)
{
  kb_ref x = as_double(s, 0);
  forbid(s, sp_op2(s, KB_FLT, x, sp_float(s, 0)), KB_EXC_ValueError, KM_MATH_DOMAIN);
  return sp_op1(s, KB_FSQRT, x);
}

static kb_ref log_of(sp *s, uint32_t i)
{
  kb_ref x = as_double(s, i);
  forbid(s, sp_op2(s, KB_FLE, x, sp_float(s, 0)), KB_EXC_ValueError, KM_LOG_DOMAIN);
  return sp_op1(s, KB_MLOG, x);
}

static kb_ref logarithm(sp *s)
{
  kb_ref num = log_of(s, 0);
  if (kb_v(s->g, s->at)->nargs == 1)
    return num;
  kb_ref den = log_of(s, 1);
  sp_require_divisor(s, den, KB_T_FLOAT, KM_INT_DIV, KM_FLOAT_TRUEDIV);
  return sp_op2(s, KB_FDIV, num, den);
}

/* math.pow: C's pow with math_2's errors; CPython raises for a zero to a negative power by the infinity. */
static kb_ref math_pow(sp *s)
{
  kb_ref x = as_double(s, 0), y = as_double(s, 1), r = sp_op2(s, KB_FPOW, x, y);
  forbid(s, sp_op3(s, KB_MNAN2, r, x, y), KB_EXC_ValueError, KM_MATH_DOMAIN);
  forbid(s, sp_op2(s, KB_FPOWZ, x, y), KB_EXC_ValueError, KM_MATH_DOMAIN);
  forbid(s, sp_op3(s, KB_MINF2, r, x, y), KB_EXC_OverflowError, KM_MATH_RANGE);
  return r;
}

static kb_ref math_fmod(sp *s)
{
  kb_ref x = as_double(s, 0), y = as_double(s, 1), r = sp_op2(s, KB_MFMOD, x, y);
  forbid(s, sp_op3(s, KB_MNAN2, r, x, y), KB_EXC_ValueError, KM_MATH_DOMAIN);
  return r;
}

static kb_ref math_2(sp *s, kb_op op)
{
  kb_ref x = as_double(s, 0);
  return sp_op2(s, op, x, as_double(s, 1));
}

/* -- Ints ------------------------------------------------------------------------------------------------------- */

/* int(), math.floor, ceil, trunc and round(x) give an int of a float; an int is itself. */
static kb_ref to_int(sp *s, kb_builtin id)
{
  if (!kb_type_is_float(type(s, 0)))
    return as_int(s, 0);
  kb_ref d = as_double(s, 0);
  d = id == KB_BI_FLOOR ? sp_op1(s, KB_FFLOOR, d)
      : id == KB_BI_CEIL ? sp_op1(s, KB_FCEIL, d)
      : id == KB_BI_ROUND ? sp_op1(s, KB_FRINT, d)
                          : d;
  return sp_float_to_int(s, d, sp_overflow(s));
}

static kb_ref gcd(sp *s)
{
  kb_ref a = as_int(s, 0), b = as_int(s, 1);
  kb_ref min = sp_int(s, INT64_MIN); /* 2**63 does not fit */
  sp_require(s, sp_op2(s, KB_INE, a, min), sp_deopt(s));
  sp_require(s, sp_op2(s, KB_INE, b, min), sp_deopt(s));
  return sp_op2(s, KB_IGCD, a, b);
}

static kb_ref isqrt(sp *s)
{
  kb_ref a = as_int(s, 0);
  sp_require(s, sp_op2(s, KB_IGE, a, sp_int(s, 0)), sp_raise(s, KB_EXC_ValueError, s->t->msg[KM_ISQRT_NEG], NULL, 0));
  return sp_op1(s, KB_IISQRT, a);
}

static kb_ref pow_mod(sp *s)
{
  kb_ref a = as_int(s, 0), b = as_int(s, 1), m = as_int(s, 2);
  sp_guard(s, KB_GNZ, sp_raise(s, KB_EXC_ValueError, s->t->msg[KM_POW_MOD_ZERO], NULL, 0), &m, 1);
  sp_require(s, sp_op2(s, KB_IGE, b, sp_int(s, 0)), sp_deopt(s)); /* the inverse */
  return sp_op3(s, KB_IPOWMOD, a, b, m);
}

/* -- abs, min, max, divmod, casts, len ------------------------------------------------------------------------------- */

static kb_ref absolute(sp *s)
{
  kb_ty t = type(s, 0);
  kb_ref a = arg(s, 0);
  if (s->t->jit && kb_jit_is_numpy(t, t))
    return sp_jit_abs(s, a, t);
  if (t == KB_T_BOOL || t == KB_T_U64)
    return sp_convert(s, a, t, t == KB_T_BOOL ? KB_T_INT : t);
  if (kb_type_is_float(t))
    return sp_op1(s, t == KB_T_F32 ? KB_SABS : KB_FABS, a);
  kb_ref args[2] = { sp_int(s, 0), a };
  kb_ref neg = t == KB_T_INT && !s->f->wrap ? sp_guard(s, KB_ISUBO, sp_overflow(s), args, 2) : sp_op1(s, KB_INEG, a);
  kb_ref r = sp_sel(s, sp_op2(s, KB_ILT, a, args[0]), neg, a);
  return t == KB_T_INT ? r : sp_convert(s, r, KB_T_INT, t);
}

/* min(a, b) is b if b < a else a; max(a, b) is b if b > a else a. */
static kb_ref extreme(sp *s, kb_builtin id)
{
  kb_ty ta = type(s, 0), tb = type(s, 1), t = kb_v(s->g, s->at)->ty;
  kb_ref a = arg(s, 0), b = arg(s, 1);
  if (!kb_type_is_float(t) && t != KB_T_U64 && t != KB_T_BOOL)
    return sp_op2(s, id == KB_BI_MIN ? KB_IMIN : KB_IMAX, sp_convert(s, a, ta, KB_T_INT), sp_convert(s, b, tb, KB_T_INT));
  kb_ref better = sp_compare(s, id == KB_BI_MIN ? KB_OLT : KB_OGT, b, tb, a, ta);
  for (int i = 0; i < 2; i++) { /* the operand that wins keeps its value as a float */
    kb_ref x = i ? b : a;
    if (kb_type_is_float(t) && (i ? tb : ta) == KB_T_INT && !kb_is_const(s->f, x))
      sp_guard(s, KB_GI2FX, sp_deopt(s), &x, 1);
  }
  return sp_sel(s, better, sp_convert(s, b, tb, t), sp_convert(s, a, ta, t));
}

static void divmod(sp *s)
{
  kb_ty ta = type(s, 0), tb = type(s, 1), t = kb_promote(ta, tb);
  kb_ref a = arg(s, 0), b = arg(s, 1), parts[2];
  /* the divisor's own message comes first; the guards of // and % are then implied */
  kb_ty w = t == KB_T_BOOL ? KB_T_INT : t;
  kb_ref d = sp_convert(s, b, tb, w == KB_T_F64 ? KB_T_FLOAT : w);
  sp_require_divisor(s, d, w, KM_INT_DIVMOD, KM_FLOAT_DIVMOD);
  parts[0] = sp_binary(s, KB_OFLOORDIV, a, ta, b, tb, t);
  parts[1] = sp_binary(s, KB_OMOD, a, ta, b, tb, t);
  sp_set(s, s->at, parts, 2);
}

static kb_ref cast(sp *s, kb_ty to)
{
  kb_ref a = arg(s, 0);
  kb_ty from = type(s, 0);
  if (kb_type_is_sized_int(to) && kb_type_is_float(from))
    a = sp_float_to_int(s, as_double(s, 0), sp_deopt(s)), from = KB_T_INT;
  return sp_convert(s, a, from, to);
}

static kb_ref length(sp *s)
{
  kb_ref x = kb_v(s->g, s->at)->args[0];
  const kb_type *k = kb_type_of(type(s, 0));
  if (k->kind == KB_K_TUPLE)
    return sp_int(s, k->n);
  if (k->kind == KB_K_RANGE) {
    kb_ref n = sp_op3(s, KB_IRANGELEN, sp_part(s, x, 0), sp_part(s, x, 1), sp_part(s, x, 2));
    /* it saturates where len() itself raises OverflowError */
    sp_require(s, sp_op2(s, KB_INE, n, sp_int(s, INT64_MAX)), sp_deopt(s));
    return n;
  }
  kb_ref v = sp_part(s, x, 0);
  return sp_op(s, KB_VLEN, KB_T_I64, &v, 1);
}

/* int(), float(), bool() without an argument. */
static kb_ref zero(sp *s, kb_builtin id)
{
  return id == KB_BI_FLOAT ? sp_float(s, 0) : id == KB_BI_BOOL ? kb_const_int(s->f, KB_T_BOOL, 0) : sp_int(s, 0);
}

static kb_ref value(sp *s, kb_builtin id)
{
  kb_ref r = math_1(s, id);
  if (r)
    return r;
  if (!kb_v(s->g, s->at)->nargs && id <= KB_BI_BOOL)
    return zero(s, id);
  switch ((int)id) {
  case KB_BI_ABS: return absolute(s);
  case KB_BI_MIN:
  case KB_BI_MAX: return extreme(s, id);
  case KB_BI_INT:
  case KB_BI_FLOOR:
  case KB_BI_CEIL:
  case KB_BI_TRUNC:
  case KB_BI_ROUND: return to_int(s, id);
  case KB_BI_FLOAT: return as_double(s, 0);
  case KB_BI_BOOL:
  case KB_BI_BOOLEAN: return sp_truth(s, kb_v(s->g, s->at)->args[0]);
  case KB_BI_LEN: return length(s);
  case KB_BI_POW: return pow_mod(s);
  case KB_BI_GCD: return gcd(s);
  case KB_BI_ISQRT: return isqrt(s);
  case KB_BI_SQRT: return square_root(s);
  case KB_BI_LOG: return logarithm(s);
  case KB_BI_MPOW: return math_pow(s);
  case KB_BI_FMOD: return math_fmod(s);
  case KB_BI_ATAN2: return math_2(s, KB_MATAN2);
  case KB_BI_COPYSIGN: return math_2(s, KB_FCOPYSIGN);
  case KB_BI_ISNAN: return sp_op1(s, KB_FISNAN, as_double(s, 0));
  case KB_BI_ISINF: return sp_op1(s, KB_FISINF, as_double(s, 0));
  case KB_BI_ISFINITE: return sp_op1(s, KB_FISFINITE, as_double(s, 0));
  case KB_BI_DEGREES: return sp_op2(s, KB_FMUL, as_double(s, 0), sp_float(s, 180.0 / M_PI));
  case KB_BI_RADIANS: return sp_op2(s, KB_FMUL, as_double(s, 0), sp_float(s, M_PI / 180.0));
  default: return cast(s, kb_v(s->g, s->at)->ty);
  }
}

void sp_builtin(sp *s)
{
  kb_builtin id = (kb_builtin)kb_v(s->g, s->at)->imm.i;
  if (id >= KB_BI_ZEROS && id <= KB_BI_FULL) {
    sp_new_array(s);
  } else if (id == KB_BI_DIVMOD) {
    divmod(s);
  } else {
    kb_ref r = value(s, id);
    sp_set(s, s->at, &r, 1);
  }
}

/* -- Kernels ------------------------------------------------------------------------------------------------------------ */

/* Declared results as the caller sees them, exact ints: a u64 past int64 leaves behind the call. */
static void exact_results(sp *s, const kb_ty *types, kb_ref *parts, uint32_t n)
{
  uint32_t snap = 0;
  kb_ty seen = sp_ty(s, s->at);
  const kb_type *kr = kb_type_of(seen);
  kb_ref raw[64];
  kb_ty value[64];
  memcpy(raw, parts, n * sizeof *raw);
  for (uint32_t i = 0; i < n; i++)
    value[i] = kr->kind == KB_K_TUPLE ? kr->items[i] : seen;
  for (uint32_t i = 0; i < n; i++) {
    if (types[i] != KB_T_U64 || value[i] == KB_T_U64)
      continue;
    parts[i] = sp_op1(s, KB_U2I, raw[i]);
    if (s->f->wrap)
      continue;
    snap = snap ? snap : s->f->overflow_raises ? sp_overflow(s) : sp_deopt_after_call(s, value, raw, n);
    sp_require(s, sp_op2(s, KB_IGE, parts[i], sp_int(s, 0)), snap);
  }
}

void sp_kernel_call(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  uint32_t callee = (uint32_t)v->imm.i;
  const kt_kernel *k = s->t->kernels.v[callee];
  kb_ty ret = s->gm->fns.v[callee]->ret;
  const kb_type *kr = kb_type_of(ret);
  kb_ref args[256], parts[64];
  kb_assert(v->nargs <= 256, "a call with %u arguments", v->nargs);
  for (uint32_t i = 0; i < v->nargs; i++)
    args[i] = sp_store_convert(s, arg(s, i), type(s, i), k->params[i].ty);
  kb_ty types[64], items[64];
  uint32_t n = kr->kind == KB_K_TUPLE ? kr->n : ret == KB_T_VOID ? 0 : 1;
  for (uint32_t i = 0; i < n; i++) {
    types[i] = kr->kind == KB_K_TUPLE ? kr->items[i] : ret;
    items[i] = sp_machine(types[i], false);
  }
  kb_ref r = sp_op(s, KB_CALL, kr->kind == KB_K_TUPLE ? kb_type_tuple(items, n) : n ? items[0] : KB_T_VOID, args, v->nargs);
  kb_v(s->f, r)->imm.i = callee;
  kb_v(s->f, r)->snap = sp_call_snap(s);
  if (kr->kind != KB_K_TUPLE) {
    parts[0] = r;
  } else {
    for (uint32_t i = 0; i < n; i++) {
      parts[i] = sp_op(s, KB_ITEM, items[i], &r, 1);
      kb_v(s->f, parts[i])->imm.i = i;
    }
  }
  exact_results(s, types, parts, n);
  sp_set(s, s->at, parts, n);
}
