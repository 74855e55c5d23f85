/* SPDX-License-Identifier: MIT */
/* py_dyn_expr.c: the dynamic front end: expressions, in CPython's order of evaluation. */
#include "py_dyn.h"

#include <string.h>

/* -- Operators ------------------------------------------------------------------------------------------- */

/* The generic op, and what obj.inplace calls it. */
static kb_op binary_op(PyObject *op, int *inplace)
{
  static const struct { kb_ast kind; kb_op op; } ops[] = {
    { KA_Add, KB_OADD }, { KA_Sub, KB_OSUB }, { KA_Mult, KB_OMUL }, { KA_Div, KB_OTRUEDIV }, { KA_FloorDiv, KB_OFLOORDIV },
    { KA_Mod, KB_OMOD }, { KA_Pow, KB_OPOW }, { KA_LShift, KB_OLSHIFT }, { KA_RShift, KB_ORSHIFT }, { KA_BitAnd, KB_OAND },
    { KA_BitOr, KB_OOR }, { KA_BitXor, KB_OXOR }, { KA_MatMult, KB_OMATMUL },
  };
  kb_ast kind = kb_py_kind(op);
  for (int i = 0; i < (int)(sizeof ops / sizeof *ops); i++)
    if (ops[i].kind == kind) {
      *inplace = i;
      return ops[i].op;
    }
  return KB_NOP;
}

int dy_inplace(dy *d, PyObject *op)
{
  int n = 0;
  if (binary_op(op, &n) == KB_NOP) dy_refuse(d, op, "an unknown operator");
  return n;
}

static kb_ref binary(dy *d, PyObject *node)
{
  int n;
  kb_op op = binary_op(kb_py_get(node, "op"), &n);
  kb_ref a = dy_expr(d, kb_py_get(node, "left"));
  kb_ref b = dy_expr(d, kb_py_get(node, "right"));
  if (op != KB_NOP) return dy_op2(d, op, dy_loc(d, node), a, b);
  dy_refuse(d, node, "an unknown operator");
  return a;
}

static kb_ref unary(dy *d, PyObject *node)
{
  kb_ast kind = kb_py_kind(kb_py_get(node, "op"));
  kb_op op = kind == KA_USub ? KB_ONEG : kind == KA_UAdd ? KB_OPOS : kind == KA_Invert ? KB_OINVERT : KB_ONOT;
  return dy_op1(d, op, dy_loc(d, node), dy_expr(d, kb_py_get(node, "operand")));
}

/* -- Constants --------------------------------------------------------------------------------------------- */

/* Arithmetic of constants whose result is small; anything else happens at run time. */
static PyObject *fold(PyObject *op, PyObject *a, PyObject *b)
{
  kb_ast kind = kb_py_kind(op);
  bool ints = PyLong_CheckExact(a) && PyLong_CheckExact(b);
  bool numbers = (PyLong_CheckExact(a) || PyFloat_CheckExact(a) || PyComplex_CheckExact(a)) &&
                 (PyLong_CheckExact(b) || PyFloat_CheckExact(b) || PyComplex_CheckExact(b));
  int overflow = 0;
  long n = ints ? PyLong_AsLongAndOverflow(b, &overflow) : 0;
  PyObject *r = NULL;
  if (!numbers) return NULL;
  if (kind == KA_Add) r = PyNumber_Add(a, b);
  else if (kind == KA_Sub) r = PyNumber_Subtract(a, b);
  else if (kind == KA_Mult) r = PyNumber_Multiply(a, b);
  else if (kind == KA_Div) r = PyNumber_TrueDivide(a, b);
  else if (kind == KA_FloorDiv) r = PyNumber_FloorDivide(a, b);
  else if (kind == KA_Mod) r = PyNumber_Remainder(a, b);
  else if (kind == KA_LShift && ints && !overflow && n >= 0 && n <= 128) r = PyNumber_Lshift(a, b);
  else if (kind == KA_Pow && ints && !overflow && n >= 0 && n <= 128) r = PyNumber_Power(a, b, Py_None);
  PyErr_Clear(); /* 1 // 0 raises when it runs */
  return r;
}

