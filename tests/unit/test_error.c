/* SPDX-License-Identifier: MIT */
/* The pending exit and the error state: messages, frames, deep recursion, handler, threads, foreign ABI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include "runtime/rt.h"

static const kb_unit unit = { KB_ABI, "k.py", "3.11", "0.1.0", 0, NULL, NULL };
static const kb_unit future = { KB_ABI + 1, NULL, NULL, NULL, 0, NULL, NULL };
static const kb_fn_info fn_f = { .unit = &unit, .name = "f" };
static const kb_fn_info fn_g = { .unit = &unit, .name = "g" };
static const kb_fn_info fn_main = { .unit = &unit, .name = "main" };
static const kb_site_frame inner[] = { { &fn_f, 12, 3, 0, UINT32_MAX, 0, NULL } };
static const kb_site_frame inlined[] = { { &fn_g, 20, 1, 0, UINT32_MAX, 0, NULL },
                                         { &fn_f, 12, 3, 0, UINT32_MAX, 0, NULL } };
static const kb_site_frame outer[] = { { &fn_main, 30, 5, 0, UINT32_MAX, 0, NULL } };
static const kb_site bounds = {
  &unit, KB_SITE_RAISE, KB_EXC_IndexError, 3, "bounds", "index {0} is out of bounds for axis {1} with size {2}", "iiid",
  1,     inner
};
static const kb_site plain = { &unit, KB_SITE_RAISE, KB_EXC_ValueError, 0, "raise", "{0} stays", "i", 2, inlined };
static const kb_site empty = { &unit, KB_SITE_RAISE, KB_EXC_StopIteration, 0, "raise", NULL, "", 1, inner };
static const kb_site overflow = { &unit, KB_SITE_DEOPT, 0, 0, "overflow", NULL, "i", 1, inner };
static const kb_site call = { &unit, KB_SITE_CALL, 0, 0, "call", NULL, "", 1, outer };
static const kb_site foreign = { &future, 77, 77, 7, NULL, (const char *)1, (const char *)1, 7, NULL };

static void bounds_error(void **state)
{
  (void)state;
  kb_error_clear();
  assert_null(kb_error_get());
  kb_exit(&bounds, (int64_t)-7, (int64_t)0, (int64_t)3, 1.5);
  assert_null(kb_error_get()); /* not before the public wrapper */
  kb_exit(&call);
  kb_exit_to_error();
  const kb_error *e = kb_error_get();
  assert_non_null(e);
  assert_string_equal(e->type, "IndexError");
  assert_string_equal(e->message, "index -7 is out of bounds for axis 0 with size 3");
  assert_string_equal(e->file, "k.py");
  assert_string_equal(e->function, "f");
  assert_int_equal(e->line, 12);
  kb_error_clear();
  assert_null(kb_error_get());
}

static void messages_without_values(void **state)
{
  (void)state;
  kb_exit(&plain, (int64_t)1);
  assert_int_equal(kb_pending_get()->nframes, 2);
  assert_string_equal(kb_pending_frame(kb_pending_get(), 0)->func, "g");
  assert_string_equal(kb_pending_frame(kb_pending_get(), 1)->func, "f");
  kb_exit_to_error();
  assert_string_equal(kb_error_get()->message, "{0} stays"); /* only {k} of a value that there is */
  kb_exit(&empty);
  assert_null(kb_pending_get()->message);
  kb_exit_to_error();
  assert_string_equal(kb_error_get()->type, "StopIteration");
  assert_string_equal(kb_error_get()->message, "");
  kb_exit(&overflow, (int64_t)1);
  assert_true(kb_pending_get()->deopt);
  kb_exit_to_error();
  assert_string_equal(kb_error_get()->type, "OverflowError");
  assert_non_null(strstr(kb_error_get()->message, "interpreted"));
}

/* A failure replaces the one before; a CALL exit with nothing pending is our bug, not a crash. */
static void odd_orders(void **state)
{
  (void)state;
  kb_exit(&bounds, (int64_t)1, (int64_t)0, (int64_t)1, 0.0);
  kb_exit(&plain, (int64_t)1);
  assert_int_equal(kb_pending_get()->exc, KB_EXC_ValueError);
  assert_int_equal(kb_pending_get()->nframes, 2);
  kb_exit_to_error();
  kb_exit(&call);
  kb_exit_to_error();
  assert_string_equal(kb_error_get()->type, "SystemError");
  kb_exit_to_error();
  assert_string_equal(kb_error_get()->type, "SystemError");
  kb_exit(&foreign);
  kb_exit_to_error();
  assert_string_equal(kb_error_get()->type, "SystemError");
  assert_non_null(strstr(kb_error_get()->message, "ABI"));
}

