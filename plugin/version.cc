/* SPDX-License-Identifier: GPL-3.0-or-later */
/* version.cc: makes fast copies of nests, without the guards that are proven when the nest is entered.
 *
 *     if (needs) fast copy: guards gone, checked operations plain, polls moved outwards
 *     else       slow copy: the nest as it was, cold
 *
 * A nest of several loops is tried as a whole first. It is what the polls decide, too: without them inside, the innermost
 * loops must not take too long, so the number of their turns is needed to be bounded. Where guards of innermost loops cannot
 * be proven for the whole nest, its inner loops are nests of their own, tested each time they are entered.
 */
#include "interval.h"

/* How many turns an innermost loop may make between two polls. */
static const HOST_WIDE_INT MAX_TURNS = 1 << 20;
/* The largest nest that is copied, in GCC's measure of size. */
static const unsigned MAX_SIZE = 2000;

struct nest_guard {
  gcond *cond;
  edge leave;
  gcall *exit;
  bool proven;
};

static bool is_poll(gcall *exit)
{
  auto_vec<kb_place *, 4> places;
  kb_places_of_exit(cfun, exit, &places);
  return !places.is_empty() && places[0]->kind && !strcmp(places[0]->kind, "poll");
}

static void guards_in(class loop *nest, const vec<kb_guard> &all, vec<nest_guard> *out)
{
  for (const kb_guard &g : all)
    if (g.leave && flow_bb_inside_loop_p(nest, g.leave->src) && !is_poll(g.exit))
      out->safe_push({as_a<gcond *>(kb_last_stmt(g.leave->src)), g.leave, g.exit, false});
}

static void mark_all(class loop *l, unsigned mark)
{
  kb_mark_loop(l, mark);
  if (mark == KB_SLOW)
    l->dont_vectorize = true;
  for (class loop *in = l->inner; in; in = in->next)
    mark_all(in, mark);
}

/* Nothing of the slow copy is laid out among the rest. */
static void make_cold(class loop *slow)
{
  basic_block *body = get_loop_body(slow);
  for (unsigned i = 0; i < slow->num_nodes; i++)
    body[i]->count = profile_count::zero();
  free(body);
}

/* The turns of loops in strips are bounded, so that polls at the loops around them come often enough. */
static bool bound_turns(kb_intervals *e, class loop *l)
{
  for (class loop *in = l->inner; in; in = in->next)
    if (kb_is_strip_loop(in)) {
      kb_bound n = kb_trips(e, in->inner);
      if (!kb_known(n) || !kb_need_le(e, n, kb_constant(MAX_TURNS)))
        return false;
    } else if (!bound_turns(e, in))
      return false;
  return true;
}

/* Copies NEST behind the condition that e's needs come to; *SLOW: the copy, NULL where nothing is needed. False: it cannot be
   copied. */
static bool copy_nest(kb_intervals *e, class loop *nest, class loop **slow)
{
  tree ok = kb_emit_needs(e);
  *slow = NULL;
  if (!ok)
    return true;
  gsi_insert_seq_on_edge_immediate(loop_preheader_edge(nest), e->seq);
  e->seq = NULL;
  initialize_original_copy_tables();
  basic_block test;
  profile_probability likely = profile_probability::very_likely();
  *slow = loop_version(nest, build2(NE_EXPR, boolean_type_node, ok, boolean_false_node), &test, likely,
                                  likely.invert(), likely, likely.invert(), true);
  free_original_copy_tables();
  if (*slow) {
    mark_all(*slow, KB_SLOW);
    make_cold(*slow);
  }
  update_ssa(TODO_update_ssa);
  return *slow;
}

/* Guards of innermost loops are tried by the inspector yet, which reports them. */
static void report_kept(const vec<nest_guard> &guards)
{
  for (const nest_guard &g : guards)
    if (!g.proven && g.leave->src->loop_father->inner)
      kb_guard_stays(g.exit, "", "");
}

static bool version_nest(kb_intervals *e, class loop *nest, const vec<nest_guard> &guards)
{
  location_t where = kb_loop_location(nest);
  unsigned proven = 0;
  for (const nest_guard &g : guards)
    proven += g.proven;
  kb_prune_needs(e);
  unsigned needs = e->needs.length();
  class loop *slow;
  if (!copy_nest(e, nest, &slow)) {
    kb_decide(where, KB_NOT, "guards", "the nest cannot be copied");
    return true;
  }
  mark_all(nest, KB_FAST);
  for (const nest_guard &g : guards)
    if (g.proven) {
      kb_guard_proven(g.exit);
      kb_note_index({KB_FORM_GUARD, g.leave, g.exit});
    }
  report_kept(guards);
  kb_count_copy(loop_preheader_edge(nest));
  kb_apply_proofs(e);
  if (nest->inner) {
    free_dominance_info(CDI_DOMINATORS);
    calculate_dominance_info(CDI_DOMINATORS);
    kb_polls_take_out(nest, false);
    if (slow)
      kb_polls_take_out(slow, true);
  }
  kb_decide(where, KB_DONE, "guards", "%u of %u guards proven, %u run-time conditions", proven, guards.length(), needs);
  return true;
}

