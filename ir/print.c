/* SPDX-License-Identifier: MIT */
/* print.c: canonical text of a function or module; what it prints parses back to the same text. doc/ir.txt has the
 * grammar.
 *
 * Values, blocks and snapshots are numbered as they appear in reverse postorder, whatever their numbers in memory.
 * Nothing is changed, not even kb_cfg's results, and broken functions print too: messages quote them.
 */
#include "ir.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* -- Numbering ------------------------------------------------------------------------------------- */

static kb_bid successor(const kb_fn *f, kb_bid b, int k)
{
  kb_bid to = f->blk.v[b].succ[k];
  return to < f->blk.n ? to : 0;
}

/* As in cfg.c, but without a trace in f. */
static void block_order(kb_text *t)
{
  typedef struct { kb_bid b; int next; } step;
  const kb_fn *f = t->f;
  KB_VEC(step) stack = { NULL, 0, 0 };
  kb_bits seen;
  kb_bits_init(&seen, f->blk.n);
  if (f->blk.n > 1) {
    step start = { 1, 1 };
    kb_vec_push(&stack, start);
    kb_bits_set(&seen, 1);
  }
  while (stack.n) {
    step *s = &stack.v[stack.n - 1];
    if (s->next < 0) {
      kb_vec_push(&t->order, s->b);
      stack.n--;
      continue;
    }
    kb_bid to = successor(f, s->b, s->next--);
    if (to && !kb_bits_has(&seen, to)) {
      kb_bits_set(&seen, to);
      step child = { to, 1 };
      kb_vec_push(&stack, child);
    }
  }
  for (uint32_t i = 0, n = t->order.n; i < n / 2; i++) {
    kb_bid b = t->order.v[i];
    t->order.v[i] = t->order.v[n - 1 - i];
    t->order.v[n - 1 - i] = b;
  }
  for (kb_bid b = 1; b < f->blk.n; b++) /* unreachable ones that have something in them */
    if (!kb_bits_has(&seen, b) && f->blk.v[b].first)
      kb_vec_push(&t->order, b);
  kb_bits_free(&seen);
  kb_vec_free(&stack);
}

static uint32_t *zeros(uint32_t n)
{
  uint32_t *p = (uint32_t *)kb_xrealloc(NULL, n * sizeof *p);
  memset(p, 0, n * sizeof *p);
  return p;
}

void kb_text_init(kb_text *t, FILE *out, const kb_mod *m, const kb_fn *f)
{
  memset(t, 0, sizeof *t);
  t->out = out;
  t->m = m;
  t->f = f;
  block_order(t);
  t->blk = zeros(f->blk.n);
  t->val = zeros(f->val.n);
  t->snap = zeros(f->snap.n);
  t->snap_at = zeros(f->snap.n);
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->nparams; i++)
    t->val[f->params[i]] = ++n;
  for (uint32_t i = 0; i < t->order.n; i++) {
    t->blk[t->order.v[i]] = i + 1;
    KB_FOR_INS(f, t->order.v[i], r) {
      const kb_val *v = kb_v(f, r);
      if (v->ty != KB_T_VOID)
        t->val[r] = ++n;
      if (v->snap && v->snap <= f->snap.n && !t->snap[v->snap - 1]) {
        t->snap_at[t->nsnaps] = v->snap - 1;
        t->snap[v->snap - 1] = ++t->nsnaps;
      }
    }
  }
}

void kb_text_free(kb_text *t)
{
  kb_vec_free(&t->order);
  free(t->blk);
  free(t->val);
  free(t->snap);
  free(t->snap_at);
}

/* -- Constants ------------------------------------------------------------------------------------- */

void kb_text_string(FILE *out, const char *s)
{
  fputc('"', out);
  for (; s && *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      fprintf(out, "\\%c", c);
    else if (c == '\n')
      fputs("\\n", out);
    else if (c < 32 || c == 127)
      fprintf(out, "\\x%02x", c);
    else
      fputc(c, out);
  }
  fputc('"', out);
}

