/* SPDX-License-Identifier: MIT */
/* The dynamic ops one by one: what each does to its operands, or raises, against CPython's own answer to the same; and that
 * a thousand of each leave nothing behind. */
#include "../../runtime/py_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One instruction: its operands are the items of the tuple `args`, made anew for each run; `same` is the statement that
 * CPython is asked, with the items as a, b, c, d and the result in r (without one: what is left of a, which is compared, too). */
typedef struct {
  const char *op;
  int64_t imm;
  const char *name; /* flag N */
  const char *args, *same;
} row;

static const row rows[] = {
  { "obj.matmul", 0, NULL, "(M(), 3)", "r = a @ b" },
  { "obj.matmul", 0, NULL, "(2, 3)", "r = a @ b" },
  { "obj.inplace", 0, NULL, "([1], (2, 3))", "a += b; r = a" },
  { "obj.inplace", 0, NULL, "('ab', 'cd')", "a += b; r = a" },
  { "obj.inplace", 0, NULL, "(2 ** 62, 2 ** 63)", "a += b; r = a" },
  { "obj.inplace", 0, NULL, "('ab', 1)", "a += b; r = a" },
  { "obj.inplace", 1, NULL, "({1, 2}, {2})", "a -= b; r = a" },
  { "obj.inplace", 2, NULL, "([1], 3)", "a *= b; r = a" },
  { "obj.inplace", 3, NULL, "(1, 3)", "a /= b; r = a" },
  { "obj.inplace", 3, NULL, "(1, 0)", "a /= b; r = a" },
  { "obj.inplace", 4, NULL, "(-7, 2)", "a //= b; r = a" },
  { "obj.inplace", 5, NULL, "('%s!', 5)", "a %= b; r = a" },
  { "obj.inplace", 6, NULL, "(2, 100)", "a **= b; r = a" },
  { "obj.inplace", 6, NULL, "('a', 100)", "a **= b; r = a" },
  { "obj.inplace", 7, NULL, "(1, 100)", "a <<= b; r = a" },
  { "obj.inplace", 8, NULL, "(100, 3)", "a >>= b; r = a" },
  { "obj.inplace", 9, NULL, "({1, 2}, {2})", "a &= b; r = a" },
  { "obj.inplace", 10, NULL, "({1: 2}, {2: 3})", "a |= b; r = a" },
  { "obj.inplace", 11, NULL, "(True, 3)", "a ^= b; r = a" },
  { "obj.inplace", 12, NULL, "(M(), 3)", "a @= b; r = a" },
  { "obj.contains", 0, NULL, "(1, [3, 1])", "r = a in b" },
  { "obj.contains", 0, NULL, "('x', 'abc')", "r = a in b" },
  { "obj.contains", 0, NULL, "(1, 2)", "r = a in b" },
  { "obj.contains", 0, NULL, "([], {})", "r = a in b" },
  { "obj.global", 0, "known", "()", "r = known" },
  { "obj.global", 0, "len", "()", "r = len" },
  { "obj.global", 0, "nowhere", "()", "r = nowhere" },
  { "obj.setglobal", 0, "known2", "([1],)", "known2 = a; r = known2" },
  { "obj.delglobal", 0, "nowhere", "()", "del nowhere" },
  { "obj.getattr", 0, "real", "(3,)", "r = a.real" },
  { "obj.getattr", 0, "pi", "(math,)", "r = a.pi" },
  { "obj.getattr", 0, "nope", "(math,)", "r = a.nope" },
  { "obj.getattr", 0, "nope", "(3,)", "r = a.nope" },
  { "obj.getattr", 0, "x", "(P(5),)", "r = a.x" },
  { "obj.getattr", 0, "odd", "(P(5),)", "r = a.odd" },
  { "obj.setattr", 0, "x", "(P(5), 7)", "a.x = b" },
  { "obj.setattr", 0, "x", "(5, 7)", "a.x = b" },
  { "obj.delattr", 0, "x", "(P(5),)", "del a.x" },
  { "obj.delattr", 0, "y", "(P(5),)", "del a.y" },
  { "obj.delitem", 0, NULL, "([1, 2, 3], 1)", "del a[b]" },
  { "obj.delitem", 0, NULL, "([1, 2, 3], 7)", "del a[b]" },
  { "obj.delitem", 0, NULL, "({(1, 2): 3}, 1, 2)", "del a[b, c]" },
  { "obj.delitem", 0, NULL, "((1, 2), 1)", "del a[b]" },
  { "obj.slice", 0, NULL, "(1, None, 2 ** 70)", "r = slice(a, b, c)" },
  { "obj.format", 0, NULL, "(1.5, '8.3f')", "r = f'{a:{b}}'" },
  { "obj.format", 0, NULL, "('x', None)", "r = f'{a}'" },
  { "obj.format", 1, NULL, "(P(1), None)", "r = f'{a!s}'" },
  { "obj.format", 2, NULL, "('x', '>5')", "r = f'{a!r:>5}'" },
  { "obj.format", 3, NULL, "('\\xe9', None)", "r = f'{a!a}'" },
  { "obj.format", 0, NULL, "(1, 'zz')", "r = f'{a:zz}'" },
  { "obj.format", 0, NULL, "(P(1), 'x')", "r = f'{a:x}'" },
  { "obj.join", 0, NULL, "()", "r = ''" },
  { "obj.join", 0, NULL, "('abc',)", "r = a" },
  { "obj.join", 0, NULL, "('abc', 'd', '\\u1234')", "r = a + b + c" },
  { "obj.import", 0, "0 math", "()", "import math as r" },
  { "obj.import", 0, "0 os.path", "()", "r = __import__('os.path', globals(), None, None, 0)" },
  { "obj.import", 0, "0 os path sep", "()", "r = __import__('os', globals(), None, ('path', 'sep'), 0)" },
  { "obj.import", 0, "0 no_such_module", "()", "import no_such_module" },
  { "obj.import", 0, "1  x", "()", "from . import x" },
  { "obj.importfrom", 0, "pi", "(math,)", "from math import pi as r" },
  { "obj.importfrom", 0, "__name__", "(math,)", "from math import __name__ as r" },
  { "obj.importfrom", 0, "nope", "(os,)", "from os import nope" },
  { "obj.importfrom", 0, "nope", "(sys,)", "from sys import nope" },
  { "obj.importfrom", 0, "path", "(os,)", "from os import path as r" },
  { "obj.cell", 0, NULL, "([],)", "r = types.CellType(a)" },
  { "obj.cellget", 0, "v", "(types.CellType(5),)", "r = 5" },
  { "obj.cellget", 0, "v", "(types.CellType(),)", "def g():\n  h = lambda: v\n  r = v\n  v = 1\ng()" },
  { "obj.freeget", 0, "v", "(types.CellType(),)", "def g():\n  h = lambda: v\n  h()\n  v = 1\ng()" },
  { "obj.cellset", 0, NULL, "(types.CellType(5), [])", "a.cell_contents = b" },
  { "obj.celldel", 0, "v", "(types.CellType(5),)", "del a.cell_contents" },
  { "obj.celldel", 0, "v", "(types.CellType(),)", "def g():\n  h = lambda: v\n  del v\n  v = 1\ng()" },
  { "obj.callx", 0, "", "(len, [1, 2])", "r = a(b)" },
  { "obj.callx", 0, "", "(len, {1, 2})", "r = a(b)" },
  { "obj.callx", 0, "", "(len, 3)", "r = a(b)" },
  { "obj.callx", 0, "", "(abs, -3)", "r = a(b)" },
  { "obj.callx", 0, "", "(abs, -2 ** 63)", "r = a(b)" },
  { "obj.callx", 0, "", "(abs, -2.5)", "r = a(b)" },
  { "obj.callx", 0, "", "(abs, 'x')", "r = a(b)" },
  { "obj.callx", 0, "", "(min, 3, 2)", "r = a(b, c)" },
  { "obj.callx", 0, "", "(max, 3, 2.0)", "r = a(b, c)" },
  { "obj.callx", 0, "", "(max, float('nan'), 2.0)", "r = a(b, c)" },
  { "obj.callx", 0, "", "(max, 2.0, float('nan'))", "r = a(b, c)" },
  { "obj.callx", 0, "", "(min, -0.0, 0.0)", "r = a(b, c)" },
  { "obj.callx", 0, "", "(max, ())", "r = a(b)" },
  { "obj.callx", 0, "", "(isinstance, True, int)", "r = a(b, c)" },
  { "obj.callx", 0, "", "(isinstance, 1.5, (int, str))", "r = a(b, c)" },
  { "obj.callx", 0, "", "(isinstance, 1.5, 3)", "r = a(b, c)" },
  { "obj.callx", 0, "", "(math.sqrt, 2.0)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.sqrt, 2)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.sqrt, -2.0)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.sqrt, float('inf'))", "r = a(b)" },
  { "obj.callx", 0, "", "(math.sqrt, -0.0)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.exp, 1e300)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.acos, 2.0)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.sin, 2 ** 60)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.sin, True)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.floor, -2.5)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.ceil, 1e300)", "r = a(b)" },
  { "obj.callx", 0, "", "(math.floor, True)", "r = a(b)" },
  { "obj.callx", 0, "", "(int, -2.5)", "r = a(b)" },
  { "obj.callx", 0, "", "(int, float('nan'))", "r = a(b)" },
  { "obj.callx", 0, "", "(int, True)", "r = a(b)" },
  { "obj.callx", 0, "", "(float, 2 ** 53 + 1)", "r = a(b)" },
  { "obj.callx", 0, "", "(float, 'x')", "r = a(b)" },
  { "obj.callx", 0, "", "(range, 1, 10, 3)", "r = a(b, c, d)" },
  { "obj.callx", 0, "", "(fun, 1)", "r = a(b)" },
  { "obj.callx", 0, "", "(fun,)", "r = a()" },
  { "obj.callx", 0, "k", "(fun, 1, 2)", "r = a(b, k=c)" },
  { "obj.callx", 0, "z y", "(fun, 1, 2, 3)", "r = a(b, z=c, y=d)" },
  { "obj.callx", 0, "b", "(narrow, 1, 2)", "r = a(b, b=c)" },
  { "obj.callx", 0, "", "(3, 4)", "r = a(b)" },
  { "obj.callx", 0, "", "(fun, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)", "r = a(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)" },
  { "obj.callm", 0, "append", "([1], 2)", "r = a.append(b)" },
  { "obj.callm", 0, "append", "([1], 2, 3)", "r = a.append(b, c)" },
  { "obj.callm", 0, "append", "(P(1), 2)", "r = a.append(b)" },
  { "obj.callm", 0, "upper", "('abc',)", "r = a.upper()" },
  { "obj.callm", 0, "sqrt", "(math, 4.0)", "r = a.sqrt(b)" },
  { "obj.callm", 0, "add", "(P(1), 2)", "r = a.add(b)" },
  { "obj.callm", 0, "add more", "(P(1), 2, 3)", "r = a.add(b, more=c)" },
  { "obj.callm", 0, "made", "(P, 2)", "r = a.made(b)" },
  { "obj.callm", 0, "plain", "(P(1), 2)", "r = a.plain(b)" },
  { "obj.callm", 0, "inner", "(P(1), 2)", "r = a.inner(b)" },
  { "obj.callm", 0, "nope", "(P(1), 2)", "r = a.nope(b)" },
  { "obj.callex", 0, NULL, "(fun, (1, 2), None)", "r = a(*b)" },
  { "obj.callex", 0, NULL, "(fun, [1, 2], {'z': 1})", "r = a(*b, **c)" },
  { "obj.callex", 0, NULL, "(fun, 3, None)", "r = a(*b)" },
  { "obj.callex", 0, NULL, "(fun, (), {1: 2})", "r = a(*b, **c)" },
  { "obj.callex", 0, NULL, "(narrow, (1,), {'a': 2})", "r = a(*b, **c)" },
  { "obj.list", 0, NULL, "(1, 'a', 2.5)", "r = [a, b, c]" },
  { "obj.set", 0, NULL, "(1, 1, 2)", "r = {a, b, c}" },
  { "obj.set", 0, NULL, "(1, [])", "r = {a, b}" },
  { "obj.dict", 0, NULL, "(1, 2, 1, 3)", "r = {a: b, c: d}" },
  { "obj.dict", 0, NULL, "([], 2)", "r = {a: b}" },
  { "obj.append", 0, NULL, "([], 2)", "a.append(b)" },
  { "obj.extend", 0, NULL, "([1], (2, 3))", "a[:] = [*a, *b]" },
  { "obj.extend", 0, NULL, "([1], iter('ab'))", "a[:] = [*a, *b]" },
  { "obj.extend", 0, NULL, "([1], 5)", "a[:] = [*a, *b]" },
  { "obj.extend", 0, NULL, "([1], Bad())", "a[:] = [*a, *b]" },
  { "obj.setadd", 0, NULL, "({1}, 5)", "a.add(b)" },
  { "obj.setadd", 0, NULL, "({1}, {})", "a.add(b)" },
  { "obj.setupdate", 0, NULL, "({1}, (5, 6))", "a.update(b)" },
  { "obj.setupdate", 0, NULL, "({1}, 5)", "{*a, *b}" },
  { "obj.dictset", 0, NULL, "({1: 2}, 3, 4)", "a[b] = c" },
  { "obj.dictset", 0, NULL, "({1: 2}, [], 4)", "a[b] = c" },
  { "obj.dictupdate", 0, NULL, "({1: 2}, {1: 3})", "a.update(b)" },
  { "obj.dictupdate", 0, NULL, "({1: 2}, 5)", "{**a, **b}" },
  { "obj.dictmerge", 0, NULL, "({'x': 2}, {'y': 3}, fun)", "a.update(b)" },
  { "obj.dictmerge", 0, NULL, "({'x': 2}, {'x': 3}, fun)", "c(**a, **b)" },
  { "obj.dictmerge", 0, NULL, "({'x': 2}, Keys(), fun)", "a.update(b)" },
  { "obj.dictmerge", 0, NULL, "({'k': 2}, Keys(), len)", "c(**a, **b)" },
  { "obj.dictmerge", 0, NULL, "({}, 3, fun)", "c(**a, **b)" },
  { "obj.dictmerge", 0, NULL, "({}, None, P(1).add)", "c(**a, **b)" },
  { "obj.listtuple", 0, NULL, "([1, 2],)", "r = (*a,)" },
  { "obj.unpackex", 1 + 65536, NULL, "(range(5),)", "x, *y, z = a; r = x, y, z" },
  { "obj.unpackex", 1 + 65536, NULL, "((1, 2),)", "x, *y, z = a; r = x, y, z" },
  { "obj.unpackex", 1 + 65536, NULL, "((1,),)", "x, *y, z = a; r = x, y, z" },
  { "obj.unpackex", 2, NULL, "((1,),)", "x, z, *y = a; r = x, y, z" },
  { "obj.unpackex", 65536, NULL, "(5,)", "*y, z = a; r = y, z" },
  { "obj.unpackex", 65536, NULL, "(Bad(),)", "*y, z = a; r = y, z" },
  { "obj.matches", 0, NULL, "(KeyError(1), LookupError)", "r = isinstance(a, b)" },
  { "obj.matches", 0, NULL, "(KeyError(1), (OSError, ValueError))", "r = isinstance(a, b)" },
  { "obj.matches", 0, NULL, "(KeyError(1), 3)", "try:\n  raise ValueError\nexcept 3: pass" },
  { "obj.matches", 0, NULL, "(KeyError(1), (KeyError, 3))", "try:\n  raise ValueError\nexcept (KeyError, 3): pass" },
  { "obj.withexit", 0, NULL, "(P(1),)", "with a: pass" },
  { "obj.withexit", 0, NULL, "(Enter(),)", "with a: pass" },
  { "obj.withexit", 0, NULL, "(With(1),)", "r = a.__exit__" },
  { "obj.withenter", 0, NULL, "(With(7),)", "r = a.__enter__()" },
  { "obj.withleave", 0, NULL, "(With(7).__exit__, ValueError(3))", "r = a(ValueError, b, None)" },
  { "obj.raise", 0, NULL, "(ValueError(3),)", "raise a" },
  { "obj.raise", 0, NULL, "(ValueError,)", "raise a" },
  { "obj.raise", 0, NULL, "(3,)", "raise a" },
  { "obj.raise", 0, NULL, "(NoException,)", "raise a" },
  { "obj.raise", 0, NULL, "(P,)", "raise a" },
  { "obj.raise", 0, NULL, "()", "raise" },
  { "obj.raise", 0, NULL, "(ValueError(3), KeyError(4))", "raise a from b" },
  { "obj.raise", 0, NULL, "(ValueError, KeyError)", "raise a from b" },
  { "obj.raise", 0, NULL, "(ValueError, None)", "raise a from b" },
  { "obj.raise", 0, NULL, "(ValueError, 3)", "raise a from b" },
  { "obj.reraise", 0, NULL, "(ValueError(3),)", "raise a" },
};

