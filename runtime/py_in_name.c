/* SPDX-License-Identifier: MIT */
/* py_in_name.c: variables of all kinds: globals, cells, memory variables; imports; functions made at run time. */
#include "py_in.h"

/* The tag that changes with every change of a dict; no two dicts have the same. */
static inline uint64_t version(PyObject *dict)
{
#if defined __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
  return ((PyDictObject *)dict)->ma_version_tag;
#if defined __GNUC__
#pragma GCC diagnostic pop
#endif
}

/* NameError and its kin; of NameError itself the name is kept, too. */
static int unbound(PyObject *exc, const char *format, PyObject *name)
{
  PyErr_Format(exc, format, name);
  if (exc != PyExc_NameError) return -1;
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyErr_NormalizeException(&type, &value, &tb);
  if (value && PyErr_GivenExceptionMatches(value, PyExc_NameError) && PyObject_SetAttrString(value, "name", name) < 0)
    PyErr_Clear();
  PyErr_Restore(type, value, tb);
  return -1;
}
#define NO_NAME "name '%.200U' is not defined"
#define NO_LOCAL "cannot access local variable '%.200U' where it is not associated with a value"
#define NO_FREE "cannot access free variable '%.200U' where it is not associated with a value in enclosing scope"

/* A local of the function is no local of a comprehension that is a function of its own. */
static int no_local(in_frame *f, PyObject *name)
{
  if (in_within_comprehension(f, name)) return unbound(PyExc_NameError, NO_FREE, name);
  return unbound(PyExc_UnboundLocalError, NO_LOCAL, name);
}

int in_no_local(in_frame *f, const char *text)
{
  PyObject *name = PyUnicode_FromString(text ? text : "?");
  if (!name) return -1;
  no_local(f, name);
  Py_DECREF(name);
  return -1;
}

/* -- Globals -------------------------------------------------------------------------------------------------------- */

static PyObject *builtins_of(in_frame *f)
{
  return f->code->builtins ? f->code->builtins : PyEval_GetBuiltins();
}

/* Globals or builtins that are no plain dicts: by item. A new reference. */
static PyObject *global_by_item(PyObject *globals, PyObject *builtins, PyObject *name)
{
  PyObject *v = PyObject_GetItem(globals, name);
  if (v || !PyErr_ExceptionMatches(PyExc_KeyError)) return v;
  PyErr_Clear();
  v = PyObject_GetItem(builtins, name);
  if (!v && PyErr_ExceptionMatches(PyExc_KeyError)) {
    PyErr_Clear();
    unbound(PyExc_NameError, NO_NAME, name);
  }
  return v;
}

int in_o_global(in_frame *f, const in_ins *i)
{
  PyObject *globals = f->code->globals, *builtins = builtins_of(f), *name = IN_NAME(f, i);
  in_cache *c = f->code->cache ? &f->code->cache[i->cache] : NULL;
  if (!PyDict_CheckExact(globals) || !PyDict_CheckExact(builtins)) {
    PyObject *v = global_by_item(globals, builtins, name);
    if (!v) return -1;
    in_result(f, i, in_obj(v));
    return 0;
  }
  if (c && c->what && c->version[0] == version(globals) && c->version[1] == version(builtins)) {
    in_result(f, i, in_obj(Py_NewRef(c->what)));
    return 0;
  }
  PyObject *v = PyDict_GetItemWithError(globals, name);
  if (!v && !PyErr_Occurred()) v = PyDict_GetItemWithError(builtins, name);
  if (!v) return PyErr_Occurred() ? -1 : unbound(PyExc_NameError, NO_NAME, name);
  if (c) {
    c->version[0] = version(globals);
    c->version[1] = version(builtins);
    c->what = v;
  }
  in_result(f, i, in_obj(Py_NewRef(v)));
  return 0;
}

