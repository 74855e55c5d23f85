/* SPDX-License-Identifier: GPL-3.0-or-later */
/* affine.cc: what changes by sums from one turn of a loop to the next, and what hangs together.
 *
 * A phi in a loop's header gets, each turn, what it had and the sum of what was added on the way: its delta. Where the delta's
 * sign is known, one bound is the value at the loop's entry, and a test of the value that every turn passes gives the other;
 * else the number of turns does. One mechanism serves induction variables, steps known at run time only, and integer
 * accumulators, also of several loops.
 *
 * i - j with j <= i is smaller than the intervals of i and j say. Such sums are written as sums of names of the nest, and the
 * induction variables replaced by their bounds, innermost first: what they have in common cancels.
 */
#include "interval.h"

/* -- Strips ----------------------------------------------------------------------------------------------------------- */

/* Is C, at the end of a block of L that every further turn passes, the test whether the last strip is done? */
static bool is_strip_end(class loop *l, gcond *c)
{
  if (gimple_cond_code(c) != EQ_EXPR && gimple_cond_code(c) != NE_EXPR)
    return false;
  edge yes, no;
  extract_true_false_edges_from_block(gimple_bb(c), &yes, &no);
  if (flow_bb_inside_loop_p(l, (gimple_cond_code(c) == EQ_EXPR ? yes : no)->dest))
    return false;
  for (int i = 0; i < 2; i++) {
    tree x = i ? gimple_cond_rhs(c) : gimple_cond_lhs(c), y = i ? gimple_cond_lhs(c) : gimple_cond_rhs(c);
    gcall *strip = TREE_CODE(x) == SSA_NAME ? kb_strip_call(SSA_NAME_DEF_STMT(x)) : NULL;
    if (strip && gimple_bb(strip)->loop_father == l && operand_equal_p(gimple_call_arg(strip, 1), y, 0))
      return true;
  }
  return false;
}

bool kb_is_strip_loop(class loop *l)
{
  if (!l || loop_depth(l) == 0 || !l->latch || !l->inner || l->inner->next)
    return false;
  for (basic_block b = l->latch; b && flow_bb_inside_loop_p(l, b); b = get_immediate_dominator(CDI_DOMINATORS, b)) {
    gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(b));
    if (c && b->loop_father == l && is_strip_end(l, c))
      return true;
    if (b == l->header)
      break;
  }
  return false;
}

/* T without phis of one argument. */
static tree through_copies(tree t)
{
  for (int i = 0; i < 8 && TREE_CODE(t) == SSA_NAME; i++) {
    gphi *phi = dyn_cast<gphi *>(SSA_NAME_DEF_STMT(t));
    if (!phi || gimple_phi_num_args(phi) != 1)
      break;
    t = gimple_phi_arg_def(phi, 0);
  }
  return t;
}

/* T is what a loop in strips has when a strip begins: the loop's edge of entry, where it has its first value; else NULL. */
static edge first_strip(const kb_intervals *e, tree t)
{
  gphi *outer = TREE_CODE(t) == SSA_NAME ? dyn_cast<gphi *>(SSA_NAME_DEF_STMT(t)) : NULL;
  if (!outer || !bb_loop_header_p(gimple_bb(outer)))
    return NULL;
  class loop *l = gimple_bb(outer)->loop_father;
  if (!flow_loop_nested_p(e->nest, l) || !kb_is_strip_loop(l))
    return NULL;
  tree last = through_copies(PHI_ARG_DEF_FROM_EDGE(outer, loop_latch_edge(l)));
  gphi *inner = TREE_CODE(last) == SSA_NAME ? dyn_cast<gphi *>(SSA_NAME_DEF_STMT(last)) : NULL;
  if (!inner || gimple_bb(inner) != l->inner->header || PHI_ARG_DEF_FROM_EDGE(inner, loop_preheader_edge(l->inner)) != t)
    return NULL;
  return loop_preheader_edge(l);
}

tree kb_entry_arg(const kb_intervals *e, gphi *phi, basic_block *from)
{
  edge in = loop_preheader_edge(gimple_bb(phi)->loop_father);
  tree t = PHI_ARG_DEF_FROM_EDGE(phi, in);
  if (edge first = first_strip(e, t)) {
    in = first;
    t = PHI_ARG_DEF_FROM_EDGE(as_a<gphi *>(SSA_NAME_DEF_STMT(t)), in);
  }
  if (from)
    *from = in->src;
  return t;
}

/* -- Numbers of turns --------------------------------------------------------------------------------------------------- */

/* Does E lead to an exit and nothing else? */
static bool leads_to_exit(edge e)
{
  basic_block b = e->dest;
  for (int steps = 0; steps < 8; steps++) {
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i))
      if (kb_is_exit(gsi_stmt(i)))
        return true;
    if (!single_succ_p(b))
      return false;
    b = single_succ(b);
  }
  return false;
}

