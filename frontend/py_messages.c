/* SPDX-License-Identifier: MIT */
/* py_messages.c: asks the running CPython for the texts of its exceptions, so that kernels raise the very same. */
#include "py.h"

#include <string.h>

/* What raises each message. In the text that comes, `old` is written as `new`. */
static const struct {
  const char *source;
  const char *old[2], *fresh[2];
} questions[] = {
  [KM_INT_DIV] = { "1 // zero", { 0 }, { 0 } },
  [KM_INT_MOD] = { "1 % zero", { 0 }, { 0 } },
  [KM_INT_TRUEDIV] = { "1 / zero", { 0 }, { 0 } },
  [KM_INT_DIVMOD] = { "divmod(1, zero)", { 0 }, { 0 } },
  [KM_FLOAT_TRUEDIV] = { "1.0 / 0.0", { 0 }, { 0 } },
  [KM_FLOAT_FLOORDIV] = { "1.0 // 0.0", { 0 }, { 0 } },
  [KM_FLOAT_MOD] = { "1.0 % 0.0", { 0 }, { 0 } },
  [KM_FLOAT_DIVMOD] = { "divmod(1.0, 0.0)", { 0 }, { 0 } },
  [KM_ZERO_POW] = { "0.0 ** -1.0", { 0 }, { 0 } },
  [KM_INT_ZERO_POW] = { "zero ** -1", { 0 }, { 0 } },
  [KM_POW_RANGE] = { "1e300 ** 2.0", { 0 }, { 0 } },
  [KM_NEG_SHIFT] = { "1 << -1", { 0 }, { 0 } },
  [KM_RANGE_STEP] = { "range(0, 1, 0)", { 0 }, { 0 } },
  [KM_NAN_TO_INT] = { "int(float('nan'))", { 0 }, { 0 } },
  [KM_INF_TO_INT] = { "int(float('inf'))", { 0 }, { 0 } },
  [KM_MATH_DOMAIN] = { "math.asin(2.0)", { "2.0" }, { "{0}" } },
  [KM_MATH_RANGE] = { "math.exp(1e300)", { 0 }, { 0 } },
  [KM_LOG_DOMAIN] = { "math.log(-1.0)", { "-1.0" }, { "{0}" } },
  [KM_ISQRT_NEG] = { "math.isqrt(-1)", { 0 }, { 0 } },
  [KM_POW_MOD_ZERO] = { "pow(2, 3, 0)", { 0 }, { 0 } },
  [KM_MIN_EMPTY] = { "min(())", { 0 }, { 0 } },
  [KM_MAX_EMPTY] = { "max(())", { 0 }, { 0 } },
  [KM_UNBOUND] = { "def f():\n  unbound_\n  unbound_ = 1\nf()", { "unbound_" }, { "{0}" } },
  [KM_RECURSION] = { NULL, { 0 }, { 0 } },
  [KM_UNPACK_FEW] = { "a, b = one", { "expected 2", "got 1" }, { "expected {0}", "got {1}" } },
  [KM_UNPACK_MANY] = { "a, b = three", { "expected 2", "got 3" }, { "expected {0}", "got {1}" } },
};
_Static_assert(sizeof questions / sizeof *questions == KM_COUNT, "a question for each message");

/* text with the first old in it written as fresh */
static const char *put(kb_arena *arena, const char *text, const char *old, const char *fresh)
{
  const char *at = old ? strstr(text, old) : NULL;
  if (!at) return text;
  return kb_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, fresh, at + strlen(old));
}

static const char *ask(kt_mod *m, int i, PyObject *globals)
{
  PyObject *result = PyRun_String(questions[i].source, Py_file_input, globals, globals);
  Py_XDECREF(result);
  kb_assert(!result, "message %d: nothing is raised by %s", i, questions[i].source);
  const char *text = kb_py_exception_text();
  const char *colon = strstr(text, ": "); /* "ZeroDivisionError: division by zero" */
  text = colon ? colon + 2 : "";
  for (int k = 0; k < 2; k++) text = put(m->arena, text, questions[i].old[k], questions[i].fresh[k]);
  return kb_intern(text);
}

const char **kb_py_messages(kt_mod *m)
{
  const char **msg = (const char **)kb_arena_alloc(m->arena, KM_COUNT * sizeof *msg);
  PyObject *globals = PyDict_New();
  PyObject *ready =
      globals ? PyRun_String("import math; zero = 0; one = (1,); three = (1, 2, 3)", Py_file_input, globals, globals)
              : NULL;
  kb_assert(ready, "messages: %s", kb_py_exception_text());
  Py_XDECREF(ready);
  for (int i = 0; i < KM_COUNT; i++)
    msg[i] = questions[i].source ? ask(m, i, globals)
                                 : "maximum recursion depth exceeded"; /* KM_RECURSION: the same in all */
  Py_XDECREF(globals);
  return msg;
}
