/* SPDX-License-Identifier: MIT */
/* Spelling of types in C, and the names that a kernel cannot have there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "emit/emit.h"

static void types(void **state)
{
  (void)state;
  assert_string_equal(kb_ctype(KB_T_INT, false), "int64_t");
  assert_string_equal(kb_ctype(KB_T_FLOAT, false), "double");
  assert_string_equal(kb_ctype(KB_T_I32, false), "int32_t");
  assert_string_equal(kb_ctype(KB_T_U8, false), "uint8_t");
  assert_string_equal(kb_ctype(KB_T_F32, false), "float");
  assert_string_equal(kb_ctype(KB_T_BOOL, false), "bool");
  assert_string_equal(kb_ctype(KB_T_VOID, false), "void");
  assert_string_equal(kb_cclass(KB_T_I8, false), "int64_t");
  assert_string_equal(kb_cclass(KB_T_U32, false), "int64_t");
  assert_string_equal(kb_cclass(KB_T_U64, false), "uint64_t");
  assert_string_equal(kb_cclass(KB_T_F32, false), "float");
  assert_string_equal(kb_cclass(KB_T_BOOL, false), "bool");
  kb_ty a = kb_type_array(KB_T_F32, 2, false, false), c = kb_type_array(KB_T_BOOL, 4, true, true);
  assert_string_equal(kb_ctype(a, false), "kb_f32x2");
  assert_string_equal(kb_ctype(a, true), "kb_cf32x2");
  assert_string_equal(kb_ctype(c, false), "kb_cbooleanx4");
  assert_string_equal(kb_cclass(a, true), "kb_cf32x2");
  assert_string_equal(kb_ctype(kb_type_ptr(KB_T_F64), false), "double *");
  assert_string_equal(kb_ctype(kb_type_ptr(KB_T_U16), true), "const uint16_t *");
}

static void refused(void **state)
{
  (void)state;
  static const char *const rows[][2] = {
    { "int", "keyword of C" },
    { "restrict", "keyword of C" },
    { "class", "keyword of C++" },
    { "co_await", "keyword of C++" },
    { "xor_eq", "keyword of C++" },
    { "printf", "function" },
    { "read", "function" },
    { "y1", "function" },
    { "fmaf", "function" },
    { "abort", "function" },
    { "dot3d", NULL },
    { "dot", NULL },
    { "gemm", NULL },
    { "saxpy", NULL },
    { "errno", "variable" },
    { "EOF", "macro" },
    { "size_t", "type" },
    { "FILE", "type" },
    { "I", "macro" },
    { "linux", "macro" },
    { "main", "own function" },
    { "kb_dot", "Keelback" },
    { "kb", NULL },
    { "_dot", "begins with _" },
    { "__dot", "begins with _" },
    { "", "identifier" },
    { "a-b", "identifier" },
    { "1a", "identifier" },
    { "h\xc3\xa4", "identifier" },
    { "xor_eqq", NULL },
    { "Printf", NULL },
    { "optarg", "variable" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *why = kb_cname_refused(rows[i][0]);
    if (rows[i][1] == NULL ? why != NULL : why == NULL || strstr(why, rows[i][1]) == NULL)
      fail_msg("%s: %s", rows[i][0], why ? why : "accepted");
  }
}

/* Each is found: the table is in strcmp's order, which bsearch needs. */
static void every_name(void **state)
{
  (void)state;
  static const char *const names[] = {
#define NAME(name, why) name,
#include "emit/cnames.def"
#undef NAME
  };
  size_t n = sizeof names / sizeof *names;
  assert_true(n > 3000);
  for (size_t i = 0; i < n; i++) {
    assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
    assert_non_null(kb_cname_refused(names[i]));
  }
}

static void locals(void **state)
{
  (void)state;
  assert_true(kb_cname_local_ok("x"));
  assert_true(kb_cname_local_ok("_x"));
  assert_true(kb_cname_local_ok("index")); /* hides the function in its scope, which is C */
  assert_false(kb_cname_local_ok("register"));
  assert_false(kb_cname_local_ok("new"));
  assert_false(kb_cname_local_ok("bool"));
  assert_false(kb_cname_local_ok("int64_t"));
  assert_false(kb_cname_local_ok("NULL"));
  assert_false(kb_cname_local_ok("__x"));
  assert_false(kb_cname_local_ok("kb_exit"));
  assert_false(kb_cname_local_ok("\xce\xb1"));
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(types), cmocka_unit_test(refused), cmocka_unit_test(every_name),
                                      cmocka_unit_test(locals) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
