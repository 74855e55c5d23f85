/* SPDX-License-Identifier: GPL-3.0-or-later */
/* match.cc: is a nest a contraction?
 *
 * What must hold: one store gives C its sums, and nothing else is stored but, perhaps, what C starts from; loops turn in ways
 * known in front of the nest; no value is live behind it; C does not vary with the loop of p, A and B vary with it. That C's
 * elements are distinct and apart from A's and B's is tested at run time. Then each element of C is the start value to which
 * products are added in the order of p, whatever the order of the loops: that is what the macro-kernel computes, bit by bit.
 *
 * Forms of the sum, s being a scalar that is 0, C or beta * C in front of the innermost loop, which is that of p:
 *
 *     s += A * B;  C = s, C = alpha * s, C = s + C, C = alpha * s + beta * C ...      behind it
 *     C = 0 or beta * C, or nothing, in front of the loop of p;  C += A * B
 *
 * where A * B may be (alpha * A) * B, and - may stand for + or in front of a factor: a sign is exact wherever it is applied, so
 * it becomes that of alpha, of beta, or alpha = -1. (A * B) * alpha is rounded otherwise: only where sums may be reordered.
 */
#include "contract.h"

#define FAIL(text) do { k->why = text; return false; } while (0)

/* Behind a loop values may have other names. */
static tree through(tree t)
{
  for (;;) {
    gphi *p = TREE_CODE(t) == SSA_NAME ? dyn_cast<gphi *>(SSA_NAME_DEF_STMT(t)) : NULL;
    if (!p || gimple_phi_num_args(p) != 1)
      return t;
    t = gimple_phi_arg_def(p, 0);
  }
}

static gassign *assign_of(tree t)
{
  t = through(t);
  return TREE_CODE(t) == SSA_NAME ? dyn_cast<gassign *>(SSA_NAME_DEF_STMT(t)) : NULL;
}

/* The definition of T by operation CODE in NEST, or NULL. */
static gassign *made_by(class loop *nest, tree t, enum tree_code code)
{
  gassign *a = assign_of(t);
  return a && gimple_assign_rhs_code(a) == code && flow_bb_inside_loop_p(nest, gimple_bb(a)) ? a : NULL;
}

static gassign *load_in(class loop *nest, tree t)
{
  gassign *a = assign_of(t);
  return a && gimple_vuse(a) && gimple_assign_load_p(a) && flow_bb_inside_loop_p(nest, gimple_bb(a)) ? a : NULL;
}

/* T without its sign: *MINUS changes if it had one. */
static tree unsigned_part(class loop *nest, tree t, bool *minus)
{
  while (gassign *n = made_by(nest, t, NEGATE_EXPR)) {
    *minus = !*minus;
    t = gimple_assign_rhs1(n);
  }
  return t;
}

static tree negated(tree t) { return fold_build1(NEGATE_EXPR, TREE_TYPE(t), t); }

static bool is_plus_zero(tree t)
{
  return TREE_CODE(t) == REAL_CST && real_zerop(t) && !REAL_VALUE_MINUS_ZERO(TREE_REAL_CST(t));
}

/* -- What is a candidate at all ------------------------------------------------------------------------------------ */

static bool is_load(class loop *nest, tree t)
{
  bool minus = false;
  return load_in(nest, unsigned_part(nest, t, &minus));
}

/* A load of NEST, perhaps times something. */
static bool is_factor(class loop *nest, tree t)
{
  bool minus = false;
  gassign *m = made_by(nest, unsigned_part(nest, t, &minus), MULT_EXPR);
  return is_load(nest, t) || (m && (is_load(nest, gimple_assign_rhs1(m)) || is_load(nest, gimple_assign_rhs2(m))));
}

static bool is_product(class loop *nest, tree t)
{
  bool minus = false;
  gassign *m = made_by(nest, unsigned_part(nest, t, &minus), MULT_EXPR);
  return m && SCALAR_FLOAT_TYPE_P(TREE_TYPE(t)) && is_factor(nest, gimple_assign_rhs1(m)) && is_factor(nest, gimple_assign_rhs2(m));
}

