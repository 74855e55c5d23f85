/* SPDX-License-Identifier: MIT */
/* check.c: does a program's output have the properties that a test file asks for?  prog | check [-p PREFIX] FILE
 *
 *   CHECK: text          is in the output, after what the line before matched
 *   CHECK-NEXT: text     is in the line after that of the last match
 *   CHECK-NOT: text      is not between the last match and the next one (or the section's end)
 *   CHECK-COUNT-3: text  is in just 3 of the lines between the last match and the section's end
 *   CHECK-LABEL: text    starts a section: what stands between two labels is looked for between their lines
 *
 * Blanks match any run of blanks. {{...}} is an extended regular expression; [[A:...]] one whose match gets the name
 * A, and [[A]] is that text again. A file without any of these lines is an error, so a test cannot be empty.
 */
#include <ctype.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { PLAIN, NEXT, NOT, COUNT, LABEL } dkind;
typedef struct { dkind kind; unsigned count, line; char *text; } directive;
typedef struct { char *name, *value; } variable;

static struct { char **v; size_t n; } out;
static struct { directive *v; size_t n; } want;
static struct { variable v[64]; size_t n; } vars;
static const char *file, *prefix = "CHECK";

static void *grow(void *p, size_t n)
{
  void *q = realloc(p, n ? n : 1);
  if (!q)
    abort();
  return q;
}

static char *copy(const char *s, size_t n)
{
  char *p = (char *)grow(NULL, n + 1);
  memcpy(p, s, n);
  p[n] = 0;
  return p;
}

/* -- Input ----------------------------------------------------------------------------------------- */

static char **read_lines(FILE *in, size_t *n)
{
  char **v = NULL, *line = NULL;
  size_t cap = 0;
  ssize_t len;
  for (*n = 0; (len = getline(&line, &cap, in)) >= 0; ++*n) {
    while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
      len--;
    v = (char **)grow(v, (*n + 1) * sizeof *v);
    v[*n] = copy(line, (size_t)len);
  }
  free(line);
  return v;
}

/* The directive of a line of the test file, if it has one. */
static bool parse_directive(const char *line, directive *d)
{
  size_t n = strlen(prefix);
  for (const char *p = line; (p = strstr(p, prefix)); p++) {
    if (p > line && (isalnum((unsigned char)p[-1]) || p[-1] == '-' || p[-1] == '_'))
      continue;
    const char *q = p + n;
    d->kind = PLAIN;
    d->count = 0;
    if (!strncmp(q, "-NEXT", 5)) {
      d->kind = NEXT;
      q += 5;
    } else if (!strncmp(q, "-NOT", 4)) {
      d->kind = NOT;
      q += 4;
    } else if (!strncmp(q, "-LABEL", 6)) {
      d->kind = LABEL;
      q += 6;
    } else if (!strncmp(q, "-COUNT-", 7)) {
      char *end;
      d->kind = COUNT;
      d->count = (unsigned)strtoul(q + 7, &end, 10);
      q = end;
    }
    if (*q != ':')
      continue;
    q++;
    while (*q == ' ' || *q == '\t')
      q++;
    size_t len = strlen(q);
    while (len && isspace((unsigned char)q[len - 1]))
      len--;
    d->text = copy(q, len);
    return true;
  }
  return false;
}

static void read_directives(void)
{
  FILE *in = fopen(file, "r");
  if (!in) {
    perror(file);
    exit(2);
  }
  size_t n;
  char **lines = read_lines(in, &n);
  fclose(in);
  for (size_t i = 0; i < n; i++) {
    directive d;
    if (parse_directive(lines[i], &d)) {
      d.line = (unsigned)i + 1;
      want.v = (directive *)grow(want.v, (want.n + 1) * sizeof *want.v);
      want.v[want.n++] = d;
    }
    free(lines[i]);
  }
  free(lines);
  if (!want.n) {
    fprintf(stderr, "%s: no %s line\n", file, prefix);
    exit(2);
  }
}

/* -- Patterns -------------------------------------------------------------------------------------- */

typedef struct { char *v; size_t n; } text;

static void add(text *t, const char *s, size_t n)
{
  t->v = (char *)grow(t->v, t->n + n + 1);
  memcpy(t->v + t->n, s, n);
  t->n += n;
  t->v[t->n] = 0;
}

