# SPDX-License-Identifier: MIT
"""Scalars of the reference: f32, f64 and the sized ints.

Plain int and float are weak: they take the type of the sized operand that they meet (NumPy 2, NEP 50),
but errors are Python's: a zero divisor raises, sized ints wrap silently. f64 is a float subclass, the
sized ints are int subclasses, so that math functions, range() and comparisons take them as they are; f32
is neither, so that CPython never computes with its value at double width behind our back.
"""
import math
from array import array


def round_f32(x):
    """The float nearest to the int or float x that f32 holds; one rounding; inf beyond its range."""
    if isinstance(x, int):
        n = int(x)
        bits = n.bit_length()
        if bits > 53:  # float(n) would round once more: keep 50 bits and a sticky one
            shift = bits - 50
            m = abs(n)
            m = (m >> shift) | (1 if m & ((1 << shift) - 1) else 0)
            x = math.ldexp(-m if n < 0 else m, shift) if bits <= 1024 else float(n)
        else:
            x = float(n)
    return array("f", (x,))[0]


# -- f64 --------------------------------------------------------------------------------------------------


def _f64_binary(name):
    base = getattr(float, name)

    def method(self, other):
        if isinstance(other, f32):
            other = other._v
        r = base(self, other)
        if r is NotImplemented or isinstance(r, complex):
            return r
        return tuple(map(f64, r)) if isinstance(r, tuple) else f64(r)
    method.__name__ = name
    return method


def _f64_compare(name):
    base = getattr(float, name)

    def method(self, other):
        return base(self, other._v if isinstance(other, f32) else other)
    method.__name__ = name
    return method


class f64(float):
    """A float that is not weak: with f32 the result is f64."""
    __slots__ = ()

    def __new__(cls, x=0.0):
        if isinstance(x, (str, bytes, bytearray)):
            raise TypeError(f"kb.f64() takes a number, not {type(x).__name__}")
        return float.__new__(cls, x)

    def __neg__(self):
        return f64(float.__neg__(self))

    def __pos__(self):
        return self

    def __abs__(self):
        return f64(float.__abs__(self))

    def __pow__(self, other, mod=None):
        if mod is not None:
            return NotImplemented
        return _f64_pow(self, other)

    def __rpow__(self, other, mod=None):
        return _f64_rpow(self, other)

    __hash__ = float.__hash__


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod"):
    for _form in ("__%s__", "__r%s__"):
        setattr(f64, _form % _name, _f64_binary(_form % _name))
for _name in ("__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"):
    setattr(f64, _name, _f64_compare(_name))
_f64_pow, _f64_rpow = _f64_binary("__pow__"), _f64_binary("__rpow__")


# -- f32 --------------------------------------------------------------------------------------------------


def _mod(v, w):
    """v % w at f32 width; w != 0. CPython's float_rem, each step rounded."""
    mod = math.fmod(v, w) if math.isfinite(v) else math.nan  # exact
    if mod:
        if (w < 0) != (mod < 0):
            mod = round_f32(mod + w)
        return mod
    return math.copysign(0.0, w)


def _floordiv(v, w):
    """v // w at f32 width; w != 0. CPython's _float_div_mod, each step rounded."""
    mod = math.fmod(v, w) if math.isfinite(v) else math.nan
    num = round_f32(v - mod)
    div = round_f32(num / w)
    if mod and (w < 0) != (mod < 0):
        div = round_f32(div - 1.0)
    if not div:
        return math.copysign(0.0, v / w)
    if not math.isfinite(div):
        return div
    floor = float(math.floor(div))
    return floor + 1.0 if div - floor > 0.5 else floor


def _pow(v, w):
    r = v ** w
    return r if isinstance(r, complex) else round_f32(r)