int in_o_setglobal(in_frame *f, const in_ins *i)
{
  PyObject *v = in_box(f, IN_ARG(f, i, 0));
  if (!v) return -1;
  int r = PyDict_SetItem(f->code->globals, IN_NAME(f, i), v);
  Py_DECREF(v);
  return r;
}

int in_o_delglobal(in_frame *f, const in_ins *i)
{
  if (!PyDict_DelItem(f->code->globals, IN_NAME(f, i))) return 0;
  if (!PyErr_ExceptionMatches(PyExc_KeyError)) return -1;
  PyErr_Clear();
  return unbound(PyExc_NameError, NO_NAME, IN_NAME(f, i));
}

int in_o_pool(in_frame *f, const in_ins *i)
{
  PyObject *pool = f->code->pool;
  int64_t k = IN_IMM(f, i);
  if (!pool || !PyTuple_Check(pool) || k < 0 || k >= PyTuple_GET_SIZE(pool)) {
    PyErr_SetString(PyExc_SystemError, "no such constant");
    return -1;
  }
  in_result(f, i, in_obj(Py_NewRef(PyTuple_GET_ITEM(pool, k))));
  return 0;
}

/* -- Cells ------------------------------------------------------------------------------------------------------------ */

int in_o_cell(in_frame *f, const in_ins *i)
{
  in_val *v = IN_ARG(f, i, 0);
  PyObject *o = v->tag == IN_NULL ? NULL : in_box(f, v);
  if (!o && v->tag != IN_NULL) return -1;
  PyObject *cell = PyCell_New(o);
  Py_XDECREF(o);
  if (!cell) return -1;
  in_result(f, i, in_obj(cell));
  return 0;
}

int in_o_free(in_frame *f, const in_ins *i)
{
  PyObject *closure = f->code->closure;
  int64_t k = IN_IMM(f, i);
  if (!closure || !PyTuple_Check(closure) || k < 0 || k >= PyTuple_GET_SIZE(closure)) {
    PyErr_SetString(PyExc_SystemError, "no such free variable");
    return -1;
  }
  in_result(f, i, in_obj(Py_NewRef(PyTuple_GET_ITEM(closure, k))));
  return 0;
}

static PyObject *cell_of(in_frame *f, const in_ins *i)
{
  in_val *v = IN_ARG(f, i, 0);
  if (v->tag == IN_OBJ && PyCell_Check(v->o)) return v->o;
  PyErr_SetString(PyExc_SystemError, "no cell");
  return NULL;
}

static int cell_get(in_frame *f, const in_ins *i, bool local)
{
  PyObject *cell = cell_of(f, i);
  if (!cell) return -1;
  PyObject *v = PyCell_Get(cell);
  if (!v) return local ? no_local(f, IN_NAME(f, i)) : unbound(PyExc_NameError, NO_FREE, IN_NAME(f, i));
  in_result(f, i, in_obj(v));
  return 0;
}

int in_o_cellget(in_frame *f, const in_ins *i)
{
  return cell_get(f, i, true);
}

int in_o_freeget(in_frame *f, const in_ins *i)
{
  return cell_get(f, i, false);
}

int in_o_cellset(in_frame *f, const in_ins *i)
{
  PyObject *cell = cell_of(f, i), *v = cell ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  if (!v) return -1;
  int r = PyCell_Set(cell, v);
  Py_DECREF(v);
  return r;
}

int in_o_celldel(in_frame *f, const in_ins *i)
{
  PyObject *cell = cell_of(f, i);
  if (!cell) return -1;
  if (PyCell_GET(cell)) return PyCell_Set(cell, NULL);
  PyObject *closure = f->code->closure; /* a free variable is called so */
  for (Py_ssize_t k = 0; closure && k < PyTuple_GET_SIZE(closure); k++)
    if (PyTuple_GET_ITEM(closure, k) == cell) return unbound(PyExc_NameError, NO_FREE, IN_NAME(f, i));
  return no_local(f, IN_NAME(f, i));
}

