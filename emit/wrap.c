/* SPDX-License-Identifier: MIT */
/* wrap.c: the Python half of an extension module, as C that includes kbpy.h (which explains its shape): a vectorcall
 * function a kernel, the tables that describe the kernels, the file's source and code, PyInit. */
#include "emit.h"
#include "../include/kbabi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- Literals -------------------------------------------------------------------------------------------- */

enum { LITERAL_WIDTH = 100 };

/* Octal escapes, always of three digits, so that what follows cannot become part of them. */
static unsigned put_char(FILE *out, unsigned char c)
{
  if (c == '"' || c == '\\') return (unsigned)fprintf(out, "\\%c", c);
  if (c >= ' ' && c < 127 && c != '?') /* no trigraphs */
    return (unsigned)fprintf(out, "%c", c);
  if (c == '\n') return (unsigned)fprintf(out, "\\n");
  return (unsigned)fprintf(out, "\\%03o", c);
}

/* A string literal over as many lines as it takes, each begun by indent. */
static void put_text(FILE *out, const char *s, size_t n, const char *indent)
{
  unsigned width = 0;
  (void)fprintf(out, "%s\"", indent);
  for (size_t i = 0; i < n; i++) {
    width += put_char(out, (unsigned char)s[i]);
    if (i + 1 < n && (s[i] == '\n' || width >= LITERAL_WIDTH)) {
      (void)fprintf(out, "\"\n%s\"", indent);
      width = 0;
    }
  }
  (void)fputc('"', out);
}

static void put_str(FILE *out, const char *s)
{
  if (s == NULL) {
    (void)fputs("NULL", out);
    return;
  }
  (void)fputc('"', out);
  for (; *s; s++) (void)put_char(out, (unsigned char)*s);
  (void)fputc('"', out);
}

static void put_comment(FILE *out, const char *s)
{
  for (; *s; s++)
    if ((unsigned char)*s >= ' ' && !(*s == '*' && s[1] == '/')) (void)fputc(*s, out);
}

static void put_double(FILE *out, double d)
{
  if (isnan(d)) (void)fputs("__builtin_nan(\"\")", out);
  else if (isinf(d)) (void)fputs(d < 0 ? "-__builtin_inf()" : "__builtin_inf()", out);
  else (void)fprintf(out, "%a", d);
}

/* -- Types ------------------------------------------------------------------------------------------------- */

typedef enum { P_FLOAT, P_INT, P_SIZED, P_U64, P_BOOL, P_ARRAY, P_POINTER } param_kind;

static param_kind kind_of(kb_ty t)
{
  const kb_type *ty = kb_type_of(t);
  if (ty->kind == KB_K_ARRAY) return P_ARRAY;
  if (ty->kind == KB_K_PTR) return P_POINTER;
  if (t == KB_T_BOOL) return P_BOOL;
  if (kb_type_is_float(t)) return P_FLOAT;
  if (t == KB_T_INT || t == KB_T_I64) return P_INT;
  return t == KB_T_U64 ? P_U64 : P_SIZED;
}

/* kbpy_elem of a scalar or element type. */
static const char *elem(kb_ty t)
{
  switch (t) {
  case KB_T_BOOL: return "KBPY_BOOL";
  case KB_T_INT:
  case KB_T_I64: return "KBPY_I64";
  case KB_T_I8: return "KBPY_I8";
  case KB_T_I16: return "KBPY_I16";
  case KB_T_I32: return "KBPY_I32";
  case KB_T_U8: return "KBPY_U8";
  case KB_T_U16: return "KBPY_U16";
  case KB_T_U32: return "KBPY_U32";
  case KB_T_U64: return "KBPY_U64";
  case KB_T_F32: return "KBPY_F32";
  case KB_T_FLOAT:
  case KB_T_F64: return "KBPY_F64";
  default: kb_bug(__FILE__, __LINE__, "no parameter type: %s", kb_type_name(t));
  }
}

