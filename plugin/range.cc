/* SPDX-License-Identifier: GPL-3.0-or-later */
/* range.cc: which assumption about loaded values proves the overflow guards of a loop, strip by strip.
 *
 * Intervals are constants here: every value that is not computed in the loop, or is loaded there, is assumed to lie in
 * [-2^bits, 2^bits); sums start a strip within +-2^62 and grow for KB_INSPECT_TURNS turns at most. If with that no guarded
 * operation can overflow, inspecting the assumption is enough. The bits that are tried fall until they suffice: 51 for a sum
 * of loaded values, 31 for a product, 25 for a sum of products.
 *
 * By induction over the turns: until the first operation that overflows all values are as the evaluation has them, and so
 * there is no first one.
 */
#include "inspect.h"

typedef __int128 wide;

struct interval {
  bool ok;
  wide lo, hi;
};
static const interval none = {false, 0, 0};

struct evaluator {
  kb_inspect *in;
  const char *why;
  hash_map<tree, interval> known;
  hash_set<tree> active;
  explicit evaluator(kb_inspect *i) : in(i), why(NULL) {}
};

static interval value_of(evaluator *ev, tree t);

static interval make(wide lo, wide hi) { return {true, lo, hi}; }
static interval power(unsigned bits) { return make(-((wide)1 << bits), ((wide)1 << bits) - 1); }
static interval hull(interval a, interval b)
{
  return a.ok && b.ok ? make(MIN(a.lo, b.lo), MAX(a.hi, b.hi)) : none;
}

/* Bounds are below 2^64 in magnitude, so that none of this can overflow. */
static interval combine(tree_code op, interval a, interval b)
{
  if (!a.ok || !b.ok)
    return none;
  switch (op) {
  case PLUS_EXPR: return make(a.lo + b.lo, a.hi + b.hi);
  case MINUS_EXPR: return make(a.lo - b.hi, a.hi - b.lo);
  case MIN_EXPR: return make(MIN(a.lo, b.lo), MIN(a.hi, b.hi));
  case MAX_EXPR: return make(MAX(a.lo, b.lo), MAX(a.hi, b.hi));
  case MULT_EXPR: {
    wide big = (wide)1 << 63;
    if (a.lo < -big || a.hi > big || b.lo < -big || b.hi > big)
      return none;
    wide p = a.lo * b.lo, q = a.lo * b.hi, r = a.hi * b.lo, s = a.hi * b.hi;
    return make(MIN(MIN(p, q), MIN(r, s)), MAX(MAX(p, q), MAX(r, s)));
  }
  default: return none;
  }
}

static interval of_type(tree type)
{
  unsigned n = TYPE_PRECISION(type);
  return TYPE_UNSIGNED(type) ? make(0, ((wide)1 << n) - 1) : make(-((wide)1 << (n - 1)), ((wide)1 << (n - 1)) - 1);
}

/* V as a value of TYPE: as it is where it fits. */
static interval fit(interval v, tree type)
{
  interval t = of_type(type);
  if (v.ok && t.lo <= v.lo && v.hi <= t.hi)
    return v;
  return TYPE_PRECISION(type) < 64 && TYPE_UNSIGNED(type) ? t : none;
}

static bool is_int(tree t) { return INTEGRAL_TYPE_P(TREE_TYPE(t)) && TYPE_PRECISION(TREE_TYPE(t)) <= 64; }

/* -- Operations with a flag ------------------------------------------------------------------------------------------ */

bool kb_overflow_op(const gimple *stmt, tree_code *op)
{
  if (!is_gimple_call(stmt) || !gimple_call_internal_p(stmt))
    return false;
  switch (gimple_call_internal_fn(stmt)) {
  case IFN_ADD_OVERFLOW: *op = PLUS_EXPR; return true;
  case IFN_SUB_OVERFLOW: *op = MINUS_EXPR; return true;
  case IFN_MUL_OVERFLOW: *op = MULT_EXPR; return true;
  default: return false;
  }
}

/* The call that T is the real or the imaginary part of. */
static gcall *part_of(tree t, tree_code part)
{
  gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
  tree_code op;
  if (!d || !is_gimple_assign(d) || gimple_assign_rhs_code(d) != part)
    return NULL;
  tree whole = TREE_OPERAND(gimple_assign_rhs1(d), 0);
  return TREE_CODE(whole) == SSA_NAME && kb_overflow_op(SSA_NAME_DEF_STMT(whole), &op) ?
           as_a<gcall *>(SSA_NAME_DEF_STMT(whole)) : NULL;
}