static PyObject *constant_tuple(PyObject *elts)
{
  PyObject *t = PyTuple_New(PyList_GET_SIZE(elts));
  for (Py_ssize_t i = 0; t && i < PyList_GET_SIZE(elts); i++) {
    PyObject *item = dy_constant(PyList_GET_ITEM(elts, i));
    if (item) PyTuple_SET_ITEM(t, i, item);
    else Py_CLEAR(t);
  }
  return t;
}

PyObject *dy_constant(PyObject *node)
{
  PyObject *r = NULL, *a, *b;
  switch (kb_py_kind(node)) {
  case KA_Constant: return Py_NewRef(kb_py_get(node, "value"));
  case KA_Tuple: return constant_tuple(kb_py_get(node, "elts"));
  case KA_UnaryOp:
    if (kb_py_kind(kb_py_get(node, "op")) != KA_USub || !(a = dy_constant(kb_py_get(node, "operand")))) return NULL;
    if (PyLong_CheckExact(a) || PyFloat_CheckExact(a) || PyComplex_CheckExact(a)) r = PyNumber_Negative(a);
    Py_DECREF(a);
    return r;
  case KA_BinOp:
    if (!(a = dy_constant(kb_py_get(node, "left")))) return NULL;
    b = dy_constant(kb_py_get(node, "right"));
    if (b) r = fold(kb_py_get(node, "op"), a, b);
    Py_DECREF(a);
    Py_XDECREF(b);
    return r;
  default: return NULL;
  }
}

/* A str that is a C string with the same meaning. */
static bool plain_text(PyObject *s)
{
  Py_ssize_t n;
  const char *text = PyUnicode_AsUTF8AndSize(s, &n);
  PyErr_Clear(); /* a lone surrogate */
  return text && strlen(text) == (size_t)n;
}

kb_ref dy_value(dy *d, PyObject *object, kb_loc loc)
{
  kb_fn *f = d->c.f;
  int overflow = 1;
  if (object == Py_None) return dy_none(d);
  if (PyBool_Check(object)) return kb_const_int(f, KB_T_BOOL, object == Py_True);
  if (PyLong_CheckExact(object)) {
    long long i = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (!overflow) return kb_const_int(f, KB_T_INT, i);
  }
  if (PyFloat_CheckExact(object)) return kb_const_float(f, KB_T_FLOAT, PyFloat_AS_DOUBLE(object));
  if (PyUnicode_CheckExact(object) && plain_text(object)) return kb_const_str(f, PyUnicode_AsUTF8(object));
  return dy_pool(d, object, loc);
}

/* -- Names, attributes, subscripts ---------------------------------------------------------------------------- */

