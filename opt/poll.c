/* SPDX-License-Identifier: MIT */
/* poll.c: what becomes of the polls that latch.c has put at every loop latch. Runs last, for it hides what loops do.
 *
 * A function counts down (kb_left in the emitted C); at zero it asks the runtime whether to go on, and for how long. By
 * the kind of loop:
 *
 *   few turns, their number constant;    no poll: what is around it polls
 *   or a value goes to 0 by halves
 *   an induction variable against an     strips. The loop itself keeps its shape, without a counter, so that compilers
 *   invariant bound                      vectorise it as before; the poll is in a loop around it:
 *
 *                       i = a                                      i = a
 *                                                                  for (;;) {
 *                                                                    end = strip i, n       n, or less
 *                       while (i < n) { body; i += 1 }               while (i < end) { body; i += 1 }
 *                                                                    if (end == n) break
 *                                                                    poll
 *                                                                  }
 *
 *                                        strip charges the turns up to its end; where the loop is left in the middle,
 *                                        unstrip gives back the rest
 *   all others                           the poll at the latch counts; it costs as much as the loop's body weighs
 *
 * A loop around others counts: one turn of it is many of theirs, and these charge for themselves. What calls itself
 * polls where it looks at the stack.
 */
#include "opt.h"

#include <string.h>

enum {
  TINY = 256,           /* turns of loops with constant bounds, all levels together, that need no poll */
  LIGHT = 200,          /* values of a body that is worth its strips; beyond, a counter costs nothing */
  CALL_COST = 64,       /* a kernel's: it polls for itself if it takes long */
  LIBM_COST = 4,
  HALVINGS = 64,        /* turns until an int64 is 0 */
  TURNS_PER_COST = 16,  /* of a loop that ends by halves */
  VALUES_PER_COST = 32,
  STEP_MAX = 1 << 20    /* so that what is left times the step stays far from overflow */
};

typedef struct { bool is; kb_bid header, body, after; uint32_t entry; kb_ref iv, bound; kb_op test; int64_t step; } counted;
typedef struct {
  uint32_t polls, values, calls, libm;
  uint32_t inner;       /* loops inside that are not tiny */
  uint64_t inner_turns; /* of the tiny ones */
  uint64_t turns;       /* of a tiny loop, inner ones included; 0: it is not tiny */
  uint64_t halvings;    /* turns of inner loops that end by halves */
  counted c;
} loop_info;

typedef struct { kb_fn *f; loop_info *loop; uint32_t changes; } polls;

/* -- What a loop is like ------------------------------------------------------------------------------------- */

static bool inside(const kb_fn *f, uint32_t loop, kb_bid b)
{
  for (uint32_t l = f->blk.v[b].loop; l; l = f->loops.v[l - 1].parent)
    if (l == loop)
      return true;
  return false;
}

static void weigh(polls *p)
{
  const kb_fn *f = p->f;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    uint32_t l = f->blk.v[f->rpo.v[i]].loop;
    if (!l)
      continue;
    loop_info *x = &p->loop[l - 1];
    KB_FOR_INS(f, f->rpo.v[i], r) {
      uint16_t op = kb_v(f, r)->op;
      x->polls += op == KB_POLL;
      x->values += op != KB_PHI && op != KB_JMP && op != KB_POLL && op != KB_HINT;
      x->calls += op == KB_CALL;
      x->libm += op >= KB_FPOW && op <= KB_MFMOD;
    }
  }
}

/* x advances phi iv by a constant. */
static bool step_of(const kb_fn *f, kb_ref iv, kb_ref x, int64_t *step)
{
  const kb_val *v = kb_v(f, x);
  bool add = v->op == KB_IADDN || v->op == KB_IADDO || v->op == KB_IADD;
  bool sub = v->op == KB_ISUBN || v->op == KB_ISUBO || v->op == KB_ISUB;
  if ((!add && !sub) || v->args[0] != iv || !kb_is_const(f, v->args[1]))
    return false;
  int64_t c = kb_v(f, v->args[1])->imm.i;
  if (c == 0 || c > STEP_MAX || c < -STEP_MAX)
    return false;
  *step = add ? c : -c;
  return true;
}

