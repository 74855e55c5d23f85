# SPDX-License-Identifier: MIT
"""Random kernels: typed expressions and statements that the front end takes, mostly; loops end by construction.

Types are texts: int, float (weak), bool, f32, f64, i8 ... u64; arrays are Array tuples. Every variable keeps one
type, but in `mixed` kernels, which ask what the compiler does with doubtful ones.
"""
import ast
from collections import namedtuple

from exprs import ELEMENTS, SIZED, Array, Expressions, Signature, annotation, value_type

Kernel = namedtuple("Kernel", "name text calls")


class Maker(Expressions):
    """One kernel in the making."""

    def put(self, text):
        self.lines.append("    " * self.level + text)

    def block(self, depth, n, before=()):
        self.level += 1
        start = len(self.lines)
        for text in before:
            self.put(text)
        for _ in range(n):
            self.statement(depth)
        if len(self.lines) == start:
            self.put("pass")
        self.level -= 1

    def statement(self, depth):
        if self.budget <= 0:
            return
        self.budget -= 1
        self.me = self.me._replace(cost=self.me.cost + self.trips)
        inner = depth > 0 and self.trips < 200
        what = self.pick((30, "assign"), (16, "aug"), (10, "store"), (9 if inner else 0, "if"),
                         (12 if inner else 0, "for"),
                         (4 if inner else 0, "while"), (4, "unpack"), (2, "swap"), (2, "local"), (1, "raise"),
                         (1, "assert"),
                         (3 if self.loops else 0, "jump"), (1, "return"), (1, "call"), (1, "double"))
        getattr(self, "s_" + what)(depth)

    def some_type(self):
        return self.rng.choice(("int", "int", "int", "float", "float", "f64", "f64", "f32", "f32", "bool",
                                self.rng.choice(SIZED)))

    def target(self, ty):
        """A variable of the type that may be assigned, or a new one."""
        names = [n for n in self.names(ty, maybe=True) if n not in self.readonly or self.chance(0.03)]
        return self.rng.choice(names) if names and self.chance(0.55) else self.new_name()

    def set(self, name, ty):
        self.types[name] = ty
        self.bound.add(name)

    def bounded(self, ty, e):
        if ty == "int" and self.loops and self.chance(0.6):
            return f"{e} {self.rng.choice(('% 1009', '& 4095', '% -97', '% 64'))}"
        return e

    def s_assign(self, depth):
        ty = self.some_type()
        doubtful = self.mixed and self.chance(0.4) and ty in ("float", "f64", "f32", "int")
        e = self.bounded(ty, self.expr(ty, 3))
        if doubtful:
            e = self.rng.choice(("0", "1", "0.0", "0.5", "True"))
        name = self.target(ty)
        self.put(f"{name} = {e}")
        self.set(name, ty)

    def s_double(self, depth):
        ty = self.some_type()
        e = self.expr(ty, 2)
        a, b = self.target(ty), self.target(ty)
        self.put(f"{a} = {b} = {e}")
        self.set(a, ty)
        self.set(b, ty)

    def s_aug(self, depth):
        ty = self.some_type()
        names = [n for n in self.names(ty, maybe=self.chance(0.05)) if n not in self.readonly]
        if not names:
            return self.s_assign(depth)
        n, a = self.rng.choice(names), self.rng
        if ty == "bool":
            self.put(f"{n} {a.choice('&|^')}= {self.expr('bool', 2)}")
        elif ty in ("int",) or ty in SIZED:
            op = self.pick((10, "+"), (8, "-"), (1, "*"), (3, "//"), (3, "%"), (3, "&"), (3, "|"), (4, "^"), (1, "<<"),
                           (3, ">>"))
            if op in ("//", "%"):
                rhs = self.divisor("int", 2)
            elif op in ("<<", ">>"):
                rhs = f"({self.expr('int', 1)} & 7)"
            else:
                rhs = self.small(2) if op == "*" or self.loops else self.expr("int", 2)
            self.put(f"{n} {op}= {rhs}")
        else:
            op = self.pick((10, "+"), (8, "-"), (6, "*"), (3, "/"), (1, "//"), (1, "%"))
            rhs = self.divisor("float", 2) if op in ("/", "//", "%") else \
                self.number(2, ty, "float", "int") if ty != "f64" else self.number(2, "f64", "f32", "float", "int")
            self.put(f"{n} {op}= {rhs}")
        self.bound.add(n)

    def s_store(self, depth):
        arrays = self.arrays()
        if not arrays:
            return self.s_assign(depth)
        a = self.rng.choice(arrays)
        elem, at = self.types[a].elem, self.place(a)
        if elem in ("f64", "f32"):
            if self.chance(0.4):
                self.put(f"{at} {self.rng.choice('+-*+')}= {self.number(2, elem, elem, 'float', 'int')}")
            else:
                self.put(f"{at} = {self.number(3, elem, 'float', 'int', 'f64', 'f32')}")
        elif elem == "boolean":
            self.put(f"{at} = {self.expr('bool', 2)}")
        else:
            top = (1 << min(int(elem[1:]) - (elem[0] == "i"), 62)) - 1
            if self.chance(0.3):
                self.put(f"{at} {self.rng.choice('^|&' if elem[0] == 'u' else '+-^|')}= {self.expr('int', 1)} & 15")
            elif self.chance(0.85):
                self.put(f"{at} = {self.expr('int', 2)} & {top}")
            else:
                self.put(f"{at} = {self.number(2, 'int', 'bool', self.rng.choice(SIZED))}")

    def s_unpack(self, depth):
        if self.chance(0.4):
            c = self.call("", tuples=True)
            if c:
                names = []
                for ty in c[1].result:
                    n = self.target(ty)
                    while n in names:
                        n = self.new_name()
                    names.append(n)
                self.put(f"{', '.join(names)} = {c[0]}")
                for n, ty in zip(names, c[1].result):
                    self.set(n, ty)
                return
        if self.chance(0.4):
            ty = self.rng.choice(("int", "float"))
            e = f"divmod({self.expr(ty, 2)}, {self.divisor(ty, 2)})"
            types = [ty, ty]
        else:
            types = [self.some_type() for _ in range(self.rng.randint(2, 3))]
            e = ", ".join(self.expr(t, 2) for t in types)
        names = []
        for t in types:
            n = self.target(t)
            names.append(n if n not in names else self.new_name())
        self.put(f"{', '.join(names)} = {e}")
        for n, t in zip(names, types):
            self.set(n, t)

    def s_swap(self, depth):
        by = {}
        for n, t in self.types.items():
            if n in self.bound and n not in self.readonly and not isinstance(t, Array):
                by.setdefault(t, []).append(n)
        pairs = [v for v in by.values() if len(v) > 1]
        if not pairs:
            return self.s_assign(depth)
        names = self.rng.sample(self.rng.choice(pairs), 2)
        if len(pairs[0]) > 2 and self.chance(0.4):
            names = self.rng.sample(pairs[0], 3)
        self.put(f"{', '.join(names)} = {', '.join(names[1:] + names[:1])}")

    def s_local(self, depth):
        if self.loops > 1:
            return
        elem, rank = self.rng.choice(ELEMENTS), self.pick((3, 1), (1, 2))
        extents = [self.rng.choice((str(self.rng.randint(1, 6)), f"({self.expr('int', 1)} & 7)",
                                    *(f"len({a})" for a in self.arrays()))) for _ in range(rank)]
        shape = extents[0] if rank == 1 else f"({', '.join(extents)})"
        name, dtype = self.new_name(), f"kb.{elem}"
        how = self.rng.random()
        if how < 0.6:
            e = f"kb.zeros({shape}, {dtype})"
        elif how < 0.8:
            e = f"kb.ones({shape}, {dtype})"
        else:
            ty = value_type(elem)
            e = f"kb.full({shape}, {self.expr(ty, 1) if ty != 'int' else self.rng.randint(0, 9)}, {dtype})"
        self.put(f"{name} = {e}")
        self.set(name, Array(elem, rank, True))

    def s_raise(self, depth):
        self.put(f"if {self.cond(2)} and {self.cond(1)}:" if self.chance(0.7) else f"if {self.cond(2)}:")
        e = self.rng.choice(("ValueError('bad')", "KeyError('k')", "ZeroDivisionError", "IndexError('at')",
                             "RuntimeError()"))
        self.put(f"    raise {e}")

    def s_assert(self, depth):
        self.put(f"assert {self.cond(1)} or {self.cond(2)}" + self.rng.choice(("", ", 'no'")))

    def s_jump(self, depth):
        self.put(f"if {self.cond(2)}:")
        self.put(f"    {self.rng.choice(('break', 'continue'))}")

    def s_return(self, depth):
        self.put(f"if {self.cond(2)}:")
        self.put(f"    {self.result()}")

    def s_call(self, depth):
        c = self.call(self.some_type())
        if c:
            self.put(c)

    def branch(self, make):
        """Runs make() on a copy of what is bound; what is bound afterwards."""
        before = set(self.bound)
        make()
        after, self.bound = self.bound, before
        return after

    def s_if(self, depth):
        self.put(f"if {self.cond(3)}:")
        ways = [self.branch(lambda: self.block(depth - 1, self.rng.randint(1, 3)))]
        if self.chance(0.15):
            self.put(f"elif {self.cond(2)}:")
            ways.append(self.branch(lambda: self.block(depth - 1, self.rng.randint(1, 2))))
        if self.chance(0.45):
            self.put("else:")
            ways.append(self.branch(lambda: self.block(depth - 1, self.rng.randint(1, 2))))
            self.bound = set.intersection(*ways)

    def range_call(self):
        """(text, trips, bounded)"""
        r, d = self.rng, 2
        e = lambda: self.expr("int", 1)
        near = lambda: f"max(-6, min({e()}, 9))"
        step = lambda: r.choice(("1", "-1", "2", "-2", "3", f"({e()} % 5 - 2)", f"({e()} | 1)", "7", "-7"))
        x = r.choice(self.arrays() or [""])
        how = self.pick((5, "const"), (8 if x else 0, "len"), (5, "small"), (4, "steps"), (4, "raw"),
                        (3 if x else 0, "back"),
                        (2, "edge"), (2, "three"))
        if how == "const":
            n = r.randint(0, 7)
            return f"range({n})", n, True
        if how == "len":
            axis = r.randrange(self.types[x].rank)
            return r.choice((f"range(len({x}))", f"range({x}.shape[{axis}])", f"range(1, len({x}))",
                             f"range(len({x}) - 1)",
                             f"range(0, len({x}), 2)", f"range(0, len({x}), 3)")), 6, True
        if how == "back":
            return r.choice((f"range(len({x}) - 1, -1, -1)", f"range(len({x}) - 1, 0, -1)",
                             f"range(len({x}) - 2, -1, -2)",
                             f"range(-1, -len({x}) - 1, -1)")), 6, True
        if how == "small":
            return r.choice((f"range({e()} % 7)", f"range({near()})", f"range({near()}, {near()})")), 6, True
        if how == "three":
            return f"range({r.randint(-9, 9)}, {r.randint(-9, 9)}, {r.choice((1, -1, 2, -2, 3, -3, 5))})", 6, True
        if how == "steps":
            return f"range({near()}, {near()}, {step()})", 9, True
        if how == "edge":
            return r.choice(("range(2**63 - 3, 2**63 - 1)", "range(-2**63, -2**63 + 7, 3)",
                             "range(0, 2**63 - 1, 2**62)",
                             "range(2**63 - 1, -2**63, -2**62)", "range(5, -2**63, -2**61)",
                             "range(-2**63, 2**63 - 1, 2**61)")), 4, True
        return f"range({e()}, {e()}, {step()})", 5, False

    def iterable(self):
        """(text, targets, trips, bounded): targets is a nested list of (name, type)."""
        r = self.rng
        arrays = self.arrays()
        simple = self.pick((10, "range"), (6 if arrays else 0, "array"))
        if simple == "range":
            text, trips, bounded = self.range_call()
            return text, (self.new_name(), "int"), trips, bounded
        x = r.choice(arrays)
        ty = self.types[x]
        item = value_type(ty.elem) if ty.rank == 1 else Array(ty.elem, ty.rank - 1, ty.contig)
        return x, (self.new_name(), item), 6, True

    def walk(self):
        text, target, trips, bounded = self.iterable()
        if self.chance(0.15):
            more, target2, _, b2 = self.iterable()
            text, target, bounded = f"zip({text}, {more})", [target, target2], bounded or b2
            if self.chance(0.2):
                more, target3, _, b3 = self.iterable()
                text, target, bounded = f"{text[:-1]}, {more})", target + [target3], bounded or b3
        if self.chance(0.15):
            start = self.rng.choice(("", "", f", {self.expr('int', 1)}", ", 1"))
            text, target = f"enumerate({text}{start})", [(self.new_name(), "int"), target]
        return text, target, trips, bounded

    def targets_text(self, t, top=True):
        if isinstance(t, tuple):
            return t[0]
        text = ", ".join(self.targets_text(x, False) for x in t)
        return text if top else f"({text})"

    def targets_of(self, t):
        return [t] if isinstance(t, tuple) else [y for x in t for y in self.targets_of(x)]

    def loop_body(self, depth, targets, trips, fuel):
        def make():
            for name, ty in targets:
                self.set(name, ty)
                self.readonly.add(name)
            before = [f"{fuel} += 1", f"if {fuel} > {trips}:", "    break"] if fuel else []
            trips_before, self.trips = self.trips, self.trips * max(trips, 1)
            self.loops += 1
            self.block(depth - 1, self.rng.randint(1, 4), before)
            self.loops -= 1
            self.trips = trips_before
        self.branch(make)
        for name, ty in targets:
            self.readonly.discard(name)
        if self.chance(0.12):
            self.put("else:")
            self.branch(lambda: self.block(depth - 1, self.rng.randint(1, 2)))

    def fuel(self):
        name = self.new_name()
        self.put(f"{name} = 0")
        self.set(name, "int")
        self.readonly.add(name)
        return name

    def s_for(self, depth):
        text, target, trips, bounded = self.walk()
        fuel = None if bounded else self.fuel()
        self.put(f"for {self.targets_text(target)} in {text}:")
        self.loop_body(depth, self.targets_of(target), trips, fuel)

    def s_while(self, depth):
        fuel = self.fuel()
        trips = self.rng.randint(2, 9)
        self.put(f"while {'True' if self.chance(0.1) else self.cond(2)}:")
        self.loop_body(depth, [], trips, fuel)

    def result(self):
        if self.me.result is None:
            return "return"
        return "return " + ", ".join(self.expr(t, 1) for t in self.me.result)

    def last_return(self):
        """The final result: variables where their types fit, so that what was computed shows."""
        if self.me.result is None:
            return
        used, out = set(), []
        for t in self.me.result:
            names = [n for n in self.names(t) if n not in used and n.startswith("v")]
            if names:
                out.append(self.rng.choice(names))
                used.add(out[-1])
            else:
                out.append(self.expr(t, 2))
        self.put("return " + ", ".join(out))


