/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interval.cc: intervals of values in a nest, and what conditions there come to. interval.h says why it is right.
 *
 * A value is asked for at a block: conditions that dominate the block narrow it. The instance that the condition tested is the
 * one that is used there: the value's definition dominates the test, and the test the use, so that on every way from the
 * definition to the use the test comes in between.
 */
#include "interval.h"

/* -- State -------------------------------------------------------------------------------------------------------- */

void kb_intervals_begin(kb_intervals *e, class loop *nest)
{
  e->nest = nest;
  e->seq = NULL;
  e->at = nest->header;
  e->effort = 40000;
}

/* A discarded sequence would leave uses behind. */
void kb_intervals_end(kb_intervals *e)
{
  if (e->seq)
    gimple_seq_discard(e->seq);
  e->seq = NULL;
}

kb_state kb_save(const kb_intervals *e)
{
  return {e->needs.length(), e->proofs.length(), e->exact.length(), e->cached.length()};
}

void kb_undo(kb_intervals *e, kb_state s)
{
  while (e->cached.length() > s.cached)
    e->index.remove(e->cached.pop().key);
  e->needs.truncate(s.needs);
  e->proofs.truncate(s.proofs);
  e->exact.truncate(s.exact);
}

static HOST_WIDE_INT key_of(tree t, basic_block b)
{
  return ((HOST_WIDE_INT)SSA_NAME_VERSION(t) << 24) + (b ? b->index + 1 : 0);
}

static const kb_interval *find_cached(kb_intervals *e, tree t, basic_block b)
{
  unsigned *i = e->index.get(key_of(t, b));
  return i ? &e->cached[*i].v : NULL;
}

/* B is NULL for the interval at every place. */
static void put_cached(kb_intervals *e, tree t, basic_block b, const kb_interval &v)
{
  HOST_WIDE_INT key = key_of(t, b);
  e->index.put(key, e->cached.length());
  e->cached.safe_push({key, v});
}

void kb_assume(kb_intervals *e, tree t, const kb_interval &v) { put_cached(e, t, NULL, v); }

/* -- Small questions ------------------------------------------------------------------------------------------------ */

bool kb_int_type(tree type) { return INTEGRAL_TYPE_P(type) && TYPE_PRECISION(type) <= 64; }

static bool wide_unsigned(tree type) { return TYPE_UNSIGNED(type) && TYPE_PRECISION(type) == 64; }

bool kb_outside(const kb_intervals *e, tree name)
{
  basic_block b = gimple_bb(SSA_NAME_DEF_STMT(name));
  return !b || !flow_bb_inside_loop_p(e->nest, b);
}

bool kb_invariant(const kb_intervals *e, tree t)
{
  return TREE_CODE(t) == SSA_NAME ? kb_outside(e, t) : is_gimple_min_invariant(t);
}

basic_block kb_condition_above(const kb_intervals *e, basic_block b)
{
  for (; b && flow_bb_inside_loop_p(e->nest, b); b = get_immediate_dominator(CDI_DOMINATORS, b))
    if (single_pred_p(b) && safe_dyn_cast<gcond *>(kb_last_stmt(single_pred(b))))
      return b;
  return e->nest->header;
}

bool kb_checked_op(gimple *stmt, tree_code *code)
{
  if (!is_gimple_call(stmt) || !gimple_call_internal_p(stmt) || !gimple_call_lhs(stmt))
    return false;
  switch (gimple_call_internal_fn(stmt)) {
  case IFN_ADD_OVERFLOW:
    *code = PLUS_EXPR;
    return true;
  case IFN_SUB_OVERFLOW:
    *code = MINUS_EXPR;
    return true;
  case IFN_MUL_OVERFLOW:
    *code = MULT_EXPR;
    return true;
  default:
    return false;
  }
}

bool kb_is_exact(const kb_intervals *e, gimple *op) { return e->exact.contains(op); }

/* -- Arithmetic ---------------------------------------------------------------------------------------------------- */

static kb_interval point(const kb_bound &b) { return {b, b}; }
static kb_interval constant(HOST_WIDE_INT c) { return point(kb_constant(c)); }
static bool some(const kb_interval &v) { return kb_known(v.lo) || kb_known(v.hi); }

