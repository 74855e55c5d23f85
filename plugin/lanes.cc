/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lanes.cc: the statements of a loop for several of its turns at once (jam.h).
 *
 * Next to each statement whose value differs between the lanes stands then its wide form; what was there goes, in the end,
 * as dead code, but for stores, which are removed here. Addresses stay those of the first lane, to which distances are
 * added. In the blocked loop, which takes a vector's width of turns at once, the wide forms of all these turns, one after
 * the other, stand at the end of its body.
 */
#include "jam.h"

/* -- What differs ------------------------------------------------------------------------------------------------------- */

static bool is_wide(const kb_jam *j, tree t)
{
  return TREE_CODE(t) == SSA_NAME && const_cast<kb_jam *>(j)->wide.contains(t);
}

static const kb_wide_ref *ref_of(const kb_jam *j, gimple *stmt)
{
  unsigned *n = const_cast<kb_jam *>(j)->of_stmt.get(stmt);
  return n ? &j->refs[*n - 1] : NULL;
}

/* A value, no variable, that a loop carries from turn to turn? */
static bool is_carried(const kb_jam *j, gphi *phi)
{
  basic_block b = gimple_bb(phi);
  if (b->loop_father->header != b || b->loop_father == j->outer)
    return false;
  kb_counted c;
  const char *why;
  return !kb_count_loop(b->loop_father, &c, &why) || c.iv != phi;
}

static bool differs(const kb_jam *j, gimple *stmt)
{
  if (gphi *phi = dyn_cast<gphi *>(stmt)) {
    if (phi == j->nest.loops[0].iv || is_carried(j, phi))
      return true;
    if (gimple_bb(phi) == gimple_bb(phi)->loop_father->header)
      return false; /* a variable */
    for (unsigned i = 0; i < gimple_phi_num_args(phi); i++)
      if (is_wide(j, gimple_phi_arg_def(phi, i)))
        return true;
    return false;
  }
  if (const kb_wide_ref *r = ref_of(j, stmt))
    return r->lay != KB_LAY_SAME;
  ssa_op_iter it;
  tree use;
  FOR_EACH_SSA_TREE_OPERAND (use, stmt, it, SSA_OP_USE)
    if (is_wide(j, use))
      return true;
  return false;
}

/* Marks the names that differ; once more after a change. */
static bool mark_wide(kb_jam *j, basic_block *blocks, unsigned n)
{
  bool changed = false;
  for (unsigned i = 0; i < n; i++) {
    for (gphi_iterator p = gsi_start_phis(blocks[i]); !gsi_end_p(p); gsi_next(&p))
      if (!virtual_operand_p(gimple_phi_result(p.phi())) && differs(j, p.phi()))
        changed |= !j->wide.add(gimple_phi_result(p.phi()));
    for (gimple_stmt_iterator s = gsi_start_bb(blocks[i]); !gsi_end_p(s); gsi_next(&s)) {
      tree lhs = gimple_get_lhs(gsi_stmt(s));
      if (lhs && TREE_CODE(lhs) == SSA_NAME && differs(j, gsi_stmt(s)))
        changed |= !j->wide.add(lhs);
    }
  }
  return changed;
}

static const char *want(kb_jam *j, tree name, vec<tree> *work)
{
  if (!is_wide(j, name) || j->wanted.add(name))
    return NULL;
  if (!is_gimple_reg_type(TREE_TYPE(name)) || TREE_CODE(TREE_TYPE(name)) == COMPLEX_TYPE || VECTOR_TYPE_P(TREE_TYPE(name)))
    return "a value has no scalar type";
  gphi *phi = dyn_cast<gphi *>(SSA_NAME_DEF_STMT(name));
  if (phi && phi != j->nest.loops[0].iv && !types_compatible_p(TREE_TYPE(name), j->type))
    return "values of other types are carried from turn to turn";
  work->safe_push(name);
  return NULL;
}

