/* SPDX-License-Identifier: 0BSD */
/* kbabi.h: the contract between emitted C, the plugin and the runtime. C99 and C++11.
 *
 * Emitted kernels have the shape
 *
 *     static int kb_k_dot(kb_cf32x1 x, kb_cf32x1 y, float *ret)
 *     {
 *         ...
 *         if (KB_UNLIKELY((uint64_t)k >= (uint64_t)x.shape[0])) { kb_exit(&kb_sites_dot[0], k, x.shape[0]); return KB_EXIT; }
 *         ...
 *         *ret = s; return KB_OK;
 *     }
 *
 * An exit is kb_exit(&site, values...) followed by return KB_EXIT. The values are scalars: first those of
 * the message, then the live values that the site's frames name, in order; int64_t, uint64_t, double
 * (floats are widened), int (bools), pointers.
 */
#ifndef KBABI_H
#define KBABI_H

#include <stddef.h>
#include <stdint.h>

#define KB_ABI 2 /* changes with any layout here, and with the numbers of ops in ir/ops.def */

#define KB_OK 0
#define KB_EXIT 1

/* Exceptions that a site can raise. ORDER: names in runtime/error.c by the same macro. */
#define KB_EXCEPTIONS(X) \
  X(ArithmeticError) X(AssertionError) X(AttributeError) X(BufferError) X(EOFError) X(Exception) X(FloatingPointError) \
  X(IndexError) X(KeyError) X(LookupError) X(MemoryError) X(NotImplementedError) X(OSError) X(OverflowError) \
  X(RecursionError) X(ReferenceError) X(RuntimeError) X(StopIteration) X(SystemError) X(TypeError) \
  X(UnboundLocalError) X(ValueError) X(ZeroDivisionError)
#define KB_EXC_ENUM(name) KB_EXC_##name,
enum kb_exc { KB_EXCEPTIONS(KB_EXC_ENUM) KB_NEXC };

struct kb_fn_info;
typedef struct kb_unit {     /* one emitted C file */
  uint32_t abi;              /* KB_ABI of the front end */
  const char *file;          /* Python source */
  const char *python;        /* "3.11": whose messages and ported functions it follows */
  const char *keelback;      /* version of the front end */
  uint32_t nfns;             /* kernels, as obj.kcall numbers them; NULL: nothing interprets a call of it */
  const struct kb_fn_info *const *fns;
  struct kb_pending *(*pending)(void); /* kb_pending_get of the libkeelback that the unit is linked with */
} kb_unit;

/* What a slot of a frame is rebuilt from. Entries are laid out in preorder: a virtual object or an
 * expression is followed by its n parts. */
enum kb_entry_from { KB_FROM_LIVE, KB_FROM_INT, KB_FROM_FLOAT, KB_FROM_NONE, KB_FROM_STR, KB_FROM_EXPR, KB_FROM_VIRT, KB_FROM_PARAM };
typedef struct kb_site_entry {
  uint32_t slot;             /* slot of the frame, or index inside the object */
  uint8_t from;              /* enum kb_entry_from */
  uint8_t type;              /* Python type to build: KB_AS_* */
  uint16_t what;             /* EXPR: op; VIRT: kind of object (kb_vkind); type KB_AS_VIEW: element type | rank << 8 | KB_PARAM_* << 12 */
  uint32_t n;                /* LIVE: index among the live values; PARAM: number of the parameter in the argument block of the
                                function that the site is in (frames[nframes - 1].fn), whose address is then the first live
                                value; EXPR, VIRT: number of parts */
  union { int64_t i; double d; const char *s; } c; /* INT, FLOAT, STR */
} kb_site_entry;
enum kb_as { KB_AS_BOOL, KB_AS_INT, KB_AS_FLOAT, KB_AS_I8, KB_AS_I16, KB_AS_I32, KB_AS_I64, KB_AS_U8, KB_AS_U16, KB_AS_U32,
             KB_AS_U64, KB_AS_F32, KB_AS_F64, KB_AS_VIEW, KB_AS_OBJECT };
/* A view's live values are its data, then shape and stride of each axis in turn; a raw pointer is one with rank 1 and one value. */

/* A part of a value between native code and the interpreter. */
typedef union kb_word { int64_t i; uint64_t u; double d; void *p; } kb_word;

/* -- What the interpreter knows of a function --------------------------------------------------------------- */

struct kb_site_entry;
/* A parameter as declared, and where it lies in the argument block `struct a_<kernel>`, which holds the parameters of the
 * C prototype in order (views as structs), each aligned as C does. */
