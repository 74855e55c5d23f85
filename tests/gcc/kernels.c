/* SPDX-License-Identifier: MIT */
/* kernels.c: emitted C in small, for plugin.sh: every kind of exit, and conditionals that look like guards. */
#include <stdbool.h>
#include <kbabi.h>

typedef struct { double *data; ptrdiff_t shape[1], stride[1]; } f64x1;
typedef struct { const double *data; ptrdiff_t shape[1], stride[1]; } cf64x1;

static const kb_unit kb_this_unit = {KB_ABI, "kernels.py", "3.11", "0.1.0", 0, NULL, NULL}; static const kb_fn_info fn_saxpy = { .unit = &kb_this_unit, .name = "saxpy" }; static const kb_fn_info fn_step = { .unit = &kb_this_unit, .name = "step" }; static const kb_fn_info fn_twice = { .unit = &kb_this_unit, .name = "twice" }; static const kb_fn_info fn_never = { .unit = &kb_this_unit, .name = "never" }; static const kb_fn_info fn_fail = { .unit = &kb_this_unit, .name = "fail" }; static const kb_fn_info fn_twin = { .unit = &kb_this_unit, .name = "twin" };

/* saxpy: two bounds guards in a loop; the one on x goes (i < x.shape[0] is the loop's own condition). */
static const kb_site_frame saxpy_frames_0[] = {{&fn_saxpy, 6, 32, 17, UINT32_MAX, 0, NULL}};
static const kb_site_frame saxpy_frames_1[] = {{&fn_saxpy, 6, 9, 21, UINT32_MAX, 0, NULL}};
static const kb_site saxpy_sites[] = {
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_IndexError, 3, "bounds", "index {0} is out of bounds for axis {1} with size {2}",
   "iii", 1, saxpy_frames_0},
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_IndexError, 3, "bounds", "index {0} is out of bounds for axis {1} with size {2}",
   "iii", 1, saxpy_frames_1},
};

static int k_saxpy(double a, cf64x1 x, f64x1 y)
{
  int64_t i;
#line 5 "kernels.py"
  i = 0;
  while (i < x.shape[0]) {
#line 6 "kernels.py"
    if (KB_UNLIKELY((uint64_t)i >= (uint64_t)x.shape[0])) { kb_exit(&saxpy_sites[0], i, (int64_t)0, (int64_t)x.shape[0]); return KB_EXIT; }
#line 6 "kernels.py"
    if (KB_UNLIKELY((uint64_t)i >= (uint64_t)y.shape[0])) { kb_exit(&saxpy_sites[1], i, (int64_t)0, (int64_t)y.shape[0]); return KB_EXIT; }
#line 6 "kernels.py"
    y.data[i * y.stride[0]] = a * x.data[i * x.stride[0]] + y.data[i * y.stride[0]];
    i = i + 1;
  }
  return KB_OK;
}

void saxpy(double a, cf64x1 x, f64x1 y) { if (KB_UNLIKELY(k_saxpy(a, x, y))) kb_exit_to_error(); }

/* step: overflow (a deopt), two conditions of one exit, a division, and a raise under a condition. */
static const kb_site_frame step_frames_0[] = {{&fn_step, 11, 12, 8, UINT32_MAX, 0, NULL}};
static const kb_site_frame step_frames_1[] = {{&fn_step, 12, 12, 12, UINT32_MAX, 0, NULL}};
static const kb_site_frame step_frames_2[] = {{&fn_step, 14, 9, 30, UINT32_MAX, 0, NULL}};
static const kb_site step_sites[] = {
  {&kb_this_unit, KB_SITE_DEOPT, 0, 0, "overflow", "int result does not fit 64 bits", "i", 1, step_frames_0},
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_ZeroDivisionError, 0, "division", "integer division or modulo by zero", "", 1,
   step_frames_1},
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_ValueError, 0, "raise", "negative", "", 1, step_frames_2},
};

static int k_step(int64_t n, int64_t d, int64_t *ret)
{
  int64_t m, q;
#line 11 "kernels.py"
  if (KB_UNLIKELY(__builtin_mul_overflow(n, (int64_t)3, &m))) { kb_exit(&step_sites[0], n); return KB_EXIT; }
#line 12 "kernels.py"
  if (KB_UNLIKELY(d == 0 || (m == INT64_MIN && d == -1))) { kb_exit(&step_sites[1]); return KB_EXIT; }
#line 12 "kernels.py"
  q = m / d;
#line 13 "kernels.py"
  if (q < 0) {
#line 14 "kernels.py"
    kb_exit(&step_sites[2]); return KB_EXIT;
  }
  *ret = q;
  return KB_OK;
}

