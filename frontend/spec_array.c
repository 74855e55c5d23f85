/* SPDX-License-Identifier: MIT */
/* spec_array.c: element access behind bounds guards, iterators as plain numbers, local arrays. */
#include "specialise.h"

/* -- Indexing --------------------------------------------------------------------------------------------- */

static kb_ref extent(sp *s, kb_ref view, uint32_t axis)
{
  kb_ref n = sp_op(s, KB_VLEN, KB_T_I64, &view, 1);
  kb_v(s->f, n)->imm.i = axis;
  return n;
}

/* An index as given becomes one from the start, behind its guard. */
static kb_ref index_of(sp *s, kb_ref view, uint32_t axis, kb_ref generic)
{
  kb_ref i = sp_convert(s, sp_part(s, generic, 0), sp_ty(s, generic), KB_T_INT);
  kb_ref n = extent(s, view, axis);
  kb_ref k = sp_op2(s, KB_INORM, i, n);
  if (!s->f->unchecked) {
    kb_ref msg[3] = { i, sp_int(s, axis), n }, args[2] = { k, n };
    sp_guard(s, KB_GBOUND, sp_raise(s, KB_EXC_IndexError, "index {0} is out of bounds for axis {1} with size {2}", msg, 3), args, 2);
  }
  return k;
}

/* An element as Python sees it: u64 past int64 leaves, for want of big ints. */
static kb_ref load(sp *s, kb_op op, const kb_ref *args, uint32_t n, kb_ty elem)
{
  kb_ref v = sp_op(s, op, sp_machine(elem, false), args, n);
  return elem == KB_T_U64 && !s->t->jit ? sp_exact_int(s, v) : v;
}

static kb_ref sub_view(sp *s, const kb_ref *args, uint32_t n)
{
  const kb_type *k = kb_type_of(kb_v(s->f, args[0])->ty);
  return sp_op(s, KB_VSUB, kb_type_array(k->elem, k->rank - (n - 1), k->contig, k->readonly), args, n);
}

static void getitem(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  const kb_type *k = kb_type_of(sp_ty(s, v->args[0]));
  kb_ref args[8], r;
  if (k->kind == KB_K_TUPLE) {
    int64_t at = kb_v(s->g, v->args[1])->imm.i;
    uint32_t first = 0, width = sp_width(v->ty);
    kb_ref parts[256];
    at += at < 0 ? k->n : 0;
    for (int64_t i = 0; i < at; i++)
      first += sp_width(k->items[i]);
    for (uint32_t i = 0; i < width; i++)
      parts[i] = sp_part(s, v->args[0], first + i);
    sp_set(s, s->at, parts, width);
    return;
  }
  args[0] = sp_part(s, v->args[0], 0);
  if (k->kind == KB_K_PTR) {
    args[1] = sp_convert(s, sp_part(s, v->args[1], 0), sp_ty(s, v->args[1]), KB_T_INT);
    r = load(s, KB_PLD, args, 2, k->elem);
  } else {
    for (uint32_t i = 1; i < v->nargs; i++)
      args[i] = index_of(s, args[0], i - 1, v->args[i]);
    r = v->nargs - 1 == k->rank ? load(s, KB_LD, args, v->nargs, k->elem) : sub_view(s, args, v->nargs);
  }
  sp_set(s, s->at, &r, 1);
}

static void setitem(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  const kb_type *k = kb_type_of(sp_ty(s, v->args[0]));
  uint32_t last = v->nargs - 1;
  kb_ref args[8];
  args[0] = sp_part(s, v->args[0], 0);
  if (k->readonly) { /* only kb.jit knows before */
    sp_require(s, kb_const_int(s->f, KB_T_BOOL, 0), sp_deopt(s));
    return;
  }
  for (uint32_t i = 1; i < last; i++)
    args[i] = k->kind == KB_K_PTR ? sp_convert(s, sp_part(s, v->args[i], 0), sp_ty(s, v->args[i]), KB_T_INT)
                                  : index_of(s, args[0], i - 1, v->args[i]);
  args[last] = s->t->jit ? sp_jit_store(s, sp_part(s, v->args[last], 0), sp_ty(s, v->args[last]), k->elem)
                         : sp_store_convert(s, sp_part(s, v->args[last], 0), sp_ty(s, v->args[last]), k->elem);
  sp_op(s, k->kind == KB_K_PTR ? KB_PST : KB_ST, KB_T_VOID, args, v->nargs);
}

