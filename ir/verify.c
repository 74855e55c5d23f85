/* SPDX-License-Identifier: MIT */
/* verify.c: the invariants of doc/ir.txt, numbered as there. */
#include "ir.h"
#include "text.h"
#include "../include/kbabi.h"

#include <stdarg.h>
#include <string.h>

typedef struct {
  const kb_mod *m;
  kb_fn *f;
  char *why;
  size_t size;
  uint32_t *pos;      /* value to position in its block, from 1; 0: in no block */
  kb_bits snaps_done; /* snapshots whose shape has been checked */
} check;

/* Writes "invariant N: @f: message: instruction" unless something has been written already; returns false. */
__attribute__((format(printf, 4, 5))) static bool breach(check *c, int invariant, kb_ref r, const char *fmt, ...)
{
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  kb_assert(out != NULL, "open_memstream failed");
  fprintf(out, "invariant %d: @%s: ", invariant, c->f->name);
  va_list ap;
  va_start(ap, fmt);
  vfprintf(out, fmt, ap);
  va_end(ap);
  if (r && r < c->f->val.n) {
    kb_text t;
    kb_text_init(&t, out, c->m, c->f);
    fputs(": ", out);
    kb_text_ins(&t, r);
    kb_text_free(&t);
  }
  fclose(out);
  if (c->size)
    snprintf(c->why, c->size, "%s", text);
  free(text);
  return false;
}

/* -- 1-6: blocks and edges ------------------------------------------------------------------------- */

static bool has_pred(const kb_fn *f, kb_bid b, kb_bid pred)
{
  for (uint32_t i = 0; i < f->blk.v[b].pred.n; i++)
    if (f->blk.v[b].pred.v[i] == pred)
      return true;
  return false;
}

static int successors(const kb_val *last)
{
  return last->op == KB_JMP ? 1 : last->op == KB_BR || last->op == KB_TRY ? 2 : 0;
}

static bool check_edges(check *c, kb_bid b)
{
  const kb_fn *f = c->f;
  const kb_blk *blk = &f->blk.v[b];
  int want = successors(kb_v(f, blk->last));
  for (int k = 0; k < 2; k++) {
    if ((blk->succ[k] != 0) != (k < want))
      return breach(c, 3, blk->last, "%d successor(s) expected", want);
    if (blk->succ[k] >= f->blk.n)
      return breach(c, 3, blk->last, "no block %u", blk->succ[k]);
    if (blk->succ[k] && !has_pred(f, blk->succ[k], b))
      return breach(c, 4, blk->last, "a successor does not have this block among its predecessors");
  }
  if (want == 2 && blk->succ[0] == blk->succ[1])
    return breach(c, 3, blk->last, "both successors are the same block");
  for (uint32_t i = 0; i < blk->pred.n; i++) {
    kb_bid p = blk->pred.v[i];
    if (!p || p >= f->blk.n || (f->blk.v[p].succ[0] != b && f->blk.v[p].succ[1] != b))
      return breach(c, 4, blk->first, "block %u is a predecessor but does not go here", p);
  }
  return true;
}

/* No predecessor twice: over all blocks at once, so that it stays linear. */
static bool check_unique_preds(check *c)
{
  const kb_fn *f = c->f;
  bool ok = true;
  uint32_t *seen = (uint32_t *)kb_xrealloc(NULL, f->blk.n * sizeof *seen); /* by predecessor: block that had it last */
  memset(seen, 0, f->blk.n * sizeof *seen);
  for (kb_bid b = 1; b < f->blk.n && ok; b++)
    for (uint32_t i = 0; i < f->blk.v[b].pred.n && ok; i++) {
      if (seen[f->blk.v[b].pred.v[i]] == b)
        ok = breach(c, 4, f->blk.v[b].first, "block %u is a predecessor twice", f->blk.v[b].pred.v[i]);
      seen[f->blk.v[b].pred.v[i]] = b;
    }
  free(seen);
  return ok;
}

