/* SPDX-License-Identifier: MIT */
/* Prints what the kernels of reduce.py give for arrays with ties, zeros of both signs and values that are no numbers, as bits: the
 * same text is expected with and without the plugin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include "reduce.h"

static uint64_t seed = 88172645463325252u;
static uint64_t draw(void)
{
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return seed;
}

static void show(const char *name, double d)
{
  uint64_t u;
  memcpy(&u, &d, sizeof u);
  printf("%s %016llx\n", name, d == d ? (unsigned long long)u : 0x7ff8ull);
}

static double element(int kind, int i)
{
  static const double few[] = { 0.0, -0.0, 1.0, -1.0, NAN, INFINITY, -INFINITY, 2.0 };
  double r = (double)(draw() >> 11) / 9007199254740992.0;
  switch (kind) {
  case 0: return r;
  case 1: return few[draw() & 7];
  case 2: return few[draw() & 1];
  case 3: return (double)i;
  case 4: return -(double)i;
  case 5: return draw() % 50 ? -r : few[draw() & 1];
  case 6: return draw() % 100 ? NAN : r;
  default: return i % 97 == 5 ? r : 0.5;
  }
}

int main(void)
{
  static double x[6000], y[6000];
  static float f[6000];
  static int64_t w[6000];
  static const int sizes[] = { 1, 2, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 500, 1000, 1023, 3000, 5999 };
  for (int kind = 0; kind < 8; kind++)
    for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++)
      for (int turn = 0; turn < 4; turn++) {
        int n = sizes[k];
        for (int i = 0; i < n; i++)
          x[i] = element(kind, i), y[i] = element(0, i), f[i] = (float)x[i], w[i] = (int64_t)draw() >> (i & 63);
        kb_cf64x1 v = kb_cf64x1_from(x, n);
        show("largest", largest(v));
        printf("smallest_at %lld last %lld counted %lld\n", (long long)smallest_at(v), (long long)last_largest_at(v), (long long)counted(v));
        struct kb_both_ends_ret b = both_ends(v);
        show("min", b.f0);
        show("max", b.f1);
        double aim = x[draw() % (uint64_t)n];
        printf("find %lld any %d %d\n", (long long)find(v, aim), any_below(v, aim), any_below(v, -1e300));
        printf("place %lld or %lld below %d last %lld break %lld\n", (long long)smallest_place(v), (long long)place_or_none(v, aim),
               some_below(v, aim), (long long)last_below(v, aim), (long long)break_at(v, aim, n));
        show("top", top(v)), show("top_last", top_last(v)), show("low32", low32(kb_cf32x1_from(f, n)));
        printf("all %d %d equal %d %d sign %d\n", all_above(v, aim), all_above(v, -INFINITY), some_equal(kb_ci64x1_from(w, n), w[n / 2]),
               some_equal(kb_ci64x1_from(w, n), 77), last_sign(v));
        printf("last_at %lld %lld smallest", (long long)last_at(v, aim), (long long)last_at(v, x[0]));
        for (int low = -1; low < n + 2; low += 1 + n / 5)
          printf(" %lld", (long long)last_smallest(v, low));
        printf("\ntop_int %lld\n", (long long)top_int(kb_ci64x1_from(w, n)));
        if (kind == 0 || kind == 3 || kind == 4) /* no two zeros, no NaN */
          show("top_any", top_any(v));
        printf("unchecked %lld\n", (long long)unchecked(v, n));
        show("strided", strided(v));
        show("not_wanted", not_wanted(v));
        if (kind != 6)
          show("sum_strict", sum_strict(v)), show("sum_both", sum_both(v));
        axpy_strict(v, kb_f64x1_from(y, n), 0.1);
        show("axpy", y[n - 1]);
      }
  for (int n = 1; n < 300; n++) { /* sums that are exact in any order */
    for (int i = 0; i <= n; i++)
      x[i] = (double)(i * 7 % 64), f[i] = (float)x[i];
    show("sum_any", sum_any(kb_cf64x1_from(x, n)));
    show("dot_any", dot_any(kb_cf32x1_from(f, n), kb_cf32x1_from(f + 1, n)));
    static uint8_t text[300];
    for (int i = 0; i < n; i++)
      text[i] = (uint8_t)(i < n - 1 - i ? i : n - 1 - i);
    printf("mirrored %d", mirrored(kb_cu8x1_from(text, n)));
    text[n / 3] ^= 1;
    printf(" %d every_other %lld\n", mirrored(kb_cu8x1_from(text, n)), (long long)every_other(kb_cf64x1_from(x, n), x[n - 1]));
  }
  return 0;
}
