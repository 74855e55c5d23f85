/* SPDX-License-Identifier: MIT */
/* cc.c: runs the C compiler over emitted C, with the flags that keep Python's meaning. */
#include "cmd.h"
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void kb_argv_words(kb_argv *a, const char *text)
{
  while (*text) {
    while (*text == ' ' || *text == '\t' || *text == '\n') text++;
    if (!*text) break;
    char word[4096];
    size_t n = 0;
    char quote = 0;
    for (; *text && (quote || !strchr(" \t\n", *text)); text++) {
      if (quote && *text == quote) quote = 0;
      else if (!quote && (*text == '\'' || *text == '"')) quote = *text;
      else {
        if (*text == '\\' && quote != '\'' && text[1]) text++;
        if (n < sizeof word) word[n++] = *text;
      }
    }
    kb_vec_push(a, kb_intern_n(word, n));
  }
}

/* -- Running --------------------------------------------------------------------------------------------------- */

bool kb_run(kb_argv *a, const char *log)
{
  pid_t pid;
  int status = 0;
  posix_spawn_file_actions_t actions;
  kb_vec_push(a, NULL);
  posix_spawn_file_actions_init(&actions);
  if (log) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  char **argv = (char **)kb_xrealloc(NULL, a->n * sizeof *argv);
  memcpy(argv, a->v, a->n * sizeof *argv);
  int error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
  free(argv);
  posix_spawn_file_actions_destroy(&actions);
  kb_loc none = { NULL, 0, 0, 0 };
  if (error) {
    kb_error(none, "the C compiler '%s' cannot be started: %s; install gcc, or set CC to a compiler", a->v[0],
             strerror(error));
    return false;
  }
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return false;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  if (WIFSIGNALED(status)) kb_error(none, "the C compiler '%s' was ended by signal %d", a->v[0], WTERMSIG(status));
  else if (WEXITSTATUS(status) == 127)
    kb_error(none, "the C compiler '%s' was not found; install gcc, or set CC to a compiler", a->v[0]);
  else kb_error(none, "the C compiler failed: %s gave status %d", a->v[0], WEXITSTATUS(status));
  return false;
}

/* -- Flags ------------------------------------------------------------------------------------------------------- */

const char *kb_cc_refused(const char *flag)
{
  static const struct {
    const char *flag, *why;
  } refused[] = {
    { "-Ofast",
      "it drops Python's meaning of floats; use -O3, and fastmath={...} in the kernels that may be less exact" },
    { "-ffast-math", "it drops Python's meaning of floats, and changes that of the whole process when linking; use "
                     "fastmath={...} in the kernel" },
    { "-funsafe-math-optimizations", "it drops Python's meaning of floats; use fastmath={...} in the kernel" },
    { "-fassociative-math", "it changes the order of sums; use fastmath={\"reassoc\"} in the kernel" },
    { "-freciprocal-math", "it makes divisions inexact; use fastmath={\"arcp\"} in the kernel" },
    { "-ffinite-math-only", "it breaks tests for NaN and infinity; use fastmath={\"nnan\"} in the kernel" },
    { "-fno-signed-zeros", "it loses the sign of zero; use fastmath={\"nsz\"} in the kernel" },
    { "-ffp-contract=fast", "it fuses a*b+c, which rounds differently; use fastmath={\"contract\"} in the kernel" },
    { "-ffp-contract=on", "it fuses a*b+c, which rounds differently; use fastmath={\"contract\"} in the kernel" },
    { "-fsingle-precision-constant", "it makes constants inexact; use kb.f32(...) in the kernel" },
    { "-mpc32", "it makes floats inexact" },
    { "-mpc64", "it makes floats inexact" },
    { "-mfpmath=387", "it computes floats with more bits than Python has" },
    { "-m32", "kernels need a 64-bit target" },
  };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    if (strcmp(flag, refused[i].flag) == 0) return refused[i].why;
  return NULL;
}

static bool has_prefix(const kb_argv *a, const char *start)
{
  for (uint32_t i = 0; i < a->n; i++)
    if (strncmp(a->v[i], start, strlen(start)) == 0) return true;
  return false;
}

/* Is word, found on PATH and through symbolic links, some gcc? (cc is one as a rule; ccache gcc has one behind it.) */
static bool is_gcc(const char *word)
{
  const char *path = strchr(word, '/') ? "" : getenv("PATH");
  for (const char *dir = path ? path : "";; dir += strspn(dir, ":")) {
    char file[PATH_MAX], real[PATH_MAX];
    size_t n = strcspn(dir, ":");
    snprintf(file, sizeof file, "%.*s%s%s", (int)n, dir, n ? "/" : "", word);
    if (realpath(file, real) && access(real, X_OK) == 0) {
      const char *name = kb_base_name(real);
      return (strstr(name, "gcc") || strstr(name, "g++")) && !strstr(name, "clang");
    }
    dir += n;
    if (!*dir) return false;
  }
}

