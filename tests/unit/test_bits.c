/* SPDX-License-Identifier: MIT */
/* Sets of small integers, around the edges of their words. */
#include "ir_test.h"

static void test_members(void **state)
{
  (void)state;
  static const uint32_t sizes[] = { 1, 63, 64, 65, 128, 1000 };
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    kb_bits b;
    uint32_t n = sizes[s];
    kb_bits_init(&b, n);
    for (uint32_t i = 0; i < n; i++)
      assert_false(kb_bits_has(&b, i));
    for (uint32_t i = 0; i < n; i += 3)
      kb_bits_set(&b, i);
    for (uint32_t i = 0; i < n; i++)
      assert_int_equal(kb_bits_has(&b, i), i % 3 == 0);
    uint32_t want = 0;
    for (uint32_t i = 0; kb_bits_next(&b, &i); i++, want += 3)
      assert_int_equal(i, want);
    assert_int_equal(want, (n + 2) / 3 * 3);
    kb_bits_clear(&b, 0);
    assert_false(kb_bits_has(&b, 0));
    kb_bits_free(&b);
  }
}

static void test_next_at_the_end(void **state)
{
  (void)state;
  kb_bits b;
  uint32_t i = 0;
  kb_bits_init(&b, 130);
  assert_false(kb_bits_next(&b, &i));
  kb_bits_set(&b, 129);
  i = 0;
  assert_true(kb_bits_next(&b, &i));
  assert_int_equal(i, 129);
  i = 130;
  assert_false(kb_bits_next(&b, &i));
  kb_bits_free(&b);
  kb_bits_init(&b, 0);
  i = 0;
  assert_false(kb_bits_next(&b, &i));
  kb_bits_free(&b);
}

static void test_or(void **state)
{
  (void)state;
  kb_bits a, b;
  kb_bits_init(&a, 200);
  kb_bits_init(&b, 100);
  kb_bits_set(&a, 150);
  kb_bits_set(&b, 3);
  kb_bits_set(&b, 99);
  assert_true(kb_bits_or(&a, &b));
  assert_false(kb_bits_or(&a, &b)); /* nothing new */
  assert_true(kb_bits_has(&a, 3) && kb_bits_has(&a, 99) && kb_bits_has(&a, 150));
  kb_bits_free(&a);
  kb_bits_free(&b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_members),
    cmocka_unit_test(test_next_at_the_end),
    cmocka_unit_test(test_or),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