static const char prelude[] =
    "import math, os, sys, types\n"
    "known = [1]\n"
    "class M:\n"
    "  def __matmul__(self, o): return ('matmul', o)\n"
    "class P:\n"
    "  def __init__(self, x): self.x = x; self.inner = hash\n"
    "  def __eq__(self, o): return self.__dict__ == o.__dict__\n"
    "  def __repr__(self): return f'P{sorted(self.__dict__)}'\n"
    "  def add(self, y, more=0): return self.x + y + more\n"
    "  @classmethod\n"
    "  def made(cls, x): return cls(x)\n"
    "  @staticmethod\n"
    "  def plain(x): return -x\n"
    "  @property\n"
    "  def odd(self): raise ValueError('odd')\n"
    "class Bad:\n"
    "  def __iter__(self): raise TypeError('mine')\n"
    "class Keys:\n"
    "  def keys(self): return ['k']\n"
    "  def __getitem__(self, k): return 9\n"
    "class Enter:\n"
    "  def __enter__(self): return 1\n"
    "class With:\n"
    "  def __init__(self, x): self.x = x\n"
    "  def __enter__(self): return self.x\n"
    "  def __exit__(self, t, e, tb): return t, e.args, tb\n"
    "  def __eq__(self, o): return self.x == o.x\n"
    "  def __hash__(self): return 1\n"
    "  def __repr__(self): return 'With'\n"
    "class NoException(Exception):\n"
    "  def __new__(cls): return 3\n"
    "def fun(*args, **kw): return args, kw\n"
    "def narrow(a, b=2): return a, b\n"
    "def outcome(e):\n"
    "  return (type(e), str(e), repr(e.__cause__), e.__suppress_context__, getattr(e, 'name', None))\n"
    "def ask(source, args):\n"
    "  g = dict(globals())\n"
    "  g.update(zip('abcd', args))\n"
    "  try: exec(source, g)\n"
    "  except BaseException as e: return outcome(e)\n"
    "  return shown(g.get('r', g.get('a')))\n"
    "def shown(x): return type(x), repr(x)\n";

