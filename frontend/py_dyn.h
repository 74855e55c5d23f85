/* SPDX-License-Identifier: MIT */
/* py_dyn.h: what the files of the dynamic front end share: any Python function to generic IR for the interpreter.
 *
 *   function -py_dyn.c-> AST of its def -py_dyn_scope.c-> variables -py_dyn_{stmt,flow,expr,call,make}.c-> generic IR
 *
 * The AST is lowered directly, with the SSA builder of the kernels (ssa.c). Nothing is resolved: a name that is no
 * local is looked up when it is met, as in CPython. What cannot be lowered exactly makes the function "not taken",
 * with one sentence why; lowering goes on to the end then, and its result is thrown away.
 *
 * A function is lowered up to three times, as each time tells something that the next one has to know beforehand:
 * which variables nested functions share (cells), and which of them handlers read (memory; see py_dyn.c).
 */
#ifndef KB_PY_DYN_H
#define KB_PY_DYN_H

#include "py.h"
#include "lower.h"

/* Where a variable lives. */
typedef enum {
  DY_SSA,     /* in values; a second SSA variable says whether it is bound */
  DY_MEMORY,  /* obj.getvar: a handler may see it half-way, or it is deleted somewhere */
  DY_CELL,    /* a cell of this function */
  DY_FREE,    /* a cell of the closure */
  DY_GLOBAL
} dy_place;

typedef struct {
  const char *name;
  dy_place place;
  uint32_t ssa, bound;     /* DY_SSA: its variables of ssa.c */
  uint32_t memory;         /* DY_MEMORY: its number in f->vars */
  kb_ref cell;             /* DY_CELL, DY_FREE */
} dy_var;
typedef KB_VEC(dy_var) dy_vars;

/* A comprehension being lowered: a scope of its own inside the function. */
typedef struct dy_comp {
  struct dy_comp *up;
  PyObject *node;          /* borrowed */
  dy_vars vars;
} dy_comp;

/* What a break, continue or return has to run on its way out. */
typedef enum {
  DY_LOOP,     /* next, out */
  DY_TRY,      /* a protected block: its handler is left */
  DY_FINALLY,  /* the same, with a body to run */
  DY_WITH,     /* the same, with __exit__ to call */
  DY_HANDLER   /* the body of a handler: exc is being handled; name is deleted */
} dy_kind;
typedef struct dy_block {
  struct dy_block *up;
  dy_kind kind;
  kb_bid handler;          /* in force outside of it */
  kb_bid next, out;
  PyObject *body;          /* DY_FINALLY: list of statements, borrowed */
  kb_ref exc;              /* DY_HANDLER: obj.caught; DY_WITH: obj.withexit */
  uint32_t it;             /* DY_LOOP: 1 + the variable of its iterator; 0: none */
  const char *name;        /* DY_HANDLER: of except ... as name, or NULL */
  kb_loc loc;
} dy_block;

/* A variable that a nested function captures; comp is NULL for one of the function itself. */
typedef struct { PyObject *comp; const char *name; } dy_capture;

typedef struct {
  lw c;
  kb_py *py;
  PyObject *function, *code, *node; /* borrowed: the function, its code object, its def or lambda */
  const char *file;
  const char *klass;       /* class whose body it stands in, for private names; NULL: none */
  PyObject *pool;          /* list: what obj.pool names */
  const char *why;         /* why it is not taken, NULL so far */
  uint32_t why_line;
  dy_vars vars;            /* locals in the order of their SSA numbers, then cells of the closure */
  KB_VEC(const char *) globals;     /* declared by a global statement */
  /* What earlier rounds found out. */
  KB_VEC(dy_capture) captured;
  KB_VEC(const char *) in_memory;
  bool all_memory;         /* this round: every local that is no cell */
  bool protects;           /* it has try or with */
  bool optimised;          /* python -O: no asserts */
  bool again;              /* something new was found: one more round */
  /* Where we are. */
  kb_bid handler;
  dy_block *blocks;
  dy_comp *comp;
} dy;

typedef KB_VEC(kb_ref) dy_refs;

