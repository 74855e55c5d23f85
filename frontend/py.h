/* SPDX-License-Identifier: MIT */
/* py.h: what the py_*.c files share. Only they (and the extension module) include Python.h.
 *
 * References: new ones are released by the function that gets them. Those marked "borrowed" live as long as
 * the object that they were read from: an AST keeps its nodes, a loader its modules and functions.
 */
#ifndef KB_PY_H
#define KB_PY_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "frontend.h"

/* One Python source file that kernels come from. */
typedef struct {
  const char *name;    /* as messages and #line write it */
  PyObject *filename;  /* co_filename of its code objects */
  PyObject *ast;       /* of the whole file, NULL when there is none */
  PyObject *code;      /* compiled from ast */
  PyObject *defs;      /* dict: first line of a def (decorators count) -> list of nodes */
  PyObject *codes;     /* dict: first line -> list of code objects */
  const char *problem; /* why ast and code are missing */
} kb_py_file;

/* State of one load; kernels keep what outlives it in kt_kernel.owner. */
typedef struct {
  kt_mod *mod;
  KB_VEC(kb_py_file) files;
  const char *shown_dir;  /* folder of the main file as given, "" or with a slash at the end */
  PyObject *real_dir;     /* the same, absolute and resolved */
  PyObject *indices;      /* dict: function -> index in mod->kernels */
  PyObject *known;        /* dict: id of an object -> what a kernel sees in it (py_resolve.c) */
  PyObject *kernel_class; /* keelback._kernel.Kernel */
  PyObject *jit_types;    /* kb.jit: tuple of str, the types of the arguments; NULL: kernels */
  PyObject *depends;      /* kb.jit: list of (where, name, object) that the tree was made from */
} kb_py;

/* The kernel being made into a tree. */
typedef struct {
  kb_py *py;
  kt_kernel *k;
  uint32_t index;
  const char *file;   /* for messages */
  PyObject *function; /* borrowed */
  PyObject *code;     /* borrowed */
  PyObject *locals;   /* dict: name -> number */
} kb_py_fn;

