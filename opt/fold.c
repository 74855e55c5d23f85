/* SPDX-License-Identifier: MIT */
/* fold.c: constants and algebra over a whole function; constant branches become jumps.
 *
 * The rules are ir/fold.c's (kb_fold); this file walks. Values are visited in reverse postorder with their
 * operands replaced, so that one round reaches a fixed point but for loops; a round that changes something is
 * followed by another.
 */
#include "opt.h"
#include "subst.h"

/* A branch on a constant becomes a jump. Phis of the other successor lose an argument. */
static bool fold_branch(kb_fn *f, kb_bid b)
{
  kb_ref last = f->blk.v[b].last;
  if (!last || !kb_is(f, last, KB_BR) || !kb_is_const(f, kb_v(f, last)->args[0]))
    return false;
  kb_bid taken = f->blk.v[b].succ[kb_v(f, kb_v(f, last)->args[0])->imm.i ? 0 : 1];
  kb_bid other = f->blk.v[b].succ[taken == f->blk.v[b].succ[0] ? 1 : 0];
  kb_val *v = kb_v(f, last);
  v->op = KB_JMP;
  v->nargs = 0;
  f->blk.v[b].succ[0] = taken;
  f->blk.v[b].succ[1] = 0;
  kb_remove_pred(f, other, b);
  return true;
}

static uint32_t round_of(kb_fn *f, bool *cfg_changed)
{
  uint32_t changes = 0;
  kb_subst s;
  kb_subst_init(&s, f);
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    for (kb_ref r = f->blk.v[b].first, next; r; r = next) {
      next = kb_v(f, r)->next;
      kb_subst_args(&s, kb_v(f, r));
      kb_ref to = kb_fold(f, r);
      if (to == r)
        continue;
      changes++;
      if (to)
        kb_subst_set(&s, r, to);
      kb_del(f, r);
    }
    if (fold_branch(f, b)) {
      *cfg_changed = true;
      changes++;
    }
  }
  kb_subst_finish(&s, f);
  return changes;
}

/* needs nothing; keeps SSA, leaves rpo, dominators and loops right. */
uint32_t kb_opt_fold(kb_fn *f)
{
  uint32_t total = 0, changes;
  kb_cfg(f);
  do {
    bool cfg_changed = false;
    changes = round_of(f, &cfg_changed);
    total += changes;
    if (cfg_changed)
      kb_cfg(f);
  } while (changes);
  return total;
}
