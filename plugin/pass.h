/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pass.h: the map of the plugin: its data, then its functions by file.
 *
 * Words. An *exit* is a call of a function with the attribute kb_exit, or at link time of kb_exit itself. A *site* is the static kb_site that the
 * exit's first argument points to: one exit of the Python program. A *guard* is a GIMPLE_COND one edge of which
 * has no other way than an exit.
 *
 *   kb_sites    after cfg        notes every exit of the source: what is there to be removed
 *   kb_marks    after retslot    hints of the source become marks of loops; inlining is done
 *   kb_guards   after stdarg     loops are in while form, no guard was copied: fields of views become scalars, nests are
 *                                versioned, strips lowered
 *   kb_clean    after kb_guards  dead code elimination
 *   kb_nests    after cselim     contraction, tiling, jamming of the guard-free copies; polls come back
 *   kb_vectors  after ch_vect    what the vectoriser may do with marked loops; kb_plain before pcom takes it back
 *   kb_fuse     after pcom       multiplication and addition to one operation, where contract was asked for
 *   kb_left     after optimized  finds the guards that the object file will have; overflows next to their tests
 *   finish      end of the unit  report
 *
 * A *nest* is a loop with all that is in it. Versioning makes a *fast copy*, without the guards that are proven at run
 * time, and leaves the *slow copy*, which is exact by itself. An *obligation* is a run-time condition that the fast copy
 * needs. An *interval* is a pair of SSA names, valid at the nest's entry, between which a value stays all through the nest.
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
  bool count;         /* fast copies count themselves in the variable kb_fast_copies, for tests */
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
  const char *unit;   /* C file; NULL: the one that is compiled */
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
  unsigned depth;        /* of loops around its guards, at kb_guards; the deepest */
  unsigned proven, stays; /* calls of kb_guard_proven and kb_guard_stays */
  const char *why, *remedy; /* of the first one that stays */
  const char *blame, *help; /* why it was not proven at a nest's entry, of the last one, and what would help; or NULL */
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
/* At link time, the C file that DECL comes from; else NULL. */
const char *kb_unit_of(tree decl);
/* Is the statement at LOC mapped to the file of PLACE and the line of one of its frames? */
bool kb_place_on_line(const kb_place *place, location_t loc);

/* guards.cc */

/* The attribute kb_exit. */
void kb_register_attributes(void *, void *);
bool kb_is_exit(const gimple *stmt);
/* Is FN the external function NAME of the C source? */
bool kb_is_named(tree fn, const char *name);
/* Is NAME that of a function by which a kernel is entered at the head of a loop? Its sites are in no report: they are the
   kernel's once more. */
static inline bool kb_is_entry(const char *name) { return !strncmp(name, "kb_r_", 5); }
bool kb_has_exit(function *fn);
/* Appends the guards and the guardless exits of FN, which has a CFG, in SSA form or not. Works at every optimisation
   level and after every pass; keeps everything. */
void kb_find_guards(function *fn, vec<kb_guard> *out);
/* Every exit of FN has at least one entry in GUARDS, and every guard's edge leads to its exit. */
void kb_check_guards(function *fn, const vec<kb_guard> &guards);

/* decide.cc: what was done to a loop or guard, and why not. */

enum kb_outcome { KB_DONE, KB_NOT, KB_NOTE };
/* Records a decision of PASS ("guards", "contract", "tile", ...; a literal) about what stands at LOC: for -fopt-info, the
   remarks of verbose, and the report. The text says in lower case what was done, or why not and what would help. */
void kb_decide(location_t loc, enum kb_outcome what, const char *pass, const char *format, ...) ATTRIBUTE_PRINTF_4;
/* The guard that leaves by EXIT is not in a fast copy; to be called before the copy is changed. */
void kb_guard_proven(gcall *exit);
/* The guard that leaves by EXIT could not be removed from any copy: why, beyond what kb_guard_unproven said, and what would help
   against that; each may be "". */
