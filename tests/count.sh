#!/bin/sh
# SPDX-License-Identifier: MIT
# count.sh FILE.trs...: one line `N passed, N failed`, with `, N skipped` after it; exit 1 when something failed
# or nothing ran. A test without a result failed; a non-zero exit status is counted unless the test already
# reported a failure.
for trs; do
  shift
  if [ -f "$trs" ]; then set -- "$@" "$trs"; else echo "$trs: no result" >&2; missing=$((${missing:-0} + 1)); fi
done
cat /dev/null "$@" | awk -v fail="${missing:-0}" '
  /^:test-result: (PASS|XFAIL)/ { pass++ }
  /^:test-result: SKIP/ { skip++ }
  /^:test-result: (FAIL|XPASS)/ { fail++; here++ }
  /^:test-result: ERROR/ { if (!(/exited with status/ && here)) { fail++; here++ } }
  /^:test-global-result:/ { here = 0 }
  END { printf "%d passed, %d failed%s\n", pass, fail, skip ? ", " skip " skipped" : ""; exit fail || !pass }'
