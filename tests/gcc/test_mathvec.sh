#!/bin/sh
# SPDX-License-Identifier: MIT
# Math functions of loops: vector functions of libmvec with fastmath=True, the scalar functions' bits without. TAP.
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
flags=$("$KEELBACK" config --kernel-cflags)
plain=$(printf '%s\n' "$flags" | sed 's/-fplugin=[^ ]*//')
case $flags in *-fplugin=*) ;; *) echo "1..0 # SKIP no plugin"; exit 0 ;; esac
case $(uname -m) in x86_64) ;; *) echo "1..0 # SKIP written for x86-64"; exit 0 ;; esac
echo 'double _ZGVbN2v_erf(double); int main(void) { return _ZGVbN2v_erf(0) != 0; }' >"$tmp/has.c"
${CC:-gcc} "$tmp/has.c" -lm -o "$tmp/has" 2>/dev/null || { echo "1..0 # SKIP no libmvec with erf"; exit 0; }
n=0
result() { # status, text
  n=$((n + 1))
  if test "$1" = 0; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
code() { objdump -dr --no-show-raw-insn "$tmp/$1.o" | awk -v f="<$2>:" '$2 == f { on = 1 } on && NF == 0 { on = 0 } on'; }

src=$(cd "$srcdir" && pwd)
cp "$src/tests/gcc/mathvec.py" "$tmp/mathvec.py"
cd "$tmp" || exit 1
"$KEELBACK" emit mathvec.py -o k.c --header mathvec.h || exit 1
build() { # name, flags
  to=$1
  shift
  ${CC:-gcc} "$@" -I. -c k.c -o "$to.o" >"$to.log" 2>&1 &&
    ${CC:-gcc} -O1 $plain -I. "$src/tests/gcc/mathvec.c" "$to.o" "$KEELBACK_LIB/libkeelback.a" -lm -lpthread -o "$to" >>"$to.log" 2>&1
}
run() { # name, text, flags
  to=$1 text=$2
  shift 2
  build "$to" "$@" && timeout 60 "./$to" >"$to.txt" 2>&1
  result $? "$text"
  test -s "$to.txt" && sed 's/^/# /' "$to.txt"
}
run n "without the plugin" $plain -O3
run p "with the plugin: results within 4 units, exceptions, what was stored before them" $flags -fplugin-arg-keelback-check \
  -fplugin-arg-keelback-verbose -O3
run o2 "the same at -O2 with -g and -fPIC" $flags -fplugin-arg-keelback-check -O2 -g -fPIC
build v3 $flags -fplugin-arg-keelback-check -O3 -march=x86-64-v3
result $? "with AVX2"
if grep -q ' avx2 ' /proc/cpuinfo && grep -q ' fma ' /proc/cpuinfo; then
  timeout 60 ./v3 >v3.txt 2>&1
  result $? "its results"
  test -s v3.txt && sed 's/^/# /' v3.txt
fi
for f in exp log sin erf pow; do
  v=v
  test $f = pow && v=vv
  code p ${f}_any | grep -q "_ZGVbN2${v}_$f" && code v3 ${f}_any | grep -q "_ZGVdN4${v}_$f"
  result $? "$f: the vector function is called"
done
code v3 branch_any | grep -q _ZGVdN4v_exp && code v3 branch_any | grep -q _ZGVdN4v_log
result $? "in branches"
code v3 sum_any | grep -q _ZGVdN4v_exp
result $? "in a sum"
code v3 sigmoid_any | grep -q _ZGVdN4v_exp && code v3 softplus_any | grep -q _ZGVdN4v_log && code v3 exptanh_any | grep -q _ZGVdN4v_exp &&
  code v3 expsin_any | grep -q _ZGVdN4v_exp && code v3 expsin_any | grep -q _ZGVdN4v_sin
result $? "of what another function gives, where that has bounds"
for f in exp_strict exp_reassoc erf_reassoc logexp_any; do
  ! code v3 $f | grep -q _ZGV && ! code p $f | grep -q _ZGV
  result $? "$f: the scalar function is called"
done
grep -q "mathvec.py:.*exp is computed for a vector at once" p.log
result $? "reported"
build no $flags -fplugin-arg-keelback-check -O3 -fmath-errno && ! nm no.o | grep -q '_ZGV.*_exp'
result $? "where GCC's exp could set errno: the scalar function is called"
build lto $flags -fplugin-arg-keelback-check -O2 -flto -ffat-lto-objects && timeout 60 ./lto >lto.txt 2>&1
result $? "with LTO"
${CC:-gcc} -shared -fPIC $flags -O3 -I. k.c -lm -o k.so >so.log 2>&1 && readelf -d k.so | grep -q 'NEEDED.*libmvec'
result $? "-lm is all that a shared object needs"
echo "1..$n"
