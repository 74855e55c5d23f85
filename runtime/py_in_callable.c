/* SPDX-License-Identifier: MIT */
/* py_in_callable.c: calls of any object. Some builtins are done here, on unboxed operands: those, and nothing that only
 * has the same name, are known by the address of their C function and the module that they belong to. */
#include "py_in.h"

#include <math.h>

PyTypeObject *in_jit_type;
int (*in_jit_call)(PyObject *fn, const in_val *args, uint32_t nargs, in_val *r);

/* -- Builtins ------------------------------------------------------------------------------------------------------ */

/* 1: *r is the result; 0: not one of these operands; -1: exception. */
typedef int quick_fn(in_frame *f, in_val *const *a, uint32_t n, in_val *r);

static int quick_len(in_frame *f, in_val *const *a, uint32_t n, in_val *r)
{
  (void)f;
  if (n != 1 || a[0]->tag != IN_OBJ) return 0;
  PyObject *o = a[0]->o;
  if (PyList_CheckExact(o)) *r = in_int(PyList_GET_SIZE(o));
  else if (PyTuple_CheckExact(o)) *r = in_int(PyTuple_GET_SIZE(o));
  else if (PyUnicode_CheckExact(o)) *r = in_int(PyUnicode_GET_LENGTH(o));
  else if (PyDict_CheckExact(o)) *r = in_int(PyDict_GET_SIZE(o));
  else {
    Py_ssize_t len = PyObject_Size(o);
    if (len < 0) return -1;
    *r = in_int(len);
  }
  return 1;
}

static int quick_abs(in_frame *f, in_val *const *a, uint32_t n, in_val *r)
{
  (void)f;
  if (n != 1) return 0;
  if (a[0]->tag == IN_INT && a[0]->i != INT64_MIN) *r = in_int(a[0]->i < 0 ? -a[0]->i : a[0]->i);
  else if (a[0]->tag == IN_FLOAT) *r = in_float(fabs(a[0]->d));
  else return 0;
  return 1;
}

/* min and max of ints or of floats: of equal ones (and where NaNs make no order) the first stays. */
static int extreme(in_val *const *a, uint32_t n, in_val *r, bool most)
{
  if (n < 2 || (a[0]->tag != IN_INT && a[0]->tag != IN_FLOAT)) return 0;
  in_val best = *a[0];
  for (uint32_t k = 1; k < n; k++) {
    if (a[k]->tag != best.tag) return 0;
    bool less = best.tag == IN_INT ? a[k]->i < best.i : a[k]->d < best.d;
    bool more = best.tag == IN_INT ? a[k]->i > best.i : a[k]->d > best.d;
    if (most ? more : less) best = *a[k];
  }
  *r = best;
  return 1;
}

static int quick_min(in_frame *f, in_val *const *a, uint32_t n, in_val *r)
{
  (void)f;
  return extreme(a, n, r, false);
}

static int quick_max(in_frame *f, in_val *const *a, uint32_t n, in_val *r)
{
  (void)f;
  return extreme(a, n, r, true);
}

static int quick_isinstance(in_frame *f, in_val *const *a, uint32_t n, in_val *r)
{
  (void)f;
  if (n != 2 || a[1]->tag != IN_OBJ) return 0;
  PyObject *cls = a[1]->o;
  if (a[0]->tag == IN_OBJ) {
    int is = PyObject_IsInstance(a[0]->o, cls);
    if (is < 0) return -1;
    *r = in_bool(is);
    return 1;
  }
  PyTypeObject *t = a[0]->tag == IN_INT ? &PyLong_Type : a[0]->tag == IN_FLOAT ? &PyFloat_Type
                                                     : a[0]->tag == IN_BOOL    ? &PyBool_Type
                                                                               : NULL;
  if (!t || !PyType_CheckExact(cls)) return 0;
  *r = in_bool(PyType_IsSubtype(t, (PyTypeObject *)cls));
  return 1;
}

/* A number as the double that float() makes of it. */
static bool as_double(const in_val *v, double *d)
{
  if (v->tag == IN_FLOAT) *d = v->d;
  else if (v->tag == IN_INT || v->tag == IN_BOOL) *d = (double)v->i;
  else if (v->tag == IN_OBJ && PyFloat_CheckExact(v->o)) *d = PyFloat_AS_DOUBLE(v->o);
  else return false;
  return true;
}

/* The same function of libm that CPython calls; where it looks at the result, it is asked. */
static int libm(in_val *const *a, uint32_t n, in_val *r, double (*fn)(double))
{
  double d;
  if (n != 1 || !as_double(a[0], &d) || !isfinite(d)) return 0;
  d = fn(d);
  if (!isfinite(d)) return 0;
  *r = in_float(d);
  return 1;
}
#define LIBM(X) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(tanh) X(exp) X(fabs)
#define QUICK(name)                                                                                                    \
  static int quick_##name(in_frame *f, in_val *const *a, uint32_t n, in_val *r)                                        \
  {                                                                                                                    \
    (void)f;                                                                                                           \
    return libm(a, n, r, name);                                                                                        \
  }
