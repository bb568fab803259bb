#!/bin/sh
# The sample's custom adapter beside jq (and gojq, if there is one) doing the same mapping on the
# same file, in one run. Prints seconds of processor time and the ratio; fails below ten times.
set -eu
cd "$(dirname "$0")/.."
lines="${1:-200000}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk -v n="$lines" 'BEGIN { for (i = 0; i < n; i++) printf "{\"time\":%d,\"sht_temperature\":%.2f,\"qmp_temperature\":%.2f,\"humidity\":%.1f,\"pressure\":%.1f,\"count\":%d}\n", 1767225600 + i, 20 + i % 7, 21 + i % 5, 50 + i % 30, 1000 + i % 20, i }' > "$dir/messages"
cargo build -q --release -p adapter --example normalise_file
program='{sht_temperature, qmp_temperature, humidity, pressure, count} | map_values(select(. != null))'

# Processor time of a command, user and system.
seconds() {
    ( TIMEFORMAT='%U %S'; exec 3>&2; bash -c 'TIMEFORMAT="%U %S"; time "$@" > "$0"' "$dir/out" "$@" ) 2>&1 | awk 'END { print $1 + $2 }'
}

ours=$(seconds target/release/examples/normalise_file "$dir/messages")
[ "$(wc -l < "$dir/out")" -eq "$lines" ]
echo "adapter  $ours s for $lines messages"
for other in jq gojq; do
    command -v "$other" > /dev/null || continue
    theirs=$(seconds "$other" -c "$program" "$dir/messages")
    [ "$(wc -l < "$dir/out")" -eq "$lines" ]
    echo "$other  $theirs s"
    echo "$ours $theirs $other" | awk '{ r = $2 / $1; printf "%.1f times faster than %s\n", r, $3; exit r < 10 }'
done
