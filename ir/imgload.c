/* SPDX-License-Identifier: MIT */
/* imgload.c: bytes to an image, believing nothing. Numbers are read within the bytes and checked against what they
 * count or name, before anything is made by them; so memory stays within a small multiple of the bytes' size.
 */
#include "imgcode.h"
#include "../include/kbabi.h"

#include <stdarg.h>
#include <string.h>

typedef struct {
  const unsigned char *p, *end;
  char *why;
  size_t size;
  bool bad;
  const char **str;
  uint32_t nstr;
  kb_image *im;
} reader;

/* The first reason counts. */
__attribute__((format(printf, 2, 3))) static bool refuse(reader *r, const char *fmt, ...)
{
  if (!r->bad && r->size) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->why, r->size, fmt, ap);
    va_end(ap);
  }
  r->bad = true;
  return false;
}

static bool require(reader *r, bool ok, const char *what) { return ok || refuse(r, "%s", what); }

/* -- Reading ---------------------------------------------------------------------------------------------- */

static uint64_t number(reader *r)
{
  uint64_t n = 0;
  for (unsigned shift = 0; shift < 64 && !r->bad; shift += 7) {
    if (r->p == r->end) {
      refuse(r, "it ends in the middle");
      break;
    }
    unsigned char c = *r->p++;
    if (shift == 63 && c > 1)
      break;
    n |= (uint64_t)(c & 0x7f) << shift;
    if (!(c & 0x80))
      return n;
  }
  refuse(r, "a number of more than 64 bits");
  return 0;
}