static void add_literal(text *t, const char *s, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (strchr("\\^$.[]|()*+?{}", s[i]))
      add(t, "\\", 1);
    add(t, s + i, 1);
  }
}

static variable *find_variable(const char *name, size_t n)
{
  for (size_t i = 0; i < vars.n; i++)
    if (strlen(vars.v[i].name) == n && !strncmp(vars.v[i].name, name, n))
      return &vars.v[i];
  return NULL;
}

static _Noreturn void bad(const directive *d, const char *why)
{
  fprintf(stderr, "%s:%u: %s: %s\n", file, d->line, why, d->text);
  exit(2);
}

static size_t groups_in(const char *s, size_t n)
{
  size_t groups = 0;
  for (size_t i = 0; i < n; i++)
    groups += s[i] == '(' && (!i || s[i - 1] != '\\');
  return groups;
}

/* A pattern as an extended regular expression; names[g] is the variable that group g sets. */
static char *translate(const directive *d, char *names[10])
{
  text t = { NULL, 0 };
  size_t group = 0;
  add(&t, "", 0);
  for (const char *p = d->text; *p;) {
    const char *end, *colon;
    if (!strncmp(p, "{{", 2) && (end = strstr(p, "}}"))) {
      add(&t, "(", 1);
      add(&t, p + 2, (size_t)(end - p) - 2);
      add(&t, ")", 1);
      group += 1 + groups_in(p + 2, (size_t)(end - p) - 2);
      p = end + 2;
    } else if (!strncmp(p, "[[", 2) && (end = strstr(p, "]]"))) {
      while (end[2] == ']') /* [[A:[a-z]]] */
        end++;
      colon = (const char *)memchr(p, ':', (size_t)(end - p));
      if (colon) {
        if (++group >= 10)
          bad(d, "too many groups");
        names[group] = copy(p + 2, (size_t)(colon - p) - 2);
        add(&t, "(", 1);
        add(&t, colon + 1, (size_t)(end - colon) - 1);
        add(&t, ")", 1);
        group += groups_in(colon + 1, (size_t)(end - colon) - 1);
      } else {
        variable *v = find_variable(p + 2, (size_t)(end - p) - 2);
        if (!v)
          bad(d, "a name that has no text yet");
        add_literal(&t, v->value, strlen(v->value));
      }
      p = end + 2;
    } else if (*p == ' ' || *p == '\t') {
      while (*p == ' ' || *p == '\t')
        p++;
      add(&t, "[ \t]+", 5);
    } else {
      add_literal(&t, p++, 1);
    }
  }
  return t.v;
}

static void set_variable(char *name, const char *from, size_t n)
{
  variable *v = find_variable(name, strlen(name));
  if (v) {
    free(v->value);
    free(name);
  } else {
    if (vars.n == sizeof vars.v / sizeof *vars.v)
      abort();
    v = &vars.v[vars.n++];
    v->name = name;
  }
  v->value = copy(from, n);
}

/* Looks for the pattern in line i from column col on; where it starts and ends. */
typedef struct { regex_t re; char *names[10]; } pattern;

static void compile(pattern *p, const directive *d)
{
  memset(p, 0, sizeof *p);
  char *source = translate(d, p->names);
  if (regcomp(&p->re, source, REG_EXTENDED))
    bad(d, "not a regular expression");
  free(source);
}

static void release(pattern *p)
{
  regfree(&p->re);
  for (int g = 0; g < 10; g++)
    free(p->names[g]);
}

static bool find(pattern *p, size_t i, size_t col, size_t *start, size_t *end, bool bind)
{
  regmatch_t m[10];
  if (regexec(&p->re, out.v[i] + col, 10, m, col ? REG_NOTBOL : 0))
    return false;
  *start = col + (size_t)m[0].rm_so;
  *end = col + (size_t)m[0].rm_eo;
  for (int g = 1; g < 10 && bind; g++)
    if (p->names[g]) {
      set_variable(p->names[g], out.v[i] + col + m[g].rm_so, (size_t)(m[g].rm_eo - m[g].rm_so));
      p->names[g] = NULL;
    }
  return true;
}

/* -- Checking -------------------------------------------------------------------------------------- */

