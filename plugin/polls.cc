/* SPDX-License-Identifier: GPL-3.0-or-later */
/* polls.cc: what becomes of the polls of kernels (KB_STRIP and KB_POLL of kbabi.h), so that Ctrl-C works and loops stay
 * clean.
 *
 * A kernel counts the turns of its loops down and asks kb_poll when none are left. A counted innermost loop runs in strips:
 *
 *     for (;;) {
 *       end = kb_strip_end (shortened end, n);
 *       while (i < end) ...
 *       if (end == n) break;
 *       if ((left = kb_poll ()) < 0) leave;
 *     }
 *
 * Where a whole nest is copied, the copy gets n for end, so that the loop around the strips vanishes, and no other polls
 * either; kb_polls_return puts polls at the latches of those loops that have loops inside, when contraction and tiling are
 * done: what an innermost loop does between two polls is bounded by an obligation of the copy. The exact copy beside it is cold,
 * and shorter without strips, too: its innermost loops poll at their latches, as their turns have no bound. Everywhere else
 * the strips stay, and kb_strip_end is what it is by itself: its first argument.
 */
#include "interval.h"

/* -- Finding ------------------------------------------------------------------------------------------------------ */

static bool calls(const gimple *stmt, const char *name)
{
  tree fn = is_gimple_call(stmt) ? gimple_call_fndecl(stmt) : NULL_TREE;
  return fn && DECL_NAME(fn) && !strcmp(IDENTIFIER_POINTER(DECL_NAME(fn)), name);
}

gcall *kb_strip_call(gimple *stmt)
{
  return calls(stmt, "kb_strip_end") && gimple_call_num_args(stmt) == 2 && gimple_call_lhs(stmt) ? as_a<gcall *>(stmt) : NULL;
}

gcall *kb_poll_call(gimple *stmt)
{
  return calls(stmt, "kb_poll") && gimple_call_num_args(stmt) == 0 && gimple_call_lhs(stmt) ? as_a<gcall *>(stmt) : NULL;
}

/* Is STMT the door of a nest whose polls were taken out: t = kb_poll_door (), always 0? */
static bool is_door(const gimple *stmt) { return calls(stmt, "kb_poll_door"); }

/* The block that ends in the test of a door and dominates B; NULL: there is none. */
static basic_block door_above(basic_block b)
{
  for (; b; b = get_immediate_dominator(CDI_DOMINATORS, b))
    if (gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(b)))
      if (TREE_CODE(gimple_cond_lhs(c)) == SSA_NAME && is_door(SSA_NAME_DEF_STMT(gimple_cond_lhs(c))))
        return b;
  return NULL;
}

static edge true_edge(basic_block b)
{
  edge yes, no;
  extract_true_false_edges_from_block(b, &yes, &no);
  return yes;
}

/* The edge on which the kernel leaves when the call POLL gives less than 0; NULL: the form is another. */
static edge leave_edge(gcall *poll)
{
  gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(gimple_bb(poll)));
  if (!c || gimple_cond_lhs(c) != gimple_call_lhs(poll) || !integer_zerop(gimple_cond_rhs(c)))
    return NULL;
  edge yes, no;
  extract_true_false_edges_from_block(gimple_bb(c), &yes, &no);
  return gimple_cond_code(c) == LT_EXPR ? yes : gimple_cond_code(c) == GE_EXPR ? no : NULL;
}

/* -- Taking polls out -------------------------------------------------------------------------------------------- */

/* Goes never along E, one of two edges of a condition. */
static void close_edge(edge e)
{
  gcond *c = as_a<gcond *>(kb_last_stmt(e->src));
  if (e->flags & EDGE_TRUE_VALUE)
    gimple_cond_make_false(c);
  else
    gimple_cond_make_true(c);
  update_stmt(c);
}

