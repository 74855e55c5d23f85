# SPDX-License-Identifier: MIT
"""Array views of the reference: over any buffer, or freshly made.

Indexing is NumPy's for ints: negative counts from the end once, out of range raises IndexError in NumPy's
words, fewer indices than axes give a view of the rest. Stores are exact: no int is cut, no float truncated.
"""
from operator import index

from .scalars import SIZED, f32, f64, round_f32

# name -> memoryview format of native size
FORMATS = {"i8": "b", "i16": "h", "i32": "i", "i64": "q", "u8": "B", "u16": "H", "u32": "I", "u64": "Q",
           "f32": "f", "f64": "d", "boolean": "?"}
SIZES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "u8": 1, "u16": 2, "u32": 4, "u64": 8, "f32": 4, "f64": 8,
         "boolean": 1}
NUMPY = {"i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64", "u8": "uint8", "u16": "uint16",
         "u32": "uint32", "u64": "uint64", "f32": "float32", "f64": "float64", "boolean": "bool"}
_BY_NUMPY = {v: k for k, v in NUMPY.items()}
_BY_NUMPY.update({"bool_": "boolean", "single": "f32", "double": "f64", "intp": "i64", "uintp": "u64"})
LIMITS = {n: ((-(1 << t.bits - 1), (1 << t.bits - 1) - 1) if t.signed else (0, (1 << t.bits) - 1))
          for n, t in SIZED.items()}

MAX_BYTES = 1 << 62  # of one new array; `keelback check` lowers it


def _name_of_format(fmt, itemsize):
    fmt = fmt.lstrip("@=<") if fmt[:1] in "@=<" else fmt
    if fmt in "bhilqn" and len(fmt) == 1:
        return f"i{8 * itemsize}"
    if fmt in "BHILQN" and len(fmt) == 1:
        return f"u{8 * itemsize}"
    return {"f": "f32", "d": "f64", "?": "boolean"}.get(fmt)


def dtype_name(dtype):
    """"f32" for kb.f32, "f32", numpy.float32, numpy.dtype("float32"); float is f64, int i64, bool boolean."""
    if isinstance(dtype, str):
        name = dtype
    elif dtype in (float, int, bool):
        return {float: "f64", int: "i64", bool: "boolean"}[dtype]
    else:
        name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    name = name.rpartition(".")[2]
    name = _BY_NUMPY.get(name, name)
    if name not in FORMATS:
        raise TypeError(f"{dtype!r} is no element type: write kb.f64, kb.f32, kb.i64 ...")
    return name


