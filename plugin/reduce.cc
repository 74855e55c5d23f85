/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reduce.cc: what the vectoriser may do with the loops of kernels, and with how many accumulators.
 *
 * GCC's flags for floats hold for a whole function; Keelback's permissions hold for a loop. So loops are vectorised in
 * rounds: for each set of permissions that loops have, GCC's if-conversion and vectoriser are executed here, with the flags
 * of that set up and all other loops hidden (dont_vectorize), and then GCC's own turn comes, in which the loops of these
 * rounds are hidden and no flag is up. Nothing but the loops of a round can be changed by its flags: the clean-up after it,
 * which may fold conditions anywhere, is done without them.
 *
 * An accumulator is a chain: one addition waits for the one before. GCC 12 has one accumulator in a vectorised loop. With
 * create_costs of its target wrapped, we suggest how many: then the vectoriser analyses the loop once more, with so many
 * times the vector's elements a turn.
 *
 * Until kb_vectors_end, for kernels: at -O2 the cost model is that of -O3, for a kernel is nothing but its loops; and a
 * conditional store may become one that writes back what was there ("data races"), unless some loop says that others may
 * write to the same arrays meanwhile (KB_SHARED).
 */
#include "pass.h"

/* -- Flags -------------------------------------------------------------------------------------------------- */

static struct {
  bool up; /* between begin and end */
  enum vect_cost_model cost_model;
  int store_data_races;
} saved;

struct float_flags {
  int associative, finite, signed_zeros, reciprocal;
};

static float_flags get_float_flags(void)
{
  return {flag_associative_math, flag_finite_math_only, flag_signed_zeros, flag_reciprocal_math};
}

static void set_float_flags(const float_flags &f)
{
  flag_associative_math = f.associative;
  flag_finite_math_only = f.finite;
  flag_signed_zeros = f.signed_zeros;
  flag_reciprocal_math = f.reciprocal;
}

/* The permissions that the vectoriser knows of. */
static const unsigned vector_marks = KB_REASSOC | KB_NNAN | KB_NSZ | KB_ARCP;

static float_flags flags_for(unsigned marks)
{
  float_flags f = get_float_flags();
  if (marks & KB_REASSOC)
    f.associative = 1;
  if (marks & KB_NNAN)
    f.finite = 1;
  if (marks & KB_NSZ)
    f.signed_zeros = 0;
  if (marks & KB_ARCP)
    f.reciprocal = 1;
  return f;
}

/* -- Accumulators -------------------------------------------------------------------------------------------- */

/* A loop of more statements has enough to do while an addition waits. */
enum { MAX_STATEMENTS = 40, MAX_ACCUMULATORS = 4, MOST_REST = 31 };

static unsigned count_statements(class loop *loop)
{
  unsigned n = 0;
  basic_block *body = get_loop_body(loop);
  for (unsigned b = 0; b < loop->num_nodes; b++)
    for (gimple_stmt_iterator i = gsi_start_bb(body[b]); !gsi_end_p(i); gsi_next(&i))
      n += !is_gimple_debug(gsi_stmt(i)) && gimple_code(gsi_stmt(i)) != GIMPLE_LABEL;
  free(body);
  return n;
}

/* With how many accumulators LOOP, which has reductions, is to be vectorised. Its epilogue is a loop with the plain vector,
   and one without: for short loops they would take more time than the chain costs. */
static unsigned accumulators(loop_vec_info info)
{
  class loop *loop = LOOP_VINFO_LOOP(info);
  unsigned n = LOOP_VINFO_REDUCTIONS(info).length();
  if (!n || loop->inner || loop->unroll || LOOP_VINFO_EPILOGUE_P(info) || optimize_loop_for_size_p(loop))
    return 1;
  if (count_statements(loop) > MAX_STATEMENTS)
    return 1;
  unsigned factor = n == 1 ? MAX_ACCUMULATORS : n == 2 ? 2 : 1;
  HOST_WIDE_INT turns = estimated_loop_iterations_int(loop), likely = likely_max_loop_iterations_int(loop);
  if (turns < 0 || (likely >= 0 && likely < turns))
    turns = likely;
  while (factor > 1 && turns >= 0 && turns < 16 * (HOST_WIDE_INT)factor)
    factor /= 2;
  return factor;
}

