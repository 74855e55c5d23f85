# SPDX-License-Identifier: MIT
"""Contractions: nests of every form, with the plugin and without, must store the same bits; and near twins must stay loops.

Kernels are made here (class Form), compiled once by gcc alone and by gcc with the plugin in several ways, and called on the same
inputs: sizes from nothing to some vectors, strides of any sign, arrays that overlap, arrays that are too small. A wrapper around
the runtime's function counts how often it did the work. TAP. contract.py [ROUNDS [SEED]]."""
import ctypes
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KEELBACK = os.environ.get("KEELBACK", "keelback")
LIB = os.environ.get("KEELBACK_LIB", os.path.dirname(os.path.abspath(KEELBACK)))
CC = os.environ.get("CC", "gcc").split()
PLUGIN = os.environ.get("KEELBACK_PLUGIN") or os.path.join(LIB, "plugin", "keelback.so")
WAYS = {"O3": ["-O3", "-march=native"], "O2": ["-O2"], "wrapv": ["-O3", "-march=native", "-fwrapv"]}
done = 0


def result(good, title, log=""):
    global done
    done += 1
    print(("" if good else "not ") + f"ok {done} - {title}")
    if not good:
        for line in str(log).splitlines()[:20]:
            print("# " + line)
    return good


def run(argv, **kw):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, **kw)


# -- Kernels ----------------------------------------------------------------------------------------------------------

ORDERS = ["".join(p) for p in itertools.permutations("ijp")]
SCALES = ["a * b", "alpha * a * b", "a * alpha * b", "a * (alpha * b)", "a * (b * alpha)", "-a * b", "a * -b", "-alpha * a * b",
          "a * (-b * alpha)", "-(a * b)"]
ENDS = ["t", "alpha * t", "t * alpha", "c + t", "c + alpha * t", "alpha * t + c", "alpha * t + beta * c", "beta * c + t",
        "c * beta + alpha * t", "-t", "c - t", "c - alpha * t", "alpha * t - beta * c", "beta * c - t", "-alpha * t - c"]
TRIANGLES = {  # of the inner index y against the outer one x
    "lower": "range({x} + 1)", "below": "range({x})", "upper": "range({x}, {n})", "above": "range({x} + 1, {n})",
    "anti": "range({n} - {x})", "anti upper": "range({n} - 1 - {x}, {n})", "lower back": "range({x}, -1, -1)",
    "upper back": "range({n} - 1, {x} - 1, -1)",
}


