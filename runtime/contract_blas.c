/* SPDX-License-Identifier: MIT */
/* contract_blas.c: the fused form of larger contractions by a BLAS of the project's own, if Keelback was configured --with-blas.
 *
 * The Fortran interface, which every BLAS has: matrices whose columns are contiguous. One of a problem's two strides has to
 * be that of an element, the other one positive; C is turned so that its columns are. */
#include "runtime/contract.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifndef KB_WITH_BLAS
int kb_ct_blas(const kb_ct *t, int64_t es)
{
  (void)t, (void)es;
  return KB_CT_NOT;
}
#else
#include <limits.h>

enum { WORTH = 128 * 128 * 128 };

void sgemm_(const char *, const char *, const int *, const int *, const int *, const float *, const float *, const int *,
            const float *, const int *, const float *, float *, const int *);
void dgemm_(const char *, const char *, const int *, const int *, const int *, const double *, const double *, const int *,
            const double *, const int *, const double *, double *, const int *);

typedef struct matrix {
  const void *at;
  char how; /* 'N': columns are contiguous, 'T': rows are */
  int ld;
} matrix;

/* rows x columns, with the strides of both in bytes */
static bool fits(matrix *x, const char *at, int64_t row, int64_t rows, int64_t col, int64_t cols, int64_t es)
{
  x->at = at;
  x->how = row == es ? 'N' : 'T';
  int64_t unit = row == es ? row : col, other = (row == es ? col : row) / es, least = row == es ? rows : cols;
  x->ld = (int)other;
  return unit == es && other >= least && other <= INT_MAX;
}

int kb_ct_blas(const kb_ct *t, int64_t es)
{
  matrix a, b, c;
  bool minus = t->flags & KB_CT_ALPHA_A && t->alpha == -1; /* a sign is exact at either place */
  if (t->flags & (KB_CT_LOWER | KB_CT_UPPER) || (t->flags & KB_CT_ALPHA_A && (!minus || t->flags & KB_CT_ALPHA))) return KB_CT_NOT;
  if (t->m > INT_MAX || t->n > INT_MAX || t->k > INT_MAX) return KB_CT_NOT;
  if (t->m < 16 || t->n < 16 || t->k < 16 || (double)t->m * (double)t->n * (double)t->k < WORTH) return KB_CT_NOT;
  if (!fits(&a, t->a, t->a_i, t->m, t->a_p, t->k, es) || !fits(&b, t->b, t->b_p, t->k, t->b_j, t->n, es) ||
      !fits(&c, t->c, t->c_i, t->m, t->c_j, t->n, es))
    return KB_CT_NOT;
  int m = (int)t->m, n = (int)t->n, k = (int)t->k;
  if (c.how == 'T') { /* C' = B' A' */
    matrix x = a;
    a = b, b = x;
    a.how = a.how == 'N' ? 'T' : 'N';
    b.how = b.how == 'N' ? 'T' : 'N';
    m = (int)t->n, n = (int)t->m;
  }
  double alpha = t->flags & KB_CT_ALPHA || minus ? t->alpha : 1;
  double beta = t->flags & KB_CT_BETA ? t->beta : t->flags & KB_CT_INTO ? 1 : 0;
  if (t->flags & KB_CT_INTO && t->flags & KB_CT_ALPHA) return KB_CT_NOT; /* alpha * (C + sum) */
  if (t->flags & KB_CT_BETA && beta == 0) return KB_CT_NOT; /* a BLAS would not read C: 0 * nan is nan */
  if (alpha == 0) return KB_CT_NOT;                             /* nor A and B */
  if (es == 8) {
    dgemm_(&a.how, &b.how, &m, &n, &k, &alpha, (const double *)a.at, &a.ld, (const double *)b.at, &b.ld, &beta, (double *)(void *)t->c, &c.ld);
  } else {
    float alpha_f = (float)alpha, beta_f = (float)beta;
    sgemm_(&a.how, &b.how, &m, &n, &k, &alpha_f, (const float *)a.at, &a.ld, (const float *)b.at, &b.ld, &beta_f, (float *)(void *)t->c, &c.ld);
  }
  return KB_CT_DONE;
}
#endif
