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
