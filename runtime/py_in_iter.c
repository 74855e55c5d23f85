/* SPDX-License-Identifier: MIT */
/* py_in_iter.c: range, enumerate, zip and iterators as values: asked, read and advanced in separate steps.
 *
 * An advanced iterator is a new value. Where nobody else holds the old one it is changed in place; an iterator of
 * Python's (IN_IT_PY) has one state for all who hold it, as lowering never goes back to an older one.
 */
#include "py_in.h"

#include "../include/kbops.h"

static const in_val null = { IN_NULL, 0, { 0 } };

/* -- Making ------------------------------------------------------------------------------------------------ */

static in_iter *make(int kind, uint32_t n)
{
  in_iter *it = (in_iter *)PyMem_Calloc(1, sizeof *it);
  if (it && n > 0 && (it->sub = (in_iter **)PyMem_Calloc(n, sizeof *it->sub)) == NULL) {
    PyMem_Free(it);
    it = NULL;
  }
  if (it == NULL) {
    PyErr_NoMemory();
    return NULL;
  }
  it->refs = 1;
  it->kind = kind;
  it->n = n;
  return it;
}

static in_val as_val(in_iter *it)
{
  in_val v = { it ? IN_ITER : IN_NULL, 0, { .it = it } };
  return v;
}

in_val in_iter_range(int64_t next, int64_t stop, int64_t step)
{
  in_iter *it = make(IN_IT_RANGE, 0);
  if (it) it->i = next, it->stop = stop, it->step = step;
  return as_val(it);
}

in_val in_iter_over(int kind, in_val over, int64_t next)
{
  in_iter *it = make(kind, 0);
  if (it)
    it->from = over, it->i = next;
  else
    in_decref(over);
  return as_val(it);
}

in_val in_iter_enumerate(in_val sub, int64_t count)
{
  in_iter *it = make(IN_IT_ENUMERATE, 1);
  if (it)
    it->sub[0] = sub.it, it->i = count;
  else
    in_decref(sub);
  return as_val(it);
}

in_val in_iter_zip(const in_val *its, uint32_t n)
{
  in_iter *it = make(IN_IT_ZIP, n);
  for (uint32_t k = 0; k < n; k++) {
    if (it)
      it->sub[k] = its[k].it;
    else
      in_decref(its[k]);
  }
  return as_val(it);
}

in_val in_iter_copy(const in_iter *from)
{
  if (from->kind == IN_IT_PY) {
    in_val v = { IN_ITER, 0, { .it = (in_iter *)(uintptr_t)from } };
    v.it->refs++;
    return v;
  }
  in_iter *it = make(from->kind, from->n);
  if (it == NULL) return null;
  in_iter **sub = it->sub;
  *it = *from;
  it->refs = 1;
  it->sub = sub;
  in_incref(it->from);
  in_incref(it->item);
  for (uint32_t k = 0; k < from->n; k++) {
    in_val s = in_iter_copy(from->sub[k]);
    if (s.tag == IN_NULL) {
      in_decref(as_val(it));
      return null;
    }
    sub[k] = s.it;
  }
  return as_val(it);
}

/* -- Steps -------------------------------------------------------------------------------------------------- */

static int fetch(in_iter *it)
{
  if (it->item.tag != IN_NULL) return 1;
  if (it->done) return 0;
  PyObject *o = Py_TYPE(it->from.o)->tp_iternext(it->from.o);
  if (o) {
    it->item = in_obj(o);
    return 1;
  }
  it->done = true;
  if (PyErr_Occurred()) {
    if (!PyErr_ExceptionMatches(PyExc_StopIteration)) return -1;
    PyErr_Clear();
  }
  return 0;
}

static Py_ssize_t length(const in_val *from)
{
  return from->tag == IN_TUPLE ? (Py_ssize_t)from->tup->n : PyTuple_GET_SIZE(from->o);
}

