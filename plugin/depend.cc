/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depend.cc: forms, counted loops, and dependences between references of a nest (depend.h says what they are). */
#include "depend.h"

/* -- Forms -------------------------------------------------------------------------------------------------------- */

/* The order of atoms in a product. */
static unsigned HOST_WIDE_INT atom_key(tree t)
{
  return TREE_CODE(t) == SSA_NAME ? SSA_NAME_VERSION(t)
                                  : ((unsigned HOST_WIDE_INT)1 << 32) + DECL_UID(TREE_OPERAND(t, 0));
}

static bool same_atoms(const kb_product *a, const kb_product *b)
{
  if (a->n != b->n)
    return false;
  for (unsigned i = 0; i < a->n; i++)
    if (atom_key(a->atom[i]) != atom_key(b->atom[i]))
      return false;
  return true;
}

static bool add_product(kb_poly *f, const kb_product *p)
{
  for (unsigned i = 0; i < f->n; i++)
    if (same_atoms(&f->p[i], p)) {
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

static bool add_form(kb_poly *f, const kb_poly *g, HOST_WIDE_INT factor)
{
  for (unsigned i = 0; i < g->n; i++) {
    kb_product p = g->p[i];
    p.coef = (unsigned HOST_WIDE_INT)p.coef * factor;
    if (!add_product(f, &p))
      return false;
  }
  return true;
}

static bool add_const(kb_poly *f, HOST_WIDE_INT c)
{
  kb_product p = {c, 0, {}};
  return add_product(f, &p);
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
      if (!multiply(&a->p[i], &b->p[j], &p) || !add_product(out, &p))
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
    return of(a, out) && of(b, &g) && add_form(out, &g, gimple_assign_rhs_code(stmt) == MINUS_EXPR ? -1 : 1);
  case NEGATE_EXPR:
    out->n = 0;
    return of(a, &g) && add_form(out, &g, -1);
  case MULT_EXPR:
    return of(a, &f) && of(b, &g) && multiply_forms(&f, &g, out);
  case LSHIFT_EXPR:
    out->n = 0;
    return tree_fits_uhwi_p(b) && tree_to_uhwi(b) < 32 && of(a, &g)
           && add_form(out, &g, (HOST_WIDE_INT)1 << tree_to_uhwi(b));
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
    return (tree_fits_shwi_p(t) || tree_fits_uhwi_p(t)) && add_const(out, (HOST_WIDE_INT)TREE_INT_CST_LOW(t));
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
static bool without(const kb_product *p, tree iv, kb_product *out)
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
    if (without(&f->p[i], iv, &p) && same_atoms(&p, stride))
      return p.coef;
  }
  return 0;
}

/* The factor of STRIDE alone. */
static HOST_WIDE_INT constant_factor(const kb_poly *f, const kb_product *stride)
{
  for (unsigned i = 0; i < f->n; i++)
    if (same_atoms(&f->p[i], stride))
      return f->p[i].coef;
  return 0;
}

/* -- Conditions ------------------------------------------------------------------------------------------------------ */

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

/* -- Counted loops ---------------------------------------------------------------------------------------------------- */

bool kb_count_loop(class loop *loop, kb_counted *out, const char **why)
{
  edge out_edge = single_exit(loop);
  out->loop = loop;
  if (!out_edge)
    return *why = "a loop has several exits", false;
  gcond *test = safe_dyn_cast<gcond *>(kb_last_stmt(out_edge->src));
  if (!test || out_edge->src != loop->header)
    return *why = "a loop tests after its body", false;
  tree iv = gimple_cond_lhs(test), bound = gimple_cond_rhs(test);
  enum tree_code code = gimple_cond_code(test);
  if (out_edge->flags & EDGE_TRUE_VALUE)
    code = invert_tree_comparison(code, false);
  if (code == GT_EXPR) {
    std::swap(iv, bound);
    code = LT_EXPR;
  }
  gphi *phi = TREE_CODE(iv) == SSA_NAME ? dyn_cast<gphi *>(SSA_NAME_DEF_STMT(iv)) : NULL;
  if (code != LT_EXPR || !phi || gimple_bb(phi) != loop->header || !types_compatible_p(TREE_TYPE(iv), long_integer_type_node))
    return *why = "a loop does not count upwards to a bound", false;
  tree next = PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(loop));
  gimple *step = TREE_CODE(next) == SSA_NAME ? SSA_NAME_DEF_STMT(next) : NULL;
  if (!step || !is_gimple_assign(step) || gimple_assign_rhs_code(step) != PLUS_EXPR || gimple_assign_rhs1(step) != iv
      || !tree_fits_shwi_p(gimple_assign_rhs2(step)) || tree_to_shwi(gimple_assign_rhs2(step)) <= 0
      || tree_to_shwi(gimple_assign_rhs2(step)) > 1 << 20)
    return *why = "a loop does not count upwards in constant steps", false;
  out->iv = phi;
  out->test = test;
  out->init = PHI_ARG_DEF_FROM_EDGE(phi, loop_preheader_edge(loop));
  out->bound = bound;
  out->step = tree_to_shwi(gimple_assign_rhs2(step));
  out->lo = out->end = NULL_TREE;
  return true;
}

