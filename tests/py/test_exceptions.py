# SPDX-License-Identifier: MIT
"""Every exception of a compiled kernel is CPython's: type, message, traceback down to the line; stores before it stay.

Each case is a kernel, arguments, and the expected exception. The expected line is the one marked `# <-`. The
reference (CPython on keelback.ref views) is asked as well, so that the table cannot be wrong.
"""

import importlib
import os
import sys
import traceback

from kbtest import done, equal, folder, keelback, ok, write

import keelback as kb
from keelback.check import engine

NAN, INF = float("nan"), float("inf")


def zero(f, *args):
    """CPython's own words, which differ between versions."""
    try:
        f(*args)
    except Exception as e:
        return str(e)
    raise AssertionError("no exception")


# signature and body; arguments (a list is a f64 array); type; message
CASES = [
    # bounds
    ("(x: kb.f64[:], i: int) -> float:\n    return x[i]  # <-", ([1.0] * 4, 5), IndexError,
     "index 5 is out of bounds for axis 0 with size 4"),
    ("(x: kb.f64[:], i: int) -> float:\n    return x[i]  # <-", ([1.0] * 4, -5), IndexError,
     "index -5 is out of bounds for axis 0 with size 4"),
    ("(x: kb.f64[:]) -> float:\n    s = 0.0\n    for i in range(9):\n        s += x[i]  # <-\n    return s", ([1.0] * 3,), IndexError,
     "index 3 is out of bounds for axis 0 with size 3"),
    ("(x: kb.f64[:]) -> float:\n    return x[-1]  # <-", ([],), IndexError, "index -1 is out of bounds for axis 0 with size 0"),
    ("(x: kb.f64[:], i: int) -> None:\n    x[i] = 0.0  # <-", ([1.0] * 4, 1 << 62), IndexError,
     f"index {1 << 62} is out of bounds for axis 0 with size 4"),
    ("(a: kb.f64[:, :], i: int, j: int) -> float:\n    return a[i, j]  # <-", ([[1.0, 2.0]], 0, 2), IndexError,
     "index 2 is out of bounds for axis 1 with size 2"),
    ("(a: kb.f64[:, :], i: int, j: int) -> float:\n    return a[i, j]  # <-", ([[1.0, 2.0]], 1, 9), IndexError,
     "index 1 is out of bounds for axis 0 with size 1"),
    ("(a: kb.f64[:, :], i: int) -> float:\n    r = a[i]  # <-\n    return r[0]", ([[1.0, 2.0]], -2), IndexError,
     "index -2 is out of bounds for axis 0 with size 1"),
    ("(a: kb.f64[:, :], i: int) -> float:\n    r = a[0]\n    return r[i]  # <-", ([[1.0, 2.0]], 2), IndexError,
     "index 2 is out of bounds for axis 0 with size 2"),
    # ints
    ("(a: int, b: int) -> int:\n    return a // b  # <-", (7, 0), ZeroDivisionError, zero(lambda: 7 // 0)),
    ("(a: int, b: int) -> int:\n    return a % b  # <-", (7, 0), ZeroDivisionError, zero(lambda: 7 % 0)),
    ("(a: int, b: int) -> float:\n    return a / b  # <-", (7, 0), ZeroDivisionError, zero(lambda: 7 / 0)),
    ("(a: int, b: int) -> int:\n    q, r = divmod(a, b)  # <-\n    return q", (7, 0), ZeroDivisionError, zero(divmod, 7, 0)),
    ("(a: int, b: int) -> int:\n    return a << b  # <-", (7, -1), ValueError, "negative shift count"),
    ("(a: int, b: int) -> int:\n    return a >> b  # <-", (7, -1), ValueError, "negative shift count"),
    ("(a: int, b: int, m: int) -> int:\n    return pow(a, b, m)  # <-", (7, 2, 0), ValueError, "pow() 3rd argument cannot be 0"),
    ("(n: int) -> int:\n    s = 0\n    for i in range(0, 5, n):  # <-\n        s += i\n    return s", (0,), ValueError,
     "range() arg 3 must not be zero"),
    ("(a: int) -> int:\n    return math.isqrt(a)  # <-", (-1,), ValueError, zero(lambda: __import__("math").isqrt(-1))),
    # floats
    ("(x: float, y: float) -> float:\n    return x / y  # <-", (7.0, 0.0), ZeroDivisionError, zero(lambda: 7.0 / 0.0)),
    ("(x: float, y: float) -> float:\n    return x // y  # <-", (7.0, 0.0), ZeroDivisionError, zero(lambda: 7.0 // 0.0)),
    ("(x: float, y: float) -> float:\n    return x % y  # <-", (7.0, -0.0), ZeroDivisionError, zero(lambda: 7.0 % 0.0)),
    ("(x: float, n: int) -> float:\n    return x / n  # <-", (7.0, 0), ZeroDivisionError, zero(lambda: 7.0 / 0)),
    ("(x: float, y: float) -> float:\n    return x ** y  # <-", (0.0, -1.0), ZeroDivisionError, zero(lambda: 0.0 ** -1.0)),
    ("(x: float, y: float) -> float:\n    return x ** y  # <-", (1e300, 2.0), OverflowError, zero(lambda: 1e300 ** 2.0)),
    ("(x: kb.f32, y: kb.f32) -> kb.f32:\n    return x / y  # <-", (1.0, 0.0), ZeroDivisionError, zero(lambda: 7.0 / 0.0)),
    ("(x: float) -> int:\n    return int(x)  # <-", (NAN,), ValueError, zero(int, NAN)),
    ("(x: float) -> int:\n    return int(x)  # <-", (INF,), OverflowError, zero(int, INF)),
    ("(x: float) -> int:\n    return round(x)  # <-", (NAN,), ValueError, zero(round, NAN)),
    ("(x: float) -> int:\n    return math.floor(x)  # <-", (-INF,), OverflowError, zero(int, -INF)),
    # math
    ("(x: float) -> float:\n    return math.sqrt(x)  # <-", (-1.0,), ValueError, "math domain error"),
    ("(x: float) -> float:\n    return math.log(x)  # <-", (0.0,), ValueError, "math domain error"),
    ("(x: float) -> float:\n    return math.exp(x)  # <-", (1000.0,), OverflowError, "math range error"),
    ("(x: float) -> float:\n    return math.sin(x)  # <-", (INF,), ValueError, "math domain error"),
    ("(x: float) -> float:\n    return math.acos(x)  # <-", (1.5,), ValueError, "math domain error"),
    ("(x: float, y: float) -> float:\n    return math.fmod(x, y)  # <-", (1.0, 0.0), ValueError, "math domain error"),
    ("(x: float, y: float) -> float:\n    return math.pow(x, y)  # <-", (-8.0, 0.5), ValueError, "math domain error"),
    # stores
    ("(n: int) -> int:\n    t = kb.zeros(2, kb.i8)\n    t[0] = n  # <-\n    return t[0]", (200,), OverflowError,
     "Python integer 200 out of bounds for int8"),
    ("(n: int) -> int:\n    t = kb.zeros(2, kb.u32)\n    t[1] = n  # <-\n    return t[1]", (-1,), OverflowError,
     "Python integer -1 out of bounds for uint32"),
    # local arrays
    ("(n: int) -> int:\n    t = kb.zeros(n)  # <-\n    return len(t)", (-1,), ValueError, "negative dimensions are not allowed"),
    # statements
    ("(n: int) -> int:\n    if n < 0:\n        raise ValueError('n is negative')  # <-\n    return n", (-1,), ValueError, "n is negative"),
    ("(n: int) -> int:\n    if n < 0:\n        raise KeyError  # <-\n    return n", (-1,), KeyError, ""),
    ("(n: int) -> int:\n    assert n > 0  # <-\n    return n", (0,), AssertionError, ""),
    ("(n: int) -> int:\n    assert n > 0, 'not positive'  # <-\n    return n", (0,), AssertionError, "not positive"),
    ("(n: int) -> int:\n    for i in range(n):\n        last = i\n    return last  # <-", (0,), UnboundLocalError,
     "cannot access local variable 'last' where it is not associated with a value"),
    # an expression over several lines: the line of its own operator or index
    ("(x: kb.f64[:], i: int) -> float:\n    return (x[0] +\n            x[i])  # <-", ([1.0] * 4, 5), IndexError,
     "index 5 is out of bounds for axis 0 with size 4"),
    # sized ints
    ("(a: int, b: int) -> int:\n    return int(kb.i32(a) // kb.i32(b))  # <-", (7, 0), ZeroDivisionError, zero(lambda: 7 // 0)),
    ("(a: int, b: int) -> int:\n    return int(kb.u8(a) << b)  # <-", (7, -1), ValueError, "negative shift count"),
]

source, lines = "import math\nimport keelback as kb\n", []
for n, (text, *_) in enumerate(CASES):
    text = f"\n@kb.kernel\ndef case{n}{text}\n"
    lines.append(source.count("\n") + text[:text.index("# <-")].count("\n") + 1)
    source += text
CALLS = '''
@kb.kernel
def inner(x: kb.i64[:], i: int) -> int:
    x[0] = 7
    return x[i]

@kb.kernel
def middle(x: kb.i64[:], i: int) -> int:
    x[1] = 8
    return inner(x, i) + 1

@kb.kernel
def outer(x: kb.i64[:], i: int) -> int:
    s = 0
    s += middle(x, i)
    x[2] = 9
    return s

@kb.kernel
def partial(x: kb.i64[:], n: int) -> None:
    for k in range(n):
        x[k] = k * k

@kb.kernel
def deep(n: int) -> int:
    return deep(n + 1) + 1
'''
calls_at = source.count("\n")
source += CALLS
write("cases.py", source)
r = keelback("build", "cases.py", "-o", "cases.so")
if not ok(r.returncode == 0, "the cases build", r.stdout, r.stderr):
    done()
sys.path.insert(0, folder)
native = importlib.import_module("cases")
ok(native.__file__.endswith(".so"), "the built module was imported", native.__file__)

try:
    import numpy as np
except ImportError:
    np = None


def array_of(v):
    if not isinstance(v, list):
        return v
    if np is not None:
        return np.array(v, dtype=np.float64)
    from array import array
    if v and isinstance(v[0], list):
        flat = array("d", [e for row in v for e in row])
        return memoryview(flat).cast("B").cast("d", (len(v), len(v[0])))
    return array("d", v)


def outcome(f, args):
    """(type, message, [(function, line) of the frames in cases.py])"""
    try:
        return f(*args)
    except Exception as e:
        frames = [(f.name, f.lineno) for f in traceback.extract_tb(e.__traceback__)
                  if os.path.basename(f.filename) == "cases.py"]
        return type(e), str(e), frames


own, noted = engine.load("cases.py")
reference = engine.plain_functions(noted)
for n, (text, args, exc, message) in enumerate(CASES):
    what = f"{exc.__name__}: {message or '(no message)'}: {text[text.rindex(chr(10), 0, text.index('# <-')) + 1:text.index('# <-')].strip()}"
    params = engine.signature(own[n].py_func, own[n].options)[0]
    ref_args = [engine._wrap(array_of(a), p.type) for a, p in zip(args, params)]
    want = outcome(reference[id(own[n])], ref_args)
    if want != (exc, message, [(f"case{n}", lines[n])]):
        ok(False, f"the table is right: {what}", want)
    got = outcome(getattr(native, f"case{n}"), [array_of(a) for a in args])
    equal(got, (exc, message, [(f"case{n}", lines[n])]), what)

# -- Calls: a frame for each kernel; stores done so far stay ------------------------------------------------------


def line_of(text):
    return calls_at + CALLS[:CALLS.index(text)].count("\n") + 1


def ints(*v):
    if np is not None:
        return np.array(v, dtype=np.int64)
    from array import array
    return array("q", v)


x = ints(1, 2, 3)
frames = [("outer", line_of("s += middle")), ("middle", line_of("return inner")), ("inner", line_of("return x[i]"))]
equal(outcome(native.outer, (x, 3)), (IndexError, "index 3 is out of bounds for axis 0 with size 3", frames),
      "the traceback has a frame for each kernel")
equal(list(x), [7, 8, 3], "stores done before the exception stay, later ones are not done")
x = ints(9, 9, 9)
equal(outcome(native.partial, (x, 5))[:2], (IndexError, "index 3 is out of bounds for axis 0 with size 3"), "a loop leaves at the bad index")
equal(list(x), [0, 1, 4], "with all earlier stores")
got = outcome(native.deep, (0,))
ok(isinstance(got, tuple) and got[0] is RecursionError and "recursion" in got[1], "endless recursion raises RecursionError", str(got)[:300])
equal(outcome(native.partial, (ints(1, 2), 2)), None, "and the thread goes on")

# -- int overflow --------------------------------------------------------------------------------------------------

write("big.py", '''import keelback as kb

@kb.kernel
def product(a: int, b: int) -> int:
    return a * b

@kb.kernel(overflow="wrap")
def wrapped(a: int, b: int) -> int:
    return a * b

@kb.kernel(overflow="raise")
def raising(a: int, b: int) -> int:
    return a * b
''')  # fmt: skip
r = keelback("build", "big.py", "-o", "big.so")
ok(r.returncode == 0, "overflow options build", r.stdout, r.stderr)
big = importlib.import_module("big")
equal(big.product(1 << 31, -1 << 31), -1 << 62, "64 bits are exact")
equal(big.wrapped((1 << 62) + 1, 4), 4, "overflow='wrap' wraps")
equal(big.product(1 << 40, 1 << 40), 1 << 80, "past 64 bits as well")
got = outcome(big.raising, (1 << 40, 1 << 40))
equal(got[:2], (OverflowError, "int result does not fit 64 bits"), "overflow='raise' raises")
got = outcome(big.raising, (1 << 64, 1))
ok(isinstance(got, tuple) and got[0] is OverflowError and "a" in got[1], "an argument past 64 bits, too", got)
done()
