/* SPDX-License-Identifier: GPL-3.0-or-later */
/* indices.cc: guards on indices that are data: x[idx[i]], h[int(t)] += 1.
 *
 * The guard (uint64_t)k >= (uint64_t)n does not leave where the value that k is made from lies in [0, n). So that value is
 * looked at, and in a cheaper way than the guard: of an element of 32 bits or less the largest of a strip is found in its own
 * type (negative ones count as large); of a float -1 < t < n says, too, that it is finite and fits 64 bits, which are guards of
 * their own. Negative indices, which the source says are unlikely, make a strip run exactly; a clean strip needs no branch that
 * counts them from the end.
 */
#include "inspect.h"

/* -- Recognising ------------------------------------------------------------------------------------------------------ */

static gimple *def_inside(const kb_inspect *in, tree t)
{
  gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
  return d && gimple_bb(d) && flow_bb_inside_loop_p(in->loop, gimple_bb(d)) ? d : NULL;
}

bool kb_is_copy(const gimple *stmt)
{
  const gasm *s = dyn_cast<const gasm *>(stmt);
  return s && !gimple_asm_volatile_p(s) && !*gimple_asm_string(s) && gimple_asm_noutputs(s) == 1
         && gimple_asm_ninputs(s) == 1 && !gimple_asm_nclobbers(s) && !gimple_asm_nlabels(s) && !gimple_vuse(s)
         && !strcmp(TREE_STRING_POINTER(TREE_VALUE(TREE_PURPOSE(gimple_asm_input_op(s, 0)))), "0");
}

/* T without conversions that keep all bits. */
static tree same_bits(tree t)
{
  for (;;) {
    gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
    if (!d || !is_gimple_assign(d) || !CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(d)))
      return t;
    tree from = gimple_assign_rhs1(d);
    if (TREE_CODE(from) != SSA_NAME || !INTEGRAL_TYPE_P(TREE_TYPE(from)) || TYPE_PRECISION(TREE_TYPE(from)) != TYPE_PRECISION(TREE_TYPE(t)))
      return t;
    t = from;
  }
}

/* T, an int of 64 bits of which negative ones are large, without copies and conversions that keep its value. */
static tree narrowest(tree t)
{
  for (;;) {
    gimple *d = TREE_CODE(t) == SSA_NAME ? SSA_NAME_DEF_STMT(t) : NULL;
    if (d && kb_is_copy(d)) {
      t = TREE_VALUE(gimple_asm_input_op(as_a<gasm *>(d), 0));
      continue;
    }
    if (!d || !is_gimple_assign(d))
      return t;
    tree from = gimple_assign_rhs1(d), type = TREE_TYPE(t);
    if (gimple_assign_rhs_code(d) == FIX_TRUNC_EXPR)
      return from;
    if (!CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(d)) || TREE_CODE(from) != SSA_NAME || !INTEGRAL_TYPE_P(TREE_TYPE(from))
        || TYPE_PRECISION(TREE_TYPE(from)) >= TYPE_PRECISION(type) || (TYPE_UNSIGNED(type) && !TYPE_UNSIGNED(TREE_TYPE(from)) && TYPE_PRECISION(type) < 64))
      return t;
    t = from;
  }
}

/* K = v < 0 ? ... : v joins in block B: v, and the edge on which v is negative. */
static tree before_normalising(const kb_inspect *in, tree k, basic_block b, edge *negative)
{
  gphi *phi = safe_dyn_cast<gphi *>(def_inside(in, k));
  if (!phi || gimple_bb(phi) != b || gimple_phi_num_args(phi) != 2)
    return k;
  for (unsigned i = 0; i < 2; i++) {
    edge plain = gimple_phi_arg_edge(phi, i), other = gimple_phi_arg_edge(phi, 1 - i);
    gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(plain->src));
    if (!c || !single_pred_p(other->src) || single_pred(other->src) != plain->src || !single_succ_p(other->src)
        || narrowest(gimple_cond_lhs(c)) != narrowest(gimple_phi_arg_def(phi, i)) || TYPE_UNSIGNED(TREE_TYPE(gimple_cond_lhs(c)))
        || !integer_zerop(gimple_cond_rhs(c)))
      continue;
    edge e = single_pred_edge(other->src);
    if (gimple_cond_code(c) == (e->flags & EDGE_TRUE_VALUE ? LT_EXPR : GE_EXPR)) {
      *negative = e;
      return same_bits(gimple_phi_arg_def(phi, i));
    }
  }
  return k;
}

