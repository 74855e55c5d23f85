/* SPDX-License-Identifier: MIT */
/* py_in_loop.c: the interpreter's loop: threaded code over tagged slots.
 *
 * Each body does what is common on unboxed values, and leaves the rest to the functions of the other files, which are
 * right for everything. Bodies are kept apart in the machine code (no cross-jumping), so that each indirect jump
 * has a history of its own.
 */
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("no-gcse", "no-crossjumping", "no-tree-slp-vectorize")
#endif
#include "py_in_loop.h"
#include "py_in_fast.h"

#include "../include/kbops.h"

/* -- Ops as functions ---------------------------------------------------------------------------------------- */

int in_o_binary(in_frame *f, const in_ins *i)
{
  in_val r;
  if (in_binary(f, (kb_op)IN_SRC(f, i)->op, IN_ARG(f, i, 0), IN_ARG(f, i, 1), &r) < 0) return -1;
  in_result(f, i, r);
  return 0;
}

int in_o_unary(in_frame *f, const in_ins *i)
{
  in_val r;
  if (in_unary(f, (kb_op)IN_SRC(f, i)->op, IN_ARG(f, i, 0), &r) < 0) return -1;
  in_result(f, i, r);
  return 0;
}

int in_o_compare(in_frame *f, const in_ins *i)
{
  in_val r;
  if (in_compare(f, (kb_op)IN_SRC(f, i)->op, IN_ARG(f, i, 0), IN_ARG(f, i, 1), &r) < 0) return -1;
  in_result(f, i, r);
  return 0;
}

/* -- The end of a turn ------------------------------------------------------------------------------------------------- */

/* How deep native code and the interpreter have entered each other on this thread by in_resume. */
static __thread unsigned resumed;
enum { MOST_RESUMED = 12, TURNS = 1000 };

/* Every TURNS turns of a loop somebody else may have his: signals, threads. Before, native code may take over: at once after
 * an exit, then less and less often. budget: turns until the next visit. 1: *r is the result; 0: go on; -1. */
static int back_edge(in_frame *f, const in_ins *target, int *budget, int *step, in_val *r)
{
  const kb_fn_info *info = f->code->info;
  const kb_image *im = f->code->image;
  *budget = TURNS;
  f->code->fast += TURNS; /* turns, for the policy of kb.jit */
  if (in_poll() < 0) return -1;
  if (info == NULL || info->resume == NULL || resumed >= MOST_RESUMED) return 0;
  *budget = *step;
  for (uint32_t h = 0; h < im->nheads; h++) {
    if (im->heads[h].at != target->from) continue;
    in_val v = { IN_NULL, 0, { 0 } };
    resumed++;
    int done = in_resume(f, h, &v);
    resumed--;
    if (done) {
      if (done > 0) *r = v;
      return done;
    }
    break;
  }
  *step = *step < TURNS / 2 ? *step * 2 : TURNS;
  return 0;
}

/* Where nothing is declared a sized result stays what it is. */
static int convert_result(in_frame *f, const kb_fn_info *info, in_val *v, uint32_t k, in_val *r)
{
  /* What is no such number (2 ** -1 where an int was declared) stays what it is: Python gets that, C an error. */
  in_val x = in_peek(v);
  const uint8_t as = info->ret[k];
  bool real = x.tag == IN_FLOAT || x.tag == IN_F64 || x.tag == IN_F32;
  bool whole = x.tag == IN_INT || x.tag == IN_BOOL || x.tag == IN_SIZED || (x.tag == IN_OBJ && PyLong_Check(x.o));
  bool fits = as == KB_AS_BOOL ? x.tag == IN_BOOL : as == KB_AS_FLOAT || as == KB_AS_F32 || as == KB_AS_F64 ? real || whole : whole;
  return in_convert(f, v, !fits || (info->undeclared && v->tag == IN_SIZED) ? KB_AS_OBJECT : as, r);
}

/* The result as it was declared. */
static int returned(in_frame *f, in_val *v, in_val *r)
{
  const kb_fn_info *info = f->code->info;
  if (info == NULL || f->jit || (info->nret == 0 && !info->tuple)) return 0;
  if (!info->tuple) return convert_result(f, info, v, 0, r) < 0 ? -1 : 1;
  if (v->tag != IN_TUPLE || v->tup->n != info->nret) return 0;
  in_val t = in_tuple_new(info->nret);
  for (uint32_t k = 0; t.tag && k < info->nret; k++)
    if (convert_result(f, info, &v->tup->item[k], k, &t.tup->item[k]) < 0) {
      in_decref(t);
      return -1;
    }
  *r = t;
  return t.tag ? 1 : -1;
}

