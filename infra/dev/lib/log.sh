# shellcheck shell=bash
# What the scripts say. All of it goes to stderr: stdout belongs to answers that a program reads.

say() { printf '%s\n' "$*" >&2; }

# progress PART TEXT
progress() { printf '  %-12s %s\n' "$1" "$2" >&2; }

# die TEXT...: one fault, then what to do about it, a line each.
die() {
    printf 'error: %s\n' "$1" >&2
    shift
    local line
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

# show_tail FILE: the end of a log, for a part that failed.
show_tail() {
    [[ -s $1 ]] || { say "       ($1 is empty)"; return 0; }
    say "---- the end of $1"
    tail -n 40 -- "$1" >&2
    say "----"
}