typedef struct kb_fn_param {
  const char *name;
  char kind;                 /* i int64_t (every int but u64), u uint64_t, d double, s float, b bool, v view, p raw pointer */
  uint8_t type;              /* KB_AS_*: declared; of a view or pointer: of its elements */
  uint8_t rank, flags;       /* view: axes; KB_PARAM_* */
  uint32_t offset;
  uint32_t object;           /* kb.jit: offset of the PyObject * that the view was made from; 0: none */
} kb_fn_param;
enum { KB_PARAM_CONTIG = 1, KB_PARAM_READONLY = 2, KB_PARAM_POINTER = 4 };

/* A loop head where native code can take over. Its entries say which slots it needs, in the form that exits have: a LIVE
 * entry's value goes to word n of what resume gets (a view's data, shape, stride ... to n and the words behind it). */
typedef struct kb_head {
  uint32_t pc;               /* of the first instruction behind the phis */
  uint32_t nwords, nentries;
  const struct kb_site_entry *entries;
} kb_head;

typedef struct kb_fn_count { /* changed without locks: statistics, and a brake */
  uint64_t exits, deopts, resumed, interpreted;
  const void *last_site;     /* of the last deopt, when it was, and how often in a row it was that one, soon after the last */
  uint64_t last_time;
  uint32_t in_a_row, skip;   /* skip: calls that are interpreted before native code is tried again */
  void *code;                /* of the interpreter, once made from the image */
} kb_fn_count;

typedef struct kb_fn_info {
  const struct kb_unit *unit;
  const char *name;          /* Python's */
  uint32_t line;             /* of the def */
  uint32_t nparams;
  const kb_fn_param *params;
  uint32_t args_size;        /* of the argument block */
  uint32_t nret;             /* parts of the result: 0 None, 1, or the items of a tuple */
  const uint8_t *ret;        /* KB_AS_* of each, as declared */
  const uint32_t *ret_offset;/* in what enter writes: one result as a parameter (every int but u64 as int64_t), a tuple's
                                items in their own size */
  uint32_t ret_size;
  uint8_t tuple;             /* the result is a tuple, even of one item */
  uint8_t jit;               /* kb.jit: NumPy's meaning of elements and casts */
  uint8_t undeclared;        /* the result's type was inferred: callers see sized ints as sized */
  size_t nimage;
  const unsigned char *image;/* NULL: no exit needs it */
  /* The kernel on an argument block; KB_OK or KB_EXIT. */
  int (*enter)(const void *args, void *ret);
  /* From loop head number `head` on; NULL: cannot. */
  int (*resume)(uint32_t head, const kb_word *words, void *ret);
  uint32_t nheads;
  const kb_head *heads;      /* in the order of the image's heads; nentries UINT32_MAX: native code cannot enter there */
  kb_fn_count *count;
} kb_fn_info;

typedef struct kb_site_frame {
  const kb_fn_info *fn;
  uint32_t line, col;        /* in the unit's Python file, from 1 */
  uint32_t pc;               /* where the interpreter goes on */
  uint32_t result;           /* slot for a call's result; UINT32_MAX: none */
  uint32_t nentries;
  const kb_site_entry *entries;
} kb_site_frame;

enum kb_site_kind { KB_SITE_DEOPT, KB_SITE_RAISE, KB_SITE_CALL };
typedef struct kb_site {
  const kb_unit *unit;
  uint8_t kind;              /* enum kb_site_kind */
  uint8_t exc;               /* RAISE: enum kb_exc */
  uint16_t nmsg;             /* how many of the values belong to the message */
  const char *guard;         /* what is guarded: "overflow", "bounds", "division", ... for reports */
  const char *msg;           /* with {0} {1} ... for the message's values; DEOPT: what could not go on */
  const char *args;          /* one letter a value: i int64_t, u uint64_t, d double, b int, p pointer */
  uint32_t nframes;          /* innermost first */
  const kb_site_frame *frames;
} kb_site;

#if defined __GNUC__
#define KB_UNLIKELY(c) __builtin_expect(!!(c), 0)
#define KB_LIKELY(c) __builtin_expect(!!(c), 1)
#define KB_COLD __attribute__((cold, noinline))
#define KB_HIDDEN __attribute__((visibility("hidden")))
#define KB_UNUSED __attribute__((unused))
#define KB_INLINE static inline __attribute__((always_inline, unused))
#define KB_BARRIER() __asm__ volatile("") /* no jump here becomes a conditional move */
#else
#define KB_UNLIKELY(c) (c)
#define KB_LIKELY(c) (c)
#define KB_COLD
#define KB_HIDDEN
#define KB_UNUSED
#define KB_INLINE static inline
#define KB_BARRIER() ((void)0)
#endif
/* In front of a function that loop heads are entered by. It runs once in a while, and gcc's -O3 would spend as long on it as on
 * the kernel. (That gcc keeps to -ffp-contract=off there is tested: tests/emit/hostile.sh.) */
