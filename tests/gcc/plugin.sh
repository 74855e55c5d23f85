#!/bin/sh
# SPDX-License-Identifier: MIT
# The GCC plugin: finds every guard, maps it to its Python line, reports what became of it, and gives way where it does not
# fit. Run by make check, or: KEELBACK_PLUGIN=.../keelback.so CC=gcc sh tests/gcc/plugin.sh. How it stands all sorts of
# flags and C: robust.sh.
src=$(cd "$(dirname "$0")" && pwd)
inc=$src/../../include
cc=${CC:-gcc}
cxx=${CXX:-$(printf %s "$cc" | sed 's/gcc/g++/')}
python=${PYTHON:-python3}
plugin=${KEELBACK_PLUGIN-${builddir:-.}/plugin/keelback.so}
unset LD_PRELOAD

test -f "$plugin" || { echo "1..0 # SKIP no plugin was built"; exit 0; }
case $plugin in /*) ;; *) plugin=$(pwd)/$plugin ;; esac
major=$($cc -dumpversion | sed 's/\..*//')
part=$(dirname "$plugin")/keelback-gcc$major.so
test -f "$part" || { echo "1..0 # SKIP the plugin is not for GCC $major"; exit 0; }
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
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
use() { # plugin, then gcc's arguments: no arguments are globbed
  p=$1; shift
  "$cc" -I"$inc" -fplugin="$p" "$@"
}
with() { use "$plugin" "$@"; }
# A compilation with the plugin that must succeed and say nothing.
quiet() { with "$@" >log 2>&1 && test ! -s log; }
field() { sed -n "s/.*\"$2\": \"*\([^\",}]*\)\"*[,}].*/\1/p" "$1"; }
table() { # of a report: function line:col kind exception exit form guards status
  for f in function line col kind exception exit form guards status; do field "$1" $f >"col.$f"; done
  paste -d ' ' col.function col.line col.col col.kind col.exception col.exit col.form col.guards col.status | sed 's/ /:/2'
}
status() { # of a report: line:col status reason
  sed -n 's/.*"line": \([0-9]*\), "col": \([0-9]*\),.*"status": "\([a-z]*\)", "reason": "\([^"]*\)".*/\1:\2 \3 \4/p' "$1"
}
text() { # of an object file: code and constants
  for s in .text .text.unlikely .text.startup .rodata .rodata.cst8 .rodata.cst16 .rodata.cst32 .data.rel.ro.local; do
    rm -f "$1.bin"; objcopy -O binary -j $s "$1" "$1.bin" 2>/dev/null; echo $s; test ! -f "$1.bin" || cksum <"$1.bin"
  done
}
report=-fplugin-arg-keelback-report
check=-fplugin-arg-keelback-check

# -- Finding --------------------------------------------------------------------------------------------------
quiet -O0 $report=r0.json $check -Wall -Wextra -c "$src/kernels.c" -o k.o
result $? "compiles, with GCC's verifiers around the passes, and without a word"
cat >want <<'END'
saxpy 6:9 bounds IndexError raise guard 1 kept
saxpy 6:32 bounds IndexError raise guard 1 kept
step 11:12 overflow null deopt guard 1 kept
step 12:12 division ZeroDivisionError raise guard 2 kept
step 14:9 raise ValueError raise guard 1 kept
twice 19:9 call null call guard 1 kept
twice 20:12 call null call guard 1 kept
never 24:8 bounds IndexError raise guard 1 kept
never 25:5 raise RuntimeError raise guard 1 kept
twin 31:13 raise ValueError raise guard 1 kept
fail 36:5 raise NotImplementedError raise always 0 kept
END
table r0.json >got; diff want got >log
result $? "every exit of the source: line, column, kind, exception, number of conditions; near twins are no guards"

cat >want <<'END'
6:9 proven at run time; the fast copy has none
6:32 removed proven at run time; GCC removed that of the exact copy
11:12 kept in no loop
12:12 kept in no loop
14:9 kept in no loop
19:9 removed joined with the exits of the inlined callee
20:12 removed joined with the exits of the inlined callee
24:8 removed GCC, before its loop passes
25:5 kept always leaves here
31:13 kept in no loop
36:5 kept
END
quiet -O2 $report=r2.json $check -c "$src/kernels.c" -o k.o && status r2.json | sed 's/ $//' >got &&
  diff want got >log
