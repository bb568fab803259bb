# A platform of one's own in a container (docs/ci.md).
#
#   docker build -t manage-dt .
#   docker run --rm -p 8443:8443 -p 8883:8883 -v "$PWD/state:$PWD/state" manage-dt --state-dir "$PWD/state"
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN cargo build --release --locked --bin manage-dt --manifest-path /source/Cargo.toml

FROM debian:bookworm-slim
COPY --from=build /source/target/release/manage-dt /usr/local/bin/
EXPOSE 8443 8883
# A container's own loopback is nobody else's.
ENTRYPOINT ["manage-dt", "serve", "--bind", "0.0.0.0"]
CMD ["--state-dir", "/state"]
