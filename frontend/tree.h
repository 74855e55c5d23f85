/* SPDX-License-Identifier: MIT */
/* tree.h: the plain C tree between Python's AST and the IR; no Python objects, names resolved.
 *
 * py_tree.c makes it: local names are numbered; everything else a kernel mentions (globals, closure
 * cells, builtins, module attributes) has become a constant, a builtin, a type, another kernel or, where
 * it cannot be used, a bad entity that says why when the kernel uses it.
 */
#ifndef KB_TREE_H
#define KB_TREE_H

#include "../ir/ir.h"

typedef enum {
  /* expressions */
  TN_INT,      /* i */
  TN_BIGINT,   /* an int constant that does not fit int64; text in str */
  TN_FLOAT,    /* d */
  TN_BOOL,     /* i */
  TN_NONE,
  TN_STR,      /* str */
  TN_LOCAL,    /* i: number of the local variable */
  TN_TYPE,     /* ty: a type used as a value (dtype=kb.f32) or called as a cast */
  TN_BUILTIN,  /* i: kb_builtin, not called yet; function position of TN_CALL */
  TN_KERNEL,   /* i: index into kt_mod.kernels; function position of TN_CALL */
  TN_BAD,      /* str: why it cannot be used ("cannot import name ...", "a list", ...) */
  TN_UNARY,    /* op: KB_ONEG KB_OPOS KB_OINVERT KB_ONOT; kids: x */
  TN_BINARY,   /* op: KB_OADD ... KB_OXOR; kids: a, b */
  TN_BOOLOP,   /* i: 0 and, 1 or; kids: 2 or more */
  TN_COMPARE,  /* ops[k] between kids k and k+1 (KB_OLT ..., KB_OIS, KB_OISNOT) */
  TN_IFEXP,    /* kids: test, yes, no */
  TN_CALL,     /* kids: function, positional arguments; kws: keyword arguments */
  TN_SUBSCRIPT,/* kids: x, i, j ... (a tuple index is flattened) */
  TN_SLICE,    /* kids: lower, upper, step or NULL; refused by lower for now */
  TN_ATTR,     /* kids: x; str: attribute name (shape, size, ndim, others) */
  TN_TUPLE,    /* kids */
  /* statements */
  TN_EXPR,     /* kids: value */
  TN_ASSIGN,   /* kids: value, target, target ...; a = b = v has two targets; targets: LOCAL, SUBSCRIPT, TUPLE of them */
  TN_AUGASSIGN,/* op; kids: target, value */
  TN_IF,       /* kids: test; body, orelse */
  TN_WHILE,    /* kids: test; body, orelse */
  TN_FOR,      /* kids: target, iterable; body, orelse */
  TN_BREAK, TN_CONTINUE, TN_PASS,
  TN_RETURN,   /* kids: value or none */
  TN_RAISE,    /* i: enum kb_exc; kids: message (TN_STR) or none */
  TN_ASSERT    /* kids: test, message or none */
} kt_kind;

typedef struct kt_node kt_node;
typedef struct { kt_node **v; uint32_t n; } kt_list;   /* in the module's arena */
typedef struct { const char *name; kt_node *value; } kt_kw;
struct kt_node {
  kt_kind kind;
  uint16_t op;
  kb_loc loc;
  int64_t i;
  double d;
  const char *str;
  kb_ty ty;
  kt_list kids, body, orelse;
  const uint16_t *ops;              /* TN_COMPARE */
  kt_kw *kws;
  uint32_t nkws;
};

typedef struct {
  const char *name;
  kb_ty ty;                /* KB_T_BOT: no annotation */
  kb_loc loc;
  kt_node *def;            /* default (a constant) or NULL */
  bool kwonly, posonly;
  bool numpy_bool;         /* kb.jit: a numpy.bool_, not Python's bool; ty is KB_T_BOOL */
} kt_param;

/* What an option of the kernel says of loops: words of KB_LOOP (kbabi.h). */
typedef struct {
  const char *option;      /* "unroll", for messages */
  const char *name;        /* of the loop's variable; NULL: any */
  int64_t depth;           /* of the loop, 0: outermost; -1: any */
  const char *words;
  bool used;               /* there is such a loop */
} kt_loop_option;

