/* SPDX-License-Identifier: MIT */
/* py_in_sized.c: kb.i8 ... kb.u64 and kb.f32 in kernels, as keelback.ref.scalars has them. Operands are unboxed where
 * that is possible: what is an IN_OBJ here is a big int, or no number at all. */
#include "py_in.h"

#include "../include/kbops.h"

static inline bool is_sized(const in_val *v) { return v->tag == IN_SIZED; }
static inline bool is_bits(const in_val *v) /* its value is i, or u */
{
  return v->tag == IN_INT || v->tag == IN_BOOL || v->tag == IN_SIZED;
}
static inline bool past_i64(const in_val *v) { return v->tag == IN_SIZED && v->aux == KB_T_U64 && v->i < 0; }
static inline bool is_big(const in_val *v) { return v->tag == IN_OBJ && PyLong_Check(v->o); }

static const char *const names[] = { "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64" };

static const char *type_name(const in_val *v)
{
  switch (v->tag) {
  case IN_SIZED: return names[v->aux - KB_T_I8];
  case IN_F32: return "f32";
  case IN_F64: return "f64";
  case IN_INT: return "int";
  case IN_BOOL: return "bool";
  case IN_FLOAT: return "float";
  case IN_OBJ: return Py_TYPE(v->o)->tp_name;
  case IN_TUPLE: return "tuple";
  default: return "view";
  }
}

static int unsupported(kb_op op, const in_val *a, const in_val *b)
{
  static const char *const text[] = { "+", "-", "*", "/", "//", "%", "** or pow()", "<<", ">>", "&", "|", "^" };
  PyErr_Format(PyExc_TypeError, "unsupported operand type(s) for %s: '%s' and '%s'", text[op - KB_OADD], type_name(a), type_name(b));
  return -1;
}
_Static_assert(KB_OXOR == KB_OADD + 11 && KB_OPOW == KB_OADD + 6, "order of operators");

/* The operator of plain Python on the values of both, for its errors and for big ints. */
static int plainly(in_frame *f, kb_op op, const in_val *a, const in_val *b, in_val *r)
{
  in_frame plain = *f; /* sized ints as ints, f32 as float */
  plain.jit = false;
  PyObject *x = in_object(&plain, a), *y = x ? in_object(&plain, b) : NULL;
  if (y == NULL) {
    Py_XDECREF(x);
    return -1;
  }
  in_val p = in_obj(x), q = in_obj(y);
  int err = in_binary(&plain, op, &p, &q, r);
  in_decref(p);
  in_decref(q);
  return err;
}

/* -- Sized ints --------------------------------------------------------------------------------------------- */

/* NumPy's promotion; one may be weak. KB_T_BOT: none. */
static kb_ty common(const in_val *a, const in_val *b)
{
  if (!is_sized(a)) return (kb_ty)b->aux;
  if (!is_sized(b)) return (kb_ty)a->aux;
  bool ua = a->aux >= KB_T_U8, ub = b->aux >= KB_T_U8;
  uint32_t wa = a->aux - (ua ? KB_T_U8 : KB_T_I8), wb = b->aux - (ub ? KB_T_U8 : KB_T_I8);
  if (ua == ub) return (kb_ty)(wa >= wb ? a->aux : b->aux);
  uint32_t us = ua ? wa : wb, si = ua ? wb : wa, w = si > us ? si : us + 1;
  if (w <= 3) return (kb_ty)(KB_T_I8 + w);
  PyErr_Format(PyExc_TypeError, "%s with %s has no common integer type: cast one side, as in kb.%s(...) or kb.%s(...)", names[a->aux - KB_T_I8],
               names[b->aux - KB_T_I8], names[a->aux - KB_T_I8], names[b->aux - KB_T_I8]);
  return KB_T_BOT;
}

static int cast(in_frame *f, int err, in_val *r, kb_ty t)
{
  in_val exact = *r;
  if (err < 0) return -1;
  err = in_cast_sized(f, &exact, t, r);
  in_decref(exact);
  return err;
}

