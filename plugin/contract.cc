/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contract.cc: nests that are contractions become calls of the macro-kernel.
 *
 *     if (m * n * k is worth it) {
 *       r = kb_contract_f64 (c, a, b, strides, m, n, k, ...);
 *       if (r != KB_CT_NOT) { if (r < 0) leave as polls do; goto behind; }
 *     }
 *     the nest, as it was
 *     behind:
 *
 * The runtime tests what is not known here (that C is apart from A and B, and its elements from each other) before it writes
 * anything; so the nest stays as the exact way for the rest. Without marks of the innermost loop the call is bit-identical
 * to the nest (match.cc). Only nests without guards, strips and polls match: fast copies, that is.
 */
#include "contract.h"

enum { WORTH = 151 }; /* multiplications from which on it is asked; the runtime says no to less */

/* -- Expressions in front of the nest -------------------------------------------------------------------------------- */

/* Computes T at the end of SEQ. */
static tree compute(gimple_seq *seq, tree t)
{
  gimple_seq more = NULL;
  tree value = force_gimple_operand(unshare_expr(t), &more, true, NULL_TREE);
  gimple_seq_add_seq(seq, more);
  return value;
}

static tree positive(tree n)
{
  tree s = fold_convert(long_integer_type_node, n);
  return kb_ulong(fold_build2(MAX_EXPR, long_integer_type_node, s, build_zero_cst(long_integer_type_node)));
}

static void both(tree *conditions, tree c)
{
  *conditions = *conditions ? fold_build2(BIT_AND_EXPR, boolean_type_node, *conditions, c) : c;
}

/* What the call is told of the sizes. */
struct sizes {
  tree turns[KB_DEPTH]; /* of loops, then of indices of a triangle */
  tree diag;
  unsigned flags; /* LOWER, UPPER: of the inner index (as j) against the outer one (as i) */
  tree holds;     /* or NULL */
};

/* The turns of loop D are counted from the last one, of N. */
static void reverse(kb_contraction *k, int d, tree n)
{
  tree last = kb_uop(MINUS_EXPR, n, kb_count(1));
  for (kb_linear *f : {&k->a, &k->b, &k->c}) {
    f->base = kb_uop(PLUS_EXPR, f->base, kb_uop(MULT_EXPR, last, f->step[d]));
    f->step[d] = kb_uop(MINUS_EXPR, kb_count(0), f->step[d]);
  }
}

/* |N| is so small that sums of some such numbers are exact. */
static tree is_small(tree n)
{
  return fold_build2(LT_EXPR, boolean_type_node, kb_uop(PLUS_EXPR, n, kb_count(HOST_WIDE_INT_1 << 60)),
                     kb_count(HOST_WIDE_INT_1 << 61));
}

/* Rows and columns without an element are cut off, so that nothing is read that the nest would not read. */
static void make_triangle(kb_contraction *k, int outer, int inner, sizes *s, gimple_seq *seq)
{
  const kb_trip *t = &k->trips[inner];
  bool up = t->step > 0, with = t->code == LE_EXPR || t->code == GE_EXPR, end_moves = !integer_zerop(t->to.step[outer]);
  tree from = t->from.base, to = t->to.base, side = end_moves ? t->to.step[outer] : t->from.step[outer], rows = s->turns[outer];
  for (tree n : {from, to, rows})
    both(&s->holds, is_small(n));
  /* the inner loop turns span + row times, or span - row times */
  tree span = up ? kb_uop(MINUS_EXPR, to, from) : kb_uop(MINUS_EXPR, from, to);
  if (with)
    span = kb_uop(PLUS_EXPR, span, kb_count(1));
  bool outwards = tree_int_cst_equal(side, kb_count(up ? 1 : -1)); /* the moving side, in the direction of the inner loop */
  if (!outwards) {
    reverse(k, outer, rows);
    tree last = kb_uop(MINUS_EXPR, rows, kb_count(1));
    span = kb_uop(end_moves ? MINUS_EXPR : PLUS_EXPR, span, last);
    if (!end_moves)
      for (kb_linear *f : {&k->a, &k->b, &k->c})
        f->base = kb_uop(MINUS_EXPR, f->base, kb_uop(MULT_EXPR, last, f->step[inner]));
  }
  span = compute(seq, span);
  if (!end_moves) { /* starts at the row's number, ends at span */
    s->turns[inner] = compute(seq, positive(span));
    s->turns[outer] = compute(seq, kb_uop(MIN_EXPR, rows, s->turns[inner]));
    s->diag = kb_count(0);
    s->flags = KB_CT_UPPER;
    return;
  }
  tree skip = compute(seq, positive(kb_uop(MINUS_EXPR, kb_count(1), span)));
  for (kb_linear *f : {&k->a, &k->b, &k->c})
    f->base = kb_uop(PLUS_EXPR, f->base, kb_uop(MULT_EXPR, skip, f->step[outer]));
  s->turns[outer] = compute(seq, positive(kb_uop(MINUS_EXPR, rows, skip)));
  s->diag = compute(seq, kb_uop(PLUS_EXPR, kb_uop(MINUS_EXPR, span, kb_count(1)), skip));
  s->turns[inner] = compute(seq, kb_uop(PLUS_EXPR, s->diag, s->turns[outer]));
  s->flags = KB_CT_LOWER;
}