static bool check_links(check *c, kb_bid b)
{
  const kb_fn *f = c->f;
  const kb_blk *blk = &f->blk.v[b];
  uint32_t n = 0;
  bool phis = true;
  kb_ref prev = 0;
  for (kb_ref r = blk->first; r; prev = r, r = kb_v(f, r)->next) {
    if (r >= f->val.n || kb_v(f, r)->blk != b || kb_v(f, r)->prev != prev || c->pos[r])
      return breach(c, 6, 0, "the instructions of block %u are not linked rightly", b);
    const kb_val *v = kb_v(f, r);
    c->pos[r] = ++n;
    if (v->op >= KB_NOPS || v->op == KB_NOP || v->op == KB_CONST || v->op == KB_UNDEF || v->op == KB_PARAM)
      return breach(c, 6, 0, "%s in block %u", v->op < KB_NOPS ? kb_ops[v->op].text : "an unknown op", b);
    if (v->op == KB_PHI && !phis)
      return breach(c, 5, r, "a phi behind other instructions");
    phis = v->op == KB_PHI;
    if (phis && v->nargs != blk->pred.n)
      return breach(c, 5, r, "%u arguments for %u predecessors", v->nargs, blk->pred.n);
    if (kb_ops[v->op].kind == KB_OP_CTL && v->next)
      return breach(c, 2, r, "the block goes on behind its end");
  }
  if (prev != blk->last)
    return breach(c, 6, 0, "the instructions of block %u are not linked rightly", b);
  return true;
}

static bool check_blocks(check *c)
{
  const kb_fn *f = c->f;
  if (f->blk.n < 2)
    return breach(c, 1, 0, "no entry block");
  if (f->blk.v[1].pred.n)
    return breach(c, 1, f->blk.v[1].first, "the entry has predecessors");
  for (kb_bid b = 1; b < f->blk.n; b++) {
    const kb_blk *blk = &f->blk.v[b];
    if (!check_links(c, b))
      return false;
    if (!blk->last && b != 1 && !blk->pred.n)
      continue; /* dropped as unreachable */
    if (!blk->last || kb_ops[kb_v(f, blk->last)->op].kind != KB_OP_CTL)
      return breach(c, 2, blk->last, "block %u does not end in jmp, br, ret, raise or try", b);
    if (!check_edges(c, b))
      return false;
  }
  return check_unique_preds(c);
}

/* -- 7-8: uses ------------------------------------------------------------------------------------- */

/* Is x a value, and does its definition dominate position pos of block b? */
static bool check_use(check *c, kb_ref r, kb_ref x, kb_bid b, uint32_t pos)
{
  const kb_fn *f = c->f;
  if (!x || x >= f->val.n)
    return breach(c, 7, r, "an operand is missing");
  const kb_val *v = kb_v(f, x);
  if (v->op == KB_CONST || v->op == KB_UNDEF || v->op == KB_PARAM)
    return true;
  if (!v->blk || !c->pos[x])
    return breach(c, 7, r, "an operand is not defined (value %u has been deleted)", x);
  if (v->ty == KB_T_VOID)
    return breach(c, 7, r, "an operand has no result (%s)", kb_ops[v->op].text);
  if (v->blk == b ? c->pos[x] >= pos : !kb_dominates(f, v->blk, b))
    return breach(c, 8, r, "the definition of an operand (%s) does not dominate its use", kb_ops[v->op].text);
  return true;
}

static bool check_uses(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  for (uint32_t i = 0; i < v->nargs; i++) {
    bool phi = v->op == KB_PHI;
    kb_bid at = phi ? c->f->blk.v[v->blk].pred.v[i] : v->blk;
    if (!check_use(c, r, v->args[i], at, phi ? UINT32_MAX : c->pos[r]))
      return false;
  }
  return true;
}

/* -- 9-11: the row of the op ----------------------------------------------------------------------- */

/* The machine types of typed IR. */
static bool is_machine(kb_ty t)
{
  if (t < KB_T_FIRST_COMPOSITE)
    return t == KB_T_I64 || t == KB_T_U64 || t == KB_T_F64 || t == KB_T_F32 || t == KB_T_BOOL;
  kb_tkind k = kb_type_of(t)->kind;
  return k == KB_K_ARRAY || k == KB_K_PTR || k == KB_K_TUPLE;
}

