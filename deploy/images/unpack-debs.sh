#!/usr/bin/env bash
# Debian packages of a release, unpacked into a folder: nothing is installed, nothing starts.
#
#   deploy/images/unpack-debs.sh SUITE FOLDER PACKAGE…     on Debian, as anybody
# Debian 13's run on Debian 12 where they ask for no newer glibc.
set -euo pipefail
suite=$1 folder=$(realpath -m "$2")
shift 2
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt fetches as its own user, who must reach the folder.
chmod 755 "$work"
mkdir -p "$work"/{sources,lists/partial,archives/partial,debs,none} "$folder"
./debian-sources.sh "$suite" "$work/sources"
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
        cd "$work/debs" && apt-get "${apt_options[@]}" download "$@"
} >"$work/log" 2>&1 </dev/null; then
    tail -n 20 "$work/log" >&2
    echo "unpack-debs: apt-get could not fetch $*" >&2
    exit 1
fi
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$folder"; done