static int shift_or_power(in_frame *f, kb_op op, const in_val *a, const in_val *b, kb_ty t, in_val *r)
{
  unsigned bits = 8u * (unsigned)kb_type_size(t);
  int over = 0;
  if (is_big(b)) (void)PyLong_AsLongLongAndOverflow(b->o, &over);
  bool big = is_big(b) || past_i64(b), negative = big ? over < 0 : b->i < 0;
  in_val n = *b, x = *a;
  if (negative) {
    PyErr_SetString(PyExc_ValueError, op == KB_OPOW ? "Integers to negative integer powers are not allowed." : "negative shift count");
    return -1;
  }
  if (op == KB_OPOW) {
    in_val u;
    if (in_cast_sized(f, a, KB_T_U64, &u) < 0) return -1;
    if (is_big(b)) { /* a ** b modulo 2**64: by the last 64 bits of b where a is odd, else 0 */
      uint64_t low = PyLong_AsUnsignedLongLongMask(b->o);
      if (low == (uint64_t)-1 && PyErr_Occurred()) return -1;
      u.u = u.u & 1 ? kb_upow(u.u, low) : 0;
    } else {
      u.u = kb_upow(u.u, b->u);
    }
    return in_cast_sized(f, &u, t, r);
  }
  if (op == KB_OLSHIFT) {
    if (big || n.i >= (int64_t)bits) x = in_int(0), n = in_int(0);
    if (is_big(&x)) return cast(f, plainly(f, op, &x, &n, r), r, t);
    x.u <<= n.u;
    return in_cast_sized(f, &x, t, r);
  }
  if (big || n.i > 65536) n = in_int(65536);
  if (is_big(&x)) return cast(f, plainly(f, op, &x, &n, r), r, t);
  if (past_i64(&x))
    x.u = kb_ushr(x.u, n.u);
  else
    x.i = kb_ishr(x.i, n.i);
  return in_cast_sized(f, &x, t, r);
}

static int ints(in_frame *f, kb_op op, const in_val *a, const in_val *b, in_val *r)
{
  if (op == KB_OTRUEDIV) /* int's own: weak, exact operands */
    return plainly(f, op, a, b, r);
  kb_ty t = common(a, b);
  if (t == KB_T_BOT) return -1;
  if (op == KB_OLSHIFT || op == KB_ORSHIFT || op == KB_OPOW) return shift_or_power(f, op, a, b, t, r);
  if (is_big(a) || is_big(b)) return cast(f, plainly(f, op, a, b, r), r, t);
  in_val x = *a;
  switch ((int)op) {
  case KB_OADD: x.u += b->u; break;
  case KB_OSUB: x.u -= b->u; break;
  case KB_OMUL: x.u *= b->u; break;
  case KB_OAND: x.u &= b->u; break;
  case KB_OOR: x.u |= b->u; break;
  case KB_OXOR: x.u ^= b->u; break;
  default:
    if (past_i64(a) || past_i64(b) || b->i == 0) return cast(f, plainly(f, op, a, b, r), r, t);
    x.i = op == KB_OMOD ? kb_imod(a->i, b->i) : kb_ifloordiv(a->i, b->i);
    break;
  }
  return in_cast_sized(f, &x, t, r);
}

/* -- f32 ---------------------------------------------------------------------------------------------------------- */

static int f32(in_frame *f, kb_op op, const in_val *a, const in_val *b, in_val *r)
{
  float v, w, s;
  if (op > KB_OPOW) return unsupported(op, a, b);
  if (in_to_f32(f, a, &v) < 0 || in_to_f32(f, b, &w) < 0) return -1;
  bool divides = op == KB_OTRUEDIV || op == KB_OFLOORDIV || op == KB_OMOD;
  if (op == KB_OPOW || (divides && w == 0.0f)) {
    in_val x = in_float((double)v), y = in_float((double)w);
    if (in_binary(f, op, &x, &y, r) < 0) return -1;
    if (r->tag == IN_FLOAT) *r = (in_val){ IN_F32, 0, { .s = (float)r->d } };
    return 0;
  }
  switch ((int)op) {
  case KB_OADD: s = v + w; break;
  case KB_OSUB: s = v - w; break;
  case KB_OMUL: s = v * w; break;
  case KB_OTRUEDIV: s = v / w; break;
  case KB_OFLOORDIV: s = kb_sfloordiv(v, w); break;
  default: s = kb_smod(v, w); break;
  }
  *r = (in_val){ IN_F32, 0, { 0 } };
  r->s = s;
  return 0;
}

