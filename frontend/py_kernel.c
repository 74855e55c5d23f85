/* SPDX-License-Identifier: MIT */
/* py_kernel.c: one kernel: its options, its def, and the check that source and code object agree.
 *
 * The code object comes from executing the file; the AST of the file is compiled again, and the code objects of
 * that def are compared. A source that was changed since it was imported is an error, never a wrong kernel.
 */
#include "py.h"

#include <string.h>

/* -- Kernels --------------------------------------------------------------------------------------------------- */

/* Name of the module's variable that holds an object, or NULL. */
static const char *variable_of(PyObject *function, PyObject *object)
{
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(PyFunction_GetGlobals(function), &at, &key, &value))
    if (value == object && PyUnicode_Check(key)) return kb_py_text(key);
  return NULL;
}

static const char *text_of(PyObject *object, const char *attr)
{
  PyObject *value = PyObject_GetAttrString(object, attr);
  const char *s = value && PyUnicode_Check(value) ? kb_py_text(value) : NULL;
  PyErr_Clear();
  Py_XDECREF(value);
  return s;
}

static bool option_is(PyObject *options, const char *name, const char *text)
{
  PyObject *value = PyDict_GetItemString(options, name);
  return value && PyUnicode_Check(value) && strcmp(kb_py_text(value), text) == 0;
}

/* The list that _kernel.py makes of all options that speak of loops: (option, variable or depth or None, words). */
static void set_loop_options(kb_py *py, kt_kernel *k, PyObject *list)
{
  if (!list || !PyList_Check(list) || !PyList_GET_SIZE(list)) return;
  uint32_t n = (uint32_t)PyList_GET_SIZE(list);
  k->loop_options = (kt_loop_option *)kb_arena_alloc(py->mod->arena, n * sizeof *k->loop_options);
  for (uint32_t i = 0; i < n; i++) {
    PyObject *row = PyList_GET_ITEM(list, (Py_ssize_t)i), *which = PyTuple_GET_ITEM(row, 1);
    kt_loop_option *l = &k->loop_options[k->nloop_options++];
    l->option = kb_py_text(PyTuple_GET_ITEM(row, 0));
    l->name = PyUnicode_Check(which) ? kb_py_text(which) : NULL;
    l->depth = PyLong_Check(which) ? PyLong_AsLongLong(which) : -1;
    l->words = kb_py_text(PyTuple_GET_ITEM(row, 2));
    l->used = !l->name;
  }
}

static void set_options(kb_py *py, kt_kernel *k, PyObject *options)
{
  PyObject *c_name = PyDict_GetItemString(options, "c_name"), *fastmath = PyDict_GetItemString(options, "fastmath");
  PyObject *inlined = PyDict_GetItemString(options, "inline");
  if (c_name && PyUnicode_Check(c_name)) k->c_name = kb_py_text(c_name);
  if (fastmath && PyLong_Check(fastmath)) k->fastmath = (uint32_t)PyLong_AsUnsignedLongMask(fastmath);
  k->wrap = option_is(options, "overflow", "wrap");
  k->overflow_raises = option_is(options, "overflow", "raise");
  k->unchecked = PyDict_GetItemString(options, "bounds") == Py_False;
  k->nogil = PyDict_GetItemString(options, "nogil") == Py_True;
  k->parallel = PyDict_GetItemString(options, "parallel") == Py_True;
  k->inline_hint = inlined == Py_True ? 1 : inlined == Py_False ? -1 : 0;
  set_loop_options(py, k, PyDict_GetItemString(options, "loops"));
}

/* A C name that no other kernel of the module has: that of a callee of another file gets the file's name in front. */
static const char *free_c_name(kb_py *py, const kt_kernel *k)
{
  const char *name = k->c_name;
  for (int n = 1;; n++) {
    bool taken = false;
    for (uint32_t i = 0; i < py->mod->kernels.n; i++) taken |= strcmp(py->mod->kernels.v[i]->c_name, name) == 0;
    if (!taken) return kb_intern(name);
    name = kb_arena_printf(py->mod->arena, "%s_%d", k->c_name, n + 1);
  }
}

/* A Kernel object into the module; returns its index. Its tree is made later. */
uint32_t kb_py_add_kernel(kb_py *py, PyObject *kernel, bool exported)
{
  PyObject *function = PyObject_GetAttrString(kernel, "py_func"), *options = PyObject_GetAttrString(kernel, "options");
  PyCodeObject *code = (PyCodeObject *)PyFunction_GetCode(function);
  kt_kernel *k = (kt_kernel *)kb_arena_alloc(py->mod->arena, sizeof *k);
  const char *doc = text_of(function, "__doc__");
  k->qualname = text_of(function, "__qualname__");
  k->name = text_of(function, "__name__");
  if (strstr(k->qualname, "<locals>")) { /* made by another function: named after the variable that holds it */
    const char *variable = variable_of(function, kernel);
    if (variable) k->name = variable;
  }
  k->c_name = k->name;
  k->doc = doc;
  k->exported = exported;
  set_options(py, k, options);
  if (py->mod->jit) k->c_name = "function"; /* the only one; any Python name is right */
  if (!exported) k->c_name = free_c_name(py, k);
  k->file = kb_py_file_of(py, code->co_filename)->name;
  k->loc.file = k->file;
  k->loc.line = (uint32_t)code->co_firstlineno;
  k->loc.col = 1;
  k->owner = Py_NewRef(kernel);
  PyObject *index = PyLong_FromUnsignedLong(py->mod->kernels.n);
  PyDict_SetItem(py->indices, function, index);
  Py_XDECREF(index);
  kb_vec_push(&py->mod->kernels, k);
  Py_DECREF(function);
  Py_DECREF(options);
  return py->mod->kernels.n - 1;
}

