/* SPDX-License-Identifier: MIT */
/* py_in.h: the interpreter's map: slots, code, frames, and what its files (py_in_*.c) give each other.
 *
 *   kb_image -py_in_code-> in_code (threaded instructions) -py_in_loop-> result
 *   exit of native code -py_in_deopt-> in_frame at a pc -> py_in_loop; loop heads -> native again (py_in_native)
 *
 * All functions need the GIL. Failures set a Python exception and return -1 or NULL.
 */
#ifndef KB_PY_IN_H
#define KB_PY_IN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define kb_error kb_error_at /* keelback.h has a type of that name; nothing here reports as the compiler does */
#include "../ir/image.h"
#undef kb_error
#include "rt.h"

/* -- Slots ------------------------------------------------------------------------------------------------- */

/* Sixteen bytes: a tag and a payload. Exact int, float and bool are unboxed when arithmetic makes them; an object
 * that came from outside (argument, item, attribute) stays the object it is, so that `is` holds. */
enum in_tag {
  IN_NULL,             /* unbound; all zero */
  IN_INT,              /* i: Python's int within 64 bits */
  IN_FLOAT,            /* d: Python's float (weak) */
  IN_BOOL,             /* i: 0 or 1 */
  IN_F64,              /* d: kernels: kb.f64; kb.jit: numpy.float64 */
  IN_F32,              /* s: kb.f32, numpy.float32 */
  IN_SIZED,            /* i or u; aux: KB_T_I8 ... KB_T_U64: kb.i8 ..., numpy.int8 ... */
  IN_TYPE,             /* aux: kb_ty: the token of kb.zeros(dtype=) */
  IN_REF = 16,         /* from here on the payload is counted */
  IN_OBJ = IN_REF,     /* o */
  IN_ITER,             /* it: an iterator of our own */
  IN_VIEW,             /* view: a typed array of a kernel */
  IN_TUPLE             /* tup: a tuple of slots (kernels; kb.jit has real tuples) */
};
typedef struct in_iter in_iter;
typedef struct in_view in_view;
typedef struct in_tuple in_tuple;
typedef struct in_val {
  uint32_t tag, aux;
  union { int64_t i; uint64_t u; double d; float s; PyObject *o; in_iter *it; in_view *view; in_tuple *tup; };
} in_val;

/* A view's memory is kept by owner (an object, or NULL when the caller keeps it: a deopted kernel's arrays). */
struct in_view {
  Py_ssize_t refs;
  char *data;
  int64_t shape[4], stride[4]; /* in elements */
  uint8_t elem;          /* kb_ty */
  uint8_t rank, readonly;
  uint8_t pointer;       /* a raw pointer parameter: rank 1, no length, no bounds */
  PyObject *owner;
};
struct in_tuple { Py_ssize_t refs; uint32_t n; in_val item[]; };
enum in_iter_kind { IN_IT_RANGE, IN_IT_VIEW, IN_IT_LIST, IN_IT_TUPLE, IN_IT_ARRAY, IN_IT_ENUMERATE, IN_IT_ZIP, IN_IT_PY };
/* RANGE: i, stop, step. VIEW, LIST, TUPLE, ARRAY (a one-dimensional ndarray): from (over), i. ENUMERATE: sub[0], i, and item
 * instead once the count is past 64 bits. ZIP: sub[0..n). PY: from is the Python iterator, item the one that hasnext fetched. Also an iterable of the kernel's kind: range(), enumerate(), zip() objects
 * (obj.range ...) are in_iters that obj.iter copies. Advanced in place when nobody else holds it. */
struct in_iter { Py_ssize_t refs; int kind; bool done; uint32_t n; int64_t i, stop, step; in_val from, item; in_iter **sub; };

void in_free(in_val v);                        /* py_in_value.c: the last reference of a counted one is gone */
static inline void in_decref(in_val v)
{
  if (v.tag < IN_REF) return;
  if (v.tag == IN_OBJ) Py_DECREF(v.o);
  else if (--v.view->refs == 0) in_free(v);    /* refs is the first member of all three */
}
static inline void in_incref(in_val v)
{
  if (v.tag < IN_REF) return;
  if (v.tag == IN_OBJ) Py_INCREF(v.o);
  else v.view->refs++;
}
static inline void in_set(in_val *to, in_val v) /* takes v's reference */
{
  in_val old = *to;
  *to = v;
  in_decref(old);
}
static inline in_val in_int(int64_t i) { in_val v = { IN_INT, 0, { i } }; return v; }
static inline in_val in_bool(int b) { in_val v = { IN_BOOL, 0, { b != 0 } }; return v; }
static inline in_val in_float(double d) { in_val v = { IN_FLOAT, 0, { 0 } }; v.d = d; return v; }
static inline in_val in_obj(PyObject *o) { in_val v = { IN_OBJ, 0, { 0 } }; v.o = o; return v; } /* takes the reference */

