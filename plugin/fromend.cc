/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fromend.cc: one comparison for an index that may count from the end.
 *
 *     k = v < 0 ? v + n : v; if ((uint64_t)k >= n) leave;
 *
 * asks twice in each turn, or computes both. As a negative v is a large one, right before code is generated it becomes
 *
 *     k = v;
 *     if ((uint64_t)v >= MAX (n, 0)) [unlikely] {
 *       if (v < 0) { k = v + n; if ((uint64_t)k >= n) leave; }
 *       else if ((uint64_t)v >= n) leave;
 *     }
 *
 * which is the same for all v and n. n must come from outside of the loop.
 */
#include "pass.h"

struct from_end {
  basic_block ask, counted, join; /* asks v < 0; has k = v + n; has the guard */
  edge negative, plain, leave; /* v < 0, or not; k is outside */
  tree v, k, n;
};

static gimple *def_of(tree t) { return TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL; }

/* T without conversions that keep all bits. */
static tree same_bits(tree t)
{
  for (gimple *d = def_of(t); d && is_gimple_assign(d) && CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(d)); d = def_of(t)) {
    tree from = gimple_assign_rhs1(d);
    if (TREE_CODE(from) != SSA_NAME || !INTEGRAL_TYPE_P(TREE_TYPE(from)) || TYPE_PRECISION(TREE_TYPE(from)) != TYPE_PRECISION(TREE_TYPE(t)))
      break;
    t = from;
  }
  return t;
}

/* The int that T is, which may be narrower. */
static tree widened(tree t)
{
  t = same_bits(t);
  gimple *d = def_of(t);
  if (d && is_gimple_assign(d) && CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(d)) && TREE_CODE(gimple_assign_rhs1(d)) == SSA_NAME
      && INTEGRAL_TYPE_P(TREE_TYPE(gimple_assign_rhs1(d))) && !TYPE_UNSIGNED(TREE_TYPE(gimple_assign_rhs1(d)))
      && TYPE_PRECISION(TREE_TYPE(gimple_assign_rhs1(d))) < TYPE_PRECISION(TREE_TYPE(t)))
    return gimple_assign_rhs1(d);
  return t;
}

/* Is T there at the end of block B? */
static bool is_at(tree t, basic_block b)
{
  gimple *d = def_of(t);
  return !d || !gimple_bb(d) || dominated_by_p(CDI_DOMINATORS, b, gimple_bb(d));
}

/* Is B one way from one block to one other, on which something is computed at most? */
static bool only_computes(basic_block b)
{
  if (!single_pred_p(b) || !single_succ_p(b) || !gimple_seq_empty_p(phi_nodes(b)))
    return false;
  for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i))
    if (!is_gimple_debug(gsi_stmt(i)) && (!is_gimple_assign(gsi_stmt(i)) || gimple_vdef(gsi_stmt(i))))
      return false;
  return true;
}

/* The join of v and v + n in the block of guard G. */
static bool find_join(const kb_guard &g, from_end *f)
{
  gcond *c = as_a<gcond *>(kb_last_stmt(g.leave->src));
  tree_code op = g.leave->flags & EDGE_TRUE_VALUE ? gimple_cond_code(c) : invert_tree_comparison(gimple_cond_code(c), false);
  tree k = gimple_cond_lhs(c), n = gimple_cond_rhs(c);
  if (op == LE_EXPR)
    std::swap(k, n), op = GE_EXPR;
  if (op != GE_EXPR || !INTEGRAL_TYPE_P(TREE_TYPE(k)) || !TYPE_UNSIGNED(TREE_TYPE(k)) || TYPE_PRECISION(TREE_TYPE(k)) != 64)
    return false;
  f->leave = g.leave, f->join = g.leave->src, f->k = same_bits(k), f->n = same_bits(n);
  gphi *phi = safe_dyn_cast<gphi *>(def_of(f->k));
  if (!phi || gimple_bb(phi) != f->join || gimple_phi_num_args(phi) != 2)
    return false;
  for (unsigned i = 0; i < 2; i++) {
    basic_block direct = gimple_phi_arg_edge(phi, i)->src;
    f->counted = gimple_phi_arg_edge(phi, 1 - i)->src;
    if (!single_pred_p(f->counted) || !single_succ_p(f->counted))
      continue;
    f->ask = single_pred(f->counted), f->negative = single_pred_edge(f->counted);
    gcond *ask = safe_dyn_cast<gcond *>(kb_last_stmt(f->ask));
    if (!ask)
      continue;
    f->plain = EDGE_SUCC(f->ask, EDGE_SUCC(f->ask, 0) == f->negative);
    if (f->plain->dest != (direct == f->ask ? f->join : direct) || (direct != f->ask && !only_computes(direct)))
      continue;
    f->v = gimple_cond_lhs(ask);
    if (widened(f->v) == widened(gimple_phi_arg_def(phi, i)) && !TYPE_UNSIGNED(TREE_TYPE(f->v)) && TREE_CODE(f->v) == SSA_NAME
        && integer_zerop(gimple_cond_rhs(ask))
        && gimple_cond_code(ask) == (f->negative->flags & EDGE_TRUE_VALUE ? LT_EXPR : GE_EXPR))
      return true;
  }
  return false;
}

