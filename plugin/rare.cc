/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rare.cc: loops in which nearly every turn changes nothing: searches, extremes with or without their places.
 *
 *     for i in range(n):              m, k are the loop's state. As long as no x[i] < m, no turn does anything; whether
 *         if x[i] < m:                there is one in the next strip of turns is asked with m as it is, by a loop without
 *             m = x[i]                branches that the vectoriser likes. If there is none, the strip is done. Else the
 *             k = i                   loop itself runs over that strip. So values that are not numbers, zeros of both signs
 *                                     and equal values come out as in the loop itself, for they come out of it.
 *
 * The same for a loop that is left in the middle: while x[i] != y. The turns behind the last one are looked at ahead then,
 * which is right only where their elements are there: elements of views whose bounds were proven of all turns.
 *
 * How strips are made and skipped is skip.cc's job.
 */
#include "rare.h"

#define PASS "search"

enum {
  MOST_CHOICES = 4,   /* branches on the way through the loop */
  MOST_STATEMENTS = 24
};

static bool no(kb_rare *s, const char *why)
{
  s->why = why;
  return false;
}

/* -- The loop ---------------------------------------------------------------------------------------------------- */

static bool is_inside(const kb_rare *s, tree name)
{
  if (TREE_CODE(name) != SSA_NAME)
    return false;
  basic_block b = gimple_bb(SSA_NAME_DEF_STMT(name));
  return b && flow_bb_inside_loop_p(s->loop, b);
}

/* while (iv < bound), iv += 1, or while (iv > bound), iv -= 1; the other phis are the state. */
static bool find_loop(kb_rare *s)
{
  class loop *loop = s->loop;
  edge yes, other;
  s->test = safe_dyn_cast<gcond *>(kb_last_stmt(loop->header));
  if (!s->test)
    return false;
  extract_true_false_edges_from_block(loop->header, &yes, &other);
  tree_code op = gimple_cond_code(s->test);
  if ((op != LT_EXPR && op != GT_EXPR) || !flow_bb_inside_loop_p(loop, yes->dest) || flow_bb_inside_loop_p(loop, other->dest))
    return false;
  s->exit = other;
  s->iv = op == LT_EXPR ? gimple_cond_lhs(s->test) : gimple_cond_rhs(s->test);
  s->bound = op == LT_EXPR ? gimple_cond_rhs(s->test) : gimple_cond_lhs(s->test);
  s->down = !is_inside(s, s->iv);
  if (s->down)
    std::swap(s->iv, s->bound);
  if (TREE_CODE(s->iv) != SSA_NAME || is_inside(s, s->bound) || TYPE_PRECISION(TREE_TYPE(s->iv)) != 64
      || TYPE_UNSIGNED(TREE_TYPE(s->iv)))
    return false;
  bool counts = false;
  for (gphi_iterator i = gsi_start_phis(loop->header); !gsi_end_p(i); gsi_next(&i)) {
    gphi *phi = i.phi();
    tree v = gimple_phi_result(phi), next = PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(loop));
    if (virtual_operand_p(v))
      return false;
    if (v != s->iv) {
      s->states.safe_push(phi);
      continue;
    }
    while (TREE_CODE(next) == SSA_NAME && gimple_code(SSA_NAME_DEF_STMT(next)) == GIMPLE_PHI && next != v) {
      tree same = degenerate_phi_result(as_a<gphi *>(SSA_NAME_DEF_STMT(next)));
      if (!same)
        return false;
      next = same;
    }
    gassign *add = TREE_CODE(next) == SSA_NAME ? dyn_cast<gassign *>(SSA_NAME_DEF_STMT(next)) : NULL;
    counts = add && gimple_assign_rhs_code(add) == PLUS_EXPR && gimple_assign_rhs1(add) == v
             && (s->down ? integer_minus_onep(gimple_assign_rhs2(add)) : integer_onep(gimple_assign_rhs2(add)));
  }
  for (gimple_stmt_iterator i = gsi_start_nondebug_after_labels_bb(loop->header); counts && !gsi_end_p(i); gsi_next_nondebug(&i))
    if (gsi_stmt(i) != s->test) /* so that going on after a strip is the same as going on */
      counts = false;
  return counts;
}

