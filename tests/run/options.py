# SPDX-License-Identifier: MIT
"""Options of kernels: overflow="wrap", bounds=False, nogil, inline, c_name, fastmath that may change nothing here."""
import keelback as kb


@kb.kernel(bounds=False, check={"shapes": {"x": "n", "y": "n"}})
def unchecked_dot(x: kb.f64[:], y: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel(nogil=True)
def without_gil(x: kb.f64[:]) -> float:
    s = 0.0
    for v in x:
        s += v
    return s


@kb.kernel(inline=True)
def always_inline(a: int) -> int:
    return a ^ 5


@kb.kernel(inline=False)
def never_inline(a: int) -> int:
    return a | 6


@kb.kernel
def calls_both(a: int) -> int:
    return always_inline(a) + never_inline(a) if -100 < a < 100 else 0


@kb.kernel(c_name="kernel_named_double_in_python")
def double(x: float) -> float:
    return x + x


@kb.kernel(fastmath={"reassoc", "contract"}, check={"x": range(-20, 20), "y": range(-20, 20)})
def fast_dot(x: kb.f64[:], y: kb.f64[:]) -> float:
    s = 0.0
    for a, b in zip(x, y):
        s += a * b
    return s


@kb.kernel(fastmath=True, check={"x": range(1, 50), "rtol": 1e-12})
def fast_mean(x: kb.f64[:]) -> float:
    s = 0.0
    for v in x:
        s += v * 0.1
    return s / max(1, len(x))


@kb.kernel(overflow="wrap", check={"a": range(-1000, 1000), "b": range(-1000, 1000)})
def wrapping_in_range(a: int, b: int) -> int:
    return a * b - a + (b << 3)


@kb.kernel(overflow="raise")
def raising(a: int, b: int) -> int:
    return a * b


@kb.kernel(overflow="wrap")
def wrapping(a: int, b: int) -> int:
    return a * b - (a + b << 3) ^ -b


@kb.kernel(overflow="wrap")
def wrapping_division(a: int, b: int) -> tuple[int, int, float]:
    return a // b, a % b, a / b


@kb.kernel(overflow="wrap")
def wrapping_calls(a: int, b: int, x: float) -> int:
    n = abs(a) + int(x) if -1e30 < x < 1e30 else max(a, b)
    for k, v in enumerate(range(3), a):
        n += k * v
    return n + divmod(a, b)[0] if b else -n


@kb.kernel(overflow="wrap")
def wrapping_power(a: int, b: int) -> int:
    return a ** (b & 15) + (a << (b & 127))


@kb.kernel(overflow="wrap")
def wrapping_u64(x: kb.u64[:], n: kb.u64) -> int:
    s = n
    for v in x:
        s += v
    for i in range(len(x)):
        s ^= x[i] >> 3
    return s


@kb.kernel(overflow="raise")
def raising_u64(x: kb.u64[:], n: kb.u64) -> int:
    s = n
    for k, v in enumerate(x):
        s += v - k
    return s


@kb.kernel(overflow="raise", check={"a": range(-10, 10)})
def raising_store(a: int, x: kb.i64[:]) -> int:
    s = 0
    for i in range(len(x)):
        x[i] *= a
        s += abs(x[i])
    return s


@kb.kernel(overflow="raise")
def raising_others(a: int, b: int, x: float) -> float:
    """What is no int past 64 bits goes on: 2 ** -1, floats of big ints, divisions."""
    s = 0.0
    if b < 0:
        s = a ** 2 * x
    n = int(x * 1e10) if -1e9 < x < 1e9 else -a
    return s + n / 3 + (a // b if b else 0)


@kb.kernel
def exact_product(a: int, b: int) -> int:
    return a * b


@kb.kernel(overflow="wrap")
def wraps_others(a: int, b: int) -> int:
    return exact_product(a, b) + 1


@kb.kernel(overflow="raise")
def raises_others(a: int, b: int) -> int:
    return exact_product(a, b) - 1


@kb.kernel
def calls_raising(a: int, b: int) -> int:
    return (a << 1) + raising(a, b)


@kb.kernel
def calls_wrapping(a: int, b: int) -> int:
    return (a << 1) + wrapping(a, b)


@kb.jit
def jitted(a: int, x: float) -> float:
    return a * x


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
