/* SPDX-License-Identifier: MIT */
/* pipeline.c: from the tree to typed IR that is ready for the emitter.
 *
 *   tree -lower-> generic IR -infer-> typed values -specialise-> typed IR -passes.def-> typed IR -> emit/
 *
 * lower       Python statements to SSA; every op has Python's meaning
 * infer       types to a fixed point, from annotations and literals
 * specialise  machine ops, guards, a snapshot for each way out
 * passes      fold, gvn, range, guardelim, latch, inline, dce, poll: see passes.def for the order and why
 * osr         once more what the interpreter may come back to, entered at loop heads; the passes over that
 *
 * The verifier runs after each pass where it was configured (--enable-checking) or asked for, and always at the end:
 * what it finds is our bug, never the user's.
 */
#include "frontend.h"
#include "../ir/image.h"
#include "../opt/opt.h"
#include <config.h>

#include <stdlib.h>
#include <string.h>

/* -- The table ------------------------------------------------------------------------------------------- */

static const struct { char letter; const char *name; bool stage; } table[] = {
#define STAGE(letter, name) { letter, #name, true },
#define PASS(letter, name) { letter, #name, false },
#include "passes.def"
};
enum { NTABLE = sizeof table / sizeof *table };

static const struct { const char *name; uint32_t (*run)(kb_fn *f); } passes[] = {
  { "fold", kb_opt_fold }, { "gvn", kb_opt_gvn }, { "range", kb_opt_range },
  { "guardelim", kb_opt_guardelim }, { "latch", kb_opt_latch }, { "inline", NULL }, { "dce", kb_opt_dce },
  { "poll", kb_opt_poll },
};
enum { NPASSES = sizeof passes / sizeof *passes };

void kb_dump_letters(FILE *out)
{
  for (int i = 0; i < NTABLE; i++) {
    bool before = false;
    for (int k = 0; k < i; k++)
      before |= table[k].letter == table[i].letter;
    if (!before)
      fprintf(out, "  %c  after %s\n", table[i].letter, table[i].name);
  }
}

/* Is a dump wanted after this step? The option holds letters, or names with commas between. */
static bool dumps(const kb_pipeline_opts *o, char letter, const char *name)
{
  for (const char *p = o->dump; p && *p;) {
    size_t n = strcspn(p, ",");
    bool named = false;
    for (int i = 0; i < NTABLE; i++)
      named |= strlen(table[i].name) == n && !strncmp(p, table[i].name, n);
    if (named ? strlen(name) == n && !strncmp(p, name, n) : memchr(p, letter, n) != NULL)
      return true;
    p += n + (p[n] == ',');
  }
  return false;
}

static void dump(const kb_pipeline_opts *o, const kb_mod *m, char letter, const char *name)
{
  if (!dumps(o, letter, name))
    return;
  FILE *out = o->dump_to ? o->dump_to : stderr;
  fprintf(out, "# after %s\n", name);
  kb_print_mod(out, m);
}

static bool stops(const kb_pipeline_opts *o, const char *name) { return o->stop_after && !strcmp(o->stop_after, name); }

static void verify(kb_mod *m, const char *after)
{
  char why[512];
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (m->fns.v[i]->blk.n > 1 && !kb_verify(m, m->fns.v[i], why, sizeof why))
      kb_bug(__FILE__, __LINE__, "after %s, in %s: %s", after, m->fns.v[i]->name, why);
}

/* -- Passes -------------------------------------------------------------------------------------------------- */

/* When a function last changed, and when each pass last saw it, in runs of passes. */
typedef struct { uint32_t changed, seen[NPASSES]; bool visited; } history;

static void run_fn(kb_mod *m, history *h, int pass, uint32_t i, uint32_t now);

/* Callees first; a cycle is entered anywhere, as its members are not inlined. */
static void inline_callees_first(kb_mod *m, history *h, int pass, uint32_t i, uint32_t now)
{
  if (h[i].visited)
    return;
  h[i].visited = true;
  kb_fn *f = m->fns.v[i];
  for (kb_bid b = 1; b < f->blk.n; b++)
    KB_FOR_INS(f, b, r)
      if (kb_is(f, r, KB_CALL))
        inline_callees_first(m, h, pass, (uint32_t)kb_v(f, r)->imm.i, now);
  run_fn(m, h, pass, i, now);
}

static void run_fn(kb_mod *m, history *h, int pass, uint32_t i, uint32_t now)
{
  kb_fn *f = m->fns.v[i];
  if (f->blk.n < 2 || f->generic || (h[i].seen[pass] && h[i].seen[pass] > h[i].changed))
    return;
  if (passes[pass].run ? passes[pass].run(f) : kb_opt_inline(m, f))
    h[i].changed = now;
  h[i].seen[pass] = now;
}

static bool run_pass(kb_mod *m, history *h, const char *name, uint32_t now)
{
  int pass = 0;
  while (pass < NPASSES && strcmp(passes[pass].name, name) != 0)
    pass++;
  if (pass == NPASSES)
    return false;
  for (uint32_t i = 0; i < m->fns.n; i++) {
    if (passes[pass].run)
      run_fn(m, h, pass, i, now);
    else
      inline_callees_first(m, h, pass, i, now);
  }
  for (uint32_t i = 0; i < m->fns.n; i++)
    h[i].visited = false;
  return true;
}

bool kb_run_pass(kb_mod *m, const char *name)
{
  history *h = KB_ZALLOC(history, m->fns.n + 1);
  bool known = run_pass(m, h, name, 1);
  free(h);
  return known;
}

