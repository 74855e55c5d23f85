# SPDX-License-Identifier: MIT
"""Kernels in C programs: no libpython, an error state instead of a crash, --prefix, strides, tuples, threads, ABI."""

import os
import re
import shutil

from kbtest import done, equal, has, keelback, lacks, ok, run, write

CC = os.environ.get("CC", "cc").split()
USER = os.environ.get("KB_TEST_CFLAGS", "").split()
CFLAGS = keelback("config", "--cflags").stdout.split()
LIBS = keelback("config", "--libs").stdout.split()


def build(py, out, *args):
    r = keelback("build", py, "-o", out, *args)
    return ok(r.returncode == 0, f"keelback build {py} -o {out} {' '.join(args)}".rstrip(), r.stdout, r.stderr)


def program(name, text, *objects):
    """Compiles and links a C program; True when that works without a warning."""
    write(name + ".c", text)
    r = run([*CC, *USER, "-std=c99", "-Wall", "-Wextra", "-Werror", "-I.", *CFLAGS, name + ".c", *objects, *LIBS, "-lpthread",
             "-o", name])
    return ok(r.returncode == 0 and not r.stderr, f"{name}.c compiles and links", r.stderr)


write("kernels.py", '''import math
import keelback as kb

@kb.kernel
def pick(x: kb.f64[:], i: int) -> float:
    return x[i]

@kb.kernel
def scale(x: kb.f32[:, :], by: kb.f32) -> None:
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = x[i, j] * by

@kb.kernel
def fill(x: kb.i64[:], n: int) -> int:
    for i in range(n):
        x[i] = i + 1
    return n

@kb.kernel
def parts(x: float) -> tuple[int, float, bool]:
    return math.floor(x), x - math.floor(x), x < 0

@kb.kernel
def through(x: kb.f64[:], i: int) -> float:
    return pick(x, i) + 1.0

@kb.kernel
def widths(a: kb.i8, b: kb.u16, c: kb.i32, d: kb.u64, e: bool) -> kb.u8:
    return (a + b + c + (d & 7) + e) & 255

@kb.kernel
def forever(n: int) -> int:
    return forever(n + 1) + 1

@kb.kernel
def square(n: int) -> int:
    return n * n

@kb.kernel
def mean(x: kb.f64[:]) -> float:
    t = kb.zeros(len(x))
    s = 0.0
    for i in range(len(x)):
        t[i] = x[i] / len(x)
    for v in t:
        s += v
    return s
''')  # fmt: skip

# -- One program ---------------------------------------------------------------------------------------------

if not build("kernels.py", "kernels.o", "--header", "kernels.h"):
    done()
MAIN = r'''
#include "kernels.h"
#include <stdio.h>
#include <string.h>

static void show(const char *what)
{
  const kb_error *e = kb_error_get();
  if (e)
    printf("%s: %s: %s (%s:%d in %s)\n", what, e->type, e->message, e->file, e->line, e->function);
  else
    printf("%s: no error\n", what);
  kb_error_clear();
}

static int handled;
static void handler(const kb_error *e, void *data)
{
  handled++;
  printf("handler: %s %s\n", e->type, (const char *)data);
}

int main(void)
{
  double x[] = { 1.5, 2.5, 3.5, 4.5 };
  float m[] = { 1, 2, 3, 4, 5, 6 };
  int64_t k[] = { 0, 0, 0 };

  printf("%g %g\n", pick(kb_cf64x1_from(x, 4), 1), pick(kb_cf64x1_from(x, 4), -1));
  show("pick");
  printf("%g\n", pick(kb_cf64x1_from(x, 4), 4));
  show("pick 4");
  printf("%g\n", through(kb_cf64x1_from(x, 4), -9));
  show("through");

  /* strides count elements: every second one, backwards; a transposed matrix */
  kb_cf64x1 back = { x + 3, { 2 }, { -2 } };
  printf("%g %g\n", pick(back, 0), pick(back, 1));
  kb_f32x2 t = { m, { 3, 2 }, { 1, 3 } };
  scale(t, 2.0f);
  printf("%g %g %g\n", (double)m[0], (double)m[1], (double)m[5]);

  printf("%lld\n", (long long)fill(kb_i64x1_from(k, 3), 5));
  show("fill");
  printf("%d %d %d\n", (int)k[0], (int)k[1], (int)k[2]);

  struct kb_parts_ret r = parts(-1.25);
  printf("%lld %g %d\n", (long long)r.f0, r.f1, (int)r.f2);
  r = parts((double)(1e308 * 10));
  printf("%lld %g %d\n", (long long)r.f0, r.f1, (int)r.f2);
  show("parts");
  printf("%d\n", (int)widths(-3, 60000, 70000, 15, true));
  printf("%g\n", mean(kb_cf64x1_from(x, 4)));
  show("mean");
  mean(kb_cf64x1_from(NULL, 0));
  show("empty");

  forever(0);
  {
    const kb_error *e = kb_error_get();
    printf("%s\n", e ? e->type : "none");
    kb_error_clear();
  }
  printf("%lld\n", (long long)square(3037000499));
  show("square");
  square(3037000500);
  printf("%s\n", kb_error_get() ? kb_error_get()->type : "none");

  /* an error stays until it is cleared or the next one comes */
  pick(kb_cf64x1_from(x, 4), 0);
  printf("%d\n", kb_error_get() != NULL);
  kb_error_set_handler(handler, (void *)"seen");
  pick(kb_cf64x1_from(x, 4), 7);
  show("again");
  kb_error_set_handler(NULL, NULL);
  printf("%d %u\n", handled, kb_abi_version());
  return 0;
}
'''
EXPECTED = '''2.5 4.5
pick: no error
0
pick 4: IndexError: index 4 is out of bounds for axis 0 with size 4 (kernels.py:6 in pick)
0
through: IndexError: index -9 is out of bounds for axis 0 with size 4 (kernels.py:6 in pick)
4.5 2.5
2 4 12
0
fill: IndexError: index 3 is out of bounds for axis 0 with size 3 (kernels.py:17 in fill)
1 2 3
-2 0.75 1
0 0 0
parts: OverflowError: cannot convert float infinity to integer (kernels.py:22 in parts)
213
3
mean: no error
empty: no error
RecursionError
9223372030926249001
square: no error
OverflowError
1
handler: IndexError seen
again: IndexError: index 7 is out of bounds for axis 0 with size 4 (kernels.py:6 in pick)
1 2
'''
if program("main", MAIN, "kernels.o"):
    r = run(["./main"])
    equal(r.returncode, 0, "it runs", r.stdout, r.stderr)
    for got, want in zip(r.stdout.splitlines() + [""] * 30, EXPECTED.splitlines()):
        equal(got, want, want)
    linked = run(["ldd", "./main"]).stdout
    lacks(linked, "python", "ldd shows no libpython")

