/* SPDX-License-Identifier: MIT */
/* py_in_display.c: displays and what they are filled by (lists, sets, dicts, the arguments of calls), and unpacking. */
#include "py_in.h"

/* -- New containers ------------------------------------------------------------------------------------------------- */

int in_o_list(in_frame *f, const in_ins *i)
{
  uint32_t n = IN_N(f, i);
  PyObject *list = PyList_New((Py_ssize_t)n);
  for (uint32_t k = 0; list && k < n; k++) {
    PyObject *o = in_box(f, IN_ARG(f, i, k));
    if (o) PyList_SET_ITEM(list, (Py_ssize_t)k, o);
    else Py_CLEAR(list);
  }
  if (!list) return -1;
  in_result(f, i, in_obj(list));
  return 0;
}

int in_o_set(in_frame *f, const in_ins *i)
{
  uint32_t n = IN_N(f, i);
  PyObject *set = PySet_New(NULL);
  for (uint32_t k = 0; set && k < n; k++) {
    PyObject *o = in_box(f, IN_ARG(f, i, k));
    if (!o || PySet_Add(set, o) < 0) Py_CLEAR(set);
    Py_XDECREF(o);
  }
  if (!set) return -1;
  in_result(f, i, in_obj(set));
  return 0;
}

int in_o_dict(in_frame *f, const in_ins *i)
{
  uint32_t n = IN_N(f, i);
  PyObject *dict = PyDict_New();
  for (uint32_t k = 0; dict && k + 1 < n; k += 2) {
    PyObject *key = in_box(f, IN_ARG(f, i, k)), *v = key ? in_box(f, IN_ARG(f, i, k + 1)) : NULL;
    if (!v || PyDict_SetItem(dict, key, v) < 0) Py_CLEAR(dict);
    Py_XDECREF(key);
    Py_XDECREF(v);
  }
  if (!dict) return -1;
  in_result(f, i, in_obj(dict));
  return 0;
}

int in_o_listtuple(in_frame *f, const in_ins *i)
{
  PyObject *list = in_box(f, IN_ARG(f, i, 0)), *r = list ? PyList_AsTuple(list) : NULL;
  Py_XDECREF(list);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

/* -- Filling them ------------------------------------------------------------------------------------------------------- */

/* Does to the container of operand 0 what fn does with operand 1. */
static int with(in_frame *f, const in_ins *i, int (*fn)(PyObject *, PyObject *))
{
  PyObject *to = in_box(f, IN_ARG(f, i, 0)), *o = to ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  int r = o ? fn(to, o) : -1;
  Py_XDECREF(to);
  Py_XDECREF(o);
  return r;
}

/* Takes o's reference. Mostly there is room. */
int in_list_append(PyObject *list, PyObject *o)
{
  PyListObject *l = (PyListObject *)list;
  Py_ssize_t n = PyList_GET_SIZE(list);
#ifndef Py_GIL_DISABLED
  if (l->allocated > n) {
    l->ob_item[n] = o;
    Py_SET_SIZE(l, n + 1);
    return 0;
  }
#endif
  int r = PyList_Append(list, o);
  Py_DECREF(o);
  return r;
}

int in_o_append(in_frame *f, const in_ins *i)
{
  in_val *to = IN_ARG(f, i, 0), *v = IN_ARG(f, i, 1);
  if (to->tag != IN_OBJ || !PyList_CheckExact(to->o)) return with(f, i, PyList_Append);
  /* Where nobody reads it again the object need not be kept in the slot. */
  PyObject *o = (i->flags & IN_DIES_B) ? in_object(f, v) : in_box(f, v);
  return o ? in_list_append(to->o, o) : -1;
}

int in_o_setadd(in_frame *f, const in_ins *i)
{
  return with(f, i, PySet_Add);
}

static int extend(PyObject *list, PyObject *from)
{
  if (!Py_TYPE(from)->tp_iter && !PySequence_Check(from)) {
    PyErr_Format(PyExc_TypeError, "Value after * must be an iterable, not %.200s", Py_TYPE(from)->tp_name);
    return -1;
  }
#if PY_VERSION_HEX >= 0x030d0000
  return PyList_Extend(list, from);
#else
  PyObject *none = _PyList_Extend((PyListObject *)list, from);
  Py_XDECREF(none);
  return none ? 0 : -1;
#endif
}

int in_o_extend(in_frame *f, const in_ins *i)
{
  return with(f, i, extend);
}

static int update_set(PyObject *set, PyObject *from)
{
  PyObject *none = PyObject_CallMethod(set, "update", "(O)", from);
  Py_XDECREF(none);
  return none ? 0 : -1;
}

int in_o_setupdate(in_frame *f, const in_ins *i)
{
  return with(f, i, update_set);
}

int in_o_dictset(in_frame *f, const in_ins *i)
{
  PyObject *d = in_box(f, IN_ARG(f, i, 0)), *k = d ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  PyObject *v = k ? in_box(f, IN_ARG(f, i, 2)) : NULL;
  int r = v ? PyDict_SetItem(d, k, v) : -1;
  Py_XDECREF(d);
  Py_XDECREF(k);
  Py_XDECREF(v);
  return r;
}

static int update_dict(PyObject *dict, PyObject *from)
{
  if (PyDict_Update(dict, from) == 0) return 0;
  if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "'%.200s' object is not a mapping", Py_TYPE(from)->tp_name);
  }
  return -1;
}

