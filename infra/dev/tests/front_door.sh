# shellcheck shell=bash
# Tests of nginx.conf, through the front door of the stack that stack.sh has started.

front_door_tests() {
    check "the front door serves over http and https" front_door_serves
    check "the front door serves the web client, under a policy of its own" front_door_web_client
    check "the front door has one way in: no internal, metrics or health routes" front_door_is_narrow
    check "the front door keeps a good request id and replaces a bad one" front_door_request_ids
    check "the front door's own faults are problem documents" front_door_problems
    check "the front door tells services the true address of a client" front_door_true_address
    check "the front door speaks no TLS before 1.2, and no cipher without authentication" front_door_tls
    check "every answer of the front door bears its headers once" front_door_headers
    check "the front door passes WebSocket upgrades to ws-server" front_door_upgrades
    check "the access log has the request id and no query" front_door_log
    check "the generated nginx configuration is sound, and patient with sockets" front_door_configuration
    check "the front door leads each path to its service, and to no other" front_door_routes
    check "the front door compresses pages" front_door_compresses
    check "the front door passes files on as the api gave them, also in parts" front_door_files
    check "the front door refuses requests that can be read in two ways" front_door_framing
    check "the front door upgrades no request to another protocol" front_door_no_h2c
    check "the front door repeats what may be repeated, and nothing else" front_door_repeats
    check "the front door does not wait for a slow head" front_door_slow_head
    check "the front door does not wait for a slow body" front_door_slow_body
}

# Without rate limits, as the test before has left the stack.
front_door_load_tests() {
    check "5000 sockets are open at once" front_door_holds_sockets
    check "no request fails while a ws-server goes and comes" front_door_follows_servers
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
    for path in /internal /internal/routes /metrics /healthz /startz /readyz /v1/../internal/routes \
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

front_door_tls() {
    local connect=(openssl s_client -connect "127.0.0.1:$WARREN_FRONT_HTTPS_PORT") cipher
    "${connect[@]}" -tls1_2 </dev/null
    "${connect[@]}" -tls1_3 </dev/null
    fails "${connect[@]}" -tls1_1 -cipher 'ALL:@SECLEVEL=0' </dev/null
    # CBC, and a key exchange without forward secrecy; for either kind of certificate.
    for cipher in AES128-GCM-SHA256 ECDHE-{ECDSA,RSA}-AES128-{SHA,SHA256}; do
        fails "${connect[@]}" -tls1_2 -cipher "$cipher" </dev/null
    done
}

# Of a page, of the api, and of nginx itself.
front_door_headers() {
    local path answer header
    for path in / /v1/me /internal /.well-known/jwks.json; do
        answer=$(request -o /dev/null -D - "$(tls_url "$path")")
        for header in 'x-frame-options: DENY' 'referrer-policy: no-referrer' 'x-content-type-options: nosniff'; do
            expect "$header of $path" "$(grep -ci "^$header$" <<<"$answer")" 1
        done
        # The certificate of a stack at a desk is one that nobody trusts.
        expect_not "$path" "$answer" '*strict-transport-security*'
        expect_not "$path" "$answer" '*x-powered-by*'
    done
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

# A socket that says no more than its heartbeats is not cut: nginx's own minute is nowhere in force. As
# nginx itself reads the files.
front_door_configuration() {
    local effective place limit
    effective=$(as_stack_user nginx -T -e stderr -p "$WARREN_RUN_DIR/nginx" -c "$WARREN_RUN_DIR/nginx/nginx.conf")
    for place in '= /ws' @ws_again; do
        for limit in proxy_read_timeout proxy_send_timeout; do
            expect "$limit of $place" "$(awk -v place="location $place {" -v limit="$limit" '
                index($0, place) { inside = 1 } /}/ { inside = 0 } inside && $1 == limit { print $2 }
            ' <<<"$effective")" '300s;'
        done
    done
}

as_stack_user() {
    local user
    user=$(stat -L -c %U "$WARREN_RUN_DIR")
    if [[ $(id -un) == "$user" ]]; then "$@"; else setpriv --reuid="$user" --clear-groups "$@"; fi
}

# What served a path is in the access log, by its port.
front_door_routes() {
    local path service ports
    while read -r path service; do
        case $service in
            api) ports=$WARREN_DEV_API_PORTS ;;
            ws) ports=$WARREN_DEV_WS_PORTS ;;
            web) ports=$WARREN_DEV_WEB_PORT ;;
            none) ports= ;;
        esac
        request -H "X-Request-Id: route${path//[^a-z0-9]/-}" --path-as-is "$(url "$path")" >/dev/null
        within 5 front_door_was_served_by "route${path//[^a-z0-9]/-}" "$ports"
    done <<-END
		/v1/me api
		/v1/openapi.json api
		/v1/uploads api
		/v1/files/x api
		/.well-known/jwks.json api
		/docs/ api
		/docs none
		/ws ws
		/wsx web
		/ws/ web
		/v1 none
		/ web
		/chats/1 web
		/internal/routes none
		/metrics none
	END
}

