/* SPDX-License-Identifier: MIT */
/* py_scalar.c: numbers and bools as arguments. */
#include "py_rt.h"

static const int64_t int_min[KBPY_NELEM] = { INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN };
static const int64_t int_max[KBPY_NELEM] = { INT8_MAX,  INT16_MAX,  INT32_MAX, INT64_MAX,
                                             UINT8_MAX, UINT16_MAX, UINT32_MAX };

/* -- Ints ------------------------------------------------------------------------------------------------- */

static int out_of_range(kbpy_want w, PyObject *i)
{
  char came[32] = "int of more than 64 bits"; /* not as text: that may be long, and CPython limits it */
  int overflows;
  long long v = PyLong_AsLongLongAndOverflow(i, &overflows);
  if (!overflows) (void)snprintf(came, sizeof came, "%lld", v);
  if (w.param->elem == KBPY_U64)
    return kbpy_bad(w, PyExc_OverflowError, "%s does not fit %s, 0 to 18446744073709551615", came, w.param->type);
  return kbpy_bad(w, PyExc_OverflowError, "%s does not fit %s, %lld to %lld", came, w.param->type,
                  (long long)int_min[w.param->elem], (long long)int_max[w.param->elem]);
}

/* An int past 64 bits as Python's int sees it: *big is o, or a copy of what is of a subclass. */
static int keep_big(PyObject *o, kbpy_value *out, PyObject **big)
{
  out->i = 0;
  *big = PyLong_Type.tp_as_number->nb_positive(o);
  return *big ? 0 : -1;
}

static int take_int(kbpy_want w, PyObject *o, kbpy_value *out, PyObject **big)
{
  if (PyLong_Check(o)) {
    Py_INCREF(o);
  } else {
    if (!PyIndex_Check(o)) return kbpy_bad(w, PyExc_TypeError, "expected %s, got %s", w.param->type, kbpy_came(o));
    o = PyNumber_Index(o);
    if (o == NULL) return -1;
  }
  int err = 0, overflows;
  if (w.param->elem == KBPY_U64) {
    unsigned long long u = PyLong_AsUnsignedLongLong(o);
    if (u == (unsigned long long)-1 && PyErr_Occurred()) {
      PyErr_Clear();
      err = out_of_range(w, o);
    }
    out->u = u;
  } else {
    long long i = PyLong_AsLongLongAndOverflow(o, &overflows);
    out->i = i;
    if (overflows && w.param->flags & KBPY_BIGINT) err = keep_big(o, out, big);
    else if (overflows || i < int_min[w.param->elem] || i > int_max[w.param->elem]) err = out_of_range(w, o);
  }
  Py_DECREF(o);
  return err;
}

/* -- Floats and bools --------------------------------------------------------------------------------------- */

/* As float(x) does for numbers; text is no number here, nor is an array with axes. */
static int take_float(kbpy_want w, PyObject *o, kbpy_value *out)
{
  double d;
  if (PyFloat_Check(o)) {
    d = PyFloat_AS_DOUBLE(o);
  } else {
    PyNumberMethods *nb = Py_TYPE(o)->tp_as_number;
    bool axes = kbpy_is_ndarray(o) && ((kbpy_ndarray *)o)->nd != 0;
    if (axes || nb == NULL || (nb->nb_float == NULL && nb->nb_index == NULL))
      return kbpy_bad(w, PyExc_TypeError, "expected %s, got %s", w.param->type, kbpy_came(o));
    d = PyFloat_AsDouble(o);
    if (d == -1.0 && PyErr_Occurred()) return -1;
  }
  out->d = w.param->elem == KBPY_F32 ? (double)(float)d : d;
  return 0;
}

static int take_bool(kbpy_want w, PyObject *o, kbpy_value *out)
{
  if (!PyBool_Check(o) && !kbpy_is_numpy_bool(o))
    return kbpy_bad(w, PyExc_TypeError, "expected %s, got %s", w.param->type, kbpy_came(o));
  int truth = PyObject_IsTrue(o);
  out->i = truth;
  return truth < 0 ? -1 : 0;
}

int kbpy_take_scalar(kbpy_want w, PyObject *o, kbpy_value *out, PyObject **big)
{
  switch (w.param->elem) {
  case KBPY_F32:
  case KBPY_F64: return take_float(w, o, out);
  case KBPY_BOOL: return take_bool(w, o, out);
  default: return take_int(w, o, out, big);
  }
}
