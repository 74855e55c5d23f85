#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/check itself: what it has to accept and, above all, what it has to refuse.
: "${CHECK:=./tests/check}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
# try STATUS "test file" "output", the last two for printf
try() {
  n=$((n + 1))
  printf "$2" > "$tmp/file"
  printf "$3" | "$CHECK" "$tmp/file" > "$tmp/log" 2>&1
  status=$?
  name=$(printf '%s on %s' "$2" "$3" | sed 's/# //g')
  if test $status -eq "$1"; then
    printf 'ok %d - %s\n' $n "$name"
  else
    printf 'not ok %d - status %d, not %d: %s\n' $n $status "$1" "$name"
    sed 's/^/# /' "$tmp/log"
  fi
}
try 0 '# CHECK: a' 'x\na\n'
try 1 '# CHECK: a' 'x\n'
try 1 '# CHECK: a' ''
try 0 '# CHECK: a\n# CHECK: b' 'a\nx\nb\n'
try 1 '# CHECK: b\n# CHECK: a' 'a\nb\n'
try 0 '# CHECK: a\n# CHECK: b' 'ab\n'
try 1 '# CHECK: b\n# CHECK: a' 'ab\n'
try 1 '# CHECK: a\n# CHECK: a' 'a\n'
try 0 '# CHECK: a\n# CHECK-NEXT: b' 'x\na\nb\n'
try 1 '# CHECK: a\n# CHECK-NEXT: b' 'a\nx\nb\n'
try 1 '# CHECK: a\n# CHECK-NEXT: b' 'a\n'
try 0 '# CHECK: a\n# CHECK-NOT: x\n# CHECK: b' 'x\na\nb\nx\n'
try 1 '# CHECK: a\n# CHECK-NOT: x\n# CHECK: b' 'a\nx\nb\n'
try 1 '# CHECK: a\n# CHECK-NOT: x' 'a\nb\nx\n'
try 0 '# CHECK: a\n# CHECK-NOT: x' 'x\na\nb\n'
try 0 '# CHECK-NOT: x' 'a\n'
try 0 '# CHECK-NOT: x' ''
try 1 '# CHECK-NOT: x' 'a\nx\n'
try 1 '# CHECK-NOT: y\n# CHECK-NOT: x' 'a\ny\n'
try 0 '# CHECK-COUNT-2: g' 'g\na\ng\n'
try 1 '# CHECK-COUNT-2: g' 'g\na\ng\ng\n'
try 1 '# CHECK-COUNT-2: g' 'g\n'
try 0 '# CHECK-COUNT-0: g' 'a\n'
try 1 '# CHECK-COUNT-0: g' 'g\n'
try 0 '# CHECK-LABEL: f1\n# CHECK: a\n# CHECK-LABEL: f2\n# CHECK: b' 'f1\na\nf2\nb\n'
try 1 '# CHECK-LABEL: f1\n# CHECK: b\n# CHECK-LABEL: f2' 'f1\na\nf2\nb\n'
try 1 '# CHECK-LABEL: f1\n# CHECK-LABEL: f3' 'f1\nf2\n'
try 0 '# CHECK-LABEL: f1\n# CHECK-NOT: b\n# CHECK-LABEL: f2\n# CHECK: b' 'f1\na\nf2\nb\n'
try 1 '# CHECK-LABEL: f1\n# CHECK-NOT: b\n# CHECK-LABEL: f2\n# CHECK: b' 'f1\na b\nf2\nb\n'
try 0 '# CHECK-LABEL: f1\n# CHECK-COUNT-1: g\n# CHECK-LABEL: f2\n# CHECK-COUNT-2: g' 'f1\ng\nf2\ng\ng\n'
try 0 '# CHECK-LABEL: f1\n# CHECK-NEXT: a' 'f1\na\n'
try 1 '# CHECK-LABEL: f1\n# CHECK-NEXT: a' 'f1\nb\na\n'
try 0 '# CHECK: [[A:%%[a-z.0-9]+]] = x\n# CHECK: y [[A]], 1' '%%a.1  = x\ny  %%a.1, 1\n'
try 1 '# CHECK: [[A:%%[a-z.0-9]+]] = x\n# CHECK: y [[A]], 1' '%%a.1 = x\ny %%a.2, 1\n'
try 1 '# CHECK: [[A:%%a.1]] = x\n# CHECK: y [[A]]' '%%a.1 = x\ny %%ab1\n' # a name's text is no pattern
try 0 '# CHECK: a{{[0-9]+}}b' 'a12b\n'
try 1 '# CHECK: a{{[0-9]+}}b' 'axb\n'
try 0 '# CHECK: f(x) * [y]' 'f(x)   *	[y]\n'
try 1 '# CHECK: f.x' 'fax\n'
try 2 '# nothing to check' 'a\n'
try 2 '# CHECK: {{(}}' 'a\n'
try 2 '# CHECK: [[NEVER]]' 'a\n'
echo "1..$n"