/* The value of T, part of a number of turns: unsigned, and right where it is not negative. */
static kb_interval turns_value(kb_intervals *e, tree t)
{
  if (edge first = first_strip(e, t))
    return kb_value_at(e, PHI_ARG_DEF_FROM_EDGE(as_a<gphi *>(SSA_NAME_DEF_STMT(t)), first), first->src);
  if (!EXPR_P(t) || !kb_int_type(TREE_TYPE(t)))
    return kb_modular(e, t);
  tree a = TREE_OPERAND(t, 0), b = TREE_OPERAND_LENGTH(t) > 1 ? TREE_OPERAND(t, 1) : NULL_TREE;
  kb_interval x = turns_value(e, a);
  HOST_WIDE_INT by = 0;
  switch (TREE_CODE(t)) {
  CASE_CONVERT:
    return x;
  case PLUS_EXPR:
  case MINUS_EXPR:
  case MULT_EXPR:
  case MIN_EXPR:
  case MAX_EXPR:
    return kb_operate(e, TREE_CODE(t), x, turns_value(e, b));
  case RSHIFT_EXPR:
    by = tree_fits_uhwi_p(b) && tree_to_uhwi(b) < 62 ? (HOST_WIDE_INT)1 << tree_to_uhwi(b) : 0;
    break;
  case TRUNC_DIV_EXPR:
  case EXACT_DIV_EXPR:
  case FLOOR_DIV_EXPR:
    by = tree_fits_shwi_p(b) ? tree_to_shwi(b) : 0;
    break;
  default:
    return kb_no_interval;
  }
  if (by <= 0)
    return kb_no_interval;
  return {kb_least(e, x.lo, kb_constant(0)), kb_div(e, kb_greatest(e, x.hi, kb_constant(0)), by)};
}

/* The number of turns by which L is left along OUT at the latest. */
static kb_bound turns_by_exit(kb_intervals *e, class loop *l, edge out)
{
  class tree_niter_desc desc;
  if (!number_of_iterations_exit(l, out, &desc, false, false) || !desc.niter)
    return kb_no_bound;
  kb_state s = kb_save(e);
  basic_block old = e->at;
  e->at = loop_preheader_edge(kb_is_strip_loop(loop_outer(l)) && flow_loop_nested_p(e->nest, loop_outer(l)) ? loop_outer(l) : l)->src;
  kb_interval v = turns_value(e, desc.niter);
  e->at = old;
  bool wraps = desc.cmp == NE_EXPR && !desc.control.no_overflow;
  if (kb_known(v.hi) && kb_range_of(e, v.hi).hi >= ((kb_wide)1 << 64) && !kb_need_le(e, v.hi, kb_constant(HOST_WIDE_INT_MAX)))
    v = kb_no_interval;
  if (kb_known(v.hi) && (!wraps || (kb_known(v.lo) && kb_need_nonneg(e, v.lo))))
    return kb_greatest(e, v.hi, kb_constant(0));
  kb_undo(e, s);
  return kb_no_bound;
}

kb_bound kb_trips(kb_intervals *e, class loop *l)
{
  auto_vec<edge> exits = get_loop_exit_edges(l);
  for (edge out : exits) {
    if (!dominated_by_p(CDI_DOMINATORS, l->latch, out->src) || leads_to_exit(out))
      continue;
    kb_bound n = turns_by_exit(e, l, out);
    if (kb_known(n))
      return n;
  }
  widest_int max;
  if (!kb_is_strip_loop(loop_outer(l)) && max_loop_iterations(l, &max) && wi::fits_shwi_p(max))
    return kb_constant(max.to_shwi());
  return kb_no_bound;
}

/* -- Deltas ---------------------------------------------------------------------------------------------------------------- */

/* The operands of DEF, where it adds or subtracts; *CHECKED: it is a part of a checked operation. */
static bool sum_operands(gimple *def, tree_code *code, tree *a, tree *b, gimple **checked)
{
  *checked = NULL;
  if (!is_gimple_assign(def))
    return false;
  *code = gimple_assign_rhs_code(def);
  if (*code == REALPART_EXPR) {
    tree x = TREE_OPERAND(gimple_assign_rhs1(def), 0);
    if (TREE_CODE(x) != SSA_NAME || !kb_checked_op(SSA_NAME_DEF_STMT(x), code))
      return false;
    *checked = SSA_NAME_DEF_STMT(x);
    *a = gimple_call_arg(*checked, 0);
    *b = gimple_call_arg(*checked, 1);
  } else if (*code == PLUS_EXPR || *code == MINUS_EXPR) {
    *a = gimple_assign_rhs1(def);
    *b = gimple_assign_rhs2(def);
  }
  return *code == PLUS_EXPR || *code == MINUS_EXPR;
}

