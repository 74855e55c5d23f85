# SPDX-License-Identifier: MIT
"""Inputs of `keelback check`: plain data that can be made into arguments any number of times, shrunk and printed.

An Input has bases (memory blocks) and arguments: scalars, or views of bases. Two arguments of one base alias.
"""
import copy
import itertools
import math
import random
import struct
from array import array

from ..ref.scalars import round_f32
from ..ref.views import FORMATS, NUMPY
from .types import NO_DEFAULT, limits

try:
    import numpy as np
except ImportError:
    np = None


class Base:
    """A dense block: element type, shape, values in row-major order."""

    def __init__(self, dtype, shape, values):
        self.dtype, self.shape, self.values = dtype, tuple(shape), values

    def make(self):
        if np is not None:
            return np.array(self.values, dtype=NUMPY[self.dtype]).reshape(self.shape)
        code = FORMATS[self.dtype]
        block = array("B" if code == "?" else code, self.values)
        mv = memoryview(block).cast("B")
        if not self.values:  # cast() refuses zero extents
            if len(self.shape) == 1:
                return mv.cast(code)
            one = memoryview(bytearray(math.prod(self.shape[1:]) * block.itemsize)).cast(code, (1,) + self.shape[1:])
            return one[0:0]
        return mv.cast(code, self.shape) if len(self.shape) > 1 else mv.cast(code)


class Arg:
    """A scalar (value), or a view of bases[base]: slices of its axes, then transposed or not."""

    def __init__(self, value=None, base=None, slices=None, transposed=False):
        self.value, self.base, self.slices, self.transposed = value, base, slices, transposed

    def make(self, made):
        if self.base is None:
            return self.value
        a = made[self.base]
        if self.slices:
            a = a[self.slices if np is not None else self.slices[0]]
        return a.T if self.transposed else a


class Input:
    def __init__(self, bases, args, keywords):
        self.bases, self.args, self.keywords = bases, args, keywords

    def make(self):
        """New memory: (bases, positional arguments, keyword arguments)."""
        made = [b.make() for b in self.bases]
        return made, [a.make(made) for a in self.args], {k: a.make(made) for k, a in self.keywords.items()}

    def copy(self):
        return copy.deepcopy(self)


# -- Values -----------------------------------------------------------------------------------------------

_INT_EDGES = (0, 1, -1, 2, 3, 5, 8, -2, -7, 10, 64, 127, -128, 255, 256, 2**31 - 1, -2**31, 2**32, 2**53 + 1, 2**62,
              2**63 - 1, -2**63, -2**63 + 1, 2**62 - 1, 2**53, -2**53 - 1, 2**63, -2**63 - 1, 2**64 + 5, -2**70)
_FLOAT_EDGES = (0.0, 1.0, -1.0, -0.0, 0.5, 2.0, -2.5, 3.0, 0.1, 1e-5, 100.0, math.nan, math.inf, -math.inf, 5e-324,
                -2.2e-308, 1.7976931348623157e308, 9007199254740993.0, 1e200, -1e-200, 2.0**63, -2.0**63, 4294967296.0)
_F32_EDGES = (0.0, 1.0, -1.0, -0.0, 0.5, 2.0, -2.5, 3.0, round_f32(0.1), math.nan, math.inf, -math.inf, 2.0**-149,
              -2.0**-126, 3.4028234663852886e38, 16777216.0, 16777215.0, 1e10, 2.0**31, -2.0**63)


def edges(name):
    """Edge values of a type: "int", "float", "bool", i8 ... f64, boolean."""
    if name == "int":
        return _INT_EDGES
    if name in ("float", "f64"):
        return _FLOAT_EDGES
    if name == "f32":
        return tuple(round_f32(x) for x in _F32_EDGES)
    if name in ("bool", "boolean"):
        return (False, True)
    low, high = limits(name)
    return tuple(dict.fromkeys([x for x in _INT_EDGES if low <= x <= high] + [low, high, low + 1, high - 1]))