kb_interval kb_plus(const kb_interval &a, const kb_interval &b) { return {kb_plus(a.lo, b.lo, 1), kb_plus(a.hi, b.hi, 1)}; }
kb_interval kb_minus(const kb_interval &a, const kb_interval &b) { return {kb_plus(a.lo, b.hi, -1), kb_plus(a.hi, b.lo, -1)}; }
kb_interval kb_union(kb_intervals *e, const kb_interval &a, const kb_interval &b)
{
  return {kb_least(e, a.lo, b.lo), kb_greatest(e, a.hi, b.hi)};
}

static kb_interval times(kb_intervals *e, const kb_interval &a, const kb_interval &b)
{
  if (kb_same(a.lo, a.hi) && kb_is_const(a.lo)) {
    kb_interval r = {kb_times(e, b.lo, a.lo), kb_times(e, b.hi, a.lo)};
    return a.lo.c >= 0 ? r : kb_interval{r.hi, r.lo};
  }
  if (kb_same(b.lo, b.hi) && kb_is_const(b.lo))
    return times(e, b, a);
  if (!kb_known(a) || !kb_known(b))
    return kb_no_interval;
  if (kb_nonneg(e, a.lo) && kb_nonneg(e, b.lo))
    return {kb_times(e, a.lo, b.lo), kb_times(e, a.hi, b.hi)};
  kb_bound p = kb_times(e, a.lo, b.lo), q = kb_times(e, a.hi, b.hi);
  kb_interval r = {kb_least(e, p, q), kb_greatest(e, p, q)};
  if (kb_same(a.lo, a.hi) || kb_same(b.lo, b.hi))
    return r;
  p = kb_times(e, a.lo, b.hi);
  q = kb_times(e, a.hi, b.lo);
  return kb_union(e, r, {kb_least(e, p, q), kb_greatest(e, p, q)});
}

kb_interval kb_operate(kb_intervals *e, tree_code code, const kb_interval &a, const kb_interval &b)
{
  switch (code) {
  case PLUS_EXPR:
    return kb_plus(a, b);
  case MINUS_EXPR:
    return kb_minus(a, b);
  case MULT_EXPR:
    return times(e, a, b);
  case MIN_EXPR:
    return {kb_least(e, a.lo, b.lo), !kb_known(a.hi) ? b.hi : !kb_known(b.hi) ? a.hi : kb_least(e, a.hi, b.hi)};
  case MAX_EXPR:
    return {!kb_known(a.lo) ? b.lo : !kb_known(b.lo) ? a.lo : kb_greatest(e, a.lo, b.lo), kb_greatest(e, a.hi, b.hi)};
  default:
    return kb_no_interval;
  }
}

/* The values of TYPE. */
static HOST_WIDE_INT type_min(tree type)
{
  return TYPE_UNSIGNED(type) ? 0 : -((HOST_WIDE_INT)1 << (TYPE_PRECISION(type) - 1));
}
/* Up to what int64 can hold: bounds are not larger by themselves. */
static HOST_WIDE_INT type_max(tree type)
{
  unsigned bits = TYPE_PRECISION(type) - !TYPE_UNSIGNED(type);
  return bits >= 63 ? HOST_WIDE_INT_MAX : ((HOST_WIDE_INT)1 << bits) - 1;
}

/* The interval of all values of TYPE, where that says something. */
static kb_interval narrow_type(tree type)
{
  if (TYPE_PRECISION(type) >= 64)
    return TYPE_UNSIGNED(type) ? kb_interval{kb_constant(0), kb_no_bound} : kb_no_interval;
  return {kb_constant(type_min(type)), kb_constant(type_max(type))};
}

/* B + C; a larger constant than there is becomes the largest: then B + C >= 0 says more. */
static kb_bound plus_up_to(kb_bound b, HOST_WIDE_INT c)
{
  if (kb_known(b) && __builtin_add_overflow(b.c, c, &b.c))
    b.c = c > 0 ? HOST_WIDE_INT_MAX : HOST_WIDE_INT_MIN;
  return b;
}

/* Needs LO <= B, B <= HI. */
static bool need_from(kb_intervals *e, const kb_bound &b, HOST_WIDE_INT lo)
{
  return kb_known(b)
         && (kb_range_of(e, b).lo >= lo || kb_need_nonneg(e, plus_up_to(b, lo == HOST_WIDE_INT_MIN ? HOST_WIDE_INT_MAX : -lo)));
}
static bool need_to(kb_intervals *e, const kb_bound &b, HOST_WIDE_INT hi)
{
  return kb_known(b)
         && (kb_range_of(e, b).hi <= hi || kb_need_nonneg(e, plus_up_to(kb_plus(kb_constant(0), b, -1), hi)));
}

