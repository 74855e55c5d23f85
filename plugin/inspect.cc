/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspect.cc: guards that depend on data: a strip of an innermost loop is inspected before it runs without them.
 *
 * Decides whether that is right and pays; slice.cc computes conditions, range.cc bounds sums, strip.cc cuts the loop. It is
 * right where
 *   - every way out but the end of the counted turns is a guard, and nothing but loads and stores touches memory;
 *   - what the guards depend on can be computed ahead for all turns of a strip: from loads whose places follow from the turn
 *     alone, which are there for all turns, and which the strip's stores do not change before they are read.
 * That a place is there for all turns is known of elements of views where no guard on the loop's own variable is left: the
 * other guards say nothing of the place, so that it was proven without them.
 */
#include "inspect.h"
#include "mathvec.h"

#define PASS "inspect"

struct place {          /* of a load or store whose address advances by the same step each turn */
  gimple *stmt;
  tree ref;
  innermost_loop_behavior at;
  HOST_WIDE_INT size;
  tree last;            /* the number of the last one, where an index says which; NULL: each turn has its own */
};

struct decider {
  kb_inspect *in;
  location_t loc;
  const char *why;      /* not, if set */
  bool is_float_sum;    /* in the loop's own order */
  bool copies;          /* there is assembly that hides values */
  unsigned math_guards; /* that hold where the arguments of math functions are in their domains */
  auto_vec<place> loads, stores; /* of the slice; of the loop */
  gimple_seq seq;       /* the entry condition's */
  tree entry, span;
  tree turns;           /* the number of the last turn */
};

static bool no(decider *d, const char *why)
{
  d->why = why;
  return false;
}

/* The copy without guards needs CONDITION to be entered. */
static void require(decider *d, tree condition)
{
  d->entry = d->entry ? gimple_build(&d->seq, BIT_AND_EXPR, boolean_type_node, d->entry, condition) : condition;
}

static bool is_outside(const kb_inspect *in, tree t)
{
  if (TREE_CODE(t) != SSA_NAME)
    return is_gimple_min_invariant(t);
  gimple *s = SSA_NAME_DEF_STMT(t);
  return !gimple_bb(s) || !flow_bb_inside_loop_p(in->loop, gimple_bb(s));
}

/* -- The loop's form -------------------------------------------------------------------------------------------------- */

/* The loop goes on while iv < bound, iv advancing by a constant. */
static bool find_test(decider *d)
{
  kb_inspect *in = d->in;
  basic_block head = in->loop->header;
  in->test = safe_dyn_cast<gcond *>(kb_last_stmt(head));
  edge yes, other;
  if (!in->test)
    return no(d, "it is no counted loop");
  extract_true_false_edges_from_block(head, &yes, &other);
  if (!flow_bb_inside_loop_p(in->loop, yes->dest) || flow_bb_inside_loop_p(in->loop, other->dest))
    return no(d, "it is no counted loop");
  in->leave = other;
  tree_code op = gimple_cond_code(in->test);
  for (gphi_iterator i = gsi_start_phis(head); !gsi_end_p(i); gsi_next(&i)) {
    tree iv = gimple_phi_result(i.phi()), bound = NULL_TREE;
    tree_code way = op;
    if (gimple_cond_lhs(in->test) == iv)
      bound = gimple_cond_rhs(in->test);
    else if (gimple_cond_rhs(in->test) == iv)
      bound = gimple_cond_lhs(in->test), way = swap_tree_comparison(op);
    else
      continue;
    tree next = PHI_ARG_DEF_FROM_EDGE(i.phi(), loop_latch_edge(in->loop));
    gassign *s = TREE_CODE(next) == SSA_NAME ? dyn_cast<gassign *>(SSA_NAME_DEF_STMT(next)) : NULL;
    if (!s || gimple_assign_rhs_code(s) != PLUS_EXPR || gimple_assign_rhs1(s) != iv || !tree_fits_shwi_p(gimple_assign_rhs2(s))
        || TYPE_PRECISION(TREE_TYPE(iv)) != 64 || TYPE_UNSIGNED(TREE_TYPE(iv)) || !is_outside(in, bound))
      continue;
    in->iv = iv, in->bound = bound, in->step = tree_to_shwi(gimple_assign_rhs2(s));
    in->init = PHI_ARG_DEF_FROM_EDGE(i.phi(), loop_preheader_edge(in->loop));
    if (absu_hwi(in->step) < 1 << 20 && way == (in->step > 0 ? LT_EXPR : GT_EXPR))
      return true;
  }
  return no(d, "it does not count by a constant step to a bound");
}

/* Is E never taken? The conditions of proven guards are constants until blocks are cleaned up. */
static bool is_dead(edge e)
{
  gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(e->src));
  return c && (e->flags & EDGE_TRUE_VALUE ? gimple_cond_false_p(c) : gimple_cond_true_p(c));
}

static bool find_guards(decider *d)
{
  kb_inspect *in = d->in;
  auto_vec<kb_guard> all;
  kb_find_guards(in->fn, &all);
  for (const kb_guard &g : all)
    if (g.leave && flow_bb_inside_loop_p(in->loop, g.leave->src) && !flow_bb_inside_loop_p(in->loop, g.leave->dest)
        && !is_dead(g.leave))
      in->guards.safe_push(g);
  if (!in->guards.length())
    return no(d, NULL); /* nothing to say */
  return true;
}