gcall *kb_overflow_of(const kb_guard &g)
{
  gcond *c = as_a<gcond *>(kb_last_stmt(g.leave->src));
  bool nonzero = gimple_cond_code(c) == (g.leave->flags & EDGE_TRUE_VALUE ? NE_EXPR : EQ_EXPR);
  return nonzero && integer_zerop(gimple_cond_rhs(c)) ? part_of(gimple_cond_lhs(c), IMAGPART_EXPR) : NULL;
}

/* -- Values ----------------------------------------------------------------------------------------------------------- */

/* T cannot be computed, so it has to be assumed: of every turn if it changes. */
static interval assume(evaluator *ev, tree t)
{
  tree type = TREE_TYPE(t);
  if ((int)TYPE_PRECISION(type) + (int)TYPE_UNSIGNED(type) <= (int)ev->in->bits + 1)
    return of_type(type);
  if (TYPE_UNSIGNED(type))
    return TYPE_PRECISION(type) < 64 ? of_type(type) : none;
  gimple *d = SSA_NAME_DEF_STMT(t);
  bool inside = gimple_bb(d) && flow_bb_inside_loop_p(ev->in->loop, gimple_bb(d));
  (inside ? ev->in->inspected : ev->in->entering).safe_push(t);
  return power(ev->in->bits);
}

/* Is the header phi PHI in what T is computed from, by sums and joins alone? */
static bool adds_to(evaluator *ev, tree t, gphi *phi, interval *delta, int depth)
{
  if (t == gimple_phi_result(phi)) {
    *delta = make(0, 0);
    return true;
  }
  gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
  if (!d || depth > 64 || !gimple_bb(d) || !flow_bb_inside_loop_p(ev->in->loop, gimple_bb(d)))
    return false;
  if (gphi *join = dyn_cast<gphi *>(d)) {
    if (gimple_bb(d) == ev->in->loop->header)
      return false;
    for (unsigned i = 0; i < gimple_phi_num_args(join); i++) {
      interval one;
      if (!adds_to(ev, gimple_phi_arg_def(join, i), phi, &one, depth + 1))
        return false;
      *delta = i ? hull(*delta, one) : one;
    }
    return true;
  }
  tree_code op;
  tree a, b;
  if (gcall *call = part_of(t, REALPART_EXPR)) {
    kb_overflow_op(call, &op);
    a = gimple_call_arg(call, 0), b = gimple_call_arg(call, 1);
  } else if (is_gimple_assign(d) && (gimple_assign_rhs_code(d) == PLUS_EXPR || gimple_assign_rhs_code(d) == MINUS_EXPR))
    op = gimple_assign_rhs_code(d), a = gimple_assign_rhs1(d), b = gimple_assign_rhs2(d);
  else
    return false;
  if (op == MULT_EXPR)
    return false;
  if (op == PLUS_EXPR && !adds_to(ev, a, phi, delta, depth + 1))
    std::swap(a, b);
  if (!adds_to(ev, a, phi, delta, depth + 1))
    return false;
  *delta = combine(op, *delta, value_of(ev, b));
  return delta->ok;
}

/* T = MAX or MIN of header phi PHI and another value: the other. */
static tree extreme_with(tree t, gphi *phi)
{
  gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
  if (!d || !is_gimple_assign(d) || (gimple_assign_rhs_code(d) != MAX_EXPR && gimple_assign_rhs_code(d) != MIN_EXPR))
    return NULL_TREE;
  tree a = gimple_assign_rhs1(d), b = gimple_assign_rhs2(d), p = gimple_phi_result(phi);
  return a == p ? b : b == p ? a : NULL_TREE;
}

static interval value_of_header_phi(evaluator *ev, gphi *phi)
{
  kb_inspect *in = ev->in;
  if (gimple_phi_result(phi) == in->iv) {
    interval v = hull(value_of(ev, in->init), value_of(ev, in->bound));
    return v.ok ? make(v.lo - absu_hwi(in->step), v.hi + absu_hwi(in->step)) : none;
  }
  tree type = TREE_TYPE(gimple_phi_result(phi)), next = PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(in->loop));
  if (TYPE_PRECISION(type) < 64)
    return of_type(type);
  if (TYPE_UNSIGNED(type))
    return none;
  interval start = power(KB_INSPECT_SUM), delta, other;
  in->sums.safe_push(gimple_phi_result(phi));
  if (adds_to(ev, next, phi, &delta, 0)) {
    wide turns = KB_INSPECT_TURNS - 1; /* that came before, inside of the loop */
    return make(start.lo + turns * MIN(delta.lo, 0), start.hi + turns * MAX(delta.hi, 0));
  }
  if (tree t = extreme_with(next, phi))
    other = value_of(ev, t);
  else
    other = value_of(ev, next); /* fails where it comes back to PHI */
  if (!other.ok)
    ev->why = "a value depends on itself a turn before in another way than by adding";
  return hull(start, other);
}

