/* SPDX-License-Identifier: MIT */
/* py_dyn_stmt.c: the dynamic front end: assignment and the other simple statements. */
#include "py_dyn.h"

#include <string.h>

/* -- Assignment ------------------------------------------------------------------------------------------- */

/* a, b = v or a, *b = v: the items of v to their targets. */
static void unpack(dy *d, PyObject *target, kb_ref v)
{
  PyObject *elts = dy_get(target, "elts");
  Py_ssize_t n = PyList_GET_SIZE(elts), star = -1;
  kb_loc loc = dy_loc(d, target);
  for (Py_ssize_t i = 0; i < n; i++)
    if (kb_py_kind(PyList_GET_ITEM(elts, i)) == KA_Starred) star = i;
  kb_ref items = star < 0 ? dy_imm(d, dy_op1(d, KB_OUNPACK, loc, v), n)
                          : dy_imm(d, dy_op1(d, KB_OUNPACKEX, loc, v), star + (n - 1 - star) * 65536);
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *to = PyList_GET_ITEM(elts, i);
    kb_ref item = dy_imm(d, dy_op1(d, KB_OITEM, loc, items), i);
    dy_assign(d, i == star ? kb_py_get(to, "value") : to, item);
  }
}

void dy_assign(dy *d, PyObject *target, kb_ref v)
{
  if (!d->c.cur) return;
  switch (kb_py_kind(target)) {
  case KA_Name: dy_store(d, dy_mangled(d, target, "id"), v, dy_loc(d, target)); break;
  case KA_Attribute: {
    kb_ref x = dy_expr(d, kb_py_get(target, "value"));
    dy_name(d, dy_op2(d, KB_OSETATTR, dy_attr_loc(d, target), x, v), dy_mangled(d, target, "attr"));
    break;
  }
  case KA_Subscript: {
    dy_refs args = { 0 };
    kb_vec_push(&args, dy_expr(d, kb_py_get(target, "value")));
    dy_index(d, kb_py_get(target, "slice"), &args);
    kb_vec_push(&args, v);
    dy_op(d, KB_OSETITEM, dy_loc(d, target), args.v, args.n);
    kb_vec_free(&args);
    break;
  }
  case KA_Tuple:
  case KA_List: unpack(d, target, v); break;
  default: dy_refuse(d, target, "assignment to a %s", Py_TYPE(target)->tp_name); break;
  }
}

static void assign(dy *d, PyObject *node)
{
  PyObject *targets = dy_get(node, "targets");
  kb_ref v = dy_expr(d, kb_py_get(node, "value"));
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(targets); i++) dy_assign(d, PyList_GET_ITEM(targets, i), v);
}

/* The annotation of a local variable is never evaluated; what a target without a value names is. */
static void ann_assign(dy *d, PyObject *node)
{
  PyObject *value = kb_py_get(node, "value"), *target = kb_py_get(node, "target");
  if (value != Py_None) {
    dy_assign(d, target, dy_expr(d, value));
    return;
  }
  if (kb_py_kind(target) == KA_Attribute || kb_py_kind(target) == KA_Subscript)
    dy_expr(d, kb_py_get(target, "value"));
  if (kb_py_kind(target) == KA_Subscript) {
    dy_refs args = { 0 };
    dy_index(d, kb_py_get(target, "slice"), &args);
    kb_vec_free(&args);
  }
}

static kb_ref inplace(dy *d, PyObject *node, kb_ref a)
{
  kb_ref b = dy_expr(d, kb_py_get(node, "value"));
  return dy_imm(d, dy_op2(d, KB_OINPLACE, dy_loc(d, node), a, b), dy_inplace(d, kb_py_get(node, "op")));
}

