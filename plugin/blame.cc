/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blame.cc: why a guard is not proven when its nest is entered, in words of the Python program, and what would help.
 *
 * Asks again for what the guard compares, goes from a value without a bound to what it is made of, and stops at the first one that
 * has none by itself: what is loaded, carried from turn to turn, the result of a call. A remedy is said only where it
 * takes the guard away, whatever else is in the nest: each has a test (tests/gcc/explain.py). What the inspector has
 * against a loop is in inspect.cc; what helps against that is here.
 */
#include "interval.h"

enum cause {
  NOTHING,  /* the bounds are known, and do not exclude it */
  MEMORY, SUM_OF_MEMORY, CALL, FLOAT, PRODUCT, QUOTIENT, BITS, CARRIED, TURNS, OPERATION
};

struct blame {
  kb_intervals *e;
  enum cause cause;
  tree value;         /* what CAUSE is said of */
  const char *callee; /* of CALL; or NULL */
  unsigned left;      /* steps of the search */
  bool loose;         /* bounds are there, but not enough: what else than sums it comes from */
  hash_set<tree> seen;
};

static bool found(blame *b, enum cause cause, tree value)
{
  b->cause = cause;
  b->value = value;
  return true;
}

/* -- Values ----------------------------------------------------------------------------------------------------------- */

static bool search(blame *b, tree t, basic_block at);

/* Is T a boolean, the flag of a checked operation, or made of these? */
static bool is_flag(tree t)
{
  gimple *def = SSA_NAME_DEF_STMT(t);
  if (TREE_CODE(TREE_TYPE(t)) == BOOLEAN_TYPE || !is_gimple_assign(def))
    return TREE_CODE(TREE_TYPE(t)) == BOOLEAN_TYPE;
  tree_code code = gimple_assign_rhs_code(def);
  tree x = gimple_assign_rhs1(def);
  return code == IMAGPART_EXPR
         || ((code == BIT_IOR_EXPR || CONVERT_EXPR_CODE_P(code)) && TREE_CODE(x) == SSA_NAME && is_flag(x));
}

/* Does B say more than that no loop makes 2^60 turns? */
static bool is_near(const kb_bound &b) { return kb_known(b) && absu_hwi(b.c) < HOST_WIDE_INT_1U << 58; }

static bool has_bounds(blame *b, tree t, basic_block at)
{
  if (!kb_int_type(TREE_TYPE(t)) || b->loose || is_flag(t))
    return false;
  kb_intervals *e = b->e;
  basic_block old = e->at;
  e->at = at;
  kb_interval v = kb_modular(e, t);
  e->at = old;
  return is_near(v.lo) && is_near(v.hi);
}

static bool is_header(gimple *def) { return gimple_code(def) == GIMPLE_PHI && bb_loop_header_p(gimple_bb(def)); }

/* The operands of DEF, checked operations taken for plain ones; what it does, ERROR_MARK: something else. */
static tree_code operands_of(gimple *def, vec<tree> *out)
{
  tree_code code;
  if (!is_gimple_assign(def)) {
    if (!kb_checked_op(def, &code))
      return ERROR_MARK;
    out->safe_push(gimple_call_arg(def, 0)), out->safe_push(gimple_call_arg(def, 1));
    return code;
  }
  code = gimple_assign_rhs_code(def);
  if (code == REALPART_EXPR || code == IMAGPART_EXPR) {
    tree x = TREE_OPERAND(gimple_assign_rhs1(def), 0);
    return TREE_CODE(x) == SSA_NAME ? operands_of(SSA_NAME_DEF_STMT(x), out) : ERROR_MARK;
  }
  for (unsigned i = code == COND_EXPR ? 2 : 1; i < gimple_num_ops(def); i++)
    out->safe_push(CONVERT_EXPR_P(gimple_op(def, i)) || TREE_CODE(gimple_op(def, i)) == VIEW_CONVERT_EXPR
                     ? TREE_OPERAND(gimple_op(def, i), 0) : gimple_op(def, i));
  return code;
}

