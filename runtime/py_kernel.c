/* SPDX-License-Identifier: MIT */
/* py_kernel.c: the type of a compiled kernel: a callable that looks like the Python function that it stands for. */
#include "py_rt.h"

#include <structmember.h>

/* -- Floats to be used again ------------------------------------------------------------------------------- */

PyObject *kbpy_new_float(PyObject *self, double d)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  PyObject *r = PyFloat_FromDouble(d);
  if (r) {
    PyObject **at = &k->result[k->misses >> 4 & 1];
    PyObject *old = *at;
    *at = Py_NewRef(r);
    Py_DECREF(old);
  }
  return r;
}

/* -- Text ------------------------------------------------------------------------------------------------------ */

PyObject *kbpy_signature(const kbpy_kernel_def *def, bool names)
{
  PyObject *s = PyUnicode_FromString("(");
  for (uint32_t k = 0; s && k < def->nparams; k++) {
    const kbpy_param *p = &def->params[k];
    const char *star = names && k == def->npos ? "*, " : "", *comma = k > 0 ? ", " : "";
    const char *slash = names && k + 1 == def->nposonly ? ", /" : "",
               *dflt = names && p->flags & KBPY_DEFAULT ? " = ..." : "";
    PyObject *t = PyUnicode_FromFormat("%U%s%s%s%s%s%s%s", s, comma, star, names ? p->name : "", names ? ": " : "",
                                       p->type, dflt, slash);
    Py_SETREF(s, t);
  }
  if (s) {
    PyObject *t = PyUnicode_FromFormat("%U) -> %s", s, def->ret);
    Py_SETREF(s, t);
  }
  return s;
}

static PyObject *kernel_repr(PyObject *self)
{
  const kbpy_kernel *k = (const kbpy_kernel *)self;
  PyObject *sig = kbpy_signature(k->def, true);
  PyObject *r = sig ? PyUnicode_FromFormat("<keelback.kernel %s%U>", k->def->qualname, sig) : NULL;
  Py_XDECREF(sig);
  return r;
}

/* -- Attributes ------------------------------------------------------------------------------------------------- */

/* What a function has and its __dict__ has not; closure is the name. */
static PyObject *get_of_function(PyObject *self, void *name)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  if (k->wrapped == NULL)
    return PyErr_Format(PyExc_AttributeError, "%s is not bound to its Python function", k->def->qualname);
  return PyObject_GetAttrString(k->wrapped, (const char *)name);
}

static PyObject *get_py_func(PyObject *self, void *unused)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  (void)unused;
  return Py_NewRef(k->wrapped ? k->wrapped : Py_None);
}

static PyObject *get_signatures(PyObject *self, void *unused)
{
  (void)unused;
  PyObject *s = kbpy_signature(((kbpy_kernel *)self)->def, false);
  return s ? Py_BuildValue("[N]", s) : NULL;
}

static PyObject *get_stats(PyObject *self, void *unused)
{
  const kbpy_kernel *k = (const kbpy_kernel *)self;
  (void)unused;
  const kb_fn_count *n = k->def->info->count;
  return Py_BuildValue("{s:s,s:K,s:K,s:K,s:K,s:K,s:I,s:s,s:s}", "tier",
                       k->call == kbpy_call_interpreted ? "interpreted" : "ahead of time", "exits", k->exits, "slow_calls",
                       k->slow, "deopts", (unsigned long long)n->deopts, "resumed", (unsigned long long)n->resumed,
                       "interpreted_calls", (unsigned long long)n->interpreted, "interpret_next", (unsigned)n->skip,
                       "keelback", k->mod->keelback, "python", k->mod->python);
}

static PyObject *text_or_none(const char *text)
{
  return text ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace") : Py_NewRef(Py_None);
}

static PyObject *get_c_source(PyObject *self, void *unused)
{
  (void)unused;
  return text_or_none(((kbpy_kernel *)self)->mod->c_source);
}

static PyObject *get_ir(PyObject *self, void *unused)
{
  (void)unused;
  return text_or_none(((kbpy_kernel *)self)->def->ir);
}

