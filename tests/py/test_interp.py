# SPDX-License-Identifier: MIT
"""The interpreter on objects against CPython: operators over edge values, iterators, containers, references."""
import itertools
import linecache
import math
import sys
import traceback
import warnings

import kbtest
import keelback._interp as interp
import keelback._keelback as front

try:
    import numpy as np
except ImportError:
    np = None


def check(f):
    """Runs a test at once: one TAP line; what it raises is shown."""
    try:
        f()
    except Exception:
        kbtest.ok(False, f.__name__.replace("_", " "), traceback.format_exc())
    else:
        kbtest.ok(True, f.__name__.replace("_", " "))
    return f


def define(text):
    """The names that a text defines; the front end finds its lines."""
    name = f"<text {len(linecache.cache)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope = {}
    exec(compile(text, name, "exec"), scope)
    return scope


def interpreted(f):
    r = front.dynamic(f)
    assert not isinstance(r, str), f"{f.__name__}: {r}"
    return lambda *args: interp.run(r[0], args, True, f.__globals__, r[1], f)


def outcome(f, args):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            r = f(*args)
            r = (type(r).__name__, repr(r))
        except Exception as e:
            r = (type(e).__name__, str(e))
    return r, [(w.category.__name__, str(w.message)) for w in seen]


def compare(f, argsets):
    g, bad = interpreted(f), []
    for args in argsets:
        a, b = outcome(f, args), outcome(g, args)
        if a != b:
            bad.append(f"{f.__name__}{args!r}: CPython {a}, interpreter {b}")
    assert not bad, f"{len(bad)} differences: " + "; ".join(bad[:3])


INTS = [0, 1, -1, 2, 3, -3, 7, 63, 64, 65, 10**9, -2**31, 2**31, 2**53 - 1, 2**53 + 1, 2**62, 2**63 - 1, -2**63, 2**63, -2**63 - 1,
        2**64 - 1, 2**64, 3**50, -10**30]
FLOATS = [0.0, -0.0, 0.5, 1.0, -1.5, 2.0, 1e16, -1e308, 1.7e308, 5e-324, 2.0**53, 2.0**63, -2.0**63, math.inf, -math.inf, math.nan]
OTHERS = [True, False, None, "x", (1, 2), [3], 1j]
SMALL = [x for x in INTS if abs(x) < 100] + FLOATS[:6] + OTHERS

BINARY = {
    "add": "a + b", "sub": "a - b", "mul": "a * b", "truediv": "a / b", "floordiv": "a // b", "mod": "a % b", "and_": "a & b",
    "or_": "a | b", "xor": "a ^ b", "lt": "a < b", "le": "a <= b", "eq": "a == b", "ne": "a != b", "gt": "a > b", "ge": "a >= b",
    "in_branch": "1 if a < b else 2", "truth": "a and b", "either": "not a or b", "is_": "a is None",
}
NARROW = {"power": "a ** b", "lshift": "a << b", "rshift": "a >> b"}


def make(name, expr, args="a, b"):
    return define(f"def {name}({args}):\n    return {expr}\n")[name]


@check
def binary_operators():
    pairs = list(itertools.product(INTS + FLOATS + OTHERS, repeat=2))
    for name, expr in BINARY.items():
        huge = [p for p in pairs if name == "mul" and {type(x) for x in p} & {str, tuple, list} and any(type(x) is int and x > 99 for x in p)]
        compare(make(name, expr), [p for p in pairs if p not in huge])


@check
def powers_and_shifts():
    for name, expr in NARROW.items():
        compare(make(name, expr), itertools.product(INTS + FLOATS + OTHERS, SMALL))


@check
def unary_operators():
    for name, expr in {"neg": "-a", "pos": "+a", "invert": "~a", "not_": "not a", "abs_": "abs(a)"}.items():
        compare(make(name, expr, "a"), [(x,) for x in INTS + FLOATS + OTHERS])


