/* SPDX-License-Identifier: MIT */
/* osr.c: native code that takes over from the interpreter at a loop's head.
 *
 * For a typed function that the interpreter may have to go on with, a second one: its parameter `where` is the number of a
 * loop, and for each loop there is a block that takes what is live behind the head's phis out of words (op osr) and goes to
 * the head. What comes before the loops is not in it. It is made from a copy of the generic function, with SSA form repaired:
 * a value that is live at some head has several definitions there, its own and those by osr, and each use looks up through
 * the predecessors which one reaches it (Braun et al. 2013, as in ssa.c). Copies keep the pc of what they are copies of, so
 * that snapshots speak of the function as the interpreter knows it.
 *
 * Loops stay loops with one way in, their heads, so that passes and emitter know them: an inner loop is not entered in the
 * middle of an outer one. Entering inner loop k leads to a copy of its own of what is left of that turn of the loop around
 * it, the "lap" of k. At the outer head that goes on in the lap of the outer loop, or in the main copy if that loop is an
 * outermost one: those have no lap. Lap 0 is the main copy.
 *
 * Loops three deep and deeper are not entered: with theirs, the laps would grow with the square of the depth. What is left of
 * one such loop is interpreted, then the head around it takes over.
 */
#include "specialise.h"

#include <string.h>

typedef struct { uint32_t lap; kb_bid blk; kb_ref first; /* h's value of its first instruction; the others follow */ } place;

typedef struct {
  const kb_fn *g;
  kb_fn *h;              /* the copy; pcs are those of g */
  sp *s;
  kb_ref *val;           /* g's value -> its own definition in h (many: one of them); 0: none (yet) */
  kb_bid **blk;          /* lap -> g's block -> h's, 0: not reached; NULL: no such lap */
  KB_VEC(place) place;   /* h's block -> where it is from; blk 0: the entry, or an entry into a loop */
  kb_ref **def;          /* h's block -> value of g -> what it is at the block's end, filled as needed */
  bool *many;            /* g's value: live at some head, so it has more definitions than its own */
  KB_VEC(kb_ref) orig;   /* h's value -> g's, for what it writes */
  KB_VEC(kb_ref) phis;   /* made by the repair */
} osr;

/* -- Values of the copy ---------------------------------------------------------------------------------- */

static void is_copy_of(osr *o, kb_ref r, kb_ref of)
{
  while (o->orig.n <= r)
    kb_vec_push(&o->orig, 0);
  o->orig.v[r] = of;
  kb_val *v = kb_v(o->h, r);
  v->pc = kb_v(o->g, of)->pc;
  v->name = kb_v(o->g, of)->name;
  v->loc = kb_v(o->g, of)->loc;
}

static kb_ref constant(osr *o, kb_ref r)
{
  const kb_val *v = kb_v(o->g, r);
  if (v->op == KB_UNDEF)
    return kb_undef(o->h, v->ty);
  if (v->ty == KB_T_STR)
    return kb_const_str(o->h, v->imm.str);
  if (kb_type_is_float(v->ty))
    return kb_const_float(o->h, v->ty, v->ty == KB_T_F32 ? (double)v->imm.s : v->imm.d);
  return kb_const_int(o->h, v->ty, v->imm.i);
}

static kb_ref *defs_of(osr *o, kb_bid b)
{
  if (!o->def[b])
    o->def[b] = KB_NEW(o->h->arena, kb_ref, o->g->val.n);
  return o->def[b];
}

static kb_ref read_at_end(osr *o, kb_ref v, kb_bid b);

static void fill(osr *o, kb_ref phi, kb_ref v, kb_bid b)
{
  uint32_t n = o->h->blk.v[b].pred.n;
  kb_ref *args = KB_NEW(o->h->arena, kb_ref, n + 1);
  for (uint32_t i = 0; i < n; i++)
    args[i] = read_at_end(o, v, o->h->blk.v[b].pred.v[i]);
  kb_v(o->h, phi)->args = args;
  kb_v(o->h, phi)->nargs = n;
}

