/* SPDX-License-Identifier: MIT */
/* Kernels made for two Pythons in one program: the Python that comes first continues its own, the others are refused. */
#include "kernels.h"
#include "other.h"

#include <stdio.h>

int main(void)
{
  const int64_t n = INT64_C(1) << 40;
  int64_t a = middle(n);
  (void)o_middle(n);
  kb_error_print();
  kb_error_clear();
  printf("%d %d %s\n", a == n, o_middle(5) == 5, kb_error_get() ? "error" : "none");
  return middle(n + 1) != n + 1;
}
