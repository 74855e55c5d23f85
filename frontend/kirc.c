/* SPDX-License-Identifier: MIT */
/* kirc.c: the `c` engine: emits the module, adds a main that calls each case and prints what comes of it, compiles and
 * runs that. What it has to print is known from the evaluator. */
#include "cmd.h"
#include "kircheck.h"
#include "../emit/emit.h"

#include <math.h>
#include <string.h>

#define PREFIX "kir_"

static const char prelude[] =
    "\n#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
    "static void p_D(double d)\n{\n  char t[40];\n  int prec = 6;\n"
    "  if (d != d) { fputs(\"nan\", stdout); return; }\n"
    "  for (; prec <= 17; prec++) { snprintf(t, sizeof t, \"%.*g\", prec, d); if (strtod(t, NULL) == d) break; }\n"
    "  printf(\"%s%s\", t, strpbrk(t, \".ein\") ? \"\" : \".0\");\n}\n"
    "static void p_S(float d)\n{\n  char t[40];\n  int prec = 6;\n"
    "  if (d != d) { fputs(\"nan\", stdout); return; }\n"
    "  for (; prec <= 9; prec++) { snprintf(t, sizeof t, \"%.*g\", prec, (double)d); if (strtof(t, NULL) == d) break; }\n"
    "  printf(\"%s%s\", t, strpbrk(t, \".ein\") ? \"\" : \".0\");\n}\n"
    "static void p_I(int64_t i) { printf(\"%lld\", (long long)i); }\n"
    "static void p_U(uint64_t i) { printf(\"%llu\", (unsigned long long)i); }\n"
    "static void p_B(bool b) { fputs(b ? \"true\" : \"false\", stdout); }\n"
    "static bool left(void)\n{\n  const kb_error *e = kb_error_get();\n"
    "  if (!e) return false;\n"
    "  printf(\"raise %s%s%s:\", e->type, *e->message ? \" \" : \"\", e->message);\n  kb_error_clear();\n  return true;\n}\n"
    "int main(void)\n{\n";

/* -- Values as C --------------------------------------------------------------------------------------------- */

static void c_double(FILE *out, double d)
{
  if (isnan(d))
    fputs("(0.0 / 0.0)", out);
  else if (isinf(d))
    fputs(d < 0 ? "(-1.0 / 0.0)" : "(1.0 / 0.0)", out);
  else
    fprintf(out, "%a", d);
}

static void c_scalar(FILE *out, kb_ty ty, kb_imm imm)
{
  switch (kb_type_letter(ty)) {
  case 'D': c_double(out, imm.d); break;
  case 'S':
    fputs("(float)", out);
    c_double(out, (double)imm.s);
    break;
  case 'U': fprintf(out, "%lluu", (unsigned long long)imm.i); break;
  default:
    if (imm.i == INT64_MIN)
      fputs("INT64_MIN", out);
    else
      fprintf(out, "%lld", (long long)imm.i);
  }
}

static const char *c_elem(kb_ty elem)
{
  static const char *const ints[] = { "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t" };
  return elem == KB_T_F64 ? "double" : elem == KB_T_F32 ? "float" : elem == KB_T_BOOL ? "bool" : ints[elem - KB_T_I8];
}

static int64_t count(const kb_view *v)
{
  int64_t n = 1;
  for (uint32_t i = 0; i < v->rank; i++)
    n *= v->shape[i];
  return n;
}

static kb_imm nth(const kb_view *v, int64_t i)
{
  kb_imm r = { 0 };
  size_t w = kb_type_size(v->elem);
  const char *p = v->data + (size_t)i * w;
  if (v->elem == KB_T_F64)
    memcpy(&r.d, p, w);
  else if (v->elem == KB_T_F32)
    memcpy(&r.s, p, w);
  else
    memcpy(&r.i, p, w); /* a signed element's upper bits do not matter: the initializer is converted */
  return r;
}

static void define_arrays(FILE *out, const kb_fn *f, const kir_case *c)
{
  for (uint32_t i = 0; i < f->nparams; i++) {
    const kb_view *v = c->args[i].view;
    if (!v || c->same_as[i])
      continue;
    fprintf(out, "    %s a%u[] = { ", c_elem(v->elem), i);
    for (int64_t k = 0; k < count(v); k++) {
      fprintf(out, "(%s)", c_elem(v->elem));
      c_scalar(out, v->elem, nth(v, k));
      fputs(", ", out);
    }
    fputs("0 };\n", out);
  }
}

