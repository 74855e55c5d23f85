/* SPDX-License-Identifier: MIT */
/* slots.c: slots for the values of a generic function, for its image.
 *
 * A value's live range is a sorted list of intervals over points: one in front of each instruction, and one at the end
 * of each block, where the arguments of phis are read; blocks in reverse postorder. In SSA form two values are live at
 * once just where their lists overlap. Phis are joined with their arguments as long as the lists stay apart, those of
 * inner loops first; what has been joined gets one slot, by a scan over the points. So values that are live at the same
 * pc never share a slot: snapshots name them.
 *
 * An exception may come from any instruction of a block that has a handler: for liveness such a block is a predecessor
 * of the handler, and what the handler needs is live all through it.
 */
#include "slots.h"

#include <string.h>

typedef struct { uint32_t from, to; } interval;   /* from <= point < to */
typedef struct { interval *v; uint32_t n; } range; /* ascending, apart */
typedef struct { kb_bid blk; uint32_t point; } use;

typedef struct {
  kb_slots *s;
  const kb_fn *f;
  kb_arena *arena;
  uint32_t *point;      /* by instruction: the point in front of it */
  uint32_t *start, *end; /* by block */
  uint32_t *first_use;  /* by value, into uses; one more behind the last */
  use *uses;
  kb_bid *under;        /* blocks by handler: those of handler h are under[under_at[h]] ... */
  uint32_t *under_at;
  range *live;          /* by value; of joined ones: by the one that stands for them */
  kb_ref *rep;          /* who stands for it */
  kb_ref *mark;         /* by block: the value it was last touched for */
  uint32_t *last;       /* by block: the last point at which that value is live */
  uint8_t *in;          /* by block: is it live where the block starts */
  KB_VEC(kb_bid) touched, work;
} alloc;

bool kb_slots_skips(const kb_fn *f, kb_ref arg) { return kb_is(f, arg, KB_UNDEF) && !f->dynamic; }

static bool has_slot(const kb_fn *f, kb_ref r) { return kb_v(f, r)->blk || kb_is(f, r, KB_PARAM); }

/* -- Points, uses, handlers -------------------------------------------------------------------------- */

static void number_points(alloc *a)
{
  const kb_fn *f = a->f;
  uint32_t p = 0;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    a->start[b] = p;
    KB_FOR_INS(f, b, r)
      if (!kb_is(f, r, KB_PHI))
        a->point[r] = p++;
    a->end[b] = p++;
  }
}

static void add_const(alloc *a, kb_ref r)
{
  if (has_slot(a->f, r) || a->s->slot[r] != KB_NOSLOT)
    return;
  a->s->slot[r] = a->s->consts.n;
  kb_vec_push(&a->s->consts, r);
}

/* Uses by value: counted, then placed, each value's from first_use on. */
static void collect_uses(alloc *a)
{
  const kb_fn *f = a->f;
  for (uint32_t pass = 0; pass < 2; pass++) {
    for (uint32_t i = 0; i < f->rpo.n; i++) {
      kb_bid b = f->rpo.v[i];
      KB_FOR_INS(f, b, r) {
        const kb_val *v = kb_v(f, r);
        for (uint32_t k = 0; k < v->nargs; k++) {
          kb_ref x = v->args[k];
          bool phi = v->op == KB_PHI;
          if (!has_slot(f, x)) {
            if (!pass && !(phi && kb_slots_skips(f, x)))
              add_const(a, x);
          } else if (!pass) {
            a->first_use[x]++;
          } else {
            kb_bid at = phi ? f->blk.v[b].pred.v[k] : b;
            use u = { at, phi ? a->end[at] : a->point[r] };
            a->uses[--a->first_use[x]] = u;
          }
        }
      }
    }
    if (pass)
      break;
    for (uint32_t x = 1; x <= f->val.n; x++)
      a->first_use[x] += a->first_use[x - 1];
    a->uses = KB_NEW(a->arena, use, a->first_use[f->val.n] + 1);
  }
}

static void blocks_by_handler(alloc *a)
{
  const kb_fn *f = a->f;
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    if (f->blk.v[f->rpo.v[i]].handler)
      n++, a->under_at[f->blk.v[f->rpo.v[i]].handler]++;
  a->under = KB_NEW(a->arena, kb_bid, n + 1);
  for (uint32_t b = 1; b <= f->blk.n; b++)
    a->under_at[b] += a->under_at[b - 1];
  for (uint32_t i = 0; i < f->rpo.n && n; i++)
    if (f->blk.v[f->rpo.v[i]].handler)
      a->under[--a->under_at[f->blk.v[f->rpo.v[i]].handler]] = f->rpo.v[i];
}