/* Functions that look at the frame of their caller, which is not there when it is interpreted. */
static bool sees_frames(const char *name)
{
  static const char *const names[] = { "exec", "eval", "locals", "vars", "dir", "globals", "breakpoint", "compile", "super",
                                       "__import__", "_getframe", "currentframe", "_getframemodulename", "_current_frames",
                                       "warn", "settrace", "setprofile", "extract_stack", "print_stack", "format_stack",
                                       "namedtuple", "NamedTuple", "TypeVar", "ParamSpec", "TypeVarTuple", "NewType",
                                       "TypedDict", "make_dataclass", "run_module", "run_path" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

static kb_ref name(dy *d, PyObject *node)
{
  const char *id = dy_mangled(d, node, "id");
  const dy_var *v = dy_find(d, id);
  if (strcmp(id, "__debug__") == 0) return kb_const_int(d->c.f, KB_T_BOOL, !d->optimised);
  if ((!v || v->place == DY_GLOBAL) && sees_frames(id))
    dy_refuse(d, node, "it uses %s, which may look at the frame of its caller", id);
  return dy_load(d, id, dy_loc(d, node));
}

kb_loc dy_attr_loc(const dy *d, PyObject *node)
{
  kb_loc loc = dy_loc(d, node);
  PyObject *end = kb_py_get(node, "end_lineno");
  long line = PyLong_Check(end) ? PyLong_AsLong(end) : 0;
  if (line > 0 && (uint32_t)line != loc.line) {
    loc.line = (uint32_t)line;
    loc.col = loc.end_col = 0;
  }
  return loc;
}

void dy_check_attr(dy *d, PyObject *node, const char *attr)
{
  static const char *const harmless[] = { "compile", "eval", "exec", "dir", "vars", "super", "globals", "locals" };
  for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
    if (strcmp(attr, harmless[i]) == 0 && kb_py_kind(kb_py_get(node, "value")) != KA_Name) return;
  if (strcmp(attr, "compile") != 0 && sees_frames(attr))
    dy_refuse(d, node, "it uses .%s, which may look at the frame of its caller", attr);
}

static kb_ref attribute(dy *d, PyObject *node)
{
  const char *attr = dy_mangled(d, node, "attr");
  kb_ref x = dy_expr(d, kb_py_get(node, "value"));
  dy_check_attr(d, node, attr);
  return dy_name(d, dy_op1(d, KB_OGETATTR, dy_attr_loc(d, node), x), attr);
}

/* x[i, j] gives its indices one by one; the interpreter makes the tuple if x is no array. */
void dy_index(dy *d, PyObject *index, dy_refs *args)
{
  bool flat = kb_py_kind(index) == KA_Tuple;
  PyObject *elts = flat ? kb_py_get(index, "elts") : NULL;
  flat = flat && PyList_GET_SIZE(elts) >= 2 && PyList_GET_SIZE(elts) <= 4;
  for (Py_ssize_t i = 0; flat && i < PyList_GET_SIZE(elts); i++)
    flat = kb_py_kind(PyList_GET_ITEM(elts, i)) != KA_Starred;
  if (!flat) {
    kb_vec_push(args, dy_expr(d, index));
    return;
  }
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(elts); i++) kb_vec_push(args, dy_expr(d, PyList_GET_ITEM(elts, i)));
}

static kb_ref subscript(dy *d, PyObject *node)
{
  dy_refs args = { 0 };
  kb_vec_push(&args, dy_expr(d, kb_py_get(node, "value")));
  dy_index(d, kb_py_get(node, "slice"), &args);
  kb_ref r = dy_op(d, KB_OGETITEM, dy_loc(d, node), args.v, args.n);
  kb_vec_free(&args);
  return r;
}

static kb_ref slice(dy *d, PyObject *node)
{
  static const char *const parts[] = { "lower", "upper", "step" };
  kb_ref args[3];
  for (int i = 0; i < 3; i++) {
    PyObject *part = kb_py_get(node, parts[i]);
    args[i] = part == Py_None ? dy_none(d) : dy_expr(d, part);
  }
  return dy_op(d, KB_OSLICE, dy_loc(d, node), args, 3);
}

/* -- Comparison -------------------------------------------------------------------------------------------------- */

static kb_op compare_op(PyObject *op)
{
  switch (kb_py_kind(op)) {
  case KA_Eq: return KB_OEQ;
  case KA_NotEq: return KB_ONE;
  case KA_Lt: return KB_OLT;
  case KA_LtE: return KB_OLE;
  case KA_Gt: return KB_OGT;
  case KA_GtE: return KB_OGE;
  case KA_Is: return KB_OIS;
  case KA_IsNot: return KB_OISNOT;
  default: return KB_OCONTAINS;
  }
}

/* The right side of `in`: a display of constants is one constant there. */
static kb_ref container(dy *d, PyObject *node)
{
  kb_ast kind = kb_py_kind(node);
  PyObject *items = kind == KA_List || kind == KA_Set ? constant_tuple(kb_py_get(node, "elts")) : NULL;
  if (items && kind == KA_Set) {
    PyObject *set = PyFrozenSet_New(items);
    Py_SETREF(items, set);
    PyErr_Clear();
  }
  if (!items) return dy_expr(d, node);
  kb_ref r = dy_pool(d, items, dy_loc(d, node));
  Py_DECREF(items);
  return r;
}

static kb_ref compare_two(dy *d, PyObject *op, kb_ref a, kb_ref b, kb_loc loc)
{
  kb_ref r = dy_op2(d, compare_op(op), loc, a, b);
  return kb_py_kind(op) == KA_NotIn ? dy_op1(d, KB_ONOT, loc, r) : r;
}

static kb_ref operand(dy *d, PyObject *op, PyObject *node)
{
  return compare_op(op) == KB_OCONTAINS ? container(d, node) : dy_expr(d, node);
}

/* Writes the comparison's value into the hidden variable var (0: nobody wants it) and goes where its truth says. */
static void compare_to(dy *d, PyObject *node, uint32_t var, kb_bid yes, kb_bid no)
{
  PyObject *ops = dy_get(node, "ops"), *rest = dy_get(node, "comparators");
  Py_ssize_t n = PyList_GET_SIZE(ops);
  kb_loc loc = dy_loc(d, node);
  kb_ref a = dy_expr(d, kb_py_get(node, "left"));
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *op = PyList_GET_ITEM(ops, i);
    kb_ref b = operand(d, op, PyList_GET_ITEM(rest, i));
    kb_ref v = compare_two(d, op, a, b, loc);
    if (var) lw_write(&d->c, var, v);
    a = b;
    if (i + 1 == n) {
      if (yes == no) lw_goto(&d->c, yes, loc);
      else dy_branch(d, v, loc, yes, no);
      return;
    }
    kb_bid more = lw_block(&d->c);
    dy_branch(d, v, loc, more, no);
    dy_enter(d, more);
  }
}