/* A product of two loads, perhaps times something. */
static bool is_scaled_product(class loop *nest, tree t)
{
  bool minus = false;
  gassign *m = made_by(nest, unsigned_part(nest, t, &minus), MULT_EXPR);
  return is_product(nest, t) || (m && (is_product(nest, gimple_assign_rhs1(m)) || is_product(nest, gimple_assign_rhs2(m))));
}

bool kb_sums_products(class loop *nest)
{
  basic_block *body = get_loop_body(nest);
  bool found = false;
  for (unsigned i = 0; i < nest->num_nodes && !found; i++)
    for (gimple_stmt_iterator s = gsi_start_bb(body[i]); !gsi_end_p(s) && !body[i]->loop_father->inner; gsi_next(&s)) {
      gassign *a = dyn_cast<gassign *>(gsi_stmt(s));
      enum tree_code code = a ? gimple_assign_rhs_code(a) : ERROR_MARK;
      if ((code == PLUS_EXPR && is_scaled_product(nest, gimple_assign_rhs1(a)))
          || ((code == PLUS_EXPR || code == MINUS_EXPR) && is_scaled_product(nest, gimple_assign_rhs2(a))))
        found = true;
    }
  free(body);
  return found;
}

/* -- The nest as a whole ------------------------------------------------------------------------------------------- */

/* Loops in a chain; beside the loop of p there may be one that sets C. */
static bool find_loops(kb_contraction *k)
{
  class loop *l = k->loops[0];
  for (k->depth = 1; l->inner; k->depth++) {
    if (k->depth == KB_DEPTH)
      FAIL("it is deeper than three loops");
    class loop *a = l->inner, *b = a->next;
    if (b && (b->next || k->depth != 1 || k->init))
      FAIL("there are several loops inside one");
    if (b) {
      if (b->inner)
        std::swap(a, b);
      if (b->inner || !a->inner)
        FAIL("there are several loops inside one");
      k->init = b;
    }
    k->loops[k->depth] = l = a;
  }
  if (k->depth < 2 || (k->init && k->depth != KB_DEPTH))
    FAIL("it is one loop");
  return true;
}

struct stores {
  gassign *sum, *first; /* first: sets C in front of the loop of p */
};

static bool note_store(kb_contraction *k, gassign *a, stores *out)
{
  if (!out->sum)
    out->sum = a;
  else if (!out->first)
    out->first = a;
  else
    FAIL("there are more stores than that of the sum and one that sets its start");
  if (out->first && loop_depth(gimple_bb(out->first)->loop_father) > loop_depth(gimple_bb(out->sum)->loop_father))
    std::swap(out->first, out->sum);
  return true;
}

/* Looks at every statement for what a call would not do. */
static bool find_stores(kb_contraction *k, stores *out)
{
  basic_block *body = get_loop_body(k->loops[0]);
  bool good = true;
  for (unsigned i = 0; i < k->loops[0]->num_nodes && good; i++)
    for (gimple_stmt_iterator s = gsi_start_bb(body[i]); !gsi_end_p(s) && good; gsi_next(&s)) {
      gimple *stmt = gsi_stmt(s);
      if (is_gimple_debug(stmt) || gimple_clobber_p(stmt) || gimple_code(stmt) == GIMPLE_LABEL || gimple_code(stmt) == GIMPLE_PREDICT
          || gimple_code(stmt) == GIMPLE_NOP)
        continue;
      k->why = "there is a volatile access";
      good = !gimple_has_volatile_ops(stmt);
      if (good && gimple_code(stmt) == GIMPLE_COND) {
        k->why = "there is a condition inside";
        good = body[i] == body[i]->loop_father->header;
      } else if (good && gimple_vdef(stmt)) {
        k->why = "there is a call, or a store that is none of the sum";
        good = gimple_assign_single_p(stmt) && note_store(k, as_a<gassign *>(stmt), out);
      } else if (good && gimple_code(stmt) != GIMPLE_ASSIGN) {
        k->why = "there is a call";
        good = is_gimple_call(stmt) && !gimple_has_side_effects(stmt);
      }
    }
  free(body);
  if (!good)
    return false;
  k->why = NULL;
  if (!out->sum || loop_depth(gimple_bb(out->sum)->loop_father) < loop_depth(k->loops[k->depth - 2]))
    FAIL("the sum is not stored inside");
  return true;
}

