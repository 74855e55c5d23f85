#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a Python test: a file of kernels (tests/run) is compared with CPython by `keelback check`, any other
# one is a program that speaks TAP. Nothing may hang: KB_TEST_SECONDS is the limit of one file.
case $1 in
  tests/run/* | */tests/run/*) exec timeout "${KB_TEST_SECONDS:-600}" "$KEELBACK" check "$@" ;;
  *) exec timeout "${KB_TEST_SECONDS:-600}" "$PYTHON" "$@" ;;
esac
