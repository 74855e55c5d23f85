/* SPDX-License-Identifier: MIT */
/* contract_avx2.c: contractions with AVX2 and FMA. Built for any x86-64; runs where there is both. */
#include "runtime/contract.h"

#ifdef KB_CT_X86
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

/* ones, then zeros: n ones from here */
static const int32_t ones[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };
static inline __m256i mask_of(int n, int words) { return _mm256_loadu_si256((const __m256i_u *)(const void *)(ones + 8 - n * words)); }

#define KB_CT_FMA_F32(a, b, c) ((V)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define KB_CT_FMA_F64(a, b, c) ((V)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define KB_CT_MASK_F32 __m256i
#define KB_CT_MASK_F64 __m256i
#define KB_CT_MASK_OF_F32(n) mask_of(n, 1)
#define KB_CT_MASK_OF_F64(n) mask_of(n, 2)
#define KB_CT_GET_PART_F32(p, m) ((V)_mm256_maskload_ps((const float *)(const void *)(p), m))
#define KB_CT_GET_PART_F64(p, m) ((V)_mm256_maskload_pd((const double *)(const void *)(p), m))
#define KB_CT_JOIN_F32(low, high) \
  ((V)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps((const float *)(const void *)(low))), \
                           _mm_loadu_ps((const float *)(const void *)(high)), 1))
#define KB_CT_JOIN_F64(low, high) \
  ((V)_mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd((const double *)(const void *)(low))), \
                           _mm_loadu_pd((const double *)(const void *)(high)), 1))

#define KB_CT_WAYS kb_ct_avx2
#define KB_CT_VB 32
#define KB_CT_MR 6
#include "runtime/contract_ways.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
