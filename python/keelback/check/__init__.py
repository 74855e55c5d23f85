# SPDX-License-Identifier: MIT
"""`keelback check FILE.py`: every kernel against CPython, as TAP.

Inputs come from the kernel's types or from its check={...}; CPython runs the body on keelback.ref views under
a budget, the compiled kernel runs in a child process with a time-out. Values, types, exceptions and array
contents must agree. What is compared, generated and skipped: doc/semantics.md.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter

from . import broken, engine, show, stress
from .compare import judge
from .fits import takes
from .inputs import Generator
from .shrink import shrink
from .types import signature

FEWEST_RETURNS = 10


def _arguments(argv):
    p = argparse.ArgumentParser(prog="keelback check", description="Compares every kernel of a file with CPython.")
    p.add_argument("file", help="FILE.py, or FILE.py:KERNEL for one of its kernels")
    p.add_argument("-n", type=int, default=200, metavar="N", help="inputs for each kernel (200)")
    p.add_argument("--seed", type=int, default=0, metavar="S", help="of the random inputs (0)")
    p.add_argument("--budget", type=int, default=50000, metavar="LINES",
                   help="lines that CPython may run for an input (50000)")
    p.add_argument("--time-out", type=float, default=20, metavar="SECONDS",
                   help="for one call of a compiled kernel (20)")
    p.add_argument("--stress", nargs="?", type=int, const=-1, metavar="SEED",
                   help="also with each guard that may leave for the interpreter failing in turn, at its first, middle "
                        "and last execution; with a seed, a sample of these")
    p.add_argument("--so", metavar="FILE.so", help="take this built module instead of building one")
    p.add_argument("--engine", default="native", help=argparse.SUPPRESS)
    return p.parse_args(argv)


def _command():
    """The keelback command: $KEELBACK, this process itself, or what PATH has."""
    if os.environ.get("KEELBACK"):
        return os.environ["KEELBACK"]
    try:
        me = os.readlink("/proc/self/exe")
        if os.path.basename(me) in ("keelback", "lt-keelback"):
            return me
    except OSError:
        pass
    return shutil.which("keelback")


def _build(path, folder, flags=()):
    """Builds the extension module; its path, or None after printing why not."""
    command = _command()
    if command is None:
        print("Bail out! the keelback command was not found: set KEELBACK to its path")
        return None
    so = os.path.join(folder, os.path.splitext(os.path.basename(path))[0] + ".so")
    r = subprocess.run([command, "build", path, "-o", so, *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       errors="replace")
    if r.returncode != 0 or not os.path.exists(so):
        for line in r.stdout.splitlines():
            print("#", line)
        print(f"Bail out! {path} could not be built")
        return None
    return so


class Checker:
    """One kernel: its reference, its engine, its inputs."""

    def __init__(self, kernel, noted, functions, native, options):
        fn, functions = functions[id(kernel)], list(functions.values())
        self.kernel, self.options = kernel, options
        self.params, self.result = signature(kernel.py_func, kernel.options)
        self.gen = Generator(self.params, kernel.options.get("check"), options.seed)
        self.reference = engine.Reference(fn, self.params, functions, options.budget)
        self.native = native or broken.Self(self.reference, self.result, options.engine)
        self.seconds = options.time_out

    def judge(self, inputs):
        """A verdict for each input. The kernel runs only where CPython finished."""
        want = [self.reference(i) for i in inputs]
        runs = [k for k, w in enumerate(want) if w[0] != "skip"]
        got = dict(zip(runs, engine.run_in_child(self.native, [inputs[k] for k in runs], self.seconds)))
        return [judge(i, w, got.get(k), self.result, self.gen.rtol, self.gen.atol)
                for k, (i, w) in enumerate(zip(inputs, want))]

    def _first_failure(self, inputs):
        verdicts = self.judge(inputs)
        return next(((k, v[1]) for k, v in enumerate(verdicts) if v[0] == "fail"), None)

    def run(self):
        """(passed, summary, lines of diagnosis)."""
        inputs = [i for i in map(self.gen.make, range(self.options.n)) if i is not None and takes(self.kernel, self.params, i)]
        verdicts = self.judge(inputs)
        count = Counter(v[0] for v in verdicts)
        skips = Counter(v[1] for v in verdicts if v[0] == "skip")
        summary = f"{len(inputs)} inputs: {count['return']} returned, {count['raise']} raised"
        if skips:
            summary += f", {count['skip']} skipped ({', '.join(f'{n} {why}' for why, n in skips.most_common())})"
        failed = [k for k, v in enumerate(verdicts) if v[0] == "fail"]
        if failed:
            return False, summary + f", {len(failed)} differ", self._diagnose(inputs[failed[0]], verdicts[failed[0]][1])
        if count["return"] < FEWEST_RETURNS and self.options.stress is None:
            return False, summary, [f"fewer than {FEWEST_RETURNS} inputs returned normally: "
                                    "say which inputs the kernel takes by check={...}"]
        return True, summary, []

    def _diagnose(self, inp, what):
        if "hang" in str(what):
            self.seconds = min(self.seconds, 2)
        inp, shorter = shrink(inp, self._first_failure, 4 * self.options.time_out / 10 + 12)
        what = what if shorter is None else shorter
        name = os.path.splitext(os.path.basename(self.options.file))[0]
        lines = ["smallest failing input:"]
        lines += ["    " + line for line in show.snippet(name, self.kernel.__name__, inp, self.params)]
        return lines + [show.difference(what, inp, self.params)]


def _check_file(options, path, only, folder):
    modules = set(sys.modules)
    try:
        own, noted = engine.load(path)
    except Exception:
        print("# " + traceback.format_exc().replace("\n", "\n# "))
        print(f"Bail out! {path} cannot be executed")
        return False
    home = os.path.dirname(os.path.abspath(path))
    project = [n for n in set(sys.modules) - modules
               if os.path.dirname(os.path.abspath(getattr(sys.modules[n], "__file__", None) or "/")) == home]
    kernels = [k for k in own if only in (None, k.__name__)]
    if not kernels:
        print(f"Bail out! {path} has no kernel" + (f" {only}" if only else ""))
        return False
    so = None
    if options.engine == "native":
        so = options.so or _build(path, folder, () if options.stress is None else ("--stress",))
        if so is None:
            return False
    print(f"1..{len(kernels)}", flush=True)
    functions = engine.plain_functions(noted)
    good = True
    for number, k in enumerate(kernels, 1):
        native = engine.Native(so, k.__name__, number - 1, project) if so else None
        if native and options.stress is not None:
            native = stress.Stressed(native, options.stress, options.time_out)
        try:
            ok, summary, lines = Checker(k, noted, functions, native, options).run()
        except Exception as e:
            ok, summary, lines = False, "not checked", [f"{type(e).__name__}: {e}"]
            if os.environ.get("KB_DEBUG"):
                lines += traceback.format_exc().splitlines()
        print(f"{'ok' if ok else 'not ok'} {number} - {k.__name__}: {summary}")
        for line in lines:
            print("#", line)
        sys.stdout.flush()
        good = good and ok
    return good


def main(argv=None):
    """Runs `keelback check` with these arguments; its exit status."""
    try:
        options = _arguments(sys.argv[1:] if argv is None else list(argv))
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else 2
    path, _, only = options.file.partition(".py:")
    if only:
        path += ".py"
    options.file = path
    if not os.path.exists(path):
        print(f"keelback check: {path}: no such file", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="keelback-check-") as folder:
        return 0 if _check_file(options, path, only or None, folder) else 1


