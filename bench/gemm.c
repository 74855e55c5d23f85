/* SPDX-License-Identifier: MIT */
/* make bench-gemm: products of matrices, and of a matrix and a vector, from plain loops, against OpenBLAS and the loops
 * themselves; one thread.
 *
 * Results come first: the strict form has the loop's bits, the others are near them. Then all take turns for short times, of
 * processor time; the best of each counts. Fails when a result is wrong, or a figure is missed. */
#define _POSIX_C_SOURCE 200809L
#include "gemm_kernels.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The strict loops without checks and without the plugin. */
void plain_gemm_f64(kb_cf64x2, kb_cf64x2, kb_f64x2);
void plain_gemm_f32(kb_cf32x2, kb_cf32x2, kb_f32x2);
void plain_gemv_f64(kb_cf64x2, kb_cf64x1, kb_f64x1);
void plain_gemv_f32(kb_cf32x2, kb_cf32x1, kb_f32x1);
/* The C interface of a BLAS: 101: row after row, 111: not transposed. */
void cblas_sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
void cblas_dgemm(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
void cblas_sgemv(int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
void cblas_dgemv(int, int, int, int, double, const double *, int, const double *, int, double, double *, int);

enum { MOST = 2000, BLAS = 0, STRICT, FREE, PLAIN, WAYS };
static void *a, *b, *c, *want;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* -- The same product by all ways: C (m x n) = A (m x k) B, n is 1 for a vector ----------------------------------- */

#define RUN(T, t, s) \
  static void run_##t(int way, T *to, int m, int n, int k) \
  { \
    const T *x = a, *y = b; \
    kb_c##t##x2 va = kb_c##t##x2_from(x, m, k), vb = kb_c##t##x2_from(y, k, n); \
    kb_##t##x2 vc = kb_##t##x2_from(to, m, n); \
    kb_c##t##x1 vx = kb_c##t##x1_from(y, k); \
    kb_##t##x1 vy = kb_##t##x1_from(to, m); \
    switch (way * 2 + (n == 1)) { \
    case BLAS * 2: cblas_##s##gemm(101, 111, 111, m, n, k, 1, x, k, y, n, 0, to, n); break; \
    case BLAS * 2 + 1: cblas_##s##gemv(101, 111, m, k, 1, x, k, y, 1, 0, to, 1); break; \
    case STRICT * 2: gemm_##t(va, vb, vc); break; \
    case STRICT * 2 + 1: gemv_##t(va, vx, vy); break; \
    case FREE * 2: gemm_fused_##t(va, vb, vc); break; \
    case FREE * 2 + 1: gemv_reassoc_##t(va, vx, vy); break; \
    case PLAIN * 2: plain_gemm_##t(va, vb, vc); break; \
    default: plain_gemv_##t(va, vx, vy); \
    } \
  }
RUN(double, f64, d)
RUN(float, f32, s)

static void run(bool wide, int way, void *to, int m, int n, int k)
{
  if (wide) run_f64(way, to, m, n, k);
  else run_f32(way, to, m, n, k);
}

/* -- Results ---------------------------------------------------------------------------------------------------- */

static double element(bool wide, const void *p, size_t i) { return wide ? ((const double *)p)[i] : (double)((const float *)p)[i]; }

static void fill(bool wide, void *p, size_t n, unsigned seed)
{
  for (size_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    double v = (double)(seed >> 8) / 8388608.0 - 1.0;
    if (wide) ((double *)p)[i] = v;
    else ((float *)p)[i] = (float)v;
  }
}

/* Of large products, the first rows are looked at. */
static bool right(bool wide, int m, int n, int k)
{
  double most_rows = 3e8 / ((double)n * k) + 1;
  int rows = m < most_rows ? m : (int)most_rows;
  size_t count = (size_t)rows * (size_t)n, es = wide ? 8 : 4;
  run(wide, PLAIN, want, rows, n, k);
  memset(c, 0xff, count * es);
  run(wide, STRICT, c, m, n, k);
  if (memcmp(c, want, count * es) != 0) return printf("%dx%dx%d: the strict form has other bits\n", m, n, k), false;
  memset(c, 0xff, count * es);
  run(wide, FREE, c, m, n, k);
  double most = (wide ? DBL_EPSILON : (double)FLT_EPSILON) * k;
  for (size_t i = 0; i < count; i++)
    if (!(fabs(element(wide, c, i) - element(wide, want, i)) <= most * sqrt(k)))
      return printf("%dx%dx%d: element %zu is wrong\n", m, n, k, i), false;
  return true;
}

/* -- Times -------------------------------------------------------------------------------------------------------- */

static void measure(bool wide, int m, int n, int k, double best[WAYS], double budget)
{
  int ways = (double)m * n * k > 3e8 ? PLAIN : WAYS, reps[WAYS];
  for (int w = 0; w < WAYS; w++)
    best[w] = INFINITY;
  for (int w = 0; w < ways; w++) {
    run(wide, w, c, m, n, k);
    double t = now();
    run(wide, w, c, m, n, k);
    reps[w] = (int)(3e-4 / (now() - t)) + 1;
  }
  double begun = now();
  for (int round = 0; round < 5 || (round < 400 && now() - begun < budget); round++)
    for (int w = 0; w < ways; w++) {
      if (w == PLAIN && round % 8) continue;
      double t = now();
      for (int r = 0; r < reps[w]; r++)
        run(wide, w, c, m, n, k);
      t = (now() - t) / reps[w];
      if (t < best[w]) best[w] = t;
    }
}

typedef struct figure {
  const char *what;
  double worst; /* share of OpenBLAS' speed */
} figure;
static figure fused[3] = { { "fused, n >= 512", 9 }, { "256", 9 }, { "64", 9 } }, strict = { "strict, n >= 512", 9 };
static figure vector[2] = { { "gemv with reassoc, 300 and 2000", 9 }, { "100", 9 } }, order = { "strict gemv to reassoc", 9 };
static figure loop = { "plain loop", 9 };

static void least(figure *f, double v) { if (v < f->worst) f->worst = v; }

static bool one(bool wide, int m, int n, int k, double budget)
{
  double t[WAYS], ops = 2.0 * m * n * k;
  fill(wide, a, (size_t)m * (size_t)k, 1);
  fill(wide, b, (size_t)k * (size_t)n, 2);
  if (!right(wide, m, n, k)) return false;
  measure(wide, m, n, k, t, budget);
  double share = t[BLAS] / t[FREE], in_order = t[BLAS] / t[STRICT];
  char name[48];
  (void)snprintf(name, sizeof name, "%s %dx%dx%d", n == 1 ? "gemv" : "gemm", m, n, k);
  printf("%-20s %s %8.2f %8.2f %6.2f %8.2f %6.2f", name, wide ? "f64" : "f32", ops / t[BLAS] / 1e9, ops / t[FREE] / 1e9, share,
         ops / t[STRICT] / 1e9, in_order);
  if (isfinite(t[PLAIN])) printf(" %8.2f %6.1f %6.1f", ops / t[PLAIN] / 1e9, t[PLAIN] / t[FREE], t[PLAIN] / t[STRICT]);
  putchar('\n');
  fflush(stdout);
  if (isfinite(t[PLAIN])) {
    least(&loop, t[PLAIN] / t[STRICT]);
    least(&loop, t[PLAIN] / t[FREE]);
  }
  if (m != k) return true;
  if (n == 1) {
    least(&vector[m < 300], share);
    least(&order, t[FREE] / t[STRICT]);
  } else if (m == n) {
    if (m >= 512) least(&strict, in_order);
    if (m >= 512 || m == 256 || m == 64) least(&fused[m >= 512 ? 0 : m == 256 ? 1 : 2], share);
  }
  return true;
}

static bool reached(const figure *f, double least)
{
  printf("  %-34s %6.2f (at least %.2f)%s\n", f->what, f->worst, least, f->worst < least ? "  MISSED" : "");
  return f->worst >= least;
}

int main(int argc, char **argv)
{
  static const int sizes[] = { 8, 16, 32, 64, 100, 128, 256, 512, 1000, 2000 }, vectors[] = { 100, 300, 2000 };
  static const int odd[][3] = { { 3, 1000, 3 }, { 1000, 3, 3 }, { 3, 3, 1000 }, { 1000, 3, 1000 }, { 3, 1000, 1000 }, { 1000, 1000, 1 },
                                { 5, 6, 7 }, { 2, 2, 2 }, { 4, 4, 4 }, { 17, 31, 13 } };
  double budget = argc > 1 ? atof(argv[1]) : 1;
  size_t bytes = (size_t)MOST * MOST * 8;
  a = aligned_alloc(64, bytes), b = aligned_alloc(64, bytes), c = aligned_alloc(64, bytes), want = aligned_alloc(64, bytes);
  if (!a || !b || !c || !want) return fputs("out of memory\n", stderr), 2;
  printf("GFlop/s of OpenBLAS; with permissions (fused; gemv: reassoc), share of OpenBLAS; strict, share; the plain loop, and how many "
         "times\nfaster both are. Processor time, one thread, best of many.\n");
  printf("%-20s     %8s %8s %6s %8s %6s %8s\n", "m x n x k", "OpenBLAS", "free", "", "strict", "", "loop");
  bool good = true;
  for (int w = 0; w < 2; w++) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      good &= one(w, sizes[i], sizes[i], sizes[i], sizes[i] == 2000 ? budget * 4 : budget);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
      good &= one(w, vectors[i], 1, vectors[i], budget);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
      good &= one(w, odd[i][0], odd[i][1], odd[i][2], budget / 4);
  }
  printf("gemm from the plain loop: fused %.2f, strict %.2f of OpenBLAS for n >= 512; gemv %.2f\n", fused[0].worst, strict.worst, vector[0].worst);
  good &= reached(&fused[0], 0.95) & reached(&fused[1], 0.85) & reached(&fused[2], 0.6) & reached(&strict, 0.48);
  good &= reached(&vector[0], 1.0) & reached(&vector[1], 0.8) & reached(&order, 0.5);
  good &= reached(&loop, 0.9); /* never slower; a call of some ns is not to be told from noise */
  return !good;
}
