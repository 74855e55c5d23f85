/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.cc: what became of each guard of the source, and what the passes decided, as JSON records and as remarks.
 *
 * A record of a guard stands for a site, so for one exit of the Python program:
 *
 *     {"unit": "kernels.c", "function": "saxpy", "file": "kernels.py", "line": 6, "col": 17, "kind": "bounds",
 *      "exception": "IndexError", "exit": "raise", "form": "guard", "depth": 1, "guards": 1, "status": "kept", "reason": "",
 *      "remedy": "", "kernel": "saxpy", "site": "saxpy_sites[0]"}
 *
 * "status" is "kept" while the object file has the guard, in whatever function it ended up; "proven" when all copies of
 * the loops around it have a fast one without it; and "removed" when the source had it and the object file has not. "guards"
 * counts the conditions that are left (GCC may have duplicated them). "form" is that of the source: "guard", or "always"
 * for an exit without a condition of its own. Guards that GCC's parser folded away (if (0)) are in no record.
 *
 * A decision: {"unit": ..., "function": ..., "file": ..., "line": 6, "col": 5, "pass": "contract", "outcome": "done",
 * "text": ...}.
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

/* Polls are meant to stay: no remarks about them. */
static bool is_poll(const kb_place *place) { return !strcmp(place->kind, "poll"); }

