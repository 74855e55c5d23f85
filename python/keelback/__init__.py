# SPDX-License-Identifier: MIT
"""Keelback: annotated Python functions compiled to native code that keeps Python's meaning.

    import keelback as kb

    @kb.kernel
    def dot(x: kb.f64[:], y: kb.f64[:]) -> float:
        s = 0.0
        for i in range(len(x)):
            s += x[i] * y[i]
        return s

`keelback build kernels.py -o kernels.so` compiles such a file ahead of time; imported as it is, a kernel
is compiled by its first call.
"""

from ._kernel import CompileError, Kernel, jit, kernel
from ._types import boolean, f32, f64, i8, i16, i32, i64, ptr, u8, u16, u32, u64

__version__ = "0.1.0"

__all__ = [
    "CompileError", "Kernel", "boolean", "empty", "f32", "f64", "full", "i8", "i16", "i32", "i64", "jit", "kernel",
    "ones", "ptr", "ref", "u8", "u16", "u32", "u64", "zeros",
]  # fmt: skip


def zeros(shape, dtype=f64):
    """A new array of zeros; in a kernel, a local array. `shape`: an int or a tuple of up to four."""
    from . import ref

    return ref.zeros(shape, dtype)


def empty(shape, dtype=f64):
    """A new array whose elements are not set yet; here they are zeros, which a kernel must not rely on."""
    from . import ref

    return ref.empty(shape, dtype)


def ones(shape, dtype=f64):
    """A new array of ones."""
    from . import ref

    return ref.ones(shape, dtype)


def full(shape, fill_value, dtype=None):
    """A new array with every element set to `fill_value`; without a dtype, of that value's type."""
    from . import ref

    return ref.full(shape, fill_value, dtype)


def __getattr__(name):
    if name in ("ref", "check"):
        import importlib

        return importlib.import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
