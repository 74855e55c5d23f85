/* SPDX-License-Identifier: MIT */
/* files.c: outputs that appear whole or not at all, and temporary files that are gone afterwards, also after signals. */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

kb_loc kb_at_file(const char *path)
{
  kb_loc loc = { path, 0, 0, 0 };
  return loc;
}

/* -- What to remove ---------------------------------------------------------------------------------------- */

/* Names of files, then one folder. Fixed, so that a signal handler may walk it; a slot is free when it is NULL. */
enum { MAX_TEMPS = 64 };
static char *volatile temps[MAX_TEMPS];
static char *volatile temp_dir;

static bool remember(char *path)
{
  for (int i = 0; i < MAX_TEMPS; i++)
    if (!temps[i]) {
      temps[i] = path;
      return true;
    }
  return false;
}

static void forget(const char *path)
{
  for (int i = 0; i < MAX_TEMPS; i++)
    if (temps[i] == path) temps[i] = NULL;
}

/* Only calls that a signal handler may make. */
static void remove_all(void)
{
  for (int i = 0; i < MAX_TEMPS; i++)
    if (temps[i]) unlink(temps[i]);
  if (temp_dir) rmdir(temp_dir);
}

static void on_signal(int number)
{
  remove_all();
  signal(number, SIG_DFL);
  raise(number);
}

void kb_temp_on_signals(void)
{
  static const int numbers[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct sigaction old, act = { 0 };
    act.sa_handler = on_signal;
    sigemptyset(&act.sa_mask);
    if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) sigaction(numbers[i], &act, NULL);
  }
}

void kb_temp_clean(void)
{
  remove_all();
  for (int i = 0; i < MAX_TEMPS; i++) {
    free(temps[i]);
    temps[i] = NULL;
  }
  free(temp_dir);
  temp_dir = NULL;
}

const char *kb_temp_dir(void)
{
  if (temp_dir) return temp_dir;
  const char *base = getenv("TMPDIR");
  char *path = NULL;
  if (!base || !*base) base = "/tmp";
  if (asprintf(&path, "%s/keelback-XXXXXX", base) < 0) return NULL;
  if (!mkdtemp(path)) {
    kb_error(kb_at_file(base), "cannot make a temporary folder: %s", strerror(errno));
    free(path);
    return NULL;
  }
  temp_dir = path;
  return path;
}

const char *kb_temp_file(const char *name)
{
  char *path = NULL;
  const char *dir = kb_temp_dir();
  if (!dir || asprintf(&path, "%s/%s", dir, name) < 0) return NULL;
  if (remember(path)) return path;
  free(path);
  return NULL;
}

/* -- Outputs ------------------------------------------------------------------------------------------------- */

/* Devices and pipes are written directly: there is nothing to move into place. */
static bool is_special(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static bool fail(const kb_out *o, const char *what)
{
  kb_error(kb_at_file(o->path), "cannot %s: %s", what, strerror(errno));
  return false;
}

/* An empty file beside path, so that the move cannot cross file systems; mode as a plain open would give it. */
static int open_beside(kb_out *o)
{
  mode_t mask = umask(0);
  umask(mask);
  if (asprintf(&o->temp, "%s.XXXXXX", o->path) < 0) return -1;
  int fd = mkostemp(o->temp, O_CLOEXEC);
  if (fd < 0) {
    free(o->temp);
    o->temp = NULL;
    return -1;
  }
  remember(o->temp);
  if (fchmod(fd, 0666 & ~mask) != 0) errno = 0;
  return fd;
}

bool kb_out_open(kb_out *o, const char *path)
{
  memset(o, 0, sizeof *o);
  o->path = path;
  if (strcmp(path, "-") == 0 || is_special(path)) {
    o->f = strcmp(path, "-") == 0 ? fdopen(dup(STDOUT_FILENO), "w") : fopen(path, "w");
    return o->f || fail(o, "be written");
  }
  int fd = open_beside(o);
  o->f = fd >= 0 ? fdopen(fd, "w") : NULL;
  return o->f || fail(o, "be written");
}

bool kb_out_reserve(kb_out *o, const char *path)
{
  memset(o, 0, sizeof *o);
  o->path = path;
  if (is_special(path)) {
    kb_error(kb_at_file(path), "is no regular file");
    return false;
  }
  int fd = open_beside(o);
  if (fd < 0) return fail(o, "be written");
  close(fd);
  return true;
}

bool kb_out_close(kb_out *o)
{
  if (!o->f) return true;
  bool bad = ferror(o->f) || fflush(o->f) != 0;
  if (fclose(o->f) != 0) bad = true;
  o->f = NULL;
  return !bad || fail(o, "be written");
}

bool kb_out_commit(kb_out *o)
{
  if (!kb_out_close(o)) return false;
  if (!o->temp) return true;
  if (rename(o->temp, o->path) != 0) return fail(o, "be put in place");
  forget(o->temp);
  free(o->temp);
  o->temp = NULL;
  return true;
}

void kb_out_drop(kb_out *o)
{
  if (o->f) fclose(o->f);
  o->f = NULL;
  if (!o->temp) return;
  unlink(o->temp);
  forget(o->temp);
  free(o->temp);
  o->temp = NULL;
}