LIBM(QUICK)
#undef QUICK

static int quick_sqrt(in_frame *f, in_val *const *a, uint32_t n, in_val *r)
{
  double d;
  (void)f;
  if (n != 1 || !as_double(a[0], &d) || !(d >= 0)) return 0;
  *r = in_float(sqrt(d));
  return 1;
}

static int rounded(in_val *const *a, uint32_t n, in_val *r, double (*fn)(double))
{
  if (n != 1) return 0;
  if (a[0]->tag == IN_INT) *r = *a[0];
  else {
    if (a[0]->tag != IN_FLOAT || !(fabs(a[0]->d) < 0x1p62)) return 0;
    *r = in_int((int64_t)fn(a[0]->d));
  }
  return 1;
}

static int quick_floor(in_frame *f, in_val *const *a, uint32_t n, in_val *r)
{
  (void)f;
  return rounded(a, n, r, floor);
}

static int quick_ceil(in_frame *f, in_val *const *a, uint32_t n, in_val *r)
{
  (void)f;
  return rounded(a, n, r, ceil);
}

/* What is called, by the C function behind it. The type objects int and float come by themselves. */
static struct {
  const char *module, *name;
  quick_fn *fn;
  PyCFunction c; /* NULL: not looked for yet, or the program has put something else there */
} quick[] = {
  { "builtins", "len", quick_len, NULL },
  { "builtins", "abs", quick_abs, NULL },
  { "builtins", "min", quick_min, NULL },
  { "builtins", "max", quick_max, NULL },
  { "builtins", "isinstance", quick_isinstance, NULL },
#define ROW(name) { "math", #name, quick_##name, NULL },
  { "math", "sqrt", quick_sqrt, NULL },
  { "math", "floor", quick_floor, NULL },
  { "math", "ceil", quick_ceil, NULL },
  LIBM(ROW)
#undef ROW
};
enum { NQUICK = sizeof quick / sizeof *quick };

/* Looks for the C functions of one module, whose own name and home they know. */
static void look_for(const char *module)
{
  PyObject *m = PyImport_ImportModule(module);
  for (int k = 0; m && k < NQUICK; k++) {
    if (strcmp(quick[k].module, module) != 0) continue;
    PyObject *o = PyObject_GetAttrString(m, quick[k].name);
    if (o && PyCFunction_CheckExact(o) && PyCFunction_GET_SELF(o) == m &&
        strcmp(((PyCFunctionObject *)o)->m_ml->ml_name, quick[k].name) == 0)
      quick[k].c = PyCFunction_GET_FUNCTION(o);
    if (!o) PyErr_Clear();
    Py_XDECREF(o);
  }
  if (!m) PyErr_Clear();
  Py_XDECREF(m);
}

static quick_fn *quick_of(PyObject *callable)
{
  static bool looked;
  if (!PyCFunction_CheckExact(callable)) return NULL;
  if (!looked) {
    looked = true;
    PyObject *type, *value, *tb;
    PyErr_Fetch(&type, &value, &tb);
    look_for("builtins");
    look_for("math");
    PyErr_Restore(type, value, tb);
  }
  PyCFunction c = PyCFunction_GET_FUNCTION(callable);
  for (int k = 0; k < NQUICK; k++)
    if (quick[k].c == c && c) return quick[k].fn;
  return NULL;
}

/* int(x), float(x) of an unboxed number. */
static int quick_type(PyObject *type, in_val *const *a, uint32_t n, in_val *r)
{
  if (n != 1) return 0;
  if (type == (PyObject *)&PyLong_Type) {
    if (a[0]->tag == IN_INT || a[0]->tag == IN_BOOL) *r = in_int(a[0]->i);
    else if (a[0]->tag == IN_FLOAT && fabs(a[0]->d) < 0x1p62) *r = in_int((int64_t)a[0]->d);
    else return 0;
    return 1;
  }
  double d;
  if (type != (PyObject *)&PyFloat_Type || a[0]->tag == IN_OBJ || !as_double(a[0], &d)) return 0;
  *r = in_float(d);
  return 1;
}

/* -- Calls ------------------------------------------------------------------------------------------------------------ */

enum { FEW = 10 };

/* Calls callable (borrowed) with the instruction's operands from at on. self: an object in front of them, or NULL. */
static PyObject *call_objects(in_frame *f, const in_ins *i, uint32_t at, PyObject *callable, PyObject *self)
{
  PyObject *kwnames = IN_NAME(f, i), *few[FEW + 2], **args = few, *r = NULL;
  uint32_t n = IN_N(f, i) - at, first = self ? 2 : 1, made = 0;
  if (n > FEW && !(args = PyMem_New(PyObject *, (size_t)n + 2))) return PyErr_NoMemory();
  args[0] = NULL; /* room for a bound method's self */
  args[1] = self;
  while (made < n && (args[first + made] = in_box(f, IN_ARG(f, i, at + made)))) made++;
  if (made == n) {
    size_t nkw = kwnames ? (size_t)PyTuple_GET_SIZE(kwnames) : 0;
    r = PyObject_Vectorcall(callable, args + 1, ((size_t)(first - 1) + n - nkw) | PY_VECTORCALL_ARGUMENTS_OFFSET, kwnames);
  }
  for (uint32_t k = 0; k < made; k++) Py_DECREF(args[first + k]);
  if (args != few) PyMem_Free(args);
  return r;
}

