/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jam.cc: sums of floats that keep their order run for several rows at once.
 *
 *     for i: s = 0; for k: s += f (a[i,k], x[k]); y[i] = s
 *
 * Without leave to reassociate, the additions of one sum wait for each other. But turns of the loop over i that do not
 * depend on each other can run side by side, each with the order that it has: lanes of vectors. The nest becomes
 *
 *     for (; i + lanes <= n; i += lanes) {  wide
 *       for (; k + width <= m; k += width)  where rows lie side by side along k: squares are loaded by rows and transposed
 *       for (; k < m; k++)
 *     }
 *     for (; i < n; i++) ...                as it was; everything, where the condition does not hold
 */
#include "jam.h"

enum { MOST_VALUES = 80 }; /* of one row: there are as many instructions for each vector, or lane */

static bool refuse(class loop *loop, location_t where, const char *why)
{
  kb_decide(where == UNKNOWN_LOCATION ? kb_loop_location(loop) : where, KB_NOT, "jam", "sums are not run side by side: %s",
            why);
  return false;
}

/* -- What fits ---------------------------------------------------------------------------------------------------------- */

static bool is_float(tree type)
{
  return SCALAR_FLOAT_TYPE_P(type) && (TYPE_MODE(type) == DFmode || TYPE_MODE(type) == SFmode);
}

/* The type of the sums that LOOP carries; NULL: it carries none, or values of other types. */
static tree sum_type(const kb_counted *c, unsigned *count)
{
  tree type = NULL_TREE;
  *count = 0;
  for (gphi_iterator p = gsi_start_phis(c->loop->header); !gsi_end_p(p); gsi_next(&p)) {
    tree t = TREE_TYPE(gimple_phi_result(p.phi()));
    if (virtual_operand_p(gimple_phi_result(p.phi())) || p.phi() == c->iv)
      continue;
    if (!is_float(t) || (type && !types_compatible_p(type, t)))
      return NULL_TREE;
    type = t;
    ++*count;
  }
  return type;
}

/* Vectors of J's type. False: this machine has none. */
static bool choose_vectors(kb_jam *j)
{
  unsigned size = tree_to_uhwi(TYPE_SIZE_UNIT(j->type));
  for (unsigned bytes = 32; bytes >= 16; bytes /= 2) {
    j->vtype = build_vector_type(j->type, bytes / size);
    if (VECTOR_MODE_P(TYPE_MODE(j->vtype)) && targetm.vector_mode_supported_p(TYPE_MODE(j->vtype))) {
      j->width = bytes / size;
      return true;
    }
  }
  return false;
}

static void lay_out(kb_jam *j)
{
  const kb_counted *in = &j->nest.loops[j->nest.nloops - 1];
  tree i = gimple_phi_result(j->nest.loops[0].iv), k = gimple_phi_result(in->iv);
  for (const kb_ref &r : j->nest.refs) {
    kb_wide_ref w = {&r, KB_LAY_APART, NULL_TREE, NULL_TREE, NULL_TREE};
    bool usual = TREE_CODE(TREE_TYPE(r.ref)) == REAL_TYPE && types_compatible_p(TREE_TYPE(r.ref), j->type);
    if (!kb_poly_has(&r.form, i))
      w.lay = KB_LAY_SAME;
    else if (usual && kb_is_beside(&r, i, &w.beside))
      w.lay = KB_LAY_BESIDE;
    else if (usual && !r.store && r.loop == j->inner && in->step == 1 && kb_is_beside(&r, k, &w.beside))
      w.lay = KB_LAY_ALONG;
    j->refs.safe_push(w);
    j->of_stmt.put(r.stmt, j->refs.length());
  }
}

/* Must the turns of the innermost loop stay one by one? Where it has stores, or other ways than one through its body. */
static bool turn_by_turn(const kb_jam *j)
{
  for (const kb_ref &r : j->nest.refs)
    if (r.store && r.loop == j->inner)
      return true;
  basic_block *body = get_loop_body(j->inner);
  bool other = false;
  for (unsigned i = 0; i < j->inner->num_nodes; i++) {
    other |= body[i] != j->inner->header && !single_succ_p(body[i]);
    for (gphi_iterator p = gsi_start_phis(body[i]); !gsi_end_p(p); gsi_next(&p))
      other |= body[i] != j->inner->header && !virtual_operand_p(gimple_phi_result(p.phi()));
  }
  free(body);
  return other;
}

