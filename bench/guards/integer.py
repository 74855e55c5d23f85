# SPDX-License-Identifier: MIT
"""make bench-guards: integers, indices out of arrays, and control flow that depends on data."""
import keelback as kb


@kb.kernel
def isum64(x: kb.i64[::1]) -> int:
    s = 0
    for i in range(len(x)):
        s += int(x[i])
    return s


@kb.kernel
def idot32(x: kb.i32[::1], y: kb.i32[::1]) -> int:
    s = 0
    for i in range(len(x)):
        s += int(x[i]) * int(y[i])
    return s


@kb.kernel
def prefix_i(x: kb.i64[::1], y: kb.i64[::1]) -> None:
    s = 0
    for i in range(len(x)):
        s += int(x[i])
        y[i] = s


@kb.kernel
def histogram(x: kb.u8[::1], h: kb.i64[::1]) -> None:
    for i in range(len(x)):
        h[x[i]] += 1


@kb.kernel
def histogram_f(x: kb.f64[::1], h: kb.i64[::1], scale: float) -> None:
    for i in range(len(x)):
        h[int(x[i] * scale)] += 1


@kb.kernel
def gather(x: kb.f64[::1], idx: kb.i32[::1], y: kb.f64[::1]) -> None:
    for i in range(len(idx)):
        y[i] = x[idx[i]]


@kb.kernel
def scatter(x: kb.f64[::1], idx: kb.i32[::1], y: kb.f64[::1]) -> None:
    for i in range(len(idx)):
        y[idx[i]] = x[i]


@kb.kernel
def spmv(ptr: kb.i32[::1], col: kb.i32[::1], val: kb.f64[::1], x: kb.f64[::1], y: kb.f64[::1]) -> None:
    for i in range(len(y)):
        s = 0.0
        for k in range(ptr[i], ptr[i + 1]):
            s += val[k] * x[col[k]]
        y[i] = s


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
def fnv(x: kb.u8[::1]) -> int:
    h = kb.u32(2166136261)
    for i in range(len(x)):
        h = (h ^ x[i]) * kb.u32(16777619)
    return int(h)


@kb.kernel
def splitmix(n: int, y: kb.u64[::1]) -> None:
    s = kb.u64(42)
    for i in range(n):
        s += kb.u64(0x9E3779B97F4A7C15)
        z = s
        z = (z ^ (z >> 30)) * kb.u64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> 27)) * kb.u64(0x94D049BB133111EB)
        y[i] = z ^ (z >> 31)


@kb.kernel
def polyhash(x: kb.i32[::1]) -> int:
    h = 7
    for i in range(len(x)):
        h = (h * 31 + int(x[i])) % 1000003
    return h


@kb.kernel
def crc32(x: kb.u8[::1], table: kb.u32[::1]) -> int:
    c = 0xFFFFFFFF
    for i in range(len(x)):
        c = int(table[(c ^ int(x[i])) & 255]) ^ (c >> 8)
    return c ^ 0xFFFFFFFF


@kb.kernel
def pi_lcg(n: int) -> int:
    s = kb.u32(12345)
    hits = 0
    for i in range(n):
        s = s * kb.u32(1664525) + kb.u32(1013904223)
        x = int(s >> 8) * 5.9604644775390625e-08
        s = s * kb.u32(1664525) + kb.u32(1013904223)
        y = int(s >> 8) * 5.9604644775390625e-08
        if x * x + y * y <= 1.0:
            hits += 1
    return hits


@kb.kernel
def bitcount(x: kb.i64[::1]) -> int:
    c = 0
    for i in range(len(x)):
        v = int(x[i])
        while v > 0:
            c += v & 1
            v >>= 1
    return c


@kb.kernel
def collatz(n: int) -> int:
    longest = 0
    for k in range(1, n):
        c = 0
        v = k
        while v != 1:
            if v % 2 == 0:
                v //= 2
            else:
                v = 3 * v + 1
            c += 1
        longest = max(longest, c)
    return longest


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
def life(a: kb.u8[:, ::1], b: kb.u8[:, ::1]) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            n = (int(a[i - 1, j - 1]) + int(a[i - 1, j]) + int(a[i - 1, j + 1]) + int(a[i, j - 1]) + int(a[i, j + 1])
                 + int(a[i + 1, j - 1]) + int(a[i + 1, j]) + int(a[i + 1, j + 1]))
            b[i, j] = 1 if n == 3 or (n == 2 and a[i, j] == 1) else 0
