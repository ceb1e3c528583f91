# Stands in for the official image of versitygw where no registry gives it: `versitygw` in the context
# is its binary (infra/images/build).
ARG BASE=debian:bookworm-slim
FROM $BASE
RUN apt-get -q update \
    && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install wget \
    && rm -rf /var/lib/apt/lists/*
COPY versitygw /usr/local/bin/
EXPOSE 7070
ENTRYPOINT ["versitygw"]
