/* SPDX-License-Identifier: MIT */
/* py_expr.c: expressions of Python's AST to the tree. */
#include "py.h"

#include <string.h>

/* -- Kinds of nodes ------------------------------------------------------------------------------------- */

static const struct {
  const char *name, *what, *instead;
} kinds[] = {
#define NODE(name) { #name, NULL, NULL },
#define REFUSED(name, what, instead) { #name, what, instead },
#include "py_nodes.def"
};

/* From type object to kind: the classes of _ast never change, so the table is made once a process. */
enum { TABLE = 512 };
static struct {
  PyTypeObject *type;
  kb_ast kind;
} table[TABLE];
static bool table_made;

static unsigned hash(const PyTypeObject *type) { return (unsigned)(((uintptr_t)type >> 4) * 2654435761u >> 7) % TABLE; }

static void make_table(void)
{
  table_made = true;
  PyObject *ast = PyImport_ImportModule("_ast");
  for (unsigned i = 0; ast && i < sizeof kinds / sizeof *kinds; i++) {
    PyObject *type = PyObject_GetAttrString(ast, kinds[i].name); /* kept for good */
    if (!type) {
      PyErr_Clear(); /* of another version of Python */
      continue;
    }
    unsigned h = hash((PyTypeObject *)type);
    while (table[h].type) h = (h + 1) % TABLE;
    table[h].type = (PyTypeObject *)type;
    table[h].kind = (kb_ast)i;
  }
  PyErr_Clear();
  Py_XDECREF(ast);
}

kb_ast kb_py_kind(PyObject *node)
{
  if (!table_made) make_table();
  for (unsigned h = hash(Py_TYPE(node)); table[h].type; h = (h + 1) % TABLE)
    if (table[h].type == Py_TYPE(node)) return table[h].kind;
  return KA_NONE;
}

kt_node *kb_py_refuse(kb_py_fn *f, PyObject *node)
{
  kb_ast kind = kb_py_kind(node);
  kb_loc loc = kb_py_loc(f, node);
  if (kind == KA_NONE || !kinds[kind].what)
    kb_py_fail(f, loc, "%s is not supported in a kernel", Py_TYPE(node)->tp_name);
  else kb_py_fail(f, loc, "%s is not supported in a kernel; %s", kinds[kind].what, kinds[kind].instead);
  return kt_new(f->py->mod, TN_BAD, loc);
}

static kt_node *fail_with(kb_py_fn *f, kb_loc loc, const char *what, const char *instead)
{
  kb_py_fail(f, loc, "%s is not supported in a kernel; %s", what, instead);
  return kt_new(f->py->mod, TN_BAD, loc);
}

/* -- Helpers ---------------------------------------------------------------------------------------------- */

typedef KB_VEC(kt_node *) nodes;

/* Moves the kids into the node. */
static void set_kids(kb_py_fn *f, kt_node *n, nodes *kids)
{
  n->kids = kt_list_of(f->py->mod, kids->v, kids->n);
  kb_vec_free(kids);
}

static kt_node *with_kids(kb_py_fn *f, kt_kind kind, kb_loc loc, kt_node *const *kids, uint32_t n)
{
  kt_node *made = kt_new(f->py->mod, kind, loc);
  made->kids = kt_list_of(f->py->mod, kids, n);
  return made;
}

/* Appends the expressions of a Python list. */
static void push_all(kb_py_fn *f, nodes *to, PyObject *list)
{
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) kb_vec_push(to, kb_py_expr(f, PyList_GET_ITEM(list, i)));
}

static kb_op binary_op(PyObject *node)
{
  switch (kb_py_kind(node)) {
  case KA_Add: return KB_OADD;
  case KA_Sub: return KB_OSUB;
  case KA_Mult: return KB_OMUL;
  case KA_Div: return KB_OTRUEDIV;
  case KA_FloorDiv: return KB_OFLOORDIV;
  case KA_Mod: return KB_OMOD;
  case KA_Pow: return KB_OPOW;
  case KA_LShift: return KB_OLSHIFT;
  case KA_RShift: return KB_ORSHIFT;
  case KA_BitOr: return KB_OOR;
  case KA_BitXor: return KB_OXOR;
  case KA_BitAnd: return KB_OAND;
  default: return KB_NOP;
  }
}

