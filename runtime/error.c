/* SPDX-License-Identifier: MIT */
/* error.c: exits of kernels and the error state of C hosts. */
#include "rt.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Two message buffers: one belongs to the error state, the other to the pending exit; they swap when the
 * exit becomes the error, so that nothing is copied and a handler may run kernels that fail as well. */
static __thread kb_pending pending;
static __thread kb_error error;
static __thread bool has_error;
static __thread char messages[2][KB_MESSAGE_MAX];
static __thread unsigned pending_message;

static pthread_mutex_t handler_lock = PTHREAD_MUTEX_INITIALIZER;
static kb_error_handler *handler;
static void *handler_data;

#define NAME(name) #name,
static const char *const exc_names[KB_NEXC] = { KB_EXCEPTIONS(NAME) };
#undef NAME

const char *kb_exc_name(unsigned exc) { return exc < KB_NEXC ? exc_names[exc] : "SystemError"; }

/* -- Exits ------------------------------------------------------------------------------------------ */

kb_pending *kb_pending_get(void) { return &pending; }

const kb_rt_frame *kb_pending_frame(const kb_pending *p, uint64_t i)
{
  if (i >= p->nframes) return NULL;
  if (i < KB_FRAMES_INNER) return &p->inner[i];
  if (p->nframes - i <= KB_FRAMES_OUTER) return &p->outer[(i - KB_FRAMES_INNER) % KB_FRAMES_OUTER];
  return NULL;
}

uint64_t kb_pending_dropped(const kb_pending *p)
{
  return p->nframes > KB_FRAMES_INNER + KB_FRAMES_OUTER ? p->nframes - (KB_FRAMES_INNER + KB_FRAMES_OUTER) : 0;
}

static void push_frames(kb_pending *p, const kb_site *site)
{
  for (uint32_t k = 0; k < site->nframes; k++) {
    const kb_site_frame *f = &site->frames[k];
    uint64_t i = p->nframes++;
    kb_rt_frame *to = i < KB_FRAMES_INNER ? &p->inner[i] : &p->outer[(i - KB_FRAMES_INNER) % KB_FRAMES_OUTER];
    to->file = site->unit->file;
    to->func = f->func;
    to->line = f->line;
    to->col = f->col;
  }
}

static const char *message_of(const kb_site *site, va_list ap)
{
  if (site->msg == NULL || site->nmsg == 0) return site->msg;
  char *buf = messages[pending_message];
  kb_format_message(buf, KB_MESSAGE_MAX, site->msg, site->args, site->nmsg, ap);
  return buf;
}

/* The layout of everything but the first word of the unit may differ, so nothing else is read. */
static void exit_foreign_abi(unsigned abi)
{
  kb_pending *p = &pending;
  memset(p, 0, sizeof *p);
  p->set = true;
  p->exc = KB_EXC_SystemError;
  char *buf = messages[pending_message];
  (void)snprintf(buf, KB_MESSAGE_MAX, "kernel made for ABI %u of libkeelback, which is %u here; emit it again", abi,
                 (unsigned)KB_ABI);
  p->message = buf;
}

void kb_exit(const kb_site *site, ...)
{
  kb_pending *p = &pending;
  if (site->unit->abi != KB_ABI) {
    exit_foreign_abi(site->unit->abi);
    return;
  }
  if (site->kind == KB_SITE_CALL && p->set) {
    push_frames(p, site);
    return;
  }
  p->set = true;
  p->nframes = 0;
  p->deopt = site->kind == KB_SITE_DEOPT;
  if (site->kind == KB_SITE_CALL) { /* a callee that left without a reason */
    p->exc = KB_EXC_SystemError;
    p->message = "kernel failed without setting an exception";
  } else {
    va_list ap;
    va_start(ap, site);
    p->exc = p->deopt ? (uint8_t)KB_EXC_OverflowError : site->exc;
    p->message = message_of(site, ap);
    va_end(ap);
  }
  if (p->deopt && p->message == NULL)
    p->message = "int result does not fit 64 bits, and continuing with big ints is not available yet";
  push_frames(p, site);
}

/* -- Error state ------------------------------------------------------------------------------------- */

void kb_exit_to_error(void)
{
  kb_pending *p = &pending;
  const kb_rt_frame *f = kb_pending_frame(p, 0);
  error.type = kb_exc_name(p->exc);
  error.message = p->message ? p->message : "";
  error.file = f && f->file ? f->file : "";
  error.function = f && f->func ? f->func : "";
  error.line = f ? (int)f->line : 0;
  if (!p->set) {
    error.type = "SystemError";
    error.message = "kernel failed without setting an exception";
  }
  has_error = true;
  pending_message ^= 1;
  p->set = false;

  (void)pthread_mutex_lock(&handler_lock);
  kb_error_handler *run = handler;
  void *data = handler_data;
  (void)pthread_mutex_unlock(&handler_lock);
  if (run) run(&error, data);
}

const kb_error *kb_error_get(void) { return has_error ? &error : NULL; }

void kb_error_clear(void) { has_error = false; }

void kb_error_print(void)
{
  if (!has_error) return;
  (void)fprintf(stderr, "%s:%d: in %s: %s%s%s\n", error.file, error.line, error.function, error.type,
                *error.message ? ": " : "", error.message);
}

kb_error_handler *kb_error_set_handler(kb_error_handler *run, void *data)
{
  (void)pthread_mutex_lock(&handler_lock);
  kb_error_handler *old = handler;
  handler = run;
  handler_data = data;
  (void)pthread_mutex_unlock(&handler_lock);
  return old;
}
