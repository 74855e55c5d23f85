# SPDX-License-Identifier: MIT
"""The same answer in every case: one table of corner cases, through kb.kernel and kb.jit, compared with CPython."""
import math
import sys
import warnings

import kbtest
from kbtest import ok

try:
    import numpy as np
except ImportError:
    np = None

# -- Functions: source without annotations, and the types of the kernel's parameters and result ----------------------

INT, FLOAT, ARRAY = "int", "float", "kb.f64[:]"
FUNCTIONS = {
    "mul": ("a, b", (INT, INT), INT, "return a * b"),
    "add": ("a, b", (INT, INT), INT, "return a + b"),
    "sub": ("a, b", (INT, INT), INT, "return a - b"),
    "fours": ("n", (INT,), INT, "p = 1\nfor i in range(n):\n    p *= 4\nreturn p"),
    "intdiv": ("a, b", (INT, INT), INT, "return a // b"),
    "intmod": ("a, b", (INT, INT), INT, "return a % b"),
    "truediv": ("a, b", (INT, INT), FLOAT, "return a / b"),
    "fdiv": ("a, b", (FLOAT, FLOAT), FLOAT, "return a / b"),
    "ffloordiv": ("a, b", (FLOAT, FLOAT), FLOAT, "return a // b"),
    "fmod": ("a, b", (FLOAT, FLOAT), FLOAT, "return a % b"),
    "power": ("a, b", (INT, INT), INT, "return a ** b"),
    "fpower": ("a, b", (FLOAT, FLOAT), FLOAT, "return a ** b"),
    "shl": ("a, b", (INT, INT), INT, "return a << b"),
    "shr": ("a, b", (INT, INT), INT, "return a >> b"),
    "neg": ("a", (INT,), INT, "return -a"),
    "absolute": ("a", (INT,), INT, "return abs(a)"),
    "int_lt_float": ("a, b", (INT, FLOAT), "bool", "return a < b"),
    "int_eq_float": ("a, b", (INT, FLOAT), "bool", "return a == b"),
    "int_add_float": ("a, b", (INT, FLOAT), FLOAT, "return a + b"),
    "get": ("x, i", (ARRAY, INT), FLOAT, "return x[i]"),
    "put": ("x, i, v", (ARRAY, INT, FLOAT), "None", "x[i] = v"),
    "total": ("x", (ARRAY,), FLOAT, "s = 0.0\nfor i in range(len(x)):\n    s += x[i]\nreturn s"),
    "scale": ("x, k", (ARRAY, FLOAT), "None", "for i in range(len(x)):\n    x[i] = x[i] * k"),
    "mixed": ("a, b, c", (INT, INT, INT), INT, "t = a * b\nif t > c:\n    t -= c\nreturn t * t + b"),
}
M, H = 2**63 - 1, 2**62
CASES = [
    ("mul", H, 4), ("mul", M, M), ("mul", -2**63, -1), ("mul", 3, 5), ("fours", 40), ("fours", 31), ("fours", 32), ("fours", 0),
    ("add", M, 1), ("add", M, -1), ("sub", -2**63, 1), ("add", 2**70, 1), ("add", 1, -2**70), ("mul", 2**70, 0), ("neg", -2**63), ("neg", 2**70),
    ("absolute", -2**63), ("absolute", -5),
    ("intdiv", 7, 0), ("intmod", 7, 0), ("truediv", 7, 0), ("fdiv", 7.0, 0.0), ("fdiv", 7.0, -0.0), ("ffloordiv", 7.0, 0.0), ("fmod", 7.0, 0.0),
    ("intdiv", -7, 2), ("intmod", -7, 3), ("intmod", 7, -3), ("fmod", -7.5, 2.0), ("ffloordiv", -7.5, 2.0), ("fmod", 7.5, -2.0), ("fmod", -0.0, 3.0),
    ("intdiv", -2**63, -1), ("intmod", -2**63, -1), ("intdiv", 2**70, 3), ("intmod", -2**70, 7),
    ("power", 2, -1), ("power", 2, 64), ("power", 2, 62), ("power", 2, 63), ("power", -2, 63), ("power", 0, 0), ("power", 0, -1), ("power", 10, 30),
    ("fpower", 2.0, 0.5), ("fpower", 0.0, -1.0), ("fpower", 1e300, 2.0), ("fpower", -8.0, 1 / 3),
    ("shl", 1, 64), ("shl", 1, 65), ("shl", 1, 62), ("shl", 1, 63), ("shl", 1, -1), ("shr", 1, -1), ("shr", -5, 70), ("shl", 0, 100), ("shl", 2**70, 3),
    ("truediv", 2**53 + 1, 3), ("truediv", M, H), ("truediv", 2**60 + 1, 2**60 - 1), ("truediv", 2**70, 3), ("truediv", -M, 7),
    ("int_lt_float", 2**53 + 1, float(2**53)), ("int_eq_float", 2**53 + 1, float(2**53)), ("int_lt_float", M, 2.0**63), ("int_eq_float", M, 2.0**63),
    ("int_lt_float", 2**53, float(2**53 + 2)), ("int_lt_float", M, math.inf), ("int_eq_float", 0, math.nan), ("int_eq_float", 0, -0.0),
    ("int_lt_float", 2**70, 1e30), ("int_add_float", 2**53 + 1, 1.0), ("int_add_float", M, 0.5), ("int_add_float", 2**70, 0.5),
    ("mixed", 3, 4, 5), ("mixed", 2**40, 2**40, 7), ("mixed", 2**31, 2**31, 2**61), ("mixed", -2**40, 2**40, 9),
]
# Only for kb.jit: other types than declared.
JIT_CASES = [
    ("add", 1.5, 1), ("add", True, 1), ("add", True, True), ("mul", 1.5, 2), ("mul", True, 3), ("fours", True), ("neg", True), ("neg", 1.5),
    ("add", "a", "b"), ("mul", "ab", 3), ("add", [1], [2]), ("add", (1,), (2,)), ("add", None, 1), ("mul", 1j, 2), ("intdiv", 7.5, 2), ("shl", 1.0, 2),
    ("fours", 2.0), ("fours", None), ("total", None), ("total", 5), ("get", None, 0), ("total", [1, 2, 3]), ("total", [1.5, 2, True]),
    ("total", []), ("total", (1, 2.5)), ("total", [2**62, 2**62, 2**62, -1]), ("total", ["a"]), ("total", "abc"), ("get", [1, 2, 3], 1), ("get", [1, 2, 3], 5),
    ("get", {"a": 1}, "a"), ("get", {"a": 1}, "b"), ("get", "xyz", -1), ("put", [1, 2, 3], 1, "v"), ("put", [1, 2, 3], 7, 0), ("put", (1, 2), 0, 1),
    ("scale", [1, 2, 3], 2), ("scale", [1, 2.5, True], 0.5), ("add",), ("add", 1), ("add", 1, 2, 3),
]

