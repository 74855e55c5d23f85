/* SPDX-License-Identifier: MIT */
/* twin.c: loops and exits in which there is nothing for the plugin to do: the code is that of GCC alone. */
#include <kbabi.h>

static const kb_unit unit = {KB_ABI, "twin.py", "3.11", "0.1.0", 0, NULL, NULL};
static const kb_fn_info fn = {.unit = &unit, .name = "twin"};
static const kb_site_frame frames[] = {{&fn, 1, 2, 3, UINT32_MAX, 0, NULL}};
static const kb_site site = {&unit, KB_SITE_RAISE, KB_EXC_ValueError, 0, "raise", "", "", 1, frames};

/* The only guard is in no loop. */
int once(int64_t n, double *p);
int once(int64_t n, double *p)
{
  if (KB_UNLIKELY(n < 0)) { kb_exit(&site); return KB_EXIT; }
  for (int64_t i = 0; i < n; i++) p[i] += 1.0;
  return KB_OK;
}

/* A loop without guards, with a call. */
void other(int64_t i);
int calls(int64_t n);
int calls(int64_t n)
{
  for (int64_t i = 0; i < n; i++) other(i);
  if (KB_UNLIKELY(n < 0)) { kb_exit(&site); return KB_EXIT; }
  return KB_OK;
}
