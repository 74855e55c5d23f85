/* SPDX-License-Identifier: MIT */
/* py_in_jit.h: what the files of kb.jit share: the object, its signatures, the tiers.
 *
 *   call -py_in_dispatch-> arguments bound and classed (py_in_bind) -> signature -> native | interpreted | CPython
 *
 * A signature is made at the first call with arguments of its classes: natively if the compiler takes them; else
 * py_in_policy says whether interpretation would pay; else the function itself is called, as if kb.jit were not there.
 */
#ifndef KB_PY_IN_JIT_H
#define KB_PY_IN_JIT_H

#include "py_in.h"
#include "py_rt.h"

enum { IN_JIT_NATIVE, IN_JIT_INTERPRETED, IN_JIT_PYTHON, IN_JIT_TIERS };
enum { IN_JIT_TYPED = 8, IN_JIT_SIGS = 24, IN_JIT_WATCHED = 3 }; /* signatures of a function that are compiled, that are known */
enum { IN_JIT_ENOUGH = 1000 }; /* slow instructions after which an interpreted signature is judged */

/* The class of an argument, on which the tier depends. From IN_A_TYPED on there are typed signatures for it; scalars of NumPy
 * are IN_A_SCALAR + kbpy_elem; arrays IN_A_ARRAY + elem << 8 + rank << 4 + IN_A_CONTIG, IN_A_READONLY. */
enum { IN_A_OTHER, IN_A_NONE, IN_A_STR, IN_A_LIST, IN_A_TUPLE, IN_A_DICT, IN_A_TYPED, IN_A_INT = IN_A_TYPED, IN_A_FLOAT, IN_A_BOOL };
enum { IN_A_SCALAR = 0x100, IN_A_ARRAY = 0x10000, IN_A_CONTIG = 1, IN_A_READONLY = 2 };

/* What native code was compiled with and must still hold: of[name] is value, or is not there when value is NULL. Of is a
 * dict, a cell (its contents) or a function (__code__, __defaults__, __kwdefaults__). */
typedef struct { PyObject *of, *name, *value; } in_depend;
typedef struct { PyObject *dict; uint64_t version; } in_watch; /* while a dict has this version nothing in it is looked up */

typedef struct in_sig {
  struct in_sig *old;     /* next of those that are no longer used: freed with the function, for they may be running */
  int tier;
  vectorcallfunc call;    /* NATIVE, as all up to depends */
  PyObject *native;
  PyObject *unit;         /* what _jit.py knows of it: source, times ... or None */
  in_watch watched[IN_JIT_WATCHED];
  uint32_t more;          /* something that is not watched */
  uint32_t nwatched, ndepends;
  in_depend *depends;
  PyObject *types;        /* tuple of str, or NULL when no types were tried */
  PyObject *reason;       /* why it is in no faster tier: str or None */
  uint64_t calls;
  uint64_t fast, slow, judged; /* INTERPRETED: as in in_code, of its calls */
  uint32_t trial, lost;   /* py_in_trial.c: calls of the trial that were made; pairs that CPython won */
  uint64_t time[2];       /* of the trial, in ns: ours, CPython's; of the pair at hand: last */
  uint64_t last, deopts;  /* NATIVE: how many deopts are too many */
  uint32_t kinds[];       /* IN_A_* of each parameter */
} in_sig;

typedef struct in_jit {
  PyObject_HEAD
  vectorcallfunc call;
  in_sig *sig;            /* of the last call, NULL: none yet */
  PyObject *func;         /* the Python function */
  PyObject *code;         /* its code object, for which all of this was made */
  Py_ssize_t nparams;     /* named ones */
  Py_ssize_t npos, nposonly;
  bool star, starstar;
  PyObject *names;        /* tuple: co_varnames */
  uint32_t nsigs, ntyped; /* ntyped: attempts, also those that failed */
  in_sig *sigs[IN_JIT_SIGS];
  in_sig *old;
  bool busy;              /* being compiled: other calls meanwhile do not wait for it */
  bool asked;             /* for the image */
  in_code *image;         /* NULL: not interpreted, and why */
  PyObject *pool, *closure, *builtins;
  PyObject *why;
  int lower;              /* tier below native for arguments that have no signature */
  uint64_t calls[IN_JIT_TIERS], dropped, demoted;
  PyObject *tools;        /* the module keelback._jit */
  PyObject *options;      /* dict */
  PyObject *dict, *weakrefs;
} in_jit;

/* py_in_jit.c */
extern KB_HIDDEN PyObject *in_jit_miss;                 /* what a native function returns when the arguments do not fit it */
int in_jit_init(PyObject *module);            /* adds jit(), MISS and the type to keelback._interp */
int in_jit_learn(in_jit *j);                  /* reads the function's code object; forgets what was made for another one */

/* py_in_dispatch.c */
vectorcallfunc in_jit_entry(const in_jit *j); /* what j->call must be now */
void in_sig_free(in_sig *s);
int in_jit_direct(PyObject *fn, const in_val *args, uint32_t nargs, in_val *r);
void in_jit_forget(in_jit *j);                /* all signatures and the image: they may be running, so they are only put away */

/* py_in_bind.c */
/* The arguments in the order of co_varnames: borrowed, but for those of * and ** (owned[0], [1]; NULL or new references). 1: they
 * cannot be bound, CPython says why; -1: exception. */
int in_bind(const in_jit *j, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, PyObject **a, PyObject **owned);
uint32_t in_kind(PyObject *o);
bool in_kind_typed(uint32_t kind);
PyObject *in_kind_names(const uint32_t *kinds, Py_ssize_t n); /* tuple of str, as the compiler reads them */

/* py_in_policy.c */
/* Would interpretation pay for these arguments? NULL: yes; else why not. */
const char *in_policy_no(const in_code *c, PyObject *const *a, Py_ssize_t n);
/* Did it? */
bool in_policy_slow(const in_code *c, uint64_t turns, uint64_t slow);

/* py_in_trial.c: the tier of a signature against CPython, by the clock */
enum { IN_TRIAL_OVER = 1000, IN_TRIAL_EVERY = 16 };
bool in_trial_wanted(in_sig *s);              /* NATIVE, every so many calls: does it leave native code again and again? */
void in_trial_begin(in_sig *s);
bool in_trial_theirs(const in_sig *s);        /* the next call of the trial is CPython's */
bool in_trial_count(in_sig *s, uint64_t ns);  /* a call of the trial took so long; true: it is over, and CPython won */
uint64_t in_trial_now(void);

#endif
