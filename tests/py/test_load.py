# SPDX-License-Identifier: MIT
"""How the front end executes a file and what the names in its kernels become, seen through `emit -d t`."""

import os
import sys

from kbtest import done, equal, folder, has, keelback, lacks, ok, python, read, run, tree, write

# -- Names ---------------------------------------------------------------------------------------------

write("helper.py", "import keelback as kb\nSCALE = 4\n\n@kb.kernel\ndef twice(x: float) -> float:\n    return x + x\n")
write("pkg/__init__.py", "")
write("pkg/deep.py", "import keelback as kb\nN = 7\n\n@kb.kernel\ndef twice(x: float) -> float:\n    return 2.0 * x\n")
text = tree(
    '''
import enum, math
from collections import namedtuple
import helper, pkg.deep
from helper import twice
from math import pi as PI
import keelback as kb

class Color(enum.IntEnum):
    RED = 3

class Flag(enum.Enum):
    A = 2.5

Point = namedtuple("Point", "x y")
ORIGIN = Point(1, 2.0)
T = (1, (2.5, True), None)
BIG = 2**70
NEG = -3
NAME = "text"
U = kb.u8(300)

def make(factor):
    @kb.kernel
    def scaled(x: float) -> float:
        return x * factor
    return scaled

by2 = make(2.0)
by3 = make(3)

@kb.kernel
def names(x: float) -> float:
    a = Color.RED
    b = Color.RED.value
    c = Flag.A.value
    d = ORIGIN.y
    e = T
    f = BIG
    g = NEG
    h = U
    i = PI + math.pi + math.inf
    j = helper.SCALE + pkg.deep.N
    k = twice(x) + helper.twice(x) + pkg.deep.twice(x) + by2(x) + by3(x)
    l = abs(x) + int(x) + kb.f32(x)
    m = kb.zeros((2, 3), int)
    n = math.log(x, 2)
    o = True if x else None
    p = 2**64 - 1 - 2**64
    q = -9223372036854775808
    r = ~5 & 0xFF
    s = 1 if x is None else 0
    return a

if True:
    @kb.kernel
    def names2(n: int) -> int:
        return names2(n - 1) if n else 0
'''
)
for line, what in [
    ("(assign (int 3) (local a))", "IntEnum member"),
    ("(assign (int 3) (local b))", "value of an IntEnum member"),
    ("(assign (float 2.5) (local c))", "value of an Enum member"),
    ("(assign (float 2) (local d))", "field of a namedtuple"),
    ("(assign (tuple (int 1) (tuple (float 2.5) (bool True)) (None)) (local e))", "tuple of constants"),
    ("(assign (int 1180591620717411303424) (local f))", "int past 64 bits"),
    ("(assign (int -3) (local g))", "negative int"),
    ("(assign (call (type kb.u8) (int 44)) (local h))", "constant of a sized type"),
    ("(assign (binary add (binary add (float 3.1415926535897931) (float 3.1415926535897931)) (float inf)) (local i))", "math"),
    ("(assign (int 11) (local j))", "constants of other files"),
    ("(call (builtin abs) (local x)) (call (builtin int) (local x))) (call (type kb.f32) (local x))", "builtins and casts"),
    ("(call (builtin kb.zeros) (tuple (int 2) (int 3)) (type int))", "local array"),
    ("(call (builtin math.log) (local x) (int 2))", "math function"),
    ("(ifexp (local x) (bool True) (None))", "None and True"),
    ("(assign (int -1) (local p))", "constant arithmetic through big ints"),
    ("(assign (int -9223372036854775808) (local q))", "the smallest int"),
    ("(assign (int 250) (local r))", "bit operations on constants"),
    ("(ifexp (compare is (local x) (None)) (int 1) (int 0))", "is None"),
    ("(binary mul (local x) (float 2))", "closure cell"),
    ("(binary mul (local x) (int 3))", "another closure of the same function"),
    ("(kernel by2", "a kernel made by a function has its variable's name"),
    ("(call (kernel #3) (binary sub (local n) (int 1)))", "recursion, and a def under if"),
    ("(kernel twice from=helper.py", "kernel of another file"),
    ("(kernel twice c_name=twice_2 from=pkg/deep.py", "two callees of one name"),
]:
    has(text, line, what)
equal(text.count("error:"), 1, "the big int is the only error", text)

