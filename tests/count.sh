#!/bin/sh
# SPDX-License-Identifier: MIT
# count.sh FILE.trs...: one line `N passed, N failed`, with `, N skipped` after it; exit 1 when something
# failed or nothing ran. A non-zero exit status of a test is counted unless it already reported a failure.
for trs; do [ -f "$trs" ] || echo "$trs: no result" >&2; done
cat /dev/null "$@" 2>/dev/null | awk '
  /^:test-result: (PASS|XFAIL)/ { pass++ }
  /^:test-result: SKIP/ { skip++ }
  /^:test-result: (FAIL|XPASS)/ { fail++; here++ }
  /^:test-result: ERROR/ { if (!(/exited with status/ && here)) { fail++; here++ } }
  /^:test-global-result:/ { here = 0 }
  END { printf "%d passed, %d failed%s\n", pass, fail, skip ? ", " skip " skipped" : ""; exit fail || !pass }'