/* INT8_MIN and so on: the limits' names without the end. */
static const char *limits(kb_ty t)
{
  switch (t) {
  case KB_T_I8: return "INT8";
  case KB_T_I16: return "INT16";
  case KB_T_I32: return "INT32";
  case KB_T_U8: return "UINT8";
  case KB_T_U16: return "UINT16";
  default: return "UINT32";
  }
}

static bool is_unsigned(kb_ty t) { return t >= KB_T_U8 && t <= KB_T_U64; }

static bool is_tuple(kb_ty t) { return kb_type_of(t)->kind == KB_K_TUPLE; }

static bool is_none(kb_ty t) { return t == KB_T_VOID || t == KB_T_NONE; }

/* C type of parameter k of the kernel's own function. */
static const char *class_of(const kb_fn *f, uint32_t k)
{
  kb_ty t = kb_v(f, f->params[k])->ty;
  return kb_cclass(t, kb_type_of(t)->readonly);
}

/* -- The kernel's own function ----------------------------------------------------------------------------- */

static void put_ret_type(FILE *out, const kb_fn *f, const char *prefix)
{
  if (is_tuple(f->ret)) (void)fprintf(out, "struct kb_%s%s_ret", prefix, f->c_name);
  else (void)fputs(kb_cclass(f->ret, false), out);
}

/* What the kernel's file has for us (info.c). */
static void put_extern(FILE *out, const kb_fn *f, const char *prefix)
{
  if (is_tuple(f->ret)) {
    const kb_type *t = kb_type_of(f->ret);
    (void)fprintf(out, "struct kb_%s%s_ret { ", prefix, f->c_name);
    for (uint32_t i = 0; i < t->n; i++) (void)fprintf(out, "%s f%u; ", kb_ctype(t->items[i], false), (unsigned)i);
    (void)fputs("};\n", out);
  }
  kb_emit_args(out, f);
  (void)fprintf(out, "KB_HIDDEN int kb_e_%s(const void *, void *);\nextern KB_HIDDEN const kb_fn_info kb_info_%s;\n", f->c_name,
                f->c_name);
}

/* -- Results ----------------------------------------------------------------------------------------------------- */

static void put_box(FILE *out, kb_ty t, const char *from, uint32_t item)
{
  char name[32];
  if (item == UINT32_MAX) (void)snprintf(name, sizeof name, "%s", from);
  else (void)snprintf(name, sizeof name, "%s.f%u", from, (unsigned)item);
  if (t == KB_T_BOOL) (void)fprintf(out, "PyBool_FromLong(%s)", name);
  else if (kb_type_is_float(t)) (void)fprintf(out, "kbpy_float(self, %s)", name);
  else if (is_unsigned(t)) (void)fprintf(out, "PyLong_FromUnsignedLongLong(%s)", name);
  else (void)fprintf(out, "PyLong_FromLongLong(%s)", name);
}

static void put_tuple(FILE *out, const kb_type *t)
{
  (void)fprintf(out, "  PyObject *t = PyTuple_New(%u), *o;\n", (unsigned)t->n);
  for (uint32_t i = 0; i < t->n; i++) {
    (void)fprintf(out, "  if (t) {\n    if ((o = ");
    put_box(out, t->items[i], "ret", i);
    (void)fprintf(out, ") != NULL)\n      PyTuple_SET_ITEM(t, %u, o);\n    else\n      Py_CLEAR(t);\n  }\n",
                  (unsigned)i);
  }
  (void)fputs("  return t;\n", out);
}