/* Nothing that the join computes is used where the kernel leaves, and it does nothing else. */
static bool join_is_plain(const from_end *f)
{
  basic_block on = EDGE_SUCC(f->join, EDGE_SUCC(f->join, 0) == f->leave)->dest;
  if (!single_pred_p(on) || on == f->join)
    return false;
  auto_vec<tree> names;
  for (gphi_iterator i = gsi_start_phis(f->join); !gsi_end_p(i); gsi_next(&i))
    names.safe_push(gimple_phi_result(i.phi()));
  for (gimple_stmt_iterator i = gsi_start_bb(f->join); !gsi_end_p(i); gsi_next(&i)) {
    gimple *s = gsi_stmt(i);
    if (is_gimple_debug(s) || gimple_code(s) == GIMPLE_COND || gimple_code(s) == GIMPLE_LABEL)
      continue;
    if (!is_gimple_assign(s) || gimple_vdef(s) || TREE_CODE(gimple_assign_lhs(s)) != SSA_NAME)
      return false;
    names.safe_push(gimple_assign_lhs(s));
  }
  for (tree t : names) {
    imm_use_iterator it;
    use_operand_p use;
    FOR_EACH_IMM_USE_FAST (use, it, t) {
      gimple *s = USE_STMT(use);
      if (is_gimple_debug(s))
        continue;
      basic_block b = gimple_bb(s);
      if (gphi *p = dyn_cast<gphi *>(s)) {
        edge e = gimple_phi_arg_edge(p, PHI_ARG_INDEX_FROM_USE(use));
        if (e == f->leave)
          return false;
        b = e->src;
      }
      if (b != f->join && !dominated_by_p(CDI_DOMINATORS, b, on))
        return false;
    }
  }
  return true;
}

/* MAX (n, 0), where n is made; NULL: that is in the loop, too. */
static tree least_length(function *fn, const from_end *f)
{
  tree type = TREE_TYPE(f->n), s = signed_type_for(type);
  if (TREE_CODE(f->n) == INTEGER_CST)
    return wi::neg_p(wi::to_wide(f->n), SIGNED) ? NULL_TREE : f->n;
  gimple *d = def_of(f->n);
  if (!d || SSA_NAME_OCCURS_IN_ABNORMAL_PHI(f->n))
    return NULL_TREE;
  gimple_seq seq = NULL;
  tree most = gimple_build(&seq, MAX_EXPR, s, gimple_convert(&seq, s, f->n), build_zero_cst(s));
  if (!gimple_bb(d))
    gsi_insert_seq_on_edge_immediate(single_succ_edge(ENTRY_BLOCK_PTR_FOR_FN(fn)), seq);
  else if (gimple_code(d) == GIMPLE_PHI) {
    gimple_stmt_iterator i = gsi_after_labels(gimple_bb(d));
    gsi_insert_seq_before(&i, seq, GSI_SAME_STMT);
  } else {
    gimple_stmt_iterator i = gsi_for_stmt(d);
    gsi_insert_seq_after(&i, seq, GSI_SAME_STMT);
  }
  return most;
}

/* A copy of what FROM gives the phis of its destination, for TO. */
static void copy_args(edge from, edge to)
{
  for (gphi_iterator i = gsi_start_phis(from->dest); !gsi_end_p(i); gsi_next(&i))
    add_phi_arg(i.phi(), PHI_ARG_DEF_FROM_EDGE(i.phi(), from), to, UNKNOWN_LOCATION);
}

