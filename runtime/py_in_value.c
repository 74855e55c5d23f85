/* SPDX-License-Identifier: MIT */
/* py_in_value.c: slots: making, freeing, boxing, unboxing, truth, declared types. */
#include "py_in.h"

#include "../include/kbops.h"

/* -- Making and freeing ------------------------------------------------------------------------------------ */

void in_free(in_val v)
{
  if (v.tag == IN_TUPLE) {
    for (uint32_t i = 0; i < v.tup->n; i++) in_decref(v.tup->item[i]);
    PyMem_Free(v.tup);
  } else if (v.tag == IN_VIEW) {
    Py_XDECREF(v.view->owner);
    PyMem_Free(v.view);
  } else {
    in_iter *it = v.it;
    in_decref(it->from);
    in_decref(it->item);
    for (uint32_t i = 0; i < it->n; i++)
      if (it->sub[i] && --it->sub[i]->refs == 0) {
        in_val sub = { IN_ITER, 0, { .it = it->sub[i] } };
        in_free(sub);
      }
    PyMem_Free(it->sub);
    PyMem_Free(it);
  }
}

in_val in_tuple_new(uint32_t n)
{
  in_val v = { IN_TUPLE, 0, { 0 } };
  v.tup = (in_tuple *)PyMem_Calloc(1, sizeof *v.tup + n * sizeof *v.tup->item);
  if (v.tup == NULL) {
    PyErr_NoMemory();
    return (in_val){ IN_NULL, 0, { 0 } };
  }
  v.tup->refs = 1;
  v.tup->n = n;
  return v;
}

in_val in_view_new(char *data, kb_ty elem, uint32_t rank, const int64_t *shape, const int64_t *stride, PyObject *owner)
{
  in_val v = { IN_VIEW, 0, { 0 } };
  v.view = (in_view *)PyMem_Calloc(1, sizeof *v.view);
  if (v.view == NULL) {
    PyErr_NoMemory();
    return (in_val){ IN_NULL, 0, { 0 } };
  }
  v.view->refs = 1;
  v.view->data = data;
  v.view->elem = (uint8_t)elem;
  v.view->rank = (uint8_t)rank;
  for (uint32_t k = 0; k < rank; k++) v.view->shape[k] = shape[k], v.view->stride[k] = stride[k];
  Py_XINCREF(owner);
  v.view->owner = owner;
  return v;
}

in_val in_view_sub(const in_view *v, const int64_t *index, uint32_t n)
{
  int64_t at = 0;
  for (uint32_t k = 0; k < n; k++) at += index[k] * v->stride[k];
  in_val r = in_view_new(v->data + at * (int64_t)kb_type_size(v->elem), v->elem, v->rank - n, v->shape + n, v->stride + n, v->owner);
  if (r.tag) r.view->readonly = v->readonly;
  return r;
}

/* -- Boxing --------------------------------------------------------------------------------------------------- */

static PyObject *box_tuple(const in_frame *f, const in_tuple *t)
{
  PyObject *r = PyTuple_New(t->n);
  for (uint32_t i = 0; r && i < t->n; i++) {
    PyObject *o = in_object(f, &t->item[i]);
    if (o == NULL)
      Py_CLEAR(r);
    else
      PyTuple_SET_ITEM(r, i, o);
  }
  return r;
}

PyObject *in_object(const in_frame *f, const in_val *v)
{
  bool numpy = f && f->jit;
  switch (v->tag) {
  case IN_INT: return PyLong_FromLongLong(v->i);
  case IN_FLOAT: return PyFloat_FromDouble(v->d);
  case IN_BOOL: return Py_NewRef(v->i ? Py_True : Py_False);
  case IN_F64: return numpy ? in_numpy_box(v) : PyFloat_FromDouble(v->d);
  case IN_F32: return numpy ? in_numpy_box(v) : PyFloat_FromDouble((double)v->s);
  case IN_SIZED:
    return numpy                ? in_numpy_box(v)
           : v->aux == KB_T_U64 ? PyLong_FromUnsignedLongLong(v->u)
                                : PyLong_FromLongLong(v->i);
  case IN_OBJ: return Py_NewRef(v->o);
  case IN_TUPLE: return box_tuple(f, v->tup);
  case IN_ITER:
    if (v->it->kind == IN_IT_RANGE)
      return PyObject_CallFunction((PyObject *)&PyRange_Type, "LLL", (long long)v->it->i, (long long)v->it->stop, (long long)v->it->step);
    break;
  default: break;
  }
  return PyErr_Format(PyExc_SystemError, "keelback: a value of kind %d cannot become an object", (int)v->tag);
}

PyObject *in_box(in_frame *f, in_val *v)
{
  if (v->tag == IN_OBJ) return Py_NewRef(v->o);
  PyObject *o = in_object(f, v);
  if (o) in_set(v, in_obj(Py_NewRef(o)));
  return o;
}

