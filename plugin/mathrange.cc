/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mathrange.cc: guards that hold because math functions have bounds: exp(sin(x)) is finite, 1 + exp(-x) is not zero.
 *
 * Bounds are those of functions whose own guards hold, so that these guards alone must be inspected. They are widened in each
 * step by more than rounding, other orders of sums and the vector functions' last places can make. No bound excludes NaN: a
 * guard that NaN would leave by is not proven.
 */
#include "mathvec.h"

enum { MOST_STEPS = 24 };

static const kb_math_range all_values = {-HUGE_VAL, HUGE_VAL};

struct ranger {
  class loop *loop;
  const vec<kb_guard> *guards;
  unsigned steps;
};

static kb_math_range wider(double low, double high)
{
  if (!(low <= high)) /* not a number */
    return all_values;
  return {low - 1e-9 * fabs(low) - 1e-300, high + 1e-9 * fabs(high) + 1e-300};
}

/* Does a guard see to it that CALL's arguments are in its domain, or has it none? */
static bool is_guarded(const ranger *r, gcall *call)
{
  for (const kb_guard &g : *r->guards)
    if (g.leave && kb_math_of_guard(r->loop, g) == call)
      return true;
  return false;
}

static kb_math_range range_of(ranger *r, tree t);

static kb_math_range range_of_product(kb_math_range a, kb_math_range b, bool square)
{
  double corners[4] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
  double low = corners[0], high = corners[0];
  for (double c : corners) {
    if (c != c) /* infinity times zero */
      return square ? kb_math_range{0, HUGE_VAL} : all_values;
    low = MIN(low, c), high = MAX(high, c);
  }
  kb_math_range range = wider(low, high);
  if (square)
    range.low = 0;
  return range;
}

static kb_math_range range_of_assign(ranger *r, gassign *s)
{
  tree_code op = gimple_assign_rhs_code(s);
  if (gimple_vuse(s) || (op != SSA_NAME && gimple_num_ops(s) > 3))
    return all_values;
  tree x = gimple_assign_rhs1(s), y = gimple_num_ops(s) > 2 ? gimple_assign_rhs2(s) : NULL_TREE;
  if (!SCALAR_FLOAT_TYPE_P(TREE_TYPE(x)) || (y && !SCALAR_FLOAT_TYPE_P(TREE_TYPE(y))))
    return all_values;
  if (CONVERT_EXPR_CODE_P(op) && TYPE_PRECISION(TREE_TYPE(gimple_assign_lhs(s))) < TYPE_PRECISION(TREE_TYPE(x)))
    return all_values;
  if (op != SSA_NAME && op != NEGATE_EXPR && op != ABS_EXPR && op != PLUS_EXPR && op != MINUS_EXPR && op != MULT_EXPR
      && op != RDIV_EXPR && !CONVERT_EXPR_CODE_P(op))
    return all_values;
  kb_math_range a = range_of(r, x), b = y ? range_of(r, y) : a;
  switch (op) {
  case NEGATE_EXPR: return {-a.high, -a.low};
  case ABS_EXPR: return {a.low > 0 ? a.low : a.high < 0 ? -a.high : 0, MAX(a.high, -a.low)};
  case PLUS_EXPR: return wider(a.low + b.low, a.high + b.high);
  case MINUS_EXPR: return wider(a.low - b.high, a.high - b.low);
  case MULT_EXPR: return range_of_product(a, b, x == y);
  case RDIV_EXPR: return b.low > 0 || b.high < 0 ? range_of_product(a, {1 / b.high, 1 / b.low}, false) : all_values;
  default: return a;
  }
}

static kb_math_range range_of(ranger *r, tree t)
{
  if (TREE_CODE(t) == REAL_CST) {
    REAL_VALUE_TYPE v = TREE_REAL_CST(t);
    char text[64];
    real_to_hexadecimal(text, &v, sizeof text, 0, 1);
    double d = real_isfinite(&v) ? strtod(text, NULL) : NAN;
    return d == d ? kb_math_range{d, d} : all_values;
  }
  gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
  if (!d || !gimple_bb(d) || !flow_bb_inside_loop_p(r->loop, gimple_bb(d)) || r->steps++ > MOST_STEPS)
    return all_values;
  if (gassign *s = dyn_cast<gassign *>(d))
    return range_of_assign(r, s);
  if (gcall *call = dyn_cast<gcall *>(d)) {
    kb_math_range range;
    return kb_is_vector_math(r->loop, call) && kb_math_results(r->loop, call, &range)
                   && (kb_math_accepts(call, NULL) || is_guarded(r, call))
               ? range : all_values;
  }
  gphi *phi = dyn_cast<gphi *>(d);
  if (!phi || gimple_bb(phi) == r->loop->header)
    return all_values;
  kb_math_range range = range_of(r, gimple_phi_arg_def(phi, 0));
  for (unsigned i = 1; i < gimple_phi_num_args(phi); i++) {
    kb_math_range one = range_of(r, gimple_phi_arg_def(phi, i));
    range = {MIN(range.low, one.low), MAX(range.high, one.high)};
  }
  return range;
}

/* Is A OP B false for all A in R, and for NaN? */
static bool is_false(tree_code op, kb_math_range r, double b)
{
  switch (op) {
  case EQ_EXPR: return r.low > b || r.high < b;
  case LT_EXPR: return r.low >= b;
  case LE_EXPR: return r.low > b;
  case GT_EXPR: return r.high <= b;
  case GE_EXPR: return r.high < b;
  default: return false;
  }
}

bool kb_math_bounds_guard(class loop *loop, const vec<kb_guard> &guards, const kb_guard &g)
{
  ranger r = {loop, &guards, 0};
  if (gcall *call = kb_math_of_guard(loop, g)) {
    kb_math_range ranges[2];
    for (unsigned i = 0; i < gimple_call_num_args(call); i++)
      ranges[i] = range_of(&r, gimple_call_arg(call, i));
    return kb_math_accepts(call, ranges);
  }
  gcond *c = as_a<gcond *>(kb_last_stmt(g.leave->src));
  tree b = gimple_cond_rhs(c);
  if (TREE_CODE(b) != REAL_CST)
    return false;
  kb_math_range limit = range_of(&r, b);
  tree_code op = gimple_cond_code(c);
  if (g.leave->flags & EDGE_FALSE_VALUE)
    op = invert_tree_comparison(op, true);
  return limit.low == limit.high && is_false(op, range_of(&r, gimple_cond_lhs(c)), limit.low);
}