/* -- Code ------------------------------------------------------------------------------------------------------ */

typedef struct in_code in_code;
typedef struct in_frame in_frame;
typedef struct in_ins in_ins;
/* An instruction that the loop calls instead of holding it: writes its result slot; -1: an exception is set. */
typedef int in_fn(in_frame *f, const in_ins *i);

/* One threaded instruction. a, b, c: slots of the first operands (KB_NOSLOT: none), c also a jump's target. */
struct in_ins {
  const void *label;     /* in the loop */
  in_fn *fn;             /* of an instruction that is called */
  uint32_t dst, a, b, c;
  uint32_t from;         /* number in the image: image->ins[from] has the rest */
  uint32_t cache;        /* index of its inline cache, if any */
  uint16_t flags;        /* IN_DIES_* */
  uint16_t op;           /* enum in_label: which label that is */
};
/* DIES: nobody reads slot a (b) again before it is written: it may be taken. UNBOX: only arithmetic reads the result. */
enum { IN_DIES_A = 1, IN_DIES_B = 2, IN_UNBOX = 4 };
/* Inline cache of an instruction with a name, all zero at first. What it points to is borrowed: a version tag that still
 * holds keeps it alive. */
typedef struct in_cache { uint64_t version[2]; const void *key; PyObject *what; } in_cache;
struct in_code {
  kb_image *image;       /* owned */
  in_ins *ins;           /* one for each image instruction, same numbers; superinstructions skip */
  uint32_t nins;
  /* Per instruction: interned str of a whole KB_OF_N immediate. OCALLX, OCALLM: tuple of keyword
   * names, NULL: none. */
  PyObject **name;
  in_val *consts;        /* image->nconsts of them */
  const kb_fn_info *info;/* the native side of a kernel, NULL for a function of kb.jit that has none */
  PyObject *globals, *builtins, *closure, *pool, *qualname; /* kb.jit: borrowed from or owned with the function; kernels: NULL */
  in_cache *cache;       /* one for each instruction with KB_OF_N, and for OCALLX; in_ins.cache is its index */
  struct in_places *places; /* of py_in_unwind.c: NULL until something is raised */
  uint64_t fast, slow;   /* turns of loops, and instructions that left their fast path, counted coarsely: policy of kb.jit */
  Py_ssize_t refs;
};
struct in_frame {
  in_frame *up;          /* of this thread */
  in_code *code;
  in_val *slot;
  const in_ins *ip;      /* the instruction being executed: for lines of tracebacks */
  PyObject *self;        /* the function object, borrowed, or NULL */
  PyObject *handled;     /* saved exception behind obj.caught ... (py_in_unwind.c) */
  bool jit;              /* NumPy's meaning: IN_F64 boxes as numpy.float64 ...; else a kernel's */
};
#define IN_SRC(f, i) (&(f)->code->image->ins[(i)->from])
#define IN_N(f, i) (IN_SRC(f, i)->nargs)
#define IN_ARG(f, i, k) (&(f)->slot[IN_SRC(f, i)->args[k]])
#define IN_IMM(f, i) (IN_SRC(f, i)->imm.i)
#define IN_NAME(f, i) ((f)->code->name[(i)->from])     /* borrowed */
static inline void in_result(in_frame *f, const in_ins *i, in_val v) /* takes v's reference */
{
  if (i->dst == KB_NOSLOT) in_decref(v);
  else in_set(&f->slot[i->dst], v);
}

/* -- py_in_code.c: images to threaded code ------------------------------------------------------------------ */
/* NULL: an exception is set (a corrupt image: SystemError with the reason). bytes are copied out of. */
in_code *in_code_new(const unsigned char *image, size_t n);
in_code *in_code_from(kb_image *im); /* takes it, also on failure */
void in_code_free(in_code *c);
/* The function of each op that is called, NULL: the loop has it. Table over all OBJ rows, made from the names below. */
in_fn *in_called(kb_op op);

/* -- py_in_loop.c ----------------------------------------------------------------------------------------------- */
/* A frame for code: constants in their slots, the others unbound. slot has image->nslots elements. */
void in_frame_start(in_frame *f, in_code *c, in_val *slot, PyObject *self, bool jit);
/* Calls code from its first instruction; args are borrowed. The result (a new reference) goes to *r; -1: exception. */
int in_call(in_code *c, PyObject *self, bool jit, const in_val *args, uint32_t nargs, in_val *r);
/* Goes on at instruction number at of a frame whose slots are filled; empties the slots. */
int in_run(in_frame *f, uint32_t at, in_val *r);

