# SPDX-License-Identifier: MIT
"""make bench-gemm: the plain loops of matrix products, strict and with permissions."""
import keelback as kb


@kb.kernel
def gemm_f64(a: kb.f64[:, ::1], b: kb.f64[:, ::1], c: kb.f64[:, ::1]) -> None:
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            t = 0.0
            for p in range(a.shape[1]):
                t += a[i, p] * b[p, j]
            c[i, j] = t


@kb.kernel
def gemm_f32(a: kb.f32[:, ::1], b: kb.f32[:, ::1], c: kb.f32[:, ::1]) -> None:
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            t = kb.f32(0)
            for p in range(a.shape[1]):
                t += a[i, p] * b[p, j]
            c[i, j] = t


@kb.kernel(fastmath={"reassoc", "contract"})
def gemm_fused_f64(a: kb.f64[:, ::1], b: kb.f64[:, ::1], c: kb.f64[:, ::1]) -> None:
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            t = 0.0
            for p in range(a.shape[1]):
                t += a[i, p] * b[p, j]
            c[i, j] = t


@kb.kernel(fastmath={"reassoc", "contract"})
def gemm_fused_f32(a: kb.f32[:, ::1], b: kb.f32[:, ::1], c: kb.f32[:, ::1]) -> None:
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            t = kb.f32(0)
            for p in range(a.shape[1]):
                t += a[i, p] * b[p, j]
            c[i, j] = t


@kb.kernel
def gemv_f64(a: kb.f64[:, ::1], x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(a.shape[0]):
        t = 0.0
        for p in range(a.shape[1]):
            t += a[i, p] * x[p]
        y[i] = t


@kb.kernel
def gemv_f32(a: kb.f32[:, ::1], x: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(a.shape[0]):
        t = kb.f32(0)
        for p in range(a.shape[1]):
            t += a[i, p] * x[p]
        y[i] = t


@kb.kernel(fastmath={"reassoc"})
def gemv_reassoc_f64(a: kb.f64[:, ::1], x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(a.shape[0]):
        t = 0.0
        for p in range(a.shape[1]):
            t += a[i, p] * x[p]
        y[i] = t


@kb.kernel(fastmath={"reassoc"})
def gemv_reassoc_f32(a: kb.f32[:, ::1], x: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(a.shape[0]):
        t = kb.f32(0)
        for p in range(a.shape[1]):
            t += a[i, p] * x[p]
        y[i] = t
