/* SPDX-License-Identifier: MIT */
/* Runs the kernels of mathvec.py: results against long doubles, exceptions and what was stored before them. Prints what is wrong. */
#include <stdio.h>
#include <string.h>
#include <math.h>
#include "mathvec.h"

enum { MOST = 3000 };
static double x[MOST], y[MOST];
static int bad;

static void wrong(const char *name, int n, int i, double got)
{
  if (bad++ < 20)
    printf("%s: element %d of %d: f(%a) is not %a\n", name, i, n, x[i], got);
}

static int is_near(double got, long double want, double ulps)
{
  double w = (double)want;
  if (w != w || got != got)
    return w != w && got != got;
  if (isinf(w) || isinf(got) || w == 0)
    return w == got;
  int e;
  frexp(w, &e);
  return fabsl(got - want) <= (long double)ulps * ldexpl(1, e - 53 < -1074 ? -1074 : e - 53);
}

static long double pow275(long double v) { return powl(v, 2.75L); }
static long double sigmoid(long double v) { return 1 / (1 + expl(-v)); }
static long double softplus(long double v) { return logl(1 + expl(v)); }
static long double expsin(long double v) { return expl(sinl(v)); }
static long double logexp(long double v) { return logl(expl(v)); }
static long double exptanh(long double v) { return expl(3 * tanhl(v) + 0.5L); }
static long double branch(long double v) { return v > 0.5L ? logl(v) : expl(v); }

struct row {
  const char *name;
  void (*run)(kb_cf64x1, kb_f64x1);
  long double (*want)(long double);
  double (*scalar)(double); /* its very bits */
  double low, high;
  double raises; /* for this argument, if exception */
  const char *exception;
  double ulps; /* 0: those of one function */
};
static const struct row rows[] = {
  { "exp_any", exp_any, expl, NULL, -700, 709, 709.79, "OverflowError" },
  { "log_any", log_any, logl, NULL, 1e-9, 50, -1.0, "ValueError" },
  { "sin_any", sin_any, sinl, NULL, -9, 9, INFINITY, "ValueError" },
  { "erf_any", erf_any, erfl, NULL, -3, 3, 0, NULL },
  { "pow_any", pow_any, pow275, NULL, 1e-4, 90, 1e200, "OverflowError" },
  { "branch_any", branch_any, branch, NULL, -9, 9, 0, NULL },
  { "sigmoid_any", sigmoid_any, sigmoid, NULL, -700, 900, -709.79, "OverflowError", 16 },
  { "softplus_any", softplus_any, softplus, NULL, -2, 709, 709.79, "OverflowError", 40 },
  { "expsin_any", expsin_any, expsin, NULL, -9, 9, INFINITY, "ValueError", 16 },
  { "exptanh_any", exptanh_any, exptanh, NULL, -9, 9, 0, NULL, 40 },
  { "logexp_any", logexp_any, logexp, NULL, 2, 700, -800, "ValueError", 16 },
  { "exp_strict", exp_strict, expl, exp, -700, 709, 709.79, "OverflowError" },
  { "exp_reassoc", exp_reassoc, expl, exp, -700, 709, 709.79, "OverflowError" },
  { "erf_reassoc", erf_reassoc, erfl, erf, -3, 3, 0, NULL },
};

/* The last element but AT, which raises, if it is not negative. */
static void try(const struct row *r, int n, int at)
{
  for (int i = 0; i < n; i++) {
    x[i] = r->low + (r->high - r->low) * ((i * 7919 + 13) % 3001) / 3001.0;
    y[i] = -77;
  }
  if (at >= 0)
    x[at] = r->raises;
  kb_error_clear();
  r->run(kb_cf64x1_from(x, n), kb_f64x1_from(y, n));
  const kb_error *e = kb_error_get();
  if (at >= 0 ? !e || strcmp(e->type, r->exception) : e != NULL)
    bad++, printf("%s: element %d of %d: the exception is %s\n", r->name, at, n, e ? e->type : "none");
  for (int i = 0; i < n; i++)
    if (at >= 0 && i >= at ? y[i] != -77 : !is_near(y[i], r->want(x[i]), r->ulps ? r->ulps : 4.5) || (r->scalar && y[i] != r->scalar(x[i])))
      wrong(r->name, n, i, y[i]);
}

/* Arguments for which vector functions take other ways. NaN is not among them: fastmath says that there is none. */
static void try_special(const struct row *r)
{
  static const double special[] = { 0.0, -0.0, 0x1p-1074, 0x1p-1022, 1e-300, 1.0, 700.0, 708.9, -745.0, -1e300, 1e300, 1e15, -1e15, 2.0 };
  double all[64];
  int n = 0;
  for (unsigned k = 0; k < 64; k++) {
    double v = special[k % (sizeof special / sizeof *special)];
    if ((r->want == expl && v > 709) || (r->want == logl && v <= 0) || (r->want == pow275 && (v < 0 || v > 1e100))
        || (r->want == erfl && fabs(v) < 1e-290)) /* glibc's own result is less exact */
      continue;
    all[n++] = v;
  }
  memcpy(x, all, sizeof *x * n);
  kb_error_clear();
  r->run(kb_cf64x1_from(x, n), kb_f64x1_from(y, n));
  if (kb_error_get())
    bad++, printf("%s: special values: %s\n", r->name, kb_error_get()->type);
  for (int i = 0; i < n; i++)
    if (!is_near(y[i], r->want(x[i]), 4.5))
      wrong(r->name, n, i, y[i]);
}

int main(void)
{
  static const int sizes[] = { 0, 1, 3, 23, 24, 63, 64, 65, 1023, 1024, 1025, 2999 };
  for (unsigned k = 0; k < sizeof rows / sizeof *rows; k++) {
    const struct row *r = &rows[k];
    for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      int n = sizes[s];
      try(r, n, -1);
      if (r->exception && n) {
        try(r, n, 0);
        try(r, n, n / 2);
        try(r, n, n - 1);
      }
    }
    if (!r->ulps)
      try_special(r);
  }
  double want = 0;
  for (int i = 0; i < 2500; i++)
    x[i] = (i % 301) * 0.01, want += exp(x[i]);
  double got = sum_any(kb_cf64x1_from(x, 2500));
  if (kb_error_get() || fabs(got - want) > 1e-11 * want)
    bad++, printf("sum_any: %a is not %a\n", got, want);
  x[2001] = 710;
  if (sum_any(kb_cf64x1_from(x, 2500)), !kb_error_get() || strcmp(kb_error_get()->type, "OverflowError"))
    bad++, printf("sum_any: no OverflowError\n");
  return bad != 0;
}
