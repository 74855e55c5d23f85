/* SPDX-License-Identifier: 0BSD */
/* kbpy.h: what the Python half of a built extension module uses: tables, and the inline fast path of a call.
 *
 * Each kernel has a vectorcall function of its own, made by emit/wrap.c:
 *
 *     static KBPY_ENTRY PyObject *kb_w_dot(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
 *     {
 *       struct a_dot p;
 *       if (KB_LIKELY(kbpy_plain(nargsf, kwnames, 2) && kbpy_fast_array(args[0], KBPY_F64, 1, 0, 0, &p.p0)
 *                     && kbpy_fast_array(args[1], KBPY_F64, 1, 0, 0, &p.p1)))
 *         return kb_c_dot(self, &p);
 *       return kb_s_dot(self, args, nargsf, kwnames);
 *     }
 *
 * The fast functions run no Python code and hold nothing, and say no to everything that is not plainly right;
 * kb_s_dot then asks kbpy_convert, which does all the rest: keywords, defaults, conversions, buffers, errors.
 */
#ifndef KBPY_H
#define KBPY_H

#ifndef PY_SSIZE_T_CLEAN
#define PY_SSIZE_T_CLEAN
#endif
#include <Python.h>
#include <stdbool.h>
#include <string.h>
#include "kbabi.h"
#include "keelback.h"

#ifdef Py_GIL_DISABLED
#error "Keelback's modules need a CPython with the GIL"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* -- Tables of a module -------------------------------------------------------------------------------- */

/* Classes of elements and scalars. ORDER: kbpy_elems in runtime/py_array.c. */
typedef enum {
  KBPY_I8,
  KBPY_I16,
  KBPY_I32,
  KBPY_I64,
  KBPY_U8,
  KBPY_U16,
  KBPY_U32,
  KBPY_U64,
  KBPY_F32,
  KBPY_F64,
  KBPY_BOOL,
  KBPY_NELEM
} kbpy_elem;
typedef enum { KBPY_SCALAR, KBPY_ARRAY, KBPY_POINTER } kbpy_kind;
enum {                   /* kbpy_param.flags */
       KBPY_WRITTEN = 1, /* array, pointer: the kernel stores into it */
       KBPY_CONTIG = 2,  /* array: stride of the last axis is 1 */
       KBPY_DEFAULT = 4, /* may be left out */
       KBPY_BIGINT = 8,  /* scalar: Python's int: past 64 bits the call is interpreted */
};

/* A converted argument: i for bool and the signed ints, u for the unsigned ones, d for floats, p for pointers. */
typedef struct {
  void *data;
  ptrdiff_t shape[4], stride[4];
} kbpy_view;
typedef union {
  int64_t i;
  uint64_t u;
  double d;
  void *p;
  kbpy_view view;
} kbpy_value;
typedef union {
  int64_t i;
  uint64_t u;
  double d;
} kbpy_default;

typedef struct kbpy_param {
  const char *name;
  const char *type; /* as the user writes it: "kb.f64[:]" */
  uint8_t kind;     /* kbpy_kind */
  uint8_t elem;     /* kbpy_elem */
  uint8_t rank;
  uint8_t flags;
  kbpy_default def; /* KBPY_DEFAULT */
} kbpy_param;

typedef struct kbpy_kernel_def {
  const char *name, *qualname, *doc;
  vectorcallfunc call;
  uint32_t line; /* of the def */
  uint32_t nparams;
  uint32_t nposonly, npos; /* positional-only ones; all that may be given by position; the rest by keyword only */
  const kbpy_param *params;
  const char *ret; /* type of the result: "float" */
  const char *ir;  /* text of its typed IR */
  const kb_fn_info *info;
} kbpy_kernel_def;

typedef struct kbpy_module_def {
  uint32_t abi;                  /* KB_ABI of the front end */
  const char *file;              /* Python source file */
  const char *keelback, *python; /* versions it was made by and for */
  const char *source;            /* text of the file */
  size_t nsource;
  const unsigned char *code; /* its code object, marshalled */
  size_t ncode;
  const char *c_source; /* the emitted kernels */
  size_t nkernels;
  const kbpy_kernel_def *kernels;
  int (*stress)(PyObject *module, const struct kbpy_module_def *def); /* built with --stress: kbpy_stress_exec */
} kbpy_module_def;

/* -- Kernel objects ---------------------------------------------------------------------------------------- */

typedef struct kbpy_kernel {
  PyObject_HEAD vectorcallfunc call;
  PyObject *result[2]; /* floats to be used again: kbpy_float */
  unsigned misses;
  const kbpy_kernel_def *def;
  const kbpy_module_def *mod;
  PyObject *globals; /* dict of the module */
  PyObject *wrapped; /* the Python function, or NULL before __keelback_bind__ */
  PyObject *dict, *weakrefs;
  unsigned long long exits, slow; /* calls that raised, calls that were not plain */
} kbpy_kernel;

/* -- runtime/py_*.c ---------------------------------------------------------------------------------------- */

