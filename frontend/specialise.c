/* SPDX-License-Identifier: MIT */
/* specialise.c: generic IR with inferred types to typed IR: blocks, phis, parts of values, snapshots. */
#include "specialise.h"

#include <string.h>

/* -- Parts -------------------------------------------------------------------------------------------- */

kb_ty sp_machine(kb_ty t, bool writes)
{
  if (t == KB_T_INT || (kb_type_is_sized_int(t) && t != KB_T_U64))
    return KB_T_I64;
  if (t == KB_T_FLOAT)
    return KB_T_F64;
  const kb_type *k = kb_type_of(t);
  return k->kind == KB_K_ARRAY ? kb_type_array(k->elem, k->rank, k->contig, !writes) : t;
}

/* Machine types of the parts of a value of Python type t, from out on (NULL: only count). */
static uint32_t part_types(kb_ty t, bool writes, kb_ty *out)
{
  const kb_type *k = kb_type_of(t);
  uint32_t n = 0;
  switch (k->kind) {
  case KB_K_SCALAR:
    if (!kb_is_numeric(t))
      return 0; /* fall through */
  case KB_K_ARRAY:
  case KB_K_PTR:
    if (out)
      *out = sp_machine(t, writes);
    return 1;
  case KB_K_TUPLE:
  case KB_K_ZIP:
    for (uint32_t i = 0; i < k->n; i++)
      n += part_types(k->items[i], writes, out ? out + n : NULL);
    return n;
  case KB_K_RANGE:
    for (; n < 3; n++)
      if (out)
        out[n] = KB_T_I64;
    return n;
  case KB_K_ENUMERATE: /* iterable, start */
    n = part_types(k->elem, writes, out);
    if (out)
      out[n] = KB_T_I64;
    return n + 1;
  case KB_K_ITER: {
    const kb_type *e = kb_type_of(k->elem);
    if (e->kind == KB_K_RANGE)
      return part_types(k->elem, writes, out);
    if (e->kind == KB_K_ARRAY) { /* array, index */
      n = part_types(k->elem, writes, out);
      if (out)
        out[n] = KB_T_I64;
      return n + 1;
    }
    if (e->kind == KB_K_ENUMERATE) { /* iterator, count */
      n = part_types(kb_type_make(KB_K_ITER, e->elem, NULL, 0), writes, out);
      if (out)
        out[n] = KB_T_I64;
      return n + 1;
    }
    if (e->kind == KB_K_ITER)
      return part_types(k->elem, writes, out);
    for (uint32_t i = 0; i < e->n; i++)
      n += part_types(kb_type_make(KB_K_ITER, e->items[i], NULL, 0), writes, out ? out + n : NULL);
    return n;
  }
  default: return 0;
  }
}

uint32_t sp_width(kb_ty t) { return part_types(t, false, NULL); }
kb_ty sp_ty(const sp *s, kb_ref generic) { return kb_v(s->g, generic)->ty; }

void sp_set(sp *s, kb_ref generic, const kb_ref *parts, uint32_t n)
{
  if (!n)
    return;
  s->parts[generic] = KB_NEW(s->f->arena, kb_ref, n);
  memcpy(s->parts[generic], parts, n * sizeof *parts);
  const kb_val *v = kb_v(s->g, generic);
  if (n == 1 && v->name && !kb_is_const(s->f, parts[0]) && !kb_v(s->f, parts[0])->name)
    kb_v(s->f, parts[0])->name = v->name;
}

/* Constants, and values of type BOT (they are read on no path that runs), get their parts on demand. */
kb_ref sp_part(const sp *s, kb_ref generic, uint32_t i)
{
  const kb_val *v = kb_v(s->g, generic);
  if (s->parts[generic])
    return s->parts[generic][i];
  if (v->op == KB_CONST && kb_is_numeric(v->ty))
    return kb_type_is_float(v->ty) ? kb_const_float(s->f, sp_machine(v->ty, false), v->ty == KB_T_F32 ? (double)v->imm.s : v->imm.d)
                                   : kb_const_int(s->f, sp_machine(v->ty, false), v->imm.i);
  kb_ty types[256];
  kb_assert(sp_width(v->ty) <= 256, "a value of %u parts", sp_width(v->ty));
  uint32_t n = part_types(v->ty, false, types);
  return kb_undef(s->f, i < n ? types[i] : KB_T_I64);
}

/* -- Instructions --------------------------------------------------------------------------------------- */

static kb_ty letter_type(char c)
{
  return c == 'I' ? KB_T_I64 : c == 'U' ? KB_T_U64 : c == 'D' ? KB_T_F64 : c == 'S' ? KB_T_F32 : c == 'B' ? KB_T_BOOL : KB_T_VOID;
}

kb_ref sp_op(sp *s, kb_op op, kb_ty ty, const kb_ref *args, uint32_t n)
{
  kb_ref r = kb_ins(s->f, s->cur, op, ty, args, n, s->loc);
  kb_v(s->f, r)->pc = kb_v(s->g, s->at)->pc;
  return r;
}

