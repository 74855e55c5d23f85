/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mathvec.cc: math functions of marked loops that libmvec has. */
#include "pass.h"

bool kb_vector_math(function *) { return false; }
