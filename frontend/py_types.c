/* SPDX-License-Identifier: MIT */
/* py_types.c: annotations, ctypes classes and defaults to the signatures of kernels. */
#include "py.h"

#include <string.h>

/* -- Scalars ----------------------------------------------------------------------------------------------- */

static kb_ty scalar_of_name(const char *name)
{
  static const struct {
    const char *kb, *numpy;
    kb_ty ty;
  } names[] = {
    { "i8", "int8", KB_T_I8 },      { "i16", "int16", KB_T_I16 },     { "i32", "int32", KB_T_I32 },
    { "i64", "int64", KB_T_I64 },   { "u8", "uint8", KB_T_U8 },       { "u16", "uint16", KB_T_U16 },
    { "u32", "uint32", KB_T_U32 },  { "u64", "uint64", KB_T_U64 },    { "f32", "float32", KB_T_F32 },
    { "f64", "float64", KB_T_F64 }, { "boolean", "bool", KB_T_BOOL }, { "", "bool_", KB_T_BOOL },
    { "", "longlong", KB_T_I64 },   { "", "ulonglong", KB_T_U64 },
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i].kb) == 0 || strcmp(name, names[i].numpy) == 0) return names[i].ty;
  return KB_T_BOT;
}

/* Is object an instance of class `name` of keelback._types? */
static bool is_keelback(PyObject *object, const char *name)
{
  PyObject *module = PyDict_GetItemString(PyImport_GetModuleDict(), "keelback._types");
  PyObject *type = module ? PyObject_GetAttrString(module, name) : NULL;
  bool is = type && Py_IS_TYPE(object, (PyTypeObject *)type);
  Py_XDECREF(type);
  return is;
}

/* A text attribute of an object, interned; "" when there is none. */
static const char *text_attr(PyObject *object, const char *attr)
{
  PyObject *value = PyObject_GetAttrString(object, attr);
  const char *s = value && PyUnicode_Check(value) ? kb_py_text(value) : "";
  PyErr_Clear();
  Py_XDECREF(value);
  return s;
}

static long int_attr(PyObject *object, const char *attr)
{
  PyObject *value = PyObject_GetAttrString(object, attr);
  long i = value ? PyLong_AsLong(value) : -1;
  PyErr_Clear();
  Py_XDECREF(value);
  return i;
}

kb_ty kb_py_scalar_type(PyObject *object)
{
  if (is_keelback(object, "Scalar")) return scalar_of_name(text_attr(object, "name"));
  if (PyType_Check(object)) {
    const char *name = ((PyTypeObject *)object)->tp_name;
    if (strncmp(name, "numpy.", 6) == 0) return scalar_of_name(name + 6);
    if (strncmp(text_attr(object, "__module__"), "keelback.ref", 12) == 0)
      return scalar_of_name(text_attr(object, "__name__"));
  } else if (strncmp(Py_TYPE(object)->tp_name, "numpy.dtype", 11) == 0) {
    PyObject *type = PyObject_GetAttrString(object, "type");
    kb_ty ty = type && PyType_Check(type) ? kb_py_scalar_type(type) : (kb_ty)KB_T_BOT;
    PyErr_Clear();
    Py_XDECREF(type);
    return ty;
  }
  return KB_T_BOT;
}

/* -- ctypes ------------------------------------------------------------------------------------------------- */

/* Is type a class derived from _ctypes.base? */
static bool is_ctypes(PyObject *type, const char *base)
{
  PyObject *module = PyType_Check(type) ? PyDict_GetItemString(PyImport_GetModuleDict(), "_ctypes") : NULL;
  PyObject *found = module ? PyObject_GetAttrString(module, base) : NULL;
  bool is = found && PyType_IsSubtype((PyTypeObject *)type, (PyTypeObject *)found);
  PyErr_Clear();
  Py_XDECREF(found);
  return is;
}

