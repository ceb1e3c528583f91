# shellcheck shell=bash
# nginx, with the top-level nginx.conf and the three files of its folder `site`.

front_door_check_ports() {
    require_free nginx "$WARREN_FRONT_HTTP_PORT" WARREN_FRONT_HTTP_PORT
    require_free nginx "$WARREN_FRONT_HTTPS_PORT" WARREN_FRONT_HTTPS_PORT
}

front_door_start() {
    local command=()
    front_door_command
    make_folders "$RUN"/nginx/{site,temporary}
    put "$RUN/nginx/nginx.conf" <"$ROOT/nginx.conf"
    front_door_main | put "$RUN/nginx/site/main.conf"
    front_door_http | put "$RUN/nginx/site/http.conf"
    front_door_server | put "$RUN/nginx/site/server.conf"
    as_user "${command[@]}" -t -q
    rotate_log nginx-access
    ensure_running nginx "$(front_door_content)" "${command[@]}" -g 'daemon off;' <<-END
		PATH=/usr/bin:/bin
		TZ=UTC
	END
    await nginx front_door_answers
}

# front_door_command: sets `command`. Before it has read its configuration nginx would write to
# /var/log/nginx, where another account may write; releases before 1.19.5 cannot be told.
front_door_command() {
    local nginx
    nginx=$(command -v nginx)
    command=("$nginx" -p "$RUN/nginx" -c "$RUN/nginx/nginx.conf")
    [[ $("$nginx" -h 2>&1) != *'-e filename'* ]] || command+=(-e stderr)
}

front_door_content() {
    cat -- "$RUN"/nginx/nginx.conf "$RUN"/nginx/site/*.conf "$RUN/tls/cert.pem" | sha256sum
}

front_door_main() {
    echo "pid $RUN/nginx/pid;"
    echo 'error_log stderr warn;'
    echo "worker_rlimit_nofile $(file_limit);"
}

front_door_http() {
    local kind
    echo "access_log $RUN/log/nginx-access.log warren;"
    echo "client_body_temp_path $RUN/nginx/temporary/body;"
    for kind in proxy fastcgi uwsgi scgi; do
        echo "${kind}_temp_path $RUN/nginx/temporary/$kind;"
    done
    front_door_upstream warren_api "$WARREN_DEV_API_PORTS" 'keepalive 64;'
    # Sockets stay for hours: a server that has just started is given what the other has too much.
    front_door_upstream warren_ws "$WARREN_DEV_WS_PORTS" 'least_conn;'
    front_door_upstream warren_web "$WARREN_DEV_WEB_PORT" 'keepalive 64;'
}

# front_door_upstream NAME PORTS HOW. No replica is ever left out: one that is being restarted refuses
# at once, and the next is asked. To remember it would leave nobody when the next one's turn comes.
# All workers know the same of it.
front_door_upstream() {
    local port
    echo "upstream $1 {"
    echo "    zone $1 128k;"
    echo "    $3"
    for port in $2; do echo "    server 127.0.0.1:$port max_fails=0;"; done
    echo '}'
}

front_door_server() {
    local address
    # Browsers try ::1 first for "localhost".
    for address in "$WARREN_FRONT_ADDRESS" $(has_ipv6_loopback && echo '[::1]'); do
        echo "listen $address:$WARREN_FRONT_HTTP_PORT;"
        echo "listen $address:$WARREN_FRONT_HTTPS_PORT ssl http2;"
    done
    echo 'server_name _;'
    echo "ssl_certificate $RUN/tls/cert.pem;"
    echo "ssl_certificate_key $RUN/tls/key.pem;"
}

has_ipv6_loopback() {
    [[ $WARREN_FRONT_ADDRESS == 127.0.0.1 ]] && grep -q ' lo$' /proc/net/if_inet6 2>/dev/null
}

front_door_url() { echo "http://localhost:$WARREN_FRONT_HTTP_PORT"; }
front_door_tls_url() { echo "https://localhost:$WARREN_FRONT_HTTPS_PORT"; }

# Both addresses lead to an API that answers, and to the web client.
front_door_answers() {
    http_ok "http://127.0.0.1:$WARREN_FRONT_HTTP_PORT/.well-known/jwks.json" &&
        http_ok "http://127.0.0.1:$WARREN_FRONT_HTTP_PORT/" &&
        http_ok "https://127.0.0.1:$WARREN_FRONT_HTTPS_PORT/.well-known/jwks.json" \
            --cacert "$RUN/tls/cert.pem"
}

# http_ok URL [CURL_OPTION...]
http_ok() {
    local url=$1
    shift
    curl --silent --fail --max-time 5 --noproxy '*' --output /dev/null "$@" -- "$url"
}