@check
def in_place():
    scope = define("def f(a, b):\n    c = a\n    a += b\n    a *= 2\n    return a, c\n")
    compare(scope["f"], [(a, b) for a, b in itertools.product(INTS + FLOATS, repeat=2)] + [("x", "y"), ((1,), (2,))])
    x = [1]
    g = interpreted(scope["f"])
    r = g(x, [2])
    assert r == ([1, 2, 1, 2], [1, 2, 1, 2]) and r[0] is x and r[1] is x


def numpy_scalars():
    out = []
    for t in (np.float64, np.float32, np.int64, np.int32, np.uint8, np.uint64, np.bool_):
        info = None if t is np.bool_ else np.finfo(t) if issubclass(t, np.floating) else np.iinfo(t)
        out += [t(0), t(1), t(3)] + ([] if info is None else [info.max, info.min, t(2) if info.min == 0 else t(-2)])
        if info is not None and issubclass(t, np.floating):
            out += [t(math.nan), t(math.inf), t(-0.0), info.tiny, t(0.1)]
        out = [t(x) if not isinstance(x, np.generic) else x for x in out]
    return out + [np.int64(2**53 + 1), np.float64(2.0**53)]


def of_numpy():
    kinds = numpy_scalars()
    assert {type(x) for x in kinds} >= {np.float64, np.int64, np.float32}
    pairs = list(itertools.product(kinds, kinds + [0, 1, -1, 2**53 + 1, 2**62, 2**63, 0.0, 1.5, 1e308, True])) + \
        list(itertools.product([0, 1, -3, 2**53 + 1, 2**63, 0.0, 0.5, 1e308, math.nan, True], kinds))
    for name, expr in {**BINARY, **NARROW}.items():
        compare(make(name, expr), [p for p in pairs if name not in NARROW or abs(float(p[1])) < 100])
    for name, expr in {"neg": "-a", "invert": "~a", "abs_": "abs(a)", "chain": "a * 2 + a - a / 3 > a"}.items():
        compare(make(name, expr, "a"), [(x,) for x in kinds])


def of_arrays():
    scope = define("""
def total(x):
    s = 0
    for i in range(len(x)):
        s = s + x[i] * 2
    return s
def walk(x):
    s = 0
    for v in x:
        s = s - v
    return s
def store(x, v):
    for i in range(len(x)):
        x[i] = v
    x[-1] = x[0]
    return x.tolist()
def at(x, i):
    return x[i]
def at2(x, i, j):
    x[i, j] = x[j, i]
    return x[i, j], x[i]
""")
    dtypes = ["f8", "f4", "i8", "i4", "u1", "u8", "?", ">f8", "c16", "i2"]
    arrays = [np.array([0, 1, 1, 0, 1]).astype(t) for t in dtypes] + [np.arange(10.0)[::2], np.arange(10.0)[::-3], np.zeros(0), np.ones((2, 2))]
    for name in ("total", "walk"):
        compare(scope[name], [(a,) for a in arrays])
    for a in arrays[:12]:
        for v in (1, 1.5, 300, -1, True, np.float64(2.5), np.int64(7), np.float32(0.1), 2**40, None, "x"):
            compare(scope["store"], [(a.copy(), v)] if a.flags.owndata else [(a, v)])
    compare(scope["at"], [(a, i) for a in arrays for i in (0, -1, 4, 5, -6, True, 1.0, None, np.int64(1), slice(1, 3), 2**70)])
    compare(scope["at2"], [(np.arange(9.0).reshape(3, 3), i, j) for i in (0, -1, 2, 3) for j in (0, 1, -4)])
    ro = np.ones(3)
    ro.flags.writeable = False
    compare(scope["store"], [(ro, 1.0)])


if np is not None:
    check(of_numpy)
    check(of_arrays)


