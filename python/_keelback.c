/* SPDX-License-Identifier: MIT */
/* _keelback.c: the compiler inside a living CPython: the same front end as the command's, on functions at hand. */
#include "../frontend/py.h"
#include "../frontend/cmd.h"
#include "../emit/emit.h"
#include "../ir/image.h"
#include <config.h>

#include <dlfcn.h>
#include <string.h>

/* -- Messages ----------------------------------------------------------------------------------------------- */

typedef struct {
  char *text;
  size_t n;
  FILE *f;
} memory;

static bool memory_open(memory *m)
{
  memset(m, 0, sizeof *m);
  m->f = open_memstream(&m->text, &m->n);
  if (!m->f) PyErr_NoMemory();
  return m->f != NULL;
}

/* A str of what was written; frees it. */
static PyObject *memory_take(memory *m)
{
  fclose(m->f);
  PyObject *s = PyUnicode_DecodeUTF8(m->text, (Py_ssize_t)m->n, "replace");
  free(m->text);
  return s;
}

static void collect(void *data, const char *text) { fputs(text, ((memory *)data)->f); }

/* keelback.CompileError with all messages; NULL. */
static PyObject *raise_messages(memory *messages)
{
  PyObject *module = PyImport_ImportModule("keelback._kernel"), *text = memory_take(messages);
  PyObject *error = module ? PyObject_GetAttrString(module, "CompileError") : NULL;
  if (error && text) {
    PyObject *trimmed = PyObject_CallMethod(text, "rstrip", NULL);
    if (trimmed) PyErr_SetObject(error, trimmed);
    Py_XDECREF(trimmed);
  }
  Py_XDECREF(module);
  Py_XDECREF(text);
  Py_XDECREF(error);
  return NULL;
}

/* -- compile(kernels, module) ----------------------------------------------------------------------------------- */

static void set(PyObject *dict, const char *key, PyObject *value)
{
  if (value) PyDict_SetItemString(dict, key, value);
  Py_XDECREF(value);
}

static PyObject *names_of(const kt_mod *t)
{
  PyObject *names = PyList_New(0);
  for (uint32_t i = 0; names && i < t->kernels.n; i++) {
    PyObject *name = t->kernels.v[i]->exported ? PyUnicode_FromString(t->kernels.v[i]->name) : NULL;
    if (name) PyList_Append(names, name);
    Py_XDECREF(name);
  }
  return names;
}

/* The texts of a compiled module, as a dict. */
static PyObject *texts(kt_mod *t, const kb_mod *m, const char *module)
{
  kb_emit_opts o = { 0 };
  kb_emit_pysource src = { 0 };
  memory c, wrapper, header, ir;
  o.prefix = kb_arena_printf(t->arena, "%s_", module);
  o.version = PACKAGE_VERSION;
  o.module = module;
  PyObject *made = PyDict_New();
  if (!made || !kb_py_source(t, &src.source, &src.nsource, &src.code, &src.ncode)) return made;
  if (memory_open(&c)) {
    kb_emit_c(c.f, m, &o);
    set(made, "c", memory_take(&c));
  }
  if (memory_open(&wrapper)) {
    kb_emit_python(wrapper.f, m, &o, &src);
    set(made, "wrapper", memory_take(&wrapper));
  }
  o.prefix = "";
  if (memory_open(&header)) {
    kb_emit_header(header.f, m, &o, kb_header_guard(t->arena, module));
    set(made, "header", memory_take(&header));
  }
  if (memory_open(&ir)) {
    kb_print_mod(ir.f, m);
    set(made, "ir", memory_take(&ir));
  }
  set(made, "names", names_of(t));
  return made;
}

static PyObject *compile_kernels(PyObject *self, PyObject *args)
{
  PyObject *kernels, *made = NULL;
  const char *module;
  memory messages;
  (void)self;
  if (!PyArg_ParseTuple(args, "O!s", &PyList_Type, &kernels, &module) || !memory_open(&messages)) return NULL;
  kb_error_reset();
  kb_diag_set_sink(collect, &messages);
  kb_pipeline_opts o = { 0 };
#ifdef KB_CHECKING
  o.verify = true;
#endif
  kt_mod *t = kb_py_load_kernels(kernels);
  kb_mod *m = t ? kb_compile(t, &o) : NULL;
  if (m && kb_error_count() == 0) made = texts(t, m, module);
  if (kb_error_count() != 0) Py_CLEAR(made);
  if (m) kb_mod_free(m);
  kt_mod_free(t);
  kb_diag_set_sink(NULL, NULL);
  if (!made && !PyErr_Occurred()) {
    if (kb_error_count() == 0) fputs("there is nothing to compile", messages.f);
    return raise_messages(&messages);
  }
  fclose(messages.f);
  free(messages.text);
  if (PyErr_Occurred()) Py_CLEAR(made);
  return made;
}

