/* SPDX-License-Identifier: MIT */
/* py_pending.c: an exit that is no result as the current exception. In each built module, and in the interpreter. */
#include "py_rt.h"

#include <errno.h>
#include <frameobject.h>

PyObject *kbpy_exception_type(unsigned exc)
{
  switch (exc) {
#define TYPE(name)                                                                                                     \
  case KB_EXC_##name: return PyExc_##name;
    KB_EXCEPTIONS(TYPE)
#undef TYPE
  default: return PyExc_SystemError;
  }
}

/* A frame that was never run, only to be seen in the traceback. */
static void add_traceback(PyObject *globals, const kb_rt_frame *f)
{
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyCodeObject *code = PyCode_NewEmpty(f->file ? f->file : "?", f->func ? f->func : "?", (int)f->line);
  PyFrameObject *frame = code ? PyFrame_New(PyThreadState_Get(), code, globals, NULL) : NULL;
  PyErr_Restore(type, value, tb); /* in place of any MemoryError from there */
  if (frame) (void)PyTraceBack_Here(frame);
  Py_XDECREF(frame);
  Py_XDECREF(code);
}

/* str(exception) stays what CPython's is, so this is a note. */
static void note_dropped(uint64_t n)
{
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyErr_NormalizeException(&type, &value, &tb);
  PyObject *text =
      PyUnicode_FromFormat("%llu frames in the middle of the recursion are not shown", (unsigned long long)n);
  PyObject *done = text && value ? PyObject_CallMethod(value, "add_note", "O", text) : NULL;
  if (done == NULL) PyErr_Clear();
  Py_XDECREF(done);
  Py_XDECREF(text);
  PyErr_Restore(type, value, tb);
}

/* x ** y out of range: CPython makes that OverflowError of an errno, with two arguments, of which this is the text. */
static PyObject *argument_of(const kb_pending *p)
{
  char range[128];
  (void)snprintf(range, sizeof range, "(%d, '%s')", ERANGE, strerror(ERANGE));
  if (p->exc == KB_EXC_OverflowError && strcmp(p->message, range) == 0) return Py_BuildValue("(is)", ERANGE, strerror(ERANGE));
  return PyUnicode_DecodeUTF8(p->message, (Py_ssize_t)strlen(p->message), "surrogatepass");
}

/* An exception whose name and message are known: false, and another exception, when it cannot be made. */
static bool set_described(const kb_pending *p)
{
  PyObject *text = p->message ? argument_of(p) : NULL;
  if (p->message && text == NULL) return false;
  if (text) PyErr_SetObject(kbpy_exception_type(p->exc), text);
  else PyErr_SetNone(kbpy_exception_type(p->exc));
  Py_XDECREF(text);
  return true;
}

static void set_object(PyObject *e) /* takes the reference */
{
  PyObject *type = Py_NewRef((PyObject *)Py_TYPE(e)), *tb = PyException_GetTraceback(e);
  PyErr_Restore(type, e, tb);
}

bool kbpy_set_pending(kb_pending *p, PyObject *globals)
{
  if (p->kind == KB_PENDING_PYTHON) set_object((PyObject *)p->exception);
  else if (!set_described(p)) return false;
  uint64_t dropped = kb_pending_dropped(p);
  if (dropped) note_dropped(dropped);
  for (uint64_t i = 0; globals && i < p->nframes; i++) {
    if (i == KB_FRAMES_INNER) i += dropped;
    const kb_rt_frame *f = kb_pending_frame(p, i);
    if (f) add_traceback(globals, f);
  }
  return true;
}
