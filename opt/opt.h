/* SPDX-License-Identifier: MIT */
/* opt.h: the passes over typed IR, in pipeline order. Each returns how many changes it made. */
#ifndef KB_OPT_H
#define KB_OPT_H
#include "../ir/ir.h"

uint32_t kb_opt_fold(kb_fn *f);        /* constants and algebra to a fixed point; keeps SSA; may drop branches */
uint32_t kb_opt_gvn(kb_fn *f);         /* dominator-scoped value numbering; loads merge only where no store between */
uint32_t kb_opt_range(kb_fn *f);       /* intervals of I values: ...O -> ...N, inorm -> its operand, dead guards */
uint32_t kb_opt_guardelim(kb_fn *f);   /* a guard implied by a dominating guard or branch goes */
uint32_t kb_opt_inline(kb_mod *m, kb_fn *f); /* small callees; frames of their snapshots are chained */
uint32_t kb_opt_dce(kb_fn *f);         /* unused VAL and L-only EFF, phis that only feed each other */
#endif
