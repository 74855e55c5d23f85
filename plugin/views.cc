/* SPDX-License-Identifier: GPL-3.0-or-later */
/* views.cc: fields of views become scalars before loops are looked at.
 *
 * Kernels take views as structs by value, and after inlining these are locals that are set once, by a copy of the whole.
 * GCC's scalar replacement leaves a field that is read in one place only, in a loop, as a load of memory; it would be
 * hoisted only after our passes, which need names that are defined outside. So each field that some loop reads is loaded
 * once, right behind the one assignment of its struct (or at the entry, of a parameter), and the loads use that.
 *
 * That holds where the address of the struct is not taken and one store alone can have set the field: one of the whole or
 * one of the field, in a block that dominates the read; or none, of a parameter. Ends of life (clobbers) come after all reads.
 */
#include "pass.h"

struct field_store {
  tree decl, ref; /* of DECL; REF is DECL for a copy of the whole */
  gimple *stmt;
};

/* The struct of a field's reference: s.f, s.f[2]; NULL: another kind of reference. */
static tree struct_of(tree ref)
{
  if (TREE_CODE(ref) != COMPONENT_REF && TREE_CODE(ref) != ARRAY_REF)
    return NULL_TREE;
  while (handled_component_p(ref)) {
    if (TREE_CODE(ref) == ARRAY_REF ? TREE_CODE(TREE_OPERAND(ref, 1)) != INTEGER_CST
                                    : TREE_CODE(ref) != COMPONENT_REF || DECL_BIT_FIELD(TREE_OPERAND(ref, 1)))
      return NULL_TREE;
    ref = TREE_OPERAND(ref, 0);
  }
  return ref;
}

static bool is_candidate(tree decl)
{
  return decl && (TREE_CODE(decl) == VAR_DECL || TREE_CODE(decl) == PARM_DECL) && auto_var_p(decl)
         && TREE_CODE(TREE_TYPE(decl)) == RECORD_TYPE && !TREE_ADDRESSABLE(decl) && !TREE_THIS_VOLATILE(decl);
}

static bool same_field(tree a, tree b)
{
  return operand_equal_p(a, b, 0) && types_compatible_p(TREE_TYPE(a), TREE_TYPE(b));
}

/* Notes STMT if it sets a struct or a part of it. */
static void note_store(gimple *stmt, vec<field_store> *stores)
{
  tree lhs = gimple_clobber_p(stmt) ? NULL_TREE : gimple_get_lhs(stmt);
  tree decl = lhs && TREE_CODE(lhs) != SSA_NAME ? get_base_address(lhs) : NULL_TREE;
  if (is_candidate(decl))
    stores->safe_push({decl, lhs, stmt});
}

/* The one store that can have set REF, a field of DECL. False: there are several, or one that cannot be followed; *STORE is
   NULL where there is none. */
static bool store_of(tree decl, tree ref, const vec<field_store> &stores, const field_store **store)
{
  *store = NULL;
  for (const field_store &s : stores) {
    if (s.decl != decl)
      continue;
    bool whole = s.ref == decl, same = !whole && same_field(s.ref, ref);
    if (!whole && !same && struct_of(s.ref) == decl)
      continue; /* another field */
    if (*store || (!whole && !same) || !gimple_assign_single_p(s.stmt))
      return false;
    *store = &s;
  }
  return *store || TREE_CODE(decl) == PARM_DECL;
}

/* Loads REF behind STORE, or where FN begins. */
static tree load_early(function *fn, tree ref, const field_store *store)
{
  tree name = make_ssa_name(TREE_TYPE(ref));
  gassign *load = gimple_build_assign(name, unshare_expr(ref));
  if (store) {
    gimple_set_location(load, gimple_location(store->stmt));
    gimple_stmt_iterator i = gsi_for_stmt(store->stmt);
    gsi_insert_after(&i, load, GSI_SAME_STMT);
  } else {
    gimple_stmt_iterator i = gsi_after_labels(single_succ(ENTRY_BLOCK_PTR_FOR_FN(fn)));
    gsi_insert_before(&i, load, GSI_SAME_STMT);
  }
  return name;
}

struct early {
  tree ref, name;
};

/* The scalar that LOAD can be replaced by; NULL: none. */
static tree scalar_of(function *fn, gassign *load, const vec<field_store> &stores, vec<early> *done)
{
  tree ref = gimple_assign_rhs1(load), decl = struct_of(ref);
  const field_store *store;
  if (!store_of(decl, ref, stores, &store))
    return NULL_TREE;
  if (store && (gimple_bb(store->stmt) == gimple_bb(load)
                || !dominated_by_p(CDI_DOMINATORS, gimple_bb(load), gimple_bb(store->stmt))))
    return NULL_TREE;
  if (store && store->ref != decl) {
    tree value = gimple_assign_rhs1(store->stmt);
    return is_gimple_val(value) && types_compatible_p(TREE_TYPE(value), TREE_TYPE(ref)) ? value : NULL_TREE;
  }
  for (const early &e : *done)
    if (same_field(e.ref, ref))
      return e.name;
  tree name = load_early(fn, ref, store);
  done->safe_push({unshare_expr(ref), name});
  return name;
}

bool kb_scalar_views(function *fn)
{
  basic_block b;
  auto_vec<field_store> stores;
  auto_vec<gassign *> loads;
  FOR_EACH_BB_FN (b, fn)
    for (gimple_stmt_iterator i = gsi_start_bb(b); !gsi_end_p(i); gsi_next(&i)) {
      gimple *stmt = gsi_stmt(i);
      note_store(stmt, &stores);
      if (gimple_assign_load_p(stmt) && is_gimple_reg_type(TREE_TYPE(gimple_assign_lhs(stmt)))
          && is_candidate(struct_of(gimple_assign_rhs1(stmt))))
        loads.safe_push(as_a<gassign *>(stmt));
    }
  if (loads.is_empty())
    return false;
  calculate_dominance_info(CDI_DOMINATORS);
  auto_vec<early> done;
  bool changed = false;
  for (gassign *load : loads) {
    tree lhs = gimple_assign_lhs(load), scalar = NULL_TREE;
    if (!SSA_NAME_OCCURS_IN_ABNORMAL_PHI(lhs))
      scalar = scalar_of(fn, load, stores, &done);
    if (!scalar)
      continue;
    gimple_stmt_iterator i = gsi_for_stmt(load);
    replace_uses_by(lhs, scalar);
    gsi_remove(&i, true);
    release_defs(load);
    changed = true;
  }
  if (changed)
    update_ssa(TODO_update_ssa_only_virtuals);
  return changed;
}
