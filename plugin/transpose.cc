/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transpose.cc: two loops that copy rows to columns become a call of kb_transpose (runtime/transpose.c), which knows the sizes
 * of lines and pages. b[j,i] = a[i,j] and the same with the loops exchanged.
 *
 * Right, as every element is loaded and stored once, no store hits another one's place or a load's: the dependences say so for
 * references of one group, the condition in front of the nest for groups that may overlap. So the order does not matter. Both
 * arrays have elements side by side at run time; everything else runs in the loops as they were.
 */
#include "depend.h"

enum { FEWEST = 8 }; /* turns of each loop from which on the call is worth it */

struct turned {
  const kb_ref *load, *store;
  unsigned i, j; /* loops: the store's elements are side by side along I, the load's along J */
  auto_vec<tree> ones;
};

/* Is NEST a copy of elements of 4 or 8 bytes, and nothing else? */
static bool is_copy(const kb_nest *nest, turned *t)
{
  if (nest->nloops != 2 || nest->refs.length() != 2 || nest->refs[0].store == nest->refs[1].store)
    return false;
  t->load = &nest->refs[nest->refs[0].store];
  t->store = &nest->refs[!nest->refs[0].store];
  class loop *inner = nest->loops[1].loop;
  return t->load->loop == inner && t->store->loop == inner && (t->load->size == 4 || t->load->size == 8)
         && t->load->size == t->store->size && gimple_assign_rhs1(t->store->stmt) == gimple_assign_lhs(t->load->stmt)
         && dominated_by_p(CDI_DOMINATORS, inner->latch, gimple_bb(t->store->stmt));
}

/* Do rows become columns? */
static bool is_turned(const kb_nest *nest, turned *t)
{
  for (t->i = 0; t->i < 2; t->i++) {
    t->j = 1 - t->i;
    tree i = gimple_phi_result(nest->loops[t->i].iv), j = gimple_phi_result(nest->loops[t->j].iv), b, a;
    if (kb_is_beside(t->store, i, &b) && kb_is_beside(t->load, j, &a) && kb_poly_has(&t->store->form, j)
        && kb_poly_has(&t->load->form, i)) {
      if (b)
        t->ones.safe_push(b);
      if (a && a != b)
        t->ones.safe_push(a);
      return true;
    }
  }
  return false;
}

/* What fits; *WHY is set where rows become columns, but not plainly. */
static bool match(kb_nest *nest, turned *t, const char **why)
{
  *why = NULL;
  if (!kb_is_perfect(nest->top) || !kb_nest_analyse(nest->top, nest) || !is_copy(nest, t) || !is_turned(nest, t))
    return false;
  tree outer = gimple_phi_result(nest->loops[0].iv);
  if (kb_poly_has(&nest->loops[1].from, outer) || kb_poly_has(&nest->loops[1].to, outer))
    return *why = "its bounds depend on the outer loop", false;
  if (nest->loops[0].step != 1 || nest->loops[1].step != 1)
    return *why = "a loop's step is not 1", false;
  if (!kb_bound_is_ready(&nest->loops[0]) || !kb_bound_is_ready(&nest->loops[1]))
    return *why = "a loop's bound changes inside the loop", false;
  if (!kb_carries_only_variable(&nest->loops[0]) || !kb_carries_only_variable(&nest->loops[1]) || kb_lives_after(nest->top))
    return *why = "a value of it is used in another turn or behind it", false;
  for (bool dep : nest->dep)
    if (dep)
      return *why = "an element depends on another turn", false;
  return true;
}

/* F, modulo 2^64, in the first turn of NEST's loops; with IV: what a turn of that variable's loop adds. */
static tree value_of(gimple_seq *seq, const kb_nest *nest, const kb_poly *f, tree iv)
{
  tree u = long_unsigned_type_node, sum = build_zero_cst(u);
  for (unsigned i = 0; i < f->n; i++) {
    const kb_product *p = &f->p[i];
    tree v = build_int_cst(u, p->coef);
    bool has = false;
    for (unsigned k = 0; k < p->n; k++) {
      tree atom = p->atom[k];
      if (atom == iv) {
        has = true;
        continue;
      }
      for (unsigned l = 0; l < nest->nloops; l++)
        if (atom == gimple_phi_result(nest->loops[l].iv))
          atom = nest->loops[l].lo;
      v = gimple_build(seq, MULT_EXPR, u, v, gimple_convert(seq, u, gimple_convert(seq, long_integer_type_node, atom)));
    }
    if (!iv || has)
      sum = gimple_build(seq, PLUS_EXPR, u, sum, v);
  }
  return sum;
}

