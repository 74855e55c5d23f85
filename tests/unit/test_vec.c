/* SPDX-License-Identifier: MIT */
/* Typed growable arrays. */
#include "ir_test.h"

static void test_push_pop(void **state)
{
  (void)state;
  KB_VEC(int) v = { NULL, 0, 0 };
  for (int i = 0; i < 10000; i++)
    kb_vec_push(&v, i);
  assert_int_equal(v.n, 10000);
  for (int i = 9999; i >= 5000; i--)
    assert_int_equal(kb_vec_pop(&v), i);
  kb_vec_push(&v, 42);
  assert_int_equal(v.n, 5001);
  assert_int_equal(v.v[5000], 42);
  assert_int_equal(v.v[4999], 4999);
  kb_vec_free(&v);
  assert_null(v.v);
  assert_int_equal(v.cap, 0);
  kb_vec_push(&v, 1); /* usable again */
  assert_int_equal(v.v[0], 1);
  kb_vec_free(&v);
}

/* The pushed expression may look into the array that grows. */
static void test_push_own_element(void **state)
{
  (void)state;
  KB_VEC(long) v = { NULL, 0, 0 };
  kb_vec_push(&v, 7L);
  for (int i = 0; i < 100; i++)
    kb_vec_push(&v, v.v[0]);
  for (uint32_t i = 0; i < v.n; i++)
    assert_int_equal(v.v[i], 7);
  kb_vec_free(&v);
}

static void test_grow(void **state)
{
  (void)state;
  KB_VEC(char) v = { NULL, 0, 0 };
  kb_vec_grow(&v, 3);
  assert_true(v.cap >= 3);
  uint32_t cap = v.cap;
  kb_vec_grow(&v, cap);
  assert_int_equal(v.cap, cap); /* room enough: nothing happens */
  kb_vec_grow(&v, cap + 1);
  assert_true(v.cap > cap);
  kb_vec_free(&v);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_push_pop),
    cmocka_unit_test(test_push_own_element),
    cmocka_unit_test(test_grow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
