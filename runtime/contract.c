/* SPDX-License-Identifier: MIT */
/* contract.c: kb_contract_f64, kb_contract_f32: may it be done, and how?
 *
 * Says KB_CT_NOT, with nothing written, where the plain loop could mean something else than a contraction (C overlaps what is
 * read, or itself), where there is nothing to win, and where memory has run out.
 */
#include "runtime/contract.h"

#include <string.h>

typedef struct range {
  uintptr_t lo, hi; /* bytes [lo, hi) */
} range;

/* The bytes of an n1 x n2 array; false: more than there are addresses. */
static bool range_of(const char *at, int64_t s1, int64_t n1, int64_t s2, int64_t n2, int64_t es, range *r)
{
  int64_t e1, e2, below, above;
  if (__builtin_mul_overflow(s1, n1 - 1, &e1) || __builtin_mul_overflow(s2, n2 - 1, &e2)) return false;
  if (__builtin_add_overflow(e1 < 0 ? e1 : 0, e2 < 0 ? e2 : 0, &below)) return false;
  if (__builtin_add_overflow(e1 > 0 ? e1 : 0, e2 > 0 ? e2 : 0, &above)) return false;
  if (__builtin_add_overflow(above, es, &above) || below < -INT64_MAX) return false;
  r->lo = (uintptr_t)at - (uintptr_t)-below;
  r->hi = (uintptr_t)at + (uintptr_t)above;
  return r->lo <= (uintptr_t)at && r->hi > (uintptr_t)at;
}

static int64_t size_of(int64_t s) { return s < 0 ? -s : s; } /* no stride is INT64_MIN: it is a multiple of an element, ... */

/* Are all elements of an n1 x n2 array distinct? Where one stride steps over all that the other one reaches; no other way
 * is looked at. */
static bool distinct(int64_t s1, int64_t n1, int64_t s2, int64_t n2, int64_t es)
{
  if (n1 > 1 && n2 > 1) {
    int64_t a = size_of(s1), b = size_of(s2);
    return a < b ? a >= es && b >= a * (n1 - 1) + es : b >= es && a >= b * (n2 - 1) + es;
  }
  return n1 > 1 ? size_of(s1) >= es : n2 == 1 || size_of(s2) >= es;
}

/* Parts of the rows of one larger array may lie between each other: x has rows of `wide` bytes every `step`. */
static bool between(const range *c, const range *x, int64_t c_out, int64_t c_wide, int64_t x_out, int64_t x_wide)
{
  int64_t step = size_of(c_out);
  if (step == 0 || x_out % step != 0 || c_wide > step || x_wide > step) return false;
  uintptr_t s = (uintptr_t)step;
  uintptr_t d = x->lo >= c->lo ? (x->lo - c->lo) % s : (s - (c->lo - x->lo) % s) % s;
  return d >= (uintptr_t)c_wide && d + (uintptr_t)x_wide <= s;
}

/* May reads of x come before or after writes of C? */
static bool apart(const range *c, int64_t c1, int64_t cn1, int64_t c2, int64_t cn2, const char *at, int64_t s1, int64_t n1,
                  int64_t s2, int64_t n2, int64_t es)
{
  range x;
  if (!range_of(at, s1, n1, s2, n2, es, &x)) return false;
  if (x.hi <= c->lo || c->hi <= x.lo) return true;
  /* the wider stride of each is that of its rows */
  if (size_of(c1) < size_of(c2)) { int64_t s = c1, n = cn1; c1 = c2, cn1 = cn2, c2 = s, cn2 = n; }
  if (size_of(s1) < size_of(s2)) { int64_t s = s1, n = n1; s1 = s2, n1 = n2, s2 = s, n2 = n; }
  if (cn1 == 1 || n1 == 1) return false;
  return between(c, &x, c1, size_of(c2) * (cn2 - 1) + es, s1, size_of(s2) * (n2 - 1) + es);
}

/* Rows become columns: C' = B' A'. */
static void turn(kb_ct *t)
{
  kb_ct o = *t;
  t->a = o.b, t->a_i = o.b_j, t->a_p = o.b_p;
  t->b = o.a, t->b_p = o.a_p, t->b_j = o.a_i;
  t->c_i = o.c_j, t->c_j = o.c_i;
  t->m = o.n, t->n = o.m;
  t->diag = -o.diag;
  t->scale_b = !o.scale_b && o.flags & KB_CT_ALPHA_A;
  t->flags &= ~(uint64_t)(KB_CT_LOWER | KB_CT_UPPER);
  if (o.flags & KB_CT_LOWER) t->flags |= KB_CT_UPPER;
  if (o.flags & KB_CT_UPPER) t->flags |= KB_CT_LOWER;
}

/* Vectors run along j: there C should be contiguous, and long enough. */
static bool better_turned(const kb_ct *t, const kb_ct_ways *ways, int64_t es)
{
  if (t->n == 1) return false;
  if (t->m == 1) return true;
  if (t->c_j == es) return t->n < ways->nr / 4 && t->m >= ways->nr && t->a_i == es;
  if (t->c_i == es) return !(t->m < ways->nr / 4 && t->n >= ways->nr && t->b_j == es);
  return t->b_j != es && t->a_i == es;
}

