/* SPDX-License-Identifier: MIT */
/* keelback.c: the keelback command: finds the job and does it. */
#include "cmd.h"
#include "../ir/image.h"
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "usage: keelback JOB ...\n"
    "\n"
    "  emit K.py -o K.c [--header K.h] [--depfile K.d] [--prefix P]   Python to C\n"
    "  build K.py -o K.so|K.o|K.a [--header K.h] [--prefix P] [--save-temps] [--verbose] [-O2 -march=... cc's flags]\n"
    "                                  Python to an extension module (.so), or an object or archive for C\n"
    "  check K.py [-n N] [--seed S]    compares every kernel with CPython; TAP\n"
    "  explain K.py[:F] [--json] [cc's flags]   what the GCC plugin did to each line, and why not more; the report as JSON\n"
    "  ir K.py[:F] [--after PASS]      text of the typed IR, of one kernel or of all; after image: what is interpreted,\n"
    "                                  osr: where native code takes over from the interpreter\n"
    "  opt F.kir [-p PASS] [-x ENGINES]   passes and engines over text IR\n"
    "  config --cflags | --kernel-cflags | --libs | --plugin | --python | --version\n"
    "\n"
    "  -d LETTERS of emit, build and ir shows the steps between (-d ? lists them).\n"
    "  CC and AR name other tools; errors have the status 1, wrong usage 2.\n";

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
} jobs[] = {
  { "emit", kb_cmd_emit }, { "build", kb_cmd_build }, { "ir", kb_cmd_ir },
  { "opt", kb_cmd_opt },   { "check", kb_cmd_check }, { "config", kb_cmd_config },
  { "explain", kb_cmd_explain },
};

/* -- ir ------------------------------------------------------------------------------------------------------------ */

static const char step_names[] =
#define STAGE(letter, name) " " #name
#define PASS(letter, name) ""
#include "passes.def"
    " fold gvn range guardelim inline dce image osr";

static bool is_step(const char *name)
{
  size_t n = strlen(name);
  for (const char *at = step_names; (at = strstr(at, name)); at += n)
    if (at[-1] == ' ' && (at[n] == ' ' || !at[n])) return true;
  return false;
}

/* Listing of the image that the interpreter would get of generic function f. */
static void print_image(const kb_mod *m, const kb_fn *f)
{
  char why[200];
  size_t n;
  unsigned char *bytes = kb_image_make(m, f, &n);
  kb_image *im = kb_image_load(bytes, n, why, sizeof why);
  if (!im) kb_bug(__FILE__, __LINE__, "the image of %s is refused: %s", f->name, why);
  kb_image_print(stdout, im);
  kb_image_free(im);
  free(bytes);
}

static void print_osr(const kb_mod *m, const kb_fn *f)
{
  kb_print_fn(stdout, m, f);
  for (uint32_t i = 0; i < f->nheads; i++) {
    printf("# loop %u pc %u", i, f->heads[i].pc);
    if (f->heads[i].n == UINT32_MAX) fputs(" cannot be entered", stdout);
    else printf(" words %u slots", f->heads[i].nwords);
    for (uint32_t k = 0; f->heads[i].n != UINT32_MAX && k < f->heads[i].n; k++)
      printf(" %u:%s", f->heads[i].entries[k].slot, kb_type_text(f->heads[i].entries[k].ty));
    putchar('\n');
  }
}