void kb_count_guards(function *fn, enum kb_stage stage, const vec<kb_guard> &guards)
{
  for (const kb_guard &g : guards) {
    auto_vec<kb_place *, 4> places;
    kb_places_of_exit(fn, g.exit, &places);
    for (kb_place *place : places) {
      if (in_lto_p && (stage == KB_AT_GUARDS || !seen(place, KB_AT_GUARDS)))
        place->count[KB_AT_SITES][g.form]++; /* kb_sites ran when the unit was compiled */
      place->count[stage][g.form]++;
      if (stage == KB_AT_GUARDS && g.leave)
        place->depth = MAX(place->depth, bb_loop_depth(g.leave->src));
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
  const char *status, *reason, *remedy;
};

static fate kept(const char *reason, const char *remedy = "") { return {"kept", reason, remedy}; }
static fate removed(const char *reason) { return {"removed", reason, ""}; }

static fate fate_of_left(const kb_place *place)
{
  enum kb_form was = form_of(place, KB_AT_SITES), is = form_of(place, KB_AT_LEFT);
  if (was == KB_FORM_GUARD && is == KB_FORM_ALWAYS)
    return kept("always leaves here");
  if (was == KB_FORM_GUARD && is == KB_FORM_JOINED)
    return removed("joined with the exits of the inlined callee");
  if (!optimize)
    return kept("not optimised");
  if (place->stays)
    return kept(place->why, place->remedy);
  if (place->proven)
    return {"proven", "at run time; the fast copy has none", ""};
  if (place->blame)
    return kept(place->blame, place->help);
  return kept(seen(place, KB_AT_GUARDS) && !place->depth && was == KB_FORM_GUARD ? "in no loop" : "");
}

static fate fate_of(const kb_place *place)
{
  if (flag_generate_lto && !flag_fat_lto_objects)
    return kept("left to link-time optimisation");
  if (seen(place, KB_AT_LEFT))
    return fate_of_left(place);
  if (lost)
    return kept("an exit whose site is not known may be this one");
  if (place->proven && !place->stays)
    return removed("proven at run time; GCC removed that of the exact copy");
  if (seen(place, KB_AT_GUARDS))
    return removed("GCC, in its loop passes or later");
  if (finished && finished->contains(place->home))
    return removed("GCC, before its loop passes");
  return removed("GCC, or its function is not used");
}

/* -- JSON ----------------------------------------------------------------------------------------------------- */

static const char *unit_name(const char *unit) { return unit ? unit : main_input_filename; }

static char *record_of(const kb_place *place)
{
  fate f = fate_of(place);
  char *unit = kb_json_string(unit_name(place->unit)), *remedy = kb_json_string(f.remedy), *reason = kb_json_string(f.reason);
  char *func = kb_json_string(place->func), *file = kb_json_string(place->file), *kind = kb_json_string(place->kind);
  char *name = kb_json_string(place->name), *kernel = kb_json_string(place->kernel ? place->kernel : place->func);
  char *exc = place->exception ? kb_json_string(place->exception) : xstrdup("null");
  char *s = xasprintf("{\"unit\": %s, \"function\": %s, \"file\": %s, \"line\": %u, \"col\": %u, \"kind\": %s, "
                      "\"exception\": %s, \"exit\": \"%s\", \"form\": \"%s\", \"depth\": %u, \"guards\": %u, "
                      "\"status\": \"%s\", \"reason\": %s, \"remedy\": %s, \"kernel\": %s, \"site\": %s}",
                      unit, func, file, place->line, place->col, kind, exc,
                      place->exit <= KB_SITE_CALL ? exit_names[place->exit] : "unknown",
                      form_names[form_of(place, KB_AT_SITES)], place->depth, place->count[KB_AT_LEFT][KB_FORM_GUARD],
                      f.status, reason, remedy, kernel, name);
  free(unit), free(func), free(file), free(kind), free(name), free(exc), free(kernel), free(reason), free(remedy);
  return s;
}

static char *record_of(const kb_decision *d)
{
  static const char *const outcomes[] = {"done", "not", "note"};
  char *unit = kb_json_string(unit_name(d->unit)), *func = kb_json_string(d->func), *file = kb_json_string(d->file);
  char *text = kb_json_string(d->text);
  char *s = xasprintf("{\"unit\": %s, \"function\": %s, \"file\": %s, \"line\": %u, \"col\": %u, \"pass\": \"%s\", "
                      "\"outcome\": \"%s\", \"text\": %s}",
                      unit, func, file, d->line, d->col, d->pass, outcomes[d->what], text);
  free(unit), free(func), free(file), free(text);
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

/* By file and line; guards of a line first, then decisions in their order. */
static int compare_decisions(const void *a, const void *b)
{
  const kb_decision *p = *(const kb_decision *const *)a, *q = *(const kb_decision *const *)b;
  if (int c = strcmp(p->file, q->file))
    return c;
  if (p->line != q->line)
    return p->line < q->line ? -1 : 1;
  return p < q ? -1 : p > q; /* both lie in one vector */
}

static void write_report(const vec<kb_place *> &places)
{
  auto_vec<char *> records;
  auto_vec<const kb_decision *> decisions;
  for (unsigned i = 0; i < kb_all_decisions().length(); i++)
    decisions.safe_push(&kb_all_decisions()[i]);
  decisions.qsort(compare_decisions);
  unsigned next = 0;
  auto before = [](const kb_decision *d, const kb_place *place) {
    int c = strcmp(d->file, place->file);
    return c < 0 || (c == 0 && d->line < place->line);
  };
  for (const kb_place *place : places) {
    while (next < decisions.length() && before(decisions[next], place))
      records.safe_push(record_of(decisions[next++]));
    records.safe_push(record_of(place));
  }
  while (next < decisions.length())
    records.safe_push(record_of(decisions[next++]));
  char *unit = in_lto_p ? NULL : kb_json_string(main_input_filename);
  const char *why = in_lto_p && records.is_empty() ? NULL : kb_report_write(kb_opt.report, unit, records);
  if (why)
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
  const char *sep = *f.reason ? ": " : "", *then = *f.remedy ? "; " : "";
  inform(kb_place_location(place), "%s %s %s%s%s%s%s", place->kind, what, f.status, sep, f.reason, then, f.remedy);
}

/* -- Entries -------------------------------------------------------------------------------------------------- */

static void remark_kept(function *fn, const kb_guard *g)
{
  auto_vec<kb_place *, 4> places;
  kb_places_of_exit(fn, g->exit, &places);
  for (const kb_place *place : places)
    if (!is_poll(place) && !(place->proven && !place->stays))
      dump_printf_loc(MSG_MISSED_OPTIMIZATION, dump_user_location_t::from_location_t(kb_place_location(place)),
                      "%s guard kept\n", place->kind);
}

/* Remarks on the places of BEFORE that FN has not any more. */
static void remark_removed(function *fn, const vec<kb_place *> &before, const vec<kb_place *> &now)
{
  for (const kb_place *place : before)
    if (!is_poll(place) && !now.contains(const_cast<kb_place *>(place)))
      dump_printf_loc(MSG_OPTIMIZED_LOCATIONS, dump_user_location_t::from_location_t(kb_place_location(place)), "%s guard removed\n",
                      place->kind);
  for (const kb_place *place : kb_all_places())
    if (!is_poll(place) && place->home == DECL_UID(DECL_ORIGIN(fn->decl)) && !seen(place, KB_AT_GUARDS) && !seen(place, KB_AT_LEFT))
      dump_printf_loc(MSG_OPTIMIZED_LOCATIONS, dump_user_location_t::from_location_t(kb_place_location(place)), "%s guard removed\n",
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
    if (seen(place, KB_AT_SITES) && strncmp(place->name, "kb_sites_kb_r_", 14))
      places.safe_push(place);
  places.qsort(compare_places);
  if (kb_opt.report)
    write_report(places);
  if (kb_opt.verbose)
    for (const kb_place *place : places)
      if (!is_poll(place))
        remark(place);
}