kb_ref sp_op0(sp *s, kb_op op, kb_ty ty) { return sp_op(s, op, ty, NULL, 0); }
kb_ref sp_op1(sp *s, kb_op op, kb_ref a) { return sp_op(s, op, letter_type(kb_ops[op].result), &a, 1); }

kb_ref sp_op2(sp *s, kb_op op, kb_ref a, kb_ref b)
{
  kb_ref args[2] = { a, b };
  return sp_op(s, op, letter_type(kb_ops[op].result), args, 2);
}

kb_ref sp_op3(sp *s, kb_op op, kb_ref a, kb_ref b, kb_ref c)
{
  kb_ref args[3] = { a, b, c };
  return sp_op(s, op, letter_type(kb_ops[op].result), args, 3);
}

kb_ref sp_sel(sp *s, kb_ref cond, kb_ref a, kb_ref b)
{
  kb_ref args[3] = { cond, a, b };
  return sp_op(s, KB_SEL, kb_v(s->f, a)->ty, args, 3);
}

kb_ref sp_int(sp *s, int64_t i) { return kb_const_int(s->f, KB_T_I64, i); }
kb_ref sp_float(sp *s, double d) { return kb_const_float(s->f, KB_T_F64, d); }

/* -- Snapshots ---------------------------------------------------------------------------------------------- */

static void entry(sp *s, kb_entry *e, uint32_t slot, kb_ty t, const kb_ref *parts, uint32_t *used);

static void entry_of_parts(sp *s, kb_entry *e, kb_vkind what, kb_ty t, uint32_t n, const kb_ty *types, const kb_ref *parts, uint32_t *used)
{
  e->kind = KB_E_VIRT;
  e->what = (uint16_t)what;
  e->ty = t;
  e->n = n;
  e->sub = KB_NEW(s->f->arena, kb_entry, n + 1);
  for (uint32_t i = 0; i < n; i++)
    entry(s, &e->sub[i], i, types[i], parts, used);
}

static bool is_nothing(kb_ty t) { return t == KB_T_NONE || t == KB_T_VOID; }

/* None is no word; arrays as the words have them, read-only or not. */
static bool words_only(kb_entry *e, bool writes)
{
  if (kb_type_of(e->ty)->kind == KB_K_ARRAY)
    e->ty = sp_machine(e->ty, writes);
  if (e->kind == KB_E_VAL && is_nothing(e->ty))
    e->ref = 0;
  bool ok = e->kind != KB_E_VAL || e->ref || is_nothing(e->ty);
  for (uint32_t i = 0; i < e->n; i++)
    ok &= words_only(&e->sub[i], writes);
  return ok;
}

/* How a value of Python type t is rebuilt from its parts (from parts[*used] on). */
static void entry(sp *s, kb_entry *e, uint32_t slot, kb_ty t, const kb_ref *parts, uint32_t *used)
{
  static const kb_ty ints[3] = { KB_T_INT, KB_T_INT, KB_T_INT };
  const kb_type *k = kb_type_of(t);
  kb_ty types[16];
  e->slot = slot;
  switch (k->kind) {
  case KB_K_TUPLE: entry_of_parts(s, e, KB_V_TUPLE, t, k->n, k->items, parts, used); return;
  case KB_K_ZIP: entry_of_parts(s, e, KB_V_ZIP, t, k->n, k->items, parts, used); return;
  case KB_K_RANGE: entry_of_parts(s, e, KB_V_RANGE, t, 3, ints, parts, used); return;
  case KB_K_ENUMERATE:
    types[0] = k->elem, types[1] = KB_T_INT;
    entry_of_parts(s, e, KB_V_ENUMERATE, t, 2, types, parts, used);
    return;
  case KB_K_ITER: {
    const kb_type *w = kb_type_of(k->elem);
    if (w->kind == KB_K_RANGE) {
      entry_of_parts(s, e, KB_V_RANGEITER, t, 3, ints, parts, used);
    } else if (w->kind == KB_K_ARRAY) {
      types[0] = k->elem, types[1] = KB_T_INT;
      entry_of_parts(s, e, KB_V_ARRAYITER, t, 2, types, parts, used);
    } else if (w->kind == KB_K_ENUMERATE) {
      types[0] = kb_type_make(KB_K_ITER, w->elem, NULL, 0), types[1] = KB_T_INT;
      entry_of_parts(s, e, KB_V_ENUMERATE, t, 2, types, parts, used);
    } else {
      for (uint32_t i = 0; i < w->n; i++)
        types[i] = kb_type_make(KB_K_ITER, w->items[i], NULL, 0);
      entry_of_parts(s, e, KB_V_ZIP, t, w->n, types, parts, used);
    }
    return;
  }
  default:
    e->kind = KB_E_VAL;
    e->ty = t;
    e->ref = is_nothing(t) ? kb_const_none(s->f) : parts[(*used)++];
  }
}

