/* SPDX-License-Identifier: MIT */
/* infer_jit.c: what inference says otherwise in the typed attempt of kb.jit: sized numbers are NumPy's scalars.
 *
 * Rules are those of NEP 50 (Python's int and float are weak), and only for operations that typed code repeats
 * exactly; anything else has no type here, and the function is interpreted.
 *
 * A variable may hold a Python number on one path and a NumPy scalar on another: `s = 0.0`, then `s += x[i]`. It gets the
 * greater type (its value's type in the IR), and its `lesser` type is kept aside. Specialisation carries a flag that
 * says which it is, for snapshots, and leaves by a deopt where the difference could show in the lesser case.
 */
#include "infer.h"

#include <math.h>
#include <string.h>

static bool is_sized(kb_ty t) { return kb_type_is_sized_int(t); }
static bool is_scalar(kb_ty t) { return is_sized(t) || t == KB_T_F32 || t == KB_T_F64; }
static bool is_narrow(kb_ty t) { return t == KB_T_I8 || t == KB_T_I16 || t == KB_T_U8 || t == KB_T_U16; }

bool kb_jit_is_numpy(kb_ty a, kb_ty b) { return is_scalar(a) || is_scalar(b); }

/* -- Types of results ------------------------------------------------------------------------------------- */

static kb_ty with_float(kb_ty f, kb_ty other)
{
  if (f == KB_T_F64 || other == KB_T_F64)
    return KB_T_F64;
  return other == KB_T_F32 || other == KB_T_INT || other == KB_T_FLOAT || is_narrow(other) ? KB_T_F32 : KB_T_F64;
}

/* The type in which arithmetic of a and b happens, one of them NumPy's; KB_T_BOT: none that is known to be exact. */
kb_ty kb_jit_promote(kb_ty a, kb_ty b)
{
  if (!kb_is_numeric(a) || !kb_is_numeric(b) || a == KB_T_BOOL || b == KB_T_BOOL)
    return KB_T_BOT;
  if (a == KB_T_F32 || a == KB_T_F64)
    return with_float(a, b);
  if (b == KB_T_F32 || b == KB_T_F64)
    return with_float(b, a);
  if (a == KB_T_FLOAT || b == KB_T_FLOAT)
    return KB_T_F64; /* an int scalar with Python's float */
  if (a == KB_T_INT || b == KB_T_INT)
    return a == KB_T_INT ? b : a;
  return kb_promote(a, b);
}

kb_ty kb_jit_binary(kb_op op, kb_ty a, kb_ty b)
{
  kb_ty t = kb_jit_promote(a, b);
  if (t == KB_T_BOT)
    return t;
  switch ((int)op) {
  case KB_OADD: case KB_OSUB: case KB_OMUL: return t;
  case KB_OTRUEDIV: return is_sized(t) ? KB_T_F64 : t;
  case KB_OFLOORDIV: case KB_OMOD: return t == KB_T_F32 ? KB_T_BOT : t;
  case KB_OAND: case KB_OOR: case KB_OXOR: return is_sized(t) ? t : KB_T_BOT;
  default: return KB_T_BOT; /* powers and shifts */
  }
}

/* The greater of two types of one variable, KB_T_VOID when typed code cannot hold both. */
kb_ty kb_jit_join(kb_ty a, kb_ty b)
{
  if (a == b || b == KB_T_BOT)
    return a;
  if (a == KB_T_BOT)
    return b;
  if (kb_type_of(a)->kind != KB_K_SCALAR || kb_type_of(b)->kind != KB_K_SCALAR)
    return kb_type_of(a)->kind == KB_K_ARRAY || kb_type_of(b)->kind == KB_K_ARRAY ? KB_T_VOID : kb_join(a, b);
  if (a > b) {
    kb_ty t = a;
    a = b, b = t;
  }
  if (a == KB_T_INT && (b == KB_T_FLOAT || is_scalar(b)))
    return b;
  return a == KB_T_FLOAT && (b == KB_T_F32 || b == KB_T_F64) ? b : KB_T_VOID;
}