static PyObject *globals;

static PyObject *python(const char *source, int how)
{
  PyObject *r = PyRun_String(source, how, globals, globals);
  if (!r) PyErr_Print();
  assert_non_null(r);
  return r;
}

/* -- One instruction --------------------------------------------------------------------------------------------------- */

enum { SLOTS = 16 };
typedef struct {
  kb_image image;
  kb_iins ins;
  uint32_t args[SLOTS];
  in_ins threaded;
  in_cache cache;
  PyObject *name;
  in_code code;
  in_val slot[SLOTS];
  in_frame frame;
} machine;

static PyObject *tuple_of_names(const char *text)
{
  PyObject *s = PyUnicode_FromString(text), *list = PyUnicode_Split(s, NULL, -1), *t = PyList_AsTuple(list);
  for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(t); k++) PyUnicode_InternInPlace(&((PyTupleObject *)t)->ob_item[k]);
  Py_DECREF(s);
  Py_DECREF(list);
  return t;
}

static PyObject *name_of(kb_op op, const char *text)
{
  bool call = op == KB_OCALLX || op == KB_OCALLM;
  if (!text || (call && !*text)) return NULL;
  return call ? tuple_of_names(text) : PyUnicode_InternFromString(text);
}

static void machine_make(machine *m, const row *r, PyObject *args, bool boxed)
{
  memset(m, 0, sizeof *m);
  kb_op op = kb_op_find(r->op, strlen(r->op));
  assert_int_not_equal(op, KB_NOPS);
  uint32_t n = (uint32_t)PyTuple_GET_SIZE(args);
  for (uint32_t k = 0; k < n; k++) {
    PyObject *o = Py_NewRef(PyTuple_GET_ITEM(args, (Py_ssize_t)k));
    m->args[k] = k;
    m->slot[k] = boxed ? in_obj(o) : in_unbox(o);
  }
  m->ins = (kb_iins){ .op = (uint16_t)op, .dst = kb_ops[op].result == '-' ? KB_NOSLOT : SLOTS - 1, .nargs = n, .args = m->args,
                      .handler = KB_NOINS, .line = 7 };
  m->ins.imm.i = r->imm;
  if (r->name) m->ins.imm.str = r->name;
  m->image = (kb_image){ .name = "f", .file = "f.py", .nins = 1, .ins = &m->ins };
  m->threaded = (in_ins){ .dst = m->ins.dst };
  m->name = op == KB_OCALLM ? NULL : name_of(op, r->name);
  m->code = (in_code){ .image = &m->image, .ins = &m->threaded, .nins = 1, .name = &m->name, .globals = globals,
                       .builtins = PyEval_GetBuiltins(), .cache = &m->cache };
  m->frame = (in_frame){ .code = &m->code, .slot = m->slot, .ip = &m->threaded };
}

