/* SPDX-License-Identifier: MIT */
/* py_dyn_call.c: the dynamic front end: calls, displays, f-strings. */
#include "py_dyn.h"

#include <string.h>

static bool has_star(PyObject *list)
{
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++)
    if (kb_py_kind(PyList_GET_ITEM(list, i)) == KA_Starred) return true;
  return false;
}

static void push_all(dy *d, PyObject *list, Py_ssize_t from, Py_ssize_t to, dy_refs *args)
{
  for (Py_ssize_t i = from; i < to; i++) kb_vec_push(args, dy_expr(d, PyList_GET_ITEM(list, i)));
}

static kb_ref op_of(dy *d, kb_op op, kb_loc loc, dy_refs *args)
{
  kb_ref r = dy_op(d, op, loc, args->v, args->n);
  kb_vec_free(args);
  return r;
}

/* -- Displays ------------------------------------------------------------------------------------------------- */

/* Items in front of the first star at once, the others one after the other. */
static kb_ref starred(dy *d, PyObject *elts, kb_loc loc, bool set)
{
  dy_refs args = { 0 };
  Py_ssize_t n = PyList_GET_SIZE(elts), at = 0;
  while (at < n && kb_py_kind(PyList_GET_ITEM(elts, at)) != KA_Starred) at++;
  if (set && at == n && n > 30) at = 0; /* as CPython: item by item */
  push_all(d, elts, 0, at, &args);
  kb_ref r = op_of(d, set ? KB_OSET : KB_OLIST, loc, &args);
  for (; at < n; at++) {
    PyObject *item = PyList_GET_ITEM(elts, at);
    if (kb_py_kind(item) == KA_Starred)
      dy_op2(d, set ? KB_OSETUPDATE : KB_OEXTEND, loc, r, dy_expr(d, kb_py_get(item, "value")));
    else dy_op2(d, set ? KB_OSETADD : KB_OAPPEND, loc, r, dy_expr(d, item));
  }
  return r;
}

kb_ref dy_list(dy *d, PyObject *elts, kb_loc loc) { return starred(d, elts, loc, false); }

/* Pairs [from, to) of a dict display; many of them are put in one by one, as CPython does. */
static kb_ref pairs(dy *d, PyObject *keys, PyObject *values, Py_ssize_t from, Py_ssize_t to, kb_loc loc)
{
  dy_refs args = { 0 };
  bool big = to - from > 15;
  kb_ref r = big ? dy_op0(d, KB_ODICT, loc) : 0;
  for (Py_ssize_t i = from; i < to; i++) {
    kb_ref k = dy_expr(d, PyList_GET_ITEM(keys, i)), v = dy_expr(d, PyList_GET_ITEM(values, i));
    if (big) {
      kb_ref put[3] = { r, k, v };
      dy_op(d, KB_ODICTSET, loc, put, 3);
    } else {
      kb_vec_push(&args, k);
      kb_vec_push(&args, v);
    }
  }
  return big ? r : op_of(d, KB_ODICT, loc, &args);
}

static kb_ref dict(dy *d, PyObject *node)
{
  PyObject *keys = dy_get(node, "keys"), *values = dy_get(node, "values");
  kb_loc loc = dy_loc(d, node);
  Py_ssize_t n = PyList_GET_SIZE(values), from = 0;
  kb_ref r = 0;
  for (Py_ssize_t i = 0; i <= n; i++) {
    bool star = i < n && PyList_GET_ITEM(keys, i) == Py_None;
    if (i < n && !star && i - from < 17) continue;
    if (i > from) {
      kb_ref part = pairs(d, keys, values, from, i, loc);
      if (r) dy_op2(d, KB_ODICTUPDATE, loc, r, part);
      else r = part;
    }
    from = i;
    if (!star) continue;
    if (!r) r = dy_op0(d, KB_ODICT, loc);
    dy_op2(d, KB_ODICTUPDATE, loc, r, dy_expr(d, PyList_GET_ITEM(values, i)));
    from = i + 1;
  }
  return r ? r : dy_op0(d, KB_ODICT, loc);
}

kb_ref dy_display(dy *d, PyObject *node)
{
  kb_loc loc = dy_loc(d, node);
  if (kb_py_kind(node) == KA_Dict) return dict(d, node);
  PyObject *elts = dy_get(node, "elts");
  if (kb_py_kind(node) != KA_Tuple) return starred(d, elts, loc, kb_py_kind(node) == KA_Set);
  if (has_star(elts)) return dy_op1(d, KB_OLISTTUPLE, loc, starred(d, elts, loc, false));
  dy_refs args = { 0 };
  push_all(d, elts, 0, PyList_GET_SIZE(elts), &args);
  return op_of(d, KB_OTUPLE, loc, &args);
}

/* -- f-strings -------------------------------------------------------------------------------------------------- */

static kb_ref formatted(dy *d, PyObject *node)
{
  PyObject *conversion = kb_py_get(node, "conversion"), *spec = kb_py_get(node, "format_spec");
  kb_loc loc = dy_loc(d, node);
  long c = PyLong_Check(conversion) ? PyLong_AsLong(conversion) : -1;
  int how = c == 's' ? 1 : c == 'r' ? 2 : c == 'a' ? 3 : 0;
  kb_ref v = dy_expr(d, kb_py_get(node, "value"));
#if PY_VERSION_HEX >= 0x030d0000
  if (how && spec != Py_None) { /* converted before the spec is computed */
    v = dy_imm(d, dy_op2(d, KB_OFORMAT, loc, v, dy_none(d)), how);
    how = 0;
  }
#endif
  kb_ref s = spec == Py_None ? dy_none(d) : dy_expr(d, spec);
  return dy_imm(d, dy_op2(d, KB_OFORMAT, loc, v, s), how);
}

