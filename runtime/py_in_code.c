/* SPDX-License-Identifier: MIT */
/* py_in_code.c: images to threaded code.
 *
 *   kb_image -> in_ins[], same numbers -> superinstructions laid over the first instruction of a group
 *
 * The other instructions of a group stay what they are, so that every pc can be entered.
 */
#include "py_in.h"
#include "py_in_loop.h"

/* -- Tables ------------------------------------------------------------------------------------------------ */

static in_fn *const called[KB_NOPS] = {
  [KB_OADD] = in_o_binary, [KB_OSUB] = in_o_binary, [KB_OMUL] = in_o_binary, [KB_OTRUEDIV] = in_o_binary,
  [KB_OFLOORDIV] = in_o_binary, [KB_OMOD] = in_o_binary, [KB_OPOW] = in_o_binary, [KB_OLSHIFT] = in_o_binary,
  [KB_ORSHIFT] = in_o_binary, [KB_OAND] = in_o_binary, [KB_OOR] = in_o_binary, [KB_OXOR] = in_o_binary,
  [KB_ONEG] = in_o_unary, [KB_OPOS] = in_o_unary, [KB_OINVERT] = in_o_unary, [KB_ONOT] = in_o_unary, [KB_OTRUTH] = in_o_unary,
  [KB_OLT] = in_o_compare, [KB_OLE] = in_o_compare, [KB_OEQ] = in_o_compare, [KB_ONE] = in_o_compare, [KB_OGT] = in_o_compare,
  [KB_OGE] = in_o_compare, [KB_OIS] = in_o_compare, [KB_OISNOT] = in_o_compare,
  [KB_OGETITEM] = in_o_getitem, [KB_OSETITEM] = in_o_setitem, [KB_OATTR] = in_o_attr, [KB_OCALL] = in_o_call, [KB_OKCALL] = in_o_kcall,
  [KB_OTUPLE] = in_o_tuple, [KB_OUNPACK] = in_o_unpack, [KB_OITEM] = in_o_item, [KB_ORANGE] = in_o_range,
  [KB_OENUMERATE] = in_o_enumerate, [KB_OZIP] = in_o_zip, [KB_OITER] = in_o_iter, [KB_OHASNEXT] = in_o_hasnext,
  [KB_OITERVAL] = in_o_iterval, [KB_OITERNEXT] = in_o_iternext, [KB_OBOUND] = in_o_bound, [KB_OKEEP] = in_o_keep,
  [KB_OMATMUL] = in_o_matmul, [KB_OINPLACE] = in_o_inplace, [KB_OCONTAINS] = in_o_contains, [KB_OPOOL] = in_o_pool,
  [KB_OGLOBAL] = in_o_global, [KB_OSETGLOBAL] = in_o_setglobal, [KB_ODELGLOBAL] = in_o_delglobal, [KB_OGETATTR] = in_o_getattr,
  [KB_OSETATTR] = in_o_setattr, [KB_ODELATTR] = in_o_delattr, [KB_ODELITEM] = in_o_delitem, [KB_OSLICE] = in_o_slice,
  [KB_OCALLX] = in_o_callx, [KB_OMETHOD] = in_o_method, [KB_OCALLM] = in_o_callm, [KB_OCALLEX] = in_o_callex, [KB_OLIST] = in_o_list, [KB_OSET] = in_o_set,
  [KB_ODICT] = in_o_dict, [KB_OAPPEND] = in_o_append, [KB_OEXTEND] = in_o_extend, [KB_OSETADD] = in_o_setadd,
  [KB_OSETUPDATE] = in_o_setupdate, [KB_ODICTSET] = in_o_dictset, [KB_ODICTUPDATE] = in_o_dictupdate,
  [KB_ODICTMERGE] = in_o_dictmerge, [KB_OLISTTUPLE] = in_o_listtuple, [KB_OUNPACKEX] = in_o_unpackex, [KB_OFORMAT] = in_o_format,
  [KB_OJOIN] = in_o_join, [KB_OIMPORT] = in_o_import, [KB_OIMPORTFROM] = in_o_importfrom, [KB_OFUNCTION] = in_o_function,
  [KB_OCELL] = in_o_cell, [KB_OFREE] = in_o_free, [KB_OCELLGET] = in_o_cellget, [KB_OFREEGET] = in_o_freeget,
  [KB_OCELLSET] = in_o_cellset, [KB_OCELLDEL] = in_o_celldel, [KB_OGETVAR] = in_o_getvar, [KB_OSETVAR] = in_o_setvar,
  [KB_ODELVAR] = in_o_delvar, [KB_OCAUGHT] = in_o_caught, [KB_OENDEXC] = in_o_endexc, [KB_OMATCHES] = in_o_matches,
  [KB_OWITHEXIT] = in_o_withexit, [KB_OWITHENTER] = in_o_withenter, [KB_OWITHLEAVE] = in_o_withleave
};

