/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guards.cc: finds the guards of a function: walks back from each exit to the conditions that lead to it and to
 * nothing else.
 *
 *     if (a || b) { kb_exit(&s); return 1; }      two guards of one exit
 *     if (a && b) { kb_exit(&s); return 1; }      one, b: from a there is another way
 *     if (a) { kb_exit(&s); return 1; }  y = 0;   one: what follows the exit does not matter
 *     if (a) { y = 0; kb_exit(&s); return 1; }    one: nor does what comes before it on the way
 *     if (a) f(&s);                               none, whatever f does
 *
 * A block with one way on belongs to one chain only, so that the walks of all exits together visit it once.
 */
#include "pass.h"

/* -- The attribute -------------------------------------------------------------------------------------------- */

static tree handle_exit_attribute(tree *node, tree name, tree, int, bool *no_add)
{
  if (TREE_CODE(*node) != FUNCTION_DECL) {
    warning(OPT_Wattributes, "%qE attribute applies to functions only", name);
    *no_add = true;
  }
  return NULL_TREE;
}

static const struct attribute_spec exit_attribute = {
  "kb_exit", 0, 0, /* decl_required */ true, false, false, false, handle_exit_attribute, NULL
};

void kb_register_attributes(void *, void *) { register_attribute(&exit_attribute); }

/* -- Exits ---------------------------------------------------------------------------------------------------- */

/* At link time the attribute is left on one declaration of many, or on none; the name always is. */
bool kb_is_exit(const gimple *stmt)
{
  tree fn = is_gimple_call(stmt) ? gimple_call_fndecl(stmt) : NULL_TREE;
  return fn && (lookup_attribute("kb_exit", DECL_ATTRIBUTES(fn)) || (in_lto_p && kb_is_named(fn, "kb_exit")));
}

bool kb_is_named(tree fn, const char *name)
{
  return TREE_PUBLIC(fn) && DECL_NAME(fn) && !strcmp(IDENTIFIER_POINTER(DECL_NAME(fn)), name);
}

/* The first exit in B. */
static gcall *exit_in(basic_block b)
{
  for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i))
    if (kb_is_exit(gsi_stmt(i)))
      return as_a<gcall *>(gsi_stmt(i));
  return NULL;
}

/* The only edge on which B is left but for exceptions, longjmps and calls that may not return; NULL: several. */
static edge only_way(basic_block b)
{
  edge e, way = NULL;
  edge_iterator i;
  FOR_EACH_EDGE (e, i, b->succs)
    if (!(e->flags & (EDGE_EH | EDGE_ABNORMAL | EDGE_FAKE))) {
      if (way && way->dest != e->dest)
        return NULL;
      way = e;
    }
  return way;
}

bool kb_has_exit(function *fn)
{
  basic_block b;
  FOR_EACH_BB_FN (b, fn)
    if (exit_in(b))
      return true;
  return false;
}

/* -- The walk ------------------------------------------------------------------------------------------------- */

struct finder {
  function *fn;
  const bool *has_exit; /* by block index */
  vec<kb_guard> *out;
};

/* Adds the guards that lead to EXIT, the first one of its block. */
static void find_ways(const finder *f, gcall *exit)
{
  auto_vec<basic_block, 16> worklist;
  bool always = false, joined = false, guarded = false;
  worklist.safe_push(gimple_bb(exit));
  while (!worklist.is_empty()) {
    basic_block b = worklist.pop();
    edge e;
    edge_iterator i;
    FOR_EACH_EDGE (e, i, b->preds) {
      bool entry = e->src == ENTRY_BLOCK_PTR_FOR_FN(f->fn);
      gimple *last = entry ? NULL : kb_last_stmt(e->src);
      if (entry || e->flags & (EDGE_EH | EDGE_ABNORMAL))
        always = true;
      else if (only_way(e->src)) {
        if (f->has_exit[e->src->index])
          joined = true;
        else if (!worklist.contains(e->src))
          worklist.safe_push(e->src);
      } else if (last && gimple_code(last) == GIMPLE_COND) {
        f->out->safe_push({KB_FORM_GUARD, e, exit});
        guarded = true;
      } else
        always = true; /* a switch */
    }
  }
  if (always || (!guarded && !joined))
    f->out->safe_push({KB_FORM_ALWAYS, NULL, exit});
  else if (!guarded)
    f->out->safe_push({KB_FORM_JOINED, NULL, exit});
}

void kb_find_guards(function *fn, vec<kb_guard> *out)
{
  basic_block b;
  auto_vec<gcall *> exits;
  bool *has_exit = XCNEWVEC(bool, last_basic_block_for_fn(fn));
  FOR_EACH_BB_FN (b, fn)
    if (gcall *exit = exit_in(b)) {
      has_exit[b->index] = true;
      exits.safe_push(exit);
    }
  finder f = {fn, has_exit, out};
  for (gcall *exit : exits) {
    find_ways(&f, exit);
    gimple_stmt_iterator i = gsi_for_stmt(exit);
    for (gsi_next(&i); !gsi_end_p(i); gsi_next(&i))
      if (kb_is_exit(gsi_stmt(i)))
        out->safe_push({KB_FORM_JOINED, NULL, as_a<gcall *>(gsi_stmt(i))});
  }
  XDELETEVEC(has_exit);
}

/* -- Checking ------------------------------------------------------------------------------------------------- */

/* The first exit on the only way from E on; NULL: there is none. */
static gcall *exit_behind(function *fn, edge e)
{
  /* STEPS bounds the walk through endless loops. */
  for (int steps = n_basic_blocks_for_fn(fn); e && e->dest != EXIT_BLOCK_PTR_FOR_FN(fn) && steps > 0; steps--) {
    if (gcall *exit = exit_in(e->dest))
      return exit;
    e = only_way(e->dest);
  }
  return NULL;
}

void kb_check_guards(function *fn, const vec<kb_guard> &guards)
{
  basic_block b;
  hash_set<gimple *> found;
  for (const kb_guard &g : guards) {
    found.add(g.exit);
    if (g.leave && exit_behind(fn, g.leave) != g.exit)
      error_at(gimple_location(g.exit), "keelback: a guard does not lead to its exit");
    if (g.leave && gimple_code(kb_last_stmt(g.leave->src)) != GIMPLE_COND)
      error_at(gimple_location(g.exit), "keelback: a guard without a condition");
  }
  FOR_EACH_BB_FN (b, fn)
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i))
      if (kb_is_exit(gsi_stmt(i)) && !found.contains(gsi_stmt(i)))
        error_at(gimple_location(gsi_stmt(i)), "keelback: an exit with no guard that is not unconditional");
}
