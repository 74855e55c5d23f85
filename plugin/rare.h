/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rare.h: a loop in which nearly every turn changes nothing, as rare.cc finds it and skip.cc changes it. */
#ifndef KB_RARE_H
#define KB_RARE_H

#include "pass.h"

/* What the other way of a choice sets, to a value that does not change in the loop. */
struct kb_rare_set {
  unsigned choice;
  gphi *state;
  tree value;
};

/* A branch on the common way: where it leaves that. Or a comparison that the state becomes: where that differs from the state. */
struct kb_rare_choice {
  gimple *stmt;       /* gcond; or the comparison */
  tree_code op;
  tree a, b;
  gphi *becomes;      /* for a comparison */
  bool common_if;     /* the common way is taken if the condition is true */
  bool leaves;        /* the other way is out of the loop */
  bool by_state;      /* it depends on the state alone: one question for a strip */
  bool sets;          /* the other way sets what kb_rare::sets says of it, and does nothing else */
};

struct kb_rare {
  function *fn;
  class loop *loop;
  bool down;          /* it counts down */
  gcond *test;        /* in the header: iv < bound; iv > bound where it counts down */
  edge exit;          /* of the test */
  tree iv, bound;
  auto_vec<gphi *> states;
  auto_vec<edge> way; /* from the header to the latch, the back edge included */
  auto_vec<kb_rare_choice> choices;
  auto_vec<kb_rare_set> sets;
  auto_vec<gimple *> slice, fixed; /* what the choices are computed from, in order; fixed: the same in all turns of a strip */
  tree flag;          /* unsigned, as wide as what is compared */
  const char *why;
};

/* What NAME is at the end of the common way: phis in the middle are what the way brings. */
tree kb_rare_on_way(const kb_rare *s, tree name);
/* skip.cc: the change. */
void kb_rare_skip(kb_rare *s);

#endif
