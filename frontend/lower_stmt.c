/* SPDX-License-Identifier: MIT */
/* lower_stmt.c: statements to blocks; kb_lower makes one generic function of each kernel. */
#include "lower.h"

#include "../include/kbabi.h"

#include <string.h>

static void body(lw *c, kt_list l);

/* -- Assignment ---------------------------------------------------------------------------------------- */

static void assign_local(lw *c, uint32_t var, kb_ref v)
{
  if (var < c->k->nlocals && kb_is_const(c->f, v) == false && !kb_v(c->f, v)->name)
    kb_v(c->f, v)->name = c->k->locals[var];
  lw_write(c, var, v);
  lw_write(c, c->k->nlocals + var, kb_const_int(c->f, KB_T_BOOL, 1));
}

static void store(lw *c, kt_node *target, kb_ref v)
{
  kb_ref args[8];
  uint32_t n = target->kids.n;
  if (n > 5) {
    lw_fail(c, target->loc, "%u indices: arrays have at most 4 axes", n - 1);
    return;
  }
  for (uint32_t i = 0; i < n; i++)
    args[i] = lw_expr(c, target->kids.v[i]);
  args[n] = v;
  lw_op(c, KB_OSETITEM, target->loc, args, n + 1);
}

static void unpack(lw *c, kt_node *target, kb_ref v)
{
  kb_ref t = lw_op1(c, KB_OUNPACK, target->loc, v);
  if (!t || !c->cur)
    return;
  kb_v(c->f, t)->imm.i = target->kids.n;
  for (uint32_t i = 0; i < target->kids.n; i++) {
    kb_ref x = lw_op1(c, KB_OITEM, target->loc, t);
    kb_v(c->f, x)->imm.i = i;
    lw_assign(c, target->kids.v[i], x);
  }
}

void lw_assign(lw *c, kt_node *target, kb_ref v)
{
  if (!v)
    return;
  switch (target->kind) {
  case TN_LOCAL: assign_local(c, (uint32_t)target->i, v); break;
  case TN_SUBSCRIPT: store(c, target, v); break;
  case TN_TUPLE: unpack(c, target, v); break;
  default: lw_fail(c, target->loc, "%s", target->str ? target->str : "cannot assign to this in a kernel"); break;
  }
}

static void augassign(lw *c, kt_node *n)
{
  kt_node *target = n->kids.v[0];
  if (target->kind == TN_LOCAL) {
    kb_ref a = lw_expr(c, target);
    kb_ref b = lw_expr(c, n->kids.v[1]);
    lw_assign(c, target, lw_op2(c, (kb_op)n->op, n->loc, a, b));
    return;
  }
  if (target->kind != TN_SUBSCRIPT || target->kids.n > 5) {
    lw_fail(c, target->loc, "%s", target->str ? target->str : "cannot assign to this in a kernel");
    return;
  }
  /* array and indices are evaluated once */
  kb_ref args[8];
  uint32_t k = target->kids.n;
  for (uint32_t i = 0; i < k; i++)
    if (!(args[i] = lw_expr(c, target->kids.v[i])))
      return;
  kb_ref a = lw_op(c, KB_OGETITEM, target->loc, args, k);
  kb_ref b = lw_expr(c, n->kids.v[1]);
  args[k] = lw_op2(c, (kb_op)n->op, n->loc, a, b);
  lw_op(c, KB_OSETITEM, target->loc, args, k + 1);
}

/* -- Loops ------------------------------------------------------------------------------------------------ */

kb_ref lw_for_begin(lw *c, lw_for *l, kb_ref x, kt_node *target, kb_loc loc)
{
  l->it = lw_hidden(c);
  lw_write(c, l->it, lw_op1(c, KB_OITER, loc, x));
  l->head = lw_block(c);
  l->done = lw_block(c);
  kb_bid in = lw_block(c);
  lw_goto(c, l->head, loc);
  c->cur = l->head;
  kb_ref it = lw_read(c, l->it);
  kb_ref more = lw_op1(c, KB_OHASNEXT, loc, it);
  kb_br(c->f, c->cur, more, in, l->done, loc);
  lw_seal(c, in);
  c->cur = in;
  lw_hint_for(c, in, target);
  kb_ref v = lw_op1(c, KB_OITERVAL, loc, it);
  lw_write(c, l->it, lw_op1(c, KB_OITERNEXT, loc, it));
  l->loop.up = c->loop;
  l->loop.next = l->head;
  l->loop.out = lw_block(c);
  c->loop = &l->loop;
  return v;
}

void lw_for_end(lw *c, lw_for *l, kb_loc loc)
{
  lw_goto(c, l->head, loc);
  lw_seal(c, l->head);
  lw_seal(c, l->done);
  c->loop = l->loop.up;
  c->cur = l->done;
}

static void for_stmt(lw *c, kt_node *n)
{
  lw_for l;
  kb_ref x = lw_expr(c, n->kids.v[1]);
  if (!x || !c->cur)
    return;
  kb_ref v = lw_for_begin(c, &l, x, n->kids.v[0], n->kids.v[1]->loc);
  lw_assign(c, n->kids.v[0], v);
  body(c, n->body);
  lw_for_end(c, &l, n->loc);
  body(c, n->orelse);
  lw_goto(c, l.loop.out, n->loc);
  lw_seal(c, l.loop.out);
  c->cur = l.loop.out;
}

