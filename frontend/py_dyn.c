/* SPDX-License-Identifier: MIT */
/* py_dyn.c: the dynamic front end: the whole way of a function, and what its files share. See py_dyn.h. */
#include "py_dyn.h"
#include <config.h>

#include <stdarg.h>
#include <string.h>

/* -- Small things --------------------------------------------------------------------------------------------- */

void dy_refuse(dy *d, PyObject *node, const char *fmt, ...)
{
  char text[512];
  va_list ap;
  if (d->why) return;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  d->why = kb_arena_printf(d->py->mod->arena, "%s", text);
  d->why_line = node ? dy_loc(d, node).line : 0;
}

/* Operators have no place of their own: the line stays 0. */
kb_loc dy_loc(const dy *d, PyObject *node) { return kb_py_loc_in(d->file, node); }

PyObject *dy_get(PyObject *node, const char *attr)
{
  static PyObject *none; /* an empty list, for good; never changed */
  PyObject *value = kb_py_get(node, attr);
  if (PyList_Check(value)) return value;
  if (!none) none = PyList_New(0);
  return none;
}

kb_ref dy_op(dy *d, kb_op op, kb_loc loc, const kb_ref *args, uint32_t n)
{
  if (!d->c.cur) return kb_undef(d->c.f, KB_T_OBJ); /* unreachable */
  return kb_ins(d->c.f, d->c.cur, op, kb_ops[op].result == '-' ? KB_T_VOID : KB_T_OBJ, args, n, loc);
}

kb_ref dy_op0(dy *d, kb_op op, kb_loc loc) { return dy_op(d, op, loc, NULL, 0); }
kb_ref dy_op1(dy *d, kb_op op, kb_loc loc, kb_ref a) { return dy_op(d, op, loc, &a, 1); }

kb_ref dy_op2(dy *d, kb_op op, kb_loc loc, kb_ref a, kb_ref b)
{
  kb_ref args[2] = { a, b };
  return dy_op(d, op, loc, args, 2);
}

kb_ref dy_imm(dy *d, kb_ref r, int64_t i)
{
  if (kb_v(d->c.f, r)->blk) kb_v(d->c.f, r)->imm.i = i; /* else unreachable */
  return r;
}

kb_ref dy_name(dy *d, kb_ref r, const char *name)
{
  if (kb_v(d->c.f, r)->blk) kb_v(d->c.f, r)->imm.str = kb_intern(name);
  return r;
}

kb_ref dy_none(dy *d) { return kb_const_none(d->c.f); }

kb_ref dy_pool(dy *d, PyObject *object, kb_loc loc)
{
  Py_ssize_t n = PyList_GET_SIZE(d->pool), at = 0;
  while (at < n && PyList_GET_ITEM(d->pool, at) != object) at++;
  if (at == n && PyList_Append(d->pool, object) < 0) dy_refuse(d, NULL, "there is no memory for its constants");
  return dy_imm(d, dy_op0(d, KB_OPOOL, loc), at);
}

void dy_enter(dy *d, kb_bid b)
{
  lw_seal(&d->c, b);
  d->c.cur = d->c.f->blk.v[b].pred.n ? b : 0;
  d->c.f->blk.v[b].handler = d->handler;
}

void dy_branch(dy *d, kb_ref v, kb_loc loc, kb_bid yes, kb_bid no)
{
  kb_ref t = dy_op1(d, KB_OTRUTH, loc, v);
  if (d->c.cur) kb_br(d->c.f, d->c.cur, t, yes, no, loc);
  d->c.cur = 0;
}

void dy_leave(dy *d, kb_ref v, kb_loc loc)
{
  dy_refs args = { 0 };
  kb_vec_push(&args, v);
  dy_keep_all(d, &args);
  if (d->c.cur) kb_ret(d->c.f, d->c.cur, args.v, args.n, loc);
  kb_vec_free(&args);
  d->c.cur = 0;
}

/* -- The def ----------------------------------------------------------------------------------------------------- */

