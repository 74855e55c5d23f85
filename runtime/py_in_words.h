/* SPDX-License-Identifier: MIT */
/* py_in_words.h: between the files that take values from native code to slots and back: py_in_words.c (slots from live values,
 * argument blocks, results), py_in_unpack.c (live values from slots), py_in_deopt.c, py_in_native.c. */
#ifndef KB_PY_IN_WORDS_H
#define KB_PY_IN_WORDS_H

#include "py_in.h"

extern const kb_interp kb_interp_table;

/* The values of an exit. */
typedef struct in_live {
  const kb_site *site;
  const kb_word *live;      /* behind those of the message */
  const kb_fn_info *outer;  /* the function whose argument block live[0] is, where an entry names a parameter */
  const char *args;
  bool jit;                 /* the frame being filled is one of kb.jit */
} in_live;

/* -- py_in_words.c: to slots --------------------------------------------------------------------------------- */
/* The value that entry *e describes, which moves on behind it and its parts; -1: an exception is set. */
int in_from_native(const in_live *from, const kb_site_entry **e, in_val *r);
/* Parameter k as it lies in the argument block. */
int in_argument(const kb_fn_info *info, const char *args, uint32_t k, in_val *r);
/* What native code left in ret, as its caller sees it. */
int in_native_result(const kb_fn_info *info, const char *ret, in_val *r);

/* -- py_in_unpack.c: from slots --------------------------------------------------------------------------------- */
/* Puts v into the words that entry *e and its parts describe: false: it has not what they need. */
bool in_to_words(const kb_site_entry **e, const in_val *v, kb_word *words, uint32_t nwords);
/* Argument v of a call, converted to what parameter k declares, into the block; false: it does not fit there. */
bool in_put_argument(const kb_fn_info *info, uint32_t k, const in_val *v, char *args);
/* Part i of a result into ret; -1: it does not fit. */
int in_put_result(const kb_fn_info *info, uint32_t i, const in_val *v, char *ret);
void in_skip_entry(const kb_site_entry **e);

/* -- py_in_typed.c: the same for kb.jit, whose types are exact -------------------------------------------------------- */
bool in_exact_scalar(uint8_t as, const in_val *v, kb_word *w);
bool in_exact_argument(const kb_fn_info *info, uint32_t k, const in_val *v, char *args);
/* Native code from loop head h on: what it returns, or -1 when the slots are not as it needs them. */
int in_typed_resume(in_frame *f, uint32_t h, kb_word *words, void *ret);
/* The ndarray that was given to the native code that leaves, by the parts of its view. */
bool in_taken_array(const kb_word *w, uint16_t what, in_val *r);

/* -- py_in_deopt.c, py_in_module.c -------------------------------------------------------------------------------- */
in_val in_pending_result(kb_pending *p);         /* takes it */
extern bool in_ended; /* Python was finalized */
int in_start(const char *program, char *why, size_t size);

#endif
