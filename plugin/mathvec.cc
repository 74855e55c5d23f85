/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mathvec.cc: math functions of loops that have fastmath=True become vector functions of libmvec.
 *
 * Their results are within 4 units in the last place, not libm's own bits: so only where a loop has all the permissions of
 * fastmath=True. Emitted C calls libm by names that GCC knows nothing of (kbops.h). For the rounds of the vectoriser, and no
 * longer, these calls become calls of the builtins, for which the target names vector functions through a hook of ours; calls
 * that stay scalar get their own names back.
 *
 * Behind a call may stand guards on its result: infinite from finite arguments (OverflowError), NaN (ValueError). The
 * inspector asks instead whether the arguments of a strip lie in the function's *domain*, where results are finite.
 */
#include "mathvec.h"

/* The names are glibc's for x86-64. That the plugin's own C library has them says that the compiler's has. */
#if defined OPTION_MASK_ISA_AVX2 && defined __x86_64__ && defined __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 35)
#define HAVE_LIBMVEC 1
#endif
#endif

struct kb_vector_function {
  const char *name;
  built_in_function code;
  const char *low[2], *high[2]; /* of the arguments; NULL: as far as it goes */
  kb_math_range results;        /* for these, widened */
};

#define LARGEST "0x1.fffffffffffffp+1023"
#define BELOW_ONE "0x1.fffffffffffffp-1"
static const kb_vector_function table[] = {
  {"exp", BUILT_IN_EXP, {NULL}, {"709"}, {0, 1e308}},
  {"exp2", BUILT_IN_EXP2, {NULL}, {"1023"}, {0, 1e308}},
  {"expm1", BUILT_IN_EXPM1, {NULL}, {"709"}, {-1.01, 1e308}},
  {"log", BUILT_IN_LOG, {"0x1p-1022"}, {LARGEST}, {-710, 710}},
  {"log2", BUILT_IN_LOG2, {"0x1p-1022"}, {LARGEST}, {-1025, 1025}},
  {"log10", BUILT_IN_LOG10, {"0x1p-1022"}, {LARGEST}, {-310, 310}},
  {"log1p", BUILT_IN_LOG1P, {"-" BELOW_ONE}, {LARGEST}, {-40, 710}},
  {"sin", BUILT_IN_SIN, {"-" LARGEST}, {LARGEST}, {-1.01, 1.01}},
  {"cos", BUILT_IN_COS, {"-" LARGEST}, {LARGEST}, {-1.01, 1.01}},
  {"tan", BUILT_IN_TAN, {"-" LARGEST}, {LARGEST}, {-HUGE_VAL, HUGE_VAL}},
  {"asin", BUILT_IN_ASIN, {"-1"}, {"1"}, {-1.6, 1.6}},
  {"acos", BUILT_IN_ACOS, {"-1"}, {"1"}, {-0.01, 3.2}},
  {"atan", BUILT_IN_ATAN, {NULL}, {NULL}, {-1.6, 1.6}},
  {"sinh", BUILT_IN_SINH, {"-709"}, {"709"}, {-1e308, 1e308}},
  {"cosh", BUILT_IN_COSH, {"-709"}, {"709"}, {0.99, 1e308}},
  {"tanh", BUILT_IN_TANH, {NULL}, {NULL}, {-1.01, 1.01}},
  {"asinh", BUILT_IN_ASINH, {NULL}, {NULL}, {-HUGE_VAL, HUGE_VAL}},
  {"acosh", BUILT_IN_ACOSH, {"1"}, {LARGEST}, {-0.01, 720}},
  {"atanh", BUILT_IN_ATANH, {"-" BELOW_ONE}, {BELOW_ONE}, {-20, 20}},
  {"erf", BUILT_IN_ERF, {NULL}, {NULL}, {-1.01, 1.01}},
  {"erfc", BUILT_IN_ERFC, {NULL}, {NULL}, {-0.01, 2.01}},
  {"cbrt", BUILT_IN_CBRT, {NULL}, {NULL}, {-HUGE_VAL, HUGE_VAL}},
  {"atan2", BUILT_IN_ATAN2, {NULL}, {NULL}, {-3.2, 3.2}},
  {"pow", BUILT_IN_POW, {"0x1p-64", "-15"}, {"0x1p64", "15"}, {1e-300, 1e300}},
};
enum { NFUNCTIONS = ARRAY_SIZE(table) };
static const char prefix[] = "kb_m_";
static const unsigned all_of_fastmath = KB_REASSOC | KB_CONTRACT | KB_NNAN | KB_NSZ | KB_ARCP;

