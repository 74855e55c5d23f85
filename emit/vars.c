/* SPDX-License-Identifier: MIT */
/* vars.c: SSA values to C variables: which are folded into expressions, which share a variable.
 *
 * A value is folded when one instruction of its block uses it and nothing between the two could change what it
 * reads. Snapshots may use a folded value as well: exits recompute it (it is rematerialised), so that no variable
 * is kept alive for exits alone. Phis and their arguments share a variable when their live ranges do not meet:
 * the classes of Sreedhar et al. (Translating Out of Static Single Assignment Form, SAS 1999), tested with
 * liveness at definitions as in Boissinot et al. (CGO 2009). Edges that need copies and leave a block with two
 * ways out are split first, so that every copy has a place of its own.
 */
#include "out.h"

#include <string.h>

enum { MOST_NODES = 10 }; /* of a folded expression: longer ones get a variable */

/* -- Critical edges, sinking -------------------------------------------------------------------------- */

static bool has_phi(const kb_fn *f, kb_bid b)
{
  return f->blk.v[b].first && kb_is(f, f->blk.v[b].first, KB_PHI);
}

static void split_edges(kb_fn *f)
{
  uint32_t n = f->blk.n;
  bool any = false;
  for (kb_bid b = 1; b < n; b++) {
    if (f->blk.v[b].rpo == UINT32_MAX || !f->blk.v[b].succ[1])
      continue;
    for (int i = 0; i < 2; i++) {
      kb_bid to = f->blk.v[b].succ[i];
      if (f->blk.v[to].pred.n < 2 || !has_phi(f, to))
        continue;
      kb_bid mid = kb_blk_new(f);
      kb_loc loc = kb_v(f, f->blk.v[b].last)->loc;
      kb_ref j = kb_ins(f, mid, KB_JMP, KB_T_VOID, NULL, 0, loc);
      (void)j;
      f->blk.v[mid].succ[0] = to;
      kb_vec_push(&f->blk.v[mid].pred, b);
      f->blk.v[b].succ[i] = mid;
      for (uint32_t p = 0; p < f->blk.v[to].pred.n; p++)
        if (f->blk.v[to].pred.v[p] == b)
          f->blk.v[to].pred.v[p] = mid;
      any = true;
    }
  }
  if (any)
    kb_cfg(f);
}

/* A plain expression of integers: cheap enough to be computed again by an exit. */
static bool is_cheap(const kb_val *v)
{
  const kb_oprow *row = &kb_ops[v->op];
  return row->kind == KB_OP_VAL && (v->op == KB_VLEN || v->op == KB_ITEM || (v->op >= KB_IADDN && row->prec < 16 && v->op < KB_FPOW));
}

typedef struct { uint32_t n, snap; kb_ref user; kb_bid at; } uses; /* at: block where the single use happens */

static void count_snap(kb_ref *use, void *data) { ((uses *)data)[*use].snap++; }

static uses *count(kb_fn *f)
{
  uses *u = KB_ZALLOC(uses, f->val.n);
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    KB_FOR_INS (f, b, r) {
      const kb_val *v = kb_v(f, r);
      for (uint32_t k = 0; k < v->nargs; k++) {
        uses *x = &u[v->args[k]];
        x->n++;
        x->user = r;
        x->at = v->op == KB_PHI ? f->blk.v[b].pred.v[k] : b;
      }
      if (v->snap)
        kb_snap_uses(f, &f->snap.v[v->snap - 1], count_snap, u);
    }
  }
  return u;
}

/* i + 1, computed at the top of a loop for its end, is computed there. */
static void sink(kb_fn *f, const uses *u)
{
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    kb_ref next;
    for (kb_ref r = f->blk.v[b].first; r; r = next) {
      next = kb_v(f, r)->next;
      const uses *x = &u[r];
      if (!is_cheap(kb_v(f, r)) || x->n != 1 || !kb_is(f, x->user, KB_PHI) || x->at == b)
        continue;
      if (f->blk.v[x->at].loop == f->blk.v[b].loop)
        kb_move_before(f, r, f->blk.v[x->at].last);
    }
  }
}

