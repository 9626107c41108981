#!/bin/sh
# Installs by apt what is not there, where nobody has to be asked: as root on Debian.
#
#   deploy/images/bring.sh COMMAND=PACKAGE…     bring.sh dockerd=docker.io mvn=maven
# Elsewhere it names the packages and fails.
set -eu

packages=
for pair in "$@"; do
    # /usr/sbin too: it is not on every user's PATH, and dockerd and debootstrap live there.
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%=*}" >/dev/null 2>&1 && continue
    case "$packages " in *" ${pair#*=} "*) ;; *) packages="$packages ${pair#*=}" ;; esac
done
[ -n "$packages" ] || exit 0

if [ ! -f /etc/debian_version ] || [ "$(id -u)" -ne 0 ]; then
    echo "bring: il manque / missing:$packages. À installer / to install: sudo apt-get install$packages" >&2
    exit 1
fi
echo "bring: installing$packages …" >&2
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # one word a package
if ! { apt-get update && apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "bring: apt-get could not install them" >&2
    exit 1
fi
rm -f "$log"
