# SPDX-License-Identifier: MIT
"""Arguments and results of built kernels: conversions, refusals with CPython's wording, buffers, hostile objects."""

import array
import ctypes
import os
import sys

from kbtest import done, equal, folder, has, keelback, ok, write

write("wrapargs.py", '''\
import ctypes
import keelback as kb

@kb.kernel
def f(a: float, b: float) -> float:
    return a + b

@kb.kernel
def g(x: kb.f64[:], y: kb.f64[:], z: kb.f64[:]) -> None:
    for i in range(len(x)):
        z[i] = x[i] + y[i]

@kb.kernel
def echo(i8: kb.i8, i16: kb.i16, i32: kb.i32, i64: kb.i64, u8: kb.u8, u16: kb.u16, u32: kb.u32, u64: kb.u64, f32: kb.f32,
         f64: kb.f64, b: bool, n: int) -> tuple[kb.i8, kb.i16, kb.i32, kb.i64, kb.u8, kb.u16, kb.u32, kb.u64, kb.f32, kb.f64, bool, int]:
    return i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, b, n

@kb.kernel
def opt(a: float, /, b: int = 7, *, c: kb.f32 = 0.5, k: bool) -> float:
    r = a + b * 10
    if k:
        r += 1000
    return r + c * kb.f32(4)

@kb.kernel
def nothing() -> int:
    return 3

@kb.kernel
def inc(n: int) -> int:
    return n + 1

@kb.kernel
def at(x: kb.f64[:], i: int) -> float:
    return x[i]

@kb.kernel
def rows(c: kb.f64[:, ::1], i: kb.i32[:], m: kb.boolean[:], u: kb.u8[:, :, :]) -> float:
    t = 0.0
    for a in range(c.shape[0]):
        for b in range(c.shape[1]):
            t += c[a, b]
    for a in range(len(i)):
        t += i[a]
        i[a] = i[a] + kb.i32(1)
    for a in range(len(m)):
        if m[a]:
            t += 1.0
    for a in range(u.shape[0]):
        for b in range(u.shape[1]):
            for d in range(u.shape[2]):
                t += u[a, b, d]
    return t

@kb.kernel(restype=ctypes.c_float, argtypes=[ctypes.POINTER(ctypes.c_float), ctypes.c_long])
def total(p, n):
    s = kb.f32(0)
    for i in range(n):
        s += p[i]
    return s
''')  # fmt: skip
os.mkdir("build")
r = keelback("build", "wrapargs.py", "-o", "build/wrapargs.so")
ok(r.returncode == 0, "the kernels build", r.stdout, r.stderr)
sys.path.insert(0, folder + "/build")
import wrapargs as k

try:
    import numpy as np
except ImportError:
    np = None


