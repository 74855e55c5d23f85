/* SPDX-License-Identifier: MIT */
/* lower_expr.c: expressions to generic ops, in Python's order of evaluation. */
#include "lower.h"

#include "../include/kbabi.h"

#include <stdarg.h>
#include <string.h>

/* -- Helpers ---------------------------------------------------------------------------------------- */

kb_ref lw_fail(lw *c, kb_loc loc, const char *fmt, ...)
{
  char msg[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(msg, sizeof msg, fmt, ap);
  va_end(ap);
  kb_error(loc, "%s", msg);
  c->k->errors++;
  return 0;
}

kb_ref lw_op(lw *c, kb_op op, kb_loc loc, const kb_ref *args, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++)
    if (!args[i])
      return 0;
  if (!c->cur)
    return kb_undef(c->f, KB_T_OBJ); /* unreachable */
  return kb_ins(c->f, c->cur, op, kb_ops[op].result == '-' ? KB_T_VOID : KB_T_OBJ, args, n, loc);
}

kb_ref lw_op1(lw *c, kb_op op, kb_loc loc, kb_ref a)
{
  return lw_op(c, op, loc, &a, 1);
}

kb_ref lw_op2(lw *c, kb_op op, kb_loc loc, kb_ref a, kb_ref b)
{
  kb_ref args[2] = { a, b };
  return lw_op(c, op, loc, args, 2);
}

void lw_raise(lw *c, kb_loc loc, int exc, const char *msg)
{
  if (!c->cur)
    return;
  kb_ref r = kb_ins(c->f, c->cur, KB_RAISE, KB_T_VOID, NULL, 0, loc);
  kb_snap s = { .kind = KB_EXIT_RAISE, .exc = (uint8_t)exc, .msg = msg }; /* NULL: without arguments */
  kb_v(c->f, r)->snap = kb_snap_new(c->f, &s);
  c->cur = 0;
}

/* -- Conditions ----------------------------------------------------------------------------------------- */

static kb_ref compare(lw *c, kt_node *n);

static void branch_on(lw *c, kb_ref v, kb_loc loc, kb_bid yes, kb_bid no)
{
  kb_ref t = lw_op1(c, KB_OTRUTH, loc, v);
  if (c->cur && t)
    kb_br(c->f, c->cur, t, yes, no, loc);
  else if (c->cur) /* after an error: keep the graph whole */
    kb_br(c->f, c->cur, kb_const_int(c->f, KB_T_BOOL, 1), yes, no, loc);
  c->cur = 0;
}

/* Chained comparison as a condition: each link may leave early, operands are evaluated once. */
static void cond_compare(lw *c, kt_node *n, kb_bid yes, kb_bid no)
{
  kb_ref a = lw_expr(c, n->kids.v[0]);
  for (uint32_t i = 1; i < n->kids.n; i++) {
    kb_ref b = lw_expr(c, n->kids.v[i]);
    kb_ref v = lw_op2(c, (kb_op)n->ops[i - 1], n->loc, a, b);
    if (i + 1 == n->kids.n) {
      branch_on(c, v, n->loc, yes, no);
    } else {
      kb_bid more = lw_block(c);
      branch_on(c, v, n->loc, more, no);
      lw_seal(c, more);
      c->cur = more;
    }
    a = b;
  }
}

void lw_cond(lw *c, kt_node *n, kb_bid yes, kb_bid no)
{
  if (n->kind == TN_UNARY && n->op == KB_ONOT) {
    lw_cond(c, n->kids.v[0], no, yes);
  } else if (n->kind == TN_BOOLOP) {
    for (uint32_t i = 0; i < n->kids.n; i++) {
      if (i + 1 == n->kids.n) {
        lw_cond(c, n->kids.v[i], yes, no);
        break;
      }
      kb_bid more = lw_block(c);
      lw_cond(c, n->kids.v[i], n->i ? yes : more, n->i ? more : no);
      lw_seal(c, more);
      c->cur = more;
    }
  } else if (n->kind == TN_COMPARE && n->kids.n > 2) {
    cond_compare(c, n, yes, no);
  } else if ((n->kind == TN_BOOL || n->kind == TN_INT) && c->cur) {
    /* `while True:` has one way out */
    lw_goto(c, n->i ? yes : no, n->loc);
  } else {
    branch_on(c, lw_expr(c, n), n->loc, yes, no);
  }
}

