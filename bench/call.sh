#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-call: what a call of a kernel from Python costs, against a C function written by hand. Builds both with
# the same compiler and -O2, then runs call.py, which fails when Keelback's calls are too slow.
set -e
: "${srcdir:=.}" "${PYTHON:=python3}" "${CC:=gcc}" "${KEELBACK:=keelback}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/keelback-call.XXXXXX")
trap 'rm -rf "$dir"' EXIT
include=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')
numpy=$("$PYTHON" -c 'import numpy; print("-DWITH_NUMPY -I" + numpy.get_include())' 2>/dev/null) || numpy=
"$KEELBACK" build "$srcdir/bench/call_kernels.py" -o "$dir/call_built.so"
# $CC and $numpy are several words
$CC -O2 -fPIC -shared -fvisibility=hidden -I"$include" $numpy "$srcdir/bench/call_ref.c" -o "$dir/call_ref.so"
PYTHONPATH="$dir${PYTHONPATH:+:$PYTHONPATH}" "$PYTHON" "$srcdir/bench/call.py" "$@"
