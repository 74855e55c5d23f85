#!/bin/sh
# SPDX-License-Identifier: MIT
# parse(print(f)) == f on the IR of every test kernel: generic, with types, specialised, optimised.
: "${srcdir:=.}" "${KEELBACK:=./keelback}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
for f in "$srcdir"/tests/run/*.py; do
  n=$((n + 1))
  bad=
  for stage in lower infer specialise dce; do
    if ! "$KEELBACK" ir "$f" --after $stage > "$tmp/once" 2> "$tmp/log" ||
       ! "$KEELBACK" opt "$tmp/once" > "$tmp/twice" 2>> "$tmp/log" ||
       ! diff "$tmp/once" "$tmp/twice" >> "$tmp/log"; then
      bad="$bad $stage"
      sed 's/^/# /' "$tmp/log" | head -20
    fi
  done
  if test -z "$bad"; then
    echo "ok $n - ${f#"$srcdir"/}"
  else
    echo "not ok $n - ${f#"$srcdir"/}: after$bad"
  fi
done
echo "1..$n"
