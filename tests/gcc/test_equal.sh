#!/bin/sh
# SPDX-License-Identifier: MIT
# Kernels with and without the plugin, on the same inputs: a small sample of what `make fuzz-plugin` does. TAP.
src=$(cd "$(dirname "$0")" && pwd)
plugin=${KEELBACK_PLUGIN-${builddir:-.}/plugin/keelback.so}
major=$(${CC:-gcc} -dumpversion | sed 's/\..*//')
test -f "$(dirname "$plugin")/keelback-gcc$major.so" || { echo "1..0 # SKIP no plugin for this compiler"; exit 0; }
unset LD_PRELOAD
export KEELBACK_PLUGIN="$plugin"
exec "${PYTHON:-python3}" "$src/equal.py" --tap --random nests --seed 7 --kernels 10 -n 3000 -t 5 --variants polls,lto --guards polls \
  "$src/../run/blas.py"