/* The edge of the nearest condition above B that decides whether B is reached at all; NULL: there is none inside NEST. */
static edge way_to(class loop *nest, basic_block b)
{
  for (; b && flow_bb_inside_loop_p(nest, b); b = get_immediate_dominator(CDI_DOMINATORS, b))
    if (single_pred_p(b) && safe_dyn_cast<gcond *>(kb_last_stmt(single_pred(b))))
      return flow_bb_inside_loop_p(nest, single_pred(b)) ? single_pred_edge(b) : NULL;
  return NULL;
}

/* The strip reaches its bound: the ways to a shorter end are closed. */
static void reach_bound(class loop *nest, gcall *strip)
{
  tree end = gimple_call_arg(strip, 0), bound = gimple_call_arg(strip, 1), lhs = gimple_call_lhs(strip);
  gphi *phi = TREE_CODE(end) == SSA_NAME ? dyn_cast<gphi *>(SSA_NAME_DEF_STMT(end)) : NULL;
  for (unsigned i = 0; phi && i < gimple_phi_num_args(phi); i++)
    if (!operand_equal_p(gimple_phi_arg_def(phi, i), bound, 0))
      if (edge e = way_to(nest, gimple_phi_arg_edge(phi, i)->src))
        close_edge(e);
  replace_uses_by(lhs, bound);
  gimple_stmt_iterator i = gsi_for_stmt(strip);
  unlink_stmt_vdef(strip); /* instrumented code has no const functions */
  gsi_remove(&i, true);
  release_defs(strip);
}

/* Can what comes in at E's destination along E also come in from in front of NEST? */
static bool enters_from_front(class loop *nest, edge e)
{
  for (gphi_iterator i = gsi_start_phis(e->dest); !gsi_end_p(i); gsi_next(&i)) {
    tree arg = PHI_ARG_DEF_FROM_EDGE(i.phi(), e);
    if (!virtual_operand_p(arg) && TREE_CODE(arg) == SSA_NAME && !SSA_NAME_IS_DEFAULT_DEF(arg)
        && !dominated_by_p(CDI_DOMINATORS, loop_preheader_edge(nest)->src, gimple_bb(SSA_NAME_DEF_STMT(arg))))
      return false;
  }
  return true;
}

/* Copies the arguments of the phis that FROM gives, to TO, which has the same destination; memory is renamed later. */
static void copy_phi_args(edge from, edge to)
{
  for (gphi_iterator i = gsi_start_phis(from->dest); !gsi_end_p(i); gsi_next(&i))
    add_phi_arg(i.phi(), PHI_ARG_DEF_FROM_EDGE(i.phi(), from), to, UNKNOWN_LOCATION);
}

