# SPDX-License-Identifier: MIT
"""fuzz.py [-T SECONDS] [--seed N] [--engines a,b] [--kernels K] [--inputs N]: random kernels against CPython.

Each round makes a file of kernels, builds it with every engine and compares. A failure is reduced to a small kernel
with a small input and printed as a program. Engines: no-opt (no passes, gcc -O0), gcc-O0, gcc-O3, clang ...: the first
that differs names the stage at fault: front end and emitter, passes, C.
"""
import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import engines  # noqa: E402
import gen  # noqa: E402
import shorter  # noqa: E402


def _arguments():
    p = argparse.ArgumentParser(description="Random kernels against CPython.")
    p.add_argument("-T", type=float, default=60, metavar="SECONDS", help="how long; 0: one round (60)")
    p.add_argument("--seed", type=int, default=None, help="of the first round; the next one has the next (the time)")
    p.add_argument("--engines", default=",".join(engines.DEFAULT), help="of " + ", ".join(engines.ENGINES))
    p.add_argument("--kernels", type=int, default=40, help="in a file (40)")
    p.add_argument("--inputs", type=int, default=45, help="for each kernel (45)")
    p.add_argument("--keep", metavar="FOLDER", help="keep the files there")
    p.add_argument("--no-reduce", action="store_true", help="print failing kernels as they are")
    p.add_argument("--refusals", action="store_true", help="list why kernels were refused")
    return p.parse_args()


class Fuzz:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.names = options.engines.split(",")
        self.total, self.refused, self.counts = Counter(), Counter(), {n: Counter() for n in self.names}

    def round(self, seed):
        rng = random.Random(seed)
        kernels = [gen.pretty(k) for k in gen.kernels(rng, self.options.kernels)]
        path = os.path.join(self.folder, f"fuzz{seed}.py")
        self.total["made"] += len(kernels)
        try:
            kernels, refused = engines.accepted(kernels, path, gen.file_text)
        except engines.Broken as e:
            return self.broken(kernels, seed, str(e))
        for name, why in refused.items():
            self.refused[why] += 1
        self.total["refused"] += len(refused)
        if not kernels:
            return
        batch = engines.Batch(path, self.options.inputs, seed)
        for name in self.names:
            so = os.path.join(self.folder, f"fuzz{seed}.so")
            try:
                engines.build(path, name, so)
            except engines.Broken as e:
                self.broken(kernels, seed, str(e), name)
                continue
            batch.run(name, so)
            self.counts[name].update(batch.count[name])
            os.unlink(so)
        self.report(batch, kernels, seed)
        if not self.options.keep and not batch.failures:
            for end in (".py", ".c", "_watched.py"):
                if os.path.exists(path[:-3] + end):
                    os.unlink(path[:-3] + end)

    def report(self, batch, kernels, seed):
        """One failure for each kernel, with the engines that show it; the first of them reduces it."""
        by = {}
        for f in batch.failures:
            by.setdefault(f.kernel, []).append(f)
        self.total["failures"] += len(by)
        for name, fs in by.items():
            print(f"not ok: seed {seed}, kernel {name}, engines {', '.join(f.engine for f in fs)}")
            self.show(shorter.Case(kernels, fs[0], self.folder, seed))
        sys.stdout.flush()

    def show(self, case):
        if not self.options.no_reduce:
            case.reduce(90)
        for line in case.lines():
            print("    " + line)
        sys.stdout.flush()

    def broken(self, kernels, seed, why, engine="emit"):
        self.total["failures"] += 1
        print(f"not ok: seed {seed}, {why.strip()}")
        case = shorter.Case(kernels, engines.Failure(None, engine, "build", None), self.folder, seed)
        self.show(case)


def main():
    options = _arguments()
    seed = int(time.time()) if options.seed is None else options.seed
    end = time.monotonic() + options.T
    with tempfile.TemporaryDirectory(prefix="keelback-fuzz-") as folder:
        fuzz = Fuzz(options, options.keep or folder)
        rounds = 0
        while rounds == 0 or time.monotonic() < end:
            fuzz.round(seed + rounds)
            rounds += 1
            print(f"# {rounds} rounds, {dict(fuzz.total)}", file=sys.stderr)
        t = fuzz.total
        print(f"fuzz: {rounds} rounds from seed {seed}: {t['made']} kernels, {t['refused']} refused, {t['failures']} fail")
        for name, c in fuzz.counts.items():
            print(f"fuzz: {name}: {c['kernels']} kernels: " + ", ".join(f"{c[k]} {k}" for k in
                  ("return", "raise", "skip", "fail")))
        if options.refusals:
            for why, n in fuzz.refused.most_common():
                print(f"refused {n}: {why}")
        sys.exit(1 if t["failures"] else 0)


if __name__ == "__main__":
    main()
