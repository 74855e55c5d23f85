#!/bin/sh
# SPDX-License-Identifier: MIT
# The plugin under the GCCs that this machine does not have: builds it in a Debian 13 folder for GCC 13 and 14 and runs
# plugin.sh with each; then gives each GCC the other's part. Needs root.
#
#     make check-gcc [DIR=folder], or: sh tests/gcc/other.sh DIR [VERSION...]
#
# DIR is made with debootstrap, in a minute, when it is not there.
set -eu
test $# -gt 0 || { echo "usage: other.sh DIR [VERSION...]" >&2; exit 2; }
dir=$1
shift
versions=${*:-13 14}
src=$(cd "$(dirname "$0")/../.." && pwd)
test "$(id -u)" = 0 || { echo "other.sh: needs root, for chroot" >&2; exit 77; }

if ! test -x "$dir/usr/bin/gcc-${versions%% *}"; then
  command -v debootstrap >/dev/null || { echo "other.sh: debootstrap is not installed" >&2; exit 77; }
  packages=make,libc6-dev,python3-minimal
  for v in $versions; do packages=$packages,gcc-$v,g++-$v,gcc-$v-plugin-dev; done
  debootstrap --variant=minbase --include="$packages" trixie "$dir" >&2
fi
rm -rf "$dir/keelback"
mkdir -p "$dir/keelback/tests"
cp -r "$src/plugin" "$src/include" "$dir/keelback"
cp -r "$src/tests/gcc" "$dir/keelback/tests"

cat >"$dir/keelback/run.sh" <<'END'
set -eu
cd /keelback
failed=0
mkdir -p both
for v in "$@"; do
  headers=$(gcc-$v -print-file-name=plugin)/include
  mkdir -p $v
  gcc-$v -O2 -fPIC -shared -Wall -Wextra -Werror plugin/gate.c -o $v/keelback.so
  g++-$v -std=gnu++14 -fno-rtti -fno-exceptions -O2 -fPIC -shared -Wall -Wextra -Werror -isystem $headers \
    -Iinclude plugin/*.cc -o $v/keelback-gcc$v.so
  cp $v/*.so both
  echo "# GCC $(gcc-$v -dumpfullversion)"
  CC=gcc-$v CXX=g++-$v KEELBACK_PLUGIN=/keelback/$v/keelback.so sh tests/gcc/plugin.sh | tee log.$v
  ! grep -q '^not ok' log.$v && grep -q '^1\.\.[1-9]' log.$v || failed=1
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
if chroot "$dir" /bin/sh /keelback/run.sh $versions; then
  echo "other.sh: passed under GCC $versions"
else
  echo "other.sh: FAILED"; exit 1
fi