/* Fills J for the loop OUTER around sums. False: *WHY, or NULL where there is nothing to be done. */
static bool match(kb_jam *j, const char **why)
{
  kb_nest *nest = &j->nest;
  unsigned sums = 0;
  *why = NULL;
  if (!kb_nest_analyse(j->outer, nest))
    return *why = nest->why, false;
  j->inner = nest->loops[nest->nloops - 1].loop;
  j->type = sum_type(&nest->loops[nest->nloops - 1], &sums);
  if (!j->type)
    return *why = "other values than sums are carried from turn to turn", false;
  if (!choose_vectors(j))
    return *why = "there are no vectors for them", false;
  for (unsigned l = 1; l < nest->nloops; l++)
    if (kb_poly_has(&nest->loops[l].from, gimple_phi_result(nest->loops[0].iv))
        || kb_poly_has(&nest->loops[l].to, gimple_phi_result(nest->loops[0].iv)))
      return *why = "they have different numbers of terms", false;
  if (nest->loops[0].step != 1)
    return *why = "the outer loop's step is not 1", false;
  if (kb_lives_after(j->outer))
    return *why = "a value of the outer loop is used behind it", false;
  if (!kb_nest_independent(nest, 0))
    return *why = nest->why, false;
  lay_out(j);
  bool along = false;
  for (const kb_wide_ref &r : j->refs)
    along |= r.lay == KB_LAY_ALONG;
  if (turn_by_turn(j))
    for (kb_wide_ref &r : j->refs)
      if (r.lay == KB_LAY_ALONG)
        r.lay = KB_LAY_APART;
  j->nvecs = sums > 2 ? 1 : sums == 2 || along ? 2 : 4;
  j->nlanes = j->nvecs * j->width;
  if (!kb_jam_classify(j, j->outer, why))
    return false;
  if (j->wanted.elements() > MOST_VALUES)
    return *why = "there is too much in it", false;
  return true;
}

/* -- Copies ------------------------------------------------------------------------------------------------------------- */

static gimple_stmt_iterator end_of(basic_block b) { return gsi_last_bb(b); }

/* Statements of the copy of LOOP have the NUMBERS of those that they are copies of. */
static void number_copies(class loop *loop, hash_map<gimple *, unsigned> *numbers)
{
  basic_block *body = get_loop_body(loop);
  for (unsigned i = 0; i < loop->num_nodes; i++)
    if (basic_block copy = get_bb_copy(body[i]))
      for (gimple_stmt_iterator s = gsi_start_bb(body[i]), t = gsi_start_bb(copy); !gsi_end_p(s) && !gsi_end_p(t);
           gsi_next(&s), gsi_next(&t)) {
        unsigned *n = numbers->get(gsi_stmt(s));
        if (n) {
          unsigned number = *n;
          numbers->put(gsi_stmt(t), number);
        }
      }
  free(body);
}

/* In front of LOOP, which goes on where that ended: the same loop, which runs where YES holds. LOOP itself becomes the one in
   front; returned is the second one, whose statements get the NUMBERS of the first's. */
static class loop *put_in_front(class loop *loop, tree yes, hash_map<gimple *, unsigned> *numbers)
{
  basic_block test;
  profile_probability p = profile_probability::likely();
  initialize_original_copy_tables();
  class loop *back = loop_version(loop, build2(NE_EXPR, boolean_type_node, yes, boolean_false_node), &test, p, p.invert(), p,
                                  p, true);
  if (back)
    number_copies(loop, numbers);
  free_original_copy_tables();
  if (!back)
    return NULL;
  update_ssa(TODO_update_ssa);
  basic_block join = split_edge(loop_preheader_edge(back));
  edge in = single_pred_edge(join), leave = single_exit(loop);
  auto_vec<std::pair<tree, tree> > values; /* of the second loop's phis: from in front, from the first loop */
  gphi_iterator q = gsi_start_phis(back->header);
  for (gphi_iterator s = gsi_start_phis(loop->header); !gsi_end_p(s) && !gsi_end_p(q); gsi_next(&s), gsi_next(&q))
    values.safe_push(std::make_pair(PHI_ARG_DEF_FROM_EDGE(q.phi(), single_succ_edge(join)), gimple_phi_result(s.phi())));
  redirect_edge_and_branch(leave, join);
  edge from = find_edge(leave->src, join);
  unsigned n = 0;
  for (q = gsi_start_phis(back->header); !gsi_end_p(q); gsi_next(&q), n++) {
    if (virtual_operand_p(gimple_phi_result(q.phi())))
      continue;
    gphi *both = create_phi_node(make_ssa_name(TREE_TYPE(gimple_phi_result(q.phi()))), join);
    add_phi_arg(both, values[n].first, in, UNKNOWN_LOCATION);
    add_phi_arg(both, values[n].second, from, UNKNOWN_LOCATION);
    SET_PHI_ARG_DEF(q.phi(), single_succ_edge(join)->dest_idx, gimple_phi_result(both));
  }
  free_dominance_info(CDI_DOMINATORS);
  calculate_dominance_info(CDI_DOMINATORS);
  mark_virtual_operands_for_renaming(cfun);
  update_ssa(TODO_update_ssa);
  return back;
}

