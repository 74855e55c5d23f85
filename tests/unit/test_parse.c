/* SPDX-License-Identifier: MIT */
/* Text: parse(print(f)) == f on random functions, numbers to the bit, messages with their place. */
#include "ir_test.h"

#include <math.h>

static void same_again(const char *text)
{
  kb_mod *m = module_of(text);
  char *once = text_of(m);
  kb_mod *m2 = module_of(once);
  char *twice = text_of(m2);
  assert_string_equal(once, twice);
  free(once);
  free(twice);
  kb_mod_free(m);
  kb_mod_free(m2);
}

static uint64_t seed = 88172645463325252u;
static uint32_t any(uint32_t n)
{
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (uint32_t)(seed >> 33) % n;
}

static kb_ref any_value(kb_fn *f, kb_ty ty, const kb_ref *have, uint32_t n)
{
  for (int tries = 0; tries < 8 && n; tries++) {
    kb_ref r = have[any(n)];
    if (kb_v(f, r)->ty == ty)
      return r;
  }
  switch (ty) {
  case KB_T_F64: return kb_const_float(f, ty, ldexp((double)any(1000000) - 500000, (int)any(600) - 300));
  case KB_T_F32: return kb_const_float(f, ty, ldexp((double)any(100000), (int)any(60) - 30));
  case KB_T_BOOL: return kb_const_int(f, ty, any(2));
  default: return kb_const_int(f, ty, (int64_t)((uint64_t)any(UINT32_MAX) << any(33)) - 5);
  }
}

static kb_ty letter_type(char c)
{
  return c == 'I' ? KB_T_I64 : c == 'U' ? KB_T_U64 : c == 'D' ? KB_T_F64 : c == 'S' ? KB_T_F32 : KB_T_BOOL;
}

static uint32_t any_snap(kb_fn *f, const kb_ref *have, uint32_t n)
{
  kb_entry e[3], sub[2];
  memset(e, 0, sizeof e);
  memset(sub, 0, sizeof sub);
  for (uint32_t i = 0; i < 3; i++) {
    e[i].slot = i * 2;
    e[i].ty = KB_T_INT;
    e[i].ref = any_value(f, KB_T_I64, have, n);
  }
  sub[0].ty = sub[1].ty = KB_T_INT;
  sub[0].ref = sub[1].ref = any_value(f, KB_T_I64, have, n);
  e[2].kind = any(2) ? KB_E_EXPR : KB_E_VIRT;
  e[2].what = e[2].kind == KB_E_EXPR ? (uint16_t)KB_IADD : (uint16_t)KB_V_TUPLE;
  e[2].n = 2;
  e[2].sub = sub;
  kb_frame fr[2] = { { f->name, any(100), UINT32_MAX, { "r.py", any(9), 1, 4 }, 3, e },
                     { "outer", 3, any(5), { "o.py", 7, 0, 0 }, 0, NULL } };
  kb_ref args[1] = { any_value(f, KB_T_I64, have, n) };
  kb_snap s = { any(2) ? KB_EXIT_DEOPT : KB_EXIT_RAISE, (uint8_t)any(20), "value {0} \"x\"", 1, args, 1 + any(2), fr };
  fr[0].fn = kb_intern(f->name);
  fr[1].fn = kb_intern("outer");
  return kb_snap_new(f, &s);
}

