# SPDX-License-Identifier: MIT
"""The math module: libm behind CPython's checks, domain and range errors."""
import math
from math import cos, pi, sin, sqrt

import keelback as kb


@kb.kernel
def root(x: float) -> float:
    return math.sqrt(x)


@kb.kernel
def exps(x: float) -> float:
    return math.exp(x)


@kb.kernel
def exp_less_one(x: float) -> float:
    return math.expm1(x)


@kb.kernel
def logs(x: float) -> float:
    return math.log(x)


@kb.kernel
def log_base(x: float, b: float) -> float:
    return math.log(x, b)


@kb.kernel
def log2_10(x: float) -> float:
    return math.log2(x) + math.log10(x)


@kb.kernel
def log_of_one_more(x: float) -> float:
    return math.log1p(x)


@kb.kernel
def trig(x: float) -> float:
    return sin(x) + cos(x) * pi


@kb.kernel
def tangent(x: float) -> float:
    return math.tan(x)


@kb.kernel
def inverse_trig(x: float) -> float:
    return math.asin(x) + math.acos(x)


@kb.kernel
def arctans(x: float, y: float) -> float:
    return math.atan(x) + math.atan2(y, x)


@kb.kernel
def hyperbolic(x: float) -> float:
    return math.tanh(x) + math.asinh(x)


@kb.kernel
def sinh_cosh(x: float) -> float:
    return math.sinh(x) - math.cosh(x)


@kb.kernel
def area(x: float) -> float:
    return math.acosh(x)


@kb.kernel
def area_tangent(x: float) -> float:
    return math.atanh(x)


@kb.kernel
def errors(x: float) -> float:
    return math.erf(x) + math.erfc(x)


@kb.kernel
def remainder_of(x: float, y: float) -> float:
    return math.fmod(x, y)


@kb.kernel
def math_pow(x: float, y: float) -> float:
    return math.pow(x, y)


@kb.kernel
def with_sign(x: float, y: float) -> float:
    return math.copysign(x, y)


@kb.kernel
def angles(x: float) -> float:
    return math.degrees(x) - math.radians(x)


@kb.kernel
def gcd(a: int, b: int) -> int:
    return math.gcd(a, b)


@kb.kernel
def isqrt(n: int) -> int:
    return math.isqrt(n)


@kb.kernel
def norm(x: kb.f64[:]) -> float:
    s = 0.0
    for v in x:
        s += v * v
    return sqrt(s)


@kb.kernel
def of_ints(n: int) -> float:
    return math.sqrt(n) if n >= 0 else math.sin(n)


@kb.kernel
def constants(x: float) -> float:
    return x * math.e + math.tau - math.inf if x > 0 else x + math.pi


@kb.kernel
def softmax(x: kb.f64[:], out: kb.f64[:]) -> None:
    if len(x) == 0:
        return
    m = x[0]
    for v in x:
        m = max(m, v)
    s = 0.0
    for i in range(len(x)):
        e = math.exp(x[i] - m)
        out[i] = e
        s += e
    for i in range(len(x)):
        out[i] /= s


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
