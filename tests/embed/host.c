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

int main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";
  const int64_t n = INT64_C(1) << 40;
  struct sigaction old;
  if (!strcmp(what, "threads")) return threads();
  if (!strcmp(what, "fork")) return forks();
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