static bool is_square_root(gimple *call)
{
  combined_fn fn = gimple_call_combined_fn(call);
  return fn == CFN_SQRT || fn == CFN_BUILT_IN_SQRT || fn == CFN_BUILT_IN_SQRTF;
}

/* Marks what is needed for NAME. */
static const char *want_operands(kb_jam *j, tree name, vec<tree> *work)
{
  gimple *def = SSA_NAME_DEF_STMT(name);
  const char *why = NULL;
  if (ref_of(j, def) || def == j->nest.loops[0].iv)
    return NULL;
  if (gphi *phi = dyn_cast<gphi *>(def)) {
    for (unsigned i = 0; i < gimple_phi_num_args(phi) && !why; i++)
      why = want(j, gimple_phi_arg_def(phi, i), work);
    return why;
  }
  if (!is_gimple_assign(def) && !is_gimple_call(def))
    return "a statement has no form for several rows";
  if (is_gimple_call(def) && !is_square_root(def) && !gimple_inexpensive_call_p(as_a<gcall *>(def)))
    return "it calls a function, which takes longer than the sum";
  ssa_op_iter it;
  tree use;
  FOR_EACH_SSA_TREE_OPERAND (use, def, it, SSA_OP_USE)
    if (!why)
      why = want(j, use, work);
  return why;
}

bool kb_jam_classify(kb_jam *j, class loop *loop, const char **why)
{
  basic_block *blocks = get_loop_body_in_dom_order(loop);
  unsigned n = loop->num_nodes;
  auto_vec<tree> work;
  j->wide.empty();
  j->wanted.empty();
  *why = NULL;
  while (mark_wide(j, blocks, n))
    ;
  for (unsigned i = 0; i < n && !*why; i++)
    for (gimple_stmt_iterator s = gsi_start_bb(blocks[i]); !gsi_end_p(s) && !*why; gsi_next(&s)) {
      gimple *stmt = gsi_stmt(s);
      const kb_wide_ref *r = ref_of(j, stmt);
      if (gimple_code(stmt) == GIMPLE_COND && stmt != j->nest.loops[0].test
          && (is_wide(j, gimple_cond_lhs(stmt)) || is_wide(j, gimple_cond_rhs(stmt))))
        *why = "what is done depends on the row's values";
      else if (r && r->ref->store)
        *why = want(j, gimple_assign_rhs1(stmt), &work);
    }
  free(blocks);
  while (!*why && !work.is_empty())
    *why = want_operands(j, work.pop(), &work);
  return !*why;
}

/* -- Wide values -------------------------------------------------------------------------------------------------------- */

struct widener {
  kb_jam *j;
  gimple_seq seq;
  class loop *blocked;
  int turn;                        /* of the blocked loop, from 0; -1: elsewhere */
  hash_map<tree, tree> same;       /* in this turn of the blocked loop: values that are the same for all lanes */
  auto_vec<kb_wide *> squares;     /* by reference: what each turn has */
  location_t where;

  kb_wide *fresh(void)
  {
    kb_wide *w = XCNEW(kb_wide);
    j->all.safe_push(w);
    return w;
  }
  tree assign(tree type, enum tree_code code, tree a, tree b = NULL_TREE)
  {
    tree name = make_ssa_name(type);
    gassign *stmt = b ? gimple_build_assign(name, code, a, b) : gimple_build_assign(name, code, a);
    gimple_set_location(stmt, where);
    gimple_seq_add_stmt(&seq, stmt);
    return name;
  }
  tree uniform(tree t);
  tree uniform_copy(tree t);
  tree vec_of(tree t, unsigned u);
  tree one_of(tree t, unsigned r);
  tree together(tree *ones);
  tree address(const kb_wide_ref *r, gimple *stmt, unsigned lane, unsigned turn);
  tree element(const kb_wide_ref *r, gimple *stmt, tree type, unsigned lane, unsigned turn);
  tree permute(tree a, tree b, unsigned kind);
  void transpose(tree *rows);
  void load_square(const kb_wide_ref *r, gimple *stmt, kb_wide *turns);
  void load(const kb_wide_ref *r, gimple *stmt);
  void store(const kb_wide_ref *r, gimple *stmt);
  void lane_by_lane(gimple *stmt, kb_wide *w);
  bool by_vectors(gimple *stmt, kb_wide *w);
  void statement(gimple *stmt);
};

