# SPDX-License-Identifier: MIT
"""Types of parameters and results, read from annotations or ctypes signatures."""
import ctypes
import inspect
from collections import namedtuple

from ..ref.scalars import SIZED
from ..ref.views import NUMPY, dtype_name

# kind: "int", "float", "bool" (weak), "sized" (elem i8 ... f64, boolean), "array", "ptr", "tuple" (items), "none",
# "any" (nothing was declared)
Type = namedtuple("Type", "kind elem rank contig items", defaults=(None, 0, False, ()))
Param = namedtuple("Param", "name type default kwonly posonly")
NO_DEFAULT = inspect.Parameter.empty

_WEAK = {int: Type("int"), float: Type("float"), bool: Type("bool"), None: Type("none"), type(None): Type("none")}


def _of_ctypes(c):
    if c is None:
        return Type("none")
    if c is ctypes.c_bool:
        return Type("bool")
    code = getattr(c, "_type_", None)
    if isinstance(code, str) and code in "bhilqBHILQfd":
        letter = "f" if code in "fd" else "i" if code.islower() else "u"
        return Type("sized", f"{letter}{8 * ctypes.sizeof(c)}")
    if isinstance(code, type):
        return Type("ptr", _of_ctypes(code).elem or "boolean")
    raise TypeError(f"no type of kernels: {c!r}")


def type_of(annotation, scope):
    """The Type that an annotation means."""
    if isinstance(annotation, str):
        annotation = eval(annotation, scope)  # from __future__ import annotations
    if annotation is inspect.Parameter.empty:
        return Type("any")
    try:
        if annotation in _WEAK:
            return _WEAK[annotation]
    except TypeError:
        pass
    rank, elem = getattr(annotation, "rank", None), getattr(annotation, "elem", None)
    if rank:
        return Type("array", dtype_name(elem), rank, bool(annotation.contig))
    if elem is not None:
        return Type("ptr", dtype_name(elem))
    origin, args = getattr(annotation, "__origin__", None), getattr(annotation, "__args__", ())
    if origin is tuple:
        return Type("tuple", items=tuple(type_of(a, scope) for a in args))
    if getattr(origin, "__name__", "") == "ndarray":  # numpy.typing.NDArray[np.float64]: one axis, unless it says more
        shape = getattr(args[0], "__args__", (...,))
        return Type("array", dtype_name(args[-1].__args__[0]), 1 if ... in shape else len(shape))
    if isinstance(annotation, type) and issubclass(annotation, (ctypes._SimpleCData, ctypes._Pointer)):
        return _of_ctypes(annotation)
    return Type("sized", dtype_name(annotation))


def signature(fn, options):
    """(parameters, result) of a kernel's Python function."""
    scope = fn.__globals__
    ctyped = options.get("argtypes")
    params = []
    for k, p in enumerate(inspect.signature(fn).parameters.values()):
        ty = _of_ctypes(ctyped[k]) if ctyped is not None else type_of(p.annotation, scope)
        params.append(Param(p.name, ty, p.default, p.kind is p.KEYWORD_ONLY, p.kind is p.POSITIONAL_ONLY))
    if ctyped is not None:
        return params, _of_ctypes(options.get("restype"))
    return params, type_of(fn.__annotations__.get("return", inspect.Parameter.empty), scope)


def limits(name):
    """Least and greatest value of a sized int."""
    t = SIZED[name]
    return (-(1 << t.bits - 1), (1 << t.bits - 1) - 1) if t.signed else (0, (1 << t.bits) - 1)


__all__ = ["Type", "Param", "NO_DEFAULT", "type_of", "signature", "limits", "NUMPY"]
