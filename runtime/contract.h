/* SPDX-License-Identifier: MIT */
/* contract.h: THE MAP of contractions, C[i,j] = sum over p of A[i,p] * B[p,j].
 *
 *   contract.c           kb_contract_f64, _f32: checks; turns the problem so that vectors run along j; which way, which processor
 *   contract_threads.c   parts of a problem on several processors, where the kernel allows it
 *   contract_blas.c      the fused form by a BLAS of the project's own (--with-blas)
 *   contract_any.c, contract_avx2.c, contract_avx512.c   what follows, for vectors of 16, 32, 64 bytes:
 *     contract_ways.h      the parts in their order, for double and for float
 *     contract_vector.h    vectors: loads and stores of a part, transposition, fused operations
 *     contract_kernel.h    micro-kernels: a tile of C in registers
 *     contract_pack.h      panels of A and B as the micro-kernels like to read them
 *     contract_block.h     macro-kernel: blocks for the caches, tiles at the edges, triangles, alpha and beta
 *     contract_gemv.h      a matrix times a vector
 *
 * The strict form is bit-identical to the loop because every element of C has one sum, which is added in the order of p, each
 * product rounded; between blocks of p it is kept in C, or in memory of the same type. The fused form is the same with
 * products that are not rounded, where there is an instruction for it; so its bits do not depend on how a problem is cut either.
 */
#ifndef KB_CONTRACT_H
#define KB_CONTRACT_H

#include <stdatomic.h>
#include <stdbool.h>
#include "include/kbabi.h"
#include "runtime/cpu.h"

typedef struct kb_ct {
  char *c;
  const char *a, *b;
  int64_t c_i, c_j, a_i, a_p, b_p, b_j; /* bytes */
  int64_t m, n, k;                      /* all > 0 */
  int64_t diag;
  double alpha, beta;                   /* 1 where no flag names them; exact also for float */
  uint64_t flags;                       /* KB_CT_* */
  bool scale_b;                         /* ALPHA_A of a problem that was turned: B[p,j] * alpha */
  int64_t left;                         /* multiplications until the next look: is it time to leave? */
  bool looks;                           /* by kb_poll; only the thread that called */
  atomic_bool *stop;                    /* of all its threads, or NULL */
} kb_ct;

typedef int kb_ct_way(kb_ct *t);        /* KB_CT_* */
typedef struct kb_ct_ways {
  kb_ct_way *gemm, *gemv;               /* gemv: n is 1 and no ALPHA_A; KB_CT_NOT when it has no good way either */
  int mr, nr;                           /* of a tile */
  bool wide;                            /* double */
} kb_ct_ways;

/* [0] float, [1] double */
extern const kb_ct_ways kb_ct_any[2];
#if defined __x86_64__ && defined __GNUC__
#define KB_CT_X86 1
extern const kb_ct_ways kb_ct_avx2[2], kb_ct_avx512[2];
#endif

/* contract.c */
/* Everything after the choice of a processor's ways; es is the size of an element. */
int kb_ct_run(kb_ct *t, const kb_ct_ways *ways, int64_t es);

/* contract_threads.c: way(t), on several processors if it is worth it. */
int kb_ct_threads(kb_ct *t, kb_ct_way *way, const kb_ct_ways *ways);

/* contract_blas.c: KB_CT_NOT where it does not fit. */
int kb_ct_blas(const kb_ct *t, int64_t es);

/* Work of so many multiplications is done: go on? */
enum { KB_CT_WORK = 4 << 20 }; /* multiplications between looks: at most 2 ms without vectors worth the name */
KB_INLINE bool kb_ct_go_on(kb_ct *t, int64_t work)
{
  if ((t->left -= work) >= 0) return true;
  t->left = KB_CT_WORK;
  if (t->stop && atomic_load_explicit(t->stop, memory_order_relaxed)) return false;
  if (!t->looks || kb_poll() >= 0) return true;
  if (t->stop) atomic_store_explicit(t->stop, true, memory_order_relaxed);
  return false;
}

/* Sums start from beta * C; or beta * C is added to them at their end. */
KB_INLINE bool kb_ct_beta_first(const kb_ct *t) { return t->flags & KB_CT_BETA && t->flags & KB_CT_INTO; }
KB_INLINE bool kb_ct_beta_last(const kb_ct *t) { return t->flags & KB_CT_BETA && !(t->flags & KB_CT_INTO); }

/* The columns [lo, hi) of row i among [0, n). */
KB_INLINE void kb_ct_columns(const kb_ct *t, int64_t i, int64_t *lo, int64_t *hi)
{
  *lo = 0;
  *hi = t->n;
  if (t->flags & KB_CT_LOWER && *hi > i + t->diag + 1) *hi = i + t->diag + 1;
  if (t->flags & KB_CT_UPPER && *lo < i + t->diag) *lo = i + t->diag;
}

#endif