/* Is a value of NEST used behind it? */
static bool lives_on(class loop *nest, tree name)
{
  imm_use_iterator i;
  use_operand_p use;
  FOR_EACH_IMM_USE_FAST (use, i, name)
    if (!is_gimple_debug(USE_STMT(use)) && !flow_bb_inside_loop_p(nest, gimple_bb(USE_STMT(use))))
      return true;
  return false;
}

static bool any_lives_on(class loop *nest)
{
  basic_block *body = get_loop_body(nest);
  bool lives = false;
  for (unsigned i = 0; i < nest->num_nodes && !lives; i++) {
    for (gphi_iterator p = gsi_start_phis(body[i]); !gsi_end_p(p); gsi_next(&p))
      if (!virtual_operand_p(gimple_phi_result(p.phi())))
        lives |= lives_on(nest, gimple_phi_result(p.phi()));
    for (gimple_stmt_iterator s = gsi_start_bb(body[i]); !gsi_end_p(s); gsi_next(&s)) {
      ssa_op_iter o;
      tree name;
      FOR_EACH_SSA_TREE_OPERAND (name, gsi_stmt(s), o, SSA_OP_DEF)
        lives |= lives_on(nest, name);
    }
  }
  free(body);
  return lives;
}

/* -- The sum -------------------------------------------------------------------------------------------------------- */

/* T = scale * U or U * scale, where scale does not vary: gives scale. */
static tree scaled(const kb_contraction *k, tree t, tree *of)
{
  gassign *m = made_by(k->loops[0], t, MULT_EXPR);
  for (int i = 0; m && i < 2; i++) {
    tree s = kb_outside(k, i ? gimple_assign_rhs2(m) : gimple_assign_rhs1(m));
    *of = through(i ? gimple_assign_rhs1(m) : gimple_assign_rhs2(m));
    if (s && TREE_CODE(*of) == SSA_NAME && types_compatible_p(TREE_TYPE(s), k->type))
      return s;
  }
  return NULL_TREE;
}

/* Is T what C's element holds, loaded in loop L? */
static bool is_old(const kb_contraction *k, class loop *l, tree t)
{
  gassign *load = load_in(k->loops[0], t);
  kb_linear at;
  return load && gimple_bb(load)->loop_father == l && !gimple_has_volatile_ops(load)
         && kb_linear_address(k, gimple_bb(load), gimple_assign_rhs1(load), &at) && kb_linear_same(&at, &k->c);
}

/* T, in loop L, is what sums start from: 0, C, beta * C. */
static bool match_start(kb_contraction *k, class loop *l, tree t)
{
  tree of;
  if (is_plus_zero(through(t)))
    return true;
  if (is_old(k, l, t)) {
    k->flags |= KB_CT_INTO;
    return true;
  }
  tree s = scaled(k, t, &of);
  if (!s || !is_old(k, l, of))
    FAIL("the sum starts neither from 0 nor from the element itself");
  k->beta = s;
  k->flags |= KB_CT_INTO | KB_CT_BETA;
  return true;
}

/* Is T the sum SUM, perhaps times alpha? */
static bool match_result(kb_contraction *k, tree t, tree sum)
{
  bool minus = false;
  t = through(unsigned_part(k->loops[0], t, &minus));
  tree of, s = t == sum ? NULL_TREE : scaled(k, t, &of);
  if (t != sum && (!s || of != sum))
    return false;
  if (minus)
    s = negated(s ? s : build_real(k->type, dconst1));
  k->alpha = s;
  if (s)
    k->flags |= KB_CT_ALPHA;
  return true;
}