def _signature(rng, name, recursive):
    params = [("fuel", "int")] if recursive else []
    for k in range(rng.randint(1, 4)):
        how = rng.random()
        if how < 0.27:
            ty = "int"
        elif how < 0.42:
            ty = "float"
        elif how < 0.47:
            ty = "bool"
        elif how < 0.53:
            ty = "f32"
        elif how < 0.58:
            ty = "f64"
        elif how < 0.64:
            ty = rng.choice(SIZED)
        else:
            rank = rng.choice((1, 1, 1, 1, 1, 2, 2, 3, 4))
            ty = Array(rng.choice(ELEMENTS), rank, rng.random() < 0.25)
        params.append(("abcdxyz"[k], ty))
    types = ("int", "int", "float", "float", "f64", "f32", "bool", rng.choice(SIZED))
    result = [rng.choice(types) for _ in range(rng.choice((1, 2, 3, 4, 5)))]
    if rng.random() < 0.06 and any(isinstance(t, Array) for _, t in params):
        result = None
    first = rng.randrange(len(params)) if rng.random() < 0.1 else len(params)
    return Signature(name, params, result, 1, tuple(n for n, _ in params[first:]))


def _declared(rng, ty):
    if rng.random() < 0.9 or ty in ("bool", "f32"):
        return annotation(ty)
    return "float" if ty in ("f64", "float") else "int"


