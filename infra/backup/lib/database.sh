# shellcheck shell=bash
# PostgreSQL: one snapshot to dump and to look at, and databases that are loaded, held against
# their inventory and put in another's place.

SNAPSHOT=     # the name under which other sessions share the session's view
SNAPSHOT_PID= # the session that holds it
LOADED=       # a database that is being loaded: dropped if that fails

# For libpq: an address among a command's arguments could be read by every user of the machine.
database_settings() {
    local url=${WARREN_DATABASE_URL:?is required, such as postgres://warren:password@127.0.0.1:5432/warren}
    local pattern='^postgres(ql)?://([^:@/]+)(:([^@/]*))?@(\[[^]]+\]|[^:/?]+)(:([0-9]+))?/([^?]+)([?](.*))?$'
    [[ $url =~ $pattern ]] || die "WARREN_DATABASE_URL is no address of a database"
    local user=${BASH_REMATCH[2]} password=${BASH_REMATCH[4]} host=${BASH_REMATCH[5]}
    local port=${BASH_REMATCH[7]} database=${BASH_REMATCH[8]} parameter
    while read -r -d '&' parameter; do
        [[ $parameter == sslmode=* ]] || die "WARREN_DATABASE_URL: ${parameter%%=*} is not known here"
        export PGSSLMODE=${parameter#*=}
    done <<<"${BASH_REMATCH[10]:+${BASH_REMATCH[10]}&}"
    host=${host#[}
    PGHOST=${host%]} PGPORT=${port:-5432}
    PGUSER=$(percent_decoded "$user")
    PGPASSWORD=$(percent_decoded "$password")
    PGDATABASE=$(percent_decoded "$database")
    export PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGAPPNAME='warren backup'
    # Long statements are the rule here; the time zone is part of how a row is written.
    export PGOPTIONS='-c statement_timeout=0 -c timezone=UTC -c datestyle=ISO'
}

percent_decoded() {
    local text=${1//\\/\\\\}
    printf '%b' "${text//%/\\x}"
}

psql_bare() { psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }

# database_query NAME: what sql/NAME.sql prints.
database_query() { psql_bare --file="$HERE/sql/$1.sql"; }

# ---- One view for several commands --------------------------------------------------------------

# All that follows until snapshot_end sees the database as it is now.
snapshot_begin() {
    coproc SESSION { psql_bare 2>&1; }
    # bash forgets its own names as soon as the process has ended.
    SNAPSHOT_PID=$SESSION_PID SNAPSHOT_IN=${SESSION[1]} SNAPSHOT_OUT=${SESSION[0]}
    SNAPSHOT=$(session 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot();')
}

# session TEXT: sends it, and prints the one line that is answered.
session() {
    local answer
    printf '%s\n' "$1" >&"$SNAPSHOT_IN"
    read -r answer <&"$SNAPSHOT_OUT" || die "the session with the database was lost"
    [[ $answer != psql:* && $answer != ERROR* ]] || die "$answer"
    printf '%s\n' "$answer"
}

# snapshot_query NAME FILE: what sql/NAME.sql prints goes to FILE.
snapshot_query() {
    session "\\o '$2'"$'\n'"\\i '$HERE/sql/$1.sql'"$'\n\\o\n\\echo done' >/dev/null
}

# Unlogged tables hold what is worth nothing after a crash.
snapshot_dump() {
    pg_dump --format=custom --no-owner --no-privileges --no-unlogged-table-data \
        --snapshot="$SNAPSHOT" --file="$1"
}

snapshot_end() {
    exec {SNAPSHOT_IN}>&-
    wait "$SNAPSHOT_PID" || die "the session with the database failed"
    SNAPSHOT_PID=
}

# ---- Other databases ----------------------------------------------------------------------------

# Every command on whole databases runs in one that nobody drops.
database_command() { psql_bare --dbname=postgres --command="$1"; }

quoted() { printf '"%s"' "${1//\"/\"\"}"; }

# database_load DUMP DATABASE: a new one; what an earlier try left is dropped.
database_load() {
    database_drop "$2"
    LOADED=$2
    database_command "CREATE DATABASE $(quoted "$2") TEMPLATE template0 ENCODING 'UTF8'
        LC_COLLATE '$(collation)' LC_CTYPE '$(collation)'"
    pg_restore --exit-on-error --no-owner --no-privileges --jobs="$(nproc)" --dbname="$2" -- "$1"
    psql_bare --dbname="$2" --command='ANALYZE'
}

# That of the database in use, if there is one: indexes of text are in its order.
collation() {
    local found
    found=$(database_command "SELECT datcollate FROM pg_database WHERE datname = '${PGDATABASE//\'/\'\'}'")
    echo "${found:-C.UTF-8}"
}

database_drop() { PGOPTIONS='-c client_min_messages=warning' database_command "DROP DATABASE IF EXISTS $(quoted "$1")"; }

# Whoever is connected would go on with what is about to be put aside.
database_unused() {
    local sessions
    sessions=$(database_command "SELECT string_agg(DISTINCT coalesce(nullif(application_name, ''), 'somebody'), ', ')
        FROM pg_stat_activity WHERE datname = '${PGDATABASE//\'/\'\'}'")
    [[ -z $sessions ]] || die "the database $PGDATABASE is in use by: $sessions" \
        "end every api process first, then restore"
}

# database_swap NEW KEPT: NEW gets the name of the one in use, which becomes KEPT.
database_swap() {
    local there
    there=$(database_command "SELECT 1 FROM pg_database WHERE datname = '${PGDATABASE//\'/\'\'}'")
    # Both or neither.
    database_command "BEGIN;
        ${there:+ALTER DATABASE $(quoted "$PGDATABASE") RENAME TO $(quoted "$2");}
        ALTER DATABASE $(quoted "$1") RENAME TO $(quoted "$PGDATABASE");
        COMMIT;"
}

# What must not stay when a command ends, however it does.
database_release() {
    if [[ -n $SNAPSHOT_PID ]]; then
        kill "$SNAPSHOT_PID" 2>/dev/null || true
    fi
    if [[ -n $LOADED ]]; then
        database_drop "$LOADED" || true
    fi
}