/* All other ways out are among them. */
static bool only_guards(decider *d)
{
  kb_inspect *in = d->in;
  auto_vec<edge> exits = get_loop_exit_edges(in->loop);
  for (edge e : exits) {
    bool guard = e == in->leave || is_dead(e);
    for (const kb_guard &g : in->guards)
      guard |= g.leave == e;
    if (!guard)
      return no(d, "it can be left in the middle");
  }
  return true;
}

static bool is_plain_debug(gimple *s)
{
  return is_gimple_debug(s) || gimple_code(s) == GIMPLE_LABEL || gimple_code(s) == GIMPLE_COND || gimple_nop_p(s)
         || gimple_code(s) == GIMPLE_PREDICT;
}

/* Nothing in the loop but loads, stores and arithmetic. */
static bool find_memory(decider *d, unsigned *cost, bool *traps)
{
  kb_inspect *in = d->in;
  basic_block *body = get_loop_body_in_dom_order(in->loop);
  const char *why = NULL;
  for (unsigned k = 0; k < in->loop->num_nodes && !why; k++)
    for (gimple_stmt_iterator i = gsi_start_bb(body[k]); !gsi_end_p(i) && !why; gsi_next(&i)) {
      gimple *s = gsi_stmt(i);
      tree_code op;
      bool root;
      if (is_plain_debug(s))
        continue;
      *cost += 1;
      if (gimple_has_volatile_ops(s))
        why = "it touches volatile memory";
      else if (kb_is_math(s, &root))
        *cost += root ? KB_INSPECT_DEAR : 1;
      else if (kb_is_vector_math(in->loop, s))
        *cost += KB_INSPECT_DEAR;
      else if (kb_overflow_op(s, &op))
        continue;
      else if (kb_is_copy(s))
        d->copies = true;
      else if (!is_gimple_assign(s))
        why = is_gimple_call(s) ? kb_why_call(s) : gimple_code(s) == GIMPLE_ASM ? "an int is made of a float" : "there is a switch in it";
      else if (gimple_vdef(s))
        in->stores.safe_push(s);
      else if (gimple_vuse(s))
        in->loads.safe_push(s);
      else {
        if (gimple_could_trap_p(s))
          *traps = true;
        if (gimple_assign_rhs_code(s) == RDIV_EXPR)
          *cost += KB_INSPECT_DEAR;
      }
      if (gimple_vdef(s) && body[k] == in->loop->header)
        why = "it stores before its test";
    }
  free(body);
  return why ? no(d, why) : true;
}

/* -- Places ----------------------------------------------------------------------------------------------------------- */

/* Is the field of TYPE that begins at OFFSET, or of a struct in it, called data? */
static bool is_data_field(tree type, HOST_WIDE_INT offset)
{
  if (TREE_CODE(type) != RECORD_TYPE)
    return false;
  for (tree f = TYPE_FIELDS(type); f; f = DECL_CHAIN(f))
    if (TREE_CODE(f) == FIELD_DECL && tree_fits_shwi_p(byte_position(f)) && tree_fits_shwi_p(DECL_SIZE_UNIT(f))) {
      HOST_WIDE_INT at = tree_to_shwi(byte_position(f));
      if (at == offset && DECL_NAME(f) && !strcmp(IDENTIFIER_POINTER(DECL_NAME(f)), "data"))
        return true;
      if (at <= offset && offset < at + tree_to_shwi(DECL_SIZE_UNIT(f)))
        return is_data_field(TREE_TYPE(f), offset - at);
    }
  return false;
}

/* Is REF the pointer of a view? */
static bool is_view_data(tree ref)
{
  if (TREE_CODE(ref) == COMPONENT_REF)
    return DECL_NAME(TREE_OPERAND(ref, 1)) && !strcmp(IDENTIFIER_POINTER(DECL_NAME(TREE_OPERAND(ref, 1))), "data");
  poly_int64 offset;
  HOST_WIDE_INT at;
  tree base = get_addr_base_and_unit_offset(ref, &offset);
  if (!base || !offset.is_constant(&at))
    return false;
  if (DECL_P(base))
    return is_data_field(TREE_TYPE(base), at);
  /* An argument block: what the pointer points to is known by the type of the offset. */
  if (TREE_CODE(base) != MEM_REF || !tree_fits_shwi_p(TREE_OPERAND(base, 1)))
    return false;
  return is_data_field(TREE_TYPE(TREE_TYPE(TREE_OPERAND(base, 1))), at + tree_to_shwi(TREE_OPERAND(base, 1)));
}

bool kb_points_into_view(tree t, int depth)
{
  if (TREE_CODE(t) == POINTER_PLUS_EXPR || CONVERT_EXPR_P(t))
    return kb_points_into_view(TREE_OPERAND(t, 0), depth + 1);
  if (TREE_CODE(t) == ADDR_EXPR) {
    tree base = get_base_address(TREE_OPERAND(t, 0));
    return base && (DECL_P(base) || (TREE_CODE(base) == MEM_REF && kb_points_into_view(TREE_OPERAND(base, 0), depth + 1)));
  }
  if (TREE_CODE(t) != SSA_NAME || depth > 8)
    return false;
  gimple *s = SSA_NAME_DEF_STMT(t);
  if (gphi *phi = dyn_cast<gphi *>(s)) {
    for (unsigned i = 0; i < gimple_phi_num_args(phi); i++)
      if (!kb_points_into_view(gimple_phi_arg_def(phi, i), depth + 1))
        return false;
    return true;
  }
  if (is_gimple_call(s)) {
    tree fn = gimple_call_fndecl(s);
    return fn && DECL_NAME(fn) && !strcmp(IDENTIFIER_POINTER(DECL_NAME(fn)), "kb_pool_alloc");
  }
  if (SSA_NAME_IS_DEFAULT_DEF(t)) /* a field of a view that became a parameter of its own */
    return SSA_NAME_VAR(t) && TREE_CODE(SSA_NAME_VAR(t)) == PARM_DECL && DECL_ARTIFICIAL(SSA_NAME_VAR(t));
  if (!is_gimple_assign(s))
    return false;
  tree rhs = gimple_assign_rhs1(s);
  if (gimple_assign_load_p(s))
    return is_view_data(rhs);
  tree_code op = gimple_assign_rhs_code(s);
  return (op == POINTER_PLUS_EXPR || CONVERT_EXPR_CODE_P(op) || op == SSA_NAME || op == ADDR_EXPR) && kb_points_into_view(rhs, depth + 1);
}