static kb_ty type_of(const check *c, kb_ref r) { return kb_v(c->f, r)->ty; }

/* The letter that the row has for operand i; 0 when there are too few letters. */
static char letter_at(const char *args, uint32_t i, uint32_t nargs)
{
  const char *star = strchr(args, '*');
  if (!star)
    return i < strlen(args) ? args[i] : 0;
  uint32_t fixed = (uint32_t)(star - args) - 1, behind = (uint32_t)strlen(star + 1);
  if (i < fixed)
    return args[i];
  return i + behind >= nargs ? star[1 + i + behind - nargs] : args[fixed];
}

static bool check_row(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  const kb_oprow *row = &kb_ops[v->op];
  if (!kb_op_takes((kb_op)v->op, v->nargs))
    return breach(c, 9, r, "%u operand(s)", v->nargs);
  for (uint32_t i = 0; i < v->nargs; i++) {
    char want = letter_at(row->args, i, v->nargs);
    char have = kb_type_letter(type_of(c, v->args[i]));
    if (want != '?' && want != 'O' && want != have)
      return breach(c, 10, r, "operand %u is of class %c, not %c", i + 1, have, want);
  }
  if (row->result == '-' ? v->ty != KB_T_VOID
                         : row->result != '?' && row->result != 'O' && row->result != kb_type_letter(v->ty))
    return breach(c, 11, r, "a result of type %s", kb_type_text(v->ty));
  if (row->result == 'O' && (v->ty == KB_T_VOID))
    return breach(c, 11, r, "no result");
  return true;
}

/* The rest of Python: what only the interpreter does. */
static bool is_dynamic(uint16_t op)
{
  return (op >= KB_OMATMUL && op <= KB_OWITHLEAVE) || op == KB_TRY || op == KB_ORAISE || op == KB_ORERAISE;
}

/* 15: which ops and types a function of this level may have. */
static bool check_level(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  kb_opkind kind = kb_ops[v->op].kind;
  if (v->op == KB_MOV)
    return breach(c, 15, r, "an op of images");
  if (c->f->generic) {
    if (kind != KB_OP_OBJ && kind != KB_OP_CTL && v->op != KB_PHI)
      return breach(c, 15, r, "a typed op in a generic function");
    if (!c->f->dynamic && is_dynamic(v->op))
      return breach(c, 22, r, "an op of dynamic functions");
    return true;
  }
  if (kind == KB_OP_OBJ || is_dynamic(v->op))
    return breach(c, 15, r, "a generic op in a typed function");
  if (v->ty != KB_T_VOID && !is_machine(v->ty))
    return breach(c, 15, r, "a result of type %s in a typed function", kb_type_text(v->ty));
  for (uint32_t i = 0; i < v->nargs; i++)
    if (!is_machine(type_of(c, v->args[i])))
      return breach(c, 15, r, "operand %u of type %s in a typed function", i + 1, kb_type_text(type_of(c, v->args[i])));
  return true;
}

/* -- 12: ops with rules of their own --------------------------------------------------------------- */

static bool check_element(check *c, kb_ref r, kb_ty elem, kb_ty value)
{
  if (kb_type_letter(elem) != kb_type_letter(value))
    return breach(c, 12, r, "a %s and an element of type %s", kb_type_text(value), kb_type_text(elem));
  return true;
}

static bool check_array_op(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  const kb_type *a = kb_type_of(type_of(c, v->args[0]));
  bool store = v->op == KB_ST || v->op == KB_PST || v->op == KB_FILL;
  uint32_t nindex = v->nargs - 1 - store;
  for (uint32_t i = 1; i <= nindex; i++)
    if (kb_type_letter(type_of(c, v->args[i])) != 'I')
      return breach(c, 10, r, "index %u is no i64", i);
  if (v->op == KB_VSUB) {
    if (!nindex || nindex >= a->rank)
      return breach(c, 12, r, "%u indices for rank %u", nindex, a->rank);
    if (v->ty != kb_type_array(a->elem, a->rank - nindex, a->contig, a->readonly))
      return breach(c, 12, r, "a view of %s has another type", kb_type_text(type_of(c, v->args[0])));
    return true;
  }
  if (a->kind == KB_K_ARRAY && v->op != KB_FILL && nindex != a->rank)
    return breach(c, 12, r, "%u indices for rank %u", nindex, a->rank);
  if (store && a->readonly)
    return breach(c, 12, r, "a store into a read-only array");
  return check_element(c, r, a->elem, store ? type_of(c, v->args[v->nargs - 1]) : v->ty);
}

