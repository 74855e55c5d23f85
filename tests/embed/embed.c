/* SPDX-License-Identifier: MIT */
/* A C program that embeds Python itself. */
#include <Python.h>

#include "kernels.h"

#include <pthread.h>

static void *work(void *data)
{
  const int64_t n = INT64_C(1) << 40;
  *(int *)data += middle(n) == n;
  return NULL;
}

/* Threads that Python does not know leave nothing behind in it. */
static int thread_states(void)
{
  int n = 0;
  for (PyThreadState *t = PyInterpreterState_ThreadHead(PyThreadState_Get()->interp); t; t = PyThreadState_Next(t)) n++;
  return n;
}

int main(void)
{
  const int64_t n = INT64_C(1) << 40;
  Py_Initialize();
  int64_t a = middle(n);              /* with the GIL */
  PyThreadState *s = PyEval_SaveThread();
  int64_t b = middle(n + 1);          /* without */
  int good = 0;
  for (int i = 0; i < 20; i++) {
    pthread_t t;
    pthread_create(&t, NULL, work, &good);
    pthread_join(t, NULL);
  }
  PyEval_RestoreThread(s);
  printf("%d %d %d %d\n", a == n, b == n + 1, good, thread_states());
  if (kb_error_get()) kb_error_print();
  return Py_FinalizeEx() < 0;
}
