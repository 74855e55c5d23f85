# SPDX-License-Identifier: MIT
"""Arrays: ranks 1 to 4, strides, negative and bad indices, sub-views, aliasing, bool arrays, contiguous forms."""
import keelback as kb


@kb.kernel
def get(x: kb.f64[:], i: int) -> float:
    return x[i]


@kb.kernel
def put(x: kb.i32[:], i: int, v: int) -> None:
    x[i] = v


@kb.kernel(check={"i": range(-3, 4), "j": range(-3, 4)})
def get2(a: kb.f32[:, :], i: int, j: int) -> kb.f32:
    return a[i, j]


@kb.kernel(check={"i": range(-3, 4), "j": range(-3, 4)})
def get2_by_rows(a: kb.f64[:, :], i: int, j: int) -> float:
    return a[i][j]


@kb.kernel(check={"i": range(-3, 4), "j": range(-3, 4), "k": range(-3, 4)})
def get3(a: kb.i16[:, :, :], i: int, j: int, k: int) -> int:
    return a[i, j, k] + a[i][j][k] + a[i, j][k] + a[i][j, k]


@kb.kernel(check={"i": range(-3, 4), "j": range(-3, 4)})
def get4(a: kb.u8[:, :, :, :], i: int, j: int) -> int:
    return a[i, j, i, j] + a[-1, i, -1, j]


@kb.kernel
def row(a: kb.f64[:, :], i: int) -> float:
    r = a[i]
    s = 0.0
    for j in range(len(r)):
        s += r[j]
    return s


@kb.kernel
def negative_indices(x: kb.i64[:]) -> int:
    s = 0
    for i in range(1, len(x) + 1):
        s = s * 3 + x[-i] & 65535
    return s


@kb.kernel
def reverse(x: kb.f64[:]) -> None:
    n = len(x)
    for i in range(n // 2):
        x[i], x[n - 1 - i] = x[n - 1 - i], x[i]


@kb.kernel
def shift_right(x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(1, min(len(x), len(y))):
        x[i] = y[i - 1]


@kb.kernel
def one_too_far(x: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i + 1] - x[i]
    return s


@kb.kernel
def stores_before_error(x: kb.i64[:], n: int) -> None:
    for i in range(min(n, 100)):
        x[i] = i * i


@kb.kernel
def transpose(a: kb.f64[:, :], b: kb.f64[:, :]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[j, i] = a[i, j]


@kb.kernel
def contiguous(x: kb.f64[::1], a: kb.f32[:, ::1]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += float(a[i, j])
    return s


@kb.kernel
def masks(x: kb.f64[:], m: kb.boolean[:]) -> int:
    n = 0
    for i in range(min(len(x), len(m))):
        m[i] = x[i] > 0.0
        if m[i] and not m[0]:
            n += 1
    return n


@kb.kernel
def count_true(m: kb.boolean[:, :]) -> int:
    n = 0
    for r in m:
        for v in r:
            n += v
    return n


@kb.kernel
def gather(x: kb.f64[:], idx: kb.i64[:]) -> float:
    s = 0.0
    for k in idx:
        s += x[k]
    return s


@kb.kernel
def scatter(x: kb.f64[:], idx: kb.u8[:], v: float) -> None:
    for k in idx:
        x[k] += v


@kb.kernel
def prefix_sum(x: kb.i64[:], out: kb.i64[:]) -> None:
    s = 0
    for i in range(len(x)):
        s += x[i]
        out[i] = s


@kb.kernel
def trace(a: kb.f64[:, :]) -> float:
    s = 0.0
    for i in range(a.shape[0]):
        s += a[i, i]
    return s


@kb.kernel
def diagonal(a: kb.f64[:, :]) -> float:
    n, m = a.shape
    s = 0.0
    for i in range(min(n, m)):
        s += a[i, i] * a[-i - 1, -i - 1]
    return s


@kb.kernel
def stencil(u: kb.f32[:, :], v: kb.f32[:, :]) -> None:
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            v[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])


@kb.kernel
def convolve(x: kb.f64[:], w: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(y)):
        s = 0.0
        for j in range(len(w)):
            if 0 <= i - j < len(x):
                s += x[i - j] * w[j]
        y[i] = s


@kb.kernel
def tensor_sum(a: kb.i32[:, :, :, :]) -> int:
    s = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(a.shape[2]):
                for m in range(a.shape[3]):
                    s += a[i, j, k, m] * (i + 1) ^ m
    return s


@kb.kernel
def float_into_f64(x: kb.f64[:], n: int) -> None:
    for i in range(len(x)):
        x[i] = n


@kb.kernel
def rebind(x: kb.f64[:], y: kb.f64[:], n: kb.u8) -> float:
    for i in range(n & 7):
        x, y = y, x
    return x[0]


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