/* c_int32 and its kin: the letter of the class; long is 64 bits wide here. */
static kb_ty ctypes_scalar(PyObject *type)
{
  static const char letters[] = "bhilqBHILQfd?";
  static const kb_ty types[] = { KB_T_I8,  KB_T_I16, KB_T_I32, KB_T_I64, KB_T_I64, KB_T_U8,  KB_T_U16,
                                 KB_T_U32, KB_T_U64, KB_T_U64, KB_T_F32, KB_T_F64, KB_T_BOOL };
  const char *code = text_attr(type, "_type_");
  const char *at = *code ? strchr(letters, *code) : NULL;
  return at ? types[at - letters] : (kb_ty)KB_T_BOT;
}

static kb_ty ctypes_type(PyObject *type, const char **why)
{
  if (is_ctypes(type, "_SimpleCData")) {
    kb_ty ty = ctypes_scalar(type);
    if (ty == KB_T_BOT) *why = "this ctypes type is not supported; numbers and pointers to numbers are";
    return ty;
  }
  PyObject *pointee = PyObject_GetAttrString(type, "_type_");
  kb_ty ty = pointee && is_ctypes(pointee, "_SimpleCData") ? ctypes_scalar(pointee) : (kb_ty)KB_T_BOT;
  PyErr_Clear();
  Py_XDECREF(pointee);
  if (ty != KB_T_BOT) return kb_type_ptr(ty);
  *why = "a pointer to anything but numbers is not supported";
  return KB_T_BOT;
}

/* -- Annotations ---------------------------------------------------------------------------------------------- */

static kb_ty array_type(PyObject *array)
{
  PyObject *elem = PyObject_GetAttrString(array, "elem");
  kb_ty ty = elem ? kb_py_scalar_type(elem) : (kb_ty)KB_T_BOT;
  Py_XDECREF(elem);
  long rank = int_attr(array, "rank");
  return ty == KB_T_BOT || rank < 1 || rank > 4
             ? (kb_ty)KB_T_BOT
             : kb_type_array(ty, (unsigned)rank, int_attr(array, "contig") == 1, false);
}

/* tuple[int, float] */
static kb_ty tuple_type(PyObject *args, const char **why)
{
  kb_ty items[64];
  Py_ssize_t n = PyTuple_GET_SIZE(args);
  if (n == 0 || n > 64) {
    *why = "a tuple type needs 1 to 64 items, as in tuple[int, float]";
    return KB_T_BOT;
  }
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *arg = PyTuple_GET_ITEM(args, i);
    if (arg == Py_Ellipsis) {
      *why = "a tuple of any length is not supported; list the items, as in tuple[float, float]";
      return KB_T_BOT;
    }
    items[i] = kb_py_type(arg, why);
    if (items[i] == KB_T_BOT || items[i] == KB_T_VOID) return KB_T_BOT;
  }
  return kb_type_tuple(items, (uint32_t)n);
}

/* numpy.typing.NDArray[np.float64] is ndarray[Any or tuple[int, ...], dtype[float64]]: rank 1, unless the shape is
 * spelled out as a tuple of ints. */
static kb_ty ndarray_type(PyObject *args, const char **why)
{
  Py_ssize_t rank = 1;
  kb_ty elem = KB_T_BOT;
  if (PyTuple_GET_SIZE(args) == 2) {
    PyObject *shape = PyObject_GetAttrString(PyTuple_GET_ITEM(args, 0), "__args__");
    PyErr_Clear();
    if (shape && PyTuple_Check(shape)) {
      bool any = false;
      for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(shape); i++) any |= PyTuple_GET_ITEM(shape, i) == Py_Ellipsis;
      rank = any ? 1 : PyTuple_GET_SIZE(shape);
    }
    Py_XDECREF(shape);
    PyObject *dtype = PyObject_GetAttrString(PyTuple_GET_ITEM(args, 1), "__args__");
    PyErr_Clear();
    if (dtype && PyTuple_Check(dtype) && PyTuple_GET_SIZE(dtype) == 1)
      elem = kb_py_scalar_type(PyTuple_GET_ITEM(dtype, 0));
    Py_XDECREF(dtype);
  }
  if (elem != KB_T_BOT && rank >= 1 && rank <= 4) return kb_type_array(elem, (unsigned)rank, false, false);
  *why = "this array type is not supported; write one such as kb.f64[:, :]";
  return KB_T_BOT;
}