static kb_ref compare(dy *d, PyObject *node)
{
  PyObject *ops = dy_get(node, "ops");
  if (PyList_GET_SIZE(ops) == 1) {
    PyObject *op = PyList_GET_ITEM(ops, 0);
    kb_ref a = dy_expr(d, kb_py_get(node, "left"));
    return compare_two(d, op, a, operand(d, op, PyList_GET_ITEM(dy_get(node, "comparators"), 0)), dy_loc(d, node));
  }
  uint32_t var = lw_hidden(&d->c);
  kb_bid done = lw_block(&d->c);
  compare_to(d, node, var, done, done);
  dy_enter(d, done);
  return d->c.cur ? lw_read(&d->c, var) : dy_none(d);
}

/* -- Conditions ----------------------------------------------------------------------------------------------------- */

/* Of `and` and `or`: the value into var, then on to yes or no by its truth. Of an inner `and` or `or` that is no last
 * operand CPython asks the truth twice from 3.12 on. */
static void decide(dy *d, PyObject *node, uint32_t var, kb_bid yes, kb_bid no)
{
  kb_loc loc = dy_loc(d, node);
  if (kb_py_kind(node) == KA_BoolOp && (PY_VERSION_HEX < 0x030c0000 || yes == no)) {
    PyObject *values = dy_get(node, "values");
    bool is_or = kb_py_kind(kb_py_get(node, "op")) == KA_Or;
    Py_ssize_t n = PyList_GET_SIZE(values);
    for (Py_ssize_t i = 0; i + 1 < n; i++) {
      kb_bid more = lw_block(&d->c);
      decide(d, PyList_GET_ITEM(values, i), var, is_or ? yes : more, is_or ? more : no);
      dy_enter(d, more);
    }
    decide(d, PyList_GET_ITEM(values, n - 1), var, yes, no);
    return;
  }
  PyObject *constant = dy_constant(node);
  kb_ref v = constant ? dy_value(d, constant, loc) : dy_expr(d, node);
  int truth = constant ? PyObject_IsTrue(constant) : -1;
  Py_XDECREF(constant);
  lw_write(&d->c, var, v);
  if (yes == no) lw_goto(&d->c, yes, loc);
  else if (truth >= 0) lw_goto(&d->c, truth ? yes : no, loc);
  else dy_branch(d, v, loc, yes, no);
}

static kb_ref boolop(dy *d, PyObject *node)
{
  uint32_t var = lw_hidden(&d->c);
  kb_bid done = lw_block(&d->c);
  decide(d, node, var, done, done);
  dy_enter(d, done);
  return d->c.cur ? lw_read(&d->c, var) : dy_none(d);
}

static bool is_debug(PyObject *node)
{
  const char *id = kb_py_kind(node) == KA_Name ? kb_py_get_str(node, "id") : NULL;
  return id && strcmp(id, "__debug__") == 0;
}

static void cond_ifexp(dy *d, PyObject *node, kb_bid yes, kb_bid no)
{
  kb_bid a = lw_block(&d->c), b = lw_block(&d->c);
  dy_cond(d, kb_py_get(node, "test"), a, b);
  dy_enter(d, a);
  dy_cond(d, kb_py_get(node, "body"), yes, no);
  dy_enter(d, b);
  dy_cond(d, kb_py_get(node, "orelse"), yes, no);
}