/* One way in, and every latch advances iv by the same constant. */
static bool is_induction(const kb_fn *f, uint32_t loop, kb_ref iv, counted *c)
{
  const kb_val *v = kb_v(f, iv);
  const kb_blk *h = &f->blk.v[c->header];
  uint32_t entries = 0, latches = 0;
  if (v->op != KB_PHI || v->blk != c->header)
    return false;
  for (uint32_t k = 0; k < v->nargs; k++) {
    int64_t step;
    if (!inside(f, loop, h->pred.v[k])) {
      c->entry = k;
      entries++;
    } else if (!step_of(f, iv, v->args[k], &step) || (latches && step != c->step)) {
      return false;
    } else {
      c->step = step;
      latches++;
    }
  }
  c->iv = iv;
  return entries == 1 && latches;
}

static bool is_outside(const kb_fn *f, uint32_t loop, kb_ref r) { return !kb_v(f, r)->blk || !inside(f, loop, kb_v(f, r)->blk); }

/* Has it the same value all through the loop, in a place that can be had in front of it? */
static bool is_invariant(const kb_fn *f, uint32_t loop, kb_ref r)
{
  return is_outside(f, loop, r) || (kb_is(f, r, KB_VLEN) && is_outside(f, loop, kb_v(f, r)->args[0]));
}

static kb_op turned(kb_op op) /* a op b is b turned(op) a */
{
  return op == KB_ILT ? KB_IGT : op == KB_ILE ? KB_IGE : op == KB_IGT ? KB_ILT : KB_ILE;
}

static kb_op opposite(kb_op op)
{
  return op == KB_ILT ? KB_IGE : op == KB_ILE ? KB_IGT : op == KB_IGT ? KB_ILE : KB_ILT;
}

/* May the header be executed once more than the program says, up to its test? */
static bool is_repeatable(const kb_fn *f, kb_bid b)
{
  KB_FOR_INS(f, b, r)
    if ((kb_ops[kb_v(f, r)->op].flags & KB_OF_S) || kb_is(f, r, KB_STRIP) || kb_is(f, r, KB_POLL))
      return false;
  return true;
}

/* while (iv < bound) in all its forms. */
static void find_counted(const kb_fn *f, uint32_t loop, counted *c)
{
  c->header = f->loops.v[loop - 1].header;
  const kb_blk *h = &f->blk.v[c->header];
  const kb_val *br = kb_v(f, h->last);
  if (br->op != KB_BR || inside(f, loop, h->succ[0]) == inside(f, loop, h->succ[1]) || !is_repeatable(f, c->header))
    return;
  const kb_val *test = kb_v(f, br->args[0]);
  if (test->op != KB_ILT && test->op != KB_ILE && test->op != KB_IGT && test->op != KB_IGE)
    return;
  bool yes = inside(f, loop, h->succ[0]);
  c->body = h->succ[yes ? 0 : 1];
  c->after = h->succ[yes ? 1 : 0];
  c->test = yes ? (kb_op)test->op : opposite((kb_op)test->op);
  kb_ref iv = test->args[0], bound = test->args[1];
  if (!is_induction(f, loop, iv, c)) {
    iv = test->args[1], bound = test->args[0];
    c->test = turned(c->test);
    if (!is_induction(f, loop, iv, c))
      return;
  }
  bool up = c->test == KB_ILT || c->test == KB_ILE;
  c->bound = bound;
  c->is = up == (c->step > 0) && is_invariant(f, loop, bound);
}

/* The number of turns, when it is a constant; else 0. An early end makes it less. */
static uint64_t constant_turns(const kb_fn *f, const counted *c)
{
  if (!c->is || !kb_is_const(f, c->bound) || !kb_is_const(f, kb_v(f, c->iv)->args[c->entry]))
    return 0;
  int64_t a = kb_v(f, kb_v(f, c->iv)->args[c->entry])->imm.i, b = kb_v(f, c->bound)->imm.i, step = c->step;
  if (step > 0 ? a > b : a < b)
    return 1;
  uint64_t gap = step > 0 ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
  return gap / (uint64_t)(step > 0 ? step : -step) + 1;
}

/* -- Values that go to 0 by halves --------------------------------------------------------------------------------- */

static bool is_constant_from(const kb_fn *f, kb_ref r, int64_t least) { return kb_is_const(f, r) && kb_v(f, r)->imm.i >= least; }

/* Is the int never below 0? Only what loops are made of: constants, lengths, counters. */
static bool is_natural(const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  if (kb_is_const(f, r))
    return kb_type_letter(v->ty) == 'I' && v->imm.i >= 0;
  if (v->op == KB_VLEN)
    return true;
  if (v->op != KB_PHI || !v->blk)
    return false;
  for (uint32_t k = 0; k < v->nargs; k++) {
    const kb_val *a = kb_v(f, v->args[k]);
    bool up = a->op == KB_IADDN && a->args[0] == r && is_constant_from(f, a->args[1], 0);
    if (!up && !is_constant_from(f, v->args[k], 0))
      return false;
  }
  return true;
}