/* -- py_file.c -------------------------------------------------------------------------------------------- */
/* The file with that co_filename, read and parsed on first use; the pointer is good until the next call. */
kb_py_file *kb_py_file_of(kb_py *py, PyObject *filename);
void kb_py_add_file(kb_py *py, PyObject *filename, PyObject *ast, PyObject *code, const char *problem);
/* What dict holds for a line: a list, borrowed, or NULL. */
PyObject *kb_py_at_line(PyObject *dict, long line);
PyObject *kb_py_read(const char *path); /* bytes; NULL with errno set */
/* compile(source, filename, "exec", flags, dont_inherit=True): source is bytes, str or an AST. */
PyObject *kb_py_compile(PyObject *source, PyObject *filename, int flags);
/* Attribute of an AST node, borrowed from the node; None when it has none. */
PyObject *kb_py_get(PyObject *node, const char *attr);
/* The same as an interned C string, NULL when it is no str. */
const char *kb_py_get_str(PyObject *node, const char *attr);
const char *kb_py_text(PyObject *str); /* UTF-8, interned */
/* "ValueError: message" of the exception that is set, interned; clears it. */
const char *kb_py_exception_text(void);
kb_loc kb_py_loc_in(const char *file, PyObject *node);
kb_loc kb_py_loc(const kb_py_fn *f, PyObject *node);
/* An error in this kernel. */
void kb_py_fail(kb_py_fn *f, kb_loc at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* -- py_kernel.c -------------------------------------------------------------------------------------------- */
/* Puts a Kernel object into py->mod; returns its index. Its tree is made by kb_py_make_tree. */
uint32_t kb_py_add_kernel(kb_py *py, PyObject *kernel, bool exported);
/* The index of a Kernel object or of its function, which joins as a callee if it is not there. */
uint32_t kb_py_kernel_index(kb_py *py, PyObject *kernel);
void kb_py_make_tree(kb_py *py, uint32_t index);

/* -- py_load.c ---------------------------------------------------------------------------------------------- */
/* A load with an empty module for a file of that name; kb_py_free leaves its module to the caller. */
kb_py *kb_py_new(const char *shown);
void kb_py_free(kb_py *py);
/* Trees of kernels that live in this interpreter: a list of keelback Kernel objects. NULL after kb_error. */
kt_mod *kb_py_load_kernels(PyObject *kernels);
/* The tree of a plain function for arguments of the given types, as kb.jit compiles it; what it takes from outside is
 * appended to depends: (dict, name, object), (cell, None, object); of builtins, that globals do not hide them, is implied. */
kt_mod *kb_py_load_jit(PyObject *function, PyObject *types, PyObject *options, PyObject *depends);
/* The file's source (bytes) and its code object as an extension module executes it: new references. */
bool kb_py_module_source(const kt_mod *m, PyObject **source, PyObject **code);

/* -- py_types.c --------------------------------------------------------------------------------------------- */
/* The type that an annotation or a ctypes class means; KB_T_BOT and a reason in *why when it is none. */
kb_ty kb_py_type(PyObject *annotation, const char **why);
/* The type that a type object used as a value means (dtype=np.float32, kb.u32): scalars only, KB_T_BOT if none. */
kb_ty kb_py_scalar_type(PyObject *object);
/* The type that kb.jit writes as text ("int", "f64[:,::1] readonly"); KB_T_BOT if it is none. */
kb_ty kb_py_jit_type(const char *text, bool *numpy_bool);
/* Parameters and result of f->k from the function, its def node and its options. */
void kb_py_signature(kb_py_fn *f, PyObject *options, PyObject *def);

/* -- py_resolve.c ------------------------------------------------------------------------------------------- */
void kb_py_resolve_init(kb_py *py);
/* What a name that is no local, or module.attribute chain, means; TN_BAD with the reason when it is unusable.
 * Unless object is NULL, a new reference to the object itself in *object, NULL when there is none. */
kt_node *kb_py_resolve(kb_py_fn *f, PyObject *expr, PyObject **object);
/* A constant, type, builtin or kernel for an object; called is what the user wrote for it. */
kt_node *kb_py_value(kb_py_fn *f, PyObject *object, kb_loc loc, const char *called);
/* Is expr a name or an attribute chain whose first name is no local? */
bool kb_py_is_static(kb_py_fn *f, PyObject *expr);
/* Is it the placeholder of an import that failed (keelback/_missing.py)? Its text quotes the error. */
bool kb_py_is_missing(PyObject *object);
const char *kb_py_missing_text(PyObject *object);

/* -- py_tree.c, py_expr.c ------------------------------------------------------------------------------------ */
/* Statements of the def node into f->k->body. */
void kb_py_tree(kb_py_fn *f, PyObject *def);
kt_node *kb_py_expr(kb_py_fn *f, PyObject *node);
/* The same in the place of a function that is called. */
kt_node *kb_py_callee(kb_py_fn *f, PyObject *node);
/* KB_OADD ... of an operator node; KB_NOP after kb_py_fail. */
kb_op kb_py_binary_op(kb_py_fn *f, PyObject *op, kb_loc loc);
/* "a lambda is not supported in a kernel; ..." for a node. */
kt_node *kb_py_refuse(kb_py_fn *f, PyObject *node);
/* The text of a constant message (assert, raise), NULL after kb_py_fail. */
const char *kb_py_message(kb_py_fn *f, PyObject *node, const char *what);

/* Kinds of AST nodes, by type object. */
typedef enum {
#define NODE(name) KA_##name,
#define REFUSED(name, what, instead) KA_##name,
#include "py_nodes.def"
  KA_NONE
} kb_ast;
kb_ast kb_py_kind(PyObject *node);

/* -- py_dyn.c ------------------------------------------------------------------------------------------------ */
/* Any function to generic IR with the dynamic ops, for the interpreter. NULL and the reason in *why when it is not
 * taken; else a module of one function, numbered, and the objects that its obj.pool ops name (a new list). */
kb_mod *kb_py_dynamic(PyObject *function, PyObject **pool, char *why, size_t size);

/* -- py_messages.c -------------------------------------------------------------------------------------------- */
/* Asks this CPython for the text of each kt_msg. */
const char **kb_py_messages(kt_mod *m);

#endif
