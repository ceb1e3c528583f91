# shellcheck shell=bash
# Settings for a second stack on one machine, which runs beside a developer's `make up`.

# second_stack_settings FOLDER: exports a run folder in FOLDER and free ports for every part. Nothing
# of the caller's own stack stays: its settings would be those of the second.
second_stack_settings() {
    local name first lib=${BASH_SOURCE[0]%/*}/lib
    for name in $(compgen -e | grep '^WARREN_' || true); do unset "$name"; done
    # shellcheck disable=SC1091 # in a subshell: the caller may have all of lib.sh, or none of it
    first=$(source "$lib/log.sh" && source "$lib/ports.sh" && free_port_block 17)
    export WARREN_RUN_DIR=$1/stack
    export WARREN_FRONT_HTTP_PORT=$first
    export WARREN_FRONT_HTTPS_PORT=$((first + 1))
    export WARREN_DEV_API_PORTS="$((first + 2)) $((first + 3))"
    export WARREN_DEV_API_ADMIN_PORTS="$((first + 4)) $((first + 5))"
    export WARREN_DEV_WS_PORTS="$((first + 6)) $((first + 7))"
    export WARREN_DEV_WS_ADMIN_PORTS="$((first + 8)) $((first + 9))"
    export WARREN_DEV_POSTGRES_PORT=$((first + 10))
    export WARREN_DEV_BROKER_PORT=$((first + 11))
    export WARREN_DEV_BROKER_MANAGEMENT_PORT=$((first + 12))
    export WARREN_DEV_BROKER_DIST_PORT=$((first + 13))
    export WARREN_DEV_BROKER_EPMD_PORT=$((first + 14))
    export WARREN_DEV_MEMCACHED_PORT=$((first + 15))
    export WARREN_DEV_WEB_PORT=$((first + 16))
}
