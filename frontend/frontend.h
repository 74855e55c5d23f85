/* SPDX-License-Identifier: MIT */
/* frontend.h: the front end as a library: Python to tree (py_*), tree to typed IR, and the pipeline. */
#ifndef KB_FRONTEND_H
#define KB_FRONTEND_H

#include "tree.h"

/* -- py_load.c (Python.h inside; the GIL is held) ------------------------------------------------------ */
/* Executes the file in the main interpreter as `python FILE` would find it (sys.path[0] = its folder; not
 * as __main__), finds its kernels and makes their trees. Errors go to kb_error; NULL when the file cannot
 * be executed; kernels with errors have errors > 0. */
kt_mod *kb_py_load(const char *path);
void kt_mod_free(kt_mod *m);

/* -- lower_*.c, ssa.c: tree to generic IR --------------------------------------------------------------- */
/* One generic kb_fn a kernel, same indices; functions with errors are left empty. */
kb_mod *kb_lower(kt_mod *m);

/* -- infer.c: types of generic values ---------------------------------------------------------------------- */
/* Writes the Python type of every value of every function into its ty; false after kb_error. */
bool kb_infer(kt_mod *t, kb_mod *m);

/* -- specialise.c: generic IR to typed IR ---------------------------------------------------------------------- */
/* A new module of typed functions with guards and snapshots; NULL after kb_error. The generic one stays. */
kb_mod *kb_specialise(kt_mod *t, kb_mod *generic);

/* -- osr.c: entries into loops ------------------------------------------------------------------------------------ */
/* Makes m->osr, for the functions whose images the exits of m (optimised) need. */
void kb_osr(kt_mod *t, kb_mod *generic, kb_mod *m);

/* -- pipeline.c -------------------------------------------------------------------------------------------------- */
typedef struct {
  const char *dump;       /* letters, or names with commas between, to dump after (passes.def), or NULL */
  FILE *dump_to;
  const char *stop_after; /* name of a stage or pass (its first time), or NULL */
  bool verify;            /* after each pass; always at the end */
  bool no_opt;
  bool stress;
} kb_pipeline_opts;
/* tree -> generic -> typed -> passes of passes.def; NULL after kb_error. */
kb_mod *kb_compile(kt_mod *t, const kb_pipeline_opts *o);
/* Runs one named pass ("fold", "gvn", "range", "guardelim", "latch", "inline", "dce", "poll") over m; false: no such pass. */
bool kb_run_pass(kb_mod *m, const char *name);
void kb_dump_letters(FILE *out); /* what `dump` may hold, one letter a line */

#endif
