# SPDX-License-Identifier: MIT
"""Floats: arithmetic bit for bit, Python's // % **, errors, NaN, -0.0, mixing with ints."""
import math

import keelback as kb


@kb.kernel
def arith(x: float, y: float) -> float:
    return (x + y) * (x - y) - -x * 0.5


@kb.kernel
def quotient(x: float, y: float) -> float:
    return x / y


@kb.kernel
def floor_division(x: float, y: float) -> tuple[float, float]:
    return x // y, x % y


@kb.kernel
def divmod_float(x: float, y: float) -> tuple[float, float]:
    return divmod(x, y)


@kb.kernel
def divmod_mixed(n: int, y: float) -> tuple[float, float]:
    return divmod(n, y)


@kb.kernel
def mod_by_constant(x: float) -> float:
    return x % 2.5 + x % -3.0 + x // 0.75


@kb.kernel
def power(x: float, y: float) -> float:
    return x ** y


_BASES = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, math.inf, -math.inf, math.nan, 1e300, -1e300, 5e-324]


@kb.kernel(check={"x": _BASES, "y": _BASES + [3.0, -3.0, 1e-300]})
def power_edges(x: float, y: float) -> float:
    return x ** y


@kb.kernel(check={"x": _BASES + [-3.0, 7.5], "y": _BASES + [3.0, -3.0, 7.5]})
def modulo_edges(x: float, y: float) -> tuple[float, float, float]:
    q, r = divmod(x, y)
    return x % y, q, r


@kb.kernel
def small_powers(x: float) -> float:
    return x ** 2 + x ** 3 - x ** 0.5 * 0.0 if x >= 0 and x < 1e50 else 0.0


@kb.kernel
def negative_power(x: float) -> float:
    return x ** -1


@kb.kernel
def mixed(n: int, x: float) -> float:
    return n * x + n - x / 3 + n / 4


@kb.kernel
def int_float_compare(n: int, x: float) -> bool:
    return n == x or (n < x and not n >= x)


@kb.kernel
def to_int(x: float) -> int:
    return int(x)


@kb.kernel
def rounding(x: float) -> int:
    return round(x)


@kb.kernel
def rounding_modes(x: float) -> tuple[int, int, int]:
    return math.floor(x), math.ceil(x), math.trunc(x)


@kb.kernel
def nan_tests(x: float) -> int:
    n = 0
    if x != x:
        n += 1
    if math.isnan(x):
        n += 2
    if math.isinf(x):
        n += 4
    if math.isfinite(x):
        n += 8
    if not x < 0.0:
        n += 16
    if x:
        n += 32
    return n


@kb.kernel
def min_max(x: float, y: float) -> tuple[float, float]:
    return min(x, y), max(x, y)


@kb.kernel
def min_max_three(x: float, y: float, z: float) -> float:
    return min(x, y, z) - max(z, y, x)


@kb.kernel
def signed_zero(x: float) -> float:
    return 0.0 * x + -0.0 - (0.0 if x > 0 else -0.0)


@kb.kernel
def absolute(x: float) -> float:
    return abs(x) + math.fabs(-x)


@kb.kernel
def float_of_int(n: int) -> float:
    return float(n)


@kb.kernel
def float_of_bool(b: bool) -> float:
    return float(b) + b * 2.0


@kb.kernel
def no_contraction(a: float, b: float, c: float) -> float:
    return a * b + c


@kb.kernel
def order_is_kept(x: kb.f64[:]) -> float:
    s = 0.0
    for v in x:
        s = s + v
    return s


@kb.kernel
def horner(x: float, c: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(c) - 1, -1, -1):
        s = s * x + c[i]
    return s


@kb.kernel(check={"n": range(0, 40)})
def newton_sqrt(x: float, n: int) -> float:
    if not x > 0.0:
        raise ValueError("x must be positive")
    g = x
    for _ in range(n):
        g = 0.5 * (g + x / g)
    return g


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))


@kb.kernel
def double_negation(x: float, y: kb.f32) -> tuple[float, kb.f32]:
    x = - -x
    return - -x - -x, - - -y


@kb.kernel
def zero_minus(n: int, x: float, y: kb.f32) -> tuple[float, float, float, kb.f32, kb.f32]:
    return 0.0 - n, False - float(n), 0.0 - abs(x), 0.0 - abs(y), kb.f32(0.0) - (kb.f32(n) if n < 3 else abs(y))
