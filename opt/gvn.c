/* SPDX-License-Identifier: MIT */
/* gvn.c: one computation where there were several: values, checked arithmetic, loads.
 *
 * Blocks are visited in reverse postorder; a table of expressions maps (op, operands) to values; an earlier value
 * replaces a later one in blocks that it dominates. Nothing moves, so ops that may trap and guards with results
 * need no special care: where the earlier one did not leave, the later one would not either.
 *
 * A load is keyed by the version of memory that it reads: a number that changes with every store that may alias. At a
 * join the version is the predecessors' common one or a new one; a loop header keeps its version where the loop stores
 * nothing. There are two memories: arrays made in this function, which no view of the caller's reaches, and all else.
 * The element types of two views say nothing about aliasing: NumPy views memory as it likes.
 */
#include "opt.h"
#include "subst.h"

typedef struct { uint32_t local, other; } memory; /* versions */
typedef struct { kb_ref r; uint64_t key; memory mem; uint32_t next; kb_op as; } cell;

typedef struct {
  kb_fn *f;
  kb_subst s;
  KB_VEC(cell) cells;       /* cells.v[0] unused */
  uint32_t *heads, nheads;  /* a power of two */
  memory *out;              /* memory at the end of each block */
  uint8_t *stores;          /* what each loop stores to: 1 local, 2 other */
  uint32_t versions;
  uint32_t changes;
} gvn;

/* -- Memory ------------------------------------------------------------------------------------------------ */

enum { LOCAL = 1, OTHER = 2 };

/* Which memory an array or pointer lies in. */
static unsigned region(const gvn *g, kb_ref a)
{
  while (kb_is(g->f, a, KB_VSUB))
    a = kb_v(g->f, a)->args[0];
  if (kb_is(g->f, a, KB_ALLOC))
    return LOCAL;
  if (kb_is(g->f, a, KB_PARAM))
    return OTHER;
  return LOCAL | OTHER; /* a phi or a call's result may be either */
}

static unsigned written(const gvn *g, kb_ref r)
{
  const kb_val *v = kb_v(g->f, r);
  switch (v->op) {
  case KB_ST:
  case KB_PST:
  case KB_FILL: return region(g, v->args[0]);
  case KB_ALLOC: return LOCAL; /* a recycled block */
  default: return (kb_ops[v->op].flags & KB_OF_S) ? LOCAL | OTHER : 0;
  }
}

static void bump(gvn *g, memory *m, unsigned what)
{
  if (what & LOCAL)
    m->local = ++g->versions;
  if (what & OTHER)
    m->other = ++g->versions;
}

static void loop_stores(gvn *g)
{
  kb_fn *f = g->f;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    unsigned what = 0;
    KB_FOR_INS(f, f->rpo.v[i], r)
      what |= written(g, r);
    for (uint32_t l = f->blk.v[f->rpo.v[i]].loop; l && what; l = f->loops.v[l - 1].parent)
      g->stores[l - 1] |= (uint8_t)what;
  }
}

/* The memory that a block starts with. */
static memory enter(gvn *g, kb_bid b)
{
  const kb_fn *f = g->f;
  const kb_blk *blk = &f->blk.v[b];
  memory m = { 0, 0 };
  unsigned differ = 0;
  bool first = true, header = blk->loop && f->loops.v[blk->loop - 1].header == b;
  for (uint32_t k = 0; k < blk->pred.n; k++) {
    kb_bid p = blk->pred.v[k];
    if (f->blk.v[p].rpo >= blk->rpo) {
      if (!header)
        differ = LOCAL | OTHER; /* not a natural loop */
      continue;
    }
    if (first)
      m = g->out[p];
    else
      differ |= (m.local != g->out[p].local ? LOCAL : 0u) | (m.other != g->out[p].other ? OTHER : 0u);
    first = false;
  }
  if (header)
    differ |= g->stores[blk->loop - 1];
  if (!first)
    bump(g, &m, differ);
  return m;
}

/* -- The table ---------------------------------------------------------------------------------------------------- */

/* iadd, iaddn and iaddo share a key: they compute the same where they compute. */
static kb_op family(kb_op op)
{
  switch (op) {
  case KB_IADDN:
  case KB_IADDO: return KB_IADD;
  case KB_ISUBN:
  case KB_ISUBO: return KB_ISUB;
  case KB_IMULN:
  case KB_IMULO: return KB_IMUL;
  case KB_ISHLN:
  case KB_ISHLO: return KB_ISHL;
  case KB_IPOWO: return KB_IPOW;
  default: return op;
  }
}

