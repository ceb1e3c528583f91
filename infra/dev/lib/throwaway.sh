# shellcheck shell=bash
# `services run`: servers for one run of tests.
#
# Two processes. The one that is called starts the servers, says so, and waits for the end of its
# stdin. The reaper waits for a pipe from it to close, then ends and deletes everything. So it does
# not matter how the first one ends: its caller closes stdin or is killed, Ctrl-C, kill -9.

throwaway_run() {
    THROWAWAY=yes
    [[ ! -e $1 || -z $(ls -A -- "$1") ]] || die "$1 is not empty, and it would be deleted"
    place_run_dir "$1"
    throwaway_ports
    # Whatever starts servers below inherits this pipe, so that the reaper begins only when nothing
    # more can be started; the servers themselves do not (see the launcher in process.sh).
    exec {LIFELINE}> >(exec setsid "$ROOT/infra/dev/services" reap "$1" >/dev/null)
    REAPER=$!
    trap throwaway_end EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    services_start >&2
    throwaway_lines
    # A trap interrupts `wait`, but no command in the foreground. stdin needs a name of its own,
    # because bash gives a background command /dev/null; and who only reads must not hold the pipe.
    exec {input}<&0
    cat <&"$input" >/dev/null {LIFELINE}>&- &
    READER=$!
    wait "$READER"
}

throwaway_end() {
    trap '' TERM INT
    [[ -z ${READER:-} ]] || kill "$READER" 2>/dev/null || true
    exec {LIFELINE}>&-
    wait "$REAPER" || true
}

# One block of neighbouring ports, away from those of a developer's own stack.
throwaway_ports() {
    local first
    first=$(free_port_block 8)
    WARREN_DEV_POSTGRES_PORT=$first
    WARREN_DEV_BROKER_PORT=$((first + 1))
    WARREN_DEV_BROKER_MANAGEMENT_PORT=$((first + 2))
    WARREN_DEV_BROKER_DIST_PORT=$((first + 3))
    WARREN_DEV_BROKER_EPMD_PORT=$((first + 4))
    WARREN_DEV_MEMCACHED_PORT=$((first + 5))
}

throwaway_lines() {
    echo "WARREN_TEST_DATABASE_URL=$(postgres_url)"
    echo "WARREN_TEST_BROKER_URL=$(rabbitmq_url)"
    echo "WARREN_TEST_BROKER_MANAGEMENT_URL=$(rabbitmq_management_url)"
    echo "WARREN_TEST_PRESENCE_SERVERS=127.0.0.1:$WARREN_DEV_MEMCACHED_PORT"
    echo ready
}

throwaway_reap() {
    trap '' TERM INT HUP
    cat >/dev/null
    find_run_dir "$1" || return 0
    local name
    for name in postgres rabbitmq epmd memcached; do stop_process "$name" KILL; done
    # What a killed server had started ends by itself a moment later.
    local deadline=$((SECONDS + STOP_DEADLINE_S))
    while [[ -n $(processes_working_in "$RUN") ]] && ((SECONDS < deadline)); do sleep 0.1; done
    as_user rm -rf -- "$RUN" 2>/dev/null || true
    rm -rf -- "$RUN" "$1"
}
