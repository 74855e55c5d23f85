/* SPDX-License-Identifier: MIT */
/* Images: what is in them, by listing; that they compute what the SSA form computes, entered at the start or at any pc
 * with nothing but what is live there; that damaged bytes are refused. */
#include "ir_test.h"
#include "../../ir/image.h"
#include "../../ir/imgcode.h"

static kb_image *image_of(kb_mod *m, uint32_t i, unsigned char **bytes, size_t *n)
{
  char why[200];
  kb_fn *f = m->fns.v[i];
  if (!kb_verify(m, f, why, sizeof why))
    fail_msg("%s", why);
  kb_fn_number(f);
  *bytes = kb_image_make(m, f, n);
  kb_image *im = kb_image_load(*bytes, *n, why, sizeof why);
  if (!im)
    fail_msg("refused: %s", why);
  return im;
}

/* The listing of the first function; the caller frees it. */
static __attribute__((noinline)) char *listing(const char *text)
{
  kb_mod *m = module_of(text);
  unsigned char *bytes;
  size_t n, size = 0;
  kb_image *im = image_of(m, 0, &bytes, &n);
  char *out = NULL;
  FILE *to = open_memstream(&out, &size);
  kb_image_print(to, im);
  fclose(to);
  kb_image_free(im);
  free(bytes);
  kb_mod_free(m);
  return out;
}

static unsigned count_of(const char *text, const char *what)
{
  unsigned n = 0;
  while ((text = strstr(text, what)))
    n++, text++;
  return n;
}

#define LOOP \
  "func obj @f(obj %n) generic {\n@entry\n jmp @head\n" \
  "@head\n %i:obj = phi [@entry: int:0] [@body: %i2]\n %s:obj = phi [@entry: int:5] [@body: %s2]\n" \
  " %c = obj.lt %i, %n\n %t = obj.truth %c\n br %t, @body, @out\n" \
  "@body\n %s2 = obj.add %s, %i\n %i2 = obj.add %i, int:1\n jmp @head\n@out\n ret %s\n}\n"

/* The movs in front of the loop are all there are. */
static void test_loop(void **state)
{
  (void)state;
  char *out = listing(LOOP);
  assert_string_equal(out, "image @f \"\":0, 7 slots, parameters %3\n"
                           "    %0 = const int 0\n"
                           "    %1 = const int 5\n"
                           "    %2 = const int 1\n"
                           "    0   pc 1   %4 = mov %0\n"
                           "    1   pc 1   %5 = mov %1\n"
                           "  * 2   pc 4   %6 = obj.lt %4, %3\n"
                           "    3   pc 5   %6 = obj.truth %6\n"
                           "    4   pc 6   br %6, 5, 8\n"
                           "    5   pc 7   %5 = obj.add %5, %4\n"
                           "    6   pc 8   %4 = obj.add %4, %2\n"
                           "    7   pc 9   jmp 2\n"
                           "    8   pc 10  ret %5\n"
                           "    values 0:%3 2:%4 3:%5 4:%6 5:%6 7:%5 8:%4\n");
  free(out);
}

/* a, b = b, a round the loop: three movs and a slot more. */
static void test_swap(void **state)
{
  (void)state;
  char *out = listing("func obj @f(obj %n, obj %p, obj %q) generic {\n@entry\n jmp @head\n"
                      "@head\n %a:obj = phi [@entry: %p] [@body: %b]\n %b:obj = phi [@entry: %q] [@body: %a]\n"
                      " %t = obj.truth %n\n br %t, @body, @out\n@body\n obj.setitem %a, %b, %n\n jmp @head\n"
                      "@out\n %r = obj.tuple %a, %b\n ret %r\n}\n");
  assert_int_equal(count_of(out, "mov"), 3);
  /* the movs have the pc of the jmp back, and end where it stands */
  assert_non_null(strstr(out, "    3   pc 9   %4 = mov %1\n    4   pc 9   %1 = mov %2\n    5   pc 9   %2 = mov %4\n    6   pc 9   jmp 0\n"));
  free(out);
}

