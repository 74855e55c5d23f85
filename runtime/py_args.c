/* SPDX-License-Identifier: MIT */
/* py_args.c: the slow path of a call: keywords, defaults, then the conversion of each argument.
 *
 * Arguments are converted in three rounds, because conversions may run Python code that changes other
 * arguments: scalars (__index__, __float__), then buffers (which are held until the call ends), last the
 * arrays of NumPy, whose structures are read with no Python code between there and the kernel.
 */
#include "py_rt.h"

/* -- Messages ------------------------------------------------------------------------------------------ */

const char *kbpy_came(PyObject *o) { return o == Py_None ? "None" : Py_TYPE(o)->tp_name; }

int kbpy_bad(kbpy_want w, PyObject *exc, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  PyObject *what = PyUnicode_FromFormatV(fmt, ap);
  va_end(ap);
  if (what) {
    (void)PyErr_Format(exc, "%s() argument '%s': %U", w.def->qualname, w.param->name, what);
    Py_DECREF(what);
  }
  return -1;
}

/* "def f(a, b=0, /, *, c): pass" */
static PyObject *stub_source(const kbpy_kernel_def *def)
{
  PyObject *parts = PyList_New(0);
  if (parts == NULL) return NULL;
  PyObject *s = NULL, *comma = NULL, *params = NULL;
  int err = 0;
  for (uint32_t k = 0; k < def->nparams && !err; k++) {
    const kbpy_param *p = &def->params[k];
    if (k == def->npos) {
      s = PyUnicode_FromString("*");
      err = s == NULL || PyList_Append(parts, s) < 0;
      Py_CLEAR(s);
    }
    if (!err) {
      s = PyUnicode_FromFormat(p->flags & KBPY_DEFAULT ? "%s=0" : "%s", p->name);
      err = s == NULL || PyList_Append(parts, s) < 0;
      Py_CLEAR(s);
    }
    if (!err && k + 1 == def->nposonly) {
      s = PyUnicode_FromString("/");
      err = s == NULL || PyList_Append(parts, s) < 0;
      Py_CLEAR(s);
    }
  }
  if (!err && (comma = PyUnicode_FromString(", ")) != NULL) params = PyUnicode_Join(comma, parts);
  PyObject *source = params ? PyUnicode_FromFormat("def f(%U): pass\n", params) : NULL;
  Py_XDECREF(params);
  Py_XDECREF(comma);
  Py_DECREF(parts);
  return source;
}

/* A Python function with the parameters of the kernel. */
static PyObject *stub_function(const kbpy_kernel_def *def)
{
  PyObject *f = NULL, *done = NULL, *name = NULL;
  PyObject *globals = PyDict_New();
  PyObject *source = stub_source(def);
  const char *text = source ? PyUnicode_AsUTF8(source) : NULL;
  if (globals == NULL || text == NULL || PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) < 0)
    goto out;
  done = PyRun_String(text, Py_file_input, globals, globals);
  name = PyUnicode_FromString(def->qualname);
  if (done && name && (f = PyDict_GetItemString(globals, "f")) != NULL) {
    Py_INCREF(f);
    if (PyObject_SetAttrString(f, "__qualname__", name) < 0) Py_CLEAR(f);
  }
out:
  Py_XDECREF(name);
  Py_XDECREF(done);
  Py_XDECREF(source);
  Py_XDECREF(globals);
  return f;
}

/* The wording differs between versions of CPython ("Did you mean"), so CPython is asked: a function with the same
 * parameters gets the same arguments. */
static int bad_arity(const kbpy_kernel_def *def, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  PyObject *f = stub_function(def);
  if (f == NULL) return -1;
  PyObject *r = PyObject_Vectorcall(f, args, (size_t)PyVectorcall_NARGS(nargsf), kwnames);
  Py_DECREF(f);
  if (r) {
    Py_DECREF(r);
    (void)PyErr_Format(PyExc_SystemError, "%s(): arguments could not be bound", def->qualname);
  }
  return -1;
}

/* -- Binding --------------------------------------------------------------------------------------------- */

static uint32_t find_param(const kbpy_kernel_def *def, PyObject *name)
{
  for (uint32_t k = def->nposonly; k < def->nparams; k++)
    if (PyUnicode_CompareWithASCIIString(name, def->params[k].name) == 0) return k;
  const char *text = PyUnicode_AsUTF8(name); /* names beyond ASCII */
  if (text == NULL) PyErr_Clear();
  for (uint32_t k = def->nposonly; text && k < def->nparams; k++)
    if (strcmp(text, def->params[k].name) == 0) return k;
  return UINT32_MAX;
}