static void either(sp *s, kb_entry *e, uint32_t slot, kb_ty t)
{
  e->slot = slot;
  e->kind = KB_E_VIRT;
  e->what = KB_V_EITHER;
  e->ty = t;
  e->n = 3;
  e->sub = KB_NEW(s->f->arena, kb_entry, 4);
}

/* A variable of floats that is an int in Python until the first float comes: whether it is, the int 0, the float. */
static void int_or_float(sp *s, kb_entry *e, kb_ref generic)
{
  either(s, e, kb_v(s->g, generic)->pc, sp_ty(s, generic));
  e->sub[0] = (kb_entry){ .kind = KB_E_VAL, .slot = 0, .ty = KB_T_BOOL, .ref = sp_is_int(s, generic) };
  e->sub[1] = (kb_entry){ .kind = KB_E_VAL, .slot = 1, .ty = KB_T_INT, .ref = sp_int(s, 0) };
  e->sub[2] = (kb_entry){ .kind = KB_E_VAL, .slot = 2, .ty = sp_ty(s, generic), .ref = sp_part(s, generic, 0) };
}

/* The same at a loop's head: words for the float, and for whether it is an int. */
static void osr_int_or_float(sp *s, kb_entry *e, uint32_t slot, kb_ty t, uint32_t *nwords)
{
  either(s, e, slot, t);
  e->sub[0] = (kb_entry){ .kind = KB_E_VAL, .slot = 0, .ty = KB_T_BOOL, .ref = *nwords + 2 };
  e->sub[1] = (kb_entry){ .kind = KB_E_EXPR, .slot = 1, .ty = KB_T_INT, .what = KB_CONST, .ref = sp_int(s, 0) };
  e->sub[2] = (kb_entry){ .kind = KB_E_VAL, .slot = 2, .ty = t, .ref = *nwords + 1 };
  *nwords += 2;
}

bool sp_osr_entry(sp *s, kb_entry *e, uint32_t slot, kb_ty t, bool writes, uint32_t *nwords)
{
  kb_ty types[256];
  kb_ref words[256];
  uint32_t n = sp_width(t), used = 0;
  if (n > 256 || (!n && kb_type_of(t)->kind == KB_K_SCALAR && !is_nothing(t)))
    return false;
  part_types(t, writes, types);
  for (uint32_t i = 0; i < n; i++) {
    const kb_type *k = kb_type_of(types[i]);
    words[i] = *nwords + 1;
    *nwords += k->kind == KB_K_ARRAY ? 1 + 2u * k->rank : 1;
  }
  memset(e, 0, sizeof *e);
  if (!s->t->jit && kb_type_is_float(t)) {
    *nwords -= 1;
    osr_int_or_float(s, e, slot, t, nwords);
    return true;
  }
  entry(s, e, slot, t, words, &used);
  return used == n && words_only(e, writes);
}

static int by_slot(const void *a, const void *b)
{
  uint32_t x = ((const kb_entry *)a)->slot, y = ((const kb_entry *)b)->slot;
  return x < y ? -1 : x > y;
}

static bool is_never(const sp *s, kb_ref cond) { return kb_is(s->f, cond, KB_CONST) && !kb_v(s->f, cond)->imm.i; }

/* A frame of this function at pc; live is 0-terminated, or NULL for no entries; one more entry, or NULL. */
static kb_frame frame(sp *s, uint32_t pc, const kb_ref *live, uint32_t result, const kb_entry *more)
{
  kb_frame fr = { .fn = s->f->name, .pc = pc, .result = result, .loc = s->loc };
  uint32_t n = 0;
  for (; live && live[n]; n++)
    ;
  fr.entries = KB_NEW(s->f->arena, kb_entry, n + 2);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t used = 0;
    /* other values without parts than None (strings) are constants of the image; so are reads that never run */
    if (s->t->jit && s->doubt.lesser[live[i]] && s->parts[live[i]])
      sp_jit_entry(s, &fr.entries[fr.n++], kb_v(s->g, live[i])->pc, live[i]);
    else if (s->int_shows && s->int_shows[live[i]] && s->parts[live[i]] && !is_never(s, sp_is_int(s, live[i])))
      int_or_float(s, &fr.entries[fr.n++], live[i]);
    else if (is_nothing(sp_ty(s, live[i])) || (sp_width(sp_ty(s, live[i])) && s->parts[live[i]]))
      entry(s, &fr.entries[fr.n++], kb_v(s->g, live[i])->pc, sp_ty(s, live[i]), s->parts[live[i]], &used);
  }
  if (more)
    fr.entries[fr.n++] = *more;
  qsort(fr.entries, fr.n, sizeof *fr.entries, by_slot);
  return fr;
}

/* Where an int leaves 64 bits: overflow="raise" ends there, else the interpreter goes on. */
uint32_t sp_overflow(sp *s)
{
  if (!s->f->overflow_raises)
    return sp_deopt(s);
  return sp_raise(s, KB_EXC_OverflowError, "int result does not fit 64 bits", NULL, 0);
}