class Form:
    """One nest; anything not given is the plain form."""
    def __init__(self, **given):
        self.type, self.order, self.ta, self.tb, self.tc = "f64", "ijp", False, False, False
        self.start, self.end, self.scale, self.scalar = "0", "t", "a * b", True
        self.triangle, self.back, self.weak, self.batch, self.vector, self.hoist = None, "", False, False, None, False
        self.marks, self.twin, self.minus = "", None, False
        self.__dict__.update(given)

    def kind(self):
        return ("a matrix times a vector" if self.vector else "a triangle of a matrix product" if self.triangle
                else "a matrix product") + " in the macro-kernel"

    def proven(self):
        """Are all guards proven? Not where both sides of a triangle go down: then only what is stored is compared."""
        return not (self.triangle or "").endswith("back") or not self.back

    def loop(self, v):
        size = {"i": "m", "j": "n", "p": "k"}[v]
        x, y = [w for w in self.order if w != "p"][:2] if self.vector is None else ("i", "")
        if self.triangle and v == y:
            return f"for {v} in {TRIANGLES[self.triangle].format(x=x, n=size)}:"
        return f"for {v} in range({size} - 1, -1, -1):" if v in self.back else f"for {v} in range({size}):"

    def text(self, name):
        order = self.order
        a, b, c = "a[p, i]" if self.ta else "a[i, p]", "b[j, p]" if self.tb else "b[p, j]", "c[j, i]" if self.tc else "c[i, j]"
        if self.vector:
            order = order.replace("j", "")
            b, c = "b[p, 0]", "c[i, 0]"
        zero = "0" if self.weak else "kb.f32(0)" if self.type == "f32" else "0.0"
        lines, depth = [], 1

        def put(line, more=0):
            lines.append("    " * (depth + more) + line)

        product = re.sub(r"\bb\b", b, re.sub(r"\ba\b", "A", self.scale)).replace("A", a)
        first = {"0": zero, "c": c, "beta": f"beta * {c}"}[self.start]
        if self.batch:
            put("for q in range(2):")
            depth += 1
        at = order.index("p")
        if not self.scalar and self.start != "c" and at == 0:
            for v in order[1:]:
                put(self.loop(v))
                depth += 1
            put(f"{c} = {first}")
            depth -= len(order) - 1
        for n, v in enumerate(order):
            if v == "p" and self.scalar:
                put(f"t = {first}")
            elif v == "p" and self.start != "c" and at:
                for w in order[n + 1:]:
                    put(self.loop(w))
                    depth += 1
                put(f"{c} = {first}")
                depth -= len(order) - 1 - n
            if self.hoist and n == len(order) - 1 and v != "p":
                put(f"h = {'alpha * ' if self.hoist == 'alpha' else ''}{a}")
                product = f"h * {b}"
            put(self.loop(v))
            depth += 1
        put(f"{'t' if self.scalar else c} {'-=' if self.minus else '+='} {product}")
        if self.scalar:
            depth -= 1
            if self.end[:4] in ("c + ", "c - "):
                put(f"{c} {self.end[2]}= {self.end[4:]}")
            else:
                put(f"{c} = " + re.sub(r"\bc\b", c, self.end))
        t = f"kb.{self.type}"
        side = "m+n" if self.triangle else None
        shapes = {name: " ".join(str(e if e in ("k", 1) else side or e) for e in extent)
                  for name, extent in zip("abc", extents(self, "m", "n", "k"))}
        sizes = {v: "range(12)" for v in "mnk"}
        check = "{" + f"'shapes': {shapes}, " + ", ".join(f"'{v}': {r}" for v, r in sizes.items()) + "}"
        marks = f"(check={check}{', ' if self.marks else ''}{self.marks})"
        return (f"@kb.kernel{marks}\ndef {name}(a: {t}[:, :], b: {t}[:, :], c: {t}[:, :], m: int, n: int, k: int, alpha: {t}, "
                f"beta: {t}) -> None:\n" + "\n".join(lines) + "\n\n\n")


def systematic():
    for order in ORDERS:
        for ta, tb in itertools.product((False, True), repeat=2):
            for t in ("f32", "f64"):
                yield Form(type=t, order=order, ta=ta, tb=tb, scalar=False, start="c")
    for order, t in itertools.product(("ijp", "jip"), ("f32", "f64")):
        for start in ("0", "c", "beta"):
            yield Form(type=t, order=order, start=start)
            yield Form(type=t, order=order, start=start, scalar=False)
        for end in ENDS:
            yield Form(type=t, order=order, end=end)
        for scale in SCALES:
            yield Form(type=t, order=order, scale=scale)
            yield Form(type=t, order=order, scale=scale, minus=True, scalar=False, start="c")
    for order in ("ipj", "jpi"):
        for start in ("0", "beta"):
            yield Form(order=order, start=start, scalar=False)
        yield Form(order=order, start="c", scalar=False, hoist="alpha" if order == "ipj" else "")
    for triangle in TRIANGLES:
        for order in ("ijp", "jip"):
            yield Form(order=order, triangle=triangle, scale="alpha * a * b" if order == "ijp" else "a * (alpha * b)")
            yield Form(order=order, triangle=triangle, back=order[0], scalar=False)
        yield Form(order="ipj", triangle=triangle, scalar=False, start="beta", tb=True)
    for vector in ("ip", "pi"):
        for start in ("0", "c", "beta"):
            yield Form(order=vector, vector=True, scalar=False, start=start)
        yield Form(order=vector, vector=True, scalar=False, start="c", scale="a * (alpha * b)", ta=True, type="f32")
        yield Form(order=vector, vector=True, scalar=False, start="c", minus=True, ta=vector == "pi")
    for end in ENDS:
        yield Form(order="ip", vector=True, end=end)
    yield Form(batch=True)
    yield Form(batch=True, order="pij", scalar=False, start="c", type="f32")
    yield Form(type="f32", weak=True)
    for order in ORDERS:
        yield Form(order=order, scalar=False, start="c", minus=True, type="f32" if order < "j" else "f64")
    yield Form(order="ijp", triangle="lower", scalar=False, start="c", minus=True, tb=True)


