/* SPDX-License-Identifier: MIT */
/* cmd_build.c: keelback build: a Python file to an object, an archive or an extension module. */
#include "cmd.h"
#include "../emit/emit.h"
#include <config.h>

#include <ctype.h>
#include <string.h>
#include <unistd.h>

typedef enum { OBJECT, ARCHIVE, MODULE } target;

typedef struct {
  kb_job job;
  target what;
  kb_cc cc;
  kb_emit_opts emit;
  const char *stem;                                   /* of the output: kernels */
  const char *c, *wrapper_c, *header, *o, *wrapper_o; /* temporary files */
} build;

static bool ends_with(const char *s, const char *end)
{
  size_t n = strlen(s), k = strlen(end);
  return n > k && strcmp(s + n - k, end) == 0;
}

static bool is_identifier(const char *s)
{
  if (!isalpha((unsigned char)*s) && *s != '_') return false;
  while (isalnum((unsigned char)*s) || *s == '_') s++;
  return *s == 0;
}

/* -- Options -------------------------------------------------------------------------------------------------- */

/* Flags whose value is the next word. */
static bool takes_value(const char *flag)
{
  static const char *const flags[] = { "-I",       "-D",       "-U",         "-L",       "-l",
                                       "-include", "-isystem", "-idirafter", "-Xlinker", "-x" };
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strcmp(flag, flags[i]) == 0) return true;
  return false;
}

static void put_flag(build *b, int argc, char **argv, int *i)
{
  const char *why = kb_cc_refused(argv[*i]);
  if (why) kb_usage_error("build", "the flag %s is refused: %s", argv[*i], why);
  kb_vec_push(&b->cc.user, argv[*i]);
  if (!takes_value(argv[*i])) return;
  if (*i + 1 >= argc) kb_usage_error("build", "the flag %s needs a value", argv[*i]);
  kb_vec_push(&b->cc.user, argv[++*i]);
}

static void parse(build *b, int argc, char **argv)
{
  kb_job *job = &b->job;
  const char *value;
  for (int i = 0; i < argc; i++) {
    if (kb_job_option(job, argc, argv, &i)) continue;
    if ((value = kb_option("-o", argc, argv, &i))) job->output = value;
    else if ((value = kb_option("--header", argc, argv, &i))) job->header = value;
    else if (strcmp(argv[i], "--save-temps") == 0) job->save_temps = true;
    else if (strncmp(argv[i], "--", 2) == 0) kb_usage_error("build", "unknown option %s", argv[i]);
    else if (argv[i][0] == '-') put_flag(b, argc, argv, &i);
    else if (job->input) kb_usage_error("build", "one file at a time, not both %s and %s", job->input, argv[i]);
    else job->input = argv[i];
  }
  if (!job->input) kb_usage_error("build", "which Python file?");
  if (!job->output) kb_usage_error("build", "-o is missing: -o K.so for Python, -o K.o or -o K.a for C");
  if (ends_with(job->output, ".so")) b->what = MODULE;
  else if (ends_with(job->output, ".o")) b->what = OBJECT;
  else if (ends_with(job->output, ".a")) b->what = ARCHIVE;
  else kb_usage_error("build", "what is %s? the output ends in .so (for Python), .o or .a (for C)", job->output);
  const char *base = kb_base_name(job->output);
  b->stem = kb_intern_n(base, strcspn(base, "."));
  if (b->what == MODULE && !is_identifier(b->stem))
    kb_usage_error("build", "'%s' cannot be the name of a Python module; name the output differently", b->stem);
}

/* -- Steps ------------------------------------------------------------------------------------------------------ */

/* A temporary file, or with --save-temps one beside the output. */
static const char *scratch(const build *b, kb_arena *arena, const char *end)
{
  if (!b->job.save_temps) return kb_temp_file(kb_arena_printf(arena, "%s%s", b->stem, end));
  const char *slash = strrchr(b->job.output, '/');
  return kb_arena_printf(arena, "%.*s%s%s", slash ? (int)(slash + 1 - b->job.output) : 0, b->job.output, b->stem, end);
}

