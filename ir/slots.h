/* SPDX-License-Identifier: MIT */
/* slots.h: what slots.c (who lives where) and flatten.c (the instructions) give to image.c. */
#ifndef KB_SLOTS_H
#define KB_SLOTS_H

#include "image.h"

typedef struct {
  kb_arena *arena;
  const kb_fn *f;
  uint32_t *slot;                /* by value: its slot, KB_NOSLOT: it has none */
  KB_VEC(kb_ref) consts;         /* in the order of their slots, from 0 on */
  uint32_t nslots;               /* constants and values */
} kb_slots;

void kb_slots_make(kb_slots *s, const kb_fn *f);
void kb_slots_free(kb_slots *s);
/* Is nothing to be copied for this argument of a phi? What is unbound in a kernel is read on no path that runs. */
bool kb_slots_skips(const kb_fn *f, kb_ref arg);

/* flatten.c: fills ins, nins, at_pc, heads and nslots of an image whose constants and parameters are there. */
void kb_flatten(kb_slots *s, kb_image *im);
#endif