/* NULL when NumPy stores a value of type ty into an element as typed code does. */
const char *kb_jit_store_refused(kb_ty ty, kb_ty elem)
{
  if (!kb_is_numeric(ty))
    return "it is no number";
  if (elem == KB_T_BOOL)
    return ty == KB_T_BOOL ? NULL : "NumPy asks for its truth";
  if (elem == KB_T_F64 || elem == KB_T_F32)
    return NULL;
  return kb_type_is_integral(ty) ? NULL : "NumPy cuts it to an int";
}

/* NULL when builtin id does with the types of its arguments what typed code does. */
const char *kb_jit_call_refused(kb_builtin id, const kb_ty *types, uint32_t n)
{
  bool numpy = false;
  for (uint32_t i = 0; i < n; i++)
    numpy |= is_scalar(types[i]);
  switch ((int)id) {
  case KB_BI_MIN: case KB_BI_MAX: return n == 2 && types[0] != types[1] ? "the type of the result depends on the values" : NULL;
  case KB_BI_ROUND: case KB_BI_POW: case KB_BI_DIVMOD: return numpy ? "NumPy has a way of its own" : NULL;
  case KB_BI_FLOOR: case KB_BI_CEIL: case KB_BI_TRUNC: return numpy && types[0] != KB_T_F64 ? "NumPy has a way of its own" : NULL;
  case KB_BI_ZEROS: case KB_BI_EMPTY: case KB_BI_ONES: case KB_BI_FULL: return "typed code makes no arrays";
  default: return id >= KB_BI_I8 && id <= KB_BI_F64 ? "a NumPy type is called" : NULL;
  }
}

/* -- Two types in one variable ----------------------------------------------------------------------------- */

static bool carries(const kb_val *v) { return v->op == KB_PHI || v->op == KB_OBOUND; }
static uint32_t carried(const kb_val *v) { return v->op == KB_OBOUND ? 1 : v->nargs; }

static bool merge(kb_jit_doubt *d, const kb_fn *f, kb_ref r, uint32_t *mask)
{
  const kb_val *v = kb_v(f, r);
  uint32_t m = mask[r];
  kb_ref c = d->konst[r];
  for (uint32_t i = 0; i < carried(v); i++) {
    kb_ref a = v->args[i];
    const kb_val *x = kb_v(f, a);
    if (x->op == KB_UNDEF || !kb_is_numeric(x->ty))
      continue;
    m |= carries(x) ? mask[a] : 1u << x->ty;
    kb_ref of = x->ty == v->ty && !carries(x) ? 0 : x->op == KB_CONST ? a : carries(x) ? d->konst[a] : UINT32_MAX;
    if (carries(x) && x->ty != v->ty && !d->konst[a] && mask[a])
      of = UINT32_MAX; /* surely of the lesser type, and computed */
    if (of && of != c)
      c = c ? UINT32_MAX : of;
  }
  bool changed = m != mask[r] || c != d->konst[r];
  mask[r] = m, d->konst[r] = c;
  return changed;
}

/* Has the constant c the same value as a number of type t? */
static bool fits(const kb_fn *f, kb_ref c, kb_ty t)
{
  const kb_val *v = kb_v(f, c);
  if (v->ty == KB_T_FLOAT)
    return t == KB_T_F64 || isnan(v->imm.d) == 0 ? t != KB_T_F32 || (double)(float)v->imm.d == v->imm.d : false;
  int64_t i = v->imm.i, most = t == KB_T_F32 ? INT64_C(1) << 24 : INT64_C(1) << 53;
  if (kb_type_is_float(t))
    return i >= -most && i <= most;
  if (t == KB_T_I64)
    return true;
  if (t == KB_T_U64)
    return i >= 0;
  int bits = 8 * (int)kb_type_size(t);
  return t >= KB_T_U8 ? i >= 0 && i < INT64_C(1) << bits : i >= -(INT64_C(1) << (bits - 1)) && i < INT64_C(1) << (bits - 1);
}

static bool can_hold(const kb_jit_doubt *d, const kb_fn *f, kb_ref r)
{
  kb_ty t = kb_v(f, r)->ty, l = d->lesser[r];
  kb_ref c = d->konst[r];
  if ((t == KB_T_F64 && l == KB_T_FLOAT) || (t == KB_T_I64 && l == KB_T_INT))
    return true; /* one machine type for both */
  return c && c != UINT32_MAX && fits(f, c, t);
}

