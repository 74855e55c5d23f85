/* SPDX-License-Identifier: MIT */
/* cmd_common.c: what the jobs of the keelback command have in common: options, loading and compiling. */
#include "cmd.h"
#include "../emit/emit.h"
#include <config.h>

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

void kb_usage_error(const char *job, const char *fmt, ...)
{
  va_list ap;
  fprintf(stderr, "keelback %s: ", job);
  va_start(ap, fmt);
  vfprintf(stderr, fmt, ap);
  va_end(ap);
  fprintf(stderr, "; see keelback --help\n");
  kb_temp_clean();
  exit(2);
}

const char *kb_option(const char *name, int argc, char **argv, int *i)
{
  const char *arg = argv[*i];
  size_t n = strlen(name);
  if (strncmp(arg, name, n) != 0) return NULL;
  if (arg[n] == '=' && n > 2) return arg + n + 1;
  if (arg[n] && n == 2) return arg + n; /* -oFILE */
  if (arg[n]) return NULL;
  if (*i + 1 >= argc) kb_usage_error("", "option %s needs a value", name);
  return argv[++*i];
}

bool kb_job_option(kb_job *job, int argc, char **argv, int *i)
{
  const char *value;
  if ((value = kb_option("--prefix", argc, argv, i))) job->prefix = value;
  else if ((value = kb_option("-d", argc, argv, i))) {
    if (strcmp(value, "?") == 0) {
      puts("letters for -d:\n  t  the tree that the Python source is read into");
      kb_dump_letters(stdout);
      exit(fflush(stdout) != 0);
    }
    job->dump = value;
  } else if (strcmp(argv[*i], "--stress") == 0) job->stress = true;
  else if (strcmp(argv[*i], "--no-opt") == 0) job->no_opt = true;
  else if (strcmp(argv[*i], "--verbose") == 0) job->verbose = true;
  else return false;
  return true;
}

kb_mod *kb_job_compile(const kb_job *job, kt_mod **tree)
{
  kb_pipeline_opts o = { 0 };
  const kb_paths *paths = kb_paths_from(kb_paths_program());
  *tree = NULL;
  if (!paths || !kb_py_start(paths, false)) return NULL;
  kt_mod *t = kb_py_load(job->input);
  if (!t) return NULL;
  *tree = t;
  if (t->kernels.n == 0 && kb_error_count() == 0) {
    kb_error(kb_at_file(job->input), "no kernels: mark functions with @kb.kernel, after import keelback as kb");
    return NULL;
  }
  if (job->dump && strchr(job->dump, 't'))
    for (uint32_t i = 0; i < t->kernels.n; i++) kt_print(stderr, t->kernels.v[i]);
  o.dump = job->dump;
  o.dump_to = stderr;
  o.stop_after = job->after;
  o.no_opt = job->no_opt;
  o.stress = job->stress;
#ifdef KB_CHECKING
  o.verify = true;
#endif
  kb_mod *m = kb_compile(t, &o);
  if (m && kb_error_count() != 0) {
    kb_mod_free(m);
    m = NULL;
  }
  return m;
}

bool kb_check_c_names(const kt_mod *t, const char *prefix)
{
  bool ok = true;
  for (uint32_t i = 0; i < t->kernels.n; i++) {
    const kt_kernel *k = t->kernels.v[i];
    char name[1024];
    snprintf(name, sizeof name, "%s%s", prefix, k->c_name);
    const char *why = k->exported ? kb_cname_refused(name) : NULL;
    if (!why) continue;
    kb_error(k->loc,
             "'%s' cannot be a kernel's name in C: it %s; give another one by @kb.kernel(c_name=\"...\") or --prefix",
             name, why);
    ok = false;
  }
  return ok;
}

const char *kb_base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

const char *kb_header_guard(kb_arena *arena, const char *header)
{
  char *guard = kb_arena_printf(arena, "KB_%s", kb_base_name(header));
  for (char *c = guard; *c; c++) *c = (char)(isalnum((unsigned char)*c) ? toupper((unsigned char)*c) : '_');
  return guard;
}
