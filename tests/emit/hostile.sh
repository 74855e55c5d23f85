#!/bin/sh
# SPDX-License-Identifier: MIT
# Emitted C under hostile CFLAGS: each set of flags is refused with our message, or gives the same bits.
# The flags that our commands and macros pass are left out: a Makefile may not know them.
: "${srcdir:=.}" "${KEELBACK:=./keelback}"
src=$(cd "$srcdir" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /' "$tmp/log"; }
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }

cflags=$("$KEELBACK" config --cflags | tr ' ' '\n' | grep '^-I') libs=$("$KEELBACK" config --libs)
cd "$tmp" || exit 1
if ! "$KEELBACK" emit "$src/tests/emit/hostile_kernels.py" -o hostile.c --header hostile.h > log 2>&1; then
  not_ok "emit tests/emit/hostile_kernels.py"
  echo "1..$n"
  exit 1
fi
plain=$KB_TEST_CFLAGS
if ! ${CC:-gcc} -O2 -c $cflags -I. $plain "$src/tests/emit/hostile.c" -o main.o > log 2>&1; then
  not_ok "the program around the kernels"
  echo "1..$n"
  exit 1
fi

# run COMPILER FLAGS: builds with the flags on the kernels only; output in out. 0 built and ran, 2 refused by us, 1 failed.
run() {
  if ! $1 -O2 -c $cflags -I. $plain $2 hostile.c -o kernels.o > log 2>&1; then
    grep -q "Keelback's C" log && return 2
    grep -q 'kb_constants_must_be_doubles' log && return 2
    return 1
  fi
  $1 $plain main.o kernels.o -o program $libs -lm > log 2>&1 && ./program > out 2> log
}

# expect same|refused|either COMPILER FLAGS
expect() {
  run "$2" "$3"
  got=$?
  case $got in
  0) if ! cmp -s base out; then
       diff base out | head -20 > log
       not_ok "$2 $3: other bits"
     elif test "$1" = refused; then
       not_ok "$2 $3: not refused"
     else
       ok "$2 $3: the same bits"
     fi ;;
  2) if test "$1" = same; then not_ok "$2 $3: refused"; else ok "$2 $3: refused"; fi ;;
  *) not_ok "$2 $3: failed" ;;
  esac
}

fma=
if grep -q -w fma /proc/cpuinfo 2> /dev/null; then fma=-mfma; fi

compilers=
for c in gcc clang; do
  if ! command -v $c > /dev/null; then skip "$c" "not here"
  elif [ $c = clang ] && [ -n "$KB_TEST_CFLAGS" ]; then skip "$c" "the library is instrumented by gcc"
  else compilers="$compilers $c"; fi
done
first=
for c in $compilers; do
  if ! run "$c" "-O0 -ffp-contract=off"; then
    not_ok "$c: the plain build"
    continue
  fi
  if test -n "$first"; then
    if cmp -s base out; then ok "$c gives what $first gives"; else diff base out | head > log; not_ok "$c gives what $first gives"; fi
  else
    cp out base
    first=$c
  fi
  for f in -Ofast -ffast-math -ffinite-math-only; do
    expect refused $c "$f"
  done
  for f in -funsafe-math-optimizations "-fassociative-math -fno-signed-zeros -fno-trapping-math" -freciprocal-math -fno-signed-zeros; do
    expect either $c "$f"
    expect either $c "-O3 $f $fma"
  done
  for f in "-O3" "-O3 -march=native" "-O3 -march=native -fno-trapping-math" \
    "-O3 -march=native -ffp-contract=fast" "-O3 $fma -std=gnu11" "-O3 $fma -std=c99" "-O3 -frounding-math" \
    "-fno-trapping-math -fno-math-errno" -fwrapv -ftrapv "-funsigned-char -fshort-enums" "-O3 -fno-builtin" -Os -O1; do
    expect same $c "$f"
  done
done
# Functions for loop heads are compiled with an optimisation of their own: nothing is contracted in them either.
cat > heads.py <<'EOF'
import keelback as kb


@kb.kernel
def dot(x: kb.f64[::1], y: kb.f64[::1]) -> float:
    s = 0.0
    n = 1
    for i in range(min(len(x), len(y))):
        s = s + x[i] * y[i]
        n = n * 3
    return s + n
EOF
if ! "$KEELBACK" emit heads.py -o heads.c > log 2>&1 || ! grep -q KB_RESUME heads.c; then
  not_ok "heads.py has a function for its loop's head"
elif command -v gcc > /dev/null && test -n "$fma"; then
  for f in "-O3 -mfma" "-O3 -mfma -ffp-contract=fast" "-O3 -mfma -ffp-contract=off -DKB_NO_CONTRACT"; do
    if ! gcc -S $cflags -DKB_PYTHON $f heads.c -o heads.s > log 2>&1 || grep fmadd heads.s > log; then
      not_ok "gcc $f: nothing is contracted behind a loop's head"
    else ok "gcc $f: nothing is contracted behind a loop's head"; fi
  done
fi
if command -v gcc > /dev/null; then
  expect refused gcc -fsingle-precision-constant
  expect refused gcc -mfpmath=387
  expect same gcc "-O3 -fexcess-precision=fast"
  expect same gcc "-O3 -fsignaling-nans"
  expect same gcc "-O3 -march=native -mrecip"
  expect same gcc "-O3 -march=native -flto -ffat-lto-objects"
fi
if [ "${compilers#*clang}" != "$compilers" ]; then
  expect either clang "-O3 -march=native -fapprox-func"
  expect either clang "-O3 -march=native -ffp-model=fast"
  expect either clang "-O3 -march=native -funsafe-math-optimizations -mrecip=all"
  expect same clang "-O3 -march=native -ffp-contract=off -DKB_NO_CONTRACT"
fi
echo "1..$n"