/* B, which has one way on, leaves before if T >= n. */
static void leave_if_outside(const from_end *f, basic_block b, tree t)
{
  tree u = unsigned_type_for(TREE_TYPE(f->k));
  gimple_seq seq = NULL;
  tree a = gimple_convert(&seq, u, gimple_convert(&seq, signed_type_for(u), t)), n = gimple_convert(&seq, u, f->n);
  gimple_seq_add_stmt(&seq, gimple_build_cond(GE_EXPR, a, n, NULL_TREE, NULL_TREE));
  edge on = single_succ_edge(b);
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_seq_after(&i, seq, GSI_NEW_STMT);
  on->flags = (on->flags & ~EDGE_FALLTHRU) | EDGE_FALSE_VALUE;
  on->probability = profile_probability::likely();
  edge out = make_edge(b, f->leave->dest, EDGE_TRUE_VALUE);
  out->probability = on->probability.invert();
  copy_args(f->leave, out);
}

static void rewrite(const from_end *f, tree most)
{
  tree u = unsigned_type_for(TREE_TYPE(f->k));
  gcond *ask = as_a<gcond *>(kb_last_stmt(f->ask));
  edge plain = f->plain;
  /* The rare way: counted from the end, or outside. */
  leave_if_outside(f, f->counted, PHI_ARG_DEF_FROM_EDGE(as_a<gphi *>(def_of(f->k)), single_succ_edge(f->counted)));
  basic_block sign = split_edge(f->negative), large = create_empty_bb(sign);
  if (current_loops)
    add_bb_to_loop(large, f->join->loop_father);
  edge rare = single_pred_edge(sign), from_end = single_succ_edge(sign);
  gimple_stmt_iterator i = gsi_last_bb(sign);
  tree zero = build_zero_cst(TREE_TYPE(gimple_cond_lhs(ask)));
  gsi_insert_after(&i, gimple_build_cond(LT_EXPR, gimple_cond_lhs(ask), zero, NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  from_end->flags = (from_end->flags & ~EDGE_FALLTHRU) | EDGE_TRUE_VALUE;
  from_end->probability = profile_probability::even();
  make_edge(sign, large, EDGE_FALSE_VALUE)->probability = profile_probability::even();
  copy_args(plain, make_single_succ_edge(large, plain->dest, EDGE_FALLTHRU));
  leave_if_outside(f, large, f->v);
  sign->count = large->count = f->counted->count = profile_count::zero();
  /* The usual one. */
  gimple_seq seq = NULL;
  tree v = gimple_convert(&seq, u, gimple_convert(&seq, signed_type_for(u), f->v));
  tree m = gimple_convert(&seq, u, most);
  i = gsi_for_stmt(ask);
  gsi_insert_seq_before(&i, seq, GSI_SAME_STMT);
  gimple_cond_set_condition(ask, rare->flags & EDGE_TRUE_VALUE ? GE_EXPR : LT_EXPR, v, m);
  update_stmt(ask);
  rare->probability = profile_probability::very_unlikely();
  plain->probability = rare->probability.invert();
  /* The guard is gone. */
  i = gsi_for_stmt(kb_last_stmt(f->join));
  gsi_remove(&i, true);
  remove_edge(f->leave);
  edge on = single_succ_edge(f->join);
  on->flags = (on->flags & ~(EDGE_TRUE_VALUE | EDGE_FALSE_VALUE)) | EDGE_FALLTHRU;
  on->probability = profile_probability::always();
}

bool kb_ask_once(function *fn)
{
  auto_vec<kb_guard> guards;
  bool changed = false;
  kb_find_guards(fn, &guards);
  for (const kb_guard &g : guards) {
    from_end f;
    if (!g.leave || !find_join(g, &f) || !optimize_bb_for_speed_p(f.join) || f.join->count == profile_count::zero() || bb_loop_depth(f.join) == 0)
      continue;
    calculate_dominance_info(CDI_DOMINATORS);
    gimple *d = def_of(f.n);
    if (!is_at(f.n, f.ask) || (d && gimple_bb(d) && bb_loop_depth(gimple_bb(d)) >= bb_loop_depth(f.join)) || !join_is_plain(&f))
      continue;
    tree most = least_length(fn, &f);
    if (!most)
      continue;
    rewrite(&f, most);
    free_dominance_info(CDI_DOMINATORS);
    changed = true;
  }
  return changed;
}
