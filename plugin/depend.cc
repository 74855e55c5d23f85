/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depend.cc: forms, counted loops, and dependences between references of a nest (depend.h says what they are). */
#include "depend.h"

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

/* -- Shapes --------------------------------------------------------------------------------------------------------- */

bool kb_is_perfect(class loop *loop)
{
  if (!loop->inner || loop->inner->next)
    return false;
  basic_block *body = get_loop_body(loop);
  bool perfect = true;
  for (unsigned i = 0; perfect && i < loop->num_nodes; i++)
    if (body[i]->loop_father == loop)
      for (gimple_stmt_iterator s = gsi_start_bb(body[i]); perfect && !gsi_end_p(s); gsi_next(&s))
        perfect = is_gimple_debug(gsi_stmt(s)) || gimple_code(gsi_stmt(s)) == GIMPLE_LABEL
                  || (gimple_code(gsi_stmt(s)) == GIMPLE_COND && body[i] == loop->header)
                  || (is_gimple_assign(gsi_stmt(s)) && !gimple_vuse(gsi_stmt(s)));
  free(body);
  return perfect;
}

bool kb_lives_after(class loop *top)
{
  basic_block *body = get_loop_body(top);
  bool lives = false;
  for (unsigned i = 0; !lives && i < top->num_nodes; i++) {
    auto_vec<tree> names;
    for (gphi_iterator p = gsi_start_phis(body[i]); !gsi_end_p(p); gsi_next(&p))
      names.safe_push(gimple_phi_result(p.phi()));
    for (gimple_stmt_iterator s = gsi_start_bb(body[i]); !gsi_end_p(s); gsi_next(&s))
      if (tree def = gimple_get_lhs(gsi_stmt(s)))
        names.safe_push(def);
    for (tree name : names) {
      imm_use_iterator it;
      use_operand_p use;
      if (TREE_CODE(name) != SSA_NAME || virtual_operand_p(name))
        continue;
      FOR_EACH_IMM_USE_FAST (use, it, name)
        lives |= !is_gimple_debug(USE_STMT(use)) && !flow_bb_inside_loop_p(top, gimple_bb(USE_STMT(use)));
    }
  }
  free(body);
  return lives;
}

bool kb_carries_only_variable(const kb_counted *c)
{
  for (gphi_iterator p = gsi_start_phis(c->loop->header); !gsi_end_p(p); gsi_next(&p))
    if (!virtual_operand_p(gimple_phi_result(p.phi())) && p.phi() != c->iv)
      return false;
  return true;
}

bool kb_bound_is_ready(const kb_counted *c)
{
  basic_block b = TREE_CODE(c->bound) == SSA_NAME ? gimple_bb(SSA_NAME_DEF_STMT(c->bound)) : NULL;
  return !b || !flow_bb_inside_loop_p(c->loop, b);
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
      || !kb_poly_add_const(&r.form, (HOST_WIDE_INT)TREE_INT_CST_LOW(TREE_OPERAND(ref, 1))))
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
int kb_loop_of(const kb_nest *nest, const kb_product *p, kb_product *stride)
{
  int found = -1;
  for (unsigned l = 0; l < nest->nloops; l++) {
    tree iv = gimple_phi_result(nest->loops[l].iv);
    bool has = false;
    for (unsigned i = 0; i < p->n; i++)
      has |= p->atom[i] == iv;
    if (!has)
      continue;
    if (found != -1 || !kb_product_without(p, iv, stride))
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
    int l = kb_loop_of(nest, &f->p[i], &stride);
    if (l == -2)
      return no(nest, "a subscript is no linear function of the loops' variables");
    if (l < 0)
      continue;
    unsigned k = 0;
    while (k < g->naxes && !kb_product_same(&g->axis[k].stride, &stride))
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
    bool axis = kb_loop_of(nest, &f->p[i], &stride) >= 0 || is_base(&f->p[i]);
    for (unsigned k = 0; k < g->naxes; k++)
      axis |= kb_product_same(&f->p[i], &g->axis[k].stride);
    if (!axis)
      kb_poly_add_product(out, &f->p[i]);
  }
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
         && (nest->groups[n].base != g.base || !kb_poly_same(&nest->groups[n].offset, &g.offset)))
    n++;
  if (n == nest->groups.length())
    nest->groups.safe_push(g);
  kb_group *at = &nest->groups[n];
  at->stored |= r->store;
  at->size = MAX(at->size, r->size);
  for (unsigned a = 0; a < at->naxes; a++) /* the constants count, too */
    at->axis[a].unit = gcd_of(at->axis[a].unit, kb_poly_constant(&r->form, &at->axis[a].stride));
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
    e.sum = (kb_poly_constant(&a->form, &g->axis[x].stride) - kb_poly_constant(&b->form, &g->axis[x].stride))
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

bool kb_must_part(kb_nest *nest, unsigned a, unsigned b)
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
    signed char sign[KB_DEEP] = {0};
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

/* -- Layouts -------------------------------------------------------------------------------------------------------- */

/* The last axis of a view, whose stride is most likely 1? */
static bool is_last_stride(tree name)
{
  gimple *def = TREE_CODE(name) == SSA_NAME ? SSA_NAME_DEF_STMT(name) : NULL;
  tree ref = def && gimple_assign_load_p(def) ? gimple_assign_rhs1(def) : NULL_TREE;
  if (!ref || TREE_CODE(ref) != ARRAY_REF || TREE_CODE(TREE_TYPE(TREE_OPERAND(ref, 0))) != ARRAY_TYPE)
    return false;
  tree domain = TYPE_DOMAIN(TREE_TYPE(TREE_OPERAND(ref, 0)));
  return domain && TYPE_MAX_VALUE(domain) && operand_equal_p(fold_convert(sizetype, TREE_OPERAND(ref, 1)),
                                                             fold_convert(sizetype, TYPE_MAX_VALUE(domain)), 0);
}

bool kb_is_beside(const kb_ref *ref, tree iv, tree *one)
{
  const kb_product *found = NULL;
  for (unsigned i = 0; i < ref->form.n; i++)
    for (unsigned k = 0; k < ref->form.p[i].n; k++)
      if (ref->form.p[i].atom[k] == iv) {
        if (found)
          return false;
        found = &ref->form.p[i];
      }
  if (!found || found->coef != (HOST_WIDE_INT)ref->size || found->n > 2)
    return false;
  *one = found->n == 1 ? NULL_TREE : found->atom[found->atom[0] == iv];
  return !*one || is_last_stride(*one);
}
