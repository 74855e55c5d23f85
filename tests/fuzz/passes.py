# SPDX-License-Identifier: MIT
"""Random kernels through the passes: typed IR evaluated before and after must give the same results, arrays and exits.

passes.py [PROGRAMS [SEED]]: TAP, one line for each set of passes. A failing module is kept, and its name printed; then
`keelback opt FILE -p PASSES -x folded` shows the difference again. Kernels are bounded loops over ints and floats whose
indices and divisors are mostly, not always, in range: what is proven has to be true, and exits have to stay."""

import os
import random
import subprocess
import sys
import tempfile

KEELBACK = os.environ.get("KEELBACK", "keelback")
WHOLE = "fold,gvn,range,guardelim,fold,inline,fold,gvn,range,guardelim,fold,dce"
PARTS = ["range", "gvn,range,fold", "fold,range,guardelim", "inline,range,dce", "gvn,dce", "inline", "guardelim,fold,dce"]
EDGES = [0, 1, -1, 2, 5, 2**63 - 1, -(2**63), 2**62, 2**53 + 1]


class Generator:
    """One kernel as Python source. ints, floats: variables in scope; safe: loop counters that count along an array."""

    def __init__(self, rng, callees):
        self.rng, self.callees = rng, callees
        self.ints, self.floats, self.safe = ["a", "b", "s"], ["f", "g"], []
        self.settable, self.count = ["a", "b", "s"], 0

    def chance(self, p):
        return self.rng.random() < p

    def name(self):
        self.count += 1
        return f"v{self.count}"

    def const(self):
        big = [63, 64, 100, 255, -128, 2**31, 2**53, 2**62, -(2**62), 2**63 - 1]
        return str(self.rng.choice(big) if self.chance(0.2) else self.rng.randint(-4, 10))

    def divisor(self, e):
        if self.chance(0.15):
            return e
        return self.rng.choice([f"({e} % 7 + 1)", str(self.rng.randint(1, 9)), f"(abs({e}) + 1)", f"({e} | 1)"])

    def arith(self, depth):
        op, right = self.rng.choice(["+", "-", "*", "+", "-", "//", "%", "&", "|", "^"]), self.int(depth)
        if op in ("//", "%"):
            right = self.divisor(right)
        elif op == "*" and self.chance(0.8):
            right = self.rng.choice([f"({right} & 15)", str(self.rng.randint(-3, 5)), f"({right} % 5)"])
        return f"({self.int(depth)} {op} {right})"

    def int(self, depth=0):
        k = self.rng.random()
        if depth > 3 or k < 0.25:
            return self.rng.choice(self.ints)
        if k < 0.35:
            return self.const()
        if k < 0.75:
            return self.arith(depth + 1)
        if k < 0.80:
            return f"(({self.int(depth + 1)} & 255) {self.rng.choice(['>>', '<<'])} {self.rng.randint(0, 40)})"
        if k < 0.85:
            return f"{self.rng.choice(['min', 'max'])}({self.int(depth + 1)}, {self.int(depth + 1)})"
        if k < 0.90:
            array = self.rng.choice("xyz")
            return f"{array}[{self.index(array)}]"
        if k < 0.92:
            return f"len({self.rng.choice('xyz')})"
        if k < 0.95:
            return f"abs({self.int(depth + 1)})"
        if k < 0.97 and self.callees:
            return f"{self.rng.choice(self.callees)}(x, y, z, w, {self.int(depth + 1)}, {self.int(depth + 1)})"
        return f"int(kb.{self.rng.choice(['i8', 'u8', 'i16', 'i32'])}({self.int(depth + 1)}))"

    def index(self, array):
        k = self.rng.random()
        if self.safe and k < 0.45:
            return self.rng.choice(self.safe)
        if k < 0.8:
            return f"{self.int(2)} % len({array})"
        if k < 0.9:
            return str(self.rng.randint(-2, 2))
        if k < 0.93:
            return self.rng.choice(self.ints)
        if self.safe and k < 0.97:
            return f"{self.rng.choice(self.safe)} {self.rng.choice('+-')} 1"
        return f"({self.int(2)} & 3)"

    def float(self, depth=0):
        k = self.rng.random()
        if depth > 2 or k < 0.3:
            return self.rng.choice(self.floats)
        if k < 0.4:
            return self.rng.choice(["0.0", "1.0", "-0.5", "2.0", "3.25"])
        if k < 0.5:
            return f"w[{self.index('w')}]"
        if k < 0.6:
            return f"float({self.int(2)})"
        if k < 0.7:
            return f"({self.int(2)} / (abs({self.int(2)}) + 1))"
        op, right = self.rng.choice(["+", "-", "*", "/", "%", "//", "+", "*"]), self.float(depth + 1)
        if op in ("/", "%", "//") and self.chance(0.8):
            right = f"({right} * 0.0 + 1.5)"
        return f"({self.float(depth + 1)} {op} {right})"

    def cond(self, depth=0):
        k, op = self.rng.random(), self.rng.choice(["<", "<=", "==", "!=", ">", ">="])
        if depth < 2 and k < 0.2:
            return f"({self.cond(depth + 1)} {self.rng.choice(['and', 'or'])} {self.cond(depth + 1)})"
        if depth < 2 and k < 0.25:
            return f"not {self.cond(depth + 1)}"
        if k < 0.7:
            return f"{self.int(2)} {op} {self.int(2)}"
        if k < 0.8:
            return f"{self.int(2)} {op} {self.float(1)}"
        if k < 0.9:
            return f"{self.int(3)} <= {self.int(3)} < {self.int(3)}"
        return f"{self.float(1)} {op} {self.float(1)}"

    def block(self, indent, depth, ints=(), safe=()):
        """Statements one step further in; what they bind is out of scope behind them."""
        scope = self.ints, self.safe
        self.ints, self.safe = self.ints + list(ints), self.safe + list(safe)
        lines = [line for _ in range(self.rng.randint(1, 4)) for line in self.statement(indent + 1, depth + 1)]
        self.ints, self.safe = scope
        return lines

    def loop(self, indent, depth):
        pad, i, j, array = "    " * indent, self.name(), self.name(), self.rng.choice("xyz")
        k = self.rng.random()
        if k < 0.15:
            lines = [f"{pad}for {i}, {j} in enumerate({array}):"] + self.block(indent, depth, [i, j], [i])
        elif k < 0.25:
            lines = [f"{pad}for {i} in {array}:"] + self.block(indent, depth, [i])
        else:
            over = self.rng.choice([
                f"range(len({array}))", f"range({self.int(2)} % 7)", f"range(1, len({array}) - 1)",
                f"range(len({array}) - 1, -1, -1)", f"range({self.rng.choice(self.ints)} % 5, len({array}))",
                f"range(0, {self.int(3)} % 20, {self.rng.choice(['2', '3', '-1'])})",
                f"range(len({array}), {self.int(3)} % 9, -2)"])
            lines = [f"{pad}for {i} in {over}:"] + self.block(indent, depth, [i], [i] if "len" in over else [])
        if self.chance(0.2):
            lines += [f"{pad}    if {self.cond()}:", f"{pad}        {self.rng.choice(['break', 'continue'])}"]
        return lines

    def search(self, indent, depth):
        pad, lo, hi = "    " * indent, self.name(), self.name()
        step = self.rng.choice([f"{lo} += 1", f"{hi} -= 1", f"{lo} = ({lo} + {hi}) // 2 + 1"])
        return ([f"{pad}{hi} = {self.int(2)} % 6", f"{pad}{lo} = 0", f"{pad}while {lo} < {hi}:"]
                + self.block(indent, depth, [lo, hi]) + [f"{pad}    {step}"])

    def store(self, pad):
        if self.chance(0.2):
            return [f"{pad}w[{self.index('w')}] = {self.float()}"]
        if self.chance(0.5):
            return [f"{pad}x[{self.index('x')}] = {self.int()}"]
        return [f"{pad}z[{self.index('z')}] = ({self.int()}) & 65535"]

    def assign(self, pad):
        known = [v for v in self.ints if v in self.settable]
        name = self.rng.choice(known) if known and self.chance(0.75) else self.name()
        line = f"{pad}{name} = {self.int()}"
        if name not in self.ints:
            self.ints = self.ints + [name]
            self.settable.append(name)
        return [line]

    def statement(self, indent, depth):
        k, pad = self.rng.random(), "    " * indent
        if k < 0.25:
            return self.assign(pad)
        if k < 0.35:
            return [f"{pad}{self.rng.choice(self.floats)} = {self.float()}"]
        if k < 0.45:
            return self.store(pad)
        if depth >= 3 or k >= 0.93:
            return [f"{pad}s += {self.int(2)}"]
        if k < 0.6:
            lines = [f"{pad}if {self.cond()}:"] + self.block(indent, depth)
            return lines + [f"{pad}else:"] + self.block(indent, depth) if self.chance(0.5) else lines
        return self.loop(indent, depth) if k < 0.85 else self.search(indent, depth)

    def kernel(self, name):
        lines = ["@kb.kernel",
                 f"def {name}(x: kb.i64[:], y: kb.i8[:], z: kb.i32[:], w: kb.f64[:], a: int, b: int) -> int:",
                 "    s = 0", "    f = 0.5", "    g = 2.0"]
        for _ in range(self.rng.randint(3, 7)):
            lines += self.statement(1, 0)
        return lines + ["    if f < g:", "        s += 1", "    return s"]


