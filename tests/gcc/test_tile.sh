#!/bin/sh
# SPDX-License-Identifier: MIT
# Nests in another order: tile= hints and exchanged loops (tile.py), strict sums side by side (jam.py), and what is told of arrays
# (facts.py): which are done,
# which are not, and why; and that results are those without the plugin, to the bit.
src=$(cd "$(dirname "$0")" && pwd)
cc=${CC:-gcc}
python=${PYTHON:-python3}
keelback=${KEELBACK:-${builddir:-.}/keelback}
plugin=${KEELBACK_PLUGIN-${builddir:-.}/plugin/keelback.so}
unset LD_PRELOAD

test -f "$plugin" || { echo "1..0 # SKIP no plugin was built"; exit 0; }
case $plugin in /*) ;; *) plugin=$(pwd)/$plugin ;; esac
case $keelback in /*) ;; *) keelback=$(pwd)/$keelback ;; esac
part=$(dirname "$plugin")/keelback-gcc$($cc -dumpversion | sed 's/\..*//').so
test -f "$part" || { echo "1..0 # SKIP the plugin is not for this GCC"; exit 0; }
KEELBACK=$keelback KEELBACK_PLUGIN=$plugin
export KEELBACK KEELBACK_PLUGIN
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp" || exit 1

n=0
result() { # status, title: a failure shows what the test left in the file log
  n=$((n + 1))
  if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' log 2>/dev/null; fi
  : >log
}
# The decisions about FILE.py, one a line: kernel, pass, the first words.
decisions() { # name, passes
  cp "$src/$1.py" . && "$keelback" emit "$1.py" -o "$1.c" --header "$1.h" &&
  "$cc" -O3 -mavx2 -fno-math-errno -fno-trapping-math -ffp-contract=off -w -I"$src/../../include" -fplugin="$plugin" \
    -fplugin-arg-keelback-check -fplugin-arg-keelback-report="$1.json" -c "$1.c" -o "$1.o" &&
  sed -n 's/.*"function": "\([a-z0-9_]*\)".*"pass": "\('"$2"'\)", "outcome": "[a-z]*", "text": "\([^"]*\)".*/\1 \2: \3/p' "$1.json"
}

cat >want <<'END'
sums swap: the loops are exchanged: the inner one walked along columns
scaled swap: the loops are exchanged: the inner one walked along columns
down swap: the loops are exchanged: the inner one walked along columns
no_against swap: the inner loop walks along columns, but: the loops cannot be exchanged: an element depends on another turn in direction (<,>)
no_triangle swap: the inner loop walks along columns, but: its bounds depend on the outer loop
no_live swap: the inner loop walks along columns, but: more is carried from turn to turn than the loops' variables
transpose tile: tiled (i: 8, j: 16)
minplus tile: tiled (i: 8, j: 16, k: 4)
wave tile: tiled (i: 5, j: 7)
triangle tile: tiled (i: 8, j: 4)
no_skew tile: not tiled: not permutable: an element depends on another turn in direction (<,>)
no_between tile: not tiled: there are statements between its loops, or several loops in one
no_scalar tile: not tiled: a value other than an element of an array is carried from turn to turn
END
decisions tile 'tile\|swap' >got 2>log && diff want got >>log
result $? "loops are exchanged and tiled where dependences allow it; near twins are left, with the reason"

cat >want <<'END'
norms jam: 8 sums run side by side, each in its order; rows are transposed in registers
apart32 jam: 16 sums run side by side, each in its order; rows are transposed in registers
columns jam: 16 sums run side by side, each in its order
distances jam: 8 sums run side by side, each in its order; rows are transposed in registers
convolution2 jam: 16 sums run side by side, each in its order
two_sums jam: 8 sums run side by side, each in its order; rows are transposed in registers
mixed jam: 16 sums run side by side, each in its order
scans jam: 8 sums run side by side, each in its order
chosen jam: 8 sums run side by side, each in its order
no_carried jam: sums are not run side by side: turns depend on each other: an element depends on another turn in direction (<,>)
no_triangle jam: sums are not run side by side: they have different numbers of terms
no_branch jam: sums are not run side by side: what is done depends on the row's values
no_same_array jam: sums are not run side by side: turns depend on each other: an element depends on another turn in direction (<,>)
END
decisions jam jam >got 2>log && diff want got >>log
result $? "strict sums of rows that do not depend on each other run side by side; near twins are left, with the reason"

cat >want <<'END'
stencil facts: its arrays are known to be apart
outer facts: its arrays are known to be apart, and elements to lie side by side
held facts: its arrays are known to be apart
two_stores facts: its arrays are known to be apart
triangle facts: its arrays are known to be apart
cube facts: its arrays are known to be apart, and elements to lie side by side
END
decisions facts facts >got 2>log && diff want got >>log
result $? "arrays are known to be apart, and elements side by side, where that is of use"

cat >want <<'END'
transposed transpose: rows become columns by squares in registers (kb_transpose)
by_columns transpose: rows become columns by squares in registers (kb_transpose)
part transpose: rows become columns by squares in registers (kb_transpose)
batch transpose: rows become columns by squares in registers (kb_transpose)
no_triangle transpose: rows become columns, but: its bounds depend on the outer loop
END
decisions transpose transpose >got 2>log && diff want got >>log
result $? "rows become columns by a call; near twins are left"

for f in tile jam facts transpose; do
  "$python" "$src/nests.py" "$src/$f.py" -n "${CALLS:-40}" --flags="-O3 -mavx2" >log 2>&1
  result $? "$f.py: same results and memory with the plugin: $(tail -n 1 log)"
done
"$python" "$src/nests.py" "$src/jam.py" -n "${CALLS:-40}" --seed 2 --flags=-O2 >log 2>&1
result $? "jam.py with vectors of 16 bytes at -O2: $(tail -n 1 log)"
for flags in -O2 "-O3 -fwrapv"; do
  "$python" "$src/nests.py" "$src/facts.py" -n "${CALLS:-40}" --seed 3 --flags="$flags" >log 2>&1
  result $? "facts.py with $flags: $(tail -n 1 log)"
done
KEELBACK_ISA=any "$python" "$src/nests.py" "$src/transpose.py" -n "${CALLS:-40}" --seed 4 --flags=-O2 >log 2>&1
result $? "transpose.py with vectors of 16 bytes: $(tail -n 1 log)"
echo "1..$n"