/* May a value of op `a` stand for one of op `b` of its family? A wrapping one does not guard. */
static bool stands_for(kb_op a, kb_op b)
{
  bool wraps = a == family(a) && a != b;
  return a == b || !wraps || kb_ops[b].kind != KB_OP_GRD;
}

static bool wanted(const kb_val *v)
{
  switch (v->op) {
  case KB_PHI:
  case KB_CONST:
  case KB_PARAM:
  case KB_UNDEF: return false;
  case KB_LD:
  case KB_PLD: return true;
  default: return v->ty != KB_T_VOID && (kb_ops[v->op].kind == KB_OP_VAL || kb_ops[v->op].kind == KB_OP_GRD);
  }
}

static uint64_t mix(uint64_t h, uint64_t x) { return (h ^ x) * UINT64_C(0x9E3779B97F4A7C15) ^ (h >> 29); }

static bool commutes(kb_op op, uint32_t n) { return n == 2 && (kb_ops[op].flags & KB_OF_C); }

static uint64_t key_of(kb_op op, kb_ty ty, int64_t imm, const kb_ref *args, uint32_t n)
{
  uint64_t h = mix(mix((uint64_t)op, ty), (uint64_t)imm);
  if (commutes(op, n))
    return mix(h, (uint64_t)args[0] * args[1] + (args[0] ^ args[1]));
  for (uint32_t i = 0; i < n; i++)
    h = mix(h, args[i]);
  return h;
}

static bool same_args(kb_op op, const kb_ref *a, const kb_ref *b, uint32_t n)
{
  return !memcmp(a, b, n * sizeof *a) || (commutes(op, n) && a[0] == b[1] && a[1] == b[0]);
}

/* Does the cell hold what v, of that family and reading that memory, computes? */
static bool same(const gvn *g, const cell *c, const kb_val *v, kb_op op, memory m)
{
  const kb_val *w = kb_v(g->f, c->r);
  uint32_t n = w->nargs;
  if (c->as != op || c->mem.local != m.local || c->mem.other != m.other)
    return false;
  if (w->op == KB_ST || w->op == KB_PST)
    n--; /* its last argument is what a load would give */
  else if (w->ty != v->ty || w->imm.i != v->imm.i || !stands_for((kb_op)w->op, (kb_op)v->op))
    return false;
  return n == v->nargs && same_args(op, w->args, v->args, n);
}

static uint64_t load_key(kb_op op, const kb_ref *args, uint32_t n, memory m)
{
  return mix(mix(key_of(op, 0, 0, args, n), m.local), m.other);
}

static void insert(gvn *g, kb_ref r, uint64_t key, memory m, kb_op as)
{
  cell c = { r, key, m, g->heads[key & (g->nheads - 1)], as };
  g->heads[key & (g->nheads - 1)] = g->cells.n;
  kb_vec_push(&g->cells, c);
}

/* The memory that a load of this array depends on; versions of the other one are left out of the key. */
static memory seen_by(const gvn *g, kb_ref array, memory m)
{
  unsigned what = region(g, array);
  memory part = { what & LOCAL ? m.local : 0, what & OTHER ? m.other : 0 };
  return part;
}

static kb_ref lookup(gvn *g, kb_ref r, memory m)
{
  kb_fn *f = g->f;
  const kb_val *v = kb_v(f, r);
  kb_op op = family((kb_op)v->op);
  bool load = op == KB_LD || op == KB_PLD;
  memory part = { 0, 0 };
  if (load)
    part = seen_by(g, v->args[0], m);
  uint64_t key = load ? load_key(op, v->args, v->nargs, part) : key_of(op, v->ty, v->imm.i, v->args, v->nargs);
  for (uint32_t i = g->heads[key & (g->nheads - 1)]; i; i = g->cells.v[i].next) {
    const cell *c = &g->cells.v[i];
    const kb_val *w = kb_v(f, c->r);
    if (c->key != key || !kb_dominates(f, w->blk, v->blk) || !same(g, c, v, op, part))
      continue;
    return w->op == KB_ST || w->op == KB_PST ? w->args[w->nargs - 1] : c->r;
  }
  insert(g, r, key, part, op);
  return 0;
}

