# shellcheck shell=bash
# Tests of `services run`, which every other test of the project stands on.

services_tests() {
    check "run prints where its servers are, and they answer" run_serves
    check "run ends and deletes everything at the end of its stdin" run_ends_at_eof
    check "run ends and deletes everything on SIGTERM" run_ends_on_sigterm
    check "run leaves nothing when it is killed" run_leaves_nothing_when_killed
    check "run refuses a folder that holds something" run_refuses_a_full_folder
    check "servers listen on loopback only" run_listens_on_loopback
    check "start keeps its data, and starts what has died" start_keeps_data_and_repairs
}

# begin_run: starts `run` with a pipe as its stdin; sets RUN_PID, RUN_DIR and RUN_INPUT, and
# exports the lines it prints.
begin_run() {
    local line output
    RUN_DIR=$(mktemp -u "$WORK/run-XXXXXX")
    mkfifo "$RUN_DIR.in"
    exec {output}< <(exec "$SERVICES_COMMAND" run "$RUN_DIR" <"$RUN_DIR.in")
    RUN_PID=$!
    exec {RUN_INPUT}>"$RUN_DIR.in"
    while read -r line <&"$output"; do
        [[ $line != ready ]] || return 0
        export "${line?}"
    done
    echo "run ended before it was ready"
    return 1
}

gone() { [[ ! -e $1 ]] && nothing_works_in "$1"; }

run_answers() {
    expect "rows" "$(psql --no-psqlrc -tA -c 'SELECT 40 + 2' "$WARREN_TEST_DATABASE_URL")" 42
}

run_serves() {
    begin_run
    run_answers
    local vhost=$WARREN_TEST_BROKER_MANAGEMENT_URL/api/vhosts/t1
    expect "vhost" "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' -X PUT "$vhost")" 201
    expect "broker" "$WARREN_TEST_BROKER_URL" 'amqp://guest:guest@127.0.0.1:+([0-9])'
    expect "presence" "$WARREN_TEST_PRESENCE_SERVERS" '127.0.0.1:+([0-9])'
    exec {RUN_INPUT}>&-
    within 30 gone "$RUN_DIR"
}

run_ends_at_eof() {
    begin_run
    exec {RUN_INPUT}>&-
    wait "$RUN_PID"
    gone "$RUN_DIR"
}

run_ends_on_sigterm() {
    begin_run
    run_answers
    kill -s TERM "$RUN_PID"
    within 30 gone "$RUN_DIR"
}

run_leaves_nothing_when_killed() {
    begin_run
    run_answers
    kill -s KILL "$RUN_PID"
    within 30 gone "$RUN_DIR"
}

run_refuses_a_full_folder() {
    local dir=$WORK/full
    mkdir "$dir"
    touch "$dir/precious"
    fails "$SERVICES_COMMAND" run "$dir"
    [[ -e $dir/precious ]]
}

run_listens_on_loopback() {
    begin_run
    local port first=${WARREN_TEST_DATABASE_URL##*:}
    first=${first%/*}
    for ((port = first; port < first + 6; port++)); do
        # 127.0.0.1 and, of epmd, ::1.
        expect "addresses of port $port" "$(listening_addresses "$port" | xargs)" \
            '0100007F?( 00000000000000000000000001000000)'
    done
}

# listening_addresses PORT: as /proc writes them, a line each.
listening_addresses() {
    local hex
    printf -v hex '%04X' "$1"
    awk -v port="$hex" '{ split($2, at, ":") } $4 == "0A" && at[2] == port { print at[1] }' \
        /proc/net/tcp /proc/net/tcp6
}

start_keeps_data_and_repairs() {
    local dir=$WORK/kept url pid
    "$SERVICES_COMMAND" start "$dir"
    url=$("$SERVICES_COMMAND" env "$dir" | sed -n 's/^WARREN_DATABASE_URL=//p')
    psql --no-psqlrc -q -c 'CREATE TABLE kept AS SELECT 1 AS one' "$url"
    pid=$(pid_in "$dir" memcached)
    kill -s KILL "$(pid_in "$dir" postgres)" "$(pid_in "$dir" rabbitmq)"
    fails "$SERVICES_COMMAND" status "$dir"
    "$SERVICES_COMMAND" start "$dir"
    "$SERVICES_COMMAND" status "$dir"
    expect "memcached's pid" "$(pid_in "$dir" memcached)" "$pid"
    "$SERVICES_COMMAND" stop "$dir"
    within 10 nothing_works_in "$(readlink -f "$dir")"
    "$SERVICES_COMMAND" start "$dir"
    expect "rows" "$(psql --no-psqlrc -tA -c 'SELECT one FROM kept' "$url")" 1
    "$SERVICES_COMMAND" stop "$dir"
    within 10 nothing_works_in "$(readlink -f "$dir")"
}

# pid_in DIR NAME
pid_in() { cut -d ' ' -f 1 <"$1/process/$2.pid"; }
