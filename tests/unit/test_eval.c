/* SPDX-License-Identifier: MIT */
/* kb_eval: Python's meaning on edge values, and what it refuses. */
#include "ir_test.h"

#include <math.h>

static const kb_imm none = { .i = 0 };

static kb_evalres eval_i(kb_op op, int64_t a, int64_t b, int64_t c, kb_imm *r)
{
  kb_imm x[3] = { { .i = a }, { .i = b }, { .i = c } };
  return kb_eval(op, x, (uint32_t)strlen(kb_ops[op].args), none, r);
}

static kb_evalres eval_d(kb_op op, double a, double b, kb_imm *r)
{
  kb_imm x[2];
  x[0].d = a;
  x[1].d = b;
  return kb_eval(op, x, (uint32_t)strlen(kb_ops[op].args), none, r);
}

static void is_i(kb_op op, int64_t a, int64_t b, int64_t want)
{
  kb_imm r;
  if (eval_i(op, a, b, 0, &r) != KB_EVAL_OK || r.i != want)
    fail_msg("%s %lld, %lld is not %lld", kb_ops[op].text, (long long)a, (long long)b, (long long)want);
}

static void is_d(kb_op op, double a, double b, double want)
{
  kb_imm r;
  if (eval_d(op, a, b, &r) != KB_EVAL_OK || memcmp(&r.d, &want, sizeof want) != 0)
    fail_msg("%s %g, %g is not %g", kb_ops[op].text, a, b, want);
}

static void refuses_i(kb_op op, int64_t a, int64_t b)
{
  kb_imm r;
  if (eval_i(op, a, b, 0, &r) != KB_EVAL_NO)
    fail_msg("%s %lld, %lld has a value", kb_ops[op].text, (long long)a, (long long)b);
}

static void refuses_d(kb_op op, double a, double b)
{
  kb_imm r;
  if (eval_d(op, a, b, &r) != KB_EVAL_NO)
    fail_msg("%s %g, %g has a value", kb_ops[op].text, a, b);
}

