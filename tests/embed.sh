#!/bin/sh
# SPDX-License-Identifier: MIT
# C programs whose kernels pass 64 bits: Python is loaded on demand, and what is said where it cannot be had.
: "${srcdir:=.}" "${builddir:=.}" "${CC:=gcc}" "${KEELBACK:=keelback}" "${PYTHON:=python3}"
src=$(cd "$srcdir" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/kbembed.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0 bad=0

result() {
  n=$((n + 1))
  if test "$1" = 0; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; sed 's/^/# /' log; fi
}
says() { # text, description: the log has it
  grep -qF -- "$1" log
  result $? "$2"
}

unset KEELBACK_PYTHON
flags="$("$KEELBACK" config --cflags) $KB_TEST_CFLAGS -I."
libs="$("$KEELBACK" config --libs) -lpthread -ldl"
version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
cp "$src/tests/embed/kernels.py" . && "$KEELBACK" emit kernels.py -o kernels.c --header kernels.h >log 2>&1 &&
  $CC $flags -O2 -c kernels.c -o kernels.o >>log 2>&1 && $CC $flags -O1 "$src/tests/embed/host.c" kernels.o -o host $libs >>log 2>&1
result $? "a C program links with libkeelback alone"

./host plain >log 2>&1
says "2.5 IndexError" "exceptions need no Python"
./host >log 2>&1
result $? "the program runs"
says "1 1 1" "results past 64 bits in the middle; no signal handlers; recursion"
says "kernels.py:13: in square: OverflowError: square() gives 1208925819614629174706176, which does not fit C's int64_t" "a big result"
says "kernels.py:27: in fails: ZeroDivisionError: integer division or modulo by zero" "an exception of the interpreter"
says "012 none" "stores in their order, and a result"
./host threads >log 2>&1
result $? "threads"
timeout 60 ./host fork >log 2>&1
result $? "fork"

./host signals >log 2>&1
says "1 1 1 1" "a handler of SIGINT that the host has installed stays"
./host values >log 2>&1
says "9223372036854775807 6917529027641081858 150072 8.50706e+37 " "u64 parameters, elements and results; tuples; floats"
says " 0 4 none" "the int 0 in a variable of floats; gcd of -2**63"
says "kernels.py:71: in mean: ZeroDivisionError: division by zero" "no float division by zero"
says "kernels.py:59: in parts: ZeroDivisionError: " "an exception in a kernel with a tuple"

KEELBACK_PYTHON=$version ./host >log 2>&1 && KEELBACK_PYTHON=$PYTHON ./host >>log 2>&1
result $? "KEELBACK_PYTHON: a version, a program"
library=
for folder in $(echo "$KEELBACK_LIB" | tr : ' ') "$("$KEELBACK" config --libdir 2>/dev/null)/keelback"; do
  test -z "$library" && test -f "$folder/libkeelback-python$version.so" && library=$folder/libkeelback-python$version.so
done
if test -n "$library"; then
  KEELBACK_PYTHON=$library ./host >log 2>&1
  result $? "KEELBACK_PYTHON: the library"
fi
KEELBACK_PYTHON=3.9 ./host >log 2>&1
says "int result does not fit 64 bits; Python 3.9's libkeelback-python3.9.so, which would continue, is not in" "a Python that Keelback was not installed for"
KEELBACK_PYTHON=nonsense ./host >log 2>&1
says "KEELBACK_PYTHON is 'nonsense': expected a version like 3.11" "no version at all"
KEELBACK_PYTHON=$dir/host ./host >log 2>&1
says "which is no program of a Python 3.X" "another program"
KEELBACK_PYTHON=$dir/libkeelback-python$version.so ./host >log 2>&1
says "which would continue, cannot be loaded: " "a library that is not there"
KEELBACK_LIB=$dir ./host >log 2>&1
if grep -q '^1 1 1' log; then
  n=$((n + 1)) && echo "ok $n - nothing installed # SKIP this Keelback is"
else
  says "set KEELBACK_PYTHON to another one" "nothing installed"
fi
sed 's/"'"$version"'"/"3.99"/' kernels.c >other.c && $CC $flags -O1 -c other.c -o other.o && $CC $flags "$src/tests/embed/host.c" other.o -o other $libs &&
  KEELBACK_PYTHON=$version ./other >log 2>&1
says "the kernels were made for Python 3.99, and cannot continue in Python $version, which KEELBACK_PYTHON asks for" "another version than the kernels'"

"$KEELBACK" emit kernels.py -o other.c --header other.h --prefix o_ >log 2>&1 && sed -i 's/"'"$version"'"/"3.99"/' other.c &&
  $CC $flags -O1 -c other.c -o other.o >>log 2>&1 && $CC $flags "$src/tests/embed/two.c" kernels.o other.o -o two $libs >>log 2>&1 && ./two >>log 2>&1
result $? "kernels made for two Pythons in one program"
says "the kernels were made for Python 3.99, and cannot continue in Python $version, which is running here" "those of the second one are refused"
says "1 1 none" "all else works"
if command -v "${CXX:=g++}" >/dev/null; then
  $CXX $flags -O1 "$src/tests/embed/host.cc" kernels.o -o hostcc $libs >log 2>&1 && ./hostcc >>log 2>&1
  result $? "a C++ program"
  says "50 OverflowError: square() gives 1208925819614629174706176, which does not fit C's int64_t" "its threads end, its error"
fi

pyflags=$("$PYTHON" -c 'import sysconfig as s; print("-I" + s.get_path("include"))')
pylibs=$("$PYTHON" -c 'import sysconfig as s; v = s.get_config_var; print("-L%s -Wl,-rpath,%s -lpython%s" % (v("LIBDIR"), v("LIBDIR"), v("LDVERSION")) if v("Py_ENABLE_SHARED") else "")')
if test -n "$pylibs"; then
  { $CC $flags $pyflags "$src/tests/embed/embed.c" kernels.o -o embed $libs $pylibs -lpthread && ./embed; } >log 2>&1
  result $? "a program that embeds Python"
  says "1 1 20 1" "its results, with the GIL and without; no thread state stays behind"
fi
echo "1..$n"
exit $bad