def ordinary(name, rng, near=()):
    """A value that most kernels can work with."""
    if name in ("bool", "boolean"):
        return rng.random() < 0.5
    if name in ("float", "f64", "f32"):
        r = rng.random()
        x = float(rng.randint(-4, 9)) if r < 0.3 else rng.uniform(-10, 10) if r < 0.8 else rng.gauss(0, 1000)
        return round_f32(x) if name == "f32" else x
    style = rng.random() if near else 1.0
    if style < 0.3:
        x = rng.choice(near) + rng.choice((-1, 0, 0, 0, 1))
    elif style < 0.65:
        x = rng.randrange(max(1, rng.choice(near)))
    else:
        x = rng.randint(-3, 20) if rng.random() < 0.6 else rng.randint(0, 12)
    low, high = limits(name) if name != "int" else (-2**63, 2**63 - 1)
    return min(max(x, low), high)


def large(name, rng):
    """An int of any magnitude, or a float of any bits."""
    if name in ("float", "f64", "f32"):
        if name == "f32":
            return struct.unpack("f", struct.pack("I", rng.getrandbits(32)))[0]
        return struct.unpack("d", struct.pack("Q", rng.getrandbits(64)))[0]
    if name in ("bool", "boolean"):
        return rng.random() < 0.5
    low, high = limits(name) if name != "int" else (-2**63, 2**63 - 1)
    x = rng.getrandbits(rng.choice((rng.randint(1, 63), 62, 63)))
    return min(max(-x if rng.random() < 0.5 else x, low), high)


def scalar_name(ty):
    return ty.elem if ty.kind == "sized" else ty.kind


# -- Generation -----------------------------------------------------------------------------------------------


class _Source:
    """Values for one name from `check={...}`: a range or sequence (edges first), a function of a Random, or an
    iterator."""

    def __init__(self, given):
        self.given, self.first, self.it = given, (), None
        if hasattr(given, "__getitem__") and hasattr(given, "__len__"):
            n = len(given)
            places = [0, n - 1, 1, n - 2] if n else []
            places += [given.index(v) for v in (0, 1, -1, 2) if v in given]
            self.first = [given[i] for i in dict.fromkeys(places) if 0 <= i < n]

    def draw(self, rng, turn):
        g = self.given
        if hasattr(g, "__getitem__"):
            if not len(g):
                raise ValueError("check: an empty sequence of inputs")
            return self.first[turn] if 0 <= turn < len(self.first) else g[rng.randrange(len(g))]
        if callable(g):
            if self.it is None:
                v = g(rng)
                if not (hasattr(v, "__next__") and hasattr(v, "__iter__")):
                    return v
                self.it = v
        elif self.it is None:
            self.it = iter(g)
        return next(self.it)