/* LOOP, in while form, takes STEP turns at a time as long as so many are left, which there are at its entry. */
static void stride_loop(kb_counted *c, unsigned step)
{
  tree type = long_integer_type_node, iv = gimple_phi_result(c->iv), next = make_ssa_name(type);
  gimple_stmt_iterator i = end_of(c->loop->latch);
  gimple_seq seq = NULL;
  gimple_seq_add_stmt(&seq, gimple_build_assign(next, PLUS_EXPR, iv, build_int_cst(type, step)));
  gsi_insert_seq_after(&i, seq, GSI_CONTINUE_LINKING);
  SET_PHI_ARG_DEF(c->iv, loop_latch_edge(c->loop)->dest_idx, next);
  seq = NULL;
  tree end = gimple_build(&seq, MINUS_EXPR, type, c->bound, build_int_cst(type, step - 1));
  i = end_of(loop_preheader_edge(c->loop)->src);
  if (!gsi_end_p(i) && stmt_ends_bb_p(gsi_stmt(i)))
    gsi_insert_seq_before(&i, seq, GSI_SAME_STMT);
  else
    gsi_insert_seq_after(&i, seq, GSI_CONTINUE_LINKING);
  if (gimple_cond_lhs(c->test) == iv)
    gimple_cond_set_rhs(c->test, end);
  else
    gimple_cond_set_lhs(c->test, end);
  update_stmt(c->test);
  c->loop->any_upper_bound = c->loop->any_likely_upper_bound = c->loop->any_estimate = false;
}

/* At least N turns of C? Built into SEQ; INIT and bound are set in front of the loop. */
static tree has_turns(gimple_seq *seq, const kb_counted *c, unsigned n)
{
  tree u = long_unsigned_type_node;
  tree more = gimple_build(seq, LT_EXPR, boolean_type_node, c->init, c->bound);
  tree left = gimple_build(seq, MINUS_EXPR, u, gimple_convert(seq, u, c->bound), gimple_convert(seq, u, c->init));
  tree many = gimple_build(seq, GE_EXPR, boolean_type_node, left, build_int_cst(u, n));
  return gimple_build(seq, BIT_AND_EXPR, boolean_type_node, more, many);
}

static tree equals_one(gimple_seq *seq, tree t)
{
  return gimple_build(seq, EQ_EXPR, boolean_type_node, t, build_one_cst(TREE_TYPE(t)));
}

/* The bytes that REF's address moves by for one turn of the loop with the variable IV; at the nest's entry. */
static tree bytes_of_turn(gimple_seq *seq, const kb_ref *ref, tree iv)
{
  tree sum = build_zero_cst(sizetype);
  for (unsigned i = 0; i < ref->form.n; i++) {
    const kb_product *p = &ref->form.p[i];
    bool has = false;
    tree v = build_int_cst(sizetype, p->coef);
    for (unsigned k = 0; k < p->n; k++)
      if (p->atom[k] == iv && !has)
        has = true;
      else
        v = gimple_build(seq, MULT_EXPR, sizetype, v, gimple_convert(seq, sizetype, p->atom[k]));
    if (has)
      sum = gimple_build(seq, PLUS_EXPR, sizetype, sum, v);
  }
  return sum;
}

/* Everything that is in front of the nest: conditions, distances. NULL: they never hold. */
static tree before_nest(kb_jam *j, gimple_seq *seq)
{
  kb_condition c = {NULL, NULL_TREE};
  kb_nest *nest = &j->nest;
  if (!kb_nest_condition(nest, &c)) {
    gimple_seq_discard(c.seq);
    return NULL_TREE;
  }
  *seq = c.seq;
  tree ok = gimple_build(seq, BIT_AND_EXPR, boolean_type_node, c.ok, has_turns(seq, &nest->loops[0], j->nlanes));
  tree i = gimple_phi_result(nest->loops[0].iv), k = gimple_phi_result(nest->loops[nest->nloops - 1].iv);
  for (kb_wide_ref &r : j->refs) {
    if (r.lay == KB_LAY_SAME)
      continue;
    r.step = bytes_of_turn(seq, r.ref, i);
    r.turn = bytes_of_turn(seq, r.ref, k);
    if (r.lay == KB_LAY_BESIDE && r.beside)
      ok = gimple_build(seq, BIT_AND_EXPR, boolean_type_node, ok, equals_one(seq, r.beside));
  }
  return ok;
}

static void insert_in_front(class loop *loop, gimple_seq seq)
{
  basic_block b = split_edge(loop_preheader_edge(loop));
  gimple_stmt_iterator i = end_of(b);
  gsi_insert_seq_after(&i, seq, GSI_CONTINUE_LINKING);
}

