/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depend.h: counted loops of a nest, the addresses of its references, and what depends on what.
 *
 * Addresses of arrays are base + size * (i * s0 + j * s1 + ...) with strides that are known at run time only, which GCC's
 * own analysis does not follow. Here an address is a *form*: a sum of products of a constant and of *atoms*, which are
 * induction variables of the nest and values that are set in front of it. What is left of a product without its induction
 * variable is a *stride*, and the factors of one stride are a subscript. References with the same base belong to one
 * *group*: two of them meet where all their subscripts are equal, provided that different subscripts of the group are
 * different places. That, and that groups do not overlap each other, is no question of analysis: it is a condition at run
 * time, which kb_nest_condition builds.
 */
#ifndef KB_DEPEND_H
#define KB_DEPEND_H

#include "pass.h"

enum { KB_DEEP = 6, KB_ATOMS = 4, KB_PRODUCTS = 14, KB_SIGNS = 729 }; /* KB_SIGNS: 3 to the power of KB_DEEP */

/* coef * atom[0] * ... * atom[n - 1]; atoms are ordered by their versions. All arithmetic is modulo 2^64. */
struct kb_product {
  HOST_WIDE_INT coef;
  unsigned n;
  tree atom[KB_ATOMS];
};
struct kb_poly {
  unsigned n;
  kb_product p[KB_PRODUCTS];
};

/* A loop in while form: for (iv = init; iv < bound; iv += step), step > 0, with no other way out. */
struct kb_counted {
  class loop *loop;
  gphi *iv;
  gcond *test;
  tree init, bound; /* as in the code */
  HOST_WIDE_INT step;
  kb_poly from, to; /* of init and bound */
  tree lo, end;     /* the smallest init and the greatest bound, at the entry of the nest, once kb_nest_condition was called */
};

struct kb_ref {
  gimple *stmt;
  tree ref;
  bool store;
  unsigned size;  /* bytes */
  kb_poly form;
  unsigned group;
  class loop *loop; /* innermost */
};

/* A stride of a group, and the subscripts' common factor. */
struct kb_axis {
  kb_product stride; /* coef: 1 */
  HOST_WIDE_INT unit;
  tree value, lo, hi; /* bytes from one subscript to the next; smallest and greatest subscript: at the nest's entry */
};
struct kb_group {
  tree base;
  kb_poly offset; /* products that are no subscripts; the same in all references */
  bool stored;
  unsigned size;  /* of the largest reference */
  unsigned naxes;
  kb_axis axis[KB_DEEP];
  tree first, end; /* addresses, at the nest's entry */
};

struct kb_nest {
  class loop *top;
  unsigned nloops;           /* outermost first; a loop stands before the loops inside it */
  kb_counted loops[KB_DEEP];
  auto_vec<kb_ref> refs;
  auto_vec<kb_group> groups;
  bool dep[KB_SIGNS];        /* of directions over the loops, as kb_signs numbers them; all are lexicographically positive */
  location_t where;          /* of a dependence that is in the way */
  char why[200];             /* where an answer is no */
};

/* Conditions of a fast form, all computed at one place; arithmetic that overflows makes them false. */
struct kb_condition {
  gimple_seq seq;
  tree ok; /* boolean */
};

/* LOOP in while form; false: *WHY says what is different. */
bool kb_count_loop(class loop *loop, kb_counted *out, const char **why);
/* T as a form over what is set in front of TOP and the induction variables of LOOPS[0..N). */
bool kb_poly_of(tree t, class loop *top, const kb_counted *loops, unsigned n, kb_poly *out);
HOST_WIDE_INT kb_poly_factor(const kb_poly *f, tree iv, const kb_product *stride); /* of iv * stride in F */
bool kb_poly_has(const kb_poly *f, tree atom);
HOST_WIDE_INT kb_poly_constant(const kb_poly *f, const kb_product *stride); /* of stride alone */
bool kb_poly_same(const kb_poly *a, const kb_poly *b);
/* F + P, F + factor * G, F + C. False: there is no room. */
bool kb_poly_add_product(kb_poly *f, const kb_product *p);
bool kb_poly_add(kb_poly *f, const kb_poly *g, HOST_WIDE_INT factor);
bool kb_poly_add_const(kb_poly *f, HOST_WIDE_INT c);
bool kb_product_same(const kb_product *a, const kb_product *b); /* but for coef */
bool kb_product_without(const kb_product *p, tree iv, kb_product *out); /* false: IV is no factor of it, or twice */

/* Has LOOP nothing but its one inner loop and arithmetic for that? */
bool kb_is_perfect(class loop *loop);
/* Is a name that LOOP sets used behind it? */
bool kb_lives_after(class loop *loop);
/* Is its variable all that the loop carries from turn to turn, but for memory? */
bool kb_carries_only_variable(const kb_counted *c);
/* Is its bound set in front of it? */
bool kb_bound_is_ready(const kb_counted *c);
/* Are the elements of REF side by side for successive values of IV, if *ONE (or NULL) is 1? */
bool kb_is_beside(const kb_ref *ref, tree iv, tree *one);

/* Collects the loops of the nest TOP, which must be a chain of counted loops, its references, and their dependences. False:
   why says what cannot be followed. */
bool kb_nest_analyse(class loop *top, kb_nest *nest);
/* The loop of NEST whose variable P has: its number, -1: none, -2: not as one factor. STRIDE: P without it. */
int kb_loop_of(const kb_nest *nest, const kb_product *p, kb_product *stride);
/* Can loops FROM to FROM + N - 1 be tiled: no order of them puts a turn before one that it depends on? */
bool kb_nest_permutable(kb_nest *nest, unsigned from, unsigned n);
/* May loop A be moved inside loop B, its only inner one (numbers)? */
bool kb_nest_swappable(kb_nest *nest, unsigned a, unsigned b);
/* Do turns of loop A depend on each other, within a turn of the loops outside it? */
bool kb_nest_independent(kb_nest *nest, unsigned a);
/* Must groups A and B not overlap? */
bool kb_must_part(kb_nest *nest, unsigned a, unsigned b);
/* Adds to C that the answers above hold; computes lo and end of the loops. For the entry of the nest. */
bool kb_nest_condition(kb_nest *nest, kb_condition *c);
/* The same, only that groups which must part do not overlap. */
bool kb_nest_apart(kb_nest *nest, kb_condition *c);

/* Checked arithmetic on int64 values, folded where it can be. */
tree kb_cond_add(kb_condition *c, tree a, tree b);
tree kb_cond_sub(kb_condition *c, tree a, tree b);
tree kb_cond_mul(kb_condition *c, tree a, tree b);
void kb_cond_and(kb_condition *c, enum tree_code code, tree a, tree b);
/* F's value, of a form without induction variables. */
tree kb_cond_form(kb_condition *c, const kb_poly *f);

/* swap.cc: exchanges loops; true: the IL was changed. */
bool kb_swap_nest(function *fn, class loop *nest);
/* In LOOP, NAME is 1. */
void kb_set_one(class loop *loop, tree name);

#endif
