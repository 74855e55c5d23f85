/* SPDX-License-Identifier: MIT */
/* type.c: the process-wide table of types; equal types have equal indices. */
#include "ir.h"

#include <string.h>

/* Scalars, in the order of the enum in ir.h. */
static const struct { const char *text, *name; char letter; uint8_t size; } scalars[] = {
  { "bot", "nothing", '-', 0 },      { "void", "None", '-', 0 },       { "obj", "object", 'O', 0 },
  { "none", "None", 'O', 0 },        { "str", "str", 'O', 0 },         { "bool", "bool", 'B', 1 },
  { "int", "int", 'I', 8 },          { "float", "float", 'D', 8 },     { "i8", "kb.i8", 'I', 1 },
  { "i16", "kb.i16", 'I', 2 },       { "i32", "kb.i32", 'I', 4 },      { "i64", "kb.i64", 'I', 8 },
  { "u8", "kb.u8", 'I', 1 },         { "u16", "kb.u16", 'I', 2 },      { "u32", "kb.u32", 'I', 4 },
  { "u64", "kb.u64", 'U', 8 },       { "f32", "kb.f32", 'S', 4 },      { "f64", "kb.f64", 'D', 8 },
};
_Static_assert(sizeof scalars / sizeof *scalars == KB_T_FIRST_COMPOSITE, "one row a scalar type");

typedef struct {
  kb_type type;
  const char *text, *name; /* made when first asked for */
} row;

static KB_VEC(row *) rows; /* pointers: kb_type_of's result stays where it is */
static kb_arena *arena;
static kb_ty *slots; /* open hash table of composites; 0 = free */
static uint32_t nslots;

static void start(void)
{
  arena = kb_arena_new();
  for (uint32_t i = 0; i < KB_T_FIRST_COMPOSITE; i++) {
    row *r = (row *)kb_arena_alloc(arena, sizeof *r);
    r->text = scalars[i].text;
    r->name = scalars[i].name;
    kb_vec_push(&rows, r);
  }
}

static row *row_of(kb_ty t)
{
  if (!rows.n)
    start();
  kb_assert(t < rows.n, "type %u of %u", t, rows.n);
  return rows.v[t];
}

const kb_type *kb_type_of(kb_ty t) { return &row_of(t)->type; }

/* -- The table of composites ----------------------------------------------------------------------- */

static uint32_t hash(const kb_type *t)
{
  uint32_t h = (uint32_t)t->kind * 31 + t->elem;
  h = h * 31 + t->rank * 4u + t->contig * 2u + t->readonly;
  h = h * 31 + t->n;
  for (uint32_t i = 0; i < t->n; i++)
    h = h * 31 + t->items[i];
  return h * 2654435761u;
}

static bool same(const kb_type *a, const kb_type *b)
{
  return a->kind == b->kind && a->elem == b->elem && a->rank == b->rank && a->contig == b->contig &&
         a->readonly == b->readonly && a->n == b->n && (!a->n || !memcmp(a->items, b->items, a->n * sizeof *a->items));
}

static kb_ty *slot_of(const kb_type *t)
{
  uint32_t h = hash(t) >> 7;
  while (slots[h & (nslots - 1)] && !same(&rows.v[slots[h & (nslots - 1)]]->type, t))
    h++;
  return &slots[h & (nslots - 1)];
}

static kb_ty find(const kb_type *t)
{
  if (!rows.n)
    start();
  if ((rows.n - KB_T_FIRST_COMPOSITE + 1) * 2 > nslots) {
    nslots = nslots ? nslots * 2 : 64;
    slots = (kb_ty *)kb_xrealloc(slots, nslots * sizeof *slots);
    memset(slots, 0, nslots * sizeof *slots);
    for (uint32_t i = KB_T_FIRST_COMPOSITE; i < rows.n; i++)
      *slot_of(&rows.v[i]->type) = (kb_ty)i;
  }
  kb_ty *s = slot_of(t);
  if (*s)
    return *s;
  kb_assert(rows.n < UINT16_MAX, "more than %u types", rows.n);
  row *r = (row *)kb_arena_alloc(arena, sizeof *r);
  r->type = *t;
  if (t->n) {
    kb_ty *items = (kb_ty *)kb_arena_alloc(arena, t->n * sizeof *items);
    memcpy(items, t->items, t->n * sizeof *items);
    r->type.items = items;
  }
  *s = (kb_ty)rows.n;
  kb_vec_push(&rows, r);
  return (kb_ty)(rows.n - 1);
}

