# SPDX-License-Identifier: MIT
"""Kernels of tests/gcc/test_mathvec.sh: math functions that may be computed for vectors, and twins that may not."""
import math
import keelback as kb


@kb.kernel(fastmath=True)
def exp_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.exp(x[i])


@kb.kernel(fastmath=True)
def log_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.log(x[i])


@kb.kernel(fastmath=True)
def sin_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.sin(x[i])


@kb.kernel(fastmath=True)
def erf_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.erf(x[i])


@kb.kernel(fastmath=True)
def pow_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.pow(x[i], 2.75)


@kb.kernel(fastmath=True)
def branch_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        if x[i] > 0.5:
            y[i] = math.log(x[i])
        else:
            y[i] = math.exp(x[i])


@kb.kernel(fastmath=True)
def sum_any(x: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += math.exp(x[i])
    return s


@kb.kernel(fastmath=True)
def sigmoid_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = 1.0 / (1.0 + math.exp(-x[i]))


@kb.kernel(fastmath=True)
def softplus_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.log(1.0 + math.exp(x[i]))


@kb.kernel(fastmath=True)
def expsin_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.exp(math.sin(x[i]))


@kb.kernel(fastmath=True)
def exptanh_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.exp(math.tanh(x[i]) * 3.0 + 0.5)


@kb.kernel(fastmath=True)
def logexp_any(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.log(math.exp(x[i]))


@kb.kernel
def exp_strict(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.exp(x[i])


@kb.kernel(fastmath={"reassoc"})
def exp_reassoc(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.exp(x[i])


@kb.kernel(fastmath={"reassoc"})
def erf_reassoc(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = math.erf(x[i])
