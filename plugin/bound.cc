/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bound.cc: the arithmetic of bounds, and needs: what is known without them, what implies what, their code. */
#include "interval.h"

static const kb_wide WIDE_MAX = (kb_wide)1 << 120;
static const HOST_WIDE_INT HUGE_NEED = HOST_WIDE_INT_1 << 58;

const kb_bound kb_no_bound = {-1, 0, {}};
const kb_interval kb_no_interval = {{-1, 0, {}}, {-1, 0, {}}};

/* -- Wide integers ------------------------------------------------------------------------------------------------ */

static kb_wide clamp(kb_wide v) { return v > WIDE_MAX ? WIDE_MAX : v < -WIDE_MAX ? -WIDE_MAX : v; }

static kb_wide wide_mul(kb_wide a, kb_wide b)
{
  kb_wide r;
  if (__builtin_mul_overflow(a, b, &r))
    return (a < 0) == (b < 0) ? WIDE_MAX : -WIDE_MAX;
  return clamp(r);
}

static kb_range range_mul(kb_range a, kb_range b)
{
  kb_wide p[4] = {wide_mul(a.lo, b.lo), wide_mul(a.lo, b.hi), wide_mul(a.hi, b.lo), wide_mul(a.hi, b.hi)};
  kb_range r = {p[0], p[0]};
  for (kb_wide v : p) {
    r.lo = v < r.lo ? v : r.lo;
    r.hi = v > r.hi ? v : r.hi;
  }
  return r;
}

static kb_range type_range(tree type)
{
  unsigned p = TYPE_PRECISION(type);
  if (TYPE_UNSIGNED(type))
    return {0, ((kb_wide)1 << p) - 1};
  return {-((kb_wide)1 << (p - 1)), ((kb_wide)1 << (p - 1)) - 1};
}

/* -- Sums --------------------------------------------------------------------------------------------------------- */

kb_bound kb_constant(HOST_WIDE_INT c) { return {0, c, {}}; }

static kb_bound atom_bound(unsigned atom) { return {1, 0, {{atom, 1}}}; }

bool kb_same(const kb_bound &a, const kb_bound &b)
{
  if (a.n != b.n || a.n < 0 || a.c != b.c)
    return false;
  for (int i = 0; i < a.n; i++)
    if (a.t[i].atom != b.t[i].atom || a.t[i].by != b.t[i].by)
      return false;
  return true;
}

kb_bound kb_plus(const kb_bound &a, const kb_bound &b, HOST_WIDE_INT by)
{
  kb_bound r = {0, 0, {}};
  HOST_WIDE_INT m;
  if (!kb_known(a) || !kb_known(b) || __builtin_mul_overflow(b.c, by, &m) || __builtin_add_overflow(a.c, m, &r.c))
    return kb_no_bound;
  for (int i = 0, j = 0; i < a.n || j < b.n;) {
    unsigned x = i < a.n ? a.t[i].atom : UINT_MAX, y = j < b.n ? b.t[j].atom : UINT_MAX;
    HOST_WIDE_INT v = x <= y ? a.t[i++].by : 0;
    if (y <= x && (__builtin_mul_overflow(b.t[j++].by, by, &m) || __builtin_add_overflow(v, m, &v)))
      return kb_no_bound;
    if (!v)
      continue;
    if (r.n == KB_TERMS || v > (HOST_WIDE_INT)1 << 40 || v < -((HOST_WIDE_INT)1 << 40))
      return kb_no_bound;
    r.t[r.n++] = {x < y ? x : y, v};
  }
  return r;
}

static kb_bound scaled(const kb_bound &a, HOST_WIDE_INT by) { return kb_plus(kb_constant(0), a, by); }

