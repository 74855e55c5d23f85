/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depend.cc: dependences between the references of a nest. */
#include "pass.h"
