# SPDX-License-Identifier: MIT
"""Loops whose inner one walks along columns, and near twins (names no_*) that must keep their order; tile= hints."""
import keelback as kb


@kb.kernel(check={"shapes": {"a": "n m", "y": "m"}})
def sums(a: kb.f64[:, :], y: kb.f64[:]):
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            y[j] += a[i, j]


@kb.kernel(check={"shapes": {"a": "n m", "b": "n m"}})
def scaled(a: kb.f64[:, :], b: kb.f64[:, :]):
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            b[i, j] = a[i, j] * 2.0 + 1.0


@kb.kernel(check={"shapes": {"a": "n+1 m+1"}})
def down(a: kb.f64[:, :]):
    for j in range(1, a.shape[1]):
        for i in range(1, a.shape[0]):
            a[i, j] = a[i, j] * 0.5 + a[i - 1, j] + a[i - 1, j - 1]


@kb.kernel(check={"shapes": {"a": "n m"}})
def no_against(a: kb.f64[:, :]):
    for j in range(1, a.shape[1]):
        for i in range(0, a.shape[0] - 1):
            a[i, j] = a[i, j] * 0.5 + a[i + 1, j - 1]


@kb.kernel(check={"shapes": {"a": "n n", "b": "n n"}})
def no_triangle(a: kb.f64[:, :], b: kb.f64[:, :]):
    for j in range(a.shape[1]):
        for i in range(j + 1):
            b[i, j] = a[i, j] * 2.0


@kb.kernel(check={"shapes": {"a": "n m", "b": "n m"}})
def no_live(a: kb.f64[:, :], b: kb.f64[:, :]) -> int:
    i = 0
    for j in range(a.shape[1]):
        for i in range(a.shape[0]):
            b[i, j] = a[i, j] * 2.0
    return i


@kb.kernel(tile={"i": 8, "j": 16}, check={"shapes": {"a": "n m", "b": "m n"}})
def transpose(a: kb.f64[:, :], b: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[j, i] = a[i, j]


@kb.kernel(tile={"i": 8, "j": 16, "k": 4}, check={"shapes": {"a": "n p", "b": "p m", "c": "n m"}})
def minplus(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                c[i, j] = min(c[i, j], a[i, k] + b[k, j])


@kb.kernel(tile={"i": 5, "j": 7}, check={"shapes": {"a": "n m"}})
def wave(a: kb.f64[:, :]):
    for i in range(1, a.shape[0]):
        for j in range(1, a.shape[1]):
            a[i, j] = a[i, j] * 0.5 + a[i - 1, j] + a[i, j - 1] + a[i - 1, j - 1]


@kb.kernel(tile={"i": 8, "j": 4}, check={"shapes": {"a": "n n", "b": "n n"}})
def triangle(a: kb.f64[:, :], b: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for j in range(i + 1, a.shape[0]):
            b[j, i] = a[i, j] * 2.0


@kb.kernel(tile={"i": 8, "j": 4}, check={"shapes": {"a": "n m"}})
def no_skew(a: kb.f64[:, :]):
    for i in range(1, a.shape[0]):
        for j in range(0, a.shape[1] - 1):
            a[i, j] = a[i, j] + a[i - 1, j + 1]


@kb.kernel(tile={"i": 8, "j": 4}, check={"shapes": {"a": "n m", "y": "n"}})
def no_between(a: kb.f64[:, :], y: kb.f64[:]):
    for i in range(a.shape[0]):
        y[i] = 0.0
        for j in range(a.shape[1]):
            y[i] += a[i, j]


@kb.kernel(tile={"i": 8, "j": 4}, check={"shapes": {"a": "n m"}})
def no_scalar(a: kb.f64[:, :]) -> float:
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s = s * 0.5 + a[i, j]
    return s
