/* SPDX-License-Identifier: MIT */
/* py_in_policy.c: would the interpreter be faster than CPython? Guessed from the image and the first arguments, and then
 * corrected by what its calls did.
 *
 * The interpreter gains on arithmetic, comparisons, iteration and items of lists and arrays, and loses on calls, attributes
 * and the like, where CPython has specialised instructions and we have its C API. Only loops count.
 */
#include "py_in_jit.h"

enum { DEPTH = 3, PER_LOOP = 8 }; /* an inner loop counts so many times more than its outer one, so many levels deep */
enum { GAIN = 1, COST_OBJECT = 1, COST_CALL = 3 };

static int weight_of(kb_op op, bool *gain)
{
  *gain = false;
  switch (op) {
  case KB_OADD: case KB_OSUB: case KB_OMUL: case KB_OTRUEDIV: case KB_OFLOORDIV: case KB_OMOD: case KB_OPOW: case KB_OLSHIFT:
  case KB_ORSHIFT: case KB_OAND: case KB_OOR: case KB_OXOR: case KB_ONEG: case KB_OINVERT: case KB_ONOT: case KB_OTRUTH:
  case KB_OLT: case KB_OLE: case KB_OEQ: case KB_ONE: case KB_OGT: case KB_OGE: case KB_OIS: case KB_OISNOT: case KB_OGETITEM:
  case KB_OSETITEM: case KB_OHASNEXT: case KB_OITERVAL: case KB_OINPLACE: *gain = true; return GAIN;
  case KB_OCALLX: case KB_OCALLM: case KB_OCALLEX: case KB_OFUNCTION: case KB_OIMPORT: case KB_OIMPORTFROM: return COST_CALL;
  case KB_OGETATTR: case KB_OSETATTR: case KB_ODELATTR: case KB_ODELITEM: case KB_OSLICE: case KB_OLIST: case KB_OSET: case KB_ODICT:
  case KB_OSETADD: case KB_OSETUPDATE: case KB_ODICTSET: case KB_ODICTUPDATE: case KB_ODICTMERGE: case KB_OEXTEND: case KB_OLISTTUPLE:
  case KB_OUNPACKEX: case KB_OFORMAT: case KB_OJOIN: case KB_OMATMUL: case KB_OCONTAINS: case KB_OSETGLOBAL: case KB_OCAUGHT:
  case KB_ORAISE: case KB_OWITHENTER: return COST_OBJECT;
  default: return 0;
  }
}

/* How many loops each instruction is in: a loop reaches from the target of a jump back to the last such jump. */
static unsigned char *loop_depths(const kb_image *im)
{
  unsigned char *depth = (unsigned char *)PyMem_Calloc(im->nins + 1, 1);
  uint32_t *last = (uint32_t *)PyMem_Calloc(im->nins + 1, sizeof *last);
  for (uint32_t i = 0; depth && last && i < im->nins; i++)
    for (int k = 0; k < 2; k++)
      if (im->ins[i].op != KB_TRY && im->ins[i].to[k] <= i) last[im->ins[i].to[k]] = i + 1;
  for (uint32_t h = 0; depth && last && h < im->nins; h++)
    for (uint32_t i = h; i < last[h]; i++) 
      if (depth[i] < DEPTH) depth[i]++;
  if (last == NULL) {
    PyMem_Free(depth);
    depth = NULL;
  }
  PyMem_Free(last);
  return depth;
}

/* Numbers, or lists of them: what loops are fast on. */
static bool is_simple(PyObject *o, int levels)
{
  uint32_t kind = in_kind(o);
  if (kind == IN_A_LIST && levels > 0) return PyList_GET_SIZE(o) == 0 || is_simple(PyList_GET_ITEM(o, 0), levels - 1);
  if (kind == IN_A_TUPLE && levels > 0) return PyTuple_GET_SIZE(o) == 0 || is_simple(PyTuple_GET_ITEM(o, 0), levels - 1);
  return in_kind_typed(kind) || PyRange_Check(o);
}

/* What a function does in its loops, inner ones weighing more: instructions that gain, the cost of others, turns. */
typedef struct { uint64_t gain, cost, turns; } loop_sum;

static bool sum_loops(const kb_image *im, loop_sum *sum)
{
  unsigned char *depth = loop_depths(im);
  if (depth == NULL) return false;
  for (uint32_t i = 0; i < im->nins; i++) {
    uint64_t times = 1;
    bool gains;
    uint64_t w = (uint64_t)weight_of((kb_op)im->ins[i].op, &gains);
    if (depth[i] == 0) continue;
    for (int d = 1; d < depth[i]; d++) times *= PER_LOOP;
    *(gains ? &sum->gain : &sum->cost) += times * w;
    bool back = (im->ins[i].to[0] <= i || im->ins[i].to[1] <= i) && im->ins[i].op != KB_TRY;
    sum->turns += back ? times : 0;
  }
  PyMem_Free(depth);
  return true;
}

const char *in_policy_no(const in_code *c, PyObject *const *a, Py_ssize_t n)
{
  loop_sum sum = { 0, 0, 0 };
  if (!sum_loops(c->image, &sum)) return "no memory";
  if (sum.turns == 0) return "interpretation would not pay: no loop";
  if (sum.gain < 2 * sum.cost) return "interpretation would not pay: mostly operations on objects";
  bool simple = n == 0;
  for (Py_ssize_t k = 0; k < n; k++) simple |= is_simple(a[k], 2);
  for (Py_ssize_t k = 0; k < n; k++)
    if ((PyList_CheckExact(a[k]) || PyTuple_CheckExact(a[k])) && !is_simple(a[k], 2)) simple = false;
  return simple ? NULL : "interpretation would not pay: the arguments are no numbers, nor lists or arrays of them";
}

/* A quarter of what should gain did not. */
bool in_policy_slow(const in_code *c, uint64_t turns, uint64_t slow)
{
  loop_sum sum = { 0, 0, 0 };
  if (!sum_loops(c->image, &sum) || sum.turns == 0) return false;
  return (double)slow * 4.0 * (double)sum.turns > (double)turns * (double)sum.gain;
}
