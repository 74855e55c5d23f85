/* SPDX-License-Identifier: MIT */
/* py_in_words.c: slots of the interpreter from what native code has: live values of an exit, argument blocks, results. */
#include "py_in_words.h"

#include <math.h>
#include <string.h>

static const kb_ty type_of_as[] = { KB_T_BOOL, KB_T_INT, KB_T_FLOAT, KB_T_I8,  KB_T_I16, KB_T_I32, KB_T_I64,
                                    KB_T_U8,   KB_T_U16, KB_T_U32,   KB_T_U64, KB_T_F32, KB_T_F64 };
_Static_assert(KB_AS_F64 + 1 == sizeof type_of_as / sizeof *type_of_as, "one type an KB_AS_");

static int corrupt(const char *what)
{
  PyErr_Format(PyExc_SystemError, "keelback: an exit with %s", what);
  return -1;
}

/* -- Scalars ------------------------------------------------------------------------------------------------- */

/* A word of the given letter (kb_site.args: i u d b) as a value of type as. */
static int scalar(char letter, kb_word w, uint8_t as, in_val *r)
{
  double d = letter == 'd' ? w.d : letter == 'u' ? (double)w.u : (double)w.i;
  switch (as) {
  case KB_AS_BOOL: *r = in_bool(w.i != 0); return 0;
  case KB_AS_INT:
    if (letter == 'u' && w.u > INT64_MAX) {
      PyObject *o = PyLong_FromUnsignedLongLong(w.u);
      if (o == NULL) return -1;
      *r = in_obj(o);
    } else {
      *r = in_int(w.i);
    }
    return 0;
  case KB_AS_FLOAT: *r = in_float(d); return 0;
  case KB_AS_F64:
    *r = in_float(d);
    r->tag = IN_F64;
    return 0;
  case KB_AS_F32:
    *r = (in_val){ IN_F32, 0, { 0 } };
    r->s = (float)d;
    return 0;
  default: break;
  }
  if (as > KB_AS_F64) return corrupt("a value of an unknown type");
  *r = (in_val){ IN_SIZED, type_of_as[as], { 0 } };
  r->u = w.u;
  return 0;
}

/* -- Views ----------------------------------------------------------------------------------------------------- */

/* what: as in kb_site_entry. Its memory is kept by whoever called the kernel. */
static int view(uint16_t what, void *data, const int64_t *shape, const int64_t *stride, in_val *r)
{
  static const int64_t one = 1, much = INT64_MAX;
  unsigned flags = what >> 12, rank = what >> 8 & 15, elem = what & 255;
  bool pointer = flags & KB_PARAM_POINTER;
  if (rank < 1 || rank > 4 || elem > KB_AS_F64) return corrupt("a view of an unknown type");
  kb_ty t = elem == KB_AS_INT ? KB_T_I64 : elem == KB_AS_FLOAT ? KB_T_F64 : type_of_as[elem];
  *r = in_view_new((char *)data, t, rank, pointer ? &much : shape, pointer ? &one : stride, NULL);
  if (r->tag == IN_NULL) return -1;
  r->view->readonly = (flags & KB_PARAM_READONLY) != 0;
  r->view->pointer = pointer;
  return 0;
}

static int live_view(const kb_word *w, uint16_t what, in_val *r)
{
  int64_t shape[4] = { 0 }, stride[4] = { 0 };
  unsigned rank = what >> 8 & 15;
  for (unsigned a = 0; a < rank && a < 4 && !(what >> 12 & KB_PARAM_POINTER); a++) {
    shape[a] = w[1 + 2 * a].i;
    stride[a] = w[2 + 2 * a].i;
  }
  return view(what, w[0].p, shape, stride, r);
}

/* -- Argument blocks ------------------------------------------------------------------------------------------------ */

