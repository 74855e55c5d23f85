/* SPDX-License-Identifier: MIT */
/* scan.c: the small things of text IR: characters, words, labels, constants. */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* -- Messages, characters -------------------------------------------------------------------------- */

static kb_loc loc_of(const parser *s, const char *at)
{
  kb_loc loc = { s->file, 1, 1, 0 };
  for (const char *p = s->text; p < at; p++) {
    loc.col++;
    if (*p == '\n') {
      loc.line++;
      loc.col = 1;
    }
  }
  return loc;
}

bool ps_fail(parser *s, const char *at, const char *fmt, ...)
{
  char text[512];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  kb_error(loc_of(s, at), "%s", text);
  s->errors++;
  return false;
}

char ps_peek(const parser *s) { return s->p < s->end ? *s->p : 0; }

static bool is_comment(const parser *s)
{
  if (ps_peek(s) != '#')
    return false;
  char after = s->p + 1 < s->end ? s->p[1] : '\n';
  return after == ' ' || after == '\t' || after == '\n' || after == '\r' || s->p == s->text || s->p[-1] == '\n';
}

void ps_blanks(parser *s)
{
  for (;;) {
    char c = ps_peek(s);
    if (is_comment(s))
      while (s->p < s->end && *s->p != '\n')
        s->p++;
    else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && s->depth))
      s->p++;
    else
      return;
  }
}

bool ps_take(parser *s, const char *what)
{
  ps_blanks(s);
  size_t n = strlen(what);
  if ((size_t)(s->end - s->p) < n || strncmp(s->p, what, n) != 0)
    return false;
  s->p += n;
  if (*what && strchr("([{", *what))
    s->depth++;
  if (*what && strchr(")]}", *what) && s->depth)
    s->depth--;
  return true;
}

bool ps_expect(parser *s, const char *what)
{
  return ps_take(s, what) || ps_fail(s, s->p, "'%s' expected", what);
}

static bool label_char(char c) { return isalnum((unsigned char)c) || c == '_' || c == '.' || (c & 0x80); }

/* The longest run of label characters; its length. */
size_t ps_run(parser *s, const char **from)
{
  ps_blanks(s);
  *from = s->p;
  while (s->p < s->end && label_char(*s->p))
    s->p++;
  return (size_t)(s->p - *from);
}

/* Is the next word this one? Takes it if so. */
bool ps_word(parser *s, const char *w)
{
  const char *from;
  ps_blanks(s);
  const char *save = s->p;
  size_t n = ps_run(s, &from);
  if (n == strlen(w) && !strncmp(from, w, n))
    return true;
  s->p = save;
  return false;
}

bool ps_number(parser *s, uint32_t *n)
{
  ps_blanks(s);
  const char *from = s->p;
  uint64_t v = 0;
  while (isdigit((unsigned char)ps_peek(s)) && v <= UINT32_MAX)
    v = v * 10 + (uint64_t)(*s->p++ - '0');
  *n = (uint32_t)v;
  return (s->p > from && v <= UINT32_MAX) || ps_fail(s, from, "a number is expected");
}

/* "...", with \n, \x00, \" and \\; interned. NULL after an error. */
const char *ps_string(parser *s)
{
  const char *from = s->p;
  KB_VEC(char) buf = { NULL, 0, 0 };
  if (!ps_expect(s, "\""))
    return NULL;
  while (s->p < s->end && *s->p != '"' && *s->p != '\n') {
    char c = *s->p++;
    if (c == '\\' && s->p < s->end) {
      c = *s->p++;
      if (c == 'n') {
        c = '\n';
      } else if (c == 'x' && s->end - s->p > 2) {
        char hex[3] = { s->p[0], s->p[1], 0 };
        c = (char)strtoul(hex, NULL, 16);
        s->p += 2;
      }
    }
    kb_vec_push(&buf, c);
  }
  const char *r = NULL;
  if (ps_peek(s) == '"') {
    s->p++;
    r = kb_intern_n(buf.v ? buf.v : "", buf.n);
  } else {
    ps_fail(s, from, "a string without its end");
  }
  kb_vec_free(&buf);
  return r;
}

bool ps_type(parser *s, kb_ty *ty)
{
  *ty = KB_T_BOT;
  if (ps_word(s, "bot")) /* not known yet */
    return true;
  ps_blanks(s);
  const char *p = s->p;
  *ty = kb_type_parse(&p); /* the text ends with a zero */
  s->p = p;
  return *ty || ps_fail(s, p, "a type is expected");
}

/* -- Labels ---------------------------------------------------------------------------------------- */

static uint32_t label_hash(const char *name, char sigil)
{
  return (uint32_t)((uintptr_t)name >> 4) * 2654435761u + (uint32_t)(unsigned char)sigil * 40503u;
}

