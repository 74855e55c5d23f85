/* SPDX-License-Identifier: MIT */
/* host.c: finds the interpreter for exits that need it, and loads it: libkeelback-python3.X.so, beside a file that says
 * where the Python is that it was made for. No Python.h: a C host has no Python until an exit asks for one.
 *
 * Which Python: the one in the process if there is one; else KEELBACK_PYTHON, a version (3.11), a python program, or the
 * file of an interpreter library; else the version that the kernels were made for. Where: the folders in KEELBACK_LIB
 * (colons between; a build tree is not installed), then the folder that libkeelback was configured with.
 */
#include "rt.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef KB_INTERP_DIR
#error "KB_INTERP_DIR: the folder of the interpreter libraries"
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const kb_interp *found; /* once for the process; read with acquire */

/* What a search works with. The texts of the file libkeelback-python3.X.conf. */
typedef struct search {
  char version[16];                  /* "3.11" */
  char library[PATH_MAX];            /* of the interpreter */
  char program[PATH_MAX];            /* that Python believes to be, "": as it sees fit */
  char python[PATH_MAX], libpython[PATH_MAX];
  char *why;
  size_t size;
} search;

static bool is_version(const char *s)
{
  return strncmp(s, "3.", 2) == 0 && s[2] != 0 && strspn(s + 2, "0123456789") == strlen(s + 2) && strlen(s) < 8;
}

/* -- Files -------------------------------------------------------------------------------------------------- */

/* The value of "key=..." in the file, into buf. */
static void setting(const char *file, const char *key, char *buf, size_t size)
{
  char line[PATH_MAX + 32];
  size_t n = strlen(key);
  FILE *in = fopen(file, "re");
  *buf = 0;
  while (in && fgets(line, sizeof line, in)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, key, n) == 0 && line[n] == '=') (void)snprintf(buf, size, "%.*s", (int)size - 1, line + n + 1);
  }
  if (in) (void)fclose(in);
}

static void read_conf(search *s)
{
  char file[PATH_MAX];
  size_t n = strlen(s->library);
  if (n < 3 || n + 4 > sizeof file) return;
  (void)snprintf(file, sizeof file, "%.*s.conf", (int)n - 3, s->library);
  setting(file, "libpython", s->libpython, sizeof s->libpython);
  setting(file, "python", s->python, sizeof s->python);
}

/* Calls fn for each folder in turn until it says yes. */
static bool each_folder(search *s, bool (*fn)(search *s, const char *folder, size_t n))
{
  const char *list = getenv("KEELBACK_LIB");
  while (list && *list) {
    size_t n = strcspn(list, ":");
    if (n > 0 && fn(s, list, n)) return true;
    list += n + (list[n] == ':');
  }
  return fn(s, KB_INTERP_DIR, strlen(KB_INTERP_DIR));
}

static bool library_in(search *s, const char *folder, size_t n)
{
  if ((size_t)snprintf(s->library, sizeof s->library, "%.*s/libkeelback-python%s.so", (int)n, folder, s->version) >=
      sizeof s->library)
    return false;
  return access(s->library, R_OK) == 0;
}

static bool find_library(search *s)
{
  if (each_folder(s, library_in)) {
    read_conf(s);
    return true;
  }
  (void)snprintf(s->why, s->size,
                 "Python %s's libkeelback-python%s.so, which would continue, is not in %s; install Keelback for that "
                 "Python, or set KEELBACK_PYTHON to another one",
                 s->version, s->version, KB_INTERP_DIR);
  return false;
}

/* -- Which one ------------------------------------------------------------------------------------------------ */

/* The version in the name of a library or program: ".../libkeelback-python3.11.so", "python3.11". */
static bool version_of_name(search *s, const char *path, const char *before)
{
  const char *at = strrchr(path, '/');
  at = strstr(at ? at : path, before);
  if (at == NULL) return false;
  at += strlen(before);
  size_t n = strspn(at, "0123456789.");
  while (n > 0 && at[n - 1] == '.') n--;
  if (n >= sizeof s->version) return false;
  memcpy(s->version, at, n);
  s->version[n] = 0;
  return is_version(s->version);
}

/* A program in a virtual environment is a link to its Python, whose name has the version. */
static bool version_of_program(search *s, const char *path)
{
  char real[PATH_MAX];
  return realpath(path, real) != NULL && access(real, X_OK) == 0 && version_of_name(s, real, "python");
}

static bool choose(search *s, const kb_unit *unit)
{
  const char *want = getenv("KEELBACK_PYTHON");
  size_t n = want ? strlen(want) : 0;
  if (n == 0) {
    (void)snprintf(s->version, sizeof s->version, "%.15s", unit->python);
    return find_library(s);
  }
  if (is_version(want)) {
    (void)snprintf(s->version, sizeof s->version, "%.15s", want);
    return find_library(s);
  }
  if (n >= sizeof s->library || strchr(want, '/') == NULL) {
    (void)snprintf(s->why, s->size,
                   "KEELBACK_PYTHON is '%.200s': expected a version like 3.11, the path of a python program, or that of a "
                   "libkeelback-python3.X.so",
                   want);
    return false;
  }
  if (n > 3 && strcmp(want + n - 3, ".so") == 0) {
    memcpy(s->library, want, n + 1);
    if (!version_of_name(s, want, "libkeelback-python")) (void)snprintf(s->version, sizeof s->version, "%.15s", unit->python);
    read_conf(s);
    return true;
  }
  if (!version_of_program(s, want)) {
    (void)snprintf(s->why, s->size, "KEELBACK_PYTHON is '%.200s', which is no program of a Python 3.X", want);
    return false;
  }
  memcpy(s->program, want, n + 1);
  return find_library(s);
}

