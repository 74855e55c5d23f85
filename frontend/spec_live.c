/* SPDX-License-Identifier: MIT */
/* spec_live.c: which generic values are live where a function may be left: the slots of its frames. */
#include "specialise.h"

#include <string.h>

static bool in_slot(const kb_fn *g, kb_ref r) { return kb_v(g, r)->blk || kb_is(g, r, KB_PARAM); }

static void add_phi_uses(const kb_fn *g, kb_bid b, kb_bid succ, kb_bits *live)
{
  const kb_blk *k = &g->blk.v[succ];
  uint32_t at = 0;
  while (at < k->pred.n && k->pred.v[at] != b)
    at++;
  KB_FOR_INS (g, succ, r) {
    if (!kb_is(g, r, KB_PHI))
      break;
    kb_bits_clear(live, r);
  }
  KB_FOR_INS (g, succ, r) {
    if (!kb_is(g, r, KB_PHI))
      break;
    if (in_slot(g, kb_v(g, r)->args[at]))
      kb_bits_set(live, kb_v(g, r)->args[at]);
  }
}

static kb_ref *list_of(kb_arena *a, const kb_bits *b)
{
  uint32_t n = 0;
  for (uint32_t i = 0; kb_bits_next(b, &i); i++)
    n++;
  kb_ref *l = KB_NEW(a, kb_ref, n + 1);
  n = 0;
  for (uint32_t i = 0; kb_bits_next(b, &i); i++)
    l[n++] = i;
  return l;
}

/* Live at the end of block b, from the live-in sets of its successors. */
static void live_out(const kb_fn *g, kb_bid b, const kb_bits *in, kb_bits *out, kb_bits *tmp)
{
  memset(out->w, 0, (size_t)((out->n + 63) / 64) * 8);
  for (int i = 0; i < 2; i++) {
    kb_bid to = g->blk.v[b].succ[i];
    if (!to)
      continue;
    memcpy(tmp->w, in[to].w, (size_t)((out->n + 63) / 64) * 8);
    add_phi_uses(g, b, to, tmp);
    kb_bits_or(out, tmp);
  }
}

static void step_back(const kb_fn *g, kb_ref r, kb_bits *live)
{
  const kb_val *v = kb_v(g, r);
  kb_bits_clear(live, r);
  for (uint32_t i = 0; v->op != KB_PHI && i < v->nargs; i++)
    if (in_slot(g, v->args[i]))
      kb_bits_set(live, v->args[i]);
}

static bool is_head(const kb_fn *g, kb_bid b)
{
  uint32_t loop = g->blk.v[b].loop;
  return loop && g->loops.v[loop - 1].header == b;
}

void sp_liveness(sp *s)
{
  const kb_fn *g = s->g;
  kb_bits *in = KB_ZALLOC(kb_bits, g->blk.n), out, tmp;
  for (uint32_t i = 0; i < g->blk.n; i++)
    kb_bits_init(&in[i], g->val.n);
  kb_bits_init(&out, g->val.n);
  kb_bits_init(&tmp, g->val.n);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = g->rpo.n; i-- > 0;) {
      kb_bid b = g->rpo.v[i];
      live_out(g, b, in, &out, &tmp);
      for (kb_ref r = g->blk.v[b].last; r; r = kb_v(g, r)->prev)
        step_back(g, r, &out);
      again |= kb_bits_or(&in[b], &out);
    }
  }
  for (uint32_t i = 0; i < g->rpo.n; i++) {
    kb_bid b = g->rpo.v[i];
    live_out(g, b, in, &out, &tmp);
    for (kb_ref r = g->blk.v[b].last; r; r = kb_v(g, r)->prev) {
      const kb_oprow *row = &kb_ops[kb_v(g, r)->op];
      if (kb_is(g, r, KB_OKCALL)) {
        kb_bits_clear(&out, r);
        s->live[r] = list_of(s->f->arena, &out);
      }
      step_back(g, r, &out);
      if (!kb_is(g, r, KB_OKCALL) && ((row->flags & KB_OF_T) || row->kind == KB_OP_CTL || s->t->jit))
        s->live[r] = list_of(s->f->arena, &out);
      if (s->head_live && is_head(g, b) && !kb_is(g, r, KB_PHI) && (!kb_v(g, r)->prev || kb_is(g, kb_v(g, r)->prev, KB_PHI)))
        s->head_live[b] = list_of(s->f->arena, &out);
    }
  }
  for (uint32_t i = 0; i < g->blk.n; i++)
    kb_bits_free(&in[i]);
  kb_bits_free(&out);
  kb_bits_free(&tmp);
  free(in);
}
