/* SPDX-License-Identifier: MIT */
/* py_load.c: executes a Python file, finds its kernels and makes their trees. */
#include "py.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* -- Imports that fail ---------------------------------------------------------- */

/* The variable that an alias of an import binds; "*" for a star. */
static const char *bound_name(PyObject *alias)
{
  const char *as = kb_py_get_str(alias, "asname"), *name = kb_py_get_str(alias, "name");
  return as ? as : kb_intern_n(name, strcspn(name, "."));
}

/* The import of one alias only: what the others of its statement bind stays bound when this one fails. */
static PyObject *import_of(PyObject *node, PyObject *alias)
{
  PyObject *fields = PyObject_GetAttrString(node, "__dict__"), *copy = fields ? PyDict_Copy(fields) : NULL;
  PyObject *names = PyList_New(1), *none = PyTuple_New(0), *made = NULL;
  if (copy && names && none) {
    PyList_SET_ITEM(names, 0, Py_NewRef(alias));
    if (PyDict_SetItemString(copy, "names", names) == 0) made = PyObject_Call((PyObject *)Py_TYPE(node), none, copy);
  }
  Py_XDECREF(fields);
  Py_XDECREF(copy);
  Py_XDECREF(names);
  Py_XDECREF(none);
  return made;
}

/* try: <import> except Exception as e: name = __keelback_missing__("name", e) */
static PyObject *guarded_import(PyObject *node, PyObject *alias)
{
  const char *name = bound_name(alias), *variable = strcmp(name, "*") == 0 ? "__keelback_star__" : name;
  PyObject *source = PyUnicode_FromFormat("try:\n  pass\nexcept Exception as __keelback_error__:\n"
                                          "  %s = __keelback_missing__('%s', __keelback_error__)\n",
                                          variable, name);
  PyObject *filename = PyUnicode_FromString("<import>"), *import = import_of(node, alias);
  PyObject *tree = source && filename && import ? kb_py_compile(source, filename, PyCF_ONLY_AST) : NULL;
  PyObject *attempt = tree ? Py_NewRef(PyList_GET_ITEM(kb_py_get(tree, "body"), 0)) : NULL;
  if (attempt) PyList_SetItem(kb_py_get(attempt, "body"), 0, Py_NewRef(import));
  Py_XDECREF(tree);
  Py_XDECREF(source);
  Py_XDECREF(filename);
  Py_XDECREF(import);
  return attempt;
}

/* Imports at the top level of the file get a guard around them. */
static bool guard_imports(PyObject *ast)
{
  PyObject *body = kb_py_get(ast, "body");
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(body); i++) {
    PyObject *node = PyList_GET_ITEM(body, i);
    kb_ast kind = kb_py_kind(node);
    const char *from = kind == KA_ImportFrom ? kb_py_get_str(node, "module") : NULL;
    if ((kind != KA_Import && kind != KA_ImportFrom) || (from && strcmp(from, "__future__") == 0)) continue;
    PyObject *aliases = kb_py_get(node, "names"), *guarded = PyList_New(0);
    Py_ssize_t n = PyList_GET_SIZE(aliases);
    for (Py_ssize_t k = 0; guarded && k < n; k++) {
      PyObject *one = guarded_import(node, PyList_GET_ITEM(aliases, k));
      if (!one || PyList_Append(guarded, one) < 0) Py_CLEAR(guarded);
      Py_XDECREF(one);
    }
    if (!guarded || PyList_SetSlice(body, i, i + 1, guarded) < 0) return false;
    Py_DECREF(guarded);
    i += n - 1;
  }
  return true;
}

/* -- Files of the project, for the depfile -------------------------------------------------------------------------- */

static const char *sys_text(const char *name)
{
  PyObject *value = PySys_GetObject(name); /* borrowed */
  return value && PyUnicode_Check(value) ? kb_py_text(value) : "";
}

static bool inside(const char *path, const char *dir)
{
  size_t n = strlen(dir);
  return n > 1 && strncmp(path, dir, n) == 0 && (path[n] == '/' || dir[n - 1] == '/');
}