/* T, the same for all lanes, in this turn of the blocked loop. */
tree widener::uniform(tree t)
{
  if (turn <= 0 || TREE_CODE(t) != SSA_NAME)
    return t;
  basic_block b = gimple_bb(SSA_NAME_DEF_STMT(t));
  if (!b || b->loop_father != blocked)
    return t;
  if (tree *done = same.get(t))
    return *done;
  tree copy = uniform_copy(t);
  same.put(t, copy);
  return copy;
}

static tree replaced(widener *w, tree op, tree (*value)(widener *, tree, unsigned), unsigned lane)
{
  if (TREE_CODE(op) == SSA_NAME)
    return value(w, op, lane);
  if (COMPARISON_CLASS_P(op))
    return build2(TREE_CODE(op), TREE_TYPE(op), value(w, TREE_OPERAND(op, 0), lane), value(w, TREE_OPERAND(op, 1), lane));
  return op;
}
static tree uniform_value(widener *w, tree t, unsigned) { return w->uniform(t); }
static tree lane_value(widener *w, tree t, unsigned lane) { return w->one_of(t, lane); }

/* A copy of STMT for what VALUE gives for its operands. */
static tree copy_with(widener *w, gimple *stmt, tree (*value)(widener *, tree, unsigned), unsigned lane)
{
  gimple *copy = gimple_copy(stmt);
  tree name = make_ssa_name(TREE_TYPE(gimple_get_lhs(stmt)));
  if (is_gimple_call(stmt))
    for (unsigned i = 0; i < gimple_call_num_args(stmt); i++)
      gimple_call_set_arg(as_a<gcall *>(copy), i, replaced(w, gimple_call_arg(stmt, i), value, lane));
  else
    for (unsigned i = 1; i < gimple_num_ops(stmt); i++)
      gimple_set_op(copy, i, replaced(w, gimple_op(stmt, i), value, lane));
  gimple_set_lhs(copy, name);
  gimple_seq_add_stmt(&w->seq, copy);
  return name;
}

/* The same as T in a later turn of the blocked loop. */
tree widener::uniform_copy(tree t)
{
  gimple *def = SSA_NAME_DEF_STMT(t);
  if (gphi *phi = dyn_cast<gphi *>(def)) {
    if (gimple_bb(phi) == blocked->header) /* its variable */
      return assign(TREE_TYPE(t), PLUS_EXPR, t, build_int_cst(TREE_TYPE(t), turn));
    return uniform(gimple_phi_arg_def(phi, 0));
  }
  if (gimple_assign_load_p(def)) {
    tree ref = gimple_assign_rhs1(def);
    tree name = make_ssa_name(TREE_TYPE(t)), from = unshare_expr(ref);
    if (TREE_CODE(ref) == MEM_REF)
      TREE_OPERAND(from, 0) = replaced(this, TREE_OPERAND(ref, 0), uniform_value, 0);
    gimple *copy = gimple_build_assign(name, from);
    gimple_set_location(copy, gimple_location(def));
    gimple_seq_add_stmt(&seq, copy);
    return name;
  }
  return copy_with(this, def, uniform_value, 0);
}

tree widener::together(tree *ones)
{
  vec<constructor_elt, va_gc> *elts = NULL;
  vec_alloc(elts, j->width);
  for (unsigned i = 0; i < j->width; i++)
    CONSTRUCTOR_APPEND_ELT(elts, NULL_TREE, ones[i]);
  return assign(j->vtype, CONSTRUCTOR, build_constructor(j->vtype, elts));
}

/* Vector number U of T. */
tree widener::vec_of(tree t, unsigned u)
{
  if (!is_wide(j, t)) {
    tree same_value = uniform(t);
    if (CONSTANT_CLASS_P(same_value))
      return build_vector_from_val(j->vtype, same_value);
    return assign(j->vtype, CONSTRUCTOR, build_vector_from_val(j->vtype, same_value));
  }
  return (*j->made.get(t))->vec[u];
}

