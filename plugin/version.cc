/* SPDX-License-Identifier: GPL-3.0-or-later */
/* version.cc: proves the guards of nests at run time and makes fast copies without them. */
#include "pass.h"

static const bool opt_debug = false;
struct iv { tree lo, hi; iv () : lo (NULL), hi (NULL) {} iv (tree l, tree h) : lo (l), hi (h) {} bool ok () const { return lo != NULL; } };
struct resolved { gcond *c; bool val; };

/* Is L the loop around the strips of a counted loop? Then it turns once where strips reach their bounds, and the two
   together are one counted loop. */
static bool is_strip_loop (class loop *l)
{
  if (!l || !l->inner || l->inner->next) return false;
  for (basic_block b = l->latch; b && flow_bb_inside_loop_p (l, b); b = get_immediate_dominator (CDI_DOMINATORS, b))
    {
      gcond *c = safe_dyn_cast<gcond *> (kb_last_stmt (b));
      if (c && (gimple_cond_code (c) == EQ_EXPR || gimple_cond_code (c) == NE_EXPR))
	for (int k = 0; k < 2; k++)
	  {
	    tree x = k ? gimple_cond_rhs (c) : gimple_cond_lhs (c), y = k ? gimple_cond_lhs (c) : gimple_cond_rhs (c);
	    gcall *s = TREE_CODE (x) == SSA_NAME ? kb_strip_call (SSA_NAME_DEF_STMT (x)) : NULL;
	    edge te, fe; extract_true_false_edges_from_block (b, &te, &fe);
	    edge out = gimple_cond_code (c) == EQ_EXPR ? te : fe;
	    if (s && gimple_bb (s)->loop_father == l && operand_equal_p (gimple_call_arg (s, 1), y, 0) && !flow_bb_inside_loop_p (l, out->dest)) return true;
	  }
      if (b == l->header) break;
    }
  return false;
}
/* The value of the header phi PHI when its loop is entered, the first strip of a counted loop; at the end of block *B. */
static tree entry_arg (class loop *nest, gphi *phi, basic_block *b = NULL)
{
  edge e = loop_preheader_edge (gimple_bb (phi)->loop_father);
  tree t = PHI_ARG_DEF_FROM_EDGE (phi, e);
  class loop *out = loop_outer (gimple_bb (phi)->loop_father);
  if (out != nest && flow_loop_nested_p (nest, out) && is_strip_loop (out) && TREE_CODE (t) == SSA_NAME)
    if (gphi *o = dyn_cast<gphi *> (SSA_NAME_DEF_STMT (t)))
      if (gimple_bb (o) == out->header)
	{ e = loop_preheader_edge (out); t = PHI_ARG_DEF_FROM_EDGE (o, e); }
  if (b) *b = e->src;
  return t;
}

#define I64 long_integer_type_node
static tree cst (HOST_WIDE_INT v) { return build_int_cst (I64, v); }
static bool is0 (tree t) { return TREE_CODE (t) == INTEGER_CST && integer_zerop (t); }

