# SPDX-License-Identifier: MIT
"""Signatures that are refused: parameters without types, types that kernels do not take, results."""
import keelback as kb


@kb.kernel
def untyped(x) -> float:  # error: parameter 'x' has no type
    return 1.0


@kb.kernel
def takes_list(x: list) -> float:  # error: list
    return 1.0


@kb.kernel
def takes_str(s: str) -> int:  # error: 's'
    return 1


@kb.kernel
def star_args(*x: int) -> int:  # error: *x
    return 1


@kb.kernel
def returns_array(x: kb.f64[:]) -> kb.f64[:]:  # error: cannot return an array
    return x


@kb.kernel
def nested_tuple(a: int) -> tuple[int, tuple[int, int]]:  # error: a tuple inside a tuple
    return a, (a, a)


@kb.kernel
def mutable_default(a: int = []) -> int:  # error: a list, which can change
    return 1