class view:
    """An array of the reference. `view(buffer)` looks at memory, it does not copy it."""
    __slots__ = ("_mv", "_at", "_dtype", "shape", "ndim", "size", "_whole")

    def __init__(self, buffer):
        mv = buffer if isinstance(buffer, memoryview) else memoryview(buffer)
        name = _name_of_format(mv.format, mv.itemsize)
        if name is None or mv.ndim == 0:
            raise TypeError(f"an array of numbers was expected, not a buffer of format {mv.format!r}, "
                            f"{mv.ndim} dimensions")
        if mv.format[:1] in "=<":  # ctypes: memoryview reads native formats only
            shape = mv.shape
            mv = mv.cast("B").cast(FORMATS[name], shape) if mv.nbytes else memoryview(b"").cast(FORMATS[name])
        self._set(mv, (), name, tuple(mv.shape), mv)

    def _set(self, mv, at, name, shape, whole):
        self._mv, self._at, self._dtype, self.shape, self._whole = mv, at, name, shape, whole
        self.ndim = len(shape)
        size = 1
        for n in shape:
            size *= n
        self.size = size

    @property
    def base(self):
        """The memoryview behind the whole array."""
        return self._whole

    @property
    def dtype(self):
        return self._dtype

    def __len__(self):
        return self.shape[0]

    def _place(self, key):
        """Full index in the memoryview and the number of axes that are left."""
        key = key if isinstance(key, tuple) else (key,)
        if len(key) > self.ndim:
            raise IndexError(f"too many indices for array: array is {self.ndim}-dimensional, "
                             f"but {len(key)} were indexed")
        at = self._at
        for axis, k in enumerate(key):
            i, n = self._index(k), self.shape[axis]
            if not -n <= i < n:
                raise IndexError(f"index {i} is out of bounds for axis {axis} with size {n}")
            at += (i + n if i < 0 else i,)
        return at, self.ndim - len(key)

    @staticmethod
    def _index(k):
        if isinstance(k, slice):
            raise TypeError("slices of arrays are not supported in kernels: write a loop over range()")
        return int(index(k))

    def _sub(self, at, left):
        v = object.__new__(type(self))
        v._set(self._mv, at, self._dtype, self.shape[self.ndim - left:], self._whole)
        return v

    def __getitem__(self, key):
        at, left = self._place(key)
        if left:
            return self._sub(at, left)
        v = self._mv[at]
        if self._dtype == "f64":
            return f64(v)
        return f32._of(v) if self._dtype == "f32" else v

    def __setitem__(self, key, value):
        at, left = self._place(key)
        if left:
            raise TypeError(f"a store needs an index for each of the {self.ndim} axes")
        self._mv[at] = self._convert(value)

    def _convert(self, value):
        name = self._dtype
        if name == "f64":
            if isinstance(value, (float, int, f32)):
                return float(value)
        elif name == "f32":
            if isinstance(value, f32):
                return value._v
            if isinstance(value, (float, int)):
                return round_f32(value)
        elif name == "boolean":
            if isinstance(value, bool):
                return value
        elif isinstance(value, int):
            n = int(value)
            low, high = LIMITS[name]
            if not low <= n <= high:
                raise OverflowError(f"Python integer {n} out of bounds for {NUMPY[name]}")
            return n
        raise TypeError(f"cannot store {type(value).__name__} in an array of kb.{name}: convert it first")

    def __iter__(self):
        for i in range(self.shape[0]):
            yield self[i]

    def __bool__(self):
        raise TypeError("an array has no truth value: write len(x) != 0")

    def tolist(self):
        return [x.tolist() if isinstance(x, view) else x for x in self]

    def __repr__(self):
        return f"ref.view({self.tolist()!r}, {self._dtype})"


class PointerRange(Exception):
    """An index that C would have followed out of the test's buffer: no comparison is possible."""


class pointer(view):
    """A raw pointer parameter: no length, no negative indices."""
    __slots__ = ()

    def _place(self, key):
        i = self._index(key)
        if not 0 <= i < self.shape[0]:
            raise PointerRange(f"index {i} of a pointer to {self.shape[0]} elements")
        return (i,), 0

    def __len__(self):
        raise TypeError("a raw pointer has no length")


# -- New arrays ----------------------------------------------------------------------------------------------------


def zeros(shape, dtype="f64"):
    """A new array of zeros: kb.zeros(n), kb.zeros((n, m), kb.f32)."""
    name = dtype_name(dtype)
    shape = tuple(int(index(n)) for n in shape) if isinstance(shape, tuple) else (int(index(shape)),)
    if not 1 <= len(shape) <= 4:
        raise TypeError(f"arrays have 1 to 4 axes, not {len(shape)}")
    size = 1
    for n in shape:
        if n < 0:
            raise ValueError("negative dimensions are not allowed")
        size *= n
    if size * SIZES[name] > MAX_BYTES:
        raise MemoryError
    # memoryview.cast refuses zero extents: empty arrays keep their shape here, over one unused element
    mv = memoryview(bytearray(max(size, 1) * SIZES[name])).cast(FORMATS[name], shape if size else (1,))
    v = object.__new__(view)
    v._set(mv, (), name, shape, mv)
    return v


def empty(shape, dtype="f64"):
    """Zeroed here. A kernel must not use elements that it has not written."""
    return zeros(shape, dtype)


def full(shape, fill_value, dtype=None):
    """A new array with fill_value in each element; without dtype the value's own type."""
    v = zeros(shape, type(fill_value) if dtype is None else dtype)
    _fill(v, fill_value)
    return v


def ones(shape, dtype="f64"):
    """A new array of ones."""
    return full(shape, True if dtype_name(dtype) == "boolean" else 1, dtype)


def _fill(v, value):
    for i in range(v.shape[0]):
        if v.ndim == 1:
            v[i] = value
        else:
            _fill(v[i], value)