/* -- Values that need control flow ------------------------------------------------------------------------- */

/* a and b, a or b: the value of the operand that decides. */
static kb_ref boolop(lw *c, kt_node *n)
{
  uint32_t var = lw_hidden(c);
  kb_bid done = lw_block(c);
  bool ok = true;
  for (uint32_t i = 0; i < n->kids.n; i++) {
    kb_ref v = lw_expr(c, n->kids.v[i]);
    ok &= v != 0;
    lw_write(c, var, v);
    if (i + 1 == n->kids.n || !c->cur) {
      lw_goto(c, done, n->loc);
    } else {
      kb_bid more = lw_block(c);
      branch_on(c, v, n->loc, n->i ? done : more, n->i ? more : done);
      lw_seal(c, more);
      c->cur = more;
    }
  }
  lw_seal(c, done);
  c->cur = done;
  return ok ? lw_read(c, var) : 0;
}

static kb_ref ifexp(lw *c, kt_node *n)
{
  uint32_t var = lw_hidden(c);
  kb_bid yes = lw_block(c), no = lw_block(c), done = lw_block(c);
  lw_cond(c, n->kids.v[0], yes, no);
  lw_seal(c, yes);
  lw_seal(c, no);
  bool ok = true;
  for (int side = 0; side < 2; side++) {
    c->cur = side ? no : yes;
    kb_ref v = lw_expr(c, n->kids.v[1 + side]);
    ok &= v != 0;
    lw_write(c, var, v);
    lw_goto(c, done, n->loc);
  }
  lw_seal(c, done);
  c->cur = done;
  return ok ? lw_read(c, var) : 0;
}

static kb_ref compare(lw *c, kt_node *n)
{
  if (n->kids.n == 2) {
    kb_ref a = lw_expr(c, n->kids.v[0]);
    kb_ref b = lw_expr(c, n->kids.v[1]);
    return lw_op2(c, (kb_op)n->ops[0], n->loc, a, b);
  }
  uint32_t var = lw_hidden(c);
  kb_bid yes = lw_block(c), no = lw_block(c), done = lw_block(c);
  cond_compare(c, n, yes, no);
  lw_seal(c, yes);
  lw_seal(c, no);
  for (int side = 0; side < 2; side++) {
    c->cur = side ? no : yes;
    lw_write(c, var, kb_const_int(c->f, KB_T_BOOL, !side));
    lw_goto(c, done, n->loc);
  }
  lw_seal(c, done);
  c->cur = done;
  return lw_read(c, var);
}

/* -- The rest ------------------------------------------------------------------------------------------------- */

static kb_ref local(lw *c, kt_node *n)
{
  uint32_t var = (uint32_t)n->i;
  if (!c->cur)
    return kb_undef(c->f, KB_T_OBJ);
  kb_ref v = lw_read(c, var);
  if (var < c->k->nparams && kb_is(c->f, v, KB_PARAM))
    return v;
  kb_ref flag = lw_read(c, c->k->nlocals + var);
  if (kb_is(c->f, flag, KB_CONST) && kb_v(c->f, flag)->imm.i)
    return v;
  kb_ref r = lw_op2(c, KB_OBOUND, n->loc, v, flag);
  kb_v(c->f, r)->name = c->k->locals[var];
  return r;
}

static kb_ref subscript(lw *c, kt_node *n)
{
  kb_ref args[8];
  if (n->kids.n > 5)
    return lw_fail(c, n->loc, "%u indices: arrays have at most 4 axes", n->kids.n - 1);
  for (uint32_t i = 0; i < n->kids.n; i++) {
    if (n->kids.v[i]->kind == TN_SLICE)
      return lw_fail(c, n->kids.v[i]->loc, "slices are not supported in kernels; write a loop over the indices");
    if (!(args[i] = lw_expr(c, n->kids.v[i])))
      return 0;
  }
  return lw_op(c, KB_OGETITEM, n->loc, args, n->kids.n);
}