/* Nothing but assignments, and none that stores. */
static bool is_pure(kb_rare *s)
{
  basic_block *body = get_loop_body(s->loop);
  bool pure = true;
  for (unsigned k = 0; k < s->loop->num_nodes && pure; k++)
    for (gimple_stmt_iterator i = gsi_start_bb(body[k]); !gsi_end_p(i) && pure; gsi_next(&i)) {
      gimple *stmt = gsi_stmt(i);
      enum gimple_code code = gimple_code(stmt);
      pure = !gimple_vdef(stmt) && !gimple_has_volatile_ops(stmt)
             && (code == GIMPLE_ASSIGN || code == GIMPLE_COND || code == GIMPLE_LABEL || code == GIMPLE_PREDICT
                 || code == GIMPLE_NOP || is_gimple_debug(stmt));
    }
  free(body);
  return pure;
}

/* -- The common way ---------------------------------------------------------------------------------------------- */

static tree on_edges(const kb_rare *s, const vec<edge> &way, tree name)
{
  for (bool again = true; again && TREE_CODE(name) == SSA_NAME;) {
    again = false;
    gphi *phi = dyn_cast<gphi *>(SSA_NAME_DEF_STMT(name));
    if (!phi || gimple_bb(phi) == s->loop->header || !is_inside(s, name))
      break;
    for (edge e : way)
      if (e->dest == gimple_bb(phi)) {
        name = PHI_ARG_DEF_FROM_EDGE(phi, e);
        again = true;
        break;
      }
  }
  return name;
}

tree kb_rare_on_way(const kb_rare *s, tree name) { return on_edges(s, s->way, name); }

/* The comparison whose result PHI is in the next turn, ok = x[i] > y; or NULL. */
static gassign *comparison_of(const kb_rare *s, gphi *phi)
{
  tree v = kb_rare_on_way(s, PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(s->loop)));
  gassign *a = is_inside(s, v) ? dyn_cast<gassign *>(SSA_NAME_DEF_STMT(v)) : NULL;
  return a && TREE_CODE(TREE_TYPE(v)) == BOOLEAN_TYPE && TREE_CODE_CLASS(gimple_assign_rhs_code(a)) == tcc_comparison ? a : NULL;
}

static bool changes_nothing(const kb_rare *s)
{
  for (gphi *phi : s->states)
    if (kb_rare_on_way(s, PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(s->loop))) != gimple_phi_result(phi) && !comparison_of(s, phi))
      return false;
  return true;
}

/* Depth first from block B: a way to the header on which the state stays as it is. */
static bool find_way(kb_rare *s, basic_block b, unsigned choices)
{
  if (s->way.length() > 16 || choices > MOST_CHOICES)
    return false;
  edge e;
  edge_iterator i;
  FOR_EACH_EDGE (e, i, b->succs) {
    if (!flow_bb_inside_loop_p(s->loop, e->dest) || (e->flags & EDGE_COMPLEX))
      continue;
    s->way.safe_push(e);
    if (e->dest == s->loop->header ? changes_nothing(s) : find_way(s, e->dest, choices + !single_succ_p(e->dest)))
      return true;
    s->way.pop();
  }
  return false;
}

static bool find_choices(kb_rare *s)
{
  for (edge e : s->way) {
    if (e->src == s->loop->header || single_succ_p(e->src))
      continue;
    gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(e->src));
    if (!c)
      return false;
    edge yes, other;
    extract_true_false_edges_from_block(e->src, &yes, &other);
    bool leaves = !flow_bb_inside_loop_p(s->loop, e == yes ? other->dest : yes->dest);
    s->choices.safe_push({c, gimple_cond_code(c), gimple_cond_lhs(c), gimple_cond_rhs(c), NULL, e == yes, leaves, false, false});
  }
  for (gphi *phi : s->states)
    if (gassign *c = comparison_of(s, phi))
      s->choices.safe_push({c, gimple_assign_rhs_code(c), gimple_assign_rhs1(c), gimple_assign_rhs2(c), phi, false, false, false, false});
  return !s->choices.is_empty();
}

/* The other way of choice C, up to the back edge; false: it leaves the loop, or it branches again. */
static bool find_other_way(const kb_rare *s, const kb_rare_choice &c, vec<edge> *other)
{
  for (edge e : s->way) {
    if (e->src != gimple_bb(c.stmt)) {
      other->safe_push(e);
      continue;
    }
    e = EDGE_SUCC(e->src, EDGE_SUCC(e->src, 0) == e);
    for (; flow_bb_inside_loop_p(s->loop, e->dest); e = single_succ_edge(e->dest)) {
      other->safe_push(e);
      if (e->dest == s->loop->header)
        return true;
      if (!single_succ_p(e->dest))
        return false;
    }
    return false;
  }
  return false;
}

/* Does the other way of choice number K do nothing but set parts of the state to values from outside? Then a turn that goes
   there, too, does nothing when they are set already: found = True. */
