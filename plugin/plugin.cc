/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plugin.cc: keelback-gccN.so: the version gate, the arguments, the order of the passes.
 *
 * Loaded by gate.c. Whatever is wrong here, the compilation must go on and its result be right: emitted C needs no
 * plugin. So nothing below is an error; at worst there is one line, and nothing is registered.
 *
 *   -fplugin=keelback.so
 *   -fplugin-arg-keelback-report=FILE   JSON: one record for each guard (report.cc)
 *   -fplugin-arg-keelback-verbose       a remark for each guard; -fopt-info-loop shows them, too
 *   -fplugin-arg-keelback-check         GCC's verifiers around our passes, and our own invariants
 *   -fplugin-arg-keelback-selftest      say that this GCC is the one that the plugin was built for
 *   -fplugin-arg-keelback-count         fast copies count themselves, for tests (decide.cc)
 *
 * Debugging: -fdump-tree-all writes FILE.c.*t.kb_guards with the guards that were found (options are read before
 * plugins, so GCC does not know -fdump-tree-kb_guards); gcc -wrapper gdb,--args stops in cc1.
 */
#include "pass.h"

int plugin_is_GPL_compatible;
kb_options kb_opt;

/* The version that the plugin says it is for; a test builds it for another one. */
#ifndef KB_PLUGIN_MAJOR
#define KB_PLUGIN_MAJOR GCCPLUGIN_VERSION_MAJOR
#endif

static bool usable = true; /* the self test at the start of the unit */

/* -- Passes --------------------------------------------------------------------------------------------------- */

static void print_guards(function *fn, const vec<kb_guard> &guards)
{
  for (const kb_guard &g : guards) {
    auto_vec<kb_place *, 4> places;
    kb_places_of_exit(fn, g.exit, &places);
    for (const kb_place *place : places)
      fprintf(dump_file, "%s:%u: %s, %s, site %s\n", place->file, place->line, place->kind,
              g.form == KB_FORM_GUARD ? "guard" : g.form == KB_FORM_ALWAYS ? "unconditional" : "behind another exit",
              place->name);
    if (g.leave)
      print_gimple_stmt(dump_file, kb_last_stmt(g.leave->src), 2, TDF_SLIM);
  }
  fprintf(dump_file, "%u guards and guardless exits\n", guards.length());
}

/* An exit of the source must stand on the Python line that its site names. */
static void check_lines(function *fn, const vec<kb_guard> &guards)
{
  for (const kb_guard &g : guards) {
    auto_vec<kb_place *, 4> places;
    kb_places_of_exit(fn, g.exit, &places);
    for (const kb_place *place : places)
      if (!kb_place_on_line(place, gimple_location(g.exit)))
        warning_at(gimple_location(g.exit), 0, "keelback: the site %s is on line %u of %s", place->name, place->line,
                   place->file);
  }
}

/* Finds and counts the guards of FN. */
static void count_guards(function *fn, enum kb_stage stage)
{
  auto_vec<kb_guard> guards;
  kb_find_guards(fn, &guards);
  kb_count_guards(fn, stage, guards);
  if (dump_file)
    print_guards(fn, guards);
  kb_remark_guards(fn, stage, guards);
  if (kb_opt.check) {
    kb_check_guards(fn, guards);
    if (stage == KB_AT_SITES)
      check_lines(fn, guards);
  }
}

/* Runs TRANSFORM with loops and scalar evolution up; it says whether it changed anything. */
static unsigned with_loops(function *fn, bool (*transform)(function *))
{
  loop_optimizer_init(LOOPS_NORMAL | LOOPS_HAVE_RECORDED_EXITS);
  bool changed = false;
  if (number_of_loops(fn) > 1) {
    scev_initialize();
    calculate_dominance_info(CDI_DOMINATORS);
    changed = transform(fn);
    free_numbers_of_iterations_estimates(fn);
    scev_finalize();
  }
  loop_optimizer_finalize();
  if (changed)
    free_dominance_info(CDI_DOMINATORS);
  return changed ? TODO_cleanup_cfg | TODO_update_ssa : 0;
}

/* Functions by which kernels are entered at the head of a loop run once in a while (KB_RESUME in kbabi.h). */
static bool is_entry_at_loop(function *fn) { return kb_is_entry(function_name(fn)); }

static bool all_guards(function *fn)
{
  bool changed = !is_entry_at_loop(fn) && kb_version_nests(fn);
  return kb_strips_lower(fn) || changed;
}

static bool all_nests(function *fn)
{
  bool changed = false;
  auto_vec<class loop *> nests, searches;
  for (auto l : loops_list(fn, LI_ONLY_INNERMOST))
    searches.safe_push(l);
  for (class loop *l : searches)
    changed |= kb_search_loop(fn, l);
  for (class loop *l = loops_for_fn(fn)->tree_root->inner; l; l = l->next)
    if (!kb_marked(l, KB_SLOW))
      nests.safe_push(l);
  for (class loop *l : nests)
    if (kb_contract_nest(fn, l) || kb_tile_nest(fn, l) || kb_transpose_nest(fn, l) || kb_jam_nest(fn, l) || kb_tell_facts(l)) {
      changed = true;
      scev_reset();
      calculate_dominance_info(CDI_DOMINATORS);
    }
  return kb_polls_return(fn) || changed;
}

