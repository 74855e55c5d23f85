/* SPDX-License-Identifier: MIT */
/* py_in_dispatch.c: a call of a kb.jit function: the signature that its arguments have, and the tier of that.
 *
 * The last signature is tried first; native code says itself whether the arguments fit it (in_jit_miss). Nothing here may
 * change what the call does: whatever cannot be had faster, and each call that is wrong, is the Python function's own.
 */
#include "py_in_jit.h"

enum { SMALL = 16 }; /* parameters for which a call needs no memory */

/* The code that the function has now; without the checks of PyFunction_GET_CODE. */
static inline PyObject *code_of(const in_jit *j) { return ((PyFunctionObject *)j->func)->func_code; }

/* -- What native code depends on --------------------------------------------------------------------------------- */

#if defined __GNUC__ /* deprecated from 3.12 on, and there up to 3.13 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
static inline uint64_t version_of(PyObject *dict) { return ((PyDictObject *)dict)->ma_version_tag; }
#if defined __GNUC__
#pragma GCC diagnostic pop
#endif

/* Borrowed; NULL: it is not there, or an exception is set. */
static PyObject *current_value(const in_depend *d)
{
  if (PyDict_CheckExact(d->of)) return PyDict_GetItemWithError(d->of, d->name);
  if (PyCell_Check(d->of)) return PyCell_GET(d->of);
  if (PyFunction_Check(d->of)) {
    if (PyUnicode_CompareWithASCIIString(d->name, "__code__") == 0) return PyFunction_GET_CODE(d->of);
    if (PyUnicode_CompareWithASCIIString(d->name, "__defaults__") == 0) return PyFunction_GET_DEFAULTS(d->of);
    if (PyUnicode_CompareWithASCIIString(d->name, "__kwdefaults__") == 0) return PyFunction_GET_KW_DEFAULTS(d->of);
  }
  return NULL;
}

static __attribute__((noinline)) bool depends_hold(in_sig *s)
{
  for (uint32_t i = 0; i < s->ndepends; i++)
    if (current_value(&s->depends[i]) != s->depends[i].value) {
      PyErr_Clear();
      return false;
    }
  for (uint32_t i = 0; i < s->nwatched; i++) s->watched[i].version = version_of(s->watched[i].dict);
  return true;
}

static PyDictObject no_dict; /* of version 0: what is watched while there is nothing to watch */

/* Did nothing change that is watched? A few dicts are; all else (cells, functions, more dicts) is looked up each time. */
static inline bool unchanged(const in_sig *s)
{
  const in_watch *w = s->watched;
  return ((version_of(w[0].dict) ^ w[0].version) | (version_of(w[1].dict) ^ w[1].version) |
          (version_of(w[2].dict) ^ w[2].version) | s->more) == 0;
}

static int add_depend(in_sig *s, PyObject *of, PyObject *name, PyObject *value)
{
  in_depend *more = (in_depend *)PyMem_Realloc(s->depends, (s->ndepends + 1) * sizeof *more);
  if (more == NULL) return PyErr_NoMemory(), -1;
  s->depends = more;
  more[s->ndepends++] = (in_depend){ Py_NewRef(of), Py_NewRef(name), Py_XNewRef(value) };
  for (uint32_t i = 0; i < s->nwatched; i++)
    if (s->watched[i].dict == of) return 0;
  if (PyDict_CheckExact(of) && s->nwatched < IN_JIT_WATCHED) s->watched[s->nwatched++].dict = of; /* kept by depends */
  else s->more = 1;
  return 0;
}

/* (dict, name, object); (dict, name): must be absent; (cell, None, object); (function, "__code__", object). A name of the
 * builtins is so only as long as there is no global of that name. */
