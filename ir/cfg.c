/* SPDX-License-Identifier: MIT */
/* cfg.c: reverse postorder, dominators (Cooper, Harvey and Kennedy 2001), natural loops.
 *
 * Everything is linear on the graphs that structured programs have. A cycle that no block of it dominates
 * (none comes out of Python) is not a loop here.
 */
#include "ir.h"

#include <string.h>

/* -- Reverse postorder ----------------------------------------------------------------------------- */

/* Visits the second successor first, so that the first one (the branch taken, the loop body) comes first in
 * the reversed order. Uses rpo as the mark: UINT32_MAX not seen, 0 seen. */
static void postorder(kb_fn *f)
{
  typedef struct { kb_bid b; int next; } step;
  KB_VEC(step) stack = { NULL, 0, 0 };
  step start = { 1, 1 };
  kb_vec_push(&stack, start);
  f->blk.v[1].rpo = 0;
  while (stack.n) {
    step *s = &stack.v[stack.n - 1];
    if (s->next < 0) {
      kb_vec_push(&f->rpo, s->b);
      stack.n--;
      continue;
    }
    kb_bid to = f->blk.v[s->b].succ[s->next--];
    if (to && f->blk.v[to].rpo == UINT32_MAX) {
      f->blk.v[to].rpo = 0;
      step child = { to, 1 };
      kb_vec_push(&stack, child);
    }
  }
  kb_vec_free(&stack);
}

static void order(kb_fn *f)
{
  f->rpo.n = 0;
  for (kb_bid b = 1; b < f->blk.n; b++)
    f->blk.v[b].rpo = UINT32_MAX;
  if (f->blk.n > 1)
    postorder(f);
  for (uint32_t i = 0, n = f->rpo.n; i < n / 2; i++) {
    kb_bid b = f->rpo.v[i];
    f->rpo.v[i] = f->rpo.v[n - 1 - i];
    f->rpo.v[n - 1 - i] = b;
  }
  for (uint32_t i = 0; i < f->rpo.n; i++)
    f->blk.v[f->rpo.v[i]].rpo = i;
}

/* Takes unreachable blocks out of the predecessors and phis of the others and empties them. */
static void drop_unreachable(kb_fn *f)
{
  for (kb_bid b = 1; b < f->blk.n; b++) {
    kb_blk *blk = &f->blk.v[b];
    if (blk->rpo != UINT32_MAX)
      continue;
    for (int k = 0; k < 2; k++)
      if (blk->succ[k] && f->blk.v[blk->succ[k]].rpo != UINT32_MAX)
        kb_remove_pred(f, blk->succ[k], b);
    while (blk->last)
      kb_del(f, blk->last);
    blk->pred.n = 0;
    blk->succ[0] = blk->succ[1] = 0;
    blk->idom = 0;
    blk->loop = 0;
    blk->dom_in = blk->dom_out = 0;
  }
}

/* -- Dominators ------------------------------------------------------------------------------------ */

static kb_bid meet(const kb_fn *f, kb_bid a, kb_bid b)
{
  while (a != b) {
    if (f->blk.v[a].rpo > f->blk.v[b].rpo)
      a = f->blk.v[a].idom;
    else
      b = f->blk.v[b].idom;
  }
  return a;
}

static void dominators(kb_fn *f)
{
  for (uint32_t i = 0; i < f->rpo.n; i++)
    f->blk.v[f->rpo.v[i]].idom = 0;
  if (f->rpo.n)
    f->blk.v[1].idom = 1; /* while it runs */
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 1; i < f->rpo.n; i++) {
      kb_blk *blk = &f->blk.v[f->rpo.v[i]];
      kb_bid dom = 0;
      for (uint32_t k = 0; k < blk->pred.n; k++)
        if (f->blk.v[blk->pred.v[k]].idom)
          dom = dom ? meet(f, dom, blk->pred.v[k]) : blk->pred.v[k];
      if (blk->idom != dom) {
        blk->idom = dom;
        changed = true;
      }
    }
  }
  if (f->rpo.n)
    f->blk.v[1].idom = 0;
}

