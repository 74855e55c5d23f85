/* SPDX-License-Identifier: MIT */
/* The loops of gemm_kernels.py as C: what bench/gemm.c compares with, compiled with the same flags but without the plugin. */
#include <stdint.h>

#define GEMM(name, T) \
  void name(const T *restrict a, const T *restrict b, T *restrict c, int64_t m, int64_t n, int64_t k); \
  void name(const T *restrict a, const T *restrict b, T *restrict c, int64_t m, int64_t n, int64_t k) \
  { \
    for (int64_t i = 0; i < m; i++) \
      for (int64_t j = 0; j < n; j++) { \
        T t = 0; \
        for (int64_t p = 0; p < k; p++) \
          t += a[i * k + p] * b[p * n + j]; \
        c[i * n + j] = t; \
      } \
  }
GEMM(plain_f64, double)
GEMM(plain_f32, float)