/* The shortest of the usual precisions that reads back to the same bits; always with a point or an exponent. */
static void print_double(FILE *out, double d)
{
  if (isnan(d)) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    if (bits == UINT64_C(0x7ff8000000000000))
      fputs("nan", out);
    else
      fprintf(out, "nan:0x%llx", (unsigned long long)bits);
    return;
  }
  char text[40];
  for (int prec = 15; prec <= 17; prec++) {
    snprintf(text, sizeof text, "%.*g", prec, d);
    if (strtod(text, NULL) == d)
      break;
  }
  fprintf(out, "%s%s", text, strpbrk(text, ".ein") ? "" : ".0");
}

static void print_float(FILE *out, float s)
{
  if (isnan(s)) {
    uint32_t bits;
    memcpy(&bits, &s, sizeof bits);
    if (bits == UINT32_C(0x7fc00000))
      fputs("nanf", out);
    else
      fprintf(out, "nanf:0x%lx", (unsigned long)bits);
    return;
  }
  char text[40];
  for (int prec = 6; prec <= 9; prec++) {
    snprintf(text, sizeof text, "%.*g", prec, (double)s);
    if (strtof(text, NULL) == s)
      break;
  }
  fprintf(out, "%s%sf", text, strpbrk(text, ".ein") ? "" : ".0");
}

static void print_const(FILE *out, const kb_val *v)
{
  switch (v->ty) {
  case KB_T_I64: fprintf(out, "%lld", (long long)v->imm.i); break;
  case KB_T_U64: fprintf(out, "%lluu", (unsigned long long)v->imm.i); break;
  case KB_T_BOOL: fputs(v->imm.i ? "true" : "false", out); break;
  case KB_T_F64: print_double(out, v->imm.d); break;
  case KB_T_F32: print_float(out, v->imm.s); break;
  case KB_T_NONE: fputs("none", out); break;
  case KB_T_STR: kb_text_string(out, v->imm.str); break;
  case KB_T_FLOAT:
    fputs("float:", out);
    print_double(out, v->imm.d);
    break;
  default: fprintf(out, "%s:%lld", kb_type_text(v->ty), (long long)v->imm.i);
  }
}

/* -- Names ----------------------------------------------------------------------------------------- */

static bool name_char(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         (c & 0x80);
}

static void print_name(FILE *out, const char *s)
{
  for (; *s; s++)
    fputc(name_char(*s) ? *s : '_', out);
}

/* A parameter goes by its bare name where that is a name and no other parameter's. */
static bool bare(const kb_fn *f, kb_ref r)
{
  const char *name = kb_v(f, r)->name;
  if (!name || !*name || (*name >= '0' && *name <= '9') || strchr(name, '.'))
    return false;
  for (uint32_t i = 0; i < f->nparams; i++)
    if (f->params[i] != r && kb_v(f, f->params[i])->name == name)
      return false;
  return true;
}

static void print_label(const kb_text *t, kb_ref r)
{
  const kb_val *v = kb_v(t->f, r);
  fputc('%', t->out);
  if (v->name && *v->name) {
    print_name(t->out, v->name);
    if (v->op == KB_PARAM && bare(t->f, r))
      return;
    fputc('.', t->out);
  }
  fprintf(t->out, "%u", t->val[r]);
}

void kb_text_use(const kb_text *t, kb_ref r)
{
  if (!r || r >= t->f->val.n) {
    fputs("%?", t->out);
    return;
  }
  const kb_val *v = kb_v(t->f, r);
  if (v->op == KB_CONST)
    print_const(t->out, v);
  else if (v->op == KB_UNDEF && !v->blk)
    fprintf(t->out, "undef:%s", kb_type_text(v->ty));
  else if (t->val[r])
    print_label(t, r);
  else
    fprintf(t->out, "%%?%u", r); /* deleted: the verifier has a word on it */
}

/* "@b3" */
static void print_block(const kb_text *t, kb_bid b)
{
  if (b == 1)
    fputs("@entry", t->out);
  else if (b && b < t->f->blk.n && t->blk[b])
    fprintf(t->out, "@b%u", t->blk[b]);
  else
    fprintf(t->out, "@?%u", b);
}

