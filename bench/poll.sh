#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-poll: what polls cost in loops, against the same kernels without any, and how soon Ctrl-C arrives.
set -e
: "${srcdir:=.}" "${PYTHON:=python3}" "${KEELBACK:=keelback}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/keelback-poll.XXXXXX")
trap 'rm -rf "$dir"' EXIT
# How gcc lays a loop out can double its time, with polls or without; so several layouts are tried, and the best counts.
k=0
for layout in -falign-loops=16 -falign-loops=64 "-O2 -falign-loops=32"; do
  k=$((k + 1))
  for how in with without; do
    cp "$srcdir/bench/poll_kernels.py" "$dir/poll_$how$k.py"
    test $how = with && define= || define=-DKB_NO_POLL
    # $layout and $define are words
    "$KEELBACK" build "$dir/poll_$how$k.py" -o "$dir/poll_$how$k.so" -O3 -march=native $layout $define
  done
done
rm "$dir"/*.py
PYTHONPATH="$dir${PYTHONPATH:+:$PYTHONPATH}" "$PYTHON" "$srcdir/bench/poll.py" "$@"
