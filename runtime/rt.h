/* SPDX-License-Identifier: MIT */
/* rt.h: what the files of the runtime share: the pending exit of a thread. No Python.h.
 *
 * An exit inside a kernel fills the thread's pending exit; whoever called the kernel from outside takes it:
 * kb_exit_to_result (C hosts, error.c) or kbpy_leave (Python, py_leave.c). It lives in thread-local storage
 * and never allocates: of a deep recursion the innermost and the outermost frames are kept and the rest
 * counted.
 */
#ifndef KB_RT_H
#define KB_RT_H

#include <stdarg.h>
#include <stdbool.h>
#include "kbabi.h"
#include "keelback.h"

enum {
  KB_FRAMES_INNER = 32, /* the first frames of the exit */
  KB_FRAMES_OUTER = 16, /* a ring of the last ones */
  KB_MESSAGE_MAX = 1024 /* bytes of a message with values in it; a longer one is cut and ends in ... */
};

typedef struct kb_rt_frame {
  const char *file, *func;
  uint32_t line, col;
} kb_rt_frame;

/* How a thread left a kernel: with an exception that needs no Python to describe it; with the result that the interpreter
 * computed; with an exception object. */
enum kb_pending_kind { KB_PENDING_RAISE, KB_PENDING_RESULT, KB_PENDING_PYTHON };

struct kb_interp;
typedef struct kb_pending {
  bool set;
  uint8_t kind;        /* enum kb_pending_kind */
  struct { uint32_t tag, aux; kb_word w; } result; /* RESULT: a slot of the interpreter (in_val of py_in.h), owned */
  void *exception;     /* PYTHON: the exception object with its traceback, owned */
  const struct kb_interp *interp; /* RESULT, PYTHON: whose they are */
  bool deopt;          /* no exception of the program: it could not go on here */
  uint8_t exc;         /* enum kb_exc */
  const char *message; /* NULL: raised without an argument */
  char *buffer;        /* KB_MESSAGE_MAX bytes for a message that has to be made */
  char type[64];       /* name of an exception that has no number, "": exc says it */
  uint64_t nframes;    /* all frames, also those that were not kept; PYTHON: those that the traceback has not */
  kb_rt_frame inner[KB_FRAMES_INNER], outer[KB_FRAMES_OUTER];
} kb_pending;

/* Frame i of it, 0 the innermost; NULL when it was one of the middle that are not kept. */
static inline const kb_rt_frame *kb_pending_frame(const kb_pending *p, uint64_t i)
{
  if (i >= p->nframes) return NULL;
  if (i < KB_FRAMES_INNER) return &p->inner[i];
  if (p->nframes - i <= KB_FRAMES_OUTER) return &p->outer[(i - KB_FRAMES_INNER) % KB_FRAMES_OUTER];
  return NULL;
}

/* How many frames of the middle are missing. */
static inline uint64_t kb_pending_dropped(const kb_pending *p)
{
  return p->nframes > KB_FRAMES_INNER + KB_FRAMES_OUTER ? p->nframes - (KB_FRAMES_INNER + KB_FRAMES_OUTER) : 0;
}

/* One more frame, outside of those that p has. */
static inline void kb_pending_push(kb_pending *p, kb_rt_frame f)
{
  uint64_t i = p->nframes++;
  *(i < KB_FRAMES_INNER ? &p->inner[i] : &p->outer[(i - KB_FRAMES_INNER) % KB_FRAMES_OUTER]) = f;
}

/* Python's name of an exception: "IndexError". */
const char *kb_exc_name(unsigned exc);

/* Writes msg into buf with {0} {1} ... replaced by the values of ap, printed as Python prints them; args has
 * one letter a value (kbabi.h), n of them. Cut to fit, never in the middle of a UTF-8 sequence. */
void kb_format_message(char *buf, size_t size, const char *msg, const char *args, unsigned n, va_list ap);
/* repr(d) of Python: the shortest text that reads back as d. buf has 32 bytes. */
void kb_format_double(char *buf, double d);

/* -- The interpreter, as libkeelback sees it ------------------------------------------------------------------ */

/* What libkeelback-python3.X.so exports as kb_interp_table. Any thread may call; they take the GIL themselves. */
typedef struct kb_interp {
  uint32_t abi;        /* KB_ABI; nothing else is read if it differs */
  const char *python;  /* "3.11" */
  /* Makes Python run if it does not: without signal handlers, as the executable `program` would (NULL: as it sees fit); any
   * thread can call the functions below then. -1: why. */
  int (*start)(const char *program, char *why, size_t size);
  /* Goes on behind an exit: rebuilds the site's frames from the live values and runs them to the end. At a CALL site p holds
   * the callee's result. Leaves KB_PENDING_RESULT or KB_PENDING_PYTHON in p. */
  void (*leave)(const kb_site *site, const kb_word *live, kb_pending *p);
  /* The pending result as what info's C prototype returns, into ret: -1 where it does not fit, and p holds the error. */
  int (*to_c)(kb_pending *p, const kb_fn_info *info, void *ret);
  /* The pending result as an object: a new reference, or NULL and an exception is set. */
  void *(*to_object)(kb_pending *p, const kb_fn_info *info);
  /* Turns a pending exception object into kind RAISE with type name, message and frames for the error state of a C host. */
  void (*describe)(kb_pending *p);
  /* Runs info in the interpreter alone on an argument block; big[k], unless big or it is NULL, is an int object that stands
   * in for parameter k, borrowed. Leaves the result or exception in p. */
  void (*interpret)(const kb_fn_info *info, const void *args, void *const *big, kb_pending *p);
  /* Signals and pending calls: 0, or -1 and p holds the exception. */
  int (*poll)(kb_pending *p);
  const bool *ended;   /* Python was finalized: nothing can be called any more */
} kb_interp;

/* host.c: the interpreter for a unit, loaded on demand: NULL, and why says what would make it available. */
const kb_interp *kb_interp_get(const kb_unit *unit, char *why, size_t size);
/* From now on it is this one: an extension module has it from Python's import. */
void kb_interp_set(const kb_interp *in);

/* -- poll.c: asked by kernels that take long; -1: leave, p holds the reason ----------------------------------------- */

typedef int kb_poll_hook(kb_pending *p);
void kb_poll_set_hook(kb_poll_hook *hook);

#endif
