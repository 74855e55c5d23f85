/* SPDX-License-Identifier: MIT */
/* expr.c: values as C expressions. The C form of a pure op is its expression in ops.def, with a, b and c
 * replaced by the operands; parentheses go where precedence wants them (or where gcc would warn). */
#include "out.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { PRIMARY = 16, UNARY = 15, PRODUCT = 13, SUM = 12, COMPARISON = 10, EQUALITY = 9, BIT_AND = 8, BIT_OR = 6, AND = 5, OR = 4,
       COND = 3, ARGUMENT = 2 };

static const kb_val *val(const out *o, kb_ref r) { return kb_v(o->f, r); }

/* -- Constants ------------------------------------------------------------------------------------------ */

static void put_float(out *o, double d, bool single, unsigned prec)
{
  char s[40];
  const char *suffix = single ? "f" : "";
  if (isnan(d)) {
    fprintf(o->out, "__builtin_nan%s(\"\")", suffix);
    return;
  }
  bool neg = signbit(d) != 0 && prec > SUM;
  fputs(neg ? "(" : "", o->out);
  if (isinf(d)) {
    fprintf(o->out, "%s__builtin_inf%s()", d < 0 ? "-" : "", suffix);
  } else {
    for (int digits = single ? 6 : 15; digits <= (single ? 9 : 17); digits++) {
      snprintf(s, sizeof s, "%.*g", digits, d);
      if (single ? strtof(s, NULL) == (float)d : strtod(s, NULL) == d)
        break;
    }
    fprintf(o->out, "%s%s%s", s, strpbrk(s, ".en") ? "" : ".0", suffix);
  }
  fputs(neg ? ")" : "", o->out);
}

static void put_int(out *o, int64_t i, unsigned prec, bool wide)
{
  bool small = i >= -INT32_MAX && i <= INT32_MAX && !wide, neg = i < 0 && prec > SUM && i != INT64_MIN;
  if (i == INT64_MIN)
    fputs("INT64_MIN", o->out);
  else if (i == INT64_MAX)
    fputs("INT64_MAX", o->out);
  else if (small)
    fprintf(o->out, neg ? "(%lld)" : "%lld", (long long)i);
  else
    fprintf(o->out, neg ? "(-INT64_C(%llu))" : i < 0 ? "-INT64_C(%llu)" : "INT64_C(%llu)",
            i < 0 ? 0ull - (unsigned long long)i : (unsigned long long)i);
}

static void constant(out *o, const kb_val *v, unsigned prec, bool wide)
{
  switch (kb_type_letter(v->ty)) {
  case 'B': fputs(v->imm.i ? "true" : "false", o->out); break;
  case 'U': fprintf(o->out, "UINT64_C(%llu)", (unsigned long long)v->imm.i); break;
  case 'D': put_float(o, v->imm.d, false, prec); break;
  case 'S': put_float(o, (double)v->imm.s, true, prec); break;
  default: put_int(o, v->imm.i, prec, wide); break;
  }
}

static void undefined(out *o, kb_ty t)
{
  char c = kb_type_letter(t);
  if (c == 'V')
    fprintf(o->out, "(%s){ 0 }", kb_cclass(t, kb_type_of(t)->readonly));
  else
    fputs(c == 'D' ? "0.0" : c == 'S' ? "0.0f" : c == 'B' ? "false" : c == 'P' ? "NULL" : c == 'U' ? "UINT64_C(0)" : "0", o->out);
}

/* -- Memory ----------------------------------------------------------------------------------------------- */

static const char *name_of(const out *o, kb_ref r) { return o->name[o->var[r]]; }

void out_element(out *o, const kb_val *v)
{
  const kb_type *k = kb_type_of(val(o, v->args[0])->ty);
  const char *x = name_of(o, v->args[0]);
  if (k->kind == KB_K_PTR) {
    fprintf(o->out, "%s[", x);
    out_expr(o, v->args[1], 1);
    fputs("]", o->out);
    return;
  }
  fprintf(o->out, "%s.data[", x);
  for (unsigned a = 0; a < k->rank; a++) {
    fputs(a ? " + " : "", o->out);
    bool unit = k->contig && a + 1u == k->rank;
    out_expr(o, v->args[1 + a], unit ? (k->rank > 1 ? PRODUCT : 1) : PRODUCT);
    if (!unit)
      fprintf(o->out, " * %s.stride[%u]", x, a);
  }
  fputs("]", o->out);
}

/* An element in its class: narrow ints are widened before they meet any arithmetic. */
static void load(out *o, const kb_val *v, unsigned prec)
{
  kb_ty e = kb_type_of(val(o, v->args[0])->ty)->elem;
  bool widen = kb_type_is_sized_int(e) && e != KB_T_I64 && e != KB_T_U64;
  bool paren = widen && prec > UNARY;
  fputs(paren ? "(" : "", o->out);
  fputs(widen ? "(int64_t)" : "", o->out);
  out_element(o, v);
  fputs(paren ? ")" : "", o->out);
}