/* The scalar at an address as a word, by the letter of a parameter; its letter among live values comes back. */
static char load(char kind, const char *at, kb_word *w)
{
  float s;
  bool b;
  switch (kind) {
  case 's':
    memcpy(&s, at, sizeof s);
    w->d = (double)s;
    return 'd';
  case 'b':
    memcpy(&b, at, sizeof b);
    w->i = b;
    return 'b';
  default: memcpy(w, at, sizeof *w); return kind;
  }
}

static int block_view(const kb_fn_param *p, const char *at, in_val *r)
{
  int64_t part[9] = { 0 };
  void *data;
  unsigned rank = p->kind == 'p' ? 1 : p->rank;
  if (rank > 4) return corrupt("a view of too many axes");
  memcpy(&data, at, sizeof data);
  if (p->kind != 'p') memcpy(part, at + sizeof data, 2 * rank * sizeof *part);
  return view((uint16_t)(p->type | rank << 8 | (unsigned)p->flags << 12), data, part, part + rank, r);
}

/* Parameter k as a value of type as; an array of kb.jit is the object that it came as. */
static int parameter(const kb_fn_info *info, const char *args, uint32_t k, uint8_t as, in_val *r)
{
  if (args == NULL || k >= info->nparams) return corrupt("a parameter that its function does not have");
  const kb_fn_param *p = &info->params[k];
  if (p->object) {
    PyObject *o;
    memcpy(&o, args + p->object, sizeof o);
    if (o) {
      *r = in_obj(Py_NewRef(o));
      return 0;
    }
  }
  if (p->kind == 'v' || p->kind == 'p') return block_view(p, args + p->offset, r);
  kb_word w;
  char letter = load(p->kind, args + p->offset, &w);
  return scalar(letter, w, as, r);
}

int in_argument(const kb_fn_info *info, const char *args, uint32_t k, in_val *r)
{
  uint8_t as = info->params[k].type;
  bool sized = as >= KB_AS_I8 && as <= KB_AS_U64;
  return parameter(info, args, k, sized && !info->jit ? KB_AS_INT : as, r); /* inside a kernel, ints are ints */
}

/* -- Expressions ------------------------------------------------------------------------------------------------------- */

enum { MOST_PARTS = 64 };

static int operand(const in_live *from, const kb_site_entry **e, char letter, kb_imm *r);

/* Computes the expression that *e is; the letter of its result comes back, 0: an exception is set. */
static char expression(const in_live *from, const kb_site_entry **e, kb_imm *r)
{
  const kb_site_entry *x = (*e)++;
  kb_imm args[4] = { { 0 } }, imm = { 0 };
  if (x->what >= KB_NOPS || x->n > 4) return corrupt("an unknown expression"), '\0';
  const kb_oprow *row = &kb_ops[x->what];
  for (uint32_t i = 0; i < x->n; i++)
    if (operand(from, e, row->args[0] == '?' || x->what == KB_SEL ? (i == 0 && x->what == KB_SEL ? 'B' : '?') : row->args[i], &args[i]) < 0)
      return 0;
  kb_evalres done = kb_eval((kb_op)x->what, args, x->n, imm, r);
  char letter = row->result;
  if (done == KB_EVAL_OK) return letter;
  if (letter == 'D') r->d = NAN; /* all that is not computed there is a NaN's sign */
  else if (letter == 'S') r->s = NAN;
  else return corrupt("an expression that cannot be computed"), '\0';
  return letter;
}

