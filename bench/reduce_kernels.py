# SPDX-License-Identifier: MIT
"""Kernels of bench/reduce.sh."""
import math

import keelback as kb


@kb.kernel(fastmath={"reassoc", "contract"})
def k_sdot(x: kb.f32[::1], y: kb.f32[::1]) -> kb.f32:
    s = kb.f32(0)
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel(fastmath={"reassoc", "contract"})
def k_ddot(x: kb.f64[::1], y: kb.f64[::1]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel(fastmath={"reassoc", "contract"})
def k_sgemv(a: kb.f32[:, ::1], x: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(len(y)):
        s = kb.f32(0)
        for j in range(len(x)):
            s += a[i, j] * x[j]
        y[i] = s


@kb.kernel
def k_strict_gemv(a: kb.f32[:, ::1], x: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(len(y)):
        s = kb.f32(0)
        for j in range(len(x)):
            s += a[i, j] * x[j]
        y[i] = s


@kb.kernel
def k_strict_dot(x: kb.f64[::1], y: kb.f64[::1]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def k_isum(x: kb.i32[::1]) -> int:
    s = 0
    for i in range(len(x)):
        s += x[i]
    return s


@kb.kernel
def k_max(x: kb.f64[::1]) -> float:
    m = x[0]
    for i in range(len(x)):
        if x[i] > m:
            m = x[i]
    return m


@kb.kernel
def k_argmin(x: kb.f64[::1]) -> int:
    m = x[0]
    k = 0
    for i in range(len(x)):
        if x[i] < m:
            m = x[i]
            k = i
    return k


@kb.kernel
def k_floyd(d: kb.f64[:, ::1]) -> None:
    n = d.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                t = d[i, k] + d[k, j]
                if t < d[i, j]:
                    d[i, j] = t


@kb.kernel(fastmath=True)
def k_exp(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        y[i] = math.exp(x[i])
