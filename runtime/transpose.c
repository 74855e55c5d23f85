/* SPDX-License-Identifier: MIT */
/* transpose.c: kb_transpose: rows that become columns, by squares that are turned round in registers.
 *
 * A plain loop stores one element to each of many lines in turn. Here TALL rows of A are read at a time, so that a line of B is
 * written as a whole, and only WIDE rows of B are written before the next rows of A: few enough for the first level of the TLB
 * and for the lines that are not full yet. If rows of B start at one place within a line, whole lines are written.
 */
#include "runtime/cpu.h"
#include "kbabi.h"

#include <stdint.h>
#include <string.h>

#if defined __x86_64__
#define AVX2 __attribute__((target("avx2")))
#endif
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

enum { TALL = 64 /* bytes of a line */, WIDE = 256 /* rows of B */, FAR = 4096, WORK = 1 << 20 /* elements between looks */ };

typedef struct job {
  char *b;
  const char *a;
  int64_t b_j, a_i; /* bytes: B[j][i] is at b + j * b_j + i * size, A[i][j] at a + i * a_i + j * size */
} job;

/* Elements of rows i0 to i1 and columns j0 to j1, one by one. Elements need not be aligned, and are of any type. */
#define SINGLY(name, type)                                                                                   \
  static void name(const job *t, int64_t i0, int64_t i1, int64_t j0, int64_t j1)                             \
  {                                                                                                          \
    typedef type E __attribute__((aligned(1), may_alias));                                                   \
    for (int64_t i = i0; i < i1; i++) {                                                                      \
      const char *a = t->a + i * t->a_i + j0 * (int64_t)sizeof(E);                                           \
      char *b = t->b + j0 * t->b_j + i * (int64_t)sizeof(E);                                                 \
      for (int64_t j = j0; j < j1; j++, a += sizeof(E), b += t->b_j) *(E *)(void *)b = *(const E *)(const void *)a; \
    }                                                                                                        \
  }
SINGLY(singly8, int64_t)
SINGLY(singly4, int32_t)

/* -- Squares: of 4 x 4 or 8 x 8 elements where there are vectors of 32 bytes, of 2 x 2 or 4 x 4 elsewhere ------------------- */

#define LOAD(k) memcpy(&r[k], a + (k) * a_i, sizeof r[k])
#define STORE(k, v) do { V out_ = (v); memcpy(b + (k) * b_j, &out_, sizeof out_); } while (0)

#ifdef AVX2
AVX2 static inline void square8_avx2(char *b, const char *a, int64_t b_j, int64_t a_i)
{
  typedef double V __attribute__((vector_size(32)));
  V r[4];
  LOAD(0), LOAD(1), LOAD(2), LOAD(3);
  V x = SHUFFLE(r[0], r[1], 0, 4, 2, 6), y = SHUFFLE(r[0], r[1], 1, 5, 3, 7);
  V z = SHUFFLE(r[2], r[3], 0, 4, 2, 6), w = SHUFFLE(r[2], r[3], 1, 5, 3, 7);
  STORE(0, SHUFFLE(x, z, 0, 1, 4, 5));
  STORE(1, SHUFFLE(y, w, 0, 1, 4, 5));
  STORE(2, SHUFFLE(x, z, 2, 3, 6, 7));
  STORE(3, SHUFFLE(y, w, 2, 3, 6, 7));
}