/* Is G a comparison of an index with the length of an axis? */
static bool is_bounds(const kb_guard &g)
{
  auto_vec<kb_place *, 4> places;
  bool bounds = kb_places_of_exit(cfun, g.exit, &places) && !places.is_empty();
  for (const kb_place *p : places)
    bounds &= !strcmp(p->kind, "bounds");
  return bounds;
}

/* The operator for which G leaves. */
static tree_code leaves_when(const kb_guard &g, tree *a, tree *b)
{
  gcond *c = as_a<gcond *>(kb_last_stmt(g.leave->src));
  *a = gimple_cond_lhs(c), *b = gimple_cond_rhs(c);
  return g.leave->flags & EDGE_TRUE_VALUE ? gimple_cond_code(c) : invert_tree_comparison(gimple_cond_code(c), HONOR_NANS(*a));
}

/* G leaves when *K >= *N, both unsigned, without conversions. */
static bool compares(const kb_guard &g, tree *index, tree *length)
{
  tree k, n;
  tree_code op = leaves_when(g, &k, &n);
  if (op == LE_EXPR || op == LT_EXPR)
    std::swap(k, n), op = swap_tree_comparison(op);
  if (op == GT_EXPR && TREE_CODE(n) == INTEGER_CST && tree_fits_shwi_p(n)) /* k > 9 for k >= 10 */
    n = int_const_binop(PLUS_EXPR, n, build_one_cst(TREE_TYPE(n))), op = GE_EXPR;
  if (op != GE_EXPR || !INTEGRAL_TYPE_P(TREE_TYPE(k)) || !TYPE_UNSIGNED(TREE_TYPE(k)) || TYPE_PRECISION(TREE_TYPE(k)) != 64)
    return false;
  *index = same_bits(k), *length = same_bits(n);
  return true;
}

bool kb_index_of(const kb_inspect *in, const kb_guard &g, kb_index *x)
{
  memset(x, 0, sizeof *x);
  if (!compares(g, &x->index, &x->length))
    return false;
  x->at = g.leave->src, x->bounds = is_bounds(g);
  if (def_inside(in, x->length) || !def_inside(in, x->index))
    return false;
  x->value = narrowest(before_normalising(in, x->index, x->at, &x->negative));
  tree type = TREE_TYPE(x->value);
  x->real = SCALAR_FLOAT_TYPE_P(type);
  return def_inside(in, x->value) && x->value != in->iv
         && (x->real ? TYPE_MODE(type) == DFmode || TYPE_MODE(type) == SFmode
                     : INTEGRAL_TYPE_P(type) && (TYPE_PRECISION(type) == 8 || TYPE_PRECISION(type) == 16
                                                 || TYPE_PRECISION(type) == 32 || (TYPE_PRECISION(type) == 64 && !TYPE_UNSIGNED(type))));
}

/* What was proven, in this function. DEF: of INDEX, so that a name that GCC uses again is not mistaken for it. */
struct known_index {
  tree index, length;
  gimple *def;
};
static auto_vec<known_index> known;

void kb_forget_indices(void) { known.truncate(0); }

void kb_note_index(const kb_guard &g)
{
  tree k, n;
  if (compares(g, &k, &n) && TREE_CODE(k) == SSA_NAME && is_bounds(g))
    known.safe_push({k, n, SSA_NAME_DEF_STMT(k)});
}

static bool is_there(const known_index &x) { return !SSA_NAME_IN_FREE_LIST(x.index) && SSA_NAME_DEF_STMT(x.index) == x.def && gimple_bb(x.def); }

static bool is_outside(const kb_inspect *in, tree t)
{
  return TREE_CODE(t) == INTEGER_CST || (TREE_CODE(t) == SSA_NAME && !SSA_NAME_IN_FREE_LIST(t) && !def_inside(in, t));
}

/* -- What else follows ------------------------------------------------------------------------------------------------ */

