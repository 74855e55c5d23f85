# SPDX-License-Identifier: MIT
"""Python that kernels do not have (yet): each is named, with what to write instead."""
import math

import keelback as kb


@kb.kernel
def slices(x: kb.f64[:]) -> float:
    y = x[1:]  # error: slices
    return y[0]


@kb.kernel
def a_list(n: int) -> int:
    t = [n, n]  # error: a list
    return t[0]


@kb.kernel
def comprehension(n: int) -> int:
    return sum(i for i in range(n))  # error: generator expression


@kb.kernel
def a_string(n: int) -> int:
    s = "text"
    return n if s else 0  # error: str


@kb.kernel
def with_try(x: float) -> float:
    try:  # error: try
        return math.sqrt(x)
    except ValueError:
        return 0.0


@kb.kernel
def inner_function(x: float) -> float:
    def g(y):  # error: a function inside a function
        return y
    return g(x)  # error: a local variable


@kb.kernel
def prints(x: float) -> float:
    print(x)  # error: print
    return x


@kb.kernel
def unknown_name(x: float) -> float:
    return x + no_such_name  # error: no_such_name


@kb.kernel
def unknown_attribute(x: kb.f64[:]) -> float:
    return x.T[0]  # error: .T


@kb.kernel
def unknown_math(x: float) -> float:
    return math.gamma(x)  # error: math.gamma


@kb.kernel
def own_exception(x: float) -> float:
    raise Exception(x)  # error: message


@kb.kernel
def star(n: int) -> int:
    a, *b = (n, n, n)  # error: starred
    return a


@kb.kernel
def walrus(n: int) -> int:
    return (m := n + 1) + m  # error: (:=)


@kb.kernel
def membership(n: int) -> bool:
    return n in (1, 2, 3)  # error: 'in'


@kb.kernel
def matmul(a: kb.f64[:, :], b: kb.f64[:, :]) -> float:
    c = a @ b  # error: matrix multiplication
    return c[0, 0]


@kb.kernel
def deletes(n: int) -> int:
    del n  # error: del
    return 0
