#!/usr/bin/env bash
# Includes go one way. Prints every include that points the wrong way and fails if there is one.
# Usage: check_includes.sh SOURCE_DIR
set -uo pipefail
cd "$1" || exit 2
bad=0
report() { echo "$1"; bad=1; }

# Folders of gateway/ that each folder may include, besides itself and core.
declare -A may=(
  [core]="" [config]="" [plugin]="" [codec]="" [journal]="" [kafka]="" [pipeline]="" [runtime]="" [admin]="runtime"
  [app]="config plugin codec journal kafka pipeline runtime admin"
  [cli]="app config plugin codec journal kafka pipeline runtime admin"
)
for folder in "${!may[@]}"; do
  allowed="^(core|$folder$(for f in ${may[$folder]}; do printf '|%s' "$f"; done))/"
  while IFS= read -r hit; do
    included=$(sed -E 's/.*#include "([^"]+)".*/\1/' <<<"$hit")
    [[ $included =~ / ]] || continue
    [[ $included =~ $allowed ]] || report "wrong way: $hit"
  done < <(grep -rnE '#include "[^"]+"' "gateway/$folder" --include='*.hpp' --include='*.cpp')
done

only() { # header pattern, folders that may, what
  while IFS= read -r hit; do report "$3 outside its folder: $hit"; done \
    < <(grep -rnE "#include *[<\"]($1)" gateway --include='*.hpp' --include='*.cpp' | grep -vE "^gateway/($2)/")
}
only 'dlfcn\.h' 'plugin' '<dlfcn.h>'
only 'librdkafka/' 'kafka' 'rdkafka'
only 'google/protobuf/|[a-z_/]*\.pb\.h' 'codec' 'protobuf'
only 'boost/(asio|beast)' 'runtime|admin' 'Asio or Beast'
only 'sluice/plugin_abi\.h' 'plugin' 'the plugin ABI'

while IFS= read -r hit; do report "a plugin looks outside the SDK: $hit"; done \
  < <(grep -rnE '#include *[<"](gateway|core|proto|app|codec|kafka|pipeline)/' plugins --include='*.h' --include='*.hpp' --include='*.cpp' --include='*.c')

# The gateway names no domain: no plugin's name stands in it.
for plugin in plugins/*/CMakeLists.txt; do
  name=$(basename "$(dirname "$plugin")")
  case $name in sdk | console | ndjson) continue ;; esac # words of their own
  while IFS= read -r hit; do report "the gateway names a plugin: $hit"; done \
    < <(grep -rnw "$name" gateway --include='*.hpp' --include='*.cpp')
done

for folder in gateway/*/ plugins/*/; do
  [ -f "${folder}README.md" ] || report "no README.md in $folder"
done
exit $bad