/* Do additions lead from PHI, a header's, to T? */
static bool reaches(const kb_intervals *e, tree t, tree phi, int depth)
{
  if (t == phi)
    return true;
  if (TREE_CODE(t) != SSA_NAME || depth > 12 || kb_outside(e, t))
    return false;
  gimple *def = SSA_NAME_DEF_STMT(t), *checked;
  if (gphi *p = dyn_cast<gphi *>(def)) {
    class loop *l = gimple_bb(p)->loop_father;
    bool header = bb_loop_header_p(gimple_bb(p));
    if (header && l == gimple_bb(SSA_NAME_DEF_STMT(phi))->loop_father)
      return false;
    for (unsigned i = 0; i < gimple_phi_num_args(p); i++)
      if (!(header && gimple_phi_arg_edge(p, i)->src == l->latch) && reaches(e, gimple_phi_arg_def(p, i), phi, depth + 1))
        return true;
    return false;
  }
  tree_code code;
  tree a, b;
  if (sum_operands(def, &code, &a, &b, &checked))
    return reaches(e, a, phi, depth + 1) || reaches(e, b, phi, depth + 1);
  return is_gimple_assign(def) && gimple_assign_rhs_code(def) == SSA_NAME
         && reaches(e, gimple_assign_rhs1(def), phi, depth + 1);
}

struct walk {
  tree phi;
  vec<tree> *chain; /* results of additions that have to be exact */
};

static kb_interval delta(kb_intervals *e, tree t, walk *w);
static kb_interval delta_arg(kb_intervals *e, tree arg, edge, void *w) { return delta(e, arg, (walk *)w); }

/* What N turns at most, of D each, come to. */
static kb_interval turned(kb_intervals *e, const kb_interval &d, const kb_bound &n)
{
  kb_bound zero = kb_constant(0);
  return {kb_least(e, kb_times(e, d.lo, n), zero), kb_greatest(e, kb_times(e, d.hi, n), zero)};
}

/* What a loop inside, with P in its header, adds. */
static kb_interval delta_of_loop(kb_intervals *e, gphi *p, walk *w)
{
  class loop *l = gimple_bb(p)->loop_father;
  if (flow_loop_nested_p(e->nest, l) && kb_is_strip_loop(l))
    return kb_no_interval; /* met in the loop inside it */
  kb_interval before = delta(e, kb_entry_arg(e, p, NULL), w);
  walk inside = {gimple_phi_result(p), w->chain};
  kb_interval turn = delta(e, PHI_ARG_DEF_FROM_EDGE(p, loop_latch_edge(l)), &inside);
  if (!kb_known(before) || !kb_known(turn))
    return kb_no_interval;
  return kb_plus(before, turned(e, turn, kb_trips(e, l)));
}

/* The value of an addend: a constant may be unsigned and mean a negative one. */
static kb_interval addend(kb_intervals *e, tree t, basic_block b)
{
  if (TREE_CODE(t) == INTEGER_CST && TYPE_UNSIGNED(TREE_TYPE(t)) && TYPE_PRECISION(TREE_TYPE(t)) == 64)
    return kb_modular(e, t);
  return kb_value_at(e, t, b);
}

/* T - PHI within one turn, PHI being that of the walk. */
static kb_interval delta(kb_intervals *e, tree t, walk *w)
{
  if (t == w->phi)
    return {kb_constant(0), kb_constant(0)};
  if (TREE_CODE(t) != SSA_NAME || kb_outside(e, t) || --e->effort < 0)
    return kb_no_interval;
  gimple *def = SSA_NAME_DEF_STMT(t), *checked;
  if (gphi *p = dyn_cast<gphi *>(def))
    return bb_loop_header_p(gimple_bb(p)) ? delta_of_loop(e, p, w) : kb_join(e, p, delta_arg, w);
  tree_code code;
  tree a, b;
  if (!sum_operands(def, &code, &a, &b, &checked))
    return is_gimple_assign(def) && gimple_assign_rhs_code(def) == SSA_NAME ? delta(e, gimple_assign_rhs1(def), w)
                                                                           : kb_no_interval;
  if (checked || !TYPE_OVERFLOW_UNDEFINED(TREE_TYPE(t)))
    w->chain->safe_push(t);
  if (reaches(e, a, w->phi, 0)) {
    kb_interval x = delta(e, a, w);
    return kb_operate(e, code, x, addend(e, b, gimple_bb(def)));
  }
  if (code == PLUS_EXPR && reaches(e, b, w->phi, 0)) {
    kb_interval x = delta(e, b, w);
    return kb_plus(x, addend(e, a, gimple_bb(def)));
  }
  return kb_no_interval;
}