void out_convert_view(out *o, kb_ref r, kb_ty want)
{
  const kb_type *from = kb_type_of(val(o, r)->ty), *to = kb_type_of(want);
  if (from->kind != KB_K_ARRAY || from->readonly || !to->readonly) {
    out_expr(o, r, ARGUMENT);
    return;
  }
  const char *x = name_of(o, r);
  fprintf(o->out, "(%s){ %s.data, { ", kb_cclass(want, true), x);
  for (int part = 0; part < 2; part++) {
    for (unsigned a = 0; a < to->rank; a++)
      fprintf(o->out, "%s%s.%s[%u]", a ? ", " : "", x, part ? "stride" : "shape", a);
    fputs(part ? " } }" : " }, { ", o->out);
  }
}

/* -- Expressions ---------------------------------------------------------------------------------------------- */

/* What an operand of an operator of precedence p must at least bind. */
static unsigned operand_prec(unsigned p, const char *expr, bool right)
{
  if (p == PRIMARY || strchr(expr, '(') == expr)
    return p == PRIMARY ? ARGUMENT : UNARY;
  if (p <= BIT_AND && p >= BIT_OR)
    return UNARY; /* gcc suggests parentheses for every mixture here */
  if (p == UNARY && *expr == '-')
    return PRIMARY; /* not "--x" */
  if (p == COMPARISON || p == EQUALITY)
    return SUM - 1; /* shifts and arithmetic are clear, comparisons are not */
  if (p == COND)
    return OR;
  return right ? p + 1 : p;
}

