/* SPDX-License-Identifier: MIT */
/* range.c: intervals and differences of ints; checked arithmetic that cannot overflow, guards that cannot fail.
 *
 * The dominator tree is walked several times with the facts that hold in scope (facts.c): conditions of branches,
 * guards passed. Arguments of phis are taken at the end of the predecessor, with the facts of the edge. A phi of a
 * loop header begins with what enters the loop; after each walk it is joined with what came round, and where a bound
 * moved it jumps to the next threshold (0, then the end of int64), so that the number of walks depends on the nesting
 * only. When nothing moves any more, two more walks narrow: the bounds found are a fixed point from above, and so is
 * what they imply.
 *
 * The same walks try two guesses for each header phi that enters with one value s: it never falls below s, it never
 * rises above s. A guess is dropped where the value that comes round is not proven so; what is left after a walk
 * without changes holds by induction over the iterations. Binary search lives on this: hi never exceeds n.
 *
 * A last walk rewrites.
 */
#include "facts.h"
#include "opt.h"
#include "subst.h"

enum { WALKS = 12, NARROWINGS = 2 };

typedef struct {
  kb_facts x;
  kb_subst s;
  kb_bid *child, *sibling;   /* dominator tree, in reverse postorder */
  kb_ival *phi;              /* header phis: their interval in this walk */
  kb_ival *in;               /* all phis: join of the arguments seen in this walk */
  uint8_t *seen;             /* has in[] anything? */
  uint8_t *moved;            /* header phis: how often each has moved: 1 lo, 2 hi, 4 lo twice, 8 hi twice */
  uint32_t n;                /* values when the walks began: no phi comes later */
  bool rewrite;
  bool dropped;              /* a guess, in this walk */
  uint32_t changes;
} range;

static bool header(const kb_fn *f, kb_bid b)
{
  return f->blk.v[b].loop && f->loops.v[f->blk.v[b].loop - 1].header == b;
}

/* Is there an edge back to b that makes no natural loop? None comes out of Python; its phis may be anything. */
static bool irregular(const kb_fn *f, kb_bid b)
{
  const kb_blk *blk = &f->blk.v[b];
  for (uint32_t k = 0; k < blk->pred.n; k++)
    if (f->blk.v[blk->pred.v[k]].rpo >= blk->rpo && !kb_dominates(f, b, blk->pred.v[k]))
      return true;
  return false;
}

/* -- Rewrite -------------------------------------------------------------------------------------------------- */

static bool within(kb_ival a, int64_t lo, int64_t hi) { return a.lo >= lo && a.hi <= hi; }

static kb_ref arg(const range *g, kb_ref r, uint32_t i) { return kb_v(g->x.f, r)->args[i]; }
static kb_ival iv(const range *g, kb_ref r, uint32_t i) { return g->x.iv[arg(g, r, i)]; }

static void become(range *g, kb_ref r, kb_op op)
{
  kb_val *v = kb_v(g->x.f, r);
  v->op = (uint16_t)op;
  v->snap = 0;
  g->changes++;
}

static void become2(range *g, kb_ref r, kb_op op, kb_ref a, kb_ref b)
{
  kb_val *v = kb_v(g->x.f, r);
  v->args[0] = a;
  v->args[1] = b;
  v->nargs = 2;
  become(g, r, op);
}

static void replace(range *g, kb_ref r, kb_ref by)
{
  kb_subst_set(&g->s, r, by);
  kb_del(g->x.f, r);
  g->changes++;
}

static kb_ref before(range *g, kb_ref at, kb_op op, kb_ty ty, kb_ref a)
{
  kb_ref r = kb_ins_before(g->x.f, at, op, ty, &a, 1, kb_v(g->x.f, at)->loc);
  kb_facts_grow(&g->x);
  return r;
}

/* Does the sum (difference, product) of any two values of the intervals fit? */
static bool sum_fits(kb_ival a, kb_ival b)
{
  int64_t t;
  return !__builtin_add_overflow(a.lo, b.lo, &t) && !__builtin_add_overflow(a.hi, b.hi, &t);
}
static bool difference_fits(kb_ival a, kb_ival b)
{
  int64_t t;
  return !__builtin_sub_overflow(a.lo, b.hi, &t) && !__builtin_sub_overflow(a.hi, b.lo, &t);
}
static bool product_fits(kb_ival a, kb_ival b)
{
  int64_t t;
  return !__builtin_mul_overflow(a.lo, b.lo, &t) && !__builtin_mul_overflow(a.lo, b.hi, &t) &&
         !__builtin_mul_overflow(a.hi, b.lo, &t) && !__builtin_mul_overflow(a.hi, b.hi, &t);
}

