#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a Python test: a file of kernels (tests/run) is compared with CPython by `keelback check`, any other
# one is a program that speaks TAP.
case $1 in
  tests/run/* | */tests/run/*) exec "$KEELBACK" check "$@" ;;
  *) exec "$PYTHON" "$@" ;;
esac