void kb_guard_stays(gcall *exit, const char *why, const char *remedy);
/* The guard that leaves by EXIT was not proven at its nest's entry: why, for kb_guard_stays, which may follow. */
void kb_guard_unproven(gcall *exit, const char *why, const char *remedy);
/* ENTRY leads into a fast copy and nowhere else: with the argument count, code that counts it is put there. */
void kb_count_copy(edge entry);
/* Where PLACE stands, with Python's column. */
location_t kb_place_location(const kb_place *place);

/* One decision; col 0: not known. home: DECL_UID of its function, as in kb_place. */
struct kb_decision {
  enum kb_outcome what;
  const char *pass;
  const char *unit; /* as in kb_place */
  char *func, *file;
  unsigned line, col;
  char *text;
  unsigned home;
};
const vec<kb_decision> &kb_all_decisions(void);
/* Where LOOP stands in the source. */
location_t kb_loop_location(class loop *loop);

/* marks.cc: loop->constraints has room in its high bits, and every copy of a loop keeps it. */

enum kb_mark {
  KB_REASSOC = 1 << 8, KB_CONTRACT = 1 << 9, KB_NNAN = 1 << 10, KB_NSZ = 1 << 11, KB_ARCP = 1 << 12,
  KB_INDEPENDENT = 1 << 13, KB_PARALLEL = 1 << 14, KB_VECTORIZE = 1 << 15,
  KB_FAST = 1 << 16,     /* in a copy without the proven guards */
  KB_SLOW = 1 << 17,     /* in an exact copy beside one: not worth more work */
  KB_UNPOLLED = 1 << 18, /* in a copy whose polls were taken out: kb_polls_return puts some back */
  KB_SHARED = 1 << 19,   /* others may write to the same arrays meanwhile */
  KB_HINT_SHIFT = 20     /* the index of a kb_hint, from 1, in the bits above */
};
static inline bool kb_marked(const class loop *loop, unsigned marks) { return (loop->constraints & marks) == marks; }
static inline void kb_mark_loop(class loop *loop, unsigned marks) { loop->constraints |= marks; }

/* What the source says about one loop (KB_LOOP in kbabi.h) beyond the marks. */
struct kb_hint {
  char *name;       /* of the loop's variable */
  unsigned tile;    /* turns; 0: none */
  unsigned unroll;  /* times; 0: as GCC likes, 1: not */
  bool no_vector;
  bool unchecked;   /* indices are not checked (bounds=False) */
};
const kb_hint *kb_hint_of(const class loop *loop); /* or NULL */
unsigned kb_read_marks(function *fn);              /* the pass: what is to be done after it (TODO_*) */

/* views.cc */

/* Loads fields of views (and other small structs by value) where the struct is set, so that loops have scalars. */
bool kb_scalar_views(function *fn);

/* polls.cc: KB_STRIP and KB_POLL. */

/* The call T = kb_strip_end (END, BOUND): a strip's end; END reaches BOUND in the last strip. NULL: STMT is another. */
gcall *kb_strip_call(gimple *stmt);
/* The call LEFT = kb_poll (). NULL: STMT is another. */
gcall *kb_poll_call(gimple *stmt);
/* In NEST, a copy that is complete and has dominators: strips reach their bounds, and polls are gone but in innermost loops
   that are not counted; loops that polled are KB_UNPOLLED, with EXACT also those that ran in strips. False: nothing was done.
   Leaves conditions that are constant. */
bool kb_polls_take_out(class loop *nest, bool exact);
/* All strips that are left in FN are what the runtime's function computes. */
bool kb_strips_lower(function *fn);
/* In loops that are KB_UNPOLLED: a poll at the latch, which charges the turns inside. After it nothing can leave by polls. */
bool kb_polls_return(function *fn);
/* Block B, which is in a nest whose polls were taken out, or in front of it, and has one successor, ends with: if (LHS < 0)
   leave, as a poll does. False: there is no such nest. Breaks dominators and memory's SSA form. */
bool kb_leave_if_negative(basic_block b, tree lhs);

/* interval.cc, affine.cc: struct kb_intervals in interval.h. version.cc: the pass. */

