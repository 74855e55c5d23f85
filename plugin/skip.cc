/* SPDX-License-Identifier: GPL-3.0-or-later */
/* skip.cc: cuts a loop that rare.cc found into strips, and skips those in which no turn does anything.
 *
 *     SH: i, state; e = end of the strip; enough turns, no debt? --no--> PH
 *     S2, CB: bad = any of [i, e) leaves the common way
 *     CE: bad? --no--> LT, i = e
 *     CX: a long strip? --yes--> LT, with i as it is and the shortest size
 *     PH, the loop itself: to e
 *     LT: i < bound? --> SH
 *
 * Where strips turn out bad again and again (a maximum in ascending data), more and more strips are not asked about: the debt.
 */
#include "rare.h"

enum {
  FIRST_TURNS = 64,   /* of the first strip, and of one behind a bad one; each good one makes it twice as many */
  MOST_TURNS = 1024,
  LEAST_TURNS = 32,   /* worth asking */
  MOST_STREAK = 31    /* bad strips in a row make it 1, 3, 7 ...; half of it is the debt in strips */
};

/* The blocks above, and what they compute. */
struct strips {
  kb_rare *s;
  basic_block sh, s2, cb, ce, cx, ph, lt;
  tree start;               /* of the loop's variable */
  auto_vec<tree> init;      /* of the state */
  gphi *iv, *debt, *streak, *size; /* in SH */
  auto_vec<gphi *> state;
  tree from, end, less;     /* the strip; the debt that is left */
  tree more, owed;          /* streak and debt behind a bad strip */
  gphi *debt_p, *streak_p, *size_p; /* in PH */
};

static tree turns(void) { return unsigned_type_node; }
static tree number(unsigned n) { return build_int_cst(turns(), n); }

/* iv OP bound: turns are left. */
static tree_code left_code(const kb_rare *s) { return s->down ? GT_EXPR : LT_EXPR; }

/* The turns from A to B, which is not before it. */
static tree distance(gimple_seq *seq, const kb_rare *s, tree a, tree b)
{
  tree u = unsigned_type_for(TREE_TYPE(s->iv));
  if (s->down)
    std::swap(a, b);
  b = gimple_convert(seq, u, b);
  return gimple_build(seq, MINUS_EXPR, u, b, gimple_convert(seq, u, a));
}

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

/* -- The question -------------------------------------------------------------------------------------------------- */

typedef hash_map<tree, tree> names;

/* What NAME, of the common way, is in the question. */
static tree mapped(const kb_rare *s, names *map, tree name)
{
  if (TREE_CODE(name) != SSA_NAME)
    return name;
  name = kb_rare_on_way(s, name);
  tree *to = map->get(name);
  return to ? *to : name;
}

static void copy_statements(const kb_rare *s, const vec<gimple *> &stmts, basic_block to, names *map)
{
  for (gimple *stmt : stmts) {
    gimple *copy = gimple_copy(stmt);
    tree lhs = gimple_assign_lhs(stmt), name = make_ssa_name(TREE_TYPE(lhs));
    gimple_assign_set_lhs(copy, name);
    gimple_stmt_iterator at = gsi_last_bb(to);
    gsi_insert_after(&at, copy, GSI_NEW_STMT); /* which finds its operands */
    ssa_op_iter i;
    use_operand_p use;
    FOR_EACH_SSA_USE_OPERAND (use, copy, i, SSA_OP_USE)
      SET_USE(use, mapped(s, map, USE_FROM_PTR(use)));
    update_stmt(copy);
    map->put(lhs, name);
  }
}

/* Does choice C leave the common way? As a flag, and what a comparison becomes is looked at before the strip. */
static tree emit_choice(gimple_seq *before, gimple_seq *seq, const kb_rare *s, names *map, const kb_rare_choice &c)
{
  tree is = make_ssa_name(boolean_type_node), wide = make_ssa_name(s->flag);
  gimple_seq_add_stmt(seq, gimple_build_assign(is, c.op, mapped(s, map, c.a), mapped(s, map, c.b)));
  if (c.common_if) {
    tree is_not = make_ssa_name(boolean_type_node);
    gimple_seq_add_stmt(seq, gimple_build_assign(is_not, BIT_XOR_EXPR, is, boolean_true_node));
    is = is_not;
  }
  gimple_seq_add_stmt(seq, gimple_build_assign(wide, NOP_EXPR, is));
  if (c.becomes)
    return gimple_build(seq, BIT_XOR_EXPR, s->flag, wide, gimple_convert(before, s->flag, mapped(s, map, gimple_phi_result(c.becomes))));
  return wide;
}

