/* SPDX-License-Identifier: MIT */
/* image.h: the flat form of a generic function: instructions over numbered slots, as bytes and as tables.
 *
 *   generic kb_fn (numbered) -kb_image_make-> bytes (in the emitted C, or in memory) -kb_image_load-> kb_image
 *
 * Values of the SSA form share slots where their live ranges do not meet (a phi and its arguments, above all);
 * what remains of the phis are movs. Snapshots keep speaking of values and pcs of the SSA form: slot_of and
 * at_pc translate. So the layout is the image's own business.
 *
 * Bytes: "KBIM", then LEB128 numbers; the same on every machine. kb_image_load believes nothing: a corrupt image is
 * refused with the reason, never run.
 */
#ifndef KB_IMAGE_H
#define KB_IMAGE_H

#include "ir.h"

#define KB_NOSLOT UINT32_MAX
#define KB_NOINS UINT32_MAX

/* One constant; it fills slot number i of constant i when a frame is made. Type KB_T_BOT: an undef (unbound). */
typedef struct {
  kb_ty ty;              /* scalar types only: KB_T_NONE, STR, BOOL, INT, FLOAT, sized; KB_T_BOT */
  bool is_type;          /* an undef that stands for its type: dtype token of kb.zeros, kb.full */
  kb_imm imm;
} kb_iconst;

typedef struct {
  uint16_t op;           /* kb_op: an OBJ row, or MOV JMP BR RET RAISE TRY ORAISE ORERAISE */
  uint16_t exc;          /* RAISE: enum kb_exc */
  uint32_t dst;          /* slot of the result, KB_NOSLOT: none */
  uint32_t nargs;
  const uint32_t *args;  /* slots */
  kb_imm imm;            /* as in the op's row; str for KB_OF_N rows, OBOUND (the variable) and RAISE (message or NULL) */
  uint32_t to[2];        /* JMP, TRY: to[0]; BR: true, false: instruction numbers, KB_NOINS: none */
  uint32_t handler;      /* instruction where an exception goes on, KB_NOINS: out of the function */
  uint32_t pc;           /* of the SSA form; a mov has that of the terminator it stands before */
  uint32_t line, col, end_col;
} kb_iins;

/* A loop head: where native code may take over (frontend/osr.c numbers them the same way: in order of rpo). */
typedef struct { uint32_t at; uint32_t pc; } kb_ihead; /* first instruction behind the phis, and its pc */

typedef struct {
  const char *name;
  const char *file;      /* as messages and tracebacks write it */
  uint32_t line;
  bool dynamic;          /* f->dynamic */
  bool wrap, raises, unchecked; /* as of the function: ints past 64 bits wrap or raise; indices are not checked */
  uint32_t nparams;
  const uint32_t *params;/* slot of each parameter, KB_NOSLOT: never read */
  uint32_t nvars;
  const char **vars;     /* names of memory variables; variable k lives in slot var0 + k */
  uint32_t var0;
  uint32_t nconsts;      /* slots 0 .. nconsts-1 */
  const kb_iconst *consts;
  uint32_t nslots;
  uint32_t nins;
  const kb_iins *ins;
  uint32_t npcs;         /* pcs and values of the SSA form */
  const uint32_t *at_pc; /* pc -> instruction, KB_NOINS: no instruction has it (a phi's pc: that of the first behind them) */
  const uint32_t *slot_of; /* value number (its pc) -> slot, KB_NOSLOT: none */
  uint32_t nheads;
  const kb_ihead *heads;
  kb_arena *arena;       /* owns it all */
} kb_image;

/* Bytes of a generic function (malloc'ed). f must be numbered (kb_fn_number) and is not changed. */
unsigned char *kb_image_make(const kb_mod *m, const kb_fn *f, size_t *n);
/* NULL, and the reason in why, when the bytes are no valid image: wrong magic, version, numbers out of range, unknown
 * ops, wrong counts of operands, jumps outside, a last instruction that falls through ... */
kb_image *kb_image_load(const unsigned char *bytes, size_t n, char *why, size_t size);
void kb_image_free(kb_image *im);
void kb_image_print(FILE *out, const kb_image *im);

#endif
