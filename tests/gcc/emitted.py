# SPDX-License-Identifier: MIT
# Kernels for plugin.sh: what keelback emits for them, every guard has to come back to its place here.
import keelback as kb


@kb.kernel
def saxpy(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@kb.kernel
def collatz(n: int) -> int:
    if n < 1:
        raise ValueError("from 1 on")
    steps = 0
    while n != 1:
        n = 3 * n + 1 if n % 2 else n // 2
        steps += 1
    return steps


@kb.kernel
def longest(n: int, m: int) -> int:
    best = 0
    for i in range(1, n):
        best = max(best, collatz(i) // m)
    return best


@kb.kernel
def power(n: int, e: int) -> int:
    return 1 if e == 0 else n * power(n, e - 1)


@kb.kernel
def gemm(A: kb.f64[:, :], B: kb.f64[:, :], C: kb.f64[:, :]) -> None:
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            s = 0.0
            for k in range(A.shape[1]):
                s += A[i, k] * B[k, j]
            C[i, j] += s


@kb.kernel
def gather(x: kb.f32[:], at: kb.i64[:], scale: float) -> float:
    s = 0.0
    for i in range(len(at)):
        s += x[at[i]] / scale
    return s
