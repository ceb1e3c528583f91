# shellcheck shell=bash
# Tests of what `make up` and its companions do, on the built system. They are one story: each
# finds the stack as the one before left it.

stack_tests() {
    check "up starts everything and says where it is" up_starts_everything
    check "status lists what runs" status_lists_what_runs
    check "up again changes nothing, in less than 20 s" up_again_changes_nothing
    check "the front door serves over http and https" front_door_serves
    check "the front door serves the web client, under a policy of its own" front_door_web_client
    check "the front door has one way in: no internal, metrics or health routes" front_door_is_narrow
    check "the front door keeps a good request id and replaces a bad one" front_door_request_ids
    check "the front door's own faults are problem documents" front_door_problems
    check "the front door tells services the true address of a client" front_door_true_address
    check "the front door speaks no TLS before 1.2" front_door_tls_versions
    check "the front door passes WebSocket upgrades to ws-server" front_door_upgrades
    check "the access log has the request id and no query" front_door_log
    check "the generated nginx configuration is sound" front_door_configuration
    check "requests are served while one api is dead, and up starts it again" up_repairs
    check "up restarts the processes that a setting concerns, and no other" up_applies_settings
    check "a taken port is a clear message" taken_port_is_told
    check "down ends everything and keeps the data" down_ends_everything
    check "up again finds the data" up_finds_the_data
    check "reset deletes the data" reset_deletes
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

front_door_serves() {
    expect "register over http" "$(register "$(url /v1/auth/register)" ada)" 'HTTP/1.1 201 *"access_token"*'
    expect "register over https" "$(register "$(tls_url /v1/auth/register)" grace)" 'HTTP/2 201 *"access_token"*'
    expect "keys" "$(request "$(tls_url /.well-known/jwks.json)")" '*"kid"*'
    expect "docs" "$(request "$(url /docs)")" '*302*[Ll]ocation: /docs/*'
    expect "docs" "$(status_of "$(url /docs/)")" 200
    expect "plain http on the TLS port" "$(request "http://localhost:$WARREN_FRONT_HTTPS_PORT/v1/me")" \
        "*308*[Ll]ocation: $(tls_url /v1/me)*"
}

front_door_web_client() {
    local page policy nonce asset
    page=$(request "$(url /)")
    expect "page" "$page" 'HTTP/1.1 200 *[Cc]ontent-[Tt]ype: text/html*<div id="__nuxt"*'
    expect "page" "$page" '*[Cc]ache-[Cc]ontrol: no-store*'
    policy=$(sed -n 's/^content-security-policy: //Ip' <<<"$page")
    expect "policy" "$policy" "default-src 'self'; script-src 'self' 'nonce-*"
    expect_not "policy" "${policy/style-src-attr \'unsafe-inline\'/}" "*unsafe*"
    nonce=$(sed -n "s/.*script-src 'self' 'nonce-\([^']*\)'.*/\1/p" <<<"$policy")
    expect_not "scripts and styles without the nonce" \
        "$(grep -oE '<(script|style)[ >][^>]*' <<<"$page" | grep -vF "nonce=\"$nonce\"")" '?*'
    expect_not "nonce of the next answer" "$(request "$(url /)")" "*$nonce*"
    asset=$(grep -o '/_nuxt/[A-Za-z0-9_-]*\.js' <<<"$page" | head -n 1)
    asset=$(request -I -H 'Accept-Encoding: gzip' "$(tls_url "$asset")")
    expect "file" "$asset" 'HTTP/2 200 *cache-control: *immutable*'
    expect "file" "$asset" '*content-encoding: gzip*'
    expect "page that is not there" "$(status_of "$(url /nowhere)")" 404
}

front_door_is_narrow() {
    local path
    for path in /internal /internal/routes /metrics /healthz /readyz /v1/../internal/routes \
        /docs/..%2finternal/routes //internal/routes; do
        expect "status of $path" "$(status_of --path-as-is "$(url "$path")")" 404
    done
}