in_fn *in_called(kb_op op) { return (unsigned)op < KB_NOPS ? called[op] : NULL; }

/* What the loop does itself, of instructions that have a result slot; 0 (CALL): none. */
static const uint8_t in_loop[KB_NOPS] = {
  [KB_OADD] = IL_ADD, [KB_OSUB] = IL_SUB, [KB_OMUL] = IL_MUL, [KB_OTRUEDIV] = IL_TRUEDIV, [KB_OFLOORDIV] = IL_FLOORDIV,
  [KB_OMOD] = IL_MOD, [KB_OPOW] = IL_POW, [KB_OLSHIFT] = IL_LSHIFT, [KB_ORSHIFT] = IL_RSHIFT, [KB_OAND] = IL_AND, [KB_OOR] = IL_OR,
  [KB_OXOR] = IL_XOR, [KB_ONEG] = IL_NEG, [KB_OPOS] = IL_POS, [KB_OINVERT] = IL_INVERT, [KB_ONOT] = IL_NOT, [KB_OTRUTH] = IL_TRUTH,
  [KB_OLT] = IL_LT, [KB_OLE] = IL_LE, [KB_OEQ] = IL_EQ, [KB_ONE] = IL_NE, [KB_OGT] = IL_GT, [KB_OGE] = IL_GE, [KB_OIS] = IL_IS,
  [KB_OISNOT] = IL_ISNOT
};

/* -- Names ----------------------------------------------------------------------------------------------------- */

static PyObject *intern(const char *s, size_t n)
{
  PyObject *o = PyUnicode_DecodeUTF8(s, (Py_ssize_t)n, NULL);
  if (o) PyUnicode_InternInPlace(&o);
  return o;
}

/* A tuple of the names in s, with blanks between. */
static PyObject *words(const char *s)
{
  PyObject *list = PyList_New(0), *t = NULL;
  while (list && *s) {
    size_t n = strcspn(s, " ");
    PyObject *w = intern(s, n);
    if (w == NULL || PyList_Append(list, w) < 0) Py_CLEAR(list);
    Py_XDECREF(w);
    s += n + (s[n] == ' ');
  }
  if (list) t = PyList_AsTuple(list);
  Py_XDECREF(list);
  return t;
}

static bool name_of(const kb_iins *x, PyObject **to)
{
  const char *s = x->imm.str ? x->imm.str : "";
  *to = NULL;
  if (x->op == KB_OCALLX || x->op == KB_OCALLM) return *s == '\0' || (*to = words(s)) != NULL;
  return (*to = intern(s, strlen(s))) != NULL;
}