def at_random(rng):
    order = rng.choice(ORDERS)
    scalar = order[2] == "p" and rng.random() < 0.5
    start = rng.choice(["0", "c", "beta"])
    return Form(type=rng.choice(["f32", "f64"]), order=order, ta=rng.random() < 0.5, tb=rng.random() < 0.5, tc=rng.random() < 0.3,
                scalar=scalar, start=start, end=rng.choice(ENDS) if scalar and start == "0" else "t",
                scale=rng.choice(SCALES) if rng.random() < 0.5 else "a * b", triangle=rng.choice([None, None, *TRIANGLES]),
                back="".join(v for v in "ijp" if rng.random() < 0.2), batch=rng.random() < 0.1, minus=rng.random() < 0.2)


TWINS = {
    "minus": ("c[i, j] = a[i, p] * b[p, j] - c[i, j]", None),
    "three": ("c[i, j] += a[i, p] * b[p, j] * a[p, i]", None),
    "itself": ("c[i, j] += c[i, p] * b[p, j]", None),
    "square": ("c[i, j] += c[i, j] * b[p, j]", "indices"),
    "diagonal": ("c[i, j] += a[i, j] * b[p, j]", "indices"),
    "moving": ("c[i, p] += a[i, p] * b[p, j]", "indices"),
    "skewed": ("c[i, j] += a[i, p] * b[p, p]", "indices"),
    "after": ("c[i, j] += (a[i, p] * b[p, j]) * alpha", "scaled after it is rounded"),
    "after minus": ("c[i, j] -= alpha * (a[i, p] * b[p, j])", "scaled after it is rounded"),
    "two scales": ("c[i, j] += (alpha * a[i, p]) * (beta * b[p, j])", "more than one scale"),
    "quotient": ("c[i, j] += a[i, p] / b[p, j]", None),
    "squared": ("c[i, j] += a[i, p] * b[p * p, j]", "linear"),
    "sum": ("c[i, j] = alpha * c[i, j] + a[i, p] * b[p, j]", "not added"),
    "two": ("c[i, j] += a[i, p] * b[p, j] + a[p, i] * b[j, p]", None),
}
HAND = '''
@kb.kernel
def twin_live(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, alpha: float, beta: float) -> float:
    t = 0.0
    for i in range(m):
        for j in range(n):
            t = 0.0
            for p in range(k):
                t += a[i, p] * b[p, j]
            c[i, j] = t
    return t


@kb.kernel
def twin_running(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, alpha: float, beta: float) -> None:
    t = 0.0
    for i in range(m):
        for j in range(n):
            for p in range(k):
                t += a[i, p] * b[p, j]
            c[i, j] = t


@kb.kernel
def twin_rank1(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, alpha: float, beta: float) -> None:
    for i in range(m):
        for j in range(n):
            c[i, j] += a[i, 0] * b[0, j]


@kb.kernel
def twin_if(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, alpha: float, beta: float) -> None:
    for i in range(m):
        for j in range(n):
            for p in range(k):
                if a[i, p] > 0.0:
                    c[i, j] += a[i, p] * b[p, j]


@kb.kernel
def twin_count(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, alpha: float, beta: float) -> None:
    for i in range(m):
        for j in range(n):
            t = 0.0
            for p in range(k):
                t += a[i, p] * b[p, j]
            c[i, j] = t
            b[i, 0] = t


@kb.kernel
def twin_one(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, alpha: float, beta: float) -> None:
    for i in range(m):
        for j in range(n):
            t = 1.0
            for p in range(k):
                t += a[i, p] * b[p, j]
            c[i, j] = t


@kb.kernel
def twin_late(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, alpha: float, beta: float) -> None:
    for i in range(m):
        for p in range(k):
            for j in range(n):
                c[i, j] += a[i, p] * b[p, j]
        for j in range(n):
            c[i, j] = beta * c[i, j]


@kb.kernel
def twin_part(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, alpha: float, beta: float) -> None:
    for i in range(m):
        for j in range(1, n):
            c[i, j] = 0.0
        for p in range(k):
            for j in range(n):
                c[i, j] += a[i, p] * b[p, j]
'''
MAY_INNER = {"twin_late", "twin_part"}  # the loops inside are a matrix times a vector


