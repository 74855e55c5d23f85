# SPDX-License-Identifier: MIT
"""Where native code cannot go on: what the interpreter makes of the rest, rebuilt in the middle of it all."""
import math

import keelback as kb


# -- A variable of floats that is the int 0 until the first float comes --------------------------------------------------


@kb.kernel(check={"n": range(-3, 4), "m": range(0, 60), "x": range(-2, 3)})
def quotient_of_nothing(x: kb.f64[:], n: int, m: int) -> float:
    """0 / 0 is no float division, also when p left 64 bits while s was an int."""
    s = 0
    p = 1
    for i in range(m):
        p *= -4
        if i < len(x) and x[i] > 0.0:
            s += x[i]
    return s / (p * 0 + n)


@kb.kernel(check={"n": range(-3, 4), "m": range(0, 60), "x": range(-2, 3)})
def quotient_past_floats(x: kb.f64[:], n: int, m: int) -> float:
    """0 / 10**400 is 0.0, 0.0 / 10**400 an OverflowError."""
    s = 0
    p = 1
    for i in range(m):
        p *= 2**40
        for j in range(n):
            if j < len(x) and x[j] > 0.0:
                s += x[j]
    return s / p


@kb.kernel(check={"n": range(-3, 4), "x": range(-2, 3)})
def quotient_after_branch(x: kb.f64[:], n: int, a: int) -> float:
    s = 0
    if n > 2:
        s = 1.5
    for v in x:
        a = a * a + 1
        if v > 1.0:
            s = v
    a &= 3
    return s / (a - 1)


# -- Iterators at the end of 64 bits ------------------------------------------------------------------------------------------


@kb.kernel(check={"k": range(0, 30)})
def steps(a: int, b: int, k: int) -> int:
    """The index after the last one does not fit."""
    s = 0
    for i in range(2**63 - 1 - k, 2**63 - 1, 3):
        s ^= i
    for i in range(-2**63 + k, -2**63, -7):
        s += i
    for i in range(a, a + k * 5, 5):
        s += i ^ b
    return s


@kb.kernel(check={"c": (1, 2, 3, -1, -2, 2**62, -2**62, 2**63 - 1, -2**63, 0)})
def any_step(a: int, b: int, c: int) -> int:
    n = 0
    s = 0
    for i in range(a, b, c):
        s += i
        n += 1
        if n > 20:
            break
    return s * 32 + n


@kb.kernel(check={"x": range(-3, 9), "start": (2**63 - 3, 2**63 - 2, 2**63 - 1, 0, -1, -2**63, 2**63, 2**70)})
def counted(x: kb.i32[:], start: int) -> int:
    s = 0
    for k, v in enumerate(x, start):
        s += k * v
    for k, (v, w) in enumerate(zip(x, x), start):
        s ^= k + v - w
    return s


@kb.kernel
def length_of_range(a: int, b: int, c: int) -> int:
    return len(range(a, b, c)) + 1


# -- Conversions ------------------------------------------------------------------------------------------------------------------


@kb.kernel(check={"x": (0.5, -2.5, 1e18, -1e19, 1e300, 2.0**63, -2.0**63, 9.3e18, math.inf, math.nan)})
def whole(x: float, a: int) -> int:
    n = int(x) + round(x) - a
    return n * 2 + math.floor(x) - math.ceil(x * 3.0) + math.trunc(x)


@kb.kernel
def rounded_to(a: int, x: float) -> int:
    return round(a) + round(x * 1e17 if -1e290 < x < 1e290 else 0.5)


@kb.kernel(check={"x": range(-4, 5)})
def int_in_float_variable(n: int, x: kb.f64[:]) -> float:
    """n stays exact beyond 2**53 until it meets a float."""
    best = n
    for v in x:
        if best < v:
            best = v
    return best


@kb.kernel
def greatest(n: int, x: float, m: int) -> float:
    return max(n, x) if m > 0 else min(x, m)


@kb.kernel(check={"a": range(-4, 5), "b": range(-70, 70)})
def powers(a: int, b: int) -> float:
    return a**b + 0.5 if a or b >= 0 else 0.0


@kb.kernel(check={"b": range(-9, 9), "m": (7, 12, -5, 1, 2**62 + 1, 0)})
def inverse(a: int, b: int, m: int) -> int:
    return pow(a, b, m)


@kb.kernel
def common(a: int, b: int) -> int:
    return math.gcd(a, b) + math.gcd(-2**63, b) + math.gcd(a, -2**63)


@kb.kernel
def magnitudes(a: int, b: int) -> int:
    q, r = divmod(a, b) if b else (a, b)
    return abs(a) + abs(b) * q - r


# -- u64 ------------------------------------------------------------------------------------------------------------------------------


@kb.kernel
def u64_parameter(n: kb.u64, k: int) -> int:
    return n * 2 - k


@kb.kernel
def u64_same(n: kb.u64) -> kb.u64:
    return n


@kb.kernel
def u64_result(n: kb.u64, k: int) -> int:
    """The callee's result is past int64 in the middle of an expression."""
    s = 0
    for i in range(3):
        s = s * 2 + u64_same(n) - i
    return s + k


@kb.kernel
def u64_elements(x: kb.u64[:], i: int) -> int:
    s = 0
    for v in x:
        s += v
    for k, v in enumerate(x):
        s ^= v + k
    if 0 <= i < len(x):
        x[i] = x[i] // 3
        s -= x[-1] + x[i]
    return s


@kb.kernel(check={"x": range(2**64 - 5, 2**64)})
def u64_minmax(x: kb.u64[:]) -> tuple[int, int]:
    lo = 2**63 - 1
    hi = 0
    for i in range(len(x)):
        lo = min(lo, x[i])
        hi = max(hi, x[i])
    return lo, hi


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