/* The member is for the target's own classes. */
struct suggests : vector_costs {
  void set(unsigned factor) { m_suggested_unroll_factor = factor; }
};

static vector_costs *(*target_create_costs)(vec_info *, bool);

static vector_costs *create_costs(vec_info *info, bool scalar)
{
  vector_costs *costs = target_create_costs(info, scalar);
  loop_vec_info loop_info = dyn_cast<loop_vec_info>(info);
  if (saved.up && loop_info && !scalar) {
    unsigned factor = accumulators(loop_info);
    if (factor > 1)
      static_cast<suggests *>(costs)->set(factor);
  }
  return costs;
}

void kb_hook_vector_costs(void)
{
  target_create_costs = targetm.vectorize.create_costs;
  targetm.vectorize.create_costs = create_costs;
}

/* -- Rounds -------------------------------------------------------------------------------------------------- */

static void run_pass(opt_pass *pass, function *fn, const float_flags &flags)
{
  float_flags before = get_float_flags();
  set_float_flags(flags);
  unsigned todo = pass->execute(fn);
  set_float_flags(before);
  if (todo & TODO_cleanup_cfg)
    cleanup_tree_cfg(todo & TODO_update_ssa_any);
  else if (todo & TODO_update_ssa_any)
    update_ssa(todo & TODO_update_ssa_any);
}

/* The phi at the end of OUT, LOOP's exit, that alone uses SUM there; NULL: SUM is used elsewhere. */
static gphi *only_use(tree sum, gphi *phi, edge out)
{
  gphi *last = NULL;
  use_operand_p use;
  imm_use_iterator i;
  FOR_EACH_IMM_USE_FAST (use, i, sum) {
    gphi *by = dyn_cast<gphi *>(USE_STMT(use));
    if (by == phi || is_gimple_debug(USE_STMT(use)))
      continue;
    if (last || !by || gimple_bb(by) != out->dest || PHI_ARG_DEF_FROM_EDGE(by, out) != sum)
      return NULL;
    last = by;
  }
  return last;
}

/* The last turns of a sum that was vectorised would wait for what the lanes give. They add up by themselves instead, from -0.0,
   which changes no sum, and what the lanes give is added behind them. */
static void free_rest(class loop *loop)
{
  edge out = single_exit(loop), in = loop_preheader_edge(loop), back = loop_latch_edge(loop);
  if (!out || !loop->any_upper_bound || !wi::leu_p(loop->nb_iterations_upper_bound, (int)MOST_REST))
    return;
  for (gphi_iterator i = gsi_start_phis(loop->header); !gsi_end_p(i); gsi_next(&i)) {
    gphi *phi = i.phi();
    tree s = gimple_phi_result(phi), sum = PHI_ARG_DEF_FROM_EDGE(phi, back), before = PHI_ARG_DEF_FROM_EDGE(phi, in);
    use_operand_p use;
    gimple *user;
    gassign *add = TREE_CODE(sum) == SSA_NAME ? dyn_cast<gassign *>(SSA_NAME_DEF_STMT(sum)) : NULL;
    if (!SCALAR_FLOAT_TYPE_P(TREE_TYPE(s)) || TREE_CODE(before) != SSA_NAME || !single_imm_use(s, &use, &user) || user != add
        || gimple_assign_rhs_code(add) != PLUS_EXPR)
      continue;
    gphi *last = only_use(sum, phi, out);
    if (!last)
      continue;
    basic_block b = split_loop_exit_edge(out);
    out = single_pred_edge(b);
    tree rest = PHI_ARG_DEF_FROM_EDGE(last, single_succ_edge(b)), all = make_ssa_name(TREE_TYPE(s));
    gimple_stmt_iterator at = gsi_after_labels(b);
    gsi_insert_before(&at, gimple_build_assign(all, PLUS_EXPR, before, rest), GSI_NEW_STMT);
    SET_PHI_ARG_DEF(last, single_succ_edge(b)->dest_idx, all);
    SET_PHI_ARG_DEF(phi, in->dest_idx, build_real(TREE_TYPE(s), real_value_negate(&dconst0)));
  }
}