/* Is A OP B false where A, or B, is a double that is inspected as an index? */
static bool is_false(const kb_inspect *in, tree_code op, tree a, tree b)
{
  for (const kb_index &x : in->indices) {
    if (!x.real)
      continue;
    if (a == x.value && TREE_CODE(b) == REAL_CST) {
      REAL_VALUE_TYPE low = dconstm1, high;
      real_ldexp(&high, &dconst1, 53);
      if (op == LT_EXPR || op == UNLT_EXPR || op == LE_EXPR || op == UNLE_EXPR)
        return real_compare(LE_EXPR, &TREE_REAL_CST(b), &low);
      if (op == GT_EXPR || op == UNGT_EXPR || op == GE_EXPR || op == UNGE_EXPR)
        return real_compare(GE_EXPR, &TREE_REAL_CST(b), &high);
    }
    if (a == x.value && b == x.value)
      return op == UNORDERED_EXPR || op == NE_EXPR;
    /* Its bits but for the sign, compared with those of an infinity. */
    gimple *d = TREE_CODE(a) == SSA_NAME ? SSA_NAME_DEF_STMT(a) : NULL;
    if (!d || !is_gimple_assign(d) || gimple_assign_rhs_code(d) != BIT_AND_EXPR || TYPE_MODE(TREE_TYPE(x.value)) != DFmode
        || !TYPE_UNSIGNED(TREE_TYPE(a)) || !tree_fits_uhwi_p(gimple_assign_rhs2(d)) || !tree_fits_uhwi_p(b)
        || tree_to_uhwi(gimple_assign_rhs2(d)) != HOST_WIDE_INT_MAX)
      continue;
    gimple *bits = TREE_CODE(gimple_assign_rhs1(d)) == SSA_NAME ? SSA_NAME_DEF_STMT(gimple_assign_rhs1(d)) : NULL;
    if (bits && is_gimple_assign(bits) && gimple_assign_rhs_code(bits) == VIEW_CONVERT_EXPR
        && TREE_OPERAND(gimple_assign_rhs1(bits), 0) == x.value)
      return (op == EQ_EXPR || op == GT_EXPR || op == GE_EXPR) && tree_to_uhwi(b) >= HOST_WIDE_INT_UC(0x7ff) << 52;
  }
  return false;
}

/* The same for what A, a truth value, was computed from. */
static bool is_false_value(const kb_inspect *in, tree a, int depth)
{
  gimple *d = TREE_CODE(a) == SSA_NAME ? SSA_NAME_DEF_STMT(a) : NULL;
  if (!d || !is_gimple_assign(d) || depth > 4)
    return false;
  tree_code op = gimple_assign_rhs_code(d);
  if (op == BIT_IOR_EXPR)
    return is_false_value(in, gimple_assign_rhs1(d), depth + 1) && is_false_value(in, gimple_assign_rhs2(d), depth + 1);
  return TREE_CODE_CLASS(op) == tcc_comparison && is_false(in, op, gimple_assign_rhs1(d), gimple_assign_rhs2(d));
}

bool kb_index_implies(const kb_inspect *in, const kb_guard &g)
{
  tree a, b;
  tree_code op = leaves_when(g, &a, &b);
  return (op == NE_EXPR && integer_zerop(b) && TREE_CODE(TREE_TYPE(a)) == BOOLEAN_TYPE && is_false_value(in, a, 0))
         || (op != ERROR_MARK && is_false(in, op, a, b));
}

/* -- Emitting --------------------------------------------------------------------------------------------------------- */

void kb_index_require(kb_index *x, gimple_seq *seq, tree *condition)
{
  if (!x->real)
    return;
  tree u = unsigned_type_for(TREE_TYPE(x->length)), n = gimple_convert(seq, u, x->length);
  *condition = gimple_build(seq, LE_EXPR, boolean_type_node, n, build_int_cst(u, HOST_WIDE_INT_1 << 53));
  x->limit = gimple_build(seq, FLOAT_EXPR, double_type_node, gimple_convert(seq, signed_type_for(u), x->length));
}

