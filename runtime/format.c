/* SPDX-License-Identifier: MIT */
/* format.c: values in messages, printed as Python prints them, whatever the locale. */
#include "rt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- Floats ------------------------------------------------------------------------------------------ */

enum { DIGITS_MAX = 17 };

/* The n significant digits of d > 0, and the exponent of the first one. printf's decimal point is the locale's,
 * so only digits are taken from its text. */
static int digits_of(double d, int n, char *digits)
{
  char text[64];
  (void)snprintf(text, sizeof text, "%.*e", n - 1, d);
  const char *e = strrchr(text, 'e');
  char *to = digits;
  for (const char *s = text; s < e; s++)
    if (*s >= '0' && *s <= '9') *to++ = *s;
  *to = 0;
  return (int)strtol(e + 1, NULL, 10);
}

/* Without a decimal point, so that the locale does not matter here either. */
static double value_of(const char *digits, int exponent)
{
  char text[64];
  (void)snprintf(text, sizeof text, "%se%d", digits, exponent - (int)strlen(digits) + 1);
  return strtod(text, NULL);
}

/* The next larger number of as many digits. */
static void digits_up(char *digits, int *exponent)
{
  size_t i = strlen(digits);
  while (i > 0 && digits[i - 1] == '9') digits[--i] = '0';
  if (i > 0) {
    digits[i - 1]++;
    return;
  }
  digits[0] = '1';
  ++*exponent;
}

/* The shortest digits that read back as d > 0, the nearest among equally short ones. The correctly rounded n
 * digits are the nearest; only just below a power of two, where the gap under d is half the one above, can they
 * miss while the next larger number of n digits hits. */
static int shortest(double d, char *digits)
{
  for (int n = 1;; n++) {
    int e = digits_of(d, n, digits);
    if (value_of(digits, e) == d || n == DIGITS_MAX) return e;
    char up[DIGITS_MAX + 1];
    int up_e = e;
    memcpy(up, digits, sizeof up);
    digits_up(up, &up_e);
    if (value_of(up, up_e) == d) {
      memcpy(digits, up, sizeof up);
      return up_e;
    }
  }
}

void kb_format_double(char *buf, double d)
{
  if (isnan(d)) {
    strcpy(buf, "nan");
    return;
  }
  if (signbit(d)) *buf++ = '-';
  d = fabs(d);
  if (isinf(d) || d == 0.0) {
    strcpy(buf, d == 0.0 ? "0.0" : "inf");
    return;
  }
  char digits[DIGITS_MAX + 1];
  int e = shortest(d, digits);
  int n = (int)strlen(digits);
  while (n > 1 && digits[n - 1] == '0') digits[--n] = 0;
  if (e < -4 || e >= 16) {
    (void)sprintf(buf, "%c%s%se%c%02d", digits[0], n > 1 ? "." : "", digits + 1, e < 0 ? '-' : '+', abs(e));
  } else if (e < 0) {
    (void)sprintf(buf, "0.%.*s%s", -e - 1, "000", digits);
  } else if (n <= e + 1) {
    (void)sprintf(buf, "%s%.*s.0", digits, e + 1 - n, "0000000000000000");
  } else {
    (void)sprintf(buf, "%.*s.%s", e + 1, digits, digits + e + 1);
  }
}

/* -- Messages ------------------------------------------------------------------------------------------ */

enum { VALUES_MAX = 16 };

typedef union {
  int64_t i;
  uint64_t u;
  double d;
  int b;
  void *p;
} value;

static unsigned take_values(value *v, const char *args, unsigned n, va_list ap)
{
  unsigned k = 0;
  for (; args && k < n && k < VALUES_MAX; k++) {
    switch (args[k]) {
    case 'i': v[k].i = va_arg(ap, int64_t); break;
    case 'u': v[k].u = va_arg(ap, uint64_t); break;
    case 'd': v[k].d = va_arg(ap, double); break;
    case 'b': v[k].b = va_arg(ap, int); break;
    case 'p': v[k].p = va_arg(ap, void *); break;
    default: return k;
    }
  }
  return k;
}

static void print_value(char buf[32], char letter, value v)
{
  switch (letter) {
  case 'i': (void)snprintf(buf, 32, "%" PRId64, v.i); break;
  case 'u': (void)snprintf(buf, 32, "%" PRIu64, v.u); break;
  case 'd': kb_format_double(buf, v.d); break;
  case 'b': strcpy(buf, v.b ? "True" : "False"); break;
  default: (void)snprintf(buf, 32, "0x%" PRIxPTR, (uintptr_t)v.p); break;
  }
}

/* "{12}" at s: the number, and its length in *len; -1 when it is not one. */
static int placeholder(const char *s, size_t *len)
{
  int k = 0;
  size_t i = 1;
  while (s[i] >= '0' && s[i] <= '9' && i < 4) k = k * 10 + (s[i++] - '0');
  *len = i + 1;
  return s[i] == '}' && i > 1 ? k : -1;
}

void kb_format_message(char *buf, size_t size, const char *msg, const char *args, unsigned n, va_list ap)
{
  value v[VALUES_MAX];
  n = take_values(v, args, n, ap);
  size_t at = 0;
  for (const char *s = msg; *s;) {
    char text[32];
    size_t len, step = 1;
    int k = *s == '{' ? placeholder(s, &len) : -1;
    const char *from = s;
    if (k >= 0 && (unsigned)k < n) {
      print_value(text, args[k], v[k]);
      from = text;
      step = len;
      len = strlen(text);
    } else {
      len = 1;
    }
    if (at + len + 4 > size) { /* room for ... and 0 */
      while (at > 0 && ((unsigned char)*s & 0xC0) == 0x80 && ((unsigned char)buf[at - 1] & 0xC0) == 0x80) at--;
      if (at > 0 && ((unsigned char)*s & 0xC0) == 0x80) at--;
      memcpy(buf + at, "...", 3);
      at += 3;
      break;
    }
    memcpy(buf + at, from, len);
    at += len;
    s += step;
  }
  buf[at] = 0;
}
