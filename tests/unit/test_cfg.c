/* SPDX-License-Identifier: MIT */
/* Reverse postorder, dominators, loops; on hand-made graphs and, against a slow definition, on random ones. */
#include "ir_test.h"

/* A function of n blocks whose edges are pairs (from, to), 0 0 at the end. */
static kb_fn *graph(kb_mod *m, kb_bid n, const kb_bid (*edges)[2])
{
  kb_fn *f = kb_fn_new(m, "g");
  kb_ref c = kb_param(f, KB_T_BOOL, "c");
  for (kb_bid b = 0; b < n; b++)
    kb_blk_new(f);
  for (kb_bid b = 1; b <= n; b++) {
    kb_bid to[2] = { 0, 0 };
    int k = 0;
    for (int i = 0; edges[i][0]; i++)
      if (edges[i][0] == b)
        to[k++] = edges[i][1];
    if (k == 2)
      kb_br(f, b, c, to[0], to[1], nowhere);
    else if (k == 1)
      kb_jmp(f, b, to[0], nowhere);
    else
      kb_ret(f, b, NULL, 0, nowhere);
  }
  kb_cfg(f);
  return f;
}

static void test_diamond(void **state)
{
  (void)state;
  static const kb_bid edges[][2] = { { 1, 2 }, { 1, 3 }, { 2, 4 }, { 3, 4 }, { 0, 0 } };
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = graph(m, 4, edges);
  assert_int_equal(f->rpo.n, 4);
  assert_int_equal(f->rpo.v[0], 1);
  assert_int_equal(f->rpo.v[1], 2); /* the branch taken first */
  assert_int_equal(f->rpo.v[3], 4);
  assert_int_equal(f->blk.v[1].idom, 0);
  assert_int_equal(f->blk.v[2].idom, 1);
  assert_int_equal(f->blk.v[3].idom, 1);
  assert_int_equal(f->blk.v[4].idom, 1);
  assert_true(kb_dominates(f, 1, 4) && kb_dominates(f, 4, 4));
  assert_false(kb_dominates(f, 2, 4) || kb_dominates(f, 4, 2) || kb_dominates(f, 2, 3));
  assert_int_equal(f->loops.n, 0);
  kb_mod_free(m);
}

/* for ...: for ...: with a break out of both. */
static void test_nested_loops(void **state)
{
  (void)state;
  static const kb_bid edges[][2] = { { 1, 2 }, { 2, 3 }, { 2, 7 }, { 3, 4 }, { 3, 6 },
                                     { 4, 5 }, { 4, 7 }, { 5, 3 }, { 6, 2 }, { 0, 0 } };
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = graph(m, 7, edges);
  assert_int_equal(f->loops.n, 2);
  assert_int_equal(f->loops.v[0].header, 2);
  assert_int_equal(f->loops.v[0].depth, 1);
  assert_int_equal(f->loops.v[0].parent, 0);
  assert_int_equal(f->loops.v[1].header, 3);
  assert_int_equal(f->loops.v[1].depth, 2);
  assert_int_equal(f->loops.v[1].parent, 1);
  static const uint32_t loop[] = { 0, 0, 1, 2, 2, 2, 1, 0 };
  for (kb_bid b = 1; b <= 7; b++)
    assert_int_equal(f->blk.v[b].loop, loop[b]);
  kb_mod_free(m);
}

static void test_two_latches_and_self_loop(void **state)
{
  (void)state;
  static const kb_bid edges[][2] = { { 1, 2 }, { 2, 3 }, { 2, 5 }, { 3, 2 }, { 3, 4 },
                                     { 4, 2 }, { 5, 5 }, { 5, 6 }, { 0, 0 } };
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = graph(m, 6, edges);
  assert_int_equal(f->loops.n, 2);
  assert_int_equal(f->blk.v[4].loop, f->blk.v[2].loop);
  assert_int_equal(f->loops.v[f->blk.v[5].loop - 1].header, 5);
  assert_int_equal(f->blk.v[6].loop, 0);
  kb_mod_free(m);
}

