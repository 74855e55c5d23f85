# SPDX-License-Identifier: MIT
"""Typed code of kb.jit against CPython on the same objects: value bits, exact type, warnings, exceptions, arrays.

A table of small functions and edge arguments; then each operator on pairs of types with random and edge values. What is
meant to be typed must be: a native function that says "not for me", or a function that is refused, fails. With the
argument "all" there are more types.
"""

import itertools
import math
import random
import struct
import sys
import warnings

from kbtest import done, equal, folder, ok, write

try:
    import numpy as np
except ImportError:
    np = None
try:
    from keelback import _build, _interp
except ImportError:
    print("1..0 # SKIP no interpreter here")
    sys.exit(0)
from keelback import CompileError

MISS = _interp.MISS
ALL = "all" in sys.argv[1:]
NEP50 = np is not None and int(np.__version__.split(".")[0]) >= 2
SHORT = {"int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64", "uint8": "u8", "uint16": "u16", "uint32": "u32",
         "uint64": "u64", "float32": "f32", "float64": "f64", "bool": "bool_", "bool_": "bool_"}


# -- Comparing ---------------------------------------------------------------------------------------------


def type_of(o):
    """The type of an argument as the compiler reads it."""
    if type(o) in (int, float, bool):
        return type(o).__name__
    if np is not None and type(o) is np.ndarray:
        axes = ",".join([":"] * o.ndim)
        return f"{SHORT[o.dtype.name]}[{axes}]{'' if o.flags.writeable else ' readonly'}"
    return SHORT[type(o).__name__]


def bits(o):
    if type(o) is tuple:
        return (tuple, [bits(x) for x in o])
    if type(o) is float:
        return (float, "nan" if o != o else struct.pack("<d", o))
    if np is not None and isinstance(o, (np.generic, np.ndarray)):
        nan = isinstance(o, np.floating) and o != o
        return (type(o), str(o.dtype), "nan" if nan else o.tobytes())
    return (type(o), o)


def fresh(args):
    """The arguments again: arrays are copied with their layout; one that came twice stays one."""
    made = {}
    for a in args:
        if np is not None and isinstance(a, np.ndarray) and id(a) not in made:
            base = a if a.base is None else a.base
            whole = base.copy(order="K") if isinstance(base, np.ndarray) else a.copy()
            if whole.shape == a.shape and whole.strides == a.strides:
                b = whole
            else:
                at = a.__array_interface__["data"][0] - base.__array_interface__["data"][0]
                b = np.ndarray(a.shape, a.dtype, whole.data, at, a.strides)
            b.flags.writeable = a.flags.writeable
            made[id(a)] = b
    return [made.get(id(a), a) for a in args]


def outcome(f, args):
    args = fresh(args)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            result = bits(f(*args))
        except Exception as e:
            result = ("raised", type(e), str(e))
    arrays = [a.tobytes() for a in args if np is not None and isinstance(a, np.ndarray)]
    return result, [(w.category, str(w.message)) for w in seen], arrays


natives = {}


def native(f, types):
    key = f, types
    if key not in natives:
        try:
            natives[key] = _build.jit(f, types, {})[0]
        except CompileError as e:
            natives[key] = str(e)
    return natives[key]


def differs(f, args):
    """None, or what is wrong with native code for these arguments."""
    n = native(f, tuple(map(type_of, args)))
    if isinstance(n, str):
        return f"refused: {n}"
    want = outcome(f, args)
    got = outcome(n, args)
    if got[0] == bits(MISS):
        return f"{args}: not for me"
    return None if got == want else f"{args}:\n  got {got}\n  not {want}"


def check(f, *table):
    """Each item is a tuple of arguments; all have to be typed, and the same."""
    wrong = [d for d in (differs(f, args) for args in table) if d]
    ok(not wrong, f"{f.__name__}: {len(table)} calls", "\n".join(wrong[:4]))


def refused(f, *args):
    n = native(f, tuple(map(type_of, args)))
    ok(isinstance(n, str), f"{f.__name__}{tuple(map(type_of, args))} is not for typed code", n)


# -- Python's numbers ----------------------------------------------------------------------------------------

