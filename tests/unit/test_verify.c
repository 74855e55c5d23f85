/* SPDX-License-Identifier: MIT */
/* The verifier: for each invariant of doc/ir.txt a text or an edit that breaks just it, beside a twin that does not. */
#include "ir_test.h"
#include "../../include/kbabi.h"

/* The invariant that the first function of the text breaks; 0: none. */
static int broken(const char *text, char *why, size_t size)
{
  kb_mod *m = module_of(text);
  int n = 0;
  if (!kb_verify(m, m->fns.v[0], why, size))
    assert_int_equal(sscanf(why, "invariant %d:", &n), 1);
  kb_mod_free(m);
  return n;
}

#define BODY(b) "func void @f(i64 %i, i64 %n, f64 %x, bool %c, u64 %u, cf64x1 %v, f32x2 %w, f64* %p) {\n@entry\n" b "}\n"
#define DYNAMIC "func obj @f(obj %x) generic dynamic vars(\"a\") {\n@e\n"
#define BODY_AND_HANDLER "@b handler @h\n %y = obj.neg %x\n ret %y\n@h\n %z = obj.caught\n obj.reraise %z\n"
#define GUARD " [@f pc 1 { 0 int %i }]\n"
#define G " guard.nz %i, ^s\n ret\n"

static const struct { int invariant; const char *text; } cases[] = {
  /* 1: the entry */
  { 1, "func void @f() {\n@entry\n jmp @entry\n}\n" },
  { 0, "func void @f() {\n@entry\n jmp @a\n@a\n jmp @a\n}\n" },
  { 1, "func void @f() {\n}\n" },
  /* 2: every block ends, once */
  { 2, BODY(" %a = iadd %i, 1\n") },
  { 2, BODY(" jmp @b\n@b\n") },
  { 0, BODY(" jmp @b\n@b\n ret\n") },
  /* 5: phis come first, one argument a predecessor (the parser sees to the number) */
  { 5, BODY(" jmp @b\n@b\n %a = iadd %i, 1\n %q:i64 = phi [@entry: 1]\n ret\n") },
  { 0, BODY(" jmp @b\n@b\n %q:i64 = phi [@entry: 1]\n %a = iadd %i, 1\n ret\n") },
  /* 8: definitions dominate */
  { 8, BODY(" %a = iadd %b, 1\n %b = iadd %i, 1\n ret\n") },
  { 8, BODY(" br %c, @a, @b\n@a\n %y = iadd %i, 1\n jmp @b\n@b\n %z = iadd %y, 1\n ret\n") },
  { 8, BODY(" br %c, @a, @b\n@a\n %y = iadd %i, 1\n jmp @b\n@b\n %z:i64 = phi [@a: 1] [@entry: %y]\n ret\n") },
  { 0, BODY(" br %c, @a, @b\n@a\n %y = iadd %i, 1\n jmp @b\n@b\n %z:i64 = phi [@a: %y] [@entry: 1]\n ret\n") },
  { 8, BODY(" guard.nz %i, ^s\n %y = iadd %i, 1\n ret\n") "snap ^s deopt [@f { 0 int %y }]\n" },
  { 8, BODY(" %y = iaddo %i, 1, ^s\n ret\n") "snap ^s deopt [@f { 0 int iadd(int %y, int 1) }]\n" }, /* its own result */
  { 0, BODY(" %y = iadd %i, 1\n guard.nz %i, ^s\n ret\n") "snap ^s deopt [@f { 0 int %y }]\n" },
  /* 9: number of operands */
  { 9, BODY(" %a = iadd %i\n ret\n") },
  { 9, BODY(" %a = iadd %i, 1, 2\n ret\n") },
  { 9, BODY(" st\n ret\n") },
  /* 10: classes of operands */
  { 10, BODY(" %a = iadd %i, %x\n ret\n") },
  { 10, BODY(" %a = iadd %i, %u\n ret\n") },
  { 10, BODY(" %a = fadd %x, 1.0f\n ret\n") },
  { 10, BODY(" %a:f64 = ld %v, %x\n ret\n") },
  { 10, BODY(" br %i, @a, @b\n@a\n ret\n@b\n ret\n") },
  { 10, BODY(" %a:f64 = ld %i, %i\n ret\n") },
  { 0, BODY(" %a:f64 = ld %v, %i\n ret\n") },
  /* 11: the result's class */
  { 11, BODY(" %a:f64 = iadd %i, 1\n ret\n") },
  { 11, BODY(" %a:i64 = ilt %i, 1\n ret\n") },
  /* 12: ops with rules of their own */
  { 12, BODY(" jmp @b\n@b\n %q:i64 = phi [@entry: 1.0]\n ret\n") },
  { 12, BODY(" %a:i64 = sel %c, 1, 2.0\n ret\n") },
  { 12, BODY(" %a:f64 = ld %w, %i\n ret\n") },
  { 12, BODY(" %a:f64 = ld %w, %i, %i\n ret\n") },
  { 0, BODY(" %a:f32 = ld %w, %i, %i\n ret\n") },
  { 12, BODY(" st %v, %i, 1.0\n ret\n") },
  { 12, BODY(" st %w, %i, %i, 1.0\n ret\n") },
  { 0, BODY(" st %w, %i, %i, 1.0f\n ret\n") },
  { 12, BODY(" %a:f64 = pld %p, 1\n pst %p, 0, 1\n ret\n") },
  { 12, BODY(" fill %w, 1.0\n ret\n") },
  { 12, BODY(" fill %v, 1.0\n ret\n") },
  { 0, BODY(" fill %w, 1.0f\n ret\n") },
  { 12, BODY(" %a:f32x1 = vsub %w, 1, 2\n ret\n") },
  { 12, BODY(" %a:cf32x1 = vsub %w, 1\n ret\n") },
  { 0, BODY(" %a:f32x1 = vsub %w, 1\n ret\n") },
  { 12, BODY(" %a:i64 = vlen #2 %w\n ret\n") },
  { 0, BODY(" %a:i64 = vlen #1 %w\n ret\n") },
  { 12, BODY(" %a:f64x2 = alloc #0 %i, ^s\n ret\n") "snap ^s raise MemoryError \"\"" GUARD },
  { 12, BODY(" %a:f64x1 = alloc #2 %i, ^s\n ret\n") "snap ^s raise MemoryError \"\"" GUARD },
  { 0, BODY(" %a:f64x1 = alloc #1 %i, ^s\n ret\n") "snap ^s raise MemoryError \"\"" GUARD },
  { 12, BODY(" %a:(i64,f64) = call @g(1), ^s\n %b:i64 = item #1 %a\n ret\n") "snap ^s call" GUARD "func (int,float) @g(i64 %a) {\n@e\n ret 1, 2.0\n}\n" },
  { 0, BODY(" %a:(i64,f64) = call @g(1), ^s\n %b:i64 = item #0 %a\n ret\n") "snap ^s call" GUARD "func (int,float) @g(i64 %a) {\n@e\n ret 1, 2.0\n}\n" },
  /* 13: calls */
  { 13, BODY(" call @g(1), ^s\n ret\n") "snap ^s call" GUARD "func void @g(i64 %a, i64 %b) {\n@e\n ret\n}\n" },
  { 13, BODY(" call @g(1.0), ^s\n ret\n") "snap ^s call" GUARD "func void @g(i64 %a) {\n@e\n ret\n}\n" },
  { 13, BODY(" call @g(1), ^s\n ret\n") "snap ^s call" GUARD "func int @g(i64 %a) {\n@e\n ret 1\n}\n" },
  { 13, BODY(" %r:f64 = call @g(1), ^s\n ret\n") "snap ^s call" GUARD "func int @g(i64 %a) {\n@e\n ret 1\n}\n" },
  { 0, BODY(" %r:i64 = call @g(1), ^s\n ret\n") "snap ^s call" GUARD "func int @g(i64 %a) {\n@e\n ret 1\n}\n" },
  { 13, BODY(" call @g(%v), ^s\n ret\n") "snap ^s call" GUARD "func void @g(f64x1 %a) {\n@e\n ret\n}\n" }, /* const */
  { 13, BODY(" call @g(%w), ^s\n ret\n") "snap ^s call" GUARD "func void @g(f32x2c %a) {\n@e\n ret\n}\n" },  /* strides */
  { 0, BODY(" call @g(%w), ^s\n ret\n") "snap ^s call" GUARD "func void @g(cf32x2 %a) {\n@e\n ret\n}\n" },
  { 15, BODY(" call @g(1), ^s\n ret\n") "snap ^s call" GUARD "func void @g(obj %a) generic {\n@e\n ret none\n}\n" },
  /* 14: results of the function */
  { 14, BODY(" ret %i\n") },
  { 14, "func int @f(f64 %x) {\n@e\n ret %x\n}\n" },
  { 14, "func (int,float) @f(f64 %x) {\n@e\n ret 1\n}\n" },
  { 0, "func (int,float) @f(f64 %x) {\n@e\n ret 1, %x\n}\n" },
  { 14, "func int @f() {\n@e\n ret\n}\n" },
  /* 15: levels */
  { 15, BODY(" %a:i64 = obj.neg %i\n ret\n") },
  { 15, "func obj @f(obj %x) generic {\n@e\n %a = fneg 1.0\n ret %x\n}\n" },
  { 15, "func void @f(obj %x) {\n@e\n ret\n}\n" },
  { 15, "func void @f(i32 %x) {\n@e\n ret\n}\n" },
  { 15, BODY(" %a = iadd %i, i32:1\n ret\n") },
  { 0, "func obj @f(obj %x) generic {\n@e\n %t = obj.truth %x\n br %t, @a, @b\n@a\n jmp @b\n@b\n %p:obj = phi [@a: %x] [@e: int:1]\n ret %p\n}\n" },
  /* 16: a snapshot exactly where one is needed */
  { 16, BODY(" guard.nz %i\n ret\n") },
  { 16, BODY(" %a = iaddo %i, 1\n ret\n") },
  { 16, BODY(" %a = iadd %i, 1, ^s\n ret\n") "snap ^s deopt" GUARD },
  { 16, BODY(" raise\n") },
  { 16, BODY(" %a:f64x1 = alloc #1 %i\n ret\n") },
  { 16, BODY(" call @g()\n ret\n") "func void @g() {\n@e\n ret\n}\n" },
  { 0, BODY(G) "snap ^s deopt" GUARD },
  /* 17: kinds of snapshots */
  { 17, BODY(" raise ^s\n") "snap ^s deopt" GUARD },
  { 17, BODY(G) "snap ^s call" GUARD },
  { 17, BODY(" call @f(%i, %n, %x, %c, %u, %v, %w, %p), ^s\n ret\n") "snap ^s deopt" GUARD },
  { 0, BODY(" raise ^s\n") "snap ^s raise ValueError \"\"" GUARD },
  /* 19: frames */
  { 19, BODY(G) "snap ^s deopt []\n" },
  { 19, BODY(G) "snap ^s deopt [@f { 1 int %i, 1 int %n }]\n" },
  { 19, BODY(G) "snap ^s deopt [@f { 2 int %i, 1 int %n }]\n" },
  { 19, BODY(G) "snap ^s deopt [@f result 3 { 2 int %i }]\n" },
  { 0, BODY(G) "snap ^s deopt [@f { 0 int %i, 5 int %n }, @g result 3 { 0 int %i }]\n" },
  { 0, BODY(" call @f(%i, %n, %x, %c, %u, %v, %w, %p), ^s\n ret\n") "snap ^s call [@f result 2 {}]\n" },
  /* 20: entries */
  { 20, BODY(G) "snap ^s deopt [@f { 0 float %i }]\n" },
  { 20, BODY(G) "snap ^s deopt [@f { 0 int none }]\n" },
  { 20, BODY(G) "snap ^s deopt [@f { 0 f32x1 %v }]\n" },
  { 20, BODY(G) "snap ^s deopt [@f { 0 int ifloordiv(int %i, int %n) }]\n" }, /* may trap */
  { 20, BODY(G) "snap ^s deopt [@f { 0 int iadd(int %i) }]\n" },
  { 20, BODY(G) "snap ^s deopt [@f { 0 int ld(int %i, int %i) }]\n" },
  { 0, BODY(G) "snap ^s deopt [@f { 0 i32 %i, 1 float i2f(int %i), 2 f64x1 %v, 3 none none, 4 range new range(int 0, int %n, int 1) }]\n" },
  /* 21: messages */
  { 21, BODY(G) "snap ^s raise IndexError \"{0} {1}\" (%i)" GUARD },
  { 21, BODY(G) "snap ^s raise IndexError \"{0}\" (%v)" GUARD },
  { 0, BODY(G) "snap ^s raise IndexError \"{0} {1}\" (%i, %n)" GUARD },
  { 0, BODY(G) "snap ^s raise IndexError \"{7}\"" GUARD }, /* no arguments: the user's own text */
  /* 22, 23: dynamic functions */
  { 22, "func obj @f(obj %x) generic {\n@e\n %y = obj.getattr #\"a\" %x\n ret %y\n}\n" },
  { 15, "func void @f(obj %x) {\n@e\n %y = obj.getattr #\"a\" %x\n ret\n}\n" },
  { 15, "func obj @f(obj %x) generic {\n@e\n %y:obj = mov %x\n ret %y\n}\n" },
  { 23, DYNAMIC " %y = obj.getvar #1\n ret %y\n}\n" },
  { 0, DYNAMIC " %y = obj.getvar #0\n obj.raise %y\n}\n" },
  /* 24: handlers */
  { 0, DYNAMIC " try @b, @h\n" BODY_AND_HANDLER "}\n" },
  { 24, DYNAMIC " try @b, @h\n@b handler @h\n ret %x\n@h\n ret %x\n}\n" },
  { 24, DYNAMIC " try @b, @h\n@b handler @h\n jmp @h\n@h\n %z = obj.caught\n ret %x\n}\n" },
  { 24, DYNAMIC " try @h, @g\n@g\n %y = obj.caught\n ret %x\n@h\n %z = obj.caught\n ret %x\n}\n" },
  { 24, "func obj @f(obj %x) generic dynamic {\n@e handler @h\n try @b, @h\n" BODY_AND_HANDLER "}\n" },
  { 24, DYNAMIC " br %x, @t, @c\n@t\n try @b, @h\n@c handler @h\n ret %x\n" BODY_AND_HANDLER "}\n" },
  { 24, DYNAMIC " %y = obj.neg %x\n %z = obj.caught\n ret %x\n}\n" },
};