/* -- Folding -------------------------------------------------------------------------------------------- */

static bool is_load(const kb_val *v) { return v->op == KB_LD || v->op == KB_PLD; }

static bool may_fold(const kb_val *v)
{
  if (is_load(v))
    return true;
  return kb_ops[v->op].kind == KB_OP_VAL && v->op != KB_PHI && v->op != KB_VSUB && v->op != KB_CONST && v->op != KB_UNDEF &&
         v->op != KB_PARAM && v->op != KB_OSR;
}

/* Lengths of parameters are as good as variables: x.shape[0]. */
static bool always_folds(const kb_fn *f, const kb_val *v)
{
  return v->op == KB_ITEM || (v->op == KB_VLEN && kb_is(f, v->args[0], KB_PARAM));
}

/* 0.0 - x with an x that cannot be -0.0 as gcc sees it: it makes that -x, which is -0.0 for 0.0 (as of gcc 12). In a
 * variable of its own x keeps its secret. Conversions of constants are zeros, too, until a pass folds them. */
static bool is_zero_minus(const kb_fn *f, kb_ref user, kb_ref r)
{
  const kb_val *v = kb_v(f, user);
  if ((v->op != KB_FSUB && v->op != KB_SSUB) || v->args[1] != r)
    return false;
  const kb_val *a = kb_v(f, v->args[0]);
  if (a->op == KB_CONST ? (a->ty == KB_T_F32 ? (double)a->imm.s : a->imm.d) != 0
                       : a->op != KB_I2F && a->op != KB_I2S && a->op != KB_F2S && a->op != KB_S2F)
    return false;
  switch (kb_v(f, r)->op) {
  case KB_I2F: case KB_I2S: case KB_U2F: case KB_U2S: case KB_FABS: case KB_SABS: case KB_SEL: return true;
  default: return false;
  }
}

static void fold_block(out *o, kb_bid b, const uses *u, uint32_t *last, uint32_t *nodes, uint32_t *store_after)
{
  kb_fn *f = o->f;
  uint32_t n = 0, s = UINT32_MAX;
  KB_FOR_INS (f, b, r)
    o->pos[r] = n++;
  for (kb_ref r = f->blk.v[b].last; r; r = kb_v(f, r)->prev) { /* first store at or behind each position */
    if (kb_ops[kb_v(f, r)->op].flags & KB_OF_S)
      s = o->pos[r];
    store_after[o->pos[r]] = s;
  }
  store_after[n] = UINT32_MAX;
  for (kb_ref r = f->blk.v[b].last; r; r = kb_v(f, r)->prev) {
    const kb_val *v = kb_v(f, r);
    const uses *x = &u[r];
    last[r] = o->pos[r];
    if (!may_fold(v) || v->ty == KB_T_VOID)
      continue;
    if (always_folds(f, v)) {
      o->folded[r] = 1;
      nodes[r] = 1;
      continue;
    }
    if (x->n != 1 || x->at != b || (x->snap && !is_cheap(v)) || is_zero_minus(f, x->user, r))
      continue;
    bool phi = kb_is(f, x->user, KB_PHI);
    uint32_t end = phi ? n : last[x->user];
    uint32_t size = phi || !o->folded[x->user] ? 1 : nodes[x->user] + 1;
    if (size > MOST_NODES || (is_load(v) && store_after[o->pos[r] + 1] < end))
      continue;
    o->folded[r] = 1;
    last[r] = end;
    nodes[r] = size;
  }
}

bool out_has_variable(const out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  return v->blk && v->ty != KB_T_VOID && !o->folded[r];
}

/* -- Leaves: what evaluating a value reads ---------------------------------------------------------------- */

static void leaves(const out *o, kb_ref r, void (*fn)(kb_ref leaf, void *data), void *data)
{
  const kb_val *v = kb_v(o->f, r);
  if (v->op == KB_CONST || v->op == KB_UNDEF)
    return;
  if (!o->folded[r]) {
    fn(r, data);
    return;
  }
  for (uint32_t i = 0; i < v->nargs; i++)
    leaves(o, v->args[i], fn, data);
}

