/* SPDX-License-Identifier: MIT */
/* c.c: a typed module as one C file: prologue, sites, kernels, public wrappers. */
#include "out.h"

#include <stdlib.h>
#include <string.h>

/* -- Prototypes --------------------------------------------------------------------------------------- */

static bool is_tuple(const kb_fn *f) { return kb_type_of(f->ret)->kind == KB_K_TUPLE; }

/* The result parameter of the inner function, as C type; nothing when there is none. */
static void result_parameter(FILE *to, const kb_emit_opts *o, const kb_fn *f, const char *name)
{
  if (f->ret == KB_T_VOID)
    return;
  fputs(f->nparams ? ", " : "", to);
  if (is_tuple(f))
    fprintf(to, "struct kb_%s%s_ret *%s", o->prefix, f->c_name, name);
  else
    fprintf(to, "%s *%s", kb_cclass(f->ret, false), name);
}

static const char *spaced(const char *type) { return type[strlen(type) - 1] == '*' ? "" : " "; }

static void inner_prototype(FILE *to, const kb_emit_opts *o, const kb_fn *f, const fn_facts *facts, const out *names)
{
  fprintf(to, "KB_KERNEL int kb_k_%s(", f->c_name);
  if (f->recursive)
    fprintf(to, "kb_thread_state *%s%s", names ? "kb_thr" : "", f->nparams ? ", " : "");
  for (uint32_t i = 0; i < f->nparams; i++) {
    const kb_val *p = kb_v(f, f->params[i]);
    const char *type = kb_cclass(p->ty, kb_type_of(p->ty)->readonly);
    fprintf(to, "%s%s", i ? ", " : "", type);
    if (names)
      fprintf(to, "%s%s", spaced(type), names->name[f->params[i]]);
  }
  if (facts->args)
    fprintf(to, ", const struct a_%s *%s", f->c_name, names ? "kb_args" : "");
  result_parameter(to, o, f, names ? "ret" : "");
  fputs(f->recursive || f->nparams || f->ret != KB_T_VOID ? ")" : "void)", to);
}

/* From a loop's head on, with the interpreter's values. */
static void osr_prototype(FILE *to, const kb_emit_opts *o, const kb_mod *m, const kb_fn *f, const out *names)
{
  const kb_fn *of = m->fns.v[f->osr_of - 1];
  fprintf(to, "KB_RESUME int %s(uint32_t kb_head, const kb_word *kb_words, void *kb_ret)\n{\n", f->c_name);
  fprintf(to, "  const int64_t %s = kb_head;\n", names->name[f->params[0]]);
  if (f->ret == KB_T_VOID)
    fputs("  (void)kb_ret;\n", to);
  else if (is_tuple(f))
    fprintf(to, "  struct kb_%s%s_ret *ret = (struct kb_%s%s_ret *)kb_ret;\n", o->prefix, of->c_name, o->prefix, of->c_name);
  else
    fprintf(to, "  %s *ret = (%s *)kb_ret;\n", kb_cclass(f->ret, false), kb_cclass(f->ret, false));
  fputs("  (void)kb_words;\n", to);
}

/* May the function store through parameter i? */
static bool may_write(const kb_fn *f, uint32_t i)
{
  return f->sig ? f->sig[i].written : !kb_type_of(kb_v(f, f->params[i])->ty)->readonly;
}

/* Parameters of the public wrapper keep Python's names where C lets them. */
static const char *public_name(const kb_fn *f, uint32_t i, char *buf, size_t n)
{
  const char *name = f->sig ? f->sig[i].name : NULL;
  if (name && !kb_cname_refused(name))
    snprintf(buf, n, "%s", name);
  else
    snprintf(buf, n, "kb_p%u", i);
  return buf;
}

