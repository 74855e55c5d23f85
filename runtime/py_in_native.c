/* SPDX-License-Identifier: MIT */
/* py_in_native.c: from the interpreter into native code: calls of kernels, loop heads; and the code of kernels. */
#include "py_in_words.h"

#include "py_rt.h"

#include <string.h>

/* -- Code ---------------------------------------------------------------------------------------------------- */

in_code *in_code_of(const kb_fn_info *info)
{
  kb_fn_count *n = info->count;
  if (n && n->code) return (in_code *)n->code;
  if (n == NULL || info->image == NULL) {
    PyErr_Format(PyExc_SystemError, "keelback: %s() has no image to be interpreted", info->name);
    return NULL;
  }
  in_code *c = in_code_new(info->image, info->nimage);
  if (c == NULL) return NULL;
  if (c->image->nparams != info->nparams) {
    in_code_free(c);
    PyErr_Format(PyExc_SystemError, "keelback: the image of %s() is of another function", info->name);
    return NULL;
  }
  if (!c->image->file || !*c->image->file) c->image->file = info->unit->file;
  c->info = info;
  n->code = c; /* for good: the unit keeps it */
  return c;
}

/* -- Calls ------------------------------------------------------------------------------------------------------ */

/* What native code of info left with: 1, and *r is its result; -1. Frame f, which shares its outermost frame, adds its own
 * place to an exception. */
static int left(const kb_fn_info *info, bool own_frame, in_val *r)
{
  kb_pending *now = info->unit->pending(), p = *now;
  now->set = false;
  if (!p.set) {
    PyErr_Format(PyExc_SystemError, "%s() failed without setting an exception", info->name);
    return -1;
  }
  if (p.kind == KB_PENDING_RESULT) {
    *r = in_pending_result(&p);
    return 1;
  }
  if (own_frame && p.nframes) p.nframes--;
  PyObject *globals = PyDict_New();
  if (globals) (void)kbpy_set_pending(&p, globals);
  Py_XDECREF(globals);
  return -1;
}

static int no_stack(void)
{
  if (kb_stack_ok_slow()) return 0;
  PyErr_SetString(PyExc_RecursionError, "maximum recursion depth exceeded");
  return -1;
}

enum { SMALL = 1024 }; /* bytes of arguments or results that are kept on the stack */

static int enter(const kb_fn_info *info, const in_val *args, uint32_t nargs, in_val *r)
{
  kb_word small[SMALL / sizeof(kb_word)], small_ret[SMALL / sizeof(kb_word)];
  if (info->args_size > SMALL || info->ret_size > SMALL) return 0;
  for (uint32_t k = 0; k < nargs; k++)
    if (!(info->jit ? in_exact_argument : in_put_argument)(info, k, &args[k], (char *)small)) return 0;
  if (info->enter(small, small_ret) != KB_OK) return left(info, false, r);
  return in_native_result(info, (const char *)small_ret, r) < 0 ? -1 : 1;
}

static bool only_interpret(void)
{
  static int only = -1;
  if (only < 0) {
    const char *v = getenv("KEELBACK_INTERPRET");
    only = v && strcmp(v, "1") == 0;
  }
  return only;
}

int in_kernel_call(in_frame *f, const kb_fn_info *info, in_val *args, uint32_t nargs, in_val *r)
{
  in_val own[64], *v = nargs <= 64 ? own : (in_val *)PyMem_Malloc(nargs * sizeof *v);
  if (v == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  int done = 0;
  uint32_t n = 0;
  if (nargs != info->nparams) {
    PyErr_Format(PyExc_SystemError, "keelback: %s() called with %u arguments", info->name, nargs);
    done = -1;
  }
  for (; n < nargs && done == 0; n++) {
    const kb_fn_param *p = &info->params[n];
    v[n] = (in_val){ IN_NULL, 0, { 0 } };
    if (info->jit) { /* as it is: the types are looked at */
      v[n] = args[n];
      in_incref(v[n]);
      continue;
    }
    done = in_convert(f, &args[n], p->kind == 'v' || p->kind == 'p' ? KB_AS_VIEW : p->type, &v[n]);
  }
  if (done == 0) done = no_stack();
  if (done == 0 && info->enter && !only_interpret() && !(info->count && info->count->skip)) done = enter(info, v, nargs, r);
  if (done == 0) {
    in_code *c = in_code_of(info);
    done = c && in_call(c, NULL, info->jit, v, nargs, r) == 0 ? 1 : -1;
  }
  while (n > 0) in_decref(v[--n]);
  if (v != own) PyMem_Free(v);
  return done < 0 ? -1 : 0;
}

/* -- Loop heads ----------------------------------------------------------------------------------------------------- */

enum { MOST_WORDS = 256 };

int in_resume(in_frame *f, uint32_t h, in_val *r)
{
  const kb_fn_info *info = f->code->info;
  if (info == NULL || info->resume == NULL || h >= info->nheads || only_interpret()) return 0;
  const kb_head *head = &info->heads[h];
  if (head->nentries == UINT32_MAX || head->nwords > MOST_WORDS || info->ret_size > SMALL) return 0;
  kb_word words[MOST_WORDS], ret[SMALL / sizeof(kb_word)];
  if (f->jit) {
    int status = in_typed_resume(f, h, words, ret);
    if (status < 0) return 0;
    if (status != KB_OK) return left(info, true, r);
    return in_native_result(info, (const char *)ret, r) < 0 ? -1 : 1;
  }
  const kb_image *im = f->code->image;
  for (const kb_site_entry *e = head->entries, *end = e + head->nentries; e < end;) {
    uint32_t slot = e->slot < im->npcs ? im->slot_of[e->slot] : KB_NOSLOT;
    if (slot == KB_NOSLOT) in_skip_entry(&e);
    else if (!in_to_words(&e, &f->slot[slot], words, head->nwords)) return 0;
  }
  if (info->count) info->count->resumed++;
  if (info->resume(h, words, ret) != KB_OK) return left(info, true, r);
  return in_native_result(info, (const char *)ret, r) < 0 ? -1 : 1;
}
