# SPDX-License-Identifier: MIT
"""A little linear algebra, written as Python would have it."""
import keelback as kb


@kb.kernel
def saxpy(a: kb.f32, x: kb.f32[:], y: kb.f32[:]) -> None:
    """y = a * x + y"""
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel(check={"x": range(-9, 10), "y": range(-9, 10)})
def dot(x: kb.f64[:], y: kb.f64[:]) -> float:
    """The sum of x[i] * y[i], in the order of i."""
    if len(x) != len(y):
        raise ValueError("x and y differ in length")
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


@kb.kernel(check={"shapes": {"a": "n m", "x": "m", "y": "n"}})
def gemv(alpha: float, a: kb.f64[:, :], x: kb.f64[:], y: kb.f64[:]) -> None:
    """y = alpha * a @ x + y"""
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * x[j]
        y[i] += alpha * s


@kb.kernel(check={"shapes": {"a": "n k", "b": "k m", "c": "n m"}})
def gemm(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :]) -> None:
    """c = a @ b + c"""
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            t = a[i, k]
            for j in range(b.shape[1]):
                c[i, j] += t * b[k, j]


@kb.kernel
def norm(x: kb.f64[:]) -> float:
    """The square root of x's dot product with itself."""
    return dot(x, x) ** 0.5