/* Liveness promises a definition on every way from the entry. */
static kb_ref read_at_end(osr *o, kb_ref v, kb_bid b)
{
  if (kb_is(o->g, v, KB_CONST) || kb_is(o->g, v, KB_UNDEF))
    return constant(o, v);
  if (!o->many[v])
    return o->val[v];
  kb_bid at = b;
  while (!defs_of(o, at)[v] && o->h->blk.v[at].pred.n == 1)
    at = o->h->blk.v[at].pred.v[0];
  kb_ref x = defs_of(o, at)[v];
  if (!x) {
    kb_assert(o->h->blk.v[at].pred.n, "osr of %s: a value is read that no way defines", o->g->name);
    x = kb_phi(o->h, at, kb_v(o->g, v)->ty, 0);
    is_copy_of(o, x, v);
    kb_vec_push(&o->phis, x);
    defs_of(o, at)[v] = x; /* before its arguments: cuts circles */
    fill(o, x, v, at);
  }
  for (; b != at; b = o->h->blk.v[b].pred.v[0])
    defs_of(o, b)[v] = x;
  return x;
}

/* -- The copy ------------------------------------------------------------------------------------------------ */

static bool in_loop(const kb_fn *g, kb_bid b, uint32_t loop)
{
  uint32_t l = g->blk.v[b].loop;
  while (l > loop) /* parents have lower numbers */
    l = g->loops.v[l - 1].parent;
  return l == loop;
}

/* The lap that loop k is entered in. */
static uint32_t lap_of(const kb_fn *g, uint32_t loop) { return g->loops.v[loop - 1].parent ? loop : 0; }

/* The lap in which block b is, when a lap goes there: its own until the turn of the loop around it is over. */
static uint32_t lap_at(const kb_fn *g, uint32_t lap, kb_bid b)
{
  while (lap) {
    uint32_t around = g->loops.v[lap - 1].parent;
    if (in_loop(g, b, around) && g->loops.v[around - 1].header != b)
      break;
    lap = lap_of(g, around);
  }
  return lap;
}

/* h's block for block b in that lap, made if need be. */
static kb_bid block_of(osr *o, uint32_t lap, kb_bid b)
{
  if (!o->blk[lap])
    o->blk[lap] = KB_NEW(o->h->arena, kb_bid, o->g->blk.n);
  if (!o->blk[lap][b]) {
    place p = { lap, b, 0 };
    o->blk[lap][b] = kb_blk_new(o->h);
    kb_vec_push(&o->place, p);
  }
  return o->blk[lap][b];
}

/* A block that is no copy. */
static kb_bid new_block(osr *o)
{
  place p = { 0, 0, 0 };
  kb_vec_push(&o->place, p);
  return kb_blk_new(o->h);
}

/* Everything but operands and ends of blocks. */
static void copy_block(osr *o, kb_bid to)
{
  const kb_fn *g = o->g;
  o->place.v[to].first = o->h->val.n;
  KB_FOR_INS (g, o->place.v[to].blk, r) {
    const kb_val *v = kb_v(g, r);
    if (v->op == KB_JMP || v->op == KB_BR)
      break;
    kb_ref x = kb_ins(o->h, to, (kb_op)v->op, v->ty, NULL, v->op == KB_PHI ? 0 : v->nargs, v->loc);
    is_copy_of(o, x, r);
    kb_v(o->h, x)->imm = v->imm;
    if (v->snap)
      kb_v(o->h, x)->snap = kb_snap_new(o->h, &g->snap.v[v->snap - 1]);
    o->many[r] |= o->val[r] != 0;
    o->val[r] = x;
  }
}

/* After all copies are made: what each block defines. */
static void definitions(osr *o, kb_bid b)
{
  kb_ref x = o->place.v[b].first;
  KB_FOR_INS (o->g, o->place.v[b].blk, r) {
    if (kb_is(o->g, r, KB_JMP) || kb_is(o->g, r, KB_BR))
      break;
    if (o->many[r])
      defs_of(o, b)[r] = x;
    x++;
  }
}

