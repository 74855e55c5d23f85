#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-gemm: matrix products from plain loops, against OpenBLAS on one thread. An argument: seconds for a size (1).
set -e
: "${srcdir:=.}" "${CC:=gcc}" "${PYTHON:=python3}" "${KEELBACK:=keelback}" "${KEELBACK_LIB:=$(dirname "$KEELBACK")}"
blas=$(pkg-config --libs openblas 2>/dev/null || echo -lopenblas)
dir=$(mktemp -d "${TMPDIR:-/tmp}/keelback-gemm.XXXXXX")
trap 'rm -rf "$dir"' EXIT
echo 'void cblas_dgemm(void); int main(void) { cblas_dgemm(); return 0; }' >"$dir/there.c"
# $blas and $flags are words
if ! "$CC" "$dir/there.c" -o "$dir/there" $blas 2>/dev/null; then
  echo "bench-gemm: skipped: OpenBLAS is not installed (apt-get install libopenblas-dev)"
  exit 0
fi
flags="-O3 -march=native $("$KEELBACK" config --kernel-cflags)"
plain=$(echo "$flags" | sed 's/-fplugin[^ ]*//g')
"$KEELBACK" emit "$srcdir/bench/gemm_kernels.py" -o "$dir/gemm_kernels.c" --header "$dir/gemm_kernels.h"
"$CC" $flags -w -c "$dir/gemm_kernels.c" -o "$dir/kernels.o"
"$PYTHON" "$srcdir/bench/unguard.py" "$dir/gemm_kernels.c" -o "$dir/plain.c"
"$CC" $plain -w -DKB_NO_POLL -I"$dir" -c "$dir/plain.c" -o "$dir/plain.o"
names=
for k in gemm_f64 gemm_f32 gemv_f64 gemv_f32; do names="$names --redefine-sym $k=plain_$k --keep-global-symbol=plain_$k"; done
objcopy $names "$dir/plain.o"
"$CC" -O2 -std=gnu11 -I"$dir" -I"$srcdir/include" "$srcdir/bench/gemm.c" "$dir/kernels.o" "$dir/plain.o" -o "$dir/gemm" \
  -L"$KEELBACK_LIB" -lkeelback $blas -lm -lpthread -ldl
echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), load $(cut -d' ' -f1-3 /proc/loadavg)"
echo "compiler: $("$CC" --version | head -n 1); $flags"
echo "keelback $("$KEELBACK" config --version), OpenBLAS $(pkg-config --modversion openblas 2>/dev/null || echo '?')"
OPENBLAS_NUM_THREADS=1 "$dir/gemm" "$@"
