/* SPDX-License-Identifier: MIT */
/* pool.c: memory of the local arrays of one activation. */
#include "rt.h"
#include "stress.h"

#include <stdlib.h>
#include <string.h>

/* In front of the data, which is aligned to 64 bytes: a cache line, and a vector register of AVX-512. */
typedef struct block {
  struct block *prev, *next; /* all blocks of the pool */
  void *raw;                 /* what free() takes */
  size_t cap;                /* bytes of data */
} block;

enum { ALIGN = 64 };
_Static_assert(sizeof(block) <= ALIGN, "the header fits in front of the data");

static block *header(void *data) { return (block *)((char *)data - sizeof(block)); }

static void unlink_block(kb_pool *pool, block *b)
{
  if (b->prev) b->prev->next = b->next;
  else pool->blocks = b->next;
  if (b->next) b->next->prev = b->prev;
}

/* calloc for zeroed memory: fresh pages of the system are zero already and need not be touched. */
static void *new_block(kb_pool *pool, size_t bytes, int zero)
{
  size_t all = bytes + sizeof(block) + ALIGN - 1;
  char *raw = (char *)(zero ? calloc(1, all) : malloc(all));
  if (raw == NULL) return NULL;
  uintptr_t data = ((uintptr_t)raw + sizeof(block) + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
  block *b = header(raw + (data - (uintptr_t)raw));
  b->raw = raw;
  b->cap = bytes;
  b->prev = NULL;
  b->next = (block *)pool->blocks;
  if (b->next) b->next->prev = b;
  pool->blocks = b;
  return b + 1;
}

void *kb_pool_alloc(kb_pool *pool, void **reuse, int64_t n, int64_t size, int zero)
{
  int64_t bytes;
  if (kb_stress_alloc()) return NULL;
  if (n < 0 || size <= 0 || __builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX - 2 * ALIGN) return NULL;
  if (bytes == 0) bytes = 1;
  void *old = reuse ? *reuse : NULL;
  if (old && header(old)->cap >= (size_t)bytes) {
    if (zero) memset(old, 0, (size_t)bytes);
    return old;
  }
  if (old) {
    unlink_block(pool, header(old));
    free(header(old)->raw);
    *reuse = NULL;
  }
  void *data = new_block(pool, (size_t)bytes, zero);
  if (reuse) *reuse = data;
  return data;
}

void kb_pool_free(kb_pool *pool)
{
  block *b = (block *)pool->blocks;
  pool->blocks = NULL;
  while (b) {
    block *next = b->next;
    free(b->raw);
    b = next;
  }
}
