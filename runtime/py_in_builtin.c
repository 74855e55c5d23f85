/* SPDX-License-Identifier: MIT */
/* py_in_builtin.c: obj.call and obj.kcall: builtins, math functions, casts, new arrays, other kernels.
 *
 * In kernels the builtins have the meaning of keelback.ref. Whatever is not computed here on unboxed numbers is asked
 * of Python's own function, above all for its exceptions.
 */
#include "py_in.h"

#include "../include/kbops.h"

#include <math.h>

enum { MAX_ARGS = 16 };

/* -- Python's own ------------------------------------------------------------------------------------------ */

/* The function that a builtin is in Python: looked up once. Borrowed. */
static PyObject *function(kb_builtin id)
{
  static PyObject *known[KB_NBUILTINS];
  if (known[id]) return known[id];
  const char *text = kb_builtins[id].text, *dot = strchr(text, '.');
  bool array = id >= KB_BI_ZEROS && id <= KB_BI_FULL;
  const char *module = array ? "numpy" : !dot ? "builtins" : strncmp(text, "kb.", 3) == 0 ? "keelback.ref" : "math";
  PyObject *m = PyImport_ImportModule(module);
  if (m) known[id] = PyObject_GetAttrString(m, dot ? dot + 1 : text); /* kept for the life of the process */
  Py_XDECREF(m);
  return known[id];
}

static int call_object(in_frame *f, kb_builtin id, in_val *const *args, uint32_t n, in_val *r)
{
  PyObject *o[MAX_ARGS], *fn = function(id), *x = NULL;
  uint32_t k = 0;
  for (; fn && k < n; k++)
    if ((o[k] = in_box(f, args[k])) == NULL) break;
  if (fn && k == n) x = PyObject_Vectorcall(fn, o, n, NULL);
  while (k-- > 0) Py_DECREF(o[k]);
  if (x == NULL) return -1;
  *r = f->jit ? in_obj(x) : in_unbox(x);
  return 0;
}

/* -- Math -------------------------------------------------------------------------------------------------------- */

typedef double math1(double);
#define M(name) static double m_##name(double x) { return kb_m_##name(x); }
M(exp) M(exp2) M(expm1) M(log2) M(log10) M(log1p) M(sin) M(cos) M(tan) M(asin) M(acos) M(atan) M(sinh) M(cosh) M(tanh)
M(asinh) M(acosh) M(atanh) M(erf) M(erfc) M(cbrt) M(log)
static double m_sqrt(double x) { return __builtin_sqrt(x); }
static double m_fabs(double x) { return __builtin_fabs(x); }
static double m_degrees(double x) { return x * (180.0 / M_PI); }
static double m_radians(double x) { return x * (M_PI / 180.0); }
static math1 *const math_1[KB_NBUILTINS] = {
  [KB_BI_EXP] = m_exp,     [KB_BI_EXP2] = m_exp2,   [KB_BI_EXPM1] = m_expm1, [KB_BI_LOG] = m_log,         [KB_BI_LOG2] = m_log2,
  [KB_BI_LOG10] = m_log10, [KB_BI_LOG1P] = m_log1p, [KB_BI_SIN] = m_sin,     [KB_BI_COS] = m_cos,         [KB_BI_TAN] = m_tan,
  [KB_BI_ASIN] = m_asin,   [KB_BI_ACOS] = m_acos,   [KB_BI_ATAN] = m_atan,   [KB_BI_SINH] = m_sinh,       [KB_BI_COSH] = m_cosh,
  [KB_BI_TANH] = m_tanh,   [KB_BI_ASINH] = m_asinh, [KB_BI_ACOSH] = m_acosh, [KB_BI_ATANH] = m_atanh,     [KB_BI_ERF] = m_erf,
  [KB_BI_ERFC] = m_erfc,   [KB_BI_CBRT] = m_cbrt,   [KB_BI_SQRT] = m_sqrt,   [KB_BI_FABS] = m_fabs,       [KB_BI_DEGREES] = m_degrees,
  [KB_BI_RADIANS] = m_radians
};

static inline bool plain(const in_val *v) { return v->tag == IN_INT || v->tag == IN_BOOL || v->tag == IN_FLOAT; }

