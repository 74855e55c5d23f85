/* SPDX-License-Identifier: MIT */
/* py_in_view.c: items, attributes and tuples: typed arrays of kernels, and the commonest of Python's objects. */
#include "py_in.h"

/* -- Elements of views ---------------------------------------------------------------------------------------- */

void in_load(const char *at, kb_ty elem, in_val *r)
{
  in_val v = { IN_INT, 0, { 0 } };
  switch (elem) {
  case KB_T_BOOL: v.tag = IN_BOOL, v.i = *(const uint8_t *)at != 0; break;
  case KB_T_I8: v.i = *(const int8_t *)at; break;
  case KB_T_U8: v.i = *(const uint8_t *)at; break;
  case KB_T_I16: v.i = *(const int16_t *)at; break;
  case KB_T_U16: v.i = *(const uint16_t *)at; break;
  case KB_T_I32: v.i = *(const int32_t *)at; break;
  case KB_T_U32: v.i = *(const uint32_t *)at; break;
  case KB_T_I64: v.i = *(const int64_t *)at; break;
  case KB_T_F32: v.tag = IN_F32, v.i = 0, v.s = *(const float *)at; break;
  case KB_T_F64: v.tag = IN_F64, v.d = *(const double *)at; break;
  default:
    v.u = *(const uint64_t *)at;
    if (v.i < 0) {
      PyObject *o = PyLong_FromUnsignedLongLong(v.u);
      v = o ? in_obj(o) : (in_val){ IN_NULL, 0, { 0 } };
    }
    break;
  }
  *r = v;
}

static int wrong_store(in_frame *f, const in_val *v, kb_ty elem)
{
  PyObject *o = in_object(f, v);
  if (o) PyErr_Format(PyExc_TypeError, "cannot store %s in an array of %s: convert it first", Py_TYPE(o)->tp_name, kb_type_name(elem));
  Py_XDECREF(o);
  return -1;
}

static int store_int(in_frame *f, char *at, kb_ty elem, const in_val *v)
{
  static const uint8_t as[] = { KB_AS_I8, KB_AS_I16, KB_AS_I32, KB_AS_I64, KB_AS_U8, KB_AS_U16, KB_AS_U32, KB_AS_U64 };
  in_val x = in_peek(v), r;
  if (x.tag != IN_INT && x.tag != IN_BOOL && x.tag != IN_SIZED && !(x.tag == IN_OBJ && PyLong_Check(x.o))) return wrong_store(f, &x, elem);
  if (in_convert(f, &x, as[elem - KB_T_I8], &r) < 0) return -1;
  uint64_t u = r.u;
  if (r.tag == IN_OBJ) {
    u = PyLong_AsUnsignedLongLongMask(r.o);
    in_decref(r);
  }
  switch (kb_type_size(elem)) {
  case 1: *(uint8_t *)at = (uint8_t)u; break;
  case 2: *(uint16_t *)at = (uint16_t)u; break;
  case 4: *(uint32_t *)at = (uint32_t)u; break;
  default: *(uint64_t *)at = u; break;
  }
  return 0;
}

int in_store(in_frame *f, char *at, kb_ty elem, const in_val *v)
{
  in_val x = in_peek(v);
  bool number = (x.tag >= IN_INT && x.tag <= IN_SIZED) || (x.tag == IN_OBJ && (PyLong_Check(x.o) || PyFloat_Check(x.o)));
  if (elem == KB_T_BOOL) {
    if (x.tag != IN_BOOL) return wrong_store(f, &x, elem);
    *(uint8_t *)at = (uint8_t)x.i;
    return 0;
  }
  if (elem != KB_T_F32 && elem != KB_T_F64) return store_int(f, at, elem, &x);
  if (!number) return wrong_store(f, &x, elem);
  return elem == KB_T_F32 ? in_to_f32(f, &x, (float *)at) : in_to_double(f, &x, (double *)at);
}

/* -- Indices ----------------------------------------------------------------------------------------------------- */

static int out_of_bounds(PyObject *index, unsigned axis, int64_t n)
{
  if (index) PyErr_Format(PyExc_IndexError, "index %S is out of bounds for axis %u with size %lld", index, axis, (long long)n);
  Py_XDECREF(index);
  return -1;
}

/* bounds=False: what is out of them is the kernel's own risk. */
static bool unchecked(const in_frame *f, const in_val *x) { return f->code->image->unchecked && x->tag >= IN_INT && x->tag <= IN_SIZED; }

