/* SPDX-License-Identifier: MIT */
/* Making and editing functions: constants, order of instructions, edges, replacement, numbering. */
#include "ir_test.h"

static void test_constants_are_shared(void **state)
{
  (void)state;
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = kb_fn_new(m, "f");
  kb_ref one = kb_const_int(f, KB_T_I64, 1);
  assert_int_equal(kb_const_int(f, KB_T_I64, 1), one);
  assert_int_not_equal(kb_const_int(f, KB_T_U64, 1), one);
  assert_int_not_equal(kb_const_int(f, KB_T_INT, 1), one);
  assert_int_not_equal(kb_const_float(f, KB_T_F64, 0.0), kb_const_float(f, KB_T_F64, -0.0));
  assert_int_equal(kb_const_float(f, KB_T_F64, __builtin_nan("")), kb_const_float(f, KB_T_F64, __builtin_nan("")));
  assert_int_equal(kb_const_float(f, KB_T_F32, 0.1), kb_const_float(f, KB_T_F32, (double)0.1f));
  assert_int_equal(kb_const_str(f, "ab"), kb_const_str(f, "ab"));
  assert_int_equal(kb_const_none(f), kb_const_none(f));
  assert_int_equal(kb_undef(f, KB_T_I64), kb_undef(f, KB_T_I64));
  assert_int_not_equal(kb_undef(f, KB_T_I64), kb_const_int(f, KB_T_I64, 0));
  kb_ref first[1000];
  for (int i = 0; i < 1000; i++)
    first[i] = kb_const_int(f, KB_T_I64, i * 7919);
  for (int i = 0; i < 1000; i++)
    assert_int_equal(kb_const_int(f, KB_T_I64, i * 7919), first[i]);
  assert_int_equal(kb_const_int(f, KB_T_I64, 1), one);
  kb_mod_free(m);
}

/* The instructions of block b are `want`, n of them. */
static void order_is(const kb_fn *f, kb_bid b, uint32_t n, ...)
{
  va_list want;
  va_start(want, n);
  uint32_t i = 0;
  kb_ref prev = 0;
  KB_FOR_INS(f, b, r) {
    assert_true(i++ < n);
    assert_int_equal(r, va_arg(want, kb_ref));
    assert_int_equal(kb_v(f, r)->prev, prev);
    prev = r;
  }
  va_end(want);
  assert_int_equal(i, n);
  assert_int_equal(f->blk.v[b].last, prev);
}

static void test_order(void **state)
{
  (void)state;
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = kb_fn_new(m, "f");
  kb_ref x = kb_param(f, KB_T_I64, "x"), args[2] = { x, x };
  kb_bid b = kb_blk_new(f);
  kb_ref p = kb_ins(f, b, KB_IADD, KB_T_I64, args, 2, nowhere);
  kb_ref q = kb_ins(f, b, KB_ISUB, KB_T_I64, args, 2, nowhere);
  kb_ref r = kb_ins_before(f, q, KB_IMUL, KB_T_I64, args, 2, nowhere);
  kb_ref s = kb_ins_before(f, p, KB_IXOR, KB_T_I64, args, 2, nowhere);
  order_is(f, b, 4, s, p, r, q);
  kb_ref phi = kb_phi(f, b, KB_T_I64, 0), phi2 = kb_phi(f, b, KB_T_I64, 0);
  order_is(f, b, 6, phi, phi2, s, p, r, q);
  kb_del(f, p);
  order_is(f, b, 5, phi, phi2, s, r, q);
  assert_int_equal(kb_v(f, p)->op, KB_NOP);
  kb_move_before(f, q, s);
  order_is(f, b, 5, phi, phi2, q, s, r);
  kb_move_before(f, s, s);
  kb_del(f, r);
  kb_del(f, phi);
  order_is(f, b, 3, phi2, q, s);
  args[0] = 77; /* args are copied */
  assert_int_equal(kb_v(f, q)->args[0], x);
  kb_mod_free(m);
}