/* NEXT - T, where T is the result of a header's phi and NEXT what it has in the next turn. */
static kb_interval delta_per_turn(kb_intervals *e, tree t, tree next, vec<tree> *chain)
{
  walk w = {t, chain};
  if (e->stepping.add(t))
    return kb_no_interval;
  kb_interval d = delta(e, next, &w);
  e->stepping.remove(t);
  return d;
}

/* -- Phis of headers --------------------------------------------------------------------------------------------------------- */

/* No loop makes 2^60 turns: four in a nanosecond take nine years. So what counts the turns of a loop of any kind does not overflow. */
static const HOST_WIDE_INT MOST_TURNS = HOST_WIDE_INT_1 << 60;
enum { MOST_STEP = 4 };

struct induction {
  gphi *phi;
  tree t, next;
  class loop *l;
  kb_interval init, d; /* at the loop's entry; per turn */
};

/* What A CODE B, which compares IV's phi or what it gets next, says of the phi in direction DIR. */
static kb_bound bound_by_compare(kb_intervals *e, const induction *iv, gcond *c, tree_code code, tree a, tree b, int dir)
{
  bool strict_ne = code == NE_EXPR && TYPE_OVERFLOW_UNDEFINED(TREE_TYPE(iv->t)) && kb_same(iv->d.lo, iv->d.hi)
                   && kb_is_const(iv->d.lo) && absu_hwi(iv->d.lo.c) == 1;
  kb_interval v = kb_value_at(e, b, gimple_bb(c));
  kb_bound one = kb_constant(1), zero = kb_constant(0), r = kb_no_bound;
  /* It must not begin behind what it is compared with. */
  if (strict_ne && !(dir > 0 ? kb_need_le(e, kb_plus(iv->init.hi, a == iv->next ? one : zero, 1), v.lo)
                             : kb_need_le(e, v.hi, kb_plus(iv->init.lo, a == iv->next ? one : zero, -1))))
    strict_ne = false;
  if (dir > 0 && (code == LT_EXPR || strict_ne))
    r = kb_plus(v.hi, one, -1);
  else if (dir > 0 && code == LE_EXPR)
    r = v.hi;
  else if (dir < 0 && (code == GT_EXPR || strict_ne))
    r = kb_plus(v.lo, one, 1);
  else if (dir < 0 && code == GE_EXPR)
    r = v.lo;
  if (a == iv->t && a != iv->next) /* tested before the increment */
    r = kb_plus(r, dir > 0 ? iv->d.hi : iv->d.lo, 1);
  return r;
}

/* The same where A or B is a sum with IV's phi: i + w < n. */
static kb_bound bound_by_sum(kb_intervals *e, const induction *iv, gcond *c, tree_code code, tree a, tree b, int dir)
{
  kb_interval v;
  if (!kb_solve(e, iv->t, code, a, b, gimple_bb(c), &v))
    return kb_no_bound;
  return dir > 0 ? kb_plus(v.hi, iv->d.hi, 1) : kb_plus(v.lo, iv->d.lo, 1);
}

/* A bound of IV's phi in direction DIR by the condition C: each turn passes the edge IN after it. *R gets it. */
static bool bound_by_test(kb_intervals *e, const induction *iv, gcond *c, edge in, int dir, kb_bound *r)
{
  tree_code code;
  tree a, b;
  kb_state s = kb_save(e);
  if (!kb_comparison(e, c, in->flags & EDGE_TRUE_VALUE, &code, &a, &b)) {
    kb_undo(e, s);
    return false;
  }
  if (b == iv->next || b == iv->t) {
    std::swap(a, b);
    code = swap_tree_comparison(code);
  }
  bool itself = a == iv->next || a == iv->t;
  *r = itself ? bound_by_compare(e, iv, c, code, a, b, dir) : bound_by_sum(e, iv, c, code, a, b, dir);
  *r = dir > 0 ? kb_greatest(e, iv->init.hi, *r) : kb_least(e, iv->init.lo, *r);
  if (kb_known(*r))
    return true;
  kb_undo(e, s);
  return false;
}

/* A bound of IV's phi in direction DIR by some test. */
static bool bound_by_tests(kb_intervals *e, const induction *iv, int dir, kb_bound *r)
{
  class loop *l = iv->l;
  for (basic_block b = l->latch; b && flow_bb_inside_loop_p(l, b); b = get_immediate_dominator(CDI_DOMINATORS, b)) {
    gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(b));
    if (c && b->loop_father == l) {
      edge yes, no;
      extract_true_false_edges_from_block(b, &yes, &no);
      bool yes_in = flow_bb_inside_loop_p(l, yes->dest), no_in = flow_bb_inside_loop_p(l, no->dest);
      edge in = yes_in ? yes : no;
      if (yes_in != no_in && dominated_by_p(CDI_DOMINATORS, l->latch, in->dest) && !leads_to_exit(yes_in ? no : yes)
          && bound_by_test(e, iv, c, in, dir, r))
        return true;
    }
    if (b == l->header)
      break;
  }
  return false;
}

