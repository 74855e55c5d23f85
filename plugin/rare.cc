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
 *     SH: i, state; e = end of the strip; enough turns, no debt? --no--> PH
 *     S2, CB: bad = any of [i, e) leaves the common way
 *     CE: bad? --no--> LT, i = e
 *     PH, the loop itself: to e
 *     LT: i < bound? --> SH
 *
 * Where strips turn out bad again and again (a maximum in ascending data), more and more strips are not asked about: the debt.
 */
#include "pass.h"

#define PASS "search"

enum {
  FIRST_TURNS = 64,   /* of the first strip; each one has twice as many */
  MOST_TURNS = 1024,
  LEAST_TURNS = 32,   /* worth asking */
  MOST_STREAK = 31,   /* bad strips in a row make it 1, 3, 7 ...; half of it is the debt in strips */
  MOST_CHOICES = 4,   /* branches on the way through the loop */
  MOST_STATEMENTS = 24
};

/* A branch on the common way: where it leaves that. */
struct choice {
  gcond *cond;
  bool common_if;     /* the common way is taken if the condition is true */
  bool leaves;        /* the other way is out of the loop */
};

struct search {
  function *fn;
  class loop *loop;
  gcond *test;        /* in the header: iv < bound */
  edge exit;          /* of the test */
  tree iv, bound;
  auto_vec<gphi *> states;
  auto_vec<edge> way; /* from the header to the latch, the back edge included */
  auto_vec<choice> choices;
  auto_vec<gimple *> slice; /* what the choices are computed from, in order */
  tree flag;          /* unsigned, as wide as what is compared */
  const char *why;
};

static bool no(search *s, const char *why)
{
  s->why = why;
  return false;
}

/* -- The loop ---------------------------------------------------------------------------------------------------- */

static bool is_inside(const search *s, tree name)
{
  if (TREE_CODE(name) != SSA_NAME)
    return false;
  basic_block b = gimple_bb(SSA_NAME_DEF_STMT(name));
  return b && flow_bb_inside_loop_p(s->loop, b);
}

/* while (iv < bound), iv += 1; the other phis are the state. */
static bool find_loop(search *s)
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
    gassign *add = TREE_CODE(next) == SSA_NAME ? dyn_cast<gassign *>(SSA_NAME_DEF_STMT(next)) : NULL;
    counts = add && gimple_assign_rhs_code(add) == PLUS_EXPR && gimple_assign_rhs1(add) == v && integer_onep(gimple_assign_rhs2(add));
  }
  for (gimple_stmt_iterator i = gsi_start_nondebug_after_labels_bb(loop->header); counts && !gsi_end_p(i); gsi_next_nondebug(&i))
    if (gsi_stmt(i) != s->test) /* so that going on after a strip is the same as going on */
      counts = false;
  return counts;
}

/* Nothing but assignments, and none that stores. */
static bool is_pure(search *s)
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

/* What NAME is at the end of the way: phis in the middle are what the way brings. */
static tree on_way(const search *s, tree name)
{
  for (bool again = true; again && TREE_CODE(name) == SSA_NAME;) {
    again = false;
    gphi *phi = dyn_cast<gphi *>(SSA_NAME_DEF_STMT(name));
    if (!phi || gimple_bb(phi) == s->loop->header || !is_inside(s, name))
      break;
    for (edge e : s->way)
      if (e->dest == gimple_bb(phi)) {
        name = PHI_ARG_DEF_FROM_EDGE(phi, e);
        again = true;
        break;
      }
  }
  return name;
}

static bool changes_nothing(const search *s)
{
  for (gphi *phi : s->states)
    if (on_way(s, PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(s->loop))) != gimple_phi_result(phi))
      return false;
  return true;
}

/* Depth first from block B: a way to the header on which the state stays as it is. */
static bool find_way(search *s, basic_block b, unsigned choices)
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

static bool find_choices(search *s)
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
    s->choices.safe_push({c, e == yes, leaves});
  }
  return !s->choices.is_empty();
}

/* -- What is asked ------------------------------------------------------------------------------------------------- */

struct needs {
  bool state, data;
};

