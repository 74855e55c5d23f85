/* SPDX-License-Identifier: MIT */
/* odd.c: exits, strips, polls and hints in C that keelback never emits: none of it may stop the compiler, and the program must
 * print with the plugin what it prints without.
 */
#include <kbabi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* -- What is called ------------------------------------------------------------------------------------------- */

static uint64_t hash = 14695981039346656037u;
static void note(uint64_t v) { hash = (hash ^ v) * 1099511628211u; }

static const kb_unit unit = {KB_ABI, "odd.py", "3.11", "0.1.0", 0, NULL, NULL};
static const kb_fn_info fn = {.unit = &unit, .name = "odd"};
static const kb_site_frame frames[] = {{&fn, 1, 2, 3, UINT32_MAX, 0, NULL}};
static const kb_site sites[3] = {
  {&unit, KB_SITE_RAISE, KB_EXC_IndexError, 1, "bounds", "{0}", "i", 1, frames},
  {&unit, KB_SITE_RAISE, KB_EXC_ValueError, 0, "raise", "", "", 1, frames},
  {&unit, KB_SITE_DEOPT, 0, 0, NULL, NULL, "", 0, NULL},
};
const kb_site *chosen = &sites[1];
static int exits;

__attribute__((noinline)) void kb_exit(const kb_site *site, ...)
{
  exits++;
  note(site ? site->kind + 7u : 3u);
  if (site && site->args && *site->args == 'i') {
    va_list ap;
    va_start(ap, site);
    note((uint64_t)va_arg(ap, int64_t));
    va_end(ap);
  }
}
__attribute__((noinline)) int64_t kb_poll(void) { return 100; }
__attribute__((noinline)) int64_t kb_strip_end(int64_t end, int64_t bound) { (void)bound; return end; }
__attribute__((noinline)) int64_t kb_strip_far(int64_t left, int64_t a, int64_t b, int64_t step)
{
  return kb_turns(a, b, step) <= (uint64_t)left ? b : a + (left | 1) * step;
}

#define GUARD(c, i) if (KB_UNLIKELY(c)) { kb_exit(&sites[0], (int64_t)(i)); return KB_EXIT; }
#define ODD __attribute__((noinline)) static int

/* -- Exits ---------------------------------------------------------------------------------------------------- */

ODD no_loop(int64_t i, int64_t n, int64_t *p) { GUARD(i >= n, i) p[i] = 1; return 0; }
ODD only_exit(void) { kb_exit(&sites[1]); return KB_EXIT; }
ODD exit_in_every_turn(int n) { for (int i = 0; i < n; i++) kb_exit(&sites[0], (int64_t)i); return 0; }
ODD goes_on_after_exit(int64_t n, int64_t m, int64_t *p)
{
  for (int64_t i = 0; i < n; i++) {
    if (i >= m) kb_exit(&sites[0], i);
    else p[i] += i;
  }
  return 0;
}
ODD back_into_the_loop(int64_t n, int64_t m)
{
  int64_t i = 0;
again:
  for (; i < n; i++)
    if (i >= m) { kb_exit(&sites[0], i); m += 5; goto again; }
  return (int)i;
}
ODD any_site(const kb_site *site, int64_t n, int64_t m, int64_t *p)
{
  for (int64_t i = 0; i < n; i++) {
    if (KB_UNLIKELY(i >= m)) { kb_exit(i & 1 ? site : chosen, i); return KB_EXIT; }
    p[i] ^= i;
  }
  return 0;
}
ODD by_pointer(void (*leave)(const kb_site *, ...), int64_t n, int64_t m)
{
  for (int64_t i = 0; i < n; i++) if (i >= m) { leave(&sites[0], i); return KB_EXIT; }
  return 0;
}
ODD no_site(int64_t n, int64_t m, int64_t *p)
{
  for (int64_t i = 0; i < n; i++) { if (i >= m) { kb_exit(NULL); return KB_EXIT; } p[i] -= 3; }
  return 0;
}
ODD half_a_site(int64_t n, int64_t m, int64_t *p)
{
  for (int64_t i = 0; i < n; i++) { if (i >= m) { kb_exit(&sites[2]); return KB_EXIT; } p[i] -= 3; }
  return 0;
}
ODD in_a_switch(int64_t n, const int64_t *p)
{
  int64_t s = 0;
  for (int64_t i = 0; i < n; i++)
    switch (p[i] & 7) {
    case 0: s += i; break;
    case 3: case 5: s ^= i; break;
    case 7: kb_exit(&sites[0], i); return KB_EXIT;
    default: if (i > n) { kb_exit(&sites[1]); return KB_EXIT; } s++;
    }
  note((uint64_t)s);
  return 0;
}
ODD both_ways(int64_t n) { if (n > 3) { kb_exit(&sites[0], n); return 1; } else { kb_exit(&sites[1]); return 1; } }
ODD two_in_a_row(int64_t n, int64_t m)
{
  for (int64_t i = 0; i < n; i++) if (i >= m) { kb_exit(&sites[0], i); kb_exit(&sites[1]); return KB_EXIT; }
  return 0;
}
ODD side_effect_in_the_guard(int64_t n, int64_t m, int64_t *p)
{
  for (int64_t i = 0; i < n; i++) { GUARD((p[0] += 1) > m, i) p[i] ^= 5; }
  return 0;
}
ODD volatile_guard(int64_t n, volatile int64_t *m, int64_t *p)
{
  for (int64_t i = 0; i < n; i++) { GUARD(i >= *m, i) p[i] += 2; }
  return 0;
}