text = tree(
    '''
import numpy as np, numpy.typing, keelback as kb
F = np.float32(0.5)
I = np.int16(-3)
B = np.bool_(True)
D = np.float64(2.5)
U1 = np.dtype("u1")

@kb.kernel
def f(x: np.float32, a: "np.typing.NDArray[np.float64]", n: np.int64) -> float:
    v = F
    w = I
    y = B
    z = D
    s = np.zeros(n, dtype=np.float32)
    t = np.empty((n, n), "int16")
    u = np.full(3, 1.5, dtype=float)
    q = np.ones(3, U1)
    p = np.float32(1.0) + np.pi
    return 0.0
'''
) if run([sys.executable, "-c", "import numpy.typing"]).returncode == 0 else None
for line, what in [
    ("(call (type kb.f32) (float 0.5)) (local v)", "NumPy float32 constant"),
    ("(call (type kb.i16) (int -3)) (local w)", "NumPy int16 constant"),
    ("(assign (bool True) (local y))", "NumPy bool constant"),
    ("(call (type kb.f64) (float 2.5)) (local z)", "NumPy float64 constant"),
    ("(call (builtin kb.zeros) (local n) dtype=(type kb.f32))", "np.zeros"),
    ("(call (builtin kb.empty) (tuple (local n) (local n)) (type kb.i16))", "np.empty with a dtype as text"),
    ("(call (builtin kb.full) (int 3) (float 1.5) dtype=(type float))", "np.full"),
    ("(call (builtin kb.ones) (int 3) (type kb.u8))", "np.ones with a dtype object"),
    ("(call (type kb.f32) (float 1))", "cast by a NumPy type"),
    ("(param a kb.f64[:])", "NDArray"),
    ("(param x kb.f32)", "NumPy scalar as a type"),
]:
    if text is not None:
        has(text, line, what)

# -- Signatures and options ----------------------------------------------------------------------------------

text = tree(
    '''
from __future__ import annotations
import ctypes, keelback as kb
from ctypes import POINTER, c_float, c_int32, c_double, c_size_t, c_bool
Alias = kb.f32[:, ::1]

@kb.kernel(fastmath={"reassoc", "nnan"}, overflow="wrap", bounds=False, inline=True, c_name="other_name")
def options(a: Alias, b: "kb.i32", /, c: bool = True, *, d: float = -1.5) -> tuple[int, float]:
    """What it does."""
    return 1, 2.0

@kb.kernel(restype=c_float, argtypes=[POINTER(c_float), c_int32, c_double, c_size_t, c_bool])
def pointers(p, n, d, z, b):
    return p[n]

@kb.jit(restype=None, argtypes=[kb.f64[:]])
def nothing(x):
    x[0] = 1.0

@kb.kernel
def inferred(x: float):
    return x
'''
)
for line, what in [
    ("(kernel options c_name=other_name overflow=wrap bounds=False fastmath=5 inline=1", "options"),
    ("(param a kb.f32[:, ::1] posonly)", "string annotation, contiguous array, positional only"),
    ("(param c bool (bool True))", "default"),
    ("(param d float kwonly (float -1.5))", "keyword only"),
    ("(returns tuple[int, float])", "tuple result"),
    ("(param p POINTER(c_float))", "pointer in ctypes' words"),
    ("(param n kb.i32)\n  (param d kb.f64)\n  (param z kb.u64)\n  (param b bool)", "scalars in ctypes' words"),
    ("(param x kb.f64[:])\n  (returns None)", "restype=None"),
    ("(param x float)\n  (returns ?)", "no annotation of the result"),
]:
    has(text, line, what)

# -- Executing the file -----------------------------------------------------------------------------------------

write("lib/common.py", "LIMIT = 5\n")
write("src/near.py", "import os\nWIDTH = 3\n")
KERNELS = """
import sys, os, subprocess
import near, common
import missing_module, os.missing_thing as thing
from near import WIDTH, NOT_THERE
import keelback as kb
assert __name__ == "kernels", __name__
assert sys.path[0] == os.path.dirname(os.path.abspath(__file__)), sys.path
assert sys.argv == ["src/kernels.py"], sys.argv
assert os.path.isabs(__file__)
print("printed by python")
subprocess.run(["echo", "printed by a program"])
os.write(1, b"printed by write\\n")

@missing_module.decorator
def not_a_kernel():
    return thing.x[3]

@kb.kernel
def f(x: float) -> float:
    return x * WIDTH + common.LIMIT

TABLE = tuple(f(float(k)) for k in range(3))
assert TABLE == (5.0, 8.0, 11.0)

if __name__ == "__main__":
    raise SystemExit("executed as the main program")
"""
write("src/kernels.py", KERNELS)
r = keelback("emit", "src/kernels.py", "-o", "k.c", "--header", "k.h", "--depfile", "k.d", PYTHONPATH=os.environ.get("PYTHONPATH", "") + ":lib")
equal(r.returncode, 0, "a file with failing imports that no kernel uses", r.stderr)
equal(r.stdout, "", "nothing on stdout")
for what in ("printed by python", "printed by a program", "printed by write"):
    has(r.stderr, what, what + " to stderr")
deps = read("k.d").replace("\\\n", "").split()
ok(deps[:4] == ["k.c", "k.h:", "src/kernels.py", os.path.join(folder, "lib/common.py")] or "src/near.py" in deps, "depfile", *deps)
ok("src/near.py" in deps and any(d.endswith("lib/common.py") for d in deps), "imported project files are in it", *deps)
ok(not any("keelback/" in d or "subprocess" in d for d in deps), "nothing else is in it", *deps)

first = {name: read(name) for name in ("k.c", "k.h", "k.d")}
os.makedirs("again", exist_ok=True)
keelback("emit", "src/kernels.py", "-o", "k.c", "--header", "k.h", "--depfile", "k.d", PYTHONPATH=os.environ.get("PYTHONPATH", "") + ":lib",
         PYTHONHASHSEED="1", TZ="UTC+9", LC_ALL="C")  # fmt: skip
