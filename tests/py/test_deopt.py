# SPDX-License-Identifier: MIT
"""Exits of compiled kernels that go on in the interpreter: results, stores, frames, exceptions, threads, memory.

Every kernel is compared with its own Python function, which the built module has too (py_func).
"""

import array
import os
import sys
import threading
import traceback

from kbtest import done, equal, keelback, load_built, ok, python, write

KERNELS = '''
import keelback as kb

@kb.kernel
def product(n: int, by: int) -> int:
    p = 1
    for i in range(n):
        p *= by
    return p

@kb.kernel
def back(n: int, d: int) -> int:
    """Past 64 bits in the middle, small at the end."""
    s = 1
    for i in range(n):
        s = s * 1000 + i
    return s % d

@kb.kernel
def total(x: kb.i64[:]) -> int:
    s = 0
    for v in x:
        s += v
    return s

@kb.kernel
def stores(x: kb.i64[:], y: kb.i64[:], k: int) -> int:
    s = k
    for i in range(len(x)):
        y[i] = x[i] + 1
        s += x[i] * 4
        x[i] = i
    return s

@kb.kernel(inline=False)
def square(n: int) -> int:
    return n * n

@kb.kernel
def pair(a: int, b: int) -> tuple[int, float]:
    return a * b, float(a)

@kb.kernel
def nested(a: int, b: int) -> int:
    s = square(a) + square(b)
    q, f = pair(s, a)
    return q - int(f)

@kb.kernel(inline=True)
def small(n: int, k: int) -> int:
    m = n * k
    return m + 1

@kb.kernel
def inlined(n: int) -> int:
    s = 0
    for i in range(1, 5):
        t = small(n, i) * small(i, n)
        s += t + i
    return s

@kb.kernel
def fact(n: int) -> int:
    if n < 2:
        return 1
    return n * fact(n - 1)

@kb.kernel
def even(n: int, x: int) -> int:
    if n == 0:
        return x
    return odd(n - 1, x * 7)

@kb.kernel
def odd(n: int, x: int) -> int:
    return even(n - 1, x * 5 + 1)

@kb.kernel
def walks(x: kb.f64[:], n: int) -> int:
    s = 1
    for i, (v, k) in enumerate(zip(x, range(n, n + 100, 3)), 5):
        s = s * (k + i) + int(v)
    return s

@kb.kernel
def rows(a: kb.i64[:, :]) -> int:
    s = 1
    for r in a:
        for v in r:
            s *= v
    return s

@kb.kernel
def late(n: int, d: int) -> int:
    s = 1 << 62
    s = s * n
    t = s + 1
    return t // d

@kb.kernel
def inside(n: int, d: int) -> int:
    return late(n, d) + 1

@kb.kernel
def nothing(x: kb.i64[:], n: int) -> None:
    m = n * n
    x[0] = m // n

@kb.kernel
def calls_nothing(x: kb.i64[:], n: int) -> int:
    nothing(x, n)
    return x[0]

@kb.kernel
def wide(u: kb.u64, i: kb.i32) -> int:
    return u + i

@kb.kernel
def gives_u64(n: int) -> kb.u64:
    return n * n

@kb.kernel
def takes_u64(n: int) -> int:
    return gives_u64(n) + 1

@kb.kernel
def narrow(n: int) -> kb.i32:
    return n * n // 4

@kb.kernel
def single(n: int, x: kb.f32) -> kb.f32:
    m = n * n
    return x * 0.1 + (m - n * n)

@kb.kernel
def local(n: int) -> int:
    t = kb.zeros(3, kb.i64)
    for i in range(3):
        t[i] = i + 1
    s = n * n * n
    for i in range(3):
        s += t[i]
    return s

@kb.kernel
def whiles(n: int, m: int) -> int:
    while n < m:
        n = n * n + 1
    return n

@kb.kernel
def powers(a: int, b: int) -> int:
    return a ** b - (a << b)
'''


