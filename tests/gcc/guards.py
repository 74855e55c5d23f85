# SPDX-License-Identifier: MIT
"""Kernels of test_guards.sh. A comment at each says what must become of its guards: all, or how many stay (polls not counted)."""
import keelback as kb


@kb.kernel
def affine(x: kb.f64[:], y: kb.f64[:], n: int) -> None:  # stay 0
    for i in range(1, n - 1):
        y[i + 1] = x[i - 1] + 2.0 * x[i] + x[i + 1]


@kb.kernel
def affine_twin(x: kb.f64[:], at: kb.i64[:], n: int) -> None:  # stay 1: the other one holds if at is as long as x
    j = 0
    for i in range(n):
        j = at[j]
        if j < 0:
            return
        x[j] = i


@kb.kernel
def stencil(a: kb.f64[:], b: kb.f64[:], n: int, m: int) -> None:  # stay 0
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            b[i * m + j] = a[(i - 1) * m + j] + a[(i + 1) * m + j] + a[i * m + j - 1] + a[i * m + j + 1]


@kb.kernel
def triangle(a: kb.f64[:, :], n: int) -> None:  # stay 0
    for i in range(n):
        for j in range(i + 1, n):
            a[i, j] = a[j, i]


@kb.kernel
def reversed_(x: kb.f64[:], y: kb.f64[:]) -> None:  # stay 0
    n = len(x)
    for i in range(n - 1, -1, -1):
        y[n - 1 - i] += x[i]


@kb.kernel
def descending(c: kb.f64[:, :], a: kb.f64[:, :]) -> None:  # stay 0
    for i in range(a.shape[0] - 1, -1, -1):
        for j in range(i, -1, -1):
            c[i, j] = a[j, 0]
            for p in range(a.shape[1]):
                c[i, j] += a[i, p]


@kb.kernel
def steps(x: kb.f64[:], a: int, b: int, s: int) -> None:  # stay 0
    for i in range(a, b, s):
        x[i] += 1.0


@kb.kernel
def negative(x: kb.f64[:]) -> None:  # stay 0
    for i in range(1, len(x)):
        x[-i] += x[i]


@kb.kernel
def counter(x: kb.f64[:], n: int, m: int) -> int:  # stay 0
    k = 0
    for i in range(n):
        for j in range(m):
            x[k] += 1.0
            k += 1
    return k


@kb.kernel
def counter_twin(x: kb.f64[:], n: int) -> int:  # stay 1
    k = 1
    for i in range(n):
        x[i] += k
        k *= 3
    return k


@kb.kernel
def total(x: kb.i32[:]) -> int:  # stay 0
    s = 0
    for i in range(len(x)):
        s += int(x[i])
    return s


@kb.kernel
def correlated(x: kb.f64[:], y: kb.f64[:], n: int) -> None:  # stay 0
    for i in range(n):
        for j in range(i):
            x[i - j] += y[i - j - 1]


@kb.kernel
def correlated_twin(x: kb.f64[:], at: kb.i64[:], n: int) -> None:  # stay 3
    j = 0
    for i in range(n):
        j = at[j]
        if j <= i:
            x[i - j] = 1.0


@kb.kernel
def nested(x: kb.f64[:, :], lo: int, hi: int) -> None:  # stay 0
    for i in range(lo, hi):
        for j in range(max(lo, i - 2), min(hi, i + 3)):
            x[i, j] += 1.0


@kb.kernel
def halves(x: kb.f64[:]) -> None:  # stay 0
    n = len(x) // 2
    for i in range(n):
        x[2 * i] += x[2 * i + 1]