void dy_cond(dy *d, PyObject *node, kb_bid yes, kb_bid no)
{
  kb_ast kind = kb_py_kind(node);
  kb_loc loc = dy_loc(d, node);
  if (!d->c.cur) return;
  if (kind == KA_UnaryOp && kb_py_kind(kb_py_get(node, "op")) == KA_Not) {
    dy_cond(d, kb_py_get(node, "operand"), no, yes);
  } else if (kind == KA_BoolOp) {
    PyObject *values = dy_get(node, "values");
    bool is_or = kb_py_kind(kb_py_get(node, "op")) == KA_Or;
    Py_ssize_t n = PyList_GET_SIZE(values);
    for (Py_ssize_t i = 0; i + 1 < n; i++) {
      kb_bid more = lw_block(&d->c);
      dy_cond(d, PyList_GET_ITEM(values, i), is_or ? yes : more, is_or ? more : no);
      dy_enter(d, more);
    }
    dy_cond(d, PyList_GET_ITEM(values, n - 1), yes, no);
  } else if (kind == KA_IfExp) {
    cond_ifexp(d, node, yes, no);
  } else if (kind == KA_Compare && PyList_GET_SIZE(dy_get(node, "ops")) > 1) {
    compare_to(d, node, 0, yes, no);
  } else {
    PyObject *constant = is_debug(node) ? Py_NewRef(d->optimised ? Py_False : Py_True) : dy_constant(node);
    if (constant) lw_goto(&d->c, PyObject_IsTrue(constant) ? yes : no, loc);
    else dy_branch(d, dy_expr(d, node), loc, yes, no);
    Py_XDECREF(constant);
  }
}

static kb_ref ifexp(dy *d, PyObject *node)
{
  lw *c = &d->c;
  uint32_t var = lw_hidden(c);
  kb_bid yes = lw_block(c), no = lw_block(c), done = lw_block(c);
  kb_loc loc = dy_loc(d, node);
  dy_cond(d, kb_py_get(node, "test"), yes, no);
  for (int side = 0; side < 2; side++) {
    dy_enter(d, side ? no : yes);
    if (!c->cur) continue;
    lw_write(c, var, dy_expr(d, kb_py_get(node, side ? "orelse" : "body")));
    lw_goto(c, done, loc);
  }
  dy_enter(d, done);
  return c->cur ? lw_read(c, var) : dy_none(d);
}

/* -- All of them ---------------------------------------------------------------------------------------------------------- */

static kb_ref named(dy *d, PyObject *node)
{
  PyObject *target = kb_py_get(node, "target");
  kb_ref v = dy_expr(d, kb_py_get(node, "value"));
  dy_store(d, dy_mangled(d, target, "id"), v, dy_loc(d, target));
  return v;
}

kb_ref dy_expr(dy *d, PyObject *node)
{
  if (!d->c.cur) return dy_none(d); /* unreachable */
  PyObject *constant = dy_constant(node);
  if (constant) {
    kb_ref r = dy_value(d, constant, dy_loc(d, node));
    Py_DECREF(constant);
    return r;
  }
  switch (kb_py_kind(node)) {
  case KA_Name: return name(d, node);
  case KA_Attribute: return attribute(d, node);
  case KA_Subscript: return subscript(d, node);
  case KA_Slice: return slice(d, node);
  case KA_Call: return dy_call(d, node);
  case KA_BinOp: return binary(d, node);
  case KA_UnaryOp: return unary(d, node);
  case KA_Compare: return compare(d, node);
  case KA_BoolOp: return boolop(d, node);
  case KA_IfExp: return ifexp(d, node);
  case KA_NamedExpr: return named(d, node);
  case KA_Tuple:
  case KA_List:
  case KA_Set:
  case KA_Dict: return dy_display(d, node);
  case KA_JoinedStr:
  case KA_FormattedValue: return dy_fstring(d, node);
  case KA_Lambda: return dy_lambda(d, node);
  case KA_ListComp:
  case KA_SetComp:
  case KA_DictComp: return dy_comprehension(d, node);
  case KA_GeneratorExp: return dy_generator(d, node);
  default: dy_refuse(d, node, "it has an expression of kind %s", Py_TYPE(node)->tp_name); return dy_none(d);
  }
}
