/* SPDX-License-Identifier: MIT */
/* equal.c: loads kernels that were compiled in several ways, calls them with the same inputs, and compares status,
 * result, memory, and the record of exits with what the first one did.
 *
 *     equal [-n CALLS] [-s SEED] [-t SECONDS] [-k KERNEL] [-c CALL] [-H HINTS] [-J JUDGE.so] [-v] REFERENCE.so OTHER.so...
 *
 * CALLS and SECONDS are for each kernel; -c repeats one call, after a failure. The shared objects are the emitted C,
 * with -DKB_PYTHON, and `const kb_unit *const equal_unit = &kb_this_unit;`. Doubles: doubles.c. Floats are equal when
 * their bits are or both are no number. A kernel that was stopped by a poll is not compared; but now and then all are
 * stopped early, and must say so.
 *
 * HINTS has lines: x KERNEL (not to be called) | j KERNEL (without bounds checks: called where JUDGE.so leaves by none) | r KERNEL PARAMETER low high | s KERNEL PARAMETER axis name times plus
 */
#include "equal.h"

#include <dlfcn.h>
#include <math.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { MAX_VARIANTS = 16, MAX_SHOWN = 3 };
enum { REFERENCE_TURNS = 60000 }; /* after which the reference is stopped */

static struct {
  const char *name;
  const kb_unit *unit;
} variants[MAX_VARIANTS + 1]; /* and the judge, at JUDGE */
static int nvariants;
enum { JUDGE = MAX_VARIANTS };
static bool judged; /* the kernel */

static struct {
  int64_t calls;
  double seconds;
  uint64_t seed;
  const char *kernel;
  int64_t call;
  bool verbose;
} opt = {20000, 1e9, 1, NULL, -1, false};

static struct { uint64_t calls, exits, fast, undecided, interrupted, differences, kernels; } total;

/* What a signal handler says. */
static const char *now_kernel = "", *now_variant = "";
static volatile int64_t now_call = -1;

static input in;
static char *saved[MAX_SLOTS], *wanted[MAX_SLOTS];

/* -- One call ------------------------------------------------------------------------------------------------- */

typedef struct outcome {
  int status;
  char ret[1024];
  record rec;
} outcome;

static void copy_slots(char *const *to, bool restore)
{
  for (int s = 0; s < in.nslots; s++) {
    const slot *m = &in.slots[s];
    if (restore) memcpy(m->bytes + m->from, to[s], m->to - m->from);
    else memcpy(to[s], m->bytes + m->from, m->to - m->from);
  }
}

static void run(outcome *o, int variant, int k, int64_t polls, int64_t turns)
{
  const kb_fn_info *fn = variants[variant].unit->fns[k];
  now_variant = variants[variant].name;
  memset(o->ret, 0, sizeof o->ret);
  record_begin(&o->rec, polls, turns);
  o->status = fn->enter(in.args, o->ret);
}

/* -- Comparison ----------------------------------------------------------------------------------------------- */

static bool same_floats(const char *a, const char *b, int type)
{
  double x, y;
  float f, g;
  if (type == KB_AS_F32) {
    memcpy(&f, a, 4), memcpy(&g, b, 4);
    return isnan(f) && isnan(g);
  }
  memcpy(&x, a, 8), memcpy(&y, b, 8);
  return isnan(x) && isnan(y);
}

static bool same_values(const char *a, const char *b, size_t n, int type)
{
  if (memcmp(a, b, n) == 0) return true;
  size_t size = element_size(type);
  if (type != KB_AS_F32 && type != KB_AS_F64 && type != KB_AS_FLOAT) return false;
  for (size_t at = 0; at + size <= n; at += size)
    if (memcmp(a + at, b + at, size) && !same_floats(a + at, b + at, type)) return false;
  return true;
}

static size_t result_size(const kb_fn_info *fn, uint32_t i)
{
  bool whole = !fn->tuple && fn->ret[i] != KB_AS_BOOL && fn->ret[i] != KB_AS_F32;
  return whole || fn->ret[i] == KB_AS_FLOAT || fn->ret[i] == KB_AS_INT ? 8 : element_size(fn->ret[i]);
}