static void attribute(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  const kb_type *k = kb_type_of(sp_ty(s, v->args[0]));
  kb_ref view = sp_part(s, v->args[0], 0), parts[4];
  uint32_t n = 0;
  if (v->imm.i == 2) {
    parts[n++] = sp_int(s, k->rank);
  } else if (v->imm.i == 0) {
    for (; n < k->rank; n++)
      parts[n] = extent(s, view, n);
  } else { /* the sizes of arrays that exist do not overflow */
    parts[n++] = extent(s, view, 0);
    for (uint32_t a = 1; a < k->rank; a++)
      parts[0] = sp_op2(s, KB_IMULN, parts[0], extent(s, view, a));
  }
  sp_set(s, s->at, parts, n);
}

/* -- Iterators: state as parts -------------------------------------------------------------------------------- */

/* range(a, b, c). A step other than 1 or -1 must not carry the last index past int64. */
static void range(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  kb_ref parts[3];
  for (uint32_t i = 0; i < 3; i++)
    parts[i] = sp_convert(s, sp_part(s, v->args[i], 0), sp_ty(s, v->args[i]), KB_T_INT);
  const kb_val *step = kb_v(s->f, parts[2]);
  bool unit = step->op == KB_CONST && (step->imm.i == 1 || step->imm.i == -1);
  if (step->op != KB_CONST || step->imm.i == 0)
    sp_guard(s, KB_GNZ, sp_raise(s, KB_EXC_ValueError, s->t->msg[KM_RANGE_STEP], NULL, 0), &parts[2], 1);
  if (!unit)
    sp_guard(s, KB_IADDO, sp_deopt(s), &parts[1], 2);
  sp_set(s, s->at, parts, 3);
}

/* The parts of iter(t) from those of t; both from the front of in and out. Returns how many were read; *nout
 * those written. */
static uint32_t start(sp *s, kb_ty t, const kb_ref *in, kb_ref *out, uint32_t *nout)
{
  const kb_type *k = kb_type_of(t);
  uint32_t used = 0;
  switch (k->kind) {
  case KB_K_ARRAY:
    out[(*nout)++] = in[0];
    out[(*nout)++] = sp_int(s, 0);
    return 1;
  case KB_K_ZIP:
    for (uint32_t i = 0; i < k->n; i++)
      used += start(s, k->items[i], in + used, out, nout);
    return used;
  case KB_K_ENUMERATE:
    used = start(s, k->elem, in, out, nout);
    out[(*nout)++] = in[used];
    return used + 1;
  default: /* ranges and iterators are their own state */
    for (uint32_t n = sp_width(t); used < n; used++)
      out[(*nout)++] = in[used];
    return used;
  }
}

/* One step of the iterator over t with state it (advanced by its width): its item, what follows, is there one. */
typedef struct { kb_ref item[256]; uint32_t nitem; kb_ref next[256]; uint32_t nnext; kb_ref more; } step;
enum { WANT_MORE = 1, WANT_ITEM = 2, WANT_NEXT = 4 };

static kb_ref range_more(sp *s, const kb_ref *it)
{
  const kb_val *st = kb_v(s->f, it[2]);
  if (st->op == KB_CONST)
    return sp_op2(s, st->imm.i > 0 ? KB_ILT : KB_IGT, it[0], it[1]);
  return sp_op3(s, KB_IRANGELEFT, it[0], it[1], it[2]);
}

static void both(sp *s, step *o, kb_ref more) { o->more = o->more ? sp_op2(s, KB_BAND, o->more, more) : more; }

static uint32_t walk(sp *s, kb_ty t, const kb_ref *it, int want, step *o)
{
  const kb_type *k = kb_type_of(t);
  uint32_t used = 0;
  switch (k->kind) {
  case KB_K_RANGE:
    if (want & WANT_MORE)
      both(s, o, range_more(s, it));
    if (want & WANT_ITEM)
      o->item[o->nitem++] = it[0];
    if (want & WANT_NEXT) {
      o->next[o->nnext++] = sp_op2(s, KB_IADDN, it[0], it[2]);
      o->next[o->nnext++] = it[1];
      o->next[o->nnext++] = it[2];
    }
    return 3;
  case KB_K_ARRAY:
    if (want & WANT_MORE)
      both(s, o, sp_op2(s, KB_ILT, it[1], extent(s, it[0], 0)));
    if (want & WANT_ITEM)
      o->item[o->nitem++] = k->rank == 1 ? load(s, KB_LD, it, 2, k->elem) : sub_view(s, it, 2);
    if (want & WANT_NEXT) {
      o->next[o->nnext++] = it[0];
      o->next[o->nnext++] = sp_op2(s, KB_IADDN, it[1], sp_int(s, 1));
    }
    return 2;
  case KB_K_ENUMERATE: {
    /* the count comes first in the item, last in the state */
    uint32_t width = sp_width(kb_type_make(KB_K_ITER, k->elem, NULL, 0));
    if (want & WANT_ITEM)
      o->item[o->nitem++] = it[width];
    used = walk(s, k->elem, it, want, o);
    if (want & WANT_NEXT) {
      kb_ref args[2] = { it[width], sp_int(s, 1) };
      o->next[o->nnext++] = sp_guard(s, KB_IADDO, sp_deopt(s), args, 2);
    }
    return used + 1;
  }
  case KB_K_ITER: return walk(s, k->elem, it, want, o);
  default:
    for (uint32_t i = 0; i < k->n; i++)
      used += walk(s, k->items[i], it + used, want, o);
    return used;
  }
}