kb_ty kb_type_array(kb_ty elem, unsigned rank, bool contig, bool readonly)
{
  kb_assert(kb_type_size(elem) && rank >= 1 && rank <= 4, "array of %s, rank %u", kb_type_text(elem), rank);
  kb_type t = { .kind = KB_K_ARRAY, .elem = elem, .rank = (uint8_t)rank, .contig = contig, .readonly = readonly };
  return find(&t);
}

kb_ty kb_type_ptr(kb_ty elem)
{
  kb_type t = { .kind = KB_K_PTR, .elem = elem };
  return find(&t);
}

kb_ty kb_type_tuple(const kb_ty *items, uint32_t n) { return kb_type_make(KB_K_TUPLE, KB_T_BOT, items, n); }

kb_ty kb_type_make(kb_tkind kind, kb_ty elem, const kb_ty *items, uint32_t n)
{
  kb_assert(kind > KB_K_PTR && kind <= KB_K_FN, "kind of type %d", (int)kind);
  kb_type t = { .kind = kind, .elem = elem, .n = n, .items = n ? items : NULL };
  return find(&t);
}

/* -- Properties ------------------------------------------------------------------------------------ */

char kb_type_letter(kb_ty t)
{
  if (t < KB_T_FIRST_COMPOSITE)
    return scalars[t].letter;
  switch (kb_type_of(t)->kind) {
  case KB_K_ARRAY: return 'V';
  case KB_K_PTR: return 'P';
  case KB_K_TUPLE: return 'T';
  default: return 'O';
  }
}

size_t kb_type_size(kb_ty t) { return t < KB_T_FIRST_COMPOSITE ? scalars[t].size : 0; }

/* -- Names ----------------------------------------------------------------------------------------- */

/* open item, item ... close, with each item's name by `of`. */
static const char *list(const char *open, const kb_ty *items, uint32_t n, const char *sep, const char *close,
                        const char *(*of)(kb_ty))
{
  char *s = kb_arena_printf(arena, "%s", open);
  for (uint32_t i = 0; i < n; i++)
    s = kb_arena_printf(arena, "%s%s%s", s, i ? sep : "", of(items[i]));
  return kb_arena_printf(arena, "%s%s", s, close);
}

static const char *make_text(const kb_type *t)
{
  switch (t->kind) {
  case KB_K_ARRAY:
    return kb_arena_printf(arena, "%s%sx%u%s", t->readonly ? "c" : "", kb_type_text(t->elem), t->rank,
                           t->contig ? "c" : "");
  case KB_K_PTR: return kb_arena_printf(arena, "%s*", kb_type_text(t->elem));
  case KB_K_TUPLE: return list("(", t->items, t->n, ",", ")", kb_type_text);
  case KB_K_RANGE: return "range";
  case KB_K_ITER: return kb_arena_printf(arena, "iter(%s)", kb_type_text(t->elem));
  case KB_K_ENUMERATE: return kb_arena_printf(arena, "enumerate(%s)", kb_type_text(t->elem));
  case KB_K_ZIP: return list("zip(", t->items, t->n, ",", ")", kb_type_text);
  case KB_K_FN:
    return list(kb_arena_printf(arena, "fn(%s%s", kb_type_text(t->elem), t->n ? "," : ""), t->items, t->n, ",", ")",
                kb_type_text);
  case KB_K_SCALAR: break;
  }
  return "?";
}