front_door_request_ids() {
    local answer
    answer=$(request -H 'X-Request-Id: my.id_4-2' "$(url /v1/me)")
    expect "answer" "$answer" '*[Xx]-[Rr]equest-[Ii]d: my.id_4-2'$'\n''*"request_id":"my.id_4-2"*'
    answer=$(request -H 'X-Request-Id: a"b c' "$(url /v1/me)")
    expect "answer" "$answer" '*[Xx]-[Rr]equest-[Ii]d: +([0-9a-f])'$'\n''*'
    answer=$(request -H "X-Request-Id: $(printf '%065d' 1)" "$(url /nowhere)")
    expect "answer" "$answer" '*[Xx]-[Rr]equest-[Ii]d: +([0-9a-f])'$'\n''*'
    expect "ids of one answer" "$(grep -ci '^x-request-id' <<<"$answer")" 1
}

front_door_problems() {
    local problem='*application/problem+json*"code":"%s"*"request_id":"+([0-9a-f])"*' pattern
    # shellcheck disable=SC2059 # a template
    printf -v pattern "$problem" not_found
    expect "unknown path" "$(request "$(url /internal)")" "HTTP/1.1 404 $pattern"
    # shellcheck disable=SC2059
    printf -v pattern "$problem" too_large
    head -c 1300000 /dev/zero >"$WORK/large"
    expect "large body" "$(request --data-binary @"$WORK/large" "$(url /v1/sync)")" "HTTP/1.1 413 $pattern"
    # shellcheck disable=SC2059
    printf -v pattern "$problem" malformed
    expect "large header" "$(request -H "X-Large: $(printf '%040000d' 1)" "$(url /v1/me)")" "HTTP/1.1 400 $pattern"
    expect_not "upload of 2 MB" "$(status_of -F file=@"$WORK/large" -F file=@"$WORK/large" "$(url /v1/uploads)")" 413
}

# The list of one's sessions shows the address that the service took for the client's.
front_door_true_address() {
    local token sessions
    token=$(token_of mary -H 'X-Forwarded-For: 203.0.113.9')
    sessions=$(request -H "Authorization: Bearer $token" -H 'Forwarded: for=203.0.113.9' \
        "$(url /v1/auth/sessions)")
    expect "sessions" "$sessions" 'HTTP/1.1 200 *127.0.0.1*'
    expect_not "sessions" "$sessions" '*203.0.113.9*'
}

front_door_tls_versions() {
    local connect=(openssl s_client -connect "127.0.0.1:$WARREN_FRONT_HTTPS_PORT")
    "${connect[@]}" -tls1_2 </dev/null
    "${connect[@]}" -tls1_3 </dev/null
    fails "${connect[@]}" -tls1_1 -cipher 'ALL:@SECLEVEL=0' </dev/null
}

front_door_upgrades() {
    local token base upgrade=(--http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket'
        -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')
    token=$(token_of barbara)
    for base in "$(url /ws)" "$(tls_url /ws)"; do
        expect "upgrade without a token" "$(request "${upgrade[@]}" "$base")" 'HTTP/1.1 401 *'
        # curl takes a WebSocket for an answer without an end: hence the deadline.
        expect "upgrade" "$(request --max-time 3 "${upgrade[@]}" -H "Authorization: Bearer $token" \
            "$base")" 'HTTP/1.1 101 *"type":"hello"*'
    done
}

front_door_log() {
    request -H 'X-Request-Id: look-for-me' "$(url '/v1/users?q=hidden-word')" >/dev/null
    local log=$WARREN_RUN_DIR/log/nginx-access.log
    local time='"ts":"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}\+00:00"'
    within 5 grep -qE "^\{$time,.*\"request_id\":\"look-for-me\".*\"path\":\"/v1/users\"" "$log"
    fails grep -e hidden-word -e access_token -e Bearer "$log"
}

front_door_configuration() {
    as_stack_user nginx -t -e stderr -p "$WARREN_RUN_DIR/nginx" -c "$WARREN_RUN_DIR/nginx/nginx.conf"
}

as_stack_user() {
    local user
    user=$(stat -L -c %U "$WARREN_RUN_DIR")
    if [[ $(id -un) == "$user" ]]; then "$@"; else setpriv --reuid="$user" --clear-groups "$@"; fi
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
    [[ ! -e $WARREN_RUN_DIR && ! -e $dir ]]
    within 10 nothing_works_in "$dir"
}