bool kb_need_fits(kb_intervals *e, const kb_interval &v, tree type)
{
  return need_from(e, v.lo, type_min(type)) && need_to(e, v.hi, type_max(type));
}

/* -- Definitions ----------------------------------------------------------------------------------------------------- */

kb_interval kb_checked_value(kb_intervals *e, gimple *call, tree_code code)
{
  tree type = TREE_TYPE(TREE_TYPE(gimple_call_lhs(call)));
  kb_interval a = kb_value_at(e, gimple_call_arg(call, 0), gimple_bb(call));
  kb_interval b = kb_value_at(e, gimple_call_arg(call, 1), gimple_bb(call));
  kb_interval r = kb_operate(e, code, a, b);
  if (!kb_int_type(type) || !kb_need_fits(e, r, type))
    return kb_no_interval;
  e->exact.safe_push(call);
  return r;
}

/* The result of DEF, a sum, difference or product. Where it may wrap, the proof is made for where it stands. */
static kb_interval plain_value(kb_intervals *e, gimple *def, tree_code code, tree x, tree y)
{
  tree type = TREE_TYPE(gimple_assign_lhs(def));
  if (TYPE_OVERFLOW_UNDEFINED(type))
    return kb_operate(e, code, kb_value(e, x), kb_value(e, y));
  basic_block old = e->at;
  e->at = gimple_bb(def);
  kb_interval r = wide_unsigned(type) ? kb_modular(e, gimple_assign_lhs(def)) : kb_operate(e, code, kb_value(e, x), kb_value(e, y));
  e->at = old;
  if (!kb_need_fits(e, r, type))
    return kb_no_interval;
  e->exact.safe_push(def);
  return r;
}

/* Results that have to be in TYPE, or nothing is known. */
static kb_interval fitting(kb_intervals *e, const kb_interval &v, tree type)
{
  return kb_need_fits(e, v, type) ? v : kb_no_interval;
}

static kb_interval converted(kb_intervals *e, tree from, tree type)
{
  if (!kb_int_type(TREE_TYPE(from)))
    return kb_no_interval;
  if (wide_unsigned(TREE_TYPE(from)) && TYPE_PRECISION(type) == 64)
    return fitting(e, kb_modular(e, from), type);
  tree old = TREE_TYPE(from);
  kb_interval v = kb_value(e, from);
  bool below = type_min(old) < type_min(type), above = TYPE_PRECISION(old) - !TYPE_UNSIGNED(old) > TYPE_PRECISION(type) - !TYPE_UNSIGNED(type);
  if ((below && !need_from(e, v.lo, type_min(type))) || (above && !need_to(e, v.hi, type_max(type))))
    return kb_no_interval;
  return v;
}

/* X / BY or X % BY with a constant; C rounds to zero. */
static kb_interval divided(kb_intervals *e, tree_code code, tree x, tree by, tree type)
{
  if (TREE_CODE(by) != INTEGER_CST || tree_int_cst_sgn(by) <= 0 || !tree_fits_shwi_p(by))
    return kb_no_interval;
  HOST_WIDE_INT k = tree_to_shwi(by);
  kb_interval v = kb_value(e, x);
  if (code == TRUNC_DIV_EXPR)
    return {kb_div(e, v.lo, k), kb_div(e, v.hi, k)};
  kb_bound top = kb_constant(k - 1), bottom = kb_constant(1 - k);
  if (TYPE_UNSIGNED(type) || (kb_known(v.lo) && kb_need_nonneg(e, v.lo)))
    return {kb_constant(0), kb_known(v.hi) && kb_nonneg(e, kb_plus(top, v.hi, -1)) ? v.hi : top};
  return {bottom, top};
}

/* X >> 63: what rounding down takes away. -1 is excluded, if it can be. */
static kb_interval sign(kb_intervals *e, tree x)
{
  kb_interval v = kb_value(e, x);
  return kb_known(v.lo) && kb_need_nonneg(e, v.lo) ? constant(0) : kb_interval{kb_constant(-1), kb_constant(0)};
}