static bool make_names(in_code *c)
{
  uint32_t ncache = 0;
  c->name = (PyObject **)PyMem_Calloc(c->nins, sizeof *c->name);
  if (c->name == NULL) return PyErr_NoMemory() != NULL;
  for (uint32_t k = 0; k < c->nins; k++) {
    const kb_iins *x = &c->image->ins[k];
    if (!(kb_ops[x->op].flags & KB_OF_N)) continue;
    if (!name_of(x, &c->name[k])) return false;
    c->ins[k].cache = ncache++;
  }
  c->cache = (in_cache *)PyMem_Calloc(ncache + 1, sizeof *c->cache);
  return c->cache != NULL || PyErr_NoMemory() != NULL;
}

/* -- Constants --------------------------------------------------------------------------------------------------- */

static bool constant(const kb_iconst *k, in_val *v)
{
  *v = (in_val){ IN_NULL, 0, { 0 } };
  if (k->is_type) {
    v->tag = IN_TYPE, v->aux = k->ty;
    return true;
  }
  switch (k->ty) {
  case KB_T_BOT: return true;
  case KB_T_NONE: *v = in_obj(Py_NewRef(Py_None)); return true;
  case KB_T_STR: {
    const char *s = k->imm.str ? k->imm.str : "";
    PyObject *o = PyUnicode_DecodeUTF8(s, (Py_ssize_t)strlen(s), "surrogatepass");
    if (o == NULL) return false;
    PyUnicode_InternInPlace(&o);
    *v = in_obj(o);
    return true;
  }
  case KB_T_BOOL: *v = in_bool(k->imm.i != 0); return true;
  case KB_T_INT: *v = in_int(k->imm.i); return true;
  case KB_T_FLOAT: *v = in_float(k->imm.d); return true;
  case KB_T_F64:
    *v = in_float(k->imm.d);
    v->tag = IN_F64;
    return true;
  case KB_T_F32:
    v->tag = IN_F32;
    v->s = k->imm.s;
    return true;
  default: v->tag = IN_SIZED, v->aux = k->ty, v->i = k->imm.i; return true;
  }
}

static bool make_consts(in_code *c)
{
  c->consts = (in_val *)PyMem_Calloc(c->image->nconsts + 1, sizeof *c->consts);
  if (c->consts == NULL) return PyErr_NoMemory() != NULL;
  for (uint32_t k = 0; k < c->image->nconsts; k++)
    if (!constant(&c->image->consts[k], &c->consts[k])) return false;
  return true;
}

/* -- Which slots are read again ---------------------------------------------------------------------------------------- */

typedef struct { uint32_t words; uint64_t *in; /* live in front of each instruction; NULL: unknown */ } live;

static bool is_end(uint16_t op) { return op == KB_RET || op == KB_RAISE || op == KB_ORAISE || op == KB_ORERAISE; }
static bool is_jump(uint16_t op) { return op == KB_JMP || op == KB_TRY || op == KB_BR; }

static void add(uint64_t *to, const live *l, uint32_t at)
{
  for (uint32_t w = 0; at != KB_NOINS && w < l->words; w++) to[w] |= l->in[(size_t)at * l->words + w];
}

/* What is live behind instruction k: in room, which has l->words words. */
static void live_out(const kb_image *im, const live *l, uint32_t k, uint64_t *room)
{
  const kb_iins *x = &im->ins[k];
  memset(room, 0, l->words * sizeof *room);
  if (is_jump(x->op)) add(room, l, x->to[0]);
  if (x->op == KB_BR) add(room, l, x->to[1]);
  if (!is_jump(x->op) && !is_end(x->op) && k + 1 < im->nins) add(room, l, k + 1);
}

