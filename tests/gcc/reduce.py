# SPDX-License-Identifier: MIT
"""Kernels of tests/gcc/test_reduce.sh: sums that may be added in any order and twins that may not; searches and extremes."""
import keelback as kb


@kb.kernel(fastmath={"reassoc"})
def sum_any(x: kb.f64[::1]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s


@kb.kernel(fastmath={"reassoc"})
def dot_any(x: kb.f32[::1], y: kb.f32[::1]) -> kb.f32:
    s = kb.f32(0)
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel
def sum_strict(x: kb.f64[::1]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s


@kb.kernel
def sum_both(x: kb.f64[::1]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s + 0.0 * sum_any(x)


@kb.kernel(fastmath={"contract"})
def axpy_fused(x: kb.f64[::1], y: kb.f64[::1], a: float) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel
def axpy_strict(x: kb.f64[::1], y: kb.f64[::1], a: float) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel(fastmath={"arcp"})
def scale_arcp(x: kb.f64[::1], a: float) -> None:
    for i in range(len(x)):
        x[i] = x[i] / a


@kb.kernel
def largest(x: kb.f64[::1]) -> float:
    m = x[0]
    for i in range(len(x)):
        if x[i] > m:
            m = x[i]
    return m


@kb.kernel
def smallest_at(x: kb.f64[::1]) -> int:
    m = x[0]
    k = 0
    for i in range(len(x)):
        if x[i] < m:
            m = x[i]
            k = i
    return k


@kb.kernel
def last_largest_at(x: kb.f64[::1]) -> int:
    m = x[0]
    k = 0
    for i in range(len(x)):
        if x[i] >= m:
            m = x[i]
            k = i
    return k


@kb.kernel
def both_ends(x: kb.f64[::1]) -> tuple[float, float]:
    m = x[0]
    most = x[0]
    for i in range(len(x)):
        if x[i] < m:
            m = x[i]
        elif not x[i] <= most:
            most = x[i]
    return m, most


@kb.kernel
def any_below(x: kb.f64[::1], y: float) -> bool:
    for i in range(len(x)):
        if x[i] < y:
            return True
    return False


@kb.kernel
def find(x: kb.f64[::1], y: float) -> int:
    i = 0
    while i < len(x) and x[i] != y:
        i += 1
    return i


@kb.kernel
def strided(x: kb.f64[:]) -> float:
    m = x[0]
    for i in range(len(x)):
        if x[i] > m:
            m = x[i]
    return m


@kb.kernel(vectorize=False)
def not_wanted(x: kb.f64[::1]) -> float:
    m = x[0]
    for i in range(len(x)):
        if x[i] > m:
            m = x[i]
    return m


@kb.kernel(bounds=False)
def unchecked(x: kb.f64[::1], n: int) -> int:
    i = 0
    while i < n and x[i] != 0.0:
        i += 1
    return i


@kb.kernel
def counted(x: kb.f64[::1]) -> int:
    n = 0
    for i in range(len(x)):
        if x[i] < 0.0:
            n += 1
    return n


@kb.kernel
def smallest_place(x: kb.f64[::1]) -> int:
    best = 0
    for i in range(1, len(x)):
        if x[i] < x[best]:
            best = i
    return best


@kb.kernel
def place_or_none(x: kb.f64[::1], y: float) -> int:
    best = -1
    for i in range(len(x)):
        if x[i] < y and (best < 0 or x[i] < x[best]):
            best = i
    return best


@kb.kernel
def top(x: kb.f64[::1]) -> float:
    m = x[0]
    for i in range(len(x)):
        m = max(m, x[i])
    return m


@kb.kernel
def top_last(x: kb.f64[::1]) -> float:
    m = x[0]
    for i in range(len(x)):
        m = max(x[i], m)
    return m


@kb.kernel
def low32(x: kb.f32[::1]) -> kb.f32:
    m = x[0]
    for i in range(len(x)):
        m = min(m, x[i])
    return m


@kb.kernel
def top_int(x: kb.i64[::1]) -> int:
    m = x[0]
    for i in range(len(x)):
        m = max(m, x[i])
    return m


@kb.kernel(fastmath={"nnan", "nsz"})
def top_any(x: kb.f64[::1]) -> float:
    m = x[0]
    for i in range(len(x)):
        m = max(m, x[i])
    return m


@kb.kernel
def some_below(x: kb.f64[::1], y: float) -> bool:
    found = False
    for i in range(len(x)):
        if x[i] < y:
            found = True
    return found


@kb.kernel
def last_below(x: kb.f64[::1], y: float) -> int:
    k = -1
    for i in range(len(x)):
        if x[i] < y:
            k = i
    return k


@kb.kernel
def break_at(x: kb.f64[::1], y: float, n: int) -> int:
    k = -1
    for i in range(n):
        if x[i] == y:
            k = i
            break
    return k


@kb.kernel
def all_above(x: kb.f64[::1], y: float) -> bool:
    ok = True
    for i in range(len(x)):
        ok = ok and x[i] > y
    return ok


@kb.kernel
def some_equal(x: kb.i64[::1], y: int) -> bool:
    ok = False
    for i in range(len(x)):
        ok = ok or x[i] == y
    return ok


@kb.kernel
def last_sign(x: kb.f64[::1]) -> bool:
    ok = True
    for i in range(len(x)):
        ok = x[i] < 0.0
    return ok


@kb.kernel
def mirrored(x: kb.u8[::1]) -> bool:
    n = len(x)
    for i in range(n // 2):
        if x[i] != x[n - 1 - i]:
            return False
    return True


@kb.kernel
def every_other(x: kb.f64[::1], y: float) -> int:
    for i in range(len(x) // 2):
        if x[2 * i] == y:
            return i
    return -1


@kb.kernel
def last_at(x: kb.f64[::1], y: float) -> int:
    for i in range(len(x) - 1, -1, -1):
        if x[i] == y:
            return i
    return -1


@kb.kernel
def last_smallest(x: kb.f64[::1], low: int) -> int:
    n = len(x)
    k = n - 1
    for i in range(n - 1, low, -1):
        if x[i] < x[k]:
            k = i
    return k
