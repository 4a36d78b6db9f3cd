#!/usr/bin/env bash
# Prints the variables of a Docker engine: the one that runs, else one that is installed and started here,
# with all its data below FOLDER. Ends with 75 where none can be started. `engine.sh stop FOLDER` ends it.
set -euo pipefail

if [ "${1:-}" = stop ]; then
    pid=$(cat "$2/pid" 2>/dev/null) || exit 0
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    exit 0
fi

folder=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder/config"
if ! docker info >/dev/null 2>&1; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "no Docker engine runs, and this user can start none" >&2
        exit 75
    fi
    if ! command -v dockerd >/dev/null || ! command -v debootstrap >/dev/null; then
        apt-get -o DPkg::Lock::Timeout=180 update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=180 install -y -qq \
            --no-install-recommends docker.io debootstrap iptables >&2
    fi
    export DOCKER_HOST=unix://$folder/docker.sock
    setsid nohup dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" \
        --host "$DOCKER_HOST" >"$folder/dockerd.log" 2>&1 </dev/null &
    for _ in $(seq 150); do
        docker info >/dev/null 2>&1 && break
        sleep 0.2
    done
    docker info >/dev/null 2>&1 || { tail -n 20 "$folder/dockerd.log" >&2; exit 75; }
    echo "export DOCKER_HOST=$DOCKER_HOST"
fi
if ! docker compose version >/dev/null 2>&1; then
    "$here/plugins.sh" "$folder/config/cli-plugins" >&2
    echo "export DOCKER_CONFIG=$folder/config"
fi
