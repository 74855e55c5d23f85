# SPDX-License-Identifier: MIT
"""The Python face: import, types, options, and kernels that are compiled by their first call."""

import os
import sys

from kbtest import done, equal, folder, has, keelback, lacks, ok, python, read, write

# -- Import ----------------------------------------------------------------------------------------------

r = python("import sys, keelback; print(sorted(m for m in sys.modules if m.split('.')[0] in ('numpy', 'ctypes', 'subprocess', 'importlib.util')"
           " or m.startswith('keelback.')))")  # fmt: skip
equal(r.stdout, "['keelback._kernel', 'keelback._types']\n", "import keelback loads nothing else", r.stderr)
seconds = []
for _ in range(6):  # the first time writes the bytecode
    code = "import time; t = time.process_time(); import keelback; print(time.process_time() - t)"
    seconds.append(float(python(code, PYTHONDONTWRITEBYTECODE=None, PYTHONPYCACHEPREFIX=folder).stdout))
ok(min(seconds) < 0.010 or "asan" in os.environ.get("LD_PRELOAD", ""), "and takes less than 10 ms", seconds)

import keelback as kb

# -- Types -----------------------------------------------------------------------------------------------

equal(repr(kb.f32[:]), "kb.f32[:]", "repr of an array type")
equal(repr(kb.f64[:, ::1]), "kb.f64[:, ::1]", "repr of a contiguous one")
ok(kb.f32[:] == kb.f32[:] and kb.f32[:] != kb.f32[::1] and hash(kb.f32[:]) == hash(kb.f32[:]), "array types compare")
import copy
import pickle

ok(all(pickle.loads(pickle.dumps(t)) == t and copy.deepcopy(t) == t for t in (kb.u8, kb.f32[:], kb.f64[:, ::1], kb.ptr(kb.i32))), "types pickle")
for index, what in [("3", "write ':' for each axis"), ("1:", "write ':'"), ("::1, :", "'::1' for the last one"), ("::2", "write ':'"),
                    (":, :, :, :, :", "1 to 4 axes, not 5"), ("()", "1 to 4 axes, not 0")]:  # fmt: skip
    try:
        eval(f"kb.f32[{index}]")
        ok(False, f"kb.f32[{index}] is refused")
    except TypeError as e:
        has(str(e), what, f"kb.f32[{index}] is refused")
try:
    kb.f32.name = "x"
    ok(False, "types cannot be changed")
except AttributeError:
    ok(True, "types cannot be changed")
equal(int(kb.u8(300)), 44, "a cast in plain Python wraps")
equal(float(kb.f32(0.1)), 0.10000000149011612, "a cast in plain Python rounds")
v = kb.zeros((2, 3), kb.f32)
ok(v.shape == (2, 3) and v[1, 2] == 0.0, "kb.zeros in plain Python")
equal(kb.full(3, 2)[1], 2, "kb.full in plain Python")

# -- Options ----------------------------------------------------------------------------------------------

for options, error, what in [
    ("fastmat=True", TypeError, "has no option 'fastmat'; did you mean 'fastmath'?"),
    ("zzz=True", TypeError, "the options are fastmath, tile"),
    ("fastmath={'fast'}", ValueError, "fastmath must be True, False or a set of 'reassoc'"),
    ("fastmath=3", ValueError, "fastmath must be"),
    ("overflow='never'", ValueError, "overflow must be 'exact' or 'wrap' or 'raise', not 'never'"),
    ("bounds=1", TypeError, "bounds must be True or False, not 1"),
    ("parallel='yes'", TypeError, "parallel must be"),
    ("nogil=None", TypeError, "nogil must be"),
    ("inline=2", TypeError, "inline must be"),
    ("tile=0", ValueError, "tile must be a positive int"),
    ("c_name='a b'", ValueError, "c_name must be a name that C allows, not 'a b'"),
    ("check=[1]", TypeError, "check must be a dict"),
    ("argtypes=3", TypeError, "argtypes must be a list of ctypes types"),
    ("restype=None", TypeError, "restype= goes together with argtypes"),
]:
    try:
        eval(f"kb.kernel({options})")
        ok(False, f"{options} is refused")
    except error as e:
        has(str(e), what, f"{options} is refused")
for options in ("fastmath=True", "fastmath={'nnan', 'nsz'}", "fastmath='contract'", "tile=(32, 32)", "inline=False", "overflow='raise'",
                "bounds=False", "nogil=True", "check={'n': range(3)}", "c_name='f2'"):  # fmt: skip
    ok(callable(eval(f"kb.kernel({options})")), f"{options} is taken")
for wrong in (3, "f", len, staticmethod(len)):
    try:
        kb.kernel(wrong)
        ok(False, f"kb.kernel({wrong!r}) is refused")
    except TypeError as e:
        has(str(e), "a function was expected", f"kb.kernel({wrong!r}) is refused")

# -- First calls ---------------------------------------------------------------------------------------------

