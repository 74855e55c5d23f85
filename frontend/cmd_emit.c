/* SPDX-License-Identifier: MIT */
/* cmd_emit.c: keelback emit: a Python file to C, a header and a depfile. Byte for byte the same for the same input. */
#include "cmd.h"
#include "../emit/emit.h"
#include <config.h>

#include <string.h>

/* A name as make reads it. */
static void put_dep(FILE *out, const char *path)
{
  for (; *path; path++) {
    if (*path == ' ' || *path == '#') fputc('\\', out);
    if (*path == '$') fputc('$', out);
    fputc(*path, out);
  }
}

/* outputs: inputs, and each imported file as a target without a rule, so that make goes on when one is removed. */
static void put_depfile(FILE *out, const kb_job *job, const kt_mod *t)
{
  put_dep(out, job->output);
  if (job->header) {
    fputc(' ', out);
    put_dep(out, job->header);
  }
  fputc(':', out);
  fputc(' ', out);
  put_dep(out, job->input);
  for (uint32_t i = 0; i < t->deps.n; i++) {
    fputs(" \\\n  ", out);
    put_dep(out, t->deps.v[i]);
  }
  fputc('\n', out);
  for (uint32_t i = 0; i < t->deps.n; i++) {
    fputc('\n', out);
    put_dep(out, t->deps.v[i]);
    fputs(":\n", out);
  }
}

/* Writes all, then moves all into place. */
static bool write_all(const kb_job *job, const kt_mod *t, const kb_mod *m)
{
  kb_out c = { 0 }, h = { 0 }, d = { 0 };
  kb_emit_opts o = { 0 };
  o.prefix = job->prefix ? job->prefix : "";
  o.header = job->header ? kb_base_name(job->header) : NULL;
  o.version = PACKAGE_VERSION;
  o.stress = job->stress;
  bool ok = kb_out_open(&c, job->output);
  if (ok) {
    kb_emit_c(c.f, m, &o);
    ok = kb_out_close(&c);
  }
  if (ok && job->header && (ok = kb_out_open(&h, job->header))) {
    kb_emit_header(h.f, m, &o, kb_header_guard(t->arena, job->header));
    ok = kb_out_close(&h);
  }
  if (ok && job->depfile && (ok = kb_out_open(&d, job->depfile))) {
    put_depfile(d.f, job, t);
    ok = kb_out_close(&d);
  }
  ok = ok && kb_out_commit(&c) && (!job->header || kb_out_commit(&h)) && (!job->depfile || kb_out_commit(&d));
  kb_out_drop(&c);
  kb_out_drop(&h);
  kb_out_drop(&d);
  return ok;
}

int kb_cmd_emit(int argc, char **argv)
{
  kb_job job = { 0 };
  kt_mod *t;
  const char *value;
  for (int i = 0; i < argc; i++) {
    if (kb_job_option(&job, argc, argv, &i)) continue;
    if ((value = kb_option("-o", argc, argv, &i))) job.output = value;
    else if ((value = kb_option("--header", argc, argv, &i))) job.header = value;
    else if ((value = kb_option("--depfile", argc, argv, &i))) job.depfile = value;
    else if (argv[i][0] == '-' && argv[i][1]) kb_usage_error("emit", "unknown option %s", argv[i]);
    else if (job.input) kb_usage_error("emit", "one file at a time, not both %s and %s", job.input, argv[i]);
    else job.input = argv[i];
  }
  if (!job.input) kb_usage_error("emit", "which Python file?");
  if (!job.output) job.output = "-";
  kb_mod *m = kb_job_compile(&job, &t);
  bool ok = m && kb_check_c_names(t, job.prefix ? job.prefix : "") && write_all(&job, t, m);
  if (m) kb_mod_free(m);
  kt_mod_free(t);
  return ok ? 0 : 1;
}