result $? "at -O2: what is proven at run time, what GCC removes by itself, and the rest kept"
quiet -O1 $report=r1.json $check -c "$src/kernels.c" -o k.o && status r1.json | grep -q '^6:9 proven' && quiet -Os $report=r1.json $check -c "$src/kernels.c" -o k.o &&
  status r1.json >log && quiet -Og $report=r1.json $check -c "$src/kernels.c" -o k.o && status r1.json >>log && ! grep -q '^6:9 proven' r1.json
result $? "reports at -O1, -Os, -Og, too"
with -O2 $report=rd.json -c "$src/kernels.c" -o k.o && grep '"pass"' rd.json >log &&
  grep -q '"function": "saxpy", "file": "kernels.py", "line": 6, "col": [0-9]*, "pass": "guards", "outcome": "done", "text": "[^"]*2 of 2 guards' rd.json
result $? "decisions are in the report"

for o in -O1 -O3 -Os -Og "-O3 -march=native" "-O2 -fPIC" "-O2 -fwrapv -fno-strict-aliasing" "-O2 -fexceptions" \
  "-O2 -fsanitize=address,undefined" "-O2 --coverage" "-O2 -fno-inline" "-O2 -flto" "-O2 -flto -ffat-lto-objects"; do
  rm -f r.json
  # shellcheck disable=SC2086
  quiet $o $report=r.json $check -c "$src/kernels.c" -o k.o && test "$(grep -c '"kind"' r.json)" = 11
  result $? "all eleven sites at $o"
done
quiet -O2 $report=r.json $check -c "$src/calls.c" -o c.o && status r.json >log && nm c.o >>log &&
  ! grep -q part log &&
  grep -q "9:14 removed" log && grep -q "8:14 removed" log
result $? "the exit of a kernel is not split off, so its callers' exits join it"

# -- What keelback emits ---------------------------------------------------------------------------------------
cat >places.py <<'END'
# Each record of the report must point to Python text that can do what its kind says.
import json, re, sys
source = open(sys.argv[1]).read().split("\n")
kinds = set()
for r in json.load(open(sys.argv[2])):
    line = source[r["line"] - 1]
    text = line[r["col"] - 1:]
    kinds.add(r["kind"])
    name = next(m[1] for i in range(r["line"] - 1, -1, -1) if (m := re.match(r"def (\w+)", source[i])))
    ok = r["function"] == name and r["col"] > 0 and text[:1].strip()
    ok = ok and {"bounds": "[" in text, "division": re.search("[/%]", text), "overflow": re.search("[-+*/]", text),
                 "call": "(" in text}.get(r["kind"], True)
    if not ok:
        print("wrong place:", r, "for", repr(text))
for kind in "bounds", "division", "overflow":
    if kind not in kinds:
        print("no guard of kind", kind)
END
if test -x "${KEELBACK:-}"; then
  cp "$src/emitted.py" . && "$KEELBACK" emit emitted.py -o emitted.c --header emitted.h --depfile emitted.d >log 2>&1 &&
    quiet -O0 -Wall -Wextra $report=e.json $check -c emitted.c -o e.o &&
    "$python" places.py emitted.py e.json >log && test ! -s log
  result $? "every guard of emitted C on the line and in the column of its Python"
  quiet -O3 $report=e3.json $check -c emitted.c -o e.o && test "$(grep -c '"kind"' e.json)" = "$(grep -c '"kind"' e3.json)"
  result $? "and the same guards at -O3"
else
  skip "every guard of emitted C on the line and in the column of its Python" "no keelback command"
  skip "and the same guards at -O3" "no keelback command"
fi

# -- The same code --------------------------------------------------------------------------------------------
for o in -O0 -O2 "-O3 -march=native"; do
  # shellcheck disable=SC2086
  quiet $o -c "$src/kernels.c" -o a.o && quiet $o -g -c "$src/kernels.c" -o b.o && test "$(text a.o)" = "$(text b.o)"
  result $? "the same code with -g at $o"
done
quiet -O0 -c "$src/kernels.c" -o a.o && "$cc" -I"$inc" -O0 -c "$src/kernels.c" -o b.o && test "$(text a.o)" = "$(text b.o)"
result $? "the same code as without the plugin at -O0"
quiet -O3 -c "$src/twin.c" -o a.o && "$cc" -I"$inc" -O3 -c "$src/twin.c" -o b.o && test "$(text a.o)" = "$(text b.o)"
result $? "the same code as without the plugin where nothing is to be done"
quiet -O2 -fcompare-debug -c "$src/kernels.c" -o a.o
result $? "-fcompare-debug"

