/* SPDX-License-Identifier: MIT */
/* make bench-guards: stencils.py as a C programmer writes it. */
#include "hand.h"

void hand_jacobi5(size_t n, size_t m, const double *restrict a, double *restrict b)
{
  for (size_t i = 1; i < n - 1; i++)
    for (size_t j = 1; j < m - 1; j++)
      b[i * m + j] = 0.25 * (a[(i - 1) * m + j] + a[(i + 1) * m + j] + a[i * m + j - 1] + a[i * m + j + 1]);
}

void hand_jacobi9(size_t n, size_t m, const float *restrict a, float *restrict b)
{
  for (size_t i = 1; i < n - 1; i++) {
    const float *u = a + (i - 1) * m, *v = u + m, *w = v + m;
    for (size_t j = 1; j < m - 1; j++)
      b[i * m + j] = (u[j - 1] + u[j] + u[j + 1] + v[j - 1] + v[j] + v[j + 1] + w[j - 1] + w[j] + w[j + 1]) * 0.1111f;
  }
}

void hand_jacobi_flat(size_t n, size_t m, const double *restrict a, double *restrict b) { hand_jacobi5(n, m, a, b); }

void hand_heat3d(size_t n, const double *restrict a, double *restrict b, double c)
{
  size_t s = n * n;
  for (size_t i = 1; i < n - 1; i++)
    for (size_t j = 1; j < n - 1; j++)
      for (size_t k = 1; k < n - 1; k++) {
        size_t p = i * s + j * n + k;
        b[p] = a[p] + c * (a[p - s] + a[p + s] + a[p - n] + a[p + n] + a[p - 1] + a[p + 1] - 6.0 * a[p]);
      }
}

void hand_heat3d_flat(size_t n, const double *restrict a, double *restrict b, double c) { hand_heat3d(n, a, b, c); }

void hand_wave(size_t n, size_t m, const double *restrict u, const double *restrict v, double *restrict w, double c)
{
  for (size_t i = 1; i < n - 1; i++)
    for (size_t j = 1; j < m - 1; j++) {
      size_t p = i * m + j;
      w[p] = 2.0 * u[p] - v[p] + c * (u[p - m] + u[p + m] + u[p - 1] + u[p + 1] - 4.0 * u[p]);
    }
}

void hand_seidel(size_t n, size_t m, double *restrict a)
{
  for (size_t i = 1; i < n - 1; i++)
    for (size_t j = 1; j < m - 1; j++)
      a[i * m + j] = 0.25 * (a[(i - 1) * m + j] + a[(i + 1) * m + j] + a[i * m + j - 1] + a[i * m + j + 1]);
}

void hand_conv1d(size_t n, size_t nw, const float *restrict x, const float *restrict w, float *restrict y)
{
  for (size_t i = 0; i < n; i++) {
    float s = 0.0f;
    for (size_t j = 0; j < nw; j++)
      s += x[i + j] * w[j];
    y[i] = s;
  }
}

void hand_conv1d_full(size_t n, size_t nw, const double *restrict x, const double *restrict w, double *restrict y)
{
  for (size_t j = 0; j < nw; j++)
    for (size_t i = nw - 1; i < n; i++)
      y[i] += x[i - j] * w[j];
}

void hand_conv2d(size_t n, size_t m, const float *restrict a, const float *restrict w, float *restrict b)
{
  for (size_t i = 0; i < n - 2; i++)
    for (size_t j = 0; j < m - 2; j++) {
      float s = 0.0f;
      for (size_t k = 0; k < 3; k++)
        for (size_t l = 0; l < 3; l++)
          s += a[(i + k) * m + j + l] * w[k * 3 + l];
      b[i * (m - 2) + j] = s;
    }
}
