# SPDX-License-Identifier: MIT
"""equal.py [FILE.py...] [-T SECONDS] [--seed N] [--random K] [--variants a,b] [-n CALLS]: kernels with and without the plugin.

Each file is emitted once and compiled without the plugin (gcc -O1, the reference) and with it, in several ways. A C program
(equal/equal.c) calls all of them with the same random inputs and compares status, result, memory and exits with all their
live values. --random: rounds of random kernels (tests/fuzz/nests.py and gen.py), until SECONDS are over. Kernels with
bounds=False get inputs for which the same file without bounds=False finds no index outside. A kernel for which fastmath
asks for other results is left out. Ends with sums: calls, differences, guards proven, fast copies taken.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[0] = os.path.join(ROOT, "tests", "fuzz")  # not this folder: it has tests with names of Python's modules

import gen  # noqa: E402
import nests  # noqa: E402
from keelback.check import engine  # noqa: E402
from keelback.check.types import signature  # noqa: E402

KEELBACK = os.environ.get("KEELBACK", "keelback")
LIB = os.environ.get("KEELBACK_LIB", os.path.dirname(os.path.abspath(KEELBACK)))
CC = os.environ.get("CC", "gcc").split()
PLUGIN = os.environ.get("KEELBACK_PLUGIN") or os.path.join(LIB, "plugin", "keelback.so")
INCLUDE = os.path.join(ROOT, "include")
SECONDS = 900  # of one command

# name -> (flags, the plugin when compiling, when linking, KB_POLL_FIRST as a variable)
VARIANTS = {
    "O2": (["-O2"], True, False, False),
    "O3": (["-O3"], True, False, False),
    "native": (["-O3", "-march=native"], True, False, False),
    "wrapv": (["-O3", "-march=native", "-fwrapv"], True, False, False),
    "polls": (["-O3", "-march=native"], True, False, True),
    "Os": (["-Os"], True, False, False),
    "lto": (["-O3", "-march=native", "-flto"], True, True, False),
    "ltoplain": (["-O2", "-flto"], True, False, False),
    "plain": (["-O3", "-march=native"], False, False, False),
}
DEFAULT = "O2,native,wrapv,polls,lto"

# Reasons of kept guards that no bound at a nest's entry could settle (plugin/blame.cc).
DATA = re.compile("from memory|made of a float|is the result of|is multiplied|is divided|operations on bits|more than a sum|not counted")

Unit = namedtuple("Unit", "folder c hints")


class Failed(Exception):
    pass


def run(argv, cwd=None):
    try:
        r = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                           timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end within {SECONDS} s: {' '.join(argv)}") from None
    return r.returncode, r.stdout


def must(argv, cwd=None):
    status, out = run(argv, cwd)
    if status:
        raise Failed(f"{' '.join(argv)}\n{out[-4000:]}")
    return out


# -- Compiling --------------------------------------------------------------------------------------------------


def kernel_flags():
    """What the kernel's flags are, but for the plugin."""
    words = must([KEELBACK, "config", "--kernel-cflags"]).split()
    return [w for w in words if not w.startswith("-fplugin")]


def driver(folder):
    """The C program."""
    exe = os.path.join(folder, "equal")
    here = os.path.join(HERE, "equal")
    must([*CC, "-O2", "-I" + INCLUDE, "-rdynamic", "-o", exe, *(os.path.join(here, f) for f in
          ("equal.c", "inputs.c", "doubles.c")), "-Wl,--allow-multiple-definition",
          "-Wl,--whole-archive", os.path.join(LIB, "libkeelback.a"), "-Wl,--no-whole-archive", "-ldl", "-lm", "-lpthread"])
    return exe