/* Is anything not yet as choice number K would set it? As a flag. */
static tree emit_unset(gimple_seq *seq, const kb_rare *s, names *map, unsigned k)
{
  tree unset = boolean_false_node;
  for (const kb_rare_set &set : s->sets)
    if (set.choice == k) {
      tree is = gimple_build(seq, NE_EXPR, boolean_type_node, mapped(s, map, gimple_phi_result(set.state)), set.value);
      unset = gimple_build(seq, BIT_IOR_EXPR, boolean_type_node, unset, is);
    }
  return gimple_convert(seq, s->flag, unset);
}

/* In S2 and the loop CB: the flag's last value. */
static tree emit_question(strips *t, edge entry)
{
  kb_rare *s = t->s;
  names map;
  tree type = TREE_TYPE(s->iv);
  gphi *j = create_phi_node(make_ssa_name(type), t->cb), *bad = create_phi_node(make_ssa_name(s->flag), t->cb);
  map.put(s->iv, gimple_phi_result(j));
  for (unsigned k = 0; k < s->states.length(); k++)
    map.put(gimple_phi_result(s->states[k]), gimple_phi_result(t->state[k]));
  copy_statements(s, s->fixed, t->s2, &map);
  copy_statements(s, s->slice, t->cb, &map);
  gimple_seq before = NULL, seq = NULL;
  tree first = build_zero_cst(s->flag), flag = gimple_phi_result(bad);
  for (unsigned k = 0; k < s->choices.length(); k++) {
    const kb_rare_choice &c = s->choices[k];
    if (c.by_state) {
      first = gimple_build(&before, BIT_IOR_EXPR, s->flag, first, emit_choice(&before, &before, s, &map, c));
      continue;
    }
    tree is = emit_choice(&before, &seq, s, &map, c);
    if (c.sets)
      is = gimple_build(&seq, BIT_AND_EXPR, s->flag, is, emit_unset(&before, s, &map, k));
    flag = gimple_build(&seq, BIT_IOR_EXPR, s->flag, flag, is);
  }
  append(t->s2, before);
  tree next = gimple_build(&seq, s->down ? MINUS_EXPR : PLUS_EXPR, type, gimple_phi_result(j), build_one_cst(type));
  append(t->cb, seq);
  branch(t->cb, left_code(s), next, t->end, t->cb, t->ce, profile_probability::very_likely());
  edge back = find_edge(t->cb, t->cb);
  set_arg(j, t->from, entry);
  set_arg(j, next, back);
  set_arg(bad, first, entry);
  set_arg(bad, flag, back);
  return flag;
}

/* -- The strips ---------------------------------------------------------------------------------------------------- */

static gphi *new_phi(basic_block b, tree type) { return create_phi_node(make_ssa_name(type), b); }

static void new_loop(const kb_rare *s, basic_block header, basic_block latch, class loop *outer)
{
  class loop *l = alloc_loop();
  l->header = header;
  l->latch = latch;
  add_loop(l, outer);
  l->constraints |= s->loop->constraints & (KB_FAST | KB_UNPOLLED | KB_SHARED);
}


static void make_blocks(strips *t)
{
  class loop *loop = t->s->loop, *outer = loop_outer(loop);
  edge in = loop_preheader_edge(loop);
  t->start = PHI_ARG_DEF_FROM_EDGE(as_a<gphi *>(SSA_NAME_DEF_STMT(t->s->iv)), in);
  for (gphi *phi : t->s->states)
    t->init.safe_push(PHI_ARG_DEF_FROM_EDGE(phi, in));
  t->sh = split_edge(in);
  t->ph = split_edge(single_succ_edge(t->sh));
  t->lt = split_edge(t->s->exit);
  t->s2 = new_block(t->sh, outer, t->sh->count);
  t->cb = new_block(t->s2, outer, loop->header->count);
  t->ce = new_block(t->cb, outer, t->sh->count);
  t->cx = new_block(t->ce, outer, t->sh->count);
}