typedef struct { const out *o; void (*fn)(uint32_t, void *); void *data; } by_var;
static void leaf_var(kb_ref leaf, void *data)
{
  by_var *d = (by_var *)data;
  d->fn(d->o->var[leaf], d->data);
}

void out_leaves(const out *o, kb_ref r, void (*fn)(uint32_t, void *), void *data)
{
  by_var d = { o, fn, data };
  leaves(o, r, leaf_var, &d);
}

/* -- Liveness of variables ------------------------------------------------------------------------------------ */

typedef struct {
  out *o;
  kb_bits *in, *outs;       /* per block */
} live;

static void set_live(kb_ref leaf, void *data) { kb_bits_set((kb_bits *)data, leaf); }

typedef struct { const out *o; kb_bits *b; } snap_ctx;
static void snap_live(kb_ref *use, void *data)
{
  snap_ctx *c = (snap_ctx *)data;
  leaves(c->o, *use, set_live, c->b);
}

/* Uses of an instruction, folded operands included, snapshots too. */
static void add_uses(const out *o, kb_ref r, kb_bits *b)
{
  const kb_val *v = kb_v(o->f, r);
  if (v->op != KB_PHI)
    for (uint32_t i = 0; i < v->nargs; i++)
      leaves(o, v->args[i], set_live, b);
  if (v->snap) {
    snap_ctx c = { o, b };
    kb_snap_uses(o->f, &o->f->snap.v[v->snap - 1], snap_live, &c);
  }
}

static void block_out(live *l, kb_bid b)
{
  const kb_fn *f = l->o->f;
  for (int i = 0; i < 2; i++) {
    kb_bid to = f->blk.v[b].succ[i];
    if (!to)
      continue;
    kb_bits_or(&l->outs[b], &l->in[to]);
    uint32_t at = 0;
    while (f->blk.v[to].pred.v[at] != b)
      at++;
    KB_FOR_INS (f, to, r) {
      if (!kb_is(f, r, KB_PHI))
        break;
      leaves(l->o, kb_v(f, r)->args[at], set_live, &l->outs[b]);
    }
  }
}

static void liveness(live *l)
{
  kb_fn *f = l->o->f;
  kb_bits now;
  kb_bits_init(&now, f->val.n);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = f->rpo.n; i-- > 0;) {
      kb_bid b = f->rpo.v[i];
      block_out(l, b);
      memcpy(now.w, l->outs[b].w, (size_t)((now.n + 63) / 64) * 8);
      for (kb_ref r = f->blk.v[b].last; r; r = kb_v(f, r)->prev) {
        if (l->o->folded[r])
          continue;
        kb_bits_clear(&now, r);
        add_uses(l->o, r, &now);
      }
      again |= kb_bits_or(&l->in[b], &now);
    }
  }
  kb_bits_free(&now);
}

/* -- Interference, only between values that a phi brings together ------------------------------------------------ */

/* For every value of `want`: the values of `want` that are live right behind its definition. */
typedef struct { KB_VEC(uint64_t) pair; } graph;

static void add_pairs(graph *g, const kb_bits *now, const kb_bits *want, kb_ref def)
{
  for (uint32_t x = 0; kb_bits_next(want, &x); x++)
    if (x != def && kb_bits_has(now, x)) {
      uint64_t lo = x < def ? x : def, hi = x < def ? def : x;
      kb_vec_push(&g->pair, lo << 32 | hi);
    }
}

static int by_value(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void interference(live *l, const kb_bits *want, graph *g)
{
  kb_fn *f = l->o->f;
  kb_bits now;
  kb_bits_init(&now, f->val.n);
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    memcpy(now.w, l->outs[b].w, (size_t)((now.n + 63) / 64) * 8);
    for (kb_ref r = f->blk.v[b].last; r; r = kb_v(f, r)->prev) {
      if (l->o->folded[r])
        continue;
      bool phi = kb_is(f, r, KB_PHI);
      /* an exit happens when the result may already be written: its values must not share the variable */
      if (kb_v(f, r)->snap) {
        snap_ctx c = { l->o, &now };
        kb_snap_uses(f, &f->snap.v[kb_v(f, r)->snap - 1], snap_live, &c);
      }
      if (kb_bits_has(want, r))
        add_pairs(g, &now, want, r);
      if (!phi) {
        kb_bits_clear(&now, r);
        add_uses(l->o, r, &now);
      }
    }
    /* phis of one block are defined together: they stay in `now`, so that they meet each other */
  }
  /* parameters are defined at the entry */
  for (uint32_t p = 0; p < f->nparams; p++)
    if (kb_bits_has(want, f->params[p])) {
      memcpy(now.w, l->in[f->rpo.v[0]].w, (size_t)((now.n + 63) / 64) * 8);
      add_pairs(g, &now, want, f->params[p]);
    }
  kb_bits_free(&now);
  if (g->pair.n)
    qsort(g->pair.v, g->pair.n, sizeof *g->pair.v, by_value);
}

