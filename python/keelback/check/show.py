# SPDX-License-Identifier: MIT
"""Prints an input as Python that can be run."""
import math

from ..ref.views import FORMATS, NUMPY
from .inputs import np


def number(x):
    if isinstance(x, float):
        if math.isnan(x):
            return "nan"
        if math.isinf(x):
            return "inf" if x > 0 else "-inf"
    return repr(x)


def _nested(values, shape):
    if len(shape) == 1:
        return "[" + ", ".join(map(number, values)) + "]"
    step = math.prod(shape[1:])
    return "[" + ", ".join(_nested(values[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])) + "]"


def _slice(s):
    parts = (s.start, s.stop) if s.step is None else (s.start, s.stop, s.step)
    return ":".join("" if v is None else str(v) for v in parts)


def _view(name, arg):
    text = name
    if arg.slices:
        text += "[" + ", ".join(map(_slice, arg.slices if np is not None else arg.slices[:1])) + "]"
    return text + (".T" if arg.transposed else "")


def _base(base):
    if np is not None:
        shape = "" if len(base.shape) == 1 or math.prod(base.shape) else f".reshape({base.shape})"
        values = _nested(base.values, base.shape) if not shape else "[]"
        return f"np.array({values}, dtype=np.{NUMPY[base.dtype]}){shape}"
    code = FORMATS[base.dtype]
    block = f"array({'B' if code == '?' else code!r}, {_nested(base.values, (len(base.values),))})"
    if len(base.shape) == 1 and code != "?":
        return f"memoryview({block})"
    return f"memoryview({block}).cast('B').cast({code!r}, {base.shape})"


def _names(inp, params):
    """A name for each base: that of the first parameter that looks at it."""
    names = {}
    positional = [p.name for p in params if not p.kwonly and p.name not in inp.keywords]
    pairs = list(zip(positional, inp.args)) + list(inp.keywords.items())
    for name, arg in pairs:
        if arg.base is not None:
            names.setdefault(arg.base, name)
    return [names[k] for k in range(len(inp.bases))], pairs


def snippet(module, kernel, inp, params):
    """Lines of a program that calls the kernel on the input."""
    names, pairs = _names(inp, params)
    lines = ["import numpy as np" if np is not None else "from array import array"] if inp.bases else []
    text = "".join(_base(b) for b in inp.bases) + "".join(number(a.value) for _, a in pairs if a.base is None)
    if "nan" in text or "inf" in text:
        lines.append("from math import inf, nan")
    lines.append(f"from {module} import {kernel}")
    lines += [f"{n} = {_base(b)}" for n, b in zip(names, inp.bases)]
    words = []
    for name, arg in pairs:
        word = number(arg.value) if arg.base is None else _view(names[arg.base], arg)
        words.append(f"{name}={word}" if name in inp.keywords else word)
    lines.append(f"print({kernel}({', '.join(words)}))")
    return lines


def difference(what, inp, params):
    """A failure in words."""
    if isinstance(what, str):
        return what
    k, i, want, got = what[1]
    base, place = inp.bases[k], []
    for n in reversed(base.shape):
        i, at = divmod(i, n)
        place.insert(0, str(at))
    return (f"{_names(inp, params)[0][k]}[{', '.join(place)}] is {number(want)} in CPython, "
            f"{number(got)} with the compiled kernel")
