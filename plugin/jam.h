/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jam.h: several turns of an outer loop side by side: jam.cc finds the loops and copies them, lanes.cc makes the vectors.
 *
 * A value that differs between the turns is wide: it has one *lane* for each turn. Wide values of the sums' type are vectors,
 * NVECS of them; others, and what has no vector form, are single values, a name for each lane.
 */
#ifndef KB_JAM_H
#define KB_JAM_H

#include "depend.h"

enum { KB_LANES = 32, KB_VECS = 8 };

struct kb_wide {
  tree vec[KB_VECS];  /* NULL: not made */
  tree one[KB_LANES]; /* NULL: not made */
};

/* How the elements of a reference lie for the lanes. */
enum kb_lay {
  KB_LAY_SAME,   /* one element for all lanes */
  KB_LAY_BESIDE, /* side by side */
  KB_LAY_ALONG,  /* in rows: those of one lane lie side by side for the turns of the inner loop, if a condition holds */
  KB_LAY_APART   /* anywhere */
};
struct kb_wide_ref {
  const kb_ref *ref;
  enum kb_lay lay;
  tree beside;     /* what must be 1 for the elements to lie side by side; NULL: they do */
  tree step, turn; /* bytes from lane to lane, and from turn to turn of the inner loop */
};

struct kb_jam {
  function *fn;
  kb_nest nest;
  class loop *outer, *inner; /* the loop whose turns are the lanes; the innermost loop */
  tree type, vtype;          /* of the sums; a vector of it */
  unsigned nlanes, nvecs, width;
  auto_vec<kb_wide_ref> refs;
  hash_map<gimple *, unsigned> of_stmt; /* statement: 1 + number of its reference */
  hash_set<tree> wide;                  /* names that differ between lanes */
  hash_set<tree> wanted;                /* of these: those that are needed as values, not for addresses */
  hash_map<tree, kb_wide *> made;
  auto_vec<kb_wide *> all;
};

/* -- lanes.cc -- */

/* Which names of LOOP differ between the lanes, and which of these are wanted. False: *WHY. */
bool kb_jam_classify(kb_jam *j, class loop *loop, const char **why);
/* The statements of LOOP, the loop j->outer, become wide. BLOCKED: the loop whose turns are taken by the width of a vector,
   or NULL. */
void kb_jam_widen(kb_jam *j, class loop *blocked);

#endif