# front_door_was_served_by ID PORTS
front_door_was_served_by() {
    local line
    line=$(grep -F "\"request_id\":\"$1\"" "$WARREN_RUN_DIR/log/nginx-access.log") || return 1
    line=$(sed 's/.*"upstream":"\([^"]*\)".*/\1/' <<<"$line")
    if [[ -z $2 ]]; then expect "upstream of $1" "$line" ''; else expect "upstream of $1" "$line" "127.0.0.1:@(${2// /|})"; fi
}

front_door_compresses() {
    expect "page" "$(request -o /dev/null -D - -H 'Accept-Encoding: gzip' "$(tls_url /)")" \
        'HTTP/2 200 *content-encoding: gzip*'
}

front_door_files() {
    local token file answer at
    token=$(token_of radia)
    head -c 3000000 /dev/urandom >"$WORK/file"
    answer=$(request -H "Authorization: Bearer $token" -F "file=@$WORK/file;filename=a.html" "$(tls_url /v1/uploads)")
    expect "upload" "$answer" 'HTTP/2 201 *'
    file=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' <<<"$answer")
    answer=$(request -H "Authorization: Bearer $token" "$(tls_url "$file")")
    expect "address" "$answer" 'HTTP/2 302 *'
    at=$(sed -n 's/^location: //p' <<<"$answer")
    request -o "$WORK/back" "$(tls_url "$at")"
    cmp -- "$WORK/file" <(tail -c 3000000 "$WORK/back")
    answer=$(request -o /dev/null -D - "$(tls_url "$at")")
    expect "policy" "$answer" "*content-security-policy: default-src 'none'; sandbox"$'\n''*'
    expect "disposition" "$answer" '*content-disposition: attachment*'
    expect "type" "$answer" '*x-content-type-options: nosniff*'
    expect "headers of one kind" "$(grep -ci '^content-security-policy\|^x-content-type' <<<"$answer")" 2
    answer=$(request -o "$WORK/part" -w '%{http_code}' -H 'Range: bytes=1000000-1000099' "$(tls_url "$at")")
    expect "status of a part" "$answer" 206
    cmp -- <(tail -c 100 "$WORK/part") <(tail -c +1000001 "$WORK/file" | head -c 100)
    expect "copies on the disk" "$(find "$WARREN_RUN_DIR/nginx/temporary/proxy" -type f)" ''
}

# raw TEXT: what the front door answers to these bytes (printf's escapes), until it closes; what was
# not read may make that a reset. They are sent by one write: bash's own printf makes one of each line,
# and dies of the second when the first was enough for an answer.
raw() {
    local connection
    # shellcheck disable=SC2059 # escapes are meant
    printf "$1" >"$WORK/raw"
    exec {connection}<>"/dev/tcp/127.0.0.1/$WARREN_FRONT_HTTP_PORT"
    cat -- "$WORK/raw" >&"$connection"
    { timeout 20 cat <&"$connection" 2>/dev/null || true; } | tr -d '\r\0'
    exec {connection}>&-
}

front_door_framing() {
    python3 "$HERE/framing.py" "$(url '')"
    python3 "$HERE/framing.py" "$(tls_url '')"
    fails grep -h smuggled "$WARREN_RUN_DIR"/log/{api,ws-server}-*.log
}

front_door_no_h2c() {
    expect "an upgrade to HTTP/2" "$(raw "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")" \
        'HTTP/1.1 401 *HTTP/1.1 200 *'
}

# It is let go after 10 s (client_header_timeout), not after the minute of nginx's own default.
front_door_slow_head() {
    local began=$SECONDS
    raw 'GET / HTTP/1.1\r\nHost: local' >/dev/null
    ((SECONDS - began >= 9 && SECONDS - began < 14))
}

