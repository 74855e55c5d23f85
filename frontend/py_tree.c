/* SPDX-License-Identifier: MIT */
/* py_tree.c: statements of Python's AST to the tree. */
#include "py.h"
#include "../include/kbabi.h"

#include <string.h>

typedef KB_VEC(kt_node *) nodes;

static kt_list block(kb_py_fn *f, PyObject *list);

static kt_node *bad(kb_py_fn *f, kb_loc loc) { return kt_new(f->py->mod, TN_BAD, loc); }

/* -- Assignment ------------------------------------------------------------------------------------------- */

static kt_node *target(kb_py_fn *f, PyObject *node)
{
  switch (kb_py_kind(node)) {
  case KA_Name:
  case KA_Subscript: return kb_py_expr(f, node);
  case KA_Tuple:
  case KA_List: {
    nodes kids = { 0 };
    PyObject *elts = kb_py_get(node, "elts");
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(elts); i++) kb_vec_push(&kids, target(f, PyList_GET_ITEM(elts, i)));
    kt_node *n = kt_new(f->py->mod, TN_TUPLE, kb_py_loc(f, node));
    n->kids = kt_list_of(f->py->mod, kids.v, kids.n);
    kb_vec_free(&kids);
    return n;
  }
  case KA_Attribute:
    kb_py_fail(f, kb_py_loc(f, node),
               "assignment to an attribute is not supported in a kernel; use a local variable or an array");
    return bad(f, kb_py_loc(f, node));
  default: return kb_py_refuse(f, node);
  }
}

static kt_node *assign(kb_py_fn *f, PyObject *node)
{
  nodes kids = { 0 };
  PyObject *targets = kb_py_get(node, "targets");
  kb_vec_push(&kids, kb_py_expr(f, kb_py_get(node, "value")));
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(targets); i++) kb_vec_push(&kids, target(f, PyList_GET_ITEM(targets, i)));
  kt_node *n = kt_new(f->py->mod, TN_ASSIGN, kb_py_loc(f, node));
  n->kids = kt_list_of(f->py->mod, kids.v, kids.n);
  kb_vec_free(&kids);
  return n;
}

/* Python ignores the annotation of a local variable, and so is it here. */
static kt_node *ann_assign(kb_py_fn *f, PyObject *node)
{
  PyObject *value = kb_py_get(node, "value");
  if (value == Py_None) return kt_new(f->py->mod, TN_PASS, kb_py_loc(f, node));
  kt_node *kids[2];
  kids[0] = kb_py_expr(f, value);
  kids[1] = target(f, kb_py_get(node, "target"));
  kt_node *n = kt_new(f->py->mod, TN_ASSIGN, kb_py_loc(f, node));
  n->kids = kt_list_of(f->py->mod, kids, 2);
  return n;
}

static kt_node *aug_assign(kb_py_fn *f, PyObject *node)
{
  kt_node *kids[2];
  kt_node *n = kt_new(f->py->mod, TN_AUGASSIGN, kb_py_loc(f, node));
  kb_op op = kb_py_binary_op(f, kb_py_get(node, "op"), n->loc);
  if (op == KB_NOP) return n;
  kids[0] = target(f, kb_py_get(node, "target"));
  kids[1] = kb_py_expr(f, kb_py_get(node, "value"));
  n->op = (uint16_t)op;
  n->kids = kt_list_of(f->py->mod, kids, 2);
  return n;
}

/* -- Exceptions ------------------------------------------------------------------------------------------- */

static const char *const exc_names[] = {
#define NAME(name) #name,
  KB_EXCEPTIONS(NAME)
#undef NAME
};

/* enum kb_exc of the class that an expression names, -1 after an error. */
static int exception_class(kb_py_fn *f, PyObject *node)
{
  PyObject *object = NULL;
  kb_loc loc = kb_py_loc(f, node);
  if (!kb_py_is_static(f, node)) {
    kb_py_fail(
        f, loc,
        "raising anything but a built-in exception is not supported in a kernel; write raise ValueError(\"...\")");
    return -1;
  }
  kt_node *n = kb_py_resolve(f, node, &object);
  int found = -1;
  if (object && PyExceptionClass_Check(object)) {
    const char *name = PyExceptionClass_Name(object);
    PyObject *builtin = PyDict_GetItemString(PyEval_GetBuiltins(), name);
    for (int i = 0; i < KB_NEXC && builtin == object; i++)
      if (strcmp(exc_names[i], name) == 0) found = i;
    if (found < 0)
      kb_py_fail(f, loc,
                 "the exception %s is not supported in a kernel; raise a built-in one such as ValueError, and convert "
                 "it in the Python caller",
                 name);
  } else if (n->kind == TN_BAD && !object) {
    kb_py_fail(f, loc, "%s", n->str);
  } else {
    kb_py_fail(f, loc, "exceptions must be built-in exception classes; write raise ValueError(\"...\")");
  }
  Py_XDECREF(object);
  return found;
}

