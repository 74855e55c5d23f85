/* SPDX-License-Identifier: MIT */
/* parse.c: text to IR, by recursive descent; the grammar is in doc/ir.txt. Takes whatever has the right form: what it
 * means is for the verifier to judge, whose tests come in through here.
 *
 * Labels may be used before they are defined. A value used too early is a placeholder, and gets replaced at the
 * function's end; blocks get their numbers when first mentioned.
 */
#include "parse.h"
#include "text.h"
#include "../include/kbabi.h"

#include <ctype.h>
#include <string.h>

/* -- Locations ------------------------------------------------------------------------------------- */

/* "!5:9-17", "!\"other.py\":5:9"; nothing is no location. */
static bool location(parser *s, const char *own, kb_loc *loc)
{
  memset(loc, 0, sizeof *loc);
  if (!ps_take(s, "!"))
    return true;
  loc->file = own;
  if (ps_peek(s) == '"' && (!(loc->file = ps_string(s)) || !ps_expect(s, ":")))
    return false;
  if (!ps_number(s, &loc->line) || (ps_take(s, ":") && !ps_number(s, &loc->col)))
    return false;
  return !(loc->col && ps_take(s, "-")) || ps_number(s, &loc->end_col);
}

static const char *own_file(const parser *s)
{
  return s->f->loc.line && s->f->loc.file ? s->f->loc.file : s->m->file;
}

static bool line_end(parser *s)
{
  ps_blanks(s);
  if (s->p < s->end && *s->p != '\n')
    return ps_fail(s, s->p, "the end of the line is expected");
  return true;
}

/* -- Instructions ---------------------------------------------------------------------------------- */

typedef struct {
  const char *at, *name, *name_at; /* name: label of the result, or NULL */
  kb_op op;
  bool typed;  /* ty is given */
  kb_ty ty;
  kb_imm imm;
  const char *callee;
  KB_VEC(kb_ref) args;
  KB_VEC(kb_bid) blocks;
  uint32_t snap;
} ins;

static kb_ty default_type(kb_op op)
{
  switch (kb_ops[op].result) {
  case 'I': return KB_T_I64;
  case 'U': return KB_T_U64;
  case 'D': return KB_T_F64;
  case 'S': return KB_T_F32;
  case 'B': return KB_T_BOOL;
  case 'O': return KB_T_OBJ;
  default: return KB_T_VOID;
  }
}

static bool immediate(parser *s, ins *x)
{
  ps_blanks(s);
  if (x->op == KB_CALL || x->op == KB_OKCALL)
    return (x->callee = ps_label_name(s, "@")) != NULL;
  const char *from, *at = s->p;
  if (!ps_expect(s, "#"))
    return false;
  if (kb_ops[x->op].flags & KB_OF_N)
    return (x->imm.str = ps_string(s)) != NULL;
  if (x->op == KB_OCALL) {
    size_t n = ps_run(s, &from);
    for (int i = 0; i < KB_NBUILTINS; i++)
      if (strlen(kb_builtins[i].text) == n && !strncmp(kb_builtins[i].text, from, n)) {
        x->imm.i = i;
        return true;
      }
    return ps_fail(s, at, "no builtin is called %.*s", (int)n, from);
  }
  char t[64];
  return ps_number_run(s, t, sizeof t) ? ps_parse_int(s, at, t, KB_T_I64, &x->imm.i)
                                       : ps_fail(s, at, "a number is expected");
}

/* "[@b1: %x] [@b2: %y]" */
static bool phi_operands(parser *s, ins *x)
{
  while (ps_take(s, "[")) {
    kb_bid from;
    kb_ref r;
    if (!ps_mention(s, "@", &from) || !ps_expect(s, ":") || !ps_operand(s, &r) || !ps_expect(s, "]"))
      return false;
    kb_vec_push(&x->blocks, from);
    kb_vec_push(&x->args, r);
  }
  return true;
}

static bool line_goes_on(parser *s)
{
  ps_blanks(s);
  char c = ps_peek(s);
  return c && c != '\n' && c != '!';
}

