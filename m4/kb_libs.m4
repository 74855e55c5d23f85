# SPDX-License-Identifier: MIT
# KB_CMOCKA: the unit tests need CMocka; without it they are left out, and `make check` says so.
AC_DEFUN([KB_CMOCKA], [
kb_cmocka=no CMOCKA_LIBS=
AC_CHECK_HEADER([cmocka.h], [AC_CHECK_LIB([cmocka], [_cmocka_run_group_tests], [kb_cmocka=yes CMOCKA_LIBS=-lcmocka])], [],
[#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
])
AS_IF([test $kb_cmocka = no], [AC_MSG_WARN([no unit tests: CMocka is missing: apt-get install libcmocka-dev])])
AM_CONDITIONAL([WITH_CMOCKA], [test $kb_cmocka = yes])
AC_SUBST([CMOCKA_LIBS])
])

# KB_LIBCLANG: libclang, for the checks of C call sites; nothing else needs it. LIBCLANG_PREFIX is where
# LLVM is installed, as llvm-config --prefix says.
AC_DEFUN([KB_LIBCLANG], [
AC_ARG_WITH([libclang], [AS_HELP_STRING([--with-libclang=DIR], [LLVM's folder, for libclang (optional)])],
  [], [with_libclang=auto])
kb_libclang=no LIBCLANG_CPPFLAGS= LIBCLANG_LIBS=
AS_IF([test "x$with_libclang" != xno], [
  kb_llvm_dirs=$with_libclang
  AS_CASE([$with_libclang], [auto|yes],
    [kb_llvm_dirs="`llvm-config --prefix 2>/dev/null` `ls -d /usr/lib/llvm-* 2>/dev/null | sort -t- -k2 -rn`"])
  AC_MSG_CHECKING([for libclang])
  for kb_dir in $kb_llvm_dirs; do
    AS_IF([test -f "$kb_dir/include/clang-c/Index.h"], [
      kb_save_CPPFLAGS=$CPPFLAGS kb_save_LIBS=$LIBS
      CPPFLAGS="$CPPFLAGS -isystem $kb_dir/include" LIBS="-L$kb_dir/lib -lclang $LIBS"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <clang-c/Index.h>]], [[clang_disposeIndex(clang_createIndex(0, 0));]])],
        [kb_libclang=$kb_dir LIBCLANG_CPPFLAGS="-isystem $kb_dir/include" LIBCLANG_LIBS="-L$kb_dir/lib -Wl,-rpath,$kb_dir/lib -lclang"])
      CPPFLAGS=$kb_save_CPPFLAGS LIBS=$kb_save_LIBS
      AS_IF([test "$kb_libclang" != no], [break])])
  done
  AC_MSG_RESULT([$kb_libclang])
  AS_IF([test "$kb_libclang" = no],
    [AS_CASE([$with_libclang], [auto], [], [AC_MSG_ERROR([no libclang: apt-get install libclang-dev])])])])
AM_CONDITIONAL([WITH_LIBCLANG], [test "$kb_libclang" != no])
AC_SUBST([LIBCLANG_CPPFLAGS]) AC_SUBST([LIBCLANG_LIBS])
])

# KB_BLAS: a BLAS for the fused form of larger contractions. Whatever is linked with libkeelback is linked with it, then.
AC_DEFUN([KB_BLAS], [
AC_ARG_WITH([blas], [AS_HELP_STRING([--with-blas@<:@=LIBS@:>@], [a BLAS does larger contractions, in kernels that allow it (default: no)])],
  [], [with_blas=no])
KB_BLAS_LIBS=
AS_IF([test "x$with_blas" != xno], [
  AS_IF([test "x$with_blas" != xyes], [KB_BLAS_LIBS=$with_blas],
    [KB_BLAS_LIBS=`pkg-config --libs openblas 2>/dev/null || echo -lblas`])
  AC_MSG_CHECKING([for dgemm_ in $KB_BLAS_LIBS])
  kb_save_LIBS=$LIBS
  LIBS="$KB_BLAS_LIBS -lm $LIBS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[void dgemm_(void); void sgemm_(void);]], [[dgemm_(); sgemm_();]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([no BLAS in "$KB_BLAS_LIBS": --with-blas='-L... -l...' names another one])])
  LIBS=$kb_save_LIBS
  AC_DEFINE([KB_WITH_BLAS], [1], [contractions may call dgemm_ and sgemm_])
])
AC_SUBST([KB_BLAS_LIBS])
AC_DEFINE_UNQUOTED([KB_BLAS_LIBS], ["$KB_BLAS_LIBS"], [what libkeelback is linked with in addition])
])
