/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interval.cc: run-time intervals of values at the entry of a nest. */
#include "pass.h"