/* The place that STMT reads or writes in each turn. */
static bool place_of(decider *d, gimple *stmt, bool store, place *p)
{
  p->stmt = stmt;
  p->last = NULL_TREE;
  p->ref = store ? gimple_assign_lhs(stmt) : gimple_assign_rhs1(stmt);
  tree size = TYPE_SIZE_UNIT(TREE_TYPE(p->ref));
  if (!size || !tree_fits_shwi_p(size) || !is_gimple_reg_type(TREE_TYPE(p->ref)))
    return false;
  p->size = tree_to_shwi(size);
  memset(&p->at, 0, sizeof p->at);
  return dr_analyze_innermost(&p->at, p->ref, d->in->loop, stmt);
}

/* The branches of the loop: on the loop's own variable, on data. Both at once count twice over. */
static unsigned branches_depend_on(const kb_inspect *in)
{
  unsigned found = 0;
  basic_block *body = get_loop_body(in->loop);
  for (unsigned k = 0; k < in->loop->num_nodes; k++) {
    gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(body[k]));
    bool guard = c == in->test;
    for (const kb_guard &g : in->guards)
      guard |= g.leave->src == body[k];
    if (c && !guard) {
      unsigned one = kb_depends_on(in, gimple_cond_lhs(c)) | kb_depends_on(in, gimple_cond_rhs(c));
      if ((one & (KB_OF_IV | KB_OF_TURNS)) && (one & KB_OF_DATA))
        one = KB_OF_TURNS;
      found |= one;
    }
  }
  free(body);
  return found;
}

/* Adds to NAMES all that T is computed from, up to values from memory; false: too many. */
static bool add_sources(tree t, hash_set<tree> *names)
{
  if (TREE_CODE(t) != SSA_NAME || names->add(t))
    return true;
  if (names->elements() > 100)
    return false;
  gimple *d = SSA_NAME_DEF_STMT(t);
  if (gimple_vuse(d))
    return true;
  if (gphi *phi = dyn_cast<gphi *>(d)) {
    for (unsigned i = 0; i < gimple_phi_num_args(phi); i++)
      if (!add_sources(gimple_phi_arg_def(phi, i), names))
        return false;
    return true;
  }
  tree use;
  ssa_op_iter i;
  FOR_EACH_SSA_TREE_OPERAND (use, d, i, SSA_OP_USE)
    if (!add_sources(use, names))
      return false;
  return true;
}

/* Could a branch of the loop be what keeps LOAD's index within bounds? (y[i - 1] if i > 0, where i is another loop's) */
static bool branch_may_bound(const kb_inspect *in, gimple *load)
{
  hash_set<tree> place, names;
  tree use;
  ssa_op_iter it;
  FOR_EACH_SSA_TREE_OPERAND (use, load, it, SSA_OP_USE)
    if (!add_sources(use, &place))
      return true;
  bool may = false;
  basic_block *body = get_loop_body(in->loop);
  for (unsigned k = 0; k < in->loop->num_nodes && !may; k++) {
    gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(body[k]));
    if (c && c != in->test)
      may = !add_sources(gimple_cond_lhs(c), &names) || !add_sources(gimple_cond_rhs(c), &names);
  }
  free(body);
  for (tree t : names)
    may |= t != in->iv && INTEGRAL_TYPE_P(TREE_TYPE(t)) && place.contains(t);
  return may;
}

/* LOAD can be done in every turn of a strip, whatever the guards find. AHEAD: and whatever the branches say. */
static bool is_safe(decider *d, gimple *load, bool ahead, place *p)
{
  if (!place_of(d, load, false, p))
    return no(d, "a guard depends on an element whose index is data itself");
  if (!kb_points_into_view(p->at.base_address, 0))
    return no(d, "how far the memory behind a raw pointer reaches is not known");
  const kb_hint *hint = kb_hint_of(d->in->loop);
  if (hint && hint->unchecked) /* where a guard leaves, the indices of later turns need not be right */
    return no(d, "indices are not checked, so elements of later turns may not be there");
  if (kb_every_turn(d->in, load))
    return true;
  unsigned branches = branches_depend_on(d->in);
  if ((branches & KB_OF_TURNS) || (ahead && ((branches & KB_OF_IV) || branch_may_bound(d->in, load))))
    return no(d, "an element that a guard depends on is read in some turns only");
  return true;
}

/* -- The conditions --------------------------------------------------------------------------------------------------- */

static bool slice(decider *d, tree t, hash_set<gimple *> *seen, vec<gimple *> *loads, unsigned *cost)
{
  const char *why;
  return kb_slice_loads(d->in, t, seen, loads, cost, &why) || no(d, why);
}