/* What is done on the ways from T back to PHI: bits of causes; 0: no way leads there. ADDED gets what is added on them. */
static unsigned ways_to(blame *b, tree t, tree phi, hash_set<tree> *seen, vec<tree> *added)
{
  if (t == phi)
    return 1 << TURNS;
  if (TREE_CODE(t) != SSA_NAME || kb_outside(b->e, t) || seen->add(t) || b->left == 0)
    return 0;
  b->left--;
  gimple *def = SSA_NAME_DEF_STMT(t);
  unsigned ways = 0;
  if (gphi *p = dyn_cast<gphi *>(def)) {
    for (unsigned i = 0; i < gimple_phi_num_args(p); i++)
      ways |= ways_to(b, gimple_phi_arg_def(p, i), phi, seen, added);
    return ways;
  }
  auto_vec<tree, 3> operands;
  tree_code code = operands_of(def, &operands);
  unsigned n = added->length();
  for (tree x : operands)
    if (unsigned w = ways_to(b, x, phi, seen, added))
      ways |= w;
    else
      added->safe_push(x);
  if (!ways)
    added->truncate(n);
  else if (code == MULT_EXPR || code == LSHIFT_EXPR)
    ways |= 1 << PRODUCT;
  else if (code == TRUNC_DIV_EXPR || code == TRUNC_MOD_EXPR || code == RSHIFT_EXPR)
    ways |= 1 << QUOTIENT;
  else if (code == BIT_AND_EXPR || code == BIT_IOR_EXPR || code == BIT_XOR_EXPR || code == BIT_NOT_EXPR)
    ways |= 1 << BITS;
  else if (code != PLUS_EXPR && code != MINUS_EXPR && code != SSA_NAME && !CONVERT_EXPR_CODE_P(code))
    ways |= 1 << CARRIED;
  return ways;
}

/* A value that a loop of the nest carries from turn to turn. */
static bool search_header(blame *b, gphi *phi)
{
  class loop *l = gimple_bb(phi)->loop_father;
  tree t = gimple_phi_result(phi), next = PHI_ARG_DEF_FROM_EDGE(phi, loop_latch_edge(l));
  edge in = loop_preheader_edge(l);
  if (search(b, PHI_ARG_DEF_FROM_EDGE(phi, in), in->src))
    return true;
  auto_vec<tree> added;
  hash_set<tree> seen;
  unsigned ways = ways_to(b, next, t, &seen, &added);
  if (!ways)
    return search(b, next, l->latch) || found(b, CARRIED, t);
  for (enum cause c : {PRODUCT, QUOTIENT, BITS, CARRIED})
    if (ways & 1 << c)
      return found(b, c, t);
  for (tree a : added)
    if (search(b, a, TREE_CODE(a) == SSA_NAME && !kb_outside(b->e, a) ? gimple_bb(SSA_NAME_DEF_STMT(a)) : l->latch)) {
      if (b->cause == MEMORY)
        found(b, SUM_OF_MEMORY, t);
      return true;
    }
  return FLOAT_TYPE_P(TREE_TYPE(t)) ? found(b, CARRIED, t) : !b->loose && found(b, TURNS, t);
}

/* What CALL calls, as Python has it; NULL: nothing that has a name there. */
static const char *callee_of(gimple *call)
{
  tree fn = gimple_call_fndecl(call);
  const char *name = fn && DECL_NAME(fn) ? IDENTIFIER_POINTER(DECL_NAME(fn)) : NULL;
  for (const char *prefix : {"kb_m_", "kb_k_"})
    if (name && !strncmp(name, prefix, strlen(prefix)))
      return name + strlen(prefix);
  return name && strncmp(name, "kb_", 3) ? name : NULL;
}

static bool search_call(blame *b, gimple *call, tree t)
{
  b->callee = callee_of(call);
  return found(b, CALL, t);
}