/* Is path part of Python, of an installed package or of Keelback? */
static bool is_foreign(const char *path, const char *own_package, const char *stdlib)
{
  return inside(path, stdlib) || inside(path, own_package) || strstr(path, "/site-packages/") ||
         strstr(path, "/dist-packages/") || strstr(path, "/lib-dynload/") || *path == '<';
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Folder of a module's file, "" when it has none. */
static const char *module_dir(PyObject *modules, const char *name)
{
  PyObject *module = PyDict_GetItemString(modules, name),
           *file = module ? PyObject_GetAttrString(module, "__file__") : NULL;
  const char *path = file && PyUnicode_Check(file) ? kb_py_text(file) : "";
  PyErr_Clear();
  Py_XDECREF(file);
  const char *slash = strrchr(path, '/');
  return slash ? kb_intern_n(path, (size_t)(slash - path)) : "";
}

static void find_deps(kb_py *py, const char *main_file)
{
  PyObject *modules = PyImport_GetModuleDict(), *key, *module;
  const char *own = module_dir(modules, "keelback"), *stdlib = module_dir(modules, "os");
  if (!*stdlib) stdlib = sys_text("base_prefix");
  PyObject *all = PyDict_Values(modules); /* attributes of odd modules may change the dict */
  for (Py_ssize_t i = 0; all && i < PyList_GET_SIZE(all); i++) {
    module = PyList_GET_ITEM(all, i);
    key = PyModule_Check(module) ? PyObject_GetAttrString(module, "__file__") : NULL;
    PyErr_Clear();
    if (key && PyUnicode_Check(key)) {
      const char *path = kb_py_text(key);
      if (!is_foreign(path, own, stdlib) && strcmp(path, main_file) != 0) {
        const char *dir = py->real_dir ? kb_py_text(py->real_dir) : "";
        if (inside(path, dir))
          path = kb_intern(kb_arena_printf(py->mod->arena, "%s%s", py->shown_dir, path + strlen(dir) + 1));
        kb_vec_push(&py->mod->deps, path);
      }
    }
    Py_XDECREF(key);
  }
  Py_XDECREF(all);
  if (py->mod->deps.n) qsort(py->mod->deps.v, py->mod->deps.n, sizeof *py->mod->deps.v, by_text);
}

/* -- Executing the file ------------------------------------------------------------------------------------------------ */

/* What kt_mod.owner holds. */
typedef struct {
  PyObject *source; /* bytes */
  PyObject *filename;
  PyObject *order; /* dict: qualname -> list of kernel names in the order in which they are made, None = dropped */
} owner;

/* What the file prints goes to stderr, at the level of descriptors too: subprocesses and C extensions print. */
static int stdout_away(void)
{
  fflush(stdout);
  int saved = dup(STDOUT_FILENO);
  if (saved >= 0) dup2(STDERR_FILENO, STDOUT_FILENO);
  return saved;
}

static void stdout_back(int saved)
{
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyObject *out = PySys_GetObject("stdout");
  PyObject *done = out && out != Py_None ? PyObject_CallMethod(out, "flush", NULL) : NULL;
  PyErr_Clear();
  Py_XDECREF(done);
  fflush(stdout);
  if (saved >= 0) {
    dup2(saved, STDOUT_FILENO);
    close(saved);
  }
  PyErr_Restore(type, value, trace);
}

/* The line of the file in which the exception passed, and a note for the place where it was raised. */
static void report_exception(const char *shown, PyObject *filename)
{
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  kb_loc at = { shown, 0, 0, 0 }, deep = { NULL, 0, 0, 0 };
  if (value && PyErr_GivenExceptionMatches(type, PyExc_SyntaxError) && !trace) {
    at.line = (uint32_t)PyLong_AsLong(kb_py_get(value, "lineno") == Py_None ? Py_False : kb_py_get(value, "lineno"));
    PyObject *offset = kb_py_get(value, "offset");
    at.col = PyLong_Check(offset) && PyLong_AsLong(offset) > 0 ? (uint32_t)PyLong_AsLong(offset) : 0;
    kb_error(at, "%s: %s", Py_TYPE(value)->tp_name,
             kb_py_get_str(value, "msg") ? kb_py_get_str(value, "msg") : "invalid syntax");
  } else {
    for (PyObject *t = trace; t && t != Py_None; t = kb_py_get(t, "tb_next")) {
      PyCodeObject *code = PyFrame_GetCode(((PyTracebackObject *)t)->tb_frame);
      PyObject *number = PyObject_GetAttrString(t, "tb_lineno");
      uint32_t line = number ? (uint32_t)PyLong_AsLong(number) : 0;
      Py_XDECREF(number);
      if (PyUnicode_Compare(code->co_filename, filename) == 0) at.line = line, deep.file = NULL;
      else deep.file = kb_py_text(code->co_filename), deep.line = line;
      Py_DECREF(code);
    }
    PyErr_Clear();
    PyErr_Restore(type, value, trace);
    bool asked = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
    const char *text = kb_py_exception_text();
    kb_error(at, asked ? "interrupted while the file was executed: %s" : "executing the file failed: %s", text);
    if (deep.file) kb_note(deep, "raised here");
    return;
  }
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(trace);
  PyErr_Clear();
}

static const char *stem_of(kb_arena *arena, const char *path)
{
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
  return kb_arena_printf(arena, "%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
}

/* keelback._kernel._noted = value; the value before, a new reference. */
static PyObject *set_noted(PyObject *value)
{
  PyObject *module = PyImport_ImportModule("keelback._kernel");
  PyObject *before = module ? PyObject_GetAttrString(module, "_noted") : NULL;
  if (module) PyObject_SetAttrString(module, "_noted", value);
  Py_XDECREF(module);
  return before;
}

static void set_item(PyObject *dict, const char *key, PyObject *value)
{
  if (value) PyDict_SetItemString(dict, key, value);
  Py_XDECREF(value);
}

/* The module's globals with what `python FILE` has there; sys.path[0] is the file's folder. */
static PyObject *prepare(kb_py *py, const char *path, const char *absolute)
{
  const char *stem = stem_of(py->mod->arena, path);
  PyObject *modules = PyImport_GetModuleDict(), *module = PyModule_New(stem);
  if (!module) return NULL;
  PyObject *globals = PyModule_GetDict(module), *sys_path = PySys_GetObject("path");
  if (sys_path && PyList_Check(sys_path) && py->real_dir) PyList_Insert(sys_path, 0, py->real_dir);
  PyObject *argv = Py_BuildValue("[s]", path);
  if (argv) PySys_SetObject("argv", argv);
  Py_XDECREF(argv);
  set_item(globals, "__file__", PyUnicode_DecodeFSDefault(absolute));
  PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins());
  PyObject *missing = PyImport_ImportModule("keelback._missing");
  if (missing) set_item(globals, "__keelback_missing__", PyObject_GetAttrString(missing, "Missing"));
  Py_XDECREF(missing);
  if (!PyDict_GetItemString(modules, stem)) PyDict_SetItemString(modules, stem, module);
  return module;
}

/* Executes the file; the list of the Kernel objects that were made meanwhile, or NULL after kb_error. */
static PyObject *execute(kb_py *py, const char *path, const char *absolute, owner *own)
{
  PyObject *ast = kb_py_compile(own->source, own->filename, PyCF_ONLY_AST), *code = NULL, *module = NULL, *noted = NULL;
  if (ast && guard_imports(ast)) code = kb_py_compile(ast, own->filename, 0);
  if (code) module = prepare(py, path, absolute);
  if (module && (noted = PyList_New(0))) {
    PyObject *globals = PyModule_GetDict(module);
    int saved = stdout_away();
    Py_XDECREF(set_noted(noted));
    PyObject *result = PyEval_EvalCode(code, globals, globals);
    stdout_back(saved);
    if (result) Py_XDECREF(set_noted(Py_None));
    else Py_CLEAR(noted);
    Py_XDECREF(result);
  }
  if (noted) kb_py_add_file(py, own->filename, ast, code, NULL);
  else report_exception(path, own->filename);
  Py_XDECREF(ast);
  Py_XDECREF(code);
  Py_XDECREF(module); /* sys.modules and its functions keep it */
  return noted;
}

/* -- Kernels of the file -------------------------------------------------------------------------------------------------- */

/* Is the object still to be had from the module's variables? */
static bool is_reachable(PyObject *function, PyObject *object)
{
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(PyFunction_GetGlobals(function), &at, &key, &value))
    if (value == object) return true;
  return false;
}

