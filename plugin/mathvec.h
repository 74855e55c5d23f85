/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mathvec.h: what the inspector asks about math functions that become vector functions, beside what pass.h has. */
#ifndef KB_MATHVEC_H
#define KB_MATHVEC_H

#include "pass.h"
#include <math.h>

/* Between two doubles, or NaN. */
struct kb_math_range {
  double low, high;
};

/* The results of CALL, which may have a vector function in LOOP, for arguments in its domain; where it has none, for all. */
bool kb_math_results(class loop *loop, gcall *call, kb_math_range *range);
/* Do all arguments between these RANGES lie in CALL's domain? */
bool kb_math_accepts(gcall *call, const kb_math_range *ranges);

/* mathrange.cc: can G, one of GUARDS, which are all of LOOP, not leave because its operand follows from math functions that
   have bounds? The guards on the results of these functions hold, then. */
bool kb_math_bounds_guard(class loop *loop, const vec<kb_guard> &guards, const kb_guard &g);

#endif
