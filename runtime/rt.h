/* SPDX-License-Identifier: MIT */
/* rt.h: what the files of the runtime share: the pending exit of a thread. No Python.h.
 *
 * An exit inside a kernel fills the thread's pending exit; whoever called the kernel from outside takes it:
 * kb_exit_to_error (C hosts, error.c) or kbpy_raise (Python, py_raise.c). It lives in thread-local storage
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

typedef struct kb_pending {
  bool set;
  bool deopt;          /* no exception of the program: it could not go on here */
  uint8_t exc;         /* enum kb_exc */
  const char *message; /* NULL: raised without an argument */
  uint64_t nframes;    /* all frames, also those that were not kept */
  kb_rt_frame inner[KB_FRAMES_INNER], outer[KB_FRAMES_OUTER];
} kb_pending;

/* The calling thread's pending exit (set or not). */
kb_pending *kb_pending_get(void);
/* Frame i of it, 0 the innermost; NULL when it was one of the middle that are not kept. */
const kb_rt_frame *kb_pending_frame(const kb_pending *p, uint64_t i);
/* How many frames of the middle are missing. */
uint64_t kb_pending_dropped(const kb_pending *p);

/* Python's name of an exception: "IndexError". */
const char *kb_exc_name(unsigned exc);

/* Writes msg into buf with {0} {1} ... replaced by the values of ap, printed as Python prints them; args has
 * one letter a value (kbabi.h), n of them. Cut to fit, never in the middle of a UTF-8 sequence. */
void kb_format_message(char *buf, size_t size, const char *msg, const char *args, unsigned n, va_list ap);
/* repr(d) of Python: the shortest text that reads back as d. buf has 32 bytes. */
void kb_format_double(char *buf, double d);

#endif