static kb_interval shifted_right(kb_intervals *e, tree x, tree by)
{
  if (TREE_CODE(by) == INTEGER_CST && tree_fits_uhwi_p(by) && tree_to_uhwi(by) == 63 && !TYPE_UNSIGNED(TREE_TYPE(x)))
    return sign(e, x);
  if (TREE_CODE(by) != INTEGER_CST || !tree_fits_uhwi_p(by) || tree_to_uhwi(by) > 61)
    return kb_no_interval;
  HOST_WIDE_INT k = (HOST_WIDE_INT)1 << tree_to_uhwi(by);
  kb_interval v = kb_value(e, x);
  if (TYPE_UNSIGNED(TREE_TYPE(x)))
    return {kb_div(e, v.lo, k), kb_div(e, v.hi, k)};
  return {kb_floor_div(e, v.lo, k, false), kb_floor_div(e, v.hi, k, true)};
}

static kb_interval masked(kb_intervals *e, tree x, tree mask)
{
  if (TREE_CODE(mask) != INTEGER_CST || !tree_fits_shwi_p(mask) || tree_to_shwi(mask) < 0)
    return kb_no_interval;
  kb_bound top = kb_constant(tree_to_shwi(mask));
  kb_state s = kb_save(e);
  kb_interval v = kb_value(e, x);
  if (kb_known(v) && kb_nonneg(e, v.lo) && kb_nonneg(e, kb_plus(top, v.hi, -1)))
    return {kb_constant(0), v.hi};
  kb_undo(e, s);
  return {kb_constant(0), top};
}

static bool is_sign(const kb_interval &v)
{
  return kb_is_const(v.lo) && kb_is_const(v.hi) && v.lo.c >= -1 && v.hi.c <= 0;
}

/* X ^ S, where S is 0 or -1, and -1 where X is negative if it was made from X. */
static kb_interval turned_by(kb_intervals *e, tree x, tree s, const kb_interval &by)
{
  kb_interval v = kb_value(e, x), w = kb_minus(constant(-1), v);
  if (by.lo.c == by.hi.c)
    return by.lo.c == 0 ? v : w;
  gimple *def = TREE_CODE(s) == SSA_NAME ? SSA_NAME_DEF_STMT(s) : NULL;
  if (def && is_gimple_assign(def) && gimple_assign_rhs_code(def) == RSHIFT_EXPR && gimple_assign_rhs1(def) == x)
    return {kb_constant(0), kb_greatest(e, v.hi, w.hi)};
  if (kb_known(v) && kb_nonneg(e, v.lo))
    return {kb_least(e, w.lo, kb_constant(-1)), v.hi};
  return kb_union(e, v, w);
}

static kb_interval turned(kb_intervals *e, tree x, tree y)
{
  kb_interval by = kb_value(e, y);
  if (is_sign(by))
    return turned_by(e, x, y, by);
  by = kb_value(e, x);
  return is_sign(by) ? turned_by(e, y, x, by) : kb_no_interval;
}

/* X + Y where Y is BY & X >> 63, and X a remainder by BY: the remainder of rounding down. */
static bool is_floor_mod(kb_intervals *e, tree x, tree y, kb_interval *v)
{
  gimple *both = TREE_CODE(y) == SSA_NAME ? SSA_NAME_DEF_STMT(y) : NULL;
  if (!both || !is_gimple_assign(both) || gimple_assign_rhs_code(both) != BIT_AND_EXPR)
    return false;
  tree s = gimple_assign_rhs1(both), by = gimple_assign_rhs2(both);
  gimple *shift = TREE_CODE(s) == SSA_NAME ? SSA_NAME_DEF_STMT(s) : NULL;
  if (TREE_CODE(by) != INTEGER_CST || !tree_fits_shwi_p(by) || tree_to_shwi(by) <= 0 || !shift || !is_gimple_assign(shift)
      || gimple_assign_rhs_code(shift) != RSHIFT_EXPR || gimple_assign_rhs1(shift) != x || TYPE_UNSIGNED(TREE_TYPE(x))
      || wi::ne_p(wi::to_wide(gimple_assign_rhs2(shift)), TYPE_PRECISION(TREE_TYPE(x)) - 1))
    return false;
  kb_interval w = kb_value(e, x);
  HOST_WIDE_INT k = tree_to_shwi(by);
  if (!kb_is_const(w.lo) || !kb_is_const(w.hi) || w.lo.c < -k || w.hi.c >= k)
    return false;
  *v = {kb_constant(0), w.lo.c >= 0 ? w.hi : kb_constant(k - 1)};
  return true;
}