/* Are all sites of G of a kind that is on values, and says nothing of how far arrays reach? */
static bool is_on_values(const kb_inspect *in, const kb_guard &g)
{
  static const char *const kinds[] = {"division", "overflow", "value", "range", "conversion"};
  auto_vec<kb_place *, 4> places;
  if (!kb_places_of_exit(in->fn, g.exit, &places))
    return false;
  for (const kb_place *p : places) {
    bool known = false;
    for (const char *k : kinds)
      known |= !strcmp(p->kind, k);
    if (!known)
      return false;
  }
  return true;
}

/* The conditions on which block AT is reached, where not every turn reaches it. */
static bool slice_way(decider *d, basic_block at, hash_set<gimple *> *seen, vec<gimple *> *loads, unsigned *cost)
{
  class loop *loop = d->in->loop;
  for (basic_block up = at; !dominated_by_p(CDI_DOMINATORS, loop->latch, at) && up != loop->header;) {
    up = get_immediate_dominator(CDI_DOMINATORS, up);
    if (gcond *branch = safe_dyn_cast<gcond *>(kb_last_stmt(up)))
      if (branch != d->in->test
          && (!slice(d, gimple_cond_lhs(branch), seen, loads, cost) || !slice(d, gimple_cond_rhs(branch), seen, loads, cost)))
        return false;
  }
  return true;
}

/* CALL is a math function with guards on its result: its arguments are inspected. */
static bool sort_math(decider *d, gcall *call, hash_set<gimple *> *seen, vec<gimple *> *loads, unsigned *cost)
{
  if (d->in->math.contains(call))
    return true;
  for (unsigned i = 0; i < gimple_call_num_args(call); i++)
    if (!slice(d, gimple_call_arg(call, i), seen, loads, cost))
      return false;
  d->in->math.safe_push(call);
  return slice_way(d, gimple_bb(call), seen, loads, cost);
}

/* Is G on an index that can be inspected? If so it is noted. */
static bool sort_index(decider *d, const kb_guard &g, hash_set<gimple *> *seen, vec<gimple *> *loads, unsigned *cost)
{
  kb_inspect *in = d->in;
  kb_index x;
  if (in->indices.length() == KB_NFLAGS - KB_FLAG_LARGEST || !kb_index_of(in, g, &x))
    return false;
  unsigned before = loads->length(), sum = *cost;
  if (!slice(d, x.value, seen, loads, cost) || !slice_way(d, x.at, seen, loads, cost)) {
    loads->truncate(before), *cost = sum;
    seen->empty(); /* what was seen on the way is not known to be computable, and its loads are forgotten */
    return false;
  }
  tree condition = NULL_TREE;
  kb_index_require(&x, &d->seq, &condition);
  if (condition)
    require(d, condition);
  in->indices.safe_push(x);
  return true;
}

/* Sorts the guards: proven under an assumption, or inspected as they are. */
static bool sort_guards(decider *d, unsigned *cost, vec<gimple *> *loads)
{
  kb_inspect *in = d->in;
  hash_set<gimple *> seen;
  const char *why;
  if (!kb_assume(in, &why))
    return no(d, why);
  for (tree t : in->inspected)
    if (!slice(d, t, &seen, loads, cost))
      return false;
  for (unsigned k = 0; k < in->guards.length(); k++) {
    const kb_guard &g = in->guards[k];
    if (kb_overflow_of(g))
      continue;
    if (kb_math_bounds_guard(in->loop, in->guards, g)) {
      d->math_guards++;
      continue;
    }
    if (gcall *call = kb_math_of_guard(in->loop, g)) {
      if (!sort_math(d, call, &seen, loads, cost))
        return false;
      d->math_guards++;
      continue;
    }
    gcond *c = as_a<gcond *>(kb_last_stmt(g.leave->src));
    tree a = gimple_cond_lhs(c), b = gimple_cond_rhs(c);
    unsigned of = kb_depends_on(in, a) | kb_depends_on(in, b);
    if (!(of & (KB_OF_IV | KB_OF_TURNS)) && sort_index(d, g, &seen, loads, cost))
      continue;
    if (is_outside(in, a) && is_outside(in, b)) {
      gcond *c = as_a<gcond *>(kb_last_stmt(g.leave->src));
      tree holds = gimple_build(&d->seq, gimple_cond_code(c), boolean_type_node, a, b);
      if (g.leave->flags & EDGE_TRUE_VALUE)
        holds = gimple_build(&d->seq, BIT_XOR_EXPR, boolean_type_node, holds, boolean_true_node);
      require(d, holds);
      continue;
    }
    if ((of & (KB_OF_IV | KB_OF_TURNS)) && !is_on_values(in, g))
      return no(d, of & KB_OF_DATA ? "a guard depends on data and on the turn" : "a guard on the loop's own variable was not proven");
    tree x = (gimple_cond_code(c) == EQ_EXPR || gimple_cond_code(c) == NE_EXPR) && real_zerop(b) ? kb_under_root(a) : a;
    if (!slice(d, x, &seen, loads, cost) || !slice(d, b, &seen, loads, cost))
      return false;
    if (!slice_way(d, g.leave->src, &seen, loads, cost))
      return false;
    in->conditions.safe_push(k);
  }
  return true;
}

/* -- Sums in elements: h[k] += c -------------------------------------------------------------------------------------- */

