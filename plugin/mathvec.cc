/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mathvec.cc: math functions of marked loops.
 *
 * Loops with calls of libm stay scalar: the functions of libmvec are off by up to 4 units in the last place, and no permission
 * that a kernel can give says so; and behind each call stands a guard on its result (OverflowError), which would have to be asked
 * of a strip ahead. This says which loops are concerned.
 */
#include "pass.h"

/* Emitted C calls them by names that GCC knows nothing of: kbops.h. */
static const char prefix[] = "kb_m_";
static const char *const in_libmvec[] = {"exp", "log", "sin", "cos", "pow"};

static const char *math_call(gimple *stmt)
{
  tree fn = is_gimple_call(stmt) ? gimple_call_fndecl(stmt) : NULL_TREE;
  if (!fn || !DECL_NAME(fn) || !TREE_PUBLIC(fn))
    return NULL;
  const char *called = IDENTIFIER_POINTER(DECL_NAME(fn));
  if (strncmp(called, prefix, sizeof prefix - 1))
    return NULL;
  for (const char *name : in_libmvec)
    if (!strcmp(called + sizeof prefix - 1, name))
      return name;
  return NULL;
}

bool kb_vector_math(function *fn)
{
  basic_block b;
  FOR_EACH_BB_FN (b, fn) {
    class loop *loop = b->loop_father;
    if (!loop_outer(loop) || loop->inner || kb_marked(loop, KB_SLOW)
        || !kb_marked(loop, KB_REASSOC | KB_CONTRACT | KB_NNAN | KB_NSZ | KB_ARCP))
      continue;
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i))
      if (const char *name = math_call(gsi_stmt(i)))
        kb_decide(gimple_location(gsi_stmt(i)), KB_NOT, "math",
                  "%s is called once a turn: the vector functions of libm are less exact than fastmath allows", name);
  }
  return false;
}