/* -- py_in_value.c ------------------------------------------------------------------------------------------------ */
/* The object of a slot: a new reference. An int, float ... that is boxed stays boxed in the slot, so that it is one object. */
PyObject *in_box(in_frame *f, in_val *v);
/* What arithmetic may unbox: exact int within 64 bits, float, bool. Else an IN_OBJ. Takes the reference. */
in_val in_unbox(PyObject *o);
int in_truth(in_frame *f, in_val *v);            /* 0, 1, -1 */
/* As in_box, but the slot stays as it is. */
PyObject *in_object(const in_frame *f, const in_val *v);
in_val in_tuple_new(uint32_t n);                 /* IN_NULL tag: no memory, exception set; so the others */
/* shape and stride have rank elements; owner (or NULL) gets a reference of its own. */
in_val in_view_new(char *data, kb_ty elem, uint32_t rank, const int64_t *shape, const int64_t *stride, PyObject *owner);
in_val in_view_sub(const in_view *v, const int64_t *index, uint32_t n); /* the axes behind n indices that are in bounds */
/* Iterators at some point of their way; values are taken, also on failure. */
in_val in_iter_range(int64_t next, int64_t stop, int64_t step);
in_val in_iter_over(int kind, in_val over, int64_t next);  /* VIEW, LIST, TUPLE, ARRAY, PY */
in_val in_iter_enumerate(in_val it, int64_t count);        /* it: an IN_ITER */
in_val in_iter_zip(const in_val *its, uint32_t n);         /* IN_ITERs */
in_val in_iter_copy(const in_iter *it);

/* -- py_in_arith.c, py_in_sized.c: binary, unary, compare on anything ---------------------------------------------- */
int in_binary(in_frame *f, kb_op op, in_val *a, in_val *b, in_val *r);  /* the slow path: mixed, sized, big, objects */
int in_unary(in_frame *f, kb_op op, in_val *a, in_val *r);
/* An int past 64 bits (or one in a kernel's tuple) that a kernel with overflow="wrap" or "raise" gets: cut, or -1. */
int in_fit_ints(const in_frame *f, in_val *v);
static inline int in_fit(const in_frame *f, in_val *v)
{
  return KB_UNLIKELY((f->code->image->wrap || f->code->image->raises) && v->tag >= IN_REF) ? in_fit_ints(f, v) : 0;
}
int in_compare(in_frame *f, kb_op op, in_val *a, in_val *b, in_val *r);

/* NumPy's meaning of the same (kb.jit). 1: done; 0: to be done on objects; -1. */
int in_jit_binary(kb_op op, const in_val *a, const in_val *b, in_val *r);
int in_jit_compare(kb_op op, const in_val *a, const in_val *b, bool *r);
/* Sized ints and f32 of kernels: at least one operand is sized. */
int in_sized_binary(in_frame *f, kb_op op, const in_val *a, const in_val *b, in_val *r);
int in_sized_compare(in_frame *f, kb_op op, const in_val *a, const in_val *b, bool *r);
/* The low bits of an int (INT, BOOL, SIZED, or an object that is an int) as a sized int; -1: no int. */
int in_cast_sized(in_frame *f, const in_val *v, kb_ty to, in_val *r);
int in_to_f32(in_frame *f, const in_val *v, float *r);   /* one rounding */
int in_to_double(in_frame *f, const in_val *v, double *r);
/* What an unboxed operand would be: v itself, or the number in an exact int, float or bool object (borrowed). */
in_val in_peek(const in_val *v);

/* -- py_in_numpy.c: NumPy's scalars --------------------------------------------------------------------------------- */
PyObject *in_numpy_box(const in_val *v);             /* F64, F32, SIZED: a new scalar */
bool in_numpy_peek(PyObject *o, in_val *r);          /* F64, F32, SIZED of a scalar, by exact type */
PyObject *in_numpy_bool(bool b);                     /* numpy.True_, numpy.False_: a new reference */
/* An exact ndarray of rank 1 with aligned native elements that in_array_load knows. */
bool in_array_plain(PyObject *o, kb_ty *elem);
void in_array_load(PyObject *o, kb_ty elem, int64_t i, in_val *r);
/* x[i, j ...] of an exact ndarray with an index in bounds for each axis; false: to be done on objects. */
bool in_array_get(in_frame *f, const in_ins *i, PyObject *o, in_val *r);
bool in_array_set(in_frame *f, const in_ins *i, PyObject *o, const in_val *v); /* where the value keeps its bits */