struct nest_eval
{
  loop_p nest;
  gimple_seq seq;
  hash_map<tree, iv> cache;		// keyed by (name, context) identifiers
  basic_block ctx;
  auto_vec<tree> log;			// cache insertion log (rollback)
  hash_set<tree> active;
  auto_vec<tree> oblig;			// boolean values that must be true
  hash_set<tree> obset;
  auto_vec<resolved> conds;		// conditions with a proven outcome
  auto_vec<gimple *> exact;		// *_OVERFLOW calls proven exact
  struct snap { unsigned a, b, c, d; };
  nest_eval (loop_p l) : nest (l), seq (NULL), ctx (l->header) {}
  snap save () { snap s = { log.length (), oblig.length (), conds.length (), exact.length () }; return s; }
  void rollback (snap s)
  {
    while (log.length () > s.a) cache.remove (log.pop ());
    while (oblig.length () > s.b) obset.remove (oblig.pop ());
    conds.truncate (s.c); exact.truncate (s.d);
  }
  bool put (tree cond)			// obligation; false if statically false
  {
    if (TREE_CODE (cond) == INTEGER_CST) return !integer_zerop (cond);
    if (!obset.add (cond)) oblig.safe_push (cond);
    return true;
  }
  bool le (tree a, tree b)
  {
    if (a == b) return true;
    return put (gimple_build (&seq, LE_EXPR, boolean_type_node, a, b));
  }
  bool lt (tree a, tree b) { return a != b && put (gimple_build (&seq, LT_EXPR, boolean_type_node, a, b)); }
  static tree key (int code, tree a, tree b)	// hash-consing key
  {
    char k[128]; auto id = [] (tree t) { return TREE_CODE (t) == SSA_NAME ? (long) SSA_NAME_VERSION (t) : (long) tree_to_shwi (t); };
    snprintf (k, sizeof k, "x:%d:%d%ld:%d%ld", code, (int) TREE_CODE (a), id (a), (int) TREE_CODE (b), id (b));
    return get_identifier (k);
  }
  // a op b on int64 with sticky overflow
  tree op (tree_code code, tree a, tree b)
  {
    if (TREE_CODE (a) == INTEGER_CST && TREE_CODE (b) == INTEGER_CST)
      { tree r = int_const_binop (code, a, b); return r && !TREE_OVERFLOW (r) ? r : NULL; }
    if (code != MULT_EXPR && is0 (b)) return a;
    if (code == PLUS_EXPR && is0 (a)) return b;
    if (code == MINUS_EXPR && a == b) return cst (0);
    if (code == MULT_EXPR)
      { if (is0 (a) || is0 (b)) return cst (0);
	if (integer_onep (a)) return b;
	if (integer_onep (b)) return a; }
    if (TREE_CODE (a) == INTEGER_CST && code != MINUS_EXPR) std::swap (a, b);
    internal_fn f = code == PLUS_EXPR ? IFN_ADD_OVERFLOW : code == MINUS_EXPR ? IFN_SUB_OVERFLOW : IFN_MUL_OVERFLOW;
    bool ex; tree &slot = ops.get_or_insert (key (code, a, b), &ex);
    if (!ex)
      {
	tree ct = build_complex_type (I64), c = make_ssa_name (ct), r = make_ssa_name (I64), o = make_ssa_name (I64);
	gcall *g = gimple_build_call_internal (f, 2, a, b);
	gimple_call_set_lhs (g, c); gimple_seq_add_stmt (&seq, g);
	gimple_seq_add_stmt (&seq, gimple_build_assign (r, build1 (REALPART_EXPR, I64, c)));
	gimple_seq_add_stmt (&seq, gimple_build_assign (o, build1 (IMAGPART_EXPR, I64, c)));
	slot = r; tree nov = gimple_build (&seq, EQ_EXPR, boolean_type_node, o, cst (0));
	ovf.put (r, nov);
      }
    put (*ovf.get (slot));
    return slot;
  }
  hash_map<tree, tree> ops, ovf;
  tree mm (tree_code code, tree a, tree b)
  {
    if (a == b || (TREE_CODE (a) == INTEGER_CST && TREE_CODE (b) == INTEGER_CST)) return a == b ? a : gimple_build (&seq, code, I64, a, b);
    if (TREE_CODE (a) == INTEGER_CST) std::swap (a, b);
    bool ex; tree &slot = ops.get_or_insert (key (code, a, b), &ex);
    if (!ex) slot = gimple_build (&seq, code, I64, a, b);
    return slot;
  }
  tree mn (tree a, tree b) { return mm (MIN_EXPR, a, b); }
  tree mx (tree a, tree b) { return mm (MAX_EXPR, a, b); }
  iv uni (iv a, iv b) { return iv (mn (a.lo, b.lo), mx (a.hi, b.hi)); }
  iv mk (tree lo, tree hi) { return lo && hi ? iv (lo, hi) : iv (); }
  iv add (iv a, iv b) { return !a.ok () || !b.ok () ? iv () : mk (op (PLUS_EXPR, a.lo, b.lo), op (PLUS_EXPR, a.hi, b.hi)); }
  iv sub (iv a, iv b) { return !a.ok () || !b.ok () ? iv () : mk (op (MINUS_EXPR, a.lo, b.hi), op (MINUS_EXPR, a.hi, b.lo)); }
  iv mul (iv a, iv b)
  {
    if (!a.ok () || !b.ok ()) return iv ();
    tree p = op (MULT_EXPR, a.lo, b.lo), q = op (MULT_EXPR, a.hi, b.hi);
    if (!p || !q) return iv ();
    if (a.lo == a.hi || b.lo == b.hi) return iv (mn (p, q), mx (p, q));
    tree r = op (MULT_EXPR, a.lo, b.hi), s = op (MULT_EXPR, a.hi, b.lo);
    if (!r || !s) return iv ();
    return iv (mn (mn (p, q), mn (r, s)), mx (mx (p, q), mx (r, s)));
  }
  bool in_type (iv v, tree type)		// obligation: v fits TYPE (and int64)
  {
    unsigned p = TYPE_PRECISION (type);
    if (p >= 64) return TYPE_UNSIGNED (type) ? le (cst (0), v.lo) : true;
    return le (fold_convert (I64, TYPE_MIN_VALUE (type)), v.lo) && le (v.hi, fold_convert (I64, TYPE_MAX_VALUE (type)));
  }
  static bool inttype (tree t) { return (INTEGRAL_TYPE_P (t)) && TYPE_PRECISION (t) <= 64; }
  bool outside (tree name)
  {
    gimple *d = SSA_NAME_DEF_STMT (name);
    return !gimple_bb (d) || !flow_bb_inside_loop_p (nest, gimple_bb (d));
  }
  iv type_range (tree name)
  {
    tree t = TREE_TYPE (name);
    if (TYPE_PRECISION (t) < 64)
      return iv (fold_convert (I64, TYPE_MIN_VALUE (t)), fold_convert (I64, TYPE_MAX_VALUE (t)));
    return iv ();
  }
  iv eval (tree t)
  {
    if (!inttype (TREE_TYPE (t))) return iv ();
    if (TREE_CODE (t) == INTEGER_CST)
      { if (!tree_fits_shwi_p (t)) return iv (); tree c = cst (tree_to_shwi (t)); return iv (c, c); }
    if (TREE_CODE (t) != SSA_NAME) return iv ();
    if (outside (t))
      {
	tree k = nkey (t, NULL);
	if (iv *v = cache.get (k)) return *v;
	tree c = gimple_convert (&seq, I64, t); iv r (c, c);
	if (TYPE_PRECISION (TREE_TYPE (t)) == 64 && TYPE_UNSIGNED (TREE_TYPE (t)) && !le (cst (0), c)) return iv ();
	cache.put (k, r); log.safe_push (k); return r;
      }
    basic_block c = canon (ctx);
    tree k = nkey (t, c);
    if (iv *v = cache.get (k)) return *v;
    gimple *d = SSA_NAME_DEF_STMT (t);
    bool hdr = gimple_code (d) == GIMPLE_PHI && bb_loop_header_p (gimple_bb (d));
    iv r; tree bk = hdr ? nkey (t, NULL) : k;
    if (iv *v = hdr ? cache.get (bk) : NULL) r = *v;
    else
      {
	if (active.contains (t)) return iv ();
	active.add (t);
	snap s = save ();
	r = eval_def (t, d);
	if (!r.ok ()) { rollback (s); r = type_range (t); }
	else if (additive (d)) r = tighten (t, r);
	active.remove (t);
	if (r.ok () && hdr) { cache.put (bk, r); log.safe_push (bk); }
      }
    r = refine (t, r);
    if (r.ok ()) { cache.put (k, r); log.safe_push (k); }
    else if (opt_debug) { fprintf (stderr, "  no interval: "); print_gimple_stmt (stderr, SSA_NAME_DEF_STMT (t), 0, TDF_SLIM); }
    return r;
  }
  static tree nkey (tree t, basic_block b)
  { char k[64]; snprintf (k, sizeof k, "v:%u@%d", SSA_NAME_VERSION (t), b ? b->index : -1); return get_identifier (k); }
  iv eval_at (tree t, basic_block b) { basic_block o = ctx; ctx = b; iv r = eval (t); ctx = o; return r; }
  // nearest dominator of B in the nest that is entered through a conditional edge
  basic_block canon (basic_block b)
  {
    for (; b && flow_bb_inside_loop_p (nest, b); b = get_immediate_dominator (CDI_DOMINATORS, b))
      if (single_pred_p (b) && safe_dyn_cast<gcond *> (kb_last_stmt (single_pred (b)))) return b;
    return nest->header;
  }
  // intersect with what the conditions that dominate CTX say about T
  iv refine (tree t, iv r)
  {
    for (basic_block b = canon (ctx); b != nest->header; )
      {
	basic_block p = single_pred (b);
	if (!flow_bb_inside_loop_p (nest, p)) break;
	gcond *c = as_a<gcond *> (kb_last_stmt (p));
	tree x = gimple_cond_lhs (c), y = gimple_cond_rhs (c);
	if (x == t || y == t)
	  {
	    tree_code cc = gimple_cond_code (c);
	    if (y == t) { std::swap (x, y); cc = swap_tree_comparison (cc); }
	    if (!(single_pred_edge (b)->flags & EDGE_TRUE_VALUE)) cc = invert_tree_comparison (cc, false);
	    snap s = save ();
	    active.add (t);
	    iv v = (cc == LT_EXPR || cc == LE_EXPR || cc == GT_EXPR || cc == GE_EXPR || cc == EQ_EXPR) ? eval_at (y, p) : iv ();
	    active.remove (t);
	    tree m = NULL;
	    if (cc == NE_EXPR && r.ok () && TREE_CODE (y) == INTEGER_CST)
	      {
		if (TREE_CODE (r.lo) == INTEGER_CST && tree_fits_shwi_p (y) && tree_to_shwi (r.lo) == tree_to_shwi (y)) { m = op (PLUS_EXPR, r.lo, cst (1)); r = iv (m, mx (r.hi, m)); }
	      }
	    if (v.ok ())
	      {
		tree lo = r.lo, hi = r.hi;
		bool uns = TYPE_UNSIGNED (TREE_TYPE (t));
		if (cc == LT_EXPR && (m = op (MINUS_EXPR, v.hi, cst (1)))) hi = hi ? mn (hi, m) : m;
		else if (cc == LE_EXPR || cc == EQ_EXPR) hi = hi ? mn (hi, m = v.hi) : (m = v.hi);
		if (cc == GT_EXPR && (m = op (PLUS_EXPR, v.lo, cst (1)))) lo = lo ? mx (lo, m) : m;
		else if (cc == GE_EXPR || cc == EQ_EXPR) lo = lo ? mx (lo, m = v.lo) : (m = v.lo);
		if (uns && hi && !lo) lo = cst (0);	// unsigned and below a non-negative bound
		if (m) r = iv (lo, hi);
	      }
	    if (!m) rollback (s);
	  }
	b = canon (p);
      }
    if (!r.lo || !r.hi) return iv ();
    return r;
  }
  static bool ovf_call (gimple *g, tree_code *code)
  {
    if (!is_gimple_call (g) || !gimple_call_internal_p (g)) return false;
    switch (gimple_call_internal_fn (g))
      { case IFN_ADD_OVERFLOW: *code = PLUS_EXPR; return true;
	case IFN_SUB_OVERFLOW: *code = MINUS_EXPR; return true;
	case IFN_MUL_OVERFLOW: *code = MULT_EXPR; return true;
	default: return false; }
  }
  iv arith (tree_code code, iv a, iv b)
  { return code == PLUS_EXPR ? add (a, b) : code == MINUS_EXPR ? sub (a, b) : mul (a, b); }
  // --- linear forms, for correlated operands such as i - j with i in range (j, n) ---
  struct lin { auto_vec<std::pair<tree, HOST_WIDE_INT> > v; HOST_WIDE_INT c; bool cancelled; lin () : c (0), cancelled (false) {} };
  bool lin_term (lin &r, tree t, HOST_WIDE_INT k)
  {
    if (k > (1 << 20) || k < -(1 << 20)) return false;
    for (auto &p : r.v) if (p.first == t) { p.second += k; r.cancelled = true; return true; }
    r.v.safe_push (std::make_pair (t, k)); return r.v.length () < 16;
  }
  bool lin_add (lin &r, tree t, HOST_WIDE_INT k, int depth = 0)
  {
    if (TREE_CODE (t) == INTEGER_CST)
      { if (!tree_fits_shwi_p (t) || absu_hwi (tree_to_shwi (t)) > (1 << 30)) return false; r.c += k * tree_to_shwi (t); return true; }
    if (TREE_CODE (t) != SSA_NAME || !INTEGRAL_TYPE_P (TREE_TYPE (t)) || TYPE_UNSIGNED (TREE_TYPE (t))) return false;
    gimple *d = SSA_NAME_DEF_STMT (t);
    if (depth > 16 || outside (t)) return lin_term (r, t, k);
    if (gphi *p = dyn_cast<gphi *> (d))
      if (gimple_phi_num_args (p) == 1) return lin_add (r, gimple_phi_arg_def (p, 0), k, depth + 1);
    if (gcall *s = kb_strip_call (d)) return lin_add (r, gimple_call_arg (s, 1), k, depth + 1);
    if (!is_gimple_assign (d)) return lin_term (r, t, k);
    tree_code c = gimple_assign_rhs_code (d); tree a = gimple_assign_rhs1 (d), b = gimple_num_ops (d) > 2 ? gimple_assign_rhs2 (d) : NULL;
    if (c == REALPART_EXPR)	// exactness has been required by the plain evaluation
      {
	tree x = TREE_OPERAND (a, 0);
	if (TREE_CODE (x) != SSA_NAME || !ovf_call (SSA_NAME_DEF_STMT (x), &c)) return lin_term (r, t, k);
	if (!is_exact (SSA_NAME_DEF_STMT (x))) return lin_term (r, t, k);
	a = gimple_call_arg (SSA_NAME_DEF_STMT (x), 0); b = gimple_call_arg (SSA_NAME_DEF_STMT (x), 1);
      }
    switch (c)
      {
      case SSA_NAME: return lin_add (r, a, k, depth + 1);
      case PLUS_EXPR: return lin_add (r, a, k, depth + 1) && lin_add (r, b, k, depth + 1);
      case MINUS_EXPR: return lin_add (r, a, k, depth + 1) && lin_add (r, b, -k, depth + 1);
      case MULT_EXPR: if (TREE_CODE (b) == INTEGER_CST && tree_fits_shwi_p (b) && absu_hwi (tree_to_shwi (b)) < 4096) return lin_add (r, a, k * tree_to_shwi (b), depth + 1);
	return lin_term (r, t, k);
      default: return lin_term (r, t, k);
      }
  }
  // symbolic bound of the induction variable T at CTX: *B + *ADJ
  bool sym_bound (tree t, bool upper, tree *bnd, HOST_WIDE_INT *adj)
  {
    gphi *phi = dyn_cast<gphi *> (SSA_NAME_DEF_STMT (t));
    if (!phi || !bb_loop_header_p (gimple_bb (phi))) return false;
    loop_p l = gimple_bb (phi)->loop_father;
    tree next = PHI_ARG_DEF_FROM_EDGE (phi, loop_latch_edge (l));
    if (!reaches (next, t)) return false;
    auto_vec<tree> chain; iv d = delta (next, t, chain);
    if (!d.ok () || TREE_CODE (d.lo) != INTEGER_CST || TREE_CODE (d.hi) != INTEGER_CST) return false;
    int dir = tree_int_cst_sgn (d.lo) >= 0 ? 1 : tree_int_cst_sgn (d.hi) <= 0 ? -1 : 0;
    if (!dir) return false;
    *adj = 0;
    if ((dir > 0) != upper) { *bnd = entry_arg (nest, phi); return true; }
    for (basic_block b = canon (ctx); b != nest->header; )
      {
	basic_block p = single_pred (b);
	if (!flow_bb_inside_loop_p (nest, p)) break;
	gcond *c = as_a<gcond *> (kb_last_stmt (p)); tree x = gimple_cond_lhs (c), y = gimple_cond_rhs (c);
	if (x == t || y == t)
	  {
	    tree_code cc = gimple_cond_code (c);
	    if (y == t) { std::swap (x, y); cc = swap_tree_comparison (cc); }
	    if (!(single_pred_edge (b)->flags & EDGE_TRUE_VALUE)) cc = invert_tree_comparison (cc, false);
	    *bnd = y;
	    if (upper && cc == LT_EXPR) { *adj = -1; return true; }
	    if (upper && cc == LE_EXPR) return true;
	    if (!upper && cc == GT_EXPR) { *adj = 1; return true; }
	    if (!upper && cc == GE_EXPR) return true;
	  }
	b = canon (p);
      }
    return false;
  }
  tree lin_bound (tree t, bool upper)	// bound of T by eliminating induction variables innermost first; NULL if nothing cancels
  {
    lin f; if (!lin_add (f, t, 1)) return NULL;
    for (int round = 0; round < 8; round++)
      {
	int best = -1, depth = 0; tree bnd = NULL; HOST_WIDE_INT adj = 0;
	for (unsigned i = 0; i < f.v.length (); i++)
	  if (f.v[i].second && !outside (f.v[i].first))
	    {
	      tree bb_; HOST_WIDE_INT a_; int dp = loop_depth (gimple_bb (SSA_NAME_DEF_STMT (f.v[i].first))->loop_father);
	      if (dp > depth && sym_bound (f.v[i].first, upper == (f.v[i].second > 0), &bb_, &a_)) { best = i; depth = dp; bnd = bb_; adj = a_; }
	    }
	if (best < 0) break;
	HOST_WIDE_INT k = f.v[best].second; f.v[best].second = 0;
	f.c += k * adj;
	if (!lin_add (f, bnd, k)) return NULL;
      }
    if (!f.cancelled) return NULL;
    iv r (cst (f.c), cst (f.c));
    for (auto &p : f.v)
      if (p.second)
	{
	  iv x = eval (p.first); if (!x.ok ()) return NULL;
	  r = add (r, mul (x, iv (cst (p.second), cst (p.second)))); if (!r.ok ()) return NULL;
	}
    return upper ? r.hi : r.lo;
  }
  iv tighten (tree t, iv r)		// correlated operands
  {
    snap s = save ();
    for (int up = 0; up < 2; up++)
      {
	tree b = lin_bound (t, up);
	if (!b) { rollback (s); continue; }
	if (up) r.hi = mn (r.hi, b); else r.lo = mx (r.lo, b);
	s = save ();
      }
    return r;
  }
  static bool additive (gimple *d)
  {
    if (!is_gimple_assign (d)) return false;
    tree_code c = gimple_assign_rhs_code (d);
    if (c == REALPART_EXPR)
      { tree x = TREE_OPERAND (gimple_assign_rhs1 (d), 0); return TREE_CODE (x) == SSA_NAME && ovf_call (SSA_NAME_DEF_STMT (x), &c) && c != MULT_EXPR
	  && TREE_CODE (gimple_call_arg (SSA_NAME_DEF_STMT (x), 1)) == SSA_NAME && TREE_CODE (gimple_call_arg (SSA_NAME_DEF_STMT (x), 0)) == SSA_NAME; }
    return (c == PLUS_EXPR || c == MINUS_EXPR) && TREE_CODE (gimple_assign_rhs2 (d)) == SSA_NAME && !TYPE_UNSIGNED (TREE_TYPE (gimple_assign_lhs (d)));
  }
  // exact value of an overflow call
  iv eval_call (gimple *c, tree_code code)
  {
    tree t = TREE_TYPE (TREE_TYPE (gimple_call_lhs (c)));
    iv a = eval_at (gimple_call_arg (c, 0), gimple_bb (c)); if (!a.ok ()) return a;
    iv b = eval_at (gimple_call_arg (c, 1), gimple_bb (c)); if (!b.ok ()) return b;
    iv r = arith (code, a, b);
    if (!r.ok () || !in_type (r, t)) return iv ();
    exact.safe_push (c);
    return r;
  }
  iv eval_def (tree t, gimple *d)
  {
    tree type = TREE_TYPE (t);
    if (gphi *phi = dyn_cast<gphi *> (d)) return eval_phi (t, phi);
    if (gcall *s = kb_strip_call (d)) return eval (gimple_call_arg (s, 1));
    if (!is_gimple_assign (d)) return iv ();
    tree_code code = gimple_assign_rhs_code (d);
    tree r1 = gimple_assign_rhs1 (d), r2 = gimple_num_ops (d) > 2 ? gimple_assign_rhs2 (d) : NULL;
    switch (code)
      {
      case REALPART_EXPR:
	{
	  tree x = TREE_OPERAND (r1, 0); tree_code oc;
	  if (TREE_CODE (x) != SSA_NAME || !ovf_call (SSA_NAME_DEF_STMT (x), &oc)) return iv ();
	  return eval_call (SSA_NAME_DEF_STMT (x), oc);
	}
      case SSA_NAME: case INTEGER_CST: return eval (r1);
      CASE_CONVERT:
	{
	  iv a = eval (r1);
	  if (!a.ok () || !in_type (a, type)) return iv ();
	  return a;
	}
      case PLUS_EXPR: case MINUS_EXPR: case MULT_EXPR:
	{
	  iv a = eval (r1); if (!a.ok ()) return a;
	  iv b = eval (r2); if (!b.ok ()) return b;
	  iv r = arith (code, a, b);
	  if (!r.ok () || (!TYPE_OVERFLOW_UNDEFINED (type) && !in_type (r, type))) return iv ();
	  return r;
	}
      case LSHIFT_EXPR:
	{
	  if (TREE_CODE (r2) != INTEGER_CST || tree_to_uhwi (r2) > 61) return iv ();
	  iv a = eval (r1); if (!a.ok ()) return a;
	  tree c = cst (HOST_WIDE_INT_1 << tree_to_uhwi (r2));
	  iv r = mul (a, iv (c, c)); if (!r.ok () || !in_type (r, type)) return iv (); return r;
	}
      case NEGATE_EXPR:
	{ iv a = eval (r1); if (!a.ok ()) return a;
	  iv r = sub (iv (cst (0), cst (0)), a); if (!r.ok () || !in_type (r, type)) return iv (); return r; }
      case MIN_EXPR: case MAX_EXPR:
	{
	  iv a = eval (r1); if (!a.ok ()) return a;
	  iv b = eval (r2); if (!b.ok ()) return b;
	  return code == MIN_EXPR ? iv (mn (a.lo, b.lo), mn (a.hi, b.hi)) : iv (mx (a.lo, b.lo), mx (a.hi, b.hi));
	}
      case BIT_AND_EXPR:
	if (TREE_CODE (r2) == INTEGER_CST && tree_fits_shwi_p (r2) && tree_to_shwi (r2) >= 0) return iv (cst (0), cst (tree_to_shwi (r2)));
	return iv ();
      case RSHIFT_EXPR: case TRUNC_DIV_EXPR: case FLOOR_DIV_EXPR:
	{	// monotone in the dividend for a positive constant
	  if (TREE_CODE (r2) != INTEGER_CST || tree_int_cst_sgn (r2) <= 0) return iv ();
	  iv a = eval (r1); if (!a.ok ()) return a;
	  tree k = fold_convert (code == RSHIFT_EXPR ? unsigned_type_node : I64, r2);
	  if (code == FLOOR_DIV_EXPR) return iv ();
	  return iv (gimple_build (&seq, code, I64, a.lo, k), gimple_build (&seq, code, I64, a.hi, k));
	}
      case TRUNC_MOD_EXPR:
	{
	  if (TREE_CODE (r2) != INTEGER_CST || tree_int_cst_sgn (r2) <= 0 || !tree_fits_shwi_p (r2)) return iv ();
	  HOST_WIDE_INT m = tree_to_shwi (r2) - 1;
	  if (TYPE_UNSIGNED (type)) return iv (cst (0), cst (m));
	  iv a = eval (r1); if (!a.ok ()) return a;
	  return iv (mx (cst (-m), mn (a.lo, cst (0))), cst (m));
	}
      case COND_EXPR:
	{
	  iv a = eval (gimple_assign_rhs2 (d)); if (!a.ok ()) return a;
	  iv b = eval (gimple_assign_rhs3 (d)); if (!b.ok ()) return b;
	  return uni (a, b);
	}
      default: return iv ();
      }
  }
  // which successor edge of the controlling condition leads to PHI argument edge E?
  static int side (gphi *phi, edge e, gcond **pc)
  {
    basic_block bb = gimple_bb (phi), dom = get_immediate_dominator (CDI_DOMINATORS, bb);
    gcond *c = dom ? safe_dyn_cast<gcond *> (kb_last_stmt (dom)) : NULL;
    *pc = c;
    if (!c) return -1;
    edge te, fe; extract_true_false_edges_from_block (dom, &te, &fe);
    auto on = [&] (edge x) { return e == x || (single_pred_p (x->dest) && dominated_by_p (CDI_DOMINATORS, e->src, x->dest)); };
    return on (te) ? 1 : on (fe) ? 0 : -1;
  }
  // context of an edge: its source, or the pseudo block of a conditional edge (not refined further)
  static basic_block edge_ctx (edge e) { return e->src; }
  // iv of a join PHI through F (argument, incoming edge)
  template<typename F> iv join (gphi *phi, F f)
  {
    unsigned n = gimple_phi_num_args (phi);
    if (n == 1) return f (gimple_phi_arg_def (phi, 0), gimple_phi_arg_edge (phi, 0));
    if (n == 2)
      {
	gcond *c; int s0 = side (phi, gimple_phi_arg_edge (phi, 0), &c), s1 = side (phi, gimple_phi_arg_edge (phi, 1), &c);
	if (c && s0 >= 0 && s1 >= 0 && s0 != s1)
	  {
	    edge te, fe; extract_true_false_edges_from_block (gimple_bb (c), &te, &fe);
	    int want = -1;
	    if (te->probability.initialized_p ())
	      { int p = te->probability.to_reg_br_prob_base (); if (p <= REG_BR_PROB_BASE / 8) want = 0; else if (p >= REG_BR_PROB_BASE * 7 / 8) want = 1; }
	    if (want >= 0)
	      {
		snap s = save ();
		if (prove_at (gimple_bb (c), c, want))
		  {
		    unsigned q = s0 == want ? 0 : 1; iv r = f (gimple_phi_arg_def (phi, q), gimple_phi_arg_edge (phi, q));
		    if (r.ok ()) { resolved rc = { c, (bool) want }; conds.safe_push (rc); return r; }
		  }
		rollback (s);
	      }
	  }
      }
    iv r;
    for (unsigned i = 0; i < n; i++)
      { iv a = f (gimple_phi_arg_def (phi, i), gimple_phi_arg_edge (phi, i)); if (!a.ok ()) return a; r = i ? uni (r, a) : a; }
    return r;
  }
  // number of latch executions, upper bound (mod 2^64 view of the niter expression)
  iv evalm (tree t)
  {
    if (TREE_CODE (t) == INTEGER_CST) { tree c = cst (TREE_INT_CST_LOW (t)); return iv (c, c); }
    if (!inttype (TREE_TYPE (t)) || TYPE_PRECISION (TREE_TYPE (t)) != 64) return TREE_CODE (t) == SSA_NAME ? eval (t) : iv ();
    tree_code code; tree a, b = NULL;
    if (TREE_CODE (t) == SSA_NAME)
      {
	if (gphi *p = dyn_cast<gphi *> (SSA_NAME_DEF_STMT (t)))
	  if (!outside (t) && bb_loop_header_p (gimple_bb (p)) && is_strip_loop (gimple_bb (p)->loop_father))
	    return evalm (PHI_ARG_DEF_FROM_EDGE (p, loop_preheader_edge (gimple_bb (p)->loop_father)));
	if (!TYPE_UNSIGNED (TREE_TYPE (t))) return eval (t);
	if (outside (t)) { tree c = gimple_convert (&seq, I64, t); return iv (c, c); }
	gimple *d = SSA_NAME_DEF_STMT (t);
	if (!is_gimple_assign (d)) return eval (t);
	code = gimple_assign_rhs_code (d); a = gimple_assign_rhs1 (d); b = gimple_num_ops (d) > 2 ? gimple_assign_rhs2 (d) : NULL;
      }
    else
      { code = TREE_CODE (t); if (!EXPR_P (t)) return iv (); a = TREE_OPERAND (t, 0); b = TREE_OPERAND_LENGTH (t) > 1 ? TREE_OPERAND (t, 1) : NULL; }
    switch (code)
      {
      CASE_CONVERT:
	if (TYPE_PRECISION (TREE_TYPE (a)) == 64) return evalm (a);
	return TREE_CODE (a) == SSA_NAME ? eval (a) : iv ();
      case PLUS_EXPR: case MINUS_EXPR: case MULT_EXPR:
	{ iv x = evalm (a); if (!x.ok ()) return x; iv y = evalm (b); if (!y.ok ()) return y; return arith (code, x, y); }
      case TRUNC_DIV_EXPR: case EXACT_DIV_EXPR: case FLOOR_DIV_EXPR:
	{ if (TREE_CODE (b) != INTEGER_CST || tree_int_cst_sgn (b) <= 0 || !tree_fits_shwi_p (b)) return iv ();
	  iv x = evalm (a); if (!x.ok ()) return x; tree k = cst (tree_to_shwi (b)), z = cst (0);
	  return iv (z, gimple_build (&seq, TRUNC_DIV_EXPR, I64, mx (x.hi, z), k)); }
      case RSHIFT_EXPR:
	{ if (TREE_CODE (b) != INTEGER_CST) return iv ();
	  iv x = evalm (a); if (!x.ok ()) return x; tree z = cst (0);
	  return iv (z, gimple_build (&seq, RSHIFT_EXPR, I64, mx (x.hi, z), b)); }
      case MIN_EXPR: case MAX_EXPR:
	{ iv x = evalm (a); if (!x.ok ()) return x; iv y = evalm (b); if (!y.ok ()) return y;
	  return code == MIN_EXPR ? iv (mn (x.lo, y.lo), mn (x.hi, y.hi)) : iv (mx (x.lo, y.lo), mx (x.hi, y.hi)); }
      default: return iv ();
      }
  }
  tree niter (loop_p l)
  {
    tree best = NULL;
    auto_vec<edge> ex = get_loop_exit_edges (l);
    edge e; unsigned i;
    FOR_EACH_VEC_ELT (ex, i, e)
      {
	if (!dominated_by_p (CDI_DOMINATORS, l->latch, e->src) || leads_to_exit (e)) continue;
	tree_niter_desc d;
	if (!number_of_iterations_exit (l, e, &d, false, false)) continue;
	snap s = save ();
	basic_block oc = ctx; ctx = loop_preheader_edge (l)->src; iv v = evalm (d.niter); ctx = oc;
	if (v.ok () && d.cmp == NE_EXPR && !d.control.no_overflow && !le (cst (0), v.lo)) v = iv ();	// could wrap around
	if (!v.ok ()) { rollback (s); continue; }
	best = mx (v.hi, cst (0)); break;
      }
    widest_int w;
    if (!best && max_loop_iterations (l, &w) && wi::fits_shwi_p (w)) best = cst (w.to_shwi ());
    return best;
  }
  static bool deopt_bb (basic_block bb)
  {
    for (gimple_stmt_iterator g = gsi_start_bb (bb); !gsi_end_p (g); gsi_next (&g))
      if (kb_is_exit (gsi_stmt (g))) return true;
    return false;
  }
  static bool leads_to_exit (edge e)
  {
    basic_block bb = e->dest;
    for (int i = 0; i < 8; i++)
      { if (deopt_bb (bb)) return true; if (!single_succ_p (bb)) return false; bb = single_succ (bb); }
    return false;
  }
  bool reaches (tree t, tree phi, int depth = 0)	// does T's additive chain lead to PHI?
  {
    if (t == phi) return true;
    if (TREE_CODE (t) != SSA_NAME || depth > 12 || outside (t)) return false;
    gimple *d = SSA_NAME_DEF_STMT (t);
    if (gphi *p = dyn_cast<gphi *> (d))
      {
	if (bb_loop_header_p (gimple_bb (p)) && gimple_bb (p)->loop_father == gimple_bb (SSA_NAME_DEF_STMT (phi))->loop_father) return false;
	for (unsigned i = 0; i < gimple_phi_num_args (p); i++)
	  if (!(bb_loop_header_p (gimple_bb (p)) && gimple_phi_arg_edge (p, i)->src == gimple_bb (p)->loop_father->latch)
	      && reaches (gimple_phi_arg_def (p, i), phi, depth + 1)) return true;
	return false;
      }
    if (!is_gimple_assign (d)) return false;
    tree_code c = gimple_assign_rhs_code (d), oc;
    if (c == REALPART_EXPR)
      {
	tree x = TREE_OPERAND (gimple_assign_rhs1 (d), 0);
	if (TREE_CODE (x) != SSA_NAME || !ovf_call (SSA_NAME_DEF_STMT (x), &oc) || oc == MULT_EXPR) return false;
	d = SSA_NAME_DEF_STMT (x);
	return reaches (gimple_call_arg (d, 0), phi, depth + 1) || reaches (gimple_call_arg (d, 1), phi, depth + 1);
      }
    if (c == PLUS_EXPR || c == MINUS_EXPR)
      return reaches (gimple_assign_rhs1 (d), phi, depth + 1) || reaches (gimple_assign_rhs2 (d), phi, depth + 1);
    return c == SSA_NAME && reaches (gimple_assign_rhs1 (d), phi, depth + 1);
  }
  // interval of T - PHI within one iteration; CHAIN collects additions that have to be exact
  iv delta (tree t, tree phi, vec<tree> &chain)
  {
    if (t == phi) return iv (cst (0), cst (0));
    if (TREE_CODE (t) != SSA_NAME || outside (t)) return iv ();
    gimple *d = SSA_NAME_DEF_STMT (t);
    if (gphi *p = dyn_cast<gphi *> (d))
      {
	if (bb_loop_header_p (gimple_bb (p)))
	  {
	    loop_p l = gimple_bb (p)->loop_father;
	    if (l != nest && is_strip_loop (l)) return delta (PHI_ARG_DEF_FROM_EDGE (p, loop_preheader_edge (l)), phi, chain);
	    iv d0 = delta (PHI_ARG_DEF_FROM_EDGE (p, loop_preheader_edge (l)), phi, chain); if (!d0.ok ()) return d0;
	    iv ds = delta (PHI_ARG_DEF_FROM_EDGE (p, loop_latch_edge (l)), t, chain); if (!ds.ok ()) return ds;
	    tree n = niter (l); if (!n) return iv ();
	    return add (d0, scale (ds, n));
	  }
	return join (p, [&] (tree a, edge) { return delta (a, phi, chain); });
      }
    if (!is_gimple_assign (d)) return iv ();
    tree_code c = gimple_assign_rhs_code (d);
    tree a, b;
    if (c == REALPART_EXPR)
      {
	tree x = TREE_OPERAND (gimple_assign_rhs1 (d), 0);
	if (TREE_CODE (x) != SSA_NAME || !ovf_call (SSA_NAME_DEF_STMT (x), &c) || c == MULT_EXPR) return iv ();
	a = gimple_call_arg (SSA_NAME_DEF_STMT (x), 0); b = gimple_call_arg (SSA_NAME_DEF_STMT (x), 1); chain.safe_push (t);
      }
    else if (c == SSA_NAME) return delta (gimple_assign_rhs1 (d), phi, chain);
    else if (c == PLUS_EXPR || c == MINUS_EXPR)
      { a = gimple_assign_rhs1 (d); b = gimple_assign_rhs2 (d); if (!TYPE_OVERFLOW_UNDEFINED (TREE_TYPE (t))) chain.safe_push (t); }
    else return iv ();
    if (reaches (a, phi))
      {
	iv x = delta (a, phi, chain); if (!x.ok ()) return x;
	iv y; 
	if (TREE_CODE (b) == INTEGER_CST && TYPE_UNSIGNED (TREE_TYPE (b)) && c == PLUS_EXPR) { tree k = cst (TREE_INT_CST_LOW (b)); y = iv (k, k); }	// i + 0xfff..f
	else y = eval_at (b, gimple_bb (d));
	if (!y.ok ()) return y;
	return c == PLUS_EXPR ? add (x, y) : sub (x, y);
      }
    if (c == PLUS_EXPR && reaches (b, phi))
      {
	iv x = delta (b, phi, chain); if (!x.ok ()) return x;
	iv y = eval_at (a, gimple_bb (d)); if (!y.ok ()) return y;
	return add (x, y);
      }
    return iv ();
  }
  iv scale (iv d, tree n)
  {
    if (!d.ok () || !n) return iv ();
    tree lo = op (MULT_EXPR, d.lo, n), hi = op (MULT_EXPR, d.hi, n);
    if (!lo || !hi) return iv ();
    return iv (mn (lo, cst (0)), mx (hi, cst (0)));
  }
  // bound of the header phi T from "next CMP bound" tests that dominate the latch
  bool test_bound (tree t, loop_p l, tree next, int dir, iv init, iv d, tree *res)
  {
    for (basic_block bb = l->latch; bb && flow_bb_inside_loop_p (l, bb); bb = get_immediate_dominator (CDI_DOMINATORS, bb))
      {
	gcond *c = safe_dyn_cast<gcond *> (kb_last_stmt (bb));
	if (c && bb->loop_father == l)
	  {
	    edge te, fe; extract_true_false_edges_from_block (bb, &te, &fe);
	    bool tin = flow_bb_inside_loop_p (l, te->dest), fin = flow_bb_inside_loop_p (l, fe->dest);
	    if (tin != fin && dominated_by_p (CDI_DOMINATORS, l->latch, tin ? te->dest : fe->dest) && !leads_to_exit (tin ? fe : te))
	      {
		tree_code cc = gimple_cond_code (c); tree a = gimple_cond_lhs (c), b = gimple_cond_rhs (c);
		if (b == next || b == t) { std::swap (a, b); cc = swap_tree_comparison (cc); }
		if ((a == next || a == t) && inttype (TREE_TYPE (a)))
		  {
		    if (!tin) cc = invert_tree_comparison (cc, false);
		    snap s = save (); iv v = eval_at (b, bb);
		    bool und = TYPE_OVERFLOW_UNDEFINED (TREE_TYPE (t));
		    if (v.ok ())
		      {
			tree r = NULL;
			if (dir > 0 && (cc == LT_EXPR || (cc == NE_EXPR && und))) r = op (MINUS_EXPR, v.hi, cst (1));
			else if (dir > 0 && cc == LE_EXPR) r = v.hi;
			else if (dir < 0 && (cc == GT_EXPR || (cc == NE_EXPR && und))) r = op (PLUS_EXPR, v.lo, cst (1));
			else if (dir < 0 && cc == GE_EXPR) r = v.lo;
			if (r && a == t && a != next) r = op (PLUS_EXPR, r, dir > 0 ? d.hi : d.lo);	// tested before the increment
			if (r) { *res = dir > 0 ? mx (init.hi, r) : mn (init.lo, r); return true; }
		      }
		    rollback (s);
		  }
	      }
	  }
	if (bb == l->header) break;
      }
    return false;
  }
  iv eval_phi (tree t, gphi *phi)
  {
    basic_block bb = gimple_bb (phi);
    if (!bb_loop_header_p (bb)) return join (phi, [&] (tree a, edge e) { return eval_at (a, edge_ctx (e)); });
    loop_p l = bb->loop_father;
    basic_block from; tree init = entry_arg (nest, phi, &from), next = PHI_ARG_DEF_FROM_EDGE (phi, loop_latch_edge (l));
    iv i0 = eval_at (init, from); if (!i0.ok ()) return i0;
    if ((l != nest && is_strip_loop (l)) || !reaches (next, t))		// not an induction variable: union (e.g. PRE'd values)
      { iv n = eval_at (next, l->latch); if (!n.ok ()) return n; return uni (i0, n); }
    auto_vec<tree> chain;
    iv d = delta (next, t, chain); if (!d.ok ()) return d;
    iv r; tree b = NULL;
    bool pos = TREE_CODE (d.lo) == INTEGER_CST && tree_int_cst_sgn (d.lo) >= 0, neg = TREE_CODE (d.hi) == INTEGER_CST && tree_int_cst_sgn (d.hi) <= 0;
    bool sym = !pos && !neg && (TREE_CODE (d.lo) != INTEGER_CST || TREE_CODE (d.hi) != INTEGER_CST);
    snap sy = save ();
    if (sym && le (cst (0), d.lo) && test_bound (t, l, next, 1, i0, d, &b)) r = iv (i0.lo, b);	// run-time step: require its sign
    else if (sym) rollback (sy);
    if (sym && !r.ok () && le (d.hi, cst (0)) && test_bound (t, l, next, -1, i0, d, &b)) r = iv (b, i0.hi);
    else if (sym && !r.ok ()) rollback (sy);
    if (r.ok ()) ;
    else if (pos && test_bound (t, l, next, 1, i0, d, &b)) r = iv (i0.lo, b);
    else if (neg && test_bound (t, l, next, -1, i0, d, &b)) r = iv (b, i0.hi);
    else { tree n = niter (l); if (!n) return iv (); r = add (i0, scale (d, n)); }
    if (!r.ok ()) return r;
    tree bk = nkey (t, NULL);
    cache.put (bk, r); log.safe_push (bk); active.remove (t);
    bool good = true;
    for (tree c : chain)		// everything on the chain has to be exact
      if (!active.contains (c) && !eval_at (c, gimple_bb (SSA_NAME_DEF_STMT (c))).ok ()) { good = false; break; }	// active: its own frame checks it
    active.add (t);
    if (!good) return iv ();
    return r;
  }
  bool prove_at (basic_block b, gcond *c, bool want)
  { basic_block o = ctx; ctx = b; bool r = prove (gimple_cond_code (c), gimple_cond_lhs (c), gimple_cond_rhs (c), want); ctx = o; return r; }
  // emit obligations such that (A code B) == want throughout the nest
  bool prove (tree_code code, tree a, tree b, bool want)
  {
    if (TREE_CODE (TREE_TYPE (a)) == BOOLEAN_TYPE || (TREE_CODE (a) == SSA_NAME && TREE_CODE (b) == INTEGER_CST && (integer_zerop (b)) && (code == NE_EXPR || code == EQ_EXPR) && boolish (a)))
      {
	if (TREE_CODE (b) != INTEGER_CST || (code != NE_EXPR && code != EQ_EXPR)) return false;
	bool w = (code == NE_EXPR) == integer_zerop (b) ? want : !want;
	return prove_bool (a, w);
      }
    if (!inttype (TREE_TYPE (a))) return false;
    if (!want) { code = invert_tree_comparison (code, false); if (code == ERROR_MARK) return false; }
    iv x = eval (a); if (!x.ok ()) return false;
    iv y = eval (b); if (!y.ok ()) return false;
    switch (code)
      {
      case LT_EXPR: return lt (x.hi, y.lo);
      case LE_EXPR: return le (x.hi, y.lo);
      case GT_EXPR: return lt (y.hi, x.lo);
      case GE_EXPR: return le (y.hi, x.lo);
      case EQ_EXPR: return le (x.hi, y.lo) && le (y.hi, x.lo);
      case NE_EXPR:
	{ tree p = gimple_build (&seq, LT_EXPR, boolean_type_node, x.hi, y.lo), q = gimple_build (&seq, GT_EXPR, boolean_type_node, x.lo, y.hi);
	  return put (gimple_build (&seq, BIT_IOR_EXPR, boolean_type_node, p, q)); }
      default: return false;
      }
  }
  bool boolish (tree a)
  {
    gimple *d = SSA_NAME_DEF_STMT (a);
    if (!is_gimple_assign (d)) return false;
    tree_code c = gimple_assign_rhs_code (d);
    return c == IMAGPART_EXPR || ((c == BIT_IOR_EXPR) && TREE_CODE (gimple_assign_rhs2 (d)) == SSA_NAME && boolish (gimple_assign_rhs1 (d)) && boolish (gimple_assign_rhs2 (d)))
      || (CONVERT_EXPR_CODE_P (c) && TREE_CODE (gimple_assign_rhs1 (d)) == SSA_NAME && (TREE_CODE (TREE_TYPE (gimple_assign_rhs1 (d))) == BOOLEAN_TYPE || boolish (gimple_assign_rhs1 (d))));
  }
  bool prove_bool (tree a, bool want)
  {
    if (TREE_CODE (a) == INTEGER_CST) return integer_zerop (a) == !want;
    if (TREE_CODE (a) != SSA_NAME || outside (a)) return false;
    gimple *d = SSA_NAME_DEF_STMT (a);
    if (!is_gimple_assign (d)) return false;
    tree_code c = gimple_assign_rhs_code (d), oc;
    if (TREE_CODE_CLASS (c) == tcc_comparison) return prove (c, gimple_assign_rhs1 (d), gimple_assign_rhs2 (d), want);
    if (CONVERT_EXPR_CODE_P (c) || c == SSA_NAME) return prove_bool (gimple_assign_rhs1 (d), want);
    if (c == BIT_IOR_EXPR && !want) return prove_bool (gimple_assign_rhs1 (d), false) && prove_bool (gimple_assign_rhs2 (d), false);
    if (c == BIT_AND_EXPR && want) return prove_bool (gimple_assign_rhs1 (d), true) && prove_bool (gimple_assign_rhs2 (d), true);
    if (c == BIT_NOT_EXPR || (c == BIT_XOR_EXPR && integer_onep (gimple_assign_rhs2 (d)))) return prove_bool (gimple_assign_rhs1 (d), !want);
    if (c == IMAGPART_EXPR && !want)
      {
	tree x = TREE_OPERAND (gimple_assign_rhs1 (d), 0);
	if (TREE_CODE (x) != SSA_NAME || !ovf_call (SSA_NAME_DEF_STMT (x), &oc)) return false;
	// use the REALPART's cached evaluation if there is one
	imm_use_iterator it; gimple *u;
	FOR_EACH_IMM_USE_STMT (u, it, x)
	  if (is_gimple_assign (u) && gimple_assign_rhs_code (u) == REALPART_EXPR)
	    return eval (gimple_assign_lhs (u)).ok () && is_exact (SSA_NAME_DEF_STMT (x));
	return eval_call (SSA_NAME_DEF_STMT (x), oc).ok ();
      }
    return false;
  }
  bool is_exact (gimple *c) { return exact.contains (c); }
};