/* -- Live ranges --------------------------------------------------------------------------------------- */

/* Live in block b up to this point; and, if it is defined elsewhere, from the block's start, so before it too. */
static void live_at(alloc *a, kb_ref v, kb_bid def, kb_bid b, uint32_t point)
{
  if (a->mark[b] != v) {
    a->mark[b] = v;
    a->last[b] = point;
    a->in[b] = 0;
    kb_vec_push(&a->touched, b);
  } else if (a->last[b] < point) {
    a->last[b] = point;
  }
  if (b != def && !a->in[b]) {
    a->in[b] = 1;
    kb_vec_push(&a->work, b);
  }
}

static void walk_up(alloc *a, kb_ref v, kb_bid def)
{
  while (a->work.n) {
    kb_bid b = kb_vec_pop(&a->work);
    const kb_blk *blk = &a->f->blk.v[b];
    for (uint32_t i = 0; i < blk->pred.n; i++)
      live_at(a, v, def, blk->pred.v[i], a->end[blk->pred.v[i]]);
    for (uint32_t i = a->under_at[b]; i < a->under_at[b + 1]; i++)
      live_at(a, v, def, a->under[i], a->end[a->under[i]]);
  }
}

static void sort_touched(alloc *a)
{
  const kb_blk *blk = a->f->blk.v;
  kb_bid *t = a->touched.v;
  uint32_t n = a->touched.n;
  for (uint32_t gap = n / 2; gap; gap /= 2) /* Shell: few blocks as a rule */
    for (uint32_t i = gap; i < n; i++) {
      kb_bid b = t[i];
      uint32_t k = i;
      for (; k >= gap && blk[t[k - gap]].rpo > blk[b].rpo; k -= gap)
        t[k] = t[k - gap];
      t[k] = b;
    }
}

static void live_range(alloc *a, kb_ref v)
{
  const kb_val *x = kb_v(a->f, v);
  kb_bid def = x->op == KB_PARAM ? 1 : x->blk;
  uint32_t from = x->op == KB_PARAM || x->op == KB_PHI ? a->start[def] : a->point[v] + 1;
  a->touched.n = 0;
  for (uint32_t i = a->first_use[v]; i < a->first_use[v + 1]; i++)
    live_at(a, v, def, a->uses[i].blk, a->uses[i].point);
  walk_up(a, v, def);
  sort_touched(a);
  range *r = &a->live[v];
  r->v = KB_NEW(a->arena, interval, a->touched.n);
  for (uint32_t i = 0; i < a->touched.n; i++) {
    kb_bid b = a->touched.v[i];
    interval t = { a->in[b] ? a->start[b] : from, a->last[b] + 1 };
    if (r->n && r->v[r->n - 1].to == t.from)
      r->v[r->n - 1].to = t.to;
    else
      r->v[r->n++] = t;
  }
}

/* -- Joining phis with their arguments -------------------------------------------------------------------- */

static kb_ref find(alloc *a, kb_ref r)
{
  while (a->rep[r] != r)
    r = a->rep[r] = a->rep[a->rep[r]];
  return r;
}

static bool overlap(const range *x, const range *y)
{
  for (uint32_t i = 0, k = 0; i < x->n && k < y->n;) {
    if (x->v[i].to <= y->v[k].from)
      i++;
    else if (y->v[k].to <= x->v[i].from)
      k++;
    else
      return true;
  }
  return false;
}

static void join(alloc *a, kb_ref x, kb_ref y)
{
  x = find(a, x);
  y = find(a, y);
  range *p = &a->live[x], *q = &a->live[y];
  if (x == y || overlap(p, q))
    return;
  range r = { KB_NEW(a->arena, interval, p->n + q->n), 0 };
  for (uint32_t i = 0, k = 0; i < p->n || k < q->n;) {
    interval t = k == q->n || (i < p->n && p->v[i].from < q->v[k].from) ? p->v[i++] : q->v[k++];
    if (r.n && r.v[r.n - 1].to == t.from)
      r.v[r.n - 1].to = t.to;
    else
      r.v[r.n++] = t;
  }
  a->rep[y] = x;
  *p = r;
}

typedef struct { kb_ref phi; uint32_t arg, depth, order; } edge;

static int by_depth(const void *a, const void *b)
{
  const edge *x = (const edge *)a, *y = (const edge *)b;
  if (x->depth != y->depth)
    return x->depth > y->depth ? -1 : 1;
  return x->order < y->order ? -1 : 1;
}

static uint32_t depth_of(const kb_fn *f, kb_bid b)
{
  uint32_t loop = f->blk.v[b].loop;
  return loop ? f->loops.v[loop - 1].depth : 0;
}