/* twice: calls of a kernel; after inlining the calls' exits stand behind the callee's own. */
static const kb_site_frame twice_frames_0[] = {{&fn_twice, 19, 9, 6, 2, 0, NULL}};
static const kb_site_frame twice_frames_1[] = {{&fn_twice, 20, 12, 9, 2, 0, NULL}};
static const kb_site twice_sites[] = {
  {&kb_this_unit, KB_SITE_CALL, 0, 0, "call", NULL, "", 1, twice_frames_0},
  {&kb_this_unit, KB_SITE_CALL, 0, 0, "call", NULL, "", 1, twice_frames_1},
};

static int k_twice(int64_t n, int64_t *ret)
{
  int64_t a, b;
#line 19 "kernels.py"
  if (KB_UNLIKELY(k_step(n, INT64_C(2), &a))) { kb_exit(&twice_sites[0]); return KB_EXIT; }
#line 20 "kernels.py"
  if (KB_UNLIKELY(k_step(a, n, &b))) { kb_exit(&twice_sites[1]); return KB_EXIT; }
  *ret = b;
  return KB_OK;
}

int64_t twice(int64_t n)
{
  int64_t ret = 0;
  if (KB_UNLIKELY(k_twice(n, &ret))) { kb_exit_to_error(); return 0; }
  return ret;
}

/* never: a guard that is never needed; and a raise behind it, whose condition is that guard's. */
static const kb_site_frame never_frames_0[] = {{&fn_never, 24, 8, 4, UINT32_MAX, 0, NULL}};
static const kb_site_frame never_frames_1[] = {{&fn_never, 25, 5, 9, UINT32_MAX, 0, NULL}};
static const kb_site never_sites[] = {
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_IndexError, 1, "bounds", "index {0} is out of bounds", "i", 1, never_frames_0},
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_RuntimeError, 0, "raise", "never", "", 1, never_frames_1},
};

static int k_never(cf64x1 x)
{
  int64_t k;
#line 24 "kernels.py"
  k = x.shape[0] & 255;
#line 24 "kernels.py"
  if (KB_UNLIKELY(k > 255)) { kb_exit(&never_sites[0], (int64_t)k); return KB_EXIT; }
#line 25 "kernels.py"
  kb_exit(&never_sites[1]); return KB_EXIT;
}

/* fail: nothing but a raise. */
static const kb_site_frame fail_frames_0[] = {{&fn_fail, 36, 5, 1, UINT32_MAX, 0, NULL}};
static const kb_site fail_sites[] = {
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_NotImplementedError, 0, "raise", "", "", 1, fail_frames_0},
};

static int k_fail(double *p)
{
#line 35 "kernels.py"
  p[0] = 0.0;
#line 36 "kernels.py"
  kb_exit(&fail_sites[0]); return KB_EXIT;
}

void fail(double *p) { if (KB_UNLIKELY(k_fail(p))) kb_exit_to_error(); }
void never(cf64x1 x) { if (KB_UNLIKELY(k_never(x))) kb_exit_to_error(); }

/* twin: conditionals with an exit in sight that are no guards: the edge has another way, or another call. */
void twin_exit(const kb_site *site, ...);
static const kb_site_frame twin_frames_0[] = {{&fn_twin, 31, 13, 4, UINT32_MAX, 0, NULL}};
static const kb_site twin_sites[] = {
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_ValueError, 0, "raise", "twin", "", 1, twin_frames_0},
};

static int k_twin(int64_t n, int64_t m, double *p)
{
#line 28 "kernels.py"
  if (KB_UNLIKELY(n < 0)) { twin_exit(&twin_sites[0]); return KB_EXIT; }
#line 29 "kernels.py"
  if (n > 10) {
#line 30 "kernels.py"
    if (m > n) {
#line 31 "kernels.py"
      kb_exit(&twin_sites[0]); return KB_EXIT;
    }
    p[0] = 1.0;
  }
  p[1] = 2.0;
  return KB_OK;
}

void twin(int64_t n, int64_t m, double *p) { if (KB_UNLIKELY(k_twin(n, m, p))) kb_exit_to_error(); }