/* "@name", or "@name.2" for the second function of that name. */
static void print_fn_name(FILE *out, const kb_mod *m, const kb_fn *f)
{
  uint32_t nth = 0;
  fputc('@', out);
  print_name(out, f->name);
  for (uint32_t i = 0; m && i < m->fns.n; i++) {
    nth += m->fns.v[i]->name == f->name;
    if (m->fns.v[i] == f)
      break;
  }
  if (nth > 1)
    fprintf(out, ".%u", nth);
}

static const char *own_file(const kb_text *t)
{
  return t->f->loc.line && t->f->loc.file ? t->f->loc.file : t->m ? t->m->file : NULL;
}

static void print_loc(FILE *out, const char *own, kb_loc loc)
{
  if (!loc.line)
    return;
  fputs(" !", out);
  if (loc.file && !kb_same_file(loc.file, own)) {
    kb_text_string(out, loc.file);
    fputc(':', out);
  }
  fprintf(out, "%u", loc.line);
  if (loc.col)
    fprintf(out, ":%u", loc.col);
  if (loc.col && loc.end_col)
    fprintf(out, "-%u", loc.end_col);
}

void kb_text_loc(const kb_text *t, kb_loc loc) { print_loc(t->out, own_file(t), loc); }

/* -- Instructions ---------------------------------------------------------------------------------- */

static void print_imm(const kb_text *t, const kb_val *v)
{
  if (v->op == KB_CALL || v->op == KB_OKCALL) {
    fputc(' ', t->out);
    if (t->m && v->imm.i >= 0 && v->imm.i < (int64_t)t->m->fns.n)
      print_fn_name(t->out, t->m, t->m->fns.v[v->imm.i]);
    else
      fprintf(t->out, "@?%lld", (long long)v->imm.i);
  } else if (v->op == KB_OCALL && v->imm.i >= 0 && v->imm.i < KB_NBUILTINS) {
    fprintf(t->out, " #%s", kb_builtins[v->imm.i].text);
  } else {
    fprintf(t->out, " #%lld", (long long)v->imm.i);
  }
}

static int successors(const kb_val *v) { return v->op == KB_JMP ? 1 : v->op == KB_BR || v->op == KB_TRY ? 2 : 0; }

/* Phi arguments in the order in which their blocks are printed. */
static void print_phi(const kb_text *t, const kb_val *v)
{
  const kb_blk *blk = &t->f->blk.v[v->blk];
  uint32_t last = 0;
  for (uint32_t done = 0; done < v->nargs && done < blk->pred.n; done++) {
    uint32_t best = UINT32_MAX, at = 0;
    for (uint32_t i = 0; i < blk->pred.n && i < v->nargs; i++) {
      uint32_t n = blk->pred.v[i] < t->f->blk.n ? t->blk[blk->pred.v[i]] : 0;
      if (n > last && n < best) {
        best = n;
        at = i;
      }
    }
    if (best == UINT32_MAX)
      break;
    last = best;
    fputs(" [", t->out);
    print_block(t, blk->pred.v[at]);
    fputs(": ", t->out);
    kb_text_use(t, v->args[at]);
    fputc(']', t->out);
  }
}

static void print_operands(const kb_text *t, const kb_val *v)
{
  const char *sep = " ";
  for (uint32_t i = 0; i < v->nargs; i++, sep = ", ") {
    fputs(sep, t->out);
    kb_text_use(t, v->args[i]);
  }
  const kb_blk *blk = &t->f->blk.v[v->blk];
  for (int k = 0; k < successors(v); k++) {
    fputs(sep, t->out);
    print_block(t, blk->succ[k]);
    sep = ", ";
  }
  if (v->snap) {
    if (v->snap <= t->f->snap.n)
      fprintf(t->out, "%s^s%u", sep, t->snap[v->snap - 1] - 1);
    else
      fprintf(t->out, "%s^?%u", sep, v->snap - 1);
  }
}

static void print_call(const kb_text *t, const kb_val *v)
{
  fputc('(', t->out);
  for (uint32_t i = 0; i < v->nargs; i++) {
    fputs(i ? ", " : "", t->out);
    kb_text_use(t, v->args[i]);
  }
  fputc(')', t->out);
  if (v->snap && v->snap <= t->f->snap.n)
    fprintf(t->out, ", ^s%u", t->snap[v->snap - 1] - 1);
}

