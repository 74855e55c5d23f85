/* SPDX-License-Identifier: MIT */
/* kircheck.c: reads `# run:` and `# exit:` lines, and runs them through the evaluator.
 *
 *     # run: @dot([1.0 2.0], [3.0 4.0]) == 11.0
 *     # run: @scale([1 2 3], 2) == none -> [2 4 6]         what the arrays hold afterwards
 *     # run: @add([1 2], &0)                               the second argument is the first one's array; any outcome
 *     # exit: @get([1.0 2.0], 2) at ^s0                    leaves by that snapshot of the text
 *
 * Where passes were run, the outcome (result, arrays, exit with all values of its frames) must be what it was before.
 */
#include "kircheck.h"

#include <ctype.h>
#include <string.h>

/* -- Literals ------------------------------------------------------------------------------------------------ */

typedef struct {
  const char *file;
  uint32_t line;
  const char *p;
  const kb_mod *m;
  kb_arena *a;
} reader;

static bool fail(reader *s, const char *what)
{
  kb_loc at = { s->file, s->line, 0, 0 };
  size_t n = strcspn(s->p, "\n");
  kb_error(at, "%s, at '%.*s'", what, (int)(n > 30 ? 30 : n), s->p);
  return false;
}

static void blanks(reader *s) { s->p += strspn(s->p, " \t"); }

static bool take(reader *s, const char *text)
{
  blanks(s);
  if (strncmp(s->p, text, strlen(text)) != 0)
    return false;
  s->p += strlen(text);
  return true;
}

static bool scalar(reader *s, kb_ty ty, kb_imm *imm)
{
  char *end = NULL;
  blanks(s);
  imm->i = 0;
  switch (kb_type_letter(ty)) {
  case 'I': imm->i = strtoll(s->p, &end, 0); break;
  case 'U': imm->i = (int64_t)strtoull(s->p, &end, 0); break;
  case 'D': imm->d = strtod(s->p, &end); break;
  case 'S': imm->s = strtof(s->p, &end); break;
  case 'B':
    imm->i = !strncmp(s->p, "true", 4);
    end = (char *)(uintptr_t)(s->p + (imm->i ? 4 : strncmp(s->p, "false", 5) ? 0 : 5));
    break;
  default: return fail(s, "a value of this type cannot be written");
  }
  if (end == s->p)
    return fail(s, "a value is expected");
  s->p = end;
  return true;
}

/* The elements of one axis and those below; extents are those of the first element of each axis. */
static bool elements(reader *s, kb_view *v, uint32_t axis, char *buf, size_t size, size_t *used)
{
  int64_t n = 0;
  if (!take(s, "["))
    return fail(s, "[ is expected");
  for (; !take(s, "]"); n++) {
    take(s, ",");
    if (axis + 1 < v->rank) {
      if (!elements(s, v, axis + 1, buf, size, used))
        return false;
      continue;
    }
    kb_imm imm;
    size_t w = kb_type_size(v->elem);
    if (!scalar(s, v->elem, &imm))
      return false;
    if (*used + w > size)
      return fail(s, "too many elements");
    memcpy(buf + *used, v->elem == KB_T_F32 ? (const void *)&imm.s : v->elem == KB_T_F64 ? (const void *)&imm.d : (const void *)&imm.i, w);
    *used += w;
  }
  if (v->shape[axis] >= 0 && v->shape[axis] != n)
    return fail(s, "rows of different lengths");
  v->shape[axis] = n;
  return true;
}

static bool array(reader *s, kb_ty ty, kb_cell *c)
{
  const kb_type *t = kb_type_of(ty);
  kb_view *v = KB_NEW(s->a, kb_view, 1);
  char buf[4096];
  size_t used = 0;
  v->elem = t->elem;
  v->rank = t->kind == KB_K_PTR ? 1 : t->rank;
  for (uint32_t i = 0; i < v->rank; i++)
    v->shape[i] = -1;
  if (!elements(s, v, 0, buf, sizeof buf, &used))
    return false;
  int64_t n = 1;
  for (uint32_t i = v->rank; i-- > 0;) {
    v->shape[i] = v->shape[i] < 0 ? 0 : v->shape[i];
    v->stride[i] = n;
    n *= v->shape[i];
  }
  v->data = KB_NEW(s->a, char, used + 1);
  memcpy(v->data, buf, used);
  c->view = v;
  return true;
}

/* -- Lines --------------------------------------------------------------------------------------------------------- */

static bool is_array(kb_ty ty) { return strchr("VP", kb_type_letter(ty)) != NULL; }