uint32_t sp_deopt(sp *s)
{
  if (s->deopt)
    return s->deopt;
  kb_frame fr = frame(s, kb_v(s->g, s->at)->pc, s->live[s->at], UINT32_MAX, NULL);
  kb_snap sn = { .kind = KB_EXIT_DEOPT, .msg = "", .nframes = 1, .frames = &fr };
  return s->deopt = kb_snap_new(s->f, &sn);
}

uint32_t sp_raise(sp *s, int exc, const char *msg, const kb_ref *args, uint32_t n)
{
  kb_frame fr = frame(s, kb_v(s->g, s->at)->pc, NULL, UINT32_MAX, NULL);
  kb_snap sn = { .kind = KB_EXIT_RAISE, .exc = (uint8_t)exc, .msg = msg, .nargs = n, .args = (kb_ref *)(uintptr_t)args,
                 .nframes = 1, .frames = &fr };
  return kb_snap_new(s->f, &sn);
}

uint32_t sp_call_snap(sp *s)
{
  kb_frame fr = frame(s, kb_v(s->g, s->at)->pc + 1, s->live[s->at], kb_v(s->g, s->at)->pc, NULL);
  kb_snap sn = { .kind = KB_EXIT_CALL, .msg = "", .nframes = 1, .frames = &fr };
  return kb_snap_new(s->f, &sn);
}

uint32_t sp_deopt_after_call(sp *s, const kb_ty *types, const kb_ref *parts, uint32_t n)
{
  uint32_t used = 0;
  bool tuple = kb_type_of(sp_ty(s, s->at))->kind == KB_K_TUPLE;
  kb_entry result = { .kind = KB_E_VAL };
  entry(s, &result, kb_v(s->g, s->at)->pc, tuple ? kb_type_tuple(types, n) : types[0], parts, &used);
  kb_frame fr = frame(s, kb_v(s->g, s->at)->pc + 1, s->live[s->at], UINT32_MAX, &result);
  kb_snap sn = { .kind = KB_EXIT_DEOPT, .msg = "", .nframes = 1, .frames = &fr };
  return kb_snap_new(s->f, &sn);
}

kb_ref sp_guard(sp *s, kb_op op, uint32_t snap, const kb_ref *args, uint32_t n)
{
  kb_ref r = sp_op(s, op, letter_type(kb_ops[op].result), args, n);
  kb_v(s->f, r)->snap = snap;
  return r;
}

void sp_require(sp *s, kb_ref cond, uint32_t snap) { sp_guard(s, KB_GUARD, snap, &cond, 1); }

/* -- Phis --------------------------------------------------------------------------------------------------------------- */

static void make_phi(sp *s, kb_ref r)
{
  const kb_val *v = kb_v(s->g, r);
  kb_ty types[256];
  kb_ref parts[256];
  kb_assert(sp_width(v->ty) <= 256, "a phi of %u parts", sp_width(v->ty));
  uint32_t n = part_types(v->ty, s->writes[r], types);
  for (uint32_t i = 0; i < n; i++)
    parts[i] = kb_phi(s->f, s->cur, types[i], v->nargs);
  for (uint32_t i = 0; i < n; i++) {
    kb_v(s->f, parts[i])->loc = v->loc;
    kb_v(s->f, parts[i])->pc = v->pc;
    if (n == 1)
      kb_v(s->f, parts[i])->name = v->name;
  }
  sp_set(s, r, parts, n);
}

/* The word behind the float's says so. */
static kb_ref osr_is_int(sp *s, const kb_val *v)
{
  kb_bid b = s->blk[v->blk];
  kb_ref last = s->f->blk.v[b].last, r;
  if (last && kb_ops[kb_v(s->f, last)->op].kind == KB_OP_CTL)
    r = kb_ins_before(s->f, last, KB_OSR, KB_T_BOOL, NULL, 0, v->loc);
  else
    r = kb_ins(s->f, b, KB_OSR, KB_T_BOOL, NULL, 0, v->loc);
  kb_v(s->f, r)->imm.i = v->imm.i + 1;
  return r;
}

kb_ref sp_is_int(sp *s, kb_ref generic)
{
  const kb_val *v = kb_v(s->g, generic);
  if (v->op == KB_OBOUND)
    return sp_is_int(s, v->args[0]);
  if ((v->op != KB_PHI && v->op != KB_OSR) || !kb_type_is_float(v->ty))
    return kb_const_int(s->f, KB_T_BOOL, kb_type_is_integral(v->ty));
  if (v->op == KB_OSR && !s->is_int[generic])
    return s->is_int[generic] = osr_is_int(s, v);
  if (!s->is_int[generic]) {
    s->is_int[generic] = kb_phi(s->f, s->blk[v->blk], KB_T_BOOL, v->nargs);
    for (uint32_t i = 0; i < v->nargs; i++)
      sp_is_int(s, v->args[i]);
  }
  return s->is_int[generic];
}

