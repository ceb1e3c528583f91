# The two services. One compilation for both, and an image for each:
#
#   docker build --file infra/images/services.Dockerfile --target api --tag warren/api .
#   docker build --file infra/images/services.Dockerfile --target ws-server --tag warren/ws-server .
#
# The classic builder is enough. The bases are arguments: RUST has cargo and a C compiler, BASE is
# what the binaries run on, with the C library of RUST or a later one.
ARG RUST=rust:1.95-slim-bookworm
ARG BASE=debian:bookworm-slim

# ---- The dependencies, as a layer of their own -----------------------------------------------------

FROM $RUST AS chef
ARG CARGO_CHEF_VERSION=0.1.78
RUN cargo install --quiet --locked --version "$CARGO_CHEF_VERSION" cargo-chef
WORKDIR /src

# What of the workspace says which dependencies there are: it changes when a manifest does.
FROM chef AS recipe
COPY Cargo.toml Cargo.lock ./
COPY api api
COPY ws-server ws-server
COPY presence presence
COPY crates crates
COPY migrations migrations
RUN cargo chef prepare --recipe-path /recipe.json

FROM chef AS build
COPY --from=recipe /recipe.json /recipe.json
RUN cargo chef cook --release --locked --recipe-path /recipe.json --package api --package ws-server
COPY Cargo.toml Cargo.lock ./
COPY api api
COPY ws-server ws-server
COPY presence presence
COPY crates crates
COPY migrations migrations
RUN cargo build --release --locked --package api --package ws-server

# ---- What both run on ------------------------------------------------------------------------------

FROM $BASE AS service
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir / \
        --shell /usr/sbin/nologin warren
COPY infra/images/ready infra/images/service-entrypoint /usr/local/bin/
USER 10001:10001
ENV RUST_BACKTRACE=1
ENTRYPOINT ["service-entrypoint"]

# ---- ws-server -------------------------------------------------------------------------------------

FROM service AS ws-server
COPY --from=build /src/target/release/ws-server /usr/local/bin/
ENV WARREN_HTTP_BIND=0.0.0.0:8091 WARREN_ADMIN_BIND=0.0.0.0:9091
EXPOSE 8091 9091
HEALTHCHECK --interval=5s --timeout=10s --start-period=30s --retries=3 CMD ["ready", "9091"]
CMD ["ws-server", "serve"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Warren ws-server" \
    org.opencontainers.image.description="The WebSocket service of Warren" \
    org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"

# ---- api -------------------------------------------------------------------------------------------

FROM service AS api
USER root
# For a bucket behind TLS.
RUN apt-get -q update \
    && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install ca-certificates \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=build /src/target/release/api /usr/local/bin/
ENV WARREN_HTTP_BIND=0.0.0.0:8081 WARREN_ADMIN_BIND=0.0.0.0:9081
EXPOSE 8081 9081
HEALTHCHECK --interval=5s --timeout=10s --start-period=30s --retries=3 CMD ["ready", "9081"]
CMD ["api", "serve"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Warren api" \
    org.opencontainers.image.description="The REST service of Warren" \
    org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"
