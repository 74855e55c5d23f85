#!/bin/sh
# SPDX-License-Identifier: MIT
# coverage.sh BUILDDIR: after `make check` in a tree configured with --enable-coverage, the share of executed
# lines of every source file, least covered first, and the total.
cd "$1" || exit 1
find . -name '*.gcda' | grep -v tests/ >gcda.list
[ -s gcda.list ] || { echo "no data: configure with --enable-coverage" >&2; exit 1; }
xargs gcov -n <gcda.list 2>/dev/null | awk -v top="$(cd "$srcdir" 2>/dev/null && pwd)/" '
  /^File/ { file = substr($0, 7, length($0) - 7); sub(top, "", file); sub(/^.*\/\.\.\//, "", file) }
  /^Lines executed/ && file !~ /^\/usr/ {
    split($0, part, /[:% ]+/); n = part[5]; hit = part[3] * n / 100
    if (hit > best[file] || !(file in lines)) { best[file] = hit; lines[file] = n } }
  END { for (f in lines) { printf "%5.1f %% %5d  %s\n", 100 * best[f] / lines[f], lines[f], f; all += lines[f]; done += best[f] }
        printf "%5.1f %% %5d  total\n", all ? 100 * done / all : 0, all }' | sort -n
rm -f gcda.list
