/* SPDX-License-Identifier: MIT */
/* strips.c: calls the kernels of strips.py, compiled with the plugin, and (with plain_ before the name) without, with the
 * same arrays, and compares memory, result, and the exit with its values.
 *
 * In each round one element, the first, last, or one in the middle of some strip, breaks a guard or an assumption; or none;
 * or arrays overlap; or they are empty, short, or so large that polls come.
 */
#include "strips.h"

#include <kbabi.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 6000, VALUES = 24 };

static struct {
  char site[64];
  uint32_t line, col;
  uint64_t v[VALUES];
} left;
static uint64_t seed = 1;
static int polls, wrong, calls, exits;
uint64_t kb_fast_copies; /* counted by the kernels */

static uint64_t draw(void)
{
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return seed;
}
static int64_t below(int64_t n) { return n > 0 ? (int64_t)(draw() % (uint64_t)n) : 0; }

/* -- The runtime ---------------------------------------------------------------------------------------------------- */

void kb_exit(const kb_site *site, ...)
{
  va_list ap;
  va_start(ap, site);
  memset(&left, 0, sizeof left);
  snprintf(left.site, sizeof left.site, "%s", site->guard);
  left.line = site->frames[0].line, left.col = site->frames[0].col;
  for (int i = 0; site->args[i] && i < VALUES; i++)
    switch (site->args[i]) {
    case 'd': { double d = va_arg(ap, double); memcpy(&left.v[i], &d, 8); break; }
    case 'b': left.v[i] = (uint64_t)va_arg(ap, int); break;
    case 'p': (void)va_arg(ap, void *); break; /* of another stack frame */
    default: left.v[i] = va_arg(ap, uint64_t);
    }
  va_end(ap);
}
void kb_exit_to_error(void) {}
int kb_exit_to_result(const kb_fn_info *info, void *ret)
{
  (void)info, (void)ret;
  return 1;
}
int64_t kb_poll(void)
{
  int64_t n = polls < 0 ? 1 << 20 : 64 + below(3000);
  return n;
}
struct kb_pending *kb_pending_get(void) { return NULL; }
int64_t kb_strip_end(int64_t end, int64_t bound) { (void)bound; return end; }
int64_t kb_strip_far(int64_t left, int64_t a, int64_t b, int64_t step)
{
  if (kb_turns(a, b, step) <= (uint64_t)left) return b;
  return a + (left < 64 ? left | 1 : left & ~INT64_C(63)) * step;
}

/* -- Arrays --------------------------------------------------------------------------------------------------------- */

/* One block for all, so that arrays can overlap. */
typedef struct memory { double d[4 * MOST]; int64_t i[3 * MOST]; int32_t n[3 * MOST], k[2 * MOST]; int64_t p[MOST]; uint8_t b[MOST]; } memory;
static memory start, one, other;

static struct {
  double a;
  int64_t n, m, k, at[4], step;
} in;

static void fill(void)
{
  for (int j = 0; j < 4 * MOST; j++) start.d[j] = (double)(1 + below(1000)) / 16;
  for (int j = 0; j < 3 * MOST; j++) start.i[j] = below(2000) - 1000;
  for (int j = 0; j < 3 * MOST; j++) start.n[j] = (int32_t)below(21) - 10;
  for (int j = 0; j < 2 * MOST; j++) start.k[j] = (int32_t)below(100);
  for (int j = 0; j < MOST; j++) start.p[j] = below(100), start.b[j] = (uint8_t)below(100);
}

/* A turn that is interesting: near the ends of strips and of the loop. */
static int64_t turn(int64_t n)
{
  switch (below(5)) {
  case 0: return 0;
  case 1: return n ? n - 1 : 0;
  case 2: return n > 1024 ? 1023 + below(3) : below(n);
  default: return below(n);
  }
}

