/* SPDX-License-Identifier: MIT */
/* Contractions of any shape, layout and form against the plain loop, with the vectors of every processor that this one can
 * play: the strict form bit by bit, the fused one within the error of sums; nothing else is written; what must be refused is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "keelback.h"
#include "runtime/contract.h"

/* Vectors of 64 bytes that the compiler makes of smaller ones: the arithmetic of AVX-512. */
#define KB_CT_WAYS wide
#define KB_CT_VB 64
#define KB_CT_MR 12
extern const kb_ct_ways wide[2];
#pragma GCC diagnostic ignored "-Wpsabi"
#include "runtime/contract_ways.h"

static uint64_t seed = 88172645463325252;
static int64_t rnd(int64_t n)
{
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (int64_t)(seed % (uint64_t)n);
}

/* -- Arrays of any layout ------------------------------------------------------------------------------------------- */

typedef struct array {
  char *room, *at; /* at: element 0,0 */
  size_t size;
  int64_t s1, s2;
} array;

/* n1 x n2 elements; exactly as much memory as they need, so that a sanitizer sees whatever else is touched. */
static array make(int64_t n1, int64_t n2, int64_t es, bool zero, bool specials)
{
  array x;
  int64_t pad = rnd(3) ? 0 : rnd(5), step = rnd(6) ? 1 : 1 + rnd(3);
  if (rnd(2)) x.s2 = es * step, x.s1 = x.s2 * n2 + pad * es;
  else x.s1 = es * step, x.s2 = x.s1 * n1 + pad * es;
  int64_t e1 = (n1 - 1) * x.s1, e2 = (n2 - 1) * x.s2;
  x.size = (size_t)(e1 + e2 + es);
  x.room = (char *)malloc(x.size);
  assert_non_null(x.room);
  x.at = x.room;
  if (!rnd(8)) x.at += e1, x.s1 = -x.s1;
  if (!rnd(8)) x.at += e2, x.s2 = -x.s2;
  if (zero && !rnd(10)) x.s1 = 0;
  if (zero && !rnd(10)) x.s2 = 0;
  static const double odd[] = { 0.0, -0.0, INFINITY, -INFINITY, NAN, 1e308, -1e-320, 5e-324, 1e-30 };
  for (size_t i = 0; i < x.size / (size_t)es; i++) {
    double v = (double)rnd(2000001) / 1000003 - 1;
    if (specials && !rnd(6)) v = odd[rnd(9)];
    if (es == 8) ((double *)(void *)x.room)[i] = v;
    else ((float *)(void *)x.room)[i] = (float)v;
  }
  return x;
}

/* -- The plain loop, and how large its sums may get ------------------------------------------------------------------ */

#define PLAIN(name, T) \
  static void name(const kb_ct *t) \
  { \
    T alpha = (T)t->alpha, beta = (T)t->beta; \
    for (int64_t i = 0; i < t->m; i++) \
      for (int64_t j = 0; j < t->n; j++) { \
        if (t->flags & KB_CT_LOWER && j > i + t->diag) continue; \
        if (t->flags & KB_CT_UPPER && j < i + t->diag) continue; \
        T *c = (T *)(void *)(t->c + i * t->c_i + j * t->c_j), s = t->flags & KB_CT_INTO ? *c : (T)0; \
        if (t->flags & KB_CT_INTO && t->flags & KB_CT_BETA) s = beta * s; \
        for (int64_t p = 0; p < t->k; p++) { \
          T a = *(const T *)(const void *)(t->a + i * t->a_i + p * t->a_p); \
          T b = *(const T *)(const void *)(t->b + p * t->b_p + j * t->b_j); \
          if (t->flags & KB_CT_ALPHA_A) s = s + (alpha * a) * b; \
          else s = s + a * b; \
        } \
        if (t->flags & KB_CT_ALPHA) s = alpha * s; \
        if (t->flags & KB_CT_BETA && !(t->flags & KB_CT_INTO)) s = s + beta * *c; \
        *c = s; \
      } \
  }
PLAIN(plain_f32, float)
PLAIN(plain_f64, double)

static double element(const char *p, int64_t es)
{
  return es == 8 ? *(const double *)(const void *)p : (double)*(const float *)(const void *)p;
}

static bool same(const char *p, const char *q, int64_t es)
{
  return memcmp(p, q, (size_t)es) == 0 || (isnan(element(p, es)) && isnan(element(q, es)));
}

static void show(const kb_ct *t, const char *what)
{
  print_error("%s: m %lld n %lld k %lld c %lld %lld a %lld %lld b %lld %lld diag %lld flags %llu\n", what, (long long)t->m,
              (long long)t->n, (long long)t->k, (long long)t->c_i, (long long)t->c_j, (long long)t->a_i, (long long)t->a_p,
              (long long)t->b_p, (long long)t->b_j, (long long)t->diag, (unsigned long long)t->flags);
}