/* A scalar part as the operand letter of an op wants it; '?': as it comes. */
static int operand(const in_live *from, const kb_site_entry **e, char letter, kb_imm *r)
{
  const kb_site_entry *x = *e;
  if (x->from == KB_FROM_EXPR) return expression(from, e, r) ? 0 : -1;
  in_val v = { IN_NULL, 0, { 0 } };
  if (in_from_native(from, e, &v) < 0) return -1;
  double d = v.tag == IN_F32 ? (double)v.s : v.tag == IN_FLOAT || v.tag == IN_F64 ? v.d : 0;
  bool real = v.tag == IN_F32 || v.tag == IN_FLOAT || v.tag == IN_F64;
  r->i = 0;
  if (v.tag >= IN_REF && v.tag == IN_OBJ && PyLong_Check(v.o)) r->i = (int64_t)PyLong_AsUnsignedLongLongMask(v.o);
  else if (v.tag >= IN_REF) {
    in_decref(v);
    return corrupt("an expression of objects");
  } else if (letter == 'S' || (letter == '?' && v.tag == IN_F32)) r->s = (float)d;
  else if (letter == 'D' || real) r->d = real ? d : (double)v.i;
  else r->i = v.i;
  in_decref(v);
  return 0;
}

/* -- Virtual objects ---------------------------------------------------------------------------------------------------- */

/* Arrays and tuples are walked by iterators of their own; what is an iterator stays one. */
static in_val iterator_of(in_val v)
{
  if (v.tag == IN_VIEW) return in_iter_over(IN_IT_VIEW, v, 0);
  if (v.tag == IN_TUPLE) return in_iter_over(IN_IT_TUPLE, v, 0);
  return v;
}

static int make(uint16_t what, in_val *part, uint32_t n, in_val *r)
{
  int64_t index[4] = { 0 };
  switch (what) {
  case KB_V_TUPLE:
    *r = in_tuple_new(n);
    for (uint32_t i = 0; i < n; i++) {
      if (r->tag) r->tup->item[i] = part[i];
      else in_decref(part[i]);
    }
    break;
  case KB_V_RANGE:
  case KB_V_RANGEITER:
    if (n != 3) return corrupt("a wrong range");
    *r = in_iter_range(part[0].i, part[1].i, part[2].i);
    break;
  case KB_V_ARRAYITER:
    if (n != 2) return corrupt("a wrong iterator");
    *r = in_iter_over(part[0].tag == IN_VIEW ? IN_IT_VIEW : IN_IT_ARRAY, part[0], part[1].i);
    break;
  case KB_V_ENUMERATE:
    if (n != 2) return corrupt("a wrong iterator");
    part[0] = iterator_of(part[0]);
    if (part[0].tag != IN_ITER) return part[0].tag ? corrupt("a wrong iterator") : -1;
    *r = in_iter_enumerate(part[0], part[1].i);
    break;
  case KB_V_ZIP:
    for (uint32_t i = 0; i < n; i++) {
      part[i] = iterator_of(part[i]);
      if (part[i].tag != IN_ITER) return part[i].tag ? corrupt("a wrong iterator") : -1;
    }
    *r = in_iter_zip(part, n);
    break;
  case KB_V_VIEW:
    if (n < 1 || n > 5 || part[0].tag != IN_VIEW) return corrupt("a wrong view");
    for (uint32_t i = 1; i < n; i++) index[i - 1] = part[i].i;
    *r = in_view_sub(part[0].view, index, n - 1);
    in_decref(part[0]);
    break;
  case KB_V_EITHER:
    if (n != 3) return corrupt("a wrong choice");
    *r = part[0].i ? part[1] : part[2];
    in_decref(part[0].i ? part[2] : part[1]);
    break;
  default: return corrupt("an unknown object");
  }
  return r->tag == IN_NULL ? -1 : 0;
}

static int virtual_object(const in_live *from, const kb_site_entry **e, in_val *r)
{
  const kb_site_entry *x = (*e)++;
  in_val part[MOST_PARTS];
  uint32_t n = 0;
  int err = x->n > MOST_PARTS ? corrupt("an object of too many parts") : 0;
  for (; n < x->n && !err; n++) {
    part[n] = (in_val){ IN_NULL, 0, { 0 } };
    err = in_from_native(from, e, &part[n]);
  }
  if (!err) return make(x->what, part, n, r);
  while (n > 0) in_decref(part[--n]);
  return -1;
}