static void operand(out *o, kb_ref r, unsigned prec, bool wide)
{
  if (wide && val(o, r)->op == KB_CONST)
    constant(o, val(o, r), prec, kb_type_letter(val(o, r)->ty) == 'I');
  else
    out_expr(o, r, prec);
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Prints expr with a, b, c replaced by the operands of v. */
static void substitute(out *o, const char *expr, unsigned p, const kb_val *v)
{
  bool call = p == PRIMARY;
  for (const char *s = expr; *s;) {
    const char *e = s;
    while (is_word(*e))
      e++;
    if (e == s) { /* stringified operators stand as in the table: "a *b" is written "a * b" */
      if (*s == '*' || *s == '&') {
        fprintf(o->out, "%s%c ", s > expr && s[-1] == ' ' ? "" : " ", *s);
        s += s[1] == ' ' ? 2 : 1;
      } else {
        fputc(*s++, o->out);
      }
      continue;
    }
    if (e - s == 1 && *s >= 'a' && *s <= 'c' && (uint32_t)(*s - 'a') < v->nargs)
      operand(o, v->args[*s - 'a'], operand_prec(call ? PRIMARY : p, expr, s > expr && p < UNARY), p == COND || p == UNARY);
    else
      fprintf(o->out, "%.*s", (int)(e - s), s);
    s = e;
  }
}

/* A word of those that resume gets. */
static void word(out *o, const kb_val *v)
{
  const char *type = kb_cclass(v->ty, kb_type_of(v->ty)->readonly);
  switch (kb_type_letter(v->ty)) {
  case 'U': fprintf(o->out, "kb_words[%d].u", (int)v->imm.i); break;
  case 'D': fprintf(o->out, "kb_words[%d].d", (int)v->imm.i); break;
  case 'S': fprintf(o->out, "(float)kb_words[%d].d", (int)v->imm.i); break;
  case 'B': fprintf(o->out, "kb_words[%d].i != 0", (int)v->imm.i); break;
  case 'P': fprintf(o->out, "(%s)kb_words[%d].p", type, (int)v->imm.i); break;
  default: fprintf(o->out, "kb_words[%d].i", (int)v->imm.i); break;
  }
}

static void folded(out *o, const kb_val *v, unsigned prec)
{
  if (v->op == KB_LD || v->op == KB_PLD) {
    load(o, v, prec);
  } else if (v->op == KB_OSR) {
    word(o, v);
  } else if (v->op == KB_VLEN) {
    fprintf(o->out, "%s.shape[%d]", name_of(o, v->args[0]), (int)v->imm.i);
  } else if (v->op == KB_ITEM) {
    fprintf(o->out, "%s.f%d", name_of(o, v->args[0]), (int)v->imm.i);
  } else {
    bool sel = v->op == KB_SEL; /* its arms have any type, so the table has no expression */
    const char *expr = sel ? "a ? b : c" : kb_ops[v->op].expr;
    unsigned p = sel ? COND : kb_ops[v->op].prec;
    bool paren = p < prec;
    kb_assert(expr, "no C form of %s", kb_ops[v->op].text);
    fputs(paren ? "(" : "", o->out);
    substitute(o, expr, p, v);
    fputs(paren ? ")" : "", o->out);
  }
}

void out_expr(out *o, kb_ref r, unsigned prec)
{
  const kb_val *v = val(o, r);
  if (v->op == KB_CONST)
    constant(o, v, prec, false);
  else if (v->op == KB_UNDEF)
    undefined(o, v->ty);
  else if (!o->folded[r] && prec)
    fputs(name_of(o, r), o->out);
  else
    folded(o, v, prec);
}

void out_argument(out *o, kb_ref r)
{
  operand(o, r, ARGUMENT, true);
}

/* -- Guards ------------------------------------------------------------------------------------------------------ */

static void binary(out *o, kb_ref a, const char *op, kb_ref b, unsigned prec)
{
  out_expr(o, a, prec);
  fprintf(o->out, " %s ", op);
  out_expr(o, b, prec);
}

void out_not(out *o, kb_ref c)
{
  static const struct { uint16_t op; const char *opposite; } ints[] = {
    { KB_ILT, ">=" }, { KB_ILE, ">" }, { KB_IGT, "<=" }, { KB_IGE, "<" }, { KB_IEQ, "!=" }, { KB_INE, "==" },
    { KB_FEQ, "!=" }, { KB_FNE, "==" },
  };
  const kb_val *v = val(o, c);
  if (o->folded[c] && v->op == KB_BNOT) {
    out_expr(o, v->args[0], ARGUMENT);
    return;
  }
  for (size_t i = 0; o->folded[c] && i < sizeof ints / sizeof *ints; i++)
    if (ints[i].op == v->op) {
      binary(o, v->args[0], ints[i].opposite, v->args[1], SUM - 1);
      return;
    }
  fputs("!", o->out);
  out_expr(o, c, UNARY);
}

static void overflowing(out *o, const char *fn, kb_ref r)
{
  const kb_val *v = val(o, r);
  fprintf(o->out, "%s(", fn);
  out_expr(o, v->args[0], ARGUMENT);
  fputs(", ", o->out);
  out_expr(o, v->args[1], ARGUMENT);
  fprintf(o->out, ", &%s)", name_of(o, r));
}

void out_fails(out *o, kb_ref r)
{
  const kb_val *v = val(o, r);
  const kb_ref *a = v->args;
  switch (v->op) {
  case KB_GUARD: out_not(o, a[0]); break;
  case KB_GBOUND:
    fputs("(uint64_t)", o->out);
    out_expr(o, a[0], UNARY);
    fputs(" >= (uint64_t)", o->out);
    out_expr(o, a[1], UNARY);
    break;
  case KB_GRANGE:
    binary(o, a[0], "<", a[1], SUM - 1);
    fputs(" || ", o->out);
    binary(o, a[0], ">", a[2], SUM - 1);
    break;
  case KB_GNZ:
  case KB_GUNZ:
  case KB_GFNZ:
  case KB_GSNZ:
    out_expr(o, a[0], SUM - 1);
    fputs(v->op == KB_GFNZ ? " == 0.0" : v->op == KB_GSNZ ? " == 0.0f" : " == 0", o->out);
    break;
  case KB_GDIV:
    out_expr(o, a[1], SUM - 1);
    fputs(" == -1 && ", o->out);
    out_expr(o, a[0], SUM - 1);
    fputs(" == INT64_MIN", o->out);
    break;
  case KB_GF2I:
    fputs("!(", o->out);
    out_expr(o, a[0], SUM - 1);
    fputs(" >= -0x1p63 && ", o->out);
    out_expr(o, a[0], SUM - 1);
    fputs(" < 0x1p63)", o->out);
    break;
  case KB_GI2FX:
    out_expr(o, a[0], SUM - 1);
    fputs(" < -INT64_C(0x20000000000000) || ", o->out);
    out_expr(o, a[0], SUM - 1);
    fputs(" > INT64_C(0x20000000000000)", o->out);
    break;
  case KB_IADDO: overflowing(o, "__builtin_add_overflow", r); break;
  case KB_ISUBO: overflowing(o, "__builtin_sub_overflow", r); break;
  case KB_IMULO: overflowing(o, "__builtin_mul_overflow", r); break;
  case KB_ISHLO:
  case KB_IPOWO:
    fputs("!", o->out);
    overflowing(o, v->op == KB_ISHLO ? "kb_ishlo" : "kb_ipowo", r);
    break;
  default: kb_bug(__FILE__, __LINE__, "no C form of the guard %s", kb_ops[v->op].text);
  }
}
