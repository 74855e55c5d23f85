/* SPDX-License-Identifier: MIT */
/* paths.c: where Keelback's own files are: beside a build tree's program, or under the prefix of an installed one. */
#include "cmd.h"
#include <config.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

static kb_arena *arena; /* process-wide */

static const char *text(const char *fmt, const char *a, const char *b)
{
  char *s = kb_arena_printf(arena, fmt, a, b);
  return s;
}

/* "prefix/folder", or folder when it is absolute. */
static const char *under(const char *prefix, const char *folder)
{
  return *folder == '/' ? folder : kb_arena_printf(arena, "%s/%s", prefix, folder);
}

static bool exists(const char *path) { return access(path, R_OK) == 0; }

/* The folder n levels above path. */
static const char *up(const char *path, int n)
{
  size_t len = strlen(path);
  while (n-- > 0) {
    while (len > 1 && path[len - 1] != '/') len--;
    while (len > 1 && path[len - 1] == '/') len--;
  }
  return kb_arena_strndup(arena, path, len);
}

/* Value of KEY=VALUE in the file's text, "" when it is not there. */
static const char *setting(const char *env, const char *key)
{
  size_t n = strlen(key);
  for (const char *line = env; *line; line += *line == '\n') {
    size_t len = strcspn(line, "\n");
    if (len > n && strncmp(line, key, n) == 0 && line[n] == '=')
      return kb_arena_strndup(arena, line + n + 1, len - n - 1);
    line += len;
  }
  return "";
}

static const char *read_text(const char *path)
{
  char all[16384];
  FILE *in = fopen(path, "r");
  if (!in) return NULL;
  size_t n = fread(all, 1, sizeof all - 1, in);
  fclose(in);
  return kb_arena_strndup(arena, all, n);
}

static void of_build_tree(kb_paths *p, const char *env)
{
  const char *builddir = setting(env, "builddir"), *plugin = setting(env, "plugin");
  p->include = text("%s/include%s", setting(env, "srcdir"), "");
  p->lib = p->python_lib = builddir;
  p->package_dir = text("%s/python%s", builddir, "");
  p->plugin = *plugin && exists(plugin) ? plugin : NULL;
  p->python = setting(env, "python");
  p->cc = setting(env, "cc");
  p->cflags = setting(env, "cflags");
}

/* The prefix is the folder above own_file in which the libraries are found. */
static bool of_prefix(kb_paths *p, const char *own_file)
{
  for (int n = 2; n < 8; n++) {
    const char *prefix = up(own_file, n), *lib = under(prefix, KB_LIBDIR);
    if (!exists(text("%s/libkeelback.a%s", lib, ""))) continue;
    const char *plugin = text("%s/keelback/plugin/keelback.so%s", lib, "");
    p->lib = lib;
    p->python_lib = text("%s/keelback%s", lib, "");
    p->include = under(prefix, KB_INCLUDEDIR);
    p->package_dir = under(prefix, KB_PYTHONDIR);
    p->plugin = exists(plugin) ? plugin : NULL;
    p->python = KB_PYTHON_EXE;
    p->cc = KB_CC;
    p->cflags = KB_USER_CFLAGS;
    return true;
  }
  return false;
}

const kb_paths *kb_paths_from(const char *own_file)
{
  static kb_paths found;
  if (found.lib) return &found;
  if (!arena) arena = kb_arena_new();
  char real[PATH_MAX];
  if (realpath(own_file, real)) own_file = real;
  for (int n = 1; n <= 3; n++) { /* also .libs/, and python/keelback/ of a build tree */
    const char *env = read_text(text("%s/keelback-build.env%s", up(own_file, n), ""));
    if (!env) continue;
    of_build_tree(&found, env);
    return &found;
  }
  if (of_prefix(&found, own_file)) return &found;
  kb_error(kb_at_file(own_file),
           "Keelback's libraries are not where they were installed; reinstall, or keep bin and %s together", KB_LIBDIR);
  return NULL;
}

const char *kb_paths_program(void)
{
  static char self[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n < 0) return "keelback";
  self[n] = 0;
  return self;
}
