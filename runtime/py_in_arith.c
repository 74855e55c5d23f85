/* SPDX-License-Identifier: MIT */
/* py_in_arith.c: Python's operators on slots of any kind: what the loop's fast paths leave.
 *
 * Ints within 64 bits, floats and bools are computed here; whatever does not fit, raises or is another type is
 * done by CPython on objects, which knows the value, the exception and the text.
 */
#include "py_in.h"

#include "../include/kbops.h"

/* -- On objects ------------------------------------------------------------------------------------------- */

static PyObject *power(PyObject *a, PyObject *b) { return PyNumber_Power(a, b, Py_None); }

static PyObject *object_binary(kb_op op, PyObject *a, PyObject *b)
{
  switch ((int)op) {
  case KB_OADD: return PyNumber_Add(a, b);
  case KB_OSUB: return PyNumber_Subtract(a, b);
  case KB_OMUL: return PyNumber_Multiply(a, b);
  case KB_OTRUEDIV: return PyNumber_TrueDivide(a, b);
  case KB_OFLOORDIV: return PyNumber_FloorDivide(a, b);
  case KB_OMOD: return PyNumber_Remainder(a, b);
  case KB_OPOW: return power(a, b);
  case KB_OLSHIFT: return PyNumber_Lshift(a, b);
  case KB_ORSHIFT: return PyNumber_Rshift(a, b);
  case KB_OAND: return PyNumber_And(a, b);
  case KB_OOR: return PyNumber_Or(a, b);
  case KB_OXOR: return PyNumber_Xor(a, b);
  case KB_OMATMUL: return PyNumber_MatrixMultiply(a, b);
  default: return PyErr_Format(PyExc_SystemError, "keelback: %s is no binary operator", kb_ops[op].text);
  }
}

static int object_op(in_frame *f, kb_op op, in_val *a, in_val *b, in_val *r)
{
  PyObject *x = in_box(f, a), *y = x ? in_box(f, b) : NULL, *z = y ? object_binary(op, x, y) : NULL;
  Py_XDECREF(x);
  Py_XDECREF(y);
  if (z == NULL) return -1;
  *r = f->jit ? in_obj(z) : in_unbox(z);
  return 0;
}

static bool is_big(const in_val *v) { return v->tag == IN_OBJ && PyLong_CheckExact(v->o); }

/* -- Ints and floats ------------------------------------------------------------------------------------------ */

/* 1: done; 0: not within 64 bits, or an exception. */
static int int_op(kb_op op, int64_t a, int64_t b, in_val *r)
{
  int64_t i;
  bool ok = true;
  switch ((int)op) {
  case KB_OADD: ok = !__builtin_add_overflow(a, b, &i); break;
  case KB_OSUB: ok = !__builtin_sub_overflow(a, b, &i); break;
  case KB_OMUL: ok = !__builtin_mul_overflow(a, b, &i); break;
  case KB_OTRUEDIV:
    if (b == 0) return 0;
    *r = in_float(kb_itruediv(a, b));
    return 1;
  case KB_OFLOORDIV:
    if (b == 0 || (b == -1 && a == INT64_MIN)) return 0;
    i = kb_ifloordiv(a, b);
    break;
  case KB_OMOD:
    if (b == 0) return 0;
    i = kb_imod(a, b);
    break;
  case KB_OPOW: ok = b >= 0 && kb_ipowo(a, b, &i); break;
  case KB_OLSHIFT: ok = b >= 0 && kb_ishlo(a, b, &i); break;
  case KB_ORSHIFT:
    if (b < 0) return 0;
    i = kb_ishr(a, b);
    break;
  case KB_OAND: i = a & b; break;
  case KB_OOR: i = a | b; break;
  case KB_OXOR: i = a ^ b; break;
  default: return 0;
  }
  if (ok) *r = in_int(i);
  return ok;
}

/* overflow="wrap": ints of 64 bits. */
static int wrapping_op(kb_op op, int64_t a, int64_t b, in_val *r)
{
  switch ((int)op) {
  case KB_OADD: *r = in_int(kb_iadd(a, b)); return 1;
  case KB_OSUB: *r = in_int(kb_isub(a, b)); return 1;
  case KB_OMUL: *r = in_int(kb_imul(a, b)); return 1;
  case KB_OFLOORDIV:
    if (b != -1) break;
    *r = in_int(kb_isub(0, a));
    return 1;
  case KB_OPOW:
    if (b < 0) return 0;
    *r = in_int(kb_ipow(a, b));
    return 1;
  case KB_OLSHIFT:
    if (b < 0) return 0;
    *r = in_int(kb_ishl(a, b));
    return 1;
  default: break;
  }
  return int_op(op, a, b, r);
}