/* Where a variable or a loop lets go of its object. */
int in_o_keep(in_frame *f, const in_ins *i)
{
  in_val none = { IN_NULL, 0, { 0 } };
  in_set(IN_ARG(f, i, 0), none);
  return 0;
}

/* -- Variables in memory ------------------------------------------------------------------------------------------------ */

static in_val *variable(in_frame *f, const in_ins *i)
{
  return &f->slot[f->code->image->var0 + (uint32_t)IN_IMM(f, i)];
}

static int no_variable(in_frame *f, const in_ins *i)
{
  return in_no_local(f, f->code->image->vars[IN_IMM(f, i)]);
}

int in_o_getvar(in_frame *f, const in_ins *i)
{
  in_val *v = variable(f, i);
  if (v->tag == IN_NULL) return no_variable(f, i);
  in_incref(*v);
  in_result(f, i, *v);
  return 0;
}

int in_o_setvar(in_frame *f, const in_ins *i)
{
  in_val *v = IN_ARG(f, i, 0), x = *v;
  if (i->flags & IN_DIES_A) memset(v, 0, sizeof *v); /* the variable alone holds it from now on */
  else in_incref(x);
  in_set(variable(f, i), x);
  return 0;
}

int in_o_delvar(in_frame *f, const in_ins *i)
{
  in_val *v = variable(f, i), none = { IN_NULL, 0, { 0 } };
  if (v->tag == IN_NULL) return no_variable(f, i);
  in_set(v, none);
  return 0;
}

/* -- Imports ---------------------------------------------------------------------------------------------------------------- */

/* "level module name name": the arguments of __import__ as (name, globals, None, fromlist, level). The module of
 * `from . import x` is empty. */
static PyObject *import_arguments(in_frame *f, PyObject *text)
{
  PyObject *blank = PyUnicode_FromString(" "), *parts = blank ? PyUnicode_Split(text, blank, -1) : NULL, *r = NULL;
  Py_XDECREF(blank);
  if (!parts) return NULL;
  Py_ssize_t n = PyList_GET_SIZE(parts);
  PyObject *level = PyLong_FromUnicodeObject(PyList_GET_ITEM(parts, 0), 10);
  PyObject *names = Py_NewRef(Py_None);
  if (n > 2) {
    PyObject *list = PyList_GetSlice(parts, 2, n);
    Py_DECREF(names);
    names = list ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
  }
  if (level && names && n > 1) r = PyTuple_Pack(5, PyList_GET_ITEM(parts, 1), f->code->globals, Py_None, names, level);
  else if (!PyErr_Occurred()) PyErr_SetString(PyExc_SystemError, "an import without a module");
  Py_XDECREF(level);
  Py_XDECREF(names);
  Py_DECREF(parts);
  return r;
}

