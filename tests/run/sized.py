# SPDX-License-Identifier: MIT
"""Sized ints: casts wrap, arithmetic wraps at the promoted width, arrays of every int type."""
import keelback as kb


@kb.kernel
def casts(n: int) -> tuple[int, int, int, int]:
    return int(kb.i8(n)), int(kb.u8(n)), int(kb.i16(n)), int(kb.u16(n))


@kb.kernel
def wide_casts(n: int) -> tuple[int, int, int, int]:
    return int(kb.i32(n)), int(kb.u32(n)), int(kb.i64(n)), int(kb.u64(n) >> 1)


@kb.kernel(check={"x": [0.0, 1.5, -1.5, 255.9, 256.0, -129.0, 1e6, 65537.25, 2.0**31, 2.0**40 + 3.0, float("nan"), float("inf"), -0.5]})
def float_casts(x: float) -> tuple[int, int]:
    return int(kb.u8(x)), int(kb.i32(x))


@kb.kernel
def u8_wraps(a: int, b: int) -> int:
    x, y = kb.u8(a), kb.u8(b)
    return int((x + y) * 3 - y)


@kb.kernel
def i32_wraps(a: int, b: int) -> int:
    x, y = kb.i32(a), kb.i32(b)
    return int(x * y + x - y)


@kb.kernel
def u64_wraps(a: int, b: int) -> int:
    x, y = kb.u64(a), kb.u64(b)
    return int((x * y + x) >> 1)


@kb.kernel
def i64_wraps(a: int, b: int) -> int:
    x, y = kb.i64(a), kb.i64(b)
    return int(x * y - x)


@kb.kernel
def promoted(a: int, b: int) -> tuple[int, int, int]:
    return int(kb.u8(a) * kb.i8(b)), int(kb.u16(a) + kb.u8(b)), int(kb.i32(a) - kb.u32(b))


@kb.kernel
def sized_division(a: int, b: int) -> tuple[int, int]:
    x, y = kb.i16(a), kb.i16(b)
    return int(x // y), int(x % y)


@kb.kernel
def u64_division(a: int, b: int) -> tuple[int, int]:
    x, y = kb.u64(a), kb.u64(b)
    return int((x // y) >> 1), int((x % y) >> 1)


@kb.kernel
def sized_true_division(a: int, b: int) -> float:
    return kb.i32(a) / kb.i32(b)


@kb.kernel
def sized_with_floats(a: int, x: kb.f32, y: float) -> tuple[kb.f32, float, float]:
    return x * kb.i32(a) + kb.u8(a), kb.u64(a) * y, kb.i8(a) - y / 3


@kb.kernel(check={"s": range(-2, 70)})
def sized_shifts(a: int, s: int) -> tuple[int, int]:
    return int(kb.u32(a) << s), int(kb.i32(a) >> s)


@kb.kernel(check={"s": range(0, 70)})
def wide_shifts(a: int, s: int) -> tuple[int, int, int]:
    return int(kb.i64(a) << s), int(kb.i64(a) >> s), int((kb.u64(a) << s) >> 1)


@kb.kernel
def sized_bits(a: int, b: int) -> int:
    return int((kb.u16(a) & kb.u16(b)) | (kb.u16(a) ^ 255)) + int(~kb.i8(a))


@kb.kernel(check={"e": range(-1, 12)})
def sized_power(a: int, e: int) -> int:
    return int(kb.i32(a) ** kb.i32(e))


@kb.kernel
def sized_negation(a: int) -> tuple[int, int]:
    return int(-kb.u8(a)), int(abs(kb.i8(a)))


@kb.kernel
def sized_compare(a: int, b: int) -> int:
    x, y = kb.u32(a), kb.i32(b)
    return (x < y) + 2 * (x == y) + 4 * (x >= a) + 8 * (kb.u64(a) > b)


@kb.kernel
def hash_fnv(data: kb.u8[:]) -> int:
    h = kb.u32(2166136261)
    for v in data:
        h = (h ^ v) * 16777619
    return int(h)


@kb.kernel(check={"n": range(0, 40)})
def xorshift(seed: int, n: int) -> int:
    x = kb.u64(seed)
    for _ in range(n):
        x = x ^ (x << 13)
        x = x ^ (x >> 7)
        x = x ^ (x << 17)
    return int(x >> 2)


@kb.kernel
def lcg(seed: int, out: kb.u32[:]) -> None:
    s = kb.u32(seed)
    for i in range(len(out)):
        s = s * 1664525 + 1013904223
        out[i] = s


@kb.kernel
def sums(a: kb.i8[:], b: kb.u16[:], c: kb.i32[:], d: kb.u32[:]) -> int:
    s = 0
    for v in a:
        s += v
    for v in b:
        s += v
    for v in c:
        s += v
    for v in d:
        s += v
    return s


@kb.kernel
def sum_u64(x: kb.u64[:]) -> int:
    s = 0
    for v in x:
        s += v >> 3
    return s


@kb.kernel
def exact_stores(x: kb.i64[:], a: kb.i8[:], b: kb.u8[:]) -> None:
    for i in range(len(x)):
        a[i] = x[i]
        b[i] = x[i]


@kb.kernel
def increments(x: kb.u8[:]) -> None:
    for i in range(len(x)):
        x[i] += 1


@kb.kernel
def declared_widths(a: kb.i8, b: kb.u16, c: kb.i64) -> kb.i32:
    return a + b + (c & 1023)


@kb.kernel
def declared_result(a: int) -> kb.u8:
    return a


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))


@kb.kernel(check={"b": [1, -1, 2, -2, 3, -3, 7, -7, 0, 2**62, -2**63, 2**63 - 1]})
def u64_with_int(a: int, b: int) -> tuple[kb.u64, kb.u64, kb.u64, kb.u64]:
    u = kb.u64(a)
    return u // b, u % b, b // (u or kb.u64(1)), b % (u or kb.u64(1))


@kb.kernel(check={"b": range(-9, 70)})
def u64_shifts_int(a: int, b: int) -> tuple[kb.u64, kb.u64, kb.u64]:
    return a >> kb.u64(b), a << kb.u64(b), True >> kb.u64(b)


@kb.kernel
def u64_true_division(a: int, b: int) -> tuple[float, float, float]:
    u = kb.u64(a)
    return u / (b or 1), b / (u or kb.u64(1)), u / -3


@kb.kernel
def u64_divmod_int(a: int, b: int) -> tuple[kb.u64, kb.u64]:
    return divmod(kb.u64(a), b)


@kb.kernel
def u64_minus_of_sum(a: int, b: int) -> tuple[kb.u64, kb.u64]:
    u, v = kb.u64(a), kb.u64(b)
    return -(u + v), -(u - v) - -(v - u)
