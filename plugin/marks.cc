/* SPDX-License-Identifier: GPL-3.0-or-later */
/* marks.cc: hints of the source (KB_LOOP) become marks of loops.
 *
 * A hint is an asm volatile in the loop's body: nothing else survives inlining, the copying of functions and the front
 * end's rebuilding of loops with certainty. When inlining is done it is deleted, so that it is in nobody's way, and what it
 * says goes to the loop: bits in loop->constraints, of which GCC uses two, and which copy_loop_info copies; what is no bit
 * goes to a table, whose index is in the bits above.
 *
 * Two hints in one loop, should GCC ever join loops: only what both allow is allowed.
 */
#include "pass.h"

static const char prefix[] = "#kb ";

/* Every hint of the unit; equal ones once. Lives as long as the compiler. */
static vec<kb_hint> hints;
enum { MAX_HINTS = (1 << (32 - KB_HINT_SHIFT)) - 1 };

static const struct {
  const char *word;
  unsigned mark;
} words[] = {
  {"reassoc", KB_REASSOC}, {"contract", KB_CONTRACT}, {"nnan", KB_NNAN}, {"nsz", KB_NSZ}, {"arcp", KB_ARCP},
  {"independent", KB_INDEPENDENT}, {"parallel", KB_PARALLEL}, {"vectorize", KB_VECTORIZE},
  {"shared", KB_SHARED},
};
static const unsigned permissions = KB_REASSOC | KB_CONTRACT | KB_NNAN | KB_NSZ | KB_ARCP | KB_INDEPENDENT | KB_PARALLEL;

static bool is_hint(gimple *stmt)
{
  gasm *a = dyn_cast<gasm *>(stmt);
  return a && !strncmp(gimple_asm_string(a), prefix, sizeof prefix - 1);
}

/* One word of N characters into MARKS and HINT. Words that are not known are of a later front end: hints, after all. */
static void read_word(const char *s, size_t n, unsigned *marks, kb_hint *hint)
{
  for (const auto &w : words)
    if (strlen(w.word) == n && !strncmp(w.word, s, n))
      *marks |= w.mark;
  if (n == 8 && !strncmp(s, "novector", n))
    hint->no_vector = true;
  if (n == 9 && !strncmp(s, "unchecked", n))
    hint->unchecked = true;
  if (!strncmp(s, "tile=", 5))
    hint->tile = strtoul(s + 5, NULL, 10);
  if (!strncmp(s, "unroll=", 7))
    hint->unroll = strtoul(s + 7, NULL, 10);
  if (!strncmp(s, "name=", 5))
    hint->name = xstrndup(s + 5, n - 5);
}

/* The index of HINT in the table, from 1; 0: there is no more room. Takes over the name. */
static unsigned number_of(kb_hint hint)
{
  for (unsigned i = 0; i < hints.length(); i++)
    if (hints[i].tile == hint.tile && hints[i].unroll == hint.unroll && hints[i].no_vector == hint.no_vector && hints[i].unchecked == hint.unchecked
        && !strcmp(hints[i].name, hint.name)) {
      free(hint.name);
      return i + 1;
    }
  if (hints.length() == MAX_HINTS) {
    free(hint.name);
    return 0;
  }
  hints.safe_push(hint);
  return hints.length();
}

const kb_hint *kb_hint_of(const class loop *loop)
{
  unsigned n = loop->constraints >> KB_HINT_SHIFT;
  return n ? &hints[n - 1] : NULL;
}

static void mark(function *fn, class loop *loop, const char *s)
{
  unsigned marks = 0;
  kb_hint hint = {NULL, 0, 0, false, false};
  for (; *s; s += strspn(s, " ")) {
    size_t n = strcspn(s, " ");
    read_word(s, n, &marks, &hint);
    s += n;
  }
  if (!hint.name)
    hint.name = xstrdup("");
  unsigned number = number_of(hint);
  if (loop->constraints >> KB_HINT_SHIFT) { /* the second one of this loop */
    loop->constraints &= ~permissions | marks;
    return;
  }
  kb_mark_loop(loop, marks | number << KB_HINT_SHIFT);
  if (hint.unroll) {
    loop->unroll = MIN(hint.unroll, USHRT_MAX);
    fn->has_unroll = true;
  }
  if (hint.no_vector)
    loop->dont_vectorize = true;
  else if (marks & KB_VECTORIZE) {
    loop->force_vectorize = true;
    fn->has_force_vectorize_loops = true;
  }
  if (marks & KB_INDEPENDENT)
    loop->safelen = INT_MAX;
}

unsigned kb_read_marks(function *fn)
{
  auto_vec<gimple *> found;
  basic_block b;
  FOR_EACH_BB_FN (b, fn)
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i))
      if (is_hint(gsi_stmt(i)))
        found.safe_push(gsi_stmt(i));
  if (found.is_empty())
    return 0;
  loop_optimizer_init(AVOID_CFG_MODIFICATIONS);
  for (gimple *stmt : found) {
    class loop *loop = gimple_bb(stmt)->loop_father;
    if (loop_outer(loop)) /* else the loop turned out to have one turn */
      mark(fn, loop, gimple_asm_string(as_a<gasm *>(stmt)) + sizeof prefix - 1);
    gimple_stmt_iterator i = gsi_for_stmt(stmt);
    unlink_stmt_vdef(stmt);
    gsi_remove(&i, true);
    release_defs(stmt);
  }
  loop_optimizer_finalize();
  return TODO_update_ssa_only_virtuals;
}
