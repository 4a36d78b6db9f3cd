#!/usr/bin/env bash
# Makes a base image from Debian packages, for a machine that reaches no registry of images.
# Usage: base.sh IMAGE SUITE [PACKAGE...]
set -euo pipefail
image=$1 suite=$2
shift 2
packages=$(IFS=,; echo "$*")
# The mirror that this machine's own apt uses.
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

debootstrap --variant=minbase --include="$packages" "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; exit 1; }
rm -f "$root.log"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* \
    "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
# What this machine trusts, so that a build behind its proxy can fetch packages.
certificates=/etc/ssl/certs/ca-certificates.crt
cp "$certificates" "$root$certificates"
tar -C "$root" -c . | docker import \
    -c "ENV LANG=C.UTF-8 PIP_CERT=$certificates SSL_CERT_FILE=$certificates REQUESTS_CA_BUNDLE=$certificates" \
    -c 'CMD ["bash"]' - "$image" >/dev/null
echo "$image: $(docker image inspect --format '{{.Size}}' "$image" | awk '{printf "%d MB", $1 / 1000000}')"
