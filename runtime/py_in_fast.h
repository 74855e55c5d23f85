/* SPDX-License-Identifier: MIT */
/* py_in_fast.h: what the bodies of the loop are made of: operands and results in slots, elements, items of lists. */
#ifndef KB_PY_IN_FAST_H
#define KB_PY_IN_FAST_H

#include "py_in.h"

#include <float.h>

/* -- Operands ---------------------------------------------------------------------------------------------------- */

#define BITS(tag) (UINT32_C(1) << (tag))
static inline bool floatish(uint32_t tag) { return (BITS(IN_FLOAT) | BITS(IN_F64)) >> (tag & 31) & 1; }

/* The double in a FLOAT slot or an exact float object. */
static inline bool weak(const in_val *v, double *d)
{
  if (v->tag == IN_FLOAT) {
    *d = v->d;
    return true;
  }
  if (v->tag != IN_OBJ || !PyFloat_CheckExact(v->o)) return false;
  *d = PyFloat_AS_DOUBLE(v->o);
  return true;
}

/* The int in an INT slot or an exact int object of one digit. */
static inline bool small(const in_val *v, int64_t *i)
{
  if (v->tag == IN_INT) {
    *i = v->i;
    return true;
  }
  if (v->tag != IN_OBJ || !PyLong_CheckExact(v->o)) return false;
#if PY_VERSION_HEX >= 0x030C0000
  if (!PyUnstable_Long_IsCompact((PyLongObject *)v->o)) return false;
  *i = PyUnstable_Long_CompactValue((PyLongObject *)v->o);
#else
  Py_ssize_t size = Py_SIZE(v->o);
  if ((size_t)(size + 1) > 2) return false;
  *i = size * (int64_t)((PyLongObject *)v->o)->ob_digit[0];
#endif
  return true;
}

/* numpy.float64 of kb.jit: results that no warning can go with. */
static inline bool quiet_sum(double r) { return __builtin_fabs(r) <= DBL_MAX; }
static inline bool quiet_product(double r) { return __builtin_fabs(r) <= DBL_MAX && __builtin_fabs(r) > DBL_MIN; }

static inline void put_int(in_val *d, int64_t i)
{
  if (KB_UNLIKELY(d->tag >= IN_REF)) {
    in_set(d, in_int(i));
    return;
  }
  d->tag = IN_INT;
  d->aux = 0;
  d->i = i;
}
static inline void put_double(in_val *d, uint32_t tag, double x)
{
  if (KB_UNLIKELY(d->tag >= IN_REF)) in_decref(*d);
  d->tag = tag;
  d->aux = 0;
  d->d = x;
}
static inline void put_bool(in_val *d, bool b)
{
  if (KB_UNLIKELY(d->tag >= IN_REF)) {
    in_set(d, in_bool(b));
    return;
  }
  d->tag = IN_BOOL;
  d->aux = 0;
  d->i = b;
}
/* A slot is written in two halves; read as one it would wait for both to reach the cache. */
typedef uint64_t __attribute__((may_alias)) half;
static inline void copy(in_val *to, const in_val *from)
{
  half head = ((const half *)from)[0], value = ((const half *)from)[1];
  ((half *)to)[0] = head;
  ((half *)to)[1] = value;
}
static inline void put(in_val *d, in_val v)
{
  if (KB_UNLIKELY(d->tag >= IN_REF)) {
    in_val old;
    copy(&old, d);
    copy(d, &v);
    in_decref(old);
  } else {
    copy(d, &v);
  }
}

/* An object that no slot needs any more: a list that holds it may then be its only owner. */
static inline void drop(in_val *v)
{
  PyObject *o = v->o;
  v->tag = IN_NULL;
  Py_DECREF(o);
}

/* An item of a list, into a slot. A number of which only arithmetic will be seen comes without its object. */
static inline void put_item(in_val *d, PyObject *o, const in_ins *i)
{
  in_val v = in_obj(o);
  int64_t n;
  if ((i->flags & IN_UNBOX) && PyFloat_CheckExact(o)) {
    put_double(d, IN_FLOAT, PyFloat_AS_DOUBLE(o));
  } else if ((i->flags & IN_UNBOX) && small(&v, &n)) {
    put_int(d, n);
  } else {
    Py_INCREF(o);
    put(d, v);
  }
}

/* x[k] = v of a list, k in bounds. A float that only the list has is changed in place: nobody can tell. */
static inline bool store_list(PyObject *list, int64_t k, const in_val *v)
{
  PyObject *old = PyList_GET_ITEM(list, k), *o;
  if (v->tag == IN_FLOAT) {
    if (Py_REFCNT(old) == 1 && PyFloat_CheckExact(old)) {
      ((PyFloatObject *)old)->ob_fval = v->d;
      return true;
    }
    if ((o = PyFloat_FromDouble(v->d)) == NULL) return false; /* the long way says so */
    PyList_SET_ITEM(list, k, o);
  } else if (v->tag == IN_OBJ) {
    PyList_SET_ITEM(list, k, Py_NewRef(v->o));
  } else {
    return false;
  }
  Py_DECREF(old);
  return true;
}

/* -- Elements ------------------------------------------------------------------------------------------------------------------ */

/* An element of a view, at its address. */
static inline bool load(const in_view *v, int64_t at, in_val *d)
{
  switch (v->elem) {
  case KB_T_F64: put_double(d, IN_F64, ((const double *)v->data)[at]); return true;
  case KB_T_I64: put_int(d, ((const int64_t *)v->data)[at]); return true;
  case KB_T_I32: put_int(d, ((const int32_t *)v->data)[at]); return true;
  case KB_T_U8: put_int(d, ((const uint8_t *)v->data)[at]); return true;
  case KB_T_F32: {
    in_val x = { IN_F32, 0, { 0 } };
    x.s = ((const float *)v->data)[at];
    put(d, x);
    return true;
  }
  case KB_T_BOOL: put_bool(d, ((const uint8_t *)v->data)[at] != 0); return true;
  default: return false;
  }
}

static inline bool store(const in_view *v, int64_t at, const in_val *x)
{
  switch (v->elem) {
  case KB_T_F64:
    if (!floatish(x->tag)) return false;
    ((double *)v->data)[at] = x->d;
    return true;
  case KB_T_I64:
    if (x->tag != IN_INT) return false;
    ((int64_t *)v->data)[at] = x->i;
    return true;
  case KB_T_I32:
    if (x->tag != IN_INT || x->i != (int32_t)x->i) return false;
    ((int32_t *)v->data)[at] = (int32_t)x->i;
    return true;
  case KB_T_U8:
    if (x->tag != IN_INT || x->i != (uint8_t)x->i) return false;
    ((uint8_t *)v->data)[at] = (uint8_t)x->i;
    return true;
  case KB_T_F32:
    if (x->tag != IN_F32) return false;
    ((float *)v->data)[at] = x->s;
    return true;
  case KB_T_BOOL:
    if (x->tag != IN_BOOL) return false;
    ((uint8_t *)v->data)[at] = (uint8_t)x->i;
    return true;
  default: return false;
  }
}

#endif
