# RabbitMQ from Debian's package, with the management plugin and the user guest from everywhere, as
# the official image has them.
ARG BASE=debian:bookworm-slim
FROM $BASE
RUN printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
    && apt-get -q update \
    && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install rabbitmq-server \
    && rm -rf /var/lib/apt/lists/*
RUN echo '[rabbitmq_management].' > /etc/rabbitmq/enabled_plugins \
    && echo 'loopback_users = none' > /etc/rabbitmq/rabbitmq.conf
USER rabbitmq
ENV HOME=/var/lib/rabbitmq
EXPOSE 5672 15672
ENTRYPOINT ["/usr/lib/rabbitmq/bin/rabbitmq-server"]