/* The parts of the target are evaluated once, before the value. */
static void aug_assign(dy *d, PyObject *node)
{
  PyObject *target = kb_py_get(node, "target");
  kb_loc loc = dy_loc(d, target);
  if (kb_py_kind(target) == KA_Name) {
    const char *name = dy_mangled(d, target, "id");
    dy_store(d, name, inplace(d, node, dy_load(d, name, loc)), loc);
  } else if (kb_py_kind(target) == KA_Attribute) {
    const char *name = dy_mangled(d, target, "attr");
    kb_ref x = dy_expr(d, kb_py_get(target, "value"));
    kb_ref a = dy_name(d, dy_op1(d, KB_OGETATTR, dy_attr_loc(d, target), x), name);
    dy_name(d, dy_op2(d, KB_OSETATTR, dy_attr_loc(d, target), x, inplace(d, node, a)), name);
  } else {
    dy_refs args = { 0 };
    kb_vec_push(&args, dy_expr(d, kb_py_get(target, "value")));
    dy_index(d, kb_py_get(target, "slice"), &args);
    kb_ref a = dy_op(d, KB_OGETITEM, loc, args.v, args.n);
    kb_vec_push(&args, inplace(d, node, a));
    dy_op(d, KB_OSETITEM, loc, args.v, args.n);
    kb_vec_free(&args);
  }
}

static void delete_all(dy *d, PyObject *list)
{
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && d->c.cur; i++) {
    PyObject *target = PyList_GET_ITEM(list, i);
    switch (kb_py_kind(target)) {
    case KA_Name: dy_delete(d, dy_mangled(d, target, "id"), dy_loc(d, target)); break;
    case KA_Attribute: {
      kb_ref x = dy_expr(d, kb_py_get(target, "value"));
      dy_name(d, dy_op1(d, KB_ODELATTR, dy_attr_loc(d, target), x), dy_mangled(d, target, "attr"));
      break;
    }
    case KA_Subscript: {
      dy_refs args = { 0 };
      kb_vec_push(&args, dy_expr(d, kb_py_get(target, "value")));
      dy_index(d, kb_py_get(target, "slice"), &args);
      dy_op(d, KB_ODELITEM, dy_loc(d, target), args.v, args.n);
      kb_vec_free(&args);
      break;
    }
    default: delete_all(d, dy_get(target, "elts")); break;
    }
  }
}

/* -- Imports ---------------------------------------------------------------------------------------------- */

/* #"level module name name ..."; "." stands for no module. */
static kb_ref import_op(dy *d, long level, const char *module, const char *names, kb_loc loc)
{
  char text[4096];
  int n = snprintf(text, sizeof text, "%ld %s%s", level, *module ? module : ".", names);
  if (n < 0 || n >= (int)sizeof text) dy_refuse(d, NULL, "an import of too many names");
  return dy_name(d, dy_op0(d, KB_OIMPORT, loc), text);
}

static void import(dy *d, PyObject *node)
{
  PyObject *names = dy_get(node, "names");
  kb_loc loc = dy_loc(d, node);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(names); i++) {
    PyObject *alias = PyList_GET_ITEM(names, i);
    const char *name = kb_py_get_str(alias, "name"), *as = kb_py_get_str(alias, "asname");
    kb_ref v = import_op(d, 0, name, "", loc);
    const char *dot = strchr(name, '.');
    if (!as) {
      dy_store(d, dy_mangle(d, dot ? kb_intern_n(name, (size_t)(dot - name)) : name), v, loc);
      continue;
    }
    while (dot) { /* import a.b.c as d: the parts behind the first one are looked up from left to right */
      const char *part = dot + 1;
      dot = strchr(part, '.');
      v = dy_name(d, dy_op1(d, KB_OIMPORTFROM, loc, v), dot ? kb_intern_n(part, (size_t)(dot - part)) : part);
    }
    dy_store(d, dy_mangle(d, as), v, loc);
  }
}

static void import_from(dy *d, PyObject *node)
{
  PyObject *names = dy_get(node, "names"), *level = kb_py_get(node, "level");
  const char *module = kb_py_get_str(node, "module");
  kb_loc loc = dy_loc(d, node);
  char list[4000] = "";
  size_t used = 0;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(names); i++) {
    int n = snprintf(list + used, sizeof list - used, " %s", kb_py_get_str(PyList_GET_ITEM(names, i), "name"));
    if (n < 0 || (size_t)n >= sizeof list - used) {
      dy_refuse(d, node, "an import of too many names");
      return;
    }
    used += (size_t)n;
  }
  kb_ref from = import_op(d, PyLong_Check(level) ? PyLong_AsLong(level) : 0, module ? module : "", list, loc);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(names); i++) {
    PyObject *alias = PyList_GET_ITEM(names, i);
    const char *name = kb_py_get_str(alias, "name"), *as = kb_py_get_str(alias, "asname");
    kb_ref v = dy_name(d, dy_op1(d, KB_OIMPORTFROM, loc, from), dy_mangle(d, name));
    dy_store(d, dy_mangle(d, as ? as : name), v, loc);
  }
}