/* -- Calls ------------------------------------------------------------------------------------------------------- */

/* The builtin that stands for F for a while. NULL: it could set errno. */
static tree builtin(const kb_vector_function *f)
{
  tree decl = builtin_decl_explicit(f->code);
  return decl && (flags_from_decl_or_type(decl) & ECF_CONST) ? decl : NULL_TREE;
}

static const kb_vector_function *function_of(gimple *stmt)
{
#ifdef HAVE_LIBMVEC
  tree fn = is_gimple_call(stmt) ? gimple_call_fndecl(stmt) : NULL_TREE;
  if (!fn || !DECL_NAME(fn) || !TREE_PUBLIC(fn) || gimple_vuse(stmt) || gimple_vdef(stmt) || !gimple_call_lhs(stmt)
      || POINTER_SIZE != 64)
    return NULL;
  const char *called = IDENTIFIER_POINTER(DECL_NAME(fn));
  if (strncmp(called, prefix, sizeof prefix - 1))
    return NULL;
  for (const kb_vector_function &f : table)
    if (!strcmp(called + sizeof prefix - 1, f.name))
      return builtin(&f) ? &f : NULL;
#endif
  return NULL;
}

/* May LOOP call vector functions? */
static bool allows(class loop *loop)
{
  return loop_outer(loop) && !loop->inner && !kb_marked(loop, KB_SLOW) && kb_marked(loop, all_of_fastmath);
}

bool kb_is_vector_math(class loop *loop, gimple *stmt) { return allows(loop) && function_of(stmt); }

/* -- Domains ----------------------------------------------------------------------------------------------------- */

/* C says that T, a double, is infinite or NaN, or one of both: the call that makes T. */
static gcall *call_of_test(gcond *c)
{
  tree_code op = gimple_cond_code(c);
  tree a = gimple_cond_lhs(c), b = gimple_cond_rhs(c);
  if ((op != EQ_EXPR && op != GT_EXPR && op != GE_EXPR) || TREE_CODE(b) != INTEGER_CST || TREE_CODE(a) != SSA_NAME
      || !TYPE_UNSIGNED(TREE_TYPE(a)) || TYPE_PRECISION(TREE_TYPE(a)) != 64
      || tree_to_uhwi(b) < HOST_WIDE_INT_UC(0x7ff0000000000000))
    return NULL;
  gassign *mask = dyn_cast<gassign *>(SSA_NAME_DEF_STMT(a));
  if (!mask || gimple_assign_rhs_code(mask) != BIT_AND_EXPR || TREE_CODE(gimple_assign_rhs2(mask)) != INTEGER_CST
      || tree_to_uhwi(gimple_assign_rhs2(mask)) != HOST_WIDE_INT_UC(0x7fffffffffffffff)
      || TREE_CODE(gimple_assign_rhs1(mask)) != SSA_NAME)
    return NULL;
  gassign *bits = dyn_cast<gassign *>(SSA_NAME_DEF_STMT(gimple_assign_rhs1(mask)));
  if (!bits || gimple_assign_rhs_code(bits) != VIEW_CONVERT_EXPR)
    return NULL;
  tree t = TREE_OPERAND(gimple_assign_rhs1(bits), 0);
  return TREE_CODE(t) == SSA_NAME && TYPE_MODE(TREE_TYPE(t)) == DFmode ? dyn_cast<gcall *>(SSA_NAME_DEF_STMT(t)) : NULL;
}