static void find_live(const kb_image *im, live *l)
{
  l->words = (im->nslots + 63) / 64;
  l->in = NULL;
  if ((uint64_t)l->words * im->nins > 1 << 20) return; /* eight megabytes: not worth it */
  uint64_t *room = (uint64_t *)PyMem_Calloc(l->words + 1, sizeof *room);
  l->in = room ? (uint64_t *)PyMem_Calloc((size_t)l->words * im->nins + 1, sizeof *l->in) : NULL;
  for (bool changed = l->in != NULL; changed;) {
    changed = false;
    for (uint32_t k = im->nins; k-- > 0;) {
      const kb_iins *x = &im->ins[k];
      live_out(im, l, k, room);
      if (x->dst != KB_NOSLOT) room[x->dst / 64] &= ~(UINT64_C(1) << (x->dst % 64));
      add(room, l, x->handler); /* it may leave before it has written its result */
      for (uint32_t a = 0; a < x->nargs; a++) room[x->args[a] / 64] |= UINT64_C(1) << (x->args[a] % 64);
      uint64_t *in = &l->in[(size_t)k * l->words];
      if (memcmp(in, room, l->words * sizeof *room)) {
        memcpy(in, room, l->words * sizeof *room);
        changed = true;
      }
    }
  }
  PyMem_Free(room);
}

/* Is what slot holds in front of instruction k, which reads it, not read again? */
static bool dies(const kb_image *im, const live *l, uint32_t k, uint32_t slot, uint64_t *room)
{
  if (l->in == NULL || slot == KB_NOSLOT || slot < im->nconsts || (slot >= im->var0 && slot < im->var0 + im->nvars)) return false;
  live_out(im, l, k, room);
  if (im->ins[k].dst == slot) room[slot / 64] &= ~(UINT64_C(1) << (slot % 64)); /* that is the result */
  add(room, l, im->ins[k].handler);
  return !(room[slot / 64] >> (slot % 64) & 1);
}

static bool is_arithmetic(const kb_iins *x)
{
  return (x->op >= KB_OADD && x->op <= KB_OTRUTH) || (x->op >= KB_OLT && x->op <= KB_OGE) || (x->op == KB_OINPLACE && x->imm.i < 12);
}
_Static_assert(KB_OTRUTH == KB_OADD + 16 && KB_OLT == KB_OTRUTH + 1, "operators stand together");

/* Is what instruction k leaves in its slot read by arithmetic alone, wherever control goes? */
static bool only_arithmetic(const kb_image *im, uint32_t k)
{
  enum { MOST = 64 };
  uint32_t slot = im->ins[k].dst, work[MOST], n = 0, seen[MOST], nseen = 0;
  if (slot == KB_NOSLOT) return false;
  work[n++] = k + 1;
  while (n > 0) {
    uint32_t at = work[--n];
    for (bool on = true; on;) {
      if (at >= im->nins) return false;
      const kb_iins *x = &im->ins[at];
      if (at <= k || is_jump(x->op)) { /* where paths meet */
        uint32_t s = 0;
        while (s < nseen && seen[s] != at) s++;
        if (s < nseen) break;
        if (nseen == MOST) return false;
        seen[nseen++] = at;
      }
      for (uint32_t a = 0; a < x->nargs; a++)
        if (x->args[a] == slot && !is_arithmetic(x)) return false;
      if (n + 2 >= MOST) return false;
      if (x->handler != KB_NOINS) work[n++] = x->handler;
      if (x->dst == slot || is_end(x->op)) break;
      if (x->op == KB_BR) work[n++] = x->to[1];
      at = is_jump(x->op) ? x->to[0] : at + 1;
    }
  }
  return true;
}

/* -- Instructions ------------------------------------------------------------------------------------------------------------ */