/* Looks for what leaves T without a bound in block AT. False: T has bounds. */
static bool search(blame *b, tree t, basic_block at)
{
  if (TREE_CODE(t) != SSA_NAME || kb_outside(b->e, t) || has_bounds(b, t, at) || b->seen.add(t) || b->left == 0)
    return false;
  b->left--;
  gimple *def = SSA_NAME_DEF_STMT(t);
  if (gphi *phi = dyn_cast<gphi *>(def)) {
    if (is_header(def))
      return search_header(b, phi);
    for (unsigned i = 0; i < gimple_phi_num_args(phi); i++)
      if (search(b, gimple_phi_arg_def(phi, i), gimple_phi_arg_edge(phi, i)->src))
        return true;
    return !b->loose && !is_flag(t) && found(b, OPERATION, t);
  }
  if (gimple_assign_load_p(def))
    return found(b, MEMORY, t);
  auto_vec<tree, 3> operands;
  tree_code code = operands_of(def, &operands);
  if (gimple_code(def) == GIMPLE_ASM || code == FIX_TRUNC_EXPR) /* kb_f2i */
    return found(b, FLOAT, t);
  if (code == ERROR_MARK)
    return is_gimple_call(def) ? search_call(b, def, t) : found(b, OPERATION, t);
  /* Of s += x[i], s says more than x[i]. */
  for (int carried = 1; carried >= 0; carried--)
    for (tree x : operands)
      if ((TREE_CODE(x) == SSA_NAME && is_header(SSA_NAME_DEF_STMT(x))) == carried && search(b, x, gimple_bb(def)))
        return true;
  return !b->loose && !is_flag(t) && kb_int_type(TREE_TYPE(t)) && found(b, OPERATION, t);
}

/* -- Words ------------------------------------------------------------------------------------------------------------ */

/* Is there a variable of this name in the function? */
static bool is_declared(const char *name, size_t len)
{
  auto same = [=](tree decl) {
    return DECL_NAME(decl) && IDENTIFIER_LENGTH(DECL_NAME(decl)) == len && !strncmp(IDENTIFIER_POINTER(DECL_NAME(decl)), name, len);
  };
  for (tree p = DECL_ARGUMENTS(cfun->decl); p; p = DECL_CHAIN(p))
    if (same(p))
      return true;
  unsigned i;
  tree var;
  FOR_EACH_LOCAL_DECL (cfun, i, var)
    if (same(var))
      return true;
  return false;
}

/* The Python name of T, to be freed; NULL: it has none. Emitted C has s3 or x1_3 for another s or x1; t3 is nobody's. */
static char *name_of(tree t)
{
  tree var = TREE_CODE(t) == SSA_NAME ? SSA_NAME_VAR(t) : NULL_TREE;
  if (!var || !DECL_NAME(var) || (TREE_CODE(var) == PARM_DECL && !SSA_NAME_IS_DEFAULT_DEF(t)))
    return NULL; /* C may keep another variable in a parameter */
  const char *name = IDENTIFIER_POINTER(DECL_NAME(var));
  size_t len = strlen(name), n = len;
  while (n > 0 && ISDIGIT(name[n - 1]))
    n--;
  if ((n == 1 && *name == 't' && n < len) || !strncmp(name, "kb_", 3) || n == 0)
    return NULL;
  if (n < len && n > 1 && name[n - 1] == '_' && ISDIGIT(name[n - 2]))
    return xstrndup(name, n - 1);
  return xstrndup(name, n < len && is_declared(name, n) ? n : len);
}

/* What a guard of KIND tests. */
static const char *role_of(const char *kind)
{
  static const char *const roles[][2] = {
    {"bounds", "the index"}, {"overflow", "an operand"}, {"division", "the divisor"}, {"range", "the value"}, {"conversion", "the value"},
    {"value", "the value"}, {"call", "the callee's status"},
  };
  for (const auto &r : roles)
    if (!strcmp(kind, r[0]))
      return r[1];
  return "the condition";
}

/* What the cause is said of: TOP is what the guard tests. To be freed. */
static char *subject(const blame *b, tree top, const char *kind)
{
  char *name = name_of(b->value), *s;
  const char *role = role_of(kind);
  bool whole = b->value == top || !strcmp(kind, "overflow") || !strcmp(kind, "range");
  if (name)
    s = xasprintf("%s", name);
  else if (whole)
    s = xasprintf("%s", role);
  else
    s = xasprintf("a part of %s", role);
  free(name);
  return s;
}