/* A lambda of these lines, looked for in the whole tree. */
static PyObject *find_lambda(PyObject *node, PyObject *code)
{
  PyObject *found = NULL;
  if (PyList_Check(node)) {
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(node) && !found; i++) found = find_lambda(PyList_GET_ITEM(node, i), code);
    return found;
  }
  if (node == Py_None || !PyObject_HasAttrString((PyObject *)Py_TYPE(node), "_fields")) return NULL;
  if (kb_py_kind(node) == KA_Lambda && dy_stands_in(code, node)) {
    PyObject *inner = find_lambda(kb_py_get(node, "body"), code);
    return inner ? inner : node;
  }
  PyObject *fields = PyObject_GetAttrString((PyObject *)Py_TYPE(node), "_fields");
  for (Py_ssize_t i = 0; fields && i < PyTuple_GET_SIZE(fields) && !found; i++)
    found = find_lambda(kb_py_get(node, kb_py_text(PyTuple_GET_ITEM(fields, i))), code);
  PyErr_Clear();
  Py_XDECREF(fields);
  return found;
}

/* Files that functions came from lately: as a rule the next one comes from the same. */
static kb_py *recent;
enum { RECENT = 4 };

static void forget_files(void)
{
  if (!recent) return;
  kt_mod *t = recent->mod;
  kb_py_free(recent);
  kt_mod_free(t);
  recent = NULL;
}

static kb_py_file *recent_file(PyObject *filename)
{
  for (uint32_t i = 0; recent && i < recent->files.n; i++)
    if (PyUnicode_Compare(recent->files.v[i].filename, filename) == 0) return &recent->files.v[i];
  if (recent && recent->files.n >= RECENT) forget_files();
  if (!recent) recent = kb_py_new("");
  return kb_py_file_of(recent, filename);
}

/* The def or lambda of this file that the code object was compiled from; NULL when there is another one by now. */
static PyObject *node_in(dy *d, const kb_py_file *file)
{
  const PyCodeObject *code = (PyCodeObject *)d->code;
  const char *name = kb_py_text(code->co_name);
  if (!file->code) return NULL;
  PyObject *codes = kb_py_at_line(file->codes, code->co_firstlineno), *found = NULL;
  PyObject *defs = kb_py_at_line(file->defs, code->co_firstlineno);
  int same = 0;
  for (Py_ssize_t i = 0; codes && i < PyList_GET_SIZE(codes); i++)
    same += PyObject_RichCompareBool(PyList_GET_ITEM(codes, i), d->code, Py_EQ) == 1;
  PyErr_Clear();
  if (same && strcmp(name, "<lambda>") == 0) found = find_lambda(file->ast, d->code);
  for (Py_ssize_t i = 0; same && defs && i < PyList_GET_SIZE(defs); i++)
    if (strcmp(kb_py_get_str(PyList_GET_ITEM(defs, i), "name"), name) == 0) found = PyList_GET_ITEM(defs, i);
  return found;
}

/* The file is read again if it seems to have changed since it was read. */
static PyObject *find_node(dy *d)
{
  PyObject *filename = ((PyCodeObject *)d->code)->co_filename;
  bool known = recent != NULL;
  const kb_py_file *file = recent_file(filename);
  PyObject *found = node_in(d, file);
  if (!found && known) {
    forget_files();
    file = recent_file(filename);
    found = node_in(d, file);
  }
  if (!found) dy_refuse(d, NULL, "%s", file->problem ? file->problem : "its source is not what its code was compiled from");
  return found;
}

/* The class around the innermost function that stands in one: "C.f.<locals>.g" is in C. */
static const char *class_of(PyObject *code)
{
  const char *name = kb_py_text(((PyCodeObject *)code)->co_qualname), *found = NULL;
  char *copy = strdup(name), *end = copy ? strrchr(copy, '.') : NULL;
  while (end && !found) {
    *end = 0;
    char *part = strrchr(copy, '.');
    if (strcmp(part ? part + 1 : copy, "<locals>") != 0) {
      found = kb_intern(part ? part + 1 : copy);
    } else if (part) { /* a function: its name goes, too */
      *part = 0;
      end = strrchr(copy, '.');
    } else {
      end = NULL;
    }
  }
  free(copy);
  return found;
}

/* -- One round ----------------------------------------------------------------------------------------------------- */

