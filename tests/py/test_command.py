# SPDX-License-Identifier: MIT
"""The keelback command: outputs that appear whole or not at all, the C compiler, signals, usage."""

import os
import re
import signal
import subprocess
import time

from kbtest import KEELBACK, done, equal, folder, has, keelback, lacks, ok, read, run, write

CC = os.environ.get("CC", "gcc").split()
write("kernels.py", '''import keelback as kb

@kb.kernel
def saxpy(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    """y = a * x + y"""
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]

@kb.kernel
def add(a: int, b: int = 2) -> int:
    return a + b
''')  # fmt: skip
write("broken.py", "import keelback as kb\n@kb.kernel\ndef f(x) -> int:\n    return 1\n")
os.mkdir("tmp")
TMP = {"TMPDIR": os.path.join(folder, "tmp")}


def left_over():
    return os.listdir("tmp") + [f for f in os.listdir(".") if re.search(r"\.(c|h|d|o|a|so)\.\w{6}$", f)]


# -- emit --------------------------------------------------------------------------------------------------

r = keelback("emit", "kernels.py", "-o", "k.c", "--header", "k.h", "--depfile", "k.d")
ok(r.returncode == 0 and r.stderr == "" and r.stdout == "", "emit is quiet", r.stdout, r.stderr)
has(read("k.c"), '#include "k.h"', "the C includes the header")
has(read("k.c"), '#line', "the C maps to Python lines")
has(read("k.h"), "void saxpy(double a, kb_cf64x1 x, kb_f64x1 y);", "the header declares saxpy")
has(read("k.h"), "y = a * x + y", "the header has the docstring")
equal(read("k.d").split("\n")[0], "k.c k.h: kernels.py", "the depfile")
flags = keelback("config", "--cflags").stdout.split()
ok(run([*CC, *flags, "-Wall", "-Wextra", "-Werror", "-O2", "-c", "k.c", "-o", "k.o"]).returncode == 0, "the C compiles without warnings")
r = keelback("emit", "kernels.py", "-okk.c", "--header=kk.h", "--prefix=my_")
has(read("kk.h"), "void my_saxpy(", "--prefix")
has(keelback("emit", "kernels.py").stdout, "kb_k_saxpy", "C on stdout without -o")

before = read("k.c")
r = keelback("emit", "broken.py", "-o", "k.c", "--header", "k.h", "--depfile", "k.d")
ok(r.returncode == 1 and read("k.c") == before, "an error leaves the old outputs as they are")
r = keelback("emit", "kernels.py", "-o", "k.c", "--header", "nowhere/k.h")
has(r.stderr, "nowhere/k.h: error: cannot be written: No such file or directory", "an output that cannot be written")
equal((r.returncode, read("k.c"), left_over()), (1, before, []), "... and the others are not touched")
if os.path.exists("/dev/full"):
    r = keelback("emit", "kernels.py", "-o", "/dev/full")
    ok(r.returncode == 1 and "No space left" in r.stderr, "a full disk is an error", r.stderr)
    with open("/dev/full", "w") as full:
        for job in (["emit", "kernels.py"], ["ir", "kernels.py"], ["--help"], ["config", "--version"]):
            p = subprocess.run([KEELBACK, *job], stdout=full, stderr=subprocess.PIPE, text=True)
            ok(p.returncode == 1 and "written" in p.stderr, f"{job[0]} with stdout on a full disk is an error", p.returncode, p.stderr)
write("names.py", "import keelback as kb\n@kb.kernel\ndef exp(x: float) -> float:\n    return x\n"
      "@kb.kernel(c_name='_x')\ndef f(x: float) -> float:\n    return x\n@kb.kernel\ndef register(x: float) -> float:\n    return x\n")  # fmt: skip
r = keelback("emit", "names.py", "-o", "names.c")
for name in ("'exp'", "'_x'", "'register'"):
    has(r.stderr, name + " cannot be a kernel's name in C", name + " is refused as a C name")
has(r.stderr, "c_name=", "... with the remedy")
equal(keelback("emit", "names.py", "-o", "names.c", "--prefix", "p_").returncode, 0, "with --prefix they are fine")
equal(keelback("build", "names.py", "-o", "names.so", **TMP).returncode, 0, "in a Python module, too")

# -- build ---------------------------------------------------------------------------------------------------

r = keelback("build", "kernels.py", "-o", "kernels.o", "--header", "kernels.h", "-O2", "-march=native", **TMP)
ok(r.returncode == 0 and os.path.getsize("kernels.o") > 0, "build an object", r.stderr)
has(read("kernels.h"), "void saxpy(", "... and its header")
write("main.c", '''#include "kernels.h"
#include <stdio.h>
int main(void)
{
  double x[] = { 1, 2 }, y[] = { 3, 4 };
  saxpy(2, kb_cf64x1_from(x, 2), kb_f64x1_from(y, 2));
  printf("%g %g %d\\n", y[0], y[1], (int)add(40, 2));
  return kb_error_get() != NULL;
}
''')  # fmt: skip
libs = keelback("config", "--libs").stdout.split()
user = os.environ.get("KB_TEST_CFLAGS", "").split()
for what in ("kernels.o", "kernels.a"):
    r = keelback("build", "kernels.py", "-o", what, **TMP)
    r = run([*CC, *user, *flags, "main.c", what, *libs, "-o", "main"])
    equal(run(["./main"]).stdout, "5 8 42\n", f"a C program links {what}", r.stderr)
