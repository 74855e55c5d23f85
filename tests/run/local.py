# SPDX-License-Identifier: MIT
"""Local arrays: kb.zeros, empty, ones, full and NumPy's names for them; extents from values; in loops."""
import keelback as kb

try:
    import numpy as np
    from numpy import zeros as np_zeros
except ImportError:  # the same names without NumPy
    np, np_zeros = kb, kb.zeros


@kb.kernel(check={"n": range(-2, 40)})
def zeros(n: int) -> float:
    a = kb.zeros(n)
    s = 1.0
    for v in a:
        s += v
    return s


@kb.kernel(check={"n": range(0, 12), "m": range(0, 12)})
def table(n: int, m: int) -> int:
    t = kb.zeros((n, m), kb.i32)
    for i in range(n):
        for j in range(m):
            t[i, j] = i * j
    s = 0
    for i in range(n):
        for j in range(m):
            s = s * 2 + t[i, j] & 65535
    return s


@kb.kernel(check={"n": range(0, 30)})
def filled(n: int, v: float) -> float:
    a = kb.full(n, v, kb.f64)
    b = kb.ones(n, kb.f64)
    s = 0.0
    for x, y in zip(a, b):
        s += x + y
    return s


@kb.kernel
def scratch(x: kb.f64[:]) -> float:
    t = kb.empty(len(x), kb.f64)
    for i in range(len(x)):
        t[len(x) - 1 - i] = x[i]
    s = 0.0
    for i in range(len(t)):
        s = s * 0.5 + t[i]
    return s


@kb.kernel(check={"n": range(0, 20)})
def fresh_each_turn(n: int) -> int:
    s = 0
    for i in range(n):
        t = kb.zeros(4, kb.i64)
        t[i % 4] += i
        for v in t:
            s += v
    return s


@kb.kernel(check={"n": range(0, 20)})
def two_buffers(n: int) -> int:
    a, b = kb.zeros(8, dtype=kb.i64), kb.ones(8, dtype=kb.i64)
    for i in range(n):
        for k in range(8):
            a[k] = b[k] + b[k - 1] & 1023
        a, b = b, a
    return a[3] + b[5]


@kb.kernel
def numpy_names(x: kb.f64[:]) -> float:
    n = len(x)
    t = np.zeros(n, dtype=kb.f32)
    u = np_zeros((n, 2))
    for i in range(n):
        t[i] = x[i]
        u[i, 1] = t[i]
    s = 0.0
    for i in range(n):
        s += u[i, 1] + u[i, 0]
    return s


@kb.kernel
def flags(x: kb.i64[:]) -> int:
    seen = kb.zeros(16, kb.boolean)
    n = 0
    for v in x:
        k = v & 15
        if not seen[k]:
            seen[k] = True
            n += 1
    return n


@kb.kernel
def passed_on(x: kb.f64[:]) -> float:
    t = kb.zeros(len(x), kb.f64)
    copy_into(x, t)
    return total(t)


@kb.kernel
def copy_into(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = x[i]


@kb.kernel
def total(x: kb.f64[:]) -> float:
    s = 0.0
    for v in x:
        s += v
    return s


@kb.kernel
def overflow_in_local(x: kb.i64[:]) -> int:
    t = kb.zeros(len(x), kb.u8)
    for i in range(len(x)):
        t[i] = x[i]
    return sum(t)


@kb.kernel(check={"n": range(0, 10)})
def rank3(n: int) -> float:
    t = kb.full((n, 2, 3), 1.5, kb.f32)
    s = kb.f32(0)
    for p in t:
        for q in p:
            for v in q:
                s += v
    return s


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