/* The interval of IV's phi, exact additions granted. */
static kb_interval induction_interval(kb_intervals *e, const induction *iv)
{
  bool up = kb_nonneg(e, iv->d.lo), down = kb_nonneg(e, kb_plus(kb_constant(0), iv->d.hi, -1));
  kb_interval r = {up ? iv->init.lo : kb_no_bound, down ? iv->init.hi : kb_no_bound};
  bool unknown = !up && !down && (!kb_is_const(iv->d.lo) || !kb_is_const(iv->d.hi));
  for (int dir = 1; unknown && dir >= -1; dir -= 2) { /* a step of run time: its sign is needed */
    kb_state s = kb_save(e);
    kb_bound sign = dir > 0 ? iv->d.lo : kb_plus(kb_constant(0), iv->d.hi, -1), far;
    if (kb_need_nonneg(e, sign) && bound_by_tests(e, iv, dir, &far))
      return dir > 0 ? kb_interval{iv->init.lo, far} : kb_interval{far, iv->init.hi};
    kb_undo(e, s);
  }
  if (up && !down)
    bound_by_tests(e, iv, 1, &r.hi);
  if (down && !up)
    bound_by_tests(e, iv, -1, &r.lo);
  if (kb_known(r))
    return r;
  kb_bound n = kb_trips(e, iv->l);
  if (!kb_known(n) && kb_is_const(iv->d.lo) && kb_is_const(iv->d.hi) && iv->d.lo.c >= -MOST_STEP && iv->d.hi.c <= MOST_STEP)
    n = kb_constant(MOST_TURNS);
  kb_interval t = kb_plus(iv->init, turned(e, iv->d, n));
  return {kb_known(r.lo) ? r.lo : t.lo, kb_known(r.hi) ? r.hi : t.hi};
}

/* Are the additions of CHAIN exact? One that is being looked at is checked there: where it is not, this is undone. */
static bool all_exact(kb_intervals *e, const vec<tree> &chain)
{
  for (tree t : chain) {
    if (e->active.contains(t))
      continue;
    gimple *def = SSA_NAME_DEF_STMT(t), *checked;
    tree_code code;
    tree a, b;
    kb_value_at(e, t, gimple_bb(def));
    if (!sum_operands(def, &code, &a, &b, &checked) || !kb_is_exact(e, checked ? checked : def))
      return false;
  }
  return true;
}

/* Widens *V by all values that T can be a copy of, from block FROM; PHI itself left out. False: there is one without bounds. */
static bool add_copied(kb_intervals *e, tree t, basic_block from, gphi *phi, hash_set<tree> *seen, kb_interval *v)
{
  if (t == gimple_phi_result(phi) || (TREE_CODE(t) == SSA_NAME && seen->add(t)))
    return true;
  if (seen->elements() > 24)
    return false;
  gimple *def = TREE_CODE(t) == SSA_NAME && !kb_outside(e, t) ? SSA_NAME_DEF_STMT(t) : NULL;
  gphi *p = def ? dyn_cast<gphi *>(def) : NULL;
  bool counts = p && gimple_bb(p) == gimple_bb(phi) /* a counter: known better where it is copied than as a whole */
                && reaches(e, PHI_ARG_DEF_FROM_EDGE(p, loop_latch_edge(gimple_bb(p)->loop_father)), t, 0);
  if (p && !counts) {
    for (unsigned i = 0; i < gimple_phi_num_args(p); i++)
      if (!add_copied(e, gimple_phi_arg_def(p, i), gimple_phi_arg_edge(p, i)->src, phi, seen, v))
        return false;
    return true;
  }
  if (def && is_gimple_assign(def) && (gimple_assign_rhs_code(def) == MIN_EXPR || gimple_assign_rhs_code(def) == MAX_EXPR))
    return add_copied(e, gimple_assign_rhs1(def), gimple_bb(def), phi, seen, v)
           && add_copied(e, gimple_assign_rhs2(def), gimple_bb(def), phi, seen, v);
  *v = kb_union(e, *v, kb_value_at(e, t, from));
  return kb_known(v->lo) || kb_known(v->hi);
}

