#!/bin/sh
# SPDX-License-Identifier: MIT
# Reductions and searches against OpenBLAS and gcc -O3 on the same loops by hand. 1: a figure is missed; 2: a result is wrong.
src=$(cd "$(dirname "$0")" && pwd)
keelback=${KEELBACK:-./keelback}
lib=${KEELBACK_LIB:-$(dirname "$keelback")}
cc=${CC:-gcc}
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
flags="-O3 -march=native"
blas=
for b in openblas cblas; do
  echo '#include <cblas.h>
int main(void) { return (int)cblas_sdot(0, 0, 1, 0, 1); }' >"$tmp/try.c"
  test -z "$blas" && $cc "$tmp/try.c" -o "$tmp/try" -l$b 2>/dev/null && blas="-DHAVE_BLAS -l$b"
done
test -n "$blas" || echo "no CBLAS here: install libopenblas-dev to compare with it"
"$keelback" emit "$src/reduce_kernels.py" -o "$tmp/k.c" --header "$tmp/reduce_kernels.h" || exit 2
$cc $("$keelback" config --kernel-cflags) $flags -c "$tmp/k.c" -o "$tmp/k.o" || exit 2
$cc $flags -ffp-contract=off -c "$src/reduce_plain.c" -o "$tmp/p.o" || exit 2
$cc -O2 $("$keelback" config --cflags) -I"$tmp" "$src/reduce.c" "$tmp/k.o" "$tmp/p.o" -o "$tmp/reduce" "$lib/libkeelback.a" $blas -lm -lpthread || exit 2
OPENBLAS_NUM_THREADS=1 "$tmp/reduce"
