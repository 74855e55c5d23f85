/* SPDX-License-Identifier: MIT */
/* py_dyn_scope.c: the dynamic front end: what its names are, and where nested code objects and their cells come from. */
#include "py_dyn.h"

#include <string.h>

/* -- Private names ---------------------------------------------------------------------------------------- */

const char *dy_mangle(dy *d, const char *name)
{
  size_t n = strlen(name);
  const char *klass = d->klass;
  if (!klass || n < 2 || name[0] != '_' || name[1] != '_' || strchr(name, '.')) return name;
  if (name[n - 1] == '_' && name[n - 2] == '_') return name;
  while (*klass == '_') klass++;
  return *klass ? kb_intern(kb_arena_printf(d->py->mod->arena, "_%s%s", klass, name)) : name;
}

const char *dy_mangled(dy *d, PyObject *node, const char *attr)
{
  const char *name = kb_py_get_str(node, attr);
  return name ? dy_mangle(d, name) : kb_intern("?");
}

/* -- Which names are local ----------------------------------------------------------------------------------- */

static bool is_global(const dy *d, const char *name)
{
  for (uint32_t i = 0; i < d->globals.n; i++)
    if (d->globals.v[i] == name) return true;
  return false;
}

static dy_var *among(dy_vars *vars, const char *name)
{
  for (uint32_t i = 0; i < vars->n; i++)
    if (vars->v[i].name == name) return &vars->v[i];
  return NULL;
}

/* Puts a name into vars, once. */
static void bind(dy *d, dy_vars *vars, const char *name)
{
  dy_var v = { 0 };
  if (!name || among(vars, name)) return;
  v.name = name;
  kb_vec_push(vars, v);
  (void)d;
}

static const char *kind_name(PyObject *node) { return Py_TYPE(node)->tp_name; }
static bool is_kind(PyObject *node, const char *name)
{
  const char *have = strrchr(kind_name(node), '.');
  return strcmp(have ? have + 1 : kind_name(node), name) == 0;
}

static void walk(dy *d, PyObject *node, dy_vars *to, bool named_only);

static void walk_field(dy *d, PyObject *node, const char *field, dy_vars *to, bool named_only)
{
  PyObject *value = kb_py_get(node, field);
  if (PyList_Check(value))
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(value); i++) walk(d, PyList_GET_ITEM(value, i), to, named_only);
  else walk(d, value, to, named_only);
}

static void walk_fields(dy *d, PyObject *node, dy_vars *to, bool named_only)
{
  PyObject *fields = PyObject_GetAttrString((PyObject *)Py_TYPE(node), "_fields");
  for (Py_ssize_t i = 0; fields && PyTuple_Check(fields) && i < PyTuple_GET_SIZE(fields); i++)
    walk_field(d, node, kb_py_text(PyTuple_GET_ITEM(fields, i)), to, named_only);
  PyErr_Clear();
  Py_XDECREF(fields);
}

/* What a def, class or lambda evaluates in the scope around it. */
static void walk_outside(dy *d, PyObject *node, dy_vars *to, bool named_only)
{
  static const char *const fields[] = { "decorator_list", "bases", "keywords", "returns" };
  PyObject *args = kb_py_get(node, "args");
  for (int i = 0; i < 4; i++) walk_field(d, node, fields[i], to, named_only);
  if (args != Py_None) walk_fields(d, args, to, named_only);
}

/* Names that the statements bind: into to. named_only: inside a comprehension, whose targets are its own. */
static void walk(dy *d, PyObject *node, dy_vars *to, bool named_only)
{
  PyObject *names;
  if (node == Py_None || !PyObject_HasAttrString((PyObject *)Py_TYPE(node), "_fields")) return;
  switch (kb_py_kind(node)) {
  case KA_Name:
    if (!named_only && !is_kind(kb_py_get(node, "ctx"), "Load")) bind(d, to, dy_mangled(d, node, "id"));
    return;
  case KA_NamedExpr:
    bind(d, to, dy_mangled(d, kb_py_get(node, "target"), "id"));
    walk_field(d, node, "value", to, named_only);
    return;
  case KA_FunctionDef:
  case KA_AsyncFunctionDef:
  case KA_ClassDef:
    bind(d, to, dy_mangled(d, node, "name"));
    walk_outside(d, node, to, named_only);
    return;
  case KA_Lambda: walk_outside(d, node, to, named_only); return;
  case KA_ListComp:
  case KA_SetComp:
  case KA_DictComp:
  case KA_GeneratorExp: walk_fields(d, node, to, true); return;
  case KA_Global:
    names = dy_get(node, "names");
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(names); i++) {
      const char *name = dy_mangle(d, kb_py_text(PyList_GET_ITEM(names, i)));
      if (!is_global(d, name)) kb_vec_push(&d->globals, name);
    }
    return;
  default: break;
  }
  if (is_kind(node, "alias")) {
    const char *as = kb_py_get_str(node, "asname"), *name = kb_py_get_str(node, "name");
    if (!as && name) as = kb_intern_n(name, strcspn(name, "."));
    if (as) bind(d, to, dy_mangle(d, as));
    return;
  }
  if (is_kind(node, "ExceptHandler") && kb_py_get_str(node, "name")) bind(d, to, dy_mangled(d, node, "name"));
  walk_fields(d, node, to, named_only);
}