/* x.method(...), whose row names the method in front of the keywords: finds it, as its first operand. -1: an exception. */
static int find_method(machine *m, const row *r)
{
  PyObject *words = tuple_of_names(r->name), *keywords = PyTuple_GetSlice(words, 1, PyTuple_GET_SIZE(words));
  m->name = Py_NewRef(PyTuple_GET_ITEM(words, 0));
  m->ins.dst = m->threaded.dst = SLOTS - 2;
  m->ins.nargs = 1;
  int failed = in_o_method(&m->frame, &m->threaded);
  Py_SETREF(m->name, NULL);
  if (PyTuple_GET_SIZE(keywords)) m->name = Py_NewRef(keywords);
  Py_DECREF(words);
  Py_DECREF(keywords);
  m->ins.dst = m->threaded.dst = SLOTS - 1;
  uint32_t n = 0;
  while (n + 1 < SLOTS && m->slot[n].tag != IN_NULL) m->args[n + 1] = n, n++;
  m->args[0] = SLOTS - 2;
  m->ins.nargs = n + 1;
  memset(&m->cache, 0, sizeof m->cache);
  return failed;
}

static void machine_free(machine *m)
{
  Py_XDECREF(m->name);
  for (int k = 0; k < SLOTS; k++) in_decref(m->slot[k]);
  in_places_free(&m->code);
}