/* -- References ------------------------------------------------------------------------------------------------------ */

static bool no(kb_nest *nest, const char *format, ...) ATTRIBUTE_PRINTF_2;
static bool no(kb_nest *nest, const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  vsnprintf(nest->why, sizeof nest->why, format, ap);
  va_end(ap);
  return false;
}

static bool add_ref(kb_nest *nest, gimple *stmt, tree ref, bool store)
{
  kb_ref r;
  nest->where = gimple_location(stmt);
  if (TREE_THIS_VOLATILE(ref) || !COMPLETE_TYPE_P(TREE_TYPE(ref)) || !tree_fits_uhwi_p(TYPE_SIZE_UNIT(TREE_TYPE(ref))))
    return no(nest, "a reference to memory is not of an array's element");
  if (TREE_CODE(ref) != MEM_REF || !kb_poly_of(TREE_OPERAND(ref, 0), nest->top, nest->loops, nest->nloops, &r.form)
      || !add_const(&r.form, (HOST_WIDE_INT)TREE_INT_CST_LOW(TREE_OPERAND(ref, 1))))
    return no(nest, "a subscript is no linear function of the loops' variables");
  r.stmt = stmt;
  r.ref = ref;
  r.store = store;
  r.size = tree_to_uhwi(TYPE_SIZE_UNIT(TREE_TYPE(ref)));
  r.group = 0;
  r.loop = gimple_bb(stmt)->loop_father;
  nest->refs.safe_push(r);
  return true;
}

static bool add_refs_of(kb_nest *nest, gimple *stmt)
{
  if (is_gimple_debug(stmt) || gimple_clobber_p(stmt))
    return is_gimple_debug(stmt) || no(nest, "an array of its own ends in it");
  if (gimple_has_volatile_ops(stmt) || (gimple_has_side_effects(stmt) && gimple_code(stmt) != GIMPLE_COND)) {
    nest->where = gimple_location(stmt);
    return no(nest, is_gimple_call(stmt) ? "it has a call" : "it has a statement with side effects");
  }
  if (!gimple_vuse(stmt))
    return true;
  nest->where = gimple_location(stmt);
  if (!gimple_assign_single_p(stmt))
    return no(nest, "it has a call that uses memory");
  if (gimple_store_p(stmt))
    return is_gimple_val(gimple_assign_rhs1(stmt)) ? add_ref(nest, stmt, gimple_assign_lhs(stmt), true)
                                                   : no(nest, "it copies more than an element");
  return add_ref(nest, stmt, gimple_assign_rhs1(stmt), false);
}

static bool is_base(const kb_product *p)
{
  return p->coef == 1 && p->n == 1 && POINTER_TYPE_P(TREE_TYPE(p->atom[0]));
}

