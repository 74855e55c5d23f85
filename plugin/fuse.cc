/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuse.cc: operations of floats that a loop's permissions let us join or replace.
 *
 *   contract    a * b + c, a * b - c, c - a * b: one operation that rounds once; after the vectoriser, so that it holds for
 *               vectors and for what they leave over. GCC itself would do it for a whole function (-ffp-contract).
 *   arcp        x / c with c the same in all turns: x * (1 / c), the quotient in front of the loop; before the vectoriser
 *
 * A product that has other uses stays: it would be computed twice. So does one that is added to a running sum whose chain is
 * all that the loop waits for: the joined operation takes longer than the addition.
 */
#include "pass.h"

/* -- Products ------------------------------------------------------------------------------------------------- */

/* The product in LOOP, which allows it, that NAME is and that has no other use; NULL: none. */
static gassign *single_product(tree name)
{
  if (TREE_CODE(name) != SSA_NAME || !has_single_use(name))
    return NULL;
  gassign *def = dyn_cast<gassign *>(SSA_NAME_DEF_STMT(name));
  if (!def || gimple_assign_rhs_code(def) != MULT_EXPR || !kb_marked(gimple_bb(def)->loop_father, KB_CONTRACT))
    return NULL;
  return def;
}

/* The header's PHI that NAME comes from by additions in LOOP only; NULL: none. */
static gphi *sum_of(class loop *loop, tree name)
{
  for (int steps = 0; TREE_CODE(name) == SSA_NAME && steps < 16; steps++) {
    gimple *def = SSA_NAME_DEF_STMT(name);
    if (gphi *phi = dyn_cast<gphi *>(def))
      return gimple_bb(phi) == loop->header ? phi : NULL;
    if (is_gimple_assign(def) && (gimple_assign_rhs_code(def) == PLUS_EXPR || gimple_assign_rhs_code(def) == MINUS_EXPR))
      name = single_product(gimple_assign_rhs1(def)) ? gimple_assign_rhs2(def) : gimple_assign_rhs1(def);
    else if (gimple_call_internal_p(def, IFN_FMA) || gimple_call_internal_p(def, IFN_FNMA))
      name = gimple_call_arg(def, 2);
    else
      return NULL;
  }
  return NULL;
}

/* Enough sums side by side hide how long one addition takes. */
enum { ENOUGH_SUMS = 4 };

static bool is_slow_chain(class loop *loop, tree addend)
{
  if (!sum_of(loop, addend))
    return false;
  unsigned n = 0;
  for (gphi_iterator p = gsi_start_phis(loop->header); !gsi_end_p(p); gsi_next(&p)) {
    tree type = TREE_TYPE(gimple_phi_result(p.phi()));
    n += FLOAT_TYPE_P(type) || VECTOR_FLOAT_TYPE_P(type);
  }
  return n < ENOUGH_SUMS;
}

/* Joins SUM, an addition or subtraction, with one of its operands, if that is a product. */
static bool fuse(gassign *sum)
{
  class loop *loop = gimple_bb(sum)->loop_father;
  bool minus = gimple_assign_rhs_code(sum) == MINUS_EXPR;
  tree a = gimple_assign_rhs1(sum), b = gimple_assign_rhs2(sum), lhs = gimple_assign_lhs(sum);
  gassign *pa = single_product(a), *pb = single_product(b);
  if (!pa && !pb)
    return false;
  bool second = !pa || (pb && sum_of(loop, a)); /* a sum that runs is the addend */
  gassign *product = second ? pb : pa;
  tree addend = second ? a : b;
  internal_fn op = !minus ? IFN_FMA : second ? IFN_FNMA : IFN_FMS;
  if (!direct_internal_fn_supported_p(op, TREE_TYPE(lhs), OPTIMIZE_FOR_SPEED) || is_slow_chain(loop, addend))
    return false;
  gcall *call = gimple_build_call_internal(op, 3, gimple_assign_rhs1(product), gimple_assign_rhs2(product), addend);
  gimple_call_set_lhs(call, lhs);
  gimple_call_set_nothrow(call, true);
  gimple_set_location(call, gimple_location(sum));
  gimple_stmt_iterator at = gsi_for_stmt(sum);
  gsi_replace(&at, call, false);
  at = gsi_for_stmt(product);
  gsi_remove(&at, true);
  release_defs(product);
  return true;
}

