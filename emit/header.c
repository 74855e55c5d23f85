/* SPDX-License-Identifier: MIT */
/* header.c: the generated header: documented prototypes of the exported kernels, C99 and C++ clean. */
#include "emit.h"

#include <string.h>

/* -- Comments ------------------------------------------------------------------------------------------- */

/* Text inside a comment: neither its end nor a second beginning may appear. */
static void print_safe(FILE *out, const char *s, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (i > 0 && ((s[i] == '/' && s[i - 1] == '*') || (s[i] == '*' && s[i - 1] == '/'))) (void)fputc(' ', out);
    if ((unsigned char)s[i] >= ' ' || s[i] == '\t') (void)fputc(s[i], out);
  }
}

static size_t indent_of(const char *s) { return strspn(s, " \t"); }

/* What inspect.cleandoc strips: the least indentation of the lines after the first. */
static size_t common_indent(const char *doc)
{
  size_t least = SIZE_MAX;
  for (const char *s = strchr(doc, '\n'); s; s = strchr(s, '\n')) {
    size_t n = indent_of(++s);
    if (s[n] != 0 && s[n] != '\n' && n < least) least = n;
  }
  return least == SIZE_MAX ? 0 : least;
}

static void print_doc(FILE *out, const char *doc)
{
  size_t strip = common_indent(doc);
  unsigned blank = 0, lines = 0;
  for (const char *s = doc; s; lines++) {
    const char *end = strchr(s, '\n');
    size_t n = end ? (size_t)(end - s) : strlen(s), skip = indent_of(s);
    if (lines > 0 && skip > strip) skip = strip;
    if (skip < n) {
      for (; blank > 0; blank--) (void)fputs(" *\n", out);
      (void)fputs(" * ", out);
      print_safe(out, s + skip, n - skip);
      (void)fputc('\n', out);
    } else if (lines > 0) {
      blank++;
    }
    s = end ? end + 1 : NULL;
  }
}

/* -- Parameters ------------------------------------------------------------------------------------------- */

static bool is_array(kb_ty t) { return kb_type_of(t)->kind == KB_K_ARRAY; }

static bool is_pointer(kb_ty t) { return kb_type_of(t)->kind == KB_K_PTR; }

/* Python's name, unless C cannot have it there. */
static void param_name(const kb_fn *f, uint32_t k, char *buf, size_t size)
{
  (void)snprintf(buf, size, "%s", f->sig[k].name);
  if (strlen(f->sig[k].name) < size && kb_cname_local_ok(buf)) return;
  bool taken = true;
  for (uint32_t n = k; taken; n += f->nparams) { /* another parameter may be called so */
    (void)snprintf(buf, size, "p%u", (unsigned)n);
    taken = false;
    for (uint32_t i = 0; i < f->nparams; i++) taken |= strcmp(f->sig[i].name, buf) == 0;
  }
}

static void print_decl(FILE *out, const char *type, const char *name)
{
  size_t n = strlen(type);
  (void)fprintf(out, "%s%s%s", type, n > 0 && type[n - 1] == '*' ? "" : " ", name);
}

/* " *   x  kb.f64[:, :]: read; 2 axes, shape and strides (in elements) in the view" */
static void print_param(FILE *out, const kb_fn *f, uint32_t k)
{
  const kb_sigparam *p = &f->sig[k];
  char name[128];
  param_name(f, k, name, sizeof name);
  (void)fprintf(out, " *   %s: ", name);
  print_safe(out, kb_type_name(p->ty), strlen(kb_type_name(p->ty)));
  if (strcmp(name, p->name) != 0) (void)fprintf(out, ", in Python %s", p->name);
  if (is_array(p->ty)) {
    const kb_type *t = kb_type_of(p->ty);
    (void)fprintf(out, ", %s, shape [%s", p->written ? "written" : "only read", "n0");
    for (unsigned a = 1; a < t->rank; a++) (void)fprintf(out, ", n%u", a);
    (void)fprintf(out, "]%s", t->contig ? ", stride of the last axis 1" : "");
  } else if (is_pointer(p->ty)) {
    (void)fprintf(out, ", %s, not checked", p->written ? "written" : "only read");
  }
  if (p->has_def) {
    char c = kb_type_letter(p->ty);
    (void)fputs(", default ", out);
    if (p->ty == KB_T_BOOL) (void)fputs(p->def.i ? "true" : "false", out);
    else if (c == 'D' || c == 'S' || kb_type_is_float(p->ty)) (void)fprintf(out, "%.17g", p->def.d);
    else (void)fprintf(out, "%lld", (long long)p->def.i);
    (void)fputs(" in Python", out);
  }
  (void)fputc('\n', out);
}

