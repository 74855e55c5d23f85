# SPDX-License-Identifier: MIT
"""Random expressions of a given type over the variables of a kernel in the making."""
from collections import namedtuple

SIZED = ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64")
NUMBERS = ("int", "float", "bool", "f32", "f64")
ELEMENTS = ("f64", "f64", "f64", "f32", "f32", "i64", "i64", "i32", "u8", "i8", "u64", "u32", "i16", "boolean")
Array = namedtuple("Array", "elem rank contig")
# params: [(name, type)]; result: [types], None; kwonly: names of parameters
Signature = namedtuple("Signature", "name params result cost kwonly", defaults=((),))

BIG = ("2**62", "2**63 - 1", "-2**63", "2**53 + 1", "2**31", "-2**31", "2**32 - 1", "4611686018427387905", "-2**63 + 1")
FLOATS = ("0.0", "-0.0", "1.0", "-1.0", "0.5", "2.0", "-2.5", "3.0", "0.1", "1e-3", "10.0", "100.5")
EDGES = ("math.inf", "-math.inf", "math.nan", "5e-324", "1e308", "-1e308", "2.2e-308", "9007199254740993.0", "1e200",
         "3.4028235e38", "1e-45", "16777217.0", "9.223372036854775e18")
MATH = ("sqrt", "exp", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh",
        "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "cbrt", "fabs", "exp2", "expm1", "degrees", "radians")
SAFE_MATH = ("sin", "cos", "atan", "tanh", "asinh", "erf", "erfc", "cbrt", "fabs", "degrees", "radians")


def value_type(elem):
    """The type of an element of an array."""
    return "bool" if elem == "boolean" else elem if elem in ("f32", "f64") else "int"


def annotation(ty):
    if isinstance(ty, Array):
        axes = [":"] * ty.rank
        if ty.contig:
            axes[-1] = "::1"
        return f"kb.{ty.elem}[{', '.join(axes)}]"
    return ty if ty in ("int", "float", "bool") else f"kb.{ty}"


class Expressions:
    """The expressions of one kernel. Its statements: gen.py."""

    def __init__(self, rng, known, signature, recursive=()):
        self.rng, self.known, self.me = rng, known, signature
        self.recursive = list(recursive)  # signatures that may be called with less fuel
        self.types, self.bound, self.readonly = {}, set(), set()
        self.calls, self.count, self.loops, self.trips = set(), 0, 0, 1
        self.lines, self.level, self.nest = [], 1, 0
        self.mixed = rng.random() < 0.08
        self.budget = rng.randint(5, 16)
        for name, ty in signature.params:
            self.types[name] = ty
            self.bound.add(name)

    # -- Choice -------------------------------------------------------------------------------------------

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, *weighted):
        """pick((weight, value), ...)"""
        return self.rng.choices([v for _, v in weighted], [w for w, _ in weighted])[0]

    def names(self, ty, maybe=False):
        return [n for n, t in self.types.items() if t == ty and (maybe or n in self.bound)]

    def arrays(self, elems=None, rank=None):
        return [n for n, t in self.types.items() if isinstance(t, Array) and n in self.bound
                and (elems is None or t.elem in elems) and (rank is None or t.rank == rank)]

    def new_name(self):
        self.count += 1
        return f"v{self.count}"

    # -- Leaves -------------------------------------------------------------------------------------------

    def leaf(self, ty):
        r = self.rng
        names = self.names(ty, maybe=self.chance(0.03))
        if names and self.chance(0.8):
            return r.choice(names)
        if self.chance(0.35):
            e = self.element(ty)
            if e:
                return e
        if ty == "int":
            others = self.names(r.choice(("bool",) + SIZED))
            if others and self.chance(0.3):
                return f"int({r.choice(others)})"
            return str(r.randint(-3, 9)) if self.chance(0.93) else f"({r.choice(BIG)})"
        if ty == "float":
            return r.choice(FLOATS) if self.chance(0.9) else r.choice(EDGES)
        if ty == "bool":
            return r.choice(("True", "False")) if self.chance(0.3) else f"({self.leaf('int')} < {self.leaf('int')})"
        if ty in ("f32", "f64"):
            return f"kb.{ty}({self.leaf(r.choice(('float', 'float', 'int', 'f64' if ty == 'f32' else 'float')))})"
        return f"kb.{ty}({self.leaf('int')})"

    def element(self, ty):
        """An element of some array, or None."""
        arrays = [n for n in self.arrays() if value_type(self.types[n].elem) == ty]
        if not arrays or self.nest > 1:
            return None
        return self.place(self.rng.choice(arrays))

    def place(self, a):
        rank = self.types[a].rank
        self.nest += 1
        at = [self.index(a, k) for k in range(rank)]
        self.nest -= 1
        return f"{a}[{', '.join(at)}]" if rank == 1 or self.chance(0.8) else a + "".join(f"[{i}]" for i in at)

    def index(self, a, axis):
        size = f"len({a})" if axis == 0 and self.chance(0.7) else f"{a}.shape[{axis}]"
        loop = [n for n in self.names("int") if n in self.readonly]
        how = self.rng.random()
        if loop and how < 0.5:
            return self.rng.choice(loop)
        if how < 0.8:
            return f"{self.expr('int', 1)} % ({size} or 1)"
        if how < 0.93:
            return self.rng.choice(("0", "1", "-1", "-2", f"{size} - 1", f"-{size}"))
        return self.expr("int", 1)

    # -- Expressions --------------------------------------------------------------------------------------

    def expr(self, ty, depth):
        if depth <= 0 or self.chance(0.15):
            return self.leaf(ty)
        how = self.rng.random()
        if how < 0.06:
            return f"({self.expr(ty, depth - 1)} if {self.cond(depth - 1)} else {self.expr(ty, depth - 1)})"
        if how < 0.1:
            op = self.rng.choice(("and", "or"))
            return f"({self.expr(ty, depth - 1)} {op} {self.expr(ty, depth - 1)})"
        if how < 0.14 and ty != "bool":
            n = self.pick((5, 2), (1, 3))
            return f"{self.rng.choice(('min', 'max'))}({', '.join(self.expr(ty, depth - 1) for _ in range(n))})"
        if how < 0.18:
            c = self.call(ty)
            if c:
                return c
        if how < 0.2:
            arrays = [n for n in self.arrays(rank=1) if value_type(self.types[n].elem) == ty]
            if arrays and ty != "bool":
                return f"{self.rng.choice(('sum', 'min', 'max'))}({self.rng.choice(arrays)})" if ty != "f32" else \
                    f"{self.rng.choice(('min', 'max'))}({self.rng.choice(arrays)})"
        make = getattr(self, "_" + ty, None)
        return make(depth) if make else self.sized(ty, depth)

    def number(self, depth, *among):
        return self.expr(self.rng.choice(among or NUMBERS), depth)

    def cond(self, depth):
        """A condition: any number now and then."""
        return self.expr("bool", depth) if self.chance(0.85) else self.number(depth, "int", "float", "f64", "f32", "u8")

    def divisor(self, ty, depth):
        r = self.rng.random()
        if r < 0.55:
            c = self.rng.choice((2, 3, 5, 7, -2, -3, 8, 16, 10, 1, -1))
            return str(c) if ty == "int" else f"{float(c)}"
        e = self.expr(ty, depth - 1)
        return f"({e} or {self.rng.choice((1, 3, -2))}{'' if ty == 'int' else '.0'})" if r < 0.85 else e

    def small(self, depth):
        """An int that is small, of either sign."""
        e = self.expr("int", depth - 1)
        return self.rng.choice((f"({e} % {self.rng.choice((5, 7, 100, 13))})",
                                f"({e} & {self.rng.choice((7, 15, 127))})",
                                f"max(-{self.rng.randint(1, 9)}, min({e}, {self.rng.randint(1, 12)}))"))

    def _int(self, depth):
        d, a = depth - 1, self.rng
        what = self.pick((22, "add"), (6, "mul"), (9, "div"), (8, "bits"), (6, "shift"), (3, "pow"), (6, "unary"),
                         (3, "abs"),
                         (7, "cast"), (6, "small"), (4, "len"), (8, "element"), (3, "bool"), (3, "math"), (1, "powmod"),
                         (2, "divmod"), (2, "tuple"), (1, "mulbig"))
        if what == "add":
            return f"({self.expr('int', d)} {a.choice('+-')} {self.expr('int', d)})"
        if what == "mul":
            return f"({self.small(d)} * {a.choice((2, 3, -1, 5, -4))})"
        if what == "mulbig":
            return f"({self.expr('int', d)} * {self.expr('int', d)})"
        if what == "div":
            return f"({self.expr('int', d)} {a.choice(('//', '%'))} {self.divisor('int', depth)})"
        if what == "bits":
            return f"({self.expr('int', d)} {a.choice('&|^')} {self.expr('int', d)})"
        if what == "shift":
            op, e = a.choice(("<<", ">>", ">>")), self.expr("int", d)
            n = f"({self.expr('int', d)} & {a.choice((3, 7, 31))})" if self.chance(0.85) else self.expr("int", d)
            return f"({self.small(depth) if op == '<<' else e} {op} {n})"
        if what == "pow":
            e = a.choice(("2", "2", "3", "0", "1", f"({self.expr('int', d)} & 3)"))
            return f"({self.small(depth)} ** {e})"
        if what == "unary":
            return f"({a.choice('-~+-')}{self.expr('int', d)})"
        if what == "abs":
            return f"abs({self.expr('int', d)})"
        if what == "cast":
            if self.chance(0.5):
                return f"int({self.number(d, *SIZED, 'bool')})"
            f = a.choice(("int", "round", "math.floor", "math.ceil", "math.trunc"))
            e = self.number(d, "float", "f64", "f32", "int") if f != "round" else self.number(d, "float", "f64", "f32")
            return f"{f}({e})" if self.chance(0.3) else f"{f}({self.tame(e)})"
        if what == "small":
            return self.small(depth)
        if what == "len":
            arrays = self.arrays()
            if not arrays:
                return self.leaf("int")
            x = a.choice(arrays)
            return a.choice((f"len({x})", f"{x}.shape[0]", f"{x}.size", f"{x}.ndim", f"{x}.shape[-1]"))
        if what == "bool":
            return f"({self.expr('bool', d)} + {self.number(d, 'bool', 'int')})"
        if what == "math":
            e = self.expr("int", d)
            return f"math.gcd({e}, {self.expr('int', d)})" if self.chance(0.6) else f"math.isqrt(abs({e}))"
        if what == "powmod":
            return f"pow({self.expr('int', d)}, {self.expr('int', d)} & 15, {self.divisor('int', depth)})"
        if what == "divmod":
            return f"divmod({self.expr('int', d)}, {self.divisor('int', depth)})[{a.choice((0, 1, -1))}]"
        if what == "tuple":
            return f"({self.expr('int', d)}, {self.expr('int', d)})[{a.choice((0, 1, -1))}]"
        return self.element("int") or self.leaf("int")

    def tame(self, e):
        """A float in the range of ints, mostly."""
        return self.rng.choice((f"min(max(math.fmod({e}, 1000.0), -1e6), 1e6)", f"math.atan({e}) * 10.0",
                                f"math.tanh({e}) * 50.5"))

    def _float(self, depth):
        d, a = depth - 1, self.rng
        what = self.pick((22, "add"), (8, "div"), (4, "mod"), (3, "pow"), (5, "unary"), (9, "math"), (6, "cast"),
                         (5, "ints"),
                         (2, "math2"), (2, "divmod"))
        other = lambda: self.number(d, "float", "float", "int", "bool", a.choice(SIZED))
        if what == "add":
            x, y = self.expr("float", d), other()
            if self.chance(0.4):
                x, y = y, x
            return f"({x} {a.choice('+-*')} {y})"
        if what == "div":
            return f"({other()} / {self.divisor('float', depth)})"
        if what == "mod":
            by = self.divisor(a.choice(("float", "int")), depth)
            return f"({self.expr('float', d)} {a.choice(('//', '%'))} {by})"
        if what == "pow":
            e = self.expr("float", d)
            if self.chance(0.4):
                return f"(abs({e}) ** {self.expr('float', d)})"
            return f"({e} ** {a.choice(('2', '2.0', '3', '0', '-1.0', '0.5'))})"
        if what == "unary":
            e = self.expr("float", d)
            return f"({a.choice('-+-')}{e})" if self.chance(0.7) else f"abs({e})"
        if what == "math":
            f = a.choice(SAFE_MATH) if self.chance(0.7) else a.choice(MATH)
            return f"math.{f}({self.number(d, 'float', 'f64', 'f32', 'int')})"
        if what == "math2":
            f = a.choice(("atan2", "copysign", "fmod", "pow", "copysign"))
            return f"math.{f}({self.number(d, 'float', 'f64')}, {self.number(d, 'float', 'f32', 'int')})"
        if what == "cast":
            return f"float({self.number(d, *NUMBERS, *SIZED)})"
        if what == "ints":
            return f"({self.expr('int', d)} / {self.divisor('int', depth)})"
        return f"divmod({self.expr('float', d)}, {self.divisor('float', depth)})[{a.choice((0, 1))}]"

    def _f64(self, depth):
        d, a = depth - 1, self.rng
        what = self.pick((25, "add"), (6, "div"), (3, "pow"), (6, "unary"), (10, "element"), (5, "cast"))
        other = lambda: self.number(d, "f64", "f64", "float", "int", "f32", "bool", a.choice(SIZED))
        if what == "add":
            x, y = self.expr("f64", d), other()
            if self.chance(0.4):
                x, y = y, x
            return f"({x} {a.choice('+-*')} {y})"
        if what == "div":
            op = a.choice(("/", "//", "%"))
            return f"({self.expr('f64', d)} {op} {self.divisor(a.choice(('float', 'int')), depth)})"
        if what == "pow":
            return f"({self.expr('f64', d)} ** {a.choice(('2', '2.0', '3', '-1', '0.5'))})"
        if what == "unary":
            return f"({a.choice('-+')}{self.expr('f64', d)})" if self.chance(0.7) else f"abs({self.expr('f64', d)})"
        if what == "cast":
            return f"kb.f64({self.number(d, *NUMBERS, *SIZED)})"
        return self.element("f64") or self.leaf("f64")

    def _f32(self, depth):
        d, a = depth - 1, self.rng
        what = self.pick((25, "add"), (6, "div"), (2, "pow"), (6, "unary"), (10, "element"), (5, "cast"))
        other = lambda: self.number(d, "f32", "f32", "float", "int", "bool", a.choice(SIZED))
        if what == "add":
            x, y = self.expr("f32", d), other()
            if self.chance(0.4):
                x, y = y, x
            return f"({x} {a.choice('+-*')} {y})"
        if what == "div":
            op = a.choice(("/", "//", "%"))
            return f"({self.expr('f32', d)} {op} {self.divisor(a.choice(('float', 'int')), depth)})"
        if what == "pow":
            return f"({self.expr('f32', d)} ** {a.choice(('2', '2.0', '3', '0.5'))})"
        if what == "unary":
            return f"({a.choice('-+')}{self.expr('f32', d)})" if self.chance(0.7) else f"abs({self.expr('f32', d)})"
        if what == "cast":
            return f"kb.f32({self.number(d, *NUMBERS, *SIZED)})"
        return self.element("f32") or self.leaf("f32")

    def _bool(self, depth):
        d, a = depth - 1, self.rng
        what = self.pick((30, "compare"), (6, "chain"), (8, "not"), (5, "test"), (4, "bool"), (4, "bits"),
                         (5, "element"), (8, "logic"))
        if what == "compare" or what == "chain":
            ops = ("<", "<=", "==", "!=", ">", ">=")
            first = a.choice(NUMBERS + ("int", "float", "int", a.choice(SIZED)))
            among = (first, first, first, *NUMBERS, a.choice(SIZED))
            e = self.expr(first, d)
            for _ in range(2 if what == "chain" else 1):
                e += f" {a.choice(ops)} {self.number(d, *among)}"
            return f"({e})"
        if what == "not":
            return f"(not {self.number(d, 'bool', 'bool', 'int', 'float', 'f32')})"
        if what == "test":
            return f"math.{a.choice(('isnan', 'isinf', 'isfinite'))}({self.number(d, 'float', 'f64', 'f32')})"
        if what == "bool":
            return f"bool({self.number(d, *NUMBERS, *SIZED)})"
        if what == "bits":
            return f"({self.expr('bool', d)} {a.choice('&|^')} {self.expr('bool', d)})"
        if what == "logic":
            return f"({self.expr('bool', d)} {a.choice(('and', 'or'))} {self.expr('bool', d)})"
        return self.element("bool") or self.leaf("bool")

    def sized(self, ty, depth):
        d, a = depth - 1, self.rng
        what = self.pick((25, "add"), (6, "div"), (8, "bits"), (6, "shift"), (6, "unary"), (14, "cast"), (1, "pow"))
        lesser = [t for t in SIZED if t[0] == ty[0] and int(t[1:]) <= int(ty[1:])]
        other = lambda: self.expr(a.choice((ty, ty, "int", a.choice(lesser))), d)
        if what in ("add", "bits"):
            x, y = self.expr(ty, d), other()
            if self.chance(0.4):
                x, y = y, x
            return f"({x} {a.choice('+-*') if what == 'add' else a.choice('&|^')} {y})"
        if what == "div":
            return f"({self.expr(ty, d)} {a.choice(('//', '%'))} {self.divisor('int', depth)})"
        if what == "shift":
            places = f"({self.expr('int', d)} & {a.choice((3, 7, 31, 127))})"
            return f"({self.expr(ty, d)} {a.choice(('<<', '>>'))} {places})"
        if what == "unary":
            return f"({a.choice('-~+')}{self.expr(ty, d)})" if self.chance(0.8) else f"abs({self.expr(ty, d)})"
        if what == "pow":
            return f"({self.expr(ty, d)} ** {a.choice((2, 3, 5))})"
        if self.chance(0.8):
            e = self.number(d, "int", "int", "int", *SIZED, "bool")
        else:
            e = self.tame(self.number(d, "float", "f64", "f32"))
        return f"kb.{ty}({e})"

    # -- Calls --------------------------------------------------------------------------------------------

    def arguments(self, sig, less_fuel):
        out = []
        for k, (_, ty) in enumerate(sig.params):
            if isinstance(ty, Array):
                fits = [n for n in self.arrays() if self.types[n].elem == ty.elem and self.types[n].rank == ty.rank
                        and (self.types[n].contig or not ty.contig)]
                if not fits:
                    return None
                out.append(self.rng.choice(fits))
            elif less_fuel and k == 0:
                out.append("fuel - 1")
            elif ty == "fuel":
                out.append(str(self.rng.randint(0, 5)))
            elif ty in ("int", "float", "bool", "f32", "f64"):
                out.append(self.expr(ty if ty != "f32" else self.rng.choice(("f32", "float")), 1))
            else:
                bits = int(ty[1:]) - (ty[0] == "i")
                e = self.expr("int", 1)
                out.append(f"({e} & {(1 << min(bits, 62)) - 1})" if self.chance(0.85) else e)
        return out

    def call(self, ty, tuples=False):
        """A call of a kernel with that result, or None; with tuples: (text, signature) of one that returns several."""
        fits = [s for s in self.known + self.recursive if s.result and s.cost * self.trips < 300
                and (len(s.result) > 1 if tuples else s.result[0] == ty)]
        if not fits or (not tuples and not self.chance(0.8)):
            return None
        s = self.rng.choice(fits)
        own = s in self.recursive
        if own:
            self.recursive = [x for x in self.recursive if self.chance(0.5)]
            if self.loops:
                return None
        args = self.arguments(s, own)
        if args is None:
            return None
        self.calls.add(s.name)
        self.me = self.me._replace(cost=self.me.cost + s.cost * self.trips)
        args = [f"{n}={a}" if n in s.kwonly else a for (n, _), a in zip(s.params, args)]
        text = f"{s.name}({', '.join(args)})"
        if tuples:
            return text, s
        return text if len(s.result) == 1 else f"{text}[0]"