static kb_op compare_op(PyObject *node)
{
  switch (kb_py_kind(node)) {
  case KA_Eq: return KB_OEQ;
  case KA_NotEq: return KB_ONE;
  case KA_Lt: return KB_OLT;
  case KA_LtE: return KB_OLE;
  case KA_Gt: return KB_OGT;
  case KA_GtE: return KB_OGE;
  case KA_Is: return KB_OIS;
  case KA_IsNot: return KB_OISNOT;
  default: return KB_NOP;
  }
}

/* Operators have no place of their own in the AST: the message points at the expression. */
static kt_node *refuse_op(kb_py_fn *f, PyObject *op, kb_loc loc)
{
  kb_ast kind = kb_py_kind(op);
  if (kind == KA_NONE || !kinds[kind].what) return fail_with(f, loc, "this operator", "use another one");
  return fail_with(f, loc, kinds[kind].what, kinds[kind].instead);
}

kb_op kb_py_binary_op(kb_py_fn *f, PyObject *op, kb_loc loc)
{
  kb_op found = binary_op(op);
  if (found == KB_NOP) refuse_op(f, op, loc);
  return found;
}

/* -- Constants ---------------------------------------------------------------------------------------------- */

/* An int is computed while the tree is made where its operands are constants, so that 2**64 - 1 or 1 << 63 have
 * no intermediate value that would not fit; a limit keeps 9**9**9 out. */
static kt_node *fold_ints(kb_py_fn *f, kb_op op, const kt_node *a, const kt_node *b, kb_loc loc)
{
  if ((a->kind != TN_INT && a->kind != TN_BIGINT) || (b->kind != TN_INT && b->kind != TN_BIGINT)) return NULL;
  if ((op == KB_OPOW || op == KB_OLSHIFT) && (b->kind == TN_BIGINT || b->i < 0 || b->i > 4096)) return NULL;
  if (op == KB_OPOW && a->kind == TN_BIGINT) return NULL;
  PyObject *x = a->kind == TN_INT ? PyLong_FromLongLong(a->i) : PyLong_FromString(a->str, NULL, 10);
  PyObject *y = b->kind == TN_INT ? PyLong_FromLongLong(b->i) : PyLong_FromString(b->str, NULL, 10);
  PyObject *r = NULL;
  kt_node *n = NULL;
  if (x && y) switch (op) {
    case KB_OADD: r = PyNumber_Add(x, y); break;
    case KB_OSUB: r = PyNumber_Subtract(x, y); break;
    case KB_OMUL: r = PyNumber_Multiply(x, y); break;
    case KB_OPOW: r = PyNumber_Power(x, y, Py_None); break;
    case KB_OLSHIFT: r = PyNumber_Lshift(x, y); break;
    case KB_ORSHIFT: r = PyNumber_Rshift(x, y); break;
    case KB_OFLOORDIV: r = PyNumber_FloorDivide(x, y); break;
    case KB_OMOD: r = PyNumber_Remainder(x, y); break;
    case KB_OAND: r = PyNumber_And(x, y); break;
    case KB_OOR: r = PyNumber_Or(x, y); break;
    case KB_OXOR: r = PyNumber_Xor(x, y); break;
    default: break;
    }
  PyErr_Clear(); /* 1 // 0 stays as it is and raises at run time */
  if (r) n = kb_py_value(f, r, loc, "a constant");
  Py_XDECREF(x);
  Py_XDECREF(y);
  Py_XDECREF(r);
  return n && n->kind != TN_BAD ? n : NULL;
}

static kt_node *fold_unary(kb_py_fn *f, kb_op op, const kt_node *x, kb_loc loc)
{
  if (op == KB_ONEG && x->kind == TN_FLOAT) {
    kt_node *n = kt_new(f->py->mod, TN_FLOAT, loc);
    n->d = -x->d;
    return n;
  }
  if (op == KB_OPOS && (x->kind == TN_FLOAT || x->kind == TN_INT)) {
    kt_node *n = kt_new(f->py->mod, x->kind, loc);
    n->d = x->d;
    n->i = x->i;
    return n;
  }
  kt_node zero = { .kind = TN_INT };
  kt_node ones = { .kind = TN_INT, .i = -1 };
  if (op == KB_ONEG) return fold_ints(f, KB_OSUB, &zero, x, loc);
  if (op == KB_OINVERT) return fold_ints(f, KB_OXOR, &ones, x, loc);
  return NULL;
}

