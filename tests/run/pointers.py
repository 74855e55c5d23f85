# SPDX-License-Identifier: MIT
"""The ctypes form: raw pointers, C's scalars, no annotations."""
from ctypes import POINTER, c_bool, c_double, c_float, c_int32, c_int64, c_uint8

import keelback as kb


@kb.jit(restype=c_double, argtypes=[POINTER(c_double), POINTER(c_double), c_int64], check={"n": range(0, 30)})
def dot(x, y, n):
    s = 0.0
    for i in range(n):
        s += x[i] * y[i]
    return s


@kb.jit(restype=None, argtypes=[c_float, POINTER(c_float), POINTER(c_float), c_int32], check={"n": range(0, 30)})
def saxpy(a, x, y, n):
    for i in range(n):
        y[i] = a * x[i] + y[i]


@kb.jit(restype=c_int64, argtypes=[POINTER(c_uint8), c_int64], check={"n": range(0, 30)})
def checksum(data, n):
    s = 0
    for i in range(n):
        s = (s * 31 + data[i]) % 65521
    return s


@kb.jit(restype=c_bool, argtypes=[c_int64, c_double])
def larger(a, x):
    return a > x


@kb.jit(restype=c_int32, argtypes=[c_int32, c_int32], check={"a": range(-1000, 1000), "b": range(-1000, 1000)})
def multiply(a, b):
    return a * b


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