static HOST_WIDE_INT gcd_of(HOST_WIDE_INT a, HOST_WIDE_INT b)
{
  unsigned HOST_WIDE_INT x = absu_hwi(a), y = absu_hwi(b);
  while (y) {
    unsigned HOST_WIDE_INT t = x % y;
    x = y;
    y = t;
  }
  return x;
}

/* Which of N loops' variables P has: its number, -1: none, -2: not as one factor. */
static int loop_of(const kb_nest *nest, const kb_product *p, kb_product *stride)
{
  int found = -1;
  for (unsigned l = 0; l < nest->nloops; l++) {
    tree iv = gimple_phi_result(nest->loops[l].iv);
    bool has = false;
    for (unsigned i = 0; i < p->n; i++)
      has |= p->atom[i] == iv;
    if (!has)
      continue;
    if (found != -1 || !without(p, iv, stride))
      return -2;
    found = l;
  }
  return found;
}

/* Adds the strides of F to AXES. */
static bool note_axes(kb_nest *nest, const kb_poly *f, kb_group *g)
{
  for (unsigned i = 0; i < f->n; i++) {
    kb_product stride;
    int l = loop_of(nest, &f->p[i], &stride);
    if (l == -2)
      return no(nest, "a subscript is no linear function of the loops' variables");
    if (l < 0)
      continue;
    unsigned k = 0;
    while (k < g->naxes && !same_atoms(&g->axis[k].stride, &stride))
      k++;
    if (k == KB_DEEP)
      return no(nest, "an array has too many different strides");
    if (k == g->naxes) {
      g->axis[k].unit = 0;
      g->naxes++;
      g->axis[k].stride = stride;
      g->axis[k].stride.coef = 1;
    }
    g->axis[k].unit = gcd_of(g->axis[k].unit, stride.coef);
  }
  return true;
}

/* What of F is neither the base nor a subscript of G: rows that are set in front of the nest, fields. */
static void offset_of(kb_nest *nest, const kb_poly *f, const kb_group *g, kb_poly *out)
{
  out->n = 0;
  for (unsigned i = 0; i < f->n; i++) {
    kb_product stride;
    bool axis = loop_of(nest, &f->p[i], &stride) >= 0 || is_base(&f->p[i]);
    for (unsigned k = 0; k < g->naxes; k++)
      axis |= same_atoms(&f->p[i], &g->axis[k].stride);
    if (!axis)
      add_product(out, &f->p[i]);
  }
}

static bool same_form(const kb_poly *a, const kb_poly *b)
{
  kb_poly d = *a;
  return add_form(&d, b, -1) && d.n == 0;
}

/* Puts reference number K into a group. */
static bool group_ref(kb_nest *nest, unsigned k)
{
  kb_ref *r = &nest->refs[k];
  kb_group g = {};
  for (unsigned i = 0; i < r->form.n; i++)
    if (is_base(&r->form.p[i])) {
      if (g.base)
        return no(nest, "an address has two bases");
      g.base = r->form.p[i].atom[0];
    }
  if (!g.base)
    return no(nest, "an address has no base");
  /* The strides of all references with this base: what one uses as a subscript's stride is one in the others, too. */
  for (const kb_ref &q : nest->refs)
    if (kb_poly_has(&q.form, g.base) && !note_axes(nest, &q.form, &g))
      return false;
  offset_of(nest, &r->form, &g, &g.offset);
  unsigned n = 0;
  while (n < nest->groups.length()
         && (nest->groups[n].base != g.base || !same_form(&nest->groups[n].offset, &g.offset)))
    n++;
  if (n == nest->groups.length())
    nest->groups.safe_push(g);
  kb_group *at = &nest->groups[n];
  at->stored |= r->store;
  at->size = MAX(at->size, r->size);
  for (unsigned a = 0; a < at->naxes; a++) /* the constants count, too */
    at->axis[a].unit = gcd_of(at->axis[a].unit, constant_factor(&r->form, &at->axis[a].stride));
  r->group = n;
  return true;
}

