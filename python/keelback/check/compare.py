# SPDX-License-Identifier: MIT
"""Compares the outcome of a compiled kernel with the reference's: bit for bit, NaN payloads apart."""
import math
import re

from .. import ref
from ..ref.scalars import round_f32
from ..ref.views import FORMATS, NUMPY
from .types import limits


def same_float(a, b, rtol=0.0, atol=0.0):
    if a != a or b != b:
        return a != a and b != b
    if a == b:
        return a != 0 or math.copysign(1, a) == math.copysign(1, b) or bool(rtol or atol)
    return bool(rtol or atol) and math.isclose(a, b, rel_tol=rtol, abs_tol=atol)


def as_declared(value, ty):
    """The reference's result as a caller of the kernel gets it. OverflowError as for a store into an array."""
    if isinstance(value, list):
        return value
    if ty.kind == "tuple" and isinstance(value, tuple) and len(value) == len(ty.items):
        return tuple(map(as_declared, value, ty.items))
    name = ty.elem if ty.kind == "sized" else ty.kind
    if name in ("float", "f64") and isinstance(value, (int, float, ref.f32)):
        return float(value)
    if name == "f32" and isinstance(value, (int, float, ref.f32)):
        return round_f32(float(value) if not isinstance(value, int) else value)
    if name in ("bool", "boolean"):
        return value
    if value is None or name in ("none", "any"):
        return plain(value)
    if name == "int" and isinstance(value, int):
        return int(value)
    if ty.kind == "sized" and isinstance(value, int):
        low, high = limits(name)
        if not low <= int(value) <= high:
            raise OverflowError(f"Python integer {int(value)} out of bounds for {NUMPY[name]}")
        return int(value)
    return plain(value)


def plain(value):
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, (ref.f32, float)):
        return float(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def same_value(a, b, rtol, atol):
    if isinstance(a, list) or isinstance(b, list):  # arrays
        if not (isinstance(a, list) and isinstance(b, list)) or a[2] != b[2]:
            return False
        return all(same_value(plain(x), plain(y), rtol, atol) for x, y in zip(_flat(a[3]), _flat(b[3])))
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same_value(x, y, rtol, atol) for x, y in zip(a, b))
    return same_float(a, b, rtol, atol) if isinstance(a, float) else a == b


def _flat(nested):
    for x in nested:
        if isinstance(x, list):
            yield from _flat(x)
        else:
            yield x


def elements(data, dtype):
    return memoryview(data).cast(FORMATS[dtype]).tolist() if data else []


def memory_difference(inp, want, got, rtol, atol):
    """(base number, flat index, wanted, got) of the first difference, or None."""
    for k, base in enumerate(inp.bases):
        if want[k] == got[k]:
            continue
        a, b = elements(want[k], base.dtype), elements(got[k], base.dtype)
        for i, (x, y) in enumerate(zip(a, b)):
            if not (same_float(x, y, rtol, atol) if isinstance(x, float) else x == y):
                return k, i, x, y
    return None


def judge(inp, want, got, result, rtol=0.0, atol=0.0):
    """("return" | "raise", None): agreed; ("skip", why); ("fail", what is different)."""
    if want[0] == "skip":
        return "skip", want[1]
    if got is None:
        return "skip", "not run after a crash"
    if got[0] == "crash":
        return "fail", f"the compiled kernel crashed: {got[1]}"
    if got[0] == "hang":
        return "fail", f"the compiled kernel hangs: {got[1]}"
    if got[0] == "raise":
        name = got[1][0]
        if name == "MemoryError":
            return "skip", "out of memory"
        if name == "RecursionError" and want[0] == "return":
            return "skip", "recursion"
    if want[0] == "raise" and want[1][0] == "RecursionError":
        if got[0] == "raise" and got[1][0] == "RecursionError":
            return "raise", None  # its words differ with the place where CPython noticed
        return "skip", "recursion"
    if want[0] == "return":
        try:
            want = "return", as_declared(want[1], result), want[2]
        except OverflowError as e:
            want = "raise", ("OverflowError", str(e)), want[2]
        if isinstance(want[1], complex):
            return "skip", "complex result"
    if want[0] != got[0] or (want[0] == "raise" and _words(want[1]) != _words(got[1])):
        return "fail", f"CPython {describe(want)}, the compiled kernel {describe(got)}"
    if want[0] == "return" and not same_value(want[1], got[1], rtol, atol):
        return "fail", f"CPython {describe(want)}, the compiled kernel {describe(got)}"
    d = memory_difference(inp, want[2], got[2], rtol, atol)
    if d is not None:
        return "fail", ("memory", d)
    return want[0], None


def _words(error):
    """Type and message of an exception; the reference's numbers have class names of their own in CPython's texts."""
    return error[0], re.sub(r"'[iu](?:8|16|32|64)'", "'int'", re.sub(r"'f(?:32|64)'", "'float'", error[1]))


def describe(outcome):
    how, value = outcome[:2]
    if how == "raise":
        return f"raises {value[0]}: {value[1]}" if value[1] else f"raises {value[0]}"
    if isinstance(value, list):
        return f"returns an array {plain_list(value[3])}"
    return f"returns {value!r} ({type(value).__name__})"


def plain_list(x):
    return [plain_list(y) for y in x] if isinstance(x, list) else plain(x)