/* The edge of the condition by which LOOP is entered, the first of two copies. */
static edge entry_of(class loop *loop)
{
  basic_block b = loop_preheader_edge(loop)->src;
  while (single_pred_p(b) && single_succ_p(single_pred(b)))
    b = single_pred(b);
  return single_pred_edge(b);
}

static void never(edge e)
{
  gcond *c = as_a<gcond *>(kb_last_stmt(e->src));
  if (e->flags & EDGE_TRUE_VALUE)
    gimple_cond_make_false(c);
  else
    gimple_cond_make_true(c);
  update_stmt(c);
}

static bool jam(kb_jam *j)
{
  kb_nest *nest = &j->nest;
  kb_counted *in = &nest->loops[nest->nloops - 1];
  gimple_seq seq = NULL;
  bool along = false;
  for (unsigned l = 0; l < nest->nloops; l++)
    if (!kb_bound_is_ready(&nest->loops[l]))
      return refuse(j->outer, UNKNOWN_LOCATION, "a loop's bound changes inside the loop");
  tree ok = before_nest(j, &seq);
  if (!ok)
    return refuse(j->outer, UNKNOWN_LOCATION, "its arrays overlap");
  location_t where = kb_loop_location(j->outer);
  hash_map<gimple *, unsigned> unused;
  insert_in_front(j->outer, seq);
  class loop *rest = put_in_front(j->outer, ok, &unused);
  if (!rest)
    return refuse(j->outer, UNKNOWN_LOCATION, "the loop cannot be copied");
  edge front = entry_of(j->outer);
  rest->dont_vectorize |= j->outer->dont_vectorize;
  nest->loops[0].init = PHI_ARG_DEF_FROM_EDGE(nest->loops[0].iv, loop_preheader_edge(j->outer));
  stride_loop(&nest->loops[0], j->nlanes);
  /* Blocks of rows. */
  seq = NULL;
  in->init = PHI_ARG_DEF_FROM_EDGE(in->iv, loop_preheader_edge(j->inner));
  tree yes = has_turns(&seq, in, j->width);
  for (const kb_wide_ref &r : j->refs)
    if (r.lay == KB_LAY_ALONG) {
      along = true;
      if (r.beside)
        yes = gimple_build(&seq, BIT_AND_EXPR, boolean_type_node, yes, equals_one(&seq, r.beside));
    }
  class loop *blocked = NULL;
  if (along) {
    insert_in_front(j->inner, seq);
    if (put_in_front(j->inner, yes, &j->of_stmt)) {
      blocked = j->inner;
      stride_loop(in, j->width);
    }
  } else
    gimple_seq_discard(seq);
  const char *why;
  if (!kb_jam_classify(j, j->outer, &why)) {
    never(front); /* the copy behind it has all turns */
    return refuse(j->outer, UNKNOWN_LOCATION, why), true;
  }
  kb_jam_widen(j, blocked);
  mark_virtual_operands_for_renaming(j->fn);
  update_ssa(TODO_update_ssa);
  kb_decide(where, KB_DONE, "jam", "%u sums run side by side, each in its order%s", j->nlanes,
            blocked ? "; rows are transposed in registers" : "");
  return true;
}

/* -- The pass ------------------------------------------------------------------------------------------------------------ */

/* The loop around the innermost loop INNER whose turns start their own sums; NULL: INNER has no sums whose order matters. */
static class loop *rows_of(class loop *inner, class loop *nest)
{
  kb_counted c;
  const char *why;
  unsigned sums;
  if (kb_marked(inner, KB_REASSOC) || !kb_count_loop(inner, &c, &why) || !sum_type(&c, &sums))
    return NULL;
  for (class loop *l = loop_outer(inner); l && loop_outer(l); l = loop_outer(l)) {
    if (!kb_count_loop(l, &c, &why))
      return NULL;
    if (kb_carries_only_variable(&c))
      return l;
    if (l == nest)
      break;
  }
  return NULL;
}

bool kb_jam_nest(function *fn, class loop *nest)
{
  auto_vec<class loop *> inner;
  for (class loop *l : loops_list(fn, LI_ONLY_INNERMOST))
    if (!kb_marked(l, KB_SLOW) && l != nest && flow_loop_nested_p(nest, l))
      inner.safe_push(l);
  bool changed = false;
  for (class loop *l : inner) {
    kb_jam j;
    const char *why;
    j.fn = fn;
    j.outer = rows_of(l, nest);
    if (!j.outer)
      continue;
    if (!match(&j, &why)) {
      if (why)
        refuse(j.outer, j.nest.where, why);
      continue;
    }
    changed |= jam(&j);
    for (kb_wide *w : j.all)
      free(w);
  }
  return changed;
}
