# SPDX-License-Identifier: MIT
"""make bench-guards: what each kernel is called with, and the C driver that calls all forms of it.

A case names a kernel, its group, its arguments and those of the form written by hand. An argument is "name:type=value", or for an array
"name:type[shape]=filling": u(lo,hi) uniform random, i(lo,hi) random ints below hi, zero, sorted, perm a permutation, rows(k) row pointers k
apart, crc the CRC-32 table, diag a matrix with a heavy diagonal. A ! behind means that the kernel writes it. fresh: each timed call works
on new data."""
import re

AFFINE, DIVISION, DATA, CONTRACTION, TINY = "affine", "division", "data", "contraction", "tiny"


class Case:
    def __init__(self, file, name, group, args, hand, ret=None, fresh=False, kernel=None):
        self.file, self.name, self.group, self.hand, self.ret, self.fresh = file, name, group, hand, ret, fresh
        self.kernel = kernel or name
        self.args = [Arg(a) for a in args.split()]


class Arg:
    def __init__(self, text):
        m = re.fullmatch(r"(\w+):(\w+)(?:\[([\d,:]+)\])?=([^!]*)(!?)", text)
        self.name, self.type, shape, self.value, self.written = m[1], m[2], m[3], m[4], bool(m[5])
        self.step = 1
        if shape and ":" in shape:
            shape, step = shape.split(":")
            self.step = int(step)
        self.shape = [int(n) for n in shape.split(",")] if shape else None

    ctypes = {"f32": "float", "f64": "double", "int": "int64_t"}

    @property
    def ctype(self):
        return self.ctypes[self.type]

    @property
    def count(self):
        n = self.step
        for k in self.shape:
            n *= k
        return n

    def view(self, var):
        """A Keelback view of it."""
        strides, step = [], self.step
        for k in reversed(self.shape):
            strides.insert(0, step)
            step *= k
        return (f"(kb_{'' if self.written else 'c'}{self.type}x{len(self.shape)}){{ {var}, {{ {', '.join(map(str, self.shape))} }}, "
                f"{{ {', '.join(map(str, strides))} }} }}")


for n in (8, 16, 32, 64):
    Arg.ctypes[f"i{n}"] = f"int{n}_t"
    Arg.ctypes[f"u{n}"] = f"uint{n}_t"

