/* SPDX-License-Identifier: MIT */
/* names.c: how types are spelt in emitted C, and which names C has already. */
#include "emit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* -- Types -------------------------------------------------------------------------------------------- */

/* Element as it appears in kb_f64x1, and its C type. */
static const char *elem_name(kb_ty t)
{
  switch (t) {
  case KB_T_BOOL: return "boolean";
  case KB_T_INT: return "i64";
  case KB_T_FLOAT: return "f64";
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
  default: kb_bug(__FILE__, __LINE__, "no element type: %s", kb_type_name(t));
  }
}

static const char *scalar_ctype(kb_ty t)
{
  switch (t) {
  case KB_T_VOID:
  case KB_T_NONE: return "void";
  case KB_T_BOOL: return "bool";
  case KB_T_I8: return "int8_t";
  case KB_T_I16: return "int16_t";
  case KB_T_I32: return "int32_t";
  case KB_T_INT:
  case KB_T_I64: return "int64_t";
  case KB_T_U8: return "uint8_t";
  case KB_T_U16: return "uint16_t";
  case KB_T_U32: return "uint32_t";
  case KB_T_U64: return "uint64_t";
  case KB_T_F32: return "float";
  case KB_T_FLOAT:
  case KB_T_F64: return "double";
  default: kb_bug(__FILE__, __LINE__, "no C type: %s", kb_type_name(t));
  }
}

const char *kb_ctype(kb_ty t, bool readonly)
{
  const kb_type *ty = kb_type_of(t);
  char buf[32];
  readonly = readonly || ty->readonly;
  if (ty->kind == KB_K_ARRAY)
    (void)snprintf(buf, sizeof buf, "kb_%s%sx%u", readonly ? "c" : "", elem_name(ty->elem), ty->rank);
  else if (ty->kind == KB_K_PTR)
    (void)snprintf(buf, sizeof buf, "%s%s *", readonly ? "const " : "", scalar_ctype(ty->elem));
  else return scalar_ctype(t);
  return kb_intern(buf);
}

const char *kb_cclass(kb_ty t, bool readonly)
{
  if (t == KB_T_U64) return "uint64_t";
  return kb_type_is_sized_int(t) ? "int64_t" : kb_ctype(t, readonly);
}

/* -- Names ---------------------------------------------------------------------------------------------- */

typedef enum { C_KEYWORD, CPP_KEYWORD, FUNCTION, OBJECT, TYPE, MACRO } reason;
typedef struct {
  const char *name;
  reason why;
} taken;

static const taken taken_names[] = {
#define NAME(name, why) { name, why },
#include "cnames.def"
#undef NAME
};

static const char *const reasons[] = { "is a keyword of C",
                                       "is a keyword of C++",
                                       "is a function of the C library or POSIX",
                                       "is a variable of the C library or POSIX",
                                       "is a type of the C library or POSIX",
                                       "is a macro of the C library or POSIX" };

static int compare(const void *key, const void *row) { return strcmp((const char *)key, ((const taken *)row)->name); }

static const taken *find(const char *name)
{
  return (const taken *)bsearch(name, taken_names, sizeof taken_names / sizeof *taken_names, sizeof *taken_names,
                                compare);
}

static bool is_identifier(const char *s)
{
  if (!isalpha((unsigned char)*s) && *s != '_') return false;
  while (isalnum((unsigned char)*s) || *s == '_') s++;
  return *s == 0;
}

const char *kb_cname_refused(const char *name)
{
  if (strcmp(name, "main") == 0) return "is the C program's own function";
  if (name[0] == '_') return "begins with _, which C keeps for itself";
  if (strncmp(name, "kb_", 3) == 0) return "begins with kb_, as Keelback's own names do";
  if (!is_identifier(name)) return "is no identifier of plain C";
  const taken *t = find(name);
  return t ? reasons[t->why] : NULL;
}

bool kb_cname_local_ok(const char *name)
{
  const taken *t = find(name);
  return is_identifier(name) && strncmp(name, "__", 2) != 0 && strncmp(name, "kb_", 3) != 0 &&
         (t == NULL || t->why == FUNCTION);
}
