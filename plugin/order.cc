/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order.cc: an overflow and its test side by side.
 *
 * The processor's overflow flag lives until the next addition. GCC makes a jump on that flag of
 *
 *     p = .ADD_OVERFLOW (a, b); r = REALPART (p); o = IMAGPART (p); if (o != 0) ...
 *
 * only where nothing stands between. Passes that hoist (i + 1, which the exit and the loop both use) put statements there, and then
 * the flag is stored, widened and compared: three operations more for each guard. So, right before the code is generated, the
 * three are moved down to the test. The call reads and writes no memory; whatever stands between and needs its results keeps them in front.
 */
#include "pass.h"

static bool is_overflow(const gimple *stmt)
{
  return stmt && is_gimple_call(stmt) && gimple_call_internal_p(stmt)
         && (gimple_call_internal_fn(stmt) == IFN_ADD_OVERFLOW || gimple_call_internal_fn(stmt) == IFN_SUB_OVERFLOW
             || gimple_call_internal_fn(stmt) == IFN_MUL_OVERFLOW);
}

/* The call whose overflow COND tests, in the same block; NULL: none. */
static gcall *tested_overflow(gcond *cond, gimple **flag)
{
  if (!integer_zerop(gimple_cond_rhs(cond)) || TREE_CODE(gimple_cond_lhs(cond)) != SSA_NAME || !has_single_use(gimple_cond_lhs(cond)))
    return NULL;
  gimple *imag = SSA_NAME_DEF_STMT(gimple_cond_lhs(cond));
  if (!is_gimple_assign(imag) || gimple_assign_rhs_code(imag) != IMAGPART_EXPR)
    return NULL;
  tree pair = TREE_OPERAND(gimple_assign_rhs1(imag), 0);
  gimple *call = TREE_CODE(pair) == SSA_NAME ? SSA_NAME_DEF_STMT(pair) : NULL;
  if (!is_overflow(call) || gimple_bb(call) != gimple_bb(cond) || gimple_bb(imag) != gimple_bb(cond))
    return NULL;
  *flag = imag;
  return as_a<gcall *>(call);
}

/* May all uses of NAME come behind the statements that stand in front of COND? Then *REAL is the one that takes the sum, or NULL. */
static bool used_late(tree pair, gcond *cond, gimple *flag, gimple **real)
{
  imm_use_iterator it;
  use_operand_p use;
  *real = NULL;
  FOR_EACH_IMM_USE_FAST (use, it, pair) {
    gimple *stmt = USE_STMT(use);
    if (stmt == flag || is_gimple_debug(stmt))
      continue;
    if (*real || gimple_bb(stmt) != gimple_bb(cond) || !is_gimple_assign(stmt) || gimple_assign_rhs_code(stmt) != REALPART_EXPR)
      return false;
    *real = stmt;
  }
  if (!*real)
    return true;
  FOR_EACH_IMM_USE_FAST (use, it, gimple_assign_lhs(*real))
    if (gimple_bb(USE_STMT(use)) == gimple_bb(cond) && gimple_code(USE_STMT(use)) != GIMPLE_PHI && !is_gimple_debug(USE_STMT(use)))
      return false;
  return true;
}

/* Debug statements behind STMT's old place get a copy of its value, or none where that is a call's. */
static void move_in_front(gimple *stmt, gimple *next)
{
  gimple_stmt_iterator from = gsi_for_stmt(stmt), to = gsi_for_stmt(next);
  gsi_move_before(&from, &to);
}

bool kb_order_checks(function *fn)
{
  bool changed = false;
  basic_block b;
  FOR_EACH_BB_FN (b, fn) {
    gimple *flag, *real, *last = kb_last_stmt(b);
    gcond *cond = last ? dyn_cast<gcond *>(last) : NULL;
    gcall *call = cond ? tested_overflow(cond, &flag) : NULL;
    if (!call || !used_late(gimple_call_lhs(call), cond, flag, &real))
      continue;
    move_in_front(flag, cond);
    if (real)
      move_in_front(real, flag);
    move_in_front(call, real ? real : flag); /* last: then no copy of a value that was its is left above it */
    changed = true;
  }
  return changed;
}