/* Index v of an axis of n elements, from its start. */
static int index_of(in_frame *f, const in_val *v, unsigned axis, int64_t n, int64_t *k)
{
  in_val x = in_peek(v);
  bool ok = x.tag == IN_INT || x.tag == IN_BOOL || (x.tag == IN_SIZED && (x.aux != KB_T_U64 || x.i >= 0));
  if (ok && ((x.i >= -n && x.i < n) || unchecked(f, &x))) {
    *k = x.i < 0 ? x.i + n : x.i;
    return 0;
  }
  PyObject *o = in_object(f, &x), *number = o ? PyNumber_Index(o) : NULL;
  Py_XDECREF(o);
  return out_of_bounds(number, axis, n);
}

/* The address of an element, or of the first one behind n indices; at: the indices. */
static char *place(in_frame *f, const in_view *v, const in_ins *i, uint32_t n, int64_t *at)
{
  char *p = v->data;
  if (n > v->rank) {
    PyErr_Format(PyExc_IndexError, "too many indices for array: array is %d-dimensional, but %u were indexed", v->rank, n);
    return NULL;
  }
  for (uint32_t k = 0; k < n; k++) {
    if (v->pointer) {
      in_val x = in_peek(IN_ARG(f, i, k + 1));
      at[k] = x.i;
      if (x.tag != IN_INT && x.tag != IN_BOOL && x.tag != IN_SIZED) {
        PyErr_SetString(PyExc_IndexError, "cannot fit the index of a pointer into 64 bits");
        return NULL;
      }
    } else if (index_of(f, IN_ARG(f, i, k + 1), k, v->shape[k], &at[k]) < 0) {
      return NULL;
    }
    p += at[k] * v->stride[k] * (int64_t)kb_type_size(v->elem);
  }
  return p;
}

/* -- Items ----------------------------------------------------------------------------------------------------------- */

static int get_view(in_frame *f, const in_ins *i, const in_view *v)
{
  int64_t at[8];
  in_val r;
  uint32_t n = IN_N(f, i) - 1;
  const char *p = place(f, v, i, n, at);
  if (p == NULL) return -1;
  if (n == v->rank)
    in_load(p, v->elem, &r);
  else
    r = in_view_sub(v, at, n);
  if (r.tag == IN_NULL) return -1;
  if (in_fit(f, &r) < 0) {
    in_decref(r);
    return -1;
  }
  in_result(f, i, r);
  return 0;
}

static int get_tuple(in_frame *f, const in_ins *i, const in_tuple *t)
{
  in_val x = in_peek(IN_ARG(f, i, 1));
  int64_t k = x.i < 0 ? x.i + t->n : x.i;
  if ((x.tag != IN_INT && x.tag != IN_BOOL) || k < 0 || k >= t->n) {
    PyErr_SetString(PyExc_IndexError, "tuple index out of range");
    return -1;
  }
  in_val r = t->item[k];
  in_incref(r);
  in_result(f, i, r);
  return 0;
}

int in_o_getitem(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0);
  if (a->tag == IN_VIEW) return get_view(f, i, a->view);
  if (a->tag == IN_TUPLE && IN_N(f, i) == 2) return get_tuple(f, i, a->tup);
  if (a->tag != IN_OBJ) return in_getitem_object(f, i);
  in_val r = in_peek(IN_ARG(f, i, 1));
  if (IN_N(f, i) == 2 && (r.tag == IN_INT || r.tag == IN_BOOL) && (PyList_CheckExact(a->o) || PyTuple_CheckExact(a->o))) {
    Py_ssize_t n = Py_SIZE(a->o);
    int64_t k = r.i < 0 ? r.i + n : r.i;
    if (k >= 0 && k < n) {
      in_result(f, i, in_obj(Py_NewRef(PyList_CheckExact(a->o) ? PyList_GET_ITEM(a->o, k) : PyTuple_GET_ITEM(a->o, k))));
      return 0;
    }
  } else if (f->jit && in_array_get(f, i, a->o, &r)) {
    in_result(f, i, r);
    return 0;
  }
  return in_getitem_object(f, i);
}