/* Is there an item? 1, 0, -1. */
static int more(in_iter *it)
{
  kb_ty elem;
  if (it->done && it->kind != IN_IT_PY) return 0;
  switch (it->kind) {
  case IN_IT_RANGE: return kb_irangeleft(it->i, it->stop, it->step);
  case IN_IT_VIEW: return it->i < it->from.view->shape[0];
  case IN_IT_LIST:
    if (it->i < PyList_GET_SIZE(it->from.o)) return 1;
    break;
  case IN_IT_TUPLE:
    if (it->i < length(&it->from)) return 1;
    break;
  case IN_IT_ARRAY:
    if (it->i < PyObject_Length(it->from.o)) return 1;
    if (!in_array_plain(it->from.o, &elem)) return PyErr_Occurred() ? -1 : 0;
    break;
  case IN_IT_ENUMERATE: return more(it->sub[0]);
  case IN_IT_ZIP:
    for (uint32_t k = 0; k < it->n; k++) {
      int m = more(it->sub[k]);
      if (m <= 0) return m;
    }
    return it->n > 0;
  default: return fetch(it);
  }
  it->done = true; /* for ever: as CPython's, which drops what it walked */
  in_set(&it->from, null);
  return 0;
}

static int item(in_iter *it, in_val *r);

static int items(in_iter *it, in_val *r)
{
  bool count = it->kind == IN_IT_ENUMERATE;
  in_val t = in_tuple_new(it->n + count);
  if (t.tag == IN_NULL) return -1;
  if (count) {
    t.tup->item[0] = it->item.tag == IN_NULL ? in_int(it->i) : it->item;
    in_incref(t.tup->item[0]);
  }
  for (uint32_t k = 0; k < it->n; k++)
    if (item(it->sub[k], &t.tup->item[k + count]) < 0) {
      t.tup->item[k + count] = null;
      in_decref(t);
      return -1;
    }
  *r = t;
  return 0;
}

/* The current item: there is one. */
static int item(in_iter *it, in_val *r)
{
  kb_ty elem;
  switch (it->kind) {
  case IN_IT_RANGE: *r = in_int(it->i); return 0;
  case IN_IT_VIEW: {
    const in_view *v = it->from.view;
    if (v->rank == 1)
      in_load(v->data + it->i * v->stride[0] * (int64_t)kb_type_size(v->elem), v->elem, r);
    else
      *r = in_view_sub(v, &it->i, 1);
    return r->tag == IN_NULL ? -1 : 0;
  }
  case IN_IT_LIST:
    if (it->done || it->i >= PyList_GET_SIZE(it->from.o)) break;
    *r = in_obj(Py_NewRef(PyList_GET_ITEM(it->from.o, it->i)));
    return 0;
  case IN_IT_TUPLE:
    if (it->from.tag == IN_TUPLE) {
      *r = it->from.tup->item[it->i];
      in_incref(*r);
    } else {
      *r = in_obj(Py_NewRef(PyTuple_GET_ITEM(it->from.o, it->i)));
    }
    return 0;
  case IN_IT_ARRAY:
    if (it->done) break;
    if (in_array_plain(it->from.o, &elem)) {
      in_array_load(it->from.o, elem, it->i, r);
    } else {
      PyObject *o = PySequence_GetItem(it->from.o, it->i);
      if (o == NULL) return -1;
      *r = in_obj(o);
    }
    return 0;
  case IN_IT_ENUMERATE:
  case IN_IT_ZIP: return items(it, r);
  default:
    if (it->item.tag == IN_NULL) break;
    *r = it->item;
    in_incref(*r);
    return 0;
  }
  PyErr_SetString(PyExc_SystemError, "keelback: an iterator was read behind its end");
  return -1;
}

static int count_on(in_iter *it)
{
  if (it->item.tag == IN_NULL && !__builtin_add_overflow(it->i, 1, &it->i)) return 0;
  PyObject *old = it->item.tag == IN_NULL ? PyLong_FromLongLong(INT64_MAX) : Py_NewRef(it->item.o);
  PyObject *one = old ? PyLong_FromLong(1) : NULL, *sum = one ? PyNumber_Add(old, one) : NULL;
  Py_XDECREF(old);
  Py_XDECREF(one);
  if (sum == NULL) return -1;
  in_set(&it->item, in_obj(sum));
  return 0;
}

