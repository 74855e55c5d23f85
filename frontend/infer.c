/* SPDX-License-Identifier: MIT */
/* infer.c: Python types of generic values, by sweeps over the SSA graph to a fixed point.
 *
 * The lattice is BOT < bool < int < float < f32, f64 and the composite types above BOT; rules are monotone, so
 * that sweeps in reverse postorder end after a few rounds. Errors are reported in one last sweep, when every
 * operand has its final type; a value with an error stays BOT, and what uses BOT is silent.
 */
#include "infer.h"

#include <stdarg.h>
#include <string.h>

typedef struct {
  kt_mod *t;
  kb_mod *m;
  uint8_t *state;  /* per function: 0 new, 1 in work, 2 done */
  bool again;      /* a recursive call saw a result type that was not final */
  bool report;
} inf;

static void infer_fn(inf *in, uint32_t i);

/* -- Relations between types ---------------------------------------------------------------------------- */

kb_ty kb_value_type(kb_ty t)
{
  if (kb_type_is_sized_int(t))
    return KB_T_INT;
  const kb_type *k = kb_type_of(t);
  if (k->kind != KB_K_TUPLE)
    return t;
  kb_ty items[64];
  for (uint32_t i = 0; i < k->n && i < 64; i++)
    items[i] = kb_value_type(k->items[i]);
  return kb_type_tuple(items, k->n);
}

kb_ty kb_elem_value_type(kb_ty elem)
{
  return kb_type_is_sized_int(elem) ? KB_T_INT : elem;
}

/* NumPy's promotion of two sized ints; signed with u64 has no common int. */
static kb_ty promote_sized(kb_ty a, kb_ty b)
{
  if (a == b)
    return a;
  bool ua = a >= KB_T_U8, ub = b >= KB_T_U8;
  unsigned wa = (unsigned)(a - (ua ? KB_T_U8 : KB_T_I8)), wb = (unsigned)(b - (ub ? KB_T_U8 : KB_T_I8));
  if (ua == ub)
    return wa > wb ? a : b;
  unsigned us = ua ? wa : wb, si = ua ? wb : wa;
  unsigned w = si > us ? si : us + 1;
  return w <= 3 ? (kb_ty)(KB_T_I8 + w) : KB_T_BOT;
}

kb_ty kb_promote(kb_ty a, kb_ty b)
{
  if (a > b) {
    kb_ty t = a;
    a = b, b = t;
  }
  if (!kb_is_numeric(a) || !kb_is_numeric(b))
    return KB_T_BOT;
  if (b == KB_T_BOOL)
    return KB_T_INT;
  if (b == KB_T_INT || b == KB_T_FLOAT)
    return b;
  if (kb_type_is_sized_int(b))
    return kb_type_is_sized_int(a) ? promote_sized(a, b) : a == KB_T_FLOAT ? KB_T_FLOAT : b;
  return b; /* f32 or f64: sized ints are weak towards floats */
}

kb_ty kb_join(kb_ty a, kb_ty b)
{
  if (a == b || b == KB_T_BOT)
    return a;
  if (a == KB_T_BOT)
    return b;
  if (kb_is_numeric(a) && kb_is_numeric(b)) {
    if (kb_type_is_sized_int(a) || kb_type_is_sized_int(b))
      return KB_T_VOID;
    kb_ty lo = a < b ? a : b, hi = a < b ? b : a;
    return lo == KB_T_F32 ? KB_T_VOID : hi; /* f32 with f64 */
  }
  const kb_type *x = kb_type_of(a), *y = kb_type_of(b);
  if (x->kind != y->kind || x->kind == KB_K_SCALAR)
    return KB_T_VOID;
  if (x->kind == KB_K_ARRAY)
    return x->elem == y->elem && x->rank == y->rank ? kb_type_array(x->elem, x->rank, x->contig && y->contig, false) : KB_T_VOID;
  if ((x->kind == KB_K_TUPLE || x->kind == KB_K_ZIP) && x->n == y->n && x->n <= 64) {
    kb_ty items[64]; /* items do not convert, so numbers must agree; arrays may lose ::1 */
    for (uint32_t i = 0; i < x->n; i++) {
      items[i] = x->items[i] != KB_T_BOT && y->items[i] != KB_T_BOT && kb_is_numeric(x->items[i]) && x->items[i] != y->items[i]
                     ? KB_T_VOID
                     : kb_join(x->items[i], y->items[i]);
      if (items[i] == KB_T_VOID)
        return KB_T_VOID;
    }
    return kb_type_make(x->kind, KB_T_BOT, items, x->n);
  }
  if (x->kind == KB_K_ITER || x->kind == KB_K_ENUMERATE) {
    kb_ty e = kb_join(x->elem, y->elem);
    return e == KB_T_VOID ? e : kb_type_make(x->kind, e, NULL, 0);
  }
  return KB_T_VOID;
}

