/* SPDX-License-Identifier: MIT */
/* py_dyn_make.c: the dynamic front end: nested functions, generator expressions, comprehensions. */
#include "py_dyn.h"

#include <string.h>

/* -- Functions ----------------------------------------------------------------------------------------------- */

static kb_ref defaults(dy *d, PyObject *args, kb_loc loc)
{
  PyObject *list = dy_get(args, "defaults");
  Py_ssize_t n = PyList_GET_SIZE(list);
  dy_refs items = { 0 };
  if (n == 0) return dy_none(d);
  PyObject *t = PyTuple_New(n);
  for (Py_ssize_t i = 0; t && i < n; i++) {
    PyObject *item = dy_constant(PyList_GET_ITEM(list, i));
    if (item) PyTuple_SET_ITEM(t, i, item);
    else Py_CLEAR(t);
  }
  if (t) {
    kb_ref r = dy_pool(d, t, loc);
    Py_DECREF(t);
    return r;
  }
  for (Py_ssize_t i = 0; i < n; i++) kb_vec_push(&items, dy_expr(d, PyList_GET_ITEM(list, i)));
  kb_ref r = dy_op(d, KB_OTUPLE, loc, items.v, items.n);
  kb_vec_free(&items);
  return r;
}

static kb_ref dict_or_none(dy *d, dy_refs *items, kb_loc loc)
{
  kb_ref r = items->n ? dy_op(d, KB_ODICT, loc, items->v, items->n) : dy_none(d);
  kb_vec_free(items);
  return r;
}

static kb_ref kwdefaults(dy *d, PyObject *args, kb_loc loc)
{
  PyObject *names = dy_get(args, "kwonlyargs"), *values = dy_get(args, "kw_defaults");
  dy_refs items = { 0 };
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(values); i++) {
    PyObject *value = PyList_GET_ITEM(values, i);
    if (value == Py_None) continue; /* none given */
    kb_vec_push(&items, kb_const_str(d->c.f, dy_mangled(d, PyList_GET_ITEM(names, i), "arg")));
    kb_vec_push(&items, dy_expr(d, value));
  }
  return dict_or_none(d, &items, loc);
}

static void annotation(dy *d, PyObject *node, const char *name, PyObject *value, dy_refs *items)
{
  if (value == Py_None) return;
  if (((PyCodeObject *)d->code)->co_flags & 0x1000000) /* CO_FUTURE_ANNOTATIONS: their text */
    dy_refuse(d, node, "it defines a function with annotations that are kept as text");
  kb_vec_push(items, kb_const_str(d->c.f, name));
  kb_vec_push(items, dy_expr(d, value));
}

/* In the order in which CPython evaluates them. */
static kb_ref annotations(dy *d, PyObject *def, PyObject *args, kb_loc loc)
{
  static const char *const lists[] = { "args", "posonlyargs", "vararg", "kwonlyargs", "kwarg" };
  dy_refs items = { 0 };
  for (int k = 0; k < 5; k++) {
    PyObject *all = kb_py_get(args, lists[k]);
    bool many = PyList_Check(all);
    Py_ssize_t n = many ? PyList_GET_SIZE(all) : all != Py_None;
    for (Py_ssize_t i = 0; i < n; i++) {
      PyObject *arg = many ? PyList_GET_ITEM(all, i) : all;
      annotation(d, arg, dy_mangled(d, arg, "arg"), kb_py_get(arg, "annotation"), &items);
    }
  }
  annotation(d, def, "return", kb_py_get(def, "returns"), &items);
  return dict_or_none(d, &items, loc);
}

/* Code, defaults and so on, then the cells. */
static kb_ref function(dy *d, PyObject *code, kb_ref def, kb_ref kwdef, kb_ref notes, kb_loc loc)
{
  dy_refs args = { 0 };
  if (!code) return dy_none(d);
  kb_vec_push(&args, dy_pool(d, code, loc));
  kb_vec_push(&args, def);
  kb_vec_push(&args, kwdef);
  kb_vec_push(&args, notes);
  dy_closure(d, code, &args);
  kb_ref r = dy_op(d, KB_OFUNCTION, loc, args.v, args.n);
  kb_vec_free(&args);
  return r;
}

kb_ref dy_lambda(dy *d, PyObject *node)
{
  PyObject *args = kb_py_get(node, "args");
  kb_loc loc = dy_loc(d, node);
  kb_ref def = defaults(d, args, loc), kwdef = kwdefaults(d, args, loc);
  return function(d, dy_code_of(d, node, "<lambda>"), def, kwdef, dy_none(d), loc);
}