/* -- py_dyn.c: the whole way ------------------------------------------------------------------------------- */
/* "not taken": only the first reason counts. */
void dy_refuse(dy *d, PyObject *node, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
kb_loc dy_loc(const dy *d, PyObject *node);
/* One instruction in the current block; undef when that is unreachable. */
kb_ref dy_op(dy *d, kb_op op, kb_loc loc, const kb_ref *args, uint32_t n);
kb_ref dy_op0(dy *d, kb_op op, kb_loc loc);
kb_ref dy_op1(dy *d, kb_op op, kb_loc loc, kb_ref a);
kb_ref dy_op2(dy *d, kb_op op, kb_loc loc, kb_ref a, kb_ref b);
kb_ref dy_imm(dy *d, kb_ref r, int64_t i);         /* its immediate; r comes back */
kb_ref dy_name(dy *d, kb_ref r, const char *name); /* the same for a name */
kb_ref dy_none(dy *d);
kb_ref dy_pool(dy *d, PyObject *object, kb_loc loc); /* obj.pool of object */
/* Makes b the current block: all who go there are known. Unreachable when nobody does. */
void dy_enter(dy *d, kb_bid b);
void dy_branch(dy *d, kb_ref v, kb_loc loc, kb_bid yes, kb_bid no); /* on the truth of v */
void dy_leave(dy *d, kb_ref v, kb_loc loc); /* ret v */
PyObject *dy_get(PyObject *node, const char *attr);                  /* a list field; an empty list when there is none */

/* -- py_dyn_scope.c: names ---------------------------------------------------------------------------------- */
/* The variables of the function: parameters, whatever its body binds, the closure. */
void dy_scope(dy *d);
/* Private names get their class in front. */
const char *dy_mangle(dy *d, const char *name);
const char *dy_mangled(dy *d, PyObject *node, const char *attr);
dy_var *dy_find(dy *d, const char *name); /* NULL: a global */
kb_ref dy_load(dy *d, const char *name, kb_loc loc);
void dy_store(dy *d, const char *name, kb_ref v, kb_loc loc);
/* Appends what the locals hold: operands of a ret, which keeps them until then. */
void dy_keep_all(dy *d, dy_refs *args);
void dy_keep_iterators(dy *d, kb_loc loc); /* before an exception leaves loops */
void dy_delete(dy *d, const char *name, kb_loc loc);
void dy_unbind(dy *d, const char *name, kb_loc loc); /* name = None; del name */
/* Names that a comprehension binds: variables of its own. */
void dy_comp_begin(dy *d, dy_comp *comp, PyObject *node);
void dy_comp_end(dy *d, dy_comp *comp);
/* The code object, of those in co_consts, that node (def, lambda, comprehension) was compiled to; NULL: refused. Borrowed. */
PyObject *dy_code_of(dy *d, PyObject *node, const char *name);
/* Do all instructions of a code object stand between the node's beginning and its end? */
bool dy_stands_in(PyObject *code, PyObject *node);
/* The cells that a code object wants: appended to args. */
void dy_closure(dy *d, PyObject *code, dy_refs *args);

/* -- py_dyn_expr.c: expressions ------------------------------------------------------------------------------ */
kb_ref dy_expr(dy *d, PyObject *node);
void dy_cond(dy *d, PyObject *node, kb_bid yes, kb_bid no); /* ends the current block */
/* Line of an attribute: CPython names the one on which the attribute itself stands. */
kb_loc dy_attr_loc(const dy *d, PyObject *node);
/* Refuses attributes that look at frames (sys._getframe). */
void dy_check_attr(dy *d, PyObject *node, const char *attr);
/* The index of a subscript (without its object), appended to args. */
void dy_index(dy *d, PyObject *index, dy_refs *args);
int dy_inplace(dy *d, PyObject *op); /* immediate of obj.inplace */
/* A constant of the AST, or one that a tuple display of constants makes: a new reference, NULL when it is none. */
PyObject *dy_constant(PyObject *node);
kb_ref dy_value(dy *d, PyObject *object, kb_loc loc); /* of a constant */

/* -- py_dyn_call.c: calls and displays ------------------------------------------------------------------------- */
kb_ref dy_call(dy *d, PyObject *node);
kb_ref dy_list(dy *d, PyObject *elts, kb_loc loc); /* of a display, stars included */
kb_ref dy_display(dy *d, PyObject *node);          /* List, Tuple, Set, Dict */
kb_ref dy_fstring(dy *d, PyObject *node);

/* -- py_dyn_make.c: functions and comprehensions ---------------------------------------------------------------- */
kb_ref dy_lambda(dy *d, PyObject *node);
void dy_def(dy *d, PyObject *node);
kb_ref dy_comprehension(dy *d, PyObject *node);
kb_ref dy_generator(dy *d, PyObject *node);

/* -- py_dyn_stmt.c: statements ------------------------------------------------------------------------------------ */
void dy_body(dy *d, PyObject *list);
void dy_assign(dy *d, PyObject *target, kb_ref v);

/* -- py_dyn_flow.c: loops, handlers, ways out ------------------------------------------------------------------------ */
void dy_for(dy *d, PyObject *node);
void dy_while(dy *d, PyObject *node);
void dy_try(dy *d, PyObject *node);
void dy_with(dy *d, PyObject *node);
void dy_break(dy *d, PyObject *node, bool go_on);
void dy_return(dy *d, PyObject *node);
/* A loop over iterable x: the item comes back, the current block is the body. dy_loop_end: the block behind it is. */
typedef struct { kb_bid head, done; uint32_t it; } dy_loop;
kb_ref dy_loop_begin(dy *d, dy_loop *l, kb_ref x, kb_loc loc);
void dy_loop_end(dy *d, dy_loop *l, kb_loc loc);

#endif