/* Every byte of C's memory: as the loop leaves it, or near it. */
static void compare(const kb_ct *t, const array *c, const char *want, int64_t es, const char *what)
{
  bool exact = !(t->flags & (KB_CT_FUSED | KB_CT_REASSOC));
  double tolerance = (double)(t->k + 8) * 2 * (es == 8 ? DBL_EPSILON : (double)FLT_EPSILON);
  double scale = fabs(t->alpha) + fabs(t->beta) + 1; /* elements are at most 1 */
  for (size_t i = 0; i < c->size / (size_t)es; i++) {
    const char *p = c->room + i * (size_t)es, *q = want + i * (size_t)es;
    if (same(p, q, es)) continue;
    if (!exact && fabs(element(p, es) - element(q, es)) <= tolerance * scale * (double)t->k) continue;
    show(t, what);
    fail_msg("element %zu is %.17g, not %.17g", i, element(p, es), element(q, es));
  }
}

/* -- Any problem, by all ways ------------------------------------------------------------------------------------------ */

typedef struct named {
  const char *name;
  const kb_ct_ways *ways;
} named;

static int ways_here(named *to)
{
  int n = 0;
  to[n++] = (named){ "any", kb_ct_any };
  to[n++] = (named){ "wide", wide };
#ifdef KB_CT_X86
  if (kb_cpu_get()->isa >= KB_CPU_AVX2) to[n++] = (named){ "avx2", kb_ct_avx2 };
  if (kb_cpu_get()->isa >= KB_CPU_AVX512) to[n++] = (named){ "avx512", kb_ct_avx512 };
#endif
  return n;
}

static int64_t some_size(void)
{
  switch (rnd(10)) {
  case 0: return 1;
  case 1: return 60 + rnd(100);
  case 2: case 3: return 1 + rnd(50);
  default: return 1 + rnd(20);
  }
}

static int done, refused;

static void one(int64_t es, uint64_t flags, int64_t m, int64_t n, int64_t k)
{
  bool specials = !(flags & (KB_CT_FUSED | KB_CT_REASSOC)) && rnd(4) == 0;
  array c = make(m, n, es, false, specials), a = make(m, k, es, true, specials), b = make(k, n, es, true, specials);
  kb_ct t = { .c = c.at, .a = a.at, .b = b.at, .c_i = c.s1, .c_j = c.s2, .a_i = a.s1, .a_p = a.s2, .b_p = b.s1, .b_j = b.s2,
              .m = m, .n = n, .k = k, .flags = flags, .alpha = 1, .beta = 1, .left = KB_CT_WORK, .looks = true };
  if (flags & (KB_CT_LOWER | KB_CT_UPPER)) t.diag = rnd(m + n + 3) - m - 1;
  if (flags & (KB_CT_ALPHA | KB_CT_BETA | KB_CT_ALPHA_A) && rnd(4)) t.alpha = (double)(float)((double)rnd(1000) / 300 - 1);
  if (flags & KB_CT_BETA) t.beta = (double)(float)((double)rnd(1000) / 300 - 1);
  char *before = (char *)malloc(c.size), *want = (char *)malloc(c.size);
  assert_true(before && want);
  memcpy(before, c.room, c.size);
  (es == 8 ? plain_f64 : plain_f32)(&t);
  memcpy(want, c.room, c.size);
  named all[4];
  int count = ways_here(all);
  for (int w = -1; w < count; w++) {
    memcpy(c.room, before, c.size);
    kb_ct u = t;
    int r;
    if (w >= 0) r = kb_ct_run(&u, &all[w].ways[es == 8], es);
    else if (es == 8)
      r = kb_contract_f64((double *)(void *)t.c, (const double *)(const void *)t.a, (const double *)(const void *)t.b, t.c_i, t.c_j, t.a_i,
                          t.a_p, t.b_p, t.b_j, m, n, k, t.diag, t.alpha, t.beta, flags);
    else
      r = kb_contract_f32((float *)(void *)t.c, (const float *)(const void *)t.a, (const float *)(const void *)t.b, t.c_i, t.c_j, t.a_i,
                          t.a_p, t.b_p, t.b_j, m, n, k, t.diag, (float)t.alpha, (float)t.beta, flags);
    assert_true(r == KB_CT_DONE || r == KB_CT_NOT);
    compare(&t, &c, r == KB_CT_DONE ? want : before, es, w < 0 ? "entry" : all[w].name);
    if (r == KB_CT_DONE) done++;
    else refused++;
  }
  free(before), free(want), free(c.room), free(a.room), free(b.room);
}

