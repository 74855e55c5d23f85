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
  bool pool;              /* has local arrays */
  uint32_t nallocs;
} out;

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
/* Prints `kb_exit(&f_sites[n], values...);` for snapshot snap, leaving for the reason guard. */
void out_exit(out *o, uint32_t snap, const char *guard);
void out_sites(out *o, FILE *to);                    /* the tables of the function's exits */

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