static bool is_alias(PyObject *object) { return strcmp(Py_TYPE(object)->tp_name, "typing.TypeAliasType") == 0; }

/* `type A = ...` (Python 3.12), with arguments when args is not NULL; NDArray is one in newer versions of NumPy. */
static kb_ty aliased_type(PyObject *alias, PyObject *args, const char **why)
{
  PyObject *value = PyObject_GetAttrString(alias, "__value__");
  if (value && args) Py_SETREF(value, PyObject_GetItem(value, args));
  kb_ty ty = value ? kb_py_type(value, why) : (kb_ty)KB_T_BOT;
  if (!value) *why = kb_py_exception_text();
  Py_XDECREF(value);
  return ty;
}

/* X[...]: tuple, NumPy's arrays, and the ones that are refused with advice. */
static kb_ty subscripted_type(PyObject *origin, PyObject *args, const char **why)
{
  if (origin == (PyObject *)&PyTuple_Type) return tuple_type(args, why);
  if (is_alias(origin)) return aliased_type(origin, args, why);
  if (PyType_Check(origin) && strcmp(((PyTypeObject *)origin)->tp_name, "numpy.ndarray") == 0)
    return ndarray_type(args, why);
  if (origin == (PyObject *)&PyList_Type) {
    *why = "lists are not supported; take an array, as in kb.f64[:]";
    return KB_T_BOT;
  }
  *why =
      "this type is not supported; use int, float, bool, kb.i32 ..., arrays such as kb.f64[:], or tuple[...] of them";
  return KB_T_BOT;
}

kb_ty kb_py_type(PyObject *annotation, const char **why)
{
  static const struct {
    PyTypeObject *type;
    kb_ty ty;
  } plain[] = {
    { &PyLong_Type, KB_T_INT },
    { &PyFloat_Type, KB_T_FLOAT },
    { &PyBool_Type, KB_T_BOOL },
  };
  *why =
      "this type is not supported; use int, float, bool, kb.i32 ..., arrays such as kb.f64[:], or tuple[...] of them";
  if (annotation == Py_None || annotation == (PyObject *)Py_TYPE(Py_None)) return KB_T_VOID;
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (annotation == (PyObject *)plain[i].type) return plain[i].ty;
  if (is_keelback(annotation, "Array")) return array_type(annotation);
  if (is_keelback(annotation, "Pointer")) {
    PyObject *elem = PyObject_GetAttrString(annotation, "elem");
    kb_ty ty = elem ? kb_py_scalar_type(elem) : (kb_ty)KB_T_BOT;
    Py_XDECREF(elem);
    return ty == KB_T_BOT ? ty : kb_type_ptr(ty);
  }
  kb_ty scalar = kb_py_scalar_type(annotation);
  if (scalar != KB_T_BOT) return scalar;
  if (kb_py_is_missing(annotation)) {
    *why = kb_py_missing_text(annotation);
    return KB_T_BOT;
  }
  if (is_ctypes(annotation, "_SimpleCData") || is_ctypes(annotation, "_Pointer")) return ctypes_type(annotation, why);
  if (is_alias(annotation)) return aliased_type(annotation, NULL, why);
  PyObject *origin = PyObject_GetAttrString(annotation, "__origin__"),
           *args = PyObject_GetAttrString(annotation, "__args__");
  PyErr_Clear();
  kb_ty ty = KB_T_BOT;
  if (origin && args && PyTuple_Check(args)) ty = subscripted_type(origin, args, why);
  else if (PyType_Check(annotation) && strcmp(((PyTypeObject *)annotation)->tp_name, "numpy.ndarray") == 0)
    *why = "numpy.ndarray does not say of what and of how many axes; write an array type such as kb.f64[:, :]";
  else if (annotation == (PyObject *)&PyList_Type) *why = "lists are not supported; take an array, as in kb.f64[:]";
  else if (annotation == (PyObject *)&PyTuple_Type) *why = "the items are missing; list them, as in tuple[int, float]";
  else if (annotation == (PyObject *)&PyComplex_Type) *why = "complex numbers are not supported; take two floats";
  Py_XDECREF(origin);
  Py_XDECREF(args);
  return ty;
}

