/* SPDX-License-Identifier: MIT */
/* make bench-guards: contract.py as a C programmer writes it. */
#include "hand.h"

void hand_gemm_ijk(size_t n, const double *restrict a, const double *restrict b, double *restrict c)
{
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double s = 0.0;
      for (size_t k = 0; k < n; k++)
        s += a[i * n + k] * b[k * n + j];
      c[i * n + j] = s;
    }
}

void hand_gemm_ikj(size_t n, const float *restrict a, const float *restrict b, float *restrict c)
{
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++)
      for (size_t j = 0; j < n; j++)
        c[i * n + j] += a[i * n + k] * b[k * n + j];
}

void hand_syrk(size_t n, const double *restrict a, double *restrict c)
{
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      double s = 0.0;
      for (size_t k = 0; k < n; k++)
        s += a[i * n + k] * a[j * n + k];
      c[i * n + j] = s;
    }
}