/* Writes down which name the n-th kernel of a qualified name got: a built module makes them in the same order. */
static void note_order(PyObject *order, const char *qualname, const char *name)
{
  PyObject *list = PyDict_GetItemString(order, qualname);
  PyObject *item = name ? PyUnicode_FromString(name) : Py_NewRef(Py_None);
  if (!list && (list = PyList_New(0))) {
    PyDict_SetItemString(order, qualname, list);
    Py_DECREF(list);
  }
  if (list && item) PyList_Append(list, item);
  Py_XDECREF(item);
}

/* A dict from each qualified name to the place of its last kernel in the list. */
static PyObject *last_of_names(PyObject *noted)
{
  PyObject *last = PyDict_New();
  for (Py_ssize_t i = 0; last && i < PyList_GET_SIZE(noted); i++) {
    PyObject *name = kb_py_get(kb_py_get(PyList_GET_ITEM(noted, i), "py_func"), "__qualname__");
    PyObject *place = PyLong_FromSsize_t(i);
    if (place) PyDict_SetItem(last, name, place);
    Py_XDECREF(place);
  }
  return last;
}

/* The kernels that the file itself defines, in its order; of several with one name, the one that its variable holds. */
static void choose(kb_py *py, PyObject *noted, owner *own)
{
  kt_mod *m = py->mod;
  Py_ssize_t n = PyList_GET_SIZE(noted);
  PyObject *last = last_of_names(noted);
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *kernel = PyList_GET_ITEM(noted, i), *function = kb_py_get(kernel, "py_func");
    PyObject *code = PyFunction_Check(function) ? PyFunction_GetCode(function) : NULL;
    if (!code || PyUnicode_Compare(((PyCodeObject *)code)->co_filename, own->filename) != 0) continue;
    /* is there a later one of the same function's name, and is this one out of reach? */
    PyObject *latest = last ? PyDict_GetItemWithError(last, kb_py_get(function, "__qualname__")) : NULL;
    bool again = latest && PyLong_AsSsize_t(latest) > i;
    const char *qualname = kb_py_get_str(function, "__qualname__");
    if (again && !is_reachable(function, kernel)) {
      note_order(own->order, qualname, NULL);
      continue;
    }
    uint32_t index = kb_py_add_kernel(py, kernel, true);
    kt_kernel *k = m->kernels.v[index];
    note_order(own->order, qualname, k->name);
    for (uint32_t j = 0; j + 1 < m->kernels.n; j++) {
      const kt_kernel *before = m->kernels.v[j];
      if (strcmp(before->name, k->name) != 0 && strcmp(before->c_name, k->c_name) != 0) continue;
      kb_error(k->loc,
               "a kernel named '%s' is already there, on line %u; give one of them another name or c_name=", k->name,
               before->loc.line);
      k->errors++;
      break;
    }
  }
  Py_XDECREF(last);
}

