/* SPDX-License-Identifier: MIT */
/* interval.c: intervals of int64 through the ops. What overflows and is not guarded may be anything. */
#include "facts.h"

__extension__ typedef __int128 wide; /* sums and products of two int64 fit */

kb_ival kb_ival_join(kb_ival a, kb_ival b)
{
  return (kb_ival){ a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi };
}

static wide wmin(wide a, wide b) { return a < b ? a : b; }
static wide wmax(wide a, wide b) { return a > b ? a : b; }

/* The part that fits, where a guard or a proof keeps the rest away; all where it wraps. */
static kb_ival fit(wide lo, wide hi, bool wraps)
{
  if (lo >= INT64_MIN && hi <= INT64_MAX)
    return (kb_ival){ (int64_t)lo, (int64_t)hi };
  if (wraps || lo > INT64_MAX || hi < INT64_MIN)
    return KB_IVAL_FULL;
  return (kb_ival){ (int64_t)wmax(lo, INT64_MIN), (int64_t)wmin(hi, INT64_MAX) };
}

static kb_ival add(kb_ival a, kb_ival b, bool wraps) { return fit((wide)a.lo + b.lo, (wide)a.hi + b.hi, wraps); }
static kb_ival sub(kb_ival a, kb_ival b, bool wraps) { return fit((wide)a.lo - b.hi, (wide)a.hi - b.lo, wraps); }

static kb_ival mul(kb_ival a, kb_ival b, bool wraps)
{
  wide p = (wide)a.lo * b.lo, q = (wide)a.lo * b.hi, r = (wide)a.hi * b.lo, s = (wide)a.hi * b.hi;
  return fit(wmin(wmin(p, q), wmin(r, s)), wmax(wmax(p, q), wmax(r, s)), wraps);
}

static kb_ival square(kb_ival a, bool wraps)
{
  wide p = (wide)a.lo * a.lo, q = (wide)a.hi * a.hi;
  return fit(a.lo <= 0 && a.hi >= 0 ? 0 : wmin(p, q), wmax(p, q), wraps);
}

static kb_ival shl(kb_ival a, kb_ival b, bool wraps)
{
  if (b.lo < 0 || b.hi > 62)
    return KB_IVAL_FULL;
  kb_ival power = { INT64_C(1) << b.lo, INT64_C(1) << b.hi };
  return mul(a, power, wraps);
}

static int64_t floordiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a ^ b) < 0); }

static kb_ival divide(kb_ival a, kb_ival b)
{
  if (b.lo > 0) { /* monotonic in a; in b towards 0 or -1 */
    int64_t lo = floordiv(a.lo, a.lo < 0 ? b.lo : b.hi), hi = floordiv(a.hi, a.hi < 0 ? b.hi : b.lo);
    return (kb_ival){ lo, hi };
  }
  if (a.lo == INT64_MIN)
    return KB_IVAL_FULL;
  int64_t most = a.hi > -a.lo ? a.hi : -a.lo;
  return (kb_ival){ -most, most };
}

static kb_ival modulo(kb_ival a, kb_ival b)
{
  kb_ival r = { b.lo < 0 ? b.lo + 1 : 0, b.hi > 0 ? b.hi - 1 : 0 };
  if (b.lo > 0 && a.lo >= 0 && a.hi < r.hi)
    r.hi = a.hi;
  return r;
}

static kb_ival shr(kb_ival a, kb_ival b)
{
  if (b.lo < 0)
    return KB_IVAL_FULL;
  int64_t least = b.lo > 63 ? 63 : b.lo, most = b.hi > 63 ? 63 : b.hi;
  return (kb_ival){ a.lo >> (a.lo < 0 ? least : most), a.hi >> (a.hi < 0 ? most : least) };
}

/* The least 2**k - 1 that is not below a nonnegative n. */
static int64_t ones(int64_t n) { return n ? (int64_t)(UINT64_MAX >> __builtin_clzll((uint64_t)n)) : 0; }

static kb_ival bits_and(kb_ival a, kb_ival b)
{
  if (a.lo >= 0 && b.lo >= 0)
    return (kb_ival){ 0, a.hi < b.hi ? a.hi : b.hi };
  if (a.lo >= 0)
    return (kb_ival){ 0, a.hi };
  if (b.lo >= 0)
    return (kb_ival){ 0, b.hi };
  return (kb_ival){ INT64_MIN, a.hi > b.hi ? a.hi : b.hi }; /* x & y <= y where x < 0; both may be >= 0 */
}

static kb_ival bits_or(kb_ival a, kb_ival b, bool exclusive)
{
  if (a.lo >= 0 && b.lo >= 0) {
    int64_t hi = ones(a.hi > b.hi ? a.hi : b.hi);
    return (kb_ival){ exclusive ? 0 : a.lo > b.lo ? a.lo : b.lo, hi };
  }
  if (!exclusive && (a.hi < 0 || b.hi < 0))
    return (kb_ival){ INT64_MIN, -1 };
  return KB_IVAL_FULL;
}

