#!/usr/bin/env bash
# Makes the images that a registry would give, from packages: the bases, LocalStack and PostgreSQL. What is there is kept.
# Prints the variables with which docker-compose.yml uses them.
set -euo pipefail
cd "$(dirname "$0")"

base=emr-sandbox/base:bookworm
localstack_base=emr-sandbox/base:trixie
localstack=emr-sandbox/localstack:4.14.0
postgres_base=emr-sandbox/base:postgres
postgres=emr-sandbox/postgres:15
have() { docker image inspect "$1" >/dev/null 2>&1; }

have "$base" || ./base.sh "$base" bookworm ca-certificates python3 python3-venv >&2
if ! have "$localstack"; then
    have "$localstack_base" || ./base.sh "$localstack_base" trixie ca-certificates curl python3 python3-venv >&2
    docker build --quiet --tag "$localstack" --build-arg BASE_IMAGE="$localstack_base" \
        --file localstack.Dockerfile . >&2
fi
if ! have "$postgres"; then
    have "$postgres_base" || ./base.sh "$postgres_base" bookworm ca-certificates postgresql >&2
    docker build --quiet --tag "$postgres" --build-arg BASE_IMAGE="$postgres_base" --file postgres.Dockerfile . >&2
fi
# Zeppelin is in no package: the service runs the built-in note engine.
echo "export BASE_IMAGE=$base LOCALSTACK_IMAGE=$localstack POSTGRES_IMAGE=$postgres ZEPPELIN_IMAGE=$base ZEPPELIN_HOME="
