/* SPDX-License-Identifier: MIT */
/* tile.c PLAIN.so PLUGIN.so [NAME...]: kernels of tile_kernels.py and jam.py, unguarded without the plugin and guarded with it. */
#include <dlfcn.h>
#include <keelback.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct v1 {
  void *data;
  ptrdiff_t shape[1], stride[1];
} v1;
typedef struct v2 {
  void *data;
  ptrdiff_t shape[2], stride[2];
} v2;
enum { WORDS = 1 << 23 };
static double *mem[3], *want;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
static v1 one(int k, ptrdiff_t n) { return (v1){ mem[k], { n }, { 1 } }; }
static v2 two(int k, ptrdiff_t n, ptrdiff_t m) { return (v2){ mem[k], { n, m }, { m, 1 } }; }

/* Calls NAME with arrays for the size n, or n by m; false: there is none. */
static int call(void *fn, const char *name, ptrdiff_t n, ptrdiff_t m)
{
  int is32 = !strcmp(name, "norms32");
  if (!strncmp(name, "norms", 5) || is32) ((void (*)(v2, v1))fn)(two(0, n, m), one(2, n));
  else if (!strncmp(name, "columns", 7)) ((void (*)(v2, v1))fn)(two(0, n, m), one(2, m));
  else if (!strcmp(name, "distances")) ((void (*)(v2, v2, v2))fn)(two(0, n, m), two(1, n, m), two(2, n, n));
  else if (!strcmp(name, "convolution")) ((void (*)(v1, v1, v1))fn)(one(0, n + m), one(1, m), one(2, n));
  else if (!strcmp(name, "transpose")) ((void (*)(v2, v2))fn)(two(0, n, m), two(2, m, n));
  else if (!strncmp(name, "minplus", 7)) ((void (*)(v2, v2, v2))fn)(two(0, n, n), two(1, n, n), two(2, n, n));
  else if (!strcmp(name, "jacobi")) ((void (*)(v2, v2, int64_t))fn)(two(0, n, n), two(2, n, n), m);
  else if (!strcmp(name, "floyd")) ((void (*)(v2))fn)(two(2, n, n));
  else if (!strcmp(name, "column_order")) ((void (*)(v2, v2))fn)(two(0, n, m), two(2, n, m));
  else return 0;
  return 1;
}

static void reset(void)
{
  uint32_t r = 12345;
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < WORDS; i++) {
      r = r * 1664525u + 1013904223u;
      mem[k][i] = (double)(r >> 8) / 65536;
    }
}

static const struct {
  const char *name;
  int n, m;
} rows[] = {
  { "norms", 8, 100 },          { "norms", 100, 100 },          { "norms", 300, 300 },
  { "norms", 2000, 2000 },      { "norms", 1024, 1024 },        { "norms32", 300, 300 },
  { "columns", 100, 100 },      { "columns", 300, 300 },        { "columns", 2000, 2000 },
  { "columns_into", 300, 300 }, { "columns_into", 2000, 2000 }, { "distances", 200, 3 },
  { "distances", 200, 16 },     { "distances", 300, 100 },      { "convolution", 10000, 9 },
  { "convolution", 10000, 64 }, { "transpose", 100, 100 },      { "transpose", 500, 500 },
  { "transpose", 1000, 1000 },  { "transpose", 1024, 1024 },    { "transpose", 2048, 2048 },
  { "transpose", 2500, 2000 },  { "minplus", 100, 0 },          { "minplus", 500, 0 },
  { "minplus", 1000, 0 },       { "minplus_tiled", 100, 0 },    { "minplus_tiled", 500, 0 },
  { "minplus_tiled", 1000, 0 }, { "minplus_ijk", 100, 0 },      { "minplus_ijk", 500, 0 },
  { "jacobi", 200, 20 },        { "jacobi", 2000, 4 },          { "floyd", 100, 0 },
  { "floyd", 400, 0 },          { "column_order", 300, 300 },   { "column_order", 2000, 2000 },
};

int main(int argc, char **argv)
{
  void *lib[2] = { dlopen(argv[1], RTLD_NOW), dlopen(argv[2], RTLD_NOW) };
  if (!lib[0] || !lib[1]) return fprintf(stderr, "%s\n", dlerror()), 1;
  for (int k = 0; k < 3; k++) mem[k] = aligned_alloc(4096, WORDS * sizeof(double) + 4096 * 0);
  want = malloc(WORDS * sizeof(double));
  printf("%-16s %5s %5s %12s %12s %8s\n", "kernel", "n", "m", "plain us", "plugin us", "ratio");
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    int asked = argc == 3;
    for (int k = 3; k < argc; k++) asked |= !strcmp(argv[k], rows[r].name);
    if (!asked) continue;
    void *fn[2] = { dlsym(lib[0], rows[r].name), dlsym(lib[1], rows[r].name) };
    double best[2] = { 1e9, 1e9 };
    size_t bytes = WORDS * sizeof(double);
    reset();
    call(fn[0], rows[r].name, rows[r].n, rows[r].m);
    memcpy(want, mem[2], bytes);
    reset();
    call(fn[1], rows[r].name, rows[r].n, rows[r].m);
    int same = !memcmp(want, mem[2], bytes);
    double start = now();
    for (int turn = 0; turn < 7 || now() - start < 0.1; turn++)
      for (int k = 0; k < 2; k++) {
        double t = now(), e;
        int calls = 0;
        do {
          call(fn[k], rows[r].name, rows[r].n, rows[r].m);
          calls++;
        } while ((e = now() - t) < 0.0005);
        if (e / calls < best[k]) best[k] = e / calls;
      }
    printf("%-16s %5d %5d %12.2f %12.2f %8.3f%s\n", rows[r].name, rows[r].n, rows[r].m, best[0] * 1e6, best[1] * 1e6,
           best[1] / best[0], same ? "" : "  DIFFERENT");
    fflush(stdout);
  }
  return 0;
}
