/* SPDX-License-Identifier: MIT */
/* py_module.c: the import of a built extension module: kernels first, then the body of the Python file. */
#include "py_rt.h"

#include <marshal.h>
#include <stdlib.h>

/* -- Source ------------------------------------------------------------------------------------------------- */

/* linecache.cache[file] = (size, None, lines, file): without a time stamp it is not compared with the disk. */
static void fill_linecache(PyObject *linecache, const kbpy_module_def *mod)
{
  PyObject *cache = PyObject_GetAttrString(linecache, "cache");
  PyObject *text = PyUnicode_DecodeUTF8(mod->source, (Py_ssize_t)mod->nsource, "replace");
  PyObject *lines = text ? PyUnicode_Splitlines(text, 1) : NULL;
  PyObject *entry = lines ? Py_BuildValue("(nOOs)", (Py_ssize_t)mod->nsource, Py_None, lines, mod->file) : NULL;
  if (cache && PyDict_Check(cache) && entry) (void)PyDict_SetItemString(cache, mod->file, entry);
  Py_XDECREF(entry);
  Py_XDECREF(lines);
  Py_XDECREF(text);
  Py_XDECREF(cache);
}

/* Importing linecache takes milliseconds, so at import it is filled only if it is there, else at the first exception. */
void kbpy_show_source(const kbpy_module_def *mod, bool forced)
{
  static bool shown; /* this file is linked into each module */
  if (shown) return;
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyObject *name = PyUnicode_FromString("linecache");
  PyObject *linecache = name == NULL ? NULL : forced ? PyImport_Import(name) : PyImport_GetModule(name);
  if (linecache) {
    shown = true;
    fill_linecache(linecache, mod);
  }
  Py_XDECREF(linecache);
  Py_XDECREF(name);
  PyErr_Clear();
  PyErr_Restore(type, value, tb);
}

/* -- Import --------------------------------------------------------------------------------------------------- */

/* {qualname: kernel}, where kb.kernel finds them. */
static PyObject *make_kernels(PyObject *module, const kbpy_module_def *def, PyObject *globals)
{
  PyObject *type = kbpy_kernel_type(module);
  PyObject *kernels = type ? PyDict_New() : NULL;
  for (size_t i = 0; kernels && i < def->nkernels; i++) {
    PyObject *k = kbpy_kernel_new(type, &def->kernels[i], def, globals);
    if (k == NULL || PyDict_SetItemString(kernels, def->kernels[i].qualname, k) < 0) Py_CLEAR(kernels);
    Py_XDECREF(k);
  }
  Py_XDECREF(type);
  return kernels;
}

static int execute(const kbpy_module_def *def, PyObject *globals)
{
  PyObject *code = PyMarshal_ReadObjectFromString((const char *)def->code, (Py_ssize_t)def->ncode);
  if (code == NULL) return -1;
  if (!PyCode_Check(code)) {
    Py_DECREF(code);
    PyErr_SetString(PyExc_ImportError, "built module holds no code");
    return -1;
  }
  PyObject *r = PyEval_EvalCode(code, globals, globals);
  Py_DECREF(code);
  Py_XDECREF(r);
  return r ? 0 : -1;
}

bool kbpy_only_interpret;

/* The interpreter is in the package keelback; without the package it is looked for when an exit needs it (host.c). */
int kbpy_find_interpreter(void)
{
  const char *only = getenv("KEELBACK_INTERPRET");
  kbpy_only_interpret = only && strcmp(only, "1") == 0;
  PyObject *m = PyImport_ImportModule("keelback._interp");
  if (m == NULL) {
    if (!PyErr_ExceptionMatches(PyExc_ModuleNotFoundError)) return -1;
    PyErr_Clear();
    return 0;
  }
  PyObject *capsule = PyObject_GetAttrString(m, "table");
  const kb_interp *in = capsule ? (const kb_interp *)PyCapsule_GetPointer(capsule, "keelback._interp.table") : NULL;
  Py_XDECREF(capsule);
  Py_DECREF(m); /* sys.modules has it; the library stays loaded in any case */
  if (in == NULL) return -1;
  if (in->abi == KB_ABI) kb_interp_set(in); /* one of another Keelback must not be called */
  return 0;
}

int kbpy_module_exec(PyObject *module, const kbpy_module_def *def)
{
  if (def->abi != KB_ABI) {
    (void)PyErr_Format(PyExc_ImportError,
                       "%s was made by keelback %s for ABI %u of libkeelback, which is %u here; build it again",
                       def->file, def->keelback, def->abi, (unsigned)KB_ABI);
    return -1;
  }
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
    (void)PyErr_Format(PyExc_ImportError, "%s: kernels work in the main interpreter only, not in subinterpreters", def->file);
    return -1;
  }
  if (kbpy_find_interpreter() < 0) return -1;
  kb_poll_set_hook(kbpy_poll);
  if (def->stress && def->stress(module, def) < 0) return -1;
  PyObject *globals = PyModule_GetDict(module);
  PyObject *kernels = make_kernels(module, def, globals);
  if (kernels == NULL) return -1;
  int err = PyDict_SetItemString(globals, "__keelback_kernels__", kernels);
  Py_DECREF(kernels);
  if (err < 0 || PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) < 0) return -1;
  kbpy_find_numpy();
  kbpy_show_source(def, false);
  return execute(def, globals);
}
