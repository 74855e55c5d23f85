#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-guards: what checks cost with the plugin, against the same C without any and against C written by hand.
# Arguments go to bench/guards/run.py: names of kernels, --layouts 1, --json FILE ...
set -e
: "${srcdir:=.}" "${PYTHON:=python3}"
dir=$(mktemp -d "${TMPDIR:-/tmp}/keelback-guards.XXXXXX")
trap 'rm -rf "$dir"' EXIT
"$PYTHON" "$srcdir/bench/guards/run.py" --build "$dir" "$@"