int in_o_dictupdate(in_frame *f, const in_ins *i)
{
  return with(f, i, update_dict);
}

/* One keyword argument. -1: KeyError(key) is set when the dict has it already. */
static int merge_one(PyObject *dict, PyObject *key, PyObject *value)
{
  int has = PyDict_Contains(dict, key);
  if (has < 0) return -1;
  if (has) {
    PyObject *args = PyTuple_Pack(1, key); /* a key that is a tuple stays one argument */
    if (args) PyErr_SetObject(PyExc_KeyError, args);
    Py_XDECREF(args);
    return -1;
  }
  return PyDict_SetItem(dict, key, value);
}

static int merge_dict(PyObject *dict, PyObject *from)
{
  PyObject *key, *value;
  Py_ssize_t at = 0, size = PyDict_GET_SIZE(from);
  while (PyDict_Next(from, &at, &key, &value)) {
    Py_INCREF(key);
    Py_INCREF(value);
    int r = merge_one(dict, key, value);
    Py_DECREF(key);
    Py_DECREF(value);
    if (r < 0) return -1;
    if (PyDict_GET_SIZE(from) != size) {
      PyErr_SetString(PyExc_RuntimeError, "dict mutated during update");
      return -1;
    }
  }
  return 0;
}

static int merge_mapping(PyObject *dict, PyObject *from)
{
  PyObject *keys = PyMapping_Keys(from), *it = keys ? PyObject_GetIter(keys) : NULL, *key;
  Py_XDECREF(keys);
  if (!it) return -1;
  int r = 0;
  while (r == 0 && (key = PyIter_Next(it))) {
    int has = PyDict_Contains(dict, key); /* before the value is asked for */
    PyObject *value = has == 0 ? PyObject_GetItem(from, key) : NULL;
    r = has > 0 ? merge_one(dict, key, Py_None) : value ? PyDict_SetItem(dict, key, value) : -1;
    Py_XDECREF(value);
    Py_DECREF(key);
  }
  Py_DECREF(it);
  return r < 0 || PyErr_Occurred() ? -1 : 0;
}

/* An AttributeError or KeyError of merging, as the call of fn reports it. */
static void merge_failed(PyObject *fn, PyObject *from)
{
  bool mapping = !PyErr_ExceptionMatches(PyExc_AttributeError);
  if (mapping && !PyErr_ExceptionMatches(PyExc_KeyError)) return;
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyErr_NormalizeException(&type, &value, &tb);
  PyObject *args = value && mapping ? ((PyBaseExceptionObject *)value)->args : NULL;
  if (mapping && !(args && PyTuple_Check(args) && PyTuple_GET_SIZE(args) == 1)) {
    PyErr_Restore(type, value, tb);
    return;
  }
  PyObject *text = _PyObject_FunctionStr(fn);
  if (text && mapping)
    PyErr_Format(PyExc_TypeError, "%U got multiple values for keyword argument '%S'", text, PyTuple_GET_ITEM(args, 0));
  else if (text)
    PyErr_Format(PyExc_TypeError, "%U argument after ** must be a mapping, not %.200s", text, Py_TYPE(from)->tp_name);
  Py_XDECREF(text);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(tb);
}

