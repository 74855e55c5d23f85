/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apart.cc: the condition under which the answers of depend.cc hold: groups of references do not overlap each other, nor one
 * itself. It is computed in front of the nest, in arithmetic that is checked. */
#include "depend.h"

/* -- Arithmetic ------------------------------------------------------------------------------------------------------ */

static tree int64(HOST_WIDE_INT v) { return build_int_cst(long_integer_type_node, v); }

static tree emit(kb_condition *c, enum tree_code code, tree type, tree a, tree b = NULL_TREE)
{
  return b ? gimple_build(&c->seq, code, type, a, b) : gimple_build(&c->seq, code, type, a);
}

static void conjoin(kb_condition *c, tree t)
{
  c->ok = c->ok ? emit(c, BIT_AND_EXPR, boolean_type_node, c->ok, t) : t;
}

void kb_cond_and(kb_condition *c, enum tree_code code, tree a, tree b)
{
  conjoin(c, emit(c, code, boolean_type_node, a, b));
}

static tree checked(kb_condition *c, enum tree_code code, internal_fn fn, tree a, tree b)
{
  if (TREE_CODE(a) == INTEGER_CST && TREE_CODE(b) == INTEGER_CST) {
    tree r = int_const_binop(code, a, b);
    if (r && !TREE_OVERFLOW(r))
      return r;
  }
  if (integer_zerop(b) && code != MULT_EXPR)
    return a;
  if (code == MULT_EXPR && (integer_onep(a) || integer_onep(b)))
    return integer_onep(a) ? b : a;
  tree pair = make_ssa_name(build_complex_type(long_integer_type_node));
  gcall *call = gimple_build_call_internal(fn, 2, a, b);
  gimple_call_set_lhs(call, pair);
  gimple_call_set_nothrow(call, true);
  gimple_seq_add_stmt(&c->seq, call);
  tree r = emit(c, REALPART_EXPR, long_integer_type_node, pair);
  kb_cond_and(c, EQ_EXPR, emit(c, IMAGPART_EXPR, long_integer_type_node, pair), int64(0));
  return r;
}

tree kb_cond_add(kb_condition *c, tree a, tree b) { return checked(c, PLUS_EXPR, IFN_ADD_OVERFLOW, a, b); }
tree kb_cond_sub(kb_condition *c, tree a, tree b) { return checked(c, MINUS_EXPR, IFN_SUB_OVERFLOW, a, b); }
tree kb_cond_mul(kb_condition *c, tree a, tree b) { return checked(c, MULT_EXPR, IFN_MUL_OVERFLOW, a, b); }

/* T as an int64; pointers and widened values included. */
static tree as_int64(kb_condition *c, tree t)
{
  if (types_compatible_p(TREE_TYPE(t), long_integer_type_node))
    return t;
  return gimple_convert(&c->seq, long_integer_type_node, t);
}

static tree product_value(kb_condition *c, const kb_product *p)
{
  tree v = int64(p->coef);
  for (unsigned i = 0; i < p->n; i++)
    v = kb_cond_mul(c, v, as_int64(c, p->atom[i]));
  return v;
}

tree kb_cond_form(kb_condition *c, const kb_poly *f)
{
  tree v = int64(0);
  for (unsigned i = 0; i < f->n; i++)
    v = kb_cond_add(c, product_value(c, &f->p[i]), v);
  return v;
}

static tree smaller(kb_condition *c, tree a, tree b) { return a == b ? a : emit(c, MIN_EXPR, long_integer_type_node, a, b); }
static tree greater(kb_condition *c, tree a, tree b) { return a == b ? a : emit(c, MAX_EXPR, long_integer_type_node, a, b); }

/* -- The condition ------------------------------------------------------------------------------------------------------- */

/* The smallest and the greatest value of F, whose loops have LO and HI. */
static void range_of(kb_nest *nest, kb_condition *c, const kb_poly *f, const tree *lo, const tree *hi, tree *least, tree *most)
{
  *least = *most = int64(0);
  for (unsigned i = 0; i < f->n; i++) {
    kb_product rest;
    int l = kb_loop_of(nest, &f->p[i], &rest);
    tree v = product_value(c, l >= 0 ? &rest : &f->p[i]);
    tree x = l >= 0 ? kb_cond_mul(c, v, lo[l]) : v, y = l >= 0 ? kb_cond_mul(c, v, hi[l]) : v;
    *least = kb_cond_add(c, smaller(c, x, y), *least);
    *most = kb_cond_add(c, greater(c, x, y), *most);
  }
}

/* The part of F on STRIDE, as a form of the loops' variables divided by UNIT. */
static void subscript(kb_nest *nest, const kb_poly *f, const kb_axis *axis, kb_poly *out)
{
  out->n = 0;
  for (unsigned l = 0; l < nest->nloops; l++) {
    kb_product p = {kb_poly_factor(f, gimple_phi_result(nest->loops[l].iv), &axis->stride) / axis->unit, 1,
                    {gimple_phi_result(nest->loops[l].iv)}};
    kb_poly_add_product(out, &p);
  }
  kb_poly_add_const(out, kb_poly_constant(f, &axis->stride) / axis->unit);
}

