/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pass.h: the map of the plugin: its data, then its functions by file.
 *
 * Words. An *exit* is a call of a function with the attribute kb_exit. A *site* is the static kb_site that the
 * exit's first argument points to: one exit of the Python program. A *guard* is a GIMPLE_COND one edge of which
 * has no other way than an exit.
 *
 *   kb_sites    after cfg        notes every exit of the source: what is there to be removed
 *   kb_guards   after stdarg     finds the guards where loops are still in while form and inlining is done
 *   kb_left     after optimized  finds the guards that the object file will have
 *   finish      end of the unit  report
 */
#ifndef KB_PASS_H
#define KB_PASS_H

#include "gcc-common.h"
#include <kbabi.h>

/* The arguments -fplugin-arg-keelback-NAME[=VALUE]. */
struct kb_options {
  const char *report; /* file of the JSON report, or NULL */
  bool verbose;       /* a remark for every site */
  bool check;         /* GCC's verifiers around our passes, and our own invariants */
  bool selftest;      /* say that the self test passed */
};
extern kb_options kb_opt;

/* How the exit of a site can be reached. ORDER: form_names in report.cc. */
enum kb_form {
  KB_FORM_GUARD,  /* from a guard */
  KB_FORM_ALWAYS, /* from the function's entry or a switch, with no condition of its own: a raise statement */
  KB_FORM_JOINED, /* only behind another exit: a call's exit whose callee was inlined */
  KB_NFORMS
};

/* The stages at which exits are counted: at the three passes. */
enum kb_stage { KB_AT_SITES, KB_AT_GUARDS, KB_AT_LEFT, KB_NSTAGES };

/* One site, as its initialiser describes it, and what was seen of it. Lives as long as the compiler. */
struct kb_place {
  unsigned uid;       /* DECL_UID of the variable; 0: the site could not be read */
  unsigned index;     /* in the array */
  char *name;         /* "saxpy_sites[0]" */
  const char *func;   /* Python function */
  const char *kernel; /* the one that it was inlined into by the front end; func where it was not */
  const char *file;   /* Python file */
  unsigned line, col; /* in it, from 1; col 0: not known */
  unsigned nlines;    /* lines[0..nlines): the same of each frame; the first is line */
  unsigned *lines;
  const char *kind;   /* "bounds", "overflow", ... */
  enum kb_site_kind exit;
  const char *exception; /* NULL where the exit raises none of its own */
  location_t loc;        /* of the first exit */
  unsigned home;         /* DECL_UID of the function of the first exit, DECL_ORIGIN for clones */
  unsigned count[KB_NSTAGES][KB_NFORMS]; /* guards; exits for the other forms */
};

/* One guard, or one exit without a guard (then leave is NULL). */
struct kb_guard {
  enum kb_form form;
  edge leave; /* of the GIMPLE_COND that ends leave->src: the way out */
  gcall *exit;
};

/* site.cc */

/* Appends the places that the exit CALL can mean: one, or several where its argument is a PHI. FN is the function
   that CALL stands in. False: some of them could not be found out. */
bool kb_places_of_exit(function *fn, gcall *call, vec<kb_place *> *out);
/* All places, in the order in which they were first met. */
const vec<kb_place *> &kb_all_places(void);
/* Is the statement at LOC mapped to the file of PLACE and the line of one of its frames? */
bool kb_place_on_line(const kb_place *place, location_t loc);

/* guards.cc */

/* The attribute kb_exit. */
void kb_register_attributes(void *, void *);
bool kb_is_exit(const gimple *stmt);
bool kb_has_exit(function *fn);
/* Appends the guards and the guardless exits of FN, which has a CFG, in SSA form or not. Works at every optimisation
   level and after every pass; keeps everything. */
void kb_find_guards(function *fn, vec<kb_guard> *out);
/* Every exit of FN has at least one entry in GUARDS, and every guard's edge leads to its exit. */
void kb_check_guards(function *fn, const vec<kb_guard> &guards);

/* report.cc */

/* Counts the guards of FN. */
void kb_count_guards(function *fn, enum kb_stage stage, const vec<kb_guard> &guards);
/* Remarks for -fopt-info about FN, at the last stage; called at all. */
void kb_remark_guards(function *fn, enum kb_stage stage, const vec<kb_guard> &guards);
/* At the end of the unit: the report and the remarks that were asked for. */
void kb_report(void *, void *);

/* reportfile.cc */

/* Replaces the records of UNIT in the report FILE by RECORDS, each a JSON object on one line that starts with
   {"unit": "UNIT". NULL, or the reason why it was not written. */
const char *kb_report_write(const char *file, const char *unit, const vec<char *> &records);
/* S as a JSON string with its quotes, to be freed. */
char *kb_json_string(const char *s);

/* selftest.cc */

/* Is this the compiler that the headers describe? Looks at tables of names only. NULL, or what differs. */
const char *kb_selftest_tables(void);
/* The same for the layout of nodes, when the compiler has built its first ones. */
const char *kb_selftest_nodes(void);

#endif
