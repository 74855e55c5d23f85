/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear.cc: addresses and trips of loops as linear forms in the turns of the loops around.
 *
 * GCC's scalar evolution gives up where signed sums of products are converted to unsigned for an address. Modulo 2^64 there is
 * no such difference: all 64-bit additions and products are exact, so that a form is right even where the source overflows.
 * Values of narrower types are taken only where they do not vary.
 */
#include "contract.h"

enum { DEEP = 12 };

static bool wide(tree type)
{
  return (INTEGRAL_TYPE_P(type) || POINTER_TYPE_P(type)) && TYPE_PRECISION(type) == 64;
}

static bool is_outside(const kb_contraction *k, tree name)
{
  basic_block b = gimple_bb(SSA_NAME_DEF_STMT(name));
  return !b || !flow_bb_inside_loop_p(k->loops[0], b);
}

/* -- Invariant values --------------------------------------------------------------------------------------------- */

/* Can an operation be done where the source would not have come? */
static bool harmless(enum tree_code code, tree b)
{
  switch (code) {
  case PLUS_EXPR: case MINUS_EXPR: case MULT_EXPR: case NEGATE_EXPR: case MIN_EXPR: case MAX_EXPR:
  case BIT_AND_EXPR: case BIT_IOR_EXPR: case BIT_XOR_EXPR: case BIT_NOT_EXPR: CASE_CONVERT: case FLOAT_EXPR:
    return true;
  case TRUNC_DIV_EXPR: case TRUNC_MOD_EXPR:
    return TREE_CODE(b) == INTEGER_CST && !integer_zerop(b) && !integer_minus_onep(b);
  case LSHIFT_EXPR: case RSHIFT_EXPR:
    return TREE_CODE(b) == INTEGER_CST;
  default:
    return false;
  }
}

static tree outside(const kb_contraction *k, tree value, int deep);

/* The value that STMT computes. Integers wrap: what overflows was not to be used. */
static tree again(const kb_contraction *k, gassign *stmt, int deep)
{
  enum tree_code code = gimple_assign_rhs_code(stmt);
  tree type = TREE_TYPE(gimple_assign_lhs(stmt)), a = gimple_assign_rhs1(stmt), b = gimple_assign_rhs2(stmt);
  if (gimple_num_ops(stmt) > 3 || gimple_vuse(stmt))
    return NULL_TREE;
  if (code == SSA_NAME)
    return outside(k, a, deep);
  if (!harmless(code, b) || VECTOR_TYPE_P(type))
    return NULL_TREE;
  a = outside(k, a, deep);
  b = b ? outside(k, b, deep) : NULL_TREE;
  if (!a || (gimple_assign_rhs2(stmt) && !b))
    return NULL_TREE;
  bool wraps = INTEGRAL_TYPE_P(type) && !TYPE_UNSIGNED(type)
               && (code == PLUS_EXPR || code == MINUS_EXPR || code == MULT_EXPR || code == NEGATE_EXPR);
  tree in = wraps ? unsigned_type_for(type) : type;
  if (wraps) {
    a = fold_convert(in, a);
    b = b ? fold_convert(in, b) : NULL_TREE;
  }
  tree t = b ? fold_build2(code, in, a, b) : fold_build1(code, in, a);
  return wraps ? fold_convert(type, t) : t;
}

static tree outside(const kb_contraction *k, tree value, int deep)
{
  if (is_gimple_min_invariant(value))
    return value;
  if (TREE_CODE(value) != SSA_NAME || SSA_NAME_OCCURS_IN_ABNORMAL_PHI(value))
    return NULL_TREE;
  if (is_outside(k, value))
    return value;
  gphi *phi = dyn_cast<gphi *>(SSA_NAME_DEF_STMT(value));
  if (phi && gimple_phi_num_args(phi) == 1 && deep < DEEP)
    return outside(k, gimple_phi_arg_def(phi, 0), deep + 1);
  gassign *stmt = dyn_cast<gassign *>(SSA_NAME_DEF_STMT(value));
  return stmt && deep < DEEP ? again(k, stmt, deep + 1) : NULL_TREE;
}

tree kb_outside(const kb_contraction *k, tree value) { return outside(k, value, 0); }

/* -- Linear forms ------------------------------------------------------------------------------------------------- */

static void constant(tree base, kb_linear *out)
{
  out->root = NULL_TREE;
  out->base = base;
  for (tree &s : out->step)
    s = kb_count(0);
}

static bool varies(const kb_linear *f)
{
  for (tree s : f->step)
    if (!integer_zerop(s))
      return true;
  return false;
}

/* *A becomes A + B or A - B. */
static bool add(enum tree_code code, kb_linear *a, const kb_linear *b)
{
  if (b->root && (a->root || code == MINUS_EXPR))
    return false;
  if (b->root)
    a->root = b->root;
  a->base = kb_uop(code, a->base, b->base);
  for (int d = 0; d < KB_DEPTH; d++)
    a->step[d] = kb_uop(code, a->step[d], b->step[d]);
  return true;
}

