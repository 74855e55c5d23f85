/* SPDX-License-Identifier: MIT */
/* imgcode.h: the byte form of an image: what image.c writes and imgload.c reads.
 *
 *   image    = "KBIM" version ops builtins strings name file line flags params vars consts nslots code pcs slots heads sum
 *   strings  = n, n times (length, bytes); later a string is its number + 1, 0: none
 *   params   = n, n times slot + 1;  vars = n, first slot, n strings
 *   consts   = n, n times (type, is a type, value by its type)
 *   code     = n, n times instruction
 *   instruction = op [slot + 1] [number of operands] slots [immediate] [targets] [handler + 1] pc line col end_col
 *       slot: where the row has a result; number: where the row has a *; handler: in dynamic functions; pc and line as
 *       differences from those before
 *   pcs      = n, n times instruction + 1 as a difference;  slots = n times slot + 1;  heads = n, n times (at, pc)
 *   sum      = 4 bytes, FNV-1a of all before: a changed byte is always noticed
 * Numbers are LEB128, signed ones with the sign in the lowest bit; floats are their bits, lowest byte first.
 */
#ifndef KB_IMGCODE_H
#define KB_IMGCODE_H

#include "image.h"

enum { KB_IMAGE_VERSION = 1, KB_IMAGE_SUM = 4 };
enum { KB_IMAGE_DYNAMIC = 1, KB_IMAGE_WRAP = 2, KB_IMAGE_RAISES = 4, KB_IMAGE_UNCHECKED = 8, KB_IMAGE_FLAGS = 16 };

static inline uint32_t kb_image_sum(const unsigned char *p, size_t n)
{
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++)
    h = (h ^ p[i]) * 16777619u;
  return h;
}

/* Which immediate an instruction has in its bytes. */
typedef enum { KB_IMM_NONE, KB_IMM_INT, KB_IMM_STR, KB_IMM_RAISE } kb_imm_kind;
static inline kb_imm_kind kb_image_imm(unsigned op)
{
  if (op == KB_RAISE)
    return KB_IMM_RAISE;
  if (op == KB_OBOUND || (kb_ops[op].flags & KB_OF_N))
    return KB_IMM_STR;
  return kb_ops[op].flags & (KB_OF_I | KB_OF_V) ? KB_IMM_INT : KB_IMM_NONE;
}
static inline bool kb_image_has_result(unsigned op) { return kb_ops[op].result != '-'; }

#endif