class Generator:
    """Makes the inputs of one kernel. check= keys: a parameter's name: its values (of an array: its elements);
    "shapes": {"a": "n k", ...}: extents by name; "args": a function of a Random that returns all arguments."""

    def __init__(self, params, given, seed):
        self.params = params
        self.rng = random.Random(seed)
        given = dict(given or {})
        self.rtol, self.atol = given.pop("rtol", 0.0), given.pop("atol", 0.0)
        self.shapes = {k: self._split(v) for k, v in given.pop("shapes", {}).items()}
        self.whole = _Source(given.pop("args")) if "args" in given else None
        self.alias = given.pop("alias", True)
        self.sources = {k: _Source(v) for k, v in given.items()}
        names = {p.name for p in params} | {d for s in self.shapes.values() for t in s for d in [t] if t.isidentifier()}
        for k in list(self.sources) + list(self.shapes):
            if k not in names:
                raise ValueError(f"check: {k!r} is no parameter")
        scalars = [scalar_name(p.type) for p in params if p.type.kind not in ("array", "ptr", "any")]
        self.nedges = max([len(edges(name)) for name in scalars] + [8])

    @staticmethod
    def _split(v):
        return tuple(str(t) for t in (v.replace(",", " ").split() if isinstance(v, str) else v))

    def make(self, turn):
        """Input number `turn`: edges first, then random ones."""
        for _ in range(4):
            try:
                if self.whole is not None:
                    return self._from_values(self.whole.draw(self.rng, -1))
                return self._make(turn)
            except StopIteration:
                return None
        return None

    # Extents

    def _extents(self, turn, values):
        """Extents of each array, and a pool of sizes that ints may be near."""
        rng = self.rng
        first = (0, 1, 2, 3)
        if turn < 4:
            pool = [first[turn]]
        else:
            top = 6 if turn % 3 else 12
            pool = [rng.randint(0, top) for _ in range(1 if rng.random() < 0.65 else 3)]
        dims = {p.name: values[p.name] for p in self.params if p.name in values and p.type.kind in ("int", "sized")}
        shapes = {}
        for p in self.params:
            if p.type.kind != "array":
                continue
            tokens = self.shapes.get(p.name)
            if tokens is None:
                shapes[p.name] = tuple(rng.choice(pool) for _ in range(p.type.rank))
                continue
            for t in tokens:
                if t.isidentifier() and t not in dims:
                    dims[t] = self.sources[t].draw(rng, turn) if t in self.sources else (
                        first[turn] if turn < 4 else rng.randint(0, 8))
            shapes[p.name] = tuple(min(max(0, int(eval(t, {}, dict(dims)))), 4096) for t in tokens)
        return shapes, list(dims.values()) + pool if dims else pool

    # Elements

    def _elements(self, p, size, turn, near):
        rng, name, source = self.rng, p.type.elem, self.sources.get(p.name)
        if source is not None:
            if callable(source.given):
                return [self._fit(name, source.draw(rng, -1)) for _ in range(size)]
            some = [self._fit(name, v) for v in source.first]
            style = rng.random()
            if turn < 3 or style < 0.1:
                k = rng.randrange(len(some)) if some else 0
                return [some[(k + i) % len(some)] for i in range(size)]
            return [self._fit(name, source.draw(rng, -1)) for _ in range(size)]
        e = edges(name)
        if 2 <= turn < self.nedges:
            if turn % 2:
                return [ordinary(name, rng, near) for _ in range(size)]
            return [e[(turn // 2 + i) % len(e)] for i in range(size)]
        style = rng.random()
        if style < 0.55:
            out = [ordinary(name, rng, near) for _ in range(size)]
        elif style < 0.7 and name[0] in "iu":
            low = -max(0, near[0]) if near and name[0] == "i" and rng.random() < 0.3 else 0
            out = [min(max(rng.randint(low, max(0, (near or [1])[0] - 1)), limits(name)[0]), limits(name)[1])
                   for _ in range(size)]
        elif style < 0.8:
            out = [ordinary(name, rng)] * size
        elif style < 0.85:
            out = [large(name, rng) for _ in range(size)]
        elif style < 0.93:
            out = [rng.choice(e) if rng.random() < 0.3 else ordinary(name, rng, near) for _ in range(size)]
        else:
            out = [rng.choice(e) for _ in range(size)]
        if rng.random() < 0.15:
            out.sort()
        return out

    @staticmethod
    def _fit(name, v):
        if name == "f32":
            return round_f32(v)
        return float(v) if name in ("f64", "float") else v

    # Views

    def _array(self, p, shape, turn, near):
        """(base, argument without its base number): memory for a view of that shape."""
        rng, rank = self.rng, len(shape)
        style = rng.random() if turn > 3 else 0.0
        transposed = style > 0.85 and rank > 1 and np is not None and not p.type.contig
        inner = tuple(reversed(shape)) if transposed else shape
        slices, full = [], []
        for axis, n in enumerate(inner):
            free = (np is not None or axis == 0) and not (p.type.contig and axis == rank - 1)
            form = rng.choice(("[::2]", "[::-1]", "[1:]", "[::-2]", "[:-1]", "")) if style > 0.5 and free and n else ""
            slices.append({"": slice(None), "[::2]": slice(None, None, 2), "[::-1]": slice(None, None, -1),
                           "[1:]": slice(1, None), "[::-2]": slice(None, None, -2), "[:-1]": slice(None, -1)}[form])
            full.append(2 * n if form in ("[::2]", "[::-2]") else n + 1 if form in ("[1:]", "[:-1]") else n)
        if np is None and 0 in full[1:]:
            full[1:] = [max(1, n) for n in full[1:]]
        base = Base(p.type.elem, full, self._elements(p, math.prod(full), turn, near))
        plain = all(s == slice(None) for s in slices)
        return base, Arg(slices=None if plain else tuple(slices), transposed=transposed)

    def _alias(self, arrays, bases, args):
        """Makes two arrays of one type share memory: the same, or shifted by one."""
        rng = self.rng
        pairs = [(a, b) for a, b in itertools.combinations(arrays, 2)
                 if bases[args[a].base].dtype == bases[args[b].base].dtype
                 and len(bases[args[a].base].shape) == len(bases[args[b].base].shape)]
        if not pairs:
            return
        a, b = rng.choice(pairs)
        base, types = bases[args[a].base], {p.name: p.type for p in self.params}
        if types[b].contig and (args[a].transposed or args[a].slices and args[a].slices[-1].step):
            return
        if len(base.shape) == 1 and base.shape[0] > 1 and rng.random() < 0.5:
            forms = [(slice(1, None),), (slice(None, -1),)]
            rng.shuffle(forms)
            args[a].slices, args[b].slices = forms
        else:
            args[b].slices = args[a].slices
        args[b].base, args[b].transposed = args[a].base, args[a].transposed

    def _make(self, turn):
        rng, values, args, bases = self.rng, {}, {}, []
        for p in self.params:
            if p.name in self.sources and p.type.kind not in ("array", "ptr"):
                values[p.name] = self.sources[p.name].draw(rng, turn if rng.random() < 0.8 else -1)
        shapes, near = self._extents(turn, values)
        arrays = []
        for p in self.params:
            kind = p.type.kind
            if kind == "array":
                base, arg = self._array(p, shapes[p.name], turn, near)
                arg.base = len(bases)
                bases.append(base)
                arrays.append(p.name)
            elif kind == "ptr":
                arg = Arg(base=len(bases))
                size = 64 + max([v for v in values.values() if isinstance(v, int) and v < 4096] + [0])
                bases.append(Base(p.type.elem, (size,), self._elements(p, size, turn, near)))
            elif kind == "any":
                raise ValueError(f"parameter {p.name} has no type")
            else:
                name = scalar_name(p.type)
                e = edges(name)
                if p.name in values:
                    v = values[p.name]
                elif turn < self.nedges and (turn % 3 or len(self.params) == 1):
                    v = e[turn % len(e)]
                else:
                    style = rng.random() * (1.0 if shapes else 0.5)
                    v = (rng.choice(e) if style < 0.15 else large(name, rng) if style < 0.25 else
                         ordinary(name, rng, near))
                arg = Arg(self._scalar(name, v))
            args[p.name] = arg
        if turn > 3 and self.alias and len(arrays) > 1 and rng.random() < 0.15:
            self._alias(arrays, bases, args)
        return self._finish(bases, args)

    def _scalar(self, name, v):
        if name in ("float", "f64", "f32"):
            return round_f32(v) if name == "f32" else float(v)
        return bool(v) if name in ("bool", "boolean") else int(v)

    def _finish(self, bases, args):
        given = list(self.params)
        while given and given[-1].default is not NO_DEFAULT and not given[-1].kwonly and self.rng.random() < 0.2:
            given.pop()
        positional = [args[p.name] for p in given if not p.kwonly]
        keywords = {p.name: args[p.name] for p in given if p.kwonly}
        if positional and self.rng.random() < 0.1:  # the last positional argument by keyword
            p = [q for q in given if not q.kwonly][-1]
            if not p.posonly:
                keywords[p.name] = positional.pop()
        used = sorted({a.base for a in positional + list(keywords.values()) if a.base is not None})
        for a in {id(a): a for a in positional + list(keywords.values())}.values():
            if a.base is not None:
                a.base = used.index(a.base)
        return Input([bases[i] for i in used], positional, keywords)

    def _from_values(self, values):
        """An Input from a tuple of arguments: arrays as nested lists, array.array, memoryview or NumPy arrays."""
        if not isinstance(values, tuple) or len(values) > len(self.params):
            raise ValueError('check: "args" must return a tuple of the arguments')
        bases, args, known = [], [], {}
        for p, v in zip(self.params, values):
            if p.type.kind not in ("array", "ptr"):
                args.append(Arg(self._scalar(scalar_name(p.type), v)))
                continue
            if id(v) not in known:
                known[id(v)] = len(bases)
                nested = v.tolist() if hasattr(v, "tolist") else v
                shape, flat = [], nested
                for _ in range(p.type.rank or 1):
                    shape.append(len(flat))
                    flat = flat[0] if len(flat) else []
                flat = list(nested)
                for _ in range((p.type.rank or 1) - 1):
                    flat = [x for row in flat for x in row]
                bases.append(Base(p.type.elem, shape, [self._fit(p.type.elem, x) for x in flat]))
            args.append(Arg(base=known[id(v)]))
        return Input(bases, args, {})
