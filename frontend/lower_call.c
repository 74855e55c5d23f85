/* SPDX-License-Identifier: MIT */
/* lower_call.c: calls: builtins, casts, local arrays, other kernels. What is a loop in Python becomes one here. */
#include "lower.h"

#include "../include/kbabi.h"

#include <string.h>

/* -- Arguments -------------------------------------------------------------------------------------------- */

static kb_ref builtin(lw *c, kt_node *n, kb_builtin id, const kb_ref *args, uint32_t nargs)
{
  kb_ref r = lw_op(c, KB_OCALL, n->loc, args, nargs);
  if (r && c->cur)
    kb_v(c->f, r)->imm.i = id;
  return r;
}

/* Moves keyword arguments to their positions: names lists the parameters; false after an error. */
static bool place_keywords(lw *c, kt_node *n, const char *fn, const char *const *names, uint32_t nnames, kt_node **out)
{
  uint32_t npos = n->kids.n - 1;
  bool ok = true;
  for (uint32_t i = 0; i < nnames; i++)
    out[i] = i < npos ? n->kids.v[i + 1] : NULL;
  for (uint32_t i = 0; i < n->nkws; i++) {
    uint32_t k = 0;
    while (k < nnames && (!names[k] || strcmp(names[k], n->kws[i].name)))
      k++;
    if (k == nnames)
      ok = lw_fail(c, n->loc, "%s() got an unexpected keyword argument '%s'", fn, n->kws[i].name) != 0;
    else if (out[k])
      ok = lw_fail(c, n->loc, "%s() got multiple values for argument '%s'", fn, n->kws[i].name) != 0;
    else
      out[k] = n->kws[i].value;
  }
  return ok;
}

/* -- Sums, extremes: loops -------------------------------------------------------------------------------- */

static kb_ref sum(lw *c, kt_node *n)
{
  static const char *const names[] = { NULL, "start" };
  kt_node *arg[2];
  if (!place_keywords(c, n, "sum", names, 2, arg))
    return 0;
  if (arg[1] && c->t->jit)
    return lw_fail(c, n->loc, "sum() with a start: floats are summed in a way of its own");
  kb_ref x = lw_expr(c, arg[0]);
  kb_ref start = arg[1] ? lw_expr(c, arg[1]) : kb_const_int(c->f, KB_T_INT, 0);
  if (!x || !start || !c->cur)
    return 0;
  lw_for l;
  uint32_t acc = lw_hidden(c);
  lw_write(c, acc, start);
  kb_ref v = lw_for_begin(c, &l, x, NULL, n->loc);
  lw_write(c, acc, lw_op2(c, KB_OADD, n->loc, lw_read(c, acc), v));
  lw_for_end(c, &l, n->loc);
  return lw_read(c, acc);
}

/* min(x), max(x) over an array: the first item, then a comparison with each further one. */
static kb_ref extreme_of(lw *c, kt_node *n, kb_builtin id, kb_ref x)
{
  lw_for l;
  uint32_t acc = lw_hidden(c);
  kb_loc loc = n->loc;
  kb_bid some = lw_block(c), empty = lw_block(c), take = lw_block(c), next = lw_block(c);
  kb_ref it = lw_op1(c, KB_OITER, loc, x);
  kb_br(c->f, c->cur, lw_op1(c, KB_OHASNEXT, loc, it), some, empty, loc);
  lw_seal(c, some);
  lw_seal(c, empty);
  c->cur = empty;
  lw_raise(c, loc, KB_EXC_ValueError, c->t->msg[id == KB_BI_MIN ? KM_MIN_EMPTY : KM_MAX_EMPTY]);
  c->cur = some;
  lw_write(c, acc, lw_op1(c, KB_OITERVAL, loc, it));
  kb_ref v = lw_for_begin(c, &l, lw_op1(c, KB_OITERNEXT, loc, it), NULL, loc);
  kb_ref better = lw_op2(c, id == KB_BI_MIN ? KB_OLT : KB_OGT, loc, v, lw_read(c, acc));
  kb_br(c->f, c->cur, lw_op1(c, KB_OTRUTH, loc, better), take, next, loc);
  lw_seal(c, take);
  c->cur = take;
  lw_write(c, acc, v);
  lw_goto(c, next, loc);
  lw_seal(c, next);
  c->cur = next;
  lw_for_end(c, &l, loc);
  return lw_read(c, acc);
}