def twin_text():
    out = []
    for name, (body, _) in TWINS.items():
        out.append(f"@kb.kernel\ndef twin_{name.replace(' ', '_')}(a: kb.f64[:, :], b: kb.f64[:, :], c: kb.f64[:, :], m: int, n: int, k: int, "
                   "alpha: float, beta: float) -> None:\n    for i in range(m):\n        for j in range(n):\n"
                   f"            for p in range(k):\n                {body}\n\n\n")
    return "".join(out) + HAND


# -- Calling ----------------------------------------------------------------------------------------------------------

WRAPPER = """
#include <kbabi.h>
long contract_count[3];
uint64_t contract_flags;
#define ARGS(T) T *c, const T *a, const T *b, int64_t ci, int64_t cj, int64_t ai, int64_t ap, int64_t bp, int64_t bj, int64_t m, \\
  int64_t n, int64_t k, int64_t d, T alpha, T beta, uint64_t flags
#define W(T, N) int __real_##N(ARGS(T)); int __wrap_##N(ARGS(T)); int __wrap_##N(ARGS(T)) \\
  { int r = __real_##N(c, a, b, ci, cj, ai, ap, bp, bj, m, n, k, d, alpha, beta, flags); contract_count[r + 1]++; contract_flags = flags; return r; }
W(double, kb_contract_f64)
W(float, kb_contract_f32)
#include <pthread.h>
long contract_threads;
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *x)
  { contract_threads++; return __real_pthread_create(t, a, f, x); }
"""


def view(real):
    class View(ctypes.Structure):
        _fields_ = [("data", ctypes.POINTER(real)), ("shape", ctypes.c_ssize_t * 2), ("stride", ctypes.c_ssize_t * 2)]
    return View


REALS = {"f64": ctypes.c_double, "f32": ctypes.c_float}
VIEWS = {t: view(r) for t, r in REALS.items()}


class Error(ctypes.Structure):
    _fields_ = [(n, ctypes.c_char_p) for n in ("type", "message", "file", "function")] + [("line", ctypes.c_int)]


