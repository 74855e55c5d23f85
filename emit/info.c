/* SPDX-License-Identifier: MIT */
/* info.c: what the interpreter gets to know of each kernel (kb_fn_info): parameters, results, the image; and which exits
 * need it. A file for C hosts holds images only where an exit goes on in the interpreter; Python always may. */
#include "out.h"

#include <stdlib.h>
#include <string.h>

/* -- Facts ---------------------------------------------------------------------------------------------- */

bool out_goes_on(const kb_mod *m, const fn_facts *facts, const kb_fn *f, kb_ref r)
{
  const kb_val *v = kb_v(f, r);
  if (!v->snap)
    return false;
  const kb_snap *s = &f->snap.v[v->snap - 1];
  return s->kind == KB_EXIT_DEOPT || (s->kind == KB_EXIT_CALL && v->op == KB_CALL && (uint64_t)v->imm.i < m->fns.n && facts[v->imm.i].deopts);
}

/* One round of growing facts about function i; did any? */
static bool grow(const kb_mod *m, fn_facts *facts, uint32_t i)
{
  const kb_fn *f = m->fns.v[i];
  fn_facts was = facts[i];
  for (uint32_t b = 0; b < f->rpo.n; b++)
    KB_FOR_INS (f, f->rpo.v[b], r)
      if (out_goes_on(m, facts, f, r)) {
        facts[i].deopts = true;
        facts[i].args |= out_names_parameter(f, &f->snap.v[kb_v(f, r)->snap - 1]);
      }
  return was.deopts != facts[i].deopts || was.args != facts[i].args;
}

/* Function i is interpreted: so is what it calls, perhaps. */
static void need_image(const kb_mod *m, fn_facts *facts, uint32_t i)
{
  const kb_fn *f = m->fns.v[i];
  if (facts[i].image)
    return;
  facts[i].image = true;
  for (uint32_t k = 0; k < f->ncalls; k++)
    need_image(m, facts, f->calls[k]);
}

static void images_of_exits(const kb_mod *m, fn_facts *facts, uint32_t i)
{
  const kb_fn *f = m->fns.v[i];
  if (facts[i].deopts)
    need_image(m, facts, i);
  for (uint32_t b = 0; b < f->rpo.n; b++)
    KB_FOR_INS (f, f->rpo.v[b], r) {
      if (!out_goes_on(m, facts, f, r))
        continue;
      const kb_snap *s = &f->snap.v[kb_v(f, r)->snap - 1];
      for (uint32_t k = 0; k < s->nframes; k++)
        for (uint32_t x = 0; x < m->fns.n; x++)
          if (m->fns.v[x]->name == s->frames[k].fn)
            need_image(m, facts, x);
    }
}

fn_facts *out_facts(const kb_mod *m)
{
  fn_facts *facts = KB_ZALLOC(fn_facts, m->fns.n + 1);
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (m->fns.v[i]->blk.n > 1)
      kb_cfg(m->fns.v[i]);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t i = 0; i < m->fns.n; i++)
      again |= grow(m, facts, i);
  }
  for (uint32_t i = 0; i < m->fns.n; i++)
    images_of_exits(m, facts, i);
  return facts;
}

/* -- Declarations ------------------------------------------------------------------------------------------ */

void kb_emit_args(FILE *to, const kb_fn *f)
{
  fprintf(to, "struct a_%s {", f->c_name);
  for (uint32_t i = 0; i < f->nparams; i++) {
    kb_ty t = kb_v(f, f->params[i])->ty;
    const char *type = kb_cclass(t, kb_type_of(t)->readonly);
    fprintf(to, " %s%sp%u;", type, type[strlen(type) - 1] == '*' ? "" : " ", i);
  }
  for (uint32_t i = 0; f->jit && i < f->nparams; i++) /* the arrays themselves, for the interpreter */
    if (kb_type_letter(kb_v(f, f->params[i])->ty) == 'V')
      fprintf(to, " const void *o%u;", i);
  fputs(f->nparams ? " };\n" : " char none; };\n", to);
}

