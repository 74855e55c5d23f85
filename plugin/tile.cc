/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tile.cc: loops of a nest run in tiles, where a hint asks for it and nothing forbids it.
 *
 * New loops over the tiles are put around a chain of loops, and the loops themselves run over one tile:
 *
 *     for (it = lo; ; it += T) {            T is 0 where the condition does not hold, and
 *       for (i = max (init, it); i < min (bound, it + T); i++) ...       one tile has all
 *       if (it >= end - T) break;
 *     }
 *
 * What must hold and is known only at run time (arrays that do not overlap) selects T, not one of two copies: there is no
 * more code than before. The loops over the tiles test after their bodies: a tile of nothing does nothing, as the chain is
 * perfect.
 *
 * Nothing is tiled that no hint names: on a busy machine (L2 512K, L3 32M) transposes of 700 to 2500 rows in tiles of 8 x 8
 * to 32 x 128 took 0.3 to 8 times the time of untiled ones, min-plus products 0.5 to 1.3 times, and no rule chose the good
 * cases. Loops that walk along columns are exchanged without a hint (swap.cc), and transposes are a call (transpose.cc).
 */
#include "depend.h"

static void refuse(class loop *loop, location_t where, const char *why)
{
  kb_decide(where == UNKNOWN_LOCATION ? kb_loop_location(loop) : where, KB_NOT, "tile", "not tiled: %s", why);
}

static unsigned tile_of(class loop *loop)
{
  const kb_hint *hint = kb_hint_of(loop);
  return hint ? hint->tile : 0;
}

/* -- What can be tiled -------------------------------------------------------------------------------------------------- */

/* Can the chain of N loops that starts with NEST's first be tiled? */
static bool can_tile(kb_nest *nest, unsigned n)
{
  const char *why = NULL;
  for (unsigned l = 0; l < n && !why; l++)
    if (l + 1 < n && !kb_is_perfect(nest->loops[l].loop))
      why = "there are statements between its loops";
    else if (!kb_carries_only_variable(&nest->loops[l]))
      why = "a value other than an element of an array is carried from turn to turn";
    else if (!kb_bound_is_ready(&nest->loops[l]))
      why = "a loop's bound changes inside the loop";
  if (!why && kb_lives_after(nest->top))
    why = "a value of it is used behind it";
  if (why) {
    snprintf(nest->why, sizeof nest->why, "%s", why);
    return false;
  }
  return kb_nest_permutable(nest, 0, n);
}

/* -- Doing it ------------------------------------------------------------------------------------------------------------ */

static tree int64(HOST_WIDE_INT v) { return build_int_cst(long_integer_type_node, v); }

struct tiled {
  kb_counted *c;
  HOST_WIDE_INT size;
  tree lo, last, step; /* of the loop over tiles: it starts at LO, and a tile that starts at LAST or behind is the last */
  tree at;             /* where a tile starts */
};

/* In front of the nest: the condition, and what the loops over the tiles need. */
static tree before_nest(kb_nest *nest, kb_condition *c, vec<tiled> *tiles, gimple_seq *seq)
{
  if (!kb_nest_condition(nest, c))
    return NULL_TREE;
  for (tiled &t : *tiles) {
    kb_counted *k = t.c;
    t.last = kb_cond_sub(c, k->end, int64(t.size));
    (void)kb_cond_add(c, k->end, int64(t.size)); /* neither wraps */
  }
  gimple_seq_add_seq(seq, c->seq);
  c->seq = NULL;
  for (tiled &t : *tiles) {
    t.step = gimple_build(seq, COND_EXPR, long_integer_type_node, c->ok, int64(t.size), int64(0));
    t.lo = t.c->lo;
    t.last = gimple_build(seq, COND_EXPR, long_integer_type_node, c->ok, t.last, t.lo);
  }
  return c->ok;
}

/* Loop T runs over its tile where OK holds. */
static void shorten(const tiled *t, tree ok)
{
  kb_counted *k = t->c;
  edge in = loop_preheader_edge(k->loop);
  gimple_seq seq = NULL;
  tree type = long_integer_type_node;
  tree init = gimple_build(&seq, MAX_EXPR, type, k->init, t->at);
  tree end = gimple_build(&seq, PLUS_EXPR, type, t->at, t->step);
  end = gimple_build(&seq, MIN_EXPR, type, k->bound, end);
  init = gimple_build(&seq, COND_EXPR, type, ok, init, k->init);
  end = gimple_build(&seq, COND_EXPR, type, ok, end, k->bound);
  gimple_stmt_iterator i = gsi_last_bb(in->src);
  if (!gsi_end_p(i) && stmt_ends_bb_p(gsi_stmt(i)))
    gsi_insert_seq_before(&i, seq, GSI_SAME_STMT);
  else
    gsi_insert_seq_after(&i, seq, GSI_CONTINUE_LINKING);
  SET_PHI_ARG_DEF(k->iv, in->dest_idx, init);
  if (gimple_cond_lhs(k->test) == gimple_phi_result(k->iv))
    gimple_cond_set_rhs(k->test, end);
  else
    gimple_cond_set_lhs(k->test, end);
  update_stmt(k->test);
  k->loop->any_upper_bound = k->loop->any_likely_upper_bound = k->loop->any_estimate = false;
}

