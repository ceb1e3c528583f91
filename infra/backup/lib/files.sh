# shellcheck shell=bash
# The store of files, which is a folder or a bucket, and the pool of all backups, which is a folder.
#
# A file is never changed, only written and removed: so the pool holds each once, however many
# backups name it, and a backup copies what is new. A list of files has a line for each: its size
# (or ? where the database does not know it), a tab, its path.

readonly STORE=store:

# Where the path begins in a line of sha256sum.
readonly PATH_FROM=67
# What rclone exits with when it is asked for a folder that is not there.
readonly NO_SUCH_FOLDER=3

pool() { echo "$WARREN_BACKUP_DIR/pool"; }

# The remote `store:` of rclone, by its environment alone: no secret in an argument or a file.
files_settings() {
    command -v rclone >/dev/null || die "rclone is not installed" "https://rclone.org, or apt install rclone"
    local location=${WARREN_FILES_LOCATION:?is required: file:///folder or s3://bucket}
    export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_STORE_TYPE=alias RCLONE_CONFIG_STORE_REMOTE
    case $location in
        file:///*) RCLONE_CONFIG_STORE_REMOTE=${location#file://} ;;
        s3://*)
            RCLONE_CONFIG_STORE_REMOTE=bucket:${location#s3://}
            bucket_settings
            ;;
        *) die "WARREN_FILES_LOCATION is neither file:///folder nor s3://bucket" ;;
    esac
    mkdir -p -- "$(pool)"
    touch -- "$(pool).checksums"
}

bucket_settings() {
    export RCLONE_CONFIG_BUCKET_TYPE=s3 RCLONE_CONFIG_BUCKET_PROVIDER=Other
    export RCLONE_CONFIG_BUCKET_ENDPOINT=${WARREN_FILES_S3_ENDPOINT:-}
    export RCLONE_CONFIG_BUCKET_REGION=${WARREN_FILES_S3_REGION:-us-east-1}
    # The bucket exists: asking for it to be made needs a right that nobody should have to give.
    export RCLONE_CONFIG_BUCKET_NO_CHECK_BUCKET=true
    [[ -n ${WARREN_FILES_S3_ENDPOINT:-} ]] || RCLONE_CONFIG_BUCKET_PROVIDER=AWS
    if [[ -n ${WARREN_FILES_S3_ACCESS_KEY_ID:-} ]]; then
        export RCLONE_CONFIG_BUCKET_ACCESS_KEY_ID=$WARREN_FILES_S3_ACCESS_KEY_ID
        RCLONE_CONFIG_BUCKET_SECRET_ACCESS_KEY=$(<"${WARREN_FILES_S3_SECRET_KEY_FILE:?}")
        export RCLONE_CONFIG_BUCKET_SECRET_ACCESS_KEY
    else
        export RCLONE_CONFIG_BUCKET_ENV_AUTH=true
    fi
}

# files_in PLACE: a list of all it holds; one that is not there holds nothing.
files_in() {
    local status=0
    rclone lsf --recursive --files-only --format sp --separator $'\t' -- "$1" 2>"$WORK/rclone" || status=$?
    if ((status != 0 && status != NO_SUCH_FOLDER)); then
        cat -- "$WORK/rclone" >&2
        return "$status"
    fi
}

# files_missing LIST PLACE: a line for each of LIST that PLACE does not hold as it should.
files_missing() {
    files_in "$2" | awk -F '\t' '
        side == "held" { held[$2] = $1; next }
        !($2 in held) { print "file " $2 ": it is not there"; next }
        $1 != "?" && $1 != held[$2] { print "file " $2 ": it has " held[$2] " bytes, not " $1 }
    ' side=held - side=listed "$1"
}

# files_keep LIST: copies those that the pool lacks. They enter it whole and with a checksum, so that
# an interrupted copy leaves nothing that looks like a file.
files_keep() {
    local new
    new=$(pool).new
    rm -rf -- "$new"
    files_in "$(pool)" | awk -F '\t' 'side == "held" { held[$2]; next } !($2 in held) { print $2 }' \
        side=held - side=listed "$1" >"$WORK/wanted"
    [[ -s $WORK/wanted ]] || return 0
    # What the store has not is told by files_missing.
    rclone copy --no-traverse --files-from-raw "$WORK/wanted" -- "$STORE" "$new"
    [[ -d $new ]] || return 0
    (cd -- "$new" && find . -type f -printf '%P\0' | xargs -0 -r sha256sum --) >>"$(pool).checksums"
    sync -f "$new"
    rclone move -- "$new" "$(pool)"
    rm -rf -- "$new"
}

# pool_check LIST: a line for each of LIST that the pool does not hold as it was copied.
pool_check() {
    files_missing "$1" "$(pool)"
    rm -f -- "$WORK/checksums"
    awk -F '\t' '
        side == "listed" { wanted[$2]; next }
        { path = substr($0, PATH_FROM) }
        path in wanted { line[path] = $0 }
        END {
            for (path in wanted)
                if (path in line) print line[path] >sums; else print "file " path ": it has no checksum"
        }
    ' PATH_FROM="$PATH_FROM" sums="$WORK/checksums" side=listed "$1" side=sums "$(pool).checksums"
    [[ -s $WORK/checksums ]] || return 0
    # It says which are not as they were; those that are missing are told already.
    (cd -- "$(pool)" && sha256sum --check --quiet --ignore-missing -- "$WORK/checksums" 2>/dev/null |
        sed 's/^/file /') || true
}

# files_bring_back LIST: from the pool to the store. What is there and the same is left alone; a file
# of one that was deleted since stays, and nobody can read it.
files_bring_back() {
    cut -f 2 -- "$1" >"$WORK/wanted"
    [[ -s $WORK/wanted ]] || return 0
    rclone copy --no-traverse --files-from-raw "$WORK/wanted" -- "$(pool)" "$STORE"
}

# Removes from the pool what no backup names.
pool_prune() {
    local name
    export RCLONE_CONFIG=/dev/null
    while read -r name; do cut -f 2 -- "$WARREN_BACKUP_DIR/$name/files"; done < <(backup_names) |
        LC_ALL=C sort -u >"$WORK/named"
    [[ -d $(pool) ]] || return 0
    find "$(pool)" -type f -printf '%P\n' | LC_ALL=C sort | LC_ALL=C comm -13 "$WORK/named" - |
        while read -r name; do rm -f -- "$(pool)/$name"; done
    awk 'side == "named" { named[$0]; next } substr($0, PATH_FROM) in named' PATH_FROM="$PATH_FROM" \
        side=named "$WORK/named" side=sums "$(pool).checksums" >"$WORK/checksums"
    cp -- "$WORK/checksums" "$(pool).checksums.new"
    mv -- "$(pool).checksums.new" "$(pool).checksums"
    find "$(pool)" -mindepth 1 -type d -empty -delete
}