#if defined __GNUC__ && !defined __clang__ && defined __OPTIMIZE__
#define KB_RESUME static __attribute__((cold, noinline, optimize("O1")))
#else
#define KB_RESUME static KB_COLD
#endif
/* The plugin defines this attribute and finds guards by it. */
#ifdef KEELBACK_PLUGIN
#define KB_EXIT_ATTR __attribute__((kb_exit))
#else
#define KB_EXIT_ATTR
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Leaves a kernel: sets the thread's pending exit from the site and the values after it. */
KB_COLD KB_EXIT_ATTR void kb_exit(const kb_site *site, ...);
/* Kernels made with --stress: is the guard of this site to fail now, although its condition holds? */
int kb_stress(const kb_site *site);
/* Public wrappers: turns the pending exit into the error state (keelback.h) and runs the handler, if any. */
KB_COLD void kb_exit_to_error(void);
/* The same, but a result that the interpreter computed goes to ret: KB_OK, and all is well. */
KB_COLD int kb_exit_to_result(const kb_fn_info *info, void *ret);
/* The calling thread's pending exit (runtime/rt.h). */
struct kb_pending *kb_pending_get(void);

/* Local arrays of one activation, freed together at its end. */
typedef struct kb_pool { void *blocks; } kb_pool;
/* n items of the given size, zeroed when zero != 0; 64-byte aligned; NULL when there is no memory (also when
 * n * size overflows). *reuse holds the site's previous block: it is recycled when not NULL. */
void *kb_pool_alloc(kb_pool *pool, void **reuse, int64_t n, int64_t size, int zero);
void kb_pool_free(kb_pool *pool);

/* Is there stack for another activation? Compared with the thread's limit less a reserve. */
int kb_stack_ok_slow(void);
/* A recursive kernel counts its calls, and looks at the stack and at signals when none are left. */
typedef struct kb_thread_state {
  int64_t calls;     /* that are left */
  int64_t looks;     /* until the next poll */
} kb_thread_state;
extern __thread kb_thread_state kb_thread;
/* Leaves by site room when there is no stack for another call, by site poll (or NULL) when a signal handler raised: not 0. */
KB_COLD int kb_call_look(kb_thread_state *me, const kb_site *room, const kb_site *poll);
/* At the entry of a recursive kernel: is it to leave? */
#define KB_CALLED(me, room, poll) (KB_UNLIKELY(--(me)->calls < 0) && KB_UNLIKELY(kb_call_look(me, room, poll)))

/* -- Hints ----------------------------------------------------------------------------------------------------------- */

/* In a loop's body: what its kernel's options say of the loop. Words with blanks between:
 *   name=i         Python's variable
 *   reassoc contract nnan nsz arcp
 *                  what may be assumed of floats in this loop, loops inside it not included
 *   independent    no turn reads or writes what another one writes
 *   parallel       may use threads
 *   unchecked      indices are not checked
 *   shared         others may write to the arrays meanwhile
 *   vectorize, novector
 *   tile=64        turns of a tile
 *   unroll=4       times */
#if defined KEELBACK_PLUGIN && defined __OPTIMIZE__
#define KB_LOOP(words) __asm__ volatile("#kb " words : :) /* without the colons it would be a barrier for memory */
#else
#define KB_LOOP(words) ((void)0)
#endif

/* -- Contractions: what the plugin makes of nests that are one ----------------------------------------------------- */

/* C[i,j] = sum over p of A[i,p] * B[p,j], i < m, j < n, p < k; strides in bytes, of any sign; of i in c_i and a_i, and so on.
 * Without KB_CT_FUSED each sum is added in the order of p, each product rounded before it is added: the bits of the plain
 * loop. Looks itself whether C overlaps A or B, whether C's elements are distinct, whether it is worth it, and before it
 * writes anything says KB_CT_NOT where not: then the plain loop must run. alpha and beta are 1 where no flag names them. */
