# SPDX-License-Identifier: MIT
"""Random kernels that are loop nests over arrays, for the plugin: what its passes look at, with all that may spoil it.

One to three loops: counted up, down, by constant and run-time steps, triangular, while loops, loops with break; bodies with
affine, flat, gathered, negative and off-by-one indices; stores, updates, int and float reductions, products of three
loops, minima, divisions, conversions, narrow stores, conditional stores. Loops end by construction: extents are those of
arrays or small ints, or a poll ends them. Forms of whole loops that some pass looks for are in forms.py.
"""
import forms
from exprs import Array, annotation
from gen import Kernel

FLOATS = ("f64", "f64", "f64", "f32")
INTS = ("i64", "i64", "i32", "i32", "u8", "i16", "u32", "i8")


class Nest:
    """One kernel in the making."""

    def __init__(self, rng, name):
        self.rng, self.name = rng, name
        self.lines, self.level, self.count = [], 1, 0
        self.arrays, self.ints, self.floats = {}, [], []
        self.loops = []     # variables of the loops around
        self.sums = []      # (name, kind) of accumulators
        self.tidy = rng.random() < 0.5  # indices that are mostly within bounds

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, *weighted):
        return self.rng.choices([v for _, v in weighted], [w for w, _ in weighted])[0]

    def put(self, text):
        self.lines.append("    " * self.level + text)

    def new(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    # -- Parameters -----------------------------------------------------------------------------------------

    def parameters(self):
        r = self.rng
        rank = self.pick((5, 1), (5, 2), (1, 3))
        main = r.choice(FLOATS) if self.chance(0.62) else r.choice(INTS)
        for k in range(r.randint(1, 4)):
            elem = main if self.chance(0.7) else r.choice(FLOATS + INTS)
            self.arrays["ABCD"[k]] = Array(elem, rank if self.chance(0.65) else r.choice((1, 1, 2)), self.chance(0.2))
        if self.chance(0.35):
            self.arrays["at"] = Array(r.choice(("i64", "i64", "i32", "u8")), 1, False)
        for k in range(r.randint(0, 3)):
            self.ints.append("nmk"[k])
        for k in range(r.randint(0, 2)):
            self.floats.append("xy"[k])

    # -- Indices --------------------------------------------------------------------------------------------

    def loop_int(self):
        """An int that changes with the loops."""
        return self.rng.choice(self.loops[-3:]) if self.loops else "0"

    def invariant(self):
        r = self.rng
        a = r.choice(list(self.arrays))
        return self.pick((4, str(r.randint(0, 3))), (3 if self.ints else 0, r.choice(self.ints or ["0"])),
                         (3, f"len({a})"), (1, f"{a}.shape[{r.randrange(self.arrays[a].rank)}]"), (1, str(r.randint(-3, 9))))

    def index(self, a, axis):
        r, i = self.rng, self.loop_int()
        n = f"{a}.shape[{axis}]"
        if self.tidy and self.chance(0.85):
            return i
        how = self.pick((34, "plain"), (12, "shift"), (5, "back"), (5, "scaled"), (5, "sum"), (6, "flat"), (4, "invariant"),
                        (4, "last"), (4 if "at" in self.arrays else 0, "gather"), (2, "mod"), (2, "min"), (2, "diff"))
        if how == "shift":
            return f"{i} {r.choice('+-')} {r.choice((1, 1, 2, self.invariant()))}"
        if how == "back":
            return r.choice((f"{n} - 1 - {i}", f"-{i} - 1", f"-{i}", f"len({a}) - {i}"))
        if how == "scaled":
            return f"{r.choice((2, 3, self.invariant()))} * {i} + {r.randint(0, 2)}"
        if how == "sum":
            return f"{i} + {self.loop_int()}"
        if how == "diff":
            return f"{i} - {self.loop_int()} + {self.invariant()}"
        if how == "flat":
            return f"{i} * {self.invariant()} + {self.loop_int()}"
        if how == "invariant":
            return self.invariant()
        if how == "last":
            return r.choice(("-1", f"{n} - 1", "0"))
        if how == "gather":
            return f"at[{i}]"
        if how == "mod":
            return f"{i} % ({n} or 1)"
        if how == "min":
            return f"min({i} + {r.randint(0, 2)}, {n} - 1)"
        return i

    def element(self, a):
        rank = self.arrays[a].rank
        if rank > 1 and len(self.loops) >= rank and self.chance(0.6):
            at = self.rng.sample(self.loops, rank) if self.chance(0.4) else self.loops[-rank:]
            return f"{a}[{', '.join(at)}]"
        return f"{a}[{', '.join(self.index(a, k) for k in range(rank))}]"

    def is_float(self, a):
        return self.arrays[a].elem in FLOATS

    # -- Values ---------------------------------------------------------------------------------------------

    def float_value(self, depth):
        r = self.rng
        arrays = [a for a in self.arrays if self.is_float(a)]
        sums = [n for n, kind in self.sums if kind == "float"]
        what = self.pick((30 if arrays else 0, "element"), (8, "constant"), (8 if self.floats else 0, "parameter"),
                         (5 if sums else 0, "sum"), (28 if depth else 0, "op"), (5 if depth else 0, "divide"),
                         (3 if depth else 0, "math"), (4, "int"), (3 if depth else 0, "minmax"), (3 if depth else 0, "if"))
        if what == "element":
            return self.element(r.choice(arrays))
        if what == "parameter":
            return r.choice(self.floats)
        if what == "sum":
            return r.choice(sums)
        if what == "op":
            return f"({self.float_value(depth - 1)} {r.choice('+-*+*')} {self.float_value(depth - 1)})"
        if what == "divide":
            return f"({self.float_value(depth - 1)} / {self.float_value(depth - 1)})"
        if what == "math":
            e = self.float_value(depth - 1)
            return r.choice((f"math.sqrt(abs({e}))", f"math.sqrt({e})", f"abs({e})", f"math.floor({e})", f"math.exp(-abs({e}))"))
        if what == "int":
            return f"float({self.loop_int()})"
        if what == "minmax":
            return f"{r.choice(('min', 'max'))}({self.float_value(depth - 1)}, {self.float_value(depth - 1)})"
        if what == "if":
            return f"({self.float_value(depth - 1)} if {self.cond()} else {self.float_value(depth - 1)})"
        return r.choice(("0.0", "1.0", "0.5", "-2.0", "0.25", "3.0"))

    def int_value(self, depth):
        r = self.rng
        arrays = [a for a in self.arrays if not self.is_float(a)]
        sums = [n for n, kind in self.sums if kind == "int"]
        what = self.pick((26 if arrays else 0, "element"), (7, "constant"), (12, "loop"), (5, "invariant"),
                         (4 if sums else 0, "sum"), (24 if depth else 0, "op"), (5 if depth else 0, "div"), (4 if depth else 0, "bits"),
                         (3 if depth else 0, "minmax"), (3, "float"), (2 if depth else 0, "if"))
        if what == "element":
            return self.element(r.choice(arrays))
        if what == "loop":
            return self.loop_int()
        if what == "invariant":
            return self.invariant()
        if what == "sum":
            return r.choice(sums)
        if what == "op":
            return f"({self.int_value(depth - 1)} {r.choice('+-*++')} {self.int_value(depth - 1)})"
        if what == "div":
            return f"({self.int_value(depth - 1)} {r.choice(('//', '%'))} {r.choice((2, 3, 7, -2, self.int_value(depth - 1)))})"
        if what == "bits":
            return f"({self.int_value(depth - 1)} {r.choice(('&', '|', '^', '>>', '<<'))} {r.choice((1, 3, 7, self.loop_int()))})"
        if what == "minmax":
            return f"{r.choice(('min', 'max'))}({self.int_value(depth - 1)}, {self.int_value(depth - 1)})"
        if what == "float":
            return f"int({self.float_value(1)})"
        if what == "if":
            return f"({self.int_value(depth - 1)} if {self.cond()} else {self.int_value(depth - 1)})"
        return str(r.randint(-3, 9))

    def cond(self):
        r = self.rng
        how = self.pick((4, "loops"), (4, "float"), (3, "int"))
        if how == "loops":
            return f"{self.loop_int()} {r.choice(('<', '<=', '!=', '>', '=='))} {r.choice((self.loop_int(), self.invariant()))}"
        if how == "float":
            return f"{self.float_value(1)} {r.choice(('<', '>', '<=', '=='))} {self.float_value(1)}"
        return f"{self.int_value(1)} {r.choice(('<', '>', '==', '!='))} {self.int_value(1)}"

    # -- Statements -----------------------------------------------------------------------------------------

    def store(self):
        r = self.rng
        names = [a for a in self.arrays if a != "at"] or list(self.arrays)
        a = r.choice(names)
        at = self.element(a)
        if self.is_float(a):
            op = r.choice(("=", "=", "+=", "+=", "-=", "*="))
            self.put(f"{at} {op} {self.float_value(2)}")
        elif self.chance(0.4) and self.arrays[a].elem not in ("i64",):
            bits = int(self.arrays[a].elem[1:]) - (self.arrays[a].elem[0] == "i")
            self.put(f"{at} = {self.int_value(2)} & {(1 << bits) - 1}")
        else:
            self.put(f"{at} {r.choice(('=', '=', '+=', '^='))} {self.int_value(2)}")

    def reduce(self):
        if not self.sums:
            return self.store()
        name, kind = self.rng.choice(self.sums)
        value = self.float_value(2) if kind == "float" else self.int_value(2)
        how = self.pick((10, "+="), (2, "-="), (3, "min"), (3, "max"), (1, "*="), (1 if kind == "int" else 0, "^="))
        if how in ("min", "max"):
            self.put(f"{name} = {how}({name}, {value})")
        else:
            self.put(f"{name} {how} {value}")

    def product(self):
        """A dot product's step, as contractions have it."""
        floats = [a for a in self.arrays if self.is_float(a)]
        sums = [n for n, kind in self.sums if kind == "float"]
        if not floats:
            return self.store()
        a, b = self.rng.choice(floats), self.rng.choice(floats)
        if sums and self.chance(0.6):
            self.put(f"{self.rng.choice(sums)} += {self.element(a)} * {self.element(b)}")
        else:
            self.put(f"{self.element(self.rng.choice(floats))} += {self.element(a)} * {self.element(b)}")

    def statement(self):
        what = self.pick((30, "store"), (24, "reduce"), (14, "product"), (6, "if"), (3, "break"), (2, "continue"), (3, "local"))
        if what == "if":
            self.put(f"if {self.cond()}:")
            self.level += 1
            self.rng.choice((self.store, self.reduce))()
            self.level -= 1
        elif what in ("break", "continue"):
            self.put(f"if {self.cond()}:")
            self.put(f"    {what}")
        elif what == "local":
            name = self.new("t")
            kind = self.rng.choice(("float", "int"))
            self.put(f"{name} = {self.float_value(2) if kind == 'float' else self.int_value(2)}")
            (self.floats if kind == "float" else self.ints).append(name)
        else:
            getattr(self, what)()

    # -- Loops ----------------------------------------------------------------------------------------------

    def extent(self):
        r = self.rng
        a = r.choice(list(self.arrays))
        rank = self.arrays[a].rank
        if self.tidy and self.chance(0.8):
            return f"{a}.shape[{r.randrange(rank)}]"
        return self.pick((12, f"{a}.shape[{r.randrange(rank)}]"), (5, f"len({a})"), (3 if self.ints else 0, r.choice(self.ints or ["3"])),
                         (2, str(r.randint(0, 9))), (2, f"len({a}) - 1"), (1, f"{a}.shape[{r.randrange(rank)}] + 1"))

    def range_text(self):
        r, n = self.rng, self.extent()
        outer = self.loops[-1] if self.loops else None
        how = self.pick((20, "n"), (6, "from"), (4, "step"), (4, "down"), (7 if outer else 0, "triangle"), (2, "any"))
        if how == "from":
            return f"range({r.choice((1, 1, 2, self.invariant()))}, {n}{r.choice(('', ' - 1', ''))})"
        if how == "step":
            return f"range({r.choice((0, 1))}, {n}, {r.choice((2, 3, 4))})"
        if how == "down":
            return r.choice((f"range({n} - 1, -1, -1)", f"range({n} - 1, 0, -1)", f"range({n} - 2, -1, -2)"))
        if how == "triangle":
            return r.choice((f"range({outer})", f"range({outer} + 1)", f"range({outer} + 1, {n})", f"range({outer}, {n})"))
        if how == "any":
            return f"range({self.invariant()}, {n}, {r.choice((1, -1, 2, f'({self.invariant()} or 1)'))})"
        return f"range({n})"

    def accumulators(self, n):
        made = []
        for _ in range(n):
            kind = self.rng.choice(("float", "float", "int"))
            name = self.new("s")
            self.put(f"{name} = {self.rng.choice(('0.0', '0.0', '1.0')) if kind == 'float' else self.rng.choice(('0', '0', '1'))}")
            self.sums.append((name, kind))
            made.append((name, kind))
        return made

    def scope(self):
        return list(self.sums), list(self.floats), list(self.ints)

    def loop(self, depth):
        r = self.rng
        kept = self.scope()
        if self.chance(0.12):
            i = self.new("w")
            n = self.extent()
            self.put(f"{i} = 0")
            self.put(f"while {i} < {n}{f' and {self.cond()}' if self.loops and self.chance(0.2) else ''}:")
            end = f"{i} += {r.choice((1, 1, 2))}"
        else:
            i = "ijklp"[len(self.loops)] if len(self.loops) < 5 else self.new("i")
            self.put(f"for {i} in {self.range_text()}:")
            end = None
        self.loops.append(i)
        self.level += 1
        if end and self.chance(0.3):  # so that continue cannot make it endless
            self.put(end)
            end = None
        start = len(self.lines)
        if depth > 1:
            own = self.accumulators(r.choice((0, 1, 1)))
            if self.chance(0.25):
                self.statement()
            for _ in range(r.choice((1, 1, 1, 2))):
                self.loop(depth - 1)
            if own and self.chance(0.85):
                name, kind = own[0]
                stores = [a for a in self.arrays if self.is_float(a) == (kind == "float") and a != "at"]
                if stores:
                    self.put(f"{self.element(r.choice(stores))} {r.choice(('=', '+='))} {name}")
        else:
            for _ in range(r.choice((1, 1, 1, 2, 2, 3))):
                self.statement()
        if end:
            if any("continue" in line for line in self.lines[start:]):
                self.lines[start:] = [line.replace("continue", "break") for line in self.lines[start:]]
            self.put(end)
        self.level -= 1
        self.loops.pop()
        self.sums, self.floats, self.ints = kept

    def kernel(self):
        r = self.rng
        self.parameters()
        params = [f"{n}: {annotation(t)}" for n, t in self.arrays.items()]
        ints = list(self.ints)
        params += [f"{n}: int" for n in ints] + [f"{n}: {r.choice(('float', 'float', 'kb.f32'))}" for n in self.floats]
        self.accumulators(r.randint(0, 2))
        for _ in range(r.choice((1, 1, 1, 2))):
            if not (self.chance(0.4) and forms.put(self)):
                self.loop(self.pick((4, 1), (6, 2), (4, 3)))
        sums = list(self.sums)
        if not sums:
            sums = [(self.new("s"), "int")]
            self.put(f"{sums[0][0]} = 0")
        kinds = [kind for _, kind in sums]
        self.put("return " + ", ".join(n for n, _ in sums))
        back = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
        option = r.choice(("", "", "", "", "", "(overflow='wrap')", "(overflow='raise')", "(bounds=False)"))
        text = f"@kb.kernel{option}\ndef {self.name}({', '.join(params)}) -> {back}:\n" + "\n".join(self.lines) + "\n"
        return Kernel(self.name, text, frozenset())


def kernels(rng, n):
    return [Nest(rng, f"nest{k}").kernel() for k in range(n)]
