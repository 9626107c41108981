#!/usr/bin/env bash
# `docker compose` and buildx where the machine has none: Debian 13's packages, unpacked into the
# user's plugin folder. They need only glibc 2.34, so Debian 12 runs them; its own compose is too old.
set -euo pipefail
cd "$(dirname "$0")"

say() { echo "compose-plugin: $*" >&2; }
has_both() { docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; }

if has_both; then exit 0; fi
say "fetching compose and buildx …"
plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
./unpack-debs.sh trixie "$work" docker-compose docker-buildx
mkdir -p "$plugins"
# The package has a shell-completion file of the same name: only this folder holds the plugins.
find "$work/usr" -path '*/cli-plugins/docker-*' -type f -exec install -m 755 {} "$plugins/" \;
has_both || {
    say "$plugins holds them, and docker does not run them"
    exit 1
}
say "$(docker compose version --short), $(docker buildx version | cut -d' ' -f2)"