/* The arguments as the caller laid them out, before the kernel changes any. */
static void argument_block(FILE *to, const kb_fn *f)
{
  char buf[300];
  fprintf(to, "  const struct a_%s kb_a = { ", f->c_name);
  for (uint32_t i = 0; i < f->nparams; i++) {
    kb_ty t = kb_v(f, f->params[i])->ty;
    bool cast = kb_type_letter(t) == 'P' && !may_write(f, i);
    fprintf(to, "%s%s%s%s", i ? ", " : "", cast ? "(" : "", cast ? kb_cclass(t, false) : "", cast ? ")" : "");
    fputs(public_name(f, i, buf, sizeof buf), to);
  }
  fputs(f->nparams ? " };\n" : "0 };\n", to);
}

static void public_wrapper(FILE *to, const kb_emit_opts *o, const kb_fn *f, const fn_facts *facts)
{
  char buf[300];
  bool none = f->ret == KB_T_VOID, tuple = is_tuple(f);
  if (tuple)
    fprintf(to, "struct kb_%s%s_ret %s%s(", o->prefix, f->c_name, o->prefix, f->c_name);
  else
    fprintf(to, "%s %s%s(", none ? "void" : kb_ctype(f->ret, false), o->prefix, f->c_name);
  for (uint32_t i = 0; i < f->nparams; i++) {
    kb_ty t = f->sig ? f->sig[i].ty : kb_v(f, f->params[i])->ty;
    const char *type = kb_ctype(t, !may_write(f, i));
    fprintf(to, "%s%s%s%s", i ? ", " : "", type, spaced(type), public_name(f, i, buf, sizeof buf));
  }
  fprintf(to, "%s)\n{\n", f->nparams ? "" : "void");
  if (tuple)
    fprintf(to, "  struct kb_%s%s_ret kb_r = { 0 };\n", o->prefix, f->c_name);
  else if (!none)
    fprintf(to, "  %s kb_r = 0;\n", kb_cclass(f->ret, false));
  if (facts->image) /* one copy of the kernel serves both entries */
    argument_block(to, f);
  bool thread = f->recursive && !facts->image;
  fprintf(to, "  if (KB_UNLIKELY(kb_%s_%s(%s%s", facts->image ? "e" : "k", f->c_name, facts->image ? "&kb_a, " : thread ? "kb_me()" : "",
          thread && f->nparams ? ", " : "");
  for (uint32_t i = 0; i < f->nparams && !facts->image; i++) {
    bool cast = kb_type_letter(kb_v(f, f->params[i])->ty) == 'P' && !may_write(f, i); /* inside, pointers are not const */
    fprintf(to, "%s%s%s%s", i ? ", " : "", cast ? "(" : "", cast ? kb_cclass(kb_v(f, f->params[i])->ty, false) : "", cast ? ")" : "");
    fputs(public_name(f, i, buf, sizeof buf), to);
  }
  if (facts->image)
    fputs(none ? "NULL)))" : "&kb_r)))", to);
  else
    fprintf(to, "%s%s)))", (thread || f->nparams) && !none ? ", " : "", none ? "" : "&kb_r");
  if (facts->deopts && (none || tuple))
    fprintf(to, "\n    (void)kb_exit_to_result(&kb_info_%s, %s);\n", f->c_name, none ? "NULL" : "&kb_r");
  else if (facts->deopts)
    fprintf(to, " {\n    if (kb_exit_to_result(&kb_info_%s, &kb_r))\n      return 0;\n  }\n", f->c_name);
  else
    fprintf(to, none || tuple ? "\n    kb_exit_to_error();\n" : " {\n    kb_exit_to_error();\n    return 0;\n  }\n");
  if (tuple)
    fputs("  return kb_r;\n", to);
  else if (!none)
    fprintf(to, strcmp(kb_cclass(f->ret, false), kb_ctype(f->ret, false)) ? "  return (%s)kb_r;\n" : "  return kb_r;\n", kb_ctype(f->ret, false));
  fputs("}\n\n", to);
}

/* -- One kernel ------------------------------------------------------------------------------------------ */

