#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test files by what they say themselves; one TAP line a file. Without arguments: all of tests/ir and tests/emit.
#
#   # RUN: keelback opt -p gvn %s | check %s
#       a shell command that has to succeed, every part of its pipes; several lines are several commands.
#       %s is the file, %S its folder, %t a scratch file. `not C` succeeds when C fails with an exit status (not by a
#       signal); `golden F` compares its input with the file F, and rewrites F under KB_UPDATE_GOLDEN=1.
#   # error: text
#       reading the file fails with just these errors, each on the line that it is written on.
#
# Wants KEELBACK and CHECK, the paths of the two programs.
: "${srcdir:=.}" "${KEELBACK:=./keelback}" "${CHECK:=./tests/check}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$tmp/bin"

cat > "$tmp/bin/keelback" <<TXT
#!/bin/sh
exec '$KEELBACK' "\$@"
TXT
cat > "$tmp/bin/check" <<TXT
#!/bin/sh
exec '$CHECK' "\$@"
TXT
cat > "$tmp/bin/not" <<'TXT'
#!/bin/sh
"$@"
status=$?
test $status -ne 0 && test $status -lt 128
TXT
cat > "$tmp/bin/golden" <<'TXT'
#!/bin/sh
test -z "$KB_UPDATE_GOLDEN" || exec cat > "$1"
exec diff -u "$1" -
TXT
chmod +x "$tmp"/bin/*
PATH=$tmp/bin:$PATH
export PATH
# a pipe fails when any part of it does, where the shell can say so
pipefail=
for shell in bash ksh sh; do
  if command -v $shell > /dev/null && $shell -c 'set -o pipefail' 2> /dev/null; then
    pipefail='set -o pipefail;'
    break
  fi
done

# Errors of reading file $1 against its error lines; both as "line text", sorted.
check_errors() {
  if keelback opt "$1" > /dev/null 2> "$tmp/err"; then
    echo "no error"
    return 1
  fi
  awk '/# error: /{ sub(/.*# error: /, ""); print NR, $0 }' "$1" | sort > "$tmp/want"
  F=$1 awk 'BEGIN { f = ENVIRON["F"] ":" } index($0, f) == 1 && /: error: / {
    n = substr($0, length(f) + 1) + 0; sub(/.*: error: /, ""); print n, $0 }' "$tmp/err" | sort > "$tmp/have"
  # what is wanted may be a part of the message
  awk 'NR == FNR { want[NR] = $0; n = NR; next } { have[FNR] = $0; m = FNR }
    END { bad = n != m
      for (i = 1; i <= n; i++) { w = want[i]; h = have[i]; split(w, a, " "); split(h, b, " ")
        if (a[1] != b[1] || !index(substr(h, length(b[1]) + 2), substr(w, length(a[1]) + 2))) {
          print "wanted: " w "; got: " h; bad = 1 } }
      for (i = n + 1; i <= m; i++) print "got also: " have[i]
      exit bad }' "$tmp/want" "$tmp/have"
}

run_file() {
  runs=0
  grep -n '# error: ' "$1" > /dev/null && { check_errors "$1" || return 1; runs=1; }
  sed -n 's/^.*\(#\|\/\/\) RUN: *//p' "$1" > "$tmp/runs"
  while IFS= read -r line <&3; do
    runs=$((runs + 1))
    command=$(printf '%s\n' "$line" | sed "s|%s|$1|g; s|%S|${1%/*}|g; s|%t|$tmp/scratch|g")
    $shell -c "$pipefail $command" || { echo "failed: $command"; return 1; }
  done 3< "$tmp/runs"
  test $runs -gt 0 || { echo "no RUN line"; return 1; }
}

if test $# -eq 0; then
  # shellcheck disable=SC2046
  set -- $(find "$srcdir/tests/ir" "$srcdir/tests/emit" -name '*.kir' 2> /dev/null | sort)
fi
echo "1..$#"
n=0
failed=0
for f; do
  n=$((n + 1))
  name=${f#"$srcdir"/}
  if run_file "$f" > "$tmp/log" 2>&1; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    sed 's/^/# /' "$tmp/log"
    failed=1
  fi
done
exit $failed
