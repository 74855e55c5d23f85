/* SPDX-License-Identifier: MIT */
/* py_poll.c: what kernels that Python calls do when they look up from their work: signals, other threads; nogil. */
#include "py_rt.h"

#include <time.h>
#include <unistd.h>

/* -- nogil ---------------------------------------------------------------------------------------------------- */

/* The thread's innermost kernel that runs without the GIL, or NULL. */
static __thread kbpy_nogil *released;

void kbpy_nogil_begin(kbpy_nogil *n)
{
  n->outer = released;
  n->looked = 0;
  n->other = false;
  released = n;
  n->thread = PyEval_SaveThread();
}

void kbpy_nogil_end(kbpy_nogil *n)
{
  PyEval_RestoreThread((PyThreadState *)n->thread);
  released = n->outer;
}

/* -- Signals -------------------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void keep_exception(kb_pending *p)
{
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyErr_NormalizeException(&type, &value, &tb);
  if (tb) (void)PyException_SetTraceback(value, tb);
  Py_XDECREF(type);
  Py_XDECREF(tb);
  p->set = true;
  p->kind = KB_PENDING_PYTHON;
  p->exception = value;
  p->deopt = false;
  p->nframes = 0;
}

static int look(kb_pending *p)
{
  if (PyErr_CheckSignals() == 0) return 0;
  keep_exception(p);
  return -1;
}

/* Signal handlers run in the main thread; the others need not ask for the GIL. Needs the GIL the first time in a process. */
static bool is_main_thread(void)
{
  static unsigned long ident;
  static pid_t pid; /* in a child the main thread is the one that forked */
  if (pid != getpid()) {
    PyObject *threading = PyImport_ImportModule("threading");
    PyObject *thread = threading ? PyObject_CallMethod(threading, "main_thread", NULL) : NULL;
    PyObject *id = thread ? PyObject_GetAttrString(thread, "ident") : NULL;
    ident = id ? PyLong_AsUnsignedLong(id) : 0;
    PyErr_Clear();
    Py_XDECREF(id);
    Py_XDECREF(thread);
    Py_XDECREF(threading);
    pid = getpid();
  }
  return ident == PyThread_get_thread_ident();
}

/* Without the GIL: the main thread takes it now and then, rarely enough for a busy thread to keep it most of the time. */
static int look_without_gil(kbpy_nogil *n, kb_pending *p)
{
  enum { SELDOM = 20 }; /* ms */
  int64_t now = now_ms();
  if (n->other || now - n->looked < SELDOM) return 0;
  PyEval_RestoreThread((PyThreadState *)n->thread);
  released = NULL; /* a handler may run kernels */
  int err = is_main_thread() ? look(p) : (n->other = true, 0);
  released = n;
  n->thread = PyEval_SaveThread();
  n->looked = now_ms();
  return err;
}

/* Who waits for the GIL asks for it after the switch interval (5 ms), if it was not let go meanwhile; only then does letting go
   give it away for sure. So it is let go less often than that. */
static void let_others_run(void)
{
  enum { TURN = 8 }; /* ms */
  static __thread int64_t last;
  int64_t now = now_ms();
  if (now - last < TURN) return;
  PyEval_RestoreThread(PyEval_SaveThread());
  last = now_ms();
}

/* The hook of kb_poll. With the GIL, others get their turn as from CPython itself. */
int kbpy_poll(kb_pending *p)
{
  kbpy_nogil *n = released;
  if (n && !PyGILState_Check()) return look_without_gil(n, p);
  if (look(p) < 0) return -1;
  let_others_run();
  return look(p); /* what came in the meantime */
}