static int label_of(const kb_iins *x, uint32_t k)
{
  bool back = (x->to[0] != KB_NOINS && x->to[0] <= k) || (x->op == KB_BR && x->to[1] != KB_NOINS && x->to[1] <= k);
  switch (x->op) {
  case KB_OKEEP: return IL_JMP; /* to the next one */
  case KB_MOV: return IL_MOV;
  case KB_JMP:
  case KB_TRY: return back ? IL_JMPB : IL_JMP;
  case KB_BR: return back ? IL_BRB : IL_BR;
  case KB_RET: return IL_RET;
  case KB_RAISE:
  case KB_ORAISE:
  case KB_ORERAISE: return IL_RAISE;
  default: break;
  }
  static const uint8_t inplace[] = { IL_ADD, IL_SUB, IL_MUL, IL_TRUEDIV, IL_FLOORDIV, IL_MOD, IL_POW, IL_LSHIFT, IL_RSHIFT, IL_AND, IL_OR, IL_XOR };
  if (x->op == KB_OINPLACE && x->dst != KB_NOSLOT && x->imm.i >= 0 && x->imm.i < (int64_t)sizeof inplace) return inplace[x->imm.i];
  if (x->op == KB_OGETITEM && x->dst != KB_NOSLOT) return x->nargs == 2 ? IL_GETITEM : x->nargs == 3 ? IL_GETITEM2 : IL_CALL;
  if (x->op == KB_OSETITEM) return x->nargs == 3 ? IL_SETITEM : x->nargs == 4 ? IL_SETITEM2 : IL_CALL;
  return x->dst == KB_NOSLOT ? IL_CALL : in_loop[x->op];
}

static void plain(in_code *c, const live *l, uint64_t *room)
{
  const kb_image *im = c->image;
  for (uint32_t k = 0; k < c->nins; k++) {
    const kb_iins *x = &im->ins[k];
    in_ins *i = &c->ins[k];
    int label = label_of(x, k);
    i->fn = in_called((kb_op)x->op);
    i->dst = x->dst;
    i->from = k;
    i->a = x->nargs > 0 ? x->args[0] : KB_NOSLOT;
    i->b = x->op == KB_BR ? x->to[1] : x->nargs > 1 ? x->args[1] : KB_NOSLOT;
    i->c = is_jump(x->op) ? x->to[0] : x->op == KB_OKEEP ? k + 1 : x->nargs > 2 ? x->args[2] : KB_NOSLOT;
    if (x->nargs > 0 && dies(im, l, k, i->a, room)) i->flags |= IN_DIES_A;
    if (x->nargs > 1 && x->args[1] != x->args[0] && dies(im, l, k, x->args[1], room)) i->flags |= IN_DIES_B;
    if ((x->op == KB_OGETITEM || x->op == KB_OITERVAL) && only_arithmetic(im, k)) i->flags |= IN_UNBOX;
    if (label == IL_MOV && (i->flags & IN_DIES_A)) label = IL_MOVE;
    if (x->op == KB_OKEEP && x->nargs == 1 && (i->flags & IN_DIES_A)) label = IL_CALL; /* let go of here */
    i->op = (uint16_t)label;
  }
}

/* a, b = c, d: obj.tuple, obj.unpack and all of its items, with nothing between and no other use. */
static bool is_swap(const in_code *c, const live *l, uint32_t k, uint64_t *room)
{
  const kb_image *im = c->image;
  uint32_t n = im->ins[k].nargs, t = im->ins[k].dst;
  if (n < 1 || n > MOST_SWAPPED || k + 1 + n >= c->nins || t == KB_NOSLOT) return false;
  const kb_iins *u = &im->ins[k + 1];
  if (u->op != KB_OUNPACK || u->args[0] != t || u->imm.i != n || u->dst == KB_NOSLOT || !dies(im, l, k + 1, t, room)) return false;
  for (uint32_t a = 0; a < n; a++) {
    const kb_iins *x = &im->ins[k + 2 + a];
    if (x->op != KB_OITEM || x->args[0] != u->dst || x->imm.i != a || x->dst == KB_NOSLOT || (a + 1 < n && x->dst == u->dst)) return false;
  }
  return dies(im, l, k + 1 + n, u->dst, room);
}