tree kb_index_flag(const kb_index &x, gimple_seq *seq, tree value, tree when, int which)
{
  tree type = TREE_TYPE(value), flag;
  if (x.real) {
    if (TYPE_MODE(type) != DFmode)
      value = gimple_build(seq, NOP_EXPR, double_type_node, value);
    tree low = gimple_build(seq, UNLE_EXPR, boolean_type_node, value, build_real(double_type_node, dconstm1));
    tree high = gimple_build(seq, UNGE_EXPR, boolean_type_node, value, x.limit);
    tree bad = gimple_build(seq, BIT_IOR_EXPR, boolean_type_node, low, high);
    when = when ? gimple_build(seq, BIT_AND_EXPR, boolean_type_node, when, bad) : bad;
    type = kb_flag_type(which);
    return gimple_build(seq, COND_EXPR, type, when, build_minus_one_cst(type), build_zero_cst(type));
  }
  tree u = unsigned_type_for(type);
  flag = gimple_convert(seq, u, value);
  if (TYPE_PRECISION(type) == 64) { /* the sign of v | (n - 1 - v) */
    tree last = gimple_build(seq, MINUS_EXPR, u, gimple_convert(seq, u, x.length), build_one_cst(u));
    flag = gimple_build(seq, BIT_IOR_EXPR, u, flag, gimple_build(seq, MINUS_EXPR, u, last, flag));
    flag = gimple_convert(seq, kb_flag_type(which), flag);
  }
  return when ? gimple_build(seq, COND_EXPR, TREE_TYPE(flag), when, flag, build_zero_cst(TREE_TYPE(flag))) : flag;
}

tree kb_index_clean(const kb_index &x, gimple_seq *seq, tree largest)
{
  tree u = unsigned_type_for(TREE_TYPE(x.length));
  tree ok = gimple_build(seq, LT_EXPR, boolean_type_node, gimple_convert(seq, u, largest), gimple_convert(seq, u, x.length));
  if (TYPE_UNSIGNED(TREE_TYPE(x.value)))
    return ok;
  tree most = fold_convert(TREE_TYPE(largest), TYPE_MAX_VALUE(TREE_TYPE(x.value)));
  return gimple_build(seq, BIT_AND_EXPR, boolean_type_node, ok, gimple_build(seq, LE_EXPR, boolean_type_node, largest, most));
}

/* -- Stores ----------------------------------------------------------------------------------------------------------- */

static tree smaller(tree a, tree b, gimple_seq *seq)
{
  b = gimple_convert(seq, sizetype, b);
  return a ? gimple_build(seq, MIN_EXPR, sizetype, a, b) : b;
}

bool kb_index_place(const kb_inspect *in, tree ref, tree *base, tree *step, tree *last, gimple_seq *seq)
{
  if (TREE_CODE(ref) != MEM_REF || !integer_zerop(TREE_OPERAND(ref, 1)))
    return false;
  gassign *sum = safe_dyn_cast<gassign *>(def_inside(in, TREE_OPERAND(ref, 0)));
  if (!sum || gimple_assign_rhs_code(sum) != POINTER_PLUS_EXPR || def_inside(in, gimple_assign_rhs1(sum)))
    return false;
  tree k = same_bits(gimple_assign_rhs2(sum));
  *base = gimple_assign_rhs1(sum), *step = size_one_node;
  /* Modulo 2^64. */
  for (gassign *s = safe_dyn_cast<gassign *>(def_inside(in, k)); s && gimple_assign_rhs_code(s) == MULT_EXPR;
       s = safe_dyn_cast<gassign *>(def_inside(in, k))) {
    tree a = gimple_assign_rhs1(s), factor = gimple_assign_rhs2(s);
    if (def_inside(in, factor))
      std::swap(a, factor);
    if (def_inside(in, factor) || TYPE_PRECISION(TREE_TYPE(factor)) != TYPE_PRECISION(sizetype))
      return false;
    *step = gimple_build(seq, MULT_EXPR, sizetype, *step, gimple_convert(seq, sizetype, factor));
    k = same_bits(a);
  }
  /* Each of its lengths bounds K; the least one is within the axis that is read or written. */
  bool bounds = false;
  *last = NULL_TREE;
  for (const kb_index &x : in->indices)
    if (k == x.index || k == x.value)
      *last = smaller(*last, x.length, seq), bounds |= x.bounds;
  for (const known_index &x : known)
    if (k == x.index && is_there(x) && is_outside(in, x.length))
      *last = smaller(*last, x.length, seq), bounds = true;
  if (!*last || !bounds)
    return false;
  *last = gimple_build(seq, MINUS_EXPR, sizetype, *last, size_one_node);
  return true;
}
