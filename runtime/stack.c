/* SPDX-License-Identifier: MIT */
/* stack.c: is there stack left for another activation of a recursive kernel? And what it owes to signals. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_getattr_np */
#endif
#include "rt.h"

#include <pthread.h>

__thread kb_thread_state kb_thread;
static __thread char *stack_limit;
static __thread char *stack_low; /* end of the thread's own stack, NULL until known */

enum {
  RESERVE = 320 << 10, /* for the exit, the handler and what the caller does about it, and CALLS calls */
  CALLS = 16,          /* from one look to the next */
  POLL_COST = 64,      /* of a call, in turns of a loop: it may have short ones */
  GUESS = 1 << 20,     /* below the first caller, when the system does not tell */
  MAIN_MAX = 120 << 20 /* the main thread's stack grows on demand; Linux keeps 128 MiB free of mappings below it */
};

/* Compilers warn about returning the address of a local, and may return NULL instead. */
static __attribute__((noinline)) char *here(void) { return (char *)__builtin_frame_address(0); }

static void find_stack(char *sp)
{
  pthread_attr_t attr;
  void *base = NULL;
  size_t size = 0, guard = 0;
  if (pthread_getattr_np(pthread_self(), &attr) == 0) {
    if (pthread_attr_getstack(&attr, &base, &size) == 0 && size > 0) (void)pthread_attr_getguardsize(&attr, &guard);
    else base = NULL;
    (void)pthread_attr_destroy(&attr);
  }
  if (base == NULL) {
    base = sp - GUESS;
    size = GUESS;
  }
  stack_low = (char *)base;
  char *top = stack_low + size;
  char *low = size > MAIN_MAX ? top - MAIN_MAX : stack_low + guard;
  size = (size_t)(top - low);
  stack_limit = low + (size / 2 < RESERVE ? size / 2 : RESERVE);
}

/* A stack that is not the thread's own (a coroutine's, a signal handler's) cannot be judged: its overflow is left to
 * whoever made it. */
int kb_stack_ok_slow(void)
{
  char *sp = here();
  if (stack_low == NULL) find_stack(sp);
  return sp >= stack_limit || sp < stack_low;
}

int kb_call_look(kb_thread_state *me, const kb_site *room, const kb_site *poll)
{
  me->calls = CALLS - 1;
  if (!kb_stack_ok_slow()) {
    me->calls = 0; /* the next one looks, too */
    kb_exit(room);
    return 1;
  }
  if (poll == NULL || --me->looks >= 0) return 0;
  int64_t turns = kb_poll();
  me->looks = turns < 0 ? 0 : turns / (CALLS * POLL_COST);
  if (turns < 0) kb_exit(poll);
  return turns < 0;
}
