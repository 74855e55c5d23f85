# SPDX-License-Identifier: MIT
"""Random Python functions on any objects, for kb.jit: every statement that the dynamic front end takes. They end by
construction, and mostly fail somewhere: what they do until then, and how they fail, must be CPython's."""

NAMES = ("a", "b", "c", "d", "e")
EXCEPTIONS = ("Exception", "Exception", "(TypeError, AttributeError)", "ValueError", "TypeError", "ZeroDivisionError", "IndexError", "KeyError", "AttributeError", "Exception",
              "(ValueError, TypeError)", "ArithmeticError", "LookupError")

HELPERS = '''
class Thing:
    """Something with attributes, an item access and a context that logs."""
    def __init__(self, v):
        self.v = v

    def twice(self, k=2, *, plus=0):
        return self.v * k + plus

    def __enter__(self):
        LOG.append(("enter", self.v))
        return self

    def __exit__(self, kind, value, tb):
        LOG.append(("exit", self.v, kind and kind.__name__))
        return self.v == "quiet"

    kind = "thing"

    def __iadd__(self, other):
        LOG.append(("iadd", repr(other)[:40]))
        self.v += other
        return self

    def __contains__(self, x):
        LOG.append(("in", repr(x)[:40]))
        return x

    def __iter__(self):
        yield self.v
        yield self.v

    def __repr__(self):
        return f"Thing({self.v!r})"

    def __eq__(self, other):
        return isinstance(other, Thing) and vars(self) == vars(other)

    def __hash__(self):
        return 7


LOG = []
COUNT = 3


class Odd:
    """Says what is asked of it."""
    def __init__(self, v):
        self.v = v

    def __index__(self):
        LOG.append(("index", self.v))
        return self.v

    def __bool__(self):
        LOG.append(("bool", self.v))
        return self.v != 2

    def __lt__(self, other):
        LOG.append(("lt", self.v))
        return Odd(self.v + 1)

    __le__ = __gt__ = __lt__

    def __format__(self, spec):
        return f"{self.v}:{spec}"

    def __repr__(self):
        return f"Odd({self.v!r})"


def gen(x):
    try:
        yield x
        yield x
        yield 3
    finally:
        LOG.append("closed")


def helper(x, y=1, *rest, key=None, **more):
    LOG.append(("helper", repr(x)[:40], repr(y)[:40], len(rest), repr(key)[:40], sorted(more)))
    if key == 3:
        raise ValueError("three")
    return x
'''