/* -- Dependences ----------------------------------------------------------------------------------------------------- */

enum { NEG = 1, ZERO = 2, POS = 4, ANY = 7 };

/* sum of coef[l] * d[l] over the loops is sum; d: how far the second reference is behind the first. */
struct equation {
  HOST_WIDE_INT coef[KB_DEEP], sum;
};

/* Solves for single unknowns, which narrows the directions ALLOWED. False: there is no solution. */
static bool solve(vec<equation> *eqs, unsigned n, unsigned char *allowed)
{
  bool known[KB_DEEP] = {}, more = true;
  HOST_WIDE_INT value[KB_DEEP] = {};
  while (more) {
    more = false;
    for (equation &e : *eqs) {
      int left = -1, count = 0;
      for (unsigned l = 0; l < n; l++)
        if (e.coef[l] && known[l]) {
          e.sum -= e.coef[l] * value[l];
          e.coef[l] = 0;
        } else if (e.coef[l]) {
          left = l;
          count++;
        }
      if (count == 0 && e.sum)
        return false;
      if (count != 1)
        continue;
      if (e.sum % e.coef[left])
        return false;
      known[left] = more = true;
      value[left] = e.sum / e.coef[left];
      allowed[left] &= value[left] < 0 ? NEG : value[left] ? POS : ZERO;
      if (!allowed[left])
        return false;
    }
  }
  return true;
}

/* Can the directions SIGN solve E? */
static bool can_solve(const equation &e, const signed char *sign, unsigned n)
{
  bool neg = false, pos = false;
  for (unsigned l = 0; l < n; l++) {
    neg |= e.coef[l] && (e.coef[l] < 0) != (sign[l] < 0) && sign[l];
    pos |= e.coef[l] && (e.coef[l] < 0) == (sign[l] < 0) && sign[l];
  }
  return (neg && pos) || (neg ? e.sum < 0 : pos ? e.sum > 0 : e.sum == 0);
}

static unsigned signs_number(const signed char *sign, unsigned n)
{
  unsigned k = 0;
  for (unsigned l = 0; l < n; l++)
    k = k * 3 + sign[l] + 1;
  return k;
}
static void signs_of(unsigned k, unsigned n, signed char *sign)
{
  for (unsigned l = n; l-- > 0; k /= 3)
    sign[l] = (int)(k % 3) - 1;
}
static unsigned signs_count(unsigned n)
{
  unsigned k = 1;
  while (n-- > 0)
    k *= 3;
  return k;
}

/* Adds the directions of the dependences between A and B of one group. */
static void depend_pair(kb_nest *nest, const kb_ref *a, const kb_ref *b)
{
  const kb_group *g = &nest->groups[a->group];
  unsigned n = nest->nloops, common = 0;
  while (common < n && flow_bb_inside_loop_p(nest->loops[common].loop, gimple_bb(a->stmt))
         && flow_bb_inside_loop_p(nest->loops[common].loop, gimple_bb(b->stmt)))
    common++;
  auto_vec<equation> eqs;
  for (unsigned x = 0; x < g->naxes; x++) {
    equation e;
    bool usable = g->axis[x].unit != 0;
    for (unsigned l = 0; usable && l < n; l++) {
      tree iv = gimple_phi_result(nest->loops[l].iv);
      e.coef[l] = kb_poly_factor(&a->form, iv, &g->axis[x].stride);
      usable = e.coef[l] == kb_poly_factor(&b->form, iv, &g->axis[x].stride) && (l < common || !e.coef[l]);
      e.coef[l] /= g->axis[x].unit;
    }
    e.sum = (constant_factor(&a->form, &g->axis[x].stride) - constant_factor(&b->form, &g->axis[x].stride))
            / (g->axis[x].unit ? g->axis[x].unit : 1);
    if (usable)
      eqs.safe_push(e);
  }
  unsigned char allowed[KB_DEEP];
  memset(allowed, ANY, sizeof allowed);
  if (!solve(&eqs, n, allowed))
    return;
  for (unsigned k = 0; k < signs_count(n); k++) {
    signed char sign[KB_DEEP];
    bool possible = true;
    signs_of(k, n, sign);
    for (unsigned l = 0; l < n; l++)
      possible &= (allowed[l] & (sign[l] < 0 ? NEG : sign[l] ? POS : ZERO)) != 0;
    for (const equation &e : eqs)
      possible = possible && can_solve(e, sign, n);
    unsigned first = 0;
    while (first < n && !sign[first])
      first++;
    if (!possible || first == n)
      continue; /* within one turn the body keeps its order */
    if (sign[first] < 0)
      for (unsigned l = 0; l < n; l++)
        sign[l] = -sign[l];
    nest->dep[signs_number(sign, n)] = true;
  }
}

