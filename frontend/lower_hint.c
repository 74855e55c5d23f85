/* SPDX-License-Identifier: MIT */
/* lower_hint.c: what the options of a kernel say of each of its loops.
 *
 * A loop is meant by the name of its variable: the target of a for, any of its targets where there are several; in a while
 * loop those that its test reads and its body assigns. Several loops of one variable are all meant.
 */
#include "lower.h"

#include <string.h>

enum { NAMES = 32 };
typedef struct { const char *v[NAMES]; uint32_t n; } names;

static void add_name(names *l, const char *name)
{
  for (uint32_t i = 0; i < l->n; i++)
    if (!strcmp(l->v[i], name))
      return;
  if (l->n < NAMES)
    l->v[l->n++] = name;
}

/* The variables of a target or test. */
static void variables(const lw *c, const kt_node *n, names *l)
{
  if (n && n->kind == TN_LOCAL)
    add_name(l, c->k->locals[n->i]);
  for (uint32_t i = 0; n && i < n->kids.n; i++)
    variables(c, n->kids.v[i], l);
}

/* The variables that statements assign. */
static void assigned(const lw *c, kt_list body, names *l)
{
  for (uint32_t i = 0; i < body.n; i++) {
    const kt_node *n = body.v[i];
    uint32_t from = n->kind == TN_ASSIGN, to = n->kind == TN_ASSIGN ? n->kids.n : n->kind == TN_AUGASSIGN;
    for (uint32_t k = from; k < to; k++)
      if (n->kids.v[k]->kind != TN_SUBSCRIPT)
        variables(c, n->kids.v[k], l);
    assigned(c, n->body, l);
    assigned(c, n->orelse, l);
  }
}

/* By which variables the loop is meant. */
static void loop_variables(const lw *c, const kt_node *loop, names *l)
{
  if (loop->kind == TN_FOR) {
    variables(c, loop->kids.v[0], l);
    return;
  }
  names test = { { NULL }, 0 }, set = { { NULL }, 0 };
  variables(c, loop->kids.v[0], &test);
  assigned(c, loop->body, &set);
  for (uint32_t i = 0; i < test.n; i++)
    for (uint32_t k = 0; k < set.n; k++)
      if (!strcmp(test.v[i], set.v[k]))
        add_name(l, test.v[i]);
}

/* -- Words ---------------------------------------------------------------------------------------------------- */

static int64_t depth(const lw *c)
{
  int64_t n = 0;
  for (const lw_loop *l = c->loop; l; l = l->up)
    n++;
  return n;
}

static bool means(const kt_loop_option *o, const names *l, int64_t depth)
{
  if (!o->name)
    return o->depth < 0 || o->depth == depth;
  for (uint32_t i = 0; i < l->n; i++)
    if (!strcmp(l->v[i], o->name))
      return true;
  return false;
}

static void hint(lw *c, kb_bid body, const names *l)
{
  static const char *const fastmath[] = { "reassoc", "contract", "nnan", "nsz", "arcp" }; /* ORDER: KB_FM_* */
  char *words = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&words, &size);
  kb_assert(out, "open_memstream");
  for (uint32_t i = 0; i < 5; i++)
    if (c->k->fastmath & 1u << i)
      fprintf(out, " %s", fastmath[i]);
  for (uint32_t i = 0; i < c->k->nloop_options; i++) {
    kt_loop_option *o = &c->k->loop_options[i];
    if (!means(o, l, depth(c)))
      continue;
    o->used = true;
    fprintf(out, " %s", o->words);
  }
  fclose(out);
  if (*words)
    c->f->blk.v[body].hint = kb_intern(kb_arena_printf(c->f->arena, "name=%s%s", l->n ? l->v[0] : "", words));
  free(words);
}

void lw_hint_for(lw *c, kb_bid body, kt_node *target)
{
  names l = { { NULL }, 0 };
  variables(c, target, &l);
  hint(c, body, &l);
}

void lw_hint_while(lw *c, kb_bid body, kt_node *loop)
{
  names l = { { NULL }, 0 };
  loop_variables(c, loop, &l);
  hint(c, body, &l);
}

/* -- Options for loops that there are not ------------------------------------------------------------------------ */

static void loop_names(const lw *c, kt_list body, names *l)
{
  for (uint32_t i = 0; i < body.n; i++) {
    const kt_node *n = body.v[i];
    if (n->kind == TN_FOR || n->kind == TN_WHILE)
      loop_variables(c, n, l);
    loop_names(c, n->body, l);
    loop_names(c, n->orelse, l);
  }
}

void lw_hints_done(lw *c)
{
  for (uint32_t i = 0; i < c->k->nloop_options; i++) {
    const kt_loop_option *o = &c->k->loop_options[i];
    if (o->used)
      continue;
    names l = { { NULL }, 0 };
    loop_names(c, c->k->body, &l);
    bool dead = false;
    for (uint32_t k = 0; k < l.n; k++)
      dead |= !strcmp(l.v[k], o->name);
    if (dead) /* a loop that is never reached */
      continue;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    kb_assert(out, "open_memstream");
    for (uint32_t k = 0; k < l.n; k++)
      fprintf(out, "%s'%s'", k ? ", " : "", l.v[k]);
    fclose(out);
    if (l.n)
      lw_fail(c, c->k->loc, "%s: no loop of '%s' has the variable '%s'; its loops have %s", o->option, c->k->name, o->name, text);
    else
      lw_fail(c, c->k->loc, "%s: '%s' has no loop whose variable is '%s', nor any other that can be named", o->option, c->k->name, o->name);
    free(text);
  }
}