/* Numbers the dominator tree: sizes of subtrees bottom-up in dom_out, then intervals top-down. */
static void dominator_intervals(kb_fn *f)
{
  for (uint32_t i = 0; i < f->rpo.n; i++)
    f->blk.v[f->rpo.v[i]].dom_out = 1;
  for (uint32_t i = f->rpo.n; i-- > 1;)
    f->blk.v[f->blk.v[f->rpo.v[i]].idom].dom_out += f->blk.v[f->rpo.v[i]].dom_out;
  uint32_t *used = (uint32_t *)kb_xrealloc(NULL, f->blk.n * sizeof *used); /* of the parent's interval */
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i], dom = f->blk.v[b].idom;
    uint32_t size = f->blk.v[b].dom_out;
    f->blk.v[b].dom_in = dom ? used[dom] : 0;
    f->blk.v[b].dom_out = f->blk.v[b].dom_in + size;
    if (dom)
      used[dom] += size;
    used[b] = f->blk.v[b].dom_in + 1;
  }
  free(used);
}

bool kb_dominates(const kb_fn *f, kb_bid a, kb_bid b)
{
  const kb_blk *x = &f->blk.v[a], *y = &f->blk.v[b];
  return x->dom_in <= y->dom_in && y->dom_in < x->dom_out;
}

/* -- Loops ----------------------------------------------------------------------------------------- */

static bool back_edge(const kb_fn *f, kb_bid from, kb_bid to)
{
  return f->blk.v[from].rpo >= f->blk.v[to].rpo && kb_dominates(f, to, from);
}

static uint32_t outermost(const kb_fn *f, uint32_t loop)
{
  while (f->loops.v[loop - 1].parent)
    loop = f->loops.v[loop - 1].parent;
  return loop;
}

/* Walks backwards from the latches; a loop met on the way is entered at its header and becomes an inner one. */
static void fill_loop(kb_fn *f, uint32_t loop)
{
  kb_bid header = f->loops.v[loop - 1].header;
  KB_VEC(kb_bid) work = { NULL, 0, 0 };
  for (uint32_t k = 0; k < f->blk.v[header].pred.n; k++)
    if (back_edge(f, f->blk.v[header].pred.v[k], header))
      kb_vec_push(&work, f->blk.v[header].pred.v[k]);
  f->blk.v[header].loop = loop;
  while (work.n) {
    kb_bid b = kb_vec_pop(&work);
    uint32_t have = f->blk.v[b].loop;
    if (have) {
      have = outermost(f, have);
      if (have == loop)
        continue;
      f->loops.v[have - 1].parent = loop;
      b = f->loops.v[have - 1].header;
    } else {
      f->blk.v[b].loop = loop;
    }
    for (uint32_t k = 0; k < f->blk.v[b].pred.n; k++)
      kb_vec_push(&work, f->blk.v[b].pred.v[k]);
  }
  kb_vec_free(&work);
}

/* Loops are numbered in rpo of their headers, so a parent's number is below its children's. */
static void loops(kb_fn *f)
{
  f->loops.n = 0;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    f->blk.v[b].loop = 0;
    for (uint32_t k = 0; k < f->blk.v[b].pred.n; k++)
      if (back_edge(f, f->blk.v[b].pred.v[k], b)) {
        kb_loop l = { b, 0, 0 };
        kb_vec_push(&f->loops, l);
        break;
      }
  }
  for (uint32_t loop = f->loops.n; loop; loop--) /* inner loops first */
    fill_loop(f, loop);
  for (uint32_t loop = 1; loop <= f->loops.n; loop++) {
    kb_loop *l = &f->loops.v[loop - 1];
    l->depth = l->parent ? f->loops.v[l->parent - 1].depth + 1 : 1;
  }
}

void kb_cfg(kb_fn *f)
{
  order(f);
  drop_unreachable(f);
  dominators(f);
  dominator_intervals(f);
  loops(f);
}
