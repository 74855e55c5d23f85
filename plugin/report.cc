/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.cc: what became of each guard of the source, as JSON records and as remarks.
 *
 * A record stands for a site, so for one exit of the Python program:
 *
 *     {"unit": "kernels.c", "function": "saxpy", "file": "kernels.py", "line": 6, "col": 17, "kind": "bounds",
 *      "exception": "IndexError", "exit": "raise", "form": "guard", "guards": 1, "status": "kept", "reason": "",
 *      "kernel": "saxpy", "site": "saxpy_sites[0]"}
 *
 * "status" is "kept" while the object file has the guard, in whatever function it ended up, and "removed" when the
 * source had it and the object file has not; "reason" says what is known of why. "guards" counts the conditions that
 * are left (GCC may have duplicated them). "form" is that of the source: "guard", or "always" for an exit without
 * a condition of its own. Guards that GCC's parser folded away (if (0)) are in no record.
 */
#include "pass.h"

static const char *const form_names[KB_NFORMS] = {"guard", "always", "joined"};
static const char *const exit_names[] = {"deopt", "raise", "call"};

typedef hash_set<int_hash<unsigned, 0>> uid_set;
static uid_set *finished; /* functions that are in the object file, and homes of the sites in them */
static bool lost;         /* an exit that came from nowhere: then no site can be said to be gone */

/* Was an exit of PLACE there at STAGE? */
static bool seen(const kb_place *place, enum kb_stage stage)
{
  for (unsigned form = 0; form < KB_NFORMS; form++)
    if (place->count[stage][form])
      return true;
  return false;
}

void kb_count_guards(function *fn, enum kb_stage stage, const vec<kb_guard> &guards)
{
  for (const kb_guard &g : guards) {
    auto_vec<kb_place *, 4> places;
    kb_places_of_exit(fn, g.exit, &places);
    for (kb_place *place : places) {
      place->count[stage][g.form]++;
      if (!place->uid && !seen(place, KB_AT_SITES))
        lost = true;
    }
  }
}

static enum kb_form form_of(const kb_place *place, enum kb_stage stage)
{
  unsigned form = 0;
  while (form < KB_NFORMS - 1 && !place->count[stage][form])
    form++;
  return (enum kb_form)form;
}

/* -- What became of it ---------------------------------------------------------------------------------------- */

struct fate {
  bool kept;
  const char *reason;
};

static fate fate_of(const kb_place *place)
{
  if (flag_generate_lto && !flag_fat_lto_objects)
    return {true, "left to link-time optimisation"};
  if (seen(place, KB_AT_LEFT)) {
    enum kb_form was = form_of(place, KB_AT_SITES), is = form_of(place, KB_AT_LEFT);
    if (was == KB_FORM_GUARD && is == KB_FORM_ALWAYS)
      return {true, "always leaves here"};
    if (was == KB_FORM_GUARD && is == KB_FORM_JOINED)
      return {false, "joined with the exits of the inlined callee"};
    return {true, optimize ? "" : "not optimised"};
  }
  if (lost)
    return {true, "an exit whose site is not known may be this one"};
  if (seen(place, KB_AT_GUARDS))
    return {false, "GCC, in its loop passes or later"};
  if (finished && finished->contains(place->home))
    return {false, "GCC, before its loop passes"};
  return {false, "GCC, or its function is not used"};
}

/* -- JSON ----------------------------------------------------------------------------------------------------- */

static char *record_of(const char *unit, const kb_place *place)
{
  fate f = fate_of(place);
  char *func = kb_json_string(place->func), *file = kb_json_string(place->file), *kind = kb_json_string(place->kind);
  char *name = kb_json_string(place->name), *kernel = kb_json_string(place->kernel ? place->kernel : place->func);
  char *exc = place->exception ? kb_json_string(place->exception) : xstrdup("null");
  char *s = xasprintf("{\"unit\": %s, \"function\": %s, \"file\": %s, \"line\": %u, \"col\": %u, \"kind\": %s, "
                      "\"exception\": %s, \"exit\": \"%s\", \"form\": \"%s\", \"guards\": %u, \"status\": \"%s\", "
                      "\"reason\": \"%s\", \"kernel\": %s, \"site\": %s}",
                      unit, func, file, place->line, place->col, kind, exc,
                      place->exit <= KB_SITE_CALL ? exit_names[place->exit] : "unknown",
                      form_names[form_of(place, KB_AT_SITES)], place->count[KB_AT_LEFT][KB_FORM_GUARD],
                      f.kept ? "kept" : "removed", f.reason, kernel, name);
  free(func), free(file), free(kind), free(name), free(exc), free(kernel);
  return s;
}

