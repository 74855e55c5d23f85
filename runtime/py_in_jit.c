/* SPDX-License-Identifier: MIT */
/* py_in_jit.c: the type of what @kb.jit makes: a callable that stands for a Python function, in all that is asked of it.
 *
 * Names, documentation and what the function's __dict__ had are in the object's own __dict__, as functools.wraps leaves
 * them; what the function has besides is the function's, also when it is assigned.
 */
#include "py_in_jit.h"

#include <stdlib.h>
#include <structmember.h>

PyObject *in_jit_miss;

/* -- The function's code ------------------------------------------------------------------------------------------ */

void in_jit_forget(in_jit *j)
{
  while (j->nsigs > 0) {
    in_sig *s = j->sigs[--j->nsigs];
    s->old = j->old;
    j->old = s;
  }
  j->sig = NULL;
  if (j->image) in_code_free(j->image); /* calls that run have references of their own */
  j->image = NULL;
  j->asked = false;
  Py_CLEAR(j->pool);
  Py_CLEAR(j->why);
}

/* KEELBACK_INTERPRET=1: no typed attempt and no policy; whatever the front end takes is interpreted. */
static bool only_interpreted(void)
{
  const char *v = getenv("KEELBACK_INTERPRET");
  return v && strcmp(v, "1") == 0;
}

int in_jit_learn(in_jit *j)
{
  PyObject *code = Py_NewRef(PyFunction_GET_CODE(j->func));
  PyCodeObject *c = (PyCodeObject *)code;
  PyObject *names = PyCode_GetVarnames(c);
  if (names == NULL) return Py_DECREF(code), -1;
  in_jit_forget(j);
  Py_XSETREF(j->code, code);
  Py_XSETREF(j->names, names);
  j->npos = c->co_argcount;
  j->nposonly = c->co_posonlyargcount;
  j->nparams = c->co_argcount + c->co_kwonlyargcount;
  j->star = c->co_flags & CO_VARARGS;
  j->starstar = c->co_flags & CO_VARKEYWORDS;
  j->closure = PyFunction_GET_CLOSURE(j->func);
  j->builtins = ((PyFunctionObject *)j->func)->func_builtins;
  j->ntyped = 0;
  j->lower = only_interpreted() ? IN_JIT_INTERPRETED : IN_JIT_NATIVE;
  if (c->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR | CO_ITERABLE_COROUTINE)) {
    j->lower = IN_JIT_PYTHON;
    j->why = PyUnicode_FromString("generators and coroutines run in CPython");
    if (j->why == NULL) return -1;
  }
  j->call = in_jit_entry(j);
  return 0;
}

/* -- Attributes --------------------------------------------------------------------------------------------------- */

static PyObject *get_of_function(PyObject *self, void *name)
{
  return PyObject_GetAttrString(((in_jit *)self)->func, (const char *)name);
}

static int set_of_function(PyObject *self, PyObject *value, void *name)
{
  return PyObject_SetAttrString(((in_jit *)self)->func, (const char *)name, value); /* NULL deletes */
}

static PyObject *get_py_func(PyObject *self, void *unused)
{
  (void)unused;
  return Py_NewRef(((in_jit *)self)->func);
}

/* What there is to know of it is put into words by keelback._jit. */
static PyObject *get_of_tools(PyObject *self, void *name)
{
  return PyObject_CallMethod(((in_jit *)self)->tools, (const char *)name, "O", self);
}