def views(*arrays):
    return [memoryview(a) if isinstance(a, array.array) else a for a in arrays]


write("deopts.py", KERNELS)
built = keelback("build", "deopts.py", "-o", "deopts_built.so")
if not ok(built.returncode == 0, "the kernels build", built.stdout, built.stderr):
    done()
m = load_built("deopts_built", "deopts_built.so")
interpreted = "KEELBACK_INTERPRET" in os.environ


def outcome(f, args):
    try:
        return "returns", f(*args)
    except Exception as e:
        return "raises", type(e).__name__, str(e)


def copied(args):
    return [a if not isinstance(a, array.array) else array.array(a.typecode, a) for a in args]


def same(name, *args):
    """The kernel and its function agree, and leave the same in arrays of the same identities."""
    kernel = getattr(m, name)
    made = []
    for _ in range(2):
        memo = {}
        made.append([memo.setdefault(id(a), array.array(a.typecode, a)) if isinstance(a, array.array) else a for a in args])
    want, got = outcome(kernel.py_func, made[0]), outcome(kernel, made[1])
    shown = repr(got)
    equal(got, want, f"{name}{args!r:.60}", shown[:200])
    ok(all(a == b for a, b in zip(*made)), f"{name}: the same arrays afterwards", made[0], made[1])


# -- Results --------------------------------------------------------------------------------------------------
q = lambda *v: array.array("q", v)  # noqa: E731
d = lambda *v: array.array("d", v)  # noqa: E731
same("product", 40, 4)
same("product", 63, 2)
same("product", 63, -2)
same("product", 64, -2)
same("product", 3, 2**70)
same("back", 30, 97)
same("back", 30, -97)
same("back", 10, 2**80)
same("total", q(2**62, 2**62, 2**62, -2**62, -2**62, 5))
same("total", q(2**63 - 1, 1, -1))
same("stores", q(2**62, 7, 8, 9), q(0, 0, 0, 0), 3)
both = q(2**62, 7, 2**62, 9)
same("stores", both, both, 3)
same("nested", 2**40, 3)
same("nested", 3, 2**40)
same("nested", 2**31, 2**31)
same("pair", 2**62, 4)
same("inlined", 2**40)
same("inlined", 2**62)
same("fact", 20)
same("fact", 21)
same("fact", 60)
same("even", 40, 3)
same("even", 41, 3)
same("walks", d(1.0, 2.5, -3.0, 1e30, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0), 50)
same("walks", d(*map(float, range(30))), 2**62)
same("late", 4, 3)
same("wide", 2**64 - 1, -5)
same("local", 2**40)
same("whiles", 3, 2**100)
same("powers", 3, 60)
same("powers", 2, 63)
same("calls_nothing", q(1, 2), 2**40)
equal(m.takes_u64(2**32 - 1), (2**32 - 1) ** 2 + 1, "a u64 result is an int to its caller")
equal(m.gives_u64(3 * 10**9), 9 * 10**18, "kb.u64 results have 64 bits")
for name, args in [("gives_u64", (2**33,)), ("narrow", (2**32,)), ("takes_u64", (2**33,))]:
    got = outcome(getattr(m, name), args)
    equal(got[:2], ("raises", "OverflowError"), f"{name}{args}: a declared size is kept", got)
equal(m.single(2**40, 2.0), m.single(2, 2.0), "kb.f32 results are rounded as in native code")

try:
    import numpy as np
except ImportError:
    np = None
if np is not None:
    a = np.array([[3, 2**40], [2**30, 5], [7, 11]], dtype=np.int64)
    for v in (a, a[::-1], a[:, ::-1], a.T):
        want = 1
        for x in v.ravel().tolist():
            want *= x
        equal(m.rows(v), want, "two axes, in any order")

# -- Exceptions -------------------------------------------------------------------------------------------------
LINES = KERNELS.split("\n")


