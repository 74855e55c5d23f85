/* SPDX-License-Identifier: MIT */
/* Calls the kernels of kernels.py, compares each result with a plain loop in C, bit for bit, and prints times. */
#define _POSIX_C_SOURCE 200809L
#include "kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N = 100000, M = 300 };

static int failures;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void report(const char *name, int agrees, double kernel, double plain)
{
  printf("  C       %-6s %10.1f us   plain C loop %10.1f us   %s\n", name, kernel, plain, agrees ? "same bits" : "DIFFERENT");
  failures += !agrees;
}

static void *block(size_t n, size_t size)
{
  void *p = calloc(n, size);
  if (!p) {
    fputs("out of memory\n", stderr);
    exit(1);
  }
  return p;
}

static void fill(double *x, size_t n, unsigned seed)
{
  for (size_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    x[i] = (double)(seed >> 8) / 8388608.0 - 1.0;
  }
}

static void try_saxpy(void)
{
  float *x = block(N, sizeof *x), *y = block(N, sizeof *y), *z = block(N, sizeof *z);
  for (int i = 0; i < N; i++)
    x[i] = (float)i * 0.25f, y[i] = z[i] = 1.0f / (float)(i + 1);
  double t0 = now();
  saxpy(0.1f, kb_cf32x1_from(x, N), kb_f32x1_from(y, N));
  double t1 = now();
  for (int i = 0; i < N; i++)
    z[i] = 0.1f * x[i] + z[i];
  double t2 = now();
  report("saxpy", memcmp(y, z, N * sizeof *y) == 0, t1 - t0, t2 - t1);
  free(x), free(y), free(z);
}

static void try_dot(void)
{
  double *x = block(N, sizeof *x), *y = block(N, sizeof *y);
  fill(x, N, 1);
  fill(y, N, 2);
  double t0 = now();
  double r = dot(kb_cf64x1_from(x, N), kb_cf64x1_from(y, N));
  double t1 = now();
  double s = 0.0;
  for (int i = 0; i < N; i++)
    s += x[i] * y[i];
  double t2 = now();
  report("dot", r == s, t1 - t0, t2 - t1);
  free(x), free(y);
}

static void try_gemv(void)
{
  double *a = block(M * M, sizeof *a), *x = block(M, sizeof *x), *y = block(M, sizeof *y), *z = block(M, sizeof *z);
  fill(a, M * M, 3);
  fill(x, M, 4);
  double t0 = now();
  gemv(0.5, kb_cf64x2_from(a, M, M), kb_cf64x1_from(x, M), kb_f64x1_from(y, M));
  double t1 = now();
  for (int i = 0; i < M; i++) {
    double s = 0.0;
    for (int j = 0; j < M; j++)
      s += a[i * M + j] * x[j];
    z[i] += 0.5 * s;
  }
  double t2 = now();
  report("gemv", memcmp(y, z, M * sizeof *y) == 0, t1 - t0, t2 - t1);
  free(a), free(x), free(y), free(z);
}

static void try_gemm(void)
{
  double *a = block(M * M, sizeof *a), *b = block(M * M, sizeof *b), *c = block(M * M, sizeof *c), *d = block(M * M, sizeof *d);
  fill(a, M * M, 5);
  fill(b, M * M, 6);
  double t0 = now();
  gemm(kb_cf64x2_from(a, M, M), kb_cf64x2_from(b, M, M), kb_f64x2_from(c, M, M));
  double t1 = now();
  for (int i = 0; i < M; i++)
    for (int k = 0; k < M; k++)
      for (int j = 0; j < M; j++)
        d[i * M + j] += a[i * M + k] * b[k * M + j];
  double t2 = now();
  report("gemm", memcmp(c, d, M * M * sizeof *c) == 0, t1 - t0, t2 - t1);
  free(a), free(b), free(c), free(d);
}

/* An exception in a kernel is an error state here, as errno is. */
static void try_error(void)
{
  double x[3] = { 1, 2, 3 };
  double r = dot(kb_cf64x1_from(x, 3), kb_cf64x1_from(x, 2));
  const kb_error *e = kb_error_get();
  int good = e && r == 0.0 && strcmp(e->type, "ValueError") == 0 && strcmp(e->function, "dot") == 0;
  if (e)
    printf("  C       a bad call: %s:%d: %s: %s\n", e->file, e->line, e->type, e->message);
  kb_error_clear();
  failures += !good || kb_error_get() != NULL;
}

int main(void)
{
  try_saxpy();
  try_dot();
  try_gemv();
  try_gemm();
  try_error();
  if (kb_error_get()) {
    kb_error_print();
    return 1;
  }
  return failures != 0;
}
