/* SPDX-License-Identifier: MIT */
/* py_resolve.c: what the names of a kernel mean: constants, types, builtins, other kernels, or why not. */
#include "py.h"

#include <string.h>

/* -- Objects that are known by identity -------------------------------------------------------------------- */

/* py->known tells the kb_builtin. */
static void know(kb_py *py, PyObject *object, long what)
{
  PyObject *key = PyLong_FromVoidPtr(object), *value = PyLong_FromLong(what);
  if (key && value) PyDict_SetItem(py->known, key, value);
  Py_XDECREF(key);
  Py_XDECREF(value);
}

/* The attribute, which its module keeps alive; nothing when there is none in this version. */
static void know_attr(kb_py *py, PyObject *module, const char *name, long what)
{
  PyObject *object = PyObject_GetAttrString(module, name);
  if (object) know(py, object, what);
  Py_XDECREF(object);
  PyErr_Clear();
}

static long known(kb_py *py, PyObject *object)
{
  PyObject *key = PyLong_FromVoidPtr(object);
  PyObject *value = key ? PyDict_GetItemWithError(py->known, key) : NULL;
  Py_XDECREF(key);
  return value ? PyLong_AsLong(value) : -1;
}

void kb_py_resolve_init(kb_py *py)
{
  PyObject *builtins = PyImport_ImportModule("builtins"), *math = PyImport_ImportModule("math");
  PyObject *keelback = PyImport_ImportModule("keelback");
  PyObject *numpy = PyDict_GetItemString(PyImport_GetModuleDict(), "numpy"); /* borrowed; never imported by us */
  for (int i = 0; i < KB_NBUILTINS; i++) {
    const char *text = kb_builtins[i].text;
    if (strncmp(text, "math.", 5) == 0) {
      if (math) know_attr(py, math, text + 5, i);
    } else if (strncmp(text, "kb.", 3) == 0) {
      if (keelback && i >= KB_BI_ZEROS) know_attr(py, keelback, text + 3, i);
      if (numpy && i >= KB_BI_ZEROS) know_attr(py, numpy, text + 3, i);
    } else if (builtins) {
      know_attr(py, builtins, text, i);
    }
  }
  Py_XDECREF(builtins);
  Py_XDECREF(math);
  Py_XDECREF(keelback);
  PyErr_Clear();
}

/* -- Failing imports ------------------------------------------------------------------------------------------ */

bool kb_py_is_missing(PyObject *object)
{
  return strcmp(Py_TYPE(object)->tp_name, "Missing") == 0 &&
         PyObject_HasAttrString((PyObject *)Py_TYPE(object), "keelback_missing");
}

const char *kb_py_missing_text(PyObject *object)
{
  PyObject *text = PyObject_Str(object);
  const char *s = text ? kb_py_text(text) : "an import failed";
  PyErr_Clear();
  Py_XDECREF(text);
  return s;
}

/* -- Values ------------------------------------------------------------------------------------------------------ */

static kt_node *bad(kb_py_fn *f, kb_loc loc, const char *fmt, const char *a, const char *b)
{
  kt_node *n = kt_new(f->py->mod, TN_BAD, loc);
  size_t size = strlen(fmt) + strlen(a) + (b ? strlen(b) : 0) + 1;
  char *text = (char *)kb_arena_alloc(f->py->mod->arena, size), *to = text;
  const char *rest[2];
  rest[0] = a;
  rest[1] = b;
  for (int i = 0; *fmt; fmt++) { /* $ stands for a, then for b */
    if (*fmt != '$') *to++ = *fmt;
    else to = stpcpy(to, rest[i++ & 1]);
  }
  *to = 0;
  n->str = text;
  return n;
}

static kt_node *int_node(kb_py_fn *f, PyObject *object, kb_loc loc, const char *called)
{
  int overflow;
  kt_node *n = kt_new(f->py->mod, TN_INT, loc);
  n->i = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (!overflow) return n;
  PyObject *plain = PyNumber_Long(object);
  PyObject *text = plain ? PyNumber_ToBase(plain, 10) : NULL;
  if (text) {
    n->kind = TN_BIGINT;
    n->str = kb_py_text(text);
  } else {
    PyErr_Clear();
    n = bad(f, loc, "$ is an int of too many digits", called, NULL);
  }
  Py_XDECREF(plain);
  Py_XDECREF(text);
  return n;
}