kb_py *kb_py_new(const char *shown)
{
  kb_py *py = (kb_py *)kb_xrealloc(NULL, sizeof *py);
  memset(py, 0, sizeof *py);
  kt_mod *m = (kt_mod *)kb_xrealloc(NULL, sizeof *m);
  memset(m, 0, sizeof *m);
  m->arena = kb_arena_new();
  m->file = kb_intern(shown);
  m->python = kb_intern(kb_arena_printf(m->arena, "%d.%d", PY_MAJOR_VERSION, PY_MINOR_VERSION));
  py->mod = m;
  py->shown_dir = "";
  py->indices = PyDict_New();
  py->known = PyDict_New();
  return py;
}

void kb_py_free(kb_py *py)
{
  for (uint32_t i = 0; i < py->files.n; i++) {
    kb_py_file *file = &py->files.v[i];
    Py_XDECREF(file->filename);
    Py_XDECREF(file->ast);
    Py_XDECREF(file->code);
    Py_XDECREF(file->defs);
    Py_XDECREF(file->codes);
  }
  kb_vec_free(&py->files);
  Py_XDECREF(py->real_dir);
  Py_XDECREF(py->indices);
  Py_XDECREF(py->known);
  Py_XDECREF(py->kernel_class);
  free(py);
}

/* The trees of all kernels, also of those that are met on the way; frees py. */
static kt_mod *finish(kb_py *py)
{
  kt_mod *m = py->mod;
  PyObject *module = PyImport_ImportModule("keelback._kernel");
  py->kernel_class = module ? PyObject_GetAttrString(module, "Kernel") : NULL;
  Py_XDECREF(module);
  kb_py_resolve_init(py);
  for (uint32_t i = 0; i < m->kernels.n; i++) kb_py_make_tree(py, i);
  m->msg = kb_py_messages(m);
  kb_py_free(py);
  return m;
}

