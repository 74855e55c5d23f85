/* SPDX-License-Identifier: MIT */
/* Times kernels of reduce_kernels.py against OpenBLAS (-DHAVE_BLAS) and the same loops by hand; verifies first. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef HAVE_BLAS
#include <cblas.h>
#endif
#include "reduce_kernels.h"

void p_strict_gemv(const float *a, const float *x, float *y, int64_t n);
double p_strict_dot(const double *x, const double *y, int64_t n);
int64_t p_isum(const int32_t *x, int64_t n);
double p_max(const double *x, int64_t n);
int64_t p_argmin(const double *x, int64_t n);
void p_floyd(double *d, int64_t n);
void p_exp(const double *x, double *y, int64_t n);

enum { MAX_TRIALS = 1001, N = 10000000 };
static volatile double sink;
static int missed, wrong;
static double worst_dot = 1e9, worst_gemv = 1e9;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void verify(const char *name, double a, double b, double tolerance)
{
  if (a == b || fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b)))
    return;
  printf("%s: %.17g, but %.17g was expected\n", name, a, b);
  wrong = 1;
}

static void row(const char *name, long n, double ours, double theirs, double wanted, double *worst)
{
  double speed = theirs / ours;
  int bad = speed < wanted;
  missed += bad;
  if (worst && speed < *worst)
    *worst = speed;
  printf("%-18s %9ld %12.1f ns %12.1f ns  %6.3f", name, n, ours * 1e9, theirs * 1e9, speed);
  printf(wanted > 0 ? "  wanted %.2f%s\n" : "\n", wanted, bad ? " MISSED" : "");
}

/* Short runs in turns, so that both meet the same disturbances. */
#define TIME(name, n, work, wanted, worst, OURS, THEIRS) \
  do { \
    static double a_[MAX_TRIALS], b_[MAX_TRIALS]; \
    long reps_ = (long)(5e4 / (double)(work)) + 1; \
    int trials_ = (double)(work) > 1e6 ? 15 : (double)(work) > 1e5 ? 101 : MAX_TRIALS; \
    for (int t_ = 0; t_ < trials_; t_++) { \
      double s_ = now(); \
      for (long r_ = 0; r_ < reps_; r_++) { OURS; } \
      a_[t_] = (now() - s_) / (double)reps_; \
      s_ = now(); \
      for (long r_ = 0; r_ < reps_; r_++) { THEIRS; } \
      b_[t_] = (now() - s_) / (double)reps_; \
    } \
    qsort(a_, (size_t)trials_, sizeof *a_, by_size); \
    qsort(b_, (size_t)trials_, sizeof *b_, by_size); \
    row(name, (long)(n), a_[trials_ / 2], b_[trials_ / 2], wanted, worst); \
  } while (0)

