# SPDX-License-Identifier: MIT
"""kb.jit: the object, how calls find their tier, and that they always give what CPython gives."""

import copy
import doctest
import functools
import gc
import inspect
import io
import os
import pickle
import pydoc
import sys
import threading
import traceback
import types
import warnings
import weakref

from kbtest import done, equal, folder, has, ok, python, write

sys.path.insert(0, folder)
write("mod.py", '''\
import math
import keelback as kb

LIMIT = 10

@kb.jit
def scale(x, k=2.0):
    """Times k.

    >>> scale(3.0)
    6.0
    """
    return x * k

@kb.jit
def signature(a, /, b, c=3, *d, e, f=5, **g):
    return a, b, c, d, e, f, g

@kb.jit
def limited(n):
    s = 0
    for i in range(n):
        if s > LIMIT:
            return s
        s += i
    return s

@kb.jit
def first(xs):
    return xs[0]

@kb.jit
def total(xs):
    s = 0
    for v in xs:
        s += v
    return s

@kb.jit
def norm(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
    return math.sqrt(s)

@kb.jit
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

@kb.jit
def raising(n):
    t = 0
    for i in range(n):
        t += 10 // (
            i - 3)
    return t

@kb.jit
def items(n):
    for i in range(n):
        yield i * 2

@kb.kernel
def twice(n: int) -> int:
    return 2 * n

@kb.jit
def through(n):
    s = 0
    for i in range(n):
        s += twice(i) + scale(i, 1)
    return s

class Point:
    def __init__(self, x):
        self.x = x

    @kb.jit
    def moved(self, d):
        return self.x + d

    @classmethod
    @kb.jit
    def made(cls, x):
        return cls(x).x

    @staticmethod
    @kb.jit
    def plain(x):
        return x + 1

    @property
    @kb.jit
    def double(self):
        return self.x * 2

def adder(k):
    @kb.jit
    def add(x):
        return x + k

    def change(to):
        nonlocal k
        k = to

    return add, change
''')  # fmt: skip
import keelback as kb
import mod

ok("numpy" not in sys.modules, "import keelback does not import NumPy")
try:
    import numpy as np
except ImportError:
    np = None


def bits(v):
    """Equal where nobody could tell two values apart."""
    if isinstance(v, float):
        return type(v), float(v).hex()
    if isinstance(v, (list, tuple)):
        return type(v), [bits(x) for x in v]
    if isinstance(v, dict):
        return type(v), [(k, bits(x)) for k, x in v.items()]
    if np is not None and isinstance(v, np.ndarray):
        return type(v), v.dtype.str, v.shape, v.tobytes()
    return type(v), v


def outcome(f, args, kwargs):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            how = "returned", bits(f(*args, **kwargs))
        except Exception as e:
            how = "raised", type(e), str(e)
    return how, [(w.category, str(w.message)) for w in seen], bits(args)


def same(f, /, *args, **kwargs):
    """Twice, because the second call may be in another tier."""
    expected = outcome(f.py_func, copy.deepcopy(args), kwargs)
    for time in ("first", "second"):
        got = outcome(f, copy.deepcopy(args), kwargs)
        if got != expected:
            return ok(False, f"{f.__name__}{args!r} {kwargs!r}, {time} call", f"got      {got!r}", f"expected {expected!r}", f.stats)
    return True


# -- The object ---------------------------------------------------------------------------------------------

f = mod.scale
equal(repr(f), "<keelback.jit scale>", "repr")
equal((f.__name__, f.__qualname__, f.__module__), ("scale", "scale", "mod"), "names")
ok(f.__doc__ == f.py_func.__doc__ and f.__wrapped__ is f.py_func and inspect.isfunction(f.py_func), "docstring, __wrapped__, py_func")
ok(f.__code__ is f.py_func.__code__ and f.__globals__ is vars(mod) and f.__closure__ is None, "code, globals, closure")
equal((f.__defaults__, f.__kwdefaults__, f.__annotations__), ((2.0,), None, {}), "defaults, annotations")
equal(str(inspect.signature(mod.signature)), "(a, /, b, c=3, *d, e, f=5, **g)", "inspect.signature")
ok(inspect.isroutine(f) and callable(f) and inspect.getsource(f).startswith("@kb.jit"), "a routine that has a source")
for again in (pickle.loads(pickle.dumps(f)), copy.copy(f), copy.deepcopy(f), weakref.ref(f)()):
    ok(again is f, "pickled, copied, referred to")