const char *kb_py_message(kb_py_fn *f, PyObject *node, const char *what)
{
  kb_ast kind = kb_py_kind(node);
  if (kind == KA_Constant) {
    PyObject *value = kb_py_get(node, "value");
    if (PyUnicode_Check(value)) return kb_py_text(value);
  } else if (kind == KA_BinOp && kb_py_kind(kb_py_get(node, "op")) == KA_Add) {
    const char *a = kb_py_message(f, kb_py_get(node, "left"), what);
    const char *b = a ? kb_py_message(f, kb_py_get(node, "right"), what) : NULL;
    return b ? kb_arena_printf(f->py->mod->arena, "%s%s", a, b) : NULL;
  } else if (kb_py_is_static(f, node)) {
    kt_node *n = kb_py_resolve(f, node, NULL);
    if (n->kind == TN_STR) return n->str;
    if (n->kind == TN_BAD) {
      kb_py_fail(f, n->loc, "%s", n->str);
      return NULL;
    }
  }
  kb_py_fail(f, kb_py_loc(f, node),
             "%s that is no constant string is not supported in a kernel; write a fixed text, without the values",
             what);
  return NULL;
}

/* -- Names and attributes ----------------------------------------------------------------------------------- */

/* A resolved name in the place of a value. */
static kt_node *as_value(kb_py_fn *f, kt_node *n, PyObject *node)
{
  if (n->kind == TN_BAD) {
    kb_py_fail(f, n->loc, "%s", n->str);
  } else if (n->kind == TN_BUILTIN && (n->i == KB_BI_INT || n->i == KB_BI_FLOAT || n->i == KB_BI_BOOL)) {
    n->kind = TN_TYPE;
    n->ty = (kb_ty)(n->i == KB_BI_INT ? KB_T_INT : n->i == KB_BI_FLOAT ? KB_T_FLOAT : KB_T_BOOL);
  } else if (n->kind == TN_BUILTIN || n->kind == TN_KERNEL) {
    return fail_with(f, kb_py_loc(f, node), "a function as a value", "call it where its result is needed");
  }
  return n;
}

static kt_node *name(kb_py_fn *f, PyObject *node)
{
  PyObject *number = PyDict_GetItemWithError(f->locals, kb_py_get(node, "id"));
  if (!number) return as_value(f, kb_py_resolve(f, node, NULL), node);
  kt_node *n = kt_new(f->py->mod, TN_LOCAL, kb_py_loc(f, node));
  n->i = PyLong_AsLong(number);
  return n;
}

static kt_node *attribute(kb_py_fn *f, PyObject *node)
{
  if (kb_py_is_static(f, node)) return as_value(f, kb_py_resolve(f, node, NULL), node);
  const char *attr = kb_py_get_str(node, "attr");
  kt_node *x = kb_py_expr(f, kb_py_get(node, "value"));
  if (strcmp(attr, "shape") != 0 && strcmp(attr, "size") != 0 && strcmp(attr, "ndim") != 0) {
    kb_py_fail(f, kb_py_loc(f, node),
               "the attribute '.%s' is not supported in a kernel; of arrays there are .shape, .size and .ndim", attr);
    return kt_new(f->py->mod, TN_BAD, kb_py_loc(f, node));
  }
  kt_node *n = with_kids(f, TN_ATTR, kb_py_loc(f, node), &x, 1);
  n->str = attr;
  return n;
}

/* -- Calls ---------------------------------------------------------------------------------------------------- */

kt_node *kb_py_callee(kb_py_fn *f, PyObject *node)
{
  kb_loc loc = kb_py_loc(f, node);
  if (kb_py_is_static(f, node)) {
    kt_node *n = kb_py_resolve(f, node, NULL);
    if (n->kind == TN_BUILTIN || n->kind == TN_TYPE || n->kind == TN_KERNEL) return n;
    if (n->kind == TN_BAD) kb_py_fail(f, loc, "%s", n->str);
    else kb_py_fail(f, loc, "a constant cannot be called; a function or a type was expected");
    return kt_new(f->py->mod, TN_BAD, loc);
  }
  if (kb_py_kind(node) == KA_Attribute) {
    kb_py_fail(f, loc,
               "the method '.%s()' is not supported in a kernel; write its loop out, or call it in the Python caller",
               kb_py_get_str(node, "attr"));
    return kt_new(f->py->mod, TN_BAD, loc);
  }
  if (kb_py_kind(node) == KA_Name)
    return fail_with(f, loc, "calling a local variable", "call a kernel or a function of the file by its name");
  return fail_with(f, loc, "calling the result of an expression",
                   "call a kernel or a function of the file by its name");
}

