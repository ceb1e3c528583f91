# shellcheck shell=bash
# PostgreSQL, RabbitMQ and Memcached together.

readonly SERVICES=(postgres rabbitmq memcached)

# Whether this run is for tests: nothing is kept, so nothing is forced to the disk.
THROWAWAY=no
is_throwaway() { [[ $THROWAWAY == yes ]]; }

# services_start: each that does not run yet, all at once, until all of them answer.
services_start() {
    local service pid failed=no pids=()
    make_folders "$RUN"/{env,log,process}
    for service in "${SERVICES[@]}"; do
        is_running "$service" || "${service}_check_ports"
    done
    for service in "${SERVICES[@]}"; do
        service_start "$service" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=yes; done
    [[ $failed == no ]] || die "the services did not all start; their logs are in $RUN/log"
}

service_start() {
    local began=$EPOCHREALTIME
    is_running "$1" || progress "$1" "starting"
    "${1}_start"
    if [[ $OUTCOME == kept ]]; then
        progress "$1" "running"
    else
        progress "$1" "$OUTCOME, ready after $(seconds_since "$began") s"
    fi
}

# seconds_since EPOCHREALTIME. bash knows no fractions: tenths, then the point put in.
seconds_since() {
    local tenths=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 100000))
    echo "$((tenths / 10)).$((tenths % 10))"
}

services_stop() {
    local service pid failed=no pids=()
    for service in "${SERVICES[@]}"; do
        "${service}_stop" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=yes; done
    [[ $failed == no ]]
}

services_status() {
    local all=0
    process_status postgres "$WARREN_DEV_POSTGRES_PORT" || all=1
    process_status rabbitmq "$WARREN_DEV_BROKER_PORT" || all=1
    process_status memcached "$WARREN_DEV_MEMCACHED_PORT" || all=1
    return "$all"
}

# process_status NAME PORT: one line; fails unless it runs and listens.
process_status() {
    local pid state=running
    if ! pid=$(pid_of "$1"); then
        pid=- state=stopped
    elif ! port_is_taken "$2"; then
        state='not listening'
    fi
    printf '%-12s %-14s pid %-8s port %s\n' "$1" "$state" "$pid" "$2"
    [[ $state == running ]]
}
