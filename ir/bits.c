/* SPDX-License-Identifier: MIT */
/* bits.c: sets of small integers as bit arrays on the heap. */
#include "ir.h"

#include <string.h>

static uint32_t words(uint32_t nbits) { return (nbits >> 6) + ((nbits & 63) != 0); }

/* An empty set that can hold 0 ... nbits - 1. */
void kb_bits_init(kb_bits *b, uint32_t nbits)
{
  size_t size = (size_t)words(nbits) * sizeof *b->w;
  b->w = (uint64_t *)kb_xrealloc(NULL, size);
  memset(b->w, 0, size);
  b->n = nbits;
}

void kb_bits_free(kb_bits *b)
{
  free(b->w);
  b->w = NULL;
  b->n = 0;
}

bool kb_bits_or(kb_bits *dst, const kb_bits *src)
{
  kb_assert(dst->n >= src->n, "a set of %u bits cannot take one of %u", dst->n, src->n);
  uint64_t changed = 0;
  for (uint32_t i = 0, n = words(src->n); i < n; i++) {
    changed |= src->w[i] & ~dst->w[i];
    dst->w[i] |= src->w[i];
  }
  return changed != 0;
}

bool kb_bits_next(const kb_bits *b, uint32_t *i)
{
  if (*i >= b->n)
    return false;
  uint32_t k = *i >> 6, n = words(b->n);
  uint64_t w = b->w[k] >> (*i & 63) << (*i & 63);
  while (!w) {
    if (++k == n)
      return false;
    w = b->w[k];
  }
  *i = (k << 6) + (uint32_t)__builtin_ctzll(w);
  return true;
}