@kb.kernel
def modulo(x: kb.f64[:], n: int) -> None:  # stay 0
    for i in range(n):
        x[i % 16] += x[i // 2]


@kb.kernel
def window(x: kb.f64[:], w: int) -> float:  # stay 0
    s = 0.0
    i = 0
    while i + w < len(x):
        s += x[i + w] - x[i]
        i += 1
    return s


@kb.kernel
def least(x: kb.f64[:]) -> int:  # stay 0
    best = 0
    for i in range(len(x)):
        if x[i] < x[best]:
            best = i
    return best


@kb.kernel
def first(x: kb.f64[:], y: kb.f64[:], n: int) -> int:  # stay 0
    for i in range(n):
        if x[i] > y[i]:
            return i
    return -1


@kb.kernel
def divisor(x: kb.f64[:], d: float) -> int:  # stay 0
    s = 0
    for i in range(len(x)):
        x[i] = x[i] / d
        s += i // 7
    return s


@kb.kernel
def rows(x: kb.f64[:], lo: kb.i32[:], hi: kb.i32[:]) -> None:  # stay 1: of the outer loop; the inner one is tested by itself
    for i in range(len(lo)):
        for j in range(lo[i], hi[i]):
            x[j] += 1.0


@kb.kernel
def sections(x: kb.f64[::1], y: kb.f64[::1], at: kb.i32[::1], s: kb.f64[::1]) -> None:  # stay 2: of the outer loop; lengths are not negative
    for i in range(len(s)):
        t = 0.0
        for k in range(at[i], at[i + 1]):
            t += x[k] * y[k]
        s[i] = t


@kb.kernel
def blend(a: kb.u8[:], b: kb.u8[:], out: kb.u8[:], alpha: int) -> None:  # stay 0: 0 <= alpha <= 255 is enough; no strips
    for i in range(len(out)):
        out[i] = (a[i] * alpha + b[i] * (255 - alpha)) // 255


@kb.kernel
def blend_twin(a: kb.u8[:], b: kb.u8[:], out: kb.u8[:], alpha: int) -> None:  # stay 0: rounded down it is -1, where a < b; strips
    for i in range(len(out)):
        out[i] = (a[i] - b[i]) * alpha // 255


@kb.kernel
def remainders(x: kb.i64[:], m: int, n: int) -> int:  # stay 0
    s = 0
    for i in range(n):
        s += (m - i) % 7
        s += (i - m) // 8192
    return s


@kb.kernel
def torus(a: kb.u8[:, :], b: kb.u8[:, :]) -> None:  # stay 0
    n = a.shape[0]
    m = a.shape[1]
    for i in range(n):
        for j in range(m):
            s = 0
            for di in range(-1, 2):
                for dj in range(-1, 2):
                    s += a[(i + di) % n, (j + dj) % m]
            b[i, j] = s // 9


@kb.kernel
def above(x: kb.i64[:, :]) -> int:  # stay 1: there is no x[i - 1, j] for i = 0 that could be looked at ahead
    s = 0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            s += x[i - 1, j] if i > 0 else 0
    return s


@kb.kernel
def heavy(x: kb.i64[:], y: kb.i64[:], least: int) -> int:  # stay 0: which turns read y[i] does not say where y[i] is
    s = 0
    for i in range(len(y)):
        if x[i] > least:
            s += y[i]
    return s


@kb.kernel
def banded(a: kb.f64[:, :], x: kb.f64[:], y: kb.f64[:]) -> None:  # stay 0
    n = len(x)
    w = a.shape[1] // 2
    for i in range(n):
        s = 0.0
        for j in range(max(0, i - w), min(n, i + w + 1)):
            s += a[i, j - i + w] * x[j]
        y[i] = s


@kb.kernel
def turns(n: int, first: int) -> int:  # stay 0: what counts turns does not overflow, if it begins far enough below
    longest = first
    while n > 1:
        n = n // 2 if n % 3 else n - 1
        longest += 1
    return longest


@kb.kernel
def turns_twin(n: int, by: int) -> int:  # stay 1: nothing is known of how far it counts
    s = 0
    while n > 1:
        n = n // 2 if n % 3 else n - 1
        s += by
    return s
