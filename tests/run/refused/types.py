# SPDX-License-Identifier: MIT
"""What inference refuses: types that do not meet, variables of two types, stores, results, calls."""
import math

import keelback as kb


@kb.kernel
def two_types(x: kb.f64[:], n: int) -> float:
    if n > 0:
        v = 1.5
    else:
        v = (n, n)
    return v  # error: 'v' is


@kb.kernel
def weak_into_f32(x: kb.f32[:]) -> kb.f32:
    s = 0.1  # not exact in f32
    for v in x:
        s = s + v  # error: kb.f32
    return s


@kb.kernel
def float_into_int_array(x: kb.i64[:], v: float) -> None:
    x[0] = v  # error: convert it with int(...)


@kb.kernel
def int_into_bool_array(x: kb.boolean[:], n: int) -> None:
    x[0] = n  # error: bool(...)


@kb.kernel
def returns_float_as_int(x: float) -> int:
    return x  # error: declared to return int but returns float


@kb.kernel
def may_end(x: float) -> float:  # error: may end without a return value
    if x > 0:
        return x


@kb.kernel
def bits_of_float(x: float) -> int:
    return x & 1  # error: '&'


@kb.kernel
def inverted(x: float) -> int:
    return ~x  # error: '~'


@kb.kernel
def shifted(x: float) -> int:
    return 1 << x  # error: '<<'


@kb.kernel
def float_index(x: kb.f64[:], f: float) -> float:
    return x[f]  # error: an index must be an int


@kb.kernel
def too_many_indices(x: kb.f64[:]) -> float:
    return x[0, 1]  # error: 2 indices


@kb.kernel
def store_into_row(a: kb.f64[:, :]) -> None:
    a[0] = 1.0  # error: stores single elements


@kb.kernel
def truth_of_array(x: kb.f64[:]) -> int:
    if x:  # error: truth
        return 1
    return 0


@kb.kernel
def signed_with_u64(a: int, b: int) -> int:
    return int(kb.i64(a) + kb.u64(b))  # error: kb.u64


@kb.kernel
def unpack_too_many(a: int) -> int:
    p, q, r = (a, a)  # error: 2 values are unpacked into 3
    return p


@kb.kernel
def range_of_float(x: float) -> int:
    s = 0
    for i in range(x):  # error: range() needs an int
        s += i
    return s


@kb.kernel
def over_a_number(n: int) -> int:
    s = 0
    for v in n:  # error: cannot be iterated over
        s += v
    return s


@kb.kernel
def round_digits(x: float) -> float:
    return round(x, 2)  # error: round(x, n)


@kb.kernel
def gcd_of_floats(x: float) -> int:
    return math.gcd(x, 2)  # error: needs ints


@kb.kernel
def callee(n: int, x: kb.f64[:]) -> int:
    return n


@kb.kernel
def wrong_argument(x: kb.f32[:]) -> int:
    return callee(1, x)  # error: argument 'x' of callee()


@kb.kernel
def missing_argument(x: kb.f64[:]) -> int:
    return callee(1)  # error: 'x'


@kb.kernel
def extra_argument(x: kb.f64[:]) -> int:
    return callee(1, x, 2)  # error: callee()


@kb.kernel
def unknown_keyword(x: kb.f64[:]) -> int:
    return callee(1, y=x)  # error: 'y'


@kb.kernel
def strided_into_contiguous(x: kb.f64[:]) -> float:
    return wants_contiguous(x)  # error: ::1


@kb.kernel
def wants_contiguous(x: kb.f64[::1]) -> float:
    return x[0]


@kb.kernel
def variable_tuple_index(a: int, b: int) -> int:
    t = (1, 2, 3)
    return t[a]  # error: tuple


@kb.kernel
def compares_tuples(a: int) -> bool:
    return (a, 1) < (2, 3)  # error: '<'


@kb.kernel
def int_or_float_shows(n: int) -> float:
    s = 0
    for i in range(n):
        s = s + 0.5
    return s // 2  # error: 's'