static const char *const suffix[] = { "", "-NEXT", "-NOT", "-COUNT", "-LABEL" };

static bool fail(const directive *d, const char *why, size_t from, size_t to)
{
  fprintf(stderr, "%s:%u: %s%s: %s: %s\n", file, d->line, prefix, suffix[d->kind], d->text, why);
  fprintf(stderr, "  searched (lines %zu to %zu of the output):\n", from + 1, to);
  for (size_t i = from; i < to && i < from + 60; i++)
    fprintf(stderr, "  | %s\n", out.v[i]);
  return false;
}

/* None of the NOT lines before directive k, from (line, col) to (to, tocol)? */
static bool check_nots(size_t k, size_t line, size_t col, size_t to, size_t tocol)
{
  size_t first = k;
  while (first && want.v[first - 1].kind == NOT)
    first--;
  for (; first < k; first++) {
    pattern p;
    compile(&p, &want.v[first]);
    bool found = false;
    size_t start, end;
    for (size_t i = line; i <= to && i < out.n && !found; i++)
      found = find(&p, i, i == line ? col : 0, &start, &end, false) && (i < to || start < tocol);
    release(&p);
    if (found)
      return fail(&want.v[first], "is there", line, to < out.n ? to + 1 : out.n);
  }
  return true;
}

/* Directives first ... last - 1 within lines from ... to - 1. */
static bool check_section(size_t first, size_t last, size_t from, size_t to, bool labelled)
{
  size_t line = from, col = labelled ? strlen(out.v[from]) : 0, start = 0, end = 0;
  bool matched = labelled;
  for (size_t k = first; k < last; k++) {
    directive *d = &want.v[k];
    if (d->kind == NOT)
      continue;
    pattern p;
    compile(&p, d);
    if (d->kind == COUNT) {
      unsigned n = 0;
      for (size_t i = line; i < to; i++)
        n += find(&p, i, i == line ? col : 0, &start, &end, false);
      release(&p);
      if (n != d->count) {
        char why[60];
        snprintf(why, sizeof why, "%u lines, not %u", n, d->count);
        return fail(d, why, line, to);
      }
      continue;
    }
    size_t i = d->kind == NEXT ? line + matched : line, stop = d->kind == NEXT && i < to ? i + 1 : to, at = i;
    while (i < stop && !find(&p, i, i == line ? col : 0, &start, &end, true))
      i++;
    release(&p);
    if (i >= stop)
      return fail(d, "not found", at, stop);
    if (!check_nots(k, line, col, i, start))
      return false;
    line = i;
    col = end;
    matched = true;
  }
  return check_nots(last, line, col, to ? to - 1 : 0, (size_t)-1);
}

static bool check_all(void)
{
  size_t first = 0, from = 0;
  bool labelled = false;
  for (size_t k = 0; k <= want.n; k++) {
    if (k < want.n && want.v[k].kind != LABEL)
      continue;
    size_t to = out.n, start, end;
    if (k < want.n) {
      pattern p;
      compile(&p, &want.v[k]);
      to = from + labelled;
      while (to < out.n && !find(&p, to, 0, &start, &end, true))
        to++;
      release(&p);
      if (to == out.n)
        return fail(&want.v[k], "not found", from, out.n);
    }
    if (first < k && !check_section(first, k, from, to, labelled))
      return false;
    first = k + 1;
    from = to;
    labelled = true;
  }
  return true;
}

int main(int argc, char **argv)
{
  int i = 1;
  if (argc > 2 && !strcmp(argv[1], "-p")) {
    prefix = argv[2];
    i = 3;
  }
  if (i != argc - 1) {
    fputs("usage: check [-p PREFIX] FILE < output\n", stderr);
    return 2;
  }
  file = argv[i];
  read_directives();
  out.v = read_lines(stdin, &out.n);
  bool ok = check_all();
  for (size_t k = 0; k < out.n; k++)
    free(out.v[k]);
  free(out.v);
  for (size_t k = 0; k < want.n; k++)
    free(want.v[k].text);
  free(want.v);
  for (size_t k = 0; k < vars.n; k++) {
    free(vars.v[k].name);
    free(vars.v[k].value);
  }
  return ok ? 0 : 1;
}