#define OF_FUNCTION(name) { name, get_of_function, set_of_function, NULL, (void *)name }
#define OF_TOOLS(name, doc) { name, get_of_tools, NULL, doc, (void *)name }
static PyGetSetDef jit_getset[] = { { "__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL },
                                    { "py_func", get_py_func, NULL, "the Python function", NULL },
                                    OF_TOOLS("signatures", "the signatures that there is native code for"),
                                    OF_TOOLS("stats", "where its calls ran, and why; what compiling took"),
                                    OF_TOOLS("c_source", "the C of its signatures, or None"),
                                    OF_TOOLS("ir", "the typed IR of its signatures; without one, the interpreter's image"),
                                    OF_FUNCTION("__defaults__"),
                                    OF_FUNCTION("__kwdefaults__"),
                                    OF_FUNCTION("__annotations__"),
                                    OF_FUNCTION("__code__"),
                                    OF_FUNCTION("__globals__"),
                                    OF_FUNCTION("__closure__"),
                                    OF_FUNCTION("__type_params__"),
                                    OF_FUNCTION("__builtins__"),
                                    { NULL, NULL, NULL, NULL, NULL } };

/* pickle and copy take it by its name. */
static PyObject *jit_reduce(PyObject *self, PyObject *unused)
{
  (void)unused;
  return PyObject_GetAttrString(self, "__qualname__");
}

static PyObject *jit_explain(PyObject *self, PyObject *args, PyObject *kwargs)
{
  static char *names[] = { (char *)"file", NULL };
  PyObject *file = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:explain", names, &file)) return NULL;
  return PyObject_CallMethod(((in_jit *)self)->tools, "explain", "OO", self, file);
}

static PyObject *state_of_sig(const in_jit *j, const in_sig *s)
{
  static const char *const tiers[] = { "native", "interpreted", "python" };
  PyObject *kinds = s->types ? Py_NewRef(s->types) : in_kind_names(s->kinds, j->nparams);
  if (kinds == NULL) return NULL;
  return Py_BuildValue("{s:N,s:s,s:O,s:O,s:O,s:K,s:K,s:K}", "types", kinds, "tier", tiers[s->tier], "reason",
                       s->reason ? s->reason : Py_None, "unit", s->unit ? s->unit : Py_None, "native",
                       s->native ? s->native : Py_None, "calls", (unsigned long long)s->calls, "fast",
                       (unsigned long long)s->fast, "slow", (unsigned long long)s->slow);
}

/* The raw figures, for keelback._jit. */
static PyObject *jit_state(PyObject *self, PyObject *unused)
{
  const in_jit *j = (const in_jit *)self;
  (void)unused;
  PyObject *sigs = PyList_New(0);
  for (uint32_t i = 0; sigs && i < j->nsigs; i++) {
    PyObject *s = state_of_sig(j, j->sigs[i]);
    if (s == NULL || PyList_Append(sigs, s) < 0) Py_CLEAR(sigs);
    Py_XDECREF(s);
  }
  if (sigs == NULL) return NULL;
  uint64_t native = j->calls[IN_JIT_NATIVE]; /* of signatures that no longer are */
  for (uint32_t i = 0; i < j->nsigs; i++) native += j->sigs[i]->tier == IN_JIT_NATIVE ? j->sigs[i]->calls : 0;
  for (const in_sig *s = j->old; s; s = s->old) native += s->tier == IN_JIT_NATIVE ? s->calls : 0;
  return Py_BuildValue("{s:N,s:(KKK),s:O,s:O,s:K,s:K,s:O,s:O}", "signatures", sigs, "calls", (unsigned long long)native,
                       (unsigned long long)j->calls[IN_JIT_INTERPRETED], (unsigned long long)j->calls[IN_JIT_PYTHON], "why",
                       j->why ? j->why : Py_None, "image", j->image ? Py_True : Py_False, "dropped",
                       (unsigned long long)j->dropped, "demoted", (unsigned long long)j->demoted, "options", j->options,
                       "busy", j->busy ? Py_True : Py_False);
}

static PyMethodDef jit_methods[] = {
  { "__reduce__", jit_reduce, METH_NOARGS, NULL },
  { "__keelback_state__", jit_state, METH_NOARGS, "raw figures, for keelback._jit" },
  { "explain", (PyCFunction)(void (*)(void))jit_explain, METH_VARARGS | METH_KEYWORDS,
    "Prints each signature, where its calls run and why, and what it was compiled to." },
  { NULL, NULL, 0, NULL }
};

static PyObject *jit_repr(PyObject *self)
{
  PyObject *name = PyObject_GetAttrString(self, "__qualname__");
  PyObject *r = name ? PyUnicode_FromFormat("<keelback.jit %S>", name) : NULL;
  Py_XDECREF(name);
  return r;
}

/* -- Life --------------------------------------------------------------------------------------------------------- */

static PyObject *jit_descr_get(PyObject *self, PyObject *obj, PyObject *type)
{
  (void)type;
  return obj == NULL || obj == Py_None ? Py_NewRef(self) : PyMethod_New(self, obj);
}

static int visit_sig(const in_sig *s, visitproc visit, void *arg)
{
  Py_VISIT(s->native);
  Py_VISIT(s->unit);
  for (uint32_t i = 0; i < s->ndepends; i++) {
    Py_VISIT(s->depends[i].of);
    Py_VISIT(s->depends[i].value);
  }
  return 0;
}

static int jit_traverse(PyObject *self, visitproc visit, void *arg)
{
  const in_jit *j = (const in_jit *)self;
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(j->func);
  Py_VISIT(j->code);
  Py_VISIT(j->pool);
  Py_VISIT(j->tools);
  Py_VISIT(j->options);
  Py_VISIT(j->dict);
  int err = 0;
  for (uint32_t i = 0; i < j->nsigs && !err; i++) err = visit_sig(j->sigs[i], visit, arg);
  for (const in_sig *s = j->old; s && !err; s = s->old) err = visit_sig(s, visit, arg);
  return err;
}

static PyObject *call_dead(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  (void)self, (void)args, (void)nargsf, (void)kwnames;
  PyErr_SetString(PyExc_ReferenceError, "this function was collected as garbage");
  return NULL;
}

static int jit_clear(PyObject *self)
{
  in_jit *j = (in_jit *)self;
  j->call = call_dead;
  in_jit_forget(j);
  while (j->old) {
    in_sig *s = j->old;
    j->old = s->old;
    in_sig_free(s);
  }
  Py_CLEAR(j->dict);
  Py_CLEAR(j->options);
  Py_CLEAR(j->pool);
  return 0; /* func stays: attributes ask it, and it is cleared by itself */
}

static void jit_dealloc(PyObject *self)
{
  in_jit *j = (in_jit *)self;
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (j->weakrefs) PyObject_ClearWeakRefs(self);
  (void)jit_clear(self);
  Py_CLEAR(j->tools);
  Py_CLEAR(j->names);
  Py_CLEAR(j->code);
  Py_CLEAR(j->func);
  type->tp_free(self);
  Py_DECREF(type);
}

static PyMemberDef jit_members[] = { { "__vectorcalloffset__", T_PYSSIZET, offsetof(in_jit, call), READONLY, NULL },
                                     { "__dictoffset__", T_PYSSIZET, offsetof(in_jit, dict), READONLY, NULL },
                                     { "__weaklistoffset__", T_PYSSIZET, offsetof(in_jit, weakrefs), READONLY, NULL },
                                     { NULL, 0, 0, 0, NULL } };

static PyType_Slot jit_slots[] = { { Py_tp_call, (void *)PyVectorcall_Call },
                                   { Py_tp_repr, (void *)jit_repr },
                                   { Py_tp_descr_get, (void *)jit_descr_get },
                                   { Py_tp_traverse, (void *)jit_traverse },
                                   { Py_tp_clear, (void *)jit_clear },
                                   { Py_tp_dealloc, (void *)jit_dealloc },
                                   { Py_tp_members, jit_members },
                                   { Py_tp_methods, jit_methods },
                                   { Py_tp_getset, jit_getset },
                                   { Py_tp_doc, (void *)"A function under kb.jit." },
                                   { 0, NULL } };

static PyType_Spec jit_spec = { "keelback.jit", (int)sizeof(in_jit), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                                    Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                jit_slots };

/* -- Making one ----------------------------------------------------------------------------------------------------- */

/* As functools.update_wrapper does. */
static PyObject *dict_of(PyObject *func)
{
  static const char *const names[] = { "__module__", "__name__", "__qualname__", "__doc__" };
  PyObject *attrs = PyObject_GetAttrString(func, "__dict__"), *dict = attrs ? PyDict_Copy(attrs) : NULL;
  Py_XDECREF(attrs);
  for (size_t i = 0; dict && i < sizeof names / sizeof *names; i++) {
    PyObject *v = PyObject_GetAttrString(func, names[i]);
    if (v == NULL || PyDict_SetItemString(dict, names[i], v) < 0) Py_CLEAR(dict);
    Py_XDECREF(v);
  }
  if (dict && PyDict_SetItemString(dict, "__wrapped__", func) < 0) Py_CLEAR(dict);
  return dict;
}

/* jit(function, tools, options) */
static PyObject *jit_new(PyObject *module, PyObject *args)
{
  PyObject *func, *tools, *options;
  (void)module;
  if (!PyArg_ParseTuple(args, "O!OO!", &PyFunction_Type, &func, &tools, &PyDict_Type, &options)) return NULL;
  in_jit *j = PyObject_GC_New(in_jit, in_jit_type);
  if (j == NULL) return NULL;
  memset((char *)j + sizeof(PyObject), 0, sizeof *j - sizeof(PyObject));
  j->func = Py_NewRef(func);
  j->tools = Py_NewRef(tools);
  j->options = Py_NewRef(options);
  j->dict = dict_of(func);
  int err = j->dict ? in_jit_learn(j) : -1;
  PyObject_GC_Track(j);
  if (err < 0) {
    Py_DECREF(j);
    return NULL;
  }
  return (PyObject *)j;
}

static PyMethodDef module_methods[] = { { "jit", jit_new, METH_VARARGS,
                                          "jit(function, tools, options): what kb.jit gives for a Python function" },
                                        { NULL, NULL, 0, NULL } };

int in_jit_init(PyObject *module)
{
  in_jit_miss = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type);
  in_jit_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &jit_spec, NULL); /* kept for the process */
  in_jit_call = in_jit_direct;
  if (in_jit_miss == NULL || in_jit_type == NULL || PyModule_AddObjectRef(module, "MISS", in_jit_miss) < 0) return -1;
  kbpy_find_numpy();
  return PyModule_AddFunctions(module, module_methods);
}
