#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-poll: what polls cost in loops, against the same kernels without any, and how soon Ctrl-C arrives.
set -e
: "${srcdir:=.}" "${PYTHON:=python3}" "${KEELBACK:=keelback}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/keelback-poll.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cp "$srcdir/bench/poll_kernels.py" "$dir/poll_with.py"
cp "$srcdir/bench/poll_kernels.py" "$dir/poll_without.py"
"$KEELBACK" build "$dir/poll_with.py" -o "$dir/poll_with.so" -O3 -march=native
"$KEELBACK" build "$dir/poll_without.py" -o "$dir/poll_without.so" -O3 -march=native -DKB_NO_POLL
rm "$dir"/*.py
PYTHONPATH="$dir${PYTHONPATH:+:$PYTHONPATH}" "$PYTHON" "$srcdir/bench/poll.py" "$@"