int in_o_dictmerge(in_frame *f, const in_ins *i)
{
  PyObject *d = in_box(f, IN_ARG(f, i, 0)), *from = d ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  PyObject *fn = from ? in_box(f, IN_ARG(f, i, 2)) : NULL;
  int r = -1;
  if (fn) {
    bool plain = PyDict_Check(from) && Py_TYPE(from)->tp_iter == PyDict_Type.tp_iter;
    r = plain ? merge_dict(d, from) : merge_mapping(d, from);
    if (r < 0) merge_failed(fn, from);
  }
  Py_XDECREF(d);
  Py_XDECREF(from);
  Py_XDECREF(fn);
  return r;
}

/* -- Unpacking ------------------------------------------------------------------------------------------------------------ */

static PyObject *iterator(PyObject *from)
{
  PyObject *it = PyObject_GetIter(from);
  if (!it && PyErr_ExceptionMatches(PyExc_TypeError) && !Py_TYPE(from)->tp_iter && !PySequence_Check(from))
    PyErr_Format(PyExc_TypeError, "cannot unpack non-iterable %.200s object", Py_TYPE(from)->tp_name);
  return it;
}

/* The first n items into the tuple t. */
static int take(PyObject *it, PyObject *t, Py_ssize_t n, const char *few, Py_ssize_t expected)
{
  for (Py_ssize_t k = 0; k < n; k++) {
    PyObject *item = PyIter_Next(it);
    if (!item) {
      if (!PyErr_Occurred()) PyErr_Format(PyExc_ValueError, few, expected, k);
      return -1;
    }
    PyTuple_SET_ITEM(t, k, item);
  }
  return 0;
}

static PyObject *unpack(PyObject *from, Py_ssize_t n)
{
  PyObject *it = iterator(from), *t = it ? PyTuple_New(n) : NULL;
  if (t && take(it, t, n, "not enough values to unpack (expected %zd, got %zd)", n) < 0) Py_CLEAR(t);
  PyObject *more = t ? PyIter_Next(it) : NULL;
  if (more) PyErr_Format(PyExc_ValueError, "too many values to unpack (expected %zd)", n);
  if (t && PyErr_Occurred()) Py_CLEAR(t);
  Py_XDECREF(more);
  Py_XDECREF(it);
  return t;
}

int in_unpack_object(in_frame *f, PyObject *from, Py_ssize_t n, in_val *r)
{
  PyObject *t;
  (void)f;
  if (PyTuple_CheckExact(from) && PyTuple_GET_SIZE(from) == n) t = Py_NewRef(from);
  else if (PyList_CheckExact(from) && PyList_GET_SIZE(from) == n) t = PyList_AsTuple(from);
  else t = unpack(from, n);
  if (!t) return -1;
  *r = in_obj(t);
  return 0;
}

/* The items behind the first ones: all into the list at t[before], then the last after of them back out of it. */
static int take_rest(PyObject *it, PyObject *t, Py_ssize_t before, Py_ssize_t after)
{
  PyObject *list = PySequence_List(it);
  if (!list) return -1;
  PyTuple_SET_ITEM(t, before, list);
  Py_ssize_t n = PyList_GET_SIZE(list);
  if (n < after) {
    PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected at least %zd, got %zd)", before + after, before + n);
    return -1;
  }
  for (Py_ssize_t k = 0; k < after; k++)
    PyTuple_SET_ITEM(t, before + 1 + k, Py_NewRef(PyList_GET_ITEM(list, n - after + k)));
  return PyList_SetSlice(list, n - after, n, NULL);
}

int in_o_unpackex(in_frame *f, const in_ins *i)
{
  Py_ssize_t before = (Py_ssize_t)(IN_IMM(f, i) & 0xffff), after = (Py_ssize_t)(IN_IMM(f, i) >> 16);
  PyObject *from = in_box(f, IN_ARG(f, i, 0)), *it = from ? iterator(from) : NULL;
  PyObject *t = it ? PyTuple_New(before + 1 + after) : NULL;
  if (t && (take(it, t, before, "not enough values to unpack (expected at least %zd, got %zd)", before + after) < 0 ||
            take_rest(it, t, before, after) < 0))
    Py_CLEAR(t);
  Py_XDECREF(it);
  Py_XDECREF(from);
  if (!t) return -1;
  in_result(f, i, in_obj(t));
  return 0;
}