/* $CC, or the compiler that Keelback was built with. Does it take gcc's own flags and plugins? A gcc of another version
 * than the plugin's says so itself and goes on without; another compiler would refuse the flag. */
static bool put_compiler(const kb_cc *c, kb_argv *a)
{
  const char *cc = getenv("CC");
  bool gcc = false;
  if (!cc || !*cc) cc = c->paths->cc;
  kb_argv_words(a, cc);
  if (a->n == 0) kb_vec_push(a, "gcc");
  for (uint32_t i = 0; i < a->n && !gcc; i++) gcc = a->v[i][0] != '-' && is_gcc(a->v[i]);
  return gcc;
}

static bool is_for_linking(const char *flag)
{
  return strncmp(flag, "-l", 2) == 0 || strncmp(flag, "-L", 2) == 0 || strncmp(flag, "-Wl,", 4) == 0;
}

static void put_user(const kb_cc *c, kb_argv *a, bool linking)
{
  for (uint32_t i = 0; i < c->user.n; i++)
    if (linking || !is_for_linking(c->user.v[i])) kb_vec_push(a, c->user.v[i]);
}

/* The flag NAME=VALUE. */
static void put_flag(kb_argv *a, const char *name, const char *value)
{
  size_t n = strlen(name) + strlen(value) + 2;
  char *flag = (char *)kb_xrealloc(NULL, n);
  snprintf(flag, n, "%s=%s", name, value);
  kb_vec_push(a, kb_intern(flag));
  free(flag);
}

static void put_compile(const kb_cc *c, kb_argv *a, bool kernels)
{
  bool gcc = put_compiler(c, a);
  if (!has_prefix(&c->user, "-std=")) kb_vec_push(a, "-std=gnu11");
  if (!has_prefix(&c->user, "-O")) kb_vec_push(a, kernels ? "-O3" : "-O2");
  kb_argv_words(a, c->paths->cflags);
  if (kernels && gcc && c->paths->plugin) {
    put_flag(a, "-fplugin", c->paths->plugin);
    if (c->report) put_flag(a, "-fplugin-arg-keelback-report", c->report);
  }
  put_user(c, a, false); /* behind the plugin: there may be arguments for it */
  kb_vec_push(a, "-fno-math-errno"); /* after the user's: these have the last word */
  kb_vec_push(a, "-fno-trapping-math");
  kb_vec_push(a, "-ffp-contract=off");
  kb_vec_push(a, "-DKB_NO_CONTRACT");
  kb_vec_push(a, "-I");
  kb_vec_push(a, c->paths->include);
  /* gcc must not move an exit block into a function of its own: the caller would test the result, and the exit would
   * join the loop again */
  if (kernels && gcc) kb_vec_push(a, "-fno-partial-inlining");
}

static bool run(const kb_cc *c, kb_argv *a)
{
  if (c->verbose) {
    for (uint32_t i = 0; i < a->n; i++) fprintf(stderr, "%s%s", i ? " " : "", a->v[i]);
    fputc('\n', stderr);
  }
  bool ok = kb_run(a, c->log);
  kb_vec_free(a);
  return ok;
}

bool kb_cc_object(const kb_cc *c, const char *source, const char *output, bool kernels, bool for_python)
{
  kb_argv a = { 0 };
  put_compile(c, &a, kernels);
  kb_vec_push(&a, "-fPIC"); /* an object may go into a shared library, too */
  if (for_python) {
    kb_vec_push(&a, "-DKB_PYTHON");
    kb_vec_push(&a, "-fvisibility=hidden");
    if (!kernels) {
      kb_vec_push(&a, KB_PYTHON_INCLUDE_OPTION);
      kb_vec_push(&a, KB_PYTHON_INCLUDE);
    }
  }
  kb_vec_push(&a, "-c");
  kb_vec_push(&a, source);
  kb_vec_push(&a, "-o");
  kb_vec_push(&a, output);
  return run(c, &a);
}

bool kb_cc_module(const kb_cc *c, const char *kernels_o, const char *wrapper_o, const char *output)
{
  kb_argv a = { 0 };
  put_compiler(c, &a);
  kb_argv_words(&a, c->paths->cflags);
  kb_vec_push(&a, "-shared");
  kb_vec_push(&a, "-fPIC");
  kb_vec_push(&a, "-Wl,--exclude-libs,ALL"); /* nothing of libkeelback is exported */
  kb_vec_push(&a, "-o");
  kb_vec_push(&a, output);
  kb_vec_push(&a, kernels_o);
  kb_vec_push(&a, wrapper_o);
  put_user(c, &a, true);
  kb_vec_push(&a, "-L");
  kb_vec_push(&a, c->paths->python_lib);
  kb_vec_push(&a, "-L");
  kb_vec_push(&a, c->paths->lib);
  kb_vec_push(&a, "-lkeelback-py" KB_PYTHON_VERSION);
  kb_vec_push(&a, "-lkeelback");
  kb_argv_words(&a, KB_BLAS_LIBS);
  kb_vec_push(&a, "-lm");
  return run(c, &a);
}
