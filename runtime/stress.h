/* SPDX-License-Identifier: MIT */
/* stress.h: forced failures, for tests (stress.c). Each function starts anew: all counts are 0, no other mode. */
#ifndef KB_STRESS_H
#define KB_STRESS_H

#include <stdbool.h>
#include "kbabi.h"

void kb_stress_count(void);                              /* nothing fails */
void kb_stress_force(uint32_t site, uint64_t which);     /* the site with this number, at this execution, from 1 */
void kb_stress_random(uint64_t seed, double p);
void kb_stress_fail_alloc(uint64_t which);
/* The site with this number, and how often it has been executed since; NULL: there are fewer. */
const kb_site *kb_stress_site(uint32_t i, uint64_t *hits);

bool kb_stress_alloc(void);                              /* is this allocation to fail? (pool.c) */

#endif