class Maker:
    """The source of one function."""

    def __init__(self, rng, name):
        self.rng, self.name, self.lines, self.level, self.loops, self.trys, self.fuel = rng, name, [], 1, 0, 0, 0
        self.budget = rng.randint(6, 26)
        self.handling = self.final = 0
        self.lists = set()

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, *weighted):
        return self.rng.choices([v for _, v in weighted], [w for w, _ in weighted])[0]

    def put(self, text):
        self.lines.append("    " * self.level + text)

    # -- Expressions ---------------------------------------------------------------------------------------------------

    def leaf(self):
        r = self.rng
        return self.pick((14, r.choice(NAMES)), (14, str(r.randint(-3, 9))), (3, repr(r.choice((0.5, -2.0, 1e300, 3.0)))),
                         (2, r.choice(("'x'", "'abc'", "''", "b'q'"))), (1, r.choice(("None", "True", "False", "..."))),
                         (1, r.choice(("2**62", "2**63 - 1", "10**20", "-2**63"))), (1, "COUNT"), (1, "1j"))

    def expr(self, depth=2):
        if depth <= 0 or self.chance(0.2):
            return self.leaf()
        d, r = depth - 1, self.rng
        e = lambda: self.expr(d)
        what = self.pick((20, "binary"), (6, "compare"), (3, "bool"), (4, "unary"), (3, "ifexp"), (6, "item"), (3, "slice"), (5, "list"), (4, "tuple"),
                         (3, "dict"), (2, "set"), (6, "call"), (4, "method"), (3, "attr"), (4, "comp"), (3, "fstring"), (2, "lambda"), (1, "walrus"),
                         (2, "genexp"), (2, "in"), (1, "is"), (2, "star"), (2, "odd"), (2, "format"), (2, "nested"), (1, "setops"))
        if what == "binary":
            op = self.pick((10, "+"), (6, "-"), (6, "*"), (2, "/"), (3, "//"), (3, "%"), (2, "&"), (2, "|"), (1, "^"), (1, ">>"))
            right = str(r.randint(0, 4)) if op == "*" or self.chance(0.3) else e()
            return f"({e()} {op} {right})"
        if what == "compare":
            more = f" {r.choice(('<', '<=', '==', '!='))} {e()}" if self.chance(0.2) else ""
            return f"({e()} {r.choice(('<', '<=', '==', '!=', '>', '>='))} {e()}{more})"
        if what == "bool":
            return f"({e()} {r.choice(('and', 'or'))} {e()})"
        if what == "unary":
            return f"({r.choice(('-', 'not ', '~', '+'))}{e()})"
        if what == "ifexp":
            return f"({e()} if {e()} else {e()})"
        if what == "item":
            return f"{self.place()}[{r.choice((str(r.randint(-4, 4)), e()))}]"
        if what == "slice":
            part = lambda: r.choice(("", str(r.randint(-3, 4)), e()))
            return f"{self.place()}[{part()}:{part()}{r.choice(('', ':2', ':-1', ':' + part()))}]"
        if what == "list":
            return f"[{', '.join(e() for _ in range(r.randint(0, 3)))}]"
        if what == "tuple":
            return f"({', '.join(e() for _ in range(r.randint(0, 3)))},)" if self.chance(0.8) else "()"
        if what == "dict":
            return "{" + ", ".join(f"{e()}: {e()}" for _ in range(r.randint(0, 2))) + "}"
        if what == "set":
            return "{" + ", ".join(e() for _ in range(r.randint(1, 2))) + "}"
        if what == "call":
            return self.call(e)
        if what == "method":
            return self.pick((3, f"{self.place()}.{r.choice(('pop', 'count', 'index', 'get', 'upper', 'copy', 'keys'))}({r.choice(('', e()))})"),
                             (3, f"Thing({e()}).twice({r.choice(('', e(), 'plus=' + e(), 'k=' + e()))})"), (1, f"LOG.append(repr({e()})[:60])"))
        if what == "attr":
            return r.choice((f"Thing({e()}).v", f"{self.place()}.v", f"({e()}).real", f"{self.place()}.nothing"))
        if what == "comp":
            x = r.choice(("x", "y", "a"))
            item = r.choice((x, f"{x} + 1", f"({x}, {self.leaf()})", f"{x} * {self.leaf()}"))
            cond = r.choice(("", "", f" if {x}", f" if {x} != {self.leaf()}", f" for z in range({r.randint(0, 2)})"))
            it = self.iterable()
            return r.choice((f"[{item} for {x} in {it}{cond}]", f"{{{x}: {item} for {x} in {it}{cond}}}", f"{{{item} for {x} in {it}{cond}}}",
                             f"[{item} for {x} in {it}{cond}]"))
        if what == "genexp":
            return f"{r.choice(('sum', 'list', 'tuple', 'any', 'max', 'sorted'))}(x * 2 for x in {self.iterable()} if x != {self.leaf()})"
        if what == "fstring":
            q = self.leaf().replace("'", '"').replace("{", "(").replace("}", ")")
            return f"f'<{{{q}}}|{{{r.choice(NAMES)}!r:>5}}>'"
        if what == "lambda":
            return f"(lambda q, w={self.leaf()}: {r.choice(('q', 'w', f'(q, w, {r.choice(NAMES)})', 'q + w'))})({e()})"
        if what == "walrus":
            return f"({r.choice(NAMES)} := {e()})"
        if what == "in":
            return f"({e()} {r.choice(('in', 'not in'))} {self.iterable()})"
        if what == "is":
            return f"({e()} {r.choice(('is', 'is not'))} None)"
        if what == "odd":
            o = f"Odd({r.randint(-1, 3)})"
            return r.choice((f"{self.place()}[{o}]", f"{self.place()}[{o}:]", f"{self.place()}[{e()}:{o}:{o}]", f"({o} < {o} < {e()})",
                             f"({o} and {e()})", f"(not {o})", f"({e()} if {o} else {e()})", f"range({o})", f"({e()} <= {o} > {e()})"))
        if what == "format":
            spec = r.choice((">5", "05", ".2f", "x", "!r", "!s:>7", ",", "+d", "{%d}" % r.randint(1, 6), "=", "^{len('abc')}"))
            return f"f'{{{r.choice(NAMES)}{spec if spec[0] in '!=' else ':' + spec}}}{r.choice(('', '{{}}', 'x'))}'"
        if what == "nested":
            a, b = r.choice(NAMES), r.choice(NAMES)
            return r.choice((f"[[{a} for {a} in range({b})] for {b} in {self.iterable()}]", f"[({a} := x) for x in {self.iterable()}]",
                             f"[(lambda: x + {a})() for x in {self.iterable()}]", f"{{x: {{y: {a}}} for x in range(2) for y in {self.iterable()}}}",
                             f"[f() for f in [lambda: x for x in {self.iterable()}]]", f"[x for x in {self.iterable()} if ({a} := x)]",
                             f"any(({a} := x) for x in {self.iterable()})", f"[*{{**{{1: 2}}, **{b}}}]", f"{{*{a}, *{self.iterable()}}}"))
        if what == "setops":
            return f"({r.choice(('{1, 2}', 'set()', '{1: 2}', self.place()))} {r.choice('|&-^')} {r.choice(('{2, 3}', '{3: 4}', self.place()))})"
        return f"[*{self.iterable()}, {e()}]"

    def call(self, e):
        r = self.rng
        return self.pick((4, f"helper({e()})"), (2, f"helper({e()}, {e()})"), (2, f"helper({e()}, key={e()})"), (1, f"helper({e()}, *{self.iterable()})"),
                         (1, f"helper(*[{e()}], **{{'k{r.randint(0, 2)}': {e()}}})"), (3, f"len({e()})"), (2, f"abs({e()})"), (2, f"min({e()}, {e()})"),
                         (2, f"str({e()})"), (2, f"int({e()})"), (2, f"isinstance({e()}, (int, str))"), (1, f"sum({self.iterable()})"),
                         (1, f"divmod({e()}, {r.randint(0, 3)})"), (1, f"missing({e()})"), (1, f"float({e()})"), (1, f"bool({e()})"), (1, f"Thing({e()})"))

    def place(self):
        return self.rng.choice(NAMES)

    def iterable(self):
        r = self.rng
        return self.pick((6, f"range({r.randint(0, 5)})"), (3, f"range({r.randint(-3, 3)}, {r.randint(-3, 6)}, {r.choice((1, 2, -1, 3))})"), (6, r.choice(NAMES)),
                         (2, "'abc'"), (3, f"[{self.leaf()}, {self.leaf()}, 3]"), (2, f"enumerate({r.choice(NAMES)})"), (1, f"zip({r.choice(NAMES)}, range(3))"),
                         (1, "{1: 2, 3: 4}"), (1, f"reversed([1, 2, {self.leaf()}])"), (1, f"gen({r.choice(NAMES)})"), (1, f"Thing({r.choice(NAMES)})"), (1, "(1, 'b')"))

    # -- Statements ------------------------------------------------------------------------------------------------------

    def block(self, depth, n):
        self.level += 1
        start = len(self.lines)
        for _ in range(n):
            self.statement(depth)
        if len(self.lines) == start:
            self.put("pass")
        self.level -= 1

    def statement(self, depth):
        if self.budget <= 0:
            return
        self.budget -= 1
        inner = depth > 0
        what = self.pick((24, "assign"), (12, "aug"), (5, "store"), (3, "unpack"), (10 * inner, "if"), (10 * inner, "for"), (3 * inner, "while"),
                         (14 * inner, "try"), (4 * inner, "with"), (2, "raise"), (2, "assert"), (2, "del"), (3, "expr"), (3 if self.loops else 0, "jump"),
                         (2, "return"), (2 * inner, "def"), (1, "global"), (1, "import"), (2 * inner, "closure"), (1 * inner, "class"),
                         (1, "alias"), (3 * inner, "unwind"), (1, "chained"), (1 if self.handling else 0, "reraise"))
        getattr(self, "s_" + what)(depth)

    def s_assign(self, depth):
        n = self.rng.choice(NAMES)
        self.put(f"{n} = {self.rng.choice(NAMES) + ' = ' if self.chance(0.1) else ''}{self.expr(3)}")

    def s_aug(self, depth):
        r = self.rng
        to = self.pick((8, r.choice(NAMES)), (2, f"{r.choice(NAMES)}[{r.randint(0, 2)}]"), (1, f"{r.choice(NAMES)}.v"))
        if self.chance(0.2):
            to = r.choice((f"Thing({self.leaf()}).v", f"{r.choice(NAMES)}[helper({self.leaf()})]", f"{r.choice(NAMES)}[0:2]", f"{r.choice(NAMES)}[-1][0]", f"Thing.kind"))
        op = self.pick((8, "+"), (3, "-"), (2, "//"), (2, "%"), (1, "|"), (1, "&"), (1, "^"), (1, "/"), (1, ">>"), (1, "@"))
        self.put(f"{to} {op}= {self.expr(2)}")

    def s_store(self, depth):
        r = self.rng
        to = self.pick((5, f"{r.choice(NAMES)}[{r.choice((str(r.randint(-2, 3)), self.expr(1)))}]"), (2, f"{r.choice(NAMES)}.v"),
                       (1, f"{r.choice(NAMES)}[{r.randint(0, 1)}:{r.randint(1, 3)}]"))
        self.put(f"{to} = {self.expr(2)}")

    def s_unpack(self, depth):
        names = self.rng.sample(NAMES, self.rng.randint(2, 3))
        if self.chance(0.3):
            names[self.rng.randrange(len(names))] = "*" + self.rng.choice(names)
        self.put(f"{', '.join(names)} = {self.rng.choice((self.expr(2), self.iterable(), ', '.join(self.expr(1) for _ in names)))}")

    def s_if(self, depth):
        self.put(f"if {self.expr(2)}:")
        self.block(depth - 1, self.rng.randint(1, 3))
        if self.chance(0.2):
            self.put(f"elif {self.expr(1)}:")
            self.block(depth - 1, 1)
        if self.chance(0.4):
            self.put("else:")
            self.block(depth - 1, self.rng.randint(1, 2))

    def s_for(self, depth):
        r = self.rng
        target = self.pick((8, r.choice(NAMES)), (2, f"{r.choice(NAMES)}, {r.choice(NAMES)}"))
        self.put(f"for {target} in {self.iterable()}:")
        self.fuel += 1
        self.level += 1
        self.put(f"FUEL[0] -= 1; assert FUEL[0] > 0, 'fuel'")
        self.level -= 1
        self.loops += 1
        self.block(depth - 1, r.randint(1, 4))
        self.loops -= 1
        if self.chance(0.15):
            self.put("else:")
            self.block(depth - 1, 1)

    def s_while(self, depth):
        self.put(f"while {self.expr(1)}:")
        self.level += 1
        self.put("FUEL[0] -= 1; assert FUEL[0] > 0, 'fuel'")
        self.level -= 1
        self.loops += 1
        self.block(depth - 1, self.rng.randint(1, 3))
        self.loops -= 1

    def s_try(self, depth):
        r = self.rng
        self.put("try:")
        self.block(depth - 1, r.randint(1, 3))
        final = self.chance(0.35)
        for _ in range(r.randint(0 if final else 1, 2)):
            self.put(f"except {r.choice(EXCEPTIONS)}{r.choice(('', f' as {r.choice(NAMES)}'))}:")
            self.handling += 1
            self.block(depth - 1, r.randint(1, 2))
            self.handling -= 1
            handled = True
        if self.lines[-1].strip() and "except" in "".join(self.lines[-4:]) and self.chance(0.2) and not final:
            self.put("else:")
            self.block(depth - 1, 1)
        if final:
            self.put("finally:")
            loops, self.loops = self.loops, 0 if self.chance(0.8) else self.loops
            self.block(depth - 1, r.randint(1, 2))
            self.loops = loops

    def s_with(self, depth):
        r = self.rng
        item = lambda: f"Thing({r.choice((self.expr(1), repr('quiet')))}){r.choice(('', f' as {r.choice(NAMES)}'))}"
        self.put(f"with {item()}{', ' + item() if self.chance(0.2) else ''}:")
        self.block(depth - 1, r.randint(1, 3))

    def s_raise(self, depth):
        r = self.rng
        self.put(f"if {self.expr(1)}:")
        kind = r.choice(("ValueError", "KeyError", "TypeError", "ZeroDivisionError"))
        self.put("    " + r.choice((f"raise {kind}({self.expr(1)})", f"raise {kind}", f"raise {kind}('no') from {r.choice(('None', 'KeyError(1)'))}",
                                    f"raise {self.leaf()}")))

    def s_reraise(self, depth):
        self.put(f"if {self.expr(1)}: raise")

    def s_assert(self, depth):
        self.put(f"assert {self.expr(1)}{self.rng.choice(('', ', ' + self.expr(1)))}")

    def s_del(self, depth):
        r = self.rng
        self.put(f"del {self.pick((2, r.choice(NAMES)), (2, f'{r.choice(NAMES)}[{r.randint(-1, 1)}]'), (1, f'{r.choice(NAMES)}.v'))}")

    def s_expr(self, depth):
        self.put(f"LOG.append(repr({self.expr(2)})[:80])" if self.chance(0.6) else self.expr(2))

    def s_jump(self, depth):
        self.put(f"if {self.expr(1)}: {self.rng.choice(('break', 'continue'))}")

    def s_return(self, depth):
        self.put(f"if {self.expr(1)}: return {self.expr(1)}")

    def s_def(self, depth):
        r = self.rng
        n, free = r.choice(NAMES), r.choice(NAMES)
        body = r.choice((f"return q, {free}", "return q * 2", f"nonlocal {free}; {free} = q; return {free}", f"return [{free} for _ in range(2)]"))
        if f"nonlocal {free}" in body and n == free:
            body = "return q"
        self.put(f"def {n}(q={self.leaf()}, *r, k={self.leaf()}): {body}")
        self.put(f"LOG.append(repr({n}({self.expr(1)}))[:60])")

    def s_closure(self, depth):
        """A function that changes a variable of this one, made and called in a loop."""
        r = self.rng
        v, n, i = r.sample(NAMES, 3)
        self.put(f"for {i} in {self.iterable()}:")
        self.level += 1
        self.put("FUEL[0] -= 1; assert FUEL[0] > 0, 'fuel'")
        self.put(f"def {n}(*args, k={self.leaf()}, **more):")
        self.put(f"    nonlocal {v}")
        self.put(f"    {v} = {r.choice((i, 'k', 'args', v + ' + 1', 'more'))}")
        self.put(f"    return {r.choice((v, i, 'args, more', 'lambda: ' + v))}")
        self.put(f"LOG.append(repr({n}({self.expr(1)}, {r.choice(('', 'k=' + self.expr(1), '*' + self.iterable(), 'z=1'))}))[:20])")
        if self.chance(0.3):
            self.put(f"del {v}")
        self.level -= 1

    def s_class(self, depth):
        self.put(f"Thing.kind = {self.expr(1)}" if self.chance(0.6) else f"LOG.append(repr({self.place()}.kind)[:40])")

    def s_alias(self, depth):
        a, b = self.rng.sample(NAMES, 2)
        self.put(f"{a} = {b}; {a} {self.pick((4, '+'), (2, '*'), (1, '|'))}= {self.expr(1)}; LOG.append(isinstance({a}, (list, dict, set, Thing)) and {a} is {b})")

    def s_chained(self, depth):
        r = self.rng
        op = lambda: r.choice(("<", "<=", "==", "in", "is", "!=", ">"))
        self.put(f"{r.choice(NAMES)} = helper({self.expr(1)}) {op()} helper({self.expr(1)}) {op()} helper({self.expr(1)})")

    def s_unwind(self, depth):
        """Ways out of try, with and loops through finally."""
        r = self.rng
        out = lambda: r.choice(("break", "continue", f"return {self.leaf()}", f"raise KeyError({self.leaf()})", "pass", f"{r.choice(NAMES)} = 1 // {r.choice(NAMES)}"))
        self.put(f"for {r.choice(NAMES)} in {self.iterable()}:")
        self.level += 1
        self.put("FUEL[0] -= 1; assert FUEL[0] > 0, 'fuel'")
        self.put("try:")
        if self.chance(0.4):
            self.put(f"    with Thing({self.leaf()}) as {r.choice(NAMES)}, Thing('{r.choice(('quiet', 'loud'))}'):")
            self.put(f"        if {self.expr(1)}: {out()}")
        else:
            self.put(f"    if {self.expr(1)}: {out()}")
        self.put(f"    {out()}")
        if self.chance(0.5):
            self.put(f"except {r.choice(EXCEPTIONS)} as {r.choice(NAMES)}:")
            self.put(f"    if {self.expr(1)}: {r.choice((out(), 'raise', f'raise ValueError(2) from {self.leaf()}'))}")
        self.put("finally:")
        self.put(f"    LOG.append('finally')")
        self.put(f"    if {self.expr(1)}: {r.choice((out(), 'pass'))}")
        self.level -= 1

    def s_global(self, depth):
        self.put(f"LOG.append(COUNT + {self.rng.randint(0, 3)})")

    def s_import(self, depth):
        self.put(self.rng.choice((f"import math as {self.rng.choice(NAMES)}", f"from math import floor as {self.rng.choice(NAMES)}", "from math import nothing")))


