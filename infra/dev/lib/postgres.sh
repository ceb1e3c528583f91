# shellcheck shell=bash
# PostgreSQL. Data in postgres/data; the configuration is ours alone and written at every start.

postgres_check_ports() {
    require_free postgres "$WARREN_DEV_POSTGRES_PORT" WARREN_DEV_POSTGRES_PORT
}

# postgres_bin [VERSION]: the folder of the newest installed version, or of the one that is named.
postgres_bin() {
    local bin newest=''
    for bin in /usr/lib/postgresql/${1:-*}/bin; do
        [[ -x $bin/initdb ]] || continue
        newest=$(printf '%s\n' "$newest" "$bin" | sort -V | tail -n 1)
    done
    [[ -n $newest ]] && echo "$newest"
}

postgres_start() {
    local data=$RUN/postgres/data version='' bin
    make_folders "$RUN/postgres"
    [[ -s $data/PG_VERSION ]] && version=$(<"$data/PG_VERSION")
    bin=$(postgres_bin "$version") || die "PostgreSQL $version is not installed" \
        "the data in $data belongs to that version: install it, or remove the data (make reset)"
    [[ -n $version ]] || postgres_create "$bin"
    is_running postgres || postgres_clear_lock
    postgres_write_files
    ensure_running postgres "$(sha256sum <"$RUN/postgres/postgresql.conf")" \
        "$bin/postgres" -D "$data" -c config_file="$RUN/postgres/postgresql.conf" <<-END
		PATH=/usr/bin:/bin
		LANG=C.UTF-8
		TZ=UTC
	END
    await postgres "$bin/pg_isready" -q -h 127.0.0.1 -p "$WARREN_DEV_POSTGRES_PORT"
    postgres_create_database
}

# A server that was killed leaves two lock files, which name a pid that may still stand in the
# process table; and its workers take a moment to notice. The files may go when they have.
postgres_clear_lock() {
    local deadline=$((SECONDS + STOP_DEADLINE_S))
    while [[ -n $(processes_working_in "$RUN/postgres/data") ]]; do
        ((SECONDS < deadline)) || die "an unknown server works in $RUN/postgres/data" \
            "its pids: $(processes_working_in "$RUN/postgres/data" | xargs)"
        sleep 0.1
    done
    as_user find "$RUN/postgres" '(' -name postmaster.pid -o -name '.s.PGSQL.*' ')' -delete
}

# In a folder that gets its name when it is complete: an interrupted initdb leaves no half cluster.
# C.UTF-8 sorts alike on every machine.
postgres_create() {
    local sync=()
    is_throwaway && sync=(--no-sync)
    as_user rm -rf -- "$RUN/postgres/data.new"
    openssl rand -hex 24 | put "$RUN/postgres/password"
    as_user "$1/initdb" --pgdata="$RUN/postgres/data.new" --username=warren \
        --pwfile="$RUN/postgres/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
        --data-checksums "${sync[@]}" >/dev/null
    as_user mv -- "$RUN/postgres/data.new" "$RUN/postgres/data"
}

postgres_write_files() {
    local port=$WARREN_DEV_POSTGRES_PORT sockets=$RUN/postgres/sockets
    make_folders "$sockets"
    # The kernel takes a socket's path up to 107 bytes; without one there is still TCP.
    local path=$sockets/.s.PGSQL.$port
    ((${#path} <= 107)) || sockets=''
    postgres_conf "$port" "$sockets" | put "$RUN/postgres/postgresql.conf"
    printf '*:%s:*:warren:%s\n' "$port" "$(<"$RUN/postgres/password")" | put "$RUN/postgres/pgpass"
}

# postgres_conf PORT SOCKET_FOLDER
postgres_conf() {
    cat <<-END
		listen_addresses = '127.0.0.1'
		port = $1
		unix_socket_directories = '${2//\'/\'\'}'
		password_encryption = scram-sha-256
		timezone = 'UTC'
		log_timezone = 'UTC'
		log_line_prefix = '%m [%p] %q%d '
		log_lock_waits = on
		# Compiling a plan costs more than any query of a chat.
		jit = off
		# No replica reads this log.
		wal_level = minimal
		max_wal_senders = 0
	END
    if is_throwaway; then
        cat <<-END
			# Tests' data: gone with the machine, so never forced to the disk.
			fsync = off
			full_page_writes = off
			shared_buffers = 64MB
			max_connections = 300
		END
    else
        cat <<-END
			shared_buffers = 256MB
			effective_cache_size = 1GB
			max_connections = 200
			max_wal_size = 2GB
			random_page_cost = 1.1
			log_min_duration_statement = 500ms
		END
    fi
}

# psql_query DATABASE SQL: its rows, bare.
psql_query() {
    as_user env PGPASSFILE="$RUN/postgres/pgpass" psql --no-psqlrc --quiet --tuples-only \
        --no-align --set=ON_ERROR_STOP=1 --host=127.0.0.1 --port="$WARREN_DEV_POSTGRES_PORT" \
        --username=warren --dbname="$1" --command="$2"
}

postgres_create_database() {
    local there
    there=$(psql_query postgres "SELECT 1 FROM pg_database WHERE datname = 'warren'")
    [[ $there == 1 ]] || psql_query postgres 'CREATE DATABASE warren'
}

postgres_url() {
    printf 'postgres://warren:%s@127.0.0.1:%s/warren\n' "$(<"$RUN/postgres/password")" \
        "$WARREN_DEV_POSTGRES_PORT"
}

# SIGINT is the shutdown that does not wait for clients to leave.
postgres_stop() { stop_process postgres INT; }