static int float_op(kb_op op, double a, double b, double *r)
{
  switch ((int)op) {
  case KB_OADD: *r = a + b; return 1;
  case KB_OSUB: *r = a - b; return 1;
  case KB_OMUL: *r = a * b; return 1;
  case KB_OTRUEDIV: *r = a / b; return b != 0.0;
  case KB_OFLOORDIV:
    if (b == 0.0) return 0;
    *r = kb_ffloordiv(a, b);
    return 1;
  case KB_OMOD:
    if (b == 0.0) return 0;
    *r = kb_fmod(a, b);
    return 1;
  case KB_OPOW:
    if (!kb_fisfinite(a) || !kb_fisfinite(b) || kb_fpowz(a, b) || kb_fpowc(a, b)) return 0;
    *r = kb_m_pow(a, b);
    return kb_fisfinite(*r);
  default: return 0;
  }
}

static inline bool is_int(const in_val *v) { return v->tag == IN_INT || v->tag == IN_BOOL; }
static inline bool is_float(const in_val *v) { return v->tag == IN_FLOAT || v->tag == IN_F64; }

/* A tuple is changed in place: it has just been made. */
int in_fit_ints(const in_frame *f, in_val *v)
{
  for (uint32_t k = 0; v->tag == IN_TUPLE && k < v->tup->n; k++)
    if (in_fit_ints(f, &v->tup->item[k]) < 0) return -1;
  if (v->tag != IN_OBJ || !PyLong_CheckExact(v->o)) return 0;
  int past;
  int64_t i = PyLong_AsLongLongAndOverflow(v->o, &past);
  if (past && !f->code->image->wrap) {
    PyErr_SetString(PyExc_OverflowError, "int result does not fit 64 bits");
    return -1;
  }
  if (past) i = (int64_t)PyLong_AsUnsignedLongLongMask(v->o);
  Py_DECREF(v->o);
  *v = in_int(i);
  return 0;
}

int in_binary(in_frame *f, kb_op op, in_val *a, in_val *b, in_val *r)
{
  in_val x = in_peek(a), y = in_peek(b);
  if (f->jit && (is_big(&x) || is_big(&y)) && (is_big(&x) || x.tag == IN_INT) && (is_big(&y) || y.tag == IN_INT))
    return object_op(f, op, a, b, r);
  if (f->jit && (x.tag >= IN_F64 || y.tag >= IN_F64)) {
    int done = in_jit_binary(op, &x, &y, r);
    return done ? done < 0 ? -1 : 0 : object_op(f, op, a, b, r);
  }
  bool wrap = f->code->image->wrap;
  if (is_int(&x) && is_int(&y)) {
    if (x.tag == IN_BOOL && y.tag == IN_BOOL && op >= KB_OAND && op <= KB_OXOR) {
      *r = in_bool((op == KB_OAND ? x.i & y.i : op == KB_OOR ? x.i | y.i : x.i ^ y.i) != 0);
      return 0;
    }
    if (wrap ? wrapping_op(op, x.i, y.i, r) : int_op(op, x.i, y.i, r)) return 0;
  } else if (x.tag == IN_SIZED || y.tag == IN_SIZED || x.tag == IN_F32 || y.tag == IN_F32) {
    return in_sized_binary(f, op, &x, &y, r);
  } else if ((is_float(&x) || is_int(&x)) && (is_float(&y) || is_int(&y))) {
    uint32_t tag = x.tag == IN_F64 || y.tag == IN_F64 ? IN_F64 : IN_FLOAT;
    double d;
    if (float_op(op, is_int(&x) ? (double)x.i : x.d, is_int(&y) ? (double)y.i : y.d, &d)) {
      *r = in_float(d);
      r->tag = tag;
      return 0;
    }
  }
  if (object_op(f, op, a, b, r) < 0) return -1;
  if ((x.tag == IN_F64 || y.tag == IN_F64) && r->tag == IN_FLOAT) r->tag = IN_F64;
  if (in_fit(f, r) == 0) return 0;
  in_decref(*r);
  return -1;
}

/* -- Unary ----------------------------------------------------------------------------------------------------------- */

static int object_unary(in_frame *f, kb_op op, in_val *a, in_val *r)
{
  PyObject *x = in_box(f, a), *z = NULL;
  if (x) z = op == KB_ONEG ? PyNumber_Negative(x) : op == KB_OPOS ? PyNumber_Positive(x) : PyNumber_Invert(x);
  Py_XDECREF(x);
  if (z == NULL) return -1;
  *r = f->jit ? in_obj(z) : in_unbox(z);
  if (in_fit(f, r) == 0) return 0;
  in_decref(*r);
  return -1;
}

