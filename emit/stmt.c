/* SPDX-License-Identifier: MIT */
/* stmt.c: one instruction as one C statement; guards with their exits; copies into phis; returns. */
#include "out.h"

#include <string.h>

static const char *name_of(const out *o, kb_ref r) { return o->name[o->var[r]]; }

void out_line(out *o, kb_loc loc)
{
  if (loc.line) {
    const char *file = loc.file ? loc.file : o->m->file;
    fprintf(o->out, "#line %u", loc.line);
    if (file != o->file) {
      fputs(" \"", o->out);
      for (const char *s = file; *s; s++)
        fprintf(o->out, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
      fputs("\"", o->out);
    }
    fputs("\n", o->out);
    o->file = file;
  }
  fprintf(o->out, "%*s", o->indent * 2, "");
}

static void leave(out *o)
{
  fputs(o->pool ? " kb_pool_free(&kb_pool); return KB_EXIT;" : " return KB_EXIT;", o->out);
}

/* -- Guards ------------------------------------------------------------------------------------------- */

/* What a report calls the guard. */
static const char *kind_of(const out *o, const kb_val *v)
{
  const kb_snap *s = &o->f->snap.v[v->snap - 1];
  switch (v->op) {
  case KB_GBOUND: return "bounds";
  case KB_GRANGE: return "range";
  case KB_GNZ:
  case KB_GUNZ:
  case KB_GFNZ:
  case KB_GSNZ: return "division";
  case KB_GF2I:
  case KB_GI2FX: return "conversion";
  case KB_GSTACK: return "stack";
  case KB_ALLOC: return "memory";
  case KB_GUARD: break;
  default: return "overflow";
  }
  if (s->kind == KB_EXIT_DEOPT)
    return "overflow";
  switch (s->exc) {
  case KB_EXC_ValueError: return "value";
  case KB_EXC_ZeroDivisionError: return "division";
  case KB_EXC_OverflowError: return "range";
  case KB_EXC_UnboundLocalError: return "unbound";
  default: return "guard";
  }
}

/* Looked up where a recursion begins, and passed down. */
static const char *thread_of(const kb_fn *f) { return f->recursive && !f->osr_of ? "kb_thr" : "kb_me()"; }

/* The exits of a recursive kernel's entry: no stack, and a poll behind it. The runtime leaves by them. */
static void called(out *o, kb_ref r)
{
  kb_ref poll = kb_v(o->f, r)->next;
  bool polls = kb_is(o->f, poll, KB_POLL) && kb_v(o->f, poll)->imm.i < 0;
  fprintf(o->out, "if (KB_CALLED(%s, &kb_sites_%s[%u], ", thread_of(o->f), o->f->c_name, out_site(o, r, "stack"));
  if (polls)
    fprintf(o->out, "&kb_sites_%s[%u]", o->f->c_name, out_site(o, poll, "poll"));
  else
    fputs("NULL", o->out);
  fputs(")) {", o->out);
  leave(o);
  fputs(" }\n", o->out);
}

static void guard(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  out_line(o, v->loc);
  if (v->op == KB_GSTACK) {
    called(o, r);
    return;
  }
  bool stress = o->o->stress && o->f->snap.v[v->snap - 1].kind == KB_EXIT_DEOPT; /* a forced raise would be wrong */
  fputs(stress ? "if (KB_UNLIKELY((" : "if (KB_UNLIKELY(", o->out);
  out_fails(o, r);
  if (stress)
    fprintf(o->out, ") || kb_stress(&kb_sites_%s[%u])", o->f->c_name, o->site.n);
  fputs(")) { ", o->out);
  out_exit(o, r, kind_of(o, v));
  leave(o);
  fputs(" }\n", o->out);
}

/* -- Memory ---------------------------------------------------------------------------------------------- */

static void extents(out *o, const kb_val *v)
{
  for (uint32_t i = 1; i < v->nargs; i++)
    fputs("kb_nelem(", o->out);
  out_argument(o, v->args[0]);
  for (uint32_t i = 1; i < v->nargs; i++) {
    fputs(", ", o->out);
    out_argument(o, v->args[i]);
    fputs(")", o->out);
  }
}

/* An array that no phi carries over a turn of its loop can reuse its memory in the next turn. */
static bool outlives_turn(const out *o, kb_ref r)
{
  const kb_fn *f = o->f;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], x) {
      const kb_val *v = kb_v(f, x);
      for (uint32_t k = 0; (v->op == KB_PHI || v->op == KB_VSUB || v->op == KB_SEL) && k < v->nargs; k++)
        if (v->args[k] == r)
          return true;
    }
  return false;
}

