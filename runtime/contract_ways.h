/* SPDX-License-Identifier: MIT */
/* contract_ways.h: all of a processor's ways, for float and for double; a contract_<isa>.c says what the vectors are, KB_CT_WAYS
 * names the table.
 *
 * KB_CT_VB: bytes of a vector; KB_CT_MR: rows of a tile; KB_CT_FMA_F64(a, b, c), KB_CT_MASK_F64, ...: where there are
 * instructions for it. */
#include "runtime/contract.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define T float
#define X(name) name##_f32
#define KB_CT_SIZE 4
#ifdef KB_CT_FMA_F32
#define KB_CT_FMA KB_CT_FMA_F32
#endif
#ifdef KB_CT_JOIN_F32
#define KB_CT_JOIN KB_CT_JOIN_F32
#endif
#ifdef KB_CT_MASK_F32
#define KB_CT_MASK KB_CT_MASK_F32
#define KB_CT_MASK_OF KB_CT_MASK_OF_F32
#define KB_CT_GET_PART KB_CT_GET_PART_F32
#endif
#include "runtime/contract_all.h"

#define T double
#define X(name) name##_f64
#define KB_CT_SIZE 8
#ifdef KB_CT_FMA_F64
#define KB_CT_FMA KB_CT_FMA_F64
#endif
#ifdef KB_CT_JOIN_F64
#define KB_CT_JOIN KB_CT_JOIN_F64
#endif
#ifdef KB_CT_MASK_F64
#define KB_CT_MASK KB_CT_MASK_F64
#define KB_CT_MASK_OF KB_CT_MASK_OF_F64
#define KB_CT_GET_PART KB_CT_GET_PART_F64
#endif
#include "runtime/contract_all.h"

const kb_ct_ways KB_CT_WAYS[2] = {
  { gemm_f32, gemv_f32, KB_CT_MR, 2 * KB_CT_VB / 4, false },
  { gemm_f64, gemv_f64, KB_CT_MR, 2 * KB_CT_VB / 8, true },
};
