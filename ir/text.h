/* SPDX-License-Identifier: MIT */
/* text.h: what print.c and snap.c share: the numbering of one function's text, and how its parts are written. */
#ifndef KB_TEXT_H
#define KB_TEXT_H

#include "ir.h"

#include <string.h>

typedef struct {
  FILE *out;
  const kb_mod *m;     /* or NULL: callees are printed by index */
  const kb_fn *f;
  KB_VEC(kb_bid) order; /* blocks as printed: reverse postorder, then unreachable ones */
  uint32_t *blk;       /* block to printed number */
  uint32_t *val;       /* value to printed number; 0: not defined by the text */
  uint32_t *snap;      /* snapshot to printed number + 1; 0: not used */
  uint32_t nsnaps;
  uint32_t *snap_at;   /* printed number to snapshot */
} kb_text;

void kb_text_init(kb_text *t, FILE *out, const kb_mod *m, const kb_fn *f);
void kb_text_free(kb_text *t);
void kb_text_use(const kb_text *t, kb_ref r);     /* an operand: %name.5, 1, 2.0f, undef:obj ... */
void kb_text_loc(const kb_text *t, kb_loc loc);   /* " !5:9-17", or nothing */
void kb_text_string(FILE *out, const char *s);    /* "quoted" */
void kb_text_ins(const kb_text *t, kb_ref r);     /* an instruction, without the end of the line */
void kb_text_snap(const kb_text *t, uint32_t snap); /* one line with its end */

/* Names of the kinds of virtual objects, and of the kinds of exits. ORDER kb_vkind, kb_exitkind. */
extern const char *const kb_virt_names[KB_NVIRT];
extern const char *const kb_exit_names[3];
const char *kb_exc_text(unsigned exc); /* "IndexError" */

static inline bool kb_same_file(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }
static inline bool kb_loc_equal(kb_loc a, kb_loc b)
{
  return kb_same_file(a.file, b.file) && a.line == b.line && a.col == b.col && a.end_col == b.end_col;
}

#endif