/* A function of random blocks and random ops, every operand defined above in its own block or a parameter. */
static kb_mod *random_module(void)
{
  kb_mod *m = kb_mod_new("r.py", "3.12");
  kb_fn *f = kb_fn_new(m, "random");
  f->loc = (kb_loc){ "r.py", 3, 1, 9 };
  f->fastmath = any(32);
  f->wrap = any(2);
  f->ret = KB_T_VOID;
  kb_ref have[400];
  uint32_t nblocks = 1 + any(8), nhave = 0;
  static const char *const names[] = { "i", "x", "total", "\xc3\xa4", NULL, NULL };
  for (uint32_t i = 0; i < 4; i++)
    have[nhave++] = kb_param(f, letter_type("IDSB"[i]), (const char *[]){ "n", "a", "a", NULL }[i]);
  for (uint32_t b = 0; b < nblocks; b++)
    kb_blk_new(f);
  for (kb_bid b = 1; b <= nblocks; b++) {
    uint32_t mine = 4;
    for (uint32_t k = any(12); k-- > 0;) {
      kb_op op = (kb_op)any(KB_NOPS);
      const kb_oprow *row = &kb_ops[op];
      if (!row->expr || strspn(row->args, "IUDSB") != strlen(row->args))
        continue;
      kb_ref args[3];
      for (uint32_t i = 0; row->args[i]; i++)
        args[i] = any_value(f, letter_type(row->args[i]), have, mine);
      uint32_t snap = row->kind == KB_OP_GRD ? any_snap(f, have, mine) : 0;
      kb_ty ty = row->result == '-' ? KB_T_VOID : letter_type(row->result);
      kb_loc loc = { any(3) ? "r.py" : "other.py", any(2) ? any(50) + 1 : 0, any(9), any(9) };
      kb_ref r = kb_ins(f, b, op, ty, args, (uint32_t)strlen(row->args), loc);
      kb_v(f, r)->snap = snap;
      const char *name = names[any(6)];
      kb_v(f, r)->name = name && ty != KB_T_VOID ? kb_intern(name) : NULL;
      if (ty != KB_T_VOID)
        have[mine++] = r;
    }
    kb_bid x = nblocks > 1 ? 2 + any(nblocks - 1) : 0, y = nblocks > 1 ? 2 + any(nblocks - 1) : 0;
    if (!x || !any(4))
      kb_ret(f, b, NULL, 0, nowhere);
    else
      kb_br(f, b, any_value(f, KB_T_BOOL, have, mine), x, y, nowhere);
  }
  kb_cfg(f);
  for (kb_bid b = 2; b <= nblocks; b++) /* phis, of themselves round a loop */
    if (f->blk.v[b].pred.n && any(2)) {
      kb_ref p = kb_phi(f, b, KB_T_F64, f->blk.v[b].pred.n);
      for (uint32_t i = 0; i < f->blk.v[b].pred.n; i++)
        kb_v(f, p)->args[i] = kb_dominates(f, b, f->blk.v[b].pred.v[i]) ? p : any_value(f, KB_T_F64, have, 4);
    }
  return m;
}

static void test_random_round_trip(void **state)
{
  (void)state;
  for (int round = 0; round < 500; round++) {
    kb_mod *m = random_module();
    char why[500];
    if (!kb_verify(m, m->fns.v[0], why, sizeof why))
      fail_msg("round %d: %s", round, why);
    char *once = text_of(m);
    kb_mod *m2 = module_of(once);
    char *twice = text_of(m2);
    assert_string_equal(once, twice);
    if (!kb_verify(m2, m2->fns.v[0], why, sizeof why))
      fail_msg("round %d, read again: %s", round, why);
    free(once);
    free(twice);
    kb_mod_free(m);
    kb_mod_free(m2);
  }
}

static double f64_of(const char *number)
{
  char text[200];
  snprintf(text, sizeof text, "func float @f() {\n@e\n %%a = fneg %s\n ret %%a\n}\n", number);
  kb_mod *m = module_of(text);
  double d = kb_v(m->fns.v[0], kb_v(m->fns.v[0], named(m->fns.v[0], "a"))->args[0])->imm.d;
  kb_mod_free(m);
  return d;
}

static void test_numbers(void **state)
{
  (void)state;
  static const double values[] = {
    0.0,      -0.0,      1.0,    0.1,   1.0 / 3.0, 5e-324, 1.7976931348623157e308, 1e22, 123456789012345680.0,
    INFINITY, -INFINITY, 2.5e-5, 100.0, 1e16
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    kb_mod *m = kb_mod_new(NULL, NULL);
    kb_fn *f = kb_fn_new(m, "f");
    kb_ref c = kb_const_float(f, KB_T_F64, values[i]);
    f->ret = KB_T_FLOAT;
    kb_ret(f, kb_blk_new(f), &c, 1, nowhere);
    char *text = text_of(m), number[64];
    assert_int_equal(sscanf(strstr(text, "ret "), "ret %60s", number), 1);
    double back = f64_of(number);
    assert_memory_equal(&back, &values[i], sizeof back);
    free(text);
    kb_mod_free(m);
  }
  assert_true(isnan(f64_of("nan")));
  double payload = f64_of("nan:0xfff0000000000123");
  uint64_t bits;
  memcpy(&bits, &payload, sizeof bits);
  assert_true(bits == UINT64_C(0xfff0000000000123));
  assert_true(f64_of("0x1.8p+3") == 12.0);
}