f.note = 5
equal((f.note, f.__dict__["note"]), (5, 5), "attributes can be set")
del f.note
results = doctest.DocTestRunner(verbose=False)
found = [t for t in doctest.DocTestFinder().find(mod) if t.examples]
equal([t.name for t in found], ["mod.scale"], "doctest finds its examples")
equal(tuple(results.run(found[0]))[:2], (0, 1), "and they pass")
text = pydoc.render_doc(f, renderer=pydoc.plaintext)
has(text, "scale(x, k=2.0)\n    Times k.", "help() shows the signature and the text")
has(pydoc.render_doc(mod, renderer=pydoc.plaintext), "scale(x, k=2.0)", "also among the module's functions")


@functools.wraps(f)
def wrapper(*args):
    return f(*args)


equal((str(inspect.signature(wrapper)), wrapper.__name__, wrapper.__doc__), ("(x, k=2.0)", "scale", f.__doc__), "functools.wraps(it)")
g = functools.wraps(len)(kb.jit(lambda x: x))
equal((g.__name__, g.__wrapped__ is len, g(3)), ("len", True, 3), "functools.wraps() on it")
g = kb.jit(functools.wraps(mod.adder)(lambda x: x))
equal((g.__name__, str(inspect.signature(g))), ("adder", "(k)"), "of a function that wraps another")
equal(functools.partial(f, k=3)(2.0), 6.0, "functools.partial")
equal(list(map(f, [1.0, 2.0])), [2.0, 4.0], "map")
ok(kb.jit(f).py_func is f.py_func, "kb.jit of one")
for wrong in (3, "f", len, int, functools.partial(f)):
    try:
        kb.jit(wrong)
        ok(False, f"kb.jit({wrong!r}) is refused")
    except TypeError as e:
        has(str(e), "a function was expected", f"kb.jit({wrong!r}) is refused")
try:
    kb.jit(fastmat=True)
    ok(False, "an unknown option")
except TypeError as e:
    has(str(e), "did you mean 'fastmath'", "an unknown option")
equal(kb.jit(fastmath=True)(lambda x: x + 1)(1), 2, "options are taken")
try:
    type(f)()
    ok(False, "no others can be made")
except TypeError:
    ok(True, "no others can be made")

# -- Methods ------------------------------------------------------------------------------------------------

p = mod.Point(4)
equal((p.moved(1), mod.Point.moved(p, 2.5), p.moved(d="x") if isinstance(p.x, str) else 0), (5, 6.5, 0), "methods")
equal((p.made(3), mod.Point.made(7), p.plain(1), mod.Point.plain(2), p.double), (3, 7, 2, 3, 8), "class methods, static methods, properties")
bound = p.moved
ok(inspect.ismethod(bound) and bound.__self__ is p and bound.__func__ is mod.Point.moved and bound(1) == 5, "bound")
equal(pickle.loads(pickle.dumps(mod.Point.moved)), mod.Point.moved, "pickled by its qualified name")
ok(isinstance(kb.jit(p.moved.__func__.py_func.__get__(p)), types.MethodType), "kb.jit of a bound method")
equal((kb.jit(staticmethod(lambda x: x)).__func__(5), type(kb.jit(classmethod(len.__class__ and (lambda c: c))))), (5, classmethod), "of a static method")

# -- Binding ------------------------------------------------------------------------------------------------

good = True
for args, kwargs in [
    ((), {}), ((1,), {}), ((1, 2), {}), ((1, 2), {"e": 3}), ((1, 2, 3, 4, 5), {"e": 6}), ((1,), {"b": 2, "e": 3, "f": 4}),
    ((1, 2), {"e": 3, "z": 1, "a": 2}), ((1, 2), {"b": 2, "e": 1}), ((1, 2, 3), {"c": 1, "e": 1}), ((1, 2), {"e": 1, "d": (1,), "g": {}}),
]:  # fmt: skip
    good &= same(mod.signature, *args, **kwargs)
for args, kwargs in [((), {}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"q": 1}), ((1.0,), {"k": 3}), ((), {"x": 2.0}), ((2.0, 1.5), {}), ((1,), {"kk": 2})]:
    good &= same(mod.scale, *args, **kwargs)
ok(good, "arguments are bound as CPython does, and so are the errors")
mod.scale.__defaults__ = (5.0,)
equal((mod.scale(2.0), mod.scale.py_func(2.0)), (10.0, 10.0), "defaults that were assigned")
mod.scale.__defaults__ = (2.0,)

# -- Types --------------------------------------------------------------------------------------------------


class Int(int):
    pass


class Float(float):
    def __mul__(self, other):
        return "mine"


values = [1, 2.5, True, Int(3), Float(1.5), None, "ab", 1j, 2**70, -(2**63), 10**400, float("inf"), -0.0, [1], (2,), {3: 4}, b"x", object]
for kind in ("", "f8 f4 i8 i4 u1 u8 ? c16".split())[np is not None]:
    values.append(np.dtype(kind).type(3))
