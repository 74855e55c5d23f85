/* SPDX-License-Identifier: MIT */
/* cpu.c: caches and vectors of this processor, found out once. */
#include "runtime/cpu.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static kb_cpu cpu;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static enum kb_cpu_isa best_isa(void)
{
#if defined __x86_64__
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return KB_CPU_ANY;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
    return KB_CPU_AVX2;
  return KB_CPU_AVX512;
#else
  return KB_CPU_ANY;
#endif
}

static enum kb_cpu_isa wished_isa(void)
{
  const char *s = getenv("KEELBACK_ISA");
  if (s && strcmp(s, "any") == 0) return KB_CPU_ANY;
  if (s && strcmp(s, "avx2") == 0) return KB_CPU_AVX2;
  return KB_CPU_AVX512;
}

/* What the system says about a cache, or the usual if it says nothing, or nonsense. */
static size_t cache(int name, size_t usual)
{
  long n = name < 0 ? 0 : sysconf(name);
  return n < 4096 || n > (1L << 30) ? usual : (size_t)n;
}

static void find_out(void)
{
  int l1 = -1, l2 = -1, l3 = -1;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  l1 = _SC_LEVEL1_DCACHE_SIZE;
  l2 = _SC_LEVEL2_CACHE_SIZE;
  l3 = _SC_LEVEL3_CACHE_SIZE;
#endif
  enum kb_cpu_isa best = best_isa(), wished = wished_isa();
  cpu.isa = wished < best ? wished : best;
  cpu.l1 = cache(l1, 32 << 10);
  cpu.l2 = cache(l2, 512 << 10);
  cpu.l3 = cache(l3, 4 << 20);
  if (cpu.l2 < cpu.l1) cpu.l2 = cpu.l1;
  if (cpu.l3 < cpu.l2) cpu.l3 = cpu.l2;
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  cpu.threads = online < 1 ? 1 : online > 256 ? 256 : (int)online;
  const char *s = getenv("KEELBACK_THREADS");
  long most = s ? strtol(s, NULL, 10) : 0;
  if (most > 0 && most < cpu.threads) cpu.threads = (int)most;
}

const kb_cpu *kb_cpu_get(void)
{
  (void)pthread_once(&once, find_out);
  return &cpu;
}
