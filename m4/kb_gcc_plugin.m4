# SPDX-License-Identifier: MIT
# KB_GCC_PLUGIN: can the plugin be built for $CC?
#
# The plugin is C++ that includes the headers of this very GCC and is loaded by it, so $CXX has to be of
# the same version. With another compiler, or without the headers, everything else is built: emitted C is
# right without the plugin, only slower. A small plugin is made and loaded, which compares the headers with
# the compiler as the plugin does (plugin/selftest.cc). Sets the conditional WITH_PLUGIN, and GCC_MAJOR, PLUGIN_CPPFLAGS, PLUGIN_CXXFLAGS.
AC_DEFUN([KB_GCC_PLUGIN], [
AC_ARG_ENABLE([plugin],
  [AS_HELP_STRING([--enable-plugin], [build the GCC plugin: yes, no, or auto (when its headers are there)])],
  [], [enable_plugin=auto])
kb_no_plugin= PLUGIN_CPPFLAGS= PLUGIN_CXXFLAGS=
AS_IF([test "x$enable_plugin" = xno], [kb_no_plugin="switched off"], [
  AC_PREPROC_IFELSE([AC_LANG_SOURCE([[
#if !defined __GNUC__ || defined __clang__
#error not GCC
#endif
]])], [], [kb_no_plugin="$CC is not GCC"])])
AS_IF([test -z "$kb_no_plugin"], [
  kb_gcc_version=`$CC -dumpversion`
  kb_gcc_major=${kb_gcc_version%%.*}
  AS_IF([test "$kb_gcc_major" -lt 12], [kb_no_plugin="$CC is GCC $kb_gcc_version, and the plugin needs 12 or later"])])
AS_IF([test -z "$kb_no_plugin"], [
  AC_MSG_CHECKING([for the plugin headers of GCC $kb_gcc_version])
  kb_plugin_dir=`$CC -print-file-name=plugin`/include
  AS_IF([test -f "$kb_plugin_dir/gcc-plugin.h"], [AC_MSG_RESULT([$kb_plugin_dir])],
    [AC_MSG_RESULT([none])
     kb_no_plugin="the plugin headers of GCC $kb_gcc_version are missing: apt-get install gcc-$kb_gcc_major-plugin-dev"])])
AS_IF([test -z "$kb_no_plugin"], [
  AC_MSG_CHECKING([for the C++ compiler of GCC $kb_gcc_version])
  kb_cxx=
  for kb_try in "$CXX" `echo "$CC" | sed 's/gcc/g++/'` "g++-$kb_gcc_major" g++; do
    AS_IF([test "`$kb_try -dumpversion 2>/dev/null`" = "$kb_gcc_version" && ! $kb_try --version 2>/dev/null | grep -i clang >/dev/null],
      [kb_cxx=$kb_try; break])
  done
  AS_IF([test -n "$kb_cxx"], [CXX=$kb_cxx; AC_MSG_RESULT([$CXX])],
    [AC_MSG_RESULT([none]); kb_no_plugin="no C++ compiler of GCC $kb_gcc_version: apt-get install g++-$kb_gcc_major"])])
AS_IF([test -z "$kb_no_plugin"], [
  AC_LANG_PUSH([C++])
  PLUGIN_CPPFLAGS="-isystem $kb_plugin_dir"
  kb_save_CPPFLAGS=$CPPFLAGS kb_save_CXXFLAGS=$CXXFLAGS
  CPPFLAGS="$CPPFLAGS $PLUGIN_CPPFLAGS"
  kb_std_ok=no
  for kb_std in gnu++14 gnu++17; do
    AC_MSG_CHECKING([whether the plugin headers compile as $kb_std])
    CXXFLAGS="$kb_save_CXXFLAGS -std=$kb_std -fno-rtti -fno-exceptions"
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#include "gcc-plugin.h"
#include "tree.h"
#include "gimple.h"
#include "tree-pass.h"
#include "context.h"
#include "gimple-iterator.h"
]])], [kb_std_ok=yes])
    AC_MSG_RESULT([$kb_std_ok])
    AS_IF([test $kb_std_ok = yes], [break])
  done
  AS_IF([test $kb_std_ok = yes], [PLUGIN_CXXFLAGS="-std=$kb_std -fno-rtti -fno-exceptions"],
    [kb_no_plugin="the plugin headers of GCC $kb_gcc_version do not compile (see config.log): apt-get install gcc-$kb_gcc_major-plugin-dev"])
  CPPFLAGS=$kb_save_CPPFLAGS CXXFLAGS=$kb_save_CXXFLAGS
  AC_LANG_POP([C++])])
AS_IF([test -z "$kb_no_plugin"], [
  AC_MSG_CHECKING([whether GCC $kb_gcc_version loads a plugin made with these headers])
  cat >conftest.cc <<'END'
#include "pass.h"
int plugin_is_GPL_compatible;
static void say(const char *what) { fprintf(stderr, what ? "it differs in its %s\n" : "self test passed\n", what); }
static void start(void *, void *) { say(kb_selftest_nodes()); }
int plugin_init(plugin_name_args *args, plugin_gcc_version *)
{
  if (const char *what = kb_selftest_tables()) say(what);
  else register_callback(args->base_name, PLUGIN_START_UNIT, start, NULL);
  return 0;
}
END
  echo 'int f(int n) { return n + 1; }' >conftest.c
  kb_said=`$CXX $PLUGIN_CXXFLAGS -w -fPIC -shared -I"$srcdir/plugin" -I"$srcdir/include" $PLUGIN_CPPFLAGS conftest.cc \
             "$srcdir/plugin/selftest.cc" -o conftest.so 2>&1 && $CC -fplugin=./conftest.so -c conftest.c -o conftest.o 2>&1`
  echo "$kb_said" >&AS_MESSAGE_LOG_FD
  rm -f conftest.cc conftest.so conftest.c conftest.o
  AS_CASE(["$kb_said"],
    ["self test passed"], [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     kb_no_plugin="GCC $kb_gcc_version does not load a plugin made with its headers, or differs from them: `echo "$kb_said" | head -n 1` (see config.log)"])])
AS_IF([test -n "$kb_no_plugin"], [
  AS_IF([test "x$enable_plugin" = xyes], [AC_MSG_ERROR([the GCC plugin cannot be built: $kb_no_plugin])])
  AS_IF([test "x$enable_plugin" != xno], [AC_MSG_WARN([no GCC plugin: $kb_no_plugin])])
  kb_plugin=no], [kb_plugin=yes
  AC_DEFINE([KB_HAVE_PLUGIN], [1], [the GCC plugin is built])])
AC_DEFINE([KB_PLUGIN_NAME], ["keelback"], [what GCC calls the plugin, in -fplugin-arg-NAME-...])
AM_CONDITIONAL([WITH_PLUGIN], [test $kb_plugin = yes])
AC_SUBST([GCC_MAJOR], [$kb_gcc_major]) AC_SUBST([PLUGIN_CPPFLAGS]) AC_SUBST([PLUGIN_CXXFLAGS])
])
