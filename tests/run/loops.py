# SPDX-License-Identifier: MIT
"""Loops: range in all forms, while, else, break, continue, nesting, loop variables after the loop."""
import keelback as kb


@kb.kernel(check={"n": range(-3, 40)})
def up(n: int) -> int:
    s = 0
    for i in range(n):
        s += i * i
    return s


@kb.kernel(check={"a": range(-10, 20), "b": range(-10, 20)})
def from_to(a: int, b: int) -> int:
    s = 0
    for i in range(a, b):
        s = 3 * s + i & 4095
    return s


@kb.kernel(check={"n": range(-3, 40)})
def down(n: int) -> int:
    s = 0
    for i in range(n - 1, -1, -1):
        s = s * 2 + i & 0xffff
    return s


@kb.kernel(check={"a": range(-10, 20), "b": range(-10, 20), "step": range(-4, 5)})
def dynamic_step(a: int, b: int, step: int) -> int:
    s = 0
    for i in range(a, b, step):
        s += i * 7 + 1
    return s


@kb.kernel(check={"step": range(1, 5)})
def edges_of_int64(a: int, step: int) -> int:
    n = 0
    for i in range(9223372036854775800, 9223372036854775807):
        n += i & 3 * step
    for i in range(-9223372036854775800, -9223372036854775807, -1):
        n += i & 5 * step
    return n + (a & 1)


@kb.kernel(check={"n": range(0, 30), "k": range(0, 30)})
def break_else(n: int, k: int) -> int:
    for i in range(n):
        if i == k:
            r = i
            break
    else:
        r = -1
    return r


@kb.kernel(check={"n": range(0, 30)})
def continues(n: int) -> int:
    s = 0
    for i in range(n):
        if i % 3 == 0:
            continue
        if i > 20:
            break
        s += i
    return s


@kb.kernel(check={"n": range(-5, 200)})
def while_else(n: int) -> int:
    steps = 0
    while n > 0:
        n -= 7
        if n == 3:
            break
        steps += 1
    else:
        steps = -steps
    return steps


@kb.kernel(check={"n": range(0, 12), "m": range(0, 12)})
def nested(n: int, m: int) -> int:
    s = 0
    for i in range(n):
        for j in range(i, m):
            if (i + j) % 5 == 4:
                break
            s += i * j + 1
        else:
            s += 100
    return s


@kb.kernel(check={"n": range(0, 15)})
def three_deep(n: int) -> int:
    s = 0
    for i in range(n):
        for j in range(i):
            for k in range(j, i, 2):
                s += i - j + k
    return s


@kb.kernel(check={"n": range(1, 30)})
def loop_variable_survives(n: int) -> int:
    for i in range(n):
        pass
    return i


@kb.kernel(check={"n": range(-1, 6)})
def maybe_unbound(n: int) -> int:
    for i in range(n):
        last = i * 2
    return last


@kb.kernel(check={"n": range(0, 20)})
def reassigned_variable(n: int) -> int:
    s = 0
    for i in range(n):
        i = i * 2
        s += i
    return s


@kb.kernel(check={"n": range(0, 20)})
def bound_is_fixed(n: int) -> int:
    s = 0
    for i in range(n):
        n = n - 1
        s += n
    return s


@kb.kernel(check={"n": range(1, 100)})
def infinite_with_break(n: int) -> int:
    i = 0
    while True:
        i += 1
        if i * i >= n:
            break
    return i


@kb.kernel(check={"n": range(0, 30)})
def swaps(n: int) -> tuple[int, int, int]:
    a, b, c = 1, 2, 3
    for i in range(n):
        if i % 2:
            a, b = b, a
        else:
            a, b, c = c, a, b
    return a, b, c


@kb.kernel(check={"n": range(0, 60)})
def many_phis(n: int) -> float:
    x, y, z, k = 1.0, 0.5, 0.25, 3
    for i in range(n):
        x, y = y, x + z
        if k > i:
            z = z * 0.5
            k -= 1
        elif i % 7 == 0:
            k += 5
        else:
            z = y
    return x + y + z + k


@kb.kernel(check={"n": range(0, 30)})
def return_inside(n: int, x: kb.i64[:]) -> int:
    for i in range(n):
        if x[i] > 5:
            return i
        while x[i] < -2:
            return -i
    return -100


if __name__ == "__main__":
    raise SystemExit(kb.check.main([__file__]))


@kb.kernel
def never_bound(a: int, x: kb.f64[:]) -> tuple[int, float]:
    if a < 3:
        b, c, d, y = 1, 0.0, True, x
    elif a < 5:
        a = 1 - b
    elif a < 7:
        a += int(kb.f64(c)) + (b + 1 if c else -b)
        x[b] = c
    elif a < 9:
        y[0] = max(b, a)
        for i in range(b):
            a += len(y) + i
        return b, c
    elif a < 11:
        return a, c
    while a > 11 and d:
        a -= b
    return a, c + kb.zeros(b)[a]
