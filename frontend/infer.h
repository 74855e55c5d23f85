/* SPDX-License-Identifier: MIT */
/* infer.h: what inference and specialisation share about Python's types. */
#ifndef KB_INFER_H
#define KB_INFER_H

#include "frontend.h"

/* The type of a value that arrives in, or is returned from, something declared ty: sized ints become int. */
kb_ty kb_value_type(kb_ty declared);
/* The type of an element of an array when it is read. */
kb_ty kb_elem_value_type(kb_ty elem);
/* The type in which two numbers meet, KB_T_BOT when they cannot. */
kb_ty kb_promote(kb_ty a, kb_ty b);
/* The least type of a variable that holds either, KB_T_VOID when there is none. */
kb_ty kb_join(kb_ty a, kb_ty b);
/* NULL when a value of type ty may be passed to, returned as or stored into something declared want; else what is
 * wrong with it and the cure, for a message. */
const char *kb_convert_refused(kb_ty ty, kb_ty want);
static inline bool kb_is_numeric(kb_ty t) { return t >= KB_T_BOOL && t <= KB_T_F64; }

/* infer_weak.c: values whose Python type depends on the path (int or float, weak or sized) and were given one
 * machine type: refuses every use where the difference would show. false after kb_error. */
bool kb_infer_weak(kb_fn *f, bool declared);

#endif