static bool arguments(reader *s, kir_case *c)
{
  const kb_fn *f = s->m->fns.v[c->fn];
  c->args = KB_NEW(s->a, kb_cell, f->nparams + 1);
  c->same_as = KB_NEW(s->a, uint32_t, f->nparams + 1);
  if (!take(s, "("))
    return fail(s, "( is expected");
  for (uint32_t i = 0; i < f->nparams; i++) {
    kb_ty ty = kb_v(f, f->params[i])->ty;
    if (i && !take(s, ","))
      return fail(s, "more arguments are expected");
    if (is_array(ty) && take(s, "&")) {
      uint32_t k = (uint32_t)strtoul(s->p, (char **)(uintptr_t)&s->p, 10);
      if (k >= i || !c->args[k].view)
        return fail(s, "an earlier array's number is expected");
      c->same_as[i] = k + 1;
      c->args[i] = c->args[k];
    } else if (is_array(ty) ? !array(s, ty, &c->args[i]) : !scalar(s, ty, &c->args[i].imm)) {
      return false;
    }
  }
  return take(s, ")") || fail(s, ") is expected");
}

static bool value(reader *s, FILE *out, kb_ty ty)
{
  const kb_type *t = kb_type_of(ty);
  kb_cell c;
  memset(&c, 0, sizeof c);
  if (take(s, "none")) {
    fputs("none", out);
    return true;
  }
  if (t->kind == KB_K_TUPLE) {
    if (!take(s, "("))
      return fail(s, "( is expected");
    for (uint32_t i = 0; i < t->n; i++) {
      fputs(i ? ", " : "(", out);
      take(s, ",");
      if (!value(s, out, t->items[i]))
        return false;
    }
    fputc(')', out);
    return take(s, ")") || fail(s, ") is expected");
  }
  if (!scalar(s, ty, &c.imm))
    return false;
  kb_cell_print(out, ty, &c);
  return true;
}

/* "-> [1 2] [3.0]": printed again, so that spelling does not matter. */
static bool arrays_after(reader *s, FILE *out, const kir_case *c)
{
  const kb_fn *f = s->m->fns.v[c->fn];
  for (uint32_t i = 0; i < f->nparams; i++) {
    kb_cell v;
    memset(&v, 0, sizeof v);
    if (!is_array(kb_v(f, f->params[i])->ty) || c->same_as[i])
      continue;
    if (!array(s, kb_v(f, f->params[i])->ty, &v))
      return false;
    fputc(' ', out);
    kb_view_print(out, v.view);
  }
  return true;
}

/* Text written by fn, in the arena; NULL after a failure. */
static const char *text_of(reader *s, kir_case *c, bool (*fn)(reader *, FILE *, const kir_case *))
{
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  kb_assert(out != NULL, "open_memstream failed");
  bool ok = fn(s, out, c);
  fclose(out);
  const char *copy = ok ? kb_arena_strndup(s->a, text, n) : NULL;
  free(text);
  return copy;
}

static bool result_value(reader *s, FILE *out, const kir_case *c) { return value(s, out, s->m->fns.v[c->fn]->ret); }

static size_t name_length(const char *p)
{
  size_t n = 0;
  while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '.')
    n++;
  return n;
}

static bool function(reader *s, uint32_t *fn)
{
  if (!take(s, "@"))
    return fail(s, "@ is expected");
  size_t n = name_length(s->p);
  for (*fn = 0; *fn < s->m->fns.n; (*fn)++)
    if (strlen(s->m->fns.v[*fn]->name) == n && !strncmp(s->m->fns.v[*fn]->name, s->p, n)) {
      s->p += n;
      return true;
    }
  return fail(s, "no such function");
}

/* The number + 1 of ^label in function fn: snapshots are numbered as their lines come. */
static uint32_t snapshot_number(const char *text, const char *fn, const char *label, size_t n)
{
  uint32_t number = 0;
  bool inside = false;
  for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
    const char *at = strchr(p, '@');
    if (!strncmp(p, "func ", 5) && at) {
      inside = name_length(at + 1) == strlen(fn) && !strncmp(at + 1, fn, strlen(fn));
      number = 0;
    }
    if (!inside || strncmp(p, "snap ^", 6) != 0)
      continue;
    number++;
    if (name_length(p + 6) == n && !strncmp(p + 6, label, n))
      return number;
  }
  return 0;
}

static bool read_line(reader *s, const char *text, bool leaves, kir_case *c)
{
  c->line = s->line;
  if (!function(s, &c->fn) || !arguments(s, c))
    return false;
  if (leaves) {
    if (!take(s, "at") || !take(s, "^"))
      return fail(s, "at ^snapshot is expected");
    size_t n = name_length(s->p);
    c->snap = snapshot_number(text, s->m->fns.v[c->fn]->name, s->p, n);
    if (!c->snap)
      return fail(s, "no such snapshot");
    s->p += n;
  } else if (take(s, "==") && !(c->result = text_of(s, c, result_value))) {
    return false;
  }
  if (take(s, "->") && !(c->arrays = text_of(s, c, arrays_after)))
    return false;
  blanks(s);
  return !*s->p || *s->p == '\n' || fail(s, "the end of the line is expected");
}