static void end_block(osr *o, kb_bid b)
{
  const kb_fn *g = o->g;
  place p = o->place.v[b];
  const kb_blk *from = &g->blk.v[p.blk];
  const kb_val *v = kb_v(g, from->last);
  kb_bid to[2] = { 0, 0 };
  for (int k = 0; k < 2 && from->succ[k]; k++)
    to[k] = block_of(o, lap_at(g, p.lap, from->succ[k]), from->succ[k]);
  if (v->op == KB_JMP)
    kb_jmp(o->h, b, to[0], v->loc);
  else if (v->op == KB_BR)
    kb_br(o->h, b, 0, to[0], to[1], v->loc);
  kb_v(o->h, o->h->blk.v[b].last)->pc = v->pc;
}

static uint32_t edge_from(const kb_fn *g, kb_bid b, kb_bid pred)
{
  uint32_t i = 0;
  while (g->blk.v[b].pred.v[i] != pred)
    i++;
  return i;
}

static void operands_of_phi(osr *o, kb_ref r, kb_ref x, kb_bid b)
{
  uint32_t n = o->h->blk.v[b].pred.n;
  kb_ref *args = KB_NEW(o->h->arena, kb_ref, n + 1);
  for (uint32_t i = 0; i < n; i++) {
    kb_bid p = o->h->blk.v[b].pred.v[i], from = o->place.v[p].blk;
    if (from)
      args[i] = read_at_end(o, kb_v(o->g, r)->args[edge_from(o->g, o->place.v[b].blk, from)], p);
    else /* the entry into this loop; a phi that is dead there needs no value */
      args[i] = defs_of(o, p)[r] ? defs_of(o, p)[r] : kb_undef(o->h, kb_v(o->g, r)->ty);
  }
  kb_v(o->h, x)->args = args;
  kb_v(o->h, x)->nargs = n;
}

static void operands(osr *o, kb_bid b)
{
  kb_ref x = o->place.v[b].first;
  KB_FOR_INS (o->g, o->place.v[b].blk, r) {
    const kb_val *v = kb_v(o->g, r);
    if (v->op == KB_PHI) {
      operands_of_phi(o, r, x++, b);
      continue;
    }
    if (v->op == KB_JMP || v->op == KB_BR)
      x = o->h->blk.v[b].last;
    for (uint32_t i = 0; i < v->nargs; i++) {
      kb_ref a = read_at_end(o, v->args[i], b);
      kb_v(o->h, x)->args[i] = a;
    }
    x++;
  }
}

/* -- Entries ---------------------------------------------------------------------------------------------------- */

static int by_slot(const void *a, const void *b)
{
  uint32_t x = ((const kb_entry *)a)->slot, y = ((const kb_entry *)b)->slot;
  return x < y ? -1 : x > y;
}

static bool is_range(kb_ty t)
{
  const kb_type *k = kb_type_of(t);
  return k->kind == KB_K_RANGE || (k->kind == KB_K_ITER && kb_type_of(k->elem)->kind == KB_K_RANGE);
}

/* The step of a range or its iterator, if it is one constant wherever it comes from; else 0. */
static int64_t step_of(const kb_fn *g, kb_ref r)
{
  if (!is_range(kb_v(g, r)->ty))
    return 0;
  int64_t step = 0;
  bool ok = true;
  kb_bits seen;
  KB_VEC(kb_ref) work = { NULL, 0, 0 };
  kb_bits_init(&seen, g->val.n);
  for (kb_vec_push(&work, r); work.n && ok;) {
    r = kb_vec_pop(&work);
    const kb_val *v = kb_v(g, r);
    if (v->op == KB_UNDEF || kb_bits_has(&seen, r))
      continue;
    kb_bits_set(&seen, r);
    if (v->op == KB_ORANGE) {
      const kb_val *c = kb_v(g, v->args[2]);
      ok = c->op == KB_CONST && c->imm.i && (!step || step == c->imm.i);
      step = c->imm.i;
    } else {
      ok = v->op == KB_PHI || v->op == KB_OITER || v->op == KB_OITERNEXT;
      for (uint32_t i = 0; i < v->nargs && ok; i++)
        kb_vec_push(&work, v->args[i]);
    }
  }
  kb_vec_free(&work);
  kb_bits_free(&seen);
  return ok ? step : 0;
}