void out_info_decls(FILE *to, const kb_mod *m, const kb_emit_opts *o, const fn_facts *facts)
{
  fputs("#ifdef KB_PYTHON\n#define KB_INFO KB_HIDDEN const kb_fn_info\n", to);
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (m->fns.v[i]->exported)
      fprintf(to, "extern KB_INFO kb_info_%s;\nKB_HIDDEN int kb_e_%s(const void *, void *);\n", m->fns.v[i]->c_name, m->fns.v[i]->c_name);
  fputs("#else\n#define KB_INFO static const kb_fn_info\n", to);
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (m->fns.v[i]->exported) {
      fprintf(to, "static const kb_fn_info kb_info_%s;\n", m->fns.v[i]->c_name);
      if (facts[i].image)
        fprintf(to, "static int kb_e_%s(const void *, void *);\n", m->fns.v[i]->c_name);
    }
  fputs("#endif\n", to);
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (!m->fns.v[i]->exported)
      fprintf(to, "static const kb_fn_info kb_info_%s;\n", m->fns.v[i]->c_name);
  if (m->fns.n)
    fprintf(to, "static const kb_fn_info *const kb_fns[%u];\n", m->fns.n);
  fprintf(to, "static const kb_unit kb_this_unit KB_UNUSED = { KB_ABI, ");
  out_string(to, m->file);
  fprintf(to, ", \"%s\", \"%s\", %u, %s, kb_pending_get };\n\n", m->python ? m->python : "", o->version, m->fns.n, m->fns.n ? "kb_fns" : "NULL");
  for (uint32_t i = 0; i < m->fns.n; i++)
    kb_emit_args(to, m->fns.v[i]);
  fputs("\n", to);
}

/* -- Tables -------------------------------------------------------------------------------------------------- */

static char kind_letter(kb_ty t)
{
  switch (kb_type_letter(t)) {
  case 'U': return 'u';
  case 'D': return 'd';
  case 'S': return 's';
  case 'B': return 'b';
  case 'V': return 'v';
  case 'P': return 'p';
  default: return 'i';
  }
}

static void params(FILE *to, const kb_fn *f)
{
  if (!f->nparams)
    return;
  fprintf(to, "static const kb_fn_param kb_params_%s[] = {\n", f->c_name);
  for (uint32_t i = 0; i < f->nparams; i++) {
    kb_ty machine = kb_v(f, f->params[i])->ty, t = f->sig ? f->sig[i].ty : machine;
    const kb_type *k = kb_type_of(t);
    bool array = k->kind == KB_K_ARRAY, ptr = k->kind == KB_K_PTR;
    fputs("  { ", to);
    out_string(to, f->sig && f->sig[i].name ? f->sig[i].name : "");
    fprintf(to, ", '%c', KB_AS_%s, %d, %d, offsetof(struct a_%s, p%u), ", kind_letter(machine), out_as(array || ptr ? k->elem : t),
            array ? k->rank : ptr, (array && k->contig ? KB_PARAM_CONTIG : 0) | (array && kb_type_of(machine)->readonly ? KB_PARAM_READONLY : 0) |
            (ptr ? KB_PARAM_POINTER : 0), f->c_name, i);
    if (array && f->jit)
      fprintf(to, "offsetof(struct a_%s, o%u) },\n", f->c_name, i);
    else
      fputs("0 },\n", to);
  }
  fputs("};\n", to);
}

/* Types and places of the parts of the result. */
static void results(FILE *to, const kb_emit_opts *o, const kb_fn *f)
{
  const kb_type *k = kb_type_of(f->ret);
  bool tuple = k->kind == KB_K_TUPLE;
  if (f->ret == KB_T_VOID || (tuple && !k->n))
    return;
  fprintf(to, "static const uint8_t kb_ret_%s[] = { ", f->c_name);
  for (uint32_t i = 0; i < (tuple ? k->n : 1); i++)
    fprintf(to, "KB_AS_%s, ", out_as(tuple ? k->items[i] : f->ret));
  fprintf(to, "};\nstatic const uint32_t kb_offsets_%s[] = { ", f->c_name);
  for (uint32_t i = 0; i < (tuple ? k->n : 1); i++)
    if (tuple)
      fprintf(to, "offsetof(struct kb_%s%s_ret, f%u), ", o->prefix, f->c_name, i);
    else
      fputs("0, ", to);
  fputs("};\n", to);
}

/* Bytes as a literal: octal escapes where needed, always of three digits, so that what follows cannot become part of them. */
static void image(FILE *to, const kb_fn *f)
{
  fprintf(to, "static const unsigned char kb_image_%s[] =\n  \"", f->c_name);
  unsigned width = 0;
  for (size_t i = 0; i < f->nimage; i++) {
    unsigned char c = f->image[i];
    if (width >= 100) {
      fputs("\"\n  \"", to);
      width = 0;
    }
    if (c > ' ' && c < 127 && c != '"' && c != '\\' && c != '?')
      width += (unsigned)fprintf(to, "%c", c);
    else
      width += (unsigned)fprintf(to, "\\%03o", c);
  }
  fputs("\";\n", to);
}