/* Collects what NAME is computed from, loads' addresses included, in order. */
static bool collect(search *s, tree name, hash_set<gimple *> *seen, needs *n, bool address)
{
  if (TREE_CODE(name) != SSA_NAME)
    return is_gimple_min_invariant(name);
  name = on_way(s, name);
  if (!is_inside(s, name))
    return true;
  gimple *def = SSA_NAME_DEF_STMT(name);
  if (name == s->iv)
    return address || no(s, "a condition depends on the turn itself");
  if (gimple_code(def) == GIMPLE_PHI) {
    n->state = true;
    return gimple_bb(def) == s->loop->header && !address;
  }
  gassign *a = dyn_cast<gassign *>(def);
  if (!a || (gimple_could_trap_p(a) && !gimple_vuse(a)))
    return no(s, "a condition is no plain arithmetic");
  bool on = false;
  for (edge e : s->way)
    on |= e->src == gimple_bb(a);
  if (!on)
    return false;
  if (seen->contains(def)) {
    n->data |= gimple_vuse(a) != NULL_TREE;
    return true;
  }
  if (gimple_vuse(a)) {
    n->data = true;
    address = true;
  }
  ssa_op_iter i;
  use_operand_p use;
  FOR_EACH_SSA_USE_OPERAND (use, a, i, SSA_OP_USE)
    if (!collect(s, USE_FROM_PTR(use), seen, n, address))
      return false;
  seen->add(def);
  s->slice.safe_push(def);
  return s->slice.length() <= MOST_STATEMENTS;
}

/* All loads read the next element in the next turn; and they are there, if the loop would not have come to them. */
static bool check_loads(search *s, bool ahead)
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
    if (!integer_zerop(at.step) && !tree_int_cst_equal(at.step, TYPE_SIZE_UNIT(TREE_TYPE(ref))))
      return no(s, "its elements do not lie side by side");
    bool early = ahead || !dominated_by_p(CDI_DOMINATORS, gimple_bb(s->choices[0].cond), gimple_bb(stmt));
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

static bool find_conditions(search *s)
{
  hash_set<gimple *> seen;
  bool ahead = false;
  unsigned bits = 0;
  for (const choice &c : s->choices) {
    needs n = {false, false};
    tree a = gimple_cond_lhs(c.cond), b = gimple_cond_rhs(c.cond);
    if (!collect(s, a, &seen, &n, false) || !collect(s, b, &seen, &n, false) || !n.data)
      return false;
    if (!n.state && !c.leaves)
      return no(s, "a branch may be taken often");
    if (!is_compared(TREE_TYPE(a), gimple_cond_code(c.cond)))
      return no(s, "the target cannot compare so in vectors");
    ahead |= c.leaves;
    bits = MAX(bits, TYPE_PRECISION(TREE_TYPE(a)));
  }
  for (gimple *stmt : s->slice) {
    tree type = TREE_TYPE(gimple_assign_lhs(stmt));
    bool index = !gimple_vuse(stmt) && (POINTER_TYPE_P(type) || type == TREE_TYPE(s->iv) || type == sizetype
                                        || type == long_unsigned_type_node);
    if (!index && TYPE_PRECISION(type) > bits)
      return no(s, "wider values than those compared are computed");
  }
  s->flag = build_nonstandard_integer_type(bits, 1);
  return bits <= 64 && check_loads(s, ahead);
}

static bool find(search *s)
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
  return find_conditions(s);
}

/* -- The change ---------------------------------------------------------------------------------------------------- */

struct blocks {
  basic_block sh, s2, cb, ce, ph, lt;
};

static basic_block new_block(basic_block after, class loop *loop, profile_count count)
{
  basic_block b = create_empty_bb(after);
  b->count = count;
  add_bb_to_loop(b, loop);
  return b;
}

/* if A OP B goto YES else OTHER at the end of B; edges that are there already are used. */
static void branch(basic_block from, tree_code op, tree a, tree b, basic_block yes, basic_block other, profile_probability p)
{
  gimple_stmt_iterator i = gsi_last_bb(from);
  gsi_insert_after(&i, gimple_build_cond(op, a, b, NULL_TREE, NULL_TREE), GSI_NEW_STMT);
  edge e = find_edge(from, yes), f = find_edge(from, other);
  if (!e)
    e = make_edge(from, yes, 0);
  if (!f)
    f = make_edge(from, other, 0);
  e->flags = (e->flags & ~(EDGE_FALLTHRU | EDGE_FALSE_VALUE)) | EDGE_TRUE_VALUE;
  f->flags = (f->flags & ~(EDGE_FALLTHRU | EDGE_TRUE_VALUE)) | EDGE_FALSE_VALUE;
  e->probability = p;
  f->probability = p.invert();
}

