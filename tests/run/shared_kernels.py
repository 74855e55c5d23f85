# SPDX-License-Identifier: MIT
"""Kernels that calls.py imports."""
import keelback as kb

SCALE = 3


@kb.kernel
def scaled(x: float, by: float = 2.0) -> float:
    return x * by * SCALE


@kb.kernel
def axpy(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] += a * x[i]


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
