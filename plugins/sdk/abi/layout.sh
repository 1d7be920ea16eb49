#!/bin/sh
# Prints the layout of every struct in plugin_abi.h as a compiler sees it, or compares it with the golden file.
#
#   layout.sh print COMPILER           the layout: "struct size align", then "  member offset size" for each member;
#                                      then "= NAME = number" for each enumerator
#   layout.sh check COMPILER GOLDEN    exit 0: equal and without padding at any end; 1: not; 77: no such compiler
#
# Nothing is run for the target: offsets come out of the assembly text, so a cross compiler is enough.
set -eu
mode=$1
compiler=$2
here=$(dirname "$0")
header=$here/../include/sluice/plugin_abi.h

if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "SKIPPED: no $compiler here, so the ABI of its target was NOT checked" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 77
fi

# The members are read from the header itself, so that none can be forgotten here.
layout() {
  {
    echo '#include "sluice/plugin_abi.h"'
    echo 'void layout(void) {'
    sed -e 's://.*$::' "$header" | tr '\n' '\001' | sed -e 's:/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/::g' | tr '\001' '\n' | awk '
      /^typedef struct [a-z0-9_]+ \{/ {
        type = $3
        printf "__asm__ volatile(\"\\n-> %s %%c0 %%c1\" : : \"i\"(sizeof(%s)), \"i\"(_Alignof(%s)));\n", type, type, type
        inside = 1
        next
      }
      inside && /^\}/ { inside = 0 }
      inside {
        name = ""
        if (match($0, /\(\*[a-z0-9_]+\)\(/)) {
          name = substr($0, RSTART + 2, RLENGTH - 4)
        } else if ($0 !~ /\)/ && match($0, /[a-z0-9_]+;/)) {
          name = substr($0, RSTART, RLENGTH - 1)
        }
        if (name != "") {
          printf "__asm__ volatile(\"\\n->   %s %%c0 %%c1\" : : \"i\"(offsetof(%s, %s)), \"i\"(sizeof(((%s *)0)->%s)));\n", \
            name, type, name, type, name
        }
      }'
    echo '}'
  } | "$compiler" -std=gnu11 -O0 -fno-pic -I"$here/../include" -x c -S -o - - | sed -n 's/^-> //p'
  grep -o 'SLUICE_[A-Z0-9_]* = [0-9]*' "$header" | sed 's/^/= /'
}

# A member appended into padding at the end would not show in struct_size.
unpadded() {
  awk '
    /^=/    { next }
    /^[^ ]/ { if (type != "" && end != size) { print type " ends in " size - end " bytes of padding"; bad = 1 }
              type = $1; size = $2 }
    /^ /    { end = $2 + $3 }
    END     { if (end != size) { print type " ends in padding"; bad = 1 }; exit bad }'
}

case $mode in
  print) layout ;;
  check)
    found=$(mktemp)
    trap 'rm -f "$found"' EXIT
    layout >"$found"
    [ -s "$found" ] || { echo "no layout came out of $compiler" >&2; exit 1; }
    unpadded <"$found"
    if ! diff -u "$3" "$found"; then
      echo "The layout of plugin_abi.h differs from $3. A released entity never changes (see ABI.md); a new one is" >&2
      echo "recorded by: sh plugins/sdk/abi/layout.sh print $compiler > $3" >&2
      exit 1
    fi
    ;;
  *) echo "usage: layout.sh print|check COMPILER [GOLDEN]" >&2; exit 2 ;;
esac
