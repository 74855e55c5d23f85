/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interval.h: between which bounds a value stays in all executions of a nest, in terms of values at the nest's entry.
 *
 * A bound is a sum of terms, exact as a mathematical integer: nothing overflows before it is emitted. Its atoms are SSA names
 * that are defined outside the nest, and minima, maxima, products and quotients of bounds. A bound that does not hold by
 * itself becomes a need: a sum that must not be negative when the nest is entered. Needs are simplified against each other and
 * emitted together, as one condition for the nest's preheader.
 *
 * Why that is right: by induction over the execution. Each proof says: if the operands are within their intervals, so is the
 * result, or the needs exclude it. The first operation whose result were outside of its interval would have an operand that
 * was outside before. A kept guard that leaves the nest only ends the execution.
 */
#ifndef KB_INTERVAL_H
#define KB_INTERVAL_H

#include "pass.h"

__extension__ typedef __int128 kb_wide;

enum { KB_TERMS = 6 };
struct kb_term {
  unsigned atom; /* number */
  HOST_WIDE_INT by;
};
/* The sum of C and n terms, in the order of their atoms' numbers, no factor 0; n < 0: there is none. */
struct kb_bound {
  int n;
  HOST_WIDE_INT c;
  kb_term t[KB_TERMS];
};
/* Each end may be missing. Where lo > hi, nothing is executed that has this value. */
struct kb_interval {
  kb_bound lo, hi;
};
/* What the types alone say. Saturates at KB_WIDE_MAX. */
struct kb_range {
  kb_wide lo, hi;
};

enum kb_atom_kind { KB_ATOM_NAME, KB_ATOM_MIN, KB_ATOM_MAX, KB_ATOM_MUL, KB_ATOM_DIV };
struct kb_atom {
  enum kb_atom_kind kind;
  tree name;      /* NAME: an integer of at most 64 bits */
  kb_bound a, b;  /* the operands of the others; of DIV b is a positive constant, and it rounds to zero */
  kb_range range;
  tree value;     /* once it is emitted: int64 */
};

/* A condition of the fast copy: a >= 0; EITHER: a >= 0 or b >= 0; with COND that boolean instead. */
struct kb_need {
  kb_bound a, b;
  bool either;
  tree cond;
};
/* In the fast copy COND always has this outcome. */
struct kb_proof {
  gcond *cond;
  bool outcome;
};
struct kb_cached {
  HOST_WIDE_INT key;
  kb_interval v;
};
/* What is known of one nest. */
struct kb_intervals {
  class loop *nest;
  gimple_seq seq; /* code for the end of the nest's preheader */
  basic_block at; /* the place that values are asked for */
  int effort;     /* what may still be looked at */
  auto_vec<kb_atom> atoms;
  auto_vec<kb_need> needs;
  auto_vec<kb_proof> proofs;
  auto_vec<gimple *> exact; /* operations whose result does not wrap, by the needs */
  auto_vec<kb_cached> cached;
  hash_map<int_hash<HOST_WIDE_INT, -1, -2>, unsigned> index; /* into cached */
  hash_set<tree> active;   /* names being looked at */
  hash_set<tree> stepping; /* phis of headers whose deltas are */
  auto_vec<tree> flags;  /* while needs are emitted: booleans that must hold for the values to be right */
};
/* How much of the lists existed at one time. */
struct kb_state {
  unsigned needs, proofs, exact, cached;
};

/* -- bound.cc: bounds and needs ------------------------------------------------------------------------------- */

extern const kb_bound kb_no_bound;
extern const kb_interval kb_no_interval;
static inline bool kb_known(const kb_bound &b) { return b.n >= 0; }
static inline bool kb_known(const kb_interval &v) { return kb_known(v.lo) && kb_known(v.hi); }
static inline bool kb_is_const(const kb_bound &b) { return b.n == 0; }
kb_bound kb_constant(HOST_WIDE_INT c);
kb_bound kb_name_bound(kb_intervals *e, tree name);
bool kb_same(const kb_bound &a, const kb_bound &b);
kb_bound kb_plus(const kb_bound &a, const kb_bound &b, HOST_WIDE_INT by); /* a + by * b */
kb_bound kb_times(kb_intervals *e, const kb_bound &a, const kb_bound &b);
kb_bound kb_div(kb_intervals *e, const kb_bound &a, HOST_WIDE_INT by); /* BY > 0; rounds to zero */
kb_bound kb_floor_div(kb_intervals *e, const kb_bound &a, HOST_WIDE_INT by, bool upper); /* a bound of the quotient rounded down */
kb_bound kb_least(kb_intervals *e, const kb_bound &a, const kb_bound &b);
kb_bound kb_greatest(kb_intervals *e, const kb_bound &a, const kb_bound &b);
kb_range kb_range_of(const kb_intervals *e, const kb_bound &b);
/* Is it known without any need that B >= 0? */
bool kb_nonneg(kb_intervals *e, const kb_bound &b);
/* Needs A >= 0 (A <= B). False: that is never so, or hardly ever; nothing is needed then. */
bool kb_need_nonneg(kb_intervals *e, const kb_bound &a);
bool kb_need_le(kb_intervals *e, const kb_bound &a, const kb_bound &b);
bool kb_need_either(kb_intervals *e, const kb_bound &a, const kb_bound &b);
bool kb_need_cond(kb_intervals *e, tree cond);
/* Drops the needs that others imply. */
void kb_prune_needs(kb_intervals *e);
/* Emits all needs into e->seq: a boolean, or NULL where there is none. */
tree kb_emit_needs(kb_intervals *e);
/* Emits one bound into e->seq: an int64; right where all of e->flags hold. */
tree kb_emit_bound(kb_intervals *e, const kb_bound &b);

