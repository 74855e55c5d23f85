/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gcc-common.h: the only file that includes GCC's headers; what differs between GCC 12, 13, 14 and 15 is hidden here. */
#ifndef KB_GCC_COMMON_H
#define KB_GCC_COMMON_H

/* The order is GCC's: many of these headers need the ones before them. */
#include "gcc-plugin.h"
#include "plugin-version.h"
#include "tree.h"
#include "c-family/c-common.h" /* before what includes diagnostic-core.h */
#include "tree-pass.h"
#include "context.h"
#include "function.h"
#include "basic-block.h"
#include "gimple.h"
#include "gimple-iterator.h"
#include "gimple-pretty-print.h"
#include "gimplify.h"
#include "gimplify-me.h"
#include "gimple-fold.h"
#include "calls.h"
#include "cfgloop.h"
#include "cfghooks.h"
#include "cfganal.h"
#include "cgraph.h"
#include "ssa.h"
#include "tree-cfg.h"
#include "tree-cfgcleanup.h"
#include "tree-dfa.h"
#include "tree-ssa.h"
#include "tree-into-ssa.h"
#include "tree-ssanames.h"
#include "tree-ssa-loop.h"
#include "tree-ssa-loop-niter.h"
#include "tree-ssa-loop-manip.h"
#include "tree-scalar-evolution.h"
#include "tree-chrec.h"
#include "tree-data-ref.h"
#include "cfgloopmanip.h"
#include "tree-inline.h"
#include "tree-vectorizer.h"
#include "dominance.h"
#include "target.h"
#include "stringpool.h"
#include "attribs.h"
#include "fold-const.h"
#include "internal-fn.h"
#include "opts.h"
#include "langhooks.h"
#include "diagnostic-core.h"
#include "dumpfile.h"

#if GCCPLUGIN_VERSION_MAJOR < 12
#error "the plugin needs GCC 12 or later"
#endif

/* Only the compilers of C and C++ have it; in all others its address is null. */
extern bool c_common_handle_option(size_t, const char *, HOST_WIDE_INT, int, location_t,
                                   const struct cl_option_handlers *) __attribute__((weak));

/* Of optabs-tree.h, which needs a header that is not installed. */
extern bool expand_vec_cmp_expr_p(tree, tree, enum tree_code);

/* The last statement of B that is no debug marker; NULL when there is none. (last_stmt until 13.) */
static inline gimple *kb_last_stmt(basic_block b)
{
#if GCCPLUGIN_VERSION_MAJOR >= 14
  return last_nondebug_stmt(b);
#else
  return last_stmt(b);
#endif
}

/* The arithmetic of S, whose overflow would be undefined, wraps from now on. */
static inline void kb_let_wrap(gimple *s)
{
#if GCCPLUGIN_VERSION_MAJOR >= 14
  gimple_stmt_iterator i = gsi_for_stmt(s);
  rewrite_to_defined_overflow(&i);
#else
  rewrite_to_defined_overflow(s, true);
#endif
}

/* GCC's own verifiers over FN, which has a CFG: they stop the compiler where something is wrong. */
static inline void kb_verify_function(struct function *fn)
{
  verify_gimple_in_cfg(fn, true);
  verify_flow_info();
  if (gimple_in_ssa_p(fn))
    verify_ssa(true, true);
  if (loops_for_fn(fn) && !loops_state_satisfies_p(fn, LOOPS_NEED_FIXUP) && dom_info_available_p(fn, CDI_DOMINATORS))
    verify_loop_structure();
}

#endif