static interval value_of_assign(evaluator *ev, gassign *s)
{
  tree_code op = gimple_assign_rhs_code(s);
  tree type = TREE_TYPE(gimple_assign_lhs(s)), a = gimple_assign_rhs1(s), b = gimple_assign_rhs2(s);
  if (gimple_assign_load_p(s))
    return assume(ev, gimple_assign_lhs(s));
  if (gcall *call = part_of(gimple_assign_lhs(s), REALPART_EXPR)) {
    kb_overflow_op(call, &op);
    interval v = combine(op, value_of(ev, gimple_call_arg(call, 0)), value_of(ev, gimple_call_arg(call, 1))), t = of_type(type);
    return v.ok && t.lo <= v.lo && v.hi <= t.hi ? v : none;
  }
  if (TREE_CODE_CLASS(op) == tcc_comparison)
    return make(0, 1);
  switch (op) {
  case SSA_NAME: case INTEGER_CST: return value_of(ev, a);
  CASE_CONVERT: return INTEGRAL_TYPE_P(TREE_TYPE(a)) ? fit(value_of(ev, a), type) : assume(ev, gimple_assign_lhs(s));
  case PLUS_EXPR: case MINUS_EXPR: case MULT_EXPR: case MIN_EXPR: case MAX_EXPR:
    return fit(combine(op, value_of(ev, a), value_of(ev, b)), type);
  case NEGATE_EXPR: return fit(combine(MINUS_EXPR, make(0, 0), value_of(ev, a)), type);
  case ABS_EXPR: {
    interval v = value_of(ev, a);
    return v.ok ? fit(make(0, MAX(MAX(v.hi, -v.lo), 0)), type) : none;
  }
  case COND_EXPR: return hull(value_of(ev, b), value_of(ev, gimple_assign_rhs3(s)));
  case BIT_AND_EXPR:
    if (TREE_CODE(b) == INTEGER_CST && tree_fits_shwi_p(b) && tree_to_shwi(b) >= 0)
      return make(0, tree_to_shwi(b));
    /* fall through */
  default: return assume(ev, gimple_assign_lhs(s));
  }
}

static interval value_of(evaluator *ev, tree t)
{
  if (!is_int(t))
    return none;
  if (TREE_CODE(t) == INTEGER_CST) {
    wide v = tree_fits_shwi_p(t) ? (wide)tree_to_shwi(t) : (wide)tree_to_uhwi(t);
    return make(v, v);
  }
  if (TREE_CODE(t) != SSA_NAME)
    return none;
  if (interval *v = ev->known.get(t))
    return *v;
  if (ev->active.add(t))
    return none;
  gimple *d = SSA_NAME_DEF_STMT(t);
  interval v = none;
  if (!gimple_bb(d) || !flow_bb_inside_loop_p(ev->in->loop, gimple_bb(d)))
    v = assume(ev, t);
  else if (gphi *phi = dyn_cast<gphi *>(d)) {
    if (gimple_bb(phi) == ev->in->loop->header)
      v = value_of_header_phi(ev, phi);
    else
      for (unsigned i = 0; i < gimple_phi_num_args(phi); i++) {
        interval one = value_of(ev, gimple_phi_arg_def(phi, i));
        v = i ? hull(v, one) : one;
      }
  } else if (gassign *s = dyn_cast<gassign *>(d))
    v = value_of_assign(ev, s);
  ev->active.remove(t);
  ev->known.put(t, v);
  return v;
}

/* -- The search ------------------------------------------------------------------------------------------------------- */

static bool suffices(evaluator *ev)
{
  kb_inspect *in = ev->in;
  for (const kb_guard &g : in->guards)
    if (gcall *call = kb_overflow_of(g)) {
      tree_code op;
      kb_overflow_op(call, &op);
      interval v = combine(op, value_of(ev, gimple_call_arg(call, 0)), value_of(ev, gimple_call_arg(call, 1)));
      interval t = of_type(TREE_TYPE(TREE_TYPE(gimple_call_lhs(call))));
      if (!v.ok || v.lo < t.lo || v.hi > t.hi)
        return false;
      in->exact.safe_push(call);
    }
  return true;
}

bool kb_assume(kb_inspect *in, const char **why)
{
  static const unsigned char tried[] = {62, 58, 51, 45, 40, 36, 31, 25, 20, 17, 15, 12};
  *why = NULL;
  for (unsigned bits : tried) {
    evaluator ev(in);
    in->bits = bits;
    in->inspected.truncate(0), in->entering.truncate(0), in->sums.truncate(0), in->exact.truncate(0);
    if (suffices(&ev))
      return true;
    *why = ev.why ? ev.why : "no bound of the loaded values keeps the results in 64 bits";
  }
  return false;
}
