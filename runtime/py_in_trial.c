/* SPDX-License-Identifier: MIT */
/* py_in_trial.c: does a signature gain anything? Tried by the clock: some of its calls are made by CPython, in turns with ours.
 *
 * What the policy says of an interpreted function is a guess from its instructions; native code that leaves in most calls
 * may end slower than CPython. Both get a trial: after WARM calls PAIRS pairs of calls, once for an interpreted signature,
 * for a native one whenever it has left four times as often as at the last trial. Results are the same either way.
 */
#include "py_in_jit.h"

#include <time.h>

enum { WARM = 8, REHEARSAL = 2, PAIRS = 5, LOST = 4 }; /* the rehearsal is not counted: CPython's code is cold */
enum { PLAIN = 100000 }; /* ns: of calls that take so long the rehearsal tells enough, if it does */

uint64_t in_trial_now(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void in_trial_begin(in_sig *s)
{
  s->trial = s->tier == IN_JIT_NATIVE ? WARM : 0;
  s->lost = 0;
  s->time[0] = s->time[1] = 0;
}

bool in_trial_wanted(in_sig *s)
{
  const kb_fn_count *n = ((kbpy_kernel *)s->native)->def->info->count;
  if (n == NULL || n->deopts + n->interpreted < s->deopts + IN_TRIAL_EVERY / 2) return false;
  s->deopts = 4 * (n->deopts + n->interpreted);
  return true;
}

bool in_trial_theirs(const in_sig *s)
{
  return s->trial >= WARM && (s->trial - WARM) % 2 == 0;
}

bool in_trial_count(in_sig *s, uint64_t ns)
{
  bool theirs = in_trial_theirs(s);
  uint32_t k = s->trial++;
  if (k < WARM) return false;
  if (theirs) s->last = ns;
  if (k < WARM + REHEARSAL) {
    if (!theirs && s->last > PLAIN && s->last > 2 * ns) s->trial = IN_TRIAL_OVER;
    return false;
  }
  s->time[theirs] += ns;
  if (!theirs) s->lost += (double)ns > 1.1 * (double)s->last;
  uint32_t pairs = (s->trial - WARM - REHEARSAL) / 2;
  if (pairs < PAIRS && pairs - s->lost <= PAIRS - LOST) return false;
  s->trial = IN_TRIAL_OVER;
  return s->lost >= LOST && (double)s->time[0] > 1.1 * (double)s->time[1];
}