int in_o_setitem(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0);
  uint32_t n = IN_N(f, i) - 2;
  in_val *v = IN_ARG(f, i, n + 1);
  if (a->tag == IN_VIEW) {
    int64_t at[8];
    char *p = place(f, a->view, i, n, at);
    if (p == NULL) return -1;
    if (n == a->view->rank) return in_store(f, p, a->view->elem, v);
    PyErr_Format(PyExc_TypeError, "a store needs an index for each of the %d axes", a->view->rank);
    return -1;
  }
  if (a->tag != IN_OBJ) return in_setitem_object(f, i);
  in_val k = in_peek(IN_ARG(f, i, 1));
  if (n == 1 && k.tag == IN_INT && PyList_CheckExact(a->o)) {
    Py_ssize_t len = PyList_GET_SIZE(a->o);
    k.i = k.i < 0 ? k.i + len : k.i;
    if (k.i >= 0 && k.i < len) {
      PyObject *o = in_box(f, v);
      return o ? PyList_SetItem(a->o, k.i, o) : -1;
    }
  } else if (f->jit && in_array_set(f, i, a->o, v)) {
    return 0;
  }
  return in_setitem_object(f, i);
}

/* -- Attributes, tuples --------------------------------------------------------------------------------------------------- */

int in_o_attr(in_frame *f, const in_ins *i)
{
  static const char *const attrs[] = { "shape", "size", "ndim" };
  in_val *a = IN_ARG(f, i, 0), r = in_int(1);
  int64_t which = IN_IMM(f, i);
  if (a->tag != IN_VIEW) {
    PyObject *o = in_box(f, a), *x = o ? PyObject_GetAttrString(o, attrs[which >= 0 && which < 3 ? which : 0]) : NULL;
    Py_XDECREF(o);
    if (x == NULL) return -1;
    r = in_obj(x);
  } else if (which == 2) {
    r = in_int(a->view->rank);
  } else if (which == 1) {
    for (unsigned k = 0; k < a->view->rank; k++) r.i *= a->view->shape[k];
  } else {
    r = in_tuple_new(a->view->rank);
    if (r.tag == IN_NULL) return -1;
    for (unsigned k = 0; k < a->view->rank; k++) r.tup->item[k] = in_int(a->view->shape[k]);
  }
  in_result(f, i, r);
  return 0;
}

/* A real one in functions of kb.jit: it has an identity. */
int in_o_tuple(in_frame *f, const in_ins *i)
{
  uint32_t n = IN_N(f, i);
  in_val r;
  if (f->jit) {
    PyObject *t = PyTuple_New(n);
    for (uint32_t k = 0; t && k < n; k++) {
      PyObject *o = in_box(f, IN_ARG(f, i, k));
      if (o == NULL)
        Py_CLEAR(t);
      else
        PyTuple_SET_ITEM(t, k, o);
    }
    if (t == NULL) return -1;
    r = in_obj(t);
  } else {
    r = in_tuple_new(n);
    if (r.tag == IN_NULL) return -1;
    for (uint32_t k = 0; k < n; k++) {
      r.tup->item[k] = *IN_ARG(f, i, k);
      in_incref(r.tup->item[k]);
    }
  }
  in_result(f, i, r);
  return 0;
}

int in_o_unpack(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0), r = *a;
  int64_t n = IN_IMM(f, i);
  if ((a->tag == IN_TUPLE && a->tup->n == n) || (a->tag == IN_OBJ && PyTuple_CheckExact(a->o) && PyTuple_GET_SIZE(a->o) == n)) {
    in_incref(r);
  } else {
    PyObject *o = in_box(f, a);
    int err = o ? in_unpack_object(f, o, (Py_ssize_t)n, &r) : -1;
    Py_XDECREF(o);
    if (err < 0) return -1;
  }
  in_result(f, i, r);
  return 0;
}

int in_o_item(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0), r;
  int64_t k = IN_IMM(f, i);
  if (a->tag == IN_TUPLE && k >= 0 && k < a->tup->n) {
    r = a->tup->item[k];
    in_incref(r);
  } else if (a->tag == IN_OBJ && PyTuple_Check(a->o) && k >= 0 && k < PyTuple_GET_SIZE(a->o)) {
    r = in_obj(Py_NewRef(PyTuple_GET_ITEM(a->o, k)));
  } else {
    PyErr_SetString(PyExc_SystemError, "keelback: an item of no tuple");
    return -1;
  }
  in_result(f, i, r);
  return 0;
}

int in_o_bound(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0);
  int bound = in_truth(f, IN_ARG(f, i, 1));
  if (bound < 0) return -1;
  if (bound == 0) return in_no_local(f, IN_SRC(f, i)->imm.str);
  in_val r = *a;
  in_incref(r);
  in_result(f, i, r);
  return 0;
}
