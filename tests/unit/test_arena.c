/* SPDX-License-Identifier: MIT */
/* Arenas: alignment, zeroes, blocks of every size, text. */
#include "ir_test.h"

static void test_zeroed_and_aligned(void **state)
{
  (void)state;
  kb_arena *a = kb_arena_new();
  for (size_t size = 0; size < 5000; size += 37) {
    unsigned char *p = (unsigned char *)kb_arena_alloc(a, size);
    assert_int_equal((uintptr_t)p % 16, 0);
    for (size_t i = 0; i < size; i++)
      assert_int_equal(p[i], 0);
    memset(p, 0xAA, size); /* must not show up in a later one */
  }
  kb_arena_free(a);
}

static void test_no_overlap(void **state)
{
  (void)state;
  enum { N = 2000 };
  static unsigned char *p[N];
  static size_t n[N];
  kb_arena *a = kb_arena_new();
  for (size_t i = 0; i < N; i++) {
    n[i] = i % 97 == 0 ? 300000 + i : i % 211;
    p[i] = (unsigned char *)kb_arena_alloc(a, n[i]);
    memset(p[i], (int)(i & 255), n[i]);
  }
  for (size_t i = 0; i < N; i++)
    for (size_t k = 0; k < n[i]; k++)
      if (p[i][k] != (i & 255))
        fail_msg("block %zu has been written over", i);
  kb_arena_free(a);
}

static void test_text(void **state)
{
  (void)state;
  kb_arena *a = kb_arena_new();
  assert_string_equal(kb_arena_strndup(a, "abcdef", 3), "abc");
  assert_string_equal(kb_arena_strndup(a, "", 0), "");
  assert_string_equal(kb_arena_printf(a, "%d-%s", 7, "x"), "7-x");
  char *big = kb_arena_printf(a, "%*d", 100000, 1);
  assert_int_equal(strlen(big), 100000);
  kb_arena_free(a);
  kb_arena_free(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_zeroed_and_aligned),
    cmocka_unit_test(test_no_overlap),
    cmocka_unit_test(test_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