/* -- Control -------------------------------------------------------------------------------------------------- */

static jmp_buf away;
ODD with_setjmp(int64_t n, int64_t m, int64_t *p)
{
  volatile int64_t from = 0;
  if (setjmp(away)) from = 2;
  for (int64_t i = from; i < n; i++) {
    GUARD(i >= m, i)
    if (from == 0 && p[i] == 3) longjmp(away, 1);
    p[i] += 1;
  }
  return 0;
}
ODD computed_goto(int64_t n, int64_t m, int64_t *p)
{
  static const void *const labels[] = {&&one, &&two, &&out};
  int64_t i = 0;
  goto *labels[n > 0 ? 0 : 2];
one:
  GUARD(i >= m, i)
  p[i] += 1;
  goto *labels[p[i] & 1];
two:
  if (++i < n) goto *labels[i & 1];
out:
  return (int)i;
}
ODD irreducible(int64_t n, int64_t m, int64_t *p)
{
  int64_t i = 0;
  if (n & 1) goto middle;
top:
  GUARD(i >= m, i)
  p[i] += i;
middle:
  i++;
  if (i < n) goto top;
  return 0;
}
ODD endless(int64_t m, int64_t *p)
{
  for (int64_t i = 0;; i++) { GUARD(i >= m, i) p[i] = p[i] * 3 + 1; }
}
ODD asm_goto(int64_t n, int64_t m, int64_t *p)
{
  for (int64_t i = 0; i < n; i++) {
    __asm__ goto("" : : : : skip);
    GUARD(i >= m, i)
    p[i] += 1;
skip:;
  }
  return 0;
}
#if !defined __clang__
ODD nested_function(int64_t n, int64_t m, int64_t *p)
{
  int64_t s = 0;
  int inner(int64_t k) { for (int64_t i = 0; i < k; i++) { GUARD(i >= m, i) s += p[i]; } return 0; }
  for (int64_t i = 0; i < n; i++) if (inner(i)) return KB_EXIT;
  note((uint64_t)s);
  return 0;
}
#endif
ODD recursive(int64_t n, int64_t m, int64_t *p)
{
  GUARD(n >= m, n)
  for (int64_t i = 0; i < n; i++) { GUARD(i >= m, i) p[i] += n; }
  return n > 0 ? recursive(n - 1, m, p) : 0;
}
ODD many_loops(int64_t n, int64_t m, int64_t *p)
{
  for (int64_t a = 0; a < n; a++) for (int64_t b = 0; b < 2; b++) for (int64_t c = 0; c < 2; c++) for (int64_t d = 0; d < 2; d++)
    for (int64_t e = 0; e < 2; e++) for (int64_t f = 0; f < 2; f++) for (int64_t g = 0; g < 2; g++) {
      GUARD(a + b + c + d + e + f + g >= m, a) p[a + b + c + d + e + f + g] += 1;
    }
  return 0;
}
ODD variable_array(int64_t n, int64_t m)
{
  if (n <= 0 || n > 100) return 0;
  int64_t v[n];
  memset(v, 0, sizeof v);
  for (int64_t i = 0; i < n; i++) { GUARD(i >= m, i) v[i] = i * i; }
  note((uint64_t)v[n - 1]);
  return 0;
}

/* -- Types and arithmetic ------------------------------------------------------------------------------------- */