/* -- The passes, in their order --------------------------------------------------------------------------------- */

static unsigned run_sites(function *fn) { count_guards(fn, KB_AT_SITES); return 0; }
static unsigned run_marks(function *fn) { return kb_read_marks(fn); }
static unsigned run_guards(function *fn)
{
  count_guards(fn, KB_AT_GUARDS);
  if (!kb_has_exit(fn))
    return 0;
  unsigned todo = kb_scalar_views(fn) ? TODO_cleanup_cfg : 0;
  return todo | with_loops(fn, all_guards);
}
/* What the fast copies do not need any more goes: the matchers of nests see a nest's own statements only. */
static unsigned run_clean(function *fn)
{
  static opt_pass *const dce = make_pass_cd_dce(g);
  return kb_has_exit(fn) ? dce->execute(fn) : 0;
}
/* GCC's own turn came before the guards were gone. Loops of a few turns disappear before nests are matched and vectorised. */
static unsigned run_unroll(function *fn)
{
  static opt_pass *const unroll = make_pass_complete_unrolli(g);
  return kb_has_exit(fn) && !is_entry_at_loop(fn) ? unroll->execute(fn) : 0;
}
static unsigned run_nests(function *fn)
{
  return kb_has_exit(fn) && !is_entry_at_loop(fn) ? with_loops(fn, all_nests) : 0;
}
static unsigned run_vectors(function *fn) { kb_vectors_begin(fn); return 0; }
static unsigned run_plain(function *fn) { kb_vectors_end(fn); return 0; }
static unsigned run_fuse(function *fn) { return kb_fuse_products(fn) ? TODO_update_ssa : 0; }
static unsigned run_left(function *fn)
{
  count_guards(fn, KB_AT_LEFT);
  kb_ask_once(fn);
  kb_order_checks(fn);
  return 0;
}

namespace {

struct pass_row {
  pass_data data;
  const char *ref;
  enum pass_positioning_ops where;
  unsigned (*run)(function *);
};

#define CFG PROP_cfg
#define SSA PROP_cfg | PROP_ssa
const pass_row passes[] = {
  {{GIMPLE_PASS, "kb_sites", OPTGROUP_NONE, TV_NONE, CFG, 0, 0, 0, 0}, "cfg", PASS_POS_INSERT_AFTER, run_sites},
  {{GIMPLE_PASS, "kb_marks", OPTGROUP_LOOP, TV_NONE, SSA, 0, 0, 0, 0}, "retslot", PASS_POS_INSERT_AFTER, run_marks},
  {{GIMPLE_PASS, "kb_guards", OPTGROUP_LOOP, TV_NONE, SSA, 0, 0, 0, 0}, "stdarg", PASS_POS_INSERT_AFTER, run_guards},
  {{GIMPLE_PASS, "kb_clean", OPTGROUP_NONE, TV_NONE, SSA, 0, 0, 0, 0}, "kb_guards", PASS_POS_INSERT_AFTER, run_clean},
  {{GIMPLE_PASS, "kb_unroll", OPTGROUP_LOOP, TV_NONE, SSA, 0, 0, 0, 0}, "kb_clean", PASS_POS_INSERT_AFTER, run_unroll},
  {{GIMPLE_PASS, "kb_nests", OPTGROUP_LOOP, TV_NONE, SSA, 0, 0, 0, 0}, "cselim", PASS_POS_INSERT_AFTER, run_nests},
  {{GIMPLE_PASS, "kb_vectors", OPTGROUP_LOOP | OPTGROUP_VEC, TV_NONE, SSA, 0, 0, 0, 0}, "ch_vect", PASS_POS_INSERT_AFTER, run_vectors},
  {{GIMPLE_PASS, "kb_plain", OPTGROUP_LOOP, TV_NONE, SSA, 0, 0, 0, 0}, "pcom", PASS_POS_INSERT_BEFORE, run_plain},
  {{GIMPLE_PASS, "kb_fuse", OPTGROUP_LOOP, TV_NONE, SSA, 0, 0, 0, 0}, "pcom", PASS_POS_INSERT_AFTER, run_fuse},
  {{GIMPLE_PASS, "kb_left", OPTGROUP_LOOP, TV_NONE, SSA, 0, 0, 0, 0}, "optimized", PASS_POS_INSERT_AFTER, run_left},
};

class kb_pass : public gimple_opt_pass {
  const pass_row *row;

public:
  kb_pass(const pass_row *r) : gimple_opt_pass(r->data, g), row(r) {}
  bool gate(function *) final { return usable; }
  unsigned int execute(function *fn) final
  {
    if (kb_opt.check)
      kb_verify_function(fn);
    unsigned todo = row->run(fn);
    if (kb_opt.check && !todo)
      kb_verify_function(fn);
    return todo;
  }
};

} // namespace