/* The lost copy: what the loop has last had is needed behind it. */
static void test_lost_copy(void **state)
{
  (void)state;
  char *out = listing("func obj @f(obj %n) generic {\n@entry\n jmp @head\n"
                      "@head\n %x:obj = phi [@entry: int:1] [@head: %y]\n %y = obj.add %x, int:1\n"
                      " %t = obj.truth %n\n br %t, @head, @out\n@out\n ret %x\n}\n");
  /* on the way back y goes to x, in a block of its own at the end */
  assert_int_equal(count_of(out, "mov"), 2);
  assert_non_null(strstr(out, "br %4, 5, 4\n    4   pc 6   ret %2\n    5   pc 5   %2 = mov %3\n    6   pc 5   jmp 1\n"));
  free(out);
}

static void test_unused(void **state)
{
  (void)state;
  char *out = listing("func obj @f(obj %a, obj %b) generic {\n@entry\n %x = obj.add %b, %b\n ret none\n}\n");
  assert_non_null(strstr(out, "parameters - %1\n"));
  assert_non_null(strstr(out, "    0   pc 2   obj.add %1, %1\n"));
  free(out);
}

#define DYNAMIC \
  "module \"k.py\"\nfunc obj @f(obj %x) generic dynamic vars(\"v\", \"w\") !3:1 {\n@entry\n obj.setvar #0 %x !4:2-9\n %z = obj.neg %x\n try @body, @oops !5:1\n" \
  "@body handler @oops\n %y = obj.getattr #\"name\" %x\n %k = obj.pos %y\n obj.setitem %k, %y, %y\n jmp @out\n@out\n %v = obj.getvar #1\n ret %v\n" \
  "@oops\n %e = obj.caught\n %m = obj.matches %e, %z\n %t = obj.truth %m\n br %t, @mine, @up\n" \
  "@mine\n obj.endexc %e\n raise ^s\n@up\n obj.reraise %e\n}\nsnap ^s raise ValueError \"no\" []\n"

/* What the handler needs is live as long as an exception may come, and not longer. */
static void test_handler(void **state)
{
  (void)state;
  char *out = listing(DYNAMIC);
  assert_string_equal(out, "image @f \"k.py\":3, 5 slots, dynamic, parameters %0\n"
                           "    %3 = variable 0, v\n"
                           "    %4 = variable 1, w\n"
                           "    0   pc 1   obj.setvar #0 %0 !4:2-9\n"
                           "    1   pc 2   %1 = obj.neg %0\n"
                           "    2   pc 4   %0 = obj.getattr #\"name\" %0 handler 7\n"
                           "    3   pc 5   %2 = obj.pos %0 handler 7\n"
                           "    4   pc 6   obj.setitem %2, %0, %0 handler 7\n"
                           "    5   pc 8   %0 = obj.getvar #1\n"
                           "    6   pc 9   ret %0\n"
                           "    7   pc 10  %0 = obj.caught\n"
                           "    8   pc 11  %1 = obj.matches %0, %1\n"
                           "    9   pc 12  %1 = obj.truth %1\n"
                           "    10  pc 13  br %1, 11, 13\n"
                           "    11  pc 14  obj.endexc %0\n"
                           "    12  pc 15  raise ValueError \"no\"\n"
                           "    13  pc 16  obj.reraise %0\n"
                           "    values 0:%0 2:%1 4:%0 5:%2 8:%0 10:%0 11:%1 12:%1\n");
  free(out);
}

static void test_constants(void **state)
{
  (void)state;
  char *out = listing("func obj @f(obj %n) generic {\n@entry\n %a = obj.call #kb.full undef:f32, float:0.5, %n\n"
                      " %b = obj.tuple none, \"t\\n\\\"\", true, int:-7, u64:18446744073709551615, undef:obj\n"
                      " obj.setitem %a, int:0, %b\n ret none\n}\n");
  static const char *const want[] = { "type f32\n", "float 0.5\n", "none\n", "\"t\\n\\\"\"\n", "bool 1\n", "int -7\n",
                                      "u64 18446744073709551615\n", "unbound\n", "int 0\n" };
  char line[80];
  for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
    snprintf(line, sizeof line, "    %%%u = const %s", i, want[i]);
    assert_non_null(strstr(out, line));
  }
  free(out);
}

/* -- Random functions, run in both forms ------------------------------------------------------------------------------ */

static uint64_t seed;
static uint32_t random_below(uint32_t n)
{
  seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)(seed >> 33) % n;
}

enum { VARS = 4, STEPS = 300 };

