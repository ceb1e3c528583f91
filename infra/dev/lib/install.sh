# shellcheck shell=bash
# What the stack needs from the distribution, installed with apt where it is missing.

# install_missing: everything that the services and the build need.
install_missing() {
    local packages=()
    mapfile -t packages < <(missing_packages)
    ((${#packages[@]} > 0)) || return 0
    say "installing with apt: ${packages[*]}"
    command -v apt-get >/dev/null || die "there is no apt-get here" \
        "install by hand what provides: ${packages[*]}"
    install_as_root "${packages[@]}"
    mapfile -t packages < <(missing_packages)
    ((${#packages[@]} == 0)) || die "still missing after the installation: ${packages[*]}"
}

install_as_root() {
    local call=("$ROOT/infra/dev/apt-install" "$@")
    if ! is_root; then
        command -v sudo >/dev/null || die "installing packages needs root or sudo" \
            "as root: ${call[*]}"
        call=(sudo -- "${call[@]}")
    fi
    "${call[@]}" >&2 </dev/null || die "the installation failed; apt says why above"
}

missing_packages() {
    postgres_bin >/dev/null || echo postgresql
    [[ -x $RABBITMQ_SERVER ]] || echo rabbitmq-server
    [[ -x /usr/bin/memcached ]] || echo memcached
    command -v nginx >/dev/null || echo nginx
    command -v openssl >/dev/null || echo openssl
    command -v curl >/dev/null || echo curl
    # Debian's own is old, but enough to fetch what the web client is built with.
    command -v npm >/dev/null || echo npm
    # Copies files of backups, whichever store they are in.
    command -v rclone >/dev/null || echo rclone
    # Two crates build C code, and rustc links with cc.
    command -v cc >/dev/null || printf '%s\n' gcc libc6-dev
}
