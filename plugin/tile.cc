/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tile.cc: tiles rectangular nests. */
#include "pass.h"

bool kb_tile_nest(function *, class loop *) { return false; }