/* Functions of floats: 1 done, 0 to be asked of Python. Finite results of finite arguments have no errors. */
static int math(kb_builtin id, const in_val *v, uint32_t n, in_val *r)
{
  double x[2] = { 0, 0 }, d;
  for (uint32_t k = 0; k < n && k < 2; k++) (void)in_to_double(NULL, &v[k], &x[k]);
  switch ((int)id) {
  case KB_BI_ISNAN: *r = in_bool(kb_fisnan(x[0])); return 1;
  case KB_BI_ISINF: *r = in_bool(kb_fisinf(x[0])); return 1;
  case KB_BI_ISFINITE: *r = in_bool(kb_fisfinite(x[0])); return 1;
  case KB_BI_COPYSIGN: *r = in_float(__builtin_copysign(x[0], x[1])); return 1;
  default: break;
  }
  if (!kb_fisfinite(x[0]) || !kb_fisfinite(x[1])) return 0;
  if (n == 1 && math_1[id])
    d = math_1[id](x[0]);
  else if (id == KB_BI_ATAN2)
    d = kb_m_atan2(x[0], x[1]);
  else if (id == KB_BI_MPOW)
    d = kb_m_pow(x[0], x[1]);
  else if (id == KB_BI_FMOD && x[1] != 0.0)
    d = kb_m_fmod(x[0], x[1]);
  else
    return 0;
  *r = in_float(d);
  return kb_fisfinite(d);
}

/* -- Numbers --------------------------------------------------------------------------------------------------------- */

/* A float to an int: 1 done, 0 not within 64 bits. */
static int whole(double d, in_val *r)
{
  if (!(d >= -0x1p63 && d < 0x1p63)) return 0;
  *r = in_int(kb_f2i(d));
  return 1;
}

static int to_int(kb_builtin id, const in_val *v, in_val *r)
{
  double d;
  if (v->tag == IN_INT || v->tag == IN_BOOL || (v->tag == IN_SIZED && (v->aux != KB_T_U64 || v->i >= 0))) {
    *r = in_int(v->i);
    return 1;
  }
  if (v->tag == IN_SIZED) return 0;
  d = v->tag == IN_F32 ? (double)v->s : v->d;
  return whole(id == KB_BI_FLOOR ? __builtin_floor(d) : id == KB_BI_CEIL ? __builtin_ceil(d) : id == KB_BI_ROUND ? kb_frint(d) : d, r);
}

static int absolute(in_frame *f, const in_val *v, in_val *r)
{
  in_val x = *v;
  switch (v->tag) {
  case IN_BOOL:
  case IN_INT:
    if (v->i == INT64_MIN && !f->code->image->wrap) return 0;
    *r = in_int(v->i < 0 ? kb_isub(0, v->i) : v->i);
    return 1;
  case IN_SIZED:
    if (v->aux != KB_T_U64 && v->i < 0) x.i = kb_isub(0, v->i);
    return in_cast_sized(f, &x, (kb_ty)v->aux, r) < 0 ? -1 : 1;
  case IN_F32:
    *r = x;
    r->s = __builtin_fabsf(v->s);
    return 1;
  default:
    *r = x;
    r->d = __builtin_fabs(v->d);
    return 1;
  }
}

/* min(a, b) is b if b < a else a; the operand itself. */
static int extreme(in_frame *f, kb_builtin id, in_val *const *args, in_val *r)
{
  in_val c;
  if (in_compare(f, id == KB_BI_MIN ? KB_OLT : KB_OGT, args[1], args[0], &c) < 0) return -1;
  int t = in_truth(f, &c);
  in_decref(c);
  if (t < 0) return -1;
  *r = t ? *args[1] : *args[0];
  in_incref(*r);
  return 1;
}

