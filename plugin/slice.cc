/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slice.cc: computes the conditions of guards ahead of the loop, or beside it.
 *
 * What a condition needs is copied as straight code: a join becomes a choice by the conditions that lead to it, a guard in a
 * branch counts where the branch is taken. So an inspecting loop is one block without exits, stores and calls, which GCC can
 * vectorise whatever the loop itself looks like. Signed operations on loaded values wrap in the copy: where one would
 * overflow, the exact loop would have left before, and a flag is set.
 */
#include "inspect.h"

static gimple *def_inside(const kb_inspect *in, tree t)
{
  gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
  return d && gimple_bb(d) && flow_bb_inside_loop_p(in->loop, gimple_bb(d)) ? d : NULL;
}

static bool is_header_phi(const kb_inspect *in, gimple *d) { return gimple_code(d) == GIMPLE_PHI && gimple_bb(d) == in->loop->header; }

bool kb_every_turn(const kb_inspect *in, gimple *stmt)
{
  return dominated_by_p(CDI_DOMINATORS, in->loop->latch, gimple_bb(stmt));
}

/* -- Dependence ------------------------------------------------------------------------------------------------------- */

static unsigned depends_on(const kb_inspect *in, tree t, hash_set<gimple *> *seen)
{
  gimple *d = def_inside(in, t);
  if (!d || seen->add(d))
    return 0;
  if (is_header_phi(in, d))
    return t == in->iv ? KB_OF_IV : KB_OF_TURNS;
  if (gimple_vuse(d))
    return KB_OF_DATA;
  unsigned found = 0;
  use_operand_p use;
  if (gphi *phi = dyn_cast<gphi *>(d)) {
    /* The conditions that choose count, too: all between the join and what dominates it. */
    basic_block top = get_immediate_dominator(CDI_DOMINATORS, gimple_bb(phi));
    for (unsigned i = 0; i < gimple_phi_num_args(phi); i++) {
      found |= depends_on(in, gimple_phi_arg_def(phi, i), seen);
      basic_block b = gimple_phi_arg_edge(phi, i)->src;
      for (;; b = get_immediate_dominator(CDI_DOMINATORS, b)) {
        if (gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(b)))
          found |= depends_on(in, gimple_cond_lhs(c), seen) | depends_on(in, gimple_cond_rhs(c), seen);
        if (b == top)
          break;
      }
    }
    return found;
  }
  ssa_op_iter i;
  FOR_EACH_SSA_USE_OPERAND (use, d, i, SSA_OP_USE)
    found |= depends_on(in, USE_FROM_PTR(use), seen);
  return found;
}

unsigned kb_depends_on(const kb_inspect *in, tree t)
{
  hash_set<gimple *> seen;
  return depends_on(in, t, &seen);
}

bool kb_is_math(gimple *stmt, bool *root)
{
  *root = false;
  if (!is_gimple_call(stmt) || gimple_vdef(stmt) || gimple_vuse(stmt))
    return false;
#define EITHER(name) case CFN_BUILT_IN_##name: case CFN_BUILT_IN_##name##F: case CFN_##name
  switch (gimple_call_combined_fn(stmt)) {
  EITHER(SQRT): *root = true; return true;
  EITHER(FLOOR): EITHER(CEIL): EITHER(TRUNC): EITHER(RINT): EITHER(NEARBYINT): EITHER(COPYSIGN): EITHER(FMIN): EITHER(FMAX):
  EITHER(FMA): return true;
  default: return false;
  }
#undef EITHER
}

/* The statement in the loop whose result S takes the real or the imaginary part of; NULL: S does something else, or the
   statement is not in the loop. */
static gimple *whole_of(const kb_inspect *in, gassign *s)
{
  tree_code code = gimple_assign_rhs_code(s);
  return code == REALPART_EXPR || code == IMAGPART_EXPR ? def_inside(in, TREE_OPERAND(gimple_assign_rhs1(s), 0)) : NULL;
}

