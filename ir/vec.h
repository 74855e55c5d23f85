/* SPDX-License-Identifier: MIT */
/* vec.h: typed growable arrays on the heap; {0} is the empty one. */
#ifndef KB_VEC_H
#define KB_VEC_H
#include <stdlib.h>

void *kb_xrealloc(void *p, size_t n);

#define KB_VEC(T) struct { T *v; uint32_t n, cap; }
#define kb_vec_grow(a, want) \
  ((want) <= (a)->cap ? (void)0 \
                      : (void)((a)->cap = (want) < 8 ? 8 : (uint32_t)(want) * 2, \
                               *(void **)(void *)&(a)->v = kb_xrealloc((a)->v, (size_t)(a)->cap * sizeof *(a)->v)))
#define kb_vec_push(a, x) (kb_vec_grow(a, (a)->n + 1), (void)((a)->v[(a)->n++] = (x)))
#define kb_vec_pop(a) ((a)->v[--(a)->n])
#define kb_vec_free(a) (free((a)->v), (a)->v = NULL, (void)((a)->n = (a)->cap = 0))
#endif
