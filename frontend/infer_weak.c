/* SPDX-License-Identifier: MIT */
/* infer_weak.c: refuses kernels whose result would show that a variable was given one machine type.
 *
 * After `s = 0` and, in a loop, `s += x[i]`, Python's s is the int 0 or a float; ours is a float from the start.
 * That is the same as long as s only meets floats, is compared, stored into a float array, returned as a float or
 * converted: int 0 becomes 0.0 there anyway. It is not the same in `-s` (-0.0), `s // 2` (int), `s * n` (exact ints) or
 * `str(s)`. The same goes for a weak float in a variable that is f32 or f64 elsewhere (DESIGN: arithmetic of weak
 * with f32 is f32). Values that may be "the lesser type" are found by propagation; every use of one is
 * looked at, and where the difference could show, the kernel is refused with the cure.
 */
#include "infer.h"

#include "../include/kbabi.h"

#include <string.h>

enum { MAYBE_INT = 1, MAYBE_WEAK = 2, NOT_JUST_ZERO = 4 /* the int may be another than the constant 0 */ };

typedef struct {
  kb_fn *f;
  uint8_t *maybe;  /* per value; of a tuple: of any item */
  bool declared;   /* the kernel says what it returns */
} weak;

static kb_ty ty(const weak *w, kb_ref r) { return kb_v(w->f, r)->ty; }

/* What value r may be, seen as a value of type t. */
static uint8_t lesser(const weak *w, kb_ref r, kb_ty t)
{
  kb_ty a = ty(w, r);
  uint8_t m = w->maybe[r];
  if (!kb_type_is_float(t) || !kb_is_numeric(a))
    return 0;
  if (a == KB_T_BOOL || a == KB_T_INT)
    m |= MAYBE_INT | (kb_is(w->f, r, KB_CONST) && kb_v(w->f, r)->imm.i == 0 ? 0 : NOT_JUST_ZERO);
  if (a == KB_T_FLOAT && t != KB_T_FLOAT)
    m |= MAYBE_WEAK;
  return m;
}

/* Operations whose result is one of their operands (or its magnitude). */
static bool passes_on(const kb_val *v)
{
  return v->op == KB_PHI || v->op == KB_OBOUND || v->op == KB_OPOS ||
         (v->op == KB_OCALL && (v->imm.i == KB_BI_MIN || v->imm.i == KB_BI_MAX || v->imm.i == KB_BI_ABS));
}

static bool is_tuple(kb_ty t) { return kb_type_of(t)->kind == KB_K_TUPLE; }
static bool is_arithmetic(const kb_val *v) { return v->op >= KB_OADD && v->op <= KB_OPOW; }

/* f64 arithmetic is weak if no operand is surely f64; elsewhere only what passes a value on passes a doubt on. */
static uint8_t doubts(const weak *w, const kb_val *v)
{
  uint8_t m = 0;
  if (v->op == KB_OTUPLE || v->op == KB_OUNPACK || (v->op == KB_PHI && is_tuple(v->ty))) {
    for (uint32_t k = 0; k < v->nargs; k++)
      m |= w->maybe[v->args[k]];
    return m ? m | NOT_JUST_ZERO : 0;
  }
  if (v->op == KB_OITEM || (v->op == KB_OGETITEM && is_tuple(ty(w, v->args[0]))))
    return kb_type_is_float(v->ty) ? w->maybe[v->args[0]] : 0;
  if (!kb_type_is_float(v->ty) || !(passes_on(v) || (v->ty == KB_T_F64 && (is_arithmetic(v) || v->op == KB_ONEG))))
    return 0;
  for (uint32_t k = 0; k < v->nargs - (v->op == KB_OBOUND); k++) {
    if (kb_v(w->f, v->args[k])->op == KB_UNDEF)
      continue;
    uint8_t one = lesser(w, v->args[k], v->ty);
    if (!passes_on(v) && !(one & MAYBE_WEAK) && ty(w, v->args[k]) == KB_T_F64)
      return 0;
    m |= one;
  }
  if (v->op == KB_OCALL)
    m |= NOT_JUST_ZERO; /* abs, min, max: kb_maybe_int follows variables only */
  return passes_on(v) ? m : m & MAYBE_WEAK;
}

static void propagate(weak *w)
{
  kb_fn *f = w->f;
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < f->rpo.n; i++)
      KB_FOR_INS (f, f->rpo.v[i], r) {
        uint8_t m = doubts(w, kb_v(f, r));
        if (m & ~w->maybe[r])
          w->maybe[r] |= m, again = true;
      }
  }
}