/* CALL's sum goes where one of its operands came from, by a STORE; the other one, *C, does not change in the loop. */
static gimple *adds_to_element(const kb_inspect *in, gcall *call, tree *ref, tree *c)
{
  tree_code op;
  kb_overflow_op(call, &op);
  tree a = gimple_call_arg(call, 0);
  *c = gimple_call_arg(call, 1);
  if (op == MULT_EXPR || TYPE_PRECISION(TREE_TYPE(TREE_TYPE(gimple_call_lhs(call)))) != 64
      || TYPE_UNSIGNED(TREE_TYPE(TREE_TYPE(gimple_call_lhs(call)))))
    return NULL;
  if (op == PLUS_EXPR && is_outside(in, a))
    std::swap(a, *c);
  if (!is_outside(in, *c) || is_outside(in, a) || !gimple_assign_load_p(SSA_NAME_DEF_STMT(a)) || TYPE_PRECISION(TREE_TYPE(a)) != 64
      || TYPE_UNSIGNED(TREE_TYPE(a)) || TYPE_PRECISION(TREE_TYPE(*c)) + TYPE_UNSIGNED(TREE_TYPE(*c)) > 64)
    return NULL;
  *ref = gimple_assign_rhs1(SSA_NAME_DEF_STMT(a));
  for (gimple *s : in->stores) {
    tree value = gimple_assign_rhs1(s);
    gimple *real = TREE_CODE(value) == SSA_NAME ? SSA_NAME_DEF_STMT(value) : NULL;
    if (operand_equal_p(gimple_assign_lhs(s), *ref, 0) && real && is_gimple_assign(real) && gimple_assign_rhs_code(real) == REALPART_EXPR
        && TREE_OPERAND(gimple_assign_rhs1(real), 0) == gimple_call_lhs(call))
      return s;
  }
  return NULL;
}

/* Where all elements lie within +-2^62 when the loop is entered, each addition is of 2^32 at most, there are four of them a turn
   and 2^26 turns, none overflows. OTHERS: guards; those that are on such an addition are taken from it. */
static void sort_sums(decider *d, vec<unsigned> *others)
{
  kb_inspect *in = d->in;
  auto_vec<unsigned> found;
  auto_vec<gimple *> stores;
  auto_vec<tree> terms;
  for (unsigned k : *others) {
    gcall *call = kb_overflow_of(in->guards[k]);
    kb_scan s;
    tree c;
    gimple *store = call ? adds_to_element(in, call, &s.ref, &c) : NULL;
    if (!store || !kb_index_place(in, s.ref, &s.base, &s.step, &s.last, &d->seq) || !kb_points_into_view(s.base, 0))
      continue;
    bool new_one = true;
    for (const kb_scan &o : in->scans) {
      if (!operand_equal_p(o.base, s.base, 0) || !types_compatible_p(TREE_TYPE(o.ref), TREE_TYPE(s.ref)))
        return in->scans.truncate(0); /* two arrays may share memory in odd ways */
      new_one &= !operand_equal_p(o.step, s.step, 0) || !operand_equal_p(o.last, s.last, 0);
    }
    if (new_one)
      in->scans.safe_push(s);
    found.safe_push(k), stores.safe_push(store), terms.safe_push(c);
  }
  bool alone = found.length() <= 4;
  for (gimple *s : in->stores)
    for (const kb_scan &scan : in->scans)
      alone &= stores.contains(s) || !refs_may_alias_p(gimple_assign_lhs(s), scan.ref);
  if (!alone)
    return in->scans.truncate(0);
  for (tree c : terms) {
    tree u = long_long_unsigned_type_node, v = gimple_convert(&d->seq, u, c);
    v = gimple_build(&d->seq, PLUS_EXPR, u, v, build_int_cst(u, HOST_WIDE_INT_1 << 32));
    require(d, gimple_build(&d->seq, LE_EXPR, boolean_type_node, v, build_int_cst(u, HOST_WIDE_INT_1 << 33)));
  }
  for (unsigned k : found) {
    in->exact.safe_push(kb_overflow_of(in->guards[k]));
    for (unsigned i = 0; i < others->length(); i++)
      if ((*others)[i] == k)
        others->ordered_remove(i--);
  }
}

/* Where that is not possible for all: takes the guards on indices, and leaves the others in the copy. */
static bool sort_some(decider *d, unsigned *cost, vec<gimple *> *loads)
{
  kb_inspect *in = d->in;
  hash_set<gimple *> seen;
  auto_vec<unsigned> others;
  for (unsigned k = 0; k < in->guards.length(); k++) {
    const kb_guard &g = in->guards[k];
    gcond *c = as_a<gcond *>(kb_last_stmt(g.leave->src));
    unsigned of = kb_depends_on(in, gimple_cond_lhs(c)) | kb_depends_on(in, gimple_cond_rhs(c));
    if ((of & (KB_OF_IV | KB_OF_TURNS)) && !is_on_values(in, g))
      return no(d, "a guard on the loop's own variable was not proven");
    if ((of & (KB_OF_IV | KB_OF_TURNS)) || !sort_index(d, g, &seen, loads, cost))
      others.safe_push(k);
  }
  sort_sums(d, &others);
  for (unsigned k : others)
    if (!kb_index_implies(in, in->guards[k]))
      in->kept.safe_push(k);
  return in->indices.length() || in->scans.length();
}

/* -- Does it pay? ----------------------------------------------------------------------------------------------------- */

static unsigned uses_inside(const kb_inspect *in, tree name)
{
  unsigned n = 0;
  imm_use_iterator i;
  use_operand_p use;
  FOR_EACH_IMM_USE_FAST (use, i, name)
    if (!is_gimple_debug(USE_STMT(use)) && flow_bb_inside_loop_p(in->loop, gimple_bb(USE_STMT(use))))
      n++;
  return n;
}