HEAD = "import keelback as kb\n"


def source(typed):
    out = [HEAD]
    for name, (params, types, result, body) in FUNCTIONS.items():
        if typed:
            params = ", ".join(f"{p}: {t}" for p, t in zip(params.split(", "), types))
            out.append(f"@kb.kernel\ndef {name}({params}) -> {result}:\n")
        else:
            out.append(f"def {name}({params}):\n")
        out += [f"    {line}\n" for line in body.split("\n")]
    return "".join(out)


# -- Comparison ----------------------------------------------------------------------------------------------------


def bits(v):
    """A value, so that equal means the same: types, NaN, signs of zero, elements."""
    if isinstance(v, float) and math.isnan(v):
        return type(v), "nan"
    if isinstance(v, float):
        return type(v), v.hex() if type(v) is float else float(v).hex()
    if isinstance(v, (list, tuple)):
        return type(v), [bits(x) for x in v]
    if np is not None and isinstance(v, np.ndarray):
        return type(v), v.dtype.str, v.shape, v.tolist() if v.dtype == object else v.tobytes()
    return type(v), v


def outcome(f, args):
    """What a call does: result or exception, warnings, arguments afterwards."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            how = ("return", bits(f(*args)))
        except Exception as e:
            how = ("raise", type(e), str(e), [type(a) for a in e.args])
    return how, [(w.category, str(w.message)) for w in seen], [bits(a) for a in args]


def copy(v):
    if np is not None and isinstance(v, np.ndarray):
        if v.base is None or v.dtype.byteorder == ">":
            c = v.copy()
        else:  # a strided view stays one
            c = np.empty((v.shape[0] * 2, *v.shape[1:]), v.dtype)[::2]
            c[...] = v
            c = c if v.strides[0] > 0 else np.ascontiguousarray(c[::-1])[::-1]
        c.flags.writeable = v.flags.writeable
        return c
    return list(v) if type(v) is list else dict(v) if type(v) is dict else v


def compare(what, f, reference, args, differs=lambda want, got: want != got):
    want, got = outcome(reference, [copy(a) for a in args]), outcome(f, [copy(a) for a in args])
    ok(not differs(want, got), f"{what}({', '.join(map(repr, args))})".replace("\n", " ")[:150], f"got {got}", f"expected {want}")


# -- Kernels ---------------------------------------------------------------------------------------------------------

kbtest.write("exact_kernels.py", source(True))
kbtest.write("exact_plain.py", source(False))
sys.path.insert(0, kbtest.folder)
import exact_plain  # noqa: E402
import keelback as kb  # noqa: E402

built = kbtest.keelback("build", "exact_kernels.py", "-o", "exact_kernels.so")
ok(built.returncode == 0, "the kernels build", built.stdout, built.stderr)
kernels = kbtest.load_built("exact_kernels", "exact_kernels.so")

for name, *args in CASES:
    compare(f"kernel {name}", getattr(kernels, name), getattr(exact_plain, name), args)

for name, args, exc in [("get", (None, 0), TypeError), ("total", (None,), TypeError), ("add", (None, 1), TypeError), ("add", (1.5, 1), TypeError)]:
    got = outcome(getattr(kernels, name), args)[0]
    ok(got[0] == "raise" and got[1] is exc, f"kernel {name}{args}: {exc.__name__}", got)

from array import array  # noqa: E402

for i in (5, -5, 10**9, -10**9, 2**70, 3, -4):
    for name, more in (("get", ()), ("put", (2.5,))):
        data = array("d", [1.0, 2.0, 3.0, 4.0])
        got = outcome(lambda: getattr(kernels, name)(data, i, *more), ())
        inside = -4 <= i < 4
        ok(got[0][0] == ("return" if inside else "raise"), f"kernel {name}(x, {i}) on length 4", got)
        if not inside:
            want = f"index {i} is out of bounds for axis 0 with size 4"
            ok(got[0][1] is IndexError and (got[0][2] == want or abs(i) >= 2**63), f"kernel {name}(x, {i}): NumPy's text", got)
            ok(list(data) == [1.0, 2.0, 3.0, 4.0], f"kernel {name}(x, {i}) changes nothing")

# -- kb.jit ------------------------------------------------------------------------------------------------------------

jitted = {name: kb.jit(getattr(exact_plain, name)) for name in FUNCTIONS}
for name, *args in CASES + JIT_CASES:
    compare(f"jit {name}", jitted[name], getattr(exact_plain, name), args)
for name, *args in CASES[:20]:  # again, after all those types
    compare(f"jit again {name}", jitted[name], getattr(exact_plain, name), args)

if np is not None:
    base = np.array([1.5, -2.0, 0.25, 4.0])
    big = np.array([[1.0, 2.0], [3.0, 4.0]])
    readonly = base.copy()
    readonly.flags.writeable = False
    arrays = {
        "f64": base, "f32": base.astype(np.float32), "int64": np.array([1, 2, 3, M]), "int8": np.array([100, 27, 1, 1], np.int8),
        "uint64": np.array([2**63, 2**63, 5, 1], np.uint64), "bool": np.array([True, False, True]), "strided": np.arange(8.0)[::2],
        "reversed": base[::-1], "readonly": readonly, "swapped": base.astype(">f8"), "2-D": big, "empty": np.array([]),
        "inf": np.array([1e308, 1e308, -np.inf]), "nan": np.array([np.nan, 1.0]), "object": np.array([1, 2**70, "x"], object), "complex": np.array([1j, 2.0]),
        "0-D": np.array(3.0), "list": [1.0, 2.0], "f16": np.array([60000, 60000], np.float16),
    }
    for what, x in arrays.items():
        compare(f"jit total {what}", jitted["total"], exact_plain.total, (x,))
        for i in (0, 5, -5, 10**9, -1, True, 1.0, None):
            compare(f"jit get {what}", jitted["get"], exact_plain.get, (x, i))
        for i, v in ((0, 2.5), (5, 2.5), (-5, 1.0), (10**9, 1.0), (-1, 3), (1, None), (1, 1e300)):
            compare(f"jit put {what}", jitted["put"], exact_plain.put, (x, i, v))
        compare(f"jit scale {what}", jitted["scale"], exact_plain.scale, (x, 2.0))
        compare(f"jit scale {what}", jitted["scale"], exact_plain.scale, (x, 3))
    for a in (np.float64(1.5), np.float32(1.5), np.int64(M), np.uint8(255), np.bool_(True), np.float64(1e308)):
        for b in (1, 2.5, np.int64(3), a):
            for name in ("add", "mul", "fdiv"):
                compare(f"jit {name}", jitted[name], getattr(exact_plain, name), (a, b))

kbtest.done()
