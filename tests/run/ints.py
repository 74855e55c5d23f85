# SPDX-License-Identifier: MIT
"""Exact ints: arithmetic, division, shifts, powers, comparison."""
import keelback as kb


@kb.kernel
def arith(a: int, b: int) -> int:
    return (a + b) * 3 - a * b + -a + +b


@kb.kernel
def floordiv_mod(a: int, b: int) -> tuple[int, int]:
    return a // b, a % b


@kb.kernel
def floordiv_consts(a: int) -> int:
    return a // 7 + a // -7 + a // 8 + a % 7 + a % -7 + a % 16 + a // 1 + a % 1


@kb.kernel
def true_division(a: int, b: int) -> float:
    return a / b


def _wide(rng):
    return rng.getrandbits(rng.randint(50, 63)) * rng.choice((1, -1))


@kb.kernel(check={"a": _wide, "b": _wide})
def true_division_wide(a: int, b: int) -> float:
    return a / b


@kb.kernel(check={"a": _wide, "b": _wide})
def divisions_wide(a: int, b: int) -> tuple[int, int, int]:
    return a // b, a % b, b % (a >> 7 | 1)


@kb.kernel(check={"s": range(-3, 80)})
def shifts(a: int, s: int) -> int:
    return (a << s) ^ (a >> s)


@kb.kernel
def right_shift(a: int, s: int) -> int:
    return a >> s


@kb.kernel
def bitwise(a: int, b: int) -> int:
    return (a & b) | (a ^ b) ^ ~b


@kb.kernel(check={"b": range(-20, 21), "e": range(0, 24)})
def power(b: int, e: int) -> int:
    return b ** e


@kb.kernel
def squares(a: int) -> int:
    return a ** 2 - a ** 1 + a ** 0


@kb.kernel(check={"m": range(-9, 60), "e": range(0, 40)})
def power_mod(a: int, e: int, m: int) -> int:
    return pow(a, e, m)


@kb.kernel
def comparisons(a: int, b: int) -> int:
    n = 0
    if a < b:
        n += 1
    if a <= b:
        n += 2
    if a == b:
        n += 4
    if a != b:
        n += 8
    if a > b:
        n += 16
    if a >= b:
        n += 32
    return n


@kb.kernel
def int_against_float(a: int, x: float) -> int:
    return (a < x) + 2 * (a <= x) + 4 * (a == x) + 8 * (a != x) + 16 * (a > x) + 32 * (a >= x)


@kb.kernel
def divmod_pair(a: int, b: int) -> tuple[int, int]:
    q, r = divmod(a, b)
    return r, q


@kb.kernel(check={"n": range(0, 25)})
def factorial(n: int) -> int:
    f = 1
    for i in range(2, n + 1):
        f *= i
    return f


@kb.kernel(check={"a": range(-40, 1000), "b": range(-40, 1000)})
def gcd_euclid(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return abs(a)


@kb.kernel(check={"n": range(0, 3000)})
def collatz(n: int) -> int:
    steps = 0
    while n > 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


@kb.kernel(check={"n": range(0, 3000)})
def collatz_peak(n: kb.u32) -> kb.i64:
    peak = n
    while n > 1:
        n = n >> 1 if n & 1 == 0 else 3 * n + 1
        peak = max(peak, n)
    return peak


@kb.kernel
def popcount(a: int) -> int:
    n = 0
    while a > 0:
        a &= a - 1
        n += 1
    return n


@kb.kernel(check={"n": range(0, 95)})
def fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@kb.kernel
def bools_count(a: bool, b: bool, c: int) -> int:
    return a + b + (c > 3) * 10 + (a & b) - (a ^ b) + (a | b) + ~a


@kb.kernel
def bool_logic(a: bool, b: bool) -> bool:
    return (a and not b) or (a ^ b) or a == b


@kb.kernel(check={"n": range(0, 2000)})
def isprime(n: int) -> bool:
    if n < 2:
        return False
    d = 2
    while d * d <= n:
        if n % d == 0:
            return False
        d += 1
    return True


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
