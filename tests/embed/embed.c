/* SPDX-License-Identifier: MIT */
/* A C program that embeds Python itself. */
#include <Python.h>

#include "kernels.h"

int main(void)
{
  const int64_t n = INT64_C(1) << 40;
  Py_Initialize();
  int64_t a = middle(n);              /* with the GIL */
  PyThreadState *s = PyEval_SaveThread();
  int64_t b = middle(n + 1);          /* without */
  PyEval_RestoreThread(s);
  printf("%d %d\n", a == n, b == n + 1);
  if (kb_error_get()) kb_error_print();
  return Py_FinalizeEx() < 0;
}