/* kb_c_<name>: calls the kernel, makes its result or its exception an object's. */
static void put_call(FILE *out, const kb_fn *f, const char *prefix)
{
  (void)fprintf(out, "\nKBPY_INLINE PyObject *kb_c_%s(PyObject *self, const struct a_%s *p)\n{\n", f->c_name, f->c_name);
  if (!is_none(f->ret)) {
    (void)fputs("  ", out);
    put_ret_type(out, f, prefix);
    (void)fputs(" ret;\n", out);
  }
  const char *ret = is_none(f->ret) ? "NULL" : "&ret";
  if (f->nogil)
    (void)fprintf(out,
                  "  kbpy_nogil n;\n  kbpy_nogil_begin(&n);\n  int how = kb_e_%s(p, %s);\n  kbpy_nogil_end(&n);\n"
                  "  if (KB_UNLIKELY(how))\n    return kbpy_leave(self);\n",
                  f->c_name, ret);
  else (void)fprintf(out, "  if (KB_UNLIKELY(kb_e_%s(p, %s)))\n    return kbpy_leave(self);\n", f->c_name, ret);
  if (is_none(f->ret)) {
    (void)fputs("  Py_RETURN_NONE;\n", out);
  } else if (is_tuple(f->ret)) {
    put_tuple(out, kb_type_of(f->ret));
  } else {
    (void)fputs("  return ", out);
    put_box(out, f->ret, "ret", UINT32_MAX);
    (void)fputs(";\n", out);
  }
  (void)fputs("}\n", out);
}

/* -- Arguments ------------------------------------------------------------------------------------------------------- */

/* One condition of the fast path; scalars that are narrower than what Python gives arrive in a d<k> or i<k>. */
static void put_fast_test(FILE *out, const kb_sigparam *p, unsigned k)
{
  const kb_type *t = kb_type_of(p->ty);
  switch (kind_of(p->ty)) {
  case P_FLOAT: (void)fprintf(out, "kbpy_fast_float(args[%u], &%s%u)", k, p->ty == KB_T_F32 ? "d" : "p.p", k); break;
  case P_INT: (void)fprintf(out, "kbpy_fast_int(args[%u], &p.p%u)", k, k); break;
  case P_U64: (void)fprintf(out, "kbpy_fast_range(args[%u], 0, INT64_MAX, &i%u)", k, k); break;
  case P_SIZED:
    if (is_unsigned(p->ty)) (void)fprintf(out, "kbpy_fast_range(args[%u], 0, %s_MAX, &p.p%u)", k, limits(p->ty), k);
    else (void)fprintf(out, "kbpy_fast_range(args[%u], %s_MIN, %s_MAX, &p.p%u)", k, limits(p->ty), limits(p->ty), k);
    break;
  case P_BOOL: (void)fprintf(out, "kbpy_fast_bool(args[%u], &p.p%u)", k, k); break;
  case P_ARRAY:
    (void)fprintf(out, "kbpy_fast_array(args[%u], %s, %u, %d, %d, &p.p%u)", k, elem(t->elem), t->rank, t->contig,
                  p->written, k);
    break;
  case P_POINTER:
    (void)fprintf(out, "kbpy_fast_pointer(args[%u], %s, %d, &v%u)", k, elem(t->elem), p->written, k);
    break;
  }
}

static void put_fast(FILE *out, const kb_fn *f)
{
  uint32_t npos = 0;
  for (uint32_t k = 0; k < f->nparams; k++) npos += !f->sig[k].kwonly;
  (void)fprintf(out,
                "\nstatic KBPY_ENTRY PyObject *kb_w_%s(PyObject *self, PyObject *const *args, size_t nargsf, PyObject "
                "*kwnames)\n{\n",
                f->c_name);
  if (npos == f->nparams) { /* with keyword-only parameters no call is plain */
    (void)fprintf(out, "  struct a_%s p;\n", f->c_name);
    for (uint32_t k = 0; k < f->nparams; k++) {
      param_kind kind = kind_of(f->sig[k].ty);
      if (f->sig[k].ty == KB_T_F32) (void)fprintf(out, "  double d%u;\n", (unsigned)k);
      else if (kind == P_U64) (void)fprintf(out, "  int64_t i%u;\n", (unsigned)k);
      else if (kind == P_POINTER) (void)fprintf(out, "  void *v%u;\n", (unsigned)k);
    }
    (void)fprintf(out, "  if (KB_LIKELY(kbpy_plain(nargsf, kwnames, %u)", (unsigned)npos);
    for (uint32_t k = 0; k < f->nparams; k++) {
      (void)fputs("\n                && ", out);
      put_fast_test(out, &f->sig[k], k);
    }
    (void)fputs(")) {\n", out);
    for (uint32_t k = 0; k < f->nparams; k++) {
      param_kind kind = kind_of(f->sig[k].ty);
      const char from = f->sig[k].ty == KB_T_F32 ? 'd' : kind == P_U64 ? 'i' : kind == P_POINTER ? 'v' : 0;
      if (from) (void)fprintf(out, "    p.p%u = (%s)%c%u;\n", (unsigned)k, class_of(f, k), from, (unsigned)k);
    }
    (void)fprintf(out, "    return kb_c_%s(self, &p);\n  }\n", f->c_name);
  }
  (void)fprintf(out, "  return kb_s_%s(self, args, nargsf, kwnames);\n}\n", f->c_name);
}