static void optimise(kb_mod *m, const kb_pipeline_opts *o)
{
#ifdef KB_CHECKING
  bool each = true;
#else
  bool each = o->verify;
#endif
  history *h = KB_ZALLOC(history, m->fns.n + 1);
  uint32_t now = 0;
  for (int i = 0; i < NTABLE; i++) {
    if (table[i].stage || (o->no_opt && strcmp(table[i].name, "latch") != 0 && strcmp(table[i].name, "poll") != 0))
      continue; /* Ctrl-C works without passes, too */
    run_pass(m, h, table[i].name, ++now);
    if (each)
      verify(m, table[i].name);
    dump(o, m, table[i].letter, table[i].name);
    if (stops(o, table[i].name))
      break;
  }
  free(h);
}

/* All passes over one function that nobody calls. */
static void optimise_alone(kb_mod *m, kb_fn *f, const kb_pipeline_opts *o)
{
  uint32_t changed = 0, seen[NPASSES] = { 0 }, now = 0;
  char why[512];
  for (int i = 0; i < NTABLE; i++) {
    if (table[i].stage || (o->no_opt && strcmp(table[i].name, "latch") != 0 && strcmp(table[i].name, "poll") != 0))
      continue;
    int pass = 0;
    while (pass < NPASSES && strcmp(passes[pass].name, table[i].name) != 0)
      pass++;
    if (pass == NPASSES || seen[pass] > changed)
      continue;
    if (passes[pass].run ? passes[pass].run(f) : kb_opt_inline(m, f))
      changed = now + 1;
    seen[pass] = ++now;
#ifdef KB_CHECKING
    if (!kb_verify(m, f, why, sizeof why))
      kb_bug(__FILE__, __LINE__, "after %s, in osr of %s: %s", table[i].name, f->name, why);
#endif
  }
  if (!kb_verify(m, f, why, sizeof why))
    kb_bug(__FILE__, __LINE__, "after all passes, in osr of %s: %s", f->name, why);
}

static void loop_entries(kt_mod *t, kb_mod *generic, kb_mod *m, const kb_pipeline_opts *o)
{
  char why[512];
  kb_osr(t, generic, m);
  for (uint32_t i = 0; i < m->osr.n; i++) {
    if (!kb_verify(m, m->osr.v[i], why, sizeof why))
      kb_bug(__FILE__, __LINE__, "osr of %s: %s", m->osr.v[i]->name, why);
    optimise_alone(m, m->osr.v[i], o);
  }
}

/* -- Images -------------------------------------------------------------------------------------------------- */

/* What the interpreter needs of generic function g, to its typed form f: it outlives the generic module. */
static void keep_image(const kb_mod *generic, const kb_fn *g, kb_fn *f)
{
  uint32_t n = 0;
  for (uint32_t i = 0; i < g->rpo.n; i++)
    KB_FOR_INS (g, g->rpo.v[i], r)
      n += kb_is(g, r, KB_OKCALL);
  uint32_t *calls = KB_NEW(f->arena, uint32_t, n + 1);
  for (uint32_t i = 0; i < g->rpo.n; i++)
    KB_FOR_INS (g, g->rpo.v[i], r)
      if (kb_is(g, r, KB_OKCALL))
        calls[f->ncalls++] = (uint32_t)kb_v(g, r)->imm.i;
  f->calls = calls;
  kb_fn nameless = *g; /* the unit knows its file: the bytes are the same wherever it lies */
  if (!g->loc.file || !strcmp(g->loc.file, generic->file))
    nameless.loc.file = "";
  unsigned char *bytes = kb_image_make(generic, &nameless, &f->nimage), *copy = KB_NEW(f->arena, unsigned char, f->nimage + 1);
  memcpy(copy, bytes, f->nimage);
  free(bytes);
  f->image = copy;
}

static void keep_images(const kt_mod *t, const kb_mod *generic, kb_mod *m)
{
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (!t->kernels.v[i]->errors) {
      keep_image(generic, generic->fns.v[i], m->fns.v[i]);
      m->fns.v[i]->undeclared = t->kernels.v[i]->ret == KB_T_BOT;
    }
}

/* ------------------------------------------------------------------------------------------------------------ */

kb_mod *kb_compile(kt_mod *t, const kb_pipeline_opts *o)
{
  unsigned errors = kb_error_count();
  kb_mod *generic = kb_lower(t), *m = NULL;
  if (!generic)
    return NULL;
  kb_fn **fns = generic->fns.v;
  for (uint32_t i = 0; i < generic->fns.n; i++)
    kb_fn_number(fns[i]);
  dump(o, generic, 'l', "lower");
  if (stops(o, "lower") && kb_error_count() == errors)
    return generic;
  if (kb_infer(t, generic) && kb_error_count() == errors) {
    dump(o, generic, 'i', "infer");
    if (stops(o, "infer"))
      return generic;
    m = kb_specialise(t, generic);
    if (m && kb_error_count() == errors)
      keep_images(t, generic, m);
  }
  if (!m || kb_error_count() != errors) {
    kb_mod_free(generic);
    kb_mod_free(m);
    return NULL;
  }
  dump(o, m, 's', "specialise");
  if (!stops(o, "specialise")) {
    optimise(m, o);
    verify(m, "all passes");
    if (!o->stop_after || stops(o, "osr"))
      loop_entries(t, generic, m, o);
  }
  kb_mod_free(generic);
  return m;
}
