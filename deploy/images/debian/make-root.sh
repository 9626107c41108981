#!/bin/sh
# A small Debian in a folder: what the other local images stand on.
#
#   deploy/images/debian/make-root.sh SUITE FOLDER     as root, with debootstrap
set -eu
suite=$1 root=$2
here=$(cd "$(dirname "$0")" && pwd)

sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT
"$here/../debian-sources.sh" "$suite" "$sources"
mirror=$(awk '/^URIs:/ { print $2; exit }
    $1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /:\//) { print $i; exit } }' "$sources"/debian.*)

debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror"
# debootstrap's own line has the point release alone: no security updates.
rm -f "$root/etc/apt/sources.list"
cp "$sources"/debian.* "$root/etc/apt/sources.list.d/"

# As the official slim images: no documentation, now or with later packages. The empty folders of
# man pages stay, because Java's package writes links into them.
cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'SLIM'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*/*
path-exclude /usr/share/locale/*
SLIM
# Nothing starts inside a container but its own command.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# The package registries may be reached through a gateway that this machine trusts by name.
if ls /usr/local/share/ca-certificates/*.crt >/dev/null 2>&1; then
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
    chroot "$root" update-ca-certificates
fi
export DEBIAN_FRONTEND=noninteractive
chroot "$root" apt-get update
chroot "$root" apt-get -y dist-upgrade
chroot "$root" apt-get clean

rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/* "$root"/usr/share/locale/*
find "$root/usr/share/doc" ! -name copyright ! -type d -delete
find "$root/usr/share/man" ! -type d -delete
# The engine gives each container its own.
: >"$root/etc/resolv.conf"
: >"$root/etc/hostname"
