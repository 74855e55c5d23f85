/* SPDX-License-Identifier: MIT */
/* make bench-guards: divide.py as a C programmer writes it. */
#include "hand.h"

void hand_vdiv(size_t n, const double *restrict x, const double *restrict y, double *restrict z)
{
  for (size_t i = 0; i < n; i++)
    z[i] = x[i] / y[i];
}

void hand_normalise(size_t n, const double *restrict x, double *restrict y)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++)
    s += x[i];
  for (size_t i = 0; i < n; i++)
    y[i] = x[i] / s;
}

void hand_vsqrt(size_t n, const double *restrict x, double *restrict y)
{
  for (size_t i = 0; i < n; i++)
    y[i] = sqrt(x[i]);
}

double hand_harmonic(size_t n)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++)
    s += 1.0 / (double)(i + 1);
  return s;
}

void hand_rational(size_t n, const double *restrict x, double *restrict y)
{
  for (size_t i = 0; i < n; i++) {
    double k = 1.0 / (1.0 + 0.2316419 * x[i]);
    double t = sqrt(x[i]) / (1.0 + x[i] * x[i]);
    y[i] = t * k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))));
  }
}

void hand_distance(size_t n, const double *restrict p, double *restrict d)
{
  const double *px = p, *py = p + n, *pz = py + n;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double dx = px[i] - px[j], dy = py[i] - py[j], dz = pz[i] - pz[j];
      d[i * n + j] = sqrt(dx * dx + dy * dy + dz * dz);
    }
}

void hand_nbody(size_t n, const double *restrict x, const double *restrict m, double *restrict a)
{
  const double *px = x, *py = x + n, *pz = py + n;
  for (size_t i = 0; i < n; i++) {
    double ax = 0.0, ay = 0.0, az = 0.0;
    for (size_t j = 0; j < n; j++) {
      double dx = px[j] - px[i], dy = py[j] - py[i], dz = pz[j] - pz[i];
      double r2 = dx * dx + dy * dy + dz * dz + 0.01, f = m[j] / (r2 * sqrt(r2));
      ax += f * dx;
      ay += f * dy;
      az += f * dz;
    }
    a[i] = ax;
    a[n + i] = ay;
    a[2 * n + i] = az;
  }
}

void hand_trsv(size_t n, const double *restrict u, const double *restrict b, double *restrict x)
{
  for (size_t i = n; i-- > 0;) {
    double s = b[i];
    for (size_t j = i + 1; j < n; j++)
      s -= u[i * n + j] * x[j];
    x[i] = s / u[i * n + i];
  }
}

void hand_lu(size_t n, double *restrict a)
{
  for (size_t k = 0; k < n; k++)
    for (size_t i = k + 1; i < n; i++) {
      double f = a[i * n + k] /= a[k * n + k];
      for (size_t j = k + 1; j < n; j++)
        a[i * n + j] -= f * a[k * n + j];
    }
}

void hand_softsign(size_t n, const float *restrict x, float *restrict y)
{
  for (size_t i = 0; i < n; i++)
    y[i] = x[i] / (1.0f + fabsf(x[i]));
}