void kb_text_ins(const kb_text *t, kb_ref r)
{
  const kb_val *v = kb_v(t->f, r);
  if (v->ty != KB_T_VOID) {
    print_label(t, r);
    fprintf(t->out, ":%s = ", kb_type_text(v->ty));
  }
  fputs(kb_ops[v->op].text, t->out);
  if (kb_ops[v->op].flags & KB_OF_N) {
    fputs(" #", t->out);
    kb_text_string(t->out, v->imm.str);
  } else if (kb_ops[v->op].flags & (KB_OF_I | KB_OF_V)) {
    print_imm(t, v);
  }
  if (v->op == KB_PHI)
    print_phi(t, v);
  else if (v->op == KB_CALL || v->op == KB_OKCALL)
    print_call(t, v);
  else
    print_operands(t, v);
  kb_text_loc(t, v->loc);
}

/* -- Functions ------------------------------------------------------------------------------------- */

static void print_attributes(FILE *out, const kb_mod *m, const kb_fn *f)
{
  static const char *const fastmath[] = { "reassoc", "contract", "nnan", "nsz", "arcp" };
  fprintf(out, "%s%s%s%s%s%s%s", f->generic ? " generic" : "", f->dynamic ? " dynamic" : "",
          f->recursive ? " recursive" : "", f->wrap ? " wrap" : "", f->overflow_raises ? " raises" : "", f->unchecked ? " unchecked" : "",
          f->exported ? " exported" : "");
  if (f->inline_hint)
    fprintf(out, " inline(%s)", f->inline_hint < 0 ? "never" : "always");
  for (unsigned i = 0, n = 0; i < 5; i++)
    if (f->fastmath & 1u << i)
      fprintf(out, "%s%s", n++ ? "," : " fastmath(", fastmath[i]);
  if (f->fastmath)
    fputc(')', out);
  for (uint32_t i = 0; i < f->nvars; i++) {
    fputs(i ? ", " : " vars(", out);
    kb_text_string(out, f->vars[i]);
  }
  if (f->nvars)
    fputc(')', out);
  if (f->c_name && f->c_name != f->name && strcmp(f->c_name, f->name) != 0) {
    fputs(" c ", out);
    kb_text_string(out, f->c_name);
  }
  print_loc(out, m ? m->file : NULL, f->loc);
}

void kb_print_fn(FILE *out, const kb_mod *m, const kb_fn *f)
{
  kb_text t;
  kb_text_init(&t, out, m, f);
  fprintf(out, "func %s ", kb_type_text(f->ret));
  print_fn_name(out, m, f);
  for (uint32_t i = 0; i < f->nparams; i++) {
    fprintf(out, "%s%s ", i ? ", " : "(", kb_type_text(kb_v(f, f->params[i])->ty));
    print_label(&t, f->params[i]);
  }
  fputs(f->nparams ? ")" : "()", out);
  print_attributes(out, m, f);
  fputs(" {\n", out);
  for (uint32_t i = 0; i < t.order.n; i++) {
    print_block(&t, t.order.v[i]);
    if (f->blk.v[t.order.v[i]].handler) {
      fputs(" handler ", out);
      print_block(&t, f->blk.v[t.order.v[i]].handler);
    }
    if (f->blk.v[t.order.v[i]].hint) {
      fputs(" hint ", out);
      kb_text_string(out, f->blk.v[t.order.v[i]].hint);
    }
    fputs(":\n", out);
    KB_FOR_INS(f, t.order.v[i], r) {
      fputs("    ", out);
      kb_text_ins(&t, r);
      fputc('\n', out);
    }
  }
  fputs("}\n", out);
  for (uint32_t i = 0; i < t.nsnaps; i++)
    kb_text_snap(&t, t.snap_at[i]);
  kb_text_free(&t);
}

void kb_print_mod(FILE *out, const kb_mod *m)
{
  if (m->file) {
    fputs("module ", out);
    kb_text_string(out, m->file);
    if (m->python) {
      fputs(" python ", out);
      kb_text_string(out, m->python);
    }
    fputc('\n', out);
  }
  for (uint32_t i = 0; i < m->fns.n; i++) {
    if (m->file || i)
      fputc('\n', out);
    kb_print_fn(out, m, m->fns.v[i]);
  }
}
