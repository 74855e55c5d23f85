/* SPDX-License-Identifier: 0BSD */
/* keelback.h: what a host C or C++ program sees: array views and the error state. C99 and C++11.
 *
 * A kernel `def dot(x: kb.f32[:], y: kb.f32[:]) -> kb.f32` becomes `float dot(kb_cf32x1 x, kb_cf32x1 y);`
 * in the generated header. A view is {data, shape, stride}; strides are counted in elements and may be
 * negative or zero. Arrays that the kernel never writes are taken as kb_c... views (const data).
 * When a kernel raises an exception, it returns zero and sets a thread-local error, as errno does.
 */
#ifndef KEELBACK_H
#define KEELBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -- Array views ------------------------------------------------------------------------------------ */

#define KB_VIEW(name, T)                                                      \
  typedef struct name##x1 { T *data; ptrdiff_t shape[1], stride[1]; } name##x1; \
  typedef struct name##x2 { T *data; ptrdiff_t shape[2], stride[2]; } name##x2; \
  typedef struct name##x3 { T *data; ptrdiff_t shape[3], stride[3]; } name##x3; \
  typedef struct name##x4 { T *data; ptrdiff_t shape[4], stride[4]; } name##x4; \
  /* Views of dense row-major memory at p with the given extents (in elements). */ \
  static inline name##x1 name##x1_from(T *p, ptrdiff_t n) { name##x1 v = { p, { n }, { 1 } }; return v; } \
  static inline name##x2 name##x2_from(T *p, ptrdiff_t n, ptrdiff_t m) { name##x2 v = { p, { n, m }, { m, 1 } }; return v; } \
  static inline name##x3 name##x3_from(T *p, ptrdiff_t n, ptrdiff_t m, ptrdiff_t k) { name##x3 v = { p, { n, m, k }, { m * k, k, 1 } }; return v; } \
  static inline name##x4 name##x4_from(T *p, ptrdiff_t n, ptrdiff_t m, ptrdiff_t k, ptrdiff_t l) { name##x4 v = { p, { n, m, k, l }, { m * k * l, k * l, l, 1 } }; return v; }
#define KB_VIEWS(name, T) KB_VIEW(kb_##name, T) KB_VIEW(kb_c##name, const T)
KB_VIEWS(i8, int8_t)
KB_VIEWS(i16, int16_t)
KB_VIEWS(i32, int32_t)
KB_VIEWS(i64, int64_t)
KB_VIEWS(u8, uint8_t)
KB_VIEWS(u16, uint16_t)
KB_VIEWS(u32, uint32_t)
KB_VIEWS(u64, uint64_t)
KB_VIEWS(f32, float)
KB_VIEWS(f64, double)
KB_VIEWS(boolean, bool)

/* -- Errors ------------------------------------------------------------------------------------------- */

typedef struct kb_error {
  const char *type;     /* Python's name of the exception: "IndexError" */
  const char *message;
  const char *file;     /* Python source file */
  const char *function; /* Python function that raised it */
  int line;             /* from 1 */
} kb_error;

/* The error of this thread's last failed kernel call, or NULL. Valid until the next kernel fails or kb_error_clear. */
const kb_error *kb_error_get(void);
void kb_error_clear(void);
/* Prints `file:line: in function: Type: message` to stderr; nothing when there is no error. */
void kb_error_print(void);
/* Called in the thread that fails, after the error is set; NULL: none. Returns the handler before it. */
typedef void kb_error_handler(const kb_error *error, void *data);
kb_error_handler *kb_error_set_handler(kb_error_handler *handler, void *data);

/* Called every few milliseconds by kernels that take long, in their thread; when it returns non-zero, the kernel ends with
 * the error KeyboardInterrupt, and what it has stored so far stays. NULL: none. Returns the handler before it. Kernels that
 * Python calls look at Python's signals by themselves. */
typedef int kb_poll_handler(void *data);
kb_poll_handler *kb_poll_set_handler(kb_poll_handler *handler, void *data);

/* Version of the library, "0.1.0", and the ABI that it speaks (KB_ABI). */
const char *kb_version(void);
unsigned kb_abi_version(void);

#ifdef __cplusplus
}
#endif
#endif