static void test_texts(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char why[1000];
    int n = broken(cases[i].text, why, sizeof why);
    if (n != cases[i].invariant)
      fail_msg("%s\nbreaks %d, not %d: %s", cases[i].text, n, cases[i].invariant, why);
  }
}

static kb_mod *good(void)
{
  return module_of("func int @f(i64 %i, bool %c) {\n@entry\n br %c, @a, @b\n@a\n %y = iadd %i, 1\n jmp @b\n"
                   "@b\n %p:i64 = phi [@entry: %i] [@a: %y]\n guard.nz %p, ^s\n ret %p\n}\nsnap ^s deopt [@f { 0 int iadd(int %p, int 1) }]\n");
}

/* What the parser does not let through, by edits. */
static void edit(int invariant, void (*change)(kb_fn *f))
{
  kb_mod *m = good();
  char why[1000] = "";
  assert_true(kb_verify(m, m->fns.v[0], why, sizeof why));
  change(m->fns.v[0]);
  int n = 0;
  assert_false(kb_verify(m, m->fns.v[0], why, sizeof why));
  assert_int_equal(sscanf(why, "invariant %d:", &n), 1);
  if (n != invariant)
    fail_msg("%s, not invariant %d", why, invariant);
  kb_mod_free(m);
}

static kb_bid block_of(kb_fn *f, const char *name) { return kb_v(f, named(f, name))->blk; }
static void two_ends(kb_fn *f) { kb_ins_before(f, named(f, "y"), KB_RET, KB_T_VOID, NULL, 0, nowhere); }
static void no_successor(kb_fn *f) { f->blk.v[1].succ[1] = 0; }
static void bad_successor(kb_fn *f) { f->blk.v[1].succ[1] = 99; }
static void same_successor(kb_fn *f) { f->blk.v[1].succ[0] = f->blk.v[1].succ[1]; }
static void lost_pred(kb_fn *f) { f->blk.v[block_of(f, "y")].pred.n = 0; }
static void wrong_pred(kb_fn *f) { f->blk.v[block_of(f, "y")].pred.v[0] = block_of(f, "p"); }
static void pred_twice(kb_fn *f)
{
  kb_val *p = kb_v(f, named(f, "p"));
  kb_ref *args = (kb_ref *)kb_arena_alloc(f->arena, 3 * sizeof *args);
  args[0] = args[2] = p->args[0];
  args[1] = p->args[1];
  p->args = args;
  p->nargs = 3;
  kb_vec_push(&f->blk.v[p->blk].pred, f->blk.v[p->blk].pred.v[0]);
}
static void short_phi(kb_fn *f) { kb_v(f, named(f, "p"))->nargs = 1; }
static void bad_link(kb_fn *f) { kb_v(f, named(f, "y"))->prev = named(f, "p"); }
static void bad_block(kb_fn *f) { kb_v(f, named(f, "y"))->blk = 1; }
static void placed_const(kb_fn *f) { kb_v(f, named(f, "y"))->op = KB_CONST; }
static void bad_param(kb_fn *f) { kb_v(f, f->params[1])->imm.i = 5; }
static void deleted_operand(kb_fn *f) { kb_del(f, named(f, "y")); }
static void no_operand(kb_fn *f) { kb_v(f, named(f, "y"))->args[0] = 0; }
static void far_operand(kb_fn *f) { kb_v(f, named(f, "y"))->args[0] = 100000; }
static void void_operand(kb_fn *f)
{
  kb_ref guard = kb_v(f, named(f, "p"))->next;
  kb_v(f, kb_v(f, guard)->next)->args[0] = guard;
}
static void no_such_snap(kb_fn *f) { kb_v(f, kb_v(f, named(f, "p"))->next)->snap = 9; }
static void bad_part_number(kb_fn *f) { f->snap.v[0].frames[0].entries[0].sub[1].slot = 7; }
static void bad_exception(kb_fn *f) { f->snap.v[0].kind = KB_EXIT_RAISE; f->snap.v[0].exc = KB_NEXC; }
static void bad_kind_of_object(kb_fn *f) { f->snap.v[0].frames[0].entries[0].kind = KB_E_VIRT; f->snap.v[0].frames[0].entries[0].what = 99; }
static void no_function(kb_fn *f) { f->snap.v[0].frames[0].fn = NULL; }