static void choose(void)
{
  static const int64_t sizes[] = {0, 1, 2, 7, 23, 24, 25, 31, 64, 100, 1023, 1024, 1025, 2047, 2050, 4000};
  in.n = below(4) ? sizes[below(16)] : below(5000);
  in.a = (double)below(5) - 1;
  in.k = below(9) ? below(100) - 50 : (int64_t)draw();
  in.step = below(4) ? 1 : 2;
  in.at[0] = 0;
  for (int j = 1; j < 4; j++) in.at[j] = j * MOST;
  if (!below(4)) in.at[1] = below(3) ? below(40) : below(in.n + 1);
  if (!below(6)) in.at[2] = in.at[1] + below(30);
  /* What breaks a guard. */
  static const double bad_d[] = {0.0, -0.0, -1.0, 1e300, 1e-300, 2e6};
  static const int64_t bad_i[] = {INT64_MAX, INT64_MIN, INT64_C(1) << 62, INT32_MAX, INT64_C(1) << 31, INT64_C(1) << 51, -(INT64_C(1) << 31) - 1,
                                  INT64_C(1) << 25, 100000};
  /* Indices are in 0..99, the arrays have 100 elements. */
  static const int64_t bad_k[] = {100, -1, -100, -101, INT32_MAX, INT32_MIN, 255, 128};
  static const double bad_f[] = {NAN, INFINITY, -INFINITY, -0.25, -1.0, -16.0, 16.0, 1e19, -1e19, 9.3e18, 15.999999999999999};
  if (!below(3)) {
    int64_t j = turn(in.n), v = bad_k[below(8)];
    switch (below(4)) {
    case 0: start.k[below(2) * MOST + j] = (int32_t)v; break;
    case 1: start.p[j] = below(8) ? v : INT64_MIN; break;
    case 2: start.b[j] = (uint8_t)v; break;
    default: start.d[3 * MOST + j] = bad_f[below(11)];
    }
  }
  if (!below(3)) start.i[MOST + below(200)] = below(2) ? INT64_MAX - below(3) : INT64_MIN + below(3);
  int times = (int)below(3);
  for (int t = 0; t < times; t++) {
    int64_t j = turn(in.n * in.step);
    if (below(2)) start.d[in.at[below(3)] + j] = bad_d[below(6)];
    else if (below(2)) start.n[j] = (int32_t)bad_i[below(9)];
    else start.i[below(2) * MOST + j] = bad_i[below(9)];
  }
}

/* Undoes what choose did. */
static void mend(void)
{
  if (calls % 50 == 0) fill();
  else
    for (int64_t j = 0; j < 4 * MOST; j++)
      if (!(start.d[j] >= 1.0 / 16 && start.d[j] < 100)) start.d[j] = 2;
  for (int64_t j = 0; j < 3 * MOST; j++)
    if (start.i[j] > 1000 || start.i[j] < -1000) start.i[j] = j % 1000;
  for (int64_t j = 0; j < 3 * MOST; j++)
    if (start.n[j] > 10 || start.n[j] < -10) start.n[j] = 3;
  for (int64_t j = 0; j < 2 * MOST; j++)
    if (start.k[j] < 0 || start.k[j] > 99) start.k[j] = (int32_t)(j % 100);
  for (int64_t j = 0; j < MOST; j++) {
    if (start.p[j] < 0 || start.p[j] > 99) start.p[j] = j % 100;
    if (start.b[j] > 99) start.b[j] = 7;
    start.d[3 * MOST + j] = (double)(1 + j % 15) + (j & 3) / 4.0; /* 1 to 15.75 */
  }
}

#define F(m, k) (kb_f64x1){(m)->d + in.at[k], {in.n}, {1}}
#define CF(m, k) (kb_cf64x1){(m)->d + in.at[k], {in.n}, {1}}
#define I(m, k) (kb_i64x1){(m)->i + in.at[k] / 2, {in.n}, {1}}
#define CI(m, k) (kb_ci64x1){(m)->i + in.at[k] / 2, {in.n}, {1}}

/* -- Calls ---------------------------------------------------------------------------------------------------------- */

typedef struct outcome { memory *m; double d; int64_t i; } outcome;
/* Each with both kernels. */
#define CASE(name, body) \
  static void both_##name(int plain, memory *m, double *d, int64_t *i) { (void)d, (void)i; body }
#define PICK(name, ...) (plain ? plain_##name(__VA_ARGS__) : name(__VA_ARGS__))
#define DECLARE(type, name, ...) type plain_##name(__VA_ARGS__);