static bool is_loose(kb_ty t) { return t == KB_T_BOT || t == KB_T_NONE || t == KB_T_VOID; }

/* What a head takes out of slots; false: some value has no machine form. */
static bool describe(osr *o, kb_osr_head *h, const kb_ref *live)
{
  uint32_t n = 0;
  while (live[n])
    n++;
  h->entries = KB_NEW(o->s->f->arena, kb_entry, n + 1);
  for (uint32_t i = 0; i < n; i++) {
    const kb_val *v = kb_v(o->g, live[i]);
    if (is_loose(v->ty)) /* None always, or unbound */
      continue;
    if (!sp_osr_entry(o->s, &h->entries[h->n], v->pc, v->ty, o->s->writes[live[i]], &h->nwords))
      return false;
    int64_t step = step_of(o->g, live[i]);
    if (step) {
      kb_entry *e = &h->entries[h->n].sub[2];
      e->kind = KB_E_EXPR;
      e->what = KB_CONST;
      e->ref = kb_const_int(o->s->f, KB_T_I64, step);
    }
    h->n++;
  }
  if (h->n)
    qsort(h->entries, h->n, sizeof *h->entries, by_slot);
  return true;
}

/* In the order in which describe numbers words. */
static void take_over(osr *o, kb_bid b, const kb_ref *live)
{
  uint32_t words = 0;
  for (uint32_t i = 0; live[i]; i++) {
    const kb_val *v = kb_v(o->g, live[i]);
    kb_ref x;
    if (v->ty == KB_T_BOT) {
      x = kb_undef(o->h, KB_T_BOT);
    } else if (is_loose(v->ty)) {
      x = kb_const_none(o->h);
    } else {
      kb_entry unused;
      int64_t step = step_of(o->g, live[i]);
      kb_ref arg = step ? kb_const_int(o->h, KB_T_INT, step) : 0;
      x = kb_ins_before(o->h, o->h->blk.v[b].last, KB_OSR, v->ty, &arg, arg != 0, v->loc);
      is_copy_of(o, x, live[i]);
      kb_v(o->h, x)->imm.i = words;
      sp_osr_entry(o->s, &unused, 0, v->ty, o->s->writes[live[i]], &words);
    }
    defs_of(o, b)[live[i]] = x;
  }
}

/* if where == 0: goto entry 0; if where == 1 ...; the last one is what is left. */
static void dispatch(osr *o, const kb_bid *entries, const kb_osr_head *heads, uint32_t n)
{
  kb_fn *h = o->h;
  kb_ref where = kb_param(h, KB_T_INT, "where");
  kb_bid cur = 1;
  uint32_t last = n;
  while (last-- && heads[last].n == UINT32_MAX)
    ;
  for (uint32_t i = 0; i < last; i++) {
    if (heads[i].n == UINT32_MAX)
      continue;
    kb_ref args[2] = { where, kb_const_int(h, KB_T_INT, i) };
    kb_ref c = kb_ins(h, cur, KB_OEQ, KB_T_BOOL, args, 2, o->g->loc);
    c = kb_ins(h, cur, KB_OTRUTH, KB_T_BOOL, &c, 1, o->g->loc);
    kb_bid next = new_block(o);
    kb_br(h, cur, c, entries[i], next, o->g->loc);
    cur = next;
  }
  kb_jmp(h, cur, entries[last], o->g->loc);
}

/* -- All of it ------------------------------------------------------------------------------------------------------ */

static kb_ref find(const kb_ref *map, kb_ref r)
{
  while (map[r] && map[r] != r)
    r = map[r];
  return r;
}

