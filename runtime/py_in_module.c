/* SPDX-License-Identifier: MIT */
/* py_in_module.c: the interpreter as extension module keelback._interp, and as what starts Python in a C host. */
#include "py_in_words.h"

#include "py_in_jit.h"

#include <pthread.h>

#define EXPORTED __attribute__((visibility("default")))

/* -- The end of Python ----------------------------------------------------------------------------------------------- */

/* What is kept for the life of the process (types, functions, code) is dead then, also when Python starts anew. */
bool in_ended;

static void at_end(void) { in_ended = true; }

static void watch_end(void)
{
  static bool watching;
  if (!watching && Py_AtExit(at_end) == 0) watching = true;
}

/* -- Python in a C host ------------------------------------------------------------------------------------------- */

/* A host that forks: the child has one thread, and needs the GIL in order. Where fork() was called by Python itself
 * (os.fork holds the GIL) Python sees to all of this. */
static PyGILState_STATE before_fork;
static int forking;

static void prepare(void)
{
  forking = !in_ended && !PyGILState_Check();
  if (!forking) return;
  before_fork = PyGILState_Ensure();
  PyOS_BeforeFork();
}

static void in_parent(void)
{
  if (!forking) return;
  PyOS_AfterFork_Parent();
  PyGILState_Release(before_fork);
}

static void in_child(void)
{
  if (!forking) return;
  PyOS_AfterFork_Child();
  PyGILState_Release(before_fork);
}

int in_start(const char *program, char *why, size_t size)
{
  if (Py_IsInitialized()) {
    watch_end();
    return 0;
  }
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.install_signal_handlers = 0; /* signals are the host's */
  config.parse_argv = 0;
  PyStatus status = program ? PyConfig_SetBytesString(&config, &config.program_name, program) : PyStatus_Ok();
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) {
    (void)snprintf(why, size, "Python " KB_PYTHON_VERSION ", which would continue, does not start: %.300s; set KEELBACK_PYTHON to another Python",
                   status.err_msg ? status.err_msg : "no reason given");
    return -1;
  }
  watch_end();
  (void)pthread_atfork(prepare, in_parent, in_child);
  (void)PyEval_SaveThread(); /* any thread may go on with it */
  return 0;
}

/* -- The module ------------------------------------------------------------------------------------------------------- */

static int execute(PyObject *module)
{
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
    PyErr_SetString(PyExc_ImportError, "keelback works in the main interpreter only, not in subinterpreters");
    return -1;
  }
  if (in_ended) {
    PyErr_SetString(PyExc_ImportError, "keelback cannot be imported again after Py_Finalize");
    return -1;
  }
  watch_end();
  PyObject *capsule = PyCapsule_New((void *)(uintptr_t)&kb_interp_table, "keelback._interp.table", NULL);
  if (capsule == NULL) return -1;
  int err = PyModule_AddObjectRef(module, "table", capsule);
  Py_DECREF(capsule);
  return err < 0 || in_run_init(module) < 0 ? -1 : in_jit_init(module);
}

static PyModuleDef_Slot slots[] = { { Py_mod_exec, (void *)execute }, { 0, NULL } };
static struct PyModuleDef definition = { PyModuleDef_HEAD_INIT, "_interp", "Keelback's interpreter.", 0, NULL, slots, NULL, NULL, NULL };

EXPORTED PyMODINIT_FUNC PyInit__interp(void);
PyMODINIT_FUNC PyInit__interp(void) { return PyModuleDef_Init(&definition); }
