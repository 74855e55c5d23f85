/* SPDX-License-Identifier: MIT */
/* ir.h: the map of Keelback's IR: types, values, blocks, snapshots, then prototypes by file.
 *
 *   tree -> lower -> generic IR -> infer -> specialise -> typed IR -> opt/ -> emit/ -> C
 *
 * Glossary.  op: a row of ops.def.  value: an SSA name, also the instruction that defines it.
 * slot: a numbered cell of a generic frame.  pc: the number of a generic instruction.  guard: an
 * instruction that leaves the function unless its condition holds.  snapshot: what a guard leaves with.
 * exit: the leaving itself (raise or deopt).  frame: {function, pc, slots} of one activation.
 * image: the flat form of a generic function over slots.  trace: a recorded straight line.
 *
 * doc/ir.txt is the manual; the numbered invariants there are checked by verify.c.
 */
#ifndef KB_IR_H
#define KB_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -- Memory, containers ------------------------------------------------------------------------- */

/* arena.c: everything of one module or function lives in an arena and is freed at once. */
typedef struct kb_arena kb_arena;
kb_arena *kb_arena_new(void);
void kb_arena_free(kb_arena *a);
void *kb_arena_alloc(kb_arena *a, size_t size); /* zeroed, 16-byte aligned; stops the program when out of memory */
char *kb_arena_strndup(kb_arena *a, const char *s, size_t n);
char *kb_arena_printf(kb_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void *kb_xzalloc(size_t n);
void *kb_xrealloc(void *p, size_t n); /* realloc that stops the program when out of memory */

#define KB_NEW(arena, T, n) ((T *)kb_arena_alloc((arena), (size_t)(n) * sizeof(T)))
#define KB_ZALLOC(T, n) ((T *)kb_xzalloc((size_t)(n) * sizeof(T))) /* on the heap, zeroed; free() it */

/* vec.h: typed growable arrays on the heap: KB_VEC(int) v = {0}; kb_vec_push(&v, 3); kb_vec_free(&v). */
#include "vec.h"

/* bits.c: sets of small integers. */
typedef struct { uint64_t *w; uint32_t n; /* capacity in bits */ } kb_bits;
void kb_bits_init(kb_bits *b, uint32_t nbits);
void kb_bits_free(kb_bits *b);
static inline void kb_bits_set(kb_bits *b, uint32_t i) { b->w[i >> 6] |= UINT64_C(1) << (i & 63); }
static inline void kb_bits_clear(kb_bits *b, uint32_t i) { b->w[i >> 6] &= ~(UINT64_C(1) << (i & 63)); }
static inline bool kb_bits_has(const kb_bits *b, uint32_t i) { return (b->w[i >> 6] >> (i & 63)) & 1; }
bool kb_bits_or(kb_bits *dst, const kb_bits *src);              /* dst |= src; did it change? */
bool kb_bits_next(const kb_bits *b, uint32_t *i);               /* next member >= *i into *i; for loops */

/* intern.c: one copy of each string, comparable by pointer; lives as long as the process. */
const char *kb_intern(const char *s);
const char *kb_intern_n(const char *s, size_t n);

/* diag.c: three failure words: kb_error = the input is wrong; kb_bug = we are; kb_note = by the way. */
typedef struct { const char *file; uint32_t line, col, end_col; } kb_loc; /* line from 1, col from 1 (in bytes), 0 = unknown */
void kb_error(kb_loc at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void kb_note(kb_loc at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void kb_bug(const char *where, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
unsigned kb_error_count(void);
void kb_error_reset(void);
/* Receives each finished message ("file:line:col: error: ...", source line, caret); stderr when NULL. */
typedef void kb_diag_sink(void *data, const char *text);
void kb_diag_set_sink(kb_diag_sink *sink, void *data);
/* Messages about this file quote this text (copied; the last one given counts) instead of reading the file. */
void kb_diag_source(const char *file, const char *text, size_t n);
#define kb_assert(cond, ...) ((cond) ? (void)0 : kb_bug(__FILE__, __LINE__, __VA_ARGS__))

/* -- Types (type.c) ------------------------------------------------------------------------------ */

/* A type is an index into the process-wide table; equal types have equal indices. */
typedef uint16_t kb_ty;
enum {
  KB_T_BOT,    /* no value reaches here (inference starts with it) */
  KB_T_VOID,   /* an instruction without a result */
  KB_T_OBJ,    /* any Python object: generic IR before inference */
  KB_T_NONE,   /* None */
  KB_T_STR,    /* a str constant (messages of exceptions) */
  KB_T_BOOL,   /* Python bool; typed IR: 0 or 1 */
  KB_T_INT,    /* Python int, exact; typed IR uses I64 and guards instead */
  KB_T_FLOAT,  /* Python float, weak: takes the width of a sized float it meets; typed IR: F64 */
  KB_T_I8, KB_T_I16, KB_T_I32, KB_T_I64, KB_T_U8, KB_T_U16, KB_T_U32, KB_T_U64, /* sized ints: wrap */
  KB_T_F32, KB_T_F64,
  KB_T_FIRST_COMPOSITE
};
typedef enum { KB_K_SCALAR, KB_K_ARRAY, KB_K_PTR, KB_K_TUPLE, KB_K_RANGE, KB_K_ITER, KB_K_ENUMERATE, KB_K_ZIP, KB_K_FN } kb_tkind;
typedef struct {
  kb_tkind kind;
  kb_ty elem;        /* array, ptr: element (sized int, f32, f64, bool); iter, enumerate: what is walked */
  uint8_t rank;      /* array: 1..4 */
  bool contig;       /* array: last axis has stride 1 */
  bool readonly;     /* array: a const view (never written parameter) */
  uint32_t n;        /* tuple, zip: number of items */
  const kb_ty *items;
} kb_type;
const kb_type *kb_type_of(kb_ty t);
kb_ty kb_type_array(kb_ty elem, unsigned rank, bool contig, bool readonly);
kb_ty kb_type_ptr(kb_ty elem);
kb_ty kb_type_tuple(const kb_ty *items, uint32_t n);
kb_ty kb_type_make(kb_tkind kind, kb_ty elem, const kb_ty *items, uint32_t n); /* range, iter, enumerate, zip */
const char *kb_type_name(kb_ty t);  /* as a Python user writes it: int, float, kb.f32[:, ::1], tuple[int, float] */
const char *kb_type_text(kb_ty t);  /* as text IR writes it: i64, f64, f32x2, f32x2c, (i64,f64) ... */
kb_ty kb_type_parse(const char **p); /* text IR; advances *p; KB_T_BOT when it is no type */
/* The operand letter of ops.def for a typed value: I i64, U u64, D f64, S f32, B bool, V array, P ptr, T tuple, O object. */
char kb_type_letter(kb_ty t);
size_t kb_type_size(kb_ty t);       /* bytes of a scalar in memory */
static inline bool kb_type_is_sized_int(kb_ty t) { return t >= KB_T_I8 && t <= KB_T_U64; }
static inline bool kb_type_is_float(kb_ty t) { return t == KB_T_FLOAT || t == KB_T_F32 || t == KB_T_F64; }
static inline bool kb_type_is_integral(kb_ty t) { return t == KB_T_BOOL || t == KB_T_INT || kb_type_is_sized_int(t); }

/* -- Ops (ops.def, op.c) -------------------------------------------------------------------------- */

/* KB_OP_VAL: rows VAL, and HND, which have no expr. */
typedef enum { KB_OP_OBJ, KB_OP_VAL, KB_OP_GRD, KB_OP_EFF, KB_OP_CTL } kb_opkind;
enum { /* flags of a row */
  KB_OF_C = 1,  /* commutes */
  KB_OF_T = 2,  /* may trap or is undefined for some operands: never speculate, never fold blindly */
  KB_OF_L = 4,  /* reads memory */
  KB_OF_S = 8,  /* writes memory or has another visible effect */
  KB_OF_I = 16, /* has an immediate, printed as #n */
  KB_OF_N = 32, /* imm.str is a name, or names with blanks between: printed as #"text" */
  KB_OF_V = 64  /* imm.i is a variable of f->vars: printed as #n */
};
typedef enum {
#define OBJ(name, ...) KB_##name,
#define VAL(name, ...) KB_##name,
#define HND(name, ...) KB_##name,
#define GRD(name, ...) KB_##name,
#define EFF(name, ...) KB_##name,
#define CTL(name, ...) KB_##name,
#include "ops.def"
  KB_NOPS
} kb_op;
typedef struct {
  const char *name;    /* "IADD" */
  const char *text;    /* "iadd" */
  kb_opkind kind;
  char result;         /* operand letter of the result; '-' none; '?' given by the type of the value */
  const char *args;    /* operand letters; '?' anything; a trailing '*' repeats the last letter zero or more times */
  unsigned flags;
  unsigned prec;       /* VAL, GRD: C precedence of expr (16 primary ... 1 comma) */
  const char *expr;    /* VAL, GRD: C over a, b, c (and *r for a guard with a result); NULL: written by hand */
  uint16_t to[5];      /* OBJ: the typed op for int, wrapping int, u64, f32, f64 operands; 0 = written by hand */
} kb_oprow;
extern const kb_oprow kb_ops[KB_NOPS];
kb_op kb_op_find(const char *text, size_t n); /* KB_NOPS when unknown */
bool kb_op_takes(kb_op op, uint32_t nargs); /* by the row */

/* Builtins that obj.call names by immediate, and exceptions; names by the same X-macro files. */
typedef enum {
#define BUILTIN(id, text, nmin, nmax) KB_BI_##id,
#include "builtins.def"
  KB_NBUILTINS
} kb_builtin;
typedef struct { const char *id, *text; int nmin, nmax; } kb_birow; /* text: as the user writes it ("math.sin"); nmax -1: any */
extern const kb_birow kb_builtins[KB_NBUILTINS];
/* Exceptions: enum kb_exc and names are in include/kbabi.h (kb_exc_name). */

/* -- Values, blocks, snapshots -------------------------------------------------------------------- */

typedef uint32_t kb_ref;  /* value number in its function; 0 = none */
typedef uint32_t kb_bid;  /* block number in its function; 0 = none, 1 = entry */

typedef union { int64_t i; double d; float s; const char *str; } kb_imm;

typedef struct {
  uint16_t op;       /* kb_op */
  kb_ty ty;          /* type of the result, KB_T_VOID if none */
  uint32_t nargs;
  kb_ref *args;      /* in the function's arena */
  kb_bid blk;        /* 0: constant, parameter or deleted */
  kb_ref prev, next; /* order inside the block */
  kb_imm imm;        /* constants, builtin, callee, axis ... */
  uint32_t snap;     /* snapshot number + 1; 0 = none */
  uint32_t pc;       /* generic: its pc (assigned by kb_fn_number); typed: pc it came from */
  kb_loc loc;
  const char *name;  /* Python's name for it, interned, or NULL */
} kb_val;

typedef struct {
  kb_ref first, last;     /* phis come first; last is CTL in a finished block */
  KB_VEC(kb_bid) pred;    /* phi arguments are in this order; no block twice */
  kb_bid succ[2];         /* of last: jmp 1, br 2 (true, false), try 2 (body, handler), ret and raise 0 */
  kb_bid handler;         /* generic: where an exception in this block goes; 0: out of the function */
  const char *hint;       /* generic: what the op hint will say of the loop whose body starts here, interned; NULL: nothing */
  /* filled by cfg.c */
  uint32_t rpo;           /* position in fn->rpo; UINT32_MAX when unreachable */
  kb_bid idom;            /* 0 for the entry */
  uint32_t dom_in, dom_out; /* interval of the dominator tree: a dominates b iff b's lies in a's */
  uint32_t loop;          /* innermost loop + 1; 0 = none */
} kb_blk;

/* One entry of a frame or of a virtual object. */
typedef enum { KB_E_VAL, KB_E_EXPR, KB_E_VIRT } kb_ekind;
typedef enum { KB_V_TUPLE, KB_V_RANGE, KB_V_RANGEITER, KB_V_ARRAYITER, KB_V_ENUMERATE, KB_V_ZIP, KB_V_VIEW,
               KB_V_EITHER /* no object: bool, A, B: A when the bool is true, else B (kb.jit: the int 0 or a numpy.float64) */,
               KB_NVIRT } kb_vkind;
typedef struct kb_entry {
  kb_ekind kind;
  uint32_t slot;          /* in a frame: where it goes; in an object: its index */
  kb_ref ref;             /* KB_E_VAL: value or constant */
  uint16_t what;          /* KB_E_EXPR: kb_op; KB_E_VIRT: kb_vkind */
  kb_ty ty;               /* the Python type to rebuild: KB_T_INT, KB_T_FLOAT, KB_T_F32, array ... */
  uint32_t n;
  struct kb_entry *sub;   /* KB_E_EXPR: operands; KB_E_VIRT: parts */
} kb_entry;
typedef struct {
  const char *fn;         /* interned name of the function */
  uint32_t pc;            /* where the interpreter goes on */
  uint32_t result;        /* outer frames: slot for the call's result; UINT32_MAX when it has none */
  kb_loc loc;
  uint32_t n;
  kb_entry *entries;      /* ascending slots */
} kb_frame;
typedef enum { KB_EXIT_DEOPT, KB_EXIT_RAISE, KB_EXIT_CALL } kb_exitkind;
/* CALL: the callee has left; its finished result or exception is passed on. */
typedef struct {
  kb_exitkind kind;
  uint8_t exc;            /* RAISE: enum kb_exc */
  const char *msg;        /* RAISE, DEOPT: message; {0} {1} ... stand for args */
  uint32_t nargs;
  kb_ref *args;
  uint32_t nframes;
  kb_frame *frames;       /* innermost first */
} kb_snap;

typedef struct { kb_bid header; uint32_t parent /* +1 */; uint32_t depth; } kb_loop;

/* What callers see of a parameter; the value in fn->params has the machine type of the same array or class. */
typedef struct {
  const char *name;
  kb_ty ty;             /* as declared: int, float, kb.i32, kb.f32[:] (readonly set when never written), ptr */
  bool kwonly, posonly;
  bool has_def;
  kb_imm def;           /* default value, by the letter of ty (int64, double, float, bool) */
  bool written;         /* array, ptr: the kernel may store into it */
  bool numpy_bool;      /* kb.jit: a numpy.bool_ */
  bool refused;         /* kb.jit: a read-only array; a store leaves by a deopt */
} kb_sigparam;

/* A loop head at which an osr function takes over from the interpreter (frontend/osr.c): what it takes out of which slots.
 * A value's ref is the number of its first word + 1 (an array has 1 + 2 * rank words: data, shape and stride of each axis in
 * turn); 0: None. An expression is a constant (op const, ref), which has to be there. */
typedef struct {
  uint32_t pc;          /* of the first instruction behind the phis */
  uint32_t nwords, n;   /* n UINT32_MAX: it cannot be entered */
  kb_entry *entries;
} kb_osr_head;

typedef struct {
  const char *name;     /* Python name, interned */
  const char *c_name;   /* C name of the public wrapper */
  const char *doc;      /* docstring or NULL */
  kb_loc loc;
  uint32_t nparams;
  kb_ref *params;
  kb_sigparam *sig;     /* nparams of them; NULL in text IR without one */
  kb_ty ret;            /* declared (or inferred) result as Python sees it; KB_T_VOID for None */
  bool generic;         /* OBJ ops are allowed */
  bool dynamic;         /* generic, of a kb.jit function: any object, and the ops that are never specialised */
  uint32_t nvars;       /* dynamic: variables in memory (obj.getvar), and their names */
  const char **vars;
  bool recursive;       /* may reach itself through calls */
  bool wrap, unchecked; /* overflow="wrap", bounds=False */
  bool nogil;           /* Python's wrapper gives the GIL back while it runs */
  uint32_t fastmath;    /* KB_FM_* */
  int inline_hint;      /* -1 never, 0 by size, 1 always */
  bool exported;        /* has a public wrapper (not a callee of another file) */
  bool jit;             /* typed attempt of kb.jit; its argument block also has the objects of arrays */
  bool overflow_raises; /* overflow="raise" */
  bool undeclared;      /* the result's type was inferred: a caller sees sized results as such */
  const unsigned char *image; /* typed: bytes of the generic function (image.h), in the arena, or NULL */
  size_t nimage;
  uint32_t ncalls;      /* typed: kernels that the generic function calls */
  const uint32_t *calls;
  uint32_t osr_of;      /* of m->osr: number + 1 of the function of m->fns whose loops this one enters; its parameter says which */
  uint32_t nheads;      /* loops of the generic function, in order of rpo */
  kb_osr_head *heads;
  kb_arena *arena;
  KB_VEC(kb_val) val;   /* val.v[0] unused */
  KB_VEC(kb_blk) blk;   /* blk.v[0] unused */
  KB_VEC(kb_snap) snap;
  KB_VEC(kb_bid) rpo;   /* cfg.c */
  KB_VEC(kb_loop) loops;
  uint32_t nslots;      /* generic: slots (and pcs) in use */
  uint32_t *consts;     /* hash of constants */
  uint32_t nconsts, capconsts;
} kb_fn;
enum { KB_FM_REASSOC = 1, KB_FM_CONTRACT = 2, KB_FM_NNAN = 4, KB_FM_NSZ = 8, KB_FM_ARCP = 16 };

typedef struct kb_mod {
  const char *file;          /* Python source file as given */
  const char *python;        /* "3.11": whose messages and ported functions it follows */
  KB_VEC(kb_fn *) fns;       /* callees of call ops are indices into it */
  KB_VEC(kb_fn *) osr;       /* typed: entries into loops; nobody calls them */
} kb_mod;

#define KB_FOR_INS(f, b, r) for (kb_ref r = (f)->blk.v[b].first; r; r = (f)->val.v[r].next)
static inline kb_val *kb_v(const kb_fn *f, kb_ref r) { return &f->val.v[r]; }
static inline bool kb_is(const kb_fn *f, kb_ref r, kb_op op) { return f->val.v[r].op == (uint16_t)op; }

/* -- func.c: make and edit ------------------------------------------------------------------------ */
kb_mod *kb_mod_new(const char *file, const char *python);
void kb_mod_free(kb_mod *m);
kb_fn *kb_fn_new(kb_mod *m, const char *name); /* appended to m->fns; owned by it */
kb_fn *kb_fn_new_osr(kb_mod *m, uint32_t of); /* appended to m->osr; named as function number of */
void kb_fn_free(kb_fn *f);
kb_bid kb_blk_new(kb_fn *f); /* the first one is the entry, block 1 */
kb_ref kb_param(kb_fn *f, kb_ty ty, const char *name); /* appends a parameter */
/* Constants are shared: one value per (type, bits). */
kb_ref kb_const_int(kb_fn *f, kb_ty ty, int64_t i);    /* bool, int, sized ints, i64, u64 */
kb_ref kb_const_float(kb_fn *f, kb_ty ty, double d);   /* float, f64, f32 (exact in f32) */
kb_ref kb_const_str(kb_fn *f, const char *s);
kb_ref kb_const_none(kb_fn *f);
kb_ref kb_undef(kb_fn *f, kb_ty ty);
bool kb_is_const(const kb_fn *f, kb_ref r);
/* Appends to the end of block b (before nothing). args are copied. Result type ty. */
kb_ref kb_ins(kb_fn *f, kb_bid b, kb_op op, kb_ty ty, const kb_ref *args, uint32_t nargs, kb_loc loc);
kb_ref kb_ins_before(kb_fn *f, kb_ref at, kb_op op, kb_ty ty, const kb_ref *args, uint32_t nargs, kb_loc loc);
kb_ref kb_phi(kb_fn *f, kb_bid b, kb_ty ty, uint32_t nargs); /* at the block's head; args 0 until set */
/* jmp and br add b to the predecessors of where they go unless it is there already. To change a block's end:
 * kb_remove_pred for each edge that goes, kb_del of the old CTL, then the new one; kept edges keep their phi arguments. */
void kb_jmp(kb_fn *f, kb_bid b, kb_bid to, kb_loc loc);
void kb_br(kb_fn *f, kb_bid b, kb_ref cond, kb_bid yes, kb_bid no, kb_loc loc); /* a jmp when yes == no */
void kb_try(kb_fn *f, kb_bid b, kb_bid body, kb_bid handler, kb_loc loc); /* the blocks of the body name the handler themselves */
void kb_ret(kb_fn *f, kb_bid b, const kb_ref *vals, uint32_t n, kb_loc loc);
void kb_del(kb_fn *f, kb_ref r);                              /* unlinks; its uses must be gone */
void kb_move_before(kb_fn *f, kb_ref r, kb_ref at);           /* unlinks r and links it in front of at */
/* Sends every use of a value to map[value] (0 or itself: keep), snapshots too; follows chains.
 * map has f->val.n elements (as of this call) and is used up. */
void kb_replace_all(kb_fn *f, kb_ref *map);
void kb_remove_pred(kb_fn *f, kb_bid b, kb_bid pred);         /* and the phi arguments of that edge */
/* Generic: numbers parameters, then instructions in rpo (runs kb_cfg). The number is the pc and the slot of the result;
 * the count goes to f->nslots and is returned. */
uint32_t kb_fn_number(kb_fn *f);
/* Copies deeply into the arena and numbers the parts of objects and expressions; returns its number + 1. */
uint32_t kb_snap_new(kb_fn *f, const kb_snap *s);
/* Calls fn for each use inside snapshot s (pointers, so that they can be rewritten). */
void kb_snap_uses(kb_fn *f, kb_snap *s, void (*fn)(kb_ref *use, void *data), void *data);
/* Use counts (operands, phis, snapshots) into n[], which has f->val.n elements. */
void kb_count_uses(kb_fn *f, uint32_t *n);

/* -- cfg.c: reverse postorder, dominators, loops ---------------------------------------------------- */
void kb_cfg(kb_fn *f);                                        /* fills rpo, idom, loops; drops unreachable blocks */
bool kb_dominates(const kb_fn *f, kb_bid a, kb_bid b);        /* needs kb_cfg */

/* -- snap.c: text and comparison of snapshots ------------------------------------------------------- */
void kb_snap_print(FILE *out, const kb_fn *f, uint32_t snap);
bool kb_snap_equal(const kb_fn *f, uint32_t a, uint32_t b);

/* -- print.c, parse.c: canonical text, parse(print(f)) == f ------------------------------------------ */
void kb_print_fn(FILE *out, const kb_mod *m, const kb_fn *f);
void kb_print_mod(FILE *out, const kb_mod *m);
kb_mod *kb_parse_text(const char *file, const char *text, size_t n); /* NULL after kb_error */

/* -- verify.c ---------------------------------------------------------------------------------------- */
/* Checks every invariant of doc/ir.txt; on the first breach writes "invariant N: ..." into why and returns false. */
bool kb_verify(const kb_mod *m, kb_fn *f, char *why, size_t size);

/* -- eval.c, fold.c: meaning at compile time ------------------------------------------------------------ */
/* Evaluates a VAL row, or a GRD row (result in *r, false = the guard fails); letters say which member is live. */
typedef enum { KB_EVAL_OK, KB_EVAL_FAILS, KB_EVAL_NO } kb_evalres; /* NO: not foldable (T rows outside their domain, libm) */
kb_evalres kb_eval(kb_op op, const kb_imm *args, uint32_t nargs, kb_imm imm, kb_imm *r);
/* The value that r is equal to after folding constants and algebra (maybe a new constant), or r itself, whose op and
 * operands may have been brought into a simpler form (constants to the right, bnot(ilt) to ige). 0: r is a guard
 * without a result that always holds; delete it. A guard with a result that cannot fail is equal to that result. */
kb_ref kb_fold(kb_fn *f, kb_ref r);

#ifdef __cplusplus
}
#endif
#endif