def emit(path, folder):
    """Emits a file of kernels into a folder; the Unit, or None when there is nothing to call."""
    name = os.path.splitext(os.path.basename(path))[0]
    c = os.path.join(folder, name + ".c")
    must([KEELBACK, "emit", path, "-o", c, "--header", os.path.join(folder, name + ".h")])
    text = open(c, encoding="utf-8").read()
    tail = "\nconst kb_unit *const equal_unit = &kb_this_unit;\n"
    with open(c, "w", encoding="utf-8") as f:
        f.write(text + tail)
    with open(os.path.join(folder, name + ".polls.c"), "w", encoding="utf-8") as f:
        f.write("#include <stdint.h>\nextern int64_t equal_poll_first;\n"
                + text.replace("kb_left = KB_POLL_FIRST;", "kb_left = equal_poll_first;") + tail)
    return Unit(folder, c, hints(path, os.path.join(folder, name + ".hints")))


def judge(path, folder):
    """The shared object of a file's kernels with all bounds checks; None: it has them."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    checked = re.sub(r"\bbounds\s*=\s*False", "bounds=True", text)
    if checked == text:
        return None
    own = os.path.join(folder, "judge")
    os.makedirs(own)
    path = os.path.join(own, os.path.basename(path))
    with open(path, "w", encoding="utf-8") as f:
        f.write(checked)
    return compile_unit(emit(path, own), "judge", ["-O1"], False, False, True)[0]


def compile_unit(unit, name, flags, plugin, plugin_at_link, polls, more=()):
    """The shared object, and the report's records."""
    source = unit.c[:-2] + ".polls.c" if polls else unit.c
    base = os.path.join(unit.folder, name)
    arguments = [f"-fplugin={PLUGIN}", f"-fplugin-arg-keelback-report={base}.json", "-fplugin-arg-keelback-check",
                 "-fplugin-arg-keelback-count", *more]
    common = [*CC, *kernel_flags(), *flags, "-g1", "-fPIC", "-w", "-DKB_PYTHON", "-I" + INCLUDE]
    out = must([*common, *(arguments if plugin else []), "-c", source, "-o", base + ".o"], unit.folder)
    out += must([*common, *(arguments if plugin_at_link else []), "-shared", base + ".o", "-o", base + ".so", "-lm"], unit.folder)
    if out.strip():
        raise Failed(f"{name}: {out}")
    records = []
    if plugin and os.path.exists(base + ".json"):
        with open(base + ".json", encoding="utf-8") as f:
            records = json.load(f)
    return base + ".so", records


# -- Inputs -----------------------------------------------------------------------------------------------------



def linear(text, names):
    """(number of the name, times, plus) of an extent such as n, 3, n + 1, 2 * n; number -1: any."""
    found = [n for n in names if re.search(rf"\b{n}\b", text)]
    if len(found) > 1:
        return -1, 0, 0
    try:
        at = [eval(text, {}, {n: v for n in found}) for v in (0, 1, 2)]
    except Exception:  # noqa: BLE001
        return -1, 0, 0
    if at[2] - at[1] != at[1] - at[0]:
        return -1, 0, 0
    return (names[found[0]] if found else 0), at[1] - at[0], at[0]