class Unit:
    def __init__(self, folder, name, flags, plugin):
        so = os.path.join(folder, f"{name}.so")
        kernel = [w for w in run([KEELBACK, "config", "--kernel-cflags"]).stdout.split() if not w.startswith("-fplugin")]
        with open(os.path.join(folder, "wrap.c"), "w") as f:
            f.write(WRAPPER)
        use = [f"-fplugin={PLUGIN}", "-fplugin-arg-keelback-check", "-fplugin-arg-keelback-verbose"] if plugin else []
        r = run([*CC, *kernel, *flags, *use, "-fPIC", "-w", "-c", "k.c", "-o", name + ".o"], cwd=folder)
        self.log = r.stdout
        if r.returncode == 0:
            r = run([*CC, "-shared", "-fPIC", "-O1", *kernel, "-o", so, name + ".o", "wrap.c", os.path.join(LIB, "libkeelback.a"), "-lm",
                     "-lpthread", "-Wl,-Bsymbolic,--wrap=kb_contract_f64,--wrap=kb_contract_f32,--wrap=pthread_create"], cwd=folder)
        if r.returncode:
            raise SystemExit(f"Bail out! {r.stdout[-3000:]}")
        self.dll = ctypes.CDLL(so)
        self.dll.kb_error_get.restype = ctypes.POINTER(Error)
        self.count = (ctypes.c_long * 3).in_dll(self.dll, "contract_count")
        self.flags = ctypes.c_uint64.in_dll(self.dll, "contract_flags")
        self.threads = ctypes.c_long.in_dll(self.dll, "contract_threads")

    def remarks(self):
        """line -> texts of what was said about contractions"""
        out = {}
        for m in re.finditer(r"k\.py:(\d+):\d+: note: keelback contract: (.*)", self.log):
            out.setdefault(int(m[1]), []).append(m[2])
        return out

    def call(self, name, t, views, sizes, alpha, beta):
        fn = getattr(self.dll, name)
        fn.restype = None if not name.endswith("_live") else ctypes.c_double
        real = REALS[t]
        r = fn(*views, *(ctypes.c_int64(s) for s in sizes), real(alpha), real(beta))
        e = self.dll.kb_error_get()
        said = (e[0].type, e[0].message, e[0].line) if e else None
        self.dll.kb_error_clear()
        return r, said


def layout(rng, rows, cols):
    """(strides, elements before the first, elements in all) of a rows x cols view."""
    how = rng.randrange(6)
    step = 2 if how == 4 else 1
    s = [cols * step, step] if how != 1 else [1, rows]
    if how == 2:
        s[0] += 3
    if how == 3:
        s[rng.randrange(2)] *= -1
    low = sum(min(0, x * (n - 1)) for x, n in zip(s, (rows, cols)) if n)
    high = sum(max(0, x * (n - 1)) for x, n in zip(s, (rows, cols)) if n)
    return s, -low, high - low + 1


def extents(form, m, n, k):
    a = (k, m) if form.ta else (m, k)
    b = (k, 1) if form.vector else (n, k) if form.tb else (k, n)
    c = (m, 1) if form.vector else (n, m) if form.tc else (m, n)
    return a, b, c


class Input:
    def __init__(self, rng, form, size):
        big = {"none": lambda: rng.choice((0, 1, 3)), "small": lambda: rng.randrange(1, 12), "mid": lambda: rng.randrange(9, 45)}[size]
        m, n, k = big(), big(), big()
        if form.triangle or form.twin:
            n = m = max(m, n)
        if form.twin:
            k = m
        self.sizes, real = (m, n, k), REALS[form.type]
        fault, self.views, spots, total = rng.random() < 0.15, [], [], 0
        shared = rng.random() < 0.15
        for which, (rows, cols) in enumerate(extents(form, m, n, k)):
            if fault and rng.random() < 0.4:
                rows, cols = max(0, rows - rng.randrange(2)), max(0, cols - rng.randrange(3))
            stride, before, count = layout(rng, rows, cols)
            at = rng.randrange(max(1, total)) if shared and which == 2 else total
            spots.append((rows, cols, stride, at + before))
            total = max(total, at + count) + (rng.randrange(3) if not shared else 0)
        kind = rng.randrange(8)
        value = (lambda: rng.uniform(-1, 1)) if kind else (lambda: rng.choice((0.0, -0.0, 1.5, -2.0, 1e300, -1e-300, 1e-40, 3e38)))
        self.start = (real * (total + 8))(*(value() for _ in range(total + 8)))
        self.spots, self.total, self.type = spots, total + 8, form.type
        self.alpha, self.beta = rng.choice((1.0, -1.0, 0.3, 2.5, 0.0)), rng.choice((1.0, 0.7, -1.3, 0.0))

    def call(self, unit, name):
        real = REALS[self.type]
        memory = (real * self.total).from_buffer_copy(self.start)
        views = []
        for rows, cols, stride, at in self.spots:
            v = VIEWS[self.type]()
            v.data = ctypes.cast(ctypes.byref(memory, at * ctypes.sizeof(real)), ctypes.POINTER(real))
            v.shape[:], v.stride[:] = (rows, cols), stride
            views.append(v)
        r, error = unit.call(name, self.type, views, self.sizes, self.alpha, self.beta)
        return bytes(memory), error, r