static void find_sizes(kb_contraction *k, sizes *s, gimple_seq *seq)
{
  int outer = MIN(k->m, k->n), inner = MAX(k->m, k->n);
  s->diag = kb_count(0);
  s->flags = 0;
  s->holds = NULL_TREE;
  for (unsigned d = 0; d < k->depth; d++)
    if (!k->triangle || (int)d != inner)
      s->turns[d] = compute(seq, kb_turns_of(&k->trips[d], &s->holds));
  if (k->triangle)
    make_triangle(k, outer, inner, s, seq);
  if (s->flags && outer == k->n) {
    s->flags = s->flags == KB_CT_LOWER ? KB_CT_UPPER : KB_CT_LOWER;
    s->diag = kb_uop(MINUS_EXPR, kb_count(0), s->diag);
  }
}

/* -- The call -------------------------------------------------------------------------------------------------------- */

static tree address(const kb_linear *f)
{
  return fold_build_pointer_plus(f->root, fold_convert(sizetype, f->base));
}

static tree function_for(tree type, tree pointer)
{
  tree args[16];
  for (int i = 0; i < 16; i++)
    args[i] = i < 3 ? pointer : i < 13 ? long_integer_type_node : i < 15 ? type : long_unsigned_type_node;
  tree fn = build_fn_decl(TYPE_MODE(type) == DFmode ? "kb_contract_f64" : "kb_contract_f32",
                          build_function_type_array(integer_type_node, 16, args));
  TREE_NOTHROW(fn) = 1;
  return fn;
}

static unsigned flags_of(const kb_contraction *k)
{
  const class loop *inner = k->loops[k->depth - 1];
  unsigned flags = k->flags | KB_CT_POLL;
  if (kb_marked(inner, KB_CONTRACT))
    flags |= KB_CT_FUSED;
  if (kb_marked(inner, KB_REASSOC))
    flags |= KB_CT_REASSOC;
  for (unsigned d = 0; d < k->depth; d++)
    if (kb_marked(k->loops[d], KB_PARALLEL))
      flags |= KB_CT_PARALLEL;
  return flags;
}

static gcall *make_call(kb_contraction *k, const sizes *s, gimple_seq *seq)
{
  tree one = build_real(k->type, dconst1), type = TYPE_MAIN_VARIANT(k->type), pointer = build_pointer_type(type), zero = kb_count(0);
  auto step = [&](const kb_linear *f, int d) { return d < 0 ? zero : f->step[d]; };
  auto turns = [&](int d) { return d < 0 ? kb_count(1) : s->turns[d]; };
  tree args[16] = {
    address(&k->c), address(&k->a), address(&k->b), step(&k->c, k->m), step(&k->c, k->n), step(&k->a, k->m), step(&k->a, k->k),
    step(&k->b, k->k), step(&k->b, k->n), turns(k->m), turns(k->n), turns(k->k), s->diag,
    k->alpha_a ? k->alpha_a : k->alpha ? k->alpha : one, k->beta ? k->beta : one, kb_count(flags_of(k) | s->flags),
  };
  auto_vec<tree, 16> values;
  for (int i = 0; i < 16; i++) {
    tree t = i < 3 ? pointer : i < 13 ? long_integer_type_node : i < 15 ? type : long_unsigned_type_node;
    values.safe_push(compute(seq, fold_convert(t, args[i])));
  }
  return gimple_build_call_vec(function_for(type, pointer), values);
}

/* Uses of what the nest computes by debug statements behind it are without a value from now on. */
static void forget_debug_uses(class loop *nest)
{
  basic_block *body = get_loop_body(nest);
  for (unsigned i = 0; i < nest->num_nodes; i++) {
    auto forget = [&](tree name) {
      imm_use_iterator u;
      gimple *stmt;
      FOR_EACH_IMM_USE_STMT (stmt, u, name)
        if (gimple_debug_bind_p(stmt) && !flow_bb_inside_loop_p(nest, gimple_bb(stmt))) {
          gimple_debug_bind_reset_value(stmt);
          update_stmt(stmt);
        }
    };
    for (gphi_iterator p = gsi_start_phis(body[i]); !gsi_end_p(p); gsi_next(&p))
      forget(gimple_phi_result(p.phi()));
    for (gimple_stmt_iterator g = gsi_start_bb(body[i]); !gsi_end_p(g); gsi_next(&g)) {
      ssa_op_iter o;
      tree name;
      FOR_EACH_SSA_TREE_OPERAND (name, gsi_stmt(g), o, SSA_OP_DEF)
        forget(name);
    }
  }
  free(body);
}

