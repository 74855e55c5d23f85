/* SPDX-License-Identifier: MIT */
/* site.c: exits: the call of kb_exit with its values, and the tables that say what they mean (kbabi.h). */
#include "out.h"

#include <string.h>

/* -- Which values an exit passes -------------------------------------------------------------------------- */

typedef void each_live(out *o, kb_ref r, kb_ty as, void *data);

static bool is_constant(const out *o, kb_ref r)
{
  return kb_is(o->f, r, KB_CONST) || kb_is(o->f, r, KB_UNDEF);
}

/* Calls fn for the values of an entry that have to be passed, in the order of the tables. */
static void walk(out *o, const kb_entry *e, each_live *fn, void *data)
{
  if (e->kind == KB_E_VAL && !is_constant(o, e->ref) && !kb_is(o->f, e->ref, KB_PARAM))
    fn(o, e->ref, e->ty, data);
  for (uint32_t i = 0; i < e->n; i++)
    walk(o, &e->sub[i], fn, data);
}

static void walk_snap(out *o, const kb_snap *s, each_live *fn, void *data)
{
  for (uint32_t i = 0; i < s->nframes; i++)
    for (uint32_t k = 0; k < s->frames[i].n; k++)
      walk(o, &s->frames[i].entries[k], fn, data);
}

static unsigned rank_of(const out *o, kb_ref r)
{
  const kb_type *k = kb_type_of(kb_v(o->f, r)->ty);
  return k->kind == KB_K_ARRAY ? k->rank : 0;
}

static void pass(out *o, kb_ref r, kb_ty as, void *data)
{
  (void)as, (void)data;
  fputs(", ", o->out);
  unsigned rank = rank_of(o, r);
  if (!rank) {
    out_argument(o, r);
    return;
  }
  const char *x = o->name[o->var[r]];
  fprintf(o->out, "(const void *)%s.data", x);
  for (unsigned a = 0; a < rank; a++)
    fprintf(o->out, ", (int64_t)%s.shape[%u], (int64_t)%s.stride[%u]", x, a, x, a);
}

static void letters(out *o, kb_ref r, kb_ty as, void *data)
{
  FILE *to = (FILE *)data;
  (void)as;
  switch (kb_type_letter(kb_v(o->f, r)->ty)) {
  case 'I': fputc('i', to); break;
  case 'U': fputc('u', to); break;
  case 'B': fputc('b', to); break;
  case 'V':
    fputc('p', to);
    for (unsigned a = 0; a < rank_of(o, r); a++)
      fputs("ii", to);
    break;
  case 'P': fputc('p', to); break;
  default: fputc('d', to); break;
  }
}

void out_exit(out *o, uint32_t snap, const char *guard)
{
  const kb_snap *s = &o->f->snap.v[snap - 1];
  fprintf(o->out, "kb_exit(&%s_sites[%u]", o->f->c_name, o->site.n);
  for (uint32_t i = 0; i < s->nargs; i++)
    pass(o, s->args[i], KB_T_INT, NULL);
  walk_snap(o, s, pass, NULL);
  fputs(");", o->out);
  kb_vec_push(&o->site, snap);
  kb_vec_push(&o->site_guard, guard);
}

/* -- The tables ---------------------------------------------------------------------------------------------- */

static void c_string(FILE *to, const char *s)
{
  fputc('"', to);
  for (; *s; s++)
    if (*s == '"' || *s == '\\')
      fprintf(to, "\\%c", *s);
    else if (*s == '\n')
      fputs("\\n", to);
    else if ((unsigned char)*s < 32 || (*s == '?' && s[1] == '?'))
      fprintf(to, "\\%03o", (unsigned char)*s);
    else
      fputc(*s, to);
  fputc('"', to);
}