/* -- interval.cc: values ---------------------------------------------------------------------------------------- */

void kb_intervals_begin(kb_intervals *e, class loop *nest);
void kb_intervals_end(kb_intervals *e);
kb_state kb_save(const kb_intervals *e);
void kb_undo(kb_intervals *e, kb_state s);
/* The interval of T in block B of the nest, or in front of it. */
kb_interval kb_value_at(kb_intervals *e, tree t, basic_block b);
kb_interval kb_value(kb_intervals *e, tree t);
/* From now on the name T of the nest is taken to stay in V. */
void kb_assume(kb_intervals *e, tree t, const kb_interval &v);
bool kb_outside(const kb_intervals *e, tree name);
bool kb_invariant(const kb_intervals *e, tree t); /* a name from outside, or a constant */
bool kb_int_type(tree type);
/* The signed name that the unsigned T of the same size was made from; else T. */
tree kb_signed_source(tree t);
/* The nearest block that dominates B, in the nest, and is entered by an edge of a condition alone; or the nest's header. */
basic_block kb_condition_above(const kb_intervals *e, basic_block b);
/* Is STMT one of __builtin_add_overflow and its kin? *CODE is its operation. */
bool kb_checked_op(gimple *stmt, tree_code *code);
/* The result of CALL, a checked operation, which is exact then. */
kb_interval kb_checked_value(kb_intervals *e, gimple *call, tree_code code);
bool kb_is_exact(const kb_intervals *e, gimple *op);
kb_interval kb_plus(const kb_interval &a, const kb_interval &b);
kb_interval kb_minus(const kb_interval &a, const kb_interval &b);
kb_interval kb_union(kb_intervals *e, const kb_interval &a, const kb_interval &b);
kb_interval kb_operate(kb_intervals *e, tree_code code, const kb_interval &a, const kb_interval &b);
/* Needs that V fits TYPE. */
bool kb_need_fits(kb_intervals *e, const kb_interval &v, tree type);
/* The value of the unsigned expression T, taken as signed, which need not be an SSA name. */
kb_interval kb_modular(kb_intervals *e, tree t);
/* What C compares when it comes out as OUTCOME: A CODE B, both integers. False: it compares something else; needs may have
   been added. */
bool kb_comparison(kb_intervals *e, gcond *c, bool outcome, tree_code *code, tree *a, tree *b);
/* A join: the union of what ARG gives for the arguments of PHI; or of the likely one alone, where the others are excluded. */
typedef kb_interval (*kb_arg_fn)(kb_intervals *e, tree arg, edge in, void *data);
kb_interval kb_join(kb_intervals *e, gphi *phi, kb_arg_fn arg, void *data);

/* -- prove.cc ---------------------------------------------------------------------------------------------------- */

/* Needs that C always has this outcome where it stands, and notes it as a proof. False: it cannot be shown; nothing was
   added. */
bool kb_prove(kb_intervals *e, gcond *c, bool outcome);
/* Makes the fast copy out of the nest: proven conditions become constants, exact operations plain ones. */
void kb_apply_proofs(kb_intervals *e);

/* -- blame.cc ---------------------------------------------------------------------------------------------------- */

/* C, which leads to EXIT, was not proven: says why by kb_guard_unproven. */
void kb_blame_guard(kb_intervals *e, gcond *c, gcall *exit);

/* -- affine.cc: induction variables and what hangs together ----------------------------------------------------- */

/* Is L the loop around the strips of a counted loop? Then the two together are one counted loop. */
bool kb_is_strip_loop(class loop *l);
/* The value of the header phi PHI when its loop is entered; of a loop in strips: when the first strip is. *FROM: where. */
tree kb_entry_arg(const kb_intervals *e, gphi *phi, basic_block *from);
/* The interval of a phi in the header of a loop of the nest. */
kb_interval kb_header_phi(kb_intervals *e, gphi *phi);
/* How often L's latch is executed at most, each time that L is entered; all strips together. */
kb_bound kb_trips(kb_intervals *e, class loop *l);
/* Makes V, the interval of the sum T, smaller where T's operands hang together (i - j with j <= i). */
kb_interval kb_tighten(kb_intervals *e, tree t, const kb_interval &v);
/* What X CODE Y, which held at the end of block B, says of the name T, a term of X or Y: V. False: nothing. */
bool kb_solve(kb_intervals *e, tree t, tree_code code, tree x, tree y, basic_block b, kb_interval *v);
/* A bound of A - B, where induction variables cancel; else none. */
kb_bound kb_difference(kb_intervals *e, tree a, tree b, bool upper);

#endif
