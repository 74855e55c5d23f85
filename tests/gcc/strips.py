# SPDX-License-Identifier: MIT
# Kernels for test_strips.sh: guards that depend on data. Names that begin with no_ must be left as they are.
import math

import keelback as kb


@kb.kernel
def quotient(a: float, x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        y[i] = a / x[i]


@kb.kernel
def strided(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = a / x[i]


@kb.kernel
def in_place(a: float, x: kb.f64[:]) -> None:
    for i in range(len(x)):
        x[i] = a / x[i]


@kb.kernel
def ahead(a: float, x: kb.f64[::1]) -> None:
    for i in range(len(x) - 1):
        x[i] = a / x[i + 1]


@kb.kernel
def root(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        y[i] = math.sqrt(x[i])


@kb.kernel
def length(x: kb.f64[::1], y: kb.f64[::1], z: kb.f64[::1]) -> None:
    for i in range(len(x)):
        z[i] = 1.0 / math.sqrt(x[i] * x[i] + y[i] * y[i])


@kb.kernel
def narrow(p: kb.i64[::1], u: kb.i32[::1]) -> None:
    for i in range(len(p)):
        u[i] = p[i] + 1


@kb.kernel
def gather(x: kb.f64[::1], p: kb.i64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(p)):
        y[i] = x[p[i]]


@kb.kernel
def total(p: kb.i64[::1]) -> int:
    s = 0
    for i in range(len(p)):
        s += p[i]
    return s


@kb.kernel
def masked(p: kb.i64[::1], u: kb.i32[::1]) -> int:
    s = 5
    for i in range(len(p)):
        if u[i] > 0:
            s += p[i]
        else:
            s -= u[i]
    return s


@kb.kernel
def product(p: kb.i64[::1], q: kb.i64[::1]) -> int:
    s = 0
    for i in range(len(p)):
        s += p[i] * q[i]
    return s


@kb.kernel
def product32(u: kb.i32[::1], v: kb.i32[::1]) -> int:
    s = 0
    for i in range(len(u)):
        s += int(u[i]) * int(v[i])
    return s


@kb.kernel
def knapsack(w: int, v: int, p: kb.i64[::1]) -> None:
    for j in range(len(p) - 1, w - 1, -1):
        p[j] = max(int(p[j]), int(p[j - w]) + v)


@kb.kernel
def scaled(a: int, p: kb.i64[::1], q: kb.i64[::1]) -> None:
    for i in range(len(p)):
        q[i] = a * p[i] + 3


@kb.kernel
def branch(x: kb.f64[::1], y: kb.f64[::1], z: kb.f64[::1]) -> None:
    for i in range(len(x)):
        if x[i] > 0.5:
            z[i] = x[i] / y[i]
        else:
            z[i] = y[i]


@kb.kernel
def backwards(a: float, x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x) - 1, -1, -1):
        y[i] = a / x[i]


@kb.kernel
def thirds(a: float, x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(1, len(x), 3):
        y[i] = a / x[i]


@kb.kernel
def rows(m: kb.f64[:, ::1], y: kb.f64[::1]) -> None:
    for i in range(m.shape[0]):
        for j in range(m.shape[1]):
            m[i, j] = m[i, j] / y[j]


@kb.kernel
def fixed(a: float, x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        y[i] = x[i] / a


@kb.kernel
def least(p: kb.i64[::1]) -> int:
    m = 1000
    n = 0
    for i in range(len(p)):
        m = min(m, p[i])
        n += p[i] + 1
    return m + n


@kb.kernel
def two(x: kb.f64[::1], p: kb.i64[::1]) -> tuple[float, int]:
    t = 0.0
    s = 0
    for i in range(len(p)):
        t += 1.0 / x[i]
        s += p[i]
    return t, s


@kb.kernel
def no_scan(p: kb.i64[::1], q: kb.i64[::1]) -> None:
    s = 0
    for i in range(len(p)):
        s += p[i]
        q[i] = s


@kb.kernel
def no_stored(a: float, x: kb.f64[::1]) -> None:
    for i in range(1, len(x)):
        x[i] = a / x[i - 1]


@kb.kernel
def count(p: kb.i64[::1], q: kb.i64[::1]) -> None:
    for i in range(len(p)):
        q[p[i]] += 1


@kb.kernel
def count32(k: kb.i32[::1], h: kb.i64[:]) -> None:
    for i in range(len(k)):
        h[k[i]] += 1


@kb.kernel
def count8(b: kb.u8[::1], h: kb.i64[::1]) -> None:
    for i in range(len(b)):
        h[b[i]] += 1


@kb.kernel
def count_f(x: kb.f64[::1], s: float, h: kb.i64[::1]) -> None:
    for i in range(len(x)):
        h[int(x[i] * s)] += 1


@kb.kernel
def weigh(p: kb.i64[::1], w: kb.i64[::1], h: kb.i64[::1]) -> None:
    for i in range(len(p)):
        h[p[i]] += w[i]


@kb.kernel
def twice(k: kb.i32[::1], l: kb.i32[::1], h: kb.i64[::1], g: int) -> None:
    for i in range(len(k)):
        h[k[i]] += 3
        h[l[i]] -= g


@kb.kernel
def chosen(x: kb.f64[::1], k: kb.i32[::1], h: kb.i64[::1]) -> None:
    for i in range(len(x)):
        if x[i] > 20.0:
            h[k[i]] += 1


@kb.kernel
def spread(x: kb.f64[::1], k: kb.i32[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        y[k[i]] = x[i]


@kb.kernel
def pick(x: kb.f64[::1], k: kb.i32[::1], y: kb.f64[::1]) -> None:
    for i in range(len(k)):
        y[i] = x[k[i]]


@kb.kernel
def no_limited(k: kb.i32[::1], h: kb.i64[::1]) -> None:
    for i in range(len(k)):
        if k[i] >= 5000 or k[i] < 0:
            raise ValueError("out of range")
        h[k[i]] += 1


@kb.kernel
def mixed(k: kb.i32[::1], h: kb.i64[::1], g: int) -> None:
    for i in range(len(k)):
        h[k[i]] += 1
        h[0] = g


@kb.kernel
def no_self(p: kb.i64[::1]) -> None:
    for i in range(len(p)):
        p[p[i]] += 1


@kb.kernel
def no_chain(p: kb.i64[::1], q: kb.i64[::1], h: kb.i64[::1]) -> None:
    for i in range(len(p)):
        h[q[p[i]]] += 1


@kb.kernel
def no_hash(p: kb.i64[::1]) -> int:
    h = 1
    for i in range(len(p)):
        h = h * 31 + p[i]
    return h


@kb.kernel
def no_pointer(n: int, p: kb.ptr(kb.i64)) -> int:
    s = 0
    for i in range(n):
        s += p[i]
    return s


@kb.kernel
def no_raise(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        if x[i] > i + 1e6:
            raise ValueError("too large")
        y[i] = x[i] * 2.0


@kb.kernel
def no_break(x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        if x[i] > 1e6:
            break
        y[i] = 1.0 / x[i]


@kb.kernel
def no_order(x: kb.f64[::1], p: kb.i64[::1]) -> float:
    s = 0.0
    for i in range(len(p)):
        s += x[p[i]]
    return s


@kb.kernel(nogil=True)
def no_threads(a: float, x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(x)):
        y[i] = a / x[i]


@kb.kernel(bounds=False)
def no_bounds(a: float, x: kb.f64[::1], y: kb.f64[::1], n: int) -> None:
    for i in range(n):
        y[i] = a / x[i]
