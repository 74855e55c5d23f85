/* SPDX-License-Identifier: MIT */
/* py_in_typed.c: slots of kb.jit's functions as what their native code wants: of exactly the types that it was made for.
 *
 * A kernel converts; here a float is no numpy.float64, for the result would show it. Arrays are ndarrays, whose identity an
 * exit has to give back: while native code runs from a loop head, the arrays that it was given are noted.
 */
#include "py_in_words.h"

#include "py_rt.h"

#include <math.h>
#include <string.h>

enum { MOST_ARRAYS = 16, MOST_PARTS = 9 };
struct in_taken {
  struct in_taken *up;
  uint32_t n;
  struct { kb_word part[MOST_PARTS]; uint16_t what; PyObject *o; } array[MOST_ARRAYS];
};
static __thread struct in_taken *taken;

static const kb_ty type_of_as[] = { KB_T_BOOL, KB_T_INT, KB_T_FLOAT, KB_T_I8,  KB_T_I16, KB_T_I32, KB_T_I64,
                                    KB_T_U8,   KB_T_U16, KB_T_U32,   KB_T_U64, KB_T_F32, KB_T_F64 };

/* -- Numbers -------------------------------------------------------------------------------------------------- */

bool in_exact_scalar(uint8_t as, const in_val *slot, kb_word *w)
{
  in_val v = in_peek(slot);
  if (v.tag == IN_OBJ && !in_numpy_peek(v.o, &v)) return false;
  w->u = v.u;
  switch (as) {
  case KB_AS_BOOL: return v.tag == IN_BOOL;
  case KB_AS_INT: return v.tag == IN_INT;
  case KB_AS_FLOAT: return v.tag == IN_FLOAT;
  case KB_AS_F64: return v.tag == IN_F64;
  case KB_AS_F32:
    if (v.tag == IN_F32) w->d = (double)v.s;
    return v.tag == IN_F32;
  default: return as <= KB_AS_U64 && v.tag == IN_SIZED && v.aux == type_of_as[as];
  }
}

static bool is_constant(const kb_site_entry *e, const in_val *slot)
{
  kb_word w;
  if (!in_exact_scalar(e->type, slot, &w)) return false;
  if (e->from == KB_FROM_FLOAT) return w.d == e->c.d && signbit(w.d) == signbit(e->c.d);
  return w.i == e->c.i;
}

/* -- Arrays ----------------------------------------------------------------------------------------------------- */

static unsigned parts_of(uint16_t what) { return 1u + 2u * (what >> 8 & 15u); }

/* Both by the parts of a view: data, then shape and stride of each axis. */
static bool same_array(const kb_word *a, const kb_word *b, uint16_t what)
{
  unsigned n = parts_of(what), used = what >> 12 & KB_PARAM_CONTIG ? n - 1 : n; /* that stride is known to be 1 */
  for (unsigned i = 0; i < used; i++)
    if (a[i].u != b[i].u) return false;
  return true;
}

/* Two that cannot be told apart by their views are not taken. */
static bool note_array(struct in_taken *t, const kb_word *w, uint16_t what, PyObject *o)
{
  for (uint32_t i = 0; i < t->n; i++)
    if ((t->array[i].what & 0xfff) == (what & 0xfff) && t->array[i].o != o && same_array(t->array[i].part, w, what)) return false;
  if (t->n == MOST_ARRAYS) return false;
  memcpy(t->array[t->n].part, w, parts_of(what) * sizeof *w);
  t->array[t->n].what = what;
  t->array[t->n++].o = o;
  return true;
}

static bool array_to_words(struct in_taken *t, const kb_site_entry *e, const in_val *v, kb_word *w)
{
  unsigned flags = e->what >> 12, rank = e->what >> 8 & 15, as = e->what & 255;
  int64_t view[MOST_PARTS];
  if (v->tag != IN_OBJ || rank < 1 || rank > 4 || as > KB_AS_F64 || as == KB_AS_INT || as == KB_AS_FLOAT) return false;
  if (kbpy_ndarray_type == NULL || flags & KB_PARAM_POINTER) return false;
  kbpy_elem elem = as == KB_AS_BOOL ? KBPY_BOOL : (kbpy_elem)(as - KB_AS_I8);
  if (!kbpy_fast_array(v->o, elem, (int)rank, flags & KB_PARAM_CONTIG, !(flags & KB_PARAM_READONLY), view)) return false;
  w[0].i = view[0];
  for (unsigned a = 0; a < rank; a++) {
    w[1 + 2 * a].i = view[1 + a];
    w[2 + 2 * a].i = view[1 + rank + a];
  }
  return note_array(t, w, e->what, v->o);
}