static kb_interval assigned(kb_intervals *e, gimple *def)
{
  tree type = TREE_TYPE(gimple_assign_lhs(def)), x = gimple_assign_rhs1(def);
  tree y = gimple_num_ops(def) > 2 ? gimple_assign_rhs2(def) : NULL_TREE;
  tree_code code = gimple_assign_rhs_code(def), checked;
  kb_interval v;
  switch (code) {
  case REALPART_EXPR:
    x = TREE_OPERAND(x, 0);
    if (TREE_CODE(x) != SSA_NAME || !kb_checked_op(SSA_NAME_DEF_STMT(x), &checked))
      return kb_no_interval;
    return kb_checked_value(e, SSA_NAME_DEF_STMT(x), checked);
  case SSA_NAME:
  case INTEGER_CST:
    return kb_value(e, x);
  CASE_CONVERT:
    return converted(e, x, type);
  case PLUS_EXPR:
    if (is_floor_mod(e, x, y, &v) || is_floor_mod(e, y, x, &v))
      return v;
    gcc_fallthrough();
  case MINUS_EXPR:
  case MULT_EXPR:
    return plain_value(e, def, code, x, y);
  case BIT_XOR_EXPR:
    return turned(e, x, y);
  case LSHIFT_EXPR:
    if (TREE_CODE(y) != INTEGER_CST || !tree_fits_uhwi_p(y) || tree_to_uhwi(y) > 38)
      return kb_no_interval;
    return fitting(e, times(e, kb_value(e, x), constant((HOST_WIDE_INT)1 << tree_to_uhwi(y))), type);
  case NEGATE_EXPR:
    return fitting(e, kb_minus(constant(0), kb_value(e, x)), type);
  case MIN_EXPR:
  case MAX_EXPR:
    return kb_operate(e, code, kb_value(e, x), kb_value(e, y));
  case BIT_AND_EXPR:
    return masked(e, x, y);
  case RSHIFT_EXPR:
    return shifted_right(e, x, y);
  case TRUNC_DIV_EXPR:
  case TRUNC_MOD_EXPR:
    return divided(e, code, x, y, type);
  case COND_EXPR:
    return kb_union(e, kb_value(e, y), kb_value(e, gimple_assign_rhs3(def)));
  default:
    return kb_no_interval;
  }
}

/* -- Joins ---------------------------------------------------------------------------------------------------------- */

static bool is_header_phi(gimple *def) { return gimple_code(def) == GIMPLE_PHI && bb_loop_header_p(gimple_bb(def)); }

/* Which outcome of C, the condition that ends the block above the join PHI, leads in along IN? -1: not one alone. */
static int side_of(gphi *phi, edge in, gcond **c)
{
  basic_block above = get_immediate_dominator(CDI_DOMINATORS, gimple_bb(phi));
  *c = above ? safe_dyn_cast<gcond *>(kb_last_stmt(above)) : NULL;
  if (!*c)
    return -1;
  edge out[2];
  extract_true_false_edges_from_block(above, &out[1], &out[0]);
  for (int i = 0; i < 2; i++)
    if (in == out[i] || (single_pred_p(out[i]->dest) && dominated_by_p(CDI_DOMINATORS, in->src, out[i]->dest)))
      return i;
  return -1;
}

/* The outcome of C that the source says is likely; -1: it does not say. */
static int likely_outcome(gcond *c)
{
  edge yes, no;
  extract_true_false_edges_from_block(gimple_bb(c), &yes, &no);
  if (!yes->probability.initialized_p())
    return -1;
  int p = yes->probability.to_reg_br_prob_base();
  return p <= REG_BR_PROB_BASE / 8 ? 0 : p >= REG_BR_PROB_BASE * 7 / 8 ? 1 : -1;
}

/* The likely argument of a join of two, if the other one can be excluded. */
static kb_interval likely_arg(kb_intervals *e, gphi *phi, kb_arg_fn arg, void *data)
{
  gcond *c;
  int side0 = side_of(phi, gimple_phi_arg_edge(phi, 0), &c), side1 = side_of(phi, gimple_phi_arg_edge(phi, 1), &c);
  if (!c || side0 < 0 || side1 < 0 || side0 == side1 || !flow_bb_inside_loop_p(e->nest, gimple_bb(c)))
    return kb_no_interval;
  int likely = likely_outcome(c);
  kb_state s = kb_save(e);
  if (likely >= 0 && kb_prove(e, c, likely)) {
    unsigned i = side0 == likely ? 0 : 1;
    kb_interval v = arg(e, gimple_phi_arg_def(phi, i), gimple_phi_arg_edge(phi, i), data);
    if (some(v))
      return v;
  }
  kb_undo(e, s);
  return kb_no_interval;
}

