# SPDX-License-Identifier: MIT
"""Builds files of kernels with several engines and compares each kernel with CPython, as `keelback check` does."""
import ast
import os
import re
import subprocess
import sys
from collections import Counter, namedtuple

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))

from keelback.check import engine  # noqa: E402
from keelback.check.compare import GAVE_UP, judge  # noqa: E402
from keelback.check.inputs import Generator  # noqa: E402
from keelback.check.types import signature  # noqa: E402
from keelback.check.watch import Watcher  # noqa: E402
from keelback.ref.scalars import sized_int  # noqa: E402

KEELBACK = os.environ.get("KEELBACK", "keelback")

# name -> (options of `keelback build`, CC)
ENGINES = {
    "no-opt": (["--no-opt", "-O0"], None),
    "no-opt-O2": (["--no-opt", "-O2"], None),
    "gcc-O0": (["-O0"], None),
    "gcc-O1": (["-O1"], None),
    "gcc-O3": (["-O3"], None),
    "native": (["-O3", "-march=native"], None),
    "clang": (["-O3"], "clang"),
    "ubsan": (["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-fno-sanitize=float-divide-by-zero"], None),
}
DEFAULT = ("no-opt", "gcc-O0", "gcc-O3", "clang")

Entry = namedtuple("Entry", "number kernel params result reference inputs want")
Failure = namedtuple("Failure", "kernel engine what input")  # input: None for a failure of the build


class Broken(Exception):
    """The compiler or the C compiler failed on these kernels."""


def _run(argv, env=None, seconds=300):
    try:
        r = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                           env={**os.environ, **(env or {})}, timeout=seconds)
    except subprocess.TimeoutExpired:
        return -1, f"no end within {seconds} s"
    return r.returncode, r.stdout


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


# -- Refusals ---------------------------------------------------------------------------------------------------


def _drop(kernels, names):
    """The kernels without those and what calls them."""
    names, more = set(names), True
    while more:
        more = {k.name for k in kernels if k.name not in names and k.calls & names}
        names |= more
    return [k for k in kernels if k.name not in names]


def _lines_of(text):
    """[(first line, last line, kernel)]"""
    return [(d.lineno - len(d.decorator_list), d.end_lineno, d.name) for d in ast.parse(text).body
            if isinstance(d, ast.FunctionDef)]


def accepted(kernels, path, make_text):
    """(kernels that the front end takes, {refused: message}). Raises Broken when the command fails otherwise."""
    refused = {}
    while kernels:
        text = make_text(kernels)
        write(path, text)
        status, out = _run([KEELBACK, "emit", path, "-o", os.path.splitext(path)[0] + ".c"])
        if status == 0:
            return kernels, refused
        places, hit = _lines_of(text), {}
        for m in re.finditer(r"^[^:\n]+:(\d+):\d+: error: (.*)$", out, re.M):
            for first, last, name in places:
                if first <= int(m[1]) <= last:
                    hit.setdefault(name, m[2])
        if status != 1 or not hit:
            raise Broken(f"keelback emit: status {status}\n{out[-2000:]}")
        refused.update(hit)
        before = kernels
        kernels = _drop(kernels, hit)
        refused.update({k.name: "calls a refused kernel" for k in before if k not in kernels and k.name not in hit})
    return [], refused


def build(path, name, so):
    """Builds the file with an engine; Broken when that fails."""
    flags, cc = ENGINES[name]
    status, out = _run([KEELBACK, "build", path, "-o", so, *flags], {"CC": cc} if cc else None, 600)
    if status != 0:
        raise Broken(f"{name}: keelback build: status {status}\n{out[-3000:]}")
    return so


# -- Would CPython need more than 64 bits? ------------------------------------------------------------------------


