# SPDX-License-Identifier: MIT
"""Native code takes over from the interpreter at loop heads: all kinds of values that are live there, nested loops, more
than one loop; results are those of the Python function, and it did take over.

Each kernel leaves native code by `big(k)`: 2**62 * 4 on the way to 0.
"""

import array

from kbtest import done, equal, keelback, load_built, ok, write

KERNELS = '''
import keelback as kb

@kb.kernel
def simple(n: int, k: int) -> int:
    s = 0
    for i in range(n):
        if i == 3:
            s += k * 4 - k * 4
        s += i
    return s

@kb.kernel
def nested(n: int, k: int) -> int:
    s = 1
    for i in range(n):
        t = i
        for j in range(i, 0, -1):
            if i == 5 and j == 3:
                s += k * 4 - k * 4
            for m in range(0, j, 2):
                s += t ^ m
                if i == 7 and m == 2:
                    s += k * 4 - k * 4
            t += j
        s = s % 1000003
    return s

@kb.kernel
def two_loops(n: int, k: int) -> int:
    s = k * 4 - k * 4
    i = 0
    while i < n:
        i += 1
        if i % 7 == 3:
            continue
        s += i
        if s > 100000:
            break
    for j in range(n):
        if j == 2:
            s += k * 4 - k * 4
        s += j
    return s * 10 + i

@kb.kernel
def floats(x: kb.f64[:], y: kb.f32[:], k: int) -> float:
    s = 0
    f = kb.f32(0)
    flag = False
    z = 0
    for i in range(len(x)):
        if i == 2:
            z = k * 4 - k * 4
        s += x[i]
        f += y[i]
        flag = not flag
    return s + float(f) + (1.0 if flag else 0.5) + z

@kb.kernel
def walks(x: kb.i64[:], y: kb.f64[:, :], k: int) -> float:
    s = 0.0
    for i, (a, row) in enumerate(zip(x, y)):
        if i == 1:
            s += k * 4 - k * 4
        for v in row:
            s += v * a
    return s

@kb.kernel
def stores(x: kb.i64[:], n: int, k: int) -> int:
    t = kb.zeros(n, kb.i64)
    for i in range(n):
        if i == 2:
            x[i] = k * 4 - k * 4
        t[i] = x[i] + i
        x[i] = t[i] * 2
    s = 0
    for v in t:
        s += v
    return s

@kb.kernel
def unbound(n: int, k: int) -> int:
    for i in range(n):
        if i == 4:
            late = k * 4 - k * 4
        if i > 6:
            late += i
    return late

@kb.kernel
def overflows_again(n: int, k: int) -> int:
    s = 0
    for i in range(n):
        s = s * 3 + k
        if i % 10 == 9:
            s = s % 1000
    return s

@kb.kernel
def in_python_form(n: int, k: int) -> tuple[int, float]:
    a, b = 1, 0.5
    while n > 0:
        a, b = a + n, b * 0.5
        if n == 5:
            a += k * 4 - k * 4
        n -= 1
    return a, b
'''

write("osr_kernels.py", KERNELS)
made = keelback("build", "osr_kernels.py", "-o", "osr_built.so")
if not equal(made.returncode, 0, "the kernels build", made.stderr):
    done()
built = load_built("osr_built", "osr_built.so")
BIG = 2**62


def arrays(n):
    return (array.array("d", [i * 0.25 for i in range(n)]), array.array("f", [i * 0.5 for i in range(n)]))


def compare(name, make, native=True):
    kernel = getattr(built, name)
    before = kernel.stats["resumed"]
    for k in (1, BIG, -BIG):
        a, b = make(k), make(k)
        got, want = kernel(*a), kernel.__wrapped__(*b)
        want = float(want) if isinstance(want, float) else want  # not NumPy's
        equal(repr(got), repr(want), f"{name}, {k}")
        equal([list(v) for v in a if isinstance(v, array.array)], [list(v) for v in b if isinstance(v, array.array)],
              f"{name}, {k}: what it stored")
    resumed = kernel.stats["resumed"] - before
    ok(resumed > 0 if native else True, f"{name}: native code took over", f"{resumed} times")


compare("simple", lambda k: (5000, k))
compare("nested", lambda k: (12, k))
compare("two_loops", lambda k: (3000, k))
compare("floats", lambda k: (*arrays(3000), k))
compare("stores", lambda k: (array.array("q", range(3000)), 3000, k))
compare("unbound", lambda k: (3000, k))
compare("overflows_again", lambda k: (500, k), native=False)  # big at most heads
compare("in_python_form", lambda k: (900, k))
try:
    import numpy
except ImportError:
    pass
else:
    compare("walks", lambda k: (array.array("q", range(300)), numpy.arange(900.0).reshape(300, 3), k))

done()