/* At -O0 and -Og most of these places do not exist, and only the first and the last pass run. */
static void register_passes(const char *plugin)
{
  for (const pass_row &row : passes) {
    register_pass_info info = {new kb_pass(&row), row.ref, 1, row.where};
    register_callback(plugin, PLUGIN_PASS_MANAGER_SETUP, NULL, &info);
  }
  kb_hook_vector_costs();
  kb_hook_vector_math();
}

/* Partial inlining would move an exit with its "return 1" into a function of its own. After that GCC cannot see that
   the status is 1, the caller tests it, the exit joins the caller's loop, and nothing there is vectorised. */
static void keep_whole(void *gate_status, void *)
{
  bool *run = (bool *)gate_status;
  if (!*run || !cfun || !current_pass)
    return;
  const char *name = current_pass->name;
  if ((!strcmp(name, "fnsplit") || !strcmp(name, "feedback_fnsplit")) && kb_has_exit(cfun))
    *run = false;
}

/* -- Start ---------------------------------------------------------------------------------------------------- */

static void start_unit(void *, void *)
{
  if (const char *what = kb_selftest_nodes()) {
    usable = false;
    fprintf(stderr, "keelback: note: this GCC differs from the plugin's in its %s: going on without it\n", what);
  } else if (kb_opt.selftest)
    fprintf(stderr, "keelback: note: self test passed (GCC %d)\n", KB_PLUGIN_MAJOR);
}

static void finish_unit(void *gcc_data, void *user_data)
{
  if (usable)
    kb_report(gcc_data, user_data);
}

static void read_arguments(const plugin_name_args *args)
{
  for (int i = 0; i < args->argc; i++) {
    const char *key = args->argv[i].key, *value = args->argv[i].value;
    if (!strcmp(key, "report") && value && *value)
      kb_opt.report = value;
    else if (!strcmp(key, "verbose"))
      kb_opt.verbose = true;
    else if (!strcmp(key, "check"))
      kb_opt.check = true;
    else if (!strcmp(key, "selftest"))
      kb_opt.selftest = true;
    else if (!strcmp(key, "count"))
      kb_opt.count = true;
    else
      warning(0, "keelback: unknown argument %<-fplugin-arg-%s-%s%s%s%>", args->base_name, key, value ? "=" : "",
              value ? value : "");
  }
}

/* Does the table-driven part of the gate let this GCC pass? Says why not. */
static bool right_gcc(const plugin_gcc_version *gcc)
{
  if (atoi(gcc->basever) != KB_PLUGIN_MAJOR) {
    fprintf(stderr, "keelback: note: the plugin is built for GCC %d, this is GCC %s: going on without it\n",
            KB_PLUGIN_MAJOR, gcc->basever);
    return false;
  }
  if (const char *what = kb_selftest_tables()) {
    fprintf(stderr, "keelback: note: this GCC %s differs from the plugin's in its %s: going on without it\n",
            gcc->basever, what);
    return false;
  }
  return true;
}

/* Other languages, and C++ files that include kbabi.h, have no kernels. At link time the passes run where code is made, not
   where the program is looked at as a whole. */
static bool has_kernels(void)
{
  if (!strcmp(lang_hooks.name, "GNU GIMPLE"))
    return !flag_wpa;
  return !strncmp(lang_hooks.name, "GNU C", 5) && strncmp(lang_hooks.name, "GNU C++", 7);
}

/* Two copies, under two names, as GCC wants it? Events' names are known to all plugins. */
static bool is_second(void)
{
  if (get_named_event_id("keelback", NO_INSERT) < 0)
    return get_named_event_id("keelback", INSERT), false;
  fprintf(stderr, "keelback: note: the plugin is loaded twice: going on with the first\n");
  return true;
}

int plugin_init(plugin_name_args *args, plugin_gcc_version *gcc)
{
  static plugin_info info = {"keelback", "Removes the guards of kernels that keelback compiled."};
  if (!right_gcc(gcc) || !has_kernels() || is_second())
    return 0;
  read_arguments(args);
  /* As if -D had been given: it is in force for -E, too, so that preprocessed text has the attribute. */
  if (c_common_handle_option)
    c_common_handle_option(OPT_D, "KEELBACK_PLUGIN", 1, 0, UNKNOWN_LOCATION, NULL);
  register_callback(args->base_name, PLUGIN_INFO, NULL, &info);
  register_callback(args->base_name, PLUGIN_ATTRIBUTES, kb_register_attributes, NULL);
  register_callback(args->base_name, PLUGIN_START_UNIT, start_unit, NULL);
  register_callback(args->base_name, PLUGIN_OVERRIDE_GATE, keep_whole, NULL);
  register_callback(args->base_name, PLUGIN_FINISH_UNIT, finish_unit, NULL);
  register_passes(args->base_name);
  return 0;
}