DECLARE(void, quotient, double, kb_cf64x1, kb_f64x1)
DECLARE(void, strided, double, kb_cf64x1, kb_f64x1)
DECLARE(void, in_place, double, kb_f64x1)
DECLARE(void, ahead, double, kb_f64x1)
DECLARE(void, root, kb_cf64x1, kb_f64x1)
DECLARE(void, length, kb_cf64x1, kb_cf64x1, kb_f64x1)
DECLARE(void, narrow, kb_ci64x1, kb_i32x1)
DECLARE(void, gather, kb_cf64x1, kb_ci64x1, kb_f64x1)
DECLARE(int64_t, total, kb_ci64x1)
DECLARE(int64_t, masked, kb_ci64x1, kb_ci32x1)
DECLARE(int64_t, product, kb_ci64x1, kb_ci64x1)
DECLARE(int64_t, product32, kb_ci32x1, kb_ci32x1)
DECLARE(void, knapsack, int64_t, int64_t, kb_i64x1)
DECLARE(void, scaled, int64_t, kb_ci64x1, kb_i64x1)
DECLARE(void, branch, kb_cf64x1, kb_cf64x1, kb_f64x1)
DECLARE(void, backwards, double, kb_cf64x1, kb_f64x1)
DECLARE(void, thirds, double, kb_cf64x1, kb_f64x1)
DECLARE(void, rows, kb_f64x2, kb_cf64x1)
DECLARE(void, fixed, double, kb_cf64x1, kb_f64x1)
DECLARE(int64_t, least, kb_ci64x1)
DECLARE(struct kb_two_ret, two, kb_cf64x1, kb_ci64x1)
DECLARE(void, no_scan, kb_ci64x1, kb_i64x1)
DECLARE(void, no_stored, double, kb_f64x1)
DECLARE(void, count, kb_ci64x1, kb_i64x1)
DECLARE(void, count32, kb_ci32x1, kb_i64x1)
DECLARE(void, count8, kb_cu8x1, kb_i64x1)
DECLARE(void, count_f, kb_cf64x1, double, kb_i64x1)
DECLARE(void, weigh, kb_ci64x1, kb_ci64x1, kb_i64x1)
DECLARE(void, twice, kb_ci32x1, kb_ci32x1, kb_i64x1, int64_t)
DECLARE(void, chosen, kb_cf64x1, kb_ci32x1, kb_i64x1)
DECLARE(void, spread, kb_cf64x1, kb_ci32x1, kb_f64x1)
DECLARE(void, pick, kb_cf64x1, kb_ci32x1, kb_f64x1)
DECLARE(void, no_limited, kb_ci32x1, kb_i64x1)
DECLARE(void, mixed, kb_ci32x1, kb_i64x1, int64_t)
DECLARE(void, no_self, kb_i64x1)
DECLARE(void, no_chain, kb_ci64x1, kb_ci64x1, kb_i64x1)
DECLARE(int64_t, no_hash, kb_ci64x1)
DECLARE(int64_t, no_pointer, int64_t, const int64_t *)
DECLARE(void, no_raise, kb_cf64x1, kb_f64x1)
DECLARE(void, no_break, kb_cf64x1, kb_f64x1)
DECLARE(void, no_threads, double, kb_cf64x1, kb_f64x1)
DECLARE(double, no_order, kb_cf64x1, kb_ci64x1)

static kb_cf64x1 half(kb_cf64x1 v) { v.shape[0] /= 2, v.stride[0] = in.step; return v; }
static kb_f64x1 half_out(kb_f64x1 v) { v.shape[0] /= 2, v.stride[0] = in.k > 40 ? 0 : in.k < -40 ? -1 : in.step; if (in.k < -40) v.data += v.shape[0]; return v; }
static kb_i32x1 narrow_out(memory *m) { return (kb_i32x1){m->n, {in.n}, {1}}; }
static kb_ci32x1 narrow_in(memory *m) { return (kb_ci32x1){m->n, {in.n}, {1}}; }

