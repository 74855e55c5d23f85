/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contract.cc: nests that are contractions become calls of the macro-kernel. */
#include "pass.h"

bool kb_contract_nest(function *, class loop *) { return false; }
