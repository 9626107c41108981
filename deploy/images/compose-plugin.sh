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
# apt fetches as its own user, who must reach the folder.
chmod 755 "$work"
mkdir -p "$work"/{sources,lists/partial,archives/partial,debs,root}
./debian-sources.sh trixie "$work/sources"
touch "$work/status"
# A private state: the machine's own lists and packages stay as they are.
apt_options=(
    -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$work/sources"
    -o "Dir::Etc::Preferences=/dev/null" -o "Dir::Etc::PreferencesParts=$work/none"
    -o "Dir::State::Lists=$work/lists" -o "Dir::State::Status=$work/status"
    -o "Dir::Cache=$work" -o "Dir::Cache::Archives=$work/archives"
    -o "Acquire::Languages=none"
)
if ! {
    apt-get "${apt_options[@]}" update &&
        cd "$work/debs" && apt-get "${apt_options[@]}" download docker-compose docker-buildx
} >"$work/log" 2>&1 </dev/null; then
    tail -n 20 "$work/log" >&2
    say "apt-get could not fetch them"
    exit 1
fi
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done
mkdir -p "$plugins"
# The package has a shell-completion file of the same name: only this folder holds the plugins.
find "$work/root/usr" -path '*/cli-plugins/docker-*' -type f -exec install -m 755 {} "$plugins/" \;
has_both || {
    say "$plugins holds them, and docker does not run them"
    exit 1
}
say "$(docker compose version --short), $(docker buildx version | cut -d' ' -f2)"
