#!/bin/sh
# SPDX-License-Identifier: MIT
# Guards that depend on data: which loops are cut into inspected strips, which must not be, and that nothing else changes.
# Run by make check, or: KEELBACK=... KEELBACK_PLUGIN=.../keelback.so CC=gcc sh tests/gcc/test_strips.sh
src=$(cd "$(dirname "$0")" && pwd)
inc=$src/../../include
cc=${CC:-gcc}
keelback=${KEELBACK:-keelback}
plugin=${KEELBACK_PLUGIN-${builddir:-.}/plugin/keelback.so}
unset LD_PRELOAD

test -f "$plugin" || { echo "1..0 # SKIP no plugin was built"; exit 0; }
case $plugin in /*) ;; *) plugin=$(pwd)/$plugin ;; esac
test -f "$(dirname "$plugin")/keelback-gcc$($cc -dumpversion | sed 's/\..*//').so" || { echo "1..0 # SKIP the plugin is not for this GCC"; exit 0; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cp "$src/strips.py" "$tmp" && cd "$tmp" || exit 1

n=0
result() { # status, title: a failure shows what the test left in the file log
  n=$((n + 1))
  if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' log 2>/dev/null; fi
  : >log
}
flags=$("$keelback" config --kernel-cflags | tr ' ' '\n' | grep -v '^-fplugin' | tr '\n' ' ')
# shellcheck disable=SC2086
compile() { timeout 300 $cc $flags -I"$inc" -w "$@"; }
with() { compile -fplugin="$plugin" -fplugin-arg-keelback-check "$@"; }

"$keelback" emit strips.py -o strips.c --header strips.h >log 2>&1 && compile -O1 -c strips.c -o plain0.o 2>>log &&
  nm -g --defined-only plain0.o | awk '{ print $3, "plain_" $3 }' >names && objcopy --redefine-syms=names plain0.o plain.o
result $? "the kernels, without the plugin"

# The line of each kernel's loop, and what was decided there: "line: text".
with -O3 -march=native -fplugin-arg-keelback-verbose -c strips.c -o with.o >remarks 2>&1
result $? "the kernels, with GCC's verifiers around the passes"
sed -n 's/^strips.py:\([0-9]*\):.*keelback inspect: \(.*\)/\1: \2/p' remarks | sort -u >decided
where() { awk -v k="def $1(" 'index($0, k) { on = 1 } on && /for / { l = NR } on && /^$/ { exit } END { print l }' strips.py; }
said() { # kernel, pattern
  line=$(where "$1"); grep -q "^$line: .*$2" decided || { echo "line $line:"; cat decided; } >log; test ! -s log
}
for k in quotient strided in_place ahead root length narrow gather scaled branch backwards thirds rows knapsack; do
  said $k "looked at for .* ahead of the loop"; result $? "$k: inspected ahead"
done
for k in count count32 count_f weigh twice chosen spread mixed; do
  said $k "guards on indices are looked at for .* ahead of the loop"; result $? "$k: guards on indices inspected ahead"
done
for k in count count8 count32 count_f chosen; do
  said $k "1 on sums in elements by a look at all of these; 0 stay"; result $? "$k: all elements looked at"
done
said twice "2 on sums in elements"; result $? "twice: all elements looked at once"
said weigh "0 on sums in elements"; result $? "weigh: what is added changes"
said mixed "0 on sums in elements"; result $? "mixed: elements are stored to in another way"
said pick "ahead of the loop.* 1 on indices"; result $? "pick: by the largest index"
for k in total masked product product32 least two; do
  said $k "looked at for .* beside the loop"; result $? "$k: inspected beside, as nothing is stored"
done
twin() { said "$1" "$2"; result $? "$1: $2"; }
twin no_scan "a running value is stored"
twin no_stored "a guard depends on what the loop has stored"
twin no_chain "index is data itself"
twin no_hash "depends on itself a turn before"
twin no_pointer "how far the memory behind a raw pointer reaches"
twin no_raise "a guard depends on data and on the turn"
twin no_break "it can be left in the middle"
twin no_order "a float sum is added in order"
twin no_threads "other threads may write"
twin no_bounds "indices are not checked"

# A guard that stays on an index asks once, of the usual way: no choice by the sign (fromend.cc).
case $($cc -dumpmachine) in x86_64*)
  with -O2 -S strips.c -o with.s >log 2>&1 && compile -O2 -S strips.c -o without.s >>log 2>&1
  signs() { awk '/^no_order:/ { on = 1 } on && /p2align 3/ { loop = 1 } loop && /addsd/ { exit } loop && /cmovn?s|\tjn?s\t/' "$1" | wc -l; }
  test "$(signs with.s)" = 0 && test "$(signs without.s)" -gt 0; result $? "a kept guard on an index makes one comparison"
esac

for o in "-O3 -march=native" "-O2" "-O3 -fwrapv" "-Os" "-O3 -march=native -flto"; do
  # shellcheck disable=SC2086
  with $o -fplugin-arg-keelback-count -c strips.c -o with.o >log 2>&1 &&
    compile $o -fplugin="$plugin" -I. "$src/strips.c" plain.o with.o -lm -o prog >>log 2>&1 && timeout 300 ./prog 150 >>log
  result $? "the same results, memory, exits and live values at $o; every fast copy was taken"
done
echo "1..$n"