def function(rng, name):
    """Source of a function of three parameters."""
    m = Maker(rng, name)
    for n in NAMES[3:]:
        if rng.random() < 0.8:
            m.put(f"{n} = {m.leaf()}")
    for _ in range(rng.randint(3, 9)):
        if rng.random() < 0.55:  # goes on after what fails
            m.put("try:")
            m.block(3, rng.randint(1, 2))
            m.put(f"except Exception{rng.choice((' as e', ''))}:")
            m.put("    LOG.append('failed')")
        else:
            m.statement(3)
    m.put("return " + rng.choice(("a", "(a, b, c)", "[a, d]", "{'a': a, 'e': e}", m.expr(2))))
    return f"def {name}(a, b=2, *, c=None):\n" + "\n".join(m.lines) + "\n"


ARGUMENTS = ("1", "2", "3", "4", "7", "1", "2", "[1, 2, 3]", "[3, 1, 2, 5]", "1.5", "0", "-5", "2.5", "True", "None", "'text'", "[1, 2, 3]", "[1.5, 2, 'x']", "(4, 5)", "{1: 'a', 'k': 2}", "2**63 - 1", "range(4)", "Thing(3)", "[]",
             "[[1], [2, 3]]", "{1, 2}", "10**25", "1e308", "[0.5, 1.5, 2.5]", "b'bytes'", "Thing('quiet')", "float('nan')", "Odd(2)", "gen(1)", "{1: 2, 3: [4]}", "frozenset({1})", "'{}'", "bytearray(b'ab')")