/* Could the copy without guards be vectorised? */
static bool could_vectorise(decider *d, unsigned cost)
{
  kb_inspect *in = d->in;
  if (in->loop->dont_vectorize || (kb_hint_of(in->loop) && kb_hint_of(in->loop)->no_vector))
    return no(d, "the loop is not to be vectorised");
  for (gphi_iterator i = gsi_start_phis(in->loop->header); !gsi_end_p(i); gsi_next(&i)) {
    tree name = gimple_phi_result(i.phi());
    if (virtual_operand_p(name) || name == in->iv)
      continue;
    tree next = PHI_ARG_DEF_FROM_EDGE(i.phi(), loop_latch_edge(in->loop));
    if (TREE_CODE(next) != SSA_NAME || uses_inside(in, name) > 2 || uses_inside(in, next) > 2)
      return no(d, "its turns depend on each other; the guards stay, as nothing would be vectorised");
    bool stored = false;
    for (gimple *s : in->stores)
      stored |= gimple_assign_rhs1(s) == next || gimple_assign_rhs1(s) == name;
    if (stored)
      return no(d, "a running value is stored; the guards stay, as nothing would be vectorised");
    if (FLOAT_TYPE_P(TREE_TYPE(name)) && !kb_marked(in->loop, KB_REASSOC) && cost < KB_INSPECT_DEAR)
      return no(d, "a float sum is added in order; its guards cost nothing beside it, and fastmath={\"reassoc\"} would change that");
  }
  return true;
}

/* A loop that is not vectorised gains by a guard less where it does little, and does not wait for a float sum. */
static bool worth_some(decider *d, unsigned cost, unsigned ahead)
{
  kb_inspect *in = d->in;
  for (gphi_iterator i = gsi_start_phis(in->loop->header); !gsi_end_p(i); gsi_next(&i))
    if (FLOAT_TYPE_P(TREE_TYPE(gimple_phi_result(i.phi()))))
      return false;
  return cost < KB_INSPECT_DEAR / 2 && ahead < KB_INSPECT_DEAR / 4;
}

/* -- The entry condition ---------------------------------------------------------------------------------------------- */

static tree operand(decider *d, tree expr, tree type)
{
  gimple_seq seq = NULL;
  tree v = force_gimple_operand(unshare_expr(expr), &seq, true, NULL_TREE);
  gimple_seq_add_seq(&d->seq, seq);
  return gimple_convert(&d->seq, type, v);
}

/* Enough turns, and not too many to multiply. */
static void require_turns(decider *d)
{
  kb_inspect *in = d->in;
  tree u = sizetype, type = TREE_TYPE(in->iv);
  tree from = in->step > 0 ? in->init : in->bound, to = in->step > 0 ? in->bound : in->init;
  require(d, gimple_build(&d->seq, LT_EXPR, boolean_type_node, gimple_convert(&d->seq, type, from), gimple_convert(&d->seq, type, to)));
  d->span = gimple_build(&d->seq, MINUS_EXPR, u, gimple_convert(&d->seq, u, to), gimple_convert(&d->seq, u, from));
  require(d, gimple_build(&d->seq, GE_EXPR, boolean_type_node, d->span, build_int_cst(u, (in->some ? KB_INSPECT_LEAST_SOME : KB_INSPECT_LEAST) * absu_hwi(in->step))));
}

static void count_turns(decider *d)
{
  tree u = sizetype;
  if (d->turns)
    return;
  tree left = gimple_build(&d->seq, MINUS_EXPR, u, d->span, size_one_node);
  d->turns = gimple_build(&d->seq, TRUNC_DIV_EXPR, u, left, build_int_cst(u, absu_hwi(d->in->step)));
  require(d, gimple_build(&d->seq, LT_EXPR, boolean_type_node, d->turns, build_int_cst(u, HOST_WIDE_INT_1 << 31)));
}

/* To look at all elements must cost less than the turns, which sort_sums counted with. */
static void require_scans(decider *d)
{
  for (const kb_scan &s : d->in->scans) {
    count_turns(d);
    require(d, gimple_build(&d->seq, LT_EXPR, boolean_type_node, d->turns, size_int(1 << 26)));
    require(d, gimple_build(&d->seq, LE_EXPR, boolean_type_node, s.last, d->turns));
  }
}

/* Where P's strip of memory begins and ends: all turns from the loop's entry to its end, or all indices. */
static void extent(decider *d, const place *p, tree *begin, tree *end)
{
  tree u = sizetype;
  count_turns(d);
  tree first = gimple_build(&d->seq, PLUS_EXPR, u, operand(d, p->at.base_address, u), operand(d, p->at.offset, u));
  first = gimple_build(&d->seq, PLUS_EXPR, u, first, operand(d, p->at.init, u));
  tree step = operand(d, p->at.step, ssizetype);
  tree limited = gimple_build(&d->seq, PLUS_EXPR, u, gimple_convert(&d->seq, u, step), build_int_cst(u, HOST_WIDE_INT_1 << 30));
  require(d, gimple_build(&d->seq, LT_EXPR, boolean_type_node, limited, build_int_cst(u, HOST_WIDE_INT_1 << 31)));
  if (p->last)
    require(d, gimple_build(&d->seq, LT_EXPR, boolean_type_node, p->last, build_int_cst(u, HOST_WIDE_INT_1 << 31)));
  tree way = gimple_build(&d->seq, MULT_EXPR, u, gimple_convert(&d->seq, u, step), p->last ? p->last : d->turns);
  way = gimple_convert(&d->seq, ssizetype, way);
  tree down = gimple_build(&d->seq, MIN_EXPR, ssizetype, way, ssize_int(0));
  tree up = gimple_build(&d->seq, MAX_EXPR, ssizetype, way, ssize_int(0));
  *begin = gimple_build(&d->seq, PLUS_EXPR, u, first, gimple_convert(&d->seq, u, down));
  tree last = gimple_build(&d->seq, PLUS_EXPR, u, first, gimple_convert(&d->seq, u, up));
  *end = gimple_build(&d->seq, PLUS_EXPR, u, last, build_int_cst(u, p->size));
}

