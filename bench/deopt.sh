#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-deopt: what a deopt costs, from the failed guard to the finished result, against the same call without one.
set -e
: "${srcdir:=.}" "${PYTHON:=python3}" "${KEELBACK:=keelback}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/keelback-deopt.XXXXXX")
trap 'rm -rf "$dir"' EXIT
"$KEELBACK" build "$srcdir/bench/deopt_kernels.py" -o "$dir/deopt_built.so"
PYTHONPATH="$dir${PYTHONPATH:+:$PYTHONPATH}" "$PYTHON" "$srcdir/bench/deopt.py" "$@"