static bool operands(parser *s, ins *x)
{
  bool call = x->op == KB_CALL || x->op == KB_OKCALL;
  if (x->op == KB_PHI)
    return phi_operands(s, x);
  if (call) {
    if (!ps_expect(s, "("))
      return false;
    while (!ps_take(s, ")")) {
      kb_ref r;
      if ((x->args.n && !ps_expect(s, ",")) || !ps_operand(s, &r))
        return false;
      kb_vec_push(&x->args, r);
    }
  }
  for (bool more = call ? ps_take(s, ",") : line_goes_on(s); more; more = ps_take(s, ",")) {
    uint32_t n;
    ps_blanks(s);
    char c = ps_peek(s);
    if (c == '^' ? !ps_mention(s, "^", &x->snap) : c == '@' ? !ps_mention(s, "@", &n) : !ps_operand(s, &n))
      return false;
    if (c == '@')
      kb_vec_push(&x->blocks, n);
    else if (c != '^')
      kb_vec_push(&x->args, n);
  }
  return true;
}

static bool add_ins(parser *s, ins *x, kb_loc loc)
{
  uint32_t edges = x->op == KB_JMP ? 1 : x->op == KB_BR || x->op == KB_TRY ? 2 : 0;
  if (x->op != KB_PHI && x->blocks.n != edges)
    return ps_fail(s, x->at, "%s takes %u block(s)", kb_ops[x->op].text, edges);
  kb_ref r;
  if (x->op == KB_TRY && x->blocks.v[0] == x->blocks.v[1])
    return ps_fail(s, x->at, "the handler is another block");
  if (edges) {
    if (x->op == KB_JMP)
      kb_jmp(s->f, s->blk, x->blocks.v[0], loc);
    else if (x->op == KB_TRY)
      kb_try(s->f, s->blk, x->blocks.v[0], x->blocks.v[1], loc);
    else
      kb_br(s->f, s->blk, x->args.n ? x->args.v[0] : 0, x->blocks.v[0], x->blocks.v[1], loc);
    r = s->f->blk.v[s->blk].last;
  } else {
    r = kb_ins(s->f, s->blk, x->op, x->ty, x->args.v, x->args.n, loc);
    kb_v(s->f, r)->imm = x->imm;
  }
  kb_v(s->f, r)->snap = x->snap; /* label + 1, until the function's end */
  if (x->callee) {
    callee c = { s->f, r, x->callee, x->at };
    kb_vec_push(&s->calls, c);
  }
  if (x->op == KB_PHI) {
    phi_edges e = { r, x->blocks.n, NULL, x->at };
    e.from = (kb_bid *)kb_arena_alloc(s->f->arena, (x->blocks.n + 1) * sizeof *e.from);
    if (x->blocks.n)
      memcpy(e.from, x->blocks.v, x->blocks.n * sizeof *e.from);
    kb_vec_push(&s->phis, e);
  }
  return !x->name || ps_define_value(s, x->name, x->name_at, r);
}

/* [%label[:type] =] op [immediate] operands [, ^snap] [!location] */
static bool instruction(parser *s, ins *x)
{
  const char *from;
  kb_loc loc;
  ps_blanks(s);
  if (ps_peek(s) == '%') {
    x->name_at = s->p;
    if (!(x->name = ps_label_name(s, "%")) || ((x->typed = ps_take(s, ":")) && !ps_type(s, &x->ty)) ||
        !ps_expect(s, "="))
      return false;
  }
  size_t n = ps_run(s, &from);
  x->at = from;
  x->op = kb_op_find(from, n);
  if (x->op == KB_NOPS || x->op == KB_CONST || x->op == KB_PARAM || x->op == KB_UNDEF)
    return n ? ps_fail(s, from, "no op is called %.*s", (int)n, from) : ps_fail(s, from, "an instruction is expected");
  if (!x->typed)
    x->ty = default_type(x->op);
  if (x->name && x->ty == KB_T_VOID)
    return ps_fail(s, x->name_at, "the result needs a type: %%%s:f64 = %s", x->name, kb_ops[x->op].text);
  if (((kb_ops[x->op].flags & (KB_OF_I | KB_OF_N | KB_OF_V)) && !immediate(s, x)) || !operands(s, x) || !location(s, own_file(s), &loc))
    return false;
  if (!s->blk)
    return ps_fail(s, x->at, "an instruction outside a block");
  const kb_blk *b = &s->f->blk.v[s->blk];
  if (b->last && kb_ops[kb_v(s->f, b->last)->op].kind == KB_OP_CTL)
    return ps_fail(s, x->at, "an instruction behind the end of its block");
  return line_end(s) && add_ins(s, x, loc);
}

