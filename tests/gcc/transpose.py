# SPDX-License-Identifier: MIT
"""Rows that become columns, which kb_transpose does, and near twins (names no_*) that stay loops."""
import keelback as kb


@kb.kernel(check={"shapes": {"a": "n m", "b": "m n"}})
def transposed(a: kb.f64[:, :], b: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[j, i] = a[i, j]

@kb.kernel(check={"shapes": {"a": "n m", "b": "m n"}})
def by_columns(a: kb.i32[:, ::1], b: kb.i32[:, ::1]):
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            b[j, i] = a[i, j]

@kb.kernel(check={"shapes": {"a": "n m", "b": "m+3 n+2"}})
def part(a: kb.f32[:, ::1], b: kb.f32[:, ::1], k: int):
    for i in range(2, a.shape[0]):
        for j in range(1, a.shape[1]):
            b[j + 2, i + 1] = a[i, j]

@kb.kernel(check={"shapes": {"a": "t n m", "b": "t m n"}})
def batch(a: kb.i64[:, :, :], b: kb.i64[:, :, :]):
    for t in range(a.shape[0]):
        for i in range(a.shape[1]):
            for j in range(a.shape[2]):
                b[t, j, i] = a[t, i, j]

@kb.kernel(check={"shapes": {"a": "n n"}})
def no_place(a: kb.f64[:, ::1]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[j, i] = a[i, j]

@kb.kernel(check={"shapes": {"a": "n n", "b": "n n"}})
def no_triangle(a: kb.f64[:, ::1], b: kb.f64[:, ::1]):
    for i in range(a.shape[0]):
        for j in range(i):
            b[j, i] = a[i, j]

@kb.kernel(check={"shapes": {"a": "n m", "b": "m n"}})
def no_small(a: kb.i16[:, ::1], b: kb.i16[:, ::1]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[j, i] = a[i, j]

@kb.kernel(check={"shapes": {"a": "n m", "b": "m n"}})
def no_sum(a: kb.f64[:, ::1], b: kb.f64[:, ::1]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[j, i] += a[i, j]

@kb.kernel(check={"shapes": {"a": "n m", "b": "n m"}})
def no_turn(a: kb.f64[:, ::1], b: kb.f64[:, ::1]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j] = a[i, j]
