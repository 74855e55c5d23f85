/* SPDX-License-Identifier: MIT */
/* version.c: which library this is. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif
#include "rt.h"

#ifndef PACKAGE_VERSION
#error "PACKAGE_VERSION comes from config.h"
#endif

const char *kb_version(void) { return PACKAGE_VERSION; }

unsigned kb_abi_version(void) { return KB_ABI; }