static const char *make_name(const kb_type *t)
{
  /* ctypes names of what a raw pointer points to, in the order of the enum */
  static const char *const ctypes[] = { "", "", "", "", "", "c_bool", "c_int64", "c_double", "c_int8", "c_int16",
                                        "c_int32", "c_int64", "c_uint8", "c_uint16", "c_uint32", "c_uint64",
                                        "c_float", "c_double" };
  const char *elem;
  switch (t->kind) {
  case KB_K_ARRAY: /* int and float have no arrays of their own */
    elem = t->elem == KB_T_BOOL ? "kb.boolean" : t->elem == KB_T_INT ? "kb.i64" : t->elem == KB_T_FLOAT ? "kb.f64"
                                                                                : kb_type_name(t->elem);
    return kb_arena_printf(arena, "%s[%s%s]", elem, &":, :, :, :"[(4 - t->rank) * 3], t->contig ? ":1" : "");
  case KB_K_PTR:
    return kb_arena_printf(arena, "POINTER(%s)",
                           t->elem < KB_T_FIRST_COMPOSITE ? ctypes[t->elem] : kb_type_name(t->elem));
  case KB_K_TUPLE: return t->n ? list("tuple[", t->items, t->n, ", ", "]", kb_type_name) : "tuple[()]";
  case KB_K_RANGE: return "range";
  case KB_K_ITER: return kb_arena_printf(arena, "iterator of %s", kb_type_name(t->elem));
  case KB_K_ENUMERATE: return kb_arena_printf(arena, "enumerate(%s)", kb_type_name(t->elem));
  case KB_K_ZIP: return list("zip(", t->items, t->n, ", ", ")", kb_type_name);
  case KB_K_FN: return "kernel";
  case KB_K_SCALAR: break;
  }
  return "?";
}

const char *kb_type_name(kb_ty t)
{
  row *r = row_of(t);
  if (!r->name)
    r->name = make_name(&r->type);
  return r->name;
}

const char *kb_type_text(kb_ty t)
{
  row *r = row_of(t);
  if (!r->text)
    r->text = make_text(&r->type);
  return r->text;
}

/* -- Text to type ---------------------------------------------------------------------------------- */

/* The scalar whose text is at *p, the longest one. */
static kb_ty scalar(const char **p)
{
  kb_ty best = KB_T_BOT;
  size_t longest = 0;
  for (uint32_t i = KB_T_BOT + 1; i < KB_T_FIRST_COMPOSITE; i++) {
    size_t n = strlen(scalars[i].text);
    if (n > longest && !strncmp(*p, scalars[i].text, n)) {
      best = (kb_ty)i;
      longest = n;
    }
  }
  *p += longest;
  return best;
}

static bool word_char(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

/* "(a,b)" after open has been skipped: up to and with ")". */
static bool type_list(const char **p, kb_ty *items, uint32_t max, uint32_t *n)
{
  for (*n = 0; **p != ')'; ++*n) {
    if (*n && *(*p)++ != ',')
      return false;
    while (**p == ' ')
      ++*p;
    if (*n == max || !(items[*n] = kb_type_parse(p)))
      return false;
  }
  ++*p;
  return true;
}

static kb_ty composite(const char **p)
{
  static const struct { const char *open; kb_tkind kind; } forms[] = {
    { "(", KB_K_TUPLE },  { "iter(", KB_K_ITER }, { "enumerate(", KB_K_ENUMERATE },
    { "zip(", KB_K_ZIP }, { "fn(", KB_K_FN },
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    size_t len = strlen(forms[i].open);
    if (strncmp(*p, forms[i].open, len) != 0)
      continue;
    kb_ty items[256];
    uint32_t n;
    *p += len;
    if (!type_list(p, items, 256, &n))
      return KB_T_BOT;
    if (forms[i].kind == KB_K_TUPLE || forms[i].kind == KB_K_ZIP)
      return kb_type_make(forms[i].kind, KB_T_BOT, items, n);
    if (n < 1 || (n > 1 && forms[i].kind != KB_K_FN))
      return KB_T_BOT;
    return kb_type_make(forms[i].kind, items[0], items + 1, n - 1);
  }
  if (!strncmp(*p, "range", 5) && !word_char((*p)[5])) {
    *p += 5;
    return kb_type_make(KB_K_RANGE, KB_T_BOT, NULL, 0);
  }
  return KB_T_BOT;
}

kb_ty kb_type_parse(const char **p)
{
  const char *from = *p;
  bool readonly = from[0] == 'c';
  *p += readonly;
  kb_ty t = scalar(p);
  if (t && (*p)[0] == 'x' && (*p)[1] >= '1' && (*p)[1] <= '4' && kb_type_size(t)) {
    unsigned rank = (unsigned)((*p)[1] - '0');
    *p += 2;
    bool contig = **p == 'c';
    *p += contig;
    t = kb_type_array(t, rank, contig, readonly);
  } else if (readonly || !t) {
    *p = from;
    t = composite(p);
  }
  while (t && **p == '*') {
    ++*p;
    t = kb_type_ptr(t);
  }
  if (!t || word_char(**p)) {
    *p = from;
    return KB_T_BOT;
  }
  return t;
}