struct guard { gcond *c; edge e; gcall *exit; };

/* Is EXIT one of a poll? */
static bool is_poll (gcall *exit)
{
  auto_vec<kb_place *, 4> places;
  kb_places_of_exit (cfun, exit, &places);
  return !places.is_empty () && places[0]->kind && !strcmp (places[0]->kind, "poll");
}

static void collect (class loop *nest, const vec<kb_guard> &all, vec<guard> &gs)
{
  for (const kb_guard &g : all)
    if (g.leave && flow_bb_inside_loop_p (nest, g.leave->src) && !is_poll (g.exit))
      gs.safe_push ({as_a<gcond *> (kb_last_stmt (g.leave->src)), g.leave, g.exit});
}

static void mark_all (class loop *l, unsigned mark)
{
  kb_mark_loop (l, mark);
  if (mark == KB_SLOW) l->dont_vectorize = true;
  for (class loop *i = l->inner; i; i = i->next) mark_all (i, mark);
}

/* Nothing of the slow copy is laid out among the rest. */
static void make_cold (class loop *slow)
{
  basic_block *body = get_loop_body (slow);
  for (unsigned i = 0; i < slow->num_nodes; i++)
    body[i]->count = profile_count::zero ();
  free (body);
}

/* The trips of loops that run in strips are bounded, so that polls at the loops around them come often enough. */
static bool bound_trips (nest_eval &ev, class loop *l)
{
  for (class loop *i = l->inner; i; i = i->next)
    {
      if (is_strip_loop (i))
	{
	  tree n = ev.niter (i->inner);
	  if (!n || !ev.le (n, cst (1 << 20))) return false;
	}
      else if (!bound_trips (ev, i)) return false;
    }
  return true;
}