/* -- Kernels ------------------------------------------------------------------------------------------------- */

static bool is_tuple(kb_ty t) { return kb_type_of(t)->kind == KB_K_TUPLE; }

static void print_ret_struct(FILE *out, const kb_fn *f, const char *prefix)
{
  const kb_type *t = kb_type_of(f->ret);
  (void)fprintf(out, "/* What %s%s returns: %s. */\n", prefix, f->c_name, kb_type_name(f->ret));
  (void)fprintf(out, "struct kb_%s%s_ret {\n", prefix, f->c_name);
  for (uint32_t i = 0; i < t->n; i++) (void)fprintf(out, "  %s f%u;\n", kb_ctype(t->items[i], false), (unsigned)i);
  (void)fputs("};\n\n", out);
}

static void print_prototype(FILE *out, const kb_fn *f, const char *prefix)
{
  char name[128];
  if (is_tuple(f->ret)) (void)fprintf(out, "struct kb_%s%s_ret ", prefix, f->c_name);
  else (void)fprintf(out, "%s ", kb_ctype(f->ret, false));
  (void)fprintf(out, "%s%s(", prefix, f->c_name);
  for (uint32_t k = 0; k < f->nparams; k++) {
    param_name(f, k, name, sizeof name);
    (void)fputs(k > 0 ? ", " : "", out);
    print_decl(out, kb_ctype(f->sig[k].ty, !f->sig[k].written), name);
  }
  (void)fputs(f->nparams ? ");\n\n" : "void);\n\n", out);
}

static void print_kernel(FILE *out, const kb_fn *f, const char *prefix)
{
  if (is_tuple(f->ret)) print_ret_struct(out, f, prefix);
  (void)fputs("/* ", out);
  print_safe(out, f->name, strlen(f->name));
  (void)fputc('(', out);
  for (uint32_t k = 0; k < f->nparams; k++) {
    (void)fputs(k > 0 ? ", " : "", out);
    print_safe(out, f->sig[k].name, strlen(f->sig[k].name));
  }
  (void)fprintf(out, "), line %u\n", f->loc.line);
  if (f->doc && *f->doc) {
    (void)fputs(" *\n", out);
    print_doc(out, f->doc);
  }
  if (f->nparams) (void)fputs(" *\n", out);
  for (uint32_t k = 0; k < f->nparams; k++) print_param(out, f, k);
  (void)fputs(" */\n", out);
  print_prototype(out, f, prefix);
}

void kb_emit_header(FILE *out, const kb_mod *m, const kb_emit_opts *o, const char *guard)
{
  const char *prefix = o->prefix ? o->prefix : "";
  (void)fprintf(out, "/* Made by keelback %s from ", o->version);
  print_safe(out, m->file, strlen(m->file));
  (void)fprintf(out, "; do not edit. SPDX-License-Identifier: 0BSD */\n#ifndef %s\n#define %s\n\n", guard, guard);
  (void)fputs("#include <keelback.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n", out);
  (void)fputs(
      "/* Views are passed by value; strides count elements. A kernel that raises an exception sets the thread's\n"
      " * error (kb_error_get) and returns zero. */\n\n",
      out);
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (m->fns.v[i]->exported) print_kernel(out, m->fns.v[i], prefix);
  (void)fprintf(out, "#ifdef __cplusplus\n}\n#endif\n#endif /* %s */\n", guard);
}