static bool check_alloc(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  const kb_type *a = kb_type_of(v->ty);
  if (a->rank != v->nargs || a->readonly || v->imm.i < 0 || v->imm.i > 1)
    return breach(c, 12, r, "%u extents, #%lld for an array of type %s", v->nargs, (long long)v->imm.i,
                  kb_type_text(v->ty));
  return true;
}

static bool check_same_types(check *c, kb_ref r, uint32_t from)
{
  const kb_val *v = kb_v(c->f, r);
  for (uint32_t i = from; i < v->nargs && !c->f->generic; i++)
    if (type_of(c, v->args[i]) != v->ty)
      return breach(c, 12, r, "operand %u is a %s, the result a %s", i + 1, kb_type_text(type_of(c, v->args[i])),
                    kb_type_text(v->ty));
  return true;
}

/* Same classes, part by part: tuple[int, float] holds what (i64,f64) holds. */
static bool same_class(kb_ty a, kb_ty b)
{
  const kb_type *x = kb_type_of(a), *y = kb_type_of(b);
  if (x->kind != KB_K_TUPLE || y->kind != KB_K_TUPLE)
    return kb_type_letter(a) == kb_type_letter(b);
  bool same = x->n == y->n;
  for (uint32_t i = 0; same && i < x->n; i++)
    same = same_class(x->items[i], y->items[i]);
  return same;
}

static bool check_item(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  const kb_type *t = kb_type_of(type_of(c, v->args[0]));
  if (v->imm.i < 0 || v->imm.i >= (int64_t)t->n || !same_class(t->items[v->imm.i], v->ty))
    return breach(c, 12, r, "no such part of a %s", kb_type_text(type_of(c, v->args[0])));
  return true;
}

static bool check_ret(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  const kb_type *t = kb_type_of(c->f->ret);
  if (c->f->generic)
    return v->nargs <= 1 || c->f->dynamic || breach(c, 14, r, "%u objects", v->nargs);
  bool none = c->f->ret == KB_T_VOID || c->f->ret == KB_T_NONE;
  uint32_t want = none ? 0 : t->kind == KB_K_TUPLE ? t->n : 1;
  if (v->nargs != want)
    return breach(c, 14, r, "%u value(s) for a result of type %s", v->nargs, kb_type_text(c->f->ret));
  for (uint32_t i = 0; i < want; i++)
    if (!same_class(type_of(c, v->args[i]), t->kind == KB_K_TUPLE ? t->items[i] : c->f->ret))
      return breach(c, 14, r, "value %u does not fit the result %s", i + 1, kb_type_text(c->f->ret));
  return true;
}

/* An array argument may lose write access and the promise of contiguity, not gain them. */
static bool passes(kb_ty arg, kb_ty param)
{
  const kb_type *a = kb_type_of(arg), *p = kb_type_of(param);
  if (a->kind != KB_K_ARRAY || p->kind != KB_K_ARRAY)
    return arg == param;
  return a->elem == p->elem && a->rank == p->rank && (a->contig || !p->contig) && (!a->readonly || p->readonly);
}

static bool check_call(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  if (!c->m)
    return true;
  if (v->imm.i < 0 || v->imm.i >= (int64_t)c->m->fns.n)
    return breach(c, 13, r, "no function %lld", (long long)v->imm.i);
  const kb_fn *g = c->m->fns.v[v->imm.i];
  if (v->nargs != g->nparams)
    return breach(c, 13, r, "%u argument(s) for %u parameter(s)", v->nargs, g->nparams);
  if (g->generic != c->f->generic)
    return breach(c, 15, r, "a call between generic and typed functions");
  for (uint32_t i = 0; i < v->nargs && !g->generic; i++)
    if (!passes(type_of(c, v->args[i]), kb_v(g, g->params[i])->ty))
      return breach(c, 13, r, "argument %u is a %s, the parameter a %s", i + 1, kb_type_text(type_of(c, v->args[i])),
                    kb_type_text(kb_v(g, g->params[i])->ty));
  bool none = g->ret == KB_T_VOID || g->ret == KB_T_NONE;
  if (!g->generic && (none ? v->ty != KB_T_VOID : !same_class(v->ty, g->ret)))
    return breach(c, 13, r, "the result of @%s is a %s", g->name, kb_type_text(g->ret));
  return true;
}

