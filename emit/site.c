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

static bool entry_names_parameter(const kb_fn *f, const kb_entry *e)
{
  bool names = e->kind == KB_E_VAL && kb_is(f, e->ref, KB_PARAM);
  for (uint32_t i = 0; i < e->n && !names; i++)
    names = entry_names_parameter(f, &e->sub[i]);
  return names;
}

bool out_names_parameter(const kb_fn *f, const kb_snap *s)
{
  for (uint32_t i = 0; i < s->nframes; i++)
    for (uint32_t k = 0; k < s->frames[i].n; k++)
      if (entry_names_parameter(f, &s->frames[i].entries[k]))
        return true;
  return false;
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

uint32_t out_site(out *o, kb_ref r, const char *guard)
{
  kb_vec_push(&o->site, kb_v(o->f, r)->snap);
  kb_vec_push(&o->site_guard, guard);
  kb_vec_push(&o->site_on, out_goes_on(o->m, o->facts, o->f, r));
  return o->site.n - 1;
}

void out_exit(out *o, kb_ref r, const char *guard)
{
  uint32_t snap = kb_v(o->f, r)->snap;
  const kb_snap *s = &o->f->snap.v[snap - 1];
  bool on = out_goes_on(o->m, o->facts, o->f, r);
  fprintf(o->out, "kb_exit(&kb_sites_%s[%u]", o->f->c_name, out_site(o, r, guard));
  for (uint32_t i = 0; i < s->nargs; i++)
    pass(o, s->args[i], KB_T_INT, NULL);
  if (on && out_names_parameter(o->f, s))
    fputs(", (const void *)kb_args", o->out);
  walk_snap(o, s, pass, NULL);
  fputs(");", o->out);
}

/* -- The tables ---------------------------------------------------------------------------------------------- */

void out_string(FILE *to, const char *s)
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

const char *out_as(kb_ty t)
{
  static const char *const sized[] = { "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "F32", "F64" };
  kb_tkind k = kb_type_of(t)->kind;
  return k == KB_K_ARRAY || k == KB_K_PTR          ? "VIEW"
         : t == KB_T_BOOL                          ? "BOOL"
         : t == KB_T_INT                           ? "INT"
         : t == KB_T_FLOAT                         ? "FLOAT"
         : t >= KB_T_I8 && t <= KB_T_F64           ? sized[t - KB_T_I8]
                                                   : "OBJECT";
}

typedef struct { FILE *to; uint32_t live; } table;

/* The member `what` of a value. */
static void put_what(FILE *to, kb_ty t)
{
  const kb_type *k = kb_type_of(t);
  if (k->kind == KB_K_ARRAY)
    fprintf(to, "KB_AS_%s | %u << 8 | %d << 12, ", out_as(k->elem), k->rank,
            (k->contig ? KB_PARAM_CONTIG : 0) | (k->readonly ? KB_PARAM_READONLY : 0));
  else if (k->kind == KB_K_PTR)
    fprintf(to, "KB_AS_%s | 1 << 8 | %d << 12, ", out_as(k->elem), KB_PARAM_POINTER);
  else
    fputs("0, ", to);
}

static void constant(const kb_val *v, kb_ty as, FILE *to)
{
  if (v->ty == KB_T_NONE) {
    fputs("KB_FROM_NONE, KB_AS_OBJECT, 0, 0, { 0 } },\n", to);
    return;
  }
  if (v->ty == KB_T_STR) {
    fputs("KB_FROM_STR, KB_AS_OBJECT, 0, 0, { .s = ", to);
    out_string(to, v->imm.str);
    fputs(" } },\n", to);
    return;
  }
  double d = v->op == KB_UNDEF ? 0 : v->ty == KB_T_F32 ? (double)v->imm.s : v->imm.d;
  fprintf(to, "KB_FROM_%s, KB_AS_%s, 0, 0, { ", kb_type_is_float(v->ty) ? "FLOAT" : "INT", out_as(as));
  if (kb_type_is_float(v->ty) && d != d)
    fputs(".d = __builtin_nan(\"\") } },\n", to);
  else if (kb_type_is_float(v->ty) && d - d != 0)
    fprintf(to, ".d = %s__builtin_inf() } },\n", d < 0 ? "-" : "");
  else if (kb_type_is_float(v->ty))
    fprintf(to, ".d = %a } },\n", d);
  else if (v->op != KB_UNDEF && v->imm.i == INT64_MIN)
    fputs(".i = INT64_MIN } },\n", to);
  else
    fprintf(to, ".i = %lld } },\n", v->op == KB_UNDEF ? 0LL : (long long)v->imm.i);
}

static void entry(out *o, const kb_entry *e, table *t)
{
  const kb_val *v = e->kind == KB_E_VAL ? kb_v(o->f, e->ref) : NULL;
  fprintf(t->to, "  { %u, ", e->slot);
  if (!v) {
    fprintf(t->to, "KB_FROM_%s, KB_AS_%s, %u, %u, { 0 } },\n", e->kind == KB_E_EXPR ? "EXPR" : "VIRT", out_as(e->ty), e->what, e->n);
  } else if (v->op == KB_PARAM) {
    fprintf(t->to, "KB_FROM_PARAM, KB_AS_%s, ", out_as(e->ty));
    put_what(t->to, v->ty);
    fprintf(t->to, "%lld, { 0 } },\n", (long long)v->imm.i);
  } else if (is_constant(o, e->ref)) {
    constant(v, e->ty, t->to);
  } else {
    fprintf(t->to, "KB_FROM_LIVE, KB_AS_%s, ", out_as(e->ty));
    put_what(t->to, v->ty);
    fprintf(t->to, "%u, { 0 } },\n", t->live);
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

uint32_t out_entries(out *o, const kb_entry *e, uint32_t n, uint32_t live, FILE *to)
{
  table t = { to, live };
  for (uint32_t k = 0; k < n; k++)
    entry(o, &e[k], &t);
  return t.live;
}

static void head_entry(const kb_fn *f, const kb_entry *e, FILE *to)
{
  fprintf(to, "  { %u, ", e->slot);
  if (e->kind == KB_E_VIRT) {
    fprintf(to, "KB_FROM_VIRT, KB_AS_%s, %u, %u, { 0 } },\n", out_as(e->ty), e->what, e->n);
  } else if (e->kind == KB_E_EXPR) {
    constant(kb_v(f, e->ref), e->ty, to);
  } else if (!e->ref) {
    fputs("KB_FROM_NONE, KB_AS_OBJECT, 0, 0, { 0 } },\n", to);
  } else {
    fprintf(to, "KB_FROM_LIVE, KB_AS_%s, ", out_as(e->ty));
    put_what(to, e->ty);
    fprintf(to, "%u, { 0 } },\n", e->ref - 1);
  }
  for (uint32_t i = 0; i < e->n; i++)
    head_entry(f, &e->sub[i], to);
}

void out_heads(const kb_fn *f, FILE *to)
{
  for (uint32_t i = 0; i < f->nheads; i++) {
    if (f->heads[i].n == UINT32_MAX || !f->heads[i].n)
      continue;
    fprintf(to, "static const kb_site_entry kb_head_%u_%s[] = {\n", i, f->c_name);
    for (uint32_t k = 0; k < f->heads[i].n; k++)
      head_entry(f, &f->heads[i].entries[k], to);
    fputs("};\n", to);
  }
  fprintf(to, "static const kb_head kb_heads_%s[] = {\n", f->c_name);
  for (uint32_t i = 0; i < f->nheads; i++) {
    uint32_t n = 0;
    for (uint32_t k = 0; f->heads[i].n != UINT32_MAX && k < f->heads[i].n; k++)
      n += entries_in(&f->heads[i].entries[k]);
    fprintf(to, "  { %u, %u, ", f->heads[i].pc, f->heads[i].nwords);
    if (f->heads[i].n == UINT32_MAX)
      fputs("UINT32_MAX, NULL },\n", to);
    else if (n)
      fprintf(to, "%u, kb_head_%u_%s },\n", n, i, f->c_name);
    else
      fputs("0, NULL },\n", to);
  }
  fputs("};\n", to);
}

/* The function that a frame is of: f itself, or an inlined one; of several with one name the one that has the line.
 * NULL: it is not in the module (text IR). */
static const kb_fn *fn_of(const out *o, const kb_snap *s, uint32_t i)
{
  const kb_frame *fr = &s->frames[i];
  const kb_fn *found = NULL;
  if (i + 1 == s->nframes && fr->fn == o->f->name)
    return o->f->osr_of ? o->m->fns.v[o->f->osr_of - 1] : o->f;
  for (uint32_t k = 0; k < o->m->fns.n; k++) {
    const kb_fn *f = o->m->fns.v[k];
    if (f->name == fr->fn && (!found || (f->loc.line <= fr->loc.line && f->loc.line > found->loc.line)))
      found = f;
  }
  return found;
}

static void frames(out *o, const kb_snap *s, uint32_t n, FILE *to)
{
  const char *name = o->f->c_name;
  bool on = o->site_on.v[n];
  uint32_t live = on && out_names_parameter(o->f, s);
  for (uint32_t i = 0; i < s->nframes; i++) {
    const kb_frame *fr = &s->frames[i];
    if (on && fr->n) {
      fprintf(to, "static const kb_site_entry kb_entries_%u_%u_%s[] = {\n", n, i, name);
      live = out_entries(o, fr->entries, fr->n, live, to);
      fputs("};\n", to);
    }
    if (!fn_of(o, s, i)) {
      fprintf(to, "static const kb_fn_info kb_fn_%u_%u_%s = { .unit = &kb_this_unit, .name = ", n, i, name);
      out_string(to, fr->fn);
      fputs(" };\n", to);
    }
  }
  fprintf(to, "static const kb_site_frame kb_frames_%u_%s[] = {\n", n, name);
  for (uint32_t i = 0; i < s->nframes; i++) {
    const kb_frame *fr = &s->frames[i];
    const kb_fn *f = fn_of(o, s, i);
    uint32_t count = 0;
    for (uint32_t k = 0; on && k < fr->n; k++)
      count += entries_in(&fr->entries[k]);
    if (f)
      fprintf(to, "  { &kb_info_%s, ", f->c_name);
    else
      fprintf(to, "  { &kb_fn_%u_%u_%s, ", n, i, name);
    fprintf(to, "%u, %u, %u, ", fr->loc.line, fr->loc.col, fr->pc);
    fprintf(to, fr->result == UINT32_MAX ? "UINT32_MAX, " : "%u, ", fr->result);
    if (count)
      fprintf(to, "%u, kb_entries_%u_%u_%s },\n", count, n, i, name);
    else
      fputs("0, NULL },\n", to);
  }
  fputs("};\n", to);
}

static const char *const exc_names[] = {
#define NAME(n) #n,
  KB_EXCEPTIONS(NAME)
#undef NAME
};

/* What a deopt says where there is no interpreter. */
static const char *deopt_message(const char *guard)
{
  return !strcmp(guard, "overflow") ? "int result does not fit 64 bits" : "result needs a Python object";
}

static void site(out *o, const kb_snap *s, uint32_t n, FILE *to)
{
  static const char *const kinds[] = { "DEOPT", "RAISE", "CALL" };
  fprintf(to, "  { &kb_this_unit, KB_SITE_%s, ", kinds[s->kind]);
  fprintf(to, s->kind == KB_EXIT_RAISE ? "KB_EXC_%s, " : "0, ", exc_names[s->exc]);
  fprintf(to, "%u, \"%s\", ", s->nargs, o->site_guard.v[n]);
  const char *msg = s->kind == KB_EXIT_DEOPT && (!s->msg || !*s->msg) ? deopt_message(o->site_guard.v[n]) : s->msg;
  if (msg)
    out_string(to, msg);
  else
    fputs("NULL", to);
  fputs(", \"", to);
  for (uint32_t i = 0; i < s->nargs; i++)
    letters(o, s->args[i], KB_T_INT, to);
  if (o->site_on.v[n] && out_names_parameter(o->f, s))
    fputc('p', to);
  walk_snap(o, s, letters, to);
  fprintf(to, "\", %u, kb_frames_%u_%s },\n", s->nframes, n, o->f->c_name);
}

void out_sites(out *o, FILE *to)
{
  for (uint32_t n = 0; n < o->site.n; n++)
    frames(o, &o->f->snap.v[o->site.v[n] - 1], n, to);
  if (!o->site.n)
    return;
  fprintf(to, "static const kb_site kb_sites_%s[] = {\n", o->f->c_name);
  for (uint32_t n = 0; n < o->site.n; n++)
    site(o, &o->f->snap.v[o->site.v[n] - 1], n, to);
  fputs("};\n\n", to);
}
