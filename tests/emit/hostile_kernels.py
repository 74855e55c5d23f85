# SPDX-License-Identifier: MIT
"""Kernels whose results show what a compiler does to floating point: order, contraction, reciprocals, signs, NaN."""
import math

import keelback as kb


@kb.kernel
def h_dot(x: kb.f64[:], y: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def h_dot32(x: kb.f32[:], y: kb.f32[:]) -> kb.f32:
    s = kb.f32(0.0)
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def h_axpy(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel
def h_scale(d: float, x: kb.f64[:]) -> None:
    for i in range(len(x)):
        x[i] = x[i] / d - x[i] * d / 3.0


@kb.kernel
def h_poly(x: float) -> float:
    return ((x * 0.1 + 0.2) * x + 0.3) * x + 0.7


@kb.kernel
def h_cancel(a: float, b: float) -> float:
    return (a + b) - a


@kb.kernel
def h_zero(a: float) -> float:
    return math.copysign(1.0, a + 0.0) + 10.0 * math.copysign(1.0, 0.0 - a) + 100.0 * math.copysign(1.0, a * 0.0)


@kb.kernel
def h_nan(a: float) -> int:
    n = 0
    if a != a:
        n += 1
    if math.isnan(a):
        n += 2
    if math.isinf(a):
        n += 4
    if a - a == 0.0:
        n += 8
    if not (a < 0.0) and not (a >= 0.0):
        n += 16
    return n


@kb.kernel
def h_root(a: float) -> float:
    return 1.0 / math.sqrt(a) + math.sqrt(a) * math.sqrt(a)


@kb.kernel
def h_libm(a: float) -> float:
    return math.exp(a) + math.pow(a, 2.0) + math.pow(2.0, a) + math.pow(a, 0.5) + math.sin(a) * math.cos(a) + math.log(a)


@kb.kernel
def h_divide(a: int, b: int) -> float:
    return a / b + (a // b) % 7


@kb.kernel
def h_mod(a: float, b: float) -> float:
    return a % b + 1000.0 * (a // b)


@kb.kernel
def h_minmax(x: kb.f64[:]) -> float:
    m = x[0]
    for v in x:
        m = min(m, v)
    return m + max(x[0], x[1]) * 2.0


@kb.kernel
def h_round(a: float) -> float:
    return float(round(a)) + math.floor(a) * 3.0 + math.trunc(a) * 7.0


@kb.kernel
def h_single(a: kb.f32, b: kb.f32) -> kb.f32:
    return a / b + a * b - a % b
