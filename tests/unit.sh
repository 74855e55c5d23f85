#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a CMocka program with TAP output. CMocka 1.1.5 puts a tab before some lines and calls a skipped test
# "not ok", which the TAP driver does not take.
out=$(CMOCKA_MESSAGE_OUTPUT=TAP timeout "${KB_TEST_SECONDS:-600}" "$@" 2>&1)
status=$?
printf '%s\n' "$out" | sed -e 's/^	*\(1\.\.\|ok \|not ok \)/\1/' -e 's/^not ok \([0-9]* # SKIP\)/ok \1/'
exit $status
