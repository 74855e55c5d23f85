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
static __thread char error_type[sizeof pending.type];
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

static void push_frames(kb_pending *p, const kb_site *site)
{
  for (uint32_t k = 0; k < site->nframes; k++) {
    const kb_site_frame *f = &site->frames[k];
    kb_pending_push(p, (kb_rt_frame){ site->unit->file, f->fn->name, f->line, f->col });
  }
}

static const char *message_of(const kb_site *site, va_list ap)
{
  if (site->msg == NULL || site->nmsg == 0) return site->msg;
  char *buf = messages[pending_message];
  kb_format_message(buf, KB_MESSAGE_MAX, site->msg, site->args, site->nmsg, ap);
  return buf;
}

static void set_raise(kb_pending *p, uint8_t exc, const char *message)
{
  p->set = true;
  p->kind = KB_PENDING_RAISE;
  p->type[0] = 0;
  p->deopt = false;
  p->nframes = 0;
  p->exc = exc;
  p->message = message;
}

/* The layout of everything but the first word of the unit may differ, so nothing else is read. */
static void exit_foreign_abi(unsigned abi)
{
  char *buf = messages[pending_message];
  set_raise(&pending, KB_EXC_SystemError, buf);
  (void)snprintf(buf, KB_MESSAGE_MAX, "kernel made for ABI %u of libkeelback, which is %u here; emit it again", abi,
                 (unsigned)KB_ABI);
}

/* What cannot be continued is an OverflowError as a rule: an int became too big for C. */
static void cannot_go_on(kb_pending *p, const kb_site *site, const char *why)
{
  char *buf = messages[pending_message];
  set_raise(p, KB_EXC_OverflowError, buf);
  p->deopt = true;
  (void)snprintf(buf, KB_MESSAGE_MAX, "%.200s; %.800s", site->msg && *site->msg ? site->msg : "result needs a Python object", why);
  push_frames(p, site);
}

/* The frames of the site go on in the interpreter, with the live values that follow those of the message. */
static void go_on(kb_pending *p, const kb_site *site, va_list ap)
{
  char why[KB_MESSAGE_MAX];
  size_t n = strlen(site->args);
  kb_word live[n + 1];
  for (size_t i = 0; i < n; i++)
    switch (site->args[i]) {
    case 'd': live[i].d = va_arg(ap, double); break;
    case 'b': live[i].i = va_arg(ap, int); break;
    case 'p': live[i].p = va_arg(ap, void *); break;
    case 'u': live[i].u = va_arg(ap, uint64_t); break;
    default: live[i].i = va_arg(ap, int64_t); break;
    }
  const kb_interp *in = NULL;
  if (site->frames[0].fn->image == NULL) (void)snprintf(why, sizeof why, "there is nothing of it to be interpreted");
  else in = kb_interp_get(site->unit, why, sizeof why);
  if (in == NULL) {
    cannot_go_on(p, site, why);
    return;
  }
  p->buffer = messages[pending_message];
  in->leave(site, live + site->nmsg, p);
}

static void exit_of_call(kb_pending *p, const kb_site *site, va_list ap)
{
  if (!p->set) {
    set_raise(p, KB_EXC_SystemError, "kernel failed without setting an exception");
    push_frames(p, site);
  } else if (p->kind == KB_PENDING_RESULT) {
    go_on(p, site, ap);
  } else {
    push_frames(p, site);
  }
}

void kb_exit(const kb_site *site, ...)
{
  kb_pending *p = &pending;
  if (site->unit->abi != KB_ABI) {
    exit_foreign_abi(site->unit->abi);
    return;
  }
  va_list ap;
  va_start(ap, site);
  if (site->kind == KB_SITE_CALL) {
    exit_of_call(p, site, ap);
  } else if (site->kind == KB_SITE_DEOPT) {
    go_on(p, site, ap);
  } else {
    set_raise(p, site->exc, message_of(site, ap));
    push_frames(p, site);
  }
  va_end(ap);
}

/* -- Error state ------------------------------------------------------------------------------------- */

int kb_exit_to_result(const kb_fn_info *info, void *ret)
{
  kb_pending *p = &pending;
  p->buffer = messages[pending_message];
  if (p->set && p->kind == KB_PENDING_RESULT && p->interp->to_c(p, info, ret) == 0) {
    p->set = false;
    return KB_OK;
  }
  kb_exit_to_error();
  return KB_EXIT;
}

void kb_exit_to_error(void)
{
  kb_pending *p = &pending;
  if (p->set && p->kind == KB_PENDING_PYTHON) {
    p->buffer = messages[pending_message];
    p->interp->describe(p);
  }
  const kb_rt_frame *f = kb_pending_frame(p, 0);
  memcpy(error_type, p->type, sizeof error_type);
  error.type = *error_type ? error_type : kb_exc_name(p->exc);
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
