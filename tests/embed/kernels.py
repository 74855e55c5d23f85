import math

import keelback as kb


@kb.kernel
def middle(n: int) -> int:
    """Past 64 bits in the middle."""
    return n * n // n


@kb.kernel
def square(n: int) -> int:
    return n * n


@kb.kernel
def fact(n: int, d: int) -> int:
    if n < 2:
        return 1
    return n * fact(n - 1, 1) // d


@kb.kernel
def fails(n: int, d: int) -> int:
    m = n * n
    return m // d


@kb.kernel
def get(x: kb.f64[:], i: int) -> float:
    return x[i]


@kb.kernel
def store(x: kb.i64[:], n: int) -> int:
    s = 0
    for i in range(len(x)):
        x[i] = i
        s += n * n
    return s % 1000003


@kb.kernel
def half(n: kb.u64) -> kb.u64:
    return n * 2 // 4


@kb.kernel
def u64_sum(x: kb.u64[:]) -> int:
    s = 0
    for v in x:
        s += v
    return s // len(x)


@kb.kernel
def parts(n: int, x: float) -> tuple[int, float]:
    return (n * n) % 1000003, n * n / x


@kb.kernel
def mean(x: kb.f64[:], m: int, d: int) -> float:
    """s is the int 0 when p leaves 64 bits, and stays it."""
    s = 0
    p = 1
    for i in range(m):
        p *= 2
        if i < len(x):
            s += x[i]
    return s / (p * 0 + d)


@kb.kernel
def common(a: int, b: int) -> int:
    return math.gcd(a, b)