def arguments(rng):
    def array(lo, hi):
        def one():
            return rng.choice([lo, hi, 0, 1, -1]) if rng.random() < 0.4 else rng.randint(-9, 9)
        return "[" + " ".join(str(one()) for _ in range(rng.choice([4, 4, 5, 6, 3, 1, 0]))) + "]"
    floats = [0.0, -0.0, 1.5, -2.25, 1e300, float("nan"), float("inf"), 3.0]
    w = "[" + " ".join(repr(rng.choice(floats)) for _ in range(rng.choice([4, 4, 5, 1, 0]))) + "]"
    a, b = (rng.choice(EDGES) if rng.random() < 0.3 else rng.randint(-8, 12) for _ in range(2))
    return f"({array(-2**63, 2**63 - 1)}, {array(-128, 127)}, {array(-2**31, 2**31 - 1)}, {w}, {a}, {b})"


def one_program(rng, folder, keep):
    """The sets of passes that change something, with the messages."""
    source = ["import keelback as kb"] + Generator(rng, []).kernel("f0") + Generator(rng, ["f0"]).kernel("f1")
    path = os.path.join(folder, "kernels.py")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(source) + "\n")
    made = subprocess.run([KEELBACK, "ir", path, "--after", "specialise"], capture_output=True, text=True, check=False)
    if made.returncode:
        return None if "error:" in made.stderr else [("", made.stderr)]
    text = made.stdout + "".join(f"# run: @{rng.choice(['f0', 'f1'])}{arguments(rng)}\n" for _ in range(40))
    path = os.path.join(folder, "kernels.kir")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    wrong = []
    for passes in (WHOLE, rng.choice(PARTS)):
        run = subprocess.run([KEELBACK, "opt", path, "-p", passes, "-x", "folded"], capture_output=True, text=True, check=False)
        if run.returncode:
            wrong.append((passes, run.stderr))
            with open(keep, "w", encoding="utf-8") as f:
                f.write(text)
    return wrong


def main(programs=30, seed=1):
    failures = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        for i in range(programs):
            keep = os.path.join(tempfile.gettempdir(), f"keelback-passes-{seed}-{i}.kir")
            wrong = one_program(random.Random(seed * 1000003 + i), folder, keep)
            refused += wrong is None
            for passes, message in wrong or []:
                failures += 1
                print(f"# {keep}: -p {passes}\n# " + message[:2000].replace("\n", "\n# "))
    print(f"{'not ok' if failures else 'ok'} 1 - passes keep what {programs - refused} programs do, seed {seed}")
    print(f"{'ok' if refused * 4 < programs else 'not ok'} 2 - {refused} programs refused by the front end")
    print("1..2")
    return 1 if failures or refused * 4 >= programs else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