static tree turns_of(gimple_seq *seq, const kb_counted *c)
{
  return gimple_build(seq, MINUS_EXPR, long_integer_type_node, c->end, c->lo);
}

/* The call, at the end of SEQ. */
static gcall *make_call(gimple_seq *seq, const kb_nest *nest, const turned *t)
{
  tree s = long_integer_type_node, p = ptr_type_node, types[8] = {p, p, s, s, s, s, s, integer_type_node};
  tree i = gimple_phi_result(nest->loops[t->i].iv), j = gimple_phi_result(nest->loops[t->j].iv);
  tree fn = build_fn_decl("kb_transpose", build_function_type_array(integer_type_node, 8, types));
  TREE_NOTHROW(fn) = 1;
  tree args[8] = {
    value_of(seq, nest, &t->store->form, NULL_TREE), value_of(seq, nest, &t->load->form, NULL_TREE),
    value_of(seq, nest, &t->store->form, j), value_of(seq, nest, &t->load->form, i),
    turns_of(seq, &nest->loops[t->i]), turns_of(seq, &nest->loops[t->j]), build_int_cst(s, t->load->size), integer_one_node,
  };
  auto_vec<tree, 8> values;
  for (unsigned k = 0; k < 8; k++)
    values.safe_push(gimple_convert(seq, types[k], args[k]));
  gcall *call = gimple_build_call_vec(fn, values);
  gimple_call_set_lhs(call, make_ssa_name(integer_type_node));
  gimple_set_location(call, kb_loop_location(nest->top));
  gimple_seq_add_stmt(seq, call);
  return call;
}

/* The condition, in front of the nest; NULL: it never holds. */
static tree condition(kb_nest *nest, const turned *t, kb_condition *c)
{
  if (!kb_nest_condition(nest, c))
    return NULL_TREE;
  for (unsigned l = 0; l < 2; l++)
    kb_cond_and(c, GE_EXPR, kb_cond_sub(c, nest->loops[l].end, nest->loops[l].lo), build_int_cst(long_integer_type_node, FEWEST));
  for (tree one : t->ones)
    kb_cond_and(c, EQ_EXPR, one, build_one_cst(TREE_TYPE(one)));
  return TREE_CODE(c->ok) == INTEGER_CST && integer_zerop(c->ok) ? NULL_TREE : c->ok;
}

static bool transpose(function *fn, class loop *loop)
{
  kb_nest nest;
  turned t;
  const char *why;
  nest.top = loop;
  location_t where = kb_loop_location(loop);
  if (!match(&nest, &t, &why)) {
    if (why)
      kb_decide(where, KB_NOT, "transpose", "rows become columns, but: %s", why);
    return false;
  }
  kb_condition c = {NULL, NULL_TREE};
  tree go = condition(&nest, &t, &c);
  if (!go) {
    gimple_seq_discard(c.seq);
    kb_decide(where, KB_NOT, "transpose", "rows become columns, but its arrays overlap");
    return false;
  }
  gimple_seq calls = NULL;
  gcall *call = make_call(&calls, &nest, &t);
  if (!kb_call_instead(fn, loop, c.seq, go, calls, gimple_call_lhs(call))) {
    gimple_call_set_arg(call, 7, integer_zero_node);
    update_stmt(call);
  }
  update_ssa(TODO_update_ssa_only_virtuals);
  kb_decide(where, KB_DONE, "transpose", "rows become columns by squares in registers (kb_transpose)");
  return true;
}

bool kb_transpose_nest(function *fn, class loop *loop)
{
  if (kb_marked(loop, KB_SLOW) || !loop->inner || TYPE_PRECISION(long_unsigned_type_node) != 64 || POINTER_SIZE != 64)
    return false;
  if (!loop->inner->inner && !loop->inner->next)
    return transpose(fn, loop);
  bool changed = false;
  auto_vec<class loop *> inner;
  for (class loop *l = loop->inner; l; l = l->next)
    inner.safe_push(l);
  for (class loop *l : inner)
    changed |= kb_transpose_nest(fn, l);
  return changed;
}