def said(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def doubles(*values):
    return array.array("d", values)


# -- Arity: whatever this CPython says ----------------------------------------------------------------------

for name, args, kwargs in [
    ("f", (), {}), ("f", (1,), {}), ("f", (1, 2, 3), {}), ("f", (1, 2), {"c": 3}), ("f", (1,), {"a": 3}), ("f", (1,), {"bb": 3}),
    ("f", (), {"a": 1, "c": 2}), ("opt", (), {}), ("opt", (), {"a": 1, "k": True}), ("opt", (1, 2, 3), {"k": True}), ("opt", (1,), {}),
    ("opt", (1, 2, 3), {}), ("opt", (1,), {"kk": 3}), ("nothing", (1,), {}), ("nothing", (), {"x": 1}), ("g", (), {}),
]:  # fmt: skip
    kernel = getattr(k, name)
    equal(said(kernel, *args, **kwargs), said(kernel.py_func, *args, **kwargs), f"{name} with {args} {kwargs}")
equal(k.f(1.5, 2.5), 4.0, "floats")
equal(k.f(b=1.0, a=0.5), 1.5, "keywords")
equal(k.opt(1.0, k=True), 1.0 + 70 + 1000 + 2, "defaults")
equal(k.opt(1.0, 2, c=0.25, k=False), 1.0 + 20 + 1, "keyword-only")
equal(k.nothing(), 3, "no parameters")


class Str(str):
    pass


equal(k.f(1.0, **{Str("b"): 2.0}), 3.0, "a keyword of a subclass of str")

# -- Scalars ------------------------------------------------------------------------------------------------

ones = {"i8": 1, "i16": 1, "i32": 1, "i64": 1, "u8": 1, "u16": 1, "u32": 1, "u64": 1, "f32": 1, "f64": 1, "b": True, "n": 1}
for limits in (
    (-(2**7), -(2**15), -(2**31), -(2**63), 0, 0, 0, 0, 0.1, 0.1, False, -(2**63)),
    (2**7 - 1, 2**15 - 1, 2**31 - 1, 2**63 - 1, 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**63 - 1, 0.1, 0.1, True, 2**63 - 1),
):
    expected = limits[:8] + (0.10000000149011612,) + limits[9:]
    equal(k.echo(*limits), expected, "limits by position")
    equal(k.echo(**dict(zip(ones, limits))), expected, "limits by keyword")
equal(list(map(type, k.echo(**ones))), [int] * 8 + [float, float, bool, int], "types of results")
for name, low, high in [("i8", -(2**7), 2**7), ("i16", -(2**15), 2**15), ("i32", -(2**31), 2**31), ("i64", -(2**63), 2**63),
                        ("u8", 0, 2**8), ("u16", 0, 2**16), ("u32", 0, 2**32), ("u64", 0, 2**64)]:  # fmt: skip
    for value in (low - 1, high, 10**30, -(10**30), 10**5000):
        text = said(k.echo, **{**ones, name: value})
        ok(isinstance(text, str) and text.startswith(f"OverflowError: echo() argument '{name}': ") and f"{low} to {high - 1}" in text,
           f"{name} out of range", text)  # fmt: skip
        equal(said(k.echo, *{**ones, name: value}.values()), text, "the same by position")
equal(k.echo(**{**ones, "u64": 2**64 - 1})[7], 2**64 - 1, "kb.u64 past 63 bits")
equal([k.inc(i) for i in (2**63, -(2**63) - 1, 10**4000, 2**63 - 1)], [2**63 + 1, -(2**63), 10**4000 + 1, 2**63], "ints past 64 bits")
equal([k.inc(i) for i in (0, -1, 1, 2**30 - 1, 2**30, -(2**30), 2**60, 2**62, -(2**63), True)],
      [1, 0, 2, 2**30, 2**30 + 1, 1 - 2**30, 2**60 + 1, 2**62 + 1, 1 - 2**63, 2], "ints of all lengths")  # fmt: skip


class Index:
    def __init__(self, what):
        self.what = what

    def __index__(self):
        return self.what() if callable(self.what) else self.what


class Float:
    def __init__(self, what):
        self.what = what

    def __float__(self):
        return self.what


class SubFloat(float):
    pass


def boom():
    raise KeyError("boom")


equal(k.inc(Index(5)), 6, "__index__")
equal(said(k.inc, Index(boom)), "KeyError: 'boom'", "an exception in __index__")
equal(said(k.inc, Index("x")), "TypeError: __index__ returned non-int (type str)", "a bad __index__")
for wrong in (1.0, "1", None, [1], 1j):
    name = "None" if wrong is None else type(wrong).__name__
    equal(said(k.inc, wrong), f"TypeError: inc() argument 'n': expected int, got {name}", f"{name} for int")
equal(k.f(Float(2.5), Index(1)), 3.5, "__float__, __index__ for float")
equal(k.f(SubFloat(2.0), True), 3.0, "subclasses for float")
equal(k.f(2**53 + 1, 0), float(2**53 + 1), "int for float rounds as float() does")
equal(said(k.f, 10**400, 1.0), "OverflowError: int too large to convert to float", "int too large for float")
has(said(k.f, Float("x"), 1.0), "TypeError: ", "a bad __float__")
for wrong in ("1", None, [1], 1j):
    name = "None" if wrong is None else type(wrong).__name__
    equal(said(k.f, 1.0, wrong), f"TypeError: f() argument 'b': expected float, got {name}", f"{name} for float")
for wrong in (1, None, 0.0, []):
    has(said(k.echo, **{**ones, "b": wrong}), "TypeError: echo() argument 'b': expected bool, got ", "not a bool")

# Results are floats of their own, although kernels use theirs again.
kept = [k.f(float(i), 0.5) for i in range(100)]
equal(kept, [i + 0.5 for i in range(100)], "kept results stay")
a, b, c = k.f(1.0, 0.0), k.f(2.0, 0.0), k.f(3.0, 0.0)
equal((a, b, c), (1.0, 2.0, 3.0), "so do three in variables")
s = 0.0
for i in range(50):
    s = k.f(s, k.f(1.0, 1.0))
equal(s, 100.0, "results as arguments")

# -- Buffers ------------------------------------------------------------------------------------------------

x, y, z = doubles(1, 2, 3), doubles(10, 20, 30), doubles(0, 0, 0)
equal((k.g(x, y, z), list(z)), (None, [11, 22, 33]), "array.array")
z.append(1.0)
ok(True, "and it is released")
store = bytearray(24)
k.g(memoryview(x)[::-1], y, memoryview(store).cast("d"))
equal(list(memoryview(store).cast("d")), [13, 22, 31], "memoryview with a negative stride")
store.append(0)
C3 = ctypes.c_double * 3
c3 = C3()
k.g(C3(1, 2, 3), x, c3)
equal(list(c3), [2, 4, 6], "arrays of ctypes")
for wrong, part in [
    ([1.0], "expected kb.f64[:], got list; make an array of it, numpy.array(x, dtype=numpy.float64)"),
    ((1.0,), "expected kb.f64[:], got tuple; make an array"),
    (None, "expected kb.f64[:], got None"),
    (3, "expected kb.f64[:], got int"),
    ("abc", "expected kb.f64[:], got str"),
    (bytes(24), "expected kb.f64[:], got bytes of uint8 with 1 dimension"),
    (array.array("f", [1]), "expected kb.f64[:], got array.array of float32"),
    (array.array("q", [1]), "expected kb.f64[:], got array.array of int64"),
    (memoryview(bytearray(32)).cast("d", (2, 2)), "got memoryview of float64 with 2 dimensions"),
    ((ctypes.c_double.__ctype_be__ * 3)(), "in the other byte order"),
]:
    has(said(k.g, x, wrong, z), f"TypeError: g() argument 'y': {part if part.startswith('expected') else ''}", f"{type(wrong).__name__} refused")
    has(said(k.g, x, wrong, z), part, "with the reason")
has(said(k.g, x, y, memoryview(bytes(24)).cast("d")), "ValueError: g() argument 'z': memoryview is read-only, and g() writes to it", "read-only")
has(said(k.g, x, memoryview(bytearray(25))[1:].cast("d"), z), "ValueError: g() argument 'y': memoryview is misaligned", "misaligned")
equal(k.at(memoryview(bytes(8)).cast("d"), 0), 0.0, "read-only where it is only read")

gone = doubles(*[1.0] * 1000)
has(said(k.at, gone, Index(lambda: gone.__delitem__(slice(None)) or 999)), "IndexError: ", "__index__ that empties an array given before")
if sys.version_info >= (3, 12):
    released = []

    class Buffer:
        def __buffer__(self, flags):
            return memoryview(doubles(7))

        def __release_buffer__(self, view):
            released.append(view)
            raise ValueError("release")

    sys.unraisablehook = lambda unraisable: None
    equal(k.at(Buffer(), 0), 7.0, "__buffer__")
    has(said(k.at, Buffer(), 3), "IndexError", "with an exception on its way")
    equal(len(released), 2, "is released each time")

# -- Pointers -----------------------------------------------------------------------------------------------

F3 = ctypes.c_float * 3
f3 = F3(1, 2, 3)
equal(k.total(f3, 3), 6.0, "ctypes array for a pointer")
equal(k.total(ctypes.cast(f3, ctypes.POINTER(ctypes.c_float)), 3), 6.0, "ctypes pointer")
equal(k.total(ctypes.c_float(4), 1), 4.0, "ctypes scalar")
equal(k.total(array.array("f", [1, 2]), 2), 3.0, "array.array for a pointer")
has(said(k.total, ctypes.POINTER(ctypes.c_float)(), 1), "ValueError: total() argument 'p': NULL pointer", "NULL")
for wrong in (ctypes.pointer(ctypes.c_double(1)), c3, None, [1.0], b"1234", 7):
    has(said(k.total, wrong, 1), "TypeError: total() argument 'p': expected ", f"{type(wrong).__name__} refused")
has(said(k.g, ctypes.cast(f3, ctypes.POINTER(ctypes.c_float)), y, z), "TypeError: g() argument 'x': expected kb.f64[:], got LP_c_float", "pointer for an array")

# -- NumPy --------------------------------------------------------------------------------------------------

if np:
    A, B, Z = np.arange(4.0), np.ones(4), np.zeros(4)
    k.g(A, B, Z)
    slow = k.g.stats["slow_calls"]
    k.g(A[::-1], B[:4], Z[::1])
    equal((Z.tolist(), k.g.stats["slow_calls"]), ([4, 3, 2, 1], slow), "ndarrays take the fast path")
    k.g(A[:0], B, Z)
    k.g(A[::-1][:0], B[:0], Z)
    equal(Z.tolist(), [4, 3, 2, 1], "empty arrays")
    c, i = np.arange(6.0).reshape(2, 3), np.zeros(3, np.int32)
    m, u = np.array([True, False]), np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    equal(k.rows(c, i, m, u), 15.0 + 1 + 28, "all ranks")
    equal(i.tolist(), [1, 1, 1], "the written one is written")
    equal(k.rows(c, i, m, u[::-1, :, ::-1]), 15.0 + 3 + 1 + 28, "strides of all signs")
    equal(k.rows(c[:, 1:2], i, m, u), 5.0 + 6 + 1 + 28, "one column is contiguous: its last stride is never used")
    equal(k.rows(np.zeros((0, 3)), i, m, u), 9.0 + 1 + 28, "no rows")
    for wrong, part in [
        (c[:, ::2], "ValueError: rows() argument 'c': array is not contiguous: stride of the last axis is 16 bytes, and kb.f64[:, ::1] needs 8"),
        (c.T, "ValueError: rows() argument 'c': array is not contiguous"),
        (c.astype(">f8"), "TypeError: rows() argument 'c': expected kb.f64[:, ::1], got array of float64 in the other byte order"),
        (c[0], "TypeError: rows() argument 'c': expected kb.f64[:, ::1], got array of float64 with 1 dimension"),
        (c.astype(np.float32), "got array of float32 with 2 dimensions"),
        (c.astype(np.float16), "got array of float16"),
        (c.astype(object), "got array of object"),
        (c.astype("M8[s]"), "got array of datetime64[s]"),
        (c + 1j, "got array of complex128"),
        (np.array([["a"]]), "got array of <U1"),
        (np.float64(1), "got numpy.float64 of float64 with 0 dimensions"),
        (np.array(1.0), "got array of float64 with 0 dimensions"),
    ]:
        has(said(k.rows, wrong, i, m, u), part, f"refused: {part[-50:]}")
    i.flags.writeable = False
    has(said(k.rows, c, i, m, u), "ValueError: rows() argument 'i': array is read-only, and rows() writes to it", "a read-only ndarray")
    has(said(k.rows, c, i.astype(np.int64), m, u), "expected kb.i32[:], got array of int64", "int64 for int32")
    has(said(k.rows, c, i.copy(), m.astype(np.uint8), u), "expected kb.boolean[:], got array of uint8", "uint8 for bool")
    off = np.frombuffer(bytearray(33), np.uint8)[1:].view(np.float64)
    has(said(k.g, off, off, off), "ValueError: g() argument 'x': array is misaligned", "a misaligned ndarray")
    field = np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])["a"]
    has(said(k.g, field, B, Z), "TypeError: g() argument 'x': stride of axis 0 is 12 bytes, no multiple of the item size 8", "an odd stride")

    class Sub(np.ndarray):
        pass

    k.g(A.view(Sub), B, Z)
    equal(Z.tolist(), [1, 2, 3, 4], "a subclass of ndarray")
    little = A.astype(A.dtype.newbyteorder("<")) if sys.byteorder == "little" else A
    k.g(little, np.frombuffer(B.tobytes(), "<f8" if sys.byteorder == "little" else ">f8"), Z)
    equal(Z.tolist(), [1, 2, 3, 4], "other dtypes of the same meaning")
    equal(k.total(np.ones(3, np.float32), 3), 3.0, "ndarray for a pointer")
    has(said(k.total, np.ones(6, np.float32)[::2], 3), "ValueError: total() argument 'p': array is not contiguous", "not with strides")
    equal(k.f(np.float64(1.5), np.float32(0.25)), 1.75, "NumPy's scalars for float")
    equal(k.f(np.array(2.0), 1.0), 3.0, "an array without axes for float")
    has(said(k.f, np.ones(1), 1.0), "TypeError: f() argument 'a': expected float, got numpy.ndarray", "one with axes is none")
    equal((k.inc(np.int64(5)), k.inc(np.uint8(5))), (6, 6), "NumPy's scalars for int")
    has(said(k.inc, np.float64(5)), "TypeError: inc() argument 'n': expected int, got numpy.float64", "no float")
    equal(k.echo(**{**ones, "b": np.bool_(True)})[10], True, "numpy.bool_ for bool")
    grown = np.ones(100)
    has(said(k.at, grown, Index(lambda: grown.resize(0, refcheck=False) or 50)), "IndexError: ", "__index__ that shrinks an ndarray given before")
done()