#define OF_FUNCTION(name)                                                                                              \
  {                                                                                                                    \
    name, get_of_function, NULL, NULL, (void *)name                                                                    \
  }
static PyGetSetDef kernel_getset[] = { { "__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL },
                                       { "py_func", get_py_func, NULL, "the Python function", NULL },
                                       { "signatures", get_signatures, NULL, "what it was compiled for", NULL },
                                       { "stats", get_stats, NULL, "counters and origin", NULL },
                                       { "c_source", get_c_source, NULL,
                                         "the C that it was compiled from: the whole file's", NULL },
                                       { "ir", get_ir, NULL, "text of its typed IR", NULL },
                                       OF_FUNCTION("__defaults__"),
                                       OF_FUNCTION("__kwdefaults__"),
                                       OF_FUNCTION("__annotations__"),
                                       OF_FUNCTION("__code__"),
                                       OF_FUNCTION("__globals__"),
                                       OF_FUNCTION("__closure__"),
                                       OF_FUNCTION("__type_params__"),
                                       OF_FUNCTION("__builtins__"),
                                       { NULL, NULL, NULL, NULL, NULL } };

/* -- Binding to the Python function -------------------------------------------------------------------------------- */

/* Another function of the same qualified name (the other branch of an if) must not become this kernel. */
static bool is_its_code(const kbpy_kernel *k, PyObject *fn)
{
  PyObject *code = k->def->line ? PyObject_GetAttrString(fn, "__code__") : NULL;
  bool same = true;
  if (code && PyCode_Check(code)) {
    PyCodeObject *c = (PyCodeObject *)code;
    PyObject *bytes = PyCode_GetCode(c);
    int last = bytes && PyBytes_Size(bytes) >= 2 ? PyCode_Addr2Line(c, (int)PyBytes_Size(bytes) - 2) : -1;
    same = c->co_firstlineno <= (int)k->def->line && (last < 0 || (int)k->def->line <= last);
    Py_XDECREF(bytes);
  }
  Py_XDECREF(code);
  PyErr_Clear();
  return same;
}

static int copy_attribute(kbpy_kernel *k, PyObject *fn, const char *name)
{
  PyObject *v = PyObject_GetAttrString(fn, name);
  if (v == NULL) {
    PyErr_Clear();
    return 0;
  }
  int err = PyDict_SetItemString(k->dict, name, v);
  Py_DECREF(v);
  return err;
}

/* As functools.update_wrapper does. Returns the kernel, or the function when the kernel was not made from it. */
static PyObject *kernel_bind(PyObject *self, PyObject *fn)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  if (!PyCallable_Check(fn)) return PyErr_Format(PyExc_TypeError, "expected a function, got %s", kbpy_came(fn));
  if (k->dict == NULL || !is_its_code(k, fn)) return Py_NewRef(fn);
  PyObject *attrs = PyObject_GetAttrString(fn, "__dict__");
  if (attrs == NULL) PyErr_Clear();
  int err = attrs && PyDict_Check(attrs) ? PyDict_Update(k->dict, attrs) : 0;
  Py_XDECREF(attrs);
  static const char *const names[] = { "__module__", "__name__", "__qualname__", "__doc__" };
  for (size_t i = 0; i < sizeof names / sizeof *names && !err; i++) err = copy_attribute(k, fn, names[i]);
  if (err || PyDict_SetItemString(k->dict, "__wrapped__", fn) < 0) return NULL;
  Py_XSETREF(k->wrapped, Py_NewRef(fn));
  return Py_NewRef(self);
}

/* pickle and copy take it by its name. */
static PyObject *kernel_reduce(PyObject *self, PyObject *unused)
{
  (void)unused;
  return PyObject_GetAttrString(self, "__qualname__");
}

static PyMethodDef kernel_methods[] = { { "__keelback_bind__", kernel_bind, METH_O,
                                          "binds the kernel to its Python function; for keelback.kernel" },
                                        { "__reduce__", kernel_reduce, METH_NOARGS, NULL },
                                        { NULL, NULL, 0, NULL } };