/* A value of a sized type, of NumPy or keelback.ref: the constant with a cast around it. */
static kt_node *sized_node(kb_py_fn *f, PyObject *object, kb_ty ty, kb_loc loc, const char *called)
{
  kt_node *kids[2];
  PyObject *plain = kb_type_is_float(ty) ? PyNumber_Float(object) : PyNumber_Long(object);
  if (!plain) {
    PyErr_Clear();
    return bad(f, loc, "$ cannot be read as a number", called, NULL);
  }
  if (ty == KB_T_BOOL) {
    kids[1] = kt_new(f->py->mod, TN_BOOL, loc);
    kids[1]->i = PyLong_AsLong(plain) != 0;
  } else {
    kids[1] = kb_py_value(f, plain, loc, called);
  }
  Py_DECREF(plain);
  if (ty == KB_T_BOOL) return kids[1];
  kids[0] = kt_new(f->py->mod, TN_TYPE, loc);
  kids[0]->ty = ty;
  kt_node *n = kt_new(f->py->mod, TN_CALL, loc);
  n->kids = kt_list_of(f->py->mod, kids, 2);
  return n;
}

/* -- What kb.jit's typed code relies on ------------------------------------------------------------------------- */

static void depend(kb_py_fn *f, PyObject *where, PyObject *name, PyObject *object)
{
  if (!f->py->depends || !where) return;
  PyObject *item = PyTuple_Pack(3, where, name ? name : Py_None, object);
  if (!item || PyList_Append(f->py->depends, item) < 0) PyErr_Clear();
  Py_XDECREF(item);
}

/* Is object the function that is being compiled, or the kb.jit object around it? */
static bool is_itself(kb_py_fn *f, PyObject *object)
{
  if (object == f->function) return true;
  if (!strstr(Py_TYPE(object)->tp_name, "keelback") || PyType_Check(object)) return false;
  PyObject *wrapped = PyObject_GetAttrString(object, "__wrapped__");
  PyErr_Clear();
  Py_XDECREF(wrapped);
  return wrapped == f->function;
}

/* The rest of kb_py_value for kb.jit: nothing that has a type of its own, and no kernels, which convert arguments. */
static kt_node *jit_value(kb_py_fn *f, PyObject *object, kb_loc loc, const char *called)
{
  long what = known(f->py, object);
  kt_node *n = kt_new(f->py->mod, what >= 0 ? TN_BUILTIN : TN_KERNEL, loc);
  if (what >= 0 && what < KB_BI_I8) n->i = what;
  else if (what >= KB_BI_SQRT) n->i = what;
  else if (is_itself(f, object)) n->i = 0;
  else return bad(f, loc, "$ is a $, which typed code of kb.jit does not use", called, kb_intern(Py_TYPE(object)->tp_name));
  return n;
}

static kt_node *tuple_node(kb_py_fn *f, PyObject *object, kb_loc loc, const char *called)
{
  kt_node *n = kt_new(f->py->mod, TN_TUPLE, loc);
  Py_ssize_t size = PyTuple_GET_SIZE(object);
  KB_VEC(kt_node *) kids = { 0 };
  for (Py_ssize_t i = 0; i < size; i++) {
    const char *item = kb_arena_printf(f->py->mod->arena, "item %zd of %s", i, called);
    kb_vec_push(&kids, kb_py_value(f, PyTuple_GET_ITEM(object, i), loc, item));
    if (kids.v[i]->kind == TN_BAD) n = kids.v[i];
  }
  if (n->kind == TN_TUPLE) n->kids = kt_list_of(f->py->mod, kids.v, kids.n);
  kb_vec_free(&kids);
  return n;
}