/* min(a, b, c) is min(min(a, b), c), once all of them are there. */
static kb_ref extreme(lw *c, kt_node *n, kb_builtin id)
{
  uint32_t k = n->kids.n - 1;
  kb_ref *v = KB_NEW(c->f->arena, kb_ref, k + 1);
  if (n->nkws)
    return lw_fail(c, n->loc, "%s() with %s= is not supported in kernels; write a loop", kb_builtins[id].text, n->kws[0].name);
  for (uint32_t i = 0; i < k; i++)
    if (!(v[i] = lw_expr(c, n->kids.v[i + 1])))
      return 0;
  kb_ref acc = v[0];
  for (uint32_t i = 1; i < k; i++) {
    kb_ref two[2] = { acc, v[i] };
    acc = builtin(c, n, id, two, 2);
  }
  return k == 1 && c->cur ? extreme_of(c, n, id, acc) : acc;
}

/* -- range, enumerate, zip ----------------------------------------------------------------------------------- */

static kb_ref range(lw *c, kt_node *n)
{
  kb_ref a[3] = { kb_const_int(c->f, KB_T_INT, 0), 0, kb_const_int(c->f, KB_T_INT, 1) };
  uint32_t k = n->kids.n - 1;
  if (n->nkws)
    return lw_fail(c, n->loc, "range() takes no keyword arguments");
  for (uint32_t i = 0; i < k; i++) {
    kb_ref v = lw_expr(c, n->kids.v[i + 1]);
    if (!v)
      return 0;
    a[k == 1 ? 1 : i] = v;
  }
  return lw_op(c, KB_ORANGE, n->loc, a, 3);
}

static kb_ref enumerate(lw *c, kt_node *n)
{
  static const char *const names[] = { "iterable", "start" };
  kt_node *arg[2];
  if (!place_keywords(c, n, "enumerate", names, 2, arg))
    return 0;
  kb_ref x = lw_expr(c, arg[0]);
  return lw_op2(c, KB_OENUMERATE, n->loc, x, arg[1] ? lw_expr(c, arg[1]) : kb_const_int(c->f, KB_T_INT, 0));
}

static kb_ref zip(lw *c, kt_node *n)
{
  kb_ref args[16];
  if (n->nkws)
    return lw_fail(c, n->loc, "zip(%s=...) is not supported in kernels; compare the lengths before the loop", n->kws[0].name);
  if (n->kids.n < 2 || n->kids.n > 17)
    return lw_fail(c, n->loc, "zip() takes 1 to 16 arguments in kernels");
  for (uint32_t i = 1; i < n->kids.n; i++)
    if (!(args[i - 1] = lw_expr(c, n->kids.v[i])))
      return 0;
  return lw_op(c, KB_OZIP, n->loc, args, n->kids.n - 1);
}

/* -- Local arrays ------------------------------------------------------------------------------------------------ */