/* Phis of the repair whose arguments are all one value, or the phi itself. */
static void drop_redundant(osr *o)
{
  kb_fn *h = o->h;
  kb_ref *map = KB_ZALLOC(kb_ref, h->val.n);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < o->phis.n; i++) {
      kb_ref phi = o->phis.v[i], one = 0;
      const kb_val *v = kb_v(h, phi);
      bool same = !map[phi];
      for (uint32_t k = 0; k < v->nargs && same; k++) {
        kb_ref a = find(map, v->args[k]);
        same = a == phi || !one || a == one;
        one = a == phi ? one : a;
      }
      if (!same || !one)
        continue;
      map[phi] = one;
      again = true;
    }
  }
  kb_replace_all(h, map);
  for (uint32_t i = 0; i < o->phis.n; i++)
    if (map[o->phis.v[i]])
      kb_del(h, o->phis.v[i]);
  free(map);
}

/* What the copy writes is what the function writes. */
static uint8_t *writes_of_copy(const osr *o)
{
  uint8_t *w = KB_ZALLOC(uint8_t, o->h->val.n);
  for (kb_ref r = 1; r < o->h->val.n && r < o->orig.n; r++)
    w[r] = o->orig.v[r] ? o->s->writes[o->orig.v[r]] : 0;
  return w;
}

static void make_copy(osr *o, kb_ref **live, const kb_osr_head *heads)
{
  const kb_fn *g = o->g;
  kb_fn *h = o->h;
  uint32_t n = g->loops.n;
  kb_bid *entries = KB_NEW(h->arena, kb_bid, n + 1);
  place none = { 0, 0, 0 };
  kb_vec_push(&o->place, none);
  new_block(o);
  for (uint32_t i = 0; i < n; i++)
    if (heads[i].n != UINT32_MAX)
      entries[i] = new_block(o);
  dispatch(o, entries, heads, n);
  for (uint32_t i = 0; i < n; i++)
    if (heads[i].n != UINT32_MAX)
      kb_jmp(h, entries[i], block_of(o, lap_of(g, i + 1), g->loops.v[i].header), g->loc);
  for (kb_bid b = 1; b < h->blk.n; b++) /* grows while it is walked */
    if (o->place.v[b].blk) {
      copy_block(o, b);
      end_block(o, b);
    }
  o->def = KB_NEW(h->arena, kb_ref *, h->blk.n);
  for (kb_bid b = 1; b < h->blk.n; b++)
    if (o->place.v[b].blk)
      definitions(o, b);
  for (uint32_t i = 0; i < n; i++)
    if (heads[i].n != UINT32_MAX)
      take_over(o, entries[i], live[g->loops.v[i].header]);
  for (kb_bid b = 1; b < h->blk.n; b++)
    if (o->place.v[b].blk)
      operands(o, b);
  drop_redundant(o);
  kb_cfg(h);
}

/* Is the loop inside one that is inside one? */
static bool is_deep(const kb_fn *g, uint32_t loop)
{
  uint32_t around = g->loops.v[loop - 1].parent;
  return around && g->loops.v[around - 1].parent;
}