/* -- Signatures ------------------------------------------------------------------------------------------------- */

/* A string annotation is evaluated in the function's globals; under `from __future__ import annotations` the text of a
 * string is a string again. */
static PyObject *evaluate(kb_py_fn *f, PyObject *annotation)
{
  PyObject *globals = PyFunction_GetGlobals(f->function), *value = Py_NewRef(annotation);
  for (int i = 0; i < 2 && value && PyUnicode_Check(value); i++) {
    PyObject *code = Py_CompileString(kb_py_text(value), "<annotation>", Py_eval_input);
    Py_SETREF(value, code ? PyEval_EvalCode(code, globals, globals) : NULL);
    Py_XDECREF(code);
  }
  return value;
}

/* The type of an annotation, or of a class of argtypes; what names it in messages. */
static kb_ty declared(kb_py_fn *f, PyObject *annotation, kb_loc loc, const char *what)
{
  const char *why = "";
  kb_ty ty = KB_T_BOT;
  PyObject *value = evaluate(f, annotation);
  if (!value) {
    kb_py_fail(f, loc, "the annotation of %s cannot be evaluated: %s", what, kb_py_exception_text());
    return KB_T_BOT;
  }
  ty = kb_py_type(value, &why);
  if (ty == KB_T_BOT) {
    PyObject *text = PyType_Check(value) ? PyType_GetName((PyTypeObject *)value) : PyObject_Repr(value);
    kb_py_fail(f, loc, "%s: %s is no type for a kernel: %s", what,
               text && !kb_py_is_missing(value) ? kb_py_text(text) : "this", why);
    Py_XDECREF(text);
    PyErr_Clear();
  }
  Py_DECREF(value);
  return ty;
}

/* The ast.arg nodes in the order of co_varnames: positional-only, positional, keyword-only. */
static uint32_t arg_nodes(PyObject *def, PyObject **nodes, uint32_t max)
{
  static const char *const lists[] = { "posonlyargs", "args", "kwonlyargs" };
  PyObject *args = kb_py_get(def, "args");
  uint32_t n = 0;
  for (int i = 0; i < 3; i++) {
    PyObject *list = kb_py_get(args, lists[i]);
    for (Py_ssize_t j = 0; j < PyList_GET_SIZE(list) && n < max; j++) nodes[n++] = PyList_GET_ITEM(list, j);
  }
  return n;
}

static void refuse_stars(kb_py_fn *f, PyObject *def)
{
  PyObject *args = kb_py_get(def, "args"), *vararg = kb_py_get(args, "vararg"), *kwarg = kb_py_get(args, "kwarg");
  if (vararg != Py_None)
    kb_py_fail(f, kb_py_loc(f, vararg), "*%s is not supported in a kernel; name each parameter",
               kb_py_get_str(vararg, "arg"));
  if (kwarg != Py_None)
    kb_py_fail(f, kb_py_loc(f, kwarg), "**%s is not supported in a kernel; name each parameter",
               kb_py_get_str(kwarg, "arg"));
}

/* The default value of parameter i: a constant. */
static void set_default(kb_py_fn *f, uint32_t i, PyObject *value)
{
  kt_param *p = &f->k->params[i];
  const char *called = kb_arena_printf(f->py->mod->arena, "the default of '%s'", p->name);
  kt_node *n = kb_py_value(f, value, p->loc, called);
  if (n->kind == TN_CALL) n = n->kids.v[1]; /* np.float32(0.5): the parameter's type says what it is */
  if (n->kind == TN_BAD) kb_py_fail(f, p->loc, "%s", n->str);
  else if (n->kind > TN_BOOL || n->kind == TN_BIGINT)
    kb_py_fail(f, p->loc, "%s must be a number or a bool; pass other values explicitly", called);
  else p->def = n;
}