static inline bool is_number(const in_val *v) { return (v->tag >= IN_INT && v->tag <= IN_SIZED) || is_big(v); }

int in_sized_binary(in_frame *f, kb_op op, const in_val *a, const in_val *b, in_val *r)
{
  if (!is_number(a) || !is_number(b)) return a->tag == IN_F32 || b->tag == IN_F32 ? unsupported(op, a, b) : plainly(f, op, a, b, r);
  if (a->tag == IN_F64 || b->tag == IN_F64) { /* f64 with anything */
    in_val x = *a, y = *b;
    if (x.tag == IN_F32) x = in_float((double)a->s);
    if (y.tag == IN_F32) y = in_float((double)b->s);
    if (plainly(f, op, &x, &y, r) < 0) return -1;
    if (r->tag == IN_FLOAT) r->tag = IN_F64;
    return 0;
  }
  if (a->tag == IN_F32 || b->tag == IN_F32) return f32(f, op, a, b, r);
  if (a->tag == IN_FLOAT || b->tag == IN_FLOAT) return plainly(f, op, a, b, r); /* sized ints are weak towards floats */
  return ints(f, op, a, b, r);
}

/* -- Comparisons ------------------------------------------------------------------------------------------------------ */

static bool ordered(kb_op op, int sign) /* of a - b */
{
  switch ((int)op) {
  case KB_OLT: return sign < 0;
  case KB_OLE: return sign <= 0;
  case KB_OEQ: return sign == 0;
  case KB_ONE: return sign != 0;
  case KB_OGT: return sign > 0;
  default: return sign >= 0;
  }
}

static bool floats(kb_op op, double a, double b)
{
  if (kb_fisnan(a) || kb_fisnan(b)) return op == KB_ONE;
  return ordered(op, (a > b) - (a < b));
}

int in_sized_compare(in_frame *f, kb_op op, const in_val *a, const in_val *b, bool *r)
{
  if (is_bits(a) && is_bits(b)) {
    bool pa = past_i64(a), pb = past_i64(b);
    int sign = pa != pb ? pa - pb : pa ? (a->u > b->u) - (a->u < b->u) : (a->i > b->i) - (a->i < b->i);
    *r = ordered(op, sign);
    return 0;
  }
  if ((a->tag == IN_F32 || b->tag == IN_F32) && is_number(a) && is_number(b)) {
    float v, w;
    if (a->tag == IN_F64 || b->tag == IN_F64) {
      *r = floats(op, a->tag == IN_F64 ? a->d : (double)a->s, b->tag == IN_F64 ? b->d : (double)b->s);
      return 0;
    }
    if (in_to_f32(f, a, &v) < 0 || in_to_f32(f, b, &w) < 0) return -1;
    *r = floats(op, (double)v, (double)w);
    return 0;
  }
  in_frame plain = *f;
  plain.jit = false;
  PyObject *x = in_object(&plain, a), *y = x ? in_object(&plain, b) : NULL;
  in_val p = { IN_NULL, 0, { 0 } }, q = p, c = p;
  if (y) p = in_obj(x), q = in_obj(y);
  int err = y ? in_compare(&plain, op, &p, &q, &c) : -1;
  if (y == NULL) Py_XDECREF(x);
  in_decref(p);
  in_decref(q);
  int t = err < 0 ? -1 : in_truth(&plain, &c);
  in_decref(c);
  *r = t > 0;
  return t < 0 ? -1 : 0;
}