in_val in_peek(const in_val *v)
{
  if (v->tag != IN_OBJ) return *v;
  PyObject *o = v->o;
  if (PyLong_CheckExact(o)) {
    int over;
    long long i = PyLong_AsLongLongAndOverflow(o, &over);
    return over ? *v : in_int(i);
  }
  if (PyFloat_CheckExact(o)) return in_float(PyFloat_AS_DOUBLE(o));
  return PyBool_Check(o) ? in_bool(o == Py_True) : *v;
}

in_val in_unbox(PyObject *o)
{
  in_val v = in_obj(o), r = in_peek(&v);
  if (r.tag != IN_OBJ) Py_DECREF(o);
  return r;
}

/* -- Truth ----------------------------------------------------------------------------------------------------------- */

int in_truth(in_frame *f, in_val *v)
{
  switch (v->tag) {
  case IN_INT:
  case IN_BOOL: return v->i != 0;
  case IN_SIZED: return v->u != 0;
  case IN_FLOAT:
  case IN_F64: return v->d != 0.0;
  case IN_F32: return v->s != 0.0f;
  case IN_OBJ: return v->o == Py_True ? 1 : v->o == Py_False || v->o == Py_None ? 0 : PyObject_IsTrue(v->o);
  case IN_TUPLE: return v->tup->n != 0;
  case IN_ITER: return v->it->kind != IN_IT_RANGE || kb_irangelen(v->it->i, v->it->stop, v->it->step) != 0;
  case IN_VIEW: PyErr_SetString(PyExc_TypeError, "an array has no truth value: write len(x) != 0"); return -1;
  default: break;
  }
  PyObject *o = in_object(f, v);
  int r = o ? PyObject_IsTrue(o) : -1;
  Py_XDECREF(o);
  return r;
}

/* -- Numbers of other types ---------------------------------------------------------------------------------------------- */

int in_to_double(in_frame *f, const in_val *v, double *r)
{
  in_val x = in_peek(v);
  switch (x.tag) {
  case IN_INT:
  case IN_BOOL: *r = (double)x.i; return 0;
  case IN_FLOAT:
  case IN_F64: *r = x.d; return 0;
  case IN_F32: *r = (double)x.s; return 0;
  case IN_SIZED: *r = x.aux == KB_T_U64 ? (double)x.u : (double)x.i; return 0;
  default: break;
  }
  PyObject *o = in_object(f, &x), *n = o ? PyNumber_Float(o) : NULL;
  if (n) *r = PyFloat_AS_DOUBLE(n);
  Py_XDECREF(n);
  Py_XDECREF(o);
  return n ? 0 : -1;
}

/* A big int with one rounding: the first 50 bits and a sticky one have no more than a double holds. */
static int big_to_f32(PyObject *o, float *r)
{
  double d = PyLong_AsDouble(o);
  if (d == -1.0 && PyErr_Occurred()) return -1;
  if (__builtin_fabs(d) > 0x1p200) { /* beyond f32 in any case */
    *r = (float)d;
    return 0;
  }
  PyObject *back = PyLong_FromDouble(d), *rest = back ? PyNumber_Subtract(o, back) : NULL, *zero = rest ? PyLong_FromLong(0) : NULL;
  int up = zero ? PyObject_RichCompareBool(rest, zero, Py_GT) : -1, down = zero ? PyObject_RichCompareBool(rest, zero, Py_LT) : -1;
  Py_XDECREF(zero);
  Py_XDECREF(rest);
  Py_XDECREF(back);
  if (up < 0 || down < 0) return -1;
  uint64_t bits = kb_fbits(d); /* a double whose last bit is odd lies on no border between two f32 */
  if ((up || down) && !(bits & 1)) bits = (up ? d > 0 : d < 0) ? bits + 1 : bits - 1;
  *r = (float)kb_bitsf(bits);
  return 0;
}

int in_to_f32(in_frame *f, const in_val *v, float *r)
{
  in_val x = in_peek(v);
  double d;
  if (x.tag == IN_F32)
    *r = x.s;
  else if (x.tag == IN_INT || x.tag == IN_BOOL || (x.tag == IN_SIZED && x.aux != KB_T_U64))
    *r = (float)x.i;
  else if (x.tag == IN_SIZED)
    *r = (float)x.u;
  else if (x.tag == IN_OBJ && PyLong_Check(x.o))
    return big_to_f32(x.o, r);
  else if (in_to_double(f, &x, &d) < 0)
    return -1;
  else
    *r = (float)d;
  return 0;
}

