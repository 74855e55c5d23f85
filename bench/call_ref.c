/* SPDX-License-Identifier: MIT */
/* call_ref.c: what `make bench-call` compares with: the kernels of call_kernels.py as functions written by hand for
 * METH_FASTCALL, with the same checks, arrays through NumPy's own macros. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#ifdef WITH_NUMPY
#include <numpy/arrayobject.h>
#endif

/* Negative indices cannot occur here, so a bound is one comparison. */
static PyObject *bad(const char *what)
{
  PyErr_SetString(PyExc_TypeError, what);
  return NULL;
}

static PyObject *madd(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
  (void)self;
  if (n != 2)
    return bad("madd() takes 2 arguments");
  if (!PyFloat_CheckExact(args[0]) || !PyFloat_CheckExact(args[1]))
    return bad("madd() takes floats");
  return PyFloat_FromDouble(PyFloat_AS_DOUBLE(args[0]) * PyFloat_AS_DOUBLE(args[1]) + 1.0);
}

#ifdef WITH_NUMPY
typedef struct { double *data; Py_ssize_t n, stride; } view;

static inline int take(PyObject *o, int writeable, view *v)
{
  PyArrayObject *a = (PyArrayObject *)o;
  if (!PyArray_CheckExact(o) || PyArray_NDIM(a) != 1 || PyArray_TYPE(a) != NPY_DOUBLE || !PyArray_ISNOTSWAPPED(a)
      || !PyArray_CHKFLAGS(a, NPY_ARRAY_ALIGNED | (writeable ? NPY_ARRAY_WRITEABLE : 0)) || PyArray_STRIDE(a, 0) % 8 != 0)
    return 0;
  v->data = (double *)PyArray_DATA(a);
  v->n = PyArray_DIM(a, 0);
  v->stride = PyArray_STRIDE(a, 0) / 8;
  return 1;
}

static PyObject *add(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
  view x, y, z;
  (void)self;
  if (n != 3)
    return bad("add() takes 3 arguments");
  if (!take(args[0], 0, &x) || !take(args[1], 0, &y) || !take(args[2], 1, &z))
    return bad("add() takes arrays of float64");
  for (Py_ssize_t i = 0; i < x.n; i++) {
    if (i >= y.n || i >= z.n) {
      PyErr_SetString(PyExc_IndexError, "index out of bounds");
      return NULL;
    }
    z.data[i * z.stride] = x.data[i * x.stride] + y.data[i * y.stride];
  }
  Py_RETURN_NONE;
}
#endif

static PyMethodDef methods[] = {
  { "madd", (PyCFunction)(void (*)(void))madd, METH_FASTCALL, NULL },
#ifdef WITH_NUMPY
  { "add", (PyCFunction)(void (*)(void))add, METH_FASTCALL, NULL },
#endif
  { NULL, NULL, 0, NULL }
};
static struct PyModuleDef definition = { PyModuleDef_HEAD_INIT, "call_ref", NULL, -1, methods, NULL, NULL, NULL, NULL };

PyMODINIT_FUNC PyInit_call_ref(void)
{
#ifdef WITH_NUMPY
  import_array();
#endif
  return PyModule_Create(&definition);
}
