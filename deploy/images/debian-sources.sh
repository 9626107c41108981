#!/bin/sh
# This machine's own Debian sources with the release exchanged: its mirror, updates and security.
#
#   deploy/images/debian-sources.sh SUITE FOLDER     writes FOLDER/debian.sources or FOLDER/debian.list
set -eu
suite=$1 folder=$2

own=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || {
    echo "debian-sources: ce script ne connaît que Debian / this script knows Debian only" >&2
    exit 1
}
for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    if grep -qs "^[^#]*\b$own\b" "$file"; then
        case $file in *.sources) name=debian.sources ;; *) name=debian.list ;; esac
        mkdir -p "$folder"
        sed -e '/^ *#/d' -e "s/\b$own\b/$suite/g" "$file" >"$folder/$name"
        exit 0
    fi
done
echo "debian-sources: no Debian sources of $own on this machine" >&2
exit 1
