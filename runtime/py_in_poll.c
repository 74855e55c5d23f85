/* SPDX-License-Identifier: MIT */
/* py_in_poll.c: what a long loop of the interpreter owes to others: signals, and now and then the GIL. */
#include "py_in.h"

#include <time.h>

static int64_t now_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* CPython lets another thread run every 5 ms; so it is here, whether or not one waits (100 ns). */
int in_poll(void)
{
  static __thread int64_t last;
  static __thread unsigned calls;
  if ((++calls & 7) == 0) {
    int64_t t = now_us();
    if (t - last > 5000) {
      last = t;
      PyThreadState *ts = PyEval_SaveThread();
      PyEval_RestoreThread(ts);
    }
  }
  return PyErr_CheckSignals();
}

/* Interpreted functions that call each other. */
int in_poll_call(void)
{
  static unsigned calls; /* under the GIL */
  return (++calls & 255) == 0 ? in_poll() : 0;
}
