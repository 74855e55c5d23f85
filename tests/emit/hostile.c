/* SPDX-License-Identifier: MIT */
/* hostile.c: calls the kernels of hostile.py and prints the bits of what they give. Compiled without odd flags. */
#include "hostile.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void d(const char *name, double x)
{
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  if (x != x)
    u = 0x7ff8; /* the sign and payload of a NaN are nobody's business */
  printf("%s %016" PRIx64 "\n", name, u);
}

#define N 1003

int main(void)
{
  static double x[N], y[N];
  static float s[N], t[N];
  const double odd[] = { 0.0, -0.0, 1.0, -1.0, 0.1, 1e308, 5e-324, NAN, INFINITY, -INFINITY, 2.5, 3.0e-310 };
  uint64_t r = 88172645463325252u;
  for (int i = 0; i < N; i++) {
    r ^= r << 13, r ^= r >> 7, r ^= r << 17;
    x[i] = ldexp((double)(int64_t)r, -63 + (int)(r % 40) - 20);
    r ^= r << 13, r ^= r >> 7, r ^= r << 17;
    y[i] = ldexp((double)(int64_t)r, -63 + (int)(r % 40) - 20);
    s[i] = (float)x[i], t[i] = (float)y[i];
  }
  d("dot", h_dot(kb_cf64x1_from(x, N), kb_cf64x1_from(y, N)));
  d("dot32", (double)h_dot32(kb_cf32x1_from(s, N), kb_cf32x1_from(t, N)));
  h_axpy(0.1, kb_cf64x1_from(x, N), kb_f64x1_from(y, N));
  for (int i = 0; i < N; i += 17)
    d("axpy", y[i]);
  h_scale(0.3, kb_f64x1_from(x, N));
  for (int i = 0; i < N; i += 17)
    d("scale", x[i]);
  for (int i = 0; i < 40; i++)
    d("poly", h_poly(0.1 * i + 0.037));
  for (int i = 0; i < 40; i++)
    d("single", (double)h_single(s[i], t[i]));
  d("cancel", h_cancel(1e16, 0.7));
  for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
    d("zero", h_zero(odd[i]));
    d("nan", (double)h_nan(odd[i]));
    kb_error_clear();
    d("root", h_root(odd[i]));
    d("libm", h_libm(fabs(odd[i]) + 0.5));
    d("mod", h_mod(odd[i], 0.7));
    d("mod", h_mod(-7.25, odd[i]));
    d("round", h_round(odd[i]));
    const kb_error *e = kb_error_get();
    printf("%s\n", e ? e->type : "no error");
  }
  d("divide", h_divide(9007199254740993, 3));
  d("divide", h_divide(INT64_MAX, 7) + h_divide(-7, 2));
  double m[] = { 1.0, NAN, -2.0, -0.0 };
  d("minmax", h_minmax(kb_cf64x1_from(m, 4)));
  d("minmax", h_minmax(kb_cf64x1_from(m + 1, 3)));
  return 0;
}
