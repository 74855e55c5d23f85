/* SPDX-License-Identifier: MIT */
/* py_in_numpy.c: NumPy's scalars and arrays in functions of kb.jit: unboxed where nobody can tell.
 *
 * Nothing of NumPy is linked: its types are found among the imported modules (py_numpy.c), and where the bytes of
 * a scalar are not where they are expected, scalars are made and read by calls. Arithmetic is done here only where
 * NumPy gives the same bits and cannot warn: everything else goes to the objects.
 */
#include "py_in.h"

#include "../include/kbops.h"
#include "py_rt.h"

#include <float.h>

enum { NTYPES = KBPY_NELEM - 1 };
/* ORDER: kbpy_elem; kb_ty of each. */
static const uint8_t elem_ty[KBPY_NELEM] = { KB_T_I8,  KB_T_I16, KB_T_I32, KB_T_I64, KB_T_U8,  KB_T_U16,
                                             KB_T_U32, KB_T_U64, KB_T_F32, KB_T_F64, KB_T_BOOL };
static const char *const names[NTYPES] = { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64" };
static struct { PyTypeObject *type; bool plain; /* the value lies behind the head */ } scalar[NTYPES];
static PyObject *yes, *no;
static enum { UNKNOWN, FOUND, ABSENT } state;

/* -- Finding ---------------------------------------------------------------------------------------------- */

static bool lies_behind_head(PyTypeObject *t, int e)
{
  size_t size = (size_t)1 << kbpy_elem_shift[e];
  if (t->tp_basicsize < (Py_ssize_t)(sizeof(PyObject) + size) || t->tp_itemsize != 0) return false;
  PyObject *o = PyObject_CallFunction((PyObject *)t, "i", 42);
  int64_t i = 42;
  double d = 42.0;
  float s = 42.0f;
  bool ok = o && Py_TYPE(o) == t &&
            memcmp((char *)o + sizeof(PyObject), e == KBPY_F32 ? (void *)&s : e == KBPY_F64 ? (void *)&d : (void *)&i, size) == 0;
  Py_XDECREF(o);
  PyErr_Clear();
  return ok;
}

static bool find(void)
{
  if (state != UNKNOWN) return state == FOUND;
  kbpy_find_numpy();
  if (kbpy_ndarray_type == NULL) return false;
  PyObject *numpy = kbpy_loaded("numpy");
  PyObject *saved[3];
  PyErr_Fetch(&saved[0], &saved[1], &saved[2]);
  state = ABSENT;
  bool all = numpy != NULL;
  Py_XINCREF(numpy);
  for (int e = 0; all && e < NTYPES; e++) {
    PyObject *t = PyObject_GetAttrString(numpy, names[e]); /* kept for the life of the process */
    all = t && PyType_Check(t);
    if (!all) break;
    scalar[e].type = (PyTypeObject *)t;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    scalar[e].plain = lies_behind_head(scalar[e].type, e);
#endif
  }
  if (all) {
    PyObject *b = PyObject_GetAttrString(numpy, "bool_");
    yes = b ? PyObject_CallFunctionObjArgs(b, Py_True, NULL) : NULL;
    no = b ? PyObject_CallFunctionObjArgs(b, Py_False, NULL) : NULL;
    Py_XDECREF(b);
    if (yes && no) state = FOUND;
  }
  PyErr_Restore(saved[0], saved[1], saved[2]);
  Py_XDECREF(numpy);
  return state == FOUND;
}

static PyObject *absent(void)
{
  PyErr_SetString(PyExc_SystemError, "keelback: a NumPy scalar without NumPy");
  return NULL;
}

/* -- Boxing, unboxing --------------------------------------------------------------------------------------- */

PyObject *in_numpy_bool(bool b) { return find() ? Py_NewRef(b ? yes : no) : absent(); }

PyObject *in_numpy_box(const in_val *v)
{
  if (!find()) return absent();
  int e = v->tag == IN_F64 ? KBPY_F64 : v->tag == IN_F32 ? KBPY_F32 : (int)v->aux - KB_T_I8;
  PyTypeObject *t = scalar[e].type;
  if (scalar[e].plain) { /* little-endian: a narrow value is the first bytes of the slot's */
    PyObject *o = t->tp_alloc(t, 0);
    if (o) memcpy((char *)o + sizeof(PyObject), &v->u, (size_t)1 << kbpy_elem_shift[e]);
    return o;
  }
  PyObject *n = e == KBPY_F64   ? PyFloat_FromDouble(v->d)
                : e == KBPY_F32 ? PyFloat_FromDouble((double)v->s)
                : e == KBPY_U64 ? PyLong_FromUnsignedLongLong(v->u)
                                : PyLong_FromLongLong(v->i);
  PyObject *o = n ? PyObject_CallFunctionObjArgs((PyObject *)t, n, NULL) : NULL;
  Py_XDECREF(n);
  return o;
}
_Static_assert(KB_T_U64 - KB_T_I8 == KBPY_U64, "order of sized ints");

bool in_numpy_peek(PyObject *o, in_val *r)
{
  PyTypeObject *t = Py_TYPE(o);
  if (state != FOUND && !find()) return false;
  if (t == scalar[KBPY_F64].type && scalar[KBPY_F64].plain) {
    *r = (in_val){ IN_F64, 0, { 0 } };
    memcpy(&r->d, (char *)o + sizeof(PyObject), sizeof r->d);
    return true;
  }
  for (int e = 0; e < NTYPES; e++) {
    if (t != scalar[e].type || !scalar[e].plain) continue;
    in_array_load(NULL, elem_ty[e], (int64_t)(intptr_t)((char *)o + sizeof(PyObject)), r);
    return true;
  }
  return false;
}

/* -- Arrays -------------------------------------------------------------------------------------------------- */

bool in_array_plain(PyObject *o, kb_ty *elem)
{
  const kbpy_ndarray *a = (const kbpy_ndarray *)o;
  if (kbpy_ndarray_type == NULL) kbpy_find_numpy();
  if (Py_TYPE(o) != kbpy_ndarray_type || a->nd != 1 || !(a->flags & KBPY_ND_ALIGNED) || !find()) return false;
  for (int e = KBPY_NELEM - 1; e >= 0; e--)
    if (a->descr == kbpy_descrs[e] || kbpy_is_dtype(a->descr, (kbpy_elem)e)) {
      *elem = elem_ty[e];
      return true;
    }
  return false;
}

/* Element i of a plain array; o NULL: i is an address. The scalar that NumPy would make, unboxed. */
void in_array_load(PyObject *o, kb_ty elem, int64_t i, in_val *r)
{
  const kbpy_ndarray *a = (const kbpy_ndarray *)o;
  const char *at = o ? a->data + i * a->strides[0] : (const char *)(intptr_t)i;
  in_val v = { IN_SIZED, elem, { 0 } };
  switch (elem) {
  case KB_T_I8: v.i = *(const int8_t *)at; break;
  case KB_T_U8: v.i = *(const uint8_t *)at; break;
  case KB_T_I16: v.i = *(const int16_t *)at; break;
  case KB_T_U16: v.i = *(const uint16_t *)at; break;
  case KB_T_I32: v.i = *(const int32_t *)at; break;
  case KB_T_U32: v.i = *(const uint32_t *)at; break;
  case KB_T_F32: v = (in_val){ IN_F32, 0, { 0 } }, v.s = *(const float *)at; break;
  case KB_T_F64: v = (in_val){ IN_F64, 0, { 0 } }, v.d = *(const double *)at; break;
  case KB_T_BOOL: v = in_obj(Py_NewRef(*at ? yes : no)); break;
  default: v.i = *(const int64_t *)at; break;
  }
  *r = v;
}

static inline bool is_i64(const in_val *v) { return v->tag == IN_SIZED && v->aux == KB_T_I64; }

/* A float64 operand: numpy.float64, Python's float, an int or int64 that it holds exactly. */
static bool as_f64(const in_val *v, double *d)
{
  const int64_t lim = INT64_C(1) << 53;
  if (v->tag == IN_F64 || v->tag == IN_FLOAT)
    *d = v->d;
  else if ((v->tag == IN_INT || (v->tag == IN_SIZED && v->aux == KB_T_I64)) && v->i >= -lim && v->i <= lim)
    *d = (double)v->i;
  else
    return false;
  return true;
}

/* The address of the element that the instruction's indices name, and its class; NULL: not so simple. */
static char *element(in_frame *f, const in_ins *i, PyObject *o, uint32_t n, int *elem)
{
  const kbpy_ndarray *a = (const kbpy_ndarray *)o;
  if (Py_TYPE(o) != kbpy_ndarray_type || a->nd != (int)n || !(a->flags & KBPY_ND_ALIGNED)) return NULL;
  int e = KBPY_NELEM;
  while (--e >= 0 && a->descr != kbpy_descrs[e])
    ;
  if (e < 0) return NULL;
  char *p = a->data;
  for (uint32_t k = 0; k < n; k++) {
    const in_val *v = IN_ARG(f, i, k + 1);
    in_val x = v->tag == IN_OBJ ? in_peek(v) : *v;
    if (x.tag != IN_INT && !is_i64(&x)) return NULL;
    Py_ssize_t len = a->dimensions[k];
    if (x.i < 0) x.i += len;
    if (x.i < 0 || x.i >= len) return NULL;
    p += x.i * a->strides[k];
  }
  *elem = e;
  return p;
}

bool in_array_get(in_frame *f, const in_ins *i, PyObject *o, in_val *r)
{
  int e;
  if (kbpy_ndarray_type == NULL || !find()) { /* it was not there before; now it may be */
    if (strcmp(Py_TYPE(o)->tp_name, "numpy.ndarray") != 0 || !find()) return false;
  }
  const char *p = element(f, i, o, IN_N(f, i) - 1, &e);
  if (p) in_array_load(NULL, elem_ty[e], (int64_t)(intptr_t)p, r);
  return p != NULL;
}

bool in_array_set(in_frame *f, const in_ins *i, PyObject *o, const in_val *v)
{
  int e;
  if (kbpy_ndarray_type == NULL || Py_TYPE(o) != kbpy_ndarray_type || !(((kbpy_ndarray *)o)->flags & KBPY_ND_WRITEABLE)) return false;
  char *p = element(f, i, o, IN_N(f, i) - 2, &e);
  if (p == NULL) return false;
  in_val x = in_peek(v);
  double d;
  if (x.tag == IN_OBJ) {
    in_val room;
    if (!in_numpy_peek(x.o, &room)) return false;
    x = room;
  }
  if (e == KBPY_F64 && as_f64(&x, &d))
    memcpy(p, &d, sizeof d);
  else if (e == KBPY_I64 && (x.tag == IN_INT || is_i64(&x)))
    memcpy(p, &x.i, sizeof x.i);
  else if (e == KBPY_F32 && x.tag == IN_F32)
    memcpy(p, &x.s, sizeof x.s);
  else if (e == KBPY_BOOL && x.tag == IN_BOOL)
    *p = (char)x.i;
  else
    return false;
  return true;
}

/* -- Arithmetic ------------------------------------------------------------------------------------------------ */

/* Neither overflow nor invalid nor underflow can have been flagged: x and y are finite, and so is r, and not tiny unless
 * it is exact. */
static int f64_binary(kb_op op, double x, double y, double *r)
{
  double a;
  switch ((int)op) {
  case KB_OADD: *r = x + y; return kb_fisfinite(*r); /* sums are never inexact and tiny */
  case KB_OSUB: *r = x - y; return kb_fisfinite(*r);
  case KB_OMUL:
    *r = x * y, a = __builtin_fabs(*r);
    return a <= DBL_MAX && (a > DBL_MIN || x == 0.0 || y == 0.0);
  case KB_OTRUEDIV:
    if (y == 0.0) return 0;
    *r = x / y, a = __builtin_fabs(*r);
    return kb_fisfinite(y) && a <= DBL_MAX && (a > DBL_MIN || x == 0.0);
  default: return 0;
  }
}

static int f32_binary(kb_op op, float x, float y, float *r)
{
  float a;
  switch ((int)op) {
  case KB_OADD: *r = x + y; break;
  case KB_OSUB: *r = x - y; break;
  case KB_OMUL:
    *r = x * y, a = __builtin_fabsf(*r);
    return a <= FLT_MAX && (a > FLT_MIN || x == 0.0f || y == 0.0f);
  case KB_OTRUEDIV:
    if (y == 0.0f) return 0;
    *r = x / y, a = __builtin_fabsf(*r);
    return __builtin_fabsf(y) <= FLT_MAX && a <= FLT_MAX && (a > FLT_MIN || x == 0.0f);
  default: return 0;
  }
  return __builtin_fabsf(*r) <= FLT_MAX;
}

/* int64 with int64, or with a Python int: int64, / float64. */
static int i64_binary(kb_op op, int64_t x, int64_t y, in_val *r)
{
  in_val v = { IN_SIZED, KB_T_I64, { 0 } };
  switch ((int)op) {
  case KB_OADD:
    if (__builtin_add_overflow(x, y, &v.i)) return 0;
    break;
  case KB_OSUB:
    if (__builtin_sub_overflow(x, y, &v.i)) return 0;
    break;
  case KB_OMUL:
    if (__builtin_mul_overflow(x, y, &v.i)) return 0;
    break;
  case KB_OFLOORDIV:
    if (y == 0 || y == -1) return 0;
    v.i = kb_ifloordiv(x, y);
    break;
  case KB_OMOD:
    if (y == 0 || y == -1) return 0;
    v.i = kb_imod(x, y);
    break;
  case KB_OAND: v.i = x & y; break;
  case KB_OOR: v.i = x | y; break;
  case KB_OXOR: v.i = x ^ y; break;
  case KB_OTRUEDIV:
    if (y == 0) return 0;
    v = (in_val){ IN_F64, 0, { 0 } };
    v.d = (double)x / (double)y;
    break;
  default: return 0;
  }
  *r = v;
  return 1;
}

/* A NumPy scalar that came as an object. */
static const in_val *unboxed(const in_val *v, in_val *room)
{
  return v->tag == IN_OBJ && in_numpy_peek(v->o, room) ? room : v;
}

int in_jit_binary(kb_op op, const in_val *a, const in_val *b, in_val *r)
{
  in_val ra, rb;
  double x, y, d;
  a = unboxed(a, &ra), b = unboxed(b, &rb);
  int done = 0;
  if (a->tag == IN_F32 && b->tag == IN_F32) {
    float s;
    if (f32_binary(op, a->s, b->s, &s)) *r = (in_val){ IN_F32, 0, { 0 } }, r->s = s, done = 1;
  } else if ((is_i64(a) || a->tag == IN_INT) && (is_i64(b) || b->tag == IN_INT)) {
    if (is_i64(a) || is_i64(b)) done = i64_binary(op, a->i, b->i, r);
  } else if (as_f64(a, &x) && as_f64(b, &y) && !(a->tag == IN_FLOAT && b->tag == IN_FLOAT)) {
    if (f64_binary(op, x, y, &d)) *r = in_float(d), r->tag = IN_F64, done = 1;
  }
  if (a == &ra && ra.tag == IN_OBJ) in_decref(ra);
  if (b == &rb && rb.tag == IN_OBJ) in_decref(rb);
  return done;
}

int in_jit_compare(kb_op op, const in_val *a, const in_val *b, bool *r)
{
  in_val ra, rb;
  double x, y;
  int sign;
  a = unboxed(a, &ra), b = unboxed(b, &rb);
  if ((is_i64(a) || a->tag == IN_INT) && (is_i64(b) || b->tag == IN_INT)) {
    if (!is_i64(a) && !is_i64(b)) return 0;
    sign = (a->i > b->i) - (a->i < b->i);
  } else if (a->tag == IN_F32 && b->tag == IN_F32) {
    if (a->s != a->s || b->s != b->s) return 0;
    sign = (a->s > b->s) - (a->s < b->s);
  } else if ((a->tag == IN_F64 || b->tag == IN_F64) && as_f64(a, &x) && as_f64(b, &y)) {
    if (kb_fisnan(x) || kb_fisnan(y)) return 0;
    sign = (x > y) - (x < y);
  } else {
    return 0;
  }
  switch ((int)op) {
  case KB_OLT: *r = sign < 0; break;
  case KB_OLE: *r = sign <= 0; break;
  case KB_OEQ: *r = sign == 0; break;
  case KB_ONE: *r = sign != 0; break;
  case KB_OGT: *r = sign > 0; break;
  default: *r = sign >= 0; break;
  }
  return 1;
}