source = write("jit_functions.py", '''\
import math

def arith(k, a, b):
    if k == 0:
        return a + b
    if k == 1:
        return a - b
    if k == 2:
        return a * b
    return -a

def divide(k, a, b):
    if k == 0:
        return a // b
    return a % b

def truediv(a, b):
    return a / b

def power(a, b):
    return a ** b

def shift(k, a, b):
    return a << b if k else a >> b

def compare(a, b):
    n = 0
    if a < b: n += 1
    if a <= b: n += 2
    if a == b: n += 4
    if a != b: n += 8
    if a > b: n += 16
    if a >= b: n += 32
    return n

def bitwise(k, a, b):
    if k == 0:
        return a & b
    if k == 1:
        return a | b
    if k == 2:
        return a ^ b
    return ~a

def fours(n):
    p = 1
    for i in range(n):
        p *= 4
    return p

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def identity(a):
    return a

def truth(a):
    return 1 if a else 0

def both(a, b):
    return a, b, 1, 2.0, a > b

def late(n):
    for i in range(n):
        last = i
    return last

def early(x):
    if len(x) == 0:
        return None
    return x[0]

def dot(x, y):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s

def total(x):
    s = 0
    for v in x:
        s += v
    return s

def sum_of(x):
    return sum(x)

def mean(x):
    s = 0.0
    for v in x:
        s += v
    return s / len(x)

def skips(x, limit):
    s = 0.0
    for v in x:
        if v * 1e300 > limit:
            break
        s += v
    return s

def biggest(x):
    return max(x), min(x)

def extremes(a, b):
    return max(a, b), min(a, b)

def get(x, i):
    return x[i]

def put(x, i, v):
    x[i] = v

def get2(x, i, j):
    return x[i, j]

def put2(x, i, j, v):
    x[i, j] = v

def scale(x, k):
    for i in range(len(x)):
        x[i] = x[i] * k

def add_into(x, y):
    for i in range(x.shape[0]):
        x[i] += y[i]

def shape(x):
    return len(x), x.size, x.ndim, x.shape[0]

def count(x):
    n = 0
    for v in x:
        if v:
            n += 1
    return n

def masks(x, y):
    n = 0
    for i in range(len(x)):
        if (x[i] > 0) & (y[i] > 0) or not x[i] == y[i]:
            n += i
    return n

def pairs(x, y):
    n = 0
    for i, v in enumerate(x):
        if v > 0:
            n += i
    for a, b in zip(x, y):
        if a > b:
            n += 1000
    return n

def matrix(x):
    s = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            s += x[i, j]
    return s

def converted(a):
    return int(a), float(a), bool(a), abs(a), +a

def maths(a):
    return math.sqrt(a), math.exp(a), math.floor(a), math.isnan(a), math.sin(a)

def maths2(a, b):
    return math.atan2(a, b), math.copysign(a, b)

def weak(x, n):
    m = 0.0
    for i in range(n):
        m = x[i]
    return -m

def sticks(x, n, k):
    s = 0.0
    p = 0
    for i in range(n):
        u = x * 1e300
        p += 1
        if i > k:
            s += u
    return s, p

def down(n, v):
    if n == 0:
        return v
    return down(n - 1, v * 4) + 1

def walk(x, y):
    s = 0
    n = 0
    for i in range(len(x)):
        y[i] = x[i]
        s += x[i]
        n += 1
        if x[i] < 0:
            n += len(x)
    return s, n

def squares(x, y):
    n = 0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = x[i, j] * x[i, j]
            n += 1
    return n

def refuses_bool(a, b):
    return a < b

def refuses_power(a, b):
    return a ** b

def refuses_row(x):
    return x[0][0]

def refuses_types(x, n):
    s = n
    for v in x:
        s = v
    return s

def refuses_call(x):
    return len(str(x))
''')
sys.path.insert(0, folder)
import jit_functions as fs  # noqa: E402

INTS = [0, 1, -1, 2, -7, 3, 7, 100, 2**31, 2**62, -(2**62), 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 1.0, -1.5, 7.5, 2.0, 1e300, -1e308, 5e-324, 1e-310, math.inf, -math.inf, math.nan, 2.0**53, 9e18]

