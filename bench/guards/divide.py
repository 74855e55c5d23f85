# SPDX-License-Identifier: MIT
"""make bench-guards: loops with divisions and roots, which CPython checks."""
import math

import keelback as kb


@kb.kernel
def vdiv(x: kb.f64[::1], y: kb.f64[::1], z: kb.f64[::1]) -> None:
    for i in range(len(x)):
        z[i] = x[i] / y[i]


@kb.kernel
def normalise(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    for i in range(len(x)):
        y[i] = x[i] / s


@kb.kernel
def vsqrt(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        y[i] = math.sqrt(x[i])


@kb.kernel
def harmonic(n: int) -> float:
    s = 0.0
    for i in range(n):
        s += 1.0 / (i + 1)
    return s


@kb.kernel
def rational(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        k = 1.0 / (1.0 + 0.2316419 * x[i])
        t = math.sqrt(x[i]) / (1.0 + x[i] * x[i])
        y[i] = t * k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))


@kb.kernel
def distance(p: kb.f64[:, ::1], d: kb.f64[:, ::1]) -> None:
    n = p.shape[1]
    for i in range(n):
        for j in range(n):
            dx = p[0, i] - p[0, j]
            dy = p[1, i] - p[1, j]
            dz = p[2, i] - p[2, j]
            d[i, j] = math.sqrt(dx * dx + dy * dy + dz * dz)


@kb.kernel
def nbody(x: kb.f64[:, ::1], m: kb.f64[::1], a: kb.f64[:, ::1]) -> None:
    n = len(m)
    for i in range(n):
        ax = ay = az = 0.0
        for j in range(n):
            dx = x[0, j] - x[0, i]
            dy = x[1, j] - x[1, i]
            dz = x[2, j] - x[2, i]
            r2 = dx * dx + dy * dy + dz * dz + 0.01
            f = m[j] / (r2 * math.sqrt(r2))
            ax += f * dx
            ay += f * dy
            az += f * dz
        a[0, i] = ax
        a[1, i] = ay
        a[2, i] = az


@kb.kernel
def trsv(u: kb.f64[:, ::1], b: kb.f64[::1], x: kb.f64[::1]) -> None:
    n = len(b)
    for i in range(n - 1, -1, -1):
        s = b[i]
        for j in range(i + 1, n):
            s -= u[i, j] * x[j]
        x[i] = s / u[i, i]


@kb.kernel
def lu(a: kb.f64[:, ::1]) -> None:
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]


@kb.kernel
def softsign(x: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(len(x)):
        y[i] = x[i] / (1.0 + abs(x[i]))
