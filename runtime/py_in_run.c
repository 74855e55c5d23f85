/* SPDX-License-Identifier: MIT */
/* py_in_run.c: keelback._interp.run: an image on objects, without a function around it; for tests and benchmarks. */
#include "py_in.h"

/* run(image, arguments, jit=True, globals=None, pool=None, self=None) */
static PyObject *module_run(PyObject *module, PyObject *args)
{
  Py_buffer image;
  PyObject *values, *globals = NULL, *pool = NULL, *self = NULL, *r = NULL;
  int jit = 1;
  (void)module;
  if (!PyArg_ParseTuple(args, "y*O!|pOOO:run", &image, &PyTuple_Type, &values, &jit, &globals, &pool, &self)) return NULL;
  in_code *c = in_code_new((const unsigned char *)image.buf, (size_t)image.len);
  PyBuffer_Release(&image);
  Py_ssize_t n = PyTuple_GET_SIZE(values);
  in_val *v = c ? (in_val *)PyMem_Calloc((size_t)n + 1, sizeof *v) : NULL;
  if (v) {
    in_val result = { IN_NULL, 0, { 0 } };
    for (Py_ssize_t k = 0; k < n; k++) v[k] = in_obj(PyTuple_GET_ITEM(values, k)); /* borrowed, as in_call takes them */
    c->globals = globals && PyDict_Check(globals) ? globals : PyEval_GetGlobals();
    c->builtins = PyEval_GetBuiltins();
    c->pool = pool;
    if (in_call(c, self, jit != 0, v, (uint32_t)n, &result) == 0) {
      in_frame f = { .code = c, .jit = jit != 0 };
      r = in_object(&f, &result);
      in_decref(result);
    }
  } else if (c) {
    PyErr_NoMemory();
  }
  PyMem_Free(v);
  if (c) in_code_free(c);
  return r;
}

static PyMethodDef methods[] = { { "run", module_run, METH_VARARGS, "run(image, arguments, jit, globals, pool, self): interprets an image" },
                                 { NULL, NULL, 0, NULL } };

int in_run_init(PyObject *module) { return PyModule_AddFunctions(module, methods); }
