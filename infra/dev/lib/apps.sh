# shellcheck shell=bash
# api and ws-server: their build, their settings, their processes.

# app_list: one line for each process: name, binary, port, admin port.
app_list() {
    app_list_of api api "$WARREN_DEV_API_PORTS" "$WARREN_DEV_API_ADMIN_PORTS"
    app_list_of ws-server ws-server "$WARREN_DEV_WS_PORTS" "$WARREN_DEV_WS_ADMIN_PORTS"
}

app_list_of() {
    local ports admin_ports i
    read -ra ports <<<"$3"
    read -ra admin_ports <<<"$4"
    ((${#ports[@]} == ${#admin_ports[@]})) || die "$1 has ${#ports[@]} ports (${ports[*]})" \
        "but ${#admin_ports[@]} admin ports (${admin_ports[*]})"
    for i in "${!ports[@]}"; do echo "$1-$((i + 1)) $2 ${ports[i]} ${admin_ports[i]}"; done
}

apps_check_ports() {
    local name binary port admin_port kind
    while read -r name binary port admin_port; do
        is_running "$name" && continue
        kind=API
        [[ $binary == api ]] || kind=WS
        require_free "$name" "$port" "WARREN_DEV_${kind}_PORTS"
        require_free "$name" "$admin_port" "WARREN_DEV_${kind}_ADMIN_PORTS"
    done < <(app_list)
}

# ---- Binaries ----------------------------------------------------------------------------------

# find_cargo: also where rustup puts it, which a login shell alone has in its PATH.
find_cargo() {
    local cargo
    cargo=$(command -v cargo || echo "$HOME/.cargo/bin/cargo")
    [[ -x $cargo ]] || die "cargo is not installed" "https://rustup.rs tells how"
    echo "$cargo"
}

apps_build() {
    local cargo target
    cargo=$(find_cargo)
    (
        # A compiler cache may leave a daemon behind, which must not hold the lock for ever.
        exec {RUN_LOCK}>&-
        cd -- "$ROOT"
        "$cargo" build --release --locked -p api -p ws-server >&2
    )
    target=${CARGO_TARGET_DIR:-$ROOT/target}
    make_folders "$RUN/bin"
    install_binary "$target/release/api"
    install_binary "$target/release/ws-server"
}

# Run from a copy: cargo may replace its own at any time, and the service account may not be able
# to reach it.
install_binary() {
    local copy=$RUN/bin/${1##*/}
    cmp --silent -- "$1" "$copy" || put "$copy" 700 <"$1"
}

# ---- Settings ----------------------------------------------------------------------------------

# app_environment NAME BINARY PORT ADMIN_PORT. The caller's own settings come later and win; the
# addresses come last, because each process has its own.
app_environment() {
    echo 'PATH=/usr/bin:/bin'
    echo 'LANG=C.UTF-8'
    echo 'RUST_BACKTRACE=1'
    echo "WARREN_BROKER_URL=$(rabbitmq_url)"
    echo "WARREN_PRESENCE_SERVERS=127.0.0.1:$WARREN_DEV_MEMCACHED_PORT"
    echo "WARREN_INTERNAL_CREDENTIAL_FILE=$RUN/secrets/internal"
    echo "WARREN_HTTP_ALLOWED_ORIGINS=$(front_door_url),$(front_door_tls_url)"
    if [[ $2 == api ]]; then
        echo "WARREN_DATABASE_URL=$(postgres_url)"
        echo "WARREN_AUTH_KEYS_DIR=$RUN/keys"
        echo "WARREN_AUTH_REFRESH_SECRET_FILE=$RUN/secrets/refresh"
        echo "WARREN_FILES_SIGNING_SECRET_FILE=$RUN/secrets/files"
        echo "WARREN_FILES_LOCATION=file://$RUN/files"
        echo 'WARREN_HTTP_TRUSTED_PROXIES=127.0.0.1/32'
    else
        echo "WARREN_API_INTERNAL_URLS=$(urls_of "$WARREN_DEV_API_ADMIN_PORTS")"
        echo "WARREN_API_JWKS_URLS=$(urls_of "$WARREN_DEV_API_PORTS" /.well-known/jwks.json)"
    fi
    callers_settings "$2"
    echo "WARREN_HTTP_BIND=127.0.0.1:$3"
    echo "WARREN_ADMIN_BIND=127.0.0.1:$4"
    echo "WARREN_LOG_SERVICE_INSTANCE=$1"
}

# callers_settings BINARY: those of the caller's WARREN_* that it reads, in a fixed order. It says
# itself which: so a setting restarts the processes that it concerns, and no other.
callers_settings() {
    local name known
    known=$(as_user "$RUN/bin/$1" config)
    while read -r name; do
        [[ $name == WARREN_CONFIG_FILE || $known == *"\`$name\`"* ]] || continue
        [[ ${!name} != *$'\n'* ]] || die "$name has more than one line"
        echo "$name=${!name}"
    done < <(compgen -e WARREN_ | LC_ALL=C sort)
}

# urls_of PORTS [PATH]
urls_of() {
    local port urls=''
    for port in $1; do urls+=",http://127.0.0.1:$port${2:-}"; done
    echo "${urls#,}"
}

# ---- Processes ---------------------------------------------------------------------------------

apps_migrate() {
    local log=$RUN/log/migrate.log
    app_environment migrate api 0 0 | put "$RUN/env/migrate"
    if ! (launch env/migrate log/migrate.log "$RUN/bin/api" migrate); then
        show_tail "$log"
        die "the database could not be migrated"
    fi
}

# apps_start: one after the other, each once the one before it is ready: so that a change of
# binary or settings leaves a replica of each kind at work.
apps_start() {
    local name binary port admin_port began
    while read -r name binary port admin_port; do
        began=$EPOCHREALTIME
        ensure_running "$name" "$(app_content "$binary")" "$RUN/bin/$binary" serve \
            < <(app_environment "$name" "$binary" "$port" "$admin_port")
        await "$name" http_ok "http://127.0.0.1:$admin_port/readyz"
        if [[ $OUTCOME == kept ]]; then
            progress "$name" "running"
        else
            progress "$name" "$OUTCOME, ready after $(seconds_since "$began") s"
        fi
    done < <(app_list)
}

# app_content BINARY: a hash of what it reads once, at its start. Keys it reads again by itself.
app_content() {
    cat -- "$RUN/bin/$1" ${WARREN_CONFIG_FILE:+"$WARREN_CONFIG_FILE"} | sha256sum
}

apps_stop() {
    local name pids=()
    for name in $(running_apps ws-server) $(running_apps api); do
        stop_process "$name" &
        pids+=($!)
    done
    wait "${pids[@]}"
}

# running_apps BINARY: also those of an earlier start with more ports than now.
running_apps() {
    local file name
    for file in "$RUN/process/$1"-*.pid; do
        name=${file##*/}
        name=${name%.pid}
        is_running "$name" && echo "$name"
    done
    return 0
}
