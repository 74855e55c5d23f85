# SPDX-License-Identifier: MIT
# KB_PYTHON_EMBED: the CPython to embed and to build the extension modules for.
#
# $PYTHON, or python3 on PATH, 3.11 to 3.13. All flags come from its own sysconfig, so that Debian's,
# pyenv's and virtual environments work alike. Substitutes PYTHON (its sys.executable), PYTHON_VERSION
# (3.11), PYTHON_CPPFLAGS, PYTHON_LDFLAGS, PYTHON_LIBS, PYTHON_EXT_SUFFIX and pythonplatdir.

# KB_PYTHON_GET(VARIABLE, EXPRESSION): a value of Python's sysconfig (S) or sys.
AC_DEFUN([KB_PYTHON_GET],
[$1=`"$PYTHON" -c 'import sys, sysconfig as S
v = $2
print("" if v is None else v)' 2>&AS_MESSAGE_LOG_FD` || AC_MSG_ERROR([$PYTHON cannot tell its own $1])])

AC_DEFUN([KB_PYTHON_EMBED], [
AC_ARG_VAR([PYTHON], [the CPython (3.11 to 3.13) to embed and build extension modules for])
AS_IF([test -z "$PYTHON"], [AC_PATH_PROG([PYTHON], [python3], [no])])
AS_IF([test "$PYTHON" = no],
  [AC_MSG_ERROR([no python3 on PATH: apt-get install python3-dev, or give PYTHON=/path/to/python3])])
AC_MSG_CHECKING([which Python $PYTHON is])
kb_exe=`"$PYTHON" -c 'import sys; print(sys.executable)' 2>&AS_MESSAGE_LOG_FD`
AS_IF([test -z "$kb_exe"], [AC_MSG_RESULT([does not run])
  AC_MSG_ERROR([PYTHON=$PYTHON does not run])])
PYTHON=$kb_exe
KB_PYTHON_GET([PYTHON_VERSION], ["%d.%d" % sys.version_info[[:2]]])
KB_PYTHON_GET([kb_impl], [sys.implementation.name + ("t" if S.get_config_var("Py_GIL_DISABLED") else "")])
AC_MSG_RESULT([$kb_impl $PYTHON_VERSION, $PYTHON])
AS_CASE([$kb_impl:$PYTHON_VERSION],
  [cpython:3.11|cpython:3.12|cpython:3.13], [],
  [cpythont:*], [AC_MSG_ERROR([$PYTHON is a free-threaded build, which is not supported; give PYTHON= one with the GIL])],
  [AC_MSG_ERROR([$PYTHON is $kb_impl $PYTHON_VERSION; CPython 3.11, 3.12 or 3.13 is needed: give PYTHON=/path/to/python3.11])])

KB_PYTHON_GET([kb_inc], [S.get_config_var("INCLUDEPY")])
KB_PYTHON_GET([kb_libdir], [S.get_config_var("LIBDIR")])
KB_PYTHON_GET([kb_libpl], [S.get_config_var("LIBPL")])
KB_PYTHON_GET([kb_ldver], [S.get_config_var("LDVERSION")])
KB_PYTHON_GET([kb_shared], [S.get_config_var("Py_ENABLE_SHARED")])
KB_PYTHON_GET([kb_syslibs], [" ".join(S.get_config_var(k) or "" for k in ("LIBS", "SYSLIBS"))])
dnl the file that a C host loads Python from, "" for a Python without one
KB_PYTHON_GET([PYTHON_SHARED], [S.get_config_var("LIBDIR") + "/" + S.get_config_var("INSTSONAME") if S.get_config_var("Py_ENABLE_SHARED") else ""])
KB_PYTHON_GET([kb_export], [S.get_config_var("LINKFORSHARED")])
KB_PYTHON_GET([PYTHON_EXT_SUFFIX], [S.get_config_var("EXT_SUFFIX")])
dnl platlib of the prefix, with make's own ${exec_prefix} left in it
KB_PYTHON_GET([pythonplatdir], [S.get_path("platlib", "posix_prefix", vars=dict.fromkeys(("base", "platbase"), "$" "{exec_prefix}"))])

AC_MSG_CHECKING([for Python's headers])
AS_IF([test -f "$kb_inc/Python.h"], [AC_MSG_RESULT([$kb_inc])],
  [AC_MSG_RESULT([none])
   AC_MSG_ERROR([$kb_inc/Python.h is missing: apt-get install python3-dev (for Debian's python3), or python$PYTHON_VERSION-dev])])
dnl Debian's headers for the debug build are links to those of the plain one: of a system header gcc believes the shorter name
dnl to be the real one, and finds the wrong pyconfig.h beside it.
KB_PYTHON_GET([kb_debug], [S.get_config_var("Py_DEBUG") or 0])
kb_inc_option=-isystem
AS_IF([test "$kb_debug" != 0], [kb_inc_option=-I])
PYTHON_CPPFLAGS="$kb_inc_option $kb_inc"

PYTHON_LDFLAGS=
AS_IF([test "x$kb_shared" = x1],
  [PYTHON_LIBS="-L$kb_libdir -lpython$kb_ldver"
   # Where the dynamic linker would not look by itself, the program says where its Python lives.
   AS_CASE([$kb_libdir], [/lib|/lib/*|/usr/lib|/usr/lib/*], [], [PYTHON_LDFLAGS="-Wl,-rpath,$kb_libdir"])],
  [PYTHON_LDFLAGS=$kb_export
   PYTHON_LIBS="-L$kb_libpl -L$kb_libdir -lpython$kb_ldver $kb_syslibs"])

AC_MSG_CHECKING([whether a program can embed it])
kb_save_CPPFLAGS=$CPPFLAGS kb_save_LIBS=$LIBS kb_save_LDFLAGS=$LDFLAGS
CPPFLAGS="$CPPFLAGS $PYTHON_CPPFLAGS" LDFLAGS="$LDFLAGS $PYTHON_LDFLAGS" LIBS="$PYTHON_LIBS $LIBS"
AC_RUN_IFELSE([AC_LANG_PROGRAM([[#include <Python.h>
#include <string.h>]], [[return strncmp(Py_GetVersion(), PY_VERSION, strlen(PY_VERSION)) != 0;]])],
  [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([no])
   AC_MSG_ERROR([cannot link or run a program with $PYTHON_LIBS (see config.log): apt-get install python3-dev,
or build Python with --enable-shared])],
  [AC_MSG_RESULT([not tried])])
CPPFLAGS=$kb_save_CPPFLAGS LIBS=$kb_save_LIBS LDFLAGS=$kb_save_LDFLAGS

AC_SUBST([PYTHON_VERSION]) AC_SUBST([PYTHON_SHARED]) AC_SUBST([PYTHON_CPPFLAGS]) AC_SUBST([PYTHON_LDFLAGS]) AC_SUBST([PYTHON_LIBS])
AC_SUBST([PYTHON_EXT_SUFFIX]) AC_SUBST([pythonplatdir])
AC_DEFINE_UNQUOTED([KB_PYTHON_EXE], ["$PYTHON"], [the Python that this build is for])
AC_DEFINE_UNQUOTED([KB_PYTHON_VERSION], ["$PYTHON_VERSION"], [its version])
AC_DEFINE_UNQUOTED([KB_PYTHON_INCLUDE], ["$kb_inc"], [the folder of its headers])
AC_DEFINE_UNQUOTED([KB_PYTHON_INCLUDE_OPTION], ["$kb_inc_option"], [how a compiler is told of that folder])
AC_DEFINE_UNQUOTED([KB_EXT_SUFFIX], ["$PYTHON_EXT_SUFFIX"], [what its extension modules end in])
])
