/* SPDX-License-Identifier: MIT */
/* contract_vector.h: vectors of T, as contract_ways.h and one contract_<isa>.c name them. No guard: for double and for float.
 *
 * T: the element; X(name): the name of a thing for it; KB_CT_VB: bytes of a vector; KB_CT_F64: is it double? A file that has
 * an instruction for it defines KB_CT_FMA(type)_(a, b, c), KB_CT_MASK... for loads of a part, and KB_CT_JOIN for two halves of 16 bytes.
 */

#define V X(kb_vec)
#define VU X(kb_vec_any)                                  /* at any address of an element */
#define VL ((int)(KB_CT_VB / sizeof(T)))                  /* elements */
#define ES ((int64_t)sizeof(T))
#define UNROLL _Pragma("GCC unroll 16")

typedef T V __attribute__((vector_size(KB_CT_VB)));
typedef T VU __attribute__((vector_size(KB_CT_VB), aligned(sizeof(T)), may_alias));

KB_INLINE V X(all)(T x) { return x - (V){ 0 }; }          /* not x + 0: that is no -0.0 */
KB_INLINE V X(get)(const char *p) { return *(const VU *)p; }
KB_INLINE void X(put)(char *p, V v) { *(VU *)p = v; }

/* a * b + c; rounded once if there is an instruction for it and fused is true. */
KB_INLINE V X(madd)(V a, V b, V c, bool fused)
{
#ifdef KB_CT_FMA
  if (fused) return KB_CT_FMA(a, b, c);
#endif
  (void)fused;
  return c + a * b;
}

/* The first n > 0 elements at p, and zeros; nothing else is read. */
#ifndef KB_CT_MASK
KB_INLINE int X(mask)(int n) { return n; }
KB_INLINE V X(get_part)(const char *p, int n)
{
  V v = { 0 };
  for (int i = 0; i < n; i++)
    v[i] = ((const T *)(const void *)p)[i];
  return v;
}
#define MASK int
#else
#define MASK KB_CT_MASK
KB_INLINE MASK X(mask)(int n) { return KB_CT_MASK_OF(n); }
KB_INLINE V X(get_part)(const char *p, MASK m) { return KB_CT_GET_PART(p, m); }
#endif
KB_INLINE void X(put_part)(char *p, V v, int n)
{
  T t[VL];
  const char *from = (const char *)t;
  X(put)((char *)t, v);
  UNROLL for (int part = VL; part > 0; part /= 2)
    if (n & part) {
      memcpy(p, from, (size_t)part * sizeof(T));
      p += part * ES, from += part * ES;
    }
}