static void put_slow_arg(FILE *out, const kb_fn *f, uint32_t k)
{
  const kb_sigparam *p = &f->sig[k];
  if (kind_of(p->ty) == P_ARRAY) {
    (void)fprintf(out, "  kbpy_get_view(&p.p%u, &v[%u], %u);\n", (unsigned)k, (unsigned)k, kb_type_of(p->ty)->rank);
    return;
  }
  (void)fprintf(out, "  p.p%u = ", (unsigned)k);
  switch (kind_of(p->ty)) {
  case P_FLOAT: (void)fprintf(out, "%sv[%u].d", p->ty == KB_T_F32 ? "(float)" : "", (unsigned)k); break;
  case P_U64: (void)fprintf(out, "(%s)v[%u].u", class_of(f, k), (unsigned)k); break;
  case P_BOOL: (void)fprintf(out, "v[%u].i != 0", (unsigned)k); break;
  case P_POINTER: (void)fprintf(out, "(%s)v[%u].p", class_of(f, k), (unsigned)k); break;
  default: (void)fprintf(out, "v[%u].i", (unsigned)k); break;
  }
  (void)fputs(";\n", out);
}

static void put_slow(FILE *out, const kb_fn *f)
{
  uint32_t nheld = 0, n = f->nparams ? f->nparams : 1;
  for (uint32_t k = 0; k < f->nparams; k++) nheld += kind_of(f->sig[k].ty) >= P_ARRAY;
  (void)fprintf(
      out,
      "\nstatic KB_COLD PyObject *kb_s_%s(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)\n{\n",
      f->c_name);
  (void)fprintf(out, "  struct a_%s p;\n  PyObject *o[%u], *r;\n  kbpy_value v[%u];\n  Py_buffer b[%u];\n  kbpy_held held = "
                "{ 0, b };\n",
                f->c_name, (unsigned)n, (unsigned)n, (unsigned)(nheld ? nheld : 1));
  (void)fputs("  int how = kbpy_convert(self, args, nargsf, kwnames, o, v, &held);\n  if (how < 0)\n    return NULL;\n", out);
  for (uint32_t k = 0; k < f->nparams; k++) put_slow_arg(out, f, k);
  (void)fprintf(out, "  r = how ? kbpy_interpret(self, &p, o) : kb_c_%s(self, &p);\n", f->c_name);
  (void)fputs("  kbpy_release(&held);\n  return r;\n}\n", out);
}

/* -- Tables ---------------------------------------------------------------------------------------------------------- */

static void put_default(FILE *out, const kb_sigparam *p)
{
  (void)fputs("{ ", out);
  if (!p->has_def) {
    (void)fputs("0", out);
  } else if (kb_type_is_float(p->ty)) {
    (void)fputs(".d = ", out);
    put_double(out, kb_type_letter(p->ty) == 'S' ? (double)p->def.s : p->def.d);
  } else if (p->ty == KB_T_U64) {
    (void)fprintf(out, ".u = UINT64_C(%llu)", (unsigned long long)p->def.i);
  } else if (p->def.i == INT64_MIN) {
    (void)fputs(".i = INT64_MIN", out);
  } else {
    (void)fprintf(out, ".i = INT64_C(%lld)", (long long)p->def.i);
  }
  (void)fputs(" }", out);
}

