/* SPDX-License-Identifier: MIT */
/* spec_writes.c: which arrays a kernel may store into; the others are const in C.
 *
 * Values that may be the same array (through phis, tuples, iterators, views of a part) are joined in classes, so that
 * all of a class have one C type; a store or a call that writes marks the class.
 */
#include "specialise.h"

static uint32_t root(uint32_t *up, uint32_t x)
{
  while (up[x] != x)
    x = up[x] = up[up[x]];
  return x;
}

static bool carries_arrays(kb_ty t)
{
  const kb_type *k = kb_type_of(t);
  if (k->kind == KB_K_ITER || k->kind == KB_K_ENUMERATE)
    return carries_arrays(k->elem);
  if (k->kind == KB_K_TUPLE || k->kind == KB_K_ZIP)
    for (uint32_t i = 0; i < k->n; i++)
      if (carries_arrays(k->items[i]))
        return true;
  return k->kind == KB_K_ARRAY || k->kind == KB_K_PTR;
}

bool sp_find_writes(const kb_mod *gm, uint32_t fn, uint8_t **writes)
{
  const kb_fn *g = gm->fns.v[fn];
  uint32_t *up = KB_ZALLOC(uint32_t, g->val.n);
  uint8_t *w = KB_ZALLOC(uint8_t, g->val.n);
  bool changed = false;
  for (uint32_t i = 0; i < g->val.n; i++)
    up[i] = i;
  for (uint32_t i = 0; i < g->rpo.n; i++)
    KB_FOR_INS (g, g->rpo.v[i], r) {
      const kb_val *v = kb_v(g, r);
      for (uint32_t k = 0; carries_arrays(v->ty) && v->op != KB_OKCALL && k < v->nargs; k++)
        if (carries_arrays(kb_v(g, v->args[k])->ty))
          up[root(up, v->args[k])] = root(up, r);
    }
  for (uint32_t i = 0; i < g->rpo.n; i++)
    KB_FOR_INS (g, g->rpo.v[i], r) {
      const kb_val *v = kb_v(g, r);
      if (v->op == KB_OSETITEM && !kb_type_of(kb_v(g, v->args[0])->ty)->readonly)
        w[root(up, v->args[0])] = 1;
      if (v->op == KB_OCALL && kb_type_of(v->ty)->kind == KB_K_ARRAY)
        w[root(up, r)] = 1;
      for (uint32_t k = 0; v->op == KB_OKCALL && k < v->nargs; k++) {
        const kb_fn *callee = gm->fns.v[v->imm.i];
        if (callee->params && carries_arrays(kb_v(g, v->args[k])->ty) && writes[v->imm.i][callee->params[k]])
          w[root(up, v->args[k])] = 1;
      }
    }
  for (uint32_t r = 1; r < g->val.n; r++)
    if (w[root(up, r)] && !writes[fn][r])
      writes[fn][r] = 1, changed = true;
  free(up);
  free(w);
  return changed;
}
