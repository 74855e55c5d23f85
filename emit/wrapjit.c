/* SPDX-License-Identifier: MIT */
/* wrapjit.c: the Python half of a typed function of kb.jit (kbpyjit.h): arguments of exactly these types, or the object
 * for "not for me"; results of exactly the types that Python and NumPy give. */
#include "emit.h"
#include "out.h"

/* "f64" of KB_T_F64, as kbpyjit.h names its functions. */
static const char *short_name(kb_ty t)
{
  switch (t) {
  case KB_T_I8: return "i8";
  case KB_T_I16: return "i16";
  case KB_T_I32: return "i32";
  case KB_T_I64: return "i64";
  case KB_T_U8: return "u8";
  case KB_T_U16: return "u16";
  case KB_T_U32: return "u32";
  case KB_T_U64: return "u64";
  case KB_T_F32: return "f32";
  case KB_T_F64: return "f64";
  case KB_T_BOOL: return "boolean";
  default: kb_bug(__FILE__, __LINE__, "no NumPy scalar: %s", kb_type_name(t));
  }
}

static const char *elem_name(kb_ty t)
{
  static const char *const names[] = { "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "F32", "F64" };
  return t == KB_T_BOOL ? "BOOL" : names[t - KB_T_I8];
}

/* -- Results ------------------------------------------------------------------------------------------------- */

static void put_box(FILE *to, kb_ty t, const char *value)
{
  if (t == KB_T_BOOL)
    fprintf(to, "PyBool_FromLong(%s)", value);
  else if (t == KB_T_INT)
    fprintf(to, "PyLong_FromLongLong(%s)", value);
  else if (t == KB_T_FLOAT)
    fprintf(to, "kbpy_float(self, %s)", value);
  else
    fprintf(to, "kbpy_jit_new_%s(%s)", short_name(t), value);
}

static void put_tuple(FILE *to, const kb_type *t)
{
  char item[32];
  fprintf(to, "  PyObject *t = PyTuple_New(%u), *o;\n", (unsigned)t->n);
  for (uint32_t i = 0; i < t->n; i++) {
    (void)snprintf(item, sizeof item, "ret.f%u", (unsigned)i);
    fputs("  if (t) {\n    if ((o = ", to);
    put_box(to, t->items[i], item);
    fprintf(to, ") != NULL)\n      PyTuple_SET_ITEM(t, %u, o);\n    else\n      Py_CLEAR(t);\n  }\n", (unsigned)i);
  }
  fputs("  return t;\n", to);
}

static void put_call(FILE *to, const kb_fn *f, const char *prefix)
{
  const kb_type *t = kb_type_of(f->ret);
  bool none = f->ret == KB_T_VOID, tuple = t->kind == KB_K_TUPLE;
  if (tuple)
    fprintf(to, "  struct kb_%s%s_ret ret;\n", prefix, f->c_name);
  else if (!none)
    fprintf(to, "  %s ret;\n", kb_cclass(f->ret, false));
  fprintf(to, "  if (KB_UNLIKELY(kb_e_%s(&p, %s)))\n    return kbpy_leave(self);\n", f->c_name, none ? "NULL" : "&ret");
  if (none) {
    fputs("  Py_RETURN_NONE;\n", to);
  } else if (tuple) {
    put_tuple(to, t);
  } else {
    fputs("  return ", to);
    put_box(to, f->ret, "ret");
    fputs(";\n", to);
  }
}

/* -- Arguments ------------------------------------------------------------------------------------------------- */

static void put_test(FILE *to, const kb_sigparam *p, unsigned k)
{
  const kb_type *t = kb_type_of(p->ty);
  if (t->kind == KB_K_ARRAY) {
    fprintf(to, "kbpy_fast_array(args[%u], KBPY_%s, %u, %d, %d, &p.p%u)", k, elem_name(t->elem), t->rank, t->contig, p->written, k);
    if (p->refused)
      fprintf(to, "\n                    && kbpy_jit_readonly(args[%u])", k);
  } else if (p->ty == KB_T_INT) {
    fprintf(to, "kbpy_jit_int(args[%u], &p.p%u)", k, k);
  } else if (p->ty == KB_T_FLOAT) {
    fprintf(to, "kbpy_fast_float(args[%u], &p.p%u)", k, k);
  } else if (p->ty == KB_T_BOOL && !p->numpy_bool) {
    fprintf(to, "kbpy_fast_bool(args[%u], &p.p%u)", k, k);
  } else {
    fprintf(to, "kbpy_jit_%s(args[%u], &p.p%u)", short_name(p->ty), k, k);
  }
}

void kb_emit_jit_function(FILE *to, const kb_fn *f, const char *prefix)
{
  fprintf(to,
          "\nstatic KBPY_ENTRY PyObject *kb_w_%s(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)\n{\n"
          "  struct a_%s p;\n  if (KB_UNLIKELY(!(kbpy_plain(nargsf, kwnames, %u)",
          f->c_name, f->c_name, (unsigned)f->nparams);
  for (uint32_t k = 0; k < f->nparams; k++) {
    fputs("\n                    && ", to);
    put_test(to, &f->sig[k], (unsigned)k);
  }
  fputs(")))\n    return Py_NewRef(kbpy_miss);\n", to);
  for (uint32_t k = 0; k < f->nparams; k++)
    if (kb_type_of(f->sig[k].ty)->kind == KB_K_ARRAY)
      fprintf(to, "  p.o%u = args[%u];\n", (unsigned)k, (unsigned)k);
  if (f->nparams == 0)
    fputs("  p.none = 0;\n", to);
  put_call(to, f, prefix);
  fputs("}\n", to);
}