/* By file, line, column and site: GCC's order of functions is its own business. */
static int compare_places(const void *a, const void *b)
{
  const kb_place *p = *(const kb_place *const *)a, *q = *(const kb_place *const *)b;
  if (int c = strcmp(p->file, q->file))
    return c;
  if (p->line != q->line)
    return p->line < q->line ? -1 : 1;
  if (p->col != q->col)
    return p->col < q->col ? -1 : 1;
  if (int c = strcmp(p->func, q->func))
    return c;
  if (p->index != q->index)
    return p->index < q->index ? -1 : 1;
  return strcmp(p->name, q->name);
}

static void write_report(const vec<kb_place *> &places)
{
  auto_vec<char *> records;
  char *unit = kb_json_string(main_input_filename);
  for (const kb_place *place : places)
    records.safe_push(record_of(unit, place));
  if (const char *why = kb_report_write(kb_opt.report, unit, records))
    warning_at(UNKNOWN_LOCATION, 0, "keelback: no report in %qs: %s", kb_opt.report, why);
  for (char *record : records)
    free(record);
  free(unit);
}

/* -- Remarks -------------------------------------------------------------------------------------------------- */

static void remark(const kb_place *place)
{
  fate f = fate_of(place);
  const char *what = form_of(place, KB_AT_SITES) == KB_FORM_GUARD ? "guard" : "exit";
  const char *sep = *f.reason ? ": " : "";
  inform(place->loc, "%s %s %s%s%s", place->kind, what, f.kept ? "kept" : "removed", sep, f.reason);
}

/* -- Entries -------------------------------------------------------------------------------------------------- */

static void remark_kept(function *fn, const kb_guard *g)
{
  auto_vec<kb_place *, 4> places;
  kb_places_of_exit(fn, g->exit, &places);
  for (const kb_place *place : places)
    dump_printf_loc(MSG_MISSED_OPTIMIZATION, dump_user_location_t(kb_last_stmt(g->leave->src)), "%s guard kept\n",
                    place->kind);
}

/* Remarks on the places of BEFORE that FN has not any more. */
static void remark_removed(function *fn, const vec<kb_place *> &before, const vec<kb_place *> &now)
{
  for (const kb_place *place : before)
    if (!now.contains(const_cast<kb_place *>(place)))
      dump_printf_loc(MSG_OPTIMIZED_LOCATIONS, dump_user_location_t::from_location_t(place->loc), "%s guard removed\n",
                      place->kind);
  for (const kb_place *place : kb_all_places())
    if (place->home == DECL_UID(DECL_ORIGIN(fn->decl)) && !seen(place, KB_AT_GUARDS) && !seen(place, KB_AT_LEFT))
      dump_printf_loc(MSG_OPTIMIZED_LOCATIONS, dump_user_location_t::from_location_t(place->loc), "%s guard removed\n",
                      place->kind);
}

void kb_remark_guards(function *fn, enum kb_stage stage, const vec<kb_guard> &guards)
{
  static vec<kb_place *> before; /* the places of FN at the stage before, as far as FN went through it */
  auto_vec<kb_place *> now;
  for (const kb_guard &g : guards)
    kb_places_of_exit(fn, g.exit, &now);
  if (stage == KB_AT_LEFT) {
    if (!finished)
      finished = new uid_set;
    finished->add(DECL_UID(DECL_ORIGIN(fn->decl)));
    for (const kb_place *place : now)
      finished->add(place->home);
    if (dump_enabled_p()) {
      for (const kb_guard &g : guards)
        if (g.leave)
          remark_kept(fn, &g);
      remark_removed(fn, before, now);
    }
  }
  before.truncate(0);
  if (stage == KB_AT_GUARDS)
    before.safe_splice(now);
}

void kb_report(void *, void *)
{
  if (seen_error() || flag_syntax_only)
    return;
  auto_vec<kb_place *> places;
  for (kb_place *place : kb_all_places())
    if (seen(place, KB_AT_SITES))
      places.safe_push(place);
  places.qsort(compare_places);
  if (kb_opt.report)
    write_report(places);
  if (kb_opt.verbose)
    for (const kb_place *place : places)
      remark(place);
}
