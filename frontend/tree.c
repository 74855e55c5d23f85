/* SPDX-License-Identifier: MIT */
/* tree.c: makes nodes of the tree, and prints a kernel's as S-expressions. */
#include "tree.h"
#include "../include/kbabi.h"

#include <inttypes.h>
#include <string.h>

kt_node *kt_new(kt_mod *m, kt_kind kind, kb_loc loc)
{
  kt_node *n = (kt_node *)kb_arena_alloc(m->arena, sizeof *n);
  n->kind = kind;
  n->loc = loc;
  return n;
}

kt_list kt_list_of(kt_mod *m, kt_node *const *v, uint32_t n)
{
  kt_list list = { NULL, n };
  if (n == 0) return list;
  list.v = (kt_node **)kb_arena_alloc(m->arena, n * sizeof *list.v);
  memcpy(list.v, v, n * sizeof *list.v);
  return list;
}

/* -- Printing -------------------------------------------------------------------------------------------- */

/* ORDER kt_kind */
static const char *const kind_names[] = {
  "int",    "int",       "float",  "bool",    "None",  "str",   "local",     "type",  "builtin", "kernel", "bad",
  "unary",  "binary",    "boolop", "compare", "ifexp", "call",  "subscript", "slice", "attr",    "tuple",  "expr",
  "assign", "augassign", "if",     "while",   "for",   "break", "continue",  "pass",  "return",  "raise",  "assert",
};
_Static_assert(sizeof kind_names / sizeof *kind_names == TN_ASSERT + 1, "a name for each kind of node");

static const char *const exc_names[] = {
#define NAME(name) #name,
  KB_EXCEPTIONS(NAME)
#undef NAME
};

typedef struct {
  FILE *out;
  const kt_kernel *k;
} printer;

static void print_str(FILE *out, const char *s)
{
  fputc('"', out);
  for (; s && *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
    else if (c < ' ') fprintf(out, "\\x%02x", c);
    else fputc(c, out);
  }
  fputc('"', out);
}

/* "obj.add" is printed as "add". */
static const char *op_name(unsigned op)
{
  const char *text = kb_ops[op].text;
  return strncmp(text, "obj.", 4) == 0 ? text + 4 : text;
}

static void print_node(const printer *p, const kt_node *n, int indent);

static void print_block(const printer *p, const char *head, const kt_list *list, int indent)
{
  fprintf(p->out, "\n%*s(%s", indent, "", head);
  for (uint32_t i = 0; i < list->n; i++) {
    fprintf(p->out, "\n%*s", indent + 2, "");
    print_node(p, list->v[i], indent + 2);
  }
  fputc(')', p->out);
}

static void print_payload(const printer *p, const kt_node *n)
{
  FILE *out = p->out;
  switch (n->kind) {
  case TN_INT: fprintf(out, " %" PRId64, n->i); break;
  case TN_BOOL: fputs(n->i ? " True" : " False", out); break;
  case TN_FLOAT: fprintf(out, " %.17g", n->d); break;
  case TN_STR:
  case TN_BAD:
    fputc(' ', out);
    print_str(out, n->str);
    break;
  case TN_BIGINT:
  case TN_ATTR: fprintf(out, " %s", n->str); break;
  case TN_LOCAL: fprintf(out, " %s", p->k->locals[n->i]); break;
  case TN_TYPE: fprintf(out, " %s", kb_type_name(n->ty)); break;
  case TN_BUILTIN: fprintf(out, " %s", kb_builtins[n->i].text); break;
  case TN_KERNEL: fprintf(out, " #%" PRId64, n->i); break;
  case TN_UNARY:
  case TN_BINARY:
  case TN_AUGASSIGN: fprintf(out, " %s", op_name(n->op)); break;
  case TN_BOOLOP: fputs(n->i ? " or" : " and", out); break;
  case TN_RAISE: fprintf(out, " %s", exc_names[n->i]); break;
  case TN_COMPARE:
    for (uint32_t i = 0; i + 1 < n->kids.n; i++) fprintf(out, " %s", op_name(n->ops[i]));
    break;
  default: break;
  }
}

static void print_node(const printer *p, const kt_node *n, int indent)
{
  if (!n) {
    fputs("()", p->out);
    return;
  }
  fprintf(p->out, "(%s", kind_names[n->kind]);
  print_payload(p, n);
  for (uint32_t i = 0; i < n->kids.n; i++) {
    fputc(' ', p->out);
    print_node(p, n->kids.v[i], indent);
  }
  for (uint32_t i = 0; i < n->nkws; i++) {
    fprintf(p->out, " %s=", n->kws[i].name);
    print_node(p, n->kws[i].value, indent);
  }
  if (n->body.n) print_block(p, "do", &n->body, indent + 2);
  if (n->orelse.n) print_block(p, "else", &n->orelse, indent + 2);
  fputc(')', p->out);
}

void kt_print(FILE *out, const kt_kernel *k)
{
  printer p = { out, k };
  fprintf(out, "(kernel %s", k->name);
  if (strcmp(k->name, k->c_name) != 0) fprintf(out, " c_name=%s", k->c_name);
  if (!k->exported) fprintf(out, " from=%s", k->file);
  if (k->wrap) fputs(" overflow=wrap", out);
  if (k->unchecked) fputs(" bounds=False", out);
  if (k->fastmath) fprintf(out, " fastmath=%u", k->fastmath);
  if (k->inline_hint) fprintf(out, " inline=%d", k->inline_hint);
  for (uint32_t i = 0; i < k->nloop_options; i++) {
    const kt_loop_option *l = &k->loop_options[i];
    fprintf(out, " (loop %s", l->name ? l->name : "any");
    if (l->depth >= 0) fprintf(out, " depth=%lld", (long long)l->depth);
    fprintf(out, " %s)", l->words);
  }
  for (uint32_t i = 0; i < k->nparams; i++) {
    const kt_param *a = &k->params[i];
    fprintf(out, "\n  (param %s %s", a->name, a->ty == KB_T_BOT ? "?" : kb_type_name(a->ty));
    if (a->posonly) fputs(" posonly", out);
    if (a->kwonly) fputs(" kwonly", out);
    if (a->def) {
      fputc(' ', out);
      print_node(&p, a->def, 4);
    }
    fputc(')', out);
  }
  fprintf(out, "\n  (returns %s)\n  (locals",
          k->ret == KB_T_BOT    ? "?"
          : k->ret == KB_T_VOID ? "None"
                                : kb_type_name(k->ret));
  for (uint32_t i = k->nparams; i < k->nlocals; i++) fprintf(out, " %s", k->locals[i]);
  fputc(')', out);
  for (uint32_t i = 0; i < k->body.n; i++) {
    fputs("\n  ", out);
    print_node(&p, k->body.v[i], 2);
  }
  fputs(")\n", out);
}
