/* SPDX-License-Identifier: MIT */
/* py_dyn_flow.c: the dynamic front end: loops, handlers, with, and what break, continue and return run on their way.
 *
 * A handler H of a protected region: `try body, H` ends the block in front; each block of the region names H. From
 * the inside there are no edges to H: what H reads is what was known at the try, or memory. A region is left by a
 * jump to a block that names the handler outside. Finally bodies and __exit__ calls are lowered once for each way
 * out, as CPython does.
 */
#include "py_dyn.h"

/* -- Regions ------------------------------------------------------------------------------------------------ */

static void push(dy *d, dy_block *b, dy_kind kind, kb_loc loc)
{
  b->up = d->blocks;
  b->kind = kind;
  b->handler = d->handler;
  b->loc = loc;
  d->blocks = b;
}

/* Opens a region whose exceptions go to the block that comes back. */
static kb_bid protect(dy *d, kb_loc loc)
{
  kb_bid body = lw_block(&d->c), handler = lw_block(&d->c);
  d->protects = true;
  if (d->c.cur) kb_try(d->c.f, d->c.cur, body, handler, loc);
  d->handler = handler;
  dy_enter(d, body);
  return handler;
}

/* Goes on under another handler, in a new block. */
static void under(dy *d, kb_bid handler, kb_loc loc)
{
  if (d->handler == handler) return;
  d->handler = handler;
  if (!d->c.cur) return;
  kb_bid b = lw_block(&d->c);
  lw_goto(&d->c, b, loc);
  dy_enter(d, b);
}

/* First in a handler: the exception. */
static kb_ref caught(dy *d, kb_bid handler, kb_bid outside, kb_loc loc)
{
  d->handler = outside;
  dy_enter(d, handler);
  return dy_op0(d, KB_OCAUGHT, loc);
}

static void call_exit(dy *d, kb_ref exit, kb_loc loc)
{
  kb_ref args[4] = { exit, dy_none(d), dy_none(d), dy_none(d) };
  dy_name(d, dy_op(d, KB_OCALLX, loc, args, 4), "");
}

/* `except E as name` forgets the name at its end. */
static void forget(dy *d, const char *name, kb_loc loc)
{
  if (!name || !d->c.cur) return;
  dy_unbind(d, name, loc);
}

/* A loop's iterator lives until the loop is left. */
static void keep_iterator(dy *d, const dy_block *b, kb_loc loc)
{
  if (b->kind == DY_LOOP && b->it && d->c.cur) dy_op1(d, KB_OKEEP, loc, lw_read(&d->c, b->it - 1));
}

void dy_keep_iterators(dy *d, kb_loc loc)
{
  for (const dy_block *b = d->blocks; b; b = b->up) keep_iterator(d, b, loc);
}

/* Out of a handler with its exception. */
static void reraise(dy *d, kb_ref e, kb_loc loc)
{
  dy_keep_iterators(d, loc);
  dy_op1(d, KB_ORERAISE, loc, e);
  d->c.cur = 0;
}

/* Leaves one block on the way to a place outside of it. */
static void leave(dy *d, dy_block *b)
{
  d->blocks = b->up;
  under(d, b->handler, b->loc);
  switch (b->kind) {
  case DY_LOOP: keep_iterator(d, b, b->loc); break;
  case DY_TRY: break;
  case DY_FINALLY: dy_body(d, b->body); break;
  case DY_WITH: call_exit(d, b->exc, b->loc); break;
  case DY_HANDLER:
    dy_op1(d, KB_OENDEXC, b->loc, b->exc);
    forget(d, b->name, b->loc);
    break;
  }
}

void dy_break(dy *d, PyObject *node, bool go_on)
{
  dy_block *was = d->blocks, *b = was;
  kb_bid handler = d->handler;
  for (; b && b->kind != DY_LOOP; b = b->up) leave(d, b);
  if (b && !go_on && b != was) keep_iterator(d, b, b->loc);
  if (b) lw_goto(&d->c, go_on ? b->next : b->out, dy_loc(d, node));
  d->c.cur = 0;
  d->blocks = was;
  d->handler = handler;
}

void dy_return(dy *d, PyObject *node)
{
  PyObject *value = kb_py_get(node, "value");
  dy_block *was = d->blocks;
  kb_bid handler = d->handler;
  kb_ref v = value == Py_None ? dy_none(d) : dy_expr(d, value);
  for (dy_block *b = was; b; b = b->up) leave(d, b);
  dy_leave(d, v, dy_loc(d, node));
  d->blocks = was;
  d->handler = handler;
}

/* -- Loops ----------------------------------------------------------------------------------------------------- */