/* -- The loop -------------------------------------------------------------------------------------------------------------------- */

static const void *const *labels; /* of computed gotos: known after the first run(NULL, ...) */

#define S(n) (&slot[n])
#define OP(i) ((kb_op)IN_SRC(f, i)->op)
#ifdef __GNUC__
#define L(name) L_##name
#define GO goto *i->label
#else
#define L(name) case IL_##name
#define GO goto dispatch
#endif
#define NEXT  \
  do {        \
    i++;      \
    GO;       \
  } while (0)
#define SLOW                          \
  do {                                \
    f->ip = i;                        \
    f->code->slow++;                  \
    if (i->fn(f, i) < 0) goto error;  \
    NEXT;                             \
  } while (0)

/* + - *: ints that do not overflow, floats; numpy.float64 where it is quiet. */
#define ARITH(overflow, op, quiet)                                                     \
  do {                                                                                 \
    in_val *a = S(i->a), *b = S(i->b);                                                 \
    int64_t n, m;                                                                      \
    double x, y;                                                                       \
    if (KB_LIKELY(a->tag == IN_INT && b->tag == IN_INT)) {                             \
      if (KB_LIKELY(!overflow(a->i, b->i, &n))) {                                      \
        put_int(S(i->dst), n);                                                         \
        NEXT;                                                                          \
      }                                                                                \
    } else if (floatish(a->tag) && floatish(b->tag)) {                                 \
      x = a->d op b->d;                                                                \
      uint32_t tag = a->tag > b->tag ? a->tag : b->tag;                                \
      if (tag == IN_FLOAT || !jit || quiet(x)) {                                       \
        put_double(S(i->dst), tag, x);                                                 \
        NEXT;                                                                          \
      }                                                                                \
    } else if (weak(a, &x) && weak(b, &y)) {                                           \
      if ((i->flags & IN_DIES_A) && a->tag == IN_OBJ) drop(a);                         \
      if ((i->flags & IN_DIES_B) && b->tag == IN_OBJ) drop(b);                         \
      put_double(S(i->dst), IN_FLOAT, x op y);                                         \
      NEXT;                                                                            \
    } else if (small(a, &n) && small(b, &m)) {                                         \
      if (!overflow(n, m, &n)) {                                                       \
        put_int(S(i->dst), n);                                                         \
        NEXT;                                                                          \
      }                                                                                \
    }                                                                                  \
    SLOW;                                              \
  } while (0)

#define INTS(cond, expr)                              \
  do {                                                \
    in_val *a = S(i->a), *b = S(i->b);                \
    int64_t n, m;                                     \
    if (KB_LIKELY(small(a, &n) && small(b, &m))) {    \
      if (KB_LIKELY(cond)) {                          \
        put_int(S(i->dst), expr);                     \
        NEXT;                                         \
      }                                               \
    }                                                 \
    SLOW;             \
  } while (0)

/* A comparison: then(c) with its outcome; objects go by the long way. */
#define COMPARE(op, then)                                                         \
  do {                                                                            \
    in_val *a = S(i->a), *b = S(i->b);                                            \
    int64_t n, m;                                                                 \
    double x, y;                                                                  \
    if (KB_LIKELY(a->tag == IN_INT && b->tag == IN_INT)) then(a->i op b->i);      \
    if (floatish(a->tag) && floatish(b->tag) && (!jit || a->tag + b->tag == 2 * IN_FLOAT)) then(a->d op b->d); \
    if (weak(a, &x) && weak(b, &y)) then(x op y);                                 \
    if (small(a, &n) && small(b, &m)) then(n op m);                               \
  } while (0)
#define TO_SLOT(cond_)              \
  do {                              \
    put_bool(S(i->dst), (cond_));   \
    NEXT;                           \
  } while (0)
#define TO_BRANCH(cond_)                           \
  do {                                             \
    const in_ins *br_ = i + i->cache;              \
    i = first + ((cond_) ? br_->c : br_->b);       \
    GO;                                            \
  } while (0)
#define COMPARISON(op)                             \
  do {                                             \
    COMPARE(op, TO_SLOT);                          \
    SLOW; \
  } while (0)