/* -- The function's table --------------------------------------------------------------------------------------- */

static bool captured(const dy *d, PyObject *comp, const char *name)
{
  for (uint32_t i = 0; i < d->captured.n; i++)
    if (d->captured.v[i].comp == comp && d->captured.v[i].name == name) return true;
  return false;
}

static bool in_memory(const dy *d, const char *name)
{
  for (uint32_t i = 0; i < d->in_memory.n; i++)
    if (d->in_memory.v[i] == name) return true;
  return d->all_memory;
}

void dy_scope(dy *d)
{
  PyCodeObject *code = (PyCodeObject *)d->code;
  PyObject *varnames = PyCode_GetVarnames(code), *freevars = PyCode_GetFreevars(code);
  int nparams = code->co_argcount + code->co_kwonlyargcount + !!(code->co_flags & CO_VARARGS) +
                !!(code->co_flags & CO_VARKEYWORDS);
  dy_vars all = { 0 };
  for (int i = 0; varnames && i < nparams; i++) bind(d, &all, kb_py_text(PyTuple_GET_ITEM(varnames, i)));
  if (kb_py_kind(d->node) == KA_Lambda) walk_field(d, d->node, "body", &all, false);
  else walk_field(d, d->node, "body", &all, false);
  dy_vars outer = { 0 };
  for (Py_ssize_t i = 0; freevars && i < PyTuple_GET_SIZE(freevars); i++)
    bind(d, &outer, kb_py_text(PyTuple_GET_ITEM(freevars, i)));
  uint32_t memory = 0;
  d->vars.n = 0;
  for (uint32_t i = 0; i < all.n; i++) {
    dy_var v = all.v[i];
    if (among(&outer, v.name) || is_global(d, v.name)) continue;
    v.place = captured(d, NULL, v.name) ? DY_CELL : in_memory(d, v.name) ? DY_MEMORY : DY_SSA;
    if (v.place == DY_MEMORY) v.memory = memory++;
    kb_vec_push(&d->vars, v);
  }
  for (uint32_t i = 0; i < outer.n; i++) {
    outer.v[i].place = DY_FREE;
    kb_vec_push(&d->vars, outer.v[i]);
  }
  kb_vec_free(&all);
  kb_vec_free(&outer);
  Py_XDECREF(varnames);
  Py_XDECREF(freevars);
}

dy_var *dy_find(dy *d, const char *name)
{
  for (dy_comp *c = d->comp; c; c = c->up) {
    dy_var *v = among(&c->vars, name);
    if (v) return v;
  }
  return among(&d->vars, name);
}

/* -- Reading and writing -------------------------------------------------------------------------------------------- */

static kb_ref read_ssa(dy *d, const dy_var *v, kb_loc loc)
{
  kb_ref x = lw_read(&d->c, v->ssa), flag = lw_read(&d->c, v->bound);
  if (kb_is(d->c.f, flag, KB_CONST) && kb_v(d->c.f, flag)->imm.i) return x;
  kb_ref r = dy_op2(d, KB_OBOUND, loc, x, flag);
  kb_v(d->c.f, r)->name = v->name;
  return r;
}

kb_ref dy_load(dy *d, const char *name, kb_loc loc)
{
  const dy_var *v = dy_find(d, name);
  if (!d->c.cur) return dy_none(d);
  switch (v ? v->place : DY_GLOBAL) {
  case DY_SSA: return read_ssa(d, v, loc);
  case DY_MEMORY: return dy_imm(d, dy_op0(d, KB_OGETVAR, loc), v->memory);
  case DY_CELL: return dy_name(d, dy_op1(d, KB_OCELLGET, loc, v->cell), name);
  case DY_FREE: return dy_name(d, dy_op1(d, KB_OFREEGET, loc, v->cell), name);
  default: return dy_name(d, dy_op0(d, KB_OGLOBAL, loc), name);
  }
}

/* -- How long variables hold their objects ---------------------------------------------------------------------------- */

/* May letting go of v show? Constants stay, and parameters are held by the caller. */
static bool worth_keeping(const dy *d, kb_ref v)
{
  const kb_val *x = kb_v(d->c.f, v);
  return x->blk && x->op != KB_ORANGE;
}