static void set_defaults(kb_py_fn *f, uint32_t npos)
{
  PyObject *defaults = PyFunction_GetDefaults(f->function), *kwdefaults = PyFunction_GetKwDefaults(f->function);
  Py_ssize_t n = defaults && PyTuple_Check(defaults) ? PyTuple_GET_SIZE(defaults) : 0;
  for (Py_ssize_t i = 0; i < n && (uint32_t)n <= npos; i++)
    set_default(f, npos - (uint32_t)n + (uint32_t)i, PyTuple_GET_ITEM(defaults, i));
  for (uint32_t i = npos; i < f->k->nparams && kwdefaults && PyDict_Check(kwdefaults); i++) {
    PyObject *value = PyDict_GetItemString(kwdefaults, f->k->params[i].name);
    if (value) set_default(f, i, value);
  }
}

/* Results are scalars and tuples of them. */
static void check_result(kb_py_fn *f, kb_loc loc, kb_ty ty)
{
  if (ty <= KB_T_VOID) return;
  const kb_type *t = kb_type_of(ty);
  if (t->kind == KB_K_PTR)
    kb_py_fail(f, loc, "the result: a kernel cannot return a pointer; write into an array parameter");
  else if (t->kind == KB_K_ARRAY)
    kb_py_fail(f, loc, "the result: a kernel cannot return an array; write into an array parameter");
  for (uint32_t i = 0; t->kind == KB_K_TUPLE && i < t->n; i++) check_result(f, loc, t->items[i]);
}

/* Types from the annotations. */
static void annotated(kb_py_fn *f, PyObject *def)
{
  PyObject *annotations = PyFunction_GetAnnotations(f->function);
  kt_kernel *k = f->k;
  for (uint32_t i = 0; i < k->nparams; i++) {
    kt_param *p = &k->params[i];
    const char *what = kb_arena_printf(f->py->mod->arena, "parameter '%s'", p->name);
    PyObject *annotation = annotations ? PyDict_GetItemString(annotations, p->name) : NULL;
    if (!annotation) {
      kb_py_fail(f, p->loc, "parameter '%s' has no type; annotate it, as in %s: float or %s: kb.f64[:]", p->name,
                 p->name, p->name);
      continue;
    }
    p->ty = declared(f, annotation, p->loc, what);
    if (p->ty == KB_T_VOID) {
      kb_py_fail(f, p->loc, "%s: None is no type for a parameter", what);
      p->ty = KB_T_BOT;
    }
  }
  PyObject *annotation = annotations ? PyDict_GetItemString(annotations, "return") : NULL;
  PyObject *returns = kb_py_get(def, "returns");
  kb_loc loc = returns != Py_None ? kb_py_loc(f, returns) : k->loc;
  if (annotation) k->ret = declared(f, annotation, loc, "the result");
  check_result(f, loc, k->ret);
}

/* Types from restype= and argtypes=[...]. */
static void in_ctypes(kb_py_fn *f, PyObject *options)
{
  PyObject *argtypes = PyDict_GetItemString(options, "argtypes"), *restype = PyDict_GetItemString(options, "restype");
  kt_kernel *k = f->k;
  Py_ssize_t n = argtypes && PyTuple_Check(argtypes) ? PyTuple_GET_SIZE(argtypes) : 0;
  if (n != (Py_ssize_t)k->nparams) {
    kb_py_fail(f, k->loc, "argtypes names %zd types, but '%s' has %u parameters", n, k->name, k->nparams);
    return;
  }
  for (uint32_t i = 0; i < k->nparams; i++) {
    kt_param *p = &k->params[i];
    p->ty = declared(f, PyTuple_GET_ITEM(argtypes, (Py_ssize_t)i), p->loc,
                     kb_arena_printf(f->py->mod->arena, "parameter '%s'", p->name));
    if (p->ty == KB_T_VOID) kb_py_fail(f, p->loc, "parameter '%s': None is no type for a parameter", p->name);
  }
  k->ret = declared(f, restype ? restype : Py_None, k->loc, "the result");
  check_result(f, k->loc, k->ret);
}

/* -- kb.jit: the types of the arguments ------------------------------------------------------------------------- */