void dy_def(dy *d, PyObject *node)
{
  PyObject *args = kb_py_get(node, "args"), *decorators = dy_get(node, "decorator_list");
  Py_ssize_t n = PyList_GET_SIZE(decorators);
  kb_loc loc = dy_loc(d, node);
  dy_refs marks = { 0 };
  if (PyList_GET_SIZE(dy_get(node, "type_params"))) dy_refuse(d, node, "it defines a function with type parameters");
  for (Py_ssize_t i = 0; i < n; i++) kb_vec_push(&marks, dy_expr(d, PyList_GET_ITEM(decorators, i)));
  kb_ref def = defaults(d, args, loc), kwdef = kwdefaults(d, args, loc), notes = annotations(d, node, args, loc);
  kb_ref f = function(d, dy_code_of(d, node, kb_py_get_str(node, "name")), def, kwdef, notes, loc);
  for (Py_ssize_t i = n; i-- > 0;)
    f = dy_name(d, dy_op2(d, KB_OCALLX, dy_loc(d, PyList_GET_ITEM(decorators, i)), marks.v[i], f), "");
  kb_vec_free(&marks);
  dy_store(d, dy_mangled(d, node, "name"), f, loc);
}

/* -- Comprehensions -------------------------------------------------------------------------------------------- */

static bool is_async(dy *d, PyObject *generators)
{
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(generators); i++) {
    PyObject *flag = kb_py_get(PyList_GET_ITEM(generators, i), "is_async");
    if (PyLong_Check(flag) && PyLong_AsLong(flag)) {
      dy_refuse(d, NULL, "it has an asynchronous comprehension");
      return true;
    }
  }
  return false;
}

static void element(dy *d, PyObject *node, kb_ref acc)
{
  kb_loc loc = dy_loc(d, node);
  if (kb_py_kind(node) != KA_DictComp) {
    dy_op2(d, kb_py_kind(node) == KA_SetComp ? KB_OSETADD : KB_OAPPEND, loc, acc, dy_expr(d, kb_py_get(node, "elt")));
    return;
  }
  kb_ref put[3] = { acc, dy_expr(d, kb_py_get(node, "key")), 0 };
  put[2] = dy_expr(d, kb_py_get(node, "value"));
  dy_op(d, KB_ODICTSET, loc, put, 3);
}

static void generators(dy *d, PyObject *node, PyObject *list, Py_ssize_t at, kb_ref x, kb_ref acc)
{
  if (at == PyList_GET_SIZE(list)) {
    element(d, node, acc);
    return;
  }
  dy_loop l;
  PyObject *gen = PyList_GET_ITEM(list, at), *ifs = dy_get(gen, "ifs");
  kb_loc loc = dy_loc(d, node);
#if PY_VERSION_HEX >= 0x030d0000
  loc = dy_loc(d, kb_py_get(gen, "iter"));
#endif
  if (at > 0) x = dy_expr(d, kb_py_get(gen, "iter"));
  kb_ref v = dy_loop_begin(d, &l, x, loc);
  dy_assign(d, kb_py_get(gen, "target"), v);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(ifs); i++) {
    kb_bid yes = lw_block(&d->c);
    dy_cond(d, PyList_GET_ITEM(ifs, i), yes, l.head);
    dy_enter(d, yes);
  }
  generators(d, node, list, at + 1, 0, acc);
  dy_loop_end(d, &l, loc);
}

/* The first iterable belongs to the function around, the rest is a scope of its own. */
kb_ref dy_comprehension(dy *d, PyObject *node)
{
  PyObject *list = dy_get(node, "generators");
  kb_ast kind = kb_py_kind(node);
  dy_comp comp = { 0 };
  if (is_async(d, list)) return dy_none(d);
  kb_ref x = dy_expr(d, kb_py_get(PyList_GET_ITEM(list, 0), "iter"));
  dy_comp_begin(d, &comp, node);
  kb_op op = kind == KA_ListComp ? KB_OLIST : kind == KA_SetComp ? KB_OSET : KB_ODICT;
  kb_ref acc = dy_op0(d, op, dy_loc(d, node));
  generators(d, node, list, 0, x, acc);
  dy_comp_end(d, &comp);
  return acc;
}

/* A call of its code object with the iterator of the first iterable. */
kb_ref dy_generator(dy *d, PyObject *node)
{
  PyObject *list = dy_get(node, "generators");
  PyObject *iter = PyDict_GetItemString(PyEval_GetBuiltins(), "iter");
  kb_loc loc = dy_loc(d, node);
  if (is_async(d, list)) return dy_none(d);
  if (!iter || !PyCFunction_Check(iter)) dy_refuse(d, node, "the built-in function iter has been replaced");
  kb_ref none = dy_none(d);
  kb_ref f = function(d, dy_code_of(d, node, "<genexpr>"), none, none, none, loc);
  kb_ref x = dy_expr(d, kb_py_get(PyList_GET_ITEM(list, 0), "iter"));
  x = dy_name(d, dy_op2(d, KB_OCALLX, loc, dy_pool(d, iter, loc), x), "");
  return dy_name(d, dy_op2(d, KB_OCALLX, loc, f, x), "");
}