#define COMPARE_AND_BRANCH(op)                                                       \
  do {                                                                               \
    COMPARE(op, TO_BRANCH);                                                          \
    if (floatish(S(i->a)->tag) && floatish(S(i->b)->tag)) {                          \
      double x = S(i->a)->d, y = S(i->b)->d;                                         \
      if (x == x && y == y) TO_BRANCH(x op y); /* numpy.bool_, which nobody sees */  \
    }                                                                                \
    in_val r_;                                                                       \
    f->ip = i;                                                                       \
    if (in_compare(f, OP(i), S(i->a), S(i->b), &r_) < 0) goto error;                 \
    f->ip = i + i->cache - 1;                                                        \
    int t_ = in_truth(f, &r_);                                                       \
    in_decref(r_);                                                                   \
    if (t_ < 0) goto error_at_ip;                                                    \
    TO_BRANCH(t_);                                                                   \
  } while (0)

#define WALK(test)                                       \
  do {                                                   \
    const in_ins *br_ = i + 1;                           \
    if (!(test)) {                                       \
      i = first + br_->b;                                \
      GO;                                                \
    }                                                    \
  } while (0)

/* Goes on at instruction at of f; f NULL: gives the labels. The slots keep what they have. */
static int run(in_frame *f, uint32_t at, int step, in_val *r)
{
#ifdef __GNUC__
  static const void *const table[] = {
#define X(name) &&L_##name,
#include "py_in_labels.def"
  };
  if (KB_UNLIKELY(f == NULL)) {
    labels = table;
    return 0;
  }
#else
  if (f == NULL) return 0;
#endif
  const in_ins *const first = f->code->ins, *i = first + at;
  in_val *const slot = f->slot;
  const bool jit = f->jit;
  int budget = step;
  GO;
#ifndef __GNUC__
dispatch:
  switch (i->op)
#endif
  {
    L(CALL) : {
      f->ip = i;
      if (KB_UNLIKELY(i->fn(f, i) < 0)) goto error;
      NEXT;
    }
    L(MOV) : {
      in_val v;
      copy(&v, S(i->a));
      in_incref(v);
      put(S(i->dst), v);
      NEXT;
    }
    L(MOVE) : {
      in_val v;
      copy(&v, S(i->a));
      S(i->a)->tag = IN_NULL;
      put(S(i->dst), v);
      NEXT;
    }
    L(JMP) : {
      i = first + i->c;
      GO;
    }
    L(JMPB) : {
      const in_ins *to = first + i->c;
      if (KB_UNLIKELY(--budget <= 0)) {
        f->ip = i;
        int done = back_edge(f, to, &budget, &step, r);
        if (done) {
          if (done > 0) return 0;
          goto error;
        }
      }
      i = to;
      GO;
    }
    L(BR) : {
      in_val *a = S(i->a);
      int t = a->tag == IN_BOOL ? a->i != 0 : in_truth(f, a);
      if (t < 0) goto error_here;
      i = first + (t ? i->c : i->b);
      GO;
    }
    L(BRB) : {
      in_val *a = S(i->a);
      int t = a->tag == IN_BOOL ? a->i != 0 : in_truth(f, a);
      if (t < 0) goto error_here;
      const in_ins *to = first + (t ? i->c : i->b);
      if (to <= i && --budget <= 0) {
        f->ip = i;
        int done = back_edge(f, to, &budget, &step, r);
        if (done) {
          if (done > 0) return 0;
          goto error;
        }
      }
      i = to;
      GO;
    }
    L(RET) : {
      in_val *a = S(i->a);
      if (budget < step) f->code->fast += (uint64_t)(step - budget);
      int done = returned(f, a, r);
      if (done < 0) goto error_here;
      if (done == 0) {
        *r = *a;
        in_incref(*r);
      }
      return 0;
    }
    L(RAISE) : {
      f->ip = i;
      (void)in_raise(f, i);
      goto error;
    }
    L(ADD) : ARITH(__builtin_add_overflow, +, quiet_sum);
    L(SUB) : ARITH(__builtin_sub_overflow, -, quiet_sum);
    L(MUL) : ARITH(__builtin_mul_overflow, *, quiet_product);
    L(TRUEDIV) : {
      in_val *a = S(i->a), *b = S(i->b);
      double x, y;
      int64_t n, m;
      if (floatish(a->tag) && floatish(b->tag) && b->d != 0.0) {
        uint32_t tag = a->tag > b->tag ? a->tag : b->tag;
        x = a->d / b->d;
        if (tag == IN_FLOAT || !jit || (quiet_product(x) && quiet_sum(b->d))) {
          put_double(S(i->dst), tag, x);
          NEXT;
        }
      } else if (weak(a, &x) && weak(b, &y) && y != 0.0) {
        put_double(S(i->dst), IN_FLOAT, x / y);
        NEXT;
      } else if (small(a, &n) && small(b, &m) && m != 0) {
        put_double(S(i->dst), IN_FLOAT, kb_itruediv(n, m));
        NEXT;
      }
      SLOW;
    }
    L(FLOORDIV) : INTS(m > 0, kb_ifloordiv(n, m));
    L(MOD) : INTS(m > 0, kb_imod(n, m));
    L(LSHIFT) : INTS(m >= 0 && m < 63 && (int64_t)((uint64_t)n << m) >> m == n, (int64_t)((uint64_t)n << m));
    L(RSHIFT) : INTS(m >= 0, kb_ishr(n, m));
    L(AND) : INTS(true, n & m);
    L(OR) : INTS(true, n | m);
    L(XOR) : INTS(true, n ^ m);
    L(POW) : {
      in_val *a = S(i->a), *b = S(i->b);
      int64_t n;
      if (a->tag == IN_INT && b->tag == IN_INT && b->i >= 0 && kb_ipowo(a->i, b->i, &n)) {
        put_int(S(i->dst), n);
        NEXT;
      }
      SLOW;
    }
    L(NEG) : {
      in_val *a = S(i->a);
      if (a->tag == IN_INT && a->i != INT64_MIN) {
        put_int(S(i->dst), -a->i);
        NEXT;
      }
      if (floatish(a->tag)) {
        put_double(S(i->dst), a->tag, -a->d);
        NEXT;
      }
      SLOW;
    }
    L(POS) : L(INVERT) : SLOW;
    L(NOT) : {
      in_val *a = S(i->a);
      if (KB_LIKELY(a->tag == IN_BOOL)) TO_SLOT(!a->i);
      SLOW;
    }
    L(TRUTH) : {
      in_val *a = S(i->a);
      if (KB_LIKELY(a->tag == IN_BOOL)) TO_SLOT(a->i != 0);
      SLOW;
    }
    L(LT) : COMPARISON(<);
    L(LE) : COMPARISON(<=);
    L(EQ) : COMPARISON(==);
    L(NE) : COMPARISON(!=);
    L(GT) : COMPARISON(>);
    L(GE) : COMPARISON(>=);
    L(IS) : L(ISNOT) : SLOW;
    L(LTB) : COMPARE_AND_BRANCH(<);
    L(LEB) : COMPARE_AND_BRANCH(<=);
    L(EQB) : COMPARE_AND_BRANCH(==);
    L(NEB) : COMPARE_AND_BRANCH(!=);
    L(GTB) : COMPARE_AND_BRANCH(>);
    L(GEB) : COMPARE_AND_BRANCH(>=);
    L(TRUTHB) : {
      in_val *a = S(i->a);
      if (a->tag == IN_BOOL || a->tag == IN_INT) TO_BRANCH(a->i != 0);
      f->ip = i;
      int t = in_truth(f, a);
      if (t < 0) goto error;
      TO_BRANCH(t);
    }
    L(FOR) : {
      in_val *a = S(i->a);
      const in_ins *in = first + (i + 1)->c;
      in_iter *it = a->it;
      if (KB_UNLIKELY(a->tag != IN_ITER || it->refs != 1)) goto plain_for;
      if (it->kind == IN_IT_RANGE) {
        WALK(!it->done && (it->step > 0 ? it->i < it->stop : it->i > it->stop));
        put_int(S(in->dst), it->i);
        if (__builtin_add_overflow(it->i, it->step, &it->i)) it->done = true;
      } else if (it->kind == IN_IT_LIST && !it->done) {
        if (it->i >= PyList_GET_SIZE(it->from.o)) goto plain_for; /* which ends it */
        PyObject *o = PyList_GET_ITEM(it->from.o, it->i);
        it->i++;
        put_item(S(in->dst), o, in);
      } else if (it->kind == IN_IT_VIEW && it->from.view->rank == 1) {
        const in_view *v = it->from.view;
        WALK(it->i < v->shape[0]);
        if (!load(v, it->i * v->stride[0], S(in->dst))) goto plain_for;
        it->i++;
      } else {
        goto plain_for;
      }
      if (KB_UNLIKELY((in + 1)->dst != i->a)) {
        in_val v; /* no reference is lost: the old slot is not read again */
        copy(&v, S(i->a));
        S(i->a)->tag = IN_NULL;
        put(S((in + 1)->dst), v);
      }
      i = in + 2;
      GO;
    plain_for:
      f->ip = i;
      if (KB_UNLIKELY(in_o_hasnext(f, i) < 0)) goto error;
      NEXT;
    }
    L(SWAP) : {
      in_val v[MOST_SWAPPED];
      const uint32_t n = IN_N(f, i);
      for (uint32_t k = 0; k < n; k++) {
        copy(&v[k], IN_ARG(f, i, k));
        in_incref(v[k]);
      }
      for (uint32_t k = 0; k < n; k++) put(S(i[2 + k].dst), v[k]);
      i += 2 + n;
      GO;
    }
    L(GETITEM) : {
      const in_val *a = S(i->a), *b = S(i->b);
      int64_t k;
      if (a->tag == IN_VIEW && b->tag == IN_INT) {
        const in_view *v = a->view;
        k = b->i < 0 ? b->i + v->shape[0] : b->i;
        if (KB_LIKELY((uint64_t)k < (uint64_t)v->shape[0] && v->rank == 1 && !v->pointer) && load(v, k * v->stride[0], S(i->dst))) NEXT;
      } else if (a->tag == IN_OBJ && PyList_CheckExact(a->o) && small(b, &k)) {
        Py_ssize_t n = PyList_GET_SIZE(a->o);
        k = k < 0 ? k + n : k;
        if (KB_LIKELY((size_t)k < (size_t)n)) {
          put_item(S(i->dst), PyList_GET_ITEM(a->o, k), i);
          NEXT;
        }
      }
      f->ip = i;
      if (KB_UNLIKELY(in_o_getitem(f, i) < 0)) goto error;
      NEXT;
    }
    L(GETITEM2) : {
      const in_val *a = S(i->a), *b = S(i->b), *c = S(i->c);
      if (a->tag == IN_VIEW && b->tag == IN_INT && c->tag == IN_INT) {
        const in_view *v = a->view;
        int64_t k = b->i < 0 ? b->i + v->shape[0] : b->i, m = c->i < 0 ? c->i + v->shape[1] : c->i;
        if (KB_LIKELY(v->rank == 2 && (uint64_t)k < (uint64_t)v->shape[0] && (uint64_t)m < (uint64_t)v->shape[1]) &&
            load(v, k * v->stride[0] + m * v->stride[1], S(i->dst)))
          NEXT;
      }
      f->ip = i;
      if (KB_UNLIKELY(in_o_getitem(f, i) < 0)) goto error;
      NEXT;
    }
    L(SETITEM) : {
      const in_val *a = S(i->a), *b = S(i->b);
      if (a->tag == IN_VIEW && b->tag == IN_INT) {
        const in_view *v = a->view;
        int64_t k = b->i < 0 ? b->i + v->shape[0] : b->i;
        if (KB_LIKELY((uint64_t)k < (uint64_t)v->shape[0] && v->rank == 1 && !v->pointer) && store(v, k * v->stride[0], S(i->c))) NEXT;
      } else {
        int64_t k;
        if (a->tag == IN_OBJ && PyList_CheckExact(a->o) && small(b, &k)) {
          Py_ssize_t n = PyList_GET_SIZE(a->o);
          k = k < 0 ? k + n : k;
          f->ip = i; /* what goes may run anything */
          if (KB_LIKELY((size_t)k < (size_t)n) && store_list(a->o, k, S(i->c))) NEXT;
          PyErr_Clear();
        }
      }
      f->ip = i;
      if (KB_UNLIKELY(in_o_setitem(f, i) < 0)) goto error;
      NEXT;
    }
    L(SETITEM2) : {
      const in_val *a = S(i->a), *b = S(i->b), *c = S(i->c);
      if (a->tag == IN_VIEW && b->tag == IN_INT && c->tag == IN_INT) {
        const in_view *v = a->view;
        int64_t k = b->i < 0 ? b->i + v->shape[0] : b->i, m = c->i < 0 ? c->i + v->shape[1] : c->i;
        if (KB_LIKELY(v->rank == 2 && (uint64_t)k < (uint64_t)v->shape[0] && (uint64_t)m < (uint64_t)v->shape[1]) &&
            store(v, k * v->stride[0] + m * v->stride[1], IN_ARG(f, i, 3)))
          NEXT;
      }
      f->ip = i;
      if (KB_UNLIKELY(in_o_setitem(f, i) < 0)) goto error;
      NEXT;
    }
  }
#ifndef __GNUC__
  return -1;
#endif
error_here:
  f->ip = i;
error:
error_at_ip: {
  uint32_t to = in_unwind(f);
  if (to == KB_NOINS) return -1;
  i = first + to;
  GO;
}
}

