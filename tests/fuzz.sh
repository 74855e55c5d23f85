#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh SECONDS [SEED]: checks the kernels of tests/run against CPython with fresh inputs until the time is up,
# one seed a round. A failure shows the kernel, its smallest failing input and the seed.
: "${srcdir:=.}" "${KEELBACK:=./keelback}"
seconds=${1:-60} seed=${2:-$(date +%s)}
end=$(($(date +%s) + seconds)) files=0 inputs=0
log=$(mktemp) && trap 'rm -f "$log"' EXIT
while :; do
  for f in "$srcdir"/tests/run/*.py; do
    [ "$(date +%s)" -lt $end ] || break 2
    if ! timeout 600 "$KEELBACK" check -n 300 --seed "$seed" "$f" >"$log" 2>&1; then
      grep -v '^ok ' "$log"
      echo "fuzz: $f fails: keelback check -n 300 --seed $seed $f"
      exit 1
    fi
    files=$((files + 1)) inputs=$((inputs + $(sed -n 's/^ok .*: \([0-9]*\) inputs:.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')))
  done
  seed=$((seed + 1))
done
echo "fuzz: $inputs inputs in $files runs of files, last seed $seed: no difference from CPython"
[ $inputs -gt 0 ]