const char *kb_convert_refused(kb_ty ty, kb_ty want)
{
  if (ty == KB_T_BOT || ty == want)
    return NULL;
  const kb_type *a = kb_type_of(ty), *b = kb_type_of(want);
  if (b->kind == KB_K_ARRAY) {
    if (a->kind != KB_K_ARRAY || a->elem != b->elem || a->rank != b->rank)
      return "pass an array of that element type and rank";
    return b->contig && !a->contig ? "the array may be strided; declare it with ::1 as its last axis where it comes from" : NULL;
  }
  if (b->kind == KB_K_PTR)
    return a->kind == KB_K_PTR && a->elem == b->elem ? NULL : "pass a pointer of that type";
  if (b->kind == KB_K_TUPLE) {
    if (a->kind != KB_K_TUPLE || a->n != b->n)
      return "the tuples differ in length";
    for (uint32_t i = 0; i < a->n; i++) {
      const char *why = kb_convert_refused(a->items[i], b->items[i]);
      if (why)
        return why;
    }
    return NULL;
  }
  if (!kb_is_numeric(ty) || !kb_is_numeric(want))
    return want == KB_T_VOID && ty == KB_T_NONE ? NULL : "the types have nothing in common";
  if (want == KB_T_BOOL)
    return "convert it with bool(...)";
  if (kb_type_is_integral(want))
    return kb_type_is_integral(ty) ? NULL : "convert it with int(...)";
  return NULL;
}

/* -- Rules --------------------------------------------------------------------------------------------------- */

