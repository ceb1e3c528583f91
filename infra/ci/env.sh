# shellcheck shell=bash
# What every check of the project sets and uses.

# shellcheck source=../dev/lib.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../dev/lib.sh"
cd -- "$ROOT"

found=$(find_cargo)
PATH=$PATH:${found%/*}

# stage NAME COMMAND...: with its time; fails as COMMAND does.
stage() {
    local name=$1 began=$EPOCHREALTIME status=0
    shift
    say "==> $name"
    "$@" || status=$?
    ((status == 0)) || name+=" FAILED"
    say "<== $name: $(seconds_since "$began") s"
    return "$status"
}
