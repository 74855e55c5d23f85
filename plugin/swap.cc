/* SPDX-License-Identifier: GPL-3.0-or-later */
/* swap.cc: two loops are exchanged where the inner one walks along columns and the outer one along rows.
 *
 *     for j: for i: y[j] += a[i,j]     becomes     for i: for j: y[j] += a[i,j]
 *
 * A copy gets the other order; the nest as it was runs where the condition does not hold: the loop that becomes the inner
 * one must have enough turns, and not so many that polls are far apart, and the arrays' last axes must have the stride 1.
 */
#include "depend.h"

enum { FEWEST = 8, MOST = 1 << 20 };

/* Does every reference that moves with the inner loop jump, and one move side by side with the outer loop? Notes the strides
   that must be 1. */
static bool should_swap(const kb_nest *nest, vec<tree> *ones)
{
  tree o = gimple_phi_result(nest->loops[0].iv), k = gimple_phi_result(nest->loops[1].iv), one;
  bool gains = false;
  for (const kb_ref &r : nest->refs) {
    bool beside = kb_is_beside(&r, o, &one);
    if (!kb_poly_has(&r.form, o))
      return false; /* what stays in one place, or moves with the inner loop alone: the same turn by turn, or would jump */
    if (!beside)
      return false;
    gains |= kb_poly_has(&r.form, k);
    if (one && !ones->contains(one))
      ones->safe_push(one);
  }
  return gains;
}

/* Are turns of loop 0 independent within one turn of loop 1? */
static bool outer_is_free(const kb_nest *nest)
{
  for (unsigned k = 0; k < 9; k++)
    if (nest->dep[k] && k / 3 != 1 && k % 3 == 1)
      return false;
  return true;
}

/* Has LOOP's header nothing but the test, and does it count by one? */
static bool is_plain(const kb_counted *c)
{
  for (gimple_stmt_iterator s = gsi_start_bb(c->loop->header); !gsi_end_p(s); gsi_next(&s))
    if (!is_gimple_debug(gsi_stmt(s)) && gsi_stmt(s) != c->test && gimple_code(gsi_stmt(s)) != GIMPLE_LABEL)
      return false;
  return c->step == 1;
}

/* Arithmetic of the outer loop's own blocks, but for KEEP, goes to where the inner loop's body starts. */
static void sink(class loop *outer, class loop *inner, gimple *keep)
{
  basic_block *body = get_loop_body_in_dom_order(outer);
  unsigned n = outer->num_nodes;
  edge yes, no;
  extract_true_false_edges_from_block(inner->header, &yes, &no);
  basic_block start = split_edge(flow_bb_inside_loop_p(inner, yes->dest) ? yes : no);
  gimple_stmt_iterator to = gsi_last_bb(start);
  for (unsigned i = 0; i < n; i++) {
    if (body[i]->loop_father != outer)
      continue;
    for (gimple_stmt_iterator s = gsi_start_bb(body[i]); !gsi_end_p(s);)
      if (is_gimple_assign(gsi_stmt(s)) && gsi_stmt(s) != keep) {
        gsi_move_after(&s, &to);
        to = gsi_last_bb(start);
      } else if (is_gimple_debug(gsi_stmt(s)))
        gsi_remove(&s, true);
      else
        gsi_next(&s);
  }
  free(body);
}

static gimple *next_of(const kb_counted *c)
{
  return SSA_NAME_DEF_STMT(PHI_ARG_DEF_FROM_EDGE(c->iv, loop_latch_edge(c->loop)));
}

/* What is computed with the variable's next value gets a value of its own. */
static void free_next(const kb_counted *c)
{
  gimple *next = next_of(c), *stmt;
  tree name = gimple_assign_lhs(next), own = NULL_TREE;
  imm_use_iterator it;
  use_operand_p use;
  FOR_EACH_IMM_USE_STMT (stmt, it, name) {
    if (stmt == c->iv || is_gimple_debug(stmt))
      continue;
    if (!own)
      own = make_ssa_name(TREE_TYPE(name));
    FOR_EACH_IMM_USE_ON_STMT (use, it)
      SET_USE(use, own);
    update_stmt(stmt);
  }
  if (own) {
    gimple_stmt_iterator i = gsi_for_stmt(next);
    gimple *sum = gimple_build_assign(own, PLUS_EXPR, gimple_assign_rhs1(next), gimple_assign_rhs2(next));
    gsi_insert_before(&i, sum, GSI_SAME_STMT);
  }
}

/* Uses of the variables of X and Y in LOOP change places, but for those of their own loops. */
static void swap_uses(class loop *loop, const kb_counted *x, const kb_counted *y)
{
  tree a = gimple_phi_result(x->iv), b = gimple_phi_result(y->iv);
  basic_block *body = get_loop_body(loop);
  for (unsigned i = 0; i < loop->num_nodes; i++)
    for (gimple_stmt_iterator s = gsi_start_bb(body[i]); !gsi_end_p(s); gsi_next(&s)) {
      gimple *stmt = gsi_stmt(s);
      use_operand_p use;
      ssa_op_iter it;
      bool changed = false;
      if (is_gimple_debug(stmt) || stmt == next_of(x) || stmt == next_of(y) || stmt == x->test || stmt == y->test)
        continue;
      FOR_EACH_SSA_USE_OPERAND (use, stmt, it, SSA_OP_USE)
        if (USE_FROM_PTR(use) == a || USE_FROM_PTR(use) == b) {
          SET_USE(use, USE_FROM_PTR(use) == a ? b : a);
          changed = true;
        }
      if (changed)
        update_stmt(stmt);
    }
  free(body);
}