static void rehash(parser *s)
{
  s->nslots = s->nslots ? s->nslots * 2 : 256;
  s->slots = (uint32_t *)kb_xrealloc(s->slots, s->nslots * sizeof *s->slots);
  memset(s->slots, 0, s->nslots * sizeof *s->slots);
  for (uint32_t i = 0; i < s->labels.n; i++) {
    uint32_t h = label_hash(s->labels.v[i].name, s->labels.v[i].sigil);
    while (s->slots[h & (s->nslots - 1)])
      h++;
    s->slots[h & (s->nslots - 1)] = i + 1;
  }
}

static uint32_t new_number(parser *s, char sigil)
{
  if (sigil == '@')
    return kb_blk_new(s->f);
  if (sigil != '%')
    return 0;
  kb_val v;
  memset(&v, 0, sizeof v); /* a placeholder: a nop in no block */
  kb_vec_push(&s->f->val, v);
  return s->f->val.n - 1;
}

/* The label of that name in the current function, made if need be. Valid until the next one is asked for. */
static label *get_label(parser *s, char sigil, const char *name, const char *at, bool defines)
{
  if ((s->labels.n + 1) * 2 > s->nslots)
    rehash(s);
  uint32_t h = label_hash(name, sigil);
  for (uint32_t i; (i = s->slots[h & (s->nslots - 1)]); h++)
    if (s->labels.v[i - 1].name == name && s->labels.v[i - 1].sigil == sigil)
      return &s->labels.v[i - 1];
  label l = { name, sigil, false, 0, 0, at };
  if (!(defines && sigil == '%'))
    l.n = new_number(s, sigil);
  kb_vec_push(&s->labels, l);
  s->slots[h & (s->nslots - 1)] = s->labels.n;
  return &s->labels.v[s->labels.n - 1];
}

/* A sigil and a name; NULL after an error. */
const char *ps_label_name(parser *s, const char *sigil)
{
  const char *from;
  if (!ps_expect(s, sigil))
    return NULL;
  size_t n = s->p < s->end && label_char(*s->p) ? ps_run(s, &from) : 0;
  if (n)
    return kb_intern_n(from, n);
  ps_fail(s, s->p, "a name is expected after %s", sigil);
  return NULL;
}

bool ps_mention(parser *s, const char *sigil, uint32_t *n)
{
  ps_blanks(s);
  const char *at = s->p, *name = ps_label_name(s, sigil);
  if (!name)
    return false;
  label *l = get_label(s, *sigil, name, at, false);
  *n = *sigil == '^' ? (uint32_t)(l - s->labels.v) + 1 : l->real ? l->real : l->n;
  return true;
}

/* The label that is being defined here; NULL after an error. */
label *ps_define(parser *s, char sigil, const char *name, const char *at)
{
  label *l = get_label(s, sigil, name, at, true);
  if (l->defined) {
    ps_fail(s, at, "%c%s is defined twice", sigil, name);
    return NULL;
  }
  l->defined = true;
  return l;
}

/* Its line was wrong: no more errors about it. */
void ps_forgive(parser *s, const char *name, const char *at) { get_label(s, '%', name, at, true)->defined = true; }

/* Python's name in a label: "s" of "s.5", "x" of "x", none of "5". */
static const char *python_name(const char *name)
{
  const char *dot = strrchr(name, '.');
  if (dot && dot[1] && strspn(dot + 1, "0123456789") == strlen(dot + 1))
    return kb_intern_n(name, (size_t)(dot - name));
  return isdigit((unsigned char)*name) ? NULL : name;
}

bool ps_define_value(parser *s, const char *name, const char *at, kb_ref r)
{
  label *l = ps_define(s, '%', name, at);
  if (!l)
    return false;
  l->real = r;
  kb_v(s->f, r)->name = python_name(name);
  return true;
}

/* -- Constants ------------------------------------------------------------------------------------- */

/* A number's characters: digits, letters, points, signs behind an exponent, the colon of a NaN. */
size_t ps_number_run(parser *s, char *buf, size_t size)
{
  ps_blanks(s);
  size_t n = 0;
  bool hex = false;
  while (s->p < s->end && n + 1 < size) {
    char c = *s->p, before = n ? buf[n - 1] : 0;
    bool sign =
        (c == '-' || c == '+') && (!n || (hex ? before == 'p' || before == 'P' : before == 'e' || before == 'E'));
    bool colon = c == ':' && n >= 3 && !strncmp(buf, "nan", 3);
    if (!isalnum((unsigned char)c) && c != '.' && !sign && !colon)
      break;
    hex = hex || ((c == 'x' || c == 'X') && before == '0');
    buf[n++] = c;
    s->p++;
  }
  buf[n] = 0;
  return n;
}

static bool is_whole(const char *t)
{
  t += *t == '-';
  if (t[0] == '0' && t[1] == 'x')
    return t[2] && strspn(t + 2, "0123456789abcdefABCDEF") == strlen(t + 2);
  return *t && strspn(t, "0123456789") == strlen(t);
}