_F32_OPS = {
    "add": lambda v, w: round_f32(v + w),
    "sub": lambda v, w: round_f32(v - w),
    "mul": lambda v, w: round_f32(v * w),
    # the quotient of two f32 values, rounded to double and then to f32, is rounded right: 53 >= 2 * 24 + 2
    "truediv": lambda v, w: round_f32(v / w),
    "floordiv": lambda v, w: _floordiv(v, w) if w else v // w,
    "mod": lambda v, w: _mod(v, w) if w else v % w,
    "pow": _pow,
    "divmod": lambda v, w: (_floordiv(v, w), _mod(v, w)) if w else divmod(v, w),
}


def _box(r):
    if isinstance(r, tuple):
        return tuple(map(_box, r))
    return r if isinstance(r, complex) else f32._of(r)


def _weak_f32(other):
    """The value of a weak operand of f32 (sized ints are weak towards floats), None for what is no number."""
    return round_f32(other) if isinstance(other, (float, int)) else None


def _f32_binary(name):
    op, wide = _F32_OPS[name], getattr(f64, f"__{name}__")

    def forward(self, other, mod=None):
        if mod is not None:
            return NotImplemented
        if isinstance(other, f32):
            return _box(op(self._v, other._v))
        if isinstance(other, f64):
            return wide(f64(self._v), other)
        w = _weak_f32(other)
        return NotImplemented if w is None else _box(op(self._v, w))

    def reflected(self, other, mod=None):  # f64 has its own forward method
        v = _weak_f32(other)
        return NotImplemented if v is None else _box(op(v, self._v))
    return forward, reflected


def _f32_compare(name):
    base = getattr(float, name)

    def method(self, other):
        if isinstance(other, f32):
            return base(self._v, other._v)
        if isinstance(other, f64):
            return base(self._v, float(other))
        if isinstance(other, (float, int)):  # weak: compared at f32 width, as NEP 50 says
            return base(self._v, round_f32(other))
        return NotImplemented
    method.__name__ = name
    return method


class f32:
    """A float of single width. Arithmetic with f32, float and int gives f32, with f64 f64."""
    __slots__ = ("_v",)

    def __new__(cls, x=0.0):
        if isinstance(x, f32):
            return x
        if isinstance(x, int):
            return cls._of(round_f32(x))
        if isinstance(x, (str, bytes, bytearray)):
            raise TypeError(f"kb.f32() takes a number, not {type(x).__name__}")
        return cls._of(round_f32(float(x)))

    @classmethod
    def _of(cls, v):  # v: a float that f32 holds
        self = object.__new__(cls)
        self._v = v
        return self

    def __reduce__(self):
        return f32, (self._v,)

    def __float__(self):
        return self._v

    def __int__(self):
        return int(self._v)

    def __trunc__(self):
        return math.trunc(self._v)

    def __floor__(self):
        return math.floor(self._v)

    def __ceil__(self):
        return math.ceil(self._v)

    def __round__(self, ndigits=None):
        return round(self._v) if ndigits is None else f32(round(self._v, ndigits))

    def __bool__(self):
        return self._v != 0.0

    def __neg__(self):
        return f32._of(-self._v)

    def __pos__(self):
        return self

    def __abs__(self):
        return f32._of(abs(self._v))

    def __hash__(self):
        return hash(self._v)

    def __repr__(self):
        return f"f32({self._v!r})"

    def __str__(self):
        return repr(self._v)


for _name in _F32_OPS:
    _forward, _reflected = _f32_binary(_name)
    setattr(f32, f"__{_name}__", _forward)
    setattr(f32, f"__r{_name}__", _reflected)
for _name in ("__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"):
    setattr(f32, _name, _f32_compare(_name))


# -- Sized ints -----------------------------------------------------------------------------------------------