static uint64_t some_flags(void)
{
  static const uint64_t forms[] = { 0, 0, KB_CT_FUSED, KB_CT_REASSOC, KB_CT_FUSED | KB_CT_REASSOC };
  uint64_t f = forms[rnd(5)];
  switch (rnd(9)) {
  case 0: case 1: f |= KB_CT_INTO; break;
  case 2: f |= KB_CT_ALPHA; break;
  case 3: f |= KB_CT_ALPHA | KB_CT_BETA; break;
  case 4: f |= KB_CT_BETA; break;
  case 5: f |= KB_CT_ALPHA_A | (rnd(2) ? KB_CT_INTO : 0) | (rnd(2) ? KB_CT_BETA : 0); break;
  case 6: f |= KB_CT_INTO | KB_CT_BETA; break;
  default: break;
  }
  if (!rnd(4)) f |= KB_CT_LOWER;
  else if (!rnd(4)) f |= KB_CT_UPPER;
  if (!rnd(10)) f |= KB_CT_PARALLEL;
  return f;
}

static void test_small(void **state)
{
  (void)state;
  for (int i = 0; i < 6000; i++)
    one(rnd(2) ? 8 : 4, some_flags(), some_size(), some_size(), some_size());
  assert_true(done > 2 * refused);
}

/* More than one block along each of the three. */
static void test_blocks(void **state)
{
  (void)state;
  for (int i = 0; i < 60; i++) {
    int64_t m = 1 + rnd(30), n = 1 + rnd(30), k = 1 + rnd(30), large = 300 + rnd(700);
    switch (rnd(4)) {
    case 0: m = large; break;
    case 1: n = large; break;
    case 2: k = large; break;
    default: m += 100, n += 100, k += 300; break;
    }
    one(rnd(2) ? 8 : 4, some_flags(), m, n, k);
  }
}

/* Matrix times vector, all layouts. */
static void test_vectors(void **state)
{
  (void)state;
  for (int i = 0; i < 600; i++) {
    int64_t m = 1 + rnd(i % 10 ? 70 : 1500), k = 1 + rnd(i % 7 ? 70 : 1500);
    one(rnd(2) ? 8 : 4, some_flags(), rnd(2) ? m : 1, 1, k);
    one(rnd(2) ? 8 : 4, some_flags(), 1, m, k);
  }
}

/* Several threads: the same bits as one. */
static void test_threads(void **state)
{
  (void)state;
  enum { N = 230 };
  static double a[N * N], b[N * N], c[N * N], d[N * N];
  for (int i = 0; i < N * N; i++)
    a[i] = (double)rnd(1000) / 7, b[i] = (double)rnd(1000) / 13;
  static const uint64_t forms[] = { 0, KB_CT_FUSED, KB_CT_FUSED | KB_CT_LOWER, KB_CT_UPPER, KB_CT_REASSOC };
  for (size_t f = 0; f < sizeof forms / sizeof *forms; f++)
    for (int n = 1; n <= N; n += N - 1) {
      memset(c, 0, sizeof c), memset(d, 0, sizeof d);
      for (int t = 0; t < 2; t++)
        if (n > 1 || !(forms[f] & (KB_CT_LOWER | KB_CT_UPPER))) assert_int_equal(kb_contract_f64(t ? d : c, a, b, N * 8, 8, N * 8, 8, N * 8, 8, N, n, N, 3, 1, 1, forms[f] | (t ? KB_CT_PARALLEL : 0)),
                         KB_CT_DONE);
      assert_memory_equal(c, d, sizeof c);
    }
}

/* -- What must be refused ---------------------------------------------------------------------------------------------- */

static double x[64 * 64], y[64 * 64], keep[64 * 64];

/* C at x + c_at, A at x + a_at, B in y or at x + b_at; strides in elements */
static int try_it(int64_t c_at, int64_t c_i, int64_t c_j, const double *a, int64_t a_i, int64_t a_p, const double *b, int64_t b_p,
                  int64_t b_j, int64_t n)
{
  for (int i = 0; i < 64 * 64; i++)
    x[i] = keep[i] = i % 17 - 8, y[i] = i % 13 - 6;
  int r = kb_contract_f64(x + c_at, a, b, c_i * 8, c_j * 8, a_i * 8, a_p * 8, b_p * 8, b_j * 8, n, n, n, 0, 1, 1, 0);
  if (r == KB_CT_NOT) assert_memory_equal(x, keep, sizeof x);
  return r;
}

