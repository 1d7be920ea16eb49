#!/bin/sh
# Each plugin given exports sluice_plugin_entry_v1 and nothing else.
set -eu
[ $# -gt 0 ] || { echo "no plugins given" >&2; exit 1; }
for file in "$@"; do
  [ -f "$file" ] || { echo "$file was not built" >&2; exit 1; }
  symbols=$(nm -D --defined-only "$file" | awk '{ print $NF }')
  if [ "$symbols" != sluice_plugin_entry_v1 ]; then
    echo "$file must export sluice_plugin_entry_v1 alone, but exports:" >&2
    echo "$symbols" >&2
    exit 1
  fi
done
