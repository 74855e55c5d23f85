/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decide.cc: decisions of the passes: what was done to a loop or a guard, or why not, at the Python line and column.
 *
 * #line gives GCC the Python line, while its columns are those of the C text. Python's columns stand in the sites alone: a
 * guard has its own, a loop that of its poll. Decisions are kept until the unit ends, for the report; -fopt-info and verbose
 * say them at once. GCC copies loops and functions, so a decision that was said before is not said again.
 */
#include "pass.h"

#include <stdarg.h>

static vec<kb_decision> decisions;

const vec<kb_decision> &kb_all_decisions(void) { return decisions; }

/* -- Places ---------------------------------------------------------------------------------------------------------- */

/* Does LOC stand in Python text, not in one of our headers? */
static bool in_python(location_t loc)
{
  const char *file = expand_location(loc).file;
  for (const kb_place *place : kb_all_places())
    if (file && place->uid && !strcmp(place->file, file))
      return true;
  return false;
}

/* GCC takes the loop's test for its place: where that was inlined from a header, the first line of what L itself does. */
location_t kb_loop_location(class loop *loop)
{
  location_t loc = find_loop_location(loop).get_location_t();
  if (in_python(loc))
    return loc;
  location_t first = UNKNOWN_LOCATION;
  basic_block *body = get_loop_body(loop);
  for (unsigned k = 0; k < loop->num_nodes; k++)
    for (gimple_stmt_iterator i = gsi_start_bb(body[k]); !gsi_end_p(i) && body[k]->loop_father == loop; gsi_next(&i)) {
      location_t at = gimple_location(gsi_stmt(i));
      if (!is_gimple_debug(gsi_stmt(i)) && in_python(at) && (first == UNKNOWN_LOCATION || LOCATION_LINE(at) < LOCATION_LINE(first)))
        first = at;
    }
  free(body);
  return first == UNKNOWN_LOCATION ? loc : first;
}

/* LOC, but in column COL: GCC's maps of lines allow any column up to the longest C line's. LOC where it cannot be. */
static location_t at_column(location_t loc, unsigned col)
{
  const line_map_ordinary *map = NULL;
  loc = LOCATION_LOCUS(loc);
  if (loc <= BUILTINS_LOCATION || col == 0)
    return loc;
  expanded_location was = expand_location(loc);
  location_t plain = linemap_resolve_location(line_table, loc, LRK_MACRO_EXPANSION_POINT, &map);
  if (!map || linemap_macro_expansion_map_p(map) || plain <= BUILTINS_LOCATION || !was.file)
    return loc;
  location_t found = linemap_position_for_line_and_column(line_table, map, (linenum_type)was.line, col);
  expanded_location now = expand_location(found);
  return now.file && !strcmp(now.file, was.file) && now.line == was.line && now.column == (int)col ? found : loc;
}

location_t kb_place_location(const kb_place *place)
{
  location_t loc = place->loc;
  return expand_location(loc).line == (int)place->line ? at_column(loc, place->col) : loc;
}

/* The poll of the loop that stands at LOC; or any site on that line, for its function; NULL. */
static const kb_place *place_near(location_t loc)
{
  const kb_place *near = NULL;
  expanded_location at = expand_location(loc);
  if (!at.file)
    return NULL;
  for (const kb_place *place : kb_all_places())
    if (place->uid && place->line == (unsigned)at.line && !strcmp(place->file, at.file)) {
      if (!strcmp(place->kind, "poll"))
        return place;
      near = place;
    }
  return near;
}

/* -- Decisions ------------------------------------------------------------------------------------------------------- */

static bool said(const kb_decision &d)
{
  for (const kb_decision &e : decisions)
    if (e.line == d.line && e.what == d.what && !strcmp(e.text, d.text) && !strcmp(e.pass, d.pass)
        && !strcmp(e.file, d.file) && !strcmp(e.func, d.func))
      return true;
  return false;
}