static bool interfere(const graph *g, kb_ref a, kb_ref b)
{
  uint64_t key = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
  return g->pair.n && bsearch(&key, g->pair.v, g->pair.n, sizeof key, by_value);
}

/* -- Classes ------------------------------------------------------------------------------------------------------- */

/* Values that may share a variable with a phi: not results of calls, whose address is taken. */
static bool can_share(const out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  return (out_has_variable(o, r) && v->op != KB_CALL) || v->op == KB_PARAM;
}

static void coalesce(out *o, live *l)
{
  kb_fn *f = o->f;
  kb_bits want;
  graph g = { { 0 } };
  kb_ref *next = KB_ZALLOC(kb_ref, f->val.n); /* members of a class in a ring */
  kb_bits_init(&want, f->val.n);
  for (kb_ref r = 1; r < f->val.n; r++)
    o->var[r] = next[r] = r;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r)
      if (kb_is(f, r, KB_PHI)) {
        kb_bits_set(&want, r);
        for (uint32_t k = 0; k < kb_v(f, r)->nargs; k++)
          if (can_share(o, kb_v(f, r)->args[k]))
            kb_bits_set(&want, kb_v(f, r)->args[k]);
      }
  interference(l, &want, &g);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r) {
      if (!kb_is(f, r, KB_PHI))
        continue;
      for (uint32_t k = 0; k < kb_v(f, r)->nargs; k++) {
        kb_ref a = kb_v(f, r)->args[k];
        if (!can_share(o, a) || o->var[a] == o->var[r] || kb_v(f, a)->ty != kb_v(f, r)->ty)
          continue;
        bool meet = false;
        for (kb_ref x = r, x0 = 0; !meet && x != x0; x0 = r, x = next[x])
          for (kb_ref y = a, y0 = 0; !meet && y != y0; y0 = a, y = next[y])
            meet = interfere(&g, x, y);
        if (meet)
          continue;
        kb_ref t = next[r], rep = kb_is(f, o->var[a], KB_PARAM) ? o->var[a] : o->var[r];
        next[r] = next[a], next[a] = t;
        for (kb_ref x = r, x0 = 0; x != x0; x0 = r, x = next[x])
          o->var[x] = rep;
      }
    }
  kb_bits_free(&want);
  kb_vec_free(&g.pair);
  free(next);
}

/* -- Names ---------------------------------------------------------------------------------------------------------- */

/* What C, its headers and the kernel's own text have a use for. Everything else that emitted files define begins with kb_. */
static bool reserved(const char *s)
{
  bool plain = true;
  for (const char *c = s; *c; c++)
    plain &= (unsigned char)*c < 128;
  return (plain && !kb_cname_local_ok(s)) || !strcmp(s, "ret") || !strncmp(s, "KB_", 3) || s[0] == '_';
}

typedef struct { const char **v; uint32_t cap; } nameset;

static bool claim(nameset *s, const char *name) /* interned */
{
  uint32_t h = (uint32_t)((uintptr_t)name >> 4) * 2654435761u;
  for (;; h++) {
    const char **p = &s->v[h & (s->cap - 1)];
    if (*p == name)
      return false;
    if (!*p)
      return *p = name, true;
  }
}