CASE(quotient, PICK(quotient, in.a, CF(m, 0), F(m, 1));)
CASE(strided, PICK(strided, in.a, half(CF(m, 0)), half_out(F(m, 1)));)
CASE(in_place, PICK(in_place, in.a, half_out(F(m, 0)));)
CASE(ahead, PICK(ahead, in.a, F(m, 0));)
CASE(root, PICK(root, CF(m, 0), F(m, 1));)
CASE(length, PICK(length, CF(m, 0), CF(m, 1), F(m, 2));)
CASE(narrow, PICK(narrow, CI(m, 0), narrow_out(m));)
CASE(gather, kb_cf64x1 x = CF(m, 0); x.shape[0] = 1000 + (in.k & 1); PICK(gather, x, CI(m, 0), F(m, 1));)
CASE(total, *i = PICK(total, CI(m, 0));)
CASE(masked, *i = PICK(masked, CI(m, 0), narrow_in(m));)
CASE(product, *i = PICK(product, CI(m, 0), CI(m, 1));)
CASE(product32, *i = PICK(product32, narrow_in(m), ((kb_ci32x1){m->n + in.at[1] / 4, {in.n}, {1}}));)
CASE(knapsack, PICK(knapsack, in.at[1] < 50 ? in.at[1] - 3 : 7, in.k, I(m, 0));)
CASE(scaled, PICK(scaled, in.k, CI(m, 0), I(m, 1));)
CASE(branch, PICK(branch, CF(m, 0), CF(m, 1), F(m, 2));)
CASE(backwards, PICK(backwards, in.a, CF(m, 0), F(m, 1));)
CASE(thirds, PICK(thirds, in.a, CF(m, 0), F(m, 1));)
CASE(rows, int64_t w = 1 + in.n / 3; PICK(rows, ((kb_f64x2){m->d, {3, w}, {w, 1}}), ((kb_cf64x1){m->d + in.at[1], {in.n}, {1}}));)
CASE(fixed, PICK(fixed, in.a, CF(m, 0), F(m, 1));)
CASE(least, *i = PICK(least, CI(m, 0));)
CASE(two, struct kb_two_ret r = PICK(two, CF(m, 0), CI(m, 0)); *d = r.f0; *i = r.f1;)
CASE(no_scan, PICK(no_scan, CI(m, 0), I(m, 1));)
CASE(no_stored, PICK(no_stored, in.a, F(m, 0));)
CASE(count, PICK(count, ((kb_ci64x1){m->p, {in.n}, {1}}), ((kb_i64x1){m->i + MOST, {100}, {1}}));)
#define H(m) (kb_i64x1){(m)->i + MOST, {100}, {1}}
#define K(m, j) (kb_ci32x1){(m)->k + (j) * MOST, {in.n}, {1}}
CASE(count32, kb_i64x1 h = H(m); if (in.k > 20) h.stride[0] = 2; if (in.k < -20) { h.data += 99; h.stride[0] = -1; } PICK(count32, K(m, 0), h);)
CASE(count8, kb_i64x1 h = H(m); h.shape[0] = in.k > 0 ? 256 : 100; PICK(count8, ((kb_cu8x1){m->b, {in.n}, {1}}), h);)
CASE(count_f, PICK(count_f, ((kb_cf64x1){m->d + 3 * MOST, {in.n}, {1}}), in.k > 45 ? 7.0 : 6.25, H(m));)
CASE(weigh, kb_i64x1 h = H(m); if (in.k > 40) h.data = m->p + below(in.n + 40);
     PICK(weigh, ((kb_ci64x1){m->p, {in.n}, {1}}), CI(m, 0), h);)