/* The range of B where those of its atoms are RANGES, or what their types say. */
static kb_range range_with(const kb_intervals *e, const kb_bound &b, const kb_range *ranges)
{
  kb_range r = {b.c, b.c};
  bool low = false, high = false;
  for (int i = 0; i < b.n; i++) {
    kb_range t = range_mul(ranges ? ranges[b.t[i].atom] : e->atoms[b.t[i].atom].range, {b.t[i].by, b.t[i].by});
    low |= t.lo <= -WIDE_MAX;
    high |= t.hi >= WIDE_MAX;
    r.lo = clamp(r.lo + t.lo);
    r.hi = clamp(r.hi + t.hi);
  }
  return {low ? -WIDE_MAX : r.lo, high ? WIDE_MAX : r.hi};
}

kb_range kb_range_of(const kb_intervals *e, const kb_bound &b) { return range_with(e, b, NULL); }

/* -- Atoms -------------------------------------------------------------------------------------------------------- */

/* Is what lies at OFFSET in TYPE an element of the shape of a view: of a struct of data, shape and stride? */
static bool is_shape_at(tree type, HOST_WIDE_INT offset)
{
  static const char *const names[] = {"data", "shape", "stride"};
  if (TREE_CODE(type) != RECORD_TYPE)
    return false;
  int n = 0; /* fields that are named as those of a view */
  tree hit = NULL_TREE;
  HOST_WIDE_INT inside = 0;
  for (tree f = TYPE_FIELDS(type); f; f = DECL_CHAIN(f)) {
    if (TREE_CODE(f) != FIELD_DECL || !tree_fits_shwi_p(byte_position(f)) || !tree_fits_shwi_p(DECL_SIZE_UNIT(f)))
      continue;
    HOST_WIDE_INT at = tree_to_shwi(byte_position(f));
    if (at <= offset && offset - at < tree_to_shwi(DECL_SIZE_UNIT(f)))
      hit = f, inside = offset - at;
    if (n >= 0)
      n = n < 3 && DECL_NAME(f) && !strcmp(IDENTIFIER_POINTER(DECL_NAME(f)), names[n]) ? n + 1 : -1;
  }
  if (hit && n == 3)
    return !strcmp(IDENTIFIER_POINTER(DECL_NAME(hit)), names[1]);
  return hit && is_shape_at(TREE_TYPE(hit), inside);
}

/* Does DEF load a length? */
static bool loads_shape(gimple *def)
{
  poly_int64 offset;
  HOST_WIDE_INT at;
  tree base = gimple_assign_load_p(def) ? get_addr_base_and_unit_offset(gimple_assign_rhs1(def), &offset) : NULL_TREE;
  return base && DECL_P(base) && offset.is_constant(&at) && is_shape_at(TREE_TYPE(base), at);
}

/* What is known of NAME by how it is defined: a narrow value that was widened, a length, which is never negative. */
static kb_range name_range(tree name)
{
  kb_range r = type_range(TREE_TYPE(name));
  for (int i = 0; i < 4 && TREE_CODE(name) == SSA_NAME && is_gimple_assign(SSA_NAME_DEF_STMT(name)); i++) {
    gimple *def = SSA_NAME_DEF_STMT(name);
    tree from = gimple_assign_rhs1(def);
    if (r.lo < 0 && loads_shape(def))
      r.lo = 0;
    if (!CONVERT_EXPR_CODE_P(gimple_assign_rhs_code(def)) || !INTEGRAL_TYPE_P(TREE_TYPE(from))
        || TYPE_PRECISION(TREE_TYPE(from)) > 64)
      break;
    kb_range f = type_range(TREE_TYPE(from));
    if (f.lo < r.lo || f.hi > r.hi)
      break;
    r = f;
    name = from;
  }
  return r;
}

