/* SPDX-License-Identifier: MIT */
/* py_in_unwind.c: exceptions: raising, going to a handler, what is being handled, tracebacks; `with`.
 *
 * The exceptions that a frame handles are a stack, one entry for each obj.caught that no obj.endexc has ended:
 * f->handled is the tuple (what was handled before, the entry below or None). How high it is at each instruction is a
 * property of the code; an exception on its way to a handler cuts it down to the height there.
 */
#include "py_in.h"

#include "py_rt.h"

#include <frameobject.h>

/* Of a code: made when the first exception comes up in it. */
struct in_places {
  uint32_t *height;      /* of the stack of handled exceptions in front of each instruction; KB_NOINS: not reached */
  PyObject *code;        /* the function's own code object, or NULL */
  int *lasti;            /* with code: the instruction of CPython at the same place, -1: none known, -2: not looked for */
  PyObject **empty;      /* without: a code object made for each line that is needed */
};

/* -- Places --------------------------------------------------------------------------------------------------------- */

static bool lower(uint32_t *height, uint32_t at, uint32_t to)
{
  if (at == KB_NOINS || height[at] <= to) return false;
  height[at] = to;
  return true;
}

/* Heights only fall, so this ends. */
static void find_heights(const kb_image *im, uint32_t *height)
{
  for (uint32_t k = 0; k < im->nins; k++) height[k] = KB_NOINS;
  if (im->nins) height[0] = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t k = 0; k < im->nins; k++) {
      const kb_iins *ins = &im->ins[k];
      uint32_t h = height[k];
      if (h == KB_NOINS) continue;
      changed |= lower(height, ins->handler, h);
      if (ins->op == KB_OCAUGHT) h++;
      else if (ins->op == KB_OENDEXC && h) h--;
      bool jumps = ins->op == KB_JMP || ins->op == KB_TRY, ends = ins->op == KB_RET || ins->op == KB_RAISE ||
                                                                   ins->op == KB_ORAISE || ins->op == KB_ORERAISE;
      if (jumps || ins->op == KB_BR) changed |= lower(height, ins->to[0], h);
      if (ins->op == KB_BR) changed |= lower(height, ins->to[1], h);
      if (!jumps && !ends && ins->op != KB_BR && k + 1 < im->nins) changed |= lower(height, k + 1, h);
    }
  }
}

static PyObject *code_object(PyObject *function)
{
  PyObject *code = function ? PyObject_GetAttrString(function, "__code__") : NULL;
  if (!code) PyErr_Clear();
  else if (!PyCode_Check(code)) Py_CLEAR(code);
  return code;
}

/* NULL: no memory. No exception is set here, nor may one be. */
static struct in_places *places_of(in_frame *f)
{
  in_code *c = f->code;
  if (c->places) return c->places;
  size_t n = c->image->nins;
  struct in_places *p = (struct in_places *)PyMem_Calloc(1, sizeof *p);
  if (!p) return NULL;
  p->height = (uint32_t *)PyMem_Calloc(n, sizeof *p->height);
  p->lasti = (int *)PyMem_Calloc(n, sizeof *p->lasti);
  p->empty = (PyObject **)PyMem_Calloc(n, sizeof(PyObject *));
  p->code = code_object(f->self);
  c->places = p;
  if (!p->height || !p->lasti || !p->empty) {
    in_places_free(c);
    return NULL;
  }
  find_heights(c->image, p->height);
  for (size_t k = 0; k < n; k++) p->lasti[k] = -2;
  return p;
}

void in_places_free(in_code *c)
{
  struct in_places *p = c->places;
  if (!p) return;
  c->places = NULL;
  for (uint32_t k = 0; p->empty && k < c->image->nins; k++) Py_XDECREF(p->empty[k]);
  Py_XDECREF(p->code);
  PyMem_Free(p->height);
  PyMem_Free(p->lasti);
  PyMem_Free(p->empty);
  PyMem_Free(p);
}

/* -- Tracebacks -------------------------------------------------------------------------------------------------------- */

