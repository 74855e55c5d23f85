/* SPDX-License-Identifier: GPL-3.0-or-later */
/* polls.cc: strips and polls in copies of nests. */
#include "pass.h"

gcall *kb_strip_call(gimple *) { return NULL; }
void kb_polls_take_out(class loop *) {}
bool kb_strips_lower(function *) { return false; }
bool kb_polls_return(function *) { return false; }
bool kb_poll_here(function *, basic_block) { return false; }