/* -- Snapshots ------------------------------------------------------------------------------------- */

static bool entry(parser *s, kb_entry *e);

/* "int 1, float %x)" after the bracket: parts of an object or an expression. */
static bool parts(parser *s, kb_entry *e)
{
  KB_VEC(kb_entry) sub = { NULL, 0, 0 };
  bool ok = true;
  while (ok && !ps_take(s, ")")) {
    kb_entry part;
    memset(&part, 0, sizeof part);
    ok = (!sub.n || ps_expect(s, ",")) && entry(s, &part);
    if (ok)
      kb_vec_push(&sub, part);
  }
  e->n = sub.n;
  e->sub = (kb_entry *)kb_arena_alloc(s->f->arena, (sub.n + 1) * sizeof *e->sub);
  if (sub.n)
    memcpy(e->sub, sub.v, sub.n * sizeof *e->sub);
  kb_vec_free(&sub);
  return ok;
}

/* "int %i", "float i2f(int %i)", "(int,float) new tuple(int 1, float %x)" */
static bool entry(parser *s, kb_entry *e)
{
  if (!ps_type(s, &e->ty))
    return false;
  if (ps_word(s, "new")) {
    ps_blanks(s);
    const char *at = s->p;
    e->kind = KB_E_VIRT;
    while (e->what < KB_NVIRT && !ps_word(s, kb_virt_names[e->what]))
      e->what++;
    if (e->what == KB_NVIRT)
      return ps_fail(s, at, "a kind of object is expected: tuple, range, rangeiter ...");
    return ps_expect(s, "(") && parts(s, e);
  }
  ps_blanks(s);
  const char *save = s->p, *from;
  size_t n = isalpha((unsigned char)ps_peek(s)) ? ps_run(s, &from) : 0;
  kb_op op = n ? kb_op_find(from, n) : KB_NOPS;
  if (op != KB_NOPS && ps_take(s, "(")) {
    e->kind = KB_E_EXPR;
    e->what = (uint16_t)op;
    return parts(s, e);
  }
  s->p = save;
  e->kind = KB_E_VAL;
  return ps_operand(s, &e->ref);
}

/* "@f pc 3 result 2 !5:9 { 0 int %i, 3 float %x }" */
static bool frame(parser *s, kb_frame *fr)
{
  KB_VEC(kb_entry) entries = { NULL, 0, 0 };
  memset(fr, 0, sizeof *fr);
  fr->result = UINT32_MAX;
  if (!(fr->fn = ps_label_name(s, "@")) || (ps_word(s, "pc") && !ps_number(s, &fr->pc)) ||
      (ps_word(s, "result") && !ps_number(s, &fr->result)) || !location(s, own_file(s), &fr->loc) || !ps_expect(s, "{"))
    return false;
  bool ok = true;
  while (ok && !ps_take(s, "}")) {
    kb_entry e;
    memset(&e, 0, sizeof e);
    ok = (!entries.n || ps_expect(s, ",")) && ps_number(s, &e.slot) && entry(s, &e);
    if (ok)
      kb_vec_push(&entries, e);
  }
  fr->n = entries.n;
  fr->entries = (kb_entry *)kb_arena_alloc(s->f->arena, (entries.n + 1) * sizeof *fr->entries);
  if (entries.n)
    memcpy(fr->entries, entries.v, entries.n * sizeof *fr->entries);
  kb_vec_free(&entries);
  return ok;
}

static bool frames(parser *s, kb_snap *snap)
{
  KB_VEC(kb_frame) v = { NULL, 0, 0 };
  s->depth++; /* the frames may begin on a line of their own */
  bool ok = ps_expect(s, "[");
  s->depth--;
  while (ok && !ps_take(s, "]")) {
    kb_frame fr;
    ok = (!v.n || ps_expect(s, ",")) && frame(s, &fr);
    if (ok)
      kb_vec_push(&v, fr);
  }
  snap->nframes = v.n;
  snap->frames = (kb_frame *)kb_arena_alloc(s->f->arena, (v.n + 1) * sizeof *v.v);
  if (v.n)
    memcpy(snap->frames, v.v, v.n * sizeof *v.v);
  kb_vec_free(&v);
  return ok;
}

