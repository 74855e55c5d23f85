#!/bin/sh
# SPDX-License-Identifier: MIT
# Nests with the plugin (guarded) and without it (unguarded): time of the one by time of the other. tile.sh [KERNEL...]
src=$(cd "$(dirname "$0")" && pwd)
root=$src/..
keelback=${KEELBACK:-./keelback}
lib=${KEELBACK_LIB:-$(dirname "$keelback")}
cc=${CC:-gcc}
plugin=${KEELBACK_PLUGIN:-$lib/plugin/keelback.so}
case $plugin in /*) ;; *) plugin=$(pwd)/$plugin ;; esac
tmp=${TMP_TILE:-$(mktemp -d)} || exit 1
test -n "$TMP_TILE" || trap 'rm -rf "$tmp"' EXIT
flags="-O3 -march=native -fno-math-errno -fno-trapping-math -ffp-contract=off -fPIC -shared -I$root/include"
for py in "$src/tile_kernels.py" "$root/tests/gcc/jam.py"; do
  name=$(basename "$py" .py)
  "$keelback" emit "$py" -o "$tmp/k_$name.c" --header "$tmp/k_$name.h" &&
  ${PYTHON:-python3} "$src/unguard.py" "$tmp/k_$name.c" -o "$tmp/u_$name.c" || exit
done
$cc $flags -w -DKB_NO_POLL "$tmp"/u_*.c "$lib/libkeelback.a" -lm -lpthread -o "$tmp/u.so" &&
$cc $flags -fplugin="$plugin" "$tmp"/k_*.c "$lib/libkeelback.a" -lm -lpthread -o "$tmp/k.so" &&
$cc -O2 -I"$root/include" "$src/tile.c" -o "$tmp/tile" -ldl &&
"$tmp/tile" "$tmp/u.so" "$tmp/k.so" "$@"