static bool power_fits(kb_ival a, int64_t n) /* 0 <= n <= 64 */
{
  if (a.lo == INT64_MIN)
    return false;
  int64_t most = a.hi > -a.lo ? a.hi : -a.lo, p = 1;
  for (int64_t k = 0; k < n; k++)
    if (__builtin_mul_overflow(p, most, &p))
      return false;
  return true;
}

/* a < b, a <= b by intervals or differences: 1 true, 0 false, -1 unknown. */
static int less(const range *g, kb_ref a, kb_ref b, bool or_equal)
{
  if (kb_facts_le(&g->x, a, b, or_equal ? 0 : -1))
    return 1;
  if (kb_facts_le(&g->x, b, a, or_equal ? -1 : 0))
    return 0;
  return -1;
}

static int equal(const range *g, kb_ref a, kb_ref b)
{
  if (kb_facts_le(&g->x, a, b, -1) || kb_facts_le(&g->x, b, a, -1))
    return 0;
  return kb_facts_le(&g->x, a, b, 0) && kb_facts_le(&g->x, b, a, 0) ? 1 : -1;
}

static void rewrite_compare(range *g, kb_ref r)
{
  kb_ref a = arg(g, r, 0), b = arg(g, r, 1);
  int t = -1;
  switch (kb_v(g->x.f, r)->op) {
  case KB_ILT: t = less(g, a, b, false); break;
  case KB_ILE: t = less(g, a, b, true); break;
  case KB_IGT: t = less(g, b, a, false); break;
  case KB_IGE: t = less(g, b, a, true); break;
  case KB_IEQ: t = equal(g, a, b); break;
  case KB_INE: t = equal(g, a, b) < 0 ? -1 : !equal(g, a, b); break;
  default: break;
  }
  if (t < 0)
    return;
  kb_ref c = kb_const_int(g->x.f, kb_v(g->x.f, r)->ty, t);
  kb_facts_grow(&g->x);
  replace(g, r, c);
}

static const int64_t exact_float = INT64_C(1) << 53; /* float(i) is i up to here */

/* a compare (int, float) where the int is a float exactly */
static kb_op float_compare(uint16_t op)
{
  switch (op) {
  case KB_IFLT: return KB_FLT;
  case KB_IFLE: return KB_FLE;
  case KB_IFEQ: return KB_FEQ;
  case KB_IFNE: return KB_FNE;
  case KB_IFGT: return KB_FGT;
  default: return KB_FGE;
  }
}

