# shellcheck shell=bash
# Who runs the processes, and the folder that holds all they read and write.
#
# PostgreSQL refuses to run as root, and nothing here needs it: root hands over to an account of
# its own. Everything in the run folder is written by that account too, never by root, so that a
# process that was broken into cannot make root write elsewhere through a link of its making.

readonly SERVICE_ACCOUNT=warren-dev

# Debian leaves the sbin folders out of a plain user's PATH; nginx and useradd are there.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

RUN=''      # the run folder, without links
RUN_USER='' # who owns it and runs the processes

is_root() { ((EUID == 0)); }

# become_user COMMAND...: never returns. From /, because the caller's folder may be closed to them.
become_user() {
    cd /
    if is_root; then
        exec setpriv --reuid="$RUN_USER" --regid="$(id -g "$RUN_USER")" --init-groups \
            --no-new-privs "$@"
    fi
    exec "$@"
}

as_user() (become_user env HOME="${RUN:-/}" "$@")

# put FILE [MODE]: stdin becomes FILE at once or not at all.
put() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_user sh -c 'umask 077; cat >"$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"' \
        sh "$1" "${2:-600}"
}

make_folders() { (($# == 0)) || as_user mkdir -p -m 700 -- "$@"; }

# place_run_dir PATH: sets RUN and RUN_USER, and makes the folder where it is missing.
place_run_dir() {
    local wanted
    wanted=$(realpath -ms -- "$1")
    choose_user "$wanted"
    local target=$wanted
    if [[ -L $wanted ]]; then
        target=$(readlink -- "$wanted")
    elif ! can_enter "$(existing_ancestor "$wanted")"; then
        target=/var/tmp/warren-$(printf %s "$wanted" | sha256sum | cut -c 1-12)
        link_to "$target" "$wanted"
    fi
    own_folder "$target"
    RUN=$(readlink -f -- "$target")
}

# find_run_dir PATH: as place_run_dir, but makes nothing; fails when there is no such folder.
find_run_dir() {
    [[ -d $1 ]] || return 1
    choose_user "$1"
    RUN=$(readlink -f -- "$1")
    is_root || [[ -O $1 ]] || die "$1 belongs to $(stat -L -c %U -- "$1")" \
        "run this as that user, or as root"
}

choose_user() {
    RUN_USER=$(id -un)
    is_root || return 0
    # A folder that a plain user began stays theirs, also under sudo.
    local owner=root
    [[ -d $1 ]] && owner=$(stat -L -c %U -- "$1")
    if [[ $owner != root && $owner != UNKNOWN ]]; then
        RUN_USER=$owner
        return 0
    fi
    RUN_USER=$SERVICE_ACCOUNT
    id -u "$RUN_USER" >/dev/null 2>&1 || useradd --system --user-group --no-create-home \
        --home-dir /nonexistent --shell /usr/sbin/nologin "$RUN_USER"
}

existing_ancestor() {
    local path
    path=$(dirname -- "$1")
    until [[ -d $path ]]; do path=$(dirname -- "$path"); done
    printf '%s\n' "$path"
}

can_enter() { as_user test -x "$1"; }

link_to() {
    if [[ -d $2 ]]; then
        rmdir -- "$2" 2>/dev/null || die "$RUN_USER cannot enter $2, and it is not empty" \
            "name another folder with WARREN_RUN_DIR"
    fi
    mkdir -p -- "$(dirname -- "$2")"
    ln -s -- "$1" "$2"
}

own_folder() {
    if [[ ! -e $1 ]]; then
        mkdir -p -- "$(dirname -- "$1")"
        mkdir -m 700 -- "$1"
    fi
    # /var/tmp is open to all: a folder that somebody else made there is not ours to use.
    [[ -d $1 && ! -L $1 ]] || die "$1 is not a folder"
    if is_root && [[ $(stat -c %U -- "$1") == root ]]; then
        [[ -z $(ls -A -- "$1") ]] || die "$1 belongs to root and is not empty" \
            "name another folder with WARREN_RUN_DIR"
        chown "$RUN_USER:" -- "$1"
    fi
    [[ $(stat -c %U -- "$1") == "$RUN_USER" ]] || die "$1 belongs to $(stat -c %U -- "$1")" \
        "run this as that user, or as root"
    can_enter "$1" || die "$RUN_USER cannot enter $1" "name another folder with WARREN_RUN_DIR"
}

# lock_run_dir: one command at a time changes a run folder; a second one waits.
lock_run_dir() {
    [[ -z ${RUN_LOCK:-} ]] || return 0
    exec {RUN_LOCK}<"$RUN"
    flock --nonblock "$RUN_LOCK" && return 0
    say "another command is at work in $RUN; waiting for it"
    flock "$RUN_LOCK"
}