/* Vectorises the loops of FN whose permissions are MARKS. */
static void round_for(function *fn, unsigned marks)
{
  static opt_pass *const convert = make_pass_if_conversion(g), *const vectorize = make_pass_vectorize(g);
  auto_vec<int> hidden;
  for (auto loop : loops_list(fn, 0))
    if (!loop->dont_vectorize && (loop->constraints & vector_marks) != marks) {
      loop->dont_vectorize = true;
      hidden.safe_push(loop->num);
    }
  float_flags flags = flags_for(marks);
  if (convert->gate(fn))
    run_pass(convert, fn, flags);
  run_pass(vectorize, fn, flags);
  if (marks & KB_REASSOC)
    for (auto loop : loops_list(fn, LI_ONLY_INNERMOST))
      if (!loop->dont_vectorize && (loop->constraints & vector_marks) == marks)
        free_rest(loop);
  for (int num : hidden)
    if (class loop *loop = get_loop(fn, num))
      loop->dont_vectorize = false;
  for (auto loop : loops_list(fn, 0)) /* what is left of them is not for the other rounds */
    if ((loop->constraints & vector_marks) == marks)
      loop->dont_vectorize = true;
}

/* A loop around others is vectorised with them inside: all must allow the same. */
static void restrict_outer(class loop *loop)
{
  for (class loop *inner = loop->inner; inner; inner = inner->next) {
    restrict_outer(inner);
    if ((loop->constraints ^ inner->constraints) & vector_marks)
      loop->dont_vectorize = true;
  }
}

static void rounds(function *fn)
{
  auto_vec<unsigned> sets;
  for (auto loop : loops_list(fn, 0)) {
    unsigned marks = loop->constraints & vector_marks;
    if (marks && !loop->dont_vectorize && !sets.contains(marks))
      sets.safe_push(marks);
  }
  if (sets.is_empty())
    return;
  for (class loop *loop = loops_for_fn(fn)->tree_root->inner; loop; loop = loop->next)
    restrict_outer(loop);
  for (unsigned marks : sets)
    round_for(fn, marks);
}

/* -- Begin, end ------------------------------------------------------------------------------------------------ */

static bool any_marked(function *fn, unsigned marks)
{
  for (auto loop : loops_list(fn, 0))
    if (loop->constraints & marks)
      return true;
  return false;
}

void kb_vectors_begin(function *fn)
{
  gcc_checking_assert(!saved.up);
  if (!loops_for_fn(fn) || number_of_loops(fn) < 2 || !flag_tree_loop_vectorize)
    return;
  if (!kb_has_exit(fn) && !any_marked(fn, vector_marks))
    return;
  saved = {true, flag_vect_cost_model, flag_store_data_races};
  if (flag_vect_cost_model == VECT_COST_MODEL_VERY_CHEAP && !OPTION_SET_P(flag_vect_cost_model))
    flag_vect_cost_model = VECT_COST_MODEL_DYNAMIC;
  if (!any_marked(fn, KB_SHARED))
    flag_store_data_races = 1;
  kb_use_reciprocals(fn);
  kb_vector_math_begin(fn);
  rounds(fn);
  kb_vector_math_end(fn);
}

void kb_vectors_end(function *)
{
  if (!saved.up)
    return;
  flag_vect_cost_model = saved.cost_model;
  flag_store_data_races = saved.store_data_races;
  saved.up = false;
}