/* The stored VALUE, in loop L, from the sum SUM. */
static bool match_end(kb_contraction *k, class loop *l, tree value, tree sum)
{
  if (match_result(k, value, sum))
    return true;
  gassign *add = made_by(k->loops[0], value, PLUS_EXPR), *sub = add ? NULL : made_by(k->loops[0], value, MINUS_EXPR);
  gassign *a = add ? add : sub;
  for (int i = 0; a && i < 2; i++) { /* x: the sum */
    tree x = i ? gimple_assign_rhs2(a) : gimple_assign_rhs1(a), y = i ? gimple_assign_rhs1(a) : gimple_assign_rhs2(a), of;
    tree s = is_old(k, l, y) ? build_real(k->type, dconst1) : scaled(k, y, &of);
    if (!s || (!is_old(k, l, y) && !is_old(k, l, of)) || !match_result(k, x, sum))
      continue;
    k->beta = sub && !i ? negated(s) : s;
    k->flags |= KB_CT_BETA;
    if (sub && i) {
      k->alpha = negated(k->alpha ? k->alpha : build_real(k->type, dconst1));
      k->flags |= KB_CT_ALPHA;
    }
    return true;
  }
  FAIL("what is stored is not the sum, alpha * sum or alpha * sum + beta * C");
}

/* One factor of the product: a load, perhaps scaled. Its sign goes to k->minus. */
static bool match_factor(kb_contraction *k, tree t, kb_linear *at, tree *scale)
{
  tree of = t = unsigned_part(k->loops[0], t, &k->minus);
  *scale = NULL_TREE;
  if (!load_in(k->loops[0], t) && !(*scale = scaled(k, t, &of)))
    FAIL("a factor is neither a load nor one times what does not vary");
  of = unsigned_part(k->loops[0], of, &k->minus);
  gassign *load = load_in(k->loops[0], of);
  if (!load || gimple_has_volatile_ops(load) || !flow_bb_inside_loop_p(gimple_bb(load)->loop_father, k->loops[k->depth - 1]->header))
    FAIL("a factor is no load, or has more than one scale");
  if (!types_compatible_p(TREE_TYPE(of), k->type))
    FAIL("a factor has another type than the sum");
  if (!kb_linear_address(k, gimple_bb(load), gimple_assign_rhs1(load), at))
    FAIL("the address of a factor is not linear in the loops' turns");
  return true;
}

/* T = A * B, or that times alpha. */
static bool match_factors(kb_contraction *k, tree t)
{
  class loop *nest = k->loops[0];
  tree of, all = NULL_TREE, scale_a, scale_b;
  t = unsigned_part(nest, t, &k->minus);
  if (!is_product(nest, t) && is_scaled_product(nest, t)) {
    if (!kb_marked(k->loops[k->depth - 1], KB_REASSOC))
      FAIL("the product is scaled after it is rounded: alpha * A * B, or fastmath={'reassoc'}, would be another thing");
    all = scaled(k, t, &of);
    t = all ? unsigned_part(nest, of, &k->minus) : t;
  }
  gassign *m = made_by(nest, t, MULT_EXPR);
  if (!m || !is_product(nest, t))
    FAIL("no product of two loads is added");
  if (!match_factor(k, gimple_assign_rhs1(m), &k->a, &scale_a) || !match_factor(k, gimple_assign_rhs2(m), &k->b, &scale_b))
    return false;
  if (!!scale_a + !!scale_b + !!all > 1)
    FAIL("there is more than one scale in the product");
  if (scale_b)
    std::swap(k->a, k->b);
  k->alpha_a = scale_a ? scale_a : scale_b ? scale_b : all;
  return true;
}

/* VALUE = sum + A * B or sum - A * B, in the innermost loop; gives sum. */
static bool match_product(kb_contraction *k, tree value, tree *sum)
{
  class loop *nest = k->loops[0];
  gassign *add = made_by(nest, value, PLUS_EXPR), *sub = add ? NULL : made_by(nest, value, MINUS_EXPR), *a = add ? add : sub;
  if (!a || gimple_bb(a)->loop_father != k->loops[k->depth - 1])
    FAIL("no product is added in the innermost loop");
  tree x = gimple_assign_rhs1(a), y = gimple_assign_rhs2(a);
  if (add && !is_scaled_product(nest, y))
    std::swap(x, y);
  k->minus = sub != NULL;
  if (!match_factors(k, y))
    return false;
  if (k->minus)
    k->alpha_a = negated(k->alpha_a ? k->alpha_a : build_real(k->type, dconst1));
  if (k->alpha_a)
    k->flags |= KB_CT_ALPHA_A;
  *sum = x;
  return true;
}

