/* SPDX-License-Identifier: MIT */
/* py_in_bind.c: arguments of a kb.jit function: to its parameters, as CPython binds them, and what class each is of. */
#include "py_in_jit.h"

/* -- Binding ------------------------------------------------------------------------------------------------- */

/* The parameter that a keyword names: its number, -1: none, -2: exception. */
static Py_ssize_t find_name(const in_jit *j, PyObject *name)
{
  for (Py_ssize_t k = j->nposonly; k < j->nparams; k++)
    if (PyTuple_GET_ITEM(j->names, k) == name) return k;
  for (Py_ssize_t k = j->nposonly; k < j->nparams; k++) {
    int same = PyObject_RichCompareBool(PyTuple_GET_ITEM(j->names, k), name, Py_EQ);
    if (same != 0) return same < 0 ? -2 : k;
  }
  return -1;
}

static int bind_keywords(const in_jit *j, PyObject *const *values, PyObject *kwnames, PyObject **a, PyObject *rest)
{
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(kwnames); i++) {
    PyObject *name = PyTuple_GET_ITEM(kwnames, i);
    if (!PyUnicode_Check(name)) return 1;
    Py_ssize_t k = find_name(j, name);
    if (k < -1) return -1;
    if (k >= 0) {
      if (a[k]) return 1; /* twice */
      a[k] = values[i];
    } else {
      if (rest == NULL) return 1;
      int twice = PyDict_Contains(rest, name);
      if (twice) return twice < 0 ? -1 : 1;
      if (PyDict_SetItem(rest, name, values[i]) < 0) return -1;
    }
  }
  return 0;
}

static int bind_defaults(const in_jit *j, PyObject **a)
{
  PyObject *defaults = PyFunction_GET_DEFAULTS(j->func), *kwdefaults = PyFunction_GET_KW_DEFAULTS(j->func);
  Py_ssize_t n = defaults ? PyTuple_GET_SIZE(defaults) : 0;
  for (Py_ssize_t k = 0; k < j->npos; k++) {
    if (a[k]) continue;
    Py_ssize_t d = k - (j->npos - n);
    if (d < 0) return 1;
    a[k] = PyTuple_GET_ITEM(defaults, d);
  }
  for (Py_ssize_t k = j->npos; k < j->nparams; k++) {
    if (a[k]) continue;
    a[k] = kwdefaults ? PyDict_GetItemWithError(kwdefaults, PyTuple_GET_ITEM(j->names, k)) : NULL;
    if (a[k] == NULL) return PyErr_Occurred() ? -1 : 1;
  }
  return 0;
}

int in_bind(const in_jit *j, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, PyObject **a, PyObject **owned)
{
  Py_ssize_t n = nargs < j->npos ? nargs : j->npos, at = j->nparams;
  owned[0] = owned[1] = NULL;
  if (nargs > j->npos && !j->star) return 1;
  for (Py_ssize_t k = 0; k < j->nparams; k++) a[k] = k < n ? args[k] : NULL;
  if (j->star) {
    a[at++] = owned[0] = PyTuple_New(nargs - n);
    if (owned[0] == NULL) return -1;
    for (Py_ssize_t k = n; k < nargs; k++) PyTuple_SET_ITEM(owned[0], k - n, Py_NewRef(args[k]));
  }
  if (j->starstar) {
    a[at] = owned[1] = PyDict_New();
    if (owned[1] == NULL) return -1;
  }
  int err = kwnames && PyTuple_GET_SIZE(kwnames) ? bind_keywords(j, args + nargs, kwnames, a, owned[1]) : 0;
  return err ? err : bind_defaults(j, a);
}

/* -- Classes ------------------------------------------------------------------------------------------------- */

