/* SPDX-License-Identifier: 0BSD */
/* kbpyjit.h: what the Python half of a typed function of kb.jit uses beside kbpy.h: strict tests of arguments, and
 * NumPy's scalars by our own declaration.
 *
 * Such a function takes exactly the types that it was made for; for all others it returns kbpy_miss, and nothing has
 * happened. The scalars' layout, a value behind the object's head, is checked with NumPy's own objects at import.
 */
#ifndef KBPYJIT_H
#define KBPYJIT_H

#include "kbpy.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The types of NumPy's scalars, NULL when they are not as expected; the object that says "not for me". */
extern KB_HIDDEN PyTypeObject *kbpy_scalar_type[KBPY_NELEM];
extern KB_HIDDEN PyObject *kbpy_miss;

/* Body of the module's Py_mod_exec slot: makes the one function, under its Python name. */
KB_HIDDEN int kbpy_jit_exec(PyObject *module, const kbpy_module_def *def);
KB_HIDDEN KB_COLD bool kbpy_jit_long(PyObject *o, int64_t *out);

/* -- Arguments ------------------------------------------------------------------------------------------------ */

/* Python's int within 64 bits. */
KBPY_INLINE bool kbpy_jit_int(PyObject *o, int64_t *out)
{
  return KB_LIKELY(kbpy_fast_int(o, out)) || kbpy_jit_long(o, out);
}

KBPY_INLINE const char *kbpy_scalar_at(const PyObject *o) { return (const char *)o + sizeof(PyObject); }
KBPY_INLINE bool kbpy_is_scalar(PyObject *o, kbpy_elem e) { return Py_TYPE(o) == kbpy_scalar_type[e]; }

#define KBPY_JIT_TAKE(name, elem, ctype, as)                                                                           \
  KBPY_INLINE bool kbpy_jit_##name(PyObject *o, as *out)                                                               \
  {                                                                                                                    \
    ctype v;                                                                                                           \
    if (KB_UNLIKELY(!kbpy_is_scalar(o, elem))) return false;                                                           \
    memcpy(&v, kbpy_scalar_at(o), sizeof v);                                                                           \
    *out = (as)v;                                                                                                      \
    return true;                                                                                                       \
  }
KBPY_JIT_TAKE(i8, KBPY_I8, int8_t, int64_t)
KBPY_JIT_TAKE(i16, KBPY_I16, int16_t, int64_t)
KBPY_JIT_TAKE(i32, KBPY_I32, int32_t, int64_t)
KBPY_JIT_TAKE(i64, KBPY_I64, int64_t, int64_t)
KBPY_JIT_TAKE(u8, KBPY_U8, uint8_t, int64_t)
KBPY_JIT_TAKE(u16, KBPY_U16, uint16_t, int64_t)
KBPY_JIT_TAKE(u32, KBPY_U32, uint32_t, int64_t)
KBPY_JIT_TAKE(u64, KBPY_U64, uint64_t, uint64_t)
KBPY_JIT_TAKE(f32, KBPY_F32, float, float)
KBPY_JIT_TAKE(f64, KBPY_F64, double, double)
KBPY_JIT_TAKE(boolean, KBPY_BOOL, uint8_t, bool)
#undef KBPY_JIT_TAKE

/* Is the array one that stores are refused for? */
KBPY_INLINE bool kbpy_jit_readonly(PyObject *o) { return !(((const kbpy_ndarray *)o)->flags & KBPY_ND_WRITEABLE); }

/* -- Results -------------------------------------------------------------------------------------------------------- */

KBPY_INLINE PyObject *kbpy_jit_new(kbpy_elem e, const void *value, size_t size)
{
  PyTypeObject *type = kbpy_scalar_type[e];
  PyObject *o = type->tp_alloc(type, 0);
  if (KB_LIKELY(o != NULL)) memcpy((char *)o + sizeof(PyObject), value, size);
  return o;
}

/* As kbpy_float does: of the last two results one that nobody else has is used again. */
KBPY_INLINE PyObject *kbpy_jit_new_f64(double v)
{
  static PyObject *kept[2];
  static unsigned misses;
  for (int i = 0; i < 2; i++)
    if (KB_LIKELY(kept[i] != NULL && Py_REFCNT(kept[i]) == 1)) {
      memcpy((char *)kept[i] + sizeof(PyObject), &v, sizeof v);
      return Py_NewRef(kept[i]);
    }
  PyObject *o = kbpy_jit_new(KBPY_F64, &v, sizeof v);
  if ((misses++ & 15) < 2 && o != NULL) { /* not when the caller keeps them all */
    PyObject *old = kept[misses & 1];
    kept[misses & 1] = Py_NewRef(o);
    Py_XDECREF(old);
  }
  return o;
}

#define KBPY_JIT_GIVE(name, elem, ctype, from)                                                                         \
  KBPY_INLINE PyObject *kbpy_jit_new_##name(from given)                                                                \
  {                                                                                                                    \
    ctype v = (ctype)given;                                                                                            \
    return kbpy_jit_new(elem, &v, sizeof v);                                                                           \
  }
KBPY_JIT_GIVE(i8, KBPY_I8, int8_t, int64_t)
KBPY_JIT_GIVE(i16, KBPY_I16, int16_t, int64_t)
KBPY_JIT_GIVE(i32, KBPY_I32, int32_t, int64_t)
KBPY_JIT_GIVE(i64, KBPY_I64, int64_t, int64_t)
KBPY_JIT_GIVE(u8, KBPY_U8, uint8_t, int64_t)
KBPY_JIT_GIVE(u16, KBPY_U16, uint16_t, int64_t)
KBPY_JIT_GIVE(u32, KBPY_U32, uint32_t, int64_t)
KBPY_JIT_GIVE(u64, KBPY_U64, uint64_t, uint64_t)
KBPY_JIT_GIVE(f32, KBPY_F32, float, float)
#undef KBPY_JIT_GIVE

#ifdef __cplusplus
}
#endif
#endif
