# SPDX-License-Identifier: MIT
"""Deopts, resumed loops, failures and kb.jit calls leak nothing: memory, and in a debug build of Python references.

KB_LEAK_CALLS sets how often (20000; a million for the figure in doc/design.md)."""
import gc
import os
import sys
from array import array

import kbtest
from kbtest import ok

N = int(os.environ.get("KB_LEAK_CALLS", "20000"))
SOURCE = """
import keelback as kb

@kb.kernel
def times(a: int, b: int) -> int:
    return a * b

@kb.kernel
def square(a: int) -> int:
    return a * a

@kb.kernel
def nested(a: int, b: int) -> int:
    return square(a) - square(b) * a

@kb.kernel
def total(x: kb.i64[:]) -> int:
    s = 0
    for i, (v, w) in enumerate(zip(x, x)):
        s += v * w + i
    return s

@kb.kernel
def odd(x: kb.i64[:], k: int) -> tuple[int, float]:
    s = 0
    for v in x:
        t = v * k
        if t > 100:
            s += 1
    return s, 0.5

@kb.kernel
def fails(x: kb.i64[:], i: int) -> int:
    s = x[0] * x[0]
    return s + x[i]

@kb.kernel
def recursive(n: int, a: int) -> int:
    if n == 0:
        return a * a
    return recursive(n - 1, a) + 1
"""


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def steady(what, call, n=N):
    """Calls n times after a warm-up; memory and references must not grow with the calls."""
    for _ in range(n // 10 + 200):
        call()
    gc.collect()
    references = getattr(sys, "gettotalrefcount", lambda: 0)
    before, r0 = resident(), references()
    for _ in range(n):
        call()
    gc.collect()
    grown, r1 = resident() - before, references()
    # 16 bytes a call would be a leak of the smallest object
    sanitized = "asan" in os.environ.get("LD_PRELOAD", "")  # keeps what is freed for a while
    ok(grown < max(8 * n, 1 << 20) or sanitized, f"{what}: memory after {n} calls", f"{grown} bytes more")
    ok(abs(r1 - r0) < n // 10, f"{what}: references after {n} calls", f"{r1 - r0} more")


kbtest.write("leak_kernels.py", SOURCE)
built = kbtest.keelback("build", "leak_kernels.py", "-o", "leak_kernels.so")
ok(built.returncode == 0, "the kernels build", built.stdout, built.stderr)
k = kbtest.load_built("leak_kernels", "leak_kernels.so")

B = 2**40
big, small = array("q", [B, 3, B]), array("q", [1, 2, 3])
long = array("q", [1] * 300 + [2**62] + [1] * 300)


def refused():
    try:
        k.fails(big, 9)
    except IndexError:
        return True
    return False


# turns, so that nothing is interpreted from the start for deopting all the time
ok(k.times(B, B) == B * B and k.total(big) == 2 * B * B + 12 and k.nested(B, 3) == B * B - 9 * B, "results are right")
ok(k.odd(long, 3) == (1, 0.5) and k.recursive(5, B) == B * B + 5 and refused(), "results are right")
steady("a deopt", lambda: (k.times(B, B), k.times(2, 3)))
steady("a deopt in an inlined callee", lambda: (k.nested(B, 2), k.nested(1, 2)))
steady("a deopt with iterators", lambda: (k.total(big), k.total(small)))
steady("a resumed loop", lambda: (k.odd(long, 3), k.odd(small, 3)), N // 20)
steady("an exception behind a deopt", lambda: (refused(), k.fails(small, 1)))
steady("a deopt in a recursion", lambda: (k.recursive(5, B), k.recursive(5, 2)), N // 5)
steady("an argument beyond 64 bits", lambda: k.times(2**70, 3))

import keelback as kb  # noqa: E402


@kb.jit
def mixed(x, k):
    """Lists, ints that grow, an exception that is handled."""
    s = 0
    out = []
    for v in x:
        s += v * k
        try:
            out.append(s // (v - 1))
        except ZeroDivisionError as e:
            out.append(str(e))
    return s, out


data = [1, 2, 2**62, 2.5, 3]
ok(mixed(data, 4) == mixed.py_func(data, 4), "kb.jit is right")
steady("kb.jit on lists", lambda: mixed(data, 4), N // 10)


@kb.jit
def raises(x):
    return x[0].nothing


def jit_refused():
    try:
        raises(data)
    except AttributeError:
        return
    raise AssertionError


steady("kb.jit that raises", jit_refused, N // 10)
kbtest.done()