void kb_set_one(class loop *loop, tree name)
{
  imm_use_iterator it;
  gimple *stmt;
  use_operand_p use;
  FOR_EACH_IMM_USE_STMT (stmt, it, name)
    if (!is_gimple_debug(stmt) && gimple_code(stmt) != GIMPLE_PHI && flow_bb_inside_loop_p(loop, gimple_bb(stmt))) {
      FOR_EACH_IMM_USE_ON_STMT (use, it)
        SET_USE(use, build_one_cst(TREE_TYPE(name)));
      update_stmt(stmt);
    }
}

static void set_bounds(const kb_counted *c, tree init, tree end)
{
  SET_PHI_ARG_DEF(c->iv, loop_preheader_edge(c->loop)->dest_idx, init);
  if (gimple_cond_lhs(c->test) == gimple_phi_result(c->iv))
    gimple_cond_set_rhs(c->test, end);
  else
    gimple_cond_set_lhs(c->test, end);
  update_stmt(c->test);
  c->loop->any_upper_bound = c->loop->any_likely_upper_bound = c->loop->any_estimate = false;
}

/* The condition, in front of NEST; NULL: it never holds. */
static tree condition(kb_nest *nest, const vec<tree> &ones, gimple_seq *seq)
{
  kb_condition c = {NULL, NULL_TREE};
  if (kb_nest_condition(nest, &c)) {
    tree type = long_integer_type_node, turns = kb_cond_sub(&c, nest->loops[0].end, nest->loops[0].lo);
    kb_cond_and(&c, GE_EXPR, turns, build_int_cst(type, FEWEST));
    kb_cond_and(&c, LE_EXPR, turns, build_int_cst(type, MOST));
    for (tree one : ones)
      kb_cond_and(&c, EQ_EXPR, one, build_one_cst(TREE_TYPE(one)));
    if (TREE_CODE(c.ok) != INTEGER_CST || !integer_zerop(c.ok)) {
      *seq = c.seq;
      return c.ok;
    }
  }
  gimple_seq_discard(c.seq);
  return NULL_TREE;
}

static bool swap(function *fn, kb_nest *nest, const vec<tree> &ones)
{
  kb_counted *o = &nest->loops[0], *k = &nest->loops[1];
  gimple_seq seq = NULL;
  tree ok = condition(nest, ones, &seq);
  if (!ok)
    return false;
  location_t where = kb_loop_location(o->loop);
  gimple_stmt_iterator i = gsi_last_bb(split_edge(loop_preheader_edge(o->loop)));
  gsi_insert_seq_after(&i, seq, GSI_CONTINUE_LINKING);
  basic_block test;
  profile_probability p = profile_probability::likely();
  initialize_original_copy_tables();
  class loop *old = loop_version(o->loop, build2(NE_EXPR, boolean_type_node, ok, boolean_false_node), &test, p, p.invert(), p,
                                 p.invert(), true);
  free_original_copy_tables();
  if (!old)
    return true; /* nothing but the condition was added */
  update_ssa(TODO_update_ssa);
  free_next(o);
  free_next(k);
  sink(o->loop, k->loop, next_of(o));
  swap_uses(o->loop, o, k);
  tree lo = o->lo, end = o->end;
  set_bounds(o, k->lo, k->end);
  set_bounds(k, lo, end);
  for (tree one : ones)
    kb_set_one(o->loop, one);
  if (outer_is_free(nest))
    k->loop->safelen = INT_MAX;
  free_dominance_info(CDI_DOMINATORS);
  calculate_dominance_info(CDI_DOMINATORS);
  mark_virtual_operands_for_renaming(fn);
  update_ssa(TODO_update_ssa);
  kb_decide(where, KB_DONE, "swap", "the loops are exchanged: the inner one walked along columns");
  return true;
}

static bool try_swap(function *fn, class loop *loop)
{
  kb_nest nest;
  auto_vec<tree> ones;
  if (!kb_is_perfect(loop) || !kb_nest_analyse(loop, &nest) || !should_swap(&nest, &ones))
    return false;
  const kb_counted *o = &nest.loops[0], *k = &nest.loops[1];
  const char *why = NULL;
  if (kb_poly_has(&k->from, gimple_phi_result(o->iv)) || kb_poly_has(&k->to, gimple_phi_result(o->iv)))
    why = "its bounds depend on the outer loop";
  else if (!is_plain(o) || !is_plain(k) || !kb_carries_only_variable(o) || !kb_carries_only_variable(k))
    why = "more is carried from turn to turn than the loops' variables";
  else if (kb_lives_after(loop))
    why = "a value of it is used behind it";
  else if (!kb_nest_swappable(&nest, 0, 1))
    why = nest.why;
  if (!why)
    return swap(fn, &nest, ones);
  kb_decide(kb_loop_location(loop), KB_NOT, "swap", "the inner loop walks along columns, but: %s", why);
  return false;
}

bool kb_swap_nest(function *fn, class loop *loop)
{
  if (loop->inner && !loop->inner->inner && !loop->inner->next)
    return try_swap(fn, loop);
  bool changed = false;
  auto_vec<class loop *> inner;
  for (class loop *l = loop->inner; l; l = l->next)
    inner.safe_push(l);
  for (class loop *l : inner)
    changed |= kb_swap_nest(fn, l);
  return changed;
}