static void put_param_row(FILE *out, const kb_fn *f, uint32_t k)
{
  const kb_sigparam *p = &f->sig[k];
  const kb_type *t = kb_type_of(p->ty);
  param_kind kind = kind_of(p->ty);
  bool scalar = kind < P_ARRAY;
  (void)fputs("  { ", out);
  put_str(out, p->name);
  (void)fputs(", ", out);
  put_str(out, kb_type_name(p->ty));
  (void)fprintf(out, ", %s, %s, %d, ",
                scalar            ? "KBPY_SCALAR"
                : kind == P_ARRAY ? "KBPY_ARRAY"
                                  : "KBPY_POINTER",
                elem(scalar ? p->ty : t->elem), kind == P_ARRAY ? t->rank : 0);
  (void)fprintf(out, "0%s%s%s%s, ", !scalar && p->written ? " | KBPY_WRITTEN" : "",
                kind == P_ARRAY && t->contig ? " | KBPY_CONTIG" : "", p->has_def ? " | KBPY_DEFAULT" : "",
                p->ty == KB_T_INT && !f->overflow_raises ? " | KBPY_BIGINT" : "");
  put_default(out, p);
  (void)fputs(" },\n", out);
}

static void put_fn_tables(FILE *out, const kb_mod *m, const kb_fn *f)
{
  if (f->nparams) {
    (void)fprintf(out, "\nstatic const kbpy_param kb_params_%s[] = {\n", f->c_name);
    for (uint32_t k = 0; k < f->nparams; k++) put_param_row(out, f, k);
    (void)fputs("};\n", out);
  }
  char *text = NULL;
  size_t n = 0;
  FILE *ir = open_memstream(&text, &n);
  kb_assert(ir != NULL, "out of memory");
  kb_print_fn(ir, m, f);
  (void)fclose(ir);
  (void)fprintf(out, "\nstatic const char kb_ir_%s[] =\n", f->c_name);
  put_text(out, text, n, "  ");
  (void)fputs(";\n", out);
  free(text);
}

static void put_fn_row(FILE *out, const kb_fn *f)
{
  uint32_t nposonly = 0, npos = 0;
  for (uint32_t k = 0; k < f->nparams; k++) {
    nposonly += f->sig[k].posonly;
    npos += !f->sig[k].kwonly;
  }
  (void)fputs("  { ", out);
  put_str(out, f->name);
  (void)fputs(", ", out);
  put_str(out, f->name);
  (void)fputs(", ", out);
  put_str(out, f->doc);
  (void)fprintf(out, ", kb_w_%s, %u, %u, %u, %u, ", f->c_name, f->loc.line, (unsigned)f->nparams, (unsigned)nposonly,
                (unsigned)npos);
  if (f->nparams) (void)fprintf(out, "kb_params_%s, ", f->c_name);
  else (void)fputs("NULL, ", out);
  put_str(out, is_none(f->ret) ? "None" : kb_type_name(f->ret));
  (void)fprintf(out, ", kb_ir_%s, &kb_info_%s },\n", f->c_name, f->c_name);
}

/* -- Module ------------------------------------------------------------------------------------------------------------- */

static void put_c_source(FILE *out, const kb_mod *m, const kb_emit_opts *o)
{
  char *text = NULL;
  size_t n = 0;
  FILE *c = open_memstream(&text, &n);
  kb_assert(c != NULL, "out of memory");
  kb_emit_c(c, m, o);
  (void)fclose(c);
  (void)fputs("\nstatic const char kb_csource[] =\n", out);
  put_text(out, text, n, "  ");
  (void)fputs(";\n", out);
  free(text);
}

