/* SPDX-License-Identifier: MIT */
/* make bench-guards: tables.py as a C programmer writes it. */
#include "hand.h"

void hand_insertion_sort(size_t n, double *restrict x)
{
  for (size_t i = 1; i < n; i++) {
    double v = x[i];
    size_t j = i;
    for (; j > 0 && x[j - 1] > v; j--)
      x[j] = x[j - 1];
    x[j] = v;
  }
}

void hand_shell_sort(size_t n, int32_t *restrict x)
{
  for (size_t gap = n / 2; gap > 0; gap /= 2)
    for (size_t i = gap; i < n; i++) {
      int32_t v = x[i];
      size_t j = i;
      for (; j >= gap && x[j - gap] > v; j -= gap)
        x[j] = x[j - gap];
      x[j] = v;
    }
}

static void swap(int64_t *a, int64_t *b)
{
  int64_t t = *a;
  *a = *b;
  *b = t;
}

void hand_heap_sort(size_t n, int64_t *restrict x)
{
  for (size_t start = n / 2, end = n; end > 1;) {
    if (start > 0)
      start--;
    else
      swap(&x[--end], &x[0]);
    for (size_t root = start, child; (child = 2 * root + 1) < end; root = child) {
      if (child + 1 < end && x[child] < x[child + 1])
        child++;
      if (x[root] >= x[child])
        break;
      swap(&x[root], &x[child]);
    }
  }
}

void hand_merge_runs(size_t n, size_t m, const int32_t *restrict x, const int32_t *restrict y, int32_t *restrict z)
{
  size_t i = 0, j = 0, k = 0;
  while (i < n && j < m)
    z[k++] = x[i] <= y[j] ? x[i++] : y[j++];
  while (i < n)
    z[k++] = x[i++];
  while (j < m)
    z[k++] = y[j++];
}

void hand_bisect(size_t n, size_t m, const int64_t *restrict x, const int64_t *restrict q, int64_t *restrict out)
{
  for (size_t i = 0; i < m; i++) {
    size_t lo = 0, hi = n;
    while (lo < hi) {
      size_t mid = (lo + hi) / 2;
      if (x[mid] < q[i])
        lo = mid + 1;
      else
        hi = mid;
    }
    out[i] = (int64_t)lo;
  }
}

int64_t hand_argmin(size_t n, const double *restrict x)
{
  size_t best = 0;
  for (size_t i = 1; i < n; i++)
    if (x[i] < x[best])
      best = i;
  return (int64_t)best;
}

int64_t hand_lcs(size_t n, size_t m, const uint8_t *restrict a, const uint8_t *restrict b, int32_t *restrict t)
{
  size_t w = m + 1;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < m; j++) {
      int32_t up = t[i * w + j + 1], left = t[(i + 1) * w + j];
      t[(i + 1) * w + j + 1] = a[i] == b[j] ? t[i * w + j] + 1 : up > left ? up : left;
    }
  return t[n * w + m];
}

int64_t hand_edit_distance(size_t n, size_t m, const uint8_t *restrict a, const uint8_t *restrict b, int64_t *restrict row)
{
  for (size_t j = 0; j <= m; j++)
    row[j] = (int64_t)j;
  for (size_t i = 0; i < n; i++) {
    int64_t diag = row[0];
    row[0] = (int64_t)i + 1;
    for (size_t j = 0; j < m; j++) {
      int64_t up = row[j + 1], best = diag + (a[i] != b[j]);
      if (up + 1 < best)
        best = up + 1;
      if (row[j] + 1 < best)
        best = row[j] + 1;
      row[j + 1] = best;
      diag = up;
    }
  }
  return row[m];
}

int64_t hand_knapsack(size_t n, size_t size, const int32_t *restrict weight, const int64_t *restrict value, int64_t *restrict best)
{
  for (size_t i = 0; i < n; i++)
    for (size_t j = size - 1; j + 1 > (size_t)weight[i]; j--) {
      int64_t with = best[j - (size_t)weight[i]] + value[i];
      if (with > best[j])
        best[j] = with;
    }
  return best[size - 1];
}
