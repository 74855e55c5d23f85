/* SPDX-License-Identifier: MIT */
/* spec_arith.c: arithmetic, comparisons, conversions: which machine op, behind which guards. */
#include "specialise.h"

/* Columns of an OBJ row. */
enum { INT, WRAPPED, U64, F32, F64 };

static bool is_u64(kb_ty t) { return t == KB_T_U64; }
static bool is_int(kb_ty t) { return kb_type_is_integral(t) && !is_u64(t); }
static bool is_sized(kb_ty t) { return kb_type_is_sized_int(t); }

static kb_op typed(kb_op generic, int column)
{
  kb_op op = (kb_op)kb_ops[generic].to[column];
  kb_assert(op != KB_NOP, "%s has no typed op in column %d", kb_ops[generic].text, column);
  return op;
}

/* -- Conversions ------------------------------------------------------------------------------------------ */

/* i64 cut to the low bits of a sized type. */
static kb_ref wrap(sp *s, kb_ref i, kb_ty to)
{
  switch (to) {
  case KB_T_I8: return sp_op1(s, KB_IWRAP8, i);
  case KB_T_I16: return sp_op1(s, KB_IWRAP16, i);
  case KB_T_I32: return sp_op1(s, KB_IWRAP32, i);
  case KB_T_U8: return sp_op1(s, KB_IWRAPU8, i);
  case KB_T_U16: return sp_op1(s, KB_IWRAPU16, i);
  case KB_T_U32: return sp_op1(s, KB_IWRAPU32, i);
  default: return i;
  }
}

static kb_ref to_double(sp *s, kb_ref v, kb_ty from)
{
  return from == KB_T_BOOL ? sp_op1(s, KB_I2F, sp_op1(s, KB_B2I, v))
         : from == KB_T_F32 ? sp_op1(s, KB_S2F, v)
         : is_u64(from) ? sp_op1(s, KB_U2F, v)
         : kb_type_is_float(from) ? v
                                  : sp_op1(s, KB_I2F, v);
}

kb_ref sp_convert(sp *s, kb_ref v, kb_ty from, kb_ty to)
{
  if (from == to || sp_machine(from, false) == (to == KB_T_INT || to == KB_T_FLOAT ? sp_machine(to, false) : KB_T_VOID))
    return v;
  if (to == KB_T_FLOAT || to == KB_T_F64)
    return to_double(s, v, from);
  if (from == KB_T_BOOL)
    v = sp_op1(s, KB_B2I, v), from = KB_T_INT;
  if (to == KB_T_F32)
    return is_u64(from) ? sp_op1(s, KB_U2S, v) : is_int(from) ? sp_op1(s, KB_I2S, v) : sp_op1(s, KB_F2S, v);
  if (is_u64(to))
    return is_u64(from) ? v : sp_op1(s, KB_I2U, v);
  if (is_u64(from) && to == KB_T_INT) {
    kb_ref i = sp_op1(s, KB_U2I, v);
    sp_require(s, sp_op2(s, KB_IGE, i, sp_int(s, 0)), sp_deopt(s));
    return i;
  }
  if (is_u64(from))
    v = sp_op1(s, KB_U2I, v);
  return to == KB_T_INT ? v : wrap(s, v, to);
}

static void limits(kb_ty t, int64_t *lo, int64_t *hi)
{
  unsigned bits = 8u * (unsigned)kb_type_size(t);
  bool u = t >= KB_T_U8;
  *lo = u ? 0 : -(INT64_C(1) << (bits - 1));
  *hi = u ? (INT64_C(1) << bits) - 1 : (INT64_C(1) << (bits - 1)) - 1;
}

