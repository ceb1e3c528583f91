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

# provide_python FOLDER REQUIREMENTS: an environment with exactly these packages. Kept with the build's
# own output: `cargo clean` removes it, a cache of CI keeps it.
provide_python() {
    local wanted
    wanted=$(sha256sum <"$2")
    [[ $(cat -- "$1/requirements.sha256" 2>/dev/null) != "$wanted" ]] || return 0
    python3 -c 'import ensurepip' 2>/dev/null || install_as_root python3 python3-venv
    rm -rf -- "$1"
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$2"
    echo "$wanted" >"$1/requirements.sha256"
}
