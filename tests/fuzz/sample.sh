#!/bin/sh
# SPDX-License-Identifier: MIT
# A few random kernels of a fixed seed against CPython, without passes and with gcc -O1: `make fuzz` makes new ones. TAP.
: "${srcdir:=.}" "${PYTHON:=python3}"
log=$(mktemp) && trap 'rm -f "$log"' EXIT
n=0
for engine in no-opt gcc-O1; do
  n=$((n + 1))
  if timeout 300 "$PYTHON" "$srcdir/tests/fuzz/fuzz.py" -T 0 --seed 41 --kernels 24 --inputs 30 --engines $engine >"$log" 2>&1; then
    echo "ok $n - random kernels, $engine: $(sed -n "s/^fuzz: $engine: //p" "$log")"
  else
    echo "not ok $n - random kernels, $engine"
    sed 's/^/# /' "$log"
  fi
done
echo 1..$n
