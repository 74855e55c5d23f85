/* SPDX-License-Identifier: MIT */
/* contract_pack.h: panels: `wide` rows of A or columns of B side by side, so that a micro-kernel reads them in one stream.
 *
 * A panel has for each p `wide` neighbours. Where a panel has fewer, the others are whatever comes handy: they are
 * not used. Up to a vector may be written behind its end.
 */

/* Neighbours in memory are those along p: VL elements of VL rows are turned at a time. What a turned vector has too much
 * falls on the next p, which is written later. */
KB_INLINE void X(pack_turned)(char *to, int wide, const char *from, int64_t step, int have, int64_t k)
{
  const char *row[KB_CT_MR > NR ? KB_CT_MR + VL : NR + VL];
  int groups = (wide + VL - 1) / VL;
  for (int w = 0; w < groups * VL; w++)
    row[w] = from + (w < have ? w : have - 1) * step;
  int64_t p = 0;
  for (; p + VL <= k; p += VL)
    for (int g = groups - 1; g >= 0; g--) { /* the last first: its surplus falls on what the first one writes after it */
      V v[VL];
      UNROLL for (int l = 0; l < VL; l++)
        v[l] = X(get)(row[g * VL + l] + p * ES);
      X(transpose)(v);
      UNROLL for (int l = 0; l < VL; l++)
        X(put)(to + ((p + l) * wide + g * VL) * ES, v[l]);
    }
  for (; p < k; p++)
    for (int w = 0; w < wide; w++)
      ((T *)(void *)to)[p * wide + w] = *(const T *)(const void *)(row[w] + p * ES);
}

/* Neighbours in memory are those of a place. */
KB_INLINE void X(pack_straight)(char *to, int wide, const char *from, int64_t from_p, int have, int64_t k)
{
  for (int64_t p = 0; p < k; p++, from += from_p, to += wide * ES)
    if (have == wide) __builtin_memcpy(to, from, (size_t)wide * sizeof(T));
    else __builtin_memcpy(to, from, (size_t)have * sizeof(T));
}

KB_INLINE void X(pack)(char *to, int wide, const char *from, int64_t step, int64_t from_p, int have, int64_t k, bool scaled, T scale)
{
  if (from_p == ES) X(pack_turned)(to, wide, from, step, have, k);
  else if (step == ES) X(pack_straight)(to, wide, from, from_p, have, k);
  else
    for (int64_t p = 0; p < k; p++)
      for (int w = 0; w < have; w++)
        ((T *)(void *)to)[p * wide + w] = *(const T *)(const void *)(from + w * step + p * from_p);
  if (!scaled) return;
  for (int64_t p = 0; p < k; p++)
    for (int w = 0; w < have; w++)
      ((T *)(void *)to)[p * wide + w] = scale * ((T *)(void *)to)[p * wide + w];
}

/* All panels of `count` rows or columns, one after the other. */
static __attribute__((noinline)) void X(pack_a)(char *to, const kb_ct *t, const char *a, int64_t count, int64_t k)
{
  for (int64_t i = 0; i < count; i += MR, to += MR * k * ES) {
    int have = count - i < MR ? (int)(count - i) : MR;
    X(pack)(to, MR, a + i * t->a_i, t->a_i, t->a_p, have, k, t->flags & KB_CT_ALPHA_A && !t->scale_b, (T)t->alpha);
  }
}
static __attribute__((noinline)) void X(pack_b)(char *to, const kb_ct *t, const char *b, int64_t count, int64_t k)
{
  for (int64_t j = 0; j < count; j += NR, to += NR * k * ES) {
    int have = count - j < NR ? (int)(count - j) : NR;
    X(pack)(to, NR, b + j * t->b_j, t->b_j, t->b_p, have, k, t->scale_b, (T)t->alpha);
  }
}