/* x is what phi v becomes: at most half of it, if v is above 0. */
static bool is_half(const kb_fn *f, kb_ref v, kb_ref x)
{
  const kb_val *h = kb_v(f, x);
  if (h->op == KB_ISHR)
    return h->args[0] == v && is_constant_from(f, h->args[1], 1);
  return (h->op == KB_IDIVN || h->op == KB_IFLOORDIV) && h->args[0] == v && is_constant_from(f, h->args[1], 2);
}

/* Euclid's algorithm, x, y = y, x % y: the remainders have the sign of y, so |y| is less than half of what it was two turns
 * ago. */
static bool is_euclid(const kb_fn *f, kb_bid header, kb_ref y, uint32_t k)
{
  const kb_val *mod = kb_v(f, kb_v(f, y)->args[k]);
  if ((mod->op != KB_IMODN && mod->op != KB_IMOD) || mod->args[1] != y)
    return false;
  const kb_val *x = kb_v(f, mod->args[0]);
  return x->op == KB_PHI && x->blk == header && x->args[k] == y;
}

/* while y: or while y > 0: with y halved in all turns. The most turns that it can have; 0: it is no such loop. */
static uint64_t halving_turns(const kb_fn *f, uint32_t loop)
{
  kb_bid header = f->loops.v[loop - 1].header;
  const kb_blk *h = &f->blk.v[header];
  const kb_val *br = kb_v(f, h->last), *test = br->op == KB_BR ? kb_v(f, br->args[0]) : NULL;
  if (!test || (test->op != KB_INE && test->op != KB_IGT) || !inside(f, loop, h->succ[0]) || inside(f, loop, h->succ[1]))
    return 0;
  kb_ref y = test->args[0];
  const kb_val *phi = kb_v(f, y);
  if (phi->op != KB_PHI || phi->blk != header || !kb_is_const(f, test->args[1]) || kb_v(f, test->args[1])->imm.i != 0)
    return 0;
  uint32_t halves = 0, euclids = 0;
  for (uint32_t k = 0; k < phi->nargs; k++) {
    if (!inside(f, loop, h->pred.v[k])) {
      if (test->op == KB_INE && !is_natural(f, phi->args[k]))
        euclids++; /* of either sign: then only Euclid will do */
    } else if (is_half(f, y, phi->args[k])) {
      halves++;
    } else if (!is_euclid(f, header, y, k)) {
      return 0;
    } else {
      euclids++;
    }
  }
  return halves && euclids ? 0 : halves ? HALVINGS : euclids ? 2 * HALVINGS + 2 : 0;
}

static void classify(polls *p)
{
  const kb_fn *f = p->f;
  for (uint32_t l = f->loops.n; l; l--) { /* inner loops first */
    loop_info *x = &p->loop[l - 1];
    find_counted(f, l, &x->c);
    uint64_t turns = constant_turns(f, &x->c), inner = x->inner_turns ? x->inner_turns : 1;
    if (turns && turns <= TINY && inner <= TINY && turns * inner <= TINY && !x->inner && !x->calls)
      x->turns = turns * inner;
    uint64_t halvings = x->turns || x->inner || x->inner_turns || x->calls ? 0 : halving_turns(f, l);
    if (halvings)
      x->turns = halvings;
    if (!f->loops.v[l - 1].parent)
      continue;
    loop_info *up = &p->loop[f->loops.v[l - 1].parent - 1];
    up->inner += !x->turns;
    up->inner_turns += x->turns;
    up->halvings += halvings;
  }
}

/* -- Changes ---------------------------------------------------------------------------------------------------- */

static void redirect(kb_fn *f, kb_bid from, kb_bid old, kb_bid to)
{
  for (int k = 0; k < 2; k++)
    if (f->blk.v[from].succ[k] == old)
      f->blk.v[from].succ[k] = to;
  for (uint32_t i = 0; i < f->blk.v[old].pred.n; i++)
    if (f->blk.v[old].pred.v[i] == from)
      f->blk.v[old].pred.v[i] = 0; /* the caller says who comes instead */
}