/* Lays superinstructions over the starts of groups. */
static void groups(in_code *c, const live *l, uint64_t *room)
{
  const kb_image *im = c->image;
  for (uint32_t k = 0; k + 1 < c->nins; k++) {
    const kb_iins *x = &im->ins[k];
    in_ins *i = &c->ins[k];
    bool compares = x->op >= KB_OLT && x->op <= KB_OGE;
    if ((compares || x->op == KB_OTRUTH) && x->dst != KB_NOSLOT) {
      uint32_t br = k + 1, t = x->dst;
      if (compares && im->ins[br].op == KB_OTRUTH && im->ins[br].args[0] == t && br + 1 < c->nins && dies(im, l, br, t, room)) t = im->ins[br].dst, br++;
      if (im->ins[br].op != KB_BR || im->ins[br].args[0] != t || c->ins[br].op != IL_BR || !dies(im, l, br, t, room)) continue;
      i->cache = br - k;
      i->op = compares ? (uint16_t)(IL_LTB + (x->op - KB_OLT)) : IL_TRUTHB;
    } else if (x->op == KB_OTUPLE && is_swap(c, l, k, room)) {
      i->op = IL_SWAP;
    } else if (x->op == KB_OHASNEXT && x->dst != KB_NOSLOT) {
      const kb_iins *br = &im->ins[k + 1];
      uint32_t in = br->to[0];
      if (br->op != KB_BR || br->args[0] != x->dst || c->ins[k + 1].op != IL_BR || !dies(im, l, k + 1, x->dst, room) || in + 1 >= c->nins) continue;
      const kb_iins *val = &im->ins[in], *next = &im->ins[in + 1];
      if (val->op != KB_OITERVAL || next->op != KB_OITERNEXT || val->args[0] != x->args[0] || next->args[0] != x->args[0] ||
          val->dst == x->args[0] || next->dst == KB_NOSLOT || val->dst == KB_NOSLOT || val->dst == next->dst)
        continue;
      if (next->dst != x->args[0] && !(c->ins[in + 1].flags & IN_DIES_A)) continue;
      i->op = IL_FOR;
    }
  }
}

/* -- Whole codes --------------------------------------------------------------------------------------------------------------- */

in_code *in_code_from(kb_image *im)
{
  in_code *c = (in_code *)PyMem_Calloc(1, sizeof *c);
  if (c == NULL) {
    kb_image_free(im);
    PyErr_NoMemory();
    return NULL;
  }
  c->refs = 1;
  c->image = im;
  c->nins = im->nins;
  c->ins = (in_ins *)PyMem_Calloc(im->nins + 1, sizeof *c->ins);
  if (c->ins == NULL) PyErr_NoMemory();
  uint64_t *room = (uint64_t *)PyMem_Calloc((im->nslots + 63) / 64 + 1, sizeof *room);
  if (room == NULL) PyErr_NoMemory();
  if (c->ins && room && make_names(c) && make_consts(c)) {
    live l;
    find_live(im, &l);
    plain(c, &l, room);
    groups(c, &l, room);
    PyMem_Free(l.in);
    in_label(c);
  } else {
    in_code_free(c);
    c = NULL;
  }
  PyMem_Free(room);
  return c;
}

in_code *in_code_new(const unsigned char *image, size_t n)
{
  char why[256] = "";
  kb_image *im = kb_image_load(image, n, why, sizeof why);
  if (im) return in_code_from(im);
  PyErr_Format(PyExc_SystemError, "keelback: a corrupt image: %s", why);
  return NULL;
}

void in_code_free(in_code *c)
{
  if (c == NULL || --c->refs > 0) return;
  in_places_free(c);
  for (uint32_t k = 0; c->name && k < c->nins; k++) Py_XDECREF(c->name[k]);
  for (uint32_t k = 0; c->consts && k < c->image->nconsts; k++) in_decref(c->consts[k]);
  PyMem_Free(c->name);
  PyMem_Free(c->consts);
  PyMem_Free(c->cache);
  PyMem_Free(c->ins);
  kb_image_free(c->image);
  PyMem_Free(c);
}
