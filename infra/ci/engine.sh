# shellcheck shell=bash
# A Docker engine for the checks that need one: the one that answers, else Debian's, installed and
# run as long as the check.

ENGINE=

provide_engine() {
    ! docker info >/dev/null 2>&1 || return 0
    is_root || die "no Docker engine answers" "start one, or call this as root"
    command -v dockerd >/dev/null || install_as_root docker.io iptables
    mkdir -p -- "$ROOT/target"
    dockerd >"$ROOT/target/dockerd.log" 2>&1 </dev/null &
    ENGINE=$!
    local tries
    for tries in {1..60}; do
        ! docker info >/dev/null 2>&1 || return 0
        kill -0 "$ENGINE" 2>/dev/null || die "dockerd ended" "see target/dockerd.log"
        sleep 0.5
    done
    die "dockerd does not answer after $((tries / 2)) s" "see target/dockerd.log"
}

stop_engine() {
    [[ -n $ENGINE ]] || return 0
    kill "$ENGINE" 2>/dev/null || true
    wait "$ENGINE" || true
}
