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
  X(ROWS) = VL > 8 ? VL : 8 /* at a time, where any order will do: as many vectors of sums are in flight */
};

/* Sums can be stored as they are. */
KB_INLINE bool X(gemv_plain)(const kb_ct *t) { return t->c_i == ES && !(t->flags & (KB_CT_ALPHA | KB_CT_BETA)); }

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
    if (t->flags & KB_CT_INTO)
      for (int64_t l = 0; l < count; l++)
        sum[l] = X(gemv_in)(t, i + l);
    for (int64_t l = t->flags & KB_CT_INTO ? count : 0; l < count || l % VL; l++)
      sum[l] = 0;
    for (; p + X(COLS) <= t->k; p += X(COLS)) {
      X(gemv_add)(t, a + p * t->a_p, x + p, sum, count, X(COLS), fused);
      if (!kb_ct_go_on(t, count * X(COLS))) return KB_CT_LEAVE;
    }
    for (; p < t->k; p++)
      X(gemv_add)(t, a + p * t->a_p, x + p, sum, count, 1, fused);
    if (X(gemv_plain)(t))
      memcpy(t->c + i * ES, sum, (size_t)count * sizeof(T));
    else
      for (int64_t l = 0; l < count; l++)
        X(gemv_out)(t, i + l, sum[l]);
  }
  return KB_CT_DONE;
}

/* p to p_end of some rows, with `each` vectors of sums for a row, which are added up later. */
KB_INLINE void X(gemv_some)(const char *const *row, const T *x, int64_t p, int64_t p_end, V *sum, int rows, int each, bool fused)
{
  V s[X(ROWS)];
  UNROLL for (int r = 0; r < rows * each; r++)
    s[r] = sum[r];
  for (; p + each * VL <= p_end; p += each * VL)
    UNROLL for (int e = 0; e < each; e++) {
      V v = X(get)((const char *)(x + p + e * VL));
      UNROLL for (int r = 0; r < rows; r++)
        s[r * each + e] = X(madd)(X(get)(row[r] + (p + e * VL) * ES), v, s[r * each + e], fused);
    }
  while (p < p_end) {
    int n = p_end - p < VL ? (int)(p_end - p) : VL;
    MASK m = X(mask)(n);
    V v = X(get_part)((const char *)(x + p), m);
    UNROLL for (int r = 0; r < rows; r++)
      s[r * each] = X(madd)(X(get_part)(row[r] + p * ES, m), v, s[r * each], fused);
    p += n;
  }
  UNROLL for (int r = 0; r < rows * each; r++)
    sum[r] = s[r];
}

/* n places of p of `many` times VL rows, the first one at A, in order. */
KB_INLINE void X(gemv_order)(const char *a, int64_t a_i, const T *x, int64_t n, V *sum, int many)
{
  const char *low[2], *high[2];
  V s[2];
  UNROLL for (int g = 0; g < many; g++)
    s[g] = sum[g], low[g] = a + g * VL * a_i, high[g] = low[g] + LANE * a_i;
  for (; n >= LANE; n -= LANE, x += LANE)
    UNROLL for (int g = 0; g < many; g++) {
      V col[LANE];
      X(columns)(low[g], high[g], a_i, col);
      low[g] += 16, high[g] += 16;
      UNROLL for (int l = 0; l < LANE; l++)
        s[g] = s[g] + col[l] * X(all)(x[l]);
    }
  for (int64_t p = 0; p < n; p++)
    UNROLL for (int g = 0; g < many; g++) {
      V v;
      UNROLL for (int l = 0; l < VL; l++)
        v[l] = *(const T *)(const void *)(low[g] + l * a_i + p * ES);
      s[g] = s[g] + v * X(all)(x[p]);
    }
  UNROLL for (int g = 0; g < many; g++)
    sum[g] = s[g];
}

enum { X(RUN) = 1 << 15 }; /* places of p between looks */

/* Rows i to i + rows, in any order of p. */
KB_INLINE bool X(gemv_group)(kb_ct *t, const T *x, int64_t i, int rows, bool fused)
{
  int each = X(ROWS) / rows;
  const char *row[X(ROWS)];
  UNROLL for (int r = 0; r < rows; r++)
    row[r] = t->a + (i + r) * t->a_i;
  V sum[X(ROWS)] = { 0 };
  if (t->m - i >= 2 * rows)
    UNROLL for (int r = 0; r < rows; r++)
      UNROLL for (int l = 0; l < 2; l++)
        __builtin_prefetch(row[r] + rows * t->a_i + l * 64);
  for (int64_t p = 0; p < t->k; p += X(RUN)) {
    int64_t p_end = t->k - p < X(RUN) ? t->k : p + X(RUN);
    X(gemv_some)(row, x, p, p_end, sum, rows, each, fused);
    if (!kb_ct_go_on(t, (p_end - p) * rows)) return false;
  }
  UNROLL for (int g = 0; g < rows; g += VL) {
    V v[VL];
    UNROLL for (int l = 0; l < VL; l++) {
      v[l] = g + l < rows ? sum[(g + l) * each] : (V){ 0 };
      if (g + l < rows)
        UNROLL for (int e = 1; e < each; e++)
          v[l] += sum[(g + l) * each + e];
    }
    X(transpose)(v);
    UNROLL for (int l = 1; l < VL; l++)
      v[0] += v[l];
    if (!(t->flags & KB_CT_INTO) && X(gemv_plain)(t) && g + VL <= rows)
      X(put)(t->c + (i + g) * ES, v[0]);
    else
      for (int l = 0; l < VL && g + l < rows; l++)
        X(gemv_out)(t, i + g + l, t->flags & KB_CT_INTO ? X(gemv_in)(t, i + g + l) + v[0][l] : v[0][l]);
  }
  return true;
}

