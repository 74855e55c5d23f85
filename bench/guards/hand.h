/* SPDX-License-Identifier: MIT */
/* make bench-guards: what the kernels written by hand include. */
#ifndef HAND_H
#define HAND_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#endif
