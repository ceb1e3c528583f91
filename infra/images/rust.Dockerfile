# Stands in for the official image of rust where no registry gives it: `toolchain` in the context is
# the toolchain of the machine, `certificates.crt` whom it trusts (infra/images/build).
ARG BASE=debian:bookworm-slim
FROM $BASE
RUN apt-get -q update \
    && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY toolchain /usr/local/rust
ENV PATH=/usr/local/cargo/bin:/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    CARGO_HOME=/usr/local/cargo SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