static bool has_domain(const kb_vector_function *f) { return f->high[0]; }

gcall *kb_math_of_guard(class loop *loop, const kb_guard &g)
{
  /* Each edge that G's exit cannot be reached without. */
  for (edge e = g.leave; flow_bb_inside_loop_p(loop, e->src);) {
    gcond *c = safe_dyn_cast<gcond *>(kb_last_stmt(e->src));
    gcall *call = c && (e->flags & EDGE_TRUE_VALUE) ? call_of_test(c) : NULL;
    if (call && flow_bb_inside_loop_p(loop, gimple_bb(call)) && kb_is_vector_math(loop, call) && has_domain(function_of(call)))
      return call;
    if (e->src == loop->header || !single_pred_p(e->src))
      return NULL;
    e = single_pred_edge(e->src);
  }
  return NULL;
}

static tree bound(const char *text)
{
  REAL_VALUE_TYPE r;
  real_from_string(&r, text);
  return build_real(double_type_node, r);
}

tree kb_emit_outside(gimple_seq *seq, gcall *call, const tree *args)
{
  const kb_vector_function *f = function_of(call);
  tree outside = NULL_TREE;
  for (unsigned i = 0; i < gimple_call_num_args(call); i++)
    for (int high = 0; high < 2; high++) {
      const char *limit = high ? f->high[i] : f->low[i];
      if (!limit)
        continue;
      tree one = gimple_build(seq, high ? UNGT_EXPR : UNLT_EXPR, boolean_type_node, args[i], bound(limit));
      outside = outside ? gimple_build(seq, BIT_IOR_EXPR, boolean_type_node, outside, one) : one;
    }
  return outside;
}

bool kb_math_results(class loop *loop, gcall *call, kb_math_range *range)
{
  if (!kb_is_vector_math(loop, call))
    return false;
  *range = function_of(call)->results;
  return true;
}

bool kb_math_accepts(gcall *call, const kb_math_range *ranges)
{
  const kb_vector_function *f = function_of(call);
  for (unsigned i = 0; i < gimple_call_num_args(call); i++)
    if ((f->low[i] && !(ranges && ranges[i].low >= strtod(f->low[i], NULL))) || (f->high[i] && !(ranges && ranges[i].high <= strtod(f->high[i], NULL))))
      return false;
  return true;
}

/* -- The vectoriser ---------------------------------------------------------------------------------------------- */

struct renamed {
  location_t loc;
  const kb_vector_function *function;
};
static struct {
  bool up;
  tree scalar[NFUNCTIONS]; /* the declarations of libm's functions, which the unit has */
  vec<renamed> calls;
  vec<int> loops; /* by number, whose force_vectorize is ours */
} now;

static tree (*target_vectorized_function)(unsigned, tree, tree);

/* The vector function for CODE on vectors of TYPE: the ABI's name says which instructions it may use. */
static tree vector_function(const kb_vector_function *f, tree type)
{
#ifdef HAVE_LIBMVEC
  unsigned HOST_WIDE_INT lanes;
  if (TREE_CODE(type) != VECTOR_TYPE || TYPE_MODE(TREE_TYPE(type)) != DFmode || !TYPE_VECTOR_SUBPARTS(type).is_constant(&lanes)
      || !VECTOR_MODE_P(TYPE_MODE(type)))
    return NULL_TREE;
  char isa = lanes == 2 ? 'b' : lanes == 4 ? (TARGET_AVX2 ? 'd' : 'c') : lanes == 8 ? 'e' : 0;
  if (!isa)
    return NULL_TREE;
  bool two = f->code == BUILT_IN_POW || f->code == BUILT_IN_ATAN2;
  char name[40];
  snprintf(name, sizeof name, "_ZGV%cN%uv%s_%s", isa, (unsigned)lanes, two ? "v" : "", f->name);
  tree kind = two ? build_function_type_list(type, type, type, NULL) : build_function_type_list(type, type, NULL);
  tree decl = build_decl(BUILTINS_LOCATION, FUNCTION_DECL, get_identifier(name), kind);
  TREE_PUBLIC(decl) = 1;
  DECL_EXTERNAL(decl) = 1;
  DECL_IS_NOVOPS(decl) = 1;
  TREE_READONLY(decl) = 1;
  TREE_NOTHROW(decl) = 1;
  return decl;
#else
  return NULL_TREE;
#endif
}

