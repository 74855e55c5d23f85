/* SPDX-License-Identifier: MIT */
/* flow.c: the control flow graph as structured C.
 *
 * Python's control flow is reducible, so the dominator tree gives the nesting. Source: N. Ramsey, Beyond Relooper,
 * ICFP 2022: a block with one way in is printed where it is branched to, a block where paths meet is printed
 * behind the conditional that both come from. One change: a block that a loop leaves to is printed behind the
 * loop rather than inside it. A jump to the place that follows anyway is no text; the rest are break, continue and,
 * for what C has no word for (two loops at once), goto.
 */
#include "out.h"

typedef struct loop_ctx {
  const struct loop_ctx *up;
  kb_bid header, after;      /* after: what follows the loop's closing brace; 0 = nothing known */
} loop_ctx;

typedef KB_VEC(kb_bid) blocks;

typedef struct {
  out *o;
  blocks *kids;              /* per block: what is printed behind its conditional, by rpo: children in the dominator tree */
  blocks *behind;            /* per loop header: what is printed behind the loop */
  uint8_t *wanted;           /* per block: a goto names it */
  uint8_t *continued;        /* per loop header: a goto from an inner loop continues it */
  uint8_t *inlined;          /* per block: printed at its one branch */
} flow;

static const kb_fn *fn(const flow *w) { return w->o->f; }
static const kb_blk *blk(const flow *w, kb_bid b) { return &w->o->f->blk.v[b]; }

/* -- Where blocks are printed --------------------------------------------------------------------------- */

static bool in_loop(const kb_fn *f, uint32_t loop, kb_bid b)
{
  for (uint32_t l = f->blk.v[b].loop; l; l = f->loops.v[l - 1].parent)
    if (l == loop)
      return true;
  return false;
}

/* The outermost loop that holds `at` but not b; 0 when there is none. */
static uint32_t left_loop(const kb_fn *f, kb_bid at, kb_bid b)
{
  uint32_t found = 0;
  for (uint32_t l = f->blk.v[at].loop; l; l = f->loops.v[l - 1].parent)
    if (!in_loop(f, l, b))
      found = l;
  return found;
}

static uint32_t forward_preds(const kb_fn *f, kb_bid b)
{
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->blk.v[b].pred.n; i++)
    n += f->blk.v[f->blk.v[b].pred.v[i]].rpo < f->blk.v[b].rpo;
  return n;
}

/* What the test of a while loop leaves to comes right behind the loop: nothing else jumps there, so its place is free. */
static void exit_first(flow *w, kb_bid header)
{
  blocks *l = &w->behind[header];
  const kb_blk *k = blk(w, header);
  for (uint32_t i = 1; i < l->n; i++) {
    kb_bid b = l->v[i];
    if ((b != k->succ[0] && b != k->succ[1]) || forward_preds(fn(w), b) > 1)
      continue;
    for (; i > 0; i--)
      l->v[i] = l->v[i - 1];
    l->v[0] = b;
    return;
  }
}

static void place(flow *w)
{
  const kb_fn *f = fn(w);
  for (uint32_t i = 1; i < f->rpo.n; i++) { /* in rpo, so the lists are sorted */
    kb_bid b = f->rpo.v[i], up = f->blk.v[b].idom;
    uint32_t l = left_loop(f, up, b);
    if (l) {
      kb_vec_push(&w->behind[f->loops.v[l - 1].header], b);
    } else {
      w->inlined[b] = forward_preds(f, b) < 2;
      if (!w->inlined[b])
        kb_vec_push(&w->kids[up], b);
    }
  }
  for (uint32_t i = 0; i < f->loops.n; i++)
    exit_first(w, f->loops.v[i].header);
}

/* -- Printing ---------------------------------------------------------------------------------------------- */

static void tree(flow *w, kb_bid b, kb_bid next, const loop_ctx *in);

static void text(flow *w, const char *s)
{
  fprintf(w->o->out, "%*s%s\n", w->o->indent * 2, "", s);
}

static void statements(flow *w, kb_bid b)
{
  KB_FOR_INS (fn(w), b, r)
    out_stmt(w->o, r);
}

