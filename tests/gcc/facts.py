# SPDX-License-Identifier: MIT
"""Nests whose arrays are found to be apart when they are entered, or their elements side by side; results differ where that is
believed of arrays that overlap. Near twins (names no_*) of which nothing is told."""
import keelback as kb


@kb.kernel(check={"shapes": {"a": "n m", "b": "n m"}})
def stencil(a: kb.f64[:, ::1], b: kb.f64[:, ::1]):
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            b[i, j] = a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1]


@kb.kernel(check={"shapes": {"x": "n", "y": "m", "a": "n m"}})
def outer(x: kb.f32[:], y: kb.f32[:], a: kb.f32[:, :]):
    for i in range(len(x)):
        for j in range(len(y)):
            a[i, j] += x[i] * y[j]


@kb.kernel(check={"shapes": {"a": "n m", "b": "n m", "w": "1"}})
def held(a: kb.f64[:, ::1], b: kb.f64[:, ::1], w: kb.f64[::1]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j] = a[i, j] * w[0] + a[0, j]


@kb.kernel(check={"shapes": {"a": "n m", "b": "n m", "c": "n m"}})
def two_stores(a: kb.i32[:, ::1], b: kb.i32[:, ::1], c: kb.i32[:, ::1]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j] = a[i, j] & 255
            c[i, j] = a[i, j] | 1


@kb.kernel(check={"shapes": {"a": "n n", "b": "n n"}})
def triangle(a: kb.f64[:, ::1], b: kb.f64[:, ::1]):
    for i in range(a.shape[0]):
        for j in range(i, a.shape[0]):
            b[i, j] = a[j, i] + a[i, j]


@kb.kernel(check={"shapes": {"a": "n m k", "b": "n m k"}})
def cube(a: kb.f64[:, :, :], b: kb.f64[:, :, :]):
    for i in range(1, a.shape[0]):
        for j in range(1, a.shape[1]):
            for k in range(1, a.shape[2]):
                b[i, j, k] = a[i, j, k - 1] + a[i - 1, j, k] + a[i, j - 1, k]


@kb.kernel(check={"shapes": {"a": "n m"}})
def no_one_array(a: kb.f64[:, ::1]):
    for i in range(1, a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] = a[i - 1, j] * 0.5


@kb.kernel(check={"shapes": {"a": "n", "b": "n"}})
def no_one_loop(a: kb.f64[::1], b: kb.f64[::1]):
    for i in range(len(a)):
        b[i] = a[i] * 2.0


@kb.kernel(check={"shapes": {"a": "n m", "y": "n"}})
def no_store_inside(a: kb.i32[:, ::1], y: kb.i32[::1]):
    for i in range(a.shape[0]):
        s = 0
        for j in range(a.shape[1]):
            s += a[i, j] & 1
        y[i] = s & 65535