kb_ref dy_loop_begin(dy *d, dy_loop *l, kb_ref x, kb_loc loc)
{
  lw *c = &d->c;
  l->it = lw_hidden(c);
  lw_write(c, l->it, dy_op1(d, KB_OITER, loc, x));
  l->head = lw_block(c);
  l->done = lw_block(c);
  kb_bid in = lw_block(c);
  bool reached = c->cur != 0;
  lw_goto(c, l->head, loc);
  if (!reached) return kb_undef(c->f, KB_T_OBJ);
  c->cur = l->head; /* the way back is still to come */
  c->f->blk.v[l->head].handler = d->handler;
  kb_ref it = lw_read(c, l->it);
  kb_ref more = dy_op1(d, KB_OHASNEXT, loc, it);
  kb_br(c->f, c->cur, more, in, l->done, loc);
  dy_enter(d, in);
  kb_ref v = dy_op1(d, KB_OITERVAL, loc, it);
  lw_write(c, l->it, dy_op1(d, KB_OITERNEXT, loc, it));
  return v;
}

void dy_loop_end(dy *d, dy_loop *l, kb_loc loc)
{
  lw_goto(&d->c, l->head, loc);
  lw_seal(&d->c, l->head);
  dy_enter(d, l->done);
}

void dy_for(dy *d, PyObject *node)
{
  dy_loop l;
  dy_block b = { 0 };
  PyObject *iter = kb_py_get(node, "iter");
  kb_loc loc = dy_loc(d, node);
  kb_ref v = dy_loop_begin(d, &l, dy_expr(d, iter), PY_VERSION_HEX >= 0x030c0000 ? dy_loc(d, iter) : loc);
  push(d, &b, DY_LOOP, loc);
  b.it = l.it + 1;
  b.next = l.head;
  b.out = lw_block(&d->c);
  dy_assign(d, kb_py_get(node, "target"), v);
  dy_body(d, dy_get(node, "body"));
  d->blocks = b.up;
  dy_loop_end(d, &l, loc);
  dy_body(d, dy_get(node, "orelse"));
  lw_goto(&d->c, b.out, loc);
  dy_enter(d, b.out);
}

void dy_while(dy *d, PyObject *node)
{
  lw *c = &d->c;
  dy_block b = { 0 };
  kb_bid head = lw_block(c), in = lw_block(c), done = lw_block(c);
  kb_loc loc = dy_loc(d, node);
  lw_goto(c, head, loc);
  c->cur = head; /* the way back is still to come */
  c->f->blk.v[head].handler = d->handler;
  push(d, &b, DY_LOOP, loc);
  b.next = head;
  b.out = lw_block(c);
  dy_cond(d, kb_py_get(node, "test"), in, done);
  dy_enter(d, in);
  dy_body(d, dy_get(node, "body"));
  if (!c->f->blk.v[done].pred.n && !c->f->blk.v[b.out].pred.n && c->cur) { /* nobody leaves it but by an exception */
    dy_refs held = { 0 };
    dy_keep_all(d, &held);
    dy_op(d, KB_OKEEP, loc, held.v, held.n);
    kb_vec_free(&held);
  }
  lw_goto(c, head, loc);
  lw_seal(c, head);
  d->blocks = b.up;
  dy_enter(d, done);
  dy_body(d, dy_get(node, "orelse"));
  lw_goto(c, b.out, loc);
  dy_enter(d, b.out);
}

/* -- try --------------------------------------------------------------------------------------------------------- */

/* The body of one except clause, for exception e. CPython's own cleanup stands only where there is a name to forget:
 * an exception that leaves a handler ends it by itself. */
static void clause(dy *d, PyObject *node, kb_ref e, kb_bid done)
{
  dy_block b = { 0 };
  kb_loc loc = dy_loc(d, node);
  const char *name = kb_py_get_str(node, "name");
  kb_bid cleanup = 0, outside = d->handler;
  push(d, &b, DY_HANDLER, loc);
  b.exc = e;
  if (name) {
    b.name = dy_mangle(d, name);
    dy_store(d, b.name, e, loc);
    cleanup = protect(d, loc);
  }
  bool entered = d->c.cur != 0;
  dy_body(d, dy_get(node, "body"));
  d->blocks = b.up;
  if (d->c.cur) {
    under(d, outside, loc);
    dy_op1(d, KB_OENDEXC, loc, e);
    forget(d, b.name, loc);
    lw_goto(&d->c, done, loc);
  }
  d->handler = outside;
  if (!cleanup || !entered) return;
  kb_ref e2 = caught(d, cleanup, outside, loc);
  forget(d, b.name, loc);
  dy_op1(d, KB_OENDEXC, loc, e2);
  dy_op1(d, KB_OENDEXC, loc, e);
  reraise(d, e2, loc);
}

