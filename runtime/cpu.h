/* SPDX-License-Identifier: MIT */
/* cpu.h: what this processor has: the sizes of its caches, the vectors that it can work with, how many of it there are. */
#ifndef KB_CPU_H
#define KB_CPU_H

#include <stddef.h>

/* In ascending order: what can do one of them can do those before it. */
enum kb_cpu_isa { KB_CPU_ANY, KB_CPU_AVX2, KB_CPU_AVX512, KB_CPU_ISAS };

typedef struct kb_cpu {
  enum kb_cpu_isa isa; /* the best that the processor, the system and KEELBACK_ISA (any, avx2, avx512) allow */
  size_t l1, l2, l3;   /* bytes of data caches; sensible ones where nobody says */
  int threads;         /* processors, or fewer if KEELBACK_THREADS says so */
} kb_cpu;

/* Found out once for all threads. */
const kb_cpu *kb_cpu_get(void);

#endif