@check
def iterators():
    scope = define("""
def appended(x):
    for v in x:
        if len(x) < 10:
            x.append(v + 1)
    return x
def pairs(x, y):
    r = []
    for i, (a, b) in enumerate(zip(x, y), 5):
        r.append((i, a, b))
    return r
def anything(x):
    r = []
    for v in x:
        r.append(v)
    else:
        r.append("else")
    return r
def ranges(a, b, c):
    r = 0
    n = 0
    for i in range(a, b, c):
        r += i
        n += 1
        if n > 50:
            break
    return r, n
def nested(n):
    s = 0
    for i in range(n):
        for j in range(i, n, 2):
            if j == 7:
                continue
            s += i * j
        else:
            s += 1
    return s
""")

    def gen(n):
        for i in range(n):
            yield i
        raise ValueError("end")
    g = interpreted(scope["appended"])
    assert g([1, 2]) == scope["appended"]([1, 2])
    compare(scope["pairs"], [([1, 2, 3], "ab"), ((), [1]), (range(3), {1: 2, 3: 4}), (1, 2)])
    compare(scope["anything"], [([1, "x"],), ((1, 2.5),), ("abc",), ({1: 2},), (range(3),), (range(2**63, 2**63 + 3),), (5,), (None,), (b"ab",)])
    assert outcome(interpreted(scope["anything"]), (gen(3),)) == outcome(scope["anything"], (gen(3),))
    edge = [0, 1, -1, 5, 2**63 - 1, -2**63, 2**63, 2**70, -2**70]
    compare(scope["ranges"], itertools.product(edge, edge, [1, -1, 2, 2**62, -2**63, 0, 2**64]))
    compare(scope["ranges"], [(1.0, 2, 1), ("a", 1, 1), (True, 5, 1), (0, None, 1)])
    compare(scope["nested"], [(n,) for n in range(12)])


@check
def items_and_tuples():
    scope = define("""
def get(x, i):
    return x[i]
def put(x, i, v):
    x[i] = v
    return x
def swap(x):
    a, b = x
    b, a = a, b
    return a, b, (a, b), x
""")
    indices = [0, 1, -1, 2, 5, -5, True, None, 1.0, "a", 2**70, slice(0, 2)]
    compare(scope["get"], [(x, i) for x in ([1, 2.5, "c"], (1, 2), "ab", {0: 1, "a": 2}, range(4), None) for i in indices])
    compare(scope["put"], [(x, i, v) for i in indices for v in (1, 2.5, None) for x in ([1, 2.5, "c"], {0: 1}, (1,))])
    compare(scope["swap"], [((1, 2),), ([1, 2],), ("ab",), ((1,),), ((1, 2, 3),), (5,), ([1, 2, 3, 4],), (iter([1, 2]),)][:7])


@check
def identity():
    scope = define("def f(x):\n    a = x[0]\n    b = a\n    c = a + 0.5\n    y = [c, c]\n    return a is x[0], b is a, y[0] is y[1], c is y[0]\n")
    assert interpreted(scope["f"])([1.5]) == (True,) * 4


@check
def references():
    scope = define("""
def f(x, o):
    s = 0.0
    t = (o, o)
    y = [o]
    for v in x:
        s += v
        a, b = t
        y[0] = a
    return s, a, y
""")
    g, o, x = interpreted(scope["f"]), object(), [1.0, 2.0, 3.0]
    g(x, o)
    before = sys.getrefcount(o), sys.getrefcount(x), [sys.getrefcount(v) for v in x]
    for _ in range(100):
        g(x, o)
        try:
            g([1.0, None], o)
        except TypeError:
            pass
    assert before == (sys.getrefcount(o), sys.getrefcount(x), [sys.getrefcount(v) for v in x])


@check
def recursion():
    scope = define("def f(n):\n    return 0 if n == 0 else f(n - 1) + 1\n")
    f = scope["f"]
    g = interpreted(f)
    f.__globals__["f"] = g
    assert g(50) == 50
    try:
        g(10**6)
    except RecursionError as e:
        assert "maximum recursion depth exceeded" in str(e), e
    else:
        raise AssertionError("no RecursionError")


@check
def corrupt_images():
    image = bytearray(front.dynamic(make("f", "a * 2 + b"))[0])
    for k in range(len(image)):
        for x in (0, 1, 127, 255):
            broken = bytes(image[:k]) + bytes([x]) + bytes(image[k + 1:])
            try:
                interp.run(broken, (1, 2), True, {})
            except Exception:
                pass
    for k in range(len(image)):
        try:
            interp.run(bytes(image[:k]), (1, 2), True, {})
        except Exception:
            pass


kbtest.done()
