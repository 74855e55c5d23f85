# SPDX-License-Identifier: MIT
"""raise and assert: types, messages, stores done before them."""
import keelback as kb


@kb.kernel
def value_error(n: int) -> int:
    if n < 0:
        raise ValueError("n must not be negative")
    return n


@kb.kernel
def no_message(n: int) -> int:
    if n > 5:
        raise OverflowError
    if n < -5:
        raise ArithmeticError()
    return n


@kb.kernel
def asserted(x: float) -> float:
    assert x == x
    assert x < 1e6, "x is too large"
    return x + 1.0


@kb.kernel
def checked_lengths(x: kb.f64[:], y: kb.f64[:]) -> float:
    if len(x) != len(y):
        raise ValueError("lengths differ")
    s = 0.0
    for a, b in zip(x, y):
        s += a * b
    return s


@kb.kernel
def many(n: int) -> int:
    if n == 1:
        raise IndexError("one")
    elif n == 2:
        raise KeyError("two")
    elif n == 3:
        raise RuntimeError("three")
    elif n == 5:
        raise ZeroDivisionError("five")
    elif n == 8:
        raise TypeError("eight")
    elif n == -1:
        raise NotImplementedError("minus one")
    elif n == -2:
        raise StopIteration
    return n


@kb.kernel
def stores_stay(x: kb.i64[:]) -> None:
    for i in range(len(x)):
        if x[i] == 3:
            raise ValueError("three found")
        x[i] = -1


@kb.kernel
def both_ways(n: int) -> int:
    if n & 1:
        if n > 100:
            raise ValueError("large and odd")
        return 1
    else:
        if n > 100:
            raise RuntimeError("large and even")
        return 0


@kb.kernel
def in_a_loop(x: kb.f64[:]) -> int:
    n = 0
    for v in x:
        while v > 1.0:
            v = v / 2
            n += 1
            if n > 30:
                raise RuntimeError("too many steps")
    return n


@kb.kernel
def search(x: kb.i64[:], v: int) -> int:
    for i, w in enumerate(x):
        if w == v:
            return i
    raise LookupError("not found")


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
