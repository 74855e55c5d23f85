#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make install` leaves behind works by itself: in a DESTDIR, in another prefix, and moved elsewhere.
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR KEELBACK KEELBACK_LIB PYTHONPATH
n=0 version=$(sed -n 's/^Version: //p' "$builddir/keelback.pc")
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
echo 1..19

is() { # WHAT COMMAND...: one test, the output shown when it fails
  n=$((n + 1)) what=$1
  shift
  if "$@" >"$tmp/out" 2>&1; then echo "ok $n - $what"; else sed 's/^/# /' "$tmp/out"; echo "not ok $n - $what"; fi
}
equal() { [ "$1" = "$2" ] || { echo "got '$1', expected '$2'"; return 1; }; }
inside() { # PATH FOLDER: PATH exists and lies in FOLDER
  [ -e "$1" ] || { echo "$1 does not exist"; return 1; }
  case $(realpath "$1") in "$(realpath "$2")"/*) ;; *) echo "$1 is not in $2"; return 1 ;; esac
}
make_in() { "${MAKE:-make}" -C "$builddir" --no-print-directory "$@"; }
included() { # FLAGS FOLDER: there is an -I, and all of them lie in FOLDER
  case $1 in *-I*) ;; *) echo "no -I in '$1'"; return 1 ;; esac
  for f in $1; do case $f in -I*) inside "${f#-I}" "$2" || return 1 ;; esac; done
}
plugged() { # FILE FOLDER: the plugin, where there is one
  if [ -f "$builddir/plugin/keelback.so" ]; then inside "$1" "$2"; else equal "$1" ""; fi
}

mkdir "$tmp/w"
cat >"$tmp/w/kernels.py" <<'P'
import keelback as kb

@kb.kernel
def saxpy(a: float, x: kb.f64[:], y: kb.f64[:]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]

@kb.kernel
def middle(n: int) -> int:
    return n * n * n * n // (n * n * n)
P
cat >"$tmp/w/deopt.c" <<'C'
#include "kernels.h"
#include <stdio.h>

int main(void)
{
  printf("%lld\n", (long long)middle(1 << 20));
  const kb_error *e = kb_error_get();
  if (e)
    printf("%s: %s\n", e->type, e->message);
  return e != NULL;
}
C
cat >"$tmp/w/all.py" <<'P'
import array, sys, keelback, kernels, keelback._interp

for module in keelback, keelback._interp:
    assert module.__file__.startswith(sys.argv[1]), module.__file__
assert kernels.__file__.endswith(".so"), kernels.__file__
x, y = array.array("d", [1, 2, 3]), array.array("d", [10, 20, 30])
kernels.saxpy(2.0, x, y)
assert list(y) == [12, 24, 36], y
assert kernels.middle(2**20) == 2**20 and kernels.middle(2**40) == 2**40

@keelback.jit
def total(n, v):
    s = v
    for i in range(n):
        s += i * v
    return s

for k in range(3):
    assert total(100000, 1.5) == 1.5 + 1.5 * 99999 * 50000
assert total.signatures, total.stats
assert total(100, 2**61) == 2**61 * 4951 and total(3, (1,)) == (1, 1, 1, 1)
P
cat >"$tmp/w/main.c" <<'C'
#include "kernels.h"
#include <stdio.h>

int main(void)
{
  double x[] = { 1, 2, 3 }, y[] = { 10, 20, 30 };
  saxpy(2, kb_cf64x1_from(x, 3), kb_f64x1_from(y, 3));
  if (kb_error_get() || y[0] != 12 || y[1] != 24 || y[2] != 36)
    return 1;
  saxpy(2, kb_cf64x1_from(x, 3), kb_f64x1_from(y, 2));
  const kb_error *e = kb_error_get();
  if (!e)
    return 2;
  printf("%s:%d %s: %s\n", e->function, e->line, e->type, e->message);
  return 0;
}
C

is "make install DESTDIR=" make_in install DESTDIR="$tmp/dest"
[ -d "$tmp/dest" ] || { echo "Bail out! nothing was installed"; exit 1; }
prefix=$(sed -n 's/^prefix=//p' "$builddir/keelback.pc")
root=$tmp/dest$prefix kb=$root/bin/keelback
is "config --version" equal "$("$kb" config --version)" "$version"
is "config --python" equal "$("$kb" config --python)" "$PYTHON"
is "config --cflags names the installed headers" included "$("$kb" config --cflags)" "$root"
is "config --plugin names the installed plugin, or nothing" plugged "$("$kb" config --plugin)" "$root"
cd "$tmp/w" || exit 1
is "the installed command builds an object and a header" "$kb" build kernels.py -o kernels.o --header kernels.h
pc=$(find "$root" -name keelback.pc)
flags=$(PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$tmp/dest pkg-config --cflags --libs keelback)
is "a C program links by keelback.pc" $CC $KB_TEST_CFLAGS -Wall -Wextra -Werror main.c kernels.o $flags -o main
is "it computes, and has an error state" equal "$(./main)" \
  "saxpy:6 IndexError: index 2 is out of bounds for axis 0 with size 2"
no_python() { ldd "$1" >libs && ! grep python libs; }
is "it does not link libpython" no_python ./main
is "the installed command builds an extension module" "$kb" build kernels.py -o "kernels.so"
platlib=$(dirname "$(dirname "$(find "$root" -path '*/keelback/__init__.py')")")
is "the module works with the installed package, kb.jit too" env PYTHONPATH="$platlib:$tmp/w" "$PYTHON" all.py "$platlib"
is "a C program that needs Python links without it" $CC $KB_TEST_CFLAGS -Wall -Wextra -Werror deopt.c kernels.o $flags -o deopt
interp=$(dirname "$(find "$root" -name 'libkeelback-python*.so')")
is "it goes on in the installed interpreter" equal "$(KEELBACK_LIB=$interp ./deopt)" 1048576

is "make install prefix=" make_in install prefix="$tmp/prefix"
mv "$tmp/prefix" "$tmp/moved"
is "it works where it was moved to" included "$("$tmp/moved/bin/keelback" config --cflags)" "$tmp/moved"
platlib=$(dirname "$(dirname "$(find "$tmp/moved" -path '*/keelback/__init__.py')")")
is "the package does, too" env PYTHONPATH="$platlib:$tmp/w" "$PYTHON" all.py "$platlib"
interp=$(dirname "$(find "$tmp/moved" -name 'libkeelback-python*.so')")
is "and the interpreter" equal "$(KEELBACK_LIB=$interp ./deopt)" 1048576
is "make uninstall DESTDIR=" make_in uninstall DESTDIR="$tmp/dest"
nothing() { [ -d "$1" ] || return 1; left=$(find "$1" ! -type d ! -name '*.pyc'); [ -z "$left" ] || { echo "$left"; return 1; }; }
is "nothing is left" nothing "$tmp/dest"
