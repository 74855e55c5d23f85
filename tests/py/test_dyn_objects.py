# SPDX-License-Identifier: MIT
"""Functions with objects, calls and exceptions, interpreted: results, exceptions, their tracebacks and contexts are CPython's."""

import contextlib
import gc
import os
import sys
import traceback
import types

os.environ["KEELBACK_INTERPRET"] = "1"

import keelback as kb
from kbtest import done, equal, ok

CASES = []


def case(*calls):
    """Each of calls makes arguments: a function without parameters, called once for CPython and once for the interpreter."""
    def add(function):
        CASES.append((function, calls))
        return function
    return add


class Log(list):
    def __call__(self, x):
        self.append(x)
        return x


class Manager:
    def __init__(self, log, swallow=False, fail=None):
        self.log, self.swallow, self.fail = log, swallow, fail

    def __enter__(self):
        self.log("enter")
        return self

    def __exit__(self, kind, e, tb):
        self.log((kind, str(e), tb is None, sys.exc_info()[0]))
        if self.fail:
            raise self.fail
        return self.swallow


class Thing:
    shared = 3

    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"Thing({self.x!r})"

    def twice(self, n=2, *, plus=0):
        return self.x * n + plus

    def __getattr__(self, name):
        if name == "lazy":
            return "got lazily"
        raise AttributeError(f"no {name}")

    @property
    def bad(self):
        raise KeyError("bad")


def fails(text="deep"):
    raise ValueError(text)


# -- Attributes, items, names --------------------------------------------------------------------------------------------


@case(lambda: (Thing(4),), lambda: (5,), lambda: (None,))
def attributes(t):
    a = t.x
    t.x = a + 1
    t.new = [a]
    b = t.twice(3, plus=10), t.shared, t.lazy, t.new
    del t.new
    return a, b, t.x


@case(lambda: (Thing(4),))
def missing_attribute(t):
    return t.nothing


@case(lambda: (Thing(4),))
def bad_property(t):
    return t.bad


@case(lambda: (Thing(4), Log()))
def lookup_first(t, log):
    try:
        t.nothing(log(1))
    except AttributeError as e:
        log(str(e))
    return log


@case(lambda: ({"a": [1, 2, 3]}, "a"), lambda: ({}, "b"), lambda: ([1], "a"), lambda: (None, 0))
def items(d, k):
    d[k][1] = 7
    del d[k][0]
    d[k, 1] = d[k][::-1]
    return d, d[k, 1], d[k][-1:], k in d, (k, 2) not in d


@case(lambda: (3,))
def unknown_name(x):
    return x + undefined_name  # noqa


@case(lambda: (3,), lambda: (0,))
def unbound_local(x):
    if x > 1:
        y = 1
    return y


@case(lambda: (3,), lambda: (0,))
def deleted(x):
    y = x
    if x:
        del y
    return y


COUNT = 0


@case(lambda: (3,))
def set_global(n):
    global COUNT
    COUNT = 0
    for i in range(n):
        COUNT += i
    a = COUNT
    del COUNT
    try:
        COUNT
    except NameError as e:
        a = a, str(e), e.name
    return a, len("abc"), abs(-n)


@case(lambda: (3,))
def closures(n):
    total = 0

    def add(x, y=n, *, z: int = 1) -> int:
        nonlocal total
        total += x * y + z
        return total

    fs = [lambda: i for i in range(n)]
    return add(1), add(2, 3, z=4), add.__defaults__, add.__kwdefaults__, add.__annotations__, add.__qualname__, [f() for f in fs]


@case(lambda: ())
def empty_cell():
    def get():
        return later
    try:
        get()
    except NameError as e:
        text = str(e)
    later = 1
    del later
    try:
        later
    except UnboundLocalError as e:
        return text, str(e)


class Slots:
    __slots__ = ("x", "y")


class Other:
    x = Slots.x  # a descriptor that is not for it


class Plain:
    def method(self):
        return "method"


def changing_objects():
    class Mine(Plain):
        pass

    a, b, s, log = Mine(), Mine(), Slots(), []
    a.x, b.x, s.x = 1, 2, 3

    def change(k):
        if k == 2:
            a.__dict__["x"] = "by dict"
        if k == 3:
            del s.x
        if k == 4:
            Mine.x = "of class"
        if k == 5:
            Mine.x = property(lambda self: "property", lambda self, v: log.append(("set", v)))
        if k == 6:
            del Mine.x
        if k == 7:
            Mine.method = lambda self: "new method"
        if k == 8:
            b.method = lambda: "own method"
        if k == 9:
            del b.x
        if k == 10:
            del Mine.method
            a.other = 1
            a.method = 3

    return change, (a, b, s, a, b, Other(), s, 5, Mine), log


