# SPDX-License-Identifier: MIT
"""Builtins: len, abs, min, max, round, int, float, bool, sum, pow, divmod."""
import keelback as kb


@kb.kernel
def lens(x: kb.f64[:], a: kb.i32[:, :], c: kb.u8[:, :, :]) -> int:
    return len(x) + 10 * len(a) + 100 * len(c)


@kb.kernel
def sizes(a: kb.i32[:, :], c: kb.f32[:, :, :]) -> int:
    return a.size + 1000 * c.size + a.ndim + c.ndim + c.shape[0] * c.shape[1] - a.shape[-1]


@kb.kernel
def sum_ints(x: kb.i64[:]) -> int:
    return sum(x)


@kb.kernel
def sum_floats(x: kb.f64[:]) -> float:
    return sum(x)


@kb.kernel
def sum_from(x: kb.i32[:], start: int) -> int:
    return sum(x, start)


@kb.kernel
def sum_of_f32(x: kb.f32[:]) -> kb.f32:
    return sum(x)


@kb.kernel
def absolutes(a: int, x: float) -> float:
    return abs(a) + abs(x)


@kb.kernel
def min_ints(a: int, b: int, c: int) -> tuple[int, int]:
    return min(a, b, c), max(a, b, c)


@kb.kernel
def min_mixed(a: int, x: float) -> float:
    return min(float(a), x) + max(0.0, x)


@kb.kernel
def rounds(x: float) -> int:
    return round(x) + round(x * 0.5)


@kb.kernel
def round_int(a: int) -> int:
    return round(a)


@kb.kernel
def conversions(a: int, x: float, b: bool) -> tuple[int, float, bool, bool]:
    return int(b) + int(a), float(a) + float(b) + float(x), bool(a), bool(x)


@kb.kernel
def empty_conversions() -> tuple[int, float, bool]:
    return int(), float(), bool()


@kb.kernel
def pow_builtin(x: float, y: float) -> float:
    return pow(abs(x), y)


@kb.kernel(check={"a": range(-30, 31), "e": range(0, 13)})
def pow_ints(a: int, e: int) -> int:
    return pow(a, e)


@kb.kernel
def divmods(a: int, b: int) -> int:
    q, r = divmod(a, b)
    return q ^ r


@kb.kernel
def min_of_array(x: kb.f64[:]) -> float:
    if len(x) == 0:
        raise ValueError("empty")
    m = x[0]
    for v in x:
        m = min(m, v)
    return m


@kb.kernel(check={"n": range(-5, 20)})
def length_of_range(n: int) -> int:
    return len(range(n)) + len(range(2, n, 3))


@kb.kernel
def mean(x: kb.f64[:]) -> float:
    return sum(x) / len(x)


@kb.kernel
def mean_of_positive(x: kb.f64[:], n: int) -> float:
    s = 0
    k = n & 3
    for v in x:
        if v > 0:
            s += v
            k += 1
    return s / k


@kb.kernel
def mean_f32(x: kb.f32[:]) -> kb.f32:
    s = 0
    for v in x:
        s += v
    return s / len(x)


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))


@kb.kernel
def min_after_all_arguments(c: kb.f64[:], d: float) -> float:
    return min(0.0, d ** 0.5, c[0])