/* if (kb_poll_door ()) leave as LEAVE does; in front of NEST. */
static void make_door(class loop *nest, edge leave)
{
  basic_block b = split_edge(loop_preheader_edge(nest));
  tree type = build_function_type_list(integer_type_node, NULL_TREE), fn = build_fn_decl("kb_poll_door", type);
  TREE_READONLY(fn) = 1;
  TREE_NOTHROW(fn) = 1;
  gcall *call = gimple_build_call(fn, 0);
  tree open = make_ssa_name(integer_type_node);
  gimple_call_set_lhs(call, open);
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_after(&i, call, GSI_NEW_STMT);
  gsi_insert_after(&i, gimple_build_cond(NE_EXPR, open, integer_zero_node, NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  edge on = single_succ_edge(b);
  on->flags = (on->flags & ~EDGE_FALLTHRU) | EDGE_FALSE_VALUE;
  on->probability = profile_probability::very_likely();
  edge out = make_edge(b, leave->dest, EDGE_TRUE_VALUE);
  out->probability = profile_probability::very_unlikely();
  copy_phi_args(leave, out);
}

/* Are STRIPS those of counted loops? Then these loops poll by themselves from now on. */
static bool poll_innermost(const vec<gcall *> &strips)
{
  for (gcall *strip : strips)
    if (!kb_is_strip_loop(gimple_bb(strip)->loop_father))
      return false;
  for (gcall *strip : strips)
    kb_mark_loop(gimple_bb(strip)->loop_father->inner, KB_UNPOLLED);
  return true;
}

bool kb_polls_take_out(class loop *nest, bool exact)
{
  auto_vec<gcall *> polls, strips;
  basic_block *body = get_loop_body(nest);
  for (unsigned i = 0; i < nest->num_nodes; i++)
    for (gimple_stmt_iterator s = gsi_start_bb(body[i]); !gsi_end_p(s); gsi_next(&s))
      if (gcall *strip = kb_strip_call(gsi_stmt(s)))
        strips.safe_push(strip);
      else if (gcall *poll = kb_poll_call(gsi_stmt(s)))
        polls.safe_push(poll);
  free(body);
  edge leave = NULL;
  for (gcall *poll : polls)
    if (edge e = leave_edge(poll))
      if (enters_from_front(nest, e) && (!leave || loop_depth(gimple_bb(poll)->loop_father) < loop_depth(leave->src->loop_father)))
        leave = e;
  if (!leave || (exact && !poll_innermost(strips)))
    return polls.is_empty() && strips.is_empty();
  make_door(nest, leave);
  mark_virtual_operands_for_renaming(cfun);
  free_dominance_info(CDI_DOMINATORS);
  calculate_dominance_info(CDI_DOMINATORS);
  update_ssa(TODO_update_ssa_only_virtuals);
  for (gcall *strip : strips)
    reach_bound(nest, strip);
  for (gcall *poll : polls) {
    class loop *l = gimple_bb(poll)->loop_father;
    edge way = way_to(nest, gimple_bb(poll));
    if (!way || !l->inner)
      continue; /* a loop that is not counted polls for itself */
    close_edge(way);
    kb_mark_loop(l, KB_UNPOLLED);
  }
  return true;
}

bool kb_strips_lower(function *fn)
{
  basic_block b;
  bool changed = false;
  FOR_EACH_BB_FN (b, fn)
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i);) {
      gcall *strip = kb_strip_call(gsi_stmt(i));
      if (!strip) {
        gsi_next(&i);
        continue;
      }
      replace_uses_by(gimple_call_lhs(strip), gimple_call_arg(strip, 0));
      unlink_stmt_vdef(strip);
      gsi_remove(&i, true);
      release_defs(strip);
      changed = true;
    }
  return changed;
}

/* -- Putting polls back --------------------------------------------------------------------------------------------- */