bool in_taken_array(const kb_word *w, uint16_t what, in_val *r)
{
  for (uint32_t i = 0; taken && i < taken->n; i++)
    if ((taken->array[i].what & 0xfff) == (what & 0xfff) && same_array(taken->array[i].part, w, what)) {
      *r = in_obj(Py_NewRef(taken->array[i].o));
      return true;
    }
  return false;
}

/* -- Loop heads ---------------------------------------------------------------------------------------------------- */

static bool exact(struct in_taken *t, const kb_site_entry **e, const in_val *v, kb_word *words, uint32_t nwords);

static bool part_of(const in_val *v, uint16_t what, uint32_t i, in_val *part)
{
  const in_iter *it = v->tag == IN_ITER ? v->it : NULL;
  int64_t past;
  if (it == NULL || it->done) return false;
  switch (what) {
  case KB_V_RANGE:
  case KB_V_RANGEITER:
    if (it->kind != IN_IT_RANGE || __builtin_add_overflow(it->stop, it->step, &past)) return false;
    *part = in_int(i == 0 ? it->i : i == 1 ? it->stop : it->step);
    return true;
  case KB_V_ARRAYITER:
    if (it->kind != IN_IT_ARRAY) return false;
    *part = i == 0 ? it->from : in_int(it->i);
    return true;
  default: return false; /* tuples are objects here; enumerate and zip go on in the interpreter */
  }
}

static bool virtual_object(struct in_taken *t, const kb_site_entry **e, const in_val *v, kb_word *words, uint32_t nwords)
{
  const kb_site_entry *x = (*e)++;
  for (uint32_t i = 0; i < x->n; i++) {
    in_val part;
    if (!part_of(v, x->what, i, &part) || !exact(t, e, &part, words, nwords)) return false;
  }
  return true;
}

static bool exact(struct in_taken *t, const kb_site_entry **e, const in_val *v, kb_word *words, uint32_t nwords)
{
  const kb_site_entry *x = *e;
  switch (x->from) {
  case KB_FROM_LIVE: {
    unsigned n = x->type != KB_AS_VIEW ? 1u : parts_of(x->what);
    (*e)++;
    if (x->n >= nwords || n > nwords - x->n) return false;
    return x->type == KB_AS_VIEW ? array_to_words(t, x, v, &words[x->n]) : in_exact_scalar(x->type, v, &words[x->n]);
  }
  case KB_FROM_INT:
  case KB_FROM_FLOAT: (*e)++; return is_constant(x, v);
  case KB_FROM_NONE: (*e)++; return v->tag == IN_OBJ && v->o == Py_None;
  case KB_FROM_VIRT: return virtual_object(t, e, v, words, nwords);
  default: return false;
  }
}

int in_typed_resume(in_frame *f, uint32_t h, kb_word *words, void *ret)
{
  const kb_fn_info *info = f->code->info;
  const kb_head *head = &info->heads[h];
  const kb_image *im = f->code->image;
  struct in_taken t = { .up = taken };
  for (const kb_site_entry *e = head->entries, *end = e + head->nentries; e < end;) {
    uint32_t slot = e->slot < im->npcs ? im->slot_of[e->slot] : KB_NOSLOT;
    if (slot == KB_NOSLOT) in_skip_entry(&e);
    else if (!exact(&t, &e, &f->slot[slot], words, head->nwords)) return -1;
  }
  if (info->count) info->count->resumed++;
  taken = &t;
  int status = info->resume(h, words, ret);
  taken = t.up;
  return status;
}

/* -- Calls of itself ------------------------------------------------------------------------------------------------- */

bool in_exact_argument(const kb_fn_info *info, uint32_t k, const in_val *v, char *args)
{
  const kb_fn_param *p = &info->params[k];
  kb_word w;
  if (p->kind == 'v' || p->kind == 'p' || !in_exact_scalar(p->type, v, &w)) return false;
  float s = (float)w.d;
  bool b = w.i != 0;
  if (p->kind == 's') memcpy(args + p->offset, &s, sizeof s);
  else if (p->kind == 'b') memcpy(args + p->offset, &b, sizeof b);
  else memcpy(args + p->offset, &w, sizeof w);
  return true;
}