/* o[k] borrows the argument of parameter k, NULL when it is left to its default. */
static int bind(const kbpy_kernel_def *def, PyObject *const *args, size_t nargsf, PyObject *kwnames, PyObject **o)
{
  size_t n = (size_t)PyVectorcall_NARGS(nargsf);
  if (n > def->npos) return bad_arity(def, args, nargsf, kwnames);
  for (size_t k = 0; k < def->nparams; k++) o[k] = k < n ? args[k] : NULL;
  Py_ssize_t nkw = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
  for (Py_ssize_t i = 0; i < nkw; i++) {
    PyObject *name = PyTuple_GET_ITEM(kwnames, i);
    uint32_t k = PyUnicode_Check(name) ? find_param(def, name) : UINT32_MAX;
    if (k == UINT32_MAX || o[k]) return bad_arity(def, args, nargsf, kwnames);
    o[k] = args[n + (size_t)i];
  }
  for (uint32_t k = 0; k < def->nparams; k++)
    if (o[k] == NULL && !(def->params[k].flags & KBPY_DEFAULT)) return bad_arity(def, args, nargsf, kwnames);
  return 0;
}

/* -- Conversion ------------------------------------------------------------------------------------------- */

void kbpy_release(kbpy_held *held)
{
  if (held->n == 0) return;
  /* Releasing may run Python code (__release_buffer__), also while an exception is on its way. */
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  while (held->n > 0) PyBuffer_Release(&held->b[--held->n]);
  PyErr_Restore(type, value, tb);
}

static void take_default(const kbpy_param *p, kbpy_value *out)
{
  if (p->elem == KBPY_F32 || p->elem == KBPY_F64) out->d = p->def.d;
  else if (p->elem == KBPY_U64) out->u = p->def.u;
  else out->i = p->def.i;
}

/* Leaves in o only ints that are too big for out, owned, and says whether there are any. Those are asked for twice: an
 * object's __index__ has to run once, so a big int comes from it, and no int of a subclass. */
static int take_scalars(const kbpy_kernel_def *def, PyObject **o, kbpy_value *out)
{
  int big = 0;
  for (uint32_t k = 0; k < def->nparams; k++) {
    const kbpy_param *p = &def->params[k];
    if (p->kind != KBPY_SCALAR) continue;
    PyObject *from = o[k], *exact = NULL;
    o[k] = NULL;
    int err = 0;
    if (from == NULL) take_default(p, &out[k]);
    else err = kbpy_take_scalar((kbpy_want){ def, p }, from, &out[k], &exact);
    if (err < 0) {
      for (uint32_t i = 0; i < k; i++)
        if (def->params[i].kind == KBPY_SCALAR) Py_CLEAR(o[i]);
      return -1;
    }
    o[k] = exact;
    big |= exact != NULL;
  }
  return big;
}

static void drop_scalars(const kbpy_kernel_def *def, PyObject **o)
{
  for (uint32_t k = 0; k < def->nparams; k++)
    if (def->params[k].kind == KBPY_SCALAR) Py_CLEAR(o[k]);
}

static int take_arrays(const kbpy_kernel_def *def, PyObject **o, kbpy_value *out, kbpy_held *held)
{
  bool any = false;
  for (uint32_t k = 0; k < def->nparams; k++) {
    const kbpy_param *p = &def->params[k];
    if (p->kind == KBPY_SCALAR) continue;
    any = true;
    if (o[k] == NULL) return kbpy_bad((kbpy_want){ def, p }, PyExc_TypeError, "an array cannot have a default");
    if (!kbpy_is_ndarray(o[k]) && kbpy_take_buffer((kbpy_want){ def, p }, o[k], &out[k], held) < 0) return -1;
  }
  for (uint32_t k = 0; k < def->nparams && any; k++) {
    const kbpy_param *p = &def->params[k];
    if (p->kind != KBPY_SCALAR && kbpy_is_ndarray(o[k]) && kbpy_take_ndarray((kbpy_want){ def, p }, o[k], &out[k]) < 0)
      return -1;
  }
  return 0;
}

int kbpy_convert(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames, PyObject **o, kbpy_value *out,
                 kbpy_held *held)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  k->slow++;
  if (kbpy_ndarray_type == NULL) kbpy_find_numpy();
  if (bind(k->def, args, nargsf, kwnames, o) < 0) return -1;
  int big = take_scalars(k->def, o, out);
  if (big < 0) return -1;
  if (take_arrays(k->def, o, out, held) < 0) {
    kbpy_release(held);
    drop_scalars(k->def, o);
    return -1;
  }
  for (uint32_t i = 0; i < k->def->nparams; i++)
    if (k->def->params[i].kind != KBPY_SCALAR) o[i] = NULL;
  return big;
}