static bool is_header(const flow *w, kb_bid b)
{
  uint32_t l = blk(w, b)->loop;
  return l && fn(w)->loops.v[l - 1].header == b;
}

/* Is a jump from here to `to` any text? next: what follows the text being printed. */
typedef enum { FALLS, BREAKS, CONTINUES, INLINE, GOES } jump;

static jump jump_kind(const flow *w, kb_bid to, kb_bid next, const loop_ctx *in)
{
  if (to == next)
    return FALLS;
  if (in && to == in->header)
    return CONTINUES;
  if (in && to == in->after)
    return BREAKS;
  return w->inlined[to] ? INLINE : GOES;
}

static bool is_back(const flow *w, kb_bid from, kb_bid to) { return blk(w, to)->rpo <= blk(w, from)->rpo; }

static void go(flow *w, kb_bid from, kb_bid to, kb_bid next, const loop_ctx *in)
{
  char label[32];
  if (!blk(w, from)->succ[1])
    out_copies(w->o, from, to);
  switch (jump_kind(w, to, next, in)) {
  case FALLS: break;
  case BREAKS: text(w, "break;"); break;
  case CONTINUES: text(w, "continue;"); break;
  case INLINE: tree(w, to, next, in); break;
  case GOES:
    snprintf(label, sizeof label, "goto %c%u;", is_back(w, from, to) ? 'C' : 'L', to);
    *(is_back(w, from, to) ? &w->continued[to] : &w->wanted[to]) = 1;
    text(w, label);
    break;
  }
}

/* Does the jump to `to` print anything? An inlined block without text of its own prints what it jumps to. */
static bool is_empty(const flow *w, kb_bid to, kb_bid next, const loop_ctx *in)
{
  jump k = jump_kind(w, to, next, in);
  if (k != INLINE)
    return k == FALLS;
  const kb_fn *f = fn(w);
  const kb_blk *b = blk(w, to);
  if (!kb_is(f, b->last, KB_JMP) || b->first != b->last || w->kids[to].n || w->behind[to].n)
    return false;
  kb_bid then = b->succ[0];
  if (out_has_copies(w->o, to, then))
    return false;
  return is_empty(w, then, next, in);
}

static void condition(flow *w, kb_ref c, bool yes)
{
  if (yes)
    out_expr(w->o, c, 1);
  else
    out_not(w->o, c);
}

/* Does control surely not come out at the end of the text of a jump to `to`? */
static bool ends(const flow *w, kb_bid to, kb_bid next, const loop_ctx *in)
{
  jump k = jump_kind(w, to, next, in);
  if (k != INLINE)
    return k != FALLS;
  const kb_blk *b = blk(w, to);
  uint16_t op = kb_v(fn(w), b->last)->op;
  if (is_header(w, to) || w->kids[to].n || op == KB_BR)
    return false;
  return op == KB_JMP ? ends(w, b->succ[0], next, in) : true;
}

static void arm(flow *w, kb_bid from, kb_bid to, kb_bid next, const loop_ctx *in)
{
  w->o->indent++;
  go(w, from, to, next, in);
  w->o->indent--;
}

/* The arm that only leaves comes first, and what follows it needs no else. */
static void branch(flow *w, kb_bid b, kb_bid next, const loop_ctx *in)
{
  const kb_val *v = kb_v(fn(w), blk(w, b)->last);
  kb_bid yes = blk(w, b)->succ[0], no = blk(w, b)->succ[1];
  bool no_yes = is_empty(w, yes, next, in), no_no = is_empty(w, no, next, in);
  if (no_yes && no_no)
    return;
  bool swap = no_yes || (!no_no && !ends(w, yes, next, in) && ends(w, no, next, in));
  kb_bid first = swap ? no : yes, second = swap ? yes : no;
  out_line(w->o, v->loc);
  fputs("if (", w->o->out);
  condition(w, v->args[0], !swap);
  fputs(") {\n", w->o->out);
  arm(w, b, first, next, in);
  if (no_yes || no_no) {
    text(w, "}");
  } else if (ends(w, first, next, in)) {
    text(w, "}");
    go(w, b, second, next, in);
  } else {
    text(w, "} else {");
    arm(w, b, second, next, in);
    text(w, "}");
  }
}