static void parameters(dy *d, uint32_t nparams)
{
  kb_loc loc = { d->file, (uint32_t)((PyCodeObject *)d->code)->co_firstlineno, 0, 0 };
  kb_fn *f = d->c.f;
  uint32_t nlocals = d->c.k->nlocals;
  for (uint32_t i = 0; i < nparams; i++) {
    kb_ref p = kb_param(f, KB_T_OBJ, d->vars.v[i].name);
    kb_v(f, p)->loc = loc;
  }
  for (uint32_t i = 0; i < d->vars.n; i++) {
    dy_var *v = &d->vars.v[i];
    bool is_param = i < nparams;
    kb_ref x = is_param ? f->params[i] : kb_undef(f, KB_T_OBJ);
    if (v->place == DY_FREE) {
      v->cell = dy_imm(d, dy_op0(d, KB_OFREE, loc), i - nlocals);
    } else if (v->place == DY_CELL) {
      v->cell = dy_op1(d, KB_OCELL, loc, x);
    } else if (v->place == DY_MEMORY) {
      if (is_param) dy_imm(d, dy_op1(d, KB_OSETVAR, loc, x), v->memory);
    } else {
      v->ssa = i;
      v->bound = nlocals + i;
      lw_write(&d->c, v->ssa, x);
      lw_write(&d->c, v->bound, kb_const_int(f, KB_T_BOOL, is_param));
    }
  }
}

/* Names of the locals for ssa.c, of the memory variables for the function. */
static void name_variables(dy *d, kt_kernel *k, kb_fn *f)
{
  kb_arena *arena = d->py->mod->arena;
  k->locals = (const char **)kb_arena_alloc(arena, (d->vars.n + 1) * sizeof *k->locals);
  f->vars = KB_NEW(f->arena, const char *, d->vars.n + 1);
  k->nlocals = f->nvars = 0;
  for (uint32_t i = 0; i < d->vars.n; i++) {
    if (d->vars.v[i].place == DY_FREE) continue;
    k->locals[k->nlocals++] = d->vars.v[i].name;
    if (d->vars.v[i].place == DY_MEMORY) f->vars[f->nvars++] = d->vars.v[i].name;
  }
}

static kb_mod *lower_once(dy *d)
{
  const PyCodeObject *code = (PyCodeObject *)d->code;
  kt_mod *t = d->py->mod;
  kb_mod *m = kb_mod_new(d->file, t->python);
  kb_fn *f = kb_fn_new(m, kb_py_text(code->co_name));
  kt_kernel *k = (kt_kernel *)kb_arena_alloc(t->arena, sizeof *k);
  f->generic = f->dynamic = true;
  f->ret = KB_T_OBJ;
  f->loc = dy_loc(d, d->node);
  k->name = f->name;
  k->loc = f->loc;
  k->nparams = (uint32_t)(code->co_argcount + code->co_kwonlyargcount + !!(code->co_flags & CO_VARARGS) +
                          !!(code->co_flags & CO_VARKEYWORDS));
  PyList_SetSlice(d->pool, 0, PyList_GET_SIZE(d->pool), NULL);
  dy_scope(d);
  name_variables(d, k, f);
  d->again = false;
  d->handler = 0;
  d->blocks = NULL;
  d->comp = NULL;
  lw_start(&d->c, t, k, f);
  parameters(d, k->nparams);
  kb_ref v = 0;
  if (kb_py_kind(d->node) == KA_Lambda) v = dy_expr(d, kb_py_get(d->node, "body"));
  else dy_body(d, dy_get(d->node, "body"));
  if (!v) v = dy_none(d);
  dy_leave(d, v, f->loc);
  lw_finish(&d->c);
  return m;
}

/* -- Variables of protected blocks ----------------------------------------------------------------------------------- */

/* With every local in memory: those that are assigned under a handler stay there, as the handler may read them, and as
 * they hold their objects while it runs. */
static void find_memory(dy *d, const kb_fn *f)
{
  kb_bits need;
  kb_bits_init(&need, f->nvars);
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    if (!f->blk.v[f->rpo.v[i]].handler) continue;
    KB_FOR_INS(f, f->rpo.v[i], r) {
      const kb_val *v = kb_v(f, r);
      if (v->op == KB_OSETVAR || v->op == KB_ODELVAR) kb_bits_set(&need, (uint32_t)v->imm.i);
    }
  }
  for (uint32_t k = 0; k < f->nvars; k++)
    if (kb_bits_has(&need, k)) kb_vec_push(&d->in_memory, f->vars[k]);
  kb_bits_free(&need);
}

