#!/bin/sh
# SPDX-License-Identifier: MIT
# The layers hold: who may include whom, who may know Python, and every file names its licence.
#
#   include/    nothing else              ir/       ir include
#   opt/ emit/  themselves, ir include    frontend/ frontend opt emit ir include
#   runtime/    runtime ir include        plugin/   plugin include, and GCC
#
# Python.h only in py_* files, frontend/py.h, python/ and include/kbpy.h. The programs (frontend/keelback.c, frontend/opt.c)
# and the extension module are on top of all but the run time.
srcdir=${srcdir:-.}

sources() { # TREE
  (cd "$1" && find include ir opt emit frontend runtime plugin python bench tests examples -type f \
    \( -name '*.[ch]' -o -name '*.cc' -o -name '*.def' -o -name '*.py' -o -name '*.sh' \) 2>/dev/null | sort)
}

# Lines `FILE: what is wrong`.
violations() { # TREE
  sources "$1" | while read -r file; do
    folder=${file%%/*} name=${file##*/}
    case $folder in
      include) may=" include " ;;
      ir) may=" ir include " ;;
      opt | emit) may=" $folder ir include " ;;
      frontend) may=" frontend opt emit ir include " ;;
      runtime) may=" runtime ir include " ;;
      plugin) may=" plugin include " ;;
      python) may=" python frontend opt emit ir include " ;;
      *) may= ;;
    esac
    case $file in
      plugin/*) licence=GPL-3.0-or-later ;;
      include/* | ir/*.def) licence=0BSD ;;
      *) licence=MIT ;;
    esac
    case $folder in
      tests | bench | examples) ;;
      *) head -n 3 "$1/$file" | grep -q "SPDX-License-Identifier: $licence" || echo "$file: no SPDX line for $licence" ;;
    esac
    [ -n "$may" ] || continue
    case $file in *.c | *.h | *.cc | *.def) ;; *) continue ;; esac
    sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^>"]*\)[>"].*/\1/p' "$1/$file" |
      while read -r inc; do
        case $file:$inc in
          frontend/py_*:Python.h | frontend/py.h:Python.h | runtime/py_*:Python.h | python/*:Python.h | include/kbpy.h:Python.h) continue ;;
          *:Python.h) echo "$file: includes Python.h"; continue ;;
          frontend/py_*:*py.h | python/*:*py.h) ;;
          frontend/*:py.h) echo "$file: includes py.h, and with it Python.h"; continue ;;
          include/*:config.h) echo "$file: an installed header includes config.h"; continue ;;
        esac
        # Whose file is it? Beside the including one, below the top, or in include/; else the system's or GCC's.
        path=
        for try in "${file%/*}/$inc" "$inc" "include/$inc"; do
          [ -f "$1/$try" ] && path=$try && break
        done
        [ -n "$path" ] || continue
        owner=$(cd "$1/${path%/*}" && pwd -P) && top=$(cd "$1" && pwd -P)
        owner=${owner#"$top"/} owner=${owner%%/*}
        case $may in *" $owner "*) ;; *) echo "$file: $folder/ may not include $owner/${inc##*/}" ;; esac
      done
  done
}

echo 1..3
found=$(violations "$srcdir")
if [ -z "$found" ]; then echo "ok 1 - every include goes down, every file has its licence"
else echo "$found" | sed 's/^/# /'; echo "not ok 1 - every include goes down, every file has its licence"; fi

# The rules can fail: a tree with one violation of each kind.
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
for d in include ir opt emit frontend runtime plugin; do
  mkdir "$tmp/$d"; echo "/* SPDX-License-Identifier: MIT */" >"$tmp/$d/$d.h"
done
echo "/* SPDX-License-Identifier: 0BSD */" >"$tmp/include/include.h"
echo "/* SPDX-License-Identifier: GPL-3.0-or-later */" >"$tmp/plugin/plugin.h"
bad() { # FILE INCLUDE
  licence=MIT; case $1 in plugin/*) licence=GPL-3.0-or-later ;; esac
  printf '// SPDX-License-Identifier: %s\n#include %s\n' $licence "$2" >"$tmp/$1"
}
bad ir/a.c '"../opt/opt.h"'; bad opt/a.c '"emit/emit.h"'; bad frontend/a.c '"../runtime/runtime.h"'
bad runtime/a.c '"frontend/frontend.h"'; bad plugin/a.cc '"../ir/ir.h"'; bad emit/a.c '<Python.h>'; bad ir/b.c '"ir.h"'
bad frontend/py_a.c '<Python.h>'
bad frontend/b.c '<Python.h>'; echo >"$tmp/ir/c.c"
bad frontend/c.c '"py.h"'
n=$(violations "$tmp" | wc -l)
if [ "$n" -eq 9 ]; then echo "ok 2 - nine planted violations are found"
else violations "$tmp" | sed 's/^/# /'; echo "not ok 2 - $n of nine planted violations are found"; fi

# Nothing of the machine that it was written on, nor marks of unfinished work.
found=$(sources "$srcdir" | (cd "$srcdir" && xargs grep -nE '/(home|root|work)/[a-z]|\b(TODO|FIXME|XXX)\b' 2>/dev/null) |
  grep -v '^tests/layers.sh:')
if [ -z "$found" ]; then echo "ok 3 - no paths of a machine, no marks of unfinished work"
else echo "$found" | sed 's/^/# /'; echo "not ok 3 - no paths of a machine, no marks of unfinished work"; fi