CASES = [
    Case("blas", "saxpy", AFFINE, "a:f32=1.0001f x:f32[4096]=u(0,1) y:f32[4096]=u(0,1)!", "4096, a, x, y"),
    Case("blas", "daxpy", AFFINE, "n:int=2000 a:f64=1.0001 x:f64[2048]=u(0,1) y:f64[2048]=u(0,1)!", "n, a, x, y"),
    Case("blas", "scal", AFFINE, "n:int=2000 a:f64=1.0000001 x:f64[2048:3]=u(0,1)!", "n, a, x, 3"),
    Case("blas", "triad", AFFINE, "a:f64[1200]=zero! b:f64[1200]=u(0,1) c:f64[1200]=u(0,1) s:f64=3.0", "1200, a, b, c, s"),
    Case("blas", "dot", AFFINE, "x:f64[2000]=u(0,1) y:f64[2000]=u(0,1)", "2000, x, y", "f64"),
    Case("blas", "gemv", AFFINE, "a:f64[120,150]=u(0,1) x:f64[150]=u(0,1) y:f64[120]=zero!", "120, 150, a, x, y"),
    Case("blas", "gemv_flat", AFFINE, "m:int=120 n:int=150 a:f32[18000]=u(0,1) x:f32[150]=u(0,1) y:f32[120]=zero!", "m, n, a, x, y"),
    Case("blas", "gemv_t", AFFINE, "a:f64[120,150]=u(0,1) x:f64[120]=u(0,1) y:f64[150]=zero!", "120, 150, a, x, y"),
    Case("blas", "ger", AFFINE, "alpha:f64=0.5 x:f64[60]=u(0,1) y:f64[60]=u(0,1) a:f64[60,60]=zero!", "60, 60, alpha, x, y, a"),
    Case("blas", "trmv", AFFINE, "a:f64[150,150]=u(0,1) x:f64[150]=u(0,1) y:f64[150]=zero!", "150, a, x, y"),
    Case("blas", "trsv_unit", AFFINE, "l:f64[150,150]=u(0,0.01) b:f64[150]=u(0,1) x:f64[150]=zero!", "150, l, b, x"),
    Case("blas", "upper_outer", AFFINE, "x:f64[150]=u(0,1) c:f64[150,150]=zero!", "150, x, c"),
    Case("blas", "matadd", AFFINE, "a:f32[60,70]=u(0,1) b:f32[60,70]=u(0,1) c:f32[60,70]=zero!", "60, 70, a, b, c"),
    Case("blas", "transpose", AFFINE, "a:f64[100,90]=u(0,1) b:f64[90,100]=zero!", "100, 90, a, b"),
    Case("blas", "mirror", AFFINE, "x:f64[1800]=u(0,1) y:f64[1800]=zero!", "1800, x, y"),
    Case("blas", "isum32", AFFINE, "x:i32[6000]=i(-1000000000,1000000000)", "6000, x", "int"),
    Case("blas", "prefix_f", AFFINE, "x:f64[1800]=u(0,1) y:f64[1800]=zero!", "1800, x, y"),
    Case("blas", "distance2", AFFINE, "p:f64[2,100]=u(0,1) d:f64[100,100]=zero!", "100, p, d"),
    Case("blas", "floyd", AFFINE, "d:f64[60,60]=u(0,1)!", "60, d"),
    Case("stencils", "jacobi5", AFFINE, "a:f64[80,90]=u(0,1) b:f64[80,90]=zero!", "80, 90, a, b"),
    Case("stencils", "jacobi9", AFFINE, "n:int=80 m:int=90 a:f32[80,90]=u(0,1) b:f32[80,90]=zero!", "n, m, a, b"),
    Case("stencils", "jacobi_flat", AFFINE, "n:int=80 m:int=90 a:f64[7200]=u(0,1) b:f64[7200]=zero!", "n, m, a, b"),
    Case("stencils", "heat3d", AFFINE, "a:f64[24,24,24]=u(0,1) b:f64[24,24,24]=zero! c:f64=0.1", "24, a, b, c"),
    Case("stencils", "heat3d_flat", AFFINE, "n:int=24 a:f64[13824]=u(0,1) b:f64[13824]=zero! c:f64=0.1", "n, a, b, c"),
    Case("stencils", "wave", AFFINE, "u:f64[80,90]=u(0,1) v:f64[80,90]=u(0,1) w:f64[80,90]=zero! c:f64=0.1", "80, 90, u, v, w, c"),
    Case("stencils", "seidel", AFFINE, "a:f64[80,90]=u(0,1)!", "80, 90, a"),
    Case("stencils", "conv1d", AFFINE, "x:f32[2015]=u(0,1) w:f32[16]=u(0,1) y:f32[2000]=zero!", "2000, 16, x, w, y"),
    Case("stencils", "conv1d_full", AFFINE, "x:f64[1500]=u(0,1) w:f64[16]=u(0,1) y:f64[1500]=zero!", "1500, 16, x, w, y"),
    Case("stencils", "conv2d", AFFINE, "a:f32[82,92]=u(0,1) w:f32[3,3]=u(0,1) b:f32[80,90]=zero!", "82, 92, a, w, b"),
    Case("divide", "vdiv", DIVISION, "x:f64[1200]=u(0,1) y:f64[1200]=u(1,2) z:f64[1200]=zero!", "1200, x, y, z"),
    Case("divide", "normalise", DIVISION, "x:f64[1800]=u(0,1) y:f64[1800]=zero!", "1800, x, y"),
    Case("divide", "vsqrt", DIVISION, "x:f64[1800]=u(0,1) y:f64[1800]=zero!", "1800, x, y"),
    Case("divide", "harmonic", DIVISION, "n:int=4000", "n", "f64"),
    Case("divide", "rational", DIVISION, "x:f64[1800]=u(0,3) y:f64[1800]=zero!", "1800, x, y"),
    Case("divide", "distance", DIVISION, "p:f64[3,90]=u(0,1) d:f64[90,90]=zero!", "90, p, d"),
    Case("divide", "nbody", DIVISION, "x:f64[3,90]=u(0,1) m:f64[90]=u(0,1) a:f64[3,90]=zero!", "90, x, m, a"),
    Case("divide", "trsv", DIVISION, "u:f64[150,150]=diag b:f64[150]=u(0,1) x:f64[150]=zero!", "150, u, b, x"),
    Case("divide", "lu", DIVISION, "a:f64[60,60]=diag!", "60, a", fresh=True),
    Case("divide", "softsign", DIVISION, "x:f32[3600]=u(-1,1) y:f32[3600]=zero!", "3600, x, y"),
    Case("integer", "isum64", DATA, "x:i64[3000]=i(-1000000000000,1000000000000)", "3000, x", "int"),
    Case("integer", "idot32", DATA, "x:i32[3000]=i(-1000000,1000000) y:i32[3000]=i(-1000000,1000000)", "3000, x, y", "int"),
    Case("integer", "prefix_i", DATA, "x:i64[1800]=i(-1000000,1000000) y:i64[1800]=zero!", "1800, x, y"),
    Case("integer", "histogram", DATA, "x:u8[8000]=i(0,256) h:i64[256]=zero!", "8000, x, h"),
    Case("integer", "histogram_f", DATA, "x:f64[3000]=u(0,1) h:i64[256]=zero! scale:f64=256.0", "3000, x, h, scale"),
    Case("integer", "gather", DATA, "x:f64[2000]=u(0,1) idx:i32[1500]=i(0,2000) y:f64[1500]=zero!", "1500, x, idx, y"),
    Case("integer", "scatter", DATA, "x:f64[1500]=u(0,1) idx:i32[1500]=i(0,2000) y:f64[2000]=zero!", "1500, x, idx, y"),
    Case("integer", "spmv", DATA, "ptr:i32[301]=rows(12) col:i32[3600]=i(0,300) val:f64[3600]=u(0,1) x:f64[300]=u(0,1) y:f64[300]=zero!",
         "300, ptr, col, val, x, y"),
    Case("integer", "sieve", DATA, "p:u8[20000]=zero!", "20000, p", "int", fresh=True),
    Case("integer", "fnv", DATA, "x:u8[6000]=i(0,256)", "6000, x", "int"),
    Case("integer", "splitmix", DATA, "n:int=2000 y:u64[2000]=zero!", "n, y"),
    Case("integer", "polyhash", DATA, "x:i32[3000]=i(0,1000000)", "3000, x", "int"),
    Case("integer", "crc32", DATA, "x:u8[6000]=i(0,256) table:u32[256]=crc", "6000, x, table", "int"),
    Case("integer", "pi_lcg", DATA, "n:int=5000", "n", "int"),
    Case("integer", "bitcount", DATA, "x:i64[600]=i(0,1000000)", "600, x", "int"),
    Case("integer", "collatz", DATA, "n:int=400", "n", "int"),
    Case("integer", "gcdsum", DATA, "n:int=40", "n", "int"),
    Case("integer", "mandel", DATA, "w:int=24 h:int=16 m:int=100", "w, h, m", "int"),
    Case("integer", "life", DATA, "a:u8[100,110]=i(0,2) b:u8[100,110]=zero!", "100, 110, a, b"),
    Case("tables", "insertion_sort", DATA, "x:f64[400]=u(0,1)!", "400, x", fresh=True),
    Case("tables", "shell_sort", DATA, "x:i32[2000]=i(0,1000000)!", "2000, x", fresh=True),
    Case("tables", "heap_sort", DATA, "x:i64[1500]=i(0,1000000)!", "1500, x", fresh=True),
    Case("tables", "merge_runs", DATA, "x:i32[2000]=sorted y:i32[2000]=sorted z:i32[4000]=zero!", "2000, 2000, x, y, z"),
    Case("tables", "bisect", DATA, "x:i64[2000]=sorted q:i64[500]=i(0,1000000) out:i64[500]=zero!", "2000, 500, x, q, out"),
    Case("tables", "argmin", DATA, "x:f64[3000]=u(0,1)", "3000, x", "int"),
    Case("tables", "lcs", DATA, "a:u8[90]=i(0,4) b:u8[100]=i(0,4) t:i32[91,101]=zero!", "90, 100, a, b, t", "int"),
    Case("tables", "edit_distance", DATA, "a:u8[90]=i(0,4) b:u8[100]=i(0,4) row:i64[101]=zero!", "90, 100, a, b, row", "int"),
    Case("tables", "knapsack", DATA, "weight:i32[30]=i(5,100) value:i64[30]=i(1,100) best:i64[1000]=zero!",
         "30, 1000, weight, value, best", "int", fresh=True),
    Case("contract", "gemm_ijk", CONTRACTION, "a:f64[120,120]=u(0,1) b:f64[120,120]=u(0,1) c:f64[120,120]=zero!", "120, a, b, c"),
    Case("contract", "gemm_ikj", CONTRACTION, "a:f32[120,120]=u(0,1) b:f32[120,120]=u(0,1) c:f32[120,120]=zero!", "120, a, b, c", fresh=True),
    Case("contract", "syrk", CONTRACTION, "a:f64[120,120]=u(0,1) c:f64[120,120]=zero!", "120, a, c"),
    Case("blas", "saxpy n=4", TINY, "a:f32=1.0001f x:f32[4]=u(0,1) y:f32[4]=u(0,1)!", "4, a, x, y", kernel="saxpy"),
    Case("blas", "gemv 8x8", TINY, "a:f64[8,8]=u(0,1) x:f64[8]=u(0,1) y:f64[8]=zero!", "8, 8, a, x, y", kernel="gemv"),
]
FILES = list(dict.fromkeys(c.file for c in CASES))