static bool refuse(weak *w, kb_ref use, kb_ref r, uint8_t m)
{
  const kb_val *v = kb_v(w->f, r);
  const char *name = v->name ? v->name : "this value";
  const char *q = v->name ? "'" : "";
  if (m & MAYBE_INT)
    kb_error(kb_v(w->f, use)->loc,
             "%s%s%s may be an int or a float here, and Python's result would depend on which; make it a float everywhere: start from 0.0, or use float(...)",
             q, name, q);
  else
    kb_error(kb_v(w->f, use)->loc,
             "%s%s%s may be a weak float or %s here, and the width of the result would depend on which; start from %s(...)", q, name, q,
             kb_type_name(v->ty), kb_type_name(v->ty));
  return false;
}

/* May value r, with the doubts m, meet operand o in arithmetic or a comparison? */
static bool meets(const weak *w, kb_ref r, kb_ref o, uint8_t m, bool compares)
{
  kb_ty t = ty(w, o);
  if ((m & MAYBE_WEAK) && ty(w, r) == KB_T_F64 && t == KB_T_F32)
    return false; /* would widen what Python keeps narrow */
  if ((m & MAYBE_WEAK) && ty(w, r) == KB_T_F32 && (!(t == KB_T_F32 || t == KB_T_F64) || (w->maybe[o] & MAYBE_WEAK)))
    return false;
  if (m & MAYBE_INT)
    return compares || (kb_type_is_float(t) && !(w->maybe[o] & MAYBE_INT));
  return true;
}

static bool use_is_fine(weak *w, kb_ref use, kb_ref r, uint8_t m)
{
  const kb_fn *f = w->f;
  const kb_val *v = kb_v(f, use);
  kb_ref other = v->nargs == 2 ? (v->args[0] == r ? v->args[1] : v->args[0]) : 0;
  switch (v->op) {
  case KB_OTRUEDIV: /* sum(x) / len(x): 0 and 0.0 have one quotient; specialise picks the message for / 0 */
    if (v->args[0] == r && kb_type_is_integral(ty(w, other)) && (m & (MAYBE_INT | NOT_JUST_ZERO)) == MAYBE_INT)
      return true;
    return meets(w, r, other, m, false);
  case KB_OADD: case KB_OSUB: case KB_OMUL: case KB_OFLOORDIV: case KB_OMOD: case KB_OPOW:
    return meets(w, r, other, m, false);
  case KB_OLT: case KB_OLE: case KB_OEQ: case KB_ONE: case KB_OGT: case KB_OGE:
    return meets(w, r, other, m, true);
  case KB_ONEG:
    return !(m & MAYBE_INT) && !((m & MAYBE_WEAK) && ty(w, r) == KB_T_F32);
  case KB_RET: /* a declared result converts; an inferred one would have changed its type */
    return !(m & MAYBE_INT) || w->declared;
  case KB_OCALL:
    return v->imm.i != KB_BI_DIVMOD || meets(w, r, other, m, false);
  default:
    return true; /* stores, returns, arguments, conversions, truth: the value is all that counts */
  }
}

/* A constant given the machine type of the phi must keep its value. */
static bool inputs_are_exact(weak *w, kb_ref r)
{
  const kb_val *v = kb_v(w->f, r);
  for (uint32_t i = 0; v->ty == KB_T_F32 && i < v->nargs; i++) {
    kb_ref a = v->args[i];
    const kb_val *x = kb_v(w->f, a);
    if (x->op == KB_UNDEF || x->ty == KB_T_F32)
      continue;
    double d = x->ty == KB_T_FLOAT ? x->imm.d : (double)x->imm.i;
    if (x->op != KB_CONST || !(d != d || (double)(float)d == d)) {
      kb_error(v->loc.line ? v->loc : x->loc, "%s%s%s is kb.f32 on one path and %s on another; convert with kb.f32(...)",
               v->name ? "'" : "", v->name ? v->name : "this value", v->name ? "'" : "",
               x->op == KB_CONST ? "a constant that is not exact in kb.f32" : kb_type_name(x->ty));
      return false;
    }
  }
  return true;
}

bool kb_infer_weak(kb_fn *f, bool declared)
{
  weak w = { f, KB_ZALLOC(uint8_t, f->val.n), declared };
  bool ok = true;
  propagate(&w);
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r) {
      const kb_val *v = kb_v(f, r);
      if (passes_on(v) && v->op == KB_PHI && w.maybe[r])
        ok &= inputs_are_exact(&w, r);
      for (uint32_t k = 0; k < v->nargs && ok; k++)
        if (w.maybe[v->args[k]] && !passes_on(v) && !use_is_fine(&w, r, v->args[k], w.maybe[v->args[k]]))
          ok = refuse(&w, r, v->args[k], w.maybe[v->args[k]]);
    }
  free(w.maybe);
  return ok;
}
