/* SPDX-License-Identifier: MIT */
/* py_in_attr.c: attributes and methods with inline caches.
 *
 * While a type has the version tag that a cache has seen, neither it nor its bases were changed. Then an attribute lies
 *   in a module's dict          until that dict's version changes
 *   at a fixed offset           of a class with __slots__
 *   in an instance's values     at the index that the keys of its class give the name, as long as it has no dict
 *   in the type                 a method, if the instance cannot have one of the same name
 * How instances hold their values is not public: layout_ok() tries it once, and where it is something else, as everywhere
 * else, PyObject_GetAttr does it all.
 */
#include "py_in.h"

#include <stddef.h>

#if PY_VERSION_HEX >= 0x030d0000 /* still exported, no longer declared */
PyAPI_FUNC(int) _PyObject_GetMethod(PyObject *obj, PyObject *name, PyObject **method);
#endif
#if PY_VERSION_HEX < 0x030c0000
#include <structmember.h>
#define Py_T_OBJECT_EX T_OBJECT_EX
#endif

/* What a cache holds, by its key: besides these, a module, and a type that has no dict and is never changed. */
static const char kinds[3] = "";
#define SLOT ((const void *)&kinds[0])   /* version[1]: offset */
#define VALUE ((const void *)&kinds[1])  /* version[1]: index */
#define METHOD ((const void *)&kinds[2]) /* what: of the type; version[1]: how many keys the class had */

/* The tag that changes with every change of a dict; no two dicts have the same. */
static inline uint64_t version(PyObject *dict)
{
#if defined __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
  return ((PyDictObject *)dict)->ma_version_tag;
#if defined __GNUC__
#pragma GCC diagnostic pop
#endif
}

static in_cache *cache_of(in_frame *f, const in_ins *i)
{
  return f->code->cache ? &f->code->cache[i->cache] : NULL;
}

/* -- Instances -------------------------------------------------------------------------------------------------------- */

typedef struct { /* of the keys that the instances of a class share */
  Py_ssize_t refs;
  uint8_t log2_size, log2_index_bytes, kind;
  uint32_t version;
  Py_ssize_t usable, nentries;
  char indices[];
} shared_keys;
typedef struct { PyObject *key, *value; } shared_entry;

static inline shared_keys *keys_of(PyTypeObject *t)
{
  return (shared_keys *)((PyHeapTypeObject *)t)->ht_cached_keys;
}

/* The values of an instance whose attributes are in no dict; NULL: there are none, or in a dict. */
static inline PyObject **values_of(PyObject *o)
{
#if defined Py_GIL_DISABLED
  (void)o;
  return NULL;
#elif PY_VERSION_HEX >= 0x030d0000
  if (!(Py_TYPE(o)->tp_flags & Py_TPFLAGS_INLINE_VALUES) || ((PyObject **)o)[-3]) return NULL;
  uint8_t *v = (uint8_t *)o + Py_TYPE(o)->tp_basicsize; /* capacity, size, embedded, valid, values */
  return v[3] ? (PyObject **)(void *)(v + sizeof(PyObject *)) : NULL;
#elif PY_VERSION_HEX >= 0x030c0000
  uintptr_t v = ((uintptr_t *)o)[-3];
  return v & 1 ? (PyObject **)(v - 1) : NULL;
#else
  return ((PyObject ***)o)[-4];
#endif
}

static bool has_values(PyTypeObject *t)
{
  return (t->tp_flags & Py_TPFLAGS_MANAGED_DICT) && (t->tp_flags & Py_TPFLAGS_HEAPTYPE) && keys_of(t);
}

static Py_ssize_t index_of(PyTypeObject *t, PyObject *name)
{
  shared_keys *k = keys_of(t);
  shared_entry *e = (shared_entry *)(void *)(k->indices + ((size_t)1 << k->log2_index_bytes));
  for (Py_ssize_t at = 0; at < k->nentries; at++)
    if (e[at].key == name) return at;
  return -1;
}

