# SPDX-License-Identifier: MIT
"""The types of kernels: scalars such as kb.f32, arrays such as kb.f64[:, ::1], raw pointers kb.ptr(kb.f32).

A scalar called as a function is a cast, in a kernel and in plain Python alike (where it gives the values of
keelback.ref, which wrap and round as a kernel's do).
"""

MAX_RANK = 4

# What NumPy calls them, where the name differs.
_NUMPY = {
    "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64",
    "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64",
    "f32": "float32", "f64": "float64", "boolean": "bool",
}  # fmt: skip


class Scalar:
    """A sized int, a sized float or a bool; indexed with slices, the type of an array of it."""

    __slots__ = ("name",)

    def __init__(self, name):
        object.__setattr__(self, "name", name)

    def __setattr__(self, name, value):
        raise AttributeError(f"{self!r} cannot be changed")

    def __repr__(self):
        return f"kb.{self.name}"

    def __reduce__(self):
        return self.name

    def __call__(self, value=0):
        from . import ref

        return getattr(ref, self.name)(value)

    def __getitem__(self, index):
        axes = index if isinstance(index, tuple) else (index,)
        if not 1 <= len(axes) <= MAX_RANK:
            raise TypeError(f"kb.{self.name}[...]: arrays have 1 to {MAX_RANK} axes, not {len(axes)}")
        for k, axis in enumerate(axes):
            plain = isinstance(axis, slice) and axis.start is None and axis.stop is None
            if plain and (axis.step is None or axis.step == 1 and k == len(axes) - 1):
                continue
            raise TypeError(
                f"kb.{self.name}[...]: write ':' for each axis, and '::1' for the last one if its elements are adjacent: "
                f"kb.{self.name}[{', '.join([':'] * (len(axes) - 1) + ['::1'])}]"
            )
        return Array(self, len(axes), axes[-1].step == 1)

    @property
    def dtype(self):
        """NumPy's dtype of this type, so that np.zeros(n, kb.f32) works in plain Python."""
        import numpy

        return numpy.dtype(_NUMPY[self.name])


class _Compound:
    """A type that is made of a scalar one; equal when made alike."""

    __slots__ = ()

    def __setattr__(self, name, value):
        raise AttributeError(f"{self!r} cannot be changed")

    def _key(self):
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other):
        return self._key() == other._key() if type(other) is type(self) else NotImplemented

    def __hash__(self):
        return hash((type(self), self._key()))

    def __reduce__(self):
        return type(self), self._key()


class Array(_Compound):
    """An array view of any strides, or with adjacent elements on its last axis (contig)."""

    __slots__ = ("elem", "rank", "contig")

    def __init__(self, elem, rank, contig=False):
        object.__setattr__(self, "elem", elem)
        object.__setattr__(self, "rank", rank)
        object.__setattr__(self, "contig", contig)

    def __repr__(self):
        return f"{self.elem!r}[{', '.join([':'] * (self.rank - 1) + ['::1' if self.contig else ':'])}]"


class Pointer(_Compound):
    """A raw pointer: no length, no checks, C's meaning."""

    __slots__ = ("elem",)

    def __init__(self, elem):
        object.__setattr__(self, "elem", elem)

    def __repr__(self):
        return f"kb.ptr({self.elem!r})"


def ptr(elem):
    """The type of a raw pointer to `elem`, which has no length: indices are not checked, as in C."""
    if not isinstance(elem, Scalar):
        raise TypeError(f"kb.ptr: a scalar type such as kb.f32 was expected, not {elem!r}")
    return Pointer(elem)


i8 = Scalar("i8")
i16 = Scalar("i16")
i32 = Scalar("i32")
i64 = Scalar("i64")
u8 = Scalar("u8")
u16 = Scalar("u16")
u32 = Scalar("u32")
u64 = Scalar("u64")
f32 = Scalar("f32")
f64 = Scalar("f64")
boolean = Scalar("boolean")