/* s += A * B in the innermost loop; C from s behind it. */
static bool match_scalar_sum(kb_contraction *k, gassign *store)
{
  class loop *inner = k->loops[k->depth - 1], *l = k->loops[k->depth - 2];
  tree value = gimple_assign_rhs1(store), sum = NULL_TREE, x;
  gphi *s = NULL;
  for (gphi_iterator p = gsi_start_phis(inner->header); !gsi_end_p(p); gsi_next(&p))
    if (types_compatible_p(TREE_TYPE(gimple_phi_result(p.phi())), k->type)) {
      if (s)
        FAIL("there are several sums");
      s = p.phi();
    }
  if (!s)
    FAIL("there is no sum");
  if (!match_product(k, PHI_ARG_DEF_FROM_EDGE(s, loop_latch_edge(inner)), &x))
    return false;
  sum = gimple_phi_result(s);
  if (x != sum)
    FAIL("the product is added to something else than the sum");
  if (!match_end(k, l, value, sum))
    return false;
  bool plain = !(k->flags & (KB_CT_ALPHA | KB_CT_BETA));
  if (!match_start(k, l, PHI_ARG_DEF_FROM_EDGE(s, loop_preheader_edge(inner))))
    return false;
  if ((k->flags & KB_CT_INTO) && !plain)
    FAIL("the sum does not start from 0 and is scaled or added behind its loop");
  return true;
}

/* C += A * B in the innermost loop. */
static bool match_sum_in_memory(kb_contraction *k, gassign *store, gassign *first)
{
  tree old;
  class loop *inner = k->loops[k->depth - 1];
  if (!match_product(k, gimple_assign_rhs1(store), &old))
    return false;
  if (!is_old(k, inner, old))
    FAIL("the product is not added to the element that is stored");
  if (!first) {
    k->flags |= KB_CT_INTO;
    return true;
  }
  kb_linear at;
  class loop *l = gimple_bb(first)->loop_father;
  if (!kb_linear_address(k, gimple_bb(first), gimple_assign_lhs(first), &at) || !kb_linear_same(&at, &k->c))
    FAIL("another store than that of the sum");
  return match_start(k, l, gimple_assign_rhs1(first));
}

/* -- The roles of the loops ------------------------------------------------------------------------------------------ */

static bool is_const(tree t, HOST_WIDE_INT n) { return tree_int_cst_equal(t, kb_count(n)); }

/* Does the trip vary with the turns of loop BUT, at most? */
static bool fixed_but(const kb_trip *t, int but)
{
  for (int d = 0; d < KB_DEPTH; d++)
    if (d != but && (!integer_zerop(t->from.step[d]) || !integer_zerop(t->to.step[d])))
      return false;
  return true;
}

static bool find_trips(kb_contraction *k)
{
  for (unsigned d = 0; d < k->depth; d++)
    if (!kb_trip_of(k, k->loops[d], d, &k->trips[d]))
      FAIL("how often a loop turns is not known in front of the nest");
  return true;
}

/* Where a loop starts further on with each turn of one around it, its turns are counted from where it started first: so that
   both are independent indices. */
static void straighten(kb_contraction *k)
{
  for (unsigned d = 1; d < k->depth; d++)
    for (unsigned o = 0; o < d; o++) {
      const kb_trip *t = &k->trips[d];
      tree by = t->from.step[o];
      if ((t->step != 1 && t->step != -1) || (!is_const(by, 1) && !is_const(by, -1)))
        continue;
      enum tree_code code = is_const(by, t->step) ? MINUS_EXPR : PLUS_EXPR;
      for (kb_linear *f : {&k->a, &k->b, &k->c})
        f->step[o] = kb_uop(code, f->step[o], f->step[d]);
    }
}

