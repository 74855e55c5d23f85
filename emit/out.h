/* SPDX-License-Identifier: MIT */
/* out.h: what the files that print one kernel as C share.
 *
 *   split critical edges -> sink -> which values are folded into their use -> liveness -> which values share a
 *   variable (vars.c) -> structured control flow (flow.c) over statements (stmt.c) over expressions (expr.c);
 *   exits collect sites, which are printed in front (site.c).
 */
#ifndef KB_OUT_H
#define KB_OUT_H

#include "../include/kbabi.h"
#include "emit.h"

typedef struct {
  const kb_mod *m;
  const kb_emit_opts *o;
  kb_fn *f;
  FILE *out;              /* body text */
  int indent;
  const char *file;       /* of the last #line */
  /* vars.c */
  uint8_t *folded;        /* per value: printed inside its user (or wherever a snapshot wants it) */
  uint32_t *pos;          /* per value: position in its block */
  uint32_t *var;          /* per value: representative of the values that share its variable */
  const char **name;      /* per representative: C name */
  uint8_t *zeroed;        /* per representative: may be read unassigned (undef); starts as zero */
  /* exits of this function, in order */
  KB_VEC(uint32_t) site;  /* snapshot number + 1 */
  KB_VEC(const char *) site_guard;
  KB_VEC(uint8_t) site_on; /* goes on in the interpreter */
  bool pool;              /* has local arrays */
  bool polls;             /* counts down to polls */
  uint32_t nallocs;
  const struct fn_facts *facts; /* of all functions of the module */
  uint32_t index;         /* of f in it */
  uint32_t nblocks;       /* argument blocks of calls so far */
  KB_VEC(uint32_t) block; /* whose each is */
} out;

/* What the exits of a function ask for. */
typedef struct fn_facts {
  bool deopts;            /* may leave with a result that the interpreter computed */
  bool args;              /* takes the hidden kb_args: some exit names a parameter */
  bool image;             /* an exit of this file needs its image; else only Python does */
} fn_facts;

/* -- vars.c ----------------------------------------------------------------------------------------- */
void out_vars(out *o);                         /* needs kb_cfg; splits critical edges, may move instructions */
void out_vars_free(out *o);
bool out_has_variable(const out *o, kb_ref r); /* a declared local (not a parameter, constant or folded value) */
/* Calls fn for every variable (representative) read when r is evaluated where it stands. */
void out_leaves(const out *o, kb_ref r, void (*fn)(uint32_t var, void *data), void *data);

/* -- expr.c ------------------------------------------------------------------------------------------ */
void out_expr(out *o, kb_ref r, unsigned prec);      /* parenthesised where it binds less than prec */
void out_not(out *o, kb_ref cond);                   /* the opposite of a condition */
void out_fails(out *o, kb_ref guard);                /* the condition under which a guard leaves */
void out_element(out *o, const kb_val *access);      /* x.data[...] of LD, ST; p[...] of PLD, PST */
void out_convert_view(out *o, kb_ref r, kb_ty want); /* the view, as a const one where want is */
void out_argument(out *o, kb_ref r);                 /* for a variadic call: with its full width */
void out_live_argument(out *o, kb_ref r);

/* -- site.c --------------------------------------------------------------------------------------------- */
/* Prints `kb_exit(&kb_sites_f[n], values...);` for snapshot snap of instruction r, leaving for the reason guard. */
/* The number of one more exit among the sites, for r to leave by. */
uint32_t out_site(out *o, kb_ref r, const char *guard);
void out_exit(out *o, kb_ref r, const char *guard);
void out_sites(out *o, FILE *to);                    /* the tables of the function's exits */
/* Entries of a frame or loop head, `live` the number of the first live value; how many. */
uint32_t out_entries(out *o, const kb_entry *e, uint32_t n, uint32_t live, FILE *to);
void out_heads(const kb_fn *f, FILE *to);            /* the table of an osr function's loops */
bool out_names_parameter(const kb_fn *f, const kb_snap *s); /* in an entry */
void out_string(FILE *to, const char *s);            /* as a C literal */
const char *out_as(kb_ty t);                         /* KB_AS_ name: "INT" */

/* -- info.c ----------------------------------------------------------------------------------------------- */
fn_facts *out_facts(const kb_mod *m);                /* one a function; free() it */
/* Does the exit of r go on in the interpreter, so that its frames are needed? */
bool out_goes_on(const kb_mod *m, const fn_facts *facts, const kb_fn *f, kb_ref r);
void out_info_decls(FILE *to, const kb_mod *m, const kb_emit_opts *o, const fn_facts *facts);
void out_infos(FILE *to, const kb_mod *m, const kb_emit_opts *o, const fn_facts *facts);

/* -- stmt.c ----------------------------------------------------------------------------------------------- */
void out_line(out *o, kb_loc loc);                   /* #line, of which c.c leaves out what is counted anyway; then the indent */
void out_stmt(out *o, kb_ref r);                     /* nothing for folded values, phis, terminators */
void out_copies(out *o, kb_bid from, kb_bid to);     /* the phis of `to`, in an order that reads before it writes */
bool out_has_copies(const out *o, kb_bid from, kb_bid to);
void out_return(out *o, kb_ref r);
void out_raise(out *o, kb_ref r);

/* -- flow.c -------------------------------------------------------------------------------------------------- */
void out_flow(out *o);                               /* the whole body */

#endif