uint32_t kb_py_kernel_index(kb_py *py, PyObject *kernel)
{
  PyObject *function = PyFunction_Check(kernel) ? Py_NewRef(kernel) : PyObject_GetAttrString(kernel, "py_func");
  PyObject *index = PyDict_GetItemWithError(py->indices, function);
  Py_DECREF(function);
  return index ? (uint32_t)PyLong_AsUnsignedLong(index) : kb_py_add_kernel(py, kernel, false);
}

/* The def whose code object is equal to the function's; NULL after an error. */
static PyObject *find_def(kb_py_fn *f)
{
  const kb_py_file *file = kb_py_file_of(f->py, ((PyCodeObject *)f->code)->co_filename);
  const char *name = kb_py_text(((PyCodeObject *)f->code)->co_name);
  long line = ((PyCodeObject *)f->code)->co_firstlineno;
  if (strcmp(name, "<lambda>") == 0) {
    kb_py_fail(f, f->k->loc, "a lambda cannot be a kernel; write it with def");
    return NULL;
  }
  if (!file->code) {
    kb_py_fail(f, f->k->loc, "'%s' cannot be compiled: %s", f->k->name, file->problem);
    return NULL;
  }
  PyObject *codes = kb_py_at_line(file->codes, line), *defs = kb_py_at_line(file->defs, line);
  bool agree = false;
  for (Py_ssize_t i = 0; codes && i < PyList_GET_SIZE(codes); i++)
    agree |= PyList_GET_ITEM(codes, i) == f->code ||
             PyObject_RichCompareBool(PyList_GET_ITEM(codes, i), f->code, Py_EQ) == 1;
  PyErr_Clear();
  for (Py_ssize_t i = 0; agree && defs && i < PyList_GET_SIZE(defs); i++)
    if (strcmp(kb_py_get_str(PyList_GET_ITEM(defs, i), "name"), name) == 0) return PyList_GET_ITEM(defs, i);
  kb_py_fail(f, f->k->loc,
             "the source of '%s' is not what its code was compiled from; the file was changed since it was imported, "
             "or the function was made by exec: import it again",
             f->k->name);
  return NULL;
}

/* Numbers the locals: parameters first. */
static void number_locals(kb_py_fn *f)
{
  PyObject *names[2];
  names[0] = PyCode_GetVarnames((PyCodeObject *)f->code);
  names[1] = PyCode_GetCellvars((PyCodeObject *)f->code);
  KB_VEC(const char *) all = { 0 };
  for (int t = 0; t < 2; t++) {
    for (Py_ssize_t i = 0; names[t] && i < PyTuple_GET_SIZE(names[t]); i++) {
      PyObject *name = PyTuple_GET_ITEM(names[t], i);
      if (PyDict_Contains(f->locals, name)) continue;
      PyObject *number = PyLong_FromUnsignedLong(all.n);
      PyDict_SetItem(f->locals, name, number);
      Py_XDECREF(number);
      kb_vec_push(&all, kb_py_text(name));
    }
    Py_XDECREF(names[t]);
  }
  f->k->nlocals = all.n;
  f->k->locals = (const char **)kb_arena_alloc(f->py->mod->arena, (all.n + 1) * sizeof *f->k->locals);
  if (all.n) memcpy(f->k->locals, all.v, all.n * sizeof *all.v);
  kb_vec_free(&all);
}

/* Is it the method of a class? */
static bool is_method(const kt_kernel *k)
{
  const char *dot = strrchr(k->qualname, '.');
  return dot && (dot - k->qualname < 8 || strncmp(dot - 8, "<locals>", 8) != 0);
}

void kb_py_make_tree(kb_py *py, uint32_t index)
{
  kb_py_fn f = { 0 };
  f.py = py;
  f.k = py->mod->kernels.v[index];
  f.index = index;
  f.file = f.k->file;
  f.function = kb_py_get((PyObject *)f.k->owner, "py_func");
  f.code = PyFunction_GetCode(f.function);
  f.locals = PyDict_New();
  PyObject *def = find_def(&f);
  if (def) {
    f.k->loc = kb_py_loc_in(f.file, def);
    if (kb_py_kind(def) == KA_AsyncFunctionDef) kb_py_refuse(&f, def);
    if (is_method(f.k) && !py->mod->jit)
      kb_py_fail(&f, f.k->loc,
                 "a method is not supported as a kernel; make it a function of the file, with the object's fields as "
                 "parameters");
    number_locals(&f);
    kb_py_signature(&f, kb_py_get((PyObject *)f.k->owner, "options"), def);
    kb_py_tree(&f, def);
  }
  Py_DECREF(f.locals);
}