static char *reason_of(const blame *b, tree top, const char *kind)
{
  if (b->cause == NOTHING)
    return xstrdup(b->left == 0 || b->e->effort < 0 ? "the nest is too large to be looked through"
                                                     : "what is known when the loop is entered does not exclude it");
  char *s = subject(b, top, kind), *r;
  switch (b->cause) {
  case MEMORY: r = xasprintf("%s comes from memory", s); break;
  case SUM_OF_MEMORY: r = xasprintf("%s adds up values from memory", s); break;
  case CALL: r = xasprintf(b->callee ? "%s is the result of %s" : "%s is the result of a call", s, b->callee); break;
  case FLOAT: r = xasprintf("%s is an int made of a float", s); break;
  case PRODUCT: r = xasprintf("%s is multiplied from turn to turn", s); break;
  case QUOTIENT: r = xasprintf("%s is divided from turn to turn", s); break;
  case BITS: r = xasprintf("%s changes from turn to turn by operations on bits", s); break;
  case CARRIED: r = xasprintf("%s changes from turn to turn by more than a sum", s); break;
  case TURNS: r = xasprintf("%s changes in a loop whose turns are not counted", s); break;
  default: r = xasprintf("%s has no bound that follows from those of its operands", s);
  }
  free(s);
  return r;
}

/* -- Remedies --------------------------------------------------------------------------------------------------------- */

static const char *remedy_of(const blame *b, const char *kind)
{
  if (!strcmp(kind, "overflow"))
    return b->cause == SUM_OF_MEMORY ? "elements of 32 bits (kb.i32), or overflow=\"wrap\" if 64 bits are meant"
                                     : "overflow=\"wrap\" if 64 bits are meant";
  if (b->cause == NOTHING)
    return "";
  if (!strcmp(kind, "bounds"))
    return b->cause == TURNS ? "a loop with range(), or min() and max() around the index if it is never outside"
                             : "min() and max() around the index if it is never outside";
  if (!strcmp(kind, "range") && kb_int_type(TREE_TYPE(b->value)))
    return "elements of 64 bits";
  return "";
}

/* What helps against what the inspector has against a loop. */
static const struct {
  const char *why, *remedy;
} against[] = {
  {"it is no counted loop", "for ... in range()"},
  {"it does not count by a constant step to a bound", "for ... in range() with a constant step"},
  {"it can be left in the middle", "a loop of its own for what the break looks for"},
  {"how far the memory behind a raw pointer reaches is not known", "an array (kb.f64[:]) in place of the pointer"},
  {"other threads may write to its arrays meanwhile", "a kernel without nogil=True"},
  {"the loop is not to be vectorised", "no vectorize=False"},
  {"an element that a guard depends on is read in some turns only", "reading it in every turn, in front of the branch"},
  {"a guard depends on what the loop has stored", "storing to another array"},
};

const char *kb_why_call(gimple *call)
{
  const char *name = callee_of(call);
  return name ? IDENTIFIER_POINTER(get_identifier(ACONCAT(("it calls ", name, NULL)))) : "there is a call in it";
}

const char *kb_inspect_remedy(const char *why)
{
  if (why && !strcmp(why, "it calls pow"))
    return "x * x in place of x ** 2, or fastmath=True";
  for (const auto &a : against)
    if (why && !strcmp(why, a.why))
      return a.remedy;
  return "";
}

/* -- A guard ---------------------------------------------------------------------------------------------------------- */

void kb_blame_guard(kb_intervals *e, gcond *c, gcall *exit)
{
  auto_vec<kb_place *, 4> places;
  kb_places_of_exit(cfun, exit, &places);
  const char *kind = places.is_empty() || !places[0]->kind ? "" : places[0]->kind;
  blame b;
  b.e = e, b.cause = NOTHING, b.callee = NULL, b.left = 300;
  kb_state s = kb_save(e);
  int effort = e->effort;
  e->effort = 3000;
  tree top = gimple_cond_lhs(c);
  for (unsigned i = 0; i < 4 && b.cause == NOTHING; i++) {
    tree t = i & 1 ? gimple_cond_rhs(c) : gimple_cond_lhs(c);
    b.loose = i >= 2;
    if (i == 2)
      b.seen.empty();
    if (search(&b, t, gimple_bb(c)))
      top = t;
  }
  e->effort = MIN(effort, e->effort);
  char *why = reason_of(&b, kb_signed_source(top), kind);
  kb_guard_unproven(exit, why, remedy_of(&b, kind));
  free(why);
  e->effort = effort;
  kb_undo(e, s);
}
