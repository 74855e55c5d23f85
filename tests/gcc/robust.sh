#!/bin/sh
# SPDX-License-Identifier: MIT
# The plugin under all sorts of flags, tools and C: it never stops a compilation, -g changes no code, and programs do what they do
# without it. Run by make check, or: KEELBACK=.../keelback KEELBACK_PLUGIN=.../keelback.so CC=gcc sh tests/gcc/robust.sh
src=$(cd "$(dirname "$0")" && pwd)
inc=$src/../../include
cc=${CC:-gcc}
plugin=${KEELBACK_PLUGIN-${builddir:-.}/plugin/keelback.so}
unset LD_PRELOAD

test -f "$plugin" || { echo "1..0 # SKIP no plugin was built"; exit 0; }
case $plugin in /*) ;; *) plugin=$(pwd)/$plugin ;; esac
major=$($cc -dumpversion | sed 's/\..*//')
test -f "$(dirname "$plugin")/keelback-gcc$major.so" || { echo "1..0 # SKIP the plugin is not for GCC $major"; exit 0; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

n=0
result() { # status, title
  n=$((n + 1))
  if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' log 2>/dev/null | head -40; fi
  : >log
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
flags="-I$inc -fno-math-errno -fno-trapping-math -ffp-contract=off"
without() { "$cc" $flags "$@"; }
with() { without -fplugin="$plugin" "$@"; }
check="-fplugin-arg-keelback-check"
report=-fplugin-arg-keelback-report
quiet() { with "$@" >log 2>&1 && test ! -s log; }
code() { # of an object file
  for s in .text .text.unlikely .text.startup .rodata .rodata.cst4 .rodata.cst8 .rodata.cst16 .rodata.cst32 .data.rel.ro.local; do
    rm -f bin; objcopy -O binary -j $s "$1" bin 2>/dev/null; echo $s; test ! -f bin || cksum <bin
  done
}
# shellcheck disable=SC2086
same_with_g() { quiet $1 -c "$2" -o a.o && quiet $1 -g -c "$2" -o b.o && code a.o >a.txt && code b.o >b.txt && cmp a.txt b.txt >>log; }
cd "$tmp" || exit 1

# -- Odd C ----------------------------------------------------------------------------------------------------
without -O0 -w "$src/odd.c" -o odd && ./odd >want || exit 1
more=
test -z "$KB_ROBUST_MORE" || more="-O1:-Og:-O3 -fno-tree-dce -fno-tree-ch -fno-tree-vrp:-O2 -ftrapv:-O2 -fno-strict-overflow -mcmodel=large"
each="-O0:-O2:-O3 -march=native -fwrapv -g:-Os:-O2 -fopenmp -fPIC -pie --coverage:-O3 -march=native -flto:-O2 -fexceptions -fnon-call-exceptions"
each="$each:-O3 -funroll-loops -fno-ivopts:-O1 -fsanitize=address,undefined:-O2 -fno-inline -fno-tree-sra -fno-tree-fre${more:+:$more}"
IFS=:
set -f
for o in $each; do
  unset IFS
  # shellcheck disable=SC2086
  quiet -w $o $check "$src/odd.c" -o odd && ./odd >got 2>>log && diff want got >>log
  result $? "odd C: no complaint, and the same results, with $o"
done
set +f
same_with_g "-O3 -w" "$src/odd.c"
result $? "odd C: the same code with -g"

# -- What keelback emits --------------------------------------------------------------------------------------
if ! test -x "${KEELBACK:-}"; then
  skip "emitted C" "no keelback command"
  
# -- Kernels that once stopped the compiler -------------------------------------------------------------------------
for k in hoisted; do
  test -x "${KEELBACK:-}" || break
  "$KEELBACK" emit "$src/$k.py" -o $k.c --header $k.h >log 2>&1 && quiet -O3 -march=native $check -c $k.c -o $k.o
  result $? "$k.py compiles"
done
echo "1..$n"
  exit 0
fi
for k in blas arrays; do
  "$KEELBACK" emit "$src/../run/$k.py" -o $k.c --header $k.h >log 2>&1 || result 1 "emits $k.py"
done
same_with_g -O2 blas.c
result $? "the same code with -g at -O2"
quiet -O3 -march=native -fcompare-debug -c blas.c -o a.o
result $? "-fcompare-debug at -O3 -march=native"
for o in -O0 -Os -Og "-O2 -fPIC -fprofile-generate" "-O3 -fwrapv -march=native --coverage" \
  "-O3 -march=native -fsplit-loops -funswitch-loops -ftree-loop-distribution -floop-interchange"; do
  # shellcheck disable=SC2086
  quiet $o $check $report=r.json -c arrays.c -o a.o && grep -q '"kind": "bounds"' r.json
  result $? "emitted C, with GCC's verifiers, at $o"
done
quiet -O1 -fsanitize=address,undefined $check -c blas.c -o a.o
result $? "emitted C with sanitizers"
quiet -O2 $report=r1.json -c blas.c -o a.o && quiet -O2 -save-temps $report=r2.json -c blas.c -o b.o && cmp r1.json r2.json >log &&
  code a.o >a.txt && code b.o >b.txt && cmp a.txt b.txt >>log && test -s b.i
result $? "-save-temps: the same code and report"
with -O2 -E blas.c -o pre.i 2>log && quiet -O2 -c pre.i -o b.o && code b.o >b.txt && cmp a.txt b.txt >>log
result $? "preprocessed first: the same code"
quiet -O2 -S blas.c -o a.s && without -c a.s -o b.o 2>log && code b.o >b.txt && cmp a.txt b.txt >>log
result $? "-S: the same code"
if command -v ccache >/dev/null 2>&1; then
  CCACHE_DIR=$tmp/cache; export CCACHE_DIR
  for i in 1 2; do ccache "$cc" $flags -fplugin="$plugin" -O2 -c blas.c -o c$i.o >>log 2>&1; done
  code c1.o >b.txt && cmp a.txt b.txt >>log && cmp c1.o c2.o >>log && ccache "$cc" $flags -O2 -c blas.c -o c3.o && ! cmp -s c1.o c3.o
  result $? "ccache: the same object, and another one without the plugin"
else
  skip "ccache: the same object" "ccache is not installed"
fi

# -- The linker's turn ----------------------------------------------------------------------------------------
cat >main.c <<'END'
#include "blas.h"
#include <stdio.h>
int main(void)
{
  double x[50], y[50], a[2500];
  for (int i = 0; i < 50; i++) { x[i] = i * 0.25; y[i] = 3 - i; for (int j = 0; j < 50; j++) a[50 * i + j] = (i * j) % 7; }
  daxpy(0.5, kb_cf64x1_from(x, 50), kb_f64x1_from(y, 50));
  gemv(1.5, kb_cf64x2_from(a, 50, 50), kb_cf64x1_from(x, 50), kb_f64x1_from(y, 50));
  printf("%.17g\n", ddot(kb_cf64x1_from(x, 50), kb_cf64x1_from(y, 50)));
  daxpy(0.5, kb_cf64x1_from(x, 50), kb_f64x1_from(y, 49));
  kb_error_print();
  printf("%.17g\n", y[48]);
  return 0;
}
END
libs="${KEELBACK_LIB:-$(dirname "$KEELBACK")}/libkeelback.a -lm -lpthread -ldl"
# shellcheck disable=SC2086
without -O1 main.c blas.c -o prog $libs >log 2>&1 && ./prog >want 2>&1; grep -q IndexError want
result $? "a program, without the plugin"
proven() { grep -c '"status": "proven"' "$1"; }
# shellcheck disable=SC2086
{
  quiet -O2 $report=plain.json -c blas.c -o a.o
  quiet -O2 -flto $report=lto.json -c blas.c -o l.o && quiet -O2 -flto -c main.c -o m.o && test "$(proven lto.json)" = 0
  result $? "-flto: nests are left to the link"
  without -O2 -flto m.o l.o -o prog $libs >log 2>&1 && ./prog >got 2>&1; diff want got >>log
  result $? "-flto, linked without the plugin"
  quiet -O2 -flto $check m.o l.o -o prog $libs && ./prog >got 2>&1; diff want got >>log
  result $? "-flto with the plugin at link"
  quiet -O2 -flto -fPIC $report=lto.json -c blas.c -o s.o && quiet -O2 -flto -shared $check $report=lto.json s.o -o s.so &&
    test "$(proven lto.json)" -ge "$(proven plain.json)" && test "$(proven lto.json)" -gt 10 &&
    test "$(grep -c '"kind"' lto.json)" = "$(grep -c '"kind"' plain.json)"
  result $? "the link proves what a compilation does; the report is of the same sites"
  cp lto.json once.json; quiet -O2 -flto -shared $report=lto.json s.o -o s.so && cmp lto.json once.json >log
  result $? "linked again: the same report"
  quiet -O2 -flto -ffat-lto-objects $report=fat.json -c blas.c -o f.o && test "$(proven fat.json)" = "$(proven plain.json)" &&
    quiet -O2 -fno-lto main.c f.o -o prog $libs && ./prog >got 2>&1; diff want got >>log
  result $? "-ffat-lto-objects: proven in the object, too"
  quiet -O2 -flto m.o f.o -flto-partition=max $check -o prog $libs && ./prog >got 2>&1; diff want got >>log
  result $? "-flto-partition=max"
  without -O2 -flto -c blas.c -o p.o >log 2>&1 && quiet -O2 -flto $check m.o p.o -o prog $libs && ./prog >got 2>&1; diff want got >>log
  result $? "objects made without the plugin, linked with it"
}

# -- Kernels that once stopped the compiler -------------------------------------------------------------------------
for k in hoisted; do
  test -x "${KEELBACK:-}" || break
  "$KEELBACK" emit "$src/$k.py" -o $k.c --header $k.h >log 2>&1 && quiet -O3 -march=native $check -c $k.c -o $k.o
  result $? "$k.py compiles"
done
echo "1..$n"
