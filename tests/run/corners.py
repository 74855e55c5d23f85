# SPDX-License-Identifier: MIT
"""Corners: order of evaluation, arithmetic of bools, ints at the ends of 64 bits, paths that leave variables unbound."""
import math

import keelback as kb


@kb.kernel
def order1(x: kb.f64[:], i: int, j: int, d: float) -> None:
    x[i] = x[j] / d


@kb.kernel
def order2(x: kb.i64[:], i: int, j: int) -> None:
    x[i] += x[j] // (i - j)


@kb.kernel
def order3(x: kb.i64[:], i: int, j: int) -> None:
    x[i] = x[j] = i // j


@kb.kernel
def order4(x: kb.i64[:], y: kb.i64[:], i: int) -> int:
    x[0], y[i], x[1] = i, i + 1, i + 2
    return x[0] + y[0]


@kb.kernel(check={"i": range(-3, 4), "j": range(-3, 4)})
def order5(a: kb.f64[:, :], i: int, j: int) -> float:
    return a[i, 0] + a[0, j] / (a[0, 0])


@kb.kernel
def boolmix(a: int, b: bool) -> int:
    return (a > 0) + (b and a) + (b or a) + (not a)


@kb.kernel
def untyped_and(a: int, b: int):
    return a > 0 and b > 0


@kb.kernel
def untyped_mix(a: int, x: float):
    return x if a > 0 else a * 1.0


@kb.kernel
def bools(a: bool, b: bool):
    return a & b, a | b, a ^ b, a & 1, -a, ~a, +a, abs(a), a + b, a * b, a - b, a // True, a % True, a ** b, a << b, a >> b


@kb.kernel
def bool_minmax(a: bool, n: int) -> int:
    return min(a, n) + max(a, n) + round(a) + int(a)


@kb.kernel
def bool_div(a: bool, b: bool) -> float:
    return a / b


@kb.kernel
def bool_divmod(a: int, b: bool) -> tuple[int, int]:
    return divmod(a, b)


@kb.kernel
def sum_bool(m: kb.boolean[:]) -> int:
    return sum(m)


@kb.kernel
def bool_loop(m: kb.boolean[:]) -> bool:
    r = False
    for v in m:
        r = r != v
    return r


@kb.kernel(check={"n": range(-3, 12)})
def nested_unbound(n: int, x: kb.i64[:]) -> int:
    if n > 3:
        for i in range(len(x)):
            if x[i] > n:
                y = x[i]
                break
        else:
            z = n
    if n > 5:
        return z
    return y + n


@kb.kernel(check={"n": range(0, 12)})
def loop_else_return(n: int, x: kb.i64[:]) -> int:
    for i in range(n):
        for j in range(i):
            if j == 5:
                return 100
            if x[j] < 0:
                break
        else:
            continue
        while True:
            if i > 2:
                return i
            break
    else:
        return -2
    return -3


@kb.kernel(check={"n": range(0, 30)})
def while_cond(n: int, x: kb.f64[:]) -> int:
    i = 0
    while i < len(x) and x[i] < 3.0 or i < n and i % 3 != 2:
        i += 1
        if i == 7:
            continue
    return i


@kb.kernel
def extreme_range(a: int, b: int, c: int) -> int:
    n = 0
    for i in range(a, b, c):
        n += 1
        if n > 10:
            return i
    return n


@kb.kernel
def neg_extreme(a: int) -> int:
    return -a


@kb.kernel
def abs_extreme(a: int) -> int:
    return abs(a)


@kb.kernel
def div_extreme(a: int, b: int) -> int:
    return a // b


@kb.kernel
def mod_extreme(a: int) -> int:
    return a % -1


@kb.kernel(check={"a": [-2**63, 2**63-1, 0, 1], "b": [-1, 1, 2, -2]})
def dm_extreme(a: int, b: int) -> tuple[int, int]:
    return divmod(a, b)


@kb.kernel
def chain(x: kb.i64[:], i: int) -> bool:
    return 0 < x[i] < x[i + 1] < x[i + 2]


@kb.kernel
def float_chain(x: float, y: float) -> bool:
    return x < y <= math.inf and not (x >= y) and y == y


@kb.kernel
def ifloat(n: int, x: float) -> float:
    t = n
    if n > 3:
        t = x
    return t * 2.0


@kb.kernel
def accumulate_int_float(x: kb.f64[:]) -> float:
    s = 0
    for v in x:
        s += v
    return s


@kb.kernel
def powneg(x: float) -> float:
    return x ** -2 + x ** 0 + 2 ** x


@kb.kernel
def intpow_float(n: int, x: float) -> float:
    return n ** x


@kb.kernel
def sq(x: kb.f32) -> kb.f32:
    return x ** 0.5


@kb.kernel
def cmp_chain_f32(x: kb.f32[:], t: float) -> int:
    n = 0
    for v in x:
        if -t < v < t:
            n += 1
        if v == 0.1 or v != v:
            n += 10
    return n


@kb.kernel
def f32_int_mix(x: kb.f32[:], n: int) -> kb.f32:
    s = kb.f32(0)
    for i in range(len(x)):
        s += x[i] * i + n
    return s


@kb.kernel
def tuple_in_loop(x: kb.i64[:]) -> tuple[int, int]:
    t = (0, 1)
    for v in x:
        a, b = t
        t = (b, (a + v) & 255)
    return t


@kb.kernel
def isclose(a: float, b: float) -> bool:
    return abs(a - b) <= max(1e-9 * max(abs(a), abs(b)), 0.0)


@kb.kernel
def digits(n: int) -> int:
    s = 0
    n = abs(n)
    while n:
        n, d = divmod(n, 10)
        s += d
    return s


@kb.kernel
def ternary_types(b: bool, n: int, x: float) -> float:
    return (n if b else x) + 1.0


@kb.kernel
def floor_of(x: float, y: float) -> float:
    return math.floor(x / y) * y + math.ceil(x) - math.trunc(y)


@kb.kernel
def intfloordiv(x: float, n: int) -> float:
    return x // n + n // x + x % n + n % x


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