kb_interval kb_join(kb_intervals *e, gphi *phi, kb_arg_fn arg, void *data)
{
  unsigned n = gimple_phi_num_args(phi);
  if (n == 2) {
    kb_interval v = likely_arg(e, phi, arg, data);
    if (some(v))
      return v;
  }
  kb_interval all = kb_no_interval;
  for (unsigned i = 0; i < n; i++) {
    kb_interval v = arg(e, gimple_phi_arg_def(phi, i), gimple_phi_arg_edge(phi, i), data);
    all = i ? kb_union(e, all, v) : v;
    if (!some(all))
      return kb_no_interval;
  }
  return all;
}

static kb_interval value_on_edge(kb_intervals *e, tree arg, edge in, void *) { return kb_value_at(e, arg, in->src); }

/* -- Conditions above -------------------------------------------------------------------------------------------------- */

tree kb_signed_source(tree t)
{
  if (TREE_CODE(t) == SSA_NAME && TYPE_UNSIGNED(TREE_TYPE(t)) && is_gimple_assign(SSA_NAME_DEF_STMT(t))
      && CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(SSA_NAME_DEF_STMT(t)))) {
    tree from = gimple_assign_rhs1(SSA_NAME_DEF_STMT(t));
    if (kb_int_type(TREE_TYPE(from)) && !TYPE_UNSIGNED(TREE_TYPE(from))
        && TYPE_PRECISION(TREE_TYPE(from)) == TYPE_PRECISION(TREE_TYPE(t)))
      return from;
  }
  return t;
}

/* The boolean F: the comparison that it is; of one that an invariant condition chooses, the one for its likely outcome, which
   is needed then. */
static bool comparison_of(kb_intervals *e, tree f, tree_code *code, tree *a, tree *b, int depth)
{
  if (TREE_CODE(f) != SSA_NAME || TREE_CODE(TREE_TYPE(f)) != BOOLEAN_TYPE || kb_outside(e, f) || depth > 3)
    return false;
  gimple *def = SSA_NAME_DEF_STMT(f);
  if (is_gimple_assign(def) && TREE_CODE_CLASS(gimple_assign_rhs_code(def)) == tcc_comparison) {
    *code = gimple_assign_rhs_code(def);
    *a = gimple_assign_rhs1(def);
    *b = gimple_assign_rhs2(def);
    return true;
  }
  gphi *phi = dyn_cast<gphi *>(def);
  gcond *c;
  if (!phi || gimple_phi_num_args(phi) != 2 || is_header_phi(phi))
    return false;
  int side0 = side_of(phi, gimple_phi_arg_edge(phi, 0), &c), side1 = side_of(phi, gimple_phi_arg_edge(phi, 1), &c);
  if (!c || side0 < 0 || side1 < 0 || side0 == side1 || !kb_invariant(e, gimple_cond_lhs(c)) || !kb_invariant(e, gimple_cond_rhs(c)))
    return false;
  edge yes, no;
  extract_true_false_edges_from_block(gimple_bb(c), &yes, &no);
  int likely = yes->probability.initialized_p() && yes->probability.to_reg_br_prob_base() < REG_BR_PROB_BASE / 2 ? 0 : 1;
  for (const kb_proof &p : e->proofs)
    if (p.cond == c)
      likely = p.outcome;
  return kb_prove(e, c, likely) && comparison_of(e, gimple_phi_arg_def(phi, side0 == likely ? 0 : 1), code, a, b, depth + 1);
}

bool kb_comparison(kb_intervals *e, gcond *c, bool outcome, tree_code *code, tree *a, tree *b)
{
  *code = gimple_cond_code(c);
  *a = gimple_cond_lhs(c);
  *b = gimple_cond_rhs(c);
  if (TREE_CODE(TREE_TYPE(*a)) == BOOLEAN_TYPE && TREE_CODE(*b) == INTEGER_CST && (*code == EQ_EXPR || *code == NE_EXPR)) {
    bool same = (*code == NE_EXPR) == integer_zerop(*b);
    if (!comparison_of(e, *a, code, a, b, 0))
      return false;
    outcome = outcome == same;
  }
  if (!kb_int_type(TREE_TYPE(*a)) || !kb_int_type(TREE_TYPE(*b)))
    return false;
  if (!outcome)
    *code = invert_tree_comparison(*code, false);
  return *code != ERROR_MARK;
}

