# shellcheck shell=bash
# What the benchmarks share: built programs, a platform of their own, and a clean end.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$(mktemp -d)
pids=()

finish() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT

# Builds the program under test and the load generator.
build() {
    (cd "$root" && cargo build --release --quiet --bin manage-dt &&
        cargo build --release --quiet --package bench)
    manage_dt=${MANAGE_DT_BIN:-$target/release/manage-dt}
}

# Needs a program; says which package has it.
need() {
    command -v "$1" >/dev/null && return
    echo "bench: $1 is missing; on Debian: apt-get install $2" >&2
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Starts a platform in $work/state and reads its env.sh.
start_platform() {
    "$manage_dt" serve --state-dir "$work/state" --https-port 0 --mqtts-port 0 --mqtt-port 0 \
        "$@" >"$work/serve.out" 2>"$work/serve.err" &
    pids+=($!)
    for _ in $(seq 100); do
        grep -q '^ready' "$work/serve.out" && break
        sleep 0.05
    done
    # shellcheck disable=SC1091
    . "$work/state/client/env.sh"
}

# Where and on what the figures were measured.
machine() {
    printf 'machine: %s x %s, commit %s, load before the run %s\n' "$(nproc)" \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" \
        "$(git -C "$root" rev-parse --short HEAD)" "$(cut -d' ' -f1 /proc/loadavg)"
}

# One number of a JSON object on stdin: `field per_second`.
field() {
    python3 -c 'import functools, json, sys
print(functools.reduce(lambda value, key: value[key], sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
}
