/* SPDX-License-Identifier: MIT */
/* contract_gemv.h: C[i] = sum over p of A[i,p] * x[p].
 *
 * Where a column of A is contiguous, eight columns at a time are added to sums in the first cache: the order is the loop's.
 * Where a row is, sums that may be added in any order have vectors along p. In the strict form products are computed along
 * p, turned in registers, and added row by row: vectors of sums run along i, and each row keeps its order.
 */

enum {
  X(COLS) = 8,             /* of A, at a time */
  X(SUMS) = 8192 / (int)sizeof(T),
  X(ROWS) = KB_CT_VB > 32 ? VL : 32 / (int)sizeof(T), /* at a time, where any order will do: eight sums in flight, of one or two for a row */
  X(EACH) = X(ROWS) < 8 ? 8 / X(ROWS) : 1,
  X(STRICT) = 2 * VL       /* rows at a time, in order */
};

/* A sum is at its end. */
KB_INLINE void X(gemv_out)(const kb_ct *t, int64_t i, T v)
{
  T *c = (T *)(void *)(t->c + i * t->c_i);
  if (t->flags & KB_CT_ALPHA) v = (T)t->alpha * v;
  *c = kb_ct_beta_last(t) ? v + (T)t->beta * *c : v;
}

/* Where it starts. */
KB_INLINE T X(gemv_in)(const kb_ct *t, int64_t i)
{
  if (!(t->flags & KB_CT_INTO)) return 0;
  T c = *(const T *)(const void *)(t->c + i * t->c_i);
  return kb_ct_beta_first(t) ? (T)t->beta * c : c;
}

/* count sums, of `cols` columns from p. */
KB_INLINE void X(gemv_add)(const kb_ct *t, const char *a, const T *x, T *sum, int64_t count, int cols, bool fused)
{
  V by[X(COLS)];
  const char *col[X(COLS)];
  UNROLL for (int c = 0; c < cols; c++)
    by[c] = X(all)(x[c]), col[c] = a + c * t->a_p;
  int64_t i = 0;
  for (; i + VL <= count; i += VL) {
    V s = X(get)((const char *)(sum + i));
    UNROLL for (int c = 0; c < cols; c++)
      s = X(madd)(X(get)(col[c] + i * ES), by[c], s, fused);
    X(put)((char *)(sum + i), s);
  }
  if (i == count) return;
  MASK m = X(mask)((int)(count - i));
  V s = X(get)((const char *)(sum + i)); /* there is room for a whole vector */
  UNROLL for (int c = 0; c < cols; c++)
    s = X(madd)(X(get_part)(col[c] + i * ES, m), by[c], s, fused);
  X(put)((char *)(sum + i), s);
}

KB_INLINE int X(gemv_columns)(kb_ct *t, const T *x, bool fused)
{
  T sum[X(SUMS)] __attribute__((aligned(64)));
  for (int64_t i = 0; i < t->m; i += X(SUMS)) {
    int64_t count = t->m - i < X(SUMS) ? t->m - i : X(SUMS), p = 0;
    const char *a = t->a + i * ES;
    for (int64_t l = 0; l < (count + VL - 1) / VL * VL; l++)
      sum[l] = l < count ? X(gemv_in)(t, i + l) : (T)0;
    for (; p + X(COLS) <= t->k; p += X(COLS)) {
      X(gemv_add)(t, a + p * t->a_p, x + p, sum, count, X(COLS), fused);
      if (!kb_ct_go_on(t, count * X(COLS))) return KB_CT_LEAVE;
    }
    for (; p < t->k; p++)
      X(gemv_add)(t, a + p * t->a_p, x + p, sum, count, 1, fused);
    for (int64_t l = 0; l < count; l++)
      X(gemv_out)(t, i + l, sum[l]);
  }
  return KB_CT_DONE;
}

