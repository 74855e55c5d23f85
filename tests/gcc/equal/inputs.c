/* SPDX-License-Identifier: MIT */
/* inputs.c: random arguments for a kernel, from what its kb_fn_info says of the parameters.
 *
 * Extents are mostly equal or off by one, so that kernels get somewhere; ints are near extents or edge values. Views
 * have strides of any sign, zero now and then, share memory with others of their type now and then, and the memory of
 * a slot touches a page without access, so that a read past the end is noticed.
 */
#include "equal.h"

#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

/* A view as emitted C has it, of any rank. */
typedef struct shaped {
  int64_t shape[MAX_RANK], stride[MAX_RANK];
  int64_t low, high; /* elements that it reaches, from its data on; low > high: none */
  int rank, slot;
  int64_t shift; /* of its data in the slot */
} shaped;

static uint64_t *state; /* of the random numbers */

uint64_t random_bits(uint64_t *s)
{
  uint64_t z = (*s += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static uint64_t below(uint64_t n) { return random_bits(state) % n; }
static bool chance(unsigned percent) { return below(100) < percent; }
static int64_t between(int64_t a, int64_t b) { return a + (int64_t)below((uint64_t)(b - a) + 1); }

size_t element_size(int type)
{
  switch (type) {
  case KB_AS_BOOL: case KB_AS_I8: case KB_AS_U8: return 1;
  case KB_AS_I16: case KB_AS_U16: return 2;
  case KB_AS_I32: case KB_AS_U32: case KB_AS_F32: return 4;
  default: return 8;
  }
}

/* -- Values --------------------------------------------------------------------------------------------------- */

static const int64_t int_edges[] = {
  0, 1, -1, 2, -2, 3, 7, 63, 64, 127, -128, 128, 255, 256, 32767, -32768, 65535, INT32_MAX, INT32_MIN, INT64_C(1) << 32,
  (INT64_C(1) << 53) + 1, INT64_C(1) << 62, (INT64_C(1) << 62) - 1, INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1,
};
static const double float_edges[] = {
  0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 1e-5, NAN, INFINITY, -INFINITY, 5e-324, 1.7976931348623157e308, -2.2e-308, 1e200,
  9007199254740993.0, 9223372036854775808.0, -9223372036854775808.0, 9223372036854774784.0, 4294967296.0, 3.5e38, 255.5,
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static int64_t low_of(int type)
{
  switch (type) {
  case KB_AS_I8: return INT8_MIN;
  case KB_AS_I16: return INT16_MIN;
  case KB_AS_I32: return INT32_MIN;
  case KB_AS_INT: case KB_AS_I64: return INT64_MIN;
  default: return 0;
  }
}

static int64_t high_of(int type)
{
  switch (type) {
  case KB_AS_BOOL: return 1;
  case KB_AS_I8: return INT8_MAX;
  case KB_AS_U8: return UINT8_MAX;
  case KB_AS_I16: return INT16_MAX;
  case KB_AS_U16: return UINT16_MAX;
  case KB_AS_I32: return INT32_MAX;
  case KB_AS_U32: return UINT32_MAX;
  default: return INT64_MAX;
  }
}

static int64_t fit(int64_t v, int type)
{
  int64_t low = low_of(type), high = high_of(type);
  if (v >= low && v <= high) return v;
  return chance(50) ? (v < low ? low : high) : (int64_t)((uint64_t)v & (uint64_t)high);
}

/* How the elements of an array are chosen. */
enum style { SMALL, INDEX, UNIT, EDGES, BITS, MIXED, SAME, NSTYLES };

static enum style some_style(void)
{
  static const enum style usual[] = {SMALL, SMALL, SMALL, INDEX, INDEX, UNIT, EDGES, BITS, MIXED, MIXED, SAME};
  return usual[below(COUNT(usual))];
}

static int64_t some_int(enum style style, int64_t near)
{
  switch (style) {
  case INDEX: return near > 0 ? (int64_t)below((uint64_t)near) : 0;
  case UNIT: return (int64_t)below(2);
  case EDGES: return int_edges[below(COUNT(int_edges))];
  case BITS: return (int64_t)(random_bits(state) >> below(63)) * (chance(50) ? 1 : -1);
  case MIXED: return chance(4) ? int_edges[below(COUNT(int_edges))] : between(-3, 20);
  default: return between(-3, 12);
  }
}

static double some_float(enum style style)
{
  double d;
  uint64_t bits;
  switch (style) {
  case INDEX: return (double)between(0, 9);
  case UNIT: return (double)between(-1, 1);
  case EDGES: return float_edges[below(COUNT(float_edges))];
  case BITS:
    bits = random_bits(state);
    memcpy(&d, &bits, sizeof d);
    return d;
  case MIXED:
    if (chance(4)) return float_edges[below(COUNT(float_edges))];
    /* fall through */
  default: return (double)(int64_t)random_bits(state) * 0x1p-60;
  }
}

static void set_element(char *at, int type, int64_t i, double d)
{
  float f;
  uint8_t b = (uint8_t)(i & 1);
  switch (type) {
  case KB_AS_F64: memcpy(at, &d, 8); break;
  case KB_AS_F32: f = (float)d; memcpy(at, &f, 4); break;
  case KB_AS_BOOL: memcpy(at, &b, 1); break;
  default: memcpy(at, &i, element_size(type)); /* the low bytes */
  }
}

static void fill(slot *s, int64_t near)
{
  enum style style = some_style();
  size_t size = element_size(s->type);
  int64_t i = some_int(style == SAME ? MIXED : style, near);
  double d = some_float(style == SAME ? MIXED : style);
  bool is_float = s->type == KB_AS_F64 || s->type == KB_AS_F32;
  for (size_t at = s->from; at + size <= s->to; at += size) {
    if (style != SAME) {
      if (is_float) d = some_float(style);
      else i = some_int(style, near);
    }
    set_element(s->bytes + at, s->type, i, d);
  }
}

/* -- Extents and ints ----------------------------------------------------------------------------------------- */

enum { NDIMS = 16 };
static int64_t dims[NDIMS]; /* of this input, by the hints' names; the first ones serve all */

static int64_t some_extent(int rank)
{
  unsigned r = (unsigned)below(100);
  if (r < 25) return between(0, 3);
  if (r < 80) return between(1, 12);
  if (r < 97) return between(8, rank > 2 ? 12 : 34);
  return rank > 2 ? between(6, 20) : rank == 2 ? between(30, 70) : between(60, 1500);
}

static int64_t extent_of(const hint *h, int axis, int rank, bool alike)
{
  if (h->has_shape && h->extent[axis].name >= 0) {
    int64_t n = dims[h->extent[axis].name] * h->extent[axis].times + h->extent[axis].plus;
    if (chance(4)) n += between(-1, 1);
    return n < 0 ? 0 : n > 4096 ? 4096 : n;
  }
  int64_t n = alike ? dims[0] : dims[below(3)];
  (void)rank;
  if (chance(6)) n += between(-1, 1);
  return n < 0 ? 0 : n;
}

static int64_t some_parameter(const hint *h, int type, bool pointers)
{
  unsigned r = (unsigned)below(100);
  if (h->has_range && r < 90) return fit(between(h->low, h->high), type);
  if (pointers) return between(-2, 16);
  int64_t n = dims[below(chance(70) ? 1 : 3)];
  if (r < 40) return fit(n + (chance(30) ? between(-2, 2) : 0), type);
  if (r < 55) return fit((int64_t)below((uint64_t)n + 1), type);
  if (r < 85) return fit(between(-3, 12), type);
  if (r < 95) return fit(int_edges[below(COUNT(int_edges))], type);
  return fit(some_int(BITS, 0), type);
}

/* -- Views ---------------------------------------------------------------------------------------------------- */

static void choose_strides(shaped *v, bool contiguous)
{
  int64_t step = 1;
  bool plain = chance(60), transposed = !contiguous && !plain && chance(35);
  for (int k = 0; k < v->rank; k++) {
    int axis = transposed ? k : v->rank - 1 - k;
    bool unit = contiguous && axis == v->rank - 1;
    if (!plain && !unit) step *= between(1, 2);
    v->stride[axis] = step;
    if (!plain && !unit && chance(25)) v->stride[axis] = -step;
    if (!plain && !unit && chance(5)) v->stride[axis] = 0;
    if (!plain && chance(30)) step += between(0, 3); /* padding of rows */
    step *= v->shape[axis] ? v->shape[axis] : 1;
  }
}

static void reach(shaped *v)
{
  v->low = v->high = 0;
  for (int k = 0; k < v->rank; k++) {
    if (v->shape[k] == 0) {
      v->low = 1, v->high = 0;
      return;
    }
    int64_t far = (v->shape[k] - 1) * v->stride[k];
    if (far < 0) v->low += far;
    else v->high += far;
  }
}

static void choose_view(shaped *v, const kb_fn_param *p, const hint *h, bool alike)
{
  int64_t room = (SLOT_BYTES - 256) / (int64_t)element_size(p->type) / 2;
  v->rank = p->rank;
  for (int k = 0; k < v->rank; k++)
    v->shape[k] = extent_of(h, k, v->rank, alike);
  for (;;) {
    choose_strides(v, p->flags & KB_PARAM_CONTIG);
    reach(v);
    if (v->high - v->low < room) return;
    for (int k = 0; k < v->rank; k++)
      v->shape[k] /= 2;
  }
}

/* Lays the views out in slots: each in one of its own, or with an earlier one of its type. */
static void place_views(input *in, const kb_fn_info *fn, shaped *views)
{
  int64_t low[MAX_SLOTS], high[MAX_SLOTS];
  bool share = chance(22);
  for (uint32_t p = 0; p < fn->nparams; p++) {
    shaped *v = &views[p];
    if (fn->params[p].kind != 'v') continue;
    v->slot = -1, v->shift = 0;
    for (uint32_t q = 0; q < p && share; q++)
      if (fn->params[q].kind == 'v' && fn->params[q].type == fn->params[p].type && chance(60)) {
        v->slot = views[q].slot;
        if (chance(10) && v->rank == views[q].rank && !(fn->params[p].flags & KB_PARAM_CONTIG)) {
          memcpy(v->stride, views[q].stride, sizeof v->stride);
          reach(v);
        }
        v->shift = views[q].shift + (chance(45) ? 0 : between(-3, 3));
        break;
      }
    int64_t room = SLOT_BYTES / (int64_t)element_size(fn->params[p].type) - 64;
    if (v->slot >= 0 && v->low <= v->high) {
      int64_t a = low[v->slot] < v->shift + v->low ? low[v->slot] : v->shift + v->low;
      int64_t b = high[v->slot] > v->shift + v->high ? high[v->slot] : v->shift + v->high;
      if (b - a >= room) v->slot = -1, v->shift = 0;
      else low[v->slot] = a, high[v->slot] = b;
    }
    if (v->slot < 0) {
      v->slot = in->nslots++;
      in->slots[v->slot].type = fn->params[p].type;
      low[v->slot] = v->low, high[v->slot] = v->high;
    }
  }
  for (int s = 0; s < in->nslots; s++) {
    slot *m = &in->slots[s];
    int64_t size = (int64_t)element_size(m->type), n = low[s] > high[s] ? 0 : high[s] - low[s] + 1;
    bool at_end = chance(60);
    int64_t margin = chance(50) ? 0 : size * between(0, 9); /* other alignments */
    if ((n * size) + margin > SLOT_BYTES) margin = 0;
    int64_t first = at_end ? SLOT_BYTES - margin - n * size : margin;
    m->from = (size_t)(at_end ? (first > 64 ? first - 64 : 0) : 0);
    m->to = (size_t)(at_end ? SLOT_BYTES : (first + n * size + 64 < SLOT_BYTES ? first + n * size + 64 : SLOT_BYTES));
    m->from = m->from / 8 * 8, m->to = m->to / 8 * 8;
    for (uint32_t p = 0; p < fn->nparams; p++)
      if (fn->params[p].kind == 'v' && views[p].slot == s) views[p].shift = first / size + (n ? views[p].shift - low[s] : 0);
  }
}

/* -- One input ------------------------------------------------------------------------------------------------ */

static void put_view(char *block, const kb_fn_param *p, const shaped *v, const slot *s)
{
  char *data = s->bytes + v->shift * (int64_t)element_size(p->type);
  memcpy(block, &data, sizeof data);
  memcpy(block + 8, v->shape, 8 * (size_t)p->rank);
  memcpy(block + 8 + 8 * (size_t)p->rank, v->stride, 8 * (size_t)p->rank);
}

static void put_scalar(char *block, const kb_fn_param *p, const hint *h, bool pointers)
{
  int64_t i;
  uint64_t u;
  double d;
  float f;
  enum style style = some_style();
  switch (p->kind) {
  case 'i':
    i = some_parameter(h, p->type, pointers);
    memcpy(block, &i, 8);
    break;
  case 'u':
    u = (uint64_t)some_parameter(h, KB_AS_INT, pointers);
    if ((int64_t)u < 0 && chance(80)) u = 0 - u;
    memcpy(block, &u, 8);
    break;
  case 'd':
    d = h->has_range ? (double)between(h->low, h->high) : some_float(style);
    memcpy(block, &d, 8);
    break;
  case 's':
    f = (float)(h->has_range ? (double)between(h->low, h->high) : some_float(style));
    memcpy(block, &f, 4);
    break;
  default: *block = (char)below(2);
  }
}

static void put_pointer(input *in, char *block, const kb_fn_param *p)
{
  slot *s = &in->slots[in->nslots++];
  s->type = p->type;
  s->from = SLOT_BYTES / 2 - 1024, s->to = SLOT_BYTES / 2 + 4096;
  char *data = s->bytes + SLOT_BYTES / 2;
  memcpy(block, &data, sizeof data);
}

void inputs_init(input *in)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (int s = 0; s < MAX_SLOTS; s++) {
    char *m = (char *)mmap(NULL, SLOT_BYTES + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == (char *)MAP_FAILED || mprotect(m + page, SLOT_BYTES, PROT_READ | PROT_WRITE)) abort();
    in->slots[s].bytes = m + page;
  }
}

void inputs_make(input *in, const kb_fn_info *fn, const hint *hints, uint64_t seed)
{
  shaped views[MAX_PARAMS];
  bool pointers = false;
  int top = 1;
  state = &seed;
  for (uint32_t p = 0; p < fn->nparams; p++) {
    pointers |= fn->params[p].kind == 'p';
    if (fn->params[p].kind == 'v' && fn->params[p].rank > top) top = fn->params[p].rank;
  }
  for (int k = 0; k < NDIMS; k++)
    dims[k] = some_extent(top);
  if (chance(30)) dims[1] = dims[0] + 1, dims[2] = dims[0] ? dims[0] - 1 : 0;
  bool alike = chance(65);
  in->nslots = 0;
  memset(in->args, 0, sizeof in->args);
  for (uint32_t p = 0; p < fn->nparams; p++) {
    const kb_fn_param *q = &fn->params[p];
    if (q->kind == 'v' || q->kind == 'p') continue;
    put_scalar(in->args + q->offset, q, &hints[p], pointers);
    int64_t v = 0; /* a parameter may be an extent's name */
    if (q->kind == 'i' && p + 3 < NDIMS) {
      memcpy(&v, in->args + q->offset, 8);
      if (hints[p].has_range) dims[p + 3] = v < 0 ? 0 : v > 4096 ? 4096 : v;
    }
  }
  for (uint32_t p = 0; p < fn->nparams; p++)
    if (fn->params[p].kind == 'v') choose_view(&views[p], &fn->params[p], &hints[p], alike);
  place_views(in, fn, views);
  for (uint32_t p = 0; p < fn->nparams; p++) {
    const kb_fn_param *q = &fn->params[p];
    if (q->kind == 'v') put_view(in->args + q->offset, q, &views[p], &in->slots[views[p].slot]);
    else if (q->kind == 'p') put_pointer(in, in->args + q->offset, q);
  }
  for (int s = 0; s < in->nslots; s++)
    fill(&in->slots[s], dims[0]);
}

void inputs_print(const input *in, const kb_fn_info *fn)
{
  for (uint32_t p = 0; p < fn->nparams; p++) {
    const kb_fn_param *q = &fn->params[p];
    const char *b = in->args + q->offset;
    int64_t i;
    double d;
    float f;
    memcpy(&i, b, 8), memcpy(&d, b, 8), memcpy(&f, b, 4);
    printf("#   %s = ", q->name);
    if (q->kind == 'v') {
      printf("view, type %d, data %#llx, shape and strides", q->type, (unsigned long long)i);
      for (int k = 0; k < 2 * q->rank; k++)
        memcpy(&i, b + 8 + 8 * k, 8), printf(" %lld", (long long)i);
      puts("");
    } else if (q->kind == 'd') printf("%.17g\n", d);
    else if (q->kind == 's') printf("%.9g\n", (double)f);
    else if (q->kind == 'b') printf("%d\n", *b);
    else printf("%lld\n", (long long)i);
  }
}