/* The index in bytes of the last of CPython's instructions that are for the same piece of source, which shows the carets. */
static int find_lasti(PyObject *code, const kb_iins *ins)
{
  int at = 0, found = -1;
  PyObject *positions = PyObject_CallMethod(code, "co_positions", NULL), *item;
  while (positions && (item = PyIter_Next(positions))) {
    long v[4] = { -1, -1, -1, -1 };
    for (int k = 0; k < 4 && PyTuple_Check(item) && PyTuple_GET_SIZE(item) == 4; k++) {
      PyObject *o = PyTuple_GET_ITEM(item, k);
      if (PyLong_Check(o)) v[k] = PyLong_AsLong(o);
    }
    Py_DECREF(item);
    if (v[0] == (long)ins->line && v[2] + 1 == (long)ins->col && v[3] + 1 == (long)ins->end_col) found = at;
    at += 2;
  }
  if (PyErr_Occurred()) PyErr_Clear();
  Py_XDECREF(positions);
  return found;
}

static PyObject *frame_globals(in_frame *f)
{
  return f->code->globals ? Py_NewRef(f->code->globals) : PyDict_New();
}

typedef struct { PyObject *code; int lasti, line; } entry; /* code is borrowed; lasti -2: as the frame says */
enum { NESTED = 8 };

#if PY_VERSION_HEX < 0x030c0000
/* Before 3.12 comprehensions are functions of their own, which are seen in tracebacks, but not in an image. Appends the
 * entries of those inside code that ins stands in, innermost first; the line of the outermost, 0: it stands in none. */
static int comprehensions(PyObject *code, const kb_iins *ins, entry *e, int *n, int depth)
{
  PyObject *consts = ((PyCodeObject *)code)->co_consts;
  for (Py_ssize_t k = 0; depth < NESTED - 1 && k < PyTuple_GET_SIZE(consts); k++) {
    PyObject *sub = PyTuple_GET_ITEM(consts, k);
    if (!PyCode_Check(sub)) continue;
    PyObject *name = ((PyCodeObject *)sub)->co_name;
    if (PyUnicode_CompareWithASCIIString(name, "<listcomp>") && PyUnicode_CompareWithASCIIString(name, "<setcomp>") &&
        PyUnicode_CompareWithASCIIString(name, "<dictcomp>"))
      continue;
    int at = find_lasti(sub, ins), line = at < 0 ? comprehensions(sub, ins, e, n, depth + 1) : (int)ins->line;
    if (!line) continue;
    e[(*n)++] = (entry){ sub, at, line };
    return ((PyCodeObject *)sub)->co_firstlineno;
  }
  return 0;
}
#endif

/* What the instruction adds to a traceback. With the function's own code object: tracebacks then name its lines and columns
 * themselves. No exception is set here. */
static int entries_of(in_frame *f, struct in_places *p, entry *e)
{
  uint32_t k = f->ip->from;
  const kb_image *im = f->code->image;
  const kb_iins *ins = &im->ins[k];
  int n = 0, line = 0;
  if (!p->code) {
    if (!p->empty[k])
      p->empty[k] = (PyObject *)PyCode_NewEmpty(im->file ? im->file : "?", im->name ? im->name : "?", (int)ins->line);
    e[0] = (entry){ p->empty[k], -2, (int)ins->line };
    return p->empty[k] ? 1 : 0;
  }
  if (p->lasti[k] == -2) p->lasti[k] = find_lasti(p->code, ins);
#if PY_VERSION_HEX < 0x030c0000
  if (p->lasti[k] < 0) line = comprehensions(p->code, ins, e, &n, 0);
#endif
  e[n++] = (entry){ p->code, p->lasti[k], line ? line : (int)ins->line };
  return n;
}

/* Is the instruction in a comprehension that CPython runs as a function of its own, where the name is a free variable? No
 * exception is set here. */
bool in_within_comprehension(in_frame *f, PyObject *name)
{
#if PY_VERSION_HEX < 0x030c0000
  entry e[NESTED];
  struct in_places *p = places_of(f);
  if (!p || !p->code || entries_of(f, p, e) < 2) return false;
  PyObject *names = PyCode_GetFreevars((PyCodeObject *)e[0].code);
  int has = names ? PySequence_Contains(names, name) : -1;
  Py_XDECREF(names);
  if (has < 0) PyErr_Clear();
  return has > 0;
#else
  (void)f, (void)name;
  return false;
#endif
}