static int division(in_frame *f, in_val *const *args, const in_val *v, in_val *r)
{
  bool zero = (v[1].tag == IN_F32 && v[1].s == 0.0f) || ((v[1].tag == IN_F64 || v[1].tag == IN_FLOAT) && v[1].d == 0.0) ||
              (v[1].tag != IN_F32 && v[1].tag != IN_F64 && v[1].tag != IN_FLOAT && v[1].tag != IN_OBJ && v[1].i == 0);
  if (f->jit || zero) return 0; /* divmod() has a message of its own */
  in_val t = in_tuple_new(2);
  if (t.tag == IN_NULL) return -1;
  if (in_binary(f, KB_OFLOORDIV, args[0], args[1], &t.tup->item[0]) < 0 || in_binary(f, KB_OMOD, args[0], args[1], &t.tup->item[1]) < 0) {
    in_decref(t);
    return -1;
  }
  *r = t;
  return 1;
}

static int ints(kb_builtin id, const in_val *v, uint32_t n, in_val *r)
{
  for (uint32_t k = 0; k < n; k++)
    if (v[k].tag != IN_INT && v[k].tag != IN_BOOL && (v[k].tag != IN_SIZED || (v[k].aux == KB_T_U64 && v[k].i < 0))) return 0;
  if (id == KB_BI_GCD && n == 2 && v[0].i != INT64_MIN && v[1].i != INT64_MIN)
    *r = in_int(kb_igcd(v[0].i, v[1].i));
  else if (id == KB_BI_ISQRT && v[0].i >= 0)
    *r = in_int(kb_iisqrt(v[0].i));
  else if (id == KB_BI_POW && n == 3 && v[1].i >= 0 && v[2].i != 0)
    *r = in_int(kb_ipowmod(v[0].i, v[1].i, v[2].i));
  else
    return 0;
  return 1;
}

static int length(in_frame *f, in_val *v, in_val *r)
{
  if (v->tag == IN_VIEW && !v->view->pointer)
    *r = in_int(v->view->shape[0]);
  else if (v->tag == IN_TUPLE)
    *r = in_int(v->tup->n);
  else {
    PyObject *o = in_box(f, v);
    Py_ssize_t n = o ? PyObject_Length(o) : -1;
    Py_XDECREF(o);
    if (n < 0) return -1;
    *r = in_int(n);
  }
  return 1;
}

/* -- Casts --------------------------------------------------------------------------------------------------------- */

static int cast(in_frame *f, kb_builtin id, const in_val *v, in_val *r)
{
  in_val x = { IN_F32, 0, { 0 } }, n;
  if (id == KB_BI_F32) {
    if (in_to_f32(f, v, &x.s) < 0) return -1;
    *r = x;
  } else if (id == KB_BI_F64) {
    double d;
    if (in_to_double(f, v, &d) < 0) return -1;
    *r = in_float(d);
    r->tag = IN_F64;
  } else if (v->tag == IN_FLOAT || v->tag == IN_F64 || v->tag == IN_F32) {
    double d = v->tag == IN_F32 ? (double)v->s : v->d;
    if (whole(d, &n)) return in_cast_sized(f, &n, (kb_ty)(KB_T_I8 + (id - KB_BI_I8)), r) < 0 ? -1 : 1;
    PyObject *o = PyLong_FromDouble(d);
    if (o == NULL) return -1;
    x = in_obj(o);
    int err = in_cast_sized(f, &x, (kb_ty)(KB_T_I8 + (id - KB_BI_I8)), r);
    Py_DECREF(o);
    return err < 0 ? -1 : 1;
  } else {
    return in_cast_sized(f, v, (kb_ty)(KB_T_I8 + (id - KB_BI_I8)), r) < 0 ? -1 : 1;
  }
  return 1;
}
_Static_assert(KB_BI_U64 - KB_BI_I8 == KB_T_U64 - KB_T_I8 && KB_T_U64 - KB_T_I8 == 7, "order of sized ints");

/* -- New arrays ------------------------------------------------------------------------------------------------------- */

static int fill(in_frame *f, const in_view *v, int64_t n, const in_val *value)
{
  size_t size = kb_type_size(v->elem);
  if (in_store(f, v->data, v->elem, value) < 0) return -1;
  for (int64_t k = 1; k < n; k++) memcpy(v->data + (size_t)k * size, v->data, size);
  return 0;
}

