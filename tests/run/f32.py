# SPDX-License-Identifier: MIT
"""f32: weak literals keep it narrow, f64 widens it, // % ** at its width, comparisons."""
import math

import keelback as kb


@kb.kernel
def arith(x: kb.f32, y: kb.f32) -> kb.f32:
    return (x + y) * (x - y) - x * 0.1


@kb.kernel
def weak_meets(x: kb.f32, a: float, n: int) -> kb.f32:
    return a * x + n


@kb.kernel
def widened(x: kb.f32, y: kb.f64) -> kb.f64:
    return x * y + x


@kb.kernel
def quotient(x: kb.f32, y: kb.f32) -> kb.f32:
    return x / y


@kb.kernel
def floor_division(x: kb.f32, y: kb.f32) -> tuple[kb.f32, kb.f32]:
    return x // y, x % y


_EDGES = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5, math.inf, -math.inf, math.nan, 1e30, -1e30, 1e-45, 3.0, -3.0, 7.5]


@kb.kernel(check={"x": _EDGES, "y": _EDGES})
def edges(x: kb.f32, y: kb.f32) -> tuple[kb.f32, kb.f32, kb.f32]:
    q, r = divmod(x, y)
    return q, r, x % y


@kb.kernel(check={"x": _EDGES, "y": _EDGES})
def power_edges(x: kb.f32, y: kb.f32) -> kb.f32:
    return x ** y


@kb.kernel
def power(x: kb.f32, y: kb.f32) -> kb.f32:
    return x ** y


@kb.kernel
def square(x: kb.f32) -> kb.f32:
    return x ** 2


@kb.kernel
def compare(x: kb.f32, y: kb.f32, w: float) -> int:
    return (x < y) + 2 * (x <= y) + 4 * (x == y) + 8 * (x > w) + 16 * (x == 0.1) + 32 * (w != x)


@kb.kernel
def compare_int(x: kb.f32, n: int) -> int:
    return (x < n) + 2 * (x == n) + 4 * (n <= x)


@kb.kernel
def math_is_weak(x: kb.f32) -> kb.f32:
    return x * math.sqrt(abs(x)) + x


@kb.kernel
def cast_down(x: float) -> kb.f32:
    return kb.f32(x) * 3


@kb.kernel
def cast_up(x: kb.f32) -> float:
    return kb.f64(x) * 0.1


@kb.kernel
def int_to_f32(n: int) -> kb.f32:
    return kb.f32(n)


@kb.kernel
def to_int(x: kb.f32) -> tuple[int, int, int]:
    return int(x), round(x), math.floor(x)


@kb.kernel
def sum_f32(x: kb.f32[:]) -> kb.f32:
    s = kb.f32(0.0)
    for i in range(len(x)):
        s += x[i]
    return s


@kb.kernel
def sum_in_f64(x: kb.f32[:]) -> float:
    s = kb.f64(0.0)
    for i in range(len(x)):
        s += x[i]
    return s


@kb.kernel
def narrowing_store(x: kb.f64[:], y: kb.f32[:]) -> None:
    for i in range(min(len(x), len(y))):
        y[i] = x[i]


@kb.kernel
def widening_store(x: kb.f32[:], y: kb.f64[:]) -> None:
    for i in range(min(len(x), len(y))):
        y[i] = x[i] * 0.1


@kb.kernel
def min_max(x: kb.f32, y: kb.f32) -> kb.f32:
    return min(x, y) - max(x, y)


@kb.kernel
def negate(x: kb.f32) -> kb.f32:
    return -x if x > 0 else abs(x)


@kb.kernel
def constant_accumulator(x: kb.f32[:]) -> kb.f32:
    s = kb.f32(1.5)
    for v in x:
        s = s * 0.5 + v
    return s


@kb.kernel
def logistic(x: kb.f32, n: kb.u8) -> kb.f32:
    for _ in range(n):
        x = 3.7 * x * (1 - x)
    return x


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
