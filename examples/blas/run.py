# SPDX-License-Identifier: MIT
"""Imports the built kernels, compares every result with CPython running the same body, and prints both times.

The comparison is exact: CPython runs on the views of keelback.ref. The time is CPython's on the arrays themselves.
"""
import sys
import time
from array import array

import kernels

from keelback import ref

try:
    import numpy as np
except ImportError:
    np = None

failures = 0


def vector(values, code="d"):
    return np.array(values, dtype=code) if np is not None else array(code, values)


def matrix(values, n, m):
    if np is not None:
        return np.array(values).reshape(n, m)
    return memoryview(array("d", values)).cast("B").cast("d", (n, m))


def noise(n, seed):
    out = []
    for _ in range(n):
        seed = (seed * 1664525 + 1013904223) % 2**32
        out.append((seed >> 8) / 8388608.0 - 1.0)
    return out


def timed(f, *args):
    start = time.perf_counter()
    result = f(*args)
    return result, (time.perf_counter() - start) * 1e6


def compare(kernel, make, body=None):
    """Calls the kernel and its Python body on equal arguments; results and arrays have to be the same to the last bit."""
    global failures
    body = body or kernel.py_func
    args, same = make(), make()
    kernel(*make())  # first call: pages of code and data
    got, fast = timed(kernel, *args)
    views = [ref.view(a) if hasattr(a, "__len__") else a for a in same]
    want = body(*views)
    slow = timed(body, *make())[1]
    agree = got == want and all(bytes(memoryview(a).cast("B")) == bytes(memoryview(b).cast("B"))
                                for a, b in zip(args, same) if hasattr(a, "__len__"))
    failures += not agree
    print(f"  Python  {kernel.__name__:6} {fast:10.1f} us   CPython      {slow:10.1f} us   {'same bits' if agree else 'DIFFERENT'}")


compare(kernels.saxpy, lambda: (0.25, vector(noise(20000, 1), "f"), vector(noise(20000, 2), "f")))
compare(kernels.dot, lambda: (vector(noise(20000, 3)), vector(noise(20000, 4))))
compare(kernels.gemv, lambda: (0.5, matrix(noise(100 * 120, 5), 100, 120), vector(noise(120, 6)), vector(noise(100, 7))))
compare(kernels.gemm, lambda: (matrix(noise(900, 8), 30, 30), matrix(noise(900, 9), 30, 30), matrix([0.0] * 900, 30, 30)))
compare(kernels.norm, lambda: (vector(noise(20000, 10)),),
        lambda x: kernels.dot.py_func(x, x) ** 0.5)
try:
    kernels.dot(vector([1.0]), vector([]))
    failures += 1
except ValueError as e:
    line = e.__traceback__.tb_next.tb_lineno
    print(f"  Python  a bad call: kernels.py:{line}: ValueError: {e}")
sys.exit(1 if failures else 0)
