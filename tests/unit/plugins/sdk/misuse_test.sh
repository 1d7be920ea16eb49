#!/bin/sh
# Each file of misuse/ must be refused with the text that its first line expects.
#   misuse_test.sh FILE COMPILER PROTOC CODEGEN INCLUDE...
set -eu
export LC_ALL=C
file=$1 compiler=$2 protoc=$3 codegen=$4
shift 4
expected=$(sed -n '1s:^// expects\: ::p' "$file")
[ -n "$expected" ] || { echo "$file: the first line must be '// expects: TEXT'" >&2; exit 1; }

case $file in
  *.proto)
    out=$(mktemp -d)
    trap 'rm -rf "$out"' EXIT
    run() { "$protoc" --plugin=protoc-gen-sluice="$codegen" --sluice_out="$out" -I"$(dirname "$file")" "$file" 2>&1; }
    ;;
  *)
    flags=""
    for include in "$@"; do flags="$flags -I$include"; done
    # shellcheck disable=SC2086 # one flag per word
    run() { "$compiler" -std=c++20 -fsyntax-only -DSLUICE_PLUGIN_NAME=misuse $flags "$file" 2>&1; }
    ;;
esac

if messages=$(run); then
  echo "$file was accepted" >&2
  exit 1
fi
if ! printf '%s' "$messages" | grep -qF -- "$expected"; then
  echo "$file was refused, but without saying '$expected':" >&2
  printf '%s\n' "$messages" >&2
  exit 1
fi