/* The end of B, which has one successor: if (A CODE B) go on, else to ELSEWHERE. */
static void branch(basic_block b, enum tree_code code, tree x, tree y, basic_block elsewhere)
{
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_after(&i, gimple_build_cond(code, x, y, NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  edge on = single_succ_edge(b);
  on->flags = (on->flags & ~EDGE_FALLTHRU) | EDGE_TRUE_VALUE;
  on->probability = profile_probability::likely();
  edge off = make_edge(b, elsewhere, EDGE_FALSE_VALUE);
  off->probability = on->probability.invert();
}

static void refresh(function *fn)
{
  free_dominance_info(CDI_DOMINATORS);
  calculate_dominance_info(CDI_DOMINATORS);
  mark_virtual_operands_for_renaming(fn);
}

/* What is left of NEST runs where there is next to nothing to do, or where C overlaps what is read: vectors would have to be
   set up for a few turns. A matrix times a vector is left to the loops for its strides, too. */
static void keep_plain(const kb_contraction *k)
{
  for (unsigned d = 0; k->depth == KB_DEPTH && d < k->depth; d++)
    k->loops[d]->dont_vectorize = true;
  if (k->init)
    k->init->dont_vectorize = true;
}

bool kb_call_instead(function *fn, class loop *nest, gimple_seq test_seq, tree go, gimple_seq call_seq, tree result)
{
  forget_debug_uses(nest);
  basic_block behind = split_edge(single_exit(nest));
  basic_block test = split_edge(loop_preheader_edge(nest));
  basic_block calls = split_edge(single_succ_edge(test)), done = split_edge(single_succ_edge(calls));
  basic_block loops = split_edge(single_succ_edge(done));
  redirect_edge_succ(single_succ_edge(done), behind);
  gimple_stmt_iterator i = gsi_last_bb(test);
  gsi_insert_seq_after(&i, test_seq, GSI_CONTINUE_LINKING);
  i = gsi_last_bb(calls);
  gsi_insert_seq_after(&i, call_seq, GSI_CONTINUE_LINKING);
  branch(test, NE_EXPR, go, build_zero_cst(TREE_TYPE(go)), loops);
  branch(calls, NE_EXPR, result, integer_zero_node, loops);
  refresh(fn);
  if (!kb_leave_if_negative(done, result))
    return false;
  edge e;
  edge_iterator ei;
  FOR_EACH_EDGE (e, ei, done->succs)
    rescan_loop_exit(e, true, false);
  refresh(fn);
  return true;
}

static void put_call(function *fn, kb_contraction *k)
{
  class loop *nest = k->loops[0];
  gimple_seq test_seq = NULL, call_seq = NULL;
  sizes s;
  keep_plain(k);
  find_sizes(k, &s, &test_seq);
  tree product = s.turns[0];
  for (unsigned d = 1; d < k->depth; d++)
    product = kb_uop(MULT_EXPR, product, s.turns[d]);
  tree worth = fold_build2(GE_EXPR, boolean_type_node, compute(&test_seq, product), kb_count(WORTH));
  both(&s.holds, worth);
  tree go = compute(&test_seq, s.holds);
  gcall *call = make_call(k, &s, &call_seq);
  tree result = make_ssa_name(integer_type_node);
  gimple_call_set_lhs(call, result);
  gimple_set_location(call, kb_loop_location(nest));
  gimple_seq_add_stmt(&call_seq, call);
  if (!kb_call_instead(fn, nest, test_seq, go, call_seq, result)) {
    gimple_call_set_arg(call, 15, kb_count(tree_to_uhwi(gimple_call_arg(call, 15)) & ~KB_CT_POLL));
    update_stmt(call);
  }
  update_ssa(TODO_update_ssa_only_virtuals);
}

/* -- Which loops ------------------------------------------------------------------------------------------------------ */

static void say(const kb_contraction *k, location_t loc)
{
  unsigned flags = flags_of(k);
  kb_decide(loc, KB_DONE, "contract", "a %s in the macro-kernel of libkeelback (kb_contract_%s), %s%s",
            k->depth == 2 ? "matrix times a vector" : k->triangle ? "triangle of a matrix product" : "matrix product",
            TYPE_MODE(k->type) == DFmode ? "f64" : "f32",
            flags & KB_CT_FUSED ? "with fused operations" : flags & KB_CT_REASSOC ? "sums in any order" : "bit-identical to the loops",
            flags & KB_CT_PARALLEL ? ", may use threads" : "");
}

/* Tries NEST, then the loops inside. */
static bool try_nest(function *fn, class loop *nest)
{
  kb_contraction k = {};
  k.loops[0] = nest;
  if (kb_marked(nest, KB_SLOW) || !nest->inner)
    return false;
  location_t loc = kb_loop_location(nest);
  if (kb_match_contraction(&k)) {
    say(&k, loc);
    put_call(fn, &k);
    return true;
  }
  bool changed = false;
  for (class loop *l = nest->inner; l; l = l->next)
    changed |= try_nest(fn, l);
  if (!changed && (k.depth == KB_DEPTH || loop_depth(nest) == 1))
    kb_decide(loc, KB_NOT, "contract", "products are summed, but not as the macro-kernel does: %s", k.why);
  return changed;
}

bool kb_contract_nest(function *fn, class loop *nest)
{
  if (POINTER_SIZE != 64 || TYPE_PRECISION(long_unsigned_type_node) != 64 || !kb_sums_products(nest))
    return false;
  return try_nest(fn, nest);
}
