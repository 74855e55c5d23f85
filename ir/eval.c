/* SPDX-License-Identifier: MIT */
/* eval.c: the meaning of VAL and GRD rows at compile time, through the very expressions of ops.def.
 *
 * Compiled with contraction off: what it computes has to be what compiled kernels compute.
 */
#include "ir.h"
#include "../include/kbops.h"

#include <math.h>

/* guard.stack asks the running thread; it is refused below, and must not need the runtime to link. */
#define kb_stack_ok() false

/* -- Where a row has a meaning --------------------------------------------------------------------- */

static bool in_domain_int(kb_op op, int64_t a, int64_t b, int64_t c)
{
  int64_t r;
  switch (op) {
  case KB_IADDN: return !__builtin_add_overflow(a, b, &r);
  case KB_ISUBN: return !__builtin_sub_overflow(a, b, &r);
  case KB_IMULN: return !__builtin_mul_overflow(a, b, &r);
  case KB_ISHLN: return b >= 0 && b < 63 && !__builtin_mul_overflow(a, (int64_t)1 << b, &r);
  case KB_ISHL: case KB_ISHR: case KB_IPOW: case KB_ISHLO: case KB_IPOWO: return b >= 0;
  case KB_IFLOORDIV: return b != 0 && !(a == INT64_MIN && b == -1);
  case KB_IMOD: case KB_ITRUEDIV: return b != 0;
  case KB_IDIVN: case KB_IMODN: return a >= 0 && b > 0;
  case KB_IPOWMOD: return b >= 0 && c != 0;
  case KB_IGCD: return a != INT64_MIN && b != INT64_MIN;
  case KB_IISQRT: return a >= 0;
  case KB_IRANGELEN: case KB_IRANGELEFT: return c != 0;
  default: return !(kb_ops[op].flags & KB_OF_T);
  }
}

/* Refuses T rows outside their domain, libm, whatever reads memory, and rows written by hand. */
static bool in_domain(kb_op op, const kb_imm *x)
{
  if (!kb_ops[op].expr || (kb_ops[op].flags & KB_OF_L))
    return false;
  switch (op) {
  case KB_UDIV: case KB_UMOD: case KB_UTRUEDIV: return x[1].i != 0;
  case KB_FFLOORDIV: case KB_FMOD: return x[1].d != 0.0;
  case KB_SFLOORDIV: case KB_SMOD: return x[1].s != 0.0f;
  case KB_F2I: return x[0].d >= -0x1p63 && x[0].d < 0x1p63;
  default: break;
  }
  const char *args = kb_ops[op].args;
  if (args[0] != 'I')
    return !(kb_ops[op].flags & KB_OF_T);
  bool two = args[1] == 'I', three = two && args[2] == 'I';
  return in_domain_int(op, x[0].i, two ? x[1].i : 0, three ? x[2].i : 0);
}

/* -- The rows -------------------------------------------------------------------------------------- */

/* Operands by the letters of the row. */
#define LOAD_
#define LOAD_I const int64_t a = x[0].i;
#define LOAD_II LOAD_I const int64_t b = x[1].i;
#define LOAD_III LOAD_II const int64_t c = x[2].i;
#define LOAD_U const uint64_t a = (uint64_t)x[0].i;
#define LOAD_UU LOAD_U const uint64_t b = (uint64_t)x[1].i;
#define LOAD_D const double a = x[0].d;
#define LOAD_DD LOAD_D const double b = x[1].d;
#define LOAD_DDD LOAD_DD const double c = x[2].d;
#define LOAD_S const float a = x[0].s;
#define LOAD_SS LOAD_S const float b = x[1].s;
#define LOAD_B const bool a = x[0].i != 0;
#define LOAD_BB LOAD_B const bool b = x[1].i != 0;
#define LOAD_ID LOAD_I const double b = x[1].d;

#define STORE(letter, e)                                                                                               \
  ((letter) == 'D'   ? (void)(out->d = (double)(e))                                                                    \
   : (letter) == 'S' ? (void)(out->s = (float)(e))                                                                     \
                     : (void)(out->i = (int64_t)(e)))

/* Does the guard hold? VAL rows always do. */
static bool compute(kb_op op, const kb_imm *x, kb_imm *out)
{
  int64_t *r = &out->i;
  (void)r;
  switch (op) {
#define VAL(name, text, res, args, flags, prec, ...) \
  case KB_##name: { LOAD_##args STORE(res, (__VA_ARGS__)); return true; }
#define GRD(name, text, res, args, flags, prec, ...) \
  case KB_##name: { LOAD_##args return (__VA_ARGS__); }
#include "ops.def"
  default: return false;
  }
}

kb_evalres kb_eval(kb_op op, const kb_imm *args, uint32_t nargs, kb_imm imm, kb_imm *r)
{
  (void)imm;
  kb_imm out = { .i = 0 };
  if (op == KB_SEL && nargs == 3) {
    *r = args[0].i ? args[1] : args[2];
    return KB_EVAL_OK;
  }
  if (!in_domain(op, args))
    return KB_EVAL_NO;
  if (!compute(op, args, &out))
    return KB_EVAL_FAILS;
  /* the sign of a new NaN is the machine's business, not ours */
  if ((kb_ops[op].result == 'D' && isnan(out.d)) || (kb_ops[op].result == 'S' && isnan(out.s)))
    return KB_EVAL_NO;
  *r = out;
  return KB_EVAL_OK;
}
