/* SPDX-License-Identifier: MIT */
/* specialise.h: what the files that turn generic IR into typed IR share.
 *
 * A generic value becomes zero or more typed ones, its parts: a number or an array one, a tuple those of its
 * items, range(a, b, c) three, an iterator its state. So tuples and iterators cost nothing at run time.
 */
#ifndef KB_SPECIALISE_H
#define KB_SPECIALISE_H

#include "../include/kbabi.h"
#include "infer.h"

typedef struct {
  kt_mod *t;
  const kb_mod *gm;
  kb_mod *m;
  kb_fn *g, *f;          /* generic (read), typed (made) */
  const kt_kernel *k;
  kb_bid *blk;           /* generic block -> typed block */
  kb_ref **parts;        /* generic value -> its typed parts */
  const uint8_t *writes; /* per generic value: an array that may be stored into */
  const uint8_t *const *writes_of; /* per kernel: the same of it */
  kb_ref **head_live;    /* per block that is a loop's head, or NULL: what is live behind its phis, 0-terminated */
  kb_ref **live;         /* per generic value that may leave: what is live there, 0-terminated */
  kb_bid cur;            /* typed block being filled */
  kb_ref at;             /* generic instruction being translated */
  kb_loc loc;
  kb_ref *is_int;        /* per generic phi that may be the int 0 or a float: a bool phi that says which; made on demand */
  uint8_t *int_shows;    /* per generic value: a variable of floats that is divided where the int 0 would show */
  kb_jit_doubt doubt;    /* kb.jit: values of two types; is_int then says: of the lesser one */
  uint32_t deopt;        /* snapshot of `at` for deopts, made when first wanted */
} sp;

/* -- specialise.c ------------------------------------------------------------------------------------ */
kb_ty sp_machine(kb_ty t, bool writes);                        /* type of the one part of a number or array */
uint32_t sp_width(kb_ty t);                                    /* number of parts */
kb_ref sp_part(const sp *s, kb_ref generic, uint32_t i);
void sp_set(sp *s, kb_ref generic, const kb_ref *parts, uint32_t n);
kb_ty sp_ty(const sp *s, kb_ref generic);                      /* Python type of a generic value */
kb_ref sp_op(sp *s, kb_op op, kb_ty ty, const kb_ref *args, uint32_t n);
kb_ref sp_op0(sp *s, kb_op op, kb_ty ty);
kb_ref sp_op1(sp *s, kb_op op, kb_ref a);                      /* result type by the row's letter */
kb_ref sp_op2(sp *s, kb_op op, kb_ref a, kb_ref b);
kb_ref sp_op3(sp *s, kb_op op, kb_ref a, kb_ref b, kb_ref c);
kb_ref sp_sel(sp *s, kb_ref cond, kb_ref a, kb_ref b);
kb_ref sp_int(sp *s, int64_t i);                               /* i64 constant */
kb_ref sp_float(sp *s, double d);
uint32_t sp_deopt(sp *s);                                      /* snapshot: the interpreter does `at` again */
uint32_t sp_overflow(sp *s);                                   /* snapshot: the int result of `at` is past 64 bits */
uint32_t sp_raise(sp *s, int exc, const char *msg, const kb_ref *args, uint32_t n);
uint32_t sp_call_snap(sp *s);                                  /* snapshot behind the call `at` */
/* Snapshot behind the call `at` for a deopt on its result: the machine parts, of the Python types given. */
uint32_t sp_deopt_after_call(sp *s, const kb_ty *types, const kb_ref *parts, uint32_t n);
kb_ref sp_guard(sp *s, kb_op op, uint32_t snap, const kb_ref *args, uint32_t n);
void sp_require(sp *s, kb_ref cond, uint32_t snap);            /* leaves unless cond */
kb_ref sp_is_int(sp *s, kb_ref generic);                       /* is this value of a float variable an int in Python? */

/* -- what osr.c needs: s has t, gm, m, g, f, k, writes ------------------------------------------------- */
uint8_t **sp_all_writes(kb_mod *gm);                           /* sp_find_writes to a fixed point; free each and all */
/* The body of s->f from that of s->g, whose pcs and values are those of frames. */
void sp_translate(sp *s);
/* How a value of type t comes out of slot: its entry, whose values are numbers of words (kb_osr_head) from *nwords on. False: it
 * has no machine form. */
bool sp_osr_entry(sp *s, kb_entry *e, uint32_t slot, kb_ty t, bool writes, uint32_t *nwords);

/* -- spec_live.c, spec_writes.c -------------------------------------------------------------------------- */
/* Fills s->live: for a call what is live after it, for anything else that may leave what is live before it. */
void sp_liveness(sp *s);
/* One round for function fn; writes[f][value] of all functions grow; did any? Run to a fixed point over the module. */
bool sp_find_writes(const kb_mod *gm, uint32_t fn, uint8_t **writes);

/* -- spec_arith.c -------------------------------------------------------------------------------------- */
kb_ref sp_convert(sp *s, kb_ref v, kb_ty from, kb_ty to);      /* as arithmetic and casts convert; wraps into sized ints */
kb_ref sp_store_convert(sp *s, kb_ref v, kb_ty from, kb_ty to);/* as stores, arguments and results: range checked */
kb_ref sp_binary(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb, kb_ty result);
kb_ref sp_compare(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb);
kb_ref sp_truth(sp *s, kb_ref generic);
kb_ref sp_float_to_int(sp *s, kb_ref d, uint32_t snap);        /* int(d): raises for NaN and infinities; snap: past 64 bits */
kb_ref sp_exact_int(sp *s, kb_ref v);                          /* a u64 that comes from outside as an exact int */
void sp_require_divisor(sp *s, kb_ref b, kb_ty t, kt_msg of_int, kt_msg of_float);
bool sp_arith(sp *s);                                          /* handles `s->at` if it is arithmetic */

/* -- spec_array.c: indexing, iterators, local arrays ------------------------------------------------------ */
bool sp_array(sp *s);
void sp_new_array(sp *s);

/* -- spec_call.c: builtins, math, kernels -------------------------------------------------------------------- */
void sp_builtin(sp *s);
void sp_kernel_call(sp *s);

/* -- spec_jit.c: NumPy's scalars ------------------------------------------------------------------------------------ */
kb_ref sp_jit_binary(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb, kb_ty result);
kb_ref sp_jit_compare(sp *s, kb_op op, kb_ref a, kb_ty ta, kb_ref b, kb_ty tb);
kb_ref sp_jit_unary(sp *s, kb_op op, kb_ref a, kb_ty t);
kb_ref sp_jit_abs(sp *s, kb_ref a, kb_ty t);
kb_ref sp_jit_store(sp *s, kb_ref v, kb_ty from, kb_ty elem);
kb_ref sp_jit_is_lesser(sp *s, kb_ref generic, kb_ty lesser);             /* is the value of its lesser type? */
void sp_jit_entry(sp *s, kb_entry *e, uint32_t slot, kb_ref generic);     /* its entry in a frame */
void sp_jit_operands(sp *s);       /* leaves where an operand of `at` is of its lesser type and that could show */

#endif
