/* SPDX-License-Identifier: MIT */
/* py_leave.c: how a call from Python ends that left its kernel: with the interpreter's result, or with an exception and
 * its traceback; and calls that are interpreted from the start. */
#include "py_rt.h"

/* What follows allocates, which may run finalizers that call kernels, so the pending exit is copied first. */
static PyObject *finish(kbpy_kernel *k)
{
  kb_pending p = *kb_pending_get();
  kb_pending_get()->set = false;
  if (!p.set) return PyErr_Format(PyExc_SystemError, "%s() failed without setting an exception", k->def->qualname);
  if (p.kind == KB_PENDING_RESULT) return (PyObject *)p.interp->to_object(&p, k->def->info);
  kbpy_show_source(k->mod, true);
  (void)kbpy_set_pending(&p, k->globals);
  return NULL;
}

PyObject *kbpy_leave(PyObject *self)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  k->exits++;
  if (k->def->info->count->skip) k->call = kbpy_call_interpreted; /* it deopts too often: in the interpreter for some calls */
  return finish(k);
}

/* -- Calls that are interpreted ------------------------------------------------------------------------------- */

PyObject *kbpy_interpret(PyObject *self, const void *args, PyObject **big)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  const kb_fn_info *info = k->def->info;
  char why[KB_MESSAGE_MAX];
  PyObject *r = NULL;
  const kb_interp *in = kb_interp_get(info->unit, why, sizeof why);
  if (in) {
    kb_pending *p = kb_pending_get();
    in->interpret(info, args, (void *const *)big, p);
    r = finish(k);
  } else {
    (void)PyErr_Format(PyExc_RuntimeError, "%s() has to be interpreted; %s", k->def->qualname, why);
  }
  for (uint32_t i = 0; big && i < info->nparams; i++) Py_CLEAR(big[i]);
  return r;
}

/* Puts converted arguments where the kernel reads them. */
static void fill_block(const kb_fn_info *info, const kbpy_value *v, char *to)
{
  for (uint32_t i = 0; i < info->nparams; i++) {
    const kb_fn_param *p = &info->params[i];
    char *at = to + p->offset;
    switch (p->kind) {
    case 's': {
      float s = (float)v[i].d;
      memcpy(at, &s, sizeof s);
      break;
    }
    case 'b': {
      bool b = v[i].i != 0;
      memcpy(at, &b, sizeof b);
      break;
    }
    case 'v': kbpy_get_view(at, &v[i], p->rank); break;
    default: memcpy(at, &v[i], 8); break;
    }
  }
}

PyObject *kbpy_call_interpreted(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
  kbpy_kernel *k = (kbpy_kernel *)self;
  const kb_fn_info *info = k->def->info;
  uint32_t n = info->nparams;
  if (!kbpy_only_interpret && info->count->skip && --info->count->skip == 0) k->call = k->def->call;
  size_t values = (n + 1) * sizeof(kbpy_value), objects = (n + 1) * sizeof(PyObject *), buffers = (n + 1) * sizeof(Py_buffer);
  char *mem = (char *)PyMem_Calloc(1, values + objects + buffers + info->args_size + 16);
  if (mem == NULL) return PyErr_NoMemory();
  kbpy_value *v = (kbpy_value *)mem;
  Py_buffer *b = (Py_buffer *)(mem + values);
  PyObject **o = (PyObject **)(mem + values + buffers), *r = NULL;
  char *block = mem + values + buffers + objects;
  kbpy_held held = { 0, b };
  int how = kbpy_convert(self, args, nargsf, kwnames, o, v, &held);
  if (how >= 0) {
    fill_block(info, v, block);
    r = kbpy_interpret(self, block, how ? o : NULL);
    kbpy_release(&held);
  }
  PyMem_Free(mem);
  return r;
}