/* Blocks that all begin with VARS phis, whose arguments are any values of the block they come from. */
static kb_fn *random_function(kb_mod *m)
{
  kb_fn *f = kb_fn_new(m, "r");
  f->generic = true;
  f->ret = KB_T_OBJ;
  uint32_t nblocks = 2 + random_below(7), out[10] = { 0 };
  kb_ref have[10][VARS * 3], cond[10];
  uint32_t nhave[10];
  for (uint32_t i = 0; i < 3; i++)
    have[1][i] = kb_param(f, KB_T_OBJ, NULL);
  for (uint32_t b = 1; b <= nblocks; b++)
    kb_blk_new(f);
  for (uint32_t b = 1; b <= nblocks; b++) {
    nhave[b] = b == 1 ? 3 : 0;
    for (uint32_t i = 0; b > 1 && i < VARS; i++)
      have[b][nhave[b]++] = kb_phi(f, b, KB_T_OBJ, 0);
    for (uint32_t i = random_below(4); i; i--) {
      kb_ref args[2] = { have[b][random_below(nhave[b])], have[b][random_below(nhave[b])] };
      if (!random_below(4))
        args[1] = kb_const_int(f, KB_T_INT, random_below(3));
      have[b][nhave[b]++] = kb_ins(f, b, random_below(2) ? KB_OADD : KB_OSUB, KB_T_OBJ, args, 2, nowhere);
    }
    cond[b] = kb_ins(f, b, KB_OTRUTH, KB_T_OBJ, &have[b][random_below(nhave[b])], 1, nowhere);
  }
  for (uint32_t b = 1; b <= nblocks; b++) {
    out[b] = 1 + random_below(3);
    uint32_t yes = 2 + random_below(nblocks - 1), no = 2 + random_below(nblocks - 1);
    if (out[b] == 1 && b > 1)
      kb_ret(f, b, &have[b][random_below(nhave[b])], 1, nowhere);
    else if (out[b] == 2)
      kb_jmp(f, b, yes, nowhere);
    else
      kb_br(f, b, cond[b], yes, no, nowhere);
  }
  for (uint32_t b = 2; b <= nblocks; b++)
    for (uint32_t i = 0; i < VARS; i++) {
      uint32_t n = f->blk.v[b].pred.n;
      kb_v(f, have[b][i])->nargs = n;
      kb_v(f, have[b][i])->args = KB_NEW(f->arena, kb_ref, n + 1);
      for (uint32_t k = 0; k < n; k++) {
        uint32_t from = f->blk.v[b].pred.v[k];
        uint32_t pick = random_below(3) ? (i + random_below(2)) % nhave[from] : random_below(nhave[from]);
        kb_ref arg = random_below(9) ? have[from][pick] : kb_const_int(f, KB_T_INT, random_below(3));
        kb_v(f, have[b][i])->args[k] = arg;
      }
    }
  kb_fn_number(f);
  return f;
}