kb_interval kb_header_phi(kb_intervals *e, gphi *phi)
{
  class loop *l = gimple_bb(phi)->loop_father;
  basic_block from;
  auto_vec<tree> chain;
  induction iv = {phi, gimple_phi_result(phi), PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(l)), l, kb_no_interval, kb_no_interval};
  tree init = kb_entry_arg(e, phi, &from);
  iv.init = kb_value_at(e, init, from);
  bool strip = l != e->nest && kb_is_strip_loop(l);
  if (strip || !reaches(e, iv.next, iv.t, 0))
    return kb_known(iv.init.lo) || kb_known(iv.init.hi) ? kb_union(e, iv.init, kb_value_at(e, iv.next, l->latch)) : kb_no_interval;
  iv.d = delta_per_turn(e, iv.t, iv.next, &chain);
  if (!kb_known(iv.d.lo) && !kb_known(iv.d.hi)) {
    hash_set<tree> seen;
    kb_state s = kb_save(e);
    kb_interval copied = iv.init;
    if (add_copied(e, iv.next, l->latch, phi, &seen, &copied))
      return copied;
    kb_undo(e, s);
    return kb_no_interval;
  }
  kb_interval r = induction_interval(e, &iv);
  if (!kb_known(r.lo) && !kb_known(r.hi))
    return r;
  kb_assume(e, iv.t, r);
  e->active.remove(iv.t);
  bool exact = all_exact(e, chain);
  e->active.add(iv.t);
  return exact ? r : kb_no_interval;
}

/* -- What hangs together --------------------------------------------------------------------------------------------------------- */

struct linear {
  kb_bound sum; /* of names in and outside the nest */
  bool cancelled;
};

static bool linear_plus(linear *l, const kb_bound &b, HOST_WIDE_INT by)
{
  int n = l->sum.n + b.n;
  l->sum = kb_plus(l->sum, b, by);
  l->cancelled |= kb_known(l->sum) && l->sum.n < n;
  return kb_known(l->sum);
}

/* L += BY * T, as far as T's definition is a sum that does not wrap. */
static bool linear_add(kb_intervals *e, linear *l, tree t, HOST_WIDE_INT by, int depth)
{
  if (by > 1 << 20 || by < -(1 << 20) || !kb_int_type(TREE_TYPE(t)))
    return false;
  if (TREE_CODE(t) == INTEGER_CST)
    return tree_fits_shwi_p(t) && absu_hwi(tree_to_shwi(t)) < (HOST_WIDE_INT)1 << 40
           && linear_plus(l, kb_constant(tree_to_shwi(t)), by);
  if (TREE_CODE(t) != SSA_NAME)
    return false;
  gimple *def = SSA_NAME_DEF_STMT(t), *checked;
  tree type = TREE_TYPE(t);
  if (depth > 16 || kb_outside(e, t))
    return linear_plus(l, kb_name_bound(e, t), by);
  gphi *phi = dyn_cast<gphi *>(def);
  if (phi && gimple_phi_num_args(phi) == 1)
    return linear_add(e, l, gimple_phi_arg_def(phi, 0), by, depth + 1);
  if (gcall *strip = kb_strip_call(def))
    return linear_add(e, l, gimple_call_arg(strip, 1), by, depth + 1);
  tree_code code;
  tree a, b;
  if (sum_operands(def, &code, &a, &b, &checked)) {
    gimple *op = checked ? checked : def;
    /* Of one that is being looked at the turns before are right; where it cannot be shown, what follows is undone. */
    if (kb_is_exact(e, op) || e->active.contains(t) || (!checked && TYPE_OVERFLOW_UNDEFINED(type)))
      return linear_add(e, l, a, by, depth + 1) && linear_add(e, l, b, code == PLUS_EXPR ? by : -by, depth + 1);
  } else if (is_gimple_assign(def)) {
    a = gimple_assign_rhs1(def);
    code = gimple_assign_rhs_code(def);
    if (code == SSA_NAME
        || (CONVERT_EXPR_CODE_P(code) && kb_int_type(TREE_TYPE(a)) && !TYPE_UNSIGNED(type)
            && (TYPE_PRECISION(type) > TYPE_PRECISION(TREE_TYPE(a))
                || (TYPE_PRECISION(type) == TYPE_PRECISION(TREE_TYPE(a)) && !TYPE_UNSIGNED(TREE_TYPE(a))))))
      return linear_add(e, l, a, by, depth + 1);
    if (code == MULT_EXPR && TYPE_OVERFLOW_UNDEFINED(type) && TREE_CODE(gimple_assign_rhs2(def)) == INTEGER_CST
        && tree_fits_shwi_p(gimple_assign_rhs2(def)) && absu_hwi(tree_to_shwi(gimple_assign_rhs2(def))) < 4096)
      return linear_add(e, l, a, by * tree_to_shwi(gimple_assign_rhs2(def)), depth + 1);
  }
  return linear_plus(l, kb_name_bound(e, t), by);
}

