# SPDX-License-Identifier: MIT
"""Numeric kernels: mandelbrot, jacobi, n-body, RK4, heat, Monte Carlo, quadrature, FFT-like butterflies."""
import math

import keelback as kb


@kb.kernel(check={"limit": range(0, 40)})
def mandelbrot_point(cr: float, ci: float, limit: int) -> int:
    zr = zi = 0.0
    for n in range(limit):
        r2, i2 = zr * zr, zi * zi
        if r2 + i2 > 4.0:
            return n
        zi = 2.0 * zr * zi + ci
        zr = r2 - i2 + cr
    return limit


@kb.kernel(check={"shapes": {"out": "h w"}, "h": range(1, 6), "w": range(1, 6), "limit": range(0, 30)})
def mandelbrot(out: kb.i32[:, :], limit: int) -> None:
    h, w = out.shape
    for y in range(h):
        for x in range(w):
            out[y, x] = mandelbrot_point(3.0 * x / w - 2.0, 2.0 * y / h - 1.0, limit)


@kb.kernel(check={"limit": range(0, 30)})
def mandelbrot_f32(cr: kb.f32, ci: kb.f32, limit: int) -> int:
    zr, zi = kb.f32(0), kb.f32(0)
    n = 0
    while n < limit and zr * zr + zi * zi <= 4.0:
        zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
        n += 1
    return n


@kb.kernel(check={"shapes": {"u": "n m", "v": "n m"}, "steps": range(0, 4), "alias": False})
def jacobi(u: kb.f64[:, :], v: kb.f64[:, :], steps: int) -> float:
    n, m = u.shape
    change = 0.0
    for _ in range(steps):
        change = 0.0
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
                change = max(change, abs(v[i, j] - u[i, j]))
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = v[i, j]
    return change


@kb.kernel(check={"shapes": {"pos": "n 3", "vel": "n 3", "mass": "n"}, "steps": range(0, 4)})
def nbody(pos: kb.f64[:, :], vel: kb.f64[:, :], mass: kb.f64[:], dt: float, steps: int) -> float:
    n = len(mass)
    for _ in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                dx = pos[i, 0] - pos[j, 0]
                dy = pos[i, 1] - pos[j, 1]
                dz = pos[i, 2] - pos[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * math.sqrt(d2) + 1e-9)
                vel[i, 0] -= dx * mass[j] * mag
                vel[i, 1] -= dy * mass[j] * mag
                vel[i, 2] -= dz * mass[j] * mag
                vel[j, 0] += dx * mass[i] * mag
                vel[j, 1] += dy * mass[i] * mag
                vel[j, 2] += dz * mass[i] * mag
        for i in range(n):
            for k in range(3):
                pos[i, k] += dt * vel[i, k]
    e = 0.0
    for i in range(n):
        e += 0.5 * mass[i] * (vel[i, 0] ** 2 + vel[i, 1] ** 2 + vel[i, 2] ** 2)
    return e


@kb.kernel
def lorenz(x: float, y: float, z: float) -> tuple[float, float, float]:
    return 10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z


@kb.kernel(check={"steps": range(0, 20), "h": [0.01, 0.001, 0.1, 0.0, -0.01]})
def rk4(x: float, y: float, z: float, h: float, steps: int) -> tuple[float, float, float]:
    for _ in range(steps):
        a, b, c = lorenz(x, y, z)
        d, e, f = lorenz(x + h / 2 * a, y + h / 2 * b, z + h / 2 * c)
        g, i, j = lorenz(x + h / 2 * d, y + h / 2 * e, z + h / 2 * f)
        k, m, n = lorenz(x + h * g, y + h * i, z + h * j)
        x += h / 6 * (a + 2 * d + 2 * g + k)
        y += h / 6 * (b + 2 * e + 2 * i + m)
        z += h / 6 * (c + 2 * f + 2 * j + n)
    return x, y, z


@kb.kernel(check={"steps": range(0, 20)})
def rk4_f32(x: kb.f32, h: kb.f32, steps: int) -> kb.f32:
    for _ in range(steps):
        k1 = -x * x
        k2 = -(x + 0.5 * h * k1) * (x + 0.5 * h * k1)
        k3 = -(x + 0.5 * h * k2) * (x + 0.5 * h * k2)
        k4 = -(x + h * k3) * (x + h * k3)
        x = x + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return x


@kb.kernel(check={"n": range(-1, 60)})
def simpson(a: float, b: float, n: int) -> float:
    h = (b - a) / n
    s = 0.0
    for i in range(n):
        x = a + i * h
        s += x * x + 4.0 * (x + 0.5 * h) * (x + 0.5 * h) + (x + h) * (x + h)
    return s * h / 6.0


@kb.kernel(check={"n": range(0, 100)})
def monte_carlo(seed: int, n: int) -> float:
    s = kb.u32(seed)
    inside = 0
    for _ in range(n):
        s = s * 1664525 + 1013904223
        x = float(s >> 8) / 16777216.0
        s = s * 1664525 + 1013904223
        y = float(s >> 8) / 16777216.0
        if x * x + y * y < 1.0:
            inside += 1
    return 4.0 * inside / n


@kb.kernel(check={"shapes": {"x": "n", "y": "n"}})
def least_squares(x: kb.f64[:], y: kb.f64[:]) -> tuple[float, float]:
    n = len(x)
    sx = sy = sxx = sxy = 0.0
    for a, b in zip(x, y):
        sx += a
        sy += b
        sxx += a * a
        sxy += a * b
    slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    return slope, (sy - slope * sx) / n


@kb.kernel(check={"n": range(0, 30)})
def spectral_element(n: int) -> float:
    s = 0.0
    for i in range(n):
        for j in range(n):
            s += 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)
    return s


@kb.kernel
def welford(x: kb.f64[:]) -> tuple[float, float]:
    mean = m2 = 0.0
    for n, v in enumerate(x, 1):
        d = v - mean
        mean += d / n
        m2 += d * (v - mean)
    return mean, m2


@kb.kernel
def bisect_root(lo: float, hi: float) -> float:
    for _ in range(60):
        mid = 0.5 * (lo + hi)
        if mid * mid * mid - mid - 2.0 < 0.0:
            lo = mid
        else:
            hi = mid
    return lo


@kb.kernel
def kahan(x: kb.f64[:]) -> float:
    s = c = 0.0
    for v in x:
        y = v - c
        t = s + y
        c = (t - s) - y
        s = t
    return s


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))
