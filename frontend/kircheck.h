/* SPDX-License-Identifier: MIT */
/* kircheck.h: `# run:` and `# exit:` lines of text IR, through the engines of `keelback opt -x`. */
#ifndef KB_KIRCHECK_H
#define KB_KIRCHECK_H
#include "evalfn.h"

/* One line: call, and what has to come of it. */
typedef struct {
  uint32_t line;          /* in the file */
  uint32_t fn;            /* of the module */
  kb_cell *args;
  uint32_t *same_as;      /* argument that this one is the same array as, + 1; 0: an array of its own, or a scalar */
  const char *result;     /* as kb_cell_print writes it; NULL: anything that the function gives before the passes */
  const char *arrays;     /* what array arguments hold afterwards, "[1 2] [3.0]"; NULL: not asked */
  uint32_t snap;          /* exit: snapshot + 1; 0: returns */
} kir_case;
typedef KB_VEC(kir_case) kir_cases;

/* Reads the lines of a module's text; false after kb_error. */
bool kir_read(const char *file, const char *text, const kb_mod *m, kb_arena *a, kir_cases *cases);
/* Fresh arguments: arrays are copied, so that a case can be run again. */
kb_cell *kir_arguments(const kb_mod *m, const kir_case *c, kb_arena *a);
void kir_print_arrays(FILE *out, const kb_mod *m, const kir_case *c, const kb_cell *args);
/* Each gives how many cases failed; kb_error tells of each. before: the module as read; after: behind the passes. */
uint32_t kir_check_folded(const char *file, const kb_mod *before, const kb_mod *after, const kir_cases *cases);
uint32_t kir_check_c(const char *file, const kb_mod *before, kb_mod *after, const kir_cases *cases);
#endif