/* Can D be copied? COST grows by what it takes. */
static bool can_copy(const kb_inspect *in, gimple *d, unsigned *cost, const char **why)
{
  tree_code op;
  if (gassign *s = dyn_cast<gassign *>(d)) {
    if (gimple_has_volatile_ops(s)) {
      *why = "it reads volatile memory";
      return false;
    }
    if (!gimple_assign_load_p(s) && gimple_could_trap_p(s)) {
      *why = "it divides integers";
      return false;
    }
    gimple *whole = whole_of(in, s);
    if (whole && !kb_overflow_op(whole, &op)) {
      *why = "it takes a statement that cannot be copied";
      return false;
    }
    *cost += gimple_assign_rhs_code(s) == RDIV_EXPR ? KB_INSPECT_DEAR : gimple_assign_load_p(s) ? 2 : 1;
    return true;
  }
  if (gimple_code(d) == GIMPLE_PHI) {
    *cost += 1;
    return true;
  }
  if (kb_overflow_op(d, &op)) {
    *cost += 1;
    *why = "it follows from a flag of overflow";
    return in->exact.contains(as_a<gcall *>(d));
  }
  bool root;
  *why = is_gimple_call(d) ? "it takes a call" : "it takes a statement that cannot be copied";
  if (!kb_is_math(d, &root))
    return false;
  *cost += root ? KB_INSPECT_DEAR : 1;
  return true;
}

/* The conditions between the block of join PHI and its dominator. */
static bool conditions_of_join(const kb_inspect *in, gphi *phi, vec<tree> *operands)
{
  basic_block top = get_immediate_dominator(CDI_DOMINATORS, gimple_bb(phi));
  if (!flow_bb_inside_loop_p(in->loop, top))
    return false;
  for (unsigned i = 0; i < gimple_phi_num_args(phi); i++)
    for (basic_block b = gimple_phi_arg_edge(phi, i)->src;; b = get_immediate_dominator(CDI_DOMINATORS, b)) {
      gimple *last = kb_last_stmt(b);
      if (last && stmt_ends_bb_p(last)) {
        gcond *c = dyn_cast<gcond *>(last);
        if (!c)
          return false;
        operands->safe_push(gimple_cond_lhs(c)), operands->safe_push(gimple_cond_rhs(c));
      }
      if (b == top)
        break;
    }
  return true;
}

bool kb_slice_loads(const kb_inspect *in, tree t, hash_set<gimple *> *seen, vec<gimple *> *loads, unsigned *cost, const char **why)
{
  gimple *d = def_inside(in, t);
  if (!d || seen->add(d) || t == in->iv)
    return true;
  if (is_header_phi(in, d)) {
    *why = "it follows from the turn before";
    return false;
  }
  if (!can_copy(in, d, cost, why))
    return false;
  auto_vec<tree, 8> needs;
  if (gphi *phi = dyn_cast<gphi *>(d)) {
    if (!conditions_of_join(in, phi, &needs)) {
      *why = "it follows from a switch";
      return false;
    }
    for (unsigned i = 0; i < gimple_phi_num_args(phi); i++)
      needs.safe_push(gimple_phi_arg_def(phi, i));
  } else {
    tree use;
    ssa_op_iter i;
    FOR_EACH_SSA_TREE_OPERAND (use, d, i, SSA_OP_USE)
      needs.safe_push(use);
    if (gimple_vuse(d))
      loads->safe_push(d);
  }
  for (tree n : needs)
    if (!kb_slice_loads(in, n, seen, loads, cost, why))
      return false;
  return true;
}

/* -- Copies ----------------------------------------------------------------------------------------------------------- */

struct copier {
  const kb_inspect *in;
  gimple_seq *seq;
  tree iv;   /* for the loop's own */
  bool copy; /* else names that every turn computes are used as they are */
  hash_map<tree, tree> done;
  copier(const kb_inspect *i, gimple_seq *s, tree v, bool new_loop) : in(i), seq(s), iv(v), copy(new_loop) {}
};

static tree copy_of(copier *c, tree t);

static tree build(copier *c, tree_code op, tree type, tree a, tree b) { return gimple_build(c->seq, op, type, a, b); }

