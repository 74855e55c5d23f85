# SPDX-License-Identifier: MIT
"""Sums of floats in their order, of rows that do not depend on each other; and near twins (names no_*) that must stay."""
import math

import keelback as kb


@kb.kernel(check={"shapes": {"a": "n m", "y": "n"}})
def norms(a: kb.f64[:, :], y: kb.f64[:]):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * a[i, j]
        y[i] = s


@kb.kernel(check={"shapes": {"a": "n m", "y": "n", "x": "m"}})
def apart32(a: kb.f32[:, :], x: kb.f32[:], y: kb.f32[:]):
    for i in range(a.shape[0]):
        s = kb.f32(1)
        for j in range(a.shape[1]):
            s = s * kb.f32(0.5) + abs(a[i, j] - x[j])
        y[i] = s


@kb.kernel(check={"shapes": {"a": "n m", "y": "m"}})
def columns(a: kb.f64[:, :], y: kb.f64[:]):
    for j in range(a.shape[1]):
        s = 0.0
        for i in range(a.shape[0]):
            s += a[i, j]
        y[j] = s


@kb.kernel(check={"shapes": {"a": "n p", "b": "m p", "d": "n m"}})
def distances(a: kb.f64[:, :], b: kb.f64[:, :], d: kb.f64[:, :]):
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            s = 0.0
            for k in range(a.shape[1]):
                t = a[i, k] - b[j, k]
                s += t * t
            d[i, j] = s


@kb.kernel(check={"shapes": {"x": "n+m", "w": "m", "y": "n"}})
def convolution(x: kb.f64[:], w: kb.f64[:], y: kb.f64[:]):
    for i in range(len(y)):
        s = 0.0
        for j in range(len(w)):
            s += x[i + j] * w[j]
        y[i] = s


@kb.kernel(check={"shapes": {"a": "n+p m+q", "w": "p q", "y": "n m"}})
def convolution2(a: kb.f64[:, :], w: kb.f64[:, :], y: kb.f64[:, :]):
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            s = 0.0
            for p in range(w.shape[0]):
                for q in range(w.shape[1]):
                    s += a[i + p, j + q] * w[p, q]
            y[i, j] = s


@kb.kernel(check={"shapes": {"a": "n m", "x": "m", "y": "n", "z": "n"}})
def two_sums(a: kb.f64[:, :], x: kb.f64[:], y: kb.f64[:], z: kb.f64[:]):
    for i in range(a.shape[0]):
        s = z[i]
        t = 1.0
        for j in range(2, a.shape[1]):
            s, t = t + a[i, j] * x[j], s - x[j - 2]
        y[i] = s - t
        z[i] = t


@kb.kernel(check={"shapes": {"a": "n m", "y": "n"}})
def mixed(a: kb.f32[:, :], y: kb.f64[:]):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += float(a[i, j]) * float(i) + float(j)
        y[i] = s


@kb.kernel(check={"shapes": {"a": "n m", "b": "n m"}})
def scans(a: kb.f64[:, :], b: kb.f64[:, :]):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
            b[i, j] = s


@kb.kernel(check={"shapes": {"a": "n m", "y": "n"}, "k": range(3)})
def chosen(a: kb.f64[:, :], y: kb.f64[:], k: int):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            if k == 1:
                s += a[i, j]
            else:
                s = s * 0.5 - a[i, j]
        y[i] = s


@kb.kernel(check={"shapes": {"a": "n m", "y": "n"}})
def no_exit(a: kb.f64[:, :], y: kb.f64[:]):
    for i in range(a.shape[0]):
        s = 1.0
        for j in range(a.shape[1]):
            s += a[i, j] * a[i, j]
        y[i] = math.sqrt(s)


@kb.kernel(check={"shapes": {"a": "n m", "y": "n+1"}})
def no_carried(a: kb.f64[:, :], y: kb.f64[:]):
    for i in range(a.shape[0]):
        s = y[i]
        for j in range(a.shape[1]):
            s += a[i, j]
        y[i + 1] = s


@kb.kernel(check={"shapes": {"a": "n m", "y": "n"}})
def no_restart(a: kb.f64[:, :], y: kb.f64[:]):
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += a[i, j]
        y[i] = s


@kb.kernel(check={"shapes": {"a": "n m", "y": "n"}})
def no_live(a: kb.f64[:, :], y: kb.f64[:]) -> float:
    s = 0.0
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
        y[i] = s
    return s


@kb.kernel(check={"shapes": {"a": "n n", "y": "n"}})
def no_triangle(a: kb.f64[:, :], y: kb.f64[:]):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(i + 1):
            s += a[i, j]
        y[i] = s


@kb.kernel(check={"shapes": {"a": "n m", "y": "n"}})
def no_branch(a: kb.f64[:, :], y: kb.f64[:]):
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            if a[i, j] > 0.5:
                s += a[i, j]
                y[i] = s
        y[i] += s


@kb.kernel(check={"shapes": {"a": "n m"}})
def no_same_array(a: kb.f64[:, :]):
    for i in range(1, a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i - 1, j]
        a[i, 0] = s