/* -- Life --------------------------------------------------------------------------------------------------------- */

static PyObject *kernel_descr_get(PyObject *self, PyObject *obj, PyObject *type)
{
  (void)type;
  return obj == NULL || obj == Py_None ? Py_NewRef(self) : PyMethod_New(self, obj);
}

static int kernel_traverse(PyObject *self, visitproc visit, void *arg)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(k->globals);
  Py_VISIT(k->wrapped);
  Py_VISIT(k->dict);
  return 0;
}

static int kernel_clear(PyObject *self)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  Py_CLEAR(k->globals);
  Py_CLEAR(k->wrapped);
  Py_CLEAR(k->dict);
  return 0;
}

static void kernel_dealloc(PyObject *self)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (k->weakrefs) PyObject_ClearWeakRefs(self);
  (void)kernel_clear(self);
  Py_CLEAR(k->result[0]);
  Py_CLEAR(k->result[1]);
  type->tp_free(self);
  Py_DECREF(type);
}

static PyMemberDef kernel_members[] = {
  { "__vectorcalloffset__", T_PYSSIZET, offsetof(kbpy_kernel, call), READONLY, NULL },
  { "__dictoffset__", T_PYSSIZET, offsetof(kbpy_kernel, dict), READONLY, NULL },
  { "__weaklistoffset__", T_PYSSIZET, offsetof(kbpy_kernel, weakrefs), READONLY, NULL },
  { NULL, 0, 0, 0, NULL }
};

/* Slots are pointers to functions and data alike, in C's terms an extension that every CPython needs. */
static PyType_Slot kernel_slots[] = { { Py_tp_call, (void *)PyVectorcall_Call },
                                      { Py_tp_repr, (void *)kernel_repr },
                                      { Py_tp_descr_get, (void *)kernel_descr_get },
                                      { Py_tp_traverse, (void *)kernel_traverse },
                                      { Py_tp_clear, (void *)kernel_clear },
                                      { Py_tp_dealloc, (void *)kernel_dealloc },
                                      { Py_tp_members, kernel_members },
                                      { Py_tp_methods, kernel_methods },
                                      { Py_tp_getset, kernel_getset },
                                      { Py_tp_doc, (void *)"A compiled kernel." },
                                      { 0, NULL } };

static PyType_Spec kernel_spec = { "keelback.kernel", (int)sizeof(kbpy_kernel), 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                                       Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_IMMUTABLETYPE |
                                       Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                   kernel_slots };

PyObject *kbpy_kernel_type(PyObject *module) { return PyType_FromModuleAndSpec(module, &kernel_spec, NULL); }

/* Until it is bound, what the tables say. */
static int fill_dict(kbpy_kernel *k)
{
  PyObject *module = PyDict_GetItemString(k->globals, "__name__"); /* borrowed */
  PyObject *v = Py_BuildValue("{s:s,s:s,s:z,s:O}", "__name__", k->def->name, "__qualname__", k->def->qualname,
                              "__doc__", k->def->doc, "__module__", module ? module : Py_None);
  k->dict = v;
  return v ? 0 : -1;
}

PyObject *kbpy_kernel_new(PyObject *type, const kbpy_kernel_def *def, const kbpy_module_def *mod, PyObject *globals)
{
  kbpy_kernel *k = PyObject_GC_New(kbpy_kernel, (PyTypeObject *)type);
  if (k == NULL) return NULL;
  k->call = kbpy_only_interpret ? kbpy_call_interpreted : def->call;
  k->result[0] = PyFloat_FromDouble(0.0);
  k->result[1] = PyFloat_FromDouble(0.0);
  k->misses = 0;
  k->def = def;
  k->mod = mod;
  k->globals = Py_NewRef(globals);
  k->wrapped = k->dict = k->weakrefs = NULL;
  k->exits = k->slow = 0;
  int err = fill_dict(k);
  PyObject_GC_Track(k);
  if (err || k->result[0] == NULL || k->result[1] == NULL) {
    Py_DECREF(k);
    return NULL;
  }
  return (PyObject *)k;
}