/* Gives a module __keelback_stress__ (py_stress.c). */
KB_HIDDEN int kbpy_stress_exec(PyObject *module, const kbpy_module_def *def);
/* Body of the module's Py_mod_exec slot: makes the kernels, then executes the file's code in the module. */
KB_HIDDEN int kbpy_module_exec(PyObject *module, const kbpy_module_def *def);

/* Buffers that a call holds; b has room for every array and pointer parameter. */
typedef struct kbpy_held {
  unsigned n;
  Py_buffer *b;
} kbpy_held;
/* Converts the arguments of a call of self; o and out have nparams elements. 1: an int is past 64 bits, so that the call
 * has to be interpreted; o has those that are, owned, else NULL. -1 and an exception: nothing is held. */
KB_HIDDEN KB_COLD int kbpy_convert(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames,
                                   PyObject **o, kbpy_value *out, kbpy_held *held);
KB_HIDDEN KB_COLD void kbpy_release(kbpy_held *held);
/* The thread's pending exit: its result, or NULL and its exception, with one traceback entry a frame. */
KB_HIDDEN KB_COLD PyObject *kbpy_leave(PyObject *self);
/* Calls the kernel in the interpreter alone: args is its argument block; big[k], unless NULL, the argument that does not
 * fit there, and is given up. */
KB_HIDDEN KB_COLD PyObject *kbpy_interpret(PyObject *self, const void *args, PyObject **big);
/* A new float, which becomes one of self->result. */
KB_HIDDEN KB_COLD PyObject *kbpy_new_float(PyObject *self, double d);

/* A kernel with nogil=True: the GIL is given back while it runs. */
typedef struct kbpy_nogil {
  void *thread; /* PyThreadState */
  struct kbpy_nogil *outer;
  long long looked; /* when it looked at signals, ms */
  bool other;       /* not the main thread, which alone runs signal handlers */
} kbpy_nogil;
KB_HIDDEN void kbpy_nogil_begin(kbpy_nogil *n);
KB_HIDDEN void kbpy_nogil_end(kbpy_nogil *n);

/* -- NumPy's structures, by our own declaration --------------------------------------------------------------- */

/* The same in NumPy 1.x and 2.x (the descriptor differs after type_num). py_array.c compares them with what the
 * array itself says before the first use. */
typedef struct kbpy_descr {
  PyObject_HEAD PyTypeObject *typeobj;
  char kind, type, byteorder, flags;
  int type_num;
} kbpy_descr;
typedef struct kbpy_ndarray {
  PyObject_HEAD char *data;
  int nd;
  Py_ssize_t *dimensions, *strides;
  PyObject *base;
  kbpy_descr *descr;
  int flags;
} kbpy_ndarray;
enum { KBPY_ND_C_CONTIGUOUS = 1, KBPY_ND_ALIGNED = 0x100, KBPY_ND_WRITEABLE = 0x400 };

/* numpy.ndarray once it was seen and its layout checked, else NULL. */
extern KB_HIDDEN PyTypeObject *kbpy_ndarray_type;

/* NumPy's own descriptor of each class, which nearly every array has; NULL before the first use. */
extern KB_HIDDEN const kbpy_descr *kbpy_descrs[KBPY_NELEM];

/* NumPy's type_num of the commonest dtype of an element class. ORDER: kbpy_elem. */
static const uint8_t kbpy_type_num[KBPY_NELEM] = { 1, 3, 5, 7, 2, 4, 6, 8, 11, 12, 0 };
static const uint8_t kbpy_elem_shift[KBPY_NELEM] = { 0, 1, 2, 3, 0, 1, 2, 3, 2, 3, 0 }; /* log2 of the size */

/* -- Fast path: arguments --------------------------------------------------------------------------------------- */

#ifdef __GNUC__
#define KBPY_INLINE static inline __attribute__((always_inline, unused))
#define KBPY_ENTRY __attribute__((aligned(64))) /* calls are short enough for the layout to matter */
#else
#define KBPY_INLINE static inline
#define KBPY_ENTRY
#endif

/* n positional arguments and nothing else. */
KBPY_INLINE bool kbpy_plain(size_t nargsf, PyObject *kwnames, size_t n)
{
  return kwnames == NULL && nargsf << 1 == n << 1; /* but for PY_VECTORCALL_ARGUMENTS_OFFSET */
}

KBPY_INLINE bool kbpy_fast_float(PyObject *o, double *out)
{
  if (KB_UNLIKELY(!PyFloat_CheckExact(o))) return false;
  *out = PyFloat_AS_DOUBLE(o);
  return true;
}

/* An exact int of one digit; the others are rare enough. */
KBPY_INLINE bool kbpy_fast_int(PyObject *o, int64_t *out)
{
  if (KB_UNLIKELY(!PyLong_CheckExact(o))) return false;
#if PY_VERSION_HEX >= 0x030C0000
  if (KB_UNLIKELY(!PyUnstable_Long_IsCompact((PyLongObject *)o))) return false;
  *out = PyUnstable_Long_CompactValue((PyLongObject *)o);
#else
  Py_ssize_t size = Py_SIZE(o);
  if (KB_UNLIKELY((size_t)(size + 1) > 2)) return false;
  *out = size * (int64_t)((PyLongObject *)o)->ob_digit[0]; /* of 0 the digit is 0 or garbage, the size 0 */
#endif
  return true;
}