/* Puts the loops over the tiles around NEST. */
static void put_around(kb_nest *nest, vec<tiled> *tiles, gimple_seq seq)
{
  class loop *top = nest->top, *outer = loop_outer(top), *inner = NULL;
  basic_block after = split_edge(single_exit(top));
  edge entry = single_succ_edge(split_edge(loop_preheader_edge(top)));
  basic_block pre = entry->src, front = split_edge(single_pred_edge(pre));
  gimple_stmt_iterator f = gsi_last_bb(front);
  gsi_insert_seq_after(&f, seq, GSI_CONTINUE_LINKING);
  edge at = single_succ_edge(front);
  for (tiled &t : *tiles) {
    tree next;
    inner = create_empty_loop_on_edge(at, t.lo, t.step, t.last, create_tmp_reg(long_integer_type_node, "tile"), &t.at, &next,
                                      inner ? inner : outer);
    kb_mark_loop(inner, (top->constraints & (KB_FAST | KB_SLOW)) | KB_UNPOLLED);
    at = single_succ_edge(inner->header); /* the body goes between the header and the test */
  }
  basic_block head = at->src, test = at->dest;
  auto_vec<std::pair<gphi *, tree> > args;
  for (gphi_iterator p = gsi_start_phis(top->header); !gsi_end_p(p); gsi_next(&p))
    args.safe_push(std::make_pair(p.phi(), PHI_ARG_DEF_FROM_EDGE(p.phi(), entry)));
  edge leave = single_exit(top);
  redirect_edge_succ_nodup(at, top->header);
  redirect_edge_and_branch(entry, after);
  edge in = find_edge(head, top->header);
  for (auto &a : args)
    add_phi_arg(a.first, a.second, in, UNKNOWN_LOCATION);
  redirect_edge_and_branch(leave, test);
  flow_loop_tree_node_remove(top);
  flow_loop_tree_node_add(inner, top);
}

static bool tile(function *fn, kb_nest *nest, unsigned n)
{
  kb_condition c = {NULL, NULL_TREE};
  gimple_seq seq = NULL;
  auto_vec<tiled, KB_DEEP> tiles;
  char sizes[128] = "", *p = sizes;
  for (unsigned l = 0; l < n; l++)
    if (unsigned size = tile_of(nest->loops[l].loop)) {
      const kb_hint *hint = kb_hint_of(nest->loops[l].loop);
      tiles.safe_push({&nest->loops[l], (HOST_WIDE_INT)size * nest->loops[l].step, NULL_TREE, NULL_TREE, NULL_TREE, NULL_TREE});
      if (p < sizes + sizeof sizes - 40)
        p += snprintf(p, 40, "%s%.20s: %u", p == sizes ? "" : ", ", hint->name, size);
    }
  tree ok = before_nest(nest, &c, &tiles, &seq);
  if (!ok) {
    gimple_seq_discard(c.seq);
    refuse(nest->top, UNKNOWN_LOCATION, "its arrays overlap");
    return false;
  }
  location_t where = kb_loop_location(nest->top);
  put_around(nest, &tiles, seq);
  for (tiled &t : tiles)
    shorten(&t, ok);
  free_dominance_info(CDI_DOMINATORS);
  calculate_dominance_info(CDI_DOMINATORS);
  mark_virtual_operands_for_renaming(fn);
  update_ssa(TODO_update_ssa);
  kb_decide(where, KB_DONE, "tile", "tiled (%s)", sizes);
  return true;
}

/* Hints in the chain of perfect loops that starts with LOOP; how many loops there are down to the last hint. */
static unsigned hinted(class loop *loop)
{
  unsigned n = 0, last = 0;
  for (class loop *l = loop; l; l = l->inner) {
    n++;
    if (tile_of(l))
      last = n;
    if (!kb_is_perfect(l))
      break;
  }
  return last;
}

/* Is there a hint for a loop inside LOOP that is not among the first N of the chain? */
static bool hinted_below(class loop *loop, unsigned n)
{
  if (tile_of(loop) && !n)
    return true;
  for (class loop *l = loop->inner; l; l = l->next)
    if (hinted_below(l, n ? n - 1 : 0))
      return true;
  return false;
}

/* Tiles the chain that starts with LOOP, or the longest part of it that can be. */
static bool tile_chain(function *fn, class loop *loop)
{
  char why[sizeof ((kb_nest *)0)->why] = "";
  location_t where = UNKNOWN_LOCATION;
  if (hinted_below(loop, hinted(loop))) {
    refuse(loop, where, "there are statements between its loops, or several loops in one");
    return false;
  }
  if (hinted(loop) == 1 && !loop->inner) {
    refuse(loop, where, "a loop without another one inside or around it gains nothing by tiles");
    return false;
  }
  for (class loop *l = loop; l; l = l->inner) {
    unsigned n = hinted(l);
    if (!n)
      break;
    kb_nest nest;
    if (kb_nest_analyse(l, &nest) && can_tile(&nest, n))
      return tile(fn, &nest, n);
    if (!why[0] || tile_of(l)) {
      where = nest.where;
      memcpy(why, nest.why, sizeof why);
    }
    if (tile_of(l))
      break; /* without this loop it is not what was asked for */
  }
  refuse(loop, where, why);
  return false;
}

static bool tile_hinted(function *fn, class loop *nest)
{
  bool changed = false;
  if (hinted(nest))
    return tile_chain(fn, nest);
  auto_vec<class loop *> inner;
  for (class loop *l = nest->inner; l; l = l->next)
    inner.safe_push(l);
  for (class loop *l : inner)
    changed |= tile_hinted(fn, l);
  return changed;
}

bool kb_tile_nest(function *fn, class loop *nest) { return tile_hinted(fn, nest) || kb_swap_nest(fn, nest); }