/* Is object an instance of module.name? Modules that are not loaded have no instances. */
static bool is_instance(PyObject *object, const char *module, const char *name)
{
  PyObject *m = PyDict_GetItemString(PyImport_GetModuleDict(), module);
  PyObject *type = m ? PyObject_GetAttrString(m, name) : NULL;
  int is = type ? PyObject_IsInstance(object, type) : 0;
  Py_XDECREF(type);
  PyErr_Clear();
  return is > 0;
}

static bool of_numpy(PyObject *function)
{
  PyObject *module = PyFunction_GetModule(function); /* borrowed */
  return module && PyUnicode_Check(module) && strncmp(kb_py_text(module), "numpy", 5) == 0;
}

/* Why an object that is none of the usable ones cannot be used. */
static kt_node *unusable(kb_py_fn *f, PyObject *object, kb_loc loc, const char *called)
{
  const char *type = kb_intern(Py_TYPE(object)->tp_name);
  if (kb_py_is_missing(object)) return bad(f, loc, "$", kb_py_missing_text(object), NULL);
  if (PyList_Check(object) || PySet_Check(object) || PyByteArray_Check(object) || strcmp(type, "array.array") == 0)
    return bad(f, loc, "$ is a $, which can change; pass it as an array parameter or make it a tuple", called, type);
  if (PyDict_Check(object))
    return bad(f, loc, "$ is a dict, which can change; pass its values as parameters", called, NULL);
  if (is_instance(object, "numpy", "ndarray"))
    return bad(f, loc, "$ is a NumPy array, which can change; pass it as an array parameter or make it a tuple", called,
               NULL);
  if (PyModule_Check(object))
    return bad(f, loc, "$ is a module; name what you need of it, as in math.sqrt", called, NULL);
  if (PyFunction_Check(object) && of_numpy(object))
    return bad(f, loc, "$ is a NumPy function, which is not supported in a kernel; write the loop out", called, NULL);
  if (PyFunction_Check(object))
    return bad(f, loc, "$ is a plain Python function; mark it with @kb.kernel to call it from a kernel", called, NULL);
  if (PyExceptionClass_Check(object)) return bad(f, loc, "$ is an exception; it can only be raised", called, NULL);
  if (PyComplex_Check(object))
    return bad(f, loc, "$ is a complex number, which is not supported in a kernel; keep two floats", called, NULL);
  if (PyBytes_Check(object))
    return bad(f, loc, "$ is bytes, which is not supported in a kernel; pass it as a kb.u8[:] parameter", called, NULL);
  if (PyCFunction_Check(object)) {
    PyObject *module = ((PyCFunctionObject *)object)->m_module;
    const char *name = ((PyCFunctionObject *)object)->m_ml->ml_name;
    if (strcmp(name, "print") == 0)
      return bad(f, loc, "$ is not supported in a kernel; return the values and print them in the Python caller",
                 called, NULL);
    if (strcmp(name, "sorted") == 0)
      return bad(f, loc, "$ is not supported in a kernel; sort in the Python caller, or write the sort out", called,
                 NULL);
    if (module && PyUnicode_Check(module) && strcmp(kb_py_text(module), "math") == 0)
      return bad(f, loc,
                 "$ is not supported in a kernel: CPython computes it in its own way; write the formula out, or call "
                 "it in the Python caller",
                 called, NULL);
    return bad(f, loc, "the function $ is not supported in a kernel; call it in the Python caller and pass the result",
               called, NULL);
  }
  if (PyType_Check(object)) {
    if (object == (PyObject *)&PyReversed_Type)
      return bad(f, loc, "$ is not supported in a kernel; count down: range(n - 1, -1, -1)", called, NULL);
    if (object == (PyObject *)&PyMap_Type || object == (PyObject *)&PyFilter_Type)
      return bad(f, loc, "$ is not supported in a kernel; write the loop out", called, NULL);
    return bad(f, loc, "the type $ is not supported in a kernel; use int, float, bool, kb types, tuples and arrays",
               called, NULL);
  }
  if (strcmp(type, "numpy.ufunc") == 0)
    return bad(f, loc,
               "$ is a NumPy function, which is not supported in a kernel; use that of the module math on each element",
               called, NULL);
  if (strncmp(type, "numpy._", 7) == 0)
    return bad(f, loc, "$ is a NumPy function, which is not supported in a kernel; write the loop out", called, NULL);
  return bad(f, loc, "$ is a $, which is not supported in a kernel; pass what it holds as parameters", called, type);
}