def _kernel(rng, known, sig, recursive, declared_params):
    m = Maker(rng, known, sig, recursive)
    if recursive:
        m.put(f"if fuel <= 0 or fuel > {6 if len(recursive) == 1 else 5}:")
        m.put(f"    {m.result()}")
        m.readonly.add("fuel")
    for _ in range(rng.randint(1, 4)):
        m.s_assign(0)
    for _ in range(rng.randint(3, 8)):
        m.statement(3)
    m.last_return()
    if not m.lines:
        m.put("pass")
    # sized parameters and results are plain ints inside
    params = ", ".join(("*, " if sig.kwonly[:1] == (n,) else "") + f"{n}: {annotation(t)}" for n, t in sig.params)
    checks = {n: "range(-4, 13)" for n, t in declared_params if t == "int" and n != "fuel" and rng.random() < 0.5}
    if recursive:
        checks["fuel"] = "range(-1, 8)"
    options = [f"check={{{', '.join(f'{n!r}: {v}' for n, v in checks.items())}}}"] if checks else []
    if rng.random() < 0.2:
        options.append(f"overflow={rng.choice(('wrap', 'raise'))!r}")
    option = f"({', '.join(options)})" if options else ""
    back = ""
    if rng.random() < 0.95 or recursive:
        items = [_declared(rng, t) for t in sig.result or ()]
        back = " -> " + ("None" if not items else items[0] if len(items) == 1 else f"tuple[{', '.join(items)}]")
        declared = True
    else:
        declared = False
    text = f"@kb.kernel{option}\ndef {sig.name}({params}){back}:\n" + "\n".join(m.lines) + "\n"
    cost = m.me.cost * (len(m.calls & {s.name for s in recursive}) and 60 or 1)
    seen = sig._replace(cost=cost, result=None if not declared or not sig.result else
                        [_as_seen(a) for a in (back[4:],)] if len(sig.result) == 1 else [_as_seen(a) for a in items])
    return Kernel(sig.name, text, frozenset(m.calls)), seen


