# Stands in for the official image of node where no registry gives it: `node` and `npm` in the context
# are npm's own packages of them, `certificates.crt` whom the machine trusts (infra/images/build).
ARG BASE=debian:bookworm-slim
FROM $BASE
COPY certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY node/bin/node /usr/local/bin/
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