static bool check_special(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  switch (v->op) {
  case KB_PHI: return check_same_types(c, r, 0);
  case KB_SEL: return check_same_types(c, r, 1);
  case KB_LD: case KB_ST: case KB_PLD: case KB_PST: case KB_VSUB: case KB_FILL: return check_array_op(c, r);
  case KB_ALLOC: return check_alloc(c, r);
  case KB_VLEN:
    if (v->imm.i < 0 || v->imm.i >= kb_type_of(type_of(c, v->args[0]))->rank)
      return breach(c, 12, r, "no such axis");
    return true;
  case KB_ITEM: return check_item(c, r);
  case KB_STRIP: case KB_UNSTRIP:
    if (!v->imm.i)
      return breach(c, 12, r, "a loop does not advance by 0");
    return true;
  case KB_POLL:
    if (v->imm.i < 0 && v->blk != 1)
      return breach(c, 12, r, "a cost below 0 behind the entry");
    return true;
  case KB_OCALL:
    if (v->imm.i < 0 || v->imm.i >= KB_NBUILTINS)
      return breach(c, 12, r, "no builtin %lld", (long long)v->imm.i);
    return true;
  case KB_CALL: case KB_OKCALL: return check_call(c, r);
  case KB_RET: return check_ret(c, r);
  case KB_BR:
    if (!c->f->generic && type_of(c, v->args[0]) != KB_T_BOOL)
      return breach(c, 10, r, "the condition is no bool");
    return true;
  default: return true;
  }
}

/* -- 22-24: dynamic functions ------------------------------------------------------------------------ */

static bool check_immediate(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  if ((kb_ops[v->op].flags & KB_OF_N) && !v->imm.str)
    return breach(c, 23, r, "no name");
  if ((kb_ops[v->op].flags & KB_OF_V) && (v->imm.i < 0 || v->imm.i >= (int64_t)c->f->nvars))
    return breach(c, 23, r, "no variable %lld of %u", (long long)v->imm.i, c->f->nvars);
  return true;
}

/* A block that exceptions go to: only tries lead there, and it begins with obj.caught. */
static bool check_handler(check *c, kb_bid h)
{
  const kb_fn *f = c->f;
  const kb_blk *blk = &f->blk.v[h];
  if (!blk->first || !kb_is(f, blk->first, KB_OCAUGHT))
    return breach(c, 24, blk->first, "a handler that does not begin with obj.caught");
  for (uint32_t i = 0; i < blk->pred.n; i++) {
    const kb_blk *p = &f->blk.v[blk->pred.v[i]];
    if (!kb_is(f, p->last, KB_TRY) || p->succ[1] != h)
      return breach(c, 24, p->last, "goes to a handler, without being a try with that handler");
  }
  return true;
}

/* What is defined in front of the tries of a handler is defined wherever an exception may come from. */
static bool check_handlers(check *c)
{
  const kb_fn *f = c->f;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i], h = f->blk.v[b].handler;
    const kb_blk *blk = &f->blk.v[b];
    if (kb_is(f, blk->last, KB_TRY) && !check_handler(c, blk->succ[1]))
      return false;
    for (kb_ref r = kb_v(f, blk->first)->next; r; r = kb_v(f, r)->next)
      if (kb_is(f, r, KB_OCAUGHT))
        return breach(c, 24, r, "not first in its block");
    if (kb_is(f, blk->first, KB_OCAUGHT) && !check_handler(c, b))
      return false;
    if (!h)
      continue;
    if (h >= f->blk.n || f->blk.v[h].rpo == UINT32_MAX)
      return breach(c, 24, blk->first, "a block whose handler is no block");
    if (!check_handler(c, h))
      return false;
    if (f->blk.v[h].idom == b || !kb_dominates(f, f->blk.v[h].idom, b))
      return breach(c, 24, blk->first, "a block with a handler that no try in front of it names");
  }
  return true;
}

