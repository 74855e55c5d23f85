# SPDX-License-Identifier: MIT
"""Linear algebra: saxpy, dot, gemv, gemm naive and blocked, f32 and f64; triangular solve, Cholesky, LU."""
import math

import keelback as kb


@kb.kernel
def saxpy(a: kb.f32, x: kb.f32[:], y: kb.f32[:]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel
def daxpy(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel
def sdot(x: kb.f32[:], y: kb.f32[:]) -> kb.f32:
    s = kb.f32(0)
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def ddot(x: kb.f64[:], y: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def idot(x: kb.i32[:], y: kb.i32[:]) -> int:
    s = 0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel(check={"shapes": {"a": "n m", "x": "m", "y": "n"}})
def gemv(alpha: float, a: kb.f64[:, :], x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * x[j]
        y[i] += alpha * s


@kb.kernel(check={"shapes": {"a": "n k", "b": "k m", "c": "n m"}})
def gemm(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


@kb.kernel(check={"shapes": {"a": "n k", "b": "k m", "c": "n m"}})
def sgemm_ikj(a: kb.f32[:, ::1], b: kb.f32[:, ::1], c: kb.f32[:, ::1]) -> None:
    n, kk = a.shape
    m = b.shape[1]
    for i in range(n):
        for k in range(kk):
            t = a[i, k]
            for j in range(m):
                c[i, j] += t * b[k, j]


@kb.kernel(check={"shapes": {"a": "n k", "b": "k m", "c": "n m"}, "block": range(1, 6)})
def gemm_blocked(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], block: int) -> None:
    n, kk = a.shape
    m = b.shape[1]
    for ii in range(0, n, block):
        for jj in range(0, m, block):
            for k0 in range(0, kk, block):
                for i in range(ii, min(ii + block, n)):
                    for j in range(jj, min(jj + block, m)):
                        s = c[i, j]
                        for k in range(k0, min(k0 + block, kk)):
                            s += a[i, k] * b[k, j]
                        c[i, j] = s


def _spd(rng):
    n = rng.randrange(0, 7)
    m = [[rng.uniform(-1, 1) for _ in range(n)] for _ in range(n)]
    a = [[sum(m[i][k] * m[j][k] for k in range(n)) + (n if i == j else 0) for j in range(n)] for i in range(n)]
    if n and rng.random() < 0.2:
        a[n - 1][n - 1] = -1.0
    return (a,)


@kb.kernel(check={"args": _spd})
def cholesky(a: kb.f64[:, :]) -> None:
    n = a.shape[0]
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= a[j, k] * a[j, k]
        a[j, j] = math.sqrt(s)
        for i in range(j + 1, n):
            t = a[i, j]
            for k in range(j):
                t -= a[i, k] * a[j, k]
            a[i, j] = t / a[j, j]
        for i in range(j):
            a[i, j] = 0.0


@kb.kernel(check={"shapes": {"a": "n n", "p": "n"}})
def lu_pivot(a: kb.f64[:, :], p: kb.i64[:]) -> int:
    n = len(a)
    swaps = 0
    for i in range(n):
        p[i] = i
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[best, k]):
                best = i
        if best != k:
            swaps += 1
            p[k], p[best] = p[best], p[k]
            for j in range(n):
                a[k, j], a[best, j] = a[best, j], a[k, j]
        if a[k, k] == 0.0:
            continue
        for i in range(k + 1, n):
            f = a[i, k] / a[k, k]
            a[i, k] = f
            for j in range(k + 1, n):
                a[i, j] -= f * a[k, j]
    return swaps


@kb.kernel(check={"shapes": {"a": "n n", "x": "n"}})
def solve_lower(a: kb.f64[:, :], x: kb.f64[:]) -> None:
    for i in range(len(x)):
        s = x[i]
        for j in range(i):
            s -= a[i, j] * x[j]
        x[i] = s / a[i, i]


@kb.kernel
def norm_inf(a: kb.f32[:, :]) -> kb.f32:
    best = kb.f32(0)
    for row in a:
        s = kb.f32(0)
        for v in row:
            s += abs(v)
        best = max(best, s)
    return best


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