def same(x, y, t):
    """NaNs are all alike."""
    if x == y:
        return True
    real = REALS[t]
    n = len(x[0]) // ctypes.sizeof(real)
    p, q = (real * n).from_buffer_copy(x[0]), (real * n).from_buffer_copy(y[0])
    return x[1] == y[1] and repr(x[2]) == repr(y[2]) and all(u == v and str(u) == str(v) or u != u and v != v for u, v in zip(p, q))


# -- Tests ------------------------------------------------------------------------------------------------------------


def emit(folder, text):
    with open(os.path.join(folder, "k.py"), "w") as f:
        f.write("import keelback as kb\n\n\n" + text)
    r = run([KEELBACK, "emit", "k.py", "-o", "k.c", "--header", "k.h"], cwd=folder)
    if r.returncode:
        raise SystemExit(f"Bail out! {r.stdout[:3000]}")


def lines_of(folder):
    """name -> range of lines"""
    with open(os.path.join(folder, "k.py")) as f:
        text = f.read().split("\n")
    starts = [(n, re.match(r"def (\w+)", line)[1]) for n, line in enumerate(text, 1) if line.startswith("def ")]
    ends = [n for n, _ in starts[1:]] + [len(text) + 1]
    return {name: range(n, end) for (n, name), end in zip(starts, ends)}


def said_of(unit, lines):
    remarks = unit.remarks()
    return [t for n in lines for t in remarks.get(n, [])]


def compare(units, forms, rng, calls):
    """Texts of differences."""
    bad = []
    for name, form in forms.items():
        for n in range(calls):
            given = Input(rng, form, ("mid", "small", "mid", "none")[n % 4])
            want = given.call(units["plain"], name)
            for way, unit in units.items():
                got = given.call(unit, name)
                if not same(got, want, form.type):
                    bad.append(f"{way}: {name}{given.sizes}: {got[1]} against {want[1]}, {given.spots}, alpha {given.alpha} "
                               f"beta {given.beta}")
    return bad


def test_forms(forms, ways, rng, calls, title):
    with tempfile.TemporaryDirectory() as folder:
        emit(folder, "".join(f.text(name) for name, f in forms.items()))
        units = {"plain": Unit(folder, "plain", ["-O1"], False)}
        lines = lines_of(folder)
        for way in ways:
            unit = units[way] = Unit(folder, way, WAYS[way], True)
            missed = [f"{name}: {said_of(unit, lines[name])}\n{form.text(name)}" for name, form in forms.items()
                      if form.proven() and not any(form.kind() in t for t in said_of(unit, lines[name]))]
            result(not missed, f"{way}, {title}: {sum(f.proven() for f in forms.values())} nests are found to be contractions", "\n".join(missed))
        bad = compare(units, forms, rng, calls)
        result(not bad, f"{title}: memory and exceptions as without the plugin, bit by bit", "\n".join(bad))
        for way in ways:
            count = units[way].count
            result(count[2] > 2 * len(forms) and count[1] > 0, f"{way}, {title}: the macro-kernel ran, and gave way where arrays overlap",
                   list(count))


def test_python(forms):
    with tempfile.TemporaryDirectory() as folder:
        emit(folder, "".join(f.text(name) for name, f in forms.items()))
        r = run([KEELBACK, "check", "k.py", "-n", "60"], cwd=folder)
        result(r.returncode == 0, f"{len(forms)} forms are compared with CPython",
               "\n".join(line for line in r.stdout.splitlines() if not line.startswith("ok")))


