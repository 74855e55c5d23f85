# SPDX-License-Identifier: MIT
"""Kernels of bench/tile.sh, beside those of tests/gcc/jam.py: nests that gain by another order of their turns, or by several rows at
once. No permissions."""
import keelback as kb


@kb.kernel
def norms32(a: kb.f32[:, :], y: kb.f32[:]):
    for i in range(a.shape[0]):
        s = kb.f32(0)
        for j in range(a.shape[1]):
            s += a[i, j] * a[i, j]
        y[i] = s


@kb.kernel
def columns_into(a: kb.f64[:, :], y: kb.f64[:]):
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            y[j] += a[i, j]


@kb.kernel
def transpose(a: kb.f64[:, :], b: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[j, i] = a[i, j]


@kb.kernel
def minplus(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for k in range(b.shape[0]):
            for j in range(b.shape[1]):
                c[i, j] = min(c[i, j], a[i, k] + b[k, j])


@kb.kernel
def minplus_ijk(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = c[i, j]
            for k in range(b.shape[0]):
                s = min(s, a[i, k] + b[k, j])
            c[i, j] = s


@kb.kernel(tile={"i": 64, "k": 128, "j": 1024})
def minplus_tiled(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for k in range(b.shape[0]):
            for j in range(b.shape[1]):
                c[i, j] = min(c[i, j], a[i, k] + b[k, j])


@kb.kernel
def jacobi(a: kb.f64[:, :], b: kb.f64[:, :], t: int):
    for _ in range(t):
        for i in range(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
        for i in range(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                a[i, j] = b[i, j]


@kb.kernel
def floyd(d: kb.f64[:, :]):
    n = d.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                d[i, j] = min(d[i, j], d[i, k] + d[k, j])


@kb.kernel
def column_order(a: kb.f64[:, :], b: kb.f64[:, :]):
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            b[i, j] = a[i, j] * 2.0 + 1.0