def _as_seen(text):
    """What a caller gets for a declared result: sized ints are ints."""
    name = text.removeprefix("kb.")
    return "int" if name in SIZED else name


def _inside(sig):
    """Parameters as the body sees them."""
    return sig._replace(params=[(n, "int" if t in SIZED else t) for n, t in sig.params])


def kernels(rng, n, first=0):
    """n kernels; later ones may call earlier ones."""
    out, known = [], []
    while len(out) < n:
        recursive = rng.random() < 0.07
        count = 2 if recursive and rng.random() < 0.3 else 1
        sigs = [_signature(rng, f"k{first + len(out) + i}", recursive) for i in range(count)]
        # in a cycle the results are what callers see: declared types
        seen = [s._replace(result=s.result and [("int" if t in SIZED else t) for t in s.result], cost=1) for s in sigs]
        for s in sigs:
            k, callable_as = _make(rng, known, s, seen if recursive else ())
            out.append(k)
            if callable_as.cost < 400:
                known.append(callable_as)
        known = known[-12:]
    return out[:n] if len(out) == n else out


def _make(rng, known, sig, recursive):
    outer = {n: t for n, t in sig.params}
    k, seen = _kernel(rng, known, _inside(sig), recursive, sig.params)
    if any(t in SIZED for t in outer.values()):  # declare them as they are
        tree = ast.parse(k.text)
        for arg in tree.body[0].args.args + tree.body[0].args.kwonlyargs:
            if outer[arg.arg] in SIZED:
                arg.annotation = ast.parse(annotation(outer[arg.arg]), mode="eval").body
        k = k._replace(text=ast.unparse(tree) + "\n")
    return k, seen._replace(params=[(n, "fuel" if n == "fuel" else t) for n, t in sig.params])


def pretty(kernel):
    return kernel._replace(text=ast.unparse(ast.parse(kernel.text)) + "\n")


HEAD = "# SPDX-License-Identifier: MIT\nimport math\n\nimport keelback as kb\n"


def file_text(kernels_):
    return HEAD + "".join("\n\n" + k.text for k in kernels_)