def test_twins(rng):
    with tempfile.TemporaryDirectory() as folder:
        emit(folder, twin_text())
        lines = lines_of(folder)
        units = {"plain": Unit(folder, "plain", ["-O1"], False)}
        for way, flags in WAYS.items():
            unit = units[way] = Unit(folder, way, flags, True)
            found = [f"{name}: {said_of(unit, lines[name])}" for name in lines if name not in MAY_INNER
                     and any("macro-kernel of" in t for t in said_of(unit, lines[name])) and name != "twin_itself"]
            found += [f"{name}: a matrix product" for name in MAY_INNER
                      if any("matrix product" in t for t in said_of(unit, lines[name]))]
            result(not found, f"{way}: near twins are no contractions", "\n".join(found))
        reasons = [f"{n}: {said_of(units['O3'], lines['twin_' + n.replace(' ', '_')])}" for n, (_, why) in TWINS.items()
                   if why and not any(why in t for t in said_of(units["O3"], lines["twin_" + n.replace(" ", "_")]))]
        result(not reasons, "and the reason is said", "\n".join(reasons))
        bad = compare(units, {name: Form(twin=True) for name in lines}, rng, 16)
        result(not bad, "near twins: memory and exceptions as without the plugin", "\n".join(bad))


class Square:
    """Arguments of a form: squares of n x n."""
    def __init__(self, rng, n, t="f64"):
        self.n, self.type = n, t
        some = [rng.uniform(-1, 1) for _ in range(997)]
        self.memory = [(REALS[t] * (n * n))(*((some[(7 * x + x // n + w) % 997] for x in range(n * n)))) for w in range(3)]

    def call(self, unit, name):
        views = []
        for m in self.memory:
            v = VIEWS[self.type]()
            v.data = ctypes.cast(m, ctypes.POINTER(REALS[self.type]))
            v.shape[:], v.stride[:] = (self.n, self.n), (self.n, 1)
            views.append(v)
        return unit.call(name, self.type, views, (self.n, self.n, self.n), 1.0, 1.0)[1]


FUSED, REASSOC, PARALLEL, POLL = 2, 4, 8, 512  # KB_CT_*


def test_marks(rng):
    """What the kernel allows reaches the call; a fused product is near the strict one."""
    forms = {"strict": (Form(), POLL), "fused": (Form(marks="fastmath={'contract'}"), FUSED | POLL),
             "any": (Form(marks="fastmath={'reassoc'}"), REASSOC | POLL),
             "both": (Form(marks="fastmath={'reassoc', 'contract'}"), REASSOC | FUSED | POLL),
             "after": (Form(marks="fastmath={'reassoc'}", scale="(a * b) * alpha"), REASSOC | POLL)}
    with tempfile.TemporaryDirectory() as folder:
        emit(folder, "".join(f.text(name) for name, (f, _) in forms.items()))
        unit, sums, bad = Unit(folder, "O3", WAYS["O3"], True), {}, []
        for name, (_, flags) in forms.items():
            given = Square(random.Random(1), 67)
            given.call(unit, name)
            sums[name] = list(given.memory[2])
            if unit.flags.value & (FUSED | REASSOC | PARALLEL | POLL) != flags:
                bad.append(f"{name}: flags {unit.flags.value}, wanted {flags}")
        result(not bad, "fused and reordered only where the kernel allows it", "\n".join(bad))
        far = max(abs(x - y) for name in sums for x, y in zip(sums[name], sums["strict"]))
        result(far < 1e-12, "fused sums are near the strict ones", far)
        bare = [w for w in run([KEELBACK, "config", "--kernel-cflags"]).stdout.split() if not w.startswith("-fplugin")]
        for g in ("-g0", "-g"):
            run([*CC, *bare, *WAYS["O3"], f"-fplugin={PLUGIN}", "-fPIC", "-w", g, "-c", "k.c", "-o", g + ".o"], cwd=folder)
            run(["objcopy", "-O", "binary", "-j", ".text", "--", "./" + g + ".o", "./" + g + ".bin"], cwd=folder)
        code = [open(os.path.join(folder, g + ".bin"), "rb").read() for g in ("-g0", "-g")]
        result(len(code[0]) > 0 and code[0] == code[1], "the same code with and without -g")


def test_leave(rng):
    """Ctrl-C in the macro-kernel; none where the kernel was built without polls."""
    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
    with tempfile.TemporaryDirectory() as folder:
        emit(folder, Form().text("product"))
        for way, more, want in (("polls", [], b"KeyboardInterrupt"), ("none", ["-DKB_NO_POLL"], None)):
            unit, asked = Unit(folder, way, WAYS["O3"] + more, True), []
            stop = handler(lambda _: asked.append(1) or len(asked) > 2)
            unit.dll.kb_poll_set_handler(stop, None)
            given = Square(rng, 700)
            error = given.call(unit, "product")
            unit.dll.kb_poll_set_handler(None, None)
            said = error and error[0]
            count = list(unit.count)
            result(said == want and count == ([1, 0, 0] if want else [0, 0, 1]) and bool(asked) == bool(want),
                   f"{way}: a product " + ("is left when a poll says so" if want else "is not left"), (error, count, len(asked)))


def test_isa():
    """Vectors of any size: the same bits."""
    bits = {}
    with tempfile.TemporaryDirectory() as folder:
        emit(folder, Form().text("one"))
        for isa in ("any", "avx2", "avx512"):
            os.environ["KEELBACK_ISA"] = isa
            unit, given = Unit(folder, isa, WAYS["O3"], True), Square(random.Random(1), 67)
            given.call(unit, "one")
            bits[isa] = bytes(given.memory[2])
            result(unit.count[2] == 1 and bits[isa] == bits["any"], f"KEELBACK_ISA={isa}: the same bits", list(unit.count))
    del os.environ["KEELBACK_ISA"]


def test_parallel(rng):
    """Threads: the same bits, none for small products, Ctrl-C in the caller's alone, nothing left of them behind a fork."""
    os.environ["KEELBACK_THREADS"] = "2"
    several = len(os.sched_getaffinity(0)) > 1
    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
    with tempfile.TemporaryDirectory() as folder:
        emit(folder, Form().text("one") + Form(marks="parallel=True").text("many"))
        unit, made, memory = Unit(folder, "O3", WAYS["O3"], True), [], {}
        for name, n in (("one", 300), ("many", 40), ("many", 300)):
            before, given = unit.threads.value, Square(random.Random(1), n)
            given.call(unit, name)
            made.append(unit.threads.value - before)
            memory[name] = bytes(given.memory[2])
        result(unit.flags.value & PARALLEL and made[:2] == [0, 0] and made[2] == several, "threads only where they are allowed and worth it",
               (unit.flags.value, made))
        result(memory["one"] == memory["many"], "the bits of one thread")
        asked = []
        stop = handler(lambda _: asked.append(threading.get_ident()) or len(asked) > 2)
        unit.dll.kb_poll_set_handler(stop, None)
        error = Square(rng, 700).call(unit, "many")
        unit.dll.kb_poll_set_handler(None, None)
        result(error and error[0] == b"KeyboardInterrupt" and set(asked) == {threading.get_ident()},
               "a product of several threads is left when a poll says so", (error, asked))
        child = os.fork()
        if child == 0:
            given = Square(random.Random(1), 300)
            given.call(unit, "many")
            os._exit(bytes(given.memory[2]) != memory["many"])
        result(os.waitpid(child, 0)[1] == 0, "a forked process multiplies with threads of its own")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 4)
    major = run([*CC, "-dumpversion"]).stdout.split(".")[0].strip()
    if not os.path.exists(os.path.join(os.path.dirname(PLUGIN), f"keelback-gcc{major}.so")):
        print("1..0 # SKIP no plugin for this gcc")
        return
    forms = {f"f{n}": f for n, f in enumerate(systematic())}
    test_forms(forms, ["O3"], rng, 16, "all forms")
    test_forms({f"r{n}": at_random(rng) for n in range(30 * rounds)}, list(WAYS), rng, 24, "random forms")
    test_python({name: f for name, f in forms.items() if int(name[1:]) % 5 == 0})
    test_twins(rng)
    test_marks(rng)
    test_leave(rng)
    test_isa()
    test_parallel(rng)
    print(f"1..{done}")


main()