static void rewrite_value(range *g, kb_ref r)
{
  kb_fn *f = g->x.f;
  const kb_val *v = kb_v(f, r);
  switch (v->op) {
  case KB_IADD:
  case KB_IADDO:
    if (sum_fits(iv(g, r, 0), iv(g, r, 1)))
      become(g, r, KB_IADDN);
    break;
  case KB_ISUB:
  case KB_ISUBO:
    if (difference_fits(iv(g, r, 0), iv(g, r, 1)))
      become(g, r, KB_ISUBN);
    break;
  case KB_IMUL:
  case KB_IMULO:
    if (product_fits(iv(g, r, 0), iv(g, r, 1)))
      become(g, r, KB_IMULN);
    break;
  case KB_ISHL:
  case KB_ISHLO:
    if (within(iv(g, r, 1), 0, 62)) {
      kb_ival power = { INT64_C(1) << iv(g, r, 1).lo, INT64_C(1) << iv(g, r, 1).hi };
      if (product_fits(iv(g, r, 0), power))
        become(g, r, KB_ISHLN);
    }
    break;
  case KB_IPOWO:
    if (iv(g, r, 1).lo >= 0 && iv(g, r, 1).hi <= 64 && power_fits(iv(g, r, 0), iv(g, r, 1).hi))
      become(g, r, KB_IPOW);
    break;
  case KB_INORM:
    if (iv(g, r, 0).lo >= 0)
      replace(g, r, v->args[0]);
    else if (iv(g, r, 0).hi < 0 && iv(g, r, 1).lo >= 0)
      become(g, r, KB_IADDN);
    break;
  case KB_IFLOORDIV:
    if (iv(g, r, 0).lo >= 0 && iv(g, r, 1).lo > 0)
      become(g, r, KB_IDIVN);
    break;
  case KB_IMOD:
    if (iv(g, r, 0).lo >= 0 && iv(g, r, 1).lo > 0)
      become(g, r, KB_IMODN);
    break;
  case KB_IMIN:
  case KB_IMAX: {
    int t = less(g, v->args[0], v->args[1], true);
    if (t >= 0)
      replace(g, r, v->args[(t != 0) == (v->op == KB_IMIN) ? 0 : 1]);
    break;
  }
  case KB_IRANGELEFT:
    if (iv(g, r, 2).lo > 0)
      become2(g, r, KB_ILT, v->args[0], v->args[1]);
    else if (iv(g, r, 2).hi < 0)
      become2(g, r, KB_IGT, v->args[0], v->args[1]);
    break;
  case KB_IWRAP8:
  case KB_IWRAP16:
  case KB_IWRAP32:
  case KB_IWRAPU8:
  case KB_IWRAPU16:
  case KB_IWRAPU32:
    if (iv(g, r, 0).lo >= g->x.iv[r].lo && iv(g, r, 0).hi <= g->x.iv[r].hi)
      replace(g, r, v->args[0]);
    break;
  case KB_ITRUEDIV: /* two ints that are floats exactly: the quotient rounds once */
    if (within(iv(g, r, 0), -exact_float, exact_float) && within(iv(g, r, 1), -exact_float, exact_float)) {
      kb_ref a = before(g, r, KB_I2F, v->ty, arg(g, r, 0)), b = before(g, r, KB_I2F, kb_v(f, r)->ty, arg(g, r, 1));
      become2(g, r, KB_FDIV, a, b);
    }
    break;
  case KB_IFLT:
  case KB_IFLE:
  case KB_IFEQ:
  case KB_IFNE:
  case KB_IFGT:
  case KB_IFGE:
    if (within(iv(g, r, 0), -exact_float, exact_float)) {
      kb_ref a = before(g, r, KB_I2F, kb_v(f, arg(g, r, 1))->ty, arg(g, r, 0));
      become2(g, r, float_compare(kb_v(f, r)->op), a, arg(g, r, 1));
    }
    break;
  case KB_ILT:
  case KB_ILE:
  case KB_IEQ:
  case KB_INE:
  case KB_IGT:
  case KB_IGE: rewrite_compare(g, r); break;
  default: break;
  }
}

/* The int that a float was made from, where the float is it exactly; 0: there is none. */
static kb_ref exact_int(const range *g, kb_ref d)
{
  const kb_val *v = kb_v(g->x.f, d);
  return v->op == KB_I2F && within(g->x.iv[v->args[0]], -exact_float, exact_float) ? v->args[0] : 0;
}

/* Does this guard without a result hold? */
static bool proven(const range *g, kb_ref r)
{
  const kb_facts *x = &g->x;
  const kb_val *v = kb_v(x->f, r);
  kb_ref i;
  switch (v->op) {
  case KB_GBOUND: return iv(g, r, 0).lo >= 0 && kb_facts_le(x, v->args[0], v->args[1], -1);
  case KB_GRANGE: return kb_facts_le(x, v->args[1], v->args[0], 0) && kb_facts_le(x, v->args[0], v->args[2], 0);
  case KB_GNZ: return iv(g, r, 0).lo > 0 || iv(g, r, 0).hi < 0;
  case KB_GDIV: return iv(g, r, 1).lo > -1 || iv(g, r, 1).hi < -1 || iv(g, r, 0).lo > INT64_MIN;
  case KB_GI2FX: return within(iv(g, r, 0), -exact_float, exact_float);
  case KB_GF2I: return exact_int(g, v->args[0]) != 0;
  case KB_GFNZ: i = exact_int(g, v->args[0]); return i && (x->iv[i].lo > 0 || x->iv[i].hi < 0);
  default: return false;
  }
}

/* -- Walk ------------------------------------------------------------------------------------------------------ */

