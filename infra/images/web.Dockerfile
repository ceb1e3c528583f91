# The web client: the process that serves its pages.
#
#   docker build --file infra/images/web.Dockerfile --tag warren/web .
#
# The bases are arguments: NODE has node in /usr/local/bin, and npm; BASE is what node runs on.
ARG NODE=node:24-bookworm-slim
ARG BASE=debian:bookworm-slim

FROM $NODE AS build
ENV CI=1 NUXT_TELEMETRY_DISABLED=1 npm_config_update_notifier=false
WORKDIR /src
# The packages are a layer of their own, which lives as long as the lock. None of them needs to run a
# script.
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund
COPY web .
RUN npm run build

FROM $BASE
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir / \
        --shell /usr/sbin/nologin warren
COPY infra/images/ready /usr/local/bin/
COPY --from=build /usr/local/bin/node /usr/local/bin/
COPY --from=build /src/.output /srv/web
USER 10001:10001
# Its requests are short; connections that the front door keeps open would be waited for.
ENV NODE_ENV=production NITRO_HOST=0.0.0.0 NITRO_PORT=8071 NITRO_SHUTDOWN_TIMEOUT=2000
EXPOSE 8071
HEALTHCHECK --interval=5s --timeout=10s --start-period=30s --retries=3 CMD ["ready", "8071", "/icon.svg"]
CMD ["node", "/srv/web/server/index.mjs"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Warren web" \
    org.opencontainers.image.description="The web client of Warren" \
    org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"
