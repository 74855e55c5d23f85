# SPDX-License-Identifier: MIT
"""Times calls of kernels, and of functions under kb.jit, against calls of METH_FASTCALL functions, as call.sh built them.

Each round times every function once, in turns, so that a slow moment of the machine hits a kernel and its reference
alike; the ratio is the median of the rounds' ratios, loop included (its share is printed). Exits with 1 when a limit
is missed.
"""

import statistics
import sys
import time
import types
from itertools import repeat

import call_built  # not call_kernels, which lies beside this file
import call_ref
import keelback as kb

CALLS, ROUNDS = 2000, 1500
LIMITS = {"f(float, float)": 1.25, "three 1-D arrays": 1.35, "kb.jit f(float, float)": 1.5, "kb.jit three 1-D arrays": 1.5}


class jitted:
    @kb.jit
    def madd(a, b):
        return a * b + 1.0

    @kb.jit
    def add(x, y, z):
        for i in range(len(x)):
            z[i] = x[i] + y[i]


def call2(f, x, y, z):
    start = time.perf_counter_ns()
    for _ in repeat(None, CALLS):
        f(x, y)
    return time.perf_counter_ns() - start


def keep2(f, x, y, z):
    start = time.perf_counter_ns()
    for _ in repeat(None, CALLS):
        r = f(x, y)  # noqa: F841
    return time.perf_counter_ns() - start


def list2(f, x, y, z):
    start = time.perf_counter_ns()
    [f(x, y) for _ in repeat(None, CALLS)]
    return time.perf_counter_ns() - start


def call3(f, x, y, z):
    start = time.perf_counter_ns()
    for _ in repeat(None, CALLS):
        f(x, y, z)
    return time.perf_counter_ns() - start


def nothing(f, x, y, z):
    start = time.perf_counter_ns()
    for _ in repeat(None, CALLS):
        pass
    return time.perf_counter_ns() - start


def own(loop):
    """A code object of its own: the interpreter specialises it for one callable, as in a real program."""
    return types.FunctionType(loop.__code__.replace(), globals())


def check():
    for f in (call_built.madd, call_ref.madd, jitted.madd):
        assert [f(float(i), 0.5) for i in range(9)] == [i * 0.5 + 1.0 for i in range(9)]
    if hasattr(call_ref, "add"):
        import numpy

        x, y = numpy.arange(4.0), numpy.array([0.5, 1.5, -2.0, 1e300])
        for f in (call_built.add, call_ref.add, jitted.add):
            z = numpy.zeros(4)
            assert f(x, y, z) is None and (z == x + y).all()
            z = numpy.zeros(8)
            f(x[::-1], y[::1], z[::2])
            assert (z[::2] == x[::-1] + y).all() and not z[1::2].any()


def cases():
    yield "f(float, float)", call_built, call2, "madd", (1.5, 2.5, None)
    yield "  its result assigned", call_built, keep2, "madd", (1.5, 2.5, None)
    yield "  its results kept in a list", call_built, list2, "madd", (1.5, 2.5, None)
    yield "kb.jit f(float, float)", jitted, call2, "madd", (1.5, 2.5, None)
    if hasattr(call_ref, "add"):
        import numpy

        arrays = numpy.arange(4.0), numpy.ones(4), numpy.zeros(4)
        yield "three 1-D arrays", call_built, call3, "add", arrays
        yield "kb.jit three 1-D arrays", jitted, call3, "add", arrays


def main():
    check()
    runs = [(own(nothing), None, (None, None, None), [])]
    rows = []
    for name, ours, loop, function, args in cases():
        pair = [(own(loop), getattr(module, function), args, []) for module in (ours, call_ref)]
        runs += pair
        rows.append((name, pair))
    for i in range(ROUNDS):
        for loop, f, args, times in runs if i % 2 else reversed(runs):
            times.append(loop(f, *args) / CALLS)
    empty = statistics.median(runs[0][3])
    print(f"Python {sys.version.split()[0]}; ns a call, median of {ROUNDS}; the loop itself {empty:.1f}")
    failed = False
    for name, pair in rows:
        kernel, ref = (statistics.median(times) for _, _, _, times in pair)
        ratio = statistics.median(k / r for k, r in zip(pair[0][3], pair[1][3]))
        best = min(pair[0][3]) / min(pair[1][3])
        limit = LIMITS.get(name)
        slow = limit is not None and ratio > limit
        failed |= slow
        print(
            f"{name:30} kernel {kernel:6.1f}  METH_FASTCALL {ref:6.1f}  ratio {ratio:.3f}"
            f"  (of minima {best:.3f}, without the loop {(kernel - empty) / (ref - empty):.3f})"
            + (f"  limit {limit}: {'MISSED' if slow else 'kept'}" if limit else "")
        )
    if len(rows) < 5:
        print("no NumPy: arrays not measured")
    return failed


if __name__ == "__main__":
    sys.exit(main())
