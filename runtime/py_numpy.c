/* SPDX-License-Identifier: MIT */
/* py_numpy.c: finds NumPy when the program has imported it, and checks that its structures are what kbpy.h says.
 *
 * NumPy is no dependency: neither its headers nor its C API are used, and it is never imported from here.
 */
#include "py_rt.h"

PyTypeObject *kbpy_ndarray_type;
const kbpy_descr *kbpy_descrs[KBPY_NELEM];
static PyTypeObject *numpy_bool;
static bool unusable; /* its layout is another one: arrays go by the buffer protocol */

/* The structure of a against what the buffer protocol says of it. */
static bool same_as_buffer(PyObject *o)
{
  const kbpy_ndarray *a = (const kbpy_ndarray *)o;
  Py_buffer b;
  if (PyObject_GetBuffer(o, &b, PyBUF_STRIDES | PyBUF_FORMAT) < 0) return false;
  bool same = b.ndim == 2 && a->nd == 2 && a->data == (char *)b.buf && a->dimensions && a->strides;
  for (int k = 0; same && k < 2; k++) same = a->dimensions[k] == b.shape[k] && a->strides[k] == b.strides[k];
  same = same && a->base == NULL && (a->flags & KBPY_ND_ALIGNED) && !!(a->flags & KBPY_ND_WRITEABLE) == !b.readonly;
  PyBuffer_Release(&b);
  return same;
}

/* A fresh array of 2 x 3 with the given dtype; big: its byte order is the other one. */
static bool check_array(PyObject *type, const char *dtype, char kind, char letter, char order, int num)
{
  bool same = false;
  PyObject *a = PyObject_CallFunction(type, "((ii)s)", 2, 3, dtype);
  PyObject *descr = a ? PyObject_GetAttrString(a, "dtype") : NULL;
  PyObject *done = NULL;
  if (descr && (PyObject *)Py_TYPE(a) == type && same_as_buffer(a)) {
    const kbpy_descr *d = ((kbpy_ndarray *)a)->descr;
    same =
        (PyObject *)d == descr && d->kind == kind && d->type == letter && d->byteorder == order && d->type_num == num;
    done = same ? PyObject_CallMethod(a, "setflags", "i", 0) : NULL; /* write=False */
    same = done && !(((kbpy_ndarray *)a)->flags & KBPY_ND_WRITEABLE) && same_as_buffer(a);
  }
  Py_XDECREF(done);
  Py_XDECREF(descr);
  Py_XDECREF(a);
  PyErr_Clear();
  return same;
}

static bool check_layout(PyObject *type)
{
  PyTypeObject *t = (PyTypeObject *)type;
  if (!PyType_Check(type) || (t->tp_flags & Py_TPFLAGS_HEAPTYPE) || strcmp(t->tp_name, "numpy.ndarray") != 0 ||
      t->tp_basicsize < (Py_ssize_t)sizeof(kbpy_ndarray))
    return false;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  const char *swapped = ">f8";
#else
  const char *swapped = "<f8";
#endif
  return check_array(type, "f4", 'f', 'f', '=', 11) && check_array(type, swapped, 'f', 'd', swapped[0], 12) &&
         check_array(type, "u1", 'u', 'B', '|', 2) && check_array(type, "?", 'b', '?', '|', 0);
}

/* The descriptors of fresh arrays; they live as long as NumPy. */
static void find_descrs(PyObject *type)
{
  static const char *const names[KBPY_NELEM] = { "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "?" };
  for (int e = 0; e < KBPY_NELEM; e++) {
    PyObject *a = PyObject_CallFunction(type, "is", 0, names[e]);
    kbpy_descr *d = a ? ((kbpy_ndarray *)a)->descr : NULL;
    if (d && kbpy_is_dtype(d, (kbpy_elem)e)) kbpy_descrs[e] = (kbpy_descr *)Py_NewRef((PyObject *)d);
    Py_XDECREF(a);
  }
}

/* PyImport_GetModuleDict() ends the process when there is none any more. */
PyObject *kbpy_loaded(const char *name)
{
  PyObject *modules = PySys_GetObject("modules");
  return modules && PyDict_Check(modules) ? PyDict_GetItemString(modules, name) : NULL;
}

void kbpy_find_numpy(void)
{
  if (kbpy_ndarray_type || unusable) return;
  PyObject *numpy = kbpy_loaded("numpy");
  if (numpy == NULL) return;
  Py_INCREF(numpy);
  PyObject *type = PyObject_GetAttrString(numpy, "ndarray");
  PyObject *boolean = type ? PyObject_GetAttrString(numpy, "bool_") : NULL;
  if (boolean) { /* else it is being imported */
    if (check_layout(type)) {
      kbpy_ndarray_type = (PyTypeObject *)Py_NewRef(type); /* for the life of the process */
      find_descrs(type);
      numpy_bool = PyType_Check(boolean) ? (PyTypeObject *)Py_NewRef(boolean) : NULL;
    } else {
      unusable = true;
    }
  }
  PyErr_Clear();
  Py_XDECREF(boolean);
  Py_XDECREF(type);
  Py_DECREF(numpy);
}

bool kbpy_is_numpy_bool(PyObject *o) { return numpy_bool && Py_TYPE(o) == numpy_bool; }