KB_INLINE int X(gemv_rows)(kb_ct *t, const T *x, bool fused)
{
  int64_t i = 0;
  for (; i + X(ROWS) <= t->m; i += X(ROWS))
    if (!X(gemv_group)(t, x, i, X(ROWS), fused)) return KB_CT_LEAVE;
#define REST(n) \
  if (X(ROWS) > n && t->m - i >= n) { \
    if (!X(gemv_group)(t, x, i, n, fused)) return KB_CT_LEAVE; \
    i += n; \
  }
  REST(8)
  REST(4)
  REST(2)
  REST(1)
#undef REST
  return KB_CT_DONE;
}

/* `many` times VL rows from i; the first `done` of them have their sums already. */
KB_INLINE bool X(gemv_in_order)(kb_ct *t, const T *x, int64_t i, int done, int many)
{
  V sum[2] = { 0 };
  if (t->flags & KB_CT_INTO)
    for (int r = done; r < many * VL; r++)
      sum[r / VL][r % VL] = X(gemv_in)(t, i + r);
  for (int64_t p = 0; p < t->k; p += X(RUN)) {
    int64_t n = t->k - p < X(RUN) ? t->k - p : X(RUN);
    X(gemv_order)(t->a + i * t->a_i + p * ES, t->a_i, x + p, n, sum, many);
    if (!kb_ct_go_on(t, n * many * VL)) return false;
  }
  if (done == 0 && X(gemv_plain)(t))
    UNROLL for (int g = 0; g < many; g++)
      X(put)(t->c + (i + g * VL) * ES, sum[g]);
  else
    for (int r = done; r < many * VL; r++)
      X(gemv_out)(t, i + r, sum[r / VL][r % VL]);
  return true;
}

/* Less than VL rows: the additions of some wait side by side. */
KB_INLINE bool X(gemv_few)(kb_ct *t, const T *x, int64_t i, int rows)
{
  T s[4];
  UNROLL for (int r = 0; r < rows; r++)
    s[r] = X(gemv_in)(t, i + r);
  for (int64_t p = 0; p < t->k; p += X(RUN)) {
    int64_t n = t->k - p < X(RUN) ? t->k - p : X(RUN);
    const char *a = t->a + i * t->a_i + p * ES;
    for (int64_t q = 0; q < n; q++)
      UNROLL for (int r = 0; r < rows; r++)
        s[r] = s[r] + *(const T *)(const void *)(a + r * t->a_i + q * ES) * x[p + q];
    if (!kb_ct_go_on(t, n * rows)) return false;
  }
  UNROLL for (int r = 0; r < rows; r++)
    X(gemv_out)(t, i + r, s[r]);
  return true;
}

/* The last rows that are not VL are done together with some before them. */
static int X(gemv_strict)(kb_ct *t, const T *x)
{
  int64_t i = 0;
  for (; t->m - i >= 2 * VL; i += 2 * VL)
    if (!X(gemv_in_order)(t, x, i, 0, 2)) return KB_CT_LEAVE;
  for (; t->m - i >= VL; i += VL)
    if (!X(gemv_in_order)(t, x, i, 0, 1)) return KB_CT_LEAVE;
  if (i < t->m && t->m >= VL)
    return X(gemv_in_order)(t, x, t->m - VL, (int)(i - (t->m - VL)), 1) ? KB_CT_DONE : KB_CT_LEAVE;
  for (; t->m - i >= 4; i += 4)
    if (!X(gemv_few)(t, x, i, 4)) return KB_CT_LEAVE;
  for (; t->m - i >= 2; i += 2)
    if (!X(gemv_few)(t, x, i, 2)) return KB_CT_LEAVE;
  return i == t->m || X(gemv_few)(t, x, i, 1) ? KB_CT_DONE : KB_CT_LEAVE;
}

static int X(gemv_columns_strict)(kb_ct *t, const T *x) { return X(gemv_columns)(t, x, false); }
static int X(gemv_rows_any)(kb_ct *t, const T *x) { return X(gemv_rows)(t, x, false); }
#ifdef KB_CT_FMA
static int X(gemv_columns_fused)(kb_ct *t, const T *x) { return X(gemv_columns)(t, x, true); }
static int X(gemv_rows_fused)(kb_ct *t, const T *x) { return X(gemv_rows)(t, x, true); }
#endif

static int X(gemv)(kb_ct *t)
{
  enum { FEW = 512, SHORT = 8 };
  bool in_order = !(t->flags & (KB_CT_FUSED | KB_CT_REASSOC)) || t->k < SHORT, by_column = t->a_i == ES && (t->m > 1 || t->a_p != ES);
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
  if (by_column) {
#ifdef KB_CT_FMA
    if (t->flags & KB_CT_FUSED) r = X(gemv_columns_fused)(t, x);
    else
#endif
      r = X(gemv_columns_strict)(t, x);
  } else if (in_order)
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