kb_ref dy_fstring(dy *d, PyObject *node)
{
  if (kb_py_kind(node) == KA_FormattedValue) return formatted(d, node);
  PyObject *values = dy_get(node, "values");
  dy_refs args = { 0 };
  Py_ssize_t n = PyList_GET_SIZE(values);
  if (n == 0) return kb_const_str(d->c.f, "");
  if (n == 1) return dy_expr(d, PyList_GET_ITEM(values, 0));
  push_all(d, values, 0, n, &args);
  return op_of(d, KB_OJOIN, dy_loc(d, node), &args);
}

/* -- Calls -------------------------------------------------------------------------------------------------------- */

/* Appends " name" for each keyword; false when one of them is a **. */
static bool keyword_names(PyObject *keywords, char *text, size_t size)
{
  size_t used = strlen(text);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keywords); i++) {
    const char *name = kb_py_get_str(PyList_GET_ITEM(keywords, i), "arg");
    if (!name) return false;
    int n = snprintf(text + used, size - used, "%s%s", used ? " " : "", name);
    if (n < 0 || (size_t)n >= size - used) return false;
    used += (size_t)n;
  }
  return true;
}

/* f(**kwargs): a dict, filled as CPython does: runs of names at once, then each mapping. */
static kb_ref kwargs(dy *d, PyObject *keywords, kb_ref f, kb_loc loc)
{
  dy_refs args = { 0 };
  kb_ref all = 0;
  Py_ssize_t n = PyList_GET_SIZE(keywords);
  for (Py_ssize_t i = 0; i <= n; i++) {
    PyObject *kw = i < n ? PyList_GET_ITEM(keywords, i) : NULL;
    const char *name = kw ? kb_py_get_str(kw, "arg") : NULL;
    if (name) {
      kb_vec_push(&args, kb_const_str(d->c.f, name));
      kb_vec_push(&args, dy_expr(d, kb_py_get(kw, "value")));
      continue;
    }
    if (args.n) {
      kb_ref part[3] = { all, op_of(d, KB_ODICT, loc, &args), f };
      if (all) dy_op(d, KB_ODICTMERGE, loc, part, 3);
      else all = part[1];
    }
    if (!kw) break;
    if (!all) all = dy_op0(d, KB_ODICT, loc);
    kb_ref merge[3] = { all, dy_expr(d, kb_py_get(kw, "value")), f };
    dy_op(d, KB_ODICTMERGE, loc, merge, 3);
  }
  return all ? all : dy_none(d);
}

/* Calls with stars: f(*args, **kwargs). */
static kb_ref call_ex(dy *d, kb_ref f, PyObject *args, PyObject *keywords, kb_loc loc)
{
  kb_ref all[3] = { f, 0, 0 };
  if (PyList_GET_SIZE(args) == 1 && has_star(args)) all[1] = dy_expr(d, kb_py_get(PyList_GET_ITEM(args, 0), "value"));
  else if (has_star(args)) all[1] = dy_op1(d, KB_OLISTTUPLE, loc, dy_list(d, args, loc));
  else {
    dy_refs items = { 0 };
    push_all(d, args, 0, PyList_GET_SIZE(args), &items);
    all[1] = op_of(d, KB_OTUPLE, loc, &items);
  }
  all[2] = kwargs(d, keywords, f, loc);
  return dy_op(d, KB_OCALLEX, loc, all, 3);
}

/* dir(x), vars(x), super(A, x) do not look at frames, dir() does. The function, or 0 when it is another one. */
static kb_ref frameless(dy *d, PyObject *func, PyObject *args)
{
  const char *id = kb_py_kind(func) == KA_Name ? dy_mangled(d, func, "id") : NULL;
  if (!id || dy_find(d, id)) return 0;
  if (strcmp(id, "type") == 0 && PyList_GET_SIZE(args) != 1)
    dy_refuse(d, func, "it makes a class by calling type");
  bool harmless = strcmp(id, "dir") == 0 || strcmp(id, "vars") == 0 || strcmp(id, "super") == 0;
  if (!harmless || PyList_GET_SIZE(args) == 0 || has_star(args)) return 0;
  return dy_load(d, id, dy_loc(d, func));
}

kb_ref dy_call(dy *d, PyObject *node)
{
  PyObject *func = kb_py_get(node, "func"), *list = dy_get(node, "args"), *keywords = dy_get(node, "keywords");
  char names[4096] = "";
  dy_refs args = { 0 };
  kb_loc loc = dy_loc(d, node);
  bool method = kb_py_kind(func) == KA_Attribute;
  if (has_star(list) || !keyword_names(keywords, names, sizeof names)) {
    kb_ref f = dy_expr(d, func);
    return call_ex(d, f, list, keywords, loc);
  }
  if (method) {
    const char *attr = dy_mangled(d, func, "attr");
    dy_check_attr(d, func, attr);
    loc.line = dy_attr_loc(d, func).line; /* of the method's name, where a chain goes over several lines */
    kb_ref x = dy_expr(d, kb_py_get(func, "value"));
    kb_vec_push(&args, dy_name(d, dy_op1(d, KB_OMETHOD, loc, x), attr));
    kb_vec_push(&args, x);
  } else {
    kb_ref f = frameless(d, func, list);
    kb_vec_push(&args, f ? f : dy_expr(d, func));
  }
  push_all(d, list, 0, PyList_GET_SIZE(list), &args);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keywords); i++)
    kb_vec_push(&args, dy_expr(d, kb_py_get(PyList_GET_ITEM(keywords, i), "value")));
  return dy_name(d, op_of(d, method ? KB_OCALLM : KB_OCALLX, loc, &args), names);
}
