# shellcheck shell=bash
# Which TCP ports are taken, and by whom; read from /proc, because a bare machine has neither ss
# nor lsof.

# listening_inode PORT: prints the socket that listens on it; fails when there is none.
listening_inode() {
    local hex
    printf -v hex ':%04X' "$1"
    # Columns: local address 2, state 4 (0A = LISTEN), inode 10.
    awk -v port="$hex" '
        $4 == "0A" && substr($2, length($2) - 4) == port { print $10; found = 1; exit }
        END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

port_is_taken() { listening_inode "$1" >/dev/null; }

# port_holder PORT: the process behind it, as far as this user may see.
port_holder() {
    local inode fd pid
    inode=$(listening_inode "$1") || return 0
    for fd in /proc/[0-9]*/fd/*; do
        [[ $(readlink -- "$fd" 2>/dev/null) == "socket:[$inode]" ]] || continue
        pid=${fd#/proc/}
        pid=${pid%%/*}
        printf 'process %s (%s)\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-80)"
        return 0
    done
    echo "another user's process"
}

# require_free PART PORT SETTING
require_free() {
    port_is_taken "$2" || return 0
    die "port $2, which $1 needs, is taken by $(port_holder "$2")" \
        "end that process, or choose another port with $3"
}

# free_port_block COUNT: prints the first of COUNT neighbouring free ports.
#
# Below 32768, where Linux begins to hand out ports for outgoing connections: a server that is
# restarted under load would else now and then find its port in use by somebody's client.
free_port_block() {
    local first port attempt
    for ((attempt = 0; attempt < 200; attempt++)); do
        first=$((20000 + (RANDOM * 32768 + RANDOM) % (12000 / $1) * $1))
        for ((port = first; port < first + $1; port++)); do
            port_is_taken "$port" && continue 2
        done
        echo "$first"
        return 0
    done
    die "no $1 free neighbouring ports between 20000 and 32000"
}