/* NumPy's texts for dtypes: 'float32', 'f4', '<f4'. */
static kb_ty dtype_of_text(const char *s)
{
  static const struct {
    const char *text, *code;
    kb_ty ty;
  } names[] = {
    { "int8", "i1", KB_T_I8 },     { "int16", "i2", KB_T_I16 },  { "int32", "i4", KB_T_I32 },
    { "int64", "i8", KB_T_I64 },   { "uint8", "u1", KB_T_U8 },   { "uint16", "u2", KB_T_U16 },
    { "uint32", "u4", KB_T_U32 },  { "uint64", "u8", KB_T_U64 }, { "float32", "f4", KB_T_F32 },
    { "float64", "f8", KB_T_F64 }, { "bool", "?", KB_T_BOOL },   { "int", "l", KB_T_I64 },
    { "float", "d", KB_T_F64 },    { "single", "f", KB_T_F32 },  { "double", "d", KB_T_F64 },
  };
  if (*s == '<' || *s == '=' || *s == '|') s++; /* this machine is little-endian */
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(s, names[i].text) == 0 || strcmp(s, names[i].code) == 0) return names[i].ty;
  return KB_T_BOT;
}

/* kb.zeros(n, dtype='float32'): the text becomes the type. */
static void dtype_argument(kb_py_fn *f, kt_node *call)
{
  const kt_node *fn = call->kids.v[0];
  if (fn->kind != TN_BUILTIN || fn->i < KB_BI_ZEROS || fn->i > KB_BI_FULL) return;
  uint32_t at = fn->i == KB_BI_FULL ? 3 : 2;
  kt_node *dtype = call->kids.n > at ? call->kids.v[at] : NULL;
  for (uint32_t i = 0; i < call->nkws; i++)
    if (strcmp(call->kws[i].name, "dtype") == 0) dtype = call->kws[i].value;
  if (!dtype || dtype->kind != TN_STR) return;
  dtype->ty = dtype_of_text(dtype->str);
  if (dtype->ty == KB_T_BOT)
    kb_py_fail(f, dtype->loc, "'%s' is no element type of a kernel's array; write one such as kb.f64 or 'float64'",
               dtype->str);
  dtype->kind = TN_TYPE;
}

static kt_node *call(kb_py_fn *f, PyObject *node)
{
  nodes kids = { 0 };
  kt_node *n = kt_new(f->py->mod, TN_CALL, kb_py_loc(f, node));
  kb_vec_push(&kids, kb_py_callee(f, kb_py_get(node, "func")));
  push_all(f, &kids, kb_py_get(node, "args"));
  set_kids(f, n, &kids);
  PyObject *keywords = kb_py_get(node, "keywords");
  uint32_t nkws = (uint32_t)PyList_GET_SIZE(keywords);
  if (nkws) n->kws = (kt_kw *)kb_arena_alloc(f->py->mod->arena, nkws * sizeof *n->kws);
  for (uint32_t i = 0; i < nkws; i++) {
    PyObject *kw = PyList_GET_ITEM(keywords, (Py_ssize_t)i);
    const char *arg = kb_py_get_str(kw, "arg");
    if (!arg) {
      fail_with(f, kb_py_loc(f, kw), "**arguments in a call", "write the keyword arguments one by one");
      continue;
    }
    n->kws[n->nkws].name = arg;
    n->kws[n->nkws++].value = kb_py_expr(f, kb_py_get(kw, "value"));
  }
  dtype_argument(f, n);
  return n;
}

/* -- Other expressions ------------------------------------------------------------------------------------------ */

static kt_node *subscript(kb_py_fn *f, PyObject *node)
{
  nodes kids = { 0 };
  kt_node *n = kt_new(f->py->mod, TN_SUBSCRIPT, kb_py_loc(f, node));
  PyObject *index = kb_py_get(node, "slice");
  kb_vec_push(&kids, kb_py_expr(f, kb_py_get(node, "value")));
  if (kb_py_kind(index) == KA_Tuple) push_all(f, &kids, kb_py_get(index, "elts"));
  else kb_vec_push(&kids, kb_py_expr(f, index));
  if (kids.n == 1) fail_with(f, n->loc, "an empty index", "write an index for each axis");
  set_kids(f, n, &kids);
  return n;
}

static kt_node *slice(kb_py_fn *f, PyObject *node)
{
  static const char *const parts[] = { "lower", "upper", "step" };
  kt_node *kids[3];
  for (int i = 0; i < 3; i++) {
    PyObject *part = kb_py_get(node, parts[i]);
    kids[i] = part == Py_None ? NULL : kb_py_expr(f, part);
  }
  return with_kids(f, TN_SLICE, kb_py_loc(f, node), kids, 3);
}