int main(void)
{
  float *x = aligned_alloc(64, 4 * N), *y = aligned_alloc(64, 4 * N), *z = aligned_alloc(64, 4 * 4096), *w = aligned_alloc(64, 4 * 4096);
  double *dx = aligned_alloc(64, 8 * N), *dy = aligned_alloc(64, 8 * N);
  int32_t *ix = aligned_alloc(64, 4 * N);
  if (!x || !y || !z || !w || !dx || !dy || !ix)
    return 2;
  srand(7);
  for (long i = 0; i < N; i++) {
    x[i] = (float)(rand() % 1000) / 1000, y[i] = (float)(rand() % 1000) / 1000;
    dx[i] = rand() / 1e9, dy[i] = rand() / 1e9, ix[i] = rand();
  }
  static const long dots[] = { 1000, 10000, N }, gemvs[] = { 100, 300, 2000 };
  printf("%-18s %9s %15s %15s  speed\n", "", "n", "kernel", "other");
  for (int q = 0; q < 3; q++) {
    long n = dots[q];
    kb_cf32x1 X = kb_cf32x1_from(x, n), Y = kb_cf32x1_from(y, n);
    kb_cf64x1 DX = kb_cf64x1_from(dx, n), DY = kb_cf64x1_from(dy, n);
    verify("dot", k_ddot(DX, DY), p_strict_dot(dx, dy, n), 1e-11);
    verify("strict dot", k_strict_dot(DX, DY), p_strict_dot(dx, dy, n), 0);
#ifdef HAVE_BLAS
    double wanted = n == N ? 0.98 : 1.0;
    verify("sdot", k_sdot(X, Y), cblas_sdot((int)n, x, 1, y, 1), 1e-3);
    TIME("dot f32 / BLAS", n, n, wanted, &worst_dot, sink = k_sdot(X, Y), sink = cblas_sdot((int)n, x, 1, y, 1));
    TIME("dot f64 / BLAS", n, n, wanted, &worst_dot, sink = k_ddot(DX, DY), sink = cblas_ddot((int)n, dx, 1, dy, 1));
#endif
    TIME("dot f64 strict", n, n, 0, NULL, sink = k_strict_dot(DX, DY), sink = p_strict_dot(dx, dy, n));
    (void)X, (void)Y;
  }
  for (int q = 0; q < 3; q++) {
    long n = gemvs[q];
    kb_cf32x2 A = kb_cf32x2_from(x, n, n);
    kb_cf32x1 Y = kb_cf32x1_from(y, n);
    kb_f32x1 Z = kb_f32x1_from(z, n), W = kb_f32x1_from(w, n);
    p_strict_gemv(x, y, w, n);
    k_sgemv(A, Y, Z);
    for (long i = 0; i < n; i++)
      verify("gemv", z[i], w[i], 1e-3);
    k_strict_gemv(A, Y, Z);
    for (long i = 0; i < n; i++)
      verify("strict gemv", z[i], w[i], 0);
#ifdef HAVE_BLAS
    TIME("gemv f32 / BLAS", n, n * n, n == 100 ? 0.8 : 1.0, &worst_gemv, k_sgemv(A, Y, Z),
         cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)n, 1, x, (int)n, y, 1, 0, w, 1));
#endif
    TIME("gemv strict / any", n, n * n, 0.5, NULL, k_strict_gemv(A, Y, Z), k_sgemv(A, Y, W));
  }
  long n = 10000;
  kb_cf64x1 DX = kb_cf64x1_from(dx, n);
  kb_f64x1 DY = kb_f64x1_from(dy, n);
  kb_ci32x1 IX = kb_ci32x1_from(ix, n);
  verify("sum", (double)k_isum(IX), (double)p_isum(ix, n), 0);
  verify("max", k_max(DX), p_max(dx, n), 0);
  verify("argmin", (double)k_argmin(DX), (double)p_argmin(dx, n), 0);
  TIME("sum i32", n, n, 0, NULL, sink = (double)k_isum(IX), sink = (double)p_isum(ix, n));
  TIME("max f64", n, n, 0, NULL, sink = k_max(DX), sink = p_max(dx, n));
  TIME("argmin f64", n, n, 0, NULL, sink = (double)k_argmin(DX), sink = (double)p_argmin(dx, n));
  TIME("exp f64", n, 10 * n, 0, NULL, k_exp(DX, DY), p_exp(dx, dy, n));
  n = 200;
  double *d = dx, *e = dx + 50000;
  memcpy(e, d, (size_t)(n * n) * sizeof *d);
  k_floyd(kb_f64x2_from(d, n, n));
  p_floyd(e, n);
  verify("floyd", (double)memcmp(d, e, (size_t)(n * n) * sizeof *d), 0, 0);
  TIME("floyd f64", n, n * n * n, 0, NULL, k_floyd(kb_f64x2_from(d, n, n)), p_floyd(e, n));
#ifdef HAVE_BLAS
  printf("reductions: dot at least %.2f of OpenBLAS, gemv at least %.2f; %d figures missed%s\n", worst_dot, worst_gemv, missed, wrong ? "; WRONG RESULTS" : "");
#else
  printf("reductions: no OpenBLAS to compare with; %d figures missed%s\n", missed, wrong ? "; WRONG RESULTS" : "");
#endif
  return wrong ? 2 : missed != 0;
}