static int64_t signed_number(reader *r)
{
  uint64_t n = number(r);
  return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

/* A number below limit. */
static uint32_t below(reader *r, uint64_t limit, const char *what)
{
  uint64_t n = number(r);
  if (!r->bad && n >= limit)
    refuse(r, "%s %llu of %llu", what, (unsigned long long)n, (unsigned long long)limit);
  return r->bad ? 0 : (uint32_t)n;
}

/* How many things follow, each of which takes at least so many bytes. */
static uint32_t count(reader *r, unsigned bytes, const char *what)
{
  uint64_t n = number(r);
  if (!r->bad && n > (uint64_t)(r->end - r->p) / bytes)
    refuse(r, "%llu %s in %llu bytes", (unsigned long long)n, what, (unsigned long long)(r->end - r->p));
  return r->bad ? 0 : (uint32_t)n;
}

/* A number below limit that was written + 1; 0 is UINT32_MAX, none. */
static uint32_t optional(reader *r, uint32_t limit, const char *what)
{
  return below(r, (uint64_t)limit + 1, what) - 1;
}

static const char *string(reader *r)
{
  uint32_t n = below(r, (uint64_t)r->nstr + 1, "string");
  return n ? r->str[n - 1] : NULL;
}

static const char *name(reader *r)
{
  const char *s = string(r);
  require(r, s != NULL, "a name is missing");
  return s ? s : "";
}

static uint64_t bits(reader *r, unsigned bytes)
{
  uint64_t n = 0;
  if (!require(r, (size_t)(r->end - r->p) >= bytes, "it ends in the middle"))
    return 0;
  for (unsigned i = 0; i < bytes; i++)
    n |= (uint64_t)*r->p++ << 8 * i;
  return n;
}

static bool strings(reader *r)
{
  r->nstr = count(r, 1, "strings");
  r->str = KB_NEW(r->im->arena, const char *, r->nstr + 1);
  for (uint32_t i = 0; i < r->nstr && !r->bad; i++) {
    uint32_t n = count(r, 1, "characters");
    if (r->bad || !require(r, !memchr(r->p, 0, n), "a zero in a string"))
      return false;
    r->str[i] = kb_arena_strndup(r->im->arena, (const char *)r->p, n);
    r->p += n;
  }
  return !r->bad;
}

/* -- Head ---------------------------------------------------------------------------------------------------- */

static bool is_number(uint64_t ty) { return ty >= KB_T_BOOL && ty < KB_T_FIRST_COMPOSITE; }

static bool fits(kb_ty ty, int64_t i)
{
  switch (ty) {
  case KB_T_BOOL: return i == 0 || i == 1;
  case KB_T_I8: return i == (int8_t)i;
  case KB_T_I16: return i == (int16_t)i;
  case KB_T_I32: return i == (int32_t)i;
  case KB_T_U8: return i == (uint8_t)i;
  case KB_T_U16: return i == (uint16_t)i;
  case KB_T_U32: return i == (uint32_t)i;
  default: return true;
  }
}

static void constant(reader *r, kb_iconst *c)
{
  uint64_t ty = number(r), is_type = number(r);
  if (!require(r, is_type <= 1 && (is_type ? is_number(ty) : is_number(ty) || ty == KB_T_BOT || ty == KB_T_NONE || ty == KB_T_STR),
               "a constant of a type that has none"))
    return;
  c->ty = (kb_ty)ty;
  c->is_type = is_type != 0;
  c->imm.i = 0;
  if (is_type || ty == KB_T_BOT || ty == KB_T_NONE)
    return;
  if (ty == KB_T_STR)
    c->imm.str = name(r);
  else if (ty == KB_T_F32 || ty == KB_T_F64 || ty == KB_T_FLOAT)
    c->imm.i = (int64_t)bits(r, ty == KB_T_F32 ? 4 : 8);
  else
    c->imm.i = signed_number(r);
  if (is_number(ty) && !kb_type_is_float(c->ty))
    require(r, fits(c->ty, c->imm.i), "a constant that its type does not hold");
}

static bool head(reader *r)
{
  kb_image *im = r->im;
  im->name = name(r);
  im->file = name(r);
  im->line = below(r, INT32_MAX, "line");
  uint32_t flags = below(r, KB_IMAGE_FLAGS, "flags");
  im->dynamic = (flags & KB_IMAGE_DYNAMIC) != 0;
  im->wrap = (flags & KB_IMAGE_WRAP) != 0;
  im->raises = (flags & KB_IMAGE_RAISES) != 0;
  im->unchecked = (flags & KB_IMAGE_UNCHECKED) != 0;
  im->nparams = count(r, 1, "parameters");
  uint32_t *params = KB_NEW(im->arena, uint32_t, im->nparams + 1);
  for (uint32_t i = 0; i < im->nparams && !r->bad; i++)
    params[i] = optional(r, UINT32_MAX - 1, "slot");
  im->params = params;
  im->nvars = count(r, 1, "variables");
  im->var0 = below(r, UINT32_MAX, "slot");
  im->vars = KB_NEW(im->arena, const char *, im->nvars + 1);
  for (uint32_t i = 0; i < im->nvars && !r->bad; i++)
    im->vars[i] = name(r);
  im->nconsts = count(r, 2, "constants");
  kb_iconst *consts = KB_NEW(im->arena, kb_iconst, im->nconsts + 1);
  for (uint32_t i = 0; i < im->nconsts && !r->bad; i++)
    constant(r, &consts[i]);
  im->consts = consts;
  return !r->bad;
}

/* Each slot is somebody's: a constant's, a parameter's, a variable's or an instruction's, so there are not many. Constants
 * come first, variables last. */
static bool check_slots(reader *r)
{
  const kb_image *im = r->im;
  uint64_t most = (uint64_t)im->nconsts + im->nparams + im->nvars + im->nins;
  if (!require(r, im->nslots <= most, "more slots than anything could be in") ||
      !require(r, im->var0 >= im->nconsts && (uint64_t)im->var0 + im->nvars == im->nslots, "variables in the wrong place"))
    return false;
  kb_bits seen;
  kb_bits_init(&seen, im->nslots);
  for (uint32_t i = 0; i < im->nparams && !r->bad; i++) {
    uint32_t slot = im->params[i];
    if (slot == KB_NOSLOT)
      continue;
    if (require(r, slot >= im->nconsts && slot < im->var0, "a parameter in a slot that is no value's") &&
        require(r, !kb_bits_has(&seen, slot), "two parameters in one slot"))
      kb_bits_set(&seen, slot);
  }
  kb_bits_free(&seen);
  return !r->bad;
}

/* -- Instructions ----------------------------------------------------------------------------------------------- */

static bool may_run(const kb_image *im, uint32_t op)
{
  switch (op) {
  case KB_MOV: case KB_JMP: case KB_BR: case KB_RET: case KB_RAISE: return true;
  case KB_TRY: case KB_ORAISE: case KB_ORERAISE: return im->dynamic;
  default: return kb_ops[op].kind == KB_OP_OBJ && (im->dynamic || op < KB_OMATMUL || op > KB_OWITHLEAVE);
  }
}

_Static_assert(KB_BI_FULL - KB_BI_ZEROS == 3, "local arrays are neighbours in builtins.def");

/* Operands beyond what the row says. */
static bool operands_ok(const kb_iins *n, bool dynamic)
{
  switch (n->op) {
  case KB_OGETITEM: case KB_ODELITEM: return n->nargs >= 2;
  case KB_OSETITEM: return n->nargs >= 3;
  case KB_ODICT: return n->nargs % 2 == 0;
  case KB_RET: return n->nargs <= 1 || dynamic;
  case KB_ORAISE: return n->nargs <= 2;
  case KB_OCALL: {
    const kb_birow *row = &kb_builtins[n->imm.i];
    if (n->imm.i >= KB_BI_ZEROS && n->imm.i <= KB_BI_FULL) { /* type, value of full, 1 to 4 axes */
      uint32_t before = n->imm.i == KB_BI_FULL ? 2 : 1;
      return n->nargs > before && n->nargs <= before + 4;
    }
    return (int64_t)n->nargs >= row->nmin && (row->nmax < 0 || (int64_t)n->nargs <= row->nmax);
  }
  default: return true;
  }
}

static uint32_t words(const char *s)
{
  uint32_t n = 0;
  for (; *s; s++)
    n += *s != ' ' && (s[1] == ' ' || !s[1]);
  return n;
}

static bool immediate_ok(const kb_image *im, const kb_iins *n)
{
  int64_t i = n->imm.i;
  switch (n->op) {
  case KB_OCALL: return i >= 0 && i < KB_NBUILTINS;
  case KB_OATTR: return i >= 0 && i <= 2;
  case KB_OINPLACE: return i >= 0 && i <= 12;
  case KB_OFORMAT: return i >= 0 && i <= 3;
  case KB_OUNPACKEX: return i >= 0 && (i >> 16) <= UINT16_MAX;
  case KB_OGETVAR: case KB_OSETVAR: case KB_ODELVAR: return i >= 0 && i < (int64_t)im->nvars;
  case KB_OCALLX: return words(n->imm.str) <= n->nargs - 1;
  case KB_OCALLM: return words(n->imm.str) <= n->nargs - 2;
  default: return kb_image_imm(n->op) != KB_IMM_INT || (i >= 0 && i <= INT32_MAX);
  }
}

static void operands(reader *r, kb_iins *n)
{
  const char *args = kb_ops[n->op].args;
  n->nargs = strchr(args, '*') ? count(r, 1, "operands") : (uint32_t)strlen(args);
  if (r->bad || !require(r, n->nargs <= (size_t)(r->end - r->p), "it ends in the middle") ||
      !require(r, n->op == KB_MOV || kb_op_takes((kb_op)n->op, n->nargs), "wrong number of operands"))
    return;
  uint32_t *slots = KB_NEW(r->im->arena, uint32_t, n->nargs + 1);
  for (uint32_t i = 0; i < n->nargs && !r->bad; i++)
    slots[i] = below(r, r->im->var0, "slot");
  n->args = slots;
}

static void instruction(reader *r, kb_iins *n, const kb_iins *before)
{
  kb_image *im = r->im;
  uint32_t op = below(r, KB_NOPS, "op");
  n->op = (uint16_t)op;
  n->dst = n->to[0] = n->to[1] = n->handler = KB_NOINS;
  if (r->bad || (!may_run(im, op) && !refuse(r, "an op that is not run: %s", kb_ops[op].text)))
    return;
  if (kb_image_has_result(op)) {
    n->dst = optional(r, im->var0, "slot");
    require(r, n->dst == KB_NOSLOT ? op != KB_MOV : n->dst >= im->nconsts, "a result in the slot of a constant");
  }
  operands(r, n);
  kb_imm_kind imm = kb_image_imm(op);
  if (imm == KB_IMM_RAISE)
    n->exc = (uint16_t)below(r, KB_NEXC, "exception");
  if (imm == KB_IMM_INT)
    n->imm.i = signed_number(r);
  else if (imm)
    n->imm.str = imm == KB_IMM_STR ? name(r) : string(r);
  if (r->bad || !require(r, immediate_ok(im, n), "a wrong immediate") || !require(r, operands_ok(n, im->dynamic), "wrong number of operands"))
    return;
  for (uint32_t k = 0; k < (op == KB_BR ? 2u : op == KB_JMP || op == KB_TRY ? 1u : 0u); k++)
    n->to[k] = below(r, im->nins, "instruction");
  if (im->dynamic)
    n->handler = optional(r, im->nins, "instruction");
  int64_t pc = signed_number(r), line = signed_number(r);
  bool sane = pc > -(INT64_C(1) << 33) && pc < INT64_C(1) << 33 && line > -(INT64_C(1) << 33) && line < INT64_C(1) << 33;
  if (!require(r, sane, "a line or pc far away"))
    return;
  pc += before ? before->pc : 0;
  line += before ? before->line : im->line;
  require(r, pc >= 0 && pc < UINT32_MAX && line >= 0 && line < INT32_MAX, "a line or pc far away");
  n->pc = (uint32_t)pc;
  n->line = (uint32_t)line;
  n->col = below(r, INT32_MAX, "column");
  n->end_col = below(r, INT32_MAX, "column");
}

static bool code(reader *r)
{
  kb_image *im = r->im;
  im->nslots = below(r, UINT32_MAX, "slot");
  im->nins = count(r, 5, "instructions");
  kb_iins *ins = KB_NEW(im->arena, kb_iins, im->nins + 1);
  im->ins = ins;
  if (r->bad || !require(r, im->nins > 0, "no instructions") || !check_slots(r))
    return false;
  for (uint32_t i = 0; i < im->nins && !r->bad; i++)
    instruction(r, &ins[i], i ? &ins[i - 1] : NULL);
  return !r->bad && require(r, kb_ops[ins[im->nins - 1].op].kind == KB_OP_CTL, "the last instruction goes on behind the end");
}

/* A handler begins with obj.caught, and nothing but an exception leads to that. */
static bool check_flow(reader *r)
{
  const kb_image *im = r->im;
  for (uint32_t i = 0; i < im->nins; i++) {
    const kb_iins *n = &im->ins[i];
    for (int k = 0; k < 2; k++)
      if (n->to[k] != KB_NOINS && !require(r, im->ins[n->to[k]].op != KB_OCAUGHT, "a jump to a handler"))
        return false;
    if (n->handler != KB_NOINS && !require(r, im->ins[n->handler].op == KB_OCAUGHT, "a handler that catches nothing"))
      return false;
    if (n->op == KB_OCAUGHT && !require(r, i > 0 && kb_ops[im->ins[i - 1].op].kind == KB_OP_CTL, "a way into a handler"))
      return false;
  }
  return true;
}

/* -- Tables ------------------------------------------------------------------------------------------------------- */

static bool tables(reader *r)
{
  kb_image *im = r->im;
  im->npcs = count(r, 2, "pcs");
  uint32_t *at = KB_NEW(im->arena, uint32_t, im->npcs + 1), *slot = KB_NEW(im->arena, uint32_t, im->npcs + 1);
  int64_t last = 0;
  for (uint32_t i = 0; i < im->npcs && !r->bad; i++) {
    int64_t d = signed_number(r);
    if (!require(r, d >= -(int64_t)im->nins && d <= (int64_t)im->nins && last + d >= 0 && last + d <= (int64_t)im->nins,
                 "a pc at no instruction"))
      break;
    last += d;
    at[i] = (uint32_t)last - 1;
  }
  for (uint32_t i = 0; i < im->npcs && !r->bad; i++) {
    slot[i] = optional(r, im->var0, "slot");
    require(r, slot[i] >= im->nconsts, "a value in the slot of a constant"); /* KB_NOSLOT is the greatest */
  }
  im->at_pc = at;
  im->slot_of = slot;
  for (uint32_t i = 0; i < im->nins && !r->bad; i++)
    require(r, im->ins[i].pc < im->npcs, "a pc that is too great");
  im->nheads = count(r, 2, "heads");
  kb_ihead *heads = KB_NEW(im->arena, kb_ihead, im->nheads + 1);
  for (uint32_t i = 0; i < im->nheads && !r->bad; i++) {
    heads[i].at = below(r, im->nins, "instruction");
    heads[i].pc = below(r, im->npcs, "pc");
    require(r, r->bad || im->at_pc[heads[i].pc] == heads[i].at, "a head at another place than its pc");
  }
  im->heads = heads;
  return !r->bad;
}

static bool whole(reader *r, const unsigned char *bytes, size_t n)
{
  if (!require(r, n >= 8 + KB_IMAGE_SUM && !memcmp(bytes, "KBIM", 4), "it does not begin as images do"))
    return false;
  uint32_t sum = 0;
  for (unsigned i = 0; i < KB_IMAGE_SUM; i++)
    sum |= (uint32_t)bytes[n - KB_IMAGE_SUM + i] << 8 * i;
  r->p = bytes + 4;
  r->end = bytes + n - KB_IMAGE_SUM;
  if (!require(r, number(r) == KB_IMAGE_VERSION && number(r) == KB_NOPS && number(r) == KB_NBUILTINS,
               "it is of another version of Keelback"))
    return false;
  return require(r, sum == kb_image_sum(bytes, n - KB_IMAGE_SUM), "its check sum is wrong");
}

kb_image *kb_image_load(const unsigned char *bytes, size_t n, char *why, size_t size)
{
  kb_arena *arena = kb_arena_new();
  kb_image *im = KB_NEW(arena, kb_image, 1);
  im->arena = arena;
  reader r = { .why = why, .size = size, .im = im };
  if (size)
    *why = 0;
  bool ok = whole(&r, bytes, n) && strings(&r) && head(&r) && code(&r) && check_flow(&r) && tables(&r) &&
            require(&r, r.p == r.end, "there is more behind its end");
  if (ok)
    return im;
  kb_arena_free(arena);
  return NULL;
}

void kb_image_free(kb_image *im)
{
  if (im)
    kb_arena_free(im->arena);
}