good = True
for v in values:
    for w in (2, 2.0, 3.5, True, "x", 2**63):
        good &= same(mod.scale, v, w)
ok(good, "one function, many types of scalars")
good = True
lists = [[], [1, 2, 3], [2**62] * 5, [1, 2.5, True], ["a"], (1, 2), "abc", None, 5, {1: 2}, [2**62, 2**62, 2**62, -(2**62), -(2**62)], range(5), [None], [[1]]]
if np is not None:
    a = np.arange(1.0, 7.0)
    lists += [a, a.astype("f4"), a.astype("i8"), a.astype("i4"), a.astype("u1"), a[::2], a[::-1], a.astype(">f8"), a.reshape(2, 3), a.reshape(3, 2).T, a[:0], a > 2]
    readonly = np.arange(4.0)
    readonly.setflags(write=False)
    lists += [readonly, np.array(5.0), np.array(["a"]), np.array([1, None], object), a.astype("c16"), a.astype("f2"), np.ma.array(a), np.asmatrix(a)]
    lists += [np.array([1e200, 1e200]), np.array([127, 1], "i1"), np.array([2**63 - 1, 1]), np.frombuffer(bytes(33), "u1")[1:].view("f8")]
for v in lists:
    for function in (mod.total, mod.norm, mod.first):
        good &= same(function, v)
ok(good, "one function, many types of sequences")
ok(sum(s["tier"] == "native" for s in mod.norm.stats["signatures"]) <= 8, "at most eight signatures are compiled", mod.norm.stats)


class Same:
    """What comes out of a container is what went in."""


s = Same()
ok(mod.first([s]) is s and mod.first((s,)) is s, "identity")

# -- What is not the function's own --------------------------------------------------------------------------

equal((mod.limited(100), mod.limited(3)), (15, 3), "a global")
mod.LIMIT = 30
equal((mod.limited(100), mod.limited(100)), (36, 36), "that is assigned")
mod.LIMIT = 10.5
equal(mod.limited(100), 15, "also to another type")
mod.range = lambda n: [5, 6]
equal(mod.limited(100), 11, "a builtin that is hidden")
del mod.range
equal(mod.limited(100), 15, "and seen again")
limit = mod.LIMIT
del mod.LIMIT
try:
    mod.limited(3)
    ok(False, "a global that is gone")
except NameError as e:
    equal(str(e), "name 'LIMIT' is not defined", "a global that is gone")
mod.LIMIT = limit
add, change = mod.adder(1)
results = [add(1), add(2.0)]
change(5)
results += [add(1), add(2.0)]
change("x")
try:
    add(1)
except TypeError as e:
    results.append(str(e))
equal(results, [2, 3.0, 6, 7.0, "unsupported operand type(s) for +: 'int' and 'str'"], "a closure")
real = mod.math
mod.math = types.SimpleNamespace(sqrt=lambda x: "root")
equal(mod.norm([1.0]), "root", "a module that is replaced")
mod.math = real


def redefined(x):
    return x + 1


j = kb.jit(redefined)
results = [j(1), j(1)]
redefined.__code__ = (lambda y, z=3: y * 10).__code__
results.append(j(1) if redefined.__defaults__ else outcome(j, (1,), {})[0][:2])
redefined.__defaults__ = (4,)
results += [j(1), j(2)]
equal(results, [2, 2, ("raised", TypeError), 10, 20], "a function that is given other code")

# -- Generators, exceptions, calls -----------------------------------------------------------------------------

equal((list(mod.items(3)), mod.items.stats["tier"]), ([0, 2, 4], "python"), "generators are CPython's")
ok(inspect.isgeneratorfunction(mod.items), "and known as such")
for time in range(3):
    try:
        mod.raising(9)
        ok(False, "an exception")
    except ZeroDivisionError as e:
        frames = traceback.extract_tb(e.__traceback__)
        last = frames[-1]
        equal((str(e), os.path.basename(last.filename), last.name), ("integer division or modulo by zero", "mod.py", "raising"), "an exception")
        ok(last.lineno == 54, "its line", last)
equal((mod.fib(15), mod.through(10)), (610, 135), "recursion; kernels and other functions called")
same(mod.through, 2.5)


@kb.jit
def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


equal(deep(100), 100, "deeper recursion")
for n in (10**6, 1e6):
    try:
        deep(n)
        ok(False, "endless recursion")
    except RecursionError as e:
        has(str(e), "maximum recursion depth exceeded", "endless recursion")

# -- Threads, reentrancy ------------------------------------------------------------------------------------------