bool kb_jit_doubts(const kb_fn *f, kb_jit_doubt *d, kb_ref *bad)
{
  uint32_t *mask = KB_ZALLOC(uint32_t, f->val.n);
  bool ok = true;
  d->lesser = KB_ZALLOC(kb_ty, f->val.n);
  d->konst = KB_ZALLOC(kb_ref, f->val.n);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < f->rpo.n; i++)
      KB_FOR_INS (f, f->rpo.v[i], r)
        if (carries(kb_v(f, r)) && kb_is_numeric(kb_v(f, r)->ty))
          again |= merge(d, f, r, mask);
  }
  for (kb_ref r = 1; r < f->val.n && ok; r++) {
    uint32_t rest = mask[r] & ~(1u << kb_v(f, r)->ty);
    if (!rest)
      continue;
    for (kb_ty t = KB_T_BOOL; t <= KB_T_F64; t++)
      if (rest == 1u << t)
        d->lesser[r] = t;
    if (!d->lesser[r] || !can_hold(d, f, r))
      *bad = r, ok = false;
  }
  free(mask);
  return ok;
}

void kb_jit_doubts_free(kb_jit_doubt *d)
{
  free(d->lesser);
  free(d->konst);
}

/* Is the result of `use` the same object, with the same warnings, whether its operand k is of the lesser or of the
 * greater type, given that the value is the same? */
bool kb_jit_use_is_fine(const kb_fn *f, const kb_jit_doubt *d, kb_ref use, uint32_t k)
{
  const kb_val *v = kb_v(f, use);
  kb_ref r = v->args[k], o = v->nargs == 2 ? v->args[1 - k] : 0;
  kb_ty t = kb_v(f, r)->ty, l = d->lesser[r], other = o ? kb_v(f, o)->ty : (kb_ty)KB_T_BOT;
  bool sure = o && !d->lesser[o];
  switch (v->op) {
  case KB_PHI: case KB_OBOUND: case KB_OTRUTH: case KB_ONOT: return true;
  case KB_OADD: case KB_OSUB: case KB_OMUL: case KB_OTRUEDIV: case KB_OFLOORDIV: case KB_OMOD:
    if (!sure)
      return false;
    if (other == KB_T_F64)
      return t == KB_T_F64 || t == KB_T_FLOAT;
    return other == t && (t != KB_T_F64 || l != KB_T_BOOL);
  case KB_OLT: case KB_OLE: case KB_OEQ: case KB_ONE: case KB_OGT: case KB_OGE:
    return sure && (other == t || other == KB_T_FLOAT || other == KB_T_INT) && t != KB_T_F32;
  case KB_OSETITEM:
    return k == v->nargs - 1 && kb_type_of(kb_v(f, v->args[0])->ty)->elem == KB_T_F64 && kb_type_is_float(t);
  case KB_OCALL:
    return v->imm.i == KB_BI_BOOL || ((v->imm.i == KB_BI_FLOAT || (v->imm.i >= KB_BI_SQRT && v->imm.i <= KB_BI_FABS)) && t != KB_T_F32 &&
                                      kb_type_is_float(t));
  default: return false;
  }
}

/* -- numpy.bool_ ----------------------------------------------------------------------------------------------- */

static bool gives_numpy_bool(const kb_fn *f, const kt_kernel *k, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  if (v->op == KB_PARAM)
    for (uint32_t i = 0; i < k->nparams; i++)
      if (f->params[i] == r)
        return k->params[i].numpy_bool;
  if (v->op >= KB_OLT && v->op <= KB_OGE)
    return kb_jit_is_numpy(kb_v(f, v->args[0])->ty, kb_v(f, v->args[1])->ty);
  return (v->op == KB_OGETITEM && kb_type_of(kb_v(f, v->args[0])->ty)->kind == KB_K_ARRAY) || v->op == KB_OITERVAL;
}

