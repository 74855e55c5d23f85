/* SPDX-License-Identifier: MIT */
/* py_in_unpack.c: what native code wants of slots: the live values of a loop head, argument blocks, results. All may say no:
 * then the interpreter goes on alone.
 */
#include "py_in_words.h"

#include <math.h>
#include <string.h>

static const kb_ty type_of_as[] = { KB_T_BOOL, KB_T_INT, KB_T_FLOAT, KB_T_I8,  KB_T_I16, KB_T_I32, KB_T_I64,
                                    KB_T_U8,   KB_T_U16, KB_T_U32,   KB_T_U64, KB_T_F32, KB_T_F64 };

/* -- Loop heads ------------------------------------------------------------------------------------------------ */

void in_skip_entry(const kb_site_entry **e)
{
  const kb_site_entry *x = (*e)++;
  if (x->from != KB_FROM_EXPR && x->from != KB_FROM_VIRT) return;
  for (uint32_t i = 0; i < x->n; i++) in_skip_entry(e);
}

/* Is the int i the same as a float, of so many bits? A variable of floats may start as an int: where that could be seen the
 * kernel was refused. */
static bool is_float(int64_t i, int bits) { return i >= -(INT64_C(1) << bits) && i <= INT64_C(1) << bits; }

static bool scalar_to_word(uint8_t as, const in_val *slot, kb_word *w)
{
  in_val v = in_peek(slot);
  switch (as) {
  case KB_AS_BOOL:
    w->i = v.i;
    return v.tag == IN_BOOL;
  case KB_AS_INT:
    w->i = v.i;
    return v.tag == IN_INT;
  case KB_AS_FLOAT:
  case KB_AS_F64:
    w->d = v.tag == IN_INT ? (double)v.i : v.d;
    return v.tag == IN_FLOAT || (v.tag == IN_F64 && as == KB_AS_F64) || (v.tag == IN_INT && is_float(v.i, 53));
  case KB_AS_F32:
    w->d = v.tag == IN_INT ? (double)v.i : v.tag == IN_F32 ? (double)v.s : v.d;
    return v.tag == IN_F32 || (v.tag == IN_FLOAT && (double)(float)v.d == v.d) || (v.tag == IN_INT && is_float(v.i, 24));
  default:
    w->u = v.u;
    return as <= KB_AS_U64 && v.tag == IN_SIZED && v.aux == type_of_as[as];
  }
}

static bool view_to_words(const kb_site_entry *e, const in_val *v, kb_word *w)
{
  unsigned flags = e->what >> 12, rank = e->what >> 8 & 15, elem = e->what & 255;
  if (v->tag != IN_VIEW) return false;
  const in_view *x = v->view;
  bool pointer = flags & KB_PARAM_POINTER;
  if (x->elem != type_of_as[elem] || x->rank != rank || (x->pointer != 0) != pointer) return false;
  if (x->readonly && !(flags & KB_PARAM_READONLY)) return false;
  if (flags & KB_PARAM_CONTIG && x->stride[rank - 1] != 1 && x->shape[rank - 1] > 1) return false;
  w[0].p = x->data;
  for (unsigned a = 0; a < rank && !pointer; a++) {
    w[1 + 2 * a].i = x->shape[a];
    w[2 + 2 * a].i = flags & KB_PARAM_CONTIG && a == rank - 1 ? 1 : x->stride[a];
  }
  return true;
}

/* A part of an iterator, as a slot. */
static bool part_of(const in_val *v, uint16_t what, uint32_t i, in_val *part)
{
  const in_iter *it = v->tag == IN_ITER ? v->it : NULL;
  int64_t past;
  switch (what) {
  case KB_V_TUPLE:
    if (v->tag != IN_TUPLE || i >= v->tup->n) return false;
    *part = v->tup->item[i];
    return true;
  case KB_V_RANGE:
  case KB_V_RANGEITER:
    /* native code has seen, where the range was made, that no step leads out of 64 bits */
    if (it == NULL || it->kind != IN_IT_RANGE || it->done || __builtin_add_overflow(it->stop, it->step, &past)) return false;
    *part = in_int(i == 0 ? it->i : i == 1 ? it->stop : it->step);
    return true;
  case KB_V_ARRAYITER:
    if (it == NULL || it->kind != IN_IT_VIEW || it->done) return false;
    *part = i == 0 ? it->from : in_int(it->i);
    return true;
  case KB_V_ENUMERATE:
    if (it == NULL || it->kind != IN_IT_ENUMERATE || it->done || it->item.tag != IN_NULL) return false;
    *part = i == 0 ? (in_val){ IN_ITER, 0, { .it = it->sub[0] } } : in_int(it->i);
    return true;
  case KB_V_ZIP:
    if (it == NULL || it->kind != IN_IT_ZIP || i >= it->n) return false;
    *part = (in_val){ IN_ITER, 0, { .it = it->sub[i] } };
    return true;
  default: return false;
  }
}

/* An array that enumerate() or zip() was given is walked by an iterator here. */
static bool start_of(const in_val *v, in_val *array)
{
  if (v->tag != IN_ITER || v->it->kind != IN_IT_VIEW || v->it->i != 0) return false;
  *array = v->it->from;
  return true;
}

static bool virtual_to_words(const kb_site_entry **e, const in_val *v, kb_word *words, uint32_t nwords)
{
  const kb_site_entry *x = (*e)++;
  if (x->what == KB_V_EITHER) { /* is it an int; which; the float */
    in_val which = in_bool(in_peek(v).tag == IN_INT);
    if (!in_to_words(e, &which, words, nwords)) return false;
    in_skip_entry(e);
    return in_to_words(e, v, words, nwords);
  }
  for (uint32_t i = 0; i < x->n; i++) {
    in_val part, array;
    if (!part_of(v, x->what, i, &part)) return false;
    if ((*e)->type == KB_AS_VIEW && start_of(&part, &array)) part = array;
    if (!in_to_words(e, &part, words, nwords)) return false;
  }
  return x->what != KB_V_TUPLE || v->tup->n == x->n;
}

