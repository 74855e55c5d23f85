/* SPDX-License-Identifier: MIT */
/* contract_all.h: the parts for one type, in their order; see contract_ways.h. No guard. */
#include "runtime/contract_vector.h"
#include "runtime/contract_kernel.h"
#include "runtime/contract_pack.h"
#include "runtime/contract_block.h"
#ifndef KB_CT_GEMV
#include "runtime/contract_gemv.h"
#endif

#undef V
#undef VU
#undef VL
#undef ES
#undef MR
#undef NR
#undef MASK
#undef UNROLL
#undef SHUFFLE
#undef LANE
#undef T
#undef X
#undef KB_CT_SIZE
#undef KB_CT_FMA
#undef KB_CT_JOIN
#undef KB_CT_MASK
#undef KB_CT_MASK_OF
#undef KB_CT_GET_PART
