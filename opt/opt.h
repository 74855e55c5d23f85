/* SPDX-License-Identifier: MIT */
/* opt.h: the passes over typed IR, in pipeline order (frontend/passes.def). Each returns how many changes it made.
 *
 * All of them run kb_cfg first, so they need nothing but a function that verifies, and leave one. None moves an
 * instruction: what is proven is proven where it stands, by what dominates it, and no exit moves across an effect.
 * doc/passes.txt says what each may do, and why.
 */
#ifndef KB_OPT_H
#define KB_OPT_H
#include "../ir/ir.h"

/* Constants, algebra, webs of phis, to a fixed point; branches on constants become jumps. Keeps rpo, dominators. */
uint32_t kb_opt_fold(kb_fn *f);
/* One computation where there were several; loads where no store lies between. Keeps rpo, dominators, loops. */
uint32_t kb_opt_gvn(kb_fn *f);
/* Intervals and differences of ints: ...O to ...N, guards that cannot fail, decided comparisons (constants: fold makes
 * their branches jumps). Wants gvn before it. Keeps rpo, dominators, loops. */
uint32_t kb_opt_range(kb_fn *f);
/* Guards and branches that a dominating guard or branch implies. Wants gvn before it. Keeps rpo, dominators, loops. */
uint32_t kb_opt_guardelim(kb_fn *f);
/* A poll at every loop latch. Wants to run before inline. Keeps rpo, dominators, loops. */
uint32_t kb_opt_latch(kb_fn *f);
/* What a poll leaves by. */
uint32_t kb_poll_snap(kb_fn *f, kb_loc loc, uint32_t pc);
/* Small callees, with the frames of their snapshots chained to the caller's. Wants callees done first. Breaks all. */
uint32_t kb_opt_inline(kb_mod *m, kb_fn *f);
/* Unused values, loads, phis that only feed each other; what only exits use becomes an expression of their frames. */
uint32_t kb_opt_dce(kb_fn *f);
/* What becomes of the polls: strips of counted loops, counters, nothing; recursion gets one at its entry. The last pass.
 * Breaks all. */
uint32_t kb_opt_poll(kb_fn *f);
#endif