@case(changing_objects)
def cached_attributes(change, objects, log):
    """The same instruction on objects of many kinds, which change in between."""
    for k in range(12):
        change(k)
        for o in objects:
            try:
                log.append(o.x)
                o.x = (k, log[-1])
            except AttributeError as e:
                log.append(str(e))
            except TypeError as e:
                log.append(str(e))
            try:
                log.append(o.method())
            except (AttributeError, TypeError) as e:
                log.append(str(e))
    return [str(x).split(" at 0x")[0] for x in log], [sorted(vars(o)) for o in objects[:2]]


def changing_names():
    m, n = types.ModuleType("m"), types.ModuleType("n")
    m.v, n.v = 1, 2

    def change(k):
        if k == 1:
            m.v = 10
        if k == 2:
            globals()["len"] = "mine"
        if k == 3:
            del m.v, globals()["len"]
        if k == 4:
            m.__dict__["v"] = 11

    return change, m, n


changing = 0


@case(changing_names)
def cached_names(change, m, n):
    global changing
    log, changing = [], 0
    for k in range(6):
        for o in (m, m, n, m):
            try:
                log.append((o.v, o.__name__))
            except AttributeError as e:
                log.append(str(e))
        changing += 1
        log.append((changing, len))
        change(k)
    return log


# -- Calls, displays, unpacking ----------------------------------------------------------------------------------------------


def take(*args, **kw):
    return args, kw


@case(lambda: ([1, 2], {"k": 3}), lambda: (5, {}), lambda: ((), 7), lambda: ((), {1: 2}), lambda: ("ab", {"z": 1}))
def stars(a, k):
    return take(0, *a, 9, z=5, **k), take(*a), take(**k), take(1, k=2)


@case(lambda: ([1, 2], {"k": 3}), lambda: (5, {}), lambda: ((), 7), lambda: (([],), {}))
def displays(a, k):
    return [0, *a, 1], (*a, 2), {*a, 3}, {**k, "q": 1}, {x: y for x, y in enumerate(a)}, {x for x in a}, [[x, y] for x in a for y in a if x != y]


@case(lambda: (take, 1), lambda: (len, 1), lambda: (3, 1), lambda: (fails, "x"))
def call_any(f, x):
    return f(x)


@case(lambda: ((1, 2, 3),), lambda: ([1, 2],), lambda: ("abcd",), lambda: (5,), lambda: (iter("abc"),), lambda: ({},))
def unpacking(x):
    a, b, c = x
    return a, b, c


@case(lambda: ((1, 2, 3),), lambda: ([1, 2],), lambda: ("a",), lambda: (5,), lambda: (iter("abcd"),))
def unpack_star(x):
    a, *b, c = x
    return a, b, c


@case(lambda: (1.5, 8), lambda: ("x", 3), lambda: (None, 3))
def format_it(x, n):
    return f"{x} {x!r:>{n}} {x!s} {x!a}" + f"{n:05d}" + f"{x:{n}.2f}"


@case(lambda: ("ab", 300), lambda: (b"ab", 300), lambda: ("ab", -1))
def concat(s, n):
    r = s[:0]
    keep = r
    for i in range(n):
        r += s
    return len(r), r[-4:], keep


@case(lambda: ())
def imports():
    import os.path as p, math
    from os import sep, path
    import collections.abc
    return p is path, math.pi, sep, collections.abc.Mapping


@case(lambda: ())
def import_fails():
    from math import no_such_name  # noqa


@case(lambda: ())
def import_fails_too():
    import no_such_module_here  # noqa


# -- Exceptions ------------------------------------------------------------------------------------------------------------------


@case(lambda: (0,), lambda: (1,), lambda: (2,), lambda: (3,), lambda: (4,))
def try_all(k):
    log = []
    try:
        if k == 0:
            raise ValueError("zero")
        if k == 1:
            1 / 0
        if k == 2:
            fails()
        if k == 3:
            raise KeyError
    except ValueError as e:
        log.append(("value", str(e), sys.exc_info()[1] is e))
    except (KeyError, ZeroDivisionError):
        log.append(sys.exc_info()[0])
    else:
        log.append("else")
    finally:
        log.append(("finally", sys.exc_info()))
    return log, sys.exc_info()


@case(lambda: (0,), lambda: (1,), lambda: (2,), lambda: (3,))
def contexts(k):
    try:
        try:
            fails("first")
        except ValueError as e:
            if k == 0:
                raise KeyError("second")
            if k == 1:
                raise KeyError("second") from e
            if k == 2:
                raise KeyError("second") from None
            {}["third"]
    finally:
        k += 1


@case(lambda: ())
def bare_raise():
    try:
        fails()
    except ValueError:
        raise


@case(lambda: ())
def nothing_to_raise():
    raise


@case(lambda: (3,), lambda: (ValueError,), lambda: (ValueError(7),), lambda: (int,))
def raise_what(x):
    raise x


@case(lambda: (3,), lambda: (ValueError,), lambda: (None,))
def raise_from(x):
    raise KeyError(1) from x


@case(lambda: (3,), lambda: (ValueError,), lambda: ((KeyError, 4),), lambda: ((KeyError, ValueError),))
def except_what(x):
    try:
        fails()
    except x:
        return "caught"


