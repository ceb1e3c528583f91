# shellcheck shell=bash
# Memcached. It holds presence, which lives for seconds: 64 MB is room for all of it.

memcached_check_ports() {
    require_free memcached "$WARREN_DEV_MEMCACHED_PORT" WARREN_DEV_MEMCACHED_PORT
}

memcached_start() {
    ensure_running memcached '' /usr/bin/memcached --listen=127.0.0.1 \
        --port="$WARREN_DEV_MEMCACHED_PORT" --udp-port=0 --memory-limit=64 --conn-limit=4096 \
        --threads=2 <<<'PATH=/usr/bin:/bin'
    await memcached memcached_answers
}

memcached_answers() (
    exec {socket}<>"/dev/tcp/127.0.0.1/$WARREN_DEV_MEMCACHED_PORT"
    printf 'version\r\n' >&"$socket"
    read -r -t 2 word _ <&"$socket"
    [[ $word == VERSION ]]
) 2>/dev/null

memcached_stop() { stop_process memcached; }
