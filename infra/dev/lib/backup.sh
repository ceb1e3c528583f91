# shellcheck shell=bash
# Backups of this stack, by the command that any other place uses (infra/backup).

# run_backup ARGUMENT...: with the settings that the api runs with.
run_backup() {
    local tool=$RUN/bin/backup setting settings=()
    [[ -s $RUN/env/migrate ]] || die "the api was never started" "make up starts it"
    # Run from a copy, which the service account can reach.
    make_folders "$tool.new"
    tar -C "$ROOT/infra/backup" -c . | as_user tar -C "$tool.new" -x
    as_user rm -rf -- "$tool"
    as_user mv -- "$tool.new" "$tool"
    while IFS= read -r setting; do
        [[ $setting != WARREN_DATABASE_URL=* && $setting != WARREN_FILES_* ]] || settings+=("$setting")
    done <"$RUN/env/migrate"
    printf '%s\n' PATH="$PATH" LANG=C.UTF-8 TMPDIR=/var/tmp WARREN_BACKUP_DIR="$(backup_dir)" "${settings[@]}" |
        put "$RUN/env/backup"
    # Its settings come from a file: an address with a password is nothing for an argument.
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_user bash -c 'set -a; while IFS= read -r line; do declare -x "$line"; done <"$1"; shift; exec "$@"' \
        bash "$RUN/env/backup" "$tool/backup" "$@"
}

# A folder that the service account may write to.
backup_dir() { realpath -ms -- "${WARREN_BACKUP_DIR:-$RUN/backups}"; }
