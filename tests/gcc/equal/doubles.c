/* SPDX-License-Identifier: MIT */
/* doubles.c: stands in for the runtime's kb_exit, kb_poll and kb_pool_*: exits are written down with all their values,
 * polls are counted, and memory lies at the same addresses in every call.
 */
#include "equal.h"

#include <math.h>
#include <stdarg.h>

uint64_t kb_fast_copies;
int64_t equal_poll_first = KB_POLL_FIRST;

static record *now;
static int64_t polls_left, poll_turns;

/* -- Sites ---------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v)
{
  h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 29;
}

static uint64_t mix_text(uint64_t h, const char *s)
{
  for (; s && *s; s++)
    h = mix(h, (unsigned char)*s);
  return mix(h, s ? 1 : 2);
}

/* A number for all that a site says; two compilations of a unit have different tables with the same contents. */
static uint64_t site_number(const kb_site *site)
{
  uint64_t h = mix(site->kind, site->exc);
  h = mix(h, site->nmsg);
  h = mix_text(mix_text(mix_text(h, site->guard), site->msg), site->args);
  for (uint32_t f = 0; f < site->nframes; f++) {
    const kb_site_frame *frame = &site->frames[f];
    h = mix_text(h, frame->fn->name);
    h = mix(mix(mix(mix(h, frame->line), frame->col), frame->pc), frame->result);
    for (uint32_t i = 0; i < frame->nentries; i++) {
      const kb_site_entry *e = &frame->entries[i];
      h = mix(mix(h, e->slot), (uint64_t)e->from << 32 | (uint64_t)e->type << 24 | e->what);
      h = mix(h, e->n);
      h = e->from == KB_FROM_STR ? mix_text(h, e->c.s) : mix(h, (uint64_t)e->c.i);
    }
  }
  return h;
}

/* The same, from a table by address. */
static uint64_t number_of(const kb_site *site)
{
  enum { SIZE = 1 << 16 };
  static struct { const kb_site *site; uint64_t number; } known[SIZE];
  size_t at = ((uintptr_t)site >> 4) % SIZE;
  if (known[at].site != site) {
    known[at].site = site;
    known[at].number = site_number(site);
  }
  return known[at].number;
}

/* -- Exits ---------------------------------------------------------------------------------------------------- */

static void put(uint64_t v)
{
  if (now->len + sizeof v <= sizeof now->bytes) {
    memcpy(now->bytes + now->len, &v, sizeof v);
    now->len += sizeof v;
  }
}

/* An argument block on the stack, of a kernel that another one called: its address means nothing, what it holds does. */
static void put_block(const kb_fn_info *fn, const char *block)
{
  for (uint32_t i = 0; i < fn->nparams; i++) {
    const kb_fn_param *p = &fn->params[i];
    size_t size = p->kind == 'v' ? 8 + 16 * (size_t)p->rank : p->kind == 's' ? 4 : p->kind == 'b' ? 1 : 8;
    for (size_t at = 0; at < size; at += 8) {
      uint64_t v = 0;
      memcpy(&v, block + p->offset + at, size - at < 8 ? size - at : 8);
      put(v);
    }
  }
}

static bool on_stack(const void *p)
{
  char here;
  return (uintptr_t)p > (uintptr_t)&here && (uintptr_t)p - (uintptr_t)&here < (uintptr_t)1 << 23;
}

void kb_exit(const kb_site *site, ...)
{
  void *p;
  va_list ap;
  va_start(ap, site);
  put(number_of(site));
  for (const char *a = site->args; a && *a; a++) {
    uint64_t v = 0;
    double d;
    switch (*a) {
    case 'i': v = (uint64_t)va_arg(ap, int64_t); break;
    case 'u': v = va_arg(ap, uint64_t); break;
    case 'b': v = (uint64_t)va_arg(ap, int); break;
    case 'p':
      p = va_arg(ap, void *);
      if (a == site->args && site->nframes && on_stack(p)) put_block(site->frames[site->nframes - 1].fn, (const char *)p);
      else v = (uintptr_t)p;
      break;
    case 'd':
      d = va_arg(ap, double);
      if (isnan(d)) d = NAN; /* neither sign nor payload mean anything */
      memcpy(&v, &d, sizeof v);
      break;
    default: abort();
    }
    put(v);
  }
  va_end(ap);
  if (now->nexits < MAX_EXITS) now->exits[now->nexits++] = site;
}

void kb_exit_to_error(void) { abort(); }
int kb_exit_to_result(const kb_fn_info *info, void *ret) { (void)info, (void)ret; abort(); }

int64_t kb_poll(void)
{
  now->polls++;
  if (--polls_left < 0) {
    now->stopped = true;
    return -1;
  }
  return poll_turns;
}

/* -- Memory --------------------------------------------------------------------------------------------------- */

static char pool[1 << 22] __attribute__((aligned(64)));
static size_t pool_used;

void *kb_pool_alloc(kb_pool *p, void **reuse, int64_t n, int64_t size, int zero)
{
  (void)p;
  int64_t bytes;
  if (n < 0 || __builtin_mul_overflow(n, size, &bytes) || bytes > (int64_t)(sizeof pool - pool_used) - 64) return NULL;
  void *data = pool + pool_used;
  pool_used += ((size_t)bytes + 64) & ~(size_t)63;
  memset(data, zero ? 0 : 0xa5, (size_t)bytes);
  if (reuse) *reuse = data;
  return data;
}

void kb_pool_free(kb_pool *p) { p->blocks = NULL; }

/* -- Records -------------------------------------------------------------------------------------------------- */

void record_begin(record *r, int64_t polls, int64_t turns)
{
  r->len = 0;
  r->nexits = 0;
  r->polls = 0;
  r->stopped = false;
  now = r;
  polls_left = polls;
  poll_turns = turns;
  pool_used = 0;
  kb_thread.calls = kb_thread.looks = 0;
}

void record_print(const record *r)
{
  size_t at = 0;
  for (int i = 0; i < r->nexits && i < 6; i++) {
    const kb_site *s = r->exits[i];
    printf("#     exit %s:%u:%u %s %s (", s->frames[0].fn->name, s->frames[0].line, s->frames[0].col, s->guard,
           s->msg ? s->msg : "");
    at += 8;
    for (const char *a = s->args; a && *a; a++, at += 8) { /* not right behind a block on the stack */
      int64_t v;
      double d;
      memcpy(&v, r->bytes + at, 8);
      memcpy(&d, r->bytes + at, 8);
      if (*a == 'd') printf("%s%.17g", a == s->args ? "" : ", ", d);
      else printf("%s%lld", a == s->args ? "" : ", ", (long long)v);
    }
    puts(")");
  }
}