static void append(basic_block b, gimple_seq seq)
{
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_seq_after(&i, seq, GSI_NEW_STMT);
}

static void set_arg(gphi *phi, tree arg, edge e) { add_phi_arg(phi, arg, e, UNKNOWN_LOCATION); }

/* The loop that asks, in block CB: its flag's last value. */
static tree emit_asking(search *s, const blocks *b, tree from, tree end, const vec<gphi *> &state, edge entry)
{
  hash_map<tree, tree> map;
  tree type = TREE_TYPE(s->iv);
  gphi *j = create_phi_node(make_ssa_name(type), b->cb), *bad = create_phi_node(make_ssa_name(s->flag), b->cb);
  map.put(s->iv, gimple_phi_result(j));
  for (unsigned k = 0; k < s->states.length(); k++)
    map.put(gimple_phi_result(s->states[k]), gimple_phi_result(state[k]));
  gimple_seq seq = NULL;
  for (gimple *stmt : s->slice) {
    gimple *copy = gimple_copy(stmt);
    tree lhs = gimple_assign_lhs(stmt), name = make_ssa_name(TREE_TYPE(lhs));
    gimple_assign_set_lhs(copy, name);
    gimple_stmt_iterator at = gsi_last_bb(b->cb);
    gsi_insert_after(&at, copy, GSI_NEW_STMT); /* which finds its operands */
    ssa_op_iter i;
    use_operand_p use;
    FOR_EACH_SSA_USE_OPERAND (use, copy, i, SSA_OP_USE) {
      tree *to = map.get(on_way(s, USE_FROM_PTR(use)));
      SET_USE(use, to ? *to : on_way(s, USE_FROM_PTR(use)));
    }
    update_stmt(copy);
    map.put(lhs, name);
  }
  tree flag = gimple_phi_result(bad);
  for (const choice &c : s->choices) {
    tree x[2] = {gimple_cond_lhs(c.cond), gimple_cond_rhs(c.cond)};
    for (tree &t : x)
      if (TREE_CODE(t) == SSA_NAME) {
        tree *to = map.get(on_way(s, t));
        t = to ? *to : on_way(s, t);
      }
    tree is = make_ssa_name(boolean_type_node);
    gimple_seq_add_stmt(&seq, gimple_build_assign(is, gimple_cond_code(c.cond), x[0], x[1]));
    if (c.common_if) {
      tree is_not = make_ssa_name(boolean_type_node);
      gimple_seq_add_stmt(&seq, gimple_build_assign(is_not, BIT_XOR_EXPR, is, boolean_true_node));
      is = is_not;
    }
    tree wide = make_ssa_name(s->flag), or_ = make_ssa_name(s->flag);
    gimple_seq_add_stmt(&seq, gimple_build_assign(wide, NOP_EXPR, is));
    gimple_seq_add_stmt(&seq, gimple_build_assign(or_, BIT_IOR_EXPR, flag, wide));
    flag = or_;
  }
  tree next = make_ssa_name(type);
  gimple_seq_add_stmt(&seq, gimple_build_assign(next, PLUS_EXPR, gimple_phi_result(j), build_one_cst(type)));
  append(b->cb, seq);
  branch(b->cb, LT_EXPR, next, end, b->cb, b->ce, profile_probability::very_likely());
  edge back = find_edge(b->cb, b->cb);
  set_arg(j, from, entry);
  set_arg(j, next, back);
  set_arg(bad, build_zero_cst(s->flag), entry);
  set_arg(bad, flag, back);
  return flag;
}

static gphi *new_phi(basic_block b, tree type) { return create_phi_node(make_ssa_name(type), b); }

static void new_loop(const search *s, basic_block header, basic_block latch, class loop *outer)
{
  class loop *l = alloc_loop();
  l->header = header;
  l->latch = latch;
  add_loop(l, outer);
  l->constraints |= s->loop->constraints & (KB_FAST | KB_UNPOLLED | KB_SHARED);
}