/* A frame that was never run, only to be seen, in front of the traceback of the exception that is set. Where that fails the
 * exception stays as it is. */
static void add_one(in_frame *f, entry e)
{
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyObject *globals = frame_globals(f);
  PyFrameObject *frame = globals ? PyFrame_New(PyThreadState_Get(), (PyCodeObject *)e.code, globals, NULL) : NULL;
  Py_XDECREF(globals);
  PyErr_Restore(type, value, tb); /* in place of any MemoryError from there */
  if (!frame) return;
  int added = PyTraceBack_Here(frame);
  Py_DECREF(frame);
  if (added < 0 || e.lasti == -2) return;
  PyErr_Fetch(&type, &value, &tb);
  if (tb && PyTraceBack_Check(tb)) {
    ((PyTracebackObject *)tb)->tb_lasti = e.lasti;
    ((PyTracebackObject *)tb)->tb_lineno = e.line;
  }
  PyErr_Restore(type, value, tb);
}

static void add_entry(in_frame *f)
{
  entry e[NESTED];
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  struct in_places *p = places_of(f);
  int n = p ? entries_of(f, p, e) : 0;
  PyErr_Restore(type, value, tb);
  for (int k = 0; k < n; k++) add_one(f, e[k]);
}

/* The exception that is set: a new reference, with its traceback; it is no longer set. */
static PyObject *take_exception(void)
{
#if PY_VERSION_HEX >= 0x030c0000
  return PyErr_GetRaisedException();
#else
  PyObject *type, *value, *tb;
  PyErr_Fetch(&type, &value, &tb);
  PyErr_NormalizeException(&type, &value, &tb);
  if (tb) PyException_SetTraceback(value, tb);
  Py_XDECREF(type);
  Py_XDECREF(tb);
  return value;
#endif
}

/* Takes the reference. Nothing is added to it: neither context nor traceback. */
static void set_exception(PyObject *e)
{
#if PY_VERSION_HEX >= 0x030c0000
  PyErr_SetRaisedException(e);
#else
  PyErr_Restore(Py_NewRef(PyExceptionInstance_Class(e)), e, PyException_GetTraceback(e));
#endif
}

/* -- What is being handled -------------------------------------------------------------------------------------------- */

static PyObject **handled_now(void)
{
  return &PyThreadState_Get()->exc_info->exc_value;
}

static uint32_t height(const in_frame *f)
{
  uint32_t n = 0;
  for (PyObject *e = f->handled; e && e != Py_None; e = PyTuple_GET_ITEM(e, 1)) n++;
  return n;
}

/* Ends the innermost one. */
static void drop_handled(in_frame *f)
{
  PyObject *top = f->handled;
  if (!top) return;
  PyObject *before = PyTuple_GET_ITEM(top, 0), *below = PyTuple_GET_ITEM(top, 1);
  PyObject **now = handled_now(), *old = *now;
  f->handled = below == Py_None ? NULL : Py_NewRef(below);
  *now = before == Py_None ? NULL : Py_NewRef(before);
  Py_DECREF(top);
  Py_XDECREF(old);
}

void in_handled_drop(in_frame *f)
{
  while (f->handled) drop_handled(f);
}

int in_o_caught(in_frame *f, const in_ins *i)
{
  PyObject *e = take_exception(), **now = handled_now();
  if (!e) {
    PyErr_SetString(PyExc_SystemError, "a handler without an exception");
    return -1;
  }
  PyObject *top = PyTuple_Pack(2, *now ? *now : Py_None, f->handled ? f->handled : Py_None);
  if (!top) {
    Py_DECREF(e);
    return -1;
  }
  Py_XSETREF(f->handled, top);
  PyObject *old = *now;
  *now = Py_NewRef(e);
  Py_XDECREF(old);
  in_result(f, i, in_obj(e));
  return 0;
}

