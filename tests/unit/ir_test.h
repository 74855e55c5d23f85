/* SPDX-License-Identifier: MIT */
/* ir_test.h: what the unit tests of ir/ share: CMocka, functions from text, text of functions, caught messages. */
#ifndef IR_TEST_H
#define IR_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../ir/ir.h"

#include <string.h>

#define UNUSED __attribute__((unused))

static const kb_loc nowhere UNUSED = { NULL, 0, 0, 0 };

/* The module of a text that has to be right. */
UNUSED static kb_mod *module_of(const char *text)
{
  kb_mod *m = kb_parse_text("test.kir", text, strlen(text));
  assert_non_null(m);
  return m;
}

/* Text of a module; the caller frees it. */
UNUSED static __attribute__((noinline)) char *text_of(const kb_mod *m) /* inlined, gcc 12 warns of a dangling text */
{
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  assert_non_null(out);
  kb_print_mod(out, m);
  fclose(out);
  return text;
}

/* The last message, when caught_message is the sink. */
static char caught[4096] UNUSED;
UNUSED static void catch_message(void *data, const char *text)
{
  (void)data;
  snprintf(caught, sizeof caught, "%s", text);
}

/* The value that Python's name has in f; the last one of that name. */
UNUSED static kb_ref named(const kb_fn *f, const char *name)
{
  kb_ref found = 0;
  for (kb_ref r = 1; r < f->val.n; r++)
    if (kb_v(f, r)->name == kb_intern(name))
      found = r;
  assert_int_not_equal(found, 0);
  return found;
}

#endif
