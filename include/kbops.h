/* SPDX-License-Identifier: 0BSD */
/* kbops.h: the functions that the expressions of ir/ops.def call, as static inlines. C99 and C++11, GCC or clang.
 *
 * Emitted C, the folder and the interpreter all compute through these, so that they cannot disagree. Every
 * function is defined for all operands but those that its comment rules out.
 *
 * Python's floating point is IEEE's, operation by operation. Flags that give the compiler leave to change results
 * are refused below where they show in a macro and undone where they do not; tests/emit/hostile.sh tries them.
 */
#ifndef KBOPS_H
#define KBOPS_H

#include "kbabi.h"
#include <stdbool.h>
#include <string.h>

/* -- Flags of the compiler -------------------------------------------------------------------------- */

#if !defined __GNUC__
#error "Keelback's C needs GCC or clang"
#endif
/* GCC shows every flag of the -ffast-math family in a macro, clang only -ffast-math and -ffinite-math-only. */
#if defined __FAST_MATH__ || defined __ASSOCIATIVE_MATH__ || defined __RECIPROCAL_MATH__ || \
  defined __NO_SIGNED_ZEROS__ || (defined __FINITE_MATH_ONLY__ && __FINITE_MATH_ONLY__)
#error "compile Keelback's C without -Ofast, -ffast-math and its parts (they change results); a kernel asks for what it may use with fastmath="
#endif
#if defined __FLT_EVAL_METHOD__ && __FLT_EVAL_METHOD__ != 0
#error "compile Keelback's C for SSE floating point (-mfpmath=sse): the x87 rounds differently"
#endif
/* -fsingle-precision-constant */
typedef char kb_constants_must_be_doubles[(int)16777217.0 == 16777217 ? 1 : -1];

#if defined __clang__
/* Undoes -funsafe-math-optimizations, -fassociative-math, -freciprocal-math, -fno-signed-zeros (they set no macro). */
#pragma float_control(precise, on)
#pragma STDC FP_CONTRACT OFF
#elif defined __FP_FAST_FMA && !defined KB_NO_CONTRACT
/* GCC contracts by default (gnu11). Without FMA instructions there is nothing to contract. */
#pragma GCC optimize("fp-contract=off")
#endif
/* clang's -ffp-contract=fast fuses in the code generator, where no pragma reaches, so kernels do without FMA
 * instructions (and so without AVX-512), and are not inlined where these are allowed. -DKB_NO_CONTRACT, which
 * `keelback build` passes together with -ffp-contract=off, says that there is no need. */
#if defined __clang__ && defined __FMA__ && !defined KB_NO_CONTRACT
#define KB_FP __attribute__((target("no-fma")))
#define KB_KERNEL_FP KB_FP __attribute__((noinline))
#else
#define KB_FP
#define KB_KERNEL_FP
#endif
#define KB_OPS static inline KB_UNUSED KB_FP

/* In front of a kernel. */
#define KB_KERNEL static KB_UNUSED KB_KERNEL_FP

/* -- Integers ----------------------------------------------------------------------------------------- */

