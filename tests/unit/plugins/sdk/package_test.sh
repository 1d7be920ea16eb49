#!/bin/sh
# Installs the SDK into a temporary prefix, takes the files out of docs/writing-a-plugin.md, builds them there with nothing
# but the installed package, and looks at what each plugin exports.
#   package_test.sh SOURCE_DIR BUILD_DIR
set -eu
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

DESTDIR=$work/root cmake --install "$build" --component sdk --prefix /opt/sluice >/dev/null
prefix=$work/root/opt/sluice

# Every block of the document that begins with a file name is that file.
mkdir "$work/plugin"
awk -v out="$work/plugin/" '
  /^```/ && inside { close(file); inside = 0; next }
  inside { print > file; next }
  match($0, /^`[a-zA-Z_.]+`:$/) { name = substr($0, 2, RLENGTH - 3); next }
  /^```/ && name != "" { file = out name; inside = 1; name = ""; next }
  /^```/ { skipping = !skipping }' "$source/docs/writing-a-plugin.md"

for file in CMakeLists.txt room.proto room_sensor.cpp room_average.cpp room_button.c room_logger.c; do
  cmp "$work/plugin/$file" "$prefix/share/sluice/template/$file" || {
    echo "docs/writing-a-plugin.md and plugins/sdk/template/$file differ" >&2
    exit 1
  }
done

cmake -S "$work/plugin" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_C_FLAGS="-Wall -Wextra -Werror" -DCMAKE_CXX_FLAGS="-Wall -Wextra -Werror" >/dev/null
cmake --build "$work/build" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
DESTDIR=$work/installed cmake --install "$work/build" --prefix /usr >/dev/null

for name in room_sensor room_average room_button room_logger; do
  file=$work/installed/usr/lib/sluice/plugins/$name.so
  sh "$source/tests/unit/plugins/sdk/exports_test.sh" "$file"
  strip -o "$work/stripped" "$file"
  [ "$(wc -c <"$work/stripped")" -le 307200 ] || { echo "$name.so is larger than 300 KB" >&2; exit 1; }
done
