/* SPDX-License-Identifier: MIT */
/* The generated header: prototypes, documentation, names that C cannot have, what is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "emit/emit.h"

static kb_fn *add(kb_mod *m, const char *name, kb_ty ret, const char *doc)
{
  kb_fn *f = kb_fn_new(m, kb_intern(name));
  f->c_name = name;
  f->doc = doc;
  f->ret = ret;
  f->exported = true;
  f->loc.line = 3;
  f->sig = (kb_sigparam *)kb_arena_alloc(f->arena, 8 * sizeof *f->sig);
  return f;
}

static kb_sigparam *param(kb_fn *f, const char *name, kb_ty t, bool written)
{
  kb_sigparam *p = &f->sig[f->nparams];
  (void)kb_param(f, t, kb_intern(name));
  p->name = name;
  p->ty = t;
  p->written = written;
  return p;
}

static char *header_of(const kb_mod *m, const char *prefix)
{
  static char buf[16384];
  kb_emit_opts o = { .prefix = prefix, .version = "0.1.0" };
  memset(buf, 0, sizeof buf);
  FILE *out = fmemopen(buf, sizeof buf, "w");
  assert_non_null(out);
  kb_emit_header(out, m, &o, "KERNELS_H");
  assert_int_equal(fclose(out), 0);
  return buf;
}

#define has(text, part)                                                                                                \
  do {                                                                                                                 \
    if (strstr(text, part) == NULL) fail_msg("%s\nis not in\n%s", part, text);                                         \
  } while (0)

static void prototypes(void **state)
{
  (void)state;
  kb_mod *m = kb_mod_new("k.py", "3.11");
  kb_ty v = kb_type_array(KB_T_F32, 1, false, false), c = kb_type_array(KB_T_F64, 2, true, false);
  kb_fn *f = add(m, "axpy", KB_T_VOID, NULL);
  (void)param(f, "a", KB_T_F32, false);
  (void)param(f, "x", v, false);
  (void)param(f, "y", v, true);
  f = add(m, "norm", KB_T_FLOAT, NULL);
  (void)param(f, "x", c, false);
  f = add(m, "nothing", KB_T_U64, NULL);
  f = add(m, "raw", KB_T_F32, NULL);
  (void)param(f, "p", kb_type_ptr(KB_T_F32), false);
  (void)param(f, "q", kb_type_ptr(KB_T_F32), true);
  f = add(m, "both", kb_type_tuple((const kb_ty[]){ KB_T_INT, KB_T_BOOL }, 2), NULL);
  (void)param(f, "n", KB_T_I32, false);
  f = add(m, "hidden", KB_T_INT, NULL);
  f->exported = false;
  const char *h = header_of(m, "");
  has(h, "#ifndef KERNELS_H\n#define KERNELS_H\n");
  has(h, "\nvoid axpy(float a, kb_cf32x1 x, kb_f32x1 y);\n");
  has(h, "\ndouble norm(kb_cf64x2 x);\n");
  has(h, "\nuint64_t nothing(void);\n");
  has(h, "\nfloat raw(const float *p, float *q);\n");
  has(h, "struct kb_both_ret {\n  int64_t f0;\n  bool f1;\n};\n");
  has(h, "\nstruct kb_both_ret both(int32_t n);\n");
  has(h, " *   y: kb.f32[:], written, shape [n0]\n");
  has(h, " *   x: kb.f64[:, ::1], only read, shape [n0, n1], stride of the last axis 1\n");
  assert_null(strstr(h, "hidden"));
  h = header_of(m, "lib_");
  has(h, "\nvoid lib_axpy(float a");
  has(h, "\nstruct kb_lib_both_ret lib_both(");
  kb_mod_free(m);
}

static void names_and_comments(void **state)
{
  (void)state;
  kb_mod *m = kb_mod_new("k*/.py", "3.11");
  kb_fn *f = add(m, "f", KB_T_VOID, "One.\n\n      Two */ /* three.\n        Indented.\n\n    ");
  (void)param(f, "register", KB_T_INT, false);
  (void)param(f, "p0", KB_T_INT, false);
  (void)param(f, "\xce\xb1", KB_T_BOOL, false);
  (void)param(f, "class", KB_T_FLOAT, false);
  f->sig[3].has_def = true;
  f->sig[3].def.d = 0.5;
  const char *h = header_of(m, "");
  has(h, "\nvoid f(int64_t p4, int64_t p0, bool p2, double p3);\n");
  has(h, " *   p4: int, in Python register\n");
  has(h, " *   p3: float, in Python class, default 0.5 in Python\n");
  has(h, " * One.\n *\n * Two * / / * three.\n *   Indented.\n *\n");
  has(h, "k* /.py");
  kb_mod_free(m);
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(prototypes), cmocka_unit_test(names_and_comments) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