ODD unsigned_wrap(uint32_t n, uint32_t m, int64_t *p)
{
  for (uint32_t i = n; i != m; i--) { GUARD(i >= 64, i) p[i] += 1; if (i == 0) break; }
  return 0;
}
ODD small_counter(int n, int64_t m, int64_t *p)
{
  for (signed char i = 0; i < n && i < 60; i++) { GUARD(i >= m, i) p[i] += i; }
  for (unsigned char i = 0; i < n; i++) { GUARD((int64_t)i >= m, i) p[i] ^= i; if (i > 50) break; }
  for (unsigned short i = 0; (int)i < n; i += 3) { GUARD(i >= m, i) p[i] ^= i; }
  return 0;
}
ODD wide_arithmetic(int64_t n, int64_t m, int64_t *p)
{
  __int128 s = 0;
  for (int64_t i = 0; i < n; i++) { GUARD((__int128)i * i >= m, i) s += (__int128)p[i] * p[i]; }
  note((uint64_t)s);
  return 0;
}
ODD complex_numbers(int64_t n, int64_t m, double *p)
{
  _Complex double s = 0;
  for (int64_t i = 0; i < n; i++) { GUARD(i >= m, i) s += p[i] * (1.0 + 2.0i); }
  note((uint64_t)(int64_t)__real__ s);
  return 0;
}
ODD overflow_results(int64_t n, int64_t m, int64_t *p)
{
  int64_t s = 0;
  int small;
  unsigned u;
  for (int64_t i = 0; i < n; i++) {
    GUARD(__builtin_add_overflow(s, p[i], &s), i)
    GUARD(__builtin_mul_overflow(i, m, &small), i)
    GUARD(__builtin_sub_overflow(i, (int64_t)1 - i, &u) && m < 0, i)
    GUARD(__builtin_mul_overflow_p(i, m, (short)0), i)
    p[i] = s + small + (int64_t)u;
  }
  return 0;
}
ODD pointers(int64_t n, int64_t m, int64_t *p)
{
  for (int64_t *q = p; q < p + n; q++) { GUARD(q - p >= m, q - p) *q += 1; }
  for (char *c = (char *)p; c != (char *)(p + n); c += 8) { GUARD((c - (char *)p) / 8 >= m, c - (char *)p) *c = (char)(*c + 1); }
  return 0;
}
typedef double v4 __attribute__((vector_size(32)));
__attribute__((noinline, optimize("no-tree-vectorize"))) static int vectors(int64_t n, int64_t m, double *p)
{
  for (int64_t i = 0; i + 4 <= n; i += 4) { v4 v; GUARD(i + 3 >= m, i) memcpy(&v, p + i, sizeof v); v += v; memcpy(p + i, &v, sizeof v); }
  return 0;
}
struct bits { int64_t a : 5, b : 40; };
ODD bit_fields(struct bits s, int64_t m, int64_t *p)
{
  for (int64_t i = 0; i < s.a; i++) { GUARD(i + s.b >= m, i) p[i + s.b] += 1; }
  return 0;
}

/* -- Strips, polls, hints ------------------------------------------------------------------------------------- */

ODD strip_of_nothing(int64_t n) { return (int)kb_strip_end(n, 3); }
ODD strip_result_unused(int64_t n) { for (int64_t i = 0; i < n; i++) (void)kb_strip_end(i, n); return 0; }
ODD strip_without_poll(int64_t n, int64_t m, int64_t *p)
{
  int64_t i = 0, left = 10;
  for (;;) {
    int64_t end = KB_STRIP(left, i, n, 1);
    while (i < end) { GUARD(i >= m, i) p[i] += 1; i++; }
    if (end == n) break;
    left = 10;
  }
  return 0;
}
ODD strip_in_a_nest(int64_t n, int64_t m, int64_t *p)
{
  int64_t left = 3;
  for (int64_t j = 0; j < 3; j++) {
    int64_t i = 0;
    for (;;) {
      int64_t end = KB_STRIP(left, i, n, 1);
      while (i < end) { GUARD(i >= m, i) p[i] += j; i++; }
      if (end == n) break;
      if (KB_POLL(left, 0)) { kb_exit(&sites[1]); return KB_EXIT; }
    }
    if (KB_POLL(left, 1)) { kb_exit(&sites[1]); return KB_EXIT; }
  }
  return 0;
}
ODD two_strips_one_end(int64_t n, int64_t m, int64_t *p)
{
  int64_t left = 5, i = 0, k = 0;
  for (;;) {
    int64_t a = KB_STRIP(left, i, n, 1), b = KB_STRIP(left, i, n + 3, 1), end = a < b ? a : b;
    while (i < end) { GUARD(i >= m, i) p[i] += 1; i++; }
    if (a == n || k++ > 40) break;
    left = 5;
  }
  return 0;
}
ODD poll_alone(int64_t n) { int64_t left = n; return KB_POLL(left, 0) ? 1 : (int)left; }
ODD hints_everywhere(int64_t n, int64_t m, double *p)
{
  KB_LOOP("name=x tile=64 nonsense");
  double s = 0;
  for (int64_t i = 0; i < n; i++) {
    KB_LOOP("name=i reassoc contract nnan nsz arcp independent parallel vectorize tile=8 unroll=3");
    KB_LOOP("name=i novector tile=-1 unroll=99999999999999999999 tile= =");
    GUARD(i >= m, i)
    s += p[i];
    KB_LOOP("");
  }
  note((uint64_t)(int64_t)s);
  return 0;
}