int kb_ct_run(kb_ct *t, const kb_ct_ways *ways, int64_t es)
{
  enum { SHORT = 8 }; /* places of p */
  bool triangle = t->flags & (KB_CT_LOWER | KB_CT_UPPER), vector = t->n == 1 || t->m == 1;
  if (better_turned(t, ways, es)) turn(t);
  if (vector && !triangle && (!(t->flags & KB_CT_ALPHA_A) || t->scale_b)) {
    int r = kb_ct_threads(t, ways->gemv, ways);
    if (r != KB_CT_NOT) return r;
  }
  if (vector && (t->k < SHORT || t->flags & (KB_CT_REASSOC | KB_CT_FUSED))) return KB_CT_NOT; /* the loop has vectors of its own */
  return kb_ct_threads(t, ways->gemm, ways);
}

static const kb_ct_ways *ways_of(int64_t es)
{
#ifdef KB_CT_X86
  switch (kb_cpu_get()->isa) {
  case KB_CPU_AVX512: return &kb_ct_avx512[es == 8];
  case KB_CPU_AVX2: return &kb_ct_avx2[es == 8];
  default: break;
  }
#endif
  return &kb_ct_any[es == 8];
}

/* Is a problem, of at most MANY multiplications, done sooner than the loop would be? As measured: the loop takes k + 2 units for an
 * element, a tile 40 beside its work, and everything else 130. */
enum { MANY = 2048 };
static bool worth_it(const kb_ct *t, const kb_ct_ways *ways)
{
  int m = (int)t->m, n = (int)t->n, k = (int)t->k;
  if (m == 1 || n == 1) return true;
  bool turned = better_turned(t, ways, ways->wide ? 8 : 4);
  int rows = turned ? n : m, cols = turned ? m : n;
  return m * n * (k + 2) > 130 + 40 * ((rows + 5) / 6) * ((cols + ways->nr - 1) / ways->nr);
}

static bool may(const kb_ct *t, int64_t es)
{
  range c;
  int64_t bits = t->c_i | t->c_j | t->a_i | t->a_p | t->b_p | t->b_j;
  bits |= (int64_t)((uintptr_t)t->c | (uintptr_t)t->a | (uintptr_t)t->b);
  if (bits & (es - 1)) return false;
  if (!range_of(t->c, t->c_i, t->m, t->c_j, t->n, es, &c)) return false;
  return distinct(t->c_i, t->m, t->c_j, t->n, es) &&
         apart(&c, t->c_i, t->m, t->c_j, t->n, t->a, t->a_i, t->m, t->a_p, t->k, es) &&
         apart(&c, t->c_i, t->m, t->c_j, t->n, t->b, t->b_p, t->k, t->b_j, t->n, es);
}

static int contract(kb_ct *t, int64_t es)
{
  enum { TINY = 150 }; /* multiplications that the loop has done before we would have started */
  if (t->m <= 0 || t->n <= 0 || t->k <= 0) return KB_CT_NOT;
  if (t->m <= TINY && t->n <= TINY && t->k <= TINY && t->m * t->n * t->k <= TINY) return KB_CT_NOT;
  if (t->m == 1 && t->n == 1 && !(t->flags & (KB_CT_REASSOC | KB_CT_FUSED))) return KB_CT_NOT; /* one sum, in order */
  /* strides that nobody walks along */
  if (t->m == 1) t->c_i = t->a_i = es;
  if (t->n == 1) t->c_j = t->b_j = es;
  if (t->k == 1) t->a_p = t->b_p = es;
  const kb_ct_ways *ways = ways_of(es);
  if (t->m <= MANY && t->n <= MANY && t->k <= MANY && t->m * t->n * t->k <= MANY && !worth_it(t, ways)) return KB_CT_NOT;
  if (!may(t, es)) return KB_CT_NOT;
  /* a diagonal that is far away is as good as one outside */
  if (t->diag > t->n) t->diag = t->n;
  if (t->diag < -t->m) t->diag = -t->m;
  t->left = KB_CT_WORK;
  t->looks = t->flags & KB_CT_POLL;
  int r = t->flags & KB_CT_FUSED ? kb_ct_blas(t, es) : KB_CT_NOT;
  return r != KB_CT_NOT ? r : kb_ct_run(t, ways, es);
}

int kb_contract_f64(double *c, const double *a, const double *b, int64_t c_i, int64_t c_j, int64_t a_i, int64_t a_p, int64_t b_p,
                    int64_t b_j, int64_t m, int64_t n, int64_t k, int64_t diag, double alpha, double beta, uint64_t flags)
{
  kb_ct t = { (char *)c, (const char *)a, (const char *)b, c_i, c_j, a_i, a_p, b_p, b_j, m, n, k, diag, alpha, beta, flags,
              false, 0, false, NULL };
  return contract(&t, 8);
}

int kb_contract_f32(float *c, const float *a, const float *b, int64_t c_i, int64_t c_j, int64_t a_i, int64_t a_p, int64_t b_p,
                    int64_t b_j, int64_t m, int64_t n, int64_t k, int64_t diag, float alpha, float beta, uint64_t flags)
{
  kb_ct t = { (char *)c, (const char *)a, (const char *)b, c_i, c_j, a_i, a_p, b_p, b_j, m, n, k, diag, (double)alpha, (double)beta,
              flags, false, 0, false, NULL };
  return contract(&t, 4);
}