KBPY_INLINE bool kbpy_fast_range(PyObject *o, int64_t lo, int64_t hi, int64_t *out)
{
  return kbpy_fast_int(o, out) && KB_LIKELY(*out >= lo && *out <= hi);
}

KBPY_INLINE bool kbpy_fast_bool(PyObject *o, bool *out)
{
  *out = o == Py_True;
  return o == Py_True || o == Py_False;
}

/* Is it the commonest native dtype of the class? Of a few equivalent ones (long long) the slow path knows. */
KBPY_INLINE bool kbpy_is_dtype(const kbpy_descr *d, kbpy_elem elem)
{
  const char order = kbpy_elem_shift[elem] == 0 ? '|' : '=';
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t word; /* byteorder and type_num in one comparison */
  memcpy(&word, &d->kind, 8);
  return (word & UINT64_C(0xFFFFFFFF00FF0000)) == ((uint64_t)kbpy_type_num[elem] << 32 | (uint64_t)order << 16);
#else
  return d->type_num == kbpy_type_num[elem] && d->byteorder == order;
#endif
}

/* An exact ndarray of native byte order. dst is a kb_<elem>x<rank>: data, shape, stride. */
KBPY_INLINE bool kbpy_fast_array(PyObject *o, kbpy_elem elem, int rank, int contig, int written, void *dst)
{
  const kbpy_ndarray *a = (const kbpy_ndarray *)o;
  const int need = KBPY_ND_ALIGNED | (written ? KBPY_ND_WRITEABLE : 0);
  const int shift = kbpy_elem_shift[elem];
  char *to = (char *)dst; /* by memcpy: dst has a struct type of its own */
  Py_ssize_t odd = 0;
  if (KB_UNLIKELY(Py_TYPE(o) != kbpy_ndarray_type || a->nd != rank || (a->flags & need) != need ||
                  (a->descr != kbpy_descrs[elem] && !kbpy_is_dtype(a->descr, elem))))
    return false;
  const Py_ssize_t *dims = a->dimensions, *strides = a->strides;
  ptrdiff_t stride[4] = { 0 };
  for (int k = 0; k < rank; k++) odd |= stride[k] = strides[k];
  if (contig && KB_UNLIKELY(stride[rank - 1] != (Py_ssize_t)1 << shift)) return false;
  if (KB_UNLIKELY((odd & (((Py_ssize_t)1 << shift) - 1)) != 0)) return false;
  memcpy(to, &a->data, sizeof a->data);
  for (int k = 0; k < rank; k++) { /* each word by a store of its own: the kernel soon loads it, alone */
    stride[k] >>= shift;
    memcpy(to + 8 * (1 + k), &dims[k], 8);
    memcpy(to + 8 * (1 + rank + k), &stride[k], 8);
  }
  return true;
}

/* The data of a row-major ndarray of any rank. */
KBPY_INLINE bool kbpy_fast_pointer(PyObject *o, kbpy_elem elem, int written, void **out)
{
  const kbpy_ndarray *a = (const kbpy_ndarray *)o;
  const int need = KBPY_ND_C_CONTIGUOUS | KBPY_ND_ALIGNED | (written ? KBPY_ND_WRITEABLE : 0);
  if (KB_UNLIKELY(Py_TYPE(o) != kbpy_ndarray_type || (a->flags & need) != need || !kbpy_is_dtype(a->descr, elem)))
    return false;
  *out = a->data;
  return true;
}

/* -- Fast path: results -------------------------------------------------------------------------------------------- */

/* A float result. A kernel keeps the last two that it made and uses one again when nobody else has it, as zip() does
 * with its tuple; two, because in `r = f(x)` the old r lives until the new one is there. This saves an allocation and a
 * deallocation, which pays for CPython having no specialised call for types other than its own. */
KBPY_INLINE PyObject *kbpy_float(PyObject *self, double d)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  PyObject *r = k->result[0];
  if (Py_REFCNT(r) != 1) {
    r = k->result[1];
    if (Py_REFCNT(r) != 1) { /* the caller keeps results: rarely worth a new one */
      return KB_UNLIKELY((++k->misses & 15) == 0) ? kbpy_new_float(self, d) : PyFloat_FromDouble(d);
    }
  }
  ((PyFloatObject *)r)->ob_fval = d;
  Py_INCREF(r);
  return r;
}

/* -- Slow path: views out of converted values ---------------------------------------------------------------------- */

KBPY_INLINE void kbpy_get_view(void *dst, const kbpy_value *from, size_t rank)
{
  char *to = (char *)dst;
  memcpy(to, &from->view.data, sizeof(void *));
  memcpy(to + sizeof(void *), from->view.shape, rank * sizeof(ptrdiff_t));
  memcpy(to + sizeof(void *) + rank * sizeof(ptrdiff_t), from->view.stride, rank * sizeof(ptrdiff_t));
}

#ifdef __cplusplus
}
#endif
#endif
