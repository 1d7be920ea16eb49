#!/usr/bin/env bash
# compare.sh COMMITTED_FILE COMMAND...: what the command prints must equal the file.
set -uo pipefail
committed=$1
shift
if ! diff -u "$committed" <("$@"); then
  echo "$committed is not what '$*' prints; run: make docs" >&2
  exit 1
fi