KB_OPS int64_t kb_iadd(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
KB_OPS int64_t kb_isub(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
KB_OPS int64_t kb_imul(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
/* a * b for the size of an array, -1 when it does not fit (or one of them is negative). */
KB_OPS int64_t kb_nelem(int64_t a, int64_t b)
{
  int64_t n;
  return a < 0 || b < 0 || __builtin_mul_overflow(a, b, &n) ? -1 : n;
}
KB_OPS int64_t kb_imin(int64_t a, int64_t b) { return b < a ? b : a; }
KB_OPS int64_t kb_imax(int64_t a, int64_t b) { return b > a ? b : a; }

/* b != 0. No branches, so that equal divisions are found equal, and what does not change in a loop leaves it. MIN / -1
   would trap. */
KB_OPS int64_t kb_idivisor(int64_t b) { return b == -1 ? 1 : b; }
/* 1 where a / b, rounded to zero with the remainder r, is above the quotient rounded down. */
KB_OPS int64_t kb_iabove(int64_t r, int64_t b) { return (r != 0) & ((r ^ b) < 0); }

/* b != 0. MIN // -1 wraps. By a constant power of two: a shift; by another positive constant: of ~a where a is negative. */
KB_OPS int64_t kb_ifloordiv(int64_t a, int64_t b)
{
  int64_t d, q;
  if (__builtin_constant_p(b) && b > 0) {
    int64_t s = a >> 63;
    return (b & (b - 1)) == 0 ? a >> __builtin_ctzll((unsigned long long)b) : ((a ^ s) / b) ^ s;
  }
  d = kb_idivisor(b);
  q = a / d - kb_iabove(a % d, d);
  return b == -1 ? kb_isub(0, q) : q;
}
/* b != 0. The result has the sign of b. */
KB_OPS int64_t kb_imod(int64_t a, int64_t b)
{
  int64_t d, r;
  if (__builtin_constant_p(b) && b > 0) {
    r = a % b;
    return (b & (b - 1)) == 0 ? a & (b - 1) : r + (b & r >> 63);
  }
  d = kb_idivisor(b);
  r = a % d;
  return r + (d & -kb_iabove(r, d));
}

/* a >= 0, b > 0: nothing is rounded, and C need not look at the sign. */
KB_OPS int64_t kb_idivn(int64_t a, int64_t b) { return (int64_t)((uint64_t)a / (uint64_t)b); }
KB_OPS int64_t kb_imodn(int64_t a, int64_t b) { return (int64_t)((uint64_t)a % (uint64_t)b); }

/* b >= 0 */
KB_OPS int64_t kb_ishl(int64_t a, int64_t b) { return b > 63 ? 0 : (int64_t)((uint64_t)a << (b & 63)); }
KB_OPS int64_t kb_ishr(int64_t a, int64_t b) { return a >> (b > 63 ? 63 : b & 63); }
KB_OPS bool kb_ishlo(int64_t a, int64_t b, int64_t *r)
{
  *r = kb_ishl(a, b);
  return b > 63 ? a == 0 : *r >> (b & 63) == a;
}
KB_OPS uint64_t kb_ushl(uint64_t a, uint64_t b) { return b > 63 ? 0 : a << (b & 63); }
KB_OPS uint64_t kb_ushr(uint64_t a, uint64_t b) { return b > 63 ? 0 : a >> (b & 63); }

KB_OPS uint64_t kb_upow(uint64_t a, uint64_t b)
{
  uint64_t r = 1;
  for (; b; b >>= 1, a *= a)
    if (b & 1)
      r *= a;
  return r;
}
/* b >= 0 */
KB_OPS int64_t kb_ipow(int64_t a, int64_t b) { return (int64_t)kb_upow((uint64_t)a, (uint64_t)b); }
/* b >= 0; does a ** b fit? The last squaring may overflow without being used. */
KB_OPS bool kb_ipowo(int64_t a, int64_t b, int64_t *r)
{
  int64_t p = 1;
  while (true) {
    if ((b & 1) && __builtin_mul_overflow(p, a, &p))
      return false;
    b >>= 1;
    if (b <= 0)
      break;
    if (__builtin_mul_overflow(a, a, &a))
      return false;
  }
  *r = p;
  return true;
}

/* Index a of an axis of b elements: Python counts negative ones from the end. */
KB_OPS int64_t kb_inorm(int64_t a, int64_t b)
{
  if (KB_UNLIKELY(a < 0))
    return kb_iadd(a, b);
  return a;
}

/* len(range(a, b, c)), c != 0; INT64_MAX when there are more. */
KB_OPS int64_t kb_irangelen(int64_t a, int64_t b, int64_t c)
{
  uint64_t gap, step, n;
  if (c > 0 ? a >= b : a <= b)
    return 0;
  gap = c > 0 ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
  step = c > 0 ? (uint64_t)c : 0 - (uint64_t)c;
  n = (gap - 1) / step;
  return n >= (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)n + 1;
}
KB_OPS bool kb_irangeleft(int64_t a, int64_t b, int64_t c) { return c > 0 ? a < b : a > b; }

/* pow(a, b, c) with the sign of c; b >= 0, c != 0. */
KB_OPS int64_t kb_ipowmod(int64_t a, int64_t b, int64_t c)
{
  __extension__ typedef unsigned __int128 u128;
  uint64_t m = c < 0 ? 0 - (uint64_t)c : (uint64_t)c, r = 1 % m;
  uint64_t x = a < 0 ? (m - (0 - (uint64_t)a) % m) % m : (uint64_t)a % m;
  for (; b > 0; b >>= 1) {
    if (b & 1)
      r = (uint64_t)((u128)r * x % m);
    x = (uint64_t)((u128)x * x % m);
  }
  return c < 0 && r ? (int64_t)(r + (uint64_t)c) : (int64_t)r;
}
/* gcd(a, b) >= 0, where it fits. */
KB_OPS int64_t kb_igcd(int64_t a, int64_t b)
{
  uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b, t;
  for (; y; x = y, y = t)
    t = x % y;
  return (int64_t)x;
}
/* The whole part of the root of a >= 0. The double's is off by one at most. */
KB_OPS int64_t kb_iisqrt(int64_t a)
{
  uint64_t n = (uint64_t)a, r = (uint64_t)__builtin_sqrt((double)a);
  if (r * r > n) /* r <= 2**31.5: no wrap */
    r--;
  else if ((r + 1) * (r + 1) <= n)
    r++;
  return (int64_t)r;
}

/* int(a) of an a in range. With -fno-trapping-math gcc makes one rounding instruction of a conversion and the one back to
 * float, where the target has it: -0.0 stays -0.0 there, while Python's int has no such zero. */
KB_OPS int64_t kb_f2i(double a)
{
  int64_t i = (int64_t)a;
#if !defined __clang__ && (!defined __x86_64__ || defined __SSE4_1__)
  if (!__builtin_constant_p(i)) __asm__("" : "+r"(i));
#endif
  return i;
}

/* -- Bits of floats ------------------------------------------------------------------------------------- */

KB_OPS uint64_t kb_fbits(double a)
{
  uint64_t u;
  memcpy(&u, &a, sizeof u);
  return u;
}
KB_OPS double kb_bitsf(uint64_t u)
{
  double a;
  memcpy(&a, &u, sizeof a);
  return a;
}
#define KB_INF_BITS UINT64_C(0x7ff0000000000000)
#define KB_ABS_MASK UINT64_C(0x7fffffffffffffff)
KB_OPS bool kb_fisnan(double a) { return (kb_fbits(a) & KB_ABS_MASK) > KB_INF_BITS; }
KB_OPS bool kb_fisinf(double a) { return (kb_fbits(a) & KB_ABS_MASK) == KB_INF_BITS; }
KB_OPS bool kb_fisfinite(double a) { return (kb_fbits(a) & KB_ABS_MASK) < KB_INF_BITS; }

/* -- int / int -------------------------------------------------------------------------------------------- */

/* n / d rounded once, to nearest even; d != 0, n < 2**64. The quotient gets 55 or 56 bits, the lowest one
 * sticky, so that its conversion to double is the only rounding; the power of two is exact. */
static KB_UNUSED __attribute__((noinline)) KB_FP double kb_udivround(uint64_t n, uint64_t d)
{
  __extension__ typedef unsigned __int128 u128;
  int shift;
  u128 num = n, den = d;
  uint64_t q;
  if (n == 0)
    return 0.0;
  shift = 55 - (__builtin_clzll((unsigned long long)d) - __builtin_clzll((unsigned long long)n));
  if (shift > 0)
    num <<= shift;
  else
    den <<= -shift;
  q = (uint64_t)(num / den);
  q |= num % den != 0;
  return (double)q * kb_bitsf((uint64_t)(1023 - shift) << 52);
}
/* a / b as CPython's int / int: correctly rounded; b != 0. */
KB_OPS double kb_itruediv(int64_t a, int64_t b)
{
  const uint64_t lim = UINT64_C(1) << 53;
  double q;
  if (KB_LIKELY((uint64_t)a + lim <= 2 * lim && (uint64_t)b + lim <= 2 * lim) || a == 0)
    return (double)a / (double)b; /* 0 / -1 is -0.0 */
  q = kb_udivround(a < 0 ? 0 - (uint64_t)a : (uint64_t)a, b < 0 ? 0 - (uint64_t)b : (uint64_t)b);
  return (a ^ b) < 0 ? -q : q;
}
KB_OPS double kb_utruediv(uint64_t a, uint64_t b)
{
  const uint64_t lim = UINT64_C(1) << 53;
  if (KB_LIKELY(a <= lim && b <= lim))
    return (double)a / (double)b;
  return kb_udivround(a, b);
}

/* -- int with float ------------------------------------------------------------------------------------------ */

/* Exact, as CPython compares. Rounding is monotonic: where (double)a differs from b it decides, where they are
 * equal b is a whole number, at most 2**63, and the ints decide. A NaN equals nothing. */
KB_OPS int kb_iftie(int64_t a, double b) /* (double)a == b: sign of a - b */
{
  int64_t i;
  if (b >= 9223372036854775808.0)
    return -1;
  i = (int64_t)b;
  return (a > i) - (a < i);
}
KB_OPS bool kb_iflt(int64_t a, double b) { return (double)a < b || ((double)a == b && kb_iftie(a, b) < 0); }
KB_OPS bool kb_ifle(int64_t a, double b) { return (double)a < b || ((double)a == b && kb_iftie(a, b) <= 0); }
KB_OPS bool kb_ifgt(int64_t a, double b) { return (double)a > b || ((double)a == b && kb_iftie(a, b) > 0); }
KB_OPS bool kb_ifge(int64_t a, double b) { return (double)a > b || ((double)a == b && kb_iftie(a, b) >= 0); }
KB_OPS bool kb_ifeq(int64_t a, double b) { return (double)a == b && kb_iftie(a, b) == 0; }
KB_OPS bool kb_ifne(int64_t a, double b) { return !kb_ifeq(a, b); }

/* -- libm ------------------------------------------------------------------------------------------------------- */

/* The run-time libm under names that are no builtins, so that nothing is folded, replaced (pow(x, 2) by x * x) or
 * vectorised. GCC knows builtins by their C name. clang knows them by their symbol, so it gets a pointer that it
 * cannot see through. errno is never read: const. */
#ifdef __cplusplus
extern "C" {
#endif
#if defined __clang__
#define KB_LIBM1(name)                                                       \
  extern double kb_libm_##name(double) __asm__(#name);                       \
  KB_OPS double kb_m_##name(double a)                                        \
  {                                                                          \
    double (*f)(double) = kb_libm_##name;                                    \
    __asm__("" : "+r"(f));                                                   \
    return f(a);                                                             \
  }
#define KB_LIBM2(name)                                                       \
  extern double kb_libm_##name(double, double) __asm__(#name);               \
  KB_OPS double kb_m_##name(double a, double b)                              \
  {                                                                          \
    double (*f)(double, double) = kb_libm_##name;                            \
    __asm__("" : "+r"(f));                                                   \
    return f(a, b);                                                          \
  }
#else
#define KB_LIBM1(name) extern __attribute__((const, nothrow, leaf)) double kb_m_##name(double) __asm__(#name);
#define KB_LIBM2(name) extern __attribute__((const, nothrow, leaf)) double kb_m_##name(double, double) __asm__(#name);
#endif
KB_LIBM1(exp) KB_LIBM1(exp2) KB_LIBM1(expm1) KB_LIBM1(log) KB_LIBM1(log2) KB_LIBM1(log10) KB_LIBM1(log1p)
KB_LIBM1(sin) KB_LIBM1(cos) KB_LIBM1(tan) KB_LIBM1(asin) KB_LIBM1(acos) KB_LIBM1(atan) KB_LIBM2(atan2)
KB_LIBM1(sinh) KB_LIBM1(cosh) KB_LIBM1(tanh) KB_LIBM1(asinh) KB_LIBM1(acosh) KB_LIBM1(atanh)
KB_LIBM1(erf) KB_LIBM1(erfc) KB_LIBM1(cbrt) KB_LIBM2(pow) KB_LIBM2(fmod)
#ifdef __cplusplus
}
#endif

/* Results that CPython turns into exceptions: r of f(x) or f(x, y). */
KB_OPS bool kb_mnan1(double r, double x) { return kb_fisnan(r) && !kb_fisnan(x); }
KB_OPS bool kb_minf1(double r, double x) { return kb_fisinf(r) && kb_fisfinite(x); }
KB_OPS bool kb_mnan2(double r, double x, double y) { return kb_fisnan(r) && !kb_fisnan(x) && !kb_fisnan(y); }
KB_OPS bool kb_minf2(double r, double x, double y) { return kb_fisinf(r) && kb_fisfinite(x) && kb_fisfinite(y); }
/* x ** y: zero to a negative finite power; complex. */
KB_OPS bool kb_fpowz(double x, double y) { return x == 0.0 && y < 0.0 && kb_fisfinite(y); }
KB_OPS bool kb_fpowc(double x, double y)
{
  return x < 0.0 && kb_fisfinite(x) && kb_fisfinite(y) && y != __builtin_floor(y);
}

/* -- Floats -------------------------------------------------------------------------------------------------------- */

KB_OPS double kb_frint(double a) { return __builtin_rint(a); }

/* Python's x % y and x // y, y != 0: the remainder has the sign of y, also when it is zero; the quotient is the
 * whole number next to (x - x % y) / y. fmod is exact; |x| < |y| needs no call. */
KB_OPS double kb_fmod(double a, double b)
{
  double m = __builtin_fabs(a) < __builtin_fabs(b) ? a : kb_m_fmod(a, b);
  if (m == 0.0)
    return __builtin_copysign(0.0, b);
  return (b < 0.0) != (m < 0.0) ? m + b : m;
}
KB_OPS double kb_ffloordiv(double a, double b)
{
  double m = __builtin_fabs(a) < __builtin_fabs(b) ? a : kb_m_fmod(a, b);
  double q = (a - m) / b, w;
  if (m != 0.0 && (b < 0.0) != (m < 0.0))
    q -= 1.0;
  if (q == 0.0)
    return __builtin_copysign(0.0, a / b);
  w = __builtin_floor(q);
  return q - w > 0.5 ? w + 1.0 : w;
}
/* The same rules with every rounding to float (the exact remainder of two floats is a float). */
KB_OPS float kb_smod(float a, float b)
{
  float m = __builtin_fabsf(a) < __builtin_fabsf(b) ? a : (float)kb_m_fmod((double)a, (double)b);
  if (m == 0.0f)
    return __builtin_copysignf(0.0f, b);
  return (b < 0.0f) != (m < 0.0f) ? m + b : m;
}
KB_OPS float kb_sfloordiv(float a, float b)
{
  float m = __builtin_fabsf(a) < __builtin_fabsf(b) ? a : (float)kb_m_fmod((double)a, (double)b);
  float q = (a - m) / b, w;
  if (m != 0.0f && (b < 0.0f) != (m < 0.0f))
    q -= 1.0f;
  if (q == 0.0f)
    return __builtin_copysignf(0.0f, a / b);
  w = __builtin_floorf(q);
  return q - w > 0.5f ? w + 1.0f : w;
}

/* -- Threads ------------------------------------------------------------------------------------------------------- */

/* What the thread has. In a shared library that is a call: recursive kernels pass it on as their first argument. */
KB_OPS kb_thread_state *kb_me(void)
{
  kb_thread_state *me = &kb_thread;
#ifdef __GNUC__
  __asm__("" : "+r"(me)); /* else compilers see that it is always this one, and look it up in each call */
#endif
  return me;
}

#endif