static int take_depend(const in_jit *j, in_sig *s, PyObject *item)
{
  Py_ssize_t n = PyTuple_Check(item) ? PyTuple_GET_SIZE(item) : 0;
  if (n != 2 && n != 3) return PyErr_SetString(PyExc_SystemError, "no dependency"), -1;
  PyObject *of = PyTuple_GET_ITEM(item, 0), *name = PyTuple_GET_ITEM(item, 1), *value = n == 3 ? PyTuple_GET_ITEM(item, 2) : NULL;
  PyObject *globals = PyFunction_GET_GLOBALS(j->func);
  if (!PyCell_Check(of) && (!PyUnicode_Check(name) || (!PyDict_CheckExact(of) && !PyFunction_Check(of))))
    return PyErr_SetString(PyExc_SystemError, "a dependency on something unknown"), -1;
  if (add_depend(s, of, name, value == in_jit_miss ? NULL : value) < 0) return -1;
  return of == j->builtins && of != globals && value ? add_depend(s, globals, name, NULL) : 0;
}

static int take_depends(const in_jit *j, in_sig *s, PyObject *list)
{
  PyObject *seq = PySequence_Fast(list, "a list of dependencies was expected");
  int err = seq ? 0 : -1;
  for (Py_ssize_t i = 0; !err && i < PySequence_Fast_GET_SIZE(seq); i++) err = take_depend(j, s, PySequence_Fast_GET_ITEM(seq, i));
  Py_XDECREF(seq);
  return err;
}

/* -- Signatures -------------------------------------------------------------------------------------------------- */

void in_sig_free(in_sig *s)
{
  for (uint32_t i = 0; i < s->ndepends; i++) {
    Py_DECREF(s->depends[i].of);
    Py_DECREF(s->depends[i].name);
    Py_XDECREF(s->depends[i].value);
  }
  PyMem_Free(s->depends);
  Py_XDECREF(s->native);
  Py_XDECREF(s->unit);
  Py_XDECREF(s->types);
  Py_XDECREF(s->reason);
  PyMem_Free(s);
}

/* A native signature for strided arrays takes contiguous ones as well. */
static bool takes(const in_sig *s, const uint32_t *kinds, Py_ssize_t n)
{
  for (Py_ssize_t k = 0; k < n; k++)
    if (s->kinds[k] != kinds[k] &&
        !(s->tier == IN_JIT_NATIVE && kinds[k] >= IN_A_ARRAY && (s->kinds[k] | IN_A_CONTIG) == kinds[k]))
      return false;
  return true;
}

static in_sig *find(const in_jit *j, const uint32_t *kinds)
{
  if (j->sig && takes(j->sig, kinds, j->nparams)) return j->sig;
  for (uint32_t i = 0; i < j->nsigs; i++)
    if (takes(j->sigs[i], kinds, j->nparams)) return j->sigs[i];
  return NULL;
}

static void use(in_jit *j, in_sig *s)
{
  j->sig = s;
  j->call = in_jit_entry(j);
}

/* No longer used; it may be running, so it is kept. */
static void drop(in_jit *j, in_sig *s)
{
  for (uint32_t i = 0; i < j->nsigs; i++)
    if (j->sigs[i] == s) {
      j->sigs[i] = j->sigs[--j->nsigs];
      s->old = j->old;
      j->old = s;
      j->dropped++;
      break;
    }
  if (j->sig == s) use(j, NULL);
}

static in_sig *new_sig(const uint32_t *kinds, Py_ssize_t n, int tier)
{
  in_sig *s = (in_sig *)PyMem_Calloc(1, sizeof *s + (size_t)n * sizeof *kinds);
  if (s == NULL) {
    PyErr_NoMemory();
    return NULL;
  }
  s->tier = tier;
  for (int i = 0; i < IN_JIT_WATCHED; i++) s->watched[i].dict = (PyObject *)&no_dict;
  memcpy(s->kinds, kinds, (size_t)n * sizeof *kinds);
  return s;
}

