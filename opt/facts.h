/* SPDX-License-Identifier: MIT */
/* facts.h: what range.c knows of ints at a point: intervals, and differences a <= b + c between values. */
#ifndef KB_FACTS_H
#define KB_FACTS_H
#include "../ir/ir.h"

typedef struct { int64_t lo, hi; } kb_ival; /* lo <= hi */
#define KB_IVAL_FULL ((kb_ival){ INT64_MIN, INT64_MAX })

typedef struct { kb_ref b; int64_t c; kb_ref a; uint32_t next; } kb_diff;  /* a <= b + c */
typedef struct { kb_ref r; kb_ival old; } kb_undo;
typedef struct { uint32_t undo, diffs; } kb_mark;

typedef struct {
  kb_fn *f;
  kb_ival *iv;                 /* by value: at the point where the walk is */
  uint8_t *rising, *falling;   /* header phis: never below, never above the value that they start with */
  kb_ref *start;               /* that value; 0: there is none */
  uint32_t *head;              /* by value: its differences, newest first; 0: none */
  uint32_t n, room;            /* of these five */
  KB_VEC(kb_diff) diffs;       /* diffs.v[0] unused */
  KB_VEC(kb_undo) undo;
} kb_facts;

void kb_facts_init(kb_facts *x, kb_fn *f);
void kb_facts_free(kb_facts *x);
void kb_facts_grow(kb_facts *x);                 /* after new values: constants get their interval */
kb_mark kb_facts_mark(const kb_facts *x);
void kb_facts_undo(kb_facts *x, kb_mark m);      /* forgets what was assumed since the mark */
void kb_assume_cond(kb_facts *x, kb_ref cond, bool truth);
void kb_assume_guard(kb_facts *x, kb_ref guard); /* what holds once the guard has not left */
/* Is a <= b + c at this point, in exact arithmetic? */
bool kb_facts_le(const kb_facts *x, kb_ref a, kb_ref b, int64_t c);

/* interval.c: what the result of r can be, from its operands' intervals. */
kb_ival kb_transfer(const kb_facts *x, kb_ref r);
kb_ival kb_ival_join(kb_ival a, kb_ival b);
static inline bool kb_is_int(const kb_fn *f, kb_ref r) { return kb_type_letter(kb_v(f, r)->ty) == 'I'; }
#endif