/* The place of generic predecessor i of a block among the predecessors of the typed block. */
static uint32_t typed_edge(const sp *s, kb_bid block, uint32_t i)
{
  kb_bid from = s->blk[s->g->blk.v[block].pred.v[i]], to = s->blk[block];
  uint32_t at = 0;
  while (s->f->blk.v[to].pred.v[at] != from)
    at++;
  return at;
}

static void fill_is_int(sp *s, kb_ref r)
{
  const kb_val *v = kb_v(s->g, r);
  for (uint32_t i = 0; s->is_int[r] && i < v->nargs; i++) {
    kb_ref a = s->t->jit ? sp_jit_is_lesser(s, v->args[i], s->doubt.lesser[r]) : sp_is_int(s, v->args[i]);
    kb_v(s->f, s->is_int[r])->args[typed_edge(s, v->blk, i)] = a;
  }
}

/* A number that becomes a phi of another type is converted at the end of its block: exact ints only. */
static kb_ref convert_for_phi(sp *s, kb_ref generic, kb_ref part, kb_ty to)
{
  kb_ty from = sp_ty(s, generic);
  if (from == to || !kb_is_numeric(from) || !kb_is_numeric(to))
    return part;
  if (kb_type_is_float(to) && from == KB_T_INT && !kb_is_const(s->f, part))
    sp_guard(s, KB_GI2FX, sp_deopt(s), &part, 1);
  return sp_convert(s, part, from, to);
}

/* What is bound on no path: obj.bound leaves before anything looks at it, or at what would be computed from it. */
static bool is_unbound(const sp *s, kb_ref generic)
{
  return sp_ty(s, generic) == KB_T_BOT || (kb_is(s->g, generic, KB_UNDEF) && sp_ty(s, generic) == KB_T_OBJ);
}

static bool reads_unbound(const sp *s, const kb_val *v)
{
  bool full = v->op == KB_OCALL && v->imm.i == KB_BI_FULL; /* its first operand is a type */
  for (uint32_t i = full; i < v->nargs; i++)
    if (is_unbound(s, v->args[i]))
      return true;
  return false;
}

static void fill_phi(sp *s, kb_ref r)
{
  const kb_val *v = kb_v(s->g, r);
  const kb_blk *gb = &s->g->blk.v[v->blk];
  uint32_t width = sp_width(v->ty);
  for (uint32_t i = 0; i < v->nargs; i++) {
    kb_bid from = s->blk[gb->pred.v[i]];
    uint32_t at = typed_edge(s, v->blk, i);
    for (uint32_t k = 0; k < width; k++) {
      bool none = kb_v(s->g, v->args[i])->op == KB_UNDEF || is_unbound(s, v->args[i]);
      kb_ref part = none ? kb_undef(s->f, kb_v(s->f, s->parts[r][k])->ty) : sp_part(s, v->args[i], k);
      if (width == 1 && !none) {
        /* new instructions go in front of the terminator, with its pc */
        kb_ref end = s->f->blk.v[from].last;
        s->at = s->g->blk.v[gb->pred.v[i]].last, s->deopt = 0;
        s->loc = kb_v(s->g, r)->loc;
        s->cur = from;
        kb_ref before = s->f->blk.v[from].last;
        part = convert_for_phi(s, v->args[i], part, v->ty);
        while (s->f->blk.v[from].last != before) { /* what was appended behind the terminator */
          kb_ref x = kb_v(s->f, before)->next;
          kb_move_before(s->f, x, end);
        }
      }
      kb_v(s->f, s->parts[r][k])->args[at] = part;
    }
  }
}

/* -- One instruction ------------------------------------------------------------------------------------------------------ */

static void truth_branch(sp *s, kb_ref r)
{
  const kb_val *v = kb_v(s->g, r);
  const kb_blk *b = &s->g->blk.v[v->blk];
  kb_ref c = is_unbound(s, v->args[0]) ? kb_undef(s->f, KB_T_BOOL) : sp_part(s, v->args[0], 0);
  kb_br(s->f, s->cur, c, s->blk[b->succ[0]], s->blk[b->succ[1]], v->loc);
}

static void do_return(sp *s, kb_ref r)
{
  kb_ref a = kb_v(s->g, r)->args[0], vals[64];
  kb_ty from = sp_ty(s, a), to = s->g->ret;
  const kb_type *kf = kb_type_of(from), *kt = kb_type_of(to);
  bool tuple = kt->kind == KB_K_TUPLE;
  uint32_t n = 0, width = tuple ? kt->n : to != KB_T_VOID;
  bool other = s->t->jit && !is_unbound(s, a) && from != (to == KB_T_VOID ? (kb_ty)KB_T_NONE : to); /* kb.jit: a rarer type of result */
  if (other)
    sp_require(s, kb_const_int(s->f, KB_T_BOOL, 0), sp_deopt(s));
  for (; n < width; n++) {
    kb_ty item = tuple ? kt->items[n] : to;
    vals[n] = other || is_unbound(s, a) ? kb_undef(s->f, sp_machine(item, false))
                               : sp_store_convert(s, sp_part(s, a, n), tuple ? kf->items[n] : from, item);
  }
  kb_ret(s->f, s->cur, vals, n, s->loc);
}

