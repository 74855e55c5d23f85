#!/bin/sh
# SPDX-License-Identifier: MIT
# Guards of affine loops: which of them the plugin proves at run time, and near twins that must stay (guards.py); then all of
# these kernels with and without the plugin on the same inputs, and how often the fast copies run. TAP.
src=$(cd "$(dirname "$0")" && pwd)
cc=${CC:-gcc}
plugin=${KEELBACK_PLUGIN-${builddir:-.}/plugin/keelback.so}
major=$($cc -dumpversion | sed 's/\..*//')
test -f "$(dirname "$plugin")/keelback-gcc$major.so" || { echo "1..0 # SKIP no plugin for this compiler"; exit 0; }
case $plugin in /*) ;; *) plugin=$(pwd)/$plugin ;; esac
unset LD_PRELOAD
export KEELBACK_PLUGIN="$plugin"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
python=${PYTHON:-python3}

"${KEELBACK:-keelback}" emit "$src/guards.py" -o "$tmp/guards.c" --header "$tmp/guards.h" >"$tmp/log" 2>&1 &&
  $cc -O3 -I"$src/../../include" -fno-math-errno -fno-trapping-math -ffp-contract=off -fplugin="$plugin" -fplugin-arg-keelback-check -fdump-tree-all=/dev/null \
    "-fplugin-arg-keelback-report=$tmp/report" -c "$tmp/guards.c" -o "$tmp/guards.o" >>"$tmp/log" 2>&1 ||
  { echo "1..1"; sed 's/^/# /' "$tmp/log"; echo "not ok 1 - the kernels compile"; exit 0; }
"$python" - "$src/guards.py" "$tmp/report" <<'END'
import json, re, sys
from collections import Counter
want = {m[1]: (int(m[2]), m[3]) for m in re.finditer(r"^def (\w+)\(.*# stay (\d+).*?(no strips|strips)?$", open(sys.argv[1]).read(), re.M)}
stay, gone, strips = Counter(), Counter(), set()
for r in json.load(open(sys.argv[2])):
    if r.get("pass") == "inspect" and r["outcome"] == "done":
        strips.add(r["function"])
    if "status" in r and r["kind"] != "poll" and r["depth"] > 0:
        (stay if r["status"] == "kept" else gone)[r["kernel"]] += 1
print(f"1..{len(want) + 3}")
for n, (name, (count, how)) in enumerate(want.items(), 1):
    ok = stay[name] == count and stay[name] + gone[name] > 0 and (not how or (name in strips) == (how == "strips"))
    print(f"{'ok' if ok else 'not ok'} {n} - {name}: {stay[name]} guards stay, {gone[name]} gone")
END
n=$(grep -c "# stay" "$src/guards.py")
n=$((n + 1))
# sections: at[i] >= 0 is enough, at[i] + len(x) need not be looked at. The exact code has no checked addition.
if awk '/^;; Function sections /, /^}/' "$tmp"/*t.kb_guards | tee "$tmp/sections" | grep -q ADD_OVERFLOW || ! test -s "$tmp/sections"; then
  echo "not ok $n - sections: a length is not negative"
else
  echo "ok $n - sections: a length is not negative"
fi
n=$((n + 1))
if "$python" "$src/equal.py" -v -n 3000 -t 5 --variants native,O2 "$src/guards.py" >"$tmp/log" 2>&1; then
  echo "ok $n - the same with and without the plugin"
else
  sed 's/^/# /' "$tmp/log" | tail -20
  echo "not ok $n - the same with and without the plugin"
fi
n=$((n + 1))
# A condition that is never true proves nothing: where all guards are gone, the fast copies run, too, for arguments drawn at random.
"$python" - "$src/guards.py" "$tmp/log" "$n" <<'END'
import re, sys
want = set(re.findall(r"^def (\w+)\(.*# stay 0", open(sys.argv[1]).read(), re.M))
seen = {m[1]: (int(m[2]), int(m[3])) for m in re.finditer(r"^# (\w+): (\d+) calls, (\d+) with a fast copy", open(sys.argv[2]).read(), re.M)}
rare = [k for k in sorted(want) if seen.get(k, (1, 0))[1] * 20 < seen.get(k, (1, 0))[0]]
print(f"{'not ok' if rare or not want else 'ok'} {sys.argv[3]} - the fast copies are taken in {len(want)} kernels{': not in ' + ', '.join(rare) if rare else ''}")
END