static uint32_t put_fn_rows(FILE *out, const kb_mod *m)
{
  uint32_t n = 0;
  (void)fputs("\nstatic const kbpy_kernel_def kb_kernels[] = {\n", out);
  for (uint32_t i = 0; i < m->fns.n; i++) {
    if (!m->fns.v[i]->exported) continue;
    put_fn_row(out, m->fns.v[i]);
    n++;
  }
  if (n == 0) (void)fputs("  { NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL }\n", out);
  (void)fputs("};\n", out);
  return n;
}

static void put_module(FILE *out, const kb_mod *m, const kb_emit_opts *o, const kb_emit_pysource *src)
{
  put_c_source(out, m, o);
  (void)fputs("\nstatic const char kb_source[] =\n", out);
  put_text(out, src->source, src->nsource, "  ");
  (void)fputs(";\nstatic const unsigned char kb_code[] =\n", out);
  put_text(out, (const char *)src->code, src->ncode, "  ");
  (void)fputs(";\n", out);
  uint32_t n = put_fn_rows(out, m);
  (void)fputs("\nstatic const kbpy_module_def kb_module_def = {\n", out);
  (void)fprintf(out, "  %d, ", KB_ABI);
  put_str(out, m->file);
  (void)fputs(", ", out);
  put_str(out, o->version);
  (void)fputs(", ", out);
  put_str(out, m->python);
  (void)fprintf(out, ", kb_source, %zu, kb_code, %zu, kb_csource, %u, kb_kernels, %s\n};\n", src->nsource, src->ncode,
                (unsigned)n, o->stress ? "kbpy_stress_exec" : "NULL");

  const char *dot = strrchr(o->module, '.'), *name = dot ? dot + 1 : o->module;
  (void)fprintf(out, "\nstatic int kb_execute(PyObject *module)\n{\n  return kbpy_%s_exec(module, &kb_module_def);\n}\n",
                o->jit ? "jit" : "module");
  (void)fputs("\nstatic PyModuleDef_Slot kb_slots[] = { { Py_mod_exec, (void *)kb_execute }, { 0, NULL } };\n", out);
  (void)fprintf(out,
                "static struct PyModuleDef kb_definition = { PyModuleDef_HEAD_INIT, \"%s\", NULL, 0, NULL, kb_slots, NULL, "
                "NULL, NULL };\n",
                name);
  (void)fprintf(out, "\nPyMODINIT_FUNC PyInit_%s(void)\n{\n  return PyModuleDef_Init(&kb_definition);\n}\n", name);
}

/* The code object and the structures are those of one minor version: "3.11". */
static void put_version_check(FILE *out, const char *python)
{
  char *end = NULL;
  unsigned long major = python ? strtoul(python, &end, 10) : 0;
  if (major == 0 || *end != '.') return;
  unsigned long minor = strtoul(end + 1, NULL, 10);
  (void)fprintf(out, "#if PY_VERSION_HEX >> 16 != 0x%02lx%02lx\n#error \"made for Python %lu.%lu\"\n#endif\n\n", major,
                minor, major, minor);
}

void kb_emit_python(FILE *out, const kb_mod *m, const kb_emit_opts *o, const kb_emit_pysource *src)
{
  const char *prefix = o->prefix ? o->prefix : "";
  (void)fprintf(out, "/* Made by keelback %s from ", o->version);
  put_comment(out, m->file);
  (void)fputs("; do not edit. SPDX-License-Identifier: 0BSD */\n", out);
  (void)fprintf(out, "#include <%s>\n\n", o->jit ? "kbpyjit.h" : "kbpy.h");
  put_version_check(out, m->python);
  for (uint32_t i = 0; i < m->fns.n; i++)
    if (m->fns.v[i]->exported) put_extern(out, m->fns.v[i], prefix);
  for (uint32_t i = 0; i < m->fns.n; i++) {
    const kb_fn *f = m->fns.v[i];
    if (!f->exported) continue;
    if (o->jit) {
      kb_emit_jit_function(out, f, prefix);
    } else {
      put_call(out, f, prefix);
      put_slow(out, f);
      put_fast(out, f);
    }
    put_fn_tables(out, m, f);
  }
  put_module(out, m, o, src);
}