int in_cast_sized(in_frame *f, const in_val *v, kb_ty to, in_val *r)
{
  in_val x = in_peek(v);
  if (x.tag == IN_OBJ && PyLong_Check(x.o)) {
    x.u = PyLong_AsUnsignedLongLongMask(x.o);
    if (x.u == (uint64_t)-1 && PyErr_Occurred()) return -1;
  } else if (x.tag != IN_INT && x.tag != IN_BOOL && x.tag != IN_SIZED) {
    PyObject *o = in_object(f, &x);
    PyErr_Format(PyExc_TypeError, "an int was expected, not %s", o ? Py_TYPE(o)->tp_name : "this");
    Py_XDECREF(o);
    return -1;
  }
  r->tag = IN_SIZED, r->aux = to;
  switch (to) {
  case KB_T_I8: r->i = (int8_t)x.i; break;
  case KB_T_I16: r->i = (int16_t)x.i; break;
  case KB_T_I32: r->i = (int32_t)x.i; break;
  case KB_T_U8: r->i = (uint8_t)x.i; break;
  case KB_T_U16: r->i = (uint16_t)x.i; break;
  case KB_T_U32: r->i = (uint32_t)x.i; break;
  default: r->u = x.u; break;
  }
  return 0;
}

/* -- Declared types ---------------------------------------------------------------------------------------------------------- */

/* ORDER: enum kb_as. */
static const kb_ty type_of_as[] = { KB_T_BOOL, KB_T_INT, KB_T_FLOAT, KB_T_I8,  KB_T_I16, KB_T_I32, KB_T_I64,
                                    KB_T_U8,   KB_T_U16, KB_T_U32,   KB_T_U64, KB_T_F32, KB_T_F64 };
_Static_assert(KB_AS_F64 == 12 && KB_AS_I8 == 3 && KB_AS_U64 == 10, "order of KB_AS_*");

static int wrong_type(in_frame *f, const in_val *v, const char *want)
{
  PyObject *o = in_object(f, v);
  if (o) PyErr_Format(PyExc_TypeError, "expected %s, got %s", want, Py_TYPE(o)->tp_name);
  Py_XDECREF(o);
  return -1;
}

/* An int as it is when it lies within the sized type t; INT takes any. */
static int convert_int(in_frame *f, const in_val *v, kb_ty t, in_val *r)
{
  static const char *const names[] = { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64" };
  in_val x = in_peek(v);
  bool big = x.tag == IN_OBJ && PyLong_Check(x.o), u64 = x.tag == IN_SIZED && x.aux == KB_T_U64 && x.i < 0;
  if (!big && x.tag != IN_INT && x.tag != IN_BOOL && x.tag != IN_SIZED) return wrong_type(f, &x, "an int");
  bool ok = true;
  if (t != KB_T_INT) {
    unsigned bits = 8u * (unsigned)kb_type_size(t);
    bool u = t >= KB_T_U8;
    if (big) {
      ok = u && bits == 64 && (PyLong_AsUnsignedLongLong(x.o) != (unsigned long long)-1 || !PyErr_Occurred());
      PyErr_Clear();
    } else if (u64) {
      ok = t == KB_T_U64;
    } else if (bits == 64) {
      ok = !u || x.i >= 0;
    } else {
      int64_t lo = u ? 0 : -(INT64_C(1) << (bits - 1)), hi = u ? (INT64_C(1) << bits) - 1 : (INT64_C(1) << (bits - 1)) - 1;
      ok = x.i >= lo && x.i <= hi;
    }
  }
  if (!ok) {
    PyObject *o = in_object(f && f->jit ? NULL : f, &x);
    if (o) PyErr_Format(PyExc_OverflowError, "Python integer %S out of bounds for %s", o, names[t - KB_T_I8]);
    Py_XDECREF(o);
    return -1;
  }
  if (big || u64) {
    PyObject *o = big ? Py_NewRef(x.o) : PyLong_FromUnsignedLongLong(x.u);
    if (o == NULL) return -1;
    *r = in_obj(o);
  } else {
    *r = in_int(x.i);
  }
  return 0;
}

int in_convert(in_frame *f, in_val *v, uint8_t as, in_val *r)
{
  double d;
  if (as > KB_AS_F64 || (as == KB_AS_BOOL && v->tag == IN_BOOL)) {
    *r = *v;
    in_incref(*r);
    return 0;
  }
  switch (as) {
  case KB_AS_BOOL: {
    in_val x = in_peek(v);
    if (x.tag != IN_BOOL) return wrong_type(f, v, "a bool");
    *r = x;
    return 0;
  }
  case KB_AS_FLOAT:
  case KB_AS_F64:
    if (in_to_double(f, v, &d) < 0) return -1;
    *r = in_float(d);
    if (as == KB_AS_F64) r->tag = IN_F64;
    return 0;
  case KB_AS_F32: {
    in_val x = { IN_F32, 0, { 0 } };
    if (in_to_f32(f, v, &x.s) < 0) return -1;
    *r = x;
    return 0;
  }
  default: return convert_int(f, v, type_of_as[as], r);
  }
}
