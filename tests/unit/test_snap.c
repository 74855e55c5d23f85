/* SPDX-License-Identifier: MIT */
/* Snapshots: deep copies, equality, uses, text. */
#include "ir_test.h"
#include "../../include/kbabi.h"

typedef struct {
  kb_mod *m;
  kb_fn *f;
  kb_ref x, y;
  kb_entry sub[2], entries[2];
  kb_frame frames[2];
  kb_ref args[2];
  kb_snap s;
} sample;

static void make(sample *t)
{
  memset(t, 0, sizeof *t);
  t->m = kb_mod_new("t.py", NULL);
  t->f = kb_fn_new(t->m, "f");
  t->x = kb_param(t->f, KB_T_I64, "x");
  t->y = kb_param(t->f, KB_T_F64, "y");
  t->sub[0] = (kb_entry){ .kind = KB_E_VAL, .slot = 9, .ref = t->x, .ty = KB_T_INT };
  t->sub[1] = (kb_entry){ .kind = KB_E_VAL, .slot = 9, .ref = t->y, .ty = KB_T_FLOAT };
  kb_ty items[2] = { KB_T_INT, KB_T_FLOAT };
  t->entries[0] = (kb_entry){ .kind = KB_E_VAL, .slot = 1, .ref = t->x, .ty = KB_T_INT };
  t->entries[1] = (kb_entry){
    .kind = KB_E_VIRT, .slot = 4, .what = KB_V_TUPLE, .ty = kb_type_tuple(items, 2), .n = 2, .sub = t->sub
  };
  t->frames[0] = (kb_frame){
    .fn = kb_intern("f"), .pc = 7, .result = UINT32_MAX, .loc = { "t.py", 5, 9, 0 }, .n = 2, .entries = t->entries
  };
  t->frames[1] = (kb_frame){ .fn = kb_intern("g"), .pc = 2, .result = 3 };
  t->args[0] = t->x;
  t->args[1] = kb_const_int(t->f, KB_T_I64, 0);
  t->s = (kb_snap){ .kind = KB_EXIT_RAISE,
                    .exc = KB_EXC_IndexError,
                    .msg = "at {0} of {1}",
                    .nargs = 2,
                    .args = t->args,
                    .nframes = 2,
                    .frames = t->frames };
}

static void test_deep_copy(void **state)
{
  (void)state;
  sample t;
  make(&t);
  uint32_t a = kb_snap_new(t.f, &t.s);
  assert_int_equal(a, 1);
  t.args[0] = 0;
  t.sub[0].ref = 0;
  t.frames[0].pc = 99;
  const kb_snap *s = &t.f->snap.v[a - 1];
  assert_int_equal(s->args[0], t.x);
  assert_int_equal(s->frames[0].pc, 7);
  assert_int_equal(s->frames[0].entries[1].sub[0].ref, t.x);
  assert_int_equal(s->frames[0].entries[1].sub[1].slot, 1); /* parts are numbered */
  assert_int_equal(s->frames[0].entries[1].slot, 4);
  kb_mod_free(t.m);
}

static void test_equal(void **state)
{
  (void)state;
  sample t;
  make(&t);
  uint32_t a = kb_snap_new(t.f, &t.s) - 1, b = kb_snap_new(t.f, &t.s) - 1;
  assert_true(kb_snap_equal(t.f, a, b));
  t.s.exc = KB_EXC_ValueError;
  assert_false(kb_snap_equal(t.f, a, kb_snap_new(t.f, &t.s) - 1));
  t.s.exc = KB_EXC_IndexError;
  t.sub[1].ref = t.x;
  assert_false(kb_snap_equal(t.f, a, kb_snap_new(t.f, &t.s) - 1));
  t.sub[1].ref = t.y;
  t.frames[1].result = 4;
  assert_false(kb_snap_equal(t.f, a, kb_snap_new(t.f, &t.s) - 1));
  t.frames[1].result = 3;
  t.s.nframes = 1;
  assert_false(kb_snap_equal(t.f, a, kb_snap_new(t.f, &t.s) - 1));
  t.s.nframes = 2;
  assert_true(kb_snap_equal(t.f, a, kb_snap_new(t.f, &t.s) - 1));
  kb_mod_free(t.m);
}

static void count(kb_ref *use, void *data)
{
  assert_int_not_equal(*use, 0);
  ++*(int *)data;
}

static void test_uses(void **state)
{
  (void)state;
  sample t;
  make(&t);
  uint32_t a = kb_snap_new(t.f, &t.s);
  int n = 0;
  kb_snap_uses(t.f, &t.f->snap.v[a - 1], count, &n);
  assert_int_equal(n, 5); /* two arguments, x, the tuple's x and y */
  kb_mod_free(t.m);
}

static void test_text(void **state)
{
  (void)state;
  sample t;
  make(&t);
  uint32_t a = kb_snap_new(t.f, &t.s);
  t.f->loc.file = "t.py";
  t.f->loc.line = 1;
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  kb_snap_print(out, t.f, a - 1);
  fclose(out);
  assert_string_equal(text, "snap ^s0 raise IndexError \"at {0} of {1}\" (%x, 0) [@f pc 7 !5:9 { 1 int %x, "
                            "4 (int,float) new tuple(int %x, float %y) }, @g pc 2 result 3 {}]\n");
  free(text);
  kb_mod_free(t.m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_deep_copy),
    cmocka_unit_test(test_equal),
    cmocka_unit_test(test_uses),
    cmocka_unit_test(test_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