static void pass_view(FILE *out, const kb_fn *f, const kir_case *c, uint32_t i)
{
  kb_ty ty = kb_v(f, f->params[i])->ty;
  const kb_view *v = c->args[i].view;
  uint32_t a = c->same_as[i] ? c->same_as[i] - 1 : i;
  if (kb_type_letter(ty) == 'P') {
    fprintf(out, "a%u", a);
    return;
  }
  fprintf(out, "(%s){ a%u, { ", kb_ctype(ty, kb_type_of(ty)->readonly), a);
  for (uint32_t k = 0; k < v->rank; k++)
    fprintf(out, "%lld, ", (long long)v->shape[k]);
  fputs("}, { ", out);
  for (uint32_t k = 0; k < v->rank; k++)
    fprintf(out, "%lld, ", (long long)v->stride[k]);
  fputs("} }", out);
}

static void print_array(FILE *out, const kb_view *v, uint32_t i)
{
  fputs("    putchar(' ');\n", out);
  if (!count(v)) {
    fputs("    fputs(\"[]\", stdout);\n", out);
    return;
  }
  /* dense row-major: brackets where an axis begins and ends */
  fprintf(out, "    for (long k = 0; k < %lld; k++) {\n", (long long)count(v));
  int64_t inner = 1;
  fputs("      if (k) putchar(' ');\n", out);
  for (uint32_t axis = v->rank; axis-- > 0;) {
    inner *= v->shape[axis];
    fprintf(out, "      if (k %% %lld == 0) putchar('[');\n", (long long)inner);
  }
  fprintf(out, "      p_%c(a%u[k]);\n", kb_type_letter(v->elem), i);
  inner = 1;
  for (uint32_t axis = v->rank; axis-- > 0;) {
    inner *= v->shape[axis];
    fprintf(out, "      if (k %% %lld == %lld) putchar(']');\n", (long long)inner, (long long)inner - 1);
  }
  fputs("    }\n", out);
}

static void print_result(FILE *out, kb_ty ret)
{
  const kb_type *t = kb_type_of(ret);
  if (t->kind == KB_K_TUPLE) {
    for (uint32_t i = 0; i < t->n; i++)
      fprintf(out, "      fputs(\"%s\", stdout); p_%c(r.f%u);\n", i ? ", " : "(", kb_type_letter(t->items[i]), i);
    fputs("      putchar(')');\n", out);
  } else if (ret == KB_T_VOID || ret == KB_T_NONE) {
    fputs("      fputs(\"none\", stdout);\n", out);
  } else {
    fprintf(out, "      p_%c(r);\n", kb_type_letter(ret));
  }
}

static void one_case(FILE *out, const kb_mod *m, const kir_case *c)
{
  const kb_fn *f = m->fns.v[c->fn];
  bool none = f->ret == KB_T_VOID || f->ret == KB_T_NONE, tuple = kb_type_of(f->ret)->kind == KB_K_TUPLE;
  fputs("  {\n", out);
  define_arrays(out, f, c);
  fputs("    ", out);
  if (tuple)
    fprintf(out, "struct kb_" PREFIX "%s_ret r = ", f->c_name);
  else if (!none)
    fprintf(out, "%s r = ", kb_ctype(f->ret, false));
  fprintf(out, PREFIX "%s(", f->c_name);
  for (uint32_t i = 0; i < f->nparams; i++) {
    fputs(i ? ", " : "", out);
    if (c->args[i].view)
      pass_view(out, f, c, i);
    else
      c_scalar(out, kb_v(f, f->params[i])->ty, c->args[i].imm);
  }
  fputs(");\n    if (!left()) {\n", out);
  print_result(out, f->ret);
  fputs("    }\n    fputs(\" ->\", stdout);\n", out);
  for (uint32_t i = 0; i < f->nparams; i++)
    if (c->args[i].view && !c->same_as[i])
      print_array(out, c->args[i].view, i);
  fputs("    putchar('\\n');\n    fflush(stdout);\n  }\n", out);
}

/* -- What has to come ------------------------------------------------------------------------------------------- */