check(fs.arith, *((k, a, b) for k in range(4) for a in INTS for b in INTS))
check(fs.arith, *((k, a, b) for k in range(4) for a in FLOATS for b in FLOATS))
check(fs.arith, *((k, a, b) for k in range(4) for a in INTS for b in FLOATS))
check(fs.divide, *((k, a, b) for k in range(2) for a in INTS for b in INTS))
check(fs.divide, *((k, a, b) for k in range(2) for a in FLOATS for b in FLOATS))
check(fs.truediv, *itertools.product(INTS, INTS))
check(fs.truediv, *itertools.product(FLOATS, INTS))
check(fs.power, *itertools.product(INTS[:8], [0, 1, 2, 5, 63, 64, -1, -2]))
check(fs.shift, *((k, a, b) for k in range(2) for a in INTS for b in (0, 1, 62, 63, 64, 65, -1)))
check(fs.compare, *itertools.product(INTS, INTS))
check(fs.compare, *itertools.product(INTS, FLOATS))
check(fs.bitwise, *((k, a, b) for k in range(4) for a in INTS for b in INTS))
check(fs.fours, *((n,) for n in (0, 1, 30, 31, 32, 40)))
check(fs.fib, (1,), (15,))
check(fs.late, (3,), (0,))
for o in (1, 1.5, True, -(2**63)):
    check(fs.identity, (o,))
    check(fs.converted, (o,))
check(fs.both, (1, 2.5), (2, -1.0))
check(fs.truth, (0,), (5,), (2**63 - 1,))
check(fs.maths, *((a,) for a in FLOATS))
check(fs.extremes, *itertools.product(FLOATS, FLOATS))

add = native(fs.arith, ("int", "int", "int"))
for args in ((0, True, 1), (0, 1.0, 1), (0, 1, 2**70), (0, 1), (0, 1, 2, 3), (0, 1, None), (0, "a", 1)):
    ok(add(*args) is MISS, f"not for me: {args}")
ok(add(0, 1, b=2) is MISS, "not for me: keywords")

if np is None:
    done()

# -- NumPy's scalars -------------------------------------------------------------------------------------------