static in_fn *function_of(kb_op op)
{
#define HAS(OP, fn) case KB_##OP: return fn
  switch (op) {
    HAS(OMATMUL, in_o_matmul); HAS(OINPLACE, in_o_inplace); HAS(OCONTAINS, in_o_contains); HAS(OGLOBAL, in_o_global);
    HAS(OSETGLOBAL, in_o_setglobal); HAS(ODELGLOBAL, in_o_delglobal); HAS(OGETATTR, in_o_getattr);
    HAS(OSETATTR, in_o_setattr); HAS(ODELATTR, in_o_delattr); HAS(ODELITEM, in_o_delitem); HAS(OSLICE, in_o_slice);
    HAS(OCALLX, in_o_callx); HAS(OCALLM, in_o_callm); HAS(OCALLEX, in_o_callex); HAS(OLIST, in_o_list); HAS(OSET, in_o_set);
    HAS(ODICT, in_o_dict); HAS(OAPPEND, in_o_append); HAS(OEXTEND, in_o_extend); HAS(OSETADD, in_o_setadd);
    HAS(OSETUPDATE, in_o_setupdate); HAS(ODICTSET, in_o_dictset); HAS(ODICTUPDATE, in_o_dictupdate);
    HAS(ODICTMERGE, in_o_dictmerge); HAS(OLISTTUPLE, in_o_listtuple); HAS(OUNPACKEX, in_o_unpackex);
    HAS(OFORMAT, in_o_format); HAS(OJOIN, in_o_join); HAS(OIMPORT, in_o_import); HAS(OIMPORTFROM, in_o_importfrom);
    HAS(OCELL, in_o_cell); HAS(OCELLGET, in_o_cellget); HAS(OFREEGET, in_o_freeget); HAS(OCELLSET, in_o_cellset);
    HAS(OCELLDEL, in_o_celldel); HAS(OMATCHES, in_o_matches); HAS(OWITHEXIT, in_o_withexit);
    HAS(OWITHENTER, in_o_withenter); HAS(OWITHLEAVE, in_o_withleave); HAS(ORAISE, in_raise); HAS(ORERAISE, in_raise);
  default: return NULL;
  }
#undef HAS
}