static kb_ty fail(inf *in, const kb_fn *f, kb_ref r, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static kb_ty fail(inf *in, const kb_fn *f, kb_ref r, const char *fmt, ...)
{
  if (in->report) {
    char msg[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    kb_error(kb_v(f, r)->loc, "%s", msg);
  }
  return KB_T_BOT;
}

static const char *symbol(kb_op op)
{
  switch ((int)op) {
  case KB_OADD: return "+";
  case KB_OSUB: case KB_ONEG: return "-";
  case KB_OMUL: return "*";
  case KB_OTRUEDIV: return "/";
  case KB_OFLOORDIV: return "//";
  case KB_OMOD: return "%";
  case KB_OPOW: return "**";
  case KB_OLSHIFT: return "<<";
  case KB_ORSHIFT: return ">>";
  case KB_OAND: return "&";
  case KB_OOR: return "|";
  case KB_OXOR: return "^";
  case KB_OPOS: return "+";
  case KB_OINVERT: return "~";
  case KB_OLT: return "<";
  case KB_OLE: return "<=";
  case KB_OEQ: return "==";
  case KB_ONE: return "!=";
  case KB_OGT: return ">";
  case KB_OGE: return ">=";
  default: return kb_ops[op].text;
  }
}

/* What is bound on no path has no type. */
static kb_ty ty_of(const kb_fn *f, kb_ref r) { return kb_v(f, r)->ty == KB_T_OBJ ? KB_T_BOT : kb_v(f, r)->ty; }
static kb_ty arg_ty(const kb_fn *f, kb_ref r, uint32_t i) { return ty_of(f, kb_v(f, r)->args[i]); }

static kb_ty meet_error(inf *in, const kb_fn *f, kb_ref r, kb_ty a, kb_ty b)
{
  const char *s = symbol((kb_op)kb_v(f, r)->op);
  bool sized = (kb_type_is_sized_int(a) || kb_type_is_sized_int(b)) && kb_is_numeric(a) && kb_is_numeric(b);
  if (kb_type_of(a)->kind == KB_K_ARRAY || kb_type_of(b)->kind == KB_K_ARRAY)
    return fail(in, f, r, "'%s' of %s and %s: whole-array expressions are not supported; write a loop over the elements", s,
                kb_type_name(a), kb_type_name(b));
  return fail(in, f, r, "'%s' of %s and %s is not supported%s", s, kb_type_name(a), kb_type_name(b),
              sized ? "; convert one of them, as int(...) or with a cast" : "");
}

static kb_ty binary(inf *in, const kb_fn *f, kb_ref r)
{
  kb_op op = (kb_op)kb_v(f, r)->op;
  kb_ty a = arg_ty(f, r, 0), b = arg_ty(f, r, 1);
  if (in->t->jit && kb_jit_is_numpy(a, b)) {
    kb_ty made = kb_jit_binary(op, a, b);
    return made == KB_T_BOT ? meet_error(in, f, r, a, b) : made;
  }
  kb_ty t = kb_promote(a, b);
  if (t == KB_T_BOT)
    return meet_error(in, f, r, a, b);
  switch ((int)op) {
  case KB_OAND: case KB_OOR: case KB_OXOR:
    if (a == KB_T_BOOL && b == KB_T_BOOL)
      return KB_T_BOOL; /* fall through */
  case KB_OLSHIFT: case KB_ORSHIFT:
    return kb_type_is_float(t) ? meet_error(in, f, r, a, b) : t;
  case KB_OTRUEDIV:
    return kb_type_is_float(t) ? t : KB_T_FLOAT;
  case KB_OPOW: {
    const kb_val *e = kb_v(f, kb_v(f, r)->args[1]);
    return t == KB_T_INT && e->op == KB_CONST && e->imm.i < 0 ? KB_T_FLOAT : t;
  }
  default:
    return t;
  }
}

static kb_ty compare(inf *in, const kb_fn *f, kb_ref r)
{
  kb_ty a = arg_ty(f, r, 0), b = arg_ty(f, r, 1);
  bool refused = in->t->jit && kb_jit_is_numpy(a, b) && kb_promote(a, b) == KB_T_BOT;
  refused |= in->t->jit && kb_jit_is_numpy(a, b) && (a == KB_T_BOOL || b == KB_T_BOOL);
  return kb_is_numeric(a) && kb_is_numeric(b) && !refused ? KB_T_BOOL : meet_error(in, f, r, a, b);
}

static kb_ty unary(inf *in, const kb_fn *f, kb_ref r)
{
  kb_ty a = arg_ty(f, r, 0);
  if (!kb_is_numeric(a) || (kb_v(f, r)->op == KB_OINVERT && kb_type_is_float(a)))
    return fail(in, f, r, "'%s' of %s is not supported", symbol((kb_op)kb_v(f, r)->op), kb_type_name(a));
  return a == KB_T_BOOL ? KB_T_INT : a;
}

static kb_ty check_index(inf *in, const kb_fn *f, kb_ref r, kb_ty i)
{
  if (kb_type_is_integral(i) && !(in->t->jit && i == KB_T_BOOL)) /* NumPy takes a bool for a mask */
    return KB_T_INT;
  return fail(in, f, r, "an index must be an int, not %s", kb_type_name(i));
}

/* The item of a tuple at a constant index, negative ones from the end. */
static kb_ty tuple_item(inf *in, const kb_fn *f, kb_ref r, const kb_type *k)
{
  const kb_val *i = kb_v(f, kb_v(f, r)->args[1]);
  if (i->op != KB_CONST || i->ty != KB_T_INT)
    return fail(in, f, r, "the index of a tuple must be an int constant in a kernel");
  int64_t n = i->imm.i < 0 ? i->imm.i + k->n : i->imm.i;
  return n >= 0 && n < k->n ? k->items[n] : fail(in, f, r, "tuple index %lld is out of range for %u items", (long long)i->imm.i, k->n);
}

static kb_ty elem_type(bool jit, kb_ty elem) { return jit ? elem : kb_elem_value_type(elem); }

static kb_ty getitem(inf *in, const kb_fn *f, kb_ref r)
{
  kb_ty x = arg_ty(f, r, 0);
  const kb_type *k = kb_type_of(x);
  uint32_t n = kb_v(f, r)->nargs - 1;
  if (k->kind == KB_K_TUPLE && n == 1)
    return tuple_item(in, f, r, k);
  for (uint32_t i = 1; i <= n; i++)
    if (check_index(in, f, r, arg_ty(f, r, i)) == KB_T_BOT)
      return KB_T_BOT;
  if (k->kind == KB_K_PTR && n == 1)
    return kb_elem_value_type(k->elem);
  if (k->kind != KB_K_ARRAY)
    return fail(in, f, r, "%s cannot be indexed", kb_type_name(x));
  if (n > k->rank)
    return fail(in, f, r, "%u indices for %s, which has %u ax%s", n, kb_type_name(x), k->rank, k->rank == 1 ? "is" : "es");
  return n == k->rank ? elem_type(in->t->jit, k->elem) : kb_type_array(k->elem, k->rank - n, k->contig, false);
}

static kb_ty setitem(inf *in, const kb_fn *f, kb_ref r)
{
  kb_ty x = arg_ty(f, r, 0);
  const kb_type *k = kb_type_of(x);
  uint32_t n = kb_v(f, r)->nargs - 2;
  kb_ty v = arg_ty(f, r, n + 1);
  for (uint32_t i = 1; i <= n; i++)
    if (check_index(in, f, r, arg_ty(f, r, i)) == KB_T_BOT)
      return KB_T_BOT;
  if (k->kind == KB_K_TUPLE)
    return fail(in, f, r, "a tuple cannot be changed; use a local array (kb.zeros)");
  if (k->kind != KB_K_ARRAY && !(k->kind == KB_K_PTR && n == 1))
    return fail(in, f, r, "%s does not support item assignment", kb_type_name(x));
  if (k->kind == KB_K_ARRAY && n != k->rank)
    return fail(in, f, r, "%u ind%s for a store into %s; a kernel stores single elements", n, n == 1 ? "ex" : "ices", kb_type_name(x));
  if (in->t->jit) {
    const char *no = kb_jit_store_refused(v, k->elem);
    return no ? fail(in, f, r, "%s stored into an array of %s: %s", kb_type_name(v), kb_type_name(k->elem), no) : KB_T_VOID;
  }
  if (kb_type_is_sized_int(k->elem) && kb_type_is_float(v))
    return fail(in, f, r, "a float cannot be stored into an array of %s; convert it with int(...)", kb_type_name(k->elem));
  const char *why = kb_convert_refused(v, k->elem);
  return why ? fail(in, f, r, "%s cannot be stored into an array of %s: %s", kb_type_name(v), kb_type_name(k->elem), why) : KB_T_VOID;
}

static kb_ty attr(inf *in, const kb_fn *f, kb_ref r)
{
  static const char *const names[] = { "shape", "size", "ndim" };
  const kb_type *k = kb_type_of(arg_ty(f, r, 0));
  if (k->kind != KB_K_ARRAY)
    return fail(in, f, r, "%s has no attribute '%s'", kb_type_name(arg_ty(f, r, 0)), names[kb_v(f, r)->imm.i]);
  kb_ty ints[4] = { KB_T_INT, KB_T_INT, KB_T_INT, KB_T_INT };
  return kb_v(f, r)->imm.i == 0 ? kb_type_tuple(ints, k->rank) : KB_T_INT;
}

static kb_ty unpack(inf *in, const kb_fn *f, kb_ref r)
{
  kb_ty x = arg_ty(f, r, 0);
  const kb_type *k = kb_type_of(x);
  uint32_t want = (uint32_t)kb_v(f, r)->imm.i;
  if (k->kind != KB_K_TUPLE)
    return fail(in, f, r, "%s cannot be unpacked; only tuples can", kb_type_name(x));
  return k->n == want ? x : fail(in, f, r, "%u values are unpacked into %u names", k->n, want);
}

/* What one turn of a loop over t yields; KB_T_VOID when t cannot be walked. */
static kb_ty item_type(bool jit, kb_ty t)
{
  const kb_type *k = kb_type_of(t);
  kb_ty items[16];
  switch (k->kind) {
  case KB_K_RANGE: return KB_T_INT;
  case KB_K_ARRAY: return k->rank == 1 ? elem_type(jit, k->elem) : kb_type_array(k->elem, k->rank - 1u, k->contig, false);
  case KB_K_ITER: return item_type(jit, k->elem);
  case KB_K_ENUMERATE:
    items[0] = KB_T_INT;
    items[1] = item_type(jit, k->elem);
    return items[1] == KB_T_VOID ? KB_T_VOID : kb_type_tuple(items, 2);
  case KB_K_ZIP:
    for (uint32_t i = 0; i < k->n; i++)
      if ((items[i] = item_type(jit, k->items[i])) == KB_T_VOID)
        return KB_T_VOID;
    return kb_type_tuple(items, k->n);
  default: return KB_T_VOID;
  }
}

static kb_ty iterate(inf *in, const kb_fn *f, kb_ref r)
{
  kb_ty x = arg_ty(f, r, 0);
  switch (kb_v(f, r)->op) {
  case KB_OITER:
    if (item_type(in->t->jit, x) == KB_T_VOID)
      return fail(in, f, r, "%s cannot be iterated over in a kernel; use range, an array, enumerate or zip", kb_type_name(x));
    return kb_type_of(x)->kind == KB_K_ITER ? x : kb_type_make(KB_K_ITER, x, NULL, 0);
  case KB_OHASNEXT: return KB_T_BOOL;
  case KB_OITERVAL: return item_type(in->t->jit, x);
  default: return x;
  }
}

static kb_ty make_iterable(inf *in, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  kb_ty items[16];
  if (v->op == KB_ORANGE || v->op == KB_OENUMERATE)
    for (uint32_t i = v->op == KB_OENUMERATE; i < v->nargs; i++)
      if (!kb_type_is_integral(arg_ty(f, r, i)))
        return fail(in, f, r, "%s() needs an int, not %s", v->op == KB_ORANGE ? "range" : "enumerate", kb_type_name(arg_ty(f, r, i)));
  if (v->op == KB_ORANGE)
    return kb_type_make(KB_K_RANGE, KB_T_BOT, NULL, 0);
  for (uint32_t i = 0; i < v->nargs && i < 16; i++) {
    items[i] = arg_ty(f, r, i);
    if ((v->op == KB_OZIP || i == 0) && item_type(in->t->jit, items[i]) == KB_T_VOID)
      return fail(in, f, r, "%s cannot be iterated over in a kernel; use range, an array, enumerate or zip", kb_type_name(items[i]));
  }
  return v->op == KB_OZIP ? kb_type_make(KB_K_ZIP, KB_T_BOT, items, v->nargs) : kb_type_make(KB_K_ENUMERATE, items[0], NULL, 0);
}

/* -- Builtins ---------------------------------------------------------------------------------------------------- */

static kb_ty new_array(inf *in, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  bool full = v->imm.i == KB_BI_FULL;
  kb_ty elem = arg_ty(f, r, 0);
  uint32_t first = full ? 2 : 1;
  for (uint32_t i = first; i < v->nargs; i++)
    if (!kb_type_is_integral(arg_ty(f, r, i)) && arg_ty(f, r, i) != KB_T_BOT)
      return fail(in, f, r, "an extent of a local array must be an int, not %s", kb_type_name(arg_ty(f, r, i)));
  if (full) {
    kb_ty x = arg_ty(f, r, 1);
    if (elem == KB_T_BOT)
      elem = x == KB_T_FLOAT ? KB_T_F64 : x == KB_T_INT ? KB_T_I64 : x;
    const char *why = kb_convert_refused(x, elem);
    if (why || !kb_is_numeric(elem))
      return fail(in, f, r, "%s cannot fill an array of %s: %s", kb_type_name(x), kb_type_name(elem), why ? why : "not a number");
  }
  return kb_type_array(elem, v->nargs - first, true, false);
}

static kb_ty len(inf *in, const kb_fn *f, kb_ref r)
{
  kb_tkind k = kb_type_of(arg_ty(f, r, 0))->kind;
  return k == KB_K_ARRAY || k == KB_K_TUPLE || k == KB_K_RANGE
             ? KB_T_INT
             : fail(in, f, r, "%s has no len()", kb_type_name(arg_ty(f, r, 0)));
}

static kb_ty round_rule(inf *in, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  kb_ty a = arg_ty(f, r, 0);
  if (v->nargs == 1)
    return KB_T_INT;
  const kb_val *n = kb_v(f, v->args[1]);
  if (kb_type_is_float(a))
    return fail(in, f, r, "round(x, n) of a float is not supported in kernels; round at the end, outside, or write round(x * 10**n) / 10**n");
  return n->op == KB_CONST && n->imm.i >= 0 ? KB_T_INT : fail(in, f, r, "round(i, n) needs a constant n >= 0 in kernels");
}

static kb_ty call_rule(inf *in, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  kb_builtin id = (kb_builtin)v->imm.i;
  const char *name = kb_builtins[id].text;
  kb_ty a = v->nargs ? arg_ty(f, r, 0) : KB_T_VOID, b = v->nargs > 1 ? arg_ty(f, r, 1) : KB_T_VOID;
  if (id >= KB_BI_ZEROS && id <= KB_BI_FULL)
    return new_array(in, f, r);
  if (id == KB_BI_LEN)
    return len(in, f, r);
  if (in->t->jit) {
    kb_ty types[8];
    for (uint32_t i = 0; i < v->nargs && i < 8; i++)
      types[i] = arg_ty(f, r, i);
    const char *no = kb_jit_call_refused(id, types, v->nargs);
    if (no)
      return fail(in, f, r, "%s(): %s", name, no);
  }
  bool ints = true;
  for (uint32_t i = 0; i < v->nargs; i++) {
    if (!kb_is_numeric(arg_ty(f, r, i)))
      return fail(in, f, r, "%s() of %s is not supported in kernels", name, kb_type_name(arg_ty(f, r, i)));
    ints &= kb_type_is_integral(arg_ty(f, r, i));
  }
  switch ((int)id) {
  case KB_BI_ABS: return a == KB_T_BOOL ? KB_T_INT : a;
  case KB_BI_MIN: case KB_BI_MAX: {
    kb_ty t = a == b ? a : kb_type_is_sized_int(a) || kb_type_is_sized_int(b) ? KB_T_VOID : kb_join(a, b);
    return t == KB_T_VOID ? fail(in, f, r, "%s() of %s and %s: convert one of them", name, kb_type_name(a), kb_type_name(b)) : t;
  }
  case KB_BI_ROUND: return round_rule(in, f, r);
  case KB_BI_INT: case KB_BI_FLOOR: case KB_BI_CEIL: case KB_BI_TRUNC: return KB_T_INT;
  case KB_BI_BOOL: case KB_BI_BOOLEAN: case KB_BI_ISNAN: case KB_BI_ISINF: case KB_BI_ISFINITE: return KB_T_BOOL;
  case KB_BI_POW:
    if (!ints || kb_type_is_sized_int(a) || kb_type_is_sized_int(b) || kb_type_is_sized_int(arg_ty(f, r, 2)))
      return fail(in, f, r, "pow(a, b, m) needs three ints");
    return KB_T_INT;
  case KB_BI_GCD: case KB_BI_ISQRT:
    return ints ? KB_T_INT : fail(in, f, r, "%s() needs ints, not %s", name, kb_type_name(kb_type_is_float(a) ? a : b));
  case KB_BI_DIVMOD: {
    kb_ty t = kb_promote(a, b), two[2] = { t, t };
    return t == KB_T_BOT ? meet_error(in, f, r, a, b) : kb_type_tuple(two, 2);
  }
  case KB_BI_I8: return KB_T_I8;
  case KB_BI_I16: return KB_T_I16;
  case KB_BI_I32: return KB_T_I32;
  case KB_BI_I64: return KB_T_I64;
  case KB_BI_U8: return KB_T_U8;
  case KB_BI_U16: return KB_T_U16;
  case KB_BI_U32: return KB_T_U32;
  case KB_BI_U64: return KB_T_U64;
  case KB_BI_F32: return KB_T_F32;
  case KB_BI_F64: return KB_T_F64;
  default: return KB_T_FLOAT; /* float() and math */
  }
}

static kb_ty kernel_call(inf *in, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  uint32_t callee = (uint32_t)v->imm.i;
  const kt_kernel *k = in->t->kernels.v[callee];
  for (uint32_t i = 0; i < v->nargs; i++) {
    const char *why = kb_convert_refused(arg_ty(f, r, i), k->params[i].ty);
    if (in->t->jit && arg_ty(f, r, i) != k->params[i].ty)
      why = "typed code calls itself with the same types only";
    if (in->t->jit && kb_type_of(k->params[i].ty)->kind == KB_K_ARRAY)
      why = "typed code does not pass arrays on";
    if (why)
      return fail(in, f, r, "argument '%s' of %s() is declared %s, not %s: %s", k->params[i].name, k->name,
                  kb_type_name(k->params[i].ty), kb_type_name(arg_ty(f, r, i)), why);
  }
  if (in->state[callee] != 2 && !in->report) {
    if (in->state[callee] == 1)
      in->again = true;
    else
      infer_fn(in, callee);
  }
  kb_ty t = in->m->fns.v[callee]->ret;
  return t == KB_T_VOID ? KB_T_NONE : k->ret == KB_T_BOT ? t : kb_value_type(t); /* undeclared: as it is returned */
}

/* -- One value, one function ------------------------------------------------------------------------------------------ */

static kb_ty phi(inf *in, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  kb_ty t = KB_T_BOT;
  for (uint32_t i = 0; i < v->nargs; i++) {
    kb_ty a = arg_ty(f, r, i);
    if (kb_v(f, v->args[i])->op == KB_UNDEF)
      continue;
    kb_ty j = in->t->jit ? kb_jit_join(t, a) : kb_join(t, a);
    if (j == KB_T_VOID) {
      bool widths = kb_is_numeric(t) && kb_is_numeric(a);
      return fail(in, f, r, "%s%s%s is %s on one path and %s on another; %s", v->name ? "'" : "", v->name ? v->name : "this value",
                  v->name ? "'" : "", kb_type_name(t), kb_type_name(a),
                  widths ? "give both the same type by a cast, such as kb.f64(...) or int(...)" : "use two variables");
    }
    t = j;
  }
  return t;
}

static kb_ty rule(inf *in, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  if (v->op == KB_PHI)
    return phi(in, f, r);
  for (uint32_t i = 0; i < v->nargs; i++)
    if (arg_ty(f, r, i) == KB_T_BOT && !(v->op == KB_OCALL && i == 0 && v->imm.i == KB_BI_FULL))
      return KB_T_BOT;
  switch (v->op) {
  case KB_OADD: case KB_OSUB: case KB_OMUL: case KB_OTRUEDIV: case KB_OFLOORDIV: case KB_OMOD: case KB_OPOW: case KB_OLSHIFT:
  case KB_ORSHIFT: case KB_OAND: case KB_OOR: case KB_OXOR: return binary(in, f, r);
  case KB_ONEG: case KB_OPOS: case KB_OINVERT: return unary(in, f, r);
  case KB_OLT: case KB_OLE: case KB_OEQ: case KB_ONE: case KB_OGT: case KB_OGE: return compare(in, f, r);
  case KB_OIS: case KB_OISNOT:
    if (arg_ty(f, r, 0) == KB_T_NONE || arg_ty(f, r, 1) == KB_T_NONE)
      return KB_T_BOOL;
    return fail(in, f, r, "'is' is supported with None only; compare numbers with ==");
  case KB_ONOT: case KB_OTRUTH:
    if (kb_is_numeric(arg_ty(f, r, 0)) || arg_ty(f, r, 0) == KB_T_NONE || kb_type_of(arg_ty(f, r, 0))->kind == KB_K_TUPLE)
      return KB_T_BOOL;
    return fail(in, f, r, "the truth of %s is not supported in kernels; compare its length", kb_type_name(arg_ty(f, r, 0)));
  case KB_OGETITEM: return getitem(in, f, r);
  case KB_OSETITEM: return setitem(in, f, r);
  case KB_OATTR: return attr(in, f, r);
  case KB_OCALL: return call_rule(in, f, r);
  case KB_OKCALL: return kernel_call(in, f, r);
  case KB_OTUPLE: {
    kb_ty items[64];
    if (v->nargs > 64)
      return fail(in, f, r, "a tuple of %u items: kernels hold at most 64", v->nargs);
    for (uint32_t i = 0; i < v->nargs; i++)
      items[i] = arg_ty(f, r, i);
    return kb_type_tuple(items, v->nargs);
  }
  case KB_OUNPACK: return unpack(in, f, r);
  case KB_OITEM: return kb_type_of(arg_ty(f, r, 0))->items[v->imm.i];
  case KB_ORANGE: case KB_OENUMERATE: case KB_OZIP: return make_iterable(in, f, r);
  case KB_OITER: case KB_OHASNEXT: case KB_OITERVAL: case KB_OITERNEXT: return iterate(in, f, r);
  case KB_OBOUND: return arg_ty(f, r, 0);
  default: return KB_T_VOID;
  }
}

static bool sweep(inf *in, kb_fn *f)
{
  bool changed = false;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r) {
      kb_ty t = rule(in, f, r);
      if (t != kb_v(f, r)->ty && t != KB_T_BOT)
        kb_v(f, r)->ty = t, changed = true;
    }
  return changed;
}

/* -- Results ---------------------------------------------------------------------------------------------------------------- */

static bool has_nested(kb_ty t)
{
  const kb_type *k = kb_type_of(t);
  for (uint32_t i = 0; k->kind == KB_K_TUPLE && i < k->n; i++)
    if (!kb_is_numeric(k->items[i]))
      return true;
  return false;
}

/* kb.jit: the most useful of several types; a return of another one leaves by a deopt. */
static kb_ty jit_result(kb_ty t, kb_ty a)
{
  kb_ty j = kb_jit_join(t, a);
  return j != KB_T_VOID ? j : t == KB_T_NONE ? a : t;
}

/* The join of what the returns give, KB_T_VOID for nothing but None; errors only in the last sweep. */
static kb_ty returned(inf *in, kb_fn *f, kb_ty declared)
{
  kb_ty t = KB_T_BOT;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_ref r = f->blk.v[f->rpo.v[i]].last;
    const kb_val *v = kb_v(f, r);
    if (v->op != KB_RET)
      continue;
    kb_ty a = ty_of(f, v->args[0]);
    if (declared != KB_T_BOT) {
      const char *why = kb_convert_refused(a, declared);
      if (why && a == KB_T_NONE)
        fail(in, f, r, "%s() is declared to return %s but may end without a return value", f->name, kb_type_name(declared));
      else if (why && declared == KB_T_VOID)
        fail(in, f, r, "%s() is declared to return None but returns %s; declare `-> %s`", f->name, kb_type_name(a), kb_type_name(a));
      else if (why)
        fail(in, f, r, "%s() is declared to return %s but returns %s: %s", f->name, kb_type_name(declared), kb_type_name(a), why);
      continue;
    }
    kb_ty j = in->t->jit ? jit_result(t, a) : kb_join(t, a);
    if (j == KB_T_VOID)
      fail(in, f, r, "%s() returns %s here and %s elsewhere; declare its result, as in `-> float`", f->name, kb_type_name(a), kb_type_name(t));
    else
      t = j;
  }
  if (declared != KB_T_BOT)
    t = declared;
  if (in->report && has_nested(t))
    kb_error(f->loc, "%s() returns a tuple inside a tuple; a result is a number or one tuple of numbers: return %s", f->name, "(a, b, c) rather than (a, (b, c))");
  if (in->report && kb_type_of(t)->kind == KB_K_ARRAY)
    kb_error(f->loc, "%s() returns an array; results are numbers and tuples of numbers: store into an array parameter instead", f->name);
  return t == KB_T_NONE ? KB_T_VOID : t;
}

