/* SPDX-License-Identifier: MIT */
/* parse.h: the state of the parser; what scan.c (characters, labels, constants) gives to parse.c (everything else). */
#ifndef KB_PARSE_H
#define KB_PARSE_H

#include "ir.h"

/* One label of a function, or one function of the module. */
typedef struct {
  const char *name;   /* interned, without its sigil */
  char sigil;         /* % @ ^ */
  bool defined;
  uint32_t n;         /* value (or its placeholder), block, snapshot number + 1, function */
  kb_ref real;        /* values: what the placeholder n stands for */
  const char *at;     /* first mention */
} label;

typedef struct { kb_ref phi; uint32_t nfrom; kb_bid *from; const char *at; } phi_edges;
typedef struct { kb_fn *f; kb_ref call; const char *name, *at; } callee;

typedef struct {
  const char *file, *text, *end, *p;
  unsigned errors;
  int depth;                    /* of open brackets: line ends are blanks inside */
  kb_mod *m;
  kb_fn *f;
  kb_bid blk;                   /* being filled, or 0 */
  KB_VEC(label) labels;         /* of the current function */
  uint32_t *slots, nslots;      /* open hash table of labels: index + 1 */
  KB_VEC(phi_edges) phis;
  KB_VEC(label) fns;
  KB_VEC(callee) calls;
} parser;

/* scan.c. What answers bool has reported its error when it is false. */
bool ps_fail(parser *s, const char *at, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* false */
char ps_peek(const parser *s);
void ps_blanks(parser *s);                            /* skips blanks and comments */
bool ps_take(parser *s, const char *what);            /* takes it if it is next */
bool ps_expect(parser *s, const char *what);
size_t ps_run(parser *s, const char **from);          /* the longest run of label characters */
bool ps_word(parser *s, const char *w);               /* takes the next word if it is this one */
bool ps_number(parser *s, uint32_t *n);
size_t ps_number_run(parser *s, char *buf, size_t size); /* the characters of a number */
bool ps_parse_int(parser *s, const char *at, char *t, kb_ty ty, int64_t *i);
const char *ps_string(parser *s);                     /* interned; NULL after an error */
bool ps_type(parser *s, kb_ty *ty);
const char *ps_label_name(parser *s, const char *sigil); /* NULL after an error */
bool ps_mention(parser *s, const char *sigil,
                uint32_t *n); /* values, blocks: number; snapshots: index of the label + 1 */
label *ps_define(parser *s, char sigil, const char *name, const char *at);
bool ps_define_value(parser *s, const char *name, const char *at, kb_ref r);
void ps_forgive(parser *s, const char *name, const char *at); /* a value whose line is wrong counts as defined */
bool ps_operand(parser *s, kb_ref *r);

#endif
