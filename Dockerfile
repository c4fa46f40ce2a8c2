# The service with an embedded database in /data:
#   docker build -t aufsicht --build-arg BUILD_COMMIT="$(git rev-parse --short=12 HEAD)" \
#     --build-arg BUILD_DATE="$(git log -1 --format=%cs)" .      (what `aufsicht --version` tells; may be left out)
#   docker run --rm -v aufsicht:/data aufsicht migrate      (makes the database, once)
#   docker run -p 8080:8080 -v aufsicht:/data -e AUFSICHT_JWT_SECRET=... \
#     -e AUFSICHT_SEAL_KEY="$(openssl rand -base64 32)" aufsicht      (keep the key: without it nobody reads the names)
FROM rust:1-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY .cargo .cargo
# Dependencies first, so that a change of the source alone does not build them again.
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && mkdir migrations && cargo build --profile dist --locked && rm -r src
COPY src src
COPY migrations migrations
ARG BUILD_COMMIT=
ARG BUILD_DATE=
RUN touch src/main.rs src/lib.rs && cargo build --profile dist --locked

# The root of the image: the binary, the C library that it is linked with, whom TLS trusts, and the names of its user.
RUN mkdir -p /image/usr/local/bin /image/etc/ssl/certs /image/data && install -d -m 1777 /image/tmp \
    && cp target/dist/aufsicht /image/usr/local/bin/ \
    && ldd target/dist/aufsicht | grep -o '/[^ ]*' | xargs -I{} cp --parents -L {} /image \
    && cp -L /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && echo 'hosts: files dns' > /image/etc/nsswitch.conf \
    && echo 'aufsicht:x:10001:10001::/data:/sbin/nologin' > /image/etc/passwd \
    && echo 'aufsicht:x:10001:' > /image/etc/group \
    && chown 10001:10001 /image/data

# Nothing else is in it: no shell, and nothing to be kept up to date beside the service.
FROM scratch
COPY --from=build /image /
USER aufsicht
WORKDIR /data
VOLUME /data
ENV DATABASE_URL=sqlite:/data/aufsicht.sqlite3 AUFSICHT_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/aufsicht", "health"]
ENTRYPOINT ["/usr/local/bin/aufsicht"]
CMD ["serve"]
