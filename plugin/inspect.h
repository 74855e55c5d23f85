/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect.h: what the parts of the inspector share: inspect.cc decides, range.cc proves sums under assumptions, slice.cc
 * computes conditions, indices.cc knows guards on indices, strip.cc cuts the loop.
 *
 * An *assumption* says that a value lies in [-2^bits, 2^bits). The *flags* of a strip gather, turn by turn, what breaks a
 * guard or an assumption.
 */
#ifndef KB_INSPECT_H
#define KB_INSPECT_H

#include "pass.h"

#define KB_INSPECT_TURNS 1024 /* of a strip, at most */
#define KB_INSPECT_LEAST 16   /* turns of a loop for which strips are cut */
#define KB_INSPECT_LEAST_SOME 64 /* the same, where the copy keeps guards */
#define KB_INSPECT_SUM 62     /* a sum lies within +-2^62 when a strip begins */
#define KB_INSPECT_DEAR 100   /* what a division or a root costs; most others 1 */

/* A guard on an index that is data: it does not leave where 0 <= VALUE < LENGTH. */
struct kb_index {
  tree value;           /* in the loop: an int, or a float that is cut to one */
  tree length;          /* outside */
  tree index;           /* what is compared with the length: normalised */
  basic_block at;       /* of the guard */
  edge negative;        /* where a negative index is counted from the end, or NULL */
  bool real;
  bool bounds;          /* it is about an array, not a condition of the source */
  tree limit;           /* of a float: the length as a double */
};

/* All elements that REF can be, one at a time: BASE[i * STEP] with i in 0..LAST. */
struct kb_scan {
  tree ref, base, step, last;
};

struct kb_inspect {
  function *fn;
  class loop *loop;
  gcond *test;          /* in the header: goes on while IV < BOUND, or > BOUND for a negative step */
  edge leave;           /* where it does not */
  tree iv;              /* a header phi's value: names stay when statements move */
  HOST_WIDE_INT step;
  tree init, bound;
  bool one_pass;        /* the copy gathers the flags itself, and what it did is forgotten when one is set: nothing is stored */
  auto_vec<kb_guard> guards;
  auto_vec<gimple *> loads, stores;
  bool some;            /* only guards on indices are inspected; the others stay in the copy, with their exits */
  auto_vec<kb_index> indices;
  auto_vec<kb_scan> scans; /* of these all lie within +-2^62 when the loop is entered, or it is run exactly */
  auto_vec<unsigned> kept;
  /* What range.cc assumed, so that all overflow guards are proven. */
  unsigned bits;
  auto_vec<tree> inspected; /* of every turn: names of the loop */
  auto_vec<tree> entering;  /* of the loop's entry: names outside of it */
  auto_vec<tree> sums;      /* of a strip's entry, with bits KB_INSPECT_SUM: values of header phis */
  auto_vec<gcall *> exact;  /* .ADD_OVERFLOW and its kin that do not overflow then */
  auto_vec<unsigned> conditions; /* guards that are inspected as they are */
  auto_vec<gcall *> math; /* of mathvec.cc: those guards that are not on the arguments hold where these are in their domains */
};

/* range.cc */

/* STMT is X op Y with a flag for overflow: its op. */
bool kb_overflow_op(const gimple *stmt, tree_code *op);
/* The .ADD_OVERFLOW or the like whose flag G tests; NULL: G tests something else. */
gcall *kb_overflow_of(const kb_guard &g);
/* Finds the weakest assumption under which all overflow guards hold, and all that it takes. False: WHY says why not. */
bool kb_assume(kb_inspect *in, const char **why);

/* slice.cc */

/* A value of the loop that depends on itself a turn before, on IV alone or on data, too. */
enum { KB_OF_IV = 1, KB_OF_DATA = 2, KB_OF_TURNS = 4 };
/* What T depends on inside the loop, addresses of loads not counted. */
unsigned kb_depends_on(const kb_inspect *in, tree t);
/* All loads that T depends on. False: it depends on what cannot be computed ahead; WHY says on what. COST counts operations. */
bool kb_slice_loads(const kb_inspect *in, tree t, hash_set<gimple *> *seen, vec<gimple *> *loads, unsigned *cost, const char **why);
/* Is STMT on every way through the loop, but for guards? */
bool kb_every_turn(const kb_inspect *in, gimple *stmt);

/* Is STMT a function that is computed without a call, and vectorised: ROOT, the square root, or a cheap one? */
bool kb_is_math(gimple *stmt, bool *root);
/* sqrt (X) == 0 where X == 0, so that the root is not needed: X; T itself if it is none. */
tree kb_under_root(tree t);

/* Of values plus 2^bits, by their size; of conditions, by the size of what is compared. */
enum kb_flag { KB_FLAG_RANGE, KB_FLAG_SHORT, KB_FLAG_WIDE, KB_FLAG_NARROW,
               KB_FLAG_SIGN,        /* of values that must not be negative */
               KB_FLAG_LARGEST,     /* from here on: the largest of an index, by its number */
               KB_NFLAGS = KB_FLAG_LARGEST + 4 };
/* The flags, as header phis of the loop that gathers them, and their values after a turn. */
struct kb_flags {
  tree before[KB_NFLAGS], after[KB_NFLAGS];
};
tree kb_flag_type(int which); /* of the fixed ones */
/* Emits one turn to SEQ: flags->after from flags->before. COPY: of another loop, in which IV stands for the loop's own IV;
   else at the end of the loop itself. */
void kb_emit_flags(const kb_inspect *in, gimple_seq *seq, tree iv, bool copy, kb_flags *flags);
/* Is no flag set? */
tree kb_emit_clean(const kb_inspect *in, gimple_seq *seq, const tree *flags);

/* indices.cc */

/* STMT is an empty assembly statement that copies: it hides a value from GCC (kb_f2i). */
bool kb_is_copy(const gimple *stmt);
/* Is G a guard on an index that is data? */
bool kb_index_of(const kb_inspect *in, const kb_guard &g, kb_index *x);
/* Does G not leave where in->indices are right? */
bool kb_index_implies(const kb_inspect *in, const kb_guard &g);
/* What must hold at the loop's entry, or nothing. */
void kb_index_require(kb_index *x, gimple_seq *seq, tree *condition);
/* What flag WHICH gets of VALUE, on condition WHEN if that is not NULL. */
tree kb_index_flag(const kb_index &x, gimple_seq *seq, tree value, tree when, int which);
/* Is the LARGEST right? */
tree kb_index_clean(const kb_index &x, gimple_seq *seq, tree largest);
/* REF is BASE[i * STEP] with some i in 0..LAST, in clean strips; all of these are there. */
bool kb_index_place(const kb_inspect *in, tree ref, tree *base, tree *step, tree *last, gimple_seq *seq);

/* strip.cc */

/* Cuts the loop; ENTRY, made by SEQ, is the condition under which strips are tried. */
bool kb_cut_strips(kb_inspect *in, gimple_seq seq, tree entry);

#endif
