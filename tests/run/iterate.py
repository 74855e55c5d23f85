# SPDX-License-Identifier: MIT
"""Iteration over arrays, enumerate, zip, and their combinations."""
import keelback as kb


@kb.kernel
def each(x: kb.f64[:]) -> float:
    s = 0.0
    for v in x:
        s += v * v
    return s


@kb.kernel
def rows(a: kb.f64[:, :]) -> float:
    s = 0.0
    for row in a:
        for v in row:
            s = s * 0.5 + v
    return s


@kb.kernel
def numbered(x: kb.i64[:]) -> int:
    best, at = 0, -1
    for i, v in enumerate(x):
        if at < 0 or v > best:
            best, at = v, i
    return at


@kb.kernel(check={"start": range(-5, 6)})
def numbered_from(x: kb.i32[:], start: int) -> int:
    s = 0
    for i, v in enumerate(x, start):
        s += i * v
    return s


@kb.kernel
def numbered_keyword(x: kb.i32[:]) -> int:
    s = 0
    for i, v in enumerate(x, start=1):
        s += i ^ v
    return s


@kb.kernel
def pairs(x: kb.f64[:], y: kb.f64[:]) -> float:
    s = 0.0
    for a, b in zip(x, y):
        s += a * b
    return s


@kb.kernel
def triples(x: kb.f64[:], y: kb.f32[:], z: kb.i64[:]) -> float:
    s = 0.0
    for a, b, c in zip(x, y, z):
        s += a + float(b) + c
    return s


@kb.kernel
def zip_with_range(x: kb.f64[:]) -> float:
    s = 0.0
    for i, v in zip(range(10, 0, -3), x):
        s += i * v
    return s


@kb.kernel
def enumerate_zip(x: kb.i64[:], y: kb.i64[:]) -> int:
    n = 0
    for i, (a, b) in enumerate(zip(x, y)):
        if a == b:
            n += i + 1
    return n


@kb.kernel
def writes_while_iterating(x: kb.i64[:]) -> int:
    s = 0
    for i, v in enumerate(x):
        s += v & 255
        if i + 1 < len(x):
            x[i + 1] = s
    return s


@kb.kernel
def row_views(a: kb.f64[:, :], b: kb.f64[:, :]) -> None:
    for r, s in zip(a, b):
        for j in range(min(len(r), len(s))):
            r[j] = r[j] + 2.0 * s[j]


@kb.kernel
def early_out(x: kb.f64[:], limit: float) -> int:
    n = 0
    for v in x:
        if v > limit:
            break
        n += 1
    else:
        n = -n
    return n


@kb.kernel
def enumerate_range(n: kb.u8) -> int:
    s = 0
    for i, k in enumerate(range(n, 0, -2)):
        s += i * k
    return s


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