def line_of(text):
    return next(i for i, t in enumerate(LINES, 1) if text in t)


def frames(f, *args):
    try:
        f(*args)
    except Exception as e:
        return type(e).__name__, str(e), [(t.name, t.lineno) for t in traceback.extract_tb(e.__traceback__)[1:]]
    return None


try:
    1 // 0
except ZeroDivisionError as e:
    words = str(e)
try:
    (2**70) // 0
except ZeroDivisionError as e:
    words_big = str(e)
equal(frames(m.late, 4, 0), ("ZeroDivisionError", words_big, [("late", line_of("return t // d"))]), "an exception after a deopt: its line")
equal(frames(m.inside, 4, 0), ("ZeroDivisionError", words_big, [("inside", line_of("return late(n, d) + 1")), ("late", line_of("return t // d"))]),
      "through an inlined call")
x = q(1, 2)
got = frames(m.calls_nothing, x, 2**70)
equal(got and (got[0], got[2]), ("OverflowError", [("calls_nothing", line_of("    nothing(x, n)")), ("nothing", line_of("x[0] = m // n"))]),
      "a store that does not fit, two calls deep", got)
equal(list(x), [1, 2], "and did not happen")


# -- Statistics -------------------------------------------------------------------------------------------------
if not interpreted:
    before = m.square.stats
    m.square(2**40)
    after = m.square.stats
    equal((after["deopts"] - before["deopts"], after["exits"] - before["exits"]), (1, 1), "stats count deopts")
    for i in range(3000):
        m.square(2**40 + i)
    stats = m.square.stats
    ok(stats["interpreted_calls"] > 0 and stats["deopts"] < 3000, "what always deopts is interpreted for a while", stats)
    ok(stats["interpret_next"] <= 4096, "bounded", stats)
    for i in range(5000):
        m.square(3)
    equal(m.square.stats["tier"], "ahead of time", "then native code is tried again", m.square.stats)

# -- Threads ------------------------------------------------------------------------------------------------------
failed = []


def work(k):
    for i in range(200):
        n = 2**40 + k * 1000 + i
        if m.nested(n, k) != m.nested.py_func(n, k) or m.fact(25 + k) != m.fact.py_func(25 + k):
            failed.append((k, i))


threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
equal(failed, [], "four threads deopt at once")

# -- Memory -----------------------------------------------------------------------------------------------------------


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def many(n):
    for i in range(n):
        m.nested(2**40, 3)
        m.walks(data, 2**60)
        try:
            m.late(4, 0)
        except ZeroDivisionError:
            pass


data = d(*map(float, range(4)))
count = int(os.environ.get("KB_DEOPTS", "20000"))
many(3000)
refs = [sys.getrefcount(o) for o in (None, data, m.nested, m.late)]
before = resident()
many(count)
# AddressSanitizer keeps what is freed for a while
ok(resident() - before < 1 << 20 or "asan" in os.environ.get("LD_PRELOAD", ""), f"{3 * count} deopts do not grow memory", resident() - before)
after = [sys.getrefcount(o) for o in (None, data, m.nested, m.late)]
ok(all(abs(a - b) < 20 for a, b in zip(refs, after)), "nor counts of references", refs, after)

# -- The interpreter alone ----------------------------------------------------------------------------------------------
if not interpreted:
    alone = python("import deopts_built as m; print(m.fact(30), m.nested(2**40, 3), m.product(5, 2), m.product.stats['tier'])",
                   KEELBACK_INTERPRET="1", PYTHONPATH=os.getcwd() + os.pathsep + os.environ.get("PYTHONPATH", ""))
    want = f"{m.fact.py_func(30)} {m.nested.py_func(2**40, 3)} 32 interpreted"
    equal((alone.stdout.strip(), alone.returncode), (want, 0), "KEELBACK_INTERPRET=1", alone.stderr)
done()