bool kir_read(const char *file, const char *text, const kb_mod *m, kb_arena *a, kir_cases *cases)
{
  reader s = { file, 0, text, m, a };
  bool ok = true;
  for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
    s.line++;
    s.p = p;
    if (!take(&s, "# ") || !(!strncmp(s.p, "run:", 4) || !strncmp(s.p, "exit:", 5)))
      continue;
    bool leaves = *s.p == 'e';
    s.p += leaves ? 5 : 4;
    kir_case c;
    memset(&c, 0, sizeof c);
    if (read_line(&s, text, leaves, &c))
      kb_vec_push(cases, c);
    else
      ok = false;
  }
  return ok;
}

/* -- Arguments ---------------------------------------------------------------------------------------------------- */

kb_cell *kir_arguments(const kb_mod *m, const kir_case *c, kb_arena *a)
{
  const kb_fn *f = m->fns.v[c->fn];
  kb_cell *args = KB_NEW(a, kb_cell, f->nparams + 1);
  for (uint32_t i = 0; i < f->nparams; i++) {
    args[i] = c->args[i];
    if (!c->args[i].view)
      continue;
    if (c->same_as[i]) {
      args[i] = args[c->same_as[i] - 1];
      continue;
    }
    kb_view *v = KB_NEW(a, kb_view, 1);
    *v = *c->args[i].view;
    size_t size = kb_type_size(v->elem);
    for (uint32_t k = 0; k < v->rank; k++)
      size *= (size_t)v->shape[k];
    v->data = KB_NEW(a, char, size + 1);
    memcpy(v->data, c->args[i].view->data, size);
    args[i].view = v;
  }
  return args;
}

void kir_print_arrays(FILE *out, const kb_mod *m, const kir_case *c, const kb_cell *args)
{
  const kb_fn *f = m->fns.v[c->fn];
  for (uint32_t i = 0; i < f->nparams; i++)
    if (args[i].view && !c->same_as[i]) {
      fputc(' ', out);
      kb_view_print(out, args[i].view);
    }
}

/* -- The evaluator -------------------------------------------------------------------------------------------------- */

typedef struct { bool ok; const kb_snap *exit; char *result, *arrays; } outcome;

static outcome evaluate(const kb_mod *m, const kir_case *c, kb_arena *a)
{
  outcome r = { false, NULL, NULL, NULL };
  size_t n;
  kb_cell *args = kir_arguments(m, c, a);
  FILE *out = open_memstream(&r.result, &n);
  kb_assert(out != NULL, "open_memstream failed");
  r.ok = kb_eval_fn(m, c->fn, args, a, out, &r.exit);
  fclose(out);
  out = open_memstream(&r.arrays, &n);
  kb_assert(out != NULL, "open_memstream failed");
  kir_print_arrays(out, m, c, args);
  fclose(out);
  return r;
}

static void drop(outcome *r)
{
  free(r->result);
  free(r->arrays);
}

static bool differs(const kb_loc *at, const char *what, const char *want, const char *have)
{
  if (!strcmp(want, have))
    return false;
  kb_error(*at, "folded: %s is '%s', not '%s'", what, have, want);
  return true;
}

/* Does the exit come from that snapshot? Inlined copies keep kind, message and innermost frame. */
static bool same_exit(const kb_snap *want, const kb_snap *have)
{
  const kb_frame *a = want->frames, *b = have->frames;
  return want->kind == have->kind && want->exc == have->exc && want->msg == have->msg && a->fn == b->fn && a->pc == b->pc;
}

static bool one_wrong(const char *file, const kb_mod *before, const kb_mod *after, const kir_case *c)
{
  kb_loc at = { file, c->line, 0, 0 };
  kb_arena *a = kb_arena_new();
  outcome was = evaluate(before, c, a), is = evaluate(after, c, a);
  bool wrong = false;
  if (!was.ok || !is.ok) {
    kb_error(at, "folded: %s%s", was.ok ? "after the passes: " : "", was.ok ? is.result : was.result);
    wrong = true;
  } else if (c->snap && (!was.exit || !same_exit(&before->fns.v[c->fn]->snap.v[c->snap - 1], was.exit))) {
    kb_error(at, "folded: leaves elsewhere, or not at all: '%s'", was.result);
    wrong = true;
  } else {
    wrong = (c->result && differs(&at, "the result", c->result, was.result)) ||
            (c->arrays && differs(&at, "what the arrays hold", c->arrays, was.arrays)) ||
            differs(&at, "the result after the passes", was.result, is.result) ||
            differs(&at, "what the arrays hold after the passes", was.arrays, is.arrays);
  }
  drop(&was);
  drop(&is);
  kb_arena_free(a);
  return wrong;
}

uint32_t kir_check_folded(const char *file, const kb_mod *before, const kb_mod *after, const kir_cases *cases)
{
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < cases->n; i++)
    wrong += one_wrong(file, before, after, &cases->v[i]);
  return wrong;
}