static kb_ref attribute(lw *c, kt_node *n)
{
  static const char *const names[] = { "shape", "size", "ndim" };
  kb_ref x = lw_expr(c, n->kids.v[0]);
  if (!x)
    return 0;
  for (int i = 0; i < 3; i++)
    if (!strcmp(n->str, names[i])) {
      kb_ref r = lw_op1(c, KB_OATTR, n->loc, x);
      kb_v(c->f, r)->imm.i = i;
      return r;
    }
  return lw_fail(c, n->loc, "attribute '%s' is not supported in kernels; arrays have shape, size and ndim", n->str);
}

static kb_ref tuple(lw *c, kt_node *n)
{
  kb_ref *args = KB_NEW(c->f->arena, kb_ref, n->kids.n + 1);
  bool ok = true;
  for (uint32_t i = 0; i < n->kids.n; i++)
    ok &= (args[i] = lw_expr(c, n->kids.v[i])) != 0;
  return ok ? lw_op(c, KB_OTUPLE, n->loc, args, n->kids.n) : 0;
}

static kb_ref bad(lw *c, kt_node *n)
{
  switch (n->kind) {
  case TN_BIGINT:
    return lw_fail(c, n->loc, "int constant %s does not fit 64 bits; kernels hold ints from -2**63 to 2**63-1 (kb.u64(...) takes up to 2**64-1)", n->str);
  case TN_TYPE:
    return lw_fail(c, n->loc, "type %s is used as a value; call it to convert (%s(x)) or pass it as dtype=",
                   kb_type_name(n->ty), kb_type_name(n->ty));
  case TN_BUILTIN:
    return lw_fail(c, n->loc, "function %s is used as a value; kernels can only call it", kb_builtins[n->i].text);
  case TN_KERNEL:
    return lw_fail(c, n->loc, "kernel '%s' is used as a value; kernels can only call it", c->t->kernels.v[n->i]->name);
  case TN_SLICE:
    return lw_fail(c, n->loc, "slices are not supported in kernels; write a loop over the indices");
  default:
    return lw_fail(c, n->loc, "%s", n->str ? n->str : "this expression is not supported in kernels");
  }
}

/* A negative number is a constant, as in Python's own compiler. */
static kb_ref unary(lw *c, kt_node *n)
{
  const kt_node *x = n->kids.v[0];
  if (n->op == KB_ONEG && x->kind == TN_INT && x->i != INT64_MIN)
    return kb_const_int(c->f, KB_T_INT, -x->i);
  if (n->op == KB_ONEG && x->kind == TN_FLOAT)
    return kb_const_float(c->f, KB_T_FLOAT, -x->d);
  if (n->op == KB_ONEG && x->kind == TN_BIGINT && !strcmp(x->str, "9223372036854775808"))
    return kb_const_int(c->f, KB_T_INT, INT64_MIN);
  return lw_op1(c, (kb_op)n->op, n->loc, lw_expr(c, n->kids.v[0]));
}

kb_ref lw_expr(lw *c, kt_node *n)
{
  switch (n->kind) {
  case TN_INT: return kb_const_int(c->f, KB_T_INT, n->i);
  case TN_FLOAT: return kb_const_float(c->f, KB_T_FLOAT, n->d);
  case TN_BOOL: return kb_const_int(c->f, KB_T_BOOL, n->i);
  case TN_NONE: return kb_const_none(c->f);
  case TN_STR: return kb_const_str(c->f, n->str);
  case TN_LOCAL: return local(c, n);
  case TN_UNARY: return unary(c, n);
  case TN_BINARY: {
    kb_ref a = lw_expr(c, n->kids.v[0]);
    kb_ref b = lw_expr(c, n->kids.v[1]);
    return lw_op2(c, (kb_op)n->op, n->loc, a, b);
  }
  case TN_BOOLOP: return boolop(c, n);
  case TN_COMPARE: return compare(c, n);
  case TN_IFEXP: return ifexp(c, n);
  case TN_CALL: return lw_call(c, n);
  case TN_SUBSCRIPT: return subscript(c, n);
  case TN_ATTR: return attribute(c, n);
  case TN_TUPLE: return tuple(c, n);
  default: return bad(c, n);
  }
}