/* The axis of an array's view that the stride is of, by the load of it; -1: not known. */
static int axis_rank(const kb_product *stride)
{
  if (stride->n == 0)
    return 100; /* constant: the innermost */
  for (unsigned i = 0; i < stride->n; i++) {
    gimple *def = SSA_NAME_DEF_STMT(stride->atom[i]);
    if (gimple_assign_load_p(def) && TREE_CODE(gimple_assign_rhs1(def)) == ARRAY_REF
        && tree_fits_shwi_p(TREE_OPERAND(gimple_assign_rhs1(def), 1)))
      return tree_to_shwi(TREE_OPERAND(gimple_assign_rhs1(def), 1));
  }
  return -1;
}

/* Different subscripts are different places where the axes nest in this order, which is FORWARD or backward. */
static tree nests(kb_condition *c, kb_group *g, const unsigned *order, bool forward)
{
  tree all = NULL_TREE, span = int64(g->size);
  for (unsigned i = 0; i < g->naxes; i++) {
    kb_axis *a = &g->axis[order[forward ? g->naxes - 1 - i : i]];
    tree size = emit(c, ABS_EXPR, long_integer_type_node, a->value);
    tree t = emit(c, GE_EXPR, boolean_type_node, size, span);
    all = all ? emit(c, BIT_AND_EXPR, boolean_type_node, all, t) : t;
    if (i + 1 < g->naxes)
      span = kb_cond_add(c, kb_cond_mul(c, size, kb_cond_sub(c, a->hi, a->lo)), span);
  }
  return all;
}

/* Where group NUMBER begins and ends. */
static void extent_of(kb_nest *nest, kb_condition *c, unsigned number, const tree *lo, const tree *hi)
{
  kb_group *g = &nest->groups[number];
  tree base = as_int64(c, g->base);
  g->first = g->end = kb_cond_add(c, kb_cond_form(c, &g->offset), base);
  for (unsigned x = 0; x < g->naxes; x++) {
    kb_axis *a = &g->axis[x];
    a->lo = a->hi = NULL_TREE;
    auto_vec<kb_poly> seen;
    for (const kb_ref &r : nest->refs) {
      if (r.group != number)
        continue;
      kb_poly f;
      bool again = false;
      subscript(nest, &r.form, a, &f);
      for (const kb_poly &s : seen)
        again |= kb_poly_same(&s, &f);
      if (again)
        continue;
      seen.safe_push(f);
      tree least, most;
      range_of(nest, c, &f, lo, hi, &least, &most);
      a->lo = a->lo ? smaller(c, a->lo, least) : least;
      a->hi = a->hi ? greater(c, a->hi, most) : most;
    }
    kb_product p = a->stride;
    p.coef = a->unit;
    a->value = product_value(c, &p);
    tree u = kb_cond_mul(c, a->value, a->lo), v = kb_cond_mul(c, a->value, a->hi);
    g->first = kb_cond_add(c, g->first, smaller(c, u, v));
    g->end = kb_cond_add(c, g->end, greater(c, u, v));
  }
  g->end = kb_cond_add(c, g->end, int64(g->size));
}

/* Different subscripts of G are different places. */
static void distinct(kb_condition *c, kb_group *g)
{
  unsigned order[KB_DEEP];
  for (unsigned i = 0; i < g->naxes; i++) {
    unsigned at = i;
    for (; at > 0 && axis_rank(&g->axis[order[at - 1]].stride) > axis_rank(&g->axis[i].stride); at--)
      order[at] = order[at - 1];
    order[at] = i;
  }
  tree yes = nests(c, g, order, true);
  if (g->naxes > 1)
    yes = emit(c, BIT_IOR_EXPR, boolean_type_node, yes, nests(c, g, order, false));
  conjoin(c, yes);
}

static bool conditions(kb_nest *nest, kb_condition *c, bool all)
{
  tree lo[KB_DEEP], hi[KB_DEEP];
  for (unsigned l = 0; l < nest->nloops; l++) {
    kb_counted *k = &nest->loops[l];
    tree most;
    range_of(nest, c, &k->from, lo, hi, &lo[l], &most);
    range_of(nest, c, &k->to, lo, hi, &most, &hi[l]);
    k->lo = lo[l];
    k->end = hi[l];
    hi[l] = kb_cond_sub(c, hi[l], int64(1));
  }
  for (unsigned i = 0; i < nest->groups.length(); i++) {
    kb_group *g = &nest->groups[i];
    extent_of(nest, c, i, lo, hi);
    if (all && g->stored && g->naxes)
      distinct(c, g);
  }
  for (unsigned a = 0; a < nest->groups.length(); a++)
    for (unsigned b = a + 1; b < nest->groups.length(); b++)
      if (kb_must_part(nest, a, b) || kb_must_part(nest, b, a)) {
        const kb_group *x = &nest->groups[a], *y = &nest->groups[b];
        conjoin(c, emit(c, BIT_IOR_EXPR, boolean_type_node, emit(c, LE_EXPR, boolean_type_node, x->end, y->first),
                        emit(c, LE_EXPR, boolean_type_node, y->end, x->first)));
      }
  if (!c->ok)
    c->ok = boolean_true_node;
  return TREE_CODE(c->ok) != INTEGER_CST || !integer_zerop(c->ok);
}

bool kb_nest_condition(kb_nest *nest, kb_condition *c) { return conditions(nest, c, true); }
bool kb_nest_apart(kb_nest *nest, kb_condition *c) { return conditions(nest, c, false); }