/* What the instruction did, in the form that the prelude's ask() gives. Operands may already be unboxed numbers. */
static PyObject *outcome(const row *r, bool boxed)
{
  machine m;
  PyObject *args = python(r->args, Py_eval_input), *v = NULL;
  machine_make(&m, r, args, boxed);
  in_fn *fn = function_of((kb_op)m.ins.op);
  assert_non_null(fn);
  int failed = m.ins.op == KB_OCALLM ? find_method(&m, r) : 0;
  if (!failed && fn(&m.frame, &m.threaded) == 0) {
    assert_null(PyErr_Occurred());
    uint32_t from = m.ins.dst != KB_NOSLOT ? m.ins.dst : 0;
    PyObject *o = m.slot[from].tag == IN_NULL ? Py_NewRef(Py_None) : in_box(&m.frame, &m.slot[from]);
    v = PyObject_CallOneArg(PyDict_GetItemString(globals, "shown"), o);
    Py_XDECREF(o);
  } else {
    PyObject *type, *value, *tb;
    assert_non_null(PyErr_Occurred());
    PyErr_Fetch(&type, &value, &tb);
    PyErr_NormalizeException(&type, &value, &tb);
    v = PyObject_CallOneArg(PyDict_GetItemString(globals, "outcome"), value);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(tb);
  }
  machine_free(&m);
  Py_DECREF(args);
  if (!v) PyErr_Print();
  return v;
}

