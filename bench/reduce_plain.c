/* SPDX-License-Identifier: MIT */
/* The loops of reduce_kernels.py by hand, for gcc -O3. */
#include <math.h>
#include <stdint.h>

void p_strict_gemv(const float *restrict a, const float *restrict x, float *restrict y, int64_t n)
{
  for (int64_t i = 0; i < n; i++) {
    float s = 0;
    for (int64_t j = 0; j < n; j++)
      s += a[i * n + j] * x[j];
    y[i] = s;
  }
}

double p_strict_dot(const double *restrict x, const double *restrict y, int64_t n)
{
  double s = 0;
  for (int64_t i = 0; i < n; i++)
    s += x[i] * y[i];
  return s;
}

int64_t p_isum(const int32_t *x, int64_t n)
{
  int64_t s = 0;
  for (int64_t i = 0; i < n; i++)
    s += x[i];
  return s;
}

double p_max(const double *x, int64_t n)
{
  double m = x[0];
  for (int64_t i = 0; i < n; i++)
    if (x[i] > m)
      m = x[i];
  return m;
}

int64_t p_argmin(const double *x, int64_t n)
{
  double m = x[0];
  int64_t k = 0;
  for (int64_t i = 0; i < n; i++)
    if (x[i] < m)
      m = x[i], k = i;
  return k;
}

void p_floyd(double *d, int64_t n)
{
  for (int64_t k = 0; k < n; k++)
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) {
        double t = d[i * n + k] + d[k * n + j];
        if (t < d[i * n + j])
          d[i * n + j] = t;
      }
}

void p_exp(const double *restrict x, double *restrict y, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    y[i] = exp(x[i]);
}