/* -- 16-21: snapshots ------------------------------------------------------------------------------ */

static bool wants_snap(const kb_val *v)
{
  return kb_ops[v->op].kind == KB_OP_GRD || v->op == KB_ALLOC || v->op == KB_CALL || v->op == KB_POLL ||
         v->op == KB_RAISE;
}

/* Does a value of type have rebuild the Python type ty? */
static bool rebuilds(kb_ty ty, kb_ty have)
{
  if (ty == KB_T_OBJ || ty == have)
    return true;
  if (ty == KB_T_NONE || ty == KB_T_STR || have == KB_T_NONE || have == KB_T_STR)
    return false;
  const kb_type *t = kb_type_of(ty), *h = kb_type_of(have);
  if (t->kind == KB_K_ARRAY && h->kind == KB_K_ARRAY)
    return t->elem == h->elem && t->rank == h->rank;
  return same_class(ty, have) || (ty == KB_T_INT && have == KB_T_U64); /* an int past int64 */
}

static bool check_entry(check *c, kb_ref r, const kb_entry *e)
{
  if (e->kind == KB_E_VAL) {
    if (!e->ref || e->ref >= c->f->val.n)
      return breach(c, 7, r, "an entry of the snapshot is missing");
    if (!rebuilds(e->ty, type_of(c, e->ref)))
      return breach(c, 20, r, "slot %u: a %s does not rebuild a Python %s", e->slot, kb_type_text(type_of(c, e->ref)),
                    kb_type_text(e->ty));
    return true;
  }
  if (e->kind == KB_E_EXPR) {
    if (e->what >= KB_NOPS || kb_ops[e->what].kind != KB_OP_VAL || (kb_ops[e->what].flags & KB_OF_T) ||
        !kb_op_takes((kb_op)e->what, e->n))
      return breach(c, 20, r, "slot %u: %s cannot be computed while leaving", e->slot,
                    e->what < KB_NOPS ? kb_ops[e->what].text : "an unknown op");
  } else if (e->what >= KB_NVIRT) {
    return breach(c, 20, r, "slot %u: unknown kind of object", e->slot);
  }
  for (uint32_t i = 0; i < e->n; i++) {
    if (e->sub[i].slot != i)
      return breach(c, 19, r, "slot %u: part %u has number %u", e->slot, i, e->sub[i].slot);
    if (!check_entry(c, r, &e->sub[i]))
      return false;
  }
  return true;
}

static bool check_message(check *c, kb_ref r, const kb_snap *s)
{
  if (s->kind == KB_EXIT_RAISE && s->exc >= KB_NEXC)
    return breach(c, 21, r, "no exception %u", s->exc);
  for (const char *p = s->msg; p && *p && s->nargs; p++) /* without arguments the message is taken as it is */
    if (p[0] == '{' && p[1] >= '0' && p[1] <= '9' && (uint32_t)(p[1] - '0') >= s->nargs)
      return breach(c, 21, r, "the message has {%c}, the snapshot %u argument(s)", p[1], s->nargs);
  for (uint32_t i = 0; i < s->nargs; i++)
    if (s->args[i] && s->args[i] < c->f->val.n && !strchr("IUDSB", kb_type_letter(type_of(c, s->args[i]))))
      return breach(c, 21, r, "argument %u of the message is a %s", i, kb_type_text(type_of(c, s->args[i])));
  return true;
}