static bool is_constant(const kb_site_entry *e, const in_val *slot)
{
  in_val v = in_peek(slot);
  if (e->from == KB_FROM_FLOAT) return (v.tag == IN_FLOAT || v.tag == IN_F64) && v.d == e->c.d && signbit(v.d) == signbit(e->c.d);
  return (v.tag == (e->type == KB_AS_BOOL ? IN_BOOL : IN_INT)) && v.i == e->c.i;
}

bool in_to_words(const kb_site_entry **e, const in_val *v, kb_word *words, uint32_t nwords)
{
  const kb_site_entry *x = *e;
  switch (x->from) {
  case KB_FROM_LIVE: {
    unsigned n = x->type != KB_AS_VIEW || x->what >> 12 & KB_PARAM_POINTER ? 1u : 1u + 2u * (x->what >> 8 & 15u);
    (*e)++;
    if (x->n >= nwords || n > nwords - x->n) return false;
    return x->type == KB_AS_VIEW ? view_to_words(x, v, &words[x->n]) : scalar_to_word(x->type, v, &words[x->n]);
  }
  case KB_FROM_INT:
  case KB_FROM_FLOAT: (*e)++; return is_constant(x, v);
  case KB_FROM_NONE: (*e)++; return v->tag == IN_OBJ && v->o == Py_None;
  case KB_FROM_VIRT: return virtual_to_words(e, v, words, nwords);
  default: return false; /* what was computed cannot be taken apart */
  }
}

/* -- Arguments, results ------------------------------------------------------------------------------------------- */

static bool put_view(const kb_fn_param *p, const in_val *v, char *at)
{
  if (v->tag != IN_VIEW) return false;
  const in_view *x = v->view;
  unsigned rank = p->kind == 'p' ? 1 : p->rank;
  if (x->rank != rank || (x->pointer != 0) != (p->kind == 'p') || (x->readonly && !(p->flags & KB_PARAM_READONLY))) return false;
  if (p->flags & KB_PARAM_CONTIG && x->stride[rank - 1] != 1 && x->shape[rank - 1] > 1) return false;
  memcpy(at, &x->data, sizeof x->data);
  if (p->kind == 'p') return true;
  memcpy(at + 8, x->shape, 8 * rank);
  memcpy(at + 8 + 8 * rank, x->stride, 8 * rank);
  return true;
}

bool in_put_argument(const kb_fn_info *info, uint32_t k, const in_val *slot, char *args)
{
  const kb_fn_param *p = &info->params[k];
  char *at = args + p->offset;
  if (p->kind == 'v' || p->kind == 'p') return put_view(p, slot, at);
  in_val v = in_peek(slot);
  if (p->kind == 'u' && v.tag == IN_OBJ && PyLong_Check(v.o)) {
    uint64_t u = PyLong_AsUnsignedLongLong(v.o);
    bool fits = u != UINT64_MAX || !PyErr_Occurred();
    PyErr_Clear();
    memcpy(at, &u, sizeof u);
    return fits;
  }
  double d = v.tag == IN_F32 ? (double)v.s : v.d;
  bool is_int = v.tag == IN_INT || v.tag == IN_SIZED, real = v.tag == IN_FLOAT || v.tag == IN_F64 || v.tag == IN_F32;
  bool b = v.i != 0;
  float s = (float)d;
  switch (p->kind) {
  case 'i':
  case 'u': memcpy(at, &v.i, 8); return is_int && (p->kind == 'i' || v.i >= 0 || v.tag == IN_SIZED);
  case 'd': memcpy(at, &d, sizeof d); return real;
  case 's': memcpy(at, &s, sizeof s); return real;
  case 'b': memcpy(at, &b, sizeof b); return v.tag == IN_BOOL;
  default: return false;
  }
}

int in_put_result(const kb_fn_info *info, uint32_t i, const in_val *slot, char *ret)
{
  uint8_t as = info->ret[i];
  char *at = ret + info->ret_offset[i];
  in_val v = in_peek(slot);
  if (v.tag == IN_OBJ && PyLong_Check(v.o) && as == KB_AS_U64) {
    uint64_t u = PyLong_AsUnsignedLongLong(v.o);
    if (u == UINT64_MAX && PyErr_Occurred()) {
      PyErr_Clear();
      return -1;
    }
    v = (in_val){ IN_SIZED, KB_T_U64, { .u = u } };
  }
  double d = v.tag == IN_F32 ? (double)v.s : v.tag == IN_INT ? (double)v.i : v.d;
  float s = (float)d;
  bool b = v.i != 0, real = v.tag == IN_FLOAT || v.tag == IN_F64 || v.tag == IN_F32 || v.tag == IN_INT;
  switch (as) {
  case KB_AS_FLOAT:
  case KB_AS_F64: memcpy(at, &d, sizeof d); return real ? 0 : -1;
  case KB_AS_F32: memcpy(at, &s, sizeof s); return real ? 0 : -1;
  case KB_AS_BOOL: memcpy(at, &b, sizeof b); return v.tag == IN_BOOL ? 0 : -1;
  default: break;
  }
  size_t size = info->tuple && as != KB_AS_INT && as <= KB_AS_U64 ? kb_type_size(type_of_as[as]) : 8;
  memcpy(at, &v.i, size); /* the low bytes: little-endian, as all of this */
  return v.tag == IN_INT || v.tag == IN_SIZED || v.tag == IN_BOOL ? 0 : -1;
}