static void do_raise(sp *s, kb_ref r)
{
  const kb_snap *gs = &s->g->snap.v[kb_v(s->g, r)->snap - 1];
  kb_ref x = sp_op0(s, KB_RAISE, KB_T_VOID);
  kb_v(s->f, x)->snap = sp_raise(s, gs->exc, gs->msg, NULL, 0);
}

static void bound(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  char msg[512];
  const char *fmt = s->t->msg[KM_UNBOUND], *hole = strstr(fmt, "{0}");
  snprintf(msg, sizeof msg, "%.*s%s%s", hole ? (int)(hole - fmt) : (int)strlen(fmt), fmt, hole ? v->name : "", hole ? hole + 3 : "");
  sp_require(s, sp_part(s, v->args[1], 0), sp_raise(s, KB_EXC_UnboundLocalError, kb_intern(msg), NULL, 0));
  uint32_t n = sp_width(v->ty);
  kb_ref parts[256];
  for (uint32_t i = 0; i < n && i < 256; i++)
    parts[i] = sp_part(s, v->args[0], i);
  sp_set(s, s->at, parts, n);
}

/* Tuples only regroup parts. */
static bool regroup(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  kb_ref parts[256];
  uint32_t n = 0;
  switch (v->op) {
  case KB_OTUPLE:
  case KB_OZIP:
    for (uint32_t i = 0; i < v->nargs; i++)
      for (uint32_t k = 0; k < sp_width(sp_ty(s, v->args[i])); k++)
        kb_assert(n < 256, "a tuple of too many parts"), parts[n++] = sp_part(s, v->args[i], k);
    break;
  case KB_OUNPACK:
    for (; n < sp_width(v->ty); n++)
      parts[n] = sp_part(s, v->args[0], n);
    break;
  case KB_OITEM: {
    const kb_type *k = kb_type_of(sp_ty(s, v->args[0]));
    uint32_t first = 0;
    for (int64_t i = 0; i < v->imm.i && k->kind == KB_K_TUPLE; i++)
      first += sp_width(k->items[i]);
    for (; n < sp_width(v->ty); n++)
      parts[n] = sp_part(s, v->args[0], first + n);
    break;
  }
  default: return false;
  }
  sp_set(s, s->at, parts, n);
  return true;
}

/* An entry into loops: what is live there comes as words. */
static void osr_value(sp *s)
{
  const kb_val *v = kb_v(s->g, s->at);
  kb_ty types[256];
  kb_ref parts[256];
  uint32_t n = part_types(v->ty, s->writes[s->at], types), word = (uint32_t)v->imm.i;
  for (uint32_t i = 0; i < n; i++) {
    const kb_type *k = kb_type_of(types[i]);
    parts[i] = sp_op0(s, KB_OSR, types[i]);
    kb_v(s->f, parts[i])->imm.i = word;
    word += k->kind == KB_K_ARRAY ? 1 + 2u * k->rank : 1;
  }
  if (v->nargs) /* a range of that step */
    parts[2] = sp_int(s, kb_v(s->g, v->args[0])->imm.i);
  sp_set(s, s->at, parts, n);
}

static void instruction(sp *s, kb_ref r)
{
  const kb_val *v = kb_v(s->g, r);
  s->at = r;
  s->loc = v->loc;
  s->deopt = 0;
  switch (v->op) {
  case KB_PHI: return; /* made before */
  case KB_JMP: kb_jmp(s->f, s->cur, s->blk[s->g->blk.v[v->blk].succ[0]], v->loc); return;
  case KB_BR: truth_branch(s, r); return;
  case KB_RET:
    if (s->t->jit)
      sp_jit_operands(s);
    do_return(s, r);
    return;
  case KB_RAISE: do_raise(s, r); return;
  case KB_OBOUND: bound(s); return;
  case KB_OSR: osr_value(s); return;
  default: break;
  }
  if (reads_unbound(s, v))
    return;
  if (s->t->jit)
    sp_jit_operands(s);
  switch (v->op) {
  case KB_OKCALL: sp_kernel_call(s); return;
  case KB_OCALL: sp_builtin(s); return;
  default: break;
  }
  if (!regroup(s) && !sp_arith(s) && !sp_array(s))
    kb_bug(__FILE__, __LINE__, "no typed form of %s", kb_ops[v->op].text);
}

/* -- One function, the module ---------------------------------------------------------------------------------------------------- */

static bool is_stored_into(const kb_fn *g, kb_ref array)
{
  for (uint32_t i = 0; i < g->rpo.n; i++)
    KB_FOR_INS (g, g->rpo.v[i], r)
      if (kb_is(g, r, KB_OSETITEM) && kb_v(g, r)->args[0] == array)
        return true;
  return false;
}