/* -- Frames ---------------------------------------------------------------------------------------------------------------- */

void in_label(in_code *c)
{
#ifdef __GNUC__
  if (labels == NULL) (void)run(NULL, 0, 0, NULL);
  for (uint32_t k = 0; k < c->nins; k++) c->ins[k].label = labels[c->ins[k].op];
#else
  (void)c;
#endif
}

void in_frame_start(in_frame *f, in_code *c, in_val *slot, PyObject *self, bool jit)
{
  const kb_image *im = c->image;
  memset(f, 0, sizeof *f);
  f->code = c;
  f->slot = slot;
  f->self = self;
  f->jit = jit;
  f->ip = c->ins;
  for (uint32_t k = 0; k < im->nconsts; k++) {
    slot[k] = c->consts[k];
    in_incref(slot[k]);
  }
  memset(slot + im->nconsts, 0, (im->nslots - im->nconsts) * sizeof *slot);
}

static int finish(in_frame *f, int err)
{
  const uint32_t n = f->code->image->nslots;
  for (uint32_t k = 0; k < n; k++) {
    in_val v = f->slot[k];
    if (v.tag < IN_REF) continue;
    f->slot[k].tag = IN_NULL;
    in_decref(v);
  }
  if (KB_UNLIKELY(f->handled != NULL)) in_handled_drop(f);
  return err;
}