/* V with an upper bound, a lower bound more. */
static void bound_above(kb_intervals *e, kb_interval *v, const kb_bound &b)
{
  v->hi = kb_known(v->hi) ? kb_least(e, v->hi, b) : b;
}
static void bound_below(kb_intervals *e, kb_interval *v, const kb_bound &b)
{
  v->lo = kb_known(v->lo) ? kb_greatest(e, v->lo, b) : b;
}

/* Narrows *V, of T, by T CODE Y, which was tested at the end of block B. False: it says nothing. */
static bool narrow(kb_intervals *e, kb_interval *v, tree t, tree_code code, tree y, basic_block b, bool as_unsigned)
{
  kb_bound one = kb_constant(1);
  if (code == NE_EXPR) {
    if (TREE_CODE(y) != INTEGER_CST || !tree_fits_shwi_p(y) || !kb_is_const(v->lo) || v->lo.c != tree_to_shwi(y))
      return false;
    v->lo = kb_plus(v->lo, one, 1);
    return true;
  }
  if (as_unsigned && code != LT_EXPR && code != LE_EXPR)
    return false;
  bool added = e->active.add(t);
  kb_interval w = kb_value_at(e, y, b);
  if (!added)
    e->active.remove(t);
  if (as_unsigned) { /* (unsigned)t < (unsigned)y, and 0 <= y: then 0 <= t < y */
    if (!kb_known(w) || !kb_need_nonneg(e, w.lo))
      return false;
    bound_below(e, v, kb_constant(0));
  }
  bool above = (code == LT_EXPR || code == LE_EXPR || code == EQ_EXPR) && kb_known(w.hi);
  bool below = (code == GT_EXPR || code == GE_EXPR || code == EQ_EXPR) && kb_known(w.lo);
  if (above)
    bound_above(e, v, code == LT_EXPR ? kb_plus(w.hi, one, -1) : w.hi);
  if (below)
    bound_below(e, v, code == GT_EXPR ? kb_plus(w.lo, one, 1) : w.lo);
  return above || below || as_unsigned;
}

/* Narrows *V, of T, by X CODE Y, which held at the end of block B. */
static bool narrow_by(kb_intervals *e, kb_interval *v, tree t, tree_code code, tree x, tree y, basic_block b)
{
  if (x != t && y == t) {
    std::swap(x, y);
    code = swap_tree_comparison(code);
  }
  if (x == t)
    return narrow(e, v, t, code, y, b, false);
  if (TYPE_UNSIGNED(TREE_TYPE(t)))
    return false;
  if (kb_signed_source(x) != t && kb_signed_source(y) == t) {
    std::swap(x, y);
    code = swap_tree_comparison(code);
  }
  if (kb_signed_source(x) == t)
    return narrow(e, v, t, code, kb_signed_source(y), b, true);
  kb_interval w;
  if (TYPE_UNSIGNED(TREE_TYPE(x)) || !kb_solve(e, t, code, x, y, b, &w))
    return false;
  if (kb_known(w.lo))
    bound_below(e, v, w.lo);
  if (kb_known(w.hi))
    bound_above(e, v, w.hi);
  return true;
}

/* V, the interval of T at every place, at e->at. */
static kb_interval narrowed(kb_intervals *e, tree t, kb_interval v)
{
  for (basic_block b = kb_condition_above(e, e->at); b != e->nest->header;) {
    basic_block p = single_pred(b);
    if (!flow_bb_inside_loop_p(e->nest, p))
      break;
    gcond *c = as_a<gcond *>(kb_last_stmt(p));
    kb_state s = kb_save(e);
    tree_code code;
    tree x, y;
    kb_interval w = v;
    if (!kb_comparison(e, c, single_pred_edge(b)->flags & EDGE_TRUE_VALUE, &code, &x, &y) || !narrow_by(e, &w, t, code, x, y, p))
      kb_undo(e, s);
    else
      v = w;
    b = kb_condition_above(e, p);
  }
  return v;
}

/* -- Values --------------------------------------------------------------------------------------------------------- */