static bool check_frames(check *c, kb_ref r, const kb_snap *s)
{
  if (!s->nframes && !c->f->generic) /* a generic frame is all of its slots */
    return breach(c, 19, r, "a snapshot without a frame");
  if (s->nframes && s->kind != KB_EXIT_CALL && s->frames[0].result != UINT32_MAX)
    return breach(c, 19, r, "the innermost frame waits for a result");
  for (uint32_t i = 0; i < s->nframes; i++) {
    const kb_frame *fr = &s->frames[i];
    if (!fr->fn)
      return breach(c, 19, r, "a frame without a function");
    for (uint32_t k = 0; k < fr->n; k++) {
      if (k && fr->entries[k].slot <= fr->entries[k - 1].slot)
        return breach(c, 19, r, "slot %u behind slot %u", fr->entries[k].slot, fr->entries[k - 1].slot);
      if (!check_entry(c, r, &fr->entries[k]))
        return false;
    }
  }
  return check_message(c, r, s);
}

static bool check_snap_kind(check *c, kb_ref r, const kb_snap *s)
{
  uint16_t op = kb_v(c->f, r)->op;
  bool ok = op == KB_CALL || op == KB_POLL ? s->kind == KB_EXIT_CALL : op == KB_RAISE || op == KB_ALLOC ? s->kind == KB_EXIT_RAISE
                                                                      : s->kind != KB_EXIT_CALL;
  return ok || breach(c, 17, r, "a snapshot of kind %s", kb_exit_names[s->kind]);
}

typedef struct { check *c; kb_ref at; bool ok; } snap_uses;

static void check_snap_use(kb_ref *use, void *data)
{
  snap_uses *u = (snap_uses *)data;
  if (u->ok && !check_use(u->c, u->at, *use, kb_v(u->c->f, u->at)->blk, u->c->pos[u->at])) {
    u->ok = false; /* told as 7 or 8; 18 says that these hold for snapshots too */
  }
}

static bool check_snap(check *c, kb_ref r)
{
  const kb_val *v = kb_v(c->f, r);
  if (wants_snap(v) != (v->snap != 0))
    return breach(c, 16, r, v->snap ? "a snapshot that is never used" : "no snapshot");
  if (!v->snap)
    return true;
  if (v->snap > c->f->snap.n)
    return breach(c, 16, r, "no snapshot %u", v->snap - 1);
  kb_snap *s = &c->f->snap.v[v->snap - 1];
  snap_uses u = { c, r, true };
  kb_snap_uses(c->f, s, check_snap_use, &u);
  if (!u.ok || !check_snap_kind(c, r, s))
    return false;
  if (kb_bits_has(&c->snaps_done, v->snap - 1))
    return true;
  kb_bits_set(&c->snaps_done, v->snap - 1);
  return check_frames(c, r, s);
}

/* -- All of it ------------------------------------------------------------------------------------- */

static bool check_params(check *c)
{
  const kb_fn *f = c->f;
  for (uint32_t i = 0; i < f->nparams; i++) {
    kb_ref r = f->params[i];
    if (!r || r >= f->val.n || !kb_is(f, r, KB_PARAM) || kb_v(f, r)->imm.i != i)
      return breach(c, 6, 0, "parameter %u is not rightly numbered", i);
    if (!f->generic && !is_machine(kb_v(f, r)->ty))
      return breach(c, 15, 0, "parameter %u of type %s in a typed function", i, kb_type_text(kb_v(f, r)->ty));
  }
  return true;
}

static bool check_instructions(check *c)
{
  kb_fn *f = c->f;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS(f, f->rpo.v[i], r)
      if (!check_uses(c, r) || !check_row(c, r) || !check_level(c, r) || !check_special(c, r) || !check_immediate(c, r) ||
          !check_snap(c, r))
        return false;
  return true;
}

bool kb_verify(const kb_mod *m, kb_fn *f, char *why, size_t size)
{
  check c = { m, f, why, size, NULL, { NULL, 0 } };
  if (size)
    why[0] = 0;
  c.pos = (uint32_t *)kb_xrealloc(NULL, f->val.n * sizeof *c.pos);
  memset(c.pos, 0, f->val.n * sizeof *c.pos);
  kb_bits_init(&c.snaps_done, f->snap.n);
  bool ok = check_params(&c) && check_blocks(&c);
  if (ok) {
    kb_cfg(f); /* safe now: the graph is sound */
    ok = check_handlers(&c) && check_instructions(&c);
  }
  kb_bits_free(&c.snaps_done);
  free(c.pos);
  return ok;
}
