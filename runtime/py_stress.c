/* SPDX-License-Identifier: MIT */
/* py_stress.c: modules that are built with --stress have __keelback_stress__, by which tests choose what fails.
 *
 *   __keelback_stress__()                 what has been executed: a list of (number, executions, function, line, guard)
 *   __keelback_stress__("count")          counts anew, and nothing fails
 *   __keelback_stress__("force", S, N)    site number S fails at its N-th execution
 *   __keelback_stress__("random", S, P)   with seed S and probability P
 *   __keelback_stress__("alloc", N)       the N-th local array
 */
#include "py_rt.h"
#include "stress.h"

static PyObject *executed(void)
{
  PyObject *list = PyList_New(0);
  uint64_t hits;
  const kb_site *site;
  for (uint32_t i = 0; list && (site = kb_stress_site(i, &hits)) != NULL; i++) {
    const kb_site_frame *f = site->nframes ? &site->frames[0] : NULL;
    PyObject *row = Py_BuildValue("(IKsIs)", (unsigned)i, (unsigned long long)hits, f ? f->fn->name : "",
                                  f ? (unsigned)f->line : 0U, site->guard);
    if (row == NULL || PyList_Append(list, row) < 0) Py_CLEAR(list);
    Py_XDECREF(row);
  }
  return list;
}

/* Kernels that leave too often are interpreted for a while; a forced exit must not be taken for one of those. */
static void forget_exits(const kbpy_module_def *def)
{
  for (size_t i = 0; i < def->nkernels; i++)
    if (def->kernels[i].info && def->kernels[i].info->count) {
      kb_fn_count *n = def->kernels[i].info->count;
      n->last_site = NULL;
      n->in_a_row = 0;
    }
}

static PyObject *stress(PyObject *self, PyObject *args)
{
  const char *what = NULL;
  PyObject *a = NULL, *b = NULL;
  const kbpy_module_def *def = (const kbpy_module_def *)PyCapsule_GetPointer(self, NULL);
  if (def == NULL || !PyArg_ParseTuple(args, "|sOO:__keelback_stress__", &what, &a, &b)) return NULL;
  if (what == NULL) return executed();
  unsigned long long n = a ? PyLong_AsUnsignedLongLong(a) : 0;
  if (PyErr_Occurred()) return NULL;
  if (strcmp(what, "count") == 0) {
    kb_stress_count();
  } else if (strcmp(what, "force") == 0 && b) {
    unsigned long long which = PyLong_AsUnsignedLongLong(b);
    if (PyErr_Occurred()) return NULL;
    kb_stress_force((uint32_t)n, which);
  } else if (strcmp(what, "random") == 0 && b) {
    double p = PyFloat_AsDouble(b);
    if (PyErr_Occurred()) return NULL;
    kb_stress_random(n, p);
  } else if (strcmp(what, "alloc") == 0 && a) {
    kb_stress_fail_alloc(n);
  } else {
    return PyErr_Format(PyExc_ValueError, "count, force, random or alloc, not %s", what);
  }
  forget_exits(def);
  Py_RETURN_NONE;
}

static PyMethodDef method = { "__keelback_stress__", stress, METH_VARARGS, "Chooses which guards fail." };

int kbpy_stress_exec(PyObject *module, const kbpy_module_def *def)
{
  PyObject *self = PyCapsule_New((void *)(uintptr_t)def, NULL, NULL);
  PyObject *f = self ? PyCFunction_New(&method, self) : NULL;
  int err = f ? PyObject_SetAttrString(module, "__keelback_stress__", f) : -1;
  Py_XDECREF(f);
  Py_XDECREF(self);
  return err;
}