bool ps_parse_int(parser *s, const char *at, char *t, kb_ty ty, int64_t *i)
{
  size_t n = strlen(t);
  bool u = n > 1 && t[n - 1] == 'u';
  if (u)
    t[n - 1] = 0;
  errno = 0;
  if (!is_whole(t) || (u && *t == '-'))
    return ps_fail(s, at, "'%s' is no whole number", t);
  *i = u || ty == KB_T_U64 ? (int64_t)strtoull(t, NULL, 0) : (int64_t)strtoll(t, NULL, 0);
  return !errno || ps_fail(s, at, "%s does not fit 64 bits", t);
}

static bool parse_double(parser *s, const char *at, const char *t, double *d)
{
  char *end = NULL;
  if (!strcmp(t, "nan")) {
    *d = __builtin_nan("");
    return true;
  }
  if (!strncmp(t, "nan:", 4)) {
    uint64_t bits = strtoull(t + 4, &end, 16);
    memcpy(d, &bits, sizeof *d);
    return !*end || ps_fail(s, at, "'%s' is no NaN", t);
  }
  *d = strtod(t, &end);
  return (!*end && *t) || ps_fail(s, at, "'%s' is no number", t);
}

/* Rounds once, as the text of a float says. */
static bool parse_float(parser *s, const char *at, const char *t, kb_imm *imm)
{
  char *end = NULL;
  imm->i = 0;
  if (!strcmp(t, "nanf")) {
    imm->s = __builtin_nanf("");
    return true;
  }
  if (!strncmp(t, "nanf:", 5)) {
    uint32_t bits = (uint32_t)strtoul(t + 5, &end, 16);
    memcpy(&imm->s, &bits, sizeof imm->s);
    return !*end || ps_fail(s, at, "'%s' is no NaN", t);
  }
  imm->s = strtof(t, &end);
  return !strcmp(end, "f") || ps_fail(s, at, "'%s' is no f32", t);
}

/* A number by its own form: 1 is i64, 7u u64, 1.0 f64, 1.0f f32. */
static bool plain_number(parser *s, kb_ref *r)
{
  char t[64];
  const char *at = s->p;
  size_t n = ps_number_run(s, t, sizeof t);
  kb_imm imm = { .i = 0 };
  if (!n)
    return ps_fail(s, at, "an operand is expected");
  bool hex = t[t[0] == '-'] == '0' && t[1 + (t[0] == '-')] == 'x', whole = is_whole(t);
  if (whole || (n > 1 && t[n - 1] == 'u')) {
    kb_ty ty = whole ? KB_T_I64 : KB_T_U64;
    if (!ps_parse_int(s, at, t, ty, &imm.i))
      return false;
    *r = kb_const_int(s->f, ty, imm.i);
  } else if (!strncmp(t, "nanf", 4) || (t[n - 1] == 'f' && strcmp(t, "inf") != 0 && strcmp(t, "-inf") != 0 &&
                                        (!hex || strchr(t, 'p')))) {
    if (!parse_float(s, at, t, &imm))
      return false;
    *r = kb_const_float(s->f, KB_T_F32, (double)imm.s);
  } else {
    if (!parse_double(s, at, t, &imm.d))
      return false;
    *r = kb_const_float(s->f, KB_T_F64, imm.d);
  }
  return true;
}

/* int:1, float:2.0, i8:3: the types that have no form of their own. */
static bool typed_number(parser *s, kb_ty ty, kb_ref *r)
{
  char t[64];
  const char *at = s->p;
  kb_imm imm = { .i = 0 };
  if (!ps_number_run(s, t, sizeof t))
    return ps_fail(s, at, "a number is expected");
  if (kb_type_is_float(ty)) {
    if (!parse_double(s, at, t, &imm.d))
      return false;
    *r = kb_const_float(s->f, ty, imm.d);
    return true;
  }
  if (!ps_parse_int(s, at, t, ty, &imm.i))
    return false;
  *r = kb_const_int(s->f, ty, imm.i);
  return true;
}

bool ps_operand(parser *s, kb_ref *r)
{
  ps_blanks(s);
  char c = ps_peek(s);
  if (c == '%')
    return ps_mention(s, "%", r);
  if (c == '"') {
    const char *text = ps_string(s);
    *r = text ? kb_const_str(s->f, text) : 0;
    return text != NULL;
  }
  if (ps_word(s, "true") || ps_word(s, "false")) {
    *r = kb_const_int(s->f, KB_T_BOOL, s->p[-1] == 'e' && s->p[-2] == 'u');
    return true;
  }
  if (ps_word(s, "undef")) {
    kb_ty ty;
    if (!ps_expect(s, ":") || !ps_type(s, &ty))
      return false;
    *r = kb_undef(s->f, ty);
    return true;
  }
  const char *p = s->p;
  kb_ty ty = kb_type_parse(&p);
  if (ty && *p == ':') {
    s->p = p + 1;
    return typed_number(s, ty, r);
  }
  if (ps_word(s, "none")) {
    *r = kb_const_none(s->f);
    return true;
  }
  return plain_number(s, r);
}