static void terminator(flow *w, kb_bid b, kb_bid next, const loop_ctx *in)
{
  kb_ref r = blk(w, b)->last;
  switch (kb_v(fn(w), r)->op) {
  case KB_JMP: go(w, b, blk(w, b)->succ[0], next, in); break;
  case KB_BR: branch(w, b, next, in); break;
  case KB_RET: out_return(w->o, r); break;
  default: out_raise(w->o, r); break;
  }
}

/* Blocks that follow one after the other; each falls into the one behind it. */
static void followers(flow *w, const blocks *l, kb_bid next, const loop_ctx *in)
{
  for (uint32_t i = 0; i < l->n; i++) {
    if (w->wanted[l->v[i]])
      fprintf(w->o->out, "L%u:;\n", l->v[i]);
    tree(w, l->v[i], i + 1 < l->n ? l->v[i + 1] : next, in);
  }
}

/* A block, then what its conditional joins in. */
static void node(flow *w, kb_bid b, kb_bid next, const loop_ctx *in)
{
  const blocks *kids = &w->kids[b];
  terminator(w, b, kids->n ? kids->v[0] : next, in);
  followers(w, kids, next, in);
}

/* A loop header with no statement of its own but the test to leave is a while loop. */
static bool is_while(const flow *w, kb_bid b)
{
  const kb_fn *f = fn(w);
  const kb_blk *k = blk(w, b);
  if (!kb_is(f, k->last, KB_BR) || in_loop(f, k->loop, k->succ[0]) == in_loop(f, k->loop, k->succ[1]))
    return false;
  KB_FOR_INS (f, b, r)
    if (r != k->last && !kb_is(f, r, KB_PHI) && !w->o->folded[r])
      return false;
  return true;
}

static void loop(flow *w, kb_bid b, kb_bid next, const loop_ctx *in)
{
  const kb_fn *f = fn(w);
  const kb_blk *k = blk(w, b);
  const blocks *behind = &w->behind[b], *kids = &w->kids[b];
  loop_ctx ctx = { in, b, behind->n ? behind->v[0] : next };
  bool yes = kb_is(f, k->last, KB_BR) && in_loop(f, k->loop, k->succ[0]);
  bool is_w = is_while(w, b) && jump_kind(w, k->succ[yes], b, &ctx) == BREAKS;
  out_line(w->o, kb_v(f, k->last)->loc);
  if (is_w) {
    fputs("while (", w->o->out);
    condition(w, kb_v(f, k->last)->args[0], yes);
    fputs(") {\n", w->o->out);
  } else {
    fputs("for (;;) {\n", w->o->out);
  }
  w->o->indent++;
  if (is_w) {
    go(w, b, k->succ[!yes], kids->n ? kids->v[0] : b, &ctx);
    followers(w, kids, b, &ctx);
  } else {
    statements(w, b);
    node(w, b, b, &ctx);
  }
  if (w->continued[b])
    fprintf(w->o->out, "C%u:;\n", b);
  w->o->indent--;
  text(w, "}");
  followers(w, behind, next, in);
}

static void tree(flow *w, kb_bid b, kb_bid next, const loop_ctx *in)
{
  if (is_header(w, b)) {
    loop(w, b, next, in);
    return;
  }
  statements(w, b);
  node(w, b, next, in);
}

void out_flow(out *o)
{
  uint32_t n = o->f->blk.n;
  flow w = { .o = o, .wanted = KB_ZALLOC(uint8_t, n), .continued = KB_ZALLOC(uint8_t, n), .inlined = KB_ZALLOC(uint8_t, n) };
  w.kids = KB_ZALLOC(blocks, n);
  w.behind = KB_ZALLOC(blocks, n);
  place(&w);
  tree(&w, o->f->rpo.v[0], 0, NULL);
  for (uint32_t b = 0; b < n; b++) {
    kb_vec_free(&w.kids[b]);
    kb_vec_free(&w.behind[b]);
  }
  free(w.kids);
  free(w.behind);
  free(w.wanted);
  free(w.continued);
  free(w.inlined);
}