/* p to p_end of ROWS rows, for a vector of sums that are added up later. */
KB_INLINE void X(gemv_some)(const char *const *row, const T *x, int64_t p, int64_t p_end, V sum[X(ROWS)][X(EACH)], bool fused)
{
  V s[X(ROWS)][X(EACH)];
  UNROLL for (int r = 0; r < X(ROWS); r++)
    UNROLL for (int e = 0; e < X(EACH); e++)
      s[r][e] = sum[r][e];
  for (; p + X(EACH) * VL <= p_end; p += X(EACH) * VL)
    UNROLL for (int e = 0; e < X(EACH); e++) {
      V v = X(get)((const char *)(x + p + e * VL));
      UNROLL for (int r = 0; r < X(ROWS); r++)
        s[r][e] = X(madd)(X(get)(row[r] + (p + e * VL) * ES), v, s[r][e], fused);
    }
  while (p < p_end) {
    int n = p_end - p < VL ? (int)(p_end - p) : VL;
    MASK m = X(mask)(n);
    V v = X(get_part)((const char *)(x + p), m);
    UNROLL for (int r = 0; r < X(ROWS); r++)
      s[r][0] = X(madd)(X(get_part)(row[r] + p * ES, m), v, s[r][0], fused);
    p += n;
  }
  UNROLL for (int r = 0; r < X(ROWS); r++)
    UNROLL for (int e = 0; e < X(EACH); e++)
      sum[r][e] = s[r][e];
}

/* p to p_end of STRICT rows, in order. */
KB_INLINE void X(gemv_order)(const char *const *row, const T *x, int64_t p, int64_t p_end, V sum[2])
{
  V s0 = sum[0], s1 = sum[1];
  for (; p < p_end; p += VL) {
    V a[VL], b[VL];
    if (p_end - p >= VL) {
      V v = X(get)((const char *)(x + p));
      UNROLL for (int l = 0; l < VL; l++)
        a[l] = X(get)(row[l] + p * ES) * v, b[l] = X(get)(row[VL + l] + p * ES) * v;
      X(transpose)(a);
      X(transpose)(b);
      UNROLL for (int l = 0; l < VL; l++)
        s0 = s0 + a[l], s1 = s1 + b[l];
    } else
      for (; p < p_end; p++) {
        UNROLL for (int l = 0; l < VL; l++)
          a[0][l] = *(const T *)(const void *)(row[l] + p * ES), b[0][l] = *(const T *)(const void *)(row[VL + l] + p * ES);
        V v = X(all)(x[p]);
        s0 = s0 + a[0] * v, s1 = s1 + b[0] * v;
      }
  }
  sum[0] = s0, sum[1] = s1;
}

enum { X(RUN) = 1 << 15 }; /* places of p between looks */

KB_INLINE int X(gemv_rows)(kb_ct *t, const T *x, bool fused)
{
  const char *row[X(ROWS)];
  bool plain = t->c_i == ES && !(t->flags & (KB_CT_ALPHA | KB_CT_BETA | KB_CT_INTO));
  for (int64_t i = 0; i < t->m; i += X(ROWS)) {
    int have = t->m - i < X(ROWS) ? (int)(t->m - i) : X(ROWS);
    for (int r = 0; r < X(ROWS); r++)
      row[r] = t->a + (i + (r < have ? r : have - 1)) * t->a_i;
    V sum[X(ROWS)][X(EACH)] = { 0 };
    if (have == X(ROWS) && t->m - i >= 2 * X(ROWS))
      UNROLL for (int r = 0; r < X(ROWS); r++)
        UNROLL for (int l = 0; l < 2; l++)
          __builtin_prefetch(row[r] + X(ROWS) * t->a_i + l * 64);
    for (int64_t p = 0; p < t->k; p += X(RUN)) {
      int64_t p_end = t->k - p < X(RUN) ? t->k : p + X(RUN);
      X(gemv_some)(row, x, p, p_end, sum, fused);
      if (!kb_ct_go_on(t, (p_end - p) * X(ROWS))) return KB_CT_LEAVE;
    }
    for (int g = 0; g < X(ROWS); g += VL) {
      V v[VL];
      UNROLL for (int l = 0; l < VL; l++) {
        v[l] = sum[g + l][0];
        UNROLL for (int e = 1; e < X(EACH); e++)
          v[l] += sum[g + l][e];
      }
      X(transpose)(v);
      for (int l = 1; l < VL; l++)
        v[0] += v[l];
      if (plain && g + VL <= have) {
        X(put)(t->c + (i + g) * ES, v[0]);
        continue;
      }
      for (int l = 0; l < VL && g + l < have; l++) {
        T s = v[0][l];
        if (t->flags & KB_CT_INTO) s = X(gemv_in)(t, i + g + l) + s;
        X(gemv_out)(t, i + g + l, s);
      }
    }
  }
  return KB_CT_DONE;
}