/* What needs no objects for its operands. 1, 0 or -1 as above. */
static int call_unboxed(in_frame *f, const in_ins *i, uint32_t at, PyObject *callable, in_val *r)
{
  uint32_t n = IN_N(f, i) - at;
  if (n == 0 || n > FEW) return 0;
  in_val *a[FEW];
  if (PyCFunction_CheckExact(callable)) {
    quick_fn *fn = quick_of(callable);
    if (!fn) return 0;
    for (uint32_t k = 0; k < n; k++) a[k] = IN_ARG(f, i, at + k);
    return fn(f, a, n, r);
  }
  if (PyType_Check(callable)) {
    a[0] = IN_ARG(f, i, at);
    return quick_type(callable, a, n, r);
  }
  if (!in_jit_type || Py_TYPE(callable) != in_jit_type) return 0;
  in_val args[FEW];
  for (uint32_t k = 0; k < n; k++) args[k] = *IN_ARG(f, i, at + k);
  return in_jit_call(callable, args, n, r);
}

static int call_object(in_frame *f, const in_ins *i, uint32_t at, PyObject *callable)
{
  in_val v;
  int done = IN_NAME(f, i) ? 0 : call_unboxed(f, i, at, callable, &v);
  if (done < 0) return -1;
  if (done) {
    in_result(f, i, v);
    return 0;
  }
  PyObject *r = call_objects(f, i, at, callable, NULL);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

int in_o_callx(in_frame *f, const in_ins *i)
{
  PyObject *callable = in_box(f, IN_ARG(f, i, 0));
  if (!callable) return -1;
  int r = call_object(f, i, 1, callable);
  Py_DECREF(callable);
  return r;
}

/* -- Methods ------------------------------------------------------------------------------------------------------------ */

/* l.append(x) of a plain list, whose type nobody can change. */
static bool is_append(PyObject *method, PyObject *x)
{
  static PyObject *append; /* the descriptor, which list keeps */
  if (!append) {
    PyObject *name = PyUnicode_InternFromString("append");
    if (name) append = _PyType_Lookup(&PyList_Type, name);
    else PyErr_Clear();
    Py_XDECREF(name);
  }
  return method == append && PyList_CheckExact(x);
}

static int call_append(in_frame *f, const in_ins *i, PyObject *list)
{
  PyObject *v = in_box(f, IN_ARG(f, i, 2));
  if (!v || in_list_append(list, v) < 0) return -1;
  if (i->dst != KB_NOSLOT) in_result(f, i, in_obj(Py_NewRef(Py_None)));
  return 0;
}

int in_o_callm(in_frame *f, const in_ins *i)
{
  in_val *m = IN_ARG(f, i, 0), *self = IN_ARG(f, i, 1);
  if (m->tag != IN_OBJ) {
    PyErr_SetString(PyExc_SystemError, "no method");
    return -1;
  }
  PyObject *method = m->o;
  if (m->aux != IN_UNBOUND) {
    Py_INCREF(method);
    int r = call_object(f, i, 2, method);
    Py_DECREF(method);
    return r;
  }
  PyObject *x = in_box(f, self), *r;
  if (!x) return -1;
  if (IN_N(f, i) == 3 && !IN_NAME(f, i) && is_append(method, x)) {
    int done = call_append(f, i, x);
    Py_DECREF(x);
    return done;
  }
  Py_INCREF(method);
  r = call_objects(f, i, 2, method, x);
  Py_DECREF(method);
  Py_DECREF(x);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

/* f(*args, **kwargs). */
int in_o_callex(in_frame *f, const in_ins *i)
{
  PyObject *fn = in_box(f, IN_ARG(f, i, 0)), *args = fn ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  PyObject *kwargs = args ? in_box(f, IN_ARG(f, i, 2)) : NULL, *r = NULL;
  if (kwargs && !PyTuple_CheckExact(args)) {
    PyObject *tuple = NULL;
    if (Py_TYPE(args)->tp_iter || PySequence_Check(args)) tuple = PySequence_Tuple(args);
    else {
      PyObject *text = _PyObject_FunctionStr(fn);
      if (text)
        PyErr_Format(PyExc_TypeError, "%U argument after * must be an iterable, not %.200s", text, Py_TYPE(args)->tp_name);
      Py_XDECREF(text);
    }
    Py_SETREF(args, tuple);
  }
  if (kwargs && args) r = PyObject_Call(fn, args, kwargs == Py_None ? NULL : kwargs);
  Py_XDECREF(fn);
  Py_XDECREF(args);
  Py_XDECREF(kwargs);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}