static void signature(sp *s)
{
  const kt_kernel *k = s->k;
  kb_fn *f = s->f;
  f->sig = KB_NEW(f->arena, kb_sigparam, k->nparams + 1);
  for (uint32_t i = 0; i < k->nparams; i++) {
    const kt_param *p = &k->params[i];
    const kb_type *ty = kb_type_of(p->ty);
    kb_ref gp = s->g->params[i];
    kb_sigparam *q = &f->sig[i];
    bool w = s->writes[gp];
    q->name = p->name;
    q->ty = ty->kind == KB_K_ARRAY ? kb_type_array(ty->elem, ty->rank, ty->contig, !w) : p->ty;
    q->kwonly = p->kwonly, q->posonly = p->posonly;
    q->written = w;
    q->numpy_bool = p->numpy_bool;
    q->refused = ty->readonly && is_stored_into(s->g, gp);
    if (p->def && (p->def->kind == TN_INT || p->def->kind == TN_BOOL || p->def->kind == TN_FLOAT)) {
      q->has_def = true;
      double d = p->def->kind == TN_FLOAT ? p->def->d : (double)p->def->i;
      if (p->ty == KB_T_F32)
        q->def.s = (float)d;
      else if (kb_type_is_float(p->ty))
        q->def.d = d;
      else
        q->def.i = p->def->i;
    }
    kb_ref r = kb_param(f, sp_machine(p->ty, w), p->name);
    kb_v(f, r)->loc = p->loc;
    sp_set(s, gp, &r, 1);
  }
}

/* Calls itself, maybe through others: depth-first search of the call graph. */
static bool reaches(const kb_mod *gm, uint32_t from, uint32_t to, uint8_t *seen)
{
  const kb_fn *g = gm->fns.v[from];
  for (uint32_t i = 0; i < g->rpo.n; i++)
    KB_FOR_INS (g, g->rpo.v[i], r) {
      uint32_t callee = (uint32_t)kb_v(g, r)->imm.i;
      if (!kb_is(g, r, KB_OKCALL))
        continue;
      if (callee == to)
        return true;
      if (!seen[callee]) {
        seen[callee] = 1;
        if (reaches(gm, callee, to, seen))
          return true;
      }
    }
  return false;
}

static void stack_guard(sp *s)
{
  s->at = s->g->blk.v[1].first;
  s->loc = s->g->loc;
  sp_guard(s, KB_GSTACK, sp_raise(s, KB_EXC_RecursionError, s->t->msg[KM_RECURSION], NULL, 0), NULL, 0);
}

static void osr_signature(sp *s)
{
  kb_ref r = kb_param(s->f, KB_T_I64, "where");
  sp_set(s, s->g->params[0], &r, 1);
}

/* Inside, a u64 parameter is an exact int: past int64 it leaves at once, with nothing but parameters to its name. */
static void unsigned_parameters(sp *s)
{
  kb_ref *params = KB_NEW(s->f->arena, kb_ref, s->g->nparams + 1);
  if (s->g->nparams)
    memcpy(params, s->g->params, s->g->nparams * sizeof *params);
  s->at = s->g->blk.v[1].first;
  s->loc = s->g->loc;
  kb_frame fr = frame(s, kb_v(s->g, s->at)->pc, params, UINT32_MAX, NULL);
  kb_snap sn = { .kind = KB_EXIT_DEOPT, .msg = "", .nframes = 1, .frames = &fr };
  s->deopt = kb_snap_new(s->f, &sn);
  for (uint32_t i = 0; i < s->k->nparams; i++)
    if (s->k->params[i].ty == KB_T_U64) {
      kb_ref n = sp_exact_int(s, s->f->params[i]);
      kb_v(s->f, n)->name = s->k->params[i].name;
      sp_set(s, s->g->params[i], &n, 1);
    }
}

static void specialise_fn(sp *s, uint32_t i, uint8_t *seen)
{
  s->g = s->gm->fns.v[i];
  s->f = s->m->fns.v[i];
  s->k = s->t->kernels.v[i];
  s->writes = s->writes_of[i];
  kb_fn *f = s->f, *g = s->g;
  f->c_name = g->c_name, f->doc = g->doc, f->loc = g->loc, f->exported = g->exported;
  f->wrap = g->wrap, f->overflow_raises = g->overflow_raises, f->nogil = g->nogil, f->unchecked = g->unchecked, f->fastmath = g->fastmath, f->inline_hint = g->inline_hint;
  f->ret = g->ret;
  f->jit = s->t->jit;
  memset(seen, 0, s->gm->fns.n);
  f->recursive = reaches(s->gm, i, i, seen);
  sp_translate(s);
}

/* x / n says something else of the int 0 than of 0.0 when n is 0, or past all floats. infer_weak.c refuses other uses that
 * show the difference. */
