/* SPDX-License-Identifier: MIT */
/* intern.c: one copy of each string, found by an open hash table that lives as long as the process. */
#include "ir.h"

#include <string.h>

static struct {
  kb_arena *arena;
  const char **slot;
  uint32_t n, cap; /* cap is a power of two */
} tab;

static uint32_t hash(const char *s, size_t n)
{
  uint32_t h = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < n; i++)
    h = (h ^ (unsigned char)s[i]) * 16777619u;
  return h;
}

static void grow(void)
{
  uint32_t old = tab.cap;
  const char **from = tab.slot;
  tab.cap = old ? old * 2 : 256;
  tab.slot = (const char **)kb_xrealloc(NULL, tab.cap * sizeof *tab.slot);
  memset(tab.slot, 0, tab.cap * sizeof *tab.slot);
  for (uint32_t i = 0; i < old; i++) {
    if (!from[i])
      continue;
    uint32_t h = hash(from[i], strlen(from[i]));
    while (tab.slot[h & (tab.cap - 1)])
      h++;
    tab.slot[h & (tab.cap - 1)] = from[i];
  }
  free(from);
}

const char *kb_intern_n(const char *s, size_t n)
{
  if (!tab.arena)
    tab.arena = kb_arena_new();
  if (tab.n * 4 >= tab.cap * 3)
    grow();
  uint32_t h = hash(s, n);
  for (const char *t; (t = tab.slot[h & (tab.cap - 1)]); h++)
    if (!strncmp(t, s, n) && !t[n])
      return t;
  tab.n++;
  return tab.slot[h & (tab.cap - 1)] = kb_arena_strndup(tab.arena, s, n);
}

const char *kb_intern(const char *s) { return kb_intern_n(s, strlen(s)); }