static void iterate(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  kb_ty t = sp_ty(s, v->args[0]);
  kb_ref in[256], out[256];
  uint32_t n = sp_width(t), nout = 0;
  for (uint32_t i = 0; i < n; i++)
    in[i] = sp_part(s, v->args[0], i);
  if (v->op == KB_OITER) {
    start(s, t, in, out, &nout);
    sp_set(s, s->at, out, nout);
    return;
  }
  step o = { .nitem = 0 };
  int want = v->op == KB_OHASNEXT ? WANT_MORE : v->op == KB_OITERVAL ? WANT_ITEM : WANT_NEXT;
  walk(s, t, in, want, &o);
  if (want == WANT_MORE)
    sp_set(s, s->at, &o.more, 1);
  else
    sp_set(s, s->at, want == WANT_ITEM ? o.item : o.next, want == WANT_ITEM ? o.nitem : o.nnext);
}

static void enumerate(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  kb_ref parts[256];
  uint32_t n = sp_width(sp_ty(s, v->args[0]));
  for (uint32_t i = 0; i < n; i++)
    parts[i] = sp_part(s, v->args[0], i);
  parts[n] = sp_convert(s, sp_part(s, v->args[1], 0), sp_ty(s, v->args[1]), KB_T_INT);
  sp_set(s, s->at, parts, n + 1);
}

/* -- Local arrays ---------------------------------------------------------------------------------------------- */

void sp_new_array(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  const kb_type *k = kb_type_of(v->ty);
  bool full = v->imm.i == KB_BI_FULL, ones = v->imm.i == KB_BI_ONES;
  uint32_t first = full ? 2 : 1;
  kb_ref dims[4], value = 0;
  for (uint32_t i = 0; i < k->rank; i++) {
    dims[i] = sp_convert(s, sp_part(s, v->args[first + i], 0), sp_ty(s, v->args[first + i]), KB_T_INT);
    sp_require(s, sp_op2(s, KB_IGE, dims[i], sp_int(s, 0)),
               sp_raise(s, KB_EXC_ValueError, "negative dimensions are not allowed", NULL, 0));
  }
  kb_ref a = sp_guard(s, KB_ALLOC, sp_raise(s, KB_EXC_MemoryError, NULL, NULL, 0), dims, k->rank);
  kb_v(s->f, a)->ty = sp_machine(v->ty, true);
  kb_v(s->f, a)->imm.i = v->imm.i == KB_BI_ZEROS;
  kb_v(s->f, a)->name = v->name;
  if (full)
    value = sp_store_convert(s, sp_part(s, v->args[1], 0), sp_ty(s, v->args[1]), k->elem);
  else if (ones)
    value = sp_store_convert(s, sp_int(s, 1), KB_T_INT, k->elem == KB_T_BOOL ? KB_T_INT : k->elem);
  if (ones && k->elem == KB_T_BOOL)
    value = kb_const_int(s->f, KB_T_BOOL, 1);
  if (value) {
    kb_ref args[2] = { a, value };
    sp_op(s, KB_FILL, KB_T_VOID, args, 2);
  }
  sp_set(s, s->at, &a, 1);
}

bool sp_array(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  switch (v->op) {
  case KB_OGETITEM: getitem(s); break;
  case KB_OSETITEM: setitem(s); break;
  case KB_OATTR: attribute(s); break;
  case KB_ORANGE: range(s); break;
  case KB_OENUMERATE: enumerate(s); break;
  case KB_OITER:
  case KB_OHASNEXT:
  case KB_OITERVAL:
  case KB_OITERNEXT: iterate(s); break;
  default: return false;
  }
  return true;
}
