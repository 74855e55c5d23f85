# SPDX-License-Identifier: MIT
"""The kernels of `make bench-deopt`: one multiplication that may leave 64 bits; a frame with arrays; an inlined callee."""
import keelback as kb


@kb.kernel
def times(a: int, b: int) -> int:
    return a * b


@kb.kernel
def element(x: kb.i64[:], y: kb.i64[:], i: int) -> int:
    s = x[i] * y[i]
    return s + i


@kb.kernel
def square(a: int) -> int:
    return a * a


@kb.kernel
def nested(a: int, b: int) -> int:
    return square(a) - square(b)