/* What differs between W, with the memory in `wanted`, and G; NULL: nothing. */
static const char *difference(const kb_fn_info *fn, const outcome *w, const outcome *g)
{
  if (g->rec.stopped) return "stopped by a poll";
  if (w->status != g->status) return "status";
  if (w->rec.nexits != g->rec.nexits || w->rec.len != g->rec.len || memcmp(w->rec.bytes, g->rec.bytes, w->rec.len))
    return "exits";
  for (uint32_t i = 0; w->status == KB_OK && i < fn->nret; i++) {
    size_t at = fn->tuple ? fn->ret_offset[i] : 0;
    if (!same_values(w->ret + at, g->ret + at, result_size(fn, i), fn->ret[i])) return "result";
  }
  for (int s = 0; s < in.nslots; s++) {
    const slot *m = &in.slots[s];
    if (!same_values(wanted[s], m->bytes + m->from, m->to - m->from, m->type)) return "memory";
  }
  return NULL;
}

static void show_memory(void)
{
  for (int s = 0; s < in.nslots; s++) {
    const slot *m = &in.slots[s];
    size_t size = element_size(m->type);
    int shown = 0;
    for (size_t at = 0; at < m->to - m->from; at += size)
      if (!same_values(wanted[s] + at, m->bytes + m->from + at, size, m->type) && shown++ < 4) {
        int64_t a = 0, b = 0;
        double x = 0, y = 0;
        float f = 0, g = 0;
        memcpy(&a, wanted[s] + at, size), memcpy(&b, m->bytes + m->from + at, size);
        memcpy(&x, wanted[s] + at, size), memcpy(&y, m->bytes + m->from + at, size);
        memcpy(&f, wanted[s] + at, 4 < size ? 4 : size), memcpy(&g, m->bytes + m->from + at, 4 < size ? 4 : size);
        if (m->type == KB_AS_F64) printf("#     at %p: %.17g, not %.17g\n", (void *)(m->bytes + m->from + at), y, x);
        else if (m->type == KB_AS_F32) printf("#     at %p: %.9g, not %.9g\n", (void *)(m->bytes + m->from + at), (double)g, (double)f);
        else printf("#     at %p: %lld, not %lld\n", (void *)(m->bytes + m->from + at), (long long)b, (long long)a);
      }
  }
}

static void show(const kb_fn_info *fn, const char *what, const outcome *w, const outcome *g, int64_t call)
{
  printf("# DIFFERENCE in %s: %s, %s, call %lld (seed %llu)\n", what, fn->name, now_variant, (long long)call,
         (unsigned long long)opt.seed);
  inputs_print(&in, fn);
  printf("#   reference: status %d, result %lld\n", w->status, *(const long long *)(const void *)w->ret);
  record_print(&w->rec);
  printf("#   %s: status %d, result %lld, %lld polls\n", now_variant, g->status, *(const long long *)(const void *)g->ret,
         (long long)g->rec.polls);
  record_print(&g->rec);
  if (!strcmp(what, "memory")) show_memory();
  fflush(stdout);
}

/* -- Kernels -------------------------------------------------------------------------------------------------- */

/* All are stopped by their first or second poll, if they come to one: what they have done then is anybody's guess, but
   they must leave by the exit of a poll; and who does not come to one must have done it all. */
static const char *interrupted(int k, int variant, const outcome *w, outcome *g, uint64_t bits)
{
  copy_slots(saved, true);
  equal_poll_first = (int64_t)(bits % 40);
  run(g, variant, k, (int64_t)(bits >> 8) % 3, (int64_t)(bits >> 16) % 50);
  total.interrupted++;
  if (!g->rec.stopped) return difference(variants[variant].unit->fns[k], w, g);
  if (g->status != KB_EXIT) return "status after a poll";
  return g->rec.nexits > 0 && !strcmp(g->rec.exits[0]->guard, "poll") ? NULL : "exit of a poll";
}

/* Kernels without bounds checks: the judge, the same with them, says whether an index is outside; then nothing is compared. */
static bool is_outside(int k, int64_t polls)
{
  static outcome o;
  int64_t first = equal_poll_first;
  if (!judged) return false;
  equal_poll_first = KB_POLL_FIRST;
  run(&o, JUDGE, k, polls, KB_POLL_FIRST);
  equal_poll_first = first;
  copy_slots(saved, true);
  return o.rec.stopped || (o.rec.nexits > 0 && !strcmp(o.rec.exits[0]->guard, "bounds"));
}