static bool find_sets(kb_rare *s, unsigned k)
{
  auto_vec<edge> other;
  if (!find_other_way(s, s->choices[k], &other))
    return false;
  for (gphi *phi : s->states) {
    tree v = on_edges(s, other, PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(s->loop))), old = gimple_phi_result(phi);
    if (v == old)
      continue;
    if (is_inside(s, v) || !INTEGRAL_TYPE_P(TREE_TYPE(v)))
      return false;
    s->sets.safe_push({k, phi, v});
  }
  s->choices[k].sets = true;
  return true;
}

/* m = max(m, x[i]) where zeros' signs and NaN do not matter: the vectoriser has a reduction for it, which is faster. */
static bool is_plain_extreme(const kb_rare *s)
{
  if (!kb_marked(s->loop, KB_NNAN | KB_NSZ) || s->choices.length() != 1 || s->states.length() != 1)
    return false;
  tree m = gimple_phi_result(s->states[0]), a = s->choices[0].a, b = s->choices[0].b;
  auto_vec<edge> other;
  if (!SCALAR_FLOAT_TYPE_P(TREE_TYPE(m)) || (a != m && b != m) || !find_other_way(s, s->choices[0], &other))
    return false;
  tree v = on_edges(s, other, PHI_ARG_DEF_FROM_EDGE(s->states[0], loop_latch_edge(s->loop)));
  return v == (a == m ? b : a);
}

/* -- What is asked ------------------------------------------------------------------------------------------------- */

/* What a value depends on in a strip in which the state stays as it is. */
static const unsigned TURN = 1, STATE = 2, DATA = 4, UNKNOWN = 8;

static unsigned unknown(kb_rare *s, const char *why)
{
  s->why = why;
  return UNKNOWN;
}

/* Is STMT executed in each turn, whatever the turn finds? */
static bool is_always(const kb_rare *s, gimple *stmt)
{
  return dominated_by_p(CDI_DOMINATORS, gimple_bb(s->choices[0].stmt), gimple_bb(stmt));
}

/* Collects what NAME is computed from, loads' addresses included, in order. */
static unsigned collect(kb_rare *s, tree name, hash_map<gimple *, unsigned> *seen)
{
  if (TREE_CODE(name) != SSA_NAME)
    return is_gimple_min_invariant(name) ? 0u : UNKNOWN;
  name = kb_rare_on_way(s, name);
  if (!is_inside(s, name))
    return 0;
  gimple *def = SSA_NAME_DEF_STMT(name);
  if (name == s->iv)
    return TURN;
  if (gimple_code(def) == GIMPLE_PHI)
    return gimple_bb(def) == s->loop->header ? STATE : UNKNOWN;
  if (const unsigned *known = seen->get(def))
    return *known;
  gassign *a = dyn_cast<gassign *>(def);
  if (!a || (gimple_could_trap_p(a) && !gimple_vuse(a)))
    return unknown(s, "a condition is no plain arithmetic");
  bool on = false;
  for (edge e : s->way)
    on |= e->src == gimple_bb(a);
  if (!on)
    return UNKNOWN;
  unsigned on_what = 0;
  ssa_op_iter i;
  use_operand_p use;
  FOR_EACH_SSA_USE_OPERAND (use, a, i, SSA_OP_USE)
    if (on_what < UNKNOWN)
      on_what |= collect(s, USE_FROM_PTR(use), seen);
  if (on_what >= UNKNOWN)
    return on_what;
  if (gimple_vuse(a)) {
    /* An element at a place that the state says, x[best], is loaded in the strip's first turn, or it may not be there. */
    if ((on_what & DATA) || on_what == (TURN | STATE) || (on_what == STATE && !is_always(s, a)))
      return unknown(s, "an element's place is not known ahead");
    if ((on_what & TURN) || !is_always(s, a))
      on_what = DATA;
  }
  seen->put(def, on_what);
  (on_what & (TURN | DATA) ? s->slice : s->fixed).safe_push(def);
  return s->slice.length() + s->fixed.length() <= MOST_STATEMENTS ? on_what : UNKNOWN;
}

