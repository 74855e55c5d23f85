# SPDX-License-Identifier: MIT
"""Calls: kernels of this and of another file, defaults, keywords, recursion, globals, closures, exceptions through calls."""
import shared_kernels
from shared_kernels import axpy

import keelback as kb

LIMIT = 50
WEIGHTS = (0.25, 0.5, 0.25)
FLAG = True


@kb.kernel
def square(x: float) -> float:
    """Its own square."""
    return x * x


@kb.kernel
def hypotenuse2(x: float, y: float) -> float:
    return square(x) + square(y)


@kb.kernel
def with_default(a: int, b: int = 3, *, c: int = 5) -> int:
    return (a & 1023) * 100 + (b & 15) * 10 + (c & 15)


@kb.kernel
def uses_defaults(a: int) -> int:
    return with_default(a) + with_default(a, 4) + with_default(a, c=1) + with_default(b=2, a=7) + with_default(a, 1, c=2)


@kb.kernel
def other_file(x: float) -> float:
    return shared_kernels.scaled(x) + shared_kernels.scaled(x, by=0.5)


@kb.kernel
def other_file_array(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    axpy(a, x, y)
    axpy(-a, y, x)


@kb.kernel(check={"n": range(0, 19)})
def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@kb.kernel(check={"n": range(-1, 60)})
def is_even(n: int) -> bool:
    return True if n <= 0 else is_odd(n - 1)


@kb.kernel(check={"n": range(-1, 60)})
def is_odd(n: int) -> bool:
    return False if n <= 0 else is_even(n - 1)


@kb.kernel(check={"m": range(0, 3), "n": range(0, 6)})
def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@kb.kernel
def pair(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


@kb.kernel
def uses_pair(a: int, b: int) -> int:
    lo, hi = pair(a, b)
    return hi - lo if hi < 1000 and lo > -1000 else pair(lo, 0)[0]


@kb.kernel
def element(x: kb.i64[:], i: int) -> int:
    return x[i]


@kb.kernel
def error_passes_through(x: kb.i64[:], i: int) -> int:
    x[0] = 1
    return element(x, i) + element(x, i + 1)


@kb.kernel
def globals_used(n: int) -> float:
    s = 0.0
    for i in range(min(n, LIMIT)):
        s += WEIGHTS[0] * i if FLAG else WEIGHTS[1]
    return s + WEIGHTS[2]


def make(factor, offset):
    @kb.kernel
    def closure(x: float) -> float:
        return x * factor + offset
    return closure


affine = closure = make(2.5, -1)


@kb.kernel
def narrow(x: kb.f32) -> kb.f32:
    return x * 3


@kb.kernel
def narrow_argument(x: float) -> float:
    return narrow(x) * 2.0


@kb.kernel
def small(n: kb.i8) -> kb.i16:
    return n * 100


@kb.kernel
def sized_arguments(n: int) -> int:
    return small(n) + 1


@kb.kernel
def row_norm(r: kb.f64[:]) -> float:
    s = 0.0
    for v in r:
        s += square(v)
    return s


@kb.kernel
def frobenius(a: kb.f64[:, :]) -> float:
    s = 0.0
    for i in range(len(a)):
        s += row_norm(a[i])
    return s


@kb.kernel
def no_result(x: kb.f64[:]):
    if len(x) > 2:
        return
    for i in range(len(x)):
        x[i] = 0.0


@kb.kernel
def statement_call(x: kb.f64[:]) -> int:
    no_result(x)
    square(2.0)
    return len(x)


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))


@kb.kernel(check={"n": [0, 1, 5, 2**62, 2**63 - 1]})
def to_u64(n: kb.u64, x: kb.u8) -> kb.u64:
    return n // 2 + x


@kb.kernel
def pair_of_unsigned(n: int) -> tuple[kb.u64, float, kb.i8]:
    return n, n / 2, 3


@kb.kernel(check={"n": [0, 1, 5, -1, 2**62, 2**63 - 1, -2**63], "x": range(-2, 260)})
def calls_unsigned(n: int, x: int) -> tuple[int, float, int]:
    a, b, c = pair_of_unsigned(to_u64(n, x))
    return a - c, b, to_u64(kb.u64(n) >> 1, kb.u8(x))


@kb.kernel
def undeclared(n: int):
    return kb.u8(n)


@kb.kernel
def undeclared_pair(n: int):
    return kb.u64(n), n < 3


@kb.kernel
def calls_undeclared(n: int) -> tuple[int, kb.u64, bool]:
    u, b = undeclared_pair(n)
    return undeclared(n) + 200, u * 3, b
