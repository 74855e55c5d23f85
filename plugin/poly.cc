/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poly.cc: forms (depend.h): sums of products, by which addresses and bounds are compared. */
#include "depend.h"

/* -- Arithmetic -------------------------------------------------------------------------------------------------------- */

/* The order of atoms in a product. */
static unsigned HOST_WIDE_INT atom_key(tree t)
{
  return TREE_CODE(t) == SSA_NAME ? SSA_NAME_VERSION(t)
                                  : ((unsigned HOST_WIDE_INT)1 << 32) + DECL_UID(TREE_OPERAND(t, 0));
}

bool kb_product_same(const kb_product *a, const kb_product *b)
{
  if (a->n != b->n)
    return false;
  for (unsigned i = 0; i < a->n; i++)
    if (atom_key(a->atom[i]) != atom_key(b->atom[i]))
      return false;
  return true;
}

bool kb_poly_add_product(kb_poly *f, const kb_product *p)
{
  for (unsigned i = 0; i < f->n; i++)
    if (kb_product_same(&f->p[i], p)) {
      f->p[i].coef = (unsigned HOST_WIDE_INT)f->p[i].coef + p->coef;
      if (!f->p[i].coef)
        f->p[i] = f->p[--f->n];
      return true;
    }
  if (p->coef == 0)
    return true;
  if (f->n == KB_PRODUCTS)
    return false;
  f->p[f->n++] = *p;
  return true;
}

bool kb_poly_add(kb_poly *f, const kb_poly *g, HOST_WIDE_INT factor)
{
  for (unsigned i = 0; i < g->n; i++) {
    kb_product p = g->p[i];
    p.coef = (unsigned HOST_WIDE_INT)p.coef * factor;
    if (!kb_poly_add_product(f, &p))
      return false;
  }
  return true;
}

bool kb_poly_add_const(kb_poly *f, HOST_WIDE_INT c)
{
  kb_product p = {c, 0, {}};
  return kb_poly_add_product(f, &p);
}

static bool multiply(const kb_product *a, const kb_product *b, kb_product *out)
{
  if (a->n + b->n > KB_ATOMS)
    return false;
  out->coef = (unsigned HOST_WIDE_INT)a->coef * b->coef;
  out->n = 0;
  for (unsigned i = 0, j = 0; i < a->n || j < b->n;) {
    bool left = j == b->n || (i < a->n && atom_key(a->atom[i]) <= atom_key(b->atom[j]));
    out->atom[out->n++] = left ? a->atom[i++] : b->atom[j++];
  }
  return true;
}

static bool multiply_forms(const kb_poly *a, const kb_poly *b, kb_poly *out)
{
  out->n = 0;
  for (unsigned i = 0; i < a->n; i++)
    for (unsigned j = 0; j < b->n; j++) {
      kb_product p;
      if (!multiply(&a->p[i], &b->p[j], &p) || !kb_poly_add_product(out, &p))
        return false;
    }
  return true;
}

static bool set_inside(class loop *top, tree name)
{
  basic_block b = gimple_bb(SSA_NAME_DEF_STMT(name));
  return b && flow_bb_inside_loop_p(top, b);
}

/* Is PHI one value under another name? */
static tree phi_copy(gphi *phi)
{
  tree t = gimple_phi_arg_def(phi, 0);
  for (unsigned i = 1; i < gimple_phi_num_args(phi); i++)
    if (!operand_equal_p(t, gimple_phi_arg_def(phi, i), 0))
      return NULL_TREE;
  return t;
}

struct form_maker {
  class loop *top;
  const kb_counted *loops;
  unsigned nloops, steps;

  bool atom(tree t, kb_poly *out)
  {
    out->n = 1;
    out->p[0] = {1, 1, {t}};
    return true;
  }
  bool of_assign(gimple *stmt, kb_poly *out);
  bool of(tree t, kb_poly *out);
};