/* Lane number R of T. */
tree widener::one_of(tree t, unsigned r)
{
  if (!is_wide(j, t))
    return uniform(t);
  if (t == gimple_phi_result(j->nest.loops[0].iv))
    return r ? assign(TREE_TYPE(t), PLUS_EXPR, t, build_int_cst(TREE_TYPE(t), r)) : t;
  kb_wide *w = *j->made.get(t);
  if (w->one[r])
    return w->one[r];
  unsigned bits = tree_to_uhwi(TYPE_SIZE(j->type));
  return assign(j->type, BIT_FIELD_REF, build3(BIT_FIELD_REF, j->type, w->vec[r / j->width], bitsize_int(bits),
                                               bitsize_int(bits * (r % j->width))));
}

/* -- Memory ------------------------------------------------------------------------------------------------------------- */

/* The address of the element of LANE in TURN, behind that of STMT's. */
tree widener::address(const kb_wide_ref *r, gimple *stmt, unsigned lane, unsigned at)
{
  tree ref = r->ref->store ? gimple_assign_lhs(stmt) : gimple_assign_rhs1(stmt), p = TREE_OPERAND(ref, 0);
  tree far = NULL_TREE;
  if (lane)
    far = gimple_build(&seq, MULT_EXPR, sizetype, r->step, size_int(lane));
  if (at) {
    tree t = gimple_build(&seq, MULT_EXPR, sizetype, r->turn, size_int(at));
    far = far ? gimple_build(&seq, PLUS_EXPR, sizetype, far, t) : t;
  }
  return far ? assign(TREE_TYPE(p), POINTER_PLUS_EXPR, p, far) : p;
}

/* The reference to it, with TYPE. */
tree widener::element(const kb_wide_ref *r, gimple *stmt, tree type, unsigned lane, unsigned at)
{
  tree ref = r->ref->store ? gimple_assign_lhs(stmt) : gimple_assign_rhs1(stmt);
  tree p = address(r, stmt, lane, at);
  if (VECTOR_TYPE_P(type))
    type = build_aligned_type(type, TYPE_ALIGN(TREE_TYPE(type)));
  return build2(MEM_REF, type, p, TREE_OPERAND(ref, 1));
}

/* KIND 0, 1: the lower or upper halves of the 16 bytes parts, elements by turns; 2, 3: the lower or upper parts. */
tree widener::permute(tree a, tree b, unsigned kind)
{
  unsigned n = j->width, part = MIN(n, 16 / tree_to_uhwi(TYPE_SIZE_UNIT(j->type)));
  tree integer = build_nonstandard_integer_type(tree_to_uhwi(TYPE_SIZE(j->type)), 0);
  vec<constructor_elt, va_gc> *elts = NULL;
  vec_alloc(elts, n);
  for (unsigned i = 0; i < n; i++) {
    unsigned k = kind < 2 ? i / part * part + i % part / 2 + kind * part / 2 + (i % 2) * n
                          : i % part + (kind - 2) * part + (i >= part ? n : 0);
    CONSTRUCTOR_APPEND_ELT(elts, NULL_TREE, build_int_cst(integer, k));
  }
  tree mask = build_vector_from_ctor(build_vector_type(integer, n), elts);
  tree name = make_ssa_name(j->vtype);
  gassign *stmt = gimple_build_assign(name, VEC_PERM_EXPR, a, b, mask);
  gimple_seq_add_stmt(&seq, stmt);
  return name;
}