/* Does another variable hold it, too? As far as this block knows. */
static bool held_elsewhere(const dy *d, uint32_t ssa, kb_ref v)
{
  const kb_ref *now = d->c.def.v[d->c.cur];
  for (uint32_t i = 0; now && i < d->vars.n; i++)
    if (d->vars.v[i].place == DY_SSA && d->vars.v[i].ssa != ssa && now[d->vars.v[i].ssa] == v) return true;
  return false;
}

static bool has_operand(const kb_val *v, kb_ref x)
{
  for (uint32_t i = 0; i < v->nargs; i++)
    if (v->args[i] == x) return true;
  return false;
}

/* The variable gets x: what it held lives until now. Nothing is to be said where x is just being computed from it, and of
 * the variable of a for loop, which only hasnext parts from its next item. */
static void keep_old(dy *d, const dy_var *v, kb_ref x, kb_loc loc)
{
  kb_fn *f = d->c.f;
  kb_ref old = lw_read(&d->c, v->ssa), last = f->blk.v[d->c.cur].last;
  if (old == x || !worth_keeping(d, old) || held_elsewhere(d, v->ssa, old)) return;
  const kb_val *made = kb_v(f, x);
  if (made->blk == d->c.cur && (made->op == KB_OITERVAL || made->op == KB_OITEM)) return;
  if (last == x && has_operand(made, old)) return;
  if (last == x && made->op != KB_PHI) kb_ins_before(f, x, KB_OKEEP, KB_T_VOID, &old, 1, loc);
  else dy_op1(d, KB_OKEEP, loc, old);
}

/* What the variables hold at the end of the function, behind the value that it returns. */
void dy_keep_all(dy *d, dy_refs *args)
{
  for (uint32_t i = 0; i < d->vars.n && d->c.cur; i++) {
    if (d->vars.v[i].place != DY_SSA) continue;
    kb_ref v = lw_read(&d->c, d->vars.v[i].ssa);
    if (worth_keeping(d, v)) kb_vec_push(args, v);
  }
}

void dy_store(dy *d, const char *name, kb_ref x, kb_loc loc)
{
  const dy_var *v = dy_find(d, name);
  if (!d->c.cur) return;
  switch (v ? v->place : DY_GLOBAL) {
  case DY_SSA:
    keep_old(d, v, x, loc);
    lw_write(&d->c, v->ssa, x);
    lw_write(&d->c, v->bound, kb_const_int(d->c.f, KB_T_BOOL, 1));
    break;
  case DY_MEMORY: dy_imm(d, dy_op1(d, KB_OSETVAR, loc, x), v->memory); break;
  case DY_CELL:
  case DY_FREE: dy_op2(d, KB_OCELLSET, loc, v->cell, x); break;
  default: dy_name(d, dy_op1(d, KB_OSETGLOBAL, loc, x), name); break;
  }
}

void dy_unbind(dy *d, const char *name, kb_loc loc)
{
  const dy_var *v = dy_find(d, name);
  if (!v || v->place != DY_SSA) {
    dy_store(d, name, dy_none(d), loc);
    dy_delete(d, name, loc);
    return;
  }
  lw_write(&d->c, v->ssa, kb_undef(d->c.f, KB_T_OBJ));
  lw_write(&d->c, v->bound, kb_const_int(d->c.f, KB_T_BOOL, 0));
}

/* A variable that is deleted lives in memory, so that it lets go of its object at once. */
void dy_delete(dy *d, const char *name, kb_loc loc)
{
  const dy_var *v = dy_find(d, name);
  if (!d->c.cur) return;
  switch (v ? v->place : DY_GLOBAL) {
  case DY_SSA:
    kb_vec_push(&d->in_memory, name);
    d->again = true;
    break;
  case DY_MEMORY: dy_imm(d, dy_op0(d, KB_ODELVAR, loc), v->memory); break;
  case DY_CELL:
  case DY_FREE:
    dy_load(d, name, loc); /* raises when there is nothing to delete */
    dy_name(d, dy_op1(d, KB_OCELLDEL, loc, v->cell), name);
    break;
  default: dy_name(d, dy_op0(d, KB_ODELGLOBAL, loc), name); break;
  }
}

/* -- Comprehensions ---------------------------------------------------------------------------------------------------- */

void dy_comp_begin(dy *d, dy_comp *comp, PyObject *node)
{
  PyObject *list = dy_get(node, "generators");
  kb_loc loc = dy_loc(d, node);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++)
    walk_field(d, PyList_GET_ITEM(list, i), "target", &comp->vars, false);
  comp->up = d->comp;
  comp->node = node;
  d->comp = comp;
  for (uint32_t i = 0; i < comp->vars.n; i++) {
    dy_var *v = &comp->vars.v[i];
    if (captured(d, node, v->name)) {
      v->place = DY_CELL;
      v->cell = dy_op1(d, KB_OCELL, loc, kb_undef(d->c.f, KB_T_OBJ));
      continue;
    }
    v->place = DY_SSA;
    v->ssa = lw_hidden(&d->c);
    v->bound = lw_hidden(&d->c);
    lw_write(&d->c, v->ssa, kb_undef(d->c.f, KB_T_OBJ));
    lw_write(&d->c, v->bound, kb_const_int(d->c.f, KB_T_BOOL, 0));
  }
}