static bool stack_ended(const record *r) { return r->nexits > 0 && !strcmp(r->exits[0]->guard, "stack"); }

/* One input of kernel K through all variants. False: they differ. */
static bool compare(int k, const hint *hints, int64_t call)
{
  static outcome want, got;
  const kb_fn_info *fn = variants[0].unit->fns[k];
  uint64_t seed = opt.seed * 1000003 + (uint64_t)k * UINT64_C(0x10001) + (uint64_t)call * UINT64_C(0x5851f42d4c957f2d);
  uint64_t more = seed ^ UINT64_C(0x1234567), bits = random_bits(&more);
  now_call = call;
  inputs_make(&in, fn, hints, seed);
  copy_slots(saved, false);
  int64_t turns = bits % 4 ? KB_POLL_FIRST : (int64_t)(bits >> 8) % 100 + 1;
  equal_poll_first = bits % 4 ? KB_POLL_FIRST : (int64_t)(bits >> 16) % 100;
  if (is_outside(k, REFERENCE_TURNS / turns)) {
    total.undecided++;
    return true;
  }
  run(&want, 0, k, REFERENCE_TURNS / turns, turns);
  if (want.rec.stopped || stack_ended(&want.rec)) { /* how deep the stack allows is the compiler's choice */
    total.undecided++;
    return true;
  }
  total.exits += want.status != KB_OK;
  copy_slots(wanted, false);
  for (int v = 1; v < nvariants; v++) {
    copy_slots(saved, true);
    uint64_t before = kb_fast_copies;
    equal_poll_first = bits % 4 ? KB_POLL_FIRST : (int64_t)(bits >> 16) % 100;
    run(&got, v, k, INT64_MAX, turns);
    total.calls++;
    total.fast += kb_fast_copies != before;
    const char *what = difference(fn, &want, &got);
    if (!what && bits >> 32 & 1 && (bits >> 33) % 16 == 0) what = interrupted(k, v, &want, &got, bits >> 40);
    if (what) {
      total.differences++;
      show(fn, what, &want, &got, call);
      return false;
    }
  }
  return true;
}