static int advance(in_iter *it)
{
  switch (it->kind) {
  case IN_IT_RANGE:
    if (__builtin_add_overflow(it->i, it->step, &it->i)) it->done = true;
    return 0;
  case IN_IT_ENUMERATE: return advance(it->sub[0]) < 0 ? -1 : count_on(it);
  case IN_IT_ZIP:
    for (uint32_t k = 0; k < it->n; k++)
      if (advance(it->sub[k]) < 0) return -1;
    return 0;
  case IN_IT_PY: in_set(&it->item, null); return 0;
  default: it->i++; return 0;
  }
}

/* -- Ops ------------------------------------------------------------------------------------------------------------ */

static int not_iterator(void)
{
  PyErr_SetString(PyExc_SystemError, "keelback: an iterator was expected");
  return -1;
}

int in_o_hasnext(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0);
  if (a->tag != IN_ITER) return not_iterator();
  int m = more(a->it);
  if (m < 0) return -1;
  in_result(f, i, in_bool(m));
  return 0;
}

int in_o_iterval(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0), r;
  if (a->tag != IN_ITER) return not_iterator();
  if (item(a->it, &r) < 0) return -1;
  if (in_fit(f, &r) < 0) {
    in_decref(r);
    return -1;
  }
  in_result(f, i, r);
  return 0;
}

/* Takes the iterator out of its slot if nobody looks for it there again, else a copy. */
static in_val taken(in_val *a, const in_ins *i, const in_frame *f)
{
  in_val v = *a;
  bool dies = (i->flags & IN_DIES_A) || (i->dst != KB_NOSLOT && a == &f->slot[i->dst]);
  if (dies)
    *a = null;
  if (dies && v.it->refs == 1) return v;
  in_val c = in_iter_copy(v.it);
  if (dies) in_decref(v);
  return c;
}

int in_o_iternext(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0);
  if (a->tag != IN_ITER) return not_iterator();
  in_val v = taken(a, i, f);
  if (v.tag == IN_NULL) return -1;
  if (advance(v.it) < 0) {
    in_decref(v);
    return -1;
  }
  in_result(f, i, v);
  return 0;
}

static bool range_part(PyObject *o, const char *name, int64_t *to)
{
  PyObject *n = PyObject_GetAttrString(o, name);
  int over = 1;
  if (n && PyLong_CheckExact(n)) *to = PyLong_AsLongLongAndOverflow(n, &over);
  Py_XDECREF(n);
  return over == 0;
}

/* iter(o) of an object. */
static in_val iterate(PyObject *o)
{
  int64_t start, stop, step;
  kb_ty elem;
  if (PyList_CheckExact(o)) return in_iter_over(IN_IT_LIST, in_obj(Py_NewRef(o)), 0);
  if (PyTuple_CheckExact(o)) return in_iter_over(IN_IT_TUPLE, in_obj(Py_NewRef(o)), 0);
  if (Py_TYPE(o) == &PyRange_Type && range_part(o, "start", &start) && range_part(o, "stop", &stop) && range_part(o, "step", &step))
    return in_iter_range(start, stop, step);
  PyErr_Clear();
  if (in_array_plain(o, &elem)) return in_iter_over(IN_IT_ARRAY, in_obj(Py_NewRef(o)), 0);
  PyObject *it = PyObject_GetIter(o);
  return it ? in_iter_over(IN_IT_PY, in_obj(it), 0) : null;
}

static in_val iterate_val(in_frame *f, in_val *a, bool dies)
{
  if (a->tag == IN_ITER) {
    if (!dies || a->it->refs > 1) return in_iter_copy(a->it);
    in_val v = *a;
    *a = null;
    return v;
  }
  if (a->tag == IN_VIEW || a->tag == IN_TUPLE) {
    in_incref(*a);
    return in_iter_over(a->tag == IN_VIEW ? IN_IT_VIEW : IN_IT_TUPLE, *a, 0);
  }
  PyObject *o = in_box(f, a);
  in_val v = o ? iterate(o) : null;
  Py_XDECREF(o);
  return v;
}

