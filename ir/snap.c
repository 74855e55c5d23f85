/* SPDX-License-Identifier: MIT */
/* snap.c: make, walk, compare and print snapshots. */
#include "ir.h"
#include "text.h"
#include "../include/kbabi.h"

#include <string.h>

/* -- Make ------------------------------------------------------------------------------------------ */

static kb_entry *copy_entries(kb_arena *a, const kb_entry *from, uint32_t n, bool number)
{
  if (!n)
    return NULL;
  kb_entry *to = (kb_entry *)kb_arena_alloc(a, n * sizeof *to);
  memcpy(to, from, n * sizeof *to);
  for (uint32_t i = 0; i < n; i++) {
    if (number)
      to[i].slot = i;
    to[i].sub = copy_entries(a, from[i].sub, from[i].n, true);
  }
  return to;
}

uint32_t kb_snap_new(kb_fn *f, const kb_snap *s)
{
  kb_snap copy = *s;
  copy.msg = s->msg ? kb_intern(s->msg) : NULL;
  copy.args = NULL;
  copy.frames = NULL;
  if (s->nargs) {
    copy.args = (kb_ref *)kb_arena_alloc(f->arena, s->nargs * sizeof *s->args);
    memcpy(copy.args, s->args, s->nargs * sizeof *s->args);
  }
  if (s->nframes) {
    copy.frames = (kb_frame *)kb_arena_alloc(f->arena, s->nframes * sizeof *s->frames);
    memcpy(copy.frames, s->frames, s->nframes * sizeof *s->frames);
    for (uint32_t i = 0; i < s->nframes; i++)
      copy.frames[i].entries = copy_entries(f->arena, s->frames[i].entries, s->frames[i].n, false);
  }
  kb_vec_push(&f->snap, copy);
  return f->snap.n;
}

/* -- Walk, compare --------------------------------------------------------------------------------- */

static void entry_uses(kb_entry *e, uint32_t n, void (*fn)(kb_ref *, void *), void *data)
{
  for (uint32_t i = 0; i < n; i++) {
    if (e[i].kind == KB_E_VAL)
      fn(&e[i].ref, data);
    else
      entry_uses(e[i].sub, e[i].n, fn, data);
  }
}

void kb_snap_uses(kb_fn *f, kb_snap *s, void (*fn)(kb_ref *use, void *data), void *data)
{
  (void)f;
  for (uint32_t i = 0; i < s->nargs; i++)
    fn(&s->args[i], data);
  for (uint32_t i = 0; i < s->nframes; i++)
    entry_uses(s->frames[i].entries, s->frames[i].n, fn, data);
}

static bool entries_equal(const kb_entry *a, const kb_entry *b, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++) {
    if (a[i].kind != b[i].kind || a[i].slot != b[i].slot || a[i].ty != b[i].ty)
      return false;
    if (a[i].kind == KB_E_VAL
            ? a[i].ref != b[i].ref
            : a[i].what != b[i].what || a[i].n != b[i].n || !entries_equal(a[i].sub, b[i].sub, a[i].n))
      return false;
  }
  return true;
}

static bool frames_equal(const kb_frame *a, const kb_frame *b)
{
  return a->fn == b->fn && a->pc == b->pc && a->result == b->result && kb_loc_equal(a->loc, b->loc) && a->n == b->n &&
         entries_equal(a->entries, b->entries, a->n);
}

bool kb_snap_equal(const kb_fn *f, uint32_t a, uint32_t b)
{
  const kb_snap *s = &f->snap.v[a], *t = &f->snap.v[b];
  if (s->kind != t->kind || s->exc != t->exc || s->msg != t->msg || s->nargs != t->nargs || s->nframes != t->nframes)
    return false;
  for (uint32_t i = 0; i < s->nargs; i++)
    if (s->args[i] != t->args[i])
      return false;
  for (uint32_t i = 0; i < s->nframes; i++)
    if (!frames_equal(&s->frames[i], &t->frames[i]))
      return false;
  return true;
}

/* -- Print ----------------------------------------------------------------------------------------- */

const char *const kb_virt_names[KB_NVIRT] = { "tuple", "range", "rangeiter", "arrayiter", "enumerate", "zip", "view", "either" };
const char *const kb_exit_names[3] = { "deopt", "raise", "call" };
_Static_assert(KB_V_EITHER + 1 == KB_NVIRT && KB_EXIT_CALL == 2, "one name a kind");

static const char *const exc_names[] = {
#define NAME(name) #name,
  KB_EXCEPTIONS(NAME)
#undef NAME
};

const char *kb_exc_text(unsigned exc) { return exc < KB_NEXC ? exc_names[exc] : "?"; }

/* "int %i", "float i2f(int %i)", "tuple new tuple(int 1, float %x)" */
static void print_entry(const kb_text *t, const kb_entry *e)
{
  fprintf(t->out, "%s ", kb_type_text(e->ty));
  if (e->kind == KB_E_VAL) {
    kb_text_use(t, e->ref);
    return;
  }
  if (e->kind == KB_E_VIRT)
    fprintf(t->out, "new %s(", e->what < KB_NVIRT ? kb_virt_names[e->what] : "?");
  else
    fprintf(t->out, "%s(", e->what < KB_NOPS ? kb_ops[e->what].text : "?");
  for (uint32_t i = 0; i < e->n; i++) {
    fputs(i ? ", " : "", t->out);
    print_entry(t, &e->sub[i]);
  }
  fputc(')', t->out);
}

static void print_frame(const kb_text *t, const kb_frame *fr)
{
  fprintf(t->out, "@%s pc %u", fr->fn ? fr->fn : "?", fr->pc);
  if (fr->result != UINT32_MAX)
    fprintf(t->out, " result %u", fr->result);
  kb_text_loc(t, fr->loc);
  fputs(" {", t->out);
  for (uint32_t i = 0; i < fr->n; i++) {
    fprintf(t->out, "%s%u ", i ? ", " : " ", fr->entries[i].slot);
    print_entry(t, &fr->entries[i]);
  }
  fputs(fr->n ? " }" : "}", t->out);
}

void kb_text_snap(const kb_text *t, uint32_t snap)
{
  const kb_snap *s = &t->f->snap.v[snap];
  fprintf(t->out, "snap ^s%u %s", t->snap[snap] ? t->snap[snap] - 1 : snap, kb_exit_names[s->kind]);
  if (s->kind == KB_EXIT_RAISE)
    fprintf(t->out, " %s", kb_exc_text(s->exc));
  if (s->msg) {
    fputc(' ', t->out);
    kb_text_string(t->out, s->msg);
  }
  for (uint32_t i = 0; i < s->nargs; i++) {
    fputs(i ? ", " : " (", t->out);
    kb_text_use(t, s->args[i]);
  }
  fputs(s->nargs ? ") [" : " [", t->out);
  for (uint32_t i = 0; i < s->nframes; i++) {
    fputs(i ? ", " : "", t->out);
    print_frame(t, &s->frames[i]);
  }
  fputs("]\n", t->out);
}

void kb_snap_print(FILE *out, const kb_fn *f, uint32_t snap)
{
  kb_text t;
  kb_text_init(&t, out, NULL, f);
  kb_text_snap(&t, snap);
  kb_text_free(&t);
}