static double seconds_now(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void kernel(int k, const hint *hints)
{
  const kb_fn_info *fn = variants[0].unit->fns[k];
  double end = seconds_now() + opt.seconds;
  uint64_t calls = total.calls, fast = total.fast, exits = total.exits, undecided = total.undecided;
  int shown = 0;
  int64_t done = 0;
  now_kernel = fn->name;
  total.kernels++;
  for (int64_t c = opt.call >= 0 ? opt.call : 0; opt.call >= 0 ? c == opt.call : c < opt.calls; c++) {
    if (c % 64 == 0) {
      (void)alarm(60);
      if (seconds_now() > end) break;
    }
    done++;
    if (!compare(k, hints, c) && ++shown >= MAX_SHOWN) break;
  }
  if (opt.verbose)
    printf("# %s: %llu calls, %llu with a fast copy, %llu of %llu inputs leave, %llu undecided\n", fn->name,
           (unsigned long long)(total.calls - calls), (unsigned long long)(total.fast - fast),
           (unsigned long long)(total.exits - exits), (unsigned long long)done, (unsigned long long)(total.undecided - undecided));
}

/* -- Start ---------------------------------------------------------------------------------------------------- */

static void crashed(int sig)
{
  printf("# DIFFERENCE: signal %d in %s, %s, call %lld (seed %llu)\n", sig, now_kernel, now_variant, (long long)now_call,
         (unsigned long long)opt.seed);
  fflush(stdout);
  _exit(3);
}

/* Do the hints say WORD of FN? x: not to be called; j: JUDGE is asked first. */
static bool is_said(char word, const kb_fn_info *fn, FILE *f)
{
  char line[512], what, name[256];
  if (!f) return false;
  rewind(f);
  while (fgets(line, sizeof line, f))
    if (sscanf(line, "%c %255s", &what, name) == 2 && what == word && !strcmp(name, fn->name)) return true;
  return false;
}

static void read_hints(const kb_fn_info *fn, FILE *f, hint *hints)
{
  char line[512], name[256], param[256];
  long long a, b;
  int axis, dim, times, plus;
  memset(hints, 0, MAX_PARAMS * sizeof *hints);
  if (!f) return;
  rewind(f);
  while (fgets(line, sizeof line, f))
    for (uint32_t p = 0; p < fn->nparams; p++)
      if (sscanf(line, "r %255s %255s %lld %lld", name, param, &a, &b) == 4 && !strcmp(name, fn->name)
          && !strcmp(param, fn->params[p].name)) {
        hints[p].has_range = true;
        hints[p].low = a, hints[p].high = b;
      } else if (sscanf(line, "s %255s %255s %d %d %d %d", name, param, &axis, &dim, &times, &plus) == 6
                 && !strcmp(name, fn->name) && !strcmp(param, fn->params[p].name) && axis >= 0 && axis < MAX_RANK) {
        hints[p].has_shape = true;
        hints[p].extent[axis].name = dim, hints[p].extent[axis].times = times, hints[p].extent[axis].plus = plus;
      }
}

static bool callable(const kb_fn_info *fn)
{
  if (!fn->enter || fn->nparams > MAX_PARAMS || fn->args_size > sizeof in.args || fn->ret_size > sizeof((outcome *)0)->ret)
    return false;
  for (uint32_t p = 0; p < fn->nparams; p++)
    if (!strchr("iudsbvp", fn->params[p].kind) || fn->params[p].rank > MAX_RANK || fn->params[p].object) return false;
  return true;
}

static void load(const char *path)
{
  void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const kb_unit *const *unit = so ? (const kb_unit *const *)dlsym(so, "equal_unit") : NULL;
  if (!unit || nvariants == MAX_VARIANTS) {
    fprintf(stderr, "equal: %s\n", so ? path : dlerror());
    exit(2);
  }
  const char *slash = strrchr(path, '/');
  variants[nvariants].name = slash ? slash + 1 : path;
  variants[nvariants++].unit = *unit;
}

int main(int argc, char **argv)
{
  FILE *hints_file = NULL;
  hint hints[MAX_PARAMS];
  int c;
  while ((c = getopt(argc, argv, "n:s:t:k:c:H:J:v")) != -1)
    switch (c) {
    case 'n': opt.calls = atoll(optarg); break;
    case 's': opt.seed = strtoull(optarg, NULL, 10); break;
    case 't': opt.seconds = atof(optarg); break;
    case 'k': opt.kernel = optarg; break;
    case 'c': opt.call = atoll(optarg); break;
    case 'H': hints_file = fopen(optarg, "r"); break;
    case 'J':
      load(optarg);
      variants[JUDGE] = variants[--nvariants];
      break;
    case 'v': opt.verbose = true; break;
    default: return 2;
    }
  for (; optind < argc; optind++)
    load(argv[optind]);
  if (nvariants < 2) return 2;
  static char stack[1 << 16];
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction sa = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};
  (void)sigaltstack(&other, NULL);
  (void)sigaction(SIGSEGV, &sa, NULL), (void)sigaction(SIGBUS, &sa, NULL), (void)sigaction(SIGFPE, &sa, NULL);
  (void)sigaction(SIGILL, &sa, NULL), (void)sigaction(SIGALRM, &sa, NULL), (void)sigaction(SIGABRT, &sa, NULL);
  inputs_init(&in);
  for (int s = 0; s < MAX_SLOTS; s++) {
    saved[s] = (char *)malloc(SLOT_BYTES);
    wanted[s] = (char *)malloc(SLOT_BYTES);
  }
  for (uint32_t k = 0; k < variants[0].unit->nfns; k++) {
    const kb_fn_info *fn = variants[0].unit->fns[k];
    if (!callable(fn) || is_said('x', fn, hints_file) || (opt.kernel && strcmp(opt.kernel, fn->name))) continue;
    read_hints(fn, hints_file, hints);
    judged = is_said('j', fn, hints_file);
    if (judged && (!variants[JUDGE].unit || variants[JUDGE].unit->nfns <= k || strcmp(variants[JUDGE].unit->fns[k]->name, fn->name))) continue;
    kernel((int)k, hints);
  }
  printf("equal: kernels=%llu calls=%llu exits=%llu fast=%llu undecided=%llu interrupted=%llu differences=%llu\n",
         (unsigned long long)total.kernels, (unsigned long long)total.calls, (unsigned long long)total.exits,
         (unsigned long long)total.fast, (unsigned long long)total.undecided, (unsigned long long)total.interrupted,
         (unsigned long long)total.differences);
  return total.differences != 0;
}