/* The end of block B gets: if (LHS < 0) leave by the door above; else go on. False: there is no door. */
bool kb_leave_if_negative(basic_block b, tree lhs)
{
  basic_block door = door_above(b);
  if (!door || !single_succ_p(b))
    return false;
  edge out = true_edge(door), on = single_succ_edge(b);
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_after(&i, gimple_build_cond(LT_EXPR, lhs, build_zero_cst(TREE_TYPE(lhs)), NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  on->flags = (on->flags & ~EDGE_FALLTHRU) | EDGE_FALSE_VALUE;
  on->probability = profile_probability::very_likely();
  edge leave = make_edge(b, out->dest, EDGE_TRUE_VALUE);
  leave->probability = profile_probability::very_unlikely();
  copy_phi_args(out, leave);
  return true;
}

static void charge(gimple_stmt_iterator *i, tree left, tree turns)
{
  gsi_insert_after(i, gimple_build_assign(left, MINUS_EXPR, left, turns), GSI_NEW_STMT);
}

/* What LOOP's turns cost is charged in front of it, where that can be known. */
static void charge_turns(class loop *loop, tree left)
{
  class tree_niter_desc desc;
  edge leave = single_exit(loop);
  gimple_seq seq = NULL;
  tree turns = build_int_cst(TREE_TYPE(left), 1024);
  if (leave && number_of_iterations_exit(loop, leave, &desc, false, false)) {
    tree n = fold_convert(TREE_TYPE(left), desc.niter);
    if (!integer_zerop(desc.may_be_zero))
      n = fold_build3(COND_EXPR, TREE_TYPE(left), desc.may_be_zero, build_zero_cst(TREE_TYPE(left)), n);
    turns = force_gimple_operand(unshare_expr(n), &seq, true, NULL_TREE);
  }
  basic_block b = split_edge(loop_preheader_edge(loop));
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_seq_after(&i, seq, GSI_CONTINUE_LINKING);
  charge(&i, left, turns);
}

/* At the latch of LOOP: left -= 1; if (left < 0 && (left = kb_poll ()) < 0) leave. */
static void poll_at_latch(class loop *loop, tree left, tree poll_fn)
{
  basic_block count = split_edge(loop_latch_edge(loop));
  gimple_stmt_iterator i = gsi_last_bb(count);
  charge(&i, left, build_one_cst(TREE_TYPE(left)));
  gsi_insert_after(&i, gimple_build_cond(LT_EXPR, left, build_zero_cst(TREE_TYPE(left)), NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  edge on = split_block(count, gsi_stmt(i));
  on->flags = (on->flags & ~EDGE_FALLTHRU) | EDGE_FALSE_VALUE;
  on->probability = profile_probability::very_likely();
  basic_block ask = create_empty_bb(count);
  add_bb_to_loop(ask, loop);
  edge in = make_edge(count, ask, EDGE_TRUE_VALUE);
  in->probability = profile_probability::very_unlikely();
  ask->count = in->count();
  (void)make_single_succ_edge(ask, on->dest, EDGE_FALLTHRU);
  set_immediate_dominator(CDI_DOMINATORS, ask, count);
  gcall *call = gimple_build_call(poll_fn, 0);
  gimple_call_set_lhs(call, left);
  gimple_stmt_iterator a = gsi_last_bb(ask);
  gsi_insert_after(&a, call, GSI_NEW_STMT);
  kb_leave_if_negative(ask, left);
}

/* Doors are shut, once no more polls use them. */
static bool shut_doors(function *fn)
{
  basic_block b;
  bool changed = false;
  FOR_EACH_BB_FN (b, fn)
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i);) {
      gimple *stmt = gsi_stmt(i);
      if (!is_door(stmt)) {
        gsi_next(&i);
        continue;
      }
      replace_uses_by(gimple_call_lhs(stmt), integer_zero_node);
      unlink_stmt_vdef(stmt);
      gsi_remove(&i, true);
      release_defs(stmt);
      changed = true;
    }
  return changed;
}

bool kb_polls_return(function *fn)
{
  tree type = long_integer_type_node, left = NULL_TREE;
  tree poll_fn = build_fn_decl("kb_poll", build_function_type_list(type, NULL_TREE));
  auto_vec<class loop *> loops;
  hash_set<basic_block> started;
  for (class loop *l : loops_list(fn, LI_FROM_INNERMOST))
    if (kb_marked(l, KB_UNPOLLED) && door_above(l->header))
      loops.safe_push(l);
  for (class loop *l : loops) {
    if (!left)
      left = create_tmp_reg(type, "kb_left");
    basic_block door = door_above(l->header);
    if (!started.add(door)) {
      gimple_stmt_iterator first = gsi_after_labels(door);
      gsi_insert_before(&first, gimple_build_assign(left, build_int_cst(type, KB_POLL_FIRST)), GSI_SAME_STMT);
    }
    for (class loop *in = l->inner; in; in = in->next)
      if (!kb_marked(in, KB_UNPOLLED))
        charge_turns(in, left);
    poll_at_latch(l, left, poll_fn);
    free_dominance_info(CDI_DOMINATORS);
    calculate_dominance_info(CDI_DOMINATORS);
  }
  if (left) {
    mark_virtual_operands_for_renaming(fn);
    update_ssa(TODO_update_ssa);
  }
  bool shut = shut_doors(fn);
  return left || shut;
}
