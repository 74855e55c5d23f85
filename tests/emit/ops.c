/* SPDX-License-Identifier: MIT */
/* ops.c: reads "name a b c" lines and prints what kbops.h gives. Floats in and out as C99 hexadecimal. */
#include <kbops.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void print_double(double x)
{
  if (kb_fisnan(x))
    puts("nan");
  else
    printf("%a\n", x);
}

#define INT(name) \
  if (!strcmp(op, #name)) \
    printf("%" PRId64 "\n", kb_##name(a, b));
#define INT1(name) \
  if (!strcmp(op, #name)) \
    printf("%" PRId64 "\n", kb_##name(a));
#define INT3(name) \
  if (!strcmp(op, #name)) \
    printf("%" PRId64 "\n", kb_##name(a, b, c));
#define CHECKED(name) \
  if (!strcmp(op, #name)) { \
    if (kb_##name(a, b, &r)) \
      printf("%" PRId64 "\n", r); \
    else \
      puts("leaves"); \
  }
#define UNSIGNED(name) \
  if (!strcmp(op, #name)) \
    printf("%" PRIu64 "\n", kb_##name(u, v));
#define DOUBLE(name, ...) \
  if (!strcmp(op, #name)) \
    print_double((double)kb_##name(__VA_ARGS__));
#define BOOL(name, ...) \
  if (!strcmp(op, #name)) \
    printf("%d\n", kb_##name(__VA_ARGS__));

int main(void)
{
  char op[32], s[3][64];
  while (scanf("%31s %63s %63s %63s", op, s[0], s[1], s[2]) == 4) {
    int64_t a = strtoll(s[0], NULL, 0), b = strtoll(s[1], NULL, 0), c = strtoll(s[2], NULL, 0), r = 0;
    uint64_t u = strtoull(s[0], NULL, 0), v = strtoull(s[1], NULL, 0);
    double x = strtod(s[0], NULL), y = strtod(s[1], NULL), z = strtod(s[2], NULL);
    INT(iadd) INT(isub) INT(imul) INT(imin) INT(imax) INT(ifloordiv) INT(imod) INT(ishl) INT(ishr) INT(ipow) INT(inorm)
    INT(igcd) INT1(iisqrt) INT3(ipowmod) INT3(irangelen) CHECKED(ishlo) CHECKED(ipowo)
    UNSIGNED(ushl) UNSIGNED(ushr) UNSIGNED(upow)
    DOUBLE(itruediv, a, b) DOUBLE(utruediv, u, v) DOUBLE(ffloordiv, x, y) DOUBLE(fmod, x, y) DOUBLE(frint, x)
    DOUBLE(sfloordiv, (float)x, (float)y) DOUBLE(smod, (float)x, (float)y)
    BOOL(irangeleft, a, b, c) BOOL(iflt, a, y) BOOL(ifle, a, y) BOOL(ifeq, a, y) BOOL(ifne, a, y) BOOL(ifgt, a, y) BOOL(ifge, a, y)
    BOOL(fisnan, x) BOOL(fisinf, x) BOOL(fisfinite, x) BOOL(fpowz, x, y) BOOL(fpowc, x, y)
    BOOL(mnan1, x, y) BOOL(minf1, x, y) BOOL(mnan2, x, y, z) BOOL(minf2, x, y, z)
  }
  return 0;
}
