/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reduce.cc: what the vectoriser may do with reductions of marked loops, and with how many accumulators. */
#include "pass.h"

void kb_vectors_begin(function *) {}
void kb_vectors_end(function *) {}
void kb_hook_vector_costs(void) {}