static void test_edits(void **state)
{
  (void)state;
  edit(2, two_ends);
  edit(3, no_successor);
  edit(3, bad_successor);
  edit(3, same_successor);
  edit(4, lost_pred);
  edit(4, wrong_pred);
  edit(4, pred_twice);
  edit(5, short_phi);
  edit(6, bad_link);
  edit(6, bad_block);
  edit(6, placed_const);
  edit(6, bad_param);
  edit(7, deleted_operand);
  edit(7, no_operand);
  edit(7, far_operand);
  edit(7, void_operand);
  edit(16, no_such_snap);
  edit(19, bad_part_number);
  edit(19, no_function);
  edit(20, bad_kind_of_object);
  edit(21, bad_exception);
}

static void test_message_quotes_the_instruction(void **state)
{
  (void)state;
  char why[1000];
  broken("func int @f(f64 %x) {\n@e\n %s = fadd %x, 1\n ret 1\n}\n", why, sizeof why);
  assert_string_equal(why, "invariant 10: @f: operand 2 is of class I, not D: %s.2:f64 = fadd %x, 1");
  char small[20];
  broken("func int @f(f64 %x) {\n@e\n %s = fadd %x, 1\n ret 1\n}\n", small, sizeof small);
  assert_string_equal(small, "invariant 10: @f: o");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_texts),
    cmocka_unit_test(test_edits),
    cmocka_unit_test(test_message_quotes_the_instruction),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