for time in range(3):
    shared = kb.jit(lambda a, b: a * 2 + b)
    got, gate = [], threading.Barrier(4)

    def work(k):
        gate.wait()
        for i in range(200):
            got.append(shared(i, k) == i * 2 + k)

    threads = [threading.Thread(target=work, args=(k,)) for k in (1, 2.5, 3, 4.5)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    ok(len(got) == 800 and all(got), "first calls by several threads")


class Reentrant(dict):
    def __missing__(self, key):
        return again(3) if key == "k" else None


@kb.jit
def again(x):
    return x if x == 3 else d["k"] + x


d = Reentrant()
equal((again(4), again(4), again(3)), (7, 7, 3), "a function that is called while it runs")

# -- What is told -------------------------------------------------------------------------------------------------


@kb.jit
def told(a, b):
    s = a
    for i in range(10):
        s = s * b + a
    return s


equal((told.stats["tier"], told.signatures), ("not called yet", []), "before the first call")
told(1.5, 2.0), told(1.5, 3.0), told(1, 2), told("a", 1) if False else None
stats = told.stats
ok(set(stats) >= {"tier", "calls", "signatures", "reasons", "compile_seconds", "exits", "deopts", "resumed", "demotions"}, "stats", stats)
equal(sum(stats["calls"].values()), 3, "each call is counted", stats)
equal([s["types"] for s in stats["signatures"]], [("float", "float"), ("int", "int")], "signatures by their types")
out = io.StringIO()
told.explain(out)
has(out.getvalue(), "(float, float)", "explain()")
if stats["tier"] == "native":
    has(told.signatures[0], "(float, float)", "signatures")
    has(told.c_source, "for", "c_source") if "for" in told.c_source else has(told.c_source, "while", "c_source")
    has(told.ir, "func", "ir")
    ok(stats["compile_seconds"] > 0, "times")
same(told, 2**40, 2**40)
same(told, 2**70, 1)


@kb.jit
def annotated(n: int, x: float = 2.0) -> float:
    return n * x


if stats["tier"] == "native":
    has(annotated.ir, "func", "annotations give the IR before the first call")
equal(annotated.stats["tier"], "not called yet", "which is no call")
equal((annotated(3), annotated(1.5, 1), annotated(True, 2)), (6.0, 1.5, 2), "and annotations are no conversions")
declared = kb.jit(lambda a: a[0])
declared.__annotations__ = {"a": kb.f64[:]}
ok(type(kb.jit(declared.py_func)).__name__ == "Kernel", "types of Keelback declare a kernel")

# -- Life -----------------------------------------------------------------------------------------------------------


def cycle():
    @kb.jit
    def inner(n):
        return inner(n - 1) if n else 0

    inner(3)
    return weakref.ref(inner)


ref = cycle()
gc.collect()
ok(ref() is None, "functions that refer to themselves are collected")


def leak(times):
    for _ in range(times):
        mod.signature(1, 2, 3, 4, e=5, z=6)
        mod.total([1, 2.5])
        mod.scale(2.0, k=3)
        mod.first([s])
        outcome(mod.scale, (), {})
        outcome(mod.total, (None,), {})


leak(100)
gc.collect()
before = sys.getrefcount(s), sys.getrefcount(None), len(gc.get_objects())
leak(500)
gc.collect()
after = sys.getrefcount(s), sys.getrefcount(None), len(gc.get_objects())
ok(all(abs(a - b) < 50 for a, b in zip(after, before)), "references", before, after)

code = f"import sys; sys.path.insert(0, {folder!r}); import mod\n"
r = python(code + "print(mod.total([1, 2]), mod.fib(10), mod.norm([3.0, 4.0]), mod.scale(2, 3))\n")
equal((r.stdout, r.stderr, r.returncode), ("3 55 5.0 6\n", "", 0), "a program ends cleanly")
r = python(code + "print(mod.fib(10), mod.fib.stats['reasons'])\n", CC="false")
has(r.stdout, "55 ", "without a working C compiler: the same answer")
has(r.stdout + r.stderr, "false", "and the reason in stats") if stats["tier"] == "native" else ok(True, "no compiler at all")
r = python("import sys; sys.modules['keelback._keelback'] = None\n" + code + "print(mod.fib(10), mod.total([1.5]), mod.fib.stats['tier'])\n")
equal(r.stdout, "55 1.5 python\n", "without Keelback's compiler", r.stderr)
r = python("import sys; sys.modules['keelback._interp'] = None\n" + code + "print(mod.fib(10), mod.total([1.5]), mod.fib.stats['tier'])\n")
equal(r.stdout, "55 1.5 python\n", "without the interpreter", r.stderr)
r = python(code + "print(mod.fib(12), mod.total([1, 2**70]), mod.scale(2.0), mod.signature(1, 2, e=3), mod.through(10))", KEELBACK_INTERPRET="1")
equal(r.stdout, f"144 {2**70 + 1} 4.0 (1, 2, 3, (), 3, 5, {{}}) 135\n", "interpreted only", r.stderr)
done()
