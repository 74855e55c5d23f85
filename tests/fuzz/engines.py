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
from keelback.check.compare import judge  # noqa: E402
from keelback.check.fits import takes  # noqa: E402
from keelback.check.inputs import Generator  # noqa: E402
from keelback.check.types import signature  # noqa: E402

KEELBACK = os.environ.get("KEELBACK", "keelback")

# name -> (options of `keelback build`, CC, environment of the run)
ENGINES = {
    "no-opt": (["--no-opt", "-O0"], None, {}),
    "no-opt-O2": (["--no-opt", "-O2"], None, {}),
    "gcc-O0": (["-O0"], None, {}),
    "gcc-O1": (["-O1"], None, {}),
    "gcc-O3": (["-O3"], None, {}),
    "native": (["-O3", "-march=native"], None, {}),
    "clang": (["-O3"], "clang", {}),
    "ubsan": (["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-fno-sanitize=float-divide-by-zero"], None,
              {}),
    "interpret": (["-O0"], None, {"KEELBACK_INTERPRET": "1"}),
    "stress": (["-O1", "--stress"], None, {"KB_STRESS": "random:1:0.03"}),
}
DEFAULT = ("interpret", "no-opt", "gcc-O0", "gcc-O3", "clang", "stress")

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
    flags, cc, _ = ENGINES[name]
    status, out = _run([KEELBACK, "build", path, "-o", so, *flags], {"CC": cc} if cc else None, 600)
    if status != 0:
        raise Broken(f"{name}: keelback build: status {status}\n{out[-3000:]}")
    return so


# -- Comparison --------------------------------------------------------------------------------------------------


class Batch:
    """The kernels of one file, their inputs and what CPython makes of them."""

    def __init__(self, path, inputs, seed, budget=20000):
        self.path, self.budget = path, budget
        own, noted = engine.load(path)
        functions = engine.plain_functions(noted)
        self.entries, self.count, self.failures = [], {}, []
        for number, k in enumerate(own):
            params, result = signature(k.py_func, k.options)
            make = Generator(params, k.options.get("check"), seed).make
            reference = engine.Reference(functions[id(k)], params, list(functions.values()), budget)
            made = [i for i in map(make, range(inputs)) if i is not None and takes(k, params, i)]
            self.entries.append(Entry(number, k, params, result, reference, made, [reference(i) for i in made]))

    def verdicts(self, so, entry, engine_name, inputs=None, seconds=20):
        """(input, verdict, outcome) of one kernel in a module that the engine built."""
        made, want = entry.inputs, entry.want
        if inputs is not None:
            made, want = inputs, [entry.reference(i) for i in inputs]
        runs = [k for k, w in enumerate(want) if w[0] != "skip"]
        native = engine.Native(so, entry.kernel.__name__, entry.number, [])
        env = ENGINES[engine_name][2]
        os.environ.update(env)
        got = dict(zip(runs, engine.run_in_child(native, [made[k] for k in runs], seconds)))
        for name in env:
            del os.environ[name]
        return [(i, judge(i, w, got.get(k), entry.result), got.get(k)) for k, (i, w) in enumerate(zip(made, want))]

    def run(self, engine_name, so):
        """Compares all kernels; counts outcomes by kind. At most one failure for each kernel."""
        count = self.count.setdefault(engine_name, Counter())
        for entry in self.entries:
            name = entry.kernel.__name__
            failed = False
            for inp, verdict, _ in self.verdicts(so, entry, engine_name):
                if verdict[0] == "fail" and not failed:
                    failed = True
                    self.failures.append(Failure(name, engine_name, verdict[1], inp))
                count[verdict[0]] += 1
            count["kernels"] += 1
