/* SPDX-License-Identifier: MIT */
/* The op table: names are unique and found, rows make sense, generic rows name typed ones of the right class. */
#include "ir_test.h"

static void test_found_by_text(void **state)
{
  (void)state;
  for (int op = 0; op < KB_NOPS; op++)
    if (kb_op_find(kb_ops[op].text, strlen(kb_ops[op].text)) != (kb_op)op)
      fail_msg("%s is not found", kb_ops[op].text);
  assert_int_equal(kb_op_find("iadd_", 5), KB_NOPS);
  assert_int_equal(kb_op_find("iaddo", 4), KB_IADD);
  assert_int_equal(kb_op_find("", 0), KB_NOPS);
}

static void test_rows(void **state)
{
  (void)state;
  for (int op = 0; op < KB_NOPS; op++) {
    const kb_oprow *r = &kb_ops[op];
    if (!r->name || !r->text || !r->args || !strchr("-?IUDSBVPTO", r->result) ||
        strspn(r->args, "?IUDSBVPTO*") != strlen(r->args))
      fail_msg("row %d: %s", op, r->text);
    if ((r->flags & KB_OF_C) && (strlen(r->args) != 2 || r->args[0] != r->args[1]))
      fail_msg("%s commutes, but takes %s", r->text, r->args);
    if (r->expr && (r->prec < 1 || r->prec > 16))
      fail_msg("%s has precedence %u", r->text, r->prec);
    if (r->kind == KB_OP_GRD && !r->expr)
      fail_msg("%s has no condition", r->text);
    if (r->kind != KB_OP_OBJ)
      for (int k = 0; k < 5; k++)
        assert_int_equal(r->to[k], 0);
  }
}

/* Columns: int, wrapping int, u64, f32, f64. */
static void test_generic_rows(void **state)
{
  (void)state;
  static const char letters[] = "IIUSD";
  for (int op = 0; op < KB_NOPS; op++)
    for (int k = 0; k < 5 && kb_ops[op].kind == KB_OP_OBJ; k++) {
      const kb_oprow *to = &kb_ops[kb_ops[op].to[k]];
      if (kb_ops[op].to[k] && (to->kind == KB_OP_OBJ || to->args[0] != letters[k]))
        fail_msg("%s becomes %s for operands of class %c", kb_ops[op].text, to->text, letters[k]);
    }
}

static void test_builtins(void **state)
{
  (void)state;
  assert_string_equal(kb_builtins[KB_BI_SIN].text, "math.sin");
  for (int i = 0; i < KB_NBUILTINS; i++)
    if (kb_builtins[i].nmin < 0 || (kb_builtins[i].nmax >= 0 && kb_builtins[i].nmax < kb_builtins[i].nmin))
      fail_msg("%s takes %d to %d", kb_builtins[i].text, kb_builtins[i].nmin, kb_builtins[i].nmax);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_found_by_text),
    cmocka_unit_test(test_rows),
    cmocka_unit_test(test_generic_rows),
    cmocka_unit_test(test_builtins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