static uint64_t mix(uint64_t op, uint64_t a, uint64_t b)
{
  uint64_t h = (op * 31 + a) * UINT64_C(0x9E3779B97F4A7C15) + b;
  return (h ^ h >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
}

/* The SSA form's run: the pc of each step and all values at that point. */
typedef struct { uint32_t pc; uint64_t *val; } step;
static step steps[STEPS];
static uint32_t nsteps;

static uint64_t value(const kb_fn *f, const uint64_t *val, kb_ref r)
{
  return kb_is_const(f, r) ? (uint64_t)kb_v(f, r)->imm.i : val[r];
}

static void enter(const kb_fn *f, uint64_t *val, kb_bid from, kb_bid to)
{
  uint64_t fresh[VARS];
  uint32_t i = 0, n = 0;
  while (f->blk.v[to].pred.v[i] != from)
    i++;
  KB_FOR_INS(f, to, r)
    if (kb_is(f, r, KB_PHI))
      fresh[n++] = value(f, val, kb_v(f, r)->args[i]);
  n = 0;
  KB_FOR_INS(f, to, r)
    if (kb_is(f, r, KB_PHI))
      val[r] = fresh[n++];
}

static uint64_t run_ssa(const kb_fn *f, const uint64_t *params)
{
  uint64_t *val = (uint64_t *)kb_xzalloc(f->val.n * sizeof *val), result = 0;
  kb_bid b = 1;
  nsteps = 0;
  for (uint32_t i = 0; i < f->nparams; i++)
    val[f->params[i]] = params[i];
  for (kb_ref r = f->blk.v[1].first; r && nsteps < STEPS;) {
    const kb_val *v = kb_v(f, r);
    if (v->op == KB_PHI) {
      r = v->next;
      continue;
    }
    steps[nsteps].pc = v->pc;
    steps[nsteps].val = (uint64_t *)kb_xzalloc(f->val.n * sizeof *val);
    memcpy(steps[nsteps++].val, val, f->val.n * sizeof *val);
    uint64_t x = v->nargs ? value(f, val, v->args[0]) : 0, y = v->nargs > 1 ? value(f, val, v->args[1]) : 0;
    r = v->next;
    if (v->op == KB_JMP || v->op == KB_BR) {
      kb_bid to = f->blk.v[b].succ[v->op == KB_BR && !(x & 64)];
      enter(f, val, b, to);
      b = to;
      r = f->blk.v[b].first;
    } else if (v->op == KB_RET) {
      result = x;
    } else {
      val[v - f->val.v] = mix(v->op, x, y);
    }
  }
  free(val);
  return result;
}

/* The image from instruction at on; every instruction met is the next step of the SSA form's run. */
static void run_image(const kb_image *im, uint64_t *slot, uint32_t at, uint32_t from, uint64_t result)
{
  for (uint32_t i = 0; i < im->nconsts; i++)
    slot[i] = (uint64_t)im->consts[i].imm.i;
  for (uint32_t next = from, budget = 4 * STEPS; budget; budget--) {
    const kb_iins *n = &im->ins[at++];
    uint64_t x = n->nargs ? slot[n->args[0]] : 0, y = n->nargs > 1 ? slot[n->args[1]] : 0;
    if (n->op == KB_MOV) {
      slot[n->dst] = x;
      continue;
    }
    if (n->op != KB_JMP) { /* jmps may have been left out, or stand behind movs of a br */
      while (next < nsteps && steps[next].pc != n->pc)
        next++;
      if (next == nsteps)
        return;
      next++;
    }
    if (n->op == KB_JMP) {
      at = n->to[0];
    } else if (n->op == KB_BR) {
      at = n->to[!(x & 64)];
    } else if (n->op == KB_RET) {
      assert_true(x == result);
      return;
    } else if (n->dst != KB_NOSLOT) {
      slot[n->dst] = mix(n->op, x, y);
    }
  }
}

/* Is v live in front of instruction at? By looking for a use on all paths that do not define it again. */
static bool reaches_use(const kb_fn *f, kb_ref v, kb_ref at, uint8_t *seen)
{
  kb_bid b = kb_v(f, at)->blk;
  for (kb_ref r = at; r; r = kb_v(f, r)->next) {
    for (uint32_t i = 0; i < kb_v(f, r)->nargs; i++)
      if (!kb_is(f, r, KB_PHI) && kb_v(f, r)->args[i] == v)
        return true;
    if (r == v)
      return false;
  }
  for (int k = 0; k < 2; k++) {
    kb_bid to = f->blk.v[b].succ[k];
    uint32_t i = 0;
    while (to && f->blk.v[to].pred.v[i] != b)
      i++;
    bool defines = false;
    for (kb_ref r = to ? f->blk.v[to].first : 0; r && kb_is(f, r, KB_PHI); r = kb_v(f, r)->next) {
      if (kb_v(f, r)->args[i] == v)
        return true;
      defines |= r == v;
    }
    if (to && !defines && !seen[to]) {
      seen[to] = 1;
      if (reaches_use(f, v, f->blk.v[to].first, seen))
        return true;
    }
  }
  return false;
}

static void enter_at(const kb_fn *f, const kb_image *im, uint32_t k, uint64_t result)
{
  kb_ref at = 0;
  for (kb_ref r = 1; r < f->val.n; r++)
    if (kb_v(f, r)->blk && kb_v(f, r)->pc == steps[k].pc)
      at = r;
  uint64_t *slot = (uint64_t *)kb_xzalloc((im->nslots + 1) * sizeof *slot);
  uint8_t *owned = (uint8_t *)kb_xzalloc(im->nslots + 1), *seen = (uint8_t *)kb_xzalloc(f->blk.n);
  for (uint32_t i = 0; i < im->nslots; i++)
    slot[i] = 0xdead;
  for (kb_ref r = 1; r < f->val.n; r++) {
    if (!kb_v(f, r)->blk && !kb_is(f, r, KB_PARAM))
      continue;
    memset(seen, 0, f->blk.n);
    if (!reaches_use(f, r, at, seen))
      continue;
    uint32_t to = im->slot_of[kb_v(f, r)->pc];
    if (to == KB_NOSLOT) /* only an unused phi needs it */
      continue;
    assert_false(owned[to]); /* live together, but in one slot */
    owned[to] = 1;
    slot[to] = steps[k].val[r];
  }
  assert_int_not_equal(im->at_pc[steps[k].pc], KB_NOINS);
  run_image(im, slot, im->at_pc[steps[k].pc], k, result);
  free(slot);
  free(owned);
  free(seen);
}

static void test_random(void **state)
{
  (void)state;
  for (unsigned round = 0; round < 400; round++) {
    seed = round;
    kb_mod *m = kb_mod_new("t", NULL);
    kb_fn *f = random_function(m);
    unsigned char *bytes;
    size_t n;
    kb_image *im = image_of(m, 0, &bytes, &n);
    uint64_t params[3] = { 11, 64, 0 }, result = run_ssa(f, params);
    uint64_t *slot = (uint64_t *)kb_xzalloc((im->nslots + 1) * sizeof *slot);
    for (uint32_t i = 0; i < 3; i++)
      if (im->params[i] != KB_NOSLOT)
        slot[im->params[i]] = params[i];
    run_image(im, slot, 0, 0, result);
    for (uint32_t k = 0; k < nsteps; k += 1 + nsteps / 20)
      enter_at(f, im, k, result);
    for (uint32_t k = 0; k < nsteps; k++)
      free(steps[k].val);
    free(slot);
    kb_image_free(im);
    free(bytes);
    kb_mod_free(m);
  }
}

/* -- Damage ----------------------------------------------------------------------------------------------------------- */

static void seal(unsigned char *b, size_t n)
{
  uint32_t sum = kb_image_sum(b, n - KB_IMAGE_SUM);
  for (unsigned i = 0; i < KB_IMAGE_SUM; i++)
    b[n - KB_IMAGE_SUM + i] = (unsigned char)(sum >> 8 * i);
}

/* Refused, or something that can be printed. */
static bool harmless(const unsigned char *b, size_t n)
{
  char why[100];
  unsigned char *copy = (unsigned char *)malloc(n ? n : 1); /* its own, so that reading too far is noticed */
  if (n)
    memcpy(copy, b, n);
  kb_image *im = kb_image_load(copy, n, why, sizeof why);
  free(copy);
  if (!im) {
    assert_int_not_equal(strlen(why), 0);
    return false;
  }
  FILE *null = fopen("/dev/null", "w");
  kb_image_print(null, im);
  fclose(null);
  kb_image_free(im);
  return true;
}

static void damage(const char *text)
{
  kb_mod *m = module_of(text);
  unsigned char *b;
  size_t n;
  kb_image_free(image_of(m, 0, &b, &n));
  assert_true(harmless(b, n));
  for (size_t i = 0; i < n; i++) {
    unsigned char was = b[i];
    for (unsigned bit = 0; bit < 256; bit++) {
      b[i] = (unsigned char)bit;
      if (bit != was && bit % 37 == 0)
        assert_false(harmless(b, n)); /* the sum has noticed */
      if (i < n - KB_IMAGE_SUM) {
        unsigned char sum[KB_IMAGE_SUM];
        memcpy(sum, b + n - KB_IMAGE_SUM, sizeof sum);
        seal(b, n);
        harmless(b, n);
        memcpy(b + n - KB_IMAGE_SUM, sum, sizeof sum);
      }
    }
    b[i] = was;
  }
  for (size_t k = 0; k < n; k++) {
    assert_false(harmless(b, k));
    if (k > 12) {
      unsigned char *cut = (unsigned char *)malloc(k);
      memcpy(cut, b, k);
      seal(cut, k);
      assert_false(harmless(cut, k));
      free(cut);
    }
  }
  free(b);
  kb_mod_free(m);
}

static void test_damage(void **state)
{
  (void)state;
  damage(LOOP);
  damage(DYNAMIC);
  damage("func obj @f(obj %n) generic {\n@entry\n %a = obj.call #kb.full undef:f32, float:0.5, %n\n"
         " %b = obj.tuple none, \"t\", true, u64:18446744073709551615, i8:-3\n obj.setitem %a, int:0, %b\n ret none\n}\n");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_loop),      cmocka_unit_test(test_swap),   cmocka_unit_test(test_lost_copy),
    cmocka_unit_test(test_unused),    cmocka_unit_test(test_handler), cmocka_unit_test(test_constants),
    cmocka_unit_test(test_random),    cmocka_unit_test(test_damage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