/* What was stored is what a load of the same place gives, as the value fits the element. */
static void forward(gvn *g, kb_ref r, memory m)
{
  const kb_val *v = kb_v(g->f, r);
  kb_op as = v->op == KB_ST ? KB_LD : KB_PLD;
  memory part = seen_by(g, v->args[0], m);
  insert(g, r, load_key(as, v->args, v->nargs - 1, part), part, as);
}

/* Are x and y one step of the phis r and q, by the same value? Which form of addition does not matter: the checked
 * one stays where it is, with the other phi as its operand. */
static bool same_step(const gvn *g, kb_ref x, kb_ref y, kb_ref r, kb_ref q)
{
  const kb_val *a = kb_v(g->f, x), *b = kb_v(g->f, y);
  kb_op op = family((kb_op)a->op);
  if ((op != KB_IADD && op != KB_ISUB) || family((kb_op)b->op) != op)
    return false;
  return kb_subst_of(&g->s, a->args[0]) == r && kb_subst_of(&g->s, b->args[0]) == q &&
         kb_subst_of(&g->s, a->args[1]) == kb_subst_of(&g->s, b->args[1]);
}

/* Phis of one block are the same where their arguments are, each other aside; so are counters of a loop that begin
 * and advance alike (for i, x in enumerate(a)). */
static bool same_phis(const gvn *g, kb_ref r, kb_ref q)
{
  const kb_val *a = kb_v(g->f, r), *b = kb_v(g->f, q);
  if (a->ty != b->ty)
    return false;
  for (uint32_t i = 0; i < a->nargs; i++) {
    kb_ref x = kb_subst_of(&g->s, a->args[i]), y = kb_subst_of(&g->s, b->args[i]);
    if (x != y && !(x == r && y == q) && !same_step(g, x, y, r, q))
      return false;
  }
  return true;
}

static void merge_phis(gvn *g, kb_bid b)
{
  kb_fn *f = g->f;
  for (kb_ref r = f->blk.v[b].first; r && kb_is(f, r, KB_PHI); r = kb_v(f, r)->next)
    for (kb_ref q = kb_v(f, r)->next, next; q && kb_is(f, q, KB_PHI); q = next) {
      next = kb_v(f, q)->next;
      if (same_phis(g, r, q)) {
        kb_subst_set(&g->s, q, r);
        kb_del(f, q);
        g->changes++;
      }
    }
}

static void visit(gvn *g, kb_bid b)
{
  kb_fn *f = g->f;
  memory m = enter(g, b);
  merge_phis(g, b);
  for (kb_ref r = f->blk.v[b].first, next; r; r = next) {
    next = kb_v(f, r)->next;
    kb_subst_args(&g->s, kb_v(f, r));
    unsigned what = written(g, r);
    bump(g, &m, what);
    if (kb_is(f, r, KB_ST) || kb_is(f, r, KB_PST))
      forward(g, r, m);
    if (!wanted(kb_v(f, r)))
      continue;
    kb_ref to = lookup(g, r, m);
    if (to) {
      kb_subst_set(&g->s, r, to);
      kb_del(f, r);
      g->changes++;
    }
  }
  g->out[b] = m;
}

/* needs nothing; keeps SSA, rpo, dominators, loops. */
uint32_t kb_opt_gvn(kb_fn *f)
{
  gvn g;
  cell none = { 0, 0, { 0, 0 }, 0, KB_NOP };
  memset(&g, 0, sizeof g);
  g.f = f;
  kb_cfg(f);
  kb_subst_init(&g.s, f);
  for (g.nheads = 64; g.nheads < f->val.n; g.nheads *= 2)
    ;
  g.heads = KB_ZALLOC(uint32_t, g.nheads);
  g.out = KB_ZALLOC(memory, f->blk.n);
  g.stores = KB_ZALLOC(uint8_t, f->loops.n + 1);
  kb_vec_push(&g.cells, none);
  loop_stores(&g);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    visit(&g, f->rpo.v[i]);
  kb_subst_finish(&g.s, f);
  kb_vec_free(&g.cells);
  free(g.heads);
  free(g.out);
  free(g.stores);
  return g.changes;
}
