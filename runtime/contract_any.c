/* SPDX-License-Identifier: MIT */
/* contract_any.c: contractions with vectors of 16 bytes, which every processor has or gets from the compiler. */
#define KB_CT_WAYS kb_ct_any
#define KB_CT_VB 16
#define KB_CT_MR 6
#include "runtime/contract_ways.h"