/* ROWS, as many as a vector has elements, become columns. */
void widener::transpose(tree *rows)
{
  unsigned n = j->width, part = MIN(n, 16 / tree_to_uhwi(TYPE_SIZE_UNIT(j->type)));
  /* Inside the parts of 16 bytes: each step brings rows together that are half as many apart. */
  for (unsigned first = 0; first < n; first += part)
    for (unsigned done = 1; done < part; done *= 2) {
      tree old[KB_LANES];
      memcpy(old, rows + first, part * sizeof *old);
      for (unsigned i = 0; i < part / 2; i++) {
        rows[first + 2 * i] = permute(old[i], old[i + part / 2], 0);
        rows[first + 2 * i + 1] = permute(old[i], old[i + part / 2], 1);
      }
    }
  for (unsigned i = 0; part < n && i < part; i++) {
    tree a = rows[i], b = rows[i + part];
    rows[i] = permute(a, b, 2);
    rows[i + part] = permute(a, b, 3);
  }
}

/* All turns of the blocked loop: rows of a square are loaded and transposed. */
void widener::load_square(const kb_wide_ref *r, gimple *stmt, kb_wide *turns)
{
  for (unsigned u = 0; u < j->nvecs; u++) {
    tree rows[KB_LANES];
    for (unsigned i = 0; i < j->width; i++) {
      rows[i] = make_ssa_name(j->vtype);
      gassign *load = gimple_build_assign(rows[i], element(r, stmt, j->vtype, u * j->width + i, 0));
      gimple_set_location(load, where);
      gimple_seq_add_stmt(&seq, load);
    }
    transpose(rows);
    for (unsigned t = 0; t < j->width; t++)
      turns[t].vec[u] = rows[t];
  }
}

void widener::load(const kb_wide_ref *r, gimple *stmt)
{
  tree lhs = gimple_assign_lhs(stmt);
  unsigned at = MAX(turn, 0), number = *j->of_stmt.get(stmt) - 1;
  if (r->lay == KB_LAY_ALONG && turn >= 0) {
    if (!turn) {
      squares[number] = XCNEWVEC(kb_wide, j->width);
      load_square(r, stmt, squares[number]);
      for (unsigned t = 0; t < j->width; t++) {
        kb_wide *w = fresh();
        *w = squares[number][t];
        if (t == 0)
          j->made.put(lhs, w);
      }
    } else {
      kb_wide *w = fresh();
      *w = squares[number][turn];
      j->made.put(lhs, w);
    }
    return;
  }
  kb_wide *w = fresh();
  j->made.put(lhs, w);
  if (r->lay == KB_LAY_BESIDE) {
    for (unsigned u = 0; u < j->nvecs; u++) {
      w->vec[u] = make_ssa_name(j->vtype);
      gimple_seq_add_stmt(&seq, gimple_build_assign(w->vec[u], element(r, stmt, j->vtype, u * j->width, at)));
    }
    return;
  }
  for (unsigned l = 0; l < j->nlanes; l++) {
    w->one[l] = make_ssa_name(TREE_TYPE(lhs));
    gimple_seq_add_stmt(&seq, gimple_build_assign(w->one[l], element(r, stmt, TREE_TYPE(gimple_assign_rhs1(stmt)), l, at)));
  }
  if (types_compatible_p(TREE_TYPE(lhs), j->type))
    for (unsigned u = 0; u < j->nvecs; u++)
      w->vec[u] = together(w->one + u * j->width);
}

void widener::store(const kb_wide_ref *r, gimple *stmt)
{
  tree value = gimple_assign_rhs1(stmt);
  if (r->lay == KB_LAY_BESIDE)
    for (unsigned u = 0; u < j->nvecs; u++) {
      tree v = vec_of(value, u);
      gimple_seq_add_stmt(&seq, gimple_build_assign(element(r, stmt, j->vtype, u * j->width, 0), v));
    }
  else
    for (unsigned l = 0; l < j->nlanes; l++) {
      tree v = one_of(value, l);
      gimple_seq_add_stmt(&seq, gimple_build_assign(element(r, stmt, TREE_TYPE(gimple_assign_lhs(stmt)), l, 0), v));
    }
}

/* -- Arithmetic --------------------------------------------------------------------------------------------------------- */

