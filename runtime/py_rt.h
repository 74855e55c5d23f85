/* SPDX-License-Identifier: MIT */
/* py_rt.h: what the py_*.c files share; with Python.h. They are built once for each Python into
 * libkeelback-py3.X.a and linked into each extension module, which so has a kernel type of its own. */
#ifndef KB_PY_RT_H
#define KB_PY_RT_H

#include "kbpy.h"
#include "rt.h"

/* What is asked of an argument, for conversion and for messages. */
typedef struct {
  const kbpy_kernel_def *def;
  const kbpy_param *param;
} kbpy_want;

/* py_kernel.c: the type, made once a module; a kernel object. New references. */
PyObject *kbpy_kernel_type(PyObject *module);
PyObject *kbpy_kernel_new(PyObject *type, const kbpy_kernel_def *def, const kbpy_module_def *mod, PyObject *globals);
/* "(a: float, x: kb.f64[:]) -> None", or without names. */
PyObject *kbpy_signature(const kbpy_kernel_def *def, bool names);

/* py_scalar.c: *big, NULL before, becomes a new reference where an exact int does not fit out. */
int kbpy_take_scalar(kbpy_want w, PyObject *o, kbpy_value *out, PyObject **big);

/* py_array.c: buffers and ndarrays; an exact ndarray is read through its structure and needs no release. */
bool kbpy_is_ndarray(PyObject *o);
int kbpy_take_ndarray(kbpy_want w, PyObject *o, kbpy_value *out);
int kbpy_take_buffer(kbpy_want w, PyObject *o, kbpy_value *out, kbpy_held *held);

/* py_numpy.c: looks for numpy among the imported modules, once it is there. */
void kbpy_find_numpy(void);
PyObject *kbpy_loaded(const char *name); /* a module of sys.modules, borrowed; NULL: it is not there */
bool kbpy_is_numpy_bool(PyObject *o);

/* py_args.c: sets exc "f() argument 'x': ..." and returns -1. */
int kbpy_bad(kbpy_want w, PyObject *exc, const char *fmt, ...);
/* How messages call the type of o: "list", "numpy.ndarray", "None". */
const char *kbpy_came(PyObject *o);

/* py_module.c: gives linecache the module's source, so that tracebacks show it; forced: imports linecache. */
void kbpy_show_source(const kbpy_module_def *mod, bool forced);
/* py_module.c: lets exits of this module go on in keelback._interp. */
int kbpy_find_interpreter(void);

/* py_leave.c: makes an exit that is no result the current exception, with a traceback entry a frame unless globals is NULL;
 * false: another exception is set. */
bool kbpy_set_pending(kb_pending *p, PyObject *globals);
PyObject *kbpy_exception_type(unsigned exc); /* of enum kb_exc; borrowed */
/* The vectorcall function of a kernel that is interpreted: for some calls, or for good (KEELBACK_INTERPRET=1). */
PyObject *kbpy_call_interpreted(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames);
extern bool kbpy_only_interpret; /* py_module.c */

/* py_poll.c: the hook of kb_poll in modules that Python calls. */
int kbpy_poll(kb_pending *p);

#endif