static void declarations(const out *o, FILE *to)
{
  const kb_fn *f = o->f;
  uint8_t *done = KB_ZALLOC(uint8_t, f->val.n);
  for (uint32_t p = 0; p < f->nparams; p++)
    done[o->var[f->params[p]]] = 1;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r) {
      const kb_val *v = kb_v(f, r);
      uint32_t x = o->var[r];
      if (!out_has_variable(o, r) || done[x])
        continue;
      done[x] = 1;
      const kb_fn *callee = v->op == KB_CALL ? o->m->fns.v[v->imm.i] : NULL;
      if (callee && is_tuple(callee))
        fprintf(to, "  struct kb_%s%s_ret %s;\n", o->o->prefix, callee->c_name, o->name[x]);
      else {
        const char *type = kb_cclass(v->ty, kb_type_of(v->ty)->readonly);
        bool view = kb_type_letter(v->ty) == 'V';
        /* at a loop head some values are only there for exits that do not look at them */
        fprintf(to, "  %s%s%s%s%s;\n", type, spaced(type), o->name[x], f->osr_of ? " KB_UNUSED" : "",
                !o->zeroed[x] ? "" : view ? " = { 0 }" : " = 0");
      }
    }
  free(done);
}

static void find_locals(out *o)
{
  const kb_fn *f = o->f;
  for (uint32_t i = 0; i < f->rpo.n; i++)
    KB_FOR_INS (f, f->rpo.v[i], r)
      o->pool |= kb_is(f, r, KB_ALLOC), o->polls |= kb_is(f, r, KB_POLL) && kb_v(f, r)->imm.i >= 0;
}

static void unused_parameters(const out *o, FILE *to)
{
  const kb_fn *f = o->f;
  uint32_t *n = KB_ZALLOC(uint32_t, f->val.n);
  kb_count_uses((kb_fn *)(uintptr_t)f, n);
  for (uint32_t p = 0; p < f->nparams; p++)
    if (!n[f->params[p]])
      fprintf(to, "  (void)%s;\n", o->name[f->params[p]]);
  free(n);
}

/* Prints the statements of a body, each behind its #line, without the #lines that say what the compiler counts anyway. */
static void print_body(FILE *to, const char *body)
{
  uint32_t line = 0; /* that the compiler gives to the next line; 0: none as yet */
  for (const char *end; (end = strchr(body, '\n')); body = end + 1) {
    if (!strncmp(body, "#line ", 6)) {
      uint32_t want = (uint32_t)strtoul(body + 6, NULL, 10);
      bool counted = want == line && !memchr(body, '"', (size_t)(end - body));
      line = want;
      if (counted)
        continue;
    } else if (line)
      line++;
    fwrite(body, 1, (size_t)(end + 1 - body), to);
  }
}

static void kernel(FILE *to, const kb_mod *m, const kb_emit_opts *opts, const fn_facts *facts, kb_fn *f, uint32_t index)
{
  out o = { .m = m, .o = opts, .f = f, .indent = 1, .file = NULL, .facts = facts, .index = index };
  char *body = NULL;
  size_t n = 0;
  kb_cfg(f);
  out_vars(&o);
  find_locals(&o);
  o.out = open_memstream(&body, &n);
  kb_assert(o.out, "no memory");
  out_flow(&o);
  fclose(o.out);
  out_sites(&o, to);
  if (f->loc.line)
    fprintf(to, "#line %u \"%s\"\n", f->loc.line, f->loc.file ? f->loc.file : m->file);
  if (f->osr_of) {
    osr_prototype(to, opts, m, f, &o);
  } else {
    inner_prototype(to, opts, f, &facts[index], &o);
    fputs("\n{\n", to);
  }
  declarations(&o, to);
  if (o.pool)
    fputs("  kb_pool kb_pool = { 0 };\n", to);
  if (o.polls)
    fputs("  int64_t kb_left = KB_POLL_FIRST;\n", to);
  for (uint32_t i = 0; i < o.nallocs; i++)
    fprintf(to, "  void *kb_block_%u = NULL;\n", i);
  for (uint32_t i = 0; i < o.block.n; i++)
    fprintf(to, "  struct a_%s kb_a%u;\n", m->fns.v[o.block.v[i]]->c_name, i);
  unused_parameters(&o, to);
  print_body(to, body);
  fputs("}\n\n", to);
  free(body);
  kb_vec_free(&o.site);
  kb_vec_free(&o.site_guard);
  kb_vec_free(&o.site_on);
  kb_vec_free(&o.block);
  out_vars_free(&o);
}

