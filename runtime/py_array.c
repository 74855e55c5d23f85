/* SPDX-License-Identifier: MIT */
/* py_array.c: arrays and pointers as arguments: NumPy's structures and the buffer protocol. */
#include "py_rt.h"

/* Memory as an argument describes it, wherever the description comes from. */
typedef struct {
  const char *what; /* "array", or the name of the object's type */
  int elem;         /* kbpy_elem, -1: none of them */
  bool swapped, readonly;
  PyObject *dtype; /* for messages: str, or NULL */
  int nd;
  char *data;
  const Py_ssize_t *shape, *strides; /* in bytes */
} desc;

/* ORDER: kbpy_elem. */
static const char *const elem_names[KBPY_NELEM] = { "int8",   "int16",  "int32",   "int64",   "uint8", "uint16",
                                                    "uint32", "uint64", "float32", "float64", "bool" };

static Py_ssize_t size_of(int elem) { return elem < 0 ? 1 : (Py_ssize_t)1 << kbpy_elem_shift[elem]; }

static int elem_of(char kind, Py_ssize_t size)
{
  int first = kind == 'i' ? KBPY_I8 : kind == 'u' ? KBPY_U8 : kind == 'f' ? KBPY_F32 : kind == 'b' ? KBPY_BOOL : -1;
  int n = kind == 'i' || kind == 'u' ? 4 : kind == 'f' ? 2 : 1;
  for (int e = first; first >= 0 && e < first + n; e++)
    if (size_of(e) == size) return e;
  return -1;
}

/* -- Checks -------------------------------------------------------------------------------------------------- */

static int bad_dtype(kbpy_want w, const desc *d)
{
  const char *dims = d->nd == 1 ? "dimension" : "dimensions";
  if (d->dtype)
    return kbpy_bad(w, PyExc_TypeError, "expected %s, got %s of %U with %d %s", w.param->type, d->what, d->dtype, d->nd,
                    dims);
  return kbpy_bad(w, PyExc_TypeError, "expected %s, got %s of %s with %d %s", w.param->type, d->what,
                  d->elem < 0 ? "other items" : elem_names[d->elem], d->nd, dims);
}

static bool is_empty(const desc *d)
{
  for (int k = 0; k < d->nd; k++)
    if (d->shape[k] == 0) return true;
  return false;
}

static int check_items(kbpy_want w, const desc *d)
{
  if (d->elem != w.param->elem) return bad_dtype(w, d);
  if (d->swapped)
    return kbpy_bad(w, PyExc_TypeError,
                    "expected %s, got %s of %s in the other byte order; pass x.astype(x.dtype.newbyteorder('='))",
                    w.param->type, d->what, elem_names[d->elem]);
  if (w.param->kind == KBPY_ARRAY && d->nd != w.param->rank) return bad_dtype(w, d);
  if ((w.param->flags & KBPY_WRITTEN) && d->readonly)
    return kbpy_bad(w, PyExc_ValueError, "%s is read-only, and %s() writes to it", d->what, w.def->qualname);
  if ((uintptr_t)d->data % (uintptr_t)size_of(d->elem) != 0 && !is_empty(d))
    return kbpy_bad(w, PyExc_ValueError, "%s is misaligned: its data is at no multiple of %zd bytes", d->what,
                    size_of(d->elem));
  return 0;
}

static int take_array(kbpy_want w, const desc *d, kbpy_value *out)
{
  if (check_items(w, d) < 0) return -1;
  Py_ssize_t size = size_of(d->elem);
  bool empty = is_empty(d);
  out->view.data = d->data;
  for (int k = 0; k < d->nd; k++) {
    Py_ssize_t stride = d->strides[k];
    bool steps = d->shape[k] > 1 && !empty; /* else the stride is never used */
    if (steps && stride % size != 0)
      return kbpy_bad(w, PyExc_TypeError, "stride of axis %d is %zd bytes, no multiple of the item size %zd", k, stride,
                      size);
    if (steps && k == d->nd - 1 && (w.param->flags & KBPY_CONTIG) && stride != size)
      return kbpy_bad(w, PyExc_ValueError,
                      "%s is not contiguous: stride of the last axis is %zd bytes, and %s needs %zd; "
                      "pass numpy.ascontiguousarray(x)",
                      d->what, stride, w.param->type, size);
    out->view.shape[k] = d->shape[k];
    out->view.stride[k] = stride / size;
  }
  return 0;
}

/* A pointer has no length: row-major memory, of any rank. */
static int take_pointer(kbpy_want w, const desc *d, kbpy_value *out)
{
  if (check_items(w, d) < 0) return -1;
  Py_ssize_t want = size_of(d->elem);
  for (int k = d->nd - 1; k >= 0 && !is_empty(d); k--) {
    if (d->shape[k] > 1 && d->strides[k] != want)
      return kbpy_bad(w, PyExc_ValueError,
                      "%s is not contiguous, and a pointer has no strides; "
                      "pass numpy.ascontiguousarray(x)",
                      d->what);
    want *= d->shape[k];
  }
  out->p = d->data;
  return 0;
}

static int take(kbpy_want w, const desc *d, kbpy_value *out)
{
  return w.param->kind == KBPY_POINTER ? take_pointer(w, d, out) : take_array(w, d, out);
}

/* -- NumPy ------------------------------------------------------------------------------------------------------ */

bool kbpy_is_ndarray(PyObject *o) { return kbpy_ndarray_type && Py_TYPE(o) == kbpy_ndarray_type; }

/* By NumPy's type_num, which is the same in 1.x and 2.x; 9 and 10 are long long. */
static int elem_of_type_num(int num)
{
  for (int e = 0; e < KBPY_NELEM; e++)
    if (kbpy_type_num[e] == num) return e;
  return num == 9 ? KBPY_I64 : num == 10 ? KBPY_U64 : -1;
}

