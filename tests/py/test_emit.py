# SPDX-License-Identifier: MIT
"""Emitted C over the whole corpus: the same bytes each time and from anywhere, no warnings, headers that are C99 and C++."""

import glob
import os
import re
import shutil

from kbtest import done, equal, folder, keelback, lacks, ok, read, run, write

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
    for cc in COMPILERS:
        r = run([cc, "-std=c11", *WARN, "-I.", *CFLAGS, "-c", base + ".c", "-o", "x.o"])
        ok(r.returncode == 0, f"{name}: {cc} -Wall -Wextra is silent", r.stderr[:2000])
    write("c99.c", f'#include "{base}.h"\n#include "{base}.h"\nint main(void) {{ return 0; }}\n')
    r = run([COMPILERS[0], "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wstrict-prototypes", "-Werror", "-I.", *CFLAGS, "-c", "c99.c",
             "-o", "x.o"])
    ok(r.returncode == 0, f"{base}.h is C99", r.stderr)
    if shutil.which("g++"):
        shutil.copy("c99.c", "cxx.cc")
        r = run(["g++", "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I.", *CFLAGS, "-c", "cxx.cc", "-o", "x.o"])
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
done()