class Reasons(Watcher):
    """What an input leads to that compiled types do not hold: finer than 2**53."""

    def __init__(self):
        super().__init__()
        self.reasons = set()

    def value(self, v):
        if isinstance(v, tuple):
            for x in v:
                self.value(x)
        elif isinstance(v, int) and not isinstance(v, bool):
            if not -2**63 <= v < 2**63:
                self.reasons.add("u64" if isinstance(v, sized_int) else "big int")
            elif abs(v) > 2**53:  # no float has its value, maybe
                self.reasons.add("inexact")
        elif isinstance(v, complex):
            self.reasons.add("complex")
        return v

    def power(self, a, b):
        if isinstance(a, int) and isinstance(b, int) and b < 0:
            self.reasons.add("negative exponent")
        return self.value(a ** b)

    def pow(self, a, b, m=None):
        if m is not None and b < 0:
            self.reasons.add("negative exponent")
        return self.power(a, b) if m is None else self.value(pow(a, b, m))


# -- Comparison --------------------------------------------------------------------------------------------------


class Batch:
    """The kernels of one file, their inputs and what CPython makes of them."""

    def __init__(self, path, inputs, seed, budget=20000):
        self.path, self.budget, self.watcher, self.known = path, budget, None, {}
        own, self.noted = engine.load(path)
        functions = engine.plain_functions(self.noted)
        self.entries, self.count, self.failures, self.spurious = [], {}, [], []
        for number, k in enumerate(own):
            params, result = signature(k.py_func, k.options)
            make = Generator(params, k.options.get("check"), seed).make
            reference = engine.Reference(functions[id(k)], params, list(functions.values()), budget)
            made = [i for i in map(make, range(inputs)) if i is not None]
            self.entries.append(Entry(number, k, params, result, reference, made, [reference(i) for i in made]))

    def verdicts(self, so, entry, inputs=None, seconds=20):
        """(input, verdict, outcome) of one kernel in a built module."""
        made, want = entry.inputs, entry.want
        if inputs is not None:
            made, want = inputs, [entry.reference(i) for i in inputs]
        runs = [k for k, w in enumerate(want) if w[0] != "skip"]
        native = engine.Native(so, entry.kernel.__name__, entry.number, [])
        got = dict(zip(runs, engine.run_in_child(native, [made[k] for k in runs], seconds)))
        return [(i, judge(i, w, got.get(k), entry.result), got.get(k)) for k, (i, w) in enumerate(zip(made, want))]

    def reasons(self, entry, inp):
        """Why a kernel may leave on that input: a set of words."""
        if id(inp) in self.known:
            return self.known[id(inp)][1]
        if self.watcher is None:
            self.watcher = Reasons()
            self.watched = engine.plain_functions(self.noted, self.watcher)
        self.watcher.reasons = reasons = set()
        for a in inp.args + list(inp.keywords.values()):
            self.watcher.value(a.value)
        fn, functions = self.watched[id(entry.kernel)], list(self.watched.values())
        how, value = engine.Reference(fn, entry.params, functions, 4 * self.budget)(inp)[:2]
        if how == "return":
            self.watcher.value(value)
        elif how == "skip":
            reasons.add("not known")
        self.known[id(inp)] = inp, reasons
        return reasons

    def run(self, engine_name, so):
        """Compares all kernels; counts outcomes by kind. At most one failure for each kernel."""
        count = self.count.setdefault(engine_name, Counter())
        for entry in self.entries:
            name = entry.kernel.__name__
            failed = spurious = False
            for inp, verdict, got in self.verdicts(so, entry):
                kind = verdict[0]
                if verdict == ("skip", GAVE_UP):
                    why = self.reasons(entry, inp)
                    kind = "deopt" if why - {"inexact"} else "inexact" if why else "spurious"
                    if kind == "spurious" and not spurious:
                        spurious = True
                        self.spurious.append(Failure(name, engine_name, got[1][1], inp))
                elif kind == "fail" and not failed:
                    failed = True
                    self.failures.append(Failure(name, engine_name, verdict[1], inp))
                count[kind] += 1
            count["kernels"] += 1
