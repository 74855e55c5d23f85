/* SPDX-License-Identifier: GPL-3.0-or-later */
/* site.cc: from the exit kb_exit(&f_sites[3], ...) to the Python line, by the initialisers of the site's tables.
 *
 * Trees are only looked at when the site is met first, at the first pass: later the collector may have taken the
 * initialiser of a table that is not used any more. Places are found again by the variable's DECL_UID.
 */
#include "pass.h"

typedef hash_map<int_hash<HOST_WIDE_INT, -1, -2>, kb_place *> place_map;
static place_map *by_key;
static vec<kb_place *> in_order;

const vec<kb_place *> &kb_all_places(void) { return in_order; }

/* -- Initialisers --------------------------------------------------------------------------------------------- */

/* The value of the member NAME in the initialiser CTOR of a struct; NULL_TREE: not given, so zero. */
static tree member(tree ctor, const char *name)
{
  unsigned i;
  tree field, value;
  if (ctor && TREE_CODE(ctor) == CONSTRUCTOR)
    FOR_EACH_CONSTRUCTOR_ELT (CONSTRUCTOR_ELTS(ctor), i, field, value)
      if (field && TREE_CODE(field) == FIELD_DECL && DECL_NAME(field)
          && !strcmp(IDENTIFIER_POINTER(DECL_NAME(field)), name))
        return value;
  return NULL_TREE;
}

/* Element N of the initialiser CTOR of an array. */
static tree element(tree ctor, unsigned n)
{
  unsigned i;
  tree index, value;
  if (!ctor || TREE_CODE(ctor) != CONSTRUCTOR)
    return NULL_TREE;
  if (n < CONSTRUCTOR_NELTS(ctor) && (index = CONSTRUCTOR_ELT(ctor, n)->index) && tree_fits_uhwi_p(index)
      && tree_to_uhwi(index) == n)
    return CONSTRUCTOR_ELT(ctor, n)->value;
  FOR_EACH_CONSTRUCTOR_ELT (CONSTRUCTOR_ELTS(ctor), i, index, value)
    if (index ? tree_fits_uhwi_p(index) && tree_to_uhwi(index) == n : i == n)
      return value;
  return NULL_TREE;
}

static unsigned number(tree value, unsigned other)
{
  return value && tree_fits_uhwi_p(value) ? (unsigned)tree_to_uhwi(value) : other;
}

static const char *text(tree value)
{
  const char *s = value ? c_getstr(value) : NULL;
  return s ? xstrdup(s) : NULL;
}

/* The initialiser of VAR; at link time it is read only now. NULL_TREE: not known. */
static tree initialiser(tree var)
{
  tree ctor = DECL_INITIAL(var);
  if (ctor && ctor != error_mark_node)
    return ctor;
  ctor = in_lto_p ? ctor_for_folding(var) : NULL_TREE;
  return ctor == error_mark_node ? NULL_TREE : ctor;
}

/* The initialiser of element N of the array, or of the variable, that VALUE is the address of. */
static tree pointee(tree value, unsigned n)
{
  if (!value)
    return NULL_TREE;
  STRIP_NOPS(value);
  if (TREE_CODE(value) != ADDR_EXPR)
    return NULL_TREE;
  tree var = TREE_OPERAND(value, 0);
  if (TREE_CODE(var) == ARRAY_REF && integer_zerop(TREE_OPERAND(var, 1)))
    var = TREE_OPERAND(var, 0);
  tree ctor = VAR_P(var) ? initialiser(var) : NULL_TREE;
  return ctor && TREE_CODE(TREE_TYPE(var)) == ARRAY_TYPE ? element(ctor, n) : ctor;
}

static const char *const exception_names[] = {
#define NAME(exc) #exc,
  KB_EXCEPTIONS(NAME)
#undef NAME
};

/* Fills PLACE from the initialiser CTOR of its site. False: it is not that of a kb_site. */
static bool read_site(kb_place *place, tree ctor)
{
  tree frames = member(ctor, "frames");
  tree frame = pointee(frames, 0);
  place->func = text(member(pointee(member(frame, "fn"), 0), "name"));
  place->line = number(member(frame, "line"), 0);
  place->col = number(member(frame, "col"), 0);
  place->file = text(member(pointee(member(ctor, "unit"), 0), "file"));
  if (!place->func || !place->file || !place->line)
    return false;
  place->kind = text(member(ctor, "guard"));
  place->exit = (enum kb_site_kind)number(member(ctor, "kind"), KB_SITE_DEOPT);
  unsigned exc = number(member(ctor, "exc"), 0);
  if (place->exit == KB_SITE_RAISE && exc < KB_NEXC)
    place->exception = exception_names[exc];
  place->nlines = number(member(ctor, "nframes"), 1);
  place->lines = XCNEWVEC(unsigned, place->nlines);
  for (unsigned i = 0; i < place->nlines; i++)
    place->lines[i] = number(member(pointee(frames, i), "line"), 0);
  place->kernel = place->nlines > 1 ? text(member(pointee(member(pointee(frames, place->nlines - 1), "fn"), 0), "name")) : place->func;
  return true;
}

