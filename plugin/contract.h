/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contract.h: what the parts of the contraction matcher share.
 *
 *   linear.cc    addresses and turns of loops as linear forms
 *   match.cc     is a nest a contraction, and which one?
 *   contract.cc  which loops are looked at; the call in front of the nest
 *
 * C[i,j] = sum over p of A[i,p] * B[p,j]: the loops of i, j and p may stand in any order, and j or i may be missing (a matrix
 * times a vector). A *turn* counts a loop's iterations from 0.
 */
#ifndef KB_CONTRACT_PLUGIN_H
#define KB_CONTRACT_PLUGIN_H

#include "pass.h"

enum { KB_DEPTH = 3 };

/* root + base + sum of step[d] * turn of loops[d]: modulo 2^64, in which the sums of addresses are exact whatever overflows.
   The parts are expressions of what is defined outside of the nest, of type unsigned long. */
struct kb_linear {
  tree root; /* of a pointer; NULL: an integer */
  tree base;
  tree step[KB_DEPTH];
};

/* for (x = from; x CODE to; x += step), over signed 64-bit integers. */
struct kb_trip {
  kb_linear from, to;
  HOST_WIDE_INT step;
  enum tree_code code; /* LT, LE, GT, GE, or NE where step is 1 or -1 */
};

struct kb_contraction {
  class loop *loops[KB_DEPTH]; /* from the outermost */
  unsigned depth;
  class loop *init;            /* sets C in front of the loop of p, or NULL; turns as loops[depth - 1] does */
  kb_trip trips[KB_DEPTH];
  tree type;                   /* double or float */
  kb_linear c, a, b;
  tree alpha_a, alpha, beta;   /* invariant values, or NULL */
  bool minus;                  /* products are subtracted; alpha_a has the sign, too */
  unsigned flags;              /* KB_CT_*, of the source's form */
  int m, n, k;                 /* indices of loops; n is -1 where B is a vector, m where A is one */
  bool triangle;               /* the trip of the inner one of m and n depends on the outer one */
  const char *why;             /* it is none */
};

/* linear.cc */

bool kb_linear_form(const kb_contraction *k, basic_block use, tree value, kb_linear *out);
/* Of the reference REF, a load or store of C's type in block USE. */
bool kb_linear_address(const kb_contraction *k, basic_block use, tree ref, kb_linear *out);
bool kb_linear_same(const kb_linear *a, const kb_linear *b);
/* VALUE by what is defined outside of the nest, of its own type; NULL: it varies, or is not easily computed. */
tree kb_outside(const kb_contraction *k, tree value);
/* How loop L turns, whose index is D. */
bool kb_trip_of(const kb_contraction *k, class loop *l, unsigned d, kb_trip *out);
/* The turns of a trip that varies with no loop, of type unsigned long; conditions under which that holds go to *HOLDS. */
tree kb_turns_of(const kb_trip *trip, tree *holds);

/* match.cc */

/* Is there a product of two loads that is added to something, in the innermost loops of NEST? */
bool kb_sums_products(class loop *nest);
/* Is the nest K->loops[0] a contraction? Fills *K; else K->why says why not. */
bool kb_match_contraction(kb_contraction *k);

static inline tree kb_ulong(tree t) { return fold_convert(long_unsigned_type_node, t); }
static inline tree kb_count(HOST_WIDE_INT n) { return build_int_cst(long_unsigned_type_node, n); }
static inline tree kb_uop(enum tree_code code, tree a, tree b)
{
  return fold_build2(code, long_unsigned_type_node, a, b);
}

#endif