equal(left_over(), [], "no temporary files are left")
r = keelback("build", "kernels.py", "-o", "sub.so", "--verbose", **TMP)
has(r.stderr, "-O3", "-O3 by default")
has(r.stderr, "-ffp-contract=off", "contraction is off")
symbols = [line.split()[-1] for line in run(["nm", "-D", "--defined-only", "sub.so"]).stdout.splitlines()]
ok([s for s in symbols if not s.startswith("__")] == ["PyInit_sub"] or user, "the module exports PyInit alone", *symbols)
r = keelback("build", "kernels.py", "-o", "sub.so", "-O1", "--verbose", **TMP)
lacks(r.stderr, "-O3", "-O1 is taken instead")
r = keelback("build", "kernels.py", "-o", "saved.so", "--save-temps", **TMP)
has(read("saved.kb.c"), "kb_k_saxpy", "--save-temps keeps the C")
has(read("saved.kbpy.c"), "PyInit_saved", "... and the wrapper")
lacks(read("saved.kb.c") + read("saved.kbpy.c"), folder, "no absolute path in them")
for flag in ("-Ofast", "-ffast-math", "-funsafe-math-optimizations", "-ffinite-math-only", "-ffp-contract=fast"):
    r = keelback("build", "kernels.py", "-o", "x.o", flag, **TMP)
    ok(r.returncode == 2 and f"the flag {flag} is refused" in r.stderr and "fastmath" in r.stderr, f"{flag} is refused", r.stderr)

for cc, what in [
    ("/nowhere/cc", "the C compiler '/nowhere/cc' cannot be started: No such file or directory"),
    ("false", "the C compiler failed: false gave status 1"),
    ("sh -c 'kill -9 $$'", "was ended by signal 9"),
]:
    r = keelback("build", "kernels.py", "-o", "x.so", CC=cc, **TMP)
    ok(r.returncode == 1 and what in r.stderr and not os.path.exists("x.so"), f"CC={cc}", r.stderr)
    equal(left_over(), [], "... leaves nothing behind")
r = keelback("build", "kernels.py", "-o", "x.o", "-DX=", "-include", "nowhere.h", **TMP)
has(r.stderr, "nowhere.h", "the compiler's own messages are shown")
r = keelback("build", "kernels.py", "-o", "x.o", TMPDIR="/nowhere")
has(r.stderr, "/nowhere: error: cannot make a temporary folder", "no place for temporary files")

write("slow-cc", "#!/bin/sh\ntouch started\nexec sleep 30\n")
os.chmod("slow-cc", 0o755)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    p = subprocess.Popen([KEELBACK, "build", "kernels.py", "-o", "x.so"], env={**os.environ, **TMP, "CC": os.path.abspath("slow-cc")},
                         start_new_session=True)  # fmt: skip
    for _ in range(500):
        if os.path.exists("started"):
            break
        time.sleep(0.02)
    os.killpg(p.pid, number)
    equal((p.wait(), left_over(), os.path.exists("x.so")), (-number, [], False), f"{number.name} ends it, and nothing is left")
    os.unlink("started")

# -- ir, config, usage -----------------------------------------------------------------------------------------

r = keelback("ir", "kernels.py")
ok(r.returncode == 0 and "@saxpy" in r.stdout and "@add" in r.stdout and "iaddo" in r.stdout, "ir", r.stdout, r.stderr)
r = keelback("ir", "kernels.py:add")
ok(r.returncode == 0 and "@saxpy" not in r.stdout and "@add" in r.stdout, "ir of one kernel", r.stdout, r.stderr)
has(keelback("ir", "kernels.py:nope").stderr, "there is no kernel 'nope'", "ir of a kernel that is not there")
has(keelback("ir", "kernels.py:add", "--after", "lower").stdout, "obj.add", "ir --after lower")
has(keelback("ir", "kernels.py:add", "--after", "nope").stderr, "there is no step 'nope'; the steps are lower", "ir --after an unknown step")
write("ir.kir", keelback("ir", "kernels.py").stdout)
has(keelback("emit", "kernels.py", "-o", "/dev/null", "-d", "t").stderr, "(kernel saxpy", "-d t shows the tree")
has(keelback("emit", "-d", "?").stdout, "after specialise", "-d ? lists the letters")
equal(keelback("config", "--version").stdout, keelback("--version").stdout.split()[1] + "\n", "config --version")
ok(os.path.exists(keelback("config", "--python").stdout.strip()), "config --python")
ok(os.path.exists(flags[0][2:] + "/keelback.h"), "config --cflags")
for args, what in [
    ([], "usage"),
    (["nope"], "unknown job 'nope'"),
    (["emit"], "which Python file?"),
    (["emit", "-o"], "option -o needs a value"),
    (["emit", "--nope", "kernels.py"], "unknown option --nope"),
    (["emit", "a.py", "b.py"], "one file at a time"),
    (["build", "kernels.py"], "-o is missing"),
    (["build", "kernels.py", "-o", "x.exe"], "what is x.exe?"),
    (["build", "kernels.py", "-o", "a-b.so"], "'a-b' cannot be the name of a Python module"),
    (["ir"], "which Python file?"),
    (["config"], "--cflags"),
    (["config", "--nope"], "unknown option --nope"),
]:
    r = keelback(*args)
    ok(r.returncode == 2 and what in r.stderr, " ".join(["keelback", *args]) + ": " + what, r.returncode, r.stderr)
equal(keelback("--help").returncode, 0, "--help")
done()
