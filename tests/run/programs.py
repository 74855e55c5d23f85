# SPDX-License-Identifier: MIT
"""Whole programs in small: recursion with local arrays, arrays that change places, matrices by rows, searches."""
import math

import keelback as kb


@kb.kernel
def fillv(x: kb.f64[:], v: float) -> None:
    for i in range(len(x)):
        x[i] = v


@kb.kernel(check={"n": range(0, 8)})
def rec_local(n: int) -> int:
    t = kb.zeros(n + 1, kb.i64)
    t[n] = n
    if n > 0:
        t[0] += rec_local(n - 1)
    s = 0
    for v in t:
        s += v
    return s


@kb.kernel(check={"n": range(0, 8)})
def local_rows(n: int) -> float:
    a = kb.zeros((n, 3))
    for i in range(n):
        fillv(a[i], i * 0.5)
    s = 0.0
    for r in a:
        for v in r:
            s += v
    return s


@kb.kernel(check={"n": range(0, 20)})
def choose_array(n: int, x: kb.f64[:], y: kb.f64[:]) -> float:
    z = x if n > 3 else y
    s = 0.0
    for i in range(min(n, len(z))):
        z[i] += 1.0
        s += x[0]
    return s


@kb.kernel(check={"n": range(0, 20)})
def local_or_param(n: int, x: kb.f64[::1]) -> float:
    z = kb.ones(5)
    if n > 3:
        z = x
    return z[n]


@kb.kernel(check={"n": range(0, 10)})
def grow(n: int) -> int:
    a = kb.ones(1, kb.i64)
    for i in range(n):
        b = kb.zeros(len(a) + 1, kb.i64)
        for j in range(len(a)):
            b[j] += a[j]
            b[j + 1] += a[j]
        a = b
    s = 0
    for v in a:
        s = s * 3 + v & 0xfffff
    return s


@kb.kernel(check={"n": range(0, 10)})
def fib_buf(n: int) -> int:
    a, b, c = kb.zeros(2, kb.i64), kb.ones(2, kb.i64), kb.zeros(2, kb.i64)
    for i in range(n):
        for k in range(2):
            c[k] = a[k] + b[k] + i
        a, b, c = b, c, a
    return a[0] * 1000 + b[1] * 10 + c[0]


@kb.kernel
def copyrow(a: kb.f64[:, :], b: kb.f64[:, :]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] = b[i][-1 - j]


@kb.kernel
def lookups(x: kb.u8[:], t: kb.i32[:, :]) -> int:
    s = 0
    for i in range(len(x) - 1):
        s += t[x[i], x[i + 1]]
    return s


@kb.kernel
def cumulative_max(x: kb.f32[:], y: kb.f32[:]) -> None:
    if len(x) == 0:
        return
    m = x[0]
    for i in range(len(x)):
        m = x[i] if x[i] > m else m
        y[i] = m


@kb.kernel
def argminmax(x: kb.f64[:]) -> tuple[int, int]:
    lo = hi = 0
    for i in range(1, len(x)):
        if x[i] < x[lo]:
            lo = i
        elif x[i] > x[hi]:
            hi = i
    return lo, hi


@kb.kernel(check={"i": range(-3, 4), "j": range(-3, 4)})
def dotrow(a: kb.f64[:, :], i: int, j: int) -> float:
    s = 0.0
    for p, q in zip(a[i], a[j]):
        s += p * q
    return s


@kb.kernel
def gram(a: kb.f64[:, :], g: kb.f64[:, :]) -> None:
    for i in range(len(a)):
        for j in range(i + 1):
            g[i, j] = g[j, i] = dotrow(a, i, j)


@kb.kernel
def mean_var(x: kb.f64[:]) -> tuple[float, float]:
    m = float(sum(x)) / len(x)
    v = 0.0
    for t in x:
        v += (t - m) ** 2
    return m, v / len(x)


@kb.kernel
def use_mv(x: kb.f64[:]) -> float:
    m, v = mean_var(x)
    return m + math.sqrt(v)


@kb.kernel(check={"n": range(0, 12)})
def pascal(n: int, k: int) -> int:
    if k < 0 or k > n:
        return 0
    if k == 0 or k == n:
        return 1
    return pascal(n - 1, k - 1) + pascal(n - 1, k)


@kb.kernel(check={"n": range(0, 5)})
def hanoi(n: int, a: int = 0, b: int = 1, c: int = 2, *, k: int = 1) -> int:
    if n == 0:
        return 0
    return hanoi(n - 1, a, c, b, k=k) + k + hanoi(n - 1, c, b, a, k=k + 1)


@kb.kernel
def f32_args(x: kb.f32[:], a: kb.f32, b: float = 0.1, *, c: kb.f32 = 2.5) -> kb.f32:
    s = a
    for v in x:
        s = s * b + v * c
    return s


@kb.kernel
def u8_arith(x: kb.u8[:], y: kb.u8[:]) -> None:
    for i in range(min(len(x), len(y))):
        x[i] = (x[i] * 3 + y[i]) >> 2 & 255


@kb.kernel
def u64_elems(x: kb.u64[:], y: kb.u64[:]) -> int:
    n = 0
    for a, b in zip(x, y):
        if a > b:
            n += 1
        n += (a ^ b) & 3
    return n


@kb.kernel
def u64_store(x: kb.u64[:], n: int) -> None:
    for i in range(len(x)):
        x[i] = kb.u64(n) * (i + 1)


@kb.kernel
def u64_store_int(x: kb.u64[:], n: int) -> None:
    for i in range(len(x)):
        x[i] = n - i


@kb.kernel
def i8_store(x: kb.i8[:], y: kb.i16[:]) -> int:
    for i in range(min(len(x), len(y))):
        x[i] = y[i] // 2
    return x[-1]


@kb.kernel
def rank4(a: kb.f32[:, :, :, :], b: kb.f32[:, :]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            p = a[i, j]
            for k in range(p.shape[0]):
                q = p[k]
                for m in range(len(q)):
                    b[i, j] += q[m] * 0.5


@kb.kernel
def boundary(x: kb.f64[:], y: kb.f64[:]) -> None:
    n = len(x)
    for i in range(n):
        y[i] = x[(i + 1) % n] - x[i - 1]


@kb.kernel
def triangular(a: kb.f64[:, :]) -> float:
    s = 0.0
    for i in range(len(a)):
        for j in range(i, a.shape[1]):
            s += a[i, j]
        for j in range(i):
            s -= a[i, j]
    return s


@kb.kernel(check={"step": range(-3, 4)})
def strided_loop(x: kb.f64[:], step: int) -> float:
    s = 0.0
    for i in range(len(x) - 1 if step < 0 else 0, -1 if step < 0 else len(x), step):
        s = s * 0.5 + x[i]
    return s


@kb.kernel
def two_pointers(x: kb.i64[:], target: int) -> int:
    i, j = 0, len(x) - 1
    while i < j:
        s = x[i] + x[j]
        if s == target:
            return i * 100 + j
        if s < target:
            i += 1
        else:
            j -= 1
    return -1


@kb.kernel
def string_match(t: kb.u8[:], p: kb.u8[:]) -> int:
    for i in range(len(t) - len(p) + 1):
        for j in range(len(p)):
            if t[i + j] != p[j]:
                break
        else:
            return i
    return -1


@kb.kernel
def pointless(x: kb.f64[:]) -> None:
    pass


@kb.kernel
def doc_only(n: int) -> int:
    """Doc."""
    n
    "a string"
    1.5
    return n


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