static void test_integers(void **state)
{
  (void)state;
  is_i(KB_IADD, INT64_MAX, 1, INT64_MIN);
  is_i(KB_ISUB, INT64_MIN, 1, INT64_MAX);
  is_i(KB_IMUL, INT64_MIN, -1, INT64_MIN);
  is_i(KB_INEG, INT64_MIN, 0, INT64_MIN);
  is_i(KB_IADDN, 2, 3, 5);
  is_i(KB_IFLOORDIV, -7, 2, -4);
  is_i(KB_IFLOORDIV, 7, -2, -4);
  is_i(KB_IFLOORDIV, -7, -2, 3);
  is_i(KB_IMOD, -7, 2, 1);
  is_i(KB_IMOD, 7, -2, -1);
  is_i(KB_IMOD, INT64_MIN, -1, 0);
  is_i(KB_IMOD, 6, -3, 0);
  is_i(KB_ISHL, 1, 63, INT64_MIN);
  is_i(KB_ISHL, 1, 64, 0);
  is_i(KB_ISHR, -1, 100, -1);
  is_i(KB_ISHR, 8, 100, 0);
  is_i(KB_IPOW, 3, 4, 81);
  is_i(KB_IPOW, 2, 64, 0);
  is_i(KB_IPOW, 0, 0, 1);
  is_i(KB_INORM, -1, 5, 4);
  is_i(KB_INORM, 4, 5, 4);
  is_i(KB_IMIN, -3, 2, -3);
  is_i(KB_IWRAP8, 200, 0, -56);
  is_i(KB_IWRAPU8, -1, 0, 255);
  is_i(KB_IWRAP32, INT64_C(1) << 31, 0, INT32_MIN);
  is_i(KB_ILT, -1, 0, 1);
  is_i(KB_ULT, -1, 0, 0); /* unsigned */
  is_i(KB_UDIV, -1, 2, INT64_MAX);
  is_i(KB_USHR, -1, 1, INT64_MAX);
  is_i(KB_UADD, -1, 1, 0);
  is_i(KB_B2I, 1, 0, 1);
  is_i(KB_BNOT, 1, 0, 0);
  kb_imm r;
  assert_int_equal(eval_i(KB_IRANGELEN, 0, 10, 3, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 4);
  assert_int_equal(eval_i(KB_IRANGELEN, 10, 0, -3, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 4);
  assert_int_equal(eval_i(KB_IRANGELEN, INT64_MIN, INT64_MAX, 1, &r), KB_EVAL_OK);
  assert_int_equal(r.i, INT64_MAX); /* saturates */
  assert_int_equal(eval_i(KB_IRANGELEFT, 3, 0, -1, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 1);
}

static void test_integers_refused(void **state)
{
  (void)state;
  refuses_i(KB_IADDN, INT64_MAX, 1);
  refuses_i(KB_ISUBN, INT64_MIN, 1);
  refuses_i(KB_IMULN, INT64_MIN, -1);
  refuses_i(KB_ISHLN, 1, 63);
  refuses_i(KB_ISHLN, 1, -1);
  refuses_i(KB_ISHL, 1, -1);
  refuses_i(KB_ISHR, 1, -1);
  refuses_i(KB_IPOW, 2, -1);
  refuses_i(KB_IFLOORDIV, 1, 0);
  refuses_i(KB_IFLOORDIV, INT64_MIN, -1);
  refuses_i(KB_IMOD, 1, 0);
  refuses_i(KB_IDIVN, -1, 2);
  refuses_i(KB_IMODN, 1, 0);
  refuses_i(KB_UDIV, 1, 0);
  refuses_i(KB_UMOD, 1, 0);
  refuses_i(KB_ITRUEDIV, 1, 0);
  refuses_i(KB_IRANGELEN, 0, 3); /* step 0 */
}

static void test_floats(void **state)
{
  (void)state;
  is_d(KB_FADD, 0.1, 0.2, 0.1 + 0.2);
  is_d(KB_FADD, -0.0, 0.0, 0.0);
  is_d(KB_FMUL, -0.0, 3.0, -0.0);
  is_d(KB_FDIV, 1.0, 0.0, INFINITY);
  is_d(KB_FSQRT, 2.0, 0.0, sqrt(2.0));
  is_d(KB_FFLOORDIV, -7.0, 2.0, -4.0);
  is_d(KB_FFLOORDIV, -0.0, 2.0, -0.0);
  is_d(KB_FMOD, -7.0, 2.0, 1.0);
  is_d(KB_FMOD, 5.0, -3.0, -1.0);
  is_d(KB_FMOD, -4.0, 2.0, 0.0);
  is_d(KB_FMOD, 4.0, -2.0, -0.0);
  is_d(KB_FRINT, 2.5, 0.0, 2.0);
  is_d(KB_FRINT, -0.5, 0.0, -0.0);
  is_d(KB_FCOPYSIGN, 1.0, -0.0, -1.0);
  is_d(KB_FNEG, 0.0, 0.0, -0.0);
  refuses_d(KB_FFLOORDIV, 1.0, 0.0);
  refuses_d(KB_FMOD, 1.0, -0.0);
  refuses_d(KB_FDIV, 0.0, 0.0); /* a NaN */
  refuses_d(KB_FSQRT, -1.0, 0.0);
  refuses_d(KB_FSUB, INFINITY, INFINITY);
  refuses_d(KB_MSIN, 0.5, 0.0);
  refuses_d(KB_FPOW, 2.0, 2.0);
  kb_imm r;
  assert_int_equal(eval_d(KB_FLT, NAN, 1.0, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 0);
  assert_int_equal(eval_d(KB_FNE, NAN, NAN, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 1);
  assert_int_equal(eval_d(KB_FISNAN, NAN, 0.0, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 1);
  assert_int_equal(eval_d(KB_F2I, -3.9, 0.0, &r), KB_EVAL_OK);
  assert_int_equal(r.i, -3);
  refuses_d(KB_F2I, 0x1p63, 0.0);
  refuses_d(KB_F2I, NAN, 0.0);
}

/* float arithmetic, not double arithmetic rounded at the end. */
static void test_singles(void **state)
{
  (void)state;
  kb_imm x[2], r;
  x[0].i = x[1].i = 0;
  x[0].s = 16777216.0f;
  x[1].s = 1.0f;
  assert_int_equal(kb_eval(KB_SADD, x, 2, none, &r), KB_EVAL_OK);
  assert_true(r.s == 16777216.0f);
  x[0].s = 3e38f;
  x[1].s = 10.0f;
  assert_int_equal(kb_eval(KB_SMUL, x, 2, none, &r), KB_EVAL_OK);
  assert_true(isinf(r.s));
  x[0].d = 1e300;
  assert_int_equal(kb_eval(KB_F2S, x, 1, none, &r), KB_EVAL_OK);
  assert_true(isinf(r.s));
}

/* An int meets a float exactly: 2**53 + 1 is not 2.0**53. */
static void test_mixed(void **state)
{
  (void)state;
  kb_imm x[2], r;
  x[0].i = (INT64_C(1) << 53) + 1;
  x[1].d = 0x1p53;
  assert_int_equal(kb_eval(KB_IFEQ, x, 2, none, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 0);
  assert_int_equal(kb_eval(KB_IFGT, x, 2, none, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 1);
  x[0].i = INT64_MAX;
  x[1].d = 0x1p63;
  assert_int_equal(kb_eval(KB_IFLT, x, 2, none, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 1);
  x[1].d = NAN;
  assert_int_equal(kb_eval(KB_IFNE, x, 2, none, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 1);
  x[0].i = 1;
  x[1].i = 3;
  assert_int_equal(kb_eval(KB_ITRUEDIV, x, 2, none, &r), KB_EVAL_OK);
  assert_true(r.d == 1.0 / 3.0);
}

static void test_guards(void **state)
{
  (void)state;
  kb_imm r;
  assert_int_equal(eval_i(KB_GBOUND, 4, 5, 0, &r), KB_EVAL_OK);
  assert_int_equal(eval_i(KB_GBOUND, 5, 5, 0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_GBOUND, -1, 5, 0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_GRANGE, 5, 0, 5, &r), KB_EVAL_OK);
  assert_int_equal(eval_i(KB_GRANGE, 6, 0, 5, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_GNZ, 0, 0, 0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_GDIV, INT64_MIN, -1, 0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_GDIV, INT64_MIN, 1, 0, &r), KB_EVAL_OK);
  assert_int_equal(eval_i(KB_IADDO, 2, 3, 0, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 5);
  assert_int_equal(eval_i(KB_IADDO, INT64_MAX, 1, 0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_IMULO, INT64_MIN, -1, 0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_ISHLO, 1, 62, 0, &r), KB_EVAL_OK);
  assert_int_equal(eval_i(KB_ISHLO, 1, 63, 0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_ISHLO, 0, 1000, 0, &r), KB_EVAL_OK);
  assert_int_equal(eval_i(KB_ISHLO, 1, -1, 0, &r), KB_EVAL_NO);
  assert_int_equal(eval_i(KB_IPOWO, -2, 63, 0, &r), KB_EVAL_OK);
  assert_int_equal(r.i, INT64_MIN);
  assert_int_equal(eval_i(KB_IPOWO, 2, 63, 0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_d(KB_GF2I, 0x1p63, 0.0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_d(KB_GF2I, -0x1p63, 0.0, &r), KB_EVAL_OK);
  assert_int_equal(eval_d(KB_GF2I, NAN, 0.0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_d(KB_GFNZ, -0.0, 0.0, &r), KB_EVAL_FAILS);
  assert_int_equal(eval_i(KB_GSTACK, 0, 0, 0, &r), KB_EVAL_NO);
}

static void test_by_hand(void **state)
{
  (void)state;
  kb_imm x[3] = { { .i = 0 }, { .i = 5 }, { .i = 7 } }, r;
  assert_int_equal(kb_eval(KB_SEL, x, 3, none, &r), KB_EVAL_OK);
  assert_int_equal(r.i, 7);
  assert_int_equal(kb_eval(KB_PHI, x, 2, none, &r), KB_EVAL_NO);
  assert_int_equal(kb_eval(KB_LD, x, 2, none, &r), KB_EVAL_NO);
  assert_int_equal(kb_eval(KB_OADD, x, 2, none, &r), KB_EVAL_NO);
  assert_int_equal(kb_eval(KB_VLEN, x, 1, none, &r), KB_EVAL_NO);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_integers), cmocka_unit_test(test_integers_refused), cmocka_unit_test(test_floats),
    cmocka_unit_test(test_singles),  cmocka_unit_test(test_mixed),            cmocka_unit_test(test_guards),
    cmocka_unit_test(test_by_hand),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
