# shellcheck shell=bash
# RabbitMQ, with a port mapper (epmd) of its own. Nothing of /etc/rabbitmq is read.
#
# For use (`start`) there is one user, warren, with the virtual host warren. For tests (`run`) it
# stays as RabbitMQ makes itself, with guest, and each test makes a virtual host through the
# management API.

readonly RABBITMQ_SERVER=/usr/lib/rabbitmq/bin/rabbitmq-server

rabbitmq_check_ports() {
    is_running epmd ||
        require_free epmd "$WARREN_DEV_BROKER_EPMD_PORT" WARREN_DEV_BROKER_EPMD_PORT
    require_free rabbitmq "$WARREN_DEV_BROKER_PORT" WARREN_DEV_BROKER_PORT
    require_free rabbitmq "$WARREN_DEV_BROKER_MANAGEMENT_PORT" WARREN_DEV_BROKER_MANAGEMENT_PORT
    require_free rabbitmq "$WARREN_DEV_BROKER_DIST_PORT" WARREN_DEV_BROKER_DIST_PORT
}

rabbitmq_start() {
    make_folders "$RUN/rabbitmq"
    rabbitmq_write_files
    # Started here, in the foreground of its own session: the one that Erlang would start is a
    # daemon that outlives the broker.
    ensure_running epmd '' /usr/bin/epmd -address 127.0.0.1 -port "$WARREN_DEV_BROKER_EPMD_PORT" \
        <<<'PATH=/usr/bin:/bin'
    ensure_running rabbitmq "$(cat "$RUN"/rabbitmq/{rabbitmq.conf,definitions.json} | sha256sum)" \
        "$RABBITMQ_SERVER" < <(rabbitmq_environment)
    await rabbitmq rabbitmq_answers
}

rabbitmq_environment() {
    local home=$RUN/rabbitmq
    cat <<-END
		PATH=/usr/bin:/bin
		LANG=C.UTF-8
		HOME=$home
		RABBITMQ_NODENAME=warren@localhost
		RABBITMQ_CONF_ENV_FILE=$home/none
		RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf
		RABBITMQ_CONFIG_FILES=$home/none
		RABBITMQ_ADVANCED_CONFIG_FILE=$home/none
		RABBITMQ_ENABLED_PLUGINS_FILE=$home/enabled_plugins
		RABBITMQ_MNESIA_BASE=$home/data
		RABBITMQ_LOG_BASE=$RUN/log
		RABBITMQ_LOGS=-
		RABBITMQ_PID_FILE=$home/pid
		RABBITMQ_DIST_PORT=$WARREN_DEV_BROKER_DIST_PORT
		ERL_EPMD_PORT=$WARREN_DEV_BROKER_EPMD_PORT
		ERL_EPMD_ADDRESS=127.0.0.1
		ERL_CRASH_DUMP=$RUN/log/rabbitmq-crash.dump
	END
    # With ALLOW_INPUT the start script becomes the Erlang machine instead of minding it, so that
    # the pid is the server's; -noinput then takes the shell away again.
    echo 'RABBITMQ_ALLOW_INPUT=1'
    echo 'RABBITMQ_SERVER_START_ARGS=-noinput +B i'
    # Pinned to cores, the schedulers of two brokers (a developer's and the tests') would share one
    # core while another idles.
    echo 'RABBITMQ_SCHEDULER_BIND_TYPE=u'
    echo 'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}'
}

rabbitmq_write_files() {
    rabbitmq_conf | put "$RUN/rabbitmq/rabbitmq.conf"
    echo '[rabbitmq_management].' | put "$RUN/rabbitmq/enabled_plugins"
    if is_throwaway; then
        echo '{}' | put "$RUN/rabbitmq/definitions.json"
    elif [[ ! -s $RUN/rabbitmq/definitions.json ]]; then
        openssl rand -hex 24 | put "$RUN/rabbitmq/password"
        rabbitmq_definitions "$(<"$RUN/rabbitmq/password")" | put "$RUN/rabbitmq/definitions.json"
    fi
}

rabbitmq_conf() {
    cat <<-END
		listeners.tcp.1 = 127.0.0.1:$WARREN_DEV_BROKER_PORT
		management.tcp.ip = 127.0.0.1
		management.tcp.port = $WARREN_DEV_BROKER_MANAGEMENT_PORT
		log.console = true
		log.console.level = info
		log.file = false
		# Publishers are held back beyond these. A dev machine has other uses for its memory, and
		# a nearly full disk should not stop the chat before it stops everything else.
		vm_memory_high_watermark.relative = 0.3
		disk_free_limit.absolute = 50MB
	END
    is_throwaway || echo "load_definitions = $RUN/rabbitmq/definitions.json"
}

# rabbitmq_definitions PASSWORD. RabbitMQ keeps base64(salt + sha256(salt + password)), the salt
# being 4 bytes; here they are hexadecimal digits, so that a shell can hold them.
rabbitmq_definitions() {
    local salt hash
    salt=$(openssl rand -hex 2)
    hash=$({ printf %s "$salt" && printf %s "$salt$1" | openssl dgst -sha256 -binary; } | base64)
    cat <<-END
		{
		  "users": [{"name": "warren", "password_hash": "$hash",
		             "hashing_algorithm": "rabbit_password_hashing_sha256",
		             "tags": ["administrator"]}],
		  "vhosts": [{"name": "warren"}],
		  "permissions": [{"user": "warren", "vhost": "warren",
		                   "configure": ".*", "write": ".*", "read": ".*"}]
		}
	END
}

# user:password, as it stands in a URL.
rabbitmq_login() {
    if is_throwaway; then echo guest:guest; else echo "warren:$(<"$RUN/rabbitmq/password")"; fi
}

rabbitmq_url() {
    echo "amqp://$(rabbitmq_login)@127.0.0.1:$WARREN_DEV_BROKER_PORT$(is_throwaway || echo /warren)"
}

rabbitmq_management_url() {
    echo "http://$(rabbitmq_login)@127.0.0.1:$WARREN_DEV_BROKER_MANAGEMENT_PORT"
}

rabbitmq_answers() { rabbitmq_greets && rabbitmq_knows_login; }

# The AMQP handshake: the server's first frame is of type 1. Its listener opens last of all.
rabbitmq_greets() (
    exec {socket}<>"/dev/tcp/127.0.0.1/$WARREN_DEV_BROKER_PORT"
    printf 'AMQP\0\0\11\1' >&"$socket"
    IFS= read -r -t 2 -N 1 type <&"$socket"
    [[ $type == $'\1' ]]
) 2>/dev/null

# The password goes through stdin: an argument could be read by every user of the machine.
rabbitmq_knows_login() {
    curl --silent --fail --max-time 5 --noproxy '*' --output /dev/null --config - <<-END
		user = "$(rabbitmq_login)"
		url = "http://127.0.0.1:$WARREN_DEV_BROKER_MANAGEMENT_PORT/api/whoami"
	END
}

rabbitmq_stop() {
    stop_process rabbitmq
    stop_process epmd
}