@case(lambda: (4,))
def in_a_loop(n):
    seen = []
    for i in range(n):
        try:
            try:
                if i % 2:
                    raise KeyError(i)
                [][i]
            except KeyError as e:
                seen.append(e.args)
                continue
            finally:
                seen.append(sys.exc_info()[0])
        except IndexError as e:
            seen.append(str(e))
            if i == 2:
                break
        seen.append(i)
    return seen, sys.exc_info()


@case(lambda: ())
def return_in_handler():
    def inner():
        try:
            fails()
        except ValueError:
            return sys.exc_info()[0]
    return inner(), sys.exc_info()


@case(lambda: ())
def return_in_finally():
    try:
        fails()
    finally:
        return sys.exc_info()[0]


@case(lambda: (1,), lambda: (2,))
def raise_the_caught(k):
    try:
        fails()
    except ValueError as e:
        try:
            raise e
        except ValueError as f:
            if k == 1:
                return e is f, sys.exc_info()[1] is e
        raise


@case(lambda: (Log(),))
def name_is_forgotten(log):
    e = 1
    try:
        fails()
    except ValueError as e:
        log(str(e))
    return e


@case(lambda: ("x",), lambda: (0,))
def asserts(x):
    assert x, f"not {x}"
    assert x == 0
    return x


@case(lambda: (5,))
def nested_calls(n):
    def down(k):
        if k == 0:
            return [][0]
        return down(k - 1)
    return down(n)


@case(lambda: ([1, 0],), lambda: ([1, "a"],))
def in_comprehensions(x):
    a = sum(1 / y if y else 0 for y in x)
    b = {y: 1 for y in x if y}
    return a, b, [1 // y for y in x]


@case(lambda: ([3, 1, 2], "key"), lambda: ([3, "a"], "key"))
def callbacks(x, text):
    r = sorted(x, key=lambda y: -y)
    return r, list(map(lambda y: y + 1, r)), [*zip(x, text)], max(x, key=lambda y: y % 3), any(y > 2 for y in x)


@case(lambda: (Log(),))
def exception_in_generator(log):
    def numbers():
        try:
            yield 1
        finally:
            log(sys.exc_info()[0])
    try:
        for x in numbers():
            fails()
    except ValueError as e:
        log(e.__context__)
        log([*numbers()])
        log(sys.exc_info()[1] is e)
    return log, sys.exc_info()


# -- with ----------------------------------------------------------------------------------------------------------------------------


@case(lambda: (Manager(Log()),), lambda: (Manager(Log(), True),), lambda: (Manager(Log(), fail=KeyError(9)),))
def with_failing(m):
    with m as n:
        m.log(n is m)
        fails()
    return m.log


@case(lambda: (Manager(Log()),), lambda: (Manager(Log(), fail=KeyError(9)),))
def with_plain(m):
    with m, Manager(m.log) as n:
        m.log(n.swallow)
    return m.log


@case(lambda: (3,), lambda: (Thing(3),))
def with_what(x):
    with x:
        return 1


@case(lambda: (Manager(Log()),))
def with_return(m):
    for i in range(3):
        with m:
            if i == 0:
                continue
            if i == 1:
                return m.log


@case(lambda: ())
def with_suppress():
    with contextlib.suppress(ValueError):
        fails()
    return sys.exc_info()


# -- The comparison ----------------------------------------------------------------------------------------------------------------------


def shown(x):
    return type(x), repr(x)


def entries(e, first):
    """The traceback: names, lines and source, without what called the function."""
    tb = e.__traceback__
    while tb and tb.tb_frame.f_code.co_name != first:
        tb = tb.tb_next
    return [(f.name, f.lineno, f.line, f.filename) for f in traceback.extract_tb(tb)]


def outcome(function, first, args):
    try:
        r = shown(function(*args))
    except BaseException as e:
        r = []
        while e:
            r.append((type(e), str(e), entries(e, first), type(e.__cause__), e.__suppress_context__, getattr(e, "name", None)))
            e = e.__context__
    return r, sys.exc_info()


for function, calls in CASES:
    jitted = kb.jit(function)
    for k, make in enumerate(calls):
        want = outcome(function, function.__name__, make())
        got = outcome(jitted, function.__name__, make())
        equal(got, want, f"{function.__name__} {k}")
    stats = jitted.stats
    ok(stats["calls"]["interpreted"] == len(calls), f"{function.__name__} is interpreted", stats)

# A thousand calls leave nothing behind.
for function, calls in CASES:
    if "import" in function.__name__:
        continue
    jitted, least = kb.jit(function), None
    for k, make in enumerate(calls):
        for attempt in range(4):
            for n in (5, 300):
                gc.collect()
                before = sys.getallocatedblocks()
                for _ in range(n):
                    outcome(jitted, function.__name__, make())
                gc.collect()
                more = sys.getallocatedblocks() - before
            if more < 100:
                break
        ok(more < 100, f"{function.__name__} {k} leaks nothing", f"{more} blocks")

done()