static kt_node *binary(kb_py_fn *f, PyObject *node)
{
  kb_loc loc = kb_py_loc(f, node);
  kb_op op = kb_py_binary_op(f, kb_py_get(node, "op"), loc);
  if (op == KB_NOP) return kt_new(f->py->mod, TN_BAD, loc);
  kt_node *kids[2] = { kb_py_expr(f, kb_py_get(node, "left")), kb_py_expr(f, kb_py_get(node, "right")) };
  kt_node *n = fold_ints(f, op, kids[0], kids[1], loc);
  if (n) return n;
  n = with_kids(f, TN_BINARY, loc, kids, 2);
  n->op = (uint16_t)op;
  return n;
}

static kt_node *unary(kb_py_fn *f, PyObject *node)
{
  kb_loc loc = kb_py_loc(f, node);
  kb_ast kind = kb_py_kind(kb_py_get(node, "op"));
  kb_op op = kind == KA_USub ? KB_ONEG : kind == KA_UAdd ? KB_OPOS : kind == KA_Invert ? KB_OINVERT : KB_ONOT;
  kt_node *x = kb_py_expr(f, kb_py_get(node, "operand"));
  kt_node *n = fold_unary(f, op, x, loc);
  if (n) return n;
  n = with_kids(f, TN_UNARY, loc, &x, 1);
  n->op = (uint16_t)op;
  return n;
}

static kt_node *compare(kb_py_fn *f, PyObject *node)
{
  nodes kids = { 0 };
  kt_node *n = kt_new(f->py->mod, TN_COMPARE, kb_py_loc(f, node));
  PyObject *ops = kb_py_get(node, "ops");
  Py_ssize_t nops = PyList_GET_SIZE(ops);
  uint16_t *made = (uint16_t *)kb_arena_alloc(f->py->mod->arena, (size_t)nops * sizeof *made);
  for (Py_ssize_t i = 0; i < nops; i++) {
    made[i] = (uint16_t)compare_op(PyList_GET_ITEM(ops, i));
    if (made[i] == KB_NOP) return refuse_op(f, PyList_GET_ITEM(ops, i), n->loc);
  }
  n->ops = made;
  kb_vec_push(&kids, kb_py_expr(f, kb_py_get(node, "left")));
  push_all(f, &kids, kb_py_get(node, "comparators"));
  set_kids(f, n, &kids);
  return n;
}

static kt_node *constant(kb_py_fn *f, PyObject *node)
{
  PyObject *value = kb_py_get(node, "value");
  kb_loc loc = kb_py_loc(f, node);
  if (value == Py_Ellipsis) return fail_with(f, loc, "'...'", "write an index for each axis");
  kt_node *n = kb_py_value(f, value, loc, "a constant");
  if (n->kind == TN_BAD) kb_py_fail(f, loc, "%s", n->str);
  return n;
}

kt_node *kb_py_expr(kb_py_fn *f, PyObject *node)
{
  nodes kids = { 0 };
  kt_node *n;
  switch (kb_py_kind(node)) {
  case KA_Constant: return constant(f, node);
  case KA_Name: return name(f, node);
  case KA_Attribute: return attribute(f, node);
  case KA_Subscript: return subscript(f, node);
  case KA_Slice: return slice(f, node);
  case KA_Call: return call(f, node);
  case KA_BinOp: return binary(f, node);
  case KA_UnaryOp: return unary(f, node);
  case KA_Compare: return compare(f, node);
  case KA_BoolOp:
    n = kt_new(f->py->mod, TN_BOOLOP, kb_py_loc(f, node));
    n->i = kb_py_kind(kb_py_get(node, "op")) == KA_Or;
    push_all(f, &kids, kb_py_get(node, "values"));
    set_kids(f, n, &kids);
    return n;
  case KA_IfExp:
    kb_vec_push(&kids, kb_py_expr(f, kb_py_get(node, "test")));
    kb_vec_push(&kids, kb_py_expr(f, kb_py_get(node, "body")));
    kb_vec_push(&kids, kb_py_expr(f, kb_py_get(node, "orelse")));
    n = kt_new(f->py->mod, TN_IFEXP, kb_py_loc(f, node));
    set_kids(f, n, &kids);
    return n;
  case KA_Tuple:
    push_all(f, &kids, kb_py_get(node, "elts"));
    n = kt_new(f->py->mod, TN_TUPLE, kb_py_loc(f, node));
    set_kids(f, n, &kids);
    return n;
  default: return kb_py_refuse(f, node);
  }
}
