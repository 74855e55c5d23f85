/* SPDX-License-Identifier: MIT */
/* contract_kernel.h: micro-kernels: a tile of C in registers, of MR rows and two vectors, or less at the edges.
 *
 * One body, inlined with constants, is all of them: 12 sums, two vectors of B and one element of A fill the 16 registers of
 * most processors. A and B are read where they lie, or in panels (contract_pack.h): the strides are the difference. Rows that
 * are missing are computed as copies of the last one, so half as many kernels do; columns that are missing are not read.
 */

#define NR (2 * VL)
#define MR KB_CT_MR

typedef struct X(kb_tile) {
  int64_t k;                  /* > 0 */
  const char *a; int64_t a_i, a_p;
  const char *b; int64_t b_p; /* along j the elements are neighbours */
  const char *from; int64_t from_i;
  char *to; int64_t to_i;     /* the same memory as from, or far from it */
  int rows, cols;             /* <= MR, <= NR */
} X(kb_tile);

/* mr: rows that it computes, of which the last may be missing; nv: vectors of a row, of which the last is a part. */
KB_INLINE void X(tile_body)(const X(kb_tile) *t, int mr, int nv, bool part, bool fused)
{
  const char *a = t->a, *b = t->b, *from = t->from;
  int64_t a_i = t->a_i, a_p = t->a_p, b_p = t->b_p, f_i = t->from_i, n = t->k;
  int last = mr - 1 - (t->rows < mr), cut = t->cols - (nv - 1) * VL;
  int64_t last_a = last * a_i, last_f = last * f_i;
  MASK m = X(mask)(part ? cut : VL);
  V sum[KB_CT_MR][2];
  UNROLL for (int i = 0; i < mr; i++)
    UNROLL for (int j = 0; j < nv; j++) {
      const char *p = from + (i == mr - 1 ? last_f : i * f_i) + j * KB_CT_VB;
      sum[i][j] = part && j == nv - 1 ? X(get_part)(p, m) : X(get)(p);
    }
  do {
    V v[2];
    UNROLL for (int j = 0; j < nv; j++)
      v[j] = part && j == nv - 1 ? X(get_part)(b + j * KB_CT_VB, m) : X(get)(b + j * KB_CT_VB);
    UNROLL for (int i = 0; i < mr; i++) {
      V x = X(all)(*(const T *)(const void *)(a + (i == mr - 1 ? last_a : i * a_i)));
      UNROLL for (int j = 0; j < nv; j++)
        sum[i][j] = X(madd)(x, v[j], sum[i][j], fused);
    }
    a += a_p;
    b += b_p;
  } while (--n);
  char *to = t->to;
  int64_t t_i = t->to_i, last_t = last * t_i;
  UNROLL for (int i = 0; i < mr; i++)
    UNROLL for (int j = 0; j < nv; j++) {
      char *p = to + (i == mr - 1 ? last_t : i * t_i) + j * KB_CT_VB;
      if (part && j == nv - 1) X(put_part)(p, sum[i][j], cut);
      else X(put)(p, sum[i][j]);
    }
}

typedef void X(kb_kernel)(const X(kb_tile) *);
#define KERNEL(name, mr, nv, part, fused) \
  static void X(name)(const X(kb_tile) *t) { X(tile_body)(t, mr, nv, part, fused); }
#define KERNELS(f, fused) \
  KERNEL(f##6, 6, 2, false, fused) KERNEL(f##6p, 6, 2, true, fused) KERNEL(f##6h, 6, 1, true, fused) \
  KERNEL(f##4, 4, 2, false, fused) KERNEL(f##4p, 4, 2, true, fused) KERNEL(f##4h, 4, 1, true, fused) \
  KERNEL(f##2, 2, 2, false, fused) KERNEL(f##2p, 2, 2, true, fused) KERNEL(f##2h, 2, 1, true, fused)
#define NAMES(f) { X(f##2), X(f##2p), X(f##2h) }, { X(f##4), X(f##4p), X(f##4h) }, { X(f##6), X(f##6p), X(f##6h) }

KERNELS(strict, false)
#ifdef KB_CT_FMA
KERNELS(fused, true)
#endif
#if KB_CT_MR > 6 /* only whole tiles, of panels */
KB_INLINE void X(tile_most)(const X(kb_tile) *t, bool fused)
{
  X(kb_tile) u = *t;
  u.a_i = ES, u.a_p = MR * ES, u.b_p = NR * ES, u.rows = MR;
  X(tile_body)(&u, MR, 2, false, fused);
}
static void X(strict_most)(const X(kb_tile) *t) { X(tile_most)(t, false); }
#ifdef KB_CT_FMA
static void X(fused_most)(const X(kb_tile) *t) { X(tile_most)(t, true); }
#endif
#endif

/* [fused][rows: 1 or 2, 3 or 4, 5 or 6][columns: both vectors, part of the second, part of the first] */
static X(kb_kernel) *const X(kernels)[2][3][3] = {
  { NAMES(strict) },
#ifdef KB_CT_FMA
  { NAMES(fused) },
#else
  { NAMES(strict) },
#endif
};

static void X(tile_run)(X(kb_tile) *t, bool fused)
{
  int rows = t->rows, way = t->cols == NR ? 0 : t->cols > VL ? 1 : 2;
#if KB_CT_MR > 6
  if (rows == MR && way == 0 && t->a_i == ES && t->a_p == MR * ES && t->b_p == NR * ES) {
#ifdef KB_CT_FMA
    if (fused) X(fused_most)(t);
    else
#endif
      X(strict_most)(t);
    return;
  }
#endif
  for (;;) {
    t->rows = rows < 6 ? rows : 6;
    X(kernels)[fused][(t->rows - 1) / 2][way](t);
    if ((rows -= t->rows) == 0) return;
    t->a += 6 * t->a_i;
    t->from += 6 * t->from_i;
    t->to += 6 * t->to_i;
  }
}
#undef KERNEL
#undef KERNELS
#undef NAMES