/* Guards that could be proven for the whole of a nest whose inner loops are copied only. */
static void blame_inner_copies(const vec<nest_guard> &guards)
{
  for (const nest_guard &g : guards)
    if (g.proven)
      kb_guard_unproven(g.exit, "of its nest only inner loops are copied, where more guards are proven that way", "");
}

static bool try_nest(class loop *nest, const vec<kb_guard> &all);

static bool try_inner(class loop *nest, const vec<kb_guard> &all)
{
  bool changed = false;
  auto_vec<class loop *> inner;
  for (class loop *l = nest->inner; l; l = l->next)
    inner.safe_push(l);
  for (class loop *l : inner)
    changed |= try_nest(l, all);
  return changed;
}

static bool has_strips(class loop *l)
{
  for (class loop *in = l->inner; in; in = in->next)
    if (kb_is_strip_loop(in) || has_strips(in))
      return true;
  return false;
}

/* Which of GUARDS can be proven; how many of innermost loops are. */
static unsigned prove_guards(kb_intervals *e, vec<nest_guard> *guards)
{
  unsigned innermost = 0;
  for (nest_guard &g : *guards) {
    g.proven = kb_prove(e, g.cond, !(g.leave->flags & EDGE_TRUE_VALUE));
    if (!g.proven)
      kb_blame_guard(e, g.cond, g.exit);
    innermost += g.proven && !g.leave->src->loop_father->inner;
    if (dump_file) {
      fprintf(dump_file, "in the nest %d, %s: ", e->nest->num, g.proven ? "proven" : "not proven");
      print_gimple_stmt(dump_file, g.cond, 0, TDF_SLIM);
    }
  }
  return innermost;
}

/* How many guards of innermost loops in NEST can be proven each time that such a loop is entered. */
static unsigned provable_inside(class loop *nest, const vec<kb_guard> &all)
{
  unsigned n = 0;
  for (class loop *l = nest->inner; l; l = l->next)
    if (l->inner && !kb_is_strip_loop(l))
      n += provable_inside(l, all);
    else {
      auto_vec<nest_guard> guards;
      guards_in(l->inner ? l->inner : l, all, &guards);
      kb_intervals e;
      kb_intervals_begin(&e, l->inner ? l->inner : l);
      n += prove_guards(&e, &guards);
      kb_intervals_end(&e);
    }
  return n;
}

/* Makes fast copies of NEST or of loops in it. */
static bool try_nest(class loop *nest, const vec<kb_guard> &all)
{
  if (kb_is_strip_loop(nest))
    nest = nest->inner;
  auto_vec<nest_guard> guards;
  guards_in(nest, all, &guards);
  if (guards.is_empty() && !nest->inner)
    return false;
  kb_intervals e;
  kb_intervals_begin(&e, nest);
  unsigned innermost = prove_guards(&e, &guards), proven = 0, left_inside = 0;
  for (const nest_guard &g : guards) {
    proven += g.proven;
    left_inside += !g.proven && !g.leave->src->loop_father->inner;
  }
  unsigned size = tree_num_loop_insns(nest, &eni_size_weights);
  bool changed = false;
  if (nest->inner && (size > MAX_SIZE || !can_duplicate_loop_p(nest) || !bound_turns(&e, nest)
                      || (left_inside && provable_inside(nest, all) > innermost))) {
    kb_decide(kb_loop_location(nest), KB_NOTE, "guards", "%u of %u guards of the whole nest can be proven: taking inner loops",
              proven, guards.length());
    blame_inner_copies(guards);
    changed = try_inner(nest, all);
  } else if ((proven || has_strips(nest)) && size <= MAX_SIZE && can_duplicate_loop_p(nest))
    changed = version_nest(&e, nest, guards);
  else
    report_kept(guards);
  kb_intervals_end(&e);
  return changed;
}

static void new_loops(void)
{
  scev_reset();
  free_dominance_info(CDI_DOMINATORS);
  calculate_dominance_info(CDI_DOMINATORS);
}

bool kb_version_nests(function *fn)
{
  bool changed = false;
  auto_vec<kb_guard> all;
  kb_find_guards(fn, &all);
  kb_forget_indices();
  auto_vec<class loop *> top, innermost;
  for (class loop *l = loops_for_fn(fn)->tree_root->inner; l; l = l->next)
    top.safe_push(l);
  for (class loop *l : top)
    if (try_nest(l, all)) {
      changed = true;
      new_loops();
    }
  /* Without the dead branches of what was proven, so that the inspector sees plain loops. */
  if (changed && cleanup_tree_cfg()) {
    if (loops_state_satisfies_p(LOOPS_NEED_FIXUP))
      fix_loop_structure(NULL);
    new_loops();
  }
  for (class loop *l : loops_list(fn, LI_ONLY_INNERMOST))
    if (!kb_marked(l, KB_SLOW))
      innermost.safe_push(l);
  for (class loop *l : innermost)
    if (kb_inspect_loop(fn, l)) {
      changed = true;
      new_loops();
    }
  return changed;
}