static kb_ival element(kb_ty ty)
{
  switch (kb_type_of(ty)->elem) {
  case KB_T_I8: return (kb_ival){ INT8_MIN, INT8_MAX };
  case KB_T_I16: return (kb_ival){ INT16_MIN, INT16_MAX };
  case KB_T_I32: return (kb_ival){ INT32_MIN, INT32_MAX };
  case KB_T_U8: return (kb_ival){ 0, UINT8_MAX };
  case KB_T_U16: return (kb_ival){ 0, UINT16_MAX };
  case KB_T_U32: return (kb_ival){ 0, UINT32_MAX };
  case KB_T_BOOL: return (kb_ival){ 0, 1 };
  default: return KB_IVAL_FULL;
  }
}

/* A value within the target's interval is kept by a wrap. */
static kb_ival wrap(kb_ival a, int64_t lo, int64_t hi)
{
  return a.lo >= lo && a.hi <= hi ? a : (kb_ival){ lo, hi };
}

static kb_ival rangelen(kb_ival a, kb_ival b, kb_ival c)
{
  if (c.lo <= 0)
    return (kb_ival){ 0, INT64_MAX };
  wide most = (wide)b.hi - a.lo;
  return (kb_ival){ 0, (int64_t)wmax(0, wmin(most, INT64_MAX)) };
}

static kb_ival power(kb_ival a, const kb_val *v, const kb_fn *f, bool wraps)
{
  if (!kb_is_const(f, v->args[1]) || kb_v(f, v->args[1])->imm.i < 0 || kb_v(f, v->args[1])->imm.i > 64)
    return KB_IVAL_FULL;
  kb_ival r = { 1, 1 };
  int64_t n = kb_v(f, v->args[1])->imm.i;
  for (int64_t k = 0; k + 1 < n; k += 2) {
    r = mul(r, square(a, wraps), wraps);
    if (r.lo == INT64_MIN)
      return KB_IVAL_FULL;
  }
  return n & 1 ? mul(r, a, wraps) : r;
}

kb_ival kb_transfer(const kb_facts *x, kb_ref r)
{
  const kb_fn *f = x->f;
  const kb_val *v = kb_v(f, r);
  kb_ival a = v->nargs > 0 ? x->iv[v->args[0]] : KB_IVAL_FULL, b = v->nargs > 1 ? x->iv[v->args[1]] : a;
  switch (v->op) {
  case KB_IADD: return add(a, b, true);
  case KB_IADDN:
  case KB_IADDO: return add(a, b, false);
  case KB_ISUB: return sub(a, b, true);
  case KB_ISUBN:
  case KB_ISUBO: return sub(a, b, false);
  case KB_IMUL:
  case KB_IMULN:
  case KB_IMULO: return v->args[0] == v->args[1] ? square(a, v->op == KB_IMUL) : mul(a, b, v->op == KB_IMUL);
  case KB_ISHL: return shl(a, b, true);
  case KB_ISHLN:
  case KB_ISHLO: return shl(a, b, false);
  case KB_IPOW: return power(a, v, f, true);
  case KB_IPOWO: return power(a, v, f, false);
  case KB_INEG: return a.lo == INT64_MIN ? KB_IVAL_FULL : (kb_ival){ -a.hi, -a.lo };
  case KB_INOT: return (kb_ival){ ~a.hi, ~a.lo };
  case KB_IAND: return bits_and(a, b);
  case KB_IOR: return bits_or(a, b, false);
  case KB_IXOR: return bits_or(a, b, true);
  case KB_ISHR: return shr(a, b);
  case KB_IFLOORDIV:
  case KB_IDIVN: return divide(a, b);
  case KB_IMOD:
  case KB_IMODN: return modulo(a, b);
  case KB_IPOWMOD: return modulo(KB_IVAL_FULL, x->iv[v->args[2]]);
  case KB_IGCD: return (kb_ival){ 0, INT64_MAX };
  case KB_IISQRT: return (kb_ival){ 0, a.hi < INT64_C(3037000499) ? (a.hi < 0 ? 0 : a.hi) : INT64_C(3037000499) };
  case KB_INORM:
    if (a.lo >= 0)
      return a;
    if (b.lo < 0)
      return KB_IVAL_FULL;
    b = add((kb_ival){ a.lo, a.hi < 0 ? a.hi : -1 }, b, false);
    return a.hi < 0 ? b : kb_ival_join(b, (kb_ival){ 0, a.hi });
  case KB_IMIN: return (kb_ival){ a.lo < b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi };
  case KB_IMAX: return (kb_ival){ a.lo > b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi };
  case KB_IRANGELEN: return rangelen(a, b, x->iv[v->args[2]]);
  case KB_IWRAP8: return wrap(a, INT8_MIN, INT8_MAX);
  case KB_IWRAP16: return wrap(a, INT16_MIN, INT16_MAX);
  case KB_IWRAP32: return wrap(a, INT32_MIN, INT32_MAX);
  case KB_IWRAPU8: return wrap(a, 0, UINT8_MAX);
  case KB_IWRAPU16: return wrap(a, 0, UINT16_MAX);
  case KB_IWRAPU32: return wrap(a, 0, UINT32_MAX);
  case KB_B2I: return (kb_ival){ 0, 1 };
  case KB_VLEN: return (kb_ival){ 0, INT64_MAX };
  case KB_LD:
  case KB_PLD: return element(kb_v(f, v->args[0])->ty);
  case KB_SEL: return kb_ival_join(b, x->iv[v->args[2]]);
  default: return KB_IVAL_FULL;
  }
}
