# SPDX-License-Identifier: MIT
"""make bench-guards: kernels as (a) checked C without the plugin, (b) with it, (c) the same C with its checks removed, (d) C written by hand
with restrict; results verified, then timed in turns. Then how much longer the plugin makes gcc take.

  (a) (b) (c)  what `keelback emit` gives, -O3 -march=native and the flags of `keelback config --kernel-cflags`; (c) with -DKB_NO_POLL
  (d)          gcc -O3 -march=native, so products and sums may be fused there, while the others round each

How gcc happens to lay a loop out can change its time a lot, so each form is built in several layouts, and the best counts. Fails when a
limit is missed."""
import argparse
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import cases  # noqa: E402
import unguard  # noqa: E402

LAYOUTS = ["", "-falign-loops=32", "-falign-loops=64 -falign-functions=64"]
# b over c: (limit of the geometric mean, of each kernel)
LIMITS = {cases.AFFINE: (1.03, 1.10), cases.DIVISION: (None, 1.35), cases.DATA: (1.15, 1.35)}
TINY = {"saxpy n=4": 1.3, "gemv 8x8": 1.1}
HAND, FLOOR = 1.00, 0.5        # b over d: geometric mean; ratios below FLOOR count as FLOOR
GROWTH = 2.5                   # text of b over c
COMPILE_ONE, COMPILE_ALL = 1.2, 1.6
PROVEN = 0.95

CC = os.environ.get("CC", "gcc").split()
KEELBACK = os.environ.get("KEELBACK", "keelback")


def sh(*args):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, text=True).stdout


def cpu(args):
    """Runs a command: its CPU time in seconds."""
    pid = os.posix_spawnp(args[0], args, os.environ)
    _, status, used = os.wait4(pid, 0)
    if status:
        sys.exit("failed: " + " ".join(args))
    return used.ru_utime + used.ru_stime


class Build:
    """The objects of all forms in one folder."""

    def __init__(self, folder, layouts, arch):
        self.dir, self.layouts = folder, LAYOUTS[:layouts]
        flags = sh(KEELBACK, "config", "--kernel-cflags").split()
        self.plugin = [f for f in flags if f.startswith("-fplugin")]
        self.plain = [f for f in flags if not f.startswith("-fplugin")] + ["-std=gnu11", "-DKB_NO_CONTRACT"]
        self.arch = arch.split()
        self.checks = 0

    def path(self, name):
        return os.path.join(self.dir, name)

    def flags(self, form):
        if form == "d":
            return self.arch
        return self.arch + self.plain + {"a": [], "b": self.plugin, "c": ["-DKB_NO_POLL"]}[form]

    def command(self, form, source, out, extra=()):
        return CC + self.flags(form) + list(extra) + ["-I" + self.dir, "-I" + HERE, "-c", source, "-o", out]

    def emit(self, form, layout, file, source=None):
        """The C of one form of a file of kernels."""
        base = self.path(f"{form}{layout}_{file}")
        sh(KEELBACK, "emit", source or os.path.join(HERE, file + ".py"), "--prefix", f"{form}{layout}_", "-o", base + ".c",
           "--header", base + ".h")
        if form == "c":
            with open(base + ".c") as f:
                text, n = unguard.unguard(f.read())
            self.checks += n
            with open(base + ".c", "w") as f:
                f.write(text)
        return base

    def hand(self, layout, file):
        base = self.path(f"d{layout}_{file}")
        with open(os.path.join(HERE, file + ".c")) as f:
            text = f.read()
        with open(base + ".c", "w") as f:
            f.write(text.replace("hand_", f"hand{layout}_"))
        return base, text

    def all(self):
        objects, texts = [], []
        for layout, extra in enumerate(self.layouts):
            for file in cases.FILES:
                for form in "abc":
                    base = self.emit(form, layout, file)
                    more = extra.split() + ([f"-fplugin-arg-keelback-report={base}.json"] if form == "b" and self.plugin else [])
                    cpu(self.command(form, base + ".c", base + ".o", more))
                    objects.append(base + ".o")
                base, text = self.hand(layout, file)
                cpu(self.command("d", base + ".c", base + ".o", extra.split()))
                objects.append(base + ".o")
                if layout == 0:
                    texts.append(text)
        with open(self.path("driver.c"), "w") as f:
            f.write(cases.driver(texts, len(self.layouts)))
        libs = sh(KEELBACK, "config", "--libs").split() + ["-lpthread"]
        include = sh(KEELBACK, "config", "--cflags").split()
        cpu(CC + ["-O1", "-w", "-I" + self.dir, "-I" + HERE] + include + [self.path("driver.c")] + objects
            + ["-o", self.path("driver")] + libs)


