/* SPDX-License-Identifier: MIT */
/* py_file.c: Python source files: reading, parsing, what stands on which line; and small helpers over objects. */
#include "py.h"

#include <errno.h>
#include <string.h>

/* -- Small things that the py_*.c files share --------------------------------------------------------------- */

PyObject *kb_py_get(PyObject *node, const char *attr)
{
  PyObject *value = PyObject_GetAttrString(node, attr);
  if (!value) { /* a field that was left out, or that this version does not have */
    PyErr_Clear();
    return Py_None;
  }
  Py_DECREF(value); /* the node keeps it */
  return value;
}

const char *kb_py_text(PyObject *str)
{
  Py_ssize_t n;
  const char *s = PyUnicode_AsUTF8AndSize(str, &n);
  if (s) return kb_intern_n(s, strnlen(s, (size_t)n));
  PyErr_Clear(); /* lone surrogates */
  PyObject *bytes = PyUnicode_AsEncodedString(str, "utf-8", "backslashreplace");
  s = bytes ? kb_intern(PyBytes_AS_STRING(bytes)) : "?";
  PyErr_Clear();
  Py_XDECREF(bytes);
  return s;
}

const char *kb_py_get_str(PyObject *node, const char *attr)
{
  PyObject *value = kb_py_get(node, attr);
  return PyUnicode_Check(value) ? kb_py_text(value) : NULL;
}

const char *kb_py_exception_text(void)
{
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  if (!type) return "no exception";
  PyErr_NormalizeException(&type, &value, &trace);
  PyObject *text = value ? PyObject_Str(value) : NULL;
  PyObject *name = PyType_GetName((PyTypeObject *)type);
  PyObject *whole =
      text && name ? PyUnicode_FromFormat(PyUnicode_GET_LENGTH(text) ? "%U: %U" : "%U", name, text) : NULL;
  PyErr_Clear();
  const char *s = whole ? kb_py_text(whole) : "an exception";
  Py_XDECREF(whole);
  Py_XDECREF(name);
  Py_XDECREF(text);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(trace);
  return s;
}

static uint32_t int_field(PyObject *node, const char *attr)
{
  PyObject *value = kb_py_get(node, attr);
  long i = PyLong_Check(value) ? PyLong_AsLong(value) : 0;
  return i > 0 ? (uint32_t)i : 0;
}

kb_loc kb_py_loc_in(const char *file, PyObject *node)
{
  kb_loc loc = { file, int_field(node, "lineno"), 0, 0 };
  if (!loc.line) return loc;
  loc.col = int_field(node, "col_offset") + 1;
  if (int_field(node, "end_lineno") == loc.line) loc.end_col = int_field(node, "end_col_offset") + 1;
  return loc;
}

kb_loc kb_py_loc(const kb_py_fn *f, PyObject *node) { return kb_py_loc_in(f->file, node); }

void kb_py_fail(kb_py_fn *f, kb_loc at, const char *fmt, ...)
{
  char *text = NULL;
  va_list ap;
  va_start(ap, fmt);
  int n = vasprintf(&text, fmt, ap);
  va_end(ap);
  kb_error(at, "%s", n >= 0 ? text : fmt);
  free(text);
  f->k->errors++;
}

/* -- Files ---------------------------------------------------------------------------------------------------- */

/* Appends to the list that dict holds for an int key. */
static void put_under(PyObject *dict, long key, PyObject *value)
{
  PyObject *k = PyLong_FromLong(key);
  PyObject *list = k ? PyDict_GetItemWithError(dict, k) : NULL;
  if (list) {
    PyList_Append(list, value);
  } else if (k && (list = PyList_New(0))) {
    PyList_Append(list, value);
    PyDict_SetItem(dict, k, list);
    Py_DECREF(list);
  }
  Py_XDECREF(k);
}

PyObject *kb_py_at_line(PyObject *dict, long key)
{
  PyObject *k = PyLong_FromLong(key);
  PyObject *list = k ? PyDict_GetItemWithError(dict, k) : NULL;
  Py_XDECREF(k);
  return list;
}

static void index_defs(PyObject *defs, PyObject *list)
{
  static const char *const blocks[] = { "body", "orelse", "finalbody", "handlers", "cases" };
  for (Py_ssize_t i = 0; PyList_Check(list) && i < PyList_GET_SIZE(list); i++) {
    PyObject *node = PyList_GET_ITEM(list, i);
    kb_ast kind = kb_py_kind(node);
    if (kind == KA_FunctionDef || kind == KA_AsyncFunctionDef) {
      PyObject *decorators = kb_py_get(node, "decorator_list");
      bool some = PyList_Check(decorators) && PyList_GET_SIZE(decorators) > 0;
      put_under(defs, (long)int_field(some ? PyList_GET_ITEM(decorators, 0) : node, "lineno"), node);
    } else if (kind == KA_Expr || kind == KA_Assign) {
      continue;
    }
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) index_defs(defs, kb_py_get(node, blocks[b]));
  }
}

static void index_codes(PyObject *codes, PyObject *code)
{
  PyObject *consts = ((PyCodeObject *)code)->co_consts;
  put_under(codes, ((PyCodeObject *)code)->co_firstlineno, code);
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(consts); i++)
    if (PyCode_Check(PyTuple_GET_ITEM(consts, i))) index_codes(codes, PyTuple_GET_ITEM(consts, i));
}