int in_o_import(in_frame *f, const in_ins *i)
{
  PyObject *builtins = builtins_of(f), *import;
  if (PyDict_Check(builtins)) import = Py_XNewRef(PyDict_GetItemString(builtins, "__import__"));
  else import = PyMapping_GetItemString(builtins, "__import__");
  if (!import) {
    PyErr_SetString(PyExc_ImportError, "__import__ not found");
    return -1;
  }
  PyObject *args = import_arguments(f, IN_NAME(f, i));
  PyObject *r = args ? PyObject_Call(import, args, NULL) : NULL;
  Py_DECREF(import);
  Py_XDECREF(args);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

/* `from m import name` by CPython itself, so that the texts and the way round through sys.modules are its own: a function
 * whose globals have an __import__ that gives the module. Its own line in the traceback is taken out again. */
static PyObject *import_from(PyObject *module, PyObject *name)
{
  PyObject *g = PyDict_New(), *r = NULL;
  PyObject *text = PyUnicode_FromFormat("from m import %U as r", name);
  const char *source = text ? PyUnicode_AsUTF8(text) : NULL;
  PyObject *make = source ? PyRun_String("lambda m: {'__import__': lambda *a: m}", Py_eval_input, g, g) : NULL;
  PyObject *b = make ? PyObject_CallOneArg(make, module) : NULL;
  PyObject *done = b && PyDict_SetItemString(g, "__builtins__", b) == 0 ? PyRun_String(source, Py_file_input, g, g) : NULL;
  if (done) r = Py_XNewRef(PyDict_GetItemString(g, "r"));
  else if (b) {
    PyObject *type, *value, *tb;
    PyErr_Fetch(&type, &value, &tb);
    PyObject *rest = tb && PyTraceBack_Check(tb) ? Py_XNewRef((PyObject *)((PyTracebackObject *)tb)->tb_next) : NULL;
    Py_XDECREF(tb);
    PyErr_NormalizeException(&type, &value, &rest);
    if (value) PyException_SetTraceback(value, rest ? rest : Py_None);
    PyErr_Restore(type, value, rest);
  }
  Py_XDECREF(done);
  Py_XDECREF(b);
  Py_XDECREF(make);
  Py_XDECREF(text);
  Py_XDECREF(g);
  return r;
}

int in_o_importfrom(in_frame *f, const in_ins *i)
{
  PyObject *m = in_box(f, IN_ARG(f, i, 0)), *r = NULL, *name = IN_NAME(f, i);
  if (!m) return -1;
  if (PyModule_CheckExact(m) && PyUnicode_READ_CHAR(name, 0) != '_')
    r = Py_XNewRef(PyDict_GetItemWithError(PyModule_GetDict(m), name));
  if (!r && !PyErr_Occurred()) r = import_from(m, name);
  Py_DECREF(m);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

/* -- Functions -------------------------------------------------------------------------------------------------------------- */

/* The flat tuple that compilers make, as a dict. A new reference. */
static PyObject *annotations(PyObject *given)
{
  if (!PyTuple_Check(given)) return Py_NewRef(given);
  PyObject *d = PyDict_New();
  for (Py_ssize_t k = 0; d && k + 1 < PyTuple_GET_SIZE(given); k += 2)
    if (PyDict_SetItem(d, PyTuple_GET_ITEM(given, k), PyTuple_GET_ITEM(given, k + 1)) < 0) Py_CLEAR(d);
  return d;
}

static int furnish(PyObject *fn, PyObject *const *part)
{
  if (part[0] != Py_None && PyFunction_SetDefaults(fn, part[0]) < 0) return -1;
  if (part[1] != Py_None && PyFunction_SetKwDefaults(fn, part[1]) < 0) return -1;
  if (part[2] == Py_None) return 0;
  PyObject *a = annotations(part[2]);
  int r = a ? PyFunction_SetAnnotations(fn, a) : -1;
  Py_XDECREF(a);
  return r;
}

int in_o_function(in_frame *f, const in_ins *i)
{
  PyObject *part[4] = { NULL, NULL, NULL, NULL }, *fn = NULL;
  uint32_t n = 0, ncells = IN_N(f, i) - 4;
  while (n < 4 && (part[n] = in_box(f, IN_ARG(f, i, n)))) n++;
  if (n == 4) fn = PyFunction_New(part[0], f->code->globals);
  if (fn && furnish(fn, part + 1) < 0) Py_CLEAR(fn);
  PyObject *closure = fn && ncells ? PyTuple_New((Py_ssize_t)ncells) : NULL;
  for (uint32_t k = 0; closure && k < ncells; k++)
    PyTuple_SET_ITEM(closure, (Py_ssize_t)k, Py_NewRef(IN_ARG(f, i, 4 + k)->o));
  if (fn && ncells && (!closure || PyFunction_SetClosure(fn, closure) < 0)) Py_CLEAR(fn);
  Py_XDECREF(closure);
  for (uint32_t k = 0; k < n; k++) Py_DECREF(part[k]);
  if (!fn) return -1;
  in_result(f, i, in_obj(fn));
  return 0;
}