static void alloc(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  const char *x = name_of(o, r);
  kb_ty elem = kb_type_of(v->ty)->elem;
  bool reuse = o->f->blk.v[v->blk].loop && !outlives_turn(o, r);
  out_line(o, v->loc);
  fprintf(o->out, "%s.data = (%s *)kb_pool_alloc(&kb_pool, ", x, kb_ctype(elem, false));
  if (reuse)
    fprintf(o->out, "&kb_block_%u, ", o->nallocs++);
  else
    fputs("NULL, ", o->out);
  extents(o, v);
  fprintf(o->out, ", sizeof *%s.data, %d);\n", x, (int)v->imm.i);
  out_line(o, v->loc);
  fprintf(o->out, "if (KB_UNLIKELY(!%s.data)) { ", x);
  out_exit(o, r, "memory");
  leave(o);
  fputs(" }\n", o->out);
  for (uint32_t a = v->nargs; a-- > 0;) {
    out_line(o, v->loc);
    fprintf(o->out, "%s.shape[%u] = ", x, a);
    out_expr(o, v->args[a], 1);
    if (a + 1 == v->nargs)
      fprintf(o->out, ", %s.stride[%u] = 1;\n", x, a);
    else
      fprintf(o->out, ", %s.stride[%u] = %s.shape[%u] * %s.stride[%u];\n", x, a, x, a + 1, x, a + 1);
  }
}

static void sub_view(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  const char *x = name_of(o, v->args[0]), *y = name_of(o, r);
  unsigned from = kb_type_of(kb_v(o->f, v->args[0])->ty)->rank, n = v->nargs - 1;
  out_line(o, v->loc);
  fprintf(o->out, "%s.data = %s.data", y, x);
  for (unsigned a = 0; a < n; a++) {
    fputs(" + ", o->out);
    out_expr(o, v->args[1 + a], 13);
    fprintf(o->out, " * %s.stride[%u]", x, a);
  }
  fputs(";\n", o->out);
  for (unsigned a = n; a < from; a++) {
    out_line(o, v->loc);
    fprintf(o->out, "%s.shape[%u] = %s.shape[%u], %s.stride[%u] = %s.stride[%u];\n", y, a - n, x, a, y, a - n, x, a);
  }
}

/* A view out of the words that resume gets. */
static void osr_view(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  const kb_type *k = kb_type_of(v->ty);
  const char *x = name_of(o, r);
  int n = (int)v->imm.i;
  out_line(o, v->loc);
  fprintf(o->out, "%s.data = (%s%s *)kb_words[%d].p;\n", x, k->readonly ? "const " : "", kb_ctype(k->elem, false), n);
  for (int a = 0; a < k->rank; a++) {
    out_line(o, v->loc);
    fprintf(o->out, "%s.shape[%d] = kb_words[%d].i, %s.stride[%d] = kb_words[%d].i;\n", x, a, n + 1 + 2 * a, x, a, n + 2 + 2 * a);
  }
}

static void store(out *o, const kb_val *v)
{
  out_line(o, v->loc);
  out_element(o, v);
  fputs(" = ", o->out);
  kb_ty e = kb_type_of(kb_v(o->f, v->args[0])->ty)->elem;
  bool narrow = kb_type_is_sized_int(e) && e != KB_T_I64 && e != KB_T_U64 && !kb_is(o->f, v->args[v->nargs - 1], KB_CONST);
  if (narrow)
    fprintf(o->out, "(%s)", kb_ctype(e, false));
  out_expr(o, v->args[v->nargs - 1], narrow ? 15 : 1);
  fputs(";\n", o->out);
}

static void fill(out *o, const kb_val *v)
{
  const char *x = name_of(o, v->args[0]);
  unsigned rank = kb_type_of(kb_v(o->f, v->args[0])->ty)->rank;
  out_line(o, v->loc);
  fputs("for (ptrdiff_t kb_i = 0; kb_i < ", o->out);
  for (unsigned a = 0; a < rank; a++)
    fprintf(o->out, "%s%s.shape[%u]", a ? " * " : "", x, a);
  fprintf(o->out, "; kb_i++) %s.data[kb_i] = (%s)", x, kb_ctype(kb_type_of(kb_v(o->f, v->args[0])->ty)->elem, false));
  out_expr(o, v->args[1], 15);
  fputs(";\n", o->out);
}

/* -- Calls -------------------------------------------------------------------------------------------------- */

