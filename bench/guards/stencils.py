# SPDX-License-Identifier: MIT
"""make bench-guards: stencils and convolutions, whose guards are affine."""
import keelback as kb


@kb.kernel
def jacobi5(a: kb.f64[:, ::1], b: kb.f64[:, ::1]) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])


@kb.kernel
def jacobi9(n: int, m: int, a: kb.f32[:, ::1], b: kb.f32[:, ::1]) -> None:
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            b[i, j] = (a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1] + a[i, j - 1] + a[i, j] + a[i, j + 1]
                       + a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]) * 0.1111


@kb.kernel
def jacobi_flat(n: int, m: int, a: kb.f64[::1], b: kb.f64[::1]) -> None:
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            b[i * m + j] = 0.25 * (a[(i - 1) * m + j] + a[(i + 1) * m + j] + a[i * m + j - 1] + a[i * m + j + 1])


@kb.kernel
def heat3d(a: kb.f64[:, :, ::1], b: kb.f64[:, :, ::1], c: float) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            for k in range(1, a.shape[2] - 1):
                b[i, j, k] = a[i, j, k] + c * (a[i - 1, j, k] + a[i + 1, j, k] + a[i, j - 1, k] + a[i, j + 1, k]
                                               + a[i, j, k - 1] + a[i, j, k + 1] - 6.0 * a[i, j, k])


@kb.kernel
def heat3d_flat(n: int, a: kb.f64[::1], b: kb.f64[::1], c: float) -> None:
    for i in range(1, n - 1):
        for j in range(1, n - 1):
            for k in range(1, n - 1):
                p = (i * n + j) * n + k
                b[p] = a[p] + c * (a[p - n * n] + a[p + n * n] + a[p - n] + a[p + n] + a[p - 1] + a[p + 1] - 6.0 * a[p])


@kb.kernel
def wave(u: kb.f64[:, ::1], v: kb.f64[:, ::1], w: kb.f64[:, ::1], c: float) -> None:
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            w[i, j] = 2.0 * u[i, j] - v[i, j] + c * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])


@kb.kernel
def seidel(a: kb.f64[:, ::1]) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            a[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])


@kb.kernel
def conv1d(x: kb.f32[::1], w: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(len(y)):
        s = kb.f32(0)
        for j in range(len(w)):
            s += x[i + j] * w[j]
        y[i] = s


@kb.kernel
def conv1d_full(x: kb.f64[::1], w: kb.f64[::1], y: kb.f64[::1]) -> None:
    n = len(w)
    for j in range(n):
        for i in range(n - 1, len(x)):
            y[i] += x[i - j] * w[j]


@kb.kernel
def conv2d(a: kb.f32[:, ::1], w: kb.f32[:, ::1], b: kb.f32[:, ::1]) -> None:
    for i in range(a.shape[0] - 2):
        for j in range(a.shape[1] - 2):
            s = kb.f32(0)
            for k in range(3):
                for l in range(3):
                    s += a[i + k, j + l] * w[k, l]
            b[i, j] = s
