#!/usr/bin/env bash
# Prometheus and promtool for the tests of the alarms, where the machine has none: Debian 13's
# packages, older than what the stack names, unpacked into .venv/bin. They need only glibc 2.34,
# so Debian 12 runs them too. Nothing is installed, and no server starts.
#
#   deploy/images/prometheus.sh     on Debian, behind deploy/set-up
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { echo "prometheus: $*" >&2; }
has_both() { promtool --version >/dev/null 2>&1 && prometheus --version >/dev/null 2>&1; }

export PATH="$PWD/.venv/bin:$PATH"
if has_both; then exit 0; fi
[ -f /etc/debian_version ] || {
    say "the tests of the alarms need prometheus and promtool on the PATH"
    exit 1
}
say "fetching prometheus and promtool …"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
deploy/images/unpack-debs.sh trixie "$work" prometheus promtool
install -m 755 "$work"/usr/bin/{prometheus,promtool} .venv/bin/
has_both || {
    say ".venv/bin holds them, and they do not run"
    exit 1
}
say "$(promtool --version | head -n 1 | cut -d' ' -f1-3 | tr -d ,)"