random.seed(7)
EDGES = {"float": FLOATS, "int": INTS + [127, 128, 255, 256, -128, -129, 65535, 2**32 - 1, 2**24 + 1, 2**53 + 1]}
for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
    info = np.iinfo(name)
    values = {0, 1, 2, 3, 7, info.max, info.max - 1, info.min, info.min + 1, info.max // 2, info.min // 2}
    values |= {-1, -7} if info.min < 0 else set()
    EDGES[SHORT[name]] = [getattr(np, name)(v) for v in sorted(values)]
with np.errstate(all="ignore"):
    EDGES["f64"] = [np.float64(v) for v in FLOATS]
    EDGES["f32"] = [np.float32(v) for v in (0.0, -0.0, 1.0, -1.5, 3e38, 1e-45, 1e-40, 0.1, 16777216.0, math.inf, math.nan)]


def some(kind):
    """An edge, or anything."""
    if random.random() < 0.5:
        return random.choice(EDGES[kind])
    if kind == "int":
        return random.choice([random.randint(-300, 300), random.randint(-(2**63), 2**63 - 1)])
    if kind in ("float", "f64", "f32"):
        v = random.choice([random.uniform(-9, 9), random.uniform(-1, 1) * 10.0 ** random.randint(-40, 37)])
        return {"float": float, "f64": np.float64, "f32": np.float32}[kind](v)
    t = type(EDGES[kind][0])
    return t(random.randint(int(np.iinfo(t).min), int(np.iinfo(t).max)) >> random.choice([0, 0, 3, 20]))


PAIRS = [("f64", "f64"), ("float", "f64"), ("i64", "int")]
if NEP50:
    PAIRS += [("f32", "float"), ("u8", "i8"), ("u64", "int")]
if ALL:
    PAIRS += [("f64", "float"), ("f64", "int"), ("i64", "f64"), ("int", "f64"), ("i64", "i64"), ("int", "i64"), ("f64", "i64"),
              ("i64", "float")]
if ALL and NEP50:
    PAIRS += [("i8", "int"), ("f32", "f32"), ("float", "f32"), ("int", "f32"), ("f32", "f64"), ("f32", "i16"), ("f32", "i32"),
              ("u32", "f32"), ("i8", "i8"), ("int", "u8"), ("i16", "i32"), ("i32", "i32"), ("u16", "u16"),
              ("u32", "int"), ("u64", "u64"), ("int", "u64"), ("u64", "f64"), ("i64", "u32"), ("i16", "float")]


def pair_values(a, b, n):
    edges = list(itertools.product(EDGES[a], EDGES[b]))
    return random.sample(edges, min(len(edges), n)) + [(some(a), some(b)) for _ in range(n)]


for a, b in PAIRS:
    values = pair_values(a, b, 60)
    narrow = "f32" in (a, b) and "f64" not in (a, b) and not {a, b} & {"i32", "u32"}
    check(fs.arith, *((k, x, y) for x, y in values for k in range(4 if a not in ("int", "float") else 3)))
    check(fs.truediv, *values)
    check(fs.compare, *values)
    if narrow:
        refused(fs.divide, 0, EDGES[a][0], EDGES[b][0])
    else:
        check(fs.divide, *((k, x, y) for x, y in values for k in range(2)))
for a, b in [("i64", "i64"), ("i64", "int")] + ([("u8", "u8"), ("u64", "u64"), ("int", "u32"), ("i16", "u8")] if NEP50 and ALL else []):
    check(fs.bitwise, *((k, x, y) for x, y in pair_values(a, b, 50) for k in range(4 if a != "int" else 3)))
for kind in ["f64"] + (["i64", "i8", "i32", "u8"] if ALL else []) + (["f32", "u64"] if NEP50 else []):
    check(fs.identity, *((v,) for v in EDGES[kind]))
    check(fs.converted, *((v,) for v in EDGES[kind]))
    check(fs.truth, *((v,) for v in EDGES[kind]))
    check(fs.extremes, *pair_values(kind, kind, 40))
    check(fs.maths2, *pair_values(kind, kind, 40))
check(fs.maths, *((v,) for v in EDGES["f64"]))
check(fs.truth, (np.True_,), (np.False_,))
for state in ("ignore", "raise", "warn"):
    with np.errstate(all=state):
        check(fs.arith, *((k, x, y) for x, y in pair_values("f64", "f64", 80) for k in range(4)))
        check(fs.truediv, *pair_values("f64", "f64", 80))
        if NEP50:
            check(fs.arith, *((k, x, y) for x, y in pair_values("f32", "float", 80) for k in range(4)))
            check(fs.arith, *((k, x, y) for x, y in pair_values("i8", "int", 80) for k in range(4)))
            check(fs.truediv, *pair_values("f32", "f32", 80))

# -- Arrays ----------------------------------------------------------------------------------------------------

whole = np.arange(24.0)
ARRAYS = [np.array([]), np.array([1.5]), np.array([-0.0]), whole[:5], whole[::3], whole[::-1], whole[20:2:-4],
          np.array([math.nan, 1.0, math.inf, -2.0]), np.array([1e308, 1e308, -1e308]), np.array([1e-200, 1e-200, 0.0, 3.0])]
check(fs.dot, *((x, x) for x in ARRAYS), (whole[:3], whole[:2]), (whole[:2], whole[1:3]))
for f in (fs.total, fs.sum_of, fs.mean, fs.biggest, fs.early, fs.count, fs.shape):
    check(f, *((x,) for x in ARRAYS))
check(fs.skips, *((x, limit) for x in ARRAYS for limit in (0.0, 1e308, math.inf)))
check(fs.weak, (whole, 0), (whole, 1), (whole, 3), (whole[:1], 2))
INDICES = [0, 1, 3, 4, -1, -4, -5, 5, -(2**63), 2**63 - 1, 10**9]
four = np.arange(4.0) + 0.5
check(fs.get, *((four, i) for i in INDICES), *((four[::-1], i) for i in INDICES))
check(fs.get, *((four, np.int64(i)) for i in INDICES))
check(fs.put, *((four, i, 2.5) for i in INDICES))
check(fs.put, *((four, 1, v) for v in FLOATS))
check(fs.put, *((four, 1, v) for v in INTS))
check(fs.put, *((four, 1, np.float64(v)) for v in FLOATS))
frozen = np.arange(4.0)
frozen.flags.writeable = False
check(fs.put, (frozen, 1, 2.5), (frozen, 9, 2.5))
check(fs.total, (frozen,))
check(fs.scale, *((x, k) for x in ARRAYS for k in (2.0, 1e308, 1e-320)), (frozen, 2.0))
check(fs.scale, *((x, np.float64(2)) for x in ARRAYS))
check(fs.add_into, (whole[:4], whole[1:5]), (whole[:4], whole[4:6]))
same = np.arange(5.0)
check(fs.add_into, (same, same))
check(fs.pairs, (whole[:7], whole[1:]), (whole[:0], whole))
check(fs.masks, (whole[:7] - 3, whole[1:9] - 4))
grid = np.arange(12.0).reshape(3, 4)
for x in (grid, grid.T, grid[::-1, ::2], grid[:0], np.zeros((2, 0))):
    check(fs.matrix, (x,))
    check(fs.get2, *((x, i, j) for i in (0, 1, -1, 3, -9) for j in (0, -2, 4, -5)))
    check(fs.put2, *((x, i, j, 7.0) for i in (0, 1, -1, 3) for j in (0, -2, 4)))
bools = np.array([True, False, True])
check(fs.count, (bools,), (bools[::-1],))
check(fs.put, (bools, 0, False), (bools, 5, True))

INT_KINDS = ["int64"] + (["uint64"] if NEP50 else []) + (["int8", "uint8", "int32", "uint16"] if NEP50 and ALL else [])
for kind in INT_KINDS:
    info = np.iinfo(kind)
    big = [np.array(v, dtype=kind) for v in ([], [1, 2, 3], [info.max, 1, 2], [info.min, 0, info.max], [3])]
    for f in (fs.total, fs.sum_of, fs.biggest, fs.count, fs.mean):
        check(f, *((x,) for x in big))
    check(fs.scale, *((x, k) for x in big for k in (1, 2, -1, 300, 2**62)))
    check(fs.put, *((big[1], 1, v) for v in (0, 5, -1, 127, 128, 300, 2**40, 2**63 - 1)))
    check(fs.put, *((big[1], 1, getattr(np, kind)(v)) for v in (0, 5, info.max)))
    check(fs.dot, *((x, x) for x in big))
if NEP50:
    singles = [np.array(v, dtype="f4") for v in ([], [1, 2.5], [3e38, 3e38], [math.nan], [1e-30, 1e-30])]
    for f in (fs.total, fs.sum_of, fs.biggest, fs.mean, fs.count):
        check(f, *((x,) for x in singles))
    check(fs.dot, *((x, x) for x in singles))
    check(fs.scale, *((x, k) for x in singles for k in (2.0, 0.1, 1e300, 1e-300, math.nan)))
    check(fs.put, *((singles[1], 0, v) for v in FLOATS))
    check(fs.put, *((singles[1], 0, v) for v in INTS))
    check(fs.put, *((singles[1], 0, np.float64(v)) for v in FLOATS))
    check(fs.put, *((np.arange(3, dtype="i2"), 0, np.int64(v)) for v in (5, -5, 40000)))

total = native(fs.total, ("f64[:]",))
for x in (whole.astype("f4"), grid, [1.0], whole.astype(">f8"), np.ma.array([1.0]), memoryview(whole), 1.0):
    ok(total(x) is MISS, f"not for me: {type(x)}")
odd = np.zeros(17, dtype="u1")[1:].view("f8")
ok(total(odd) is MISS, "not for me: unaligned")
scale = native(fs.scale, ("f64[:]", "float"))
ok(scale(frozen, 1.0) is MISS, "not for me: read-only")

# -- Out of native code and back ---------------------------------------------------------------------------------

check(fs.sticks, *((np.float64(v), n, k) for v in (1e300, 1.0, 0.0, math.nan) for n in (0, 1, 2, 9) for k in (-1, 3, 20)))
check(fs.sticks, *((v, n, k) for v in (1e300, 1.0) for n in (0, 2, 9) for k in (3, 20)))
check(fs.down, (5, 1), (40, 3), (40, 0))
rng = np.random.default_rng(5)
for kind in ["f8", "i8"] + (["i4", "f4"] if NEP50 else []):
    big = np.finfo(kind).max if kind[0] == "f" else np.iinfo(kind).max // 3
    many = (rng.random(200) * (big * 1.0 if kind[0] == "i" else 100)).astype(kind)
    if kind[0] == "f":
        many[[3, 70, 150]] = big
    check(fs.walk, (many, many.copy()), (many, many), (many[::-1], many[:]), (many[::2], many[1::2]))
    square = (rng.random((20, 30)) * 100).astype(kind)
    square[2, 3] = square[2, 20] = square[10, 1] = big
    check(fs.squares, (square, square.copy()), (square, square), (square.T, square.T.copy()))

# -- Not typed ---------------------------------------------------------------------------------------------------

refused(fs.refuses_bool, np.float64(1), np.float64(2))
refused(fs.refuses_power, np.float64(1), np.float64(2))
refused(fs.refuses_row, grid)
refused(fs.refuses_types, whole, 5)
refused(fs.refuses_call, 1)
refused(fs.biggest, grid)
refused(fs.put, np.arange(3), 0, 1.5)
if not NEP50:
    refused(fs.arith, 0, np.int8(1), 2)
    refused(fs.arith, 0, np.float32(1), 2)
equal([str(w) for n, w in [(k, v) for k, v in natives.items() if callable(v)] if not hasattr(w, "stats")], [], "stats")
done()
