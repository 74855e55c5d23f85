/* SPDX-License-Identifier: MIT */
/* stack.c: is there stack left for another activation of a recursive kernel? */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_getattr_np */
#endif
#include "rt.h"

#include <pthread.h>

__thread char *kb_stack_limit;
static __thread char *stack_low; /* end of the thread's own stack, NULL until known */

enum {
  RESERVE = 256 << 10, /* for the exit, the handler and what the caller does about it */
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
  kb_stack_limit = low + (size / 2 < RESERVE ? size / 2 : RESERVE);
}

/* A stack that is not the thread's own (a coroutine's, a signal handler's) cannot be judged: its overflow is left to
 * whoever made it. */
int kb_stack_ok_slow(void)
{
  char *sp = here();
  if (stack_low == NULL) find_stack(sp);
  return sp >= kb_stack_limit || sp < stack_low;
}
