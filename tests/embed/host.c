/* SPDX-License-Identifier: MIT */
/* A C program without Python whose kernels pass 64 bits. What it does is its first argument. */
#include "kernels.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *type(void)
{
  const kb_error *e = kb_error_get();
  return e ? e->type : "none";
}

static void *work(void *data)
{
  long bad = 0;
  for (int64_t i = 0; i < 300; i++) {
    int64_t n = (INT64_C(1) << 40) + i + (int64_t)(intptr_t)data;
    bad += middle(n) != n;
  }
  return (void *)bad;
}

static int threads(void)
{
  pthread_t t[4];
  long bad = 0;
  for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, work, (void *)(intptr_t)(i * 1000));
  for (int i = 0; i < 4; i++) {
    void *r;
    pthread_join(t[i], &r);
    bad += (long)(intptr_t)r;
  }
  printf("%ld\n", bad);
  return bad != 0;
}

static int forks(void)
{
  const int64_t n = INT64_C(1) << 40;
  int status = 1;
  if (middle(n) != n) return 1;
  pid_t pid = fork();
  if (pid == 0) _exit(middle(n + 1) == n + 1 ? 0 : 1);
  waitpid(pid, &status, 0);
  printf("%d %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1, middle(n + 2) == n + 2);
  return status != 0;
}

static volatile sig_atomic_t caught;
static void note(int sig) { caught = sig; }

/* The host's own handler stays, and is the one that runs. */
static int signals(void)
{
  const int64_t n = INT64_C(1) << 40;
  struct sigaction own = { .sa_handler = note }, now;
  sigaction(SIGINT, &own, NULL);
  int64_t r = middle(n);
  (void)raise(SIGINT);
  sigaction(SIGINT, NULL, &now);
  printf("%d %d %d %d\n", r == n, caught == SIGINT, now.sa_handler == note, middle(n + 1) == n + 1);
  return 0;
}

/* Results that just fit, and a kernel that goes on in the middle of everything. */
static int values(void)
{
  uint64_t x[4] = { UINT64_MAX, UINT64_C(1) << 63, 7, 2 };
  struct kb_parts_ret p = parts(INT64_MAX, 1.0);
  printf("%llu %lld %lld %g", (unsigned long long)half(UINT64_MAX), (long long)u64_sum(kb_cu64x1_from(x, 4)), (long long)p.f0, p.f1);
  printf(" %g %lld %s\n", mean(kb_cf64x1_from(NULL, 0), 70, 2), (long long)common(INT64_MIN, 12), type());
  (void)mean(kb_cf64x1_from(NULL, 0), 70, 0);
  kb_error_print();
  kb_error_clear();
  (void)half(0);
  (void)parts(2, 0.0);
  kb_error_print();
  return 0;
}

int main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";
  const int64_t n = INT64_C(1) << 40;
  struct sigaction old;
  if (!strcmp(what, "threads")) return threads();
  if (!strcmp(what, "fork")) return forks();
  if (!strcmp(what, "signals")) return signals();
  if (!strcmp(what, "values")) return values();
  if (!strcmp(what, "plain")) {
    double x[2] = { 1.5, 2.5 };
    printf("%g ", get(kb_cf64x1_from(x, 2), 1));
    (void)get(kb_cf64x1_from(x, 2), 2);
    printf("%s\n", type());
    return 0;
  }
  int64_t r = middle(n);
  if (kb_error_get()) {
    kb_error_print();
    return 3;
  }
  sigaction(SIGINT, NULL, &old);
  printf("%d %d %d\n", r == n, old.sa_handler == SIG_DFL, fact(22, INT64_C(1000000)) == INT64_C(1124000727777607));
  (void)square(n);
  kb_error_print();
  kb_error_clear();
  (void)fails(n, 0);
  kb_error_print();
  kb_error_clear();
  int64_t x[3] = { 7, 7, 7 };
  r = store(kb_i64x1_from(x, 3), n);
  printf("%lld %lld%lld%lld %s\n", (long long)r, (long long)x[0], (long long)x[1], (long long)x[2], type());
  return 0;
}
