/* SPDX-License-Identifier: MIT */
/* arena.c: memory that is freed all at once: chunks that double in size up to a limit. */
#include "ir.h"

#include <stdarg.h>
#include <string.h>

enum { FIRST = 4096, LARGEST = 1 << 18, ALIGN = 16 };

typedef struct chunk {
  struct chunk *next;
  size_t size, used; /* bytes behind the header */
} chunk;

struct kb_arena {
  chunk *head; /* allocations come from this one; big ones have their own behind it */
};

/* The header takes a multiple of ALIGN bytes, so what follows is aligned as malloc's result is. */
enum { HEADER = (sizeof(chunk) + ALIGN - 1) / ALIGN * ALIGN };
static char *chunk_data(chunk *c) { return (char *)c + HEADER; }

static _Noreturn void no_memory(void)
{
  fputs("keelback: out of memory\n", stderr);
  exit(EXIT_FAILURE);
}

void *kb_xzalloc(size_t n)
{
  void *p = kb_xrealloc(NULL, n ? n : 1);
  memset(p, 0, n);
  return p;
}

void *kb_xrealloc(void *p, size_t n)
{
  void *q = realloc(p, n ? n : 1);
  if (!q)
    no_memory();
  return q;
}

static chunk *chunk_new(size_t size)
{
  chunk *c = (chunk *)calloc(1, HEADER + size);
  if (!c)
    no_memory();
  c->size = size;
  return c;
}

kb_arena *kb_arena_new(void)
{
  kb_arena *a = (kb_arena *)kb_xrealloc(NULL, sizeof *a);
  a->head = NULL;
  return a;
}

void kb_arena_free(kb_arena *a)
{
  if (!a)
    return;
  for (chunk *c = a->head, *next; c; c = next) {
    next = c->next;
    free(c);
  }
  free(a);
}

void *kb_arena_alloc(kb_arena *a, size_t size)
{
  if (size > SIZE_MAX / 2)
    no_memory();
  size = (size + ALIGN - 1) / ALIGN * ALIGN;
  chunk *c = a->head;
  if (!c || c->size - c->used < size) {
    size_t want = !c ? FIRST : c->size * 2 > LARGEST ? LARGEST : c->size * 2;
    if (size > want / 2) { /* a chunk of its own; the current one keeps its room */
      chunk *own = chunk_new(size);
      own->used = size;
      if (c) {
        own->next = c->next;
        c->next = own;
      } else {
        a->head = own;
      }
      return chunk_data(own);
    }
    c = chunk_new(want);
    c->next = a->head;
    a->head = c;
  }
  void *p = chunk_data(c) + c->used;
  c->used += size;
  return p;
}

char *kb_arena_strndup(kb_arena *a, const char *s, size_t n)
{
  char *p = (char *)kb_arena_alloc(a, n + 1);
  if (n)
    memcpy(p, s, n);
  return p;
}

char *kb_arena_printf(kb_arena *a, const char *fmt, ...)
{
  kb_assert(fmt != NULL, "no format");
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  kb_assert(n >= 0, "a format that cannot be printed");
  char *p = (char *)kb_arena_alloc(a, (size_t)n + 1);
  vsnprintf(p, (size_t)n + 1, fmt, again);
  va_end(again);
  return p;
}