/* The condition of COND, or its opposite. */
static tree condition(copier *c, tree_code op, tree a, tree b, bool opposite)
{
  tree x = copy_of(c, a), y = copy_of(c, b);
  if (opposite) {
    tree_code turned = invert_tree_comparison(op, HONOR_NANS(x));
    if (turned != ERROR_MARK)
      return build(c, turned, boolean_type_node, x, y);
  }
  tree v = build(c, op, boolean_type_node, x, y);
  return opposite ? build(c, BIT_XOR_EXPR, boolean_type_node, v, boolean_true_node) : v;
}

static bool is_guard_edge(const kb_inspect *in, edge e)
{
  for (const kb_guard &g : in->guards)
    if (g.leave->src == e->src)
      return true;
  return false;
}

static tree both(copier *c, tree a, tree b) { return !a ? b : !b ? a : build(c, BIT_AND_EXPR, boolean_type_node, a, b); }

/* When is edge E taken, once TOP is reached? NULL: always. Guards do not count. */
static tree reaching(copier *c, basic_block b, basic_block top);
static tree taken(copier *c, edge e, basic_block top)
{
  tree before = e->src == top ? NULL_TREE : reaching(c, e->src, top);
  gcond *s = safe_dyn_cast<gcond *>(kb_last_stmt(e->src));
  if (!s || is_guard_edge(c->in, e) || EDGE_COUNT(e->src->succs) < 2 || e->src == c->in->loop->header)
    return before;
  return both(c, before, condition(c, gimple_cond_code(s), gimple_cond_lhs(s), gimple_cond_rhs(s), e->flags & EDGE_FALSE_VALUE));
}

static tree reaching(copier *c, basic_block b, basic_block top)
{
  if (b == top || dominated_by_p(CDI_DOMINATORS, c->in->loop->latch, b))
    return NULL_TREE;
  tree any = NULL_TREE;
  edge e;
  edge_iterator i;
  FOR_EACH_EDGE (e, i, b->preds) {
    tree one = taken(c, e, top);
    if (!one)
      return NULL_TREE;
    any = any ? build(c, BIT_IOR_EXPR, boolean_type_node, any, one) : one;
  }
  return any;
}

/* The join PHI as a choice: its last argument unless one of the other edges is taken. */
static tree copy_of_join(copier *c, gphi *phi)
{
  basic_block top = get_immediate_dominator(CDI_DOMINATORS, gimple_bb(phi));
  unsigned n = gimple_phi_num_args(phi);
  tree type = TREE_TYPE(gimple_phi_result(phi)), value = copy_of(c, gimple_phi_arg_def(phi, n - 1));
  for (unsigned i = n - 1; i-- > 0;) {
    tree one = copy_of(c, gimple_phi_arg_def(phi, i)), when = taken(c, gimple_phi_arg_edge(phi, i), top);
    value = when ? gimple_build(c->seq, COND_EXPR, type, when, one, value) : one;
  }
  return value;
}

/* An operation on signed ints that could overflow in vain wraps. */
static tree wrapped(copier *c, tree_code op, tree type, tree a, tree b)
{
  tree u = unsigned_type_for(type);
  a = gimple_convert(c->seq, u, a);
  b = b ? gimple_convert(c->seq, u, b) : NULL_TREE;
  tree v = b ? gimple_build(c->seq, op, u, a, b) : gimple_build(c->seq, op, u, a);
  return gimple_convert(c->seq, type, v);
}

