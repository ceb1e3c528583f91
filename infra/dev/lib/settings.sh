# shellcheck shell=bash
# Every setting of the dev stack itself, with its default.
#
# Three kinds of WARREN_* variables exist, told apart by their names:
#   WARREN_FRONT_*, WARREN_RUN_DIR  where the stack as a whole lives;
#   WARREN_DEV_*                    ports of single parts, needed only beside another stack;
#   any other                       settings of api and ws-server: passed on (see apps.sh).

: "${WARREN_RUN_DIR:=$ROOT/.run}"

: "${WARREN_FRONT_ADDRESS:=127.0.0.1}"
: "${WARREN_FRONT_HTTP_PORT:=8080}"
: "${WARREN_FRONT_HTTPS_PORT:=8443}"

# One word per replica: a longer list starts more of them.
: "${WARREN_DEV_API_PORTS:=8081 8082}"
: "${WARREN_DEV_API_ADMIN_PORTS:=9081 9082}"
: "${WARREN_DEV_WS_PORTS:=8091 8092}"
: "${WARREN_DEV_WS_ADMIN_PORTS:=9091 9092}"

: "${WARREN_DEV_WEB_PORT:=8071}"

: "${WARREN_DEV_POSTGRES_PORT:=15432}"
: "${WARREN_DEV_BROKER_PORT:=15682}"
: "${WARREN_DEV_BROKER_MANAGEMENT_PORT:=15683}"
: "${WARREN_DEV_BROKER_DIST_PORT:=15684}"
: "${WARREN_DEV_BROKER_EPMD_PORT:=15685}"
: "${WARREN_DEV_MEMCACHED_PORT:=15211}"

# How long a part may take to answer after its start. RabbitMQ needs 11 s on two idle cores, and
# several times that while a compiler has them.
: "${WARREN_DEV_START_DEADLINE_S:=120}"

# What a SIGTERM is given before SIGKILL follows: more than the 20 s in which a ws-server lets its
# sockets go (WARREN_WS_DRAIN_DEADLINE_MS).
readonly STOP_DEADLINE_S=25