/* obj.call #kb.zeros token extents..., #kb.full token value extents...: the token is an undef of the element type. */
static kb_ref new_array(lw *c, kt_node *n, kb_builtin id)
{
  static const char *const names[] = { "shape", "dtype" }, *const full_names[] = { "shape", "fill_value", "dtype" };
  bool full = id == KB_BI_FULL;
  kt_node *arg[3], *shape, *dtype;
  kb_ref args[8];
  uint32_t k = 0;
  if (!place_keywords(c, n, kb_builtins[id].text, full ? full_names : names, full ? 3 : 2, arg))
    return 0;
  shape = arg[0], dtype = arg[full ? 2 : 1];
  if (!shape)
    return lw_fail(c, n->loc, "%s() needs a shape", kb_builtins[id].text);
  kb_ty ty = full ? KB_T_BOT : KB_T_F64;
  if (dtype) {
    ty = dtype->kind == TN_TYPE ? dtype->ty
         : dtype->kind != TN_BUILTIN ? KB_T_VOID
         : dtype->i == KB_BI_FLOAT ? KB_T_F64
         : dtype->i == KB_BI_INT ? KB_T_I64
         : dtype->i == KB_BI_BOOL ? KB_T_BOOL
                                  : KB_T_VOID;
    ty = ty == KB_T_FLOAT ? KB_T_F64 : ty == KB_T_INT ? KB_T_I64 : ty;
    if (ty != KB_T_BOOL && !kb_type_is_sized_int(ty) && ty != KB_T_F32 && ty != KB_T_F64)
      return lw_fail(c, dtype->loc, "dtype must be a number type such as kb.f64, kb.i32 or numpy.float32");
  }
  args[k++] = kb_undef(c->f, ty);
  if (full && !(args[k++] = arg[1] ? lw_expr(c, arg[1]) : lw_fail(c, n->loc, "kb.full() needs a fill value")))
    return 0;
  if (shape->kind != TN_TUPLE) {
    if (!(args[k++] = lw_expr(c, shape)))
      return 0;
  } else {
    if (shape->kids.n < 1 || shape->kids.n > 4)
      return lw_fail(c, shape->loc, "a local array has 1 to 4 axes, not %u", shape->kids.n);
    for (uint32_t i = 0; i < shape->kids.n; i++)
      if (!(args[k++] = lw_expr(c, shape->kids.v[i])))
        return 0;
  }
  return builtin(c, n, id, args, k);
}

/* -- Kernels ----------------------------------------------------------------------------------------------------------- */

static kb_ref constant(lw *c, kt_node *n)
{
  return n ? lw_expr(c, n) : 0;
}

/* A call with the messages of CPython, found at compile time. */
static kb_ref kernel_call(lw *c, kt_node *n, uint32_t callee)
{
  const kt_kernel *k = c->t->kernels.v[callee];
  uint32_t npos = n->kids.n - 1, np = k->nparams, maxpos = 0;
  const char **names = KB_NEW(c->t->arena, const char *, np + 1);
  kt_node **arg = KB_NEW(c->t->arena, kt_node *, np + 1);
  kb_ref *vals = KB_NEW(c->t->arena, kb_ref, np + 1);
  for (uint32_t i = 0; i < np; i++) {
    names[i] = k->params[i].posonly ? NULL : k->params[i].name;
    maxpos += !k->params[i].kwonly;
  }
  if (npos > maxpos)
    return lw_fail(c, n->loc, "%s() takes %u positional argument%s but %u %s given", k->name, maxpos, maxpos == 1 ? "" : "s",
                   npos, npos == 1 ? "was" : "were");
  if (!place_keywords(c, n, k->name, names, np, arg))
    return 0;
  bool ok = true;
  /* Python evaluates positional arguments, then keywords in the order written */
  for (uint32_t i = 0; i < npos; i++)
    ok &= (vals[i] = lw_expr(c, arg[i])) != 0;
  for (uint32_t w = 0; w < n->nkws; w++)
    for (uint32_t i = 0; i < np; i++)
      if (arg[i] == n->kws[w].value && i >= npos)
        ok &= (vals[i] = lw_expr(c, arg[i])) != 0;
  for (uint32_t i = 0; i < np; i++) {
    if (!arg[i] && !(vals[i] = constant(c, k->params[i].def))) {
      lw_fail(c, n->loc, "%s() missing required argument '%s'", k->name, k->params[i].name);
      ok = false;
    }
  }
  if (!ok)
    return 0;
  kb_ref r = lw_op(c, KB_OKCALL, n->loc, vals, np);
  if (r && c->cur)
    kb_v(c->f, r)->imm.i = callee;
  return r;
}

/* -- Dispatch ------------------------------------------------------------------------------------------------------------- */

static kb_builtin cast_of(kb_ty ty)
{
  switch (ty) {
  case KB_T_INT: return KB_BI_INT;
  case KB_T_FLOAT: return KB_BI_FLOAT;
  case KB_T_BOOL: return KB_BI_BOOL;
  case KB_T_I8: return KB_BI_I8;
  case KB_T_I16: return KB_BI_I16;
  case KB_T_I32: return KB_BI_I32;
  case KB_T_I64: return KB_BI_I64;
  case KB_T_U8: return KB_BI_U8;
  case KB_T_U16: return KB_BI_U16;
  case KB_T_U32: return KB_BI_U32;
  case KB_T_U64: return KB_BI_U64;
  case KB_T_F32: return KB_BI_F32;
  case KB_T_F64: return KB_BI_F64;
  default: return KB_NBUILTINS;
  }
}

