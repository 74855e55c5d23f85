# SPDX-License-Identifier: MIT
"""make bench-guards: linear algebra and sums, whose guards are affine."""
import keelback as kb


@kb.kernel
def saxpy(a: kb.f32, x: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel
def daxpy(n: int, a: kb.f64, x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(n):
        y[i] += a * x[i]


@kb.kernel
def scal(n: int, a: kb.f64, x: kb.f64[:]) -> None:
    for i in range(n):
        x[i] *= a


@kb.kernel
def triad(a: kb.f64[::1], b: kb.f64[::1], c: kb.f64[::1], s: float) -> None:
    for i in range(len(a)):
        a[i] = b[i] + s * c[i]


@kb.kernel
def dot(x: kb.f64[::1], y: kb.f64[::1]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def gemv(a: kb.f64[:, ::1], x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * x[j]
        y[i] = s


@kb.kernel
def gemv_flat(m: int, n: int, a: kb.f32[::1], x: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(m):
        s = kb.f32(0)
        for j in range(n):
            s += a[i * n + j] * x[j]
        y[i] = s


@kb.kernel
def gemv_t(a: kb.f64[:, ::1], x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            y[j] += a[i, j] * x[i]


@kb.kernel
def ger(alpha: float, x: kb.f64[::1], y: kb.f64[::1], a: kb.f64[:, ::1]) -> None:
    for i in range(len(x)):
        for j in range(len(y)):
            a[i, j] += alpha * x[i] * y[j]


@kb.kernel
def trmv(a: kb.f64[:, ::1], x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        s = 0.0
        for j in range(i + 1):
            s += a[i, j] * x[j]
        y[i] = s


@kb.kernel
def trsv_unit(l: kb.f64[:, ::1], b: kb.f64[::1], x: kb.f64[::1]) -> None:
    for i in range(len(b)):
        s = b[i]
        for j in range(i):
            s -= l[i, j] * x[j]
        x[i] = s


@kb.kernel
def upper_outer(x: kb.f64[::1], c: kb.f64[:, ::1]) -> None:
    n = len(x)
    for i in range(n):
        for j in range(i + 1, n):
            c[i, j] = x[i] - x[j]


@kb.kernel
def matadd(a: kb.f32[:, :], b: kb.f32[:, :], c: kb.f32[:, :]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            c[i, j] = a[i, j] + b[i, j]


@kb.kernel
def transpose(a: kb.f64[:, ::1], b: kb.f64[:, ::1]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[j, i] = a[i, j]


@kb.kernel
def mirror(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    n = len(x)
    for i in range(n):
        y[n - 1 - i] = x[i]


@kb.kernel
def isum32(x: kb.i32[::1]) -> int:
    s = 0
    for i in range(len(x)):
        s += int(x[i])
    return s


@kb.kernel
def prefix_f(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    s = 0.0
    for i in range(len(x)):
        s += x[i]
        y[i] = s


@kb.kernel
def distance2(p: kb.f64[:, ::1], d: kb.f64[:, ::1]) -> None:
    n = p.shape[1]
    for i in range(n):
        for j in range(n):
            dx = p[0, i] - p[0, j]
            dy = p[1, i] - p[1, j]
            d[i, j] = dx * dx + dy * dy


@kb.kernel
def floyd(d: kb.f64[:, ::1]) -> None:
    n = d.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                t = d[i, k] + d[k, j]
                if t < d[i, j]:
                    d[i, j] = t
