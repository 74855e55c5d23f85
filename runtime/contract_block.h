/* SPDX-License-Identifier: MIT */
/* contract_block.h: the macro-kernel: blocks that fit the caches, in them tiles; edges, triangles, alpha and beta.
 *
 * For nc columns and kc places of p, a block of B: packed, if it is read often enough to be worth it. For mc rows a block of
 * A. For each panel of B, which stays in the first cache, all panels of the block of A, which stays in the second one.
 *
 * Sums that are not at their end wait in C itself, or, where C's old elements are still needed (BETA at the end), in memory of their own. A tile
 * that is not all of C's, or is not to be stored as it is, is computed in a buffer.
 */

typedef struct X(kb_block) {
  kb_ct *t;
  bool pack_a, pack_b, fused;
  int64_t mc, nc, kc;         /* at most */
  char *wait;                 /* sums of m x nc, or NULL: in C */
  int64_t j, p, kn;           /* where the block is: columns from j, kn places from p */
  bool first, last;           /* of the blocks of p */
} X(kb_block);

static const T X(zeros)[NR] = { 0 }; /* where sums start */

/* The rows and columns of the tile that exist, from and to C. */
static void X(odd_tile)(const X(kb_block) *w, X(kb_tile) *u, int64_t i, int64_t j)
{
  T sum[KB_CT_MR * NR] __attribute__((aligned(64)));
  const kb_ct *t = w->t;
  int rows = u->rows, cols = u->cols;
  T alpha = (T)t->alpha, beta = (T)t->beta;
  bool wait = w->wait != NULL, scaled = w->first && kb_ct_beta_first(t), load = !w->first || t->flags & KB_CT_INTO;
  for (int r = 0; r < rows && load && !wait; r++) {
    int64_t lo, hi;
    kb_ct_columns(t, i + r, &lo, &hi);
    for (int x = 0; x < cols; x++)
      sum[r * NR + x] = j + x >= lo && j + x < hi ? *(const T *)(const void *)(t->c + (i + r) * t->c_i + (j + x) * t->c_j) : (T)0;
    for (int x = 0; x < cols && scaled; x++)
      sum[r * NR + x] = beta * sum[r * NR + x];
  }
  char *s = wait ? w->wait + (i * w->nc + j - w->j) * ES : (char *)sum;
  int64_t s_i = wait ? w->nc * ES : NR * ES;
  u->from = load ? s : (const char *)X(zeros);
  u->from_i = load ? s_i : 0;
  u->to = s;
  u->to_i = s_i;
  X(tile_run)(u, w->fused);
  if (wait && !w->last) return;
  bool scale = w->last && t->flags & KB_CT_ALPHA, add = w->last && kb_ct_beta_last(t);
  for (int r = 0; r < rows; r++) {
    int64_t lo, hi;
    kb_ct_columns(t, i + r, &lo, &hi);
    for (int x = 0; x < cols; x++) {
      if (j + x < lo || j + x >= hi) continue;
      T *c = (T *)(void *)(t->c + (i + r) * t->c_i + (j + x) * t->c_j), v = *(const T *)(const void *)(s + r * s_i + x * ES);
      if (scale) v = alpha * v;
      *c = add ? v + beta * *c : v;
    }
  }
}

/* Is the tile outside of the triangle (0), in it (2), or on its edge? */
KB_INLINE int X(inside)(const kb_ct *t, int64_t i, int rows, int64_t j, int cols)
{
  if (!(t->flags & (KB_CT_LOWER | KB_CT_UPPER))) return 2;
  int64_t low = i + t->diag, high = low + rows - 1;
  if (t->flags & KB_CT_LOWER && j > high) return 0;
  if (t->flags & KB_CT_UPPER && j + cols - 1 < low) return 0;
  return (!(t->flags & KB_CT_LOWER) || j + cols - 1 <= low) && (!(t->flags & KB_CT_UPPER) || j >= high) ? 2 : 1;
}

/* To where the next tile starts, and a share of the next panel of B: both come from far. */
KB_INLINE void X(fetch)(const kb_ct *t, int64_t i, int rows, int64_t j, const char **next)
{
  const char *c = t->c + i * t->c_i + j * ES;
  for (int r = 0; r < rows; r++, c += t->c_i) {
    __builtin_prefetch(c);
    __builtin_prefetch(c + NR * ES - 1);
  }
  if (*next == NULL) return;
  UNROLL for (int l = 0; l < 16; l++)
    __builtin_prefetch(*next + l * 64, 0, 2);
  *next += 16 * 64;
}

/* Rows i to i_end, columns from j: a column of tiles. next: a panel of B that is used later, or NULL. */
static void X(tiles)(const X(kb_block) *w, int64_t i, int64_t i_end, int64_t j, int cols, const char *a, const char *b,
                     const char *next)
{
  const kb_ct *t = w->t;
  bool plain = t->c_j == ES && w->wait == NULL && !(w->last && (t->flags & KB_CT_ALPHA || kb_ct_beta_last(t))) &&
               !(w->first && kb_ct_beta_first(t));
  bool zero = w->first && !(t->flags & KB_CT_INTO);
  int64_t a_panel = w->pack_a ? MR * w->kn * ES : MR * t->a_i;
  for (; i < i_end; i += MR, a += a_panel) {
    int rows = i_end - i < MR ? (int)(i_end - i) : MR, in = X(inside)(t, i, rows, j, cols);
    if (in == 0) continue;
    X(kb_tile) u = { .k = w->kn, .a = a, .a_i = w->pack_a ? ES : t->a_i, .a_p = w->pack_a ? MR * ES : t->a_p, .b = b,
                     .b_p = w->pack_b ? NR * ES : t->b_p, .rows = rows, .cols = cols };
    if (plain && in == 2) {
      if (i_end - i >= 2 * MR) X(fetch)(t, i + MR, MR, j, &next);
      u.to = t->c + i * t->c_i + j * ES;
      u.to_i = t->c_i;
      u.from = zero ? (const char *)X(zeros) : u.to;
      u.from_i = zero ? 0 : u.to_i;
      X(tile_run)(&u, w->fused);
    } else
      X(odd_tile)(w, &u, i, j);
  }
}

