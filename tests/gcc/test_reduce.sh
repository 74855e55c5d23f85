#!/bin/sh
# SPDX-License-Identifier: MIT
# Reductions and searches: what the plugin makes of them, what it must leave alone, and the same bits as without it.
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
flags=$("$KEELBACK" config --kernel-cflags)
plain=$(printf '%s\n' "$flags" | sed 's/-fplugin=[^ ]*//')
case $flags in *-fplugin=*) ;; *) echo "1..0 # SKIP no plugin"; exit 0 ;; esac
case $(uname -m) in x86_64) ;; *) echo "1..0 # SKIP written for x86-64"; exit 0 ;; esac
n=0
result() { # status, text
  n=$((n + 1))
  if test "$1" = 0; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
code() { objdump -d --no-show-raw-insn "$tmp/p.o" | awk -v f="<$1>:" '$2 == f { on = 1 } on && NF == 0 { on = 0 } on'; }
has() { # function, pattern, text
  code "$1" | grep -qE "$2"
  result $? "$3"
}
hasnt() {
  ! code "$1" | grep -qE "$2"
  result $? "$3"
}
line() { grep -n "^def $1(" "$srcdir/tests/gcc/reduce.py" | cut -d: -f1; }

cp "$srcdir/tests/gcc/reduce.py" "$tmp/reduce.py"
cd "$tmp" || exit 1
"$KEELBACK" emit reduce.py -o k.c --header reduce.h || exit 1
src=$(cd "$OLDPWD" && cd "$srcdir" && pwd)
srcdir=$src
build() { # name, flags
  to=$1
  shift
  ${CC:-gcc} "$@" -I. -c k.c -o "$to.o" 2>"$to.log" &&
    ${CC:-gcc} -O1 $plain -I. "$srcdir/tests/gcc/reduce.c" "$to.o" "$KEELBACK_LIB/libkeelback.a" -lm -lpthread -o "$to" 2>>"$to.log" &&
    timeout 60 "./$to" >"$to.txt"
}
v3="-march=x86-64-v3"
build n $plain -O3 $v3
result $? "without the plugin"
build p $flags -fplugin-arg-keelback-check -fplugin-arg-keelback-verbose -O3 $v3
result $? "with the plugin"
cmp -s n.txt p.txt
result $? "the same bits: ties, zeros of both signs, values that are no numbers"
build o2 $flags -fplugin-arg-keelback-check -O2 && cmp -s n.txt o2.txt
result $? "the same at -O2 without AVX"
build g $flags -fplugin-arg-keelback-check -O3 -g $v3 && cmp -s n.txt g.txt
result $? "the same with -g"

has sum_any 'vaddpd .*ymm' "reassoc: a sum is added in vectors"
test "$(code sum_any | grep -cE 'vaddpd .*ymm')" -ge 7
result $? "with several accumulators"
hasnt sum_strict 'vaddpd .*ymm' "its twin without reassoc is not"
has sum_both 'vaddpd .*ymm' "inlined into a kernel that does not allow it, the marked loop keeps its mark"
has axpy_fused 'vfmadd.*ymm' "contract: product and addition are one operation"
hasnt axpy_strict 'vfmadd' "its twin without contract has two"
hasnt scale_arcp 'vdivpd' "arcp: no quotients in the loop"

for f in largest smallest_at last_largest_at both_ends any_below find smallest_place top top_last low32 some_below break_at all_above some_equal mirrored last_at last_smallest; do
  at=$(line $f)
  awk -v a="$at" -F: '/skipped/ && $2 >= a && $2 < a + 9 { found = 1 } END { exit !found }' p.log
  result $? "$f: strips are skipped"
done
for f in top_int:vpcmpgtq top_any:vmaxpd; do
  has ${f%:*} "${f#*:}.*ymm" "${f%:*}: a reduction of the vectoriser's"
done
for f in "top_any:as it likes" "last_below:taken often" "place_or_none:not known ahead" "every_other:do not lie" "strided:do not lie side by side" "unchecked:not known whether" "counted:taken often"; do
  at=$(line "${f%%:*}")
  awk -v a="$at" -v what="${f#*:}" -F: 'index($0, what) && $2 >= a && $2 < a + 9 { found = 1 } END { exit !found }' p.log
  result $? "${f%%:*}: ${f#*:}"
done
at=$(line not_wanted)
! awk -v a="$at" -F: '/skipped/ && $2 >= a && $2 < a + 9 { found = 1 } END { exit !found }' p.log
result $? "vectorize=False: left alone"

cat >bad.py <<'END'
import keelback as kb
@kb.kernel(unroll={"k": 4})
def f(x: kb.f64[:]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s
END
"$KEELBACK" emit bad.py -o bad.c 2>bad.log
grep -q "bad.py:3:.*no loop of 'f' has the variable 'k'; its loops have 'i'" bad.log
result $? "a hint for a loop that there is not is an error that names the loops"
echo "1..$n"