void widener::lane_by_lane(gimple *stmt, kb_wide *w)
{
  for (unsigned l = 0; l < j->nlanes; l++)
    w->one[l] = copy_with(this, stmt, lane_value, l);
  if (types_compatible_p(TREE_TYPE(gimple_get_lhs(stmt)), j->type))
    for (unsigned u = 0; u < j->nvecs; u++)
      w->vec[u] = together(w->one + u * j->width);
}

static bool has_vector_form(enum tree_code code)
{
  return code == PLUS_EXPR || code == MINUS_EXPR || code == MULT_EXPR || code == RDIV_EXPR || code == NEGATE_EXPR
         || code == ABS_EXPR || code == MIN_EXPR || code == MAX_EXPR;
}

bool widener::by_vectors(gimple *stmt, kb_wide *w)
{
  tree lhs = gimple_get_lhs(stmt);
  if (!types_compatible_p(TREE_TYPE(lhs), j->type))
    return false;
  if (is_gimple_call(stmt)) {
    if (!is_square_root(stmt) || !direct_internal_fn_supported_p(IFN_SQRT, j->vtype, OPTIMIZE_FOR_SPEED))
      return false;
    for (unsigned u = 0; u < j->nvecs; u++) {
      w->vec[u] = make_ssa_name(j->vtype);
      gcall *call = gimple_build_call_internal(IFN_SQRT, 1, vec_of(gimple_call_arg(stmt, 0), u));
      gimple_call_set_lhs(call, w->vec[u]);
      gimple_call_set_nothrow(call, true);
      gimple_seq_add_stmt(&seq, call);
    }
    return true;
  }
  enum tree_code code = gimple_assign_rhs_code(stmt);
  if (code != SSA_NAME && !has_vector_form(code))
    return false;
  for (unsigned i = 1; i < gimple_num_ops(stmt); i++)
    if (!types_compatible_p(TREE_TYPE(gimple_op(stmt, i)), j->type))
      return false;
  for (unsigned u = 0; u < j->nvecs; u++) {
    tree a = vec_of(gimple_assign_rhs1(stmt), u);
    tree b = gimple_num_ops(stmt) > 2 ? vec_of(gimple_assign_rhs2(stmt), u) : NULL_TREE;
    w->vec[u] = code == SSA_NAME ? a : assign(j->vtype, code, a, b);
  }
  return true;
}

void widener::statement(gimple *stmt)
{
  const kb_wide_ref *r = ref_of(j, stmt);
  tree lhs = gimple_get_lhs(stmt);
  where = gimple_location(stmt);
  if (r && r->ref->store)
    return store(r, stmt);
  if (!lhs || TREE_CODE(lhs) != SSA_NAME || !j->wanted.contains(lhs))
    return;
  if (r)
    return load(r, stmt);
  kb_wide *w = fresh();
  if (!by_vectors(stmt, w))
    lane_by_lane(stmt, w);
  j->made.put(lhs, w);
}

/* -- The loop ----------------------------------------------------------------------------------------------------------- */

/* The wide forms of B's phis, which get their arguments later. */
static void widen_phis(kb_jam *j, basic_block b, vec<gphi *> *phis)
{
  for (gphi_iterator p = gsi_start_phis(b); !gsi_end_p(p); gsi_next(&p))
    if (j->wanted.contains(gimple_phi_result(p.phi())) && p.phi() != j->nest.loops[0].iv)
      phis->safe_push(p.phi());
}

static void make_phis(widener *w, const vec<gphi *> &phis)
{
  for (gphi *phi : phis) {
    kb_wide *v = w->fresh();
    for (unsigned u = 0; u < w->j->nvecs; u++)
      v->vec[u] = gimple_phi_result(create_phi_node(make_ssa_name(w->j->vtype), gimple_bb(phi)));
    w->j->made.put(gimple_phi_result(phi), v);
  }
}

static void insert_at_end(basic_block b, gimple_seq seq)
{
  gimple_stmt_iterator i = gsi_last_bb(b);
  if (!gsi_end_p(i) && stmt_ends_bb_p(gsi_stmt(i)))
    gsi_insert_seq_before(&i, seq, GSI_SAME_STMT);
  else
    gsi_insert_seq_after(&i, seq, GSI_CONTINUE_LINKING);
}

