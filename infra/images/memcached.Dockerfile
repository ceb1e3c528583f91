# Memcached from Debian's package.
ARG BASE=debian:bookworm-slim
FROM $BASE
RUN printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
    && apt-get -q update \
    && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install memcached \
    && rm -rf /var/lib/apt/lists/*
USER memcache
EXPOSE 11211
ENTRYPOINT ["/usr/bin/memcached", "-l", "0.0.0.0"]