static void test_refused(void **state)
{
  (void)state;
  double *far = y + 64 * 32;
  assert_int_equal(try_it(0, 64, 1, y, 64, 1, far, 64, 1, 16), KB_CT_DONE);
  assert_int_equal(try_it(0, 64, 1, x, 64, 1, far, 64, 1, 16), KB_CT_NOT);           /* A is C */
  assert_int_equal(try_it(0, 64, 1, y, 64, 1, x + 15 * 64 + 15, 64, 1, 16), KB_CT_NOT); /* B begins with C's last element */
  assert_int_equal(try_it(0, 64, 1, y, 64, 1, x + 15 * 64 + 16, 64, 1, 16), KB_CT_DONE);
  assert_int_equal(try_it(0, 64, 1, x + 16, 64, 1, x + 32, 64, 1, 16), KB_CT_DONE);  /* columns of the same rows */
  assert_int_equal(try_it(0, 64, 1, x + 15, 64, 1, x + 32, 64, 1, 16), KB_CT_NOT);
  assert_int_equal(try_it(32, 64, 1, x + 17, 64, 1, x, 64, 1, 16), KB_CT_NOT);
  assert_int_equal(try_it(32, 64, 1, x + 16, 64, 1, x, 64, 1, 16), KB_CT_DONE);
  assert_int_equal(try_it(32, 1, 64, x + 16, 64, 1, x, 64, 1, 16), KB_CT_DONE);      /* C is transposed */
  assert_int_equal(try_it(32, 64, 1, x + 16, 64, 2, x, 64, 1, 16), KB_CT_NOT);
  assert_int_equal(try_it(20, 64, 1, y, 64, 1, x, 32, 1, 16), KB_CT_NOT);            /* B has twice as many rows */
  assert_int_equal(try_it(0, 0, 1, y, 64, 1, far, 64, 1, 16), KB_CT_NOT);            /* C's elements are not distinct */
  assert_int_equal(try_it(0, 15, 1, y, 64, 1, far, 64, 1, 16), KB_CT_NOT);
  assert_int_equal(try_it(0, 16, 1, y, 64, 1, far, 64, 1, 16), KB_CT_DONE);
  assert_int_equal(try_it(0, 1, 15, y, 64, 1, far, 64, 1, 16), KB_CT_NOT);
  assert_int_equal(try_it(64 * 20, -64, 1, y, 64, 1, far, 64, 1, 16), KB_CT_DONE);
  assert_int_equal(try_it(0, 64, 1, y, INT64_MAX / 64, 1, far, 64, 1, 16), KB_CT_NOT); /* no such addresses */
  assert_int_equal(try_it(0, 64, 1, y, INT64_MIN / 8, 1, far, 64, 1, 16), KB_CT_NOT);
  assert_int_equal(try_it(0, INT64_MIN / 8, 1, y, 64, 1, far, 64, 1, 16), KB_CT_NOT);
  assert_int_equal(try_it(0, 64, 1, y, 64, 1, far, 64, 1, 0), KB_CT_NOT);
  assert_int_equal(try_it(0, 64, 1, y, 64, 1, far, 64, 1, -1), KB_CT_NOT);
  double *odd = (double *)(void *)((char *)y + 4);
  assert_int_equal(try_it(0, 64, 1, odd, 64, 1, far, 64, 1, 16), KB_CT_NOT);
  assert_int_equal(kb_contract_f64(x, y, far, 512, 8, 512, 8, 516, 8, 16, 16, 16, 0, 1, 1, 0), KB_CT_NOT);
  assert_int_equal(kb_contract_f64(x, y, far, 512, 8, 512, 8, 512, 8, INT64_MAX, INT64_MAX, INT64_MAX, 0, 1, 1, 0), KB_CT_NOT);
}

/* -- Polls: left early, with some threads, too ------------------------------------------------------------------------- */

static int stop_now(void *count)
{
  return ++*(int *)count > 3;
}

static void test_leaves(void **state)
{
  (void)state;
  enum { N = 3000 };
  double *a = (double *)calloc((size_t)N * N, 8), *c = (double *)calloc((size_t)N * N, 8);
  assert_true(a && c);
  for (uint64_t f = KB_CT_POLL; f <= (KB_CT_POLL | KB_CT_PARALLEL); f += KB_CT_PARALLEL) {
    int count = 0;
    kb_poll_set_handler(stop_now, &count);
    assert_int_equal(kb_contract_f64(c, a, a, N * 8, 8, N * 8, 8, N * 8, 8, N, N, N, 0, 1, 1, f | KB_CT_POLL), KB_CT_LEAVE);
    kb_poll_set_handler(NULL, NULL);
    assert_int_equal(count, 4);
  }
  free(a), free(c);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_small), cmocka_unit_test(test_blocks), cmocka_unit_test(test_vectors), cmocka_unit_test(test_threads),
    cmocka_unit_test(test_refused), cmocka_unit_test(test_leaves),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
