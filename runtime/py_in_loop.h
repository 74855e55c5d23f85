/* SPDX-License-Identifier: MIT */
/* py_in_loop.h: between py_in_code.c, which chooses labels, and py_in_loop.c, which has them. */
#ifndef KB_PY_IN_LOOP_H
#define KB_PY_IN_LOOP_H

#include "py_in.h"

enum in_label {
#define X(name) IL_##name,
#include "py_in_labels.def"
  IL_N
};

enum { MOST_SWAPPED = 8 };

void in_label(in_code *c); /* fills label of each instruction from its op */
in_fn in_o_binary, in_o_unary, in_o_compare;

#endif