/* -- compile_jit(function, types, module[, options]) ------------------------------------------------------------ */

/* The names that arguments have in C are free, and so is the function's; a module of this kind has nothing else. */
static PyObject *jit_texts(kt_mod *t, const kb_mod *m, const char *module)
{
  kb_emit_opts o = { 0 };
  kb_emit_pysource src = { "", 0, NULL, 0 };
  memory c, wrapper, ir;
  o.prefix = kb_arena_printf(t->arena, "%s_", module);
  o.version = PACKAGE_VERSION;
  o.module = module;
  o.jit = true;
  PyObject *made = PyDict_New();
  if (!made) return NULL;
  if (memory_open(&c)) {
    kb_emit_c(c.f, m, &o);
    set(made, "c", memory_take(&c));
  }
  if (memory_open(&wrapper)) {
    kb_emit_python(wrapper.f, m, &o, &src);
    set(made, "wrapper", memory_take(&wrapper));
  }
  if (memory_open(&ir)) {
    kb_print_mod(ir.f, m);
    set(made, "ir", memory_take(&ir));
  }
  set(made, "names", names_of(t));
  const kb_ty ret = m->fns.v[0]->ret;
  set(made, "ret", PyUnicode_FromString(ret == KB_T_VOID ? "None" : kb_type_name(ret)));
  set(made, "numpy_errstate", Py_NewRef(Py_False)); /* what may raise a floating-point error leaves */
  return made;
}

static PyObject *compile_jit(PyObject *self, PyObject *args)
{
  PyObject *function, *types, *options = NULL, *made = NULL;
  const char *module;
  memory messages;
  (void)self;
  if (!PyArg_ParseTuple(args, "O!O!s|O!", &PyFunction_Type, &function, &PyTuple_Type, &types, &module, &PyDict_Type,
                        &options))
    return NULL;
  PyObject *depends = PyList_New(0);
  if (!depends || !memory_open(&messages)) {
    Py_XDECREF(depends);
    return NULL;
  }
  kb_error_reset();
  kb_diag_set_sink(collect, &messages);
  kb_pipeline_opts o = { 0 };
#ifdef KB_CHECKING
  o.verify = true;
#endif
  kt_mod *t = kb_py_load_jit(function, types, options, depends);
  kb_mod *m = t && kb_error_count() == 0 ? kb_compile(t, &o) : NULL;
  if (m && kb_error_count() == 0) made = jit_texts(t, m, module);
  if (kb_error_count() != 0) Py_CLEAR(made);
  if (made) set(made, "depends", Py_NewRef(depends));
  if (m) kb_mod_free(m);
  kt_mod_free(t);
  Py_DECREF(depends);
  kb_diag_set_sink(NULL, NULL);
  if (!made && !PyErr_Occurred()) {
    if (kb_error_count() == 0) fputs("there is nothing to compile", messages.f);
    return raise_messages(&messages);
  }
  fclose(messages.f);
  free(messages.text);
  if (PyErr_Occurred()) Py_CLEAR(made);
  return made;
}

/* -- build(kernels.c, wrapper.c, output, log, report) --------------------------------------------------------------------- */

static const char *own_file(void)
{
  Dl_info info;
  static const char here = 0; /* any address of this file */
  return dladdr((const void *)&here, &info) && info.dli_fname ? info.dli_fname : "";
}