static void cut(search *s)
{
  class loop *loop = s->loop, *outer = loop_outer(loop);
  tree type = TREE_TYPE(s->iv), u = unsigned_type_for(type), turns = unsigned_type_node;
  edge in = loop_preheader_edge(loop);
  auto_vec<tree> init;
  gphi *iv_phi = as_a<gphi *>(SSA_NAME_DEF_STMT(s->iv));
  tree start = PHI_ARG_DEF_FROM_EDGE(iv_phi, in);
  for (gphi *phi : s->states)
    init.safe_push(PHI_ARG_DEF_FROM_EDGE(phi, in));
  blocks b;
  b.sh = split_edge(in);
  b.ph = split_edge(single_succ_edge(b.sh));
  b.lt = split_edge(s->exit);
  b.s2 = new_block(b.sh, outer, b.sh->count);
  b.cb = new_block(b.s2, outer, loop->header->count);
  b.ce = new_block(b.cb, outer, b.sh->count);
  edge entry = make_edge(b.s2, b.cb, EDGE_FALLTHRU);
  entry->probability = profile_probability::always();

  /* SH */
  gphi *iv = new_phi(b.sh, type), *debt = new_phi(b.sh, turns), *streak = new_phi(b.sh, turns), *size = new_phi(b.sh, turns);
  auto_vec<gphi *> state;
  for (gphi *phi : s->states)
    state.safe_push(new_phi(b.sh, TREE_TYPE(gimple_phi_result(phi))));
  gimple_seq seq = NULL;
  tree from = gimple_phi_result(iv), w = gimple_convert(&seq, u, gimple_phi_result(size));
  tree some = gimple_build(&seq, LT_EXPR, boolean_type_node, from, s->bound);
  tree left = gimple_build(&seq, MINUS_EXPR, u, gimple_convert(&seq, u, s->bound), gimple_convert(&seq, u, from));
  tree all = gimple_build(&seq, LE_EXPR, boolean_type_node, left, w);
  tree none = gimple_build(&seq, BIT_XOR_EXPR, boolean_type_node, some, boolean_true_node);
  all = gimple_build(&seq, BIT_IOR_EXPR, boolean_type_node, all, none);
  tree until = gimple_convert(&seq, type, gimple_build(&seq, PLUS_EXPR, u, gimple_convert(&seq, u, from), w));
  tree end = make_ssa_name(type);
  gimple_seq_add_stmt(&seq, gimple_build_assign(end, COND_EXPR, all, s->bound, until));
  tree ask = gimple_build(&seq, GE_EXPR, boolean_type_node, left, build_int_cst(u, LEAST_TURNS));
  ask = gimple_build(&seq, BIT_AND_EXPR, boolean_type_node, ask, some);
  tree paid = gimple_build(&seq, EQ_EXPR, boolean_type_node, gimple_phi_result(debt), build_zero_cst(turns));
  ask = gimple_build(&seq, BIT_AND_EXPR, boolean_type_node, ask, paid);
  tree less = gimple_build(&seq, MINUS_EXPR, turns, gimple_phi_result(debt), gimple_convert(&seq, turns,
                           gimple_build(&seq, NE_EXPR, boolean_type_node, gimple_phi_result(debt), build_zero_cst(turns))));
  append(b.sh, seq);
  branch(b.sh, NE_EXPR, ask, boolean_false_node, b.s2, b.ph, profile_probability::likely());

  /* CB, CE */
  tree bad = emit_asking(s, &b, from, end, state, entry);
  seq = NULL;
  tree twice = gimple_build(&seq, MULT_EXPR, turns, gimple_phi_result(streak), build_int_cst(turns, 2));
  tree more = gimple_build(&seq, PLUS_EXPR, turns, twice, build_one_cst(turns));
  more = gimple_build(&seq, MIN_EXPR, turns, more, build_int_cst(turns, MOST_STREAK));
  tree owed = gimple_build(&seq, RSHIFT_EXPR, turns, more, build_one_cst(turns));
  append(b.ce, seq);
  branch(b.ce, NE_EXPR, bad, build_zero_cst(s->flag), b.ph, b.lt, profile_probability::unlikely());

  /* PH, the loop */
  gphi *debt_p = new_phi(b.ph, turns), *streak_p = new_phi(b.ph, turns);
  edge skip = find_edge(b.sh, b.ph), dirty = find_edge(b.ce, b.ph), to_loop = single_succ_edge(b.ph);
  set_arg(debt_p, less, skip);
  set_arg(debt_p, owed, dirty);
  set_arg(streak_p, gimple_phi_result(streak), skip);
  set_arg(streak_p, more, dirty);
  SET_PHI_ARG_DEF(iv_phi, to_loop->dest_idx, from);
  for (unsigned k = 0; k < state.length(); k++)
    SET_PHI_ARG_DEF(s->states[k], to_loop->dest_idx, gimple_phi_result(state[k]));
  gimple_cond_set_code(s->test, LT_EXPR);
  gimple_cond_set_lhs(s->test, s->iv);
  gimple_cond_set_rhs(s->test, end);
  update_stmt(s->test);

  /* LT */
  edge done = find_edge(loop->header, b.lt), clean = find_edge(b.ce, b.lt), first = single_pred_edge(b.sh);
  basic_block after = single_succ(b.lt);
  seq = NULL;
  tree wider = gimple_build(&seq, MULT_EXPR, turns, gimple_phi_result(size), build_int_cst(turns, 2));
  wider = gimple_build(&seq, MIN_EXPR, turns, wider, build_int_cst(turns, MOST_TURNS));
  append(b.lt, seq);
  gphi *iv_n = create_phi_node(NULL_TREE, b.lt);
  create_new_def_for(s->iv, iv_n, gimple_phi_result_ptr(iv_n));
  set_arg(iv_n, s->iv, done);
  set_arg(iv_n, end, clean);
  gphi *debt_n = new_phi(b.lt, turns), *streak_n = new_phi(b.lt, turns);
  set_arg(debt_n, gimple_phi_result(debt_p), done);
  set_arg(debt_n, build_zero_cst(turns), clean);
  set_arg(streak_n, gimple_phi_result(streak_p), done);
  set_arg(streak_n, build_zero_cst(turns), clean);
  branch(b.lt, LT_EXPR, gimple_phi_result(iv_n), s->bound, b.sh, after, profile_probability::likely());
  edge back = find_edge(b.lt, b.sh);
  set_arg(iv, start, first);
  set_arg(iv, gimple_phi_result(iv_n), back);
  set_arg(debt, build_zero_cst(turns), first);
  set_arg(debt, gimple_phi_result(debt_n), back);
  set_arg(streak, build_zero_cst(turns), first);
  set_arg(streak, gimple_phi_result(streak_n), back);
  set_arg(size, build_int_cst(turns, FIRST_TURNS), first);
  set_arg(size, wider, back);
  for (unsigned k = 0; k < state.length(); k++) {
    gphi *n = create_phi_node(NULL_TREE, b.lt);
    create_new_def_for(gimple_phi_result(s->states[k]), n, gimple_phi_result_ptr(n));
    set_arg(n, gimple_phi_result(s->states[k]), done);
    set_arg(n, gimple_phi_result(state[k]), clean);
    set_arg(state[k], init[k], first);
    set_arg(state[k], gimple_phi_result(n), back);
  }

  basic_block latch = split_edge(back), asking = split_edge(find_edge(b.cb, b.cb));
  free_dominance_info(CDI_DOMINATORS); /* by which a loop's blocks are found */
  calculate_dominance_info(CDI_DOMINATORS);
  new_loop(s, b.sh, latch, outer);
  new_loop(s, b.cb, asking, b.sh->loop_father);
  loop->dont_vectorize = true;
  kb_mark_loop(loop, KB_SLOW);
}

bool kb_search_loop(function *fn, class loop *loop)
{
  search s = {};
  s.fn = fn, s.loop = loop;
  if (!find(&s)) {
    if (s.why)
      kb_decide(kb_loop_location(loop), KB_NOT, PASS, "%s", s.why);
    return false;
  }
  kb_decide(kb_loop_location(loop), KB_DONE, PASS, "strips in which no turn does anything are found by vectors and skipped");
  cut(&s);
  release_recorded_exits(fn);
  record_loop_exits();
  update_ssa(TODO_update_ssa);
  free_numbers_of_iterations_estimates(fn);
  scev_reset();
  if (kb_opt.check)
    kb_verify_function(fn);
  return true;
}
