/* SPDX-License-Identifier: MIT */
/* subst.h: "this value is that one now": the substitution that a pass collects and applies as it goes. */
#ifndef KB_SUBST_H
#define KB_SUBST_H
#include "../ir/ir.h"

#include <string.h>

typedef struct { kb_ref *to; uint32_t n; } kb_subst; /* to[r]: what r became; 0: itself; values from n on: themselves */

static inline void kb_subst_init(kb_subst *s, const kb_fn *f)
{
  s->n = f->val.n;
  s->to = KB_ZALLOC(kb_ref, s->n);
}
static inline kb_ref kb_subst_of(const kb_subst *s, kb_ref r)
{
  while (r < s->n && s->to[r])
    r = s->to[r];
  return r;
}
static inline void kb_subst_set(kb_subst *s, kb_ref r, kb_ref to)
{
  if (r < s->n && r != to)
    s->to[r] = to;
}
static inline void kb_subst_args(const kb_subst *s, kb_val *v)
{
  for (uint32_t i = 0; i < v->nargs; i++)
    v->args[i] = kb_subst_of(s, v->args[i]);
}
/* Rewrites all uses; the substitution is spent. */
static inline void kb_subst_finish(kb_subst *s, kb_fn *f)
{
  s->to = (kb_ref *)kb_xrealloc(s->to, f->val.n * sizeof *s->to);
  if (f->val.n > s->n)
    memset(s->to + s->n, 0, (f->val.n - s->n) * sizeof *s->to);
  kb_replace_all(f, s->to);
  free(s->to);
}
#endif