CASE(twice, PICK(twice, K(m, 0), K(m, 1), H(m), in.k);)
CASE(chosen, PICK(chosen, CF(m, 0), K(m, 1), H(m));)
CASE(spread, PICK(spread, CF(m, 0), K(m, 0), ((kb_f64x1){m->d + in.at[1], {100}, {1}}));)
CASE(pick, PICK(pick, ((kb_cf64x1){m->d, {100}, {1}}), K(m, 0), F(m, 1));)
CASE(no_limited, PICK(no_limited, K(m, 0), H(m));)
CASE(mixed, PICK(mixed, K(m, 0), H(m), in.k > 40 ? INT64_MAX - in.k : in.k);)
CASE(no_self, PICK(no_self, ((kb_i64x1){m->p, {in.n}, {1}}));)
CASE(no_chain, PICK(no_chain, ((kb_ci64x1){m->p, {in.n}, {1}}), ((kb_ci64x1){m->p, {in.n}, {1}}), H(m));)
CASE(no_hash, *i = PICK(no_hash, CI(m, 0));)
CASE(no_pointer, *i = PICK(no_pointer, in.n, m->i);)
CASE(no_raise, PICK(no_raise, CF(m, 0), F(m, 1));)
CASE(no_break, PICK(no_break, CF(m, 0), F(m, 1));)
CASE(no_threads, PICK(no_threads, in.a, CF(m, 0), F(m, 1));)
CASE(no_order, kb_cf64x1 x = CF(m, 0); x.shape[0] = 1001; *d = PICK(no_order, x, CI(m, 0));)

static const struct {
  const char *name;
  void (*call)(int plain, memory *m, double *d, int64_t *i);
} cases[] = {
#define ROW(name) {#name, both_##name},
  ROW(quotient) ROW(strided) ROW(in_place) ROW(ahead) ROW(root) ROW(length) ROW(narrow) ROW(gather) ROW(total) ROW(masked)
  ROW(product) ROW(product32) ROW(knapsack) ROW(scaled) ROW(branch) ROW(backwards) ROW(thirds) ROW(rows) ROW(fixed) ROW(least) ROW(two) ROW(no_scan)
  ROW(no_stored) ROW(count) ROW(count32) ROW(count8) ROW(count_f) ROW(weigh)
  ROW(twice) ROW(chosen) ROW(spread) ROW(pick) ROW(no_limited) ROW(mixed) ROW(no_self) ROW(no_chain) ROW(no_hash) ROW(no_pointer) ROW(no_raise) ROW(no_break) ROW(no_order) ROW(no_threads)
};

static uint64_t taken[sizeof cases / sizeof *cases]; /* fast copies */

static void compare(int k)
{
  double d[2] = {0, 0};
  int64_t i[2] = {0, 0};
  uint64_t was = seed;
  memcpy(&one, &start, sizeof one);
  memcpy(&other, &start, sizeof other);
  memset(&left, 0, sizeof left);
  cases[k].call(1, &one, &d[0], &i[0]);
  __typeof__(left) first = left;
  memset(&left, 0, sizeof left);
  seed = was;
  uint64_t fast = kb_fast_copies;
  cases[k].call(0, &other, &d[1], &i[1]);
  taken[k] += kb_fast_copies - fast;
  calls++, exits += first.site[0] != 0;
  if (memcmp(&one, &other, sizeof one) || memcmp(&d[0], &d[1], 8) || i[0] != i[1] || memcmp(&first, &left, sizeof left))
    if (wrong++ < 5)
      printf("%s: n %d, exit %s at %u:%u, should be %s at %u:%u; memory %s; result %.17g %lld, should be %.17g %lld\n", cases[k].name,
             (int)in.n, left.site, left.line, left.col, first.site, first.line, first.col,
             memcmp(&one, &other, sizeof one) ? "differs" : "agrees", d[1], (long long)i[1], d[0], (long long)i[0]);
}

int main(int argc, char **argv)
{
  int rounds = argc > 1 ? atoi(argv[1]) : 200;
  fill();
  for (int r = 0; r < rounds; r++) {
    polls = r % 2 ? -1 : 1;
    choose();
    for (unsigned k = 0; k < sizeof cases / sizeof *cases; k++) compare((int)k);
    mend();
  }
  for (unsigned k = 0; kb_fast_copies && k < sizeof cases / sizeof *cases; k++)
    if (!taken[k] && strncmp(cases[k].name, "no_", 3)) {
      printf("%s: its fast copy was never taken\n", cases[k].name);
      wrong++;
    }
  printf("%d calls, %d exits, %d differences\n", calls, exits, wrong);
  return wrong != 0;
}