static void deep_recursion(void **state)
{
  (void)state;
  const kb_pending *p = kb_pending_get();
  kb_exit(&plain, (int64_t)1);
  for (int i = 2; i < 100000; i++) kb_exit(&call);
  assert_int_equal(p->nframes, 100000);
  assert_int_equal(kb_pending_dropped(p), 100000 - KB_FRAMES_INNER - KB_FRAMES_OUTER);
  uint64_t kept = 0;
  for (uint64_t i = 0; i < p->nframes; i++) kept += kb_pending_frame(p, i) != NULL;
  assert_int_equal(kept, KB_FRAMES_INNER + KB_FRAMES_OUTER);
  assert_string_equal(kb_pending_frame(p, 0)->func, "g");
  assert_int_equal(kb_pending_frame(p, KB_FRAMES_INNER - 1)->line, 30);
  assert_null(kb_pending_frame(p, KB_FRAMES_INNER));
  assert_non_null(kb_pending_frame(p, 99999));
  assert_null(kb_pending_frame(p, 100000));
  kb_exit_to_error();
}

static int handled;
static void handler(const kb_error *e, void *data)
{
  assert_ptr_equal(data, &handled);
  if (handled++) return;
  const char *text = e->message;
  char before[64];
  (void)strncpy(before, text, sizeof before - 1);
  before[63] = 0;
  kb_exit(&bounds, (int64_t)2, (int64_t)0, (int64_t)1, 0.0); /* a kernel that fails in the handler */
  assert_string_equal(text, before);
  kb_exit_to_error();
}

static void handlers(void **state)
{
  (void)state;
  assert_null(kb_error_set_handler(handler, &handled));
  kb_exit(&bounds, (int64_t)1, (int64_t)0, (int64_t)1, 0.0);
  kb_exit_to_error();
  assert_int_equal(handled, 2);
  assert_string_equal(kb_error_get()->message, "index 2 is out of bounds for axis 0 with size 1");
  assert_ptr_equal(kb_error_set_handler(NULL, NULL), handler);
}

static void *other_thread(void *seen)
{
  *(const kb_error **)seen = kb_error_get();
  kb_exit(&plain, (int64_t)1);
  kb_exit_to_error();
  return (void *)(intptr_t)(strcmp(kb_error_get()->type, "ValueError") == 0);
}

static void threads(void **state)
{
  (void)state;
  kb_exit(&bounds, (int64_t)1, (int64_t)0, (int64_t)1, 0.0);
  kb_exit_to_error();
  pthread_t t;
  const kb_error *seen = (const kb_error *)1;
  void *ok = NULL;
  assert_int_equal(pthread_create(&t, NULL, other_thread, &seen), 0);
  assert_int_equal(pthread_join(t, &ok), 0);
  assert_null(seen);
  assert_non_null(ok);
  assert_string_equal(kb_error_get()->type, "IndexError");
}

static void floats(void **state)
{
  (void)state;
  static const struct {
    double d;
    const char *repr;
  } rows[] = {
    { 0.0, "0.0" },
    { -0.0, "-0.0" },
    { 1.0, "1.0" },
    { -1.5, "-1.5" },
    { 0.1, "0.1" },
    { 1.0 / 3, "0.3333333333333333" },
    { 0.1 + 0.2, "0.30000000000000004" },
    { 1e15, "1000000000000000.0" },
    { 1e16, "1e+16" },
    { 123456789012345678.0, "1.2345678901234568e+17" },
    { 1e-4, "0.0001" },
    { 1e-5, "1e-05" },
    { 1.5e-7, "1.5e-07" },
    { 1e22, "1e+22" },
    { 1e23, "1e+23" },
    { 1e100, "1e+100" },
    { 5e-324, "5e-324" },
    { DBL_MIN, "2.2250738585072014e-308" },
    { DBL_MAX, "1.7976931348623157e+308" },
    { 0x1p-44, "5.684341886080802e-14" },
    { 0x1p-1022 - 0x1p-1074, "2.225073858507201e-308" },
    { 9007199254740993.0, "9007199254740992.0" },
    { HUGE_VAL, "inf" },
    { -HUGE_VAL, "-inf" },
    { NAN, "nan" },
    { 100.0, "100.0" },
    { 12345.678, "12345.678" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char buf[32];
    kb_format_double(buf, rows[i].d);
    assert_string_equal(buf, rows[i].repr);
  }
}

static void format(char *buf, size_t size, const char *msg, const char *args, ...)
{
  va_list ap;
  va_start(ap, args);
  kb_format_message(buf, size, msg, args, (unsigned)strlen(args), ap);
  va_end(ap);
}

static void formats(void **state)
{
  (void)state;
  char buf[128];
  format(buf, sizeof buf, "{4} {3} {2} {1} {0} {5} {} {x} {12", "iudbb", INT64_MIN, UINT64_MAX, 2.5, 1, 0);
  assert_string_equal(buf, "False True 2.5 18446744073709551615 -9223372036854775808 {5} {} {x} {12");
  format(buf, 16, "0123456789abcdef", "");
  assert_string_equal(buf, "0123456789ab...");
  format(buf, 16, "0123456789a\xc3\xa4\xc3\xb6x", ""); /* not half of an umlaut */
  assert_string_equal(buf, "0123456789a...");
  format(buf, 16, "01234567 {0}", "i", (int64_t)123456789);
  assert_string_equal(buf, "01234567 ...");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(bounds_error), cmocka_unit_test(messages_without_values),
    cmocka_unit_test(odd_orders),   cmocka_unit_test(deep_recursion),
    cmocka_unit_test(handlers),     cmocka_unit_test(threads),
    cmocka_unit_test(floats),       cmocka_unit_test(formats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
