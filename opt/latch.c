/* SPDX-License-Identifier: MIT */
/* latch.c: marks every loop latch by a poll, while the function still is what the user wrote.
 *
 * Inlining then gives the polls of a callee the frames of its callers, as it does for every exit. What a poll becomes,
 * a counter or the seam between two strips, is decided at the very end (poll.c); until then it stands in nobody's way:
 * it reads and writes nothing that a pass knows of. (A signal handler may write to an array; when it runs is for
 * nobody to say.)
 */
#include "opt.h"

#include <string.h>

/* A poll leaves with the exception that it met: its frame is for the traceback only and has no entries. */
uint32_t kb_poll_snap(kb_fn *f, kb_loc loc, uint32_t pc)
{
  kb_frame frame;
  kb_snap s;
  memset(&frame, 0, sizeof frame);
  memset(&s, 0, sizeof s);
  frame.fn = kb_intern(f->name);
  frame.pc = pc;
  frame.result = UINT32_MAX;
  frame.loc = loc;
  s.kind = KB_EXIT_CALL;
  s.nframes = 1;
  s.frames = &frame;
  return kb_snap_new(f, &s);
}

/* Where control comes back to block b from inside; 0: nowhere. */
static bool goes_back(const kb_fn *f, kb_bid b)
{
  for (int k = 0; k < 2; k++) {
    kb_bid to = f->blk.v[b].succ[k];
    if (to && f->blk.v[to].rpo <= f->blk.v[b].rpo) /* irreducible cycles, too */
      return true;
  }
  return false;
}

static bool has_poll(const kb_fn *f)
{
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS(f, f->rpo.v[i], r)
      if (kb_is(f, r, KB_POLL))
        return true;
  return false;
}

uint32_t kb_opt_latch(kb_fn *f)
{
  uint32_t changes = 0;
  kb_cfg(f);
  if (has_poll(f))
    return 0;
  for (uint32_t i = 0; i < f->rpo.n; i++) {
    kb_bid b = f->rpo.v[i];
    if (!goes_back(f, b))
      continue;
    kb_ref end = f->blk.v[b].last;
    kb_loc loc = kb_v(f, end)->loc;
    kb_ref poll = kb_ins_before(f, end, KB_POLL, KB_T_VOID, NULL, 0, loc);
    uint32_t snap = kb_poll_snap(f, loc, kb_v(f, end)->pc);
    kb_v(f, poll)->imm.i = 1;
    kb_v(f, poll)->snap = snap;
    kb_v(f, poll)->pc = kb_v(f, end)->pc;
    changes++;
  }
  return changes;
}
