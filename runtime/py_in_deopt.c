/* SPDX-License-Identifier: MIT */
/* py_in_deopt.c: what libkeelback asks of the interpreter (kb_interp, rt.h): going on behind an exit of native code, results
 * as C or as objects, exceptions as texts. Values cross between native words and slots in py_in_words.c.
 */
#include "py_in_words.h"

#include <stdlib.h>
#include <time.h>

/* -- Counting ------------------------------------------------------------------------------------------------- */

enum {
  PATIENCE = 8,    /* deopts at one place, one soon after another, until calls are interpreted */
  MOST_SKIPPED = 12 /* then 8, 16, ... 2 to this power of them at a time */
};

static uint64_t now(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A deopt at site took from start till now. Where a kernel does little but deopt it is better interpreted for a while: a
 * growing, bounded number of calls, after which native code is tried again. What went back to native code is no such case. */
static void count_deopt(kb_fn_count *n, const kb_site *site, uint64_t start, uint64_t resumed)
{
  uint64_t end = now();
  bool soon = n->last_site == site && start - n->last_time < 10 * (end - start) + 1000;
  n->deopts++;
  n->in_a_row = n->resumed != resumed ? 0 : soon ? n->in_a_row + 1 : n->in_a_row > PATIENCE ? PATIENCE - 1 : 0;
  n->last_site = site;
  n->last_time = end;
  if (n->in_a_row < PATIENCE) return;
  uint32_t power = n->in_a_row - PATIENCE + 3;
  n->skip = UINT32_C(1) << (power < MOST_SKIPPED ? power : MOST_SKIPPED);
  if (power > MOST_SKIPPED) n->in_a_row--;
}

/* -- Frames --------------------------------------------------------------------------------------------------- */

/* The slots of frame number k of the site; -1: an exception is set, and the slots are empty. */
static int fill(in_frame *f, const in_live *from, uint32_t k)
{
  const kb_site_frame *fr = &from->site->frames[k];
  const kb_image *im = f->code->image;
  for (uint32_t i = 0; i < im->nconsts; i++) {
    f->slot[i] = f->code->consts[i];
    in_incref(f->slot[i]);
  }
  for (const kb_site_entry *e = fr->entries, *end = e + fr->nentries; e < end;) {
    uint32_t slot = e->slot < im->npcs ? im->slot_of[e->slot] : KB_NOSLOT;
    in_val v = { IN_NULL, 0, { 0 } };
    if (in_from_native(from, &e, &v) < 0) {
      for (uint32_t i = 0; i < im->nslots; i++) in_set(&f->slot[i], (in_val){ IN_NULL, 0, { 0 } });
      return -1;
    }
    if (slot != KB_NOSLOT && slot >= im->nconsts) in_set(&f->slot[slot], v);
    else in_decref(v);
  }
  return 0;
}

/* Runs frame k to its end: the callee's result, if it waits for one, comes in *r and is taken; its own goes there. */
static int run_frame(const in_live *from, uint32_t k, in_val *r)
{
  const kb_site_frame *fr = &from->site->frames[k];
  in_code *code = in_code_of(fr->fn);
  in_val callee = *r;
  *r = (in_val){ IN_NULL, 0, { 0 } };
  if (code == NULL) {
    in_decref(callee);
    return -1;
  }
  const kb_image *im = code->image;
  uint32_t at = fr->pc < im->npcs ? im->at_pc[fr->pc] : KB_NOINS;
  if (at == KB_NOINS || at >= im->nins) {
    in_decref(callee);
    PyErr_Format(PyExc_SystemError, "keelback: %s() left at %u, which its image does not have", fr->fn->name, fr->pc);
    return -1;
  }
  in_val *slot = (in_val *)PyMem_Calloc(im->nslots + 1u, sizeof *slot);
  if (slot == NULL) {
    in_decref(callee);
    PyErr_NoMemory();
    return -1;
  }
  in_frame f = { .code = code, .slot = slot, .ip = &code->ins[at], .jit = fr->fn->jit };
  in_live here = *from;
  here.jit = f.jit;
  int err = fill(&f, &here, k);
  uint32_t to = fr->result < im->npcs ? im->slot_of[fr->result] : KB_NOSLOT;
  if (err == 0 && in_fit(&f, &callee) < 0) {
    f.ip = &code->ins[at ? at - 1 : 0]; /* the call */
    (void)in_unwind(&f);
    err = -1;
  }
  if (err == 0 && to != KB_NOSLOT) in_set(&slot[to], callee);
  else in_decref(callee);
  if (err == 0) err = in_run(&f, at, r);
  PyMem_Free(slot);
  return err;
}

/* The exception that is set, with its traceback; it is no longer set. */
static PyObject *take_exception(void)
{
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyErr_NormalizeException(&type, &value, &tb);
  if (tb && value) (void)PyException_SetTraceback(value, tb);
  Py_XDECREF(type);
  Py_XDECREF(tb);
  return value;
}

/* The exception that is set goes to p, with the frames that it has still to go through. */
static void give_exception(const kb_site *site, uint32_t from, kb_pending *p)
{
  p->set = true;
  p->kind = KB_PENDING_PYTHON;
  p->deopt = false;
  p->interp = &kb_interp_table;
  p->exception = take_exception();
  p->nframes = 0;
  for (uint32_t k = from; k < site->nframes; k++) {
    const kb_site_frame *fr = &site->frames[k];
    kb_pending_push(p, (kb_rt_frame){ site->unit->file, fr->fn->name, fr->line, fr->col });
  }
}

static void give_result(in_val r, kb_pending *p)
{
  p->set = true;
  p->kind = KB_PENDING_RESULT;
  p->deopt = false;
  p->interp = &kb_interp_table;
  p->nframes = 0;
  p->result.tag = r.tag;
  p->result.aux = r.aux;
  p->result.w.u = r.u;
}

in_val in_pending_result(kb_pending *p)
{
  in_val r = { p->result.tag, p->result.aux, { 0 } };
  r.u = p->result.w.u;
  p->set = false;
  return r;
}

static void leave(const kb_site *site, const kb_word *live, kb_pending *p)
{
  PyGILState_STATE gil = PyGILState_Ensure();
  const kb_fn_info *outer = site->frames[site->nframes - 1].fn;
  kb_fn_count *n = outer->count;
  bool deopt = site->kind == KB_SITE_DEOPT;
  uint64_t start = deopt && n ? now() : 0, resumed = n ? n->resumed : 0;
  in_live from = { site, live, outer, NULL, false };
  in_val r = { IN_NULL, 0, { 0 } };
  if (!deopt) r = in_pending_result(p);
  p->set = false;
  uint32_t k = 0;
  while (k < site->nframes && run_frame(&from, k, &r) == 0) k++;
  if (k < site->nframes) give_exception(site, k + 1, p);
  else give_result(r, p);
  if (n) n->exits++;
  if (deopt && n) count_deopt(n, site, start, resumed);
  PyGILState_Release(gil);
}

static void interpret(const kb_fn_info *info, const void *args, void *const *big, kb_pending *p)
{
  PyGILState_STATE gil = PyGILState_Ensure();
  in_val r = { IN_NULL, 0, { 0 } }, *v = (in_val *)PyMem_Calloc(info->nparams + 1u, sizeof *v);
  in_code *code = v ? in_code_of(info) : NULL;
  int err = code ? 0 : -1;
  if (v == NULL) PyErr_NoMemory();
  p->set = false;
  for (uint32_t i = 0; i < info->nparams && !err; i++) {
    if (big && big[i]) v[i] = in_obj(Py_NewRef((PyObject *)big[i]));
    else err = in_argument(info, (const char *)args, i, &v[i]);
  }
  if (!err) err = in_call(code, NULL, info->jit, v, info->nparams, &r);
  for (uint32_t i = 0; v && i < info->nparams; i++) in_decref(v[i]);
  PyMem_Free(v);
  if (info->count) info->count->interpreted++;
  if (err) {
    kb_site none_of_it = { .nframes = 0 };
    give_exception(&none_of_it, 0, p);
  } else {
    give_result(r, p);
  }
  PyGILState_Release(gil);
}

/* -- Results for C hosts ----------------------------------------------------------------------------------------- */

static void does_not_fit(kb_pending *p, const kb_fn_info *info, const in_val *v)
{
  PyObject *o = in_object(NULL, v), *text = o ? PyObject_Str(o) : NULL;
  const char *s = text ? PyUnicode_AsUTF8(text) : NULL;
  PyErr_Clear();
  (void)snprintf(p->buffer, KB_MESSAGE_MAX, "%s() gives %s%.200s%s, which does not fit C's int64_t", info->name,
                 s ? "" : "an int of thousands of digits", s ? s : "", s && strlen(s) > 200 ? "..." : "");
  Py_XDECREF(text);
  Py_XDECREF(o);
  p->set = true;
  p->kind = KB_PENDING_RAISE;
  p->type[0] = 0;
  p->exc = KB_EXC_OverflowError;
  p->message = p->buffer;
  p->nframes = 0;
  kb_pending_push(p, (kb_rt_frame){ info->unit->file, info->name, info->line, 0 });
}

static int to_c(kb_pending *p, const kb_fn_info *info, void *ret)
{
  PyGILState_STATE gil = PyGILState_Ensure();
  in_val r = in_pending_result(p), *part = info->tuple && r.tag == IN_TUPLE ? r.tup->item : &r;
  int err = 0;
  for (uint32_t i = 0; i < info->nret && !err; i++) {
    err = in_put_result(info, i, &part[i], (char *)ret);
    if (err) does_not_fit(p, info, &part[i]);
  }
  in_decref(r);
  PyGILState_Release(gil);
  return err;
}

/* A C host's error: the type's name, the message, and the place of the innermost frame. */
static void describe(kb_pending *p)
{
  PyGILState_STATE gil = PyGILState_Ensure();
  PyObject *e = (PyObject *)p->exception, *text = e ? PyObject_Str(e) : NULL;
  const char *s = text ? PyUnicode_AsUTF8(text) : NULL;
  PyErr_Clear();
  (void)snprintf(p->type, sizeof p->type, "%.63s", e ? Py_TYPE(e)->tp_name : "SystemError");
  (void)snprintf(p->buffer, KB_MESSAGE_MAX, "%.1000s", s ? s : "");
  p->message = p->buffer;
  p->kind = KB_PENDING_RAISE;
  p->exc = KB_EXC_Exception;
  PyTracebackObject *tb = e ? (PyTracebackObject *)PyException_GetTraceback(e) : NULL, *last = tb;
  while (last && last->tb_next) last = last->tb_next;
  if (last) {
    PyCodeObject *code = PyFrame_GetCode(last->tb_frame);
    const char *file = PyUnicode_AsUTF8(code->co_filename), *name = PyUnicode_AsUTF8(code->co_name);
    PyErr_Clear();
    /* since Python 3.12 a line is looked for when somebody asks */
    int line = last->tb_lineno < 0 ? PyCode_Addr2Line(code, last->tb_lasti) : last->tb_lineno;
    p->nframes = 0;
    kb_pending_push(p, (kb_rt_frame){ kb_intern(file ? file : "?"), kb_intern(name ? name : "?"), (uint32_t)(line < 0 ? 0 : line), 0 });
    Py_DECREF(code);
  }
  Py_XDECREF(tb);
  Py_XDECREF(text);
  Py_XDECREF(e);
  p->exception = NULL;
  PyGILState_Release(gil);
}

/* -- Results for Python -------------------------------------------------------------------------------------------- */

/* Sized numbers are plain ones outside of a kernel. */
static PyObject *plain_object(const kb_fn_info *info, const in_val *v)
{
  switch (v->tag) {
  case IN_NULL: return Py_NewRef(Py_None);
  case IN_F64: return info->jit ? in_numpy_box(v) : PyFloat_FromDouble(v->d);
  case IN_F32: return info->jit ? in_numpy_box(v) : PyFloat_FromDouble((double)v->s);
  case IN_SIZED:
    if (info->jit) return in_numpy_box(v);
    return v->aux == KB_T_U64 ? PyLong_FromUnsignedLongLong(v->u) : PyLong_FromLongLong(v->i);
  case IN_TUPLE: {
    PyObject *t = PyTuple_New(v->tup->n);
    for (uint32_t i = 0; t && i < v->tup->n; i++) {
      PyObject *o = plain_object(info, &v->tup->item[i]);
      if (o) PyTuple_SET_ITEM(t, i, o);
      else Py_CLEAR(t);
    }
    return t;
  }
  default: return in_object(NULL, v);
  }
}

static void *to_object(kb_pending *p, const kb_fn_info *info)
{
  in_val r = in_pending_result(p);
  PyObject *o = plain_object(info, &r);
  in_decref(r);
  return o;
}

static int poll(kb_pending *p)
{
  PyGILState_STATE gil = PyGILState_Ensure();
  int err = in_poll();
  if (err < 0) {
    kb_site none_of_it = { .nframes = 0 };
    give_exception(&none_of_it, 0, p);
  }
  PyGILState_Release(gil);
  return err;
}

__attribute__((visibility("default"))) const kb_interp kb_interp_table = { KB_ABI, KB_PYTHON_VERSION, in_start, leave, to_c, to_object, describe, interpret, poll, &in_ended };
