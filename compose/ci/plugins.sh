#!/usr/bin/env bash
# Puts Debian 13's Compose and Buildx plugins into FOLDER, on a machine whose own release has none.
# apt reads a list of its own here: the machine's configuration is not touched.
set -euo pipefail
folder=$1
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$folder"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$apt/sources.list"
options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
    -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" -qq update
(cd "$apt" && apt-get "${options[@]}" -qq download docker-compose docker-buildx)
for package in "$apt"/*.deb; do
    dpkg-deb -x "$package" "$apt/root"
done
cp "$apt"/root/usr/libexec/docker/cli-plugins/* "$folder/"