/* -- The file ---------------------------------------------------------------------------------------------- */

static void ret_structs(FILE *to, const kb_mod *m, const kb_emit_opts *o, bool exported_too)
{
  for (uint32_t i = 0; i < m->fns.n; i++) {
    const kb_fn *f = m->fns.v[i];
    if (!is_tuple(f) || (f->exported && !exported_too))
      continue;
    const kb_type *k = kb_type_of(f->ret);
    fprintf(to, "struct kb_%s%s_ret {", o->prefix, f->c_name);
    for (uint32_t q = 0; q < k->n; q++)
      fprintf(to, " %s f%u;", kb_ctype(k->items[q], false), q);
    fputs(" };\n", to);
  }
}

static void public_prototypes(FILE *to, const kb_mod *m, const kb_emit_opts *o)
{
  for (uint32_t i = 0; i < m->fns.n; i++) {
    const kb_fn *f = m->fns.v[i];
    if (!f->exported)
      continue;
    if (is_tuple(f))
      fprintf(to, "struct kb_%s%s_ret %s%s(", o->prefix, f->c_name, o->prefix, f->c_name);
    else
      fprintf(to, "%s %s%s(", f->ret == KB_T_VOID ? "void" : kb_ctype(f->ret, false), o->prefix, f->c_name);
    for (uint32_t p = 0; p < f->nparams; p++) {
      kb_ty t = f->sig ? f->sig[p].ty : kb_v(f, f->params[p])->ty;
      fprintf(to, "%s%s", p ? ", " : "", kb_ctype(t, !may_write(f, p)));
    }
    fputs(f->nparams ? ");\n" : "void);\n", to);
  }
}

static const char *base_name(const char *path)
{
  const char *s = strrchr(path, '/');
  return s ? s + 1 : path;
}

void kb_emit_c(FILE *to, const kb_mod *m, const kb_emit_opts *o)
{
  fprintf(to, "/* Made by keelback %s from %s; do not edit. SPDX-License-Identifier: 0BSD */\n", o->version, base_name(m->file));
  if (o->header)
    fprintf(to, "#include \"%s\"\n", o->header);
  else
    fputs("#include <keelback.h>\n", to);
  fputs("#include <kbabi.h>\n#include <kbops.h>\n\n", to);
  fprintf(to, "#if KB_ABI != %d\n#error \"%s was made for another Keelback: make it again with the installed one\"\n#endif\n\n", KB_ABI,
          base_name(m->file));
  ret_structs(to, m, o, !o->header);
  if (!o->header)
    public_prototypes(to, m, o);
  fputs("\n", to);
  fn_facts *facts = out_facts(m);
  out_info_decls(to, m, o, facts);
  for (uint32_t i = 0; i < m->fns.n; i++) {
    inner_prototype(to, o, m->fns.v[i], &facts[i], NULL);
    fputs(";\n", to);
  }
  fputs("\n", to);
  for (uint32_t i = 0; i < m->fns.n; i++)
    kernel(to, m, o, facts, m->fns.v[i], i);
  for (uint32_t i = 0; i < m->osr.n; i++)
    kernel(to, m, o, facts, m->osr.v[i], m->osr.v[i]->osr_of - 1);
  fputs("#ifndef KB_PYTHON\n", to);
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (m->fns.v[i]->exported) {
      if (m->fns.v[i]->loc.line)
        fprintf(to, "#line %u\n", m->fns.v[i]->loc.line);
      public_wrapper(to, o, m->fns.v[i], &facts[i]);
    }
  fputs("#endif\n", to);
  out_infos(to, m, o, facts);
  free(facts);
}