/* Is the step of PHI, a header's, known to be >= 0 (1), <= 0 (-1); else 0. */
static int direction(kb_intervals *e, gphi *phi)
{
  auto_vec<tree> chain;
  tree t = gimple_phi_result(phi), next = PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(gimple_bb(phi)->loop_father));
  if (!reaches(e, next, t, 0))
    return 0;
  kb_state s = kb_save(e);
  kb_interval d = delta_per_turn(e, t, next, &chain);
  int dir = kb_is_const(d.lo) && d.lo.c >= 0 ? 1 : kb_is_const(d.hi) && d.hi.c <= 0 ? -1 : 0;
  if (dir && all_exact(e, chain))
    return dir;
  kb_undo(e, s);
  return 0;
}

/* A bound of T, an induction variable, at e->at: *B + *PLUS. */
static bool name_bound(kb_intervals *e, tree t, bool upper, tree *b, HOST_WIDE_INT *plus)
{
  gphi *phi = dyn_cast<gphi *>(SSA_NAME_DEF_STMT(t));
  int dir = phi && bb_loop_header_p(gimple_bb(phi)) ? direction(e, phi) : 0;
  *plus = 0;
  if (!dir)
    return false;
  if ((dir > 0) != upper) {
    *b = kb_entry_arg(e, phi, NULL);
    return true;
  }
  for (basic_block at = kb_condition_above(e, e->at); at != e->nest->header;) {
    basic_block p = single_pred(at);
    if (!flow_bb_inside_loop_p(e->nest, p))
      break;
    gcond *c = as_a<gcond *>(kb_last_stmt(p));
    tree x = gimple_cond_lhs(c), y = gimple_cond_rhs(c);
    tree_code code = gimple_cond_code(c);
    if (y == t) {
      std::swap(x, y);
      code = swap_tree_comparison(code);
    }
    if (!(single_pred_edge(at)->flags & EDGE_TRUE_VALUE))
      code = invert_tree_comparison(code, false);
    *b = y;
    *plus = code == LT_EXPR ? -1 : code == GT_EXPR ? 1 : 0;
    if (x == t && (upper ? code == LT_EXPR || code == LE_EXPR : code == GT_EXPR || code == GE_EXPR))
      return true;
    at = kb_condition_above(e, p);
  }
  return false;
}

/* T is a maximum (of which a lower bound is looked for) or a minimum (an upper one): any operand is a bound. The one that has
   more in common with REST. */
static bool operand_bound(kb_intervals *e, tree t, const kb_bound &rest, HOST_WIDE_INT by, bool upper, tree *b)
{
  gimple *def = SSA_NAME_DEF_STMT(t);
  if (!is_gimple_assign(def) || gimple_assign_rhs_code(def) != (upper ? MIN_EXPR : MAX_EXPR))
    return false;
  int least = INT_MAX;
  for (int i = 1; i <= 2; i++) {
    linear l = {rest, false};
    if (linear_add(e, &l, gimple_op(def, i), by, 0) && l.sum.n < least) {
      least = l.sum.n;
      *b = gimple_op(def, i);
    }
  }
  return least < INT_MAX;
}

/* Replaces the innermost name in L that has a bound by it, minima and maxima before the phis that they may be made of. False:
   there is none. *FAILED: the sum got too long. */
static bool eliminate(kb_intervals *e, linear *l, bool upper, bool *failed)
{
  int best = -1;
  unsigned depth = 0;
  tree bound = NULL_TREE;
  HOST_WIDE_INT plus = 0;
  kb_bound rest = kb_no_bound;
  for (int i = 0; i < l->sum.n; i++) {
    kb_term term = l->sum.t[i];
    tree t = e->atoms[term.atom].name, b;
    HOST_WIDE_INT p = 0;
    bool up = upper == (term.by > 0);
    if (kb_outside(e, t))
      continue;
    gimple *def = SSA_NAME_DEF_STMT(t);
    unsigned d = 2 * loop_depth(gimple_bb(def)->loop_father) + (gimple_code(def) != GIMPLE_PHI);
    kb_bound others = kb_plus(l->sum, {1, 0, {{term.atom, 1}}}, -term.by);
    if (d > depth && (name_bound(e, t, up, &b, &p) || operand_bound(e, t, others, term.by, up, &b))) {
      best = i;
      depth = d;
      bound = b;
      plus = p;
      rest = others;
    }
  }
  if (best < 0)
    return false;
  HOST_WIDE_INT by = l->sum.t[best].by;
  l->sum = rest;
  *failed = !linear_plus(l, kb_constant(plus), by) || !linear_add(e, l, bound, by, 0);
  return !*failed;
}

