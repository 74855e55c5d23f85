# SPDX-License-Identifier: MIT
"""Every allocation of Python's that an exit, the interpreter or kb.jit makes fails in turn: the result is right, or there
is a MemoryError; and the next call works."""

import os
import shutil
import sys
from array import array

from kbtest import done, equal, keelback, load_built, ok, write

try:
    import _testcapi
    set_nomemory, remove = _testcapi.set_nomemory, _testcapi.remove_mem_hooks
except (ImportError, AttributeError):
    print("1..0 # SKIP this Python has no _testcapi.set_nomemory")
    sys.exit(0)

import keelback as kb

write("memory.py", '''
import keelback as kb

@kb.kernel
def times(a: int, b: int) -> int:
    return a * b

@kb.kernel
def nested(n: int, x: kb.i64[:]) -> tuple[int, float]:
    """Frames, iterators, a local array, a tuple."""
    s, t = helper(n, x)
    return s + n * n, t

@kb.kernel
def helper(n: int, x: kb.i64[:]) -> tuple[int, float]:
    s = 0
    y = kb.zeros(4, dtype=kb.i64)
    for i, (v, k) in enumerate(zip(x, range(n, n + 9))):
        s += v * k + i
        y[i % 4] = i
    return s, float(y[1])

@kb.kernel
def fails(n: int) -> int:
    m = n * n
    if m > 3:
        raise ValueError("too big")
    return m

@kb.kernel
def inside(n: int) -> int:
    return fails(n) + 1
''')
built = keelback("build", "memory.py", "-o", "memory_built.so")
equal((built.returncode, built.stderr), (0, ""), "build")


class Manager:
    def __enter__(self):
        return 5

    def __exit__(self, *args):
        return False


def objects(x, *rest, k=2):
    out = [v * k for v in x if v]
    d = {str(v): (v, k) for v in out}
    try:
        out.append(x[100])
    except IndexError as e:
        out.append(f"{e!s:>30}{len(d)}")
    for i, (a, (b, *c)) in enumerate(d.items()):
        out.append((i, a, b, c))
    g = lambda y: y + len(rest) + k
    with Manager() as f:
        out.append(f)
    return out, d, g(2**70), rest


B = 2**40
X = array("q", [B, 3, B])


def same(a, b):
    return a == b and type(a) is type(b)


def fail_all(what, make, call, want, most=400):
    """make: once a turn, what allocates for good (codes, caches) is new each time then."""
    wrong, failed = [], 0
    for n in range(most):
        f = make()
        set_nomemory(n, n + 1)
        try:
            got = call(f)
        except MemoryError:
            remove()
            failed += 1
            good = 0
        except BaseException as e:
            remove()
            got = type(e)
            good = 0
            if not same(got, want):
                wrong.append((n, repr(e)))
        else:
            remove()
            if not same(got, want):
                wrong.append((n, got))
        try:
            got = call(f)
        except BaseException as e:
            got = type(e)
        if not same(got, want):
            wrong.append((n, "afterwards", got))
    ok(not wrong and failed > 0, f"{what}: each allocation fails in turn", f"{failed} MemoryErrors", *wrong[:8])


serial = 0


def fresh():
    """The module anew: nothing of it is known to the interpreter."""
    global serial
    serial += 1
    name = f"m{serial}.so"
    shutil.copy("memory_built.so", name)
    m = load_built("memory_built", name)
    os.unlink(name)
    return m


m = fresh()
want = m.nested(B, X)
equal(want, m.nested.py_func(B, X), "results are right")
for how, make, most in (("known code", lambda: m, 120), ("new code", fresh, 260)):
    fail_all(f"an exit, {how}", make, lambda m: m.times(B, B), B * B, most)
    fail_all(f"an exit with frames, {how}", make, lambda m: m.nested(B, X), want, most)
    fail_all(f"an exception behind an exit, {how}", make, lambda m: m.inside(B), ValueError, most)
    fail_all(f"an argument beyond 64 bits, {how}", make, lambda m: m.times(2**70, 3), 3 * 2**70, most)
if not hasattr(sys, "gettotalrefcount"):  # a debug Python itself fails assertions when it has no memory
    x = [1, 2, 0, 2**62, 2.5]
    f = kb.jit(objects)
    first = objects(x, 7)
    ok(f(x, 7) == first, "kb.jit is right")
    fail_all("kb.jit, known code", lambda: f, lambda f: f(x, 7), first, 300)
done()
