# SPDX-License-Identifier: MIT
"""Emitted C over the whole corpus: the same bytes each time and from anywhere, no warnings, headers that are C99 and C++."""

import array
import glob
import importlib
import os
import re
import shutil
import sys

from kbtest import done, equal, folder, keelback, lacks, load_built, ok, read, run, write

SRC = os.path.join(os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")), "run")
CFLAGS = keelback("config", "--cflags").stdout.split()
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]
WARN = ["-Wall", "-Wextra", "-Werror", "-O2"]

for path in glob.glob(os.path.join(SRC, "*.py")):
    shutil.copy(path, folder)
files = sorted(glob.glob("*.py"))
ok(len(files) > 15, "the corpus is there", files)
os.mkdir("elsewhere")
for name in files:
    base = name[:-3]
    r = keelback("emit", name, "-o", base + ".c", "--header", base + ".h", "--depfile", base + ".d")
    if not ok(r.returncode == 0 and not r.stdout, f"emit {name}", r.stdout, r.stderr):
        continue
    first = read(base + ".c"), read(base + ".h"), read(base + ".d")
    keelback("emit", name, "-o", base + ".c", "--header", base + ".h", "--depfile", base + ".d",
             PYTHONHASHSEED="12345", LC_ALL="C", TZ="Asia/Tokyo")
    equal((read(base + ".c"), read(base + ".h"), read(base + ".d")) == first, True, f"{name}: the same bytes again")
    lacks(first[0] + first[1], folder, f"{name}: no absolute path")
    lacks(first[0], "Python.h", f"{name}: no Python.h in the kernels")
    for cc in COMPILERS: # clang's warnings do not need its optimizer
        r = run([cc, "-std=c11", *WARN, "-I.", *CFLAGS, *(["-fsyntax-only"] if cc == "clang" else ["-o", "x.o"]), "-c", base + ".c"])
        ok(r.returncode == 0, f"{name}: {cc} -Wall -Wextra is silent", r.stderr[:2000])
    write("c99.c", f'#include "{base}.h"\n#include "{base}.h"\nint main(void) {{ return 0; }}\n')
    r = run([COMPILERS[0], "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wstrict-prototypes", "-Werror", "-I.", *CFLAGS, "-fsyntax-only",
             "c99.c"])
    ok(r.returncode == 0, f"{base}.h is C99", r.stderr)
    if shutil.which("g++"):
        shutil.copy("c99.c", "cxx.cc")
        r = run(["g++", "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I.", *CFLAGS, "-fsyntax-only", "cxx.cc"])
        ok(r.returncode == 0, f"{base}.h is C++11", r.stderr)

# -- Depfile, line numbers, the words of the source ----------------------------------------------------------------

deps = read("calls.d")
ok(re.match(r"calls\.c calls\.h: calls\.py .*shared_kernels\.py", deps, re.S), "the depfile names outputs, source and imported project files", deps)
ok("shared_kernels.py:" in deps, "and a phony target for each import", deps)
code = read("blas.c")
lines = read("blas.py").splitlines()
at = next(i for i, line in enumerate(lines, 1) if "y[i] = a * x[i] + y[i]" in line)
ok(f'#line {at} "blas.py"' in code or re.search(rf"^#line {at}$", code, re.M), "#line maps to the Python line", code[:1500])
for word in ("saxpy", "alpha", "lu_pivot", "best", "swaps"):
    ok(re.search(rf"\b{word}\b", code), f"the name {word} is kept")
ok(not [line for line in code.splitlines() if len(line) > 200 and "{" not in line], "no endless lines",
   [line for line in code.splitlines() if len(line) > 200 and "{" not in line][:3])