/* -- Entries -------------------------------------------------------------------------------------------------------------- */

int in_from_native(const in_live *from, const kb_site_entry **e, in_val *r)
{
  const kb_site_entry *x = *e;
  kb_word w = { 0 };
  kb_imm imm = { 0 };
  char letter;
  switch (x->from) {
  case KB_FROM_LIVE:
    (*e)++;
    if (x->type == KB_AS_VIEW && from->jit && in_taken_array(&from->live[x->n], x->what, r)) return 0;
    if (x->type == KB_AS_VIEW) return live_view(&from->live[x->n], x->what, r);
    return scalar(from->site->args[from->site->nmsg + x->n], from->live[x->n], x->type, r);
  case KB_FROM_PARAM: (*e)++; return parameter(from->outer, (const char *)from->live[0].p, x->n, x->type, r);
  case KB_FROM_INT:
    (*e)++;
    w.i = x->c.i;
    return scalar(x->type == KB_AS_BOOL ? 'b' : 'i', w, x->type, r);
  case KB_FROM_FLOAT:
    (*e)++;
    w.d = x->c.d;
    return scalar('d', w, x->type, r);
  case KB_FROM_NONE:
    (*e)++;
    *r = in_obj(Py_NewRef(Py_None));
    return 0;
  case KB_FROM_STR: {
    (*e)++;
    PyObject *o = PyUnicode_FromString(x->c.s);
    if (o == NULL) return -1;
    *r = in_obj(o);
    return 0;
  }
  case KB_FROM_EXPR:
    letter = expression(from, e, &imm);
    if (letter == 0) return -1;
    if (letter == 'S') w.d = (double)imm.s;
    else if (letter == 'D') w.d = imm.d;
    else w.i = imm.i;
    return scalar(letter == 'S' || letter == 'D' ? 'd' : letter == 'U' ? 'u' : letter == 'B' ? 'b' : 'i', w, x->type, r);
  case KB_FROM_VIRT: return virtual_object(from, e, r);
  default: return corrupt("an unknown entry");
  }
}

/* -- Results of native code ------------------------------------------------------------------------------------------------ */

static int part_of_result(const kb_fn_info *info, uint32_t i, const char *ret, in_val *r)
{
  uint8_t as = info->ret[i];
  const char *at = ret + info->ret_offset[i];
  bool sized = as >= KB_AS_I8 && as <= KB_AS_U64, is_unsigned = as >= KB_AS_U8;
  kb_word w = { 0 };
  char letter = as == KB_AS_BOOL ? 'b' : as == KB_AS_F32 ? 's' : as == KB_AS_FLOAT || as == KB_AS_F64 ? 'd' : as == KB_AS_U64 ? 'u' : 0;
  if (letter) {
    letter = load(letter, at, &w);
  } else { /* an int: whole, or in its own size as an item */
    size_t size = info->tuple && sized ? kb_type_size(type_of_as[as]) : 8;
    uint64_t raw = 0;
    memcpy(&raw, at, size);
    unsigned shift = 64 - 8 * (unsigned)size;
    w.u = raw << shift;
    if (is_unsigned) w.u >>= shift;
    else w.i >>= shift;
    letter = 'i';
  }
  return scalar(letter, w, sized && !info->undeclared && !info->jit ? KB_AS_INT : as, r);
}

int in_native_result(const kb_fn_info *info, const char *ret, in_val *r)
{
  if (!info->tuple) {
    if (info->nret) return part_of_result(info, 0, ret, r);
    *r = in_obj(Py_NewRef(Py_None));
    return 0;
  }
  in_val t = in_tuple_new(info->nret);
  for (uint32_t i = 0; t.tag && i < info->nret; i++)
    if (part_of_result(info, i, ret, &t.tup->item[i]) < 0) {
      in_decref(t);
      return -1;
    }
  *r = t;
  return t.tag ? 0 : -1;
}