/* Says TEXT, which is freed, about LOC; PLACE is what is known of that line, or NULL; COL as in kb_decision. */
static void say(location_t loc, const kb_place *place, unsigned col, enum kb_outcome what, const char *pass, char *text)
{
  if (cfun && kb_is_entry(function_name(cfun))) {
    free(text);
    return;
  }
  expanded_location at = expand_location(loc);
  const char *func = place ? place->func : cfun ? function_name(cfun) : "";
  if (!place && !strncmp(func, "kb_k_", 5))
    func += 5;
  location_t where = at_column(loc, col);
  if (dump_enabled_p())
    dump_printf_loc(what == KB_DONE ? MSG_OPTIMIZED_LOCATIONS : what == KB_NOT ? MSG_MISSED_OPTIMIZATION : MSG_NOTE,
                    dump_user_location_t::from_location_t(where), "keelback %s: %s\n", pass, text);
  kb_decision d = {what, pass, cfun ? kb_unit_of(cfun->decl) : NULL, xstrdup(func), xstrdup(at.file ? at.file : ""), at.line > 0 ? (unsigned)at.line : 0, col, text,
                   place && place->home ? place->home : cfun ? DECL_UID(DECL_ORIGIN(cfun->decl)) : 0};
  if (said(d)) {
    free(d.func), free(d.file), free(d.text);
    return;
  }
  if (kb_opt.verbose)
    inform(where, "keelback %s: %s", pass, text);
  decisions.safe_push(d);
}

void kb_decide(location_t loc, enum kb_outcome what, const char *pass, const char *format, ...)
{
  va_list ap;
  va_start(ap, format);
  char *text = xvasprintf(format, ap);
  va_end(ap);
  const kb_place *place = place_near(loc);
  say(loc, place, place && !strcmp(place->kind, "poll") ? place->col : 0, what, pass, text);
}

/* -- Guards ---------------------------------------------------------------------------------------------------------- */

void kb_guard_proven(gcall *exit)
{
  auto_vec<kb_place *, 4> places;
  kb_places_of_exit(cfun, exit, &places);
  for (kb_place *place : places)
    place->proven++;
}

void kb_guard_unproven(gcall *exit, const char *why, const char *remedy)
{
  auto_vec<kb_place *, 4> places;
  kb_places_of_exit(cfun, exit, &places);
  for (kb_place *place : places)
    place->blame = xstrdup(why), place->help = xstrdup(remedy);
}

/* A and B, either of which may be missing, with BETWEEN them. To be freed. */
static char *joined(const char *a, const char *between, const char *b)
{
  a = a ? a : "", b = b ? b : "";
  return !strcmp(a, b) ? xstrdup(a) : xasprintf("%s%s%s", a, *a && *b ? between : "", b);
}

void kb_guard_stays(gcall *exit, const char *why, const char *remedy)
{
  auto_vec<kb_place *, 4> places;
  kb_places_of_exit(cfun, exit, &places);
  const kb_place *place = places.is_empty() ? NULL : places[0];
  if (place && !strcmp(place->kind, "poll"))
    return;
  char *all = joined(place ? place->blame : NULL, "; not looked at ahead: ", why);
  const char *help = place && place->help && *place->help ? place->help : remedy;
  for (kb_place *p : places)
    if (!p->stays++)
      p->why = xstrdup(all), p->remedy = xstrdup(help);
  location_t loc = gimple_location(exit);
  char *text = xasprintf("%s guard stays: %s%s%s", place ? place->kind : "a", all, *help ? "; what would help: " : "", help);
  free(all);
  if (place && expand_location(loc).line != (int)place->line)
    loc = place->loc;
  say(loc, place, place ? place->col : 0, KB_NOT, "guards", text);
}

/* -- Counting -------------------------------------------------------------------------------------------------------- */

/* uint64_t kb_fast_copies: of the program that is tested. */
static tree counter(void)
{
  tree name = get_identifier("kb_fast_copies");
  if (symtab_node *known = symtab_node::get_for_asmname(name))
    return known->decl;
  tree var = build_decl(UNKNOWN_LOCATION, VAR_DECL, name, long_long_unsigned_type_node);
  TREE_PUBLIC(var) = DECL_EXTERNAL(var) = DECL_ARTIFICIAL(var) = 1;
  varpool_node::get_create(var);
  return var;
}

void kb_count_copy(edge entry)
{
  if (!kb_opt.count)
    return;
  tree var = counter(), type = TREE_TYPE(var), was = make_ssa_name(type), is = make_ssa_name(type);
  basic_block b = split_edge(entry);
  gimple_stmt_iterator i = gsi_last_bb(b);
  gsi_insert_after(&i, gimple_build_assign(was, var), GSI_NEW_STMT);
  gsi_insert_after(&i, gimple_build_assign(is, PLUS_EXPR, was, build_one_cst(type)), GSI_NEW_STMT);
  gsi_insert_after(&i, gimple_build_assign(var, is), GSI_NEW_STMT);
  mark_virtual_operands_for_renaming(cfun);
  update_ssa(TODO_update_ssa_only_virtuals);
}
