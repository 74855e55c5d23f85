/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.cc: what is tested once in front of a nest is told to GCC about all of its references: that arrays are apart, and that
 * elements lie side by side.
 *
 *     if (arrays apart, strides 1) the nest, whose references have a dependence clique, and 1 for the strides
 *     else                         the nest as it was, not vectorised
 *
 * Otherwise GCC's vectoriser tests the rows each time that an innermost loop is entered, with several comparisons for each pair
 * of references, which takes longer than a short row itself; and other passes are told nothing at all.
 *
 * A clique is how GCC keeps what restrict says: references of one clique with different bases do not overlap. Here each
 * array that is stored to has its base, and all that are only read share one. It holds for all turns of the nest, as the ranges
 * over all turns are compared; so all of its loops own the clique. Nests inside other loops are left alone: for each
 * of their entries the test may come out differently.
 */
#include "depend.h"

/* Does the innermost loop store to an array and use another one that it may overlap? */
static bool has_pair(kb_nest *nest)
{
  class loop *inner = nest->loops[nest->nloops - 1].loop;
  for (const kb_ref &r : nest->refs)
    if (r.store && r.loop == inner)
      for (const kb_ref &q : nest->refs)
        if (q.loop == inner && q.group != r.group && kb_must_part(nest, r.group, q.group))
          return true;
  return false;
}

static bool has_cliques(kb_nest *nest)
{
  for (const kb_ref &r : nest->refs)
    if (MR_DEPENDENCE_CLIQUE(r.ref))
      return true;
  for (unsigned l = 0; l < nest->nloops; l++)
    if (nest->loops[l].loop->owned_clique)
      return true;
  return cfun->last_clique > 60000;
}

static void set_cliques(kb_nest *nest)
{
  unsigned short clique = cfun->last_clique = MAX(cfun->last_clique, 1) + 1; /* GCC makes and clears number 1 itself */
  for (const kb_ref &r : nest->refs) {
    MR_DEPENDENCE_CLIQUE(r.ref) = clique;
    MR_DEPENDENCE_BASE(r.ref) = nest->groups[r.group].stored ? r.group + 2 : 1;
  }
  for (unsigned l = 0; l < nest->nloops; l++)
    nest->loops[l].loop->owned_clique = clique;
}

/* Strides that are to be 1: those of elements for successive turns of the innermost loop. */
static void find_ones(kb_nest *nest, vec<tree> *ones)
{
  const kb_counted *in = &nest->loops[nest->nloops - 1];
  for (const kb_ref &r : nest->refs) {
    tree one;
    if (r.loop == in->loop && kb_is_beside(&r, gimple_phi_result(in->iv), &one) && one && !ones->contains(one))
      ones->safe_push(one);
  }
}

/* The condition, in front of NEST; NULL: it never holds. */
static tree condition(kb_nest *nest, const vec<tree> &ones, gimple_seq *seq)
{
  kb_condition c = {NULL, NULL_TREE};
  bool can = kb_nest_apart(nest, &c);
  for (tree one : ones)
    kb_cond_and(&c, EQ_EXPR, one, build_one_cst(TREE_TYPE(one)));
  if (can && (TREE_CODE(c.ok) != INTEGER_CST || !integer_zerop(c.ok))) {
    *seq = c.seq;
    return c.ok;
  }
  gimple_seq_discard(c.seq);
  return NULL_TREE;
}

static void leave_as_it_is(class loop *l)
{
  kb_mark_loop(l, KB_SLOW);
  l->dont_vectorize = true;
  for (class loop *in = l->inner; in; in = in->next)
    leave_as_it_is(in);
}

/* Puts the condition OK, which SEQ computes, in front of TOP; another copy of it runs where it does not hold. False: there is
   no such copy. */
static bool split_on(class loop *top, tree ok, gimple_seq seq)
{
  gimple_stmt_iterator i = gsi_last_bb(split_edge(loop_preheader_edge(top)));
  gsi_insert_seq_after(&i, seq, GSI_CONTINUE_LINKING);
  basic_block test;
  profile_probability p = profile_probability::likely();
  initialize_original_copy_tables();
  class loop *old = loop_version(top, build2(NE_EXPR, boolean_type_node, ok, boolean_false_node), &test, p, p.invert(), p,
                                 p.invert(), true);
  free_original_copy_tables();
  if (old)
    leave_as_it_is(old);
  update_ssa(TODO_update_ssa);
  return old;
}

bool kb_tell_facts(class loop *top)
{
  kb_nest nest;
  auto_vec<tree> ones;
  if (!kb_marked(top, KB_FAST) || kb_marked(top, KB_SLOW) || loop_depth(top) != 1 || !kb_nest_analyse(top, &nest))
    return false;
  if (nest.nloops < 2 || !has_pair(&nest) || has_cliques(&nest))
    return false; /* for a single loop GCC's own tests are as good */
  find_ones(&nest, &ones);
  gimple_seq seq = NULL;
  tree ok = condition(&nest, ones, &seq);
  if (!ok)
    return false;
  if (!split_on(top, ok, seq))
    return true; /* nothing but the condition was added */
  set_cliques(&nest);
  for (tree one : ones)
    kb_set_one(top, one);
  kb_decide(kb_loop_location(top), KB_DONE, "facts", "its arrays are known to be apart%s",
            ones.is_empty() ? "" : ", and elements to lie side by side");
  return true;
}