static kb_ty elem_of(const in_val *token, const in_val *value)
{
  if (token->tag == IN_TYPE) return (kb_ty)token->aux;
  switch (value->tag) { /* full without a dtype: the value's own */
  case IN_BOOL: return KB_T_BOOL;
  case IN_INT: return KB_T_I64;
  case IN_F32: return KB_T_F32;
  case IN_SIZED: return (kb_ty)value->aux;
  case IN_OBJ: return KB_T_I64;
  default: return KB_T_F64;
  }
}

static int new_array(in_frame *f, kb_builtin id, in_val *const *args, uint32_t n, in_val *r)
{
  uint32_t first = id == KB_BI_FULL ? 2 : 1, rank = n - first;
  int64_t shape[4], stride[4], size = 1;
  in_val value = id == KB_BI_FULL ? in_peek(args[1]) : in_int(1);
  if (rank < 1 || rank > 4) {
    PyErr_Format(PyExc_TypeError, "arrays have 1 to 4 axes, not %u", rank);
    return -1;
  }
  for (uint32_t k = 0; k < rank; k++) {
    in_val d = in_peek(args[first + k]);
    bool ok = d.tag == IN_INT || d.tag == IN_BOOL || (d.tag == IN_SIZED && (d.aux != KB_T_U64 || d.i >= 0));
    if (ok && d.i < 0) {
      PyErr_SetString(PyExc_ValueError, "negative dimensions are not allowed");
      return -1;
    }
    shape[k] = ok ? d.i : INT64_MAX;
  }
  kb_ty elem = elem_of(args[0], &value);
  int64_t item = (int64_t)kb_type_size(elem), bytes = item;
  for (uint32_t k = 0; k < rank; k++) size = kb_nelem(size, shape[k]);
  bytes = size < 0 ? -1 : kb_nelem(size, item);
  if (bytes < 0 || bytes > PY_SSIZE_T_MAX / 2) {
    PyErr_SetNone(PyExc_MemoryError);
    return -1;
  }
  for (uint32_t k = rank; k-- > 0;) stride[k] = k + 1 == rank ? 1 : stride[k + 1] * shape[k + 1];
  PyObject *owner = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)(bytes ? bytes : 1));
  if (owner == NULL) return -1;
  *r = in_view_new(PyByteArray_AS_STRING(owner), elem, rank, shape, stride, owner);
  Py_DECREF(owner);
  if (r->tag == IN_NULL) return -1;
  if (id == KB_BI_ZEROS || id == KB_BI_EMPTY)
    memset(r->view->data, 0, (size_t)bytes);
  else {
    char room[8];
    if (id == KB_BI_ONES && elem == KB_T_BOOL) value = in_bool(true);
    if ((size ? fill(f, r->view, size, &value) : in_store(f, room, elem, &value)) < 0) {
      in_decref(*r);
      return -1;
    }
  }
  return 1;
}