static const char *unique(nameset *s, const char *base, uint32_t *counter)
{
  char buf[300];
  const char *n = base ? base : "t";
  bool bare = base && !reserved(base);
  if (bare && claim(s, kb_intern(base)))
    return kb_intern(base);
  if (base && !bare) {
    snprintf(buf, sizeof buf, "%s%.250s_", n[0] == '_' ? "v" : "", n);
    if (claim(s, kb_intern(buf)))
      return kb_intern(buf);
  }
  bool digit = n[strlen(n) - 1] >= '0' && n[strlen(n) - 1] <= '9';
  do
    snprintf(buf, sizeof buf, n[0] != '_' && !reserved(n) ? "%.250s%s%u" : "v%.250s%s%u", n, digit ? "_" : "", ++*counter);
  while (!claim(s, kb_intern(buf)));
  return kb_intern(buf);
}

static const char *class_name(const out *o, const kb_ref *first_named, kb_ref rep)
{
  return first_named[rep] ? kb_v(o->f, first_named[rep])->name : NULL;
}

static void give_names(out *o)
{
  kb_fn *f = o->f;
  nameset s = { NULL, 64 };
  uint32_t counter = 0;
  kb_ref *named = KB_ZALLOC(kb_ref, f->val.n);
  while (s.cap < f->val.n * 2)
    s.cap *= 2;
  s.v = KB_ZALLOC(const char *, s.cap);
  for (uint32_t p = 0; p < f->nparams; p++)
    o->name[f->params[p]] = unique(&s, kb_v(f, f->params[p])->name, &counter);
  for (int phis = 1; phis >= 0; phis--) /* the phi's own name is the variable's, if it has one */
    for (uint32_t i = 0; i < f->rpo.n; i++)
      KB_FOR_INS (f, f->rpo.v[i], r)
        if (out_has_variable(o, r) && kb_v(f, r)->name && kb_is(f, r, KB_PHI) == (phis == 1) && !named[o->var[r]])
          named[o->var[r]] = r;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r)
      if (out_has_variable(o, r) && !o->name[o->var[r]])
        o->name[o->var[r]] = unique(&s, class_name(o, named, o->var[r]), &counter);
  free(s.v);
  free(named);
}

static void find_zeroed(out *o)
{
  kb_fn *f = o->f;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r)
      for (uint32_t k = 0; kb_is(f, r, KB_PHI) && k < kb_v(f, r)->nargs; k++)
        if (kb_is(f, kb_v(f, r)->args[k], KB_UNDEF))
          o->zeroed[o->var[r]] = 1;
}

/* -- All of it ------------------------------------------------------------------------------------------------------------ */

void out_vars(out *o)
{
  kb_fn *f = o->f;
  split_edges(f);
  uses *u = count(f);
  sink(f, u);
  free(u);
  u = count(f);
  uint32_t n = f->val.n;
  o->folded = KB_ZALLOC(uint8_t, n);
  o->pos = KB_ZALLOC(uint32_t, n);
  o->var = KB_ZALLOC(uint32_t, n);
  o->name = KB_ZALLOC(const char *, n);
  o->zeroed = KB_ZALLOC(uint8_t, n);
  uint32_t *last = KB_ZALLOC(uint32_t, n), *nodes = KB_ZALLOC(uint32_t, n), *stores = KB_ZALLOC(uint32_t, n + 2);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    fold_block(o, f->rpo.v[i], u, last, nodes, stores);
  live l = { .o = o, .in = KB_ZALLOC(kb_bits, f->blk.n), .outs = KB_ZALLOC(kb_bits, f->blk.n) };
  for (uint32_t b = 0; b < f->blk.n; b++) {
    kb_bits_init(&l.in[b], n);
    kb_bits_init(&l.outs[b], n);
  }
  liveness(&l);
  coalesce(o, &l);
  give_names(o);
  find_zeroed(o);
  for (uint32_t b = 0; b < f->blk.n; b++) {
    kb_bits_free(&l.in[b]);
    kb_bits_free(&l.outs[b]);
  }
  free(l.in);
  free(l.outs);
  free(u);
  free(last);
  free(nodes);
  free(stores);
}

void out_vars_free(out *o)
{
  free(o->folded);
  free(o->pos);
  free(o->var);
  free(o->name);
  free(o->zeroed);
}