kb_ty kb_py_jit_type(const char *text, bool *numpy_bool)
{
  size_t n = strcspn(text, "[ ");
  const char *name = kb_intern_n(text, n);
  *numpy_bool = false;
  if (text[n] == 0) {
    if (strcmp(name, "int") == 0) return KB_T_INT;
    if (strcmp(name, "float") == 0) return KB_T_FLOAT;
    if (strcmp(name, "bool") == 0) return KB_T_BOOL;
  }
  kb_ty elem = scalar_of_name(name);
  if (text[n] == 0) {
    *numpy_bool = elem == KB_T_BOOL;
    return elem;
  }
  if (elem == KB_T_BOT || text[n] != '[') return KB_T_BOT;
  const char *p = text + n + 1;
  unsigned rank = 1;
  bool contig = false;
  for (; *p && *p != ']'; p++) {
    rank += *p == ',';
    contig |= strncmp(p, "::1", 3) == 0;
  }
  if (*p != ']' || rank > 4) return KB_T_BOT;
  return kb_type_array(elem, rank, contig, strcmp(p, "] readonly") == 0);
}

/* NumPy before version 2 looks at values to find types; only these come out the same. */
static bool before_numpy2(kb_ty ty)
{
  const kb_type *t = kb_type_of(ty);
  kb_ty elem = t->kind == KB_K_ARRAY ? t->elem : ty;
  return !kb_type_is_sized_int(elem) && elem != KB_T_F32 ? true : elem == KB_T_I64;
}

static void of_arguments(kb_py_fn *f)
{
  kt_kernel *k = f->k;
  PyObject *types = f->py->jit_types;
  if ((Py_ssize_t)k->nparams != PyTuple_GET_SIZE(types)) {
    kb_py_fail(f, k->loc, "%zd types for %u parameters", PyTuple_GET_SIZE(types), k->nparams);
    return;
  }
  for (uint32_t i = 0; i < k->nparams; i++) {
    PyObject *text = PyTuple_GET_ITEM(types, (Py_ssize_t)i);
    kt_param *p = &k->params[i];
    if (PyUnicode_Check(text)) p->ty = kb_py_jit_type(kb_py_text(text), &p->numpy_bool);
    if (p->ty == KB_T_BOT || (!f->py->mod->numpy2 && !before_numpy2(p->ty)))
      kb_py_fail(f, p->loc, "parameter '%s': typed code does not take %s here", p->name,
                 PyUnicode_Check(text) ? kb_py_text(text) : "this");
    p->posonly = true, p->kwonly = false;
  }
}

void kb_py_signature(kb_py_fn *f, PyObject *options, PyObject *def)
{
  kt_kernel *k = f->k;
  PyCodeObject *code = (PyCodeObject *)f->code;
  uint32_t npos = (uint32_t)code->co_argcount;
  k->nparams = npos + (uint32_t)code->co_kwonlyargcount;
  k->params = (kt_param *)kb_arena_alloc(f->py->mod->arena, (k->nparams + 1) * sizeof *k->params);
  PyObject **nodes = (PyObject **)kb_arena_alloc(f->py->mod->arena, (k->nparams + 1) * sizeof *nodes);
  uint32_t n = arg_nodes(def, nodes, k->nparams);
  kb_assert(n == k->nparams, "%s: %u argument nodes for %u parameters", k->name, n, k->nparams);
  for (uint32_t i = 0; i < n; i++) {
    kt_param *p = &k->params[i];
    p->name = kb_py_get_str(nodes[i], "arg");
    p->loc = kb_py_loc(f, nodes[i]);
    p->ty = KB_T_BOT;
    p->posonly = i < (uint32_t)code->co_posonlyargcount;
    p->kwonly = i >= npos;
  }
  refuse_stars(f, def);
  k->ret = KB_T_BOT;
  if (f->py->jit_types) {
    of_arguments(f);
    return;
  }
  if (PyDict_GetItemString(options, "ctypes") == Py_True) in_ctypes(f, options);
  else annotated(f, def);
  set_defaults(f, npos);
}
