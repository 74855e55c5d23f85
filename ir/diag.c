/* SPDX-License-Identifier: MIT */
/* diag.c: errors of the input, errors of ours, notes; with the source line and a caret below it. */
#include "ir.h"

#include <stdarg.h>
#include <string.h>

static unsigned errors;
static kb_diag_sink *sink;
static void *sink_data;

/* The last file quoted: its text, read once. */
static struct {
  const char *file; /* owned */
  char *text;       /* owned; NULL: cannot be read */
  size_t n;
  bool given;       /* by kb_diag_source: not read again */
} src;

void kb_diag_set_sink(kb_diag_sink *fn, void *data)
{
  sink = fn;
  sink_data = data;
}

unsigned kb_error_count(void) { return errors; }

static char *copy(const char *s, size_t n)
{
  char *p = (char *)kb_xrealloc(NULL, n + 1);
  if (n)
    memcpy(p, s, n);
  p[n] = 0;
  return p;
}

static void forget(void)
{
  free((char *)(uintptr_t)src.file);
  free(src.text);
  memset(&src, 0, sizeof src);
}

/* A new run: files may have changed since the last one. */
void kb_error_reset(void)
{
  errors = 0;
  if (!src.given)
    forget();
}

void kb_diag_source(const char *file, const char *text, size_t n)
{
  forget();
  if (!file)
    return;
  src.file = copy(file, strlen(file));
  src.text = copy(text, n);
  src.n = n;
  src.given = true;
}

static void read_source(const char *file)
{
  if (src.file && !strcmp(src.file, file))
    return;
  forget();
  src.file = copy(file, strlen(file));
  FILE *in = fopen(file, "rb");
  if (!in)
    return;
  size_t cap = 0, got;
  do {
    cap = cap ? cap * 2 : 1 << 14;
    src.text = (char *)kb_xrealloc(src.text, cap);
    got = fread(src.text + src.n, 1, cap - src.n, in);
    src.n += got;
  } while (src.n == cap);
  fclose(in);
}

/* Line number `line` of the file, without its end; NULL when there is none. */
static const char *source_line(const char *file, uint32_t line, size_t *n)
{
  read_source(file);
  const char *p = src.text, *end = src.text ? src.text + src.n : NULL;
  if (!p)
    return NULL;
  for (uint32_t i = 1; i < line; i++) {
    p = (const char *)memchr(p, '\n', (size_t)(end - p));
    if (!p)
      return NULL;
    p++;
  }
  if (p == end)
    return NULL;
  const char *stop = (const char *)memchr(p, '\n', (size_t)(end - p));
  *n = (size_t)((stop ? stop : end) - p);
  while (*n && p[*n - 1] == '\r')
    --*n;
  return p;
}

/* The source line, then a line of blanks (tabs kept), a caret and tildes up to end_col. */
static void quote(FILE *out, kb_loc at)
{
  size_t n;
  const char *s = source_line(at.file, at.line, &n);
  if (!s)
    return;
  fprintf(out, "    %.*s\n", (int)n, s);
  if (!at.col || at.col > n + 1)
    return;
  fputs("    ", out);
  for (size_t i = 0; i + 1 < at.col; i++)
    if ((s[i] & 0xC0) != 0x80) /* one blank a character, not a byte of UTF-8 */
      fputc(s[i] == '\t' ? '\t' : ' ', out);
  fputc('^', out);
  for (size_t i = at.col; i + 1 < at.end_col && i < n; i++)
    if ((s[i] & 0xC0) != 0x80)
      fputc('~', out);
  fputc('\n', out);
}

static void say(kb_loc at, const char *kind, const char *fmt, va_list ap)
{
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  kb_assert(out != NULL, "open_memstream failed");
  if (at.file && at.line && at.col)
    fprintf(out, "%s:%u:%u: ", at.file, at.line, at.col);
  else if (at.file && at.line)
    fprintf(out, "%s:%u: ", at.file, at.line);
  else
    fprintf(out, "%s: ", at.file ? at.file : "keelback");
  fprintf(out, "%s: ", kind);
  vfprintf(out, fmt, ap);
  fputc('\n', out);
  if (at.file && at.line)
    quote(out, at);
  fclose(out);
  if (sink)
    sink(sink_data, text);
  else
    fputs(text, stderr);
  free(text);
}

void kb_error(kb_loc at, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  say(at, "error", fmt, ap);
  va_end(ap);
  errors++;
}

void kb_note(kb_loc at, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  say(at, "note", fmt, ap);
  va_end(ap);
}

void kb_bug(const char *where, int line, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  fprintf(stderr, "%s:%d: internal error: ", where, line);
  vfprintf(stderr, fmt, ap);
  fputs("\n", stderr);
  va_end(ap);
  abort();
}
