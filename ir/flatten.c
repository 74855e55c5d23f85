/* SPDX-License-Identifier: MIT */
/* flatten.c: the instructions of an image: blocks in reverse postorder, phis as movs on the edges.
 *
 * Movs stand in front of a jmp, which the pc of that jmp names too: a snapshot taken there holds the arguments, and the
 * movs are done again. Movs of one way out of a br have a block of their own: behind the br if the way goes to the next
 * block, else at the end of the code. A jmp to the next instruction is left out, unless it is all that a loop's head
 * has: heads need an instruction of their own.
 */
#include "slots.h"

#include <string.h>

typedef struct { uint32_t dst, src; } copy;
typedef struct { uint32_t ins, k; kb_bid from, to; } late; /* a way out of a br whose movs come at the end of the code */

typedef struct {
  kb_slots *s;
  const kb_fn *f;
  KB_VEC(kb_iins) ins;     /* to and handler: blocks, until the end */
  KB_VEC(copy) copies;
  KB_VEC(late) lates;
  uint32_t *at;            /* by block: its first instruction behind the phis */
  uint32_t *at_pc;
  uint32_t scratch;        /* slot that breaks cycles of movs, KB_NOSLOT: not needed yet */
} flat;

/* to holds blocks until the end, or instructions; these are told apart by this bit. */
#define IS_INS 0x80000000u

static kb_iins *add(flat *x, kb_op op, const kb_val *at, kb_bid blk)
{
  kb_iins n = { .op = (uint16_t)op, .dst = KB_NOSLOT, .to = { 0, 0 }, .pc = at->pc, .line = at->loc.line,
                .col = at->loc.col, .end_col = at->loc.end_col, .handler = x->f->blk.v[blk].handler };
  kb_vec_push(&x->ins, n);
  return &x->ins.v[x->ins.n - 1];
}

/* -- Movs ---------------------------------------------------------------------------------------------------- */

/* The copies of an edge, all at once; those of a slot to itself are left out. */
static void copies_of(flat *x, kb_bid from, kb_bid to)
{
  const kb_fn *f = x->f;
  const kb_blk *b = &f->blk.v[to];
  uint32_t i = 0;
  while (b->pred.v[i] != from)
    i++;
  x->copies.n = 0;
  KB_FOR_INS(f, to, r) {
    const kb_val *v = kb_v(f, r);
    if (v->op != KB_PHI)
      break;
    copy c = { x->s->slot[r], x->s->slot[v->args[i]] };
    if (c.dst != KB_NOSLOT && c.dst != c.src && !kb_slots_skips(f, v->args[i]))
      kb_vec_push(&x->copies, c);
  }
}

static void mov(flat *x, uint32_t dst, uint32_t src, const kb_val *at, kb_bid blk)
{
  kb_iins *n = add(x, KB_MOV, at, blk);
  uint32_t *arg = KB_NEW(x->s->arena, uint32_t, 1);
  *arg = src;
  n->dst = dst;
  n->nargs = 1;
  n->args = arg;
}

/* One after the other: first what nobody reads any more is written; what is left then are circles, and one slot of each
 * goes to the scratch slot. */
static void movs(flat *x, kb_bid from, kb_bid to, const kb_val *at)
{
  copies_of(x, from, to);
  copy *c = x->copies.v;
  for (uint32_t n = x->copies.n; n;) {
    uint32_t i = 0;
    for (; i < n; i++) {
      uint32_t k = 0;
      while (k < n && c[k].src != c[i].dst)
        k++;
      if (k == n)
        break;
    }
    if (i < n) {
      mov(x, c[i].dst, c[i].src, at, from);
      memmove(c + i, c + i + 1, (--n - i) * sizeof *c);
      continue;
    }
    if (x->scratch == KB_NOSLOT)
      x->scratch = x->s->nslots++;
    mov(x, x->scratch, c[0].dst, at, from);
    for (uint32_t k = 0; k < n; k++)
      if (c[k].src == c[0].dst)
        c[k].src = x->scratch;
  }
}

/* -- Instructions ------------------------------------------------------------------------------------------------ */

static void operands(flat *x, kb_iins *n, const kb_val *v)
{
  uint32_t *args = KB_NEW(x->s->arena, uint32_t, v->nargs + 1);
  for (uint32_t i = 0; i < v->nargs; i++)
    args[i] = x->s->slot[v->args[i]];
  n->args = args;
  n->nargs = v->nargs;
}

static void instruction(flat *x, kb_ref r)
{
  const kb_val *v = kb_v(x->f, r);
  kb_iins *n = add(x, (kb_op)v->op, v, v->blk);
  n->dst = v->ty == KB_T_VOID ? KB_NOSLOT : x->s->slot[r];
  n->imm = v->imm;
  operands(x, n, v);
  if (v->op == KB_OBOUND)
    n->imm.str = v->name ? v->name : "?";
  if (v->op == KB_RAISE) {
    const kb_snap *s = &x->f->snap.v[v->snap - 1];
    n->exc = s->exc;
    n->imm.str = s->msg;
  }
}