static void test_blanks_and_comments(void **state)
{
  (void)state;
  same_again("# a comment\n\n   func   float @f ( f64   %x )   {  # behind\n@e:\n%a=fadd %x,1.0 # x\n\tret   %a\n}\n");
  same_again("func void @f() {\n@e\n ret\n}\r\n");
  same_again("");
  same_again("func bot @f(bot %x) generic {\n@e\n %a:bot = obj.add %x, undef:bot\n ret %a\n}\n"); /* before inference */
}

static void refused(const char *text, const char *message)
{
  kb_diag_set_sink(catch_message, NULL);
  caught[0] = 0;
  assert_null(kb_parse_text("bad.kir", text, strlen(text)));
  if (!strstr(caught, message))
    fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, caught, message);
  kb_diag_set_sink(NULL, NULL);
}

static void test_messages(void **state)
{
  (void)state;
  refused("func", "bad.kir:1:5: error: a type is expected");
  refused("foo", "bad.kir:1:1: error: module, func or snap is expected");
  refused("func f64 @f(", "a type is expected");
  refused("func f64 @f() {\n@e\n  ret %x\n}\n", "bad.kir:3:7: error: %x is not defined\n      ret %x\n          ^\n");
  refused("func f64 @f() {\n  ret 1.0\n}\n", "an instruction outside a block");
  refused("func f64 @f() {\n@e\n ret 1.0.0\n}\n", "'1.0.0' is no number");
  refused("func f64 @f() {\n@e\n ret 99999999999999999999u\n}\n", "does not fit 64 bits");
  refused("func f64 @f() {\n@e\n %a = obj.call #3 1\n}\n", "no builtin is called 3");
  refused("snap ^s deopt []\n", "a snapshot without a function");
  refused("func void @f() {\n@e\n ret\n}\nsnap ^s deopt [@f { 0 int new thing() }]\n", "a kind of object is expected");
  refused("func void @f() inline(perhaps) {\n@e\n ret\n}\n", "always or never is expected");
  char zero[] = "func void @f() {\n@e\n ret\n}\n\0x\n";
  kb_diag_set_sink(catch_message, NULL);
  assert_null(kb_parse_text("bad.kir", zero, sizeof zero - 1));
  kb_diag_set_sink(NULL, NULL);
}

/* Whatever is cut off or changed in a good text: an answer, not a crash. */
static void test_damaged(void **state)
{
  (void)state;
  kb_diag_set_sink(catch_message, NULL);
  for (int round = 0; round < 40; round++) {
    kb_mod *m = random_module();
    char *text = text_of(m);
    size_t n = strlen(text);
    for (int k = 0; k < 40; k++) {
      char *bad = (char *)kb_xrealloc(NULL, n + 1);
      memcpy(bad, text, n + 1);
      size_t cut = n;
      if (k & 1)
        cut = any((uint32_t)n);
      else
        for (int c = 0; c < 3; c++)
          bad[any((uint32_t)n)] = "%@^!(){}[]:,0xnf\n#\"\\"[any(20)];
      kb_mod *got = kb_parse_text("damaged.kir", bad, cut);
      if (got) {
        char why[300];
        for (uint32_t i = 0; i < got->fns.n; i++)
          kb_verify(got, got->fns.v[i], why, sizeof why);
        free(text_of(got));
        kb_mod_free(got);
      }
      free(bad);
    }
    free(text);
    kb_mod_free(m);
  }
  kb_diag_set_sink(NULL, NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_random_round_trip),
    cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_blanks_and_comments),
    cmocka_unit_test(test_messages),
    cmocka_unit_test(test_damaged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