/* -- Size ----------------------------------------------------------------------------------------------------- */

#define T1 GUARD(i + k >= m, i) p[i + k] += k; k++;
#define T8 T1 T1 T1 T1 T1 T1 T1 T1
#define T64 T8 T8 T8 T8 T8 T8 T8 T8
ODD large(int64_t n, int64_t m, int64_t *p)
{
  for (int64_t i = 0; i < n; i++) { int64_t k = 0; T64 T64 T64 T64 }
  return 0;
}
#define L1 for (int64_t i = 0; i < n; i++) { GUARD(i >= m, i) p[i] += i; }
#define L8 L1 L1 L1 L1 L1 L1 L1 L1
ODD many(int64_t n, int64_t m, int64_t *p) { L8 L8 L8 L8 return 0; }

/* -- Main ----------------------------------------------------------------------------------------------------- */

static int64_t ints[2048];
static double doubles[64];

#define RUN(call) do { note((uint64_t)(call)); for (int q = 0; q < 64; q++) note((uint64_t)ints[q]); } while (0)

static void reset(int turn)
{
  for (int i = 0; i < 2048; i++) ints[i] = (i * 7 + turn) % 13 - 3;
  for (int i = 0; i < 64; i++) doubles[i] = i * 0.5 - turn;
}

/* In a folder without /proc, as other.sh has it, leaks cannot be looked for. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

int main(void)
{
  static const int64_t sizes[][2] = {{0, 0}, {1, 1}, {5, 3}, {3, 5}, {20, 20}, {21, 20}, {20, 21}, {40, 64}, {64, 40}, {-3, 5}, {7, -1}};
  for (int t = 0; t < (int)(sizeof sizes / sizeof *sizes); t++) {
    int64_t n = sizes[t][0], m = sizes[t][1], bound = m;
    struct bits s = {n > 15 ? 15 : n, 2};
    reset(t);
    if (n > 0) RUN(no_loop(n - 1, m, ints));
    RUN(only_exit()); RUN(exit_in_every_turn((int)n)); RUN(goes_on_after_exit(n, m, ints)); RUN(back_into_the_loop(n, m));
    RUN(any_site(&sites[0], n, m, ints)); RUN(by_pointer(kb_exit, n, m)); RUN(no_site(n, m, ints)); RUN(half_a_site(n, m, ints));
    RUN(in_a_switch(n, ints)); RUN(both_ways(n)); RUN(two_in_a_row(n, m)); RUN(side_effect_in_the_guard(n, m, ints));
    RUN(volatile_guard(n, &bound, ints)); RUN(with_setjmp(n, m, ints)); RUN(computed_goto(n, m, ints)); RUN(irreducible(n, m, ints));
    RUN(endless(m, ints)); RUN(asm_goto(n, m, ints)); RUN(recursive(n > 20 ? 20 : n, m, ints)); RUN(many_loops(n > 9 ? 9 : n, m, ints));
#if !defined __clang__
    RUN(nested_function(n, m, ints));
#endif
    RUN(variable_array(n, m)); RUN(unsigned_wrap((uint32_t)(n < 0 ? 0 : n), 0, ints)); RUN(small_counter((int)n, m, ints));
    RUN(wide_arithmetic(n, m, ints)); RUN(complex_numbers(n, m, doubles)); RUN(overflow_results(n, m, ints));
    RUN(pointers(n, m, ints)); RUN(vectors(n, m, doubles)); RUN(bit_fields(s, m, ints)); RUN(strip_of_nothing(n));
    RUN(strip_result_unused(n)); RUN(strip_without_poll(n, m, ints)); RUN(strip_in_a_nest(n, m, ints));
    RUN(two_strips_one_end(n, m, ints)); RUN(poll_alone(n)); RUN(hints_everywhere(n, m, doubles)); RUN(large(n, 4 * m, ints));
    RUN(many(n, m, ints));
    for (int i = 0; i < 64; i++) { uint64_t u; memcpy(&u, &doubles[i], 8); note(u); }
  }
  printf("%d exits, %016llx\n", exits, (unsigned long long)hash);
  return 0;
}
