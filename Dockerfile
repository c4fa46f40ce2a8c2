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

FROM debian:bookworm-slim
RUN useradd --uid 10001 --home-dir /data --create-home aufsicht
COPY --from=build /build/target/dist/aufsicht /usr/local/bin/aufsicht
USER aufsicht
WORKDIR /data
VOLUME /data
ENV DATABASE_URL=sqlite:/data/aufsicht.sqlite3 AUFSICHT_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["aufsicht", "health"]
ENTRYPOINT ["aufsicht"]
CMD ["serve"]
