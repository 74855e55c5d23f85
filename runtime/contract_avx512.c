/* SPDX-License-Identifier: MIT */
/* contract_avx512.c: contractions with AVX-512. Built for any x86-64; runs where there is AVX-512 F, DQ, VL. */
#include "runtime/contract.h"

#ifdef KB_CT_X86
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx2,fma")
#endif

#define KB_CT_FMA_F32(a, b, c) ((V)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define KB_CT_FMA_F64(a, b, c) ((V)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define KB_CT_MASK_F32 __mmask16
#define KB_CT_MASK_F64 __mmask8
#define KB_CT_MASK_OF_F32(n) ((__mmask16)((1u << (n)) - 1))
#define KB_CT_MASK_OF_F64(n) ((__mmask8)((1u << (n)) - 1))
#define KB_CT_GET_PART_F32(p, m) ((V)_mm512_maskz_loadu_ps(m, p))
#define KB_CT_GET_PART_F64(p, m) ((V)_mm512_maskz_loadu_pd(m, p))

/* As fast as memory with the vectors of AVX2. */
#define KB_CT_GEMV
static int gemv_f32(kb_ct *t) { return kb_ct_avx2[0].gemv(t); }
static int gemv_f64(kb_ct *t) { return kb_ct_avx2[1].gemv(t); }

#define KB_CT_WAYS kb_ct_avx512
#define KB_CT_VB 64
#define KB_CT_MR 12
#include "runtime/contract_ways.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