/* Do A and B advance side by side? *APART is how far B is ahead, in bytes. */
static bool side_by_side(const place *a, const place *b, HOST_WIDE_INT *apart)
{
  if (b->last || a->size != b->size || !operand_equal_p(a->at.base_address, b->at.base_address, 0)
      || !operand_equal_p(a->at.offset, b->at.offset, 0) || !operand_equal_p(a->at.step, b->at.step, 0)
      || !tree_fits_shwi_p(a->at.init) || !tree_fits_shwi_p(b->at.init))
    return false;
  *apart = tree_to_shwi(b->at.init) - tree_to_shwi(a->at.init);
  return true;
}

static bool comes_before(gimple *a, gimple *b);

/* LOAD reads in each turn what STORE reaches in a later one, or in the same behind it: x[i] = f (x[i + k]), 0 <= k. LOW and
   STORE_LOW: where the memory that they pass begins. NULL: this cannot be. */
static tree runs_ahead(decider *d, const place *load, const place *store, tree low, tree store_low)
{
  if (store->last || load->size != store->size || !tree_fits_shwi_p(load->at.step) || !operand_equal_p(load->at.step, store->at.step, 0)
      || (HOST_WIDE_INT)absu_hwi(tree_to_shwi(load->at.step)) < load->size || !comes_before(load->stmt, store->stmt))
    return NULL_TREE;
  bool up = tree_to_shwi(load->at.step) > 0;
  return gimple_build(&d->seq, up ? GE_EXPR : LE_EXPR, boolean_type_node, low, store_low);
}

static bool comes_before(gimple *a, gimple *b)
{
  if (gimple_bb(a) != gimple_bb(b))
    return dominated_by_p(CDI_DOMINATORS, gimple_bb(b), gimple_bb(a));
  for (gimple_stmt_iterator i = gsi_for_stmt(a); !gsi_end_p(i); gsi_next(&i))
    if (gsi_stmt(i) == b)
      return true;
  return false;
}

/* Could A in one turn and B in another one be the same memory? GCC's oracle answers for one turn where the pointer is the same. */
static bool may_overlap(const place *a, const place *b)
{
  if (TREE_CODE(a->ref) == MEM_REF && TREE_CODE(b->ref) == MEM_REF && TREE_OPERAND(a->ref, 0) == TREE_OPERAND(b->ref, 0))
    return true;
  return refs_may_alias_p(a->ref, b->ref);
}

/* No store of a strip changes what is read there afterwards. */
static bool require_apart(decider *d)
{
  unsigned pairs = 0;
  for (const place &load : d->loads)
    for (const place &store : d->stores) {
      if (!may_overlap(&load, &store))
        continue;
      HOST_WIDE_INT apart;
      if (side_by_side(&load, &store, &apart) && (apart == 0 || tree_fits_shwi_p(load.at.step))) {
        bool constant = tree_fits_shwi_p(load.at.step);
        HOST_WIDE_INT by = constant ? tree_to_shwi(load.at.step) : 0;
        if (apart && absu_hwi(apart) >= (unsigned HOST_WIDE_INT)load.size && by != 0 && (apart > 0) != (by > 0))
          continue; /* x[i] = f (x[i + 1]): what is stored has been read */
        if (apart || !comes_before(load.stmt, store.stmt))
          return no(d, "a guard depends on what the loop has stored");
        /* x[i] = f (x[i]): other turns have other elements, unless the stride is 0. */
        tree step = operand(d, load.at.step, sizetype);
        tree wide = gimple_build(&d->seq, PLUS_EXPR, sizetype, step, build_int_cst(sizetype, load.size - 1));
        require(d, gimple_build(&d->seq, GT_EXPR, boolean_type_node, wide, build_int_cst(sizetype, 2 * (load.size - 1))));
        continue;
      }
      if (++pairs > 4)
        return no(d, "there are too many pairs of loads and stores that may overlap");
      tree a, b, x, y;
      extent(d, &load, &a, &b);
      extent(d, &store, &x, &y);
      tree below = gimple_build(&d->seq, LE_EXPR, boolean_type_node, b, x);
      tree above = gimple_build(&d->seq, LE_EXPR, boolean_type_node, y, a);
      tree apart_or_ahead = gimple_build(&d->seq, BIT_IOR_EXPR, boolean_type_node, below, above);
      if (tree ahead = runs_ahead(d, &load, &store, a, x))
        apart_or_ahead = gimple_build(&d->seq, BIT_IOR_EXPR, boolean_type_node, apart_or_ahead, ahead);
      require(d, apart_or_ahead);
    }
  return true;
}

static void require_bits(decider *d)
{
  hash_set<tree> seen;
  for (tree t : d->in->entering)
    if (!seen.add(t)) {
      tree u = unsigned_type_for(TREE_TYPE(t));
      tree v = gimple_build(&d->seq, PLUS_EXPR, u, gimple_convert(&d->seq, u, t), build_int_cst(u, HOST_WIDE_INT_1 << d->in->bits));
      require(d, gimple_build(&d->seq, LT_EXPR, boolean_type_node, v,
                              wide_int_to_tree(u, wi::shwi(HOST_WIDE_INT_1 << d->in->bits, 64) * 2)));
    }
}