/* Rows i to i_end with columns j to j_end. */
static bool X(block)(const X(kb_block) *w, int64_t i, int64_t i_end, int64_t j_end, const char *a, const char *b)
{
  kb_ct *t = w->t;
  for (int64_t j = w->j; j < j_end; j += NR) {
    int cols = j_end - j < NR ? (int)(j_end - j) : NR;
    int64_t panel = w->pack_b ? NR * w->kn * ES : NR * ES;
    X(tiles)(w, i, i_end, j, cols, a, b, w->pack_b && j_end - j > NR ? b + panel : NULL);
    b += panel;
    if (!kb_ct_go_on(t, (i_end - i) * NR * w->kn)) return false;
  }
  return true;
}

static bool X(blocks)(X(kb_block) *w, char *room_a, char *room_b)
{
  kb_ct *t = w->t;
  for (w->j = 0; w->j < t->n; w->j += w->nc) {
    int64_t j_end = t->n - w->j < w->nc ? t->n : w->j + w->nc, i0 = 0, i1 = t->m;
    if (t->flags & KB_CT_LOWER && w->j - t->diag > 0) i0 = w->j - t->diag;
    if (t->flags & KB_CT_UPPER && j_end - t->diag < i1) i1 = j_end - t->diag;
    if (i0 >= i1) continue;
    for (w->p = 0; w->p < t->k; w->p += w->kn) {
      w->kn = t->k - w->p < w->kc ? t->k - w->p : w->kc;
      w->first = w->p == 0;
      w->last = w->p + w->kn == t->k;
      const char *b = t->b + w->j * t->b_j + w->p * t->b_p;
      if (w->pack_b) {
        X(pack_b)(room_b, t, b, j_end - w->j, w->kn);
        b = room_b;
        if (!kb_ct_go_on(t, (j_end - w->j) * w->kn * 4)) return false;
      }
      for (int64_t i = i0; i < i1; i += w->mc) {
        int64_t i_end = i1 - i < w->mc ? i1 : i + w->mc;
        const char *a = t->a + i * t->a_i + w->p * t->a_p;
        if (w->pack_a) {
          X(pack_a)(room_a, t, a, i_end - i, w->kn);
          a = room_a;
        }
        if (!X(block)(w, i, i_end, j_end, a, b)) return false;
      }
    }
  }
  return true;
}

/* n in equal parts of at most `most`, each a multiple of `of`. */
KB_INLINE int64_t X(part)(int64_t n, int64_t most, int64_t of)
{
  if (most < of) most = of;
  int64_t parts = (n - 1) / most + 1, one = (n - 1) / parts + 1;
  return (one + of - 1) / of * of;
}

/* Sizes of blocks, and what is to be packed. */
static void X(plan)(X(kb_block) *w)
{
  enum { FEW = 96 };
  const kb_ct *t = w->t;
  w->pack_a = t->flags & KB_CT_ALPHA_A && !t->scale_b;
  w->pack_b = t->scale_b || t->b_j != ES;
  if (t->m <= FEW && t->n <= FEW && t->k <= 2 * FEW) { /* one block; divisions would tell */
    w->mc = (t->m + MR - 1) / MR * MR, w->nc = (t->n + NR - 1) / NR * NR, w->kc = t->k;
    return;
  }
  const kb_cpu *cpu = kb_cpu_get();
  w->kc = X(part)(t->k, (int64_t)cpu->l1 / 2 / (NR * ES), 1);
  if (t->n > 2 * NR && (t->m > FEW || t->n > FEW)) w->pack_a = true;
  if (t->m > 2 * MR && (t->m > FEW || t->n > FEW)) w->pack_b = true;
  w->mc = X(part)(t->m, (int64_t)cpu->l2 / 2 / (w->kc * ES), MR);
  w->nc = X(part)(t->n, (int64_t)cpu->l3 / 4 / (w->kc * ES), NR);
}

static int X(gemm)(kb_ct *t)
{
  X(kb_block) w = { .t = t, .fused = t->flags & KB_CT_FUSED };
  X(plan)(&w);
  bool wait = kb_ct_beta_last(t) && w.kc < t->k;
  if (wait && w.nc > 512) w.nc = 512;
  size_t size_a = w.pack_a ? (size_t)(w.mc * w.kc) * sizeof(T) + KB_CT_VB : 0;
  size_t size_b = w.pack_b ? (size_t)(w.nc * w.kc) * sizeof(T) + KB_CT_VB : 0, size_wait = 0;
  size_a = (size_a + 63) & ~(size_t)63;
  size_b = (size_b + 63) & ~(size_t)63;
  if (wait && __builtin_mul_overflow((size_t)t->m, (size_t)w.nc * sizeof(T), &size_wait)) return KB_CT_NOT;
  char *room = NULL;
  if (size_a + size_b + size_wait) {
    if (size_wait > SIZE_MAX / 2) return KB_CT_NOT;
    room = (char *)aligned_alloc(64, (size_a + size_b + size_wait + 63) & ~(size_t)63);
    if (room == NULL) return KB_CT_NOT;
  }
  if (wait) w.wait = room + size_a + size_b;
  bool done = X(blocks)(&w, room, room + size_a);
  free(room);
  return done ? KB_CT_DONE : KB_CT_LEAVE;
}