static uint8_t *find_int_shows(const kb_fn *g)
{
  uint8_t *shows = KB_ZALLOC(uint8_t, g->val.n);
  for (bool again = true, first = true; again; first = false) {
    again = first;
    for (uint32_t i = 0; i < g->rpo.n; i++)
      KB_FOR_INS (g, g->rpo.v[i], r) {
        const kb_val *v = kb_v(g, r);
        bool divides = v->op == KB_OTRUEDIV && kb_type_is_integral(kb_v(g, v->args[1])->ty);
        bool passes = shows[r] && (v->op == KB_PHI || v->op == KB_OBOUND);
        uint32_t n = divides || v->op == KB_OBOUND ? 1 : v->nargs;
        for (uint32_t k = 0; (divides || passes) && k < n; k++) {
          kb_ref a = v->args[k];
          if (!shows[a] && kb_type_is_float(kb_v(g, a)->ty))
            shows[a] = 1, again = true;
        }
      }
  }
  return shows;
}

static void hint(sp *s, kb_bid b)
{
  s->loc = kb_v(s->g, s->g->blk.v[b].first)->loc;
  kb_ref r = sp_op0(s, KB_HINT, KB_T_VOID);
  kb_v(s->f, r)->imm.str = s->g->blk.v[b].hint;
}

void sp_translate(sp *s)
{
  kb_fn *f = s->f, *g = s->g;
  bool osr = f->osr_of != 0;
  s->parts = KB_ZALLOC(kb_ref *, g->val.n);
  s->live = KB_ZALLOC(kb_ref *, g->val.n);
  s->is_int = KB_ZALLOC(kb_ref, g->val.n);
  s->blk = KB_ZALLOC(kb_bid, g->blk.n);
  sp_liveness(s);
  s->int_shows = s->t->jit ? NULL : find_int_shows(g);
  kb_ref bad = 0;
  if (s->t->jit)
    kb_assert(kb_jit_doubts(g, &s->doubt, &bad), "types of %s", g->name);
  for (uint32_t b = 0; b < g->rpo.n; b++)
    s->blk[g->rpo.v[b]] = kb_blk_new(f);
  if (osr)
    osr_signature(s);
  else
    signature(s);
  for (uint32_t b = 0; b < g->rpo.n; b++) {
    s->cur = s->blk[g->rpo.v[b]];
    KB_FOR_INS (g, g->rpo.v[b], r)
      if (kb_is(g, r, KB_PHI))
        make_phi(s, r);
  }
  for (uint32_t b = 0; b < g->rpo.n; b++) {
    s->cur = s->blk[g->rpo.v[b]];
    if (b == 0 && f->recursive && !osr)
      stack_guard(s);
    if (b == 0 && !s->t->jit && !osr)
      unsigned_parameters(s);
    if (g->blk.v[g->rpo.v[b]].hint && !osr)
      hint(s, g->rpo.v[b]);
    KB_FOR_INS (g, g->rpo.v[b], r)
      instruction(s, r);
  }
  for (uint32_t b = 0; b < g->rpo.n; b++)
    KB_FOR_INS (g, g->rpo.v[b], r)
      if (kb_is(g, r, KB_PHI)) {
        fill_phi(s, r);
      }
  for (uint32_t b = 0; b < g->rpo.n; b++) /* snapshots in fill_phi may have made some */
    KB_FOR_INS (g, g->rpo.v[b], r)
      if (kb_is(g, r, KB_PHI))
        fill_is_int(s, r);
  free(s->int_shows);
  free(s->parts);
  free(s->live);
  free(s->is_int);
  if (s->t->jit)
    kb_jit_doubts_free(&s->doubt);
  free(s->blk);
  kb_cfg(f);
}

uint8_t **sp_all_writes(kb_mod *gm)
{
  uint32_t n = gm->fns.n;
  uint8_t **writes = KB_ZALLOC(uint8_t *, n + 1);
  for (uint32_t i = 0; i < n; i++)
    writes[i] = KB_ZALLOC(uint8_t, gm->fns.v[i]->val.n);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < n; i++)
      again |= sp_find_writes(gm, i, writes);
  }
  return writes;
}

kb_mod *kb_specialise(kt_mod *t, kb_mod *gm)
{
  uint32_t n = gm->fns.n;
  kb_mod *m = kb_mod_new(gm->file, gm->python);
  for (uint32_t i = 0; i < n; i++) {
    kb_fn_number(gm->fns.v[i]);
    kb_fn_new(m, gm->fns.v[i]->name);
  }
  uint8_t **writes = sp_all_writes(gm), *seen = KB_ZALLOC(uint8_t, n + 1);
  sp s = { .t = t, .gm = gm, .m = m, .writes_of = (const uint8_t *const *)writes };
  for (uint32_t i = 0; i < n; i++)
    if (!t->kernels.v[i]->errors)
      specialise_fn(&s, i, seen);
  for (uint32_t i = 0; i < n; i++)
    free(writes[i]);
  free(writes);
  free(seen);
  return m;
}
