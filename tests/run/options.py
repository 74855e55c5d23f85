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


@kb.jit
def jitted(a: int, x: float) -> float:
    return a * x


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