/* The except clauses, one after the other. */
static void clauses(dy *d, PyObject *list, kb_bid handler, kb_bid outside, kb_bid done, kb_loc loc)
{
  kb_ref e = caught(d, handler, outside, loc);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && d->c.cur; i++) {
    PyObject *node = PyList_GET_ITEM(list, i), *type = kb_py_get(node, "type");
    if (type == Py_None) {
      clause(d, node, e, done);
      d->c.cur = 0;
      continue;
    }
    kb_bid yes = lw_block(&d->c), no = lw_block(&d->c);
    kb_ref wanted = dy_expr(d, type);
    kb_ref fits = dy_op2(d, KB_OMATCHES, dy_loc(d, node), e, wanted);
    if (d->c.cur) kb_br(d->c.f, d->c.cur, fits, yes, no, loc);
    d->c.cur = 0;
    dy_enter(d, yes);
    clause(d, node, e, done);
    dy_enter(d, no);
  }
  dy_op1(d, KB_OENDEXC, loc, e);
  reraise(d, e, loc);
}

static void try_except(dy *d, PyObject *node)
{
  dy_block b = { 0 };
  kb_loc loc = dy_loc(d, node);
  kb_bid done = lw_block(&d->c), outside = d->handler;
  push(d, &b, DY_TRY, loc);
  kb_bid handler = protect(d, loc);
  dy_body(d, dy_get(node, "body"));
  d->blocks = b.up;
  under(d, outside, loc);
  dy_body(d, dy_get(node, "orelse"));
  lw_goto(&d->c, done, loc);
  clauses(d, dy_get(node, "handlers"), handler, outside, done, loc);
  d->handler = outside;
  dy_enter(d, done);
}

static void try_finally(dy *d, PyObject *node, PyObject *last)
{
  dy_block b = { 0 }, h = { 0 };
  kb_loc loc = dy_loc(d, node);
  kb_bid done = lw_block(&d->c), outside = d->handler;
  push(d, &b, DY_FINALLY, loc);
  b.body = last;
  kb_bid handler = protect(d, loc);
  if (PyList_GET_SIZE(dy_get(node, "handlers"))) try_except(d, node);
  else dy_body(d, dy_get(node, "body"));
  d->blocks = b.up;
  under(d, outside, loc);
  dy_body(d, last);
  lw_goto(&d->c, done, loc);
  kb_ref e = caught(d, handler, outside, loc);
  push(d, &h, DY_HANDLER, loc);
  h.exc = e;
  dy_body(d, last);
  d->blocks = h.up;
  dy_op1(d, KB_OENDEXC, loc, e);
  reraise(d, e, loc);
  dy_enter(d, done);
}

void dy_try(dy *d, PyObject *node)
{
  PyObject *last = dy_get(node, "finalbody");
  if (PyList_GET_SIZE(last)) try_finally(d, node, last);
  else try_except(d, node);
}

/* -- with ---------------------------------------------------------------------------------------------------------- */

static void with_items(dy *d, PyObject *node, PyObject *items, Py_ssize_t at)
{
  if (at == PyList_GET_SIZE(items)) {
    dy_body(d, dy_get(node, "body"));
    return;
  }
  dy_block b = { 0 };
  PyObject *item = PyList_GET_ITEM(items, at), *target = kb_py_get(item, "optional_vars");
  PyObject *expr = kb_py_get(item, "context_expr");
  kb_loc loc = dy_loc(d, node), own = PY_VERSION_HEX >= 0x030c0000 ? dy_loc(d, expr) : loc;
  kb_bid done = lw_block(&d->c), swallowed = lw_block(&d->c), on = lw_block(&d->c), outside = d->handler;
  kb_ref manager = dy_expr(d, expr);
  kb_ref exit = dy_op1(d, KB_OWITHEXIT, own, manager);
  kb_ref value = dy_op1(d, KB_OWITHENTER, own, manager);
  push(d, &b, DY_WITH, own);
  b.exc = exit;
  kb_bid handler = protect(d, own);
  if (target != Py_None) dy_assign(d, target, value);
  with_items(d, node, items, at + 1);
  d->blocks = b.up;
  under(d, outside, own);
  call_exit(d, exit, own);
  lw_goto(&d->c, done, own);
  kb_ref e = caught(d, handler, outside, own);
  dy_branch(d, dy_op2(d, KB_OWITHLEAVE, own, exit, e), own, swallowed, on);
  dy_enter(d, on);
  dy_op1(d, KB_OENDEXC, own, e);
  reraise(d, e, own);
  dy_enter(d, swallowed);
  dy_op1(d, KB_OENDEXC, own, e);
  lw_goto(&d->c, done, own);
  dy_enter(d, done);
}

void dy_with(dy *d, PyObject *node) { with_items(d, node, dy_get(node, "items"), 0); }