/* The callee's argument block, which its exits look at. */
static void argument_block(out *o, const kb_val *v, const kb_fn *callee)
{
  for (uint32_t i = 0; i < v->nargs; i++) {
    out_line(o, v->loc);
    fprintf(o->out, "kb_a%u.p%u = ", o->nblocks, i);
    out_convert_view(o, v->args[i], kb_v(callee, callee->params[i])->ty);
    fputs(";\n", o->out);
  }
}

static void call(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  const kb_fn *callee = o->m->fns.v[v->imm.i];
  bool block = o->facts[v->imm.i].args;
  if (block)
    argument_block(o, v, callee);
  out_line(o, v->loc);
  fprintf(o->out, "if (KB_UNLIKELY(kb_k_%s(", callee->c_name);
  if (callee->recursive)
    fprintf(o->out, "%s%s", thread_of(o->f), v->nargs ? ", " : "");
  for (uint32_t i = 0; i < v->nargs; i++) {
    fputs(i ? ", " : "", o->out);
    out_convert_view(o, v->args[i], kb_v(callee, callee->params[i])->ty);
  }
  if (block) {
    fprintf(o->out, ", &kb_a%u", o->nblocks++);
    kb_vec_push(&o->block, (uint32_t)v->imm.i);
  }
  if (v->ty != KB_T_VOID)
    fprintf(o->out, "%s&%s", v->nargs || callee->recursive ? ", " : "", name_of(o, r));
  fputs("))) { ", o->out);
  out_exit(o, r, "call");
  leave(o);
  fputs(" }\n", o->out);
}

/* -- Polls ---------------------------------------------------------------------------------------------------- */

static void poll(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  if (v->imm.i < 0) /* guard.stack has it */
    return;
  out_line(o, v->loc);
  fprintf(o->out, "if (KB_POLL(kb_left, %lld)) { ", (long long)v->imm.i);
  out_exit(o, r, "poll");
  leave(o);
  fputs(" }\n", o->out);
}

static void strip(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  out_line(o, v->loc);
  if (v->op == KB_STRIP)
    fprintf(o->out, "%s = KB_STRIP(kb_left, ", name_of(o, r));
  else
    fputs("KB_UNSTRIP(kb_left, ", o->out);
  out_expr(o, v->args[0], 2);
  fputs(", ", o->out);
  out_expr(o, v->args[1], 2);
  fprintf(o->out, ", %lld);\n", (long long)v->imm.i);
}

/* What the plugin is to do with the loop whose body this is in. Entries into loop heads are not worth it. */
static void hint(out *o, const kb_val *v)
{
  if (o->f->osr_of)
    return;
  out_line(o, v->loc);
  fputs("KB_LOOP(\"", o->out);
  for (const char *s = v->imm.str; *s; s++) {
    if (*s == '"' || *s == '\\')
      fputc('\\', o->out);
    fputc(*s, o->out);
  }
  fputs("\");\n", o->out);
}

/* -- Dispatch ------------------------------------------------------------------------------------------------- */

static void assign(out *o, kb_ref r)
{
  out_line(o, kb_v(o->f, r)->loc);
  fprintf(o->out, "%s = ", name_of(o, r));
  out_expr(o, r, 0);
  fputs(";\n", o->out);
}

void out_stmt(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  if (o->folded[r] || v->op == KB_PHI || v->op == KB_NOP)
    return;
  switch (v->op) {
  case KB_ALLOC: alloc(o, r); return;
  case KB_VSUB: sub_view(o, r); return;
  case KB_OSR:
    if (kb_type_letter(v->ty) != 'V')
      break;
    osr_view(o, r);
    return;
  case KB_ST:
  case KB_PST: store(o, v); return;
  case KB_FILL: fill(o, v); return;
  case KB_CALL: call(o, r); return;
  case KB_POLL: poll(o, r); return;
  case KB_STRIP:
  case KB_UNSTRIP: strip(o, r); return;
  case KB_HINT: hint(o, v); return;
  default: break;
  }
  switch (kb_ops[v->op].kind) {
  case KB_OP_GRD: guard(o, r); break;
  case KB_OP_VAL:
  case KB_OP_EFF: assign(o, r); break;
  default: break;
  }
}

/* -- Copies into phis ------------------------------------------------------------------------------------------- */

typedef struct { kb_ref phi, from; uint32_t var; const char *temp; bool done; } copy;
typedef struct { uint32_t var; bool found; } search;

static void look(uint32_t var, void *data)
{
  search *s = (search *)data;
  s->found |= s->var == var;
}