/* Of NumPy's own: numpy.zeros(shape, dtype). */
static int numpy_array(in_frame *f, kb_builtin id, in_val *const *args, uint32_t n, in_val *r)
{
  static const char *const names[] = { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64" };
  uint32_t first = id == KB_BI_FULL ? 2 : 1;
  PyObject *shape = PyTuple_New((Py_ssize_t)(n - first)), *fn = function(id), *x = NULL;
  const char *dtype = args[0]->tag != IN_TYPE ? NULL : args[0]->aux == KB_T_BOOL ? "bool" : names[args[0]->aux - KB_T_I8];
  bool ok = shape && fn;
  for (uint32_t k = first; ok && k < n; k++) {
    PyObject *o = in_box(f, args[k]);
    ok = o != NULL;
    if (ok) PyTuple_SET_ITEM(shape, k - first, o);
  }
  PyObject *value = ok && id == KB_BI_FULL ? in_box(f, args[1]) : NULL;
  if (ok && id == KB_BI_FULL)
    x = value ? PyObject_CallFunction(fn, "OOz", shape, value, dtype) : NULL;
  else if (ok)
    x = PyObject_CallFunction(fn, "Oz", shape, dtype);
  Py_XDECREF(value);
  Py_XDECREF(shape);
  if (x) *r = in_obj(x);
  return x ? 1 : -1;
}

/* -- Dispatch -------------------------------------------------------------------------------------------------------------- */

/* 1 done, 0 to be asked of Python, -1. v: the arguments as far as they can be unboxed. */
static int builtin(in_frame *f, kb_builtin id, in_val *const *args, const in_val *v, uint32_t n, in_val *r)
{
  bool numbers = true;
  for (uint32_t k = 0; k < n; k++) numbers &= f->jit ? plain(&v[k]) : v[k].tag >= IN_INT && v[k].tag <= IN_SIZED;
  if (id >= KB_BI_ZEROS && id <= KB_BI_FULL) return f->jit ? numpy_array(f, id, args, n, r) : new_array(f, id, args, n, r);
  if (id == KB_BI_LEN) return length(f, args[0], r);
  if (id == KB_BI_DIVMOD && !f->jit) return division(f, args, v, r);
  if ((id == KB_BI_MIN || id == KB_BI_MAX) && n == 2 && (!f->jit || numbers)) return extreme(f, id, args, r);
  if (id >= KB_BI_I8 && id <= KB_BI_F64) return f->jit ? 0 : cast(f, id, v, r);
  if ((id == KB_BI_BOOL || (id == KB_BI_BOOLEAN && !f->jit)) && n == 1) {
    int t = in_truth(f, args[0]);
    *r = in_bool(t);
    return t < 0 ? -1 : 1;
  }
  if (!numbers || n == 0) return 0;
  switch ((int)id) {
  case KB_BI_ABS: return absolute(f, v, r);
  case KB_BI_ROUND:
    if (n == 2) return to_int(KB_BI_INT, v, r) && v[0].tag <= IN_BOOL && v[0].tag != IN_FLOAT && v[1].tag == IN_INT && v[1].i >= 0;
    return to_int(id, v, r);
  case KB_BI_INT:
  case KB_BI_FLOOR:
  case KB_BI_CEIL:
  case KB_BI_TRUNC: return to_int(id, v, r);
  case KB_BI_FLOAT: {
    double d;
    if (in_to_double(f, v, &d) < 0) return -1;
    *r = in_float(d);
    return 1;
  }
  case KB_BI_POW:
  case KB_BI_GCD:
  case KB_BI_ISQRT: return ints(id, v, n, r);
  default: return math(id, v, n, r);
  }
}

int in_o_call(in_frame *f, const in_ins *i)
{
  in_val *args[MAX_ARGS], v[MAX_ARGS], r = { IN_NULL, 0, { 0 } };
  uint32_t n = IN_N(f, i);
  kb_builtin id = (kb_builtin)IN_IMM(f, i);
  if (n > MAX_ARGS || (unsigned)id >= KB_NBUILTINS) {
    PyErr_SetString(PyExc_SystemError, "keelback: a corrupt call of a builtin");
    return -1;
  }
  for (uint32_t k = 0; k < n; k++) {
    args[k] = IN_ARG(f, i, k);
    v[k] = in_peek(args[k]);
  }
  int done = builtin(f, id, args, v, n, &r);
  if (done == 0) done = call_object(f, id, args, n, &r) < 0 ? -1 : 1;
  if (done < 0) return -1;
  if (in_fit(f, &r) < 0) {
    in_decref(r);
    return -1;
  }
  in_result(f, i, r);
  return 0;
}

int in_o_kcall(in_frame *f, const in_ins *i)
{
  in_val args[256], r = { IN_NULL, 0, { 0 } };
  uint32_t n = IN_N(f, i);
  int64_t k = IN_IMM(f, i);
  const kb_fn_info *info = f->code->info;
  const kb_unit *unit = info ? info->unit : NULL;
  if (unit == NULL || k < 0 || k >= (int64_t)unit->nfns || unit->fns[k] == NULL || n > 256) {
    PyErr_SetString(PyExc_SystemError, "keelback: a call of a kernel that cannot be found");
    return -1;
  }
  for (uint32_t a = 0; a < n; a++) args[a] = *IN_ARG(f, i, a);
  if (in_kernel_call(f, unit->fns[k], args, n, &r) < 0) return -1;
  if (in_fit(f, &r) < 0) {
    in_decref(r);
    return -1;
  }
  in_result(f, i, r);
  return 0;
}
