/* SPDX-License-Identifier: MIT */
/* evalfn.c: typed functions evaluated value by value, as slowly and as plainly as can be.
 *
 * It is the oracle of the passes: what is undefined (idivn of -1, a load out of bounds, reading an empty array before
 * it is written, an iaddn that overflows) ends the evaluation with a message, so a pass that proves too much is caught
 * even where a machine would shrug. Meaning comes from kb_eval; memory and control are written here.
 */
#include "evalfn.h"

#include "../include/kbabi.h"
#include "../include/kbops.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define kb_stack_ok() true /* depth is counted here */
enum { STEPS = 4000000, ACTIVATIONS = 200 };

typedef struct {
  const kb_mod *m;
  kb_arena *a;
  FILE *out;
  const kb_snap **exit;
  uint32_t steps, depth;
} machine;

typedef enum { RETURNED, LEFT, BROKEN } outcome;

typedef struct {
  machine *x;
  const kb_fn *f;
  kb_cell *cell;      /* by value */
  kb_bits known;      /* values that have one */
  kb_ref at;
  kb_bid from;        /* the predecessor that was come from */
  outcome how;
} frame;

static bool broken(frame *fr, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool broken(frame *fr, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  fprintf(fr->x->out, "%s of @%s ", kb_ops[kb_v(fr->f, fr->at)->op].text, fr->f->name);
  vfprintf(fr->x->out, fmt, ap);
  va_end(ap);
  fr->how = BROKEN;
  return false;
}

/* -- Values ------------------------------------------------------------------------------------------------ */

static const kb_cell *get(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  if (v->op == KB_CONST)
    fr->cell[r].imm = v->imm;
  else if (!kb_bits_has(&fr->known, r))
    broken(fr, v->op == KB_UNDEF ? "uses undef" : "uses a value that was not computed");
  return &fr->cell[r];
}

static void set(frame *fr, kb_ref r, const kb_cell *c)
{
  fr->cell[r] = *c;
  kb_bits_set(&fr->known, r);
}

/* The rows once more, for what kb_eval leaves to the machine: libm and new NaNs. */
#define LOAD_
#define LOAD_I const int64_t a = x[0].i;
#define LOAD_II LOAD_I const int64_t b = x[1].i;
#define LOAD_III LOAD_II const int64_t c = x[2].i;
#define LOAD_U const uint64_t a = (uint64_t)x[0].i;
#define LOAD_UU LOAD_U const uint64_t b = (uint64_t)x[1].i;
#define LOAD_D const double a = x[0].d;
#define LOAD_DD LOAD_D const double b = x[1].d;
#define LOAD_DDD LOAD_DD const double c = x[2].d;
#define LOAD_S const float a = x[0].s;
#define LOAD_SS LOAD_S const float b = x[1].s;
#define LOAD_B const bool a = x[0].i != 0;
#define LOAD_BB LOAD_B const bool b = x[1].i != 0;
#define LOAD_ID LOAD_I const double b = x[1].d;

static void compute_float(kb_op op, const kb_imm *x, kb_imm *out)
{
  double d = 0;
  switch (op) {
#define VAL(name, text, res, args, flags, prec, ...) \
  case KB_##name: { LOAD_##args d = (double)(__VA_ARGS__); break; }
#include "../ir/ops.def"
  default: break;
  }
  out->i = 0;
  if (kb_ops[op].result == 'S')
    out->s = (float)d;
  else
    out->d = d;
}

/* Does the op give a float that kb_eval does not: by libm, or a NaN? Not the division by zero that a guard forbids. */
static bool machine_float(kb_op op, const kb_imm *x)
{
  if (!strchr("DS", kb_ops[op].result) || !kb_ops[op].expr)
    return false;
  switch (op) {
  case KB_FFLOORDIV:
  case KB_FMOD: return x[1].d != 0.0;
  case KB_SFLOORDIV:
  case KB_SMOD: return x[1].s != 0.0f;
  default: return !(kb_ops[op].flags & KB_OF_T) || op >= KB_FPOW;
  }
}

static bool scalar(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  kb_imm x[3] = { { 0 }, { 0 }, { 0 } };
  kb_cell res;
  memset(&res, 0, sizeof res);
  for (uint32_t i = 0; i < v->nargs && i < 3; i++)
    x[i] = get(fr, v->args[i])->imm;
  if (fr->how == BROKEN)
    return false;
  switch (kb_eval((kb_op)v->op, x, v->nargs, v->imm, &res.imm)) {
  case KB_EVAL_OK: break;
  case KB_EVAL_FAILS: fr->how = LEFT; return false;
  case KB_EVAL_NO:
    if (!machine_float((kb_op)v->op, x))
      return broken(fr, "is undefined for %lld, %lld", (long long)x[0].i, (long long)x[1].i);
    compute_float((kb_op)v->op, x, &res.imm);
  }
  if (v->ty != KB_T_VOID)
    set(fr, r, &res);
  return true;
}

/* -- Memory ------------------------------------------------------------------------------------------------- */

static int64_t load_int(const char *p, kb_ty elem)
{
  union { int8_t i8; int16_t i16; int32_t i32; int64_t i64; uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64; bool b; } u;
  memcpy(&u, p, kb_type_size(elem));
  switch (elem) {
  case KB_T_I8: return u.i8;
  case KB_T_I16: return u.i16;
  case KB_T_I32: return u.i32;
  case KB_T_U8: return u.u8;
  case KB_T_U16: return u.u16;
  case KB_T_U32: return u.u32;
  case KB_T_BOOL: return u.b;
  default: return u.i64;
  }
}

static kb_imm load(const char *p, kb_ty elem)
{
  kb_imm r = { 0 };
  if (elem == KB_T_F64)
    memcpy(&r.d, p, sizeof r.d);
  else if (elem == KB_T_F32)
    memcpy(&r.s, p, sizeof r.s);
  else
    r.i = load_int(p, elem);
  return r;
}

static void store(char *p, kb_ty elem, kb_imm v)
{
  memcpy(p, elem == KB_T_F32 ? (const void *)&v.s : elem == KB_T_F64 ? (const void *)&v.d : (const void *)&v.i,
         kb_type_size(elem)); /* little-endian: the low bytes come first */
}

/* The element at the given indices; NULL after broken(). Raw pointers are views of rank 1 here. */
static char *element(frame *fr, const kb_view *view, const kb_ref *index, uint32_t n)
{
  int64_t at = 0;
  for (uint32_t i = 0; i < n; i++) {
    int64_t k = get(fr, index[i])->imm.i;
    if (fr->how == BROKEN)
      return NULL;
    if (k < 0 || k >= view->shape[i]) {
      broken(fr, "is out of bounds: index %lld, size %lld", (long long)k, (long long)view->shape[i]);
      return NULL;
    }
    at += k * view->stride[i];
  }
  return view->data + at * (int64_t)kb_type_size(view->elem);
}

static bool memory(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  const kb_view *view = get(fr, v->args[0])->view;
  bool st = v->op == KB_ST || v->op == KB_PST;
  char *p = fr->how == BROKEN ? NULL : element(fr, view, v->args + 1, v->nargs - 1 - st);
  if (!p)
    return false;
  kb_cell c;
  memset(&c, 0, sizeof c);
  if (!st) {
    c.imm = load(p, view->elem);
    set(fr, r, &c);
    return true;
  }
  c.imm = get(fr, v->args[v->nargs - 1])->imm;
  if (fr->how == BROKEN)
    return false;
  store(p, view->elem, c.imm);
  c.imm.i = kb_type_letter(view->elem) == 'I' ? load_int(p, view->elem) : c.imm.i;
  if (kb_type_letter(view->elem) == 'I' && c.imm.i != get(fr, v->args[v->nargs - 1])->imm.i)
    return broken(fr, "stores what does not fit its element");
  return true;
}

static kb_view *new_view(frame *fr, const kb_view *like)
{
  kb_view *view = KB_NEW(fr->x->a, kb_view, 1);
  if (like)
    *view = *like;
  return view;
}

static bool sub_view(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  const kb_view *from = get(fr, v->args[0])->view;
  uint32_t n = v->nargs - 1;
  char *p = fr->how == BROKEN ? NULL : element(fr, from, v->args + 1, n);
  if (!p)
    return false;
  kb_view *view = new_view(fr, from);
  kb_cell c;
  memset(&c, 0, sizeof c);
  view->data = p;
  view->rank = from->rank - n;
  for (uint32_t i = 0; i < view->rank; i++) {
    view->shape[i] = from->shape[i + n];
    view->stride[i] = from->stride[i + n];
  }
  c.view = view;
  set(fr, r, &c);
  return true;
}

static void fill(const kb_view *view, const kb_imm *value)
{
  int64_t n = 1;
  for (uint32_t i = 0; i < view->rank; i++)
    n *= view->shape[i];
  for (int64_t i = 0; i < n; i++)
    store(view->data + i * (int64_t)kb_type_size(view->elem), view->elem, *value);
}

static bool alloc(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  kb_view *view = new_view(fr, NULL);
  kb_cell c;
  int64_t n = 1;
  memset(&c, 0, sizeof c);
  view->elem = kb_type_of(v->ty)->elem;
  view->rank = v->nargs;
  for (uint32_t i = v->nargs; i-- > 0;) {
    view->shape[i] = get(fr, v->args[i])->imm.i;
    view->stride[i] = n;
    if (fr->how == BROKEN)
      return false;
    if (view->shape[i] < 0)
      return broken(fr, "has a negative extent");
    if (view->shape[i] > 1000000 || n * view->shape[i] > 1000000) {
      fr->how = LEFT;
      return false;
    }
    n *= view->shape[i];
  }
  view->data = KB_NEW(fr->x->a, char, (size_t)n * kb_type_size(view->elem) + 1);
  if (!v->imm.i)
    memset(view->data, 0xa5, (size_t)n * kb_type_size(view->elem));
  c.view = view;
  set(fr, r, &c);
  return true;
}

/* -- Text ------------------------------------------------------------------------------------------------------ */

static void print_double(FILE *out, double d, int digits)
{
  char text[40];
  if (isnan(d)) {
    fputs("nan", out);
    return;
  }
  for (int prec = 6; prec <= digits; prec++) {
    snprintf(text, sizeof text, "%.*g", prec, d);
    if (digits == 9 ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d)
      break;
  }
  fprintf(out, "%s%s", text, strpbrk(text, ".ein") ? "" : ".0");
}

void kb_cell_print(FILE *out, kb_ty ty, const kb_cell *c)
{
  switch (kb_type_letter(ty)) {
  case 'D': print_double(out, c->imm.d, 17); break;
  case 'S': print_double(out, (double)c->imm.s, 9); break;
  case 'B': fputs(c->imm.i ? "true" : "false", out); break;
  case 'U': fprintf(out, "%llu", (unsigned long long)c->imm.i); break;
  case 'I': fprintf(out, "%lld", (long long)c->imm.i); break;
  case 'T': {
    const kb_type *t = kb_type_of(ty);
    for (uint32_t i = 0; i < t->n; i++) {
      fputs(i ? ", " : "(", out);
      kb_cell_print(out, t->items[i], &c->items[i]);
    }
    fputc(')', out);
    break;
  }
  default:
    if (c->view)
      kb_view_print(out, c->view);
    else
      fputs("none", out);
  }
}

static void view_axis(FILE *out, const kb_view *v, uint32_t axis, const char *p)
{
  kb_cell c;
  memset(&c, 0, sizeof c);
  if (axis == v->rank) {
    c.imm = load(p, v->elem);
    kb_cell_print(out, v->elem, &c);
    return;
  }
  fputc('[', out);
  for (int64_t i = 0; i < v->shape[axis]; i++) {
    fputs(i ? " " : "", out);
    view_axis(out, v, axis + 1, p + i * v->stride[axis] * (int64_t)kb_type_size(v->elem));
  }
  fputc(']', out);
}

void kb_view_print(FILE *out, const kb_view *v) { view_axis(out, v, 0, v->data); }

/* -- Exits ------------------------------------------------------------------------------------------------------- */

static kb_cell entry_value(frame *fr, const kb_entry *e, kb_ty *ty)
{
  kb_cell c;
  memset(&c, 0, sizeof c);
  if (e->kind == KB_E_VAL) {
    *ty = kb_v(fr->f, e->ref)->ty;
    return *get(fr, e->ref);
  }
  kb_imm x[3] = { { 0 }, { 0 }, { 0 } };
  for (uint32_t i = 0; i < e->n && i < 3; i++) {
    kb_ty part;
    x[i] = entry_value(fr, &e->sub[i], &part).imm;
  }
  if (kb_eval((kb_op)e->what, x, e->n, c.imm, &c.imm) == KB_EVAL_NO && machine_float((kb_op)e->what, x))
    compute_float((kb_op)e->what, x, &c.imm);
  switch (kb_ops[e->what].result) {
  case 'D': *ty = KB_T_F64; break;
  case 'S': *ty = KB_T_F32; break;
  case 'B': *ty = KB_T_BOOL; break;
  case 'U': *ty = KB_T_U64; break;
  default: *ty = KB_T_I64;
  }
  return c;
}

static void print_entry(frame *fr, const kb_entry *e)
{
  if (e->kind != KB_E_VIRT) {
    kb_ty ty = KB_T_I64;
    kb_cell c = entry_value(fr, e, &ty);
    kb_cell_print(fr->x->out, ty, &c);
    return;
  }
  fprintf(fr->x->out, "object %u", e->what);
  for (uint32_t i = 0; i < e->n; i++) {
    fputs(i ? ", " : "(", fr->x->out);
    print_entry(fr, &e->sub[i]);
  }
  fputc(')', fr->x->out);
}

static void print_frames(frame *fr, const kb_snap *s)
{
  FILE *out = fr->x->out;
  for (uint32_t i = 0; i < s->nframes; i++) {
    const kb_frame *k = &s->frames[i];
    fprintf(out, " @%s pc %u", k->fn, k->pc);
    for (uint32_t j = 0; j < k->n; j++) {
      fprintf(out, "%s%u ", j ? ", " : " { ", k->entries[j].slot);
      print_entry(fr, &k->entries[j]);
    }
    fputs(k->n ? " }" : "", out);
  }
}

static const char *exception(unsigned exc)
{
#define NAME(name) #name,
  static const char *const names[] = { KB_EXCEPTIONS(NAME) };
#undef NAME
  return exc < KB_NEXC ? names[exc] : "?";
}

/* The first line of an exit: kind, message with its values. Frames follow, those of the callers as they leave too. */
static void leave(frame *fr)
{
  const kb_val *v = kb_v(fr->f, fr->at);
  const kb_snap *s = &fr->f->snap.v[v->snap - 1];
  FILE *out = fr->x->out;
  if (s->kind != KB_EXIT_CALL) {
    if (fr->x->exit)
      *fr->x->exit = s;
    fprintf(out, "%s%s%s", s->kind == KB_EXIT_RAISE ? "raise " : "deopt", s->kind == KB_EXIT_RAISE ? exception(s->exc) : "",
            s->msg && *s->msg ? " " : "");
    for (const char *p = s->msg; p && *p; p++)
      if (p[0] == '{' && s->nargs && p[1] >= '0' && p[1] <= '9' && p[2] == '}') {
        kb_ref r = s->args[p[1] - '0'];
        kb_cell_print(out, kb_v(fr->f, r)->ty, get(fr, r));
        p += 2;
      } else {
        fputc(*p, out);
      }
    fputc(':', out);
  }
  print_frames(fr, s);
}

/* -- Control -------------------------------------------------------------------------------------------------------- */

static outcome run(machine *x, uint32_t fn, const kb_cell *args, kb_cell *result);

static bool call(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  kb_cell *args = KB_NEW(fr->x->a, kb_cell, v->nargs + 1), result;
  memset(&result, 0, sizeof result);
  for (uint32_t i = 0; i < v->nargs; i++)
    args[i] = *get(fr, v->args[i]);
  if (fr->how == BROKEN)
    return false;
  fr->how = run(fr->x, (uint32_t)v->imm.i, args, &result);
  if (fr->how == RETURNED && v->ty != KB_T_VOID)
    set(fr, r, &result);
  return fr->how == RETURNED;
}

/* All phis of a block take their arguments at once. */
static bool phis(frame *fr, kb_bid b)
{
  const kb_blk *blk = &fr->f->blk.v[b];
  KB_VEC(kb_cell) now = { NULL, 0, 0 };
  uint32_t k = 0, i = 0;
  while (k < blk->pred.n && blk->pred.v[k] != fr->from)
    k++;
  KB_FOR_INS(fr->f, b, r) {
    if (!kb_is(fr->f, r, KB_PHI))
      break;
    kb_ref a = kb_v(fr->f, r)->args[k];
    kb_cell c;
    memset(&c, 0, sizeof c);
    fr->at = r;
    if (!kb_is(fr->f, a, KB_UNDEF)) /* may pass through a phi that nobody reads */
      c = *get(fr, a);
    kb_vec_push(&now, c);
  }
  KB_FOR_INS(fr->f, b, r) {
    if (!kb_is(fr->f, r, KB_PHI))
      break;
    set(fr, r, &now.v[i++]);
  }
  kb_vec_free(&now);
  return fr->how != BROKEN;
}

static bool select_one(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  const kb_cell *c = get(fr, v->args[0]);
  kb_cell picked = fr->how == BROKEN ? *c : *get(fr, v->args[c->imm.i ? 1 : 2]);
  set(fr, r, &picked);
  return fr->how != BROKEN;
}

/* Strips of three turns, so that their seams are seen; b itself where fewer are left. */
static bool strip(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  kb_cell c;
  memset(&c, 0, sizeof c);
  int64_t a = get(fr, v->args[0])->imm.i, b = get(fr, v->args[1])->imm.i, step = v->imm.i, end;
  if (fr->how == BROKEN)
    return false;
  c.imm.i = b;
  if (!__builtin_mul_overflow(step, 3, &end) && !__builtin_add_overflow(end, a, &end) && (step > 0 ? end < b : end > b))
    c.imm.i = end;
  set(fr, r, &c);
  return true;
}

static bool instruction(frame *fr, kb_ref r)
{
  const kb_val *v = kb_v(fr->f, r);
  kb_cell c;
  memset(&c, 0, sizeof c);
  switch (v->op) {
  case KB_PHI: return true;
  case KB_SEL: return select_one(fr, r);
  case KB_LD:
  case KB_PLD:
  case KB_ST:
  case KB_PST: return memory(fr, r);
  case KB_VSUB: return sub_view(fr, r);
  case KB_ALLOC: return alloc(fr, r);
  case KB_FILL:
    c = *get(fr, v->args[1]);
    if (fr->how != BROKEN)
      fill(get(fr, v->args[0])->view, &c.imm);
    return fr->how != BROKEN;
  case KB_VLEN:
    c.imm.i = get(fr, v->args[0])->view->shape[v->imm.i];
    set(fr, r, &c);
    return true;
  case KB_ITEM: set(fr, r, &get(fr, v->args[0])->items[v->imm.i]); return true;
  case KB_CALL: return call(fr, r);
  case KB_STRIP: return strip(fr, r);
  case KB_UNSTRIP:
  case KB_HINT:
  case KB_POLL: return true;
  case KB_GSTACK: fr->how = fr->x->depth > ACTIVATIONS ? LEFT : fr->how; return fr->how == RETURNED;
  default: return scalar(fr, r);
  }
}

static void returned(frame *fr, kb_ref r, kb_cell *result)
{
  const kb_val *v = kb_v(fr->f, r);
  if (v->nargs == 1 && kb_type_of(fr->f->ret)->kind != KB_K_TUPLE) {
    *result = *get(fr, v->args[0]);
    return;
  }
  result->n = v->nargs;
  result->items = KB_NEW(fr->x->a, kb_cell, v->nargs + 1);
  for (uint32_t i = 0; i < v->nargs; i++)
    result->items[i] = *get(fr, v->args[i]);
}

/* Runs block b; the next one, or 0 at the end. */
static kb_bid block(frame *fr, kb_bid b, kb_cell *result)
{
  const kb_blk *blk = &fr->f->blk.v[b];
  if (!phis(fr, b))
    return 0;
  KB_FOR_INS(fr->f, b, r) {
    fr->at = r;
    if (++fr->x->steps > STEPS) {
      broken(fr, "is where %d steps end", STEPS);
      return 0;
    }
    switch (kb_v(fr->f, r)->op) {
    case KB_JMP: fr->from = b; return blk->succ[0];
    case KB_BR: {
      bool yes = get(fr, kb_v(fr->f, r)->args[0])->imm.i != 0;
      fr->from = b;
      return fr->how == BROKEN ? 0 : blk->succ[yes ? 0 : 1];
    }
    case KB_RET: returned(fr, r, result); return 0;
    case KB_RAISE: fr->how = LEFT; return 0;
    default:
      if (!instruction(fr, r))
        return 0;
    }
  }
  return 0;
}

static outcome run(machine *x, uint32_t fn, const kb_cell *args, kb_cell *result)
{
  frame fr;
  memset(&fr, 0, sizeof fr);
  fr.x = x;
  fr.f = x->m->fns.v[fn];
  fr.cell = KB_NEW(x->a, kb_cell, fr.f->val.n);
  fr.how = RETURNED;
  kb_bits_init(&fr.known, fr.f->val.n);
  for (uint32_t i = 0; i < fr.f->nparams; i++)
    set(&fr, fr.f->params[i], &args[i]);
  if (++x->depth > 4 * ACTIVATIONS) {
    fr.at = fr.f->blk.v[1].first;
    broken(&fr, "is where the stack ends");
  }
  for (kb_bid b = 1; b && fr.how == RETURNED;)
    b = block(&fr, b, result);
  if (fr.how == LEFT)
    leave(&fr);
  x->depth--;
  kb_bits_free(&fr.known);
  return fr.how;
}

bool kb_eval_fn(const kb_mod *m, uint32_t fn, const kb_cell *args, kb_arena *a, FILE *out, const kb_snap **exit)
{
  machine x = { m, a, out, exit, 0, 0 };
  kb_cell result;
  memset(&result, 0, sizeof result);
  if (exit)
    *exit = NULL;
  outcome how = run(&x, fn, args, &result);
  if (how == RETURNED)
    kb_cell_print(out, m->fns.v[fn]->ret, &result);
  return how != BROKEN;
}
