#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BUILDDIR: compiles kernels.py for C and for Python with the keelback of that build folder and runs it
# from both, comparing every result with plain C and with CPython. Works in a temporary folder.
set -u
here=$(cd "$(dirname "$0")" && pwd) && build=$(cd "${1:?usage: run.sh BUILDDIR}" && pwd) || exit 2
kb=$build/keelback
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
cp "$here/kernels.py" "$here/main.c" "$here/run.py" "$tmp/" && cd "$tmp" || exit 1
die() { echo "examples/blas: $*" >&2; exit 1; }

"$kb" build kernels.py -o kernels.o --header kernels.h -O3 || die "kernels.py was not built for C"
${CC:-cc} -std=c11 -O3 -Wall -Wextra -ffp-contract=off main.c kernels.o $("$kb" config --cflags --libs) -o blas ||
  die "main.c does not compile and link"
./blas || die "the C program failed"
rm kernels.o kernels.h

mkdir lib && "$kb" build kernels.py -o lib/kernels.so -O3 && rm kernels.py || die "kernels.py was not built for Python"
PYTHONPATH=$tmp/lib:$build/python${PYTHONPATH:+:$PYTHONPATH} "$("$kb" config --python)" run.py || die "the Python program failed"
echo "  all results agree with plain C and with CPython, bit for bit"