/* kb.u64(2**64 - 1): the one place where a constant past int64 is welcome. */
static kb_ref big_u64(lw *c, kt_node *n)
{
  char *end;
  const char *s = n->kids.v[1]->str;
  unsigned long long u = strtoull(s, &end, 10);
  if (*s == '-' || *end || strlen(s) > 20 || (strlen(s) == 20 && strcmp(s, "18446744073709551615") > 0))
    return lw_fail(c, n->kids.v[1]->loc, "int constant %s does not fit 64 bits", s);
  return kb_const_int(c->f, KB_T_U64, (int64_t)u);
}

static kb_ref plain(lw *c, kt_node *n, kb_builtin id)
{
  kb_ref args[8];
  const kb_birow *row = &kb_builtins[id];
  uint32_t k = n->kids.n - 1;
  if (n->nkws)
    return lw_fail(c, n->loc, "%s() takes no keyword argument '%s' in kernels", row->text, n->kws[0].name);
  if (id == KB_BI_U64 && k == 1 && n->kids.v[1]->kind == TN_BIGINT)
    return big_u64(c, n);
  for (uint32_t i = 0; i < k; i++)
    if (!(args[i] = lw_expr(c, n->kids.v[i + 1])))
      return 0;
  if (id == KB_BI_POW && k == 2)
    return lw_op2(c, KB_OPOW, n->loc, args[0], args[1]);
  if (id == KB_BI_GCD) { /* any number of arguments */
    kb_ref acc = kb_const_int(c->f, KB_T_INT, 0);
    for (uint32_t i = 0; i < k; i++) {
      kb_ref two[2] = { acc, args[i] };
      acc = builtin(c, n, id, two, 2);
    }
    return acc;
  }
  return builtin(c, n, id, args, k);
}

kb_ref lw_call(lw *c, kt_node *n)
{
  kt_node *fn = n->kids.v[0];
  kb_builtin id;
  if (fn->kind == TN_KERNEL)
    return kernel_call(c, n, (uint32_t)fn->i);
  if (fn->kind == TN_TYPE)
    id = cast_of(fn->ty);
  else if (fn->kind == TN_BUILTIN)
    id = (kb_builtin)fn->i;
  else if (fn->kind == TN_BAD || fn->kind == TN_BIGINT)
    return lw_expr(c, fn);
  else
    return lw_fail(c, fn->loc, "only builtins, math functions, casts and other kernels can be called in a kernel");
  if (id == KB_NBUILTINS)
    return lw_fail(c, fn->loc, "%s cannot be called in a kernel", kb_type_name(fn->ty));
  const kb_birow *row = &kb_builtins[id];
  int k = (int)n->kids.n - 1;
  if (k + (int)n->nkws < row->nmin || (row->nmax >= 0 && k > row->nmax) || k > 8)
    return lw_fail(c, n->loc, "%s() takes %s%d argument%s here, not %d", row->text,
                   row->nmin == row->nmax ? "" : k < row->nmin ? "at least " : "at most ", k < row->nmin ? row->nmin : row->nmax,
                   (k < row->nmin ? row->nmin : row->nmax) == 1 ? "" : "s", k + (int)n->nkws);
  switch (id) {
  case KB_BI_SUM: return sum(c, n);
  case KB_BI_MIN:
  case KB_BI_MAX: return extreme(c, n, id);
  case KB_BI_RANGE: return range(c, n);
  case KB_BI_ENUMERATE: return enumerate(c, n);
  case KB_BI_ZIP: return zip(c, n);
  case KB_BI_ZEROS:
  case KB_BI_EMPTY:
  case KB_BI_ONES:
  case KB_BI_FULL: return new_array(c, n, id);
  default: return plain(c, n, id);
  }
}