write("mod.py", '''import keelback as kb

@kb.kernel
def fib(n: int) -> int:
    """Fibonacci."""
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def make(k):
    @kb.kernel
    def times(x: float, y: float = 1.0, *, z: float = 0.0) -> float:
        return x * k + y + z
    return times

by2, by3 = make(2), make(3)

@kb.kernel
def wrong(x: int) -> int:
    v = [x]
    return print(v)

@kb.jit
def item(a: kb.f64[:], i: int) -> float:
    return a[i]

class Holder:
    method = fib
''')  # fmt: skip
sys.path.insert(0, folder)
import mod

equal(repr(mod.fib), "<kernel fib>", "repr")
equal((mod.fib(20), mod.fib.py_func(5), mod.fib.__wrapped__(5)), (6765, 5, 5), "a recursive kernel, and its Python function")
equal((mod.by2(3.0), mod.by3(3.0), mod.by2(3.0, z=1.0)), (7.0, 10.0, 8.0), "closures, defaults, keywords")
equal((mod.fib.__name__, mod.fib.__doc__, mod.fib.__module__), ("fib", "Fibonacci.", "mod"), "attributes of the function")
import inspect

equal(str(inspect.signature(mod.by2)), "(x: float, y: float = 1.0, *, z: float = 0.0) -> float", "inspect.signature")
equal((mod.by2.__defaults__, mod.by2.__kwdefaults__), ((1.0,), {"z": 0.0}), "defaults")
ok(pickle.loads(pickle.dumps(mod.fib)) is mod.fib and copy.deepcopy(mod.fib) is mod.fib, "pickle and copy")
has(mod.fib.ir, "@fib", ".ir")
has(mod.fib.c_source, "kb_k_", ".c_source")
equal(mod.fib.signatures, ["(int) -> int"], ".signatures")
ok(mod.fib.stats["cc_seconds"] > 0 and mod.fib.stats["front_end_seconds"] > 0, ".stats")
import io

out = io.StringIO()
mod.fib.explain(out)
has(out.getvalue(), "(int) -> int", ".explain()")
try:
    mod.wrong(1)
    ok(False, "CompileError")
except kb.CompileError as e:
    has(str(e), "mod.py:18:9: error: a list is not supported", "CompileError has the place")
    has(str(e), "mod.py:19:12: error: 'print' is not supported", "... of every error")
try:
    mod.fib("x")
    ok(False, "TypeError")
except TypeError as e:
    has(str(e), "n", "an argument of the wrong type")
import array

a = array.array("d", [1.0, 2.0])
equal(mod.item(a, -1), 2.0, "kb.jit with annotations")
try:
    mod.item(a, 2)
    ok(False, "IndexError")
except IndexError as e:
    import traceback

    frames = traceback.extract_tb(e.__traceback__)
    equal((frames[-1].name, frames[-1].lineno, frames[-1].line), ("item", 23, "return a[i]"), "the traceback ends in the kernel's line")
ok(not [f for f in os.listdir(os.environ.get("TMPDIR", "/tmp")) if f.startswith(f"_keelback_{os.getpid()}_")], "no files are left")
os.environ["CC"] = "false"
try:
    kb.kernel(mod.by2.py_func)(1.0)
    ok(False, "a failing compiler")
except kb.CompileError as e:
    has(str(e), "the C compiler failed: false gave status 1", "a failing compiler")
del os.environ["CC"]

# A file that was changed after its import must not be compiled.
write("mod2.py", "import keelback as kb\n\n@kb.kernel\ndef f(x: float) -> float:\n    return x + 1.0\n")
import mod2

write("mod2.py", read("mod2.py").replace("1.0", "2.0"))
try:
    mod2.f(1.0)
    ok(False, "stale source")
except kb.CompileError as e:
    has(str(e), "the source of 'f' is not what its code was compiled from", "a file that was changed after its import")

# -- A built module -------------------------------------------------------------------------------------------

r = keelback("build", "mod.py", "-o", "nothing.so")
has(r.stderr, "a list is not supported", "build of a file with errors")
write("built.py", read("mod.py").replace("    v = [x]\n    return print(v)", "    return x").replace("import keelback as kb", "import keelback as kb\nOTHER = 5"))
r = keelback("build", "built.py", "-o", "built.so")
equal(r.returncode, 0, "build", r.stderr)
import built

ok(built.__file__.endswith(".so"), "the built module is imported", built.__file__)
equal((built.OTHER, built.fib(20), built.fib.py_func(5)), (5, 6765, 5), "it has all that the file defines")
equal((built.by2(3.0), built.by3(3.0), built.by2(3.0, z=1.0)), (7.0, 10.0, 8.0), "kernels made by a function are told apart")
ok(pickle.loads(pickle.dumps(built.fib)) is built.fib, "pickle")
equal(str(inspect.signature(built.by2)), "(x: float, y: float = 1.0, *, z: float = 0.0) -> float", "inspect.signature")
done()