static kb_interval defined(kb_intervals *e, tree t, gimple *def)
{
  if (is_header_phi(def))
    return kb_header_phi(e, as_a<gphi *>(def));
  if (gphi *phi = dyn_cast<gphi *>(def))
    return kb_join(e, phi, value_on_edge, NULL);
  if (gcall *strip = kb_strip_call(def))
    return kb_value(e, gimple_call_arg(strip, 1)); /* see kb_is_strip_loop */
  return is_gimple_assign(def) ? kb_tighten(e, t, assigned(e, def)) : kb_no_interval;
}

static kb_interval inner_value(kb_intervals *e, tree t)
{
  gimple *def = SSA_NAME_DEF_STMT(t);
  basic_block place = kb_condition_above(e, e->at);
  if (const kb_interval *v = find_cached(e, t, place))
    return *v;
  kb_interval v = kb_no_interval;
  if (const kb_interval *base = find_cached(e, t, NULL))
    v = *base;
  else {
    if (e->active.contains(t) || --e->effort < 0)
      return kb_no_interval;
    e->active.add(t);
    kb_state s = kb_save(e);
    v = defined(e, t, def);
    if (!some(v)) {
      kb_undo(e, s);
      v = narrow_type(TREE_TYPE(t));
    }
    e->active.remove(t);
    if (some(v) && is_header_phi(def) && !find_cached(e, t, NULL))
      put_cached(e, t, NULL, v);
  }
  v = narrowed(e, t, v);
  if (some(v) && !find_cached(e, t, place))
    put_cached(e, t, place, v);
  return v;
}

kb_interval kb_value(kb_intervals *e, tree t)
{
  if (!kb_int_type(TREE_TYPE(t)))
    return kb_no_interval;
  if (TREE_CODE(t) == INTEGER_CST)
    return tree_fits_shwi_p(t) ? constant(tree_to_shwi(t)) : kb_no_interval;
  if (TREE_CODE(t) != SSA_NAME)
    return kb_no_interval;
  return kb_outside(e, t) ? point(kb_name_bound(e, t)) : inner_value(e, t);
}

kb_interval kb_value_at(kb_intervals *e, tree t, basic_block b)
{
  basic_block old = e->at;
  e->at = b;
  kb_interval v = kb_value(e, t);
  e->at = old;
  return v;
}

/* -- Unsigned values as signed ones ------------------------------------------------------------------------------------ */

static kb_interval modular_op(kb_intervals *e, tree t, tree_code code, tree a, tree b)
{
  switch (code) {
  CASE_CONVERT:
    if (!kb_int_type(TREE_TYPE(a)))
      return kb_no_interval;
    return TYPE_PRECISION(TREE_TYPE(a)) == 64 ? kb_modular(e, a) : TREE_CODE(a) == SSA_NAME ? kb_value(e, a) : kb_no_interval;
  case PLUS_EXPR:
  case MINUS_EXPR:
  case MULT_EXPR: {
    kb_interval x = kb_modular(e, a);
    return kb_operate(e, code, x, kb_modular(e, b));
  }
  default:
    return TREE_CODE(t) == SSA_NAME && !kb_outside(e, t) ? inner_value(e, t) : kb_no_interval;
  }
}

kb_interval kb_modular(kb_intervals *e, tree t)
{
  if (TREE_CODE(t) == INTEGER_CST)
    return constant((HOST_WIDE_INT)TREE_INT_CST_LOW(t));
  if (!kb_int_type(TREE_TYPE(t)) || --e->effort < 0)
    return kb_no_interval;
  if (TREE_CODE(t) != SSA_NAME)
    return EXPR_P(t) ? modular_op(e, t, TREE_CODE(t), TREE_OPERAND(t, 0), TREE_OPERAND_LENGTH(t) > 1 ? TREE_OPERAND(t, 1) : NULL)
                     : kb_no_interval;
  gimple *def = SSA_NAME_DEF_STMT(t);
  if (!wide_unsigned(TREE_TYPE(t)) || !is_gimple_assign(def))
    return kb_value(e, t);
  tree_code code = gimple_assign_rhs_code(def);
  if (kb_outside(e, t) && !CONVERT_EXPR_CODE_P(code))
    return kb_value(e, t);
  return modular_op(e, t, code, gimple_assign_rhs1(def), gimple_num_ops(def) > 2 ? gimple_assign_rhs2(def) : NULL_TREE);
}