static void osr_of(sp *s, kb_mod *scratch, uint32_t index)
{
  kb_fn *g = s->gm->fns.v[index], *f = kb_fn_new_osr(s->m, index);
  const kb_fn *typed = s->m->fns.v[index];
  f->loc = typed->loc, f->ret = typed->ret, f->jit = typed->jit, f->recursive = typed->recursive;
  f->wrap = typed->wrap, f->overflow_raises = typed->overflow_raises, f->unchecked = typed->unchecked, f->fastmath = typed->fastmath;
  f->inline_hint = -1;
  f->nheads = g->loops.n;
  f->heads = KB_NEW(f->arena, kb_osr_head, g->loops.n);
  osr o = { .g = g, .s = s, .h = kb_fn_new(scratch, g->name) };
  o.h->generic = true, o.h->ret = g->ret, o.h->loc = g->loc;
  o.h->wrap = g->wrap, o.h->overflow_raises = g->overflow_raises, o.h->unchecked = g->unchecked, o.h->fastmath = g->fastmath;
  o.val = KB_NEW(o.h->arena, kb_ref, g->val.n);
  o.blk = KB_NEW(o.h->arena, kb_bid *, g->loops.n + 1);
  o.many = KB_NEW(o.h->arena, bool, g->val.n);
  s->g = g, s->f = f, s->k = s->t->kernels.v[index], s->writes = s->writes_of[index];
  s->live = KB_NEW(o.h->arena, kb_ref *, g->val.n);
  s->head_live = KB_NEW(o.h->arena, kb_ref *, g->blk.n);
  sp_liveness(s);
  kb_ref **live = s->head_live;
  s->head_live = NULL;
  bool some = false;
  for (uint32_t i = 0; i < g->loops.n; i++) {
    kb_bid b = g->loops.v[i].header;
    kb_ref r = g->blk.v[b].first;
    while (kb_is(g, r, KB_PHI))
      r = kb_v(g, r)->next;
    f->heads[i].pc = kb_v(g, r)->pc;
    bool ok = !is_deep(g, i + 1) && describe(&o, &f->heads[i], live[b]);
    if (!ok)
      f->heads[i].n = UINT32_MAX;
    for (uint32_t k = 0; ok && live[b][k]; k++)
      o.many[live[b][k]] = true;
    some |= ok;
  }
  if (some) {
    make_copy(&o, live, f->heads);
    uint8_t *writes = writes_of_copy(&o);
    s->g = o.h;
    s->writes = writes;
    sp_translate(s);
    free(writes);
  } else {
    kb_fn_free(f);
    s->m->osr.n--;
  }
  kb_vec_free(&o.orig);
  kb_vec_free(&o.place);
  kb_vec_free(&o.phis);
}

/* -- Which functions ------------------------------------------------------------------------------------------------- */

/* Does an exit of f go on in the interpreter, given which functions' do? Marks whose frames it has. */
static bool goes_on(const kb_mod *m, const kb_fn *f, const uint8_t *leaves, uint8_t *wanted)
{
  bool any = false;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r) {
      const kb_val *v = kb_v(f, r);
      const kb_snap *s = v->snap ? &f->snap.v[v->snap - 1] : NULL;
      if (!s || (s->kind != KB_EXIT_DEOPT && (v->op != KB_CALL || !leaves[v->imm.i])))
        continue;
      any = true;
      for (uint32_t k = 0; k < s->nframes; k++)
        for (uint32_t x = 0; x < m->fns.n; x++)
          wanted[x] |= m->fns.v[x]->name == s->frames[k].fn;
    }
  return any;
}

void kb_osr(kt_mod *t, kb_mod *generic, kb_mod *m)
{
  uint32_t n = m->fns.n;
  uint8_t *leaves = KB_ZALLOC(uint8_t, n + 1), *wanted = KB_ZALLOC(uint8_t, n + 1), **writes = NULL;
  for (uint32_t i = 0; i < n; i++)
    if (m->fns.v[i]->blk.n > 1)
      kb_cfg(m->fns.v[i]);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < n; i++)
      if (!leaves[i] && goes_on(m, m->fns.v[i], leaves, wanted))
        again = (leaves[i] = 1) != 0;
  }
  for (uint32_t i = 0; i < n; i++)
    goes_on(m, m->fns.v[i], leaves, wanted);
  kb_mod *scratch = kb_mod_new(generic->file, generic->python);
  for (uint32_t i = 0; i < n; i++) {
    if (!wanted[i] || !generic->fns.v[i]->loops.n || t->kernels.v[i]->errors)
      continue;
    if (!writes)
      writes = sp_all_writes(generic);
    sp s = { .t = t, .gm = generic, .m = m, .writes_of = (const uint8_t *const *)writes };
    osr_of(&s, scratch, i);
  }
  for (uint32_t i = 0; writes && i < n; i++)
    free(writes[i]);
  free(writes);
  free(leaves);
  free(wanted);
  kb_mod_free(scratch);
}