/* builtins.compile(source, filename, "exec", flags, dont_inherit=True): source is bytes, str or an AST. */
PyObject *kb_py_compile(PyObject *source, PyObject *filename, int flags)
{
  PyObject *function = PyDict_GetItemString(PyEval_GetBuiltins(), "compile");
  return PyObject_CallFunction(function, "OOsiO", source, filename, "exec", flags, Py_True);
}

/* The contents of a file as bytes; NULL with errno set. */
PyObject *kb_py_read(const char *path)
{
  char part[65536];
  size_t n;
  FILE *in = fopen(path, "rb");
  if (!in) return NULL;
  KB_VEC(char) all = { 0 };
  while ((n = fread(part, 1, sizeof part, in)) > 0) {
    kb_vec_grow(&all, all.n + (uint32_t)n);
    memcpy(all.v + all.n, part, n);
    all.n += (uint32_t)n;
  }
  int error = ferror(in) ? errno : 0;
  fclose(in);
  PyObject *bytes = error ? NULL : PyBytes_FromStringAndSize(all.v, (Py_ssize_t)all.n);
  kb_vec_free(&all);
  errno = error;
  return bytes;
}

/* The text that the interpreter itself remembers for a file that is none on disk (notebooks, the prompt). */
static PyObject *remembered(PyObject *filename)
{
  PyObject *linecache = PyImport_ImportModule("linecache"), *empty = PyUnicode_FromString("");
  PyObject *lines = linecache ? PyObject_CallMethod(linecache, "getlines", "O", filename) : NULL;
  PyObject *text =
      lines && empty && PyList_Check(lines) && PyList_GET_SIZE(lines) ? PyUnicode_Join(empty, lines) : NULL;
  PyErr_Clear();
  Py_XDECREF(lines);
  Py_XDECREF(empty);
  Py_XDECREF(linecache);
  return text;
}

/* Paths under the main file's folder are shown as that folder was given. */
static const char *shown_name(kb_py *py, PyObject *filename)
{
  const char *path = kb_py_text(filename);
  if (!py->real_dir) return path;
  const char *dir = kb_py_text(py->real_dir);
  size_t n = strlen(dir);
  if (strncmp(path, dir, n) != 0 || path[n] != '/') return path;
  return kb_intern(kb_arena_printf(py->mod->arena, "%s%s", py->shown_dir, path + n + 1));
}

void kb_py_add_file(kb_py *py, PyObject *filename, PyObject *ast, PyObject *code, const char *problem)
{
  kb_py_file file = { 0 };
  file.name = shown_name(py, filename);
  file.filename = Py_NewRef(filename);
  file.problem = problem;
  if (ast && code) {
    file.ast = Py_NewRef(ast);
    file.code = Py_NewRef(code);
    file.defs = PyDict_New();
    file.codes = PyDict_New();
    index_defs(file.defs, kb_py_get(ast, "body"));
    index_codes(file.codes, code);
  }
  kb_vec_push(&py->files, file);
}

/* The compiler's warnings about the file have been given when it was imported: not again. NULL after an error, which
 * only means that they are. */
static PyObject *without_warnings(void)
{
  PyObject *warnings = PyImport_ImportModule("warnings");
  PyObject *guard = warnings ? PyObject_CallMethod(warnings, "catch_warnings", NULL) : NULL;
  PyObject *entered = guard ? PyObject_CallMethod(guard, "__enter__", NULL) : NULL;
  PyObject *set = entered ? PyObject_CallMethod(warnings, "simplefilter", "s", "ignore") : NULL;
  if (!entered) Py_CLEAR(guard);
  PyErr_Clear();
  Py_XDECREF(set);
  Py_XDECREF(entered);
  Py_XDECREF(warnings);
  return guard;
}

static void with_warnings(PyObject *guard)
{
  PyObject *done = guard ? PyObject_CallMethod(guard, "__exit__", "OOO", Py_None, Py_None, Py_None) : NULL;
  PyErr_Clear();
  Py_XDECREF(done);
  Py_XDECREF(guard);
}

kb_py_file *kb_py_file_of(kb_py *py, PyObject *filename)
{
  for (uint32_t i = 0; i < py->files.n; i++)
    if (PyUnicode_Compare(py->files.v[i].filename, filename) == 0) return &py->files.v[i];
  const char *problem = NULL;
  PyObject *source = kb_py_read(kb_py_text(filename)), *ast = NULL, *code = NULL;
  if (!source) source = remembered(filename);
  if (!source) {
    problem = "its source cannot be found";
  } else {
    PyObject *guard = without_warnings();
    ast = kb_py_compile(source, filename, PyCF_ONLY_AST);
    code = ast ? kb_py_compile(ast, filename, 0) : NULL;
    if (!code)
      problem = kb_arena_printf(py->mod->arena, "its source cannot be compiled any more: %s", kb_py_exception_text());
    with_warnings(guard);
  }
  PyErr_Clear();
  kb_py_add_file(py, filename, ast, code, problem);
  Py_XDECREF(source);
  Py_XDECREF(ast);
  Py_XDECREF(code);
  return &py->files.v[py->files.n - 1];
}