class sized_int(int):
    """Base of i8 ... u64: exact arithmetic, then wrapped to the type."""
    __slots__ = ()
    bits = 0
    signed = False
    name = ""

    def __new__(cls, x=0):
        if isinstance(x, (str, bytes, bytearray)):
            raise TypeError(f"kb.{cls.name}() takes a number, not {type(x).__name__}")
        return int.__new__(cls, cls._wrap(int(x)))

    @classmethod
    def _wrap(cls, n):
        n &= (1 << cls.bits) - 1
        return n - (1 << cls.bits) if cls.signed and n >> (cls.bits - 1) else n

    def __reduce__(self):
        return type(self), (int(self),)

    def __pos__(self):
        return self

    def __neg__(self):
        return type(self)(-int(self))

    def __abs__(self):
        return type(self)(abs(int(self)))

    def __invert__(self):
        return type(self)(~int(self))

    def __repr__(self):
        return f"{self.name}({int(self)})"

    __str__ = int.__repr__
    __hash__ = int.__hash__


def _common(a, b):
    """The type of `a op b` by NumPy's promotion; one of them may be weak. None: not ints."""
    if not isinstance(b, int):
        return None
    if not isinstance(b, sized_int):
        return type(a)
    s, t = type(a), type(b)
    if s.signed == t.signed:
        return s if s.bits >= t.bits else t
    u, i = (t, s) if s.signed else (s, t)
    if i.bits > u.bits:
        return i
    if u.bits == 64:
        raise TypeError(f"{s.name} with {t.name} has no common integer type: "
                        f"cast one side, as in kb.{s.name}(...) or kb.{t.name}(...)")
    return SIZED[f"i{2 * u.bits}"]


def _shift_left(t, a, b):
    if b < 0:
        raise ValueError("negative shift count")
    return a << b if b < t.bits else 0


def _shift_right(t, a, b):
    if b < 0:
        raise ValueError("negative shift count")
    return a >> min(b, 1 << 16)


def _power(t, a, b):
    if b < 0:
        raise ValueError("Integers to negative integer powers are not allowed.")
    return pow(a, b, 1 << t.bits)


_INT_OPS = {
    "add": lambda t, a, b: a + b,
    "sub": lambda t, a, b: a - b,
    "mul": lambda t, a, b: a * b,
    "floordiv": lambda t, a, b: a // b,
    "mod": lambda t, a, b: a % b,
    "and": lambda t, a, b: a & b,
    "or": lambda t, a, b: a | b,
    "xor": lambda t, a, b: a ^ b,
    "lshift": _shift_left,
    "rshift": _shift_right,
    "pow": _power,
    "divmod": lambda t, a, b: divmod(a, b),
}


def _int_binary(name):
    op = _INT_OPS[name]

    def box(t, r):
        return tuple(map(t, r)) if isinstance(r, tuple) else t(r)

    def forward(self, other, mod=None):
        t = _common(self, other)
        if t is None:
            return NotImplemented
        if mod is not None:
            return t(pow(int(self), int(other), int(mod)))
        return box(t, op(t, int(self), int(other)))

    def reflected(self, other, mod=None):
        t = _common(self, other)
        return NotImplemented if t is None else box(t, op(t, int(other), int(self)))
    return forward, reflected


for _name in _INT_OPS:
    _forward, _reflected = _int_binary(_name)
    setattr(sized_int, f"__{_name}__", _forward)
    setattr(sized_int, f"__r{_name}__", _reflected)

SIZED = {}
for _bits in (8, 16, 32, 64):
    for _letter in "iu":
        _n = f"{_letter}{_bits}"
        SIZED[_n] = type(_n, (sized_int,), {"__slots__": (), "bits": _bits, "signed": _letter == "i", "name": _n,
                                            "__module__": __name__,
                                            "__doc__": f"A {_bits}-bit {'signed' if _letter == 'i' else 'unsigned'} "
                                                       "int that wraps."})
i8, i16, i32, i64 = SIZED["i8"], SIZED["i16"], SIZED["i32"], SIZED["i64"]
u8, u16, u32, u64 = SIZED["u8"], SIZED["u16"], SIZED["u32"], SIZED["u64"]


def boolean(x=False):
    """kb.boolean(x): bool(x)."""
    return bool(x)
