#!/bin/sh
# SPDX-License-Identifier: MIT
# Kernels in which guards fail on demand compute what CPython computes: every kernel of some files of tests/run (in full:
# of all), with a sample of the guards that each input executes (in full: all of them, at the first, a middle and the
# last execution) failing in turn. One TAP line a file.
#   sh tests/stress.sh [full] [FILE.py...]
: "${srcdir:=.}" "${KEELBACK:=./keelback}" "${KB_STRESS_SEED:=1}" "${KB_TEST_SECONDS:=600}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
inputs=12
how=$KB_STRESS_SEED
files="calls loops tuples"
if test "$1" = full; then
  shift
  inputs=${KB_STRESS_INPUTS:-100}
  how=
  files=$(cd "$srcdir/tests/run" && echo *.py | sed 's/\.py//g; s/shared_kernels//')
fi
test $# -eq 0 || files=$*
set -- $files
echo "1..$(($# + 2))"
n=0
bad=0
say() { # say STATUS TEXT: one TAP line, and what was said when it failed
  n=$((n + 1))
  if test "$1" -eq 0; then echo "ok $n - $2"; return; fi
  bad=1
  echo "not ok $n - $2"
  grep -v '^ok' "$tmp/out" | sed 's/^#*/#/' | head -60
}
for f; do
  case $f in *.py) file=$f ;; *) file=$srcdir/tests/run/$f.py ;; esac
  timeout "$KB_TEST_SECONDS" "$KEELBACK" check "$file" -n $inputs --stress $how > "$tmp/out" 2>&1
  say $? "$f"
done

# The same by the environment, in a module that stands alone.
cat > "$tmp/sums.py" <<'E2'
import keelback as kb

@kb.kernel
def sums(n: int) -> int:
    s = 0
    for i in range(n):
        s += i * i
    return s

@kb.kernel
def twice(n: int) -> int:
    a = kb.zeros(n, dtype=kb.i64)
    return len(a) + len(kb.ones(n, dtype=kb.i64))
E2
cat > "$tmp/run.py" <<'E2'
import sys
import sums
print(sums.sums(10))
try:
    print(sums.twice(3))
except MemoryError as e:
    print(type(e).__name__)
E2
(cd "$tmp" && "$KEELBACK" build sums.py -o sums.so --stress && mv sums.py source.py) > "$tmp/out" 2>&1
run() { (cd "$tmp" && PYTHONPATH=$PYTHONPATH:. KB_STRESS=$1 "${PYTHON:-python3}" run.py) >> "$tmp/out" 2>&1; }
run count && grep -q "^KB_STRESS [0-9]* 10 .*sums.py:7:overflow" "$tmp/out"
say $? "KB_STRESS=count counts"
status=0
for mode in 0:first 0:10 sums.py:7:overflow:3 random:7:0.5 random:7:1; do
  : > "$tmp/out"
  run $mode
  test "$(cat "$tmp/out")" = "285
6" || status=1
done
for k in 1 2; do
  : > "$tmp/out"
  run alloc:$k
  test "$(cat "$tmp/out")" = "285
MemoryError" || status=1
done
say $status "guards and allocations fail where KB_STRESS says so"
exit $bad