# -- The preprocessor -----------------------------------------------------------------------------------------
with -E "$src/kernels.c" -o k.i 2>log && grep -q '__attribute__((kb_exit))' k.i
result $? "-E declares kb_exit with its attribute"
quiet -O2 $report=ri.json -x cpp-output -c k.i -o k.o && status ri.json >got && status r2.json | diff - got >log
result $? "preprocessed text gives the same report"
quiet -O2 -save-temps $report=rs.json -c "$src/kernels.c" -o k.o && status rs.json >got &&
  status r2.json | diff - got >log
result $? "-save-temps"
quiet -MD -MF k.d -c "$src/kernels.c" -o k.o && ! grep -q keelback.so k.d
result $? "dependencies name no plugin"

# -- Other languages, the linker ------------------------------------------------------------------------------
cat >other.cc <<'END'
#include <kbabi.h>
#ifdef KEELBACK_PLUGIN
#error the plugin is for C
#endif
int f(int n) { if (n < 0) { kb_exit(nullptr); return 1; } return 0; }
END
if command -v "$cxx" >/dev/null 2>&1 && test "$($cxx -dumpversion)" = "$($cc -dumpversion)"; then
  "$cxx" -I"$inc" -O2 -fplugin="$plugin" $report=rx.json -c other.cc -o x.o >log 2>&1 && test ! -s log &&
    test ! -e rx.json
  result $? "does nothing in C++"
else
  skip "does nothing in C++" "no C++ compiler of this GCC"
fi
cat >main.c <<'END'
#include <stdarg.h>
#include <stdio.h>
#include <kbabi.h>
int64_t twice(int64_t n);
void twin_exit(const kb_site *site, ...) { (void)site; }
void kb_exit(const kb_site *site, ...) { printf("%s %u\n", site->guard, site->frames[0].line); }
void kb_exit_to_error(void) { puts("error"); }
int main(void) { printf("%d\n", (int)twice(7)); return (int)twice(0); }
END
cat >want <<'END'
4
division 12
call 20
error
END
for o in -O0 -O2 "-O2 -flto" "-O2 -flto -ffat-lto-objects -fPIC -pie"; do
  # shellcheck disable=SC2086
  quiet $o $report=rl.json "$src/kernels.c" main.c -o prog && ./prog >got && diff want got >log
  result $? "links and runs with $o"
done

# -- The report -----------------------------------------------------------------------------------------------
valid() { "$python" -m json.tool "$1" >/dev/null 2>log; }
quiet -O1 $report=one.json -c "$src/kernels.c" -o k.o && quiet -O1 $report=one.json -c "$src/calls.c" -o c.o &&
  valid one.json && test "$(grep -c '"kind"' one.json)" = 14
result $? "two units in one report, valid JSON"
quiet -O2 $report=one.json -c "$src/kernels.c" -o k.o && valid one.json && test "$(grep -c '"kind"' one.json)" = 14 &&
  test "$(grep -c 'inlined callee' one.json)" = 2
result $? "a unit replaces its own records"
for i in 1 2 3 4 5 6; do
  sed "s/twice/twice$i/g" "$src/kernels.c" >"u$i.c"; with -O0 $report=all.json -c u$i.c -o u$i.o 2>>log &
done; wait
test ! -s log && valid all.json && test "$(grep -c '"unit"' all.json)" = 66 && test "$(echo all.json*)" = all.json
result $? "six compilations at once share a report"
quiet $report=none.json -c "$src/plain.c" -o p.o && valid none.json && ! grep -q unit none.json
result $? "a unit without kernels has no records"
valid all.json && quiet $report=/dev/null -c "$src/kernels.c" -o k.o
result $? "/dev/null stays what it is"
echo "int important;" >mine.c; rm -f k.o
with $report=mine.c -c "$src/kernels.c" -o k.o 2>log && test -f k.o &&
  grep -q "warning: keelback: no report in .mine.c.: " log &&
  grep -q important mine.c
result $? "a file that is no report is left alone, with a warning"
rm -f k.o; with $report=no/such/folder/r.json -c "$src/kernels.c" -o k.o 2>log && test -f k.o &&
  grep -q "warning: keelback: no report" log
result $? "a report that cannot be written is a warning"
rm -f r.json; echo 'int f(void) { return' >bad.c; ! with $report=r.json -c bad.c -o b.o 2>log && test ! -e r.json
result $? "no report of a unit with errors"

# -- Remarks --------------------------------------------------------------------------------------------------
with -O2 -fplugin-arg-keelback-verbose -c "$src/kernels.c" -o k.o 2>log
grep -q '^kernels.py:6:9: note: bounds guard proven: at run time' log && grep -q '^kernels.py:14:9: note: raise guard kept: in no loop$' log &&
  grep -q '^kernels.py:24:.*note: bounds guard removed: GCC, before its loop passes$' log