static void take_place(kb_fn *f, kb_bid b, kb_bid pred)
{
  for (uint32_t i = 0; i < f->blk.v[b].pred.n; i++)
    if (f->blk.v[b].pred.v[i] == 0)
      f->blk.v[b].pred.v[i] = pred;
}

/* A block on the edge; it still has no jump. */
static kb_bid block_on_edge(kb_fn *f, kb_bid from, kb_bid to)
{
  kb_bid mid = kb_blk_new(f);
  redirect(f, from, to, mid);
  take_place(f, to, mid);
  kb_vec_push(&f->blk.v[mid].pred, from);
  return mid;
}

/* The last poll of the loop; the others go. */
static kb_val take_polls(polls *p, uint32_t loop)
{
  kb_fn *f = p->f;
  kb_val last;
  memset(&last, 0, sizeof last);
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    if (f->blk.v[f->rpo.v[i]].loop != loop)
      continue;
    for (kb_ref r = f->blk.v[f->rpo.v[i]].first, next; r; r = next) {
      next = kb_v(f, r)->next;
      if (!kb_is(f, r, KB_POLL))
        continue;
      last = *kb_v(f, r);
      kb_del(f, r);
    }
  }
  p->changes++;
  return last;
}

static kb_ref compare(kb_fn *f, kb_ref before, kb_bid b, kb_op op, kb_ref x, kb_ref y, kb_loc loc)
{
  kb_ref args[2] = { x, y };
  return before ? kb_ins_before(f, before, op, KB_T_BOOL, args, 2, loc) : kb_ins(f, b, op, KB_T_BOOL, args, 2, loc);
}

/* Where the loop is left in the middle for another one. */
static void unstrip(polls *p, uint32_t loop, const counted *c, kb_ref end)
{
  kb_fn *f = p->f;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    for (int k = 0; k < 2 && b != c->header && inside(f, loop, b); k++) {
      kb_bid to = f->blk.v[b].succ[k];
      if (!to || to >= p->f->blk.n || f->blk.v[to].rpo == UINT32_MAX || inside(f, loop, to) || !f->blk.v[to].loop)
        continue;
      kb_loc loc = kb_v(f, f->blk.v[b].last)->loc;
      kb_ref args[2] = { c->iv, end };
      kb_bid mid = block_on_edge(f, b, to);
      f->blk.v[mid].rpo = UINT32_MAX; /* as new blocks are until the next kb_cfg */
      kb_ref r = kb_ins(f, mid, KB_UNSTRIP, KB_T_VOID, args, 2, loc);
      kb_v(f, r)->imm.i = c->step;
      kb_jmp(f, mid, to, loc);
    }
  }
}

static void strip(polls *p, uint32_t loop)
{
  kb_fn *f = p->f;
  const counted c = p->loop[loop - 1].c;
  const kb_val poll = take_polls(p, loop);
  kb_bid pre = f->blk.v[c.header].pred.v[c.entry];
  kb_ref br = f->blk.v[c.header].last, old = kb_v(f, br)->args[0], bound = c.bound;
  kb_loc loc = kb_v(f, br)->loc;
  kb_bid outer = block_on_edge(f, pre, c.header), seam = block_on_edge(f, c.header, c.after), again = kb_blk_new(f);
  f->blk.v[outer].rpo = f->blk.v[seam].rpo = f->blk.v[again].rpo = UINT32_MAX;

  kb_jmp(f, again, outer, loc); /* the second way in, behind pre */
  kb_ref first = c.iv;
  KB_FOR_INS(f, c.header, r) {
    if (!kb_is(f, r, KB_PHI))
      break;
    kb_ref phi = kb_phi(f, outer, kb_v(f, r)->ty, 2);
    kb_val *to = kb_v(f, phi), *v = kb_v(f, r);
    to->name = v->name, to->loc = v->loc, to->pc = v->pc;
    to->args[0] = v->args[c.entry];
    to->args[1] = r;
    v->args[c.entry] = phi;
    if (r == c.iv)
      first = phi;
  }
  if (!is_outside(f, loop, bound)) { /* a length */
    bound = kb_ins(f, outer, KB_VLEN, kb_v(f, c.bound)->ty, kb_v(f, c.bound)->args, 1, loc);
    kb_v(f, bound)->imm = kb_v(f, c.bound)->imm;
  }
  kb_ref args[2] = { first, bound };
  kb_ref end = kb_ins(f, outer, KB_STRIP, KB_T_I64, args, 2, loc);
  kb_v(f, end)->imm.i = c.step;
  kb_jmp(f, outer, c.header, loc);
  unstrip(p, loop, &c, end);

  kb_ref test = compare(f, br, 0, c.test, c.iv, end, loc);
  kb_v(f, br)->args[0] = test;
  bool yes = f->blk.v[c.header].succ[0] == c.body;
  if (!yes) { /* the test is the opposite of what it was */
    f->blk.v[c.header].succ[0] = c.body;
    f->blk.v[c.header].succ[1] = seam;
  }
  kb_ref more = compare(f, 0, seam, KB_INE, end, bound, loc);
  kb_br(f, seam, more, again, c.after, loc);
  kb_ref now = kb_ins_before(f, f->blk.v[again].last, KB_POLL, KB_T_VOID, NULL, 0, poll.loc);
  kb_v(f, now)->snap = poll.snap;
  kb_v(f, now)->pc = poll.pc;

  uint32_t *uses = KB_ZALLOC(uint32_t, f->val.n);
  kb_count_uses(f, uses);
  if (!uses[old]) {
    kb_del(f, old);
    if (bound != c.bound && uses[c.bound] == 1) /* that of the test */
      kb_del(f, c.bound);
  }
  free(uses);
}

