/* SPDX-License-Identifier: MIT */
/* Folding against evaluation: what kb_fold makes of an op has, on edge values, the op's own result. */
#include "ir_test.h"

#include <math.h>

static const int64_t ints[] = {
  0, 1, -1, 2, 7, -8, 63, 64, 127, 128, -129, 255, 65535, INT32_MAX, INT64_C(1) << 53, INT64_MAX, INT64_MIN
};
static const double doubles[] = {
  0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e300, -1e300, 5e-324, INFINITY, -INFINITY, NAN, 9007199254740993.0
};
enum { NI = sizeof ints / sizeof *ints, ND = sizeof doubles / sizeof *doubles };

static kb_ty type_of_letter(char c)
{
  return c == 'I' ? KB_T_I64 : c == 'U' ? KB_T_U64 : c == 'D' ? KB_T_F64 : c == 'S' ? KB_T_F32 : KB_T_BOOL;
}

static unsigned nedges(char c) { return c == 'I' || c == 'U' ? NI : c == 'D' || c == 'S' ? ND : 2; }

static kb_imm edge(char c, unsigned k)
{
  kb_imm x = { .i = 0 };
  if (c == 'D')
    x.d = doubles[k];
  else if (c == 'S')
    x.s = (float)doubles[k];
  else
    x.i = c == 'B' ? (int64_t)k : ints[k];
  return x;
}

static kb_ref constant(kb_fn *f, char c, kb_imm x)
{
  kb_ty ty = type_of_letter(c);
  return c == 'D'   ? kb_const_float(f, ty, x.d)
         : c == 'S' ? kb_const_float(f, ty, (double)x.s)
                    : kb_const_int(f, ty, x.i);
}

static bool same_bits(char c, kb_imm a, kb_imm b)
{
  if (c == 'D')
    return memcmp(&a.d, &b.d, sizeof a.d) == 0 || (isnan(a.d) && isnan(b.d));
  if (c == 'S')
    return memcmp(&a.s, &b.s, sizeof a.s) == 0 || (isnan(a.s) && isnan(b.s));
  return a.i == b.i;
}

/* The value of r where parameter p is x: by kb_eval, inside out. */
static kb_evalres value_of(const kb_fn *f, kb_ref r, const kb_imm *params, kb_imm *out)
{
  const kb_val *v = kb_v(f, r);
  kb_imm args[3], none = { .i = 0 };
  if (v->op == KB_CONST) {
    *out = v->imm;
    return KB_EVAL_OK;
  }
  if (v->op == KB_PARAM) {
    *out = params[v->imm.i];
    return KB_EVAL_OK;
  }
  for (uint32_t i = 0; i < v->nargs; i++) {
    kb_evalres e = value_of(f, v->args[i], params, &args[i]);
    if (e != KB_EVAL_OK)
      return e;
  }
  return kb_eval((kb_op)v->op, args, v->nargs, none, out);
}

/* One op whose operand `at` is a constant and whose others are parameters (all of them when at is out of range; all
 * the same one when same). */
static void try_one(kb_op op, unsigned at, unsigned k, bool same)
{
  const char *letters = kb_ops[op].args;
  uint32_t n = (uint32_t)strlen(letters);
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = kb_fn_new(m, "f"), *g = kb_fn_new(m, "g"); /* folded, and as it was */
  kb_ref fa[3], ga[3];
  for (uint32_t i = 0; i < n; i++) {
    bool again = same && i && letters[i] == letters[0];
    kb_ref p = again ? fa[0] : kb_param(f, type_of_letter(letters[i]), NULL);
    kb_ref q = again ? ga[0] : kb_param(g, type_of_letter(letters[i]), NULL);
    fa[i] = i == at ? constant(f, letters[i], edge(letters[i], k)) : p;
    ga[i] = i == at ? constant(g, letters[i], edge(letters[i], k)) : q;
  }
  kb_ty ty = kb_ops[op].result == '-' ? KB_T_VOID : type_of_letter(kb_ops[op].result);
  kb_ref fr = kb_ins(f, kb_blk_new(f), op, ty, fa, n, nowhere), gr = kb_ins(g, kb_blk_new(g), op, ty, ga, n, nowhere);
  kb_ref to = kb_fold(f, fr);
  unsigned edges[3] = { 1, 1, 1 };
  for (uint32_t i = 0; i < g->nparams; i++)
    edges[i] = nedges(kb_type_letter(kb_v(g, g->params[i])->ty));
  for (unsigned x = 0; x < edges[0] * edges[1] * edges[2]; x++) {
    kb_imm params[3], want, have;
    unsigned rest = x;
    for (uint32_t i = 0; i < g->nparams; i++, rest /= edges[i - 1])
      params[i] = edge(kb_type_letter(kb_v(g, g->params[i])->ty), rest % edges[i]);
    kb_evalres w = value_of(g, gr, params, &want);
    if (w == KB_EVAL_NO)
      continue; /* undefined there, or a NaN */
    kb_evalres h = to ? value_of(f, to, params, &have) : KB_EVAL_OK;
    if (h != w || (w == KB_EVAL_OK && kb_ops[op].result != '-' && !same_bits(kb_ops[op].result, want, have)))
      fail_msg("%s: constant %u at %u, same %d, case %u", kb_ops[op].text, k, at, same, x);
  }
  kb_mod_free(m);
}

