# shellcheck shell=bash
# Processes that outlive the script: started once, found again, ended for certain.
#
# For a part NAME the run folder holds
#   env/NAME                 its whole environment, one NAME=value a line
#   log/NAME.log             its stdout and stderr
#   process/NAME.pid         "pid start-time": the time tells it from a later owner of the same pid
#   process/NAME.fingerprint a hash of what it was started with

# A log is moved aside at the next start when it has grown past this.
readonly LOG_LIMIT_BYTES=$((50 * 1024 * 1024))

# More than a dev machine's sockets need. Left at the "unlimited" of some containers (2^30), Erlang
# and memcached would reserve gigabytes for tables of that length.
readonly FILE_LIMIT=65536

# Runs as the service account, so that the log is its own. It keeps nothing of the caller's: no
# variable, no open file (a lock or a pipe kept open would make others wait for a server to end).
# shellcheck disable=SC2016 # a program for the shell that launch starts
readonly LAUNCHER='
    run=$1 environment=$2 log=$3 limit=$4; shift 4
    umask 077
    cd "$run" || exit
    exec </dev/null >>"$log" 2>&1
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
    done
    for variable in $(compgen -e); do unset "$variable" 2>/dev/null; done
    while IFS= read -r line; do export "$line"; done <"$environment"
    ulimit -n "$limit"
    exec "$@"
'

# launch ENVIRONMENT_FILE LOG COMMAND...: becomes COMMAND in the run folder, to which both files
# are relative.
launch() {
    local environment=$1 log=$2
    shift 2
    become_user bash -c "$LAUNCHER" bash "$RUN" "$environment" "$log" "$(file_limit)" "$@"
}

file_limit() {
    local limit
    limit=$(ulimit -Hn)
    if [[ $limit == unlimited ]] || ((limit > FILE_LIMIT)); then limit=$FILE_LIMIT; fi
    echo "$limit"
}

# stat_fields PID: sets STATE and START_TIME; fails when there is no such process.
stat_fields() {
    local line fields
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The command's name, in parentheses, may hold spaces: count from behind it.
    read -ra fields <<<"${line##*) }"
    STATE=${fields[0]} START_TIME=${fields[19]}
}

# Z: ended, but not yet collected by a parent that may never do so.
is_alive() { stat_fields "$1" && [[ $STATE != Z ]]; }

# pid_of NAME: prints the pid of its live process; fails when there is none.
pid_of() {
    local pid start
    { read -r pid start <"$RUN/process/$1.pid"; } 2>/dev/null || return 1
    is_alive "$pid" && [[ $START_TIME == "$start" ]] || return 1
    echo "$pid"
}

is_running() { pid_of "$1" >/dev/null; }

rotate_log() {
    local log=$RUN/log/$1.log
    [[ -f $log ]] && (($(stat -c %s -- "$log") > LOG_LIMIT_BYTES)) || return 0
    as_user mv -f -- "$log" "$log.1"
}

# spawn NAME COMMAND...: in the background, in a session of its own, so that neither Ctrl-C nor the
# end of the terminal reaches it. Every step of the chain is an exec: the pid stays the same.
spawn() {
    local name=$1 pid
    shift
    rotate_log "$name"
    # It records itself: if this script is interrupted right here, it can still be found.
    (
        record_process "$name" "$BASHPID"
        launch "env/$name" "log/$name.log" setsid "$@"
    ) &
    pid=$!
    while is_alive "$pid" && [[ $(pid_of "$name") != "$pid" ]]; do sleep 0.02; done
}

record_process() {
    stat_fields "$2"
    printf '%s %s\n' "$2" "$START_TIME" | put "$RUN/process/$1.pid"
}

# ensure_running NAME CONTENT COMMAND... <ENVIRONMENT: leaves a process alone that runs with this
# very environment, command and CONTENT (a hash of the files it reads at its start), and starts it
# otherwise. Sets OUTCOME to kept, started or restarted.
ensure_running() {
    local name=$1 content=$2 environment fingerprint
    shift 2
    environment=$(cat)
    fingerprint=$(printf '%s\0' "$content" "$environment" "$@" | sha256sum)
    OUTCOME=started
    if is_running "$name"; then
        OUTCOME=kept
        [[ $(cat -- "$RUN/process/$name.fingerprint" 2>/dev/null) != "$fingerprint" ]] || return 0
        OUTCOME=restarted
        stop_process "$name"
    fi
    put "$RUN/env/$name" <<<"$environment"
    spawn "$name" "$@"
    put "$RUN/process/$name.fingerprint" <<<"$fingerprint"
}

# As the service account, which can end nothing but its own. bash's own kill: /bin/kill belongs to
# a package that a bare machine may lack.
# shellcheck disable=SC2016 # expanded by the inner shell
signal_process() { as_user bash -c 'kill -s "$2" "$1"' bash "$1" "$2" 2>/dev/null || true; }

# stop_process NAME [SIGNAL]: waits until it is gone.
stop_process() {
    local name=$1 signal=${2:-TERM} pid deadline
    pid=$(pid_of "$name") || { as_user rm -f -- "$RUN/process/$name.pid"; return 0; }
    signal_process "$pid" "$signal"
    deadline=$((SECONDS + STOP_DEADLINE_S))
    while is_running "$name"; do
        if ((SECONDS >= deadline)); then
            progress "$name" "did not end within $STOP_DEADLINE_S s of SIG$signal; killing it"
            signal_process "$pid" KILL
            deadline=$((SECONDS + STOP_DEADLINE_S))
        fi
        sleep 0.1
    done
    as_user rm -f -- "$RUN/process/$name.pid"
}

# await NAME COMMAND...: until COMMAND succeeds; ends the script when NAME dies or takes too long.
await() {
    local name=$1 deadline=$((SECONDS + WARREN_DEV_START_DEADLINE_S))
    shift
    until "$@" >/dev/null 2>&1; do
        if ! is_running "$name"; then
            show_tail "$RUN/log/$name.log"
            die "$name ended while it was starting"
        elif ((SECONDS >= deadline)); then
            show_tail "$RUN/log/$name.log"
            die "$name did not answer within $WARREN_DEV_START_DEADLINE_S s" \
                "WARREN_DEV_START_DEADLINE_S allows for a slower machine"
        fi
        sleep 0.2
    done
}

# processes_working_in DIR: their pids, children of servers included.
processes_working_in() {
    local cwd pid
    for cwd in /proc/[0-9]*/cwd; do
        pid=${cwd#/proc/}
        pid=${pid%/cwd}
        [[ $(readlink -- "$cwd" 2>/dev/null)/ == "$1"/* ]] && [[ $pid != "$$" ]] && echo "$pid"
    done
    return 0
}