static void fill_phis(widener *w, const vec<gphi *> &phis)
{
  for (gphi *phi : phis)
    for (unsigned u = 0; u < w->j->nvecs; u++) {
      gphi *wide = as_a<gphi *>(SSA_NAME_DEF_STMT((*w->j->made.get(gimple_phi_result(phi)))->vec[u]));
      for (unsigned i = 0; i < gimple_phi_num_args(phi); i++) {
        edge e = gimple_phi_arg_edge(phi, i);
        w->seq = NULL;
        w->turn = -1;
        add_phi_arg(wide, w->vec_of(gimple_phi_arg_def(phi, i), u), find_edge(e->src, gimple_bb(wide)), UNKNOWN_LOCATION);
        if (w->seq)
          insert_at_end(e->src, w->seq);
      }
    }
}

/* A vector's width of turns of the blocked loop, at the end of its body. */
static void widen_blocked(widener *w, const vec<gimple *> &stmts, const vec<gphi *> &phis)
{
  kb_jam *j = w->j;
  auto_vec<kb_wide *> own;
  for (gphi *phi : phis)
    own.safe_push(*j->made.get(gimple_phi_result(phi)));
  w->seq = NULL;
  for (unsigned t = 0; t < j->width; t++) {
    w->turn = t;
    w->same.empty();
    auto_vec<kb_wide *> now; /* all at once: one may have another's value */
    for (gphi *phi : phis)
      now.safe_push(*j->made.get(t ? PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(w->blocked)) : gimple_phi_result(phi)));
    for (unsigned i = 0; i < phis.length(); i++)
      j->made.put(gimple_phi_result(phis[i]), now[i]);
    for (gimple *stmt : stmts)
      w->statement(stmt);
  }
  w->turn = -1;
  for (unsigned i = 0; i < phis.length(); i++)
    j->made.put(gimple_phi_result(phis[i]), own[i]);
  insert_at_end(w->blocked->latch, w->seq);
  for (kb_wide *s : w->squares)
    free(s);
}

void kb_jam_widen(kb_jam *j, class loop *blocked)
{
  basic_block *blocks = get_loop_body_in_dom_order(j->outer);
  unsigned n = j->outer->num_nodes;
  widener w;
  auto_vec<gphi *> phis, blocked_phis;
  auto_vec<gimple *> stmts, stores;
  w.j = j;
  w.seq = NULL;
  w.blocked = blocked;
  w.turn = -1;
  w.where = UNKNOWN_LOCATION;
  w.squares.safe_grow_cleared(j->refs.length(), true);
  for (unsigned i = 0; i < n; i++) {
    widen_phis(j, blocks[i], &phis);
    if (blocked && blocks[i] == blocked->header)
      widen_phis(j, blocks[i], &blocked_phis);
  }
  make_phis(&w, phis);
  for (unsigned i = 0; i < n; i++)
    for (gimple_stmt_iterator s = gsi_start_bb(blocks[i]); !gsi_end_p(s); gsi_next(&s)) {
      gimple *stmt = gsi_stmt(s);
      if (const kb_wide_ref *r = ref_of(j, stmt))
        if (r->ref->store)
          stores.safe_push(stmt);
      if (blocked && blocks[i]->loop_father == blocked) {
        stmts.safe_push(stmt);
        continue;
      }
      w.seq = NULL;
      w.statement(stmt);
      gsi_insert_seq_before(&s, w.seq, GSI_SAME_STMT);
    }
  if (blocked)
    widen_blocked(&w, stmts, blocked_phis);
  fill_phis(&w, phis);
  for (gimple *stmt : stores) {
    gimple_stmt_iterator s = gsi_for_stmt(stmt);
    unlink_stmt_vdef(stmt);
    gsi_remove(&s, true);
    release_defs(stmt);
  }
  free(blocks);
}
