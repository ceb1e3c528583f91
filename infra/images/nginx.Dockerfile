# Stands in for the official image of nginx where no registry gives it: Debian's package, and the
# templates of the official image (nginx-entrypoint).
ARG BASE=warren-local/debian:sid
FROM $BASE
# A release that is still in the making is signed for days only.
RUN apt-get -q -o Acquire::Check-Valid-Until=false update \
    && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install nginx gettext-base \
    && rm -rf /var/lib/apt/lists/*
COPY nginx-entrypoint /usr/local/bin/
EXPOSE 80
STOPSIGNAL SIGQUIT
ENTRYPOINT ["nginx-entrypoint"]
CMD ["nginx", "-g", "daemon off;"]