equal({name: read(name) for name in first}, first, "the same output byte for byte")
lacks(first["k.c"] + first["k.h"], folder, "no absolute path in it")

USES = "import keelback as kb\nimport missing_module\n\n@kb.kernel\ndef f(x: float) -> float:\n    return missing_module.g(x)\n"
write("uses.py", USES)
r = keelback("emit", "uses.py", "-o", "-")
has(r.stderr, "uses.py:6:12: error: 'missing_module' could not be imported: ModuleNotFoundError: No module named 'missing_module'", "a failing import is an error for a kernel that uses it")

for text, what, why in [
    ("import keelback as kb\nx = 1 +\n", "bad.py:2:8: error: SyntaxError: invalid syntax", "syntax error"),
    ("x = 1\ny = x / 0\n", "bad.py:2: error: executing the file failed: ZeroDivisionError: division by zero", "exception"),
    ("import sys\nsys.exit(3)\n", "bad.py:2: error: executing the file failed: SystemExit: 3", "sys.exit"),
    ("raise KeyboardInterrupt\n", "interrupted", "interrupt"),
    ("x = 1\n", "no kernels: mark functions with @kb.kernel", "no kernels"),
    ("", "no kernels", "empty file"),
    ("import json\njson.loads('{')\n", "json/decoder.py", "exception in a library: where it was raised"),
]:
    write("bad.py", text)
    r = keelback("emit", "bad.py", "-o", "bad.c")
    ok(r.returncode == 1 and what in r.stderr and "Traceback" not in r.stderr, why, r.returncode, r.stderr)
    ok(not os.path.exists("bad.c"), "... and nothing is written")
with open("bytes.py", "wb") as f:
    f.write(b"# -*- coding: latin-1 -*-\nimport keelback as kb\nA = '\xe9'\n@kb.kernel\ndef f(x: float) -> float:\n    return x\n")
equal(keelback("emit", "bytes.py", "-o", "-").returncode, 0, "source in another encoding")
with open("bytes.py", "wb") as f:
    f.write(b"x = '\xff'\n")
has(keelback("emit", "bytes.py", "-o", "-").stderr, "error: SyntaxError", "source in no encoding")
with open("bytes.py", "wb") as f:
    f.write(b"x = 1\0\n")
has(keelback("emit", "bytes.py", "-o", "-").stderr, "null bytes", "null byte in the source")
has(keelback("emit", "nowhere.py", "-o", "-").stderr, "nowhere.py: error: cannot be read: No such file or directory", "no such file")

# -- Source and code agree -----------------------------------------------------------------------------------------

write("changed.py", "import keelback as kb\n\n@kb.kernel\ndef g(x: float) -> float:\n    return x + 1.0\n")
STALE = """
import changed, keelback as kb, time
with open(changed.__file__) as f: text = f.read()
with open(changed.__file__, "w") as f: f.write(text.replace("1.0", "2.0"))

@kb.kernel
def f(x: float) -> float:
    return changed.g(x)
"""
write("stale.py", STALE)
r = keelback("emit", "stale.py", "-o", "-")
has(r.stderr, "the source of 'g' is not what its code was compiled from", "a callee whose file was changed since the import")
has(r.stderr, "changed.py:3:1: error", "... at its place")

REDEFINED = """
import keelback as kb

@kb.kernel
def f(x: float) -> float:
    return x + 1.0

@kb.kernel
def f(x: float) -> float:
    return x + 2.0
"""
text = tree(REDEFINED)
ok("(float 2)" in text and "(float 1)" not in text, "of two kernels of one name the last counts", text)

# -- Virtual environments ------------------------------------------------------------------------------------------

built_for = keelback("config", "--python").stdout.strip()
run([built_for, "-m", "venv", "--without-pip", "venv"])
version = run([built_for, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).stdout.strip()
write(f"venv/lib/python{version}/site-packages/only_in_venv.py", "VALUE = 17\n")
write("venv_user.py", "import keelback as kb, only_in_venv, sys\nassert sys.prefix != sys.base_prefix\n\n"
      "@kb.kernel\ndef f(x: float) -> float:\n    return x + only_in_venv.VALUE\n")  # fmt: skip
venv = os.path.join(folder, "venv")
r = keelback("emit", "venv_user.py", "-o", "-", VIRTUAL_ENV=venv)
ok(r.returncode == 0 and "17" in r.stdout, "$VIRTUAL_ENV", r.stderr)
r = keelback("emit", "venv_user.py", "-o", "-", VIRTUAL_ENV=None, PATH=venv + "/bin:" + os.environ["PATH"])
ok(r.returncode == 0 and "17" in r.stdout, "a virtual environment first on PATH", r.stderr)
write("venv/pyvenv.cfg", read("venv/pyvenv.cfg").replace(version, "2.7"))
r = keelback("emit", "venv_user.py", "-o", "-", VIRTUAL_ENV=venv)
has(r.stderr, "AssertionError", "one of another version is left alone")
done()
