/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strip.cc: cuts an innermost loop into strips, each of which is inspected and then run without guards, or exactly.
 *
 *     if (!entry) goto exact;
 *     do {
 *       end = iv + MIN (bound - iv, KB_INSPECT_TURNS);
 *       flags = what the turns until end would set;          two passes: a loop of its own; one pass: set by the next loop
 *       if (flags) goto exact;
 *       while (iv < end) the loop without guards;
 *     } while (iv < bound);
 *     goto after;
 *   exact:
 *     while (iv < bound) the loop as it was;                    from the first turn of the strip, to its end
 *   after:
 *
 * In one pass the flags are looked at behind the loop without guards, which then must not have stored anything; the exact loop
 * starts from the values at the strip's begin.
 */
#include "inspect.h"

struct cutter {
  kb_inspect *in;
  class loop *fast, *exact;
  basic_block strip;   /* the head of the loop around the strips */
  basic_block test;    /* behind it: where flags of two passes are looked at */
  basic_block to_exact;/* the exact loop's preheader */
  basic_block done;    /* behind the fast loop */
  basic_block after;   /* behind both */
  auto_vec<tree> state;/* at the strip's begin: by the fast loop's header phis, memory not counted */
  tree end;
};

/* B's only edge becomes one branch of a condition OK, the other goes to OTHER: the new edge. */
static edge branch(basic_block b, tree ok, bool only_if, basic_block other, profile_probability p)
{
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_after(&i, gimple_build_cond(NE_EXPR, ok, boolean_false_node, NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  edge old = single_succ_edge(b);
  old->flags = (old->flags & ~EDGE_FALLTHRU) | (only_if ? EDGE_TRUE_VALUE : EDGE_FALSE_VALUE);
  edge e = make_edge(b, other, only_if ? EDGE_FALSE_VALUE : EDGE_TRUE_VALUE);
  e->probability = p;
  old->probability = p.invert();
  return e;
}

static void append(basic_block b, gimple_seq seq)
{
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_seq_after(&i, seq, GSI_NEW_STMT);
}

/* The header phis of LOOP but for memory. */
static void header_phis(class loop *loop, vec<gphi *> *out)
{
  for (gphi_iterator i = gsi_start_phis(loop->header); !gsi_end_p(i); gsi_next(&i))
    if (!virtual_operand_p(gimple_phi_result(i.phi())))
      out->safe_push(i.phi());
}

static void make_loop(basic_block header, basic_block latch, class loop *outer)
{
  class loop *loop = alloc_loop();
  loop->header = header;
  loop->latch = latch;
  add_loop(loop, outer);
}

/* -- Blocks ----------------------------------------------------------------------------------------------------------- */

static void split_blocks(cutter *c)
{
  edge leave = NULL, e;
  edge_iterator i;
  FOR_EACH_EDGE (e, i, c->fast->header->succs)
    if (e->dest == c->after)
      leave = e;
  c->done = split_edge(leave);
  c->strip = split_edge(loop_preheader_edge(c->fast));
  c->test = split_edge(single_succ_edge(c->strip));
  split_edge(single_succ_edge(c->test)); /* the fast loop's preheader */
  c->to_exact = split_edge(loop_preheader_edge(c->exact));
}

/* The strip begins with what the loop begins with, or what the last strip left. */
static void add_state(cutter *c)
{
  auto_vec<gphi *> phis;
  header_phis(c->fast, &phis);
  edge in = loop_preheader_edge(c->fast), entry = single_pred_edge(c->strip);
  for (gphi *p : phis) {
    tree value = copy_ssa_name(gimple_phi_result(p));
    gphi *s = create_phi_node(value, c->strip);
    add_phi_arg(s, PHI_ARG_DEF_FROM_EDGE(p, in), entry, UNKNOWN_LOCATION);
    SET_PHI_ARG_DEF(p, in->dest_idx, value);
    c->state.safe_push(value);
  }
}

static tree state_of(cutter *c, tree name)
{
  auto_vec<gphi *> phis;
  header_phis(c->fast, &phis);
  for (unsigned i = 0; i < phis.length(); i++)
    if (gimple_phi_result(phis[i]) == name)
      return c->state[i];
  gcc_unreachable();
}

/* The fast loop ends where the strip does. */
static void set_end(cutter *c)
{
  kb_inspect *in = c->in;
  gimple_seq seq = NULL;
  tree iv = in->iv, type = TREE_TYPE(iv), u = unsigned_type_for(type), begin = state_of(c, in->iv);
  bool up = in->step > 0;
  tree from = gimple_convert(&seq, u, begin), to = gimple_convert(&seq, u, in->bound);
  tree left = gimple_build(&seq, MINUS_EXPR, u, up ? to : from, up ? from : to);
  left = gimple_build(&seq, MIN_EXPR, u, left, build_int_cst(u, KB_INSPECT_TURNS * absu_hwi(in->step)));
  c->end = gimple_convert(&seq, type, gimple_build(&seq, up ? PLUS_EXPR : MINUS_EXPR, u, from, left));
  append(c->strip, seq);
  if (gimple_cond_lhs(in->test) == iv)
    gimple_cond_set_rhs(in->test, c->end);
  else
    gimple_cond_set_lhs(in->test, c->end);
  update_stmt(in->test);
}

/* -- Flags ------------------------------------------------------------------------------------------------------------ */

static void add_flag_phis(basic_block header, edge in, edge back, const kb_flags *flags, tree *result)
{
  for (int k = 0; k < KB_NFLAGS; k++) {
    result[k] = flags->before[k];
    if (!flags->before[k])
      continue;
    gphi *p = create_phi_node(flags->before[k], header);
    add_phi_arg(p, build_zero_cst(TREE_TYPE(flags->before[k])), in, UNKNOWN_LOCATION);
    add_phi_arg(p, flags->after[k], back, UNKNOWN_LOCATION);
  }
}

/* The loop that inspects, between c->strip and c->test. The order of the turns does not matter: those of a loop that counts
   down by one are taken upwards, as vectors are. */
static void add_inspecting_loop(cutter *c, tree *result)
{
  kb_inspect *in = c->in;
  bool turned = in->step == -1;
  tree type = TREE_TYPE(in->iv), iv = make_ssa_name(type, gimple_build_nop()), next = make_ssa_name(type), begin = state_of(c, in->iv);
  basic_block header = split_edge(single_succ_edge(c->strip));
  basic_block body = split_edge(single_succ_edge(header));
  edge on = single_succ_edge(header);
  on->flags = (on->flags & ~EDGE_FALLTHRU) | EDGE_TRUE_VALUE;
  on->probability = profile_probability::very_likely();
  edge out = make_edge(header, c->test, EDGE_FALSE_VALUE);
  out->probability = on->probability.invert();
  edge back = redirect_edge_succ_nodup(single_succ_edge(body), header);

  kb_flags flags;
  gimple_seq seq = NULL;
  gimple *advance = gimple_build_assign(next, PLUS_EXPR, iv, build_int_cst(type, turned ? 1 : in->step));
  if (turned) /* from end + 1 to begin */
    gimple_seq_add_stmt(&seq, advance);
  kb_emit_flags(in, &seq, turned ? next : iv, true, &flags);
  if (!turned)
    gimple_seq_add_stmt(&seq, advance);
  append(body, seq);
  gphi *p = create_phi_node(iv, header);
  add_phi_arg(p, turned ? c->end : begin, single_succ_edge(c->strip), UNKNOWN_LOCATION);
  add_phi_arg(p, next, back, UNKNOWN_LOCATION);
  add_flag_phis(header, single_succ_edge(c->strip), back, &flags, result);
  gimple_stmt_iterator i = gsi_last_bb(header);
  tree_code go_on = turned || in->step > 0 ? LT_EXPR : GT_EXPR;
  gsi_insert_after(&i, gimple_build_cond(go_on, iv, turned ? begin : c->end, NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  make_loop(header, body, loop_outer(c->fast));
}

/* The fast loop sets the flags itself. */
static void add_flags(cutter *c, tree *result)
{
  kb_flags flags;
  gimple_seq seq = NULL;
  kb_emit_flags(c->in, &seq, c->in->iv, false, &flags);
  append(c->fast->latch, seq);
  add_flag_phis(c->fast->header, loop_preheader_edge(c->fast), loop_latch_edge(c->fast), &flags, result);
}

/* Do the sums keep within their bounds at the strip's begin? */
static tree sums_are_small(cutter *c, gimple_seq *seq, tree ok)
{
  for (tree name : c->in->sums) {
    tree s = state_of(c, name), u = unsigned_type_for(TREE_TYPE(s));
    tree v = gimple_build(seq, PLUS_EXPR, u, gimple_convert(seq, u, s), build_int_cst(u, HOST_WIDE_INT_1 << KB_INSPECT_SUM));
    tree small = gimple_build(seq, LT_EXPR, boolean_type_node, v,
                              wide_int_to_tree(u, wi::shwi(HOST_WIDE_INT_1 << KB_INSPECT_SUM, 64) * 2));
    ok = gimple_build(seq, BIT_AND_EXPR, boolean_type_node, ok, small);
  }
  return ok;
}

/* At the end of B: goes to the exact loop where the strip is not clean. */
static void leave_if_not_clean(cutter *c, basic_block b, const tree *flags)
{
  gimple_seq seq = NULL;
  tree ok = sums_are_small(c, &seq, kb_emit_clean(c->in, &seq, flags));
  append(b, seq);
  edge e = branch(b, ok, true, c->to_exact, profile_probability::very_unlikely()), before = NULL, p;
  edge_iterator i;
  FOR_EACH_EDGE (p, i, c->to_exact->preds)
    if (p != e)
      before = p;
  auto_vec<gphi *> phis;
  header_phis(c->exact, &phis);
  edge in = loop_preheader_edge(c->exact);
  for (unsigned k = 0; k < phis.length(); k++) {
    tree value = copy_ssa_name(gimple_phi_result(phis[k]));
    gphi *merged = create_phi_node(value, c->to_exact);
    add_phi_arg(merged, PHI_ARG_DEF_FROM_EDGE(phis[k], in), before, UNKNOWN_LOCATION);
    add_phi_arg(merged, c->state[k], e, UNKNOWN_LOCATION);
    SET_PHI_ARG_DEF(phis[k], in->dest_idx, value);
  }
}

/* -- The fast loop ---------------------------------------------------------------------------------------------------- */

/* X op Y, which does not overflow, or whose value does not matter when it does: then it wraps. */
static void make_plain(gcall *call, bool wraps)
{
  tree_code op;
  kb_overflow_op(call, &op);
  tree whole = gimple_call_lhs(call), type = TREE_TYPE(TREE_TYPE(whole)), u = wraps ? unsigned_type_for(type) : type;
  gimple_stmt_iterator at = gsi_for_stmt(call);
  gimple_seq seq = NULL;
  tree a = gimple_convert(&seq, u, gimple_convert(&seq, type, gimple_call_arg(call, 0)));
  tree b = gimple_convert(&seq, u, gimple_convert(&seq, type, gimple_call_arg(call, 1)));
  tree value = gimple_convert(&seq, type, gimple_build(&seq, op, u, a, b));
  gsi_insert_seq_before(&at, seq, GSI_SAME_STMT);
  auto_vec<gimple *> users;
  imm_use_iterator i;
  gimple *user;
  FOR_EACH_IMM_USE_STMT (user, i, whole)
    users.safe_push(user);
  for (gimple *s : users)
    if (is_gimple_assign(s)) {
      gimple_stmt_iterator g = gsi_for_stmt(s);
      gimple_assign_set_rhs_from_tree(&g, gimple_assign_rhs_code(s) == IMAGPART_EXPR ? build_zero_cst(type) : value);
      update_stmt(gsi_stmt(g));
    }
}

/* In one pass a strip that is not clean computes with values that the exact loop would never have. */
static void make_defined(class loop *loop, const kb_inspect *in)
{
  basic_block *body = get_loop_body(loop);
  auto_vec<gimple *> undefined;
  for (unsigned k = 0; k < loop->num_nodes; k++)
    for (gimple_stmt_iterator i = gsi_start_bb(body[k]); !gsi_end_p(i); gsi_next(&i))
      if (gassign *s = dyn_cast<gassign *>(gsi_stmt(i)))
        if (INTEGRAL_TYPE_P(TREE_TYPE(gimple_assign_lhs(s))) && TYPE_OVERFLOW_UNDEFINED(TREE_TYPE(gimple_assign_lhs(s)))
            && arith_code_with_undefined_signed_overflow(gimple_assign_rhs_code(s))
            && (kb_depends_on(in, gimple_assign_lhs(s)) & (KB_OF_DATA | KB_OF_TURNS)))
          undefined.safe_push(s);
  free(body);
  for (gimple *s : undefined)
    kb_let_wrap(s);
}

/* E is not taken any more. */
static void never(edge e)
{
  gcond *s = as_a<gcond *>(kb_last_stmt(e->src));
  if (e->flags & EDGE_TRUE_VALUE)
    gimple_cond_make_false(s);
  else
    gimple_cond_make_true(s);
  update_stmt(s);
}

static void drop_guards(cutter *c)
{
  kb_inspect *in = c->in;
  for (unsigned k = 0; k < in->guards.length(); k++)
    if (!in->kept.contains(k))
      never(in->guards[k].leave);
  for (const kb_index &x : in->indices)
    if (x.negative)
      never(x.negative);
  if (in->one_pass)
    make_defined(c->fast, in);
  for (gcall *call : in->exact)
    if (gimple_bb(call) && !has_zero_uses(gimple_call_lhs(call)))
      make_plain(call, in->one_pass);
}

/* -- The loop around ---------------------------------------------------------------------------------------------------- */

/* Another strip while there are turns left. */
static void close_strips(cutter *c)
{
  kb_inspect *in = c->in;
  gimple_seq seq = NULL;
  tree more = gimple_build(&seq, in->step > 0 ? LT_EXPR : GT_EXPR, boolean_type_node, in->iv, in->bound);
  /* In one pass the block behind the loop ends in the test of the flags already. */
  basic_block b = single_succ_p(c->done) ? c->done : split_edge(find_edge(c->done, c->after));
  append(b, seq);
  edge back = branch(b, more, false, c->strip, profile_probability::even());
  auto_vec<gphi *> phis;
  header_phis(c->fast, &phis);
  for (unsigned k = 0; k < c->state.length(); k++)
    add_phi_arg(as_a<gphi *>(SSA_NAME_DEF_STMT(c->state[k])), gimple_phi_result(phis[k]), back, UNKNOWN_LOCATION);
  make_loop(c->strip, split_edge(back), loop_outer(c->fast));
}

static void cut(cutter *c)
{
  split_blocks(c);
  add_state(c);
  set_end(c);
  tree flags[KB_NFLAGS];
  if (c->in->one_pass)
    add_flags(c, flags);
  else
    add_inspecting_loop(c, flags);
  leave_if_not_clean(c, c->in->one_pass ? c->done : c->test, flags);
  close_strips(c);
}

/* -- Elements that are added to ----------------------------------------------------------------------------------------- */

/* In front of the loop: OK, and all elements of S lie within +-2^62. */
static tree scan(kb_inspect *in, const kb_scan &s, tree ok)
{
  basic_block join = split_edge(loop_preheader_edge(in->loop)), before = split_edge(single_pred_edge(join));
  basic_block head = split_edge(single_succ_edge(before)), body = split_edge(single_succ_edge(head));
  branch(before, ok, true, join, profile_probability::unlikely());
  edge on = single_succ_edge(head);
  on->flags = (on->flags & ~EDGE_FALLTHRU) | EDGE_TRUE_VALUE;
  on->probability = profile_probability::very_likely();
  edge out = make_edge(head, join, EDGE_FALSE_VALUE), skip = find_edge(before, join);
  out->probability = on->probability.invert();
  edge back = redirect_edge_succ_nodup(single_succ_edge(body), head);

  tree u = long_long_unsigned_type_node, j = make_ssa_name(sizetype, gimple_build_nop()), f = make_ssa_name(u, gimple_build_nop());
  gimple_seq seq = NULL;
  tree at = gimple_build(&seq, MULT_EXPR, sizetype, j, s.step);
  at = gimple_build(&seq, POINTER_PLUS_EXPR, TREE_TYPE(s.base), s.base, at);
  tree element = make_ssa_name(TREE_TYPE(s.ref)), ref = unshare_expr(s.ref);
  TREE_OPERAND(ref, 0) = at;
  gimple_seq_add_stmt(&seq, gimple_build_assign(element, ref));
  tree v = gimple_build(&seq, PLUS_EXPR, u, gimple_convert(&seq, u, element), build_int_cst(u, HOST_WIDE_INT_1 << KB_INSPECT_SUM));
  tree next_f = gimple_build(&seq, BIT_IOR_EXPR, u, f, v), next_j = gimple_build(&seq, PLUS_EXPR, sizetype, j, size_one_node);
  append(body, seq);
  gphi *p = create_phi_node(j, head);
  add_phi_arg(p, size_zero_node, find_edge(before, head), UNKNOWN_LOCATION);
  add_phi_arg(p, next_j, back, UNKNOWN_LOCATION);
  p = create_phi_node(f, head);
  add_phi_arg(p, build_zero_cst(u), find_edge(before, head), UNKNOWN_LOCATION);
  add_phi_arg(p, next_f, back, UNKNOWN_LOCATION);
  gimple_stmt_iterator i = gsi_last_bb(head);
  gsi_insert_after(&i, gimple_build_cond(LE_EXPR, j, s.last, NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  tree all = make_ssa_name(u);
  p = create_phi_node(all, join);
  add_phi_arg(p, build_minus_one_cst(u), skip, UNKNOWN_LOCATION);
  add_phi_arg(p, f, out, UNKNOWN_LOCATION);
  make_loop(head, body, loop_outer(in->loop));
  seq = NULL;
  tree limit = wide_int_to_tree(u, wi::lshift(wi::one(64), KB_INSPECT_SUM + 1));
  ok = gimple_build(&seq, LT_EXPR, boolean_type_node, all, limit);
  append(join, seq);
  return ok;
}

static tree add_scans(kb_inspect *in, tree ok)
{
  for (const kb_scan &s : in->scans)
    ok = scan(in, s, ok);
  free_dominance_info(CDI_DOMINATORS);
  calculate_dominance_info(CDI_DOMINATORS);
  mark_virtual_operands_for_renaming(in->fn);
  update_ssa(TODO_update_ssa_only_virtuals);
  return ok;
}

/* -- All of it -------------------------------------------------------------------------------------------------------- */

bool kb_cut_strips(kb_inspect *in, gimple_seq seq, tree entry)
{
  cutter c = {in, in->loop, NULL, NULL, NULL, NULL, NULL, NULL, {}, NULL_TREE};
  gsi_insert_seq_on_edge_immediate(loop_preheader_edge(in->loop), seq);
  if (in->scans.length())
    entry = add_scans(in, entry);
  c.after = split_edge(in->leave);
  basic_block condition;
  profile_probability p = profile_probability::likely();
  initialize_original_copy_tables();
  c.exact = loop_version(in->loop, build2(NE_EXPR, boolean_type_node, entry, boolean_false_node), &condition, p, p.invert(), p,
                         p.invert(), true);
  free_original_copy_tables();
  if (!c.exact)
    return false;
  update_ssa(TODO_update_ssa);
  /* Where all guards are on what does not change, the entry condition is enough. */
  if (in->conditions.length() || in->math.length() || in->inspected.length() || in->sums.length() || in->indices.length())
    cut(&c);
  drop_guards(&c);
  kb_mark_loop(c.fast, KB_FAST);
  kb_mark_loop(c.exact, KB_SLOW);
  c.exact->dont_vectorize = true;
  free_dominance_info(CDI_DOMINATORS);
  calculate_dominance_info(CDI_DOMINATORS);
  mark_virtual_operands_for_renaming(in->fn);
  update_ssa(TODO_update_ssa);
  kb_count_copy(loop_preheader_edge(c.fast));
  return true;
}
