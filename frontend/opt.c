/* SPDX-License-Identifier: MIT */
/* opt.c: `keelback opt`: text IR in; named passes; text IR out, or its run: and exit: lines through engines.
 *
 *   keelback opt F.kir                       reads, verifies, prints
 *   keelback opt F.kir -p gvn,dce            runs the passes, the verifier after each, and prints
 *   keelback opt F.kir -p range -x folded,c  the same, and checks the file's run: and exit: lines instead of printing
 */
#include "cmd.h"
#include "kircheck.h"

#include <errno.h>
#include <string.h>

typedef struct { const char *file, *passes, *engines; } options;

static bool read_options(options *o, int argc, char **argv)
{
  for (int i = 0; i < argc; i++) {
    const char **to = !strcmp(argv[i], "-p") ? &o->passes : !strcmp(argv[i], "-x") ? &o->engines : NULL;
    if (to && i + 1 < argc)
      *to = argv[++i];
    else if (to || (argv[i][0] == '-' && argv[i][1]) || o->file)
      return false;
    else
      o->file = argv[i];
  }
  return o->file != NULL;
}

static char *read_file(const char *path, size_t *n)
{
  FILE *in = strcmp(path, "-") ? fopen(path, "r") : stdin;
  char *text = NULL;
  size_t cap = 0, got;
  *n = 0;
  if (!in) {
    kb_error(kb_at_file(path), "%s", strerror(errno));
    return NULL;
  }
  do {
    if (cap - *n < 4096)
      text = (char *)kb_xrealloc(text, cap = cap * 2 + 8192);
    got = fread(text + *n, 1, cap - *n - 1, in);
    *n += got;
  } while (got);
  text[*n] = 0;
  if (in != stdin)
    fclose(in);
  return text;
}

/* Bad text is the user's error; text that a pass broke is ours. */
static bool verify(const char *file, kb_mod *m, const char *after)
{
  char why[1024];
  for (uint32_t i = 0; i < m->fns.n; i++) {
    if (kb_verify(m, m->fns.v[i], why, sizeof why))
      continue;
    if (after)
      kb_bug(__FILE__, __LINE__, "%s: after %s: %s", file, after, why);
    kb_error(kb_at_file(file), "%s", why);
    return false;
  }
  return true;
}

/* The names between commas of list, one after the other, interned; NULL at the end. */
static const char *next_name(const char **list)
{
  size_t n = *list ? strcspn(*list, ",") : 0;
  if (!n)
    return NULL;
  const char *name = kb_intern_n(*list, n);
  *list += n + ((*list)[n] == ',');
  return name;
}

static bool run_passes(const options *o, kb_mod *m)
{
  const char *list = o->passes;
  for (const char *name; (name = next_name(&list));) {
    if (!kb_run_pass(m, name)) {
      kb_error(kb_at_file(o->file), "no pass is called '%s'", name);
      return false;
    }
    verify(o->file, m, name);
  }
  return true;
}

static bool run_engines(const options *o, const kb_mod *before, kb_mod *after, const char *text)
{
  kir_cases cases = { NULL, 0, 0 };
  kb_arena *a = kb_arena_new();
  const char *list = o->engines;
  uint32_t wrong = 0;
  bool ok = kir_read(o->file, text, before, a, &cases);
  if (ok && !cases.n) {
    kb_error(kb_at_file(o->file), "no run: or exit: line");
    ok = false;
  }
  for (const char *name; ok && (name = next_name(&list));) {
    if (!strcmp(name, "folded"))
      wrong += kir_check_folded(o->file, before, after, &cases);
    else if (!strcmp(name, "c"))
      wrong += kir_check_c(o->file, before, after, &cases);
    else {
      kb_error(kb_at_file(o->file), "no engine is called '%s'; there are: folded, c", name);
      ok = false;
    }
  }
  if (ok && !wrong)
    printf("%s: %u case(s) hold in %s\n", o->file, cases.n, o->engines);
  kb_vec_free(&cases);
  kb_arena_free(a);
  return ok && !wrong;
}

int kb_cmd_opt(int argc, char **argv)
{
  options o = { NULL, NULL, NULL };
  size_t n;
  if (!read_options(&o, argc, argv)) {
    fputs("usage: keelback opt FILE.kir [-p PASS,PASS...] [-x folded,c]\n"
          "passes: fold gvn range guardelim latch inline dce poll\n", stderr);
    return 2;
  }
  char *text = read_file(o.file, &n);
  if (!text)
    return 1;
  kb_mod *m = kb_parse_text(o.file, text, n), *before = NULL;
  bool ok = m && verify(o.file, m, NULL);
  if (ok && o.engines) /* as read: what the passes must preserve */
    before = kb_parse_text(o.file, text, n);
  ok = ok && run_passes(&o, m);
  if (ok && o.engines)
    ok = run_engines(&o, before, m, text);
  else if (ok)
    kb_print_mod(stdout, m);
  kb_mod_free(before);
  kb_mod_free(m);
  free(text);
  kb_temp_clean();
  return ok ? 0 : 1;
}
