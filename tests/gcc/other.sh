#!/bin/sh
# SPDX-License-Identifier: MIT
# The plugin under the GCCs that this machine does not have: builds it in a Debian 13 folder for GCC 12, 13 and 14 and runs with
# each: plugin.sh, robust.sh, and kernels with and without the plugin (equal.py); then gives each GCC the others' parts.
# Needs root, and KEELBACK and KEELBACK_LIB for the kernels.
#
#     make check-gcc [DIR=folder] [SUITE=sid] [VERSIONS="15"], or: sh tests/gcc/other.sh DIR [VERSION...]
#
# DIR is made with debootstrap, in a minute, when it is not there. GCC 15 is in Debian's suite sid.
set -eu
test $# -gt 0 || { echo "usage: other.sh DIR [VERSION...]" >&2; exit 2; }
dir=$1
shift
versions=${*:-12 13 14}
src=$(cd "$(dirname "$0")/../.." && pwd)
test "$(id -u)" = 0 || { echo "other.sh: needs root, for chroot" >&2; exit 77; }

if ! test -x "$dir/usr/bin/gcc-${versions%% *}"; then
  command -v debootstrap >/dev/null || { echo "other.sh: debootstrap is not installed" >&2; exit 77; }
  packages=make,libc6-dev,python3-minimal
  for v in $versions; do packages=$packages,gcc-$v,g++-$v,gcc-$v-plugin-dev; done
  debootstrap --variant=minbase --include="$packages" "${SUITE:-trixie}" "$dir" >&2
fi
rm -rf "$dir/keelback"
mkdir -p "$dir/keelback/tests"
cp -r "$src/plugin" "$src/include" "$dir/keelback"
cp -r "$src/tests/gcc" "$dir/keelback/tests"
# The kernels are emitted here: there is no Python with keelback in DIR.
if test -x "${KEELBACK:-}" && test -f "${KEELBACK_LIB:-}/libkeelback.a"; then
  cp "$KEELBACK_LIB/libkeelback.a" "$dir/keelback"
  "${PYTHON:-python3}" "$src/tests/gcc/equal.py" --emit "$dir/keelback/kernels" --random nests --seed 5 --kernels 20 \
    "$src"/tests/run/blas.py "$src"/tests/run/arrays.py "$src"/tests/run/loops.py "$src"/tests/run/science.py
fi

cat >"$dir/keelback/run.sh" <<'END'
set -eu
cd /keelback
failed=0
mkdir -p both
for v in "$@"; do
  headers=$(gcc-$v -print-file-name=plugin)/include
  mkdir -p $v
  gcc-$v -O2 -fPIC -shared -Wall -Wextra -Werror plugin/gate.c -o $v/keelback.so
  std=gnu++14
  test $v -lt 15 || std=gnu++17
  ls plugin/*.cc | xargs -P "$(nproc)" -I{} sh -c "g++-$v -std=$std -fno-rtti -fno-exceptions -O1 -fPIC -Wall -Wextra -Werror \
    -isystem $headers -Iinclude -c {} -o $v/\$(basename {} .cc).o || echo {} >>$v/failed"
  test ! -e $v/failed || { echo "# GCC $v does not compile $(cat $v/failed)"; failed=1; continue; }
  g++-$v -shared $v/*.o -o $v/keelback-gcc$v.so
  cp $v/*.so both
  echo "# GCC $(gcc-$v -dumpfullversion)"
  for t in plugin robust; do
    CC=gcc-$v CXX=g++-$v KEELBACK_PLUGIN=/keelback/$v/keelback.so sh tests/gcc/$t.sh | tee log.$v
    ! grep -q '^not ok' log.$v && grep -q '^1\.\.[1-9]' log.$v || failed=1
  done
  test -d kernels || continue
  gcc-$v -O2 -w -Iinclude -rdynamic -o equal.$v tests/gcc/equal/*.c -Wl,--allow-multiple-definition -Wl,--whole-archive libkeelback.a \
    -Wl,--no-whole-archive -ldl -lm -lpthread
  for c in kernels/*.polls.c; do
    k=${c%.polls.c}
    flags="-Iinclude -Ikernels -fno-math-errno -fno-trapping-math -ffp-contract=off -w -fPIC -shared -DKB_PYTHON"
    gcc-$v $flags -O1 $c -o $k.ref.so -lm
    gcc-$v $flags -O2 -fplugin=/keelback/$v/keelback.so -fplugin-arg-keelback-count -fplugin-arg-keelback-check $k.c -o $k.O2.so -lm || failed=1
    gcc-$v $flags -O3 -march=native -flto -fplugin=/keelback/$v/keelback.so -fplugin-arg-keelback-count $c -o $k.O3.so -lm || failed=1
    ./equal.$v -n 3000 -t 5 -H $k.hints $PWD/$k.ref.so $PWD/$k.O2.so $PWD/$k.O3.so || failed=1
  done
done
# A part under the name of another version's: refused, whichever way it does not fit; and both side by side.
for v in "$@"; do
  for w in "$@"; do
    test $v != $w || continue
    mkdir -p wrong
    cp $v/keelback.so wrong; cp $w/keelback-gcc$w.so wrong/keelback-gcc$v.so
    if gcc-$v -O2 -Iinclude -fplugin=wrong/keelback.so -c tests/gcc/kernels.c -o k.o 2>err && test "$(wc -l <err)" = 1 &&
        grep -q '^keelback: note: .*going on without it$' err; then
      echo "# GCC $v refuses the part for GCC $w: $(cat err)"
    else
      echo "# GCC $v does not refuse the part for GCC $w"; cat err; failed=1
    fi
    rm -rf wrong
  done
  gcc-$v -O2 -Iinclude -fplugin=both/keelback.so -fplugin-arg-keelback-selftest -c tests/gcc/kernels.c -o k.o 2>err &&
    grep -q "self test passed (GCC $v)" err || { echo "# GCC $v does not find its part"; failed=1; }
done
exit $failed
END
# shellcheck disable=SC2086
if env PYTHON=python3 chroot "$dir" /bin/sh /keelback/run.sh $versions; then
  echo "other.sh: passed under GCC $versions"
else
  echo "other.sh: FAILED"; exit 1
fi
