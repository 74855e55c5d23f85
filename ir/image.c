/* SPDX-License-Identifier: MIT */
/* image.c: a generic function as bytes. slots.c and flatten.c say what is in them, imgcode.h how it is written. */
#include "imgcode.h"
#include "slots.h"

#include <string.h>

/* -- Writing ------------------------------------------------------------------------------------------- */

typedef struct { const char *s; uint32_t n; } string;
typedef struct {
  KB_VEC(unsigned char) b;
  KB_VEC(const char *) str;
  string *table;           /* open hash table: strings (interned) to numbers + 1 */
  uint32_t ntable;
} writer;

static void number(writer *w, uint64_t n)
{
  for (; n >= 0x80; n >>= 7)
    kb_vec_push(&w->b, (unsigned char)(n | 0x80));
  kb_vec_push(&w->b, (unsigned char)n);
}

static void signed_number(writer *w, int64_t n) { number(w, (uint64_t)n << 1 ^ (uint64_t)(n >> 63)); }

static void bits(writer *w, uint64_t n, unsigned bytes)
{
  for (unsigned i = 0; i < bytes; i++)
    kb_vec_push(&w->b, (unsigned char)(n >> 8 * i));
}

static void rehash(writer *w)
{
  w->ntable = w->ntable ? w->ntable * 2 : 64;
  w->table = (string *)kb_xrealloc(w->table, w->ntable * sizeof *w->table);
  memset(w->table, 0, w->ntable * sizeof *w->table);
  for (uint32_t i = 0; i < w->str.n; i++) {
    uint32_t h = (uint32_t)((uintptr_t)w->str.v[i] >> 4) * 2654435761u;
    while (w->table[h & (w->ntable - 1)].s)
      h++;
    string t = { w->str.v[i], i + 1 };
    w->table[h & (w->ntable - 1)] = t;
  }
}

/* The number of a string + 1; a new one is put into the table. */
static uint32_t string_number(writer *w, const char *s)
{
  if (!s)
    return 0;
  s = kb_intern(s);
  if (w->str.n * 2 >= w->ntable)
    rehash(w);
  uint32_t h = (uint32_t)((uintptr_t)s >> 4) * 2654435761u;
  for (; w->table[h & (w->ntable - 1)].s; h++)
    if (w->table[h & (w->ntable - 1)].s == s)
      return w->table[h & (w->ntable - 1)].n;
  kb_vec_push(&w->str, s);
  string t = { s, w->str.n };
  w->table[h & (w->ntable - 1)] = t;
  return w->str.n;
}

static void put_string(writer *w, const char *s) { number(w, string_number(w, s)); }
static void put_slot(writer *w, uint32_t slot) { number(w, (uint32_t)(slot + 1)); }

static void put_const(writer *w, const kb_iconst *c)
{
  number(w, c->ty);
  number(w, c->is_type);
  if (c->is_type || c->ty == KB_T_BOT || c->ty == KB_T_NONE)
    return;
  if (c->ty == KB_T_STR)
    put_string(w, c->imm.str);
  else if (c->ty == KB_T_F32 || c->ty == KB_T_F64 || c->ty == KB_T_FLOAT)
    bits(w, (uint64_t)c->imm.i, c->ty == KB_T_F32 ? 4 : 8);
  else
    signed_number(w, c->imm.i);
}

static void put_ins(writer *w, const kb_image *im, uint32_t i)
{
  const kb_iins *n = &im->ins[i];
  const kb_oprow *row = &kb_ops[n->op];
  number(w, n->op);
  if (kb_image_has_result(n->op))
    put_slot(w, n->dst);
  if (strchr(row->args, '*'))
    number(w, n->nargs);
  for (uint32_t k = 0; k < n->nargs; k++)
    number(w, n->args[k]);
  kb_imm_kind imm = kb_image_imm(n->op);
  if (imm == KB_IMM_RAISE)
    number(w, n->exc);
  if (imm == KB_IMM_INT)
    signed_number(w, n->imm.i);
  else if (imm)
    put_string(w, n->imm.str);
  uint32_t targets = n->op == KB_BR ? 2 : n->op == KB_JMP || n->op == KB_TRY;
  for (uint32_t k = 0; k < targets; k++)
    number(w, n->to[k]);
  if (im->dynamic)
    number(w, (uint32_t)(n->handler + 1));
  signed_number(w, (int64_t)n->pc - (i ? im->ins[i - 1].pc : 0));
  signed_number(w, (int64_t)n->line - (i ? im->ins[i - 1].line : im->line));
  number(w, n->col);
  number(w, n->end_col);
}

