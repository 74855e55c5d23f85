#!/bin/sh
# SPDX-License-Identifier: MIT
# What the report says of guards that stay is what explain.py says; what it says would help, helps.
src=$(cd "$(dirname "$0")" && pwd)
plugin=${KEELBACK_PLUGIN-${builddir:-.}/plugin/keelback.so}
major=$(${CC:-gcc} -dumpversion | sed 's/\..*//')
test -f "$(dirname "$plugin")/keelback-gcc$major.so" || { echo "1..0 # SKIP no plugin was built for GCC $major"; exit 0; }
test -x "${KEELBACK:-}" || { echo "1..0 # SKIP no keelback command"; exit 0; }
case $plugin in /*) ;; *) plugin=$(pwd)/$plugin ;; esac
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
cat >look.py <<'END'
import json, re, sys
source, records = open(sys.argv[1]).read().split("\n"), json.load(open(sys.argv[2]))
guards = [r for r in records if "status" in r and r["kind"] not in ("poll", "call")]
n = 0

def result(ok, title, shown=()):
    global n
    n += 1
    print(f"{'ok' if ok else 'not ok'} {n} - {title}")
    for r in () if ok else shown:
        print("#", r)

for at, line in enumerate(source, 1):
    if m := re.match(r".*# kept (\w+): (.*) \|(.*)", line):
        here = [r for r in guards if r["line"] == at and r["kind"] == m[1] and r["status"] == "kept"]
        name = next(re.match(r"def (\w+)", source[i])[1] for i in range(at - 1, -1, -1) if source[i].startswith("def "))
        result(any(m[2] in r["reason"] and m[3].strip() in r["remedy"] for r in here), f"{name}: {m[1]} guard: {m[2]}", here)
for name in re.findall(r"^def (\w+_helped)", "\n".join(source), re.M):
    kept = [r for r in guards if r["function"] == name and r["status"] == "kept" and r["depth"]]
    result(not kept, f"{name}: no guard is left in a loop", kept)
silent = [r for r in guards if r["status"] == "kept" and r["form"] == "guard" and not r["reason"]]
result(not silent, "no guard is kept without a reason", silent)
said = [r for r in records if "pass" in r and "poll guard" in r["text"]]
result(not said, "nothing is said of polls", said)
open("n", "w").write(str(n))
END
"$KEELBACK" emit "$src/explain.py" -o explain.c --header explain.h &&
  ${CC:-gcc} -O3 -I"$src/../../include" -fno-math-errno -fno-trapping-math -ffp-contract=off -fplugin="$plugin" \
    -fplugin-arg-keelback-report=r.json -fplugin-arg-keelback-check -c explain.c -o explain.o &&
  "${PYTHON:-python3}" look.py "$src/explain.py" r.json
n=$(cat n) || exit 1
result() { # status, title
  n=$((n + 1))
  if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' out; fi
}
"$KEELBACK" explain "$src/explain.py:sums" >out 2>&1 && grep -q "sums: 2 guards in loops, 1 kept" out && ! grep -q hashed out &&
  grep -q "^   28          s += x" out && grep -q "^               ^ overflow guard kept: s adds up values from memory.*; what would help: elements of 32 bits" out
result $? "keelback explain: beside each line what became of its guards"
"$KEELBACK" explain "$src/explain.py" --json -O2 >out 2>&1 && "${PYTHON:-python3}" -m json.tool out >/dev/null && grep -q '"remedy": "elements of 32' out
result $? "keelback explain --json"
! "$KEELBACK" explain "$src/explain.py:none" >out 2>&1 && grep -q "no kernel 'none'" out
result $? "keelback explain of a kernel that is not there"
cat >say.py <<'END'
import importlib.util, sys
spec = importlib.util.spec_from_file_location("explained", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.sums.explain()
END
"${PYTHON:-python3}" say.py "$src/explain.py" >out 2>&1 && grep -q "(.*) -> None" out && grep -q "^               ^ overflow guard kept: s adds up" out && grep -q "@sums" out
result $? ".explain()"
echo "1..$n"
