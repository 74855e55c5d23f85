# SPDX-License-Identifier: MIT
"""The kernels of `make bench-call`: as little work as possible, so that the call is what is measured."""

import keelback as kb


@kb.kernel
def madd(a: float, b: float) -> float:
    return a * b + 1.0


@kb.kernel
def add(x: kb.f64[:], y: kb.f64[:], z: kb.f64[:]) -> None:
    for i in range(len(x)):
        z[i] = x[i] + y[i]
