/* SPDX-License-Identifier: MIT */
/* imgprint.c: the listing of an image. Slots are %0 ..., instructions numbers; an instruction that a loop's head is at
 * is marked with a star.
 *
 *   image @dot "k.py":3, 9 slots, parameters %2 %3
 *       %0 = const float 0.0
 *     * 4  pc 9   %6 = obj.hasnext %4                       5:4
 *       5  pc 10  br %6, 6, 11
 */
#include "image.h"
#include "text.h"

#include <string.h>

static void print_const(FILE *out, const kb_iconst *c)
{
  if (c->ty == KB_T_BOT)
    fputs("unbound", out);
  else if (c->is_type)
    fprintf(out, "type %s", kb_type_text(c->ty));
  else if (c->ty == KB_T_NONE)
    fputs("none", out);
  else if (c->ty == KB_T_STR)
    kb_text_string(out, c->imm.str);
  else if (c->ty == KB_T_F32)
    fprintf(out, "f32 %.9g", (double)c->imm.s);
  else if (c->ty == KB_T_F64 || c->ty == KB_T_FLOAT)
    fprintf(out, "%s %.17g", kb_type_text(c->ty), c->imm.d);
  else if (c->ty == KB_T_U64)
    fprintf(out, "u64 %llu", (unsigned long long)c->imm.i);
  else
    fprintf(out, "%s %lld", kb_type_text(c->ty), (long long)c->imm.i);
}

static void print_head(FILE *out, const kb_image *im)
{
  fprintf(out, "image @%s ", im->name);
  kb_text_string(out, im->file);
  fprintf(out, ":%u, %u slots", im->line, im->nslots);
  fprintf(out, "%s%s%s%s", im->dynamic ? ", dynamic" : "", im->wrap ? ", wrap" : "", im->raises ? ", raises" : "",
          im->unchecked ? ", unchecked" : "");
  for (uint32_t i = 0; i < im->nparams; i++)
    if (im->params[i] == KB_NOSLOT)
      fputs(i ? " -" : ", parameters -", out);
    else
      fprintf(out, "%s%u", i ? " %" : ", parameters %", im->params[i]);
  fputc('\n', out);
  for (uint32_t i = 0; i < im->nconsts; i++) {
    fprintf(out, "    %%%u = const ", i);
    print_const(out, &im->consts[i]);
    fputc('\n', out);
  }
  for (uint32_t i = 0; i < im->nvars; i++)
    fprintf(out, "    %%%u = variable %u, %s\n", im->var0 + i, i, im->vars[i]);
}

static void print_imm(FILE *out, const kb_iins *n)
{
  if (n->op == KB_RAISE)
    fprintf(out, " %s", kb_exc_text(n->exc));
  if ((n->op == KB_RAISE && n->imm.str) || n->op == KB_OBOUND || (kb_ops[n->op].flags & KB_OF_N)) {
    fputs(n->op == KB_RAISE ? " " : " #", out);
    kb_text_string(out, n->imm.str);
  } else if (n->op == KB_OCALL) {
    fprintf(out, " #%s", kb_builtins[n->imm.i].text);
  } else if (kb_ops[n->op].flags & (KB_OF_I | KB_OF_V)) {
    fprintf(out, " #%lld", (long long)n->imm.i);
  }
}

static void print_ins(FILE *out, const kb_image *im, uint32_t i)
{
  const kb_iins *n = &im->ins[i];
  bool head = false;
  for (uint32_t k = 0; k < im->nheads; k++)
    head |= im->heads[k].at == i;
  fprintf(out, "  %c %-3u pc %-3u ", head ? '*' : ' ', i, n->pc);
  if (n->dst != KB_NOSLOT)
    fprintf(out, "%%%u = ", n->dst);
  fputs(kb_ops[n->op].text, out);
  print_imm(out, n);
  const char *sep = " ";
  for (uint32_t k = 0; k < n->nargs; k++, sep = ", ")
    fprintf(out, "%s%%%u", sep, n->args[k]);
  for (int k = 0; k < 2 && n->to[k] != KB_NOINS; k++, sep = ", ")
    fprintf(out, "%s%u", sep, n->to[k]);
  if (n->handler != KB_NOINS)
    fprintf(out, " handler %u", n->handler);
  if (n->line)
    fprintf(out, " !%u:%u-%u", n->line, n->col, n->end_col);
  fputc('\n', out);
}

void kb_image_print(FILE *out, const kb_image *im)
{
  print_head(out, im);
  for (uint32_t i = 0; i < im->nins; i++)
    print_ins(out, im, i);
  fputs("    values", out);
  for (uint32_t i = 0; i < im->npcs; i++)
    if (im->slot_of[i] != KB_NOSLOT)
      fprintf(out, " %u:%%%u", i, im->slot_of[i]);
  fputc('\n', out);
}