static void test_every_op(void **state)
{
  (void)state;
  for (int op = 0; op < KB_NOPS; op++) {
    const char *letters = kb_ops[op].args;
    size_t n = strlen(letters);
    if (!kb_ops[op].expr || !n || n > 2 || strspn(letters, "IUDSB") != n || op == KB_FPOW || op == KB_SPOW ||
        op == KB_GSTACK)
      continue;
    try_one((kb_op)op, 9, 0, false);
    try_one((kb_op)op, 9, 0, true);
    for (unsigned at = 0; at < n; at++)
      for (unsigned k = 0; k < nedges(letters[at]); k++)
        try_one((kb_op)op, at, k, false);
  }
}

/* outer(inner(x)), for all pairs of one-operand ops, and comparisons under bnot. */
static void test_pairs(void **state)
{
  (void)state;
  for (int outer = 0; outer < KB_NOPS; outer++)
    for (int inner = 0; inner < KB_NOPS; inner++) {
      const kb_oprow *o = &kb_ops[outer], *i = &kb_ops[inner];
      size_t n = strlen(i->args);
      if (!o->expr || !i->expr || o->kind != KB_OP_VAL || i->kind != KB_OP_VAL || strlen(o->args) != 1 || n < 1 ||
          n > 2 || o->args[0] != i->result || strspn(i->args, "IUDSB") != n)
        continue;
      kb_mod *m = kb_mod_new("t", NULL);
      kb_fn *f = kb_fn_new(m, "f"), *g = kb_fn_new(m, "g");
      kb_ref fa[2], ga[2];
      for (size_t k = 0; k < n; k++) {
        fa[k] = kb_param(f, type_of_letter(i->args[k]), NULL);
        ga[k] = kb_param(g, type_of_letter(i->args[k]), NULL);
      }
      kb_blk_new(f);
      kb_blk_new(g);
      kb_ref fi = kb_ins(f, 1, (kb_op)inner, type_of_letter(i->result), fa, (uint32_t)n, nowhere);
      kb_ref gi = kb_ins(g, 1, (kb_op)inner, type_of_letter(i->result), ga, (uint32_t)n, nowhere);
      kb_ref fo = kb_ins(f, 1, (kb_op)outer, type_of_letter(o->result), &fi, 1, nowhere);
      kb_ref go = kb_ins(g, 1, (kb_op)outer, type_of_letter(o->result), &gi, 1, nowhere);
      kb_ref to = kb_fold(f, fo);
      for (unsigned x = 0; x < nedges(i->args[0]); x++)
        for (unsigned y = 0; y < (n > 1 ? nedges(i->args[1]) : 1); y++) {
          kb_imm params[2], want, have;
          params[0] = edge(i->args[0], x);
          params[1] = edge(n > 1 ? i->args[1] : i->args[0], y);
          if (value_of(g, go, params, &want) == KB_EVAL_OK &&
              (value_of(f, to, params, &have) != KB_EVAL_OK || !same_bits(o->result, want, have)))
            fail_msg("%s of %s, case %u %u", o->text, i->text, x, y);
        }
      kb_mod_free(m);
    }
}

static kb_ref fold_named(const char *text, const char *name, kb_mod **m)
{
  *m = module_of(text);
  return kb_fold((*m)->fns.v[0], named((*m)->fns.v[0], name));
}

static void test_answers(void **state)
{
  (void)state;
  kb_mod *m;
  kb_ref r =
      fold_named("func int @f(i64 %x) {\n@e\n %a = iaddo %x, 0, ^s\n ret %a\n}\nsnap ^s deopt [@f {}]\n", "a", &m);
  assert_int_equal(r, named(m->fns.v[0], "x"));
  kb_mod_free(m);
  m = module_of(
      "func void @f(i64 %x) {\n@e\n guard.bound 3, 5, ^s\n guard.bound %x, 5, ^s\n ret\n}\nsnap ^s deopt [@f {}]\n");
  kb_fn *f = m->fns.v[0];
  kb_ref holds = f->blk.v[1].first, may = kb_v(f, holds)->next;
  assert_int_equal(kb_fold(f, holds), 0);
  assert_int_equal(kb_fold(f, may), may);
  assert_int_equal(kb_fold(f, f->blk.v[1].last), f->blk.v[1].last); /* not its business */
  kb_mod_free(m);
  /* a phi of one value and an undef: only where the value is there anyway */
  const char *loop =
      "func int @f(i64 %x, i64 %n) {\n@e\n %y = iadd %x, 1\n jmp @h\n@h\n %p:i64 = phi [@e: undef:i64] [@b: %y]\n"
      " %q:i64 = phi [@e: undef:i64] [@b: %z]\n %c = ilt %p, %n\n br %c, @b, @x\n@b\n %z = iadd %q, 1\n jmp @h\n@x\n"
      " ret %p\n}\n";
  m = module_of(loop);
  f = m->fns.v[0];
  assert_int_equal(kb_fold(f, named(f, "p")), named(f, "p")); /* no dominators yet */
  kb_cfg(f);
  assert_int_equal(kb_fold(f, named(f, "p")), named(f, "y"));
  assert_int_equal(kb_fold(f, named(f, "q")), named(f, "q")); /* z comes later */
  kb_mod_free(m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_op),
    cmocka_unit_test(test_pairs),
    cmocka_unit_test(test_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