AVX2 static inline void square4_avx2(char *b, const char *a, int64_t b_j, int64_t a_i)
{
  typedef float V __attribute__((vector_size(32)));
  V r[8], x[8];
  LOAD(0), LOAD(1), LOAD(2), LOAD(3), LOAD(4), LOAD(5), LOAD(6), LOAD(7);
  for (int k = 0; k < 8; k += 2) {
    x[k] = SHUFFLE(r[k], r[k + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    x[k + 1] = SHUFFLE(r[k], r[k + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int k = 0; k < 8; k += 4)
    for (int h = 0; h < 2; h++) {
      r[k + 2 * h] = SHUFFLE(x[k + h], x[k + h + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      r[k + 2 * h + 1] = SHUFFLE(x[k + h], x[k + h + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int k = 0; k < 4; k++) {
    STORE(k, SHUFFLE(r[k], r[k + 4], 0, 1, 2, 3, 8, 9, 10, 11));
    STORE(k + 4, SHUFFLE(r[k], r[k + 4], 4, 5, 6, 7, 12, 13, 14, 15));
  }
}
#endif

static inline void square8_any(char *b, const char *a, int64_t b_j, int64_t a_i)
{
  typedef double V __attribute__((vector_size(16)));
  V r[2];
  LOAD(0), LOAD(1);
  STORE(0, SHUFFLE(r[0], r[1], 0, 2));
  STORE(1, SHUFFLE(r[0], r[1], 1, 3));
}

static inline void square4_any(char *b, const char *a, int64_t b_j, int64_t a_i)
{
  typedef float V __attribute__((vector_size(16)));
  V r[4];
  LOAD(0), LOAD(1), LOAD(2), LOAD(3);
  V x = SHUFFLE(r[0], r[1], 0, 4, 1, 5), y = SHUFFLE(r[0], r[1], 2, 6, 3, 7);
  V z = SHUFFLE(r[2], r[3], 0, 4, 1, 5), w = SHUFFLE(r[2], r[3], 2, 6, 3, 7);
  STORE(0, SHUFFLE(x, z, 0, 1, 4, 5));
  STORE(1, SHUFFLE(x, z, 2, 3, 6, 7));
  STORE(2, SHUFFLE(y, w, 0, 1, 4, 5));
  STORE(3, SHUFFLE(y, w, 2, 3, 6, 7));
}

/* -- Bands: one line's worth of rows of A ----------------------------------------------------------------------------------- */

/* Rows i0 to i1 of A, columns j0 to j1, both multiples of the squares' side. The lines of the next band are asked for: they
 * are in other pages than those before them, so no processor guesses them. */
#define BAND(name, SIZE, SIDE, square, attribute)                                                            \
  attribute static void name(const job *t, int64_t i0, int64_t i1, int64_t j0, int64_t j1)                   \
  {                                                                                                          \
    for (int64_t j = j0; j < j1; j += (SIDE)) {                                                              \
      for (int64_t k = 0; k < (SIDE); k++) {                                                                 \
        const char *a = t->a + (i1 + k + j % (TALL / (SIZE)) / (SIDE) * (SIDE)) * t->a_i + j * (SIZE);       \
        __builtin_prefetch(a);                                                                               \
        __builtin_prefetch(t->b + (j + k) * t->b_j + i1 * (SIZE), 1);                                        \
      }                                                                                                      \
      for (int64_t i = i0; i < i1; i += (SIDE))                                                              \
        square(t->b + j * t->b_j + i * (SIZE), t->a + i * t->a_i + j * (SIZE), t->b_j, t->a_i);              \
    }                                                                                                        \
  }
#ifdef AVX2
BAND(band8_avx2, 8, 4, square8_avx2, AVX2)
BAND(band4_avx2, 4, 8, square4_avx2, AVX2)
#endif
BAND(band8_any, 8, 2, square8_any, )
BAND(band4_any, 4, 4, square4_any, )

typedef void part_fn(const job *t, int64_t i0, int64_t i1, int64_t j0, int64_t j1);

static part_fn *band_of(int64_t size, int64_t *side)
{
#ifdef AVX2
  if (kb_cpu_get()->isa >= KB_CPU_AVX2) {
    *side = size == 8 ? 4 : 8;
    return size == 8 ? band8_avx2 : band4_avx2;
  }
#endif
  *side = size == 8 ? 2 : 4;
  return size == 8 ? band8_any : band4_any;
}

/* How many rows of A come before those that start a line of B, if all rows of B start at one place within a line. */
static int64_t rows_before(const job *t, int64_t size, int64_t n)
{
  int64_t past = (int64_t)((uintptr_t)t->b % TALL), rows = (TALL - past) / size;
  return t->b_j % TALL || t->b_j < FAR || past == 0 || past % size ? 0 : rows < n ? rows : n;
}

int kb_transpose(void *b, const void *a, int64_t b_j, int64_t a_i, int64_t n, int64_t m, int64_t size, int looks)
{
  const job t = { (char *)b, (const char *)a, b_j, a_i };
  int64_t side, tall = TALL / size, left = WORK, first = rows_before(&t, size, n);
  part_fn *band = band_of(size, &side), *singly = size == 8 ? singly8 : singly4;
  for (int64_t j = 0; j < m; j += WIDE) {
    int64_t end = j + WIDE < m ? j + WIDE : m, whole = end - (end - j) % side;
    singly(&t, 0, first, j, end);
    for (int64_t i = first, next; i < n; i = next) {
      next = i + tall <= n ? i + tall : n - i >= side ? i + side : n;
      if (next - i >= side) {
        band(&t, i, next, j, whole);
        singly(&t, i, next, whole, end);
      } else singly(&t, i, next, j, end);
      if ((left -= (next - i) * (end - j)) < 0) {
        left = WORK;
        if (looks && kb_poll() < 0) return KB_CT_LEAVE;
      }
    }
  }
  return KB_CT_DONE;
}