int in_run(in_frame *f, uint32_t at, in_val *r)
{
  if (at >= f->code->nins) {
    PyErr_SetString(PyExc_SystemError, "keelback: no such instruction");
    return finish(f, -1);
  }
  int step = 1 << (resumed < 9 ? resumed : 9);
  return finish(f, run(f, at, step, r));
}

enum { SLOTS_ON_STACK = 128 };

static KB_COLD int call_large(in_code *c, PyObject *self, bool jit, const in_val *args, in_val *r);

static inline int call_with(in_code *c, in_val *slot, PyObject *self, bool jit, const in_val *args, in_val *r)
{
  in_frame f;
  const kb_image *im = c->image;
  in_frame_start(&f, c, slot, self, jit);
  for (uint32_t k = 0; k < im->nparams; k++) {
    in_val v = args[k];
    if (im->params[k] == KB_NOSLOT && !im->raises) continue;
    in_incref(v);
    int err = in_fit(&f, &v);
    if (im->params[k] == KB_NOSLOT) in_decref(v);
    else slot[im->params[k]] = v;
    if (KB_UNLIKELY(err < 0)) {
      (void)in_unwind(&f);
      return finish(&f, -1);
    }
  }
  return finish(&f, run(&f, 0, TURNS, r));
}

static KB_COLD int call_large(in_code *c, PyObject *self, bool jit, const in_val *args, in_val *r)
{
  in_val *slot = (in_val *)PyMem_Malloc((c->image->nslots + 1) * sizeof *slot);
  if (slot == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  int err = call_with(c, slot, self, jit, args, r);
  PyMem_Free(slot);
  return err;
}

static __attribute__((noinline)) int call_small(in_code *c, PyObject *self, bool jit, const in_val *args, in_val *r)
{
  in_val *slot = (in_val *)__builtin_alloca((c->image->nslots + 1) * sizeof *slot);
  return call_with(c, slot, self, jit, args, r);
}

int in_call(in_code *c, PyObject *self, bool jit, const in_val *args, uint32_t nargs, in_val *r)
{
  if (nargs != c->image->nparams) {
    PyErr_Format(PyExc_SystemError, "keelback: %s() called with %u arguments", c->image->name, nargs);
    return -1;
  }
  if (!kb_stack_ok_slow()) {
    PyErr_SetString(PyExc_RecursionError, "maximum recursion depth exceeded");
    return -1;
  }
  if (KB_UNLIKELY(in_poll_call() < 0) || Py_EnterRecursiveCall("")) return -1;
  c->refs++;
  int err = c->image->nslots <= SLOTS_ON_STACK ? call_small(c, self, jit, args, r) : call_large(c, self, jit, args, r);
  in_code_free(c);
  Py_LeaveRecursiveCall();
  return err;
}