static tree copy_of_assign(copier *c, gassign *s)
{
  tree lhs = gimple_assign_lhs(s), type = TREE_TYPE(lhs), op;
  tree_code code = gimple_assign_rhs_code(s), part;
  if (gimple *call = whole_of(c->in, s)) {
    if (code == IMAGPART_EXPR)
      return build_zero_cst(type);
    kb_overflow_op(call, &part);
    tree a = copy_of(c, gimple_call_arg(call, 0)), b = copy_of(c, gimple_call_arg(call, 1));
    return wrapped(c, part, type, gimple_convert(c->seq, type, a), gimple_convert(c->seq, type, b));
  }
  if (INTEGRAL_TYPE_P(type) && TYPE_OVERFLOW_UNDEFINED(type) && arith_code_with_undefined_signed_overflow(code)
      && (kb_depends_on(c->in, lhs) & KB_OF_DATA) && (code == PLUS_EXPR || code == MINUS_EXPR || code == MULT_EXPR || code == NEGATE_EXPR))
    return wrapped(c, code, type, copy_of(c, gimple_assign_rhs1(s)), code == NEGATE_EXPR ? NULL_TREE : copy_of(c, gimple_assign_rhs2(s)));
  gassign *twin = as_a<gassign *>(gimple_copy(s));
  gimple_set_vuse(twin, NULL_TREE);
  for (unsigned i = 1; i < gimple_num_ops(s); i++) {
    op = gimple_op(s, i);
    if (TREE_CODE(op) == SSA_NAME)
      gimple_set_op(twin, i, copy_of(c, op));
    else
      gimple_set_op(twin, i, unshare_expr(op));
  }
  if (!is_gimple_min_invariant(gimple_assign_rhs1(s)) && TREE_CODE(gimple_assign_rhs1(s)) != SSA_NAME) {
    /* The names inside of a reference, or of a condition. */
    tree ref = gimple_assign_rhs1(twin);
    tree *p = &ref;
    auto_vec<tree *, 8> inner;
    inner.safe_push(p);
    while (!inner.is_empty()) {
      tree *q = inner.pop();
      if (!*q)
        continue;
      if (TREE_CODE(*q) == SSA_NAME)
        *q = copy_of(c, *q);
      else if (EXPR_P(*q))
        for (int i = 0; i < TREE_OPERAND_LENGTH(*q); i++)
          inner.safe_push(&TREE_OPERAND(*q, i));
    }
    gimple_assign_set_rhs1(twin, ref);
  }
  tree name = make_ssa_name(type);
  gimple_assign_set_lhs(twin, name);
  gimple_set_modified(twin, true);
  gimple_seq_add_stmt(c->seq, twin);
  return name;
}

static tree copy_of(copier *c, tree t)
{
  gimple *d = def_inside(c->in, t);
  if (!d)
    return t;
  if (t == c->in->iv)
    return c->iv;
  if (!c->copy && kb_every_turn(c->in, d))
    return t;
  if (tree *v = c->done.get(t))
    return *v;
  tree v;
  if (gphi *phi = dyn_cast<gphi *>(d))
    v = copy_of_join(c, phi);
  else if (gassign *s = dyn_cast<gassign *>(d))
    v = copy_of_assign(c, s);
  else {
    gcall *twin = as_a<gcall *>(gimple_copy(d));
    for (unsigned i = 0; i < gimple_call_num_args(twin); i++)
      gimple_call_set_arg(twin, i, copy_of(c, gimple_call_arg(twin, i)));
    v = make_ssa_name(TREE_TYPE(t));
    gimple_call_set_lhs(twin, v);
    gimple_set_modified(twin, true);
    gimple_seq_add_stmt(c->seq, twin);
  }
  c->done.put(t, v);
  return v;
}

/* -- Flags ------------------------------------------------------------------------------------------------------------ */

tree kb_flag_type(int which)
{
  switch (which) {
  case KB_FLAG_RANGE: return long_long_unsigned_type_node;
  case KB_FLAG_SHORT: return unsigned_type_node;
  case KB_FLAG_WIDE: case KB_FLAG_SIGN: return long_long_integer_type_node;
  default: return integer_type_node;
  }
}

static void add_to_flag(copier *c, kb_flags *flags, int which, tree value)
{
  tree type = TREE_TYPE(value);
  if (!flags->before[which]) {
    flags->before[which] = make_ssa_name(type, gimple_build_nop()); /* until its phi is made */
    flags->after[which] = flags->before[which];
  }
  tree_code op = which >= KB_FLAG_LARGEST ? MAX_EXPR : BIT_IOR_EXPR;
  flags->after[which] = build(c, op, type, flags->after[which], value);
}

/* The flag of index number K. */
static int flag_of_index(const kb_index &x, unsigned k)
{
  if (x.real)
    return KB_FLAG_WIDE;
  return TYPE_PRECISION(TREE_TYPE(x.value)) == 64 ? KB_FLAG_SIGN : KB_FLAG_LARGEST + (int)k;
}