static kb_ival threshold(range *g, kb_ref phi, kb_ival old, kb_ival now)
{
  uint8_t *m = &g->moved[phi];
  kb_ival r = kb_ival_join(old, now);
  if (r.lo < old.lo) {
    r.lo = !(*m & 1) && r.lo >= 0 ? 0 : INT64_MIN;
    *m |= 1;
  }
  if (r.hi > old.hi) {
    r.hi = !(*m & 2) && r.hi <= 0 ? 0 : INT64_MAX;
    *m |= 2;
  }
  return r;
}

static void enter_phis(range *g, kb_bid b)
{
  kb_fn *f = g->x.f;
  bool loop = header(f, b), any = irregular(f, b);
  KB_FOR_INS(f, b, r) {
    if (!kb_is(f, r, KB_PHI))
      break;
    if (!kb_is_int(f, r))
      continue;
    if (loop && g->moved[r] == UINT8_MAX) { /* the first walk: what enters */
      g->moved[r] = 0;
      g->phi[r] = g->seen[r] ? g->in[r] : KB_IVAL_FULL;
    }
    g->x.iv[r] = any ? KB_IVAL_FULL : loop ? g->phi[r] : g->seen[r] ? g->in[r] : KB_IVAL_FULL;
  }
}

/* The argument of each phi of a successor, with what holds on the edge. */
static void leave(range *g, kb_bid b, kb_bid to)
{
  kb_fn *f = g->x.f;
  const kb_blk *blk = &f->blk.v[to];
  uint32_t k = 0;
  if (!blk->first || !kb_is(f, blk->first, KB_PHI))
    return;
  while (blk->pred.v[k] != b)
    k++;
  bool back = f->blk.v[b].rpo >= blk->rpo;
  KB_FOR_INS(f, to, r) {
    if (!kb_is(f, r, KB_PHI))
      break;
    if (!kb_is_int(f, r))
      continue;
    kb_ref a = kb_subst_of(&g->s, kb_v(f, r)->args[k]);
    g->in[r] = g->seen[r] ? kb_ival_join(g->in[r], g->x.iv[a]) : g->x.iv[a];
    g->seen[r] = 1;
    if (!back || g->rewrite)
      continue;
    if (g->x.rising[r] && !kb_facts_le(&g->x, g->x.start[r], a, 0)) {
      g->x.rising[r] = 0;
      g->dropped = true;
    }
    if (g->x.falling[r] && !kb_facts_le(&g->x, a, g->x.start[r], 0)) {
      g->x.falling[r] = 0;
      g->dropped = true;
    }
  }
}

static void assume_edge(range *g, kb_bid from, kb_bid to)
{
  const kb_blk *blk = &g->x.f->blk.v[from];
  if (kb_is(g->x.f, blk->last, KB_BR))
    kb_assume_cond(&g->x, kb_subst_of(&g->s, kb_v(g->x.f, blk->last)->args[0]), blk->succ[0] == to);
}

static void visit(range *g, kb_bid b)
{
  kb_fn *f = g->x.f;
  if (f->blk.v[b].pred.n == 1)
    assume_edge(g, f->blk.v[b].pred.v[0], b);
  enter_phis(g, b);
  for (kb_ref r = f->blk.v[b].first, next; r; r = next) {
    const kb_val *v = kb_v(f, r);
    next = v->next;
    if (v->op == KB_PHI)
      continue;
    if (g->rewrite)
      kb_subst_args(&g->s, kb_v(f, r));
    if (kb_is_int(f, r))
      g->x.iv[r] = kb_transfer(&g->x, r);
    if (kb_ops[v->op].kind == KB_OP_GRD && v->ty == KB_T_VOID) {
      if (g->rewrite && proven(g, r)) {
        kb_del(f, r);
        g->changes++;
      } else {
        kb_assume_guard(&g->x, r);
      }
    } else if (g->rewrite) {
      rewrite_value(g, r);
    }
  }
  const kb_blk *blk = &f->blk.v[b];
  for (int k = 0; k < 2; k++)
    if (blk->succ[k]) {
      kb_mark m = kb_facts_mark(&g->x);
      assume_edge(g, b, blk->succ[k]);
      leave(g, b, blk->succ[k]);
      kb_facts_undo(&g->x, m);
    }
}

