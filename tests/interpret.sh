#!/bin/sh
# SPDX-License-Identifier: MIT
# Kernels that the interpreter runs alone (KEELBACK_INTERPRET=1) compute what CPython computes: those of some files of
# tests/run (in full: of all). One TAP line a file.
#   sh tests/interpret.sh [full] [FILE.py...]
: "${srcdir:=.}" "${KEELBACK:=./keelback}" "${KB_TEST_SECONDS:=600}" "${KB_TEST_INPUTS:=40}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
files="options iterate sized"
if test "$1" = full; then
  shift
  KB_TEST_INPUTS=200 # as many as some kernels need to return 10 times
  files=$(cd "$srcdir/tests/run" && echo *.py | sed 's/\.py//g')
fi
test $# -eq 0 || files=$*
set -- $files
echo "1..$#"
n=0
bad=0
for f; do
  case $f in *.py) file=$f ;; *) file=$srcdir/tests/run/$f.py ;; esac
  n=$((n + 1))
  if KEELBACK_INTERPRET=1 timeout "$KB_TEST_SECONDS" "$KEELBACK" check "$file" -n "$KB_TEST_INPUTS" > "$tmp/out" 2>&1; then
    echo "ok $n - $f"
  else
    bad=1
    echo "not ok $n - $f"
    grep -v '^ok' "$tmp/out" | sed 's/^#*/#/' | head -60
  fi
done
exit $bad
