/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prove.cc: what makes a condition of a nest have one outcome always, and the nest without it. */
#include "interval.h"

/* -- Comparisons ---------------------------------------------------------------------------------------------------- */

static kb_bound less(const kb_bound &a, HOST_WIDE_INT c) { return kb_plus(a, kb_constant(c), -1); }

/* Needs A + GAP <= B where e->at is. Where the two hang together, their difference says more than their intervals. */
static bool prove_le(kb_intervals *e, tree a, tree b, HOST_WIDE_INT gap, const kb_interval &x, const kb_interval &y)
{
  kb_state s = kb_save(e);
  kb_bound d = kb_invariant(e, a) || kb_invariant(e, b) ? kb_no_bound : kb_difference(e, b, a, false);
  if (kb_known(d) && kb_need_nonneg(e, less(d, gap)))
    return true;
  kb_undo(e, s);
  return kb_need_nonneg(e, less(kb_plus(y.lo, x.hi, -1), gap));
}

static bool prove_signed(kb_intervals *e, tree_code code, tree a, tree b)
{
  if (code == GT_EXPR || code == GE_EXPR)
    return prove_signed(e, swap_tree_comparison(code), b, a);
  kb_interval x = kb_value(e, a), y = kb_value(e, b);
  switch (code) {
  case LT_EXPR:
    return prove_le(e, a, b, 1, x, y);
  case LE_EXPR:
    return prove_le(e, a, b, 0, x, y);
  case EQ_EXPR:
    return prove_le(e, a, b, 0, x, y) && prove_le(e, b, a, 0, y, x);
  case NE_EXPR: {
    bool fixed = kb_invariant(e, a) || kb_invariant(e, b);
    kb_bound d = fixed ? kb_no_bound : kb_difference(e, b, a, false), f = fixed ? kb_no_bound : kb_difference(e, b, a, true);
    if (kb_known(d) && kb_nonneg(e, less(d, 1)))
      return true;
    if (kb_known(f) && kb_nonneg(e, less(kb_plus(kb_constant(0), f, -1), 1)))
      return true;
    return kb_need_either(e, less(kb_plus(y.lo, x.hi, -1), 1), less(kb_plus(x.lo, y.hi, -1), 1));
  }
  default:
    return false;
  }
}

/* (unsigned)a < (unsigned)b: enough is 0 <= a and a < b, signed. A value of more than 63 bits cannot be seen as signed. */
static bool prove_unsigned(kb_intervals *e, tree_code code, tree a, tree b)
{
  if (code == GT_EXPR || code == GE_EXPR)
    return prove_unsigned(e, swap_tree_comparison(code), b, a);
  if (code != LT_EXPR && code != LE_EXPR)
    return prove_signed(e, code, a, b);
  kb_interval x = kb_modular(e, a), y = kb_modular(e, b);
  tree p = kb_signed_source(a), q = kb_signed_source(b);
  return kb_need_nonneg(e, x.lo) && kb_known(y.hi) && (kb_range_of(e, y.hi).hi <= HOST_WIDE_INT_MAX || kb_need_le(e, y.hi, kb_constant(HOST_WIDE_INT_MAX)))
         && prove_le(e, p, q, code == LT_EXPR, x, y);
}

/* Both operands are there in front of the nest: the condition itself can be tested there. */
static bool prove_invariant(kb_intervals *e, tree_code code, tree a, tree b, bool outcome)
{
  tree_code inverse = outcome ? code : invert_tree_comparison(code, HONOR_NANS(a));
  if (inverse != ERROR_MARK)
    return kb_need_cond(e, gimple_build(&e->seq, inverse, boolean_type_node, a, b));
  tree c = gimple_build(&e->seq, code, boolean_type_node, a, b);
  return kb_need_cond(e, gimple_build(&e->seq, BIT_XOR_EXPR, boolean_type_node, c, boolean_true_node));
}