/* -- py_in_iter.c, py_in_view.c, py_in_builtin.c: kernels' iterators, arrays, builtins ------------------------------- */
in_fn in_o_iter, in_o_hasnext, in_o_iterval, in_o_iternext, in_o_range, in_o_enumerate, in_o_zip;
/* Elements of views; i is in bounds, as an offset in elements. */
void in_load(const char *data, kb_ty elem, in_val *r); /* a u64 past 64 bits: an object, or NULL tag: exception */
int in_store(in_frame *f, char *data, kb_ty elem, const in_val *v);
in_fn in_o_getitem, in_o_setitem, in_o_attr, in_o_tuple, in_o_unpack, in_o_item, in_o_call, in_o_kcall, in_o_bound;

/* -- py_in_object.c, py_in_callable.c, py_in_display.c: the rest of Python --------------------------------------------- */
in_fn in_o_keep, in_o_matmul, in_o_inplace, in_o_contains, in_o_pool, in_o_global, in_o_setglobal, in_o_delglobal, in_o_getattr, in_o_setattr,
    in_o_delattr, in_o_delitem, in_o_slice, in_o_callx, in_o_method, in_o_callm, in_o_callex, in_o_list, in_o_set, in_o_dict, in_o_append, in_o_extend,
    in_o_setadd, in_o_setupdate, in_o_dictset, in_o_dictupdate, in_o_dictmerge, in_o_listtuple, in_o_unpackex, in_o_format, in_o_join,
    in_o_import, in_o_importfrom, in_o_function, in_o_cell, in_o_free, in_o_cellget, in_o_freeget, in_o_cellset, in_o_celldel, in_o_getvar,
    in_o_setvar, in_o_delvar;
/* What in_o_getitem, in_o_setitem and in_o_unpack do with objects that they know no better way for: any index, several
 * indices as a tuple; anything that can be iterated, as a real tuple of n items. */
int in_getitem_object(in_frame *f, const in_ins *i);
int in_setitem_object(in_frame *f, const in_ins *i);
int in_unpack_object(in_frame *f, PyObject *from, Py_ssize_t n, in_val *r);
int in_list_append(PyObject *list, PyObject *o); /* an exact list; takes o's reference */
enum { IN_UNBOUND = 1 }; /* aux of what obj.method gives: x has to be passed in front, no bound method was made */
/* Interpreted functions called by interpreted functions: set by the module that has their type. 1: done, *r is the result;
 * 0: has to be called as an object; -1: exception. Arguments are borrowed. */
extern PyTypeObject *in_jit_type;
extern int (*in_jit_call)(PyObject *fn, const in_val *args, uint32_t nargs, in_val *r);

/* -- py_in_unwind.c: exceptions ------------------------------------------------------------------------------------------ */
in_fn in_o_caught, in_o_endexc, in_o_matches, in_o_withexit, in_o_withenter, in_o_withleave;
int in_raise(in_frame *f, const in_ins *i);      /* obj.raise, obj.reraise, raise: sets the exception; always -1 */
/* An exception is set at f->ip: adds the traceback entry; the handler's instruction number, or KB_NOINS: it leaves. */
uint32_t in_unwind(in_frame *f);
bool in_within_comprehension(in_frame *f, PyObject *name);
int in_no_local(in_frame *f, const char *name); /* raises UnboundLocalError, or what it is there (py_in_name.c); -1 */
/* Before a frame returns with f->handled set: what its caller handles is handled again. */
void in_handled_drop(in_frame *f);
void in_places_free(in_code *c);

/* -- py_in_deopt.c, py_in_native.c ------------------------------------------------------------------------------------------ */
/* The code of a kernel, made on first use and kept for the process. */
in_code *in_code_of(const kb_fn_info *info);
/* At loop head number h: runs native code from there if what it needs holds. 1: it finished the function, *r is the result;
 * 0: it did not run; -1: exception. */
int in_resume(in_frame *f, uint32_t h, in_val *r);
/* Calls kernel info with args (borrowed): natively if they fit, else interpreted. */
int in_kernel_call(in_frame *f, const kb_fn_info *info, in_val *args, uint32_t nargs, in_val *r);
/* A slot as a value of the declared type (range checked, rounded): what stores, parameters and results do in native code. */
int in_convert(in_frame *f, in_val *v, uint8_t as /* KB_AS_* */, in_val *r);

/* -- py_in_run.c ------------------------------------------------------------------------------------------------------------- */
int in_run_init(PyObject *module);   /* adds run() */

/* -- py_in_poll.c ------------------------------------------------------------------------------------------------------------- */
int in_poll(void);   /* signals, pending calls, now and then another thread; -1: exception */
int in_poll_call(void); /* the same, once in a while: for each call */

#endif
