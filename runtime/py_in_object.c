/* SPDX-License-Identifier: MIT */
/* py_in_object.c: operators, items and strings of any object, as CPython does them. */
#include "py_in.h"

/* -- Operators ------------------------------------------------------------------------------------------------- */

int in_o_matmul(in_frame *f, const in_ins *i)
{
  PyObject *a = in_box(f, IN_ARG(f, i, 0)), *b = a ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  PyObject *r = b ? PyNumber_MatrixMultiply(a, b) : NULL;
  Py_XDECREF(a);
  Py_XDECREF(b);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

static PyObject *power(PyObject *a, PyObject *b)
{
  return PyNumber_InPlacePower(a, b, Py_None);
}

static const struct {
  kb_op op; /* the same on what cannot be changed in place; NOP: none */
  PyObject *(*fn)(PyObject *, PyObject *);
} inplace[] = {
  { KB_OADD, PyNumber_InPlaceAdd },
  { KB_OSUB, PyNumber_InPlaceSubtract },
  { KB_OMUL, PyNumber_InPlaceMultiply },
  { KB_OTRUEDIV, PyNumber_InPlaceTrueDivide },
  { KB_OFLOORDIV, PyNumber_InPlaceFloorDivide },
  { KB_OMOD, PyNumber_InPlaceRemainder },
  { KB_OPOW, power },
  { KB_OLSHIFT, PyNumber_InPlaceLshift },
  { KB_ORSHIFT, PyNumber_InPlaceRshift },
  { KB_OAND, PyNumber_InPlaceAnd },
  { KB_OOR, PyNumber_InPlaceOr },
  { KB_OXOR, PyNumber_InPlaceXor },
  { KB_NOP, PyNumber_InPlaceMatrixMultiply },
};

static bool is_number(const in_val *v)
{
  return v->tag == IN_OBJ ? PyLong_CheckExact(v->o) || PyFloat_CheckExact(v->o) || PyBool_Check(v->o)
                          : v->tag != IN_NULL && v->tag < IN_REF;
}

static bool is_float(const in_val *v)
{
  return v->tag == IN_OBJ ? PyFloat_CheckExact(v->o) : v->tag == IN_FLOAT;
}

/* s += t where nobody reads the old s again: it grows in place, as in CPython, which makes a loop of them linear. */
static int append_string(in_frame *f, const in_ins *i, in_val *a, const in_val *b)
{
  PyObject *s = a->o, *t = b->o;
  Py_INCREF(t); /* may be s */
  in_val unbound = { IN_NULL, 0, { 0 } };
  *a = unbound;
  PyUnicode_Append(&s, t);
  Py_DECREF(t);
  if (!s) return -1;
  in_result(f, i, in_obj(s));
  return 0;
}

int in_o_inplace(in_frame *f, const in_ins *i)
{
  int64_t k = IN_IMM(f, i);
  if (k < 0 || k >= (int64_t)(sizeof inplace / sizeof *inplace)) {
    PyErr_Format(PyExc_SystemError, "unknown operator %lld", (long long)k);
    return -1;
  }
  in_val *a = IN_ARG(f, i, 0), *b = IN_ARG(f, i, 1), r;
  bool bits = inplace[k].op >= KB_OLSHIFT && inplace[k].op <= KB_OXOR && (is_float(a) || is_float(b));
  if (inplace[k].op != KB_NOP && !bits && is_number(a) && is_number(b)) {
    if (in_binary(f, inplace[k].op, a, b, &r) < 0) return -1;
    in_result(f, i, r);
    return 0;
  }
  if (inplace[k].op == KB_OADD && a->tag == IN_OBJ && b->tag == IN_OBJ && PyUnicode_CheckExact(a->o) &&
      PyUnicode_CheckExact(b->o) && (i->flags & IN_DIES_A) && a != b)
    return append_string(f, i, a, b);
  PyObject *x = in_box(f, a), *y = x ? in_box(f, b) : NULL;
  PyObject *z = y ? inplace[k].fn(x, y) : NULL;
  Py_XDECREF(x);
  Py_XDECREF(y);
  if (!z) return -1;
  in_result(f, i, in_obj(z));
  return 0;
}

int in_o_contains(in_frame *f, const in_ins *i)
{
  PyObject *x = in_box(f, IN_ARG(f, i, 0)), *c = x ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  int has = c ? PySequence_Contains(c, x) : -1;
  Py_XDECREF(x);
  Py_XDECREF(c);
  if (has < 0) return -1;
  in_result(f, i, in_bool(has));
  return 0;
}

/* -- Items -------------------------------------------------------------------------------------------------------------- */

/* The index of operands from ... from + n - 1: one of them, or a tuple. */
static PyObject *key(in_frame *f, const in_ins *i, uint32_t from, uint32_t n)
{
  if (n == 1) return in_box(f, IN_ARG(f, i, from));
  PyObject *t = PyTuple_New((Py_ssize_t)n);
  for (uint32_t k = 0; t && k < n; k++) {
    PyObject *o = in_box(f, IN_ARG(f, i, from + k));
    if (o) PyTuple_SET_ITEM(t, (Py_ssize_t)k, o);
    else Py_CLEAR(t);
  }
  return t;
}

int in_getitem_object(in_frame *f, const in_ins *i)
{
  PyObject *x = in_box(f, IN_ARG(f, i, 0)), *k = x ? key(f, i, 1, IN_N(f, i) - 1) : NULL;
  PyObject *r = k ? PyObject_GetItem(x, k) : NULL;
  Py_XDECREF(x);
  Py_XDECREF(k);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

int in_setitem_object(in_frame *f, const in_ins *i)
{
  uint32_t n = IN_N(f, i);
  PyObject *x = in_box(f, IN_ARG(f, i, 0)), *k = x ? key(f, i, 1, n - 2) : NULL;
  PyObject *v = k ? in_box(f, IN_ARG(f, i, n - 1)) : NULL;
  int r = v ? PyObject_SetItem(x, k, v) : -1;
  Py_XDECREF(x);
  Py_XDECREF(k);
  Py_XDECREF(v);
  return r;
}

int in_o_delitem(in_frame *f, const in_ins *i)
{
  PyObject *x = in_box(f, IN_ARG(f, i, 0)), *k = x ? key(f, i, 1, IN_N(f, i) - 1) : NULL;
  int r = k ? PyObject_DelItem(x, k) : -1;
  Py_XDECREF(x);
  Py_XDECREF(k);
  return r;
}

int in_o_slice(in_frame *f, const in_ins *i)
{
  PyObject *part[3] = { NULL, NULL, NULL }, *r = NULL;
  uint32_t n = 0;
  while (n < 3 && (part[n] = in_box(f, IN_ARG(f, i, n)))) n++;
  if (n == 3) r = PySlice_New(part[0], part[1], part[2]);
  for (uint32_t k = 0; k < n; k++) Py_DECREF(part[k]);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

/* -- Strings ---------------------------------------------------------------------------------------------------------------- */

/* The value of {value!r}: takes value's reference. */
static PyObject *converted(PyObject *value, int64_t how)
{
  PyObject *r = how == 1 ? PyObject_Str(value) : how == 2 ? PyObject_Repr(value) : PyObject_ASCII(value);
  Py_DECREF(value);
  return r;
}

int in_o_format(in_frame *f, const in_ins *i)
{
  PyObject *value = in_box(f, IN_ARG(f, i, 0)), *spec = value ? in_box(f, IN_ARG(f, i, 1)) : NULL, *r = NULL;
  if (spec && IN_IMM(f, i)) value = converted(value, IN_IMM(f, i));
  if (spec && value) r = spec == Py_None && PyUnicode_CheckExact(value) ? Py_NewRef(value)
                                                                         : PyObject_Format(value, spec == Py_None ? NULL : spec);
  Py_XDECREF(value);
  Py_XDECREF(spec);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

int in_o_join(in_frame *f, const in_ins *i)
{
  PyObject *parts = IN_N(f, i) ? key(f, i, 0, IN_N(f, i)) : PyUnicode_New(0, 0), *r = parts;
  if (!parts) return -1;
  if (IN_N(f, i) > 1) {
    PyObject *empty = PyUnicode_New(0, 0);
    r = empty ? PyUnicode_Join(empty, parts) : NULL;
    Py_XDECREF(empty);
    Py_DECREF(parts);
  }
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}
