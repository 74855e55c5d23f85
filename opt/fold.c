/* SPDX-License-Identifier: MIT */
/* fold.c: constants and algebra over a whole function; constant branches become jumps.
 *
 * The rules are ir/fold.c's (kb_fold); this file walks. Values are visited in reverse postorder with their
 * operands replaced, so that one round reaches a fixed point but for loops; a round that changes something is
 * followed by another. Webs of phis are seen through by optimism.
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

/* -- Webs of phis ------------------------------------------------------------------------------------------ */

/* What a phi is a copy of, as far as is known: 0 before anything is, then another value, in the end itself. A web of
 * phis that take only each other and one value from outside are that value (the flags that say whether a variable is
 * bound come so). kb_fold sees single phis only. */
static kb_ref copy_of(const kb_ref *copy, const kb_fn *f, kb_ref r) { return kb_is(f, r, KB_PHI) ? copy[r] : r; }

static kb_ref meet_args(const kb_ref *copy, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  kb_ref one = 0;
  for (uint32_t i = 0; i < v->nargs; i++) {
    kb_ref a = copy_of(copy, f, v->args[i]);
    if (!a || a == r)
      continue;
    if (one && a != one)
      return r;
    one = a;
  }
  return one;
}

static uint32_t fold_webs(kb_fn *f)
{
  kb_subst s;
  kb_ref *copy = KB_ZALLOC(kb_ref, f->val.n);
  uint32_t changes = 0;
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < f->rpo.n; i++)
      KB_FOR_INS(f, f->rpo.v[i], r) {
        if (!kb_is(f, r, KB_PHI))
          break;
        kb_ref to = copy[r] == r ? r : meet_args(copy, f, r);
        again |= to != copy[r];
        copy[r] = to;
      }
  }
  kb_subst_init(&s, f);
  for (kb_ref r = 1; r < f->val.n; r++)
    if (copy[r] && copy[r] != r) {
      kb_subst_set(&s, r, copy[r]);
      kb_del(f, r);
      changes++;
    }
  free(copy);
  kb_subst_finish(&s, f);
  return changes;
}

/* -- Lengths ------------------------------------------------------------------------------------------------ */

typedef struct { kb_ref seen[16]; uint32_t n; kb_ref extent; } web;

/* Has every array that can come here the same extent on that axis? It is in w->extent then. */
static bool one_extent(const kb_fn *f, web *w, kb_ref a, int64_t axis)
{
  const kb_val *v = kb_v(f, a);
  for (uint32_t i = 0; i < w->n; i++)
    if (w->seen[i] == a)
      return true;
  if (v->op == KB_ALLOC) {
    kb_ref e = v->args[axis];
    bool ok = !w->extent || w->extent == e;
    w->extent = e;
    return ok;
  }
  if (v->op != KB_PHI || w->n == sizeof w->seen / sizeof *w->seen)
    return false;
  w->seen[w->n++] = a;
  for (uint32_t i = 0; i < v->nargs; i++)
    if (!one_extent(f, w, v->args[i], axis))
      return false;
  return true;
}

/* The length of an array that is one of several made alike: prev, cur = cur, prev. The extent dominates the web as its
 * arrays are all that flows in. */
static kb_ref fold_one(kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  web w = { { 0 }, 0, 0 };
  if (v->op == KB_VLEN && kb_is(f, v->args[0], KB_PHI) && one_extent(f, &w, v->args[0], v->imm.i) && w.extent)
    return w.extent;
  return kb_fold(f, r);
}

/* ------------------------------------------------------------------------------------------------------------ */

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
      kb_ref to = fold_one(f, r);
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
    changes = fold_webs(f) + round_of(f, &cfg_changed);
    total += changes;
    if (cfg_changed)
      kb_cfg(f);
  } while (changes);
  return total;
}