int kb_cmd_ir(int argc, char **argv)
{
  kb_job job = { 0 };
  bool image = false;
  kt_mod *t;
  const char *value, *only = NULL;
  struct stat st;
  for (int i = 0; i < argc; i++) {
    if (kb_job_option(&job, argc, argv, &i)) continue;
    if ((value = kb_option("--after", argc, argv, &i))) job.after = value;
    else if (argv[i][0] == '-') kb_usage_error("ir", "unknown option %s", argv[i]);
    else if (job.input) kb_usage_error("ir", "one file at a time, not both %s and %s", job.input, argv[i]);
    else job.input = argv[i];
  }
  if (!job.input) kb_usage_error("ir", "which Python file?");
  if (job.after && !is_step(job.after))
    kb_usage_error("ir", "there is no step '%s'; the steps are%s", job.after, step_names);
  if ((image = job.after && strcmp(job.after, "image") == 0)) job.after = "lower";
  const char *colon = strrchr(job.input, ':');
  if (colon && stat(job.input, &st) != 0) {
    only = colon + 1;
    job.input = kb_intern_n(job.input, (size_t)(colon - job.input));
  }
  kb_mod *m = kb_job_compile(&job, &t);
  bool found = only == NULL, ok = m != NULL;
  for (uint32_t i = 0; only && m && i < m->fns.n; i++) {
    if (strcmp(m->fns.v[i]->name, only) != 0) continue;
    if (image) print_image(m, m->fns.v[i]);
    else if (!job.after || strcmp(job.after, "osr") != 0) kb_print_fn(stdout, m, m->fns.v[i]);
    found = true;
  }
  bool osr = job.after && strcmp(job.after, "osr") == 0;
  for (uint32_t i = 0; osr && m && i < m->osr.n; i++)
    if (!only || strcmp(m->osr.v[i]->name, only) == 0) print_osr(m, m->osr.v[i]);
  for (uint32_t i = 0; image && m && !only && i < m->fns.n; i++) print_image(m, m->fns.v[i]);
  if (m && !only && !image && !osr) kb_print_mod(stdout, m);
  if (m && !found) kb_error(kb_at_file(job.input), "there is no kernel '%s'", only);
  if (m) kb_mod_free(m);
  kt_mod_free(t);
  return ok && found ? 0 : 1;
}

/* -- check, config --------------------------------------------------------------------------------------------------- */

int kb_cmd_check(int argc, char **argv)
{
  const kb_paths *paths = kb_paths_from(kb_paths_program());
  if (!paths || !kb_py_start(paths, true)) return 1;
  return kb_py_call_main("keelback.check", "main", argc, argv);
}

int kb_cmd_config(int argc, char **argv)
{
  const kb_paths *p = kb_paths_from(kb_paths_program());
  if (!p) return 1;
  if (argc == 0) kb_usage_error("config", "what? --cflags, --kernel-cflags, --libs, --plugin, --python or --version");
  for (int i = 0; i < argc; i++) {
    if (strcmp(argv[i], "--cflags") == 0) printf("-I%s\n", p->include);
    else if (strcmp(argv[i], "--kernel-cflags") == 0) {
      printf("-I%s -fno-math-errno -fno-trapping-math -ffp-contract=off", p->include);
      if (p->plugin) printf(" -fplugin=%s", p->plugin);
      putchar('\n');
    } else if (strcmp(argv[i], "--libs") == 0) printf("-L%s -lkeelback%s -lm\n", p->lib, *KB_BLAS_LIBS ? " " KB_BLAS_LIBS : "");
    else if (strcmp(argv[i], "--plugin") == 0) printf("%s\n", p->plugin ? p->plugin : "");
    else if (strcmp(argv[i], "--python") == 0) printf("%s\n", p->python);
    else if (strcmp(argv[i], "--version") == 0) printf("%s\n", PACKAGE_VERSION);
    else kb_usage_error("config", "unknown option %s", argv[i]);
  }
  return 0;
}

/* -- main ---------------------------------------------------------------------------------------------------------------- */

/* What was printed has arrived, or the status says that it has not. */
static int flushed(int status)
{
  bool bad = ferror(stdout) != 0;
  if (fflush(stdout) != 0) bad = true;
  if (!bad) return status;
  fprintf(stderr, "keelback: the output cannot be written: %s\n", strerror(errno));
  return status ? status : 1;
}

int main(int argc, char **argv)
{
  int status = -1;
  if (argc < 2) {
    fputs(help, stderr);
    return 2;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    fputs(help, stdout);
    return flushed(0);
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("keelback %s (Python %s)\n", PACKAGE_VERSION, KB_PYTHON_VERSION);
    return flushed(0);
  }
  kb_temp_on_signals();
  for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
    if (strcmp(argv[1], jobs[i].name) != 0) continue;
    status = jobs[i].run(argc - 2, argv + 2);
    break;
  }
  if (status < 0) {
    fprintf(stderr, "keelback: unknown job '%s'; see keelback --help\n", argv[1]);
    return 2;
  }
  status = flushed(status);
  kb_py_end(strcmp(argv[1], "check") == 0);
  kb_temp_clean();
  return status;
}
