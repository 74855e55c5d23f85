#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-frontend: the front end's own work, in instructions, against gcc -O3 on the C that it prints.
# Interpreter start and imports are excluded: a file of one kernel is subtracted. gcc is counted over 100 kernels
# and scaled, because counting it over 1,000 takes a quarter of an hour. Needs valgrind. Fails when the front end
# takes more than 10 % of gcc, grows faster than linearly, or when one kernel costs more than Python's start + 20 ms.
set -e
: "${srcdir:=.}" "${PYTHON:=python3}" "${CC:=gcc}" "${KEELBACK:=keelback}"
command -v valgrind >/dev/null || { echo "bench-frontend: valgrind is missing: apt-get install valgrind"; exit 2; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/keelback-frontend.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cflags=$("$KEELBACK" config --cflags)

for n in 1 100 500 1000; do
  "$PYTHON" "$srcdir/bench/frontend.py" kernels $n >"$dir/k$n.py"
  "$KEELBACK" emit "$dir/k$n.py" -o "$dir/k$n.c" --header "$dir/k$n.h"
done
$CC -O3 $cflags -I"$dir" -c "$dir/k1000.c" -o "$dir/k1000.o" # it compiles at all

count() { # instructions of a command, children included
  rm -f "$dir"/cg.*
  valgrind --tool=callgrind --trace-children=yes --callgrind-out-file="$dir/cg.%p" "$@" >/dev/null 2>"$dir/log" ||
    { cat "$dir/log"; exit 1; }
  awk '/^(summary|totals):/ { if (FILENAME != last) n += $2; last = FILENAME } END { printf "%.0f\n", n }' "$dir"/cg.*
}
for n in 1 100 500 1000; do
  echo "$n $(count "$KEELBACK" emit "$dir/k$n.py" -o "$dir/x.c" --header "$dir/x.h")"
done >"$dir/front"
count $CC -O3 $cflags -I"$dir" -S "$dir/k100.c" -o "$dir/k100.s" >"$dir/gcc100"
count $CC -O3 $cflags -I"$dir" -S "$dir/k1.c" -o "$dir/k1.s" >"$dir/gcc1"
"$PYTHON" "$srcdir/bench/frontend.py" report "$dir" "$KEELBACK" "$CC"