static bool has_uses(const alloc *a, kb_ref r) { return a->first_use[r] < a->first_use[r + 1]; }

static void join_phis(alloc *a)
{
  const kb_fn *f = a->f;
  KB_VEC(edge) edges = { NULL, 0, 0 };
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS(f, f->rpo.v[i], r) {
      const kb_val *v = kb_v(f, r);
      if (v->op != KB_PHI)
        break;
      for (uint32_t k = 0; k < v->nargs && has_uses(a, r); k++) {
        edge e = { r, v->args[k], depth_of(f, f->blk.v[v->blk].pred.v[k]), edges.n };
        if (has_slot(f, e.arg) && e.arg != r)
          kb_vec_push(&edges, e);
      }
    }
  if (edges.n)
    qsort(edges.v, edges.n, sizeof *edges.v, by_depth);
  for (uint32_t i = 0; i < edges.n; i++)
    join(a, edges.v[i].phi, edges.v[i].arg);
  kb_vec_free(&edges);
}

/* -- Slots ----------------------------------------------------------------------------------------------------- */

typedef struct { uint32_t from, to; kb_ref v; } span;

static int by_start(const void *a, const void *b)
{
  const span *x = (const span *)a, *y = (const span *)b;
  if (x->from != y->from)
    return x->from < y->from ? -1 : 1;
  return x->v < y->v ? -1 : 1;
}

/* In order of their starts; each gets the first slot whose last owner is dead. */
static void give_slots(alloc *a)
{
  const kb_fn *f = a->f;
  KB_VEC(span) spans = { NULL, 0, 0 };
  KB_VEC(uint32_t) busy = { NULL, 0, 0 }; /* by slot behind the constants: until when */
  for (kb_ref v = 1; v < f->val.n; v++) {
    const range *r = &a->live[v];
    if (a->rep[v] != v || !r->n)
      continue;
    span s = { r->v[0].from, r->v[r->n - 1].to, v };
    kb_vec_push(&spans, s);
  }
  if (spans.n)
    qsort(spans.v, spans.n, sizeof *spans.v, by_start);
  for (uint32_t i = 0; i < spans.n; i++) {
    uint32_t k = 0;
    while (k < busy.n && busy.v[k] > spans.v[i].from)
      k++;
    if (k == busy.n)
      kb_vec_push(&busy, 0);
    busy.v[k] = spans.v[i].to;
    a->s->slot[spans.v[i].v] = a->s->consts.n + k;
  }
  for (kb_ref v = 1; v < f->val.n; v++)
    if (a->live[find(a, v)].n && has_slot(f, v))
      a->s->slot[v] = a->s->slot[find(a, v)];
  a->s->nslots = a->s->consts.n + busy.n;
  kb_vec_free(&spans);
  kb_vec_free(&busy);
}

void kb_slots_make(kb_slots *s, const kb_fn *f)
{
  memset(s, 0, sizeof *s);
  s->arena = kb_arena_new();
  s->f = f;
  s->slot = KB_NEW(s->arena, uint32_t, f->val.n);
  alloc a = { .s = s, .f = f, .arena = s->arena };
  a.point = KB_NEW(s->arena, uint32_t, f->val.n);
  a.first_use = KB_NEW(s->arena, uint32_t, f->val.n + 1);
  a.live = KB_NEW(s->arena, range, f->val.n);
  a.rep = KB_NEW(s->arena, kb_ref, f->val.n);
  a.start = KB_NEW(s->arena, uint32_t, f->blk.n);
  a.end = KB_NEW(s->arena, uint32_t, f->blk.n);
  a.mark = KB_NEW(s->arena, kb_ref, f->blk.n);
  a.last = KB_NEW(s->arena, uint32_t, f->blk.n);
  a.in = KB_NEW(s->arena, uint8_t, f->blk.n);
  a.under_at = KB_NEW(s->arena, uint32_t, f->blk.n + 1);
  for (kb_ref v = 0; v < f->val.n; v++) {
    s->slot[v] = KB_NOSLOT;
    a.rep[v] = v;
  }
  number_points(&a);
  collect_uses(&a);
  blocks_by_handler(&a);
  for (kb_ref v = 1; v < f->val.n; v++)
    if (has_slot(f, v) && has_uses(&a, v))
      live_range(&a, v);
  join_phis(&a);
  give_slots(&a);
  kb_vec_free(&a.touched);
  kb_vec_free(&a.work);
}

void kb_slots_free(kb_slots *s)
{
  kb_vec_free(&s->consts);
  kb_arena_free(s->arena);
}