int in_unary(in_frame *f, kb_op op, in_val *a, in_val *r)
{
  if (op == KB_ONOT || op == KB_OTRUTH) {
    int t = in_truth(f, a);
    *r = in_bool(op == KB_ONOT ? t == 0 : t);
    return t < 0 ? -1 : 0;
  }
  in_val x = in_peek(a);
  switch (x.tag) {
  case IN_BOOL:
    if (f->jit && op == KB_OINVERT) break; /* deprecated from 3.12 on: it warns */
    x.tag = IN_INT;                        /* fall through */
  case IN_INT:
    if (op == KB_ONEG && x.i == INT64_MIN && !f->code->image->wrap) break;
    *r = in_int(op == KB_ONEG ? kb_isub(0, x.i) : op == KB_OPOS ? x.i : ~x.i);
    return 0;
  case IN_SIZED:
    if (f->jit) break; /* NumPy warns when it wraps */
    x.u = op == KB_ONEG ? 0 - x.u : op == KB_OPOS ? x.u : ~x.u;
    return in_cast_sized(f, &x, (kb_ty)x.aux, r);
  case IN_FLOAT:
  case IN_F64:
    if (op == KB_OINVERT) break;
    *r = x;
    if (op == KB_ONEG) r->d = -x.d;
    return 0;
  case IN_F32:
    if (op == KB_OINVERT) break;
    *r = x;
    if (op == KB_ONEG) r->s = -x.s;
    return 0;
  default: break;
  }
  return object_unary(f, op, a, r);
}

/* -- Comparisons ------------------------------------------------------------------------------------------------------ */

#define COMPARE(op, a, b) \
  ((op) == KB_OLT   ? (a) < (b) \
   : (op) == KB_OLE ? (a) <= (b) \
   : (op) == KB_OEQ ? (a) == (b) \
   : (op) == KB_ONE ? (a) != (b) \
   : (op) == KB_OGT ? (a) > (b) \
                    : (a) >= (b))

static bool mixed(kb_op op, int64_t i, double d)
{
  switch ((int)op) {
  case KB_OLT: return kb_iflt(i, d);
  case KB_OLE: return kb_ifle(i, d);
  case KB_OEQ: return kb_ifeq(i, d);
  case KB_ONE: return kb_ifne(i, d);
  case KB_OGT: return kb_ifgt(i, d);
  default: return kb_ifge(i, d);
  }
}
static kb_op swapped(kb_op op)
{
  return op == KB_OLT ? KB_OGT : op == KB_OLE ? KB_OGE : op == KB_OGT ? KB_OLT : op == KB_OGE ? KB_OLE : op;
}

/* One object? What is unboxed has no identity: equal values of one type are one object. */
static bool same(const in_val *a, const in_val *b)
{
  if (a->tag == IN_OBJ && b->tag == IN_OBJ) return a->o == b->o;
  in_val x = in_peek(a), y = in_peek(b);
  if (x.tag != y.tag || x.aux != y.aux) return false;
  return x.tag == IN_F32 ? memcmp(&x.s, &y.s, sizeof x.s) == 0 : x.u == y.u;
}

static int object_compare(in_frame *f, kb_op op, in_val *a, in_val *b, in_val *r)
{
  static const int py_op[] = { Py_LT, Py_LE, Py_EQ, Py_NE, Py_GT, Py_GE };
  PyObject *x = in_box(f, a), *y = x ? in_box(f, b) : NULL;
  PyObject *z = y ? PyObject_RichCompare(x, y, py_op[op - KB_OLT]) : NULL;
  Py_XDECREF(x);
  Py_XDECREF(y);
  if (z == NULL) return -1;
  *r = PyBool_Check(z) ? in_unbox(z) : in_obj(z);
  return 0;
}
_Static_assert(KB_OLE == KB_OLT + 1 && KB_OEQ == KB_OLT + 2 && KB_ONE == KB_OLT + 3 && KB_OGT == KB_OLT + 4 && KB_OGE == KB_OLT + 5,
               "order of comparisons");

int in_compare(in_frame *f, kb_op op, in_val *a, in_val *b, in_val *r)
{
  if (op == KB_OIS || op == KB_OISNOT) {
    *r = in_bool(same(a, b) == (op == KB_OIS));
    return 0;
  }
  in_val x = in_peek(a), y = in_peek(b);
  bool c;
  if (f->jit && (x.tag >= IN_F64 || y.tag >= IN_F64)) {
    int done = in_jit_compare(op, &x, &y, &c);
    if (done == 0) return object_compare(f, op, a, b, r);
    PyObject *o = done < 0 ? NULL : in_numpy_bool(c);
    if (o) *r = in_obj(o);
    return o ? 0 : -1;
  }
  if (is_int(&x) && is_int(&y))
    c = COMPARE(op, x.i, y.i);
  else if (x.tag == IN_SIZED || y.tag == IN_SIZED || x.tag == IN_F32 || y.tag == IN_F32) {
    if (in_sized_compare(f, op, &x, &y, &c) < 0) return -1;
  } else if (is_float(&x) && is_float(&y))
    c = COMPARE(op, x.d, y.d);
  else if (is_int(&x) && is_float(&y))
    c = mixed(op, x.i, y.d);
  else if (is_float(&x) && is_int(&y))
    c = mixed(swapped(op), y.i, x.d);
  else
    return object_compare(f, op, a, b, r);
  *r = in_bool(c);
  return 0;
}