/* -- All of it -------------------------------------------------------------------------------------------------------- */

/* Can the copy without guards run before it is known whether they hold? */
static bool can_run_ahead(decider *d, bool traps)
{
  if (d->in->stores.length() || traps)
    return false;
  place p;
  for (gimple *s : d->in->loads)
    if (!is_safe(d, s, false, &p))
      return false;
  return true;
}

/* The places that the slice reads and the loop writes. */
static bool find_places(decider *d, const vec<gimple *> &loads)
{
  kb_inspect *in = d->in;
  for (gimple *s : loads) {
    place p;
    if (!is_safe(d, s, true, &p))
      return false;
    d->loads.safe_push(p);
  }
  for (gimple *s : in->stores) {
    place p;
    if (!place_of(d, s, true, &p)
        && (!in->some || !kb_index_place(in, p.ref, &p.at.base_address, &p.at.step, &p.last, &d->seq)))
      return no(d, "it stores where data says; the guards stay, as nothing would be vectorised");
    if (p.last)
      p.at.offset = p.at.init = ssize_int(0);
    d->stores.safe_push(p);
  }
  return true;
}

/* The loop without any guard. */
static bool decide_all(decider *d, unsigned cost, bool traps)
{
  kb_inspect *in = d->in;
  unsigned ahead = 0;
  auto_vec<gimple *> loads;
  if (d->copies)
    return no(d, "there is assembly in it");
  if (!sort_guards(d, &ahead, &loads) || !could_vectorise(d, cost) || !find_places(d, loads))
    return false;
  in->one_pass = can_run_ahead(d, traps);
  d->why = NULL;
  if (!in->one_pass && ahead >= KB_INSPECT_DEAR && 3 * ahead > cost)
    return no(d, "computing the guards ahead costs as much as the loop");
  return true;
}

/* The loop without guards on indices; what is left says in D->why why not without any. */
static bool decide_some(decider *d, unsigned cost)
{
  kb_inspect *in = d->in;
  unsigned ahead = 0;
  auto_vec<gimple *> loads;
  const char *why = d->why;
  gimple_seq_discard(d->seq);
  d->seq = NULL, d->entry = NULL_TREE;
  d->loads.truncate(0), d->stores.truncate(0);
  in->inspected.truncate(0), in->entering.truncate(0), in->sums.truncate(0), in->exact.truncate(0), in->conditions.truncate(0);
  in->math.truncate(0), in->indices.truncate(0), in->scans.truncate(0), in->one_pass = false, in->some = true;
  bool ok = sort_some(d, &ahead, &loads) && worth_some(d, cost, ahead) && find_places(d, loads);
  d->why = why;
  return ok;
}

static bool decide(decider *d)
{
  kb_inspect *in = d->in;
  unsigned cost = 0;
  bool traps = false;
  if (!find_guards(d))
    return false;
  /* What was looked at must be what is used. */
  if (kb_marked(in->loop, KB_SHARED))
    return no(d, "other threads may write to its arrays meanwhile");
  if (!find_test(d) || !only_guards(d) || !find_memory(d, &cost, &traps) || (!decide_all(d, cost, traps) && !decide_some(d, cost)))
    return false;
  if (!can_duplicate_loop_p(in->loop))
    return no(d, "the loop cannot be copied");
  require_turns(d);
  require_bits(d);
  require_scans(d);
  return require_apart(d);
}

bool kb_inspect_loop(function *fn, class loop *loop)
{
  if (loop->inner || kb_marked(loop, KB_SLOW))
    return false;
  kb_inspect in = {};
  in.fn = fn, in.loop = loop;
  decider d = {};
  d.in = &in, d.loc = kb_loop_location(loop);
  if (!decide(&d)) {
    gimple_seq_discard(d.seq);
    if (d.why)
      kb_decide(d.loc, KB_NOT, PASS, "%s", d.why);
    for (const kb_guard &g : in.guards)
      kb_guard_stays(g.exit, d.why, kb_inspect_remedy(d.why));
    return false;
  }
  unsigned n = in.guards.length() - in.kept.length(), assumed = n - in.conditions.length() - d.math_guards - in.indices.length();
  for (unsigned k = 0; k < in.guards.length(); k++)
    if (in.kept.contains(k))
      kb_guard_stays(in.guards[k].exit, d.why, "");
    else
      kb_guard_proven(in.guards[k].exit);
  bool one_pass = in.one_pass;
  if (!kb_cut_strips(&in, d.seq, d.entry)) {
    kb_decide(d.loc, KB_NOT, PASS, "the loop could not be copied");
    return true;
  }
  const char *where = one_pass ? "beside the loop" : "ahead of the loop";
  if (in.some)
    kb_decide(d.loc, KB_DONE, PASS, "%u guards on indices are looked at for %u turns at once, ahead of the loop, %u on sums in elements by a look"
              " at all of these; %u stay%s%s", n - in.exact.length(), KB_INSPECT_TURNS, in.exact.length(), in.kept.length(),
              in.kept.length() ? ", as " : "", in.kept.length() ? d.why : "");
  else
    kb_decide(d.loc, KB_DONE, PASS, "%u guards are looked at for %u turns at once, %s: %u by conditions, %u by values below 2**%u, %u on indices",
              n, KB_INSPECT_TURNS, where, n - assumed - in.indices.length(), assumed, in.bits, in.indices.length());
  return true;
}