static bool exception(parser *s, uint8_t *exc)
{
  const char *from;
  size_t n = ps_run(s, &from);
  for (unsigned i = 0; i < KB_NEXC; i++)
    if (strlen(kb_exc_text(i)) == n && !strncmp(kb_exc_text(i), from, n)) {
      *exc = (uint8_t)i;
      return true;
    }
  return ps_fail(s, from, "no exception is called %.*s", (int)n, from);
}

/* "^s0 raise IndexError \"message {0}\" (%i) [frames]" behind the word snap */
static bool snapshot(parser *s)
{
  kb_snap snap;
  KB_VEC(kb_ref) args = { NULL, 0, 0 };
  memset(&snap, 0, sizeof snap);
  ps_blanks(s);
  const char *at = s->p, *name = ps_label_name(s, "^");
  label *l = name ? ps_define(s, '^', name, at) : NULL;
  if (!l)
    return false;
  uint32_t index = (uint32_t)(l - s->labels.v);
  int kind = 0;
  while (kind < 3 && !ps_word(s, kb_exit_names[kind]))
    kind++;
  if (kind == 3)
    return ps_fail(s, s->p, "deopt, raise or call is expected");
  snap.kind = (kb_exitkind)kind;
  if (snap.kind == KB_EXIT_RAISE && !exception(s, &snap.exc))
    return false;
  ps_blanks(s);
  bool ok = ps_peek(s) != '"' || (snap.msg = ps_string(s)) != NULL;
  for (bool more = ok && ps_take(s, "("); ok && more && !ps_take(s, ")");) {
    kb_ref r = 0;
    ok = (!args.n || ps_expect(s, ",")) && ps_operand(s, &r);
    kb_vec_push(&args, r);
  }
  snap.args = args.v;
  snap.nargs = args.n;
  ok = ok && frames(s, &snap) && line_end(s);
  if (ok)
    s->labels.v[index].n = kb_snap_new(s->f, &snap);
  kb_vec_free(&args);
  return ok;
}

/* -- Functions ------------------------------------------------------------------------------------- */

/* Phi arguments into the order of the predecessors. */
static void order_phi(parser *s, const phi_edges *e)
{
  kb_fn *f = s->f;
  const kb_val *v = kb_v(f, e->phi);
  const kb_blk *b = &f->blk.v[v->blk];
  if (e->nfrom != b->pred.n) {
    ps_fail(s, e->at, "%u arguments, but the block has %u predecessors", e->nfrom, b->pred.n);
    return;
  }
  kb_ref *args = (kb_ref *)kb_arena_alloc(f->arena, (e->nfrom + 1) * sizeof *args);
  for (uint32_t i = 0; i < e->nfrom; i++) {
    uint32_t k = 0;
    while (k < b->pred.n && (b->pred.v[k] != e->from[i] || args[k]))
      k++;
    if (k == b->pred.n) {
      ps_fail(s, e->at, "argument %u comes from a block that does not go here, or comes twice", i + 1);
      return;
    }
    args[k] = v->args[i];
  }
  kb_v(f, e->phi)->args = args;
}

static void replace_placeholders(parser *s)
{
  kb_ref *map = (kb_ref *)kb_xrealloc(NULL, s->f->val.n * sizeof *map);
  memset(map, 0, s->f->val.n * sizeof *map);
  for (uint32_t i = 0; i < s->labels.n; i++)
    if (s->labels.v[i].sigil == '%' && s->labels.v[i].n)
      map[s->labels.v[i].n] = s->labels.v[i].real;
  kb_replace_all(s->f, map);
  free(map);
}

static void finish_function(parser *s)
{
  kb_fn *f = s->f;
  if (!f)
    return;
  for (uint32_t i = 0; i < s->labels.n; i++)
    if (!s->labels.v[i].defined)
      ps_fail(s, s->labels.v[i].at, "%c%s is not defined", s->labels.v[i].sigil, s->labels.v[i].name);
  for (kb_ref r = 1; r < f->val.n; r++)
    if (kb_v(f, r)->snap)
      kb_v(f, r)->snap = s->labels.v[kb_v(f, r)->snap - 1].n;
  for (uint32_t i = 0, sound = !s->errors; i < s->phis.n && sound; i++)
    order_phi(s, &s->phis.v[i]);
  replace_placeholders(s);
  s->f = NULL;
  s->blk = 0;
  s->labels.n = 0;
  s->phis.n = 0;
  if (s->nslots)
    memset(s->slots, 0, s->nslots * sizeof *s->slots);
}