/* Rectangles, and triangles with one side that moves by one element per turn of the outer loop. */
static bool match_trips(kb_contraction *k)
{
  int outer = k->n < 0 ? k->m : k->m < 0 ? k->n : MIN(k->m, k->n), inner = MAX(k->m, k->n);
  if (!fixed_but(&k->trips[k->k], -1) || !fixed_but(&k->trips[outer], -1))
    FAIL("how often the loop of the sum turns varies");
  const kb_trip *t = &k->trips[inner];
  k->triangle = !fixed_but(t, -1);
  if (!k->triangle)
    return true;
  tree from = t->from.step[outer], to = t->to.step[outer], side = integer_zerop(from) ? to : from;
  if (!fixed_but(t, outer) || (t->step != 1 && t->step != -1) || (!integer_zerop(from) && !integer_zerop(to))
      || (!is_const(side, 1) && !is_const(side, -1)))
    FAIL("the bounds of a loop vary, but not as those of a triangle");
  return true;
}

/* Which loop is that of i, of j, of p. */
static bool match_roles(kb_contraction *k)
{
  k->m = k->n = k->k = -1;
  int *role[8] = {NULL, NULL, NULL, &k->k, NULL, &k->m, &k->n, NULL};
  for (unsigned d = 0; d < k->depth; d++) {
    int in = (integer_zerop(k->a.step[d]) ? 0 : 1) | (integer_zerop(k->b.step[d]) ? 0 : 2) | (integer_zerop(k->c.step[d]) ? 0 : 4);
    if (!role[in] || *role[in] >= 0)
      FAIL("the indices are not those of a contraction");
    *role[in] = d;
  }
  if (k->k < 0)
    FAIL("there is no loop of the sum");
  /* a sign may be either factor's: the vector's is cheaper */
  bool sign = k->alpha_a && real_minus_onep(k->alpha_a), swap = k->depth == 2 ? (sign ? k->n < 0 : k->m < 0) : k->m > k->n;
  if (swap && (!k->alpha_a || sign)) {
    std::swap(k->a, k->b);
    std::swap(k->m, k->n);
  }
  return true;
}

/* The store that sets C comes, for each element, in front of its sum. */
static bool match_first(kb_contraction *k, gassign *first)
{
  if (!first)
    return !k->init;
  basic_block b = gimple_bb(first);
  class loop *sums = k->loops[k->k];
  if (!dominated_by_p(CDI_DOMINATORS, sums->header, b) && !k->init)
    return false;
  if (!k->init)
    return k->k == (int)k->depth - 1 && b->loop_father == k->loops[k->depth - 2];
  kb_trip t;
  const kb_trip *j = &k->trips[k->depth - 1];
  return k->k == 1 && b->loop_father == k->init && dominated_by_p(CDI_DOMINATORS, sums->header, k->init->header)
         && kb_trip_of(k, k->init, k->depth - 1, &t) && t.step == j->step && t.code == j->code && kb_linear_same(&t.from, &j->from)
         && kb_linear_same(&t.to, &j->to);
}

bool kb_match_contraction(kb_contraction *k)
{
  stores s = {NULL, NULL};
  if (!find_loops(k) || !find_stores(k, &s))
    return false;
  k->type = TREE_TYPE(gimple_assign_lhs(s.sum));
  if (TYPE_MODE(k->type) != DFmode && TYPE_MODE(k->type) != SFmode)
    FAIL("the sum is neither of float nor of double");
  if (!kb_linear_address(k, gimple_bb(s.sum), gimple_assign_lhs(s.sum), &k->c))
    FAIL("the address of the stored element is not linear in the loops' turns");
  class loop *at = gimple_bb(s.sum)->loop_father;
  if (at == k->loops[k->depth - 2] ? s.first || !match_scalar_sum(k, s.sum)
                                   : at != k->loops[k->depth - 1] || !match_sum_in_memory(k, s.sum, s.first)) {
    if (!k->why)
      k->why = "there are several stores";
    return false;
  }
  if (k->alpha_a && k->alpha && !operand_equal_p(k->alpha_a, k->alpha, 0))
    FAIL("both the products and the sum are scaled, and not by the same");
  if (!find_trips(k))
    return false;
  straighten(k);
  if (!match_roles(k) || !match_trips(k))
    return false;
  if (at == k->loops[k->depth - 2] && k->k != (int)k->depth - 1)
    FAIL("the stored sum is not that of the innermost loop");
  if (!match_first(k, s.first))
    FAIL("what C starts from is not set in the way of the sum's loops");
  if (any_lives_on(k->loops[0]))
    FAIL("a value is used behind the loops");
  return true;
}