static bool scale(kb_linear *a, tree by)
{
  if (a->root)
    return false;
  a->base = kb_uop(MULT_EXPR, a->base, by);
  for (tree &s : a->step)
    s = kb_uop(MULT_EXPR, s, by);
  return true;
}

/* The index of the loop whose header B is; -1: of none of the nest. */
static int loop_at(const kb_contraction *k, basic_block b)
{
  for (unsigned d = 0; d < k->depth; d++)
    if (k->loops[d]->header == b)
      return d;
  return k->init && k->init->header == b ? (int)k->depth - 1 : -1;
}

static bool form(const kb_contraction *k, basic_block use, tree value, int deep, kb_linear *out);

/* Of a loop's variable, which steps by a constant. */
static bool form_of_phi(const kb_contraction *k, gphi *phi, int deep, kb_linear *out)
{
  basic_block b = gimple_bb(phi);
  if (gimple_phi_num_args(phi) == 1)
    return form(k, b, gimple_phi_arg_def(phi, 0), deep, out);
  int d = loop_at(k, b);
  if (d < 0 || gimple_phi_num_args(phi) != 2)
    return false;
  class loop *l = b->loop_father;
  tree next = PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(l));
  gassign *inc = TREE_CODE(next) == SSA_NAME ? dyn_cast<gassign *>(SSA_NAME_DEF_STMT(next)) : NULL;
  if (!inc || (gimple_assign_rhs_code(inc) != PLUS_EXPR && gimple_assign_rhs_code(inc) != POINTER_PLUS_EXPR)
      || gimple_assign_rhs1(inc) != gimple_phi_result(phi) || TREE_CODE(gimple_assign_rhs2(inc)) != INTEGER_CST)
    return false;
  edge in = loop_preheader_edge(l);
  if (!form(k, in->src, PHI_ARG_DEF_FROM_EDGE(phi, in), deep, out) || !integer_zerop(out->step[d]))
    return false;
  out->step[d] = kb_ulong(gimple_assign_rhs2(inc));
  return true;
}

static bool form_of_assign(const kb_contraction *k, gassign *stmt, int deep, kb_linear *out)
{
  basic_block b = gimple_bb(stmt);
  tree x = gimple_assign_rhs1(stmt), y = gimple_assign_rhs2(stmt);
  kb_linear other;
  switch (gimple_assign_rhs_code(stmt)) {
  case SSA_NAME: CASE_CONVERT:
    return wide(TREE_TYPE(x)) && form(k, b, x, deep, out);
  case PLUS_EXPR: case MINUS_EXPR: case POINTER_PLUS_EXPR:
    return form(k, b, x, deep, out) && form(k, b, y, deep, &other)
           && add(gimple_assign_rhs_code(stmt) == MINUS_EXPR ? MINUS_EXPR : PLUS_EXPR, out, &other);
  case NEGATE_EXPR:
    return form(k, b, x, deep, out) && scale(out, kb_count(-1));
  case MULT_EXPR:
    if (!form(k, b, x, deep, out) || !form(k, b, y, deep, &other))
      return false;
    if (varies(&other))
      std::swap(*out, other);
    return !varies(&other) && !other.root && scale(out, other.base);
  case LSHIFT_EXPR:
    return tree_fits_uhwi_p(y) && tree_to_uhwi(y) < 63 && form(k, b, x, deep, out)
           && scale(out, kb_count(HOST_WIDE_INT_1 << tree_to_uhwi(y)));
  default:
    return false;
  }
}

static bool form(const kb_contraction *k, basic_block use, tree value, int deep, kb_linear *out)
{
  if (!wide(TREE_TYPE(value)) || deep > DEEP)
    return false;
  if (POINTER_TYPE_P(TREE_TYPE(value)) && (TREE_CODE(value) == SSA_NAME ? is_outside(k, value) : is_gimple_min_invariant(value))) {
    constant(kb_count(0), out);
    out->root = value;
    return true;
  }
  if (TREE_CODE(value) == INTEGER_CST || (TREE_CODE(value) == SSA_NAME && is_outside(k, value))) {
    constant(kb_ulong(value), out);
    return true;
  }
  if (TREE_CODE(value) != SSA_NAME)
    return false;
  gimple *stmt = SSA_NAME_DEF_STMT(value);
  /* behind its loop, a value is that of the last turn */
  if (!flow_bb_inside_loop_p(gimple_bb(stmt)->loop_father, use))
    return false;
  if (gphi *phi = dyn_cast<gphi *>(stmt))
    return form_of_phi(k, phi, deep + 1, out);
  gassign *assign = dyn_cast<gassign *>(stmt);
  if (!assign || gimple_vuse(assign))
    return false;
  if (form_of_assign(k, assign, deep + 1, out))
    return true;
  tree same = POINTER_TYPE_P(TREE_TYPE(value)) ? NULL_TREE : kb_outside(k, value);
  if (same)
    constant(kb_ulong(same), out);
  return same != NULL_TREE;
}