bool form_maker::of_assign(gimple *stmt, kb_poly *out)
{
  tree a = gimple_assign_rhs1(stmt), b = gimple_num_ops(stmt) > 2 ? gimple_assign_rhs2(stmt) : NULL_TREE;
  kb_poly f, g;
  switch (gimple_assign_rhs_code(stmt)) {
  case SSA_NAME:
  case INTEGER_CST:
    return of(a, out);
  CASE_CONVERT: {
    tree type = TREE_TYPE(a);
    if (!INTEGRAL_TYPE_P(type) && !POINTER_TYPE_P(type))
      return false;
    if (TYPE_PRECISION(type) == 64)
      return of(a, out);
    /* A narrower value that is widened: only as it is. */
    return TYPE_PRECISION(type) < 64 && TREE_CODE(a) == SSA_NAME && !set_inside(top, a) && atom(a, out);
  }
  case PLUS_EXPR:
  case POINTER_PLUS_EXPR:
  case MINUS_EXPR:
    return of(a, out) && of(b, &g) && kb_poly_add(out, &g, gimple_assign_rhs_code(stmt) == MINUS_EXPR ? -1 : 1);
  case NEGATE_EXPR:
    out->n = 0;
    return of(a, &g) && kb_poly_add(out, &g, -1);
  case MULT_EXPR:
    return of(a, &f) && of(b, &g) && multiply_forms(&f, &g, out);
  case LSHIFT_EXPR:
    out->n = 0;
    return tree_fits_uhwi_p(b) && tree_to_uhwi(b) < 32 && of(a, &g)
           && kb_poly_add(out, &g, (HOST_WIDE_INT)1 << tree_to_uhwi(b));
  default:
    return false;
  }
}

bool form_maker::of(tree t, kb_poly *out)
{
  tree type = TREE_TYPE(t);
  out->n = 0;
  if (steps++ > 200 || (!INTEGRAL_TYPE_P(type) && !POINTER_TYPE_P(type)))
    return false;
  if (TREE_CODE(t) == INTEGER_CST)
    return (tree_fits_shwi_p(t) || tree_fits_uhwi_p(t)) && kb_poly_add_const(out, (HOST_WIDE_INT)TREE_INT_CST_LOW(t));
  if (TREE_CODE(t) == ADDR_EXPR)
    return DECL_P(TREE_OPERAND(t, 0)) && atom(t, out);
  if (TREE_CODE(t) != SSA_NAME || SSA_NAME_OCCURS_IN_ABNORMAL_PHI(t) || TYPE_PRECISION(type) != 64)
    return false;
  if (!set_inside(top, t))
    return atom(t, out);
  for (unsigned i = 0; i < nloops; i++)
    if (t == gimple_phi_result(loops[i].iv))
      return atom(t, out);
  gimple *def = SSA_NAME_DEF_STMT(t);
  if (gphi *phi = dyn_cast<gphi *>(def)) {
    tree copy = phi_copy(phi);
    return copy && of(copy, out);
  }
  return is_gimple_assign(def) && of_assign(def, out);
}

bool kb_poly_of(tree t, class loop *top, const kb_counted *loops, unsigned n, kb_poly *out)
{
  form_maker m = {top, loops, n, 0};
  return m.of(t, out);
}

bool kb_poly_has(const kb_poly *f, tree atom)
{
  for (unsigned i = 0; i < f->n; i++)
    for (unsigned j = 0; j < f->p[i].n; j++)
      if (f->p[i].atom[j] == atom)
        return true;
  return false;
}

/* P without its one atom IV; false: it has none, or two. */
bool kb_product_without(const kb_product *p, tree iv, kb_product *out)
{
  unsigned found = 0;
  out->coef = p->coef;
  out->n = 0;
  for (unsigned i = 0; i < p->n; i++)
    if (p->atom[i] == iv)
      found++;
    else
      out->atom[out->n++] = p->atom[i];
  return found == 1;
}

HOST_WIDE_INT kb_poly_factor(const kb_poly *f, tree iv, const kb_product *stride)
{
  for (unsigned i = 0; i < f->n; i++) {
    kb_product p;
    if (kb_product_without(&f->p[i], iv, &p) && kb_product_same(&p, stride))
      return p.coef;
  }
  return 0;
}

/* The factor of STRIDE alone. */
HOST_WIDE_INT kb_poly_constant(const kb_poly *f, const kb_product *stride)
{
  for (unsigned i = 0; i < f->n; i++)
    if (kb_product_same(&f->p[i], stride))
      return f->p[i].coef;
  return 0;
}

bool kb_poly_same(const kb_poly *a, const kb_poly *b)
{
  kb_poly d = *a;
  return kb_poly_add(&d, b, -1) && d.n == 0;
}