kt_mod *kb_py_load(const char *path)
{
  char *absolute = realpath(path, NULL);
  kb_loc at = { path, 0, 0, 0 };
  PyObject *source = kb_py_read(path);
  if (!source || !absolute) {
    kb_error(at, "cannot be read: %s", strerror(errno));
    free(absolute);
    Py_XDECREF(source);
    return NULL;
  }
  kb_py *py = kb_py_new(path);
  const char *slash = strrchr(path, '/'), *real_slash = strrchr(absolute, '/');
  if (slash) py->shown_dir = kb_arena_printf(py->mod->arena, "%.*s", (int)(slash + 1 - path), path);
  py->real_dir = PyUnicode_DecodeFSDefaultAndSize(absolute, real_slash > absolute ? real_slash - absolute : 1);
  owner *own = (owner *)kb_xrealloc(NULL, sizeof *own);
  own->source = source;
  own->filename = PyUnicode_DecodeFSDefault(path);
  own->order = PyDict_New();
  py->mod->owner = own;
  PyObject *noted = execute(py, path, absolute, own);
  if (noted) {
    choose(py, noted, own);
    find_deps(py, absolute);
  }
  kt_mod *m = finish(py);
  if (!noted) {
    kt_mod_free(m);
    m = NULL;
  }
  Py_XDECREF(noted);
  free(absolute);
  return m;
}

/* Does some kernel have another name than its function, or is one of several with the same? Else names are enough. */
static bool order_matters(PyObject *order)
{
  PyObject *key, *list;
  Py_ssize_t at = 0;
  while (PyDict_Next(order, &at, &key, &list))
    if (PyList_GET_SIZE(list) != 1 || PyList_GET_ITEM(list, 0) == Py_None ||
        PyUnicode_Compare(PyList_GET_ITEM(list, 0), key) != 0)
      return true;
  return false;
}

/* `__keelback_order__ = {...}` after the docstring and the __future__ imports of an AST. */
static bool put_order(PyObject *ast, PyObject *order)
{
  PyObject *body = kb_py_get(ast, "body");
  Py_ssize_t at = 0;
  for (; at < PyList_GET_SIZE(body); at++) {
    PyObject *node = PyList_GET_ITEM(body, at);
    const char *from = kb_py_kind(node) == KA_ImportFrom ? kb_py_get_str(node, "module") : NULL;
    bool doc = at == 0 && kb_py_kind(node) == KA_Expr && kb_py_kind(kb_py_get(node, "value")) == KA_Constant;
    if (!doc && !(from && strcmp(from, "__future__") == 0)) break;
  }
  PyObject *text = PyUnicode_FromFormat("__keelback_order__ = %R", order), *name = PyUnicode_FromString("<order>");
  PyObject *tree = text && name ? kb_py_compile(text, name, PyCF_ONLY_AST) : NULL;
  bool done = tree && PyList_Insert(body, at, PyList_GET_ITEM(kb_py_get(tree, "body"), 0)) == 0;
  Py_XDECREF(text);
  Py_XDECREF(name);
  Py_XDECREF(tree);
  return done;
}