kt_node *kb_py_value(kb_py_fn *f, PyObject *object, kb_loc loc, const char *called)
{
  kt_node *n;
  PyTypeObject *type = Py_TYPE(object);
  if (object == Py_None) return kt_new(f->py->mod, TN_NONE, loc);
  if (PyBool_Check(object)) {
    n = kt_new(f->py->mod, TN_BOOL, loc);
    n->i = object == Py_True;
    return n;
  }
  if (type == &PyLong_Type) return int_node(f, object, loc, called);
  if (type == &PyFloat_Type) {
    n = kt_new(f->py->mod, TN_FLOAT, loc);
    n->d = PyFloat_AS_DOUBLE(object);
    return n;
  }
  if (type == &PyUnicode_Type) {
    n = kt_new(f->py->mod, TN_STR, loc);
    n->str = kb_py_text(object);
    return n;
  }
  if (f->py->mod->jit && type != &PyTuple_Type) return jit_value(f, object, loc, called);
  if (PyTuple_Check(object)) return tuple_node(f, object, loc, called);
  long what = known(f->py, object);
  if (what >= 0) {
    n = kt_new(f->py->mod, TN_BUILTIN, loc);
    n->i = what;
    return n;
  }
  kb_ty ty = kb_py_scalar_type(object);
  if (ty != KB_T_BOT) {
    n = kt_new(f->py->mod, TN_TYPE, loc);
    n->ty = ty;
    return n;
  }
  if (Py_IS_TYPE(object, (PyTypeObject *)f->py->kernel_class) || PyDict_Contains(f->py->indices, object) > 0) {
    n = kt_new(f->py->mod, TN_KERNEL, loc);
    n->i = kb_py_kernel_index(f->py, object);
    return n;
  }
  PyErr_Clear(); /* of the test with an object that cannot be hashed */
  if (!PyType_Check(object)) {
    ty = kb_py_scalar_type((PyObject *)type); /* np.float32(0.5), kb.u32(7) */
    if (ty != KB_T_BOT) return sized_node(f, object, ty, loc, called);
    if (PyLong_Check(object) && is_instance(object, "enum", "Enum")) return int_node(f, object, loc, called);
  }
  return unusable(f, object, loc, called);
}

/* -- Names and chains --------------------------------------------------------------------------------------------- */

bool kb_py_is_static(kb_py_fn *f, PyObject *expr)
{
  kb_ast kind;
  while ((kind = kb_py_kind(expr)) == KA_Attribute) expr = kb_py_get(expr, "value");
  return kind == KA_Name && PyDict_Contains(f->locals, kb_py_get(expr, "id")) == 0;
}

/* Where the function finds its builtins (borrowed). */
static PyObject *builtins_of(kb_py_fn *f)
{
  PyObject *own = f->py->mod->jit ? kb_py_get(f->function, "__builtins__") : NULL;
  return own && PyDict_CheckExact(own) ? own : PyEval_GetBuiltins();
}

