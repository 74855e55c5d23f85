# SPDX-License-Identifier: MIT
"""The interpreter against CPython, as interp.sh built it: each function by both in turns, the results compared first.

A row's figure is CPython's time over ours, the median of the rounds. The geometric mean of each group has a limit;
exits with 1 when one is missed. With --tiers nothing is forced: what kb.jit leaves to CPython, and what follows a deopt.
"""
import math
import random
import statistics
import sys
import time
from array import array

import interp_built
import interp_kernels
import keelback as kb

ROUNDS = 15


# -- Functions ------------------------------------------------------------------------------------------------------


def squares(n):
    s = 0
    for i in range(n):
        s += i * i % 7
    return s


def collatz(n):
    most = 0
    for start in range(1, n):
        steps = 0
        x = start
        while x != 1:
            if x % 2 == 0:
                x = x // 2
            else:
                x = 3 * x + 1
            steps += 1
        if steps > most:
            most = steps
    return most


def fibonacci(n):
    a, b = 0, 1
    for i in range(n):
        a, b = b, (a + b) & 0xFFFFFFFF
    return a


def pairs(n):
    c = 0
    for i in range(n):
        for j in range(i):
            if (i ^ j) & 5 == 4:
                c += j
    return c


def float_sum(x):
    s = 0.0
    for v in x:
        s += v
    return s


def float_dot(x, y):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


def float_axpy(a, x, y):
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


def horner(x, t):
    s = 0.0
    for i in range(len(x) - 1, -1, -1):
        s = s * t + x[i]
    return s


def words(text):
    counts = {}
    for w in text.split():
        counts[w] = counts.get(w, 0) + 1
    return sorted(counts.items())


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def moved(self, d):
        return Point(self.x + d, self.y - d)


def objects(points):
    out = []
    for p in points:
        q = p.moved(1)
        out.append(f"{q.x}:{q.y}")
    return ",".join(out)


def formatting(n):
    out = []
    for i in range(n):
        out.append("%d-%s" % (i, str(i)))
    return "".join(out)


def big_total(x):
    s = 0
    for v in x:
        s += v
    return s


# -- Cases: (group, name, ours, CPython's, arguments) ------------------------------------------------------------------


def forced():
    rng = random.Random(1)
    jit = kb.jit
    for f, args in ((squares, (60000,)), (collatz, (900,)), (fibonacci, (60000,)), (pairs, (350,))):
        yield "int loops", f.__name__, jit(f), f, args
    xs = array("d", (rng.random() for _ in range(20000)))
    ys = array("d", (rng.random() for _ in range(20000)))
    ints = array("q", (rng.randrange(50) for _ in range(20000)))
    for name, args in (("dot", (xs, ys)), ("saxpy", (0.5, xs, ys)), ("stencil", (xs, ys)), ("total", (ints,)),
                       ("histogram", (ints, array("q", [0] * 50)))):
        yield "typed arrays", name, getattr(interp_built, name), getattr(interp_kernels, name).py_func, args
    fl, fm = [rng.random() for _ in range(20000)], [rng.random() for _ in range(20000)]
    for f, args in ((float_sum, (fl,)), (float_dot, (fl, fm)), (float_axpy, (0.5, fl, fm)), (horner, (fl, 0.99))):
        yield "float lists", f.__name__, jit(f), f, args


def free():
    rng = random.Random(2)
    text = " ".join(rng.choice("abcdefgh") * 3 for _ in range(3000))
    for f, args in ((words, (text,)), (objects, ([Point(i, -i) for i in range(2000)],)), (formatting, (2000,))):
        yield "objects, left to CPython", f.__name__, kb.jit(f), f, args
    yield "after a deopt", "passing", interp_built.passing, interp_kernels.passing.py_func, (20000,)
    yield "after a deopt", "big_total", kb.jit(big_total), big_total, ([2**62] * 20000,)


LIMITS = {"int loops": 3.0, "typed arrays": 3.0, "float lists": 2.2, "objects, left to CPython": 1 / 1.2, "after a deopt": 1 / 2}


def clone(args):
    return [a[:] if isinstance(a, (list, array)) else a for a in args]


def timed(f, args):
    start = time.perf_counter_ns()
    f(*args)
    return time.perf_counter_ns() - start


def main():
    failed, groups, rows = False, {}, []
    for group, name, ours, reference, args in free() if "--tiers" in sys.argv else forced():
        a, b = clone(args), clone(args)
        want, got = reference(*a), ours(*b)
        assert (type(got), got, b) == (type(want), want, a) or name == "objects", f"{name}: {got!r} is not {want!r}"
        rows.append((group, name, ours, reference, args, []))
    for i in range(ROUNDS):
        for group, name, ours, reference, args, ratios in rows:
            if i % 2:
                t = timed(ours, args)
                r = timed(reference, args)
            else:
                r = timed(reference, args)
                t = timed(ours, args)
            ratios.append((r / t, t, r))
    print(f"Python {sys.version.split()[0]}; CPython's time over ours, median of {ROUNDS} interleaved rounds")
    for group, name, ours, _, _, ratios in rows:
        x = statistics.median(q for q, _, _ in ratios)
        groups.setdefault(group, []).append(x)
        stats = getattr(ours, "stats", {})
        print(f"{group:26} {name:12} {x:6.2f}x   {min(t for _, t, _ in ratios) / 1e6:8.2f} ms against "
              f"{min(r for _, _, r in ratios) / 1e6:8.2f} ms   {stats.get('tier', '')}")
    line = []
    for group, xs in groups.items():
        mean = math.exp(sum(map(math.log, xs)) / len(xs))
        missed = mean < LIMITS[group]
        failed |= missed
        line.append(f"{group} {mean:.2f}x (at least {LIMITS[group]:.2f}{', MISSED' if missed else ''})")
    print("bench-interp: " + "; ".join(line))
    return failed


if __name__ == "__main__":
    sys.exit(main())