typedef struct {
  const char *name, *qualname, *doc;
  const char *c_name;      /* from c_name=, or the name */
  kb_loc loc;              /* of the def */
  uint32_t nparams;
  kt_param *params;
  kb_ty ret;               /* declared result: KB_T_BOT no annotation, KB_T_VOID None */
  uint32_t nlocals;        /* parameters come first */
  const char **locals;     /* names */
  kt_list body;
  bool wrap, unchecked, nogil, parallel; /* overflow="wrap", bounds=False ... */
  bool overflow_raises;     /* overflow="raise": OverflowError where an exact int would go on */
  uint32_t fastmath;       /* KB_FM_* */
  int inline_hint;
  uint32_t nloop_options;
  kt_loop_option *loop_options;
  bool exported;           /* false: a kernel of another file that this one calls */
  const char *file;        /* the file it comes from */
  void *owner;             /* py_*: the function object */
  uint32_t errors;         /* errors found in it so far: it is not lowered */
} kt_kernel;

typedef struct {
  const char *file;        /* as given on the command line */
  const char *python;      /* "3.11" */
  kb_arena *arena;
  KB_VEC(kt_kernel *) kernels;   /* exported ones in the order of the file, then callees from elsewhere */
  KB_VEC(const char *) deps;     /* imported project files, for the depfile */
  /* Exact messages of this CPython, asked of it once: see py_messages.c. Indexed by kt_msg. */
  const char **msg;
  void *owner;                   /* py_load.c: what is needed to write an extension module */
  bool jit;                      /* typed attempt of kb.jit: the types are those of the arguments, elements and sized numbers
                                  * are NumPy scalars, and what typed code cannot do as NumPy does leaves by a deopt */
  bool numpy2;                   /* jit: NEP 50 holds: NumPy >= 2 */
} kt_mod;

/* Messages that differ between versions or are easy to get wrong; the front end asks the embedded CPython. */
typedef enum {
  KM_INT_DIV,        /* 1 // 0 */
  KM_INT_MOD,        /* 1 % 0 */
  KM_INT_TRUEDIV,    /* 1 / 0 */
  KM_INT_DIVMOD,     /* divmod(1, 0) */
  KM_FLOAT_TRUEDIV,  /* 1.0 / 0.0 */
  KM_FLOAT_FLOORDIV, /* 1.0 // 0.0 */
  KM_FLOAT_MOD,      /* 1.0 % 0.0 */
  KM_FLOAT_DIVMOD,   /* divmod(1.0, 0.0) */
  KM_ZERO_POW,       /* 0.0 ** -1.0 */
  KM_INT_ZERO_POW,   /* 0 ** -1 */
  KM_POW_RANGE,      /* 1e300 ** 2.0 (OverflowError) */
  KM_NEG_SHIFT,      /* 1 << -1 */
  KM_RANGE_STEP,     /* range(0, 1, 0) */
  KM_NAN_TO_INT,     /* int(nan) */
  KM_INF_TO_INT,     /* int(inf) */
  KM_MATH_DOMAIN,    /* math.sqrt(-1.0) */
  KM_MATH_RANGE,     /* math.exp(1e300) */
  KM_LOG_DOMAIN,     /* math.log(-1.0): with the value in 3.14 */
  KM_ISQRT_NEG,      /* math.isqrt(-1) */
  KM_POW_MOD_ZERO,   /* pow(2, 3, 0) */
  KM_MIN_EMPTY, KM_MAX_EMPTY, /* min(()), max(()) */
  KM_UNBOUND,        /* read of an unassigned local; its name is written {0} */
  KM_RECURSION,      /* maximum recursion depth exceeded */
  KM_UNPACK_FEW, KM_UNPACK_MANY, /* a, b = (1,) / (1, 2, 3) */
  KM_COUNT
} kt_msg;

/* tree.c */
kt_node *kt_new(kt_mod *m, kt_kind kind, kb_loc loc);
kt_list kt_list_of(kt_mod *m, kt_node *const *v, uint32_t n);
void kt_print(FILE *out, const kt_kernel *k); /* S-expressions, for keelback -d t */

#endif