/* Texts of exceptions and some functions are those of one Python. */
static bool right_version(search *s, const kb_unit *unit)
{
  if (*unit->python == 0 || strcmp(s->version, unit->python) == 0) return true;
  (void)snprintf(s->why, s->size, "the kernels were made for Python %s, and cannot continue in Python %s%s", unit->python,
                 s->version, getenv("KEELBACK_PYTHON") ? ", which KEELBACK_PYTHON asks for" : ", which is running here");
  return false;
}

/* -- Loading ------------------------------------------------------------------------------------------------------ */

/* The version of the Python in the process: false if there is none. */
static bool running_python(search *s)
{
  const char *(*get)(void);
  void *at = dlsym(RTLD_DEFAULT, "Py_GetVersion");
  if (at == NULL) return false;
  memcpy(&get, &at, sizeof get);
  const char *text = get(), *dot = strchr(text, '.');
  size_t n = dot ? (size_t)(dot + 1 - text) + strspn(dot + 1, "0123456789") : 0;
  if (n == 0 || n >= sizeof s->version) return false;
  memcpy(s->version, text, n);
  s->version[n] = 0;
  return true;
}

static bool cannot_load(search *s, const char *what)
{
  const char *error = dlerror();
  (void)snprintf(s->why, s->size, "Python %s's %s, which would continue, cannot be loaded: %.300s; set KEELBACK_PYTHON to "
                 "another Python, or repair that one",
                 s->version, what, error ? error : "no reason given");
  return false;
}

/* The library takes Python's functions from whatever in the process has them, so libpython comes first and for all. */
static bool load_python(search *s)
{
  if (*s->libpython && dlopen(s->libpython, RTLD_NOW | RTLD_GLOBAL)) return true;
  char name[64];
  (void)snprintf(name, sizeof name, "libpython%s.so.1.0", s->version);
  return dlopen(name, RTLD_NOW | RTLD_GLOBAL) != NULL || cannot_load(s, *s->libpython ? s->libpython : name);
}

static const kb_interp *load(search *s, bool running)
{
  if (!running && !load_python(s)) return NULL;
  void *lib = dlopen(s->library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  const kb_interp *in = lib ? (const kb_interp *)dlsym(lib, "kb_interp_table") : NULL;
  if (in == NULL) {
    const char *base = strrchr(s->library, '/');
    (void)cannot_load(s, base ? base + 1 : s->library);
    return NULL;
  }
  if (in->abi != KB_ABI) {
    (void)snprintf(s->why, s->size, "%s speaks ABI %u, libkeelback here %u; install one Keelback", s->library, (unsigned)in->abi,
                   (unsigned)KB_ABI);
    return NULL;
  }
  return in->start(*s->program ? s->program : *s->python ? s->python : NULL, s->why, s->size) == 0 ? in : NULL;
}

static const kb_interp *find(const kb_unit *unit, char *why, size_t size)
{
  search *s = (search *)calloc(1, sizeof *s);
  const kb_interp *in = NULL;
  if (s == NULL) {
    (void)snprintf(why, size, "there is no memory to load Python");
    return NULL;
  }
  s->why = why;
  s->size = size;
  bool running = running_python(s);
  if (running ? right_version(s, unit) && find_library(s) : choose(s, unit) && right_version(s, unit)) in = load(s, running);
  free(s);
  return in;
}

/* -- Interface ------------------------------------------------------------------------------------------------------ */

static bool suits(const kb_interp *in, const kb_unit *unit, char *why, size_t size)
{
  if (*in->ended) {
    (void)snprintf(why, size, "Python %s, which would continue, has ended (Py_Finalize)", in->python);
    return false;
  }
  if (*unit->python == 0 || strcmp(in->python, unit->python) == 0) return true;
  (void)snprintf(why, size, "the kernels were made for Python %s, and cannot continue in Python %s, which is running here",
                 unit->python, in->python);
  return false;
}

const kb_interp *kb_interp_get(const kb_unit *unit, char *why, size_t size)
{
  const kb_interp *in = __atomic_load_n(&found, __ATOMIC_ACQUIRE);
  if (in == NULL) {
    (void)pthread_mutex_lock(&lock);
    in = found;
    if (in == NULL) {
      in = find(unit, why, size);
      if (in) __atomic_store_n(&found, in, __ATOMIC_RELEASE);
    }
    (void)pthread_mutex_unlock(&lock);
    if (in == NULL) return NULL;
  }
  return suits(in, unit, why, size) ? in : NULL;
}

void kb_interp_set(const kb_interp *in) { __atomic_store_n(&found, in, __ATOMIC_RELEASE); }
