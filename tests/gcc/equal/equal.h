/* SPDX-License-Identifier: MIT */
/* equal.h: the driver of equal.py: calls of one kernel, compiled in several ways, with the same inputs.
 *
 *   inputs.c    random arguments: edge values, views of any stride that overlap or end at a page without access
 *   doubles.c   what kernels call instead of the runtime's functions: exits are recorded, polls counted
 *   equal.c     calls, compares, reports
 */
#ifndef EQUAL_H
#define EQUAL_H

#include <kbabi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- inputs.c ------------------------------------------------------------------------------------------------- */

enum { MAX_PARAMS = 32, MAX_RANK = 8, MAX_SLOTS = MAX_PARAMS, SLOT_BYTES = 1 << 18 };

/* What `check=` of a kernel says of one parameter. */
typedef struct hint {
  bool has_range, has_shape;
  int64_t low, high;
  struct { int name, times, plus; } extent[MAX_RANK]; /* times * dimension `name` + plus; name -1: none */
} hint;

/* Memory of one or several views. used: what may change or be read, with a margin on the side without the bad page. */
typedef struct slot {
  char *bytes; /* SLOT_BYTES between two pages without access */
  size_t from, to;
  int type; /* KB_AS_* of its elements */
} slot;

typedef struct input {
  char args[4096]; /* the argument block */
  slot slots[MAX_SLOTS];
  int nslots;
} input;

void inputs_init(input *in);
/* Random input `seed` of FN. */
void inputs_make(input *in, const kb_fn_info *fn, const hint *hints, uint64_t seed);
void inputs_print(const input *in, const kb_fn_info *fn);
size_t element_size(int type);
uint64_t random_bits(uint64_t *state);

/* -- doubles.c ------------------------------------------------------------------------------------------------ */

enum { MAX_RECORD = 1 << 14, MAX_EXITS = 64 };

/* What one call did on its way: all exits, with all their values. */
typedef struct record {
  size_t len;
  char bytes[MAX_RECORD];
  int nexits;
  const kb_site *exits[MAX_EXITS];
  int64_t polls;
  bool stopped; /* by a poll */
} record;

/* Starts a new record. polls: how many are answered before one says "leave"; turns: what they answer. */
void record_begin(record *r, int64_t polls, int64_t turns);
void record_print(const record *r);

extern uint64_t kb_fast_copies;   /* counted by code that was compiled with -fplugin-arg-keelback-count */
extern int64_t equal_poll_first;  /* instead of KB_POLL_FIRST in files that equal.py changed */

#endif
