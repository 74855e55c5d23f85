# SPDX-License-Identifier: MIT
"""Conditions: and/or/not with Python's values, chained comparisons, conditional expressions, truth of numbers."""
import keelback as kb


@kb.kernel
def and_value(a: int, b: int) -> int:
    return a and b


@kb.kernel
def or_value(a: int, b: int) -> int:
    return a or b


@kb.kernel
def mixed_values(a: int, b: int, c: int) -> int:
    return (a and b) or (not a and c) or 7


@kb.kernel
def float_values(x: float, y: float) -> float:
    return x and y or 0.5


@kb.kernel
def short_circuit(x: kb.i64[:], i: int) -> bool:
    return 0 <= i and i < len(x) and x[i] > 0


@kb.kernel
def chained(a: int, b: int, c: int) -> bool:
    return a < b <= c != 5


@kb.kernel
def chained_once(x: kb.i64[:]) -> int:
    n = 0
    for i in range(len(x) - 1):
        if 0 <= x[i] < x[i + 1] < 10:
            n += 1
    return n


@kb.kernel
def conditional(a: int, b: int) -> int:
    return a if a > b else b if b > 10 else 0


@kb.kernel
def nested_conditional(x: float) -> float:
    return (1.0 if x > 1 else -1.0) if x != 0 else (0.0 if x == 0 else 2.0)


@kb.kernel
def truth_of_numbers(a: int, x: float, b: bool) -> int:
    n = 0
    if a:
        n += 1
    if x:
        n += 2
    if b:
        n += 4
    if not a:
        n += 8
    if not x:
        n += 16
    while a:
        a = 0
        n += 32
    return n


@kb.kernel
def elifs(n: int) -> int:
    if n < 0:
        return -1
    elif n == 0:
        return 0
    elif n < 10:
        r = 1
    elif n < 100:
        r = 2
    else:
        r = 3
    return r * 10


@kb.kernel
def returns_bool(a: int, b: float) -> bool:
    return bool(a) != bool(b)


@kb.kernel
def compare_bools(a: bool, b: bool) -> int:
    return (a < b) + 2 * (a == b) + 4 * (a >= True)


@kb.kernel
def is_none_free(a: int) -> int:
    ok = True
    if a > 100 or a < -100:
        ok = False
    return a if ok else 0


@kb.kernel
def clamp(x: float, lo: float, hi: float) -> float:
    return lo if x < lo else hi if x > hi else x


@kb.kernel
def sign(x: float) -> int:
    return (x > 0) - (x < 0)


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