PROLOGUE = r"""/* Made by bench/guards/cases.py. */
#include "hand.h"
#include <keelback.h>
#include <kbabi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
%(includes)s

typedef union { int64_t i; double d; } result;
typedef struct { void *now, *first, *copy; size_t size; char kind; const char *name; } array;
typedef struct { const char *name; int fresh; char ret; void (*make)(void); void (*run)(int, long); array *written; int nwritten; } bench;
static result res;

static uint64_t seed = 88172645463325252u;
static uint64_t next(void)
{
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return seed;
}
static double uniform(double lo, double hi) { return lo + (hi - lo) * (double)(next() >> 11) * 0x1p-53; }
/* Each array begins some other distance from a page's start. */
static void *room(size_t size)
{
  static char *at;
  static size_t left, n;
  size = (size + 63 & ~(size_t)63) + 64 * (3 + 7 * n++ %% 29);
  if (size > left) {
    left = size > 1 << 22 ? size : 1 << 22;
    at = aligned_alloc(4096, left + 4095 & ~(size_t)4095);
  }
  void *p = at;
  at += size;
  left -= size;
  return p;
}
static int by_value(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}
/* n whole numbers of a filling. */
static int64_t *numbers(const char *how, size_t n, int64_t lo, int64_t hi)
{
  int64_t *v = malloc(n * sizeof *v);
  for (size_t i = 0; i < n; i++)
    v[i] = !strcmp(how, "zero") ? 0 : !strcmp(how, "rows") ? (int64_t)i * lo : lo + (int64_t)(next() %% (uint64_t)(hi - lo));
  if (!strcmp(how, "sorted"))
    qsort(v, n, sizeof *v, by_value);
  for (size_t i = 0; !strcmp(how, "crc") && i < n; i++) {
    uint32_t c = (uint32_t)i;
    for (int k = 0; k < 8; k++)
      c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
    v[i] = c;
  }
  return v;
}
static int64_t now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}
"""

