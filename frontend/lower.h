/* SPDX-License-Identifier: MIT */
/* lower.h: what the files of tree-to-generic-IR lowering share (lower_stmt.c, lower_expr.c, lower_call.c, ssa.c). */
#ifndef KB_LOWER_H
#define KB_LOWER_H

#include "frontend.h"

/* A loop being lowered: where continue and break go. */
typedef struct lw_loop {
  struct lw_loop *up;
  kb_bid next, out;
} lw_loop;

/* A phi whose block still gets predecessors. */
typedef struct { kb_bid blk; uint32_t var; kb_ref phi; } lw_open;

typedef struct {
  kt_mod *t;
  kt_kernel *k;
  kb_fn *f;
  kb_bid cur;              /* block being filled; 0 after return, raise, break: what follows is unreachable */
  lw_loop *loop;
  kb_loc at;               /* of the statement being lowered */
  /* ssa.c */
  uint32_t nvars;          /* locals, then one "is it bound" flag each, then hidden iterators and temporaries */
  KB_VEC(kb_ref *) def;    /* per block: current value of each variable, 0 = not known here */
  KB_VEC(uint8_t) sealed;  /* per block: all predecessors are known */
  KB_VEC(lw_open) open;
} lw;

/* -- ssa.c ---------------------------------------------------------------------------------------- */
void lw_start(lw *c, kt_mod *t, kt_kernel *k, kb_fn *f);
void lw_finish(lw *c);                      /* drops redundant phis and dead generic values; frees */
kb_bid lw_block(lw *c);
void lw_seal(lw *c, kb_bid b);
uint32_t lw_hidden(lw *c);                  /* a new variable that no Python name has */
void lw_write(lw *c, uint32_t var, kb_ref v);
kb_ref lw_read(lw *c, uint32_t var);
void lw_goto(lw *c, kb_bid to, kb_loc loc); /* ends the current block; nothing when it is unreachable */

/* -- lower_expr.c ------------------------------------------------------------------------------------- */
kb_ref lw_expr(lw *c, kt_node *n);                         /* 0 after an error */
void lw_cond(lw *c, kt_node *n, kb_bid yes, kb_bid no);    /* branches on the truth of n; ends the current block */
kb_ref lw_op(lw *c, kb_op op, kb_loc loc, const kb_ref *args, uint32_t n);
kb_ref lw_op1(lw *c, kb_op op, kb_loc loc, kb_ref a);
kb_ref lw_op2(lw *c, kb_op op, kb_loc loc, kb_ref a, kb_ref b);
kb_ref lw_fail(lw *c, kb_loc loc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void lw_raise(lw *c, kb_loc loc, int exc, const char *msg); /* ends the current block */

/* -- lower_call.c --------------------------------------------------------------------------------------- */
kb_ref lw_call(lw *c, kt_node *n);

/* -- lower_hint.c --------------------------------------------------------------------------------------- */
void lw_hint_for(lw *c, kb_bid body, kt_node *target);   /* target NULL: a loop of a builtin */
void lw_hint_while(lw *c, kb_bid body, kt_node *loop);
void lw_hints_done(lw *c);                               /* options for loops that there are not: errors */

/* -- lower_stmt.c --------------------------------------------------------------------------------------- */
void lw_assign(lw *c, kt_node *target, kb_ref v);
/* Opens a loop over iterable value x; the item of this turn comes back, the current block is the body. target: as in lw_hint_for. */
typedef struct { lw_loop loop; kb_bid head, done; uint32_t it; } lw_for;
kb_ref lw_for_begin(lw *c, lw_for *l, kb_ref x, kt_node *target, kb_loc loc);
void lw_for_end(lw *c, lw_for *l, kb_loc loc);   /* the current block is then l->done: the iterable is used up */

#endif