static kb_range atom_range(const kb_intervals *e, const kb_atom &x)
{
  if (x.kind == KB_ATOM_NAME)
    return name_range(x.name);
  kb_range a = kb_range_of(e, x.a), b = kb_range_of(e, x.b);
  switch (x.kind) {
  case KB_ATOM_MIN:
    return {a.lo < b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi};
  case KB_ATOM_MAX:
    return {a.lo > b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
  case KB_ATOM_MUL:
    return range_mul(a, b);
  default:
    return {a.lo / b.lo, a.hi / b.lo};
  }
}

static kb_bound add_atom(kb_intervals *e, enum kb_atom_kind kind, tree name, const kb_bound &a, const kb_bound &b)
{
  for (unsigned i = 0; i < e->atoms.length(); i++) {
    const kb_atom &x = e->atoms[i];
    if (x.kind == kind && (kind == KB_ATOM_NAME ? x.name == name : kb_same(x.a, a) && kb_same(x.b, b)))
      return atom_bound(i);
  }
  kb_atom x = {kind, name, a, b, {0, 0}, NULL_TREE};
  x.range = atom_range(e, x);
  e->atoms.safe_push(x);
  return atom_bound(e->atoms.length() - 1);
}

kb_bound kb_name_bound(kb_intervals *e, tree name) { return add_atom(e, KB_ATOM_NAME, name, kb_constant(0), kb_constant(0)); }

/* Is A before B in an arbitrary order that makes the operands of commutative atoms unique? */
static bool in_order(const kb_bound &a, const kb_bound &b)
{
  if (a.n != b.n)
    return a.n > b.n;
  for (int i = 0; i < a.n; i++)
    if (a.t[i].atom != b.t[i].atom || a.t[i].by != b.t[i].by)
      return a.t[i].atom != b.t[i].atom ? a.t[i].atom < b.t[i].atom : a.t[i].by < b.t[i].by;
  return a.c < b.c;
}

static kb_bound commutative(kb_intervals *e, enum kb_atom_kind kind, const kb_bound &a, const kb_bound &b)
{
  return in_order(a, b) ? add_atom(e, kind, NULL_TREE, a, b) : add_atom(e, kind, NULL_TREE, b, a);
}

kb_bound kb_times(kb_intervals *e, const kb_bound &a, const kb_bound &b)
{
  if (!kb_known(a) || !kb_known(b))
    return kb_no_bound;
  if (kb_is_const(a))
    return scaled(b, a.c);
  if (kb_is_const(b))
    return scaled(a, b.c);
  return commutative(e, KB_ATOM_MUL, a, b);
}

kb_bound kb_div(kb_intervals *e, const kb_bound &a, HOST_WIDE_INT by)
{
  if (!kb_known(a) || by <= 0)
    return kb_no_bound;
  return by == 1 ? a : kb_is_const(a) ? kb_constant(a.c / by) : add_atom(e, KB_ATOM_DIV, NULL_TREE, a, kb_constant(by));
}

kb_bound kb_floor_div(kb_intervals *e, const kb_bound &a, HOST_WIDE_INT by, bool upper)
{
  kb_bound r = a;
  bool whole = kb_known(a) && by > 0;
  for (int i = 0; i < a.n; i++) {
    whole = whole && a.t[i].by % by == 0;
    r.t[i].by /= by;
  }
  if (whole) { /* only the constant is rounded */
    r.c = a.c >= 0 ? a.c / by : -((-(a.c + 1)) / by) - 1;
    return r;
  }
  /* Where it is negative, what rounds to zero is above, by 1 at most. */
  r = kb_div(e, a, by);
  return upper || kb_nonneg(e, a) ? r : kb_plus(r, kb_constant(1), -1);
}

kb_bound kb_least(kb_intervals *e, const kb_bound &a, const kb_bound &b)
{
  if (!kb_known(a) || !kb_known(b))
    return kb_no_bound;
  return kb_nonneg(e, kb_plus(b, a, -1)) ? a : kb_nonneg(e, kb_plus(a, b, -1)) ? b : commutative(e, KB_ATOM_MIN, a, b);
}

kb_bound kb_greatest(kb_intervals *e, const kb_bound &a, const kb_bound &b)
{
  if (!kb_known(a) || !kb_known(b))
    return kb_no_bound;
  return kb_nonneg(e, kb_plus(b, a, -1)) ? b : kb_nonneg(e, kb_plus(a, b, -1)) ? a : commutative(e, KB_ATOM_MAX, a, b);
}

/* -- What holds by itself ------------------------------------------------------------------------------------------ */

/* B has a term of a minimum or maximum: which one; -1: none. *BOTH: B >= 0 only if it is so with either operand; else with one. */
static int split_term(const kb_intervals *e, const kb_bound &b, bool want_both)
{
  for (int i = 0; i < b.n; i++) {
    enum kb_atom_kind kind = e->atoms[b.t[i].atom].kind;
    if (kind != KB_ATOM_MIN && kind != KB_ATOM_MAX)
      continue;
    if (((kind == KB_ATOM_MIN) == (b.t[i].by > 0)) == want_both)
      return i;
  }
  return -1;
}

/* B with the operand A or B (SECOND) of its term I, a minimum or maximum, in its place; B >= 0 if that is. A larger constant
   than there is becomes the largest, which says more. */
static kb_bound with_operand(const kb_intervals *e, const kb_bound &b, int i, bool second)
{
  const kb_atom &x = e->atoms[b.t[i].atom];
  kb_bound rest = b, operand = second ? x.b : x.a;
  kb_wide c = b.c + (kb_wide)operand.c * b.t[i].by;
  rest.c = operand.c = 0;
  kb_bound r = kb_plus(kb_plus(rest, atom_bound(b.t[i].atom), -b.t[i].by), operand, b.t[i].by);
  if (!kb_known(r) || c < HOST_WIDE_INT_MIN)
    return kb_no_bound;
  r.c = c > HOST_WIDE_INT_MAX ? HOST_WIDE_INT_MAX : (HOST_WIDE_INT)c;
  return r;
}

static bool nonneg_to(kb_intervals *e, const kb_bound &b, int depth)
{
  if (!kb_known(b))
    return false;
  if (kb_range_of(e, b).lo >= 0)
    return true;
  if (depth == 0)
    return false;
  int i = split_term(e, b, true);
  if (i >= 0)
    return nonneg_to(e, with_operand(e, b, i, false), depth - 1) && nonneg_to(e, with_operand(e, b, i, true), depth - 1);
  i = split_term(e, b, false);
  return i >= 0
         && (nonneg_to(e, with_operand(e, b, i, false), depth - 1) || nonneg_to(e, with_operand(e, b, i, true), depth - 1));
}

bool kb_nonneg(kb_intervals *e, const kb_bound &b) { return nonneg_to(e, b, 4); }

/* -- Needs -------------------------------------------------------------------------------------------------------- */

/* B >= 0 says no more than this; factors without a common divisor. */
static kb_bound reduced(const kb_bound &b)
{
  HOST_WIDE_INT g = 0;
  for (int i = 0; i < b.n; i++)
    g = gcd(g, b.t[i].by < 0 ? -b.t[i].by : b.t[i].by);
  if (g <= 1)
    return b;
  kb_bound r = b;
  for (int i = 0; i < b.n; i++)
    r.t[i].by /= g;
  r.c = b.c >= 0 ? b.c / g : -((-(b.c + 1)) / g) - 1;
  return r;
}

static bool same_terms(const kb_bound &a, const kb_bound &b)
{
  kb_bound x = b;
  x.c = a.c;
  return kb_same(a, x);
}

/* Needs that together leave a sum one value, or none, would hardly ever hold, nor would those of values that no memory has
   room for. */
static bool push_nonneg(kb_intervals *e, const kb_bound &b)
{
  kb_bound r = reduced(b);
  if (r.c <= -HUGE_NEED)
    return false;
  for (const kb_need &n : e->needs) {
    if (n.cond || n.either)
      continue;
    if (same_terms(n.a, r) && n.a.c <= r.c)
      return true;
    kb_bound sum = kb_plus(n.a, r, 1);
    if (kb_is_const(sum) && sum.c <= 0)
      return false;
  }
  e->needs.safe_push({r, kb_no_bound, false, NULL_TREE});
  return true;
}

static bool need_to(kb_intervals *e, const kb_bound &b, int depth)
{
  if (!kb_known(b))
    return false;
  if (kb_nonneg(e, b))
    return true;
  if (kb_range_of(e, b).hi < 0)
    return false;
  int i = depth > 0 ? split_term(e, b, true) : -1;
  if (i >= 0)
    return need_to(e, with_operand(e, b, i, false), depth - 1) && need_to(e, with_operand(e, b, i, true), depth - 1);
  i = depth > 0 ? split_term(e, b, false) : -1;
  for (int second = 0; i >= 0 && second < 2; second++) {
    kb_bound other = with_operand(e, b, i, !second);
    if (kb_known(other) && kb_range_of(e, other).hi < 0)
      return need_to(e, with_operand(e, b, i, second), depth - 1);
  }
  return push_nonneg(e, b);
}

bool kb_need_nonneg(kb_intervals *e, const kb_bound &a)
{
  unsigned n = e->needs.length();
  if (need_to(e, a, 6))
    return true;
  e->needs.truncate(n);
  return false;
}
bool kb_need_le(kb_intervals *e, const kb_bound &a, const kb_bound &b) { return kb_need_nonneg(e, kb_plus(b, a, -1)); }

bool kb_need_either(kb_intervals *e, const kb_bound &a, const kb_bound &b)
{
  if (!kb_known(a) || kb_range_of(e, a).hi < 0)
    return kb_need_nonneg(e, b);
  if (!kb_known(b) || kb_range_of(e, b).hi < 0)
    return kb_need_nonneg(e, a);
  if (kb_nonneg(e, a) || kb_nonneg(e, b))
    return true;
  for (const kb_need &n : e->needs)
    if (n.either && kb_same(n.a, a) && kb_same(n.b, b))
      return true;
  e->needs.safe_push({a, b, true, NULL_TREE});
  return true;
}

bool kb_need_cond(kb_intervals *e, tree cond)
{
  if (TREE_CODE(cond) == INTEGER_CST)
    return !integer_zerop(cond);
  e->needs.safe_push({kb_no_bound, kb_no_bound, false, cond});
  return true;
}

/* The ranges of all atoms where the needs but SKIP hold. RANGES has room for all. */
static void ranges_by_needs(const kb_intervals *e, unsigned skip, kb_range *ranges)
{
  for (unsigned i = 0; i < e->atoms.length(); i++)
    ranges[i] = e->atoms[i].range;
  for (unsigned i = 0; i < e->needs.length(); i++) {
    const kb_need &n = e->needs[i];
    if (i == skip || n.cond || n.either || n.a.n != 1)
      continue;
    kb_range &r = ranges[n.a.t[0].atom];
    if (n.a.t[0].by == 1 && r.lo < -(kb_wide)n.a.c)
      r.lo = -(kb_wide)n.a.c;
    if (n.a.t[0].by == -1 && r.hi > n.a.c)
      r.hi = n.a.c;
  }
}

/* Each need that is dropped is implied by those that are left at that time, so all are by those left in the end. */
void kb_prune_needs(kb_intervals *e)
{
  auto_vec<kb_range> ranges;
  ranges.safe_grow_cleared(e->atoms.length(), true);
  for (unsigned i = e->needs.length(); i-- > 0;) {
    const kb_need n = e->needs[i];
    if (n.cond)
      continue;
    ranges_by_needs(e, i, ranges.address());
    bool implied = range_with(e, n.a, ranges.address()).lo >= 0 || (n.either && range_with(e, n.b, ranges.address()).lo >= 0);
    for (unsigned j = 0; !implied && !n.either && j < e->needs.length(); j++) {
      kb_bound more = j == i || e->needs[j].cond || e->needs[j].either ? kb_no_bound : kb_plus(n.a, e->needs[j].a, -1);
      implied = kb_known(more) && range_with(e, more, ranges.address()).lo >= 0;
    }
    if (implied)
      e->needs.ordered_remove(i);
  }
}

/* -- Code --------------------------------------------------------------------------------------------------------- */

#define I64 long_integer_type_node
#define U64 long_unsigned_type_node

static bool fits_int64(kb_range r)
{
  return r.lo >= -((kb_wide)1 << 63) && r.hi <= ((kb_wide)1 << 63) - 1;
}

static void add_flag(kb_intervals *e, tree flag)
{
  if (!e->flags.contains(flag))
    e->flags.safe_push(flag);
}

/* A CODE B as int64, where the true result is in R, if A and B are right; a flag where it may not fit. */
static tree emit_op(kb_intervals *e, tree_code code, tree a, tree b, kb_range r)
{
  if (fits_int64(r)) {
    /* Unsigned: what is computed from values that turn out to be wrong must not be undefined. */
    tree x = gimple_convert(&e->seq, U64, a), y = gimple_convert(&e->seq, U64, b);
    return gimple_convert(&e->seq, I64, gimple_build(&e->seq, code, U64, x, y));
  }
  internal_fn f = code == PLUS_EXPR ? IFN_ADD_OVERFLOW : code == MINUS_EXPR ? IFN_SUB_OVERFLOW : IFN_MUL_OVERFLOW;
  tree both = make_ssa_name(build_complex_type(I64)), value = make_ssa_name(I64), over = make_ssa_name(I64);
  gcall *call = gimple_build_call_internal(f, 2, a, b);
  gimple_call_set_lhs(call, both);
  gimple_seq_add_stmt(&e->seq, call);
  gimple_seq_add_stmt(&e->seq, gimple_build_assign(value, build1(REALPART_EXPR, I64, both)));
  gimple_seq_add_stmt(&e->seq, gimple_build_assign(over, build1(IMAGPART_EXPR, I64, both)));
  add_flag(e, gimple_build(&e->seq, EQ_EXPR, boolean_type_node, over, build_zero_cst(I64)));
  return value;
}

static tree emit_sum(kb_intervals *e, const kb_bound &b, const kb_range *ranges);

static tree emit_atom(kb_intervals *e, unsigned i, const kb_range *ranges)
{
  const kb_atom x = e->atoms[i];
  if (x.value)
    return x.value;
  tree v = NULL_TREE;
  if (x.kind == KB_ATOM_NAME) {
    v = gimple_convert(&e->seq, I64, x.name);
    if (!fits_int64(type_range(TREE_TYPE(x.name))))
      add_flag(e, gimple_build(&e->seq, GE_EXPR, boolean_type_node, v, build_zero_cst(I64)));
  } else {
    tree a = emit_sum(e, x.a, ranges), b = emit_sum(e, x.b, ranges);
    if (x.kind == KB_ATOM_MUL)
      v = emit_op(e, MULT_EXPR, a, b, range_mul(range_with(e, x.a, ranges), range_with(e, x.b, ranges)));
    else
      v = gimple_build(&e->seq, x.kind == KB_ATOM_MIN ? MIN_EXPR : x.kind == KB_ATOM_MAX ? MAX_EXPR : TRUNC_DIV_EXPR, I64, a, b);
  }
  e->atoms[i].value = v;
  return v;
}

/* The sum of the terms of B whose factor has SIGN; none: NULL. Its range goes to *R. */
static tree emit_side(kb_intervals *e, const kb_bound &b, int sign, const kb_range *ranges, kb_range *r)
{
  tree sum = NULL_TREE;
  *r = {0, 0};
  for (int i = 0; i < b.n; i++) {
    if ((b.t[i].by > 0) != (sign > 0))
      continue;
    HOST_WIDE_INT by = sign > 0 ? b.t[i].by : -b.t[i].by;
    kb_range a = range_mul(ranges[b.t[i].atom], {by, by});
    tree v = emit_atom(e, b.t[i].atom, ranges);
    if (by != 1)
      v = emit_op(e, MULT_EXPR, v, build_int_cst(I64, by), a);
    *r = {clamp(r->lo + a.lo), clamp(r->hi + a.hi)};
    sum = sum ? emit_op(e, PLUS_EXPR, sum, v, *r) : v;
  }
  return sum;
}

/* V + C, where V is in R. */
static tree emit_plus(kb_intervals *e, tree v, HOST_WIDE_INT c, kb_range r)
{
  return c == 0 ? v : emit_op(e, PLUS_EXPR, v, build_int_cst(I64, c), {clamp(r.lo + c), clamp(r.hi + c)});
}

static tree emit_sum(kb_intervals *e, const kb_bound &b, const kb_range *ranges)
{
  kb_range p, n;
  tree plus = emit_side(e, b, 1, ranges, &p), minus = emit_side(e, b, -1, ranges, &n);
  if (!minus)
    return plus ? emit_plus(e, plus, b.c, p) : build_int_cst(I64, b.c);
  if (!plus) {
    kb_range r = {clamp(b.c - n.hi), clamp(b.c - n.lo)};
    return emit_op(e, MINUS_EXPR, build_int_cst(I64, b.c), minus, r);
  }
  kb_range r = {clamp(p.lo - n.hi), clamp(p.hi - n.lo)};
  return emit_plus(e, emit_op(e, MINUS_EXPR, plus, minus, r), b.c, r);
}

/* The boolean B >= 0. Each side is summed up by itself, and the constant goes where it does not overflow. */
static tree emit_nonneg(kb_intervals *e, const kb_bound &b, const kb_range *ranges)
{
  kb_range p, n;
  tree plus = emit_side(e, b, 1, ranges, &p), minus = emit_side(e, b, -1, ranges, &n);
  if (!plus)
    return gimple_build(&e->seq, LE_EXPR, boolean_type_node, minus ? minus : build_zero_cst(I64), build_int_cst(I64, b.c));
  if (!minus)
    return b.c == HOST_WIDE_INT_MIN ? boolean_false_node
                                    : gimple_build(&e->seq, GE_EXPR, boolean_type_node, plus, build_int_cst(I64, -b.c));
  if (b.c == -1)
    return gimple_build(&e->seq, GT_EXPR, boolean_type_node, plus, minus);
  if (fits_int64({p.lo + b.c, p.hi + b.c}) || b.c == HOST_WIDE_INT_MIN)
    plus = emit_plus(e, plus, b.c, p);
  else
    minus = emit_plus(e, minus, -b.c, n);
  return gimple_build(&e->seq, GE_EXPR, boolean_type_node, plus, minus);
}

static tree both(kb_intervals *e, tree a, tree b)
{
  return !a ? b : !b ? a : gimple_build(&e->seq, BIT_AND_EXPR, boolean_type_node, a, b);
}

tree kb_emit_needs(kb_intervals *e)
{
  kb_prune_needs(e);
  /* Only what holds by types may be used: a flag must be right by itself. But a value may be taken to be in the range that
     another need gives it: where that fails, the whole condition does. */
  auto_vec<kb_range> ranges;
  ranges.safe_grow_cleared(e->atoms.length(), true);
  ranges_by_needs(e, UINT_MAX, ranges.address());
  for (kb_atom &x : e->atoms)
    x.value = NULL_TREE;
  tree all = NULL_TREE;
  for (const kb_need &n : e->needs) {
    tree c = n.cond;
    if (!c) {
      c = emit_nonneg(e, n.a, ranges.address());
      if (n.either)
        c = gimple_build(&e->seq, BIT_IOR_EXPR, boolean_type_node, c, emit_nonneg(e, n.b, ranges.address()));
    }
    all = both(e, all, c);
  }
  for (tree flag : e->flags)
    all = both(e, all, flag);
  return all;
}

tree kb_emit_bound(kb_intervals *e, const kb_bound &b)
{
  auto_vec<kb_range> ranges;
  for (const kb_atom &x : e->atoms)
    ranges.safe_push(x.range);
  return emit_sum(e, b, ranges.address());
}
