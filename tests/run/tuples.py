# SPDX-License-Identifier: MIT
"""Tuples: assignment, nesting, swaps, results, values of variables; augmented and multiple assignment."""
import keelback as kb


@kb.kernel
def returns_two(a: int, x: float) -> tuple[int, float]:
    return a + 1, x * 2.0


@kb.kernel
def nested(a: int, b: bool) -> tuple[int, float, bool]:
    t = a, (a * 0.5, (b, not b))
    n, (x, (c, d)) = t
    return n, x + c, d if t[1][1][0] else c


@kb.kernel
def inferred(a: int, x: float):
    return a, x, a > 0


@kb.kernel
def rotate(a: int, b: int, c: int) -> int:
    a, b, c = b, c, a
    (a, b), c = (b, c), a
    return a * 10000 + b * 100 + c if -50 < a < 50 and -50 < b < 50 and -50 < c < 50 else 0


@kb.kernel
def variable(a: int, b: int) -> int:
    t = (a, b)
    u = t if a < b else (b, a)
    lo, hi = u
    return hi - lo if -1000 < lo and hi < 1000 else 0


@kb.kernel
def indexed(a: int, b: float) -> float:
    t = (a, b, 3.5)
    return t[1] + t[-1] + t[0] * 0.5


@kb.kernel
def multiple_targets(a: int) -> int:
    x = y = z = a & 1023
    y += 1
    z *= 2
    return x + y * 3 + z * 5


@kb.kernel
def augmented(a: int, b: int) -> int:
    a &= 4095
    a += b & 15
    a -= 3
    a *= 2
    a //= 3
    a %= 1000
    a <<= 2
    a >>= 1
    a |= 8
    a ^= 5
    a **= 2
    return a


@kb.kernel
def augmented_float(x: float) -> float:
    x += 1
    x *= 0.5
    x -= 0.25
    x /= 3.0
    return x


@kb.kernel
def order_of_stores(x: kb.i64[:], i: int, j: int) -> None:
    x[i], x[j] = x[j], x[i]


@kb.kernel
def target_uses_new_value(x: kb.i64[:]) -> int:
    i = 0
    i, x[i] = 1, 5
    return i


@kb.kernel
def augmented_element(x: kb.f64[:], i: int) -> None:
    x[i] += 1.5
    x[-1] *= 2.0


@kb.kernel
def accumulate_pair(x: kb.f64[:]) -> tuple[float, int]:
    s, n = 0.0, 0
    for v in x:
        s, n = s + v, n + 1
    return s, n


@kb.kernel
def two_smallest(x: kb.i64[:]) -> tuple[int, int]:
    a, b = 1 << 62, 1 << 62
    for v in x:
        if v < a:
            a, b = v, a
        elif v < b:
            b = v
    return a, b


@kb.kernel
def shape_unpacked(a: kb.f64[:, :]) -> int:
    n, m = a.shape
    return n * 100 + m


@kb.kernel
def annotated(n: int) -> int:
    a: int = n & 255
    b: float = a * 0.5
    return a + int(b)


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