static bool params(parser *s)
{
  if (!ps_expect(s, "("))
    return false;
  while (!ps_take(s, ")")) {
    if (s->f->nparams && !ps_expect(s, ","))
      return false;
    kb_ty ty;
    bool ok = ps_type(s, &ty);
    ps_blanks(s);
    const char *at = s->p, *name = ok ? ps_label_name(s, "%") : NULL;
    if (!name || !ps_define_value(s, name, at, kb_param(s->f, ty, NULL)))
      return false;
  }
  return true;
}

static bool fastmath(parser *s)
{
  static const char *const names[] = { "reassoc", "contract", "nnan", "nsz", "arcp" };
  if (!ps_expect(s, "("))
    return false;
  do {
    unsigned i = 0;
    while (i < 5 && !ps_word(s, names[i]))
      i++;
    if (i == 5)
      return ps_fail(s, s->p, "reassoc, contract, nnan, nsz or arcp is expected");
    s->f->fastmath |= 1u << i;
  } while (ps_take(s, ","));
  return ps_expect(s, ")");
}

/* vars("x", "y"): memory variables */
static bool variables(parser *s)
{
  KB_VEC(const char *) v = { NULL, 0, 0 };
  bool ok = ps_expect(s, "(");
  while (ok && !ps_take(s, ")")) {
    const char *name = NULL;
    ok = (!v.n || ps_expect(s, ",")) && (ps_blanks(s), name = ps_string(s)) != NULL;
    if (ok)
      kb_vec_push(&v, name);
  }
  s->f->nvars = v.n;
  s->f->vars = KB_NEW(s->f->arena, const char *, v.n + 1);
  for (uint32_t i = 0; i < v.n; i++)
    s->f->vars[i] = v.v[i];
  kb_vec_free(&v);
  return ok;
}

static bool attributes(parser *s)
{
  kb_fn *f = s->f;
  for (;;) {
    if (ps_word(s, "generic")) {
      f->generic = true;
    } else if (ps_word(s, "dynamic")) {
      f->dynamic = true;
    } else if (ps_word(s, "vars")) {
      if (!variables(s))
        return false;
    } else if (ps_word(s, "recursive")) {
      f->recursive = true;
    } else if (ps_word(s, "wrap")) {
      f->wrap = true;
    } else if (ps_word(s, "raises")) {
      f->overflow_raises = true;
    } else if (ps_word(s, "unchecked")) {
      f->unchecked = true;
    } else if (ps_word(s, "exported")) {
      f->exported = true;
    } else if (ps_word(s, "inline")) {
      if (!ps_expect(s, "("))
        return false;
      f->inline_hint = ps_word(s, "never") ? -1 : ps_word(s, "always") ? 1 : 0;
      if (!f->inline_hint || !ps_expect(s, ")"))
        return f->inline_hint ? false : ps_fail(s, s->p, "always or never is expected");
    } else if (ps_word(s, "fastmath")) {
      if (!fastmath(s))
        return false;
    } else if (ps_word(s, "c")) {
      if (!(f->c_name = ps_string(s)))
        return false;
    } else {
      return location(s, s->m->file, &f->loc);
    }
  }
}

/* "f64 @name(i64 %n) words {" behind the word func */
static bool function(parser *s)
{
  kb_ty ret;
  bool ok = ps_type(s, &ret);
  ps_blanks(s);
  const char *at = s->p, *name = ok ? ps_label_name(s, "@") : NULL;
  if (!name)
    return false;
  for (uint32_t i = 0; i < s->fns.n; i++)
    if (s->fns.v[i].name == name)
      return ps_fail(s, at, "@%s is defined twice (the second of that name is called @%s.2)", name, name);
  const char *dot = strrchr(name, '.');
  bool nth = dot && dot[1] && strspn(dot + 1, "0123456789") == strlen(dot + 1);
  s->f = kb_fn_new(s->m, nth ? kb_intern_n(name, (size_t)(dot - name)) : name);
  s->f->ret = ret;
  label l = { name, 'f', true, s->m->fns.n - 1, 0, at };
  kb_vec_push(&s->fns, l);
  if (!params(s) || !attributes(s) || !ps_expect(s, "{"))
    return false;
  s->depth = 0; /* the body is made of lines */
  return line_end(s);
}