static bool reads(const out *o, const copy *c, uint32_t var)
{
  search s = { var, false };
  if (!c->temp)
    out_leaves(o, c->from, look, &s);
  return s.found;
}

static void print_copy(out *o, const copy *c)
{
  const kb_val *phi = kb_v(o->f, c->phi), *v = kb_v(o->f, c->from);
  out_line(o, v->blk ? v->loc : (kb_loc){ 0 });
  fprintf(o->out, "%s = ", o->name[c->var]);
  if (c->temp)
    fputs(c->temp, o->out);
  else
    out_convert_view(o, c->from, phi->ty);
  fputs(";\n", o->out);
}

/* Does the edge move argument a into phi r, or do they share a variable? */
static bool moves(const out *o, kb_ref r, kb_ref a)
{
  const kb_fn *f = o->f;
  if (kb_is(f, a, KB_UNDEF))
    return false;
  return o->folded[a] || kb_is(f, a, KB_CONST) || o->var[a] != o->var[r];
}

static uint32_t edge(const kb_fn *f, kb_bid from, kb_bid to)
{
  uint32_t at = 0;
  while (at < f->blk.v[to].pred.n && f->blk.v[to].pred.v[at] != from)
    at++;
  return at;
}

bool out_has_copies(const out *o, kb_bid from, kb_bid to)
{
  uint32_t at = edge(o->f, from, to);
  KB_FOR_INS (o->f, to, r) {
    if (!kb_is(o->f, r, KB_PHI))
      break;
    if (moves(o, r, kb_v(o->f, r)->args[at]))
      return true;
  }
  return false;
}

/* Copies happen at once in SSA: one that nobody waits to read goes first; a cycle is cut by a temporary.
 * Source: the sequentialisation of parallel copies in Boissinot et al., CGO 2009. */
void out_copies(out *o, kb_bid from, kb_bid to)
{
  kb_fn *f = o->f;
  KB_VEC(copy) cs = { 0 };
  uint32_t at = edge(f, from, to), temps = 0;
  KB_FOR_INS (f, to, r) {
    if (!kb_is(f, r, KB_PHI))
      break;
    copy c = { r, kb_v(f, r)->args[at], o->var[r], NULL, false };
    if (moves(o, r, c.from))
      kb_vec_push(&cs, c);
  }
  bool braces = false;
  for (uint32_t left = cs.n; left;) {
    bool moved = false;
    for (uint32_t i = 0; i < cs.n; i++) {
      bool wanted = cs.v[i].done;
      for (uint32_t k = 0; !wanted && k < cs.n; k++)
        wanted = k != i && !cs.v[k].done && reads(o, &cs.v[k], cs.v[i].var);
      if (wanted)
        continue;
      print_copy(o, &cs.v[i]);
      cs.v[i].done = true;
      moved = true;
      left--;
    }
    for (uint32_t i = 0; !moved && i < cs.n; i++)
      if (!cs.v[i].done && !cs.v[i].temp) {
        char name[24];
        kb_ty t = kb_v(f, cs.v[i].phi)->ty;
        if (!braces)
          fprintf(o->out, "%*s{\n", o->indent * 2, "");
        braces = true;
        snprintf(name, sizeof name, "kb_t%u", temps++);
        fprintf(o->out, "%*s%s %s = ", o->indent * 2, "", kb_cclass(t, kb_type_of(t)->readonly), name);
        out_convert_view(o, cs.v[i].from, t);
        fputs(";\n", o->out);
        cs.v[i].temp = kb_intern(name);
        moved = true;
      }
  }
  if (braces)
    fprintf(o->out, "%*s}\n", o->indent * 2, "");
  kb_vec_free(&cs);
}

/* -- Ends --------------------------------------------------------------------------------------------------------- */

void out_return(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  bool tuple = kb_type_of(o->f->ret)->kind == KB_K_TUPLE;
  for (uint32_t i = 0; i < v->nargs; i++) {
    out_line(o, v->loc);
    if (tuple)
      fprintf(o->out, "ret->f%u = ", i);
    else
      fputs("*ret = ", o->out);
    out_expr(o, v->args[i], 1);
    fputs(";\n", o->out);
  }
  if (o->pool) {
    out_line(o, v->loc);
    fputs("kb_pool_free(&kb_pool);\n", o->out);
  }
  out_line(o, v->loc);
  fputs("return KB_OK;\n", o->out);
}

void out_raise(out *o, kb_ref r)
{
  const kb_val *v = kb_v(o->f, r);
  out_line(o, v->loc);
  out_exit(o, r, "raise");
  leave(o);
  fputs("\n", o->out);
}
