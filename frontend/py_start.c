/* SPDX-License-Identifier: MIT */
/* py_start.c: the embedded interpreter: started as `python` itself would be, ended, and asked to run a main(). */
#include "py.h"
#include "cmd.h"

#include <marshal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- Which interpreter ------------------------------------------------------------------------------------- */

/* Is dir a virtual environment of this version? pyvenv.cfg says "version = 3.11.7" (or version_info). */
static bool is_venv(const char *dir)
{
  char path[4096], line[512], version[32];
  snprintf(path, sizeof path, "%s/pyvenv.cfg", dir);
  snprintf(version, sizeof version, "%d.%d", PY_MAJOR_VERSION, PY_MINOR_VERSION);
  FILE *in = fopen(path, "r");
  bool found = false;
  while (in && fgets(line, sizeof line, in)) {
    if (strncmp(line, "version", 7) != 0) continue;
    const char *value = strchr(line, '=');
    if (!value) continue;
    value += 1 + strspn(value + 1, " \t");
    size_t n = strlen(version);
    found = strncmp(value, version, n) == 0 && strchr(".\n \r", value[n]) != NULL;
  }
  if (in) fclose(in);
  return found;
}

/* The python of $VIRTUAL_ENV, or the first one on PATH when it belongs to a virtual environment: what the user means by
 * `python`. Only if it has our version, else the one that we were built for. */
static void choose_python(char *path, size_t size, const char *built_for)
{
  const char *venv = getenv("VIRTUAL_ENV"), *search = getenv("PATH");
  struct stat st;
  if (venv && *venv && is_venv(venv)) {
    snprintf(path, size, "%s/bin/python", venv);
    if (access(path, X_OK) == 0) return;
  }
  for (const char *dir = search ? search : ""; *dir && !(venv && *venv); dir += strspn(dir, ":")) {
    size_t n = strcspn(dir, ":");
    snprintf(path, size, "%.*s/python3", (int)n, dir);
    bool there = access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (there) {
      char parent[4096];
      snprintf(parent, sizeof parent, "%.*s/..", (int)n, dir);
      if (is_venv(parent)) return;
      break;
    }
    dir += n;
  }
  snprintf(path, size, "%s", built_for);
}

/* -- Start and end -------------------------------------------------------------------------------------------- */

static bool started(PyStatus status)
{
  if (!PyStatus_Exception(status)) return true;
  kb_loc none = { NULL, 0, 0, 0 };
  kb_error(none, "Python cannot be started: %s", status.err_msg ? status.err_msg : "unknown reason");
  return false;
}

/* Keelback's own package comes first while it is imported, so that it is the one of this command. */
static bool import_package(const char *dir)
{
  PyObject *path = PySys_GetObject("path"), *entry = PyUnicode_DecodeFSDefault(dir);
  kb_loc none = { NULL, 0, 0, 0 };
  if (path && entry) PyList_Insert(path, 0, entry);
  PyObject *module = PyImport_ImportModule("keelback");
  if (path && entry) PyList_SetSlice(path, 0, 1, NULL);
  Py_XDECREF(entry);
  Py_XDECREF(module);
  if (module) return true;
  kb_error(none, "the Python package keelback cannot be imported from %s: %s", dir, kb_py_exception_text());
  return false;
}

bool kb_py_start(const kb_paths *paths, bool signals)
{
  char executable[4096];
  PyConfig config;
  if (Py_IsInitialized()) return true;
  PyConfig_InitPythonConfig(&config);
  config.parse_argv = 0;
  config.install_signal_handlers = signals;
  config.safe_path = 1; /* sys.path[0] is ours to set */
  choose_python(executable, sizeof executable, paths->python);
  PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, executable);
  if (!PyStatus_Exception(status)) status = PyConfig_SetBytesString(&config, &config.executable, executable);
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  return started(status) && import_package(paths->package_dir);
}

void kb_py_end(bool keep_stdout)
{
  if (!Py_IsInitialized()) return;
  if (!keep_stdout) {
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    Py_FinalizeEx();
    if (saved >= 0) {
      dup2(saved, STDOUT_FILENO);
      close(saved);
    }
    return;
  }
  Py_FinalizeEx();
}

/* -- Python programs -------------------------------------------------------------------------------------------- */

int kb_py_call_main(const char *module, const char *function, int argc, char **argv)
{
  PyObject *list = PyList_New(0), *m = NULL, *result = NULL;
  int status = 1;
  for (int i = 0; list && i < argc; i++) {
    PyObject *arg = PyUnicode_DecodeFSDefault(argv[i]);
    if (arg) PyList_Append(list, arg);
    Py_XDECREF(arg);
  }
  m = list ? PyImport_ImportModule(module) : NULL;
  result = m ? PyObject_CallMethod(m, function, "O", list) : NULL;
  if (result) {
    status = PyLong_Check(result) ? (int)PyLong_AsLong(result) : 0;
  } else if (PyErr_ExceptionMatches(PyExc_SystemExit)) {
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *code = value ? PyObject_GetAttrString(value, "code") : NULL;
    status = code && PyLong_Check(code) ? (int)PyLong_AsLong(code) : code && code != Py_None;
    if (code && PyUnicode_Check(code)) fprintf(stderr, "%s\n", kb_py_text(code));
    Py_XDECREF(code);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
  } else if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
    PyErr_Clear();
    status = 130;
  } else {
    PyErr_Print();
  }
  PyErr_Clear();
  PyObject *out = PySys_GetObject("stdout");
  PyObject *done = out && out != Py_None ? PyObject_CallMethod(out, "flush", NULL) : NULL;
  if (!done && status == 0) {
    kb_loc none = { NULL, 0, 0, 0 };
    kb_error(none, "the output cannot be written: %s", kb_py_exception_text());
    status = 1;
  }
  Py_XDECREF(done);
  Py_XDECREF(result);
  Py_XDECREF(m);
  Py_XDECREF(list);
  return status;
}

/* -- For extension modules ---------------------------------------------------------------------------------------- */

bool kb_py_source(kt_mod *m, const char **source, size_t *nsource, const unsigned char **code, size_t *ncode)
{
  PyObject *text = NULL, *object = NULL, *bytes = NULL;
  if (kb_py_module_source(m, &text, &object)) bytes = PyMarshal_WriteObjectToString(object, Py_MARSHAL_VERSION);
  if (bytes) {
    *nsource = (size_t)PyBytes_GET_SIZE(text);
    *source = kb_arena_strndup(m->arena, PyBytes_AS_STRING(text), *nsource);
    *ncode = (size_t)PyBytes_GET_SIZE(bytes);
    unsigned char *copy = (unsigned char *)kb_arena_alloc(m->arena, *ncode);
    memcpy(copy, PyBytes_AS_STRING(bytes), *ncode);
    *code = copy;
  } else {
    kb_loc at = { m->file, 0, 0, 0 };
    kb_error(at, "the file's code cannot be kept: %s", kb_py_exception_text());
  }
  Py_XDECREF(text);
  Py_XDECREF(object);
  Py_XDECREF(bytes);
  return bytes != NULL;
}