/* The exception that is set becomes a reason why something is not faster; -1: it is none of ours (KeyboardInterrupt). */
static int error_to_reason(PyObject **reason)
{
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return -1;
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyObject *text = PyUnicode_FromFormat("%s: %S", ((PyTypeObject *)type)->tp_name, value ? value : Py_None);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(tb);
  if (text == NULL) return -1;
  Py_XSETREF(*reason, text);
  return 0;
}

/* -- Making one: the typed attempt ------------------------------------------------------------------------------- */

/* made: (native, unit, depends) or (None, reason, None). */
static int take_native(const in_jit *j, in_sig *s, PyObject *made)
{
  PyObject *native, *unit, *depends;
  if (!PyTuple_Check(made) || !PyArg_ParseTuple(made, "OOO", &native, &unit, &depends)) return -1;
  if (native == Py_None) {
    s->reason = Py_NewRef(unit);
    return 0;
  }
  s->call = PyVectorcall_Function(native);
  if (s->call == NULL) return PyErr_SetString(PyExc_SystemError, "a native function without vectorcall"), -1;
  if (take_depends(j, s, depends) < 0) return -1;
  s->native = Py_NewRef(native);
  s->unit = Py_NewRef(unit);
  if (depends_hold(s)) s->tier = IN_JIT_NATIVE, s->trial = IN_TRIAL_OVER;
  else s->reason = PyUnicode_FromString("what it depends on changed while it was compiled");
  return 0;
}

/* Fills s, of a lower tier, with native code if there can be some. Other threads, and calls from within the compiler, see
 * busy and do not come here. -1: an exception that is not the compiler's (KeyboardInterrupt). */
static int try_typed(in_jit *j, in_sig *s)
{
  PyObject *code = j->code, *made = NULL;
  s->types = in_kind_names(s->kinds, j->nparams);
  if (s->types == NULL) return -1;
  j->ntyped++;
  j->busy = true;
  made = PyObject_CallMethod(j->tools, "typed", "OOO", j->func, s->types, j->options);
  j->busy = false;
  if (made && j->code == code && take_native(j, s, made) < 0) Py_CLEAR(made);
  if (made == NULL) return error_to_reason(&s->reason);
  Py_DECREF(made);
  return 0;
}

/* -- Making one: the lower tiers ------------------------------------------------------------------------------------ */