static bool block(parser *s)
{
  const char *at = s->p, *name = ps_label_name(s, "@");
  label *l = name ? ps_define(s, '@', name, at) : NULL;
  if (!l)
    return false;
  s->blk = l->n;
  kb_bid handler = 0;
  if (ps_word(s, "handler") && !ps_mention(s, "@", &handler))
    return false;
  s->f->blk.v[s->blk].handler = handler;
  if (ps_word(s, "hint") && (ps_blanks(s), !(s->f->blk.v[s->blk].hint = ps_string(s))))
    return false;
  ps_take(s, ":");
  return line_end(s);
}

static bool body_line(parser *s)
{
  if (ps_peek(s) == '@')
    return block(s);
  ins x;
  memset(&x, 0, sizeof x);
  bool ok = instruction(s, &x);
  if (!ok && x.name)
    ps_forgive(s, x.name, x.name_at);
  kb_vec_free(&x.args);
  kb_vec_free(&x.blocks);
  return ok;
}

/* -- The module ------------------------------------------------------------------------------------ */

static bool module_line(parser *s)
{
  if (ps_word(s, "module")) {
    ps_blanks(s);
    if (!(s->m->file = ps_string(s)) || (ps_word(s, "python") && (ps_blanks(s), !(s->m->python = ps_string(s)))))
      return false;
    return line_end(s);
  }
  if (ps_word(s, "func")) {
    finish_function(s);
    return function(s);
  }
  if (ps_word(s, "snap"))
    return s->f ? snapshot(s) : ps_fail(s, s->p, "a snapshot without a function");
  return ps_fail(s, s->p, "module, func or snap is expected");
}

/* A function whose head is wrong: on to its end. */
static void skip_body(parser *s)
{
  while (s->p < s->end && *s->p != '}')
    while (s->p < s->end && *s->p++ != '\n')
      ;
}

static void lines(parser *s)
{
  bool in_body = false;
  while (s->p < s->end && s->errors < 20) {
    s->depth = 0;
    ps_blanks(s);
    if (ps_peek(s) == '\n') {
      s->p++;
      continue;
    }
    if (s->p == s->end)
      break;
    bool ok;
    if (in_body && ps_take(s, "}")) {
      in_body = false;
      ok = line_end(s);
    } else if (in_body) {
      ok = body_line(s);
    } else {
      bool func = (size_t)(s->end - s->p) > 4 && !strncmp(s->p, "func", 4);
      ok = module_line(s);
      in_body = func && ok;
      if (func && !ok)
        skip_body(s);
    }
    while (!ok && s->p < s->end && *s->p != '\n') /* go on with the next line */
      s->p++;
  }
  if (in_body && !s->errors)
    ps_fail(s, s->end, "the function has no end ('}')");
  finish_function(s);
}

static void resolve_calls(parser *s)
{
  for (uint32_t i = 0; i < s->calls.n; i++) {
    callee *c = &s->calls.v[i];
    uint32_t k = 0;
    while (k < s->fns.n && s->fns.v[k].name != c->name)
      k++;
    if (k == s->fns.n)
      ps_fail(s, c->at, "@%s is not defined", c->name);
    else
      kb_v(c->f, c->call)->imm.i = s->fns.v[k].n;
  }
}

kb_mod *kb_parse_text(const char *file, const char *text, size_t n)
{
  parser s;
  memset(&s, 0, sizeof s);
  char *copy = (char *)kb_xrealloc(NULL, n + 1); /* with a zero behind it */
  if (n)
    memcpy(copy, text, n);
  copy[n] = 0;
  s.file = kb_intern(file);
  s.text = s.p = copy;
  s.end = copy + strlen(copy);
  s.m = kb_mod_new(NULL, NULL);
  kb_diag_source(file, text, n);
  if (s.end != copy + n)
    ps_fail(&s, s.end, "a zero byte");
  lines(&s);
  resolve_calls(&s);
  kb_diag_source(NULL, NULL, 0);
  kb_vec_free(&s.labels);
  kb_vec_free(&s.fns);
  kb_vec_free(&s.phis);
  kb_vec_free(&s.calls);
  free(s.slots);
  free(copy);
  if (!s.errors)
    return s.m;
  kb_mod_free(s.m);
  return NULL;
}
