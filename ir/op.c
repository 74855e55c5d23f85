/* SPDX-License-Identifier: MIT */
/* op.c: the tables of ops and builtins, and ops by text. */
#include "ir.h"

#include <string.h>

const kb_oprow kb_ops[KB_NOPS] = {
#define OBJ(n, text, res, args, flags, i, w, u, s, d) \
  { #n, text, KB_OP_OBJ, res, args, flags, 0, NULL, { KB_##i, KB_##w, KB_##u, KB_##s, KB_##d } },
#define VAL(n, text, res, args, flags, prec, ...) { #n, text, KB_OP_VAL, res, #args, flags, prec, #__VA_ARGS__, { 0 } },
#define HND(n, text, res, args, flags) { #n, text, KB_OP_VAL, res, args, flags, 16, NULL, { 0 } },
#define GRD(n, text, res, args, flags, prec, ...) { #n, text, KB_OP_GRD, res, #args, flags, prec, #__VA_ARGS__, { 0 } },
#define EFF(n, text, res, args, flags) { #n, text, KB_OP_EFF, res, args, flags, 0, NULL, { 0 } },
#define CTL(n, text, res, args, flags) { #n, text, KB_OP_CTL, res, args, flags, 0, NULL, { 0 } },
#include "ops.def"
};

const kb_birow kb_builtins[KB_NBUILTINS] = {
#define BUILTIN(id, text, nmin, nmax) { #id, text, nmin, nmax },
#include "builtins.def"
};

bool kb_op_takes(kb_op op, uint32_t nargs)
{
  const char *args = kb_ops[op].args, *star = strchr(args, '*');
  size_t len = strlen(args);
  return star ? nargs >= len - 2 : nargs == len;
}

/* Open hash table from text to op, filled on first use; it holds op + 1. */
enum { NSLOTS = 1024 };
_Static_assert(KB_NOPS * 2 < NSLOTS, "the table of op names is too full");
static uint16_t slots[NSLOTS];

static uint32_t hash(const char *s, size_t n)
{
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++)
    h = (h ^ (unsigned char)s[i]) * 16777619u;
  return h ^ h >> 15;
}

static void fill(void)
{
  for (uint32_t op = KB_NOPS; op > 0; op--) {
    const char *text = kb_ops[op - 1].text;
    uint32_t h = hash(text, strlen(text));
    while (slots[h % NSLOTS])
      h++;
    slots[h % NSLOTS] = (uint16_t)op;
  }
}

kb_op kb_op_find(const char *text, size_t n)
{
  if (!slots[hash("nop", 3) % NSLOTS])
    fill();
  for (uint32_t h = hash(text, n); slots[h % NSLOTS]; h++) {
    kb_op op = (kb_op)(slots[h % NSLOTS] - 1);
    if (!strncmp(kb_ops[op].text, text, n) && !kb_ops[op].text[n])
      return op;
  }
  return KB_NOPS;
}