static bool is_head(const kb_fn *f, kb_bid b)
{
  uint32_t loop = f->blk.v[b].loop;
  return loop && f->loops.v[loop - 1].header == b;
}

/* A jmp, or a try, which is one as far as the interpreter goes. */
static void jump(flat *x, kb_ref r, kb_bid next)
{
  const kb_val *v = kb_v(x->f, r);
  kb_bid b = v->blk, to = x->f->blk.v[b].succ[0];
  movs(x, b, to, v);
  if (to == next && !(is_head(x->f, b) && x->ins.n == x->at[b]))
    return;
  add(x, (kb_op)v->op, v, b)->to[0] = to;
}

static void branch(flat *x, kb_ref r, kb_bid next)
{
  const kb_val *v = kb_v(x->f, r);
  kb_bid b = v->blk;
  uint32_t at = x->ins.n;
  kb_iins *n = add(x, KB_BR, v, b);
  operands(x, n, v);
  for (uint32_t k = 0; k < 2; k++)
    x->ins.v[at].to[k] = x->f->blk.v[b].succ[k];
  for (uint32_t k = 0; k < 2; k++) {
    late l = { at, k, b, x->f->blk.v[b].succ[k] };
    copies_of(x, b, l.to);
    if (!x->copies.n)
      continue;
    if (l.to != next) {
      kb_vec_push(&x->lates, l);
      continue;
    }
    x->ins.v[at].to[k] = IS_INS | x->ins.n;
    movs(x, b, l.to, v);
  }
}

static void block(flat *x, kb_bid b, kb_bid next)
{
  const kb_fn *f = x->f;
  x->at[b] = x->ins.n;
  KB_FOR_INS(f, b, r) {
    const kb_val *v = kb_v(f, r);
    x->at_pc[v->pc] = x->ins.n;
    if (v->op == KB_JMP || v->op == KB_TRY)
      jump(x, r, next);
    else if (v->op == KB_BR)
      branch(x, r, next);
    else if (v->op != KB_PHI)
      instruction(x, r);
  }
}

static void late_movs(flat *x)
{
  for (uint32_t i = 0; i < x->lates.n; i++) {
    late l = x->lates.v[i];
    const kb_val *v = kb_v(x->f, x->f->blk.v[l.from].last);
    x->ins.v[l.ins].to[l.k] = IS_INS | x->ins.n;
    movs(x, l.from, l.to, v);
    add(x, KB_JMP, v, l.from)->to[0] = l.to;
  }
}

/* Blocks become instructions. */
static void resolve(flat *x)
{
  for (uint32_t i = 0; i < x->ins.n; i++) {
    kb_iins *n = &x->ins.v[i];
    for (uint32_t k = 0; k < 2; k++)
      n->to[k] = !n->to[k] ? KB_NOINS : n->to[k] & IS_INS ? n->to[k] & ~IS_INS : x->at[n->to[k]];
    n->handler = n->handler ? x->at[n->handler] : KB_NOINS;
  }
}

static void heads(flat *x, kb_image *im)
{
  const kb_fn *f = x->f;
  kb_ihead *h = KB_NEW(x->s->arena, kb_ihead, f->loops.n + 1);
  for (uint32_t i = 0; i < f->loops.n; i++) {
    kb_ref r = f->blk.v[f->loops.v[i].header].first;
    while (kb_is(f, r, KB_PHI))
      r = kb_v(f, r)->next;
    h[i].at = x->at[f->loops.v[i].header];
    h[i].pc = kb_v(f, r)->pc;
  }
  im->heads = h;
  im->nheads = f->loops.n;
}

void kb_flatten(kb_slots *s, kb_image *im)
{
  const kb_fn *f = s->f;
  flat x = { .s = s, .f = f, .scratch = KB_NOSLOT };
  x.at = KB_NEW(s->arena, uint32_t, f->blk.n);
  x.at_pc = KB_NEW(s->arena, uint32_t, f->nslots + 1);
  memset(x.at_pc, 0xff, f->nslots * sizeof *x.at_pc);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    block(&x, f->rpo.v[i], i + 1 < f->rpo.n ? f->rpo.v[i + 1] : 0);
  late_movs(&x);
  resolve(&x);
  heads(&x, im);
  kb_iins *ins = KB_NEW(s->arena, kb_iins, x.ins.n);
  memcpy(ins, x.ins.v, x.ins.n * sizeof *ins);
  im->ins = ins;
  im->nins = x.ins.n;
  im->at_pc = x.at_pc;
  im->npcs = f->nslots;
  im->nslots = s->nslots;
  kb_vec_free(&x.ins);
  kb_vec_free(&x.copies);
  kb_vec_free(&x.lates);
}
