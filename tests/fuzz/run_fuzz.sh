#!/usr/bin/env bash
# Runs one fuzz target for FUZZ_SECONDS (15): run_fuzz.sh PROGRAM SEED_CORPUS WORK_DIR. What it finds stays in WORK_DIR.
set -euo pipefail
mkdir -p "$3/corpus" "$3/findings"
seeds=()
[ -d "$2" ] && seeds=("$2")
exec "$1" -max_total_time="${FUZZ_SECONDS:-15}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
  -artifact_prefix="$3/findings/" "$3/corpus" "${seeds[@]}"
