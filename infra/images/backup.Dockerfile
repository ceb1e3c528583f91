# Backups: PostgreSQL's client programs, rclone, and infra/backup.
#
#   docker build --file infra/images/backup.Dockerfile --tag warren/backup .
#
# The base is an argument. Its client programs must be of the server's version or later: Debian 12 has 15.
ARG BASE=debian:bookworm-slim
FROM $BASE
RUN apt-get -q update \
    && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \
        ca-certificates postgresql-client rclone \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir / \
        --shell /usr/sbin/nologin warren \
    && install -d -o warren -g warren /backups
COPY infra/backup /opt/backup
USER 10001:10001
ENV LANG=C.UTF-8 TMPDIR=/var/tmp PATH=/opt/backup:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENTRYPOINT ["backup"]
CMD ["list"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Warren backup" \
    org.opencontainers.image.description="Backups of Warren, and the way back" \
    org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"