bool kb_linear_form(const kb_contraction *k, basic_block use, tree value, kb_linear *out)
{
  return form(k, use, value, 0, out);
}

bool kb_linear_address(const kb_contraction *k, basic_block use, tree ref, kb_linear *out)
{
  if (TREE_CODE(ref) != MEM_REF || !types_compatible_p(TREE_TYPE(ref), k->type) || REF_REVERSE_STORAGE_ORDER(ref)
      || !kb_linear_form(k, use, TREE_OPERAND(ref, 0), out) || !out->root)
    return false;
  out->base = kb_uop(PLUS_EXPR, out->base, kb_ulong(TREE_OPERAND(ref, 1)));
  return true;
}

bool kb_linear_same(const kb_linear *a, const kb_linear *b)
{
  if (!a->root != !b->root || (a->root && !operand_equal_p(a->root, b->root, 0)) || !operand_equal_p(a->base, b->base, 0))
    return false;
  for (int d = 0; d < KB_DEPTH; d++)
    if (!operand_equal_p(a->step[d], b->step[d], 0))
      return false;
  return true;
}

/* -- Trips -------------------------------------------------------------------------------------------------------- */

/* While form: nothing happens in the header, which alone leaves. */
static gcond *test_of(class loop *l)
{
  edge out = single_exit(l);
  if (!out || out->src != l->header || l->header == l->latch)
    return NULL;
  for (gimple_stmt_iterator i = gsi_start_bb(l->header); !gsi_end_p(i); gsi_next(&i))
    if (gimple_vuse(gsi_stmt(i)))
      return NULL;
  return safe_dyn_cast<gcond *>(kb_last_stmt(l->header));
}

bool kb_trip_of(const kb_contraction *k, class loop *l, unsigned d, kb_trip *out)
{
  gcond *test = test_of(l);
  if (!test)
    return false;
  tree x = gimple_cond_lhs(test), y = gimple_cond_rhs(test);
  if (!INTEGRAL_TYPE_P(TREE_TYPE(x)) || !INTEGRAL_TYPE_P(TREE_TYPE(y)) || !kb_linear_form(k, l->header, x, &out->from)
      || !kb_linear_form(k, l->header, y, &out->to))
    return false;
  out->code = gimple_cond_code(test);
  if (single_exit(l)->flags & EDGE_TRUE_VALUE)
    out->code = invert_tree_comparison(out->code, false);
  if (integer_zerop(out->from.step[d])) {
    std::swap(out->from, out->to);
    out->code = swap_tree_comparison(out->code);
  }
  if (!integer_zerop(out->to.step[d]) || out->from.root || out->to.root || TREE_CODE(out->from.step[d]) != INTEGER_CST)
    return false;
  out->step = (HOST_WIDE_INT)TREE_INT_CST_LOW(out->from.step[d]);
  out->from.step[d] = kb_count(0);
  bool up = out->step > 0;
  switch (out->code) {
  case LT_EXPR: case LE_EXPR: return up && out->step < (1 << 30) && !TYPE_UNSIGNED(TREE_TYPE(x));
  case GT_EXPR: case GE_EXPR: return !up && out->step > -(1 << 30) && !TYPE_UNSIGNED(TREE_TYPE(x));
  case NE_EXPR: return out->step == 1 || out->step == -1;
  default: return false;
  }
}

/* A value that a loop's variable, which does not turn over, can reach with the last step. */
static tree stays_in_range(const kb_trip *t)
{
  tree to = fold_convert(long_integer_type_node, t->to.base), end = t->step > 0 ? TYPE_MAX_VALUE(long_integer_type_node)
                                                                               : TYPE_MIN_VALUE(long_integer_type_node);
  return fold_build2(t->step > 0 ? LT_EXPR : GT_EXPR, boolean_type_node, to,
                     fold_build2(MINUS_EXPR, long_integer_type_node, end, build_int_cst(long_integer_type_node, t->step)));
}

tree kb_turns_of(const kb_trip *t, tree *holds)
{
  bool up = t->step > 0;
  unsigned HOST_WIDE_INT by = up ? t->step : -t->step;
  tree low = up ? t->from.base : t->to.base, high = up ? t->to.base : t->from.base, far = kb_uop(MINUS_EXPR, high, low);
  if (t->code == NE_EXPR)
    return far;
  bool with = t->code == LE_EXPR || t->code == GE_EXPR;
  if (with || by > 1) {
    tree c = stays_in_range(t);
    *holds = *holds ? fold_build2(BIT_AND_EXPR, boolean_type_node, *holds, c) : c;
  }
  tree n = kb_uop(TRUNC_DIV_EXPR, kb_uop(PLUS_EXPR, far, kb_count(with ? by : by - 1)), kb_count(by));
  tree some = fold_build2(with ? LE_EXPR : LT_EXPR, boolean_type_node, fold_convert(long_integer_type_node, low),
                          fold_convert(long_integer_type_node, high));
  return fold_build3(COND_EXPR, long_unsigned_type_node, some, n, kb_count(0));
}