static bool other_order(char c) { return c == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '>' : '<') || c == '!'; }

int kbpy_take_ndarray(kbpy_want w, PyObject *o, kbpy_value *out)
{
  const kbpy_ndarray *a = (const kbpy_ndarray *)o;
  desc d = { "array",
             elem_of_type_num(a->descr->type_num),
             other_order(a->descr->byteorder),
             !(a->flags & KBPY_ND_WRITEABLE),
             NULL,
             a->nd,
             a->data,
             a->dimensions,
             a->strides };
  if (d.elem < 0 && (d.dtype = PyObject_Str((PyObject *)a->descr)) == NULL) return -1;
  int r = take(w, &d, out);
  Py_XDECREF(d.dtype);
  return r;
}

/* -- Buffers ------------------------------------------------------------------------------------------------------ */

/* One item of the struct module's codes. The size is the buffer's, for ctypes gives '<l' to its long of 8 bytes. */
static int elem_of_format(const char *format, Py_ssize_t size, bool *swapped)
{
  const char *f = format ? format : "B";
  *swapped = other_order(*f) && size > 1;
  if (*f && strchr("@=<>!", *f)) f++;
  if (f[0] == 0 || f[1] != 0) return -1;
  return elem_of(strchr("bhilqn", f[0])   ? 'i'
                 : strchr("BHILQN", f[0]) ? 'u'
                 : strchr("efdg", f[0])   ? 'f'
                 : f[0] == '?'            ? 'b'
                                          : 0,
                 size);
}

static Py_ssize_t native_size(char c) { return strchr("bB?", c) ? 1 : strchr("hHe", c) ? 2 : strchr("iIf", c) ? 4 : 8; }

/* A ctypes pointer exports itself: one item of format '&<f' that is the address. */
static int take_ctypes_pointer(kbpy_want w, const Py_buffer *b, kbpy_value *out)
{
  bool swapped;
  const char *f = b->format + 1;
  size_t len = strlen(f);
  int elem = len > 0 ? elem_of_format(f, native_size(f[len - 1]), &swapped) : -1;
  void *p = NULL;
  if (w.param->kind != KBPY_POINTER || elem != w.param->elem || swapped || b->itemsize != (Py_ssize_t)sizeof p)
    return kbpy_bad(w, PyExc_TypeError, "expected %s, got %s", w.param->type, kbpy_came(b->obj));
  memcpy(&p, b->buf, sizeof p);
  if (p == NULL) return kbpy_bad(w, PyExc_ValueError, "NULL pointer");
  if ((uintptr_t)p % (uintptr_t)size_of(elem) != 0)
    return kbpy_bad(w, PyExc_ValueError, "pointer is misaligned: it is no multiple of %zd bytes", size_of(elem));
  out->p = p;
  return 0;
}

/* The exporter's own reason becomes the cause of ours. */
static int no_buffer(kbpy_want w, PyObject *o)
{
  PyObject *type, *value, *tb;
  if (!PyErr_ExceptionMatches(PyExc_BufferError) && !PyErr_ExceptionMatches(PyExc_ValueError)) return -1;
  PyErr_Fetch(&type, &value, &tb);
  PyErr_NormalizeException(&type, &value, &tb);
  (void)kbpy_bad(w, PyExc_TypeError, "expected %s, got %s without a usable buffer: %S", w.param->type, kbpy_came(o),
                 value);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(tb);
  return -1;
}

int kbpy_take_buffer(kbpy_want w, PyObject *o, kbpy_value *out, kbpy_held *held)
{
  if (PyList_Check(o) || PyTuple_Check(o))
    return kbpy_bad(w, PyExc_TypeError,
                    "expected %s, got %s; make an array of it, numpy.array(x, dtype=numpy.%s), or let kb.jit take it",
                    w.param->type, kbpy_came(o), w.param->elem == KBPY_BOOL ? "bool_" : elem_names[w.param->elem]);
  if (!PyObject_CheckBuffer(o)) return kbpy_bad(w, PyExc_TypeError, "expected %s, got %s", w.param->type, kbpy_came(o));
  Py_buffer *b = &held->b[held->n];
  if (PyObject_GetBuffer(o, b, PyBUF_STRIDES | PyBUF_FORMAT) < 0) return no_buffer(w, o);
  held->n++;
  if (b->format && b->format[0] == '&') return take_ctypes_pointer(w, b, out);
  desc d = { kbpy_came(o), -1, false, b->readonly, NULL, b->ndim, (char *)b->buf, b->shape, b->strides };
  d.elem = elem_of_format(b->format, b->itemsize, &d.swapped);
  Py_ssize_t strides[PyBUF_MAX_NDIM];
  if (b->ndim > 0 && (b->shape == NULL || b->ndim > PyBUF_MAX_NDIM))
    return kbpy_bad(w, PyExc_TypeError, "expected %s, got %s with a buffer of unknown shape", w.param->type,
                    kbpy_came(o));
  if (b->ndim > 0 && b->strides == NULL) { /* ctypes leaves them out, although they were asked for */
    Py_ssize_t stride = b->itemsize;
    for (int k = b->ndim - 1; k >= 0; k--) {
      strides[k] = stride;
      stride *= b->shape[k];
    }
    d.strides = strides;
  }
  if (d.elem < 0) d.dtype = PyUnicode_FromFormat("format '%s'", b->format ? b->format : "B");
  if (d.elem < 0 && d.dtype == NULL) return -1;
  int r = take(w, &d, out);
  Py_XDECREF(d.dtype);
  return r;
}