/* v[i][l] becomes v[l][i]. The steps are those that vectors of 16 and 32 bytes have instructions for. */
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#if KB_CT_VB / KB_CT_SIZE == 2
KB_INLINE void X(transpose)(V v[2])
{
  V a = SHUFFLE(v[0], v[1], 0, 2), b = SHUFFLE(v[0], v[1], 1, 3);
  v[0] = a, v[1] = b;
}
#elif KB_CT_VB / KB_CT_SIZE == 4 && KB_CT_VB == 32
KB_INLINE void X(transpose)(V v[4])
{
  V a = SHUFFLE(v[0], v[1], 0, 4, 2, 6), b = SHUFFLE(v[0], v[1], 1, 5, 3, 7);
  V c = SHUFFLE(v[2], v[3], 0, 4, 2, 6), d = SHUFFLE(v[2], v[3], 1, 5, 3, 7);
  v[0] = SHUFFLE(a, c, 0, 1, 4, 5), v[1] = SHUFFLE(b, d, 0, 1, 4, 5);
  v[2] = SHUFFLE(a, c, 2, 3, 6, 7), v[3] = SHUFFLE(b, d, 2, 3, 6, 7);
}
#elif KB_CT_VB / KB_CT_SIZE == 4
KB_INLINE void X(transpose)(V v[4])
{
  V a = SHUFFLE(v[0], v[1], 0, 4, 1, 5), b = SHUFFLE(v[0], v[1], 2, 6, 3, 7);
  V c = SHUFFLE(v[2], v[3], 0, 4, 1, 5), d = SHUFFLE(v[2], v[3], 2, 6, 3, 7);
  v[0] = SHUFFLE(a, c, 0, 1, 4, 5), v[1] = SHUFFLE(a, c, 2, 3, 6, 7);
  v[2] = SHUFFLE(b, d, 0, 1, 4, 5), v[3] = SHUFFLE(b, d, 2, 3, 6, 7);
}
#elif KB_CT_VB / KB_CT_SIZE == 8 && KB_CT_VB == 32
KB_INLINE void X(transpose)(V v[8])
{
  V a[8];
  UNROLL for (int i = 0; i < 8; i += 4) {
    V p = SHUFFLE(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13), q = SHUFFLE(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    V r = SHUFFLE(v[i + 2], v[i + 3], 0, 8, 1, 9, 4, 12, 5, 13), s = SHUFFLE(v[i + 2], v[i + 3], 2, 10, 3, 11, 6, 14, 7, 15);
    a[i] = SHUFFLE(p, r, 0, 1, 8, 9, 4, 5, 12, 13), a[i + 1] = SHUFFLE(p, r, 2, 3, 10, 11, 6, 7, 14, 15);
    a[i + 2] = SHUFFLE(q, s, 0, 1, 8, 9, 4, 5, 12, 13), a[i + 3] = SHUFFLE(q, s, 2, 3, 10, 11, 6, 7, 14, 15);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    v[i] = SHUFFLE(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    v[i + 4] = SHUFFLE(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}
#else /* through memory */
KB_INLINE void X(transpose)(V *v)
{
  T t[VL][VL];
  for (int i = 0; i < VL; i++)
    for (int l = 0; l < VL; l++)
      t[l][i] = v[i][l];
  for (int i = 0; i < VL; i++)
    v[i] = X(get)((const char *)t[i]);
}
#endif

/* Columns of VL rows, LANE at a time: 16 bytes of each row. Row r is at low + r * s; high is LANE rows further on, and has the
 * rows of the upper half of a vector: they are loaded there, and half of a transposition is saved. */
#define LANE ((int)(16 / KB_CT_SIZE))
#if KB_CT_VB == 16
KB_INLINE void X(columns)(const char *low, const char *high, int64_t s, V *col)
{
  (void)high;
  UNROLL for (int r = 0; r < LANE; r++)
    col[r] = X(get)(low + r * s);
  X(transpose)(col);
}
#elif defined KB_CT_JOIN
KB_INLINE void X(columns)(const char *low, const char *high, int64_t s, V *col)
{
  V v[LANE];
  UNROLL for (int r = 0; r < LANE; r++)
    v[r] = KB_CT_JOIN(low + r * s, high + r * s);
#if KB_CT_SIZE == 8
  col[0] = SHUFFLE(v[0], v[1], 0, 4, 2, 6), col[1] = SHUFFLE(v[0], v[1], 1, 5, 3, 7);
#else
  V a = SHUFFLE(v[0], v[1], 0, 8, 1, 9, 4, 12, 5, 13), b = SHUFFLE(v[0], v[1], 2, 10, 3, 11, 6, 14, 7, 15);
  V c = SHUFFLE(v[2], v[3], 0, 8, 1, 9, 4, 12, 5, 13), d = SHUFFLE(v[2], v[3], 2, 10, 3, 11, 6, 14, 7, 15);
  col[0] = SHUFFLE(a, c, 0, 1, 8, 9, 4, 5, 12, 13), col[1] = SHUFFLE(a, c, 2, 3, 10, 11, 6, 7, 14, 15);
  col[2] = SHUFFLE(b, d, 0, 1, 8, 9, 4, 5, 12, 13), col[3] = SHUFFLE(b, d, 2, 3, 10, 11, 6, 7, 14, 15);
#endif
}
#else
KB_INLINE void X(columns)(const char *low, const char *high, int64_t s, V *col)
{
  (void)high;
  for (int r = 0; r < VL; r++)
    for (int c = 0; c < LANE; c++)
      col[c][r] = *(const T *)(const void *)(low + r * s + c * ES);
}
#endif
