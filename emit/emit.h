/* SPDX-License-Identifier: MIT */
/* emit.h: typed IR to C. No Python.h. */
#ifndef KB_EMIT_H
#define KB_EMIT_H
#include "../ir/ir.h"

typedef struct {
  const char *prefix;     /* in front of every public name, "" for none */
  const char *header;     /* name to #include for the public prototypes, or NULL */
  const char *version;    /* Keelback's */
  const char *module;     /* Python extension: module name (PyInit_<module>); NULL: none */
  bool stress;
  bool jit;               /* a typed function of kb.jit: strict arguments, NumPy's results, no code of its own */
} kb_emit_opts;

/* c.c: the kernels: sites, static functions `kb_k_<c_name>`, public wrappers; compiled with -DKB_PYTHON instead of these
 * hidden functions `kb_e_<c_name>` for the Python wrapper, which take a block of arguments, `struct a_<c_name>`. */
void kb_emit_c(FILE *out, const kb_mod *m, const kb_emit_opts *o);
/* info.c: the definition of struct a_<c_name>: members p0, p1 ... */
void kb_emit_args(FILE *out, const kb_fn *f);
/* header.c: documented prototypes, C99 and C++ clean. */
void kb_emit_header(FILE *out, const kb_mod *m, const kb_emit_opts *o, const char *guard);
/* wrap.c: the extension module: argument conversion, PyInit, the source and marshalled code of the file. */
typedef struct { const char *source; size_t nsource; const unsigned char *code; size_t ncode; } kb_emit_pysource;
/* wrapjit.c: the function of a typed attempt of kb.jit, in a file that includes kbpyjit.h. */
void kb_emit_jit_function(FILE *out, const kb_fn *f, const char *prefix);
void kb_emit_python(FILE *out, const kb_mod *m, const kb_emit_opts *o, const kb_emit_pysource *src);

/* names shared by the three (names.c) */
const char *kb_ctype(kb_ty t, bool readonly);      /* C type of a public parameter or result: int64_t, float, kb_cf32x1, float * */
const char *kb_cclass(kb_ty t, bool readonly);     /* C type inside kernels: int64_t for every int, kb_cf32x1 ... */
/* Why name cannot be the C name of a kernel (keyword of C or C++, name of libc or POSIX, main, kb_*, leading _), to
 * complete the sentence "name ..."; NULL when it can. */
const char *kb_cname_refused(const char *name);
/* Can a parameter or local variable be called so? (No keyword, macro, type name; plain C letters.) */
bool kb_cname_local_ok(const char *name);
#endif
