/* SPDX-License-Identifier: MIT */
/* make bench-guards: integer.py as a C programmer writes it. */
#include "hand.h"

int64_t hand_isum64(size_t n, const int64_t *restrict x)
{
  int64_t s = 0;
  for (size_t i = 0; i < n; i++)
    s += x[i];
  return s;
}

int64_t hand_idot32(size_t n, const int32_t *restrict x, const int32_t *restrict y)
{
  int64_t s = 0;
  for (size_t i = 0; i < n; i++)
    s += (int64_t)x[i] * y[i];
  return s;
}

void hand_prefix_i(size_t n, const int64_t *restrict x, int64_t *restrict y)
{
  int64_t s = 0;
  for (size_t i = 0; i < n; i++)
    y[i] = s += x[i];
}

void hand_histogram(size_t n, const uint8_t *restrict x, int64_t *restrict h)
{
  for (size_t i = 0; i < n; i++)
    h[x[i]]++;
}

void hand_histogram_f(size_t n, const double *restrict x, int64_t *restrict h, double scale)
{
  for (size_t i = 0; i < n; i++)
    h[(int)(x[i] * scale)]++;
}

void hand_gather(size_t n, const double *restrict x, const int32_t *restrict idx, double *restrict y)
{
  for (size_t i = 0; i < n; i++)
    y[i] = x[idx[i]];
}

void hand_scatter(size_t n, const double *restrict x, const int32_t *restrict idx, double *restrict y)
{
  for (size_t i = 0; i < n; i++)
    y[idx[i]] = x[i];
}

void hand_spmv(size_t n, const int32_t *restrict ptr, const int32_t *restrict col, const double *restrict val,
               const double *restrict x, double *restrict y)
{
  for (size_t i = 0; i < n; i++) {
    double s = 0.0;
    for (int32_t k = ptr[i]; k < ptr[i + 1]; k++)
      s += val[k] * x[col[k]];
    y[i] = s;
  }
}

int64_t hand_sieve(size_t n, uint8_t *restrict p)
{
  int64_t c = 0;
  for (size_t i = 2; i < n; i++)
    if (!p[i]) {
      c++;
      for (size_t j = i * i; j < n; j += i)
        p[j] = 1;
    }
  return c;
}

int64_t hand_fnv(size_t n, const uint8_t *restrict x)
{
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++)
    h = (h ^ x[i]) * 16777619u;
  return h;
}

void hand_splitmix(size_t n, uint64_t *restrict y)
{
  uint64_t s = 42;
  for (size_t i = 0; i < n; i++) {
    uint64_t z = s += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    y[i] = z ^ (z >> 31);
  }
}

int64_t hand_polyhash(size_t n, const int32_t *restrict x)
{
  int64_t h = 7;
  for (size_t i = 0; i < n; i++)
    h = (h * 31 + x[i]) % 1000003;
  return h;
}

int64_t hand_crc32(size_t n, const uint8_t *restrict x, const uint32_t *restrict table)
{
  uint32_t c = 0xFFFFFFFFu;
  for (size_t i = 0; i < n; i++)
    c = table[(c ^ x[i]) & 255] ^ (c >> 8);
  return c ^ 0xFFFFFFFFu;
}

int64_t hand_pi_lcg(size_t n)
{
  uint32_t s = 12345;
  int64_t hits = 0;
  for (size_t i = 0; i < n; i++) {
    s = s * 1664525u + 1013904223u;
    double x = (double)(s >> 8) * 0x1p-24;
    s = s * 1664525u + 1013904223u;
    double y = (double)(s >> 8) * 0x1p-24;
    hits += x * x + y * y <= 1.0;
  }
  return hits;
}

int64_t hand_bitcount(size_t n, const int64_t *restrict x)
{
  int64_t c = 0;
  for (size_t i = 0; i < n; i++)
    for (int64_t v = x[i]; v > 0; v >>= 1)
      c += v & 1;
  return c;
}

int64_t hand_collatz(int64_t n)
{
  int64_t longest = 0;
  for (int64_t k = 1; k < n; k++) {
    int64_t c = 0;
    for (int64_t v = k; v != 1; c++)
      v = v % 2 == 0 ? v / 2 : 3 * v + 1;
    if (c > longest)
      longest = c;
  }
  return longest;
}

int64_t hand_gcdsum(int64_t n)
{
  int64_t s = 0;
  for (int64_t a = 1; a < n; a++)
    for (int64_t b = 1; b < n; b++) {
      int64_t x = a, y = b;
      while (y) {
        int64_t t = x % y;
        x = y;
        y = t;
      }
      s += x;
    }
  return s;
}

int64_t hand_mandel(int w, int h, int m)
{
  int64_t n = 0;
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      double cr = x * 3.0 / w - 2.0, ci = y * 2.0 / h - 1.0, zr = 0.0, zi = 0.0;
      for (int k = 0; k < m; k++) {
        double t = zr * zr - zi * zi + cr;
        zi = 2.0 * zr * zi + ci;
        zr = t;
        if (zr * zr + zi * zi > 4.0)
          break;
        n++;
      }
    }
  return n;
}

void hand_life(size_t n, size_t m, const uint8_t *restrict a, uint8_t *restrict b)
{
  for (size_t i = 1; i < n - 1; i++) {
    const uint8_t *u = a + (i - 1) * m, *v = u + m, *w = v + m;
    for (size_t j = 1; j < m - 1; j++) {
      int c = u[j - 1] + u[j] + u[j + 1] + v[j - 1] + v[j + 1] + w[j - 1] + w[j] + w[j + 1];
      b[i * m + j] = c == 3 || (c == 2 && v[j] == 1);
    }
  }
}