enum {
  KB_CT_INTO = 1,      /* starts from C's elements, not from 0 */
  KB_CT_FUSED = 2,     /* may round once for a product and its addition, and add in any order */
  KB_CT_REASSOC = 4,   /* may add in any order */
  KB_CT_PARALLEL = 8,  /* may use threads */
  KB_CT_ALPHA_A = 16,  /* products are (alpha * A[i,p]) * B[p,j] */
  KB_CT_ALPHA = 32,    /* C = alpha * sum */
  KB_CT_BETA = 64,     /* C = alpha * sum + beta * C, both products rounded; with INTO: starts from beta * C instead */
  KB_CT_LOWER = 128,   /* only j <= i + diag */
  KB_CT_UPPER = 256,   /* only j >= i + diag */
  KB_CT_POLL = 512     /* may look for signals; without it there is no LEAVE */
};
enum { KB_CT_LEAVE = -1, /* a poll said so; the reason is the thread's pending exit */ KB_CT_NOT = 0, KB_CT_DONE = 1 };
int kb_contract_f64(double *c, const double *a, const double *b, int64_t c_i, int64_t c_j, int64_t a_i, int64_t a_p, int64_t b_p,
                    int64_t b_j, int64_t m, int64_t n, int64_t k, int64_t diag, double alpha, double beta, uint64_t flags);
int kb_contract_f32(float *c, const float *a, const float *b, int64_t c_i, int64_t c_j, int64_t a_i, int64_t a_p, int64_t b_p,
                    int64_t b_j, int64_t m, int64_t n, int64_t k, int64_t diag, float alpha, float beta, uint64_t flags);

/* B[j][i] = A[i][j], i < n, j < m, elements of 4 or 8 bytes that are one beside the other in rows; a_i and b_j: from row to row,
 * in bytes. B and A do not overlap, nor do rows of B. As above KB_CT_DONE, or if it LOOKS, KB_CT_LEAVE. */
int kb_transpose(void *b, const void *a, int64_t b_j, int64_t a_i, int64_t n, int64_t m, int64_t size, int looks);

/* -- Polls: Ctrl-C and its kin, in loops that take long ------------------------------------------------------------- */

/* A kernel counts down a local, kb_left, by the turns of its loops, and asks when it has run out. The plugin finds these
 * macros by the function that they call. */
#define KB_POLL_FIRST 16384    /* turns before the first look: some microseconds */
#define KB_POLL_MAX (1 << 20)  /* what kb_poll gives at most */
/* How much further to go; below 0: leave, the reason is the thread's pending exit. */
KB_COLD int64_t kb_poll(void);
#ifdef KB_NO_POLL /* without any, to see what they cost */
#define KB_POLL(left, cost) ((void)(left), 0)
#define KB_STRIP(left, a, b, step) ((void)(left), (b))
#define KB_UNSTRIP(left, a, end, step) ((void)(left))
#else
/* At a latch: 0 looks at once. */
#define KB_POLL(left, cost) \
  (KB_UNLIKELY((cost) == 0 || ((left) -= (cost)) < 0) && KB_UNLIKELY(((left) = kb_poll()) < 0))
/* Turns of a loop from a to b; step is a constant. */
KB_INLINE uint64_t kb_turns(int64_t a, int64_t b, int64_t step)
{
  if (step > 0) return a < b ? ((uint64_t)b - (uint64_t)a) / (uint64_t)step : 0;
  return a > b ? ((uint64_t)a - (uint64_t)b) / (0 - (uint64_t)step) : 0;
}
/* The end of a strip from a, where the turns up to b are more than left, or a is behind b. */
int64_t kb_strip_far(int64_t left, int64_t a, int64_t b, int64_t step)
#if defined __GNUC__
  __attribute__((const, nothrow, cold))
#endif
  ;
/* The end of a strip from a: b if what is left reaches that far. Few branches: there is one of these in each counted loop. */
KB_INLINE int64_t kb_strip(int64_t *left, int64_t a, int64_t b, int64_t step)
{
  uint64_t n = step > 0 ? ((uint64_t)b - (uint64_t)a) / (uint64_t)step : ((uint64_t)a - (uint64_t)b) / (0 - (uint64_t)step);
  if (KB_LIKELY(n <= (uint64_t)*left)) { /* where a is behind b, either way gives b */
    *left -= (int64_t)n;
    return b;
  }
  int64_t end = kb_strip_far(*left, a, b, step);
  *left = end == b ? *left : 0;
  return end;
}
/* Gives end. The plugin knows by the call that this is a strip's end, and takes bound instead where it moves the poll outwards. */
int64_t kb_strip_end(int64_t end, int64_t bound)
#if defined __GNUC__
  __attribute__((const, nothrow))
#endif
  ;
#if defined KEELBACK_PLUGIN && defined __OPTIMIZE__
#define KB_STRIP(left, a, b, step) kb_strip_end(kb_strip(&(left), a, b, step), b)
#else
#define KB_STRIP(left, a, b, step) kb_strip(&(left), a, b, step)
#endif
/* The loop is left at a, before the end of its strip. */
#define KB_UNSTRIP(left, a, end, step) ((left) += (int64_t)kb_turns(a, end, step))
#endif

#ifdef __cplusplus
}
#endif
#endif