const char *kb_unit_of(tree decl)
{
  const_tree top = in_lto_p ? get_ultimate_context(decl) : NULL_TREE;
  return top && DECL_NAME(top) ? IDENTIFIER_POINTER(DECL_NAME(top)) : NULL;
}

/* -- Places --------------------------------------------------------------------------------------------------- */

/* What is known of an exit of FN at LOC whose site cannot be read. */
static void read_location(kb_place *place, function *fn, location_t loc)
{
  expanded_location at = expand_location(loc);
  place->func = place->kernel = xstrdup(function_name(fn));
  place->file = xstrdup(at.file ? at.file : "");
  place->line = at.line > 0 ? (unsigned)at.line : 0;
  place->col = 0;
  place->exit = KB_SITE_DEOPT;
}

/* The place of site INDEX of the variable VAR, or, where VAR is NULL_TREE, of an unreadable site at CALL. */
static kb_place *place_of(function *fn, gcall *call, tree var, unsigned index)
{
  location_t loc = LOCATION_LOCUS(gimple_location(call));
  unsigned uid = var ? DECL_UID(var) : 0;
  HOST_WIDE_INT key = (HOST_WIDE_INT)uid << 32 | (var ? index : (unsigned)loc);
  if (!by_key)
    by_key = new place_map;
  bool known;
  kb_place *&slot = by_key->get_or_insert(key, &known);
  if (known)
    return slot;
  kb_place *place = slot = XCNEW(kb_place);
  in_order.safe_push(place);
  place->uid = uid;
  place->index = index;
  place->loc = loc;
  place->home = DECL_UID(DECL_ORIGIN(fn->decl));
  if (!var)
    place->name = xstrdup("");
  else if (TREE_CODE(TREE_TYPE(var)) == ARRAY_TYPE)
    place->name = xasprintf("%s[%u]", IDENTIFIER_POINTER(DECL_NAME(var)), index);
  else
    place->name = xstrdup(IDENTIFIER_POINTER(DECL_NAME(var)));
  place->unit = kb_unit_of(var ? var : fn->decl);
  tree ctor = var ? initialiser(var) : NULL_TREE;
  if (ctor && TREE_CODE(TREE_TYPE(var)) == ARRAY_TYPE)
    ctor = element(ctor, index);
  if (!ctor || !read_site(place, ctor)) {
    place->uid = 0;
    read_location(place, fn, loc);
  }
  if (!place->kind)
    place->kind = "unknown";
  return place;
}

/* Splits the address of a site into variable and index. */
static bool site_address(tree addr, tree *var, unsigned *index)
{
  poly_int64 offset;
  HOST_WIDE_INT bytes;
  tree base = get_addr_base_and_unit_offset(TREE_OPERAND(addr, 0), &offset);
  if (!base || !VAR_P(base) || !DECL_NAME(base) || !offset.is_constant(&bytes) || bytes < 0)
    return false;
  tree type = TREE_TYPE(base);
  bool array = TREE_CODE(type) == ARRAY_TYPE;
  tree size = TYPE_SIZE_UNIT(array ? TREE_TYPE(type) : type);
  if (!size || !tree_fits_shwi_p(size) || tree_to_shwi(size) <= 0 || bytes % tree_to_shwi(size) != 0)
    return false;
  *var = base;
  *index = (unsigned)(bytes / tree_to_shwi(size));
  return true;
}

/* kb_places_of_exit for the value ARG, through at most DEPTH definitions: the exits of one function that GCC has
   made one have a PHI for a site. */
static bool places_of_value(function *fn, gcall *call, tree arg, int depth, vec<kb_place *> *out)
{
  tree var;
  unsigned index;
  if (TREE_CODE(arg) == ADDR_EXPR && site_address(arg, &var, &index)) {
    kb_place *place = place_of(fn, call, var, index);
    if (!out->contains(place))
      out->safe_push(place);
    return place->uid != 0;
  }
  if (TREE_CODE(arg) != SSA_NAME || depth == 0)
    return false;
  gimple *def = SSA_NAME_DEF_STMT(arg);
  if (gimple_assign_single_p(def) || gimple_assign_cast_p(def))
    return places_of_value(fn, call, gimple_assign_rhs1(def), depth - 1, out);
  if (gimple_code(def) != GIMPLE_PHI)
    return false;
  bool all = true;
  for (unsigned i = 0; i < gimple_phi_num_args(def); i++)
    all &= places_of_value(fn, call, gimple_phi_arg_def(def, i), depth - 1, out);
  return all;
}

bool kb_places_of_exit(function *fn, gcall *call, vec<kb_place *> *out)
{
  unsigned before = out->length();
  bool all = gimple_call_num_args(call) > 0 && places_of_value(fn, call, gimple_call_arg(call, 0), 8, out);
  if (!all && out->length() == before)
    out->safe_push(place_of(fn, call, NULL_TREE, 0));
  return all;
}

bool kb_place_on_line(const kb_place *place, location_t loc)
{
  expanded_location at = expand_location(loc);
  if (!place->uid || !at.file || strcmp(at.file, place->file))
    return !place->uid;
  for (unsigned i = 0; i < place->nlines; i++)
    if (place->lines[i] == (unsigned)at.line)
      return true;
  return false;
}