# -- Times ----------------------------------------------------------------------------------------------------------

def measure(build, rounds, target, names):
    """{kernel: {form: samples of its layouts}}"""
    times = {}
    r = subprocess.run([build.path("driver"), str(rounds), str(target), *names], stdout=subprocess.PIPE, text=True)
    for line in r.stdout.splitlines():
        if line.startswith("bad "):
            sys.exit(line)
        name, samples = line.split(";")
        t = times.setdefault(name, {})
        for s in samples.split():
            v, ns = s.split(":")
            form, layout = "abcd"[int(v) // len(build.layouts)], int(v) % len(build.layouts)
            t.setdefault(form, {}).setdefault(layout, []).append(float(ns))
    if r.returncode:
        sys.exit(f"the driver failed ({r.returncode})")
    return times


def best(layouts, of=statistics.median):
    return min(of(s) for s in layouts.values())


def ratios(t, of=statistics.median):
    """b over c, b over d, a over c"""
    a, b, c, d = (best(t[form], of) for form in "abcd")
    return b / c, b / d, a / c


def mean(xs):
    return math.exp(sum(map(math.log, xs)) / len(xs)) if xs else math.nan


def limit_of(case):
    return TINY.get(case.name) if case.group == cases.TINY else LIMITS.get(case.group, (None, None))[1]


def settle(build, times, selected, opts):
    """Measures those that miss their limit again: load shows in one run, a slow kernel in all."""
    for _ in range(opts.again):
        late = [c.name for c in selected if limit_of(c) and ratios(times[c.name])[0] > limit_of(c)]
        if not late:
            return
        for name, t in measure(build, opts.rounds, opts.target, late).items():
            if ratios(t)[0] < ratios(times[name])[0]:
                times[name] = t


# -- Sizes ------------------------------------------------------------------------------------------------------------

def text_sizes(base):
    """Bytes of the code of each kernel, loop-head entries apart: {name: [hot, cold]}"""
    sizes = {}
    for line in sh("nm", "-S", "--defined-only", base + ".o").splitlines():
        f = line.split()
        if len(f) != 4 or f[2] not in "tT":
            continue
        m = re.match(r"(?:kb_[ke]_)?(?:[a-d]\d_)?(\w+)", f[3])
        if f[3].startswith("kb_") and not f[3].startswith(("kb_k_", "kb_e_")):
            continue
        sizes.setdefault(m[1], [0, 0])[".cold" in f[3]] += int(f[1], 16)
    return sizes


# -- Compile time --------------------------------------------------------------------------------------------------------

def compile_times(build, n):
    """CPU time of gcc with the plugin on checked C, over that without on the same C with its checks removed (c), and with its polls
    removed, too (n); the entries at loop heads are in all. For saxpy alone, and for all files."""
    with open(os.path.join(HERE, "blas.py")) as f:
        parts = re.split(r"(?m)^(?=@kb.kernel)", f.read())
    one = build.path("one.py")
    with open(one, "w") as f:
        f.write(parts[0] + next(p for p in parts if "def saxpy" in p))
    sources = {"saxpy": [(build.emit("b", 8, "one", one), build.emit("c", 8, "one", one))],
               "set": [(build.path(f"b0_{f}"), build.path(f"c0_{f}")) for f in cases.FILES]}
    forms = {"b": (0, build.flags("b")), "c": (1, build.flags("a")), "n": (1, build.flags("c"))}
    out = {}
    for what, pairs in sources.items():
        times = {form: [] for form in forms}
        for _ in range(n if what == "set" else 4 * n):
            for form, (i, flags) in forms.items():
                times[form].append(sum(cpu(CC + flags + ["-I" + build.dir, "-c", p[i] + ".c", "-o", build.path("t.o")]) for p in pairs))
        t = {form: statistics.median(v) for form, v in times.items()}
        out[what] = {"plugin": t["b"], "unguarded": t["c"], "unpolled": t["n"], "ratio": t["b"] / t["c"], "ratio_unpolled": t["b"] / t["n"]}
    return out


# -- Report ------------------------------------------------------------------------------------------------------------

class Verdict:
    def __init__(self):
        self.missed = []

    def check(self, what, value, limit, worst=True):
        ok = limit is None or (value <= limit if worst else value >= limit)
        if not ok:
            self.missed.append(f"{what} {value:.3f} ({'at most' if worst else 'at least'} {limit})")
        return "" if ok else " !"


def print_kernels(times, selected, verdict):
    print(f"{'kernel':16} {'group':12} {'a':>10} {'b':>10} {'c':>10} {'d':>10} ns  {'a/c':>6} {'b/c':>6} {'b/d':>6}   (minima)")
    for c in selected:
        t = times[c.name]
        bc, bd, ac = ratios(t)
        mbc, mbd, _ = ratios(t, min)
        mark = verdict.check(f"{c.name} b/c", bc, limit_of(c))
        print(f"{c.name:16} {c.group:12} " + " ".join(f"{best(t[f]):10.1f}" for f in "abcd")
              + f"     {ac:6.2f} {bc:6.3f} {bd:6.3f}   {mbc:6.3f} {mbd:6.3f}{mark}")


def print_groups(times, selected, verdict):
    out = {}
    for group in dict.fromkeys(c.group for c in selected):
        rs = [ratios(times[c.name]) for c in selected if c.group == group]
        m, worst = mean([r[0] for r in rs]), max(r[0] for r in rs)
        mark = verdict.check(f"{group} b/c, geometric mean", m, LIMITS.get(group, (None, None))[0])
        out[group] = {"n": len(rs), "a/c": mean([r[2] for r in rs]), "b/c": m, "worst": worst, "b/d": mean([max(r[1], FLOOR) for r in rs])}
        print(f"{group:12} {len(rs):3} kernels: a/c {out[group]['a/c']:.2f}, b/c {m:.3f}, worst {worst:.2f}; b/d {out[group]['b/d']:.3f}{mark}")
    return out


def print_sizes(build, verdict):
    totals = {f: [0, 0] for f in "abc"}
    for file in cases.FILES:
        for form in "abc":
            for s in text_sizes(build.path(f"{form}0_{file}")).values():
                totals[form] = [x + y for x, y in zip(totals[form], s)]
    hot = totals["b"][0] / totals["c"][0]
    mark = verdict.check("code size b/c", hot, GROWTH)
    print("code of the kernels, bytes (and in .text.unlikely): " + ", ".join(f"{f} {h} ({c})" for f, (h, c) in totals.items())
          + f"; b/c {hot:.2f}, with .text.unlikely {sum(totals['b']) / sum(totals['c']):.2f}{mark}")
    return totals


def print_proven(build, verdict):
    """How many guards inside loops are gone from the fast code, by the plugin's report."""
    affine = {c.kernel for c in cases.CASES if c.group == cases.AFFINE}
    counts = {True: [0, 0], False: [0, 0]}
    for file in cases.FILES:
        with open(build.path(f"b0_{file}.json")) as f:
            for r in json.load(f):
                if r.get("form") == "guard" and r.get("kind") not in ("poll", "call") and r.get("depth", 0) > 0:
                    n = counts[r["kernel"] in affine]
                    n[0] += 1
                    n[1] += r["status"] != "kept"
    (all_affine, gone), (others, gone_others) = counts[True], counts[False]
    mark = verdict.check("guards proven in affine kernels", gone / all_affine, PROVEN, worst=False)
    print(f"guards in loops that are gone from the fast code: {gone} of {all_affine} in affine kernels{mark}, {gone_others} of {others} in others")
    return {"affine": [gone, all_affine], "others": [gone_others, others]}


def machine():
    with open("/proc/cpuinfo") as f:
        m = re.search(r"model name\s*: (.*)", f.read())
    return {"cpu": m[1] if m else platform.processor(), "cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0],
            "gcc": sh(*CC, "-dumpfullversion").strip(), "keelback": sh(KEELBACK, "config", "--version").strip(), "time": time.strftime("%FT%TZ", time.gmtime())}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kernels", nargs="*")
    p.add_argument("--build", required=True, help="folder for what is built")
    p.add_argument("--keep", action="store_true", help="use what is in the folder")
    p.add_argument("--rounds", type=int, default=21)
    p.add_argument("--target", type=float, default=40e3, help="ns for a sample")
    p.add_argument("--layouts", type=int, default=3)
    p.add_argument("--again", type=int, default=2)
    p.add_argument("--arch", default="-O3 -march=native")
    p.add_argument("--compile", type=int, default=5, metavar="N", help="compile times of N runs; 0: not")
    p.add_argument("--json")
    opts = p.parse_args()
    os.makedirs(opts.build, exist_ok=True)
    build = Build(opts.build, opts.layouts, opts.arch)
    if not build.plugin:
        sys.exit("no plugin: keelback config --kernel-cflags names none")
    if not opts.keep:
        build.all()
    selected = [c for c in cases.CASES if not opts.kernels or c.name in opts.kernels]
    at = machine()
    print(f"{at['cpu']}, load {at['load']:.1f}; gcc {at['gcc']} {opts.arch}, keelback {at['keelback']}; {opts.layouts} layouts, "
          f"{opts.rounds} rounds in turns, medians; {at['time']}")
    times = measure(build, opts.rounds, opts.target, [c.name for c in selected] if opts.kernels else [])
    settle(build, times, selected, opts)
    verdict = Verdict()
    print_kernels(times, selected, verdict)
    groups = print_groups(times, selected, verdict)
    plain = [max(ratios(times[c.name])[1], FLOOR) for c in selected if c.group not in (cases.CONTRACTION, cases.TINY)]
    hand = mean(plain)
    verdict.check("b/d, geometric mean", hand, HAND)
    sizes = print_sizes(build, verdict)
    proven = print_proven(build, verdict)
    compiled = compile_times(build, opts.compile) if opts.compile else {}
    for what, c in compiled.items():
        limit = COMPILE_ONE if what == "saxpy" else COMPILE_ALL
        mark = verdict.check(f"compile time, {what}", c["ratio"], limit)
        print(f"compile time of {what}: with plugin {c['plugin']:.3f} s, unguarded {c['unguarded']:.3f} s CPU: {c['ratio']:.2f}; "
              f"over unguarded without polls {c['ratio_unpolled']:.2f}{mark}")
    if opts.json:
        with open(opts.json, "w") as f:
            json.dump({"machine": at, "flags": {v: build.flags(v) for v in "abcd"}, "groups": groups, "b/d": hand, "sizes": sizes, "proven": proven,
                       "compile": compiled, "missed": verdict.missed,
                       "kernels": {c.name: {"group": c.group, "median": {v: best(times[c.name][v]) for v in "abcd"},
                                            "minimum": {v: best(times[c.name][v], min) for v in "abcd"}} for c in selected}}, f, indent=1)
    for m in verdict.missed:
        print("missed: " + m)
    summary = ", ".join(f"{g} {v['b/c']:.2f}" for g, v in groups.items() if g in LIMITS)
    print(f"{len(selected)} kernels: checked with plugin over unguarded: {summary}; over C by hand {hand:.2f}; {len(verdict.missed)} limits missed")
    return bool(verdict.missed)


if __name__ == "__main__":
    sys.exit(main())