/* By where they point to; not by type, as arrays of different types can share memory. */
static bool can_alias(const kb_ref *a, const kb_ref *b)
{
  tree p = TREE_OPERAND(a->ref, 0), q = TREE_OPERAND(b->ref, 0);
  return TREE_CODE(p) != SSA_NAME || TREE_CODE(q) != SSA_NAME || ptr_derefs_may_alias_p(p, q);
}

/* Must groups A and B be apart? */
static bool must_part(kb_nest *nest, unsigned a, unsigned b)
{
  for (const kb_ref &x : nest->refs)
    for (const kb_ref &y : nest->refs)
      if (x.group == a && y.group == b && (x.store || y.store) && can_alias(&x, &y))
        return true;
  return false;
}

/* -- The nest --------------------------------------------------------------------------------------------------------- */

/* The loops of the chain from TOP inwards. */
static bool collect_loops(kb_nest *nest)
{
  for (class loop *l = nest->top; l; l = l->inner) {
    const char *why = NULL;
    kb_counted *c = &nest->loops[nest->nloops];
    if (l->next && l != nest->top)
      return no(nest, "there are several loops side by side in it");
    if (nest->nloops == KB_DEEP)
      return no(nest, "it is deeper than %d loops", KB_DEEP);
    if (!kb_count_loop(l, c, &why))
      return no(nest, "%s", why);
    if (!kb_poly_of(c->init, nest->top, nest->loops, nest->nloops, &c->from)
        || !kb_poly_of(c->bound, nest->top, nest->loops, nest->nloops, &c->to))
      return no(nest, "a loop's bounds are no linear function of the outer loops' variables");
    nest->nloops++;
  }
  return true;
}

bool kb_nest_analyse(class loop *top, kb_nest *nest)
{
  nest->top = top;
  nest->nloops = 0;
  nest->why[0] = 0;
  nest->where = kb_loop_location(top);
  memset(nest->dep, 0, sizeof nest->dep);
  if (!collect_loops(nest))
    return false;
  basic_block *body = get_loop_body(top);
  bool good = true;
  for (unsigned i = 0; good && i < top->num_nodes; i++)
    for (gimple_stmt_iterator s = gsi_start_bb(body[i]); good && !gsi_end_p(s); gsi_next(&s))
      good = add_refs_of(nest, gsi_stmt(s));
  free(body);
  for (unsigned k = 0; good && k < nest->refs.length(); k++) {
    nest->where = gimple_location(nest->refs[k].stmt);
    good = group_ref(nest, k);
  }
  if (!good)
    return false;
  for (unsigned a = 0; a < nest->refs.length(); a++)
    for (unsigned b = a; b < nest->refs.length(); b++) {
      const kb_ref *x = &nest->refs[a], *y = &nest->refs[b];
      if (x->group == y->group && (x->store || y->store) && can_alias(x, y)) {
        if (x->size != y->size)
          return no(nest, "an array is used with elements of two sizes");
        depend_pair(nest, x, y);
      }
    }
  return true;
}

/* -- Answers ---------------------------------------------------------------------------------------------------------- */

