# SPDX-License-Identifier: MIT
# KB_SANITIZE: --with-asan, --with-ubsan, --enable-coverage, --enable-checking, --enable-werror.
#
# Everything that ends up in one process is instrumented alike, so the flags go to kernels built from this
# tree too (KB_USER_CFLAGS, which the command reads from keelback-build.env), but not to the GCC plugin.
AC_DEFUN([KB_SANITIZE], [
SAN_CFLAGS= SAN_PRELOAD=
AC_ARG_WITH([asan], [AS_HELP_STRING([--with-asan], [build with AddressSanitizer])], [], [with_asan=no])
AC_ARG_WITH([ubsan], [AS_HELP_STRING([--with-ubsan], [build with UndefinedBehaviorSanitizer])], [], [with_ubsan=no])
AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [count executed lines, for make coverage])],
  [], [enable_coverage=no])
AC_ARG_ENABLE([checking], [AS_HELP_STRING([--enable-checking], [verify the IR after each pass, assertions on])],
  [], [enable_checking=no])
AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [a warning is an error])], [], [enable_werror=no])
AS_IF([test "x$with_asan" != xno], [SAN_CFLAGS="-fsanitize=address -fno-omit-frame-pointer"])
AS_IF([test "x$with_ubsan" != xno],
  [SAN_CFLAGS="$SAN_CFLAGS -fsanitize=undefined -fno-sanitize-recover=undefined"])
AS_IF([test -n "$SAN_CFLAGS"], [
  dnl clang keeps its run-time libraries in the program, where a module loaded by Python does not find them
  AC_PREPROC_IFELSE([AC_LANG_SOURCE([[
#ifdef __clang__
#error clang
#endif
]])], [], [AC_MSG_ERROR([--with-asan and --with-ubsan are for gcc, not $CC])])
  AC_MSG_CHECKING([whether programs link with $SAN_CFLAGS])
  kb_save_CFLAGS=$CFLAGS; CFLAGS="$CFLAGS $SAN_CFLAGS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no]); AC_MSG_ERROR([$CC has no run-time library for $SAN_CFLAGS])])
  CFLAGS=$kb_save_CFLAGS])
dnl Python itself is not instrumented: the run-time library has to be loaded before it.
AS_IF([test "x$with_asan" != xno], [
  SAN_PRELOAD=`$CC -print-file-name=libasan.so`
  AS_CASE([$SAN_PRELOAD], [/*], [SAN_PRELOAD=`readlink -f "$SAN_PRELOAD"`], [SAN_PRELOAD=])])
COV_CFLAGS=
AS_IF([test "x$enable_coverage" != xno], [COV_CFLAGS=--coverage])
AS_IF([test "x$enable_checking" != xno], [AC_DEFINE([KB_CHECKING], [1], [verify after each pass])])
AM_CONDITIONAL([CHECKING], [test "x$enable_checking" != xno])
AM_CONDITIONAL([COVERAGE], [test "x$enable_coverage" != xno])
AC_SUBST([SAN_CFLAGS]) AC_SUBST([SAN_PRELOAD]) AC_SUBST([COV_CFLAGS])
])

# KB_WARNINGS: the warnings of the house, those that the compiler knows.
AC_DEFUN([KB_WARNINGS], [
WARN_CFLAGS=
kb_save_CFLAGS=$CFLAGS
for kb_flag in -Wall -Wextra -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wc++-compat \
  -Werror=implicit-function-declaration; do
  AC_MSG_CHECKING([whether $CC knows $kb_flag])
  CFLAGS="$kb_save_CFLAGS -Werror $kb_flag"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes]); WARN_CFLAGS="$WARN_CFLAGS $kb_flag"], [AC_MSG_RESULT([no])])
done
CFLAGS=$kb_save_CFLAGS
WERROR_CFLAGS=
AS_IF([test "x$enable_werror" != xno], [WERROR_CFLAGS=-Werror])
AC_SUBST([WARN_CFLAGS]) AC_SUBST([WERROR_CFLAGS])
])