/* All loads read the next element in the next turn; and they are there, if the loop would not have come to them. */
static bool check_loads(kb_rare *s, bool ahead)
{
  const kb_hint *hint = kb_hint_of(s->loop);
  for (gimple *stmt : s->slice) {
    if (!gimple_vuse(stmt))
      continue;
    tree ref = gimple_assign_rhs1(stmt);
    innermost_loop_behavior at;
    memset(&at, 0, sizeof at);
    if (!is_gimple_reg_type(TREE_TYPE(ref)) || !dr_analyze_innermost(&at, ref, s->loop, stmt))
      return no(s, "an element's place is not known ahead");
    tree size = fold_convert(ssizetype, TYPE_SIZE_UNIT(TREE_TYPE(ref)));
    if (!integer_zerop(at.step) && !tree_int_cst_equal(at.step, size)
        && !tree_int_cst_equal(at.step, fold_build1(NEGATE_EXPR, ssizetype, size)))
      return no(s, "its elements do not lie side by side");
    bool early = ahead || !is_always(s, stmt);
    if (early && ((hint && hint->unchecked) || !kb_points_into_view(at.base_address, 0)))
      return no(s, "it is not known whether the elements behind its end are there");
  }
  return true;
}

/* Can the target compare so in vectors? */
static bool is_compared(tree type, tree_code op)
{
  if (!SCALAR_FLOAT_TYPE_P(type) && !INTEGRAL_TYPE_P(type))
    return false;
  machine_mode mode = targetm.vectorize.preferred_simd_mode(SCALAR_TYPE_MODE(type));
  if (!VECTOR_MODE_P(mode))
    return false;
  tree vector = build_vector_type_for_mode(type, mode);
  return expand_vec_cmp_expr_p(vector, truth_type_for(vector), op);
}

static bool find_conditions(kb_rare *s)
{
  hash_map<gimple *, unsigned> seen;
  bool ahead = false;
  unsigned bits = 0;
  for (unsigned k = 0; k < s->choices.length(); k++) {
    kb_rare_choice &c = s->choices[k];
    unsigned on_what = collect(s, c.a, &seen);
    on_what |= collect(s, c.b, &seen);
    if (on_what >= UNKNOWN || !on_what)
      return false;
    if (on_what & TURN)
      return no(s, "a condition depends on the turn itself");
    ahead |= c.leaves;
    c.by_state = on_what == STATE && !c.becomes;
    if (c.by_state)
      continue;
    if (!(on_what & STATE) && !c.leaves && !c.becomes && !find_sets(s, k))
      return no(s, "a branch may be taken often");
    if (!(on_what & DATA))
      return false;
    if (!is_compared(TREE_TYPE(c.a), c.op))
      return no(s, "the target cannot compare so in vectors");
    bits = MAX(bits, TYPE_PRECISION(TREE_TYPE(c.a)));
  }
  if (!bits)
    return false;
  for (gimple *stmt : s->slice)
    if ((*seen.get(stmt) & DATA) && TYPE_PRECISION(TREE_TYPE(gimple_assign_lhs(stmt))) > bits)
      return no(s, "wider values than those compared are computed");
  s->flag = build_nonstandard_integer_type(bits, 1);
  return bits <= 64 && check_loads(s, ahead);
}

static bool find(kb_rare *s)
{
  const kb_hint *hint = kb_hint_of(s->loop);
  if (s->loop->inner || kb_marked(s->loop, KB_SLOW) || s->loop->dont_vectorize || (hint && hint->no_vector)
      || !flag_tree_loop_vectorize || optimize_loop_for_size_p(s->loop) || s->loop->num_nodes > 16)
    return false;
  if (!find_loop(s) || !is_pure(s))
    return false;
  edge yes, other;
  extract_true_false_edges_from_block(s->loop->header, &yes, &other);
  s->way.safe_push(yes);
  if (!find_way(s, yes->dest, !single_succ_p(yes->dest)) || !find_choices(s))
    return false;
  auto_vec<kb_guard> guards;
  kb_find_guards(s->fn, &guards);
  for (const kb_guard &g : guards)
    if (g.leave && flow_bb_inside_loop_p(s->loop, g.leave->src))
      return no(s, "guards are left in it");
  if (is_plain_extreme(s))
    return no(s, "the vectoriser may take the extreme as it likes");
  return find_conditions(s);
}

bool kb_search_loop(function *fn, class loop *loop)
{
  kb_rare s = {};
  s.fn = fn, s.loop = loop;
  if (!find(&s)) {
    if (s.why)
      kb_decide(kb_loop_location(loop), KB_NOT, PASS, "%s", s.why);
    return false;
  }
  kb_decide(kb_loop_location(loop), KB_DONE, PASS, "strips in which no turn does anything are found by vectors and skipped");
  kb_rare_skip(&s);
  release_recorded_exits(fn);
  record_loop_exits();
  update_ssa(TODO_update_ssa);
  free_numbers_of_iterations_estimates(fn);
  scev_reset();
  if (kb_opt.check)
    kb_verify_function(fn);
  return true;
}