static void while_stmt(lw *c, kt_node *n)
{
  lw_loop loop = { c->loop, lw_block(c), lw_block(c) };
  kb_bid in = lw_block(c), done = lw_block(c);
  lw_goto(c, loop.next, n->loc);
  c->cur = loop.next;
  lw_cond(c, n->kids.v[0], in, done);
  lw_seal(c, in);
  lw_seal(c, done);
  c->cur = in;
  lw_hint_while(c, in, n);
  c->loop = &loop;
  body(c, n->body);
  lw_goto(c, loop.next, n->loc);
  lw_seal(c, loop.next);
  c->loop = loop.up;
  c->cur = c->f->blk.v[done].pred.n ? done : 0;
  body(c, n->orelse);
  lw_goto(c, loop.out, n->loc);
  lw_seal(c, loop.out);
  c->cur = c->f->blk.v[loop.out].pred.n ? loop.out : 0;
}

/* -- The others ---------------------------------------------------------------------------------------------- */

static void if_stmt(lw *c, kt_node *n)
{
  kb_bid yes = lw_block(c), no = lw_block(c), done = lw_block(c);
  lw_cond(c, n->kids.v[0], yes, no);
  lw_seal(c, yes);
  lw_seal(c, no);
  c->cur = c->f->blk.v[yes].pred.n ? yes : 0;
  body(c, n->body);
  lw_goto(c, done, n->loc);
  c->cur = c->f->blk.v[no].pred.n ? no : 0;
  body(c, n->orelse);
  lw_goto(c, done, n->loc);
  lw_seal(c, done);
  c->cur = c->f->blk.v[done].pred.n ? done : 0;
}

static void assert_stmt(lw *c, kt_node *n)
{
  kb_bid ok = lw_block(c), no = lw_block(c);
  lw_cond(c, n->kids.v[0], ok, no);
  lw_seal(c, ok);
  lw_seal(c, no);
  c->cur = c->f->blk.v[no].pred.n ? no : 0;
  lw_raise(c, n->loc, KB_EXC_AssertionError, n->kids.n > 1 ? n->kids.v[1]->str : NULL);
  c->cur = c->f->blk.v[ok].pred.n ? ok : 0;
}

static void return_stmt(lw *c, kt_node *n)
{
  kb_ref v = n->kids.n ? lw_expr(c, n->kids.v[0]) : kb_const_none(c->f);
  if (v && c->cur)
    kb_ret(c->f, c->cur, &v, 1, n->loc);
  c->cur = v ? 0 : c->cur;
}

static void stmt(lw *c, kt_node *n)
{
  c->at = n->loc;
  switch (n->kind) {
  case TN_EXPR: lw_expr(c, n->kids.v[0]); break;
  case TN_ASSIGN: {
    kb_ref v = lw_expr(c, n->kids.v[0]);
    for (uint32_t i = 1; i < n->kids.n; i++)
      lw_assign(c, n->kids.v[i], v);
    break;
  }
  case TN_AUGASSIGN: augassign(c, n); break;
  case TN_IF: if_stmt(c, n); break;
  case TN_WHILE: while_stmt(c, n); break;
  case TN_FOR: for_stmt(c, n); break;
  case TN_BREAK: lw_goto(c, c->loop->out, n->loc); break;
  case TN_CONTINUE: lw_goto(c, c->loop->next, n->loc); break;
  case TN_PASS: break;
  case TN_RETURN: return_stmt(c, n); break;
  case TN_RAISE: lw_raise(c, n->loc, (int)n->i, n->kids.n ? n->kids.v[0]->str : NULL); break;
  case TN_ASSERT: assert_stmt(c, n); break;
  default: lw_fail(c, n->loc, "%s", n->str ? n->str : "this statement is not supported in kernels"); break;
  }
}

/* Code behind a return, raise, break or continue never runs and is not lowered; its errors would only
 * confuse. py_tree.c has already refused what it cannot name. */
static void body(lw *c, kt_list l)
{
  for (uint32_t i = 0; i < l.n && c->cur; i++)
    stmt(c, l.v[i]);
}

static void lower_kernel(kt_mod *t, kt_kernel *k, kb_fn *f)
{
  lw c;
  lw_start(&c, t, k, f);
  for (uint32_t i = 0; i < k->nparams; i++) {
    kb_ref p = kb_param(f, KB_T_OBJ, k->params[i].name);
    kb_v(f, p)->loc = k->params[i].loc;
    lw_write(&c, i, p);
    lw_write(&c, k->nlocals + i, kb_const_int(f, KB_T_BOOL, 1));
  }
  /* any other local is unbound at first */
  for (uint32_t i = k->nparams; i < k->nlocals; i++) {
    lw_write(&c, i, kb_undef(f, KB_T_OBJ));
    lw_write(&c, k->nlocals + i, kb_const_int(f, KB_T_BOOL, 0));
  }
  body(&c, k->body);
  lw_hints_done(&c);
  if (c.cur) {
    kb_ref none = kb_const_none(f);
    kb_ret(f, c.cur, &none, 1, k->loc);
  }
  lw_finish(&c);
}

kb_mod *kb_lower(kt_mod *t)
{
  kb_mod *m = kb_mod_new(t->file, t->python);
  for (uint32_t i = 0; i < t->kernels.n; i++) {
    kt_kernel *k = t->kernels.v[i];
    kb_fn *f = kb_fn_new(m, kb_intern(k->name));
    f->c_name = k->c_name;
    f->doc = k->doc;
    f->loc = k->loc;
    f->generic = true;
    f->exported = k->exported;
    f->wrap = k->wrap, f->overflow_raises = k->overflow_raises, f->unchecked = k->unchecked;
    f->fastmath = k->fastmath;
    f->nogil = k->nogil;
    f->inline_hint = k->inline_hint;
    f->ret = k->ret;
    if (!k->errors)
      lower_kernel(t, k, f);
  }
  return m;
}