EPILOGUE = r"""
static void reset(bench *b)
{
  for (int i = 0; i < b->nwritten; i++)
    memcpy(b->written[i].now, b->written[i].first, b->written[i].size);
}
static int near(double a, double b, double tolerance)
{
  return a == b || fabs(a - b) <= tolerance * (fabs(a) + fabs(b) + 1);
}
static int same(const array *a)
{
  const char *x = a->now, *y = a->copy;
  if (a->kind == 'd' || a->kind == 's') {
    for (size_t i = 0; i < a->size; i += a->kind == 'd' ? 8 : 4)
      if (a->kind == 'd' ? !near(*(const double *)(x + i), *(const double *)(y + i), 1e-9)
                         : !near(*(const float *)(x + i), *(const float *)(y + i), 1e-4))
        return 0;
    return 1;
  }
  return !memcmp(x, y, a->size);
}
/* All forms compute the same, bit by bit; the last NLAYOUTS, which are written by hand, nearly. */
static int verify(bench *b)
{
  result first = { 0 };
  for (int v = 0; v < 4 * NLAYOUTS; v++) {
    int exact = v < 3 * NLAYOUTS;
    reset(b);
    res.i = 0;
    b->run(v, 1);
    if (kb_error_get()) {
      kb_error_print();
      return 0;
    }
    if (v == 0)
      first = res;
    else if (exact || b->ret != 'd' ? res.i != first.i : !near(res.d, first.d, 1e-9))
      return printf("bad %s: form %d has another result\n", b->name, v), 0;
    for (int i = 0; i < b->nwritten; i++) {
      array *a = &b->written[i];
      if (v == 0)
        memcpy(a->copy, a->now, a->size);
      else if (exact ? memcmp(a->copy, a->now, a->size) != 0 : !same(a))
        return printf("bad %s: form %d has another %s\n", b->name, v, a->name), 0;
    }
  }
  return 1;
}
/* The time of one call, over about `target` ns. */
static double sample(bench *b, int v, long reps)
{
  reset(b);
  if (!b->fresh)
    b->run(v, 1);
  int64_t start = now();
  b->run(v, reps);
  return (double)(now() - start) / (double)reps;
}
int main(int argc, char **argv)
{
  int rounds = atoi(argv[1]), bad = 0;
  double target = atof(argv[2]);
  for (size_t k = 0; k < sizeof benches / sizeof *benches; k++) {
    bench *b = &benches[k];
    int wanted = argc == 3;
    for (int i = 3; i < argc; i++)
      wanted |= !strcmp(argv[i], b->name);
    if (!wanted)
      continue;
    b->make();
    for (int i = 0; i < b->nwritten; i++) {
      array *a = &b->written[i];
      a->first = malloc(a->size);
      a->copy = malloc(a->size);
      memcpy(a->first, a->now, a->size);
    }
    if (!verify(b)) {
      bad = 1;
      continue;
    }
    double t = sample(b, 3 * NLAYOUTS, b->fresh ? 1 : 5);
    long reps = b->fresh ? 1 : t > target ? 1 : (long)(target / t) + 1;
    for (int r = 0; r < rounds; r++) {
      printf("%s;", b->name);
      for (int v = 0; v < 4 * NLAYOUTS; v++) {
        int turned = (v + r) % (4 * NLAYOUTS);
        printf(" %d:%.2f", turned, sample(b, turned, reps));
      }
      printf("\n");
    }
  }
  return bad;
}
"""