# And so it is of a body (client_body_timeout).
front_door_slow_body() {
    local began=$SECONDS
    raw 'POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{' >/dev/null
    ((SECONDS - began >= 14 && SECONDS - began < 19))
}

# Another nginx with the same nginx.conf, before a server that fails each request once.
front_door_repeats() {
    local door=$WORK/repeats first server nginx method path answer
    # shellcheck disable=SC1091
    first=$(source "$HERE/../lib/log.sh" && source "$HERE/../lib/ports.sh" && free_port_block 2)
    mkdir -p -- "$door/site"
    cp -- "$WARREN_RUN_DIR/nginx/nginx.conf" "$door"
    printf '%s\n' "pid $door/pid;" 'error_log stderr;' 'master_process off;' >"$door/site/main.conf"
    printf 'upstream %s { server 127.0.0.1:%s max_fails=0; }\n' \
        warren_api "$first" warren_ws "$first" warren_web "$first" >"$door/site/http.conf"
    printf '%s_temp_path '"$door"'/%s;\n' client_body a proxy b fastcgi c uwsgi d scgi e >>"$door/site/http.conf"
    echo 'access_log off;' >>"$door/site/http.conf"
    echo "listen 127.0.0.1:$((first + 1));" >"$door/site/server.conf"
    python3 "$HERE/fickle.py" "$first" &
    server=$!
    nginx -e stderr -p "$door" -c "$door/nginx.conf" -g 'daemon off;' &
    nginx=$!
    # shellcheck disable=SC2064 # now
    trap "kill $server $nginx" EXIT
    within 10 curl -s -o /dev/null --noproxy '*' "http://127.0.0.1:$first/ready"
    within 10 curl -s -o /dev/null --noproxy '*' "http://127.0.0.1:$((first + 1))/internal"
    while read -r method path answer; do
        expect "$method $path" "$(request -X "$method" -d '{"a":1}' "http://127.0.0.1:$((first + 1))$path")" "$answer"
    done <<-END
		POST /v1/conversations/x/messages HTTP/1.1 200 *POST /v1/conversations/x/messages 7 2
		POST /v1/conversations/x/receipts HTTP/1.1 200 * 7 2
		POST /v1/conversations HTTP/1.1 200 * 7 2
		POST /v1/sync HTTP/1.1 200 * 7 2
		GET /v1/me HTTP/1.1 200 * 7 2
		DELETE /v1/friends/x HTTP/1.1 200 * 7 2
		GET / HTTP/1.1 200 * 7 2
		GET /ws HTTP/1.1 200 * 7 2
		GET /v1/twice HTTP/1.1 200 * 7 3
		GET /v1/never HTTP/1.1 503 *"code":"unavailable"*
		GET /never HTTP/1.1 503 *"code":"unavailable"*
		POST /v1/auth/login HTTP/1.1 503 *"code":"unavailable"*
		POST /v1/groups HTTP/1.1 503 *"code":"unavailable"*
		PATCH /v1/me HTTP/1.1 503 *"code":"unavailable"*
		POST / HTTP/1.1 503 *"code":"unavailable"*
	END
}

people() {
    local what=$1
    shift
    "$HERE/../../ci/outside/run" "$what" "$(tls_url '')" --ca "$WARREN_RUN_DIR/tls/cert.pem" "$@"
}

front_door_holds_sockets() { people hold 5000; }

front_door_follows_servers() {
    local load enough said i
    coproc LOAD { people load; }
    load=$LOAD_PID
    exec {enough}>&"${LOAD[1]}" {said}<&"${LOAD[0]}"
    read -r -u "$said"
    for i in 1 2; do
        kill -s TERM "$(pid_in "$WARREN_RUN_DIR" "ws-server-$i")"
        within 40 nothing_listens_on "$(cut -d ' ' -f "$i" <<<"$WARREN_DEV_WS_PORTS")"
        WARREN_RATE_LIMITS=off "$STACK_COMMAND" up
    done
    pids >"$WORK/pids"
    echo >&"$enough"
    exec {enough}>&-
    cat <&"$said"
    wait "$load"
}

nothing_listens_on() { [[ -z $(listening_addresses "$1") ]]; }