/* Is it all as said above? Looks at an instance with two attributes, then gives it a third. */
static bool try_layout(void)
{
  PyObject *o = NULL, *g = PyDict_New(), *a = PyUnicode_InternFromString("a"), *c = PyUnicode_InternFromString("c");
  PyObject *t = g ? PyRun_String("type('T', (), {})", Py_eval_input, g, g) : NULL, *x = PyList_New(0);
  bool ok = t && a && c && x && has_values((PyTypeObject *)t) && (o = PyObject_CallNoArgs(t)) &&
            PyObject_SetAttrString(o, "b", Py_None) == 0 && PyObject_SetAttr(o, a, x) == 0;
  Py_ssize_t before = ok ? keys_of((PyTypeObject *)t)->nentries : 0;
  ok = ok && before == 2 && index_of((PyTypeObject *)t, a) == 1 && index_of((PyTypeObject *)t, c) == -1 && values_of(o) &&
       values_of(o)[0] == Py_None && values_of(o)[1] == x && PyObject_SetAttr(o, c, x) == 0 &&
       keys_of((PyTypeObject *)t)->nentries == 3 && index_of((PyTypeObject *)t, c) == 2 && values_of(o)[2] == x;
  PyObject *dict = ok ? PyObject_GetAttrString(o, "__dict__") : NULL;
  ok = dict && !values_of(o);
  Py_XDECREF(dict);
  Py_XDECREF(o);
  Py_XDECREF(x);
  Py_XDECREF(t);
  Py_XDECREF(c);
  Py_XDECREF(a);
  Py_XDECREF(g);
  PyErr_Clear();
  return ok;
}

static bool layout_ok(void)
{
  static int known; /* 1: yes, -1: no */
  if (!known) {
    known = -1; /* while it is tried */
    PyObject *type, *value, *tb;
    PyErr_Fetch(&type, &value, &tb);
    known = try_layout() ? 1 : -1;
    PyErr_Restore(type, value, tb);
  }
  return known > 0;
}

/* -- Filling a cache ----------------------------------------------------------------------------------------------------- */

/* Where o's attribute of this name lies, for loads or, with store, for stores. */
static void learn(in_cache *c, PyObject *o, PyObject *name, bool store)
{
  PyTypeObject *t = Py_TYPE(o);
  c->key = NULL;
  if (store ? t->tp_setattro != PyObject_GenericSetAttr : t->tp_getattro != PyObject_GenericGetAttr) return;
  PyObject *d = _PyType_Lookup(t, name);
  if (!t->tp_version_tag) return;
  c->version[0] = t->tp_version_tag;
  if (d && Py_IS_TYPE(d, &PyMemberDescr_Type)) {
    const PyMemberDef *m = ((PyMemberDescrObject *)d)->d_member;
    if (m->type != Py_T_OBJECT_EX || m->flags || !PyType_IsSubtype(t, PyDescr_TYPE(d))) return;
    c->version[1] = (uint64_t)m->offset;
    c->key = SLOT;
  } else if (!d && has_values(t) && layout_ok()) {
    Py_ssize_t at = values_of(o) ? index_of(t, name) : -1;
    if (at < 0) return;
    c->version[1] = (uint64_t)at;
    c->key = VALUE;
  }
}

static void learn_method(in_cache *c, PyObject *x, PyObject *name, PyObject *method)
{
  PyTypeObject *t = Py_TYPE(x);
  c->key = NULL;
  if (t->tp_getattro != PyObject_GenericGetAttr || _PyType_Lookup(t, name) != method) return;
  if ((t->tp_flags & Py_TPFLAGS_IMMUTABLETYPE) && !(t->tp_flags & Py_TPFLAGS_HEAPTYPE) && !t->tp_dictoffset) {
    c->key = t;
    c->what = method; /* kept by the type */
    return;
  }
  if (!t->tp_version_tag || !has_values(t) || !layout_ok() || index_of(t, name) >= 0) return;
  c->version[0] = t->tp_version_tag;
  c->version[1] = (uint64_t)keys_of(t)->nentries; /* keys are only ever added */
  c->key = METHOD;
  c->what = method;
}

/* The place in o that a cache of kind SLOT or VALUE names; NULL: the cache is of another type, or o has a dict. */
static inline PyObject **place(const in_cache *c, PyObject *o)
{
  if (Py_TYPE(o)->tp_version_tag != c->version[0]) return NULL;
  if (c->key == SLOT) return (PyObject **)(void *)((char *)o + c->version[1]);
  PyObject **values = c->key == VALUE ? values_of(o) : NULL;
  return values ? &values[c->version[1]] : NULL;
}