/* An exit without its frames; a deopt exit is an OverflowError for now, whatever its message. */
static void expected(FILE *out, const kb_mod *m, const kir_case *c)
{
  kb_arena *a = kb_arena_new();
  kb_cell *args = kir_arguments(m, c, a);
  const kb_snap *exit = NULL;
  char *text = NULL;
  size_t n;
  FILE *to = open_memstream(&text, &n);
  kb_assert(to != NULL, "open_memstream failed");
  kb_eval_fn(m, c->fn, args, a, to, &exit);
  fclose(to);
  if (exit && exit->kind == KB_EXIT_DEOPT)
    fputs("raise OverflowError", out);
  else
    fprintf(out, "%.*s", (int)(exit ? strcspn(text, ":") : strlen(text)), text);
  fputs(" ->", out);
  kir_print_arrays(out, m, c, args);
  free(text);
  kb_arena_free(a);
}

/* Is `have` what was expected? The message of a deopt is the emitter's. */
static bool agrees(const char *want, const char *have)
{
  static const char deopt[] = "raise OverflowError ->";
  const char *arrays = strstr(have, " ->"), *colon = strchr(have, ':');
  if (!strncmp(want, deopt, sizeof deopt - 1) && !strncmp(have, deopt, sizeof deopt - 4))
    return arrays && !strcmp(arrays, want + sizeof deopt - 4);
  if (strncmp(want, "raise ", 6) != 0)
    return !strcmp(want, have);
  size_t n = (size_t)(strstr(want, " ->") - want);
  return arrays && colon && !strncmp(want, have, n) && !strcmp(strstr(want, " ->"), arrays);
}

/* -- Compile, run ---------------------------------------------------------------------------------------------------- */

static bool write_program(const char *file, const char *path, kb_mod *m, const kir_cases *cases)
{
  kb_emit_opts o;
  FILE *out = fopen(path, "w");
  if (!out) {
    kb_error(kb_at_file(file), "%s cannot be written", path);
    return false;
  }
  memset(&o, 0, sizeof o);
  o.prefix = PREFIX;
  o.version = "0";
  for (uint32_t i = 0; i < m->fns.n; i++)
    m->fns.v[i]->exported = true;
  m->file = m->file ? m->file : file;
  m->python = m->python ? m->python : "3.11";
  kb_emit_c(out, m, &o);
  fputs(prelude, out);
  for (uint32_t i = 0; i < cases->n; i++)
    one_case(out, m, &cases->v[i]);
  fputs("  return 0;\n}\n", out);
  return fclose(out) == 0;
}

static bool compile(const char *source, const char *program)
{
  const kb_paths *p = kb_paths_from(kb_paths_program());
  kb_argv a = { NULL, 0, 0 };
  char path[4096];
  kb_vec_push(&a, p->cc);
  kb_argv_words(&a, "-O2 -std=gnu11 -ffp-contract=off -w");
  snprintf(path, sizeof path, "-I%s", p->include);
  kb_vec_push(&a, kb_intern(path));
  kb_argv_words(&a, p->cflags ? p->cflags : "");
  kb_vec_push(&a, source);
  kb_vec_push(&a, "-o");
  kb_vec_push(&a, program);
  snprintf(path, sizeof path, "%s/libkeelback.a", p->lib);
  kb_vec_push(&a, kb_intern(path));
  kb_argv_words(&a, "-lm -pthread");
  bool ok = kb_run(&a, NULL);
  kb_vec_free(&a);
  return ok;
}

uint32_t kir_check_c(const char *file, const kb_mod *before, kb_mod *after, const kir_cases *cases)
{
  const char *source = kb_temp_file("kir.c"), *program = kb_temp_file("kir");
  char *line = NULL;
  size_t size = 0;
  uint32_t wrong = 0;
  if (!source || !write_program(file, source, after, cases) || !compile(source, program))
    return cases->n;
  FILE *run = popen(program, "r");
  for (uint32_t i = 0; run && i < cases->n; i++) {
    kb_loc at = { file, cases->v[i].line, 0, 0 };
    char *want = NULL;
    size_t n;
    FILE *to = open_memstream(&want, &n);
    kb_assert(to != NULL, "open_memstream failed");
    expected(to, before, &cases->v[i]);
    fclose(to);
    ssize_t got = getline(&line, &size, run);
    if (got > 0 && line[got - 1] == '\n')
      line[got - 1] = 0;
    if (got <= 0 || !agrees(want, line)) {
      kb_error(at, "c: gives '%s', not '%s'", got > 0 ? line : "nothing", want);
      wrong++;
    }
    free(want);
  }
  if (!run || pclose(run) != 0) {
    kb_error(kb_at_file(file), "c: the program failed");
    wrong++;
  }
  free(line);
  return wrong;
}