static void test_edges(void **state)
{
  (void)state;
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = kb_fn_new(m, "f");
  kb_ref c = kb_param(f, KB_T_BOOL, "c");
  kb_bid e = kb_blk_new(f), a = kb_blk_new(f), b = kb_blk_new(f);
  kb_br(f, e, c, a, b, nowhere);
  kb_jmp(f, a, b, nowhere);
  kb_ref phi = kb_phi(f, b, KB_T_I64, 2);
  kb_v(f, phi)->args[0] = kb_const_int(f, KB_T_I64, 10);
  kb_v(f, phi)->args[1] = kb_const_int(f, KB_T_I64, 20);
  kb_ret(f, b, NULL, 0, nowhere);
  assert_int_equal(f->blk.v[b].pred.n, 2);
  /* br to jmp: the edge to a goes, the one to b keeps its phi argument */
  kb_remove_pred(f, a, e);
  kb_del(f, f->blk.v[e].last);
  assert_int_equal(f->blk.v[e].succ[0], 0);
  kb_jmp(f, e, b, nowhere);
  assert_int_equal(f->blk.v[b].pred.n, 2);
  assert_int_equal(f->blk.v[a].pred.n, 0);
  kb_cfg(f); /* a is unreachable now */
  assert_int_equal(kb_v(f, phi)->nargs, 1);
  assert_int_equal(kb_v(f, phi)->args[0], kb_const_int(f, KB_T_I64, 10));
  kb_remove_pred(f, b, a); /* not a predecessor: nothing happens */
  assert_int_equal(kb_v(f, phi)->nargs, 1);
  kb_bid x = kb_blk_new(f), y = kb_blk_new(f);
  kb_br(f, x, c, y, y, nowhere);
  assert_int_equal(kb_v(f, f->blk.v[x].last)->op, KB_JMP);
  assert_int_equal(f->blk.v[y].pred.n, 1);
  kb_mod_free(m);
}

static void test_replace_all(void **state)
{
  (void)state;
  kb_mod *m = module_of("func int @f(i64 %x, i64 %n) {\n@entry\n %a = iadd %x, 1\n %b = iadd %a, 2\n %c = iadd %b, %a\n"
                        " guard.bound %b, %n, ^s\n ret %c\n}\n"
                        "snap ^s raise IndexError \"{0}\" (%b) [@f { 0 int %b, 1 int iadd(int %b, int %a) }]\n");
  kb_fn *f = m->fns.v[0];
  kb_ref a = named(f, "a"), b = named(f, "b"), x = named(f, "x");
  kb_ref *map = (kb_ref *)kb_xzalloc(f->val.n * sizeof *map);
  map[b] = a;
  map[a] = x;
  map[x] = x;
  kb_replace_all(f, map);
  free(map);
  char *text = text_of(m);
  assert_non_null(strstr(text, "iadd %x, %x"));
  assert_non_null(strstr(text, "guard.bound %x, %n"));
  assert_non_null(strstr(text, "(%x) [@f pc 0 { 0 int %x, 1 int iadd(int %x, int %x) }]"));
  free(text);
  uint32_t *n = (uint32_t *)kb_xzalloc(f->val.n * sizeof *n);
  kb_count_uses(f, n);
  assert_int_equal(n[b], 0);
  assert_int_equal(n[a], 0);
  assert_int_equal(n[x], 9); /* operands 5, the snapshot 4 */
  assert_int_equal(n[named(f, "c")], 1);
  free(n);
  kb_mod_free(m);
}

/* A snapshot that two guards share counts once. */
static void test_count_uses(void **state)
{
  (void)state;
  kb_mod *m = module_of("func void @f(i64 %x, i64 %y) {\n@entry\n guard.nz %x, ^s\n guard.nz %x, ^s\n ret\n}\n"
                        "snap ^s deopt [@f { 0 int %y, 1 int %x }]\n");
  kb_fn *f = m->fns.v[0];
  uint32_t *n = (uint32_t *)kb_xzalloc(f->val.n * sizeof *n);
  kb_count_uses(f, n);
  assert_int_equal(n[named(f, "x")], 3);
  assert_int_equal(n[named(f, "y")], 1);
  free(n);
  kb_mod_free(m);
}

static void test_number(void **state)
{
  (void)state;
  kb_mod *m = module_of(
      "func obj @f(obj %x) generic {\n@entry\n %t = obj.truth %x\n br %t, @a, @b\n@b\n %y = obj.neg %x\n ret %y\n"
      "@a\n %z = obj.add %x, int:1\n ret %z\n}\n");
  kb_fn *f = m->fns.v[0];
  assert_int_equal(kb_fn_number(f), 7);
  assert_int_equal(f->nslots, 7);
  assert_int_equal(kb_v(f, named(f, "x"))->pc, 0);
  assert_int_equal(kb_v(f, named(f, "t"))->pc, 1);
  assert_int_equal(kb_v(f, named(f, "z"))->pc, 3); /* the branch taken comes first */
  assert_int_equal(kb_v(f, named(f, "y"))->pc, 5);
  kb_mod_free(m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_constants_are_shared), cmocka_unit_test(test_order),      cmocka_unit_test(test_edges),
    cmocka_unit_test(test_replace_all),          cmocka_unit_test(test_count_uses), cmocka_unit_test(test_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