static void take_results (nest_eval &ev)
{
  for (resolved r : ev.conds)
    { if (r.val) gimple_cond_make_true (r.c); else gimple_cond_make_false (r.c); update_stmt (r.c); }
  hash_set<gimple *> done;
  for (gimple *c : ev.exact)
    {
      if (done.add (c)) continue;
      tree_code code; nest_eval::ovf_call (c, &code);
      tree x = gimple_call_lhs (c), t = TREE_TYPE (TREE_TYPE (x));
      auto fits = [&] (tree a) { return types_compatible_p (t, TREE_TYPE (a)) || (TYPE_PRECISION (TREE_TYPE (a)) < TYPE_PRECISION (t) && !TYPE_UNSIGNED (t)); };
      if (!fits (gimple_call_arg (c, 0)) || !fits (gimple_call_arg (c, 1))) continue;
      tree args[2];
      for (int k = 0; k < 2; k++)
	{ gimple_seq q = NULL; args[k] = gimple_convert (&q, t, gimple_call_arg (c, k)); gimple_stmt_iterator gi = gsi_for_stmt (c); gsi_insert_seq_before (&gi, q, GSI_SAME_STMT); }
      auto_vec<gimple *> uses; imm_use_iterator it; gimple *u;
      FOR_EACH_IMM_USE_STMT (u, it, x) uses.safe_push (u);
      for (gimple *u : uses)
	{
	  if (!is_gimple_assign (u)) continue;
	  gimple_stmt_iterator gi = gsi_for_stmt (u);
	  if (gimple_assign_rhs_code (u) == REALPART_EXPR) gimple_assign_set_rhs_with_ops (&gi, code, args[0], args[1]);
	  else if (gimple_assign_rhs_code (u) == IMAGPART_EXPR) gimple_assign_set_rhs_from_tree (&gi, build_zero_cst (t));
	  else continue;
	  update_stmt (gsi_stmt (gi));
	}
      if (has_zero_uses (x)) { gimple_stmt_iterator gi = gsi_for_stmt (c); gsi_remove (&gi, true); release_defs (c); }
    }
}

