/* SPDX-License-Identifier: MIT */
/* calls.c: a kernel with a large exit that another calls in a loop: GCC must not split the exit off. */
#include <kbabi.h>

static const kb_unit kb_this_unit = {KB_ABI, "calls \"quoted\".py", "3.11", "0.1.0", 0, NULL, NULL}; static const kb_fn_info fn_get = { .unit = &kb_this_unit, .name = "get" }; static const kb_fn_info fn_sum = { .unit = &kb_this_unit, .name = "sum" };
static const kb_site_frame get_frames_0[] = {{&fn_get, 3, 12, 4, UINT32_MAX, 0, NULL}};
static const kb_site get_sites[] = {
  {&kb_this_unit, KB_SITE_RAISE, KB_EXC_IndexError, 3, "bounds", "index {0} is out of bounds for axis {1} with size {2}",
   "iiiiiddd", 1, get_frames_0},
};

int k_get(int64_t i, const double *p, int64_t n, double *ret);
int k_get(int64_t i, const double *p, int64_t n, double *ret)
{
#line 3 "calls \"quoted\".py"
  if (KB_UNLIKELY((uint64_t)i >= (uint64_t)n)) { kb_exit(&get_sites[0], i, (int64_t)0, n, i + n, i * n, p[0], (double)i, (double)n); return KB_EXIT; }
  *ret = p[i];
  return KB_OK;
}

static const kb_site_frame sum_frames_0[] = {{&fn_sum, 8, 14, 9, 2, 0, NULL}};
static const kb_site_frame sum_frames_1[] = {{&fn_sum, 9, 14, 9, 2, 0, NULL}};
static const kb_site sum_sites[] = {
  {&kb_this_unit, KB_SITE_CALL, 0, 0, "call", NULL, "", 1, sum_frames_0},
  {&kb_this_unit, KB_SITE_CALL, 0, 0, "call", NULL, "", 1, sum_frames_1},
};

int k_sum(const double *p, int64_t n, double *ret);
int k_sum(const double *p, int64_t n, double *ret)
{
  double s, t, u;
  int64_t i;
  s = 0.0;
  for (i = 0; i < n; i++) {
#line 8 "calls \"quoted\".py"
    if (KB_UNLIKELY(k_get(i, p, n, &t))) { kb_exit(&sum_sites[0]); return KB_EXIT; }
#line 9 "calls \"quoted\".py"
    if (KB_UNLIKELY(k_get(n - 1 - i, p, n, &u))) { kb_exit(&sum_sites[1]); return KB_EXIT; }
    s = s + t * u;
  }
  *ret = s;
  return KB_OK;
}
