/* SPDX-License-Identifier: MIT */
/* evalfn.h: typed functions evaluated value by value: the reference engine of `keelback opt -x folded`. */
#ifndef KB_EVALFN_H
#define KB_EVALFN_H
#include "../ir/ir.h"

/* An array: the elements are laid out as in C, strides are in elements. Items of a tuple, for a call's result. */
typedef struct kb_view { kb_ty elem; uint32_t rank; char *data; int64_t shape[4], stride[4]; } kb_view;
typedef struct kb_cell { kb_imm imm; const kb_view *view; struct kb_cell *items; uint32_t n; } kb_cell;

/* Evaluates m->fns.v[fn]. Writes the outcome to out as text: what is returned, or the exit with its message and
 * frames, every entry with its value; *exit (if not NULL) gets the snapshot + 1 that was left by (of the innermost
 * function that left), 0 after a return. false: the function did what no correct one does (an access out of bounds,
 * an op outside its domain, a use of undef), or did not end; out says what. */
bool kb_eval_fn(const kb_mod *m, uint32_t fn, const kb_cell *args, kb_arena *a, FILE *out, const kb_snap **exit);

/* "1", "2.5", "true", "-0.0", "nan": a scalar of that type, as text IR writes it but for its suffix. */
void kb_cell_print(FILE *out, kb_ty ty, const kb_cell *c);
void kb_view_print(FILE *out, const kb_view *v); /* [1 2 3], [[1.0 2.0] [3.0 4.0]] */
#endif
