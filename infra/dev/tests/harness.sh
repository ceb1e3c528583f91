# shellcheck shell=bash
# A few words to write tests with. A test is a function that fails by its exit status; it runs in a
# subshell, so what one test leaves for the next goes into files of $WORK.

PASSED=0
FAILED=0

# check SENTENCE COMMAND...
check() {
    local sentence=$1 output status=0
    shift
    # Not in a condition: there bash would ignore `set -e` inside the test.
    set +e
    output=$( (set -e; "$@") 2>&1 </dev/null)
    status=$?
    set -e
    if ((status == 0)); then
        PASSED=$((PASSED + 1))
        printf 'ok    %s\n' "$sentence"
    else
        FAILED=$((FAILED + 1))
        printf 'FAIL  %s\n' "$sentence"
        printf '%s\n' "$output" | sed 's/^/      | /'
    fi
}

# expect WHAT ACTUAL PATTERN: a glob that the whole of ACTUAL must match.
expect() {
    # shellcheck disable=SC2053 # a pattern is meant
    [[ $2 == $3 ]] && return 0
    printf '%s: expected %s, got:\n%s\n' "$1" "$3" "$2"
    return 1
}

expect_not() {
    # shellcheck disable=SC2053 # a pattern is meant
    [[ $2 != $3 ]] && return 0
    printf '%s: %s was not expected, got:\n%s\n' "$1" "$3" "$2"
    return 1
}

# fails COMMAND...: bash ignores the outcome of a negated command under `set -e`; not of this.
fails() {
    if "$@"; then
        echo "this should have failed: $*"
        return 1
    fi
}

# within SECONDS COMMAND...: fails when it has not succeeded by then.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || { echo "not within the deadline: $*"; return 1; }
        sleep 0.1
    done
}

# working_in DIR: the processes that work there.
working_in() {
    local cwd
    for cwd in /proc/[0-9]*/cwd; do
        [[ $(readlink -- "$cwd" 2>/dev/null)/ == "$1"/* ]] || continue
        echo "${cwd//[!0-9]/}"
    done
}

nothing_works_in() { [[ -z $(working_in "$1") ]]; }