static kt_node *raise_stmt(kb_py_fn *f, PyObject *node)
{
  kt_node *n = kt_new(f->py->mod, TN_RAISE, kb_py_loc(f, node));
  PyObject *exc = kb_py_get(node, "exc"), *cause = kb_py_get(node, "cause");
  if (exc == Py_None) {
    kb_py_fail(f, n->loc, "raise without an exception is not supported in a kernel; name the exception");
    return n;
  }
  if (cause != Py_None && !(kb_py_kind(cause) == KA_Constant && kb_py_get(cause, "value") == Py_None))
    kb_py_fail(f, kb_py_loc(f, cause), "raise ... from ... is not supported in a kernel; leave the 'from' part out");
  if (kb_py_kind(exc) != KA_Call) {
    n->i = exception_class(f, exc);
    return n;
  }
  PyObject *args = kb_py_get(exc, "args");
  n->i = exception_class(f, kb_py_get(exc, "func"));
  if (n->i >= 0 && (PyList_GET_SIZE(args) > 1 || PyList_GET_SIZE(kb_py_get(exc, "keywords")))) {
    kb_py_fail(f, n->loc, "an exception with more than a message is not supported in a kernel; write raise %s(\"...\")",
               exc_names[n->i]);
  } else if (n->i >= 0 && PyList_GET_SIZE(args) == 1) {
    kt_node *text = kt_new(f->py->mod, TN_STR, kb_py_loc(f, PyList_GET_ITEM(args, 0)));
    text->str = kb_py_message(f, PyList_GET_ITEM(args, 0), "an exception's message");
    n->kids = kt_list_of(f->py->mod, &text, 1);
  }
  return n;
}

static kt_node *assert_stmt(kb_py_fn *f, PyObject *node)
{
  kt_node *kids[2];
  PyObject *msg = kb_py_get(node, "msg");
  kt_node *n = kt_new(f->py->mod, TN_ASSERT, kb_py_loc(f, node));
  kids[0] = kb_py_expr(f, kb_py_get(node, "test"));
  if (msg != Py_None) {
    kids[1] = kt_new(f->py->mod, TN_STR, kb_py_loc(f, msg));
    kids[1]->str = kb_py_message(f, msg, "an assert's message");
  }
  n->kids = kt_list_of(f->py->mod, kids, msg != Py_None ? 2 : 1);
  return n;
}

/* -- Other statements -------------------------------------------------------------------------------------- */

static kt_node *expr_stmt(kb_py_fn *f, PyObject *node)
{
  kt_node *x = kb_py_expr(f, kb_py_get(node, "value"));
  kt_node *n = kt_new(f->py->mod, TN_EXPR, kb_py_loc(f, node));
  n->kids = kt_list_of(f->py->mod, &x, 1);
  return n;
}

static kt_node *return_stmt(kb_py_fn *f, PyObject *node)
{
  PyObject *value = kb_py_get(node, "value");
  kt_node *n = kt_new(f->py->mod, TN_RETURN, kb_py_loc(f, node));
  if (value == Py_None || (kb_py_kind(value) == KA_Constant && kb_py_get(value, "value") == Py_None)) return n;
  kt_node *x = kb_py_expr(f, value);
  n->kids = kt_list_of(f->py->mod, &x, 1);
  return n;
}

/* if, while, for: head expressions, then the two blocks. */
static kt_node *compound(kb_py_fn *f, PyObject *node, kt_kind kind)
{
  kt_node *kids[2];
  kt_node *n = kt_new(f->py->mod, kind, kb_py_loc(f, node));
  uint32_t nkids = 1;
  if (kind == TN_FOR) {
    kids[0] = target(f, kb_py_get(node, "target"));
    kids[1] = kb_py_expr(f, kb_py_get(node, "iter"));
    nkids = 2;
  } else {
    kids[0] = kb_py_expr(f, kb_py_get(node, "test"));
  }
  n->kids = kt_list_of(f->py->mod, kids, nkids);
  n->body = block(f, kb_py_get(node, "body"));
  n->orelse = block(f, kb_py_get(node, "orelse"));
  return n;
}

static kt_node *statement(kb_py_fn *f, PyObject *node)
{
  switch (kb_py_kind(node)) {
  case KA_Expr: return expr_stmt(f, node);
  case KA_Assign: return assign(f, node);
  case KA_AnnAssign: return ann_assign(f, node);
  case KA_AugAssign: return aug_assign(f, node);
  case KA_If: return compound(f, node, TN_IF);
  case KA_While: return compound(f, node, TN_WHILE);
  case KA_For: return compound(f, node, TN_FOR);
  case KA_Break: return kt_new(f->py->mod, TN_BREAK, kb_py_loc(f, node));
  case KA_Continue: return kt_new(f->py->mod, TN_CONTINUE, kb_py_loc(f, node));
  case KA_Pass: return kt_new(f->py->mod, TN_PASS, kb_py_loc(f, node));
  case KA_Return: return return_stmt(f, node);
  case KA_Raise: return raise_stmt(f, node);
  case KA_Assert: return assert_stmt(f, node);
  default: return kb_py_refuse(f, node);
  }
}

/* A docstring, a string as a comment, or ...: says nothing. */
static bool is_remark(PyObject *node)
{
  return kb_py_kind(node) == KA_Expr && kb_py_kind(kb_py_get(node, "value")) == KA_Constant;
}

static kt_list block(kb_py_fn *f, PyObject *list)
{
  nodes made = { 0 };
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++)
    if (!is_remark(PyList_GET_ITEM(list, i))) kb_vec_push(&made, statement(f, PyList_GET_ITEM(list, i)));
  kt_list l = kt_list_of(f->py->mod, made.v, made.n);
  kb_vec_free(&made);
  return l;
}

void kb_py_tree(kb_py_fn *f, PyObject *def) { f->k->body = block(f, kb_py_get(def, "body")); }