/* Everything behind the strings, which are known only then. */
static void put_body(writer *w, const kb_image *im)
{
  put_string(w, im->name);
  put_string(w, im->file);
  number(w, im->line);
  number(w, (im->dynamic ? KB_IMAGE_DYNAMIC : 0) | (im->wrap ? KB_IMAGE_WRAP : 0) | (im->raises ? KB_IMAGE_RAISES : 0) |
              (im->unchecked ? KB_IMAGE_UNCHECKED : 0));
  number(w, im->nparams);
  for (uint32_t i = 0; i < im->nparams; i++)
    put_slot(w, im->params[i]);
  number(w, im->nvars);
  number(w, im->var0);
  for (uint32_t i = 0; i < im->nvars; i++)
    put_string(w, im->vars[i]);
  number(w, im->nconsts);
  for (uint32_t i = 0; i < im->nconsts; i++)
    put_const(w, &im->consts[i]);
  number(w, im->nslots);
  number(w, im->nins);
  for (uint32_t i = 0; i < im->nins; i++)
    put_ins(w, im, i);
  number(w, im->npcs);
  for (uint32_t i = 0, last = 0; i < im->npcs; last = (uint32_t)(im->at_pc[i++] + 1))
    signed_number(w, (int64_t)(uint32_t)(im->at_pc[i] + 1) - last);
  for (uint32_t i = 0; i < im->npcs; i++)
    put_slot(w, im->slot_of[i]);
  number(w, im->nheads);
  for (uint32_t i = 0; i < im->nheads; i++) {
    number(w, im->heads[i].at);
    number(w, im->heads[i].pc);
  }
}

static unsigned char *encode(const kb_image *im, size_t *n)
{
  writer body = { .table = NULL }, w = { .table = NULL };
  put_body(&body, im);
  static const unsigned char magic[4] = { 'K', 'B', 'I', 'M' };
  for (unsigned i = 0; i < sizeof magic; i++)
    kb_vec_push(&w.b, magic[i]);
  number(&w, KB_IMAGE_VERSION);
  number(&w, KB_NOPS);
  number(&w, KB_NBUILTINS);
  number(&w, body.str.n);
  for (uint32_t i = 0; i < body.str.n; i++) {
    number(&w, strlen(body.str.v[i]));
    for (const char *s = body.str.v[i]; *s; s++)
      kb_vec_push(&w.b, (unsigned char)*s);
  }
  size_t head = w.b.n, all = head + body.b.n;
  unsigned char *bytes = (unsigned char *)kb_xrealloc(w.b.v, all + KB_IMAGE_SUM);
  if (body.b.n)
    memcpy(bytes + head, body.b.v, body.b.n);
  uint32_t sum = kb_image_sum(bytes, all);
  for (unsigned i = 0; i < KB_IMAGE_SUM; i++)
    bytes[all + i] = (unsigned char)(sum >> 8 * i);
  free(body.b.v);
  free(body.table);
  kb_vec_free(&body.str);
  *n = all + KB_IMAGE_SUM;
  return bytes;
}

/* -- What is in it ------------------------------------------------------------------------------------------- */

/* An undef of a type that numbers have is the type itself: kb.zeros(n, kb.f32). Any other one is an unbound variable. */
static kb_iconst constant(const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  kb_iconst c = { v->ty, false, v->imm };
  if (v->op == KB_UNDEF) {
    c.is_type = v->ty >= KB_T_BOOL && v->ty < KB_T_FIRST_COMPOSITE;
    c.ty = c.is_type ? v->ty : KB_T_BOT;
    c.imm.i = 0;
  }
  return c;
}

static void head(const kb_mod *m, const kb_fn *f, kb_slots *s, kb_image *im)
{
  kb_iconst *consts = KB_NEW(s->arena, kb_iconst, s->consts.n + 1);
  uint32_t *params = KB_NEW(s->arena, uint32_t, f->nparams + 1);
  for (uint32_t i = 0; i < s->consts.n; i++)
    consts[i] = constant(f, s->consts.v[i]);
  for (uint32_t i = 0; i < f->nparams; i++)
    params[i] = s->slot[f->params[i]];
  im->name = f->name;
  im->file = f->loc.file ? f->loc.file : m->file ? m->file : "";
  im->line = f->loc.line;
  im->dynamic = f->dynamic;
  im->wrap = f->wrap, im->raises = f->overflow_raises, im->unchecked = f->unchecked;
  im->nparams = f->nparams;
  im->params = params;
  im->nconsts = s->consts.n;
  im->consts = consts;
}

static void slots_of_pcs(const kb_fn *f, kb_slots *s, kb_image *im)
{
  uint32_t *slot_of = KB_NEW(s->arena, uint32_t, f->nslots + 1);
  memset(slot_of, 0xff, f->nslots * sizeof *slot_of);
  for (kb_ref r = 1; r < f->val.n; r++)
    if (s->slot[r] != KB_NOSLOT && (kb_v(f, r)->blk || kb_is(f, r, KB_PARAM)))
      slot_of[kb_v(f, r)->pc] = s->slot[r];
  im->slot_of = slot_of;
}

unsigned char *kb_image_make(const kb_mod *m, const kb_fn *f, size_t *n)
{
  kb_slots s;
  kb_image im;
  memset(&im, 0, sizeof im);
  kb_assert(f->generic && f->rpo.n, "an image of %s, which is not generic or not numbered", f->name);
  kb_slots_make(&s, f);
  head(m, f, &s, &im);
  kb_flatten(&s, &im);
  slots_of_pcs(f, &s, &im);
  im.nvars = f->nvars;
  im.vars = f->vars;
  im.var0 = im.nslots;
  im.nslots += f->nvars;
  unsigned char *bytes = encode(&im, n);
  kb_slots_free(&s);
  return bytes;
}
