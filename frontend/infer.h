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

/* -- infer_jit.c: kb.jit -------------------------------------------------------------------------------------- */
bool kb_jit_is_numpy(kb_ty a, kb_ty b); /* is one of them a NumPy scalar? */
kb_ty kb_jit_promote(kb_ty a, kb_ty b);
kb_ty kb_jit_binary(kb_op op, kb_ty a, kb_ty b);
kb_ty kb_jit_join(kb_ty a, kb_ty b);
const char *kb_jit_store_refused(kb_ty ty, kb_ty elem);
const char *kb_jit_call_refused(kb_builtin id, const kb_ty *types, uint32_t n);
/* Values that have a lesser type on some paths (else KB_T_BOT), and the one constant that they are then (0: none, or
 * UINT32_MAX: several; only where one machine type holds both). */
typedef struct { kb_ty *lesser; kb_ref *konst; } kb_jit_doubt;
bool kb_jit_doubts(const kb_fn *f, kb_jit_doubt *d, kb_ref *bad);
void kb_jit_doubts_free(kb_jit_doubt *d);
bool kb_jit_use_is_fine(const kb_fn *f, const kb_jit_doubt *d, kb_ref use, uint32_t k);
/* The last word on a function whose types are known; false after kb_error. */
bool kb_infer_jit(const kt_kernel *k, kb_fn *f);

#endif