/* Kernels of a living interpreter: the module that holds them must not execute the file once more. */
static bool empty_source(const kt_mod *m, PyObject **source, PyObject **code)
{
  PyObject *filename = PyUnicode_DecodeFSDefault(m->file), *nothing = PyBytes_FromString("");
  *code = filename && nothing ? kb_py_compile(nothing, filename, 0) : NULL;
  *source = *code ? kb_py_read(m->file) : NULL;
  if (*code && !*source) *source = Py_NewRef(nothing);
  Py_XDECREF(filename);
  Py_XDECREF(nothing);
  return *code != NULL;
}

bool kb_py_module_source(const kt_mod *m, PyObject **source, PyObject **code)
{
  owner *own = (owner *)m->owner;
  if (!own) return empty_source(m, source, code);
  PyObject *ast = kb_py_compile(own->source, own->filename, PyCF_ONLY_AST);
  bool ok = ast && (!order_matters(own->order) || put_order(ast, own->order));
  *code = ok ? kb_py_compile(ast, own->filename, 0) : NULL;
  *source = *code ? Py_NewRef(own->source) : NULL;
  Py_XDECREF(ast);
  return *code != NULL;
}

kt_mod *kb_py_load_kernels(PyObject *kernels)
{
  kb_py *py = NULL;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(kernels); i++) {
    PyObject *function = kb_py_get(PyList_GET_ITEM(kernels, i), "py_func");
    if (!PyFunction_Check(function)) continue;
    if (!py) py = kb_py_new(kb_py_text(((PyCodeObject *)PyFunction_GetCode(function))->co_filename));
    kb_py_add_kernel(py, PyList_GET_ITEM(kernels, i), true);
  }
  return py ? finish(py) : NULL;
}

/* NumPy's version, asked of the module that is loaded; 0 when there is none. */
static long numpy_major(void)
{
  PyObject *numpy = PyDict_GetItemString(PyImport_GetModuleDict(), "numpy");
  PyObject *version = numpy ? PyObject_GetAttrString(numpy, "__version__") : NULL;
  long major = version && PyUnicode_Check(version) ? strtol(kb_py_text(version), NULL, 10) : 0;
  Py_XDECREF(version);
  PyErr_Clear();
  return major;
}

/* What kb_py_add_kernel reads: an object with py_func and options. */
static PyObject *as_kernel(PyObject *function, PyObject *options)
{
  PyObject *types = PyImport_ImportModule("types"), *none = PyDict_New();
  PyObject *empty = PyTuple_New(0), *kernel = NULL;
  PyObject *names = types && none && empty ? PyObject_GetAttrString(types, "SimpleNamespace") : NULL;
  PyObject *given = names ? Py_BuildValue("{s:O,s:O}", "py_func", function, "options", options ? options : none) : NULL;
  if (given) kernel = PyObject_Call(names, empty, given);
  Py_XDECREF(given);
  Py_XDECREF(names);
  Py_XDECREF(empty);
  Py_XDECREF(none);
  Py_XDECREF(types);
  return kernel;
}

kt_mod *kb_py_load_jit(PyObject *function, PyObject *types, PyObject *options, PyObject *depends)
{
  PyObject *kernel = PyFunction_Check(function) ? as_kernel(function, options) : NULL;
  if (!kernel) return NULL;
  kb_py *py = kb_py_new(kb_py_text(((PyCodeObject *)PyFunction_GetCode(function))->co_filename));
  py->jit_types = types;
  py->depends = depends;
  py->mod->jit = true;
  py->mod->numpy2 = numpy_major() >= 2;
  kb_py_add_kernel(py, kernel, true);
  Py_DECREF(kernel);
  return finish(py);
}

void kt_mod_free(kt_mod *m)
{
  if (!m) return;
  for (uint32_t i = 0; i < m->kernels.n; i++) Py_XDECREF((PyObject *)m->kernels.v[i]->owner);
  owner *own = (owner *)m->owner;
  if (own) {
    Py_XDECREF(own->source);
    Py_XDECREF(own->filename);
    Py_XDECREF(own->order);
    free(own);
  }
  kb_vec_free(&m->kernels);
  kb_vec_free(&m->deps);
  kb_arena_free(m->arena);
  free(m);
}
