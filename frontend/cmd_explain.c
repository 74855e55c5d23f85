/* SPDX-License-Identifier: MIT */
/* cmd_explain.c: keelback explain: compiles a Python file's kernels and shows what the GCC plugin reports, line by line. */
#include "cmd.h"
#include "../emit/emit.h"
#include <config.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Compiles the kernels of M; the plugin's report goes to the file REPORT. */
static bool compile(const kb_mod *m, kb_cc *cc, const char *report)
{
  kb_out out;
  kb_emit_opts emit = { 0 };
  emit.prefix = "";
  emit.version = PACKAGE_VERSION;
  const char *c = kb_temp_file("explain.c"), *o = kb_temp_file("explain.o");
  if (!c || !o || !kb_out_open(&out, c)) return false;
  kb_emit_c(out.f, m, &emit);
  cc->report = report;
  return kb_out_commit(&out) && kb_cc_object(cc, c, o, true, true);
}

static bool copy_out(const char *path)
{
  char part[65536];
  size_t n;
  FILE *in = fopen(path, "r");
  if (!in) return fputs("[\n]\n", stdout) >= 0; /* no plugin */
  while ((n = fread(part, 1, sizeof part, in)) > 0) fwrite(part, 1, n, stdout);
  return fclose(in) == 0;
}

int kb_cmd_explain(int argc, char **argv)
{
  kb_job job = { 0 };
  kb_cc cc = { 0 };
  kt_mod *t;
  struct stat st;
  bool json = false;
  for (int i = 0; i < argc; i++) {
    if (kb_job_option(&job, argc, argv, &i)) continue;
    const char *why = kb_cc_refused(argv[i]);
    if (strcmp(argv[i], "--json") == 0) json = true;
    else if (strncmp(argv[i], "--", 2) == 0) kb_usage_error("explain", "unknown option %s", argv[i]);
    else if (why) kb_usage_error("explain", "the flag %s is refused: %s", argv[i], why);
    else if (argv[i][0] == '-') kb_vec_push(&cc.user, argv[i]);
    else if (job.input) kb_usage_error("explain", "one file at a time, not both %s and %s", job.input, argv[i]);
    else job.input = argv[i];
  }
  if (!job.input) kb_usage_error("explain", "which Python file?");
  const char *colon = strrchr(job.input, ':'), *only = "";
  if (colon && stat(job.input, &st) != 0) {
    only = colon + 1;
    job.input = kb_intern_n(job.input, (size_t)(colon - job.input));
  }
  cc.paths = kb_paths_from(kb_paths_program());
  cc.verbose = job.verbose;
  kb_mod *m = kb_job_compile(&job, &t);
  const char *report = m ? kb_temp_file("explain.json") : NULL;
  bool ok = report && compile(m, &cc, report);
  char *args[3] = { (char *)job.input, (char *)report, (char *)only };
  int status = !ok ? 1 : json ? !copy_out(report) : kb_py_call_main("keelback._explain", "main", 3, args);
  if (m) kb_mod_free(m);
  kt_mod_free(t);
  kb_vec_free(&cc.user);
  return status;
}
