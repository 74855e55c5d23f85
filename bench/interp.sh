#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-interp: the interpreter alone against CPython: the same functions, in one process, in turns.
set -e
: "${srcdir:=.}" "${PYTHON:=python3}" "${KEELBACK:=keelback}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/keelback-interp.XXXXXX")
trap 'rm -rf "$dir"' EXIT
"$KEELBACK" build "$srcdir/bench/interp_kernels.py" -o "$dir/interp_built.so"
KEELBACK_INTERPRET=1 PYTHONPATH="$dir:$srcdir/bench${PYTHONPATH:+:$PYTHONPATH}" "$PYTHON" "$srcdir/bench/interp.py" "$@"
PYTHONPATH="$dir:$srcdir/bench${PYTHONPATH:+:$PYTHONPATH}" "$PYTHON" "$srcdir/bench/interp.py" --tiers "$@"