static PyObject *build(PyObject *self, PyObject *args)
{
  const char *kernels_c, *wrapper_c, *output, *log, *report = NULL;
  memory messages;
  (void)self;
  if (!PyArg_ParseTuple(args, "ssss|z", &kernels_c, &wrapper_c, &output, &log, &report) || !memory_open(&messages)) return NULL;
  kb_error_reset();
  kb_diag_set_sink(collect, &messages);
  kb_cc cc = { 0 };
  cc.paths = kb_paths_from(own_file());
  cc.log = log;
  cc.report = report;
  bool ok = cc.paths != NULL;
  char kernels_o[4096], wrapper_o[4096];
  snprintf(kernels_o, sizeof kernels_o, "%s.o", kernels_c);
  snprintf(wrapper_o, sizeof wrapper_o, "%s.o", wrapper_c);
  Py_BEGIN_ALLOW_THREADS ok = ok && kb_cc_object(&cc, kernels_c, kernels_o, true, true) &&
                              kb_cc_object(&cc, wrapper_c, wrapper_o, false, true) &&
                              kb_cc_module(&cc, kernels_o, wrapper_o, output);
  Py_END_ALLOW_THREADS kb_diag_set_sink(NULL, NULL);
  if (!ok) return raise_messages(&messages);
  fclose(messages.f);
  free(messages.text);
  Py_RETURN_NONE;
}

/* -- dynamic(function), dynamic_ir(function) -------------------------------------------------------------------- */

static int loops_of(const kb_fn *f)
{
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->rpo.n; i++) n += f->blk.v[f->rpo.v[i]].loop != 0;
  return (int)n;
}

/* The bytes of the image, the objects that it names, and what it looks like from afar. */
static PyObject *image_of(const kb_mod *m, PyObject *pool)
{
  size_t n = 0;
  unsigned char *image = kb_image_make(m, m->fns.v[0], &n);
  PyObject *tuple = PyList_AsTuple(pool);
  PyObject *info = Py_BuildValue("{s:i,s:I}", "loops", loops_of(m->fns.v[0]), "ops", (unsigned)m->fns.v[0]->nslots);
  PyObject *made =
      tuple && info && image ? Py_BuildValue("(y#OO)", (const char *)image, (Py_ssize_t)n, tuple, info) : NULL;
  if (!image && !PyErr_Occurred()) PyErr_NoMemory();
  free(image);
  Py_XDECREF(tuple);
  Py_XDECREF(info);
  return made;
}

static PyObject *dynamic_either(PyObject *function, bool text)
{
  char why[600] = "";
  PyObject *pool = NULL, *made = NULL;
  memory ir;
  if (!PyFunction_Check(function)) {
    PyErr_Format(PyExc_TypeError, "a Python function is needed, not %s", Py_TYPE(function)->tp_name);
    return NULL;
  }
  kb_mod *m = kb_py_dynamic(function, &pool, why, sizeof why);
  if (PyErr_Occurred()) {
    /* passed on */
  } else if (!m) {
    made = PyUnicode_FromString(why);
  } else if (!text) {
    made = image_of(m, pool);
  } else if (memory_open(&ir)) {
    kb_print_mod(ir.f, m);
    made = memory_take(&ir);
  }
  if (m) kb_mod_free(m);
  Py_XDECREF(pool);
  return made;
}

static PyObject *dynamic(PyObject *self, PyObject *function)
{
  (void)self;
  return dynamic_either(function, false);
}

static PyObject *dynamic_ir(PyObject *self, PyObject *function)
{
  (void)self;
  return dynamic_either(function, true);
}

/* -- Module ---------------------------------------------------------------------------------------------------------- */

static PyMethodDef methods[] = { { "compile", compile_kernels, METH_VARARGS,
                                   "compile(kernels, module) -> dict of texts: c, wrapper, header, ir; and names" },
                                 { "compile_jit", compile_jit, METH_VARARGS,
                                   "compile_jit(function, types, module[, options]) -> dict: c, wrapper, ir, names, ret, "
                                   "depends, numpy_errstate; CompileError when it is not for typed code" },
                                 { "build", build, METH_VARARGS,
                                   "build(kernels_c, wrapper_c, output, log, report=None): files to an extension module; what the plugin says of them" },
                                 { "dynamic", dynamic, METH_O,
                                   "dynamic(function) -> (image, pool, info) for the interpreter, or a str: why not" },
                                 { "dynamic_ir", dynamic_ir, METH_O, "dynamic_ir(function) -> its generic IR as text" },
                                 { NULL, NULL, 0, NULL } };

static struct PyModuleDef definition = {
  PyModuleDef_HEAD_INIT, "_keelback", "The compiler inside a living CPython.", -1, methods, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit__keelback(void);
PyMODINIT_FUNC PyInit__keelback(void)
{
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return PyModule_Create(&definition);
  PyErr_SetString(PyExc_ImportError, "keelback works in the main interpreter only, not in subinterpreters");
  return NULL;
}
