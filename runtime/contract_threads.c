/* SPDX-License-Identifier: MIT */
/* contract_threads.c: a contraction on several processors, where the kernel said `parallel`.
 *
 * C is cut along its longer side, at multiples of a tile; each part is a contraction of its own, with the same sums in the
 * same order, so the bits are those of one thread. The caller's thread works, too, and is the only one to look for signals: the
 * others have them all blocked. A thread that cannot be had is one less.
 */
#include "runtime/contract.h"

#include <pthread.h>
#include <signal.h>

enum { MAX_THREADS = 64, PARTS_EACH = 4, WORTH = 1 << 20 /* multiplications for a thread: some 50 us */ };

typedef struct team {
  const kb_ct *whole;
  kb_ct_way *way;
  bool by_rows, wide;  /* wide: double */
  int64_t size;        /* rows or columns of a part */
  atomic_llong next;   /* part to be done */
  atomic_bool stop;
} team;

static kb_ct part_of(team *g, int64_t from)
{
  kb_ct t = *g->whole;
  int64_t left = (g->by_rows ? t.m : t.n) - from, size = left < g->size ? left : g->size;
  if (g->by_rows) {
    t.c += from * t.c_i, t.a += from * t.a_i, t.m = size, t.diag += from;
  } else {
    t.c += from * t.c_j, t.b += from * t.b_j, t.n = size, t.diag -= from;
  }
  t.stop = &g->stop;
  return t;
}

/* The loop itself, for a part that got no memory when others may be done. */
#define PLAIN(name, T) \
  static void name(const kb_ct *t) \
  { \
    T alpha = (T)t->alpha, beta = (T)t->beta; \
    for (int64_t i = 0; i < t->m; i++) { \
      int64_t lo, hi; \
      kb_ct_columns(t, i, &lo, &hi); \
      for (int64_t j = lo; j < hi; j++) { \
        T *c = (T *)(void *)(t->c + i * t->c_i + j * t->c_j), s = t->flags & KB_CT_INTO ? *c : (T)0; \
        if (kb_ct_beta_first(t)) s = beta * s; \
        for (int64_t p = 0; p < t->k; p++) { \
          T a = *(const T *)(const void *)(t->a + i * t->a_i + p * t->a_p); \
          T b = *(const T *)(const void *)(t->b + p * t->b_p + j * t->b_j); \
          if (t->scale_b) b = alpha * b; \
          else if (t->flags & KB_CT_ALPHA_A) a = alpha * a; \
          s = s + a * b; \
        } \
        if (t->flags & KB_CT_ALPHA) s = alpha * s; \
        *c = kb_ct_beta_last(t) ? s + beta * *c : s; \
      } \
    } \
  }
PLAIN(plain_f32, float)
PLAIN(plain_f64, double)

static void work(team *g, bool looks)
{
  int64_t n = g->by_rows ? g->whole->m : g->whole->n;
  for (;;) {
    int64_t from = atomic_fetch_add(&g->next, 1) * g->size;
    if (from >= n || atomic_load(&g->stop)) return;
    kb_ct t = part_of(g, from);
    t.looks = looks;
    if (g->way(&t) == KB_CT_NOT) (g->wide ? plain_f64 : plain_f32)(&t);
  }
}

static void *start(void *g)
{
  work((team *)g, false);
  return NULL;
}

/* How many threads a problem is worth. */
static int threads_for(const kb_ct *t)
{
  if (!(t->flags & KB_CT_PARALLEL)) return 1;
  double work = (double)t->m * (double)t->n * (double)t->k / WORTH;
  int most = kb_cpu_get()->threads;
  if (most > MAX_THREADS) most = MAX_THREADS;
  return work < most ? (int)work : most;
}

int kb_ct_threads(kb_ct *t, kb_ct_way *way, const kb_ct_ways *ways)
{
  int n = threads_for(t);
  if (n <= 1) return way(t);
  team g = { .whole = t, .way = way, .by_rows = t->m >= t->n, .wide = ways->wide };
  int64_t all = g.by_rows ? t->m : t->n, step = g.by_rows ? ways->mr : ways->nr;
  /* parts of a tile at least, and not so small that packing tells */
  g.size = all / (n * PARTS_EACH) < 128 ? all / n : all / (n * PARTS_EACH);
  g.size = (g.size / step + 1) * step;
  sigset_t every, old;
  (void)sigfillset(&every);
  if (pthread_sigmask(SIG_SETMASK, &every, &old) != 0) return way(t);
  pthread_t thread[MAX_THREADS];
  int started = 0;
  while (started < n - 1 && pthread_create(&thread[started], NULL, start, &g) == 0)
    started++;
  (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
  work(&g, true);
  for (int i = 0; i < started; i++)
    (void)pthread_join(thread[i], NULL);
  return atomic_load(&g.stop) ? KB_CT_LEAVE : KB_CT_DONE;
}