/* SH: where the strip ends, and whether it is asked about. */
static void emit_head(strips *t)
{
  kb_rare *s = t->s;
  tree type = TREE_TYPE(s->iv), u = unsigned_type_for(type);
  t->iv = new_phi(t->sh, type);
  t->debt = new_phi(t->sh, turns()), t->streak = new_phi(t->sh, turns()), t->size = new_phi(t->sh, turns());
  for (gphi *phi : s->states)
    t->state.safe_push(new_phi(t->sh, TREE_TYPE(gimple_phi_result(phi))));
  gimple_seq seq = NULL;
  t->from = gimple_phi_result(t->iv);
  tree w = gimple_convert(&seq, u, gimple_phi_result(t->size)), debt = gimple_phi_result(t->debt);
  tree some = gimple_build(&seq, left_code(s), boolean_type_node, t->from, s->bound);
  tree left = distance(&seq, s, t->from, s->bound);
  tree all = gimple_build(&seq, LE_EXPR, boolean_type_node, left, w);
  tree none = gimple_build(&seq, BIT_XOR_EXPR, boolean_type_node, some, boolean_true_node);
  all = gimple_build(&seq, BIT_IOR_EXPR, boolean_type_node, all, none);
  tree until = gimple_convert(&seq, type, gimple_build(&seq, s->down ? MINUS_EXPR : PLUS_EXPR, u, gimple_convert(&seq, u, t->from), w));
  t->end = make_ssa_name(type);
  gimple_seq_add_stmt(&seq, gimple_build_assign(t->end, COND_EXPR, all, s->bound, until));
  tree ask = gimple_build(&seq, GE_EXPR, boolean_type_node, left, build_int_cst(u, LEAST_TURNS));
  ask = gimple_build(&seq, BIT_AND_EXPR, boolean_type_node, ask, some);
  tree owes = gimple_build(&seq, NE_EXPR, boolean_type_node, debt, build_zero_cst(turns()));
  tree paid = gimple_build(&seq, BIT_XOR_EXPR, boolean_type_node, owes, boolean_true_node);
  ask = gimple_build(&seq, BIT_AND_EXPR, boolean_type_node, ask, paid);
  t->less = gimple_build(&seq, MINUS_EXPR, turns(), debt, gimple_convert(&seq, turns(), owes));
  append(t->sh, seq);
  branch(t->sh, NE_EXPR, ask, boolean_false_node, t->s2, t->ph, profile_probability::likely());
}

/* S2, CB, CE, CX. */
static void emit_asking(strips *t)
{
  edge entry = make_edge(t->s2, t->cb, EDGE_FALLTHRU);
  entry->probability = profile_probability::always();
  tree bad = emit_question(t, entry);
  branch(t->ce, NE_EXPR, bad, build_zero_cst(t->s->flag), t->cx, t->lt, profile_probability::unlikely());
  gimple_seq seq = NULL;
  tree twice = gimple_build(&seq, MULT_EXPR, turns(), gimple_phi_result(t->streak), number(2));
  t->more = gimple_build(&seq, PLUS_EXPR, turns(), twice, number(1));
  t->more = gimple_build(&seq, MIN_EXPR, turns(), t->more, number(MOST_STREAK));
  t->owed = gimple_build(&seq, RSHIFT_EXPR, turns(), t->more, number(1));
  tree n = distance(&seq, t->s, t->from, t->end);
  append(t->cx, seq);
  branch(t->cx, GT_EXPR, n, build_int_cst(TREE_TYPE(n), FIRST_TURNS), t->lt, t->ph, profile_probability::even());
}