bool kb_fuse_products(function *fn)
{
  basic_block b;
  unsigned n = 0;
  if (!loops_for_fn(fn) || number_of_loops(fn) < 2)
    return false;
  FOR_EACH_BB_FN (b, fn) {
    if (!kb_marked(b->loop_father, KB_CONTRACT) || !loop_outer(b->loop_father))
      continue;
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i);) {
      gassign *sum = dyn_cast<gassign *>(gsi_stmt(i));
      gsi_next(&i); /* what is replaced or removed stands before it */
      if (!sum || (gimple_assign_rhs_code(sum) != PLUS_EXPR && gimple_assign_rhs_code(sum) != MINUS_EXPR))
        continue;
      tree type = TREE_TYPE(gimple_assign_lhs(sum));
      if ((SCALAR_FLOAT_TYPE_P(type) || VECTOR_FLOAT_TYPE_P(type)) && fuse(sum)) {
        n++;
        if (dump_file)
          fprintf(dump_file, "fused in loop %d\n", b->loop_father->num);
      }
    }
  }
  return n > 0;
}

/* -- Quotients ------------------------------------------------------------------------------------------------ */

/* The outermost loop around LOOP, itself included, that has MARKS as all in between, and in which NAME does not change. */
static class loop *where_invariant(class loop *loop, tree name, unsigned marks)
{
  basic_block def = TREE_CODE(name) == SSA_NAME ? gimple_bb(SSA_NAME_DEF_STMT(name)) : NULL;
  class loop *found = NULL;
  for (; loop_outer(loop) && kb_marked(loop, marks); loop = loop_outer(loop)) {
    if (def && flow_bb_inside_loop_p(loop, def))
      break;
    found = loop;
  }
  return found;
}

struct reciprocal {
  tree of, name;
  class loop *loop;
};

bool kb_use_reciprocals(function *fn)
{
  auto_vec<reciprocal> done;
  basic_block b;
  FOR_EACH_BB_FN (b, fn) {
    if (!loop_outer(b->loop_father) || !kb_marked(b->loop_father, KB_ARCP))
      continue;
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i)) {
      gassign *div = dyn_cast<gassign *>(gsi_stmt(i));
      if (!div || gimple_assign_rhs_code(div) != RDIV_EXPR || !SCALAR_FLOAT_TYPE_P(TREE_TYPE(gimple_assign_lhs(div))))
        continue;
      tree by = gimple_assign_rhs2(div), name = NULL_TREE;
      class loop *loop = where_invariant(b->loop_father, by, KB_ARCP);
      if (!loop || TREE_CODE(by) != SSA_NAME || !loop_preheader_edge(loop))
        continue;
      for (const reciprocal &r : done)
        if (r.of == by && r.loop == loop)
          name = r.name;
      if (!name) {
        name = make_ssa_name(TREE_TYPE(by));
        gassign *one = gimple_build_assign(name, RDIV_EXPR, build_real(TREE_TYPE(by), dconst1), by);
        gimple_set_location(one, gimple_location(div));
        gsi_insert_on_edge_immediate(loop_preheader_edge(loop), one);
        done.safe_push({by, name, loop});
      }
      gimple_assign_set_rhs_code(div, MULT_EXPR);
      gimple_assign_set_rhs2(div, name);
      update_stmt(div);
      kb_decide(gimple_location(div), KB_DONE, "arcp", "multiplied by the reciprocal, which is computed in front of the loop");
    }
  }
  return !done.is_empty();
}
