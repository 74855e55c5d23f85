/* SPDX-License-Identifier: GPL-3.0-or-later */
/* selftest.cc: is the compiler that loads us the one that our headers describe?
 *
 * Two builds of one GCC version may differ: in a point release, in a distributor's patches, in languages. GCC's
 * own comparison of the configure lines would refuse most that are alike. So we compare what we use: the numbers of
 * tree codes, statements, internal functions and options by their names, and the layout of option variables and nodes.
 */
#include "pass.h"

static const char *const tree_code_names[] = {
#define DEFTREECODE(code, name, type, length) name,
#define END_OF_BASE_TREE_CODES
#include "tree.def"
#undef DEFTREECODE
#undef END_OF_BASE_TREE_CODES
};

static const char *const statement_names[] = {
#define DEFGSCODE(code, name, structure) name,
#include "gimple.def"
#undef DEFGSCODE
};

static const char *const internal_names[] = {
#define DEF_INTERNAL_FN(code, flags, fnspec) #code,
#include "internal-fn.def"
#undef DEF_INTERNAL_FN
};

/* Compares the N names WANT with NAME(0) ... NAME(n - 1). */
static bool same_names(const char *const *want, unsigned n, const char *(*name)(unsigned))
{
  for (unsigned i = 0; i < n; i++)
    if (!name(i) || strcmp(name(i), want[i]))
      return false;
  return true;
}

static const char *tree_name(unsigned i) { return get_tree_code_name((enum tree_code)i); }
static const char *statement_name(unsigned i) { return gimple_code_name[i]; }
static const char *internal_name(unsigned i) { return internal_fn_name((enum internal_fn)i); }

static bool same_option(enum opt_code code, const char *text, size_t offset)
{
  return !strcmp(cl_options[code].opt_text, text)
         && (!offset || cl_options[code].flag_var_offset == (unsigned short)offset);
}

const char *kb_selftest_tables(void)
{
  if (!same_names(tree_code_names, ARRAY_SIZE(tree_code_names), tree_name))
    return "tree codes";
  if (!same_names(statement_names, ARRAY_SIZE(statement_names), statement_name))
    return "statement codes";
  if (!same_names(internal_names, ARRAY_SIZE(internal_names), internal_name))
    return "internal functions";
  if (cl_options_count != N_OPTS || !same_option(OPT_D, "-D", 0)
      || !same_option(OPT_ftree_vectorize, "-ftree-vectorize", offsetof(gcc_options, x_flag_tree_vectorize))
      || !same_option(OPT_fsyntax_only, "-fsyntax-only", offsetof(gcc_options, x_flag_syntax_only))
      || !same_option(OPT_ffat_lto_objects, "-ffat-lto-objects", offsetof(gcc_options, x_flag_fat_lto_objects))
      || !same_option(OPT_fwrapv, "-fwrapv", offsetof(gcc_options, x_flag_wrapv)))
    return "options";
  return NULL;
}

const char *kb_selftest_nodes(void)
{
  tree type = long_long_integer_type_node;
  if (!type || TREE_CODE(type) != INTEGER_TYPE || TYPE_PRECISION(type) != 64 || TYPE_UNSIGNED(type))
    return "types";
  if (!TYPE_NAME(type) || TREE_CODE(TYPE_NAME(type)) != TYPE_DECL || !DECL_NAME(TYPE_NAME(type))
      || strcmp(IDENTIFIER_POINTER(DECL_NAME(TYPE_NAME(type))), "long long int"))
    return "declarations";
  if (!tree_fits_shwi_p(TYPE_MIN_VALUE(type)) || tree_to_shwi(TYPE_MIN_VALUE(type)) != HOST_WIDE_INT_MIN
      || !integer_zerop(build_int_cst(type, 0)))
    return "constants";
  return NULL;
}
