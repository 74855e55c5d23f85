/* SPDX-License-Identifier: MIT */
/* Pools of local arrays (alignment, reuse, refusals) and the stack limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <ucontext.h>
#include "runtime/rt.h"

#if defined __SANITIZE_ADDRESS__
/* malloc of too much returns NULL, as it does elsewhere. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }
#endif

static bool all_zero(const unsigned char *p, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (p[i]) return false;
  return true;
}

static void blocks(void **state)
{
  (void)state;
  kb_pool pool = { NULL };
  for (int64_t n = 0; n < 300; n += 7) {
    unsigned char *p = (unsigned char *)kb_pool_alloc(&pool, NULL, n, 8, 1);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    assert_true(all_zero(p, (size_t)n * 8));
    memset(p, 1, (size_t)n * 8);
  }
  kb_pool_free(&pool);
  assert_null(pool.blocks);
  kb_pool_free(&pool);
}

static void refusals(void **state)
{
  (void)state;
  kb_pool pool = { NULL };
  assert_null(kb_pool_alloc(&pool, NULL, -1, 8, 0));
  assert_null(kb_pool_alloc(&pool, NULL, INT64_MAX, 8, 0));
  assert_null(kb_pool_alloc(&pool, NULL, INT64_MAX, 1, 1));
  assert_null(kb_pool_alloc(&pool, NULL, INT64_MAX / 8, 8, 0));
  assert_null(kb_pool_alloc(&pool, NULL, INT64_C(1) << 60, 4, 1));
  assert_null(pool.blocks);
}

static void reuse(void **state)
{
  (void)state;
  kb_pool pool = { NULL };
  void *site = NULL, *other = kb_pool_alloc(&pool, NULL, 4, 4, 0);
  unsigned char *p = (unsigned char *)kb_pool_alloc(&pool, &site, 100, 4, 1);
  assert_ptr_equal(site, p);
  memset(p, 7, 400);
  assert_ptr_equal(kb_pool_alloc(&pool, &site, 50, 4, 1), p);
  assert_true(all_zero(p, 200));
  assert_int_equal(p[200], 7);
  assert_ptr_equal(kb_pool_alloc(&pool, &site, 100, 4, 0), p);
  for (int64_t n = 100; n < 100000; n *= 2) { /* a growing one does not keep its old blocks */
    p = (unsigned char *)kb_pool_alloc(&pool, &site, n, 8, 1);
    assert_non_null(p);
    assert_ptr_equal(site, p);
    assert_true(all_zero(p, (size_t)n * 8));
    memset(p, 1, (size_t)n * 8);
  }
  assert_null(kb_pool_alloc(&pool, &site, INT64_MAX, 8, 0));
  assert_ptr_not_equal(other, site);
  kb_pool_free(&pool);
}

static __attribute__((noinline)) long depth_of_stack(long depth)
{
  volatile char frame[512];
  frame[0] = (char)depth;
  if (!kb_stack_ok_slow()) return depth;
  depth = depth_of_stack(depth + 1);
  (void)frame[0]; /* after the call, so that it cannot become a loop */
  return depth;
}

static void *deep(void *depth)
{
  *(long *)depth = depth_of_stack(0);
  return NULL;
}

static void stack_ends(void **state)
{
  (void)state;
  assert_true(depth_of_stack(0) > 100);
  pthread_attr_t attr;
  pthread_t t;
  assert_int_equal(pthread_attr_init(&attr), 0);
  long small = 0, large = 0;
  assert_int_equal(pthread_attr_setstacksize(&attr, 1 << 20), 0);
  assert_int_equal(pthread_create(&t, &attr, deep, &small), 0);
  assert_int_equal(pthread_join(t, NULL), 0);
  assert_int_equal(pthread_attr_setstacksize(&attr, 4 << 20), 0);
  assert_int_equal(pthread_create(&t, &attr, deep, &large), 0);
  assert_int_equal(pthread_join(t, NULL), 0);
  assert_int_equal(pthread_attr_destroy(&attr), 0);
  assert_true(small > 10 && large > 2 * small);
}

#if !defined __SANITIZE_ADDRESS__
/* A coroutine's stack is not the thread's: it is not refused for being somewhere else. */
static ucontext_t back, coroutine;
static int ok_there;

static void run(void) { ok_there = kb_stack_ok_slow(); }

static void other_stack(void **state)
{
  (void)state;
  static char memory[1 << 16];
  assert_true(kb_stack_ok_slow());
  assert_int_equal(getcontext(&coroutine), 0);
  coroutine.uc_stack.ss_sp = memory;
  coroutine.uc_stack.ss_size = sizeof memory;
  coroutine.uc_link = &back;
  makecontext(&coroutine, run, 0);
  assert_int_equal(swapcontext(&back, &coroutine), 0);
  assert_true(ok_there);
}
#endif

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(blocks),
    cmocka_unit_test(refusals),
    cmocka_unit_test(reuse),
    cmocka_unit_test(stack_ends),
#if !defined __SANITIZE_ADDRESS__
    cmocka_unit_test(other_stack),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