def fill(arg):
    """C that makes the array."""
    m = re.fullmatch(r"(\w+)(?:\(([^,]*)(?:,(.*))?\))?", arg.value)
    how, lo, hi = m[1], m[2] or "0", m[3] or "1000000"
    out = [f"    {arg.name} = room(sizeof({arg.ctype}) * {arg.count});"]
    if how in ("u", "diag"):
        lo, hi = (lo, hi) if how == "u" else ("0", "1")
        out.append(f"    for (size_t i = 0; i < {arg.count}; i++) {arg.name}[i] = ({arg.ctype})uniform({lo}, {hi});")
        if how == "diag":
            n = arg.shape[0]
            out.append(f"    for (size_t i = 0; i < {n}; i++) {arg.name}[i * {n} + i] += {n};")
    else:
        out.append(f"    {{ int64_t *v = numbers(\"{how}\", {arg.count}, {lo}, {hi}); "
                   f"for (size_t i = 0; i < {arg.count}; i++) {arg.name}[i] = ({arg.ctype})v[i]; free(v); }}")
    return out


def case_code(k, case, layouts):
    """The functions of one case, and its row."""
    arrays = [a for a in case.args if a.shape]
    written = [a for a in arrays if a.written]
    kinds = {"f64": "d", "f32": "s"}
    out = [f"/* {case.name} */"]
    rename = {a.name: f"{a.name}_{k}" for a in arrays}
    for a in arrays:
        a.name = rename[a.name]
        out.append(f"static {a.ctype} *{a.name};")
    out.append(f"static array written_{k}[{max(1, len(written))}];")
    out += [f"static void make_{k}(void)", "{"]
    for a in arrays:
        out += fill(a)
    for i, a in enumerate(written):
        out.append(f"    written_{k}[{i}] = (array){{ {a.name}, NULL, NULL, sizeof *{a.name} * {a.count}, '{kinds.get(a.type, 'i')}', "
                   f"\"{a.name}\" }};")
    out += ["}", f"static void run_{k}(int form, long reps)", "{"]
    out += [f"    volatile {a.ctype} v_{a.name} = {a.value}; {a.ctype} {a.name} = v_{a.name};" for a in case.args if not a.shape]
    out.append("    switch (form) {")
    store = {"int": "res.i = ", "f64": "res.d = ", None: ""}[case.ret]
    ours = ", ".join(a.view(a.name) if a.shape else a.name for a in case.args)
    hand = re.sub(r"[a-z]\w*", lambda m: rename.get(m[0], m[0]), case.hand)
    for v, letter in enumerate("abcd"):
        for l in range(layouts):
            call = f"{letter}{l}_{case.kernel}({ours})" if letter != "d" else f"hand{l}_{case.kernel}({hand})"
            out.append(f"    case {v * layouts + l}: while (reps-- > 0) {store}{call}; break;")
    out += ["    }", "}"]
    row = f"  {{ \"{case.name}\", {int(case.fresh)}, '{'d' if case.ret == 'f64' else 'i'}', make_{k}, run_{k}, written_{k}, {len(written)} }},"
    return out, row


def prototypes(hand_source, layouts):
    """Those of the functions of a file written by hand, under each layout's name."""
    found = re.findall(r"^(\w[\w ]*\bhand_\w+\([^{]*\))\s*\{", hand_source, re.M)
    return [p.replace("hand_", f"hand{l}_") + ";" for p in found for l in range(layouts)]


def driver(hand_sources, layouts):
    includes = [f'#include "{v}{l}_{f}.h"' for v in "abc" for l in range(layouts) for f in FILES]
    text = PROLOGUE % {"includes": "\n".join(includes)} + f"#define NLAYOUTS {layouts}\n"
    for source in hand_sources:
        text += "\n".join(prototypes(source, layouts)) + "\n"
    rows = []
    for k, case in enumerate(CASES):
        code, row = case_code(k, case, layouts)
        text += "\n".join(code) + "\n"
        rows.append(row)
    return text + "static bench benches[] = {\n" + "\n".join(rows) + "\n};\n" + EPILOGUE
