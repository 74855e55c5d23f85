/* SPDX-License-Identifier: MIT */
/* py_typed.c: the import of a typed function of kb.jit: NumPy's scalar types, the object for "not for me", the function. */
#include "kbpyjit.h"
#include "py_rt.h"

PyTypeObject *kbpy_scalar_type[KBPY_NELEM];
PyObject *kbpy_miss;

bool kbpy_jit_long(PyObject *o, int64_t *out)
{
  int overflow = 0;
  if (!PyLong_CheckExact(o)) return false;
  *out = PyLong_AsLongLongAndOverflow(o, &overflow);
  return !overflow;
}

/* -- NumPy's scalars ------------------------------------------------------------------------------------------ */

/* ORDER: kbpy_elem. */
static const char *const scalar_names[KBPY_NELEM] = { "int8",   "int16",  "int32",   "int64",   "uint8", "uint16",
                                                      "uint32", "uint64", "float32", "float64", "bool_" };

/* The bytes of the number 3 (of True: 1) as class e has them. */
static size_t three(kbpy_elem e, char *to)
{
  size_t size = (size_t)1 << kbpy_elem_shift[e];
  float s = 3;
  double d = 3;
  memset(to, 0, 8);
  to[0] = e == KBPY_BOOL ? 1 : 3; /* little-endian; checked where it is not */
  if (e == KBPY_F32) memcpy(to, &s, sizeof s);
  if (e == KBPY_F64) memcpy(to, &d, sizeof d);
  return size;
}

/* Does NumPy's own 3 hold that value, and is what we make equal to it? */
static bool is_as_expected(PyTypeObject *t, kbpy_elem e)
{
  char bytes[8];
  size_t size = three(e, bytes);
  if (!PyType_Check(t) || (t->tp_flags & Py_TPFLAGS_HAVE_GC) || t->tp_itemsize != 0 ||
      t->tp_basicsize < (Py_ssize_t)(sizeof(PyObject) + size))
    return false;
  PyObject *theirs = PyObject_CallFunction((PyObject *)t, "i", 3);
  bool same = theirs && Py_TYPE(theirs) == t && memcmp(kbpy_scalar_at(theirs), bytes, size) == 0;
  if (same && e != KBPY_BOOL) { /* there are just two of those */
    PyObject *ours = t->tp_alloc(t, 0);
    if (ours) memcpy((char *)ours + sizeof(PyObject), bytes, size);
    same = ours && PyObject_RichCompareBool(ours, theirs, Py_EQ) == 1;
    Py_XDECREF(ours);
  }
  Py_XDECREF(theirs);
  PyErr_Clear();
  return same;
}

static void find_scalars(void)
{
  PyObject *numpy = kbpy_loaded("numpy");
  for (int e = 0; numpy && kbpy_ndarray_type && e < KBPY_NELEM; e++) {
    PyObject *t = PyObject_GetAttrString(numpy, scalar_names[e]);
    if (t && is_as_expected((PyTypeObject *)t, (kbpy_elem)e)) kbpy_scalar_type[e] = (PyTypeObject *)Py_NewRef(t);
    PyErr_Clear();
    Py_XDECREF(t);
  }
}

/* -- Import ---------------------------------------------------------------------------------------------------- */

static PyObject *find_miss(void)
{
  PyObject *interp = PyImport_ImportModule("keelback._interp");
  PyObject *miss = interp ? PyObject_GetAttrString(interp, "MISS") : NULL;
  Py_XDECREF(interp);
  return miss;
}

int kbpy_jit_exec(PyObject *module, const kbpy_module_def *def)
{
  if (def->abi != KB_ABI) {
    (void)PyErr_Format(PyExc_ImportError, "made by keelback %s for ABI %u, which is %u here", def->keelback, def->abi,
                       (unsigned)KB_ABI);
    return -1;
  }
  if (kbpy_miss == NULL && (kbpy_miss = find_miss()) == NULL) return -1;
  if (kbpy_find_interpreter() < 0) return -1;
  kb_poll_set_hook(kbpy_poll);
  kbpy_find_numpy();
  find_scalars();
  PyObject *globals = PyModule_GetDict(module), *type = kbpy_kernel_type(module), *table = PyDict_New();
  int err = type && table ? 0 : -1;
  for (size_t i = 0; i < def->nkernels && !err; i++) {
    PyObject *k = kbpy_kernel_new(type, &def->kernels[i], def, globals);
    err = k ? PyDict_SetItemString(table, def->kernels[i].qualname, k) : -1;
    Py_XDECREF(k);
  }
  if (!err) err = PyDict_SetItemString(globals, "__keelback_kernels__", table);
  Py_XDECREF(table);
  Py_XDECREF(type);
  return err;
}