static void infer_fn(inf *in, uint32_t i)
{
  kb_fn *f = in->m->fns.v[i];
  const kt_kernel *k = in->t->kernels.v[i];
  if (in->state[i] || k->errors)
    return;
  in->state[i] = 1;
  for (uint32_t p = 0; p < k->nparams; p++)
    kb_v(f, f->params[p])->ty = in->t->jit ? k->params[p].ty : kb_value_type(k->params[p].ty);
  for (kb_ref r = 1; r < f->val.n; r++)
    if (kb_v(f, r)->blk)
      kb_v(f, r)->ty = kb_ops[kb_v(f, r)->op].result == '-' ? KB_T_VOID : KB_T_BOT;
  f->ret = k->ret;
  bool outer = in->again;
  for (bool more = true; more;) {
    in->again = false;
    while (sweep(in, f))
      ;
    kb_ty ret = returned(in, f, k->ret);
    more = ret != f->ret && in->again;
    f->ret = ret;
  }
  in->again = outer;
  in->state[i] = 2;
}

static bool check_fn(inf *in, uint32_t i)
{
  kb_fn *f = in->m->fns.v[i];
  kt_kernel *k = in->t->kernels.v[i];
  unsigned before = kb_error_count();
  in->report = true;
  sweep(in, f);
  returned(in, f, k->ret);
  in->report = false;
  if (kb_error_count() == before)
    in->t->jit ? kb_infer_jit(k, f) : kb_infer_weak(f, k->ret != KB_T_BOT);
  if (f->ret == KB_T_BOT)
    f->ret = KB_T_VOID; /* it never returns */
  k->errors += kb_error_count() - before;
  return kb_error_count() == before;
}

bool kb_infer(kt_mod *t, kb_mod *m)
{
  inf in = { t, m, KB_ZALLOC(uint8_t, t->kernels.n + 1), false, false };
  bool ok = true;
  for (uint32_t i = 0; i < t->kernels.n; i++)
    infer_fn(&in, i);
  /* kernels that call each other in a cycle have seen results that were not final */
  for (bool more = true; more;) {
    more = false;
    for (uint32_t i = 0; i < t->kernels.n; i++) {
      if (t->kernels.v[i]->errors)
        continue;
      kb_fn *f = m->fns.v[i];
      while (sweep(&in, f))
        more = true;
      f->ret = returned(&in, f, t->kernels.v[i]->ret);
    }
  }
  for (uint32_t i = 0; i < t->kernels.n; i++)
    ok &= !t->kernels.v[i]->errors && check_fn(&in, i);
  free(in.state);
  return ok;
}