result $? "verbose: a remark for each guard, on its Python line"
with -O2 -fno-inline -fopt-info-loop-all=info -c "$src/kernels.c" -o k.o 2>log; cat info >log
grep -q '^kernels.py:11:12: missed: overflow guard kept$' info && grep -q '^kernels.py:24:8: optimized: bounds guard removed$' info &&
  grep -q '^kernels.py:6:[0-9]*: optimized: keelback guards: .*2 of 2' info
result $? "-fopt-info-loop"
sed 's/{&fn_step, 11,/{\&fn_step, 10,/' "$src/kernels.c" >wrong.c
with $check -c wrong.c -o k.o 2>log && grep -q 'kernels.py:11:.*warning: keelback: the site step_sites\[0\] is on line 10 of kernels.py' log
result $? "check: a site that names another line than the statement is noticed"
with -fplugin-arg-keelback-nonsense=1 -c "$src/plain.c" -o p.o 2>log &&
  grep -q 'warning: keelback: unknown argument' log
result $? "an unknown argument is a warning"
echo 'int x __attribute__((kb_exit));' >x.c; with -c x.c -o x.o 2>log &&
  grep -q "warning: .kb_exit. attribute applies to functions only" log
result $? "the attribute on anything but a function is a warning"

# -- Other versions of GCC ------------------------------------------------------------------------------------
# Each time: the object is that of a compilation without the plugin, and there is one line.
"$cc" -O2 -c "$src/plain.c" -o plain.o
refused() { # plugin, pattern of the line
  rm -f p.o; use "$1" $report=refused.json -O2 -c "$src/plain.c" -o p.o 2>log && cmp p.o plain.o >>log &&
    test "$(wc -l <log)" = 1 &&
    grep -q "^keelback: note: .*$2.*: going on without it$" log && test ! -e refused.json
}
quiet -fplugin-arg-keelback-selftest -O2 -c "$src/plain.c" -o p.o; grep -q "self test passed (GCC $major)" log
result $? "the self test passes"
mkdir alone other broken faked
cp "$plugin" alone/keelback.so; refused "$tmp/alone/keelback.so" "built for GCC (no version), this is GCC $major"
result $? "no part for this GCC"
cp "$plugin" other/keelback.so; cp "$part" other/keelback-gcc7.so; cp "$part" other/keelback-gcc99.so
refused "$tmp/other/keelback.so" "built for GCC 7, 99, this is GCC $major"
result $? "parts for other GCCs are named"
cp "$plugin" broken/keelback.so
echo 'int plugin_is_GPL_compatible; void gone_from_gcc(void); int plugin_init(void) { gone_from_gcc(); return 0; }' >broken.c
"$cc" -shared -fPIC broken.c -o "broken/keelback-gcc$major.so"; refused "$tmp/broken/keelback.so" "does not fit this GCC.*gone_from_gcc"
result $? "a part that uses what this GCC lacks"
cp "$plugin" faked/keelback.so; cp "$part" faked/real.so
headers=$($cc -print-file-name=plugin)/include
if command -v "$cxx" >/dev/null 2>&1 && test -f "$headers/gcc-plugin.h"; then
  "$cxx" -fno-rtti -fno-exceptions -fPIC -shared -w -DKB_PLUGIN_MAJOR=99 -isystem "$headers" -I"$inc" \
    "$src/../../plugin/plugin.cc" "$tmp/faked/real.so" -Wl,-rpath,"$tmp/faked" -o "faked/keelback-gcc$major.so" >log 2>&1 &&
    refused "$tmp/faked/keelback.so" "built for GCC 99, this is GCC $major"
  result $? "a part that was built for another version"
else
  skip "a part that was built for another version" "no plugin headers"
fi
mkdir linked; ln -s "$plugin" linked/keelback.so
use "$tmp/linked/keelback.so" $report=rk.json -O2 -c "$src/kernels.c" -o k.o 2>log && test ! -s log && test -s rk.json
result $? "through a symbolic link"
mkdir twice; cp "$plugin" twice/again.so; cp "$part" twice; ln -s "$plugin" twice/linked.so
for name in again linked; do
  with -O2 -c "$src/kernels.c" -o k.o 2>log && with -fplugin=twice/$name.so -O2 -c "$src/kernels.c" -o l.o 2>>log && text k.o >k.txt && text l.o >l.txt &&
    cmp k.txt l.txt >>log && test "$(cat log)" = "keelback: note: the plugin is loaded twice: going on with the first"
  result $? "loaded twice, as $name.so: one line, and the same code"
done
echo "1..$n"