static bool no_for(kb_nest *nest, const char *what, const signed char *sign)
{
  char text[4 * KB_DEEP] = "", *p = text;
  for (unsigned l = 0; l < nest->nloops; l++)
    p += sprintf(p, "%s%c", l ? "," : "", sign[l] < 0 ? '>' : sign[l] ? '<' : '=');
  return no(nest, "%s: an element depends on another turn in direction (%s)", what, text);
}

bool kb_nest_permutable(kb_nest *nest, unsigned from, unsigned n)
{
  for (unsigned k = 0; k < signs_count(nest->nloops); k++) {
    signed char sign[KB_DEEP];
    if (!nest->dep[k])
      continue;
    signs_of(k, nest->nloops, sign);
    bool carried = false; /* by a loop outside of these: their order does not matter */
    for (unsigned l = 0; l < from; l++)
      carried |= sign[l] > 0;
    for (unsigned l = from; !carried && l < from + n; l++)
      if (sign[l] < 0)
        return no_for(nest, "not permutable", sign);
  }
  return true;
}

bool kb_nest_swappable(kb_nest *nest, unsigned a, unsigned b)
{
  for (unsigned k = 0; k < signs_count(nest->nloops); k++) {
    signed char sign[KB_DEEP], swapped[KB_DEEP];
    if (!nest->dep[k])
      continue;
    signs_of(k, nest->nloops, sign);
    memcpy(swapped, sign, sizeof swapped);
    std::swap(swapped[a], swapped[b]);
    unsigned l = 0;
    while (l < nest->nloops && !swapped[l])
      l++;
    if (l < nest->nloops && swapped[l] < 0)
      return no_for(nest, "the loops cannot be exchanged", sign);
  }
  return true;
}

bool kb_nest_independent(kb_nest *nest, unsigned a)
{
  for (unsigned k = 0; k < signs_count(nest->nloops); k++) {
    signed char sign[KB_DEEP];
    if (!nest->dep[k])
      continue;
    signs_of(k, nest->nloops, sign);
    bool outside = false;
    for (unsigned l = 0; l < a; l++)
      outside |= sign[l] != 0;
    if (!outside && sign[a])
      return no_for(nest, "turns depend on each other", sign);
  }
  return true;
}

/* -- The condition ------------------------------------------------------------------------------------------------------- */

/* The smallest and the greatest value of F, whose loops have LO and HI. */
static void range_of(kb_nest *nest, kb_condition *c, const kb_poly *f, const tree *lo, const tree *hi, tree *least, tree *most)
{
  *least = *most = int64(0);
  for (unsigned i = 0; i < f->n; i++) {
    kb_product rest;
    int l = loop_of(nest, &f->p[i], &rest);
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
    add_product(out, &p);
  }
  add_const(out, constant_factor(f, &axis->stride) / axis->unit);
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

static void group_condition(kb_nest *nest, kb_condition *c, unsigned number, const tree *lo, const tree *hi)
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
        again |= same_form(&s, &f);
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
  if (!g->stored || !g->naxes)
    return;
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

bool kb_nest_condition(kb_nest *nest, kb_condition *c)
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
  for (unsigned g = 0; g < nest->groups.length(); g++)
    group_condition(nest, c, g, lo, hi);
  for (unsigned a = 0; a < nest->groups.length(); a++)
    for (unsigned b = a + 1; b < nest->groups.length(); b++)
      if (must_part(nest, a, b) || must_part(nest, b, a)) {
        const kb_group *x = &nest->groups[a], *y = &nest->groups[b];
        conjoin(c, emit(c, BIT_IOR_EXPR, boolean_type_node, emit(c, LE_EXPR, boolean_type_node, x->end, y->first),
                        emit(c, LE_EXPR, boolean_type_node, y->end, x->first)));
      }
  if (!c->ok)
    c->ok = boolean_true_node;
  return TREE_CODE(c->ok) != INTEGER_CST || !integer_zerop(c->ok);
}