/* PH, and the loop itself, which ends with the strip. */
static void enter_loop(strips *t)
{
  kb_rare *s = t->s;
  t->debt_p = new_phi(t->ph, turns()), t->streak_p = new_phi(t->ph, turns()), t->size_p = new_phi(t->ph, turns());
  edge skip = find_edge(t->sh, t->ph), dirty = find_edge(t->cx, t->ph), to_loop = single_succ_edge(t->ph);
  set_arg(t->debt_p, t->less, skip);
  set_arg(t->debt_p, t->owed, dirty);
  set_arg(t->streak_p, gimple_phi_result(t->streak), skip);
  set_arg(t->streak_p, t->more, dirty);
  set_arg(t->size_p, gimple_phi_result(t->size), skip);
  set_arg(t->size_p, number(FIRST_TURNS / 2), dirty);
  SET_PHI_ARG_DEF(as_a<gphi *>(SSA_NAME_DEF_STMT(s->iv)), to_loop->dest_idx, t->from);
  for (unsigned k = 0; k < t->state.length(); k++)
    SET_PHI_ARG_DEF(s->states[k], to_loop->dest_idx, gimple_phi_result(t->state[k]));
  gimple_cond_set_code(s->test, left_code(s));
  gimple_cond_set_lhs(s->test, s->iv);
  gimple_cond_set_rhs(s->test, t->end);
  update_stmt(s->test);
}

/* PHI of LT: what comes from the loop, from a strip that was skipped, and from one that is asked about in parts. */
static void join(strips *t, gphi *phi, tree done, tree clean, tree again)
{
  set_arg(phi, done, find_edge(t->s->loop->header, t->lt));
  set_arg(phi, clean, find_edge(t->ce, t->lt));
  set_arg(phi, again, find_edge(t->cx, t->lt));
}

/* LT takes over the loop's variables for what follows; back to SH. */
static void leave_strip(strips *t)
{
  kb_rare *s = t->s;
  edge first = single_pred_edge(t->sh);
  basic_block after = single_succ(t->lt);
  gphi *iv = create_phi_node(NULL_TREE, t->lt);
  create_new_def_for(s->iv, iv, gimple_phi_result_ptr(iv));
  join(t, iv, s->iv, t->end, t->from);
  gphi *debt = new_phi(t->lt, turns()), *streak = new_phi(t->lt, turns()), *size = new_phi(t->lt, turns());
  tree zero = number(0);
  join(t, debt, gimple_phi_result(t->debt_p), zero, zero);
  join(t, streak, gimple_phi_result(t->streak_p), zero, gimple_phi_result(t->streak));
  join(t, size, gimple_phi_result(t->size_p), gimple_phi_result(t->size), number(FIRST_TURNS / 2));
  gimple_seq seq = NULL;
  tree wider = gimple_build(&seq, MULT_EXPR, turns(), gimple_phi_result(size), number(2));
  wider = gimple_build(&seq, MIN_EXPR, turns(), wider, number(MOST_TURNS));
  append(t->lt, seq);
  branch(t->lt, left_code(s), gimple_phi_result(iv), s->bound, t->sh, after, profile_probability::likely());
  edge back = find_edge(t->lt, t->sh);
  auto both = [&](gphi *phi, tree a, tree b) {
    set_arg(phi, a, first);
    set_arg(phi, b, back);
  };
  both(t->iv, t->start, gimple_phi_result(iv));
  both(t->debt, zero, gimple_phi_result(debt));
  both(t->streak, zero, gimple_phi_result(streak));
  both(t->size, number(FIRST_TURNS), wider);
  for (unsigned k = 0; k < t->state.length(); k++) {
    gphi *n = create_phi_node(NULL_TREE, t->lt);
    tree old = gimple_phi_result(s->states[k]), same = gimple_phi_result(t->state[k]);
    create_new_def_for(old, n, gimple_phi_result_ptr(n));
    join(t, n, old, same, same);
    both(t->state[k], t->init[k], gimple_phi_result(n));
  }
}

void kb_rare_skip(kb_rare *s)
{
  class loop *loop = s->loop;
  strips t = {};
  t.s = s;
  make_blocks(&t);
  emit_head(&t);
  emit_asking(&t);
  enter_loop(&t);
  leave_strip(&t);
  basic_block latch = split_edge(find_edge(t.lt, t.sh)), asking = split_edge(find_edge(t.cb, t.cb));
  free_dominance_info(CDI_DOMINATORS); /* by which a loop's blocks are found */
  calculate_dominance_info(CDI_DOMINATORS);
  new_loop(s, t.sh, latch, loop_outer(loop));
  new_loop(s, t.cb, asking, t.sh->loop_father);
  loop->dont_vectorize = true;
  kb_mark_loop(loop, KB_SLOW);
}