/* Costs at the latches by the weight of the body. */
static void count(polls *p, uint32_t loop)
{
  kb_fn *f = p->f;
  const loop_info *x = &p->loop[loop - 1];
  int64_t cost = 1 + x->values / VALUES_PER_COST + (int64_t)(x->halvings / TURNS_PER_COST) + (int64_t)x->calls * CALL_COST + (int64_t)x->libm * LIBM_COST;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    if (f->blk.v[f->rpo.v[i]].loop == loop)
      KB_FOR_INS(f, f->rpo.v[i], r)
        if (kb_is(f, r, KB_POLL) && kb_v(f, r)->imm.i != cost) {
          kb_v(f, r)->imm.i = cost;
          p->changes++;
        }
}

/* A recursion has no latch: calls are counted in the thread, where they look at the stack. */
static void at_entry(polls *p)
{
  kb_fn *f = p->f;
  kb_ref guard = 0;
  KB_FOR_INS(f, 1, r) {
    if (kb_is(f, r, KB_POLL))
      return;
    if (kb_is(f, r, KB_GSTACK))
      guard = r;
  }
  if (!guard)
    return;
  kb_ref poll = kb_ins_before(f, kb_v(f, guard)->next, KB_POLL, KB_T_VOID, NULL, 0, f->loc);
  uint32_t snap = kb_poll_snap(f, f->loc, kb_v(f, guard)->pc);
  kb_v(f, poll)->imm.i = -1;
  kb_v(f, poll)->snap = snap;
  kb_v(f, poll)->pc = kb_v(f, guard)->pc;
  p->changes++;
}

/* Polls of loops that are none any more. */
static void drop_strays(polls *p)
{
  kb_fn *f = p->f;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    for (kb_ref r = f->blk.v[f->rpo.v[i]].first, next; r && !f->blk.v[f->rpo.v[i]].loop; r = next) {
      next = kb_v(f, r)->next;
      if (!kb_is(f, r, KB_POLL) || kb_v(f, r)->imm.i < 0)
        continue;
      kb_del(f, r);
      p->changes++;
    }
}

/* -- All loops ---------------------------------------------------------------------------------------------------- */

static bool has_strips(const kb_fn *f)
{
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS(f, f->rpo.v[i], r)
      if (kb_is(f, r, KB_STRIP))
        return true;
  return false;
}

/* breaks all */
uint32_t kb_opt_poll(kb_fn *f)
{
  polls p = { f, NULL, 0 };
  kb_cfg(f);
  if (has_strips(f))
    return 0;
  p.loop = KB_ZALLOC(loop_info, f->loops.n + 1);
  weigh(&p);
  classify(&p);
  drop_strays(&p);
  at_entry(&p);
  uint32_t n = f->loops.n;
  for (uint32_t l = 1; l <= n; l++) { /* kb_cfg has to wait: loops and blocks keep their numbers */
    const loop_info *x = &p.loop[l - 1];
    if (!x->polls)
      continue;
    if (x->turns)
      (void)take_polls(&p, l);
    else if (x->c.is && !x->inner && !x->halvings && !x->calls && x->values + x->libm * VALUES_PER_COST <= LIGHT)
      strip(&p, l);
    else
      count(&p, l);
  }
  free(p.loop);
  kb_cfg(f);
  return p.changes;
}
