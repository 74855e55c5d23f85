/* SPDX-License-Identifier: MIT */
/* Types: one index a type, text both ways, names as users write them. */
#include "ir_test.h"

static kb_ty parse(const char *text)
{
  const char *p = text;
  kb_ty t = kb_type_parse(&p);
  if (t && *p)
    fail_msg("%s: stopped before \"%s\"", text, p);
  return t;
}

static void test_text_both_ways(void **state)
{
  (void)state;
  static const char *const texts[] = {
    "void", "obj", "none", "str", "bool", "int", "float", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32",
    "f64", "f32x1", "f64x4", "i8x2c", "cf64x1", "cf32x2c", "boolx1", "cu16x3", "f32*", "f64**", "()", "(i64)",
    "(i64,f64)",
    "((int,float),cf32x1)", "range", "iter(range)", "iter(f32x1)", "enumerate(iter(f64x1))", "zip(range,f32x1)",
    "zip()",
    "fn(f64,i64,f32x1)",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    kb_ty t = parse(texts[i]);
    if (!t)
      fail_msg("%s does not parse", texts[i]);
    assert_string_equal(kb_type_text(t), texts[i]);
    assert_int_equal(parse(texts[i]), t); /* interned */
  }
}

static void test_no_types(void **state)
{
  (void)state;
  static const char *const texts[] = { "", "f65", "f32x", "f32x0", "f32x5", "f32x2d", "cf32", "c", "objx1", "(i64",
                                       "(i64,", "(i64;f64)", "iter()", "iter(i64,i64)", "intx", "bot", "rangex" };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const char *p = texts[i];
    if (kb_type_parse(&p) != KB_T_BOT)
      fail_msg("\"%s\" is a type", texts[i]);
    assert_ptr_equal(p, texts[i]);
  }
}

static void test_names(void **state)
{
  (void)state;
  static const char *const pairs[][2] = {
    { "int", "int" }, { "float", "float" }, { "bool", "bool" }, { "none", "None" }, { "void", "None" },
    { "i32", "kb.i32" },
    { "f32x1", "kb.f32[:]" }, { "cf32x1", "kb.f32[:]" }, { "f64x2", "kb.f64[:, :]" }, { "f64x2c", "kb.f64[:, ::1]" },
    { "f64x1c", "kb.f64[::1]" }, { "boolx4", "kb.boolean[:, :, :, :]" }, { "(int,f64x1)", "tuple[int, kb.f64[:]]" },
    { "f32*", "POINTER(c_float)" }, { "()", "tuple[()]" },
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    assert_string_equal(kb_type_name(parse(pairs[i][0])), pairs[i][1]);
}

static void test_letters_and_sizes(void **state)
{
  (void)state;
  assert_int_equal(kb_type_letter(KB_T_I64), 'I');
  assert_int_equal(kb_type_letter(KB_T_INT), 'I');
  assert_int_equal(kb_type_letter(KB_T_U32), 'I'); /* fits int64_t */
  assert_int_equal(kb_type_letter(KB_T_U64), 'U');
  assert_int_equal(kb_type_letter(KB_T_F32), 'S');
  assert_int_equal(kb_type_letter(KB_T_FLOAT), 'D');
  assert_int_equal(kb_type_letter(KB_T_BOOL), 'B');
  assert_int_equal(kb_type_letter(KB_T_OBJ), 'O');
  assert_int_equal(kb_type_letter(parse("f32x2")), 'V');
  assert_int_equal(kb_type_letter(parse("f32*")), 'P');
  assert_int_equal(kb_type_letter(parse("(int)")), 'T');
  assert_int_equal(kb_type_size(KB_T_U16), 2);
  assert_int_equal(kb_type_size(KB_T_F32), 4);
  assert_int_equal(kb_type_size(KB_T_OBJ), 0);
}

static void test_many(void **state)
{
  (void)state;
  kb_ty first[200], items[2] = { KB_T_I64, KB_T_I64 };
  for (int i = 0; i < 200; i++)
    first[i] = items[0] = kb_type_tuple(items, 2);
  items[0] = KB_T_I64;
  for (int i = 0; i < 200; i++) {
    items[0] = kb_type_tuple(items, 2);
    assert_int_equal(items[0], first[i]);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_text_both_ways),
    cmocka_unit_test(test_no_types),
    cmocka_unit_test(test_names),
    cmocka_unit_test(test_letters_and_sizes),
    cmocka_unit_test(test_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