tree kb_under_root(tree t)
{
  bool root = false;
  gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
  return d && kb_is_math(d, &root) && root ? gimple_call_arg(d, 0) : t;
}

/* The condition on which G leaves, without roots. */
static void guard_condition(const kb_guard &g, tree_code *op, tree *a, tree *b, bool *opposite)
{
  gcond *s = as_a<gcond *>(kb_last_stmt(g.leave->src));
  *op = gimple_cond_code(s), *a = gimple_cond_lhs(s), *b = gimple_cond_rhs(s);
  *opposite = g.leave->flags & EDGE_FALSE_VALUE;
  if ((*op == EQ_EXPR || *op == NE_EXPR) && real_zerop(*b))
    *a = kb_under_root(*a);
}

void kb_emit_flags(const kb_inspect *in, gimple_seq *seq, tree iv, bool copy, kb_flags *flags)
{
  copier c(in, seq, iv, copy);
  memset(flags, 0, sizeof *flags);
  for (tree t : in->inspected) {
    int which = TYPE_PRECISION(TREE_TYPE(t)) > 32 ? KB_FLAG_RANGE : KB_FLAG_SHORT;
    tree u = kb_flag_type(which), v = gimple_convert(seq, u, copy_of(&c, t));
    add_to_flag(&c, flags, which, build(&c, PLUS_EXPR, u, v, build_int_cst(u, HOST_WIDE_INT_1 << in->bits)));
  }
  for (unsigned k : in->conditions) {
    tree_code op;
    tree a, b;
    bool opposite;
    guard_condition(in->guards[k], &op, &a, &b, &opposite);
    tree when = reaching(&c, in->guards[k].leave->src, in->loop->header);
    when = both(&c, when, condition(&c, op, a, b, opposite));
    int which = tree_to_uhwi(TYPE_SIZE_UNIT(TREE_TYPE(a))) >= 8 ? KB_FLAG_WIDE : KB_FLAG_NARROW;
    tree type = kb_flag_type(which);
    add_to_flag(&c, flags, which, gimple_build(seq, COND_EXPR, type, when, build_minus_one_cst(type), build_zero_cst(type)));
  }
  for (unsigned k = 0; k < in->indices.length(); k++) {
    const kb_index &x = in->indices[k];
    int which = flag_of_index(x, k);
    tree when = reaching(&c, x.at, in->loop->header);
    add_to_flag(&c, flags, which, kb_index_flag(x, seq, copy_of(&c, x.value), when, which));
  }
  for (gcall *call : in->math) {
    tree args[2], type = kb_flag_type(KB_FLAG_WIDE);
    for (unsigned i = 0; i < gimple_call_num_args(call); i++)
      args[i] = copy_of(&c, gimple_call_arg(call, i));
    tree when = both(&c, reaching(&c, gimple_bb(call), in->loop->header), kb_emit_outside(seq, call, args));
    add_to_flag(&c, flags, KB_FLAG_WIDE, gimple_build(seq, COND_EXPR, type, when, build_minus_one_cst(type), build_zero_cst(type)));
  }
}

tree kb_emit_clean(const kb_inspect *in, gimple_seq *seq, const tree *flags)
{
  tree clean = NULL_TREE;
  for (int k = 0; k < KB_NFLAGS; k++)
    if (flags[k]) {
      tree type = TREE_TYPE(flags[k]), one;
      if (k == KB_FLAG_RANGE || k == KB_FLAG_SHORT)
        one = gimple_build(seq, LT_EXPR, boolean_type_node, flags[k],
                           wide_int_to_tree(type, wi::lshift(wi::one(TYPE_PRECISION(type)), in->bits + 1)));
      else if (k >= KB_FLAG_LARGEST)
        one = kb_index_clean(in->indices[k - KB_FLAG_LARGEST], seq, flags[k]);
      else
        one = gimple_build(seq, k == KB_FLAG_SIGN ? GE_EXPR : EQ_EXPR, boolean_type_node, flags[k], build_zero_cst(type));
      clean = clean ? gimple_build(seq, BIT_AND_EXPR, boolean_type_node, clean, one) : one;
    }
  return clean ? clean : boolean_true_node;
}