# One kernel alone gives the same code wherever the file lies.
write("elsewhere/one.py", "import keelback as kb\n\n@kb.kernel\ndef one(x: float) -> float:\n    return x + 1\n")
a = keelback("emit", "elsewhere/one.py", "-o", "a.c")
os.chdir("elsewhere")
b = keelback("emit", "one.py", "-o", "../b.c")
os.chdir("..")
equal(read("a.c").replace("elsewhere/one.py", "one.py"), read("b.c"), "the folder shows in the file name only", a.stderr, b.stderr)

# -- Names: whatever the kernels, parameters and files are called, nothing that we emit is called so ------------------

NAMES = """sites info count kb words head heads ret e k c_source source code slots definition execute image params entries
k_f a_f e_f c_f w_f s_f r_f f_sites f_info f_count f_image f_ret f_heads a_x x_ret f args_f self frames_1_f e_k_f KBPY KB_EXIT_""".split()
LOCALS = "sites f_sites kb f_image int32_t uint8_t errno INFINITY NULL kb_left kb_pool KB_POLL k_f e_f a_f ret self index double ret_ NAN_1 p0 p1".split()
text = "import keelback as keel\n\n\n"
for name in NAMES:
    text += f"@keel.kernel\ndef {name}(p1: int, register: int, kb_r: float, errno: int, int_1: int, f: int) -> {'tuple[int, int]' if name == 'x_ret' else 'int'}:\n"
    text += "    s = p1 + register * errno\n    for i in range(int_1):\n        s += i * f\n    return " + ("s, f\n\n\n" if name == "x_ret" else "s\n\n\n")
text += "@keel.kernel\ndef local(n: int, x: keel.f64[:]) -> int:\n" + "".join(f"    {name} = n + {i}\n" for i, name in enumerate(LOCALS))
text += "    for i in range(n):\n" + "".join(f"        {name} = {name} * i + f_sites\n" for name in LOCALS)
text += "        x[i] = x[i] + f(i, n, 0.5, i, i, 1) + KB_POLL\n    return " + " + ".join(LOCALS) + "\n\n\n"
text += "@keel.kernel\ndef a_tuple(n: int) -> int:\n    a_x, x_ret_ = x_ret(n, n, 1.0, n, 3, n)\n    return a_x * x_ret_\n"
write("names.py", text)
r = keelback("emit", "names.py", "-o", "names.c", "--header", "names.h")
if ok(r.returncode == 0, "kernels with names that look like ours", r.stderr):
    for cc in COMPILERS:
        for python in [], ["-DKB_PYTHON"]:
            r = run([cc, "-std=c11", *WARN, "-O0", "-I.", *CFLAGS, *python, "-c", "names.c", "-o", "x.o"])
            ok(r.returncode == 0, f"{cc} {' '.join(python)} compiles them", r.stderr[:2000])
    ours = run(["nm", "x.o"]).stdout.split()
    equal([n for n in ours if re.match(r"[A-Za-z_]\w+$", n) and not re.match(r"(_|\.|kb_|kbpy_)", n)], [], "every symbol of ours begins with kb_")
    write("names.cc", '#include "names.h"\nint main() { return 0; }\n')
    if shutil.which("g++"):
        r = run(["g++", "-std=c++11", "-Wall", "-Werror", "-I.", *CFLAGS, "-c", "names.cc", "-o", "x.o"])
        ok(r.returncode == 0, "and the header is C++", r.stderr)
for stem in "k", "kb", "e", "_x":
    shutil.copy("names.py", stem + ".py")
    r = keelback("build", stem + ".py", "-o", stem + ".so", "-O0")
    ok(r.returncode == 0, f"module {stem}", r.stderr[:2000])
sys.path.insert(0, folder)
plain, built = importlib.import_module("names"), load_built("k", "k.so")
for name in "local", "a_tuple", "c_source", "x_ret":
    got = [f(*{"local": (5, array.array("d", [1.0] * 5)), "a_tuple": (2**40,)}.get(name, (1, 2, 3.0, 4, 5, 2**62)))
           for f in (getattr(built, name), getattr(plain, name).py_func)]
    equal(got[0], got[1], f"{name} in the module")
done()
