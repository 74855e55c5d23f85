/* SPDX-License-Identifier: MIT */
/* make bench-guards: blas.py as a C programmer writes it. */
#include "hand.h"

void hand_saxpy(size_t n, float a, const float *restrict x, float *restrict y)
{
  for (size_t i = 0; i < n; i++)
    y[i] = a * x[i] + y[i];
}

void hand_daxpy(size_t n, double a, const double *restrict x, double *restrict y)
{
  for (size_t i = 0; i < n; i++)
    y[i] += a * x[i];
}

void hand_scal(size_t n, double a, double *restrict x, ptrdiff_t inc)
{
  for (size_t i = 0; i < n; i++)
    x[(ptrdiff_t)i * inc] *= a;
}

void hand_triad(size_t n, double *restrict a, const double *restrict b, const double *restrict c, double s)
{
  for (size_t i = 0; i < n; i++)
    a[i] = b[i] + s * c[i];
}

double hand_dot(size_t n, const double *restrict x, const double *restrict y)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++)
    s += x[i] * y[i];
  return s;
}

void hand_gemv(size_t m, size_t n, const double *restrict a, const double *restrict x, double *restrict y)
{
  for (size_t i = 0; i < m; i++) {
    double s = 0.0;
    for (size_t j = 0; j < n; j++)
      s += a[i * n + j] * x[j];
    y[i] = s;
  }
}

void hand_gemv_flat(size_t m, size_t n, const float *restrict a, const float *restrict x, float *restrict y)
{
  for (size_t i = 0; i < m; i++) {
    float s = 0.0f;
    for (size_t j = 0; j < n; j++)
      s += a[i * n + j] * x[j];
    y[i] = s;
  }
}

void hand_gemv_t(size_t m, size_t n, const double *restrict a, const double *restrict x, double *restrict y)
{
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      y[j] += a[i * n + j] * x[i];
}

void hand_ger(size_t m, size_t n, double alpha, const double *restrict x, const double *restrict y, double *restrict a)
{
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      a[i * n + j] += alpha * x[i] * y[j];
}

void hand_trmv(size_t n, const double *restrict a, const double *restrict x, double *restrict y)
{
  for (size_t i = 0; i < n; i++) {
    double s = 0.0;
    for (size_t j = 0; j <= i; j++)
      s += a[i * n + j] * x[j];
    y[i] = s;
  }
}

void hand_trsv_unit(size_t n, const double *restrict l, const double *restrict b, double *restrict x)
{
  for (size_t i = 0; i < n; i++) {
    double s = b[i];
    for (size_t j = 0; j < i; j++)
      s -= l[i * n + j] * x[j];
    x[i] = s;
  }
}

void hand_upper_outer(size_t n, const double *restrict x, double *restrict c)
{
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n; j++)
      c[i * n + j] = x[i] - x[j];
}

void hand_matadd(size_t m, size_t n, const float *restrict a, const float *restrict b, float *restrict c)
{
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      c[i * n + j] = a[i * n + j] + b[i * n + j];
}

void hand_transpose(size_t m, size_t n, const double *restrict a, double *restrict b)
{
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      b[j * m + i] = a[i * n + j];
}

void hand_mirror(size_t n, const double *restrict x, double *restrict y)
{
  for (size_t i = 0; i < n; i++)
    y[n - 1 - i] = x[i];
}

int64_t hand_isum32(size_t n, const int32_t *restrict x)
{
  int64_t s = 0;
  for (size_t i = 0; i < n; i++)
    s += x[i];
  return s;
}

void hand_prefix_f(size_t n, const double *restrict x, double *restrict y)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++) {
    s += x[i];
    y[i] = s;
  }
}

void hand_distance2(size_t n, const double *restrict p, double *restrict d)
{
  const double *px = p, *py = p + n;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double dx = px[i] - px[j], dy = py[i] - py[j];
      d[i * n + j] = dx * dx + dy * dy;
    }
}

void hand_floyd(size_t n, double *restrict d)
{
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        double t = d[i * n + k] + d[k * n + j];
        if (t < d[i * n + j])
          d[i * n + j] = t;
      }
}
