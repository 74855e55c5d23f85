# SPDX-License-Identifier: MIT
"""The kernels of `make bench-interp`: typed arrays, and what goes on in the interpreter after a deopt."""
import keelback as kb


@kb.kernel
def dot(x: kb.f64[:], y: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def saxpy(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel
def stencil(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(1, len(x) - 1):
        y[i] = 0.25 * x[i - 1] + 0.5 * x[i] + 0.25 * x[i + 1]


@kb.kernel
def total(x: kb.i64[:]) -> int:
    s = 0
    for v in x:
        s += v
    return s


@kb.kernel
def histogram(x: kb.i64[:], h: kb.i64[:]) -> None:
    for i in range(len(x)):
        h[x[i]] += 1


@kb.kernel
def passing(n: int) -> int:
    """Leaves 64 bits in the middle and stays outside."""
    s = 2**62
    for i in range(n):
        s += 2**62 // (n // 2)
    return s