static int X(gemv_strict)(kb_ct *t, const T *x)
{
  const char *row[X(STRICT)];
  for (int64_t i = 0; i < t->m; i += X(STRICT)) {
    int have = t->m - i < X(STRICT) ? (int)(t->m - i) : X(STRICT);
    T start[X(STRICT)] = { 0 };
    for (int r = 0; r < X(STRICT); r++) {
      int64_t at = i + (r < have ? r : have - 1);
      row[r] = t->a + at * t->a_i;
      start[r] = X(gemv_in)(t, at);
    }
    V sum[2] = { X(get)((const char *)start), X(get)((const char *)(start + VL)) };
    for (int64_t p = 0; p < t->k; p += X(RUN)) {
      int64_t p_end = t->k - p < X(RUN) ? t->k : p + X(RUN);
      X(gemv_order)(row, x, p, p_end, sum);
      if (!kb_ct_go_on(t, (p_end - p) * X(STRICT))) return KB_CT_LEAVE;
    }
    for (int r = 0; r < have; r++)
      X(gemv_out)(t, i + r, sum[r / VL][r % VL]);
  }
  return KB_CT_DONE;
}

static int X(gemv_columns_strict)(kb_ct *t, const T *x) { return X(gemv_columns)(t, x, false); }
static int X(gemv_rows_any)(kb_ct *t, const T *x) { return X(gemv_rows)(t, x, false); }
#ifdef KB_CT_FMA
static int X(gemv_columns_fused)(kb_ct *t, const T *x) { return X(gemv_columns)(t, x, true); }
static int X(gemv_rows_fused)(kb_ct *t, const T *x) { return X(gemv_rows)(t, x, true); }
#endif

static int X(gemv)(kb_ct *t)
{
  enum { FEW = 512 };
  bool any = t->flags & (KB_CT_FUSED | KB_CT_REASSOC);
  int64_t k = t->k;
  if (t->a_i != ES && t->a_p != ES) return KB_CT_NOT;
  T few[FEW], *room = few;
  const T *x = (const T *)(const void *)t->b;
  if (t->b_p != ES || t->scale_b) {
    if (k > INT64_MAX / ES || (k > FEW && (room = (T *)malloc((size_t)k * sizeof(T))) == NULL)) return KB_CT_NOT;
    for (int64_t p = 0; p < k; p++) {
      T v = *(const T *)(const void *)(t->b + p * t->b_p);
      room[p] = t->scale_b ? (T)t->alpha * v : v;
    }
    x = room;
  }
  int r;
  if (t->a_i == ES) {
#ifdef KB_CT_FMA
    if (t->flags & KB_CT_FUSED) r = X(gemv_columns_fused)(t, x);
    else
#endif
      r = X(gemv_columns_strict)(t, x);
  } else if (!any)
    r = X(gemv_strict)(t, x);
  else {
#ifdef KB_CT_FMA
    if (t->flags & KB_CT_FUSED) r = X(gemv_rows_fused)(t, x);
    else
#endif
      r = X(gemv_rows_any)(t, x);
  }
  if (room != few) free(room);
  return r;
}