static const kb_vector_function *function_of_code(unsigned code)
{
  for (const kb_vector_function &f : table)
    if ((unsigned)as_combined_fn(f.code) == code)
      return &f;
  return NULL;
}

static tree vectorized_function(unsigned code, tree out, tree in)
{
  const kb_vector_function *f = now.up && TYPE_MODE(out) == TYPE_MODE(in) ? function_of_code(code) : NULL;
  if (f && now.scalar[f - table])
    if (tree decl = vector_function(f, out))
      return decl;
  return target_vectorized_function(code, out, in);
}

void kb_hook_vector_math(void)
{
  target_vectorized_function = targetm.vectorize.builtin_vectorized_function;
  targetm.vectorize.builtin_vectorized_function = vectorized_function;
}

static bool has_builtins(function *fn)
{
  basic_block b;
  FOR_EACH_BB_FN (b, fn)
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i))
      if (is_gimple_call(gsi_stmt(i)) && function_of_code(gimple_call_combined_fn(gsi_stmt(i))))
        return true;
  return false;
}

void kb_vector_math_begin(function *fn)
{
  if (has_builtins(fn)) /* which are which could not be told afterwards */
    return;
  basic_block b;
  FOR_EACH_BB_FN (b, fn)
    if (allows(b->loop_father) && !b->loop_father->dont_vectorize)
      for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i))
        if (const kb_vector_function *f = function_of(gsi_stmt(i))) {
          gcall *call = as_a<gcall *>(gsi_stmt(i));
          now.scalar[f - table] = gimple_call_fndecl(call);
          gimple_call_set_fndecl(call, builtin(f));
          update_stmt(call);
          now.calls.safe_push({gimple_location(call), f});
          now.up = true;
          /* GCC takes a call of libm for one addition: its cost model would find that nothing is won. */
          if (!b->loop_father->force_vectorize) {
            b->loop_father->force_vectorize = true;
            now.loops.safe_push(b->loop_father->num);
          }
          fn->has_force_vectorize_loops = true;
        }
}

void kb_vector_math_end(function *fn)
{
  if (!now.up)
    return;
  hash_set<int_hash<unsigned, UINT_MAX, UINT_MAX - 1>> done; /* lines with vector functions */
  basic_block b;
  FOR_EACH_BB_FN (b, fn)
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i)) {
      gcall *call = dyn_cast<gcall *>(gsi_stmt(i));
      tree decl = call ? gimple_call_fndecl(call) : NULL_TREE;
      if (!decl)
        continue;
      if (const kb_vector_function *f = function_of_code(gimple_call_combined_fn(call))) {
        gimple_call_set_fndecl(call, now.scalar[f - table]);
        update_stmt(call);
      } else if (DECL_NAME(decl) && !strncmp(IDENTIFIER_POINTER(DECL_NAME(decl)), "_ZGV", 4))
        done.add(gimple_location(call));
    }
  for (const renamed &r : now.calls)
    if (done.contains(r.loc))
      kb_decide(r.loc, KB_DONE, "math", "%s is computed for a vector at once, within 4 units in the last place", r.function->name);
    else
      kb_decide(r.loc, KB_NOT, "math", "%s is called once a turn: its loop was not vectorised", r.function->name);
  for (int num : now.loops)
    if (class loop *loop = get_loop(fn, num))
      loop->force_vectorize = false;
  now.loops.release();
  now.calls.release();
  memset(now.scalar, 0, sizeof now.scalar);
  now.up = false;
}
