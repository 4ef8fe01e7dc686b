# Dronc for docker-compose.yml: one image for the handler and the runner, one for nginx. Nothing in them runs as root.

# --- build --------------------------------------------------------------------------------------------------------
FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev make pkg-config libfcgi-dev libhiredis-dev \
       libcurl4-openssl-dev libjson-c-dev libuv1-dev libc-ares-dev libssl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Makefile ./
COPY scripts/embed-lua scripts/contract.awk scripts/contract-c.awk scripts/lua-link.awk scripts/embed-json scripts/
COPY lib lib
COPY fcgi fcgi
COPY runner runner
COPY admin admin
RUN make build-only

# --- common to both images ----------------------------------------------------------------------------------------
# /run/dronc holds the socket between nginx and the handlers: a volume mounted there inherits its owner.
FROM debian:bookworm-slim AS base
# Users are named by number, so that an engine can verify that they are not root.
RUN groupadd --system --gid 8080 dronc \
    && useradd --system --uid 8080 --gid dronc --no-create-home --shell /usr/sbin/nologin dronc \
    && install -d -o dronc -g dronc -m 750 /run/dronc

# --- handler and runner -------------------------------------------------------------------------------------------
FROM base AS dronc
RUN apt-get update \
    && apt-get install -y --no-install-recommends libfcgi0ldbl libhiredis0.14 libcurl4 libjson-c5 libuv1 libc-ares2 libssl3 \
       ca-certificates tzdata spawn-fcgi libfcgi-bin \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/dist/dronc-fcgi /src/dist/dronc-runner /src/dist/dronc-admin /usr/bin/
COPY docker/handler docker/handler-health /usr/bin/
USER 8080:8080
CMD ["dronc-runner"]

# --- nginx --------------------------------------------------------------------------------------------------------
FROM base AS nginx
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx-light curl \
    && rm -rf /var/lib/apt/lists/*
COPY docker/nginx.conf nginx/dronc.conf nginx/limits.conf /etc/dronc/
COPY docker/nginx /usr/bin/dronc-nginx
COPY ui /usr/share/dronc/ui
USER 8080:8080
EXPOSE 8080
STOPSIGNAL SIGQUIT
CMD ["dronc-nginx"]