/* An unreachable block leaves, and takes its phi arguments along. */
static void test_unreachable(void **state)
{
  (void)state;
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = kb_fn_new(m, "f");
  kb_bid entry = kb_blk_new(f), dead = kb_blk_new(f), dead2 = kb_blk_new(f), end = kb_blk_new(f);
  kb_jmp(f, dead, dead2, nowhere);
  kb_jmp(f, dead2, end, nowhere);
  kb_jmp(f, entry, end, nowhere);
  kb_ref p = kb_phi(f, end, KB_T_I64, 2);
  kb_v(f, p)->args[0] = kb_const_int(f, KB_T_I64, 1);
  kb_v(f, p)->args[1] = kb_const_int(f, KB_T_I64, 2);
  kb_ret(f, end, NULL, 0, nowhere);
  kb_cfg(f);
  assert_int_equal(f->rpo.n, 2);
  assert_int_equal(kb_v(f, p)->nargs, 1);
  assert_int_equal(kb_v(f, p)->args[0], kb_const_int(f, KB_T_I64, 2));
  assert_int_equal(f->blk.v[end].pred.n, 1);
  assert_int_equal(f->blk.v[dead].first, 0);
  assert_int_equal(f->blk.v[dead].rpo, UINT32_MAX);
  char why[200];
  assert_true(kb_verify(m, f, why, sizeof why));
  kb_mod_free(m);
}

/* Does every path from the entry to b pass a? By walking around a. */
static bool dominates_slowly(const kb_fn *f, kb_bid a, kb_bid b)
{
  if (a == b)
    return true;
  kb_bits seen;
  KB_VEC(kb_bid) work = { NULL, 0, 0 };
  kb_bits_init(&seen, f->blk.n);
  if (a != 1) {
    kb_vec_push(&work, 1);
    kb_bits_set(&seen, 1);
  }
  while (work.n) {
    kb_bid x = kb_vec_pop(&work);
    for (int k = 0; k < 2; k++) {
      kb_bid to = f->blk.v[x].succ[k];
      if (to && to != a && !kb_bits_has(&seen, to)) {
        kb_bits_set(&seen, to);
        kb_vec_push(&work, to);
      }
    }
  }
  bool reached = kb_bits_has(&seen, b);
  kb_bits_free(&seen);
  kb_vec_free(&work);
  return !reached;
}

static void test_random_graphs(void **state)
{
  (void)state;
  uint32_t seed = 12345;
  for (int round = 0; round < 300; round++) {
    kb_mod *m = kb_mod_new("t", NULL);
    kb_fn *f = kb_fn_new(m, "f");
    kb_ref c = kb_param(f, KB_T_BOOL, "c");
    uint32_t n = 2 + (uint32_t)round % 14;
    for (kb_bid b = 0; b < n; b++)
      kb_blk_new(f);
    for (kb_bid b = 1; b <= n; b++) {
      seed = seed * 1664525 + 1013904223;
      kb_bid x = 2 + (seed >> 8) % (n - 1), y = 2 + (seed >> 20) % (n - 1);
      if ((seed >> 28) < 3)
        kb_ret(f, b, NULL, 0, nowhere);
      else
        kb_br(f, b, c, x, y, nowhere);
    }
    kb_cfg(f);
    for (uint32_t i = 0; i < f->rpo.n; i++)
      for (uint32_t k = 0; k < f->rpo.n; k++) {
        kb_bid a = f->rpo.v[i], b = f->rpo.v[k];
        if (kb_dominates(f, a, b) != dominates_slowly(f, a, b))
          fail_msg("round %d: %u and %u", round, a, b);
      }
    for (uint32_t l = 0; l < f->loops.n; l++) { /* parents contain their children */
      const kb_loop *loop = &f->loops.v[l];
      assert_true(loop->parent <= l);
      if (loop->parent)
        assert_true(kb_dominates(f, f->loops.v[loop->parent - 1].header, loop->header));
    }
    char why[300];
    if (!kb_verify(m, f, why, sizeof why))
      fail_msg("%s", why);
    kb_mod_free(m);
  }
}

/* A long chain: no recursion, no quadratic time. */
static void test_deep(void **state)
{
  (void)state;
  enum { N = 200000 };
  kb_mod *m = kb_mod_new("t", NULL);
  kb_fn *f = kb_fn_new(m, "f");
  for (int i = 0; i < N; i++)
    kb_blk_new(f);
  for (kb_bid b = 1; b < N; b++)
    kb_jmp(f, b, b + 1, nowhere);
  kb_ret(f, N, NULL, 0, nowhere);
  kb_cfg(f);
  assert_int_equal(f->rpo.n, N);
  assert_true(kb_dominates(f, 1, N));
  assert_int_equal(f->blk.v[N].idom, N - 1);
  kb_mod_free(m);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_diamond),
    cmocka_unit_test(test_nested_loops),
    cmocka_unit_test(test_two_latches_and_self_loop),
    cmocka_unit_test(test_unreachable),
    cmocka_unit_test(test_random_graphs),
    cmocka_unit_test(test_deep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
