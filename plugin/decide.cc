/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decide.cc: decisions of the passes, for -fopt-info, remarks and the report. */
#include "pass.h"

#include <stdarg.h>

location_t kb_loop_location(class loop *loop)
{
  return find_loop_location(loop).get_location_t();
}

void kb_decide(location_t loc, enum kb_outcome what, const char *pass, const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  char *text = xvasprintf(format, ap);
  va_end(ap);
  if (dump_enabled_p())
    dump_printf_loc(what == KB_DONE ? MSG_OPTIMIZED_LOCATIONS : what == KB_NOT ? MSG_MISSED_OPTIMIZATION : MSG_NOTE,
                    dump_user_location_t::from_location_t(loc), "keelback %s: %s\n", pass, text);
  if (kb_opt.verbose)
    inform(loc, "keelback %s: %s", pass, text);
  free(text);
}

void kb_guard_stays(gcall *exit, const char *why, const char *remedy)
{
  kb_decide(gimple_location(exit), KB_NOT, "guards", "guard stays: %s%s%s", why, *remedy ? "; " : "", remedy);
}