static bool emit_kernels(build *b, const kb_mod *m, kb_arena *arena)
{
  kb_out out;
  if (b->job.header) {
    b->emit.header = kb_base_name(b->job.header);
    b->header = kb_temp_file(b->emit.header);
    if (!b->header || !kb_out_open(&out, b->header)) return false;
    kb_emit_header(out.f, m, &b->emit, kb_header_guard(arena, b->job.header));
    if (!kb_out_commit(&out)) return false;
    kb_vec_push(&b->cc.user, "-I");
    kb_vec_push(&b->cc.user, kb_temp_dir());
  }
  b->c = scratch(b, arena, ".kb.c");
  b->o = kb_temp_file("kernels.o");
  if (!b->c || !b->o || !kb_out_open(&out, b->c)) return false;
  kb_emit_c(out.f, m, &b->emit);
  return kb_out_commit(&out);
}

static bool emit_wrapper(build *b, kt_mod *t, const kb_mod *m)
{
  kb_out out;
  kb_emit_pysource src = { 0 };
  b->wrapper_c = scratch(b, t->arena, ".kbpy.c");
  b->wrapper_o = kb_temp_file("wrapper.o");
  if (!b->wrapper_c || !b->wrapper_o || !kb_py_source(t, &src.source, &src.nsource, &src.code, &src.ncode))
    return false;
  if (!kb_out_open(&out, b->wrapper_c)) return false;
  kb_emit_python(out.f, m, &b->emit, &src);
  return kb_out_commit(&out);
}

/* ar into a new archive: an old one would keep members of other names. */
static bool archive(const build *b, const char *output)
{
  kb_argv a = { 0 };
  const char *ar = getenv("AR");
  unlink(output);
  kb_argv_words(&a, ar && *ar ? ar : "ar");
  kb_vec_push(&a, "rcsD");
  kb_vec_push(&a, output);
  kb_vec_push(&a, b->o);
  bool ok = kb_run(&a, NULL);
  kb_vec_free(&a);
  return ok;
}

/* Copies the header that the objects were compiled with into place. */
static bool put_header(const build *b, kb_out *h)
{
  char part[65536];
  size_t n;
  FILE *in = fopen(b->header, "r");
  if (!in || !kb_out_open(h, b->job.header)) {
    if (in) fclose(in);
    return false;
  }
  while ((n = fread(part, 1, sizeof part, in)) > 0) fwrite(part, 1, n, h->f);
  fclose(in);
  return kb_out_close(h);
}

static bool compile_and_link(build *b, kt_mod *t, const kb_mod *m)
{
  kb_out out = { 0 }, h = { 0 };
  bool python = b->what == MODULE;
  if (!emit_kernels(b, m, t->arena) || (python && !emit_wrapper(b, t, m))) return false;
  bool ok = kb_out_reserve(&out, b->job.output);
  if (ok && b->what == OBJECT) ok = kb_cc_object(&b->cc, b->c, out.temp, true, false);
  else ok = ok && kb_cc_object(&b->cc, b->c, b->o, true, python);
  if (python)
    ok = ok && kb_cc_object(&b->cc, b->wrapper_c, b->wrapper_o, false, true) &&
         kb_cc_module(&b->cc, b->o, b->wrapper_o, out.temp);
  if (b->what == ARCHIVE) ok = ok && archive(b, out.temp);
  ok = ok && (!b->job.header || put_header(b, &h)) && kb_out_commit(&out) && (!b->job.header || kb_out_commit(&h));
  kb_out_drop(&out);
  kb_out_drop(&h);
  return ok;
}

int kb_cmd_build(int argc, char **argv)
{
  build b = { 0 };
  kt_mod *t;
  parse(&b, argc, argv);
  b.cc.verbose = b.job.verbose;
  kb_mod *m = kb_job_compile(&b.job, &t);
  bool ok = m != NULL;
  if (ok) {
    b.cc.paths = kb_paths_from(kb_paths_program());
    b.emit.version = PACKAGE_VERSION;
    b.emit.stress = b.job.stress;
    b.emit.module = b.what == MODULE ? b.stem : NULL;
    b.emit.prefix = b.job.prefix ? b.job.prefix : "";
    if (b.what == MODULE && !b.job.prefix && !b.job.header) { /* nobody sees the C names: they may be any */
      const char *prefix = kb_arena_printf(t->arena, "%s_", b.stem);
      b.emit.prefix = kb_cname_refused(prefix) ? kb_arena_printf(t->arena, "py_%s", prefix) : prefix;
    }
    ok = kb_check_c_names(t, b.emit.prefix) && compile_and_link(&b, t, m);
  }
  if (m) kb_mod_free(m);
  kt_mod_free(t);
  kb_vec_free(&b.cc.user);
  return ok ? 0 : 1;
}