/* The object behind a name that is no local: a new reference, or NULL with the reason in *why. */
static PyObject *look_up(kb_py_fn *f, PyObject *name, const char **why)
{
  PyObject *freevars = PyCode_GetFreevars((PyCodeObject *)f->code);
  PyObject *closure = PyFunction_GetClosure(f->function), *found = NULL;
  Py_ssize_t cell = -1;
  for (Py_ssize_t i = 0; freevars && i < PyTuple_GET_SIZE(freevars); i++)
    if (PyUnicode_Compare(PyTuple_GET_ITEM(freevars, i), name) == 0) cell = i;
  Py_XDECREF(freevars);
  if (cell >= 0 && closure) {
    found = PyCell_Get(PyTuple_GET_ITEM(closure, cell)); /* new reference */
    if (!found)
      *why = kb_arena_printf(f->py->mod->arena, "'%s' of the enclosing function is not assigned", kb_py_text(name));
    else depend(f, PyTuple_GET_ITEM(closure, cell), NULL, found);
    return found;
  }
  PyObject *globals = PyFunction_GetGlobals(f->function), *builtins = builtins_of(f);
  found = PyDict_GetItemWithError(globals, name);
  if (found) {
    depend(f, globals, name, found);
    return Py_NewRef(found);
  }
  found = builtins ? PyDict_GetItemWithError(builtins, name) : NULL;
  if (found) {
    depend(f, builtins, name, found); /* and on its absence from the globals */
    return Py_NewRef(found);
  }
  PyErr_Clear();
  PyObject *star = PyDict_GetItemString(PyFunction_GetGlobals(f->function), "__keelback_star__");
  *why = kb_arena_printf(f->py->mod->arena, "name '%s' is not defined%s%s", kb_py_text(name), star ? "; " : "",
                         star ? kb_py_missing_text(star) : "");
  return NULL;
}

/* May attr of object be taken for a constant? Of modules, enums, and tuples with names. */
static bool fixed_attribute(PyObject *object)
{
  if (PyModule_Check(object) || PyTuple_Check(object)) return true;
  if (kb_py_is_missing(object)) return true;
  if (PyType_Check(object)) return is_instance(object, "enum", "EnumMeta");
  return is_instance(object, "enum", "Enum");
}

static PyObject *chase(kb_py_fn *f, PyObject *expr, const char **called, const char **why)
{
  if (kb_py_kind(expr) == KA_Name) {
    PyObject *id = kb_py_get(expr, "id");
    *called = kb_py_text(id);
    return look_up(f, id, why);
  }
  PyObject *base = chase(f, kb_py_get(expr, "value"), called, why), *found = NULL;
  if (!base) return NULL;
  const char *attr = kb_py_get_str(expr, "attr"), *of = *called;
  kb_arena *arena = f->py->mod->arena;
  *called = kb_intern(kb_arena_printf(arena, "%s.%s", of, attr));
  if (kb_py_is_missing(base)) return base;
  if (f->py->mod->jit) { /* what a module's dict holds; nothing that runs code */
    PyObject *dict = PyModule_CheckExact(base) ? PyModule_GetDict(base) : NULL;
    found = dict ? PyDict_GetItemWithError(dict, kb_py_get(expr, "attr")) : NULL;
    if (found) depend(f, dict, kb_py_get(expr, "attr"), Py_NewRef(found));
    else *why = kb_arena_printf(arena, "typed code of kb.jit does not use '%s.%s'", of, attr);
  } else if (fixed_attribute(base)) {
    found = PyObject_GetAttr(base, kb_py_get(expr, "attr"));
    if (!found) *why = kb_arena_printf(arena, "'%s' has no attribute '%s': %s", of, attr, kb_py_exception_text());
  } else {
    const char *quoted = kb_arena_printf(arena, "'%s'", of);
    kt_node *n = kb_py_value(f, base, kb_py_loc(f, expr), quoted);
    if (n->kind == TN_BAD) *why = n->str;
    else
      *why = kb_arena_printf(
          arena, "the attribute '.%s' of '%s' is not supported in a kernel; assign it to a name at the top of the file",
          attr, of);
  }
  Py_DECREF(base);
  return found;
}

kt_node *kb_py_resolve(kb_py_fn *f, PyObject *expr, PyObject **object)
{
  const char *called = NULL, *why = NULL;
  kb_loc loc = kb_py_loc(f, expr);
  PyObject *found = chase(f, expr, &called, &why);
  if (object) *object = NULL;
  if (!found) {
    kt_node *n = kt_new(f->py->mod, TN_BAD, loc);
    n->str = why;
    return n;
  }
  kt_node *n = kb_py_value(f, found, loc, kb_arena_printf(f->py->mod->arena, "'%s'", called));
  if (object) *object = found;
  else Py_DECREF(found);
  return n;
}
