# shellcheck shell=bash
# versitygw: a server that speaks S3 over a folder, one Go binary. docs/files.md says why this one.

readonly VERSITYGW_VERSION=v1.8.0
# Kept with the build's own output, under its version: a newer one is another file.
readonly VERSITYGW=$ROOT/target/tools/versitygw-$VERSITYGW_VERSION

# provide_versitygw: builds it from the module proxy unless it is there.
provide_versitygw() {
    [[ ! -x $VERSITYGW ]] || return 0
    local go folder
    go=$(command -v go || echo /usr/local/go/bin/go)
    [[ -x $go ]] || die "go is not installed" "https://go.dev/dl has it; it builds the S3 server"
    folder=$(mktemp -d)
    CGO_ENABLED=0 GOBIN=$folder \
        "$go" install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION"
    mkdir -p -- "${VERSITYGW%/*}"
    mv -- "$folder/versitygw" "$VERSITYGW"
    rmdir -- "$folder"
}
