# shellcheck shell=bash
# Tests of what `make up` and its companions do, on the built system. They are one story: each
# finds the stack as the one before left it.

stack_tests() {
    check "up starts everything and says where it is" up_starts_everything
    check "status lists what runs" status_lists_what_runs
    check "up again changes nothing, in less than 20 s" up_again_changes_nothing
    front_door_tests
    check "requests are served while one api is dead, and up starts it again" up_repairs
    check "up restarts the processes that a setting concerns, and no other" up_applies_settings
    # While the rate limits are off: a restore starts the processes with the settings of its caller.
    front_door_load_tests
    check "backup and restore bring back what was, and the files; what came later is gone" backup_and_restore
    check "a taken port is a clear message" taken_port_is_told
    check "down ends everything and keeps the data" down_ends_everything
    check "up again finds the data" up_finds_the_data
    check "reset deletes the data, and keeps the backups until they are deleted" reset_deletes
}

url() { echo "http://localhost:$WARREN_FRONT_HTTP_PORT$1"; }
tls_url() { echo "https://localhost:$WARREN_FRONT_HTTPS_PORT$1"; }

# request CURL_ARGUMENT...: the head and the body of the answer.
request() {
    curl -s -i --max-time 20 --noproxy '*' --cacert "$WARREN_RUN_DIR/tls/cert.pem" "$@" |
        tr -d '\r\0'
}

# status_of CURL_ARGUMENT...
status_of() { request -o /dev/null -w '%{http_code}' "$@"; }

# register URL NAME [CURL_ARGUMENT...]
register() {
    local to=$1 name=$2
    shift 2
    request "$to" -H 'Content-Type: application/json' "$@" \
        -d "{\"username\": \"$name\", \"password\": \"a long enough phrase\"}"
}

# token_of NAME [CURL_ARGUMENT...]: of a new user.
token_of() {
    register "$(url /v1/auth/register)" "$@" | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p'
}

# pids: "name pid" of every part.
pids() {
    local file
    for file in "$WARREN_RUN_DIR"/process/*.pid; do
        echo "$(basename "$file" .pid) $(cut -d ' ' -f 1 <"$file")"
    done
}

# changed_since FILE: the parts whose pid is another than in FILE.
changed_since() { pids | diff "$1" - | sed -n 's/^> \([^ ]*\) .*/\1/p' | xargs; }

up_starts_everything() {
    local output
    output=$("$STACK_COMMAND" up)
    expect "what up says" "$output" "*$(url /docs/)*"
    expect "what up says" "$output" "*$(tls_url '')*"
    pids >"$WORK/pids"
}

status_lists_what_runs() {
    local output
    output=$("$STACK_COMMAND" status)
    local name
    for name in postgres rabbitmq memcached api-1 api-2 ws-server-1 ws-server-2 web nginx; do
        expect "status" "$output" "*$name*running*"
    done
}

up_again_changes_nothing() {
    local began=$SECONDS
    "$STACK_COMMAND" up
    expect "restarted" "$(changed_since "$WORK/pids")" ''
    ((SECONDS - began < 20))
}

up_repairs() {
    local i
    kill -s KILL "$(pid_in "$WARREN_RUN_DIR" api-1)"
    for i in {1..20}; do
        expect "request $i" "$(status_of "$(url /.well-known/jwks.json)")" 200
    done
    fails "$STACK_COMMAND" status
    "$STACK_COMMAND" up
    expect "restarted" "$(changed_since "$WORK/pids")" api-1
    "$STACK_COMMAND" status
    pids >"$WORK/pids"
}

up_applies_settings() {
    WARREN_DATABASE_POOL_SIZE=9 "$STACK_COMMAND" up
    expect "restarted" "$(changed_since "$WORK/pids")" 'api-1 api-2'
    pids >"$WORK/pids"
    WARREN_DATABASE_POOL_SIZE=9 WARREN_WS_FLUSH_TICK_MS=31 "$STACK_COMMAND" up
    expect "restarted" "$(changed_since "$WORK/pids")" 'ws-server-1 ws-server-2'
    pids >"$WORK/pids"
    WARREN_RATE_LIMITS=off "$STACK_COMMAND" up
    expect "restarted" "$(changed_since "$WORK/pids")" 'api-1 api-2 ws-server-1 ws-server-2'
}

# login NAME: the status.
login() {
    status_of "$(url /v1/auth/login)" -H 'Content-Type: application/json' \
        -d "{\"username\": \"$1\", \"password\": \"a long enough phrase\"}"
}

backup_and_restore() {
    local token answer file name
    token=$(token_of sophie)
    printf 'kept' >"$WORK/kept.txt"
    answer=$(request -H "Authorization: Bearer $token" -F file=@"$WORK/kept.txt" "$(url /v1/uploads)")
    expect "upload" "$answer" 'HTTP/1.1 201 *"id":"*'
    file=$(sed -n 's/.*"id":"\([^"]*\)".*/\1/p' <<<"$answer")
    name=$("$STACK_COMMAND" backup)
    expect "name" "$name" '+([0-9])T+([0-9])Z'
    expect "list" "$("$STACK_COMMAND" backups)" "$name"
    BACKUP=$name "$STACK_COMMAND" verify
    token_of later >/dev/null
    expect "login of who came later" "$(login later)" 200
    rm -rf -- "$WARREN_RUN_DIR/files"
    fails "$STACK_COMMAND" verify
    BACKUP=$name "$STACK_COMMAND" restore
    "$STACK_COMMAND" status
    "$STACK_COMMAND" verify
    expect "login of who came later" "$(login later)" 401
    expect "login" "$(login sophie)" 200
    answer=$(request -L -H "Authorization: Bearer $token" "$(url "/v1/attachments/$file")")
    expect "file" "$answer" '*302*200*kept'
    pids >"$WORK/pids"
}

# A second stack on the same ports.
taken_port_is_told() {
    local output
    output=$(fails env WARREN_RUN_DIR="$WORK/second" "$STACK_COMMAND" up 2>&1)
    expect "what up says" "$output" "*port ${WARREN_DEV_API_PORTS%% *}, which api-1 needs, is taken by process +([0-9]) (*api*WARREN_DEV_API_PORTS*"
    nothing_works_in "$WORK/second"
}

down_ends_everything() {
    local dir port
    dir=$(readlink -f "$WARREN_RUN_DIR")
    "$STACK_COMMAND" down
    within 10 nothing_works_in "$dir"
    for port in "$WARREN_FRONT_HTTP_PORT" $WARREN_DEV_API_PORTS $WARREN_DEV_WS_PORTS \
        "$WARREN_DEV_POSTGRES_PORT" "$WARREN_DEV_BROKER_EPMD_PORT"; do
        expect "who listens on $port" "$(listening_addresses "$port")" ''
    done
    fails "$STACK_COMMAND" status
    "$STACK_COMMAND" down
}

up_finds_the_data() {
    "$STACK_COMMAND" up
    expect "register again" "$(register "$(url /v1/auth/register)" ada)" 'HTTP/1.1 409 *"code":"conflict"*'
}

reset_deletes() {
    local dir
    dir=$(readlink -f "$WARREN_RUN_DIR")
    fails "$STACK_COMMAND" reset
    FORCE=1 "$STACK_COMMAND" reset
    expect "what is left" "$(ls -A "$dir")" backups
    expect "backups" "$(ls "$dir/backups")" '*Z*pool*'
    rm -rf -- "$dir/backups"
    FORCE=1 "$STACK_COMMAND" reset
    [[ ! -e $WARREN_RUN_DIR && ! -e $dir ]]
    within 10 nothing_works_in "$dir"
}
