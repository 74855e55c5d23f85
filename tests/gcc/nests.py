# SPDX-License-Identifier: MIT
"""nests.py FILE.py [-n CALLS] [--seed N] [--flags "..."]: kernels over arrays with and without the plugin, on large inputs.

Each kernel is called with arrays of the extents that its check= names, which are mostly larger than a tile or a vector, in
all layouts: rows or columns first, with gaps, backwards, one element for all (stride 0), and over each other. All of memory
and the result must be the same to the bit. Prints the number of calls; exits with 1 at a difference.
"""
import argparse
import ctypes
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.pop(0)  # files beside this one have names of Python's modules
from keelback.check import engine  # noqa: E402
from keelback.check.types import signature  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEELBACK = os.environ.get("KEELBACK", "keelback")
LIB = os.environ.get("KEELBACK_LIB", os.path.dirname(os.path.abspath(KEELBACK)))
CC = os.environ.get("CC", "gcc").split()
PLUGIN = os.environ.get("KEELBACK_PLUGIN") or os.path.join(LIB, "plugin", "keelback.so")
WORDS = 1 << 17  # of the memory that all arrays of a call are in
SIZES = {"f64": 8, "i64": 8, "u64": 8, "f32": 4, "i32": 4, "u32": 4, "i16": 2, "u16": 2, "i8": 1, "u8": 1}


def view_type(rank):
    """The struct of a view: strides are in elements."""
    fields = [("data", ctypes.c_void_p), ("shape", ctypes.c_int64 * rank), ("stride", ctypes.c_int64 * rank)]
    return type(f"View{rank}", (ctypes.Structure,), {"_fields_": fields})


VIEWS = {rank: view_type(rank) for rank in (1, 2, 3, 4)}


def compile_both(path, flags, folder):
    name = os.path.join(folder, os.path.basename(path)[:-3])
    subprocess.run([KEELBACK, "emit", path, "-o", name + ".c", "--header", name + ".h"], check=True)
    words = subprocess.run([KEELBACK, "config", "--kernel-cflags"], check=True, stdout=subprocess.PIPE, text=True).stdout
    common = [*CC, *(w for w in words.split() if not w.startswith("-fplugin")), "-I" + os.path.join(ROOT, "include")]
    libs = []
    for n, more in enumerate((["-O2"], [*flags, "-fplugin=" + PLUGIN, "-fplugin-arg-keelback-check"])):
        so = f"{name}.{n}.so"
        subprocess.run([*common, *more, "-fPIC", "-shared", name + ".c", "-o", so, os.path.join(LIB, "libkeelback.a"),
                        "-lm", "-lpthread"], check=True)
        libs.append(ctypes.CDLL(so))
    return libs


def layout(rng, shape, size, memory, low, high):
    """(byte offset, strides in elements) of a view whose elements are in memory[low:high]; None: it does not fit."""
    axes = list(range(len(shape)))
    if rng.random() < 0.3:
        rng.shuffle(axes)
    strides, step = [0] * len(shape), 1 if rng.random() < 0.8 else rng.randint(2, 3)
    for axis in reversed(axes):
        strides[axis] = step
        step *= max(shape[axis], 1)
        if rng.random() < 0.25:
            step += rng.randint(1, 9)
    first = 0
    for axis in axes:
        kind = rng.random()
        if kind < 0.07:
            strides[axis] = -strides[axis]
            first -= strides[axis] * max(shape[axis] - 1, 0)
        elif kind < 0.1:
            strides[axis] = 0
    extent = sum(abs(s) * max(n - 1, 0) for s, n in zip(strides, shape)) + 1
    room = (high - low) // size - extent
    if room < 0:
        return None
    return low + size * (first + rng.randint(0, min(room, 64))), strides


class Caller:
    def __init__(self, kernel, libs, rng):
        self.params, result = signature(kernel.py_func, kernel.options)
        self.kernel, self.rng = kernel, rng
        self.shapes = dict((kernel.options.get("check") or {}).get("shapes", {}))
        self.ranges = {k: v for k, v in (kernel.options.get("check") or {}).items() if isinstance(v, range)}
        self.functions = [getattr(lib, kernel.__name__) for lib in libs]
        for f in self.functions:
            f.restype = {"none": None, "any": None, "float": ctypes.c_double}.get(result.kind, ctypes.c_int64)

    def arguments(self):
        """Parameters with views as (offset, shape, strides)."""
        rng, names, out = self.rng, {}, []
        for p in self.params:
            if p.name in self.ranges:
                names[p.name] = rng.choice(self.ranges[p.name])
        for text in self.shapes.values():
            for word in re.findall(r"[A-Za-z_]\w*", text):
                names.setdefault(word, rng.choice([0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24, 31, 33, 40, 53]))
        arrays = [p for p in self.params if p.name in self.shapes]
        apart = rng.random() < 0.8
        for p in self.params:
            if p.name not in self.shapes:
                out.append(names.get(p.name, rng.randint(0, 20)))
                continue
            shape = [max(eval(w, {}, names), 0) for w in self.shapes[p.name].split()]
            k, n = arrays.index(p), len(arrays)
            low, high = (8 * WORDS * k // n & -64, 8 * WORDS * (k + 1) // n & -64) if apart else (0, 8 * WORDS)
            at = layout(rng, shape, SIZES[p.type.elem], None, low, high)
            if at is None:
                return None
            out.append((at[0], shape, at[1]))
        return out

    def call(self, n, args, before):
        memory = (ctypes.c_char * (8 * WORDS)).from_buffer_copy(before)
        values = []
        for a in args:
            if isinstance(a, tuple):
                offset, shape, strides = a
                rank = len(shape)
                values.append(VIEWS[rank](ctypes.addressof(memory) + offset, (ctypes.c_int64 * rank)(*shape),
                                          (ctypes.c_int64 * rank)(*strides)))
            else:
                values.append(ctypes.c_int64(a))
        result = self.functions[n](*values)
        return repr(result), memory.raw


def contents(rng):
    """Doubles of many sizes, some of them special, so that another order of additions is seen. No half of one is a NaN as a
    float: which of two NaNs an operation gives is the compiler's choice."""
    values = (ctypes.c_double * WORDS)()
    for i in range(0, WORDS):
        values[i] = rng.uniform(-1, 1) * (1 << (i * 7919 % 23))
    for i in range(0, WORDS, 4097):
        values[i] = rng.choice([0.0, -0.0, 1e300, 5e-324])
    halves = (ctypes.c_uint32 * (2 * WORDS)).from_buffer(values)
    for i in range(2 * WORDS):
        if halves[i] & 0x7F800000 == 0x7F800000:
            halves[i] ^= 0x20000000
    return bytes(values)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("file")
    p.add_argument("-n", type=int, default=300, help="calls of each kernel")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--flags", default="-O3 -march=native")
    a = p.parse_args()
    rng = random.Random(a.seed)
    own, _ = engine.load(a.file)
    calls = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        libs = compile_both(a.file, a.flags.split(), folder)
        before = contents(rng)
        for kernel in own:
            caller = Caller(kernel, libs, rng)
            for _ in range(a.n):
                args = caller.arguments()
                if args is None:
                    continue
                calls += 1
                if caller.call(0, args, before) != caller.call(1, args, before):
                    bad += 1
                    if bad < 10:
                        print(f"{kernel.__name__}{args}: another result with the plugin")
    print(f"{calls} calls, {bad} differences")
    return bad != 0


sys.exit(main())