int in_o_iter(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0), v = iterate_val(f, a, i->flags & IN_DIES_A);
  if (v.tag == IN_NULL) return -1;
  in_result(f, i, v);
  return 0;
}

static bool small_int(const in_val *v, int64_t *i)
{
  in_val x = in_peek(v);
  *i = x.i;
  return x.tag == IN_INT || x.tag == IN_BOOL || (x.tag == IN_SIZED && (x.aux != KB_T_U64 || x.i >= 0));
}

int in_o_range(in_frame *f, const in_ins *i)
{
  int64_t n[3];
  in_val r;
  bool small = true;
  for (uint32_t k = 0; k < 3; k++) small &= small_int(IN_ARG(f, i, k), &n[k]);
  if (small && n[2] != 0) {
    r = in_iter_range(n[0], n[1], n[2]);
  } else { /* big ints, other types, errors: Python's */
    PyObject *o[3] = { NULL, NULL, NULL }, *x = NULL;
    for (uint32_t k = 0; k < 3 && (k == 0 || o[k - 1]); k++) o[k] = in_box(f, IN_ARG(f, i, k));
    if (o[2]) x = PyObject_CallFunctionObjArgs((PyObject *)&PyRange_Type, o[0], o[1], o[2], NULL);
    for (uint32_t k = 0; k < 3; k++) Py_XDECREF(o[k]);
    r = x ? in_obj(x) : null;
  }
  if (r.tag == IN_NULL) return -1;
  in_result(f, i, r);
  return 0;
}

/* enumerate(x, start) and zip(...) of kb.jit are Python's objects: they have an identity and a state. */
static int real(in_frame *f, const in_ins *i, PyTypeObject *type)
{
  PyObject *args = PyTuple_New((Py_ssize_t)IN_N(f, i)), *x = NULL;
  for (uint32_t k = 0; args && k < IN_N(f, i); k++) {
    PyObject *o = in_box(f, IN_ARG(f, i, k));
    if (o == NULL)
      Py_CLEAR(args);
    else
      PyTuple_SET_ITEM(args, k, o);
  }
  if (args) x = PyObject_CallObject((PyObject *)type, args);
  Py_XDECREF(args);
  if (x == NULL) return -1;
  in_result(f, i, in_obj(x));
  return 0;
}

int in_o_enumerate(in_frame *f, const in_ins *i)
{
  int64_t start;
  if (f->jit) return real(f, i, &PyEnum_Type);
  bool small = small_int(IN_ARG(f, i, 1), &start);
  in_val v = iterate_val(f, IN_ARG(f, i, 0), false);
  if (v.tag == IN_NULL) return -1;
  v = in_iter_enumerate(v, small ? start : 0);
  if (v.tag == IN_NULL) return -1;
  if (!small) {
    PyObject *o = in_box(f, IN_ARG(f, i, 1)), *n = o ? PyNumber_Index(o) : NULL;
    Py_XDECREF(o);
    if (n == NULL) {
      in_decref(v);
      return -1;
    }
    v.it->item = in_obj(n);
  }
  in_result(f, i, v);
  return 0;
}

int in_o_zip(in_frame *f, const in_ins *i)
{
  if (f->jit) return real(f, i, &PyZip_Type);
  in_val its[64];
  uint32_t n = IN_N(f, i);
  if (n > 64) {
    PyErr_SetString(PyExc_SystemError, "keelback: zip() of too many");
    return -1;
  }
  for (uint32_t k = 0; k < n; k++) {
    its[k] = iterate_val(f, IN_ARG(f, i, k), false);
    if (its[k].tag == IN_NULL) {
      while (k-- > 0) in_decref(its[k]);
      return -1;
    }
  }
  in_val v = in_iter_zip(its, n);
  if (v.tag == IN_NULL) return -1;
  in_result(f, i, v);
  return 0;
}