bool kb_version_nests(function *fn);

/* blame.cc: what helps against what the inspector has against a loop, or ""; and that there is CALL. */
const char *kb_inspect_remedy(const char *why);
const char *kb_why_call(gimple *call);

/* inspect.cc: guards that depend on data, strip by strip. */

bool kb_inspect_loop(function *fn, class loop *loop);
/* Does T point into a view or a local array? Of raw pointers it is not known how far they reach. DEPTH 0. */
bool kb_points_into_view(tree t, int depth);

/* indices.cc: G is about to go, as it is proven: what it said of an index holds in its loop, until kb_forget_indices. */
void kb_note_index(const kb_guard &g);
void kb_forget_indices(void);

/* rare.cc: an innermost loop nearly all turns of which change nothing; true: the IL was changed. */
bool kb_search_loop(function *fn, class loop *loop);

/* contract.cc, depend.cc, tile.cc, jam.cc: each tries one nest; true: the IL was changed. */

bool kb_contract_nest(function *fn, class loop *nest);
/* contract.cc: in front of NEST, if GO, which TEST computes: CALLS, which give RESULT: 0: the nest runs, else it is done, below 0:
   leave as polls do. False: nothing polls here. Memory's SSA form is to be updated. */
bool kb_call_instead(function *fn, class loop *nest, gimple_seq test, tree go, gimple_seq calls, tree result);
bool kb_transpose_nest(function *fn, class loop *nest); /* transpose.cc */
bool kb_tile_nest(function *fn, class loop *nest);
bool kb_jam_nest(function *fn, class loop *nest);
bool kb_tell_facts(class loop *nest); /* facts.cc */

/* reduce.cc, fuse.cc */

void kb_vectors_begin(function *fn);
void kb_vectors_end(function *fn);
void kb_hook_vector_costs(void);
bool kb_fuse_products(function *fn);
bool kb_use_reciprocals(function *fn); /* for kb_vectors_begin */

/* mathvec.cc: vector functions of libm, in loops that have all permissions of fastmath=True. */

/* Is STMT, in LOOP, a function that has a vector function, and may have it there? */
bool kb_is_vector_math(class loop *loop, gimple *stmt);
/* The call of LOOP whose result is not finite when G leaves, and is finite for arguments in its domain; or NULL. */
gcall *kb_math_of_guard(class loop *loop, const kb_guard &g);
/* Do ARGS lie outside of CALL's domain, or is one NaN? */
tree kb_emit_outside(gimple_seq *seq, gcall *call, const tree *args);
void kb_hook_vector_math(void);
/* Around the vectoriser. */
void kb_vector_math_begin(function *fn);
void kb_vector_math_end(function *fn);

/* order.cc: overflows right in front of their tests, for the code generator; true: something moved. */

bool kb_order_checks(function *fn);

/* fromend.cc: one comparison for an index that may count from the end; true: something changed. */

bool kb_ask_once(function *fn);

/* report.cc */

/* Counts the guards of FN. */
void kb_count_guards(function *fn, enum kb_stage stage, const vec<kb_guard> &guards);
/* Remarks for -fopt-info about FN, at the last stage; called at all. */
void kb_remark_guards(function *fn, enum kb_stage stage, const vec<kb_guard> &guards);
/* At the end of the unit: the report and the remarks that were asked for. */
void kb_report(void *, void *);

/* reportfile.cc */

/* Replaces the records of UNIT in the report FILE by RECORDS, each a JSON object on one line that starts with
   {"unit": "UNIT". UNIT NULL, at link time: replaces only those that are of the same unit and site. NULL, or the
   reason why it was not written. */
const char *kb_report_write(const char *file, const char *unit, const vec<char *> &records);
/* S as a JSON string with its quotes, to be freed. */
char *kb_json_string(const char *s);

/* selftest.cc */

/* Is this the compiler that the headers describe? Looks at tables of names only. NULL, or what differs. */
const char *kb_selftest_tables(void);
/* The same for the layout of nodes, when the compiler has built its first ones. */
const char *kb_selftest_nodes(void);

#endif