/* The float T as it is in front of the nest, where it comes from what is there by arithmetic alone; else NULL. */
static tree float_at_entry(kb_intervals *e, tree t, int depth)
{
  if (kb_invariant(e, t))
    return t;
  gimple *def = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
  if (!SCALAR_FLOAT_TYPE_P(TREE_TYPE(t)) || !def || !is_gimple_assign(def) || depth > 4)
    return NULL_TREE;
  tree_code code = gimple_assign_rhs_code(def);
  tree a = NULL_TREE, b = NULL_TREE;
  switch (code) {
  case PLUS_EXPR:
  case MINUS_EXPR:
  case MULT_EXPR:
  case RDIV_EXPR:
    a = float_at_entry(e, gimple_assign_rhs1(def), depth + 1);
    b = a ? float_at_entry(e, gimple_assign_rhs2(def), depth + 1) : NULL_TREE;
    return b ? gimple_build(&e->seq, code, TREE_TYPE(t), a, b) : NULL_TREE;
  case FLOAT_EXPR:
  case NEGATE_EXPR:
  case ABS_EXPR:
  CASE_CONVERT:
    a = float_at_entry(e, gimple_assign_rhs1(def), depth + 1);
    return a ? gimple_build(&e->seq, code, TREE_TYPE(t), a) : NULL_TREE;
  default:
    return NULL_TREE;
  }
}

/* -- Booleans --------------------------------------------------------------------------------------------------------- */

static bool prove_bool(kb_intervals *e, tree a, bool outcome);

/* Is A made of flags of checked operations and of comparisons? */
static bool is_flag(tree a)
{
  if (TREE_CODE(a) != SSA_NAME)
    return false;
  if (TREE_CODE(TREE_TYPE(a)) == BOOLEAN_TYPE)
    return true;
  gimple *def = SSA_NAME_DEF_STMT(a);
  if (!is_gimple_assign(def))
    return false;
  tree_code code = gimple_assign_rhs_code(def);
  if (code == BIT_IOR_EXPR)
    return is_flag(gimple_assign_rhs1(def)) && is_flag(gimple_assign_rhs2(def));
  return code == IMAGPART_EXPR || (CONVERT_EXPR_CODE_P(code) && is_flag(gimple_assign_rhs1(def)));
}

static bool prove_compare(kb_intervals *e, tree_code code, tree a, tree b, bool outcome)
{
  if (is_flag(a) && TREE_CODE(b) == INTEGER_CST && (code == EQ_EXPR || code == NE_EXPR)
      && (integer_zerop(b) || TREE_CODE(TREE_TYPE(a)) == BOOLEAN_TYPE))
    return prove_bool(e, a, (code == NE_EXPR) == integer_zerop(b) ? outcome : !outcome);
  bool fixed = kb_invariant(e, a) && kb_invariant(e, b);
  if (!kb_int_type(TREE_TYPE(a)) || !kb_int_type(TREE_TYPE(b))) {
    tree x = float_at_entry(e, a, 0), y = x ? float_at_entry(e, b, 0) : NULL_TREE;
    return y && prove_invariant(e, code, x, y, outcome);
  }
  tree_code want = outcome ? code : invert_tree_comparison(code, false);
  if (want == ERROR_MARK)
    return false;
  kb_state s = kb_save(e);
  bool wide_unsigned = TYPE_UNSIGNED(TREE_TYPE(a)) && TYPE_PRECISION(TREE_TYPE(a)) == 64;
  if (wide_unsigned ? prove_unsigned(e, want, a, b) : prove_signed(e, want, a, b))
    return true;
  kb_undo(e, s);
  return fixed && prove_invariant(e, code, a, b, outcome);
}

/* The operation X = complex result of a checked one; it must not overflow. */
static bool prove_exact(kb_intervals *e, tree x)
{
  tree_code code;
  gimple *op = TREE_CODE(x) == SSA_NAME ? SSA_NAME_DEF_STMT(x) : NULL;
  if (!op || !kb_checked_op(op, &code))
    return false;
  /* The result's name may have an interval already. */
  imm_use_iterator i;
  use_operand_p use;
  tree value = NULL_TREE;
  FOR_EACH_IMM_USE_FAST (use, i, x)
    if (is_gimple_assign(USE_STMT(use)) && gimple_assign_rhs_code(USE_STMT(use)) == REALPART_EXPR)
      value = gimple_assign_lhs(USE_STMT(use));
  if (value)
    kb_value(e, value);
  else
    kb_checked_value(e, op, code);
  return kb_is_exact(e, op);
}

