/* SPDX-License-Identifier: MIT */
/* cmd.h: what the parts of the keelback command share; files, paths and the C compiler also serve the extension. */
#ifndef KB_CMD_H
#define KB_CMD_H

#include "frontend.h"

/* -- paths.c: where Keelback's own files are ------------------------------------------------------------- */
typedef struct {
  const char *include;     /* keelback.h, kbabi.h ... */
  const char *lib;         /* folder of libkeelback.a */
  const char *python_lib;  /* folder of libkeelback-py3.X.a */
  const char *package_dir; /* folder that holds the Python package keelback */
  const char *plugin;      /* keelback.so for -fplugin=, or NULL */
  const char *python;      /* the interpreter it was built for */
  const char *cc;
  const char *cflags; /* needed by everything that is linked with this build (sanitizers), or "" */
} kb_paths;
/* From the place of the running program or extension: a build tree has keelback-build.env there, an installed one
 * lies under its prefix, which may have been moved. Lives as long as the process. */
const kb_paths *kb_paths_from(const char *own_file);
const char *kb_paths_program(void); /* the running program's file */

/* -- files.c: outputs that appear whole or not at all, temporary files, signals ---------------------------- */
typedef struct {
  const char *path; /* what it becomes */
  char *temp;       /* what it is until then; NULL: path is no regular file and is written directly */
  FILE *f;
} kb_out;
bool kb_out_open(kb_out *o, const char *path); /* false after kb_error */
/* Only the temporary name, for a program that writes it. */
bool kb_out_reserve(kb_out *o, const char *path);
bool kb_out_close(kb_out *o);  /* all is written: false after kb_error; the file is not in place yet */
bool kb_out_commit(kb_out *o); /* moves it into place; false after kb_error */
void kb_out_drop(kb_out *o);   /* removes what is not committed */
/* A folder for this process, removed at exit and by signals that end it; NULL after kb_error. */
const char *kb_temp_dir(void);
/* A file in it, which is removed with it. */
const char *kb_temp_file(const char *name);
void kb_temp_clean(void);
void kb_temp_on_signals(void);
kb_loc kb_at_file(const char *path);

/* -- cc.c: the C compiler ------------------------------------------------------------------------------------ */
typedef KB_VEC(const char *) kb_argv;
void kb_argv_words(kb_argv *a, const char *text); /* splits at spaces; quotes and backslashes as in sh */
/* Runs argv[0] from PATH, NULL at the end; 0 when it succeeded. Its stderr goes to the file log unless that is NULL.
 * kb_error when it cannot be started, is killed or fails. */
bool kb_run(kb_argv *a, const char *log);
/* Why a flag must not be used for kernels, or NULL. */
const char *kb_cc_refused(const char *flag);
typedef struct {
  const kb_paths *paths;
  kb_argv user;    /* flags from the command line */
  const char *log; /* for the compiler's messages, or NULL */
  bool verbose;    /* show the commands */
  const char *report; /* where the plugin writes what it did to the kernels, or NULL */
} kb_cc;
bool kb_cc_object(const kb_cc *c, const char *source, const char *output, bool kernels, bool for_python);
bool kb_cc_module(const kb_cc *c, const char *kernels_o, const char *wrapper_o, const char *output);

/* -- py_start.c ------------------------------------------------------------------------------------------------ */
/* Starts the interpreter as `python` itself would start: environment, virtual environment, site. */
bool kb_py_start(const kb_paths *paths, bool signals);
/* Ends it; what it still prints goes to stderr unless keep_stdout. */
void kb_py_end(bool keep_stdout);
/* Calls module.function(list of argv); its int result. */
int kb_py_call_main(const char *module, const char *function, int argc, char **argv);
/* The file's source and marshalled code for an extension module, into the arena of m; false after kb_error. */
bool kb_py_source(kt_mod *m, const char **source, size_t *nsource, const unsigned char **code, size_t *ncode);

/* -- The jobs: each gets the arguments after its name, and returns the exit status --------------------------------- */
int kb_cmd_emit(int argc, char **argv);
int kb_cmd_build(int argc, char **argv);
int kb_cmd_ir(int argc, char **argv);
int kb_cmd_opt(int argc, char **argv); /* opt.c */
int kb_cmd_check(int argc, char **argv);
int kb_cmd_config(int argc, char **argv);
int kb_cmd_explain(int argc, char **argv);

/* -- cmd_common.c: what several jobs do ------------------------------------------------------------------------------ */
typedef struct {
  const char *input, *output, *header, *depfile, *prefix;
  const char *dump;
  const char *after;
  bool save_temps, verbose, stress, no_opt;
} kb_job;
/* The value of an option that takes one, "--name VALUE", "--name=VALUE", or "-o VALUE"; advances *i. NULL: it is not this
 * option. A missing value is a usage error and ends the program. */
const char *kb_option(const char *name, int argc, char **argv, int *i);
/* Handles the options that all jobs share (-d, --prefix, --stress ...); was it one? */
bool kb_job_option(kb_job *job, int argc, char **argv, int *i);
_Noreturn void kb_usage_error(const char *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Starts Python, loads and compiles job->input; NULL after kb_error. The tree is in *tree, to be freed after the module. */
kb_mod *kb_job_compile(const kb_job *job, kt_mod **tree);
/* Are the C names of the exported kernels allowed? kb_error for those that are not. */
bool kb_check_c_names(const kt_mod *t, const char *prefix);
const char *kb_base_name(const char *path);
const char *kb_header_guard(kb_arena *arena, const char *header);

#endif
