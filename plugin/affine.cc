/* SPDX-License-Identifier: GPL-3.0-or-later */
/* affine.cc: linear forms, and what induction variables advance by. */
#include "pass.h"