static uint32_t kind_of_array(PyObject *o)
{
  const kbpy_ndarray *a = (const kbpy_ndarray *)o;
  if (a->nd < 1 || a->nd > 4 || !(a->flags & KBPY_ND_ALIGNED)) return IN_A_OTHER;
  for (uint32_t e = 0; e < KBPY_NELEM; e++) {
    if (!kbpy_is_dtype(a->descr, (kbpy_elem)e)) continue;
    Py_ssize_t size = (Py_ssize_t)1 << kbpy_elem_shift[e];
    for (int k = 0; k < a->nd; k++)
      if (a->strides[k] & (size - 1)) return IN_A_OTHER;
    return IN_A_ARRAY + (e << 8) + ((uint32_t)a->nd << 4) + (a->strides[a->nd - 1] == size ? IN_A_CONTIG : 0u) +
           (a->flags & KBPY_ND_WRITEABLE ? 0u : IN_A_READONLY);
  }
  return IN_A_OTHER;
}

/* The rarer classes. Until NumPy is found, its objects are known by the name of their type. */
static uint32_t kind_of_numpy(PyObject *o)
{
  if (kbpy_ndarray_type == NULL) {
    if (strncmp(Py_TYPE(o)->tp_name, "numpy.", 6) != 0) return IN_A_OTHER;
    kbpy_find_numpy();
    if (kbpy_ndarray_type == NULL) return IN_A_OTHER;
  }
  if (Py_TYPE(o) == kbpy_ndarray_type) return kind_of_array(o);
  for (uint32_t e = 0; e < KBPY_NELEM; e++)
    if (kbpy_descrs[e] && kbpy_descrs[e]->typeobj == Py_TYPE(o)) return IN_A_SCALAR + e;
  return IN_A_OTHER;
}

uint32_t in_kind(PyObject *o)
{
  PyTypeObject *t = Py_TYPE(o);
  if (t == &PyFloat_Type) return IN_A_FLOAT;
  if (t == &PyLong_Type) return IN_A_INT;
  if (t == &PyList_Type) return IN_A_LIST;
  if (t == &PyBool_Type) return IN_A_BOOL;
  if (t == &PyTuple_Type) return IN_A_TUPLE;
  if (t == &PyUnicode_Type) return IN_A_STR;
  if (t == &PyDict_Type) return IN_A_DICT;
  if (o == Py_None) return IN_A_NONE;
  return kind_of_numpy(o);
}

bool in_kind_typed(uint32_t kind) { return kind >= IN_A_TYPED; }

static PyObject *kind_name(uint32_t kind)
{
  static const char *const elems[] = { "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "boolean" };
  static const char *const plain[] = { "object", "None", "str", "list", "tuple", "dict", "int", "float", "bool" };
  _Static_assert(IN_A_NONE == 1 && IN_A_STR == 2 && IN_A_LIST == 3 && IN_A_TUPLE == 4 && IN_A_DICT == 5 && IN_A_INT == 6 &&
                 IN_A_FLOAT == 7 && IN_A_BOOL == 8, "names in the order of their kinds");
  if (kind < IN_A_SCALAR) return PyUnicode_FromString(plain[kind]);
  if (kind < IN_A_ARRAY) return PyUnicode_FromString(elems[kind - IN_A_SCALAR]);
  static const char *const axes[] = { "", "", ":,", ":,:,", ":,:,:," };
  return PyUnicode_FromFormat("%s[%s%s]%s", elems[(kind - IN_A_ARRAY) >> 8], axes[kind >> 4 & 7], kind & IN_A_CONTIG ? "::1" : ":",
                              kind & IN_A_READONLY ? " readonly" : "");
}

PyObject *in_kind_names(const uint32_t *kinds, Py_ssize_t n)
{
  PyObject *t = PyTuple_New(n);
  for (Py_ssize_t k = 0; t && k < n; k++) {
    PyObject *name = kind_name(kinds[k]);
    if (name == NULL) Py_CLEAR(t);
    else PyTuple_SET_ITEM(t, k, name);
  }
  return t;
}