void dy_comp_end(dy *d, dy_comp *comp)
{
  d->comp = comp->up;
  kb_vec_free(&comp->vars);
}

/* -- Code objects of nested functions ---------------------------------------------------------------------------------------- */

static long field(PyObject *node, const char *attr)
{
  PyObject *value = kb_py_get(node, attr);
  return PyLong_Check(value) ? PyLong_AsLong(value) : 0;
}

bool dy_stands_in(PyObject *code, PyObject *node)
{
  long line = field(node, "lineno"), col = field(node, "col_offset");
  long end_line = field(node, "end_lineno"), end_col = field(node, "end_col_offset");
  PyObject *iter = PyObject_CallMethod(code, "co_positions", NULL), *p;
  bool inside = iter != NULL, some = false;
  while (inside && (p = PyIter_Next(iter))) {
    long at[4];
    bool known = PyTuple_Check(p) && PyTuple_GET_SIZE(p) == 4;
    for (int i = 0; known && i < 4; i++) {
      PyObject *n = PyTuple_GET_ITEM(p, i);
      known = PyLong_Check(n);
      at[i] = known ? PyLong_AsLong(n) : 0;
    }
    Py_DECREF(p);
    if (!known || at[3] == 0) continue; /* the prologue has no columns */
    some = true;
    if (at[0] < line || (at[0] == line && at[2] < col) || at[1] > end_line || (at[1] == end_line && at[3] > end_col))
      inside = false;
  }
  PyErr_Clear();
  Py_XDECREF(iter);
  return inside && some;
}

static PyObject *code_in(PyObject *holder, PyObject *node, const char *name)
{
  PyObject *consts = ((PyCodeObject *)holder)->co_consts, *decorators = dy_get(node, "decorator_list");
  long line = field(PyList_GET_SIZE(decorators) ? PyList_GET_ITEM(decorators, 0) : node, "lineno");
  PyObject *found[2] = { NULL, NULL };
  int n[2] = { 0, 0 }; /* by line; by columns too */
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(consts); i++) {
    PyObject *c = PyTuple_GET_ITEM(consts, i);
    if (!PyCode_Check(c) || ((PyCodeObject *)c)->co_firstlineno != line) continue;
    if (strcmp(kb_py_text(((PyCodeObject *)c)->co_name), name) != 0) continue;
    found[0] = c;
    n[0]++;
    if (dy_stands_in(c, node)) {
      found[1] = c;
      n[1]++;
    }
  }
  return n[0] == 1 ? found[0] : n[1] == 1 ? found[1] : NULL;
}

/* Where the code objects inside a comprehension are: until 3.11 it had a code object of its own. */
static PyObject *holder_of(dy *d, dy_comp *comp)
{
  if (!comp || PY_VERSION_HEX >= 0x030c0000) return d->code;
  PyObject *up = holder_of(d, comp->up);
  kb_ast kind = kb_py_kind(comp->node);
  const char *name = kind == KA_ListComp ? "<listcomp>" : kind == KA_SetComp ? "<setcomp>" : "<dictcomp>";
  return up ? code_in(up, comp->node, name) : NULL;
}

PyObject *dy_code_of(dy *d, PyObject *node, const char *name)
{
  if (!d->c.cur) return NULL;
  PyObject *holder = holder_of(d, d->comp), *code = holder ? code_in(holder, node, name) : NULL;
  if (!code) dy_refuse(d, node, "the code object of a nested %s cannot be told from others on its line", name);
  return code;
}

void dy_closure(dy *d, PyObject *code, dy_refs *args)
{
  PyObject *names = PyCode_GetFreevars((PyCodeObject *)code);
  for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
    const char *name = kb_py_text(PyTuple_GET_ITEM(names, i));
    dy_comp *comp = d->comp;
    while (comp && !among(&comp->vars, name)) comp = comp->up;
    dy_var *v = dy_find(d, name);
    if (v && (v->place == DY_CELL || v->place == DY_FREE)) {
      kb_vec_push(args, v->cell);
      continue;
    }
    dy_capture c = { comp ? comp->node : NULL, name };
    if (!v) dy_refuse(d, NULL, "a nested function reads the variable %s, which cannot be found", name);
    else kb_vec_push(&d->captured, c);
    d->again = true;
    kb_vec_push(args, dy_none(d)); /* until the next round */
  }
  Py_XDECREF(names);
}
