# SPDX-License-Identifier: MIT
"""Kernels of make bench-poll: loops of all kinds, light ones above all."""
import math

import keelback as kb


@kb.kernel
def dot(x: kb.f64[:], y: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def saxpy(a: kb.f32, x: kb.f32[::1], y: kb.f32[::1]) -> None:
    for i in range(min(len(x), len(y))):
        y[i] = a * x[i] + y[i]


@kb.kernel
def isum(x: kb.i64[::1]) -> kb.i64:
    s = kb.i64(0)
    for i in range(len(x)):
        s += x[i]
    return s


@kb.kernel
def gemv(a: kb.f64[:, ::1], x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * x[j]
        y[i] = s


@kb.kernel
def gemm(a: kb.f64[:, ::1], b: kb.f64[:, ::1], c: kb.f64[:, ::1]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


@kb.kernel
def collatz(n: int) -> int:
    m = 0
    for k in range(1, n):
        c = 0
        v = k
        while v != 1:
            if v % 2 == 0:
                v //= 2
            else:
                v = 3 * v + 1
            c += 1
        m = max(m, c)
    return m


@kb.kernel
def mandel(w: int, h: int, m: int) -> int:
    n = 0
    for y in range(h):
        for x in range(w):
            cr = x * 3.0 / w - 2.0
            ci = y * 2.0 / h - 1.0
            zr = zi = 0.0
            for k in range(m):
                t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                if zr * zr + zi * zi > 4.0:
                    break
                n += 1
    return n


@kb.kernel
def sieve(p: kb.u8[::1]) -> int:
    n = len(p)
    c = 0
    for i in range(2, n):
        if p[i] == 0:
            c += 1
            for j in range(i * i, n, i):
                p[j] = 1
    return c


@kb.kernel
def primes(n: int) -> int:
    c = 0
    for k in range(2, n):
        for d in range(2, k):
            if k % d == 0:
                break
        else:
            c += 1
    return c


@kb.kernel
def bits(n: int) -> int:
    c = 0
    for k in range(n):
        v = k
        while v:
            c += v & 1
            v >>= 1
    return c


@kb.kernel
def gcdsum(n: int) -> int:
    s = 0
    for a in range(1, n):
        for b in range(1, n):
            x = a
            y = b
            while y:
                x, y = y, x % y
            s += x
    return s


@kb.kernel
def jacobi(a: kb.f64[:, ::1], b: kb.f64[:, ::1]) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])


@kb.kernel
def lsearch(x: kb.i64[::1], v: int) -> int:
    i = 0
    while i < len(x) and x[i] != v:
        i += 1
    return i


@kb.kernel
def ssum(n: int) -> int:
    s = 0
    for i in range(n):
        s += i
    return s


@kb.kernel(nogil=True)
def for_ever(x: kb.f64[::1], n: int) -> float:
    s = 0.0
    for i in range(n):
        for k in range(len(x)):
            s += x[k]
    return s


@kb.kernel
def heavy(n: int) -> float:
    s = 0.0
    for i in range(n):
        s += math.sin(i) * math.exp(-s * s) + math.atan2(s, i + 1.0) + math.log1p(abs(s))
    return s