# -- Threads: each has its own error ---------------------------------------------------------------------------

THREADS = r'''
#include "kernels.h"
#include <pthread.h>
#include <stdio.h>

static double x[] = { 1, 2 };
static int bad;

static void *work(void *arg)
{
  long i, me = (long)arg;
  for (i = 0; i < 2000; i++) {
    pick(kb_cf64x1_from(x, 2), me % 2 ? 100 + me : 1);
    const kb_error *e = kb_error_get();
    char want[80];
    snprintf(want, sizeof want, "index %ld is out of bounds for axis 0 with size 2", 100 + me);
    int good = me % 2 ? e && __builtin_strcmp(e->message, want) == 0 : !e;
    if (!good)
      __atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
    kb_error_clear();
  }
  return NULL;
}

int main(void)
{
  pthread_t t[8];
  long i;
  for (i = 0; i < 8; i++)
    pthread_create(&t[i], NULL, work, (void *)i);
  for (i = 0; i < 8; i++)
    pthread_join(t[i], NULL);
  printf("%d\n", bad);
  return 0;
}
'''
if program("threads", THREADS, "kernels.o"):
    r = run(["./threads"])
    equal(r.stdout, "0\n", "every thread has its own error state", r.stderr)

# -- Two modules with kernels of the same names -------------------------------------------------------------------

os.makedirs("one", exist_ok=True)
os.makedirs("two", exist_ok=True)
for folder, n in (("one", 1), ("two", 2)):
    write(f"{folder}/part.py", f'''import keelback as kb

@kb.kernel
def value(x: kb.f64[:]) -> float:
    return helper(x[0]) + {n}

@kb.kernel
def helper(x: float) -> float:
    return x * {n}0

@kb.kernel
def two(x: float) -> tuple[float, float]:
    return x, x * {n}
''')  # fmt: skip
    build(f"{folder}/part.py", f"{folder}.o", "--header", f"{folder}.h", "--prefix", f"{folder}_")
BOTH = r'''
#include "one.h"
#include "two.h"
#include <stdio.h>
int main(void)
{
  double x[] = { 0.5 };
  struct kb_one_two_ret a = one_two(3);
  struct kb_two_two_ret b = two_two(3);
  printf("%g %g %g %g\n", one_value(kb_cf64x1_from(x, 1)), two_value(kb_cf64x1_from(x, 1)), a.f1, b.f1);
  return 0;
}
'''
if program("both", BOTH, "one.o", "two.o"):
    equal(run(["./both"]).stdout, "6 12 3 6\n", "two modules of the same names link by --prefix and keep apart")

# -- C++, a static archive, a shared library ------------------------------------------------------------------------

cxx = os.environ.get("CXX", "g++").split()
if shutil.which(cxx[0]):
    write("plus.cc", '#include "kernels.h"\n#include <cstdio>\nint main() {\n  double x[] = { 1, 2 };\n'
          '  std::printf("%g\\n", pick(kb_cf64x1_from(x, 2), 1));\n  auto r = parts(2.5);\n  return r.f0 != 2;\n}\n')
    r = run([*cxx, *USER, "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I.", *CFLAGS, "plus.cc", "kernels.o", *LIBS,
             "-o", "plus"])
    ok(r.returncode == 0, "a C++11 program compiles and links", r.stderr)
    equal(run(["./plus"]).stdout, "2\n", "and runs")
if build("kernels.py", "libkernels.a"):
    if program("static", '#include "kernels.h"\n#include <stdio.h>\nint main(void)\n{\n  printf("%d\\n", (int)square(5));\n  return 0;\n}\n',
               "libkernels.a"):
        equal(run(["./static"]).stdout, "25\n", "a program with a static archive runs")
r = run([*CC, *USER, "-shared", "-o", "libshared.so", "kernels.o", *LIBS])
if ok(r.returncode == 0, "an object goes into a shared library", r.stderr):
    names = run(["nm", "-D", "--defined-only", "libshared.so"]).stdout
    for name in ("pick", "scale", "through"):
        ok(re.search(rf" T {name}$", names, re.M), f"which exports {name}", names)
    ok(not re.search(r" [A-Za-z] kb_k_", names), "and no inner function", names)

# -- The header says what there is -----------------------------------------------------------------------------------

with open("kernels.h") as f:
    header = f.read()
for prototype in ("double pick(kb_cf64x1 x, int64_t i);", "void scale(kb_f32x2 x, float by);",
                  "uint8_t widths(int8_t a, uint16_t b, int32_t c, uint64_t d, bool e);", "struct kb_parts_ret parts(double x);"):
    has(header, prototype, prototype)
done()