/* A bound of L in terms of names outside; none where nothing cancels. */
static kb_bound linear_bound(kb_intervals *e, linear *l, bool upper)
{
  bool failed = false;
  for (int round = 0; round < 8 && eliminate(e, l, upper, &failed); round++)
    ;
  if (failed || !l->cancelled)
    return kb_no_bound;
  kb_bound r = kb_constant(l->sum.c);
  for (int i = 0; i < l->sum.n && kb_known(r); i++) {
    kb_interval v = kb_value(e, e->atoms[l->sum.t[i].atom].name);
    r = kb_plus(r, upper == (l->sum.t[i].by > 0) ? v.hi : v.lo, l->sum.t[i].by);
  }
  return r;
}

kb_bound kb_difference(kb_intervals *e, tree a, tree b, bool upper)
{
  linear l = {kb_constant(0), false};
  kb_state s = kb_save(e);
  kb_bound r = kb_no_bound;
  if (linear_add(e, &l, a, 1, 0) && linear_add(e, &l, b, -1, 0))
    r = linear_bound(e, &l, upper);
  if (!kb_known(r))
    kb_undo(e, s);
  return r;
}

/* Is T an operand of X, a sum? */
static bool adds(tree x, tree t)
{
  gimple *checked;
  tree_code code;
  tree a, b;
  return TREE_CODE(x) == SSA_NAME && sum_operands(SSA_NAME_DEF_STMT(x), &code, &a, &b, &checked) && (a == t || b == t);
}

bool kb_solve(kb_intervals *e, tree t, tree_code code, tree x, tree y, basic_block b, kb_interval *v)
{
  *v = kb_no_interval;
  linear l = {kb_constant(0), false};
  if (code == NE_EXPR || (!adds(x, t) && !adds(y, t)) || !linear_add(e, &l, x, 1, 0) || !linear_add(e, &l, y, -1, 0))
    return false;
  /* x - y = by * t + rest */
  unsigned atom = kb_name_bound(e, t).t[0].atom;
  HOST_WIDE_INT by = 0;
  for (int i = 0; i < l.sum.n; i++)
    if (l.sum.t[i].atom == atom)
      by = l.sum.t[i].by;
  if (by != 1 && by != -1)
    return false;
  if (by < 0) { /* y - x CODE' 0 */
    l.sum = kb_plus(kb_constant(0), l.sum, -1);
    code = swap_tree_comparison(code);
  }
  l.sum = kb_plus(l.sum, {1, 0, {{atom, 1}}}, -1);
  kb_interval rest = {kb_constant(-l.sum.c), kb_constant(-l.sum.c)}; /* t CODE -rest */
  basic_block old = e->at;
  e->at = b;
  bool added = e->active.add(t);
  for (int i = 0; i < l.sum.n; i++) {
    kb_interval w = kb_value(e, e->atoms[l.sum.t[i].atom].name);
    HOST_WIDE_INT k = -l.sum.t[i].by;
    rest = {kb_plus(rest.lo, k > 0 ? w.lo : w.hi, k), kb_plus(rest.hi, k > 0 ? w.hi : w.lo, k)};
  }
  if (!added)
    e->active.remove(t);
  e->at = old;
  kb_bound one = kb_constant(1);
  if (code == LT_EXPR || code == LE_EXPR || code == EQ_EXPR)
    v->hi = code == LT_EXPR ? kb_plus(rest.hi, one, -1) : rest.hi;
  if (code == GT_EXPR || code == GE_EXPR || code == EQ_EXPR)
    v->lo = code == GT_EXPR ? kb_plus(rest.lo, one, 1) : rest.lo;
  return kb_known(v->lo) || kb_known(v->hi);
}

kb_interval kb_tighten(kb_intervals *e, tree t, const kb_interval &v)
{
  gimple *def = SSA_NAME_DEF_STMT(t), *checked;
  tree_code code;
  tree a, b;
  kb_interval r = v;
  if ((!kb_known(v.lo) && !kb_known(v.hi)) || TYPE_UNSIGNED(TREE_TYPE(t)) || !sum_operands(def, &code, &a, &b, &checked)
      || TREE_CODE(a) != SSA_NAME || TREE_CODE(b) != SSA_NAME)
    return v;
  for (int upper = 0; upper < 2; upper++) {
    linear l = {kb_constant(0), false};
    kb_state s = kb_save(e);
    kb_bound c = linear_add(e, &l, t, 1, 0) ? linear_bound(e, &l, upper) : kb_no_bound;
    if (!kb_known(c))
      kb_undo(e, s);
    else if (upper)
      r.hi = c;
    else
      r.lo = c;
  }
  return r;
}
