/* SPDX-License-Identifier: MIT */
/* poll.c: what a kernel asks when it has been running for a while: go on, and for how many turns of its loops?
 *
 * The counters of kernels come here every few thousand turns at first, later every few hundred thousand: each answer is
 * twice the last one as long as the clock stands still, and half of it when the clock has moved on by more than a tick.
 * The clock is the coarse one, of some milliseconds, which costs next to nothing to read; signals are looked at once a
 * tick. So a kernel notices Ctrl-C within some 10 ms.
 */
#include "rt.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { LEAST = 16, MOST = 1 << 18 }; /* turns; of a heavy loop, and of a light one: some 30 us when it is vectorised */
_Static_assert(MOST <= KB_POLL_MAX, "strips multiply it by their step");

/* Both are set before kernels run, or once in a while; a kernel that misses a change sees it at its next look. */
static _Atomic(kb_poll_hook *) hook;

static pthread_mutex_t handler_lock = PTHREAD_MUTEX_INITIALIZER;
static kb_poll_handler *handler;
static void *handler_data;
static _Atomic bool has_handler;

static __thread struct { int64_t tick, turns; } look;

void kb_poll_set_hook(kb_poll_hook *run) { atomic_store_explicit(&hook, run, memory_order_relaxed); }

kb_poll_handler *kb_poll_set_handler(kb_poll_handler *run, void *data)
{
  (void)pthread_mutex_lock(&handler_lock);
  kb_poll_handler *old = handler;
  handler = run;
  handler_data = data;
  atomic_store_explicit(&has_handler, run != NULL, memory_order_relaxed);
  (void)pthread_mutex_unlock(&handler_lock);
  return old;
}

static void interrupt(kb_pending *p)
{
  p->set = true;
  p->kind = KB_PENDING_RAISE;
  p->deopt = false;
  p->nframes = 0;
  p->exc = KB_EXC_Exception;
  p->message = NULL;
  (void)strcpy(p->type, "KeyboardInterrupt");
}

/* -1: leave, and the pending exit says why. */
static int ask(void)
{
  kb_poll_hook *run = atomic_load_explicit(&hook, memory_order_relaxed);
  if (run && run(kb_pending_get())) return -1;
  if (!atomic_load_explicit(&has_handler, memory_order_relaxed)) return 0;
  (void)pthread_mutex_lock(&handler_lock);
  kb_poll_handler *stop = handler;
  void *data = handler_data;
  (void)pthread_mutex_unlock(&handler_lock);
  if (stop == NULL || !stop(data)) return 0;
  interrupt(kb_pending_get());
  return -1;
}

static int64_t tick_now(void)
{
  struct timespec t;
#ifdef CLOCK_MONOTONIC_COARSE
  (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
#else
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
#endif
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t kb_strip_end(int64_t end, int64_t bound)
{
  (void)bound;
  return end;
}

int64_t kb_strip_far(int64_t left, int64_t a, int64_t b, int64_t step)
{
  if (kb_turns(a, b, step) <= (uint64_t)left) return b;
  return a + (left < 64 ? left | 1 : left & ~INT64_C(63)) * step; /* vectors stay as aligned as they began */
}

int64_t kb_poll(void)
{
  enum { LATE = 12 }; /* ms: more than one tick of the slowest common clock */
  int64_t now = tick_now(), passed = now - look.tick;
  if (passed == 0) {
    look.turns = look.turns < MOST / 2 ? look.turns * 2 : MOST;
    return look.turns;
  }
  if (passed > 1000) look.turns = KB_POLL_FIRST; /* another call of long ago */
  else if (passed > LATE) look.turns = look.turns / 2 > LEAST ? look.turns / 2 : LEAST;
  if (ask() < 0) return -1;
  look.tick = tick_now(); /* without the time of signal handlers */
  return look.turns;
}