/* -- Keeps ------------------------------------------------------------------------------------------------------------- */

/* Drops what need not be kept, now that it is known what values are: constants, parameters (their caller holds them),
 * anything twice, and what the next instruction reads anyway. */
static void trim(kb_fn *f, kb_val *v, uint32_t from)
{
  uint32_t n = from;
  for (uint32_t i = from; i < v->nargs; i++) {
    bool drop = !kb_v(f, v->args[i])->blk;
    for (uint32_t k = 0; k < n && !drop; k++) drop = v->args[k] == v->args[i];
    const kb_val *next = v->next ? kb_v(f, v->next) : NULL;
    for (uint32_t k = 0; next && k < next->nargs && !drop; k++) drop = next->args[k] == v->args[i];
    if (!drop) v->args[n++] = v->args[i];
  }
  v->nargs = n;
}

static void trim_keeps(kb_fn *f)
{
  for (kb_ref r = 1; r < f->val.n; r++) {
    kb_val *v = kb_v(f, r);
    if (!v->blk || (v->op != KB_OKEEP && v->op != KB_RET)) continue;
    trim(f, v, v->op == KB_RET ? 1 : 0);
    if (v->op == KB_OKEEP && !v->nargs) kb_del(f, r);
  }
}

/* -- The way -------------------------------------------------------------------------------------------------------------- */

static kb_mod *lower_rounds(dy *d)
{
  kb_mod *m = lower_once(d);
  if (d->protects && !d->why) {
    d->all_memory = true;
    do {
      kb_mod_free(m);
      m = lower_once(d);
    } while (d->again && !d->why);
    kb_cfg(m->fns.v[0]);
    find_memory(d, m->fns.v[0]);
    d->all_memory = false;
    d->again = true;
  }
  while (d->again && !d->why) {
    kb_mod_free(m);
    m = lower_once(d);
  }
  return m;
}

static long optimised(void)
{
  PyObject *flags = PySys_GetObject("flags"), *level = flags ? PyObject_GetAttrString(flags, "optimize") : NULL;
  long n = level ? PyLong_AsLong(level) : 0;
  PyErr_Clear();
  Py_XDECREF(level);
  return n;
}

static void check_kind(dy *d)
{
  int flags = ((PyCodeObject *)d->code)->co_flags;
  if (flags & CO_GENERATOR) dy_refuse(d, NULL, "it is a generator");
  if (flags & (CO_COROUTINE | CO_ITERABLE_COROUTINE | CO_ASYNC_GENERATOR)) dy_refuse(d, NULL, "it is asynchronous");
}

kb_mod *kb_py_dynamic(PyObject *function, PyObject **pool, char *why, size_t size)
{
  dy d = { 0 };
  kb_mod *m = NULL;
  d.function = function;
  d.code = PyFunction_GetCode(function);
  d.py = kb_py_new(kb_py_text(((PyCodeObject *)d.code)->co_filename));
  d.pool = PyList_New(0);
  d.optimised = optimised() > 0;
  d.klass = class_of(d.code);
  check_kind(&d);
  if (!d.why) d.node = find_node(&d);
  if (d.node) {
    d.file = kb_intern(kb_py_text(((PyCodeObject *)d.code)->co_filename));
    m = lower_rounds(&d);
    trim_keeps(m->fns.v[0]);
    kb_fn_number(m->fns.v[0]);
#ifdef KB_CHECKING
    char breach[512];
    if (!d.why && !kb_verify(m, m->fns.v[0], breach, sizeof breach)) kb_bug(__FILE__, __LINE__, "dynamic: %s", breach);
#endif
  }
  if (d.why && m) {
    kb_mod_free(m);
    m = NULL;
  }
  if (d.why) snprintf(why, size, d.why_line ? "%s (line %u)" : "%s", d.why, d.why_line);
  kt_mod *t = d.py->mod;
  kb_py_free(d.py);
  kt_mod_free(t);
  kb_vec_free(&d.vars);
  kb_vec_free(&d.globals);
  kb_vec_free(&d.captured);
  kb_vec_free(&d.in_memory);
  if (m) *pool = d.pool;
  else Py_DECREF(d.pool);
  return m;
}