/* The kernel on an argument block: for the Python wrapper, which is another file, and for the interpreter. */
static void entry(FILE *to, const kb_emit_opts *o, const kb_fn *f, const fn_facts *facts)
{
  bool tuple = kb_type_of(f->ret)->kind == KB_K_TUPLE, none = f->ret == KB_T_VOID;
  fprintf(to, "{\n  const struct a_%s *a = (const struct a_%s *)kb_args;\n", f->c_name, f->c_name);
  if (none)
    fputs("  (void)kb_ret;\n", to);
  if (!f->nparams && !facts->args)
    fputs("  (void)a;\n", to);
  fprintf(to, "  return kb_k_%s(%s%s", f->c_name, f->recursive ? "kb_me()" : "", f->recursive && f->nparams ? ", " : "");
  for (uint32_t i = 0; i < f->nparams; i++)
    fprintf(to, "%sa->p%u", i ? ", " : "", i);
  if (facts->args)
    fputs(", a", to);
  const char *comma = f->recursive || f->nparams || facts->args ? ", " : "";
  if (tuple)
    fprintf(to, "%s(struct kb_%s%s_ret *)kb_ret", comma, o->prefix, f->c_name);
  else if (!none)
    fprintf(to, "%s(%s *)kb_ret", comma, kb_cclass(f->ret, false));
  fputs(");\n}\n", to);
}

static const kb_fn *osr_function(const kb_mod *m, const kb_fn *f)
{
  for (uint32_t i = 0; i < m->osr.n; i++)
    if (m->fns.v[m->osr.v[i]->osr_of - 1] == f)
      return m->osr.v[i];
  return NULL;
}

static void full(FILE *to, const kb_mod *m, const kb_emit_opts *o, const kb_fn *f, const fn_facts *facts, const char *storage)
{
  const kb_type *k = kb_type_of(f->ret);
  bool tuple = k->kind == KB_K_TUPLE, none = f->ret == KB_T_VOID;
  uint32_t nret = tuple ? k->n : !none;
  params(to, f);
  results(to, o, f);
  if (f->image)
    image(to, f);
  const kb_fn *osr = osr_function(m, f);
  if (osr)
    out_heads(osr, to);
  fprintf(to, "%sint kb_e_%s(const void *kb_args, void *kb_ret)\n", f->exported ? "KB_ENTRY " : "static KB_COLD ", f->c_name);
  entry(to, o, f, facts);
  fprintf(to, "static kb_fn_count kb_count_%s;\n%s kb_info_%s = {\n  .unit = &kb_this_unit, .name = ", f->c_name, storage, f->c_name);
  out_string(to, f->name);
  fprintf(to, ", .line = %u, .nparams = %u, ", f->loc.line, f->nparams);
  if (f->nparams)
    fprintf(to, ".params = kb_params_%s, ", f->c_name);
  fprintf(to, ".args_size = sizeof(struct a_%s),\n  .nret = %u, ", f->c_name, nret);
  if (nret)
    fprintf(to, ".ret = kb_ret_%s, .ret_offset = kb_offsets_%s, ", f->c_name, f->c_name);
  if (tuple)
    fprintf(to, ".ret_size = sizeof(struct kb_%s%s_ret), ", o->prefix, f->c_name);
  else if (!none)
    fprintf(to, ".ret_size = sizeof(%s), ", kb_cclass(f->ret, false));
  fprintf(to, ".tuple = %d, .undeclared = %d, .jit = %d,\n  ", tuple, f->undeclared, f->jit);
  if (f->image)
    fprintf(to, ".nimage = sizeof kb_image_%s - 1, .image = kb_image_%s,\n  ", f->c_name, f->c_name);
  if (osr)
    fprintf(to, ".resume = %s, .nheads = %u, .heads = kb_heads_%s, ", osr->c_name, osr->nheads, osr->c_name);
  fprintf(to, ".enter = kb_e_%s, .count = &kb_count_%s\n};\n", f->c_name, f->c_name);
}

static void brief(FILE *to, const kb_fn *f, const char *storage)
{
  fprintf(to, "%s kb_info_%s = { .unit = &kb_this_unit, .name = ", storage, f->c_name);
  out_string(to, f->name);
  fprintf(to, ", .line = %u };\n", f->loc.line);
}

void out_infos(FILE *to, const kb_mod *m, const kb_emit_opts *o, const fn_facts *facts)
{
  fputs("#ifdef KB_PYTHON\n#define KB_ENTRY KB_HIDDEN\n#else\n#define KB_ENTRY static\n#endif\n", to);
  for (uint32_t i = 0; i < m->fns.n; i++) {
    const kb_fn *f = m->fns.v[i];
    const char *storage = f->exported ? "KB_INFO" : "static const kb_fn_info";
    if (!facts[i].image)
      fputs("#ifdef KB_PYTHON\n", to);
    full(to, m, o, f, &facts[i], storage);
    if (!facts[i].image) {
      fputs("#else\n", to);
      brief(to, f, storage);
      fputs("#endif\n", to);
    }
  }
  if (m->fns.n) {
    fprintf(to, "static const kb_fn_info *const kb_fns[%u] = { ", m->fns.n);
    for (uint32_t i = 0; i < m->fns.n; i++)
      fprintf(to, "%s&kb_info_%s", i ? ", " : "", m->fns.v[i]->c_name);
    fputs(" };\n", to);
  }
}