int in_o_endexc(in_frame *f, const in_ins *i)
{
  in_val none = { IN_NULL, 0, { 0 } };
  drop_handled(f);
  if (i->flags & IN_DIES_A) in_set(IN_ARG(f, i, 0), none); /* the exception is let go of here, as in CPython */
  return 0;
}

/* A raise that goes on with an exception that has this frame in its traceback already, or never had it raised here. */
static bool goes_on(in_frame *f)
{
  const kb_iins *ins = &f->code->image->ins[f->ip->from];
  if (ins->op == KB_ORERAISE) return true;
  if (ins->op != KB_ORAISE || ins->nargs) return false;
  PyObject *type, *value, *tb, *now = PyErr_GetHandledException();
  PyErr_Fetch(&type, &value, &tb);
  bool same = now && now != Py_None && value == now;
  PyErr_Restore(type, value, tb);
  Py_XDECREF(now);
  return same;
}

uint32_t in_unwind(in_frame *f)
{
  uint32_t h = f->code->image->ins[f->ip->from].handler;
  if (!goes_on(f)) add_entry(f);
  if (h == KB_NOINS) {
    in_handled_drop(f);
    return h;
  }
  if (f->handled) {
    struct in_places *p = places_of(f);
    for (uint32_t n = height(f); p && n > p->height[h]; n--) drop_handled(f);
  }
  return h;
}

/* -- raise, except --------------------------------------------------------------------------------------------------------- */

/* An instance of what is raised, or of its cause: a new reference, NULL: an exception is set. */
static PyObject *instance(PyObject *e, const char *refused, bool checked)
{
  if (PyExceptionInstance_Check(e)) return Py_NewRef(e);
  if (!PyExceptionClass_Check(e)) {
    PyErr_SetString(PyExc_TypeError, refused);
    return NULL;
  }
  PyObject *value = PyObject_CallNoArgs(e);
  if (value && checked && !PyExceptionInstance_Check(value)) {
    PyErr_Format(PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R", e, Py_TYPE(value));
    Py_CLEAR(value);
  }
  return value;
}

static void raise_object(PyObject *e, PyObject *cause)
{
  PyObject *value = instance(e, "exceptions must derive from BaseException", true);
  if (!value) return;
  if (cause) {
    PyObject *fixed = NULL;
    if (cause != Py_None) {
      fixed = instance(cause, "exception causes must derive from BaseException", PY_VERSION_HEX >= 0x030d0000);
      if (!fixed) {
        Py_DECREF(value);
        return;
      }
    }
    PyException_SetCause(value, fixed);
  }
  PyObject *type = PyExceptionClass_Check(e) ? e : PyExceptionInstance_Class(value);
  PyErr_SetObject(type, value);
  Py_DECREF(value);
}

static void raise_again(void)
{
  PyObject *e = PyErr_GetHandledException();
  if (e && e != Py_None) {
    set_exception(e);
    return;
  }
  Py_XDECREF(e);
  PyErr_SetString(PyExc_RuntimeError, "No active exception to reraise");
}

static void raise_known(const kb_iins *ins)
{
  PyObject *type = kbpy_exception_type(ins->exc);
  PyObject *text = ins->imm.str ? PyUnicode_DecodeUTF8(ins->imm.str, (Py_ssize_t)strlen(ins->imm.str), "surrogatepass") : NULL;
  if (text) PyErr_SetObject(type, text);
  else if (!ins->imm.str) PyErr_SetNone(type);
  Py_XDECREF(text);
}

int in_raise(in_frame *f, const in_ins *i)
{
  const kb_iins *ins = IN_SRC(f, i);
  PyObject *e = NULL, *cause = NULL;
  if (ins->op == KB_RAISE) raise_known(ins);
  else if (!ins->nargs) raise_again();
  else if ((e = in_box(f, IN_ARG(f, i, 0)))) {
    if (ins->op == KB_ORERAISE) set_exception(Py_NewRef(e));
    else if (ins->nargs == 1) raise_object(e, NULL);
    else if ((cause = in_box(f, IN_ARG(f, i, 1)))) raise_object(e, cause);
  }
  Py_XDECREF(e);
  Py_XDECREF(cause);
  return -1;
}

static bool may_be_caught(PyObject *cls)
{
  if (!PyTuple_Check(cls)) return PyExceptionClass_Check(cls);
  for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(cls); k++)
    if (!PyExceptionClass_Check(PyTuple_GET_ITEM(cls, k))) return false;
  return true;
}

