/* SPDX-License-Identifier: MIT */
/* One copy of each string; messages with source line and caret. */
#include "ir_test.h"

#include <unistd.h>

static void test_same_pointer(void **state)
{
  (void)state;
  char buf[32];
  const char *kept[3000];
  for (int i = 0; i < 3000; i++) {
    snprintf(buf, sizeof buf, "name%d", i);
    kept[i] = kb_intern(buf);
    assert_string_equal(kept[i], buf);
  }
  for (int i = 0; i < 3000; i++) {
    snprintf(buf, sizeof buf, "name%d", i);
    assert_ptr_equal(kb_intern(buf), kept[i]);
  }
  assert_ptr_not_equal(kb_intern("name1"), kb_intern("name10"));
}

static void test_parts(void **state)
{
  (void)state;
  assert_ptr_equal(kb_intern_n("abcdef", 3), kb_intern("abc"));
  assert_ptr_not_equal(kb_intern_n("abcdef", 3), kb_intern("abcdef"));
  assert_ptr_equal(kb_intern_n("x", 0), kb_intern(""));
}

static void test_error_with_caret(void **state)
{
  (void)state;
  kb_loc at = { "t.py", 2, 3, 6 };
  kb_diag_set_sink(catch_message, NULL);
  kb_diag_source("t.py", "one\n\tafoo bar\n", 14);
  kb_error_reset();
  kb_error(at, "%s is wrong", "foo");
  assert_string_equal(caught, "t.py:2:3: error: foo is wrong\n    \tafoo bar\n    \t ^~~\n");
  assert_int_equal(kb_error_count(), 1);
  kb_note(at, "so it is");
  assert_int_equal(kb_error_count(), 1);
  kb_loc whole = { "t.py", 0, 0, 0 };
  kb_error(whole, "empty");
  assert_string_equal(caught, "t.py: error: empty\n");
  kb_loc behind = { "t.py", 99, 1, 0 };
  kb_error(behind, "no such line");
  assert_string_equal(caught, "t.py:99:1: error: no such line\n");
  kb_error(nowhere, "no file");
  assert_string_equal(caught, "keelback: error: no file\n");
  assert_int_equal(kb_error_count(), 4);
  kb_error_reset();
  assert_int_equal(kb_error_count(), 0);
  kb_diag_source(NULL, NULL, 0);
  kb_diag_set_sink(NULL, NULL);
}

static void write_file(const char *path, const char *text)
{
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  fputs(text, out);
  fclose(out);
}

/* A file is read again in the next run, not for each message. */
static void test_changed_file(void **state)
{
  (void)state;
  char path[] = "/tmp/keelback-test-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  kb_loc at = { path, 1, 1, 0 };
  kb_diag_set_sink(catch_message, NULL);
  kb_error_reset();
  write_file(path, "old\n");
  kb_error(at, "x");
  assert_non_null(strstr(caught, "    old\n    ^\n"));
  write_file(path, "new\n");
  kb_error(at, "x");
  assert_non_null(strstr(caught, "    old\n"));
  kb_error_reset();
  kb_error(at, "x");
  assert_non_null(strstr(caught, "    new\n"));
  kb_error_reset();
  kb_diag_set_sink(NULL, NULL);
  unlink(path);
}

/* Columns count bytes, the caret stands under the character. */
static void test_caret_under_utf8(void **state)
{
  (void)state;
  kb_loc at = { "u.py", 1, 5, 0 };
  kb_diag_set_sink(catch_message, NULL);
  kb_diag_source("u.py", "\xc3\xa4\xc3\xb6x", 5);
  kb_error(at, "x");
  assert_string_equal(caught, "u.py:1:5: error: x\n    \xc3\xa4\xc3\xb6x\n      ^\n");
  kb_diag_source(NULL, NULL, 0);
  kb_diag_set_sink(NULL, NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_same_pointer),
    cmocka_unit_test(test_parts),
    cmocka_unit_test(test_error_with_caret),
    cmocka_unit_test(test_changed_file),
    cmocka_unit_test(test_caret_under_utf8),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