/* NumPy's name of a sized int: "uint8". */
static const char *numpy_name(kb_ty t)
{
  static const char *const names[] = { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64" };
  return names[t - KB_T_I8];
}

static kb_ref range_checked(sp *s, kb_ref v, kb_ty from, kb_ty to)
{
  char msg[96];
  snprintf(msg, sizeof msg, "Python integer {0} out of bounds for %s", numpy_name(to));
  if (from == to || (is_u64(from) && is_u64(to)))
    return v;
  if (is_u64(to)) {
    kb_ref ok = sp_op2(s, KB_IGE, v, sp_int(s, 0));
    sp_require(s, ok, sp_raise(s, KB_EXC_OverflowError, kb_intern(msg), &v, 1));
    return sp_op1(s, KB_I2U, v);
  }
  if (is_u64(from)) {
    int64_t lo, hi = INT64_MAX;
    if (to != KB_T_I64)
      limits(to, &lo, &hi);
    kb_ref ok = sp_op2(s, KB_ULE, v, kb_const_int(s->f, KB_T_U64, hi));
    sp_require(s, ok, sp_raise(s, KB_EXC_OverflowError, kb_intern(msg), &v, 1));
    return sp_op1(s, KB_U2I, v);
  }
  if (to == KB_T_I64)
    return v;
  int64_t lo, hi;
  limits(to, &lo, &hi);
  kb_ref args[3] = { v, sp_int(s, lo), sp_int(s, hi) };
  sp_guard(s, KB_GRANGE, sp_raise(s, KB_EXC_OverflowError, kb_intern(msg), &v, 1), args, 3);
  return v;
}

kb_ref sp_store_convert(sp *s, kb_ref v, kb_ty from, kb_ty to)
{
  if (!is_sized(to))
    return kb_is_numeric(to) ? sp_convert(s, v, from, to) : v;
  if (from == KB_T_BOOL)
    v = sp_op1(s, KB_B2I, v), from = KB_T_INT;
  return range_checked(s, v, from, to);
}

kb_ref sp_exact_int(sp *s, kb_ref v)
{
  kb_ref i = sp_op1(s, KB_U2I, v);
  if (!s->f->wrap)
    sp_require(s, sp_op2(s, KB_IGE, i, sp_int(s, 0)), sp_overflow(s));
  return i;
}

kb_ref sp_float_to_int(sp *s, kb_ref d, uint32_t snap)
{
  kb_ref nan = sp_op1(s, KB_FISNAN, d), inf = sp_op1(s, KB_FISINF, d);
  sp_require(s, sp_op1(s, KB_BNOT, nan), sp_raise(s, KB_EXC_ValueError, s->t->msg[KM_NAN_TO_INT], NULL, 0));
  sp_require(s, sp_op1(s, KB_BNOT, inf), sp_raise(s, KB_EXC_OverflowError, s->t->msg[KM_INF_TO_INT], NULL, 0));
  sp_guard(s, KB_GF2I, snap, &d, 1);
  return sp_op1(s, KB_F2I, d);
}

/* -- Divisors, shift counts, exponents ------------------------------------------------------------------------ */

void sp_require_divisor(sp *s, kb_ref b, kb_ty t, kt_msg of_int, kt_msg of_float)
{
  bool fl = kb_type_is_float(t);
  kb_op op = t == KB_T_F32 ? KB_GSNZ : fl ? KB_GFNZ : is_u64(t) ? KB_GUNZ : KB_GNZ;
  sp_guard(s, op, sp_raise(s, KB_EXC_ZeroDivisionError, s->t->msg[fl ? of_float : of_int], NULL, 0), &b, 1);
}

static void require_not_negative(sp *s, kb_ref b, uint32_t snap)
{
  sp_require(s, sp_op2(s, KB_IGE, b, sp_int(s, 0)), snap);
}

/* x ** y of floats at double width, with CPython's errors (float_pow); result not yet narrowed. */
static kb_ref float_power(sp *s, kb_ref a, kb_ref b, bool of_ints)
{
  kb_ref args[3];
  kb_ref bad = sp_op2(s, KB_FPOWZ, a, b);
  sp_require(s, sp_op1(s, KB_BNOT, bad),
             sp_raise(s, KB_EXC_ZeroDivisionError, s->t->msg[of_ints ? KM_INT_ZERO_POW : KM_ZERO_POW], NULL, 0));
  bad = sp_op2(s, KB_FPOWC, a, b);
  sp_require(s, sp_op1(s, KB_BNOT, bad), sp_deopt(s)); /* a complex result */
  args[0] = sp_op2(s, KB_FPOW, a, b), args[1] = a, args[2] = b;
  bad = sp_op3(s, KB_MINF2, args[0], a, b);
  sp_require(s, sp_op1(s, KB_BNOT, bad), sp_raise(s, KB_EXC_OverflowError, s->t->msg[KM_POW_RANGE], NULL, 0));
  return args[0];
}

/* -- Binary operations -------------------------------------------------------------------------------------------- */

static kb_ref checked(sp *s, kb_op op, kb_ref a, kb_ref b)
{
  kb_ref args[2] = { a, b };
  return kb_ops[op].kind == KB_OP_GRD ? sp_guard(s, op, sp_overflow(s), args, 2) : sp_op2(s, op, a, b);
}

/* MIN // -1 wraps to MIN. */
static kb_ref wrapping_division(sp *s, kb_ref a, kb_ref b)
{
  kb_ref neg = sp_op2(s, KB_IEQ, b, sp_int(s, -1));
  return sp_sel(s, neg, sp_op1(s, KB_INEG, a), sp_op2(s, KB_IFLOORDIV, a, sp_sel(s, neg, sp_int(s, 1), b)));
}

static kb_ref int_binary(sp *s, kb_op op, kb_ref a, kb_ref b)
{
  int column = s->f->wrap ? WRAPPED : INT;
  switch ((int)op) {
  case KB_OTRUEDIV:
    sp_require_divisor(s, b, KB_T_INT, KM_INT_TRUEDIV, KM_FLOAT_TRUEDIV);
    return sp_op2(s, KB_ITRUEDIV, a, b);
  case KB_OFLOORDIV:
  case KB_OMOD: {
    sp_require_divisor(s, b, KB_T_INT, op == KB_OMOD ? KM_INT_MOD : KM_INT_DIV, KM_FLOAT_MOD);
    kb_ref args[2] = { a, b };
    if (op == KB_OFLOORDIV && s->f->wrap)
      return wrapping_division(s, a, b);
    if (op == KB_OFLOORDIV)
      sp_guard(s, KB_GDIV, sp_overflow(s), args, 2);
    break;
  }
  case KB_OLSHIFT:
  case KB_ORSHIFT: require_not_negative(s, b, sp_raise(s, KB_EXC_ValueError, s->t->msg[KM_NEG_SHIFT], NULL, 0)); break;
  case KB_OPOW: require_not_negative(s, b, sp_deopt(s)); break; /* a float result */
  default: break;
  }
  return checked(s, typed(op, column), a, b);
}

/* u64 with an int that may be negative: the magnitude of the int as u64, and whether it is negative (false: it cannot). */
typedef struct {
  kb_ref u, neg;
} magnitude;

static magnitude magnitude_of(sp *s, kb_ref v, kb_ty t)
{
  if (is_u64(t) || t == KB_T_BOOL || (kb_is_const(s->f, v) && kb_v(s->f, v)->imm.i >= 0))
    return (magnitude){ sp_convert(s, v, t, KB_T_U64), 0 };
  kb_ref u = sp_op1(s, KB_I2U, v), neg = sp_op2(s, KB_ILT, v, sp_int(s, 0));
  return (magnitude){ sp_sel(s, neg, sp_op1(s, KB_UNEG, u), u), neg };
}

/* // and % of a u64 and an int: the exact result, wrapped; at most one of the two is negative. */
static kb_ref u64_division(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb)
{
  magnitude x = magnitude_of(s, a, ta), y = magnitude_of(s, b, tb);
  kb_ref neg = x.neg ? x.neg : y.neg;
  if (!neg)
    return sp_op2(s, op == KB_OMOD ? KB_UMOD : KB_UDIV, x.u, y.u);
  kb_ref zero = kb_const_int(s->f, KB_T_U64, 0), one = kb_const_int(s->f, KB_T_U64, 1);
  kb_ref q = sp_op2(s, KB_UDIV, x.u, y.u), rest = sp_op2(s, KB_UNE, sp_op2(s, KB_UMOD, x.u, y.u), zero);
  kb_ref down = sp_op1(s, KB_UNEG, sp_op2(s, KB_UADD, q, sp_sel(s, rest, one, zero)));
  q = sp_sel(s, neg, down, q);
  if (op == KB_OFLOORDIV)
    return q;
  a = sp_convert(s, a, ta, KB_T_U64), b = sp_convert(s, b, tb, KB_T_U64);
  return sp_op2(s, KB_USUB, a, sp_op2(s, KB_UMUL, q, b));
}

/* The quotient's sign is that of the int: 0 / -1 is -0.0. */
static kb_ref u64_true_division(sp *s, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb)
{
  magnitude x = magnitude_of(s, a, ta), y = magnitude_of(s, b, tb);
  sp_require_divisor(s, y.u, KB_T_U64, KM_INT_TRUEDIV, KM_FLOAT_TRUEDIV);
  kb_ref q = sp_op2(s, KB_UTRUEDIV, x.u, y.u), neg = x.neg ? x.neg : y.neg;
  return neg ? sp_sel(s, neg, sp_op1(s, KB_FNEG, q), q) : q;
}

/* n >> u: at most 63 places. */
static kb_ref shift_int_right(sp *s, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb)
{
  kb_ref most = kb_const_int(s->f, KB_T_U64, 63), n = is_u64(tb) ? b : sp_op1(s, KB_I2U, b);
  n = sp_op1(s, KB_U2I, sp_sel(s, sp_op2(s, KB_ULT, n, most), n, most));
  return sp_op1(s, KB_I2U, sp_op2(s, KB_ISHR, sp_convert(s, a, ta, KB_T_INT), n));
}

/* Sized ints: the exact result wrapped to the type t; operands are i64 (or u64 when t is). */
static kb_ref sized_binary(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb, kb_ty t)
{
  bool shift = op == KB_OLSHIFT || op == KB_ORSHIFT || op == KB_OPOW;
  if (is_u64(t) && (op == KB_OFLOORDIV || op == KB_OMOD)) {
    sp_require_divisor(s, sp_convert(s, b, tb, t), t, op == KB_OMOD ? KM_INT_MOD : KM_INT_DIV, KM_FLOAT_MOD);
    return u64_division(s, op, a, ta, b, tb);
  }
  if (is_u64(t) && op == KB_ORSHIFT && !is_u64(ta))
    return shift_int_right(s, a, ta, b, tb);
  a = is_u64(t) ? sp_convert(s, a, ta, t) : sp_convert(s, a, ta, KB_T_INT);
  if (shift) { /* the count keeps its value */
    b = is_u64(tb) ? b : sp_convert(s, b, tb, KB_T_INT);
    if (!is_u64(tb))
      require_not_negative(s, b, sp_raise(s, KB_EXC_ValueError, op == KB_OPOW ? "Integers to negative integer powers are not allowed."
                                                                               : s->t->msg[KM_NEG_SHIFT], NULL, 0));
    b = is_u64(t) && !is_u64(tb) ? sp_op1(s, KB_I2U, b) : b;
  } else {
    b = is_u64(t) ? sp_convert(s, b, tb, t) : sp_convert(s, b, tb, KB_T_INT);
  }
  if (op == KB_OFLOORDIV || op == KB_OMOD)
    sp_require_divisor(s, b, t, op == KB_OMOD ? KM_INT_MOD : KM_INT_DIV, KM_FLOAT_MOD);
  if (op == KB_OFLOORDIV && t == KB_T_I64)
    return wrapping_division(s, a, b);
  kb_ref r = sp_op2(s, typed(op, is_u64(t) ? U64 : WRAPPED), a, b);
  return is_u64(t) ? r : wrap(s, r, t);
}

static kb_ref float_binary(sp *s, kb_op op, kb_ref a, kb_ref b, kb_ty t, bool of_ints)
{
  int column = t == KB_T_F32 ? F32 : F64;
  if (op == KB_OPOW) {
    kb_ref r = float_power(s, to_double(s, a, t), to_double(s, b, t), of_ints);
    return t == KB_T_F32 ? sp_op1(s, KB_F2S, r) : r;
  }
  if (op == KB_OTRUEDIV || op == KB_OFLOORDIV || op == KB_OMOD)
    sp_require_divisor(s, b, t, KM_INT_DIV, op == KB_OTRUEDIV ? KM_FLOAT_TRUEDIV : op == KB_OMOD ? KM_FLOAT_MOD : KM_FLOAT_FLOORDIV);
  return sp_op2(s, typed(op, column), a, b);
}

kb_ref sp_binary(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb, kb_ty t)
{
  if (t == KB_T_BOOL)
    return sp_op2(s, op == KB_OAND ? KB_BAND : op == KB_OOR ? KB_BOR : KB_BXOR, a, b);
  kb_ty in = kb_promote(ta, tb);
  if (is_sized(in) && op == KB_OTRUEDIV) {
    if (is_u64(in))
      return u64_true_division(s, a, ta, b, tb);
    in = KB_T_INT;
  }
  if (is_sized(in))
    return sized_binary(s, op, a, ta, b, tb, in);
  bool of_ints = in == KB_T_INT && kb_type_is_float(t) && op == KB_OPOW;
  if (in == KB_T_INT && !of_ints)
    return int_binary(s, op, sp_convert(s, a, ta, KB_T_INT), sp_convert(s, b, tb, KB_T_INT));
  kb_ty w = of_ints ? KB_T_FLOAT : in;
  return float_binary(s, op, sp_convert(s, a, ta, w), sp_convert(s, b, tb, w), w, of_ints);
}

/* -- Comparisons ------------------------------------------------------------------------------------------------------- */

static kb_op swapped(kb_op op)
{
  switch ((int)op) {
  case KB_OLT: return KB_OGT;
  case KB_OLE: return KB_OGE;
  case KB_OGT: return KB_OLT;
  case KB_OGE: return KB_OLE;
  default: return op;
  }
}

/* u64 with an i64 that may be negative, by value. */
static kb_ref compare_u64_int(sp *s, kb_op op, kb_ref u, kb_ref i)
{
  kb_ref neg = sp_op2(s, KB_ILT, i, sp_int(s, 0));
  kb_ref c = sp_op2(s, typed(op, U64), u, sp_op1(s, KB_I2U, i));
  bool if_negative = op == KB_OGT || op == KB_OGE || op == KB_ONE;
  return if_negative ? sp_op2(s, KB_BOR, neg, c) : sp_op2(s, KB_BAND, sp_op1(s, KB_BNOT, neg), c);
}

kb_ref sp_compare(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb)
{
  bool fa = kb_type_is_float(ta), fb = kb_type_is_float(tb);
  if (ta == KB_T_F32 || tb == KB_T_F32) {
    if (ta == KB_T_F64 || tb == KB_T_F64)
      return sp_op2(s, typed(op, F64), to_double(s, a, ta), to_double(s, b, tb));
    return sp_op2(s, typed(op, F32), sp_convert(s, a, ta, KB_T_F32), sp_convert(s, b, tb, KB_T_F32));
  }
  if (fa && fb)
    return sp_op2(s, typed(op, F64), a, b);
  if (fa || fb) { /* exact comparison of an int with a float; u64 past int64 leaves */
    kb_ref i = sp_convert(s, fa ? b : a, fa ? tb : ta, KB_T_INT);
    op = fa ? swapped(op) : op;
    return sp_op2(s, (kb_op)(KB_IFLT + (op - KB_OLT)), i, fa ? a : b);
  }
  if (is_u64(ta) && is_u64(tb))
    return sp_op2(s, typed(op, U64), a, b);
  if (is_u64(ta))
    return compare_u64_int(s, op, a, sp_convert(s, b, tb, KB_T_INT));
  if (is_u64(tb))
    return compare_u64_int(s, swapped(op), b, sp_convert(s, a, ta, KB_T_INT));
  return sp_op2(s, typed(op, INT), sp_convert(s, a, ta, KB_T_INT), sp_convert(s, b, tb, KB_T_INT));
}

/* ORDER: the six mixed comparisons stand in ops.def as the generic ones do. */
_Static_assert(KB_IFGE - KB_IFLT == KB_OGE - KB_OLT && KB_IFEQ - KB_IFLT == KB_OEQ - KB_OLT && KB_IFGT - KB_IFLT == KB_OGT - KB_OLT,
               "order of comparisons");

kb_ref sp_truth(sp *s, kb_ref generic)
{
  kb_ty t = sp_ty(s, generic);
  if (t == KB_T_NONE)
    return kb_const_int(s->f, KB_T_BOOL, 0);
  if (kb_type_of(t)->kind == KB_K_TUPLE)
    return kb_const_int(s->f, KB_T_BOOL, kb_type_of(t)->n != 0);
  kb_ref a = sp_part(s, generic, 0);
  if (t == KB_T_BOOL)
    return a;
  if (t == KB_T_F32)
    return sp_op2(s, KB_SNE, a, kb_const_float(s->f, KB_T_F32, 0));
  if (kb_type_is_float(t))
    return sp_op2(s, KB_FNE, a, sp_float(s, 0));
  return is_u64(t) ? sp_op2(s, KB_UNE, a, kb_const_int(s->f, KB_T_U64, 0)) : sp_op2(s, KB_INE, a, sp_int(s, 0));
}

/* -- Unary operations ------------------------------------------------------------------------------------------------------ */

static kb_ref unary(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ty t)
{
  if (ta == KB_T_BOOL)
    a = sp_op1(s, KB_B2I, a);
  if (op == KB_OPOS)
    return a;
  if (kb_type_is_float(t))
    return sp_op1(s, typed(op, t == KB_T_F32 ? F32 : F64), a);
  if (is_u64(t))
    return sp_op1(s, typed(op, U64), a);
  if (op == KB_ONEG && t == KB_T_INT && !s->f->wrap)
    return checked(s, KB_ISUBO, sp_int(s, 0), a);
  a = sp_op1(s, typed(op, WRAPPED), a);
  return is_sized(t) ? wrap(s, a, t) : a;
}

/* x / n where x is the int 0 until a float comes: the int's message when n is zero. */
static void int_by_zero(sp *s, const kb_val *v)
{
  kb_ty tb = sp_ty(s, v->args[1]);
  if (v->op != KB_OTRUEDIV || !kb_type_is_float(sp_ty(s, v->args[0])) || !kb_type_is_integral(tb))
    return;
  kb_ref is_int = sp_is_int(s, v->args[0]);
  if (kb_is(s->f, is_int, KB_CONST) && !kb_v(s->f, is_int)->imm.i)
    return;
  kb_ref bad = sp_op2(s, KB_BAND, is_int, sp_op1(s, KB_BNOT, sp_truth(s, v->args[1])));
  sp_require(s, sp_op1(s, KB_BNOT, bad), sp_raise(s, KB_EXC_ZeroDivisionError, s->t->msg[KM_INT_TRUEDIV], NULL, 0));
}

static kb_ref is_none(sp *s, const kb_val *v)
{
  bool same = sp_ty(s, v->args[0]) == sp_ty(s, v->args[1]);
  return kb_const_int(s->f, KB_T_BOOL, same == (v->op == KB_OIS));
}

bool sp_arith(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  kb_op op = (kb_op)v->op;
  kb_ref r = 0;
  bool numpy = s->t->jit && v->nargs && kb_jit_is_numpy(sp_ty(s, v->args[0]), sp_ty(s, v->args[v->nargs - 1]));
  if (!s->t->jit)
    int_by_zero(s, v);
  if (numpy && op >= KB_OADD && op <= KB_OXOR)
    r = sp_jit_binary(s, op, sp_part(s, v->args[0], 0), sp_ty(s, v->args[0]), sp_part(s, v->args[1], 0), sp_ty(s, v->args[1]), v->ty);
  else if (numpy && op >= KB_OLT && op <= KB_OGE)
    r = sp_jit_compare(s, op, sp_part(s, v->args[0], 0), sp_ty(s, v->args[0]), sp_part(s, v->args[1], 0), sp_ty(s, v->args[1]));
  else if (numpy && (op == KB_ONEG || op == KB_OPOS || op == KB_OINVERT))
    r = sp_jit_unary(s, op, sp_part(s, v->args[0], 0), v->ty);
  else if ((op >= KB_OADD && op <= KB_OXOR))
    r = sp_binary(s, op, sp_part(s, v->args[0], 0), sp_ty(s, v->args[0]), sp_part(s, v->args[1], 0), sp_ty(s, v->args[1]), v->ty);
  else if (op >= KB_OLT && op <= KB_OGE)
    r = sp_compare(s, op, sp_part(s, v->args[0], 0), sp_ty(s, v->args[0]), sp_part(s, v->args[1], 0), sp_ty(s, v->args[1]));
  else if (op == KB_ONEG || op == KB_OPOS || op == KB_OINVERT)
    r = unary(s, op, sp_part(s, v->args[0], 0), sp_ty(s, v->args[0]), v->ty);
  else if (op == KB_OTRUTH)
    r = sp_truth(s, v->args[0]);
  else if (op == KB_ONOT)
    r = sp_op1(s, KB_BNOT, sp_truth(s, v->args[0]));
  else if (op == KB_OIS || op == KB_OISNOT)
    r = is_none(s, v);
  else
    return false;
  sp_set(s, s->at, &r, 1);
  return true;
}