static in_code *load_image(const in_jit *j, PyObject *bytes)
{
  in_code *c = in_code_new((const unsigned char *)PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
  if (c && c->image->nparams != (uint32_t)(j->nparams + j->star + j->starstar)) {
    PyErr_SetString(PyExc_SystemError, "an image with other parameters than the function");
    in_code_free(c);
    return NULL;
  }
  if (c) {
    c->globals = PyFunction_GET_GLOBALS(j->func);
    c->builtins = j->builtins;
    c->closure = j->closure;
    c->qualname = ((PyCodeObject *)j->code)->co_qualname;
  }
  return c;
}

/* Asks the front end once for the image of the function. -1: exception. */
static int ask_for_image(in_jit *j)
{
  if (j->asked || j->busy) return 0;
  PyObject *code = j->code, *bytes, *pool;
  j->busy = true;
  PyObject *made = PyObject_CallMethod(j->tools, "dynamic", "OO", j->func, j->options);
  j->busy = false;
  if (made && j->code != code) return Py_DECREF(made), 0;
  j->asked = true;
  if (made == NULL) return error_to_reason(&j->why);
  int err = 0;
  if (PyUnicode_Check(made)) {
    Py_XSETREF(j->why, Py_NewRef(made));
  } else if (PyArg_ParseTuple(made, "SO", &bytes, &pool) && (j->image = load_image(j, bytes)) != NULL) {
    Py_XSETREF(j->pool, Py_NewRef(pool));
    j->image->pool = j->pool;
  } else {
    err = error_to_reason(&j->why);
  }
  Py_DECREF(made);
  return err;
}

/* The tier below native for these arguments; *why is a new reference or NULL. -1: exception. */
static int lower_tier(in_jit *j, PyObject *const *a, PyObject **why)
{
  *why = NULL;
  if (ask_for_image(j) < 0) return -1;
  if (j->image == NULL) {
    *why = Py_XNewRef(j->why);
    return IN_JIT_PYTHON;
  }
  const char *no = j->lower == IN_JIT_INTERPRETED ? NULL : in_policy_no(j->image, a, j->nparams);
  if (no == NULL) return IN_JIT_INTERPRETED;
  *why = PyUnicode_FromString(no);
  return *why ? IN_JIT_PYTHON : -1;
}

static int set_lower_tier(in_jit *j, in_sig *s, PyObject *const *a)
{
  PyObject *why;
  s->tier = lower_tier(j, a, &why);
  if (s->tier < 0) return -1;
  if (why && s->reason && PyUnicode_Check(s->reason)) {
    PyObject *both = PyUnicode_FromFormat("%U; %U", s->reason, why);
    Py_DECREF(why);
    why = both;
    if (both == NULL) return -1;
  }
  if (why) Py_XSETREF(s->reason, why);
  return 0;
}

static bool typed_wanted(const in_jit *j, const uint32_t *kinds)
{
  if (j->star || j->starstar || j->ntyped >= IN_JIT_TYPED || j->lower == IN_JIT_INTERPRETED) return false;
  for (Py_ssize_t k = 0; k < j->nparams; k++)
    if (!in_kind_typed(kinds[k])) return false;
  return true;
}

/* *made: the new signature, NULL: none, the call is the function's own. */
static int make(in_jit *j, const uint32_t *kinds, PyObject *const *a, in_sig **made)
{
  *made = NULL;
  if (j->busy || j->nsigs == IN_JIT_SIGS) return 0;
  PyObject *code = j->code;
  in_sig *s = new_sig(kinds, j->nparams, IN_JIT_PYTHON);
  if (s == NULL) return -1;
  int err = typed_wanted(j, kinds) ? try_typed(j, s) : 0;
  if (!err && s->tier != IN_JIT_NATIVE && j->code == code) err = set_lower_tier(j, s, a);
  if (err || j->code != code || j->nsigs == IN_JIT_SIGS) { /* it was given other code meanwhile */
    in_sig_free(s);
    return err;
  }
  j->sigs[j->nsigs++] = s;
  *made = s;
  return 0;
}

/* -- Tiers ------------------------------------------------------------------------------------------------------------ */

static PyObject *call_python(in_jit *j, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  j->calls[IN_JIT_PYTHON]++;
  return PyObject_Vectorcall(j->func, args, nargsf, kwnames);
}

/* Everything that the call uses is held by it: the function may be given other code meanwhile. */
static int interpret_slots(in_jit *j, in_sig *s, const in_val *args, uint32_t n, in_val *r)
{
  in_code *c = j->image;
  PyObject *func = Py_NewRef(j->func), *pool = Py_XNewRef(j->pool);
  uint64_t fast = c->fast, slow = c->slow;
  c->refs++;
  j->calls[IN_JIT_INTERPRETED]++;
  int err = in_call(c, func, true, args, n, r);
  if (s) {
    s->calls++;
    s->fast += c->fast - fast;
    s->slow += c->slow - slow;
  }
  in_code_free(c);
  Py_XDECREF(pool);
  Py_DECREF(func);
  return err;
}

static PyObject *interpret(in_jit *j, PyObject *const *a, in_sig *s)
{
  Py_ssize_t n = j->nparams + j->star + j->starstar;
  in_val small[SMALL], *v = n > SMALL ? (in_val *)PyMem_Malloc((size_t)n * sizeof *v) : small, r = { 0 };
  if (v == NULL) return PyErr_NoMemory();
  for (Py_ssize_t k = 0; k < n; k++) v[k] = in_obj(a[k]); /* borrowed */
  PyObject *result = NULL;
  if (interpret_slots(j, s, v, (uint32_t)n, &r) == 0) {
    in_frame f = { .jit = true };
    result = in_box(&f, &r);
    in_decref(r);
  }
  if (v != small) PyMem_Free(v);
  return result;
}

/* A signature that turned out slow goes back to CPython, from the next call on. */
static void judge(in_jit *j, in_sig *s)
{
  if (s->slow < IN_JIT_ENOUGH || s->slow < 2 * s->judged || s->tier != IN_JIT_INTERPRETED || j->lower == IN_JIT_INTERPRETED || j->image == NULL) return;
  s->judged = s->slow;
  if (!in_policy_slow(j->image, s->fast, s->slow)) return;
  PyObject *type, *value, *tb; /* the call may have raised: that is what its caller gets */
  PyErr_Fetch(&type, &value, &tb);
  s->tier = IN_JIT_PYTHON;
  j->demoted++;
  Py_XSETREF(s->reason, PyUnicode_FromString("interpreted it was slow: mostly operations on objects"));
  PyErr_Restore(type, value, tb);
  if (j->sig == s) use(j, s);
}

/* The arguments of a native signature did not fit it after all (an int past 64 bits, say): this one call is a lower tier's. */
static PyObject *call_lower(in_jit *j, PyObject *const *a, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  PyObject *why;
  int tier = lower_tier(j, a, &why);
  Py_XDECREF(why);
  if (tier < 0) return NULL;
  return tier == IN_JIT_INTERPRETED && j->image ? interpret(j, a, NULL) : call_python(j, args, nargsf, kwnames);
}

static PyObject *run_tier(in_jit *j, in_sig *s, PyObject *const *a, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  if (s->tier == IN_JIT_NATIVE) {
    s->calls++;
    PyObject *r = s->call(s->native, a, (size_t)j->nparams, NULL);
    if (r != in_jit_miss) return r;
    Py_DECREF(r);
    s->calls--;
    return call_lower(j, a, args, nargsf, kwnames);
  }
  if (s->tier == IN_JIT_INTERPRETED && j->image) {
    PyObject *r = interpret(j, a, s);
    judge(j, s);
    return r;
  }
  s->calls++;
  return call_python(j, args, nargsf, kwnames);
}

/* CPython won the trial. Nothing here may fail. */
static void demote(in_jit *j, in_sig *s, PyObject *const *a)
{
  PyObject *type, *value, *tb, *why = NULL;
  bool native = s->tier == IN_JIT_NATIVE;
  PyErr_Fetch(&type, &value, &tb);
  if (native) j->calls[IN_JIT_NATIVE] += s->calls;
  int tier = native ? lower_tier(j, a, &why) : IN_JIT_PYTHON;
  s->tier = tier < 0 ? IN_JIT_PYTHON : tier;
  j->demoted++;
  Py_XDECREF(why);
  Py_XSETREF(s->reason, PyUnicode_FromFormat("%s, it was slower than CPython (%llu and %llu us in a trial)",
                                             native ? "compiled, but left again and again" : "interpreted",
                                             (unsigned long long)s->time[0] / 1000, (unsigned long long)s->time[1] / 1000));
  in_trial_begin(s);
  PyErr_Restore(type, value, tb);
  if (j->sig == s) use(j, s);
}

static PyObject *run(in_jit *j, in_sig *s, PyObject *const *a, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  if (s == NULL) return call_lower(j, a, args, nargsf, kwnames);
  if (s->trial == IN_TRIAL_OVER || s->tier == IN_JIT_PYTHON || j->lower != IN_JIT_NATIVE)
    return run_tier(j, s, a, args, nargsf, kwnames);
  int tier = s->tier;
  bool theirs = in_trial_theirs(s);
  uint64_t start = in_trial_now();
  PyObject *r = theirs ? call_python(j, args, nargsf, kwnames) : run_tier(j, s, a, args, nargsf, kwnames);
  bool lost = s->tier == tier && s->trial != IN_TRIAL_OVER && in_trial_count(s, in_trial_now() - start);
  if (lost && tier != IN_JIT_PYTHON) demote(j, s, a);
  else if (s->trial == IN_TRIAL_OVER && j->sig == s) use(j, s);
  return r;
}

/* -- Calls by interpreted functions --------------------------------------------------------------------------------- */

static uint32_t kind_of_slot(const in_val *v)
{
  switch (v->tag) {
  case IN_INT: return IN_A_INT;
  case IN_FLOAT: return IN_A_FLOAT;
  case IN_BOOL: return IN_A_BOOL;
  case IN_OBJ: return in_kind(v->o);
  default: return IN_A_OTHER;
  }
}

/* Without boxing the arguments, if fn would interpret them (in_jit_call of py_in.h). */
int in_jit_direct(PyObject *fn, const in_val *args, uint32_t nargs, in_val *r)
{
  in_jit *j = (in_jit *)fn;
  in_sig *s = j->sig;
  if (s == NULL || s->tier != IN_JIT_INTERPRETED || j->image == NULL || (s->trial != IN_TRIAL_OVER && j->lower == IN_JIT_NATIVE) || j->star || j->starstar ||
      (Py_ssize_t)nargs != j->npos || j->npos != j->nparams || code_of(j) != j->code)
    return 0;
  for (uint32_t k = 0; k < nargs; k++) {
    uint32_t kind = kind_of_slot(&args[k]);
    if (kind == IN_A_OTHER || kind != s->kinds[k]) return 0;
  }
  int err = interpret_slots(j, s, args, nargs, r);
  judge(j, s);
  return err < 0 ? -1 : 1;
}

/* -- Entries ------------------------------------------------------------------------------------------------------------ */

static PyObject *dispatch_bound(in_jit *j, PyObject *const *a, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  uint32_t small[SMALL], *kinds = j->nparams > SMALL ? (uint32_t *)PyMem_Malloc((size_t)j->nparams * sizeof *kinds) : small;
  if (kinds == NULL) return PyErr_NoMemory();
  for (Py_ssize_t k = 0; k < j->nparams; k++) kinds[k] = in_kind(a[k]);
  in_sig *s = find(j, kinds);
  if (s && s->tier == IN_JIT_NATIVE && !unchanged(s) && !depends_hold(s)) {
    drop(j, s);
    s = NULL;
  }
  int err = s ? 0 : make(j, kinds, a, &s);
  if (kinds != small) PyMem_Free(kinds);
  if (err) return NULL;
  if (s && s != j->sig) use(j, s);
  return run(j, s, a, args, nargsf, kwnames);
}

/* Everything that is not the plain call of the last signature. */
static PyObject *dispatch(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  in_jit *j = (in_jit *)self;
  if (KB_UNLIKELY(code_of(j) != j->code) && in_jit_learn(j) < 0) return NULL;
  if (j->lower == IN_JIT_PYTHON) return call_python(j, args, nargsf, kwnames);
  Py_ssize_t n = j->nparams + j->star + j->starstar, nargs = PyVectorcall_NARGS(nargsf);
  if (kwnames == NULL && nargs == n && n == j->npos) return dispatch_bound(j, args, args, nargsf, kwnames);
  PyObject *small[SMALL], **a = n > SMALL ? (PyObject **)PyMem_Malloc((size_t)n * sizeof *a) : small, *owned[2], *r = NULL;
  if (a == NULL) return PyErr_NoMemory();
  int err = in_bind(j, args, nargs, kwnames, a, owned);
  if (err == 0) {
    for (Py_ssize_t k = 0; k < n; k++) Py_INCREF(a[k]); /* dicts of defaults may change meanwhile */
    r = dispatch_bound(j, a, args, nargsf, kwnames);
    for (Py_ssize_t k = 0; k < n; k++) Py_DECREF(a[k]);
  } else if (err > 0) { /* CPython knows how to say it */
    r = call_python(j, args, nargsf, kwnames);
  }
  Py_XDECREF(owned[0]);
  Py_XDECREF(owned[1]);
  if (a != small) PyMem_Free(a);
  return r;
}

/* The last signature is native, and does not take these arguments: nothing has happened yet. */
static KB_COLD PyObject *missed(PyObject *self, PyObject *const *args, size_t nargsf)
{
  ((in_jit *)self)->sig->calls--;
  Py_DECREF(in_jit_miss);
  return dispatch(self, args, nargsf, NULL);
}

/* Now and then: native code that mostly leaves has to show what it is good for. */
static KB_COLD PyObject *check_sig(PyObject *self, in_sig *s, PyObject *const *args, size_t nargsf)
{
  if (in_trial_wanted(s)) {
    in_trial_begin(s);
    use((in_jit *)self, s);
    return dispatch(self, args, nargsf, NULL);
  }
  s->calls++;
  PyObject *r = s->call(s->native, args, nargsf, NULL);
  return KB_LIKELY(r != in_jit_miss) ? r : missed(self, args, nargsf);
}

static inline PyObject *call_sig(PyObject *self, in_sig *s, PyObject *const *args, size_t nargsf)
{
  if (KB_UNLIKELY(s->calls % IN_TRIAL_EVERY == IN_TRIAL_EVERY - 1)) return check_sig(self, s, args, nargsf);
  s->calls++;
  PyObject *r = s->call(s->native, args, nargsf, NULL);
  return KB_LIKELY(r != in_jit_miss) ? r : missed(self, args, nargsf);
}

static __attribute__((noinline)) PyObject *call_changed(PyObject *self, PyObject *const *args, size_t nargsf)
{
  in_sig *s = ((in_jit *)self)->sig;
  return depends_hold(s) ? call_sig(self, s, args, nargsf) : dispatch(self, args, nargsf, NULL);
}

/* The last signature is native. Whatever is rare is a function of its own, so that this one has little to keep. */
static PyObject *call_native(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  const in_jit *j = (const in_jit *)self;
  in_sig *s = j->sig;
  if (KB_UNLIKELY(kwnames != NULL || PyVectorcall_NARGS(nargsf) != j->nparams || code_of(j) != j->code))
    return dispatch(self, args, nargsf, kwnames);
  return KB_LIKELY(unchanged(s)) ? call_sig(self, s, args, nargsf) : call_changed(self, args, nargsf);
}

/* The last signature is CPython's. */
static PyObject *call_same(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  in_jit *j = (in_jit *)self;
  const in_sig *s = j->sig;
  bool same = kwnames == NULL && PyVectorcall_NARGS(nargsf) == j->nparams && PyFunction_GET_CODE(j->func) == j->code;
  for (Py_ssize_t k = 0; same && k < j->nparams; k++) same = in_kind(args[k]) == s->kinds[k];
  if (!same) return dispatch(self, args, nargsf, kwnames);
  j->sig->calls++;
  return call_python(j, args, nargsf, kwnames);
}

/* CPython's for good. */
static PyObject *call_always(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  in_jit *j = (in_jit *)self;
  if (KB_UNLIKELY(code_of(j) != j->code)) return dispatch(self, args, nargsf, kwnames);
  return call_python(j, args, nargsf, kwnames);
}

vectorcallfunc in_jit_entry(const in_jit *j)
{
  if (j->lower == IN_JIT_PYTHON) return call_always;
  if (j->sig == NULL || j->star || j->starstar || j->npos != j->nparams) return dispatch;
  if (j->sig->tier == IN_JIT_NATIVE && j->sig->trial != IN_TRIAL_OVER) return dispatch;
  return j->sig->tier == IN_JIT_NATIVE ? call_native : j->sig->tier == IN_JIT_PYTHON ? call_same : dispatch;
}