static bool prove_bool(kb_intervals *e, tree a, bool outcome)
{
  if (TREE_CODE(a) == INTEGER_CST)
    return integer_zerop(a) == !outcome;
  if (TREE_CODE(a) != SSA_NAME)
    return false;
  if (kb_outside(e, a))
    return prove_invariant(e, NE_EXPR, a, build_zero_cst(TREE_TYPE(a)), outcome);
  gimple *def = SSA_NAME_DEF_STMT(a);
  if (!is_gimple_assign(def))
    return false;
  tree_code code = gimple_assign_rhs_code(def);
  tree x = gimple_assign_rhs1(def), y = gimple_num_ops(def) > 2 ? gimple_assign_rhs2(def) : NULL_TREE;
  if (TREE_CODE_CLASS(code) == tcc_comparison)
    return prove_compare(e, code, x, y, outcome);
  if (code == IMAGPART_EXPR)
    return !outcome && prove_exact(e, TREE_OPERAND(x, 0));
  if (!is_flag(x) && TREE_CODE(x) != INTEGER_CST)
    return false;
  if (CONVERT_EXPR_CODE_P(code) || code == SSA_NAME)
    return prove_bool(e, x, outcome);
  if ((code == BIT_IOR_EXPR && !outcome) || (code == BIT_AND_EXPR && outcome))
    return prove_bool(e, x, outcome) && prove_bool(e, y, outcome);
  if (TREE_CODE(TREE_TYPE(a)) == BOOLEAN_TYPE && (code == BIT_NOT_EXPR || (code == BIT_XOR_EXPR && integer_onep(y))))
    return prove_bool(e, x, !outcome);
  return false;
}

/* -- Conditions -------------------------------------------------------------------------------------------------------- */

bool kb_prove(kb_intervals *e, gcond *c, bool outcome)
{
  kb_state s = kb_save(e);
  basic_block old = e->at;
  e->at = gimple_bb(c);
  bool proven = prove_compare(e, gimple_cond_code(c), gimple_cond_lhs(c), gimple_cond_rhs(c), outcome);
  e->at = old;
  if (proven)
    e->proofs.safe_push({c, outcome});
  else
    kb_undo(e, s);
  return proven;
}

/* -- The fast copy ------------------------------------------------------------------------------------------------------- */

/* ARG as TYPE in front of STMT; NULL: it need not fit. */
static tree operand_as(tree arg, tree type, gimple *stmt)
{
  tree from = TREE_TYPE(arg);
  if (types_compatible_p(type, from))
    return arg;
  if (TREE_CODE(arg) != INTEGER_CST && (TYPE_PRECISION(from) >= TYPE_PRECISION(type) || TYPE_UNSIGNED(type)))
    return NULL_TREE;
  if (TREE_CODE(arg) == INTEGER_CST)
    return int_fits_type_p(arg, type) ? fold_convert(type, arg) : NULL_TREE;
  gimple_seq seq = NULL;
  tree t = gimple_convert(&seq, type, arg);
  gimple_stmt_iterator i = gsi_for_stmt(stmt);
  gsi_insert_seq_before(&i, seq, GSI_SAME_STMT);
  return t;
}

/* OP does not overflow: its parts become the plain operation, and 0. */
static void make_plain(gimple *op)
{
  tree_code code;
  if (!kb_checked_op(op, &code))
    return;
  tree both = gimple_call_lhs(op), type = TREE_TYPE(TREE_TYPE(both));
  tree a = operand_as(gimple_call_arg(op, 0), type, op), b = operand_as(gimple_call_arg(op, 1), type, op);
  if (!a || !b)
    return;
  auto_vec<gimple *> uses;
  imm_use_iterator i;
  gimple *use;
  FOR_EACH_IMM_USE_STMT (use, i, both)
    uses.safe_push(use);
  for (gimple *u : uses) {
    if (!is_gimple_assign(u))
      continue;
    gimple_stmt_iterator g = gsi_for_stmt(u);
    if (gimple_assign_rhs_code(u) == REALPART_EXPR)
      gimple_assign_set_rhs_with_ops(&g, code, a, b);
    else if (gimple_assign_rhs_code(u) == IMAGPART_EXPR)
      gimple_assign_set_rhs_from_tree(&g, build_zero_cst(type));
    else
      continue;
    update_stmt(gsi_stmt(g));
  }
  if (has_zero_uses(both)) {
    gimple_stmt_iterator g = gsi_for_stmt(op);
    gsi_remove(&g, true);
    release_defs(op);
  }
}

void kb_apply_proofs(kb_intervals *e)
{
  for (const kb_proof &p : e->proofs) {
    if (p.outcome)
      gimple_cond_make_true(p.cond);
    else
      gimple_cond_make_false(p.cond);
    update_stmt(p.cond);
  }
  hash_set<gimple *> done;
  for (gimple *op : e->exact)
    if (!done.add(op))
      make_plain(op);
}