static bool addresses_differ_only(const char *a, const char *b)
{
  const char *x = strstr(a, " at 0x"), *y = strstr(b, " at 0x");
  return x && y && x - a == y - b && strncmp(a, b, (size_t)(x - a)) == 0;
}

static void test_each(void **state)
{
  (void)state;
  int bad = 0;
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const row *r = &rows[k];
    PyObject *args = python(r->args, Py_eval_input), *ask = PyDict_GetItemString(globals, "ask");
    PyObject *want = PyObject_CallFunction(ask, "sO", r->same, args);
    if (!want) PyErr_Print();
    assert_non_null(want);
    for (int boxed = 0; boxed < 2; boxed++) {
      PyObject *got = outcome(r, boxed);
      assert_non_null(got);
      PyObject *x = PyObject_Repr(got), *y = PyObject_Repr(want);
      const char *s = PyUnicode_AsUTF8(x), *t = PyUnicode_AsUTF8(y);
      if (strcmp(s, t) != 0 && !addresses_differ_only(s, t)) {
        print_message("# %s %s: %s, CPython: %s\n", r->op, r->args, s, t);
        bad++;
      }
      Py_DECREF(x);
      Py_DECREF(y);
      Py_DECREF(got);
    }
    Py_DECREF(want);
    Py_DECREF(args);
  }
  assert_int_equal(bad, 0);
}

static Py_ssize_t blocks(void)
{
  PyObject *n = python("sys.getallocatedblocks()", Py_eval_input);
  Py_ssize_t r = PyLong_AsSsize_t(n);
  Py_DECREF(n);
  return r;
}

static Py_ssize_t left_by(const row *r, int n)
{
  PyGC_Collect();
  Py_ssize_t before = blocks();
  for (int i = 0; i < n; i++) Py_XDECREF(outcome(r, i & 1));
  PyGC_Collect();
  return blocks() - before;
}

/* CPython's own caches and free lists grow now and then: what leaks does so each time. */
static void test_leaks(void **state)
{
  (void)state;
  int bad = 0;
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    bool import = strncmp(rows[k].op, "obj.import", 10) == 0; /* takes its time */
    int n = import ? 200 : 1000, times = 4;
    (void)left_by(&rows[k], 20);
    while (times && left_by(&rows[k], n) > n / 3) times--;
    if (!times) print_message("# %s %s: runs like %s leak\n", rows[k].op, rows[k].args, rows[k].same), bad++;
  }
  assert_int_equal(bad, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(test_each), cmocka_unit_test(test_leaks) };
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  const char *program = getenv("PYTHON");
  if (program) (void)PyConfig_SetBytesString(&config, &config.program_name, program);
  PyStatus status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) Py_ExitStatusException(status);
  globals = PyDict_New();
  PyDict_SetItemString(globals, "__builtins__", PyImport_ImportModule("builtins"));
  Py_XDECREF(python(prelude, Py_file_input));
  int r = cmocka_run_group_tests(tests, NULL, NULL);
  Py_DECREF(globals);
  return r;
}