/* A use that gives the same for numpy.bool_ as for bool, the type in which it is rebuilt. */
static bool takes_numpy_bool(const kb_fn *f, const kb_val *v, uint32_t k)
{
  switch (v->op) {
  case KB_PHI: case KB_OBOUND: case KB_OTRUTH: case KB_ONOT: return true;
  case KB_OAND: case KB_OOR: case KB_OXOR: return v->ty == KB_T_BOOL;
  case KB_OSETITEM: return k == v->nargs - 1 && kb_type_of(kb_v(f, v->args[0])->ty)->elem == KB_T_BOOL;
  case KB_OCALL: return v->imm.i == KB_BI_BOOL || v->imm.i == KB_BI_INT || v->imm.i == KB_BI_FLOAT;
  default: return false;
  }
}

static bool hands_on(const kb_val *v) { return carries(v) || (v->op >= KB_OAND && v->op <= KB_OXOR); }

static bool numpy_bools(const kb_fn *f, const kt_kernel *k)
{
  uint8_t *is = KB_ZALLOC(uint8_t, f->val.n);
  kb_ref bad = 0;
  for (uint32_t i = 0; i < k->nparams; i++)
    is[f->params[i]] = gives_numpy_bool(f, k, f->params[i]);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < f->rpo.n; i++)
      KB_FOR_INS (f, f->rpo.v[i], r) {
        const kb_val *v = kb_v(f, r);
        bool now = v->ty == KB_T_BOOL && gives_numpy_bool(f, k, r);
        for (uint32_t a = 0; v->ty == KB_T_BOOL && hands_on(v) && a < carried(v); a++)
          now |= is[v->args[a]];
        if (now && !is[r])
          is[r] = 1, again = true;
      }
  }
  for (uint32_t i = 0; i < f->rpo.n && !bad; i++)
    KB_FOR_INS (f, f->rpo.v[i], r)
      for (uint32_t a = 0; a < kb_v(f, r)->nargs; a++)
        if (is[kb_v(f, r)->args[a]] && !takes_numpy_bool(f, kb_v(f, r), a))
          bad = r;
  if (bad)
    kb_error(kb_v(f, bad)->loc, "a numpy.bool_ is more than tested here, which typed code does not do");
  free(is);
  return !bad;
}

/* -- The whole function -------------------------------------------------------------------------------------------- */

static bool is_result(kb_ty t)
{
  const kb_type *k = kb_type_of(t);
  return t == KB_T_BOT || t == KB_T_VOID || (k->kind == KB_K_SCALAR && kb_is_numeric(t)) || k->kind == KB_K_TUPLE;
}

/* Items of tuples and of zip that are numpy.bool_ would escape notice. */
static bool has_bool_items(kb_ty t)
{
  const kb_type *k = kb_type_of(t);
  if (k->kind == KB_K_ARRAY)
    return k->elem == KB_T_BOOL;
  if (k->kind == KB_K_ENUMERATE)
    return has_bool_items(k->elem);
  for (uint32_t i = 0; k->kind == KB_K_ZIP && i < k->n; i++)
    if (has_bool_items(k->items[i]))
      return true;
  return false;
}

bool kb_infer_jit(const kt_kernel *k, kb_fn *f)
{
  kb_jit_doubt d;
  kb_ref bad = 0;
  bool ok = kb_jit_doubts(f, &d, &bad);
  kb_jit_doubts_free(&d);
  if (!ok) {
    const char *name = kb_v(f, bad)->name;
    kb_error(kb_v(f, bad)->loc, "%s has types that typed code cannot tell apart", name ? name : "this value");
    return false;
  }
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r) {
      const kb_val *v = kb_v(f, r);
      if (kb_type_of(v->ty)->kind == KB_K_ARRAY && v->op != KB_OBOUND) {
        kb_error(v->loc, "an array that is no parameter: typed code has no object for it");
        return false;
      }
      if ((v->op == KB_OENUMERATE || v->op == KB_OZIP) && has_bool_items(v->ty)) {
        kb_error(v->loc, "items that are numpy.bool_");
        return false;
      }
    }
  if (!is_result(f->ret)) {
    kb_error(f->loc, "the result is no number");
    return false;
  }
  return numpy_bools(f, k);
}
