/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gate.c: keelback.so, what -fplugin= names: loads the part that was built for this very GCC, keelback-gccN.so.
 *
 * GCC resolves every symbol of a plugin when it loads it, and stops the compilation when one is missing or when
 * plugin_init fails. So a plugin that uses GCC's functions cannot refuse another GCC in an orderly way. This file
 * uses none of them: where the other part is missing or does not fit, it says so in one line, and the compilation
 * goes on without the plugin, as emitted C may. Parts for several versions of GCC can stand side by side.
 */
#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* GCC's side, the same since GCC 4.5. */
struct plugin_name_args;
struct plugin_gcc_version {
  const char *basever, *datestamp, *devphase, *revision, *configuration_arguments;
};
struct plugin_name_args {
  char *base_name;
  const char *full_name;
};
typedef int init_fn(struct plugin_name_args *args, struct plugin_gcc_version *gcc);

int plugin_is_GPL_compatible;
init_fn plugin_init;

/* The folder of PATH, with its last slash, into DIR. */
static void folder_of(const char *path, char dir[PATH_MAX])
{
  const char *slash = strrchr(path, '/');
  snprintf(dir, PATH_MAX, "%.*s", slash ? (int)(slash + 1 - path) : 2, slash ? path : "./");
}

/* Says for which versions there are parts in DIR. */
static void refuse(const char *dir, const char *basever)
{
  char pattern[PATH_MAX + 32], have[256] = "";
  glob_t found;
  snprintf(pattern, sizeof pattern, "%skeelback-gcc*.so", dir);
  if (glob(pattern, 0, NULL, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; i++) {
      const char *version = strrchr(found.gl_pathv[i], '/') + 1 + strlen("keelback-gcc");
      size_t len = strlen(have);
      snprintf(have + len, sizeof have - len, "%s%.*s", len ? ", " : "", (int)strcspn(version, "."), version);
    }
    globfree(&found);
  }
  fprintf(stderr, "keelback: note: the plugin is built for GCC %s, this is GCC %s: going on without it\n",
          *have ? have : "(no version)", basever);
}

/* Loads DIR/keelback-gccMAJOR.so and hands over to it. False: there is no such file. */
static int hand_over(const char *dir, int major, struct plugin_name_args *args, struct plugin_gcc_version *gcc)
{
  char file[PATH_MAX + 32];
  snprintf(file, sizeof file, "%skeelback-gcc%d.so", dir, major);
  FILE *f = fopen(file, "rb");
  if (!f) return 0;
  fclose(f);
  /* Its symbols are GCC's C++ symbols: missing ones are this compiler's way to say that it is another one. */
  void *part = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  void *init = part ? dlsym(part, "plugin_init") : NULL;
  if (init) {
    init_fn *fn;
    memcpy(&fn, &init, sizeof fn);
    fn(args, gcc);
  } else {
    const char *why = dlerror();
    fprintf(stderr, "keelback: note: the plugin does not fit this GCC %s (%s): going on without it\n", gcc->basever,
            why ? why : file);
  }
  return 1;
}

/* Always succeeds: with or without us, the compilation goes on. */
int plugin_init(struct plugin_name_args *args, struct plugin_gcc_version *gcc)
{
  char dir[PATH_MAX], real[PATH_MAX];
  int major = atoi(gcc->basever);
  folder_of(args->full_name, dir);
  if (hand_over(dir, major, args, gcc)) return 0;
  /* A link to the plugin, in GCC's own plugin folder for instance. */
  if (realpath(args->full_name, real)) {
    folder_of(real, dir);
    if (hand_over(dir, major, args, gcc)) return 0;
  }
  refuse(dir, gcc->basever);
  return 0;
}