static void walk(range *g)
{
  typedef struct { kb_bid b; kb_bid next; kb_mark m; } step;
  KB_VEC(step) stack = { NULL, 0, 0 };
  memset(g->seen, 0, g->n);
  g->dropped = false;
  step s = { 1, g->child[1], kb_facts_mark(&g->x) };
  kb_vec_push(&stack, s);
  visit(g, 1);
  while (stack.n) {
    step *top = &stack.v[stack.n - 1];
    kb_bid b = top->next;
    if (!b) {
      kb_facts_undo(&g->x, top->m);
      stack.n--;
      continue;
    }
    top->next = g->sibling[b];
    step down = { b, g->child[b], kb_facts_mark(&g->x) };
    kb_vec_push(&stack, down);
    visit(g, b);
  }
  kb_vec_free(&stack);
}

/* Takes what came round into the header phis; did anything move? narrow: only inwards. */
static bool update(range *g, bool narrow)
{
  kb_fn *f = g->x.f;
  bool moved = false;
  for (uint32_t l = 0; l < f->loops.n; l++)
    KB_FOR_INS(f, f->loops.v[l].header, r) {
      if (!kb_is(f, r, KB_PHI))
        break;
      if (!kb_is_int(f, r) || !g->seen[r])
        continue;
      kb_ival old = g->phi[r];
      if (narrow) {
        g->phi[r].lo = g->in[r].lo > old.lo ? g->in[r].lo : old.lo;
        g->phi[r].hi = g->in[r].hi < old.hi ? g->in[r].hi : old.hi;
      } else {
        g->phi[r] = threshold(g, r, old, g->in[r]);
        moved |= g->phi[r].lo != old.lo || g->phi[r].hi != old.hi;
      }
    }
  return moved;
}

static void give_up(range *g)
{
  for (kb_ref r = 0; r < g->n; r++) {
    g->phi[r] = KB_IVAL_FULL;
    g->x.rising[r] = g->x.falling[r] = 0;
    g->moved[r] = 0;
  }
}

/* ------------------------------------------------------------------------------------------------------------ */

static void guess(range *g)
{
  kb_fn *f = g->x.f;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    if (!header(f, b) || irregular(f, b))
      continue;
    KB_FOR_INS(f, b, r) {
      const kb_val *v = kb_v(f, r);
      if (v->op != KB_PHI)
        break;
      kb_ref start = 0;
      uint32_t entries = 0;
      for (uint32_t k = 0; k < v->nargs; k++)
        if (f->blk.v[f->blk.v[b].pred.v[k]].rpo < f->blk.v[b].rpo) {
          start = v->args[k];
          entries++;
        }
      if (entries == 1 && kb_is_int(f, r)) {
        g->x.start[r] = start;
        g->x.rising[r] = g->x.falling[r] = 1;
      }
    }
  }
}

static void tree(range *g)
{
  const kb_fn *f = g->x.f;
  g->child = KB_ZALLOC(kb_bid, f->blk.n);
  g->sibling = KB_ZALLOC(kb_bid, f->blk.n);
  for (uint32_t i = f->rpo.n; i-- > 1;) {
    kb_bid b = f->rpo.v[i], dom = f->blk.v[b].idom;
    g->sibling[b] = g->child[dom];
    g->child[dom] = b;
  }
}

static void settle(range *g)
{
  uint32_t walks = 0;
  bool moved;
  do {
    walk(g);
    moved = update(g, false);
  } while ((moved || g->dropped) && ++walks < WALKS);
  if (moved || g->dropped) {
    give_up(g);
    walk(g);
  }
  for (int k = 0; k < NARROWINGS; k++) {
    update(g, true);
    walk(g);
  }
}

/* needs nothing; keeps SSA and the CFG. Decided comparisons become constants: fold makes their branches jumps. */
uint32_t kb_opt_range(kb_fn *f)
{
  range g;
  memset(&g, 0, sizeof g);
  kb_cfg(f);
  kb_facts_init(&g.x, f);
  kb_subst_init(&g.s, f);
  g.n = f->val.n;
  g.phi = KB_ZALLOC(kb_ival, g.n);
  g.in = KB_ZALLOC(kb_ival, g.n);
  g.seen = KB_ZALLOC(uint8_t, g.n);
  g.moved = KB_ZALLOC(uint8_t, g.n);
  memset(g.moved, UINT8_MAX, g.n);
  tree(&g);
  guess(&g);
  settle(&g);
  g.rewrite = true;
  walk(&g);
  kb_subst_finish(&g.s, f);
  free(g.child);
  free(g.sibling);
  free(g.phi);
  free(g.in);
  free(g.seen);
  free(g.moved);
  kb_facts_free(&g.x);
  return g.changes;
}