/* -- The others --------------------------------------------------------------------------------------------- */

static void raise_stmt(dy *d, PyObject *node)
{
  PyObject *exc = kb_py_get(node, "exc"), *cause = kb_py_get(node, "cause");
  kb_ref args[2];
  uint32_t n = 0;
  if (exc != Py_None) args[n++] = dy_expr(d, exc);
  if (cause != Py_None) args[n++] = dy_expr(d, cause);
  dy_keep_iterators(d, dy_loc(d, node));
  dy_op(d, KB_ORAISE, dy_loc(d, node), args, n);
  d->c.cur = 0;
}

/* AssertionError is the built-in one, whatever the name means. */
static void assert_stmt(dy *d, PyObject *node)
{
  PyObject *msg = kb_py_get(node, "msg");
  kb_loc loc = dy_loc(d, node);
#if PY_VERSION_HEX >= 0x030d0000
  kb_loc at = dy_loc(d, kb_py_get(node, "test"));
#else
  kb_loc at = loc;
#endif
  if (d->optimised) return;
  kb_bid ok = lw_block(&d->c), no = lw_block(&d->c);
  dy_cond(d, kb_py_get(node, "test"), ok, no);
  dy_enter(d, no);
  if (d->c.cur) {
    kb_ref e = dy_pool(d, PyExc_AssertionError, loc);
    if (msg != Py_None) e = dy_name(d, dy_op2(d, KB_OCALLX, at, e, dy_expr(d, msg)), "");
    dy_keep_iterators(d, at);
    dy_op1(d, KB_ORAISE, at, e);
    d->c.cur = 0;
  }
  dy_enter(d, ok);
}

static void if_stmt(dy *d, PyObject *node)
{
  kb_bid yes = lw_block(&d->c), no = lw_block(&d->c), done = lw_block(&d->c);
  kb_loc loc = dy_loc(d, node);
  dy_cond(d, kb_py_get(node, "test"), yes, no);
  dy_enter(d, yes);
  dy_body(d, dy_get(node, "body"));
  lw_goto(&d->c, done, loc);
  dy_enter(d, no);
  dy_body(d, dy_get(node, "orelse"));
  lw_goto(&d->c, done, loc);
  dy_enter(d, done);
}

static void stmt(dy *d, PyObject *node)
{
  d->c.at = dy_loc(d, node);
  switch (kb_py_kind(node)) {
  case KA_Expr: dy_expr(d, kb_py_get(node, "value")); break;
  case KA_Assign: assign(d, node); break;
  case KA_AnnAssign: ann_assign(d, node); break;
  case KA_AugAssign: aug_assign(d, node); break;
  case KA_Delete: delete_all(d, dy_get(node, "targets")); break;
  case KA_If: if_stmt(d, node); break;
  case KA_While: dy_while(d, node); break;
  case KA_For: dy_for(d, node); break;
  case KA_Try: dy_try(d, node); break;
  case KA_With: dy_with(d, node); break;
  case KA_Break: dy_break(d, node, false); break;
  case KA_Continue: dy_break(d, node, true); break;
  case KA_Return: dy_return(d, node); break;
  case KA_Raise: raise_stmt(d, node); break;
  case KA_Assert: assert_stmt(d, node); break;
  case KA_Import: import(d, node); break;
  case KA_ImportFrom: import_from(d, node); break;
  case KA_FunctionDef: dy_def(d, node); break;
  case KA_Pass:
  case KA_Global:
  case KA_Nonlocal: break;
  default: dy_refuse(d, node, "a statement of kind %s", Py_TYPE(node)->tp_name); break;
  }
}

/* Code behind a return, raise, break or continue never runs, and CPython does not compile it either. */
void dy_body(dy *d, PyObject *list)
{
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && d->c.cur; i++) stmt(d, PyList_GET_ITEM(list, i));
}
