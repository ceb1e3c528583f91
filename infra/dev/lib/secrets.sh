# shellcheck shell=bash
# Keys, secrets and the certificate of the dev stack: made once, kept in the run folder, readable
# by the service account alone.

# A certificate is replaced when it would end within this time.
readonly CERTIFICATE_MARGIN_S=$((7 * 24 * 3600))

make_secrets() {
    make_folders "$RUN"/{keys,secrets,tls}
    make_signing_key
    make_secret refresh
    make_secret internal
    make_secret files
    make_certificate
}

# The file's name is the key's id (`kid`). A second key beside it is how keys are rotated.
make_signing_key() {
    [[ -z $(find "$RUN/keys" -name '*.pem' -print -quit) ]] || return 0
    openssl genpkey -algorithm ed25519 | put "$RUN/keys/dev-$(date -u +%Y%m%d).pem"
}

make_secret() {
    [[ -s $RUN/secrets/$1 ]] || openssl rand -hex 32 | put "$RUN/secrets/$1"
}

make_certificate() {
    local cert=$RUN/tls/cert.pem key
    ! openssl x509 -in "$cert" -noout -checkend "$CERTIFICATE_MARGIN_S" >/dev/null 2>&1 || return 0
    key=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)
    openssl req -new -x509 -key /dev/stdin -days 365 -subj '/CN=localhost/O=Warren dev stack' \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' <<<"$key" | put "$cert"
    put "$RUN/tls/key.pem" <<<"$key"
}