int in_o_matches(in_frame *f, const in_ins *i)
{
  PyObject *e = in_box(f, IN_ARG(f, i, 0)), *cls = e ? in_box(f, IN_ARG(f, i, 1)) : NULL;
  int is = -1;
  if (cls && may_be_caught(cls)) is = PyErr_GivenExceptionMatches(e, cls);
  else if (cls) PyErr_SetString(PyExc_TypeError, "catching classes that do not inherit from BaseException is not allowed");
  Py_XDECREF(e);
  Py_XDECREF(cls);
  if (is < 0) return -1;
  in_result(f, i, in_bool(is));
  return 0;
}

/* -- with -------------------------------------------------------------------------------------------------------------------- */

static struct { PyObject *manager, *enter; } entering; /* what obj.withexit found for the obj.withenter behind it */

/* The method of x's type, bound to x: a new reference; NULL without an exception: there is none. */
static PyObject *special(PyObject *x, const char *name)
{
  PyObject *s = PyUnicode_InternFromString(name);
  PyObject *m = s ? Py_XNewRef(_PyType_Lookup(Py_TYPE(x), s)) : NULL;
  Py_XDECREF(s);
  if (!m || !Py_TYPE(m)->tp_descr_get) return m;
  PyObject *bound = Py_TYPE(m)->tp_descr_get(m, x, (PyObject *)Py_TYPE(x));
  Py_DECREF(m);
  return bound;
}

int in_o_withexit(in_frame *f, const in_ins *i)
{
  PyObject *x = in_box(f, IN_ARG(f, i, 0)), *enter = x ? special(x, "__enter__") : NULL, *leave = NULL;
  if (x && !enter && !PyErr_Occurred())
    PyErr_Format(PyExc_TypeError, "'%.200s' object does not support the context manager protocol", Py_TYPE(x)->tp_name);
  if (enter && !(leave = special(x, "__exit__")) && !PyErr_Occurred())
    PyErr_Format(PyExc_TypeError, "'%.200s' object does not support the context manager protocol (missed __exit__ method)",
                 Py_TYPE(x)->tp_name);
  if (!leave) {
    Py_XDECREF(enter);
    Py_XDECREF(x);
    return -1;
  }
  PyObject *manager = entering.manager, *before = entering.enter;
  entering.manager = x;
  entering.enter = enter;
  Py_XDECREF(manager);
  Py_XDECREF(before);
  in_result(f, i, in_obj(leave));
  return 0;
}

int in_o_withenter(in_frame *f, const in_ins *i)
{
  PyObject *x = in_box(f, IN_ARG(f, i, 0)), *enter;
  if (!x) return -1;
  if (entering.manager == x) {
    enter = entering.enter;
    entering.manager = entering.enter = NULL;
    Py_DECREF(x);
  } else {
    enter = special(x, "__enter__");
    if (!enter && !PyErr_Occurred())
      PyErr_Format(PyExc_TypeError, "'%.200s' object does not support the context manager protocol", Py_TYPE(x)->tp_name);
  }
  PyObject *r = enter ? PyObject_CallNoArgs(enter) : NULL;
  Py_XDECREF(enter);
  Py_DECREF(x);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}

int in_o_withleave(in_frame *f, const in_ins *i)
{
  PyObject *leave = in_box(f, IN_ARG(f, i, 0)), *e = leave ? in_box(f, IN_ARG(f, i, 1)) : NULL, *r = NULL;
  if (e) {
    PyObject *tb = PyException_GetTraceback(e);
    PyObject *args[4] = { NULL, (PyObject *)Py_TYPE(e), e, tb ? tb : Py_None };
    r = PyObject_Vectorcall(leave, args + 1, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_XDECREF(tb);
  }
  Py_XDECREF(leave);
  Py_XDECREF(e);
  if (!r) return -1;
  in_result(f, i, in_obj(r));
  return 0;
}