static bool process (class loop *nest, const vec<kb_guard> &all);

static bool process_inner (class loop *nest, const vec<kb_guard> &all)
{
  bool any = false; auto_vec<class loop *> in;
  for (class loop *l = nest->inner; l; l = l->next) in.safe_push (l);
  for (class loop *l : in) any |= process (l, all);
  return any;
}

/* Versions NEST, or loops in it. */
static bool process (class loop *nest, const vec<kb_guard> &all)
{
  if (is_strip_loop (nest)) nest = nest->inner;
  auto_vec<guard> gs; collect (nest, all, gs);
  if (gs.is_empty () && !nest->inner) return false;
  nest_eval ev (nest);
  auto_vec<gcall *> gone;
  unsigned proven = 0, inner_left = 0;
  for (guard g : gs)
    {
      bool want = !(g.e->flags & EDGE_TRUE_VALUE);
      nest_eval::snap s = ev.save ();
      if (ev.prove_at (gimple_bb (g.c), g.c, want))
	{ resolved r = { g.c, want }; ev.conds.safe_push (r); gone.safe_push (g.exit); proven++; }
      else
	{ ev.rollback (s); if (!g.e->src->loop_father->inner) inner_left++; }
    }
  bool trips = !nest->inner || bound_trips (ev, nest);
  if (nest->inner && (inner_left || !trips))
    {
      gimple_seq_discard (ev.seq);
      kb_decide (kb_loop_location (nest), KB_NOTE, "guards", "%u of %u guards of the nest proven: taking inner loops", proven, gs.length ());
      return process_inner (nest, all);
    }
  if (!proven && !nest->inner) { gimple_seq_discard (ev.seq); return false; }
  unsigned size = tree_num_loop_insns (nest, &eni_size_weights);
  if (size > 2000 || !can_duplicate_loop_p (nest))
    {
      kb_decide (kb_loop_location (nest), KB_NOT, "guards", "nest not versioned: %u statements", size);
      gimple_seq_discard (ev.seq);
      return process_inner (nest, all);
    }
  tree ok = NULL;
  for (tree o : ev.oblig) ok = ok ? gimple_build (&ev.seq, BIT_AND_EXPR, boolean_type_node, ok, o) : o;
  class loop *slow = NULL;
  location_t loc = kb_loop_location (nest);
  if (ok)
    {
      gsi_insert_seq_on_edge_immediate (loop_preheader_edge (nest), ev.seq);
      initialize_original_copy_tables ();
      basic_block cbb;
      tree cond = build2 (NE_EXPR, boolean_type_node, ok, boolean_false_node);
      profile_probability p = profile_probability::very_likely ();
      slow = loop_version (nest, cond, &cbb, p, p.invert (), p, p.invert (), true);
      free_original_copy_tables ();
      if (!slow) { kb_decide (loc, KB_NOT, "guards", "the loop cannot be copied"); return true; }
      mark_all (slow, KB_SLOW);
      make_cold (slow);
      update_ssa (TODO_update_ssa);
    }
  else gimple_seq_discard (ev.seq);
  mark_all (nest, KB_FAST);
  for (gcall *exit : gone) kb_guard_proven (exit);
  kb_count_copy (loop_preheader_edge (nest));
  take_results (ev);
  if (nest->inner)
    {
      free_dominance_info (CDI_DOMINATORS);
      calculate_dominance_info (CDI_DOMINATORS);
      kb_polls_take_out (nest);
    }
  kb_decide (loc, KB_DONE, "guards", "%u of %u guards proven, %u run-time conditions", proven, gs.length (), ev.oblig.length ());
  return true;
}

bool kb_version_nests (function *fn)
{
  bool any = false;
  auto_vec<kb_guard> all;
  kb_find_guards (fn, &all);
  auto_vec<class loop *> top;
  for (class loop *l = loops_for_fn (fn)->tree_root->inner; l; l = l->next) top.safe_push (l);
  for (class loop *l : top)
    if (process (l, all))
      { any = true; scev_reset (); free_dominance_info (CDI_DOMINATORS); calculate_dominance_info (CDI_DOMINATORS); }
  return any;
}
