# SPDX-License-Identifier: MIT
"""make bench-guards: contractions. The plugin makes calls of them, so they are reported apart."""
import keelback as kb


@kb.kernel
def gemm_ijk(a: kb.f64[:, ::1], b: kb.f64[:, ::1], c: kb.f64[:, ::1]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


@kb.kernel
def gemm_ikj(a: kb.f32[:, ::1], b: kb.f32[:, ::1], c: kb.f32[:, ::1]) -> None:
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


@kb.kernel
def syrk(a: kb.f64[:, ::1], c: kb.f64[:, ::1]) -> None:
    for i in range(a.shape[0]):
        for j in range(i + 1):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * a[j, k]
            c[i, j] = s