def hints(path, out):
    """Writes what check= says of extents and ranges for the driver; see equal.c."""
    own, _ = engine.load(path)
    lines = []
    for k in own:
        fn = k.__name__
        params, _ = signature(k.py_func, k.options)
        given = dict(k.options.get("check") or {})
        if k.options.get("fastmath"):
            lines.append(f"x {fn}")
        elif k.options.get("bounds") is False:
            lines.append(f"j {fn}")
        ids = sorted({n for s in given.get("shapes", {}).values() for n in re.findall(r"[A-Za-z_]\w*", str(s))})
        numbers = {p.name: i + 3 for i, p in enumerate(params) if i + 3 < 16}
        used = set(numbers.values())
        free = [i for i in range(3) if i not in used] + [i for i in range(3, 16) if i not in used]
        names = {n: numbers.get(n, None) for n in ids}
        for n in ids:
            if names[n] is None:
                names[n] = free.pop(0) if free else 0
        for name, shape in given.get("shapes", {}).items():
            tokens = shape.replace(",", " ").split() if isinstance(shape, str) else shape
            for axis, t in enumerate(tokens):
                lines.append(f"s {fn} {name} {axis} " + " ".join(map(str, linear(str(t), names))))
        for name, values in given.items():
            if isinstance(values, range) and len(values):
                lines.append(f"r {fn} {name} {min(values)} {max(values)}")
    with open(out, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    return out


# -- Sums -------------------------------------------------------------------------------------------------------


class Sums:
    def __init__(self):
        self.count, self.guards, self.failures, self.data = Counter(), Counter(), [], 0

    def add_output(self, out):
        m = re.search(r"^equal: (kernels=.*)$", out, re.M)
        for pair in m[1].split() if m else ():
            name, n = pair.split("=")
            self.count[name] += int(n)

    def add_records(self, records):
        for r in records:
            if "status" in r and r.get("form") == "guard" and r["depth"] and r["kind"] not in ("poll", "call"):
                self.guards[r["status"]] += 1
                self.data += r["status"] == "kept" and bool(DATA.search(r["reason"]))

    def text(self):
        c, g = self.count, sum(self.guards.values())
        share = f"{100 * (g - self.guards['kept']) / g:.1f} %" if g else "none"
        affine = f"{100 * (g - self.guards['kept']) / (g - self.data):.1f} %" if g > self.data else "none"
        return (f"{c['calls']} calls of {c['kernels']} kernels, {c['exits']} inputs that leave, {c['fast']} calls with a fast "
                f"copy, {c['interrupted']} interrupted, {c['undecided']} undecided; {g} guards in loops: {dict(self.guards)}, {share} gone "
                f"from fast code, {affine} of those that do not hang on data; {c['differences']} differences")


# -- One file, and many -----------------------------------------------------------------------------------------


class Equal:
    def __init__(self, options, folder):
        self.options, self.folder, self.sums = options, folder, Sums()
        self.exe = driver(folder)

    def variants(self, unit):
        """Shared objects, the reference first."""
        objects = [compile_unit(unit, "reference", ["-O1"], False, False, True)[0]]
        for name in self.options.variants.split(","):
            so, records = compile_unit(unit, name, *VARIANTS[name], self.options.argument)
            objects.append(so)
            if name == self.options.guards:
                self.sums.add_records(records)
        return objects

    def file(self, path, calls, seconds, seed):
        """Compares the kernels of a file; True: no difference."""
        folder = tempfile.mkdtemp(dir=self.folder)
        try:
            unit = emit(path, folder)
            objects, checked = self.variants(unit), judge(path, folder)
            argv = [self.exe, "-n", str(calls), "-t", str(seconds), "-s", str(seed), "-H", unit.hints]
            argv += ["-J", checked] if checked else []
            status, out = run(argv + (["-v"] if self.options.verbose else []) + objects)
        except Exception as e:  # noqa: BLE001: the other files go on
            status, out = 1, f"{type(e).__name__}: {e}"
        self.sums.add_output(out)
        if status or self.options.verbose:
            print(out.rstrip() if not status or "\n" in out.strip() else f"# status {status}: {out}")
        if status:
            self.sums.failures.append(path)
            print(f"# {path}: see {folder}")
        elif not self.options.keep:
            subprocess.run(["rm", "-rf", folder], check=False)
        sys.stdout.flush()
        return status == 0


def accepted(kernels, path):
    """Writes those kernels that the front end takes; False: none."""
    while kernels:
        with open(path, "w", encoding="utf-8") as f:
            f.write(gen.file_text(kernels))
        status, out = run([KEELBACK, "emit", path, "-o", path[:-3] + ".check.c"])
        if status == 0:
            return True
        text = open(path, encoding="utf-8").read().split("\n")
        bad = set()
        for m in re.finditer(r"^[^:\n]+:(\d+):\d+: error: ", out, re.M):
            before = "\n".join(text[:int(m[1])])
            bad.update(re.findall(r"^def (\w+)", before, re.M)[-1:])
        while True:
            more = {k.name for k in kernels if k.name not in bad and k.calls & bad}
            if not more:
                break
            bad |= more
        if not bad:
            raise Failed(f"keelback emit {path}: {out[-2000:]}")
        kernels = [k for k in kernels if k.name not in bad]
    return False


def random_rounds(equal, options):
    seed, end, rounds = options.seed, time.monotonic() + options.T, 0
    while rounds == 0 or time.monotonic() < end:
        rng = random.Random(seed)
        if options.random == "nests" or (options.random == "both" and rounds % 3 != 2):
            kernels = nests.kernels(rng, options.kernels)
        else:
            kernels = [gen.pretty(k) for k in gen.kernels(rng, options.kernels)]
        path = os.path.join(equal.folder, f"random{seed}.py")
        try:
            ok = accepted(kernels, path)
        except Failed as e:
            print(f"# seed {seed}: {e}")
            equal.sums.failures.append(path)
            ok = False
        if ok:
            ok = equal.file(path, options.n, options.t, seed)
            if not ok:
                print(f"# not equal: --random {options.random} --seed {seed}")
        rounds += 1
        seed += 1
        print(f"# {rounds} rounds: {equal.sums.text()}", file=sys.stderr)


def emit_all(options):
    """The files, and one of random nests, as C."""
    os.makedirs(options.emit, exist_ok=True)
    files = [os.path.abspath(f) for f in options.files]
    if options.random:
        path = os.path.join(os.path.abspath(options.emit), "nests.py")
        if accepted(nests.kernels(random.Random(options.seed), options.kernels), path):
            files.append(path)
    for path in files:
        emit(path, os.path.abspath(options.emit))


def main():
    p = argparse.ArgumentParser(description="Kernels with the plugin against kernels without.")
    p.add_argument("files", nargs="*")
    p.add_argument("-T", type=float, default=0, metavar="SECONDS", help="of rounds of random kernels; 0: one (0)")
    p.add_argument("-n", type=int, default=20000, help="inputs for each kernel (20000)")
    p.add_argument("-t", type=float, default=20, help="seconds for each kernel at most (20)")
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--random", choices=("nests", "all", "both"), help="random kernels")
    p.add_argument("--kernels", type=int, default=16, help="in a random file (16)")
    p.add_argument("--variants", default=DEFAULT, help="of " + ", ".join(VARIANTS))
    p.add_argument("--guards", default="native", help="whose guards are counted (native)")
    p.add_argument("--argument", action="append", default=[], help="another argument for the plugin, -fplugin-arg-keelback-...")
    p.add_argument("--emit", metavar="FOLDER", help="only write C and hints there, for other.sh")
    p.add_argument("--keep", metavar="FOLDER", help="keep the files there")
    p.add_argument("--tap", action="store_true", help="a line for each file, for make check")
    p.add_argument("-v", "--verbose", action="store_true", help="a line for each kernel")
    options = p.parse_args()
    if options.seed is None:
        options.seed = int(time.time()) if options.random else 1
    if options.emit:
        return emit_all(options)
    os.makedirs(options.keep or ".", exist_ok=True)
    folder = os.path.abspath(options.keep) if options.keep else tempfile.mkdtemp(prefix="keelback-equal-")
    equal = Equal(options, folder)
    for n, path in enumerate(options.files):
        ok = equal.file(os.path.abspath(path), options.n, options.t, options.seed)
        if options.tap:
            print(f"{'ok' if ok else 'not ok'} {n + 1} - {os.path.basename(path)}")
    if options.random:
        before = len(equal.sums.failures)
        random_rounds(equal, options)
        if options.tap:
            print(f"{'ok' if len(equal.sums.failures) == before else 'not ok'} {len(options.files) + 1} - random kernels")
    if options.tap:
        print(f"1..{len(options.files) + bool(options.random)}")
    print(f"# equal: {equal.sums.text()}, {len(equal.sums.failures)} files that failed")
    if not options.keep and not equal.sums.failures:
        subprocess.run(["rm", "-rf", folder], check=False)
    sys.exit(1 if equal.sums.failures else 0)


if __name__ == "__main__":
    main()