/* -- The instructions -------------------------------------------------------------------------------------------------------- */

/* Of a module: until its dict changes. Dunder names apart, a module's dict comes before what its type has. */
static PyObject *of_module(in_cache *c, PyObject *o, PyObject *name)
{
  PyObject *dict = PyModule_GetDict(o);
  if (c->key == o && c->version[0] == version(dict)) return Py_NewRef(c->what);
  c->key = NULL;
  PyObject *v = PyObject_GetAttr(o, name);
  if (!v) return NULL;
  bool plain = PyUnicode_GET_LENGTH(name) > 0 && PyUnicode_READ_CHAR(name, 0) != '_';
  if (plain && PyDict_GetItemWithError(dict, name) == v) {
    c->key = o;
    c->version[0] = version(dict);
    c->what = v;
  }
  if (PyErr_Occurred()) PyErr_Clear();
  return v;
}

static PyObject *attribute(in_frame *f, const in_ins *i, PyObject *o)
{
  PyObject *name = IN_NAME(f, i);
  in_cache *c = cache_of(f, i);
  if (!c) return PyObject_GetAttr(o, name);
  PyObject **p = place(c, o);
  if (p && *p) return Py_NewRef(*p);
  if (PyModule_CheckExact(o)) return of_module(c, o, name);
  PyObject *v = PyObject_GetAttr(o, name);
  if (v && !p) learn(c, o, name, false);
  return v;
}

int in_o_getattr(in_frame *f, const in_ins *i)
{
  in_val *x = IN_ARG(f, i, 0);
  PyObject *o = x->tag == IN_OBJ ? Py_NewRef(x->o) : in_box(f, x);
  PyObject *r = o ? attribute(f, i, o) : NULL;
  Py_XDECREF(o);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

int in_o_setattr(in_frame *f, const in_ins *i)
{
  PyObject *o = in_box(f, IN_ARG(f, i, 0)), *v = o ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  in_cache *c = cache_of(f, i);
  PyObject **p = v && c ? place(c, o) : NULL;
  int r = v ? 0 : -1;
  if (p && *p) { /* a new attribute has to be put in by CPython */
    PyObject *old = *p;
    *p = Py_NewRef(v);
    Py_DECREF(old);
  } else if (v) {
    r = PyObject_SetAttr(o, IN_NAME(f, i), v);
    if (r == 0 && c && !p) learn(c, o, IN_NAME(f, i), true);
  }
  Py_XDECREF(v);
  Py_XDECREF(o);
  return r;
}

int in_o_delattr(in_frame *f, const in_ins *i)
{
  PyObject *o = in_box(f, IN_ARG(f, i, 0));
  if (!o) return -1;
  int r = PyObject_SetAttr(o, IN_NAME(f, i), NULL);
  Py_DECREF(o);
  return r;
}

/* A method that the cache knows for x, to be called with x in front: borrowed, or NULL. */
static inline PyObject *known_method(const in_cache *c, PyObject *x)
{
  PyTypeObject *t = Py_TYPE(x);
  if (c->key == t) return c->what;
  if (c->key != METHOD || t->tp_version_tag != c->version[0] || !values_of(x) ||
      (uint64_t)keys_of(t)->nentries != c->version[1])
    return NULL;
  return c->what;
}

int in_o_method(in_frame *f, const in_ins *i)
{
  in_val *a = IN_ARG(f, i, 0);
  PyObject *x = a->tag == IN_OBJ ? Py_NewRef(a->o) : in_box(f, a), *method = NULL;
  if (!x) return -1;
  in_cache *c = cache_of(f, i);
  bool unbound = c && (method = Py_XNewRef(known_method(c, x)));
  if (!unbound && c && PyModule_CheckExact(x)) method = of_module(c, x, IN_NAME(f, i));
  else if (!unbound) {
    unbound = _PyObject_GetMethod(x, IN_NAME(f, i), &method) != 0;
    if (c && method && unbound) learn_method(c, x, IN_NAME(f, i), method);
  }
  Py_DECREF(x);
  if (!method) return -1;
  in_val v = in_obj(method);
  v.aux = unbound ? IN_UNBOUND : 0;
  in_result(f, i, v);
  return 0;
}