static const char *as_name(kb_ty t)
{
  static const char *const sized[] = { "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "F32", "F64" };
  return t == KB_T_BOOL ? "BOOL" : t == KB_T_INT ? "INT" : t == KB_T_FLOAT ? "FLOAT" : t >= KB_T_I8 && t <= KB_T_F64 ? sized[t - KB_T_I8] : "OBJECT";
}

typedef struct { FILE *to; uint32_t live; } table;

static void entry(out *o, const kb_entry *e, table *t)
{
  const kb_val *v = e->kind == KB_E_VAL ? kb_v(o->f, e->ref) : NULL;
  fprintf(t->to, "  { %u, ", e->slot);
  if (!v) {
    fprintf(t->to, "KB_FROM_%s, KB_AS_%s, %u, %u, { 0 } },\n", e->kind == KB_E_EXPR ? "EXPR" : "VIRT", as_name(e->ty), e->what, e->n);
  } else if (v->op == KB_PARAM) {
    fprintf(t->to, "KB_FROM_INT, KB_AS_PARAM, 0, 0, { .i = %lld } },\n", (long long)v->imm.i);
  } else if (is_constant(o, e->ref)) {
    double d = v->op == KB_UNDEF ? 0 : v->ty == KB_T_F32 ? (double)v->imm.s : v->imm.d;
    fprintf(t->to, "KB_FROM_%s, KB_AS_%s, 0, 0, { ", kb_type_is_float(v->ty) ? "FLOAT" : "INT", as_name(e->ty));
    if (kb_type_is_float(v->ty) && d != d)
      fputs(".d = __builtin_nan(\"\") } },\n", t->to);
    else if (kb_type_is_float(v->ty) && d - d != 0)
      fprintf(t->to, ".d = %s__builtin_inf() } },\n", d < 0 ? "-" : "");
    else if (kb_type_is_float(v->ty))
      fprintf(t->to, ".d = %a } },\n", d);
    else if (v->op != KB_UNDEF && v->imm.i == INT64_MIN)
      fputs(".i = INT64_MIN } },\n", t->to);
    else
      fprintf(t->to, ".i = %lld } },\n", v->op == KB_UNDEF ? 0LL : (long long)v->imm.i);
  } else {
    fprintf(t->to, "KB_FROM_LIVE, KB_AS_%s, 0, %u, { 0 } },\n", as_name(e->ty), t->live);
    t->live += 1 + 2 * rank_of(o, e->ref);
  }
  for (uint32_t i = 0; i < e->n; i++)
    entry(o, &e->sub[i], t);
}

static uint32_t entries_in(const kb_entry *e)
{
  uint32_t n = 1;
  for (uint32_t i = 0; i < e->n; i++)
    n += entries_in(&e->sub[i]);
  return n;
}

static void frames(out *o, const kb_snap *s, uint32_t n, table *t)
{
  for (uint32_t i = 0; i < s->nframes; i++)
    if (s->frames[i].n) {
      fprintf(t->to, "static const kb_site_entry %s_entries_%u_%u[] = {\n", o->f->c_name, n, i);
      for (uint32_t k = 0; k < s->frames[i].n; k++)
        entry(o, &s->frames[i].entries[k], t);
      fputs("};\n", t->to);
    }
  fprintf(t->to, "static const kb_site_frame %s_frames_%u[] = {\n", o->f->c_name, n);
  for (uint32_t i = 0; i < s->nframes; i++) {
    const kb_frame *fr = &s->frames[i];
    uint32_t count = 0;
    for (uint32_t k = 0; k < fr->n; k++)
      count += entries_in(&fr->entries[k]);
    fputs("  { ", t->to);
    c_string(t->to, fr->fn);
    fprintf(t->to, ", %u, %u, %u, ", fr->loc.line, fr->loc.col, fr->pc);
    fprintf(t->to, fr->result == UINT32_MAX ? "UINT32_MAX, " : "%u, ", fr->result);
    if (count)
      fprintf(t->to, "%u, %s_entries_%u_%u },\n", count, o->f->c_name, n, i);
    else
      fputs("0, NULL },\n", t->to);
  }
  fputs("};\n", t->to);
}

static const char *const exc_names[] = {
#define NAME(n) #n,
  KB_EXCEPTIONS(NAME)
#undef NAME
};

/* What a deopt says as long as it cannot go on in the interpreter. */
static const char *deopt_message(const char *guard)
{
  return !strcmp(guard, "overflow") ? "int result does not fit 64 bits, and continuing with big ints is not available yet"
                                    : "result needs a Python object, and continuing with Python objects is not available yet";
}

static void site(out *o, const kb_snap *s, uint32_t n, FILE *to)
{
  static const char *const kinds[] = { "DEOPT", "RAISE", "CALL" };
  fprintf(to, "  { &kb_this_unit, KB_SITE_%s, ", kinds[s->kind]);
  fprintf(to, s->kind == KB_EXIT_RAISE ? "KB_EXC_%s, " : "0, ", exc_names[s->exc]);
  fprintf(to, "%u, \"%s\", ", s->nargs, o->site_guard.v[n]);
  const char *msg = s->kind == KB_EXIT_DEOPT && (!s->msg || !*s->msg) ? deopt_message(o->site_guard.v[n]) : s->msg;
  if (msg)
    c_string(to, msg);
  else
    fputs("NULL", to);
  fputs(", \"", to);
  for (uint32_t i = 0; i < s->nargs; i++)
    letters(o, s->args[i], KB_T_INT, to);
  walk_snap(o, s, letters, to);
  fprintf(to, "\", %u, %s_frames_%u },\n", s->nframes, o->f->c_name, n);
}

void out_sites(out *o, FILE *to)
{
  for (uint32_t n = 0; n < o->site.n; n++) {
    table t = { to, 0 };
    frames(o, &o->f->snap.v[o->site.v[n] - 1], n, &t);
  }
  if (!o->site.n)
    return;
  fprintf(to, "static const kb_site %s_sites[] = {\n", o->f->c_name);
  for (uint32_t n = 0; n < o->site.n; n++)
    site(o, &o->f->snap.v[o->site.v[n] - 1], n, to);
  fputs("};\n\n", to);
}
